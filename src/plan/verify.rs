//! How far a plan has come: its steps against a later snapshot.

use crate::audit::Options;
use crate::facts::Facts;
use crate::model::plan::{Plan, Verification};
use crate::rules::{Catalog, Decision};

/// Says of every step of `plan` how it stands by these facts. Steps seen done for the first time get their `done_at`.
pub fn verify(
    plan: &mut Plan,
    facts: Facts<'_>,
    catalog: &Catalog,
    decisions: &[Decision],
    options: &Options,
) -> Verification {
    let _ = (plan, facts, catalog, decisions, options);
    unimplemented!("verification")
}
