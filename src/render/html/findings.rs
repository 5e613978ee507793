//! Findings and what was seen for each, ready for the template. No text here is escaped yet; all of it can be seen.

use std::collections::BTreeMap;

use super::super::safe::safe;
use super::super::text::list;
use super::super::words;
use crate::model::report::{AppliedWaiver, Evidence, Finding, Remediation, Report, Subject};
use crate::model::{Cause, Level, Resolve, Source, SubjectKind, Verdict};

/// From so many findings on evidence is shared, in a large fleet.
const MANY: usize = 3;

/// One finding.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) verdict: &'static str,
    pub(super) word: &'static str,
    pub(super) rule_index: usize,
    pub(super) rule: String,
    pub(super) title: String,
    /// What the rule weighs and which gates wait for it.
    pub(super) kind: String,
    pub(super) message: String,
    /// Words beside it, such as `new`; they are also what the filter of marks knows.
    pub(super) marks: Vec<&'static str>,
    pub(super) mark_words: String,
    /// What was judged, if not the pool.
    pub(super) on: Option<String>,
    pub(super) said: Option<String>,
    pub(super) held: Option<String>,
    pub(super) evidence: Vec<Seen>,
    /// Its number, where the rule tells it once for many findings.
    pub(super) shared: Option<usize>,
    pub(super) remedy: Option<String>,
    pub(super) first_seen: Option<String>,
    pub(super) id: String,
    /// Places in the lists of filters, where they are not the pool's.
    pub(super) account_index: Option<usize>,
    pub(super) region_index: Option<usize>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) field: String,
    pub(super) value: Option<String>,
    /// Why there is no value.
    pub(super) missing: String,
    pub(super) wanted: Option<String>,
    pub(super) places: Vec<String>,
    pub(super) derivation: Vec<String>,
    pub(super) allow: String,
}

/// Evidence that many findings of a rule share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) number: usize,
    pub(super) findings: usize,
    pub(super) seen: Vec<Seen>,
}

/// Takes evidence that findings of one rule share out of them. It is left, by rule, with its numbers.
pub(super) fn share<'a>(items: impl Iterator<Item = &'a mut Item>) -> BTreeMap<usize, Vec<Shared>> {
    let mut all: BTreeMap<(usize, Vec<Seen>), Vec<&mut Item>> = BTreeMap::new();
    for item in items {
        let seen = std::mem::take(&mut item.evidence);
        all.entry((item.rule_index, seen)).or_default().push(item);
    }
    let mut shared: BTreeMap<usize, Vec<Shared>> = BTreeMap::new();
    let mut number = 0;
    for ((rule, seen), items) in all {
        let findings = items.len();
        if findings < MANY || seen.is_empty() {
            for item in items {
                item.evidence.clone_from(&seen);
            }
            continue;
        }
        number += 1;
        for item in items {
            item.shared = Some(number);
        }
        shared.entry(rule).or_default().push(Shared { number, findings, seen });
    }
    shared
}

/// What all findings are shown with.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) report: &'a Report,
    /// Place of each rule in the list of rules.
    pub(super) rules: BTreeMap<&'a str, usize>,
    /// Whether the document is that of a large fleet.
    pub(super) brief: bool,
    /// Rules whose remedy is one and the same everywhere; those of a large fleet tell it once.
    pub(super) one_remedy: BTreeMap<&'a str, bool>,
}

impl Context<'_> {
    /// A finding for the template; its account and Region are filled in by who knows the pool's.
    pub(super) fn item(&self, finding: &Finding) -> Item {
        let rule = self.report.rules.get(&finding.rule);
        let gates = list(finding.gates.iter().map(|gate| gate.as_str()), usize::MAX);
        let kind = if gates.is_empty() { finding.level.to_string() } else { format!("{} for {gates}", finding.level) };
        let marks = marks(finding);
        let told = self.brief && self.one_remedy.get(finding.rule.as_str()).copied().unwrap_or(false);
        Item {
            verdict: finding.verdict.as_str(),
            word: words::verdict(finding.verdict),
            rule_index: self.rules.get(finding.rule.as_str()).copied().unwrap_or_default(),
            rule: safe(&finding.rule),
            title: rule.map(|rule| safe(&rule.title)).unwrap_or_default(),
            kind,
            message: safe(&finding.message),
            mark_words: marks.join(" "),
            marks,
            on: (finding.subject.kind != SubjectKind::Pool).then(|| subject(&finding.subject)),
            said: finding.waiver.as_ref().map(decision),
            held: finding
                .held
                .as_ref()
                .map(|held| format!("{}, decided {}", words::verdict(held.verdict), safe(&held.decided_at))),
            evidence: finding.evidence.iter().map(seen).collect(),
            shared: None,
            remedy: finding.remediation.as_ref().filter(|_| !told).map(remedy),
            first_seen: finding.first_seen.as_deref().map(safe),
            // Eight digits are enough for `explain`.
            id: safe(&finding.fingerprint.chars().take(if self.brief { 8 } else { usize::MAX }).collect::<String>()),
            account_index: None,
            region_index: None,
        }
    }
}

fn marks(finding: &Finding) -> Vec<&'static str> {
    let mut marks: Vec<&'static str> = finding.baseline.iter().map(|state| state.as_str()).collect();
    marks.extend(finding.waiver.as_ref().map(|_| if finding.is_waived() { "waived" } else { "attested" }));
    marks
}

/// `authorizer orders-jwt (apigatewayv2/…)`.
pub(super) fn subject(subject: &Subject) -> String {
    let kind = subject.kind.as_str().replace('_', " ");
    let name = subject.name.as_deref().filter(|name| !name.trim().is_empty() && *name != subject.id);
    let mut text =
        name.map_or_else(|| format!("{kind} {}", subject.id), |name| format!("{kind} {name} ({})", subject.id));
    text.extend(subject.arn.iter().filter(|_| subject.kind != SubjectKind::Pool).map(|arn| format!(", {arn}")));
    text.extend(
        subject.region.iter().filter(|_| subject.kind != SubjectKind::Pool).map(|region| format!(", {region}")),
    );
    safe(&text)
}

fn seen(evidence: &Evidence) -> Seen {
    let missing = match (&evidence.cause_text, &evidence.cause) {
        (Some(why), _) => format!("is not known: {why}"),
        (None, Some(cause)) => format!("is not known: {cause}"),
        (None, None) => "is not there: AWS answered and left it out".to_owned(),
    };
    let is_known = evidence.cause.is_none() && evidence.cause_text.is_none();
    let refused = evidence.cause.as_ref().map(Cause::missing_actions).unwrap_or_default();
    let allow = if evidence.missing_actions.is_empty() { refused } else { &evidence.missing_actions };
    Seen {
        field: safe(&evidence.field),
        value: evidence.actual.as_deref().filter(|_| is_known).map(safe),
        missing: safe(&missing),
        wanted: evidence.expected.as_deref().map(safe),
        places: evidence.sources.iter().map(|source| safe(&place(source))).collect(),
        derivation: evidence.derivation.iter().map(|step| safe(step)).collect(),
        allow: safe(&allow.join(", ")),
    }
}

fn place(source: &Source) -> String {
    match source {
        Source::Call { call, region, parameters, pointer } => {
            let of: Vec<String> = parameters.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            let region = if region.is_empty() { String::new() } else { format!(" @ {region}") };
            format!("{call}{region}{} {pointer}", of.concat()).trim_end().to_owned()
        }
        Source::Place { file, line, column, path } => {
            let number = |n: &Option<u32>| n.map(|n| format!(":{n}")).unwrap_or_default();
            format!("{file}{}{} {path}", number(line), number(column)).trim_end().to_owned()
        }
        Source::Option { name } => format!("the option {name} of the run"),
        Source::Table { name, as_of } => format!("the tool's table {name}, true on {as_of}"),
    }
}

/// What to do and when.
pub(super) fn remedy(remedy: &Remediation) -> String {
    let when = match remedy.when {
        Resolve::Before => "",
        Resolve::AtSwitch => "At the switch: ",
        Resolve::After => "Afterwards: ",
    };
    let steps = if remedy.steps.is_empty() { String::new() } else { format!(" (step {})", remedy.steps.join(", ")) };
    safe(&format!("{when}{}{steps}", remedy.summary))
}

fn decision(waiver: &AppliedWaiver) -> String {
    let mut text = format!("{} by {}", waiver.kind.replace('_', " "), waiver.by.as_ref().unwrap_or(&waiver.owner));
    text.extend(waiver.on.iter().map(|on| format!(" on {on}")));
    text.extend([format!(", until {}: {}", waiver.expires, waiver.reason)]);
    text.extend(waiver.evidence.iter().map(|ground| format!("; ground: {ground}")));
    text.extend(waiver.window.iter().map(|window| format!("; window {} to {}", window.from, window.until)));
    text.extend(waiver.approved_by.iter().map(|who| format!("; approved by {who}")));
    text.extend(waiver.ticket.iter().map(|ticket| format!("; ticket {ticket}")));
    safe(&text)
}

/// What a reader has to act on comes first, what counts no more and what holds last.
pub(super) fn rank(finding: &Finding) -> u8 {
    match (finding.verdict, finding.level) {
        (Verdict::NotApplicable, _) => 9,
        (Verdict::Pass, _) => 8,
        _ if finding.is_waived() => 7,
        (Verdict::Fail, _) => 0,
        (Verdict::Unknown, Level::Blocker) => 1,
        (Verdict::Manual, Level::Blocker) => 2,
        (Verdict::Warn, _) => 3,
        (Verdict::Unknown, _) => 4,
        (Verdict::Manual, _) => 5,
        (Verdict::Info, _) => 6,
    }
}
