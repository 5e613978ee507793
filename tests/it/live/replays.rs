//! What moto cannot show: long lists, a page that is refused, a template that is no YAML, a stack that was rolled back, a run
//! that is killed or interrupted.
//!
//! Against loopback replays (`replay`), so these run without Python. What one answer means is tested beside the facts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use mrready::model::Verdict;
use mrready::model::report::{Finding, Report};
use mrready::snapshot::journal;
use serde_json::{Value, json};

use super::{Bench, Run, at_once, by_subject};
use crate::replay::{Asked, Replay, Reply};

const POOL: &str = "us-east-1_ReadyPool";
const HERE: &str = "us-east-1";

fn issuer() -> String {
    format!("https://cognito-idp.us-east-1.amazonaws.com/{POOL}")
}

/// A server that answers with `answer` first, for the primary Region only, else as the ready account does.
fn server(answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Replay {
    Replay::start(&["ready"], move |asked| answer(asked).filter(|_| asked.region == HERE))
}

fn audit(replay: &Replay, more: &[&str]) -> (Bench, Run) {
    let bench = Bench::new(&replay.url);
    let more = [&["--concurrency", "16"], more].concat();
    let run = bench.audit(&[POOL], &more);
    (bench, run)
}

/// What a check says no to, blockers and advisories, without what every pool of `ready.json` is told.
fn noes(report: &Report) -> BTreeSet<(&str, &str)> {
    let no = |finding: &&Finding| matches!(finding.verdict, Verdict::Fail | Verdict::Warn);
    let findings = report.findings.iter().filter(no).filter(|finding| finding.rule != "issuer-updated");
    findings.map(|finding| (finding.rule.as_str(), finding.subject.id.as_str())).collect()
}

/// What cannot be told, but for what was left out on purpose: calls that only later gates need, and the count of users.
fn unknowns(report: &Report) -> Vec<&Finding> {
    let on_purpose =
        |cause: &str| cause.contains("only gates that do not count yet") || cause.contains("--count-users");
    let left_out = |finding: &Finding| {
        let mut causes = finding.evidence.iter().filter_map(|evidence| evidence.cause_text.as_deref()).peekable();
        causes.peek().is_some() && causes.all(on_purpose)
    };
    report.findings.iter().filter(|finding| finding.verdict == Verdict::Unknown && !left_out(finding)).collect()
}

/// The rules of these findings.
fn rules<'f>(findings: &[&'f Finding]) -> Vec<&'f str> {
    findings.iter().map(|finding| finding.rule.as_str()).collect()
}

/// How often each question was asked.
fn counts(replay: &Replay) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for asked in replay.seen().into_iter().filter(|asked| asked.region == HERE) {
        *counts.entry(format!("{}:{}", asked.service, asked.operation)).or_default() += 1;
    }
    counts
}

/// Items `from..to` of a list of `all`, which is in pages of `size`.
fn page(asked: &Asked, all: usize, size: usize) -> (std::ops::Range<usize>, Option<u32>) {
    let from = (asked.page as usize - 1) * size;
    let to = (from + size).min(all);
    (from..to, (to < all).then_some(asked.page + 1))
}

fn list(member: &str, items: Vec<Value>, token: &str, next: Option<u32>) -> Reply {
    let mut body = json!({});
    body[member] = Value::Array(items);
    if let Some(next) = next {
        body[token] = format!("page-{next}").into();
    }
    Reply::json(body)
}

#[test]
fn the_ready_account_is_ready() {
    let replay = server(|_| None);
    let bench = Bench::new(&replay.url);
    bench.write("answers.yaml", &super::attestations());
    let run = bench.audit(&[POOL], &["--waivers", "answers.yaml"]);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    assert_eq!(noes(&run.report()), BTreeSet::new());
    assert_eq!(replay.seen().iter().filter(|asked| asked.page > 1).count(), 0);
}

/// 600 APIs of each kind, and the one that pins the issuer is the last of each list.
#[test]
fn six_hundred_apis_of_each_kind_over_pages() {
    let replay = server(|asked| {
        let rest = || {
            json!({"id": "a", "name": "pool", "type": "COGNITO_USER_POOLS", "providerARNs":
            [format!("arn:aws:cognito-idp:us-east-1:111122223333:userpool/{POOL}")]})
        };
        let jwt = |id: &str| {
            json!({"authorizerId": id, "name": id, "authorizerType": "JWT", "jwtConfiguration":
            {"issuer": issuer(), "audience": ["web"]}})
        };
        let route = |id: &str| {
            json!({"routeId": id, "routeKey": format!("GET /{id}"), "authorizationType": "JWT",
            "authorizerId": "second"})
        };
        Some(match (asked.service.as_str(), asked.operation.as_str(), asked.id.as_str()) {
            ("apigateway", "GetRestApis", _) => {
                let (range, next) = page(asked, 600, 500);
                let items = range.map(|n| json!({"id": format!("rest{n}"), "name": format!("rest {n}")})).collect();
                list("item", items, "position", next)
            }
            ("apigateway", _, "rest599") => list("item", vec![rest()], "position", None),
            ("apigateway", ..) => list("item", Vec::new(), "position", None),
            ("apigatewayv2", "GetApis", _) => {
                let (range, next) = page(asked, 600, 100);
                let api = |n| json!({"apiId": format!("http{n}"), "name": format!("http {n}"), "protocolType": "HTTP"});
                list("items", range.map(api).collect(), "nextToken", next)
            }
            ("apigatewayv2", "GetAuthorizers", "http599") => {
                let (range, next) = page(asked, 2, 1);
                list("items", range.map(|n| jwt(["first", "second"][n])).collect(), "nextToken", next)
            }
            ("apigatewayv2", "GetRoutes", "http599") => {
                let (range, next) = page(asked, 2, 1);
                list("items", range.map(|n| route(["one", "two"][n])).collect(), "nextToken", next)
            }
            ("apigatewayv2", ..) => list("items", Vec::new(), "nextToken", None),
            _ => return None,
        })
    });
    let (_, run) = audit(&replay, &[]);
    assert_eq!(run.code(), Some(1), "{}", run.stderr);
    let report = run.report();
    let rest = format!("apigateway/us-east-1/rest599/a#{POOL}");
    let http = ["one", "two"].map(|route| format!("apigatewayv2/us-east-1/http599/{route}#{POOL}"));
    let wanted = BTreeSet::from([
        ("http-route-accepts-new-issuer", http[0].as_str()),
        ("http-route-accepts-new-issuer", http[1].as_str()),
        ("rest-cognito-authorizer-replaced", rest.as_str()),
    ]);
    assert_eq!(noes(&report), wanted);
    assert_eq!(rules(&unknowns(&report)), Vec::<&str>::new());
    let counts = counts(&replay);
    let wanted = [
        ("apigateway:GetRestApis", 2),
        ("apigateway:GetAuthorizers", 600),
        ("apigatewayv2:GetApis", 6),
        ("apigatewayv2:GetAuthorizers", 601),
        ("apigatewayv2:GetRoutes", 601),
    ];
    for (call, times) in wanted {
        assert_eq!(counts[call], times, "{call}");
    }
}

fn stack_id(name: &str) -> String {
    format!("arn:aws:cloudformation:us-east-1:111122223333:stack/{name}/11111111-2222-3333-4444-555555555555")
}

/// A stack as `ListStacks` and `DescribeStacks` write it.
fn stack(name: &str, inner: &str) -> String {
    let (id, time) = (stack_id(name), "2026-01-01T00:00:00.000Z");
    format!(
        "<member><StackId>{id}</StackId><StackName>{name}</StackName><CreationTime>{time}</CreationTime>\
         <StackStatus>UPDATE_COMPLETE</StackStatus>{inner}</member>"
    )
}

/// 130 stacks; the last of each list holds the issuer: in its template, an output, an export.
#[test]
fn a_hundred_and_thirty_stacks_over_pages() {
    let name = |n: usize| format!("stack-{n:03}");
    let replay = server(move |asked| {
        let output = format!(
            "<Outputs><member><OutputKey>Issuer</OutputKey><OutputValue>{}</OutputValue></member></Outputs>",
            issuer()
        );
        let export = |n: usize| {
            let value = if n == 129 { issuer() } else { format!("value {n}") };
            let (id, name) = (stack_id(&name(n)), format!("export-{n:03}"));
            format!(
                "<member><ExportingStackId>{id}</ExportingStackId><Name>{name}</Name><Value>{value}</Value></member>"
            )
        };
        Some(match asked.operation.as_str() {
            "ListStacks" => {
                let (range, next) = page(asked, 130, 100);
                Reply::stacks(
                    "ListStacks",
                    "StackSummaries",
                    &range.map(|n| stack(&name(n), "")).collect::<String>(),
                    next,
                )
            }
            "DescribeStacks" => {
                let (range, next) = page(asked, 130, 50);
                let stacks: String = range.map(|n| stack(&name(n), if n == 129 { &output } else { "" })).collect();
                Reply::stacks("DescribeStacks", "Stacks", &stacks, next)
            }
            "ListExports" => {
                let (range, next) = page(asked, 130, 100);
                Reply::stacks("ListExports", "Exports", &range.map(export).collect::<String>(), next)
            }
            "ListStackResources" => Reply::stacks("ListStackResources", "StackResourceSummaries", "", None),
            "GetTemplate" => {
                let value = if asked.text.contains("stack-129") { issuer() } else { "nothing".to_owned() };
                let topic = format!(
                    "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: {value}\n"
                );
                Reply::stacks("GetTemplate", "TemplateBody", &topic, None)
            }
            _ => return None,
        })
    });
    let (_, run) = audit(&replay, &[]);
    assert_eq!(run.code(), Some(3), "{}", run.stderr);
    let report = run.report();
    let pinned: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.rule == "template-accepts-new-issuer" && finding.verdict == Verdict::Warn)
        .map(|finding| finding.subject.name.as_deref().unwrap())
        .collect();
    let wanted = ["export export-129 Value", "stack-129 Issuer.OutputValue", "stack-129 Topic.Properties.DisplayName"];
    assert_eq!(pinned, BTreeSet::from(wanted));
    assert_eq!(noes(&report).len(), wanted.len());
    assert_eq!(rules(&unknowns(&report)), Vec::<&str>::new());
    let counts = counts(&replay);
    for (operation, times) in [
        ("ListStacks", 2),
        ("DescribeStacks", 3),
        ("ListExports", 2),
        ("ListStackResources", 130),
        ("GetTemplate", 130),
    ] {
        assert_eq!(counts[&format!("cloudformation:{operation}")], times, "{operation}");
    }
}

/// The rules that cannot be decided on the pool when page 2 of this list is refused.
const BROKEN_OFF: &[(&str, &str, &[&str])] = &[
    (
        "apigateway:GetRestApis",
        "apigateway:GET",
        &[
            "lambda-authorizer-accepts-both-issuers",
            "rest-cognito-authorizer-replaced",
            "rest-jwt-authorizer-audience-has-id-tokens",
            "rest-jwt-authorizer-names-primary-host",
            "rest-jwt-authorizer-ready-for-switch",
        ],
    ),
    (
        "apigatewayv2:GetApis",
        "apigateway:GET",
        &["http-route-accepts-new-issuer", "lambda-authorizer-accepts-both-issuers"],
    ),
    (
        "cloudformation:ListStacks",
        "cloudformation:ListStacks",
        &[
            "owner-stack-keeps-settings",
            "references-found-by-this-version",
            "references-resolved",
            "template-accepts-new-issuer",
            "template-reference-reviewed",
        ],
    ),
    (
        "cloudformation:DescribeStacks",
        "cloudformation:DescribeStacks",
        &[
            "references-found-by-this-version",
            "references-resolved",
            "template-accepts-new-issuer",
            "template-reference-reviewed",
        ],
    ),
    (
        "cloudformation:ListExports",
        "cloudformation:ListExports",
        &[
            "references-found-by-this-version",
            "references-resolved",
            "template-accepts-new-issuer",
            "template-reference-reviewed",
        ],
    ),
    ("cognito-idp:ListUserPoolClients", "cognito-idp:ListUserPoolClients", &["domain-active", "overlap-window-short"]),
];

/// Page 1 has something that is false; page 2 of one list is refused.
fn first_page(asked: &Asked) -> Option<Reply> {
    let arn = format!("arn:aws:cognito-idp:us-east-1:111122223333:userpool/{POOL}");
    let (id, next) = (asked.id.as_str(), Some(2));
    let export = format!(
        "<member><ExportingStackId>{}</ExportingStackId><Name>e</Name><Value>{}</Value></member>",
        stack_id("s"),
        issuer()
    );
    Some(match (asked.service.as_str(), asked.operation.as_str()) {
        ("apigateway", "GetRestApis") => list("item", vec![json!({"id": "r", "name": "rest"})], "position", next),
        ("apigateway", "GetAuthorizers") => {
            assert_eq!(id, "r");
            let authorizer = json!({"id": "a", "name": "a", "type": "COGNITO_USER_POOLS", "providerARNs": [arn]});
            list("item", vec![authorizer], "position", None)
        }
        ("apigatewayv2", "GetApis") => {
            list("items", vec![json!({"apiId": "h", "name": "http", "protocolType": "HTTP"})], "nextToken", next)
        }
        ("apigatewayv2", "GetAuthorizers") => {
            let jwt = json!({"issuer": issuer(), "audience": ["web"]});
            let authorizer =
                json!({"authorizerId": "j", "name": "j", "authorizerType": "JWT", "jwtConfiguration": jwt});
            list("items", vec![authorizer], "nextToken", None)
        }
        ("apigatewayv2", "GetRoutes") => {
            let route = json!({"routeId": "x", "routeKey": "GET /x", "authorizationType": "JWT", "authorizerId": "j"});
            list("items", vec![route], "nextToken", None)
        }
        ("cloudformation", "ListStacks") => Reply::stacks("ListStacks", "StackSummaries", &stack("s", ""), next),
        ("cloudformation", "DescribeStacks") => Reply::stacks("DescribeStacks", "Stacks", &stack("s", ""), next),
        ("cloudformation", "ListExports") => Reply::stacks("ListExports", "Exports", &export, next),
        ("cloudformation", "ListStackResources") => {
            Reply::stacks("ListStackResources", "StackResourceSummaries", "", None)
        }
        ("cloudformation", "GetTemplate") => Reply::stacks("GetTemplate", "TemplateBody", "Resources: {}\n", None),
        ("cognito-idp", "ListUserPoolClients") => {
            let client = json!({"ClientId": "1example23456789", "UserPoolId": POOL, "ClientName": "web"});
            list("UserPoolClients", vec![client], "NextToken", next)
        }
        _ => return None,
    })
}

#[test]
fn a_refused_second_page_is_not_the_end_of_a_list() {
    let bad = [
        ("http-route-accepts-new-issuer", format!("apigatewayv2/us-east-1/h/x#{POOL}")),
        ("rest-cognito-authorizer-replaced", format!("apigateway/us-east-1/r/a#{POOL}")),
    ];
    at_once(BROKEN_OFF, |(call, action, unknown)| {
        let (refused, action) = (*call, *action);
        let replay = server(move |asked| {
            let this = format!("{}:{}", asked.service, asked.operation) == refused;
            match (asked.page, this) {
                (2, true) => Some(Reply::denied(asked, action)),
                // Page 2 of every other list is empty and the last.
                (2, false) => Some(match asked.service.as_str() {
                    "apigateway" => list("item", Vec::new(), "position", None),
                    "apigatewayv2" => list("items", Vec::new(), "nextToken", None),
                    "cognito-idp" => list("UserPoolClients", Vec::new(), "NextToken", None),
                    _ => {
                        let list = [
                            ("ListStacks", "StackSummaries"),
                            ("DescribeStacks", "Stacks"),
                            ("ListExports", "Exports"),
                        ];
                        let (operation, list) = list.into_iter().find(|(name, _)| *name == asked.operation)?;
                        Reply::stacks(operation, list, "", None)
                    }
                }),
                _ => first_page(asked),
            }
        });
        let (_, run) = audit(&replay, &[]);
        assert_eq!(run.code(), Some(1), "{call}: {}", run.stderr);
        let report = run.report();
        // What page 1 shows is judged all the same.
        let found = by_subject(&report);
        for (rule, subject) in &bad {
            assert_eq!(found[&(*rule, subject.as_str())].verdict, Verdict::Fail, "{call}: {rule}");
        }
        let export = "export e Value";
        let pinned = report
            .findings
            .iter()
            .any(|finding| finding.verdict == Verdict::Warn && finding.subject.name.as_deref() == Some(export));
        assert!(pinned, "{call}: {export}");
        // And what page 2 may hold is unknown on the pool.
        let unknowns: BTreeMap<&str, &Finding> =
            unknowns(&report).into_iter().map(|finding| (finding.rule.as_str(), finding)).collect();
        assert_eq!(unknowns.keys().copied().collect::<Vec<_>>(), *unknown, "{call}");
        for finding in unknowns.values() {
            assert_eq!(finding.subject.id, POOL, "{call}: {}", finding.rule);
            let named = finding.evidence.iter().any(|evidence| evidence.missing_actions == [action]);
            assert!(named, "{call}: {} names {:?}", finding.rule, finding.evidence);
        }
        let [problem] = report.coverage.problems.as_slice() else { panic!("{:?}", report.coverage.problems) };
        assert_eq!((problem.call.as_str(), problem.times), (*call, 1));
        assert!(replay.seen().iter().any(|asked| asked.page == 2), "{call}: page 2 was never asked for");
    });
}

#[test]
fn a_template_that_is_no_yaml_is_not_searched_and_not_shown() {
    let replay = Replay::start(&["broken-template", "ready"], |_| None);
    let (bench, run) = audit(&replay, &["--save-snapshot", "s.json", "--verbose"]);
    assert_eq!(run.code(), Some(3), "{}", run.stderr);
    let report = run.report();
    let found = by_subject(&report);
    for rule in ["references-resolved", "template-accepts-new-issuer", "template-reference-reviewed"] {
        let finding = found[&(rule, POOL)];
        assert_eq!(finding.verdict, Verdict::Unknown, "{rule}");
        let causes: Vec<_> = finding.evidence.iter().filter_map(|evidence| evidence.cause_text.as_deref()).collect();
        let named = causes.iter().any(|cause| cause.contains("cloudformation:GetTemplate") && cause.contains(HERE));
        assert!(named, "{rule}: {causes:?}");
    }
    let call = super::json(&bench.read("s.json"))["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["operation"] == "GetTemplate")
        .cloned()
        .unwrap();
    assert_eq!(call["parameters"]["StackName"], stack_id("broken"));
    assert_eq!(call["error"]["code"], "TemplateSyntax");
    assert!(call["error"]["detail"].as_str().unwrap().starts_with("line "), "{call}");
    let table = bench.run(&["audit", "s.json", "--verbose", "--show", "all"]);
    let shown = [run.stdout.as_slice(), run.stderr.as_bytes(), table.stdout.as_slice(), table.stderr.as_bytes()];
    let files = bench.everything();
    for bytes in shown.into_iter().chain(files.iter().map(|(_, bytes)| bytes.as_slice())) {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("replayed-template-secret"), "{text}");
    }
}

/// Where the template cannot be read is for people too, not only in the snapshot.
#[test]
fn a_template_that_is_no_yaml_is_named_with_its_place() {
    let replay = Replay::start(&["broken-template", "ready"], |_| None);
    let bench = Bench::new(&replay.url);
    let run = bench.run(&[bench.scope("audit", &[POOL]), vec!["--verbose".to_owned()]].concat());
    assert_eq!(run.code(), Some(3), "{}", run.stderr);
    // The quote that is opened in line 5 cannot go on as it does in line 6.
    let text = run.text().split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["cloudformation:GetTemplate", "line 6, column 7", "stack broken"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_stack_that_was_rolled_back_is_searched() {
    let replay = Replay::start(&["rolled-back-stack", "ready"], |_| None);
    let (_, run) = audit(&replay, &[]);
    let report = run.report();
    let found: Vec<_> =
        report.findings.iter().filter(|finding| finding.rule == "template-accepts-new-issuer").collect();
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(finding.verdict, Verdict::Warn);
    assert_eq!(finding.subject.name.as_deref(), Some("rolled-back Issuer.Properties.Value"));
    assert!(finding.message.contains(&issuer()), "{}", finding.message);
}

/// Every status of the API's model but one: without a filter AWS also lists the stacks deleted in the last 90 days.
#[test]
fn list_stacks_asks_for_every_status_but_deleted() {
    const STATUSES: &str = "CREATE_IN_PROGRESS CREATE_FAILED CREATE_COMPLETE ROLLBACK_IN_PROGRESS ROLLBACK_FAILED \
        ROLLBACK_COMPLETE DELETE_IN_PROGRESS DELETE_FAILED UPDATE_IN_PROGRESS UPDATE_COMPLETE_CLEANUP_IN_PROGRESS \
        UPDATE_COMPLETE UPDATE_FAILED UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_FAILED \
        UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_ROLLBACK_COMPLETE REVIEW_IN_PROGRESS IMPORT_IN_PROGRESS \
        IMPORT_COMPLETE IMPORT_ROLLBACK_IN_PROGRESS IMPORT_ROLLBACK_FAILED IMPORT_ROLLBACK_COMPLETE";
    let replay = server(|_| None);
    let (_, run) = audit(&replay, &[]);
    assert_eq!(run.code(), Some(3), "{}", run.stderr);
    let asked: Vec<Asked> = replay.seen().into_iter().filter(|asked| asked.operation == "ListStacks").collect();
    assert_eq!(
        asked.iter().map(|asked| asked.region.as_str()).collect::<BTreeSet<_>>(),
        BTreeSet::from([HERE, "us-west-2"])
    );
    for asked in asked {
        let statuses = asked.text.split('&').filter(|each| each.contains("StackStatusFilter"));
        let statuses: BTreeSet<&str> =
            statuses.filter_map(|each| each.trim_end().split_once('=')).map(|(_, status)| status).collect();
        assert_eq!(statuses, STATUSES.split_whitespace().collect(), "{}", asked.region);
    }
}

/// The calls that end of a whole collection whose one call about an app client never does. In each of two Regions five lists
/// of APIs and stacks, ten of Cloud Control's consumers and one of endpoints, three limits; one list for all Regions; fourteen
/// calls about the caller, the pool and its key; the certificate, and the alarms of the one Region with a pool.
const ANSWERED: usize = 2 * (5 + 10 + 1 + 3) + 1 + 14 + 2;

/// A collection whose last answer does not come, once all others are in its file.
fn stalled() -> (Replay, Bench, super::Running) {
    let replay = server(|asked| {
        if asked.operation == "DescribeUserPoolClient" {
            std::thread::sleep(Duration::from_mins(1));
        }
        None
    });
    let bench = Bench::new(&replay.url);
    let more = ["-o", "s.json", "--call-timeout", "60"].map(str::to_owned);
    let running = bench.start(&[bench.scope("collect", &[POOL]), more.to_vec()].concat());
    let started = Instant::now();
    let answered = || {
        let bytes = std::fs::read(bench.path("s.json.partial")).unwrap_or_default();
        journal::read("s.json.partial", &bytes).map_or(0, |journal| journal.entries().count())
    };
    while answered() < ANSWERED {
        assert!(started.elapsed() < Duration::from_mins(1), "{:?}: {:#?}", bench.files(), replay.seen().len());
        std::thread::sleep(Duration::from_millis(20));
    }
    (replay, bench, running)
}

/// Whole lines, each with its checksum, and no file that looks whole.
fn left_whole_lines(bench: &Bench) {
    assert_eq!(bench.files(), ["s.json.partial"]);
    let bytes = bench.read("s.json.partial");
    let journal = journal::read("s.json.partial", &bytes).unwrap();
    assert_eq!((journal.whole, journal.damaged), (bytes.len(), 0), "cut off in a line, or a line does not check");
    assert!(journal.entries().count() >= ANSWERED);
}

#[test]
fn a_killed_collection_leaves_whole_lines() {
    let (_replay, bench, mut running) = stalled();
    running.child.kill().unwrap();
    assert_eq!(running.wait().code(), None);
    left_whole_lines(&bench);
}

#[cfg(unix)]
#[test]
fn an_interrupted_collection_ends_with_130() {
    let (_replay, bench, running) = stalled();
    // Of the shell, which has one even where the program `kill` is not installed.
    let kill = format!("kill -INT {}", running.child.id());
    let sent = std::process::Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(sent.success());
    let started = Instant::now();
    let run = running.wait();
    assert_eq!(run.code(), Some(130), "{}", run.stderr);
    assert!(started.elapsed() < Duration::from_secs(10), "the call that hangs held up the end");
    assert_eq!(run.stdout, b"");
    left_whole_lines(&bench);
}

/// A whole file of an earlier run outlives a run that is killed.
#[test]
fn a_killed_collection_leaves_the_old_file_alone() {
    let (_replay, bench, mut running) = stalled();
    bench.write("s.json", "the old one");
    running.child.kill().unwrap();
    running.wait();
    assert_eq!(bench.read("s.json"), b"the old one");
}

/// What only later gates need is not asked until they count, and the report says so; with them it is.
#[test]
fn what_only_later_gates_need_is_asked_for_with_them() {
    const LATER: &[&str] = &["acm:DescribeCertificate", "cloudwatch:DescribeAlarms", "cognito-idp:GetProvisionedLimit"];
    for (gates, counted) in [(&[][..], false), (&["--gate", "activate", "--gate", "failover"], true)] {
        let replay = server(|_| None);
        let (_, run) = audit(&replay, gates);
        let (asked, report) = (counts(&replay), run.report());
        let not_asked: Vec<&str> = report.coverage.not_asked.iter().map(|left_out| left_out.what.as_str()).collect();
        for call in LATER {
            let noted = not_asked.iter().any(|what| what.contains(call));
            assert_eq!((asked.contains_key(*call), noted), (counted, !counted), "{call}: {not_asked:?}");
        }
    }
}
