//! The end of the page: how old and how complete the evidence is, what became of decisions, what to do next.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::super::Options;
use super::super::about::About;
use super::super::safe::safe;
use super::super::sort::Pools;
use super::super::text::{age, count, list};
use super::super::words;
use super::layout::Page;
use crate::model::report::{Coverage, Finding, Report};
use crate::model::{Level, Verdict};

/// Decisions that are listed.
const MAX_LINES: usize = 5;
/// Missing permissions that are listed.
const MAX_PERMISSIONS: usize = 4;
/// Reasons not to ask that are listed, and calls with one of them.
const MAX_REASONS: usize = 2;
const MAX_NAMES: usize = 3;

/// Writes the end of the page.
pub(super) fn write(page: &mut Page, report: &Report, pools: &Pools<'_>, options: &Options) {
    page.blank();
    page.row("Results", &words::counts(report));
    baseline(page, report, options.verbose);
    evidence(page, report);
    coverage(page, &report.coverage, options.verbose);
    decisions(page, report, options.verbose);
    if options.verbose {
        about(page, report);
    }
    next(page, report, pools);
}

fn evidence(page: &mut Page, report: &Report) {
    let snapshot = &report.snapshot;
    let text = match (&snapshot.evidence_from, &snapshot.evidence_to) {
        (Some(from), Some(to)) => {
            let age = age(from, &report.run.now).map(|age| format!(" ({age})")).unwrap_or_default();
            if from == to { format!("{}{age}", safe(from)) } else { format!("{} to {}{age}", safe(from), safe(to)) }
        }
        (Some(one), None) | (None, Some(one)) => safe(one),
        (None, None) => "none".to_owned(),
    };
    page.row("Evidence", &text);
}

/// One line where everything was answered; else also what would help most, and what was not asked and why.
fn coverage(page: &mut Page, coverage: &Coverage, verbose: bool) {
    page.row("Coverage", &words::coverage(coverage));
    let max = if verbose { usize::MAX } else { MAX_PERMISSIONS };
    for each in coverage.permissions.iter().take(max) {
        page.row("", &words::permission(each, safe));
    }
    more(page, coverage.permissions.len(), max, "missing permission");
    if verbose {
        for each in &coverage.problems {
            let text = format!("{} × {}, account {}", each.times, safe(&each.cause.to_string()), safe(&each.account));
            page.row("", &text);
        }
    }
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for each in &coverage.not_asked {
        by_reason.entry(&each.why).or_default().push(safe(&each.what));
    }
    let max = if verbose { usize::MAX } else { MAX_REASONS };
    for (why, what) in by_reason.iter().take(max) {
        let names = list(what, if verbose { usize::MAX } else { MAX_NAMES });
        page.row("", &format!("not asked: {names} ({})", safe(why)));
    }
    more(page, by_reason.len(), max, "reason");
}

/// What became of the baseline's findings, and the baseline's own time.
fn baseline(page: &mut Page, report: &Report, verbose: bool) {
    let (Some(baseline), Some(numbers)) = (&report.run.baseline, words::since_baseline(report)) else { return };
    page.row("Baseline", &format!("{numbers} since {}", safe(&baseline.now)));
    let max = if verbose { usize::MAX } else { MAX_LINES };
    for each in report.resolved.iter().take(max) {
        let what = format!("{} {}: {}", safe(&each.rule), safe(&each.subject.id), words::became(each));
        let detail = if verbose { format!(": {}", safe(&each.detail)) } else { String::new() };
        page.row("", &format!("resolved: {what}{detail}"));
    }
    more(page, report.resolved.len(), max, "resolved finding");
}

/// Who asked, with what, on what evidence, and where was searched.
fn about(page: &mut Page, report: &Report) {
    /// These have rows of their own above.
    const SAID: &[&str] = &["Evidence", "Calls"];
    let about = About::of(report);
    page.heading("This run");
    let facts = about.facts.iter().filter(|(label, _)| !SAID.contains(label));
    for (label, value) in facts {
        page.noted(label, &safe(value));
    }
    let searched: Vec<String> = about.searched.iter().map(|each| safe(each)).collect();
    page.noted("Searched", &if searched.is_empty() { "nothing".to_owned() } else { searched.join(", ") });
    page.noted("Says nothing of", &about.silent.join(" "));
}

fn decisions(page: &mut Page, report: &Report, verbose: bool) {
    if report.waivers.is_empty() {
        return;
    }
    page.row("Decisions", &words::decisions(report, safe));
    let max = if verbose { usize::MAX } else { MAX_LINES };
    let odd: Vec<_> = report.waivers.iter().filter(|each| verbose || each.state != "applied").collect();
    for each in odd.iter().take(max) {
        let what = format!("{}: {} {} {}", safe(&each.state), safe(&each.kind), safe(&each.rule), safe(&each.subject));
        page.row("", &format!("{what}: {} [{}]", safe(&each.detail), safe(&each.place)));
    }
    more(page, odd.len(), max, "decision");
}

fn more(page: &mut Page, all: usize, max: usize, noun: &str) {
    if let more @ 1.. = all.saturating_sub(max) {
        page.row("", &format!("and {} more: --verbose lists them", count(more, noun)));
    }
}

/// Commands that lead on, those that help most first.
fn next(page: &mut Page, report: &Report, pools: &Pools<'_>) {
    let blocks = |each: &Finding| {
        each.level == Level::Blocker && !each.is_waived() && each.gates.iter().any(|gate| pools.counts(each, *gate))
    };
    let open = |verdict| report.findings.iter().find(|each| each.verdict == verdict && blocks(each));
    let mut commands = Vec::new();
    if let Some(finding) = open(Verdict::Fail).or_else(|| open(Verdict::Unknown)) {
        commands.push((format!("mrready explain {}", safe(&finding.rule)), "what it means and how to check it"));
    }
    if open(Verdict::Manual).is_some() {
        commands.push(("mrready audit … --waivers FILE".to_owned(), "judges with a person's answers"));
    }
    if report.summary.pools.is_empty() {
        commands.push(("mrready collect --help".to_owned(), "how to choose pools"));
    } else if let Some(gate) = report.summary.pools.iter().flat_map(|pool| &pool.gates).find(|(_, gate)| gate.counted) {
        commands.push((format!("mrready explain {}", gate.0), "what this gate asks, rule by rule"));
    }
    page.heading("Next");
    let widest = commands.iter().map(|(_, why)| why.width()).max().unwrap_or(0);
    let column = commands.iter().map(|(command, _)| command.width() + 3).max().unwrap_or(0);
    for (command, why) in commands {
        if column + 2 + widest <= page.text_width() {
            page.para(&format!("  {command:column$}"), column + 2, why);
        } else {
            page.para("  ", 4, &command);
            page.para("      ", 6, why);
        }
    }
}
