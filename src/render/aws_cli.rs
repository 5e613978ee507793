//! The AWS CLI command with which a reader asks AWS the same question, ready to be pasted into a shell.
//!
//! Names and values come from an account or from somebody's file: what is no plain word is quoted, and what a shell, a
//! terminal or the AWS CLI itself could take for something else is written so that it cannot. Nothing is run here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::safe::safe;
use crate::model::Source;

/// Our name of a service, and the AWS CLI's where that is another.
const SERVICES: &[(&str, &str)] = &[("sms-voice", "pinpoint-sms-voice-v2")];
/// Calls of Cognito that are not about one pool; all others take its id, which sources leave out.
const NOT_OF_A_POOL: &[&str] =
    &["DescribeUserPoolDomain", "GetProvisionedLimit", "ListTagsForResource", "ListUserPools"];
/// The member of Cloud Control's answers that is text.
const PROPERTIES: &str = "/Properties";
/// What the AWS CLI wants and the log does not keep: page sizes.
const ALSO: &[(&str, &str, &str)] = &[
    ("cognito-idp:ListUserImportJobs", "MaxResults", "60"),
    ("cognito-idp:ListUserPools", "MaxResults", "60"),
    ("sts:AssumeRole", "RoleSessionName", "mrready"),
];
/// Parameters that are lists or objects. A source has their JSON as text.
const STRUCTURED: &[&str] = &[
    "ActionNames",
    "AlarmNames",
    "AttributesToGet",
    "ContextEntries",
    "DomainNames",
    "LimitDefinition",
    "ResourceArns",
    "names",
];
/// What a call cannot do without. A source that stands for all answers to a call does not name it.
const REQUIRED: &[(&str, &str)] = &[
    ("acm:DescribeCertificate", "CertificateArn"),
    ("apigateway:GetAuthorizers", "restApiId"),
    ("apigatewayv2:GetAuthorizers", "ApiId"),
    ("apigatewayv2:GetRoutes", "ApiId"),
    ("cloudcontrol:GetResource", "Identifier"),
    ("cloudformation:GetTemplate", "StackName"),
    ("cloudformation:ListStackResources", "StackName"),
    ("codebuild:BatchGetProjects", "names"),
    ("cognito-idp:DescribeIdentityProvider", "ProviderName"),
    ("cognito-idp:DescribeUserPoolClient", "ClientId"),
    ("cognito-idp:DescribeUserPoolDomain", "Domain"),
    ("cognito-idp:GetProvisionedLimit", "LimitDefinition"),
    ("cognito-idp:ListTagsForResource", "ResourceArn"),
    ("iam:GetRole", "RoleName"),
    ("iam:SimulatePrincipalPolicy", "ActionNames"),
    ("iam:SimulatePrincipalPolicy", "PolicySourceArn"),
    ("kms:DescribeKey", "KeyId"),
    ("kms:GetKeyPolicy", "KeyId"),
    ("kms:GetKeyRotationStatus", "KeyId"),
    ("kms:ListGrants", "KeyId"),
    ("lambda:GetFunction", "FunctionName"),
    ("lambda:GetFunctionConfiguration", "FunctionName"),
    ("lambda:GetPolicy", "FunctionName"),
    ("opensearch:DescribeDomains", "DomainNames"),
    ("route53:GetHealthCheck", "HealthCheckId"),
    ("sesv2:GetConfigurationSet", "ConfigurationSetName"),
    ("sesv2:GetEmailIdentity", "EmailIdentity"),
    ("sts:AssumeRole", "RoleArn"),
    ("wafv2:GetWebACLForResource", "ResourceArn"),
];

/// A command, and what a person has to fill in first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Command {
    /// One line for a shell.
    pub line: String,
    /// The parameters for which `<name>` stands in it.
    pub fill_in: Vec<String>,
}

/// The command that asks for what a source names, about this pool. `None` for what no call answered, and for a call that
/// is not spelled as calls are.
pub fn command(source: &Source, pool_id: Option<&str>) -> Option<Command> {
    let Source::Call { call, region, parameters, pointer } = source else { return None };
    // Cloud Control's calls name the type of resource after a space.
    let typed = call.split_once(' ').filter(|_| call.starts_with("cloudcontrol:"));
    let (call, resource_type) = typed.map_or((call.as_str(), None), |(call, name)| (call, Some(name)));
    let (service, operation) = call.split_once(':')?;
    let is_word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let is_service = service.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !is_service || !service.starts_with(|c: char| c.is_ascii_lowercase()) || !is_word(operation) {
        return None;
    }
    if !parameters.keys().all(|name| is_word(name)) {
        return None;
    }
    let mut all: BTreeMap<&str, String> =
        parameters.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let of_pool = service == "cognito-idp" && !NOT_OF_A_POOL.contains(&operation);
    if let Some(pool) = pool_id.filter(|_| of_pool) {
        all.insert("UserPoolId", pool.to_owned());
    }
    if let Some(name) = resource_type {
        all.entry("TypeName").or_insert_with(|| name.to_owned());
    }
    all.extend(ALSO.iter().filter(|(of, ..)| *of == call).map(|(_, name, value)| (*name, (*value).to_owned())));
    let mut fill_in = Vec::new();
    let required = REQUIRED.iter().filter(|(of, _)| *of == call).map(|(_, name)| *name);
    for name in required.chain(of_pool.then_some("UserPoolId")) {
        all.entry(name).or_insert_with(|| {
            fill_in.push(name.to_owned());
            format!("<{name}>")
        });
    }
    let mut line = format!("aws {}", spelled(service, operation));
    if all.values().any(|value| is_misread(value)) {
        let all: serde_json::Map<String, Value> =
            all.iter().map(|(name, value)| ((*name).to_owned(), as_json(call, name, value))).collect();
        let json = Value::Object(all).to_string();
        line.extend([" --cli-input-json ", &quote(&json)]);
    } else {
        for (name, value) in &all {
            line.extend([" --", &kebab(name), " ", &quote(value)]);
        }
    }
    if !region.is_empty() {
        if is_misread(region) {
            return None;
        }
        line.extend([" --region ", &quote(region)]);
    }
    // There the properties are text in AWS's answer: a query cannot look into it.
    let whole = |at: usize| pointer.get(..at + PROPERTIES.len()).filter(|_| service == "cloudcontrol");
    let query = jmespath(pointer.find(PROPERTIES).and_then(whole).unwrap_or(pointer));
    if !query.is_empty() {
        line.extend([" --query ", &quote(&query)]);
    }
    if matches!(pointer.as_str(), "/Policy" | "/TemplateBody") {
        // A document as a string: as text it can be read.
        line.push_str(" --output text");
    }
    Some(Command { line, fill_in })
}

/// The words of the AWS CLI for an operation: `kms describe-key`.
pub fn spelled(service: &str, operation: &str) -> String {
    let cli = SERVICES.iter().find(|(ours, _)| *ours == service).map_or(service, |(_, theirs)| *theirs);
    format!("{cli} {}", kebab(operation))
}

/// A parameter's value as its API has it, which the AWS CLI does not make of JSON input by itself.
fn as_json(call: &str, name: &str, value: &str) -> Value {
    let is_number = ALSO.iter().any(|(of, also, _)| *of == call && *also == name);
    let parsed = if is_number || STRUCTURED.contains(&name) { serde_json::from_str(value).ok() } else { None };
    parsed.unwrap_or_else(|| Value::from(value))
}

/// Whether the AWS CLI takes a value for something else: an option, a file or an address to be read.
fn is_misread(value: &str) -> bool {
    let scheme = value.split_once("://").map(|(scheme, _)| scheme);
    value.starts_with('-') || scheme.is_some_and(|scheme| scheme.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// An API's name as the AWS CLI spells it: `GetUserPoolMfaConfig` is `get-user-pool-mfa-config`. As botocore's `xform_name`.
fn kebab(name: &str) -> String {
    static PLURAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("[A-Z]{2,}s$").ok());
    static FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("(.)([A-Z][a-z]+)").ok());
    static END: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("([a-z0-9])([A-Z])").ok());
    let mut name = name.to_owned();
    if let Some(found) = PLURAL.as_ref().and_then(|plural| plural.find(&name)) {
        let (head, tail) = name.split_at(found.start());
        name = format!("{head}-{}", tail.to_ascii_lowercase());
    }
    for pattern in [&FIRST, &END] {
        if let Some(pattern) = pattern.as_ref() {
            name = pattern.replace_all(&name, "$1-$2").into_owned();
        }
    }
    name.to_ascii_lowercase()
}

/// A JSON pointer as an expression of `JMESPath`: `/Items/0/a-b` is `Items[0]."a-b"`.
fn jmespath(pointer: &str) -> String {
    let mut query = String::new();
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if step == "*" {
            query.push_str("[*]");
        } else if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
            // Writing to a string does not fail.
            let _ = write!(query, "[{step}]");
        } else {
            if !query.is_empty() {
                query.push('.');
            }
            let mut chars = step.chars();
            let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
                && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
            if plain {
                query.push_str(&step);
            } else {
                query.push_str(&Value::String(step).to_string());
            }
        }
    }
    query
}

/// A value as one word of a POSIX shell; with anything that cannot be shown as it is, of bash, zsh and ksh.
pub fn quote(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if safe(value) != value {
        // `$'…'`: what would steer a terminal or a CI log is written as bytes.
        let mut quoted = "$'".to_owned();
        for c in value.chars() {
            if matches!(c, '\\' | '\'') {
                quoted.extend(['\\', c]);
            } else if (c.is_ascii_graphic() || c == ' ') && !matches!(c, ':' | '#') {
                quoted.push(c);
            } else {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\x{byte:02x}");
                }
            }
        }
        quoted.push('\'');
        return quoted;
    }
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(call: &str, parameters: &[(&str, &str)], pointer: &str) -> Source {
        Source::Call {
            call: call.to_owned(),
            region: "us-east-1".to_owned(),
            parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            pointer: pointer.to_owned(),
        }
    }

    fn line(call: &str, parameters: &[(&str, &str)], pointer: &str) -> String {
        command(&source(call, parameters, pointer), Some("us-east-1_Example")).unwrap().line
    }

    #[test]
    fn names_are_spelled_as_the_cli_spells_them() {
        // Taken from botocore.
        for (name, wanted) in [
            ("GetRestApis", "get-rest-apis"),
            ("restApiId", "rest-api-id"),
            ("ApiId", "api-id"),
            ("GetUserPoolMfaConfig", "get-user-pool-mfa-config"),
            ("GetWebACLForResource", "get-web-acl-for-resource"),
            ("ListWebACLs", "list-web-acls"),
            ("WebACLArn", "web-acl-arn"),
            ("ListIPSets", "list-ip-sets"),
            ("KeyARNs", "key-arns"),
            ("V2Thing", "v2-thing"),
            ("SMSVoiceV2", "sms-voice-v2"),
            ("ListOpenIDConnectProviders", "list-open-id-connect-providers"),
            ("GetSMSSandboxAccountStatus", "get-sms-sandbox-account-status"),
            ("Ec2InstanceId", "ec2-instance-id"),
        ] {
            assert_eq!(kebab(name), wanted);
        }
    }

    #[test]
    fn commands_ask_the_same_question() {
        for (call, parameters, pointer, wanted) in [
            (
                "cognito-idp:DescribeUserPool",
                &[][..],
                "/UserPool/KeyConfiguration",
                "aws cognito-idp describe-user-pool --user-pool-id us-east-1_Example --region us-east-1 --query UserPool.KeyConfiguration",
            ),
            (
                "cognito-idp:DescribeUserPoolDomain",
                &[("Domain", "auth.example.com")][..],
                "/DomainDescription/Status",
                "aws cognito-idp describe-user-pool-domain --domain auth.example.com --region us-east-1 --query DomainDescription.Status",
            ),
            (
                "cognito-idp:ListUserImportJobs",
                &[][..],
                "/UserImportJobs",
                "aws cognito-idp list-user-import-jobs --max-results 60 --user-pool-id us-east-1_Example --region us-east-1 --query UserImportJobs",
            ),
            (
                "kms:GetKeyPolicy",
                &[("KeyId", "arn:aws:kms:us-east-1:111122223333:key/mrk-1"), ("PolicyName", "default")][..],
                "/Policy",
                "aws kms get-key-policy --key-id arn:aws:kms:us-east-1:111122223333:key/mrk-1 --policy-name default --region us-east-1 --query Policy --output text",
            ),
            (
                "apigatewayv2:GetAuthorizers",
                &[("ApiId", "a1")][..],
                "/Items/0/JwtConfiguration/Issuer",
                "aws apigatewayv2 get-authorizers --api-id a1 --region us-east-1 --query 'Items[0].JwtConfiguration.Issuer'",
            ),
            (
                "cloudformation:ListStacks",
                &[][..],
                "/StackSummaries/*/StackName",
                "aws cloudformation list-stacks --region us-east-1 --query 'StackSummaries[*].StackName'",
            ),
            (
                "cloudcontrol:ListResources AWS::EC2::VPCEndpoint",
                &[][..],
                "/ResourceDescriptions/0/Properties/ServiceName",
                "aws cloudcontrol list-resources --type-name AWS::EC2::VPCEndpoint --region us-east-1 --query 'ResourceDescriptions[0].Properties'",
            ),
            ("sts:GetCallerIdentity", &[][..], "", "aws sts get-caller-identity --region us-east-1"),
            (
                "sms-voice:DescribePools",
                &[][..],
                "/Pools",
                "aws pinpoint-sms-voice-v2 describe-pools --region us-east-1 --query Pools",
            ),
        ] {
            assert_eq!(line(call, parameters, pointer), wanted);
        }
    }

    #[test]
    fn what_a_source_does_not_name_is_to_be_filled_in() {
        let found = command(&source("apigateway:GetAuthorizers", &[], "/items"), None).unwrap();
        assert_eq!(found.fill_in, ["restApiId"]);
        assert_eq!(
            found.line,
            "aws apigateway get-authorizers --rest-api-id '<restApiId>' --region us-east-1 --query items"
        );
    }

    #[test]
    fn odd_names_are_quoted_in_queries() {
        assert_eq!(jmespath("/Items/10/a-b/c~1d/e~0f/g\"h"), "Items[10].\"a-b\".\"c/d\".\"e~f\".\"g\\\"h\"");
        assert_eq!(jmespath("/_x/9a"), "_x.\"9a\"");
        assert_eq!(jmespath(""), "");
    }

    #[test]
    fn no_value_leaves_its_word() {
        for (value, wanted) in [
            ("plain-1_2.3:4/5@6", "plain-1_2.3:4/5@6"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("$(id) `id` \"x\"; & | > < * ? ~", "'$(id) `id` \"x\"; & | > < * ? ~'"),
            ("a\nb", r"$'a\x0ab'"),
            ("\u{1b}[31m'\\", r"$'\x1b[31m\'\\'"),
            ("a\u{202e}b", r"$'a\xe2\x80\xaeb'"),
            ("::error::x", r"$'\x3a\x3aerror\x3a\x3ax'"),
            ("##[x]", r"$'\x23\x23[x]'"),
            ("顧客", "'顧客'"),
        ] {
            assert_eq!(quote(value), wanted);
            assert_eq!(safe(&quote(value)), quote(value), "{value:?}");
        }
    }

    #[test]
    fn the_cli_reads_no_file_and_no_option_from_a_value() {
        for value in ["file:///etc/passwd", "fileb://x", "http://a.example/", "--endpoint-url=http://a.example"] {
            let line = line("cloudformation:GetTemplate", &[("StackName", value)], "/TemplateBody");
            let wanted =
                format!("aws cloudformation get-template --cli-input-json '{{\"StackName\":\"{value}\"}}' --region");
            assert!(line.starts_with(&wanted), "{line}");
        }
    }

    #[test]
    fn lists_objects_and_numbers_are_themselves_in_json() {
        for (call, parameters, wanted) in [
            (
                "iam:SimulatePrincipalPolicy",
                &[
                    ("ActionNames", r#"["a:B","it's"]"#),
                    ("PolicySourceArn", "-x"),
                    ("ContextEntries", r#"[{"k":[1]}]"#),
                ][..],
                r#"{"ActionNames":["a:B","it'\''s"],"ContextEntries":[{"k":[1]}],"PolicySourceArn":"-x"}"#,
            ),
            ("cloudwatch:DescribeAlarms", &[("AlarmNames", "file://x")][..], r#"{"AlarmNames":"file://x"}"#),
            // Text that looks like JSON stays text.
            ("kms:DescribeKey", &[("KeyId", "-1"), ("X", "[1]")][..], r#"{"KeyId":"-1","X":"[1]"}"#),
            (
                "cognito-idp:ListUserImportJobs",
                &[("X", "-1")][..],
                r#"{"MaxResults":60,"UserPoolId":"us-east-1_Example","X":"-1"}"#,
            ),
        ] {
            let line = line(call, parameters, "");
            assert!(line.contains(&format!(" --cli-input-json '{wanted}' --region")), "{line}");
        }
    }

    #[test]
    fn what_is_no_call_is_no_command() {
        for call in
            ["kms", "kms:", ":DescribeKey", "kms; id:DescribeKey", "kms:Describe Key", "-x:DescribeKey", "kms:$(id)"]
        {
            assert_eq!(command(&source(call, &[], ""), None), None, "{call}");
        }
        assert_eq!(command(&source("kms:DescribeKey", &[("Key Id", "x")], ""), None), None);
        assert_eq!(command(&Source::Option { name: "x".to_owned() }, None), None);
    }
}
