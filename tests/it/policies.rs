//! The policy evaluator against a table of policies and requests, and the table against a second opinion.
//!
//! The table is `tests/policies/cases.json`; what it expects is written by hand from AWS's evaluation logic. The second
//! opinion is a policy simulator for Node.js, pinned in `tests/policies/package-lock.json` and installed below `target/`.
//! Where both differ, the table says why; where it says so without need, that is a failure too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mrready::policy::{Context, Decision, Policy, Principal, Request, evaluate_all};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::pinned::{SKIP_NODE as SKIP, install_packages};

/// The fewest requests of the table, and the fewest on which the second opinion must agree.
const FEWEST: usize = 60;

/// `cases.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What cases begin with.
    requests: BTreeMap<String, Asked>,
    /// Policies that several cases use.
    policies: BTreeMap<String, Value>,
    cases: Vec<Case>,
}

/// A request, from which cases differ in some members.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// `{"Service": …}`, `{"AWS": …}` or `"anonymous"`.
    principal: Value,
    action: String,
    /// What is asked for.
    #[serde(default)]
    resource: Option<String>,
    /// What the policy is attached to, for requests that name no resource; only the simulator needs it.
    #[serde(default)]
    attached_to: Option<String>,
    /// Values by condition key; `null` for a key that the request is known not to carry.
    context: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// A name in `requests`.
    request: String,
    principal: Option<Value>,
    action: Option<String>,
    resource: Option<String>,
    #[serde(default)]
    context: Map<String, Value>,
    /// A name in `policies`, a whole document, or a list of statements.
    policy: Value,
    expected: Answer,
    /// What an undecided answer hangs on.
    #[serde(default)]
    keys: BTreeSet<String>,
    /// What becomes of an undecided request once those keys are known.
    #[serde(default)]
    decided: Vec<Decided>,
    /// Why the second opinion differs.
    differs: Option<String>,
    /// Why there is no second opinion.
    unsupported: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    context: Map<String, Value>,
    expected: Answer,
}

#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Allowed,
    Denied,
    Undecided,
}

/// One request of a case that allows or denies for sure.
struct Sure<'a> {
    case: &'a Case,
    asked: Asked,
    expected: Answer,
}

#[test]
fn every_case_is_decided_as_the_table_says() {
    let table = table();
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    let mut services: BTreeMap<String, usize> = BTreeMap::new();
    for case in &table.cases {
        assert!(names.insert(&case.name), "twice: {}", case.name);
        let asked = table.asked(case, None);
        let service = asked.action.split(':').next().unwrap().to_owned();
        *services.entry(service).or_default() += 1;
        let mut compare = |what: String, asked: &Asked, expected, keys: &BTreeSet<String>| {
            let got = decide(&table.policy(case), asked);
            if got != (expected, keys.clone()) {
                wrong.push(format!("{what}\n   got: {got:?}\nwanted: {expected:?} {keys:?}"));
            }
        };
        compare(case.name.clone(), &asked, case.expected, &case.keys);
        for decided in &case.decided {
            let asked = table.asked(case, Some(decided));
            let what = format!("{} with {}", case.name, Value::from(decided.context.clone()));
            compare(what, &asked, decided.expected, &BTreeSet::new());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(table.cases.len() >= FEWEST, "{} cases", table.cases.len());
    for (service, fewest) in [("kms", 40), ("lambda", 10), ("ses", 5), ("sts", 5)] {
        assert!(services.get(service).is_some_and(|count| *count >= fewest), "cases: {services:?}");
    }
}

/// A case that is undecided says which keys decide it, and these decide it: one value each way.
#[test]
fn the_keys_of_an_undecided_case_decide_it() {
    let table = table();
    for case in &table.cases {
        let name = &case.name;
        assert_eq!(case.expected == Answer::Undecided, !case.keys.is_empty(), "{name}: keys");
        if !hangs_on_keys(case, &table.asked(case, None)) {
            assert!(case.decided.is_empty(), "{name}: no condition key decides it");
            continue;
        }
        for decided in &case.decided {
            let given: BTreeSet<String> = decided.context.keys().cloned().collect();
            assert_eq!(given, case.keys, "{name}: what decides it");
        }
        for answer in [Answer::Allowed, Answer::Denied] {
            assert!(case.decided.iter().any(|decided| decided.expected == answer), "{name}: {answer:?} when?");
        }
    }
}

#[test]
fn the_second_opinion_agrees_or_the_table_says_why() {
    if std::env::var(SKIP).is_ok_and(|value| value == "1") {
        // Not through the macros, whose output a passing test swallows.
        let _ = writeln!(std::io::stderr(), "{SKIP}=1: the second opinion on policies is skipped");
        return;
    }
    let table = table();
    let sure = table.sure();
    let requests: Vec<Value> = sure.iter().map(|one| for_simulator(&table, one)).collect();
    let answers = match simulate(&requests) {
        Ok(answers) => answers,
        Err(why) => panic!("no second opinion: {why}\nTo do without it, set {SKIP}=1."),
    };
    assert_eq!(answers.len(), sure.len(), "one answer for each request");

    let (mut agreed, mut problems) = (0, Vec::new());
    let (mut differing, mut unsupported) = (BTreeSet::new(), BTreeSet::new());
    for (one, answer) in sure.iter().zip(&answers) {
        let name = one.case.name.as_str();
        let told = answer["answer"].as_str();
        match (told, one.expected) {
            (Some("allowed"), Answer::Allowed) | (Some("denied"), Answer::Denied) => agreed += 1,
            (Some(told), expected) => {
                differing.insert(name);
                if one.case.differs.is_none() {
                    problems.push(format!("{name}: {expected:?} here, {told} there, and no word why (`differs`)"));
                }
            }
            (None, _) => {
                unsupported.insert(name);
                if one.case.unsupported.is_none() {
                    problems.push(format!("{name}: {answer}, and no word of it (`unsupported`)"));
                }
            }
        }
    }
    for case in &table.cases {
        for (mark, word, found) in
            [(&case.differs, "differs", &differing), (&case.unsupported, "unsupported", &unsupported)]
        {
            if mark.is_some() && !found.contains(case.name.as_str()) {
                problems.push(format!("{}: marked `{word}` without need", case.name));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(agreed >= FEWEST, "agreed on {agreed} requests only");
    let asked: BTreeSet<&str> = sure.iter().map(|one| one.case.name.as_str()).collect();
    println!(
        "{} cases: {} asked in {} requests, agreed on {agreed}; {} differ, {} not supported, \
         {} not asked because no condition key decides them",
        table.cases.len(),
        asked.len(),
        sure.len(),
        differing.len(),
        unsupported.len(),
        table.cases.len() - asked.len(),
    );
}

impl Table {
    /// The request of a case, with the keys that decide it if they are given.
    fn asked(&self, case: &Case, decided: Option<&Decided>) -> Asked {
        let base = self.requests.get(&case.request).unwrap_or_else(|| panic!("{}: no such request", case.name));
        let mut asked = base.clone();
        if let Some(principal) = &case.principal {
            asked.principal = principal.clone();
        }
        if let Some(action) = &case.action {
            asked.action.clone_from(action);
        }
        asked.resource = case.resource.clone().or(asked.resource);
        let more = case.context.iter().chain(decided.into_iter().flat_map(|decided| &decided.context));
        asked.context.extend(more.map(|(key, value)| (key.clone(), value.clone())));
        asked
    }

    /// The document of a case.
    fn policy(&self, case: &Case) -> Value {
        match &case.policy {
            Value::String(name) => {
                self.policies.get(name).unwrap_or_else(|| panic!("{}: no such policy", case.name)).clone()
            }
            Value::Array(statements) => json!({"Version": "2012-10-17", "Statement": statements}),
            Value::Object(document) => Value::from(document.clone()),
            Value::Null | Value::Bool(_) | Value::Number(_) => panic!("{}: no policy", case.name),
        }
    }

    /// All requests on which a simulator that knows only yes and no can have an opinion.
    fn sure(&self) -> Vec<Sure<'_>> {
        let mut sure = Vec::new();
        for case in &self.cases {
            if case.expected != Answer::Undecided {
                sure.push(Sure { case, asked: self.asked(case, None), expected: case.expected });
            }
            for decided in &case.decided {
                let asked = self.asked(case, Some(decided));
                sure.push(Sure { case, asked, expected: decided.expected });
            }
        }
        sure
    }
}

/// Whether an undecided case hangs on condition keys, and not on phrases or on values that are known and still unclear.
fn hangs_on_keys(case: &Case, asked: &Asked) -> bool {
    let known = |key: &String| asked.context.keys().any(|listed| listed.eq_ignore_ascii_case(key));
    !case.keys.is_empty() && case.keys.iter().all(|key| key.contains(':') && !key.contains(' ') && !known(key))
}

fn table() -> Table {
    let path = folder().join("cases.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What the evaluator answers, and what an undecided answer hangs on.
fn decide(policy: &Value, asked: &Asked) -> (Answer, BTreeSet<String>) {
    let policy = Policy::parse(&policy.to_string()).unwrap();
    match evaluate_all(&[policy], &request(asked)) {
        Decision::Allowed { .. } => (Answer::Allowed, BTreeSet::new()),
        Decision::Denied { .. } => (Answer::Denied, BTreeSet::new()),
        Decision::Undecided { keys, .. } => (Answer::Undecided, keys),
    }
}

fn request(asked: &Asked) -> Request {
    let name = |kind: &str| asked.principal[kind].as_str().map(str::to_owned);
    let principal = match (name("Service"), name("AWS")) {
        (Some(service), None) => Principal::Service(service),
        (None, Some(arn)) => Principal::Aws { account: arn.split(':').nth(4).unwrap().to_owned(), arn },
        _ if asked.principal == "anonymous" => Principal::Anonymous,
        _ => panic!("no principal: {}", asked.principal),
    };
    let context = asked.context.iter().fold(Context::new(), |context, (key, value)| match value {
        Value::Null => context.absent(key),
        Value::String(text) => context.with(key, [text]),
        Value::Array(list) => context.with(key, list.iter().map(|item| item.as_str().unwrap())),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => panic!("{key}: neither text nor a list of texts"),
    });
    Request { principal, action: asked.action.clone(), resource: asked.resource.clone(), context }
}

fn for_simulator(table: &Table, one: &Sure<'_>) -> Value {
    let asked = &one.asked;
    let context: Map<String, Value> =
        asked.context.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
    json!({
        "principal": asked.principal["Service"].as_str().or(asked.principal["AWS"].as_str()),
        "action": asked.action,
        "resource": asked.resource.as_ref().or(asked.attached_to.as_ref()),
        "context": context,
        "policy": table.policy(one.case),
    })
}

/// What the simulator makes of these requests, in their order.
fn simulate(requests: &[Value]) -> Result<Vec<Value>, String> {
    let home = install_packages("iam-simulate", &folder())?;
    let script = folder().join("simulate.mjs");
    let mut child = Command::new("node")
        .arg(&script)
        .arg(&home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("node: {error}"))?;
    // The script reads all of its input before it writes anything.
    child.stdin.take().unwrap().write_all(json!(requests).to_string().as_bytes()).map_err(|error| error.to_string())?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{}: {}", script.display(), String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{}: {error}", script.display()))
}

/// The folder of the table.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies")
}
