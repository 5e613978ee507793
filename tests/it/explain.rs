//! `mrready explain FINGERPRINT --in REPORT` from outside: what is printed, what is refused, and what a shell makes of it.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::cli::{NOT_READY, Run, command, fails, run};

/// A folder with a report, and the report.
fn audited() -> (TempDir, Value) {
    let folder = TempDir::new().unwrap();
    let run = run(["audit", NOT_READY, "--format", "json", "--now", "2026-11-21T12:00:00Z", "--show", "all"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    put(&folder, &report);
    (folder, report)
}

fn path(folder: &TempDir) -> String {
    folder.path().join("report.json").to_str().unwrap().to_owned()
}

fn put(folder: &TempDir, report: &Value) {
    fs::write(path(folder), report.to_string()).unwrap();
}

/// The first finding of a rule.
fn finding<'r>(report: &'r mut Value, rule: &str) -> &'r mut Value {
    report["findings"].as_array_mut().unwrap().iter_mut().find(|finding| finding["rule"] == rule).unwrap()
}

fn fingerprint(report: &mut Value, rule: &str) -> String {
    finding(report, rule)["fingerprint"].as_str().unwrap().to_owned()
}

fn explain(folder: &TempDir, name: &str) -> Run {
    run(["explain", name, "--in", &path(folder)])
}

/// What it prints for a rule's first finding, with blanks in place of line ends.
fn said(folder: &TempDir, report: &mut Value, rule: &str) -> String {
    let run = explain(folder, &fingerprint(report, rule));
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    run.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_finding_is_derived_and_can_be_checked() {
    let (folder, mut report) = audited();
    let said = said(&folder, &mut report, "key-multi-region");
    for wanted in [
        "key-multi-region MRR-006",
        "level blocker on pool",
        "gates replicate",
        "subject pool customers-prod (us-east-1_CustProd1), account 111122223333, us-east-1",
        "verdict fail: ",
        "1. key.multi_region is false; wanted: true",
        "at kms:DescribeKey @ us-east-1 KeyId=arn:aws:kms:",
        "aws kms describe-key --key-id arn:aws:kms:us-east-1:111122223333:key/",
        "--region us-east-1 --query KeyMetadata.MultiRegion",
        "https://docs.aws.amazon.com/kms/latest/developerguide/mrk-how-it-works.html (DOC, read 2026-11-21)",
    ] {
        assert!(said.contains(wanted), "no `{wanted}` in {said}");
    }
}

#[test]
fn a_policy_is_told_statement_by_statement() {
    let (folder, mut report) = audited();
    let said = said(&folder, &mut report, "key-policy-allows-cognito");
    for wanted in [
        "Statement[0] \"Admin\" (Allow): does not name cognito-idp.amazonaws.com or identitystore.amazonaws.com",
        "Statement[2] \"ServiceDescribe\" (Allow): allows kms:DescribeKey for cognito-idp.amazonaws.com and identitystore",
        "Together: allowed: everything for cognito-idp.amazonaws.com and identitystore.amazonaws.com",
        "aws kms get-key-policy --key-id arn:aws:kms:",
        "--policy-name default --region us-east-1 --query Policy --output text",
    ] {
        assert!(said.contains(wanted), "no `{wanted}` in {said}");
    }
}

#[test]
fn an_unknown_has_its_chain_of_causes() {
    let (folder, mut report) = audited();
    let denied = json!({
        "kind": "denied", "call": "cognito-idp:DescribeUserPool", "region": "us-east-1",
        "actions": ["cognito-idp:DescribeUserPool"],
    });
    let found = finding(&mut report, "no-import-running");
    found["evidence"][0]["cause"] = json!({ "kind": "prerequisite", "call": "kms:DescribeKey", "because": denied });
    found["evidence"][0]["missing_actions"] = json!(["cognito-idp:DescribeUserPool"]);
    put(&folder, &report);
    let said = said(&folder, &mut report, "no-import-running");
    for wanted in [
        "that never passes, and the gate stays undetermined",
        "cause kms:DescribeKey could not be asked: its input is not known because cognito-idp:DescribeUserPool was denied",
        "allow cognito-idp:DescribeUserPool",
        "aws cognito-idp list-user-import-jobs --max-results 60 --user-pool-id us-east-1_CustProd1",
    ] {
        assert!(said.contains(wanted), "no `{wanted}` in {said}");
    }
}

#[test]
fn a_decision_is_told() {
    let folder = TempDir::new().unwrap();
    let ready =
        ["audit", "fixtures/snapshots/ready.json", "--waivers", "fixtures/decisions/ready.yaml", "--format", "json"];
    let mut report: Value = serde_json::from_str(&run(ready).out).unwrap();
    put(&folder, &report);
    let said = said(&folder, &mut report, "pool-eligible");
    assert!(said.contains("so a person answered yes decision attest by "), "{said}");
}

#[test]
fn the_report_may_come_through_a_pipe() {
    let (_, mut report) = audited();
    let mut command = command(["explain", &fingerprint(&mut report, "key-multi-region")[..8], "--in", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(report.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.starts_with(b"key-multi-region"));
}

#[test]
fn a_fingerprint_has_to_be_one_of_the_report() {
    let (folder, mut report) = audited();
    let known = fingerprint(&mut report, "key-multi-region");
    assert_eq!(explain(&folder, &known[..8]).code, 0);
    assert_eq!(explain(&folder, &known.to_uppercase()).code, 0);
    let off = if known.starts_with('0') { "1" } else { "0" };
    let near = format!("{off}{}", &known[1..]);
    fails(
        &explain(&folder, &near),
        &["no finding of the report begins with", "the nearest is", &known, "key-multi-region"],
    );
    fails(&explain(&folder, &known[..7]), &["is no fingerprint", "at least 8"]);
    fails(&explain(&folder, "not-hexadecimal"), &["is no fingerprint"]);
    fails(&explain(&folder, "key-multi-region"), &["is a rule", &known]);
    fails(&run(["explain", &known]), &["looks like a finding's fingerprint", "--in REPORT"]);
    // The beginning of two.
    let twin = format!("{}{}", &known[..10], "0".repeat(22));
    finding(&mut report, "no-import-running")["fingerprint"] = twin.as_str().into();
    put(&folder, &report);
    fails(&explain(&folder, &known[..8]), &["the beginning of several", &known, &twin]);
    assert_eq!(explain(&folder, &known).code, 0);
    // Nothing to be near to.
    report["findings"] = json!([]);
    put(&folder, &report);
    fails(&explain(&folder, &known), &["it has 0"]);
}

#[test]
fn what_is_no_report_is_named() {
    let (folder, report) = audited();
    let name = "316b5fee";
    let file = path(&folder);
    fails(&run(["explain", name, "--in", "no-such-file.json"]), &["cannot read no-such-file.json"]);
    fails(&run(["explain", name, "--in", NOT_READY]), &["is a snapshot", "mrready audit"]);
    let mut newer = report.clone();
    newer["schema_version"] = 99.into();
    newer["findings"] = "of a shape nobody knows yet".into();
    let mut halved = report.clone();
    halved.as_object_mut().unwrap().remove("summary");
    let deep = format!("{{\"x\": {}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    for (text, wanted) in [
        (String::new(), "is empty"),
        (" \n".to_owned(), "is empty"),
        ("not json".to_owned(), ":1:"),
        (report.to_string()[..5000].to_owned(), "not a JSON report"),
        ("[1, 2]".to_owned(), "not a JSON report"),
        ("{}".to_owned(), "no `schema_version`"),
        (deep, "not a JSON report"),
        (newer.to_string(), "version 99 of the report is newer than this mrready"),
        (halved.to_string(), "not a whole report: missing field `summary`"),
    ] {
        fs::write(&file, text).unwrap();
        let run = run(["explain", name, "--in", &file]);
        fails(&run, &["report.json", wanted]);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    }
}

#[test]
fn a_report_from_before_is_read() {
    let (folder, mut report) = audited();
    report["coverage"].as_object_mut().unwrap().remove("permissions");
    for rule in report["rules"].as_object_mut().unwrap().values_mut() {
        rule.as_object_mut().unwrap().remove("short");
    }
    for finding in report["findings"].as_array_mut().unwrap() {
        for evidence in finding["evidence"].as_array_mut().unwrap() {
            evidence.as_object_mut().unwrap().remove("derivation");
        }
    }
    put(&folder, &report);
    assert!(said(&folder, &mut report, "key-policy-allows-cognito").contains("aws kms get-key-policy"));
}

#[test]
fn a_hostile_name_stays_a_word_of_its_command() {
    let (folder, mut report) = audited();
    for hostile in [
        "plain",
        "it's $(touch pwned) `id` \"x\" \\ ; & | > y",
        "\u{1b}[2J\u{202e}\u{7}\na b\r##[error]x\t::add-mask::x",
        "'; rm -rf / #",
        "file:///etc/passwd",
        "--profile=other",
        "顧客 e\u{301}",
        "",
    ] {
        let found = finding(&mut report, "key-multi-region");
        found["evidence"][0]["sources"][0]["parameters"]["KeyId"] = hostile.into();
        found["evidence"][0]["sources"][0]["pointer"] =
            format!("/KeyMetadata/0/{}", hostile.replace('~', "~0").replace('/', "~1")).into();
        found["evidence"][0]["derivation"] = json!([format!("Statement[0] \"{hostile}\" (Allow)"), hostile]);
        found["subject"]["name"] = hostile.into();
        found["message"] = hostile.into();
        put(&folder, &report);
        let run = explain(&folder, &fingerprint(&mut report, "key-multi-region"));
        assert_eq!(run.code, 0, "{}", run.err);
        let bad = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}');
        assert!(!run.out.contains(bad) && !run.out.contains("##"), "{}", run.out);
        assert!(!run.out.lines().any(|line| line.trim_start().starts_with("::")), "{}", run.out);
        let line = run.out.lines().find(|line| line.starts_with("      aws kms ")).unwrap();

        // As a shell understands it: one word a value. Without bash nothing can be tried.
        let script = format!("aws() {{ printf '%s\\0' \"$@\"; }}; {line}");
        let Ok(shell) = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output() else { return };
        assert!(shell.status.success(), "{line}\n{}", String::from_utf8_lossy(&shell.stderr));
        let words = String::from_utf8(shell.stdout).unwrap();
        let words: Vec<&str> = words.split_terminator('\0').collect();
        let json = json!({ "KeyId": hostile }).to_string();
        assert!(matches!(words[..4], ["kms", "describe-key", "--key-id" | "--cli-input-json", _]));
        assert!(words[3] == hostile || words[3] == json, "{hostile:?}: {words:?}");
        assert_eq!(words[4..7], ["--region", "us-east-1", "--query"], "{words:?}");
        assert_eq!(words.len(), 8, "{words:?}");
        assert!(!folder.path().join("pwned").exists());
    }
}

#[test]
fn what_a_report_calls_a_call_is_not_believed() {
    let (folder, mut report) = audited();
    for call in ["kms:DescribeKey; touch pwned", "$(id):X", "kms", "--version:X"] {
        finding(&mut report, "key-multi-region")["evidence"][0]["sources"][0]["call"] = call.into();
        put(&folder, &report);
        assert!(!said(&folder, &mut report, "key-multi-region").contains("aws "), "{call}");
    }
}

#[test]
fn a_rule_says_where_it_is_written_when_that_was_read_and_how_sure_it_is() {
    let out = run(["explain", "key-multi-region"]).out;
    let wanted = "  https://docs.aws.amazon.com/kms/latest/developerguide/mrk-how-it-works.html (DOC, read 2026-11-21)";
    assert!(out.lines().any(|line| line == wanted), "{out}");
    // What only a third party says is told as such.
    let folder = TempDir::new().unwrap();
    let rule = run(["rules", "new", "own-rule", "-o", folder.path().to_str().unwrap()]);
    let text = fs::read_to_string(rule.out.trim()).unwrap();
    let weak = "references: [{ url: https://a.example/, read: 2026-11-21, grade: TP }]";
    let text: String =
        text.lines().map(|line| if line.starts_with("references:") { weak } else { line }.to_owned() + "\n").collect();
    fs::write(rule.out.trim(), text).unwrap();
    let out = run(["explain", "own-rule", "--rules", folder.path().to_str().unwrap()]).out;
    let said = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("https://a.example/ (TP, read 2026-11-21)") && said.contains("never a blocker"), "{out}");
}
