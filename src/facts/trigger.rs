//! `trigger.*`: the Lambda triggers of a pool, each with its function in the replica Region.

use super::Field;

/// The fields.
pub(super) const FIELDS: &[Field] = &[];

use super::{ChildField, Children, PoolView};
use crate::model::Listed;

/// The fields of one trigger.
pub(super) const CHILD_FIELDS: &[ChildField] = &[];

/// The triggers that are set in either Region.
pub(super) fn of(_view: &PoolView<'_>) -> Children {
    Children { found: Listed::complete(Vec::new()), searched: Vec::new() }
}
