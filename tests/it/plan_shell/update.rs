//! A change of a pool, an app client or a domain: it changes just what it names, is refused where it would not, and has a
//! way back that leaves alone what others did since.

use std::fs;

use mrready::model::plan::{PlannedStep, Script};
use serde_json::{Value, json};

use super::{Bench, POOL, plan, step};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/mrk-1";
const ATTACH: &str = r#"update_user_pool "$PRIMARY_REGION" '.KeyConfiguration = {KeyType: "CUSTOMER_MANAGED_KEY", KmsKeyArn: $key}' --arg key "$KEY_ARN""#;

/// A step that attaches a key, and can be taken back.
fn attach() -> PlannedStep {
    let mut step = step(1, "attach", "");
    let undo = Some("restore_user_pool \"$PRIMARY_REGION\"".to_owned());
    step.sh = Some(Script { require: None, run: ATTACH.to_owned(), check: None, undo });
    step.values.insert("KEY_ARN".to_owned(), KEY.to_owned());
    step
}

fn bench(step: PlannedStep) -> Bench {
    Bench::new(&plan(vec![step]))
}

fn running(run: &str) -> Bench {
    bench(step(1, "attach", run))
}

const SCRIPT: &str = "01-attach.sh";

fn pool(bench: &Bench, region: &str) -> Value {
    bench.get(&format!("pool.{region}.json"))["UserPool"].clone()
}

/// What the account has, less what every update changes.
fn rest(bench: &Bench, without: &[&str]) -> Value {
    let mut pool = pool(bench, "us-east-1");
    for member in without.iter().chain(&["LastModifiedDate"]) {
        pool.as_object_mut().unwrap().remove(*member);
    }
    // It excludes TemporaryPasswordValidityDays, which the pool has.
    pool["AdminCreateUserConfig"].as_object_mut().unwrap().remove("UnusedAccountValidityDays");
    pool
}

/// The inputs that were sent.
fn sent(bench: &Bench) -> Vec<Value> {
    let inputs = bench.kept().into_iter().filter(|path| path.ends_with("input.json"));
    inputs.map(|path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()).collect()
}

#[test]
fn a_change_sends_all_that_an_update_takes_and_changes_one_member() {
    let bench = bench(attach());
    let before = rest(&bench, &[]);
    let ran = bench.run(SCRIPT, &["attach"]).good();
    assert_eq!(
        pool(&bench, "us-east-1")["KeyConfiguration"],
        json!({"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": KEY})
    );
    assert_eq!(rest(&bench, &["KeyConfiguration"]), before);
    assert!(ran.said.contains(&format!("+    \"KmsKeyArn\": \"{KEY}\"")), "{}", ran.said);
    assert_eq!(ran.said.lines().filter(|line| line.starts_with("-  ")).count(), 0, "{}", ran.said);
    let [input] = &sent(&bench)[..] else { panic!("one input") };
    assert_eq!(input["UserPoolId"], POOL);
    assert_eq!(input["PoolName"], "customers");
    assert_eq!(input["UserPoolTier"], "PLUS");
    for member in [
        "Id",
        "Arn",
        "Name",
        "Status",
        "CreationDate",
        "LastModifiedDate",
        "SchemaAttributes",
        "UsernameConfiguration",
        "EstimatedNumberOfUsers",
        "Domain",
    ] {
        assert!(input.get(member).is_none(), "{member}");
    }
    assert_eq!(input["AdminCreateUserConfig"], json!({"AllowAdminCreateUserOnly": true}));
    assert_eq!(input["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"], 3);
}

#[test]
fn an_old_limit_of_days_is_carried_over_under_its_new_name() {
    let bench = bench(attach());
    let mut account = bench.get("pool.us-east-1.json");
    account["UserPool"]["Policies"]["PasswordPolicy"].as_object_mut().unwrap().remove("TemporaryPasswordValidityDays");
    bench.put_json("pool.us-east-1.json", &account);
    bench.run(SCRIPT, &["attach"]).good();
    assert_eq!(sent(&bench)[0]["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"], 7);
}

#[test]
fn what_is_as_wanted_already_is_not_sent() {
    let bench = bench(attach());
    bench.run(SCRIPT, &["attach"]).good();
    let ran = bench.run(SCRIPT, &["attach", "--again"]).good();
    assert!(ran.said.contains("nothing to change"), "{}", ran.said);
    assert_eq!(bench.called("update-user-pool"), 1);
}

#[test]
fn a_terminal_sees_the_difference_before_it_is_asked() {
    let bench = bench(attach());
    let said = bench.on_terminal(SCRIPT, &[], "yes|no").bad("not confirmed").said;
    let difference = said.find("+    \"KmsKeyArn\"").unwrap();
    assert!(
        difference < said.find("Send this change of the pool us-east-1_AbCdEfGhI in us-east-1?").unwrap(),
        "{said}"
    );
    assert_eq!(bench.called("update-user-pool"), 0);
    bench.on_terminal(SCRIPT, &[], "yes|yes").good();
    assert_eq!(bench.called("update-user-pool"), 1);
}

#[test]
fn somebody_else_changing_it_is_waited_for() {
    let bench = bench(attach());
    bench.put("concurrent", "2");
    bench.run(SCRIPT, &["attach"]).good();
    assert_eq!(bench.called("update-user-pool"), 3);
    let bench = self::bench(attach());
    bench.put("concurrent", "100");
    bench.run(SCRIPT, &["attach"]).bad("somebody else keeps changing it");
    assert_eq!(bench.called("update-user-pool"), 6);
    assert!(!bench.work().join("done/attach").exists());
}

#[test]
fn what_was_changed_while_somebody_read_is_not_overwritten() {
    // The filter of the step runs between the two describes; it changes the account behind the script's back.
    let other = r#"jq '.UserPool.UserPoolTier = "ESSENTIALS"' "$FAKE_AWS/pool.us-east-1.json" >"$WORK/new" && mv "$WORK/new" "$FAKE_AWS/pool.us-east-1.json""#;
    let run = format!("confirm() {{ {other}; }}\n{ATTACH}");
    let mut step = attach();
    step.sh.as_mut().unwrap().run = run;
    let bench = bench(step);
    bench.run(SCRIPT, &["attach"]).bad("it has been changed by somebody else meanwhile, so nothing was sent");
    assert_eq!(bench.called("update-user-pool"), 0);
}

#[test]
fn an_update_without_effect_or_with_another_one_fails() {
    for (twist, shown) in [
        ("del(.UserPool.KeyConfiguration)", "-  \"KeyConfiguration\""),
        (".UserPool.UserPoolTier = \"ESSENTIALS\"", "+  \"UserPoolTier\": \"ESSENTIALS\""),
        (".UserPool.LambdaConfig = {}", "-    \"PreTokenGeneration\""),
    ] {
        let bench = bench(attach());
        bench.put("twist", twist);
        let ran = bench.run(SCRIPT, &["attach"]).bad("is not what was sent");
        assert!(ran.said.contains(shown), "{twist}: {}", ran.said);
        assert!(!bench.work().join("done/attach").exists());
    }
}

#[test]
fn order_and_emptiness_are_no_difference() {
    let bench = bench(attach());
    bench.put("twist", ".UserPool.AutoVerifiedAttributes |= reverse | del(.UserPool.SmsConfiguration) | .UserPool.IssuerConfiguration = {Type: \"ORIGINAL\"}");
    bench.run(SCRIPT, &["attach"]).good();
}

#[test]
fn a_change_of_factors_that_was_not_asked_for_fails() {
    // Between the two answers the account changes.
    let other = "printf '%s' '{\"MfaConfiguration\": \"OFF\"}' >\"$FAKE_AWS/factors.json\"";
    let mut step = attach();
    step.sh.as_mut().unwrap().run = format!("confirm() {{ {other}; }}\n{ATTACH}");
    let bench = bench(step);
    bench.run(SCRIPT, &["attach"]).bad("the factors of sign-in have changed, which was not asked for");
    assert_eq!(bench.called("update-user-pool"), 1);
    assert!(!bench.work().join("done/attach").exists());
}

#[test]
fn a_change_cannot_go_to_another_pool() {
    let bench = running(r#"update_user_pool "$PRIMARY_REGION" '.UserPoolId = "us-east-1_Other"'"#);
    bench.run(SCRIPT, &["attach"]).bad("the change would go to another pool");
    assert_eq!(bench.called("update-user-pool"), 0);
    let bench = running(r#"update_user_pool "$PRIMARY_REGION" '.KeyConfiguration = '"#);
    bench.run(SCRIPT, &["attach"]).bad("jq: ");
    assert_eq!(bench.called("update-user-pool"), 0);
}

#[test]
fn the_way_back_puts_back_what_the_step_changed_and_nothing_else() {
    let bench = bench(attach());
    let before = rest(&bench, &[]);
    bench.run(SCRIPT, &["attach"]).good();
    // Somebody else's change of another member stays.
    let mut account = bench.get("pool.us-east-1.json");
    account["UserPool"]["DeletionProtection"] = json!("INACTIVE");
    bench.put_json("pool.us-east-1.json", &account);
    bench.run(SCRIPT, &["attach", "--undo"]).good();
    let after = pool(&bench, "us-east-1");
    assert_eq!(after["KeyConfiguration"], json!({"KeyType": "AWS_OWNED_KEY"}));
    assert_eq!(after["DeletionProtection"], "INACTIVE");
    let mut expected = before;
    expected["DeletionProtection"] = json!("INACTIVE");
    assert_eq!(rest(&bench, &["KeyConfiguration"]), expected);
    bench.run(SCRIPT, &["attach", "--undo"]).bad("this step has recorded no change");
}

#[test]
fn the_way_back_is_refused_where_the_same_member_was_changed_again() {
    let bench = bench(attach());
    bench.run(SCRIPT, &["attach"]).good();
    let mut account = bench.get("pool.us-east-1.json");
    account["UserPool"]["KeyConfiguration"]["KmsKeyArn"] = json!("arn:aws:kms:us-east-1:111122223333:key/mrk-2");
    bench.put_json("pool.us-east-1.json", &account);
    bench.run(SCRIPT, &["attach", "--undo"]).bad("KeyConfiguration has been changed again since");
    assert_eq!(bench.called("update-user-pool"), 1);
    assert!(bench.work().join("done/attach").exists());
}

#[test]
fn two_changes_in_one_step_are_taken_back_together() {
    let mut step = attach();
    let sh = step.sh.as_mut().unwrap();
    sh.run = format!(
        "update_user_pool \"$PRIMARY_REGION\" '.UserPoolTier = \"ESSENTIALS\"'\n{ATTACH}\nupdate_user_pool \"$SECONDARY_REGION\" '.UserPoolTags.team = \"other\"'"
    );
    sh.undo = Some("restore_user_pool \"$PRIMARY_REGION\"\nrestore_user_pool \"$SECONDARY_REGION\"".to_owned());
    let bench = bench(step);
    bench.run(SCRIPT, &["attach"]).good();
    assert_eq!(pool(&bench, "us-west-2")["UserPoolTags"], json!({"team": "other"}));
    assert_eq!(pool(&bench, "us-east-1")["UserPoolTags"], json!({"team": "identity"}));
    bench.run(SCRIPT, &["attach", "--undo"]).good();
    let after = pool(&bench, "us-east-1");
    assert_eq!(after["KeyConfiguration"], json!({"KeyType": "AWS_OWNED_KEY"}));
    assert_eq!(after["UserPoolTier"], "PLUS");
    assert_eq!(pool(&bench, "us-west-2")["UserPoolTags"], json!({"team": "identity"}));
}

#[test]
fn a_clients_secret_is_in_no_file() {
    let mut only = step(
        1,
        "attach",
        "update_user_pool_client \"$CLIENT_ID\" '.CallbackURLs += [$url]' --arg url https://s.example/cb",
    );
    only.sh.as_mut().unwrap().undo = Some("restore_user_pool_client \"$CLIENT_ID\"".to_owned());
    only.values.insert("CLIENT_ID".to_owned(), "1example23456789".to_owned());
    let bench = bench(only);
    let secret = "s3cr3t-of-the-client";
    bench.put_json(
        "client.json",
        &json!({"UserPoolClient": {
            "UserPoolId": POOL, "ClientId": "1example23456789", "ClientName": "web", "ClientSecret": secret,
            "ClientType": "CONFIDENTIAL", "CreationDate": 1.5, "LastModifiedDate": 1.5,
            "CallbackURLs": ["https://p.example/cb"], "AccessTokenValidity": 30
        }}),
    );
    let ran = bench.run(SCRIPT, &["attach"]).good();
    let client = bench.get("client.json")["UserPoolClient"].clone();
    assert_eq!(client["CallbackURLs"], json!(["https://p.example/cb", "https://s.example/cb"]));
    assert_eq!(client["AccessTokenValidity"], 30);
    for member in ["ClientSecret", "ClientType", "CreationDate", "LastModifiedDate"] {
        assert!(sent(&bench)[0].get(member).is_none(), "{member}");
    }
    let undone = bench.run(SCRIPT, &["attach", "--undo"]).good();
    assert_eq!(bench.get("client.json")["UserPoolClient"]["CallbackURLs"], json!(["https://p.example/cb"]));
    let kept = bench.kept();
    assert!(kept.len() > 8, "{kept:?}");
    for file in kept {
        assert!(!fs::read_to_string(&file).unwrap().contains(secret), "{}", file.display());
    }
    assert!(!(ran.said + &ran.out + &undone.said + &undone.out).contains(secret));
}

#[test]
fn a_domain_keeps_its_certificate_and_its_login_version() {
    let only = step(
        1,
        "attach",
        "update_user_pool_domain login.example.com '.Routing = {Failover: {SecondaryRegion: $s, PrimaryRoute53HealthCheckId: $h}}' --arg s \"$SECONDARY_REGION\" --arg h hc-1",
    );
    let bench = bench(only);
    bench.put_json(
        "domain.json",
        &json!({"DomainDescription": {
            "Domain": "login.example.com", "UserPoolId": POOL, "AWSAccountId": "111122223333", "Status": "ACTIVE",
            "CloudFrontDistribution": "d1.cloudfront.net", "S3Bucket": "b", "Version": "1", "ManagedLoginVersion": 2,
            "CustomDomainConfig": {"CertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/1", "SecurityPolicy": "TLS_V1_2_2021"}
        }}),
    );
    bench.run(SCRIPT, &["attach"]).good();
    let input = &sent(&bench)[0];
    assert_eq!(
        *input,
        json!({
            "Domain": "login.example.com", "UserPoolId": POOL, "ManagedLoginVersion": 2,
            "CustomDomainConfig": {"CertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/1", "SecurityPolicy": "TLS_V1_2_2021"},
            "Routing": {"Failover": {"SecondaryRegion": "us-west-2", "PrimaryRoute53HealthCheckId": "hc-1"}}
        })
    );
}
