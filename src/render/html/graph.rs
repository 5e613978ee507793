//! The plan: its graph within the document, its steps in words.

use askama::filters::HtmlSafe;

use super::super::plan::graph::svg;
use super::super::safe::safe;
use super::super::text::{count, list};
use crate::model::plan::{Certainty, Plan, PlannedStep, PoolPlan};

/// The plan of one pool.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) label: String,
    pub(super) count: String,
    pub(super) open: bool,
    pub(super) graph: Drawing,
    pub(super) steps: Vec<Step>,
    pub(super) cannot_fix: Vec<String>,
}

/// One step in words.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) number: usize,
    pub(super) title: String,
    pub(super) notes: Vec<String>,
    pub(super) who: &'static str,
    pub(super) needs: String,
    pub(super) risk: &'static str,
    pub(super) takes: String,
}

/// SVG that stands in the document as it is: every text in it was escaped where it was drawn.
#[derive(Debug, Default)]
pub(super) struct Drawing(String);

impl HtmlSafe for Drawing {}

impl std::fmt::Display for Drawing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The plans of all pools, and the style of their drawings.
pub(super) fn of(plan: &Plan) -> (Vec<Planned>, String) {
    let mut style = String::new();
    let mut plans = Vec::new();
    for (index, pool) in plan.pools.iter().enumerate() {
        let (graph, of_graph) = inline(&svg(pool), index);
        style = of_graph;
        plans.push(Planned {
            label: label(pool),
            count: count(pool.steps.len(), "step"),
            open: plan.pools.len() == 1,
            graph,
            steps: pool.steps.iter().map(|step| of_step(step, pool)).collect(),
            cannot_fix: pool
                .cannot_fix
                .iter()
                .map(|each| safe(&format!("{}: {}", each.message, each.reason)))
                .collect(),
        });
    }
    (plans, style)
}

fn label(pool: &PoolPlan) -> String {
    let name = pool.pool.name.as_deref().filter(|name| !name.trim().is_empty());
    safe(&name.map_or_else(|| pool.pool.id.clone(), |name| format!("{name} ({})", pool.pool.id)))
}

fn of_step(step: &PlannedStep, pool: &PoolPlan) -> Step {
    let numbers = step.needs.iter().filter_map(|need| pool.steps.iter().find(|each| each.id == *need));
    let mut numbers: Vec<usize> = numbers.map(|each| each.number).collect();
    numbers.sort_unstable();
    let mut notes = Vec::new();
    notes.extend(step.subject.as_ref().map(|subject| safe(subject.name.as_deref().unwrap_or(&subject.id))));
    notes.extend(step.point_of_no_return.as_ref().map(|why| safe(&format!("No way back: {why}"))));
    notes.extend((step.certainty == Certainty::Perhaps).then(|| "May not be needed: look first.".to_owned()));
    let mut takes = format!("{} min", step.minutes);
    if step.lead_days > 0 {
        takes = format!("{}, others {}", takes, count(step.lead_days as usize, "day"));
    }
    Step {
        number: step.number,
        title: safe(&step.title),
        notes,
        who: step.who.as_str(),
        needs: list(numbers.iter().map(ToString::to_string), usize::MAX),
        risk: step.risk.as_str(),
        takes,
    }
}

/// A drawing and its style apart: the policy of the document knows one style by its hash, and ids are the document's.
fn inline(svg: &str, index: usize) -> (Drawing, String) {
    let (head, rest) = svg.split_once("<style>").unwrap_or((svg, ""));
    let (style, rest) = rest.split_once("</style>").unwrap_or(("", rest));
    // The first of each is the drawing's own: what comes from an account has its quotes escaped.
    let head = head
        .replacen("\"title desc\"", &format!("\"graph{index}-title graph{index}-desc\""), 1)
        .replacen("id=\"title\"", &format!("id=\"graph{index}-title\""), 1)
        .replacen("id=\"desc\"", &format!("id=\"graph{index}-desc\""), 1);
    (Drawing(head + rest.trim_start_matches('\n')), style.to_owned())
}
