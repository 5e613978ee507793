//! The SDK: one client per service and Region, and one line per operation of the table that says how to ask it.
//!
//! SDK types stop here. What is asked, in which order and what an answer means is said elsewhere.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use serde_json::Value;

use super::ask::Query;
use super::tap::{Tap, UnreadableIsTransient};
use crate::collect::Secret;
use crate::snapshot::operations::LIVE_STACK_STATUSES;

/// The largest page of every Cognito list that takes a size.
const COGNITO_PAGE: i32 = 60;
/// The largest page of REST APIs and their authorizers (the default is 25).
const REST_PAGE: i32 = 500;
/// HTTP APIs name no largest page; 100 is well below what they take.
const HTTP_PAGE: &str = "100";
/// The largest page of resource servers.
const RESOURCE_SERVER_PAGE: i32 = 50;
/// The largest page of grants.
const GRANT_PAGE: i32 = 100;
/// The largest page of accounts of an organization.
const ACCOUNT_PAGE: i32 = 20;
/// What sessions in other accounts are called, in their logs.
const SESSION_NAME: &str = "mrready";
/// One call and two more.
const ATTEMPTS: u32 = 3;

/// Why no HTTP answer was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Not within the time allowed.
    Timeout,
    /// The connection was refused or broke.
    Connection,
    /// There are no credentials, for this reason.
    Credentials(&'static str),
    /// The SDK does not send such a request.
    Request,
    /// Something came, but it broke off.
    Unreadable,
}

impl Failure {
    /// The code in the log.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Timeout => "Timeout",
            Self::Connection => "Connection",
            Self::Credentials(_) => CREDENTIALS,
            Self::Request => "Request",
            Self::Unreadable => "Unparsable",
        }
    }

    /// More about it, in our words.
    pub(super) fn detail(self) -> Option<&'static str> {
        if let Self::Credentials(because) = self { Some(because) } else { None }
    }
}

/// The code of a call that was not made for want of credentials.
pub(super) const CREDENTIALS: &str = "Credentials";

/// AWS as one identity sees it.
#[derive(Debug)]
pub(super) struct Aws {
    config: SdkConfig,
    /// What roles want to be given by who assumes them. It goes into requests and nowhere else.
    external_id: Option<Secret>,
    timeout: TimeoutConfig,
    clients: Mutex<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    acm: BTreeMap<String, aws_sdk_acm::Client>,
    apigateway: BTreeMap<String, aws_sdk_apigateway::Client>,
    apigatewayv2: BTreeMap<String, aws_sdk_apigatewayv2::Client>,
    cloudcontrol: BTreeMap<String, aws_sdk_cloudcontrol::Client>,
    cloudformation: BTreeMap<String, aws_sdk_cloudformation::Client>,
    cloudwatch: BTreeMap<String, aws_sdk_cloudwatch::Client>,
    codebuild: BTreeMap<String, aws_sdk_codebuild::Client>,
    cognito: BTreeMap<String, aws_sdk_cognitoidentityprovider::Client>,
    iam: BTreeMap<String, aws_sdk_iam::Client>,
    kms: BTreeMap<String, aws_sdk_kms::Client>,
    lambda: BTreeMap<String, aws_sdk_lambda::Client>,
    opensearch: BTreeMap<String, aws_sdk_opensearch::Client>,
    organizations: BTreeMap<String, aws_sdk_organizations::Client>,
    pinpointsmsvoicev2: BTreeMap<String, aws_sdk_pinpointsmsvoicev2::Client>,
    route53: BTreeMap<String, aws_sdk_route53::Client>,
    sesv2: BTreeMap<String, aws_sdk_sesv2::Client>,
    sns: BTreeMap<String, aws_sdk_sns::Client>,
    sts: BTreeMap<String, aws_sdk_sts::Client>,
    wafv2: BTreeMap<String, aws_sdk_wafv2::Client>,
}

/// The client of a service in a Region, made at its first use.
macro_rules! client {
    ($self:ident, $field:ident, $sdk:ident, $query:ident) => {{
        let mut clients = $self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.$field.entry($query.region.clone()).or_insert_with(|| {
            let config = $sdk::config::Builder::from(&$self.config)
                .region($sdk::config::Region::new($query.region.clone()))
                .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
                .timeout_config($self.timeout.clone())
                .retry_classifier(UnreadableIsTransient)
                .build();
            $sdk::Client::from_conf(config)
        });
        client.clone()
    }};
}

/// Sends what a fluent builder holds, with the tap on it, and forgets the SDK's reading of the answer.
macro_rules! send {
    ($builder:expr, $tap:ident) => {
        $builder.customize().interceptor($tap.clone()).send().await.map(|_| ()).map_err(|error| failure(&error))
    };
}

mod around;

impl Aws {
    pub(super) fn new(config: SdkConfig, call_timeout: Duration) -> Self {
        let timeout =
            TimeoutConfig::builder().connect_timeout(call_timeout).operation_attempt_timeout(call_timeout).build();
        Self { config, external_id: None, timeout, clients: Mutex::default() }
    }

    /// With what roles want to be given.
    pub(super) fn with_external_id(self, external_id: Option<Secret>) -> Self {
        Self { external_id, ..self }
    }

    /// Whether the credentials are those of a session, which AWS may take in some Regions only. `None`: there are none.
    pub(super) async fn is_session(&self) -> Option<bool> {
        let credentials = self.config.credentials_provider()?.provide_credentials().await.ok()?;
        Some(credentials.session_token().is_some())
    }

    /// The configured Region.
    pub(super) fn region(&self) -> Option<String> {
        self.config.region().map(ToString::to_string)
    }

    /// Makes one call with its retries; the tap has seen the last answer when this returns.
    pub(super) async fn send(&self, query: &Query, token: Option<&str>, tap: &Tap) -> Result<(), Failure> {
        let token = token.map(str::to_owned);
        match query.operation.service {
            "apigateway" => self.apigateway(query, token, tap).await,
            "apigatewayv2" => self.apigatewayv2(query, token, tap).await,
            "cloudformation" => self.cloudformation(query, token, tap).await,
            "cognito-idp" => self.cognito(query, token, tap).await,
            "kms" => self.kms(query, token, tap).await,
            "organizations" => {
                let client = client!(self, organizations, aws_sdk_organizations, query);
                match query.operation.name {
                    "ListAccounts" => {
                        send!(client.list_accounts().max_results(ACCOUNT_PAGE).set_next_token(token), tap)
                    }
                    _ => Err(Failure::Request),
                }
            }
            "sts" => self.sts(query, tap).await,
            _ => self.around(query, token, tap).await,
        }
    }

    async fn sts(&self, query: &Query, tap: &Tap) -> Result<(), Failure> {
        let client = client!(self, sts, aws_sdk_sts, query);
        match query.operation.name {
            "AssumeRole" => {
                let external_id = self.external_id.as_ref().map(|Secret(id)| id.clone());
                let call = client.assume_role().set_role_arn(query.parameter("RoleArn"));
                send!(call.role_session_name(SESSION_NAME).set_external_id(external_id), tap)
            }
            "GetCallerIdentity" => send!(client.get_caller_identity(), tap),
            _ => Err(Failure::Request),
        }
    }

    async fn apigateway(&self, query: &Query, token: Option<String>, tap: &Tap) -> Result<(), Failure> {
        let client = client!(self, apigateway, aws_sdk_apigateway, query);
        match query.operation.name {
            "GetAuthorizers" => {
                let call = client.get_authorizers().set_rest_api_id(query.parameter("restApiId"));
                send!(call.limit(REST_PAGE).set_position(token), tap)
            }
            "GetRestApis" => send!(client.get_rest_apis().limit(REST_PAGE).set_position(token), tap),
            _ => Err(Failure::Request),
        }
    }

    async fn apigatewayv2(&self, query: &Query, token: Option<String>, tap: &Tap) -> Result<(), Failure> {
        let client = client!(self, apigatewayv2, aws_sdk_apigatewayv2, query);
        let api = query.parameter("ApiId");
        match query.operation.name {
            "GetApis" => send!(client.get_apis().max_results(HTTP_PAGE).set_next_token(token), tap),
            "GetAuthorizers" => {
                let call = client.get_authorizers().set_api_id(api);
                send!(call.max_results(HTTP_PAGE).set_next_token(token), tap)
            }
            "GetRoutes" => {
                let call = client.get_routes().set_api_id(api);
                send!(call.max_results(HTTP_PAGE).set_next_token(token), tap)
            }
            _ => Err(Failure::Request),
        }
    }

    async fn cloudformation(&self, query: &Query, token: Option<String>, tap: &Tap) -> Result<(), Failure> {
        use aws_sdk_cloudformation::types::{StackStatus, TemplateStage};
        let client = client!(self, cloudformation, aws_sdk_cloudformation, query);
        let stack = query.parameter("StackName");
        match query.operation.name {
            "DescribeStacks" => send!(client.describe_stacks().set_next_token(token), tap),
            "GetTemplate" => {
                let call = client.get_template().set_stack_name(stack);
                send!(call.template_stage(TemplateStage::Original), tap)
            }
            "ListExports" => send!(client.list_exports().set_next_token(token), tap),
            "ListStackResources" => {
                send!(client.list_stack_resources().set_stack_name(stack).set_next_token(token), tap)
            }
            "ListStacks" => {
                let statuses = LIVE_STACK_STATUSES.iter().map(|status| StackStatus::from(*status)).collect();
                send!(client.list_stacks().set_stack_status_filter(Some(statuses)).set_next_token(token), tap)
            }
            _ => Err(Failure::Request),
        }
    }

    async fn cognito(&self, query: &Query, token: Option<String>, tap: &Tap) -> Result<(), Failure> {
        let client = client!(self, cognito, aws_sdk_cognitoidentityprovider, query);
        let pool = query.parameter("UserPoolId");
        match query.operation.name {
            "DescribeIdentityProvider" => {
                let call = client.describe_identity_provider().set_user_pool_id(pool);
                send!(call.set_provider_name(query.parameter("ProviderName")), tap)
            }
            "DescribeRiskConfiguration" => {
                let call = client.describe_risk_configuration().set_user_pool_id(pool);
                send!(call.set_client_id(query.parameter("ClientId")), tap)
            }
            "DescribeUserPool" => send!(client.describe_user_pool().set_user_pool_id(pool), tap),
            "DescribeUserPoolClient" => {
                let call = client.describe_user_pool_client().set_user_pool_id(pool);
                send!(call.set_client_id(query.parameter("ClientId")), tap)
            }
            "DescribeUserPoolDomain" => {
                send!(client.describe_user_pool_domain().set_domain(query.parameter("Domain")), tap)
            }
            "GetLogDeliveryConfiguration" => {
                send!(client.get_log_delivery_configuration().set_user_pool_id(pool), tap)
            }
            "GetProvisionedLimit" => {
                use aws_sdk_cognitoidentityprovider::types::{LimitClass, LimitDefinitionType};
                let category =
                    query.parameters.get("LimitDefinition").and_then(|of| of.pointer("/Attributes/Category"));
                let category = category.and_then(Value::as_str).ok_or(Failure::Request)?;
                let definition = LimitDefinitionType::builder()
                    .limit_class(LimitClass::ApiCategory)
                    .attributes("Category", category)
                    .build()
                    .map_err(|_| Failure::Request)?;
                send!(client.get_provisioned_limit().limit_definition(definition), tap)
            }
            "GetSigningCertificate" => send!(client.get_signing_certificate().set_user_pool_id(pool), tap),
            "GetUserPoolMfaConfig" => send!(client.get_user_pool_mfa_config().set_user_pool_id(pool), tap),
            "ListIdentityProviders" => {
                let call = client.list_identity_providers().set_user_pool_id(pool);
                send!(call.max_results(COGNITO_PAGE).set_next_token(token), tap)
            }
            "ListResourceServers" => {
                let call = client.list_resource_servers().set_user_pool_id(pool);
                send!(call.max_results(RESOURCE_SERVER_PAGE).set_next_token(token), tap)
            }
            "ListTagsForResource" => {
                send!(client.list_tags_for_resource().set_resource_arn(query.parameter("ResourceArn")), tap)
            }
            "ListUserImportJobs" => {
                let call = client.list_user_import_jobs().set_user_pool_id(pool);
                send!(call.max_results(COGNITO_PAGE).set_pagination_token(token), tap)
            }
            "ListUserPoolClients" => {
                let call = client.list_user_pool_clients().set_user_pool_id(pool);
                send!(call.max_results(COGNITO_PAGE).set_next_token(token), tap)
            }
            "ListUserPoolReplicas" => {
                send!(client.list_user_pool_replicas().set_user_pool_id(pool).set_next_token(token), tap)
            }
            "ListUsers" => {
                let call = client.list_users().set_user_pool_id(pool).set_filter(query.parameter("Filter"));
                send!(call.attributes_to_get("sub").limit(COGNITO_PAGE).set_pagination_token(token), tap)
            }
            "ListUserPools" => send!(client.list_user_pools().max_results(COGNITO_PAGE).set_next_token(token), tap),
            _ => Err(Failure::Request),
        }
    }

    async fn kms(&self, query: &Query, token: Option<String>, tap: &Tap) -> Result<(), Failure> {
        let client = client!(self, kms, aws_sdk_kms, query);
        let key = query.parameter("KeyId");
        match query.operation.name {
            "DescribeKey" => send!(client.describe_key().set_key_id(key), tap),
            "GetKeyRotationStatus" => send!(client.get_key_rotation_status().set_key_id(key), tap),
            "ListGrants" => send!(client.list_grants().set_key_id(key).limit(GRANT_PAGE).set_marker(token), tap),
            "GetKeyPolicy" => {
                let call = client.get_key_policy().set_key_id(key);
                send!(call.set_policy_name(query.parameter("PolicyName")), tap)
            }
            _ => Err(Failure::Request),
        }
    }
}

/// The Region type, so that `live` need not name the SDK's.
pub(super) fn region(name: String) -> Region {
    Region::new(name)
}

/// What kept the SDK from an answer. Of its own words nothing is kept: they can name files, sessions and processes.
fn failure<E, R>(error: &SdkError<E, R>) -> Failure
where
    E: Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match error {
        SdkError::TimeoutError(_) => Failure::Timeout,
        SdkError::ConstructionFailure(_) => credentials(error).map_or(Failure::Request, Failure::Credentials),
        SdkError::DispatchFailure(dispatch) => match credentials(error) {
            Some(because) => Failure::Credentials(because),
            None if dispatch.is_timeout() => Failure::Timeout,
            None if dispatch.is_user() => Failure::Request,
            None => Failure::Connection,
        },
        // A service error has its answer in the tap; what has none broke off.
        SdkError::ResponseError(_) | SdkError::ServiceError(_) | _ => Failure::Unreadable,
    }
}

/// Whether credentials were the trouble, and what with them.
fn credentials<'a>(error: &'a (dyn Error + 'static)) -> Option<&'static str> {
    let chain = |from| std::iter::successors(Some(from), |error: &&'a (dyn Error + 'static)| (*error).source());
    let found = chain(error).find(|error| error.is::<CredentialsError>())?;
    let expired = chain(found).any(|error| error.to_string().to_ascii_lowercase().contains("expired"));
    let because = match found.downcast_ref::<CredentialsError>()? {
        _ if expired => "the login has expired",
        CredentialsError::CredentialsNotLoaded(_) => "none were found",
        CredentialsError::ProviderTimedOut(_) => "looking for them took too long",
        CredentialsError::InvalidConfiguration(_) => "the AWS configuration or the profile is not valid",
        CredentialsError::ProviderError(_) => "the login, the role or the credential process failed",
        CredentialsError::Unhandled(_) | _ => "they could not be read",
    };
    Some(because)
}
