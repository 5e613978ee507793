//! The twin of `live` in a build without AWS: the same doors, and they are shut.

use std::time::Duration;

use super::{CollectError, Keep, Observer, Request};
use crate::snapshot::Snapshot;

/// Says that this build cannot collect.
pub(super) fn collect(_request: &Request, _observer: &mut dyn Observer) -> Result<Snapshot, CollectError> {
    Err(CollectError::NotInThisBuild)
}

/// Says that this build cannot collect.
pub(super) fn collect_accounts(
    _request: &Request,
    _observer: &mut dyn Observer,
    _keep: &mut Keep<'_>,
) -> Result<(), CollectError> {
    Err(CollectError::NotInThisBuild)
}

/// There is nothing to wait for.
pub(super) fn pause(_duration: Duration) -> Result<(), CollectError> {
    Err(CollectError::NotInThisBuild)
}
