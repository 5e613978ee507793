//! What was found: what blocks in full, by rule and by cause; everything else as one folded list a kind.

use std::collections::{BTreeMap, BTreeSet};

use super::fit::{Part, Rank};
use super::{called, long, value};
use crate::model::report::{Evidence, Finding, Report, Subject};
use crate::model::{Cause, Gate, SubjectKind, Verdict};
use crate::render::escape::{code, code_link, prose};
use crate::render::sort::{Heap, Heaps, Pools, by_cause, by_rule, folds, largest_first, passed};
use crate::render::text::{count, list};
use crate::render::{Options, words};

/// So many findings of one rule, or lines of one kind, outlive the others.
const FIRST: usize = 5;
/// So many pieces of evidence of one finding, and places of one of them.
const MAX_EVIDENCE: usize = 3;
/// Pools named beside a group.
const MAX_NAMES: usize = 5;

/// Everything about findings, in the order of the page.
pub(super) fn parts(report: &Report, pools: &Pools<'_>, options: &Options) -> Vec<Part> {
    let heaps = Heaps::of(&report.findings, report, options, |finding, gate| pools.counts(finding, gate));
    let page = Page { report, pools };
    let mut parts = Vec::new();
    let numbers: Vec<String> = [(Heap::Fail, "fail"), (Heap::Unknown, "unknown"), (Heap::Manual, "manual")]
        .into_iter()
        .filter(|(heap, _)| heaps.len(*heap) > 0)
        .map(|(heap, word)| format!("{} {word}", heaps.len(heap)))
        .collect();
    if !numbers.is_empty() {
        parts.push(Part::whole(Rank::Blocks, &format!("### What blocks: {}", numbers.join(", "))));
    } else if page.is_free() {
        parts.push(Part::whole(Rank::Blocks, "### Nothing blocks"));
    }
    parts.extend(largest_first(heaps.get(Heap::Fail)).iter().map(|(rule, group)| page.rule(rule, group)));
    parts.extend(by_cause(heaps.get(Heap::Unknown)).iter().map(|(causes, group)| page.cause(causes, group)));
    parts.extend(largest_first(heaps.get(Heap::Manual)).iter().map(|(rule, group)| page.rule(rule, group)));
    let warnings = if report.run.fail_on == "warn" { "Warnings, which count: --fail-on warn" } else { "Warnings" };
    let others = [
        (Heap::Warn, warnings),
        (Heap::Waived, "Accepted by a decision, not counted"),
        (Heap::OpenUnknown, "Not known, blocks nothing"),
        (Heap::OpenManual, "For a person, blocks nothing"),
        (Heap::Limit, "Limits of the product"),
        (Heap::Info, "Facts"),
        (Heap::Rest, "Also asked for"),
        (Heap::Later, "For gates that do not count"),
    ];
    for (heap, title) in others {
        let told: Vec<&Finding> = heaps.get(heap).iter().copied().filter(|each| is_told(each, heap)).collect();
        parts.extend((!told.is_empty()).then(|| page.folded(title, &told)));
    }
    parts.extend(not_listed(&heaps, options));
    parts
}

/// What holds of gates that do not count is only counted.
fn is_told(finding: &Finding, heap: Heap) -> bool {
    heap != Heap::Later || !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable)
}

fn not_listed(heaps: &Heaps<'_>, options: &Options) -> Option<Part> {
    let mut holds = heaps.get(Heap::Passed).to_vec();
    if folds(options) {
        holds.extend(heaps.get(Heap::Later).iter().filter(|each| !is_told(each, Heap::Later)));
    }
    let parts = [
        (holds.len(), passed(&holds)),
        (heaps.len(Heap::NotApplicable), "not applicable".to_owned()),
        (heaps.len(Heap::Hidden), "hidden by --show, --select or --ignore".to_owned()),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, text)| format!("{n} {text}")).collect();
    (!parts.is_empty()).then(|| Part::whole(Rank::Others, &format!("Not listed: {}.", parts.join(", "))))
}

struct Page<'a> {
    report: &'a Report,
    pools: &'a Pools<'a>,
}

impl Page<'_> {
    /// Whether every gate that counts is ready, and there is one.
    fn is_free(&self) -> bool {
        let gates = || self.report.summary.pools.iter().flat_map(|pool| pool.gates.values());
        let mut counted = gates().filter(|state| state.counted).peekable();
        counted.peek().is_some() && counted.all(|state| state.status == crate::model::Status::Ready)
    }

    /// A rule's id, which leads to where its claim is written.
    fn id(&self, rule: &str) -> String {
        let reference = self.report.rules.get(rule).and_then(|rule| rule.references.first());
        reference.map_or_else(|| code(rule), |reference| code_link(rule, &reference.url))
    }

    /// The pool that a finding is about. Where there is one only, that is not said again.
    fn of_pool(&self, subject: &Subject) -> String {
        match &subject.pool_id {
            None if subject.kind == SubjectKind::Account => String::new(),
            None => "no pool known: ".to_owned(),
            Some(_) if self.report.summary.pools.len() == 1 => String::new(),
            Some(id) => {
                let pool = self.report.summary.pools.iter().find(|pool| pool.id == *id);
                format!("{}: ", called(pool.and_then(|pool| pool.name.as_deref()), id))
            }
        }
    }

    /// Everything of one rule that blocks.
    fn rule(&self, rule: &str, group: &[&Finding]) -> Part {
        let Some(first) = group.first() else { return Part::default() };
        let many = match group {
            [_] => mark(first),
            several => {
                let news = words::news_of(several.iter().copied()).map(|news| format!(", {news}")).unwrap_or_default();
                format!(": {}{news}", count(several.len(), words::kind(first.subject.kind)))
            }
        };
        let head = format!("#### {} {}{}{many}", words::verdict(first.verdict), self.id(rule), gates(group));
        let title = self.report.rules.get(rule).map(|rule| format!("\n\nRequired: {}", long(&rule.title)));
        let remedies: BTreeSet<String> =
            group.iter().filter_map(|each| each.remediation.as_ref()).map(remedy).collect();
        let mut part = Part::new(&format!("{head}{}\n\n", title.unwrap_or_default())).closed(&acts(&remedies));
        for (at, finding) in group.iter().enumerate() {
            let mark = if group.len() > 1 { mark(finding) } else { String::new() };
            let mut text = format!("- {}{}{mark}\n", self.of_pool(&finding.subject), long(&finding.message));
            text.extend(on(&finding.subject));
            text.extend(proof(finding));
            part.push(if at < FIRST { Rank::Blocks } else { Rank::MoreBlocks }, &text, 1);
        }
        part
    }

    /// Everything that one answer would decide.
    fn cause(&self, causes: &BTreeSet<&Cause>, group: &[&Finding]) -> Part {
        let what = match causes.len() {
            0 => "without a recorded cause",
            1 => "for one cause",
            _ => "for the same causes",
        };
        let news = words::news_of(group.iter().copied()).map(|news| format!(", {news}")).unwrap_or_default();
        let mut open = format!("#### UNKNOWN: {} {what}{}{news}\n\n", count(group.len(), "result"), gates(group));
        open.extend(causes.iter().map(|cause| format!("{}\n\n", long(&cause.to_string()))));
        let actions: BTreeSet<String> = causes.iter().map(|cause| long(&words::action(cause))).collect();
        let mut part = Part::new(&open).closed(&acts(&actions));
        for (at, (rule, findings)) in by_rule(group).into_iter().enumerate() {
            let (id, gates) = (self.id(rule), gates(&findings));
            let text = match findings.as_slice() {
                [only] => {
                    let held = only.held.as_ref().map(|held| format!("\n  - held: {}", words::held(held, value)));
                    let (pool, message, mark) = (self.of_pool(&only.subject), long(&only.message), mark(only));
                    format!("- {id}{gates}: {pool}{message}{mark}{}", held.unwrap_or_default())
                }
                several => {
                    format!("- {id}{gates}: {} in {}", count(several.len(), "result"), self.names(several))
                }
            };
            part.push(if at < FIRST { Rank::Blocks } else { Rank::MoreBlocks }, &text, findings.len());
        }
        part
    }

    /// The pools of some findings, the first of them by name.
    fn names(&self, findings: &[&Finding]) -> String {
        let mut pools: BTreeMap<(&str, &str), Option<&str>> = BTreeMap::new();
        for finding in findings {
            if let Some(pool) = self.pools.of_finding(finding) {
                pools.insert((&pool.account, &pool.id), pool.name.as_deref());
            }
        }
        if pools.is_empty() {
            return "no known pool".to_owned();
        }
        let names = pools.iter().map(|((_, id), name)| called(*name, id));
        format!("{}: {}", count(pools.len(), "pool"), list(names, MAX_NAMES))
    }

    /// A list that a reader opens: a line each, and one line for a rule with many.
    fn folded(&self, title: &str, findings: &[&Finding]) -> Part {
        let mut part = fold(&format!("{title}: {}", findings.len()));
        for (rule, group) in largest_first(findings) {
            let Some(first) = group.first().filter(|_| group.len() > FIRST) else {
                for (at, finding) in group.iter().enumerate() {
                    part.push(if at == 0 { Rank::Others } else { Rank::MoreOthers }, &self.line(finding), 1);
                }
                continue;
            };
            let news = words::news_of(group.iter().copied()).map(|news| format!(" ({news})")).unwrap_or_default();
            let text = format!(
                "- {} {}{}: {} in {}{news}; the first: {}",
                words::verdict(first.verdict),
                self.id(rule),
                gates(&group),
                count(group.len(), "result"),
                self.names(&group),
                long(&first.message)
            );
            part.push(Rank::Others, &text, group.len());
        }
        part
    }

    /// A finding that blocks nothing.
    fn line(&self, finding: &Finding) -> String {
        let lead = format!("{} {}{}", words::verdict(finding.verdict), self.id(&finding.rule), gates(&[finding]));
        let (pool, message) = (self.of_pool(&finding.subject), long(&finding.message));
        let mut text = format!("- {lead}: {pool}{message}{}\n", mark(finding));
        text.extend(on(&finding.subject));
        text.extend(finding.waiver.iter().map(|waiver| format!("  - decision: {}\n", words::decision(waiver, long))));
        text.extend(finding.held.iter().map(|held| format!("  - held: {}\n", words::held(held, value))));
        let causes = finding.evidence.iter().filter_map(|each| each.cause.as_ref());
        let causes: BTreeSet<String> = causes.map(ToString::to_string).collect();
        text.extend(causes.iter().take(MAX_EVIDENCE).map(|cause| format!("  - cause: {}\n", long(cause))));
        text
    }
}

/// A part that is closed until a reader opens it. GitHub reads Markdown between the tags only after an empty line.
pub(super) fn fold(title: &str) -> Part {
    Part::new(&format!("<details>\n<summary>{}</summary>\n\n", prose(title))).closed("</details>")
}

/// Gates in parentheses.
fn gates(findings: &[&Finding]) -> String {
    let gates: BTreeSet<Gate> = findings.iter().flat_map(|each| each.gates.iter().copied()).collect();
    if gates.is_empty() { String::new() } else { format!(" ({})", list(gates.iter().map(|gate| gate.as_str()), 4)) }
}

/// What the baseline did not have like this says so.
fn mark(finding: &Finding) -> String {
    words::news(finding).map(|word| format!(" **{word}**")).unwrap_or_default()
}

fn remedy(remedy: &crate::model::report::Remediation) -> String {
    words::remedy(remedy, long)
}

/// What to do, a paragraph each.
fn acts(remedies: &BTreeSet<String>) -> String {
    remedies.iter().map(|remedy| format!("**Do:** {remedy}\n")).collect::<Vec<_>>().join("\n")
}

/// What a finding is about, if that is not the pool.
fn on(subject: &Subject) -> Option<String> {
    let name = called(subject.name.as_deref(), &subject.id);
    (subject.kind != SubjectKind::Pool).then(|| format!("  - on: {} {name}\n", words::kind(subject.kind)))
}

/// What was seen and wanted, where, and what somebody said.
fn proof(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    for evidence in finding.evidence.iter().take(MAX_EVIDENCE) {
        lines.push(format!("  - seen: {}\n", seen(evidence)));
        let places: Vec<String> =
            evidence.sources.iter().map(|source| value(&words::place(source, words::as_is))).collect();
        if !places.is_empty() {
            lines.push(format!("  - at: {}\n", list(places, MAX_EVIDENCE)));
        }
    }
    if let more @ 1.. = finding.evidence.len().saturating_sub(MAX_EVIDENCE) {
        lines.push(format!("  - and {} more\n", count(more, "value")));
    }
    lines.extend(finding.waiver.iter().map(|waiver| format!("  - said: {}\n", words::decision(waiver, long))));
    lines.extend(finding.held.iter().map(|held| format!("  - held: {}\n", words::held(held, value))));
    lines
}

/// `pool.tier` is `LITE`; wanted: `ESSENTIALS or PLUS`.
fn seen(evidence: &Evidence) -> String {
    let field = value(&evidence.field);
    let seen = match (&evidence.actual, &evidence.cause) {
        (_, Some(cause)) => format!("{field} is not known: {}", long(&cause.to_string())),
        (Some(actual), None) => format!("{field} is {}", value(actual)),
        (None, None) => format!("{field}: AWS left it out"),
    };
    let wanted = evidence.expected.as_deref().map(|wanted| format!("; wanted: {}", value(wanted)));
    seen + &wanted.unwrap_or_default()
}
