//! `--format prowler-csv`: the CSV of Prowler 5, for dashboards that already read it.
//!
//! Its 44 columns in its order, semicolons, CRLF. What Prowler has no word for loses something, and no more than that: its
//! statuses are PASS, FAIL and MANUAL, so a false advisory is a FAIL of low severity, and what is unknown is MANUAL, as is what
//! waits for a person; `STATUS_EXTENDED` and `NOTES` say which. A waived finding keeps its status and is `MUTED`. What does not
//! apply is never written: Prowler has no status for it.
//!
//! Columns about the organisation, tags and code stay empty: the report knows nothing of them. `PROWLER_VERSION` names this
//! tool. Otherwise as the [CSV](super::csv) of our own: `--show`, `--select` and `--ignore` narrow it, and no cell is a formula.

use std::io::{self, Write};

use ::csv::{Terminator, WriterBuilder};

use super::Options;
use super::csv::cell;
use super::finding::decision;
use super::records::{Records, Weight, evidence, instant, missing_actions, partition, region, weight};
use crate::model::report::{Finding, Report};
use crate::model::{SubjectKind, Verdict};

/// What a column holds.
type Column = (&'static str, fn(&Row<'_>) -> String);

const EMPTY: fn(&Row<'_>) -> String = |_| String::new();

const COLUMNS: &[Column] = &[
    ("AUTH_METHOD", |row| row.records.report.snapshot.caller.clone().unwrap_or_default()),
    ("TIMESTAMP", |row| row.timestamp()),
    ("ACCOUNT_UID", |row| row.finding.subject.account.clone()),
    ("ACCOUNT_NAME", EMPTY),
    ("ACCOUNT_EMAIL", EMPTY),
    ("ACCOUNT_ORGANIZATION_UID", EMPTY),
    ("ACCOUNT_ORGANIZATION_NAME", EMPTY),
    ("ACCOUNT_TAGS", EMPTY),
    ("FINDING_UID", |row| format!("mrready-{}", row.finding.fingerprint)),
    ("PROVIDER", |_| "aws".to_owned()),
    ("CHECK_ID", |row| row.finding.rule.clone()),
    ("CHECK_TITLE", |row| row.records.title(&row.finding.rule).to_owned()),
    ("CHECK_TYPE", EMPTY),
    ("STATUS", |row| status(row.finding.verdict).unwrap_or_default().to_owned()),
    ("STATUS_EXTENDED", |row| format!("{}: {}", row.finding.verdict, row.finding.message)),
    ("MUTED", |row| if row.finding.is_waived() { "True" } else { "False" }.to_owned()),
    ("SERVICE_NAME", |_| "cognito".to_owned()),
    ("SUBSERVICE_NAME", |row| row.finding.subject.kind.to_string()),
    ("SEVERITY", |row| severity(weight(row.finding.verdict, row.finding.level)).to_owned()),
    ("RESOURCE_TYPE", |row| resource_type(row.finding.subject.kind).to_owned()),
    ("RESOURCE_UID", |row| row.finding.subject.arn.as_ref().unwrap_or(&row.finding.subject.id).clone()),
    ("RESOURCE_NAME", |row| row.finding.subject.name.as_ref().unwrap_or(&row.finding.subject.id).clone()),
    ("RESOURCE_DETAILS", |row| row.finding.evidence.iter().map(evidence).collect::<Vec<_>>().join(" | ")),
    ("RESOURCE_TAGS", EMPTY),
    ("PARTITION", |row| partition(region(&row.finding.subject).unwrap_or_default()).to_owned()),
    ("REGION", |row| region(&row.finding.subject).unwrap_or_default().to_owned()),
    ("DESCRIPTION", |row| row.records.title(&row.finding.rule).to_owned()),
    ("RISK", |row| row.records.why(&row.finding.rule)),
    ("RELATED_URL", EMPTY),
    ("REMEDIATION_RECOMMENDATION_TEXT", |row| {
        row.finding.remediation.as_ref().map(|remedy| remedy.summary.clone()).unwrap_or_default()
    }),
    ("REMEDIATION_RECOMMENDATION_URL", |row| row.urls().next().unwrap_or_default().to_owned()),
    ("REMEDIATION_CODE_NATIVEIAC", EMPTY),
    ("REMEDIATION_CODE_TERRAFORM", EMPTY),
    ("REMEDIATION_CODE_CLI", EMPTY),
    ("REMEDIATION_CODE_OTHER", EMPTY),
    ("COMPLIANCE", |row| format!("Amazon Cognito multi-Region replication: {}", row.gates())),
    ("CATEGORIES", |_| "resilience".to_owned()),
    ("DEPENDS_ON", EMPTY),
    ("RELATED_TO", EMPTY),
    ("NOTES", |row| row.notes()),
    ("PROWLER_VERSION", |row| format!("mrready {}", row.records.report.tool.version)),
    ("ADDITIONAL_URLS", |row| row.urls().skip(1).collect::<Vec<_>>().join(" | ")),
    ("ACCOUNT_OU_UID", EMPTY),
    ("ACCOUNT_OU_NAME", EMPTY),
];

/// Writes the findings as rows.
pub fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let records = Records::of(report);
    let mut rows = WriterBuilder::new().delimiter(b';').terminator(Terminator::CRLF).from_writer(out);
    rows.write_record(COLUMNS.iter().map(|(name, _)| name))?;
    for finding in &report.findings {
        let verdict = finding.verdict;
        if !options.show.hides(finding) && options.show.verdicts.lists(verdict, true) && status(verdict).is_some() {
            let row = Row { records: &records, finding };
            rows.write_record(COLUMNS.iter().map(|(_, value)| cell(&value(&row))))?;
        }
    }
    rows.flush()
}

/// `STATUS`; `None`: it has none.
fn status(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Pass | Verdict::Info => Some("PASS"),
        Verdict::Fail | Verdict::Warn => Some("FAIL"),
        Verdict::Unknown | Verdict::Manual => Some("MANUAL"),
        Verdict::NotApplicable => None,
    }
}

fn severity(weight: Weight) -> &'static str {
    match weight {
        Weight::Informational => "informational",
        Weight::Low => "low",
        Weight::Medium => "medium",
        Weight::High => "high",
    }
}

/// Prowler's word for a pool; of other kinds one may be several of its types.
fn resource_type(kind: SubjectKind) -> &'static str {
    if kind == SubjectKind::Pool { "AwsCognitoUserPool" } else { "Other" }
}

/// A finding and what its row tells beside it.
struct Row<'a> {
    records: &'a Records<'a>,
    finding: &'a Finding,
}

impl<'a> Row<'a> {
    /// The clock of the run as Prowler writes its own: without a zone, here in UTC.
    fn timestamp(&self) -> String {
        let now = &self.records.report.run.now;
        instant(now).map_or_else(|| now.clone(), |now| now.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    fn gates(&self) -> String {
        self.finding.gates.iter().map(|gate| gate.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn urls(&self) -> impl Iterator<Item = &'a str> {
        self.records.references(&self.finding.rule).iter().map(|each| each.url.as_str())
    }

    /// What the other columns have no place for.
    fn notes(&self) -> String {
        let mut notes = vec![format!("level: {}", self.finding.level)];
        let from = self.records.evidence_from(&self.finding.subject);
        notes.extend(from.map(|from| format!("evidence from {from}")));
        notes.extend(self.finding.waiver.iter().map(|waiver| format!("decision: {}", decision(waiver))));
        let missing = missing_actions(self.finding);
        if !missing.is_empty() {
            notes.push(format!("allow: {}", missing.join(" ")));
        }
        notes.extend(self.finding.owner.iter().map(|owner| format!("owner: {owner}")));
        notes.extend(self.records.reductions().iter().map(|each| format!("reduced by {each}")));
        notes.join(" | ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::tests::{golden, hostile, second_run, text};
    use super::super::{Format, Show, samples};
    use super::*;

    fn rows(written: &str) -> Vec<Vec<String>> {
        let mut reader = ::csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(written.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    fn of(rows: &[Vec<String>], rule: &str, column: &str) -> String {
        let at = |name: &str| rows[0].iter().position(|each| each == name).unwrap();
        rows.iter().find(|row| row[at("CHECK_ID")] == rule).map(|row| row[at(column)].clone()).unwrap_or_default()
    }

    #[test]
    fn fixtures_are_as_written() {
        golden(Format::ProwlerCsv, "prowler.csv");
    }

    #[test]
    fn every_verdict_has_its_status() {
        let rows = rows(&text(Format::ProwlerCsv, &hostile(), &Options { show: Show::all(), ..Options::default() }));
        let rules = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(
            rules.map(|rule| of(&rows, rule, "STATUS")),
            ["FAIL", "MANUAL", "FAIL", "PASS", "MANUAL", "", "PASS"]
        );
        assert_eq!(of(&rows, "a", "SEVERITY"), "high");
        assert_eq!(of(&rows, "c", "SEVERITY"), "low");
        assert_eq!(of(&rows, "a", "MUTED"), "True");
        assert!(of(&rows, "b", "STATUS_EXTENDED").starts_with("unknown: "));
    }

    #[test]
    fn an_unknown_stays_for_a_person_whatever_is_held() {
        let rows = rows(&text(Format::ProwlerCsv, &second_run(), &Options::default()));
        assert_eq!(of(&rows, "held", "STATUS"), "MANUAL");
        assert_eq!(of(&rows, "known", "TIMESTAMP"), "2026-11-21 09:00:00");
        assert_eq!(of(&rows, "known", "MUTED"), "False");
    }

    #[test]
    fn every_row_is_whole_and_no_part_of_one_is_a_formula() {
        for (name, report) in samples::all().into_iter().chain([("names", hostile())]) {
            let written = text(Format::ProwlerCsv, &report, &Options::default());
            let rows = rows(&written);
            let written_ones = report.findings.iter().filter(|each| each.verdict != Verdict::NotApplicable).count();
            assert_eq!((rows.len(), written.matches("\r\n").count()), (written_ones + 1, written_ones + 1), "{name}");
            assert!(rows.iter().all(|row| row.len() == 44), "{name}");
            for part in written.split(['\r', '\n', ',', ';', '"', '\t']) {
                assert!(!part.trim_start().starts_with(['=', '+', '-', '@', '＝']), "{name}: {part:?}");
            }
        }
    }
}
