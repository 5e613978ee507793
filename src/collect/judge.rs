//! From what AWS holds as text (templates, output and export values) to the issuer references in it; then the text goes.
//!
//! The one place where `scan` meets `snapshot`. Finding references is the business of `scan::template`, asking for the
//! text that of `live`. Pure.

use crate::scan::template::{self, EVALUATOR_VERSION, Environment, PoolRef, Reference, TemplateError};
use crate::snapshot::{Call, CallError, ErrorKind, Hit};

/// The call in whose answer text was found.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Its entry.
    pub call: &'a Call,
    /// The stack's name, or the export's.
    pub container: &'a str,
}

/// Where in the answer or the template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The resource or output.
    pub logical_id: Option<String>,
    /// The property path.
    pub path: String,
    /// JSON pointer.
    pub pointer: String,
    /// Line from 1.
    pub line: Option<u32>,
    /// Column from 1.
    pub column: Option<u32>,
}

/// The references in a template; the error says where it cannot be read, and nothing of what is there.
///
/// Without `has_lines` the text was put together from an object, and its lines mean nothing.
pub fn template(
    origin: &Origin<'_>,
    text: &str,
    has_lines: bool,
    environment: &Environment,
) -> Result<Vec<Hit>, CallError> {
    let found = template::evaluate(text, environment).map_err(|error| unreadable(&error, has_lines))?;
    let hits = found.into_iter().map(|found| {
        let place = Place {
            logical_id: found.logical_id,
            path: found.property_path,
            pointer: found.pointer,
            line: found.line.filter(|_| has_lines),
            column: found.column.filter(|_| has_lines),
        };
        hit(origin, place, found.reference)
    });
    Ok(hits.collect())
}

/// The references in a value of an answer.
pub fn value(origin: &Origin<'_>, place: &Place, value: &str) -> Vec<Hit> {
    template::scan_value(value).into_iter().map(|found| hit(origin, place.clone(), found)).collect()
}

fn hit(origin: &Origin<'_>, place: Place, found: Reference) -> Hit {
    let Origin { call, container } = origin;
    let (pool_id, unresolved) = match found.pool {
        PoolRef::Id(id) => (Some(id), None),
        PoolRef::Unresolved { what } => (None, Some(what)),
    };
    Hit {
        account: call.account.clone(),
        region: call.region.clone(),
        service: call.service.clone(),
        operation: call.operation.clone(),
        parameters: call.parameters.clone(),
        time: call.time,
        container: (*container).to_owned(),
        logical_id: place.logical_id,
        path: place.path,
        pointer: place.pointer,
        line: place.line,
        column: place.column,
        class: found.class.as_str().to_owned(),
        confidence: found.confidence.as_str().to_owned(),
        severity: found.severity.as_str().to_owned(),
        pool_id,
        unresolved,
        text: found.text,
        accepts_new: found.updated || found.dual_aware,
        accepts_any_pool: false,
        source: None,
        evaluator: EVALUATOR_VERSION,
    }
}

/// A template that could not be searched is a call that failed: nothing about it is known.
fn unreadable(error: &TemplateError, has_lines: bool) -> CallError {
    let (code, place) = match error {
        TemplateError::Syntax { line, column, .. } => ("TemplateSyntax", Some((line, column))),
        TemplateError::TooComplex { line, column } => ("TemplateTooComplex", Some((line, column))),
        TemplateError::TooLarge { .. } => ("TemplateTooLarge", None),
        TemplateError::NotATemplate => ("NotATemplate", None),
    };
    CallError {
        kind: ErrorKind::Failed,
        code: code.to_owned(),
        status: None,
        missing_actions: Vec::new(),
        detail: place.filter(|_| has_lines).map(|(line, column)| format!("line {line}, column {column}")),
    }
}
