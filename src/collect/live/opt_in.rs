//! Regions that an account has not turned on: how AWS's refusal there is told from one of the credentials.
//!
//! What such a Region means for a verdict is not said here.

use std::collections::BTreeSet;

use crate::snapshot::{Call, CallError, Entry, ErrorKind};

/// The Regions of the partition `aws` that every account has. All later ones are off until the account turns them on, so the
/// list is closed. Source: <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html>.
const ALWAYS_ON: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// What AWS answers where it does not know the account.
const NOT_KNOWN_THERE: [&str; 2] = ["UnrecognizedClientException", "InvalidClientTokenId"];
const IS_OFF: &str = "the Region is not turned on in this account: AWS takes the same credentials in other Regions";
const MAY_BE_OFF: &str = "the Region is not turned on in this account, or the session is of a kind that AWS takes in older \
    Regions only: take one from a Regional STS endpoint, or leave the Region out with --exclude";

fn is_optional(region: &str) -> bool {
    super::pools::partition(region) == "aws" && !ALWAYS_ON.contains(&region)
}

/// Of lists of pools: says which failed because the Region is off.
///
/// AWS answers there as if the credentials were wrong. That is proof only where they are right elsewhere, and right everywhere:
/// keys of a user, a session from a Regional endpoint, or one that another such Region took. Sessions of the first version,
/// from the global endpoint, are not. Source:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html>.
pub(super) fn name_regions_that_are_off(entries: &mut [Entry], valid_everywhere: bool) {
    let calls = || entries.iter().filter_map(|entry| if let Entry::Call(call) = entry { Some(call) } else { None });
    let answered: BTreeSet<&str> =
        calls().filter(|call| call.response.is_some()).map(|call| call.region.as_str()).collect();
    let proven = !answered.is_empty() && (valid_everywhere || answered.iter().any(|region| is_optional(region)));
    for entry in entries {
        if let Entry::Call(Call { service, operation, region, error: Some(error), .. }) = entry
            && (service.as_str(), operation.as_str()) == ("cognito-idp", "ListUserPools")
            && is_optional(region)
            && NOT_KNOWN_THERE.contains(&error.code.as_str())
        {
            let (kind, detail) = if proven { (ErrorKind::NotOffered, IS_OFF) } else { (ErrorKind::Failed, MAY_BE_OFF) };
            *error = CallError { kind, detail: Some(detail.to_owned()), ..error.clone() };
        }
    }
}
