//! What stops no counted gate, in one line a kind: warnings, limits of the product, what is open, facts, later gates.
//!
//! A reader who has to decide about a gate sees what decides it in full, and everything else as a line that says how
//! much there is and how to see it. A blocker of a counted gate never comes here. `--verbose` and `--show` fold nothing.

use std::collections::{BTreeMap, BTreeSet};

use unicode_width::UnicodeWidthStr;

use super::super::safe::safe;
use super::super::sort::{Heap, Heaps, by_rule, passed};
use super::super::text::{count, list, list_within, shorten};
use super::super::words;
use super::entry;
use super::layout::Page;
use crate::model::report::{Finding, Report};
use crate::model::{Gate, TargetIssuer, Verdict};

/// Lines of warnings. Where they decide the exit code, each rule has its own.
const MAX_WARNINGS: usize = 3;
/// What leads to the findings behind a line.
const VERBOSE: &str = "--verbose";

/// Writes the lines; `counted_already`: what is only counted was said before.
pub(super) fn write(page: &mut Page, report: &Report, heaps: &Heaps<'_>, counted_already: bool) {
    if heaps.len(Heap::Waived) > 0 {
        page.heading(&format!("Waived, not counted: {}", heaps.len(Heap::Waived)));
        for finding in heaps.get(Heap::Waived) {
            entry::short(page, report, finding, false);
        }
    }
    if !counted_already || heaps.len(Heap::Waived) > 0 {
        page.blank();
    }
    warnings(page, report, heaps.get(Heap::Warn));
    if let Some((lead, words, n)) = limits(report, heaps.get(Heap::Limit)) {
        line(page, "Limits", &lead, &words, n);
    }
    let open: Vec<&Finding> =
        [Heap::OpenUnknown, Heap::OpenManual].iter().flat_map(|heap| heaps.get(*heap)).copied().collect();
    if !open.is_empty() {
        line(page, "Open", "no blocker: ", &names(&open), open.len());
    }
    facts(page, heaps.get(Heap::Info));
    later(page, report, heaps.get(Heap::Later));
    if let Some(text) = not_listed(heaps).filter(|_| !counted_already) {
        page.row("Not listed", &text);
    }
}

/// `35 passed (3 attested), 16 not applicable; see --show all`.
pub(super) fn not_listed(heaps: &Heaps<'_>) -> Option<String> {
    let mut holds = heaps.get(Heap::Passed).to_vec();
    if !is_news(heaps.get(Heap::Later)) {
        holds.extend(heaps.get(Heap::Later));
    }
    let parts = [
        (holds.len(), passed(&holds)),
        (heaps.len(Heap::NotApplicable), "not applicable".to_owned()),
        (heaps.len(Heap::Hidden), "hidden by --show, --select or --ignore".to_owned()),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, text)| format!("{n} {text}")).collect();
    (!parts.is_empty()).then(|| format!("{}; see --show all", parts.join(", ")))
}

/// The words for a fleet's limits, each with how often it was found, in one paragraph.
pub(super) fn limits_of_fleet(page: &mut Page, report: &Report, findings: &[&Finding]) {
    if let Some((lead, words, n)) = limits(report, findings) {
        page.blank();
        line(page, "Limits", &lead, &words, n);
    }
}

/// A line with a list that is cut where the line ends.
fn line(page: &mut Page, name: &str, lead: &str, words: &[String], n: usize) {
    let tail = format!(" ({n}; {VERBOSE})");
    let room = page.row_width().saturating_sub(lead.width() + tail.width());
    page.row(name, &format!("{lead}{}{tail}", list_within(words, room)));
}

/// One line a rule, and one for the rules beyond.
fn warnings(page: &mut Page, report: &Report, findings: &[&Finding]) {
    let groups = by_rule(findings);
    let counts = report.run.fail_on == "warn";
    if counts && !groups.is_empty() {
        page.heading("Warnings, which count: --fail-on warn");
    }
    let shown = if counts || groups.len() <= MAX_WARNINGS { groups.len() } else { MAX_WARNINGS - 1 };
    for (rule, group) in groups.iter().take(shown) {
        let [first, rest @ ..] = group.as_slice() else { continue };
        let (news, several) = if rest.is_empty() {
            (entry::mark(first), String::new())
        } else {
            let news = words::news_of(group.iter().copied()).map(|news| format!(" [{news}]")).unwrap_or_default();
            (news, format!("{}: ", count(group.len(), words::kind(first.subject.kind))))
        };
        let text = format!("{news}: {several}{}", safe(&first.message));
        let text = entry::rule_line(report, rule, &text, page.row_width());
        page.row_led(&entry::word(Verdict::Warn), &text);
    }
    let beyond: Vec<&Finding> = groups.iter().skip(shown).flat_map(|(_, group)| group).copied().collect();
    if !beyond.is_empty() {
        line(page, "", "and ", &names(&beyond), beyond.len());
    }
}

/// What the product cannot do: in what, in the rules' short words, and how many findings that are.
fn limits(report: &Report, findings: &[&Finding]) -> Option<(String, Vec<String>, usize)> {
    let gates: BTreeSet<Gate> = findings.iter().flat_map(|each| each.gates.iter().copied()).collect();
    let lead = if gates.iter().all(|gate| *gate == Gate::Failover) { "failover: " } else { "replication: " };
    let words = by_rule(findings).into_iter().map(|(rule, group)| {
        let short = report.rules.get(rule).and_then(|rule| rule.short.as_deref());
        let times = if group.len() > 1 { format!(" ×{}", group.len()) } else { String::new() };
        let perhaps = if group.iter().all(|each| each.verdict == Verdict::Unknown) { "perhaps " } else { "" };
        format!("{perhaps}{}{times}", safe(short.unwrap_or(rule)))
    });
    (!findings.is_empty()).then(|| (lead.to_owned(), words.collect(), findings.len()))
}

fn facts(page: &mut Page, findings: &[&Finding]) {
    match findings {
        [] => {}
        [only] => {
            let text = format!("{}: {}", safe(&only.rule), safe(&only.message));
            page.row("Facts", &shorten(&text, page.row_width()));
        }
        several => line(page, "Facts", "", &names(several), several.len()),
    }
}

/// Whether gates that do not count have something to say: if all of it holds, it is counted with the rest.
fn is_news(later: &[&Finding]) -> bool {
    later.iter().any(|each| each.verdict != Verdict::Pass)
}

/// `activate, failover: 3 would fail, 5 unknown, 12 pass (--gate NAME)`.
fn later(page: &mut Page, report: &Report, findings: &[&Finding]) {
    if !is_news(findings) {
        return;
    }
    let gates: BTreeSet<Gate> = findings.iter().flat_map(|each| each.gates.iter().copied()).collect();
    let mut numbers: BTreeMap<Verdict, usize> = BTreeMap::new();
    let waived = findings.iter().filter(|each| each.is_waived()).count();
    for finding in findings.iter().filter(|each| !each.is_waived()) {
        *numbers.entry(finding.verdict).or_default() += 1;
    }
    let words = [
        (Verdict::Fail, "would fail"),
        (Verdict::Unknown, "unknown"),
        (Verdict::Manual, "manual"),
        (Verdict::Warn, "warn"),
        (Verdict::Info, "info"),
        (Verdict::Pass, "pass"),
    ];
    let parts = words.iter().filter_map(|(verdict, word)| Some((*numbers.get(verdict)?, *word)));
    let parts = parts.chain((waived > 0).then_some((waived, "waived")));
    let parts: Vec<String> = parts.map(|(n, word)| format!("{n} {word}")).collect();
    let text = format!("{}: {}", list(gates.iter().map(|gate| gate.as_str()), 4), parts.join(", "));
    let with_hint = format!("{text} (--gate NAME)");
    // With --gate, or where the issuer stays, other gates than later ones do not count.
    let unplanned = report.run.target_issuer == TargetIssuer::Original && gates.contains(&Gate::Issuer);
    let name = if report.run.gates.is_empty() && !unplanned { "Later" } else { "Uncounted" };
    page.row(name, if with_hint.width() <= page.row_width() { &with_hint } else { &text });
}

/// The rules of some findings, each once.
fn names(findings: &[&Finding]) -> Vec<String> {
    let groups = by_rule(findings).into_iter();
    groups
        .map(|(rule, group)| if group.len() == 1 { safe(rule) } else { format!("{} ×{}", safe(rule), group.len()) })
        .collect()
}
