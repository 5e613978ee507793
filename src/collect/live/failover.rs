//! What is asked about domains, certificates, health checks, alarms and users. Pure: from answers to questions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ask::{Answers, Query};
use super::pools::Pool;
use crate::collect::Request;

/// Where certificates of custom domains are, and where answers of Route 53, which is global, are logged.
const GLOBAL: &str = "us-east-1";

const LIST_USERS: &str = "cognito-idp:ListUsers";

/// The states in which a sign-in ends with a write.
const NEED_A_WRITE: [&str; 2] = ["FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"];

/// The questions that the pools' own answers lead to.
pub(super) fn first(request: &Request, pools: &[Pool]) -> Vec<Query> {
    let mut queries: Vec<Query> = pools.iter().flat_map(|pool| &pool.domains).flat_map(of_domain).collect();
    let regions: BTreeSet<&str> = pools.iter().flat_map(Pool::regions).collect();
    queries.extend(regions.into_iter().map(|region| Query::new("cloudwatch", "DescribeAlarms", region, &[])));
    if request.count_users {
        queries.extend(pools.iter().flat_map(of_users));
    }
    queries
}

/// The questions that an answer leads to.
pub(super) fn next(query: &Query, answers: &Answers) -> Vec<Query> {
    if (query.operation.service, query.operation.name) != ("route53", "GetHealthCheck") {
        return Vec::new();
    }
    let config = "/HealthCheck/HealthCheckConfig";
    let children = format!("{config}/ChildHealthChecks");
    let mut queries: Vec<Query> =
        answers.items(&children).filter_map(Value::as_str).filter(|id| !id.is_empty()).map(health_check).collect();
    let alarm = |name: &str| answers.text(&format!("{config}/AlarmIdentifier/{name}")).filter(|text| !text.is_empty());
    // The Region becomes part of a host name.
    let plain = |text: &&str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if let (Some(region), Some(name)) = (alarm("Region").filter(plain), alarm("Name")) {
        queries.push(Query::new("cloudwatch", "DescribeAlarms", region, &[]).with("AlarmNames", json!([name])));
    }
    queries
}

/// The calls that are not made, each with its Region and why.
pub(super) fn not_asked(request: &Request, pools: &[Pool]) -> Vec<(String, &'static str, &'static str)> {
    if request.count_users {
        return Vec::new();
    }
    let regions: BTreeSet<&str> = pools.iter().map(|pool| pool.primary.as_str()).collect();
    let why = "--count-users was not given: it counts users who need a write to sign in";
    regions.into_iter().map(|region| (region.to_owned(), LIST_USERS, why)).collect()
}

/// The certificate and the health check that a domain names.
fn of_domain(domain: &Answers) -> Vec<Query> {
    let text = |pointer: &str| domain.text(pointer).filter(|text| !text.is_empty());
    // A certificate somewhere else is of no use to a custom domain, and cannot be asked for here.
    let certificate = text("/DomainDescription/CustomDomainConfig/CertificateArn")
        .filter(|arn| arn.split(':').nth(3) == Some(GLOBAL))
        .map(|arn| Query::new("acm", "DescribeCertificate", GLOBAL, &[("CertificateArn", arn)]));
    let check = text("/DomainDescription/Routing/Failover/PrimaryRoute53HealthCheckId").map(health_check);
    certificate.into_iter().chain(check).collect()
}

fn health_check(id: &str) -> Query {
    Query::new("route53", "GetHealthCheck", GLOBAL, &[("HealthCheckId", id)])
}

/// The users of a pool in each state; of a user nothing is asked but the id, and of that nothing is kept.
fn of_users(pool: &Pool) -> Vec<Query> {
    let in_state = |status: &&str| {
        let filter = format!("cognito:user_status = \"{status}\"");
        Query::new("cognito-idp", "ListUsers", &pool.primary, &[("Filter", &filter), ("UserPoolId", &pool.id)])
            .with("AttributesToGet", json!(["sub"]))
    };
    NEED_A_WRITE.iter().map(in_state).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(page: Value) -> Answers {
        Answers { pages: vec![page], ..Answers::default() }
    }

    fn questions(queries: &[Query]) -> Vec<String> {
        queries.iter().map(Query::question).collect()
    }

    #[test]
    fn a_domain_leads_to_its_certificate_and_its_health_check() {
        let arn = "arn:aws:acm:us-east-1:111122223333:certificate/c";
        let domain = |arn: &str| {
            answers(json!({ "DomainDescription": {
                "CustomDomainConfig": { "CertificateArn": arn },
                "Routing": { "Failover": { "SecondaryRegion": "us-west-2", "PrimaryRoute53HealthCheckId": "h" } }
            } }))
        };
        let check = "route53:GetHealthCheck us-east-1 {\"HealthCheckId\":\"h\"}".to_owned();
        let certificate = format!("acm:DescribeCertificate us-east-1 {{\"CertificateArn\":\"{arn}\"}}");
        assert_eq!(questions(&of_domain(&domain(arn))), [certificate, check.clone()]);
        assert_eq!(questions(&of_domain(&domain(&arn.replace("us-east-1", "eu-west-1")))), [check]);
        for nothing in [json!({}), json!({ "DomainDescription": {} }), json!({ "DomainDescription": { "Routing": 1 } })]
        {
            assert!(of_domain(&answers(nothing)).is_empty());
        }
    }

    #[test]
    fn a_health_check_leads_to_its_children_and_its_alarm() {
        let config = |config: Value| answers(json!({ "HealthCheck": { "HealthCheckConfig": config } }));
        let calculated = config(json!({ "Type": "CALCULATED", "ChildHealthChecks": ["a", "b", 1, ""] }));
        let children = next(&health_check("h"), &calculated);
        assert_eq!(questions(&children), questions(&[health_check("a"), health_check("b")]));
        let alarm = config(json!({ "AlarmIdentifier": { "Name": "canary", "Region": "eu-west-1" } }));
        let expected = "cloudwatch:DescribeAlarms eu-west-1 {\"AlarmNames\":[\"canary\"]}";
        assert_eq!(questions(&next(&health_check("h"), &alarm)), [expected]);
        for identifier in [json!({ "Name": "canary" }), json!({ "Name": "canary", "Region": "example.com/" })] {
            assert!(next(&health_check("h"), &config(json!({ "AlarmIdentifier": identifier }))).is_empty());
        }
        let other = Query::new("cloudwatch", "DescribeAlarms", "us-east-1", &[]);
        assert!(next(&other, &calculated).is_empty());
    }
}
