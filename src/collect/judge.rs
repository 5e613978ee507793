//! From what AWS holds as text (templates, output and export values) to the issuer references in it; then the text goes.
//!
//! The one place where `scan` meets `snapshot`. Finding references is the business of `scan::template`.

use std::collections::BTreeMap;

use crate::snapshot::{Call, CallError, Hit};

/// What is known of a deployed stack. Lives in memory only: parameter and export values can be secrets.
#[derive(Clone, Default)]
pub struct Environment {
    /// The account.
    pub account: String,
    /// The stack's Region.
    pub region: String,
    /// The stack's name.
    pub stack_name: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// Parameter values by name.
    pub parameters: BTreeMap<String, String>,
    /// Physical ids by logical id.
    pub resources: BTreeMap<String, String>,
    /// Export values by name.
    pub exports: BTreeMap<String, String>,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").field("stack_id", &self.stack_id).finish_non_exhaustive()
    }
}

/// The call in whose answer text was found.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Its entry.
    pub query: &'a Call,
    /// The stack's name, or the export's.
    pub container: &'a str,
}

/// The references in a template; the error says where it cannot be read, and nothing of what is there.
pub fn template(
    _origin: &Origin<'_>,
    _text: &str,
    _has_lines: bool,
    _environment: &Environment,
) -> Result<Vec<Hit>, CallError> {
    Ok(Vec::new())
}

/// The references in a value at `pointer` of an answer.
pub fn value(_origin: &Origin<'_>, _logical_id: Option<&str>, _path: &str, _pointer: &str, _value: &str) -> Vec<Hit> {
    Vec::new()
}
