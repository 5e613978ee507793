//! One thing missing at a time: an action denied, a service that fails, stalls or breaks off.
//!
//! Which rules then cannot be decided is computed from the snapshot of a whole run: from the provenance of every field and
//! the table of operations (`closure`). Nothing passes for want of evidence, and all else is as with whole evidence.

use std::collections::{BTreeMap, BTreeSet};

use mrready::audit::needs;
use mrready::facts::{FactOptions, Facts};
use mrready::model::report::{Finding, Report};
use mrready::model::{Cause, DecidedBy, Level, Verdict};
use mrready::snapshot::operations::{OPERATIONS, Operation};
use mrready::snapshot::{Call, Snapshot, format};
use serde_json::json;

use super::{Bench, Run, at_once, attestations, by_subject, now};
use crate::builder::{S, catalog, table};
use crate::closure::{Whole, expected, verdicts_of};
use crate::tools::{Account, account};

/// Without these, what a template names cannot be tied to a pool: a reference moves from one pool to none.
const UNTIED: &[&str] = &["cloudformation:DescribeStacks", "cloudformation:ListStackResources"];

/// A run on a pool with the decisions file, and with these faults.
fn run(account: &Account, pool: &str, faults: &serde_json::Value) -> (Bench, Run) {
    let bench = Bench::new(&account.url);
    bench.write("answers.yaml", &attestations());
    account.faults(&bench.key, faults);
    // Short where every such call is waited for; elsewhere a slow machine is no missing answer.
    let wait = if faults.to_string().contains("timeout") { "2" } else { "60" };
    let run = bench.audit(&[pool], &["--waivers", "answers.yaml", "--call-timeout", wait, "--save-snapshot", "s.json"]);
    (bench, run)
}

/// Each of these actions with the fault `fault` on the pool of `scenario`, every gate of which counts.
fn missing(scenario: &str, fault: &str, actions: &BTreeSet<&str>) {
    let Some(account) = account() else { return };
    let pool = account.pool(scenario);
    let (bench, whole) = run(account, pool, &json!([]));
    assert_eq!(whole.code(), Some(0), "{}", whole.stderr);
    let (whole, snapshot) = (whole.report(), format::read("s.json", &bench.read("s.json")).unwrap());
    let actions: Vec<&str> = actions.iter().copied().collect();
    at_once(&actions, |action| {
        let calls: Vec<String> = needs::operations_of(action).map(Operation::call).collect();
        let rule = json!([{"action": action, "calls": calls, "fault": fault, "seconds": 15}]);
        let (bench, run) = run(account, pool, &rule);
        let what = format!("{scenario}: {fault} {action}");
        let hit = account.calls(&bench.key).iter().filter(|call| call["fault"] == fault).count();
        let made =
            needs::operations_of(action).any(|operation| snapshot.calls().any(|call| call.name() == operation.call()));
        assert_eq!(hit > 0, made, "{what}: whether the run asks for it");
        let code = compare(&what, action, fault, &snapshot, &whole, &run.report());
        assert_eq!(run.code(), Some(code), "{what}: {}", run.stderr);
        let last = run.stderr.lines().last().unwrap_or_default();
        assert!(code == 0 || last.starts_with("mrready: exit 3: "), "{what}: {last}");
    });
}

/// Holds a report without an action against what the whole snapshot says is lost; the exit code that it must have.
fn compare(what: &str, action: &str, fault: &str, snapshot: &Snapshot, whole: &Report, report: &Report) -> i32 {
    let options = FactOptions {
        replica_regions: BTreeMap::from([(String::new(), S.to_owned())]),
        ..FactOptions::new(now().parse().unwrap())
    };
    let facts = Facts::new(snapshot, options, table());
    let seen = Whole::of(&facts);
    // What was not asked cannot be missed.
    let asked: BTreeSet<String> = snapshot.calls().map(Call::name).collect();
    let gone = needs::operations_of(action).map(Operation::call).filter(|call| asked.contains(call)).collect();
    let (mut wrong, mut code) = (Vec::new(), 0);
    for rule in &catalog().rules {
        let (was, is) = (verdicts_of(whole, &rule.id), verdicts_of(report, &rule.id));
        let lost = expected(&seen, rule, &gone, &is.keys().collect());
        let unknown =
            |verdicts: &BTreeMap<String, Verdict>| verdicts.values().any(|verdict| *verdict == Verdict::Unknown);
        let untied = UNTIED.contains(&action) && needs::calls(rule).contains("cloudformation:GetTemplate");
        // A person's answer stays one.
        let same = if rule.decided_by == DecidedBy::Person { !unknown(&is) || is == lost } else { is == lost };
        if !same && !untied {
            wrong.push(format!("{}: {was:?} became {is:?}, but the fields say {lost:?}", rule.id));
        }
        if rule.level == Level::Blocker && unknown(&is) {
            code = 3;
        }
    }
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
    let before = by_subject(whole);
    let turned: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Unknown)
        .filter(|finding| {
            before
                .get(&(finding.rule.as_str(), finding.subject.id.as_str()))
                .is_none_or(|was| was.verdict != Verdict::Unknown)
        })
        .collect();
    for finding in &turned {
        let causes: Vec<&Cause> = finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).collect();
        let missing: Vec<&String> = finding.evidence.iter().flat_map(|evidence| &evidence.missing_actions).collect();
        if fault == "denied" {
            let right = !missing.is_empty() && missing.iter().all(|each| *each == action);
            assert!(right, "{what}: {} names {missing:?}", finding.rule);
        } else {
            assert_eq!(missing, Vec::<&String>::new(), "{what}: {}", finding.rule);
            assert!(causes.iter().any(|cause| cause.root().kind() == "failed"), "{what}: {}: {causes:?}", finding.rule);
        }
    }
    if fault == "denied" {
        let named: BTreeSet<&String> = report.coverage.missing_actions.values().flatten().collect();
        let wanted: BTreeSet<&String> = turned.iter().map(|finding| &finding.fingerprint).collect();
        assert_eq!(named, wanted, "{what}: coverage.missing_actions {:?}", report.coverage.missing_actions.keys());
    }
    code
}

/// Every action of the table of operations.
fn actions() -> BTreeSet<&'static str> {
    OPERATIONS.iter().flat_map(|operation| operation.iam).copied().collect()
}

/// One action of each service, which answers and fails in that service's own shape.
fn one_of_each_service() -> BTreeSet<&'static str> {
    let mut of: BTreeMap<&str, &str> = BTreeMap::new();
    for operation in OPERATIONS.iter() {
        for action in operation.iam.iter().take(1) {
            of.entry(operation.service).or_insert(action);
        }
    }
    of.into_values().collect()
}

#[test]
fn each_action_denied_on_the_complete_pool() {
    missing("complete", "denied", &actions());
}

#[test]
fn http_500_of_each_service() {
    missing("complete", "http500", &one_of_each_service());
}

#[test]
fn no_answer_of_each_service() {
    missing("complete", "timeout", &one_of_each_service());
}

#[test]
fn half_an_answer_of_each_service() {
    missing("complete", "truncated", &one_of_each_service());
}

/// STS needs no permission, but it can fail: then a pool's ARN says which account this is.
#[test]
fn without_the_callers_identity_all_is_decided() {
    let Some(account) = account() else { return };
    let pool = account.pool("ready");
    for fault in ["denied", "http500", "truncated"] {
        let (_, run) = run(account, pool, &json!([{"operation": "sts:GetCallerIdentity", "fault": fault}]));
        assert_eq!(run.code(), Some(0), "{fault}: {}", run.stderr);
        assert_eq!(run.report().snapshot.accounts, ["123456789012"], "{fault}");
    }
}

/// An action that is refused in one Region only: what the other Region said still counts.
#[test]
fn a_refusal_in_one_region_leaves_the_other() {
    let Some(account) = account() else { return };
    let faults = json!([{"action": "kms:*", "region": "us-west-2", "fault": "denied"}]);
    let (_, run) = run(account, account.pool("ready"), &faults);
    assert_eq!(run.code(), Some(3), "{}", run.stderr);
    let report = run.report();
    let refused = |finding: &&Finding| {
        let causes = finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref());
        causes.into_iter().any(|cause| cause.root().kind() == "denied")
    };
    let unknown: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Unknown)
        .filter(refused)
        .map(|finding| finding.rule.as_str())
        .collect();
    let wanted = [
        "related-key-enabled",
        "related-key-policy-allows-cognito",
        "related-key-policy-names-cognito",
        "related-key-symmetric-customer-key",
        "related-key-without-end-date",
    ];
    assert_eq!(unknown, BTreeSet::from(wanted));
}

/// A throttled call is tried again; one that stays throttled is told as such, not as denied.
#[test]
fn throttled_once_is_no_matter_and_throttled_for_good_is_told() {
    let Some(account) = account() else { return };
    let pool = account.pool("ready");
    let rule = |times: u32| json!([{"action": "kms:DescribeKey", "fault": "throttled", "times": times}]);
    at_once(&[(2, 0), (100, 3)], |(times, code)| {
        let (_, run) = run(account, pool, &rule(*times));
        assert_eq!(run.code(), Some(*code), "{times}: {}", run.stderr);
        let report = run.report();
        assert_eq!(report.coverage.throttled > 0, *code == 3, "{times}");
        let finding = by_subject(&report)[&("key-enabled", pool)];
        let cause = finding.evidence.iter().find_map(|evidence| evidence.cause.as_ref());
        assert_eq!(cause.map(|cause| cause.root().kind()), (*code == 3).then_some("throttled"));
        assert!(report.coverage.missing_actions.is_empty());
    });
}
