//! What Amazon Cognito needs of the policies of an SES identity: the sending authorisation.
//!
//! For: whether Cognito's e-mail service may send with one identity on behalf of one pool.
//! Not for: whether the identity is verified or the account out of the sandbox, or pools that send through a role.

use super::document::Policy;
use super::request::Request;
use super::service::{ServiceVerdict, judge, request, tell};

/// The service that sends.
pub const SERVICE: &str = "email.cognito-idp.amazonaws.com";

/// What it does.
pub const ACTIONS: [&str; 2] = ["ses:SendEmail", "ses:SendRawEmail"];

/// Judges all policies of an identity together, given its ARN and the pool's in the Region that sends.
pub fn cognito_send(policies: &[Policy], identity_arn: &str, pool_arn: &str, account: &str) -> ServiceVerdict {
    judge(policies, SERVICE, &sending(identity_arn, pool_arn, account))
}

/// The same, told statement by statement; `names` are those of the policies.
pub fn tell_send(
    names: &[String],
    policies: &[Policy],
    identity_arn: &str,
    pool_arn: &str,
    account: &str,
) -> Vec<String> {
    tell(names, policies, SERVICE, &sending(identity_arn, pool_arn, account))
}

/// The requests of Cognito's e-mail service.
fn sending(identity_arn: &str, pool_arn: &str, account: &str) -> Vec<Request> {
    ACTIONS.iter().map(|action| request(SERVICE, action, Some(identity_arn), (pool_arn, account))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: &str = "arn:aws:ses:us-east-1:111111111111:identity/example.com";
    const PRIMARY: &str = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf";
    const REPLICA: &str = "arn:aws:cognito-idp:eu-central-1:111111111111:userpool/eu-west-1_AbCdEf";

    /// The documented sending authorisation, for a pool's ARN.
    fn documented(pool: &str) -> String {
        format!(
            r#"{{"Sid":"send","Effect":"Allow","Principal":{{"Service":["{SERVICE}"]}},
                "Action":["SES:SendEmail","SES:SendRawEmail"],"Resource":"{IDENTITY}",
                "Condition":{{"StringEquals":{{"aws:SourceAccount":"111111111111"}},"ArnLike":{{"aws:SourceArn":"{pool}"}}}}}}"#
        )
    }

    fn verdict(policies: &[&str]) -> ServiceVerdict {
        let policies: Vec<Policy> = policies
            .iter()
            .map(|statement| Policy::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)))
            .collect::<Result<_, _>>()
            .unwrap();
        cognito_send(&policies, IDENTITY, REPLICA, "111111111111")
    }

    #[test]
    fn the_documented_policy_for_the_replica() {
        assert_eq!(verdict(&[&documented(REPLICA)]), ServiceVerdict::Allowed);
        assert_eq!(verdict(&[&documented(PRIMARY), &documented(REPLICA)]), ServiceVerdict::Allowed);
        let ServiceVerdict::Refused { detail } = verdict(&[&documented(PRIMARY)]) else { panic!("not refused") };
        assert!(detail.contains("the usual miss: that is the pool's ARN in its primary Region eu-west-1"), "{detail}");
    }

    #[test]
    fn both_actions_are_needed() {
        let statement = documented(REPLICA).replace(r#","SES:SendRawEmail""#, "");
        let detail = "no statement that names email.cognito-idp.amazonaws.com allows ses:SendRawEmail".to_owned();
        assert_eq!(verdict(&[&statement]), ServiceVerdict::Refused { detail });
        let rest = documented(REPLICA).replace(r#""SES:SendEmail","#, "");
        assert_eq!(verdict(&[&statement, &rest]), ServiceVerdict::Allowed);
    }

    #[test]
    fn all_policies_of_the_identity_count() {
        assert_eq!(verdict(&[]), ServiceVerdict::ServiceAbsent);
        let other = documented(REPLICA).replace(SERVICE, "cognito-idp.amazonaws.com");
        assert_eq!(verdict(&[&other]), ServiceVerdict::ServiceAbsent);
        let deny = r#"{"Effect":"Deny","Principal":"*","Action":"ses:*","Resource":"*","Condition":{"StringNotLike":{"ses:FromAddress":"*@example.com"}}}"#;
        let keys = ["ses:FromAddress".to_owned()].into();
        assert_eq!(verdict(&[&documented(REPLICA), deny]), ServiceVerdict::Undecided { keys });
        let deny = r#"{"Effect":"Deny","Principal":"*","Action":"ses:*","Resource":"*"}"#;
        let detail = "Statement[0] denies ses:SendEmail".to_owned();
        assert_eq!(verdict(&[&documented(REPLICA), deny]), ServiceVerdict::Refused { detail });
    }
}
