//! `--format sarif-github` of an audit: what GitHub's code scanning reads, and nothing it would misread.
//!
//! GitHub ignores `kind` and `suppressions`: everything in the file becomes an open alert. So only failures and warnings
//! that no decision takes out of the count are in it, and with `--sarif-unknown-as warning` what is not known. An alert
//! needs a file: findings in a source tree have theirs, from the top of the repository; those of the account are shown at
//! the file of `--annotate`, line 1. GitHub's limits are kept: the worst come first, and what does not fit is counted in a
//! notification and in a result of its own. `--select`, `--ignore` and `--show` narrow the file, and GitHub then closes
//! the alerts that are not in it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::Options;
use super::super::annotate::{DEFAULT_FILE, Distinct, Spot, sentence, spot, worst_first};
use super::audit::{category, driver, invocation};
use super::fit;
use super::log::{AutomationDetails, Item, Location, Region, Run, Text, Tool};
use super::{Descriptor, FINGERPRINT, Rules, descriptor, location, message, physical, problem_severity};
use crate::model::report::{Finding, Report, RuleSummary};
use crate::model::{Level, Verdict};

/// The only fingerprint that GitHub reads.
pub(super) const LINE_HASH: &str = "primaryLocationLineHash";

/// Writes the file.
pub(in crate::render) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let at = beginning(&place(options.code_host.place.as_deref()));
    fit::write(run(report, options), &at, out)
}

/// Everything that becomes an alert, the worst first.
pub(super) fn run(report: &Report, options: &Options) -> Run {
    let at = place(options.code_host.place.as_deref());
    let mut rules = Rules::default();
    let mut distinct = Distinct::default();
    let mut results = Vec::new();
    for finding in worst_first(report, &options.show) {
        let Some(level) = level(finding.verdict, options.code_host.unknown_as_warning) else { continue };
        if finding.is_waived() || !options.show.verdicts.lists(finding.verdict, true) {
            continue;
        }
        let rule_index = rules.index(&finding.rule, || rule(report, finding));
        let spot = spot(report, finding).unwrap_or_else(|| at.clone());
        results.push(Item {
            rule_id: finding.rule.clone(),
            rule_index,
            kind: "fail",
            level,
            message: Text::plain(message(&sentence(finding))),
            locations: vec![location(Some(physical(&spot, false, Some(whole(&spot, 1)))), &finding.subject)],
            related_locations: Vec::new(),
            partial_fingerprints: fingerprints(&finding.fingerprint, &mut distinct),
            baseline_state: None,
            suppressions: None,
            properties: json!({ "verdict": finding.verdict, "gates": finding.gates, "owner": finding.owner }),
        });
    }
    Run {
        tool: Tool { driver: driver(report, rules.list) },
        automation_details: AutomationDetails { id: category(report) },
        invocations: vec![invocation(report)],
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: BTreeMap::new(),
        results,
        properties: json!({ "answer": report.summary.answer, "reductions": report.run.reductions }),
    }
}

/// What becomes an alert, and how bad it is. What is not known does only if asked for.
fn level(verdict: Verdict, unknown_as_warning: bool) -> Option<&'static str> {
    match verdict {
        Verdict::Fail => Some("error"),
        Verdict::Warn => Some("warning"),
        Verdict::Unknown => unknown_as_warning.then_some("warning"),
        Verdict::Pass | Verdict::Info | Verdict::Manual | Verdict::NotApplicable => None,
    }
}

/// The beginning of a file from the top of the repository.
pub(super) fn place(file: Option<&str>) -> Spot {
    let path = file.unwrap_or(DEFAULT_FILE).to_owned();
    Spot { tree: String::new(), below: path.clone(), path, line: Some(1), column: Some(1) }
}

/// The place of what concerns no line.
pub(super) fn beginning(spot: &Spot) -> Location {
    Location { physical_location: Some(physical(spot, false, Some(whole(spot, 1)))), ..Location::default() }
}

/// A region with all four ends, which GitHub wants: so many characters of one line.
pub(super) fn whole(spot: &Spot, characters: u32) -> Region {
    let (line, column) = (spot.line.unwrap_or(1).max(1), spot.column.unwrap_or(1).max(1));
    Region {
        start_line: line,
        start_column: Some(column),
        end_line: Some(line),
        end_column: Some(column.saturating_add(characters.max(1))),
    }
}

/// The fingerprint under its own name and under that which GitHub reads. Two alerts are one to GitHub if they have the
/// same one, so equal ones are told apart.
pub(super) fn fingerprints(fingerprint: &str, distinct: &mut Distinct) -> BTreeMap<&'static str, String> {
    let hash = format!("{}:1", distinct.next(fingerprint));
    BTreeMap::from([(FINGERPRINT, fingerprint.to_owned()), (LINE_HASH, hash)])
}

fn rule(report: &Report, finding: &Finding) -> Descriptor {
    let listed = report.rules.get(&finding.rule);
    let missing = || RuleSummary {
        title: finding.rule.clone(),
        short: None,
        level: finding.level,
        decided_by: crate::model::DecidedBy::Evidence,
        gates: finding.gates.clone(),
        subject: finding.subject.kind,
        tags: Vec::new(),
        waivable: true,
        why: String::new(),
        references: Vec::new(),
        not_applicable: 0,
    };
    let rule = listed.cloned().unwrap_or_else(missing);
    let gates = rule.gates.iter().map(|gate| format!("gate-{gate}"));
    let tags: Vec<String> = ["cognito".to_owned()].into_iter().chain(gates).chain(rule.tags.iter().cloned()).collect();
    let properties = bag(rule.level, &tags);
    fit::descriptor(Descriptor { properties, ..descriptor(&finding.rule, &rule) })
}

/// The properties of a rule that GitHub reads. No `security-severity`: that would make a security alert of it.
pub(super) fn bag(level: Level, tags: &[String]) -> Value {
    json!({ "tags": tags, "precision": "very-high", "problem.severity": problem_severity(level) })
}
