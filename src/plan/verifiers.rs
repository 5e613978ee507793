//! What has to change in each place that verifies tokens, before and after the switch.

use crate::facts::{Facts, PoolView};
use crate::model::plan::VerifierChange;

/// Every place that verifies this pool's tokens and has to change, sorted by owner and place.
pub fn verifiers(facts: &Facts<'_>, pool: &PoolView<'_>) -> Vec<VerifierChange> {
    let _ = (facts, pool);
    Vec::new()
}
