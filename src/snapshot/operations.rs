//! The table of operations: every call this tool makes, what permission it needs and what of its answer is kept.
//!
//! The IAM policy, the evidence documentation, the admission of answers and the causes of UNKNOWN are all read from
//! here. Adding a call is one entry here and one line in `collect`. Nothing here asks AWS.
//!
//! Patterns are JSON pointers into the normal form, `*` standing for any index. A pattern keeps the whole subtree
//! below it; one that ends in `{}` keeps only that the object is there. Operations that can return secrets name leaves.

/// How the answer is written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0 or 1.1: member names as in the model, times as epoch seconds.
    AwsJson,
    /// API Gateway V1: lower-case members, lists of the model's `items` written as `item`.
    RestJson,
    /// API Gateway V2: the model's `ApiId` written as `apiId`.
    RestJsonCamel,
    /// Query: XML, lists as `member` elements.
    Query,
}

/// In which Region, and for what, an operation is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Once per account.
    Account,
    /// Once per pool Region in scope.
    Region,
    /// Per pool in its primary Region.
    Primary,
    /// Per pool in its primary Region, and in the Region of its replica where there is one.
    PrimaryAndSecondary,
    /// Per key in the primary Region, and in the replica Region where the key has a replica.
    Key,
    /// In every Region that is searched for consumers of tokens.
    Consumers,
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The service, as in IAM and the AWS CLI.
    pub service: &'static str,
    /// The operation, in the API's spelling.
    pub name: &'static str,
    /// The IAM actions the caller needs.
    pub iam: &'static [&'static str],
    /// The resources that these actions can be limited to; `*` where there is no narrower one.
    pub resources: &'static [&'static str],
    /// Where it is asked.
    pub asked: Asked,
    /// The operations whose answers give its parameters.
    pub needs: &'static [&'static str],
    /// How its answer is written.
    pub protocol: Protocol,
    /// The list that is paged, as a pointer; `None` for an operation without pages.
    pub items: Option<&'static str>,
    /// The members of the answer that hold the token of the next page.
    pub tokens: &'static [&'static str],
    /// What is kept.
    pub keep: &'static [&'static str],
    /// What is kept as a digest only, to compare two Regions.
    pub digest: &'static [&'static str],
    /// What is searched for issuer references and then dropped.
    pub hits: &'static [&'static str],
    /// Members that are instants.
    pub times: &'static [&'static str],
    /// What secret the answer can hold, for the security review; all of it is dropped.
    pub secrets: &'static str,
    /// Where AWS describes it.
    pub doc: &'static str,
}

impl Operation {
    /// `service:Operation`.
    pub fn call(&self) -> String {
        format!("{}:{}", self.service, self.name)
    }
}

/// The operation of this name.
pub fn find(service: &str, name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.service == service && operation.name == name)
}

/// The operation of this `service:Operation`.
pub fn find_call(call: &str) -> Option<&'static Operation> {
    let (service, name) = call.split_once(':')?;
    find(service, name)
}

const BASE: Operation = Operation {
    service: "",
    name: "",
    iam: &[],
    resources: &["*"],
    asked: Asked::Primary,
    needs: &[],
    protocol: Protocol::AwsJson,
    items: None,
    tokens: &[],
    keep: &[],
    digest: &[],
    hits: &[],
    times: &[],
    secrets: "",
    doc: "",
};

const COGNITO: Operation = Operation { service: "cognito-idp", needs: &["cognito-idp:ListUserPools"], ..BASE };
const KMS: Operation =
    Operation { service: "kms", asked: Asked::Key, needs: &["cognito-idp:DescribeUserPool"], ..BASE };
const REST: Operation = Operation {
    service: "apigateway",
    iam: &["apigateway:GET"],
    asked: Asked::Consumers,
    protocol: Protocol::RestJson,
    items: Some("/items"),
    tokens: &["position"],
    ..BASE
};
const HTTP: Operation = Operation {
    service: "apigatewayv2",
    iam: &["apigateway:GET"],
    asked: Asked::Consumers,
    protocol: Protocol::RestJsonCamel,
    items: Some("/Items"),
    tokens: &["NextToken"],
    ..BASE
};
const STACKS: Operation = Operation {
    service: "cloudformation",
    asked: Asked::Consumers,
    protocol: Protocol::Query,
    tokens: &["NextToken"],
    ..BASE
};

/// Every operation, sorted by service and name.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "GetAuthorizers",
        resources: &["arn:aws:apigateway:*::/restapis/*/authorizers"],
        needs: &["apigateway:GetRestApis"],
        keep: &[
            "/items/*/id",
            "/items/*/name",
            "/items/*/type",
            "/items/*/providerARNs",
            "/items/*/authorizerUri",
            "/items/*/jwtConfiguration",
        ],
        doc: "https://docs.aws.amazon.com/apigateway/latest/api/API_GetAuthorizers.html",
        ..REST
    },
    Operation {
        name: "GetRestApis",
        resources: &["arn:aws:apigateway:*::/restapis"],
        keep: &["/items/*/id", "/items/*/name"],
        secrets: "resource policies",
        doc: "https://docs.aws.amazon.com/apigateway/latest/api/API_GetRestApis.html",
        ..REST
    },
    Operation {
        name: "GetApis",
        resources: &["arn:aws:apigateway:*::/apis"],
        keep: &["/Items/*/ApiId", "/Items/*/Name", "/Items/*/ProtocolType"],
        doc: "https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html",
        ..HTTP
    },
    Operation {
        name: "GetAuthorizers",
        resources: &["arn:aws:apigateway:*::/apis/*/authorizers"],
        needs: &["apigatewayv2:GetApis"],
        keep: &[
            "/Items/*/AuthorizerId",
            "/Items/*/Name",
            "/Items/*/AuthorizerType",
            "/Items/*/AuthorizerUri",
            "/Items/*/JwtConfiguration",
        ],
        doc: "https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html",
        ..HTTP
    },
    Operation {
        name: "GetRoutes",
        resources: &["arn:aws:apigateway:*::/apis/*/routes"],
        needs: &["apigatewayv2:GetApis"],
        keep: &["/Items/*/RouteId", "/Items/*/RouteKey", "/Items/*/AuthorizationType", "/Items/*/AuthorizerId"],
        doc: "https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html",
        ..HTTP
    },
    Operation {
        name: "DescribeStacks",
        iam: &["cloudformation:DescribeStacks"],
        items: Some("/Stacks"),
        keep: &[
            "/Stacks/*/StackId",
            "/Stacks/*/StackName",
            "/Stacks/*/StackStatus",
            "/Stacks/*/Outputs/*/OutputKey",
            "/Stacks/*/Outputs/*/ExportName",
        ],
        hits: &["/Stacks/*/Outputs/*/OutputValue"],
        secrets: "parameter and output values",
        doc: "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html",
        ..STACKS
    },
    Operation {
        name: "GetTemplate",
        iam: &["cloudformation:GetTemplate"],
        needs: &["cloudformation:ListStacks"],
        tokens: &[],
        keep: &["/StagesAvailable"],
        hits: &["/TemplateBody"],
        secrets: "template text",
        doc: "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html",
        ..STACKS
    },
    Operation {
        name: "ListExports",
        iam: &["cloudformation:ListExports"],
        items: Some("/Exports"),
        keep: &["/Exports/*/Name", "/Exports/*/ExportingStackId"],
        hits: &["/Exports/*/Value"],
        secrets: "export values",
        doc: "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListExports.html",
        ..STACKS
    },
    Operation {
        name: "ListStackResources",
        iam: &["cloudformation:ListStackResources"],
        needs: &["cloudformation:ListStacks"],
        items: Some("/StackResourceSummaries"),
        keep: &[
            "/StackResourceSummaries/*/LogicalResourceId",
            "/StackResourceSummaries/*/PhysicalResourceId",
            "/StackResourceSummaries/*/ResourceType",
        ],
        secrets: "physical ids of resources other than Cognito's",
        doc: "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html",
        ..STACKS
    },
    Operation {
        name: "ListStacks",
        iam: &["cloudformation:ListStacks"],
        items: Some("/StackSummaries"),
        keep: &["/StackSummaries/*/StackId", "/StackSummaries/*/StackName", "/StackSummaries/*/StackStatus"],
        doc: "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html",
        ..STACKS
    },
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
            "/UserPool/SmsConfiguration/SnsCallerArn",
            "/UserPool/SmsConfiguration/SnsRegion",
            "/UserPool/SmsConfiguration/EumsSms/CallerArn",
            "/UserPool/SmsConfiguration/EumsSms/Region",
            "/UserPool/UserPoolAddOns",
            "/UserPool/UserPoolTier",
            "/UserPool/UsernameAttributes",
            "/UserPool/UsernameConfiguration",
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
        needs: &["cognito-idp:ListUserPoolClients"],
        keep: &[
            "/UserPoolClient/AccessTokenValidity",
            "/UserPoolClient/AllowedOAuthFlows",
            "/UserPoolClient/AllowedOAuthFlowsUserPoolClient",
            "/UserPoolClient/AllowedOAuthScopes",
            "/UserPoolClient/ClientId",
            "/UserPoolClient/ClientName",
            "/UserPoolClient/EnableTokenRevocation",
            "/UserPoolClient/ExplicitAuthFlows",
            "/UserPoolClient/IdTokenValidity",
            "/UserPoolClient/RefreshTokenRotation",
            "/UserPoolClient/RefreshTokenValidity",
            "/UserPoolClient/SupportedIdentityProviders",
            "/UserPoolClient/TokenValidityUnits",
            "/UserPoolClient/UserPoolId",
        ],
        secrets: "the client secret",
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
        name: "DescribeKey",
        iam: &["kms:DescribeKey"],
        keep: &[
            "/KeyMetadata/AWSAccountId",
            "/KeyMetadata/Arn",
            "/KeyMetadata/CreationDate",
            "/KeyMetadata/DeletionDate",
            "/KeyMetadata/Enabled",
            "/KeyMetadata/KeyId",
            "/KeyMetadata/KeyManager",
            "/KeyMetadata/KeySpec",
            "/KeyMetadata/KeyState",
            "/KeyMetadata/KeyUsage",
            "/KeyMetadata/MultiRegion",
            "/KeyMetadata/MultiRegionConfiguration",
            "/KeyMetadata/Origin",
            "/KeyMetadata/PendingDeletionWindowInDays",
            "/KeyMetadata/ValidTo",
        ],
        times: &["/KeyMetadata/CreationDate", "/KeyMetadata/DeletionDate", "/KeyMetadata/ValidTo"],
        doc: "https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html",
        ..KMS
    },
    Operation {
        name: "GetKeyPolicy",
        iam: &["kms:GetKeyPolicy"],
        keep: &["/Policy"],
        doc: "https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html",
        ..KMS
    },
    Operation {
        service: "sts",
        name: "GetCallerIdentity",
        asked: Asked::Account,
        protocol: Protocol::Query,
        keep: &["/Account", "/Arn"],
        secrets: "the session name, which is cut off the ARN",
        doc: "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
        ..BASE
    },
];

/// Every status a stack can have, but `DELETE_COMPLETE`: without a filter `ListStacks` also returns stacks deleted in the
/// last 90 days. Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSummary.html>.
pub const LIVE_STACK_STATUSES: &[&str] = &[
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "CREATE_COMPLETE",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "IMPORT_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_COMPLETE",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_unique_and_complete() {
        let names: Vec<_> = OPERATIONS.iter().map(|o| (o.service, o.name)).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
        for operation in OPERATIONS {
            assert!(operation.doc.starts_with("https://docs.aws.amazon.com/"), "{}", operation.call());
            assert!(!operation.keep.is_empty(), "{}", operation.call());
            assert_eq!(operation.items.is_some(), !operation.tokens.is_empty(), "{}", operation.call());
            for need in operation.needs {
                assert!(find_call(need).is_some(), "{need}");
            }
            for pattern in operation.keep.iter().chain(operation.digest).chain(operation.hits).chain(operation.times) {
                assert!(pattern.starts_with('/') && !pattern.ends_with('/'), "{pattern}");
            }
        }
    }

    #[test]
    fn no_operation_writes_bills_or_counts_a_user() {
        for operation in OPERATIONS {
            assert!(
                ["Describe", "Get", "List"].iter().any(|verb| operation.name.starts_with(verb)),
                "{}",
                operation.call()
            );
            assert!(!operation.name.starts_with("AdminGetUser"));
            assert_ne!(operation.name, "ListUserPoolClientSecrets");
        }
    }
}
