//! What is not asked: calls that no counted gate needs, and in a sample whatever was asked before.

use std::collections::{BTreeMap, BTreeSet};

use super::replay::{Asked, Reply};
use super::{collect, count, request, world};
use crate::collect::{Needs, Request};
use crate::snapshot::{Call, Snapshot};

/// What the gates `issuer` and `replicate` need in short, and what `activate` and `failover` need on top.
fn needs() -> Needs {
    let set = |calls: &[&str]| calls.iter().map(|call| (*call).to_owned()).collect::<BTreeSet<_>>();
    Needs {
        always: set(&[
            "apigateway:GetAuthorizers",
            "apigateway:GetRestApis",
            "cloudcontrol:ListResources AWS::ElasticLoadBalancingV2::LoadBalancer",
            "cloudformation:GetTemplate",
            "cloudformation:ListStackResources",
            "cloudformation:ListStacks",
            "cognito-idp:DescribeUserPoolClient",
            "cognito-idp:ListUserPoolClients",
            "kms:GetKeyRotationStatus",
        ]),
        replicated: set(&["lambda:GetPolicy", "wafv2:GetWebACLForResource"]),
        active: set(&["acm:DescribeCertificate", "cloudwatch:DescribeAlarms", "route53:GetHealthCheck"]),
    }
}

/// The account with its replica in this state; `None`: without one.
fn with_replica(state: Option<&'static str>) -> impl Fn(&Asked) -> Reply {
    move |asked| match (asked.operation.as_str(), state) {
        ("ListUserPoolReplicas", None) => {
            Reply::ok(r#"{"UserPoolReplicas":[{"RegionName":"us-east-1","Role":"PRIMARY","Status":"ACTIVE"}]}"#)
        }
        ("ListUserPoolReplicas", Some(state)) => Reply::ok(format!(
            r#"{{"UserPoolReplicas":[{{"RegionName":"us-east-1","Role":"PRIMARY","Status":"ACTIVE"}},
                {{"RegionName":"us-west-2","Role":"SECONDARY","Status":"{state}"}}]}}"#
        )),
        _ => world::replicated(asked),
    }
}

fn run(state: Option<&'static str>) -> (Snapshot, Vec<Asked>) {
    let request = Request { needs: Some(needs()), ..request(&[world::POOL]) };
    let (result, seen, recorder) = collect(&request, with_replica(state));
    // A call that is not made is not expected either.
    assert_eq!(recorder.planned, seen.len() as u64);
    (result.unwrap(), seen)
}

/// The calls that are noted as not made because no counted gate needs them.
fn not_needed(snapshot: &Snapshot) -> BTreeSet<&str> {
    let noted = snapshot.header.scope.not_asked.iter().filter(|unasked| unasked.why.contains("--gate"));
    noted.map(|unasked| unasked.call.as_str()).collect()
}

fn calls(snapshot: &Snapshot) -> BTreeSet<String> {
    snapshot.calls().map(Call::name).collect()
}

#[test]
fn what_no_counted_gate_needs_is_noted_and_not_asked() {
    let (snapshot, seen) = run(None);
    let (asked, noted) = (calls(&snapshot), not_needed(&snapshot));
    let later = ["acm:DescribeCertificate", "cloudwatch:DescribeAlarms", "route53:GetHealthCheck"];
    for call in later {
        assert!(!asked.contains(call) && noted.contains(call), "{call}: {asked:?} {noted:?}");
    }
    // Without a replica there is nothing that these could be asked about.
    for service in ["lambda", "wafv2", "ses", "sns", "iam"] {
        assert!(seen.iter().all(|asked| asked.service != service), "{service}");
    }
    for call in needs().always {
        assert!(asked.contains(&call) && !noted.contains(call.as_str()), "{call}");
    }
    // Of the same operation of Cloud Control other types are left out.
    let types: BTreeSet<&str> = seen
        .iter()
        .filter(|asked| asked.service == "cloudcontrolapi")
        .filter_map(|asked| asked.get("TypeName"))
        .collect();
    assert_eq!(types, BTreeSet::from(["AWS::ElasticLoadBalancingV2::LoadBalancer"]));
    assert!(noted.contains("cloudcontrol:ListResources AWS::AppSync::GraphQLApi"));
    assert!(noted.contains("apigatewayv2:GetApis") && noted.contains("cloudformation:DescribeStacks"));
    // Who needs a note finds it in the Region where the call would have been made.
    let searched = &snapshot.header.scope.not_asked;
    for region in ["us-east-1", "us-west-2"] {
        assert!(searched.iter().any(|unasked| unasked.call == "apigatewayv2:GetApis" && unasked.region == region));
    }
}

#[test]
fn a_replica_leads_to_what_activation_needs_and_an_active_one_to_failover() {
    let later = ["acm:DescribeCertificate", "cloudwatch:DescribeAlarms", "route53:GetHealthCheck"];
    let (snapshot, seen) = run(Some("INACTIVE"));
    let (asked, noted) = (calls(&snapshot), not_needed(&snapshot));
    assert_eq!(count(&seen, "GetWebACLForResource", "us-west-2"), 1);
    assert!(asked.contains("lambda:GetPolicy") && noted.contains("lambda:GetFunctionConfiguration"));
    assert!(later.iter().all(|call| !asked.contains(*call) && noted.contains(call)), "{asked:?}");

    let (snapshot, seen) = run(Some("ACTIVE"));
    let (asked, noted) = (calls(&snapshot), not_needed(&snapshot));
    assert!(later.iter().all(|call| asked.contains(*call) && !noted.contains(call)), "{noted:?}");
    assert!(asked.contains("lambda:GetPolicy"));
    // The check, both of its children, and the alarm of one of them.
    assert_eq!(seen.iter().filter(|asked| asked.service == "route53").count(), 3);
    assert_eq!(count(&seen, "DescribeAlarms", "us-east-1"), 2);
    // No gate of this request needs these at all.
    assert!(noted.contains("sesv2:GetAccount") && seen.iter().all(|asked| asked.service != "ses"));
}

#[test]
fn replicas_that_cannot_be_seen_may_be_active() {
    let request = Request { needs: Some(needs()), ..request(&[world::POOL]) };
    let (result, ..) = collect(&request, |asked| match asked.operation.as_str() {
        "ListUserPoolReplicas" => Reply::error(400, r#"{"__type":"AccessDeniedException"}"#),
        _ => world::replicated(asked),
    });
    assert!(calls(&result.unwrap()).contains("cloudwatch:DescribeAlarms"));
}

#[test]
fn a_sample_has_each_call_once_per_region() {
    let request = Request { sample: true, ..request(&[world::POOL, "us-east-1_Pool2"]) };
    let (result, seen, recorder) = collect(&request, |asked| match asked.operation.as_str() {
        "ListUserPoolClients" => Reply::ok(r#"{"UserPoolClients":[{"ClientId":"c"},{"ClientId":"d"}]}"#),
        "ListStacks" => Reply::ok(world::xml(
            "ListStacks",
            &format!("<StackSummaries>{}{}</StackSummaries>", world::stack_row(1), world::stack_row(2)),
        )),
        "/restapis" => Reply::ok(r#"{"item":[{"id":"r"},{"id":"s"}]}"#),
        _ => world::replicated(asked),
    });
    let snapshot = result.unwrap();
    assert_eq!(recorder.planned, seen.len() as u64);
    let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
    for call in snapshot.calls() {
        *times.entry((call.name(), call.region.clone())).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "{times:#?}");
    assert_eq!(times.len(), seen.len());
    // In both Regions, and down to what answers lead to.
    for region in ["us-east-1", "us-west-2"] {
        for operation in ["DescribeUserPool", "DescribeUserPoolClient", "GetProvisionedLimit", "DescribeAlarms"] {
            assert_eq!(count(&seen, operation, region), 1, "{operation} in {region}");
        }
    }
    assert_eq!(count(&seen, "GetTemplate", "us-east-1"), 1);
    assert_eq!(count(&seen, "GetWebACLForResource", "us-west-2"), 1);
    for (service, times) in [("acm", 1), ("iam", 2), ("route53", 1)] {
        assert_eq!(seen.iter().filter(|asked| asked.service == service).count(), times, "{service}");
    }
}
