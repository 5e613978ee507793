//! One file of a source tree: what all detectors find in it, put together.
//!
//! Pure. What needs other files (a Terraform module, the versions of libraries) is asked for in the result and decided
//! by `walk`.

use super::found::Found;
use super::{code, document, language, library};

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
    let mut found = code::find(text, language);
    found.extend(library::calls(text, language));
    let document = document::find(path, text);
    found.extend(document.found);
    let pins = if library::is_manifest(path) { library::pins(path, text) } else { Vec::new() };
    merge(&mut found);
    Analysis { found, pins, unread: document.unread }
}

/// Leaves one reference per construct, in order of place. Where detectors name the same piece, the one that came later wins:
/// what was evaluated knows more than what was read. What only one of them saw, such as the other issuer beside it, stays.
pub fn merge(found: &mut Vec<Found>) {
    // Stable: of equal places the later one stays behind.
    found.sort_by_key(|found| found.span.start);
    let mut merged: Vec<Found> = Vec::with_capacity(found.len());
    for next in found.drain(..) {
        match merged.last_mut() {
            Some(last) if same_construct(last, &next) => join(last, next),
            _ => merged.push(next),
        }
    }
    *found = merged;
}

fn same_construct(last: &Found, next: &Found) -> bool {
    let empty = last.span.is_empty() || next.span.is_empty();
    next.span.start < last.span.end || empty && next.span.start == last.span.start
}

/// Makes one of two that name the same piece.
fn join(last: &mut Found, next: Found) {
    let dual_aware = last.dual_aware || next.dual_aware;
    let accepts_any_pool = last.accepts_any_pool || next.accepts_any_pool;
    let prose = last.prose || next.prose;
    let extent = last.extent.start.min(next.extent.start)..last.extent.end.max(next.extent.end);
    let pool_id = next.pool_id.clone().or_else(|| last.pool_id.clone());
    // Two of one detector: the surer one. A library's call that holds a URL is about the library.
    let keeps =
        last.library.is_some() && next.library.is_none() || next.confidence > last.confidence && next.span != last.span;
    let library = last.library.clone().or_else(|| next.library.clone());
    if !keeps {
        *last = next;
    }
    last.library = library;
    last.dual_aware = dual_aware;
    last.accepts_any_pool = accepts_any_pool;
    last.prose = prose;
    last.extent = extent;
    if pool_id.is_some() {
        last.unresolved = None;
    }
    last.pool_id = pool_id;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Class, Confidence};

    fn found(span: std::ops::Range<usize>, class: Class, confidence: Confidence) -> Found {
        Found {
            extent: span.clone(),
            span,
            class,
            confidence,
            updated: false,
            dual_aware: false,
            accepts_any_pool: false,
            prose: false,
            pool_id: None,
            unresolved: Some("x".to_owned()),
            text: String::new(),
            library: None,
        }
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
        let mut all = vec![other.clone(), text, evaluated];
        merge(&mut all);
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!((all[0].pool_id.as_deref(), all[0].dual_aware), (Some("eu-west-1_A"), true));
        assert_eq!(all[0].extent, 10..50);
        assert_eq!(all[1], other);
    }

    #[test]
    fn one_file_is_searched_by_all() {
        let found =
            search("src/auth.ts", "const iss = `https://cognito-idp.${region}.amazonaws.com/${poolId}`;\n").found;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].class, found[0].unresolved.as_deref()), (Class::IssuerUrlTemplate, Some("poolId")));
    }
}
