//! What Cloud Control reads: one row per type of resource, and from it two operations, the list and the single read.
//!
//! Property names are CloudFormation's. A type whose read handler wants more than read access is not here. Which calls a
//! row needs is in CloudFormation's published schemas, `handlers.list` and `handlers.read`.

use super::{Asked, BASE, Operation};

/// A type of resource that Cloud Control lists and reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceType {
    /// CloudFormation's name of the type.
    pub name: &'static str,
    /// The type whose resources are listed first, and the property of the list's model that names one of them.
    pub parent: Option<(&'static str, &'static str)>,
    /// Whether it is the same in every Region; then it is asked in us-east-1.
    pub global: bool,
    /// The properties without one of which an item of the list is read by itself: lists may hold identifiers only.
    pub wanted: &'static [&'static str],
}

macro_rules! resource_types {
    ($($name:literal, $parent:expr, $global:literal, $asked:ident, wanted [$($wanted:literal),*], keep [$($keep:literal),*],
       list [$($list:literal),*], read [$($read:literal),*], $secrets:literal;)*) => {
        /// Every type, sorted by name.
        pub const RESOURCE_TYPES: &[ResourceType] = &[
            $(ResourceType { name: $name, parent: $parent, global: $global, wanted: &[$($wanted),*] },)*
        ];
        /// In any order; the table sorts.
        pub(super) const OPERATIONS: &[Operation] = &[
            $(
                Operation {
                    service: "cloudcontrol",
                    name: "ListResources",
                    resource_type: $name,
                    iam: &["cloudformation:ListResources", $($list),*],
                    asked: Asked::$asked,
                    items: Some("/ResourceDescriptions"),
                    tokens: &["NextToken"],
                    keep: &[
                        "/ResourceDescriptions/*/Identifier",
                        $(concat!("/ResourceDescriptions/*/Properties/", $keep)),*
                    ],
                    secrets: $secrets,
                    doc: "https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_ListResources.html",
                    ..BASE
                },
                Operation {
                    service: "cloudcontrol",
                    name: "GetResource",
                    resource_type: $name,
                    iam: &["cloudformation:GetResource", $($read),*],
                    asked: Asked::$asked,
                    needs: &[concat!("cloudcontrol:ListResources ", $name)],
                    keep: &[
                        "/ResourceDescription/Identifier",
                        $(concat!("/ResourceDescription/Properties/", $keep)),*
                    ],
                    secrets: $secrets,
                    doc: "https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_GetResource.html",
                    ..BASE
                },
            )*
        ];
    };
}

resource_types! {
    "AWS::EC2::VPCEndpoint", None, false, PoolRegions,
        wanted ["ServiceName"], keep ["ServiceName", "State", "VpcEndpointType", "VpcId"],
        list ["ec2:DescribeVpcEndpoints"], read ["ec2:DescribeVpcEndpoints"], "endpoint policies";
}

/// The row of this type.
pub fn resource_type(name: &str) -> Option<&'static ResourceType> {
    RESOURCE_TYPES.iter().find(|row| row.name == name)
}
