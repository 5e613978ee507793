//! What the evidence says of one step, whatever was said before and whatever it needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{SubjectScope, evaluate, given_value};
use crate::facts::{Child, Facts, FieldSet, PoolView};
use crate::model::plan::{Because, PlannedStep};
use crate::model::{Cause, Evidence, Fields, Finding, Observed, Report, Subject, SubjectKind, Truth, Value, Verdict};
use crate::rules::{Catalog, Check, Given, Step};

use super::super::closure::{COLLECT, can_be_seen};

/// What is seen of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) seen: Seen,
    /// In words.
    pub(super) because: String,
    /// Whether a field that the step itself changes says so, and not a finding or what a later step changes: those rest on
    /// much else.
    pub(super) own: bool,
}

/// What the evidence alone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It shows that the step was taken.
    Done,
    /// What asked for the step does not concern the pool any more. That is no proof as long as what the step needs is not
    /// done: with a replica goes what its settings are asked for.
    Quiet,
    /// What will ask for the step passes as things are.
    Passing,
    /// What will ask for the step does not concern the pool yet: it arises when earlier steps are done.
    Later,
    /// It shows that the step is still to be taken.
    Open,
    /// It cannot tell.
    Unclear,
    /// A person has to answer a rule, in the decisions file.
    Person,
    /// Nothing could show it: a person has to record it.
    Untold,
}

/// The facts and findings of one pool.
#[derive(Clone, Copy)]
pub(super) struct Looker<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) view: &'a PoolView<'a>,
    pub(super) catalog: &'a Catalog,
    pub(super) findings: &'a BTreeMap<&'a str, &'a Finding>,
    /// The steps that the plan has or had, as in the catalogue.
    pub(super) planned: &'a BTreeSet<String>,
}

/// What a step declares that a field is afterwards.
fn effect(kind: SubjectKind, field: &str, given: &Given) -> Observed<Value> {
    given_value(given, FieldSet.field(kind, field))
}

/// The findings of a report by fingerprint.
pub(super) fn by_fingerprint(report: &Report) -> BTreeMap<&str, &Finding> {
    report.findings.iter().map(|finding| (finding.fingerprint.as_str(), finding)).collect()
}

fn look(seen: Seen, because: impl Into<String>) -> Look {
    Look { seen, because: because.into(), own: false }
}

/// What a step is done to, as the evidence has it.
enum Place {
    Pool,
    Child(Child),
    /// Everything of this kind was listed, and it is not among it.
    Gone,
    Unseen(Cause),
}

impl Looker<'_> {
    /// What is seen of a planned step.
    pub(super) fn step(&self, planned: &PlannedStep) -> Look {
        let Some(step) = self.catalog.steps.get(&planned.step) else {
            return look(Seen::Unclear, "these rules do not have this step; make the plan again");
        };
        if step.id == COLLECT {
            return self.evidence(planned);
        }
        let child = match self.place(planned) {
            Place::Pool => None,
            Place::Child(child) => Some(child),
            Place::Gone => return look(Seen::Done, "what it was to be done to is not there any more"),
            Place::Unseen(cause) => return look(Seen::Unclear, format!("what it is done to was not seen: {cause}")),
        };
        let scope = SubjectScope { facts: self.facts, pool: Some(self.view), child: child.as_ref() };
        let Some(check) = &step.done_when else { return self.by_findings(planned) };
        let own = check.fields().iter().any(|field| step.effects.contains_key(*field));
        let done = Look { own, ..by_check(check, &scope) };
        if done.seen != Seen::Open || step.backbone || planned.done_at.is_some() {
            return done;
        }
        match self.by_findings(planned) {
            // One of several remedies of the same finding, and another was taken.
            Look { seen: Seen::Done | Seen::Quiet, because, .. } => look(Seen::Quiet, because),
            // Evidence will show it at the end; until then a person answers.
            person @ Look { seen: Seen::Person, .. } => person,
            _ => done,
        }
    }

    /// What a step once changed and is otherwise now, where that makes a rule fail: the key that was attached is disabled.
    ///
    /// Only what steps declare as their effect is held against them, and only where a finding rests on it: a setting that
    /// somebody improved is nobody's business.
    pub(super) fn lost(&self, id: &str, subject: Option<&Subject>) -> Option<String> {
        let step = self.catalog.steps.get(id)?;
        let subject = subject.filter(|subject| subject.kind != SubjectKind::Pool);
        let children = subject.and_then(|subject| self.view.children(subject.kind));
        let child = subject
            .and_then(|subject| children.as_ref()?.found.items.iter().find(|child| child.subject.id == subject.id));
        let concerned = subject.map_or(&self.view.key.id, |subject| &subject.id);
        let failing = || {
            self.findings.values().filter(|finding| {
                matches!(finding.verdict, Verdict::Fail | Verdict::Warn)
                    && !finding.is_waived()
                    && finding.subject.id == *concerned
                    && finding.subject.account == self.view.key.account
            })
        };
        let wanted_by_any = |field: &str, value: &Observed<Value>| {
            let others = self.planned.iter().filter_map(|each| self.catalog.steps.get(each));
            others.filter_map(|each| each.effects.get(field)).any(|given| effect(step.subject, field, given) == *value)
        };
        step.effects.iter().find_map(|(field, given)| {
            let wanted = effect(step.subject, field, given);
            let now = child.map_or_else(|| self.view.field(field), |child| child.field(field))?.value;
            let Observed::Known(Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Time(_)) = &now else {
                return None;
            };
            if matches!(wanted, Observed::Unknown(_)) || wanted_by_any(field, &now) || now == wanted {
                return None;
            }
            let finding = failing().find(|finding| finding.evidence.iter().any(|each| each.field == *field))?;
            Some(format!("{}: {}", finding.rule, finding.message))
        })
    }

    /// What is seen now of a step that was done when the plan was made; `None`: it is still done, or that cannot be said
    /// of it alone.
    pub(super) fn done_before(&self, id: &str) -> Option<Look> {
        let step: &Step = self.catalog.steps.get(id)?;
        if step.subject != SubjectKind::Pool {
            return None;
        }
        let scope = SubjectScope { facts: self.facts, pool: Some(self.view), child: None };
        if let Some(applies) = &step.applies_when
            && evaluate(applies, &scope).truth == Truth::False
        {
            return None;
        }
        match by_check(step.done_when.as_ref()?, &scope) {
            Look { seen: Seen::Done, .. } => Some(look(Seen::Open, self.lost(id, None)?)),
            other => Some(other),
        }
    }

    fn place(&self, planned: &PlannedStep) -> Place {
        let Some(subject) = planned.subject.as_ref().filter(|subject| subject.kind != SubjectKind::Pool) else {
            return Place::Pool;
        };
        let Some(children) = self.view.children(subject.kind) else { return Place::Pool };
        if let Some(child) = children.found.items.into_iter().find(|child| child.subject.id == subject.id) {
            return Place::Child(child);
        }
        children.found.incomplete.map_or(Place::Gone, Place::Unseen)
    }

    /// The step that makes evidence visible is done when what was missing is seen, whatever it says.
    fn evidence(&self, planned: &PlannedStep) -> Look {
        let missing = planned.because.iter().find_map(|because| {
            let finding = self.findings.get(because.fingerprint.as_str())?;
            let cause =
                finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).find(|it| can_be_seen(it));
            cause.filter(|_| finding.verdict == Verdict::Unknown && !finding.is_waived())
        });
        match missing {
            Some(cause) => look(Seen::Open, cause.to_string()),
            None => look(Seen::Done, "what was missing is seen"),
        }
    }

    /// A step without evidence of its own is done when nothing asks for it any more.
    fn by_findings(&self, planned: &PlannedStep) -> Look {
        let asked: Vec<&Because> = planned.because.iter().filter(|because| !because.fingerprint.is_empty()).collect();
        if asked.is_empty() {
            return look(Seen::Untold, "no evidence shows it");
        }
        let looks: Vec<Look> = asked.iter().map(|because| self.finding(because)).collect();
        // What is still to be done decides, then what is not known, then what only a person knows. What asked for it when
        // the plan was made says more than what will ask for it later.
        let order = [Seen::Open, Seen::Unclear, Seen::Person, Seen::Quiet, Seen::Done, Seen::Later, Seen::Passing];
        let deciding = order.into_iter().find_map(|seen| looks.iter().find(|look| look.seen == seen));
        deciding.cloned().unwrap_or_else(|| look(Seen::Untold, "no evidence shows it"))
    }

    fn finding(&self, because: &Because) -> Look {
        let Some(finding) = self.findings.get(because.fingerprint.as_str()) else {
            return self.not_found(because);
        };
        let message = format!("{}: {}", finding.rule, finding.message);
        if let Some(waiver) = finding.waiver.as_ref().filter(|_| finding.is_waived()) {
            return look(Seen::Done, format!("{} is decided: {}", finding.rule, waiver.reason));
        }
        match finding.verdict {
            Verdict::Pass if because.verdict.is_none() => look(Seen::Passing, message),
            Verdict::Pass => look(Seen::Done, message),
            Verdict::NotApplicable | Verdict::Info if because.verdict.is_none() => look(Seen::Later, message),
            Verdict::NotApplicable | Verdict::Info => look(Seen::Quiet, message),
            Verdict::Fail | Verdict::Warn => look(Seen::Open, message),
            Verdict::Unknown => look(Seen::Unclear, with_causes(message, finding.evidence.iter())),
            Verdict::Manual => look(Seen::Person, format!("{message}; answer it in a decisions file")),
        }
    }

    /// The thing that was judged is not there any more, unless it may be where nobody looked.
    fn not_found(&self, because: &Because) -> Look {
        if self.catalog.rule(&because.rule).is_none() {
            let text = format!("these rules do not have {}; make the plan again", because.rule);
            return look(Seen::Unclear, text);
        }
        let (account, pool) = (&self.view.key.account, Some(&self.view.key.id));
        let unseen = self.findings.values().find(|finding| {
            finding.rule == because.rule
                && finding.verdict == Verdict::Unknown
                && finding.subject.kind == SubjectKind::Pool
                && finding.subject.account == *account
                && finding.subject.pool_id.as_ref() == pool
        });
        match unseen {
            Some(finding) => {
                let message = format!("{}: {}", finding.rule, finding.message);
                look(Seen::Unclear, with_causes(message, finding.evidence.iter()))
            }
            None => look(Seen::Done, format!("{}: what it was about is not there any more", because.rule)),
        }
    }
}

fn by_check(check: &Check, scope: &SubjectScope<'_>) -> Look {
    let outcome = evaluate(check, scope);
    let deciding = || outcome.seen.iter().filter(|(truth, _)| *truth == outcome.truth).map(|(_, evidence)| evidence);
    match outcome.truth {
        Truth::True => look(Seen::Done, said(deciding())),
        Truth::False => look(Seen::Open, said(deciding())),
        Truth::Unknown => look(Seen::Unclear, with_causes("cannot tell".to_owned(), deciding())),
    }
}

/// Fields and what they say.
fn said<'e>(evidence: impl Iterator<Item = &'e Evidence>) -> String {
    let mut parts: Vec<String> = evidence
        .map(|each| match &each.actual {
            Some(actual) => format!("{} is {actual}", each.field),
            None => format!("{} is not there", each.field),
        })
        .collect();
    parts.dedup();
    if parts.is_empty() { "as the evidence shows".to_owned() } else { parts.join(", ") }
}

fn with_causes<'e>(message: String, evidence: impl Iterator<Item = &'e Evidence>) -> String {
    let mut parts = vec![message];
    for cause in evidence.filter_map(|each| each.cause_text.clone()) {
        if !parts.contains(&cause) {
            parts.push(cause);
        }
    }
    parts.join("; ")
}
