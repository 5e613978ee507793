//! The pool, its keys, its Regions, its import jobs, and those who verify its tokens in APIs and templates.

use mrready::snapshot::Hit;
use serde_json::json;

use crate::builder::{
    Account, DESCRIBE_CLIENT, DESCRIBE_DOMAIN, DESCRIBE_KEY, DESCRIBE_POOL, IMPORTS, KEY_POLICY, MFA, OTHER_POOL, P,
    POOL, POOLS, PROVIDERS, REPLICAS, S, http_jwt, key_policy, new_issuer, old_issuer, pool_arn, rest_cognito,
    rest_jwt, route,
};

/// The ready account with consumers that are ready too, so that every call about consumers is in it.
pub(crate) fn furnished(account: Account) -> Account {
    let (old, new) = (old_issuer(POOL), new_issuer(POOL));
    account
        .rest_api(P, "ours", vec![rest_jwt("jwt", &[&old, &new])])
        .rest_api(S, "theirs", vec![rest_cognito("c", &pool_arn(S, OTHER_POOL))])
        .http_api(P, "ours", vec![http_jwt("jwt", &new)], vec![route("orders", "jwt")])
        .stack(P, "app", "UPDATE_COMPLETE")
        .hit(P, "web", |hit| hit.accepts_new = true)
}

fn described(pointer: &str, value: impl Into<serde_json::Value>) -> Account {
    Account::complete().set(DESCRIBE_POOL, P, &format!("/UserPool/{pointer}"), value)
}

fn key(region: &str, member: &str, value: impl Into<serde_json::Value>) -> Account {
    Account::complete().set(DESCRIBE_KEY, region, &format!("/KeyMetadata/{member}"), value)
}

fn policy(region: &str, change: impl FnOnce(&mut serde_json::Value)) -> Account {
    let mut policy = key_policy(POOL);
    change(&mut policy);
    Account::complete().set(KEY_POLICY, region, "/Policy", policy.to_string())
}

fn consumer(change: impl FnOnce(Account) -> Account) -> Account {
    change(super::furnished())
}

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:f";

/// With two second factors, one of which works in the replica.
fn two_factors() -> Account {
    let both = json!({
        "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true }, "EmailMfaConfiguration": {}
    });
    Account::complete().set(MFA, P, "", both.clone()).set(MFA, S, "", both)
}

/// Before the switch, with APIs that know both issuers.
fn before_the_switch() -> Account {
    furnished(Account::ready())
}

/// Accounts in which rules pass that the complete one does not concern.
pub(crate) fn bases() -> Vec<Account> {
    vec![two_factors(), before_the_switch(), two_triggers(), before_the_switch().hit(P, "app", in_doubt)]
}

fn in_doubt(hit: &mut Hit) {
    hit.accepts_new = true;
    "review".clone_into(&mut hit.confidence);
}

/// With triggers in both Regions.
fn two_triggers() -> Account {
    let both = json!({ "CustomMessage": FUNCTION, "PreTokenGeneration": FUNCTION });
    Account::complete().set(DESCRIBE_POOL, P, "/UserPool/LambdaConfig", both.clone()).set(
        DESCRIBE_POOL,
        S,
        "/UserPool/LambdaConfig",
        both,
    )
}

/// One change that breaks one rule.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    let end = "2027-03-01T00:00:00Z";
    let elsewhere = json!({ "RegionName": "eu-west-1", "Role": "SECONDARY", "Status": "ACTIVE" });
    let (old, replica_host) = (old_issuer(POOL), format!("https://cognito-idp.{S}.amazonaws.com/{POOL}"));
    let target = |region: &str| {
        let mut account = if [P, S].contains(&region) { Account::ready() } else { Account::ready().search(region) };
        account.scope.replica_regions.insert(String::new(), region.to_owned());
        account
    };
    vec![
        ("pools-looked-at", Account::ready().all_pools().push(POOLS, P, json!({ "Id": "us-east-1_Forgotten" }))),
        ("feature-plan-allows-mrr", described("UserPoolTier", "LITE")),
        ("deletion-protection-active", described("DeletionProtection", "INACTIVE")),
        ("issuer-updated", described("IssuerConfiguration/Type", "ORIGINAL")),
        ("customer-managed-key-attached", described("KeyConfiguration", json!({ "KeyType": "AWS_OWNED_KEY" }))),
        ("key-enabled", key(P, "KeyState", "Disabled")),
        ("key-multi-region", key(P, "MultiRegion", false)),
        ("key-symmetric-customer-key", key(P, "KeySpec", "RSA_4096")),
        ("key-material-from-kms", key(P, "Origin", "EXTERNAL")),
        ("key-without-end-date", key(P, "DeletionDate", end)),
        ("related-key-exists", key(P, "MultiRegionConfiguration/ReplicaKeys", json!([]))),
        ("related-key-enabled", key(S, "KeyState", "Disabled")),
        ("related-key-symmetric-customer-key", key(S, "KeyUsage", "SIGN_VERIFY")),
        ("related-key-without-end-date", key(S, "ValidTo", end)),
        (
            "key-policy-allows-cognito",
            policy(P, |policy| policy["Statement"][1]["Principal"]["Service"] = json!("cognito-idp.amazonaws.com")),
        ),
        (
            "key-not-broadly-deletable",
            policy(P, |policy| {
                let other = json!({
                    "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::444455556666:root" }, "Action": "kms:*",
                    "Resource": "*"
                });
                policy["Statement"].as_array_mut().unwrap().push(other);
            }),
        ),
        ("related-key-policy-names-cognito", policy(S, |policy| policy["Statement"] = json!([policy["Statement"][0]]))),
        (
            "related-key-policy-allows-cognito",
            policy(S, |policy| {
                policy["Statement"][1]["Condition"]["ArnEquals"]["aws:SourceArn"] = json!(pool_arn(P, POOL));
            }),
        ),
        ("no-secondary-elsewhere", Account::ready().push(REPLICAS, P, elsewhere)),
        ("replica-active", Account::complete().set(REPLICAS, P, "/UserPoolReplicas/1/Status", "INACTIVE")),
        ("replica-settled", Account::complete().set(REPLICAS, P, "/UserPoolReplicas/1/Status", "DELETING")),
        ("secondary-region-differs", target(P)),
        ("secondary-region-supports-mrr", target("af-south-1")),
        ("secondary-region-listed", target("mars-north-1")),
        ("no-import-running", Account::complete().push(IMPORTS, P, json!({ "JobId": "j", "Status": "InProgress" }))),
        ("no-import-waiting", Account::complete().push(IMPORTS, P, json!({ "JobId": "j", "Status": "Created" }))),
        (
            "user-migration-finished",
            described("LambdaConfig/UserMigration", "arn:aws:lambda:us-east-1:111122223333:function:m"),
        ),
        ("no-write-flows-in-failover", described("AdminCreateUserConfig/AllowAdminCreateUserOnly", false)),
        (
            "federated-users-known-in-primary",
            Account::complete().push(PROVIDERS, P, json!({ "ProviderName": "corp", "ProviderType": "SAML" })),
        ),
        ("no-totp", Account::complete().set(MFA, P, "/SoftwareTokenMfaConfiguration/Enabled", true)),
        ("required-mfa-works-in-replica", two_factors().unset(MFA, P, "/EmailMfaConfiguration")),
        ("domain-active", Account::complete().set(DESCRIBE_DOMAIN, P, "/DomainDescription/Status", "CREATING")),
        ("custom-domain-present", described("Domain", "example").unset(DESCRIBE_POOL, P, "/UserPool/CustomDomain")),
        ("overlap-window-short", Account::ready().set(DESCRIBE_CLIENT, P, "/UserPoolClient/IdTokenValidity", 1440)),
        (
            "rest-cognito-authorizer-replaced",
            consumer(|account| account.rest_api(P, "more", vec![rest_cognito("c", &pool_arn(P, POOL))])),
        ),
        (
            "critical-triggers-in-replica",
            two_triggers().unset(DESCRIBE_POOL, S, "/UserPool/LambdaConfig/PreTokenGeneration"),
        ),
        ("other-triggers-in-replica", two_triggers().unset(DESCRIBE_POOL, S, "/UserPool/LambdaConfig/CustomMessage")),
        (
            "triggers-prepared",
            Account::ready().set(DESCRIBE_POOL, P, "/UserPool/LambdaConfig", json!({ "CustomMessage": FUNCTION })),
        ),
        (
            "references-resolved",
            Account::complete().hit(P, "app", |hit| {
                hit.pool_id = None;
                hit.unresolved = Some("Ref Pool".to_owned());
                hit.accepts_new = true;
            }),
        ),
        (
            "template-reference-reviewed",
            before_the_switch().hit(P, "app", |hit| {
                in_doubt(hit);
                hit.accepts_new = false;
            }),
        ),
        (
            "rest-jwt-authorizer-accepts-new-issuer",
            consumer(|account| account.rest_api(P, "more", vec![rest_jwt("jwt", &[&old])])),
        ),
        (
            "rest-jwt-authorizer-ready-for-switch",
            before_the_switch().rest_api(P, "more", vec![rest_jwt("jwt", &[&old])]),
        ),
        (
            "rest-jwt-authorizer-audience-has-id-tokens",
            consumer(|account| {
                account.set(DESCRIBE_CLIENT, P, "/UserPoolClient/AllowedOAuthFlows", json!(["client_credentials"])).set(
                    DESCRIBE_CLIENT,
                    P,
                    "/UserPoolClient/ExplicitAuthFlows",
                    json!([]),
                )
            }),
        ),
        ("template-accepts-new-issuer", consumer(|account| account.hit(P, "app", |_| {}))),
        (
            "http-route-accepts-new-issuer",
            consumer(|account| account.http_api(S, "more", vec![http_jwt("jwt", &old)], vec![route("r", "jwt")])),
        ),
        (
            "rest-jwt-authorizer-names-primary-host",
            consumer(|account| account.rest_api(P, "more", vec![rest_jwt("jwt", &[&replica_host])])),
        ),
    ]
}
