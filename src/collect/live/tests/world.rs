//! Answers of a small account for the tests: one replicated pool, one of each kind of consumer, and planted secrets.

use super::replay::{Asked, Reply};

/// The pool.
pub(super) const POOL: &str = "us-east-1_Pool1";

/// A Query answer around `inner`.
pub(super) fn xml(operation: &str, inner: &str) -> String {
    format!("<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>")
}

/// A row of `ListStacks`.
pub(super) fn stack_row(number: usize) -> String {
    let status = if number.is_multiple_of(2) { "UPDATE_ROLLBACK_COMPLETE" } else { "CREATE_COMPLETE" };
    format!(
        "<member><StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/s{number}/x</StackId>\
         <StackName>s{number}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
         <StackStatus>{status}</StackStatus></member>"
    )
}

/// The account's answer to anything.
pub(super) fn replicated(asked: &Asked) -> Reply {
    let region = &asked.region;
    let key = format!("arn:aws:kms:{region}:123456789012:key/mrk-1");
    let here = region == "us-east-1";
    let body = match asked.operation.as_str() {
        "GetCallerIdentity" => xml(
            "GetCallerIdentity",
            "<Arn>arn:aws:sts::123456789012:assumed-role/R/planted</Arn><UserId>A:planted</UserId><Account>123456789012</Account>",
        ),
        "DescribeUserPool" => format!(
            r#"{{"UserPool":{{"Id":"{POOL}","Arn":"arn:aws:cognito-idp:{region}:123456789012:userpool/{POOL}","Domain":"prefix","CustomDomain":"auth.example.com","KeyConfiguration":{{"KeyType":"CUSTOMER_MANAGED_KEY","KmsKeyArn":"{key}"}},"SmsConfiguration":{{"ExternalId":"planted"}}}}}}"#
        ),
        "GetUserPoolMfaConfig" => r#"{"MfaConfiguration":"OFF"}"#.to_owned(),
        "ListUserPoolReplicas" => {
            r#"{"UserPoolReplicas":[{"RegionName":"us-east-1","Role":"PRIMARY","Status":"ACTIVE"},{"RegionName":"us-west-2","Role":"SECONDARY","Status":"INACTIVE"}]}"#
                .to_owned()
        }
        "DescribeKey" => format!(
            r#"{{"KeyMetadata":{{"KeyId":"mrk-1","Arn":"{key}","MultiRegion":true,"MultiRegionConfiguration":{{"MultiRegionKeyType":"PRIMARY","PrimaryKey":{{"Region":"us-east-1"}},"ReplicaKeys":[{{"Region":"us-west-2"}}]}}}}}}"#
        ),
        "GetKeyPolicy" => r#"{"Policy":"{}","PolicyName":"default"}"#.to_owned(),
        "ListUserPoolClients" => r#"{"UserPoolClients":[{"ClientId":"c","ClientName":"web"}]}"#.to_owned(),
        "DescribeUserPoolClient" => r#"{"UserPoolClient":{"ClientId":"c","ClientSecret":"planted"}}"#.to_owned(),
        "/restapis" if here => r#"{"item":[{"id":"r","name":"rest"}]}"#.to_owned(),
        "/v2/apis" if here => {
            r#"{"items":[{"apiId":"h","name":"http","protocolType":"HTTP"},{"apiId":"w","name":"ws","protocolType":"WEBSOCKET"}]}"#
                .to_owned()
        }
        "ListStacks" if here => xml("ListStacks", &format!("<StackSummaries>{}</StackSummaries>", stack_row(1))),
        "DescribeStacks" if here => xml(
            "DescribeStacks",
            "<Stacks><member><StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/s1/x</StackId><StackName>s1</StackName>\
             <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>\
             <Parameters><member><ParameterKey>Pool</ParameterKey><ParameterValue>us-east-1_Pool1</ParameterValue></member>\
             <member><ParameterKey>Password</ParameterKey><ParameterValue>planted</ParameterValue></member></Parameters>\
             <Outputs><member><OutputKey>Issuer</OutputKey><OutputValue>https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool1</OutputValue></member>\
             <member><OutputKey>Secret</OutputKey><OutputValue>planted</OutputValue></member></Outputs></member></Stacks>",
        ),
        "GetTemplate" => xml(
            "GetTemplate",
            &format!("<TemplateBody>{TEMPLATE}</TemplateBody><StagesAvailable><member>Original</member></StagesAvailable>"),
        ),
        _ => return empty(asked, None),
    };
    Reply::ok(body)
}

/// A template with a reference that only its parameter resolves.
const TEMPLATE: &str = r#"{"Description": "planted",
  "Parameters": {"Pool": {"Type": "String"}},
  "Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Value":
    {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"}}}}}"#;

/// The empty answer; with `token` the first page of lists says that there is more.
pub(super) fn empty(asked: &Asked, token: Option<&str>) -> Reply {
    let token = token.filter(|token| !asked.text.contains(*token));
    let list = |items: &str, name: &str| {
        let token = token.map(|token| format!(r#","{name}":"{token}""#)).unwrap_or_default();
        format!(r#"{{"{items}":[]{token}}}"#)
    };
    let query = |items: &str| {
        let token = token.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
        xml(&asked.operation, &format!("<{items}/>{token}"))
    };
    Reply::ok(match asked.operation.as_str() {
        "ListUserPools" => list("UserPools", "NextToken"),
        "ListUserPoolReplicas" => list("UserPoolReplicas", "NextToken"),
        "ListUserPoolClients" => list("UserPoolClients", "NextToken"),
        "ListIdentityProviders" => list("Providers", "NextToken"),
        "ListUserImportJobs" => list("UserImportJobs", "PaginationToken"),
        "DescribeStacks" => query("Stacks"),
        "ListStacks" => query("StackSummaries"),
        "ListExports" => query("Exports"),
        "ListStackResources" => query("StackResourceSummaries"),
        "GetTemplate" | "GetCallerIdentity" => xml(&asked.operation, ""),
        path if path.starts_with("/v2/") => list("items", "nextToken"),
        path if path.starts_with('/') => list("item", "position"),
        _ => "{}".to_owned(),
    })
}
