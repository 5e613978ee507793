//! `--format sarif` of an audit: every finding, with everything the report says of it.
//!
//! A finding of the account has no line: its place is the resource, as a logical location; one in a source tree has its
//! file too, below the tree's name. What was not answered, options that reduce the run, and decisions without effect are
//! notifications. With a baseline every result says how it stands to it, and what is gone is there as `absent`.
//! Not-applicable results are left out unless asked for, as in the JSON report.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::annotate::{Spot, sentence, spots};
use super::super::{Options, Show};
use super::log::{AutomationDetails, Base, Driver, Invocation, Item, Location, Run, Suppression, Text, Tool};
use super::{
    FINGERPRINT, Rules, default_level, descriptor, location, message, message_name, notifications, physical,
    problem_severity, region, told, write_log,
};
use crate::model::report::{AppliedWaiver, BaselineState, Finding, Report, Resolved, RuleSummary};
use crate::model::{Level, SubjectKind, Verdict};

/// The most accounts that the category names.
const MOST_ACCOUNTS: usize = 5;

/// Writes the file.
pub(in crate::render) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    write_log(run(report, &options.show), out)
}

/// What a verdict is here: `kind` and `level`. A result that is no failure has no level.
pub(super) fn kind(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Pass => ("pass", "none"),
        Verdict::Fail => ("fail", "error"),
        Verdict::Warn => ("fail", "warning"),
        Verdict::Info => ("informational", "none"),
        // "There was insufficient information to decide whether a problem exists."
        Verdict::Unknown => ("open", "none"),
        Verdict::Manual => ("review", "none"),
        Verdict::NotApplicable => ("notApplicable", "none"),
    }
}

pub(super) fn run(report: &Report, show: &Show) -> Run {
    let listed = |finding: &&Finding| {
        !show.hides(finding) && show.verdicts.lists(finding.verdict, finding.verdict != Verdict::NotApplicable)
    };
    let findings: Vec<&Finding> = report.findings.iter().filter(listed).collect();
    // What is gone; what is there again with another verdict is among the findings.
    let gone: Vec<&Resolved> = report
        .resolved
        .iter()
        .filter(|each| {
            each.now.is_none() && !show.hidden_rules.contains(&each.rule) && show.verdicts.lists(each.was, true)
        })
        .collect();

    let mut rules = Rules::default();
    for (id, rule) in &report.rules {
        rules.index(id, || with_properties(id, rule));
    }
    let is_based = report.run.baseline.is_some();
    let any_waived = findings.iter().any(|finding| finding.is_waived());
    let mut bases = BTreeMap::new();
    let mut results = Vec::with_capacity(findings.len() + gone.len());
    for finding in findings {
        let spots = spots(report, finding);
        for spot in &spots {
            let description = Text::plain(message(&format!("the source tree {}", spot.tree)));
            bases.entry(spot.tree.clone()).or_insert(Base { description });
        }
        let rule_index = rules.index(&finding.rule, || unlisted(&finding.rule, &finding.rule, finding.level));
        results.push(Item {
            baseline_state: is_based.then(|| baseline(finding.baseline)),
            suppressions: any_waived.then(|| suppressions(finding)),
            ..item(finding, rule_index, &spots)
        });
    }
    for each in gone {
        let rule_index = rules.index(&each.rule, || unlisted(&each.rule, &each.title, each.level));
        results.push(Item { suppressions: any_waived.then(Vec::new), ..absent(each, rule_index) });
    }
    Run {
        tool: Tool { driver: driver(report, rules.list) },
        automation_details: AutomationDetails { id: category(report) },
        invocations: vec![invocation(report)],
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: bases,
        results,
        properties: properties(report),
    }
}

pub(super) fn driver(report: &Report, rules: Vec<super::Descriptor>) -> Driver {
    Driver {
        name: "mrready",
        version: report.tool.version.clone(),
        semantic_version: report.tool.version.clone(),
        rules,
        notifications: notifications(),
    }
}

/// What tells one audit from another that is uploaded beside it: the accounts.
pub(super) fn category(report: &Report) -> String {
    let accounts = &report.snapshot.accounts;
    let named = match accounts.len() {
        0 => "no-account".to_owned(),
        1..=MOST_ACCOUNTS => message_name(&accounts.join("+")),
        many => format!("{many}-accounts"),
    };
    format!("mrready/audit/{named}/")
}

/// How the run went: whether all calls were answered, how it ends, what it has to say of itself.
pub(super) fn invocation(report: &Report) -> Invocation {
    let exit = &report.summary.exit;
    let (execution, configuration) = told(report);
    Invocation {
        execution_successful: report.coverage.problems.is_empty(),
        exit_code: Some(exit.code),
        exit_code_description: (!exit.because.is_empty()).then(|| message(&exit.because.join("; "))),
        tool_execution_notifications: execution,
        tool_configuration_notifications: configuration,
    }
}

/// What the report says of the whole run, under the names it has there.
pub(super) fn properties(report: &Report) -> Value {
    json!({
        "answer": report.summary.answer,
        "counts": report.summary.counts,
        "run": report.run,
        "snapshot": report.snapshot,
        "exit": report.summary.exit,
    })
}

fn with_properties(id: &str, rule: &RuleSummary) -> super::Descriptor {
    let properties = json!({
        "tags": rule.tags,
        "problem.severity": problem_severity(rule.level),
        "level": rule.level,
        "decided_by": rule.decided_by,
        "gates": rule.gates,
        "subject": rule.subject,
        "waivable": rule.waivable,
        "not_applicable": rule.not_applicable,
        "references": rule.references,
    });
    super::Descriptor { properties, ..descriptor(id, rule) }
}

/// A rule that the report's table does not have: one of the baseline that is gone.
fn unlisted(id: &str, title: &str, level: Level) -> super::Descriptor {
    super::Descriptor {
        id: id.to_owned(),
        name: super::name_of(id),
        short_description: Text::plain(message(title)),
        full_description: Some(Text::plain(message(title))),
        help: Some(Text::plain(message(title))),
        help_uri: None,
        default_configuration: Some(super::log::Configuration { level: default_level(level) }),
        properties: json!({ "level": level, "problem.severity": problem_severity(level) }),
    }
}

fn item(finding: &Finding, rule_index: usize, spots: &[Spot]) -> Item {
    let (kind, level) = kind(finding.verdict);
    let mut places = spots.iter().map(|spot| physical(spot, true, region(spot)));
    // What is judged of a pool is no fault of the first of many lines.
    let own = if finding.subject.kind == SubjectKind::Reference { places.next() } else { None };
    let first = location(own, &finding.subject);
    let related = places.map(|place| Location { physical_location: Some(place), ..Location::default() });
    Item {
        rule_id: finding.rule.clone(),
        rule_index,
        kind,
        level,
        message: Text::plain(message(&sentence(finding))),
        locations: vec![first],
        related_locations: related.collect(),
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, finding.fingerprint.clone())]),
        baseline_state: None,
        suppressions: None,
        properties: json!({
            "verdict": finding.verdict,
            "level": finding.level,
            "gates": finding.gates,
            "subject": finding.subject,
            "owner": finding.owner,
            "message": finding.message,
            "evidence": finding.evidence,
            "remediation": finding.remediation,
            "waiver": finding.waiver,
            "first_seen": finding.first_seen,
            "held": finding.held,
        }),
    }
}

/// What the baseline had and is not there any more: as it was, and what became of it.
fn absent(each: &Resolved, rule_index: usize) -> Item {
    let (kind, level) = kind(each.was);
    let text = format!("{}: {}. {}", super::super::annotate::label(&each.subject), each.title, each.detail);
    Item {
        rule_id: each.rule.clone(),
        rule_index,
        kind,
        level,
        message: Text::plain(message(&text)),
        locations: vec![location(None, &each.subject)],
        related_locations: Vec::new(),
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, each.fingerprint.clone())]),
        baseline_state: Some("absent"),
        suppressions: None,
        properties: json!({
            "verdict": each.was,
            "level": each.level,
            "subject": each.subject,
            "owner": each.owner,
            "first_seen": each.first_seen,
            "detail": each.detail,
        }),
    }
}

/// How a finding stands to the baseline; one without a mark was not in it.
fn baseline(state: Option<BaselineState>) -> &'static str {
    match state {
        Some(BaselineState::New) | None => "new",
        Some(BaselineState::Known) => "unchanged",
        Some(BaselineState::Changed) => "updated",
    }
}

/// The decision that takes a finding out of the count. An attestation is an answer and suppresses nothing.
fn suppressions(finding: &Finding) -> Vec<Suppression> {
    let waiver = finding.waiver.as_ref().filter(|_| finding.is_waived());
    let suppression = |waiver: &AppliedWaiver| Suppression {
        kind: "external",
        status: "accepted",
        justification: message(&justification(waiver)),
    };
    waiver.into_iter().map(suppression).collect()
}

fn justification(waiver: &AppliedWaiver) -> String {
    let mut text = format!("{}: {}; owner {}, until {}", waiver.kind, waiver.reason, waiver.owner, waiver.expires);
    for (label, value) in [("ticket", &waiver.ticket), ("approved by", &waiver.approved_by)] {
        text.extend(value.iter().map(|value| format!(", {label} {value}")));
    }
    text.extend(waiver.window.iter().map(|window| format!(", window {} to {}", window.from, window.until)));
    text
}
