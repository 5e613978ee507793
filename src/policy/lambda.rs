//! What Amazon Cognito needs of the policy of a trigger's function.
//!
//! For: whether the user pools service may invoke one function on behalf of one pool.
//! Not for: the function's state or Region, or what its own role may do.

use std::slice;

use super::document::Policy;
use super::one;
use super::request::Request;
use super::service::{ServiceVerdict, judge, request, tell};

/// The service that invokes triggers.
pub const SERVICE: &str = "cognito-idp.amazonaws.com";

/// What it does.
pub const ACTION: &str = "lambda:InvokeFunction";

/// What an undecided verdict hangs on where the pool names `$LATEST`.
const LATEST: &str = "qualifier $LATEST";

/// The verdict on a function's policy.
pub type InvokeVerdict = ServiceVerdict;

/// Judges the policy of a function, or of its version or alias if the ARN ends with one.
///
/// The ARNs are the function's as the pool names it and the pool's in the Region that invokes it, which for a replica is
/// the replica's.
pub fn cognito_invoke(policy: &Policy, function_arn: &str, pool_arn: &str, account: &str) -> InvokeVerdict {
    let verdict = |function: &str| judge(slice::from_ref(policy), SERVICE, &[invocation(function, pool_arn, account)]);
    let as_named = verdict(function_arn);
    // `$LATEST` has no policy of its own. Whether that of the bare function counts where it is named, AWS does not say.
    match (function_arn.strip_suffix(":$LATEST"), as_named) {
        (Some(bare), ServiceVerdict::Refused { .. }) if verdict(bare) == ServiceVerdict::Allowed => {
            ServiceVerdict::Undecided { keys: one(LATEST) }
        }
        (_, as_named) => as_named,
    }
}

/// The same, told statement by statement.
pub fn tell_invoke(policy: &Policy, function_arn: &str, pool_arn: &str, account: &str) -> Vec<String> {
    let mut lines = tell(&[], slice::from_ref(policy), SERVICE, &[invocation(function_arn, pool_arn, account)]);
    if cognito_invoke(policy, function_arn, pool_arn, account) == (ServiceVerdict::Undecided { keys: one(LATEST) }) {
        lines.push(
            "The same function without its qualifier $LATEST would be allowed; whether that counts where the pool names \
             $LATEST, AWS does not say: it is undecided"
                .to_owned(),
        );
    }
    lines
}

/// Cognito's request to one function.
fn invocation(function_arn: &str, pool_arn: &str, account: &str) -> Request {
    let mut request = request(SERVICE, ACTION, Some(function_arn), (pool_arn, account));
    // Public function URLs come with an Allow for everybody under this condition.
    request.context = request.context.with("lambda:InvokedViaFunctionUrl", ["false"]);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "111111111111";
    const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111111111111:function:hook";
    const PRIMARY: &str = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf";
    const REPLICA: &str = "arn:aws:cognito-idp:eu-central-1:111111111111:userpool/eu-west-1_AbCdEf";

    /// `yes`, `absent`, `maybe k`, or why not.
    fn verdict(function: &str, statements: &str) -> String {
        let policy = Policy::parse(&format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{statements}]}}"#));
        let policy = policy.unwrap_or_else(|error| panic!("{error}\n{statements}"));
        match cognito_invoke(&policy, function, REPLICA, ACCOUNT) {
            ServiceVerdict::Allowed => "yes".into(),
            ServiceVerdict::ServiceAbsent => "absent".into(),
            ServiceVerdict::Refused { detail } => detail,
            ServiceVerdict::Undecided { keys } => format!("maybe {}", keys.into_iter().collect::<Vec<_>>().join(", ")),
        }
    }

    /// The statement that `add-permission` makes.
    fn added(resource: &str, condition: &str) -> String {
        format!(
            r#"{{"Sid":"pool","Effect":"Allow","Principal":{{"Service":"{SERVICE}"}},"Action":"lambda:InvokeFunction",
                "Resource":"{resource}","Condition":{condition}}}"#
        )
    }

    fn for_arn(operator: &str, arn: &str) -> String {
        added(FUNCTION, &format!(r#"{{"{operator}":{{"AWS:SourceArn":"{arn}"}}}}"#))
    }

    #[test]
    fn the_statement_that_adding_a_permission_makes() {
        assert_eq!(verdict(FUNCTION, &for_arn("ArnLike", REPLICA)), "yes");
        assert_eq!(verdict(FUNCTION, &for_arn("ArnEquals", "arn:aws:cognito-idp:*:111111111111:userpool/*")), "yes");
        assert_eq!(verdict(FUNCTION, &for_arn("StringLike", "arn:aws:cognito-idp:*/eu-west-1_AbCdEf")), "yes");
        assert_eq!(
            verdict(FUNCTION, &added(FUNCTION, r#"{"StringEquals":{"AWS:SourceAccount":"111111111111"}}"#)),
            "yes"
        );
        assert_eq!(verdict(FUNCTION, &added(FUNCTION, "{}")), "yes");
        assert_eq!(verdict(FUNCTION, &(for_arn("ArnLike", PRIMARY) + "," + &for_arn("ArnLike", REPLICA))), "yes");
        let both = format!(r#"{{"ArnLike":{{"AWS:SourceArn":["{PRIMARY}","{REPLICA}"]}}}}"#);
        assert_eq!(verdict(FUNCTION, &added(FUNCTION, &both)), "yes");
    }

    #[test]
    fn the_usual_miss_is_named() {
        let miss =
            "(the usual miss: that is the pool's ARN in its primary Region eu-west-1, and a replica has its own)";
        assert_eq!(
            verdict(FUNCTION, &for_arn("ArnLike", PRIMARY)),
            format!(
                "Statement[0] \"pool\": ArnLike AWS:SourceArn \"{PRIMARY}\" does not hold for \"{REPLICA}\" {miss}"
            )
        );
        for pattern in [
            "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/*",
            "arn:aws:cognito-idp:eu-west-1:${aws:SourceAccount}:userpool/eu-west-1_AbCdEf",
        ] {
            let detail = verdict(FUNCTION, &for_arn("ArnLike", pattern));
            assert!(detail.ends_with(miss), "{detail}");
        }
        let detail = verdict(FUNCTION, &for_arn("ArnLike", &PRIMARY.replace("AbCdEf", "Other")));
        assert!(detail.ends_with(&format!("does not hold for \"{REPLICA}\"")), "{detail}");
        let detail = verdict(FUNCTION, &for_arn("ArnNotLike", "arn:aws:cognito-idp:*:*:*"));
        assert!(detail.ends_with(&format!("does not hold for \"{REPLICA}\"")), "{detail}");
    }

    #[test]
    fn other_refusals_say_why() {
        let other_service = added(FUNCTION, "{}").replace(SERVICE, "s3.amazonaws.com");
        let deny = r#"{"Sid":"rail","Effect":"Deny","Principal":"*","Action":"lambda:*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceAccount":"222222222222"}}}"#;
        let wrong_account = added(FUNCTION, r#"{"StringEquals":{"AWS:SourceAccount":"222222222222"}}"#);
        let needs_token = added(FUNCTION, r#"{"StringEquals":{"lambda:EventSourceToken":"amzn1.ask"}}"#);
        for (statements, expected) in [
            (String::new(), "absent"),
            (other_service, "absent"),
            (added(FUNCTION, "{}").replace(SERVICE, "apigateway.amazonaws.com"), "absent"),
            (
                wrong_account,
                "Statement[0] \"pool\": StringEquals AWS:SourceAccount \"222222222222\" does not hold for \"111111111111\"",
            ),
            (
                added(FUNCTION, "{}") + "," + deny,
                "Statement[1] \"rail\" denies lambda:InvokeFunction, by aws:SourceAccount",
            ),
            (
                added(FUNCTION, "{}")
                    + ","
                    + &deny.replace(r#","Condition":{"StringNotEquals":{"aws:SourceAccount":"222222222222"}}"#, ""),
                "Statement[1] \"rail\" denies lambda:InvokeFunction",
            ),
            (
                added(FUNCTION, "{}").replace(":InvokeFunction", ":GetFunction"),
                "no statement that names cognito-idp.amazonaws.com allows lambda:InvokeFunction",
            ),
            (
                added(&FUNCTION.replace("hook", "other"), "{}"),
                "Statement[0] \"pool\" allows lambda:InvokeFunction, but not on arn:aws:lambda:eu-central-1:111111111111:function:hook",
            ),
            (needs_token, "maybe lambda:EventSourceToken"),
        ] {
            assert_eq!(verdict(FUNCTION, &statements), expected, "{statements}");
        }
    }

    #[test]
    fn everybody_stands_in_for_the_service_only_where_it_may() {
        let everybody = |condition: &str| {
            added(FUNCTION, condition).replace(&format!(r#"{{"Service":"{SERVICE}"}}"#), r#"{"AWS":"*"}"#)
        };
        for (condition, expected) in [
            ("{}", "maybe Principal \"*\""),
            (r#"{"StringEquals":{"aws:SourceAccount":"111111111111"}}"#, "maybe Principal \"*\""),
            (r#"{"StringEquals":{"aws:SourceAccount":"222222222222"}}"#, "absent"),
            (r#"{"StringEquals":{"aws:SourceOrgID":"o-1"}}"#, "maybe Principal \"*\", aws:SourceOrgID"),
            // What only callers carry; function URLs come with the second.
            (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, "absent"),
            (r#"{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}"#, "absent"),
        ] {
            assert_eq!(verdict(FUNCTION, &everybody(condition)), expected, "{condition}");
        }
    }

    #[test]
    fn a_qualifier_belongs_to_the_function() {
        let live = format!("{FUNCTION}:live");
        let latest = format!("{FUNCTION}:$LATEST");
        assert_eq!(verdict(&live, &added(&live, "{}")), "yes");
        assert_eq!(verdict(&live, &added(&format!("{FUNCTION}:*"), "{}")), "yes");
        assert!(verdict(&live, &added(FUNCTION, "{}")).ends_with(":function:hook:live"));
        assert!(verdict(FUNCTION, &added(&live, "{}")).ends_with(":function:hook"));
        assert_eq!(verdict(&latest, &added(FUNCTION, "{}")), "maybe qualifier $LATEST");
        assert_eq!(verdict(&latest, &added(&latest, "{}")), "yes");
        assert_eq!(verdict(&latest, ""), "absent");
    }
}
