//! The steps as a checklist, as a table of risks, and as a graph.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::graph::mermaid;
use super::super::schedule::{days, hours};
use super::Page;
use crate::model::plan::{Because, Certainty, PlannedStep, PoolPlan, Risk};
use crate::render::escape::{code, fence, flow, prose};
use crate::render::text::count;

/// The most findings that are told for one step; the report has them all.
const MAX_FINDINGS: usize = 5;

/// A step as it is called everywhere in the document: number, title, and what it is done to.
pub(super) fn called(step: &PlannedStep) -> String {
    let subject = step.subject.as_ref().map(|subject| code(subject.name.as_deref().unwrap_or(&subject.id)));
    let subject = subject.map(|subject| format!(" ({subject})")).unwrap_or_default();
    format!("**{}** {}{subject}", step.number, prose(&step.title))
}

/// What a step is done to, if not to the pool.
pub(super) fn subject(step: &PlannedStep) -> Option<String> {
    let subject = step.subject.as_ref()?;
    let kind = subject.kind.as_str().replace('_', " ");
    Some(format!("{kind} {}", code(subject.name.as_deref().unwrap_or(&subject.id))))
}

/// Every step with a box to tick, in order; then what is done already.
pub(super) fn checklist(page: &mut Page, pool: &PoolPlan, level: usize) {
    if pool.steps.is_empty() && pool.done.is_empty() {
        return;
    }
    page.heading(level, "Checklist");
    let steps: Vec<String> = pool.steps.iter().map(|step| item(pool, step)).collect();
    let done = pool
        .done
        .iter()
        .map(|done| format!("- [x] {} {}: {}", prose(&done.title), code(&done.step), flow(&done.because)));
    let all: Vec<String> = steps.into_iter().chain(done).collect();
    page.line(&all.join("\n"));
}

fn item(pool: &PoolPlan, step: &PlannedStep) -> String {
    let mark = if step.done_at.is_some() { "x" } else { " " };
    let mut out = format!("- [{mark}] **{}** {} {}\n", step.number, prose(&step.title), code(&step.id));
    let mut facts = vec![step.phase.as_str().replace('_', " "), step.who.to_string(), hours(u64::from(step.minutes))];
    facts.extend((step.lead_days > 0).then(|| format!("**{} until others have acted**", days(step.lead_days))));
    facts.push(needs(pool, step));
    facts.extend((step.risk != Risk::Low).then(|| format!("{} risk", step.risk)));
    facts.extend(step.point_of_no_return.is_some().then(|| "**no way back**".to_owned()));
    let _ = writeln!(out, "  - {}", facts.join(" · "));
    if let Some(subject) = subject(step) {
        let _ = writeln!(out, "  - On: {subject}");
    }
    if let Some(at) = &step.done_at {
        let _ = writeln!(out, "  - Seen done: {}", code(at));
    }
    if step.certainty == Certainty::Perhaps {
        out.push_str("  - May not be needed: the evidence does not decide, so look first.\n");
    }
    if step.because.is_empty() {
        out.push_str("  - Why: part of the sequence.\n");
    }
    for because in step.because.iter().take(MAX_FINDINGS) {
        let _ = writeln!(out, "  - Why: {}", why(because));
    }
    let more = step.because.len().saturating_sub(MAX_FINDINGS);
    if more > 0 {
        let _ = writeln!(out, "  - Why: {} more", count(more, "finding"));
    }
    out.trim_end().to_owned()
}

/// Numbers of the steps before it.
fn needs(pool: &PoolPlan, step: &PlannedStep) -> String {
    let known = |need: &String| pool.steps.iter().find(|step| step.id == *need).map(|step| step.number);
    let numbers: BTreeSet<usize> = step.needs.iter().filter_map(known).collect();
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    if numbers.is_empty() { "needs none".to_owned() } else { format!("needs {}", numbers.join(", ")) }
}

fn why(because: &Because) -> String {
    if because.rule.is_empty() {
        return flow(&because.message);
    }
    let found = match (because.level, because.verdict) {
        (Some(level), Some(verdict)) => format!("{level} {verdict}"),
        (_, Some(verdict)) => verdict.to_string(),
        // It is there only once an earlier step has been taken.
        (_, None) => "found by looking ahead".to_owned(),
    };
    format!("{} ({}, {found})", flow(&because.message), code(&because.rule))
}

/// What can go wrong, when to stop, and the way back.
pub(super) fn risks(page: &mut Page, pool: &PoolPlan, level: usize) {
    if pool.steps.is_empty() {
        return;
    }
    page.heading(level, "Risks and ways back");
    let rows: Vec<[String; 5]> = pool
        .steps
        .iter()
        .map(|step| {
            let abort: Vec<String> = step.abort_if.iter().map(|each| flow(each)).collect();
            let back = step.point_of_no_return.as_ref().map(|why| format!("**No way back**: {}", flow(why)));
            let back: Vec<String> = back.into_iter().chain(some(&step.roll_back)).collect();
            [
                called(step),
                step.risk.to_string(),
                or_dash(some(&step.impact)),
                or_dash(Some(abort.join("; ")).filter(|text| !text.is_empty())),
                or_dash(Some(back.join("<br>")).filter(|text| !text.is_empty())),
            ]
        })
        .collect();
    page.table(["Step", "Risk", "What users notice", "Stop if", "Way back"], &rows);
}

fn some(text: &str) -> Option<String> {
    let text = flow(text);
    (!text.is_empty()).then_some(text)
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// What each step needs, drawn.
pub(super) fn graph(page: &mut Page, pool: &PoolPlan, level: usize) {
    if pool.steps.is_empty() {
        return;
    }
    page.heading(level, "What needs what");
    page.line(
        "An arrow leads from a step to those that wait for it. Thick: high risk; red: no way back; dashed: may not be needed.",
    );
    page.line(&fence("mermaid", &mermaid(pool)));
}
