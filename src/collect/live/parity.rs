//! What is asked of both Regions, to compare them. Pure: from answers to questions.
//!
//! A pool's descriptions and the clients in P are asked elsewhere (`pools`).

use serde_json::{Value, json};

use super::ask::{Answers, Query};
use super::pools::Pool;

const ENDPOINT: &str = "AWS::EC2::VPCEndpoint";

/// The categories of requests that `facts::parity` compares: a fact about one that is not asked is unknown.
const CATEGORIES: [&str; 3] = ["UserAuthentication", "UserFederation", "UserToken"];

/// The questions that the pools' own answers lead to.
pub(super) fn first(pools: &[Pool]) -> Vec<Query> {
    let mut queries = Vec::new();
    for pool in pools {
        let replica = pool.secondary.as_deref().filter(|_| pool.described_in_replica.is_some());
        if let Some(replica) = replica {
            for region in [pool.primary.as_str(), replica] {
                queries.extend(compared(&pool.id, region, pool.arn(region).as_deref(), &pool.providers));
            }
            queries.extend(described(&pool.id, &pool.primary, &pool.providers));
            queries
                .extend(["ListUserPoolClients", "ListIdentityProviders"].map(|name| of_pool(name, &pool.id, replica)));
        }
        if pool.secondary.is_some() {
            queries.extend(pool.target_regions().into_iter().flat_map(of_region));
        }
    }
    queries
}

/// The questions that an answer leads to.
pub(super) fn next(query: &Query, answers: &Answers) -> Vec<Query> {
    let pool = query.parameter("UserPoolId").unwrap_or_default();
    match (query.operation.service, query.operation.name) {
        // Asked here in S only; who lists the clients in P describes them too.
        ("cognito-idp", "ListUserPoolClients") => {
            let clients = answers.names("/UserPoolClients", "ClientId");
            let describe = |id: &String| {
                Query::new(
                    "cognito-idp",
                    "DescribeUserPoolClient",
                    &query.region,
                    &[("UserPoolId", &pool), ("ClientId", id)],
                )
            };
            clients.iter().map(describe).collect()
        }
        ("cognito-idp", "ListIdentityProviders") => described(&pool, &query.region, answers),
        ("cloudcontrol", "ListResources") if query.operation.resource_type == ENDPOINT => {
            endpoints(&query.region, answers)
        }
        _ => Vec::new(),
    }
}

fn of_pool(name: &str, pool: &str, region: &str) -> Query {
    Query::new("cognito-idp", name, region, &[("UserPoolId", pool)])
}

/// What each Region has of its own, for a pool that is in both.
fn compared(pool: &str, region: &str, arn: Option<&str>, providers: &Answers) -> Vec<Query> {
    let mut queries =
        vec![of_pool("GetLogDeliveryConfiguration", pool, region), of_pool("ListResourceServers", pool, region)];
    if let Some(arn) = arn {
        queries.push(Query::new("cognito-idp", "ListTagsForResource", region, &[("ResourceArn", arn)]));
        queries.push(Query::new("wafv2", "GetWebACLForResource", region, &[("ResourceArn", arn)]));
    }
    if providers.names("/Providers", "ProviderType").contains("SAML") {
        queries.push(of_pool("GetSigningCertificate", pool, region));
    }
    queries
}

/// The description of every identity provider of this list.
fn described(pool: &str, region: &str, listed: &Answers) -> Vec<Query> {
    let names = listed.names("/Providers", "ProviderName");
    let describe = |name: &String| {
        Query::new("cognito-idp", "DescribeIdentityProvider", region, &[("UserPoolId", pool), ("ProviderName", name)])
    };
    names.iter().map(describe).collect()
}

/// What an account has once per Region.
fn of_region(region: &str) -> Vec<Query> {
    let limit = |category: &&str| {
        let definition = json!({ "LimitClass": "API_CATEGORY", "Attributes": { "Category": category } });
        Query::new("cognito-idp", "GetProvisionedLimit", region, &[]).with("LimitDefinition", definition)
    };
    let mut queries: Vec<Query> = CATEGORIES.iter().map(limit).collect();
    queries.push(Query::resource("ListResources", ENDPOINT, region, &[]));
    queries
}

/// The endpoints of which the list does not name the service, one by one.
fn endpoints(region: &str, listed: &Answers) -> Vec<Query> {
    listed
        .items("/ResourceDescriptions")
        .filter(|item| !item.pointer("/Properties/ServiceName").is_some_and(Value::is_string))
        .filter_map(|item| item.get("Identifier").and_then(Value::as_str))
        .map(|id| Query::resource("GetResource", ENDPOINT, region, &[("Identifier", id)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: &str = "us-east-1_Example";

    fn answers(page: Value) -> Answers {
        Answers { pages: vec![page], ..Answers::default() }
    }

    fn questions(queries: &[Query]) -> Vec<String> {
        queries.iter().map(Query::question).collect()
    }

    #[test]
    fn certificates_are_asked_for_where_there_is_a_saml_provider() {
        let asks = |providers: Value| {
            let queries = compared(POOL, "us-west-2", Some("arn"), &answers(json!({ "Providers": providers })));
            queries.iter().any(|query| query.operation.name == "GetSigningCertificate")
        };
        assert!(asks(json!([{ "ProviderName": "corp", "ProviderType": "SAML" }])));
        assert!(!asks(json!([{ "ProviderName": "corp", "ProviderType": "OIDC" }])));
        assert!(!asks(json!([])));
    }

    #[test]
    fn tags_and_web_acls_are_asked_for_by_the_arn_of_the_region() {
        let arn = format!("arn:aws:cognito-idp:us-west-2:111122223333:userpool/{POOL}");
        let questions = questions(&compared(POOL, "us-west-2", Some(&arn), &Answers::default()));
        assert!(questions.contains(&format!(r#"wafv2:GetWebACLForResource us-west-2 {{"ResourceArn":"{arn}"}}"#)));
        assert_eq!(questions.iter().filter(|question| question.contains(&arn)).count(), 2);
        let without = compared(POOL, "us-west-2", None, &Answers::default());
        assert_eq!(without.len(), 2);
    }

    #[test]
    fn the_parameters_of_a_limit_are_those_by_which_facts_ask_the_log() {
        let definition = r#"{"Attributes":{"Category":"UserAuthentication"},"LimitClass":"API_CATEGORY"}"#;
        let queries = of_region("us-west-2");
        assert_eq!(queries[0].parameters["LimitDefinition"].to_string(), definition);
        assert_eq!(queries.len(), CATEGORIES.len() + 1);
    }

    #[test]
    fn lists_lead_to_descriptions() {
        let list = of_pool("ListUserPoolClients", POOL, "us-west-2");
        let led = next(&list, &answers(json!({ "UserPoolClients": [{ "ClientId": "1a" }, { "ClientId": "2b" }] })));
        assert_eq!(led.iter().map(|query| query.operation.name).collect::<Vec<_>>(), ["DescribeUserPoolClient"; 2]);
        assert!(led.iter().all(|query| query.region == "us-west-2"));
        let list = of_pool("ListIdentityProviders", POOL, "us-west-2");
        let led = next(&list, &answers(json!({ "Providers": [{ "ProviderName": "corp" }, { "odd": 7 }] })));
        let asked = format!(
            r#"cognito-idp:DescribeIdentityProvider us-west-2 {{"ProviderName":"corp","UserPoolId":"{POOL}"}}"#
        );
        assert_eq!(questions(&led), [asked]);
        assert!(next(&of_pool("ListResourceServers", POOL, "us-west-2"), &Answers::default()).is_empty());
    }

    #[test]
    fn an_endpoint_is_read_by_itself_where_the_list_does_not_name_its_service() {
        let list = Query::resource("ListResources", ENDPOINT, "us-west-2", &[]);
        let listed = answers(json!({ "ResourceDescriptions": [
            { "Identifier": "vpce-1" },
            { "Identifier": "vpce-2", "Properties": { "ServiceName": "com.amazonaws.us-west-2.s3" } },
            { "Properties": {} }
        ] }));
        let asked = format!(
            r#"cloudcontrol:GetResource {ENDPOINT} us-west-2 {{"Identifier":"vpce-1","TypeName":"{ENDPOINT}"}}"#
        );
        assert_eq!(questions(&next(&list, &listed)), [asked]);
        assert!(next(&list, &Answers::default()).is_empty());
    }
}
