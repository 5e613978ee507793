//! Every rule reaches each verdict its level and its conditions allow, from a snapshot.
//!
//! A rule's own tests prove the rule from fields; this proves the way from an answer to the field. Which verdicts a rule
//! can give is derived from the catalogue, never written down here.

use std::collections::BTreeSet;

use mrready::model::{DecidedBy, Level, SubjectKind, Verdict};
use mrready::rules::Rule;
use serde_json::json;

use crate::areas;
use crate::builder::{
    Account, CLIENTS, DESCRIBE_CLIENT, DESCRIBE_DOMAIN, DESCRIBE_KEY, DESCRIBE_POOL, IMPORTS, KEY_POLICY, MFA, P, POOL,
    POOLS, PROVIDERS, REPLICAS, REST_APIS, REST_AUTHORIZERS, ROUTES, Run, S, TEMPLATE, attested, catalog, http_jwt,
    key_policy, new_issuer, old_issuer, pool_arn, rest_cognito, rest_jwt, route,
};

/// What no snapshot can reach, and why.
const IMPOSSIBLE: &[(&str, Verdict, &str)] = &[
    ("operator-given", Verdict::Unknown, "the option is given or not"),
    ("primary-region-listed", Verdict::Unknown, "the pool's id and the built-in table always answer"),
    ("primary-region-supports-mrr", Verdict::Unknown, "the pool's id and the built-in table always answer"),
];

/// The verdicts that a rule can give by its level, who decides it and what it has.
fn possible(rule: &Rule) -> BTreeSet<Verdict> {
    let no = match rule.level {
        Level::Blocker => Verdict::Fail,
        Level::Advisory => Verdict::Warn,
        Level::Info => Verdict::Info,
    };
    let mut verdicts = match (rule.decided_by, rule.check.is_some()) {
        (DecidedBy::Evidence, true) => BTreeSet::from([Verdict::Pass, no, Verdict::Unknown]),
        (DecidedBy::Evidence, false) => BTreeSet::from([no]),
        // A person says yes or no.
        (DecidedBy::Person, _) => BTreeSet::from([Verdict::Manual, Verdict::Pass, no]),
    };
    if rule.applies_when.is_some() {
        verdicts.extend([Verdict::NotApplicable, Verdict::Unknown]);
    }
    if rule.subject != SubjectKind::Pool && rule.subject != SubjectKind::Account {
        verdicts.extend([Verdict::NotApplicable, Verdict::Unknown]);
    }
    verdicts
}

/// The answer to everything that only people can tell, consumers included.
fn answered(answer: &str) -> String {
    attested(answer)
        + &format!(
            "- {{ kind: attest, rule: lambda-authorizer-accepts-both-issuers, subject: '**', answer: {answer}, evidence: e, by: b, on: 2026-11-20, reason: r, owner: o, expires: 2027-01-31 }}\n"
        )
}

fn described(pointer: &str, value: impl Into<serde_json::Value>) -> Account {
    Account::ready().set(DESCRIBE_POOL, P, &format!("/UserPool/{pointer}"), value)
}

fn key(region: &str, member: &str, value: impl Into<serde_json::Value>) -> Account {
    Account::ready().set(DESCRIBE_KEY, region, &format!("/KeyMetadata/{member}"), value)
}

fn policy(region: &str, change: impl FnOnce(&mut serde_json::Value)) -> Account {
    let mut policy = key_policy(POOL);
    change(&mut policy);
    Account::ready().set(KEY_POLICY, region, "/Policy", policy.to_string())
}

/// An account with a REST API, an HTTP API and a Lambda authorizer that know both issuers, or only one of them.
fn consumers(issuers: &[&str]) -> Account {
    Account::ready()
        .rest_api(P, "rest", vec![rest_jwt("jwt", issuers)])
        .http_api(P, "http", vec![http_jwt("jwt", issuers[issuers.len() - 1])], vec![route("orders", "jwt")])
        .http_api(
            S,
            "code",
            vec![json!({ "AuthorizerId": "fn", "Name": "fn", "AuthorizerType": "REQUEST", "AuthorizerUri": "arn" })],
            vec![
                json!({ "RouteId": "r", "RouteKey": "$default", "AuthorizationType": "CUSTOM", "AuthorizerId": "fn" }),
            ],
        )
}

fn switched(account: Account) -> Account {
    account.set(DESCRIBE_POOL, P, "/UserPool/IssuerConfiguration/Type", "UPDATED")
}

/// The snapshots, and how each is judged.
#[expect(clippy::too_many_lines, reason = "a table")]
fn table() -> Vec<(Account, Run)> {
    let (old, new) = (old_issuer(POOL), new_issuer(POOL));
    let replica_host = format!("https://cognito-idp.{S}.amazonaws.com/{POOL}");
    let end = "2027-03-01T00:00:00Z";
    let plain = [
        Account::ready(),
        // Replica.
        Account::replicated("ACTIVE"),
        Account::replicated("INACTIVE"),
        Account::replicated("CREATING"),
        Account::replicated("RESTING"),
        Account::replicated("ACTIVE").deny_in(DESCRIBE_POOL, S),
        described("LambdaConfig", json!({ "PreTokenGeneration": "arn", "CustomMessage": "arn" })),
        described("LambdaConfig", json!({ "PreTokenGeneration": "arn", "CustomMessage": "arn" }))
            .replicate("ACTIVE")
            .unset(DESCRIBE_POOL, S, "/UserPool/LambdaConfig"),
        described("LambdaConfig", json!({ "UserMigration": "arn" })),
        Account::ready().push(REPLICAS, P, json!({ "RegionName": "eu-west-1", "Role": "SECONDARY", "Status": "ACTIVE" })),
        // Account.
        Account::ready().all_pools(),
        Account::ready().all_pools().push(POOLS, P, json!({ "Id": "us-east-1_Forgotten", "Name": "forgotten" })),
        Account::ready().all_pools().deny(POOLS),
        // Pool.
        described("UserPoolTier", "LITE"),
        described("DeletionProtection", "INACTIVE"),
        described("AdminCreateUserConfig/AllowAdminCreateUserOnly", false),
        described("Domain", "example").unset(DESCRIBE_POOL, P, "/UserPool/CustomDomain"),
        Account::ready()
            .unset(DESCRIBE_POOL, P, "/UserPool/CustomDomain")
            .set(DESCRIBE_CLIENT, P, "/UserPoolClient/AllowedOAuthFlows", json!([])),
        Account::ready().set(DESCRIBE_DOMAIN, P, "/DomainDescription/Status", "CREATING"),
        Account::ready().deny(DESCRIBE_DOMAIN),
        Account::ready().push(PROVIDERS, P, json!({ "ProviderName": "corp", "ProviderType": "SAML" })),
        Account::ready().push(IMPORTS, P, json!({ "JobId": "j", "Status": "InProgress" })),
        Account::ready().push(IMPORTS, P, json!({ "JobId": "j", "Status": "Created" })),
        Account::ready().set(MFA, P, "", json!({ "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true } })),
        Account::ready().set(
            MFA,
            P,
            "",
            json!({ "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true }, "EmailMfaConfiguration": {} }),
        ),
        Account::ready().set(DESCRIBE_CLIENT, P, "/UserPoolClient/IdTokenValidity", 1440),
        // Keys.
        described("KeyConfiguration", json!({ "KeyType": "AWS_OWNED_KEY" })),
        key(P, "MultiRegion", false).unset(DESCRIBE_KEY, P, "/KeyMetadata/MultiRegionConfiguration"),
        key(P, "MultiRegionConfiguration/ReplicaKeys", json!([])),
        key(P, "KeyState", "Disabled"),
        key(S, "KeyState", "PendingDeletion"),
        key(P, "KeyUsage", "SIGN_VERIFY"),
        key(S, "KeySpec", "RSA_4096"),
        key(P, "Origin", "EXTERNAL"),
        key(P, "DeletionDate", end),
        key(S, "ValidTo", end),
        policy(P, |policy| policy["Statement"][1]["Principal"]["Service"] = json!("cognito-idp.amazonaws.com")),
        policy(P, |policy| {
            let other = json!({
                "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::444455556666:root" }, "Action": "kms:*",
                "Resource": "*"
            });
            policy["Statement"].as_array_mut().unwrap().push(other);
        }),
        policy(S, |policy| policy["Statement"] = json!([policy["Statement"][0]])),
        policy(S, |policy| policy["Statement"][1]["Condition"]["ArnEquals"]["aws:SourceArn"] = json!(pool_arn(P, POOL))),
        // Regions.
        Account::ready().without_target().deny(DESCRIBE_KEY),
        // Consumers.
        consumers(&[&old]),
        consumers(&[&old, &new]),
        consumers(&[&replica_host]),
        consumers(&[&old]).set(DESCRIBE_CLIENT, P, "/UserPoolClient/AllowedOAuthFlows", json!(["client_credentials"])).set(
            DESCRIBE_CLIENT,
            P,
            "/UserPoolClient/ExplicitAuthFlows",
            json!([]),
        ),
        switched(consumers(&[&old])),
        switched(consumers(&[&old, &new])),
        switched(consumers(&[&old]).deny(REST_AUTHORIZERS).deny(ROUTES)),
        consumers(&[&old]).deny(DESCRIBE_CLIENT),
        Account::ready().rest_api(P, "rest", vec![rest_cognito("c", &pool_arn(P, POOL))]),
        Account::ready().hit(P, "app", |_| {}),
        Account::ready().hit(P, "app", |hit| hit.accepts_new = true),
        Account::ready().hit(P, "app", |hit| "review".clone_into(&mut hit.confidence)),
        Account::ready().hit(P, "app", |hit| {
            "review".clone_into(&mut hit.confidence);
            hit.accepts_new = true;
        }),
        Account::ready().hit(P, "app", |hit| {
            hit.pool_id = None;
            hit.unresolved = Some("Ref Pool".to_owned());
        }),
        Account::ready().stack(P, "app", "CREATE_COMPLETE").deny(TEMPLATE),
        // Nothing answered.
        Account::empty().pool(POOL).deny(DESCRIBE_POOL).deny(REPLICAS),
    ];
    let mut table: Vec<(Account, Run)> = plain.into_iter().map(|account| (account, Run::default())).collect();
    for call in [POOLS, DESCRIBE_POOL, MFA, REPLICAS, CLIENTS, PROVIDERS, IMPORTS, DESCRIBE_KEY, KEY_POLICY, REST_APIS]
    {
        table.push((Account::ready().deny(call), Run::default()));
        table.push((Account::ready().deny(call), Run::original()));
    }
    let at = |region| Run { replica_region: Some(region), ..Run::default() };
    table.extend(areas::cases());
    table.extend([
        (Account::complete(), Run::attested()),
        (Account::ready(), Run::original()),
        (Account::ready(), at(P)),
        (Account::ready(), at("af-south-1")),
        (Account::ready(), at("mars-north-1")),
        (Account::ready().deny_in(DESCRIBE_KEY, S).deny_in(KEY_POLICY, S), Run::default()),
        (consumers(&[&old]), Run::default().decided(&answered("yes"))),
        (consumers(&[&old]), Run::default().decided(&answered("no"))),
        (Account::empty().pool("af-south-1_Pool"), Run::default()),
        (Account::empty().pool("mars-north-1_Pool"), Run::default()),
    ]);
    table
}

#[test]
fn every_rule_reaches_each_verdict_of_its_level_from_a_snapshot() {
    let possible: BTreeSet<(String, Verdict)> = catalog()
        .rules
        .iter()
        .flat_map(|rule| possible(rule).into_iter().map(|verdict| (rule.id.clone(), verdict)))
        .collect();
    let reached: BTreeSet<(String, Verdict)> = table()
        .iter()
        .flat_map(|(account, run)| run.judge(account).report.findings)
        .map(|finding| (finding.rule, finding.verdict))
        .collect();
    let impossible: BTreeSet<(String, Verdict)> =
        IMPOSSIBLE.iter().map(|(rule, verdict, _)| ((*rule).to_owned(), *verdict)).collect();
    let show = |pairs: BTreeSet<&(String, Verdict)>| {
        pairs.into_iter().map(|(rule, verdict)| format!("{rule} {verdict}")).collect::<Vec<_>>()
    };
    let missing = possible.difference(&reached).filter(|pair| !impossible.contains(*pair)).collect();
    assert_eq!(show(missing), Vec::<String>::new(), "no snapshot of the table reaches these");
    assert_eq!(show(reached.difference(&possible).collect()), Vec::<String>::new(), "the catalogue rules these out");
    assert_eq!(show(impossible.intersection(&reached).collect()), Vec::<String>::new(), "not impossible after all");
    assert_eq!(show(impossible.difference(&possible).collect()), Vec::<String>::new(), "no such rule and verdict");
}
