//! Evaluated strings whose parts know where they were written.
//!
//! Not here: how expressions are evaluated (`eval`), and what the strings mean (`visit`).

use std::ops::Range;

/// The most alternatives a value is followed into.
pub(super) const MAX_ALTERNATIVES: usize = 6;

/// Why a part of a string is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It was written.
    Written,
    /// It could not be decided.
    Hole,
    /// It is a pool's `endpoint`.
    Attribute,
    /// It is named as if it were one: another module's output, a variable.
    Named,
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) kind: Kind,
    /// The file of the module.
    pub(super) file: usize,
    /// Where in the file, in bytes.
    pub(super) at: Range<usize>,
    /// What stands there: a name, never a value.
    pub(super) name: String,
    /// Whether it came through a local or a variable.
    pub(super) via: bool,
    /// Whether an element of a list begins here.
    pub(super) seam: bool,
}

/// A string with the places of its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Str {
    pub(super) pieces: Vec<Piece>,
}

impl Str {
    pub(super) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.text.len() + 64).sum()
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    /// The string if all of it was written, such as a key or a delimiter.
    pub(super) fn written(&self) -> Option<String> {
        self.pieces.iter().all(|piece| piece.kind == Kind::Written).then(|| self.text())
    }

    /// The parts that touch a range of the text, each with its own range there.
    pub(super) fn parts(&self, range: &Range<usize>) -> Vec<(Range<usize>, &Piece)> {
        let mut at = 0;
        let mut parts = Vec::new();
        for piece in &self.pieces {
            let end = at + piece.text.len();
            if at < range.end && end > range.start {
                parts.push((at..end, piece));
            }
            at = end;
        }
        parts
    }
}

/// What an expression evaluates to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Str(Str),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    /// A user pool, by its address.
    Pool(String),
    /// One of these.
    Either(Vec<Value>),
    /// Nothing that is followed, by its name.
    Unknown(String),
}

impl Value {
    /// The strings a value may be; something undecided is a hole.
    pub(super) fn texts(&self, file: usize, at: &Range<usize>) -> Vec<Str> {
        match self {
            Value::Str(text) => vec![text.clone()],
            Value::Either(values) => {
                values.iter().flat_map(|value| value.texts(file, at)).take(MAX_ALTERNATIVES).collect()
            }
            Value::Unknown(name) | Value::Pool(name) => vec![hole(name, file, at)],
            Value::List(_) | Value::Object(_) => vec![hole("an object", file, at)],
        }
    }
}

/// Something undecided.
pub(super) fn hole(name: &str, file: usize, at: &Range<usize>) -> Str {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "_.-[]".contains(*c)).take(120).collect();
    let piece =
        Piece { text: format!("${{{name}}}"), kind: Kind::Hole, file, at: at.clone(), name, via: false, seam: false };
    Str { pieces: vec![piece] }
}
