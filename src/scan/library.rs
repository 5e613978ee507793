//! Libraries that derive the issuer themselves: their calls, the manifests and lock files that say which version.
//!
//! The table is `rules/data/issuer-libraries.yaml`. Pure: which manifest belongs to which file, the tree decides
//! by [`decide`].

mod calls;
mod imports;
mod manifest;
mod table;
#[cfg(test)]
mod tests;
mod version;

use std::ops::Range;

use super::found::Found;
use super::text::Text;
use crate::model::{Confidence, Severity};
use table::{Does, Library};
use version::{Syntax, Verdict};

/// What a text must hold, in any case, for a call to be found in it; a test holds the table to it. Manifests are known
/// by their names.
pub const KEYWORDS: &[&str] = &[
    "cognitojwt",
    "cognito-jwt",
    "cognito_jwt",
    "aws-jwt-verify",
    "cognito-express",
    "cognito-at-edge",
    "nestjs-cognito",
    "adapter-nextjs",
    "verify-cognito",
    "pycognito",
    "warrant import cognito",
    "cloudauth",
    "flask_cognito",
    "fastapi_cognito",
    "flask_awscognito",
    "flask-awscognito",
    "awscognitoprovider",
    "agr_cognito",
    "cognito_token_v",
    "cognito_validation",
    "chalice_cognito",
    "jwtverifier.cognito",
    "authorizer_with_cognito",
    "jsonwebtokens_cognito",
    "jsonwebtokens-cognito",
    "gin-jwt-cognito",
    "cognitorails",
    "strategy.cognito",
    "elbcognitoplug",
    "sotocognito",
    "UserPoolAuth",
    "usingcognito",
    "using_cognito",
    "new Cognito(",
];

/// A library and a version of it, as one manifest or lock file has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pin {
    /// The library's name in the table.
    pub library: &'static str,
    /// The version or range as it is written; `itself` in the library's own manifest.
    pub version: String,
    /// Whether it is one version that is sure to be installed: from a lock file, or an exact pin.
    pub exact: bool,
    /// Whether another package brings it, so that it is not what the files beside the manifest import.
    pub nested: bool,
    /// What the version says: none of what it allows accepts the updated issuer, it may, or all does.
    pub knows: Knows,
    /// The hit it makes; none if the version knows the updated issuer.
    pub found: Option<Found>,
}

/// Whether a version or range accepts the updated issuer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Knows {
    /// No version that it allows does.
    No,
    /// Some may.
    #[default]
    Perhaps,
    /// Every version that it allows does.
    Yes,
    /// The manifest is the library's own: what uses it there is its tests and examples.
    Itself,
}

/// Whether a file of this name says versions.
pub fn is_manifest(path: &str) -> bool {
    manifest::kind(path).is_some()
}

/// The pins in a manifest or lock file: what the project itself asks for first, then what other packages bring.
pub fn pins(path: &str, text: &str) -> Vec<Pin> {
    manifest::pins(path, text)
}

/// Calls of libraries in code, each with [`Found::library`] set to the library whose version decides.
pub fn calls(text: &Text<'_>, language: &str) -> Vec<Found> {
    calls::find(text, language)
}

/// Of several pins of one library, the one that says most about what runs: one that is sure to be installed before a
/// range, what the project asks for before what others bring; that the tree is the library's own before all.
pub fn best<'a>(library: &str, pins: impl IntoIterator<Item = &'a Pin>) -> Option<&'a Pin> {
    pins.into_iter()
        .filter(|pin| pin.library == library)
        .min_by_key(|pin| (pin.knows != Knows::Itself, pin.nested, !pin.exact))
}

/// What a pin says of a call: how sure, and whether the updated issuer is accepted. Without one: likely, and not. In the
/// library's own tree its tests and sources are to be reviewed, while people follow what a document shows.
pub fn decide(library: &str, pin: Option<&Pin>, in_document: bool) -> (Confidence, bool) {
    match pin.filter(|pin| pin.library == library).map(|pin| pin.knows) {
        Some(Knows::No) => (Confidence::Definite, false),
        Some(Knows::Yes) => (Confidence::Likely, true),
        Some(Knows::Itself) if !in_document => (Confidence::Review, false),
        Some(Knows::Perhaps | Knows::Itself) | None => (Confidence::Likely, false),
    }
}

/// How much a call matters: what only derives the key set keeps verifying, what compares the issuer or renders it does
/// not, if its version is sure.
pub fn severity(library: &str, confidence: Confidence, accepts_new: bool) -> Severity {
    let breaks = table::get(library).is_some_and(|library| !matches!(library.does, Does::Keys | Does::LoginKey));
    match confidence {
        _ if accepts_new => Severity::Info,
        Confidence::Definite if breaks => Severity::Error,
        Confidence::Definite | Confidence::Likely | Confidence::Review => Severity::Warning,
    }
}

/// What to do about a library, and what is to be known about this very version of it.
pub fn remedy(library: &str, version: Option<&str>) -> Option<String> {
    let library = table::get(library)?;
    let note = version.and_then(|version| library.notes.iter().find(|(of, _)| of == version.trim_start_matches('v')));
    Some(note.map_or_else(|| library.remedy.clone(), |(of, note)| format!("{}; {of}: {note}", library.remedy)))
}

/// How sure a hit a version makes is; none if it knows the updated issuer and nothing else is to be said of it.
fn confidence(library: &Library, version: &str, syntax: Syntax) -> Option<Confidence> {
    let noted = library.notes.iter().any(|(of, _)| of == version.trim_start_matches(['v', '=']));
    match version::judge(library, version, syntax) {
        Verdict::Affected => Some(Confidence::Likely),
        Verdict::Open => Some(Confidence::Review),
        Verdict::Knows => noted.then_some(Confidence::Review),
    }
}

/// The hit of a version. `name` is where the package's name stands.
fn pin_found(library: &Library, name: Range<usize>, end: usize, version: &str, confidence: Confidence) -> Found {
    let text = if version.is_empty() { library.id.clone() } else { format!("{} {version}", library.id) };
    Found {
        extent: name.start..end.max(name.end),
        library: Some(library.id.clone()),
        ..Found::new(text, name, calls::PIN, confidence)
    }
}
