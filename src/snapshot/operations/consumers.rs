//! The operations that find who verifies tokens: APIs and stacks.
//!
//! Not here: the long tail of services, which Cloud Control reads (`resource_types`).

use super::{Asked, BASE, Operation, Protocol};

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

/// In any order; the table sorts.
pub(super) const OPERATIONS: &[Operation] = &[
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
        secrets: "physical ids of resources other than Cognito's, unless they are the id of a pool",
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
