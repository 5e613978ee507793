//! The graph of what a plan's steps need: Mermaid for Markdown, SVG as a file.
//!
//! Only what no other arrow implies is drawn: of "c needs b and a, b needs a" the arrow from a to c says nothing new. Not here:
//! how the SVG looks (`svg`).

mod svg;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::model::plan::{Certainty, PlannedStep, PoolPlan, Risk};
use crate::render::escape;
use crate::render::text::shorten;

pub use svg::svg;

/// The most columns of a title in a node of Mermaid, which does not shorten by itself.
const LABEL: usize = 40;

/// Mermaid text, a flowchart from left to right. Nodes are called `n` and their number from 1.
/// Source: <https://mermaid.js.org/syntax/flowchart.html>.
pub fn mermaid(plan: &PoolPlan) -> String {
    let mut out = "flowchart LR\n".to_owned();
    let mut classes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (node, step) in (1..).zip(&plan.steps) {
        // A number with a point would be read as the beginning of a list.
        let title = shorten(&format!("{} · {}", step.number, step.title), LABEL);
        let subject = subject(step).map(|subject| format!(": {}", shorten(subject, LABEL / 2))).unwrap_or_default();
        let label = escape::mermaid(&(title + &subject));
        let _ = writeln!(out, "  n{node}[\"{label}\"]");
        for class in classes_of(step) {
            classes.entry(class).or_default().push(format!("n{node}"));
        }
    }
    for (from, to) in edges(plan) {
        let _ = writeln!(out, "  n{} --> n{}", from + 1, to + 1);
    }
    // Lines only: the colours are the reader's, light or dark.
    for (class, style) in STYLES {
        if let Some(nodes) = classes.get(class) {
            let _ = writeln!(out, "  classDef {class} {style}\n  class {} {class}", nodes.join(","));
        }
    }
    out
}

/// What a step is done to, if not to the pool: its name tells steps of one title apart.
fn subject(step: &PlannedStep) -> Option<&str> {
    step.subject.as_ref().map(|subject| subject.name.as_deref().unwrap_or(&subject.id))
}

/// Classes of nodes and how they are drawn.
const STYLES: [(&str, &str); 3] =
    [("risky", "stroke-width:3px"), ("final", "stroke:#d1242f,stroke-width:4px"), ("perhaps", "stroke-dasharray:5 4")];

fn classes_of(step: &PlannedStep) -> Vec<&'static str> {
    let risky = step.risk == Risk::High && step.point_of_no_return.is_none();
    let is = [
        ("risky", risky),
        ("final", step.point_of_no_return.is_some()),
        ("perhaps", step.certainty == Certainty::Perhaps),
    ];
    is.into_iter().filter_map(|(class, is)| is.then_some(class)).collect()
}

/// Arrows as indices of steps, from what is needed to what needs it; none that others imply, and none backwards.
fn edges(plan: &PoolPlan) -> Vec<(usize, usize)> {
    let index: BTreeMap<&str, usize> =
        plan.steps.iter().zip(0..).map(|(step, index)| (step.id.as_str(), index)).collect();
    // What each step needs, directly or not. Steps are in an order in which needs come first.
    let mut behind: Vec<BTreeSet<usize>> = Vec::with_capacity(plan.steps.len());
    let mut edges = Vec::new();
    for (to, step) in plan.steps.iter().enumerate() {
        let needs: BTreeSet<usize> =
            step.needs.iter().filter_map(|need| index.get(need.as_str()).copied()).filter(|need| *need < to).collect();
        let implied = |need: usize| needs.iter().filter_map(|other| behind.get(*other)).any(|all| all.contains(&need));
        edges.extend(needs.iter().copied().filter(|need| !implied(*need)).map(|need| (need, to)));
        let all = needs.iter().filter_map(|need| behind.get(*need)).flatten().chain(&needs).copied().collect();
        behind.push(all);
    }
    edges
}

#[cfg(test)]
mod tests;
