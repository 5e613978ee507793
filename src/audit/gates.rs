//! Gates: where each pool stands before each question of the migration, whether it may pass, and what speaks against that.
//!
//! No gate is ready because nothing was looked at, and a later one is never ready.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Facts, PoolView};
use crate::model::report::{Finding, GateSummary, PoolSummary};
use crate::model::totals::Reason;
use crate::model::{Gate, Observed, Position, Status, SubjectKind, TargetIssuer, Value, Verdict};

use super::{FailOn, Options, is_blocker};

/// Where a pool stands before each gate, as AWS shows it. What cannot be seen was not done.
pub fn positions(pool: &PoolView<'_>) -> BTreeMap<Gate, Position> {
    let text = |field: &str| match pool.field(field).map(|fact| fact.value) {
        Some(Observed::Known(Value::Text(text))) => Some(text),
        _ => None,
    };
    let updated = text("pool.issuer").as_deref() == Some("UPDATED");
    let issuer = match pool.target_issuer() {
        _ if updated => Position::Done,
        TargetIssuer::Updated => Position::Next,
        TargetIssuer::Original => Position::NotPlanned,
    };
    let says =
        |field: &str| matches!(pool.field(field).map(|fact| fact.value), Some(Observed::Known(Value::Bool(true))));
    // A secondary somewhere else is not the step that is asked about; it stands in its way.
    let replica = says("replica.exists") && !says("replica.elsewhere");
    let active = replica && text("replica.status").as_deref() == Some("ACTIVE");
    let routed = active && pool.failover_region().is_some_and(|region| pool.target_region().known() == Some(&region));
    let mut positions = BTreeMap::from([(Gate::Issuer, issuer)]);
    let mut before = true;
    for (gate, done) in [(Gate::Replicate, replica), (Gate::Activate, active), (Gate::Failover, routed)] {
        let position = match (done, before) {
            (true, _) => Position::Done,
            (false, true) => Position::Next,
            (false, false) => Position::Later,
        };
        positions.insert(gate, position);
        before = done;
    }
    positions
}

/// Every pool with its gates.
pub(super) fn summaries(
    pools: &[PoolView<'_>],
    findings: &[Finding],
    facts: &Facts<'_>,
    options: &Options,
) -> Vec<PoolSummary> {
    let mut by_pool: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        if let Some(pool) = &finding.subject.pool_id {
            by_pool.entry((&finding.subject.account, pool)).or_default().push(finding);
        }
    }
    pools
        .iter()
        .map(|pool| {
            let own = by_pool.get(&(pool.key.account.as_str(), pool.key.id.as_str())).map_or(&[][..], Vec::as_slice);
            summary(pool, own, facts, options)
        })
        .collect()
}

/// One pool with its gates, by its own findings.
pub(super) fn summary(pool: &PoolView<'_>, own: &[&Finding], facts: &Facts<'_>, options: &Options) -> PoolSummary {
    let planned = options.pools.get(&pool.key.id);
    let counted = planned.and_then(|planned| planned.gates.as_ref()).filter(|_| options.gates.is_empty());
    let gates = positions(pool)
        .into_iter()
        .map(|(gate, position)| (gate, gate_summary(gate, position, own, counted.unwrap_or(&options.gates))))
        .collect();
    PoolSummary {
        id: pool.key.id.clone(),
        name: pool.subject().name,
        arn: pool.arn(&pool.region),
        account: pool.key.account.clone(),
        region: pool.region.clone(),
        replica_region: pool.target_region().known().cloned(),
        owner: planned.and_then(|planned| planned.owner.clone()),
        wave: planned.and_then(|planned| planned.wave.clone()),
        target_issuer: Some(pool.target_issuer()).filter(|target| *target != facts.options().target_issuer),
        evidence_from: pool.oldest_answer().map(|time| time.to_string()),
        gates,
    }
}

/// Where the pool stands before one gate; `wanted` are the gates that count, none: those that are done or next.
fn gate_summary(gate: Gate, position: Position, findings: &[&Finding], wanted: &BTreeSet<Gate>) -> GateSummary {
    let mut counts = BTreeMap::new();
    let (mut blocked_by, mut undetermined_by) = (BTreeSet::new(), BTreeSet::new());
    let mut decided = false;
    for finding in findings.iter().filter(|finding| finding.gates.contains(&gate)) {
        *counts.entry(finding.verdict).or_insert(0) += 1;
        if !is_blocker(finding) || finding.is_waived() {
            continue;
        }
        let name = || format!("{} {}", finding.rule, finding.subject.id);
        match finding.verdict {
            Verdict::Fail => drop(blocked_by.insert(name())),
            Verdict::Unknown | Verdict::Manual => drop(undetermined_by.insert(name())),
            Verdict::Pass => decided = true,
            Verdict::Warn | Verdict::Info | Verdict::NotApplicable => {}
        }
    }
    let status = if !blocked_by.is_empty() {
        Status::Blocked
    } else if undetermined_by.is_empty() && decided && position != Position::Later {
        Status::Ready
    } else {
        Status::Undetermined
    };
    let counted =
        if wanted.is_empty() { matches!(position, Position::Done | Position::Next) } else { wanted.contains(&gate) };
    GateSummary {
        position,
        status,
        counted,
        regression: position == Position::Done && status == Status::Blocked,
        counts,
        blocked_by: blocked_by.into_iter().collect(),
        undetermined_by: undetermined_by.into_iter().collect(),
    }
}

/// What speaks against the exit code 0 in these pools and findings.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    /// Something that counts does not hold.
    pub(super) no: bool,
    /// Something that counts is not known.
    pub(super) unclear: bool,
    /// By account.
    pub(super) because: Vec<Reason>,
}

impl Reasons {
    fn push(&mut self, account: &str, text: String) {
        self.because.push(Reason { account: account.to_owned(), text });
    }
}

/// The reasons that lie in the pools and accounts; those that lie in the run are [`super::totals::exit`]'s.
pub(super) fn reasons(pools: &[PoolSummary], findings: &[Finding], options: &Options) -> Reasons {
    let mut reasons = Reasons::default();
    for pool in pools {
        pool_reasons(pool, &mut reasons);
        if options.fail_on == FailOn::Warn {
            warnings(pool, findings, &mut reasons);
        }
    }
    for finding in findings.iter().filter(|finding| is_open_account(finding)) {
        reasons.unclear = true;
        reasons.push(&finding.subject.account, format!("account {}: {}", finding.subject.id, finding.message));
    }
    reasons.because.dedup();
    reasons.because.sort_by(|a, b| a.account.cmp(&b.account));
    reasons
}

fn pool_reasons(pool: &PoolSummary, reasons: &mut Reasons) {
    for (name, gate) in pool.gates.iter().filter(|(_, gate)| gate.counted) {
        let again = if gate.regression { ", which was passed before" } else { "" };
        match gate.status {
            Status::Blocked => {
                reasons.no = true;
                let why = rules_of(&gate.blocked_by);
                reasons.push(&pool.account, format!("{}: gate {name} is blocked{again} by {why}", pool.id));
            }
            Status::Undetermined => {
                reasons.unclear = true;
                let why = match (gate.undetermined_by.is_empty(), gate.position) {
                    (false, _) => rules_of(&gate.undetermined_by),
                    (true, Position::Later) => "the gate before it".to_owned(),
                    (true, _) => "no blocker that was decided".to_owned(),
                };
                reasons.push(&pool.account, format!("{}: gate {name} is undetermined by {why}", pool.id));
            }
            Status::Ready => {}
        }
    }
}

/// With `--fail-on warn`: advisories of counted gates that are false or unknown.
fn warnings(pool: &PoolSummary, findings: &[Finding], reasons: &mut Reasons) {
    let counted: Vec<Gate> = pool.gates.iter().filter(|(_, gate)| gate.counted).map(|(name, _)| *name).collect();
    let own = |finding: &&Finding| {
        finding.subject.pool_id.as_deref() == Some(pool.id.as_str())
            && finding.subject.account == pool.account
            && finding.gates.iter().any(|gate| counted.contains(gate))
            && !is_blocker(finding)
            && finding.level != crate::model::Level::Info
            && !finding.is_waived()
    };
    for finding in findings.iter().filter(own) {
        match finding.verdict {
            Verdict::Warn => {
                reasons.no = true;
                reasons.push(&pool.account, format!("{}: {} warns (--fail-on warn)", pool.id, finding.rule));
            }
            Verdict::Unknown => {
                reasons.unclear = true;
                reasons.push(&pool.account, format!("{}: {} is unknown (--fail-on warn)", pool.id, finding.rule));
            }
            Verdict::Pass | Verdict::Fail | Verdict::Info | Verdict::Manual | Verdict::NotApplicable => {}
        }
    }
}

/// Whether pools of an account may have been missed: no gate of a pool shows that.
pub(super) fn is_open_account(finding: &Finding) -> bool {
    finding.subject.kind == SubjectKind::Account
        && is_blocker(finding)
        && !finding.is_waived()
        && !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable)
}

/// The rules in `rule subject` entries, each once.
fn rules_of(entries: &[String]) -> String {
    let rules: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.split(' ').next()).collect();
    rules.into_iter().collect::<Vec<_>>().join(", ")
}

fn phrase(gate: Gate) -> &'static str {
    match gate {
        Gate::Issuer => "switch its issuer",
        Gate::Replicate => "get its replica",
        Gate::Activate => "activate its replica",
        Gate::Failover => "fail over",
    }
}

/// What is said of a run's only pool, a sentence per gate.
pub(super) fn one_pool(pool: &PoolSummary) -> Vec<String> {
    let name = pool.name.as_deref().unwrap_or(&pool.id);
    pool.gates
        .iter()
        .filter(|(_, gate)| gate.counted)
        .map(|(gate, summary)| {
            let what = phrase(*gate);
            match (summary.position, summary.status) {
                (Position::Done, Status::Ready) => format!("{gate}: done, and everything it needs is still in place."),
                (Position::Done, Status::Blocked) => format!(
                    "{gate}: REGRESSION. It was passed, and {} that it needs is not in place any more.",
                    plural(summary.blocked_by.len(), "thing")
                ),
                (_, Status::Ready) => format!("{gate}: {name} may {what} now."),
                (_, Status::Blocked) => {
                    format!("{gate}: {name} may not {what}: {} false.", plural(summary.blocked_by.len(), "blocker"))
                }
                (_, Status::Undetermined) => format!(
                    "{gate}: cannot tell whether {name} may {what}: {} undecided.",
                    plural(summary.undetermined_by.len(), "blocker")
                ),
            }
        })
        .collect()
}

fn plural(count: usize, word: &str) -> String {
    match count {
        0 => format!("no {word} is"),
        1 => format!("1 {word} is"),
        n => format!("{n} {word}s are"),
    }
}
