//! Gates: where each pool stands before each question of the migration, whether it may pass, and the exit code.
//!
//! No gate is ready because nothing was looked at, and a later one is never ready.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::facts::{Facts, PoolView};
use crate::model::report::{Exit, Finding, GateSummary, PoolSummary};
use crate::model::{Gate, Observed, Position, Status, TargetIssuer, Value, Verdict};

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
        let name = format!("{} {}", finding.rule, finding.subject.id);
        match finding.verdict {
            Verdict::Fail => drop(blocked_by.insert(name)),
            Verdict::Unknown | Verdict::Manual => drop(undetermined_by.insert(name)),
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

/// The exit code and every reason for it.
pub(super) fn exit(pools: &[PoolSummary], findings: &[Finding], options: &Options) -> Exit {
    let mut because = Vec::new();
    let (mut no, mut unclear) = (false, false);
    if pools.is_empty() {
        unclear = true;
        because.push("no pool in scope".to_owned());
    }
    for pool in pools {
        let counted: Vec<Gate> = pool.gates.iter().filter(|(_, gate)| gate.counted).map(|(name, _)| *name).collect();
        for (name, gate) in pool.gates.iter().filter(|(_, gate)| gate.counted) {
            let again = if gate.regression { ", which was passed before" } else { "" };
            match gate.status {
                Status::Blocked => {
                    no = true;
                    because.push(format!(
                        "{}: gate {name} is blocked{again} by {}",
                        pool.id,
                        rules_of(&gate.blocked_by)
                    ));
                }
                Status::Undetermined => {
                    unclear = true;
                    let why = match (gate.undetermined_by.is_empty(), gate.position) {
                        (false, _) => rules_of(&gate.undetermined_by),
                        (true, Position::Later) => "the gate before it".to_owned(),
                        (true, _) => "no blocker that was decided".to_owned(),
                    };
                    because.push(format!("{}: gate {name} is undetermined by {why}", pool.id));
                }
                Status::Ready => {}
            }
        }
        if options.fail_on == FailOn::Warn {
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
                        no = true;
                        because.push(format!("{}: {} warns (--fail-on warn)", pool.id, finding.rule));
                    }
                    Verdict::Unknown => {
                        unclear = true;
                        because.push(format!("{}: {} is unknown (--fail-on warn)", pool.id, finding.rule));
                    }
                    Verdict::Pass | Verdict::Fail | Verdict::Info | Verdict::Manual | Verdict::NotApplicable => {}
                }
            }
        }
    }
    if options.strict {
        for reduction in options.reductions.iter().filter(|reduction| reduction.touches_blocker) {
            unclear = true;
            because.push(format!("{}: {} (--strict)", reduction.option, reduction.effect));
        }
    }
    because.dedup();
    let code = match (options.fail_on, no, unclear) {
        (FailOn::Never, ..) | (_, false, false) => 0,
        (_, true, _) => 1,
        (_, false, true) => 3,
    };
    Exit { code, because }
}

/// The rules in `rule subject` entries, each once.
fn rules_of(entries: &[String]) -> String {
    let rules: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.split(' ').next()).collect();
    rules.into_iter().collect::<Vec<_>>().join(", ")
}

/// The first lines of a report: which pools may pass which gate, what waits for a person, how old the evidence is, what
/// to do next.
pub(super) fn answer(pools: &[PoolSummary], findings: &[Finding], now: Timestamp) -> Vec<String> {
    let mut lines = match pools {
        [] => vec!["No pool is in scope: nothing was judged.".to_owned()],
        [pool] => one_pool(pool),
        several => fleet(several),
    };
    let counted = |finding: &&Finding| {
        pools.iter().any(|pool| {
            finding.subject.pool_id.as_deref() == Some(pool.id.as_str())
                && pool.gates.iter().any(|(gate, summary)| summary.counted && finding.gates.contains(gate))
        })
    };
    let manual: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Manual && is_blocker(finding))
        .filter(counted)
        .map(|finding| finding.rule.as_str())
        .collect();
    if !manual.is_empty() {
        let manual: Vec<&str> = manual.into_iter().collect();
        lines.push(format!("Waiting for a person: {}.", manual.join(", ")));
    }
    if let Some(age) = age(pools, now) {
        lines.push(age);
    }
    lines.push(next(pools, findings).to_owned());
    lines
}

fn phrase(gate: Gate) -> &'static str {
    match gate {
        Gate::Issuer => "switch its issuer",
        Gate::Replicate => "get its replica",
        Gate::Activate => "activate its replica",
        Gate::Failover => "fail over",
    }
}

fn one_pool(pool: &PoolSummary) -> Vec<String> {
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

fn fleet(pools: &[PoolSummary]) -> Vec<String> {
    let mut lines = Vec::new();
    for gate in Gate::ALL {
        let counted: Vec<&GateSummary> =
            pools.iter().filter_map(|pool| pool.gates.get(gate)).filter(|summary| summary.counted).collect();
        if counted.is_empty() {
            continue;
        }
        let number = |status: Status| counted.iter().filter(|summary| summary.status == status).count();
        lines.push(format!(
            "{gate}: of {} pools {} ready, {} blocked, {} undetermined.",
            counted.len(),
            number(Status::Ready),
            number(Status::Blocked),
            number(Status::Undetermined)
        ));
    }
    lines
}

fn age(pools: &[PoolSummary], now: Timestamp) -> Option<String> {
    let oldest = pools.iter().filter_map(|pool| pool.evidence_from.as_deref()?.parse::<Timestamp>().ok()).min()?;
    let seconds = now.duration_since(oldest).as_secs();
    let age = match seconds {
        i64::MIN..=-1 => return Some("The evidence is newer than the clock given.".to_owned()),
        0..=119 => "less than two minutes".to_owned(),
        120..=7199 => format!("{} minutes", seconds / 60),
        7200..=172_799 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    };
    Some(format!("The oldest evidence is {age} old."))
}

fn next(pools: &[PoolSummary], findings: &[Finding]) -> &'static str {
    let counted = || pools.iter().flat_map(|pool| pool.gates.values()).filter(|gate| gate.counted);
    if pools.is_empty() {
        "Next: collect a pool, or name one that the snapshot has."
    } else if counted().any(|gate| gate.status == Status::Blocked) {
        "Next: remove what blocks; every finding names its remedy."
    } else if findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Unknown && is_blocker(finding) && !finding.is_waived())
    {
        "Next: get the missing evidence; every unknown names its cause."
    } else if counted().any(|gate| gate.status == Status::Undetermined) {
        "Next: answer what waits for a person in a decisions file, and judge again with --waivers."
    } else if counted().all(|gate| gate.position == Position::Done) {
        "Next: nothing; judge again after every change."
    } else {
        "Next: take the step, and judge again after it."
    }
}
