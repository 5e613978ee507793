//! The steps that a pool's plan has so far: each once per thing it is done to, with what asks for it. In which order they
//! come, and how they read, is not said here.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::given_value;
use crate::facts::{Assumed, FieldSet};
use crate::model::plan::Because;
use crate::model::report::{Finding, Subject};
use crate::model::{Fields, Gate, SubjectKind, Verdict};
use crate::rules::Step;

/// A step's id, and the id of the thing it is done to: `None` for the pool.
pub(super) type Key = (String, Option<String>);

/// A step that is in the plan.
#[derive(Debug, Clone)]
pub(super) struct Chosen<'c> {
    /// What is done.
    pub(super) step: &'c Step,
    /// What it is done to: `None` for the pool.
    pub(super) child: Option<Subject>,
    /// The findings that ask for it, by fingerprint.
    pub(super) because: BTreeMap<String, Because>,
    /// The gates of these findings.
    pub(super) gates: BTreeSet<Gate>,
    /// Whether something that is known asks for it.
    pub(super) needed: bool,
}

/// The steps of one pool's plan, by key.
pub(super) type Steps<'c> = BTreeMap<Key, Chosen<'c>>;

impl<'c> Chosen<'c> {
    pub(super) fn new(step: &'c Step, child: Option<Subject>) -> Self {
        Self { step, child, because: BTreeMap::new(), gates: BTreeSet::new(), needed: false }
    }

    pub(super) fn key(&self) -> Key {
        (self.step.id.clone(), self.child.as_ref().map(|child| child.id.clone()))
    }

    /// Notes that a finding asks for it. `now`: whether it is a finding of the evidence, not of the look ahead.
    pub(super) fn ask(&mut self, finding: &Finding, now: bool) {
        self.because.entry(finding.fingerprint.clone()).or_insert_with(|| Because {
            rule: finding.rule.clone(),
            fingerprint: finding.fingerprint.clone(),
            verdict: now.then_some(finding.verdict),
            level: Some(finding.level),
            message: finding.message.clone(),
        });
        self.gates.extend(&finding.gates);
    }

    /// The fields that its effects set, each with the id of the thing it belongs to.
    pub(super) fn sets(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let child = self.child.as_ref().map(|child| child.id.as_str());
        self.step.effects.keys().map(move |field| (child.filter(|_| !is_pool_field(field)), field.as_str()))
    }

    /// Assumes that it has been done.
    pub(super) fn assume(&self, assumed: &mut Assumed) {
        assume_done(self.step, self.child.as_ref(), assumed);
    }
}

/// Assumes that a step has been done to a thing, `None`: to the pool. Its effects go before whatever was assumed.
pub fn assume_done(step: &Step, child: Option<&Subject>, assumed: &mut Assumed) {
    let kind = step.subject;
    for (field, given) in &step.effects {
        let value = given_value(given, FieldSet.field(kind, field));
        match child {
            Some(child) if !is_pool_field(field) => assumed.set_child(kind, &child.id, field, value),
            Some(_) | None => assumed.set(field, value),
        }
    }
    if let (true, Some(child)) = (step.gone, child) {
        assumed.remove(kind, &child.id);
    }
}

/// Whether it is a field of the pool, which rules on every kind of subject see.
pub(super) fn is_pool_field(field: &str) -> bool {
    FieldSet.field(SubjectKind::Pool, field).is_some()
}

/// Whether a finding wants something done: it does not hold or is not decided, and nobody has waived it. Facts want nothing.
pub(super) fn asks(finding: &Finding) -> bool {
    let open = matches!(finding.verdict, Verdict::Fail | Verdict::Warn | Verdict::Unknown | Verdict::Manual);
    open && !finding.is_waived() && finding.level != crate::model::Level::Info
}
