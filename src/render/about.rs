//! What stands at the foot of a report that people sign: who asked, with which tool and rules, on what evidence, what was
//! searched, what the report does not say, and what is left for a person.
//!
//! For documents (Markdown, HTML). It only words what the report holds; how it is laid out, and escaping, are the format's.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{age, count};
use crate::model::Verdict;
use crate::model::report::Report;

/// The foot of a report. No text is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    /// A label and its value each.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What was searched for consumers of tokens: `service Region`.
    pub(super) searched: Vec<String>,
    /// Why not asked, and what.
    pub(super) not_asked: BTreeMap<String, Vec<String>>,
    /// What the report does not say, a sentence each.
    pub(super) silent: Vec<&'static str>,
    /// What a person has to decide or decided.
    pub(super) sign_off: Vec<Item>,
}

/// One thing that a person answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The rule's id.
    pub(super) rule: String,
    /// What it requires.
    pub(super) title: String,
    /// How many subjects still wait for an answer.
    pub(super) open: usize,
    /// Who answered, and how: a line per answer.
    pub(super) answers: Vec<String>,
}

/// True of every report, whatever it found.
const SILENT: &[&str] = &[
    "What happened in the account after the evidence was taken.",
    "Verifiers of tokens outside the accounts, Regions, services and trees that were searched: partners, mobile apps, other clouds.",
    "Whether a service that follows AWS's documentation will do so on the day: nothing was changed and nothing was tried.",
    "What people know and no API shows, beyond the answers listed here.",
];

impl About {
    /// The foot of this report.
    pub(super) fn of(report: &Report) -> Self {
        let mut not_asked: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for each in &report.coverage.not_asked {
            not_asked.entry(each.why.clone()).or_default().push(each.what.clone());
        }
        Self {
            facts: facts(report),
            searched: report.snapshot.searched.clone(),
            not_asked,
            silent: SILENT.to_vec(),
            sign_off: sign_off(report),
        }
    }
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let (run, snapshot) = (&report.run, &report.snapshot);
    let some = |text: &Option<String>| text.clone().unwrap_or_else(|| "not recorded".to_owned());
    let evidence = match (&snapshot.evidence_from, &snapshot.evidence_to) {
        (Some(from), Some(to)) => {
            let age = age(from, &run.now).map(|age| format!(", the oldest {age}")).unwrap_or_default();
            format!("{from} to {to}{age}")
        }
        _ => "none".to_owned(),
    };
    let coverage = &report.coverage;
    let calls = format!(
        "{} asked, {} answered, {} denied, {} throttled, {} failed",
        count(coverage.asked, "call"),
        coverage.answered,
        coverage.denied,
        coverage.throttled,
        coverage.failed
    );
    let gates = match run.gates.as_slice() {
        [] => "those that are done or next".to_owned(),
        gates => gates.iter().map(|gate| gate.as_str()).collect::<Vec<_>>().join(", "),
    };
    let mut facts = vec![
        ("Tool", format!("{} {}", report.tool.name, report.tool.version)),
        ("Judged at", run.now.clone()),
        ("Asked as", some(&snapshot.caller)),
        ("Accounts", snapshot.accounts.join(", ")),
        ("Regions", snapshot.regions.join(", ")),
        ("Evidence", evidence),
        ("Calls", calls),
        ("Snapshot", snapshot.digest.clone()),
        ("Rules", format!("{} ({})", run.catalogue_rules, run.catalogue_digest)),
        (
            "Decisions files",
            if run.waiver_digests.is_empty() { "none".to_owned() } else { run.waiver_digests.join(", ") },
        ),
        ("Target issuer", run.target_issuer.as_str().to_owned()),
        ("Gates that count", gates),
        ("Fails on", format!("{}{}", run.fail_on, if run.strict { ", strict" } else { "" })),
    ];
    facts.extend(run.config_digest.iter().map(|digest| ("Configuration", digest.clone())));
    facts.extend(run.baseline.iter().map(|each| ("Baseline", format!("{} of {}", each.digest, each.now))));
    facts.extend(run.operator_arn.iter().map(|arn| ("Operator", arn.clone())));
    facts
}

/// What waits for a person, and what a person answered.
fn sign_off(report: &Report) -> Vec<Item> {
    let mut items: BTreeMap<&str, (usize, BTreeSet<String>)> = BTreeMap::new();
    for finding in &report.findings {
        let attested = finding.waiver.as_ref().filter(|waiver| waiver.kind == "attest");
        if finding.verdict != Verdict::Manual && attested.is_none() {
            continue;
        }
        let (open, answers) = items.entry(&finding.rule).or_default();
        match attested {
            Some(_) => drop(answers.insert(format!("{}: {}", finding.subject.id, finding.message))),
            None => *open += 1,
        }
    }
    items
        .into_iter()
        .map(|(rule, (open, answers))| Item {
            rule: rule.to_owned(),
            title: report.rules.get(rule).map(|rule| rule.title.clone()).unwrap_or_default(),
            open,
            answers: answers.into_iter().collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn what_waits_for_a_person_and_what_was_answered_stand_in_the_sign_off() {
        let ready = About::of(&samples::ready());
        let answered = ready.sign_off.iter().find(|item| item.rule == "pool-eligible").unwrap();
        assert_eq!((answered.open, answered.answers.len()), (0, 1), "{answered:?}");
        let open: usize = About::of(&samples::blocked()).sign_off.iter().map(|item| item.open).sum();
        let manual = samples::blocked().findings.iter().filter(|each| each.verdict == Verdict::Manual).count();
        assert!(open > 0 && open == manual, "{open} of {manual}");
    }

    #[test]
    fn nothing_of_an_empty_run_is_made_up() {
        let about = About::of(&samples::empty());
        let fact = |label: &str| about.facts.iter().find(|(each, _)| *each == label).map(|(_, value)| value.as_str());
        assert_eq!(fact("Evidence"), Some("none"));
        assert!(about.sign_off.is_empty());
    }
}
