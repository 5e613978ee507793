//! Pools, keys and Regions at the edges: members that AWS leaves out, words and types nobody expected, a replica that is
//! already there, no target Region, key policies that cannot be decided, evidence that is too old.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use mrready::model::{Gate, Source, SubjectKind, Verdict};
use serde_json::{Value, json};

use crate::builder::{
    ACCOUNT, Account, CLIENTS, DESCRIBE_CLIENT, DESCRIBE_DOMAIN, DESCRIBE_KEY, DESCRIBE_POOL, IMPORTS, Judged,
    KEY_POLICY, MFA, P, POOL, POOLS, PROVIDERS, REPLICAS, Run, S, key_policy, time,
};

/// The kind of the first cause of a rule's only finding, which has to be unknown.
fn unknown(judged: &Judged, rule: &str) -> String {
    let finding = judged.finding(rule);
    assert_eq!(finding.verdict, Verdict::Unknown, "{rule}: {finding:#?}");
    Judged::causes(finding).first().unwrap_or_else(|| panic!("{rule} says no cause")).kind().to_owned()
}

fn described(pointer: &str, value: impl Into<Value>) -> Account {
    Account::ready().set(DESCRIBE_POOL, P, &format!("/UserPool/{pointer}"), value)
}

fn without(member: &str) -> Account {
    Account::ready().unset(DESCRIBE_POOL, P, &format!("/UserPool/{member}"))
}

/// A pool that requires MFA and offers authenticator apps.
fn totp() -> Account {
    let config = json!({ "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true } });
    Account::ready().set(MFA, P, "", config)
}

#[test]
fn absence_means_what_is_documented_and_nothing_else() {
    let judged = without("UserPoolTier").attested();
    assert_eq!((unknown(&judged, "feature-plan-allows-mrr").as_str(), judged.code()), ("no_meaning", 3));
    let judged = without("KeyConfiguration").attested();
    assert_eq!((judged.verdict("customer-managed-key-attached"), judged.code()), (Verdict::Fail, 1));
    assert_eq!(judged.verdict("key-multi-region"), Verdict::NotApplicable);
    // TOTP that is not mentioned is off, and then nothing depends on whether MFA is required.
    let judged = Account::ready().unset(MFA, P, "/MfaConfiguration").attested();
    assert_eq!(judged.verdict("no-totp"), Verdict::Pass);
    assert_eq!(judged.verdict("required-mfa-works-in-replica"), Verdict::Pass);
    let judged = totp().unset(MFA, P, "/MfaConfiguration").attested();
    assert_eq!(unknown(&judged, "required-mfa-works-in-replica"), "no_meaning");
    let judged = described("KeyConfiguration", json!({})).attested();
    assert_eq!(unknown(&judged, "customer-managed-key-attached"), "no_meaning");
    for (member, rule) in [
        ("DeletionProtection", "deletion-protection-active"),
        ("AdminCreateUserConfig", "no-write-flows-in-failover"),
        ("AccountRecoverySetting", "no-write-flows-in-failover"),
        ("IssuerConfiguration", "issuer-updated"),
    ] {
        assert_eq!(without(member).attested().verdict(rule), Verdict::Warn, "{member}");
    }
    for (member, rule) in [
        ("KeyState", "key-enabled"),
        ("MultiRegion", "key-multi-region"),
        ("KeyUsage", "key-symmetric-customer-key"),
        ("KeySpec", "key-symmetric-customer-key"),
        ("KeyManager", "key-symmetric-customer-key"),
        ("Origin", "key-material-from-kms"),
        ("MultiRegionConfiguration", "related-key-exists"),
    ] {
        let judged = Account::ready().unset(DESCRIBE_KEY, P, &format!("/KeyMetadata/{member}")).attested();
        assert_eq!(unknown(&judged, rule), "no_meaning", "{member}");
    }
    // Deletion dates that are not mentioned do not exist.
    assert_eq!(Account::ready().attested().verdict("key-without-end-date"), Verdict::Pass);
    // A domain that the pool names and whose description is empty contradicts itself.
    let judged = Account::ready().set(DESCRIBE_DOMAIN, P, "/DomainDescription", json!({})).attested();
    assert_eq!(unknown(&judged, "domain-active"), "contradiction");
    // A validity that is not given is an hour; one without a unit is in hours.
    let client = Account::ready().unset(DESCRIBE_CLIENT, P, "/UserPoolClient/TokenValidityUnits");
    let judged = client.clone().unset(DESCRIBE_CLIENT, P, "/UserPoolClient/IdTokenValidity").attested();
    assert_eq!(judged.verdict("overlap-window-short"), Verdict::Warn);
    assert!(judged.finding("overlap-window").message.contains("3600 minutes"), "60 hours");
    let none = client
        .unset(DESCRIBE_CLIENT, P, "/UserPoolClient/IdTokenValidity")
        .unset(DESCRIBE_CLIENT, P, "/UserPoolClient/AccessTokenValidity")
        .attested();
    assert!(none.finding("overlap-window").message.contains("60 minutes"));
}

#[test]
fn null_is_absence() {
    let tests: &[(&str, &str, &str)] = &[
        (DESCRIBE_POOL, "/UserPool/UserPoolTier", "feature-plan-allows-mrr"),
        (DESCRIBE_POOL, "/UserPool/KeyConfiguration", "customer-managed-key-attached"),
        (DESCRIBE_POOL, "/UserPool/LambdaConfig", "triggers-prepared"),
        (MFA, "/MfaConfiguration", "required-mfa-works-in-replica"),
        (MFA, "/SoftwareTokenMfaConfiguration", "no-totp"),
        (DESCRIBE_KEY, "/KeyMetadata/KeyState", "key-enabled"),
    ];
    for (call, pointer, rule) in tests {
        let null = Account::ready().set(call, P, pointer, Value::Null);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut gone = null.clone();
        for each in gone.calls.iter_mut().filter(|each| each.name() == *call && each.region == P) {
            let parent = each.response.as_mut().unwrap().pointer_mut(parent).unwrap();
            parent.as_object_mut().unwrap().remove(name).unwrap();
        }
        assert_eq!(null.attested().verdict(rule), gone.attested().verdict(rule), "{pointer}");
        assert_eq!(null.attested().finding(rule).message, gone.attested().finding(rule).message, "{pointer}");
    }
}

#[test]
fn an_answer_without_its_contents_says_nothing() {
    for (call, rules) in [
        (
            DESCRIBE_POOL,
            &["customer-managed-key-attached", "custom-domain-present", "triggers-prepared", "user-migration-finished"]
                [..],
        ),
        (DESCRIBE_KEY, &["key-without-end-date", "key-enabled", "related-key-exists"]),
        (DESCRIBE_CLIENT, &["domain-active", "overlap-window-short"]),
        (DESCRIBE_DOMAIN, &["domain-active"]),
        (REPLICAS, &["no-secondary-elsewhere", "triggers-prepared"]),
        (IMPORTS, &["no-import-running", "no-import-waiting"]),
        (PROVIDERS, &["federated-users-known-in-primary"]),
        (CLIENTS, &["overlap-window-short", "domain-active"]),
        (KEY_POLICY, &["key-policy-allows-cognito", "key-not-broadly-deletable"]),
    ] {
        for broken in [json!({}), json!("text"), json!([])] {
            let judged = Account::ready().set(call, P, "", broken.clone()).attested();
            for rule in rules {
                let finding = judged.finding(rule);
                assert_eq!(finding.verdict, Verdict::Unknown, "{call} answering {broken}: {finding:#?}");
            }
        }
    }
}

#[test]
fn words_nobody_knows_are_unknown() {
    let tests: Vec<(Account, &str)> = vec![
        (described("UserPoolTier", "PLATINUM"), "feature-plan-allows-mrr"),
        (described("KeyConfiguration/KeyType", "CUSTOMER_KEY_2"), "customer-managed-key-attached"),
        (described("IssuerConfiguration/Type", "GLOBAL"), "issuer-updated"),
        (described("DeletionProtection", "STRICT"), "deletion-protection-active"),
        (totp().set(MFA, P, "/MfaConfiguration", "ADAPTIVE"), "required-mfa-works-in-replica"),
        (Account::ready().set(DESCRIBE_KEY, P, "/KeyMetadata/KeyState", "Sleeping"), "key-enabled"),
        (Account::ready().set(DESCRIBE_KEY, P, "/KeyMetadata/Origin", "QUANTUM"), "key-material-from-kms"),
        (Account::ready().push(IMPORTS, P, json!({ "JobId": "j", "Status": "Dreaming" })), "no-import-running"),
        (Account::replicated("RESTING"), "replica-settled"),
        (Account::ready().set(DESCRIBE_DOMAIN, P, "/DomainDescription/Status", "FROZEN"), "domain-active"),
        (
            Account::ready().push(REPLICAS, P, json!({ "RegionName": S, "Role": "WITNESS", "Status": "ACTIVE" })),
            "no-secondary-elsewhere",
        ),
        (
            totp().set(MFA, P, "/WebAuthnConfiguration/FactorConfiguration", "THREE_FACTOR"),
            "required-mfa-works-in-replica",
        ),
    ];
    for (account, rule) in tests {
        assert_eq!(unknown(&account.attested(), rule), "unrecognised", "{rule}");
    }
}

#[test]
fn a_known_job_decides_beside_one_nobody_knows() {
    let jobs = json!([{ "JobId": "a", "Status": "Dreaming" }, { "JobId": "b", "Status": "InProgress" }]);
    let judged = Account::ready().set(IMPORTS, P, "/UserImportJobs", jobs).attested();
    assert_eq!((judged.verdict("no-import-running"), judged.code()), (Verdict::Fail, 1));
    assert_eq!(unknown(&judged, "no-import-waiting"), "unrecognised");
}

#[test]
fn members_of_another_type_are_unknown() {
    let tests: Vec<(Account, &str)> = vec![
        (described("UserPoolTier", 3), "feature-plan-allows-mrr"),
        (described("KeyConfiguration", "x"), "customer-managed-key-attached"),
        (described("KeyConfiguration", json!(["x"])), "customer-managed-key-attached"),
        (described("LambdaConfig", "x"), "triggers-prepared"),
        (described("LambdaConfig", "x"), "user-migration-finished"),
        (described("AccountRecoverySetting/RecoveryMechanisms", "x"), "no-write-flows-in-failover"),
        (described("AccountRecoverySetting", "x"), "no-write-flows-in-failover"),
        (described("AdminCreateUserConfig/AllowAdminCreateUserOnly", "true"), "no-write-flows-in-failover"),
        (described("CustomDomain", json!({})), "custom-domain-present"),
        (Account::ready().set(MFA, P, "/SoftwareTokenMfaConfiguration", "x"), "no-totp"),
        (Account::ready().set(MFA, P, "/SoftwareTokenMfaConfiguration", json!({ "Enabled": "yes" })), "no-totp"),
        (Account::ready().set(MFA, P, "/SoftwareTokenMfaConfiguration", json!({})), "no-totp"),
        (Account::ready().set(DESCRIBE_KEY, P, "/KeyMetadata/MultiRegion", "true"), "key-multi-region"),
        (
            Account::ready().set(DESCRIBE_KEY, P, "/KeyMetadata/MultiRegionConfiguration", json!({ "ReplicaKeys": S })),
            "related-key-exists",
        ),
        (
            Account::ready().set(
                DESCRIBE_KEY,
                P,
                "/KeyMetadata/MultiRegionConfiguration/ReplicaKeys",
                json!([{ "Arn": "x" }]),
            ),
            "related-key-exists",
        ),
        (Account::ready().set(DESCRIBE_KEY, P, "/KeyMetadata/DeletionDate", "soon"), "key-without-end-date"),
        (Account::ready().set(KEY_POLICY, P, "/Policy", "not json"), "key-policy-allows-cognito"),
        (Account::ready().set(REPLICAS, P, "/UserPoolReplicas", "x"), "no-secondary-elsewhere"),
        (Account::ready().set(IMPORTS, P, "/UserImportJobs", json!([{ "JobId": "j" }])), "no-import-running"),
        (Account::ready().set(CLIENTS, P, "/UserPoolClients", json!([{ "ClientName": "x" }])), "overlap-window-short"),
        (Account::ready().set(DESCRIBE_CLIENT, P, "/UserPoolClient/AllowedOAuthFlows", "code"), "domain-active"),
        (
            Account::ready().set(DESCRIBE_CLIENT, P, "/UserPoolClient/TokenValidityUnits/IdToken", "fortnights"),
            "overlap-window-short",
        ),
        (totp().set(MFA, P, "/SmsMfaConfiguration", "x"), "required-mfa-works-in-replica"),
    ];
    for (account, rule) in tests {
        let judged = account.attested();
        let finding = judged.finding(rule);
        assert_eq!(finding.verdict, Verdict::Unknown, "{rule}: {finding:#?}");
        assert!(!Judged::causes(finding).is_empty(), "{rule}: {finding:#?}");
    }
}

#[test]
fn a_member_that_is_not_kept_is_unknown() {
    let mut account = Account::ready();
    account.calls.retain(|call| call.name() != MFA);
    account.answer(MFA, P, &[("UserPoolId", POOL)], json!({ "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true }, "SmsMfaConfiguration": "x" }));
    let judged = account.attested();
    assert_eq!(unknown(&judged, "required-mfa-works-in-replica"), "not_admitted");
}

#[test]
fn a_prefix_domain_only() {
    let account = described("Domain", "example").unset(DESCRIBE_POOL, P, "/UserPool/CustomDomain");
    let judged = account.clone().attested();
    assert_eq!(judged.verdict("custom-domain-present"), Verdict::Warn);
    assert_eq!(judged.verdict("no-domain"), Verdict::NotApplicable);
    // Nobody asked about that domain.
    assert_eq!(unknown(&judged, "domain-active"), "not_collected");
    let mut account = account;
    account.answer(
        DESCRIBE_DOMAIN,
        P,
        &[("Domain", "example")],
        json!({ "DomainDescription": { "Status": "ACTIVE" } }),
    );
    assert_eq!(account.attested().verdict("domain-active"), Verdict::Pass);
}

#[test]
fn no_domain_at_all() {
    let account = without("CustomDomain");
    let judged = account.clone().attested();
    assert_eq!(
        (judged.verdict("domain-active"), judged.verdict("custom-domain-present")),
        (Verdict::Fail, Verdict::NotApplicable)
    );
    let judged = account.set(DESCRIBE_CLIENT, P, "/UserPoolClient/AllowedOAuthFlows", json!([])).attested();
    assert_eq!((judged.verdict("domain-active"), judged.verdict("no-domain")), (Verdict::NotApplicable, Verdict::Info));
}

#[test]
fn a_replicated_pool_needs_no_word_on_eligibility() {
    let judged = Account::replicated("INACTIVE").judged();
    assert_eq!(judged.verdict("pool-eligible"), Verdict::Pass);
    assert_eq!(judged.verdict("replica-active"), Verdict::Info);
    assert_eq!(judged.verdict("triggers-prepared"), Verdict::NotApplicable);
    let positions: Vec<&str> = Gate::ALL.iter().map(|gate| judged.gate(*gate).position.as_str()).collect();
    assert_eq!(positions, ["next", "done", "next", "later"]);
    let judged = Account::replicated("ACTIVE").judged();
    let positions: Vec<&str> = Gate::ALL.iter().map(|gate| judged.gate(*gate).position.as_str()).collect();
    assert_eq!(positions, ["next", "done", "done", "next"]);
}

#[test]
fn a_trigger_that_the_replica_lacks() {
    let triggers = json!({
        "PreTokenGeneration": "arn:p", "PreTokenGenerationConfig": { "LambdaVersion": "V1_0", "LambdaArn": "arn:p" },
        "CustomMessage": "arn:p", "PreSignUp": "arn:p"
    });
    let both = described("LambdaConfig", triggers).replicate("ACTIVE");
    let judged = both.attested();
    assert_eq!(judged.verdict("critical-triggers-in-replica"), Verdict::Pass);
    assert_eq!(judged.verdict("other-triggers-in-replica"), Verdict::Pass);
    // The same trigger, written the other way.
    let config = json!({ "PreTokenGenerationConfig": { "LambdaVersion": "V2_0", "LambdaArn": "arn:s" } });
    let judged = both.clone().set(DESCRIBE_POOL, S, "/UserPool/LambdaConfig", config).attested();
    assert_eq!(judged.verdict("critical-triggers-in-replica"), Verdict::Pass);
    let other = judged.finding("other-triggers-in-replica");
    assert_eq!(other.verdict, Verdict::Warn);
    assert!(other.message.contains("CustomMessage") && !other.message.contains("PreSignUp"), "{}", other.message);
    let judged = both.unset(DESCRIBE_POOL, S, "/UserPool/LambdaConfig").attested();
    assert_eq!(judged.verdict("critical-triggers-in-replica"), Verdict::Fail);
    assert!(judged.gate(Gate::Activate).regression, "it was activated without its triggers");
    assert_eq!(judged.code(), 1);
}

#[test]
fn a_pool_found_where_its_replica_is_stays_one_pool_of_its_primary() {
    let mut account = Account::replicated("ACTIVE");
    account.calls.retain(|call| call.name() != POOLS);
    account.answer(POOLS, S, &[], json!({ "UserPools": [{ "Id": POOL, "Name": "customers", "ReplicaRegions": [P] }] }));
    let judged = account.attested();
    let pool = judged.pool();
    assert_eq!((pool.region.as_str(), pool.replica_region.as_deref()), (P, Some(S)));
    assert_eq!(pool.arn, format!("arn:aws:cognito-idp:{P}:{ACCOUNT}:userpool/{POOL}"));
    assert_eq!(judged.code(), 0);
    let pools = judged.report.findings.iter().filter(|finding| finding.subject.kind == SubjectKind::Pool);
    let ids: BTreeSet<&str> = pools.map(|finding| finding.subject.id.as_str()).collect();
    assert_eq!(ids, BTreeSet::from([POOL]));
}

/// A key that is related to keys in S and in a third Region: its Regions name no target.
fn three_regions() -> Account {
    let replicas = json!([{ "Arn": "a", "Region": S }, { "Arn": "b", "Region": "eu-west-1" }]);
    Account::ready().without_target().set(
        DESCRIBE_KEY,
        P,
        "/KeyMetadata/MultiRegionConfiguration/ReplicaKeys",
        replicas,
    )
}

#[test]
fn without_a_target_region_nothing_about_it_passes() {
    let judged = three_regions().attested();
    assert_eq!(judged.pool().replica_region, None);
    let about_the_target: BTreeSet<&str> = BTreeSet::from([
        "related-key-enabled",
        "related-key-exists",
        "related-key-policy-allows-cognito",
        "related-key-policy-names-cognito",
        "related-key-symmetric-customer-key",
        "related-key-without-end-date",
        "request-rates-alike",
        "secondary-region-differs",
        "secondary-region-listed",
        "secondary-region-supports-mrr",
    ]);
    assert_eq!(judged.rules_with(Verdict::Unknown), about_the_target);
    for rule in about_the_target {
        assert_eq!(unknown(&judged, rule), "no_target_region", "{rule}");
        assert!(Judged::words(judged.finding(rule)).contains("target Region not given"), "{rule}");
    }
    assert_eq!((judged.code(), judged.verdict("key-enabled")), (3, Verdict::Pass));
}

#[test]
fn the_target_region_is_derived_in_this_order() {
    let region = |judged: &Judged| judged.pool().replica_region.clone();
    // The key's only other Region.
    let only = Account::ready().without_target();
    let judged = only.attested();
    assert_eq!((region(&judged).as_deref(), judged.code()), (Some(S), 0));
    let source = &judged.finding("secondary-region-differs").evidence[0].sources[0];
    assert!(matches!(source, Source::Call { call, .. } if call == DESCRIBE_KEY), "{source:?}");
    // An existing secondary goes before the key.
    let elsewhere =
        only.push(REPLICAS, P, json!({ "RegionName": "eu-west-1", "Role": "SECONDARY", "Status": "ACTIVE" }));
    let judged = elsewhere.attested();
    assert_eq!(region(&judged).as_deref(), Some("eu-west-1"));
    assert_eq!(judged.verdict("no-secondary-elsewhere"), Verdict::Pass);
    assert_eq!(judged.verdict("related-key-exists"), Verdict::Fail);
    // The flag goes before everything.
    let judged = Run { replica_region: Some(S), ..Run::attested() }.judge(&elsewhere);
    assert_eq!(region(&judged).as_deref(), Some(S));
    assert_eq!((judged.verdict("no-secondary-elsewhere"), judged.code()), (Verdict::Fail, 1));
    // So it does before what was given when the evidence was collected.
    let judged = Run { replica_region: Some("eu-west-1"), ..Run::attested() }.judge(&Account::ready());
    assert_eq!(region(&judged).as_deref(), Some("eu-west-1"));
    assert_eq!(judged.verdict("related-key-exists"), Verdict::Fail);
}

#[test]
fn a_target_region_that_could_not_be_derived_names_the_missing_permission() {
    let judged = Account::ready().without_target().deny(DESCRIBE_KEY).attested();
    let finding = judged.finding("secondary-region-differs");
    assert_eq!(finding.verdict, Verdict::Unknown);
    assert!(Judged::causes(finding).iter().any(|cause| cause.missing_actions() == ["kms:DescribeKey"]), "{finding:#?}");
}

#[test]
fn target_regions_that_cannot_be() {
    let at = |region| Run { replica_region: Some(region), ..Run::attested() }.judge(&Account::ready());
    assert_eq!(at(P).verdict("secondary-region-differs"), Verdict::Fail);
    assert_eq!(at("af-south-1").verdict("secondary-region-supports-mrr"), Verdict::Fail);
    let unlisted = at("mars-north-1");
    assert_eq!(unlisted.verdict("secondary-region-supports-mrr"), Verdict::NotApplicable);
    assert_eq!(unlisted.verdict("secondary-region-listed"), Verdict::Warn);
}

#[test]
fn a_related_key_that_waits_for_its_deletion() {
    let judged = Account::ready()
        .set(DESCRIBE_KEY, S, "/KeyMetadata/KeyState", "PendingDeletion")
        .set(DESCRIBE_KEY, S, "/KeyMetadata/DeletionDate", "2026-12-01T00:00:00Z")
        .attested();
    let finding = judged.finding("related-key-enabled");
    assert_eq!((finding.verdict, judged.code()), (Verdict::Fail, 1));
    assert!(finding.message.contains("PendingDeletion") && finding.message.contains(S), "{}", finding.message);
    assert_eq!(judged.verdict("related-key-without-end-date"), Verdict::Warn);
    assert_eq!(judged.verdict("key-enabled"), Verdict::Pass);
}

fn policies(region: &str, change: impl FnOnce(&mut Value)) -> Judged {
    let mut policy = key_policy(POOL);
    change(&mut policy);
    Account::ready().set(KEY_POLICY, region, "/Policy", policy.to_string()).attested()
}

#[test]
fn a_key_policy_that_names_identitystore_nowhere() {
    let drop_it = |policy: &mut Value| {
        for index in [1, 2] {
            policy["Statement"][index]["Principal"]["Service"] = json!("cognito-idp.amazonaws.com");
        }
    };
    let judged = policies(P, drop_it);
    let finding = judged.finding("key-policy-allows-cognito");
    assert_eq!((finding.verdict, judged.code()), (Verdict::Fail, 1));
    assert!(finding.message.contains("identitystore.amazonaws.com"), "{}", finding.message);
    assert_eq!(judged.verdict("related-key-policy-names-cognito"), Verdict::Pass);
    let judged = policies(S, drop_it);
    assert_eq!((judged.verdict("related-key-policy-names-cognito"), judged.code()), (Verdict::Fail, 1));
    assert_eq!(judged.verdict("related-key-policy-allows-cognito"), Verdict::NotApplicable);
    assert_eq!(judged.verdict("key-policy-allows-cognito"), Verdict::Pass);
}

#[test]
fn an_allow_that_hangs_on_what_no_api_shows() {
    for region in [P, S] {
        let judged = policies(region, |policy| {
            policy["Statement"][1]["Condition"]["StringEquals"]["aws:SourceOrgID"] = json!("o-1");
        });
        let rule = if region == P { "key-policy-allows-cognito" } else { "related-key-policy-allows-cognito" };
        assert_eq!(unknown(&judged, rule), "undecided");
        let words = Judged::words(judged.finding(rule)).to_lowercase();
        assert!(words.contains("aws:sourceorgid"), "{words}");
        assert_eq!(judged.code(), if region == P { 3 } else { 0 }, "in S this rule is advisory");
        // What they may do is not known; that both are named is.
        assert_eq!(judged.verdict("related-key-policy-names-cognito"), Verdict::Pass);
    }
    // A Deny that hangs on one is no more certain.
    let judged = policies(P, |policy| {
        let deny = json!({
            "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
            "Condition": { "StringNotEquals": { "aws:SourceOrgID": "o-1" } }
        });
        policy["Statement"].as_array_mut().unwrap().push(deny);
    });
    assert_eq!(unknown(&judged, "key-policy-allows-cognito"), "undecided");
}

#[test]
fn a_condition_on_the_other_arn_is_a_no_in_p_and_a_doubt_in_s() {
    let only = |region: &str| json!(format!("arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{POOL}"));
    let judged = policies(P, |policy| policy["Statement"][1]["Condition"]["ArnEquals"]["aws:SourceArn"] = only(S));
    assert_eq!((judged.verdict("key-policy-allows-cognito"), judged.code()), (Verdict::Fail, 1));
    let judged = policies(S, |policy| policy["Statement"][1]["Condition"]["ArnEquals"]["aws:SourceArn"] = only(P));
    assert_eq!((judged.verdict("related-key-policy-allows-cognito"), judged.code()), (Verdict::Warn, 0));
    assert_eq!(judged.verdict("related-key-policy-names-cognito"), Verdict::Pass);
}

#[test]
fn evidence_that_is_too_old_is_unknown() {
    let run = |hours| Run { max_age: Some(SignedDuration::from_hours(hours)), ..Run::attested() };
    let mut account = Account::ready();
    for call in account.calls.iter_mut().filter(|call| call.name() == MFA || call.name() == DESCRIBE_KEY) {
        call.time = time("2026-11-20T11:00:00Z");
    }
    assert_eq!(run(26).judge(&account).code(), 0);
    let judged = run(24).judge(&account);
    assert_eq!(judged.code(), 3);
    for rule in ["no-totp", "key-enabled", "related-key-exists"] {
        assert_eq!(unknown(&judged, rule), "stale", "{rule}");
        assert!(Judged::words(judged.finding(rule)).contains("2026-11-20T11:00:00Z"), "{rule}");
    }
    assert_eq!(judged.verdict("feature-plan-allows-mrr"), Verdict::Pass);
    // The age that is shown is that of the oldest answer about the pool.
    assert_eq!(judged.pool().evidence_from.as_deref(), Some("2026-11-20T11:00:00Z"));
}

#[test]
fn nothing_in_scope_and_nothing_collected() {
    let judged = Account::default().judged();
    assert_eq!((judged.code(), judged.report.findings.len()), (3, 0));
    // A pool of which nothing was asked: whatever is known comes from its id and from what was given.
    let mut account = Account::empty();
    account.scope.pools.insert(mrready::snapshot::PoolKey { account: ACCOUNT.to_owned(), id: POOL.to_owned() });
    let judged = account.attested();
    let from_the_id = [
        "external-verifiers-told",
        "pool-eligible",
        "primary-region-listed",
        "primary-region-supports-mrr",
        "residency-approved",
        "secondary-region-differs",
        "secondary-region-listed",
        "secondary-region-supports-mrr",
    ];
    assert_eq!(judged.rules_with(Verdict::Pass), BTreeSet::from(from_the_id));
    // What was not imported and not asked for does not concern it.
    let not_asked_for =
        ["collecting-client-knows-mrr", "operator-may-create-in-replica-region", "operator-may-replicate"];
    assert_eq!((judged.code(), judged.rules_with(Verdict::NotApplicable)), (3, BTreeSet::from(not_asked_for)));
}
