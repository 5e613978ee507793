//! Answers of a small account for the tests: one replicated pool with one of each thing that can surround it, one of each
//! kind of consumer, and planted secrets.

use serde_json::{Value, json};

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
    let here = asked.region == "us-east-1";
    match asked.service.as_str() {
        "cognito-idp" => cognito(asked).map_or_else(|| empty(asked, None), |body| json_of(&body)),
        "cloudcontrolapi" => cloud_control(asked).map_or_else(|| empty(asked, None), |body| json_of(&body)),
        "apigateway" | "cloudformation" if !here => empty(asked, None),
        "apigateway" | "cloudformation" => consumers(asked).map_or_else(|| empty(asked, None), Reply::ok),
        "iam" | "route53" | "sns" | "sts" => xml_of(asked).map_or_else(|| empty(asked, None), Reply::ok),
        "monitoring" if here => Reply::cbor(cbor(&json!({ "MetricAlarms": [{
            "AlarmName": "canary", "Namespace": "own", "StateValue": "OK", "AlarmDescription": "planted",
            "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:planted"]
        }] }))),
        "monitoring" => empty(asked, None),
        _ => around(asked).map_or_else(|| empty(asked, None), |body| json_of(&body)),
    }
}

fn json_of(body: &Value) -> Reply {
    Reply::ok(body.to_string())
}

fn cognito(asked: &Asked) -> Option<Value> {
    let region = &asked.region;
    let arn = |service: &str, name: &str| format!("arn:aws:{service}:{region}:123456789012:{name}");
    Some(match asked.operation.as_str() {
        "DescribeUserPool" => json!({ "UserPool": {
            "Id": POOL, "Arn": arn("cognito-idp", &format!("userpool/{POOL}")),
            "Domain": "prefix", "CustomDomain": "auth.example.com",
            "KeyConfiguration": { "KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": arn("kms", "key/mrk-1") },
            "EmailConfiguration": {
                "EmailSendingAccount": "DEVELOPER", "ConfigurationSet": "codes",
                "SourceArn": arn("ses", "identity/example.com"), "ReplyToEmailAddress": "planted@example.com"
            },
            "SmsConfiguration": {
                "SnsCallerArn": "arn:aws:iam::123456789012:role/service-role/sms", "SnsRegion": region,
                "ExternalId": "planted"
            },
            "LambdaConfig": { "PreTokenGeneration": arn("lambda", "function:claims") },
            "UserPoolAddOns": { "AdvancedSecurityMode": "ENFORCED" }
        } }),
        "GetUserPoolMfaConfig" => json!({ "MfaConfiguration": "OFF" }),
        "ListUserPoolReplicas" => json!({ "UserPoolReplicas": [
            { "RegionName": "us-east-1", "Role": "PRIMARY", "Status": "ACTIVE" },
            { "RegionName": "us-west-2", "Role": "SECONDARY", "Status": "INACTIVE" }
        ] }),
        "DescribeUserPoolDomain" if asked.get("Domain")?.starts_with("auth") => json!({ "DomainDescription": {
            "Domain": asked.get("Domain"), "UserPoolId": POOL, "Status": "ACTIVE",
            "CustomDomainConfig": { "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c" },
            "Routing": { "Failover": { "SecondaryRegion": "us-west-2", "PrimaryRoute53HealthCheckId": "both" } }
        } }),
        "DescribeUserPoolDomain" => json!({ "DomainDescription": { "Domain": "prefix", "UserPoolId": POOL } }),
        "ListUserPoolClients" => json!({ "UserPoolClients": [{ "ClientId": "c", "ClientName": "web" }] }),
        "DescribeUserPoolClient" => json!({ "UserPoolClient": {
            "ClientId": "c", "ClientSecret": "planted", "CallbackURLs": ["https://example.com/?token=planted"]
        } }),
        "ListIdentityProviders" => json!({ "Providers": [{ "ProviderName": "corp", "ProviderType": "SAML" }] }),
        "DescribeIdentityProvider" => json!({ "IdentityProvider": {
            "ProviderName": "corp", "ProviderType": "SAML", "UserPoolId": POOL,
            "ProviderDetails": { "MetadataFile": "planted", "MetadataURL": "https://example.com/planted" }
        } }),
        "DescribeRiskConfiguration" => json!({ "RiskConfiguration": {
            "UserPoolId": POOL, "AccountTakeoverRiskConfiguration": { "NotifyConfiguration": {
                "SourceArn": arn("ses", "identity/alerts.example.com"), "From": "planted@example.com"
            } },
            "RiskExceptionConfiguration": { "BlockedIPRangeList": ["planted"] }
        } }),
        "GetSigningCertificate" => json!({ "Certificate": "planted" }),
        "ListTagsForResource" => json!({ "Tags": { "team": "planted" } }),
        "GetProvisionedLimit" => json!({ "Limit": { "FreeLimitValue": 120, "ProvisionedLimitValue": 120 } }),
        _ => return None,
    })
}

/// KMS, Lambda, SES, End User Messaging, ACM and WAF.
fn around(asked: &Asked) -> Option<Value> {
    let key = |region: &str| format!("arn:aws:kms:{region}:123456789012:key/mrk-1");
    Some(match (asked.service.as_str(), asked.operation.as_str()) {
        ("kms", "DescribeKey") => json!({ "KeyMetadata": {
            "KeyId": "mrk-1", "Arn": key(&asked.region), "Origin": "AWS_KMS", "MultiRegion": true,
            "Description": "planted",
            "MultiRegionConfiguration": {
                "MultiRegionKeyType": "PRIMARY",
                "PrimaryKey": { "Arn": key("us-east-1"), "Region": "us-east-1" },
                "ReplicaKeys": [{ "Arn": key("us-west-2"), "Region": "us-west-2" }]
            }
        } }),
        ("kms", "GetKeyPolicy") => json!({ "Policy": "{}", "PolicyName": "default" }),
        ("kms", "GetKeyRotationStatus") => json!({ "KeyId": key(&asked.region), "KeyRotationEnabled": true }),
        ("lambda", path) if path.ends_with("/configuration") => json!({
            "FunctionName": "claims", "State": "Active", "Environment": { "Variables": { "PASSWORD": "planted" } }
        }),
        ("lambda", "/2015-03-31/functions") => json!({ "Functions": [{
            "FunctionArn": format!("arn:aws:lambda:{}:123456789012:function:api", asked.region),
            "Environment": { "Variables": {
                "PASSWORD": "planted",
                "AUTH": format!("planted;https://cognito-idp.us-east-1.amazonaws.com/{POOL};planted")
            } }
        }] }),
        ("lambda", _) => json!({ "Policy": "{}", "RevisionId": "1" }),
        ("ses", "/v2/email/account") => json!({
            "ProductionAccessEnabled": true, "SendingEnabled": true,
            "Details": { "AdditionalContactEmailAddresses": ["planted@example.com"] }
        }),
        ("ses", path) if path.starts_with("/v2/email/identities/") => json!({
            "IdentityType": "DOMAIN", "VerifiedForSendingStatus": true, "DkimAttributes": { "Tokens": ["planted"] }
        }),
        ("acm", _) => json!({ "Certificate": { "DomainName": "auth.example.com", "Status": "ISSUED" } }),
        ("wafv2", _) => json!({ "WebACL": {
            "Name": "acl", "Id": "1", "ARN": "arn", "DefaultAction": { "Allow": {} }, "VisibilityConfig": {
                "SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": "m"
            },
            "Rules": [{ "Name": "r", "Priority": 1, "Statement": { "ByteMatchStatement": { "SearchString": "cGxhbnRlZA==" } } }]
        } }),
        _ => return None,
    })
}

/// The services that answer in XML.
fn xml_of(asked: &Asked) -> Option<String> {
    Some(match (asked.service.as_str(), asked.operation.as_str()) {
        ("sts", operation) => xml(
            operation,
            "<Arn>arn:aws:sts::123456789012:assumed-role/R/planted</Arn><UserId>A:planted</UserId>\
             <Account>123456789012</Account>",
        ),
        ("iam", "GetRole") => xml(
            "GetRole",
            &format!(
                "<Role><RoleName>sms</RoleName><Arn>arn:aws:iam::123456789012:role/service-role/sms</Arn>\
                 <AssumeRolePolicyDocument>{TRUST_POLICY}</AssumeRolePolicyDocument></Role>"
            ),
        ),
        ("iam", "ListRoles") => xml(
            "ListRoles",
            &format!(
                "<Roles><member><Arn>arn:aws:iam::123456789012:role/service-role/sms</Arn>\
                 <AssumeRolePolicyDocument>{TRUST_POLICY}</AssumeRolePolicyDocument></member><member>\
                 <Arn>arn:aws:iam::123456789012:role/web</Arn><AssumeRolePolicyDocument>{WEB_TRUST_POLICY}\
                 </AssumeRolePolicyDocument></member></Roles><IsTruncated>false</IsTruncated>"
            ),
        ),
        ("sns", "GetSMSSandboxAccountStatus") => xml(&asked.operation, "<IsInSandbox>false</IsInSandbox>"),
        ("sns", _) => xml(
            &asked.operation,
            "<attributes><entry><key>MonthlySpendLimit</key><value>100</value></entry></attributes>",
        ),
        ("route53", path) if path.ends_with("/both") => health_check(
            "both",
            "<Type>CALCULATED</Type><ChildHealthChecks><ChildHealthCheck>page</ChildHealthCheck>\
             <ChildHealthCheck>alarm</ChildHealthCheck></ChildHealthChecks><HealthThreshold>2</HealthThreshold>",
        ),
        ("route53", path) if path.ends_with("/page") => health_check(
            "page",
            "<Type>HTTPS_STR_MATCH</Type><Port>443</Port><SearchString>planted</SearchString>\
             <Regions><Region>eu-west-1</Region><Region>us-west-1</Region></Regions><Disabled>false</Disabled>",
        ),
        ("route53", path) if path.ends_with("/alarm") => health_check(
            "alarm",
            "<Type>CLOUDWATCH_METRIC</Type><AlarmIdentifier><Region>us-east-1</Region><Name>canary</Name>\
             </AlarmIdentifier>",
        ),
        _ => return None,
    })
}

/// `{"Statement":[{"Effect":"Allow","Principal":{"Service":"cognito-idp.amazonaws.com"},"Action":"sts:AssumeRole",`
/// `"Condition":{"StringEquals":{"sts:ExternalId":"planted"}}}]}`, as IAM writes it.
pub(super) const TRUST_POLICY: &str = "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service\
    %22%3A%22cognito-idp.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%2C%22Condition%22%3A%7B%22StringEquals\
    %22%3A%7B%22sts%3AExternalId%22%3A%22planted%22%7D%7D%7D%5D%7D";

/// `{"Statement":[{"Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/` and the pool's issuer `"}}]}`.
const WEB_TRUST_POLICY: &str = "%7B%22Statement%22%3A%5B%7B%22Principal%22%3A%7B%22Federated%22%3A%22arn%3Aaws%3Aiam%3A%3A\
    123456789012%3Aoidc-provider%2Fcognito-idp.us-east-1.amazonaws.com%2Fus-east-1_Pool1%22%7D%7D%5D%7D";

/// Route 53's answer about a health check.
pub(super) fn health_check(id: &str, config: &str) -> String {
    format!(
        "<GetHealthCheckResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HealthCheck><Id>{id}</Id>\
         <CallerReference>planted</CallerReference><HealthCheckConfig>{config}</HealthCheckConfig>\
         <HealthCheckVersion>1</HealthCheckVersion></HealthCheck></GetHealthCheckResponse>"
    )
}

/// Of consumers that Cloud Control shows: a listener behind a load balancer, and an API that the list names only; and an
/// endpoint of which the list does not name the service.
fn cloud_control(asked: &Asked) -> Option<Value> {
    let list = |identifier: &str, properties: Value| json!({ "ResourceDescriptions": [{ "Identifier": identifier, "Properties": properties.to_string() }] });
    let one = |identifier: &str, properties: Value| json!({ "ResourceDescription": { "Identifier": identifier, "Properties": properties.to_string() } });
    if asked.get("TypeName") != Some("AWS::EC2::VPCEndpoint") && asked.region != "us-east-1" {
        return None;
    }
    Some(match (asked.operation.as_str(), asked.get("TypeName")?) {
        ("ListResources", "AWS::EC2::VPCEndpoint") => list("vpce-1", json!({})),
        ("GetResource", "AWS::EC2::VPCEndpoint") => {
            one("vpce-1", json!({ "ServiceName": "com.amazonaws.us-east-1.cognito-idp", "PolicyDocument": "planted" }))
        }
        ("ListResources", "AWS::ElasticLoadBalancingV2::LoadBalancer") => list("lb", json!({ "Type": "application" })),
        ("ListResources", "AWS::ElasticLoadBalancingV2::Listener") => list(
            "listener",
            json!({ "DefaultActions": [{ "Type": "authenticate-oidc", "AuthenticateOidcConfig": {
                "Issuer": "https://example.com", "ClientSecret": "planted"
            } }] }),
        ),
        ("ListResources", "AWS::AppSync::GraphQLApi") => list("api", json!({ "ApiId": "api" })),
        ("GetResource", "AWS::AppSync::GraphQLApi") => {
            one("api", json!({ "ApiId": "api", "EnvironmentVariables": { "PASSWORD": "planted" } }))
        }
        _ => return None,
    })
}

fn consumers(asked: &Asked) -> Option<String> {
    Some(match asked.operation.as_str() {
        "/restapis" => r#"{"item":[{"id":"r","name":"rest"}]}"#.to_owned(),
        "/v2/apis" => {
            r#"{"items":[{"apiId":"h","name":"http","protocolType":"HTTP"},{"apiId":"w","name":"ws","protocolType":"WEBSOCKET"}]}"#
                .to_owned()
        }
        "ListStacks" => xml("ListStacks", &format!("<StackSummaries>{}</StackSummaries>", stack_row(1))),
        "DescribeStacks" => xml(
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
        _ => return None,
    })
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
    let query = |items: &str, name: &str| {
        let token = token.map(|token| format!("<{name}>{token}</{name}>")).unwrap_or_default();
        xml(&asked.operation, &format!("<{items}/>{token}"))
    };
    Reply::ok(match (asked.service.as_str(), asked.operation.as_str()) {
        (_, "DescribeAccountAttributes") => list("AccountAttributes", "NextToken"),
        ("monitoring", _) => {
            let mut alarms = json!({ "MetricAlarms": [] });
            if let Some(token) = token {
                alarms["NextToken"] = token.into();
            }
            return Reply::cbor(cbor(&alarms));
        }
        (_, "DescribeSpendLimits") => list("SpendLimits", "NextToken"),
        (_, "ListGrants") => list("Grants", "NextMarker"),
        (_, "ListIdentityProviders") => list("Providers", "NextToken"),
        (_, "ListResources") => list("ResourceDescriptions", "NextToken"),
        (_, "ListResourceServers") => list("ResourceServers", "NextToken"),
        (_, "ListUserImportJobs") => list("UserImportJobs", "PaginationToken"),
        (_, "ListUserPoolClients") => list("UserPoolClients", "NextToken"),
        (_, "ListUserPoolReplicas") => list("UserPoolReplicas", "NextToken"),
        (_, "ListUserPools") => list("UserPools", "NextToken"),
        (_, "ListUsers") => list("Users", "PaginationToken"),
        (_, "DescribeStacks") => query("Stacks", "NextToken"),
        (_, "ListExports") => query("Exports", "NextToken"),
        (_, "ListStackResources") => query("StackResourceSummaries", "NextToken"),
        (_, "ListStacks") => query("StackSummaries", "NextToken"),
        (_, "SimulatePrincipalPolicy") => query("EvaluationResults", "Marker"),
        (_, "ListRoles") => query("Roles", "Marker"),
        (_, "ListProjects") => list("projects", "nextToken"),
        ("lambda", "/2015-03-31/functions") => list("Functions", "NextMarker"),
        ("sns", "GetSMSAttributes") => xml(&asked.operation, "<attributes/>"),
        ("cloudformation" | "iam" | "sns" | "sts", operation) => xml(operation, ""),
        ("route53", _) => "<GetHealthCheckResponse/>".to_owned(),
        ("apigateway", path) if path.starts_with("/v2/") => list("items", "nextToken"),
        ("apigateway", _) => list("item", "position"),
        _ => "{}".to_owned(),
    })
}

/// CloudWatch's form of a value.
pub(super) fn cbor(value: &Value) -> Vec<u8> {
    fn write(value: &Value, encoder: &mut minicbor::Encoder<Vec<u8>>) {
        match value {
            Value::String(value) => {
                encoder.str(value).unwrap();
            }
            Value::Array(items) => {
                encoder.array(items.len() as u64).unwrap();
                for item in items {
                    write(item, encoder);
                }
            }
            Value::Object(members) => {
                encoder.map(members.len() as u64).unwrap();
                for (name, value) in members {
                    encoder.str(name).unwrap();
                    write(value, encoder);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => panic!("no answer here holds {value}"),
        }
    }
    let mut encoder = minicbor::Encoder::new(Vec::new());
    write(value, &mut encoder);
    encoder.into_writer()
}
