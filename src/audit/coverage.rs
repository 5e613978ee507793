//! Coverage: what was asked, what came back, what is missing and what its absence costs.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Facts, cause_of};
use crate::model::report::{CallProblem, Coverage, Finding, NotAsked};
use crate::model::{Cause, Verdict};
use crate::snapshot::ErrorKind;

/// The coverage of a snapshot, and per missing IAM action the findings it would resolve.
pub(super) fn coverage(facts: &Facts<'_>, findings: &[Finding]) -> Coverage {
    let mut coverage = Coverage::default();
    let mut problems: BTreeMap<(String, String, String, Cause), usize> = BTreeMap::new();
    for call in facts.snapshot().calls() {
        coverage.asked += 1;
        let Some(error) = &call.error else {
            coverage.answered += 1;
            continue;
        };
        match error.kind {
            ErrorKind::Denied => coverage.denied += 1,
            ErrorKind::Throttled => coverage.throttled += 1,
            ErrorKind::NotFound | ErrorKind::NotOffered | ErrorKind::Failed => coverage.failed += 1,
        }
        let key = (call.account.clone(), call.region.clone(), call.name(), cause_of(call, error));
        *problems.entry(key).or_insert(0) += 1;
    }
    coverage.problems = problems
        .into_iter()
        .map(|((account, region, call, cause), times)| CallProblem { account, region, call, times, cause })
        .collect();
    let not_asked: BTreeSet<NotAsked> = facts
        .snapshot()
        .header
        .scope
        .not_asked
        .iter()
        .map(|unasked| NotAsked { what: format!("{} in {}", unasked.call, unasked.region), why: unasked.why.clone() })
        .collect();
    coverage.not_asked = not_asked.into_iter().collect();
    for finding in findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Unknown | Verdict::Manual)) {
        for action in finding.evidence.iter().flat_map(|evidence| &evidence.missing_actions) {
            coverage.missing_actions.entry(action.clone()).or_default().push(finding.fingerprint.clone());
        }
    }
    for fingerprints in coverage.missing_actions.values_mut() {
        fingerprints.sort();
        fingerprints.dedup();
    }
    coverage
}
