//! Libraries that derive the issuer themselves: their calls, the manifests and lock files that say which version.
//!
//! The table is `rules/data/issuer-libraries.yaml`. Pure: which manifest belongs to which file, the tree decides
//! by [`decide`].

use super::found::Found;
use crate::model::Confidence;

/// What a text must hold, in any case, for this detector to find a call in it.
pub const KEYWORDS: &[&str] = &["jwt-verify"];

/// A library and a version of it, as one manifest or lock file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The library's name in the table.
    pub library: &'static str,
    /// The version or range as it is written.
    pub version: String,
    /// Whether it is one version that is sure to be installed: from a lock file, or an exact pin.
    pub exact: bool,
    /// The hit it makes; none if the version knows the updated issuer.
    pub found: Option<Found>,
}

/// Whether a file of this name says versions.
pub fn is_manifest(path: &str) -> bool {
    let _ = path;
    false
}

/// The pins in a manifest or lock file.
pub fn pins(path: &str, text: &str) -> Vec<Pin> {
    let _ = (path, text);
    Vec::new()
}

/// Calls of libraries in code, each with [`Found::library`] set.
pub fn calls(text: &str, language: &str) -> Vec<Found> {
    let _ = (text, language);
    Vec::new()
}

/// What a pin says of a call: how sure, and whether the updated issuer is accepted. Without one: likely, and not.
pub fn decide(library: &str, pin: Option<&Pin>) -> (Confidence, bool) {
    let _ = (library, pin);
    (Confidence::Likely, false)
}
