//! The operations by which a run finds and enters accounts. They are the caller's; the roles in the accounts need none of them.

use super::{Asked, BASE, Operation, Protocol};

/// What the identity asks that a run starts with, to find accounts and to enter them; sorted.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        service: "organizations",
        name: "ListAccounts",
        option: "--org-role",
        asked: Asked::Caller,
        iam: &["organizations:ListAccounts"],
        items: Some("/Accounts"),
        tokens: &["NextToken"],
        // `State` takes the place of `Status`.
        keep: &["/Accounts/*/Id", "/Accounts/*/State", "/Accounts/*/Status"],
        secrets: "names and mail addresses of accounts",
        doc: "https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html",
        ..BASE
    },
    Operation {
        service: "sts",
        name: "AssumeRole",
        option: "--role-arn, --org-role",
        asked: Asked::Caller,
        iam: &["sts:AssumeRole"],
        resources: &["arn:aws:iam::*:role/mrready-read-only"],
        protocol: Protocol::Query,
        // Only a refusal or a failure becomes an entry.
        keep: &["/PackedPolicySize"],
        secrets: "the credentials of the session, its name and the external id",
        doc: "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
        ..BASE
    },
];
