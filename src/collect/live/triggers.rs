//! What is asked about the functions behind triggers. Pure: from answers to questions.

use serde_json::Value;

use super::ask::{Answers, Query};
use super::pools::Pool;

/// Triggers of operations that a replica does not have.
const USELESS: [&str; 3] = ["PostConfirmation", "PreSignUp", "UserMigration"];

/// The questions that the pools' own answers lead to: about the functions that the replica names, and about the key of its
/// custom senders.
pub(super) fn first(pools: &[Pool]) -> Vec<Query> {
    let described = pools.iter().filter_map(|pool| pool.described_in_replica.as_ref());
    described.flat_map(of).collect()
}

/// The questions that an answer leads to.
pub(super) fn next(_query: &Query, _answers: &Answers) -> Vec<Query> {
    Vec::new()
}

fn of(described: &Answers) -> Vec<Query> {
    let config = described.pages.first().and_then(|page| page.pointer("/UserPool/LambdaConfig")?.as_object());
    let Some(config) = config else { return Vec::new() };
    let mut queries = Vec::new();
    for (name, member) in config.iter().filter(|(name, _)| !USELESS.contains(&name.as_str())) {
        let arn = member.as_str().or_else(|| member.get("LambdaArn").and_then(Value::as_str));
        let Some((arn, region)) = arn.and_then(|arn| Some((arn, region_of(arn, "lambda")?))) else { continue };
        // By the ARN that the pool names, with its qualifier, in the Region where it is.
        for call in ["GetFunctionConfiguration", "GetPolicy"] {
            queries.push(Query::new("lambda", call, region, &[("FunctionName", arn)]));
        }
        if matches!(name.as_str(), "CustomEmailSender" | "CustomSMSSender") {
            queries.extend(sender_key(described));
        }
    }
    queries
}

/// Who may decrypt what custom senders are given.
fn sender_key(described: &Answers) -> Vec<Query> {
    let key = described.text("/UserPool/LambdaConfig/KMSKeyID");
    let Some((key, region)) = key.and_then(|key| Some((key, region_of(key, "kms")?))) else { return Vec::new() };
    vec![
        Query::new("kms", "ListGrants", region, &[("KeyId", key)]),
        Query::new("kms", "GetKeyPolicy", region, &[("KeyId", key), ("PolicyName", "default")]),
    ]
}

/// The Region of the ARN of a service's resource.
fn region_of<'a>(arn: &'a str, service: &str) -> Option<&'a str> {
    let mut parts = arn.split(':');
    let is_one = parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some(service);
    parts.next().filter(|region| is_one && !region.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(config: &Value) -> Vec<String> {
        let described =
            Answers { pages: vec![json!({ "UserPool": { "LambdaConfig": config } })], ..Answers::default() };
        of(&described).iter().map(Query::question).collect()
    }

    #[test]
    fn functions_are_asked_where_they_are_by_the_arn_that_the_pool_names() {
        let arn = "arn:aws:lambda:us-west-2:1:function:f:live";
        let questions = asked(&json!({
            "PreTokenGeneration": arn,
            "PreTokenGenerationConfig": { "LambdaArn": arn, "LambdaVersion": "V2_0" },
            "UserMigration": "arn:aws:lambda:us-west-2:1:function:m"
        }));
        let one = [
            format!(r#"lambda:GetFunctionConfiguration us-west-2 {{"FunctionName":"{arn}"}}"#),
            format!(r#"lambda:GetPolicy us-west-2 {{"FunctionName":"{arn}"}}"#),
        ];
        // What is asked twice is asked once, by whoever asks.
        assert_eq!(questions, [one.clone(), one].concat());
    }

    #[test]
    fn the_key_is_asked_for_custom_senders_only() {
        let key = "arn:aws:kms:us-west-2:1:key/k";
        assert_eq!(asked(&json!({ "KMSKeyID": key })), Vec::<String>::new());
        let sender = json!({ "LambdaArn": "arn:aws:lambda:eu-west-1:1:function:f", "LambdaVersion": "V1_0" });
        let questions = asked(&json!({ "KMSKeyID": key, "CustomSMSSender": sender }));
        let calls: Vec<&str> = questions.iter().map(|question| question.split(' ').next().unwrap()).collect();
        assert_eq!(
            calls,
            ["lambda:GetFunctionConfiguration", "lambda:GetPolicy", "kms:ListGrants", "kms:GetKeyPolicy"]
        );
        assert!(questions[0].contains(" eu-west-1 ") && questions[2].contains(" us-west-2 "), "{questions:?}");
        assert_eq!(asked(&json!({ "CustomSMSSender": sender })).len(), 2);
    }

    #[test]
    fn what_is_no_arn_leads_to_no_question() {
        for config in [json!(null), json!([]), json!({ "PreSignUp": 7, "PostAuthentication": "f", "X": {} })] {
            assert_eq!(asked(&config), Vec::<String>::new());
        }
    }
}
