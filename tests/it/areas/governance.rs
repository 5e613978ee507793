//! Evidence for the rules about governance.

use mrready::snapshot::ErrorKind;
use mrready::snapshot::operations::simulation::{
    IAM_REGION, REPLICA_REGION_ACTIONS, REPLICATE_ACTIONS, requested_region,
};
use serde_json::{Value, json};

use crate::builder::{
    ACCOUNT, Account, DESCRIBE_CLIENT, DESCRIBE_KEY, DESCRIBE_POOL, KEY_POLICY, P, POOL, Run, S, failure, key_arn,
    pool_arn,
};

/// The rules of this area that a person decides.
pub(crate) const PERSONS: &[&str] = &[];

const ROTATION: &str = "kms:GetKeyRotationStatus";
const SIMULATE: &str = "iam:SimulatePrincipalPolicy";
const OPERATOR: &str = "arn:aws:iam::111122223333:role/migration";

/// What is asked about a pool in P.
pub(crate) fn primary(mut account: Account, _pool: &str) -> Account {
    if !account.calls.iter().any(|call| call.name() == ROTATION) {
        let status = json!({ "KeyRotationEnabled": true, "RotationPeriodInDays": 365 });
        account.answer(ROTATION, P, &[("KeyId", &key_arn(P))], status);
    }
    account
}

/// What is asked in S once there is a replica.
pub(crate) fn secondary(account: Account) -> Account {
    account
}

/// What IAM says of these actions.
fn decided(actions: &[&str], decision: &str) -> Value {
    actions.iter().map(|action| json!({ "EvalActionName": action, "EvalDecision": decision })).collect()
}

/// With what a simulation for the operator says about P and about S.
fn simulated(mut account: Account, in_primary: Value, in_secondary: Value) -> Account {
    let mut answer = |parameters: Vec<(&str, Value)>, results: Value| {
        account.answer(SIMULATE, IAM_REGION, &[], json!({ "EvaluationResults": results }));
        let call = account.calls.last_mut().expect("just added");
        call.parameters.extend(parameters.into_iter().map(|(name, value)| (name.to_owned(), value)));
    };
    answer(
        vec![
            ("ActionNames", json!(REPLICATE_ACTIONS)),
            ("ContextEntries", requested_region(P)),
            ("PolicySourceArn", json!(OPERATOR)),
            ("ResourceArns", json!([pool_arn(P, POOL)])),
        ],
        in_primary,
    );
    answer(
        vec![
            ("ActionNames", json!(REPLICA_REGION_ACTIONS)),
            ("ContextEntries", requested_region(S)),
            ("PolicySourceArn", json!(OPERATOR)),
        ],
        in_secondary,
    );
    account
}

/// With an operator who may do all of it.
pub(crate) fn furnish(account: Account) -> Account {
    let yes = |actions: &[&str]| decided(actions, "allowed");
    simulated(account, yes(&REPLICATE_ACTIONS), yes(&REPLICA_REGION_ACTIONS))
}

/// The complete account whose operator may do all of it.
fn allowed() -> Account {
    furnish(Account::complete())
}

/// With `--operator-arn`, and everything that people can say said.
pub(crate) fn operator() -> Run {
    Run { operator: Some(OPERATOR), ..Run::attested() }
}

fn imported(version: &str) -> Account {
    let mut account = Account::complete();
    account.cli_versions.insert(version.to_owned());
    account
}

/// To every verdict.
pub(crate) fn cases() -> Vec<(Account, Run)> {
    let yes = |actions: &[&str]| decided(actions, "allowed");
    let by_organization = json!([{
        "EvalActionName": REPLICA_REGION_ACTIONS[0], "EvalDecision": "explicitDeny",
        "OrganizationsDecisionDetail": { "AllowedByOrganizations": false }
    }]);
    let undecided = json!([{
        "EvalActionName": REPLICA_REGION_ACTIONS[0], "EvalDecision": "allowed", "MissingContextValues": ["aws:SourceVpc"]
    }]);
    let operators = [
        allowed(),
        // The operator was not simulated.
        Account::complete(),
        simulated(Account::complete(), decided(&REPLICATE_ACTIONS, "implicitDeny"), by_organization),
        simulated(Account::complete(), yes(&REPLICATE_ACTIONS[1..]), undecided),
        simulated(Account::complete(), json!([{ "EvalActionName": 7 }]), json!([7])),
        allowed().deny(SIMULATE),
        allowed().error(SIMULATE, IAM_REGION, &failure(ErrorKind::Failed, "InvalidInput")),
    ];
    let others = [
        imported("aws-cli/2.34.58 Python/3.13.4"),
        imported("aws-cli/two"),
        Account::complete().deny(ROTATION),
        Account::complete().set(ROTATION, P, "/KeyRotationEnabled", "yes"),
        Account::complete().set(DESCRIBE_KEY, P, "/KeyMetadata/Origin", "EXTERNAL"),
        Account::complete().set(DESCRIBE_POOL, P, "/UserPool/EstimatedNumberOfUsers", -1),
        Account::complete().set(DESCRIBE_POOL, P, "/UserPool/UserPoolTier", "GOLD"),
        Account::complete().set(DESCRIBE_POOL, P, "/UserPool/UserPoolTier", "LITE"),
        Account::complete().set(DESCRIBE_CLIENT, P, "/UserPoolClient/AllowedOAuthFlows", json!(["client_credentials"])),
    ];
    let broken = breaks().into_iter().map(|(_, account)| account);
    let mau = Run { mau: Some(u64::MAX), ..Run::default() };
    operators
        .into_iter()
        .map(|account| (account, operator()))
        .chain(others.into_iter().chain(broken).map(|account| (account, Run::default())))
        .chain([(Account::complete(), mau)])
        .collect()
}

/// Accounts in which rules pass that the complete one does not concern.
pub(crate) fn bases() -> Vec<Account> {
    vec![allowed()]
}

/// One change that breaks one rule. Those about the operator need one to be given, and stand among the cases.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    let other = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::444455556666:root" }, "Action": "kms:*",
            "Resource": "*"
        }]
    });
    let key_policy = Account::complete().find(KEY_POLICY, P).response.clone().expect("a policy");
    let text = key_policy["Policy"].as_str().expect("a text");
    let mut policy: Value = serde_json::from_str(text).expect("a policy");
    policy["Statement"].as_array_mut().expect("statements").push(other["Statement"][0].clone());
    let refused = |actions: &[&str]| decided(actions, "implicitDeny");
    let (all, replica) = (decided(&REPLICATE_ACTIONS, "allowed"), decided(&REPLICA_REGION_ACTIONS, "allowed"));
    vec![
        ("operator-may-replicate", simulated(Account::complete(), refused(&REPLICATE_ACTIONS), replica)),
        (
            "operator-may-create-in-replica-region",
            simulated(Account::complete(), all, refused(&REPLICA_REGION_ACTIONS)),
        ),
        (
            "deletion-protection-active",
            Account::complete().set(DESCRIBE_POOL, P, "/UserPool/DeletionProtection", "INACTIVE"),
        ),
        ("key-not-broadly-deletable", Account::complete().set(KEY_POLICY, P, "/Policy", policy.to_string())),
        ("key-rotates", Account::complete().set(ROTATION, P, "/KeyRotationEnabled", false)),
        ("collecting-client-knows-mrr", imported("aws-cli/2.30.0 Python/3.13.4")),
    ]
}

#[test]
fn the_operator_is_named_by_what_is_refused() {
    let refused = simulated(
        Account::complete(),
        decided(&REPLICATE_ACTIONS, "implicitDeny"),
        decided(&REPLICA_REGION_ACTIONS, "allowed"),
    );
    let judged = operator().judge(&refused);
    let message = &judged.finding("operator-may-replicate").message;
    assert!(message.contains(OPERATOR) && message.contains("CreateUserPoolReplica"), "{message}");
    // Without the option nobody asks.
    assert_eq!(refused.attested().verdict("operator-may-replicate").as_str(), "not_applicable");
    // What was simulated for somebody else says nothing.
    let somebody = Run { operator: Some("arn:aws:iam::111122223333:role/other"), ..Run::attested() };
    assert_eq!(somebody.judge(&refused).verdict("operator-may-replicate").as_str(), "unknown");
}

#[test]
fn the_bill_is_told_by_users_or_not_at_all() {
    let message = |account: &Account, run: &Run| run.judge(account).finding("monthly-cost").message.clone();
    let run = Run { mau: Some(100_000), ..Run::default() };
    let told = message(&Account::ready(), &run);
    assert!(told.contains("≈ $450.00 (100,000 monthly active users") && told.contains("≈ $1,350.00"), "{told}");
    let told = message(&Account::ready(), &Run::default());
    assert!(told.contains("≈ $5.40 (1,200 users, by Cognito's estimate"), "{told}");
    let told = message(&Account::ready().deny(DESCRIBE_POOL), &run);
    assert!(told.contains("‹unknown›") && !told.contains('$'), "{told}");
}

#[test]
fn the_exception_for_other_scanners_can_be_pasted() {
    let judged = Account::ready().attested();
    let message = &judged.finding("other-scanners-will-object").message;
    let (_, yaml) = message.split_once("mutelist: ").expect("a mutelist");
    let expected = format!(
        r#"Mutelist: {{ Accounts: {{ "{ACCOUNT}": {{ Checks: {{ "kms_cmk_not_multi_region": {{ Regions: ["*"], Resources: ["{}"] }} }} }} }} }}"#,
        crate::builder::KEY
    );
    assert_eq!(yaml, expected);
    assert!(mrready::yaml::parse(yaml).is_ok(), "{yaml}");
}
