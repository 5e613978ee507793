//! The numbers of what was judged. Not here: which gate of which pool is blocked (`gates`), and what is said of the numbers
//! (`model::totals`).

use crate::model::report::{AccountCoverage, Finding, PoolSummary};
use crate::model::totals::{AccountNumbers, GateNumbers, Totals, earlier};
use crate::model::{Position, Status, Verdict};

use super::gates::{is_open_account, one_pool, reasons};
use super::{Options, is_blocker};

/// An account that could not be entered, in a report's coverage.
pub(super) const NOT_ENTERED: &str = "not_entered";
/// One of which everything was answered.
pub(super) const COMPLETE: &str = "complete";
/// One of which something was not answered.
pub(super) const PARTIAL: &str = "partial";

/// The numbers of these pools, findings and accounts.
pub(super) fn totals(
    pools: &[PoolSummary],
    findings: &[Finding],
    accounts: &[AccountCoverage],
    options: &Options,
) -> Totals {
    let reasons = reasons(pools, findings, options);
    let mut totals = Totals {
        pools: pools.len(),
        accounts: AccountNumbers {
            open: findings.iter().filter(|each| is_open_account(each)).count(),
            ..numbers(accounts)
        },
        oldest: pools.iter().fold(None, |oldest, pool| earlier(oldest, pool.evidence_from.clone())),
        one_pool: if let [pool] = pools { one_pool(pool) } else { Vec::new() },
        no: reasons.no,
        unclear: reasons.unclear,
        reasons: reasons.because.len(),
        because: reasons.because,
        ..Totals::default()
    };
    for (gate, state) in pools.iter().flat_map(|pool| &pool.gates).filter(|(_, state)| state.counted) {
        let numbers: &mut GateNumbers = totals.gates.entry(*gate).or_default();
        numbers.counted += 1;
        numbers.done += usize::from(state.position == Position::Done);
        match state.status {
            Status::Ready => numbers.ready += 1,
            Status::Blocked => numbers.blocked += 1,
            Status::Undetermined => numbers.undetermined += 1,
        }
    }
    for finding in findings {
        *totals.counts.entry(finding.verdict).or_default() += 1;
        if finding.verdict == Verdict::NotApplicable {
            *totals.not_applicable.entry(finding.rule.clone()).or_default() += 1;
        }
        if !is_blocker(finding) {
            continue;
        }
        totals.unknown_blockers += usize::from(finding.verdict == Verdict::Unknown && !finding.is_waived());
        if finding.verdict == Verdict::Manual && !totals.waiting.contains(&finding.rule) && counts(finding, pools) {
            totals.waiting.insert(finding.rule.clone());
        }
    }
    totals
}

/// Whether a gate of the finding counts for its pool.
fn counts(finding: &Finding, pools: &[PoolSummary]) -> bool {
    pools.iter().any(|pool| {
        finding.subject.pool_id.as_deref() == Some(pool.id.as_str())
            && pool.gates.iter().any(|(gate, summary)| summary.counted && finding.gates.contains(gate))
    })
}

fn numbers(accounts: &[AccountCoverage]) -> AccountNumbers {
    let of = |outcome: &str| accounts.iter().filter(|account| account.outcome == outcome).count();
    AccountNumbers { complete: of(COMPLETE), partial: of(PARTIAL), not_entered: of(NOT_ENTERED), open: 0 }
}
