//! A service at the door of one resource: what its request looks like, and one verdict about it.
//!
//! For: what function policies, policies of SES identities and trust policies have in common.
//! Not for: key policies (`cognito_key`), where refusals by an ARN alone are told apart.

use super::condition::Condition;
use super::derive::derive_all;
use super::document::{Effect, Policy, Statement};
use super::evaluate::{Decision, DenialReason, Match, action_fit, evaluate_all};
use super::glob::{Pattern, Reading};
use super::principal::{PrincipalElement, PrincipalKind};
use super::request::{Context, ContextValue, Principal, Request};
use super::{Fit, Keys, one_line};

pub(super) const SOURCE_ARN: &str = "aws:SourceArn";

/// What only callers of an organisation or an account carry. A service that acts for itself is a member of neither.
const OF_CALLERS: [&str; 4] =
    ["aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn"];

/// How many values are shown.
const VALUES_SHOWN: usize = 3;

/// Whether the policies of a resource let a service do what Cognito needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceVerdict {
    /// It may do all of it.
    Allowed,
    /// No Allow statement names the service. One for everybody that may stand in for its name leaves it undecided.
    ServiceAbsent,
    /// Something is refused for sure: by a Deny, by a condition, or because no statement that names the service is about it.
    Refused {
        /// Why, in one line.
        detail: String,
    },
    /// Nothing is refused for sure, and not everything allowed.
    Undecided {
        /// The condition keys, or phrases, that decide.
        keys: Keys,
    },
}

/// The request of a service that acts for a pool. Everything that is not documented is undecided.
pub(super) fn request(
    service: &str,
    action: &str,
    resource: Option<&str>,
    (pool_arn, account): (&str, &str),
) -> Request {
    Request {
        principal: Principal::Service(service.to_owned()),
        action: action.to_owned(),
        resource: resource.map(str::to_owned),
        context: Context::new()
            .with(SOURCE_ARN, [pool_arn])
            .with("aws:SourceAccount", [account])
            .with("aws:PrincipalIsAWSService", ["true"]),
    }
}

/// One verdict over all requests of a service, by all policies of a resource.
pub(super) fn judge(policies: &[Policy], service: &str, requests: &[Request]) -> ServiceVerdict {
    if is_absent(policies, service, requests) {
        return ServiceVerdict::ServiceAbsent;
    }
    let mut deciding = Keys::new();
    for request in requests {
        match evaluate_all(policies, request) {
            Decision::Allowed { .. } => {}
            Decision::Denied { reason } => {
                return ServiceVerdict::Refused { detail: why(policies, service, request, &reason) };
            }
            Decision::Undecided { keys, .. } => deciding.extend(keys),
        }
    }
    if deciding.is_empty() { ServiceVerdict::Allowed } else { ServiceVerdict::Undecided { keys: deciding } }
}

/// What every statement says to the requests of a service, and why it is refused where only statements for everybody are
/// open to it. `names` are those of the policies, if they have any.
pub(super) fn tell(names: &[String], policies: &[Policy], service: &str, requests: &[Request]) -> Vec<String> {
    let mut lines = derive_all(names, policies, requests);
    let is_open = |request| matches!(evaluate_all(policies, request), Decision::Undecided { .. });
    if requests.iter().any(is_open) && is_absent(policies, service, requests) {
        lines.push(stands_for_nobody(service));
    }
    lines
}

/// Why a service is refused that no statement names.
pub(super) fn stands_for_nobody(service: &str) -> String {
    format!("No statement names {service}, and under its conditions none for everybody stands in for it: it is refused")
}

/// A service is absent if no Allow names it, and none for everybody could stand in for its name.
fn is_absent(policies: &[Policy], service: &str, requests: &[Request]) -> bool {
    if policies.iter().any(|policy| policy.names_service(service)) {
        return false;
    }
    !requests.iter().any(|request| {
        let context = OF_CALLERS.iter().fold(request.context.clone(), |context, key| context.absent(key));
        let request = Request { context, ..request.clone() };
        allows(policies).any(|(policy, s)| matches!(policy.matches(s, &request), Match::Yes | Match::Maybe(_)))
    })
}

fn allows(policies: &[Policy]) -> impl Iterator<Item = (&Policy, &Statement)> {
    policies
        .iter()
        .flat_map(|policy| policy.statements.iter().map(move |statement| (policy, statement)))
        .filter(|(_, statement)| statement.effect == Effect::Allow)
}

/// Why a request is refused, in one line.
fn why(policies: &[Policy], service: &str, request: &Request, reason: &DenialReason) -> String {
    let action = &request.action;
    let named = || allows(policies).filter(|(_, statement)| names(statement, service));
    match reason {
        DenialReason::Explicit { by, keys } => {
            let keys: Vec<String> = keys.iter().take(VALUES_SHOWN).map(|key| one_line(key)).collect();
            let under = if keys.is_empty() { String::new() } else { format!(", by {}", keys.join(" and ")) };
            format!("{by} denies {action}{under}")
        }
        DenialReason::NoAllowBecauseOfCondition { .. } => {
            let excluded =
                |(policy, s): &(&Policy, &Statement)| matches!(policy.matches(s, request), Match::NoByCondition(_));
            match named().find(excluded).or_else(|| allows(policies).find(excluded)) {
                Some((policy, statement)) => {
                    let fails = |c: &&Condition| c.fit(&request.context, policy.has_variables()) == Fit::No;
                    let failing: Vec<String> = statement
                        .conditions
                        .iter()
                        .filter(fails)
                        .take(VALUES_SHOWN)
                        .map(|c| failure(policy, c, request))
                        .collect();
                    format!("{}: {}", statement.reference(), failing.join("; "))
                }
                None => format!("the conditions of every statement exclude {action}"),
            }
        }
        DenialReason::NoAllow => {
            let does = |(_, s): &(&Policy, &Statement)| action_fit(&s.actions, action) == Fit::Yes;
            match (named().find(does), &request.resource) {
                (Some((_, statement)), Some(resource)) => {
                    format!("{} allows {action}, but not on {}", statement.reference(), one_line(resource))
                }
                _ => format!("no statement that names {service} allows {action}"),
            }
        }
    }
}

fn names(statement: &Statement, service: &str) -> bool {
    match &statement.principals {
        PrincipalElement::Principal(named) => {
            named.iter().any(|n| n.kind == PrincipalKind::Service && n.value == service)
        }
        PrincipalElement::NotPrincipal(_) => false,
    }
}

/// A condition that does not hold, and what usually goes wrong with it.
fn failure(policy: &Policy, condition: &Condition, request: &Request) -> String {
    let (wanted, actual) = match request.context.get(&condition.key) {
        Some(ContextValue::Digest(_)) => (String::new(), "the pool's".to_owned()),
        Some(ContextValue::Known(values)) if !values.is_empty() => {
            (format!(" {}", quoted(&condition.values)), quoted(values))
        }
        _ => (String::new(), "a request that carries none".to_owned()),
    };
    let usual = usual_miss(policy, condition, &request.context).unwrap_or_default();
    format!("{} {}{wanted} does not hold for {actual}{usual}", one_line(&condition.spelled), one_line(&condition.key))
}

/// The usual miss: the policy was written for the primary, whose ARN differs from the replica's in the Region alone.
fn usual_miss(policy: &Policy, condition: &Condition, context: &Context) -> Option<String> {
    if !condition.key.eq_ignore_ascii_case(SOURCE_ARN) {
        return None;
    }
    let Some(ContextValue::Known(arns)) = context.get(SOURCE_ARN) else { return None };
    let replica = arns.first()?;
    let (primary, region) = primary_arn(replica)?;
    let reading = Reading { wildcards: true, variables: policy.has_variables().then_some(context) };
    let names = |arn: &str| {
        let patterns = condition.values.iter().filter_map(|value| Pattern::read(value, reading).ok());
        patterns.map(|pattern| pattern.matches_arn(arn)).any(|matches| matches == Some(true))
    };
    (names(&primary) && !names(replica)).then(|| {
        format!(" (the usual miss: that is the pool's ARN in its primary Region {region}, and a replica has its own)")
    })
}

/// The ARN of the primary of a replica, and its Region, which the pool's id begins with; `None` for the primary itself.
fn primary_arn(replica: &str) -> Option<(String, &str)> {
    let parts: Vec<&str> = replica.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts.as_slice() else { return None };
    let (primary, _) = resource.strip_prefix("userpool/")?.split_once('_')?;
    (primary != *region).then(|| ([arn, partition, service, primary, account, resource].join(":"), primary))
}

fn quoted(values: &[String]) -> String {
    let mut shown: Vec<String> = values.iter().take(VALUES_SHOWN).map(|v| format!("\"{}\"", one_line(v))).collect();
    if values.len() > VALUES_SHOWN {
        shown.push(format!("{} more", values.len() - VALUES_SHOWN));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::trust::{self, ExternalId};
    use super::super::{lambda, ses};
    use super::*;

    const REPLICA: &str = "arn:aws:cognito-idp:eu-central-1:111111111111:userpool/eu-west-1_AbCdEf";

    #[test]
    fn the_primary_is_told_by_the_pool_id() {
        let (arn, region) = primary_arn(REPLICA).unwrap();
        assert_eq!((arn.as_str(), region), (REPLICA.replace(":eu-central-1:", ":eu-west-1:").as_str(), "eu-west-1"));
        for no_replica in [arn.as_str(), "", "arn:aws:s3:::x", "arn:aws:cognito-idp:eu-west-1:1:userpool/x"] {
            assert_eq!(primary_arn(no_replica), None, "{no_replica}");
        }
    }

    #[test]
    fn a_detail_is_one_short_line() {
        let policy = |sid: &str, values: &[String]| {
            let values = serde_json::to_string(values).unwrap();
            Policy::parse(&format!(
                r#"{{"Statement":{{"Sid":{sid},"Effect":"Allow","Principal":{{"Service":"{}"}},"Action":"*","Resource":"*",
                    "Condition":{{"StringEquals":{{"aws:SourceAccount":{values}}}}}}}}}"#,
                lambda::SERVICE
            ))
            .unwrap()
        };
        let many: Vec<String> = (0..100).map(|n| format!("{n}\u{1b}[31m\n{}", "x".repeat(500))).collect();
        let sid = serde_json::to_string(&"a\nb\u{7}".repeat(1000)).unwrap();
        match lambda::cognito_invoke(&policy(&sid, &many), "arn:aws:lambda:a:b:function:c", REPLICA, "111111111111") {
            ServiceVerdict::Refused { detail } => {
                assert!(detail.chars().count() < 1000 && !detail.contains(char::is_control), "{detail}");
                assert!(detail.contains("97 more"), "{detail}");
            }
            other @ (ServiceVerdict::Allowed | ServiceVerdict::ServiceAbsent | ServiceVerdict::Undecided { .. }) => {
                panic!("{other:?}")
            }
        }
    }

    /// Documents that are cut anywhere, or have a few bytes changed, are refused or judged: nothing panics.
    #[test]
    fn broken_documents_are_refused_or_judged() {
        let whole = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"é","Effect":"Allow","Principal":{{"Service":["{}","{}"]}},
                "Action":["lambda:Invoke*","ses:Send*","sts:AssumeRole"],"Resource":["arn:aws:lambda:*:*:function:${{aws:SourceAccount}}?"],
                "Condition":{{"ArnLike":{{"AWS:SourceArn":"arn:aws:cognito-idp:eu-west-1:*:userpool/*"}},
                "StringLike":{{"sts:ExternalId":["e-1","e*",7]}},"NumericLessThan":{{"n":-1.5e3}}}}}},
                {{"Effect":"Deny","NotPrincipal":{{"AWS":"*"}},"NotAction":"a:b","NotResource":"*"}}]}}"#,
            lambda::SERVICE,
            ses::SERVICE
        );
        let judge_all = |text: &str| {
            let digested = trust::digest_external_ids(text, |_| "d:0123".to_owned());
            for text in digested.as_deref().into_iter().chain([text]) {
                let Ok(policy) = trust::parse(text) else { continue };
                let _ = lambda::cognito_invoke(&policy, "arn:aws:lambda:eu-central-1:1:function:h", REPLICA, "1");
                let _ = trust::cognito_assume(&policy, ExternalId::Digest("d:0123"), REPLICA, "1");
                let _ = trust::cognito_assume(&policy, ExternalId::Absent, "arn:::::userpool/_", "");
                let _ = ses::cognito_send(&[policy.clone(), policy], "", text, "\u{0}");
            }
        };
        judge_all(&whole);
        let encoded = whole.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            judge_all(&whole[..end]);
            judge_all(&encoded[..end * 3 - end % 3]);
        }
        // A small linear congruential generator: the same documents every time.
        let mut state = 7_u32;
        let mut next = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            usize::try_from(state >> 8).unwrap() % below
        };
        for _ in 0..3000 {
            let mut bytes = whole.clone().into_bytes();
            for _ in 0..=next(3) {
                let at = next(bytes.len());
                match next(3) {
                    0 => bytes[at] = b"{}[]\",:*?$%\\0aA "[next(16)],
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, bytes[next(bytes.len())]),
                }
            }
            judge_all(&String::from_utf8_lossy(&bytes));
        }
    }
}
