//! Evidence for the rules about triggers.

use std::collections::BTreeSet;

use mrready::model::Verdict;
use mrready::snapshot::ErrorKind;
use serde_json::{Value, json};

use crate::builder::{ACCOUNT, Account, DESCRIBE_POOL, P, POOL, REPLICAS, Run, S, failure, pool_arn};

/// The rules of this area that a person decides.
pub(crate) const PERSONS: &[&str] = &[];

const FUNCTION: &str = "lambda:GetFunctionConfiguration";
const POLICY: &str = "lambda:GetPolicy";
const GRANTS: &str = "kms:ListGrants";
const CONFIG: &str = "/UserPool/LambdaConfig";

pub(crate) fn function(region: &str, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}")
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

fn sender_key(region: &str) -> String {
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/5e4de4c0-0000-4000-8000-000000000000")
}

/// The policy that lets Cognito invoke a function for the pool in one Region.
fn policy(function: &str, source: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "cognito", "Effect": "Allow", "Principal": { "Service": "cognito-idp.amazonaws.com" },
            "Action": "lambda:InvokeFunction", "Resource": function,
            "Condition": { "ArnLike": { "AWS:SourceArn": source }, "StringEquals": { "AWS:SourceAccount": ACCOUNT } }
        }]
    })
    .to_string()
}

/// The answers about a function in S that may be invoked.
pub(crate) fn deployed(mut account: Account, name: &str) -> Account {
    let arn = function(S, name);
    let described = json!({
        "FunctionArn": arn, "FunctionName": name, "State": "Active", "LastUpdateStatus": "Successful",
        "Role": role(name), "Runtime": "nodejs22.x", "Version": "$LATEST"
    });
    account.answer(FUNCTION, S, &[("FunctionName", &arn)], described);
    let policy = json!({ "Policy": policy(&arn, &pool_arn(S, POOL)), "RevisionId": "1" });
    account.answer(POLICY, S, &[("FunctionName", &arn)], policy);
    account
}

/// What is asked about a pool in P.
pub(crate) fn primary(account: Account, _pool: &str) -> Account {
    account
}

/// What is asked in S once there is a replica: a trigger with its function in each Region, unless the pool has others.
pub(crate) fn secondary(account: Account) -> Account {
    let described = account.calls.iter().find(|call| call.name() == DESCRIBE_POOL && call.region == P);
    let answer = described.and_then(|call| call.response.as_ref());
    if answer.is_none_or(|answer| answer.pointer(CONFIG).is_some()) {
        return account;
    }
    let config = |region: &str| {
        json!({
            "PreTokenGeneration": function(region, "claims"),
            "PreTokenGenerationConfig": { "LambdaArn": function(region, "claims"), "LambdaVersion": "V2_0" }
        })
    };
    let account = account.set(DESCRIBE_POOL, P, CONFIG, config(P)).set(DESCRIBE_POOL, S, CONFIG, config(S));
    deployed(account, "claims")
}

/// With a custom sender in both Regions, whose function may decrypt by a grant.
pub(crate) fn furnish(account: Account) -> Account {
    sending_to(account, ACCOUNT, json!([{ "GranteePrincipal": role("sms"), "Operations": ["Decrypt"] }]))
}

/// The complete account with such a sender.
fn sending() -> Account {
    furnish(Account::complete())
}

/// The same with a key that is left to this account, and these grants.
fn sending_by(owner: &str, grants: Value) -> Account {
    sending_to(Account::complete(), owner, grants)
}

fn sending_to(account: Account, owner: &str, grants: Value) -> Account {
    let account = [P, S].into_iter().fold(account, |account, region| {
        let sender = json!({ "LambdaArn": function(region, "sms"), "LambdaVersion": "V1_0" });
        account.set(DESCRIBE_POOL, region, &format!("{CONFIG}/CustomSMSSender"), sender).set(
            DESCRIBE_POOL,
            region,
            &format!("{CONFIG}/KMSKeyID"),
            sender_key(region),
        )
    });
    let key = sender_key(S);
    let mut account = deployed(account, "sms");
    account.answer(GRANTS, S, &[("KeyId", &key)], json!({ "Grants": grants }));
    let root = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{owner}:root") }, "Action": "kms:*",
            "Resource": "*"
        }]
    });
    account.answer(
        "kms:GetKeyPolicy",
        S,
        &[("KeyId", &key), ("PolicyName", "default")],
        json!({ "Policy": root.to_string() }),
    );
    account
}

/// To every verdict.
pub(crate) fn cases() -> Vec<(Account, Run)> {
    let missing = failure(ErrorKind::NotFound, "ResourceNotFoundException");
    let version = format!("{CONFIG}/PreTokenGenerationConfig/LambdaVersion");
    let accounts = [
        Account::complete(),
        sending(),
        sending_by(ACCOUNT, json!([])),
        sending_by(ACCOUNT, json!([{}])),
        Account::complete().deny(FUNCTION),
        Account::complete().deny(POLICY),
        Account::complete().error(FUNCTION, S, &missing),
        Account::complete().error(FUNCTION, S, &missing).error(POLICY, S, &missing),
        Account::complete().deny(REPLICAS),
        Account::complete().unset(DESCRIBE_POOL, S, &version),
        // Settings of another type than the API says.
        Account::complete().set(DESCRIBE_POOL, S, CONFIG, "none"),
        Account::complete().set(DESCRIBE_POOL, S, CONFIG, json!({ "PreAuthentication": [7], "CustomMessage": "f" })),
        Account::complete().set(DESCRIBE_POOL, S, &format!("{CONFIG}/PreTokenGeneration"), function(S, "other")),
        sending().set(DESCRIBE_POOL, S, &format!("{CONFIG}/KMSKeyID"), "alias/key"),
        sending().set(DESCRIBE_POOL, S, &format!("{CONFIG}/KMSKeyID"), sender_key(P)),
        sending().deny(GRANTS),
        Account::ready().without_target(),
    ];
    let broken = breaks().into_iter().map(|(_, account)| account);
    accounts.into_iter().chain(broken).map(|account| (account, Run::default())).collect()
}

/// Accounts in which rules pass that the complete one does not concern.
pub(crate) fn bases() -> Vec<Account> {
    vec![sending()]
}

/// One change that breaks one rule.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    let version = format!("{CONFIG}/PreTokenGenerationConfig/LambdaVersion");
    let for_primary = policy(&function(S, "claims"), &pool_arn(P, POOL));
    let elsewhere = Account::complete()
        .set(DESCRIBE_POOL, S, &format!("{CONFIG}/PreTokenGeneration"), function(P, "claims"))
        .set(DESCRIBE_POOL, S, &format!("{CONFIG}/PreTokenGenerationConfig/LambdaArn"), function(P, "claims"));
    let mut elsewhere = deployed(elsewhere, "claims");
    // The function of P lets both in.
    let arn = function(P, "claims");
    let described = json!({
        "FunctionArn": arn, "State": "Active", "LastUpdateStatus": "Successful", "Role": role("claims")
    });
    elsewhere.answer(FUNCTION, P, &[("FunctionName", &arn)], described);
    elsewhere.answer(POLICY, P, &[("FunctionName", &arn)], json!({ "Policy": policy(&arn, &pool_arn(S, POOL)) }));
    vec![
        ("critical-triggers-in-replica", Account::complete().unset(DESCRIBE_POOL, S, CONFIG)),
        (
            "other-triggers-in-replica",
            Account::complete().set(DESCRIBE_POOL, P, &format!("{CONFIG}/CustomMessage"), function(P, "message")),
        ),
        (
            "user-migration-finished",
            Account::complete().set(DESCRIBE_POOL, P, &format!("{CONFIG}/UserMigration"), function(P, "migrate")),
        ),
        ("trigger-versions-match", Account::complete().set(DESCRIBE_POOL, S, &version, "V1_0")),
        ("trigger-function-active", Account::complete().set(FUNCTION, S, "/State", "Inactive")),
        ("trigger-function-in-replica-region", elsewhere),
        ("trigger-function-updated", Account::complete().set(FUNCTION, S, "/LastUpdateStatus", "Failed")),
        ("trigger-function-invocable", Account::complete().set(POLICY, S, "/Policy", for_primary)),
        ("custom-sender-key-in-replica", sending().unset(DESCRIBE_POOL, S, &format!("{CONFIG}/KMSKeyID"))),
        ("custom-sender-function-may-decrypt", sending_by("444455556666", json!([]))),
    ]
}

/// The rules that a finding of these verdicts belongs to.
fn open(account: &Account) -> BTreeSet<String> {
    let judged = account.attested();
    let verdicts = [Verdict::Fail, Verdict::Warn, Verdict::Unknown];
    verdicts.iter().flat_map(|verdict| judged.rules_with(*verdict)).map(str::to_owned).collect()
}

#[test]
fn each_change_breaks_one_rule() {
    let whole = BTreeSet::new();
    assert_eq!((open(&Account::complete()), open(&sending())), (whole.clone(), whole));
    for (rule, account) in breaks() {
        let mut expected = BTreeSet::from([rule.to_owned()]);
        if rule == "custom-sender-key-in-replica" {
            // Without a key there is nothing to decrypt with.
            expected.insert("custom-sender-function-may-decrypt".to_owned());
        }
        assert_eq!(open(&account), expected, "{rule}");
    }
}

#[test]
fn a_function_is_judged_by_what_lambda_answers_about_it() {
    let missing = failure(ErrorKind::NotFound, "ResourceNotFoundException");
    let rules = ["trigger-function-active", "trigger-function-invocable"];
    let verdicts = |account: &Account| rules.map(|rule| account.attested().verdict(rule).as_str());
    let account = Account::complete();
    assert_eq!(verdicts(&account), ["pass", "pass"]);
    // Lambda does not find it: evidence, unlike being denied.
    assert_eq!(verdicts(&account.clone().error(FUNCTION, S, &missing)), ["fail", "pass"]);
    assert_eq!(verdicts(&account.clone().deny(FUNCTION)), ["unknown", "pass"]);
    // A function without a policy lets nobody in; without the function nobody can tell.
    assert_eq!(verdicts(&account.clone().error(POLICY, S, &missing)), ["pass", "fail"]);
    assert_eq!(verdicts(&account.clone().error(POLICY, S, &missing).error(FUNCTION, S, &missing)), ["fail", "unknown"]);
    assert_eq!(verdicts(&account.clone().error(POLICY, S, &missing).deny(FUNCTION)), ["unknown", "unknown"]);
    assert_eq!(verdicts(&account.unset(FUNCTION, S, "/State")), ["unknown", "pass"]);
    // Without a replica there are no triggers of one.
    assert_eq!(verdicts(&Account::ready()), ["not_applicable", "not_applicable"]);
    assert_eq!(verdicts(&Account::ready().without_target()), ["not_applicable", "not_applicable"]);
    assert_eq!(verdicts(&Account::ready().deny(REPLICAS)), ["unknown", "unknown"]);
    // What a replica never invokes is not judged.
    let unused = Account::complete().set(DESCRIBE_POOL, S, &format!("{CONFIG}/PreSignUp"), function(S, "gone"));
    assert_eq!(verdicts(&unused), ["pass", "pass"]);
}

/// How the verdict of a rule on this trigger follows, line by line.
fn derived(account: &Account, rule: &str, trigger: &str) -> Vec<String> {
    let judged = account.attested();
    let is_it = |name: &Option<String>| name.as_deref().is_some_and(|name| name.starts_with(trigger));
    let found = judged.findings(rule).into_iter().find(|finding| is_it(&finding.subject.name)).unwrap();
    found.evidence.iter().flat_map(|evidence| evidence.derivation.clone()).collect()
}

#[test]
fn who_may_invoke_is_told_statement_by_statement() {
    let told = |account: &Account| derived(account, "trigger-function-invocable", "PreTokenGeneration");
    let asks = "lambda:InvokeFunction for cognito-idp.amazonaws.com";
    assert_eq!(
        told(&Account::complete()),
        [format!("Statement[0] \"cognito\" (Allow): allows {asks}"), format!("Together: allowed: {asks}")]
    );
    let with = |statements: Value| {
        let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        told(&Account::complete().set(POLICY, S, "/Policy", policy))
    };
    let own = function(S, "claims");
    let statement = |sid: &str, principal: Value, condition: Value| {
        json!({
            "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction", "Resource": own,
            "Condition": condition
        })
    };
    let service = json!({ "Service": "cognito-idp.amazonaws.com" });
    let for_primary = json!({ "ArnLike": { "AWS:SourceArn": pool_arn(P, POOL) } });
    assert_eq!(
        with(json!([statement("a\u{1b}[2J\r\n::error::b", service, for_primary)])),
        [
            format!(
                "Statement[0] \"a [2J  ::error::b\" (Allow): does not allow {asks}, because of its condition on \
                 AWS:SourceArn"
            ),
            format!("Together: denied: {asks}"),
        ]
    );
    // For everybody, under a condition that only callers meet: the evaluation alone would leave it open.
    let callers = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } });
    assert_eq!(
        with(json!([statement("all", json!("*"), callers)])),
        [
            format!("Statement[0] \"all\" (Allow): may allow {asks}, depending on Principal \"*\" and aws:PrincipalOrgID"),
            format!("Together: undecided: {asks}"),
            "No statement names cognito-idp.amazonaws.com, and under its conditions none for everybody stands in for it: \
             it is refused"
                .to_owned(),
        ]
    );
    // What was not read is not told.
    assert_eq!(told(&Account::complete().deny(POLICY)), Vec::<String>::new());
    let missing = failure(ErrorKind::NotFound, "ResourceNotFoundException");
    assert_eq!(told(&Account::complete().error(POLICY, S, &missing)), Vec::<String>::new());
}

#[test]
fn who_may_decrypt_is_told_statement_by_statement() {
    let told = |account: &Account| derived(account, "custom-sender-function-may-decrypt", "CustomSMSSender");
    let asks = format!("kms:Decrypt for {}", role("sms"));
    let by_account = format!(
        "Statement[0] (Allow): allows {asks}; it names the account, so the role's own policies have to allow it too"
    );
    assert_eq!(
        told(&sending()),
        [&*by_account, "Grants: one lets the role decrypt", "Together: allowed, a grant lets the role decrypt"]
    );
    assert_eq!(
        told(&sending_by(ACCOUNT, json!([]))),
        [
            &*by_account,
            "Grants: none of 0 lets the role decrypt",
            &format!("Together: not decided, no API shows what decides it: the policies of {} itself", role("sms"))
        ]
    );
    let told_elsewhere = told(&sending_by("444455556666", json!([])));
    assert_eq!(told_elsewhere[0], format!("Statement[0] (Allow): does not name {}", role("sms")));
    assert!(told_elsewhere[2].starts_with("Together: denied, neither"), "{told_elsewhere:?}");
    let hostile = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "x\u{7}\n##[error]y", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"
    }] });
    let mut account = sending();
    let is_key = |call: &&mut mrready::snapshot::Call| {
        call.name() == "kms:GetKeyPolicy" && call.parameters["KeyId"] == *sender_key(S)
    };
    let call = account.calls.iter_mut().find(is_key).unwrap();
    call.response = Some(json!({ "Policy": hostile.to_string() }));
    let name = "Statement[0] \"x  ##[error]y\"";
    assert_eq!(
        told(&account),
        [
            format!("{name} (Deny): denies {asks}"),
            "Grants: one lets the role decrypt".to_owned(),
            format!("Together: denied, {name} of the key policy denies kms:Decrypt"),
        ]
    );
    // Other triggers decrypt nothing.
    assert_eq!(derived(&sending(), "custom-sender-function-may-decrypt", "PreTokenGeneration"), Vec::<String>::new());
    assert_eq!(told(&sending().deny(GRANTS))[1], "Grants: whether one lets the role decrypt is not known");
}
