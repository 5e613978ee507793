//! From what AWS holds as text (templates, output and export values) to the issuer references in it; then the text goes.
//! And from the report of a source tree's search to its entries in the log.
//!
//! The one place where `scan` meets `snapshot`. Finding references is the business of `scan`, asking for the text that of
//! `live`. Pure.

use jiff::Timestamp;

use crate::model::reference::{ScanHit, ScanReport, ScanRoot, SkipReason, Skipped};
use crate::scan::found::Found;
use crate::scan::template::{self, EVALUATOR_VERSION, Environment, PoolRef, Reference, TemplateError};
use crate::scan::{classes, language, pattern, source};
use crate::snapshot::entry::{SCAN, TREE, tree_parameters};
use crate::snapshot::{Call, CallError, Entry, ErrorKind, Hit, Scan, SkippedFile, SourcePlace};

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

/// A reference in a file, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    found: Found,
    line: u32,
    column: u32,
}

/// What is found in the text of a file; `path` tells its language.
pub fn found_in(path: &str, text: &str) -> Vec<Placed> {
    let place = |found: Found| {
        let before = text.get(..found.span.start).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let count = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        let line = count(before.matches('\n').count());
        Placed { line, column: count(before[start..].chars().count()), found }
    };
    source::search(path, text).found.into_iter().map(place).collect()
}

/// The references in a file that an answer leads to.
pub fn file(origin: &Origin<'_>, path: &str, found: Vec<Placed>) -> Vec<Hit> {
    let language = language::of(path);
    let in_test = language::is_test(path);
    let hits = found.into_iter().map(|Placed { found, line, column }| {
        let in_doc = found.prose || language::is_documentation(path);
        let harmless = found.updated || found.dual_aware || in_test || in_doc;
        let reference = Reference {
            class: found.class,
            confidence: found.confidence,
            severity: pattern::severity(found.class, found.confidence, harmless),
            pool: match (found.pool_id, found.unresolved) {
                (Some(id), _) => PoolRef::Id(id),
                (None, what) => PoolRef::Unresolved { what: what.unwrap_or_else(|| "an expression".to_owned()) },
            },
            text: found.text,
            host_region: None,
            updated: found.updated,
            dual_aware: found.dual_aware,
        };
        let place = Place { path: path.to_owned(), line: Some(line), column: Some(column), ..Place::default() };
        let source = SourcePlace {
            language: language.to_owned(),
            in_test,
            in_doc,
            owners: Vec::new(),
            library: found.library,
            remedy: classes::of(found.class).remedy(language).to_owned(),
        };
        Hit { accepts_any_pool: found.accepts_any_pool, source: Some(source), ..hit(origin, place, reference) }
    });
    hits.collect()
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

/// The entries of one searched tree: the search, and every reference below that root. `root` is an index of
/// [`ScanReport::roots`]; one that is not there has no entries.
pub fn tree(report: &ScanReport, root: usize, time: Timestamp) -> Vec<Entry> {
    let Some(searched) = report.roots.get(root) else { return Vec::new() };
    let mine = |path: &str| report.below(path).filter(|(owner, _)| *owner == root).map(|(_, path)| path.to_owned());
    let skipped = report.skipped.iter().filter(|skipped| skipped.reason.may_hide());
    let skipped = skipped
        .filter_map(|skipped| Some(SkippedFile { path: mine(&skipped.path)?, reason: reason(skipped).to_owned() }));
    let scan = Scan {
        root: searched.name.clone(),
        commit: searched.commit.clone(),
        modified: searched.modified,
        time,
        files_read: searched.files_read,
        bytes_read: searched.bytes_read,
        skipped: skipped.collect(),
        evaluator: report.evaluator,
    };
    let hits = report.hits.iter().filter_map(|hit| {
        let hit = in_tree(hit, searched, mine(&hit.path)?, time, report.evaluator);
        Some(Entry::Hit(hit))
    });
    std::iter::once(Entry::Scan(scan)).chain(hits).collect()
}

fn reason(skipped: &Skipped) -> &'static str {
    match skipped.reason {
        SkipReason::Binary => "binary",
        SkipReason::Special => "special",
        SkipReason::Loop => "loop",
        SkipReason::Denied => "denied",
        SkipReason::Failed => "failed",
        SkipReason::Structure => "structure",
    }
}

fn in_tree(hit: &ScanHit, root: &ScanRoot, path: String, time: Timestamp, evaluator: u32) -> Hit {
    Hit {
        account: String::new(),
        region: String::new(),
        service: SCAN.to_owned(),
        operation: TREE.to_owned(),
        parameters: tree_parameters(&root.name),
        time,
        container: root.name.clone(),
        logical_id: None,
        path,
        pointer: String::new(),
        line: Some(hit.line),
        column: Some(hit.column),
        class: hit.class.as_str().to_owned(),
        confidence: hit.confidence.as_str().to_owned(),
        severity: hit.severity.as_str().to_owned(),
        pool_id: hit.pool_id.clone(),
        unresolved: hit.unresolved.clone(),
        text: hit.text.clone(),
        accepts_new: hit.accepts_new,
        accepts_any_pool: hit.accepts_any_pool,
        source: Some(SourcePlace {
            language: hit.language.clone(),
            in_test: hit.in_test,
            in_doc: hit.in_doc,
            owners: hit.owners.clone(),
            library: hit.library.clone(),
            remedy: hit.remedy.clone(),
        }),
        evaluator,
    }
}
