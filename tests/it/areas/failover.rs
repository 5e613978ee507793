//! Evidence for the rules about failover: domain and certificate, routing, health check, alarms, users who cannot follow.

use std::collections::{BTreeMap, BTreeSet};

use mrready::model::{Gate, Verdict};
use mrready::snapshot::ErrorKind;
use serde_json::{Value, json};

use crate::builder::{
    Account, DESCRIBE_CLIENT, DESCRIBE_DOMAIN, DESCRIBE_POOL, DOMAIN, MFA, P, POOL, PROVIDERS, REPLICAS, Run, S,
    attested, failure,
};

/// The rules of this area that a person decides.
pub(crate) const PERSONS: &[&str] =
    &["application-follows-health-signal", "failover-drill-done", "idp-registrations-name-domain"];

const CERTIFICATE: &str = "acm:DescribeCertificate";
const HEALTH_CHECK: &str = "route53:GetHealthCheck";
const ALARMS: &str = "cloudwatch:DescribeAlarms";
const USERS: &str = "cognito-idp:ListUsers";

const ARN: &str = "arn:aws:acm:us-east-1:111122223333:certificate/0a1b";
/// The check that the routing names, and those it is calculated from.
const ROOT: &str = "0000-root";
const WATCHES_ALARM: &str = "0001-alarm";
const ASKS_ENDPOINT: &str = "0002-endpoint";
const CANARY: &str = "sign-in-canary";

const CONFIG: &str = "/HealthCheck/HealthCheckConfig";

/// What is asked about a pool in P.
pub(crate) fn primary(mut account: Account, pool: &str) -> Account {
    if !account.calls.iter().any(|call| call.name() == CERTIFICATE) {
        account = account.set(DESCRIBE_DOMAIN, P, "/DomainDescription/CustomDomainConfig/CertificateArn", ARN);
        let certificate = json!({ "Certificate": {
            "CertificateArn": ARN, "DomainName": "example.com", "SubjectAlternativeNames": ["example.com", "*.example.com"],
            "Status": "ISSUED", "Type": "AMAZON_ISSUED", "RenewalEligibility": "ELIGIBLE",
            "NotAfter": "2027-06-30T00:00:00Z"
        } });
        account.answer(CERTIFICATE, "us-east-1", &[("CertificateArn", ARN)], certificate);
        account.answer_pages(ALARMS, P, &[], Vec::new(), 100);
    }
    for status in ["FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"] {
        let filter = format!("cognito:user_status = \"{status}\"");
        account.answer_pages(USERS, P, &[("Filter", &filter), ("UserPoolId", pool)], Vec::new(), 60);
        let asked = account.calls.last_mut().expect("just added");
        asked.parameters.insert("AttributesToGet".to_owned(), json!(["sub"]));
    }
    let pools =
        account.set(DESCRIBE_POOL, P, "/UserPool/Policies/SignInPolicy/AllowedFirstAuthFactors", json!(["PASSWORD"]));
    pools.push(ALARMS, P, alarm("SignInSuccesses", pool))
}

/// What is asked in S once there is a replica.
pub(crate) fn secondary(mut account: Account) -> Account {
    account.answer_pages(ALARMS, S, &[], vec![alarm("SignInThrottles", POOL)], 100);
    account
}

/// What is asked once the domain is routed: a calculated check with an alarm outside P and an endpoint of its own.
pub(crate) fn routed(mut account: Account) -> Account {
    let pointer = "/DomainDescription/Routing/Failover/PrimaryRoute53HealthCheckId";
    account = account.set(DESCRIBE_DOMAIN, P, pointer, ROOT);
    let endpoint = json!({
        "Type": "HTTPS", "FullyQualifiedDomainName": "canary.example.com", "ResourcePath": "/sign-in", "Port": 443,
        "RequestInterval": 30, "FailureThreshold": 3
    });
    let watching = json!({
        "Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": { "Name": CANARY, "Region": S },
        "InsufficientDataHealthStatus": "Unhealthy"
    });
    let root =
        json!({ "Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": [WATCHES_ALARM, ASKS_ENDPOINT] });
    for (id, mut config) in [(ROOT, root), (WATCHES_ALARM, watching), (ASKS_ENDPOINT, endpoint)] {
        config["Disabled"] = json!(false);
        config["Inverted"] = json!(false);
        let answer = json!({ "HealthCheck": { "Id": id, "HealthCheckConfig": config } });
        account.answer(HEALTH_CHECK, "us-east-1", &[("HealthCheckId", id)], answer);
    }
    let canary = json!({
        "AlarmName": CANARY, "Namespace": "Example/Canary", "MetricName": "SignIn", "TreatMissingData": "breaching"
    });
    account.answer_pages(ALARMS, S, &[], vec![canary], 100);
    let asked = account.calls.last_mut().expect("just added");
    asked.parameters.insert("AlarmNames".to_owned(), json!([CANARY]));
    account
}

/// An alarm on a metric of Cognito.
fn alarm(metric: &str, pool: &str) -> Value {
    json!({
        "AlarmName": format!("{metric} of {pool}"), "Namespace": "AWS/Cognito", "MetricName": metric,
        "Dimensions": [{ "Name": "UserPool", "Value": pool }], "TreatMissingData": "missing"
    })
}

/// Changes one answer among several to the same call.
fn one(mut account: Account, call: &str, parameter: &str, value: &Value, change: impl FnOnce(&mut Value)) -> Account {
    let mut found =
        account.calls.iter_mut().filter(|each| each.name() == call && each.parameters.get(parameter) == Some(value));
    let answer = found.next().and_then(|each| each.response.as_mut()).expect("an answer");
    change(answer);
    account
}

/// The complete account with a member of a health check changed.
fn check(id: &str, member: &str, value: impl Into<Value>) -> Account {
    let value = value.into();
    one(Account::complete(), HEALTH_CHECK, "HealthCheckId", &json!(id), |answer| {
        answer["HealthCheck"]["HealthCheckConfig"][member] = value;
    })
}

/// The complete account in which Route 53 does not have a health check.
fn without_check(id: &str) -> Account {
    let mut account = Account::complete();
    for call in &mut account.calls {
        if call.name() == HEALTH_CHECK && call.parameters["HealthCheckId"] == id {
            call.response = None;
            call.error = Some(failure(ErrorKind::NotFound, "NoSuchHealthCheck"));
        }
    }
    account
}

/// The complete account with a member of the certificate changed.
fn certificate(member: &str, value: impl Into<Value>) -> Account {
    Account::complete().set(CERTIFICATE, "us-east-1", &format!("/Certificate/{member}"), value)
}

/// The complete account without what its alarms on Cognito watch in a Region.
fn without_alarms(region: &str) -> Account {
    let mut account = Account::complete();
    for call in &mut account.calls {
        if call.name() == ALARMS && call.region == region && call.parameters.is_empty() {
            call.response = Some(json!({ "MetricAlarms": [] }));
        }
    }
    account
}

fn users(account: Account, status: &str) -> Account {
    let filter = json!(format!("cognito:user_status = \"{status}\""));
    one(account, USERS, "Filter", &filter, |answer| answer["Users"] = json!([{ "UserStatus": status }]))
}

fn passkeys(account: Account, id: &str) -> Account {
    account
        .set(
            DESCRIBE_POOL,
            P,
            "/UserPool/Policies/SignInPolicy/AllowedFirstAuthFactors",
            json!(["PASSWORD", "WEB_AUTHN"]),
        )
        .set(MFA, P, "/WebAuthnConfiguration", json!({ "RelyingPartyId": id, "FactorConfiguration": "SINGLE_FACTOR" }))
}

fn federated(account: Account) -> Account {
    account.push(PROVIDERS, P, json!({ "ProviderName": "corp", "ProviderType": "SAML" }))
}

fn routing(account: Account, region: &str) -> Account {
    account.set(DESCRIBE_DOMAIN, P, "/DomainDescription/Routing/Failover/SecondaryRegion", region)
}

/// Accounts in which rules pass that the complete one does not concern.
pub(crate) fn bases() -> Vec<Account> {
    vec![passkeys(Account::complete(), DOMAIN)]
}

/// To every verdict.
pub(crate) fn cases() -> Vec<(Account, Run)> {
    let complete = Account::complete;
    let accounts = vec![
        complete(),
        complete().deny(CERTIFICATE),
        complete().deny(HEALTH_CHECK),
        complete().deny(ALARMS),
        complete().deny(USERS),
        complete().deny(DESCRIBE_DOMAIN),
        complete().deny(REPLICAS),
        complete().deny(DESCRIBE_POOL),
        complete().deny(MFA),
        Account::replicated("INACTIVE").routed(),
        Account::replicated("ACTIVE"),
        // A certificate that cannot be asked for.
        complete().unset(DESCRIBE_DOMAIN, P, "/DomainDescription/CustomDomainConfig"),
        // A check of another type, or of none.
        check(ROOT, "Type", "SEANCE"),
        check(ASKS_ENDPOINT, "Type", json!(7)),
        check(ROOT, "ChildHealthChecks", "a list"),
        check(ASKS_ENDPOINT, "RequestInterval", "often"),
        check(WATCHES_ALARM, "AlarmIdentifier", json!({})),
        check(WATCHES_ALARM, "InsufficientDataHealthStatus", "Poorly"),
        // Checks that are not calculated, and one that watches no alarm.
        without_children(check(ROOT, "Type", "RECOVERY_CONTROL")),
        passkeys(complete(), DOMAIN),
        passkeys(complete(), DOMAIN).deny(MFA),
        complete().set(DESCRIBE_POOL, P, "/UserPool/DeviceConfiguration", json!({})),
        complete().set(DESCRIBE_POOL, P, "/UserPool/UserPoolAddOns", json!({ "AdvancedSecurityMode": "AUDIT" })),
        federated(complete()),
        federated(complete()).deny(PROVIDERS),
    ];
    let mut cases: Vec<(Account, Run)> = accounts.into_iter().map(|account| (account, Run::default())).collect();
    cases.extend(breaks().into_iter().map(|(_, account)| (account, Run::default())));
    for answer in ["yes", "no"] {
        cases.push((federated(complete()), Run::default().decided(&attested(answer))));
    }
    cases
}

/// One change that breaks one rule.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    let complete = Account::complete;
    let arn = "arn:aws:acm:eu-west-1:111122223333:certificate/0a1b";
    vec![
        ("alarms-in-primary", without_alarms(P)),
        ("alarms-in-replica", without_alarms(S)),
        ("alarms-watch-real-metrics", one_more_alarm()),
        ("certificate-covers-domain", certificate("SubjectAlternativeNames", json!(["example.com"]))),
        (
            "certificate-in-us-east-1",
            complete().set(DESCRIBE_DOMAIN, P, "/DomainDescription/CustomDomainConfig/CertificateArn", arn),
        ),
        ("certificate-lasts", certificate("NotAfter", "2026-12-24T00:00:00Z")),
        ("certificate-renews-itself", certificate("RenewalEligibility", "INELIGIBLE")),
        ("certificate-valid", certificate("Status", "REVOKED")),
        ("domain-routed", Account::switched().replicate("ACTIVE")),
        (
            "failover-alarm-minds-silence",
            one(complete(), ALARMS, "AlarmNames", &json!([CANARY]), |answer| {
                answer["MetricAlarms"][0]["TreatMissingData"] = json!("notBreaching");
            }),
        ),
        ("failover-routed-to-replica", routing(complete(), "eu-west-1")),
        (
            "health-check-alarm-outside-primary",
            moved_alarm(check(WATCHES_ALARM, "AlarmIdentifier", json!({ "Name": CANARY, "Region": P }))),
        ),
        ("health-check-children-work", check(ASKS_ENDPOINT, "Disabled", true)),
        ("health-check-detects-in-time", check(ASKS_ENDPOINT, "FailureThreshold", 10)),
        ("health-check-enabled", check(ROOT, "Disabled", true)),
        ("health-check-exists", without_check(ROOT)),
        ("health-check-minds-silence", check(WATCHES_ALARM, "InsufficientDataHealthStatus", "Healthy")),
        ("health-check-not-circular", check(ASKS_ENDPOINT, "FullyQualifiedDomainName", "AUTH.example.com.")),
        ("health-check-not-inverted", check(ASKS_ENDPOINT, "Inverted", true)),
        (
            "health-check-target-tells",
            check(ASKS_ENDPOINT, "FullyQualifiedDomainName", format!("issuer-cognito-idp.{P}.amazonaws.com")),
        ),
        ("passkeys-follow-domain", passkeys(complete(), "login.example.net")),
        ("routing-waits-for-active-replica", Account::switched().replicate("INACTIVE").routed()),
        ("users-signed-in-once", users(complete(), "RESET_REQUIRED")),
    ]
}

/// The alarm behind the health check as P has it too.
fn moved_alarm(mut account: Account) -> Account {
    for call in &mut account.calls {
        if call.name() == ALARMS && call.parameters.contains_key("AlarmNames") {
            P.clone_into(&mut call.region);
        }
    }
    account
}

/// The complete account with an alarm on a metric that Cognito does not have.
fn one_more_alarm() -> Account {
    let mut account = Account::complete();
    for call in &mut account.calls {
        if call.name() == ALARMS && call.region == P {
            let alarms = call.response.as_mut().and_then(|answer| answer["MetricAlarms"].as_array_mut());
            alarms.expect("a list").push(alarm("Errors", POOL));
        }
    }
    account
}

/// Without the children of the check that the routing names.
fn without_children(account: Account) -> Account {
    one(account, HEALTH_CHECK, "HealthCheckId", &json!(ROOT), |answer| {
        let config = answer.pointer_mut(CONFIG).and_then(Value::as_object_mut).expect("a configuration");
        config.remove("ChildHealthChecks");
    })
}

/// What each rule says of the pool, without those that a person answered.
fn verdicts(account: &Account) -> BTreeMap<String, Verdict> {
    let findings = account.attested().report.findings.into_iter();
    findings.map(|finding| (finding.rule, finding.verdict)).collect()
}

#[test]
fn the_complete_account_is_at_rest() {
    let judged = Account::complete().attested();
    for verdict in [Verdict::Fail, Verdict::Warn, Verdict::Unknown, Verdict::Manual] {
        assert_eq!(judged.rules_with(verdict), BTreeSet::new(), "{verdict}");
    }
    assert_eq!((judged.stands(Gate::Failover).as_str(), judged.code()), ("done ready", 0));
}

#[test]
fn one_change_breaks_one_rule() {
    let before = verdicts(&Account::complete());
    for (rule, account) in breaks() {
        let worse: Vec<String> = verdicts(&account)
            .into_iter()
            .filter(|(id, verdict)| {
                before.get(id) != Some(verdict)
                    && matches!(verdict, Verdict::Fail | Verdict::Warn | Verdict::Unknown | Verdict::Manual)
            })
            .map(|(id, _)| id)
            // What is changed in P alone is no longer alike.
            .filter(|id| id != "global-settings-alike")
            .collect();
        assert_eq!(worse, [rule]);
    }
}

#[test]
fn a_pool_without_domain_can_become_ready() {
    let account = Account::complete()
        .set(DESCRIBE_CLIENT, P, "/UserPoolClient/AllowedOAuthFlows", json!([]))
        .unset(DESCRIBE_POOL, P, "/UserPool/CustomDomain")
        .unset(DESCRIBE_POOL, S, "/UserPool/CustomDomain");
    let judged = account.attested();
    assert_eq!((judged.stands(Gate::Failover).as_str(), judged.code()), ("next ready", 0));
    assert_eq!(judged.rules_with(Verdict::Unknown), BTreeSet::new());
}

#[test]
fn a_check_that_is_not_there_is_an_answer_and_a_refusal_is_none() {
    let rule = "health-check-exists";
    let refused = Account::complete().deny(HEALTH_CHECK).attested();
    assert_eq!((refused.verdict(rule), refused.code()), (Verdict::Unknown, 3));
    let gone = without_check(ROOT).attested();
    assert_eq!((gone.verdict(rule), gone.code()), (Verdict::Fail, 1));
    // Of a check that is not there nothing else is said.
    assert_eq!(gone.verdict("health-check-enabled"), Verdict::NotApplicable);
    // A child that is not there leaves the rest decided.
    let child = without_check(ASKS_ENDPOINT).attested();
    assert_eq!((child.verdict(rule), child.verdict("health-check-children-work")), (Verdict::Pass, Verdict::Warn));
}

#[test]
fn what_is_behind_a_calculated_check_is_judged() {
    // Children may be calculated too, and in a circle.
    let circle = check(ASKS_ENDPOINT, "Type", "CALCULATED");
    let circle = one(circle, HEALTH_CHECK, "HealthCheckId", &json!(ASKS_ENDPOINT), |answer| {
        let config = &mut answer["HealthCheck"]["HealthCheckConfig"];
        config["ChildHealthChecks"] = json!([ROOT, ASKS_ENDPOINT]);
        config["FullyQualifiedDomainName"] = json!(DOMAIN);
    });
    assert_eq!(circle.attested().verdict("health-check-not-circular"), Verdict::Warn);
    // Of a child that was not read nothing is concluded.
    let unread = check(ROOT, "ChildHealthChecks", json!([WATCHES_ALARM, ASKS_ENDPOINT, "0003-unread"])).attested();
    for rule in ["health-check-not-circular", "health-check-not-inverted", "health-check-detects-in-time"] {
        assert_eq!(unread.verdict(rule), Verdict::Unknown, "{rule}");
    }
    assert_eq!(unread.verdict("health-check-enabled"), Verdict::Pass);
}

#[test]
fn another_shape_is_never_a_pass() {
    let domain = |pointer: &str, value: Value| Account::complete().set(DESCRIBE_DOMAIN, P, pointer, value);
    let table = [
        ("health-check-enabled", check(ROOT, "Disabled", "no")),
        ("health-check-enabled", check(ROOT, "Disabled", Value::Null)),
        ("health-check-not-inverted", check(ASKS_ENDPOINT, "Inverted", json!(0))),
        ("health-check-not-circular", check(ASKS_ENDPOINT, "FullyQualifiedDomainName", json!([]))),
        ("health-check-target-tells", check(ASKS_ENDPOINT, "ResourcePath", json!({}))),
        ("health-check-detects-in-time", check(ASKS_ENDPOINT, "RequestInterval", json!(1e30))),
        ("health-check-alarm-outside-primary", check(WATCHES_ALARM, "AlarmIdentifier", json!({ "Name": CANARY }))),
        ("health-check-exists", domain("/DomainDescription/Routing/Failover/PrimaryRoute53HealthCheckId", json!(7))),
        ("failover-routed-to-replica", domain("/DomainDescription/Routing", json!("us-west-2"))),
        ("failover-routed-to-replica", domain("/DomainDescription/Routing", json!({}))),
        ("certificate-in-us-east-1", domain("/DomainDescription/CustomDomainConfig/CertificateArn", json!("c"))),
        ("certificate-valid", certificate("NotAfter", "soon")),
        ("certificate-lasts", certificate("NotAfter", "soon")),
        ("certificate-covers-domain", certificate("SubjectAlternativeNames", json!("*"))),
        ("certificate-renews-itself", certificate("Type", "HOMEMADE")),
        ("users-signed-in-once", Account::complete().set(USERS, P, "/Users", json!([{}]))),
        ("alarms-watch-real-metrics", Account::complete().push(ALARMS, S, json!({ "AlarmName": "a", "Metrics": 1 }))),
    ];
    for (rule, account) in table {
        let verdict = account.attested().verdict(rule);
        assert_eq!(verdict, Verdict::Unknown, "{rule}");
    }
    // What the filter did not ask for does not count.
    let others = Account::complete().set(USERS, P, "/Users", json!([{ "UserStatus": "CONFIRMED" }]));
    assert_eq!(others.attested().verdict("users-signed-in-once"), Verdict::Pass);
    // A user that was seen before the list broke off decides.
    let mut partial = users(Account::complete(), "RESET_REQUIRED");
    for call in partial.calls.iter_mut().filter(|call| call.name() == USERS) {
        call.more = true;
    }
    assert_eq!(partial.attested().verdict("users-signed-in-once"), Verdict::Warn);
}

#[test]
fn a_prefix_domain_can_be_the_one_that_fails_over() {
    let host = format!("example.auth.{P}.amazoncognito.com");
    let mut account = check(ASKS_ENDPOINT, "FullyQualifiedDomainName", host);
    for call in account.calls.iter_mut().filter(|call| call.name() == DESCRIBE_DOMAIN) {
        call.parameters.insert("Domain".to_owned(), json!("example"));
    }
    for region in [P, S] {
        account = account.set(DESCRIBE_POOL, region, "/UserPool/Domain", "example");
        account = account.unset(DESCRIBE_POOL, region, "/UserPool/CustomDomain");
    }
    let judged = account.attested();
    assert_eq!(
        judged.rules_with(Verdict::Warn),
        BTreeSet::from(["custom-domain-present", "health-check-not-circular"])
    );
    assert_eq!((judged.verdict("certificate-valid"), judged.code()), (Verdict::NotApplicable, 0));
}

/// A metric of Cognito has its pool as a dimension: without one an alarm has no data. A query of all pools has.
#[test]
fn an_alarm_that_names_no_pool_watches_nobody() {
    let verdict = |alarm: Value| {
        let account = without_alarms(P).push(ALARMS, P, alarm);
        account.attested().verdict("alarms-in-primary")
    };
    assert_eq!(verdict(alarm("SignInSuccesses", POOL)), Verdict::Pass);
    let mut nobody = alarm("SignInSuccesses", POOL);
    nobody["Dimensions"] = json!([]);
    assert_eq!(verdict(nobody), Verdict::Warn);
    let query = "SELECT SUM(SignInSuccesses) FROM SCHEMA(\"AWS/Cognito\", UserPool, UserPoolClient)";
    assert_eq!(verdict(json!({ "AlarmName": "all", "Metrics": [{ "Expression": query }] })), Verdict::Pass);
}
