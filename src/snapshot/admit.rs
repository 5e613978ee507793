//! Admission: of an answer in normal form only what the operation's allow-list names gets into the log.
//!
//! Everything else is dropped and leaves its name behind, so that "AWS did not say" and "we did not keep" differ.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::operations::Operation;

/// What is left of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The members that are kept.
    pub response: Value,
    /// Pointers of what was there and is not kept, sorted; `*` stands for an index.
    pub dropped: Vec<String>,
}

/// Keeps what `operation` admits of an answer in normal form.
pub fn admit(operation: &Operation, mut answer: Value) -> Admitted {
    if (operation.service, operation.name) == ("cloudformation", "ListStackResources") {
        drop_foreign_physical_ids(&mut answer);
    }
    let keep: Vec<Vec<&str>> = operation.keep.iter().map(|pattern| parts(pattern)).collect();
    let digest: Vec<Vec<&str>> = operation.digest.iter().map(|pattern| parts(pattern)).collect();
    let mut dropped = BTreeSet::new();
    let mut path = Vec::new();
    let response = filter(answer, &mut path, &keep, &digest, &mut dropped).unwrap_or_else(|| Value::Object(Map::new()));
    Admitted { response, dropped: dropped.into_iter().collect() }
}

/// A digest of a secret-like value, enough to see whether two Regions agree.
pub fn digest(value: &str) -> String {
    format!("sha256:{}", &super::hex(&Sha256::digest(format!("mrready\u{0}{value}").as_bytes()))[..16])
}

fn parts(pattern: &str) -> Vec<&str> {
    pattern.split('/').skip(1).collect()
}

/// Whether `path` lies on the way to, or below, a pattern.
enum Relation {
    Kept,
    OnTheWay,
    Not,
}

fn relation(path: &[String], patterns: &[Vec<&str>]) -> Relation {
    let mut on_the_way = false;
    for pattern in patterns {
        let matches = |(step, part): (&String, &&str)| {
            let part = part.strip_suffix("{}").unwrap_or(part);
            part == step || part == "*"
        };
        if !path.iter().zip(pattern).all(matches) {
            continue;
        }
        let presence_only = pattern.last().is_some_and(|last| last.ends_with("{}"));
        if path.len() >= pattern.len() {
            if !presence_only {
                return Relation::Kept;
            }
            on_the_way |= path.len() == pattern.len();
        } else {
            on_the_way = true;
        }
    }
    if on_the_way { Relation::OnTheWay } else { Relation::Not }
}

fn filter(
    value: Value,
    path: &mut Vec<String>,
    keep: &[Vec<&str>],
    digests: &[Vec<&str>],
    dropped: &mut BTreeSet<String>,
) -> Option<Value> {
    match relation(path, keep) {
        Relation::Kept => return Some(value),
        Relation::OnTheWay => {}
        Relation::Not => match relation(path, digests) {
            Relation::Kept => {
                return Some(Value::String(digest(value.as_str().unwrap_or(&value.to_string()))));
            }
            Relation::OnTheWay => {}
            Relation::Not => {
                dropped.insert(format!("/{}", path.join("/")));
                return None;
            }
        },
    }
    match value {
        Value::Object(map) => {
            let mut kept = Map::new();
            for (name, value) in map {
                path.push(name.clone());
                if let Some(value) = filter(value, path, keep, digests, dropped) {
                    kept.insert(name, value);
                }
                path.pop();
            }
            Some(Value::Object(kept))
        }
        Value::Array(items) => {
            path.push("*".to_owned());
            let kept = items.into_iter().filter_map(|item| filter(item, path, keep, digests, dropped)).collect();
            path.pop();
            Some(Value::Array(kept))
        }
        // A leaf where a container was expected: nothing the allow-list knows.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            dropped.insert(format!("/{}", path.join("/")));
            None
        }
    }
}

/// Custom resources choose their physical ids freely; Cognito's are needed to tie a template to a pool, and whoever makes a
/// pool in another way is known by the pool's id.
fn drop_foreign_physical_ids(answer: &mut Value) {
    let rows = answer.get_mut("StackResourceSummaries").and_then(Value::as_array_mut);
    for row in rows.into_iter().flatten().filter_map(Value::as_object_mut) {
        let cognito = row.get("ResourceType").and_then(Value::as_str).is_some_and(|t| t.starts_with("AWS::Cognito::"));
        let pool = row.get("PhysicalResourceId").and_then(Value::as_str).is_some_and(is_pool_id);
        if !cognito && !pool {
            row.remove("PhysicalResourceId");
        }
    }
}

/// `us-east-1_AbCdEfGhI`, by its form.
fn is_pool_id(text: &str) -> bool {
    let Some((region, suffix)) = text.split_once('_') else { return false };
    let plain = |text: &str, fits: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|b| fits(&b));
    let mut parts = region.split('-').rev();
    let number = parts.next().is_some_and(|number| number.len() <= 2 && plain(number, u8::is_ascii_digit));
    let words: Vec<&str> = parts.collect();
    let region = number && words.len() >= 2 && words.iter().all(|word| plain(word, u8::is_ascii_lowercase));
    region && suffix.len() <= 48 && plain(suffix, u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::super::operations::find;
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_leave_only_their_names() {
        let operation = find("cognito-idp", "DescribeUserPoolClient").unwrap();
        let answer = json!({"UserPoolClient": {"ClientId": "1", "ClientSecret": "planted", "AnalyticsConfiguration": {"RoleArn": "x"}}});
        let admitted = admit(operation, answer);
        assert_eq!(admitted.response, json!({"UserPoolClient": {"ClientId": "1"}}));
        assert_eq!(admitted.dropped, ["/UserPoolClient/AnalyticsConfiguration", "/UserPoolClient/ClientSecret"]);
    }

    #[test]
    fn a_digest_compares_and_does_not_tell() {
        let operation = find("cognito-idp", "DescribeUserPool").unwrap();
        let admitted = admit(operation, json!({"UserPool": {"SmsConfiguration": {"ExternalId": "planted"}}}));
        let text = admitted.response.to_string();
        assert!(text.contains("sha256:") && !text.contains("planted"), "{text}");
    }

    #[test]
    fn presence_is_kept_without_content() {
        let operation = find("cognito-idp", "GetUserPoolMfaConfig").unwrap();
        let admitted = admit(operation, json!({"EmailMfaConfiguration": {"Message": "m"}, "MfaConfiguration": "ON"}));
        assert_eq!(admitted.response, json!({"EmailMfaConfiguration": {}, "MfaConfiguration": "ON"}));
        assert_eq!(admitted.dropped, ["/EmailMfaConfiguration/Message"]);
    }

    #[test]
    fn an_empty_description_stays_empty_and_an_empty_list_stays_a_list() {
        let operation = find("cognito-idp", "DescribeUserPoolDomain").unwrap();
        assert_eq!(admit(operation, json!({"DomainDescription": {}})).response, json!({"DomainDescription": {}}));
        let operation = find("cognito-idp", "ListUserPoolClients").unwrap();
        assert_eq!(admit(operation, json!({"UserPoolClients": []})).response, json!({"UserPoolClients": []}));
    }

    #[test]
    fn physical_ids_of_other_resources_are_dropped() {
        let operation = find("cloudformation", "ListStackResources").unwrap();
        let row = |ty: &str, id: &str| json!({"LogicalResourceId": "L", "ResourceType": ty, "PhysicalResourceId": id});
        let kept = |ty: &str, id: &str| {
            let answer = json!({"StackResourceSummaries": [row(ty, id)]});
            admit(operation, answer).response.to_string().contains(id)
        };
        assert!(kept("AWS::Cognito::UserPool", "planted"));
        assert!(kept("Custom::UserPool", "eu-west-1_AbC123"));
        for other in ["planted", "eu-west-1", "eu-west-1_planted secret", "EU-west-1_a", "west-1_a", "eu-west-1_"] {
            assert!(!kept("Custom::X", other), "{other}");
        }
    }

    #[test]
    fn a_leaf_instead_of_an_object_is_dropped() {
        let operation = find("cognito-idp", "DescribeUserPool").unwrap();
        let admitted = admit(operation, json!({"UserPool": "planted"}));
        assert_eq!(admitted.response, json!({}));
    }
}
