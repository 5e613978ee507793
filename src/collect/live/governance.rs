//! What is asked about the role that will run the migration, and about the care of the pools' keys. Pure: from answers to
//! questions.

use serde_json::json;

use super::ask::{Answers, Query};
use super::pools::Pool;
use crate::collect::Request;
use crate::snapshot::operations::simulation::{
    IAM_REGION, REPLICA_REGION_ACTIONS, REPLICATE_ACTIONS, requested_region,
};

/// The questions that the pools' own answers lead to.
pub(super) fn first(request: &Request, pools: &[Pool]) -> Vec<Query> {
    let mut queries = Vec::new();
    for pool in pools {
        queries.extend(pool.key.as_ref().and_then(|key| rotation(key, &pool.primary)));
        let Some(operator) = &request.operator_arn else { continue };
        if let Some(arn) = pool.arn(&pool.primary) {
            let query = simulation(operator, &pool.primary, &REPLICATE_ACTIONS);
            queries.push(query.with("ResourceArns", json!([arn])));
        }
        queries.extend(pool.secondary.as_deref().map(|region| simulation(operator, region, &REPLICA_REGION_ACTIONS)));
    }
    queries
}

/// Whether the operator may do this in that Region. IAM itself is asked in one place.
fn simulation(operator: &str, region: &str, actions: &[&str]) -> Query {
    Query::new("iam", "SimulatePrincipalPolicy", IAM_REGION, &[("PolicySourceArn", operator)])
        .with("ActionNames", json!(actions))
        .with("ContextEntries", requested_region(region))
}

/// Whether a key rotates by itself, asked of the KMS primary key. Only keys whose material KMS generated can.
fn rotation(key: &Answers, pool_region: &str) -> Option<Query> {
    if key.text("/KeyMetadata/Origin") != Some("AWS_KMS") {
        return None;
    }
    let primary = |name: &str| key.text(&format!("/KeyMetadata/MultiRegionConfiguration/PrimaryKey/{name}"));
    let (arn, region) = match (primary("Arn"), primary("Region")) {
        (Some(arn), Some(region)) => (arn, region),
        _ => (key.text("/KeyMetadata/Arn")?, pool_region),
    };
    Some(Query::new("kms", "GetKeyRotationStatus", region, &[("KeyId", arn)]))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn asked(metadata: &Value) -> Option<String> {
        let key = Answers { pages: vec![json!({ "KeyMetadata": metadata })], ..Answers::default() };
        rotation(&key, "us-east-1").map(|query| query.question())
    }

    #[test]
    fn rotation_is_asked_of_the_primary_key() {
        let arn = "arn:aws:kms:eu-west-1:1:key/mrk-1";
        let question =
            |region: &str, arn: &str| Some(format!(r#"kms:GetKeyRotationStatus {region} {{"KeyId":"{arn}"}}"#));
        let multi = json!({
            "Origin": "AWS_KMS", "Arn": "arn:aws:kms:us-east-1:1:key/mrk-1",
            "MultiRegionConfiguration": { "PrimaryKey": { "Arn": arn, "Region": "eu-west-1" } }
        });
        assert_eq!(asked(&multi), question("eu-west-1", arn));
        let single = "arn:aws:kms:us-east-1:1:key/k";
        assert_eq!(asked(&json!({ "Origin": "AWS_KMS", "Arn": single })), question("us-east-1", single));
        assert_eq!(asked(&json!({ "Origin": "EXTERNAL", "Arn": single })), None);
        assert_eq!(asked(&json!({})), None);
    }

    #[test]
    fn the_region_is_part_of_the_question() {
        let query = simulation("arn:aws:iam::1:role/r", "eu-west-1", &REPLICA_REGION_ACTIONS);
        assert_eq!(query.region, IAM_REGION);
        assert_eq!(
            query.question(),
            "iam:SimulatePrincipalPolicy us-east-1 {\"ActionNames\":[\"cognito-idp:CreateUserPool\"],\
             \"ContextEntries\":[{\"ContextKeyName\":\"aws:RequestedRegion\",\"ContextKeyType\":\"string\",\
             \"ContextKeyValues\":[\"eu-west-1\"]}],\"PolicySourceArn\":\"arn:aws:iam::1:role/r\"}"
        );
    }
}
