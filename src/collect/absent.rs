//! The twin of `live` in a build without AWS: the same door, and it is shut.

use super::{CollectError, Observer, Request};
use crate::snapshot::Snapshot;

/// Says that this build cannot collect.
pub(super) fn collect(_request: &Request, _observer: &mut dyn Observer) -> Result<Snapshot, CollectError> {
    Err(CollectError::NotInThisBuild)
}
