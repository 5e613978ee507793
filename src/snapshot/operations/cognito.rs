//! The operations of Cognito user pools.
//!
//! `AdminGetUser` and its kind are not here: reading one user that way bills a user. Source:
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/tracking-cost.html>.

use super::{Asked, BASE, Operation};

const COGNITO: Operation = Operation { service: "cognito-idp", needs: &["cognito-idp:ListUserPools"], ..BASE };

/// In any order; the table sorts.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeUserPool",
        iam: &["cognito-idp:DescribeUserPool"],
        asked: Asked::PrimaryAndSecondary,
        keep: &[
            "/UserPool/AccountRecoverySetting",
            "/UserPool/AdminCreateUserConfig/AllowAdminCreateUserOnly",
            "/UserPool/AliasAttributes",
            "/UserPool/Arn",
            "/UserPool/AutoVerifiedAttributes",
            "/UserPool/CreationDate",
            "/UserPool/CustomDomain",
            "/UserPool/DeletionProtection",
            "/UserPool/DeviceConfiguration",
            "/UserPool/Domain",
            "/UserPool/EmailConfiguration/ConfigurationSet",
            "/UserPool/EmailConfiguration/EmailSendingAccount",
            "/UserPool/EmailConfiguration/SourceArn",
            "/UserPool/EstimatedNumberOfUsers",
            "/UserPool/Id",
            "/UserPool/IssuerConfiguration",
            "/UserPool/KeyConfiguration",
            "/UserPool/LambdaConfig",
            "/UserPool/LastModifiedDate",
            "/UserPool/MfaConfiguration",
            "/UserPool/Name",
            "/UserPool/Policies",
            "/UserPool/SchemaAttributes",
            "/UserPool/SmsConfiguration/SnsCallerArn",
            "/UserPool/SmsConfiguration/SnsRegion",
            "/UserPool/SmsConfiguration/EumsSms/CallerArn",
            "/UserPool/SmsConfiguration/EumsSms/Region",
            "/UserPool/UserAttributeUpdateSettings",
            "/UserPool/UserPoolAddOns",
            "/UserPool/UserPoolTier",
            "/UserPool/UsernameAttributes",
            "/UserPool/UsernameConfiguration",
            "/UserPool/VerificationMessageTemplate/DefaultEmailOption",
        ],
        digest: &["/UserPool/SmsConfiguration/ExternalId", "/UserPool/SmsConfiguration/EumsSms/ExternalId"],
        times: &["/UserPool/CreationDate", "/UserPool/LastModifiedDate"],
        secrets: "the external id of the SMS role",
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPool.html",
        ..COGNITO
    },
    Operation {
        name: "DescribeUserPoolClient",
        iam: &["cognito-idp:DescribeUserPoolClient"],
        asked: Asked::PrimaryAndSecondary,
        needs: &["cognito-idp:ListUserPoolClients"],
        keep: &[
            "/UserPoolClient/AccessTokenValidity",
            "/UserPoolClient/AllowedOAuthFlows",
            "/UserPoolClient/AllowedOAuthFlowsUserPoolClient",
            "/UserPoolClient/AllowedOAuthScopes",
            "/UserPoolClient/AuthSessionValidity",
            "/UserPoolClient/ClientId",
            "/UserPoolClient/ClientName",
            "/UserPoolClient/EnablePropagateAdditionalUserContextData",
            "/UserPoolClient/EnableTokenRevocation",
            "/UserPoolClient/ExplicitAuthFlows",
            "/UserPoolClient/IdTokenValidity",
            "/UserPoolClient/PreventUserExistenceErrors",
            "/UserPoolClient/ReadAttributes",
            "/UserPoolClient/RefreshTokenRotation",
            "/UserPoolClient/RefreshTokenValidity",
            "/UserPoolClient/SupportedIdentityProviders",
            "/UserPoolClient/TokenValidityUnits",
            "/UserPoolClient/UserPoolId",
            "/UserPoolClient/WriteAttributes",
        ],
        // A URL can carry a token.
        digest: &[
            "/UserPoolClient/CallbackURLs/*",
            "/UserPoolClient/DefaultRedirectURI",
            "/UserPoolClient/LogoutURLs/*",
        ],
        secrets: "the client secret; tokens in callback and logout URLs",
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPoolClient.html",
        ..COGNITO
    },
    Operation {
        name: "DescribeUserPoolDomain",
        iam: &["cognito-idp:DescribeUserPoolDomain"],
        needs: &["cognito-idp:DescribeUserPool"],
        keep: &[
            "/DomainDescription{}",
            "/DomainDescription/CloudFrontDistribution",
            "/DomainDescription/CustomDomainConfig",
            "/DomainDescription/Domain",
            "/DomainDescription/ManagedLoginVersion",
            "/DomainDescription/Routing",
            "/DomainDescription/Status",
            "/DomainDescription/UserPoolId",
        ],
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPoolDomain.html",
        ..COGNITO
    },
    Operation {
        name: "GetUserPoolMfaConfig",
        iam: &["cognito-idp:GetUserPoolMfaConfig"],
        asked: Asked::PrimaryAndSecondary,
        keep: &[
            "/EmailMfaConfiguration{}",
            "/MfaConfiguration",
            "/SmsMfaConfiguration{}",
            "/SmsMfaConfiguration/SmsConfiguration/SnsCallerArn",
            "/SmsMfaConfiguration/SmsConfiguration/SnsRegion",
            "/SoftwareTokenMfaConfiguration",
            "/WebAuthnConfiguration",
        ],
        digest: &["/SmsMfaConfiguration/SmsConfiguration/ExternalId"],
        secrets: "the external id of the SMS role, message texts",
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUserPoolMfaConfig.html",
        ..COGNITO
    },
    Operation {
        name: "ListIdentityProviders",
        iam: &["cognito-idp:ListIdentityProviders"],
        asked: Asked::PrimaryAndSecondary,
        items: Some("/Providers"),
        tokens: &["NextToken"],
        keep: &["/Providers/*/ProviderName", "/Providers/*/ProviderType"],
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListIdentityProviders.html",
        ..COGNITO
    },
    Operation {
        name: "ListUserImportJobs",
        iam: &["cognito-idp:ListUserImportJobs"],
        items: Some("/UserImportJobs"),
        tokens: &["PaginationToken"],
        keep: &["/UserImportJobs/*/JobId", "/UserImportJobs/*/Status", "/UserImportJobs/*/CreationDate"],
        times: &["/UserImportJobs/*/CreationDate"],
        secrets: "the pre-signed URL of the upload",
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserImportJobs.html",
        ..COGNITO
    },
    Operation {
        name: "ListUserPoolClients",
        iam: &["cognito-idp:ListUserPoolClients"],
        asked: Asked::PrimaryAndSecondary,
        items: Some("/UserPoolClients"),
        tokens: &["NextToken"],
        keep: &["/UserPoolClients/*/ClientId", "/UserPoolClients/*/ClientName"],
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserPoolClients.html",
        ..COGNITO
    },
    Operation {
        name: "ListUserPoolReplicas",
        iam: &["cognito-idp:ListUserPoolReplicas"],
        items: Some("/UserPoolReplicas"),
        tokens: &["NextToken"],
        keep: &["/UserPoolReplicas"],
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserPoolReplicas.html",
        ..COGNITO
    },
    Operation {
        name: "ListUserPools",
        iam: &["cognito-idp:ListUserPools"],
        asked: Asked::Region,
        needs: &[],
        items: Some("/UserPools"),
        tokens: &["NextToken"],
        keep: &["/UserPools/*/Id", "/UserPools/*/Name", "/UserPools/*/ReplicaRegions"],
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserPools.html",
        ..COGNITO
    },
    Operation {
        name: "DescribeIdentityProvider",
        iam: &["cognito-idp:DescribeIdentityProvider"],
        asked: Asked::PrimaryAndSecondary,
        needs: &["cognito-idp:ListIdentityProviders"],
        keep: &[
            "/IdentityProvider/AttributeMapping",
            "/IdentityProvider/IdpIdentifiers",
            "/IdentityProvider/ProviderDetails/authorize_scopes",
            "/IdentityProvider/ProviderDetails/oidc_issuer",
            "/IdentityProvider/ProviderName",
            "/IdentityProvider/ProviderType",
            "/IdentityProvider/UserPoolId",
        ],
        digest: &["/IdentityProvider/ProviderDetails/MetadataURL", "/IdentityProvider/ProviderDetails/client_id"],
        secrets: "the client secret or private key of the provider",
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeIdentityProvider.html",
        ..COGNITO
    },
    Operation {
        name: "DescribeRiskConfiguration",
        iam: &["cognito-idp:DescribeRiskConfiguration"],
        asked: Asked::PrimaryAndSecondary,
        keep: &[
            "/RiskConfiguration{}",
            "/RiskConfiguration/AccountTakeoverRiskConfiguration/Actions",
            "/RiskConfiguration/AccountTakeoverRiskConfiguration/NotifyConfiguration/SourceArn",
            "/RiskConfiguration/ClientId",
            "/RiskConfiguration/UserPoolId",
        ],
        secrets: "addresses, message texts, lists of IP addresses",
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeRiskConfiguration.html",
        ..COGNITO
    },
    Operation {
        name: "GetLogDeliveryConfiguration",
        iam: &["cognito-idp:GetLogDeliveryConfiguration"],
        asked: Asked::PrimaryAndSecondary,
        keep: &["/LogDeliveryConfiguration{}", "/LogDeliveryConfiguration/LogConfigurations"],
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetLogDeliveryConfiguration.html",
        ..COGNITO
    },
    Operation {
        name: "GetProvisionedLimit",
        iam: &["cognito-idp:GetProvisionedLimit"],
        asked: Asked::PoolRegions,
        needs: &[],
        keep: &["/Limit"],
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetProvisionedLimit.html",
        ..COGNITO
    },
    Operation {
        name: "GetSigningCertificate",
        iam: &["cognito-idp:GetSigningCertificate"],
        asked: Asked::PrimaryAndSecondary,
        digest: &["/Certificate"],
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetSigningCertificate.html",
        ..COGNITO
    },
    Operation {
        name: "ListResourceServers",
        iam: &["cognito-idp:ListResourceServers"],
        asked: Asked::PrimaryAndSecondary,
        items: Some("/ResourceServers"),
        tokens: &["NextToken"],
        keep: &[
            "/ResourceServers/*/Identifier",
            "/ResourceServers/*/Name",
            "/ResourceServers/*/Scopes",
            "/ResourceServers/*/UserPoolId",
        ],
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListResourceServers.html",
        ..COGNITO
    },
    Operation {
        name: "ListTagsForResource",
        iam: &["cognito-idp:ListTagsForResource"],
        asked: Asked::PrimaryAndSecondary,
        keep: &["/Tags{}"],
        digest: &["/Tags/*"],
        secrets: "tag values",
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListTagsForResource.html",
        ..COGNITO
    },
    Operation {
        name: "ListUsers",
        option: "--count-users",
        iam: &["cognito-idp:ListUsers"],
        items: Some("/Users"),
        tokens: &["PaginationToken"],
        keep: &["/Users/*/UserStatus"],
        secrets: "names and attributes of users",
        doc: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html",
        ..COGNITO
    },
];
