//! The operations whose answers are searched for issuers in free text: environment variables, trust policies, parameters,
//! build specifications. Of the text only what matches leaves the process.
//!
//! Not here: templates and outputs of stacks (`consumers`), and settings that are an issuer by their name (`resource_types`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, BASE, Operation, Protocol};

/// The most search domains of one question.
/// Source: <https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DescribeDomains.html>.
pub const DOMAINS_AT_ONCE: usize = 5;
/// The most build projects of one question.
/// Source: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetProjects.html>.
pub const PROJECTS_AT_ONCE: usize = 100;

/// Of each family of task definitions the newest revision, by what their ARNs end in: those that are read.
pub fn newest_revisions(arns: BTreeSet<String>) -> BTreeSet<String> {
    let mut newest: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for arn in arns {
        let (family, revision) = match arn.rsplit_once(':') {
            Some((family, revision)) => (family.to_owned(), revision.parse().unwrap_or(0)),
            None => (arn.clone(), 0),
        };
        let held = newest.entry(family).or_insert_with(|| (revision, arn.clone()));
        if held.0 < revision {
            *held = (revision, arn);
        }
    }
    newest.into_values().map(|(_, arn)| arn).collect()
}

const LAMBDA: Operation = Operation { service: "lambda", asked: Asked::Consumers, ..BASE };
const OPENSEARCH: Operation = Operation { service: "opensearch", asked: Asked::Consumers, ..BASE };
const CODEBUILD: Operation =
    Operation { service: "codebuild", option: "--search codebuild", asked: Asked::Consumers, ..BASE };
const ECS: Operation = Operation {
    service: "cloudcontrol",
    resource_type: "AWS::ECS::TaskDefinition",
    option: "--search ecs",
    asked: Asked::Consumers,
    ..BASE
};
const SSM: Operation = Operation {
    service: "cloudcontrol",
    resource_type: "AWS::SSM::Parameter",
    option: "--search ssm",
    asked: Asked::Consumers,
    ..BASE
};
const LIST: &str = "https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_ListResources.html";
const GET: &str = "https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_GetResource.html";

/// In any order; the table sorts.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "ListFunctions",
        iam: &["lambda:ListFunctions"],
        items: Some("/Functions"),
        tokens: &["NextMarker"],
        keep: &["/Functions/*/Environment/Error/ErrorCode", "/Functions/*/FunctionArn", "/Functions/*/PackageType"],
        hits: &["/Functions/*/Environment/Variables/*"],
        secrets: "environment variables",
        doc: "https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html",
        ..LAMBDA
    },
    Operation {
        name: "GetFunction",
        option: "--search lambda-code",
        iam: &["lambda:GetFunction"],
        resources: &["arn:aws:lambda:*:*:function:*"],
        needs: &["lambda:ListFunctions"],
        keep: &["/Configuration/CodeSha256", "/Configuration/CodeSize", "/Configuration/FunctionArn"],
        hits: &["/Code/Location"],
        secrets: "environment variables, and a link to the code, which is followed, searched and dropped",
        doc: "https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html",
        ..LAMBDA
    },
    Operation {
        service: "iam",
        name: "ListRoles",
        iam: &["iam:ListRoles"],
        asked: Asked::Account,
        protocol: Protocol::Query,
        items: Some("/Roles"),
        tokens: &["Marker"],
        keep: &["/Roles/*/Arn"],
        hits: &["/Roles/*/AssumeRolePolicyDocument"],
        secrets: "external ids in trust policies",
        doc: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html",
        ..BASE
    },
    Operation {
        name: "ListDomainNames",
        iam: &["es:ListDomainNames"],
        keep: &["/DomainNames/*/DomainName"],
        doc: "https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_ListDomainNames.html",
        ..OPENSEARCH
    },
    Operation {
        name: "DescribeDomains",
        iam: &["es:DescribeDomains"],
        resources: &["arn:aws:es:*:*:domain/*"],
        needs: &["opensearch:ListDomainNames"],
        keep: &[
            "/DomainStatusList/*/ARN",
            "/DomainStatusList/*/CognitoOptions/Enabled",
            "/DomainStatusList/*/CognitoOptions/UserPoolId",
            "/DomainStatusList/*/DomainName",
        ],
        hits: &["/DomainStatusList/*/AdvancedSecurityOptions/JWTOptions/JwksUrl"],
        secrets: "access policies and the public key of token verification",
        doc: "https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DescribeDomains.html",
        ..OPENSEARCH
    },
    Operation {
        name: "ListProjects",
        iam: &["codebuild:ListProjects"],
        items: Some("/projects"),
        tokens: &["nextToken"],
        keep: &["/projects"],
        doc: "https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ListProjects.html",
        ..CODEBUILD
    },
    Operation {
        name: "BatchGetProjects",
        iam: &["codebuild:BatchGetProjects"],
        resources: &["arn:aws:codebuild:*:*:project/*"],
        needs: &["codebuild:ListProjects"],
        keep: &["/projects/*/arn", "/projects/*/name"],
        hits: &["/projects/*/environment/environmentVariables/*/value", "/projects/*/source/buildspec"],
        secrets: "environment variables, build specifications and credentials of sources",
        doc: "https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetProjects.html",
        ..CODEBUILD
    },
    Operation {
        name: "ListResources",
        iam: &["cloudformation:ListResources", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"],
        items: Some("/ResourceDescriptions"),
        tokens: &["NextToken"],
        keep: &["/ResourceDescriptions/*/Identifier"],
        secrets: "environment variables of containers",
        doc: LIST,
        ..ECS
    },
    Operation {
        name: "GetResource",
        iam: &["cloudformation:GetResource", "ecs:DescribeTaskDefinition"],
        needs: &["cloudcontrol:ListResources AWS::ECS::TaskDefinition"],
        keep: &["/ResourceDescription/Identifier", "/ResourceDescription/Properties/TaskDefinitionArn"],
        hits: &[
            "/ResourceDescription/Properties/ContainerDefinitions/*/Command/*",
            "/ResourceDescription/Properties/ContainerDefinitions/*/DockerLabels/*",
            "/ResourceDescription/Properties/ContainerDefinitions/*/EntryPoint/*",
            "/ResourceDescription/Properties/ContainerDefinitions/*/Environment/*/Value",
        ],
        secrets: "environment variables and commands of containers",
        doc: GET,
        ..ECS
    },
    Operation {
        name: "ListResources",
        iam: &["cloudformation:ListResources", "ssm:DescribeParameters"],
        items: Some("/ResourceDescriptions"),
        tokens: &["NextToken"],
        keep: &["/ResourceDescriptions/*/Identifier"],
        secrets: "",
        doc: LIST,
        ..SSM
    },
    Operation {
        name: "GetResource",
        iam: &["cloudformation:GetResource", "ssm:GetParameters", "ssm:ListTagsForResource"],
        needs: &["cloudcontrol:ListResources AWS::SSM::Parameter"],
        keep: &["/ResourceDescription/Identifier"],
        hits: &["/ResourceDescription/Properties/Value"],
        secrets: "values of parameters",
        doc: GET,
        ..SSM
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_family_only_the_newest_revision_is_read() {
        let arns = ["arn:a:9", "arn:a:10", "arn:b:1", "odd"].map(str::to_owned);
        let newest: Vec<String> = newest_revisions(arns.into()).into_iter().collect();
        assert_eq!(newest, ["arn:a:10", "arn:b:1", "odd"]);
    }
}
