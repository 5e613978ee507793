//! The way of the AWS CLI: the script that the program prints, run with the AWS CLI against the test-side account and
//! imported, comes to the evidence and to the verdicts of a live run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mrready::snapshot::operations;
use serde_json::{Value, json};

use super::{Bench, now};
use crate::tools::{Account, account, told_by};

/// The pools of the scenario by name, and the arguments that ask for all of them and for everything.
fn everything<'a>(bench: &Bench, account: &'a Account) -> (BTreeMap<&'a str, &'a str>, Vec<String>) {
    let pools = account.out["pools"].as_object().unwrap();
    let pools: BTreeMap<&str, &str> = pools.iter().map(|(name, id)| (name.as_str(), id.as_str().unwrap())).collect();
    let ids: Vec<&str> = pools.values().copied().collect();
    let mut arguments = bench.scope("collect", &ids);
    let operator = account.out["roles"]["migration"].as_str().unwrap();
    arguments.extend(["--count-users", "--operator-arn", operator].map(str::to_owned));
    (pools, arguments)
}

/// The rule that is about the AWS CLI which brought the evidence; a live run has none.
const ABOUT_THE_CLI: &str = "collecting-client-knows-mrr";

/// The verdicts of a snapshot: pool, rule and subject to verdict; but for the rule about the AWS CLI, which has to be `own`.
fn verdicts(bench: &Bench, account: &Account, file: &str, own: &str) -> BTreeMap<(String, String, String), String> {
    let operator = account.out["roles"]["migration"].as_str().unwrap();
    let now = now();
    let judge = ["audit", file, "--operator-arn", operator, "--format", "json", "--show", "all", "--now", &now];
    let report = bench.run(&judge).report();
    let findings = report.findings.iter().map(|finding| {
        let pool = finding.subject.pool_id.clone().unwrap_or_default();
        ((pool, finding.rule.clone(), finding.subject.id.clone()), format!("{:?}", finding.verdict))
    });
    let (about_cli, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        findings.partition(|((_, rule, _), _): &((String, String, String), String)| rule == ABOUT_THE_CLI);
    assert!(!about_cli.is_empty() && about_cli.values().all(|verdict| verdict == own), "{about_cli:?}");
    others
}

/// The calls of a snapshot as questions, with what came back: `answered`, or the kind of the error.
fn questions(snapshot: &Value) -> BTreeMap<String, String> {
    let calls = snapshot["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "call");
    let mut questions = BTreeMap::new();
    for call in calls {
        let question = ["region", "service", "operation", "parameters"].map(|name| call[name].to_string()).join(" ");
        let came = call["error"]["kind"].as_str().unwrap_or("answered").to_owned();
        questions.insert(question, came);
    }
    questions
}

/// The answers that have but one page, by question, with what was dropped of them; but for what pages of the wire have, and
/// for what moto makes up as it answers.
fn answers(snapshot: &Value) -> BTreeMap<String, Value> {
    let calls = snapshot["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "call");
    let mut answers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for call in calls {
        let question = ["region", "service", "operation", "parameters"].map(|name| call[name].to_string()).join(" ");
        let mut response = call["response"].clone();
        if let Some(certificate) = response["Certificate"].as_object_mut() {
            certificate.remove("NotAfter");
        }
        let dropped = call["dropped"].as_array().cloned().unwrap_or_default();
        let noise = ["/IsTruncated", "/UserPool/UserPoolTags", "/WebACL/LockToken"];
        let dropped: Vec<Value> =
            dropped.into_iter().filter(|name| !noise.contains(&name.as_str().unwrap_or_default())).collect();
        // jq writes 50000.0 as 50000.
        as_floats(&mut response);
        answers.entry(question).or_default().push(json!([response, dropped]));
    }
    let single = answers.into_iter().filter(|(_, pages)| pages.len() == 1);
    single.map(|(question, mut pages)| (question, pages.remove(0))).collect()
}

fn as_floats(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::Array(items) => items.iter_mut().for_each(as_floats),
        Value::Object(members) => members.values_mut().for_each(as_floats),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// No planted secret of these kinds in any file below a folder.
fn search(folder: &Path, account: &Account, kinds: &dyn Fn(&str) -> bool) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, account, kinds);
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        for (what, secret) in account.planted().iter().filter(|(what, _)| kinds(what)) {
            assert!(!text.contains(secret), "{} holds the planted {what}", path.display());
        }
    }
}

/// Has the program print the script for these arguments, and the AWS CLI run it into the folder `answers`.
fn run_script(bench: &Bench, account: &Account, arguments: &[String]) -> Value {
    let before = account.calls(&bench.key).len();
    let printed = bench.run(&[arguments, &["--print-commands".to_owned()]].concat());
    assert_eq!(printed.code(), Some(0), "{}", printed.stderr);
    assert_eq!(account.calls(&bench.key).len(), before, "printing asks nothing");
    bench.write("collect.sh", &printed.text());
    let place = |name: &str| bench.path(name).to_str().unwrap().to_owned();
    let told = told_by("import_run.py", &[&account.url, &bench.key, &place("collect.sh"), &place("answers")]).unwrap();
    assert_eq!(told["code"], 0, "{}", told["said"]);
    told
}

#[test]
fn what_the_cli_brings_comes_to_the_verdicts_of_a_live_run() {
    let Some(account) = account() else { return };
    let (bench, by_cli) = (Bench::new(&account.url), Bench::new(&account.url));
    let (pools, arguments) = everything(&bench, account);
    let live = bench.run(&[arguments.clone(), ["-o", "live.json"].map(str::to_owned).to_vec()].concat());
    assert_eq!(live.code(), Some(0), "{}", live.stderr);
    let told = run_script(&by_cli, account, &arguments);
    only_reads_and_nothing_twice(&told);
    by_cli.check_calls(account);
    // Nothing of a client or an identity provider is kept even now; of a function no variable that is no issuer.
    let never =
        ["client_secrets", "idp_secret", "function_variable", "alarm_description", "dkim_token", "mail_contact"];
    assert!(never.iter().all(|name| !account.out["planted"][name].is_null()));
    search(&by_cli.path("answers"), account, &|what| never.contains(&what));

    let run = by_cli.run(&["import", "answers", "-o", "imported.json", "--strict", "--purge"]);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    assert!(!by_cli.path("answers").exists(), "purged");
    search(&by_cli.path(""), account, &|_| true);

    let (live, imported) = (super::json(&bench.read("live.json")), super::json(&by_cli.read("imported.json")));
    assert_eq!(live["scope"], imported["scope"]);
    let version = imported["cli_versions"][0].as_str().unwrap();
    assert!(version.starts_with("aws-cli/1."), "{version}");
    assert_eq!(questions(&live), questions(&imported), "the same questions, answered alike");
    let (one, other) = (answers(&live), answers(&imported));
    let mut same = 0;
    for (question, answer) in &one {
        let Some(imported) = other.get(question) else { continue };
        assert_eq!(answer, imported, "{question}");
        same += 1;
    }
    println!("{same} of {} questions have answers that are equal to the last member", questions(&live).len());
    let (one, other) =
        (verdicts(&bench, account, "live.json", "NotApplicable"), verdicts(&by_cli, account, "imported.json", "Pass"));
    let judged: BTreeSet<&str> = one.keys().map(|(pool, ..)| pool.as_str()).collect();
    assert!(pools.values().all(|pool| judged.contains(pool)), "every pool is judged");
    for (finding, verdict) in &one {
        assert_eq!(other.get(finding), Some(verdict), "{finding:?}");
    }
    assert_eq!(one, other);
    println!("{} verdicts on {} pools are equal", one.len(), pools.len());
}

#[test]
fn what_is_refused_or_fails_is_the_same_unknown_as_in_a_live_run() {
    let Some(account) = account() else { return };
    let (bench, by_cli) = (Bench::new(&account.url), Bench::new(&account.url));
    let faults = json!([
        {"action": "kms:GetKeyPolicy", "fault": "denied"},
        {"operation": "cognito-idp:GetUserPoolMfaConfig", "fault": "http500"},
        {"operation": "cognito-idp:ListUserPoolReplicas", "fault": "denied"},
        {"operation": "apigatewayv2:GetRoutes", "fault": "http500"},
        {"operation": "cloudformation:ListStacks", "fault": "denied"},
        {"operation": "cloudcontrol:ListResources AWS::ElasticLoadBalancingV2::LoadBalancer", "fault": "denied"},
    ]);
    account.faults(&bench.key, &faults);
    account.faults(&by_cli.key, &faults);
    let arguments = bench.scope("collect", &[account.pool("complete")]);
    let live = bench.run(&[arguments.clone(), ["-o", "live.json"].map(str::to_owned).to_vec()].concat());
    assert_eq!(live.code(), Some(0), "{}", live.stderr);
    run_script(&by_cli, account, &arguments);
    let run = by_cli.run(&["import", "answers", "-o", "imported.json", "--strict"]);
    assert_eq!(run.code(), Some(3), "{}", run.stderr);
    let (live, imported) = (super::json(&bench.read("live.json")), super::json(&by_cli.read("imported.json")));
    assert_eq!(live["scope"], imported["scope"]);
    let came = questions(&live);
    assert!(came.values().filter(|came| *came == "denied").count() > 4, "{came:?}");
    assert_eq!(came, questions(&imported), "the same questions, with the same errors");
    assert_eq!(actions(&live), actions(&imported));
    assert_eq!(
        verdicts(&bench, account, "live.json", "NotApplicable"),
        verdicts(&by_cli, account, "imported.json", "Pass")
    );
}

/// The missing actions of each call that was refused.
fn actions(snapshot: &Value) -> BTreeSet<String> {
    let entries = snapshot["entries"].as_array().unwrap().iter();
    let refused = entries.filter(|entry| entry["error"]["kind"] == "denied");
    refused.map(|call| format!("{} {}", call["operation"], call["error"]["missing_actions"])).collect()
}

/// Every command is one of the table, and none was run twice.
fn only_reads_and_nothing_twice(told: &Value) {
    let ran = told["ran"].as_array().unwrap();
    let mut seen = BTreeSet::new();
    let names: BTreeSet<String> = operations::OPERATIONS
        .iter()
        .map(|operation| mrready::render::aws_cli::spelled(operation.service, operation.name))
        .collect();
    for each in ran {
        let argv: Vec<&str> = each["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        if argv == ["--version"] {
            continue;
        }
        let known = argv.windows(2).any(|pair| names.contains(&pair.join(" ")));
        assert!(known && argv.contains(&"--query"), "{argv:?}");
        assert!(seen.insert(argv.clone()), "asked twice: {argv:?}");
    }
}
