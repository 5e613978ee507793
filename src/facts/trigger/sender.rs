//! Custom senders in the replica Region: where their key is, and whether their functions may decrypt with it.
//!
//! What decides the second may be written in the function's role itself, which is not read: then it stays undecided.
//! Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-sender-triggers.html>.

use serde_json::{Value as Json, json};

use crate::model::{Cause, Fact, Observed, Truth, Value};
use crate::policy::derive::statements;
use crate::policy::{
    Context, Decision, DenialReason, Effect, NamedPrincipal, Policy, Principal, PrincipalElement, PrincipalKind,
    Request, Statement,
};

use super::{
    Answer, DESCRIBE, Described, FUNCTION, Function, LIST, PoolView, described, lambda_config, policy, replica,
};

const GRANTS: &str = "kms:ListGrants";
const KEY_POLICY: &str = "kms:GetKeyPolicy";
const KEY: &str = "/UserPool/LambdaConfig/KMSKeyID";

/// The triggers whose events hold encrypted codes.
pub(super) const TRIGGERS: [&str; 2] = ["CustomEmailSender", "CustomSMSSender"];

/// What decides whether a function may decrypt.
pub(super) const CALLS: &[&str] = &[DESCRIBE, LIST, FUNCTION, KEY_POLICY, GRANTS];

/// Where the key of the replica's custom senders is, and its ARN.
pub(super) fn key(view: &PoolView<'_>) -> (Fact, Fact) {
    let both = |fact: Fact| (fact.clone(), fact);
    let Described { answer, .. } = match described(view) {
        Observed::Known(described) => described,
        Observed::Absent => return both(Fact::absent(vec![replica::answer(view).source("/UserPoolReplicas")])),
        Observed::Unknown(cause) => return both(Fact::unknown(cause, vec![lambda_config(view)])),
    };
    let sources = vec![answer.source(KEY)];
    match answer.text(KEY) {
        Observed::Known(arn) => {
            let place = match region_of(&arn) {
                Some(region) if region == answer.region => Fact::known("in_region", sources.clone()),
                Some(_) => Fact::known("elsewhere", sources.clone()),
                None if arn.is_empty() => Fact::known("missing", sources.clone()),
                None => Fact::unknown(no_key(&arn), sources.clone()),
            };
            (place, Fact::known(arn, sources))
        }
        // Cognito leaves out of LambdaConfig what is not set.
        Observed::Absent => (Fact::known("missing", sources.clone()), Fact::absent(sources)),
        Observed::Unknown(cause) => both(Fact::unknown(cause, sources)),
    }
}

/// The Region of a key's ARN.
fn region_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let is_key = parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some("kms");
    parts.next().filter(|region| is_key && !region.is_empty())
}

/// The account of an ARN.
fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

fn no_key(arn: &str) -> Cause {
    Cause::Unrecognised { value: format!("{arn} as the ARN of a key") }
}

/// Whether the function of a custom sender may decrypt with the senders' key, and why; absent for other triggers.
pub(super) fn decrypts(
    view: &PoolView<'_>,
    described: &Answer<'_>,
    trigger: &str,
    function: &Function<'_>,
) -> (Fact, Fact) {
    if !TRIGGERS.contains(&trigger) {
        return (Fact::absent(Vec::new()), Fact::absent(Vec::new()));
    }
    let mut sources = vec![described.source(KEY)];
    let may = match described.text(KEY) {
        Observed::Known(key) if !key.is_empty() => match region_of(&key) {
            Some(region) => {
                sources.extend(function.source("/Role"));
                match function.text("/Role") {
                    Observed::Known(role) => {
                        let (grants, policy) = asked(view, region, &key);
                        sources.extend([grants.source("/Grants"), policy.source("/Policy")]);
                        may_decrypt(&role, &key, &grants, &policy)
                    }
                    Observed::Absent => May::unknown(Cause::NoMeaning { member: format!("{FUNCTION} /Role") }),
                    Observed::Unknown(cause) => May::unknown(cause),
                }
            }
            None => May::unknown(no_key(&key)),
        },
        Observed::Known(_) | Observed::Absent => May::no("no key is set (KMSKeyID)".to_owned()),
        Observed::Unknown(cause) => May::unknown(cause),
    };
    match may {
        May::Known(yes, why) => (Fact::known(Value::Bool(yes), sources.clone()), Fact::known(why, sources)),
        May::Unknown(cause) => (Fact::unknown(cause.clone(), sources.clone()), Fact::unknown(cause, sources)),
    }
}

/// What KMS says of a key.
fn asked<'f>(view: &PoolView<'f>, region: &str, key: &str) -> (Answer<'f>, Answer<'f>) {
    (view.ask(GRANTS, region, &[key]), view.ask(KEY_POLICY, region, &[key, "default"]))
}

/// What the statements of the key's policy say to the function's request, what its grants do, and what that comes to.
pub(super) fn derivation(
    view: &PoolView<'_>,
    described: &Answer<'_>,
    trigger: &str,
    function: &Function<'_>,
) -> Vec<String> {
    let (Observed::Known(key), Observed::Known(role)) = (described.text(KEY), function.text("/Role")) else {
        return Vec::new();
    };
    let Some(region) = region_of(&key).filter(|_| TRIGGERS.contains(&trigger)) else { return Vec::new() };
    let (grants, policy) = asked(view, region, &key);
    tell(&role, &key, &grants, &policy)
}

fn tell(role: &str, key: &str, grants: &Answer<'_>, policy_answer: &Answer<'_>) -> Vec<String> {
    let (Observed::Known(policy), Some(account)) = (policy(policy_answer), account_of(role)) else {
        return Vec::new();
    };
    let request = request(role, account);
    let mut lines = statements(&policy, std::slice::from_ref(&request), |statement| {
        let only = |part: Option<Statement>| Policy { statements: part.into_iter().collect(), ..policy.clone() };
        let is_denied = |policy: Policy| matches!(policy.evaluate(&request), Decision::Denied { .. });
        let by_account = statement.effect == Effect::Allow
            && !is_denied(only(Some(statement.clone())))
            && is_denied(only(without_accounts(statement)));
        by_account.then(|| "it names the account, so the role's own policies have to allow it too".to_owned())
    });
    let mut doubt = None;
    let list = grants.list();
    lines.push(match list.any(|grant| lets_decrypt(grant, role, &mut doubt)) {
        Truth::True => "Grants: one lets the role decrypt".to_owned(),
        Truth::False => format!("Grants: none of {} lets the role decrypt", list.items.len()),
        Truth::Unknown => "Grants: whether one lets the role decrypt is not known".to_owned(),
    });
    lines.push(match may_decrypt(role, key, grants, policy_answer) {
        May::Known(true, why) => format!("Together: allowed, {why}"),
        May::Known(false, why) => format!("Together: denied, {why}"),
        May::Unknown(cause) => format!("Together: not decided, {cause}"),
    });
    lines
}

/// Yes or no with the reason, or why nobody can tell.
#[derive(Debug, PartialEq, Eq)]
enum May {
    Known(bool, String),
    Unknown(Cause),
}

impl May {
    fn yes(why: String) -> Self {
        Self::Known(true, why)
    }

    fn no(why: String) -> Self {
        Self::Known(false, why)
    }

    fn unknown(cause: Cause) -> Self {
        Self::Unknown(cause)
    }

    fn undecided(keys: impl IntoIterator<Item = String>) -> Self {
        Self::Unknown(Cause::Undecided { keys: keys.into_iter().collect() })
    }
}

/// A Deny of the key policy goes before everything. Then a grant, or a statement that names the role itself, is enough;
/// a statement for the role's account leaves it to the role's own policies.
fn may_decrypt(role: &str, key: &str, grants: &Answer<'_>, policy_answer: &Answer<'_>) -> May {
    let policy = match policy(policy_answer) {
        Observed::Known(policy) => policy,
        Observed::Absent => return May::unknown(Cause::NoMeaning { member: format!("{KEY_POLICY} /Policy") }),
        Observed::Unknown(cause) => return May::unknown(cause),
    };
    let Some(account) = account_of(role) else {
        return May::unknown(Cause::Unrecognised { value: format!("{role} as the ARN of a role") });
    };
    let request = request(role, account);
    match denials(&policy, role).map(|policy| policy.evaluate(&request)) {
        Some(Decision::Denied { reason: DenialReason::Explicit { by, .. } }) => {
            return May::no(format!("{by} of the key policy denies kms:Decrypt"));
        }
        Some(Decision::Undecided { keys, .. }) => return May::undecided(keys),
        Some(Decision::Allowed { .. }) => {}
        Some(Decision::Denied { .. }) | None => {
            return May::unknown(Cause::Unrecognised { value: format!("{role} as the ARN of a role") });
        }
    }
    let mut doubt = None;
    let granted = grants.list().any(|grant| lets_decrypt(grant, role, &mut doubt));
    if granted == Truth::True {
        return May::yes("a grant lets the role decrypt".to_owned());
    }
    let same_account = account_of(key) == Some(account);
    let of_the_role = || format!("the policies of {role} itself");
    match part(&policy, without_accounts).evaluate(&request) {
        Decision::Allowed { by } if same_account => return May::yes(format!("{by} of the key policy allows it")),
        // Across accounts the role's own policies have to allow it too.
        Decision::Allowed { .. } => return May::undecided([of_the_role()]),
        Decision::Undecided { keys, .. } => return May::undecided(keys),
        Decision::Denied { .. } => {}
    }
    if granted == Truth::Unknown {
        return May::unknown(
            doubt
                .or_else(|| grants.list().incomplete)
                .unwrap_or(Cause::NoMeaning { member: format!("{GRANTS} /Grants") }),
        );
    }
    let allows = |statement: &Statement| (statement.effect == Effect::Allow).then(|| statement.clone());
    match part(&policy, allows).evaluate(&request) {
        Decision::Allowed { .. } => May::undecided([of_the_role()]),
        Decision::Undecided { keys, .. } => May::undecided(keys.into_iter().chain([of_the_role()])),
        Decision::Denied { .. } => May::no(format!("neither the key policy nor a grant lets {role} decrypt")),
    }
}

/// The function's request. With which encryption context is not documented, so conditions on one stay undecided.
fn request(role: &str, account: &str) -> Request {
    let context = Context::new()
        .with("aws:PrincipalArn", [role])
        .with("aws:PrincipalAccount", [account])
        .with("kms:CallerAccount", [account])
        .with("aws:PrincipalIsAWSService", ["false"]);
    let principal = Principal::Aws { arn: role.to_owned(), account: account.to_owned() };
    Request { principal, action: "kms:Decrypt".to_owned(), resource: None, context }
}

/// What a policy denies, beside a statement that allows the role everything: without one, nobody asks what is denied.
fn denials(policy: &Policy, role: &str) -> Option<Policy> {
    let allow = json!({ "Effect": "Allow", "Principal": { "AWS": role }, "Action": "*", "Resource": "*" });
    let allow = Policy::parse(&json!({ "Statement": [allow] }).to_string()).ok()?;
    let mut denials = part(policy, |statement| (statement.effect == Effect::Deny).then(|| statement.clone()));
    denials.statements.extend(allow.statements);
    Some(denials)
}

/// The policy with some of its statements, or parts of them.
fn part(policy: &Policy, keep: impl Fn(&Statement) -> Option<Statement>) -> Policy {
    Policy { statements: policy.statements.iter().filter_map(keep).collect(), ..policy.clone() }
}

/// An Allow without the accounts it names; none if it names nobody else.
fn without_accounts(statement: &Statement) -> Option<Statement> {
    let mut statement = statement.clone();
    if let PrincipalElement::Principal(named) = &mut statement.principals {
        named.retain(|principal| !is_account(principal));
        if named.is_empty() {
            return None;
        }
    }
    (statement.effect == Effect::Allow).then_some(statement)
}

fn is_account(principal: &NamedPrincipal) -> bool {
    let value = &principal.value;
    let digits = value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit());
    principal.kind == PrincipalKind::Aws && (digits || value.ends_with(":root"))
}

/// Whether a grant lets the role decrypt. What a constraint asks of the request is not documented.
fn lets_decrypt(grant: &Json, role: &str, doubt: &mut Option<Cause>) -> Truth {
    let mut unknown = |cause: Cause| {
        doubt.get_or_insert(cause);
        Truth::Unknown
    };
    let no_meaning = |name: &str| Cause::NoMeaning { member: format!("{GRANTS} /Grants/*/{name}") };
    match grant.get("GranteePrincipal") {
        Some(Json::String(grantee)) if grantee == role => {}
        Some(Json::String(_)) => return Truth::False,
        // A grant to a service has another member.
        None if grant.get("GranteeServicePrincipal").is_some() => return Truth::False,
        _ => return unknown(no_meaning("GranteePrincipal")),
    }
    let Some(operations) = grant.get("Operations").and_then(Json::as_array) else {
        return unknown(no_meaning("Operations"));
    };
    if !operations.iter().any(|operation| operation.as_str() == Some("Decrypt")) {
        return Truth::False;
    }
    match grant.get("Constraints") {
        None | Some(Json::Null) => Truth::True,
        Some(Json::Object(constraints)) if constraints.is_empty() => Truth::True,
        Some(_) => unknown(Cause::Undecided { keys: vec!["the constraints of a grant".to_owned()] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/sender";

    fn statement(effect: &str, principal: &Json, condition: &Json) -> Json {
        json!({ "Effect": effect, "Principal": principal, "Action": "kms:*", "Resource": "*", "Condition": condition })
    }

    /// `yes`, `no`, or what it hangs on, without any grant.
    fn by_policy(statements: &[Json]) -> String {
        by(statements, &json!([]))
    }

    fn by(statements: &[Json], grants: &Json) -> String {
        let key = "arn:aws:kms:us-west-2:111122223333:key/k";
        let call = |operation: &str, response: Json| {
            crate::snapshot::Entry::Call(crate::snapshot::Call {
                account: "111122223333".to_owned(),
                region: "us-west-2".to_owned(),
                service: "kms".to_owned(),
                operation: operation.to_owned(),
                parameters: serde_json::Map::new(),
                page: (operation == "ListGrants").then_some(1),
                more: false,
                time: jiff::Timestamp::UNIX_EPOCH,
                response: Some(response),
                error: None,
                dropped: Vec::new(),
            })
        };
        let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let entries =
            vec![call("ListGrants", json!({ "Grants": grants })), call("GetKeyPolicy", json!({ "Policy": document }))];
        let snapshot = crate::snapshot::Snapshot::new(crate::snapshot::Scope::default(), entries);
        let log = super::super::super::Log::new(&snapshot, jiff::Timestamp::UNIX_EPOCH, None);
        let ask = |call: &str| log.ask("111122223333", "us-west-2", call, &[]).unwrap();
        match may_decrypt(ROLE, key, &ask(GRANTS), &ask(KEY_POLICY)) {
            May::Known(true, _) => "yes".to_owned(),
            May::Known(false, _) => "no".to_owned(),
            May::Unknown(Cause::Undecided { keys }) => keys.join(", "),
            May::Unknown(cause) => cause.kind().to_owned(),
        }
    }

    #[test]
    fn who_is_named_decides() {
        let (none, root) = (json!({}), json!({ "AWS": "arn:aws:iam::111122223333:root" }));
        let role = json!({ "AWS": ROLE });
        let own = format!("the policies of {ROLE} itself");
        assert_eq!(by_policy(&[statement("Allow", &role, &none)]), "yes");
        assert_eq!(by_policy(&[statement("Allow", &root, &none)]), own);
        assert_eq!(by_policy(&[statement("Allow", &json!({ "AWS": "111122223333" }), &none)]), own);
        assert_eq!(by_policy(&[statement("Allow", &json!({ "AWS": "444455556666" }), &none)]), "no");
        assert_eq!(by_policy(&[statement("Allow", &json!({ "AWS": [&root["AWS"], &role["AWS"]] }), &none)]), "yes");
        assert_eq!(by_policy(&[statement("Allow", &root, &none), statement("Deny", &role, &none)]), "no");
        let context = json!({ "StringEquals": { "kms:EncryptionContext:userpool-id": "x" } });
        assert_eq!(by_policy(&[statement("Allow", &role, &context)]), "kms:EncryptionContext:userpool-id");
        let deny = statement("Deny", &role, &context);
        assert_eq!(by_policy(&[statement("Allow", &role, &none), deny]), "kms:EncryptionContext:userpool-id");
    }

    #[test]
    fn a_grant_is_enough_if_it_is_for_the_role_and_for_decrypting() {
        let root = [statement("Allow", &json!({ "AWS": "444455556666" }), &json!({}))];
        let grant = |who: &str, what: &str| json!([{ "GranteePrincipal": who, "Operations": [what] }]);
        assert_eq!(by(&root, &grant(ROLE, "Decrypt")), "yes");
        assert_eq!(by(&root, &grant(ROLE, "Encrypt")), "no");
        assert_eq!(by(&root, &grant("arn:aws:iam::111122223333:role/other", "Decrypt")), "no");
        assert_eq!(by(&root, &json!([{ "GranteeServicePrincipal": "x", "Operations": ["Decrypt"] }])), "no");
        // What is not understood never makes a yes or a no.
        for odd in [
            json!([{ "Operations": ["Decrypt"] }]),
            json!([{ "GranteePrincipal": ROLE }]),
            json!([{ "GranteePrincipal": 7, "Operations": ["Decrypt"] }]),
            json!([7]),
            json!({}),
        ] {
            assert!(["no_meaning", "unrecognised"].contains(&by(&root, &odd).as_str()), "{odd}");
        }
        let constrained = json!([{
            "GranteePrincipal": ROLE, "Operations": ["Decrypt"],
            "Constraints": { "EncryptionContextSubset": { "userpool-id": "x" } }
        }]);
        assert_eq!(by(&root, &constrained), "the constraints of a grant");
        let deny = statement("Deny", &json!({ "AWS": "*" }), &json!({}));
        assert_eq!(by(&[deny], &grant(ROLE, "Decrypt")), "no");
    }

    #[test]
    fn an_arn_is_read_or_refused() {
        assert_eq!(account_of(ROLE), Some("111122223333"));
        assert_eq!(region_of("arn:aws:kms:us-west-2:1:key/k"), Some("us-west-2"));
        for odd in ["", "key", "arn:aws:kms", "arn:aws:kms::1:key/k", "arn:aws:lambda:us-west-2:1:function:f"] {
            assert_eq!(region_of(odd), None, "{odd}");
        }
    }
}
