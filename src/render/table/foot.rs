//! The end of the page: how old and how complete the evidence is, what became of decisions, what to do next.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::super::Options;
use super::super::safe::safe;
use super::super::text::{age, count, list};
use super::layout::Page;
use super::sort::Pools;
use crate::model::report::{Coverage, Finding, MissingPermission, Report};
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
    counts(page, report);
    evidence(page, report);
    coverage(page, &report.coverage, options.verbose);
    decisions(page, report, options.verbose);
    next(page, report, pools);
}

fn counts(page: &mut Page, report: &Report) {
    let counts = &report.summary.counts;
    let order = [
        Verdict::Fail,
        Verdict::Unknown,
        Verdict::Manual,
        Verdict::Warn,
        Verdict::Info,
        Verdict::Pass,
        Verdict::NotApplicable,
    ];
    let parts = order.iter().filter_map(|verdict| {
        let n = counts.get(verdict).copied().filter(|n| *n > 0)?;
        Some(format!("{n} {}", verdict.as_str().replace('_', " ")))
    });
    let parts = list(parts, usize::MAX);
    page.row("Results", if parts.is_empty() { "none" } else { &parts });
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
    let parts = [
        (coverage.answered, "answered"),
        (coverage.denied, "denied"),
        (coverage.throttled, "throttled"),
        (coverage.failed, "failed"),
    ];
    let parts = parts.iter().filter(|(n, word)| *n > 0 || *word == "answered").map(|(n, word)| format!("{n} {word}"));
    let unasked = match coverage.not_asked.len() {
        0 => String::new(),
        n => format!("; {n} not asked"),
    };
    page.row("Coverage", &format!("{} asked, {}{unasked}", count(coverage.asked, "call"), list(parts, 4)));
    let max = if verbose { usize::MAX } else { MAX_PERMISSIONS };
    for each in coverage.permissions.iter().take(max) {
        page.row("", &permission(each));
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

/// `kms:DescribeKey resolves 11 findings, 6 of them blockers`.
fn permission(each: &MissingPermission) -> String {
    let action = safe(&each.action);
    let findings = count(each.findings, "finding");
    let blockers = match each.blockers {
        0 => String::new(),
        n if n == each.findings => if n == 1 { ", a blocker" } else { ", all of them blockers" }.to_owned(),
        n => format!(", {n} of them {}", if n == 1 { "a blocker" } else { "blockers" }),
    };
    if each.alone == each.findings {
        format!("{action} resolves {findings}{blockers}")
    } else {
        format!("{action} is missing for {findings}{blockers}; it alone resolves {}", each.alone)
    }
}

fn decisions(page: &mut Page, report: &Report, verbose: bool) {
    if report.waivers.is_empty() {
        return;
    }
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for each in &report.waivers {
        *states.entry(each.state.as_str()).or_default() += 1;
    }
    page.row("Decisions", &list(states.iter().map(|(state, n)| format!("{n} {}", safe(state))), usize::MAX));
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
