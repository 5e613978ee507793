//! Which part of a page each finding belongs to, and what comes first, for the formats that people read.
//!
//! This sorts what was judged; it judges nothing. Whether a gate counts is read from the report.

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use super::Verdicts;
use crate::model::report::{Finding, GateSummary, PoolSummary, Report};
use crate::model::{Cause, Gate, Level, Status, Verdict};

/// A part of the page, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heap {
    /// A blocker of a counted gate is false.
    Fail,
    /// A blocker of a counted gate is not known.
    Unknown,
    /// A blocker of a counted gate waits for a person.
    Manual,
    /// An advisory is false.
    Warn,
    /// Something is not known that stops no gate.
    OpenUnknown,
    /// A person should look at something that stops no gate.
    OpenManual,
    /// A fact.
    Info,
    /// Taken out of the count by a decision.
    Waived,
    /// Asked for, though it holds or does not concern the pool.
    Rest,
    /// Belongs only to gates that do not count; where that is folded, what holds of them too.
    Later,
    /// What the product cannot do: one line.
    Limit,
    /// Counted only: it holds.
    Passed,
    /// Counted only: it does not concern the pool.
    NotApplicable,
    /// Hidden by an option.
    Hidden,
}

/// The tag of rules about what the product cannot do: nobody can repair it, so one line tells all of them.
const PRODUCT_LIMIT: &str = "product-limit";

/// Findings by part of the page, each in the report's order.
#[derive(Debug, Default)]
pub(super) struct Heaps<'a>(BTreeMap<Heap, Vec<&'a Finding>>);

impl<'a> Heaps<'a> {
    /// Sorts findings; `counted` tells whether a gate counts for a finding's pool.
    pub(super) fn of(
        findings: impl IntoIterator<Item = &'a Finding>,
        report: &Report,
        options: &Options,
        counted: impl Fn(&Finding, Gate) -> bool,
    ) -> Self {
        let mut heaps = Self::default();
        for finding in findings {
            let counts = finding.gates.is_empty() || finding.gates.iter().any(|gate| counted(finding, *gate));
            let heap = if folds(options) && is_limit(finding, report, counts) && !options.show.hides(finding) {
                Heap::Limit
            } else {
                heap(finding, options, counts)
            };
            heaps.0.entry(heap).or_default().push(finding);
        }
        heaps
    }

    /// The findings of one part.
    pub(super) fn get(&self, heap: Heap) -> &[&'a Finding] {
        self.0.get(&heap).map_or(&[], Vec::as_slice)
    }

    /// How many there are of one part.
    pub(super) fn len(&self, heap: Heap) -> usize {
        self.get(heap).len()
    }
}

fn heap(finding: &Finding, options: &Options, counts: bool) -> Heap {
    let show = &options.show;
    if show.hides(finding) {
        return Heap::Hidden;
    }
    let settled = matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
    if !show.verdicts.lists(finding.verdict, !settled) {
        return match finding.verdict {
            Verdict::Pass if folds(options) && !counts => Heap::Later,
            Verdict::Pass => Heap::Passed,
            Verdict::NotApplicable => Heap::NotApplicable,
            Verdict::Fail | Verdict::Warn | Verdict::Info | Verdict::Unknown | Verdict::Manual => Heap::Hidden,
        };
    }
    if settled {
        return Heap::Rest;
    }
    if !counts {
        return Heap::Later;
    }
    if finding.is_waived() {
        return Heap::Waived;
    }
    match (finding.verdict, finding.level) {
        (Verdict::Fail, _) => Heap::Fail,
        (Verdict::Unknown, Level::Blocker) => Heap::Unknown,
        (Verdict::Unknown, Level::Advisory | Level::Info) => Heap::OpenUnknown,
        (Verdict::Manual, Level::Blocker) => Heap::Manual,
        (Verdict::Manual, Level::Advisory | Level::Info) => Heap::OpenManual,
        (Verdict::Warn, _) => Heap::Warn,
        (Verdict::Info, _) => Heap::Info,
        (Verdict::Pass | Verdict::NotApplicable, _) => Heap::Rest,
    }
}

/// Whether a finding is told in the line about the product's limits. What decides the exit code never is.
fn is_limit(finding: &Finding, report: &Report, counts: bool) -> bool {
    let tagged = || {
        let rule = report.rules.get(&finding.rule);
        rule.is_some_and(|rule| rule.tags.iter().any(|tag| tag == PRODUCT_LIMIT))
    };
    let decides = counts && finding.level == Level::Advisory && report.run.fail_on == "warn";
    finding.level != Level::Blocker
        && matches!(finding.verdict, Verdict::Warn | Verdict::Info | Verdict::Unknown)
        && !finding.is_waived()
        && !decides
        && tagged()
}

/// `6 passed (1 attested)`: what holds because a person said so is always told apart.
pub(super) fn passed(findings: &[&Finding]) -> String {
    let attested = findings.iter().filter(|each| each.waiver.as_ref().is_some_and(|waiver| waiver.kind == "attest"));
    match attested.count() {
        0 => "passed".to_owned(),
        n => format!("passed ({n} attested)"),
    }
}

/// Whether what stops no counted gate is told in one line a kind: unless the reader asked for verdicts or for all.
pub(super) fn folds(options: &Options) -> bool {
    options.show.verdicts == Verdicts::Default && !options.verbose
}

/// The findings of each rule, in order of the rule's first appearance.
pub(super) fn by_rule<'a>(findings: &[&'a Finding]) -> Vec<(&'a str, Vec<&'a Finding>)> {
    let mut groups: Vec<(&str, Vec<&Finding>)> = Vec::new();
    let mut places = BTreeMap::new();
    for finding in findings {
        let place = *places.entry(finding.rule.as_str()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(finding),
            None => groups.push((&finding.rule, vec![finding])),
        }
    }
    groups
}

/// Groups, the one that concerns most findings first.
pub(super) fn largest_first<'a>(findings: &[&'a Finding]) -> Vec<(&'a str, Vec<&'a Finding>)> {
    let mut groups = by_rule(findings);
    groups.sort_by(|(a_rule, a), (b_rule, b)| b.len().cmp(&a.len()).then(a_rule.cmp(b_rule)));
    groups
}

/// The findings with the same causes at the root, the largest group first: one answer decides them all.
pub(super) fn by_cause<'a>(findings: &[&'a Finding]) -> Vec<(BTreeSet<&'a Cause>, Vec<&'a Finding>)> {
    let mut groups: BTreeMap<BTreeSet<&Cause>, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry(roots(finding)).or_default().push(finding);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    groups
}

/// Why a finding is not known, without the chain of prerequisites.
pub(super) fn roots(finding: &Finding) -> BTreeSet<&Cause> {
    finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).map(Cause::root).collect()
}

/// The pools, those first whose counted gates stand worst; else in the report's order.
pub(super) fn worst_first(report: &Report) -> Vec<&PoolSummary> {
    let mut pools: Vec<&PoolSummary> = report.summary.pools.iter().collect();
    pools.sort_by_key(|pool| pool.gates.values().map(badness).max().map(std::cmp::Reverse));
    pools
}

fn badness(state: &GateSummary) -> u8 {
    match (state.counted, state.regression, state.status) {
        (false, ..) => 0,
        (true, true, _) => 4,
        (true, false, Status::Blocked) => 3,
        (true, false, Status::Undetermined) => 2,
        (true, false, Status::Ready) => 1,
    }
}

/// The pools of the report, as findings name them: by id and account.
#[derive(Debug)]
pub(super) struct Pools<'a>(BTreeMap<&'a str, Vec<&'a PoolSummary>>);

impl<'a> Pools<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut pools: BTreeMap<&str, Vec<&PoolSummary>> = BTreeMap::new();
        for pool in &report.summary.pools {
            pools.entry(&pool.id).or_default().push(pool);
        }
        Self(pools)
    }

    /// The pool that a finding concerns, if the report has it. Consumers may live in another account than their pool,
    /// so the id decides if the account does not.
    pub(super) fn of_finding(&self, finding: &Finding) -> Option<&'a PoolSummary> {
        let pools = self.0.get(finding.subject.pool_id.as_deref()?)?;
        pools.iter().find(|pool| pool.account == finding.subject.account).or_else(|| pools.first()).copied()
    }

    /// The findings of each pool by account and id; those of no pool under `None`.
    pub(super) fn findings(&self, report: &'a Report) -> BTreeMap<Option<(&'a str, &'a str)>, Vec<&'a Finding>> {
        let mut findings: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
        for finding in &report.findings {
            let pool = self.of_finding(finding).map(|pool| (pool.account.as_str(), pool.id.as_str()));
            findings.entry(pool).or_default().push(finding);
        }
        findings
    }

    /// Whether a gate counts for the finding's pool; a finding of no pool is never folded away.
    pub(super) fn counts(&self, finding: &Finding, gate: Gate) -> bool {
        self.of_finding(finding).is_none_or(|pool| pool.gates.get(&gate).is_some_and(|state| state.counted))
    }
}
