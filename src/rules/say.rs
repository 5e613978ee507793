//! The sentences of a rule: text with fields in braces. Filling them in is not done here.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Verdict;
use crate::yaml::{Node, Place};

use super::inline::verdict;
use super::problem::{Sink, quoted};
use super::rule::{FieldRef, Piece, Say};
use super::scope::Scope;
use super::tree::{Keys, text};

/// Reads `say`: a sentence by verdict.
pub(super) fn say(node: &Node, scope: Scope<'_>, possible: Option<&BTreeSet<Verdict>>, sink: &mut Sink<'_>) -> Say {
    let mut by_verdict = BTreeMap::new();
    let Some(keys) = Keys::any(node, "`say`", sink) else { return Say::default() };
    for (key, value) in keys.pairs() {
        let Some(word) = verdict(key, "a key of `say`", possible, sink) else { continue };
        let Some(sentence) = text(value, &format!("`say.{word}`"), sink) else { continue };
        by_verdict.entry(word).or_insert_with(|| pieces(&sentence, value.place, scope, sink));
    }
    Say { by_verdict }
}

/// `{field}` is a field; `{{` and `}}` are braces.
fn pieces(sentence: &str, place: Place, scope: Scope<'_>, sink: &mut Sink<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = sentence;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            plain.push_str(&tail[..1]);
            rest = &tail[2..];
        } else if let Some(end) = tail.find('}').filter(|end| *end > 0) {
            let name = &tail[1..end];
            if scope.need(name, place, &[], sink).is_some() {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Field(FieldRef::Field(name.to_owned())));
            }
            rest = &tail[end + 1..];
        } else {
            let help = "write {field}, or {{ and }} for braces";
            sink.add_with(place, format!("a brace in {} has no partner", quoted(sentence)), Some(help.to_owned()));
            return pieces;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}
