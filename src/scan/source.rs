//! One file of a source tree: what all detectors find in it, put together.
//!
//! Pure. What needs other files (a Terraform module, the versions of libraries) is asked for in the result and decided
//! by `walk`.

use super::found::Found;
use super::text::{self, Text};
use super::{code, document, indirect, language, library};

/// A template may hold what `code` would find, and any text may hold Terraform.
const DOCUMENT: text::Detectors = text::CODE | text::DOCUMENT | text::TERRAFORM;

/// What one file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// The references, by place; one per construct.
    pub found: Vec<Found>,
    /// What it says of versions.
    pub pins: Vec<library::Pin>,
    /// Why its structure was not searched though its text says that it matters.
    pub unread: Option<String>,
}

/// Searches one file, or the part of a very large one. `path` is below the root, with `/`.
pub fn search(path: &str, text: &str) -> Analysis {
    let language = language::of(path);
    let pins = if library::is_manifest(path) { library::pins(path, text) } else { Vec::new() };
    // Each detector looks only at a text that holds one of its keywords: looking is what takes time.
    let text = Text::new(text);
    // First, so that whatever else is found at the same place counts more than a name.
    let mut found = if text.has(text::INDIRECT) { indirect::find(text.written, language) } else { Vec::new() };
    if text.has(text::CODE) {
        found.extend(code::find(&text, language));
    }
    if text.has(text::LIBRARY) {
        found.extend(library::calls(&text, language));
    }
    let document = if text.has(DOCUMENT) { document::find(path, &text) } else { document::Document::default() };
    found.extend(document.found);
    merge(&mut found);
    Analysis { found, pins, unread: document.unread }
}

/// Leaves one reference per construct, in order of place. Where detectors name the same piece, the one that came later wins:
/// what was evaluated knows more than what was read. What only one of them saw, such as the other issuer beside it, stays.
pub fn merge(found: &mut Vec<Found>) {
    let mut ranked: Vec<(usize, Found)> = found.drain(..).enumerate().collect();
    ranked.sort_by_key(|(rank, found)| (found.span.start, *rank));
    let mut merged: Vec<(usize, Found)> = Vec::with_capacity(ranked.len());
    for (rank, next) in ranked {
        match merged.last_mut() {
            Some((last_rank, last)) if same_construct(last, &next) => {
                if *last_rank < rank {
                    let text = std::mem::replace(last, next);
                    complete(last, &text);
                    *last_rank = rank;
                } else {
                    complete(last, &next);
                }
            }
            _ => merged.push((rank, next)),
        }
    }
    found.extend(merged.into_iter().map(|(_, found)| found));
    found.sort_by_key(|found| found.span.start);
}

fn same_construct(last: &Found, next: &Found) -> bool {
    let empty = last.span.is_empty() || next.span.is_empty();
    next.span.start < last.span.end || empty && next.span.start == last.span.start
}

/// Adds to the better of two what only the other saw.
fn complete(better: &mut Found, other: &Found) {
    better.dual_aware |= other.dual_aware;
    better.accepts_any_pool |= other.accepts_any_pool;
    better.prose |= other.prose;
    better.extent = better.extent.start.min(other.extent.start)..better.extent.end.max(other.extent.end);
    if better.library.is_none() {
        better.library.clone_from(&other.library);
    }
    if better.pool_id.is_none() && other.pool_id.is_some() {
        better.pool_id.clone_from(&other.pool_id);
        better.unresolved = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Class, Confidence};

    fn found(span: std::ops::Range<usize>, class: Class, confidence: Confidence) -> Found {
        Found { unresolved: Some("x".to_owned()), ..Found::new("", span, class, confidence) }
    }

    #[test]
    fn one_construct_is_one_reference() {
        let text = Found { dual_aware: true, ..found(10..50, Class::IssuerSplitJoin, Confidence::Definite) };
        let evaluated = Found {
            pool_id: Some("eu-west-1_A".to_owned()),
            unresolved: None,
            ..found(10..40, Class::IssuerSplitJoin, Confidence::Definite)
        };
        let other = found(60..70, Class::JwksUrl, Confidence::Likely);
        let mut all = vec![other.clone(), text.clone(), evaluated.clone()];
        merge(&mut all);
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!((all[0].pool_id.as_deref(), all[0].dual_aware), (Some("eu-west-1_A"), true));
        assert_eq!(all[0].extent, 10..50);
        assert_eq!(all[1], other);

        // Also where what was evaluated begins before, at the quotation mark.
        let mut all = vec![text, Found { span: 9..40, class: Class::IamOidcProviderRef, ..evaluated }];
        merge(&mut all);
        assert_eq!((all.len(), all[0].class), (1, Class::IamOidcProviderRef));
    }

    #[test]
    fn one_file_is_searched_by_all() {
        let found =
            search("src/auth.ts", "const iss = `https://cognito-idp.${region}.amazonaws.com/${poolId}`;\n").found;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].class, found[0].unresolved.as_deref()), (Class::IssuerUrlTemplate, Some("poolId")));
    }
}
