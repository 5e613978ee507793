//! The part of each pool: its gates, what blocks them, warnings, facts, and how much is not listed.

use super::super::Options;
use super::super::paint::{Style, paint};
use super::super::safe::safe;
use super::super::sort::{Heap, Heaps, Pools, by_cause, folds};
use super::super::text::{age, count, list};
use super::super::words;
use super::layout::Page;
use super::{entry, fold};
use crate::model::report::{Finding, GateSummary, PoolSummary, Report};
use crate::model::{Position, Status, SubjectKind, Verdict};

/// Writes a part for each pool, then one for findings that no pool of the report has.
pub(super) fn write(page: &mut Page, report: &Report, pools: &Pools<'_>, options: &Options) {
    let mut findings = pools.findings(report);
    for pool in &report.summary.pools {
        let own = findings.remove(&Some((&pool.account, &pool.id))).unwrap_or_default();
        header(page, report, pool);
        gates_table(page, pool, &own);
        let heaps = Heaps::of(own, report, options, |finding, gate| pools.counts(finding, gate));
        let is_free = blocks(page, report, pool, &heaps, options);
        if folds(options) {
            fold::write(page, report, &heaps, is_free);
        } else {
            others(page, report, &heaps, options);
        }
    }
    strays(page, report, findings.remove(&None).unwrap_or_default(), options);
}

/// Findings that concern no pool of the report: they never vanish. That all pools of an account were seen is counted only.
fn strays(page: &mut Page, report: &Report, strays: Vec<&Finding>, options: &Options) {
    let passes = options.show.verdicts.lists(Verdict::Pass, false);
    let (mut accounts, strays): (Vec<&Finding>, Vec<&Finding>) =
        strays.into_iter().partition(|finding| finding.subject.kind == SubjectKind::Account);
    accounts.retain(|finding| passes || finding.verdict != Verdict::Pass);
    for (title, findings) in [("Accounts", accounts), ("No pool known", strays)] {
        without_pool(page, report, title, findings, options);
    }
}

fn without_pool(page: &mut Page, report: &Report, title: &str, strays: Vec<&Finding>, options: &Options) {
    if strays.is_empty() {
        return;
    }
    page.heading(&format!("{title}: {}", count(strays.len(), "result")));
    let heaps = Heaps::of(strays, report, options, |_, _| true);
    for heap in [Heap::Fail, Heap::Manual] {
        entry::rules(page, report, heaps.get(heap), options.verbose);
    }
    for (causes, group) in by_cause(heaps.get(Heap::Unknown)) {
        entry::cause(page, report, &causes, &group, options.verbose);
    }
    if folds(options) {
        fold::write(page, report, &heaps, false);
    } else {
        others(page, report, &heaps, options);
    }
}

fn header(page: &mut Page, report: &Report, pool: &PoolSummary) {
    page.blank();
    let name = paint(Style::Bold, &entry::named(pool.name.as_deref(), &pool.id));
    page.para(&paint(Style::Bold, "Pool "), 5, &name);
    let replica = pool.replica_region.as_deref().map_or("replica Region not given".to_owned(), safe);
    let owner = pool.owner.as_deref().map(|owner| format!(", owner {}", safe(owner))).unwrap_or_default();
    let wave = pool.wave.as_deref().map(|wave| format!(", wave {}", safe(wave))).unwrap_or_default();
    let age = pool.evidence_from.as_deref().and_then(|then| age(then, &report.run.now));
    let age = age.map(|age| format!(", evidence {age}")).unwrap_or_default();
    let (account, region) = (safe(&pool.account), safe(&pool.region));
    page.para("     ", 5, &format!("account {account}, {region} → {replica}{owner}{wave}{age}"));
    page.blank();
}

fn gates_table(page: &mut Page, pool: &PoolSummary, findings: &[&Finding]) {
    let rows: Vec<Vec<String>> = pool
        .gates
        .iter()
        .map(|(gate, state)| {
            let dim = |text: &str| if state.counted { text.to_owned() } else { paint(Style::Dim, text) };
            vec![
                dim(gate.as_str()),
                dim(words::position(state.position)),
                status(state),
                dim(&words::why(*gate, state, findings)),
            ]
        })
        .collect();
    if !rows.is_empty() {
        page.grid(&["gate", "position", "status", "why"], &rows, 3);
    }
}

/// The status in capitals where it counts, in small letters where it does not.
fn status(state: &GateSummary) -> String {
    let word = state.status.as_str();
    if !state.counted {
        return paint(Style::Dim, if state.position == Position::NotPlanned { "–" } else { word });
    }
    match state.status {
        Status::Blocked => paint(Style::Red, "BLOCKED"),
        Status::Undetermined => paint(Style::Magenta, "UNDETERMINED"),
        Status::Ready => paint(Style::Green, "READY"),
    }
}

/// What blocks; whether that is nothing, and said together with what is only counted.
fn blocks(page: &mut Page, report: &Report, pool: &PoolSummary, heaps: &Heaps<'_>, options: &Options) -> bool {
    let numbers = [(Heap::Fail, "fail"), (Heap::Unknown, "unknown"), (Heap::Manual, "manual")];
    let numbers: Vec<String> = numbers
        .into_iter()
        .filter(|(heap, _)| heaps.len(*heap) > 0)
        .map(|(heap, word)| format!("{} {word}", heaps.len(heap)))
        .collect();
    let counted = || pool.gates.iter().filter(|(_, state)| state.counted);
    let mut is_free = false;
    if !numbers.is_empty() {
        page.heading(&format!("What blocks: {}", numbers.join(", ")));
    } else if counted().next().is_none() {
        page.heading("No gate of this pool counts in this run.");
    } else if counted().all(|(_, state)| state.status == Status::Ready) {
        let rest = fold::not_listed(heaps).filter(|_| folds(options));
        let rest = rest.map(|rest| format!(": {rest}")).unwrap_or_default();
        page.heading(&format!("Nothing blocks{rest}."));
        is_free = true;
    }
    entry::rules(page, report, heaps.get(Heap::Fail), options.verbose);
    for (causes, group) in by_cause(heaps.get(Heap::Unknown)) {
        entry::cause(page, report, &causes, &group, options.verbose);
    }
    entry::rules(page, report, heaps.get(Heap::Manual), options.verbose);
    is_free
}

/// What does not block, in full.
fn others(page: &mut Page, report: &Report, heaps: &Heaps<'_>, options: &Options) {
    let part = |page: &mut Page, heap: Heap, title: &str| {
        if heaps.len(heap) > 0 {
            page.heading(&format!("{title}: {}", heaps.len(heap)));
            for finding in heaps.get(heap) {
                entry::short(page, report, finding, options.verbose);
            }
        }
    };
    part(
        page,
        Heap::Warn,
        if report.run.fail_on == "warn" { "Warnings (they count: --fail-on warn)" } else { "Warnings" },
    );
    if heaps.len(Heap::OpenUnknown) > 0 {
        page.heading(&format!("Not known, blocks nothing: {}", heaps.len(Heap::OpenUnknown)));
        for (causes, group) in by_cause(heaps.get(Heap::OpenUnknown)) {
            if options.verbose {
                entry::cause(page, report, &causes, &group, true);
            } else {
                let why = list(causes.iter().map(|cause| safe(&cause.to_string())), 3);
                let why = if why.is_empty() { "no cause is recorded".to_owned() } else { why };
                let lead = format!("{}  ", entry::word(Verdict::Unknown));
                page.para(&lead, 6, &format!("{}: {why}", entry::rule_names(&group, usize::MAX)));
            }
        }
    }
    part(page, Heap::OpenManual, "For a person, blocks nothing");
    part(page, Heap::Info, "Facts");
    part(page, Heap::Waived, "Waived, not counted");
    part(page, Heap::Rest, "Also asked for");
    part(page, Heap::Later, "For gates that do not count");
    if let Some(text) = fold::not_listed(heaps) {
        page.blank();
        page.para(&paint(Style::Dim, "Not listed: "), 2, &format!("{text}."));
    }
}
