//! One report as several: each for an owner, an account or a pool, so that a team sees what is its own.
//!
//! Judging was done before, over everything; here nothing is judged again. A part has its own pools, findings, counts, answer
//! and exit code; what was asked and which options were given is that of the whole run.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Facts;
use crate::model::report::{PoolSummary, Reduction, Report, Subject, Summary};
use crate::rules::{Glob, subject_path};

use super::{Options, coverage, totals};

/// What makes a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitBy {
    /// Who owns the pools.
    Owner,
    /// The account they live in.
    Account,
    /// Each pool.
    Pool,
}

impl SplitBy {
    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Account => "account",
            Self::Pool => "pool",
        }
    }

    fn of_pool(self, pool: &PoolSummary) -> Option<String> {
        match self {
            Self::Owner => pool.owner.clone(),
            Self::Account => Some(pool.account.clone()),
            Self::Pool => Some(pool.id.clone()),
        }
    }

    /// Of what belongs to no pool.
    fn of_other(self, subject: &Subject) -> Option<String> {
        let account = Some(subject.account.clone()).filter(|account| !account.is_empty());
        if self == Self::Account { account } else { None }
    }
}

/// The parts by what they are for, sorted; `None` has the pools without an owner, and what belongs to no pool.
pub fn split(report: &Report, by: SplitBy, facts: &Facts<'_>, options: &Options) -> Vec<(Option<String>, Report)> {
    let owners: BTreeMap<(&str, &str), Option<String>> =
        report.summary.pools.iter().map(|pool| ((pool.account.as_str(), pool.id.as_str()), by.of_pool(pool))).collect();
    let of = |subject: &Subject| {
        let pool = subject.pool_id.as_deref().and_then(|id| owners.get(&(subject.account.as_str(), id)));
        pool.cloned().unwrap_or_else(|| by.of_other(subject))
    };
    let mut parts: BTreeSet<Option<String>> = owners.values().cloned().collect();
    parts.extend(report.findings.iter().map(|finding| of(&finding.subject)));
    let part = |key: Option<String>| {
        let pools = report.summary.pools.iter().filter(|pool| by.of_pool(pool) == key).cloned().collect();
        let own = |subject: &Subject| of(subject) == key;
        let part = narrowed(report, by, pools, &own, facts, options);
        (key, part)
    };
    // Those without a name last.
    let (unnamed, named): (Vec<_>, Vec<_>) = parts.into_iter().partition(Option::is_none);
    named.into_iter().chain(unnamed).map(part).collect()
}

fn narrowed(
    report: &Report,
    by: SplitBy,
    pools: Vec<PoolSummary>,
    own: &dyn Fn(&Subject) -> bool,
    facts: &Facts<'_>,
    options: &Options,
) -> Report {
    let findings: Vec<_> = report.findings.iter().filter(|finding| own(&finding.subject)).cloned().collect();
    let concerns = |rule: &str, pattern: &str, owned_only: bool| {
        let glob = Glob::new(pattern);
        let means = |subject: &Subject| (!owned_only || own(subject)) && glob.matches(&subject_path(subject));
        report.findings.iter().any(|finding| finding.rule == rule && means(&finding.subject))
    };
    let waivers = report.waivers.iter();
    // An entry that means nothing in the whole run is everybody's to see.
    let waivers = waivers.filter(|it| concerns(&it.rule, &it.subject, true) || !concerns(&it.rule, &it.subject, false));
    let mut run = report.run.clone();
    let (some, all) = (pools.len(), report.summary.pools.len());
    if some < all {
        run.reductions.push(Reduction {
            option: format!("--split-by {}", by.as_str()),
            effect: format!("this part of the report has {some} of {all} pools"),
            touches_blocker: false,
        });
        run.reductions.sort();
    }
    let coverage = coverage::coverage(facts, &findings, report.coverage.accounts.clone());
    let totals = totals::totals(&pools, &findings, &[], options);
    let mut rules = report.rules.clone();
    for (id, rule) in &mut rules {
        rule.not_applicable = totals.not_applicable.get(id).copied().unwrap_or_default();
    }
    Report {
        schema_version: report.schema_version,
        tool: report.tool.clone(),
        snapshot: report.snapshot.clone(),
        summary: Summary {
            answer: totals.answer(facts.options().now),
            exit: totals.exit(&run),
            pools,
            counts: totals.counts,
        },
        rules,
        coverage,
        waivers: waivers.cloned().collect(),
        resolved: report.resolved.iter().filter(|each| own(&each.subject)).cloned().collect(),
        unseen: report.unseen.iter().filter(|each| own(&each.subject)).cloned().collect(),
        findings,
        merge: None,
        run,
    }
}
