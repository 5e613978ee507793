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

/// Leaves one reference per construct, the surer and more evaluated first, in order of place.
pub fn merge(found: &mut Vec<Found>) {
    found.sort_by(|a, b| (a.span.start, a.class, a.span.end).cmp(&(b.span.start, b.class, b.span.end)));
    found.dedup_by(|a, b| a.span == b.span && a.class == b.class);
}
