//! `mrready diff` from outside: what changed stands in the part that it belongs to, and only what got worse ends in 1.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{NOT_READY, Run, command, finish, run};

const READY: &str = "fixtures/snapshots/ready.json";
const DECISIONS: &str = "fixtures/decisions/ready.yaml";
const NOW: &str = "2026-11-21T12:00:00Z";
/// Names that want to be more than names.
const HOSTILE: &[&str] = &[
    "</script><img src=x onerror=alert(1)> a|b`c`\nd\r\n# e \u{1b}[31mred\u{202e}desrever ::error::x ##vso[task.complete]",
    "::error::x | `x` [a](javascript:alert(1)) =cmd|' /C calc'!A0",
    "mrready_snapshot",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn snapshot(path: &str) -> Value {
    serde_json::from_slice(&fs::read(root().join(path)).unwrap()).unwrap()
}

/// Documents in a folder of their own.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A snapshot after a change.
    fn changed(&self, name: &str, of: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut document = snapshot(of);
        change(&mut document);
        self.put(name, document.to_string())
    }

    /// The report on a snapshot.
    fn report(&self, name: &str, arguments: &[&str]) -> String {
        let path = self.0.path().join(name).to_str().unwrap().to_owned();
        let now: &[&str] = if arguments.contains(&"--now") { &[] } else { &["--now", NOW] };
        let output = format!("json={path}");
        let run = run([&["audit"], arguments, now, &["-o", &output]].concat());
        assert_ne!(run.code, 2, "{}", run.err);
        path
    }
}

fn diff(arguments: &[&str]) -> (i32, Value) {
    let run = run([&["diff"], arguments, &["--format", "json"]].concat());
    let json = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err));
    (run.code, json)
}

fn calls<'d>(document: &'d mut Value, operation: &str) -> Vec<&'d mut Value> {
    let entries = document["entries"].as_array_mut().unwrap();
    let found: Vec<&mut Value> = entries.iter_mut().filter(|entry| entry["operation"] == operation).collect();
    assert!(!found.is_empty(), "{operation}");
    found
}

fn tier(document: &mut Value, tier: &str) {
    for call in calls(document, "DescribeUserPool") {
        call["response"]["UserPool"]["UserPoolTier"] = tier.into();
    }
}

fn deny(document: &mut Value, operation: &str) {
    for call in calls(document, operation) {
        let action = format!("{}:{operation}", call["service"].as_str().unwrap());
        let call = call.as_object_mut().unwrap();
        call.remove("response");
        call.remove("dropped");
        call.remove("more");
        let error =
            json!({ "kind": "denied", "code": "AccessDeniedException", "status": 400, "missing_actions": [action] });
        call.insert("error".to_owned(), error);
    }
}

/// The findings of a part: rule, verdict before, verdict now, reason.
fn findings(part: &Value) -> BTreeSet<(String, String, String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let list = part["findings"].as_array().unwrap();
    list.iter()
        .map(|it| (word(&it["rule"]), word(&it["old"]["verdict"]), word(&it["new"]["verdict"]), word(&it["because"])))
        .collect()
}

fn reasons(part: &Value) -> BTreeSet<String> {
    findings(part).into_iter().map(|(.., because)| because).collect()
}

fn has(part: &Value, rule: &str, old: &str, new: &str) -> bool {
    findings(part).iter().any(|(name, was, is, _)| name == rule && was == old && is == new)
}

/// That nothing stands in a part.
fn is_empty(part: &Value) -> bool {
    part.as_object().unwrap().values().all(|value| match value {
        Value::Array(list) => list.is_empty(),
        Value::Bool(flag) => !flag,
        Value::Null => true,
        Value::Number(_) | Value::String(_) | Value::Object(_) => false,
    })
}

fn fields(part: &Value) -> Vec<(&str, &str, &str)> {
    let list = part["fields"].as_array().unwrap();
    list.iter()
        .map(|it| {
            let text = |side: &str| it[side]["value"].as_str().unwrap_or("-");
            (it["field"].as_str().unwrap(), text("old"), text("new"))
        })
        .collect()
}

#[test]
fn the_same_twice_is_nothing() {
    let desk = Desk::new();
    let one = desk.report("one.json", &[NOT_READY, READY, "--waivers", DECISIONS]);
    for document in [one.as_str(), NOT_READY, READY, "fixtures/snapshots"] {
        let (code, diff) = diff(&[document, document]);
        assert_eq!((code, &diff["summary"]["answer"]), (0, &json!(["Nothing changed."])), "{document}");
        assert_eq!(diff["summary"]["trends"], json!({}));
        assert!(is_empty(&diff["account"]) && is_empty(&diff["evidence"]) && diff["gates"] == json!([]), "{document}");
        assert!(diff["rules"].is_null() || is_empty(&diff["rules"]));
        for format in ["text", "markdown"] {
            let run = run(["diff", document, document, "--format", format]);
            assert!(run.out.contains("Nothing changed.") && run.err.is_empty(), "{}{}", run.out, run.err);
        }
    }
}

#[test]
fn a_setting_that_changed_is_the_accounts() {
    let desk = Desk::new();
    let new = desk.changed("new.json", NOT_READY, |document| tier(document, "LITE"));
    let was = snapshot(NOT_READY);
    let was = was["entries"].as_array().unwrap().iter().find(|it| it["operation"] == "DescribeUserPool").unwrap();
    let was = was["response"]["UserPool"]["UserPoolTier"].as_str().unwrap();
    assert_ne!(was, "LITE");
    // Of snapshots: the field, and not its member once more. No verdict, so nothing is worse.
    let (code, of_snapshots) = diff(&[NOT_READY, &new]);
    assert_eq!(code, 0, "{of_snapshots:#}");
    assert!(fields(&of_snapshots["account"]).contains(&("pool.tier", was, "LITE")), "{of_snapshots:#}");
    assert_eq!(of_snapshots["account"]["members"], json!([]));
    assert!(is_empty(&of_snapshots["evidence"]) && of_snapshots["rules"].is_null());
    let answer = of_snapshots["summary"]["answer"][0].as_str().unwrap();
    assert!(answer.contains(&format!("pool.tier {was} → LITE")), "{answer}");
    // Of reports: the finding too, and it is worse.
    let (old_report, new_report) = (desk.report("a.json", &[NOT_READY]), desk.report("b.json", &[&new]));
    let (code, of_reports) = diff(&[&old_report, &new_report]);
    assert_eq!(code, 1);
    assert!(has(&of_reports["account"], "feature-plan-allows-mrr", "pass", "fail"), "{of_reports:#}");
    assert_eq!(reasons(&of_reports["account"]), BTreeSet::from(["value".to_owned()]));
    assert!(is_empty(&of_reports["evidence"]) && is_empty(&of_reports["rules"]), "{of_reports:#}");
    // The way back is no worse.
    let (code, back) = diff(&[&new_report, &old_report]);
    assert_eq!(code, 0, "{back:#}");
    assert!(has(&back["account"], "feature-plan-allows-mrr", "fail", "pass"));
    assert!(back["summary"]["answer"][0].as_str().unwrap().contains("1 resolved"), "{back:#}");
}

#[test]
fn an_answer_that_was_lost_is_evidence_and_worse() {
    let desk = Desk::new();
    let new = desk.changed("new.json", READY, |document| deny(document, "DescribeKey"));
    let (code, of_snapshots) = diff(&[READY, &new]);
    assert_eq!(code, 1);
    let call = &of_snapshots["evidence"]["calls"][0];
    assert_eq!(
        (&call["call"], &call["old"], &call["new"]),
        (&json!("kms:DescribeKey"), &json!("answered"), &json!("denied"))
    );
    assert_eq!(of_snapshots["evidence"]["missing_actions"], json!(["kms:DescribeKey"]));
    assert!(is_empty(&of_snapshots["account"]), "{:#}", of_snapshots["account"]);
    let with = ["--waivers", DECISIONS];
    let old = desk.report("a.json", &[&[READY], &with[..]].concat());
    let new = desk.report("b.json", &[&[new.as_str()], &with[..]].concat());
    let (code, of_reports) = diff(&[&old, &new]);
    assert_eq!(code, 1);
    assert!(has(&of_reports["evidence"], "key-multi-region", "pass", "unknown"), "{of_reports:#}");
    assert_eq!(reasons(&of_reports["evidence"]), BTreeSet::from(["evidence_lost".to_owned()]));
    assert!(is_empty(&of_reports["account"]), "{:#}", of_reports["account"]);
    assert!(is_empty(&of_reports["rules"]), "{:#}", of_reports["rules"]);
    let gate = of_reports["gates"].as_array().unwrap().iter().find(|it| it["gate"] == "replicate").unwrap();
    assert_eq!((&gate["old"]["status"], &gate["new"]["status"]), (&json!("ready"), &json!("undetermined")));
    assert_eq!((&gate["trend"], &gate["because"]), (&json!("worse"), &json!(["evidence"])));
    let answer = of_reports["summary"]["answer"][0].as_str().unwrap();
    assert!(answer.contains("new UNKNOWN: kms:DescribeKey was denied"), "{answer}");
    let (code, back) = diff(&[&new, &old]);
    assert_eq!((code, reasons(&back["evidence"])), (0, BTreeSet::from(["evidence_found".to_owned()])));
    assert_eq!(back["evidence"]["granted_actions"], json!(["kms:DescribeKey"]));
}

#[test]
fn what_is_judged_otherwise_is_the_rules() {
    let desk = Desk::new();
    let old = desk.report("a.json", &[NOT_READY]);
    // A level: FAIL → WARN is no better and no worse, but a blocker that is none any more is a reduction.
    let lighter = desk.report("b.json", &[NOT_READY, "--level", "key-multi-region=advisory"]);
    let (code, diff_of) = diff(&[&old, &lighter]);
    assert_eq!(code, 1, "the reduction touches a blocker");
    let of = |it: (&str, &str, &str, &str)| (it.0.to_owned(), it.1.to_owned(), it.2.to_owned(), it.3.to_owned());
    assert_eq!(findings(&diff_of["rules"]), BTreeSet::from([of(("key-multi-region", "fail", "warn", "level"))]));
    assert!(is_empty(&diff_of["account"]) && is_empty(&diff_of["evidence"]), "{diff_of:#}");
    assert_eq!(
        diff_of["rules"]["changed"][0]["members"],
        json!([{ "name": "level", "old": "blocker", "new": "advisory" }])
    );
    assert_eq!(diff_of["summary"]["exit"]["because"], json!(["--level key-multi-region=advisory touches a blocker"]));
    let (code, back) = diff(&[&lighter, &old]);
    assert_eq!((code, findings(&back["rules"]).len()), (1, 1), "a new FAIL");
    // Other rules: none of what is gone is better, and none of it is the account's.
    fs::create_dir(desk.0.path().join("mine")).unwrap();
    let own = "id: own-tier\ntitle: The pool is on the Plus plan\nsince: 0.1.0\nlevel: blocker\ngates: [replicate]\n\
               subject: pool\ncheck: { field: pool.tier, equals: PLUS }\nwhy: House rule.\nresolve: before\n";
    desk.put("mine/own-tier.yaml", own);
    let folder = desk.0.path().join("mine").to_str().unwrap().to_owned();
    let narrowed = desk.report("c.json", &[NOT_READY, "--rules", &folder, "--no-builtin-rules"]);
    let (code, diff_of) = diff(&[&old, &narrowed]);
    assert_eq!(code, 1);
    assert_eq!(reasons(&diff_of["rules"]), BTreeSet::from(["rule".to_owned()]));
    assert!(is_empty(&diff_of["account"]) && is_empty(&diff_of["evidence"]), "{:#}", diff_of["account"]);
    assert!(diff_of["rules"]["removed"].as_array().unwrap().len() > 100);
    assert_eq!(diff_of["rules"]["added"][0]["id"], "own-tier");
    assert!(diff_of["summary"]["trends"].get("better").is_none(), "{}", diff_of["summary"]["trends"]);
    // The same rule, asking for something else, of the same evidence and of other evidence that does not matter.
    desk.put("mine/own-tier.yaml", own.replace("equals: PLUS", "in: [LITE, ESSENTIALS, PLUS]"));
    let loose = desk.report("d.json", &[NOT_READY, "--rules", &folder, "--no-builtin-rules"]);
    let wanted = BTreeSet::from([("own-tier", "fail", "pass", "rule")].map(of));
    let renamed = desk.changed("renamed.json", NOT_READY, |document| {
        for call in calls(document, "DescribeUserPool") {
            call["response"]["UserPool"]["Name"] = "other".into();
        }
    });
    let renamed = desk.report("e.json", &[&renamed, "--rules", &folder, "--no-builtin-rules"]);
    for new in [&loose, &renamed] {
        let (code, diff) = diff(&[&narrowed, new]);
        assert_eq!((code, findings(&diff["rules"])), (0, wanted.clone()), "{diff:#}");
        assert!(findings(&diff["account"]).is_empty() && findings(&diff["evidence"]).is_empty());
    }
    // Another value under another rule: the value decides.
    let lite = desk.changed("lite.json", NOT_READY, |document| tier(document, "PLUS"));
    let plus = desk.report("f.json", &[&lite, "--rules", &folder, "--no-builtin-rules"]);
    let (_, diff) = diff(&[&narrowed, &plus]);
    assert_eq!(findings(&diff["account"]), BTreeSet::from([("own-tier", "fail", "pass", "value")].map(of)));
}

#[test]
fn decisions_and_options_are_the_rules_and_time_is_evidence() {
    let desk = Desk::new();
    let decided = desk.report("a.json", &[READY, "--waivers", DECISIONS]);
    let open = desk.report("b.json", &[READY]);
    let (code, diff_of) = diff(&[&decided, &open]);
    assert_eq!(code, 1, "a gate was ready");
    assert_eq!(reasons(&diff_of["rules"]), BTreeSet::from(["decision".to_owned()]), "{diff_of:#}");
    assert!(is_empty(&diff_of["account"]) && is_empty(&diff_of["evidence"]));
    assert!(!diff_of["rules"]["decisions"].as_array().unwrap().is_empty());
    // Where the issuer is to lead.
    let original = desk.report("c.json", &[NOT_READY, "--target-issuer", "original"]);
    let updated = desk.report("d.json", &[NOT_READY]);
    let (_, diff_of) = diff(&[&updated, &original]);
    assert!(is_empty(&diff_of["account"]) && is_empty(&diff_of["evidence"]), "{diff_of:#}");
    assert_eq!(diff_of["rules"]["options"][0]["name"], "target_issuer");
    assert_eq!(reasons(&diff_of["rules"]), BTreeSet::from(["option".to_owned()]));
    // The clock: the certificate comes to its end while nothing changes.
    let later = desk.report("e.json", &[NOT_READY, "--now", "2100-01-01T00:00:00Z"]);
    let (code, diff_of) = diff(&[&updated, &later]);
    assert_eq!(code, 1);
    assert_eq!(reasons(&diff_of["evidence"]), BTreeSet::from(["clock".to_owned()]), "{diff_of:#}");
    assert!(is_empty(&diff_of["account"]), "{diff_of:#}");
    assert!(findings(&diff_of["rules"]).is_empty());
    // Evidence that is too old is evidence that was lost.
    let aged = desk.report("f.json", &[NOT_READY, "--max-snapshot-age", "1h"]);
    let (code, diff_of) = diff(&[&updated, &aged]);
    assert_eq!(code, 1);
    assert!(reasons(&diff_of["evidence"]).contains("evidence_lost"), "{diff_of:#}");
    assert!(is_empty(&diff_of["account"]), "{:#}", diff_of["account"]);
}

/// Takes the one authorizer of the one REST API away.
fn without_authorizer(document: &mut Value) {
    for call in calls(document, "GetAuthorizers") {
        if call["service"] == "apigateway" {
            call["response"]["items"] = json!([]);
        }
    }
}

#[test]
fn what_is_gone_and_what_is_not_seen_are_two_things() {
    let desk = Desk::new();
    let old = desk.report("a.json", &[NOT_READY]);
    let gone = desk.changed("gone.json", NOT_READY, without_authorizer);
    let (code, of_snapshots) = diff(&[NOT_READY, &gone]);
    assert_eq!(code, 0);
    let subjects = of_snapshots["account"]["subjects"].as_array().unwrap();
    assert_eq!((&subjects[0]["subject"]["kind"], &subjects[0]["presence"]), (&json!("authorizer"), &json!("gone")));
    let (code, of_reports) = diff(&[&old, &desk.report("b.json", &[&gone])]);
    assert_eq!(code, 0, "{of_reports:#}");
    assert_eq!(of_reports["account"]["subjects"].as_array().unwrap().len(), 1);
    assert!(has(&of_reports["account"], "rest-cognito-authorizer-replaced", "fail", "-"), "{of_reports:#}");
    assert!(is_empty(&of_reports["evidence"]) && is_empty(&of_reports["rules"]), "{of_reports:#}");

    // Refused: the authorizer may be there still.
    let refused = desk.changed("refused.json", NOT_READY, |document| {
        let mut only = document.clone();
        deny(&mut only, "GetAuthorizers");
        for (call, other) in calls(document, "GetAuthorizers").into_iter().zip(calls(&mut only, "GetAuthorizers")) {
            if call["service"] == "apigateway" {
                *call = other.clone();
            }
        }
    });
    let (code, of_snapshots) = diff(&[NOT_READY, &refused]);
    assert_eq!(code, 1);
    assert_eq!(of_snapshots["account"]["subjects"], json!([]));
    assert_eq!(of_snapshots["evidence"]["subjects"][0]["trend"], "worse", "{of_snapshots:#}");
    let (code, of_reports) = diff(&[&old, &desk.report("c.json", &[&refused])]);
    assert_eq!(code, 1);
    assert_eq!(of_reports["account"]["subjects"], json!([]));
    assert!(has(&of_reports["evidence"], "rest-cognito-authorizer-replaced", "fail", "-"), "{of_reports:#}");
    assert!(findings(&of_reports["account"]).is_empty(), "{:#}", of_reports["account"]);
}

#[test]
fn a_pool_that_is_gone_is_worse_and_a_new_one_if_it_is_open() {
    let desk = Desk::new();
    let both = desk.report("a.json", &[READY, NOT_READY]);
    let one = desk.report("b.json", &[NOT_READY]);
    let (code, gone) = diff(&[&both, &one]);
    assert_eq!((code, &gone["account"]["pools"][0]["presence"]), (1, &json!("gone")));
    assert!(gone["summary"]["exit"]["because"][0].as_str().unwrap().contains("is not in scope any more"));
    let (code, new) = diff(&[&one, &both]);
    assert_eq!((code, &new["account"]["pools"][0]["presence"]), (1, &json!("new")));
    assert!(new["account"]["pools"][0]["counts"]["pass"].as_u64().unwrap() > 10);
    let (code, of_snapshots) = diff(&["fixtures/snapshots", NOT_READY]);
    assert_eq!((code, &of_snapshots["account"]["pools"][0]["presence"]), (1, &json!("gone")));
    let (code, _) = diff(&[NOT_READY, "fixtures/snapshots"]);
    assert_eq!(code, 0, "a snapshot says nothing of whether a pool is open");
}

#[test]
fn members_that_no_field_stands_for_are_told_by_pointer() {
    let desk = Desk::new();
    let new = desk.changed("new.json", NOT_READY, |document| {
        for call in calls(document, "DescribeUserPoolClient") {
            call["response"]["UserPoolClient"]["AuthSessionValidity"] = 15.into();
        }
        for call in calls(document, "ListUserPoolClients") {
            call["response"]["UserPoolClients"].as_array_mut().unwrap().reverse();
            call["response"]["UserPoolClients"][0]["ClientName"] = "renamed".into();
        }
    });
    let (code, diff) = diff(&[NOT_READY, &new]);
    assert_eq!(code, 0);
    let members = diff["account"]["members"].as_array().unwrap();
    let of: BTreeSet<(&str, &str)> =
        members.iter().map(|it| (it["call"].as_str().unwrap(), it["pointer"].as_str().unwrap())).collect();
    assert!(of.contains(&("cognito-idp:DescribeUserPoolClient", "/UserPoolClient/AuthSessionValidity")), "{diff:#}");
    assert!(of.contains(&("cognito-idp:ListUserPoolClients", "/UserPoolClients/0/ClientName")), "{diff:#}");
    assert_eq!(of.len(), 2, "the order of a list means nothing: {diff:#}");
    assert!(members.iter().all(|it| it["pool_id"] == "us-east-1_CustProd1"));
    assert_eq!(members[0]["new"], "15");
}

#[test]
fn a_call_that_follows_from_the_account_is_the_accounts() {
    let desk = Desk::new();
    let arn = "arn:aws:kms:us-east-1:111122223333:key/00000000-3d51-4f0e-8a7b-3b6a4d7c9e21";
    let new = desk.changed("new.json", NOT_READY, |document| {
        let text = document.to_string().replace("5f1f2b0c-3d51-4f0e-8a7b-3b6a4d7c9e21", &arn[arn.len() - 36..]);
        *document = serde_json::from_str(&text).unwrap();
    });
    let (code, of_key) = diff(&[NOT_READY, &new]);
    assert_eq!(code, 0, "{of_key:#}");
    let asked = of_key["account"]["asked"].as_array().unwrap();
    assert!(asked.iter().any(|it| it["call"] == "kms:DescribeKey" && it["presence"] == "new"), "{of_key:#}");
    assert!(is_empty(&of_key["evidence"]), "{:#}", of_key["evidence"]);
    // One that nothing explains was not asked any more.
    let less = desk.changed("less.json", NOT_READY, |document| {
        document["entries"].as_array_mut().unwrap().retain(|it| it["operation"] != "GetUserPoolMfaConfig");
    });
    let (code, of_less) = diff(&[NOT_READY, &less]);
    assert_eq!(code, 1);
    assert_eq!(of_less["evidence"]["calls"][0]["new"], "not_asked");
    assert_eq!(of_less["account"]["fields"], json!([]), "{:#}", of_less["account"]);
}

#[test]
fn order_and_encoding_mean_nothing() {
    let desk = Desk::new();
    let new = desk.changed("new.json", NOT_READY, |document| {
        tier(document, "LITE");
        deny(document, "DescribeKey");
    });
    let reversed = |path: &str, name: &str, lists: &[&str]| {
        let mut document: Value = serde_json::from_slice(&fs::read(root().join(path)).unwrap()).unwrap();
        for list in lists {
            document.pointer_mut(list).unwrap().as_array_mut().unwrap().reverse();
        }
        desk.put(name, document.to_string())
    };
    let (a, b) = (desk.report("a.json", &[NOT_READY]), desk.report("b.json", &[&new]));
    let lists = &["/findings", "/coverage/problems", "/snapshot/searched", "/summary/pools"];
    let (ra, rb) = (reversed(&a, "ra.json", lists), reversed(&b, "rb.json", lists));
    let (sa, sb) = (reversed(NOT_READY, "sa.json", &["/entries"]), reversed(&new, "sb.json", &["/entries"]));
    let packed = desk.put("sb.json.zst", zstd::encode_all(fs::read(&sb).unwrap().as_slice(), 1).unwrap());
    for format in ["json", "markdown", "text"] {
        let out = |old: &str, new: &str| run(["diff", old, new, "--format", format]);
        let (wanted, other) = (out(&a, &b), out(&ra, &rb));
        assert_eq!((wanted.code, &wanted.out, &wanted.err), (other.code, &other.out, &other.err));
        let wanted = out(NOT_READY, &new);
        assert_eq!(wanted.code, 1);
        for (old, new) in [(sa.as_str(), sb.as_str()), (NOT_READY, &packed), (&sa, &new)] {
            let other = out(old, new);
            assert_eq!((wanted.code, &wanted.out, &wanted.err), (other.code, &other.out, &other.err), "{format}");
        }
    }
}

#[test]
fn hostile_names_stay_names() {
    let desk = Desk::new();
    for (at, hostile) in HOSTILE.iter().enumerate() {
        let rename = |document: &mut Value, name: &str| {
            for call in calls(document, "DescribeUserPool") {
                call["response"]["UserPool"]["Name"] = name.into();
            }
            for call in calls(document, "DescribeUserPoolClient") {
                call["response"]["UserPoolClient"]["ClientName"] = name.into();
            }
            for call in calls(document, "GetAuthorizers") {
                call["response"].as_object_mut().unwrap().values_mut().for_each(|items| {
                    for item in items.as_array_mut().unwrap() {
                        let key = if item.get("name").is_some() { "name" } else { "Name" };
                        item[key] = name.into();
                    }
                });
            }
        };
        let old = desk.changed(&format!("{at}-old.json"), NOT_READY, |document| rename(document, "plain"));
        let new = desk.changed(&format!("{at}-new.json"), NOT_READY, |document| {
            rename(document, hostile);
            tier(document, "LITE");
            deny(document, "DescribeKey");
        });
        let (a, b) = (desk.report("a.json", &[&old]), desk.report("b.json", &[&new]));
        for (old, new) in [(&old, &new), (&a, &b)] {
            for format in ["text", "markdown", "json"] {
                let Run { out, err, code } = run(["diff", old, new, "--format", format]);
                assert_eq!(code, 1, "{err}");
                for bad in ['\u{1b}', '\u{202e}', '\r'] {
                    assert!(!out.contains(bad) && !err.contains(bad), "{hostile:?} in {format}");
                }
                for line in out.lines().chain(err.lines()) {
                    let line = line.trim_start();
                    assert!(!line.starts_with("::") && !line.contains("##vso"), "{hostile:?} in {format}: {line}");
                    assert!(format != "markdown" || !line.starts_with("# e"), "{hostile:?}: {line}");
                }
                if format == "markdown" {
                    let html = comrak::markdown_to_html(&out, &{
                        let mut options = comrak::Options::default();
                        options.extension.table = true;
                        options.extension.autolink = true;
                        options.render.r#unsafe = true;
                        options
                    });
                    for tag in ["<img", "<script", "</script", "<a ", "<table"] {
                        assert!(!html.contains(tag), "{hostile:?}: {tag} in {html}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_compared_says_why() {
    let desk = Desk::new();
    let report = desk.report("report.json", &[NOT_READY]);
    let some = desk.report("some.json", &[NOT_READY, "--show", "fail"]);
    let ignoring = desk.report("ignoring.json", &[NOT_READY, "--ignore", "key-*"]);
    let whole = fs::read(&report).unwrap();
    let cut = desk.put("cut.json", &whole[..whole.len() / 2]);
    let snapshot = fs::read(root().join(NOT_READY)).unwrap();
    let cut_snapshot = desk.put("cut-snapshot.json", &snapshot[..snapshot.len() / 2]);
    let empty = desk.put("empty.json", "");
    let list = desk.put("list.json", "[]");
    let deep = desk.put("deep.json", "[".repeat(200_000));
    let newer = desk.put("newer.json", r#"{"schema_version": 99}"#);
    let bomb = desk.put("bomb.json.zst", zstd::encode_all(vec![b' '; 64 << 20].as_slice(), 1).unwrap());
    let nothing = desk.0.path().join("nothing.json").to_str().unwrap().to_owned();
    for (old, new, wanted) in [
        (report.as_str(), NOT_READY, vec!["is a report", "is a snapshot", "mrready audit SNAPSHOT"]),
        (NOT_READY, &report, vec!["is a snapshot", "is a report"]),
        (&report, "fixtures/snapshots", vec!["is a report", "is a snapshot"]),
        (&report, &some, vec!["some.json lists 0 of the", "--show"]),
        (&ignoring, &report, vec!["ignoring.json lists", "--ignore"]),
        (&report, &cut, vec!["cut.json:", "report"]),
        (&cut, &cut, vec!["cut.json:", "report"]),
        (NOT_READY, &cut_snapshot, vec!["cut off"]),
        (NOT_READY, &empty, vec!["is empty"]),
        (&report, &empty, vec!["is empty"]),
        (&list, &list, vec!["list.json:1:"]),
        (&report, &list, vec!["list.json:1:1", "not a JSON report"]),
        (&deep, &deep, vec!["deep.json:1:"]),
        (&newer, &report, vec!["newer than this mrready"]),
        (NOT_READY, &bomb, vec!["bomb.json.zst"]),
        (&report, &nothing, vec!["cannot read", "nothing.json"]),
        ("-", "-", vec!["standard input is one document"]),
    ] {
        let run = run(["diff", old, new]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{old} {new}: {}", run.err);
        for word in wanted {
            assert!(run.err.contains(word), "{old} {new}: no `{word}` in: {}", run.err);
        }
        assert!(!run.err.contains("panicked"), "{}", run.err);
    }
    for arguments in [vec!["diff"], vec!["diff", NOT_READY], vec!["diff", NOT_READY, NOT_READY, "--format", "html"]] {
        assert_eq!(run(arguments).code, 2);
    }
}

#[test]
fn standard_input_and_files() {
    let desk = Desk::new();
    let (a, b) =
        (desk.report("a.json", &[NOT_READY]), desk.report("b.json", &[NOT_READY, "--level", "no-totp=blocker"]));
    for (old, new) in [(a.as_str(), b.as_str()), (NOT_READY, READY)] {
        let wanted = run(["diff", old, new, "--format", "json"]);
        let mut child = command(["diff", old, "-", "--format", "json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&fs::read(root().join(new)).unwrap()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), String::from_utf8(output.stdout).unwrap()),
            (Some(wanted.code), wanted.out.clone())
        );
        let file = desk.0.path().join("out.json").to_str().unwrap().to_owned();
        let written = run(["diff", old, new, "--format", "json", "-o", &file]);
        assert_eq!((written.code, written.out.as_str()), (wanted.code, ""));
        assert_eq!(fs::read_to_string(&file).unwrap(), wanted.out);
    }
    let narrow = finish(command(["diff", &a, &b]).env("COLUMNS", "60")).out;
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
}

#[test]
fn what_is_printed_is_what_its_schema_says() {
    let desk = Desk::new();
    let schema: Value = serde_json::from_str(&run(["schema", "diff"]).out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let new = desk.changed("new.json", NOT_READY, |document| {
        tier(document, "LITE");
        deny(document, "DescribeKey");
        without_authorizer(document);
    });
    let (a, b) = (desk.report("a.json", &[NOT_READY]), desk.report("b.json", &[&new, "--level", "no-totp=info"]));
    for (old, new) in [(a.as_str(), b.as_str()), (NOT_READY, &new), (NOT_READY, READY)] {
        let (_, diff) = diff(&[old, new]);
        let errors: Vec<String> = validator.iter_errors(&diff).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert!(diff["summary"]["trends"].as_object().unwrap().values().all(|n| n.as_u64().unwrap() > 0));
    }
    assert!(!validator.is_valid(&json!({})));
}

/// What a reader sees, kept: look at it when it changes.
#[test]
fn golden() {
    let desk = Desk::new();
    let new = desk.changed("new.json", NOT_READY, |document| {
        tier(document, "LITE");
        deny(document, "DescribeKey");
        without_authorizer(document);
        for call in calls(document, "DescribeUserPoolClient") {
            call["response"]["UserPoolClient"]["AuthSessionValidity"] = 15.into();
        }
        for call in calls(document, "DescribeUserPool") {
            call["response"]["UserPool"]["Name"] = "customers|`prod`\u{202e}".into();
        }
    });
    let a = desk.report("a.json", &[NOT_READY]);
    let b = desk.report("b.json", &[&new, "--level", "no-totp=info", "--level", "key-rotates=blocker"]);
    for (name, old, new) in [("reports", a.as_str(), b.as_str()), ("snapshots", NOT_READY, &new)] {
        for (format, extension) in [("text", "txt"), ("markdown", "md"), ("json", "json")] {
            let run = run(["diff", old, new, "--format", format]);
            assert_eq!(run.code, 1);
            let file = root().join(format!("fixtures/diffs/{name}.{extension}"));
            if std::env::var_os("MRREADY_BLESS").is_some_and(|value| !value.is_empty()) {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, &run.out).unwrap();
            }
            let kept = fs::read_to_string(&file).unwrap_or_default();
            assert!(
                kept == run.out,
                "{} is stale; MRREADY_BLESS=1 cargo test --test it diff\n{}",
                file.display(),
                run.out
            );
        }
    }
}
