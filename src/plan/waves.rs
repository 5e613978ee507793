//! Waves: which pools go together because they share something, and which go first.

use crate::facts::Facts;
use crate::model::plan::Wave;

/// Groups the pools of a snapshot; the smallest blast radius first.
pub fn waves(facts: &Facts<'_>) -> Vec<Wave> {
    let _ = facts;
    Vec::new()
}
