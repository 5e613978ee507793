//! `scan --format sarif` and `sarif-github`: references in source trees, each at its line.
//!
//! `sarif` has every hit: what counts fails, what is for review waits for a person, what stands in tests and documentation
//! or is only worth knowing is informational. Files are named below their tree, which is called the same on every machine.
//! `sarif-github` has only what fails, from the top of the repository, within GitHub's limits. Files that were not read are
//! notifications, and the run is then no success.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::annotate::{Distinct, Spot, fingerprints, reference, spot_of};
use super::super::scan::{ClassText, skipped};
use super::github::{bag, beginning, fingerprints as github_fingerprints, place, whole};
use super::log::{AutomationDetails, Base, Configuration, Driver, Invocation, Item, Location, Region, Run, Text, Tool};
use super::{
    Descriptor, FINGERPRINT, Rules, fit, markdown, message, message_name, name_of, notification, notifications,
    physical, region, write_log,
};
use crate::model::reference::ScanHit;
use crate::model::{Class, Confidence, Level, ScanReport, Severity};

/// The most trees that the category names.
const MOST_TREES: usize = 5;

/// Writes every hit.
pub(in crate::render) fn write(
    report: &ScanReport,
    class: fn(Class) -> ClassText,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rules = Rules::default();
    let mut bases = BTreeMap::new();
    let mut results = Vec::with_capacity(report.hits.len());
    for (hit, fingerprint) in report.hits.iter().zip(fingerprints(report)) {
        let spot = spot_of(report, hit);
        if !spot.tree.is_empty() {
            let description = Text::plain(message(&format!("the source tree {}", spot.tree)));
            bases.entry(spot.tree.clone()).or_insert(Base { description });
        }
        let (kind, level) = kind(hit);
        results.push(Item {
            kind,
            level,
            locations: vec![at(physical(&spot, true, full_region(&spot, hit)))],
            partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint)]),
            properties: bag_of(hit),
            ..item(hit, rules.index(hit.class.as_str(), || descriptor(hit.class, class(hit.class))))
        });
    }
    write_log(run(report, rules, bases, results), out)
}

/// Writes what fails, for GitHub's code scanning.
pub(in crate::render) fn write_github(
    report: &ScanReport,
    class: fn(Class) -> ClassText,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rules = Rules::default();
    let mut distinct = Distinct::default();
    let mut hits: Vec<(&ScanHit, String)> = report.hits.iter().zip(fingerprints(report)).collect();
    hits.retain(|(hit, _)| kind(hit).0 == "fail");
    hits.sort_by_key(|(hit, _)| hit.severity);
    let mut results = Vec::with_capacity(hits.len());
    for (hit, fingerprint) in hits {
        let spot = spot_of(report, hit);
        let (kind, level) = kind(hit);
        let line = whole(&spot, characters(hit));
        let rule = || fit::descriptor(descriptor(hit.class, class(hit.class)));
        results.push(Item {
            kind,
            level,
            locations: vec![at(physical(&spot, false, Some(line)))],
            partial_fingerprints: github_fingerprints(&fingerprint, &mut distinct),
            properties: json!({ "confidence": hit.confidence, "owners": hit.owners }),
            ..item(hit, rules.index(hit.class.as_str(), rule))
        });
    }
    fit::write(run(report, rules, BTreeMap::new(), results), &beginning(&place(None)), out)
}

/// What a hit is here: `kind` and `level`.
fn kind(hit: &ScanHit) -> (&'static str, &'static str) {
    match (hit.in_test || hit.in_doc, hit.confidence, hit.severity) {
        (true, ..) | (false, Confidence::Definite | Confidence::Likely, Severity::Info) => ("informational", "none"),
        (false, Confidence::Review, _) => ("review", "none"),
        (false, Confidence::Definite | Confidence::Likely, Severity::Error) => ("fail", "error"),
        (false, Confidence::Definite | Confidence::Likely, Severity::Warning) => ("fail", "warning"),
    }
}

fn run(report: &ScanReport, rules: Rules, bases: BTreeMap<String, Base>, results: Vec<Item>) -> Run {
    let unread: Vec<_> = report.skipped.iter().filter(|each| each.reason.may_hide()).collect();
    let invocation = Invocation {
        execution_successful: unread.is_empty(),
        tool_execution_notifications: unread
            .iter()
            .map(|each| notification("file-not-read", "warning", &skipped(each)))
            .collect(),
        ..Invocation::default()
    };
    let trees: Vec<&str> = report.roots.iter().map(|root| root.name.as_str()).collect();
    let named = match trees.len() {
        1..=MOST_TREES => message_name(&trees.join("+")),
        many => format!("{many}-trees"),
    };
    let driver = Driver {
        name: "mrready",
        version: report.tool_version.clone(),
        semantic_version: report.tool_version.clone(),
        rules: rules.list,
        notifications: notifications(),
    };
    Run {
        tool: Tool { driver },
        automation_details: AutomationDetails { id: format!("mrready/scan/{named}/") },
        invocations: vec![invocation],
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: bases,
        results,
        properties: json!({
            "evaluator": report.evaluator,
            "trees": report.roots.iter().map(|root| json!({
                "name": root.name,
                "commit": root.commit,
                "modified": root.modified,
                "files_read": root.files_read,
                "bytes_read": root.bytes_read,
            })).collect::<Vec<_>>(),
            "counted": report.summary.counted,
        }),
    }
}

fn item(hit: &ScanHit, rule_index: usize) -> Item {
    Item {
        rule_id: hit.class.as_str().to_owned(),
        rule_index,
        kind: "fail",
        level: "none",
        message: Text::plain(message(&reference(hit))),
        locations: Vec::new(),
        related_locations: Vec::new(),
        partial_fingerprints: BTreeMap::new(),
        baseline_state: None,
        suppressions: None,
        properties: Value::Null,
    }
}

fn at(physical: super::log::PhysicalLocation) -> Location {
    Location { physical_location: Some(physical), ..Location::default() }
}

/// The whole construct: to the end of the match if it stands in one line, else to the end of its last line.
fn full_region(spot: &Spot, hit: &ScanHit) -> Option<Region> {
    if hit.end_line <= hit.line {
        return Some(whole(spot, characters(hit)));
    }
    region(spot).map(|region| Region { end_line: Some(hit.end_line), ..region })
}

/// How many characters of its first line the match has.
fn characters(hit: &ScanHit) -> u32 {
    u32::try_from(hit.text.lines().next().unwrap_or_default().chars().count()).unwrap_or(u32::MAX)
}

/// What the report says of a hit and its place does not, under the names it has there.
fn bag_of(hit: &ScanHit) -> Value {
    json!({
        "class": hit.class,
        "confidence": hit.confidence,
        "severity": hit.severity,
        "in_test": hit.in_test,
        "in_doc": hit.in_doc,
        "accepts_any_pool": hit.accepts_any_pool,
        "accepts_new": hit.accepts_new,
        "language": hit.language,
        "pool_id": hit.pool_id,
        "known_pool": hit.known_pool,
        "unresolved": hit.unresolved,
        "library": hit.library,
        "text": hit.text,
        "remedy": hit.remedy,
        "owners": hit.owners,
    })
}

fn descriptor(class: Class, text: ClassText) -> Descriptor {
    let id = class.as_str();
    let (level, word) = match text.severity {
        Severity::Error => (Level::Blocker, "error"),
        Severity::Warning => (Level::Advisory, "warning"),
        Severity::Info => (Level::Info, "none"),
    };
    let formatted = format!("**{}**\n\n{}\n\n`mrready explain {id}`\n", markdown(text.title), markdown(text.remedy));
    Descriptor {
        id: id.to_owned(),
        name: name_of(id),
        short_description: Text::plain(message(text.title)),
        full_description: Some(Text::plain(message(&format!("{}. {}", text.title, text.remedy)))),
        help: Some(Text { text: message(text.remedy), markdown: Some(formatted) }),
        help_uri: None,
        default_configuration: Some(Configuration { level: word }),
        properties: bag(level, &["cognito".to_owned(), "issuer".to_owned()]),
    }
}
