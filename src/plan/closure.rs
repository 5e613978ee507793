//! The look ahead: which steps a pool needs, those that will be asked for only when earlier ones are done among them.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Options, PoolAudit, audit_pool};
use crate::facts::{Assumptions, Child, Facts, PoolView};
use crate::model::plan::Direction;
use crate::model::report::{Evidence, Finding, Subject};
use crate::model::{Cause, SubjectKind, Truth, Verdict};
use crate::rules::{Catalog, Decision, Step};
use crate::snapshot::PoolKey;

use super::ahead::Ahead;
use super::chosen::{Chosen, Steps, asks};
use super::order::{Placed, order};

/// The step that makes evidence visible: in the plan whenever some is missing.
pub const COLLECT: &str = "collect-missing-evidence";

/// So often is looked ahead at most. Each look adds a step or is the last one; a chain of findings of which each is seen
/// only when the one before is mended is a few long.
const ROUNDS: usize = 10;

/// What the look ahead found.
#[derive(Debug)]
pub(super) struct Found<'c> {
    /// The steps.
    pub(super) steps: Steps<'c>,
    /// Their order.
    pub(super) order: Vec<Placed>,
    /// As it is.
    pub(super) now: PoolAudit,
    /// As it will be if every step has the effect it declares.
    pub(super) then: PoolAudit,
    /// What evidence is missing: actions, and whatever else has to be done to see it.
    pub(super) missing: Missing,
    /// Steps of the sequence that are done, with what shows it.
    pub(super) done: BTreeMap<&'c str, Vec<Evidence>>,
    /// Whether the look ahead came to an end.
    pub(super) settled: bool,
}

/// What would have to be allowed or given so that everything can be seen.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// IAM actions.
    pub(super) actions: BTreeSet<String>,
    /// Other reasons, in words.
    pub(super) others: BTreeSet<String>,
}

/// What a run is made of, for every pool alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'c> {
    pub(super) catalog: &'c Catalog,
    pub(super) decisions: &'c [Decision],
    pub(super) options: &'c Options,
    pub(super) direction: Direction,
}

/// Looks ahead for one pool. The facts are left as they came.
pub(super) fn look<'c>(facts: &mut Facts<'_>, key: &PoolKey, run: Run<'c>) -> Found<'c> {
    let mut look = Look { run, steps: BTreeMap::new(), missing: Missing::default(), done: BTreeMap::new() };
    let now = judged(facts, key, run);
    let mut then = now.clone();
    let mut placed = Vec::new();
    let mut settled = false;
    for round in 0..ROUNDS {
        let before = look.steps.len();
        let base = facts.assume_instead(after(facts.assumptions(), key, &look.steps, &placed));
        if round > 0 {
            then = judged(facts, key, run);
        }
        look.findings(facts, &facts.pool(key), &then.findings, round == 0);
        facts.assume_instead(base);
        placed = look.go_on(facts, key, placed, before, round == 0);
        // Without a new step nothing else would be assumed, and nothing else judged.
        settled = look.steps.len() == before;
        if settled {
            break;
        }
    }
    look.mended(&now.findings, &then.findings);
    let Look { steps, missing, mut done, .. } = look;
    done.retain(|id, _| !steps.keys().any(|(step, _)| step == id));
    Found { steps, order: placed, now, then, missing, done, settled }
}

fn judged(facts: &Facts<'_>, key: &PoolKey, run: Run<'_>) -> PoolAudit {
    audit_pool(facts, &facts.pool(key), run.catalog, run.decisions, run.options)
}

/// The assumptions when all of these have been done, one after the other.
fn after(base: &Assumptions, key: &PoolKey, steps: &Steps<'_>, order: &[Placed]) -> Assumptions {
    let mut assumptions = base.clone();
    let assumed = assumptions.pools.entry(key.clone()).or_default();
    for chosen in order.iter().filter_map(|placed| steps.get(&placed.key)) {
        chosen.assume(assumed);
    }
    assumptions
}

struct Look<'c> {
    run: Run<'c>,
    steps: Steps<'c>,
    missing: Missing,
    done: BTreeMap<&'c str, Vec<Evidence>>,
}

impl<'c> Look<'c> {
    /// Adds what these findings ask for. On the way back nothing is mended: the sequence alone says what is done.
    fn findings(&mut self, facts: &Facts<'_>, pool: &PoolView<'_>, findings: &[Finding], now: bool) {
        if self.run.direction != Direction::Forward {
            return;
        }
        let children = Seen::of(pool);
        for finding in findings.iter().filter(|finding| asks(finding)) {
            self.remedies(facts, pool, &children, finding, now);
            if now && finding.verdict == Verdict::Unknown {
                self.collect(finding);
            }
        }
    }

    /// Adds the steps of the sequence that can be begun when those so far have been taken, and so on. Gives their order;
    /// `placed` is that of the first `before` steps.
    fn go_on(
        &mut self,
        facts: &mut Facts<'_>,
        key: &PoolKey,
        mut placed: Vec<Placed>,
        before: usize,
        mut now: bool,
    ) -> Vec<Placed> {
        let mut ordered = before;
        loop {
            // What is so now comes first: a step is done, or not, by the evidence.
            let taken = if now { Vec::new() } else { placed.clone() };
            let base = facts.assume_instead(after(facts.assumptions(), key, &self.steps, &taken));
            self.sequence(facts, &facts.pool(key), now);
            facts.assume_instead(base);
            let news = self.steps.len() != ordered;
            if news {
                placed = order(facts, &facts.pool(key), &self.steps);
                ordered = self.steps.len();
            }
            if !news && !now {
                return placed;
            }
            now = false;
        }
    }

    /// The steps that a finding's rule names.
    fn remedies(&mut self, facts: &Facts<'_>, pool: &PoolView<'_>, children: &Seen, finding: &Finding, now: bool) {
        let Some(rule) = self.run.catalog.rule(&finding.rule) else { return };
        // Where not all things of a kind were seen, the finding is on the pool; it says nothing of those that were seen.
        let unlisted = rule.subject != SubjectKind::Pool && finding.subject.kind == SubjectKind::Pool;
        for step in rule.remedy.iter().filter_map(|id| self.run.catalog.steps.get(id)) {
            let elsewhere = unlisted && step.subject != SubjectKind::Pool;
            if elsewhere || !step.directions.contains(&self.run.direction) {
                continue;
            }
            for child in children.concerned(step.subject, &finding.subject) {
                let applies = Ahead { facts, pool, child, assumed: None }.holds(step.applies_when.as_ref());
                if applies == Truth::False {
                    continue;
                }
                let chosen = self.choose(step, child);
                chosen.ask(finding, now);
                chosen.needed |= finding.verdict != Verdict::Unknown && applies == Truth::True;
            }
        }
    }

    /// The steps of the sequence itself that are not done.
    fn sequence(&mut self, facts: &Facts<'_>, pool: &PoolView<'_>, now: bool) {
        let children = Seen::of(pool);
        for step in self.run.catalog.steps.values() {
            if !step.backbone || step.id == COLLECT || !step.directions.contains(&self.run.direction) {
                continue;
            }
            for child in children.of_kind(step.subject) {
                let ahead = Ahead { facts, pool, child, assumed: None };
                let applies = ahead.holds(step.applies_when.as_ref());
                if applies == Truth::False {
                    continue;
                }
                let shown = step.done_when.as_ref().map(|check| ahead.outcome(check));
                let done = shown.as_ref().map_or(Truth::False, |outcome| outcome.truth);
                if done == Truth::True {
                    if let (true, Some(outcome)) = (now, shown) {
                        let seen = outcome.seen.into_iter().filter(|(truth, _)| *truth == Truth::True);
                        self.done.entry(&step.id).or_default().extend(seen.map(|(_, evidence)| evidence));
                    }
                    continue;
                }
                // It cannot begin: perhaps when others have been taken, perhaps never.
                if ahead.holds(step.requires.as_ref()) != Truth::False {
                    self.choose(step, child).needed |= applies == Truth::True && done == Truth::False;
                }
            }
        }
    }

    /// Notes what is missing so that a finding can be decided.
    fn collect(&mut self, finding: &Finding) {
        let causes: Vec<&Cause> = finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).collect();
        let can_be_seen: Vec<&Cause> = causes.into_iter().filter(|cause| can_be_seen(cause)).collect();
        let Some(step) = self.run.catalog.steps.get(COLLECT).filter(|_| !can_be_seen.is_empty()) else { return };
        for cause in can_be_seen {
            match cause.missing_actions() {
                [] => drop(self.missing.others.insert(cause.root().to_string())),
                actions => self.missing.actions.extend(actions.iter().cloned()),
            }
        }
        let chosen = self.choose(step, None);
        chosen.ask(finding, true);
        chosen.needed = true;
    }

    /// Notes for a finding that no step of its own rule mends, but that goes away all the same, which steps see to it: those
    /// that change what it read.
    fn mended(&mut self, now: &[Finding], then: &[Finding]) {
        let remain: BTreeSet<&str> =
            then.iter().filter(|finding| asks(finding)).map(|f| f.fingerprint.as_str()).collect();
        for finding in now.iter().filter(|finding| asks(finding) && !remain.contains(finding.fingerprint.as_str())) {
            if self.steps.values().any(|chosen| chosen.because.contains_key(&finding.fingerprint)) {
                continue;
            }
            let Some(rule) = self.run.catalog.rule(&finding.rule) else { continue };
            let fields = rule.fields();
            for chosen in self.steps.values_mut() {
                let id = finding.subject.id.as_str();
                if chosen.sets().any(|(of, field)| of.is_none_or(|of| of == id) && fields.contains(field)) {
                    chosen.ask(finding, true);
                }
            }
        }
    }

    fn choose(&mut self, step: &'c Step, child: Option<&Child>) -> &mut Chosen<'c> {
        let chosen = Chosen::new(step, child.map(|child| child.subject.clone()));
        self.steps.entry(chosen.key()).or_insert(chosen)
    }
}

/// Whether it is evidence that can be had, by a permission, an option or another try; not one that AWS does not give.
pub(super) fn can_be_seen(cause: &Cause) -> bool {
    match cause.root() {
        Cause::Denied { .. }
        | Cause::Throttled { .. }
        | Cause::Failed { .. }
        | Cause::NotCollected { .. }
        | Cause::NotSearched { .. }
        | Cause::NotFound { .. }
        | Cause::NoTargetRegion
        | Cause::Stale { .. }
        | Cause::Given { .. } => true,
        Cause::NotOffered { .. }
        | Cause::NotAdmitted { .. }
        | Cause::Undecided { .. }
        | Cause::Unrecognised { .. }
        | Cause::NoMeaning { .. }
        | Cause::Contradiction { .. }
        | Cause::Prerequisite { .. } => false,
    }
}

/// The children of a pool, listed once per look.
struct Seen(BTreeMap<SubjectKind, Vec<Child>>);

impl Seen {
    fn of(pool: &PoolView<'_>) -> Self {
        let children = SubjectKind::ALL.iter().filter_map(|kind| Some((*kind, pool.children(*kind)?.found.items)));
        Self(children.collect())
    }

    /// All things of a kind; for the pool `None` once.
    fn of_kind(&self, kind: SubjectKind) -> Vec<Option<&Child>> {
        if kind == SubjectKind::Pool {
            return vec![None];
        }
        self.0.get(&kind).into_iter().flatten().map(Some).collect()
    }

    /// The things that a step on `kind` is done to because of a finding on `subject`: the subject itself, or all of the kind
    /// where the finding is on something else.
    fn concerned(&self, kind: SubjectKind, subject: &Subject) -> Vec<Option<&Child>> {
        let mut all = self.of_kind(kind);
        if kind != SubjectKind::Pool && kind == subject.kind {
            all.retain(|child| child.is_some_and(|child| child.subject.id == subject.id));
        }
        all
    }
}
