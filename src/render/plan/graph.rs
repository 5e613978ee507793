//! The graph of what a plan's steps need: Mermaid for Markdown, SVG as a file.

use crate::model::plan::PoolPlan;

/// Mermaid text.
pub fn mermaid(plan: &PoolPlan) -> String {
    let _ = plan;
    String::new()
}

/// A drawing without scripts and outside references.
pub fn svg(plan: &PoolPlan) -> String {
    let _ = plan;
    String::new()
}
