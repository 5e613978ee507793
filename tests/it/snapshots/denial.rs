//! What is lost when one call is refused, fails, is throttled, or was not made: exactly the rules that need it turn
//! UNKNOWN and say why; nothing becomes PASS, nothing else changes.

use std::collections::BTreeSet;

use mrready::facts::Facts;
use mrready::model::report::Finding;
use mrready::model::{Cause, Gate, Verdict};
use mrready::snapshot::operations::{OPERATIONS, Operation, find_call};
use mrready::snapshot::{Call, CallError, ErrorKind};

use crate::areas;
use crate::builder::{ANY, Account, DESCRIBE_POOL, Judged, MFA, P, Run, S, catalog, denied, failure, table};
use crate::closure::{Whole, expected, verdicts_of};

/// Answers that say, of the resource that was asked for, that it is not there: that decides, and is no lost evidence.
const NOT_FOUND_DECIDES: &[&str] = &[
    "iam:GetRole",
    "lambda:GetFunctionConfiguration",
    "lambda:GetPolicy",
    "route53:GetHealthCheck",
    "sesv2:GetConfigurationSet",
    "sesv2:GetEmailIdentity",
];

/// Every operation that the furnished account is asked, with what each rule must say without its answers.
fn each_lost(lose: impl Fn(Account, &str) -> Account, decides: &[&str], why: impl Fn(&Cause, &str) -> bool) {
    let whole = areas::furnished();
    let run = Run { decisions: String::new(), ..areas::run() };
    let before = run.judge(&whole);
    let snapshot = whole.snapshot();
    let facts = Facts::new(&snapshot, run.fact_options(), table());
    let seen = Whole::of(&facts);
    let mut wrong = Vec::new();
    for call in
        OPERATIONS.iter().map(Operation::call).filter(|call| whole.calls.iter().any(|each| each.name() == *call))
    {
        let after = run.judge(&lose(whole.clone(), &call));
        let gone = BTreeSet::from([call.clone()]);
        for rule in &catalog().rules {
            let actual = verdicts_of(&after.report, &rule.id);
            let expected = expected(&seen, rule, &gone, &actual.keys().collect());
            if actual != expected && !decides.contains(&call.as_str()) {
                wrong.push(format!("{call}: {}: {actual:?}, but its fields say {expected:?}", rule.id));
            }
        }
        let known: BTreeSet<_> = unknown(&before).into_iter().map(|finding| &finding.fingerprint).collect();
        for finding in unknown(&after).into_iter().filter(|finding| !known.contains(&finding.fingerprint)) {
            let causes = Judged::causes(finding);
            let words = Judged::words(finding);
            if !causes.iter().any(|cause| why(cause, &call)) {
                wrong.push(format!("{call}: {}: {causes:?}", finding.rule));
            }
            if !causes.iter().any(|cause| words.contains(&cause.to_string())) {
                wrong.push(format!("{call}: {}: the cause is not in {words}", finding.rule));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

fn unknown(judged: &Judged) -> Vec<&Finding> {
    judged.report.findings.iter().filter(|finding| finding.verdict == Verdict::Unknown).collect()
}

#[test]
fn the_furnished_account_is_asked_everything_and_nothing_of_it_is_unknown() {
    let accounts = [areas::furnished(), areas::by_end_user_messaging(), areas::by_own_sender()];
    let asked: BTreeSet<String> = accounts.iter().flat_map(|account| &account.calls).map(Call::name).collect();
    let missing: Vec<String> = OPERATIONS.iter().map(Operation::call).filter(|call| !asked.contains(call)).collect();
    assert_eq!(missing, Vec::<String>::new());
    for account in accounts {
        assert_eq!(areas::run().judge(&account).rules_with(Verdict::Unknown), BTreeSet::new());
    }
}

#[test]
fn each_call_denied_alone() {
    each_lost(Account::deny, &[], |cause, call| cause.missing_actions() == find_call(call).unwrap().iam);
}

#[test]
fn each_call_failed_throttled_or_not_offered() {
    let errors: &[(CallError, &str, &[&str])] = &[
        (CallError { status: Some(500), ..failure(ErrorKind::Failed, "InternalErrorException") }, "failed", &[]),
        (failure(ErrorKind::Failed, "Timeout"), "failed", &[]),
        (failure(ErrorKind::Failed, "Unparsable"), "failed", &[]),
        (failure(ErrorKind::Throttled, "TooManyRequestsException"), "throttled", &[]),
        (failure(ErrorKind::NotOffered, "OperationNotEnabledException"), "not_offered", &[]),
        (failure(ErrorKind::NotFound, "ResourceNotFoundException"), "not_found", NOT_FOUND_DECIDES),
    ];
    for (error, kind, decides) in errors {
        each_lost(
            |account, call| account.error(call, ANY, error),
            decides,
            |cause, call| cause.root().kind() == *kind && cause.to_string().contains(call),
        );
    }
}

#[test]
fn each_call_not_made() {
    each_lost(
        |account, call| account.remove(call, ANY),
        &[],
        |cause, call| cause.root().kind() == "not_collected" && cause.to_string().contains(call),
    );
}

/// What a grant would bring back is told by action.
#[test]
fn coverage_names_what_a_grant_brings_back() {
    for call in ["kms:DescribeKey", "cognito-idp:GetUserPoolMfaConfig", "apigatewayv2:GetRoutes"] {
        let after = areas::run().judge(&areas::furnished().deny(call));
        let coverage = &after.report.coverage;
        assert!(coverage.denied > 0 && coverage.problems.iter().all(|problem| problem.call == call), "{call}");
        let unknown: BTreeSet<&String> = unknown(&after).into_iter().map(|finding| &finding.fingerprint).collect();
        for action in find_call(call).unwrap().iam {
            assert_eq!(coverage.missing_actions[*action].iter().collect::<BTreeSet<_>>(), unknown, "{action}");
        }
    }
}

/// What is lost decides whether a gate can be: blockers in the exit code, advisories not.
#[test]
fn the_exit_code_follows_the_blockers() {
    for (call, code) in [
        ("kms:DescribeKey", 3),
        ("kms:GetKeyPolicy", 3),
        ("cognito-idp:DescribeUserPool", 3),
        ("cognito-idp:GetUserPoolMfaConfig", 3),
        ("cognito-idp:ListUserImportJobs", 3),
        ("cognito-idp:ListUserPoolReplicas", 3),
        ("apigateway:GetAuthorizers", 3),
        ("apigatewayv2:GetRoutes", 3),
        ("cloudformation:GetTemplate", 0),
        ("cognito-idp:ListIdentityProviders", 0),
        ("cognito-idp:DescribeUserPoolClient", 0),
        ("sts:GetCallerIdentity", 0),
    ] {
        let judged = areas::core_furnished(Account::ready()).deny(call).attested();
        assert_eq!(judged.code(), code, "{call}: {:?}", judged.report.summary.exit.because);
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
        let unknown = judged.rules_with(Verdict::Unknown);
        assert!(lost.iter().all(|rule| unknown.contains(rule)), "{call}: {unknown:?}");
        // What P says is known still.
        for finding in judged.report.findings.iter().filter(|finding| finding.verdict == Verdict::Unknown) {
            let asked = Judged::causes(finding).iter().all(|cause| cause.to_string().contains(S));
            assert!(asked, "{call}: {}: {}", finding.rule, Judged::words(finding));
        }
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
