//! The AWS CLI command of every call: whoever adds one to the table of operations says here how its command reads.
//!
//! The lines were taken by AWS CLI 1.46.3: run against a closed port, each fails for want of a connection, none for its usage.

use std::collections::{BTreeMap, BTreeSet};

use mrready::model::Source;
use mrready::render::aws_cli::command;
use mrready::snapshot::operations::OPERATIONS;

const POOL: &str = "us-east-1_Example";

/// A call, its parameters, and the command.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Per call the parameters that it is collected with, and what the command says between `aws` and `--region`.
#[rustfmt::skip]
const COMMANDS: &[Row] = &[
    ("acm:DescribeCertificate", &[("CertificateArn", "arn:aws:acm:us-east-1:111122223333:certificate/c")], "acm describe-certificate --certificate-arn arn:aws:acm:us-east-1:111122223333:certificate/c"),
    ("apigateway:GetAuthorizers", &[("restApiId", "a1")], "apigateway get-authorizers --rest-api-id a1"),
    ("apigateway:GetRestApis", &[], "apigateway get-rest-apis"),
    ("apigatewayv2:GetApis", &[], "apigatewayv2 get-apis"),
    ("apigatewayv2:GetAuthorizers", &[("ApiId", "a1")], "apigatewayv2 get-authorizers --api-id a1"),
    ("apigatewayv2:GetRoutes", &[("ApiId", "a1")], "apigatewayv2 get-routes --api-id a1"),
    ("cloudcontrol:GetResource AWS::EC2::VPCEndpoint", &[("Identifier", "vpce-1"), ("TypeName", "AWS::EC2::VPCEndpoint")], "cloudcontrol get-resource --identifier vpce-1 --type-name AWS::EC2::VPCEndpoint"),
    ("cloudcontrol:ListResources AWS::EC2::VPCEndpoint", &[("TypeName", "AWS::EC2::VPCEndpoint")], "cloudcontrol list-resources --type-name AWS::EC2::VPCEndpoint"),
    ("cloudformation:DescribeStacks", &[], "cloudformation describe-stacks"),
    ("cloudformation:GetTemplate", &[("StackName", "s")], "cloudformation get-template --stack-name s"),
    ("cloudformation:ListExports", &[], "cloudformation list-exports"),
    ("cloudformation:ListStackResources", &[("StackName", "s")], "cloudformation list-stack-resources --stack-name s"),
    ("cloudformation:ListStacks", &[], "cloudformation list-stacks"),
    ("cloudwatch:DescribeAlarms", &[("AlarmNames", r#"["canary"]"#)], r#"cloudwatch describe-alarms --alarm-names '["canary"]'"#),
    ("codebuild:BatchGetProjects", &[("names", r#"["build"]"#)], r#"codebuild batch-get-projects --names '["build"]'"#),
    ("codebuild:ListProjects", &[], "codebuild list-projects"),
    ("cognito-idp:DescribeIdentityProvider", &[("ProviderName", "corp")], "cognito-idp describe-identity-provider --provider-name corp --user-pool-id us-east-1_Example"),
    ("cognito-idp:DescribeRiskConfiguration", &[("ClientId", "1a")], "cognito-idp describe-risk-configuration --client-id 1a --user-pool-id us-east-1_Example"),
    ("cognito-idp:DescribeUserPool", &[], "cognito-idp describe-user-pool --user-pool-id us-east-1_Example"),
    ("cognito-idp:DescribeUserPoolClient", &[("ClientId", "1a")], "cognito-idp describe-user-pool-client --client-id 1a --user-pool-id us-east-1_Example"),
    ("cognito-idp:DescribeUserPoolDomain", &[("Domain", "auth.example.com")], "cognito-idp describe-user-pool-domain --domain auth.example.com"),
    ("cognito-idp:GetLogDeliveryConfiguration", &[], "cognito-idp get-log-delivery-configuration --user-pool-id us-east-1_Example"),
    ("cognito-idp:GetProvisionedLimit", &[("LimitDefinition", r#"{"Attributes":{"Category":"UserAuthentication"},"LimitClass":"API_CATEGORY"}"#)], r#"cognito-idp get-provisioned-limit --limit-definition '{"Attributes":{"Category":"UserAuthentication"},"LimitClass":"API_CATEGORY"}'"#),
    ("cognito-idp:GetSigningCertificate", &[], "cognito-idp get-signing-certificate --user-pool-id us-east-1_Example"),
    ("cognito-idp:GetUserPoolMfaConfig", &[], "cognito-idp get-user-pool-mfa-config --user-pool-id us-east-1_Example"),
    ("cognito-idp:ListIdentityProviders", &[], "cognito-idp list-identity-providers --user-pool-id us-east-1_Example"),
    ("cognito-idp:ListResourceServers", &[], "cognito-idp list-resource-servers --user-pool-id us-east-1_Example"),
    ("cognito-idp:ListTagsForResource", &[("ResourceArn", "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Example")], "cognito-idp list-tags-for-resource --resource-arn arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Example"),
    ("cognito-idp:ListUserImportJobs", &[], "cognito-idp list-user-import-jobs --max-results 60 --user-pool-id us-east-1_Example"),
    ("cognito-idp:ListUserPoolClients", &[], "cognito-idp list-user-pool-clients --user-pool-id us-east-1_Example"),
    ("cognito-idp:ListUserPoolReplicas", &[], "cognito-idp list-user-pool-replicas --user-pool-id us-east-1_Example"),
    ("cognito-idp:ListUserPools", &[], "cognito-idp list-user-pools --max-results 60"),
    ("cognito-idp:ListUsers", &[("AttributesToGet", r#"["sub"]"#), ("Filter", r#"cognito:user_status = "RESET_REQUIRED""#)], r#"cognito-idp list-users --attributes-to-get '["sub"]' --filter 'cognito:user_status = "RESET_REQUIRED"' --user-pool-id us-east-1_Example"#),
    ("iam:GetRole", &[("RoleName", "sms")], "iam get-role --role-name sms"),
    ("iam:ListRoles", &[], "iam list-roles"),
    ("iam:SimulatePrincipalPolicy", &[("ActionNames", r#"["cognito-idp:UpdateUserPool"]"#), ("ContextEntries", r#"[{"ContextKeyName":"aws:RequestedRegion","ContextKeyType":"string","ContextKeyValues":["us-west-2"]}]"#), ("PolicySourceArn", "arn:aws:iam::111122223333:role/r"), ("ResourceArns", r#"["arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Example"]"#)], r#"iam simulate-principal-policy --action-names '["cognito-idp:UpdateUserPool"]' --context-entries '[{"ContextKeyName":"aws:RequestedRegion","ContextKeyType":"string","ContextKeyValues":["us-west-2"]}]' --policy-source-arn arn:aws:iam::111122223333:role/r --resource-arns '["arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Example"]'"#),
    ("kms:DescribeKey", &[("KeyId", "mrk-1")], "kms describe-key --key-id mrk-1"),
    ("kms:GetKeyPolicy", &[("KeyId", "mrk-1"), ("PolicyName", "default")], "kms get-key-policy --key-id mrk-1 --policy-name default"),
    ("kms:GetKeyRotationStatus", &[("KeyId", "mrk-1")], "kms get-key-rotation-status --key-id mrk-1"),
    ("kms:ListGrants", &[("KeyId", "mrk-1")], "kms list-grants --key-id mrk-1"),
    ("lambda:GetFunction", &[("FunctionName", "arn:aws:lambda:us-east-1:111122223333:function:f")], "lambda get-function --function-name arn:aws:lambda:us-east-1:111122223333:function:f"),
    ("lambda:GetFunctionConfiguration", &[("FunctionName", "arn:aws:lambda:us-east-1:111122223333:function:f:live")], "lambda get-function-configuration --function-name arn:aws:lambda:us-east-1:111122223333:function:f:live"),
    ("lambda:GetPolicy", &[("FunctionName", "arn:aws:lambda:us-east-1:111122223333:function:f:$LATEST")], "lambda get-policy --function-name 'arn:aws:lambda:us-east-1:111122223333:function:f:$LATEST'"),
    ("lambda:ListFunctions", &[], "lambda list-functions"),
    ("opensearch:DescribeDomains", &[("DomainNames", r#"["logs"]"#)], r#"opensearch describe-domains --domain-names '["logs"]'"#),
    ("opensearch:ListDomainNames", &[], "opensearch list-domain-names"),
    ("route53:GetHealthCheck", &[("HealthCheckId", "h-1")], "route53 get-health-check --health-check-id h-1"),
    ("sesv2:GetAccount", &[], "sesv2 get-account"),
    ("sesv2:GetConfigurationSet", &[("ConfigurationSetName", "codes")], "sesv2 get-configuration-set --configuration-set-name codes"),
    ("sesv2:GetEmailIdentity", &[("EmailIdentity", "codes@example.com")], "sesv2 get-email-identity --email-identity codes@example.com"),
    ("sms-voice:DescribeAccountAttributes", &[], "pinpoint-sms-voice-v2 describe-account-attributes"),
    ("sms-voice:DescribeSpendLimits", &[], "pinpoint-sms-voice-v2 describe-spend-limits"),
    ("sns:GetSMSAttributes", &[], "sns get-sms-attributes"),
    ("sns:GetSMSSandboxAccountStatus", &[], "sns get-sms-sandbox-account-status"),
    ("sts:GetCallerIdentity", &[], "sts get-caller-identity"),
    ("wafv2:GetWebACLForResource", &[("ResourceArn", "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Example")], "wafv2 get-web-acl-for-resource --resource-arn arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Example"),
];

fn source(call: &str, parameters: &[(&str, &str)]) -> Source {
    let parameters: BTreeMap<String, String> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Source::Call { call: call.to_owned(), region: "us-east-1".to_owned(), parameters, pointer: String::new() }
}

/// The call without the type of resource, which makes no other command.
fn untyped(call: &str) -> String {
    call.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn every_call_has_its_command() {
    for (call, parameters, wanted) in COMMANDS {
        let command = command(&source(call, parameters), Some(POOL)).unwrap();
        assert_eq!(command.line, format!("aws {wanted} --region us-east-1"), "{call}");
        assert_eq!(command.fill_in, Vec::<String>::new(), "{call}");
    }
    let here: BTreeSet<String> = COMMANDS.iter().map(|(call, ..)| untyped(call)).collect();
    let there: BTreeSet<String> = OPERATIONS.iter().map(|operation| untyped(&operation.call())).collect();
    assert_eq!(here, there, "a new call needs a row, and its line a trial: see the head of this file");
    assert_eq!(here.len(), COMMANDS.len(), "each once");
}

/// A source that stands for every answer to a call has no parameters: then what the command wants is asked for.
#[test]
fn what_a_command_cannot_do_without_is_to_be_filled_in() {
    let optional =
        ["AlarmNames", "AttributesToGet", "ClientId", "ContextEntries", "Filter", "PolicyName", "ResourceArns"];
    for operation in OPERATIONS.iter() {
        let call = operation.call();
        let (_, parameters, _) = COMMANDS.iter().find(|(row, ..)| untyped(row) == untyped(&call)).unwrap();
        let mut wanted: BTreeSet<&str> = parameters.iter().map(|(name, _)| *name).collect();
        wanted.retain(|name| *name != "TypeName" && (!optional.contains(name) || call.ends_with("UserPoolClient")));
        let alone = command(&source(&call, &[]), Some(POOL)).unwrap();
        assert_eq!(alone.fill_in.iter().map(String::as_str).collect::<BTreeSet<_>>(), wanted, "{call}");
        for name in wanted {
            assert!(alone.line.contains(&format!("'<{name}>'")), "{}", alone.line);
        }
    }
    let without_pool = command(&source("cognito-idp:DescribeUserPool", &[]), None).unwrap();
    assert_eq!(
        without_pool.line,
        "aws cognito-idp describe-user-pool --user-pool-id '<UserPoolId>' --region us-east-1"
    );
    assert_eq!(without_pool.fill_in, ["UserPoolId"]);
}
