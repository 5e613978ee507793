//! From what AWS holds as text (templates, output and export values) to the issuer references in it; then the text goes.
//! And from the report of a source tree's search to its entries in the log.
//!
//! The one place where `scan` meets `snapshot`. Finding references is the business of `scan`, asking for the text that of
//! `live`. Pure.

pub mod answers;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::model::reference::{ScanHit, ScanReport, ScanRoot, SkipReason, Skipped};
use crate::scan::files::Files;
use crate::scan::template::{self, EVALUATOR_VERSION, Environment, PoolRef, Reference, TemplateError};
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

/// The references in the files that an answer leads to, judged together.
pub fn files(origin: &Origin<'_>, files: Files) -> Vec<Hit> {
    let Origin { call, container } = origin;
    let hits = files.finish().into_iter().map(|hit| {
        let source = Source {
            account: call.account.clone(),
            region: call.region.clone(),
            service: call.service.clone(),
            operation: call.operation.clone(),
            parameters: call.parameters.clone(),
            time: call.time,
            container: (*container).to_owned(),
            evaluator: EVALUATOR_VERSION,
        };
        in_file(hit, source)
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
        let below = ScanHit { path: mine(&hit.path)?, ..hit.clone() };
        Some(Entry::Hit(in_tree(below, searched, time, report.evaluator)))
    });
    std::iter::once(Entry::Scan(scan)).chain(hits).collect()
}

fn reason(skipped: &Skipped) -> &'static str {
    match skipped.reason {
        SkipReason::Binary => "binary",
        SkipReason::Special => "special",
        SkipReason::Loop => "loop",
        SkipReason::Outside => "outside",
        SkipReason::Denied => "denied",
        SkipReason::Failed => "failed",
        SkipReason::Structure => "structure",
    }
}

fn in_tree(hit: ScanHit, root: &ScanRoot, time: Timestamp, evaluator: u32) -> Hit {
    let source = Source {
        account: String::new(),
        region: String::new(),
        service: SCAN.to_owned(),
        operation: TREE.to_owned(),
        parameters: tree_parameters(&root.name),
        time,
        container: root.name.clone(),
        evaluator,
    };
    in_file(hit, source)
}

/// What a file belongs to in the log: an answer, or the search of a tree.
struct Source {
    account: String,
    region: String,
    service: String,
    operation: String,
    parameters: Map<String, Value>,
    time: Timestamp,
    container: String,
    evaluator: u32,
}

fn in_file(hit: ScanHit, source: Source) -> Hit {
    Hit {
        account: source.account,
        region: source.region,
        service: source.service,
        operation: source.operation,
        parameters: source.parameters,
        time: source.time,
        container: source.container,
        logical_id: None,
        path: hit.path,
        pointer: String::new(),
        line: Some(hit.line),
        column: Some(hit.column),
        class: hit.class.as_str().to_owned(),
        confidence: hit.confidence.as_str().to_owned(),
        severity: hit.severity.as_str().to_owned(),
        pool_id: hit.pool_id,
        unresolved: hit.unresolved,
        text: hit.text,
        accepts_new: hit.accepts_new,
        accepts_any_pool: hit.accepts_any_pool,
        source: Some(SourcePlace {
            language: hit.language,
            in_test: hit.in_test,
            in_doc: hit.in_doc,
            owners: hit.owners,
            library: hit.library,
            remedy: hit.remedy,
        }),
        evaluator: source.evaluator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_an_answer_are_judged_as_those_of_a_tree() {
        let call = serde_json::json!({
            "account": "111122223333",
            "region": "eu-west-1",
            "service": "lambda",
            "operation": "GetFunction",
            "parameters": {"FunctionName": "gate"},
            "time": "2026-11-21T12:00:00Z",
        });
        let call: Call = serde_json::from_value(call).unwrap();
        let mut found = Files::default();
        found.add("index.mjs", "if (!claims.iss.startsWith('https://cognito-idp.')) throw new Error();\n");
        let text = "import { CognitoJwtVerifier } from 'aws-jwt-verify';\nCognitoJwtVerifier.create({ userPoolId });\n";
        found.add("dist/verify.mjs", text);
        found.add("package.json", r#"{"dependencies": {"aws-jwt-verify": "4.0.1"}}"#);
        let hits = files(&Origin { call: &call, container: "gate" }, found);
        let library = |hit: &Hit| hit.source.as_ref().and_then(|source| source.library.clone()).unwrap_or_default();
        let said: Vec<_> = hits
            .iter()
            .map(|hit| (hit.path.as_str(), hit.line, hit.severity.as_str(), hit.accepts_any_pool, library(hit)))
            .collect();
        let version = "aws-jwt-verify 4.0.1 (package.json)".to_owned();
        let wanted = [
            ("dist/verify.mjs", Some(2), "error", false, version.clone()),
            ("index.mjs", Some(1), "error", true, String::new()),
            ("package.json", Some(1), "warning", false, version),
        ];
        assert_eq!(said, wanted);
        assert!(hits.iter().all(|hit| hit.container == "gate" && hit.parameters == call.parameters));
    }
}
