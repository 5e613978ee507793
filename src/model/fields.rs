//! What rules may ask: the fields, their types and vocabularies. The facts implement it; the rule loader checks against it.

use super::SubjectKind;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// Any string.
    Text,
    /// One of these words; anything else AWS may answer is unknown (unrecognised).
    Word(&'static [&'static str]),
    /// An instant.
    Time,
    /// A list of such values.
    List(&'static FieldType),
    /// Named members, for `for_each`.
    Record(&'static [(&'static str, FieldType)]),
}

/// What it means that AWS leaves a member out of an answered call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// Nothing is documented: unknown.
    Unknown,
    /// None or off: `present` is false, every positive comparison is false.
    None,
    /// A documented default: these are the same as AWS saying so. Text form of the value; `[]` for an empty list.
    Default(&'static str),
}

/// One field that rules may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// Dotted name, such as `pool.tier`.
    pub name: &'static str,
    /// Its type.
    pub ty: FieldType,
    /// What absence means.
    pub absent: Absence,
    /// The calls it is read from, `service:Operation`.
    pub calls: &'static [&'static str],
    /// One line: what it is, with its unit.
    pub doc: &'static str,
}

/// The fields that exist.
pub trait Fields {
    /// All fields, sorted by name.
    fn all(&self) -> Vec<FieldSpec>;

    /// The field of this name if rules on this kind of subject see it.
    fn field(&self, subject: SubjectKind, name: &str) -> Option<FieldSpec>;
}
