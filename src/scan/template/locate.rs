//! Where in a template's text a reference is written: the piece that holds the host, else the keyword.
//!
//! A node knows where it begins; which of its lines holds the host, its raw text says. Not here: what a reference is.

use std::cell::RefCell;
use std::ops::Range;

use super::text::{Kind, Text};
use crate::scan::pattern::Match;
use crate::yaml::{Node, Place, Value};

/// How far behind its node's beginning a keyword is searched for.
const MAX_BEHIND: usize = 256 * 1024;
/// The host's first label.
const LABEL: &str = "cognito-idp";

/// What to look for from a node's beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sought {
    /// The host, as it is written for the n-th time.
    Host(usize),
    /// A pool's attribute, as it is named for the n-th time.
    Attribute(String, usize),
    /// A keyword that stands at a place.
    Keyword(Place),
    /// Nothing: the reference is written elsewhere, and only used here.
    Elsewhere,
}

/// Where a node begins and what makes it a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) start: Place,
    pub(super) last: Place,
    pub(super) sought: Sought,
}

/// Tells what makes each match of one evaluated string a reference; asked in the order of the matches.
pub(super) struct Seeker<'t> {
    text: &'t Text,
    lower: String,
    /// How far hosts are counted, and how many were written there.
    counted: (usize, usize),
}

impl<'t> Seeker<'t> {
    pub(super) fn new(text: &'t Text) -> Self {
        Self { text, lower: text.buf.to_ascii_lowercase(), counted: (0, 0) }
    }

    fn covers(&self, kind: Kind, at: usize) -> bool {
        self.text.marks.iter().any(|mark| mark.kind == kind && mark.range.contains(&at))
    }

    fn is_written(&self, at: usize) -> bool {
        ![Kind::Value, Kind::Hole, Kind::Attribute].into_iter().any(|kind| self.covers(kind, at))
    }

    /// What to look for in the template's own text.
    pub(super) fn sought(&mut self, found: &Match) -> Sought {
        let inside = self.lower.get(found.span.clone()).unwrap_or_default();
        let Some(label) = inside.find(LABEL).map(|at| found.span.start + at) else { return Sought::Elsewhere };
        let marks = &self.text.marks;
        if let Some(mark) = marks.iter().find(|mark| mark.kind == Kind::Attribute && mark.range.contains(&label)) {
            let attribute = mark.what.rsplit('.').next().unwrap_or_default();
            let same = |other: &&super::text::Mark| {
                other.kind == Kind::Attribute && other.what.ends_with(attribute) && other.range.start < mark.range.start
            };
            return Sought::Attribute(attribute.to_owned(), marks.iter().filter(same).count());
        }
        if !self.is_written(label) {
            return Sought::Elsewhere;
        }
        let (from, before) = self.counted;
        let between = self.lower.get(from..label).unwrap_or_default();
        let more = between.match_indices(LABEL).filter(|(at, _)| self.is_written(from + at)).count();
        self.counted = (label.max(from), before + more);
        Sought::Host(before + more)
    }
}

/// The last node within a node, by its place.
pub(super) fn last(node: &Node) -> Place {
    let below = match &node.value {
        Value::Scalar { .. } => None,
        Value::List(items) => items.last().map(last),
        Value::Map(pairs) => pairs.last().map(|(_, value)| last(value)),
    };
    below.unwrap_or_default().max(node.place)
}

/// A text with the beginnings of its lines.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// Where a word stands from a byte on: many references of one string ask for the same.
    words: RefCell<(usize, String, Vec<usize>)>,
    /// The line, column and byte that were asked for last: in a long line the next is not far.
    seen: RefCell<(usize, usize, usize)>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
        Self { text, starts, words: RefCell::default(), seen: RefCell::default() }
    }

    /// The byte at a place.
    fn offset(&self, place: Place) -> Option<usize> {
        let index = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied().unwrap_or(self.text.len());
        let column = usize::try_from(place.column).ok()?.saturating_sub(1);
        let mut seen = self.seen.borrow_mut();
        let (from, at) = if seen.0 == index && seen.1 <= column { (seen.1, seen.2) } else { (0, start) };
        let rest = self.text.get(at..end)?;
        let byte = rest.char_indices().nth(column - from).map_or(end, |(offset, _)| at + offset);
        *seen = (index, column, byte);
        Some(byte)
    }

    /// The span of what makes a node a reference, and the extent of the node.
    pub(super) fn find(&self, anchor: &Anchor) -> Option<(Range<usize>, Range<usize>)> {
        let start = self.offset(anchor.start)?;
        let last = self.offset(anchor.last)?.max(start);
        let span = match &anchor.sought {
            Sought::Host(nth) => {
                let at = self.nth(start, last, LABEL, *nth)?;
                let head = &self.text[..at];
                let head = head.strip_suffix("issuer-").unwrap_or(head);
                let scheme = ["https://", "http://"].into_iter().find_map(|scheme| head.strip_suffix(scheme));
                scheme.map_or(head.len(), str::len)..at + LABEL.len()
            }
            Sought::Attribute(name, nth) => {
                let at = self.nth(start, last, name, *nth)?;
                let head = &self.text[..at];
                let chain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_');
                let object = head.bytes().rev().take_while(chain).count();
                let object = if head.ends_with('.') { object } else { 0 };
                at - object..at + name.len()
            }
            Sought::Keyword(place) => {
                let at = self.offset(*place)?;
                let rest = &self.text[at..];
                let quoted = rest.len() - rest.trim_start_matches(['"', '\'']).len();
                let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
                let length = rest[quoted..].bytes().take_while(word).count();
                at + quoted..at + quoted + length
            }
            Sought::Elsewhere => return None,
        };
        let line_end = memchr::memchr(b'\n', self.text.as_bytes().get(last..)?).map_or(self.text.len(), |at| last + at);
        let end = line_end.min(last + 2_000).max(span.end);
        let end = (span.end..=end).rev().find(|end| self.text.is_char_boundary(*end)).unwrap_or(span.end);
        Some((span.clone(), start.min(span.start)..end))
    }

    /// The n-th occurrence of a word from a byte on, case aside: first up to the last node, then as far as blocks go.
    fn nth(&self, from: usize, last: usize, word: &str, nth: usize) -> Option<usize> {
        self.within(from, last + 500, word, nth).or_else(|| self.within(from, from + MAX_BEHIND, word, nth))
    }

    fn within(&self, from: usize, to: usize, word: &str, nth: usize) -> Option<usize> {
        let mut end = self.text.len().min(to);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let part = self.text.get(from..end)?;
        let mut words = self.words.borrow_mut();
        let key = format!("{word} {end}");
        if words.0 != from || words.1 != key {
            let mut places: Vec<usize> = part.match_indices(word).map(|(at, _)| from + at).collect();
            if places.is_empty() {
                let (lower, word) = (part.to_ascii_lowercase(), word.to_ascii_lowercase());
                places = lower.match_indices(&word).map(|(at, _)| from + at).collect();
            }
            *words = (from, key, places);
        }
        words.2.get(nth).copied()
    }
}
