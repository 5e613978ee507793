//! The report of a scan: JSON, one JSON object a line, text as compilers print it, and what code hosts read.
//!
//! Everything a source tree holds is somebody's: what is shown of it is made harmless. Not here: which hits count.

mod frame;
mod text;

use std::io::{Result, Write};

use serde::Serialize;

pub use frame::{Frame, frame};
pub use text::{TextOptions, skipped, write_text};

use super::{github, gitlab, sarif};
use crate::model::reference::{ScanHit, ScanRoot, ScanSummary, Skipped};
use crate::model::{Class, ScanReport, Severity};

/// What is said of a class of reference.
#[derive(Debug, Clone, Copy)]
pub struct ClassText {
    /// What it is, in a few words.
    pub title: &'static str,
    /// How much a sure reference of this class matters.
    pub severity: Severity,
    /// What to do about it, in any language.
    pub remedy: &'static str,
}

/// SARIF with every hit.
pub fn write_sarif(report: &ScanReport, class: fn(Class) -> ClassText, out: &mut dyn Write) -> Result<()> {
    sarif::write_scan(report, class, out)
}

/// SARIF as GitHub's code scanning reads it.
pub fn write_sarif_github(report: &ScanReport, class: fn(Class) -> ClassText, out: &mut dyn Write) -> Result<()> {
    sarif::write_scan_github(report, class, out)
}

/// Workflow commands of GitHub Actions.
pub fn write_github(report: &ScanReport, class: fn(Class) -> ClassText, out: &mut dyn Write) -> Result<()> {
    github::write_scan(report, class, out)
}

/// GitLab's Code Quality report.
pub fn write_gitlab(report: &ScanReport, class: fn(Class) -> ClassText, out: &mut dyn Write) -> Result<()> {
    gitlab::write_scan(report, class, out)
}

/// The report itself.
pub fn write_json(report: &ScanReport, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

/// One line of `--format jsonl`.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Line<'a> {
    Scan { schema_version: u32, tool_version: &'a str, evaluator: u32 },
    Root(&'a ScanRoot),
    Hit(&'a ScanHit),
    Skipped(&'a Skipped),
    Summary(&'a ScanSummary),
}

/// The report as lines, each with its `kind`: first the versions, last the summary.
pub fn write_jsonl(report: &ScanReport, out: &mut dyn Write) -> Result<()> {
    let mut line = |line: Line<'_>| -> Result<()> {
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)
    };
    line(Line::Scan {
        schema_version: report.schema_version,
        tool_version: &report.tool_version,
        evaluator: report.evaluator,
    })?;
    report.roots.iter().try_for_each(|root| line(Line::Root(root)))?;
    report.hits.iter().try_for_each(|hit| line(Line::Hit(hit)))?;
    report.skipped.iter().try_for_each(|skipped| line(Line::Skipped(skipped)))?;
    line(Line::Summary(&report.summary))
}
