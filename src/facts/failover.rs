//! `domain.*`, `health_check.*` and what else decides whether traffic can fail over.

use super::Field;

/// The fields.
pub(super) const FIELDS: &[Field] = &[];
