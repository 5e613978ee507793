//! The services around a pool: one line per operation of the table that says how to ask it.

use serde_json::Value;

use super::{Aws, Failure};
use crate::collect::live::ask::Query;
use crate::collect::live::tap::Tap;
use aws_smithy_types::retry::RetryConfig;
use std::sync::PoisonError;

use super::{ATTEMPTS, UnreadableIsTransient, failure};

/// The largest page of alarms and of Cloud Control's resources.
const PAGE: i32 = 100;
/// The largest page of roles.
const ROLE_PAGE: i32 = 1_000;
/// The largest page of functions.
const FUNCTION_PAGE: i32 = 50;

impl Aws {
    #[expect(clippy::too_many_lines, reason = "a table: one arm per operation")]
    /// Makes one call to a service that is not Cognito, KMS, STS or one that holds consumers.
    pub(super) async fn around(&self, query: &Query, token: Option<String>, tap: &Tap) -> Result<(), Failure> {
        let text = |name: &str| query.parameter(name);
        match (query.operation.service, query.operation.name) {
            ("acm", "DescribeCertificate") => {
                let client = client!(self, acm, aws_sdk_acm, query);
                send!(client.describe_certificate().set_certificate_arn(text("CertificateArn")), tap)
            }
            ("cloudcontrol", "GetResource") => {
                let client = client!(self, cloudcontrol, aws_sdk_cloudcontrol, query);
                let call = client.get_resource().set_type_name(text("TypeName"));
                send!(call.set_identifier(text("Identifier")), tap)
            }
            ("cloudcontrol", "ListResources") => {
                let client = client!(self, cloudcontrol, aws_sdk_cloudcontrol, query);
                let call = client.list_resources().set_type_name(text("TypeName"));
                let call = call.set_resource_model(text("ResourceModel"));
                send!(call.max_results(PAGE).set_next_token(token), tap)
            }
            ("cloudwatch", "DescribeAlarms") => {
                let client = client!(self, cloudwatch, aws_sdk_cloudwatch, query);
                let call = client.describe_alarms().alarm_types(aws_sdk_cloudwatch::types::AlarmType::MetricAlarm);
                let call = call.set_alarm_names(texts(query, "AlarmNames"));
                send!(call.max_records(PAGE).set_next_token(token), tap)
            }
            ("codebuild", "BatchGetProjects") => {
                let client = client!(self, codebuild, aws_sdk_codebuild, query);
                send!(client.batch_get_projects().set_names(texts(query, "names")), tap)
            }
            ("codebuild", "ListProjects") => {
                let client = client!(self, codebuild, aws_sdk_codebuild, query);
                send!(client.list_projects().set_next_token(token), tap)
            }
            ("iam", "GetRole") => {
                let client = client!(self, iam, aws_sdk_iam, query);
                send!(client.get_role().set_role_name(text("RoleName")), tap)
            }
            ("iam", "ListRoles") => {
                let client = client!(self, iam, aws_sdk_iam, query);
                send!(client.list_roles().max_items(ROLE_PAGE).set_marker(token), tap)
            }
            ("iam", "SimulatePrincipalPolicy") => {
                use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum};
                let client = client!(self, iam, aws_sdk_iam, query);
                // The Region is asked about as a context key: IAM itself is asked in one place.
                let region = ContextEntry::builder()
                    .context_key_name("aws:RequestedRegion")
                    .context_key_type(ContextKeyTypeEnum::String)
                    .set_context_key_values(requested_region(query).map(|region| vec![region]))
                    .build();
                let call = client.simulate_principal_policy().set_policy_source_arn(text("PolicySourceArn"));
                let call = call.set_action_names(texts(query, "ActionNames")).context_entries(region);
                let call = call.set_resource_arns(texts(query, "ResourceArns"));
                send!(call.set_marker(token), tap)
            }
            ("lambda", "GetFunction") => {
                let client = client!(self, lambda, aws_sdk_lambda, query);
                send!(client.get_function().set_function_name(text("FunctionName")), tap)
            }
            ("lambda", "GetFunctionConfiguration") => {
                let client = client!(self, lambda, aws_sdk_lambda, query);
                send!(client.get_function_configuration().set_function_name(text("FunctionName")), tap)
            }
            ("lambda", "GetPolicy") => {
                let client = client!(self, lambda, aws_sdk_lambda, query);
                send!(client.get_policy().set_function_name(text("FunctionName")), tap)
            }
            ("lambda", "ListFunctions") => {
                let client = client!(self, lambda, aws_sdk_lambda, query);
                send!(client.list_functions().max_items(FUNCTION_PAGE).set_marker(token), tap)
            }
            ("opensearch", "DescribeDomains") => {
                let client = client!(self, opensearch, aws_sdk_opensearch, query);
                send!(client.describe_domains().set_domain_names(texts(query, "DomainNames")), tap)
            }
            ("opensearch", "ListDomainNames") => {
                let client = client!(self, opensearch, aws_sdk_opensearch, query);
                send!(client.list_domain_names(), tap)
            }
            ("route53", "GetHealthCheck") => {
                let client = client!(self, route53, aws_sdk_route53, query);
                send!(client.get_health_check().set_health_check_id(text("HealthCheckId")), tap)
            }
            ("sesv2", "GetAccount") => {
                let client = client!(self, sesv2, aws_sdk_sesv2, query);
                send!(client.get_account(), tap)
            }
            ("sesv2", "GetConfigurationSet") => {
                let client = client!(self, sesv2, aws_sdk_sesv2, query);
                let call = client.get_configuration_set();
                send!(call.set_configuration_set_name(text("ConfigurationSetName")), tap)
            }
            ("sesv2", "GetEmailIdentity") => {
                let client = client!(self, sesv2, aws_sdk_sesv2, query);
                send!(client.get_email_identity().set_email_identity(text("EmailIdentity")), tap)
            }
            ("sms-voice", "DescribeAccountAttributes") => {
                let client = client!(self, pinpointsmsvoicev2, aws_sdk_pinpointsmsvoicev2, query);
                send!(client.describe_account_attributes().set_next_token(token), tap)
            }
            ("sms-voice", "DescribeSpendLimits") => {
                let client = client!(self, pinpointsmsvoicev2, aws_sdk_pinpointsmsvoicev2, query);
                send!(client.describe_spend_limits().set_next_token(token), tap)
            }
            ("sns", "GetSMSAttributes") => {
                let client = client!(self, sns, aws_sdk_sns, query);
                send!(client.get_sms_attributes().attributes("MonthlySpendLimit"), tap)
            }
            ("sns", "GetSMSSandboxAccountStatus") => {
                let client = client!(self, sns, aws_sdk_sns, query);
                send!(client.get_sms_sandbox_account_status(), tap)
            }
            ("wafv2", "GetWebACLForResource") => {
                let client = client!(self, wafv2, aws_sdk_wafv2, query);
                send!(client.get_web_acl_for_resource().set_resource_arn(text("ResourceArn")), tap)
            }
            _ => Err(Failure::Request),
        }
    }
}

/// The Region in the context of a simulation.
fn requested_region(query: &Query) -> Option<String> {
    let entries = query.parameters.get("ContextEntries")?;
    entries.pointer("/0/ContextKeyValues/0")?.as_str().map(str::to_owned)
}

/// A list parameter.
fn texts(query: &Query, name: &str) -> Option<Vec<String>> {
    let items = query.parameters.get(name)?.as_array()?;
    Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
