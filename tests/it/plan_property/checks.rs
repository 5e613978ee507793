//! What has to hold of one plan, and what comes of a state when steps are taken or the unknown is seen.
//!
//! Conditions of steps are evaluated on the state itself, beside the planner's own look ahead.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use mrready::audit::{Scope, evaluate, given_value};
use mrready::facts::{FieldSet, default_value};
use mrready::model::plan::{Certainty, PlannedStep, PoolPlan};
use mrready::model::report::Finding;
use mrready::model::{Absence, Fact, FieldSpec, Fields, Level, Observed, SubjectKind, Truth, Value, Verdict};
use mrready::plan::COLLECT;
use mrready::rules::{AwsPointer, Catalog, Step};

use super::states::{Random, State, World};
use crate::builder::{NOW, time};

/// The fields of a state, as a condition of a step sees them: read from the state itself, and not by way of the planner.
struct Seen<'a> {
    state: &'a State,
    kind: SubjectKind,
    child: Option<&'a str>,
}

impl Scope for Seen<'_> {
    fn fact(&self, field: &str) -> (Rc<Fact>, Absence) {
        let spec = FieldSet.field(self.kind, field).expect("a field that the condition sees");
        let of_child = || {
            let children = self.state.children.get(&self.kind)?;
            let child = children.items.iter().find(|child| Some(child.subject.id.as_str()) == self.child)?;
            child.fields.get(field).map(|fact| fact.value.clone())
        };
        let value = self.state.pool.get(field).cloned().or_else(of_child).unwrap_or(Observed::Absent);
        let value = match (value, spec.absent) {
            (Observed::Absent, Absence::Default(text)) => Observed::Known(default_value(spec.ty, text)),
            (value, _) => value,
        };
        (Rc::new(Fact { value, sources: Vec::new() }), spec.absent)
    }

    fn aws(&self, at: &AwsPointer) -> Fact {
        panic!("no step of the tool reads {at:?} directly")
    }

    fn now(&self) -> Timestamp {
        time(NOW)
    }
}

pub(super) fn open(finding: &Finding) -> bool {
    matches!(finding.verdict, Verdict::Fail | Verdict::Warn | Verdict::Unknown | Verdict::Manual)
        && finding.level != Level::Info
}

/// The plan is in order: everything that a step needs comes before it.
pub(super) fn ordered(plan: &PoolPlan, catalog: &Catalog, wrong: &mut dyn FnMut(String)) {
    let place: BTreeMap<&str, usize> = plan.steps.iter().map(|step| (step.id.as_str(), step.number)).collect();
    assert_eq!(place.len(), plan.steps.len(), "an id stands twice");
    for (index, step) in plan.steps.iter().enumerate() {
        assert_eq!(step.number, index + 1);
        for need in &step.needs {
            if place.get(need.as_str()).is_none_or(|at| *at >= step.number) {
                wrong(format!("{} comes before {need}, which it says it needs", step.step));
            }
        }
        for need in &catalog.steps[&step.step].needs {
            for other in plan.steps.iter().filter(|other| other.step == *need && other.number >= step.number) {
                let apart = match (&step.subject, &other.subject) {
                    (Some(a), Some(b)) => a.kind == b.kind && a.id != b.id,
                    _ => false,
                };
                if !apart {
                    wrong(format!("{} comes before {need}, which the catalogue says it needs", step.step));
                }
            }
        }
    }
}

/// No step requires what only a later one brings about.
pub(super) fn required(state: &State, plan: &PoolPlan, catalog: &Catalog, wrong: &mut dyn FnMut(String)) {
    let mut now = state.clone();
    for (index, planned) in plan.steps.iter().enumerate() {
        let step = &catalog.steps[&planned.step];
        if let Some(requires) = &step.requires {
            let child = planned.subject.as_ref().map(|subject| subject.id.as_str());
            let holds =
                |state: &State| evaluate(requires, &Seen { state, kind: step.subject, child }).truth == Truth::True;
            if !holds(&now) {
                let reads = requires.fields();
                let mut then = now.clone();
                for later in &plan.steps[index + 1..] {
                    take(&mut then, later, catalog);
                    let sets = catalog.steps[&later.step].effects.keys().any(|field| reads.contains(field.as_str()));
                    if sets && holds(&then) {
                        wrong(format!("{} requires what {} brings about later", planned.step, later.step));
                        break;
                    }
                }
            }
        }
        take(&mut now, planned, catalog);
    }
}

/// Every blocker that is not passed has a step, or an entry that says why not.
pub(super) fn complete(plan: &PoolPlan, findings: &[Finding], wrong: &mut dyn FnMut(String)) {
    let asked: BTreeSet<&str> =
        plan.steps.iter().flat_map(|step| &step.because).map(|because| because.fingerprint.as_str()).collect();
    let listed: BTreeSet<&str> = plan.cannot_fix.iter().map(|entry| entry.fingerprint.as_str()).collect();
    for finding in findings.iter().filter(|finding| open(finding) && finding.level == Level::Blocker) {
        let fingerprint = finding.fingerprint.as_str();
        if !asked.contains(fingerprint) && !listed.contains(fingerprint) {
            wrong(format!("the blocker {} ({}) has neither step nor reason", finding.rule, finding.verdict));
        }
    }
    for entry in &plan.cannot_fix {
        if entry.reason.trim().is_empty() || entry.rule.is_empty() {
            wrong(format!("cannot fix {}: {}", entry.rule, entry.message));
        }
    }
}

/// What is left once the steps of the plan before have been taken: nothing but a person's matter, what cannot be fixed, and
/// what is still not known.
pub(super) fn left(plan: &PoolPlan, catalog: &Catalog, wrong: &mut dyn FnMut(String)) {
    let hopeless: BTreeSet<&str> = plan.cannot_fix.iter().map(|entry| entry.fingerprint.as_str()).collect();
    for step in &plan.steps {
        let known: &Step = &catalog.steps[&step.step];
        if step.step == COLLECT || known.cannot_fix.is_some() {
            continue;
        }
        // That nothing but a person can say it was done.
        if known.backbone && known.done_when.is_none() && step.because.iter().all(|because| because.rule.is_empty()) {
            continue;
        }
        for because in &step.because {
            match because.verdict {
                Some(Verdict::Manual | Verdict::Unknown) => {}
                None if because.rule.is_empty() && step.certainty == Certainty::Perhaps => {}
                // What a person or missing evidence may bring up.
                None if !because.rule.is_empty() => {}
                // What cannot be fixed keeps the migration from going on.
                None if !hopeless.is_empty() => {}
                None => wrong(format!("{} is still not done after all steps", step.step)),
                Some(_) if hopeless.contains(because.fingerprint.as_str()) => {}
                // What it prepares shows only in a replica that cannot be.
                Some(_) if !hopeless.is_empty() && known.effects.is_empty() => {}
                Some(verdict) => wrong(format!("{} {verdict}s still, after {}", because.rule, step.step)),
            }
        }
    }
}

/// Says what an unknown finding wants to know.
pub(super) fn reveal(world: &World, state: &mut State, findings: &[Finding], random: &mut Random) {
    for finding in findings.iter().filter(|finding| open(finding) && finding.verdict == Verdict::Unknown) {
        for evidence in finding.evidence.iter().filter(|evidence| evidence.cause.is_some()) {
            let name = evidence.field.as_str();
            if let Some(spec) = FieldSet.field(SubjectKind::Pool, name) {
                state.pool.insert(spec.name, whole(world, spec, random));
                continue;
            }
            for (kind, children) in &mut state.children {
                if name == format!("{kind} of the pool") || FieldSet.field(*kind, name).is_some() {
                    children.incomplete = None;
                }
                let Some(spec) = FieldSet.field(*kind, name) else { continue };
                for child in children.items.iter_mut().filter(|child| child.subject.id == finding.subject.id) {
                    if let Some(fact) = child.fields.get_mut(spec.name) {
                        fact.value = whole(world, spec, random);
                    }
                }
            }
        }
    }
}

/// A known value that is a whole one.
fn whole(world: &World, spec: FieldSpec, random: &mut Random) -> Observed<Value> {
    loop {
        let value = world.known(&spec, random);
        let partial = matches!(&value, Observed::Known(Value::List(list)) if list.incomplete.is_some());
        if !partial {
            return value;
        }
    }
}

/// Takes a step: the state as it then is.
pub(super) fn take(state: &mut State, planned: &PlannedStep, catalog: &Catalog) {
    let step = &catalog.steps[&planned.step];
    for (field, given) in &step.effects {
        let spec = FieldSet.field(step.subject, field).expect("a field");
        let value = given_value(given, Some(spec));
        if FieldSet.field(SubjectKind::Pool, field).is_some() {
            state.pool.insert(spec.name, value);
            continue;
        }
        let Some(subject) = &planned.subject else { continue };
        let children = state.children.get_mut(&step.subject).expect("of a kind");
        for child in children.items.iter_mut().filter(|child| child.subject.id == subject.id) {
            child.fields.insert(spec.name, Fact { value: value.clone(), sources: Vec::new() });
        }
    }
    if let (true, Some(subject)) = (step.gone, &planned.subject) {
        let children = state.children.get_mut(&step.subject).expect("of a kind");
        children.items.retain(|child| child.subject.id != subject.id);
    }
}
