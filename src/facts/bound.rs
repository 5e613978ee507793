//! Services that take a pool's tokens, as Cloud Control describes them.

use super::Field;

/// The fields.
pub(super) const FIELDS: &[Field] = &[];

use super::{ChildField, Children, PoolView};
use crate::model::{Listed, SubjectKind};

/// The fields of one consumer.
pub(super) const CHILD_FIELDS: &[ChildField] = &[];

/// The consumers of a kind.
pub(super) fn of(_view: &PoolView<'_>, _kind: SubjectKind) -> Children {
    Children { found: Listed::complete(Vec::new()), searched: Vec::new() }
}
