//! Gates: where a pool stands, whether it may pass, what decisions change, and the exit code that follows.

use std::collections::BTreeSet;

use mrready::audit::FailOn;
use mrready::model::report::Reduction;
use mrready::model::{Gate, TargetIssuer, Verdict};
use mrready::rules::{DecisionKind, parse_decisions};
use serde_json::json;

use crate::builder::{
    Account, DESCRIBE_CLIENT, DESCRIBE_DOMAIN, DESCRIBE_KEY, DESCRIBE_POOL, IMPORTS, Judged, KEY_POLICY, MFA, P, POOL,
    REPLICAS, Run, S, STACKS, catalog, http_jwt, old_issuer, route,
};

const ROUTE: &str = "http-route-accepts-new-issuer";

/// A pool whose issuer switch one route blocks.
fn blocked_by_a_route() -> Account {
    Account::ready().http_api(P, "h", vec![http_jwt("a", &old_issuer(POOL))], vec![route("r", "a")])
}

fn lite() -> Account {
    Account::ready().set(DESCRIBE_POOL, P, "/UserPool/UserPoolTier", "LITE")
}

/// What became of the last decision in the file.
fn state(judged: &Judged, rule: &str) -> (String, String) {
    let found: Vec<_> = judged.report.waivers.iter().filter(|waiver| waiver.rule == rule).collect();
    let [state] = found.as_slice() else { panic!("{:?}", judged.report.waivers) };
    (state.state.clone(), state.detail.clone())
}

fn decide(kind: &str, rule: &str, more: &str) -> String {
    let subject = if more.contains("subject:") { "" } else { "subject: '**', " };
    let expires = if more.contains("expires:") { "" } else { "expires: 2027-01-31, " };
    format!("- {{ kind: {kind}, rule: {rule}, {subject}{expires}reason: r, owner: o{more} }}\n")
}

#[test]
fn positions_follow_what_aws_shows() {
    let original = Run { target_issuer: TargetIssuer::Original, ..Run::default() };
    let elsewhere = Account::replicated("ACTIVE").set(
        DESCRIBE_DOMAIN,
        P,
        "/DomainDescription/Routing/Failover/SecondaryRegion",
        "eu-west-1",
    );
    let table = [
        (Account::ready(), Run::default(), "next next later later"),
        (Account::ready(), original.clone(), "not_planned next later later"),
        (Account::switched(), Run::default(), "done next later later"),
        (Account::switched(), original, "done next later later"),
        (Account::replicated("CREATING"), Run::default(), "next done next later"),
        (Account::replicated("INACTIVE"), Run::default(), "next done next later"),
        (Account::replicated("ACTIVE"), Run::default(), "next done done next"),
        (Account::replicated("ACTIVE").routed(), Run::default(), "next done done done"),
        // Routed where no replica is, or before it is active: not done.
        (elsewhere, Run::default(), "next done done next"),
        (Account::replicated("INACTIVE").routed(), Run::default(), "next done next later"),
        // A secondary somewhere else than planned is not the step that is asked about.
        (
            Account::ready().push(
                REPLICAS,
                P,
                json!({ "RegionName": "eu-west-1", "Role": "SECONDARY", "Status": "ACTIVE" }),
            ),
            Run::default(),
            "next next later later",
        ),
        // What cannot be seen was not done.
        (Account::replicated("ACTIVE").routed().deny(REPLICAS), Run::default(), "next next later later"),
        (Account::switched().deny(DESCRIBE_POOL), Run::default(), "next next later later"),
    ];
    for (account, run, expected) in table {
        let judged = run.judge(&account);
        let positions: Vec<&str> = Gate::ALL.iter().map(|gate| judged.gate(*gate).position.as_str()).collect();
        assert_eq!(positions.join(" "), expected);
        for gate in Gate::ALL {
            let gate = judged.gate(*gate);
            assert_eq!(gate.counted, ["done", "next"].contains(&gate.position.as_str()));
        }
    }
}

#[test]
fn a_status_at_every_position() {
    let totp = json!({ "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true } });
    let no_mfa_left = |account: Account| account.set(MFA, P, "", totp.clone());
    let no_domain = |account: Account| account.set(DESCRIBE_DOMAIN, P, "/DomainDescription/Status", "CREATING");
    let idle = |account: Account| account.set(DESCRIBE_CLIENT, P, "/UserPoolClient/AllowedOAuthFlows", json!([]));
    let trigger =
        || Account::ready().set(DESCRIBE_POOL, P, "/UserPool/LambdaConfig", json!({ "PreTokenGeneration": "arn" }));
    let lost_trigger = |status: &str| trigger().replicate(status).unset(DESCRIBE_POOL, S, "/UserPool/LambdaConfig");
    let table = [
        (Gate::Replicate, Account::ready(), "next ready", 0),
        (Gate::Replicate, lite(), "next blocked", 1),
        (Gate::Replicate, Account::ready().deny(KEY_POLICY), "next undetermined", 3),
        (Gate::Replicate, Account::replicated("ACTIVE"), "done ready", 0),
        (
            Gate::Replicate,
            Account::replicated("ACTIVE").set(DESCRIBE_KEY, S, "/KeyMetadata/KeyState", "Disabled"),
            "done blocked",
            1,
        ),
        (Gate::Replicate, Account::replicated("ACTIVE").deny_in(KEY_POLICY, P), "done undetermined", 3),
        (Gate::Activate, Account::ready(), "later undetermined", 0),
        (Gate::Activate, Account::replicated("INACTIVE"), "next ready", 0),
        (Gate::Activate, lost_trigger("INACTIVE"), "next blocked", 1),
        (Gate::Activate, lost_trigger("ACTIVE"), "done blocked", 1),
        (Gate::Activate, Account::replicated("INACTIVE").deny_in(DESCRIBE_POOL, S), "next undetermined", 3),
        (Gate::Failover, Account::replicated("INACTIVE"), "later undetermined", 0),
        (Gate::Failover, no_domain(Account::replicated("INACTIVE")), "later blocked", 0),
        (Gate::Failover, no_domain(Account::replicated("ACTIVE")), "next blocked", 1),
        (Gate::Failover, Account::replicated("ACTIVE"), "next ready", 0),
        (Gate::Failover, no_mfa_left(Account::replicated("ACTIVE")), "next blocked", 1),
        (Gate::Failover, no_mfa_left(Account::replicated("ACTIVE").routed()), "done blocked", 1),
        (Gate::Failover, Account::replicated("ACTIVE").routed(), "done ready", 0),
        // Without OAuth no domain has to be active; that users can sign in there is still decided.
        (Gate::Failover, idle(Account::replicated("ACTIVE")), "next ready", 0),
        (Gate::Issuer, blocked_by_a_route(), "next blocked", 1),
        (Gate::Issuer, Account::switched(), "done ready", 0),
    ];
    for (gate, account, expected, code) in table {
        let judged = account.attested();
        assert_eq!(
            (judged.stands(gate).as_str(), judged.code()),
            (expected, code),
            "{gate}: {:?}",
            judged.report.summary.exit
        );
        assert_eq!(judged.gate(gate).regression, expected == "done blocked", "{gate} {expected}");
        assert_eq!(judged.gate(gate).blocked_by.is_empty(), !expected.ends_with("blocked"), "{gate} {expected}");
    }
}

#[test]
fn the_gates_that_are_asked_for_count() {
    let run = |gate| Run::attested().gate(gate);
    // Blocked elsewhere.
    assert_eq!((run(Gate::Issuer).judge(&lite()).code(), run(Gate::Replicate).judge(&lite()).code()), (0, 1));
    let both = run(Gate::Issuer).gate(Gate::Replicate).judge(&lite());
    assert_eq!((both.code(), both.gate(Gate::Issuer).counted, both.gate(Gate::Failover).counted), (1, true, false));
    // A later gate is never ready, however good everything is.
    for gate in [Gate::Activate, Gate::Failover] {
        let judged = run(gate).judge(&Account::ready());
        assert_eq!((judged.code(), judged.stands(gate).as_str()), (3, "later undetermined"));
        assert!(judged.gate(gate).counted && !judged.gate(Gate::Replicate).counted);
    }
    let because = run(Gate::Failover).judge(&Account::ready()).report.summary.exit.because;
    assert_eq!(because.len(), 1);
}

#[test]
fn one_wins_over_three_and_every_reason_is_named() {
    let judged = lite().deny(KEY_POLICY).push(IMPORTS, P, json!({ "JobId": "j", "Status": "Pending" })).attested();
    let because = &judged.report.summary.exit.because;
    assert_eq!((judged.code(), because.len()), (1, 2));
    assert!(because[0].contains("gate issuer is blocked by no-import-running"), "{because:?}");
    assert!(because[1].contains("feature-plan-allows-mrr") && because[1].contains("no-import-running"), "{because:?}");
    let undetermined = &judged.gate(Gate::Replicate).undetermined_by;
    assert!(undetermined.contains(&format!("key-policy-allows-cognito {POOL}")), "{undetermined:?}");
}

#[test]
fn advisories_count_where_they_are_told_to() {
    let warn = Run { fail_on: FailOn::Warn, ..Run::attested() };
    assert_eq!(warn.judge(&Account::switched()).code(), 0);
    let judged = warn.judge(&Account::ready());
    assert_eq!((judged.code(), judged.report.summary.exit.because.len()), (1, 1));
    assert!(judged.report.summary.exit.because[0].contains("issuer-updated"));
    // Waived it does not count.
    let waived = warn.clone().decided(&decide("waive", "issuer-updated", ""));
    assert_eq!(waived.judge(&Account::ready()).code(), 0);
    // Unknown.
    let unknown = Account::switched().deny(STACKS);
    assert_eq!((warn.judge(&unknown).code(), unknown.attested().code()), (3, 0));
    // Of a gate that does not count.
    let later =
        Account::switched().set(DESCRIBE_POOL, P, "/UserPool/AdminCreateUserConfig/AllowAdminCreateUserOnly", false);
    assert_eq!(later.attested().verdict("no-write-flows-in-failover"), Verdict::Warn);
    assert_eq!((warn.judge(&later).code(), warn.clone().gate(Gate::Failover).judge(&later).code()), (0, 1));
}

#[test]
fn never_is_never() {
    let never = Run { fail_on: FailOn::Never, ..Run::attested() };
    for account in [lite(), Account::ready().deny(KEY_POLICY), Account::default()] {
        let judged = never.judge(&account);
        assert_eq!(judged.code(), 0);
        assert!(!judged.report.summary.exit.because.is_empty(), "the reasons stay");
    }
}

#[test]
fn strict_minds_what_made_a_blocker_weigh_less() {
    let reduction = |touches_blocker| Reduction {
        option: "--level no-totp=info".to_owned(),
        effect: "weighs less".to_owned(),
        touches_blocker,
    };
    for (strict, touches, code) in [(true, true, 3), (true, false, 0), (false, true, 0)] {
        let run = Run { strict, reductions: vec![reduction(touches)], ..Run::attested() };
        let judged = run.judge(&Account::ready());
        assert_eq!(judged.code(), code, "strict {strict}, touches {touches}");
        assert_eq!(judged.report.run.reductions.len(), 1);
        assert_eq!(run.judge(&lite()).code(), 1);
    }
}

#[test]
fn a_waiver_marks_and_never_changes_a_verdict() {
    let account = blocked_by_a_route();
    let run = Run::attested().decided(&decide("waive", ROUTE, ", ticket: T-1"));
    let judged = run.judge(&account);
    let finding = judged.finding(ROUTE);
    assert_eq!((finding.verdict, judged.code()), (Verdict::Fail, 0));
    assert_eq!(finding.waiver.as_ref().map(|w| (w.kind.as_str(), w.ticket.as_deref())), Some(("waive", Some("T-1"))));
    assert_eq!(judged.stands(Gate::Issuer), "next ready");
    assert_eq!(judged.gate(Gate::Issuer).counts[&Verdict::Fail], 1);
    assert_eq!(state(&judged, ROUTE).0, "applied");
    // It waives what is false, not what is unknown.
    let denied = account.deny("apigatewayv2:GetRoutes");
    let judged = run.judge(&denied);
    assert_eq!((judged.code(), state(&judged, ROUTE).0.as_str()), (3, "unused"));
    let judged = Run::attested().decided(&decide("accept_unknown", ROUTE, "")).judge(&denied);
    assert_eq!(
        (judged.code(), judged.verdict(ROUTE), state(&judged, ROUTE).0.as_str()),
        (0, Verdict::Unknown, "applied")
    );
    // And that accepts what is unknown, not what is false.
    let judged = Run::attested().decided(&decide("accept_unknown", ROUTE, "")).judge(&blocked_by_a_route());
    assert_eq!((judged.code(), state(&judged, ROUTE).0.as_str()), (1, "unused"));
}

#[test]
fn a_waiver_that_does_not_apply_says_why() {
    let with = |more: &str| {
        let judged = Run::attested().decided(&decide("waive", ROUTE, more)).judge(&blocked_by_a_route());
        (state(&judged, ROUTE).0, judged.code())
    };
    let is = |state: &str, code| (state.to_owned(), code);
    assert_eq!(with(", expires: 2026-11-20"), is("expired", 1));
    // The whole last day counts.
    assert_eq!(with(", expires: 2026-11-21"), is("applied", 0));
    assert_eq!(with(", expires: '2026-11-21T11:59:59Z'"), is("expired", 1));
    assert_eq!(with(", subject: '999999999999/**'"), is("unused", 1));
    assert_eq!(with(", subject: '*/*/pool/*'"), is("unused", 1));
    // A star does not cross a slash, and a route's id has some.
    assert_eq!(with(", subject: '*/*/route/*'"), is("unused", 1));
    assert_eq!(with(&format!(", subject: '*/{P}/route/apigatewayv2/*/h/r#*'")), is("applied", 0));
    assert_eq!(with(", observed: 'route.accepts_new=true'"), is("outdated", 1));
    assert_eq!(with(", observed: 'route.accepts_new=false'"), is("applied", 0));
}

#[test]
fn what_aws_itself_refuses_cannot_be_waived() {
    let text = decide("waive", "feature-plan-allows-mrr", "");
    let problems = parse_decisions("w.yaml", &text, catalog()).unwrap_err().to_string();
    assert!(problems.contains("cannot be waived"), "{problems}");
    // Nor by a file that was read against other rules.
    let mut decisions = Run::attested().decided(&decide("waive", ROUTE, "")).parsed();
    "feature-plan-allows-mrr".clone_into(&mut decisions.last_mut().unwrap().rule);
    let judged = Run::default().judge_decided(&lite().snapshot(), &decisions);
    assert_eq!((state(&judged, "feature-plan-allows-mrr").0.as_str(), judged.code()), ("refused", 1));
    assert_eq!(judged.finding("feature-plan-allows-mrr").waiver, None);
    for rule in catalog().rules.iter().filter(|rule| !rule.waivable) {
        for kind in ["waive", "accept_unknown"] {
            assert!(parse_decisions("w.yaml", &decide(kind, &rule.id, ""), catalog()).is_err(), "{kind} {}", rule.id);
        }
    }
    // What can only change at the switch is not refused by AWS.
    let run = Run::attested().decided(&decide("cutover", ROUTE, ", window: { from: 2026-11-01, until: 2026-12-01 }"));
    let judged = run.judge(&blocked_by_a_route());
    assert_eq!((state(&judged, ROUTE).0.as_str(), judged.code()), ("applied", 0));
}

#[test]
fn an_answer_is_shown_as_attested() {
    let judged = Account::ready().attested();
    let finding = judged.finding("residency-approved");
    let waiver = finding.waiver.as_ref().unwrap();
    assert_eq!((finding.verdict, waiver.kind.as_str()), (Verdict::Pass, "attest"));
    assert_eq!((waiver.by.as_deref(), waiver.evidence.as_deref()), (Some("ann"), Some("seen")));
    assert!(finding.message.starts_with("attested yes by ann"));
    // What evidence decides needs no answer, and takes none.
    let judged = Account::replicated("ACTIVE").attested();
    assert_eq!(judged.finding("pool-eligible").waiver, None);
    assert_eq!(state(&judged, "pool-eligible").0, "unused");
}

#[test]
fn no_is_no_beside_every_yes_in_any_order() {
    let answer = |answer: &str| {
        decide("attest", "residency-approved", &format!(", answer: {answer}, evidence: e, by: b, on: 2026-11-20"))
    };
    for no in [
        Run::attested().decided(&answer("no")),
        Run::default().decided(&answer("no")).decided(&crate::builder::attestations()),
    ] {
        let judged = no.judge(&Account::ready());
        assert_eq!((judged.verdict("residency-approved"), judged.code()), (Verdict::Fail, 1));
        assert!(judged.finding("residency-approved").message.starts_with("attested no by b"));
    }
    // A rule that evidence decides takes no answer.
    let text = decide("attest", ROUTE, ", answer: yes, evidence: e, by: b, on: 2026-11-20");
    assert!(parse_decisions("w.yaml", &text, catalog()).is_err());
    let mut decisions = Run::default().decided(&answer("yes")).parsed();
    ROUTE.clone_into(&mut decisions[0].rule);
    let judged = Run::default().judge_decided(&blocked_by_a_route().snapshot(), &decisions);
    assert_eq!((judged.verdict(ROUTE), state(&judged, ROUTE).0.as_str()), (Verdict::Fail, "unused"));
    assert!(matches!(decisions[0].kind, DecisionKind::Attest(_)));
}

#[test]
fn an_expired_answer_is_no_answer() {
    let late = crate::builder::attestations().replace("2027-01-31", "2026-11-20");
    let judged = Run::default().decided(&late).judge(&Account::ready());
    assert_eq!((judged.code(), judged.rules_with(Verdict::Manual).len()), (3, 3));
    let states: BTreeSet<&str> = judged.report.waivers.iter().map(|waiver| waiver.state.as_str()).collect();
    assert_eq!(states, BTreeSet::from(["expired"]));
}

#[test]
fn one_pool_of_two_blocks_the_run_and_not_the_other_pool() {
    let mut account = Account::ready().pool("us-east-1_Second001");
    for call in account
        .calls
        .iter_mut()
        .filter(|call| call.name() == DESCRIBE_POOL && call.parameters["UserPoolId"] == "us-east-1_Second001")
    {
        call.response.as_mut().unwrap()["UserPool"]["UserPoolTier"] = json!("LITE");
    }
    let judged = account.attested();
    assert_eq!(judged.code(), 1);
    let statuses: Vec<String> = judged
        .report
        .summary
        .pools
        .iter()
        .map(|pool| format!("{} {}", pool.id, pool.gates[&Gate::Replicate].status))
        .collect();
    assert_eq!(statuses[0], format!("{POOL} ready"));
    assert_eq!(statuses[1], "us-east-1_Second001 blocked");
}
