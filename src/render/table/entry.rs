//! One finding, or several of one rule or one cause, as lines: what, on what, seen where, what to do.

use std::collections::BTreeSet;

use super::super::paint::{Style, link, paint};
use super::super::safe::safe;
use super::super::sort::{by_rule, roots};
use super::super::text::{count, list, shorten};
use super::super::words;
use super::layout::Page;
use crate::model::report::{AppliedWaiver, Evidence, Finding, Remediation, Report, Subject};
use crate::model::{Cause, Gate, Observed, SubjectKind, Verdict};

/// So many subjects of one rule are listed before the rest is a number.
const MAX_SUBJECTS: usize = 5;
/// So many pieces of evidence of one finding.
const MAX_EVIDENCE: usize = 3;

/// The style of a verdict.
fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => Style::Green,
        Verdict::Fail => Style::Red,
        Verdict::Warn => Style::Yellow,
        Verdict::Info => Style::Blue,
        Verdict::Unknown => Style::Magenta,
        Verdict::Manual => Style::Cyan,
        Verdict::NotApplicable => Style::Dim,
    }
}

/// The verdict as a word in capitals, in its colour.
pub(super) fn word(verdict: Verdict) -> String {
    paint(style(verdict), words::verdict(verdict))
}

/// A rule's id, which leads to where the rule's claim is written.
fn rule(report: &Report, id: &str) -> String {
    let reference = report.rules.get(id).and_then(|rule| rule.references.first());
    reference.map_or_else(|| safe(id), |reference| link(&reference.url, &safe(id)))
}

/// A rule's id and what follows it, cut where it is wider than `room`.
pub(super) fn rule_line(report: &Report, id: &str, after: &str, room: usize) -> String {
    let name = safe(id);
    let line = shorten(&format!("{name}{after}"), room);
    match line.strip_prefix(&name) {
        Some(rest) => rule(report, id) + rest,
        None => line,
    }
}

/// Gates in parentheses.
pub(super) fn gates(gates: &[Gate]) -> String {
    if gates.is_empty() { String::new() } else { format!(" ({})", list(gates.iter().map(|gate| gate.as_str()), 4)) }
}

/// `name (id)`, or the id alone.
pub(super) fn named(given: Option<&str>, id: &str) -> String {
    words::name(given).map_or(safe(id), |name| format!("{} ({})", safe(name), safe(id)))
}

fn subject(subject: &Subject) -> String {
    format!("{} {}", words::kind(subject.kind), named(subject.name.as_deref(), &subject.id))
}

/// `pool.tier is LITE; wanted: ESSENTIALS or PLUS`.
fn seen_and_wanted(evidence: &Evidence) -> String {
    let wanted = evidence.expected.as_deref().map(|wanted| format!("; wanted: {}", safe(wanted)));
    seen(evidence) + &wanted.unwrap_or_default()
}

/// `pool.tier is LITE`.
fn seen(evidence: &Evidence) -> String {
    let field = safe(&evidence.field);
    match observed(evidence) {
        Observed::Known(actual) => format!("{field} is {}", safe(actual)),
        Observed::Absent => format!("{field}: AWS left it out"),
        Observed::Unknown(why) => format!("{field} is not known: {}", safe(&why.to_string())),
    }
}

fn observed(evidence: &Evidence) -> Observed<&str> {
    match (&evidence.actual, &evidence.cause) {
        (_, Some(cause)) => Observed::Unknown(cause.clone()),
        (Some(actual), None) => Observed::Known(actual),
        (None, None) => Observed::Absent,
    }
}

/// `at the switch: Move the routes.`
pub(super) fn remedy_text(remedy: &Remediation) -> String {
    words::remedy(remedy, safe)
}

fn remedies(findings: &[&Finding]) -> BTreeSet<String> {
    let remedies = findings.iter().filter_map(|finding| finding.remediation.as_ref());
    remedies.map(remedy_text).collect()
}

/// Everything of some findings of one verdict, rule by rule, each rule after an empty line.
pub(super) fn rules(page: &mut Page, report: &Report, findings: &[&Finding], verbose: bool) {
    for (rule, group) in by_rule(findings) {
        page.blank();
        if verbose {
            for finding in group {
                page.blank();
                detail(page, report, finding);
            }
        } else if let [only] = group.as_slice() {
            title(page, report, only, "");
            page.para("  ", 2, &safe(&only.message));
            proof(page, 2, only);
            advice(page, &group);
        } else if let Some(first) = group.first() {
            let news = words::news_of(group.iter().copied()).map(|news| format!(", {news}")).unwrap_or_default();
            let kind = words::kind(first.subject.kind);
            title_of(page, report, first, &format!(": {}{news}", count(group.len(), kind)));
            for finding in group.iter().take(MAX_SUBJECTS) {
                page.para("  - ", 4, &format!("{}{}", safe(&finding.message), mark(finding)));
                proof(page, 4, finding);
            }
            if let more @ 1.. = group.len().saturating_sub(MAX_SUBJECTS) {
                page.para("  - ", 4, &format!("and {more} more of {}: --verbose lists them", safe(rule)));
            }
            advice(page, &group);
        }
    }
}

/// `FAIL  rule (gates) [new]`.
fn title(page: &mut Page, report: &Report, finding: &Finding, after: &str) {
    title_of(page, report, finding, &format!("{}{after}", mark(finding)));
}

fn title_of(page: &mut Page, report: &Report, finding: &Finding, after: &str) {
    let rule = paint(Style::Bold, &rule(report, &finding.rule));
    page.para(&format!("{}  ", word(finding.verdict)), 2, &format!("{rule}{}{after}", gates(&finding.gates)));
}

/// What the baseline did not have like this says so.
pub(super) fn mark(finding: &Finding) -> String {
    words::news(finding).map(|word| format!(" [{word}]")).unwrap_or_default()
}

/// On what, and what was seen where.
fn proof(page: &mut Page, indent: usize, finding: &Finding) {
    if finding.subject.kind != SubjectKind::Pool {
        page.labelled(indent, "on", &subject(&finding.subject));
    }
    // What a person answered is always told from what was seen.
    if let Some(waiver) = &finding.waiver {
        page.labelled(indent, "said", &decision(waiver));
    }
    if let Some(held) = &finding.held {
        page.labelled(indent, "held", &words::held(held, safe));
    }
    for evidence in finding.evidence.iter().take(MAX_EVIDENCE) {
        page.labelled(indent, "seen", &seen_and_wanted(evidence));
        if let Some(source) = evidence.sources.first() {
            let more = evidence.sources.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            page.labelled(indent, "at", &(words::place(source, safe) + &more));
        }
    }
}

fn advice(page: &mut Page, group: &[&Finding]) {
    for remedy in remedies(group) {
        page.labelled(2, "do", &remedy);
    }
}

/// Unknowns that one answer would decide.
pub(super) fn cause(page: &mut Page, report: &Report, causes: &BTreeSet<&Cause>, group: &[&Finding], verbose: bool) {
    page.blank();
    let Some(first) = group.first() else { return };
    if let ([only], true) = (group, verbose) {
        // In detail it says everything itself.
        detail(page, report, only);
        return;
    }
    if let [only] = group {
        title(page, report, only, "");
        page.para("  ", 2, &safe(&only.message));
        if let Some(held) = &only.held {
            page.labelled(2, "held", &words::held(held, safe));
        }
    } else {
        let what = match causes.len() {
            0 => "without a recorded cause",
            1 => "with one cause",
            _ => "with the same causes",
        };
        let of: BTreeSet<Gate> = group.iter().flat_map(|each| each.gates.iter().copied()).collect();
        let of = gates(&of.into_iter().collect::<Vec<_>>());
        let news = words::news_of(group.iter().copied()).map(|news| format!(": {news}")).unwrap_or_default();
        let text = format!("{} {what}{of}{news}", count(group.len(), "result"));
        page.para(&format!("{}  ", word(first.verdict)), 2, &text);
    }
    for cause in causes {
        page.labelled(2, "cause", &safe(&cause.to_string()));
    }
    if group.len() > 1 {
        page.labelled(2, "rules", &rule_names(group, usize::MAX));
        match group.iter().filter(|each| each.held.is_some()).count() {
            0 => {}
            n => page.labelled(2, "held", &format!("{} decided before; tickets keep that for now", count(n, "result"))),
        }
    }
    for action in causes.iter().map(|cause| words::action(cause)).collect::<BTreeSet<_>>() {
        page.labelled(2, "do", &safe(&action));
    }
    if verbose {
        for finding in group {
            page.blank();
            detail(page, report, finding);
        }
    }
}

/// What to do about some causes, in one line.
pub(super) fn actions(causes: &BTreeSet<&Cause>) -> String {
    let actions: BTreeSet<String> = causes.iter().map(|cause| safe(&words::action(cause))).collect();
    actions.into_iter().collect::<Vec<_>>().join(" ")
}

/// `rule-a, rule-b ×3`.
pub(super) fn rule_names(findings: &[&Finding], max: usize) -> String {
    let names = by_rule(findings).into_iter().map(|(rule, group)| match group.len() {
        1 => safe(rule),
        n => format!("{} ×{n}", safe(rule)),
    });
    list(names, max)
}

/// One finding in a paragraph: a warning, a fact, a waived result.
pub(super) fn short(page: &mut Page, report: &Report, finding: &Finding, verbose: bool) {
    if verbose {
        page.blank();
        detail(page, report, finding);
        return;
    }
    let lead = format!("{}  ", word(finding.verdict));
    let waiver = finding.waiver.as_ref().map(|each| format!(" [{}]", decision(each))).unwrap_or_default();
    let (rule, mark) = (rule(report, &finding.rule), mark(finding));
    page.para(&lead, 6, &format!("{rule}: {}{mark}{waiver}", safe(&finding.message)));
}

fn decision(waiver: &AppliedWaiver) -> String {
    words::decision(waiver, safe)
}

/// Everything about one finding, laid out as compilers do: what, where, what was seen there, then notes.
fn detail(page: &mut Page, report: &Report, finding: &Finding) {
    let head = format!("{}[{}]: ", words::verdict(finding.verdict), rule(report, &finding.rule));
    page.para("", 2, &format!("{}{}{}", paint(style(finding.verdict), &head), safe(&finding.message), mark(finding)));
    let on = format!("{}{}", subject(&finding.subject), gates(&finding.gates));
    let arrow = |page: &mut Page, text: &str| page.para(&paint(Style::Dim, "  --> "), 6, text);
    let beside = |page: &mut Page, lead: &str, text: &str| {
        page.para(&paint(Style::Dim, &format!("   |  {lead}")), 6 + lead.len(), text);
    };
    for evidence in &finding.evidence {
        match evidence.sources.split_first() {
            Some((first, others)) => {
                arrow(page, &words::place(first, safe));
                for other in others {
                    beside(page, "and at ", &words::place(other, safe));
                }
            }
            None => arrow(page, &on),
        }
        beside(page, "", &seen(evidence));
        for step in &evidence.derivation {
            beside(page, "  - ", &safe(step));
        }
        // The chain matters here: the last link is what to repair, the first is what it spoils.
        if let Some(root) =
            evidence.cause.as_ref().map(Cause::root).filter(|root| Some(*root) != evidence.cause.as_ref())
        {
            beside(page, "root cause: ", &safe(&root.to_string()));
        }
    }
    if finding.evidence.is_empty() {
        arrow(page, &on);
    }
    for (label, text) in notes(report, finding, on) {
        page.para(&paint(Style::Dim, &format!("   = {label}: ")), 6, &text);
    }
}

/// What stands below what was seen, each with its label.
fn notes(report: &Report, finding: &Finding, on: String) -> Vec<(&'static str, String)> {
    let rule = report.rules.get(&finding.rule);
    let mut notes = Vec::new();
    let wants = |evidence: &Evidence| evidence.expected.as_deref().map(safe);
    match finding.evidence.as_slice() {
        [only] => notes.extend(wants(only).map(|wanted| ("wanted", wanted))),
        several => notes.extend(
            several.iter().filter_map(|each| Some(("wanted", format!("{}: {}", safe(&each.field), wants(each)?)))),
        ),
    }
    if finding.evidence.iter().any(|each| !each.sources.is_empty()) {
        notes.push(("on", on));
    }
    notes.extend(rule.map(|rule| ("requires", safe(&rule.title))));
    notes.extend(
        rule.filter(|rule| !rule.why.trim().is_empty()).map(|rule| ("why", safe(&rule.why.replace('\n', " ")))),
    );
    notes.extend(finding.remediation.as_ref().map(|each| {
        let steps = if each.steps.is_empty() { String::new() } else { format!(" [{}]", safe(&each.steps.join(", "))) };
        ("help", format!("{}{steps}", remedy_text(each)))
    }));
    if finding.verdict == Verdict::Unknown {
        notes.extend(roots(finding).into_iter().map(|cause| ("help", safe(&words::action(cause)))));
    }
    notes.extend(finding.waiver.as_ref().map(|each| ("decision", decision(each))));
    notes.extend(finding.held.as_ref().map(|held| ("held", words::held(held, safe))));
    notes.extend(finding.first_seen.as_ref().map(|when| ("since", safe(when))));
    notes.extend(
        rule.into_iter().flat_map(|rule| &rule.references).map(|each| ("see", link(&each.url, &safe(&each.url)))),
    );
    notes.push(("id", safe(&finding.fingerprint)));
    notes
}
