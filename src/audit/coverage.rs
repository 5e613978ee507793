//! Coverage: what was asked, what came back, what is missing and what its absence costs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Facts, cause_of};
use crate::model::report::{AccountCoverage, CallProblem, Coverage, Finding, MissingPermission, NotAsked};
use crate::model::{Cause, Verdict};
use crate::snapshot::{ErrorKind, NO_ACCOUNT, Scan};

use super::{is_blocker, totals};

/// The coverage of a snapshot, and per missing IAM action the findings it would resolve.
pub(super) fn coverage(facts: &Facts<'_>, findings: &[Finding], accounts: Vec<AccountCoverage>) -> Coverage {
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
    let mut not_asked: BTreeSet<NotAsked> = facts
        .snapshot()
        .header
        .scope
        .not_asked
        .iter()
        .map(|unasked| {
            let place = if unasked.region.is_empty() { String::new() } else { format!(" in {}", unasked.region) };
            NotAsked {
                account: unasked.account.clone(),
                what: format!("{}{place}", unasked.call),
                why: unasked.why.clone(),
            }
        })
        .collect();
    not_asked.extend(facts.snapshot().scans().filter_map(not_read));
    coverage.not_asked = not_asked.into_iter().collect();
    permissions(&mut coverage, findings);
    coverage.accounts = accounts;
    coverage
}

/// What came of the questions to each account; `digests` are those of what the snapshot has of them.
pub(super) fn accounts(facts: &Facts<'_>, digests: &BTreeMap<&str, String>) -> Vec<AccountCoverage> {
    let snapshot = facts.snapshot();
    let mut accounts: BTreeMap<&str, AccountCoverage> = digests
        .iter()
        .filter(|(account, _)| **account != NO_ACCOUNT)
        .map(|(account, digest)| {
            let (id, digest) = ((*account).to_owned(), digest.clone());
            let outcome = totals::COMPLETE.to_owned();
            (*account, AccountCoverage { account: id, outcome, pools: 0, asked: 0, answered: 0, cause: None, digest })
        })
        .collect();
    for pool in &snapshot.header.scope.pools {
        if let Some(account) = accounts.get_mut(pool.account.as_str()) {
            account.pools += 1;
        }
    }
    for call in snapshot.calls() {
        let Some(account) = accounts.get_mut(call.account.as_str()) else { continue };
        account.asked += 1;
        match call.error.as_ref().map(|error| error.kind) {
            None => account.answered += 1,
            // That something is not there, or not offered, is an answer to what was asked.
            Some(ErrorKind::NotFound | ErrorKind::NotOffered) => {}
            Some(ErrorKind::Denied | ErrorKind::Throttled | ErrorKind::Failed) => {
                totals::PARTIAL.clone_into(&mut account.outcome);
            }
        }
    }
    for (account, cause) in facts.accounts_not_entered() {
        if let Some(account) = accounts.get_mut(account) {
            totals::NOT_ENTERED.clone_into(&mut account.outcome);
            account.cause = Some(cause.to_string());
        }
    }
    accounts.into_values().collect()
}

/// The files of a source tree that could hold a reference and were not read.
fn not_read(scan: &Scan) -> Option<NotAsked> {
    let first = scan.skipped.first()?;
    let (files, more) = match scan.skipped.len() {
        1 => ("1 file".to_owned(), String::new()),
        n => (format!("{n} files"), format!(" and {} more", n - 1)),
    };
    let why = format!("not read, or not whole: {} ({}){more}", first.path, first.reason);
    Some(NotAsked { account: String::new(), what: format!("{files} of source tree {}", scan.root), why })
}

/// What each missing IAM action would decide.
fn permissions(coverage: &mut Coverage, findings: &[Finding]) {
    let mut by_action: BTreeMap<&str, MissingPermission> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Unknown | Verdict::Manual)) {
        let actions: BTreeSet<&str> =
            finding.evidence.iter().flat_map(|evidence| &evidence.missing_actions).map(String::as_str).collect();
        // Evidence that is missing for another reason stays missing, whatever is granted.
        let is_denied = |cause: &Cause| matches!(cause.root(), Cause::Denied { .. });
        let only_denied = finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).all(is_denied);
        let alone = actions.len() == 1 && only_denied;
        for action in actions {
            let each = by_action.entry(action).or_insert_with(|| MissingPermission {
                action: action.to_owned(),
                findings: 0,
                blockers: 0,
                alone: 0,
            });
            each.findings += 1;
            each.blockers += usize::from(is_blocker(finding));
            each.alone += usize::from(alone);
            coverage.missing_actions.entry(action.to_owned()).or_default().push(finding.fingerprint.clone());
        }
    }
    for fingerprints in coverage.missing_actions.values_mut() {
        fingerprints.sort();
    }
    coverage.permissions = by_action.into_values().collect();
    coverage.permissions.sort_by_key(|each| (Reverse(each.blockers), Reverse(each.findings)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::report::Evidence;
    use crate::model::{Level, Subject, SubjectKind};

    fn finding(rule: &str, level: Level, causes: &[Cause]) -> Finding {
        let evidence = causes.iter().map(|cause| {
            let mut evidence = Evidence {
                field: "f".to_owned(),
                sources: Vec::new(),
                actual: None,
                expected: None,
                absent: false,
                cause: None,
                cause_text: None,
                missing_actions: Vec::new(),
                derivation: Vec::new(),
            };
            super::super::evaluate::explain(&mut evidence, Some(cause.clone()));
            evidence
        });
        Finding {
            fingerprint: rule.to_owned(),
            rule: rule.to_owned(),
            verdict: Verdict::Unknown,
            level,
            gates: Vec::new(),
            subject: Subject {
                kind: SubjectKind::Pool,
                id: "p".to_owned(),
                name: None,
                arn: None,
                region: None,
                account: "a".to_owned(),
                pool_id: None,
            },
            owner: None,
            message: String::new(),
            evidence: evidence.collect(),
            remediation: None,
            waiver: None,
            first_seen: None,
            baseline: None,
            held: None,
        }
    }

    #[test]
    fn the_permission_that_decides_most_blockers_comes_first() {
        let denied = |action: &str| Cause::Denied {
            call: action.to_owned(),
            region: "r".to_owned(),
            actions: vec![action.to_owned()],
            detail: None,
        };
        let behind = Cause::Prerequisite { call: "kms:GetKeyPolicy".to_owned(), because: Box::new(denied("kms:A")) };
        let findings = [
            finding("1", Level::Advisory, &[denied("ses:B"), denied("ses:B")]),
            finding("2", Level::Advisory, &[denied("ses:B")]),
            finding("3", Level::Advisory, &[denied("ses:B"), denied("kms:A")]),
            finding("4", Level::Blocker, &[behind]),
            finding("5", Level::Blocker, &[denied("kms:A"), Cause::NoTargetRegion]),
        ];
        let mut coverage = Coverage::default();
        permissions(&mut coverage, &findings);
        let numbers: Vec<_> = coverage
            .permissions
            .iter()
            .map(|each| (each.action.as_str(), each.findings, each.blockers, each.alone))
            .collect();
        assert_eq!(numbers, [("kms:A", 3, 2, 1), ("ses:B", 3, 0, 2)]);
        assert_eq!(coverage.missing_actions["ses:B"], ["1", "2", "3"]);
    }
}
