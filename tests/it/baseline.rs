//! `--baseline` over several nights, through the program: what is new, known, changed and resolved, since when, what is
//! closed and, above all, what is not.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::cli::{NOT_READY, Run, run};

const ROUTES: &str = "http-route-accepts-new-issuer";
const FIRST: &str = "2026-11-21T12:00:00Z";
const SECOND: &str = "2026-11-22T12:00:00Z";
const THIRD: &str = "2026-11-23T12:00:00Z";
const FOURTH: &str = "2026-11-24T12:00:00Z";

/// The account of the fixture that is not ready, as one night's snapshot has it.
fn account() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(NOT_READY);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn entries(account: &mut Value) -> &mut Vec<Value> {
    account["entries"].as_array_mut().unwrap()
}

/// Every call `service:Operation`, in a Region if one is given.
fn calls<'a>(account: &'a mut Value, call: &str, region: &str) -> Vec<&'a mut Value> {
    let (service, operation) = call.split_once(':').unwrap();
    let (service, operation, region) = (service.to_owned(), operation.to_owned(), region.to_owned());
    let found: Vec<&mut Value> = entries(account)
        .iter_mut()
        .filter(move |entry| {
            entry["kind"] == "call"
                && entry["service"] == *service
                && entry["operation"] == *operation
                && (region.is_empty() || entry["region"] == *region)
        })
        .collect();
    assert!(!found.is_empty(), "{call}");
    found
}

/// No answer to a call, for this reason.
fn lose(mut account: Value, call: &str, kind: &str) -> Value {
    for entry in calls(&mut account, call, "") {
        let members = entry.as_object_mut().unwrap();
        members.remove("response");
        members.remove("page");
        members.insert("error".to_owned(), json!({ "kind": kind, "code": "X", "status": 400 }));
    }
    account
}

/// Without its HTTP API, and so without the routes that verify the pool's tokens.
fn without_api(mut account: Value) -> Value {
    for entry in calls(&mut account, "apigatewayv2:GetApis", "us-east-1") {
        entry["response"]["Items"].as_array_mut().unwrap().retain(|api| api["ApiId"] != "ord4api001");
    }
    account
}

/// One run over a snapshot, at `now`; what it writes is the next one's baseline.
struct Nights(TempDir);

struct Night {
    code: i32,
    report: Value,
    path: String,
}

impl Nights {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, value: &Value) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, serde_json::to_vec(value).unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn try_audit(&self, account: &Value, now: &str, more: &[&str]) -> (Run, String) {
        let snapshot = self.put("snapshot.json", account);
        let number = fs::read_dir(self.0.path()).unwrap().count();
        let path = self.0.path().join(format!("report-{number}.json")).to_str().unwrap().to_owned();
        let arguments = ["audit", &snapshot, "--now", now, "-o", &path];
        (run(arguments.iter().chain(more).copied()), path)
    }

    fn audit(&self, account: &Value, now: &str, more: &[&str]) -> Night {
        let (ran, path) = self.try_audit(account, now, more);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
        Night { code: ran.code, report: serde_json::from_slice(&bytes).unwrap(), path }
    }

    /// A run with the one before as its baseline.
    fn after(&self, before: &Night, account: &Value, now: &str, more: &[&str]) -> Night {
        self.audit(account, now, &[&["--baseline", &before.path], more].concat())
    }

    /// The same, which never changes a verdict, a gate or the exit code.
    fn after_as_alone(&self, before: &Night, account: &Value, now: &str, grace: &[&str]) -> Night {
        let (night, plain) = (self.after(before, account, now, grace), self.audit(account, now, &[]));
        assert_eq!((plain.code, &plain.report["summary"]), (night.code, &night.report["summary"]));
        let verdicts = |night: &Night| -> Vec<(String, String)> {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let all = night.report["findings"].as_array().unwrap().iter();
            all.map(|finding| (text(&finding["fingerprint"]), text(&finding["verdict"]))).collect()
        };
        assert_eq!(verdicts(&plain), verdicts(&night));
        night
    }
}

impl Night {
    /// The findings of a rule.
    fn of(&self, rule: &str) -> Vec<&Value> {
        self.report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule).collect()
    }

    /// Verdict, state and since when, of the only finding of a rule.
    fn marks(&self, rule: &str) -> (&str, &str, &str) {
        let found = self.of(rule);
        let [finding] = found.as_slice() else { panic!("{rule}: {found:#?}") };
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        (text("verdict"), text("baseline"), text("first_seen"))
    }

    fn list(&self, name: &str) -> Vec<Value> {
        self.report.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// Rule and new verdict of everything that is resolved.
    fn resolved(&self) -> Vec<(String, String)> {
        let list = self.list("resolved");
        let prints: Vec<&str> = list.iter().map(|each| each["fingerprint"].as_str().unwrap()).collect();
        assert!(prints.is_sorted(), "{prints:?}");
        let mut all: Vec<(String, String)> = list
            .iter()
            .map(|each| (each["rule"].as_str().unwrap().to_owned(), each["now"].as_str().unwrap_or("gone").to_owned()))
            .collect();
        all.sort();
        all
    }

    /// What is neither found nor gone, by rule.
    fn unseen(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.list("unseen").iter().map(|each| each["rule"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    }
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(rule, now)| ((*rule).to_owned(), (*now).to_owned())).collect()
}

#[test]
fn a_changed_account() {
    let nights = Nights::new();
    let first = nights.audit(&account(), FIRST, &[]);
    assert!(first.report["run"].get("baseline").is_none() && first.of(ROUTES)[0].get("baseline").is_none());

    let mut changed = account();
    for entry in calls(&mut changed, "cognito-idp:DescribeUserPool", "us-east-1") {
        entry["response"]["UserPool"]["DeletionProtection"] = json!("ACTIVE");
    }
    for entry in calls(&mut changed, "cognito-idp:ListUserImportJobs", "us-east-1") {
        let members = entry.as_object_mut().unwrap();
        members.remove("error");
        members.insert("response".to_owned(), json!({ "UserImportJobs": [{ "JobId": "j", "Status": "InProgress" }] }));
    }
    for entry in calls(&mut changed, "apigatewayv2:GetRoutes", "us-east-1") {
        if entry["parameters"]["ApiId"] == "ord4api001" {
            let new = json!({ "AuthorizationType": "JWT", "AuthorizerId": "ordau1", "RouteId": "r9", "RouteKey": "GET /new" });
            entry["response"]["Items"].as_array_mut().unwrap().push(new);
        }
    }
    let second = nights.after_as_alone(&first, &changed, SECOND, &[]);
    assert_eq!(second.marks("deletion-protection-active"), ("pass", "changed", SECOND));
    assert_eq!(second.marks("no-import-running"), ("fail", "changed", SECOND));
    assert_eq!(second.marks("key-rotates"), ("warn", "known", FIRST));
    let mut routes: Vec<(&str, &str)> = second
        .of(ROUTES)
        .iter()
        .map(|route| (route["baseline"].as_str().unwrap(), route["first_seen"].as_str().unwrap()))
        .collect();
    routes.sort_unstable();
    assert_eq!(routes, [("known", FIRST), ("known", FIRST), ("new", SECOND)]);
    assert_eq!(second.resolved(), pairs(&[("deletion-protection-active", "pass"), ("no-import-waiting", "pass")]));
    let resolved = &second.list("resolved")[0];
    assert_eq!((&resolved["first_seen"], &resolved["subject"]["kind"]), (&json!(FIRST), &json!("pool")));
    let run = &second.report["run"]["baseline"];
    assert_eq!((&run["now"], &run["snapshot_digest"]), (&json!(FIRST), &first.report["snapshot"]["digest"]));
    assert!(second.unseen().is_empty());

    // Nothing happens: nothing is told again, and all keep their day.
    let third = nights.after(&second, &changed, THIRD, &[]);
    assert_eq!((third.resolved(), third.unseen()), (Vec::new(), Vec::new()));
    assert_eq!(third.marks("no-import-running"), ("fail", "known", SECOND));
    assert_eq!(third.marks("key-rotates"), ("warn", "known", FIRST));
    let marks: Vec<&Value> =
        third.report["findings"].as_array().unwrap().iter().map(|each| &each["baseline"]).collect();
    assert!(marks.iter().all(|mark| **mark == "known"), "{marks:?}");
}

#[test]
fn another_level_is_a_change_only_if_the_verdict_is_another() {
    let nights = Nights::new();
    let first = nights.audit(&account(), FIRST, &[]);
    let second = nights.after(
        &first,
        &account(),
        SECOND,
        &["--level", "key-rotates=blocker", "--level", "key-enabled=advisory"],
    );
    assert_eq!(second.marks("key-rotates"), ("fail", "changed", SECOND));
    assert_eq!(second.marks("key-enabled"), ("pass", "known", FIRST));
    // Re-levelled to what states facts only: it does not hold any better.
    let third = nights.after(&first, &account(), SECOND, &["--level", "key-rotates=info"]);
    assert_eq!(third.marks("key-rotates"), ("info", "changed", SECOND));
    assert!(third.resolved().is_empty() && second.resolved().is_empty());
}

#[test]
fn what_is_deleted_is_closed_once() {
    let nights = Nights::new();
    let first = nights.audit(&account(), FIRST, &[]);
    let second = nights.after_as_alone(&first, &without_api(account()), SECOND, &[]);
    assert_eq!(second.resolved(), pairs(&[(ROUTES, "gone"), (ROUTES, "gone")]));
    let detail = second.list("resolved")[0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("not there any more") && detail.contains("HTTP APIs in us-east-1"), "{detail}");
    let third = nights.after(&second, &without_api(account()), THIRD, &[]);
    assert_eq!((third.resolved(), third.unseen()), (Vec::new(), Vec::new()));
    // It comes back: that is new.
    let fourth = nights.after(&third, &account(), FOURTH, &[]);
    assert!(fourth.of(ROUTES).iter().all(|route| route["baseline"] == "new" && route["first_seen"] == FOURTH));

    // What passed is closed too: somebody may have a ticket that says so.
    let mut good = account();
    for entry in calls(&mut good, "apigatewayv2:GetAuthorizers", "us-east-1") {
        for authorizer in entry["response"]["Items"].as_array_mut().unwrap() {
            authorizer["JwtConfiguration"]["Issuer"] =
                json!("https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_CustProd1");
        }
    }
    let first = nights.audit(&good, FIRST, &[]);
    assert!(first.of(ROUTES).len() == 3 && first.of(ROUTES).iter().all(|route| route["verdict"] == "pass"));
    let second = nights.after(&first, &without_api(good), SECOND, &[]);
    assert_eq!(second.resolved(), pairs(&[(ROUTES, "gone"), (ROUTES, "gone")]));

    // An authorizer of a REST API.
    let mut no_rest = account();
    for entry in calls(&mut no_rest, "apigateway:GetAuthorizers", "us-east-1") {
        entry["response"]["items"] = json!([]);
    }
    let first = nights.audit(&account(), FIRST, &[]);
    let gone: Vec<String> = nights
        .after(&first, &no_rest, SECOND, &[])
        .resolved()
        .into_iter()
        .map(|(rule, now)| rule + " " + &now)
        .collect();
    assert!(gone.contains(&"rest-cognito-authorizer-replaced gone".to_owned()), "{gone:?}");
    assert!(gone.iter().all(|each| each.starts_with("rest-")), "{gone:?}");
}

/// A pool of a second Region, of which nothing but its name is known.
fn with_pool(mut account: Value, id: &str) -> Value {
    account["scope"]["pools"].as_array_mut().unwrap().push(json!({ "account": "111122223333", "id": id }));
    for entry in calls(&mut account, "cognito-idp:ListUserPools", "us-east-1") {
        entry["response"]["UserPools"].as_array_mut().unwrap().push(json!({ "Id": id, "Name": "second" }));
    }
    account
}

#[test]
fn a_deleted_pool_is_closed_where_its_region_lists_all_pools() {
    let id = "us-east-1_Second001";
    let nights = Nights::new();
    let first = nights.audit(&with_pool(account(), id), FIRST, &[]);
    let own =
        |night: &Night, list: &str| night.list(list).iter().filter(|each| each["subject"]["pool_id"] == id).count();
    let count = own(&first, "findings");
    assert!(count > 50, "{count}");
    let second = nights.after(&first, &account(), SECOND, &[]);
    assert_eq!((own(&second, "resolved"), second.list("resolved").len()), (count, count));
    assert!(second.list("resolved")[0]["detail"].as_str().unwrap().contains("ListUserPools in us-east-1"));
    assert!(nights.after(&second, &account(), THIRD, &[]).resolved().is_empty());
    // Throttled, refused, not asked: nobody knows.
    for lost in [
        lose(account(), "cognito-idp:ListUserPools", "throttled"),
        lose(account(), "cognito-idp:ListUserPools", "denied"),
        {
            let mut account = account();
            entries(&mut account).retain(|entry| entry["operation"] != "ListUserPools");
            account
        },
    ] {
        let second = nights.after(&first, &lost, SECOND, &[]);
        assert_eq!((second.resolved(), own(&second, "unseen")), (Vec::new(), count));
        // Whoever looks next still knows.
        let third = nights.after(&second, &account(), THIRD, &[]);
        assert_eq!((own(&third, "resolved"), third.unseen()), (count, Vec::new()));
    }
    // Too old to tell.
    let second = nights.after(&first, &account(), SECOND, &["--max-snapshot-age", "1h"]);
    assert_eq!((second.resolved().len(), own(&second, "unseen")), (0, count));
}

#[test]
fn a_narrowed_run_closes_nothing() {
    let id = "us-east-1_Second001";
    let both = with_pool(account(), id);
    let nights = Nights::new();
    let first = nights.audit(&both, FIRST, &[]);
    let narrow = ["--pool-id", "us-east-1_CustProd1"];
    let second = nights.after(&first, &both, SECOND, &narrow);
    assert!(second.resolved().is_empty() && second.unseen().len() > 50);
    // All of it is known again, with its day.
    let third = nights.after(&second, &both, THIRD, &[]);
    let findings = third.report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|each| each["baseline"] == "known" && each["first_seen"] == FIRST));
    assert!(third.unseen().is_empty());

    // Rules that are not judged.
    let rules = nights.0.path().join("mine");
    fs::create_dir(&rules).unwrap();
    let rule = run(["rules", "new", "my-own-rule", "-o", rules.to_str().unwrap()]);
    assert_eq!(rule.code, 0, "{}", rule.err);
    let second = nights.after(&first, &both, SECOND, &["--no-builtin-rules", "--rules", rules.to_str().unwrap()]);
    assert!(second.resolved().is_empty());
    assert_eq!(second.unseen().len(), first.report["findings"].as_array().unwrap().len());

    // A place that was not searched this time: the list of what was searched is whole.
    let elsewhere = |mut account: Value| {
        let there = json!({ "account": "111122223333", "service": "apigatewayv2", "region": "eu-west-1" });
        account["scope"]["searched"].as_array_mut().unwrap().push(there);
        let own: Vec<Value> = entries(&mut account)
            .iter()
            .filter(|entry| entry["service"] == "apigatewayv2" && entry["region"] == "us-east-1")
            .cloned()
            .collect();
        for mut entry in own {
            entry["region"] = json!("eu-west-1");
            entries(&mut account).push(entry);
        }
        account
    };
    let first = nights.audit(&elsewhere(account()), FIRST, &[]);
    assert_eq!(first.of(ROUTES).len(), 4);
    let second = nights.after(&first, &account(), SECOND, &[]);
    assert_eq!((second.of(ROUTES).len(), second.resolved().len(), second.unseen().len()), (2, 0, 2));
    // Searched, and not there.
    let mut searched = elsewhere(account());
    for entry in calls(&mut searched, "apigatewayv2:GetApis", "eu-west-1") {
        entry["response"]["Items"] = json!([]);
    }
    let third = nights.after(&second, &searched, THIRD, &[]);
    assert_eq!((third.resolved().len(), third.unseen().len()), (2, 0));
}

#[test]
fn a_list_that_is_not_whole_closes_nothing() {
    let nights = Nights::new();
    let first = nights.audit(&account(), FIRST, &[]);
    for (call, kind) in [
        ("apigatewayv2:GetApis", "throttled"),
        ("apigatewayv2:GetApis", "denied"),
        ("apigatewayv2:GetAuthorizers", "failed"),
        ("apigatewayv2:GetRoutes", "denied"),
    ] {
        let second = nights.after(&first, &lose(account(), call, kind), SECOND, &[]);
        assert!(second.resolved().is_empty(), "{call} {kind}: {:?}", second.resolved());
        assert_eq!(second.unseen(), [ROUTES, ROUTES], "{call} {kind}");
        // What was not seen is an unknown of the pool, and is new; it goes when the list is whole again.
        assert_eq!(second.marks(ROUTES), ("unknown", "new", SECOND));
        let third = nights.after(&second, &account(), THIRD, &[]);
        assert!(third.of(ROUTES).iter().all(|route| route["baseline"] == "known" && route["first_seen"] == FIRST));
        let told = third.resolved();
        assert!(told.contains(&(ROUTES.to_owned(), "gone".to_owned())) && third.unseen().is_empty(), "{told:?}");
        let detail = third.list("resolved").iter().find(|each| each["rule"] == ROUTES).unwrap()["detail"].clone();
        assert!(detail.as_str().unwrap().contains("every route was seen now"), "{detail}");
        // Deleted while nobody could look: closed when somebody does.
        let third = nights.after(&second, &without_api(account()), THIRD, &[]);
        let gone = third.resolved().into_iter().filter(|each| *each == (ROUTES.to_owned(), "gone".to_owned())).count();
        let now_none = third.resolved().contains(&(ROUTES.to_owned(), "not_applicable".to_owned()));
        assert!(gone == 2 && now_none, "{:?}", third.resolved());
    }
}

/// The snapshot of a source tree with one reference to the pool, and another of the same kind.
fn tree(root: &str, files: &[&str], skipped: &Value) -> Value {
    let time = "2026-11-21T09:00:00Z";
    let mut entries = vec![json!({
        "kind": "scan", "root": root, "time": time, "files_read": 3, "bytes_read": 90, "skipped": skipped, "evaluator": 1
    })];
    entries.extend(files.iter().map(|path| {
        json!({
            "kind": "hit", "service": "scan", "operation": "Tree", "parameters": { "Root": root }, "time": time,
            "container": root, "path": path, "pointer": "", "line": 3, "column": 1, "class": "issuer-url-literal",
            "confidence": "definite", "severity": "error", "pool_id": "us-east-1_CustProd1", "accepts_new": false,
            "text": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_CustProd1", "evaluator": 1,
            "source": { "language": "typescript", "in_test": false, "in_doc": false, "remedy": "accept both" }
        })
    }));
    json!({ "mrready_snapshot": 1, "tool_version": "0.1.0", "scope": { "pools": [] }, "entries": entries })
}

#[test]
fn a_reference_in_a_tree_is_closed_where_its_tree_was_searched_whole() {
    const REFERENCE: &str = "reference-accepts-new-issuer";
    let nights = Nights::new();
    let with = |name: &str, tree: &Value| nights.put(name, tree);
    let both = with("both.json", &tree("acme/shop", &["src/a.ts", "src/b.ts"], &json!([])));
    let first = nights.audit(&account(), FIRST, &[&both]);
    assert_eq!(first.of(REFERENCE).len(), 2);
    let one = with("one.json", &tree("acme/shop", &["src/a.ts"], &json!([])));
    let second = nights.after(&first, &account(), SECOND, &[&one]);
    let gone: Vec<Value> =
        second.list("resolved").into_iter().filter(|each| each["subject"]["kind"] == "reference").collect();
    assert!(gone.iter().any(|each| each["rule"] == REFERENCE) && gone.iter().all(|each| each["now"].is_null()));
    assert!(gone.iter().all(|each| each["subject"]["id"].as_str().unwrap().contains("src/b.ts")));
    assert!(gone[0]["detail"].as_str().unwrap().contains("source tree acme/shop"), "{gone:?}");
    // Not searched at all; another tree, one whose name begins alike too; not read whole.
    let skipped = json!([{ "path": "src/b.ts", "reason": "denied" }]);
    let other = with("other.json", &tree("acme/other", &[], &json!([])));
    let shorter = with("shorter.json", &tree("acme", &[], &json!([])));
    let partly = with("partly.json", &tree("acme/shop", &["src/a.ts"], &skipped));
    for more in [vec![], vec![other.as_str()], vec![shorter.as_str()], vec![partly.as_str()]] {
        let second = nights.after(&first, &account(), SECOND, &more);
        let gone = second.list("resolved");
        assert!(gone.iter().all(|each| each["subject"]["kind"] != "reference"), "{more:?}: {gone:?}");
        assert!(second.unseen().iter().any(|rule| rule == REFERENCE), "{more:?}");
    }
    // Searched long ago.
    let second = nights.after(&first, &account(), SECOND, &[&one, "--max-snapshot-age", "2h"]);
    assert!(second.resolved().iter().all(|(_, now)| now != "gone"), "{:?}", second.resolved());
}

#[test]
fn a_decided_verdict_is_held_over_a_throttled_night() {
    const RULE: &str = "deletion-protection-active";
    let nights = Nights::new();
    let grace = ["--unknown-grace", "60h"];
    let lost = |kind: &str| lose(account(), "cognito-idp:DescribeUserPool", kind);
    let held = |night: &Night| night.of(RULE)[0].get("held").cloned();
    let first = nights.audit(&account(), FIRST, &[]);
    let fail = json!({ "verdict": "warn", "decided_at": FIRST });
    for kind in ["throttled", "failed"] {
        let second = nights.after_as_alone(&first, &lost(kind), SECOND, &grace);
        assert_eq!((second.marks(RULE), held(&second)), (("unknown", "changed", SECOND), Some(fail.clone())));
        assert_eq!(second.report["run"]["unknown_grace"], "60h");
        // Another such night keeps the day of the first, and a third is too many.
        let third = nights.after(&second, &lost(kind), THIRD, &grace);
        assert_eq!((third.marks(RULE), held(&third)), (("unknown", "known", SECOND), Some(fail.clone())));
        let fourth = nights.after(&third, &lost(kind), FOURTH, &grace);
        assert_eq!((fourth.marks(RULE), held(&fourth)), (("unknown", "known", SECOND), None));
        // Nothing is held by itself, and nothing is held that is decided again.
        assert_eq!(held(&nights.after(&first, &lost(kind), SECOND, &[])), None);
        assert_eq!(held(&nights.after(&second, &account(), THIRD, &grace)), None);
        let fifth = nights.after(&fourth, &lost(kind), "2026-11-24T13:00:00Z", &["--unknown-grace", "30d"]);
        assert_eq!(held(&fifth), None, "what was let go does not come back");
    }
    // A refusal is a change of permissions, and what was not asked or is too old is the run's own doing.
    assert_eq!(held(&nights.after(&first, &lost("denied"), SECOND, &grace)), None);
    let mut unasked = account();
    entries(&mut unasked).retain(|entry| entry["operation"] != "DescribeUserPool");
    assert_eq!(held(&nights.after(&first, &unasked, SECOND, &grace)), None);
    let old = nights.after(&first, &account(), SECOND, &[&grace[..], &["--max-snapshot-age", "1h"]].concat());
    assert_eq!((old.marks(RULE).0, held(&old)), ("unknown", None));
    // What was never decided is not held.
    let first = nights.audit(&lost("denied"), FIRST, &[]);
    assert_eq!(held(&nights.after(&first, &lost("throttled"), SECOND, &grace)), None);
}

/// What dashboards are sent of a rule: the statuses of ASFF findings, and the activities of OCSF events.
fn tickets(nights: &Nights, rule: &str) -> (Vec<String>, Vec<u64>) {
    let read = |name: &str| fs::read_to_string(nights.0.path().join(name)).unwrap();
    let asff = read("tickets.asff");
    let batches = asff.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let findings = batches.flat_map(|batch| batch["Findings"].as_array().unwrap().clone());
    let of_rule = findings.filter(|finding| finding["ProductFields"]["mrready/rule"] == rule);
    let status = |finding: Value| match finding["RecordState"].as_str() {
        Some("ARCHIVED") => "archived".to_owned(),
        _ => finding["Compliance"]["Status"].as_str().unwrap().to_owned(),
    };
    let events: Vec<Value> = serde_json::from_str(&read("tickets.ocsf")).unwrap();
    let events = events.iter().filter(|event| event["metadata"]["event_code"] == rule);
    (of_rule.map(status).collect(), events.map(|event| event["activity_id"].as_u64().unwrap()).collect())
}

#[test]
fn tickets_stay_over_a_throttled_night_and_are_closed_once() {
    const RULE: &str = "deletion-protection-active";
    let nights = Nights::new();
    let file = |name: &str| format!("{}={}", &name[8..], nights.0.path().join(name).display());
    let (asff, ocsf) = (file("tickets.asff"), file("tickets.ocsf"));
    let sent = ["-o", &asff, "-o", &ocsf, "--unknown-grace", "60h"];
    let unsent = &sent[..4];
    let words = |status: &str, n: usize| vec![status.to_owned(); n];

    let first = nights.audit(&account(), FIRST, unsent);
    assert_eq!(tickets(&nights, RULE), (words("WARNING", 1), vec![1]));
    let routes = first.of(ROUTES).len();
    assert_eq!(tickets(&nights, ROUTES).1, vec![1; routes]);

    let throttled = lose(account(), "cognito-idp:DescribeUserPool", "throttled");
    let second = nights.after(&first, &throttled, SECOND, &sent);
    assert_eq!(second.of(RULE)[0]["verdict"], "unknown");
    assert_eq!(tickets(&nights, RULE), (words("WARNING", 1), vec![2]));
    nights.after(&first, &throttled, SECOND, unsent);
    assert_eq!(tickets(&nights, RULE), (words("NOT_AVAILABLE", 1), vec![2]));

    let third = nights.after(&first, &without_api(account()), SECOND, unsent);
    let gone = third.resolved().len();
    let (statuses, activities) = tickets(&nights, ROUTES);
    assert_eq!(statuses.iter().filter(|status| *status == "archived").count(), gone);
    assert_eq!(activities.iter().filter(|activity| **activity == 3).count(), gone);
    assert!(gone > 0);
    nights.after(&third, &without_api(account()), THIRD, unsent);
    let (statuses, activities) = tickets(&nights, ROUTES);
    assert!(!statuses.contains(&"archived".to_owned()) && !activities.contains(&3), "{statuses:?} {activities:?}");
}

#[test]
fn a_baseline_that_cannot_be_compared_with_is_refused() {
    let nights = Nights::new();
    let first = nights.audit(&account(), SECOND, &[]);
    let fails = |path: &str, now: &str, wanted: &str| {
        let (ran, _) = nights.try_audit(&account(), now, &["--baseline", path]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{wanted}: {}", ran.err);
        assert!(ran.err.contains(wanted) && !ran.err.contains("panicked"), "no `{wanted}` in {}", ran.err);
    };
    fails(&first.path, FIRST, "after this run (2026-11-21T12:00:00Z)");
    fails("no-such-file.json", THIRD, "cannot read no-such-file.json");
    fails(NOT_READY, THIRD, "is a snapshot");
    let changed = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut report = first.report.clone();
        change(&mut report);
        nights.put(name, &report)
    };
    fails(&changed("v2.json", &|report| report["schema_version"] = json!(2)), THIRD, "newer than this mrready");
    fails(&changed("v0.json", &|report| report["schema_version"] = json!(0)), THIRD, "version 0 of the report");
    fails(&changed("now.json", &|report| report["run"]["now"] = json!("yesterday")), THIRD, "`run.now` is no time");
    let digest = changed("digest.json", &|report| report["snapshot"]["digest"] = json!("sha256:\u{1b}[2J"));
    fails(&digest, THIRD, "`snapshot.digest` is no digest");
    fails(&changed("cut.json", &|report| report["findings"] = json!(3)), THIRD, "not a whole report");
    let (ran, narrowed) = nights.try_audit(&account(), FIRST, &["--show", "fail"]);
    assert_eq!(ran.code, 1);
    fails(&narrowed, THIRD, "without --show, --select and --ignore");
    let (ran, narrowed) = nights.try_audit(&account(), FIRST, &["--ignore", "key-rotates"]);
    assert_eq!(ran.code, 1);
    fails(&narrowed, THIRD, "without --show, --select and --ignore");
    let (ran, _) = nights.try_audit(&account(), FIRST, &["--unknown-grace", "2d"]);
    assert!(ran.code == 2 && ran.err.contains("--baseline"), "{}", ran.err);
    let (ran, _) = nights.try_audit(&account(), THIRD, &["--baseline", &first.path, "--unknown-grace", "long"]);
    assert!(ran.code == 2 && ran.err.contains("no duration"), "{}", ran.err);
}

#[test]
fn a_baseline_may_lie() {
    let nights = Nights::new();
    let first = nights.audit(&account(), FIRST, &[]);
    let mut lies = first.report.clone();
    let route = first.of(ROUTES)[0].clone();
    for finding in lies["findings"].as_array_mut().unwrap() {
        finding["first_seen"] =
            if finding["verdict"] == "warn" { json!("2099-01-01T00:00:00Z") } else { json!("\u{1b}[31m") };
        finding["held"] = json!({ "verdict": "pass", "decided_at": "2099-01-01T00:00:00Z" });
    }
    // A fingerprint that fits nothing, and a finding that stands twice.
    let mut stray = route.clone();
    stray["fingerprint"] = json!("f".repeat(32));
    stray["subject"]["id"] = json!("</script>::error::");
    let counted = lies["summary"]["counts"]["fail"].as_u64().unwrap();
    lies["summary"]["counts"]["fail"] = json!(counted + 2);
    lies["findings"].as_array_mut().unwrap().extend([stray, route]);
    let lies = Night { code: 1, path: nights.put("lies.json", &lies), report: lies };
    let second = nights.after(&lies, &account(), SECOND, &["--unknown-grace", "30d"]);
    assert_eq!((second.resolved(), second.unseen()), (Vec::new(), Vec::new()));
    for finding in second.report["findings"].as_array().unwrap() {
        assert_eq!((&finding["baseline"], &finding["first_seen"]), (&json!("known"), &json!(FIRST)));
        assert!(finding.get("held").is_none());
    }
}

#[test]
fn a_packed_baseline_is_the_same_baseline() {
    let nights = Nights::new();
    let first = nights.audit(&account(), FIRST, &[]);
    let plain = nights.after(&first, &account(), SECOND, &[]);
    let bytes = fs::read(&first.path).unwrap();
    let gzip = nights.0.path().join("first.json.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &bytes).unwrap();
    fs::write(&gzip, encoder.finish().unwrap()).unwrap();
    let zstd_path = nights.0.path().join("first.json.zst");
    fs::write(&zstd_path, zstd::encode_all(bytes.as_slice(), 0).unwrap()).unwrap();
    for path in [gzip, zstd_path] {
        let packed = Night { code: 1, report: Value::Null, path: path.to_str().unwrap().to_owned() };
        assert_eq!(nights.after(&packed, &account(), SECOND, &[]).report, plain.report);
    }
}
