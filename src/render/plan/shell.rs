//! The plan as shell scripts: one per step, with the functions they share.

use crate::model::Plan;
use crate::model::plan::PoolPlan;

/// File names and texts of one pool's folder: the shared functions and a script per step.
pub fn files(plan: &Plan, pool: &PoolPlan) -> Vec<(String, String)> {
    let _ = (plan, pool);
    Vec::new()
}

/// All steps in one script, to be read or run step by step.
pub fn one_script(plan: &Plan) -> String {
    let _ = plan;
    String::new()
}
