//! What is asked about the services that send mail and text messages. Pure: from answers to questions.
//!
//! Only what a replica's own settings name, each once: most calls of SES are limited to one a second for an account.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ask::{Answers, Query};
use super::pools::{Pool, primary_region};
use crate::snapshot::ErrorKind;

const RISK: &str = "DescribeRiskConfiguration";
const MAIL: &str = "/UserPool/EmailConfiguration";
const SMS: &str = "/UserPool/SmsConfiguration";

/// The questions that the pools' own answers lead to.
pub(super) fn first(pools: &[Pool]) -> Vec<Query> {
    pools.iter().flat_map(of_pool).collect()
}

fn of_pool(pool: &Pool) -> Vec<Query> {
    let Some((secondary, described)) = pool.secondary.as_deref().zip(pool.described_in_replica.as_ref()) else {
        return Vec::new();
    };
    let mut queries = Vec::new();
    // A function of your own sends everything there is to send.
    if !has_trigger(described, "CustomEmailSender") {
        queries.extend(mail(described));
    }
    if !has_trigger(described, "CustomSMSSender") {
        queries.extend(texts(pool, described));
    }
    if notifies(pool) {
        queries.extend([pool.primary.as_str(), secondary].map(|region| risk(pool, region, None)));
    }
    queries
}

/// The questions about threat protection that the app clients of a pool lead to.
pub(super) fn of_clients(pool: &Pool, clients: &BTreeSet<String>) -> Vec<Query> {
    if !notifies(pool) {
        return Vec::new();
    }
    let regions = pool.regions();
    clients.iter().flat_map(|client| regions.iter().map(|region| risk(pool, region, Some(client)))).collect()
}

/// The questions that an answer leads to.
pub(super) fn next(query: &Query, answers: &Answers) -> Vec<Query> {
    match (query.operation.service, query.operation.name) {
        ("cognito-idp", RISK) => {
            let of_primary = query.parameter("UserPoolId").is_none_or(|id| primary_region(&id) == Some(&query.region));
            let pointer = "/RiskConfiguration/AccountTakeoverRiskConfiguration/NotifyConfiguration/SourceArn";
            let arn = answers.text(pointer).filter(|_| !of_primary);
            arn.and_then(identity).map(|(region, name)| email_identity(region, name)).into_iter().collect()
        }
        ("sesv2", "GetEmailIdentity") => {
            let missing = answers.error.as_ref().is_some_and(|error| error.kind == ErrorKind::NotFound);
            let name = query.parameter("EmailIdentity").filter(|_| missing);
            let above = name.as_deref().and_then(above);
            above.map(|name| email_identity(&query.region, name)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// SES where the replica's `SourceArn` says: the identity, and for a sender of your own what it needs to send.
fn mail(described: &Answers) -> Vec<Query> {
    let text = |name: &str| described.text(&format!("{MAIL}/{name}"));
    let Some((region, name)) = text("SourceArn").and_then(identity) else { return Vec::new() };
    let mut queries = vec![email_identity(region, name)];
    if text("EmailSendingAccount") == Some("DEVELOPER") {
        queries.push(Query::new("sesv2", "GetAccount", region, &[]));
        if let Some(set) = text("ConfigurationSet") {
            queries.push(Query::new("sesv2", "GetConfigurationSet", region, &[("ConfigurationSetName", set)]));
        }
    }
    queries
}

/// The role, and SNS or End User Messaging where the replica's settings say.
fn texts(pool: &Pool, described: &Answers) -> Vec<Query> {
    let text = |name: &str| described.text(&format!("{SMS}/{name}"));
    let (role, region, calls) = if has(described, &format!("{SMS}/EumsSms")) {
        let calls = [("sms-voice", "DescribeAccountAttributes"), ("sms-voice", "DescribeSpendLimits")];
        (text("EumsSms/CallerArn"), text("EumsSms/Region"), calls)
    } else {
        let calls = [("sns", "GetSMSSandboxAccountStatus"), ("sns", "GetSMSAttributes")];
        // Where the settings name no Region, it is that of the replica or nothing says which.
        (text("SnsCallerArn"), text("SnsRegion").or(pool.secondary.as_deref()), calls)
    };
    let Some((role, region)) = role.zip(region) else { return Vec::new() };
    // IAM is one for all Regions; it is asked by way of the primary.
    let role = role_name(role).map(|name| Query::new("iam", "GetRole", &pool.primary, &[("RoleName", name)]));
    let state = calls.map(|(service, name)| Query::new(service, name, region, &[]));
    role.into_iter().chain(state).collect()
}

/// Whether threat protection is on, and the replica tells users of risks by mail.
fn notifies(pool: &Pool) -> bool {
    let mode = pool.described.text("/UserPool/UserPoolAddOns/AdvancedSecurityMode");
    let by_mail = |described: &Answers| !has_trigger(described, "CustomEmailSender");
    mode.is_some_and(|mode| mode != "OFF") && pool.described_in_replica.as_ref().is_some_and(by_mail)
}

fn risk(pool: &Pool, region: &str, client: Option<&str>) -> Query {
    let query = Query::new("cognito-idp", RISK, region, &[("UserPoolId", &pool.id)]);
    match client {
        Some(client) => query.with("ClientId", Value::from(client)),
        None => query,
    }
}

fn email_identity(region: &str, name: &str) -> Query {
    Query::new("sesv2", "GetEmailIdentity", region, &[("EmailIdentity", name)])
}

/// The Region and the name in `arn:aws:ses:us-east-1:111122223333:identity/example.com`.
fn identity(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "ses", region, _, resource] = parts.as_slice() else { return None };
    let name = resource.strip_prefix("identity/")?;
    (!region.is_empty() && !name.is_empty()).then_some((*region, name))
}

/// What stands for an identity that SES does not have: the domain of an address, or the domain above a domain.
fn above(name: &str) -> Option<&str> {
    let (_, above) = name.split_once('@').or_else(|| name.split_once('.'))?;
    above.contains('.').then_some(above)
}

/// `sms` in `arn:aws:iam::111122223333:role/service-role/sms`.
fn role_name(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":role/")?;
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

fn has_trigger(described: &Answers, name: &str) -> bool {
    has(described, &format!("/UserPool/LambdaConfig/{name}"))
}

/// Whether an object with something in it is there.
fn has(described: &Answers, pointer: &str) -> bool {
    let object = described.pages.first().and_then(|page| page.pointer(pointer)).and_then(Value::as_object);
    object.is_some_and(|members| !members.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::snapshot::CallError;

    fn answered(answer: Value) -> Answers {
        Answers { pages: vec![answer], ..Answers::default() }
    }

    fn missing() -> Answers {
        let error = CallError {
            kind: ErrorKind::NotFound,
            code: "NotFoundException".to_owned(),
            status: Some(404),
            missing_actions: Vec::new(),
            detail: None,
        };
        Answers { error: Some(error), ..Answers::default() }
    }

    fn questions(queries: &[Query]) -> Vec<String> {
        queries.iter().map(Query::question).collect()
    }

    #[test]
    fn a_sender_of_your_own_is_asked_about_where_its_identity_is() {
        let settings = |account: &str| {
            answered(json!({ "UserPool": { "EmailConfiguration": {
                "EmailSendingAccount": account, "ConfigurationSet": "codes",
                "SourceArn": "arn:aws:ses:eu-west-1:111122223333:identity/a@example.com"
            } } }))
        };
        assert_eq!(
            questions(&mail(&settings("DEVELOPER"))),
            [
                r#"sesv2:GetEmailIdentity eu-west-1 {"EmailIdentity":"a@example.com"}"#,
                "sesv2:GetAccount eu-west-1 {}",
                r#"sesv2:GetConfigurationSet eu-west-1 {"ConfigurationSetName":"codes"}"#,
            ]
        );
        assert_eq!(mail(&settings("COGNITO_DEFAULT")).len(), 1);
        for none in [json!({}), json!({ "UserPool": { "EmailConfiguration": { "SourceArn": "x" } } })] {
            assert!(mail(&answered(none)).is_empty());
        }
    }

    #[test]
    fn an_address_without_an_identity_leads_to_its_domains() {
        let mut query = email_identity("eu-west-1", "a@mail.example.com");
        let mut names = Vec::new();
        while let Some(found) = next(&query, &missing()).pop() {
            names.extend(found.parameter("EmailIdentity"));
            query = found;
        }
        assert_eq!(names, ["mail.example.com", "example.com"]);
        assert!(next(&email_identity("eu-west-1", "a@example.com"), &answered(json!({}))).is_empty());
    }

    #[test]
    fn the_identity_of_notifications_is_asked_about_for_the_replica_only() {
        let arn = "arn:aws:ses:us-west-2:111122223333:identity/example.com";
        let answer = answered(json!({ "RiskConfiguration": { "AccountTakeoverRiskConfiguration": {
            "NotifyConfiguration": { "SourceArn": arn }
        } } }));
        let asked = |region| Query::new("cognito-idp", RISK, region, &[("UserPoolId", "us-east-1_Pool1")]);
        assert!(next(&asked("us-east-1"), &answer).is_empty());
        let found = next(&asked("us-west-2"), &answer);
        assert_eq!(questions(&found), [r#"sesv2:GetEmailIdentity us-west-2 {"EmailIdentity":"example.com"}"#]);
    }

    #[test]
    fn a_role_is_named_by_the_end_of_its_path() {
        assert_eq!(role_name("arn:aws:iam::111122223333:role/service-role/sms"), Some("sms"));
        assert_eq!((role_name("arn:aws:iam::111122223333:role/"), role_name("x")), (None, None));
    }
}
