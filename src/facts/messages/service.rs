//! Whether a service may use an SES identity or a role on behalf of a pool: one verdict over the documented requests.
//!
//! External ids are compared by the digests that snapshots hold on both sides.

use std::collections::BTreeSet;

use crate::policy::{Context, Decision, DenialReason, Policy, Principal, Request};

/// Who sends e-mail with an identity.
const MAIL_SERVICE: &str = "email.cognito-idp.amazonaws.com";
/// Who assumes the role that sends text messages.
const SMS_SERVICE: &str = "cognito-idp.amazonaws.com";

const MAIL_ACTIONS: [&str; 2] = ["ses:SendEmail", "ses:SendRawEmail"];

/// Whether the policies of a resource let a service do what Cognito needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServiceVerdict {
    /// It may do all of it.
    Allowed,
    /// No Allow names the service.
    ServiceAbsent,
    /// Something is refused for sure.
    Refused {
        /// Why, in one line.
        detail: String,
    },
    /// Nothing is refused for sure, and not everything allowed.
    Undecided {
        /// What decides.
        keys: BTreeSet<String>,
    },
}

/// What is known about the external id that a pool sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExternalId<'a> {
    /// Its digest, made as those in the policy.
    Digest(&'a str),
    /// The pool has none.
    Absent,
    /// Nothing.
    Unknown,
}

/// Judges all policies of an identity together, given its ARN and the pool's in the Region that sends.
pub(super) fn cognito_send(policies: &[Policy], identity_arn: &str, pool_arn: &str, account: &str) -> ServiceVerdict {
    let requests = MAIL_ACTIONS.map(|action| request(MAIL_SERVICE, action, Some(identity_arn), pool_arn, account));
    judge(policies, MAIL_SERVICE, &requests)
}

/// Judges a trust policy whose external ids are digests, given the pool's ARN in the Region that sends.
pub(super) fn cognito_assume(
    policy: &Policy,
    external_id: ExternalId<'_>,
    pool_arn: &str,
    account: &str,
) -> ServiceVerdict {
    let mut request = request(SMS_SERVICE, "sts:AssumeRole", None, pool_arn, account);
    request.context = match external_id {
        ExternalId::Digest(digest) => request.context.with("sts:ExternalId", [digest]),
        ExternalId::Absent => request.context.absent("sts:ExternalId"),
        ExternalId::Unknown => request.context,
    };
    judge(std::slice::from_ref(policy), SMS_SERVICE, &[request])
}

fn request(service: &str, action: &str, resource: Option<&str>, pool_arn: &str, account: &str) -> Request {
    Request {
        principal: Principal::Service(service.to_owned()),
        action: action.to_owned(),
        resource: resource.map(str::to_owned),
        context: Context::new()
            .with("aws:SourceArn", [pool_arn])
            .with("aws:SourceAccount", [account])
            .with("aws:PrincipalIsAWSService", ["true"]),
    }
}

fn judge(policies: &[Policy], service: &str, requests: &[Request]) -> ServiceVerdict {
    let mut deciding = BTreeSet::new();
    let mut refused = None;
    let mut could = false;
    for request in requests {
        let mut allowed = false;
        let mut why = format!("no statement allows {} to {service}", request.action);
        let mut undecided = BTreeSet::new();
        for policy in policies {
            match policy.evaluate(request) {
                Decision::Allowed { .. } => allowed = true,
                Decision::Undecided { keys, .. } => undecided.extend(keys),
                Decision::Denied { reason: DenialReason::Explicit { by, .. } } => {
                    return ServiceVerdict::Refused { detail: format!("{by} denies {}", request.action) };
                }
                Decision::Denied { reason: DenialReason::NoAllowBecauseOfCondition { keys, .. } } => {
                    let keys: Vec<String> = keys.into_iter().collect();
                    why = format!("the policy's condition on {} excludes {}", keys.join(" and "), request.action);
                }
                Decision::Denied { reason: DenialReason::NoAllow } => {}
            }
        }
        could |= allowed || !undecided.is_empty();
        if undecided.is_empty() && !allowed {
            refused.get_or_insert(why);
        }
        deciding.extend(undecided);
    }
    match refused {
        _ if !could && !policies.iter().any(|policy| policy.names_service(service)) => ServiceVerdict::ServiceAbsent,
        Some(detail) => ServiceVerdict::Refused { detail },
        None if deciding.is_empty() => ServiceVerdict::Allowed,
        None => ServiceVerdict::Undecided { keys: deciding },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:cognito-idp:us-west-2:111122223333:userpool/us-east-1_Ready0001";
    const OTHER: &str = "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Ready0001";

    fn trust(condition: &str) -> Policy {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{SMS_SERVICE}"}},
            "Action":"sts:AssumeRole","Condition":{condition}}}]}}"#
        );
        Policy::parse(&text).unwrap()
    }

    fn assumed(condition: &str, external_id: ExternalId<'_>) -> ServiceVerdict {
        cognito_assume(&trust(condition), external_id, ARN, "111122223333")
    }

    #[test]
    fn the_trust_policy_is_for_one_arn_and_one_external_id() {
        let both = r#"{"StringEquals":{"sts:ExternalId":"sha256:1"},"ArnLike":{"aws:SourceArn":"ARN"}}"#;
        let here = both.replace("ARN", ARN);
        assert_eq!(assumed(&here, ExternalId::Digest("sha256:1")), ServiceVerdict::Allowed);
        assert!(matches!(assumed(&here, ExternalId::Digest("sha256:2")), ServiceVerdict::Refused { .. }));
        assert!(matches!(assumed(&here, ExternalId::Absent), ServiceVerdict::Refused { .. }));
        assert!(matches!(assumed(&here, ExternalId::Unknown), ServiceVerdict::Undecided { .. }));
        let there = both.replace("ARN", OTHER);
        assert!(matches!(assumed(&there, ExternalId::Digest("sha256:1")), ServiceVerdict::Refused { .. }));
        let anywhere =
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cognito-idp:*:111122223333:userpool/us-east-1_Ready0001"}}"#;
        assert_eq!(assumed(anywhere, ExternalId::Absent), ServiceVerdict::Allowed);
    }

    #[test]
    fn no_policy_names_no_service() {
        assert_eq!(cognito_send(&[], "arn:aws:ses:a:b:identity/c", ARN, "1"), ServiceVerdict::ServiceAbsent);
    }
}
