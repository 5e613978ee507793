//! One thing missing at a time: an action denied, a service that fails, stalls or breaks off.
//!
//! Which rules then cannot be decided is written down here by a person, from the fields that each rule reads and the call
//! that each field comes from. Nothing passes for want of evidence, and all else is as with whole evidence.

use std::collections::{BTreeMap, BTreeSet};

use mrready::model::report::{Finding, Report};
use mrready::model::{Cause, Verdict};
use serde_json::json;

use super::{Bench, Run, at_once, attestations, by_subject};
use crate::tools::{Account, account};

/// What one missing action costs.
struct Case {
    action: &'static str,
    /// The rules that cannot be decided.
    unknown: &'static [&'static str],
    /// Whether references are left that cannot be tied to a pool, which is told and is no unknown.
    unresolved: bool,
    /// The exit code with the decisions file.
    code: i32,
}

const fn case(action: &'static str, unknown: &'static [&'static str], code: i32) -> Case {
    Case { action, unknown, unresolved: false, code }
}

/// Stacks: what is in them is advisory, so no gate hangs on it but the one a person answers for.
const TEMPLATES: &[&str] = &["references-resolved", "template-accepts-new-issuer", "template-reference-reviewed"];
const TEMPLATES_ONLY: &[&str] = &["template-accepts-new-issuer", "template-reference-reviewed"];
const IMPORTS: &[&str] = &["no-import-running", "no-import-waiting"];
const APIS: &[&str] = &[
    "http-route-accepts-new-issuer",
    "lambda-authorizer-accepts-both-issuers",
    "rest-cognito-authorizer-replaced",
    "rest-jwt-authorizer-audience-has-id-tokens",
    "rest-jwt-authorizer-names-primary-host",
    "rest-jwt-authorizer-ready-for-switch",
];
const KEY: &[&str] = &[
    "key-enabled",
    "key-material-from-kms",
    "key-multi-region",
    "key-symmetric-customer-key",
    "key-without-end-date",
    "related-key-enabled",
    "related-key-exists",
    "related-key-policy-allows-cognito",
    "related-key-policy-names-cognito",
    "related-key-symmetric-customer-key",
    "related-key-without-end-date",
];
const KEY_POLICY: &[&str] = &[
    "key-not-broadly-deletable",
    "key-policy-allows-cognito",
    "related-key-policy-allows-cognito",
    "related-key-policy-names-cognito",
];

/// On the pool `ready`: no replica, no OAuth, no identity provider, MFA off.
const READY: &[Case] = &[
    case("apigateway:GET", APIS, 3),
    // The parameters that an issuer is made of come from here.
    Case { unresolved: true, ..case("cloudformation:DescribeStacks", TEMPLATES_ONLY, 0) },
    case("cloudformation:GetTemplate", TEMPLATES, 0),
    case("cloudformation:ListExports", TEMPLATES, 0),
    // Without physical ids no `GetAtt` can be tied to a pool.
    Case { unresolved: true, ..case("cloudformation:ListStackResources", TEMPLATES_ONLY, 0) },
    case("cloudformation:ListStacks", TEMPLATES, 0),
    case(
        "cognito-idp:DescribeUserPool",
        &[
            "custom-domain-present",
            "customer-managed-key-attached",
            "deletion-protection-active",
            "feature-plan-allows-mrr",
            "issuer-updated",
            "key-enabled",
            "key-material-from-kms",
            "key-multi-region",
            "key-not-broadly-deletable",
            "key-policy-allows-cognito",
            "key-symmetric-customer-key",
            "key-without-end-date",
            "no-domain",
            "no-write-flows-in-failover",
            "overlap-window-short",
            "related-key-enabled",
            "related-key-exists",
            "related-key-policy-allows-cognito",
            "related-key-policy-names-cognito",
            "related-key-symmetric-customer-key",
            "related-key-without-end-date",
            "triggers-prepared",
            "user-migration-finished",
        ],
        3,
    ),
    // Whether a domain is needed hangs on the clients; it belongs to a gate whose turn has not come.
    case("cognito-idp:DescribeUserPoolClient", &["domain-active", "overlap-window-short"], 0),
    // Neither OAuth nor federation: no rule asks for the state of the domain.
    case("cognito-idp:DescribeUserPoolDomain", &[], 0),
    case("cognito-idp:GetUserPoolMfaConfig", &["no-totp", "required-mfa-works-in-replica"], 3),
    case("cognito-idp:ListIdentityProviders", &["domain-active", "federated-users-known-in-primary"], 0),
    case("cognito-idp:ListUserImportJobs", IMPORTS, 3),
    case("cognito-idp:ListUserPoolClients", &["domain-active", "overlap-window-short"], 0),
    case(
        "cognito-idp:ListUserPoolReplicas",
        &[
            "critical-triggers-in-replica",
            "no-secondary-elsewhere",
            "other-triggers-in-replica",
            "replica-active",
            "replica-settled",
            "triggers-prepared",
        ],
        3,
    ),
    // The pool was named; what the list would add, other calls say as well.
    case("cognito-idp:ListUserPools", &[], 0),
    case("kms:DescribeKey", KEY, 3),
    case("kms:GetKeyPolicy", KEY_POLICY, 3),
];

/// On the pool `replicated-active`: an active replica, an OAuth client; every gate counts.
const ACTIVE: &[Case] = &[
    case("apigateway:GET", APIS, 3),
    Case { unresolved: true, ..case("cloudformation:DescribeStacks", TEMPLATES_ONLY, 0) },
    case("cloudformation:GetTemplate", TEMPLATES, 0),
    case("cloudformation:ListExports", TEMPLATES, 0),
    Case { unresolved: true, ..case("cloudformation:ListStackResources", TEMPLATES_ONLY, 0) },
    case("cloudformation:ListStacks", TEMPLATES, 0),
    case(
        "cognito-idp:DescribeUserPool",
        &[
            "critical-triggers-in-replica",
            "custom-domain-present",
            "customer-managed-key-attached",
            "deletion-protection-active",
            "domain-active",
            "feature-plan-allows-mrr",
            "issuer-updated",
            "key-enabled",
            "key-material-from-kms",
            "key-multi-region",
            "key-not-broadly-deletable",
            "key-policy-allows-cognito",
            "key-symmetric-customer-key",
            "key-without-end-date",
            "no-write-flows-in-failover",
            "other-triggers-in-replica",
            "overlap-window-short",
            "related-key-enabled",
            "related-key-exists",
            "related-key-policy-allows-cognito",
            "related-key-policy-names-cognito",
            "related-key-symmetric-customer-key",
            "related-key-without-end-date",
            "user-migration-finished",
        ],
        3,
    ),
    case("cognito-idp:DescribeUserPoolClient", &["domain-active", "overlap-window-short"], 3),
    case("cognito-idp:DescribeUserPoolDomain", &["domain-active"], 3),
    case("cognito-idp:GetUserPoolMfaConfig", &["no-totp", "required-mfa-works-in-replica"], 3),
    // The OAuth client alone asks for a domain.
    case("cognito-idp:ListIdentityProviders", &["federated-users-known-in-primary"], 0),
    case("cognito-idp:ListUserImportJobs", IMPORTS, 3),
    case("cognito-idp:ListUserPoolClients", &["domain-active", "overlap-window-short"], 3),
    case(
        "cognito-idp:ListUserPoolReplicas",
        &[
            "critical-triggers-in-replica",
            "no-secondary-elsewhere",
            "other-triggers-in-replica",
            "replica-active",
            "replica-settled",
            "triggers-prepared",
        ],
        3,
    ),
    case("cognito-idp:ListUserPools", &[], 0),
    case("kms:DescribeKey", KEY, 3),
    case("kms:GetKeyPolicy", KEY_POLICY, 3),
];

/// A run on a pool with the decisions file, and with these faults.
fn run(account: &Account, pool: &str, faults: &serde_json::Value) -> (Bench, Run) {
    let bench = Bench::new(&account.url);
    bench.write("answers.yaml", &attestations());
    account.faults(&bench.key, faults);
    // Short where every such call is waited for; elsewhere a slow machine is no missing answer.
    let wait = if faults.to_string().contains("timeout") { "2" } else { "60" };
    let run = bench.audit(&[pool], &["--waivers", "answers.yaml", "--call-timeout", wait]);
    (bench, run)
}

/// Every case of `table` with the fault `fault` on the pool of `scenario`.
fn missing(scenario: &str, fault: &str, table: &[Case]) {
    let Some(account) = account() else { return };
    let pool = account.pool(scenario);
    let (_, whole) = run(account, pool, &json!([]));
    assert_eq!(whole.code(), Some(0), "{}", whole.stderr);
    let whole = whole.report();
    at_once(table, |case| {
        let (bench, run) = run(account, pool, &json!([{"action": case.action, "fault": fault, "seconds": 15}]));
        let what = format!("{scenario}: {fault} {}", case.action);
        let hit = account.calls(&bench.key).iter().filter(|call| call["fault"] == fault).count();
        assert!(hit > 0, "{what}: the run never asked for it");
        let report = run.report();
        compare(&what, case, fault, &whole, &report);
        assert_eq!(run.code(), Some(case.code), "{what}: {}", run.stderr);
        let last = run.stderr.lines().last().unwrap_or_default();
        assert!(case.code == 0 || last.starts_with("mrready: exit 3: "), "{what}: {last}");
    });
}

fn compare(what: &str, case: &Case, fault: &str, whole: &Report, report: &Report) {
    let (before, after) = (by_subject(whole), by_subject(report));
    let subjects: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
    let mut unknown: BTreeMap<&str, &Finding> = BTreeMap::new();
    for (rule, subject) in subjects {
        let (was, is) = (before.get(&(rule, subject)), after.get(&(rule, subject)));
        let Some(is) = is else { panic!("{what}: {rule} on {subject} is gone") };
        // What cannot be tied to a pool any more is told for every pool, and on its own.
        if was.is_none() && case.unresolved && is.subject.pool_id.is_none() {
            assert_ne!(is.verdict, Verdict::Pass, "{what}: {rule} on {subject}");
            continue;
        }
        let Some(was) = was else { panic!("{what}: {rule} on {subject} is new") };
        if case.unresolved && rule == "references-resolved" {
            assert_eq!(is.verdict, Verdict::Info, "{what}: {rule}");
        } else if is.verdict == Verdict::Unknown && was.verdict != Verdict::Unknown {
            assert!(unknown.insert(rule, is).is_none(), "{what}: {rule} has several unknowns");
        } else {
            assert_eq!(is.verdict, was.verdict, "{what}: {rule} on {subject}: {}", is.message);
            // Three may speak otherwise: what states facts and no verdict, what does not apply but was not searched for,
            // and a person who answers where the evidence did.
            let states_facts = is.verdict == Verdict::Info && is.message.contains("‹unknown›");
            let not_searched = is.verdict == Verdict::NotApplicable && !is.message.contains("none found");
            let attested = (rule, case.action) == ("pool-eligible", "cognito-idp:ListUserPoolReplicas");
            let free = states_facts || not_searched || (attested && is.waiver.is_some());
            assert!(is.message == was.message || free, "{what}: {rule}: {} / {}", was.message, is.message);
        }
    }
    let turned: Vec<&str> = unknown.keys().copied().collect();
    assert_eq!(turned, case.unknown, "{what}: what turned unknown (left) is not what the table says (right)");
    for (rule, finding) in &unknown {
        let causes: Vec<&Cause> = finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).collect();
        let missing: Vec<&String> = finding.evidence.iter().flat_map(|evidence| &evidence.missing_actions).collect();
        if fault == "denied" {
            let right = !missing.is_empty() && missing.iter().all(|action| *action == case.action);
            assert!(right, "{what}: {rule} names {missing:?}");
        } else {
            assert_eq!(missing, Vec::<&String>::new(), "{what}: {rule}");
            assert!(causes.iter().any(|cause| cause.root().kind() == "failed"), "{what}: {rule}: {causes:?}");
        }
    }
    let mut named: Vec<&String> = report.coverage.missing_actions.values().flatten().collect();
    let mut wanted: Vec<&String> = unknown.values().map(|finding| &finding.fingerprint).collect();
    if fault != "denied" {
        wanted.clear();
    }
    named.sort();
    wanted.sort();
    assert_eq!(named, wanted, "{what}: coverage.missing_actions {:?}", report.coverage.missing_actions.keys());
}

#[test]
fn denied_on_a_ready_pool() {
    missing("ready", "denied", READY);
}

#[test]
fn http_500_on_a_ready_pool() {
    missing("ready", "http500", READY);
}

#[test]
fn no_answer_on_a_ready_pool() {
    missing("ready", "timeout", READY);
}

#[test]
fn half_an_answer_on_a_ready_pool() {
    missing("ready", "truncated", READY);
}

#[test]
fn denied_on_a_pool_with_an_active_replica() {
    missing("replicated-active", "denied", ACTIVE);
}

#[test]
fn both_tables_name_every_action_of_the_operations() {
    let actions: BTreeSet<&str> =
        mrready::snapshot::operations::OPERATIONS.iter().flat_map(|operation| operation.iam).copied().collect();
    for table in [READY, ACTIVE] {
        assert_eq!(table.iter().map(|case| case.action).collect::<BTreeSet<_>>(), actions);
    }
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
    let unknown: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Unknown)
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
