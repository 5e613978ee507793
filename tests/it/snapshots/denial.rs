//! What is lost when one call is refused, fails, is throttled, or was not made: exactly the rules that need it turn
//! UNKNOWN and say why; nothing becomes PASS, nothing else changes.

use std::collections::BTreeSet;

use mrready::model::{Cause, Gate, SubjectKind, Verdict};
use mrready::snapshot::operations::{OPERATIONS, find_call};
use mrready::snapshot::{CallError, ErrorKind};

use crate::builder::{
    ANY, Account, DESCRIBE_POOL, Judged, MFA, OTHER_POOL, P, POOL, Run, S, denied, failure, http_jwt, new_issuer,
    old_issuer, pool_arn, rest_cognito, rest_jwt, route,
};

/// One call, the rules that cannot be decided without it, and the exit code that the ready account then ends with.
struct Row(&'static str, &'static [&'static str], u8);

/// Written by hand: what depends on what is the promise that this holds the tool to.
const TABLE: &[Row] = &[
    Row(
        "apigateway:GetAuthorizers",
        &[
            "lambda-authorizer-accepts-both-issuers",
            "rest-cognito-authorizer-replaced",
            "rest-jwt-authorizer-audience-has-id-tokens",
            "rest-jwt-authorizer-names-primary-host",
            "rest-jwt-authorizer-ready-for-switch",
        ],
        3,
    ),
    Row(
        "apigateway:GetRestApis",
        &[
            "lambda-authorizer-accepts-both-issuers",
            "rest-cognito-authorizer-replaced",
            "rest-jwt-authorizer-audience-has-id-tokens",
            "rest-jwt-authorizer-names-primary-host",
            "rest-jwt-authorizer-ready-for-switch",
        ],
        3,
    ),
    Row("apigatewayv2:GetApis", &["http-route-accepts-new-issuer", "lambda-authorizer-accepts-both-issuers"], 3),
    Row("apigatewayv2:GetAuthorizers", &["http-route-accepts-new-issuer"], 3),
    Row("apigatewayv2:GetRoutes", &["http-route-accepts-new-issuer", "lambda-authorizer-accepts-both-issuers"], 3),
    Row("cloudformation:DescribeStacks", TEMPLATES, 0),
    Row("cloudformation:GetTemplate", TEMPLATES, 0),
    Row("cloudformation:ListExports", TEMPLATES, 0),
    Row("cloudformation:ListStackResources", TEMPLATES, 0),
    Row("cloudformation:ListStacks", TEMPLATES, 0),
    Row(
        "cognito-idp:DescribeUserPool",
        &[
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
            "overlap-window-short",
            "related-key-enabled",
            "related-key-exists",
            "related-key-policy-allows-cognito",
            "related-key-policy-names-cognito",
            "related-key-symmetric-customer-key",
            "related-key-without-end-date",
            "rest-jwt-authorizer-accepts-new-issuer",
            "rest-jwt-authorizer-ready-for-switch",
            "triggers-prepared",
            "user-migration-finished",
        ],
        3,
    ),
    Row(
        "cognito-idp:DescribeUserPoolClient",
        &["domain-active", "overlap-window-short", "rest-jwt-authorizer-audience-has-id-tokens"],
        0,
    ),
    Row("cognito-idp:DescribeUserPoolDomain", &["domain-active"], 0),
    Row("cognito-idp:GetUserPoolMfaConfig", &["no-totp", "required-mfa-works-in-replica"], 3),
    Row("cognito-idp:ListIdentityProviders", &["federated-users-known-in-primary"], 0),
    Row("cognito-idp:ListUserImportJobs", &["no-import-running", "no-import-waiting"], 3),
    Row(
        "cognito-idp:ListUserPoolClients",
        &["domain-active", "overlap-window-short", "rest-jwt-authorizer-audience-has-id-tokens"],
        0,
    ),
    // The pool's eligibility stays what a person answered: no replica was seen that would prove it.
    Row(
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
    Row("cognito-idp:ListUserPools", &[], 0),
    Row(
        "kms:DescribeKey",
        &[
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
        ],
        3,
    ),
    Row(
        "kms:GetKeyPolicy",
        &[
            "key-not-broadly-deletable",
            "key-policy-allows-cognito",
            "related-key-policy-allows-cognito",
            "related-key-policy-names-cognito",
        ],
        3,
    ),
    Row("sts:GetCallerIdentity", &[], 0),
];

const TEMPLATES: &[&str] = &["references-resolved", "template-accepts-new-issuer", "template-reference-reviewed"];

/// The ready account with consumers that are ready too, so that every call of the table is in it.
fn furnished() -> Account {
    let (old, new) = (old_issuer(POOL), new_issuer(POOL));
    Account::ready()
        .rest_api(P, "ours", vec![rest_jwt("jwt", &[&old, &new])])
        .rest_api(S, "theirs", vec![rest_cognito("c", &pool_arn(S, OTHER_POOL))])
        .http_api(P, "ours", vec![http_jwt("jwt", &new)], vec![route("orders", "jwt")])
        .stack(P, "app", "UPDATE_COMPLETE")
        .hit(P, "web", |hit| hit.accepts_new = true)
}

/// Holds what became of the ready account without `row`'s call against the table.
fn check(row: &Row, before: &Judged, after: &Judged, why: impl Fn(&Cause) -> bool) {
    let Row(call, lost, code) = row;
    let lost: BTreeSet<&str> = lost.iter().copied().collect();
    assert_eq!(after.rules_with(Verdict::Unknown), lost, "{call}");
    for finding in after.report.findings.iter().filter(|finding| finding.verdict == Verdict::Unknown) {
        let causes = Judged::causes(finding);
        assert!(causes.iter().any(|cause| why(cause)), "{call}, {}: {causes:?}", finding.rule);
        let words = Judged::words(finding);
        assert!(causes.iter().any(|cause| words.contains(&cause.to_string())), "{call}, {}: {words}", finding.rule);
    }
    let (old, new) = (before.verdicts(), after.verdicts());
    for ((rule, subject), verdict) in &new {
        match old.get(&(rule.clone(), subject.clone())) {
            Some(same) if same == verdict => {}
            // What the pool alone rules out for every subject, it rules out unseen too.
            None if *verdict == Verdict::NotApplicable => {
                assert!(
                    before.findings(rule).iter().all(|each| each.verdict == Verdict::NotApplicable),
                    "{call}: {rule}"
                );
            }
            _ => assert_eq!(
                (*verdict, lost.contains(rule.as_str())),
                (Verdict::Unknown, true),
                "{call}: {rule} {subject}"
            ),
        }
    }
    // Only subjects that cannot be listed any more are gone, and their rule says so on the pool.
    for finding in before
        .report
        .findings
        .iter()
        .filter(|finding| !new.contains_key(&(finding.rule.clone(), finding.subject.id.clone())))
    {
        assert_ne!(finding.subject.kind, SubjectKind::Pool, "{call}: {}", finding.rule);
        let rest = after.on_pool(&finding.rule);
        assert!(matches!(rest.verdict, Verdict::Unknown | Verdict::NotApplicable), "{call}: {}", finding.rule);
    }
    assert_eq!(after.code(), *code, "{call}: {:?}", after.report.summary.exit.because);
}

#[test]
fn the_table_has_every_operation_and_starts_from_nothing_unknown() {
    let calls: Vec<&str> = TABLE.iter().map(|row| row.0).collect();
    let operations: Vec<String> = OPERATIONS.iter().map(mrready::snapshot::operations::Operation::call).collect();
    assert_eq!(calls, operations);
    let before = furnished().attested();
    assert_eq!((before.code(), before.rules_with(Verdict::Unknown)), (0, BTreeSet::new()));
}

#[test]
fn each_call_denied_alone() {
    let before = furnished().attested();
    for row in TABLE {
        let after = furnished().deny(row.0).attested();
        let actions = find_call(row.0).unwrap().iam;
        check(row, &before, &after, |cause| cause.missing_actions() == actions);
        let coverage = &after.report.coverage;
        assert!(coverage.denied > 0 && coverage.problems.iter().all(|problem| problem.call == row.0), "{}", row.0);
        // What a grant would bring back is told by action.
        let unknown: BTreeSet<&String> = after
            .report
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Unknown)
            .map(|finding| &finding.fingerprint)
            .collect();
        for action in actions.iter().filter(|_| !unknown.is_empty()) {
            assert_eq!(coverage.missing_actions[*action].iter().collect::<BTreeSet<_>>(), unknown, "{action}");
        }
    }
}

#[test]
fn each_call_failed_throttled_or_not_offered() {
    let before = furnished().attested();
    let errors: &[(CallError, &str)] = &[
        (CallError { status: Some(500), ..failure(ErrorKind::Failed, "InternalErrorException") }, "failed"),
        (failure(ErrorKind::Failed, "Timeout"), "failed"),
        (failure(ErrorKind::Failed, "Unparsable"), "failed"),
        (failure(ErrorKind::Throttled, "TooManyRequestsException"), "throttled"),
        (failure(ErrorKind::NotOffered, "OperationNotEnabledException"), "not_offered"),
        (failure(ErrorKind::NotFound, "ResourceNotFoundException"), "not_found"),
    ];
    for (error, kind) in errors {
        for row in TABLE {
            let after = furnished().error(row.0, ANY, error).attested();
            check(row, &before, &after, |cause| cause.kind() == *kind && cause.to_string().contains(row.0));
        }
    }
}

#[test]
fn each_call_not_made() {
    let before = furnished().attested();
    for row in TABLE {
        let after = furnished().remove(row.0, ANY).attested();
        check(row, &before, &after, |cause| cause.kind() == "not_collected" && cause.to_string().contains(row.0));
    }
}

#[test]
fn a_call_that_was_left_out_on_purpose_says_why() {
    let mut account = Account::ready().remove(MFA, P);
    account.scope.not_asked.insert(mrready::snapshot::Unasked {
        account: crate::builder::ACCOUNT.to_owned(),
        region: P.to_owned(),
        call: MFA.to_owned(),
        why: "--no-mfa was given".to_owned(),
    });
    let judged = account.attested();
    let words = Judged::words(judged.finding("no-totp"));
    assert!(words.contains("--no-mfa was given"), "{words}");
    assert_eq!(judged.report.coverage.not_asked.len(), 1);
}

#[test]
fn a_refusal_in_the_replica_region_is_not_read_from_the_primary() {
    for (call, lost) in [
        ("cognito-idp:DescribeUserPool", &["critical-triggers-in-replica", "other-triggers-in-replica"][..]),
        (
            "kms:DescribeKey",
            &["related-key-enabled", "related-key-symmetric-customer-key", "related-key-without-end-date"],
        ),
        ("kms:GetKeyPolicy", &["related-key-policy-allows-cognito", "related-key-policy-names-cognito"]),
    ] {
        let judged = Account::replicated("ACTIVE").error(call, S, &denied(call)).attested();
        assert_eq!(judged.rules_with(Verdict::Unknown), lost.iter().copied().collect(), "{call}");
        assert_eq!(judged.code(), 3, "{call}");
    }
}

#[test]
fn mfa_counts_where_the_failover_gate_counts() {
    // Before there is a replica, failover comes later: never ready, and counted only where asked for.
    let ready = Account::ready();
    assert_eq!(Run::attested().gate(Gate::Failover).judge(&ready).code(), 3);
    // What users cannot sign in to is not worth creating: MFA is asked about before that too.
    let judged = ready.deny(MFA).attested();
    assert_eq!((judged.code(), judged.stands(Gate::Replicate).as_str()), (3, "next undetermined"));
    // With an active replica it is the next gate.
    let replicated = Account::replicated("ACTIVE");
    assert_eq!(
        (replicated.attested().code(), replicated.attested().stands(Gate::Failover).as_str()),
        (0, "next ready")
    );
    for (account, lost) in [
        (replicated.clone().deny(MFA), "required-mfa-works-in-replica"),
        (replicated.deny(DESCRIBE_POOL), "domain-active"),
    ] {
        let judged = account.attested();
        assert_eq!((judged.code(), judged.stands(Gate::Failover).as_str()), (3, "next undetermined"));
        let because = &judged.gate(Gate::Failover).undetermined_by;
        assert!(because.iter().any(|rule| rule.starts_with(lost)), "{because:?}");
    }
}
