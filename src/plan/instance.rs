//! From chosen steps in their order to what the plan says of each: names, reasons, gates, values. The texts are the
//! catalogue's.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Child, Facts, PoolView};
use crate::model::plan::{Because, Certainty, Phase, PlannedStep, Snippet};
use crate::model::{Gate, SubjectKind};
use crate::rules::Step;

use super::ahead::Ahead;
use super::chosen::{Chosen, Key};
use super::closure::{COLLECT, Found, Missing};
use super::values::{StepValues, fill_template, of_step, replaced};

/// So many reasons why evidence is missing, beside actions, are named; the others are counted.
const REASONS: usize = 12;

/// The steps of a plan, and the values that hold for all of them.
pub(super) fn planned(
    facts: &Facts<'_>,
    pool: &PoolView<'_>,
    found: &Found<'_>,
    values: BTreeMap<String, String>,
) -> (Vec<PlannedStep>, BTreeMap<String, String>) {
    let ids = ids(found);
    let chosen: Vec<&Chosen<'_>> = found.order.iter().filter_map(|placed| found.steps.get(&placed.key)).collect();
    // A value that a step replaces is the evidence's before that step only, and a person's or the step's own afterwards.
    let all: BTreeSet<&str> = chosen.iter().flat_map(|chosen| replaced(chosen.step)).collect();
    let (mut old, lasting): (BTreeMap<_, _>, BTreeMap<_, _>) =
        values.into_iter().partition(|(name, _)| all.contains(name.as_str()));
    let mut changed: BTreeSet<String> = BTreeSet::new();
    let mut children: BTreeMap<SubjectKind, Vec<Child>> = BTreeMap::new();
    let mut steps = Vec::new();
    for (index, (placed, chosen)) in found.order.iter().zip(chosen).enumerate() {
        let kind = chosen.step.subject;
        let child = chosen.child.as_ref().and_then(|subject| {
            let seen = || pool.children(kind).map(|children| children.found.items).unwrap_or_default();
            children.entry(kind).or_insert_with(seen).iter().find(|child| child.subject.id == subject.id)
        });
        let ahead = Ahead { facts, pool, child, assumed: None };
        let known: BTreeMap<String, String> = lasting.iter().chain(&old).map(|(k, v)| (k.clone(), v.clone())).collect();
        let mut own = of_step(chosen.step, chosen.child.as_ref(), &ahead, &known, &changed);
        for (name, value) in &old {
            own.values.entry(name.clone()).or_insert_with(|| value.clone());
        }
        for name in replaced(chosen.step) {
            old.remove(name);
        }
        changed.extend(chosen.sets().filter(|(of, _)| of.is_none()).map(|(_, field)| field.to_owned()));
        let mut step = one(chosen, index + 1, &lasting, own);
        step.id.clone_from(&ids[&placed.key]);
        step.needs = placed.needs.iter().filter_map(|key| ids.get(key).cloned()).collect();
        step.needs.sort();
        if chosen.step.id == COLLECT {
            step.summary = format!("{}\n{}", step.summary.trim_end(), said(&found.missing));
        }
        steps.push(step);
    }
    (steps, lasting)
}

/// The step's id, with a number where it is done for several things.
fn ids(found: &Found<'_>) -> BTreeMap<Key, String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, _) in found.steps.keys() {
        *count.entry(id).or_default() += 1;
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ids = BTreeMap::new();
    for key in found.steps.keys() {
        let number = seen.entry(&key.0).or_default();
        *number += 1;
        let id = if count[key.0.as_str()] > 1 { format!("{}:{number}", key.0) } else { key.0.clone() };
        ids.insert(key.clone(), id);
    }
    ids
}

fn one(chosen: &Chosen<'_>, number: usize, pool: &BTreeMap<String, String>, own: StepValues) -> PlannedStep {
    let step = chosen.step;
    let StepValues { values, inputs } = own;
    let snippet = |text: &Option<String>| {
        text.as_ref().map(|text| {
            let text = fill_template(text, &[&values, pool]);
            Snippet { region: region(step, &text, &values, pool), text }
        })
    };
    PlannedStep {
        id: step.id.clone(),
        step: step.id.clone(),
        number,
        title: step.title.clone(),
        summary: step.summary.clone(),
        phase: step.phase,
        who: step.who,
        subject: chosen.child.clone(),
        needs: Vec::new(),
        gates: gates(chosen),
        because: because(chosen),
        certainty: if chosen.needed { Certainty::Needed } else { Certainty::Perhaps },
        risk: step.risk,
        impact: step.impact.clone(),
        point_of_no_return: step.point_of_no_return.clone(),
        minutes: step.minutes,
        lead_days: step.lead_days,
        abort_if: step.abort_if.clone(),
        verify: step.verify.clone(),
        roll_back: step.roll_back.clone(),
        manual: step.manual.clone(),
        sh: step.sh.clone(),
        cloudformation: snippet(&step.cloudformation),
        terraform: snippet(&step.terraform),
        values,
        inputs,
        references: step.references.clone(),
        done_at: None,
        told_at: None,
    }
}

/// The Region that new resources go to: what the template's first line or the thing says, else the replica's where the step
/// prepares that.
fn region(step: &Step, text: &str, own: &BTreeMap<String, String>, pool: &BTreeMap<String, String>) -> String {
    let said = text.lines().next().and_then(|line| line.strip_prefix("# Region: ")).map(str::trim);
    if let Some(region) = said.filter(|region| !region.contains('$')) {
        return region.to_owned();
    }
    let name = match step.phase {
        Phase::Region | Phase::Configure => "SECONDARY_REGION",
        Phase::Prepare
        | Phase::Arrange
        | Phase::FeaturePlan
        | Phase::Key
        | Phase::Verifiers
        | Phase::Issuer
        | Phase::Replicate
        | Phase::Activate
        | Phase::Failover
        | Phase::Operate => "PRIMARY_REGION",
    };
    own.get("SUBJECT_REGION").or_else(|| pool.get(name)).cloned().unwrap_or_default()
}

/// The gates of the findings that ask for it; of a step of the sequence also the one that its phase leads to.
fn gates(chosen: &Chosen<'_>) -> Vec<Gate> {
    let mut gates = chosen.gates.clone();
    if chosen.step.backbone && gates.is_empty() {
        gates.extend(match chosen.step.phase {
            Phase::Prepare => &[Gate::Issuer, Gate::Replicate][..],
            Phase::Verifiers | Phase::Issuer => &[Gate::Issuer],
            Phase::FeaturePlan | Phase::Key | Phase::Replicate => &[Gate::Replicate],
            Phase::Arrange | Phase::Region | Phase::Configure | Phase::Activate => &[Gate::Activate],
            Phase::Failover | Phase::Operate => &[Gate::Failover],
        });
    }
    gates.into_iter().collect()
}

/// What asks for it, the gravest first; a step that nothing asks for belongs to the sequence itself.
fn because(chosen: &Chosen<'_>) -> Vec<Because> {
    let mut all: Vec<Because> = chosen.because.values().cloned().collect();
    all.sort_by(|a, b| (a.verdict.is_none(), a.level, a).cmp(&(b.verdict.is_none(), b.level, b)));
    if all.is_empty() {
        let message = if chosen.needed {
            "a step of the migration itself that has not been taken"
        } else {
            "a step of the migration itself; the evidence does not say whether it has been taken"
        };
        all.push(Because {
            rule: String::new(),
            fingerprint: String::new(),
            verdict: None,
            level: None,
            message: message.to_owned(),
        });
    }
    all
}

/// What is missing, for the step that makes it visible.
fn said(missing: &Missing) -> String {
    let mut lines = Vec::new();
    if !missing.actions.is_empty() {
        let actions: Vec<&str> = missing.actions.iter().map(String::as_str).collect();
        lines.push(format!("IAM actions that were missing: {}.", actions.join(", ")));
    }
    lines.extend(missing.others.iter().take(REASONS).map(|reason| format!("{reason}.")));
    if missing.others.len() > REASONS {
        lines.push(format!("And {} more reasons; the findings name them.", missing.others.len() - REASONS));
    }
    lines.join("\n")
}
