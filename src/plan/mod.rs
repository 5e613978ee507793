//! Plans: which steps a pool needs, in which order, and why.
//!
//! Steps are data (`rules/steps/*.yaml`). A step is in a plan because a finding names it as its remedy, or because it
//! belongs to the sequence itself and is not done. The planner looks ahead: it assumes the effects that steps declare,
//! judges again, and adds what is then found, until nothing new is. Nothing is executed, and nothing here writes text for
//! a particular surface.

pub mod read;
pub mod verifiers;
pub mod verify;
pub mod waves;

use crate::audit::Options;
use crate::facts::Facts;
use crate::model::plan::{Direction, Plan};
use crate::rules::{Catalog, Decision};

/// Makes the plans of every pool in scope.
pub fn plan(
    facts: Facts<'_>,
    catalog: &Catalog,
    decisions: &[Decision],
    options: &Options,
    direction: Direction,
) -> Plan {
    let _ = (facts, catalog, decisions, options, direction);
    unimplemented!("planner")
}
