//! How each operation of the table is asked on the wire: with every parameter, in the right Region, page by page.

use serde_json::{Value, json};

use super::replay::Asked;
use super::{ask, world};
use crate::collect::live::ask::Query;
use crate::snapshot::operations::{OPERATIONS, Operation, Protocol, resource_type};

const REGION: &str = "eu-west-1";
const ROLE: &str = "arn:aws:iam::123456789012:role/path/operator";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:claims:live";

/// The question that the collector asks with this operation.
fn example(operation: &Operation) -> Query {
    let pool = json!(world::POOL);
    let own = match (operation.service, operation.name) {
        ("sms-voice" | "sns" | "sts", _)
        | ("apigateway", "GetRestApis")
        | ("apigatewayv2", "GetApis")
        | ("cloudformation", "DescribeStacks" | "ListExports" | "ListStacks")
        | ("codebuild", "ListProjects")
        | ("cognito-idp", "ListUserPools")
        | ("iam", "ListRoles")
        | ("lambda", "ListFunctions")
        | ("opensearch", "ListDomainNames")
        | ("sesv2", "GetAccount") => json!({}),
        ("apigateway", _) => json!({ "restApiId": "r1" }),
        ("apigatewayv2", _) => json!({ "ApiId": "h1" }),
        ("cloudformation", _) => json!({ "StackName": "arn:aws:cloudformation:eu-west-1:123456789012:stack/s1/x" }),
        ("cloudcontrol", "GetResource") => json!({ "Identifier": "pool-1|name" }),
        ("cloudcontrol", _) => {
            let model = resource_type(operation.resource_type).and_then(|row| row.model("parent-1"));
            model.map_or_else(|| json!({}), |model| json!({ "ResourceModel": model }))
        }
        ("cognito-idp", "DescribeIdentityProvider") => json!({ "UserPoolId": pool, "ProviderName": "corp" }),
        ("cognito-idp", "DescribeRiskConfiguration" | "DescribeUserPoolClient") => {
            json!({ "UserPoolId": pool, "ClientId": "client1" })
        }
        ("cognito-idp", "DescribeUserPoolDomain") => json!({ "Domain": "auth.example.com" }),
        ("cognito-idp", "GetProvisionedLimit") => {
            json!({ "LimitDefinition": { "LimitClass": "API_CATEGORY", "Attributes": { "Category": "UserToken" } } })
        }
        ("cognito-idp", "ListTagsForResource") => {
            json!({ "ResourceArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/p" })
        }
        ("cognito-idp", "ListUsers") => json!({
            "UserPoolId": pool, "Filter": "cognito:user_status = \"RESET_REQUIRED\"", "AttributesToGet": ["sub"]
        }),
        ("cognito-idp", _) => json!({ "UserPoolId": pool }),
        ("codebuild", _) => json!({ "names": ["build-1", "build-2"] }),
        ("opensearch", _) => json!({ "DomainNames": ["logs"] }),
        ("kms", "GetKeyPolicy") => json!({ "KeyId": "mrk-1", "PolicyName": "default" }),
        ("kms", _) => json!({ "KeyId": "mrk-1" }),
        ("acm", _) => json!({ "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c" }),
        ("cloudwatch", _) => json!({ "AlarmNames": ["canary"] }),
        ("iam", "GetRole") => json!({ "RoleName": "sms" }),
        ("iam", _) => json!({
            "PolicySourceArn": ROLE,
            "ActionNames": ["cognito-idp:CreateUserPoolReplica", "cognito-idp:UpdateUserPool"],
            "ResourceArns": ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/p"],
            "ContextEntries": crate::snapshot::operations::simulation::requested_region("ap-south-1")
        }),
        ("lambda", _) => json!({ "FunctionName": FUNCTION }),
        ("route53", _) => json!({ "HealthCheckId": "check1" }),
        ("sesv2", "GetConfigurationSet") => json!({ "ConfigurationSetName": "codes" }),
        ("sesv2", _) => json!({ "EmailIdentity": "a@example.com" }),
        ("wafv2", _) => json!({ "ResourceArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/p" }),
        (service, name) => panic!("{service}:{name} has no example"),
    };
    let query = match operation.resource_type {
        "" => Query::new(operation.service, operation.name, REGION, &[]),
        of => Query::resource(operation.name, of, REGION, &[]),
    };
    let own = own.as_object().unwrap().clone();
    own.into_iter().fold(query, |query, (name, value)| query.with(&name, value))
}

/// Percent signs decoded.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let hex = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(hex.unwrap_or(b'%'));
        bytes.extend_from_slice(if hex.is_some() { &part.as_bytes()[2..] } else { part.as_bytes() });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[test]
fn every_operation_of_the_table_can_be_asked_and_paged() {
    for operation in OPERATIONS.iter() {
        let (call, query) = (operation.call(), example(operation));
        let (answers, calls, seen) = ask(&query, |asked| world::empty(asked, Some("token-2")));
        assert!(calls.iter().all(|call| call.error.is_none()) && answers.error.is_none(), "{call}: {calls:?}");
        assert_eq!(seen.len(), if operation.items.is_some() { 2 } else { 1 }, "{call}: {seen:?}");
        let tokens: Vec<bool> = seen.iter().map(|asked| asked.text.contains("token-2")).collect();
        assert_eq!(tokens, [false, true][..seen.len()], "{call}");
        for asked in &seen {
            assert_eq!(asked.region, REGION, "{call}");
            sends_its_parameters(&query, asked);
        }
        assert!(calls.iter().all(|entry| entry.parameters == query.parameters), "{call}");
    }
}

/// What the log says was asked is what was asked.
fn sends_its_parameters(query: &Query, asked: &Asked) {
    let call = query.operation.call();
    if !asked.target.is_empty() {
        assert!(asked.target.ends_with(&format!(".{}", query.operation.name)), "{call}: {}", asked.target);
        let body: Value = serde_json::from_str(asked.text.trim_start()).unwrap();
        for (name, value) in &query.parameters {
            assert_eq!(&body[name], value, "{call}: {name}");
        }
        return;
    }
    let whole = decoded(&format!("{}\n{}", asked.path, asked.text));
    for text in query.parameters.values().flat_map(texts) {
        assert!(whole.contains(text), "{call}: {text} is not in {whole}");
    }
    if query.operation.protocol == Protocol::Query {
        assert_eq!(asked.operation, query.operation.name, "{call}");
    }
}

/// Service, operation, type of resource; signing name, method, target or path; what its query or body holds.
type Row =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

const ROWS: &[Row] = &[
    ("acm", "DescribeCertificate", "", "acm", "POST", "CertificateManager.DescribeCertificate", &[]),
    (
        "cloudcontrol",
        "ListResources",
        "AWS::EKS::IdentityProviderConfig",
        "cloudcontrolapi",
        "POST",
        "CloudApiService.ListResources",
        &[
            r#""TypeName":"AWS::EKS::IdentityProviderConfig""#,
            r#""ResourceModel":"{\"ClusterName\":\"parent-1\"}""#,
            r#""MaxResults":100"#,
        ],
    ),
    (
        "cloudcontrol",
        "GetResource",
        "AWS::EC2::VPCEndpoint",
        "cloudcontrolapi",
        "POST",
        "CloudApiService.GetResource",
        &[r#""TypeName":"AWS::EC2::VPCEndpoint""#, r#""Identifier":"pool-1|name""#],
    ),
    (
        "cloudwatch",
        "DescribeAlarms",
        "",
        "monitoring",
        "POST",
        "/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
        &["AlarmNames", "AlarmTypes", "MetricAlarm", "MaxRecords"],
    ),
    ("codebuild", "BatchGetProjects", "", "codebuild", "POST", "CodeBuild_20161006.BatchGetProjects", &[]),
    ("codebuild", "ListProjects", "", "codebuild", "POST", "CodeBuild_20161006.ListProjects", &[]),
    (
        "cognito-idp",
        "GetProvisionedLimit",
        "",
        "cognito-idp",
        "POST",
        "AWSCognitoIdentityProviderService.GetProvisionedLimit",
        &[],
    ),
    (
        "cognito-idp",
        "ListUsers",
        "",
        "cognito-idp",
        "POST",
        "AWSCognitoIdentityProviderService.ListUsers",
        &[r#""Limit":60"#],
    ),
    (
        "iam",
        "SimulatePrincipalPolicy",
        "",
        "iam",
        "POST",
        "/",
        &[
            "ActionNames.member.1=cognito-idp:CreateUserPoolReplica",
            "ActionNames.member.2=cognito-idp:UpdateUserPool",
            "ContextEntries.member.1.ContextKeyName=aws:RequestedRegion",
            "ContextEntries.member.1.ContextKeyType=string",
            "ContextEntries.member.1.ContextKeyValues.member.1=ap-south-1",
            "ResourceArns.member.1=arn:aws:cognito-idp:eu-west-1:123456789012:userpool/p",
        ],
    ),
    ("iam", "ListRoles", "", "iam", "POST", "/", &["MaxItems=1000"]),
    ("iam", "GetRole", "", "iam", "POST", "/", &["RoleName=sms"]),
    ("kms", "ListGrants", "", "kms", "POST", "TrentService.ListGrants", &[r#""Limit":100"#]),
    (
        "lambda",
        "GetFunctionConfiguration",
        "",
        "lambda",
        "GET",
        "/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:claims:live/configuration",
        &[],
    ),
    (
        "lambda",
        "GetPolicy",
        "",
        "lambda",
        "GET",
        "/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:claims:live/policy",
        &[],
    ),
    (
        "lambda",
        "GetFunction",
        "",
        "lambda",
        "GET",
        "/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:claims:live",
        &[],
    ),
    ("lambda", "ListFunctions", "", "lambda", "GET", "/2015-03-31/functions", &[]),
    ("opensearch", "DescribeDomains", "", "es", "POST", "/2021-01-01/opensearch/domain-info", &["logs"]),
    ("opensearch", "ListDomainNames", "", "es", "GET", "/2021-01-01/domain", &[]),
    ("route53", "GetHealthCheck", "", "route53", "GET", "/2013-04-01/healthcheck/check1", &[]),
    ("sesv2", "GetAccount", "", "ses", "GET", "/v2/email/account", &[]),
    ("sesv2", "GetConfigurationSet", "", "ses", "GET", "/v2/email/configuration-sets/codes", &[]),
    ("sesv2", "GetEmailIdentity", "", "ses", "GET", "/v2/email/identities/a@example.com", &[]),
    (
        "sms-voice",
        "DescribeAccountAttributes",
        "",
        "sms-voice",
        "POST",
        "PinpointSMSVoiceV2.DescribeAccountAttributes",
        &[],
    ),
    ("sms-voice", "DescribeSpendLimits", "", "sms-voice", "POST", "PinpointSMSVoiceV2.DescribeSpendLimits", &[]),
    ("sns", "GetSMSAttributes", "", "sns", "POST", "/", &["attributes.member.1=MonthlySpendLimit"]),
    ("sns", "GetSMSSandboxAccountStatus", "", "sns", "POST", "/", &["Action=GetSMSSandboxAccountStatus"]),
    ("wafv2", "GetWebACLForResource", "", "wafv2", "POST", "AWSWAF_20190729.GetWebACLForResource", &[]),
];

#[test]
fn the_services_around_a_pool_are_asked_as_their_apis_say() {
    for &(service, name, of, signed, method, place, holds) in ROWS {
        let operation = crate::snapshot::operations::find_typed(service, name, of).unwrap();
        let (_, _, seen) = ask(&example(operation), |asked| world::empty(asked, None));
        let asked = &seen[0];
        let call = operation.call();
        assert_eq!((asked.service.as_str(), asked.method.as_str()), (signed, method), "{call}");
        let found = if asked.target.is_empty() { &decoded(&asked.path) } else { &asked.target };
        assert_eq!(found, place, "{call}");
        let text = if asked.target.is_empty() { decoded(&asked.text) } else { asked.text.clone() };
        for part in holds {
            assert!(text.contains(part), "{call}: {part} is not in {text}");
        }
    }
}

/// Of every service but the core's; a new one has to be added.
#[test]
fn every_service_around_a_pool_has_a_row() {
    let core = ["apigateway", "apigatewayv2", "cloudformation", "sts"];
    for operation in OPERATIONS.iter().filter(|operation| !core.contains(&operation.service)) {
        assert!(ROWS.iter().any(|row| row.0 == operation.service), "{}", operation.call());
    }
}

#[test]
fn what_the_table_does_not_have_is_not_sent() {
    for service in ["apigateway", "cloudformation", "cognito-idp", "iam", "kms", "none"] {
        let operation = Operation { service, name: "DeleteEverything", ..OPERATIONS[0] };
        let operation: &'static Operation = Box::leak(Box::new(operation));
        let query = Query { operation, region: REGION.to_owned(), parameters: serde_json::Map::new() };
        let (_, calls, seen) = ask(&query, |asked| world::empty(asked, None));
        assert!(seen.is_empty(), "{service}");
        assert_eq!(calls[0].error.as_ref().unwrap().code, "Request", "{service}");
    }
}
