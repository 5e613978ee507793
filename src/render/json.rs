//! `--format json`: the report as it is, for programs.
//!
//! The report's types in `model::report` are the contract, so this only leaves out what [`Show`] hides and writes the
//! rest. Of many pools it is written for programs alone: a finding a line, without members that are null, and passes without
//! their evidence unless `--show` asks for passes, since they would be most of the file. Invisible and direction-changing characters, and `##`, are written as `\u` escapes: the same JSON to a
//! parser, harmless to a terminal or a CI log. It judges and renames nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::safe::is_hidden;
use super::{MAX_DETAILED_POOLS, Show, Verdicts};
use crate::model::Verdict;
use crate::model::report::{
    Coverage, Finding, Report, Resolved, RuleSummary, Run, SnapshotSummary, Summary, Tool, Unseen, WaiverState,
};

/// Writes the report as indented JSON with a newline at its end.
pub fn write(report: &Report, show: &Show, out: &mut dyn Write) -> io::Result<()> {
    let shown = Shown::of(report, show);
    let text = if is_fleet(report) { lines(&shown)? } else { serde_json::to_string_pretty(&shown)? };
    out.write_all(visible(&text).as_bytes())
}

/// Whether nobody reads the file by eye.
fn is_fleet(report: &Report) -> bool {
    report.summary.pools.len() > MAX_DETAILED_POOLS
}

/// What is not there is `null` to a reader, too.
fn leave_out_nulls(value: &mut serde_json::Value) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
}

/// A member of the document a line, and an item of its lists a line.
fn lines(shown: &Shown<'_>) -> serde_json::Result<String> {
    let serde_json::Value::Object(mut members) = serde_json::to_value(shown)? else { return Ok(String::new()) };
    for finding in members.get_mut("findings").and_then(serde_json::Value::as_array_mut).into_iter().flatten() {
        leave_out_nulls(finding);
        for evidence in finding.get_mut("evidence").and_then(serde_json::Value::as_array_mut).into_iter().flatten() {
            leave_out_nulls(evidence);
        }
    }
    let mut text = "{".to_owned();
    for (index, (name, member)) in members.iter().enumerate() {
        let _ = write!(text, "{}\n{}: ", if index == 0 { "" } else { "," }, serde_json::to_string(name)?);
        match member.as_array().filter(|items| !items.is_empty()) {
            Some(items) => {
                for (index, item) in items.iter().enumerate() {
                    let _ = write!(text, "{}\n{item}", if index == 0 { "[" } else { "," });
                }
                text.push_str("\n]");
            }
            None => {
                let _ = write!(text, "{member}");
            }
        }
    }
    text.push_str("\n}");
    Ok(text)
}

/// Indented JSON with everything that could hide or steer written as an escape, and a newline at its end.
pub(super) fn visible(json: &str) -> String {
    let mut visible = String::with_capacity(json.len() + 1);
    let mut rest = json;
    // Nearly all of it is printable ASCII, which is taken over as it is, in one piece.
    let plain = |byte: &u8| (b' '..=b'~').contains(byte) && *byte != b'#';
    loop {
        let end = rest.as_bytes().iter().position(|byte| !plain(byte)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        visible.push_str(run);
        let Some(c) = after.chars().next() else { break };
        rest = &after[c.len_utf8()..];
        // Such characters stand inside strings only, the newlines of the layout aside: those of strings are escaped.
        let hidden = c != '\n' && c != '#' && is_hidden(c);
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
    findings: Vec<Cow<'a, Finding>>,
    coverage: &'a Coverage,
    waivers: &'a [WaiverState],
    #[serde(skip_serializing_if = "<[Resolved]>::is_empty")]
    resolved: &'a [Resolved],
    #[serde(skip_serializing_if = "<[Unseen]>::is_empty")]
    unseen: &'a [Unseen],
}

impl<'a> Shown<'a> {
    fn of(report: &'a Report, show: &Show) -> Self {
        // Taken apart in full: a member added to the report must be added here, or this does not compile.
        let Report {
            schema_version,
            tool,
            run,
            snapshot,
            summary,
            rules,
            findings,
            coverage,
            waivers,
            resolved,
            unseen,
            merge: _,
        } = report;
        let findings = findings
            .iter()
            .filter(|each| {
                !show.hides(each) && show.verdicts.lists(each.verdict, each.verdict != Verdict::NotApplicable)
            })
            .map(|each| {
                if is_fleet(report) && each.verdict == Verdict::Pass && show.verdicts == Verdicts::Default {
                    Cow::Owned(Finding { evidence: Vec::new(), ..each.clone() })
                } else {
                    Cow::Borrowed(each)
                }
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
            unseen,
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
            assert!(serde_json::from_str::<Report>(&written).unwrap() == report, "{name}");
            let value: serde_json::Value = serde_json::from_str(&written).unwrap();
            // Of a fleet, what is null in a finding is left out.
            assert!(is_fleet(&report) || value == serde_json::to_value(&report).unwrap(), "{name}");
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
    fn of_many_pools_a_pass_has_no_evidence_unless_passes_are_asked_for() {
        let mut report = samples::fleet(25);
        let seen = samples::call("key.type", Some("AWS"), "AWS", "kms:DescribeKey", "/KeyMetadata");
        for finding in report.findings.iter_mut().filter(|each| each.verdict == Verdict::Pass) {
            finding.evidence = vec![seen.clone()];
        }
        let mut written: Report = serde_json::from_str(&text(&report, &Show::default())).unwrap();
        assert!(report.findings.iter().any(|each| each.verdict == Verdict::Pass && !each.evidence.is_empty()));
        assert!(written.findings.iter().all(|each| each.verdict != Verdict::Pass || each.evidence.is_empty()));
        // Nothing else is missing.
        let all: Report = serde_json::from_str(&text(&report, &Show::all())).unwrap();
        assert_eq!(all, report);
        for finding in &mut written.findings {
            if finding.verdict == Verdict::Pass {
                let whole = report.findings.iter().find(|each| each.fingerprint == finding.fingerprint).unwrap();
                finding.evidence.clone_from(&whole.evidence);
            }
        }
        let usual = |each: &&Finding| each.verdict != Verdict::NotApplicable;
        assert_eq!(written.findings, report.findings.iter().filter(usual).cloned().collect::<Vec<_>>());
        assert_eq!(
            text(&report, &Show::default()).matches("\n{\"").count(),
            written.findings.len() + written.waivers.len() + written.resolved.len()
        );
    }

    #[test]
    fn nothing_in_it_steers_a_terminal_or_a_runner() {
        let written = text(&samples::hostile(), &Show::all());
        assert!(!written.chars().any(|c| is_hidden(c) && c != '\n'));
        assert!(!written.contains("##"));
    }
}
