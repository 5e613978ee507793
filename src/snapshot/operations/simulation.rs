//! How the permissions of the role that will run the migration are asked for: the parameters of `SimulatePrincipalPolicy`,
//! the same for whoever asks and whoever reads the answer. What the answer means is not said here.

use serde_json::{Value, json};

/// IAM is one service for all Regions of the partition `aws`, and is asked here.
pub const IAM_REGION: &str = "us-east-1";

/// What the migration does to the pool in its primary Region.
///
/// What it does to keys is left out: a key's own policy may allow it, and a simulation for a role does not read that.
pub const REPLICATE_ACTIONS: [&str; 3] =
    ["cognito-idp:CreateUserPoolReplica", "cognito-idp:UpdateUserPool", "cognito-idp:UpdateUserPoolReplica"];

/// What is presumed to be checked in the replica Region when the replica is created. It has no resource of its own.
pub const REPLICA_REGION_ACTIONS: [&str; 1] = ["cognito-idp:CreateUserPool"];

/// `ContextEntries`: the Region that is asked about, which is never the one that IAM is asked in.
pub fn requested_region(region: &str) -> Value {
    json!([{
        "ContextKeyName": "aws:RequestedRegion",
        "ContextKeyType": "string",
        "ContextKeyValues": [region]
    }])
}
