//! Many accounts in one run, and what those cost that refuse, hang or throttle.
//!
//! A thousand accounts, each the ready one of the tests' replays, on a server of this process; 30 deny the role, 10 take a
//! connection and never answer, 5 throttle throughout. Beside the same run without those 45.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use mrready::collect::{Accounts, Observer, Patience, Pools, Request, RoleArn, Section, collect_accounts};
use mrready::snapshot::{Encoding, Entry, Snapshot, format};
use serde_json::Value;

use crate::replay::{Asked, Replay, SESSION, no_session, session, throttled};

/// The argument with which this program calls itself.
pub(crate) const CHILD: &str = "accounts-in-this-process";

/// So many unless the first argument says otherwise.
const ACCOUNTS: usize = 1000;
const CONCURRENCY: usize = 32;
/// So many seconds unless the second argument says otherwise.
const DEADLINE: u64 = 10;
const ATTEMPTS: u32 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Ready,
    Denies,
    Hangs,
    Throttles,
}

/// Spread over the whole list, and the last account is one that hangs.
fn kind(number: usize) -> Kind {
    match number {
        _ if number % 100 == 99 => Kind::Hangs,
        _ if number % 200 == 57 => Kind::Throttles,
        _ if number % 33 == 7 => Kind::Denies,
        _ => Kind::Ready,
    }
}

fn account(number: usize) -> String {
    format!("{:012}", 333_300_000_000_u64 + number as u64)
}

fn number(account: &str) -> usize {
    account.get(6..).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

#[derive(Default)]
struct Troubles(BTreeMap<String, String>);

impl Observer for Troubles {
    fn planned(&mut self, _calls_known: u64) {}
    fn done(&mut self, _entry: &Entry) {}
    fn note(&mut self, _text: &str) {}
    fn trouble(&mut self, account: &str, why: &str) {
        self.0.insert(account.to_owned(), why.to_owned());
    }
}

/// Runs and prints this part.
pub(crate) fn run(arguments: &[String]) {
    let accounts = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(ACCOUNTS);
    let deadline = Duration::from_secs(arguments.get(1).and_then(|text| text.parse().ok()).unwrap_or(DEADLINE));
    let replay = Replay::start(&["ready"], move |asked: &Asked| {
        if asked.operation == "AssumeRole" {
            let account = asked.text.split(":iam::").nth(1).and_then(|rest| rest.get(..12)).unwrap_or_default();
            return Some(if kind(number(account)) == Kind::Denies { no_session() } else { session(asked) });
        }
        match kind(number(asked.key.strip_prefix(SESSION).unwrap_or_default())) {
            Kind::Hangs => {
                std::thread::sleep(deadline * 3);
                Some(throttled(asked))
            }
            Kind::Throttles => Some(throttled(asked)),
            Kind::Ready | Kind::Denies => None,
        }
    });
    let all: Vec<usize> = (0..accounts).collect();
    let good: Vec<usize> = all.iter().copied().filter(|number| kind(*number) == Kind::Ready).collect();
    println!(
        "\nAccounts: {accounts}, one pool each; concurrency {CONCURRENCY}, no rate limit, {} s and {ATTEMPTS} attempts each\n",
        deadline.as_secs()
    );
    let (without, sections) = gather(&replay, &good, deadline);
    println!("  {} accounts that answer: {:.1} s, {} calls", good.len(), without.as_secs_f64(), calls(&sections));
    let (with, sections) = gather(&replay, &all, deadline);
    println!("  all {accounts}: {:.1} s, {} calls in the snapshot", with.as_secs_f64(), calls(&sections));
    println!("  ratio: {:.2}", with.as_secs_f64() / without.as_secs_f64());
    judge(sections.into_values());
}

fn calls(sections: &BTreeMap<String, Snapshot>) -> usize {
    sections.values().map(|snapshot| snapshot.calls().count()).sum()
}

/// Judges the fleet with the program, every question to a person answered, and counts what it says of accounts and pools.
fn judge(sections: impl Iterator<Item = Snapshot>) {
    let folder = tempfile::tempdir().expect("a folder");
    let (fleet, answers) = (folder.path().join("fleet.jsonl"), folder.path().join("answers.yaml"));
    let encoding = Encoding::of_name("fleet.jsonl").expect("a known name");
    let lines: Vec<u8> = sections.flat_map(|one| format::write(&one, encoding).expect("memory")).collect();
    std::fs::write(&fleet, lines).expect("a file");
    let answered = crate::builder::persons().into_iter().fold(String::new(), |text, rule| {
        text + &format!(
            "- {{ kind: attest, rule: {rule}, subject: '**', reason: asked, owner: team, expires: 2099-12-31, answer: yes, \
             evidence: seen, by: someone, on: 2026-01-01 }}\n"
        )
    });
    std::fs::write(&answers, answered).expect("a file");
    let mut program = Command::new(env!("CARGO_BIN_EXE_mrready"));
    program.arg("audit").arg(&fleet).arg("--waivers").arg(&answers).args(["--no-config", "--format", "jsonl"]);
    let output = program.output().expect("the program");
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: Value = serde_json::from_slice(line).expect("JSON");
        let text = |pointer: &str| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let what = match line["kind"].as_str() {
            Some("account") => {
                let named = line["coverage"]["cause"].is_string()
                    || line["problems"].as_array().is_some_and(|all| !all.is_empty());
                let cause = if named { ", with cause" } else { "" };
                format!("account {}{cause}", text("/coverage/outcome"))
            }
            Some("pool") => {
                let gates = line["pool"]["gates"].as_object().expect("gates");
                let ready = gates.values().filter(|gate| gate["counted"] == true).all(|gate| gate["status"] == "ready");
                format!("pool {}", if ready { "ready" } else { "not ready" })
            }
            _ => continue,
        };
        *said.entry(what).or_default() += 1;
    }
    println!("  judged: exit code {}", output.status.code().unwrap_or(-1));
    for (what, count) in said {
        println!("  {count:>5} {what}");
    }
}

/// Collects, checks each account's document, and says how long it took.
fn gather(replay: &Replay, numbers: &[usize], deadline: Duration) -> (Duration, BTreeMap<String, Snapshot>) {
    let role = |number: &usize| {
        RoleArn::parse(&format!("arn:aws:iam::{}:role/mrready-read-only", account(*number))).expect("a role's ARN")
    };
    let mut request = Request::new(Pools::All);
    request.accounts = Accounts::Roles(numbers.iter().map(role).collect());
    request.region = Some("us-east-1".to_owned());
    request.replica_regions.insert(String::new(), "us-west-2".to_owned());
    request.endpoint_url = Some(replay.url.clone());
    request.concurrency = CONCURRENCY;
    request.max_rps = Some(1e9);
    request.patience = Patience { deadline: Some(deadline), attempts: ATTEMPTS };
    let (mut sections, mut seen) = (BTreeMap::new(), BTreeMap::new());
    let mut troubles = Troubles::default();
    let start = Instant::now();
    collect_accounts(&request, &mut troubles, &mut |Section { account, snapshot }| {
        let errors = snapshot.calls().filter(|call| call.error.is_some()).count();
        let whole = errors == 0 && snapshot.header.scope.pools.len() == 1;
        let kind = kind(number(&account));
        assert!(whole == (kind == Kind::Ready), "{account} {kind:?}: {errors} calls were not answered");
        sections.insert(account, snapshot);
        *seen.entry(kind).or_insert(0_usize) += 1;
        Ok(())
    })
    .expect("sections");
    let time = start.elapsed();
    let named = seen.iter().filter(|(kind, _)| **kind != Kind::Ready).map(|(_, count)| count).sum::<usize>();
    assert_eq!(seen.values().sum::<usize>(), numbers.len());
    assert_eq!(troubles.0.len(), named, "each account that is not whole is named with its cause");
    println!("  {} whole; named with cause: {named}", numbers.len() - named);
    (time, sections)
}
