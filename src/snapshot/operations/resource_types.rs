//! What Cloud Control reads: one row per type of resource, and from it two operations, the list and the single read.
//!
//! Property names are CloudFormation's. A type whose handlers want more than read access is not here, and a type of which
//! the list says enough has no single read. Which calls a row needs is in CloudFormation's published schemas,
//! `handlers.list` and `handlers.read`; a test holds the rows to them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Asked, BASE, Operation};

/// Where types are asked that are the same in every Region.
pub const GLOBAL_REGION: &str = "us-east-1";

/// A type of resource that Cloud Control lists and reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceType {
    /// CloudFormation's name of the type.
    pub name: &'static str,
    /// The service it belongs to, as the scope of a snapshot names what was searched.
    pub service: &'static str,
    /// The type whose resources are listed first, and the property of the list's model that names one of them.
    pub parent: Option<(&'static str, &'static str)>,
    /// Whether it is the same in every Region; then it is asked in [`GLOBAL_REGION`].
    pub global: bool,
    /// Whether it is searched for who takes a pool's tokens.
    pub consumer: bool,
    /// Whether there is a single read; without one the list says enough.
    pub read: bool,
    /// An item of the list that lacks one of these properties is read by itself: lists may hold identifiers only.
    /// Source: <https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-list.html>.
    pub wanted: &'static [&'static str],
    /// A property and its one value that matters; a resource which says another one is left out.
    pub only: Option<(&'static str, &'static str)>,
}

impl ResourceType {
    /// Whether a resource with these properties matters, as far as they say.
    pub fn matters(&self, properties: Option<&Value>) -> bool {
        let says = |(name, value)| match properties.and_then(|properties| properties.get(name)?.as_str()) {
            Some(said) => said == value,
            None => true,
        };
        self.only.is_none_or(says)
    }

    /// Whether an item of the list with these properties has to be read by itself.
    pub fn needs_read(&self, properties: Option<&Value>) -> bool {
        self.read && !self.wanted.iter().all(|name| properties.is_some_and(|all| all.get(*name).is_some()))
    }

    /// Whether a resource of this type may be the copy of one in another Region.
    pub fn may_be_copy(&self) -> bool {
        self.name == "AWS::Cognito::UserPool"
    }

    /// Whether this is a user pool's replica while the pool is read in its own Region too: both have the same settings.
    pub fn is_copy(&self, identifier: &str, region: &str, searched: &BTreeSet<String>) -> bool {
        let home = identifier.split('_').next().unwrap_or_default();
        self.may_be_copy() && home != region && searched.contains(home)
    }

    /// The model that lists the resources of one parent, as the parameter `ResourceModel`.
    pub fn model(&self, parent: &str) -> Option<String> {
        self.parent.map(|(_, property)| json!({ property: parent }).to_string())
    }
}

const fn first(parents: &'static [(&'static str, &'static str)]) -> Option<(&'static str, &'static str)> {
    match parents {
        [parent, ..] => Some(*parent),
        [] => None,
    }
}

macro_rules! list_operation {
    ($name:literal, $asked:ident, [$($parent:literal)?], [$($keep:literal),*], [$($action:literal),*], $secrets:literal) => {
        Operation {
            service: "cloudcontrol",
            name: "ListResources",
            resource_type: $name,
            iam: &["cloudformation:ListResources", $($action),*],
            asked: Asked::$asked,
            needs: &[$(concat!("cloudcontrol:ListResources ", $parent))?],
            items: Some("/ResourceDescriptions"),
            tokens: &["NextToken"],
            keep: &[
                "/ResourceDescriptions/*/Identifier",
                $(concat!("/ResourceDescriptions/*/Properties/", $keep)),*
            ],
            secrets: $secrets,
            doc: "https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_ListResources.html",
            ..BASE
        }
    };
}

macro_rules! get_operation {
    ($name:literal, $asked:ident, [$($keep:literal),*], [$($action:literal),*], $secrets:literal) => {
        Operation {
            service: "cloudcontrol",
            name: "GetResource",
            resource_type: $name,
            iam: &["cloudformation:GetResource", $($action),*],
            asked: Asked::$asked,
            needs: &[concat!("cloudcontrol:ListResources ", $name)],
            keep: &[
                "/ResourceDescription/Identifier",
                $(concat!("/ResourceDescription/Properties/", $keep)),*
            ],
            secrets: $secrets,
            doc: "https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_GetResource.html",
            ..BASE
        }
    };
}

macro_rules! resource_types {
    ($(
        $name:literal of $service:literal, $asked:ident $(, in $parent:literal by $property:literal)?
        $(, only $member:literal = $value:literal)?,
        wanted $wanted:tt, keep $keep:tt,
        list $list:tt $(, read $read:tt)?, $secrets:literal;
    )*) => {
        /// Every type, sorted by name.
        pub const RESOURCE_TYPES: &[ResourceType] = &[
            $(ResourceType {
                name: $name,
                service: $service,
                parent: first(&[$(($parent, $property))?]),
                global: matches!(Asked::$asked, Asked::Account),
                consumer: matches!(Asked::$asked, Asked::Account | Asked::Consumers),
                read: first(&[$((stringify!($read), ""))?]).is_some(),
                wanted: &$wanted,
                only: first(&[$(($member, $value))?]),
            },)*
        ];
        /// Per type its operations; in any order, the table sorts.
        pub(super) const OPERATIONS: &[&[Operation]] = &[
            $(&[
                list_operation!($name, $asked, [$($parent)?], $keep, $list, $secrets)
                $(, get_operation!($name, $asked, $keep, $read, $secrets))?
            ],)*
        ];
    };
}

resource_types! {
    "AWS::AppSync::Api" of "appsync", Consumers,
        wanted ["EventConfig"],
        keep [
            "ApiArn", "ApiId", "Name", "EventConfig/AuthProviders/*/AuthType",
            "EventConfig/AuthProviders/*/CognitoConfig/AwsRegion", "EventConfig/AuthProviders/*/CognitoConfig/UserPoolId",
            "EventConfig/AuthProviders/*/OpenIDConnectConfig/Issuer"
        ],
        list ["appsync:ListApis"],
        read ["appsync:GetApi", "appsync:ListTagsForResource"],
        "owners' contacts";
    "AWS::AppSync::GraphQLApi" of "appsync", Consumers,
        wanted ["AuthenticationType", "AdditionalAuthenticationProviders"],
        keep [
            "ApiId", "Arn", "Name", "AuthenticationType", "OpenIDConnectConfig/Issuer", "UserPoolConfig/AwsRegion",
            "UserPoolConfig/UserPoolId", "AdditionalAuthenticationProviders/*/AuthenticationType",
            "AdditionalAuthenticationProviders/*/OpenIDConnectConfig/Issuer",
            "AdditionalAuthenticationProviders/*/UserPoolConfig/AwsRegion",
            "AdditionalAuthenticationProviders/*/UserPoolConfig/UserPoolId"
        ],
        list ["appsync:ListGraphqlApis"],
        read ["appsync:GetGraphqlApi", "appsync:GetGraphqlApiEnvironmentVariables", "appsync:ListTagsForResource"],
        "environment variables and owners' contacts";
    "AWS::BedrockAgentCore::Gateway" of "bedrock-agentcore", Consumers,
        wanted ["AuthorizerType", "AuthorizerConfiguration"],
        keep [
            "AuthorizerConfiguration/CustomJWTAuthorizer/DiscoveryUrl", "AuthorizerType", "GatewayArn",
            "GatewayIdentifier", "Name"
        ],
        list ["bedrock-agentcore:ListGateways"],
        read ["bedrock-agentcore:GetGateway", "bedrock-agentcore:ListTagsForResource"],
        "descriptions and custom claims";
    "AWS::BedrockAgentCore::Runtime" of "bedrock-agentcore", Consumers,
        wanted ["AuthorizerConfiguration"],
        keep [
            "AgentRuntimeArn", "AgentRuntimeId", "AgentRuntimeName",
            "AuthorizerConfiguration/CustomJWTAuthorizer/DiscoveryUrl"
        ],
        list ["bedrock-agentcore:ListAgentRuntimes", "bedrock-agentcore:ListAgentRuntimeEndpoints"],
        read [
            "bedrock-agentcore:GetAgentRuntime", "bedrock-agentcore:GetAgentRuntimeEndpoint",
            "bedrock-agentcore:ListTagsForResource"
        ],
        "environment variables";
    "AWS::Cognito::IdentityPool" of "cognito-identity", Consumers,
        wanted ["CognitoIdentityProviders", "OpenIdConnectProviderARNs"],
        keep [
            "CognitoIdentityProviders/*/ClientId", "CognitoIdentityProviders/*/ProviderName", "Id", "IdentityPoolName",
            "OpenIdConnectProviderARNs"
        ],
        list ["cognito-identity:ListIdentityPools"],
        read ["cognito-identity:DescribeIdentityPool", "cognito-identity:ListTagsForResource"],
        "app ids of social providers";
    // Its read handler wants kms:Decrypt; only the ids are needed.
    "AWS::Cognito::UserPool" of "cognito-idp", Consumers,
        wanted [], keep ["UserPoolId", "UserPoolName"],
        list ["cognito-idp:ListUserPools"],
        "";
    "AWS::Cognito::UserPoolIdentityProvider" of "cognito-idp", Consumers,
        in "AWS::Cognito::UserPool" by "UserPoolId", only "ProviderType" = "OIDC",
        wanted ["ProviderType", "ProviderDetails"],
        keep ["ProviderDetails/oidc_issuer", "ProviderName", "ProviderType", "UserPoolId"],
        list ["cognito-idp:ListIdentityProviders"],
        read ["cognito-idp:DescribeIdentityProvider"],
        "client secrets of identity providers";
    "AWS::EC2::VPCEndpoint" of "ec2", PoolRegions,
        wanted ["ServiceName"], keep ["ServiceName", "VpcEndpointType", "VpcId"],
        list ["ec2:DescribeVpcEndpoints"], read ["ec2:DescribeVpcEndpoints"],
        "endpoint policies";
    // Only the names are needed.
    "AWS::EKS::Cluster" of "eks", Consumers,
        wanted [], keep ["Name"],
        list ["eks:ListClusters"],
        "";
    "AWS::EKS::IdentityProviderConfig" of "eks", Consumers,
        in "AWS::EKS::Cluster" by "ClusterName",
        wanted ["Oidc"],
        keep ["ClusterName", "IdentityProviderConfigName", "Oidc/ClientId", "Oidc/IssuerUrl", "Type"],
        list ["eks:ListIdentityProviderConfigs"],
        read ["eks:DescribeIdentityProviderConfig"],
        "required claims";
    // Only application load balancers verify tokens.
    "AWS::ElasticLoadBalancingV2::Listener" of "elasticloadbalancing", Consumers,
        in "AWS::ElasticLoadBalancingV2::LoadBalancer" by "LoadBalancerArn",
        wanted ["DefaultActions"],
        keep [
            "DefaultActions/*/AuthenticateCognitoConfig/UserPoolArn",
            "DefaultActions/*/AuthenticateCognitoConfig/UserPoolClientId",
            "DefaultActions/*/AuthenticateOidcConfig/ClientId", "DefaultActions/*/AuthenticateOidcConfig/Issuer",
            "DefaultActions/*/JwtValidationConfig/Issuer", "DefaultActions/*/JwtValidationConfig/JwksEndpoint",
            "DefaultActions/*/Type", "ListenerArn", "LoadBalancerArn", "Port", "Protocol"
        ],
        list ["elasticloadbalancing:DescribeListeners"],
        read [
            "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeListenerAttributes",
            "elasticloadbalancing:DescribeTags"
        ],
        "client secrets and fixed responses";
    "AWS::ElasticLoadBalancingV2::ListenerRule" of "elasticloadbalancing", Consumers,
        in "AWS::ElasticLoadBalancingV2::Listener" by "ListenerArn",
        wanted ["Actions"],
        keep [
            "Actions/*/AuthenticateCognitoConfig/UserPoolArn", "Actions/*/AuthenticateCognitoConfig/UserPoolClientId",
            "Actions/*/AuthenticateOidcConfig/ClientId", "Actions/*/AuthenticateOidcConfig/Issuer",
            "Actions/*/JwtValidationConfig/Issuer", "Actions/*/JwtValidationConfig/JwksEndpoint", "Actions/*/Type",
            "IsDefault", "Priority", "RuleArn"
        ],
        list ["elasticloadbalancing:DescribeRules"],
        read ["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"],
        "client secrets, conditions and fixed responses";
    "AWS::ElasticLoadBalancingV2::LoadBalancer" of "elasticloadbalancing", Consumers,
        only "Type" = "application",
        wanted [], keep ["LoadBalancerArn", "LoadBalancerName", "Name", "Type"],
        list ["elasticloadbalancing:DescribeLoadBalancers"],
        "";
    // The ARN holds the URL.
    "AWS::IAM::OIDCProvider" of "iam", Account,
        wanted [], keep ["Arn", "ClientIdList", "Url"],
        list ["iam:ListOpenIDConnectProviders", "iam:GetOpenIDConnectProvider"],
        "";
    "AWS::SageMaker::Workforce" of "sagemaker", Consumers,
        wanted ["CognitoConfig", "OidcConfig"],
        keep [
            "CognitoConfig/ClientId", "CognitoConfig/UserPool", "OidcConfig/Issuer", "OidcConfig/JwksUri",
            "WorkforceArn", "WorkforceName"
        ],
        list ["sagemaker:ListWorkforces"],
        read ["sagemaker:DescribeWorkforce", "sagemaker:ListTags"],
        "client secrets";
    "AWS::VerifiedPermissions::IdentitySource" of "verifiedpermissions", Consumers,
        in "AWS::VerifiedPermissions::PolicyStore" by "PolicyStoreId",
        wanted ["Configuration"],
        keep [
            "Configuration/CognitoUserPoolConfiguration/UserPoolArn",
            "Configuration/OpenIdConnectConfiguration/Issuer", "IdentitySourceId", "PolicyStoreId"
        ],
        list [
            "verifiedpermissions:ListIdentitySources", "verifiedpermissions:GetIdentitySource",
            "cognito-idp:DescribeUserPool", "cognito-idp:ListUserPoolClients"
        ],
        read [
            "verifiedpermissions:GetIdentitySource", "cognito-idp:DescribeUserPool", "cognito-idp:ListUserPoolClients"
        ],
        "";
    // Only the ids are needed.
    "AWS::VerifiedPermissions::PolicyStore" of "verifiedpermissions", Consumers,
        wanted [], keep ["PolicyStoreId"],
        list [
            "verifiedpermissions:ListPolicyStores", "verifiedpermissions:GetPolicyStore", "verifiedpermissions:GetSchema"
        ],
        "schemas";
}

/// The row of this type.
pub fn resource_type(name: &str) -> Option<&'static ResourceType> {
    RESOURCE_TYPES.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::super::find_typed;
    use super::*;

    #[test]
    fn rows_are_sorted_and_parents_come_from_a_list_of_the_same_service() {
        assert!(RESOURCE_TYPES.windows(2).all(|pair| pair[0].name < pair[1].name));
        for row in RESOURCE_TYPES {
            assert!(find_typed("cloudcontrol", "ListResources", row.name).is_some(), "{}", row.name);
            assert_eq!(find_typed("cloudcontrol", "GetResource", row.name).is_some(), row.read, "{}", row.name);
            assert!(row.read || row.wanted.is_empty(), "{}", row.name);
            if let Some((parent, _)) = row.parent {
                let parent = resource_type(parent).unwrap();
                assert_eq!((parent.service, parent.global), (row.service, row.global), "{}", row.name);
            }
        }
    }

    #[test]
    fn an_item_is_read_by_itself_unless_the_list_says_everything() {
        let row = resource_type("AWS::AppSync::GraphQLApi").unwrap();
        let whole = json!({ "AuthenticationType": "API_KEY", "AdditionalAuthenticationProviders": [] });
        assert!(!row.needs_read(Some(&whole)));
        for part in [json!({ "AuthenticationType": "API_KEY" }), json!({}), json!("text")] {
            assert!(row.needs_read(Some(&part)), "{part}");
        }
        assert!(row.needs_read(None));
        assert!(!resource_type("AWS::EKS::Cluster").unwrap().needs_read(None));
    }

    #[test]
    fn what_says_that_it_is_something_else_does_not_matter() {
        let row = resource_type("AWS::Cognito::UserPoolIdentityProvider").unwrap();
        assert!(row.matters(None) && row.matters(Some(&json!({}))) && row.matters(Some(&json!({ "ProviderType": 1 }))));
        assert!(row.matters(Some(&json!({ "ProviderType": "OIDC" }))));
        assert!(!row.matters(Some(&json!({ "ProviderType": "SAML" }))));
        assert_eq!(row.model("eu-west-1_A").unwrap(), r#"{"UserPoolId":"eu-west-1_A"}"#);
    }

    #[test]
    fn no_secret_of_a_consumer_is_kept() {
        let planted = |name: &str, kind: &str, properties: Value| {
            let operation = find_typed("cloudcontrol", name, kind).unwrap();
            let answer = json!({ "ResourceDescription": { "Identifier": "i", "Properties": properties.clone() },
                "ResourceDescriptions": [{ "Identifier": "i", "Properties": properties }] });
            let kept = super::super::super::admit::admit(operation, answer);
            format!("{} {:?}", kept.response, kept.dropped)
        };
        let action = json!({ "Type": "authenticate-oidc", "AuthenticateOidcConfig": {
            "Issuer": "kept", "ClientSecret": "planted", "AuthenticationRequestExtraParams": { "planted": "planted" } } });
        let all = [
            ("AWS::ElasticLoadBalancingV2::Listener", json!({ "DefaultActions": [action.clone()] })),
            ("AWS::ElasticLoadBalancingV2::ListenerRule", json!({ "Actions": [action] })),
            (
                "AWS::AppSync::GraphQLApi",
                json!({ "Name": "kept", "EnvironmentVariables": { "planted": "planted" }, "OwnerContact": "planted" }),
            ),
            (
                "AWS::BedrockAgentCore::Runtime",
                json!({ "AgentRuntimeName": "kept", "EnvironmentVariables": { "planted": "planted" } }),
            ),
            ("AWS::SageMaker::Workforce", json!({ "OidcConfig": { "Issuer": "kept", "ClientSecret": "planted" } })),
            (
                "AWS::Cognito::UserPoolIdentityProvider",
                json!({ "ProviderDetails": { "oidc_issuer": "kept", "client_secret": "planted" } }),
            ),
            (
                "AWS::Cognito::IdentityPool",
                json!({ "Id": "kept", "SupportedLoginProviders": { "planted": "planted" } }),
            ),
        ];
        for (kind, properties) in all {
            for name in ["ListResources", "GetResource"] {
                let kept = planted(name, kind, properties.clone());
                assert!(kept.contains("kept") && !kept.contains("planted"), "{kind}: {kept}");
            }
        }
    }
}
