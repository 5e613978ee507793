//! Plans: which steps a pool needs, in which order, and why.
//!
//! Steps are data (`rules/steps/*.yaml`). A step is in a plan because a finding names it as its remedy, or because it
//! belongs to the sequence itself and is not done. The planner looks ahead: it assumes the effects that steps declare,
//! judges again, and adds what is then found, until nothing new is. Nothing is executed, and nothing here writes text for
//! a particular surface.

mod ahead;
mod chosen;
mod closure;
mod instance;
mod order;
mod overlap;
pub mod read;
mod remains;
#[cfg(test)]
mod tests;
mod values;
pub mod verifiers;
pub mod verify;
pub mod waves;

use std::collections::BTreeMap;

use crate::audit::{Options, snapshot_summary, tool};
use crate::facts::Facts;
use crate::model::plan::{CannotFix, Direction, DoneStep, PLAN_SCHEMA_VERSION, Plan, PoolPlan};
use crate::model::report::Evidence;
use crate::rules::{Catalog, Decision};
use crate::snapshot::PoolKey;

pub use chosen::assume_done;
pub use closure::COLLECT;

use closure::{Found, Run, look};

/// Makes the plans of every pool in scope.
pub fn plan(
    mut facts: Facts<'_>,
    catalog: &Catalog,
    decisions: &[Decision],
    options: &Options,
    direction: Direction,
) -> Plan {
    let run = Run { catalog, decisions, options, direction };
    let waves = waves::waves(&facts);
    let snapshot = snapshot_summary(&facts);
    let keys: Vec<PoolKey> = facts.pools().into_iter().map(|pool| pool.key).collect();
    let mut pools = Vec::new();
    for key in keys {
        let found = look(&mut facts, &key, run);
        pools.push(of_pool(&facts, &key, found, catalog, direction));
    }
    Plan {
        schema_version: PLAN_SCHEMA_VERSION,
        tool: tool(),
        now: facts.options().now.to_string(),
        direction,
        target_issuer: facts.options().target_issuer,
        snapshot_digest: snapshot.digest,
        evidence_from: snapshot.evidence_from,
        evidence_to: snapshot.evidence_to,
        catalogue_digest: catalog.digest.clone(),
        reductions: options.reductions.clone(),
        waves,
        pools,
    }
}

fn of_pool(facts: &Facts<'_>, key: &PoolKey, found: Found<'_>, catalog: &Catalog, direction: Direction) -> PoolPlan {
    let pool = facts.pool(key);
    let summary = found.now.summary.clone();
    let (steps, values) = instance::planned(facts, &pool, &found, values::of_pool(&pool));
    // Nothing is mended on the way back.
    let mut cannot_fix = match direction {
        Direction::Forward => remains::cannot_fix(&found, catalog),
        Direction::Reverse | Direction::FailBack => Vec::new(),
    };
    cannot_fix.extend((!found.settled).then(unsettled));
    PoolPlan {
        pool: pool.subject(),
        region: summary.region,
        replica_region: summary.replica_region,
        owner: summary.owner,
        wave: summary.wave,
        target_issuer: summary.target_issuer,
        evidence_from: summary.evidence_from,
        gates: summary.gates,
        expected: found.then.summary.gates,
        overlap: if direction == Direction::FailBack { None } else { overlap::overlap(&pool) },
        values,
        steps,
        done: done(&found.done, catalog),
        cannot_fix,
        verifiers: if direction == Direction::Forward { verifiers::verifiers(&pool) } else { Vec::new() },
    }
}

fn done(shown: &BTreeMap<&str, Vec<Evidence>>, catalog: &Catalog) -> Vec<DoneStep> {
    let step = |(id, evidence): (&&str, &Vec<Evidence>)| {
        let step = catalog.steps.get(*id)?;
        let mut seen: Vec<String> = evidence
            .iter()
            .map(|evidence| format!("{} is {}", evidence.field, evidence.actual.as_deref().unwrap_or("not there")))
            .collect();
        seen.dedup();
        Some(DoneStep { step: step.id.clone(), title: step.title.clone(), because: seen.join("; ") })
    };
    shown.iter().filter_map(step).collect()
}

/// Never with the tool's own steps, which a test shows; steps of a user's own may ask for each other without end.
fn unsettled() -> CannotFix {
    CannotFix {
        rule: String::new(),
        fingerprint: String::new(),
        gates: Vec::new(),
        message: "the look ahead did not come to an end".to_owned(),
        reason: "Steps go on asking for other steps. Take those of this plan, and plan again.".to_owned(),
    }
}
