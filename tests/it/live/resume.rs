//! Nothing that was collected is lost: collections that are killed, interrupted, or run out of disk, and those that go on.
//!
//! Against loopback replays that count what they are asked. Which answers a journal keeps is tested beside the collector.

use std::process::Command;
use std::time::{Duration, Instant};

use mrready::model::Verdict;
use mrready::snapshot::journal::{self, Journal};
use serde_json::{Value, json};

use super::{Bench, Run, Running, at_once, by_subject, json};
use crate::replay::{Asked, Replay, Reply};

pub(super) const POOL: &str = "us-east-1_ReadyPool";
const HERE: &str = "us-east-1";
pub(super) const PARTIAL: &str = "s.json.partial";
/// Calls in flight at once.
const CONCURRENCY: usize = 8;
/// App clients, over pages of 5.
const CLIENTS: usize = 40;
/// REST APIs, over pages of 4.
const APIS: usize = 12;
/// Stacks, over pages of 3; each has a template that pins the issuer by a parameter.
const STACKS: usize = 9;

/// Items of the page that is asked for, and the number of the next.
fn page(asked: &Asked, all: usize, size: usize) -> (std::ops::Range<usize>, Option<u32>) {
    let from = (asked.page as usize - 1) * size;
    let to = (from + size).min(all);
    (from..to, (to < all).then_some(asked.page + 1))
}

fn list(member: &str, items: Vec<Value>, token: &str, next: Option<u32>) -> Reply {
    let mut body = json!({ member: items });
    if let Some(next) = next {
        body[token] = format!("page-{next}").into();
    }
    Reply::json(body)
}

/// `stack/s3/x` in what was asked.
fn stack(asked: &Asked) -> Option<usize> {
    asked.text.split("stack/s").nth(1)?.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

fn stack_id(number: usize) -> String {
    format!("arn:aws:cloudformation:us-east-1:111122223333:stack/s{number}/x")
}

/// A ready account with lists over pages, stacks, and values that must not be kept.
fn account(asked: &Asked) -> Option<Reply> {
    if asked.region != HERE {
        return None;
    }
    Some(match (asked.operation.as_str(), stack(asked)) {
        ("ListUserPoolClients", _) => {
            let (range, next) = page(asked, CLIENTS, 5);
            let client = |n| json!({ "ClientId": format!("client{n}"), "UserPoolId": POOL, "ClientName": "c" });
            list("UserPoolClients", range.map(client).collect(), "NextToken", next)
        }
        ("GetRestApis", _) => {
            let (range, next) = page(asked, APIS, 4);
            let api = |n| json!({ "id": format!("rest{n}"), "name": "rest" });
            list("item", range.map(api).collect(), "position", next)
        }
        ("GetAuthorizers", _) => list("item", Vec::new(), "position", None),
        ("ListStacks", _) => {
            let (range, next) = page(asked, STACKS, 3);
            let row = |n| {
                format!(
                    "<member><StackId>{}</StackId><StackName>s{n}</StackName>\
                     <StackStatus>CREATE_COMPLETE</StackStatus></member>",
                    stack_id(n)
                )
            };
            Reply::stacks("ListStacks", "StackSummaries", &range.map(row).collect::<String>(), next)
        }
        ("DescribeStacks", _) => {
            let (range, next) = page(asked, STACKS, 3);
            let row = |n| {
                let parameter = |name: &str, value: &str| {
                    format!(
                        "<member><ParameterKey>{name}</ParameterKey><ParameterValue>{value}</ParameterValue></member>"
                    )
                };
                format!(
                    "<member><StackId>{}</StackId><StackName>s{n}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>\
                     <Parameters>{}{}</Parameters></member>",
                    stack_id(n),
                    parameter("Pool", POOL),
                    parameter("Password", "replayed-parameter-secret")
                )
            };
            Reply::stacks("DescribeStacks", "Stacks", &range.map(row).collect::<String>(), next)
        }
        ("ListStackResources", Some(_)) => Reply::stacks("ListStackResources", "StackResourceSummaries", "", None),
        ("GetTemplate", Some(_)) => {
            let issuer = "https://cognito-idp.us-east-1.amazonaws.com/${Pool}";
            let template = json!({
                "Parameters": { "Pool": { "Type": "String" } },
                "Resources": { "Issuer": {
                    "Type": "AWS::SSM::Parameter", "Properties": { "Type": "String", "Value": { "Fn::Sub": issuer } }
                } }
            });
            let text = template.to_string().replace('"', "&quot;");
            Reply::json(Value::from(format!(
                "<GetTemplateResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><GetTemplateResult>\
                 <TemplateBody>{text}</TemplateBody></GetTemplateResult></GetTemplateResponse>"
            )))
        }
        _ => return None,
    })
}

/// The account, `latency` away; `answer` comes first.
pub(super) fn server(latency: u64, answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Replay {
    Replay::start(&["ready"], move |asked| {
        std::thread::sleep(Duration::from_millis(latency));
        answer(asked).or_else(|| account(asked))
    })
}

/// `collect -o s.json`, with further arguments.
pub(super) fn arguments(bench: &Bench, more: &[&str]) -> Vec<String> {
    let own = ["-o", "s.json", "--concurrency", &CONCURRENCY.to_string()].map(str::to_owned);
    let more = more.iter().map(|each| (*each).to_owned());
    bench.scope("collect", &[POOL]).into_iter().chain(own).chain(more).collect()
}

pub(super) fn resume(bench: &Bench) -> Run {
    bench.run(&arguments(bench, &["--resume", PARTIAL]))
}

/// The snapshot without its times.
pub(super) fn timeless(bench: &Bench) -> Value {
    let mut snapshot = json(&bench.read("s.json"));
    for entry in snapshot["entries"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("time");
    }
    snapshot
}

/// What an undisturbed collection makes of the account, and how many calls that takes.
pub(super) fn undisturbed() -> (Value, usize) {
    let replay = server(0, |_| None);
    let bench = Bench::new(&replay.url);
    let run = bench.run(&arguments(&bench, &[]));
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    assert_eq!(bench.files(), ["s.json"]);
    (timeless(&bench), replay.seen().len())
}

fn read(bench: &Bench) -> Journal {
    journal::read(PARTIAL, &bench.read(PARTIAL)).unwrap()
}

/// Answers in a journal that are not asked for again: all but who asks.
fn kept(journal: &Journal) -> usize {
    let calls = journal
        .entries()
        .filter(|entry| matches!(entry, mrready::snapshot::Entry::Call(call) if call.service != "sts"));
    calls.count()
}

/// Waits until the server was asked so often.
fn wait_for(replay: &Replay, running: &mut Running, asked: usize) {
    let started = Instant::now();
    while replay.seen().len() < asked && running.child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_mins(1), "asked {} times", replay.seen().len());
        std::thread::sleep(Duration::from_micros(300));
    }
}

fn signal(running: &Running, name: &str) {
    // Of the shell, which has one even where the program `kill` is not installed.
    let kill = format!("kill -{name} {}", running.child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Killed with SIGKILL at random moments: the snapshot is that of an undisturbed collection, no call whose answer is in the
/// journal is made again, and of the others at most as many as were in flight.
#[test]
fn killed_at_any_moment_it_goes_on_as_if_nothing_had_happened() {
    let kills: u64 = std::env::var("MRREADY_KILLS").map_or(12, |kills| kills.parse().unwrap());
    let (whole, calls) = undisturbed();
    let moments: Vec<(u64, usize)> = (0..kills)
        .map(|seed| {
            let random = seed.wrapping_add(1).wrapping_mul(6_364_136_223_846_793_005).rotate_left(23);
            (seed, 1 + usize::try_from(random % (calls as u64)).unwrap())
        })
        .collect();
    for (seed, moment) in moments {
        let replay = server(4, |_| None);
        let bench = Bench::new(&replay.url);
        let mut running = bench.start(&arguments(&bench, &[]));
        wait_for(&replay, &mut running, moment);
        std::thread::sleep(Duration::from_micros((seed * 911) % 4000));
        running.child.kill().unwrap();
        let what = format!("seed {seed}, killed at call {moment} of {calls}");
        if running.wait().code().is_some() {
            // It was faster.
            assert_eq!(timeless(&bench), whole, "{what}");
            continue;
        }
        // What was sent before the end may still arrive.
        std::thread::sleep(Duration::from_millis(30));
        let (before, journal) = (replay.seen().len(), read(&bench));
        assert_eq!(journal.damaged, 0, "{what}");
        let kept = kept(&journal);
        let text = String::from_utf8(bench.read(PARTIAL)).unwrap();
        assert!(!text.contains("replayed-parameter-secret"), "{what}");
        let run = resume(&bench);
        assert_eq!(run.code(), Some(0), "{what}: {}", run.stderr);
        assert_eq!(bench.files(), ["s.json"], "{what}");
        assert_eq!(timeless(&bench), whole, "{what}");
        // Everything that is in the snapshot was asked once, but for what is in the journal.
        let again = replay.seen().len() - before;
        assert_eq!(again, calls - kept, "{what}: {kept} answers in the journal");
        // Who asks is asked by every run.
        let repeated = before + again - calls - 1;
        println!("{what}: {kept} answers kept, {again} calls made, {repeated} of them made before");
        assert!(repeated <= CONCURRENCY, "{what}: {repeated} calls were made twice");
    }
}

/// Killed again and again, each time a little further.
#[test]
fn killed_many_times_it_comes_to_its_end() {
    let (whole, calls) = undisturbed();
    let replay = server(2, |_| None);
    let bench = Bench::new(&replay.url);
    let mut more: &[&str] = &[];
    for round in 1..=6 {
        let before = replay.seen().len();
        let mut running = bench.start(&arguments(&bench, more));
        wait_for(&replay, &mut running, before + calls / 8);
        running.child.kill().unwrap();
        assert_eq!(running.wait().code(), None, "round {round}");
        more = &["--resume", PARTIAL];
    }
    let run = resume(&bench);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    assert_eq!(timeless(&bench), whole);
    assert!(replay.seen().len() <= calls + 6 * (CONCURRENCY + 1), "{} of {calls}", replay.seen().len());
}

/// A collection one of whose app clients is never described, when everything else is in its journal.
pub(super) fn stalled() -> (Replay, Bench, Running) {
    let stall = |asked: &Asked| {
        (asked.operation == "DescribeUserPoolClient" && asked.text.contains("client7\"")).then(|| {
            std::thread::sleep(Duration::from_mins(1));
            Reply::json(json!({}))
        })
    };
    let replay = server(0, stall);
    let bench = Bench::new(&replay.url);
    let running = bench.start(&arguments(&bench, &["--call-timeout", "60"]));
    let started = Instant::now();
    let (mut length, mut since) = (0, Instant::now());
    // Until nothing comes any more.
    loop {
        let bytes = std::fs::read(bench.path(PARTIAL)).unwrap_or_default();
        if bytes.len() != length {
            (length, since) = (bytes.len(), Instant::now());
        }
        let described = String::from_utf8_lossy(&bytes).matches("\"DescribeUserPoolClient\"").count();
        if described >= CLIENTS - 1 && since.elapsed() > Duration::from_secs(2) {
            break;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "{:?}", bench.files());
        std::thread::sleep(Duration::from_millis(20));
    }
    (replay, bench, running)
}

#[test]
fn an_interrupted_collection_says_how_to_go_on_and_that_goes_on() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let (replay, bench, running) = stalled();
        signal(&running, name);
        let run = running.wait();
        assert_eq!(run.code(), Some(code), "{}", run.stderr);
        let said: Vec<&str> = run.stderr.lines().collect();
        assert!(said[0].starts_with("mrready: s.json.partial keeps "), "{}", run.stderr);
        let command = said[1].trim().strip_prefix("to go on: mrready ").unwrap();
        assert!(command.ends_with("--call-timeout 60 --resume s.json.partial"), "{command}");
        assert_eq!(said[2], "mrready: interrupted");
        // It is evidence as it is, and says that it is not whole.
        let judged = bench.run(&["audit", PARTIAL, "--format", "json", "--show", "all", "--now", &super::now()]);
        assert_eq!(judged.code(), Some(3), "{}", judged.stderr);
        let report = judged.report();
        let rest = report.coverage.not_asked.iter().find(|each| each.what == journal::THE_REST).unwrap();
        assert!(rest.why.contains("--resume"), "{}", rest.why);
        let causes: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Unknown)
            .flat_map(|finding| finding.evidence.iter().filter_map(|evidence| evidence.cause_text.as_deref()))
            .collect();
        assert!(
            causes.iter().any(|cause| cause.contains("DescribeUserPoolClient") && cause.contains("--resume")),
            "{causes:?}"
        );
        // The command, with a server that answers.
        let asked = replay.seen().len();
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        let quick =
            words.iter().map(|word| if word == "60" { "1".to_owned() } else { word.clone() }).collect::<Vec<_>>();
        let run = bench.run(&quick);
        assert_eq!(run.code(), Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("going on with s.json.partial: "), "{}", run.stderr);
        // Who asks, and three attempts at the client that still does not answer.
        assert_eq!(replay.seen().len() - asked, 1 + 3);
        assert_eq!(bench.files(), ["s.json"]);
    }
}

#[test]
fn other_options_a_lock_and_a_journal_in_the_way_are_refused() {
    let (_replay, bench, mut running) = stalled();
    let refused = |more: &[&str], parts: &[&str]| {
        let run = bench.run(&arguments(&bench, more));
        assert_eq!(run.code(), Some(2), "{more:?}: {}", run.stderr);
        for part in parts {
            assert!(run.stderr.contains(part), "{more:?}: {part}: {}", run.stderr);
        }
    };
    for more in [&[][..], &["--resume", PARTIAL]] {
        refused(more, &["s.json.partial is being written by another run"]);
    }
    running.child.kill().unwrap();
    running.wait();
    let bytes = bench.read(PARTIAL);
    refused(&[], &["s.json.partial holds ", "--resume s.json.partial"]);
    refused(
        &["--resume", PARTIAL, "--search", "ssm", "--replica-region", "us-east-1=eu-west-1"],
        &[
            "--search: it was not given; now it is ssm",
            "--replica-region: it was us-west-2; now it is us-west-2 us-east-1=eu-west-1",
        ],
    );
    refused(&["--resume", "nothing.partial"], &["cannot write nothing.partial"]);
    assert_eq!(bench.read(PARTIAL), bytes, "refusals leave it as it is");
    // Of another version, damaged, empty.
    let text = String::from_utf8(bytes).unwrap();
    for (damage, part) in [
        (text.replacen("mrready_journal\":1", "mrready_journal\":2", 1), "first line"),
        (String::new(), "is empty"),
        ("not a journal\n".to_owned(), "first line"),
    ] {
        bench.write("x.json.partial", &damage);
        refused(&["--resume", "x.json.partial"], &[part]);
    }
}

/// The journal of a folder, as if it had been begun with this server: the account that answers.
pub(super) fn moved(bench: &Bench, replay: &Replay) -> String {
    let port = |url: &str| url.rsplit(':').next().unwrap().to_owned();
    let text = String::from_utf8(bench.read(PARTIAL)).unwrap();
    let (head, rest) = text.split_once('\n').unwrap();
    let head: Value = serde_json::from_str(&head[17..].replace(&port(bench.endpoint()), &port(&replay.url))).unwrap();
    let head: journal::Head = serde_json::from_value(head).unwrap();
    journal::line(&head).unwrap() + rest
}

/// A line is cut in the middle, another one is garbage: what they held is asked again.
#[test]
fn a_damaged_journal_goes_on_with_what_is_whole() {
    let (whole, _) = undisturbed();
    let (_stalled, bench, mut running) = stalled();
    running.child.kill().unwrap();
    running.wait();
    let text = String::from_utf8(bench.read(PARTIAL)).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let middle = lines.len() / 2;
    lines[middle] = "garbage \u{0} here".to_owned();
    let last = lines.pop().unwrap();
    bench.write(PARTIAL, &(lines.join("\n") + "\n" + &last[..last.len() / 2]));
    let replay = server(0, |_| None);
    let other = Bench::new(&replay.url);
    other.write(PARTIAL, &moved(&bench, &replay));
    let run = resume(&other);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("1 damaged lines were left out"), "{}", run.stderr);
    assert_eq!(timeless(&other), whole);
}

/// A full disk ends the run with 2 and leaves what it took.
#[test]
fn a_full_disk_ends_the_run_and_leaves_a_journal_that_goes_on() {
    let (whole, _) = undisturbed();
    let replay = server(0, |_| None);
    let full = Bench::new(&replay.url);
    std::os::unix::fs::symlink("/dev/full", full.path(PARTIAL)).unwrap();
    let run = full.run(&arguments(&full, &[]));
    assert_eq!(run.code(), Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("cannot write s.json.partial"), "{}", run.stderr);
    assert_eq!(replay.seen().len(), 0);
    // A file that may not grow beyond 16 kB.
    let bench = Bench::new(&replay.url);
    let run = bench.run_limited(&arguments(&bench, &[]), 32);
    assert_eq!(run.code(), Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("cannot write the journal of the collection"), "{}", run.stderr);
    assert!(run.stderr.contains("to go on: mrready collect"), "{}", run.stderr);
    assert_eq!(bench.files(), [PARTIAL]);
    let answers = read(&bench).answers();
    assert!(answers > 3, "{answers}");
    let run = resume(&bench);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    assert_eq!(timeless(&bench), whole);
}

/// A live audit that is killed goes on, too.
#[test]
fn a_live_audit_goes_on() {
    let whole = server(0, |_| None);
    let bench = Bench::new(&whole.url);
    let run = bench.audit(&[POOL], &["--save-snapshot", "s.json"]);
    assert_eq!(run.code(), Some(3), "{}", run.stderr);
    let replay = server(4, |_| None);
    let other = Bench::new(&replay.url);
    let audit = |more: &[&str]| {
        let now = super::now();
        let own = [&["--format", "json", "--show", "all", "--now", &now, "--save-snapshot", "s.json"], more].concat();
        [other.scope("audit", &[POOL]), own.into_iter().map(str::to_owned).collect()].concat()
    };
    let mut running = other.start(&audit(&[]));
    wait_for(&replay, &mut running, 60);
    running.child.kill().unwrap();
    assert_eq!(running.wait().code(), None);
    let gates = other.run(&audit(&["--gate", "activate", "--resume", PARTIAL]));
    assert_eq!(gates.code(), Some(2), "{}", gates.stderr);
    assert!(gates.stderr.contains("the calls that gates and rules need: it was "), "{}", gates.stderr);
    let again = other.run(&audit(&["--resume", PARTIAL]));
    assert_eq!(again.code(), Some(3), "{}", again.stderr);
    assert_eq!(timeless(&other), timeless(&bench));
    let verdicts = |run: &Run| {
        let report = run.report();
        by_subject(&report)
            .into_iter()
            .map(|((rule, id), finding)| (rule.to_owned(), id.to_owned(), finding.verdict))
            .collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&again), verdicts(&run));
}

/// At every stage what is in the journal gives the verdict of the whole, or unknown: never another one.
#[test]
fn a_journal_cut_anywhere_says_nothing_that_the_whole_does_not() {
    let replay = server(0, |_| None);
    let bench = Bench::new(&replay.url);
    // As much as there is before the file is renamed: everything but a client that does not answer.
    let (_stalled, stopped, mut running) = stalled();
    running.child.kill().unwrap();
    running.wait();
    let whole = bench
        .audit(&[POOL], &["--gate", "issuer", "--gate", "replicate", "--gate", "activate", "--gate", "failover"])
        .report();
    let whole = by_subject(&whole);
    let text = String::from_utf8(stopped.read(PARTIAL)).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let cuts: Vec<usize> = (1..=lines.len()).step_by(lines.len() / 12).chain([lines.len()]).collect();
    at_once(&cuts, |cut| {
        let name = format!("{cut}.json.partial");
        stopped.write(&name, &lines[..*cut].concat());
        let run = stopped.run(&["audit", &name, "--format", "json", "--show", "all", "--now", &super::now()]);
        let report = run.report();
        assert_ne!(run.code(), Some(0), "after {cut} lines");
        for ((rule, id), finding) in by_subject(&report) {
            let was = whole.get(&(rule, id)).map(|finding| finding.verdict);
            let same = was == Some(finding.verdict) || finding.verdict == Verdict::Unknown;
            assert!(same, "after {cut} lines: {rule} {id}: {was:?} became {:?}: {}", finding.verdict, finding.message);
        }
    });
}
