//! What the two Regions of a pool have to have alike: settings, web ACL, log export, tags, quotas, endpoints, users.

use super::Field;

/// The fields.
pub(super) const FIELDS: &[Field] = &[];
