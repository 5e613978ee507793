//! `--format gitlab`: the Code Quality report that GitLab reads from a job's artifacts.
//!
//! A JSON array with an entry per finding that asks for something. GitLab stops reading at the first entry that it finds
//! wrong and keeps one of several with the same fingerprint, so each entry has every member and its own fingerprint. An
//! entry needs a file: a finding of the account stands at line 1 of the file of `--annotate`. What passed, facts, and what a
//! decision takes out of the count are left out: there every entry is a degradation. There is no place for reductions.

use std::io::{self, Write};

use serde::Serialize;

use super::Options;
use super::annotate::{DEFAULT_FILE, Distinct, fingerprints, reference, sentence, spot, spot_of, worst_first};
use super::json::visible;
use super::safe::safe;
use super::scan::ClassText;
use crate::model::reference::ScanHit;
use crate::model::report::{Finding, Report};
use crate::model::{Class, Confidence, Level, ScanReport, Severity, Verdict};

/// An entry.
#[derive(Debug, Serialize)]
struct Entry {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Debug, Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: u32,
}

/// Writes the report of an audit, the worst first.
pub(super) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut distinct = Distinct::default();
    let mut entries = Vec::new();
    for finding in worst_first(report, &options.show) {
        let Some(severity) = severity(finding) else { continue };
        if finding.is_waived() || !options.show.verdicts.lists(finding.verdict, true) {
            continue;
        }
        let (path, begin) = match spot(report, finding) {
            Some(spot) => (spot.path, spot.line.unwrap_or(1)),
            None => (options.code_host.place.clone().unwrap_or_else(|| DEFAULT_FILE.to_owned()), 1),
        };
        entries.push(Entry {
            description: safe(&sentence(finding)),
            check_name: safe(&finding.rule),
            fingerprint: distinct.next(&finding.fingerprint),
            severity,
            location: Location { path, lines: Lines { begin: begin.max(1) } },
        });
    }
    print(&entries, out)
}

/// Writes the report of a scan.
pub(super) fn write_scan(report: &ScanReport, class: fn(Class) -> ClassText, out: &mut dyn Write) -> io::Result<()> {
    let mut entries = Vec::new();
    for (hit, fingerprint) in report.hits.iter().zip(fingerprints(report)) {
        let Some(severity) = severity_of_hit(hit) else { continue };
        let spot = spot_of(report, hit);
        entries.push(Entry {
            description: safe(&format!("{}: {}", class(hit.class).title, reference(hit))),
            check_name: hit.class.as_str().to_owned(),
            fingerprint,
            severity,
            location: Location { path: spot.path, lines: Lines { begin: hit.line.max(1) } },
        });
    }
    print(&entries, out)
}

/// How bad a finding is in GitLab's words; none if it asks for nothing.
fn severity(finding: &Finding) -> Option<&'static str> {
    match (finding.verdict, finding.level) {
        (Verdict::Fail, _) => Some("blocker"),
        (Verdict::Unknown, Level::Blocker) => Some("major"),
        (Verdict::Warn, _) | (Verdict::Unknown, Level::Advisory | Level::Info) => Some("minor"),
        (Verdict::Manual, _) => Some("info"),
        (Verdict::Pass | Verdict::Info | Verdict::NotApplicable, _) => None,
    }
}

fn severity_of_hit(hit: &ScanHit) -> Option<&'static str> {
    match (hit.in_test || hit.in_doc, hit.confidence, hit.severity) {
        (true, ..) | (false, _, Severity::Info) => None,
        (false, Confidence::Review, _) => Some("info"),
        (false, Confidence::Definite | Confidence::Likely, Severity::Error) => Some("critical"),
        (false, Confidence::Definite | Confidence::Likely, Severity::Warning) => Some("minor"),
    }
}

fn print(entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(visible(&serde_json::to_string_pretty(entries)?).as_bytes())
}

#[cfg(test)]
mod tests;
