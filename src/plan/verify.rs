//! How far a plan has come: its steps against a later snapshot.
//!
//! A step is done when its `done_when` holds; without one, when nothing asks for it any more. What was done once and is not
//! any more is undone. What the evidence cannot tell is unclear, never done. Pure: the clock is that of the facts, and a
//! file is written by whoever asked.

mod look;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Options, audit, needs};
use crate::facts::{Facts, PoolView};
use crate::model::plan::{
    Direction, PLAN_SCHEMA_VERSION, Plan, PlannedStep, PoolPlan, PoolProgress, Progress, StepProgress, Verification,
};
use crate::model::report::{Exit, Report};
use crate::model::{Level, Verdict};
use crate::rules::{Catalog, Decision};
use crate::snapshot::Snapshot;

use look::{Look, Looker, Seen, by_fingerprint};

/// Says of every step of `plan` how it stands by these facts. Steps seen done for the first time get their `done_at`.
pub fn verify(
    plan: &mut Plan,
    facts: Facts<'_>,
    catalog: &Catalog,
    decisions: &[Decision],
    options: &Options,
) -> Verification {
    let now = facts.options().now.to_string();
    let report = audit(&facts, catalog, decisions, options);
    let findings = by_fingerprint(&report);
    let views = facts.pools();
    let mut pools = Vec::new();
    for pool in &mut plan.pools {
        let key = |view: &&PoolView<'_>| view.key.account == pool.pool.account && view.key.id == pool.pool.id;
        let mut progress = match views.iter().find(key) {
            Some(view) => {
                let done = pool.done.iter().map(|done| &done.step);
                let planned = pool.steps.iter().map(|step| &step.step).chain(done).cloned().collect();
                let looker = Looker { facts: &facts, view, catalog, findings: &findings, planned: &planned };
                stands(pool, &looker, &now)
            }
            None => unseen(pool),
        };
        progress.unmended = unmended(pool, &report);
        progress.evidence_from = ages(facts.snapshot(), pool);
        pools.push(progress);
    }
    drop((views, findings));
    let mut notes = Vec::new();
    if plan.catalogue_digest != catalog.digest {
        notes.push(
            "the rules or steps are others than those of the plan; a step that was renamed counts as unclear"
                .to_owned(),
        );
    }
    let again = super::plan(facts, catalog, decisions, options, plan.direction);
    for (progress, old) in pools.iter_mut().zip(&plan.pools) {
        progress.new_steps = new_steps(old, &again);
    }
    let exit = exit(plan, &pools, &report, options);
    Verification {
        schema_version: PLAN_SCHEMA_VERSION,
        now,
        snapshot_digest: report.snapshot.digest,
        direction: plan.direction,
        notes,
        pools,
        exit,
    }
}

/// The calls whose answers decide how the steps of a plan stand, as `service:Operation`: what a live verification asks.
pub fn calls(plan: &Plan, catalog: &Catalog) -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    for pool in &plan.pools {
        let done = pool.done.iter().map(|done| done.step.as_str());
        for step in pool.steps.iter().map(|step| step.step.as_str()).chain(done) {
            let Some(step) = catalog.steps.get(step) else { continue };
            for check in [&step.done_when, &step.applies_when].into_iter().flatten() {
                calls.extend(needs::calls_of_check(step.subject, check));
            }
        }
        let rules = pool.steps.iter().flat_map(|step| &step.because).map(|because| because.rule.as_str());
        for rule in rules.filter_map(|rule| catalog.rule(rule)) {
            calls.extend(needs::calls(rule));
        }
    }
    calls
}

/// A step of a plan by its id, in a plan of one pool, or by `pool id/step id`.
pub fn find<'p>(plan: &'p Plan, name: &str) -> Option<(&'p PoolPlan, &'p str)> {
    let named = |pool: &'p PoolPlan, id: &str| {
        pool.steps.iter().find(|step| step.id == id).map(|step| (pool, step.id.as_str()))
    };
    match (plan.pools.as_slice(), name.split_once('/')) {
        ([pool], None) => named(pool, name),
        (_, Some((pool, id))) => plan.pools.iter().filter(|each| each.pool.id == pool).find_map(|pool| named(pool, id)),
        (_, None) => None,
    }
}

/// Every step of a pool that the evidence shows.
fn stands(pool: &mut PoolPlan, looker: &Looker<'_>, now: &str) -> PoolProgress {
    let mut steps: Vec<StepProgress> = Vec::new();
    for done in &pool.done {
        if pool.steps.iter().any(|step| step.step == done.step) {
            continue;
        }
        let Some(Look { seen, because, .. }) = looker.done_before(&done.step) else { continue };
        let progress = if seen == Seen::Open { Progress::Undone } else { Progress::Unclear };
        steps.push(StepProgress {
            id: done.step.clone(),
            number: 0,
            title: done.title.clone(),
            progress,
            because,
            on_word: false,
            done_at: None,
        });
    }
    let mut stood: BTreeMap<String, Progress> = BTreeMap::new();
    // What may still come to be asked for, and whether everything else is done.
    let (mut later, mut rest_done) = (Vec::new(), true);
    // What was undone in what the steps themselves change: what else is undone may have gone with it.
    let mut lost: BTreeSet<String> = BTreeSet::new();
    for step in &mut pool.steps {
        let mut look = looker.step(step);
        // What was done and is not any more is seen in what it changed, too.
        if let (Seen::Done | Seen::Quiet, Some(_)) = (look.seen, &step.done_at)
            && let Some(lost) = looker.lost(&step.step, step.subject.as_ref())
        {
            look = Look { seen: Seen::Open, because: lost, own: true };
        }
        let needs: Vec<Progress> =
            step.needs.iter().map(|need| stood.get(need).copied().unwrap_or(Progress::Waiting)).collect();
        let on_word = step.told_at.is_some() && step.done_at.is_none();
        let on_word = on_word && matches!(look.seen, Seen::Open | Seen::Quiet | Seen::Later | Seen::Unclear);
        let own = look.own;
        let may_come = look.seen == Seen::Later;
        let shown = matches!(look.seen, Seen::Done | Seen::Quiet);
        let (progress, because) = progress(look, step, &needs);
        if progress == Progress::Done && shown {
            step.done_at.get_or_insert_with(|| now.to_owned());
        }
        stood.insert(step.id.clone(), progress);
        if own && progress == Progress::Undone {
            lost.insert(step.id.clone());
        }
        if may_come {
            later.push(steps.len());
        } else {
            rest_done &= progress == Progress::Done;
        }
        steps.push(StepProgress {
            id: step.id.clone(),
            number: step.number,
            title: step.title.clone(),
            progress,
            because: waits(&step.needs, &stood, progress).unwrap_or(because),
            on_word: on_word && progress == Progress::Done && step.done_at.is_none(),
            done_at: step.done_at.clone(),
        });
    }
    if rest_done {
        // Nothing is left that could make it be asked for.
        for (_, step) in steps.iter_mut().enumerate().filter(|(at, _)| later.contains(at)) {
            (step.progress, step.on_word) = (Progress::Done, false);
            "nothing asks for it".clone_into(&mut step.because);
        }
    }
    PoolProgress {
        pool: pool.pool.clone(),
        evidence_from: BTreeMap::new(),
        next: next(&steps, &lost).map(str::to_owned),
        steps,
        unmended: Vec::new(),
        new_steps: Vec::new(),
    }
}

/// How a step stands: what is seen of it, whether it was done before, and how what it needs stands.
fn progress(look: Look, step: &PlannedStep, needs: &[Progress]) -> (Progress, String) {
    let Look { seen, because, .. } = look;
    let ready = needs.iter().all(|need| *need == Progress::Done);
    let before = |time: &str| format!("it was done on {time}; {because}");
    match (seen, step.done_at.as_deref(), step.told_at.as_deref()) {
        (Seen::Done, ..) | (Seen::Passing, Some(_), _) => (Progress::Done, because),
        (Seen::Quiet | Seen::Passing, ..) if ready => (Progress::Done, because),
        (Seen::Open, Some(time), _) => (Progress::Undone, before(time)),
        // With what it needs went what it did; if that cannot be seen, neither can this.
        (Seen::Quiet | Seen::Later, Some(time), _) if needs.contains(&Progress::Undone) => {
            (Progress::Undone, before(time))
        }
        (Seen::Quiet | Seen::Later | Seen::Unclear, Some(time), _) => (Progress::Unclear, before(time)),
        (Seen::Person, Some(time), _) => (Progress::Person, before(time)),
        (Seen::Untold, Some(time), _) | (Seen::Untold, None, Some(time)) => {
            (Progress::Done, format!("a person said so on {time}"))
        }
        (Seen::Open | Seen::Quiet | Seen::Passing | Seen::Later | Seen::Unclear, None, Some(time)) => {
            (Progress::Done, format!("a person said so on {time}; the evidence does not show it: {because}"))
        }
        _ if !ready => (Progress::Waiting, because),
        (Seen::Open | Seen::Quiet | Seen::Passing, None, None) => (Progress::Next, because),
        (Seen::Later, None, None) => {
            (Progress::Next, format!("no evidence shows it before it is asked for: {because}"))
        }
        (Seen::Unclear, None, None) => (Progress::Unclear, because),
        (Seen::Person | Seen::Untold, None, _) => (Progress::Person, because),
    }
}

/// For a step that waits: for what.
fn waits(needs: &[String], stood: &BTreeMap<String, Progress>, progress: Progress) -> Option<String> {
    let open: Vec<&str> =
        needs.iter().filter(|need| stood.get(*need) != Some(&Progress::Done)).map(String::as_str).collect();
    (progress == Progress::Waiting).then(|| format!("waits for {}", open.join(", ")))
}

/// The step to go on with: what was undone first, then what can be done, then what somebody has to look into.
fn next<'s>(steps: &'s [StepProgress], lost: &BTreeSet<String>) -> Option<&'s str> {
    let first = |wanted: &[Progress]| steps.iter().find(|step| wanted.contains(&step.progress));
    steps
        .iter()
        .find(|step| lost.contains(&step.id))
        .or_else(|| first(&[Progress::Undone]))
        .or_else(|| first(&[Progress::Next]))
        .or_else(|| first(&[Progress::Unclear, Progress::Person]))
        .map(|step| step.id.as_str())
}

/// A pool of which the snapshot has nothing.
fn unseen(pool: &PoolPlan) -> PoolProgress {
    let steps = pool.steps.iter().map(|step| StepProgress {
        id: step.id.clone(),
        number: step.number,
        title: step.title.clone(),
        progress: Progress::Unclear,
        because: "the snapshot does not have this pool".to_owned(),
        on_word: false,
        done_at: step.done_at.clone(),
    });
    let steps: Vec<StepProgress> = steps.collect();
    PoolProgress {
        pool: pool.pool.clone(),
        evidence_from: BTreeMap::new(),
        next: next(&steps, &BTreeSet::new()).map(str::to_owned),
        steps,
        unmended: Vec::new(),
        new_steps: Vec::new(),
    }
}

/// The rules of blockers that no step mends and that still are not passed.
fn unmended(pool: &PoolPlan, report: &Report) -> Vec<String> {
    let findings = by_fingerprint(report);
    let open = pool.cannot_fix.iter().filter(|each| {
        findings.get(each.fingerprint.as_str()).is_some_and(|finding| {
            finding.level == Level::Blocker
                && !finding.is_waived()
                && matches!(finding.verdict, Verdict::Fail | Verdict::Unknown | Verdict::Manual)
        })
    });
    open.map(|each| each.rule.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The oldest answer about a pool, by the Region that gave it.
fn ages(snapshot: &Snapshot, pool: &PoolPlan) -> BTreeMap<String, String> {
    let mut ages = BTreeMap::new();
    for call in snapshot.calls().filter(|call| call.account == pool.pool.account && call.response.is_some()) {
        let texts = call.parameters.values().filter_map(serde_json::Value::as_str);
        // Its id alone, or as the last part of its ARN.
        if !texts.filter_map(|text| text.rsplit('/').next()).any(|id| id == pool.pool.id) {
            continue;
        }
        let oldest = ages.entry(call.region.clone()).or_insert(call.time);
        *oldest = call.time.min(*oldest);
    }
    ages.into_iter().map(|(region, time)| (region, time.to_string())).collect()
}

/// What a plan made now would have and this one does not, by id.
fn new_steps(old: &PoolPlan, again: &Plan) -> Vec<String> {
    let same = |new: &&PoolPlan| new.pool.account == old.pool.account && new.pool.id == old.pool.id;
    let Some(new) = again.pools.iter().find(same) else { return Vec::new() };
    let known: BTreeSet<_> =
        old.steps.iter().map(|step| (&step.step, step.subject.as_ref().map(|subject| &subject.id))).collect();
    let added = new
        .steps
        .iter()
        .filter(|step| !known.contains(&(&step.step, step.subject.as_ref().map(|subject| &subject.id))));
    added.map(|step| step.id.clone()).collect()
}

/// 0: everything is done. 1: something that was done is not. 3: neither.
fn exit(plan: &Plan, pools: &[PoolProgress], report: &Report, options: &Options) -> Exit {
    let (mut undone, mut open) = (Vec::new(), Vec::new());
    for pool in pools {
        let id = &pool.pool.id;
        let mut gone: Vec<&StepProgress> = pool.steps.iter().filter(|step| step.progress == Progress::Undone).collect();
        // The one to go on with first.
        gone.sort_by_key(|step| pool.next.as_ref() != Some(&step.id));
        undone.extend(gone.iter().map(|step| format!("{id}: {} is undone: {}", step.id, step.because)));
        let mut counts: Vec<String> = Vec::new();
        for progress in [Progress::Next, Progress::Waiting, Progress::Unclear, Progress::Person] {
            match pool.steps.iter().filter(|step| step.progress == progress).count() {
                0 => {}
                count => counts.push(format!("{count} {progress}")),
            }
        }
        if !counts.is_empty() {
            open.push(format!("{id}: {}", counts.join(", ")));
        }
        let told: Vec<&str> = pool.steps.iter().filter(|step| step.on_word).map(|step| step.id.as_str()).collect();
        if !told.is_empty() {
            open.push(format!("{id}: done by a person's word alone: {}", told.join(", ")));
        }
        if !pool.new_steps.is_empty() {
            open.push(format!("{id}: not in the plan: {}", pool.new_steps.join(", ")));
        }
        if !pool.unmended.is_empty() {
            open.push(format!("{id}: no step mends {}", pool.unmended.join(", ")));
        }
    }
    // On the way back gates close as they are meant to.
    let planned = |id: &str, account: &str| plan.pools.iter().any(|p| p.pool.id == id && p.pool.account == account);
    for pool in report.summary.pools.iter().filter(|_| plan.direction == Direction::Forward) {
        for (gate, summary) in pool.gates.iter().filter(|_| planned(&pool.id, &pool.account)) {
            if summary.regression {
                let by: BTreeSet<&str> = summary.blocked_by.iter().filter_map(|each| each.split(' ').next()).collect();
                let by = by.into_iter().collect::<Vec<_>>().join(", ");
                undone.push(format!("{}: gate {gate} was passed and is blocked again by {by}", pool.id));
            }
        }
    }
    if options.strict {
        for reduction in options.reductions.iter().filter(|reduction| reduction.touches_blocker) {
            open.push(format!("{}: {} (--strict)", reduction.option, reduction.effect));
        }
    }
    let code = match (undone.is_empty(), open.is_empty()) {
        (true, true) => 0,
        (false, _) => 1,
        (true, false) => 3,
    };
    undone.extend(open);
    Exit { code, because: undone }
}
