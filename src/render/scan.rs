//! The report of a scan: JSON, one JSON object a line, and text as compilers print it.
//!
//! Everything a source tree holds is somebody's: what is shown of it is made harmless. Not here: which hits count.

mod frame;
mod text;

use std::io::{Result, Write};

use serde::Serialize;

pub use frame::{Frame, frame};
pub use text::{TextOptions, skipped, write_text};

use crate::model::ScanReport;
use crate::model::reference::{ScanHit, ScanRoot, ScanSummary, Skipped};

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
