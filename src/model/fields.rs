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

impl std::fmt::Display for FieldType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Int => f.write_str("whole number"),
            Self::Text => f.write_str("text"),
            Self::Word(words) => f.write_str(&words.join(" | ")),
            Self::Time => f.write_str("instant"),
            Self::List(item) => write!(f, "list of {item}"),
            Self::Record(members) => {
                let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
                write!(f, "record of {}", names.join(", "))
            }
        }
    }
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

impl std::fmt::Display for Absence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown: nothing is documented"),
            Self::None => f.write_str("there is none, or it is off"),
            Self::Default(value) => write!(f, "{value}, as AWS documents"),
        }
    }
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

    /// Whether fields stand below this name, as `key.type` below `key`.
    fn is_root(&self, name: &str) -> bool {
        begins_a_name(&self.all(), name)
    }
}

/// Whether one of the fields, sorted by name, stands below this name.
pub fn begins_a_name(sorted: &[FieldSpec], name: &str) -> bool {
    // What begins with the name stands together, though other signs than the dot may come first in it.
    let from = sorted.partition_point(|spec| spec.name < name);
    let mut below = sorted[from..].iter().map_while(|spec| spec.name.strip_prefix(name));
    below.any(|rest| rest.starts_with('.'))
}
