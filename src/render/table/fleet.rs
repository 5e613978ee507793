//! Many pools: numbers by gate, one row a pool, and findings by rule and by cause.
//!
//! A fleet's report stays readable: every part has a limit, and says what is beyond it.

use std::collections::{BTreeMap, BTreeSet};

use unicode_width::UnicodeWidthStr;

use super::super::Options;
use super::super::paint::{Style, paint};
use super::super::safe::safe;
use super::super::sort::{Heap, Heaps, Pools, by_cause, folds, largest_first, passed, worst_first};
use super::super::text::{count, list, shorten, shorten_middle};
use super::super::words;
use super::layout::Page;
use super::{entry, fold};
use crate::model::report::{Finding, GateSummary, PoolSummary, Report};
use crate::model::{Gate, Position, Status, Verdict};

/// The least columns for a pool's name in the matrix.
const MIN_NAME: usize = 16;
/// Rows of the matrix.
const MAX_ROWS: usize = 30;
/// Rules with false blockers, each with its pools and its remedy.
const MAX_FAILS: usize = 12;
/// Causes, each with its rules and its remedy.
const MAX_CAUSES: usize = 8;
/// Paragraphs of one line in any other part.
const MAX_SHORT: usize = 10;
/// Pools named beside a group.
const MAX_NAMES: usize = 3;

/// Writes the fleet.
pub(super) fn write(page: &mut Page, report: &Report, pools: &Pools<'_>, options: &Options) {
    let total = report.summary.pools.len();
    page.blank();
    totals(page, report);
    page.heading("Pools, worst first");
    matrix(page, report, MAX_ROWS);
    if total > MAX_ROWS {
        one_line(page, "  ", &format!("and {} more; --verbose or --format json has every pool", total - MAX_ROWS));
    }
    let heaps = Heaps::of(&report.findings, report, options, |finding, gate| pools.counts(finding, gate));
    fails(page, report, heaps.get(Heap::Fail), pools);
    causes(page, heaps.get(Heap::Unknown), pools, "What is not known");
    let short = [
        (Heap::Manual, "What waits for a person"),
        (Heap::Warn, "Warnings"),
        (Heap::OpenManual, "For a person, blocks nothing"),
        (Heap::Waived, "Waived, not counted"),
        (Heap::Rest, "Also asked for"),
    ];
    for (heap, title) in short {
        rules(page, report, heaps.get(heap), pools, title);
    }
    fold::limits_of_fleet(page, report, heaps.get(Heap::Limit));
    if !folds(options) {
        rules(page, report, heaps.get(Heap::Info), pools, "Facts");
        rules(page, report, heaps.get(Heap::Later), pools, "For gates that do not count");
    }
    not_listed(page, &heaps, options);
}

/// How many pools stand where, per gate.
fn totals(page: &mut Page, report: &Report) {
    let mut numbers: BTreeMap<(usize, Gate), usize> = BTreeMap::new();
    for (gate, state) in report.summary.pools.iter().flat_map(|pool| &pool.gates) {
        let row = match (state.counted, state.position, state.status) {
            (_, Position::NotPlanned, _) => 4,
            (false, ..) => 3,
            (true, _, Status::Blocked) => 0,
            (true, _, Status::Undetermined) => 1,
            (true, _, Status::Ready) => 2,
        };
        *numbers.entry((row, *gate)).or_default() += 1;
    }
    let words = [
        paint(Style::Red, "BLOCKED"),
        paint(Style::Magenta, "UNDETERMINED"),
        paint(Style::Green, "READY"),
        "does not count yet".to_owned(),
        "not planned".to_owned(),
    ];
    let mut rows = Vec::new();
    for (row, word) in words.into_iter().enumerate() {
        let cells: Vec<usize> = Gate::ALL.iter().map(|gate| numbers.get(&(row, *gate)).copied().unwrap_or(0)).collect();
        if cells.iter().any(|n| *n > 0) {
            rows.push(std::iter::once(word).chain(cells.iter().map(ToString::to_string)).collect());
        }
    }
    let pools = count(report.summary.pools.len(), "pool");
    let header: Vec<&str> = std::iter::once(pools.as_str()).chain(Gate::ALL.iter().map(|gate| gate.as_str())).collect();
    page.grid(&header, &rows, 0);
}

/// One row a pool, the worst first, at most `max` of them.
pub(super) fn matrix(page: &mut Page, report: &Report, max: usize) {
    let mut pools = worst_first(report);
    let words = |short| {
        pools
            .iter()
            .take(max)
            .map(|pool| Gate::ALL.iter().map(|gate| cell(pool.gates.get(gate), short)).collect())
            .collect()
    };
    let mut rows: Vec<Vec<String>> = words(false);
    // The names get what the words leave; where that is too little, the longest word is cut.
    let mut room = room_for_names(page, &rows);
    if room < MIN_NAME {
        rows = words(true);
        room = room_for_names(page, &rows);
    }
    pools.truncate(max);
    for (label, cells) in labels(&pools, room).into_iter().zip(&mut rows) {
        cells.insert(0, label);
    }
    let header: Vec<&str> = std::iter::once("pool").chain(Gate::ALL.iter().map(|gate| gate.as_str())).collect();
    page.grid(&header, &rows, 0);
    let legends = [
        ("done?", "done?: AWS shows the step was taken, but not all of its blockers are known"),
        ("REGRESSED", "REGRESSED: the step was taken, and a blocker of it is false now"),
    ];
    for (word, legend) in legends {
        if rows.iter().flatten().any(|cell| cell.contains(word)) {
            page.para("  ", 4, &paint(Style::Dim, legend));
        }
    }
}

fn room_for_names(page: &Page, rows: &[Vec<String>]) -> usize {
    let widest = |column: usize, gate: &Gate| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
        cells.max().unwrap_or(0).max(gate.as_str().len()) + 2
    };
    let words: usize = Gate::ALL.iter().enumerate().map(|(column, gate)| widest(column, gate)).sum();
    page.grid_width().saturating_sub(words)
}

/// Names with their ids where there is room for all of them: only ids tell pools apart for sure. Else names alone, and
/// ids where there is no name.
fn labels(pools: &[&PoolSummary], room: usize) -> Vec<String> {
    let named: Vec<_> =
        pools.iter().map(|pool| (words::name(pool.name.as_deref()).map(safe), safe(&pool.id))).collect();
    let least =
        named.iter().map(|(name, id)| id.width() + name.as_ref().map_or(0, |name| name.width().min(MIN_NAME) + 3));
    let with_ids = least.max().unwrap_or(0) <= room;
    let label = |(name, id): (Option<String>, String)| match name {
        Some(name) if with_ids => {
            let left = room.saturating_sub(id.width() + 3);
            format!("{} ({id})", shorten_middle(&name, left))
        }
        Some(name) => shorten_middle(&name, room),
        None => shorten_middle(&id, room),
    };
    named.into_iter().map(label).collect()
}

fn cell(state: Option<&GateSummary>, short: bool) -> String {
    let Some(state) = state else { return "–".to_owned() };
    match (state.position, state.counted, state.status) {
        (Position::NotPlanned, ..) => paint(Style::Dim, "–"),
        (Position::Later, false, _) => paint(Style::Dim, "later"),
        (_, false, status) => paint(Style::Dim, status.as_str()),
        (Position::Done, true, Status::Blocked) => paint(Style::Red, "REGRESSED"),
        (_, true, Status::Blocked) => paint(Style::Red, "BLOCKED"),
        (Position::Done, true, Status::Undetermined) => paint(Style::Magenta, "done?"),
        (_, true, Status::Undetermined) => paint(Style::Magenta, if short { "UNDETERM." } else { "UNDETERMINED" }),
        (Position::Done, true, Status::Ready) => paint(Style::Green, "done"),
        (_, true, Status::Ready) => paint(Style::Green, "READY"),
    }
}

fn fails(page: &mut Page, report: &Report, findings: &[&Finding], pools: &Pools<'_>) {
    let groups = largest_first(findings);
    if groups.is_empty() {
        return;
    }
    page.heading(&format!("What blocks: {} of {}", count(findings.len(), "fail"), count(groups.len(), "rule")));
    for (rule, group) in groups.iter().take(MAX_FAILS) {
        let Some(first) = group.first() else { continue };
        let lead = format!("{}  ", entry::word(Verdict::Fail));
        rule_line(page, report, &lead, rule, &format!("{}: {}", entry::gates(&first.gates), extent(group, pools)));
        let names = names(group, pools);
        if !names.is_empty() {
            one_line(page, "  in    ", &names);
        }
        if let Some(remedy) = &first.remediation {
            one_line(page, "  do    ", &entry::remedy_text(remedy));
        }
    }
    beyond(page, groups.len(), MAX_FAILS, "rule");
}

fn causes(page: &mut Page, findings: &[&Finding], pools: &Pools<'_>, title: &str) {
    let groups = by_cause(findings);
    if groups.is_empty() {
        return;
    }
    page.heading(&format!("{title}: {} for {}", count(findings.len(), "result"), count(groups.len(), "cause")));
    for (causes, group) in groups.iter().take(MAX_CAUSES) {
        let words = list(causes.iter().map(|cause| safe(&cause.to_string())), 2);
        let words = if words.is_empty() { "no cause is recorded".to_owned() } else { words };
        one_line(page, &format!("{}  ", entry::word(Verdict::Unknown)), &words);
        let names = names(group, pools);
        let colon = if names.is_empty() { "" } else { ": " };
        one_line(page, "  in    ", &format!("{}{colon}{names}", extent(group, pools)));
        one_line(page, "  rules ", &entry::rule_names(group, 6));
        one_line(page, "  do    ", &entry::actions(causes));
    }
    beyond(page, groups.len(), MAX_CAUSES, "cause");
}

/// One line a rule.
fn rules(page: &mut Page, report: &Report, findings: &[&Finding], pools: &Pools<'_>, title: &str) {
    let groups = largest_first(findings);
    if groups.is_empty() {
        return;
    }
    page.heading(&format!("{title}: {} of {}", count(findings.len(), "result"), count(groups.len(), "rule")));
    for (rule, group) in groups.iter().take(MAX_SHORT) {
        let Some(first) = group.first() else { continue };
        let wants = report.rules.get(*rule).map(|rule| format!("; wanted: {}", safe(&rule.title))).unwrap_or_default();
        let lead = format!("{}  ", entry::word(first.verdict));
        rule_line(page, report, &lead, rule, &format!(": {}{wants}", extent(group, pools)));
    }
    beyond(page, groups.len(), MAX_SHORT, "rule");
}

fn beyond(page: &mut Page, all: usize, max: usize, noun: &str) {
    if let more @ 1.. = all.saturating_sub(max) {
        one_line(page, "  ", &format!("and {} more: --verbose lists them", count(more, noun)));
    }
}

fn of_pools<'a>(group: &[&'a Finding], pools: &Pools<'a>) -> BTreeSet<(&'a str, &'a str, Option<&'a str>)> {
    let found = group.iter().filter_map(|finding| pools.of_finding(finding));
    found.map(|pool| (pool.account.as_str(), pool.id.as_str(), pool.name.as_deref())).collect()
}

/// `12 pools`, `12 results in 3 pools`.
fn extent(group: &[&Finding], pools: &Pools<'_>) -> String {
    let news = words::news_of(group.iter().copied()).map(|news| format!(" ({news})")).unwrap_or_default();
    let extent = match of_pools(group, pools).len() {
        0 => format!("{} of no known pool", count(group.len(), "result")),
        n if n == group.len() => count(n, "pool"),
        n => format!("{} in {}", count(group.len(), "result"), count(n, "pool")),
    };
    extent + &news
}

fn names(group: &[&Finding], pools: &Pools<'_>) -> String {
    let labels = of_pools(group, pools)
        .into_iter()
        .map(|(_, id, name)| shorten_middle(&safe(words::name(name).unwrap_or(id)), 24));
    list(labels, MAX_NAMES)
}

fn not_listed(page: &mut Page, heaps: &Heaps<'_>, options: &Options) {
    let open = heaps.get(Heap::OpenUnknown);
    let passed = passed(heaps.get(Heap::Passed));
    let folded = folds(options);
    let parts = [
        (heaps.len(Heap::Passed), passed.as_str()),
        (heaps.len(Heap::NotApplicable), "not applicable"),
        (if folded { heaps.len(Heap::Info) } else { 0 }, "facts"),
        (open.len(), "unknown that block nothing"),
        (if folded { heaps.len(Heap::Later) } else { 0 }, "for gates that do not count yet"),
        (heaps.len(Heap::Hidden), "hidden by --show, --select or --ignore"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, text)| format!("{n} {text}")).collect();
    if !parts.is_empty() {
        page.blank();
        let text = format!("{}. --verbose --show all lists them.", parts.join(", "));
        page.para(&paint(Style::Dim, "Not listed: "), 2, &text);
    }
}

/// A line that begins with a rule, and is cut rather than wrapped.
fn rule_line(page: &mut Page, report: &Report, lead: &str, rule: &str, after: &str) {
    let room = page.text_width().saturating_sub(lead.width());
    page.para(lead, 2, &entry::rule_line(report, rule, after, room));
}

/// A line that is cut rather than wrapped.
fn one_line(page: &mut Page, lead: &str, text: &str) {
    let room = page.text_width().saturating_sub(lead.width());
    page.para(lead, 2, &shorten(text, room));
}
