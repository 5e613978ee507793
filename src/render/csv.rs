//! `--format csv`: a row per finding, for spreadsheets and for scripts.
//!
//! RFC 4180: commas, CRLF, a header; UTF-8 without a byte order mark. A released column keeps its name, place and meaning; new ones come at the end. Every cell is
//! one line, with invisible characters written as escapes, and none is a formula to a spreadsheet, see [`cell`]. So a cell may
//! differ from the name it shows; the JSON report has names as they are.
//!
//! What is listed is what `--show`, `--select` and `--ignore` say; by itself everything but what does not apply. A held verdict
//! (`--unknown-grace`) is in a column of its own; `verdict` is the real one. The format has no place for gates of pools, coverage
//! and the answer, nor for what is gone since the baseline. Options that reduced the run stand in every row.

use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};

use super::Options;
use super::records::{Records, evidence, missing_actions, region};
use super::safe::safe;
use crate::model::Verdict;
use crate::model::report::{AppliedWaiver, Finding, Report};

/// What a column holds.
type Column = (&'static str, fn(&Row<'_>) -> String);

const COLUMNS: &[Column] = &[
    ("fingerprint", |row| row.finding.fingerprint.clone()),
    ("verdict", |row| row.finding.verdict.to_string()),
    ("level", |row| row.finding.level.to_string()),
    ("rule", |row| row.finding.rule.clone()),
    ("title", |row| row.records.title(&row.finding.rule).to_owned()),
    ("gates", |row| joined(row.finding.gates.iter().map(|gate| gate.as_str()))),
    ("account", |row| row.finding.subject.account.clone()),
    ("region", |row| region(&row.finding.subject).unwrap_or_default().to_owned()),
    ("pool_id", |row| or_empty(row.finding.subject.pool_id.as_ref())),
    ("pool_name", |row| or_empty(row.records.pool(&row.finding.subject).and_then(|pool| pool.name.as_ref()))),
    ("owner", |row| or_empty(row.finding.owner.as_ref())),
    ("subject_kind", |row| row.finding.subject.kind.to_string()),
    ("subject_id", |row| row.finding.subject.id.clone()),
    ("subject_name", |row| or_empty(row.finding.subject.name.as_ref())),
    ("subject_arn", |row| or_empty(row.finding.subject.arn.as_ref())),
    ("message", |row| row.finding.message.clone()),
    ("evidence", |row| row.finding.evidence.iter().map(evidence).collect::<Vec<_>>().join(" | ")),
    ("missing_actions", |row| joined(missing_actions(row.finding))),
    ("remedy", |row| row.finding.remediation.as_ref().map(|remedy| remedy.summary.clone()).unwrap_or_default()),
    ("remedy_when", |row| row.finding.remediation.as_ref().map(|each| each.when.to_string()).unwrap_or_default()),
    ("remedy_steps", |row| joined(row.finding.remediation.iter().flat_map(|each| &each.steps))),
    ("decision", |row| row.decision(|waiver| waiver.kind.clone())),
    ("decision_reason", |row| row.decision(|waiver| waiver.reason.clone())),
    ("decision_owner", |row| row.decision(|waiver| waiver.owner.clone())),
    ("decision_expires", |row| row.decision(|waiver| waiver.expires.clone())),
    ("decision_ticket", |row| row.decision(|waiver| or_empty(waiver.ticket.as_ref()))),
    ("held_verdict", |row| row.finding.held.as_ref().map(|held| held.verdict.to_string()).unwrap_or_default()),
    ("baseline", |row| row.finding.baseline.map(|state| state.as_str().to_owned()).unwrap_or_default()),
    ("first_seen", |row| or_empty(row.finding.first_seen.as_ref())),
    ("references", |row| joined(row.records.references(&row.finding.rule).iter().map(|each| &each.url))),
    ("evidence_from", |row| row.records.evidence_from(&row.finding.subject).unwrap_or_default().to_owned()),
    ("judged_at", |row| row.records.report.run.now.clone()),
    ("snapshot", |row| row.records.report.snapshot.digest.clone()),
    ("tool_version", |row| row.records.report.tool.version.clone()),
    ("reductions", |row| row.records.reductions().join(" | ")),
];

/// Writes the findings as rows.
pub fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let records = Records::of(report);
    let mut rows = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    rows.write_record(COLUMNS.iter().map(|(name, _)| name))?;
    for finding in &report.findings {
        let verdict = finding.verdict;
        if !options.show.hides(finding) && options.show.verdicts.lists(verdict, verdict != Verdict::NotApplicable) {
            let row = Row { records: &records, finding };
            rows.write_record(COLUMNS.iter().map(|(_, value)| cell(&value(&row))))?;
        }
    }
    rows.flush()
}

/// A finding and what its row tells beside it.
struct Row<'a> {
    records: &'a Records<'a>,
    finding: &'a Finding,
}

impl Row<'_> {
    fn decision(&self, member: fn(&AppliedWaiver) -> String) -> String {
        self.finding.waiver.as_ref().map(member).unwrap_or_default()
    }
}

fn or_empty(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn joined<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    words.into_iter().map(|word| word.as_ref().to_owned()).collect::<Vec<_>>().join(" ")
}

/// The text as a cell: on one line, and no formula.
///
/// A spreadsheet evaluates what begins with `=`, `+`, `-` or `@`; a `'` before it makes it text. The same behind a comma or a
/// semicolon, since a spreadsheet set to the other one cuts cells there and takes no notice of the quotes around them.
pub(super) fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    let mut begins = true;
    for c in safe(text).chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            cell.push('\'');
        }
        begins = matches!(c, ',' | ';') || (begins && (c.is_whitespace() || c == '"'));
        cell.push(c);
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::super::records::tests::{NAMES, golden, hostile, second_run, text};
    use super::super::safe::is_hidden;
    use super::super::{Format, Show, samples};
    use super::*;

    fn rows(written: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn fixtures_are_as_written() {
        golden(Format::Csv, "csv");
    }

    #[test]
    fn no_cell_and_no_part_of_one_is_a_formula() {
        for (text, wanted) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(1)", "'@SUM(1)"),
            ("  =1", "  '=1"),
            ("＝1", "'＝1"),
            ("x;=1", "x;'=1"),
            ("x,\"=1\"", "x,\"'=1\""),
            ("\t=1", "\\u{9}=1"),
            ("\r=1", "\\u{d}=1"),
            ("a=b, c-d", "a=b, c-d"),
            ("", ""),
        ] {
            assert_eq!(cell(text), wanted);
        }
        let written = text(Format::Csv, &hostile(), &Options::default());
        for part in written.split(['\r', '\n', ',', ';', '"', '\t']) {
            assert!(!part.trim_start().starts_with(['=', '+', '-', '@', '＝']), "{part:?}");
        }
    }

    #[test]
    fn every_finding_is_one_row_of_one_line() {
        for (name, report) in samples::all().into_iter().chain([("second", second_run()), ("names", hostile())]) {
            let written = text(Format::Csv, &report, &Options { show: Show::all(), ..Options::default() });
            let rows = rows(&written);
            assert_eq!(rows.len(), report.findings.len() + 1, "{name}");
            assert_eq!(written.matches("\r\n").count(), rows.len(), "{name}");
            assert_eq!(written.matches('\n').count(), rows.len(), "{name}");
            assert!(!written.chars().any(|c| is_hidden(c) && c != '\r' && c != '\n'), "{name}");
            assert!(rows.iter().all(|row| row.len() == COLUMNS.len()), "{name}");
            let column = |name: &str| rows[0].iter().position(|each| each == name).unwrap();
            for (row, finding) in rows.iter().skip(1).zip(&report.findings) {
                assert_eq!(row[column("fingerprint")], cell(&finding.fingerprint), "{name}");
                assert_eq!(row[column("verdict")], finding.verdict.as_str(), "{name}");
                assert_eq!(row[column("message")], cell(&finding.message), "{name}");
            }
        }
        assert!(NAMES.iter().any(|name| name.contains('"')) && NAMES.iter().any(|name| name.contains('\n')));
    }

    #[test]
    fn a_held_verdict_stands_beside_the_real_one() {
        let written = text(Format::Csv, &second_run(), &Options::default());
        let rows = rows(&written);
        assert_eq!(rows.len(), 4, "without what does not apply");
        let column = |name: &str| rows[0].iter().position(|each| each == name).unwrap();
        let held = rows.iter().find(|row| row[column("rule")] == "held").unwrap();
        assert_eq!((held[column("verdict")].as_str(), held[column("held_verdict")].as_str()), ("unknown", "fail"));
    }

    #[test]
    fn a_report_without_findings_has_its_header() {
        assert_eq!(rows(&text(Format::Csv, &samples::empty(), &Options::default())).len(), 1);
    }
}
