//! `--format json`: the report as it is, for programs.
//!
//! The report's types in `model::report` are the contract, so this only leaves out what [`Show`] hides and writes the
//! rest. Invisible and direction-changing characters, and `##`, are written as `\u` escapes: the same JSON to a
//! parser, harmless to a terminal or a CI log. It judges and renames nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::Show;
use super::safe::is_hidden;
use crate::model::Verdict;
use crate::model::report::{
    Coverage, Finding, Report, Resolved, RuleSummary, Run, SnapshotSummary, Summary, Tool, WaiverState,
};

/// Writes the report as indented JSON with a newline at its end.
pub fn write(report: &Report, show: &Show, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(visible(&serde_json::to_string_pretty(&Shown::of(report, show))?).as_bytes())
}

/// Indented JSON with everything that could hide or steer written as an escape, and a newline at its end.
pub(super) fn visible(json: &str) -> String {
    let mut visible = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        // Such characters stand inside strings only, the newlines of the layout aside: those of strings are escaped.
        // Nearly all of it is printable ASCII, which is decided without a look at the tables of characters.
        let hidden = !(' '..='~').contains(&c) && c != '\n' && is_hidden(c);
        if hidden || (c == '#' && visible.ends_with('#')) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(visible, "\\u{unit:04x}");
            }
        } else {
            visible.push(c);
        }
    }
    visible.push('\n');
    visible
}

/// A report with the findings that are shown, without a copy of them.
#[derive(Serialize)]
struct Shown<'a> {
    schema_version: u32,
    tool: &'a Tool,
    run: &'a Run,
    snapshot: &'a SnapshotSummary,
    summary: &'a Summary,
    rules: &'a BTreeMap<String, RuleSummary>,
    findings: Vec<&'a Finding>,
    coverage: &'a Coverage,
    waivers: &'a [WaiverState],
    #[serde(skip_serializing_if = "<[Resolved]>::is_empty")]
    resolved: &'a [Resolved],
}

impl<'a> Shown<'a> {
    fn of(report: &'a Report, show: &Show) -> Self {
        // Taken apart in full: a member added to the report must be added here, or this does not compile.
        let Report { schema_version, tool, run, snapshot, summary, rules, findings, coverage, waivers, resolved } =
            report;
        let findings = findings
            .iter()
            .filter(|each| {
                !show.hides(each) && show.verdicts.lists(each.verdict, each.verdict != Verdict::NotApplicable)
            })
            .collect();
        Self {
            schema_version: *schema_version,
            tool,
            run,
            snapshot,
            summary,
            rules,
            findings,
            coverage,
            waivers,
            resolved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn text(report: &Report, show: &Show) -> String {
        let mut out = Vec::new();
        write(report, show, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_written_is_the_report() {
        for (name, report) in samples::all() {
            let written = text(&report, &Show::all());
            assert_eq!(serde_json::from_str::<Report>(&written).unwrap(), report, "{name}");
            let value: serde_json::Value = serde_json::from_str(&written).unwrap();
            assert_eq!(value, serde_json::to_value(&report).unwrap(), "{name}");
            assert!(written.ends_with("}\n"), "{name}");
        }
    }

    #[test]
    fn showing_less_changes_the_findings_only() {
        let report = samples::blocked();
        let usual: Report = serde_json::from_str(&text(&report, &Show::default())).unwrap();
        assert!(usual.findings.iter().all(|each| each.verdict != Verdict::NotApplicable));
        assert!(report.findings.len() > usual.findings.len());

        let mut show = Show::only([Verdict::Fail]);
        show.hidden_rules.insert("pool-feature-plan".to_owned());
        let fails: Report = serde_json::from_str(&text(&report, &show)).unwrap();
        assert!(!fails.findings.is_empty());
        assert!(fails.findings.iter().all(|each| each.verdict == Verdict::Fail && each.rule != "pool-feature-plan"));
        assert_eq!((&fails.summary, &fails.coverage), (&report.summary, &report.coverage));
    }

    #[test]
    fn nothing_in_it_steers_a_terminal_or_a_runner() {
        let written = text(&samples::hostile(), &Show::all());
        assert!(!written.chars().any(|c| is_hidden(c) && c != '\n'));
        assert!(!written.contains("##"));
    }
}
