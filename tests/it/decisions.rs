//! Decisions through the program: the whole life of each kind, from the file that `waivers init` writes to the day on which it
//! no longer holds; and what such a file may not do.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use mrready::audit::{Options, audit};
use mrready::facts::Facts;
use mrready::rules::parse_decisions;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::builder::{self, Account, DESCRIBE_POOL, P, POOL, S, catalog, http_jwt, old_issuer, route, table};
use super::cli::{NOT_READY, Run, run};

const READY: &str = "fixtures/snapshots/ready.json";
const NOW: &str = "2026-11-21T12:00:00Z";
const ROUTES: &str = "http-route-accepts-new-issuer";

fn fixture(path: &str) -> Value {
    serde_json::from_slice(&fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()).unwrap()
}

/// The account with every answer to a call changed.
fn with(mut account: Value, call: &str, change: impl Fn(&mut Value)) -> Value {
    let (service, operation) = call.split_once(':').unwrap();
    let mut changed = 0;
    for entry in account["entries"].as_array_mut().unwrap() {
        if entry["kind"] == "call" && entry["service"] == service && entry["operation"] == operation {
            change(entry);
            changed += 1;
        }
    }
    assert!(changed > 0, "{call}");
    account
}

fn lose(account: Value, call: &str, kind: &str) -> Value {
    with(account, call, |entry| {
        let members = entry.as_object_mut().unwrap();
        members.remove("response");
        members.insert("error".to_owned(), json!({ "kind": kind, "code": "X", "status": 400 }));
    })
}

/// A folder of one test.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A JSON report of a snapshot, judged with a decisions file if there is one: its path, and what it says.
    fn judge(&self, account: &Value, now: &str, decisions: Option<&str>, more: &[&str]) -> (String, Value, i32) {
        let snapshot = self.put("snapshot.json", account.to_string());
        let path = self.0.path().join("report.json").to_str().unwrap().to_owned();
        let mut arguments = vec!["audit", &snapshot, "--now", now, "-o", &path];
        arguments.extend(more);
        arguments.extend(decisions.iter().flat_map(|file| ["--waivers", file]));
        let ran = run(arguments);
        let report = fs::read(&path).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
        (path, serde_json::from_slice(&report).unwrap(), ran.code)
    }
}

/// What a person writes into the file that `waivers init` gives.
fn filled(template: &str) -> String {
    template
        .replace("window: { from: TODO, until: TODO }", "window: { from: 2026-12-01, until: 2026-12-02 }")
        .replace("answer: TODO", "answer: yes")
        .replace("  on: TODO", "  on: 2026-11-20")
        .replace("  expires: TODO", "  expires: 2026-12-31")
        .replace(": TODO", ": someone said so")
}

fn good(run: &Run) -> &str {
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    &run.out
}

/// The states of the decisions about a rule in a report, with why.
fn states(report: &Value, rule: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = report["waivers"].as_array().unwrap().iter();
    all.filter(|each| each["rule"] == rule).map(|each| (text(&each["state"]), text(&each["detail"]))).collect()
}

fn findings<'r>(report: &'r Value, rule: &str) -> Vec<&'r Value> {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule).collect()
}

/// One kind of decision about one rule, over time.
struct Life {
    kind: &'static str,
    rule: &'static str,
    /// The account in which it is granted.
    account: Value,
    /// The same account, in which the rule still wants something, and sees another value.
    otherwise: Value,
    /// The account in which the rule wants nothing any more.
    solved: Value,
    /// The verdict of the finding before the decision, and with it.
    verdicts: (&'static str, &'static str),
}

impl Life {
    fn lived(&self) {
        let desk = Desk::new();
        let (before, report, _) = desk.judge(&self.account, NOW, None, &[]);
        let own = findings(&report, self.rule);
        assert!(!own.is_empty() && own.iter().all(|finding| finding["verdict"] == self.verdicts.0), "{own:#?}");

        // Unfilled, it is refused everywhere.
        let template = run(["waivers", "init", &before, "--kind", self.kind]);
        let template = good(&template);
        assert!(template.contains(&format!("- kind: {}", self.kind)) && template.contains(self.rule), "{template}");
        let file = desk.put("decisions.yaml", template);
        let unfilled = run(["waivers", "check", &file]);
        assert_eq!((unfilled.code, unfilled.out.as_str()), (2, ""));
        assert!(unfilled.err.contains("`reason` is still to be filled in"), "{}", unfilled.err);
        assert_eq!(run(["audit", NOT_READY, "--waivers", &file]).code, 2);

        // Granted, and in force.
        let file = desk.put("decisions.yaml", filled(template));
        good(&run(["waivers", "check", &file, "--now", NOW]));
        let check = |report: &str, now: &str| run(["waivers", "check", &file, "--report", report, "--now", now]);
        good(&check(&before, NOW));
        let (with_it, report, _) = desk.judge(&self.account, NOW, Some(&file), &[]);
        for finding in findings(&report, self.rule) {
            assert_eq!((&finding["verdict"], &finding["waiver"]["kind"]), (&json!(self.verdicts.1), &json!(self.kind)));
            assert_eq!(finding["waiver"]["owner"], "someone said so");
        }
        assert!(states(&report, self.rule).iter().all(|(state, _)| state == "applied"), "{:?}", report["waivers"]);
        // A report that was made with it says the same of it.
        good(&check(&with_it, NOW));
        // Nothing is left that a second file could decide in the same way.
        let again = run(["waivers", "init", &with_it, "--kind", self.kind]);
        assert!(!good(&again).contains(&format!("rule: \"{}\"", self.rule)), "{}", again.out);

        // Close to its end, it is in force and says so.
        let (_, report, _) = desk.judge(&self.account, "2026-11-30T12:00:00Z", Some(&file), &[]);
        let soon = self.kind == "cutover";
        assert!(states(&report, self.rule).iter().all(|(_, why)| why.contains("ends in 2 days") == soon));

        let ended = |account: &Value, now: &str, state: &str, why: &str, key: &str| {
            let (path, report, _) = desk.judge(account, now, Some(&file), &[]);
            let all = states(&report, self.rule);
            assert!(all.iter().all(|(each, detail)| each == state && detail.contains(why)), "{state} {why}: {all:?}");
            assert!(findings(&report, self.rule).iter().all(|each| each["waiver"].is_null()));
            let checked = check(&path, now);
            assert_eq!(checked.code, 1, "{}{}", checked.out, checked.err);
            let line =
                checked.out.lines().find(|line| line.contains(self.rule)).unwrap_or_else(|| panic!("{}", checked.out));
            // It points at the part of the decision that is meant.
            let (_, place) = line.split_once("decisions.yaml:").unwrap();
            let mut numbers = place.split(':').map_while(|number| number.parse::<usize>().ok());
            let (row, column) = (numbers.next().unwrap(), numbers.next().unwrap());
            let written = filled(template);
            let written = written.lines().nth(row - 1).unwrap();
            assert!(written.trim_start_matches("- ").trim_start().starts_with(key) && column > 1, "{line}: {written}");
            assert!(line.contains(&format!(": {state}: {} {}", self.kind, self.rule)), "{line}");
        };
        let of_change =
            if self.kind == "cutover" { ("turns tokens away", "kind:") } else { ("another value", "observed:") };
        ended(&self.otherwise, NOW, "outdated", of_change.0, of_change.1);
        ended(&self.solved, NOW, "unused", "", "");
        ended(&self.account, "2027-01-01T00:00:00Z", "expired", "expired on 2026-12-31", "expires:");
        assert_eq!(run(["waivers", "check", &file, "--now", "2027-01-01T00:00:00Z"]).code, 1);
        if self.kind == "cutover" {
            ended(&self.account, "2026-12-03T00:00:00Z", "expired", "its window ended", "window:");
        }
    }
}

#[test]
fn a_waiver() {
    let recovery = |value: &str| {
        with(fixture(NOT_READY), "cognito-idp:DescribeUserPool", |entry| {
            entry["response"]["UserPool"]["AccountRecoverySetting"] =
                json!({ "RecoveryMechanisms": [{ "Priority": 1, "Name": value }] });
        })
    };
    let admins = with(recovery("admin_only"), "cognito-idp:DescribeUserPool", |entry| {
        entry["response"]["UserPool"]["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] = json!(true);
    });
    Life {
        kind: "waive",
        rule: "no-write-flows-in-failover",
        account: fixture(NOT_READY),
        otherwise: recovery("verified_email"),
        solved: admins,
        verdicts: ("warn", "warn"),
    }
    .lived();
}

#[test]
fn an_accepted_unknown() {
    let lost = |kind| lose(fixture(READY), "kms:GetKeyPolicy", kind);
    Life {
        kind: "accept_unknown",
        rule: "key-policy-allows-cognito",
        account: lost("denied"),
        otherwise: lost("failed"),
        solved: fixture(READY),
        verdicts: ("unknown", "unknown"),
    }
    .lived();
    // It decides the gate together with what people said, and only while it holds.
    let desk = Desk::new();
    let (report, ..) = desk.judge(&lost("denied"), NOW, None, &[]);
    let template = run(["waivers", "init", &report, "--kind", "accept_unknown", "--kind", "attest"]);
    let file = desk.put("decisions.yaml", filled(good(&template)));
    for (account, code) in [(lost("denied"), 0), (lost("throttled"), 3), (fixture(READY), 0)] {
        assert_eq!(desk.judge(&account, NOW, Some(&file), &[]).2, code);
    }
}

#[test]
fn an_attestation() {
    let replicated = with(fixture(NOT_READY), "cognito-idp:ListUserPoolReplicas", |entry| {
        let secondary = json!({ "RegionName": "us-west-2", "Role": "SECONDARY", "Status": "CREATING" });
        entry["response"]["UserPoolReplicas"].as_array_mut().unwrap().push(secondary);
    });
    Life {
        kind: "attest",
        rule: "pool-eligible",
        account: fixture(NOT_READY),
        otherwise: lose(fixture(NOT_READY), "cognito-idp:ListUserPoolReplicas", "denied"),
        solved: replicated,
        verdicts: ("manual", "pass"),
    }
    .lived();
}

fn issuer(account: Value, to: &Value) -> Value {
    with(account, "cognito-idp:DescribeUserPool", |entry| {
        entry["response"]["UserPool"]["IssuerConfiguration"] = to.clone();
    })
}

#[test]
fn a_cutover() {
    let moved = with(fixture(NOT_READY), "apigatewayv2:GetAuthorizers", |entry| {
        for authorizer in entry["response"]["Items"].as_array_mut().unwrap() {
            authorizer["JwtConfiguration"]["Issuer"] =
                json!("https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_CustProd1");
        }
    });
    Life {
        kind: "cutover",
        rule: ROUTES,
        account: fixture(NOT_READY),
        otherwise: issuer(fixture(NOT_READY), &json!({ "Type": "UPDATED" })),
        solved: moved,
        verdicts: ("fail", "fail"),
    }
    .lived();
}

/// The gate `issuer` over the switch, with a cutover for all that can only change then.
#[test]
fn a_cutover_ends_with_the_switch() {
    let desk = Desk::new();
    let clear = with(fixture(NOT_READY), "cognito-idp:ListUserImportJobs", |entry| {
        let members = entry.as_object_mut().unwrap();
        members.remove("error");
        members.insert("response".to_owned(), json!({ "UserImportJobs": [] }));
    });
    let clear = with(clear, "apigateway:GetAuthorizers", |entry| entry["response"]["items"] = json!([]));
    let (report, judged, code) = desk.judge(&clear, NOW, None, &["--gate", "issuer"]);
    let blocked = judged["summary"]["pools"][0]["gates"]["issuer"]["blocked_by"].as_array().unwrap().len();
    assert_eq!((code, blocked), (1, 2));
    let template = run(["waivers", "init", &report, "--kind", "cutover", "--kind", "attest"]);
    let file = desk.put("decisions.yaml", filled(good(&template)));
    let gate = |account: &Value, now: &str| {
        let (_, judged, code) = desk.judge(account, now, Some(&file), &["--gate", "issuer"]);
        let gate = &judged["summary"]["pools"][0]["gates"]["issuer"];
        (gate["position"].as_str().unwrap().to_owned(), gate["status"].as_str().unwrap().to_owned(), code)
    };
    let is = |position: &str, status: &str, code| (position.to_owned(), status.to_owned(), code);
    // Weeks before, and in the window: the switch may be made.
    for now in [NOW, "2026-12-01T00:00:00Z", "2026-12-02T23:59:59Z"] {
        assert_eq!(gate(&clear, now), is("next", "ready", 0), "{now}");
    }
    // AWS does not say which issuer it is: it is the Regional one.
    let silent = with(clear.clone(), "cognito-idp:DescribeUserPool", |entry| {
        entry["response"]["UserPool"].as_object_mut().unwrap().remove("IssuerConfiguration");
    });
    assert_eq!(gate(&silent, NOW), is("next", "ready", 0));
    // It was not made in time.
    assert_eq!(gate(&clear, "2026-12-03T00:00:00Z"), is("next", "blocked", 1));
    // It was made: the routes that were forgotten turn tokens away now, in the window and before it.
    let switched = issuer(clear.clone(), &json!({ "Type": "UPDATED" }));
    for now in [NOW, "2026-12-01T12:00:00Z"] {
        assert_eq!(gate(&switched, now), is("done", "blocked", 1), "{now}");
    }
    // Nobody knows whether it was made.
    let hidden = lose(clear, "cognito-idp:DescribeUserPool", "denied");
    let (_, judged, code) = desk.judge(&hidden, NOW, Some(&file), &["--gate", "issuer"]);
    let all = states(&judged, ROUTES);
    assert!(code == 1 && all.iter().all(|(state, why)| state == "unused" && why.contains("not known")), "{all:?}");
    // The plan goes on asking for what the cutover puts off: after the switch it counts again.
    let snapshot = desk.put("plan.json", switched.to_string());
    let plan = run(["plan", &snapshot, "--now", NOW, "--waivers", &file]);
    assert!(plan.code == 0 && plan.out.contains("GET /orders"), "{}{}", plan.out, plan.err);
}

#[test]
fn a_window_is_shown_with_the_finding() {
    let desk = Desk::new();
    let text = format!(
        "- {{ kind: cutover, rule: {ROUTES}, subject: '**', reason: r, owner: o, approved_by: ann, expires: 2026-12-31, \
         window: {{ from: '2026-12-01T22:00:00+02:00', until: 2026-12-02 }} }}\n"
    );
    let file = desk.put("w.yaml", text);
    let (_, report, _) = desk.judge(&fixture(NOT_READY), NOW, Some(&file), &[]);
    let waiver = &findings(&report, ROUTES)[0]["waiver"];
    let window = json!({ "from": "2026-12-01T20:00:00Z", "until": "2026-12-02T23:59:59.999999999Z" });
    assert_eq!((&waiver["window"], &waiver["approved_by"]), (&window, &json!("ann")));
}

#[test]
fn what_cannot_be_decided_is_refused_with_its_place() {
    let desk = Desk::new();
    let rest = "subject: '**', reason: r, owner: o, expires: 2027-01-31";
    let window = "window: { from: 2026-12-01, until: 2026-12-02 }";
    let text = format!(
        "- {{ kind: waive, rule: key-multi-region, {rest} }}\n\
         - {{ kind: accept_unknown, rule: no-import-running, {rest} }}\n\
         - {{ kind: cutover, rule: feature-plan-allows-mrr, {rest}, {window} }}\n\
         - {{ kind: cutover, rule: rest-cognito-authorizer-replaced, {rest}, {window} }}\n\
         - {{ kind: cutover, rule: overlap-window, {rest}, {window} }}\n\
         - {{ kind: cutover, rule: external-verifiers-told, {rest}, {window} }}\n\
         - {{ kind: waive, rule: no-such-rule, {rest} }}\n\
         - {{ kind: attest, rule: key-rotates, {rest}, answer: yes, evidence: e, by: b, on: 2026-11-20 }}\n"
    );
    let file = desk.put("refused.yaml", text);
    let other = desk.put("other.yaml", "- { kind: waive, rule: key-rotates, subject: us-east-1_X, reason: r }\n");
    let gone = desk.0.path().join("gone.yaml").to_str().unwrap().to_owned();
    for arguments in [vec!["waivers", "check", &file, &other, &gone], vec!["audit", NOT_READY, "--waivers", &file]] {
        let ran = run(&arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
        for wanted in [
            "refused.yaml:1:11: the rule `key-multi-region` cannot be waived",
            "refused.yaml:2:11: the rule `no-import-running` cannot be waived",
            "get the missing evidence",
            "refused.yaml:3:11: the rule `feature-plan-allows-mrr` cannot be waived",
            "refused.yaml:4:11: the rule `rest-cognito-authorizer-replaced` is not about a verifier that changes at",
            "refused.yaml:5:11: the rule `overlap-window` is not about",
            "refused.yaml:6:11: the rule `external-verifiers-told` is not about",
            "refused.yaml:7:24: there is no rule `no-such-rule`",
            "refused.yaml:8:11: the rule `key-rotates` is decided by evidence",
        ] {
            assert!(ran.err.contains(wanted), "no `{wanted}` in {}", ran.err);
        }
        let of_check = arguments[0] == "waivers";
        assert_eq!(ran.err.contains("other.yaml:1:46: `us-east-1_X` matches nothing"), of_check, "{}", ran.err);
        assert_eq!(ran.err.contains("gone.yaml"), of_check, "{}", ran.err);
    }
}

/// Of the built-in rules those for which a cutover can be decided, so that a new one is thought about.
#[test]
fn the_rules_of_a_cutover() {
    let rules: Vec<&str> = catalog()
        .rules
        .iter()
        .filter(|rule| mrready::rules::takes_cutover(rule))
        .map(|rule| rule.id.as_str())
        .collect();
    assert_eq!(
        rules,
        [
            "discovery-client-accepts-new-issuer",
            ROUTES,
            "load-balancer-accepts-new-issuer",
            "load-balancer-keys-from-new-issuer",
            "rest-jwt-authorizer-accepts-new-issuer",
            "rest-jwt-authorizer-ready-for-switch",
        ]
    );
}

#[test]
fn what_cannot_be_waived_is_a_comment_only() {
    let desk = Desk::new();
    let (report, ..) = desk.judge(&fixture(NOT_READY), NOW, None, &[]);
    let template = run(["waivers", "init", &report]);
    let entries = |rule: &str| good(&template).lines().filter(|line| *line == format!("  rule: \"{rule}\"")).count();
    assert_eq!((entries("key-multi-region"), entries("no-import-running"), entries(ROUTES)), (0, 0, 2));
    for rule in ["key-multi-region", "no-import-running"] {
        assert!(template.out.contains(&format!("# No entry: {rule} cannot be waived")), "{}", template.out);
    }
    // An entry for everything that a decision could take out of the count, and each of them does.
    let file = desk.put("all.yaml", filled(&template.out));
    // A file that is there is not overwritten.
    let again = run(["waivers", "init", &report, "-o", &file]);
    assert!(again.code == 2 && again.err.contains("is there already"), "{}", again.err);
    let other = desk.0.path().join("new.yaml").to_str().unwrap().to_owned();
    assert_eq!(good(&run(["waivers", "init", &report, "-o", &other])), "");
    assert_eq!(fs::read_to_string(other).unwrap(), template.out);
    let checked = run(["waivers", "check", &file, "--report", &report, "--now", NOW]);
    assert!(good(&checked).contains("that do not apply: 0"), "{}", checked.out);
    let (_, judged, _) = desk.judge(&fixture(NOT_READY), NOW, Some(&file), &[]);
    let open: BTreeSet<&str> = judged["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|each| each["waiver"].is_null())
        .filter(|each| ["fail", "warn", "unknown", "manual"].contains(&each["verdict"].as_str().unwrap()))
        .map(|each| each["rule"].as_str().unwrap())
        .collect();
    assert_eq!(open, BTreeSet::from(["key-multi-region", "no-import-running"]));
}

#[test]
fn a_name_does_not_break_out_of_the_file() {
    const NAMES: &[&str] = &[
        "x\n- { kind: waive, rule: key-rotates, subject: '**', reason: r, owner: o, expires: 2099-01-01 }",
        "\"\n  reason: mine\n  owner: mine\n  expires: 2099-01-01\n# \"",
        "'}]: {{ TODO }} %TAG ! &a *a !Sub | >",
        "\u{1b}[31mred\u{202e}\u{2028}\u{85}\u{feff}\u{0}",
        "=cmd|' /C calc'!A0 ::error::x ##[error]",
        "</script><img src=x onerror=alert(1)>",
        "GET /*/{proxy+}?\\**",
        "größer 顧客 😀",
    ];
    let hostile = with(fixture(NOT_READY), "apigatewayv2:GetRoutes", |entry| {
        if entry["parameters"]["ApiId"] == "ord4api001" {
            let route = |name: &&str| json!({ "AuthorizationType": "JWT", "AuthorizerId": "ordau1", "RouteId": name, "RouteKey": name });
            entry["response"]["Items"] = NAMES.iter().map(route).collect();
        }
    });
    let desk = Desk::new();
    let (report, judged, _) = desk.judge(&hostile, NOW, None, &[]);
    assert_eq!(findings(&judged, ROUTES).len(), NAMES.len());
    let template = run(["waivers", "init", &report, "--kind", "waive"]);
    let text = good(&template);
    let control = |c: char| (c.is_control() && c != '\n') || ('\u{200b}'..='\u{202e}').contains(&c) || c == '\u{feff}';
    assert!(!text.contains(control), "{text:?}");
    assert!(!text.contains("::error::") && !text.contains("##["), "a log reads no command");
    let entries = text.lines().filter(|line| line.starts_with("- ")).count();
    assert_eq!(entries, text.lines().filter(|line| line.starts_with("- kind: waive")).count());
    // Each entry is about its own subject and nothing else.
    let file = desk.put("hostile.yaml", filled(text));
    let decisions = parse_decisions("hostile.yaml", &fs::read_to_string(&file).unwrap(), catalog()).unwrap();
    assert_eq!(decisions.len(), entries);
    assert!(decisions.iter().all(|each| each.owner == "someone said so"));
    let (_, judged, _) = desk.judge(&hostile, NOW, Some(&file), &[]);
    let all = states(&judged, ROUTES);
    assert!(all.len() == NAMES.len() && all.iter().all(|(state, why)| state == "applied" && why == "applies to 1"));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let desk = Desk::new();
    let (report, ..) = desk.judge(&fixture(NOT_READY), NOW, None, &[]);
    let text = "\
- kind: waive
  rule: key-rotates
  subject: '*/*/pool/us-east-1_Nobody001'
  reason: r
  owner: o
  expires: 2027-01-31
- kind: waive
  rule: key-rotates
  subject: '**'
  reason: r
  owner: o
  expires: 2027-01-31
- kind: waive
  rule: MRR-061
  subject: '**'
  reason: r
  owner: o
  expires: 2027-01-31
- kind: waive
  rule: key-rotates
  subject: '*/*/pool/us-east-1_Cust*'
  reason: r
  owner: o
  expires: 2027-01-31
"
    .replace("MRR-061", "key-material-from-kms");
    let file = desk.put("w.yaml", text);
    let ran = run(["waivers", "check", &file, "--report", &report, "--now", NOW]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let lines: Vec<String> =
        ran.out.lines().map(|line| line.rsplit_once("w.yaml").map_or(line, |(_, end)| end).to_owned()).collect();
    assert_eq!(
        lines,
        [
            ":3:12: unused: waive key-rotates: no finding of this rule has such a subject",
            ":7:3: applied: waive key-rotates: applies to 1",
            ":13:9: unused: waive key-material-from-kms: nothing there that it could decide",
            ":21:12: unused: waive key-rotates: another decision decides the same",
            "4 decisions, that do not apply: 3",
        ]
    );
    // A report that leaves findings out cannot tell what is unused.
    let narrowed = desk.0.path().join("narrowed.json").to_str().unwrap().to_owned();
    let audited = run(["audit", NOT_READY, "--now", NOW, "--ignore", "key-rotates", "-o", &narrowed]);
    assert_eq!(audited.code, 1);
    for arguments in [vec!["waivers", "check", &file, "--report", &narrowed], vec!["waivers", "init", &narrowed]] {
        let ran = run(arguments);
        assert!(ran.code == 2 && ran.err.contains("without --show, --select and --ignore"), "{}", ran.err);
    }
    assert_eq!(run(["waivers", "check", &file, "--report", NOT_READY]).code, 2);
}

#[test]
fn a_decision_holds_no_longer_than_is_allowed() {
    let account = Account::ready().http_api(P, "h", vec![http_jwt("a", &old_issuer(POOL))], vec![route("r", "a")]);
    let snapshot = account.snapshot();
    let run = builder::Run::default();
    let facts = Facts::new(&snapshot, run.fact_options(), table());
    let state = |entry: &str, max: Option<u32>| {
        let text = format!("- {{ {entry}, subject: '**', reason: r, owner: o }}\n");
        let decisions = parse_decisions("w.yaml", &text, catalog()).unwrap_or_else(|problems| panic!("{problems}"));
        let options = Options { waiver_max_days: max, ..Options::default() };
        let report = audit(&facts, catalog(), &decisions, &options);
        (report.waivers[0].state.clone(), report.waivers[0].detail.clone())
    };
    let now: Timestamp = builder::NOW.parse().unwrap();
    assert_eq!(now.to_string(), NOW);
    let waive = format!("kind: waive, rule: {ROUTES}, expires: 2026-12-21");
    assert_eq!(state(&waive, None).0, "applied");
    assert_eq!(state(&waive, Some(30)).0, "applied");
    let (refused, why) = state(&waive, Some(29));
    assert!(refused == "refused" && why.contains("30 days from now, and 29 are allowed"), "{why}");
    // An answer says when it was given; a day that is not yet here gains nothing.
    let attest = |on: &str| {
        format!(
            "kind: attest, rule: residency-approved, answer: yes, evidence: e, by: b, on: {on}, expires: 2026-12-21"
        )
    };
    assert_eq!(state(&attest("2026-11-21"), Some(30)).0, "applied");
    let (refused, why) = state(&attest("2026-10-21"), Some(60));
    assert!(refused == "refused" && why.contains("61 days after it was given"), "{why}");
    assert_eq!(state(&attest("2026-12-20"), Some(29)).0, "refused");
    // What has ended has ended, however long it was.
    assert_eq!(state(&waive.replace("2026-12-21", "2026-11-20"), Some(1)).0, "expired");
}

/// A cutover is held against the issuer of its own pool.
#[test]
fn one_pool_of_two_is_switched() {
    let other = builder::OTHER_POOL;
    let mut account =
        Account::ready().pool(other).set(DESCRIBE_POOL, P, "/UserPool/IssuerConfiguration/Type", "ORIGINAL");
    for call in account.calls.iter_mut().filter(|call| call.name() == DESCRIBE_POOL && call.region == P) {
        if call.parameters["UserPoolId"] == other {
            call.response.as_mut().unwrap()["UserPool"]["IssuerConfiguration"]["Type"] = json!("UPDATED");
        }
    }
    let apis = vec![http_jwt("a", &old_issuer(POOL)), http_jwt("b", &old_issuer(other))];
    let account = account.http_api(S, "h", apis, vec![route("r", "a"), route("s", "b")]);
    let cutover = format!(
        "- {{ kind: cutover, rule: {ROUTES}, subject: '**', reason: r, owner: o, expires: 2027-01-31, \
         window: {{ from: 2026-12-01, until: 2026-12-02 }} }}\n"
    );
    let judged = builder::Run::attested().decided(&cutover).judge(&account);
    let marked: Vec<(Option<&str>, bool)> = judged
        .findings(ROUTES)
        .into_iter()
        .filter(|finding| finding.verdict == mrready::model::Verdict::Fail)
        .map(|finding| (finding.subject.pool_id.as_deref(), finding.is_waived()))
        .collect();
    assert_eq!(marked, [(Some(other), false), (Some(POOL), true)]);
    let state = judged.report.waivers.iter().find(|each| each.kind == "cutover").unwrap();
    let why = "applies to 1; outdated, since the issuer is switched, for 1; its window ends in 11 days";
    assert_eq!((state.state.as_str(), state.detail.as_str()), ("applied", why));
}
