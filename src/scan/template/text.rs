//! Evaluated strings that remember which parts were substituted, and by what.
//!
//! What could not be decided stays in the string as a hole, written `${Name}`. Not here: how functions are evaluated.

use std::ops::Range;

use crate::scan::pattern::{self, DNS_SUFFIXES};

/// The most alternatives one string may have.
pub(super) const MAX_ALTERNATIVES: usize = 64;
/// How many alternatives are combined fully; beyond, each is tried once.
const MAX_PRODUCT: usize = 16;

/// An evaluated string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// The string; holes are written `${Name}`.
    pub(super) buf: String,
    /// What in it was not written there, in the order it was put in. An outer mark may hold inner ones.
    pub(super) marks: Vec<Mark>,
}

/// A part of a string that was not written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
    /// The function and logical name, such as `Ref UserPoolId`.
    pub(super) what: String,
}

/// Why a part was not written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It could not be decided.
    Hole,
    /// A value came from a parameter, a resource, a mapping or an export.
    Value,
    /// It is a pool's own attribute, which holds the issuer.
    Attribute,
    /// Two elements of a join meet here.
    Seam,
}

impl Text {
    /// A string as written.
    pub(super) fn written(text: &str) -> Self {
        Self { buf: text.to_owned(), marks: Vec::new() }
    }

    /// Something undecided. `what` is a function and a logical name.
    pub(super) fn hole(what: &str) -> Self {
        let what = safe_name(what);
        let name = what.split_once(' ').map_or(what.as_str(), |(_, name)| name);
        let buf = format!("${{{}}}", name.replace(' ', "."));
        let range = 0..buf.len();
        Self { marks: vec![Mark { range, kind: Kind::Hole, what }], buf }
    }

    /// A value that stands elsewhere.
    pub(super) fn value(text: &str, what: &str) -> Self {
        let mut value = Self::written(text);
        value.mark(Kind::Value, what);
        value
    }

    /// Marks the whole string.
    pub(super) fn mark(&mut self, kind: Kind, what: &str) {
        self.marks.insert(0, Mark { range: 0..self.buf.len(), kind, what: safe_name(what) });
    }

    /// Appends a part; its marks move along.
    pub(super) fn push(&mut self, part: &Text) {
        let offset = self.buf.len();
        self.buf.push_str(&part.buf);
        self.marks.extend(part.marks.iter().map(|mark| Mark {
            range: mark.range.start + offset..mark.range.end + offset,
            kind: mark.kind,
            what: mark.what.clone(),
        }));
    }

    /// Marks the end as a place where two elements of a join meet.
    pub(super) fn seam(&mut self) {
        let end = self.buf.len();
        self.marks.push(Mark { range: end..end, kind: Kind::Seam, what: String::new() });
    }

    /// The string with names instead of the values that came from elsewhere: fit to name something after.
    pub(super) fn as_written(&self) -> String {
        let values = self.marks.iter().filter(|mark| mark.kind == Kind::Value);
        let mut out = String::new();
        let mut at = 0;
        for mark in values.filter(|mark| !mark.range.is_empty()) {
            if mark.range.start >= at {
                out.push_str(self.buf.get(at..mark.range.start).unwrap_or_default());
                out.push_str(mark.what.split_once(' ').map_or(mark.what.as_str(), |(_, name)| name));
                at = mark.range.end;
            }
        }
        out.push_str(self.buf.get(at..).unwrap_or_default());
        out
    }

    /// Whether any part is undecided.
    pub(super) fn has_hole(&self) -> bool {
        self.marks.iter().any(|mark| mark.kind == Kind::Hole)
    }

    /// If the whole string is undecided, what it is.
    pub(super) fn as_hole(&self) -> Option<&str> {
        let whole = 0..self.buf.len();
        self.marks.iter().find(|mark| mark.kind == Kind::Hole && mark.range == whole).map(|mark| mark.what.as_str())
    }

    /// What the copy of this string costs.
    pub(super) fn cost(&self) -> usize {
        self.buf.len() + self.marks.iter().map(|mark| 64 + mark.what.len()).sum::<usize>()
    }

    /// A part of the string with its marks.
    fn slice(&self, range: Range<usize>) -> Text {
        let marks = self.marks.iter().filter(|mark| mark.range.start < range.end && mark.range.end > range.start);
        Text {
            buf: self.buf.get(range.clone()).unwrap_or_default().to_owned(),
            marks: marks
                .map(|mark| Mark {
                    range: mark.range.start.max(range.start) - range.start..mark.range.end.min(range.end) - range.start,
                    kind: mark.kind,
                    what: mark.what.clone(),
                })
                .collect(),
        }
    }

    /// The parts between delimiters; a delimiter inside a hole's name is none.
    pub(super) fn split(&self, delimiter: &str) -> Vec<Text> {
        let mut parts = Vec::new();
        let mut start = 0;
        for (at, _) in self.buf.match_indices(delimiter) {
            let end = at + delimiter.len();
            let in_hole = |mark: &Mark| mark.kind == Kind::Hole && mark.range.start < end && mark.range.end > at;
            if !self.marks.iter().any(in_hole) {
                parts.push(self.slice(start..at));
                start = end;
            }
        }
        parts.push(self.slice(start..self.buf.len()));
        parts
    }

    /// The marks that touch a range, of one kind.
    pub(super) fn marks_in(&self, range: &Range<usize>, kind: Kind) -> impl Iterator<Item = &Mark> {
        let range = range.clone();
        self.marks
            .iter()
            .filter(move |mark| mark.kind == kind && mark.range.start < range.end && mark.range.end > range.start)
    }

    /// Whether two elements of a join meet inside a range.
    pub(super) fn has_seam_in(&self, range: &Range<usize>) -> bool {
        self.marks
            .iter()
            .any(|mark| mark.kind == Kind::Seam && range.start < mark.range.start && mark.range.start < range.end)
    }

    /// A match of this string as it may be shown: a value that came from elsewhere and is not itself a part of an
    /// issuer is replaced by its name, since it could be a secret.
    pub(super) fn shown(&self, found: &pattern::Match) -> String {
        let span = &found.span;
        let part = |range: &Range<usize>| self.buf.get(range.clone()).unwrap_or_default();
        let mut hidden: Vec<(Range<usize>, String)> = Vec::new();
        for mark in self.marks_in(span, Kind::Value) {
            let range = mark.range.start.max(span.start)..mark.range.end.min(span.end);
            if !is_issuer_part(part(&range)) {
                let name = mark.what.split_once(' ').map_or(mark.what.as_str(), |(_, name)| name);
                hidden.push((range, format!("${{{}}}", name.replace(' ', "."))));
            }
        }
        for hole in &found.holes {
            if !pattern::is_name_like(part(hole)) {
                hidden.push((hole.clone(), "{…}".to_owned()));
            }
        }
        hidden.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut out = String::new();
        let mut at = span.start;
        for (range, name) in hidden {
            if range.start >= at {
                out.push_str(part(&(at..range.start)));
                out.push_str(&name);
                at = range.end;
            }
        }
        out.push_str(part(&(at..span.end)));
        out
    }
}

/// Whether a value is a pool id, a Region, a DNS suffix or an issuer's text, which are no secrets.
pub(in crate::scan) fn is_issuer_part(part: &str) -> bool {
    pattern::pool_id(part).is_some()
        || pattern::is_region(part)
        || DNS_SUFFIXES.contains(&part)
        || pattern::pool_of_arn(part).is_some()
        || pattern::find(part).first().is_some_and(|found| found.span == (0..part.len()))
        || is_host(part)
}

/// Whether a value is the host of an issuer or of the API, with or without a scheme.
fn is_host(part: &str) -> bool {
    let host = part.strip_prefix("https://").unwrap_or(part);
    let host = host.strip_prefix("issuer-").unwrap_or(host);
    let Some((region, suffix)) = host.strip_prefix("cognito-idp.").and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    pattern::is_region(region) && DNS_SUFFIXES.contains(&suffix.trim_end_matches('/'))
}

/// A logical name without anything that could be more than a name.
pub(super) fn safe_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || " :._-".contains(c) { c } else { '_' }).take(120).collect()
}

/// Every way to put one alternative of each part together. Many alternatives are not multiplied: then each is used
/// once, the others staying at their first.
pub(super) fn combine(parts: &[Vec<Text>], build: impl Fn(&[&Text]) -> Text) -> Vec<Text> {
    let ways = parts.iter().try_fold(1_usize, |ways, part| ways.checked_mul(part.len()));
    let mut out = Vec::new();
    if ways == Some(0) {
        return out;
    }
    let mut choice = vec![0_usize; parts.len()];
    let pick = |choice: &[usize]| -> Text {
        let picked: Vec<&Text> = parts.iter().zip(choice).filter_map(|(part, at)| part.get(*at)).collect();
        build(&picked)
    };
    out.push(pick(&choice));
    if ways.is_some_and(|ways| ways <= MAX_PRODUCT) {
        while let Some(next) = (0..parts.len()).find(|at| choice[*at] + 1 < parts[*at].len()) {
            choice[..next].fill(0);
            choice[next] += 1;
            out.push(pick(&choice));
        }
    } else {
        for (at, part) in parts.iter().enumerate() {
            for alternative in 1..part.len() {
                choice[at] = alternative;
                out.push(pick(&choice));
            }
            choice[at] = 0;
            if out.len() > MAX_ALTERNATIVES {
                break;
            }
        }
    }
    out
}
