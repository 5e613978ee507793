//! Evidence for the rules about messages.

use std::collections::BTreeSet;

use mrready::model::Verdict;
use mrready::snapshot::admit::digest;
use mrready::snapshot::{Call, ErrorKind};
use serde_json::{Value, json};

use crate::builder::{
    ACCOUNT, ANY, Account, CLIENTS, DESCRIBE_CLIENT, DESCRIBE_POOL, MFA, P, POOL, REPLICAS, Run, S, failure, pool_arn,
};

const RISK: &str = "cognito-idp:DescribeRiskConfiguration";
const IDENTITY: &str = "sesv2:GetEmailIdentity";
const SES_ACCOUNT: &str = "sesv2:GetAccount";
const CONFIGURATION_SET: &str = "sesv2:GetConfigurationSet";
const ROLE: &str = "iam:GetRole";
const SANDBOX: &str = "sns:GetSMSSandboxAccountStatus";
const ATTRIBUTES: &str = "sns:GetSMSAttributes";
const TIER: &str = "sms-voice:DescribeAccountAttributes";
const LIMITS: &str = "sms-voice:DescribeSpendLimits";

/// Who sends codes, and who sends risk notifications.
const SENDER: &str = "example.com";
const ALERTS: &str = "alerts.example.com";
/// A Region that no table lists.
const NEW: &str = "mars-north-1";

const MAIL: &str = "/UserPool/EmailConfiguration";
const SMS: &str = "/UserPool/SmsConfiguration";
const FACTORS: &str = "/UserPool/Policies/SignInPolicy/AllowedFirstAuthFactors";
const NOTIFY: &str = "/RiskConfiguration/AccountTakeoverRiskConfiguration/NotifyConfiguration";

/// The rules of this area that a person decides.
pub(crate) const PERSONS: &[&str] = &[];

/// What is asked about a pool in P.
pub(crate) fn primary(account: Account, _pool: &str) -> Account {
    let mail = json!({
        "EmailSendingAccount": "DEVELOPER", "SourceArn": identity_arn(P, SENDER), "ConfigurationSet": "codes"
    });
    account.set(DESCRIBE_POOL, P, MAIL, mail).set(DESCRIBE_POOL, P, SMS, sns(P)).set(
        DESCRIBE_POOL,
        P,
        FACTORS,
        json!(["PASSWORD"]),
    )
}

/// What is asked in S once there is a replica.
pub(crate) fn secondary(account: Account) -> Account {
    let mut account = account
        .set(DESCRIBE_POOL, S, &format!("{MAIL}/SourceArn"), identity_arn(S, SENDER))
        .set(DESCRIBE_POOL, S, SMS, sns(S))
        .set(DESCRIBE_POOL, ANY, "/UserPool/UserPoolAddOns", json!({ "AdvancedSecurityMode": "ENFORCED" }));
    account = ses(account, S);
    account = texts(account, S);
    let role = json!({ "Role": {
        "Arn": role_arn(), "RoleName": "sms", "AssumeRolePolicyDocument": trust(&[P, S], "external").to_string()
    } });
    account.answer(ROLE, P, &[("RoleName", "sms")], role);
    let clients: Vec<String> = account
        .calls
        .iter()
        .filter(|call| call.name() == DESCRIBE_CLIENT && call.region == P)
        .map(|call| call.parameters["ClientId"].as_str().unwrap().to_owned())
        .collect();
    for region in [P, S] {
        let risk = json!({ "RiskConfiguration": {
            "UserPoolId": POOL,
            "AccountTakeoverRiskConfiguration": {
                "NotifyConfiguration": { "SourceArn": identity_arn(region, ALERTS), "From": "alerts@example.com" },
                "Actions": { "HighAction": { "Notify": true, "EventAction": "BLOCK" } }
            }
        } });
        account.answer(RISK, region, &[("UserPoolId", POOL)], risk);
        for client in &clients {
            let none = json!({ "RiskConfiguration": { "UserPoolId": POOL, "ClientId": client } });
            account.answer(RISK, region, &[("ClientId", client), ("UserPoolId", POOL)], none);
        }
    }
    account
}

/// SES in a Region: both identities verified, with the documented policy for both ARNs, the account in production.
fn ses(mut account: Account, region: &str) -> Account {
    for name in [SENDER, ALERTS] {
        let identity = json!({
            "IdentityType": "DOMAIN", "VerifiedForSendingStatus": true, "VerificationStatus": "SUCCESS",
            "Policies": { "cognito": sending(region, name, &[P, S]).to_string() }
        });
        account.answer(IDENTITY, region, &[("EmailIdentity", name)], identity);
    }
    let state = json!({ "ProductionAccessEnabled": true, "SendingEnabled": true, "EnforcementStatus": "HEALTHY" });
    account.answer(SES_ACCOUNT, region, &[], state);
    let set = json!({ "ConfigurationSetName": "codes", "SendingOptions": { "SendingEnabled": true } });
    account.answer(CONFIGURATION_SET, region, &[("ConfigurationSetName", "codes")], set);
    account
}

/// SNS in a Region: out of the sandbox, with a limit that somebody raised.
fn texts(mut account: Account, region: &str) -> Account {
    account.answer(SANDBOX, region, &[], json!({ "IsInSandbox": false }));
    account.answer(ATTRIBUTES, region, &[], json!({ "attributes": { "MonthlySpendLimit": "500" } }));
    account
}

fn identity_arn(region: &str, name: &str) -> String {
    format!("arn:aws:ses:{region}:{ACCOUNT}:identity/{name}")
}

fn role_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/service-role/sms")
}

fn sns(region: &str) -> Value {
    json!({ "SnsCallerArn": role_arn(), "SnsRegion": region, "ExternalId": digest("external") })
}

/// Allows this service these actions for the pool's ARN in these Regions.
fn policy(service: &str, actions: &[&str], regions: &[&str]) -> Value {
    let arns: Vec<String> = regions.iter().map(|region| pool_arn(region, POOL)).collect();
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": service }, "Action": actions,
        "Condition": { "StringEquals": { "aws:SourceAccount": ACCOUNT }, "ArnLike": { "aws:SourceArn": arns } }
    }] })
}

fn sending(region: &str, name: &str, regions: &[&str]) -> Value {
    let mut policy = policy("email.cognito-idp.amazonaws.com", &["ses:SendEmail", "ses:SendRawEmail"], regions);
    policy["Statement"][0]["Resource"] = json!(identity_arn(region, name));
    policy
}

/// As snapshots hold it: the external id by its digest.
fn trust(regions: &[&str], external_id: &str) -> Value {
    let mut policy = policy("cognito-idp.amazonaws.com", &["sts:AssumeRole"], regions);
    policy["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = json!(digest(external_id));
    policy
}

/// The complete account in which the answers to a call differ in one member.
fn complete(call: &str, region: &str, pointer: &str, value: impl Into<Value>) -> Account {
    Account::complete().set(call, region, pointer, value)
}

/// The complete account that sends e-mail by Cognito itself, from an address of ours.
fn by_cognito() -> Account {
    complete(DESCRIBE_POOL, ANY, &format!("{MAIL}/EmailSendingAccount"), "COGNITO_DEFAULT")
}

/// The complete account that sends codes from SES in another Region.
fn mail_from(region: &str) -> Account {
    ses(complete(DESCRIBE_POOL, S, &format!("{MAIL}/SourceArn"), identity_arn(region, SENDER)), region)
}

/// The complete account that sends text messages from SNS in another Region.
fn texts_from(region: &str) -> Account {
    texts(complete(DESCRIBE_POOL, S, &format!("{SMS}/SnsRegion"), region), region)
}

fn trusting(regions: &[&str], external_id: &str) -> Account {
    complete(ROLE, P, "/Role/AssumeRolePolicyDocument", trust(regions, external_id).to_string())
}

/// The complete account in which one identity in S differs.
fn identity(name: &str, pointer: &str, value: impl Into<Value>) -> Account {
    let mut account = Account::complete();
    let about = |call: &Call| call.name() == IDENTITY && call.region == S && call.parameters["EmailIdentity"] == *name;
    let call = account.calls.iter_mut().find(|call| about(call)).unwrap();
    call.response.as_mut().unwrap()[pointer.trim_start_matches('/')] = value.into();
    account
}

/// The complete account in which the risk settings of the pool in S differ.
fn risk(change: impl FnOnce(&mut Value)) -> Account {
    let mut account = Account::complete();
    let about = |call: &Call| call.name() == RISK && call.region == S && !call.parameters.contains_key("ClientId");
    let call = account.calls.iter_mut().find(|call| about(call)).unwrap();
    change(call.response.as_mut().unwrap().pointer_mut(NOTIFY).unwrap());
    account
}

/// The complete account that sends text messages by End User Messaging.
fn end_user_messaging(region: &str, tier: &str, limit: i64) -> Account {
    by_end_user_messaging(Account::complete(), region, tier, limit)
}

/// With text messages by End User Messaging of S.
pub(crate) fn furnish(account: Account) -> Account {
    by_end_user_messaging(account, S, "PRODUCTION", 500)
}

fn by_end_user_messaging(account: Account, region: &str, tier: &str, limit: i64) -> Account {
    let settings =
        json!({ "EumsSms": { "CallerArn": role_arn(), "Region": region, "ExternalId": digest("external") } });
    let mut account = account.set(DESCRIBE_POOL, ANY, SMS, settings);
    let attributes = json!({ "AccountAttributes": [
        { "Name": "DEFAULT_PROTECT_CONFIGURATION_ID", "Value": "p" }, { "Name": "ACCOUNT_TIER", "Value": tier }
    ] });
    account.answer(TIER, region, &[], attributes);
    let limits = json!({ "SpendLimits": [
        { "Name": "VOICE_MESSAGE_MONTHLY_SPEND_LIMIT", "EnforcedLimit": 500, "MaxLimit": 500 },
        { "Name": "TEXT_MESSAGE_MONTHLY_SPEND_LIMIT", "EnforcedLimit": limit, "MaxLimit": 500 }
    ] });
    account.answer(LIMITS, region, &[], limits);
    account
}

/// The complete account with everything of S in another Region.
fn moved(region: &str) -> Account {
    let mut account = Account::complete();
    for call in &mut account.calls {
        let text = serde_json::to_string(&*call).unwrap().replace(S, region);
        *call = serde_json::from_str(&text).unwrap();
    }
    let searched = std::mem::take(&mut account.scope.searched).into_iter().map(|mut searched| {
        searched.region = searched.region.replace(S, region);
        searched
    });
    account.scope.searched = searched.collect();
    account.scope.replica_regions.insert(String::new(), region.to_owned());
    account
}

fn missing(call: &str, region: &str) -> Account {
    Account::complete().error(call, region, &failure(ErrorKind::NotFound, "NotFoundException"))
}

/// To every verdict.
pub(crate) fn cases() -> Vec<(Account, Run)> {
    let custom = json!({ "CustomEmailSender": { "LambdaArn": "a" }, "CustomSMSSender": { "LambdaArn": "a" } });
    let mut accounts = vec![
        complete(DESCRIBE_POOL, S, "/UserPool/LambdaConfig", custom),
        by_cognito(),
        by_cognito().unset(DESCRIBE_POOL, S, &format!("{MAIL}/SourceArn")),
        by_cognito().deny(MFA),
        by_cognito().deny_in(IDENTITY, S),
        end_user_messaging(S, "PRODUCTION", 500),
        end_user_messaging(S, "SANDBOX", 1),
        end_user_messaging(P, "PRODUCTION", 500),
        complete(DESCRIBE_POOL, ANY, "/UserPool/UserPoolAddOns/AdvancedSecurityMode", "OFF"),
        Account::complete()
            .unset(DESCRIBE_POOL, S, &format!("{MAIL}/ConfigurationSet"))
            .unset(DESCRIBE_POOL, P, SMS)
            .unset(DESCRIBE_POOL, S, SMS),
        missing(IDENTITY, S),
        missing(CONFIGURATION_SET, S),
        missing(ROLE, P),
        Account::complete().deny_in(DESCRIBE_POOL, S),
        Account::complete().deny(REPLICAS),
    ];
    for call in [IDENTITY, SES_ACCOUNT, CONFIGURATION_SET, ROLE, SANDBOX, ATTRIBUTES, RISK, CLIENTS] {
        accounts.push(Account::complete().deny(call));
    }
    accounts.extend(breaks().into_iter().map(|(_, account)| account));
    accounts.into_iter().map(|account| (account, Run::default())).collect()
}

/// Accounts in which rules pass that the complete one does not concern.
pub(crate) fn bases() -> Vec<Account> {
    vec![by_cognito(), complete(DESCRIBE_POOL, ANY, FACTORS, json!(["PASSWORD", "EMAIL_OTP"]))]
}

/// One change that breaks one rule.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    vec![
        (
            "mail-sender-kept-in-replica",
            complete(DESCRIBE_POOL, S, &format!("{MAIL}/EmailSendingAccount"), "COGNITO_DEFAULT"),
        ),
        ("mail-identity-verified", identity(SENDER, "/VerifiedForSendingStatus", false)),
        ("mail-account-out-of-sandbox", complete(SES_ACCOUNT, S, "/ProductionAccessEnabled", false)),
        ("mail-ses-region-allowed", mail_from("eu-west-2")),
        ("mail-ses-region-listed", moved(NEW)),
        ("mail-configuration-set-usable", complete(CONFIGURATION_SET, S, "/SendingOptions/SendingEnabled", false)),
        ("mail-sent-outside-primary", mail_from(P)),
        ("mail-codes-sent-by-own-ses", by_cognito().set(DESCRIBE_POOL, ANY, FACTORS, json!(["PASSWORD", "EMAIL_OTP"]))),
        (
            "mail-own-address-authorized",
            by_cognito().set(IDENTITY, S, "/Policies/cognito", sending(S, SENDER, &[P]).to_string()),
        ),
        ("sms-set-in-replica", Account::complete().unset(DESCRIBE_POOL, S, SMS)),
        ("sms-role-trusts-replica", trusting(&[P], "external")),
        ("sms-out-of-sandbox", complete(SANDBOX, S, "/IsInSandbox", true)),
        ("sms-region-allowed", texts_from("eu-west-1")),
        ("sms-region-listed", moved(NEW)),
        ("sms-spend-limit-raised", complete(ATTRIBUTES, S, "/attributes/MonthlySpendLimit", "1")),
        // In S no other Region than its own is allowed: that rule is broken with it.
        ("sms-sent-outside-primary", texts_from(P)),
        ("risk-mail-set-in-replica", risk(|notify| drop(notify.as_object_mut().unwrap().remove("SourceArn")))),
        ("risk-mail-identity-verified", identity(ALERTS, "/VerifiedForSendingStatus", false)),
        ("risk-mail-sent-outside-primary", ses(risk(|notify| notify["SourceArn"] = json!(identity_arn(P, ALERTS))), P)),
    ]
}

/// The rules of this area with their verdicts.
fn ours(account: &Account) -> Vec<(String, Verdict)> {
    let findings = account.attested().report.findings;
    let ours = |rule: &str| ["mail-", "sms-", "risk-"].iter().any(|prefix| rule.starts_with(prefix));
    findings.into_iter().filter(|each| ours(&each.rule)).map(|each| (each.rule, each.verdict)).collect()
}

#[test]
fn nothing_is_asked_of_a_replica_that_is_not_there() {
    for account in [Account::ready(), Account::switched()] {
        assert!(ours(&account).iter().all(|(_, verdict)| *verdict == Verdict::NotApplicable), "{:?}", ours(&account));
    }
}

#[test]
fn the_complete_account_has_nothing_open() {
    let open: Vec<_> = ours(&Account::complete())
        .into_iter()
        .filter(|(_, verdict)| !matches!(verdict, Verdict::Pass | Verdict::NotApplicable))
        .collect();
    assert_eq!(open, Vec::new());
}

#[test]
fn each_break_breaks_its_rule_and_leaves_nothing_unknown() {
    for (rule, account) in breaks() {
        let found = ours(&account);
        let broken = found.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Fail | Verdict::Warn));
        let broken: BTreeSet<&str> = broken.map(|(rule, _)| rule.as_str()).collect();
        let expected = match rule {
            "mail-ses-region-listed" | "sms-region-listed" => vec!["mail-ses-region-listed", "sms-region-listed"],
            "sms-sent-outside-primary" => vec!["sms-region-allowed", "sms-sent-outside-primary"],
            _ => vec![rule],
        };
        assert_eq!(broken, BTreeSet::from_iter(expected), "{rule}");
        assert!(found.iter().all(|(_, verdict)| *verdict != Verdict::Unknown), "{rule}: {found:?}");
    }
}

#[test]
fn an_address_without_an_identity_is_covered_by_its_domain() {
    let address = format!("codes@mail.{SENDER}");
    let without = |mut account: Account, name: &str| {
        account.calls.retain(|call| call.name() != IDENTITY || call.parameters["EmailIdentity"] != *name);
        account
    };
    let gone = |mut account: Account, name: &str| {
        account.answer(IDENTITY, S, &[("EmailIdentity", name)], json!({}));
        let call = account.calls.last_mut().unwrap();
        call.response = None;
        call.error = Some(failure(ErrorKind::NotFound, "NotFoundException"));
        account
    };
    let sends = complete(DESCRIBE_POOL, S, &format!("{MAIL}/SourceArn"), identity_arn(S, &address));
    let verdict = |account: &Account| account.attested().verdict("mail-identity-verified");
    let asked = gone(sends.clone(), &address);
    // The domain between was not asked about.
    assert_eq!((verdict(&sends), verdict(&asked)), (Verdict::Unknown, Verdict::Unknown));
    let asked = gone(asked, &format!("mail.{SENDER}"));
    assert_eq!(verdict(&asked), Verdict::Pass);
    let gone = gone(without(asked, SENDER), SENDER);
    assert_eq!(verdict(&gone), Verdict::Fail);
}

#[test]
fn what_cannot_be_read_is_not_known() {
    let verdict = |account: &Account, rule: &str| account.attested().verdict(rule);
    let wrong = |call, region, pointer: &str, rule| {
        for value in [json!(7), json!("x"), json!([]), json!({}), json!(null)] {
            let found = verdict(&complete(call, region, pointer, value.clone()), rule);
            assert!(matches!(found, Verdict::Unknown | Verdict::NotApplicable), "{call} {pointer} {value}: {found}");
        }
    };
    wrong(DESCRIBE_POOL, S, &format!("{MAIL}/EmailSendingAccount"), "mail-sender-kept-in-replica");
    wrong(DESCRIBE_POOL, S, &format!("{MAIL}/SourceArn"), "mail-identity-verified");
    wrong(DESCRIBE_POOL, S, &format!("{MAIL}/SourceArn"), "mail-sent-outside-primary");
    wrong(IDENTITY, S, "/VerifiedForSendingStatus", "mail-identity-verified");
    wrong(SES_ACCOUNT, S, "/SendingEnabled", "mail-account-out-of-sandbox");
    wrong(CONFIGURATION_SET, S, "/SendingOptions", "mail-configuration-set-usable");
    wrong(DESCRIBE_POOL, S, &format!("{SMS}/SnsCallerArn"), "sms-role-trusts-replica");
    wrong(ROLE, P, "/Role/AssumeRolePolicyDocument", "sms-role-trusts-replica");
    wrong(SANDBOX, S, "/IsInSandbox", "sms-out-of-sandbox");
    wrong(ATTRIBUTES, S, "/attributes/MonthlySpendLimit", "sms-spend-limit-raised");
    // In the account of somebody else nothing is asked.
    let elsewhere = identity_arn(S, SENDER).replace(ACCOUNT, "444455556666");
    let account = complete(DESCRIBE_POOL, S, &format!("{MAIL}/SourceArn"), elsewhere);
    assert_eq!(verdict(&account, "mail-identity-verified"), Verdict::Unknown);
    let mut limits = end_user_messaging(S, "PRODUCTION", 500).calls;
    let attributes = limits.iter_mut().find(|call| call.name() == TIER).unwrap();
    attributes.more = true;
    let account = Account { calls: limits, ..Account::complete() };
    // The item was seen, so what else there is does not matter.
    assert_eq!(verdict(&account, "sms-out-of-sandbox"), Verdict::Pass);
}

#[test]
fn the_role_is_for_this_replica_and_this_external_id() {
    let verdict = |account: &Account| account.attested().verdict("sms-role-trusts-replica");
    assert_eq!(verdict(&trusting(&[S], "external")), Verdict::Pass);
    assert_eq!(verdict(&trusting(&[S], "other")), Verdict::Fail);
    let none = trusting(&[S], "external").unset(DESCRIBE_POOL, S, &format!("{SMS}/ExternalId"));
    assert_eq!(verdict(&none), Verdict::Fail);
    let user = complete(DESCRIBE_POOL, S, &format!("{SMS}/SnsCallerArn"), format!("arn:aws:iam::{ACCOUNT}:user/sms"));
    assert_eq!(verdict(&user), Verdict::Unknown);
}

#[test]
fn a_client_with_settings_of_its_own_is_looked_at() {
    let mut account = Account::complete();
    let of_client = |call: &&mut Call| call.name() == RISK && call.parameters.contains_key("ClientId");
    for call in account.calls.iter_mut().filter(of_client) {
        let takeover = json!({ "Actions": { "LowAction": { "Notify": call.region == P } } });
        call.response.as_mut().unwrap()["RiskConfiguration"]["AccountTakeoverRiskConfiguration"] = takeover;
    }
    let judged = account.attested();
    let finding = judged.finding("risk-mail-set-in-replica");
    assert_eq!(finding.verdict, Verdict::Warn);
    assert!(
        finding.message.contains("app client web0") && !finding.message.contains("the pool,"),
        "{}",
        finding.message
    );
    let unseen = Account::complete().deny_page_2(CLIENTS, P).attested();
    assert_eq!(unseen.verdict("risk-mail-set-in-replica"), Verdict::Unknown);
}

/// How the verdict of a rule follows, line by line.
fn derived(account: &Account, rule: &str) -> Vec<String> {
    let judged = account.attested();
    judged.finding(rule).evidence.iter().flat_map(|evidence| evidence.derivation.clone()).collect()
}

#[test]
fn who_may_send_is_told_policy_by_policy() {
    let told = |policies: Value| {
        let account = by_cognito().set(IDENTITY, S, "/Policies", policies);
        derived(&account, "mail-own-address-authorized")
    };
    let asks = "everything for email.cognito-idp.amazonaws.com";
    assert_eq!(
        told(json!({ "cognito": sending(S, SENDER, &[S]).to_string() })),
        [format!("Policy \"cognito\", Statement[0] (Allow): allows {asks}"), format!("Together: allowed: {asks}")]
    );
    let mut rail = json!({ "Version": "2012-10-17", "Statement": {
        "Sid": "no\u{1b}[31m\nmail", "Effect": "Deny", "Principal": "*", "Action": "ses:SendRawEmail", "Resource": "*"
    } });
    let name = "b\u{7}\r\nc";
    assert_eq!(
        told(json!({ "a": sending(S, SENDER, &[P, S]).to_string(), (name): rail.to_string() })),
        [
            format!("Policy \"a\", Statement[0] (Allow): allows {asks}"),
            "Policy \"b   c\", Statement[0] \"no [31m mail\" (Deny): denies ses:SendRawEmail for \
             email.cognito-idp.amazonaws.com; does not cover the other actions"
                .to_owned(),
            "Together: allowed: ses:SendEmail for email.cognito-idp.amazonaws.com; denied: ses:SendRawEmail for \
             email.cognito-idp.amazonaws.com"
                .to_owned(),
        ]
    );
    // One that cannot be read may deny.
    rail["Statement"]["Effect"] = json!("Perhaps");
    assert_eq!(told(json!({ "a": sending(S, SENDER, &[S]).to_string(), "b": rail.to_string() })), Vec::<String>::new());
    assert_eq!(told(json!({})), ["There is no statement".to_owned(), format!("Together: denied: {asks}")]);
    assert_eq!(derived(&missing(IDENTITY, S), "mail-own-address-authorized"), Vec::<String>::new());
}

#[test]
fn an_identity_that_ses_does_not_have_is_named_as_such() {
    let missing = failure(ErrorKind::NotFound, "NotFoundException");
    let judged = by_cognito().error(IDENTITY, S, &missing).attested();
    let finding = judged.finding("mail-own-address-authorized");
    assert_eq!(finding.verdict, Verdict::Warn);
    assert!(finding.message.ends_with(&format!(": SES in {S} has no such identity")), "{}", finding.message);
}

#[test]
fn whom_the_role_trusts_is_told_without_the_external_id() {
    let told = |account: &Account| derived(account, "sms-role-trusts-replica");
    let asks = "sts:AssumeRole for cognito-idp.amazonaws.com";
    for external_id in ["external", "other"] {
        let told = told(&trusting(&[S], external_id));
        let text = told.join(" ");
        for secret in [external_id.to_owned(), digest(external_id), digest("external")] {
            assert!(!text.contains(&secret), "{text}");
        }
    }
    assert_eq!(
        told(&trusting(&[S], "external")),
        [format!("Statement[0] (Allow): allows {asks}"), format!("Together: allowed: {asks}")]
    );
    assert_eq!(
        told(&trusting(&[S], "other")),
        [
            format!("Statement[0] (Allow): does not allow {asks}, because of its condition on sts:ExternalId"),
            format!("Together: denied: {asks}")
        ]
    );
    let mut named = trust(&[P], "external");
    named["Statement"][0]["Sid"] = json!("sms\u{9b}2J\n::warning::x");
    let account = complete(ROLE, P, "/Role/AssumeRolePolicyDocument", named.to_string());
    assert_eq!(
        told(&account)[0],
        format!(
            "Statement[0] \"sms 2J ::warning::x\" (Allow): does not allow {asks}, because of its condition on \
             aws:SourceArn"
        )
    );
    assert_eq!(told(&by_end_user_messaging(trusting(&[S], "external"), S, "PRODUCTION", 500)).len(), 2);
    for account in [missing(ROLE, P), Account::complete().deny(ROLE)] {
        assert_eq!(told(&account), Vec::<String>::new());
    }
}
