//! What Amazon Cognito needs of the policy of a user pool's KMS key.
//!
//! For: the documented requests of both service principals, and one verdict over all of them.
//! Not for: what the verdict is worth in which Region; the rules know that.
//!
//! Which ARN a replica's requests carry is undocumented. So a "no" that an ARN alone decides is told apart from the others.

use std::collections::BTreeSet;

use super::derive::derive;
use super::document::{Effect, Policy, StatementRef};
use super::evaluate::{Decision, DenialReason, Match};
use super::request::{Context, Principal, Request};
use super::service::stands_for_nobody;

/// The services that use the key.
pub const SERVICES: [&str; 2] = ["cognito-idp.amazonaws.com", "identitystore.amazonaws.com"];

/// What they do with it.
pub const ACTIONS: [&str; 6] = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
];

const SOURCE_ARN: &str = "aws:SourceArn";
const POOL_CONTEXT: &str = "kms:EncryptionContext:aws:cognito-idp:userpool-arn";

/// The request of one service for one action on behalf of a pool. Everything that is not documented is undecided.
///
/// `DescribeKey` takes no encryption context (<https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html>),
/// so a statement that allows it under that condition alone is not taken for an Allow.
pub fn request(service: &str, action: &str, pool_arn: &str, account: &str) -> Request {
    Request {
        principal: Principal::Service(service.to_owned()),
        action: action.to_owned(),
        resource: None,
        context: context(action, pool_arn, account),
    }
}

fn context(action: &str, pool_arn: &str, account: &str) -> Context {
    let context = Context::new()
        .with(SOURCE_ARN, [pool_arn])
        .with("aws:SourceAccount", [account])
        .with("aws:PrincipalIsAWSService", ["true"]);
    if takes_context(action) { context.with(POOL_CONTEXT, [pool_arn]) } else { context }
}

fn takes_context(action: &str) -> bool {
    !action.eq_ignore_ascii_case("kms:DescribeKey")
}

/// Every request of both services.
pub(super) fn requests(pool_arn: &str, account: &str) -> Vec<Request> {
    let [with, without] = [ACTIONS[0], "kms:DescribeKey"].map(|action| context(action, pool_arn, account));
    let request = |service: &str, action: &str| Request {
        principal: Principal::Service(service.to_owned()),
        action: action.to_owned(),
        resource: None,
        context: if takes_context(action) { with.clone() } else { without.clone() },
    };
    SERVICES.iter().flat_map(|service| ACTIONS.map(|action| request(service, action))).collect()
}

/// One of the requests that a policy does not allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The service that asks.
    pub service: String,
    /// The action it asks for.
    pub action: String,
    /// The Deny statement that refuses it; `None` if no statement allows it.
    pub by: Option<StatementRef>,
}

/// Whether a key's policy lets Cognito use the key for a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPolicyVerdict {
    /// Both services may do everything they need to.
    Allows,
    /// No Allow statement names these services. One for everybody, with only conditions that hold, leaves it undecided.
    ServiceAbsent {
        /// The services, in the order of [`SERVICES`].
        services: Vec<String>,
    },
    /// These requests are refused, whatever the pool's ARN: a Deny statement matches, or no statement allows the action.
    Refuses {
        /// The requests, without those refused by a condition only.
        what: Vec<Refused>,
    },
    /// These requests are refused because of conditions only.
    RefusesByCondition {
        /// The requests.
        what: Vec<Refused>,
        /// The condition keys that exclude them.
        keys: BTreeSet<String>,
    },
    /// Nothing is refused for sure, and not everything allowed.
    Undecided {
        /// The condition keys, or phrases, that decide.
        keys: BTreeSet<String>,
        /// The statements they are in.
        statements: Vec<StatementRef>,
    },
}

/// Judges the policy of the key of a pool, given the pool's ARN in the key's Region and the pool's account.
pub fn judge(policy: &Policy, pool_arn: &str, account: &str) -> KeyPolicyVerdict {
    let services: Vec<String> = SERVICES
        .iter()
        .filter(|service| is_absent(policy, service, pool_arn, account))
        .map(|&service| service.to_owned())
        .collect();
    if !services.is_empty() {
        return KeyPolicyVerdict::ServiceAbsent { services };
    }

    let (mut refused, mut by_condition) = (Vec::new(), Vec::new());
    let (mut excluding, mut deciding, mut doubted) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let questions = SERVICES.into_iter().flat_map(|service| ACTIONS.map(|action| (service, action)));
    for ((service, action), request) in questions.zip(requests(pool_arn, account)) {
        let what = |by| Refused { service: service.to_owned(), action: action.to_owned(), by };
        match policy.evaluate(&request) {
            Decision::Allowed { .. } => {}
            Decision::Denied { reason: DenialReason::Explicit { by, keys } } => {
                if keys.iter().any(|key| carries_the_arn(key)) {
                    by_condition.push(what(Some(by)));
                    excluding.extend(keys);
                } else {
                    refused.push(what(Some(by)));
                }
            }
            Decision::Denied { reason: DenialReason::NoAllow } => refused.push(what(None)),
            Decision::Denied { reason: DenialReason::NoAllowBecauseOfCondition { keys, .. } } => {
                by_condition.push(what(None));
                excluding.extend(keys);
            }
            Decision::Undecided { keys, statements } => {
                deciding.extend(keys);
                doubted.extend(statements);
            }
        }
    }
    if !refused.is_empty() {
        KeyPolicyVerdict::Refuses { what: refused }
    } else if !by_condition.is_empty() {
        KeyPolicyVerdict::RefusesByCondition { what: by_condition, keys: excluding }
    } else if !deciding.is_empty() {
        KeyPolicyVerdict::Undecided { keys: deciding, statements: doubted.into_iter().collect() }
    } else {
        KeyPolicyVerdict::Allows
    }
}

/// The same, told statement by statement.
pub fn tell(policy: &Policy, pool_arn: &str, account: &str) -> Vec<String> {
    let mut lines = derive(policy, &requests(pool_arn, account));
    for service in SERVICES {
        let is_open = |action| {
            matches!(policy.evaluate(&request(service, action, pool_arn, account)), Decision::Undecided { .. })
        };
        if ACTIONS.into_iter().any(is_open) && is_absent(policy, service, pool_arn, account) {
            lines.push(stands_for_nobody(service));
        }
    }
    lines
}

/// A service is absent if no Allow names it and none for everybody could stand in for its name. The statements for callers
/// in AWS's sample (`AWS: "*"`, `kms:ViaService`) could not: they are for the users' own calls.
fn is_absent(policy: &Policy, service: &str, pool_arn: &str, account: &str) -> bool {
    if policy.names_service(service) {
        return false;
    }
    let mut allows = policy.statements.iter().filter(|s| s.effect == Effect::Allow);
    !allows.any(|statement| {
        ACTIONS.iter().any(|action| {
            let request = request(service, action, pool_arn, account);
            policy.conditions_hold(statement, &request.context)
                && matches!(policy.matches(statement, &request), Match::Yes | Match::Maybe(_))
        })
    })
}

/// Whether a condition key holds the pool's ARN, about which the documentation is silent for a replica.
fn carries_the_arn(key: &str) -> bool {
    [SOURCE_ARN, POOL_CONTEXT].iter().any(|k| k.eq_ignore_ascii_case(key))
}
