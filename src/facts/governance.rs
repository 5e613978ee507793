//! Who may do it, what it costs, who owns the pool.

use super::Field;

/// The fields.
pub(super) const FIELDS: &[Field] = &[];
