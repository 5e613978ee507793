//! What is known of a thing: a value, its documented absence, or the cause why not; and where that was read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cause, Truth};

/// A value that AWS gave, left out, or that we could not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed<T> {
    /// AWS answered with this.
    Known(T),
    /// AWS answered and left it out.
    Absent,
    /// We cannot tell, and why.
    Unknown(Cause),
}

impl<T> Observed<T> {
    /// Applies `f` to a known value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Observed<U> {
        match self {
            Self::Known(value) => Observed::Known(f(value)),
            Self::Absent => Observed::Absent,
            Self::Unknown(cause) => Observed::Unknown(cause),
        }
    }

    /// Follows a known value to the next observation.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Observed<U>) -> Observed<U> {
        match self {
            Self::Known(value) => f(value),
            Self::Absent => Observed::Absent,
            Self::Unknown(cause) => Observed::Unknown(cause),
        }
    }

    /// The known value.
    pub fn known(&self) -> Option<&T> {
        if let Self::Known(value) = self { Some(value) } else { None }
    }

    /// The cause, if it is unknown.
    pub fn cause(&self) -> Option<&Cause> {
        if let Self::Unknown(cause) = self { Some(cause) } else { None }
    }

    /// Borrows what is inside.
    pub fn as_ref(&self) -> Observed<&T> {
        match self {
            Self::Known(value) => Observed::Known(value),
            Self::Absent => Observed::Absent,
            Self::Unknown(cause) => Observed::Unknown(cause.clone()),
        }
    }
}

/// A list that may be incomplete: pages denied, places not searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// What was seen.
    pub items: Vec<T>,
    /// Why there may be more; `None` means the list is complete.
    pub incomplete: Option<Cause>,
}

impl<T> Listed<T> {
    /// A list known to be whole.
    pub fn complete(items: Vec<T>) -> Self {
        Self { items, incomplete: None }
    }

    /// True if one item holds; false only if the list is complete.
    pub fn any(&self, mut f: impl FnMut(&T) -> Truth) -> Truth {
        let seen = self.items.iter().fold(Truth::False, |truth, item| truth.or(f(item)));
        seen.or(if self.incomplete.is_some() { Truth::Unknown } else { Truth::False })
    }

    /// False if one item fails; true only if the list is complete.
    pub fn all(&self, mut f: impl FnMut(&T) -> Truth) -> Truth {
        self.any(|item| f(item).negate()).negate()
    }
}

/// A member-by-member view of a compound value.
pub type Record = BTreeMap<String, Observed<Value>>;

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number, its unit being said in the field's documentation.
    Int(i64),
    /// A string, or a word of the field's vocabulary.
    Text(String),
    /// An instant.
    Time(Timestamp),
    /// A list, perhaps incomplete.
    List(Listed<Value>),
    /// A compound value, for `for_each`.
    Record(Record),
}

impl Value {
    /// The string, or the word.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Time(value)
    }
}

impl From<Listed<String>> for Value {
    fn from(list: Listed<String>) -> Self {
        let Listed { items, incomplete } = list;
        Self::List(Listed { items: items.into_iter().map(Self::Text).collect(), incomplete })
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::Time(value) => write!(f, "{value}"),
            Self::List(list) => {
                if list.items.is_empty() && list.incomplete.is_none() {
                    f.write_str("none")?;
                }
                for (index, item) in list.items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                match &list.incomplete {
                    Some(_) if list.items.is_empty() => f.write_str("‹unknown›"),
                    Some(_) => f.write_str(" and perhaps more"),
                    None => Ok(()),
                }
            }
            Self::Record(record) => {
                let mut first = true;
                for (name, value) in record {
                    if let Observed::Known(value) = value {
                        write!(f, "{}{name}={value}", if first { "" } else { " " })?;
                        first = false;
                    }
                }
                Ok(())
            }
        }
    }
}

/// Where a value was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Source {
    /// A member of the answer to an AWS call.
    Call {
        /// `service:Operation`.
        call: String,
        /// The Region asked.
        region: String,
        /// The parameters that tell the answer apart from others to the same call; the pool's id is left out.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        parameters: BTreeMap<String, String>,
        /// JSON pointer into the answer in its normal form; of a list, over all its pages.
        pointer: String,
    },
    /// A place in a template or a file.
    Place {
        /// The stack or the file.
        file: String,
        /// Line from 1, where the text has lines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// Column from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<u32>,
        /// JSON pointer or property path.
        path: String,
    },
    /// An option of the run.
    Option {
        /// The option's name.
        name: String,
    },
    /// A table of the tool.
    Table {
        /// The table's file.
        name: String,
        /// The day on which it was true.
        as_of: String,
    },
}

impl Source {
    /// In the place of a source that nobody wants to know; costs nothing, and stands in no report.
    pub fn none() -> Self {
        Self::Option { name: String::new() }
    }

    /// A member of the answers to a call, or of the one answer to it in a Region.
    pub fn call(call: &str, region: &str, pointer: &str) -> Self {
        Self::Call {
            call: call.to_owned(),
            region: region.to_owned(),
            parameters: BTreeMap::new(),
            pointer: pointer.to_owned(),
        }
    }
}

/// An observation with its provenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What is known.
    pub value: Observed<Value>,
    /// Where it was read, sorted.
    pub sources: Vec<Source>,
}

impl Fact {
    /// A known value from these places.
    pub fn known(value: impl Into<Value>, sources: Vec<Source>) -> Self {
        Self { value: Observed::Known(value.into()), sources }
    }

    /// A value that is not known.
    pub fn unknown(cause: Cause, sources: Vec<Source>) -> Self {
        Self { value: Observed::Unknown(cause), sources }
    }

    /// A value that AWS left out.
    pub fn absent(sources: Vec<Source>) -> Self {
        Self { value: Observed::Absent, sources }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_list_never_says_all() {
        let mut list = Listed::complete(vec![1, 2]);
        assert_eq!(list.all(|n| Truth::from(*n > 0)), Truth::True);
        assert_eq!(list.any(|n| Truth::from(*n > 2)), Truth::False);
        list.incomplete = Some(Cause::NoTargetRegion);
        assert_eq!(list.all(|n| Truth::from(*n > 0)), Truth::Unknown);
        assert_eq!(list.all(|n| Truth::from(*n > 1)), Truth::False);
        assert_eq!(list.any(|n| Truth::from(*n > 2)), Truth::Unknown);
        assert_eq!(list.any(|n| Truth::from(*n > 1)), Truth::True);
    }
}
