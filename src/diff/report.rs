//! Two reports: gates, findings, fields and subjects, each change in its part.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::diff::{
    CallChange, Diff, Documents, EvidenceChanges, FieldChange, FindingChange, FindingState, GateMove, GateState, Part,
    PoolChange, PoolRef, Presence, Side, SubjectChange, Trend,
};
use crate::model::report::{CallProblem, Coverage, Finding, PoolSummary, Report};
use crate::model::{Cause, Gate, Level, Position, Status, Subject, SubjectKind, Verdict};

use super::because::{Indexed, Key, Pair, is_answer, is_open, is_unanswered, key, trend};
use super::{Found, rules, worse_if};

/// A report that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// It was written with `--show`, `--select` or `--ignore`.
    #[error(
        "{name} lists {listed} of the {judged} results that are {verdict}: what is not listed cannot be compared; write it \
         again without --show, --select and --ignore"
    )]
    NotWhole {
        /// What the caller calls the document.
        name: String,
        /// A verdict of which not all are listed.
        verdict: Verdict,
        /// How many are.
        listed: usize,
        /// How many there are.
        judged: usize,
    },
}

/// Compares two reports; `names` is what they are called in messages.
pub fn reports(names: [&str; 2], old: &Report, new: &Report) -> Result<Diff, DiffError> {
    is_whole(names[0], old)?;
    is_whole(names[1], new)?;
    let rules = rules::changes(old, new);
    let pair = Pair::new(old, new, !rules.options.iter().any(rules::decides_verdicts));
    let mut found = Found { rules: Some(rules), ..Found::default() };
    let pools = Pools::new(old, new);
    found.account.pools = pools.changes(old, new);
    findings(&pair, &pools, &mut found);
    subjects(&pair, &pools, &mut found);
    fields(&pair, &mut found);
    coverage(old, new, &mut found.evidence);
    found.gates = gates(&pair, &pools, &found);
    Ok(found.into_diff(Documents::Reports, side(old), side(new)))
}

/// A report lists all its results, but for those that do not concern their subject.
fn is_whole(name: &str, report: &Report) -> Result<(), DiffError> {
    for (verdict, judged) in &report.summary.counts {
        let listed = report.findings.iter().filter(|finding| finding.verdict == *verdict).count();
        if listed != *judged && *verdict != Verdict::NotApplicable {
            let name = name.to_owned();
            return Err(DiffError::NotWhole { name, verdict: *verdict, listed, judged: *judged });
        }
    }
    Ok(())
}

fn side(report: &Report) -> Side {
    Side {
        snapshot_digest: report.snapshot.digest.clone(),
        tool_version: report.tool.version.clone(),
        evidence_from: report.snapshot.evidence_from.clone(),
        evidence_to: report.snapshot.evidence_to.clone(),
        now: Some(report.run.now.clone()),
        pools: report.summary.pools.len(),
    }
}

type PoolKey<'a> = (&'a str, &'a str);

/// The pools of both sides.
struct Pools<'a> {
    old: BTreeMap<PoolKey<'a>, &'a PoolSummary>,
    new: BTreeMap<PoolKey<'a>, &'a PoolSummary>,
}

impl<'a> Pools<'a> {
    fn new(old: &'a Report, new: &'a Report) -> Self {
        let of = |report: &'a Report| {
            report.summary.pools.iter().map(|pool| ((pool.account.as_str(), pool.id.as_str()), pool)).collect()
        };
        Self { old: of(old), new: of(new) }
    }

    /// Whether what this is about is judged on both sides: of a pool that came or went the pool says it all.
    fn both(&self, subject: &Subject) -> bool {
        let Some(pool) = &subject.pool_id else { return true };
        let key = (subject.account.as_str(), pool.as_str());
        self.old.contains_key(&key) == self.new.contains_key(&key)
    }

    fn changes(&self, old: &Report, new: &Report) -> Vec<PoolChange> {
        let gone = self.old.iter().filter(|(key, _)| !self.new.contains_key(*key));
        let came = self.new.iter().filter(|(key, _)| !self.old.contains_key(*key));
        let gone = gone.map(|(key, pool)| (key, pool, Presence::Gone, old));
        let mut changes: Vec<_> = gone.chain(came.map(|(key, pool)| (key, pool, Presence::New, new))).collect();
        changes.sort_by_key(|(key, _, presence, _)| (**key, *presence));
        let change = |(key, pool, presence, report): (&PoolKey<'_>, &&PoolSummary, Presence, &Report)| {
            let own = |finding: &&Finding| {
                finding.subject.account == key.0 && finding.subject.pool_id.as_deref() == Some(key.1)
            };
            let mut counts = BTreeMap::new();
            let mut open = false;
            for finding in report.findings.iter().filter(own) {
                *counts.entry(finding.verdict).or_insert(0) += 1;
                open |= is_open(finding) && finding.verdict != Verdict::Manual;
            }
            PoolChange { pool: reference(pool), presence, counts, trend: worse_if(presence == Presence::Gone || open) }
        };
        changes.into_iter().map(change).collect()
    }
}

fn reference(pool: &PoolSummary) -> PoolRef {
    PoolRef { account: pool.account.clone(), id: pool.id.clone(), name: pool.name.clone() }
}

/// Every finding of either side that says something else, or counts otherwise.
fn findings(pair: &Pair<'_>, pools: &Pools<'_>, found: &mut Found) {
    let keys: BTreeSet<_> = pair.old.findings.keys().chain(pair.new.findings.keys()).collect();
    let mut changes: Vec<FindingChange> = Vec::new();
    for key in keys {
        // That a rule does not concern its subject is the same as no finding: most reports do not list it.
        let applies = |finding: &&&Finding| finding.verdict != Verdict::NotApplicable;
        let old = pair.old.findings.get(key).filter(applies).copied();
        let new = pair.new.findings.get(key).filter(applies).copied();
        let Some(finding) = new.or(old) else { continue };
        if pools.both(&finding.subject) && has_changed(pair, old, new) {
            changes.push(change(pair, finding, old, new));
        }
    }
    changes.sort_by(|a, b| {
        let key = |it: &FindingChange| {
            let subject = &it.subject;
            let pool = (subject.pool_id.is_none(), subject.pool_id.clone());
            (subject.account.clone(), pool, it.trend, it.rule.clone(), subject.id.clone(), it.fingerprint.clone())
        };
        key(a).cmp(&key(b))
    });
    for change in changes {
        match change.because.part() {
            Part::Account => found.account.findings.push(change),
            Part::Evidence => found.evidence.findings.push(change),
            Part::Rules => found.rules.get_or_insert_default().findings.push(change),
        }
    }
}

fn has_changed(pair: &Pair<'_>, old: Option<&Finding>, new: Option<&Finding>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => {
            let decision = |finding: &Finding| finding.waiver.as_ref().map(|waiver| waiver.kind.clone());
            old.verdict != new.verdict
                || decision(old) != decision(new)
                || (new.verdict == Verdict::Unknown && gaps(old) != gaps(new))
        }
        // Of what came or went, or is judged by a rule that did: what is open. The rest is said by the subject or the rule.
        (Some(one), None) | (None, Some(one)) => {
            let known = |side: &Indexed<'_>| {
                side.subjects.contains_key(&key(&one.subject)) && side.report.rules.contains_key(&one.rule)
            };
            is_open(one) || (known(&pair.old) && known(&pair.new))
        }
        (None, None) => false,
    }
}

/// What is missing, without times and messages that change from run to run.
fn gaps(finding: &Finding) -> BTreeSet<(&'static str, String)> {
    let causes = finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).map(Cause::root);
    let of = |cause: &Cause| match cause {
        Cause::Denied { call, region, .. }
        | Cause::Throttled { call, region }
        | Cause::Failed { call, region, .. }
        | Cause::NotFound { call, region }
        | Cause::NotOffered { call, region, .. } => format!("{call} {region}"),
        Cause::NotCollected { call, .. } | Cause::Stale { call, .. } | Cause::Prerequisite { call, .. } => call.clone(),
        Cause::NotSearched { .. }
        | Cause::NotAdmitted { .. }
        | Cause::Undecided { .. }
        | Cause::Unrecognised { .. }
        | Cause::NoMeaning { .. }
        | Cause::Contradiction { .. }
        | Cause::NoTargetRegion
        | Cause::Given { .. } => cause.to_string(),
    };
    causes.map(|cause| (cause.kind(), of(cause))).collect()
}

fn change(pair: &Pair<'_>, finding: &Finding, old: Option<&Finding>, new: Option<&Finding>) -> FindingChange {
    let because = pair.because(old, new);
    let rule = [&pair.new, &pair.old].into_iter().find_map(|side| side.report.rules.get(&finding.rule));
    FindingChange {
        fingerprint: finding.fingerprint.clone(),
        rule: finding.rule.clone(),
        title: rule.map(|rule| rule.title.clone()).unwrap_or_default(),
        gates: finding.gates.clone(),
        subject: finding.subject.clone(),
        old: old.map(state),
        new: new.map(state),
        because,
        values: pair.values(old, new),
        trend: trend(old, new, because),
    }
}

fn state(finding: &Finding) -> FindingState {
    let gaps =
        finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).map(|cause| cause.root().to_string());
    let causes: BTreeSet<String> = gaps.filter(|_| finding.verdict == Verdict::Unknown).collect();
    FindingState {
        verdict: finding.verdict,
        level: finding.level,
        decision: finding.waiver.as_ref().map(|waiver| waiver.kind.clone()),
        message: finding.message.clone(),
        causes: causes.into_iter().collect(),
    }
}

/// Things beside a pool that only one side knows, though a rule that judges them is on both.
fn subjects(pair: &Pair<'_>, pools: &Pools<'_>, found: &mut Found) {
    let mut add = |has: &Indexed<'_>, lacks: &Indexed<'_>, presence: Presence| {
        if pair.may_be_unlisted(lacks) {
            return;
        }
        for (key, subject) in &has.subjects {
            let judged = || {
                let own = has.report.findings.iter().filter(|it| super::because::key(&it.subject) == *key);
                own.into_iter().any(|finding| lacks.report.rules.contains_key(&finding.rule))
            };
            let beside = subject.kind != SubjectKind::Pool && pools.both(subject);
            if !beside || lacks.subjects.contains_key(key) || !judged() {
                continue;
            }
            let hidden = lacks.hides_subject(has, subject);
            let part = if hidden { &mut found.evidence.subjects } else { &mut found.account.subjects };
            let trend = worse_if(hidden && presence == Presence::Gone);
            part.push(SubjectChange { subject: (*subject).clone(), presence, trend });
        }
    };
    add(&pair.old, &pair.new, Presence::Gone);
    add(&pair.new, &pair.old, Presence::New);
    for part in [&mut found.account.subjects, &mut found.evidence.subjects] {
        part.sort_by(|a, b| (&a.subject, a.presence).cmp(&(&b.subject, b.presence)));
    }
}

/// Fields that both sides name, with another value. What depends on the options of the run is no field of the account.
fn fields(pair: &Pair<'_>, found: &mut Found) {
    let old: BTreeMap<(Key<'_>, &str), _> =
        pair.old.single_values().map(|(key, field, seen, sources)| ((key, field), (seen, sources))).collect();
    for (key, field, new, sources) in pair.new.single_values() {
        let Some((was, were)) = old.get(&(key, field)).copied() else { continue };
        let Some(subject) = pair.new.subjects.get(&key) else { continue };
        let answered = sources.iter().chain(were).any(is_answer);
        if was == new || !answered {
            continue;
        }
        let change = FieldChange {
            subject: (*subject).clone(),
            field: field.to_owned(),
            old: was.clone(),
            new: new.clone(),
            added: Vec::new(),
            removed: Vec::new(),
            trend: Trend::Neutral,
        };
        // Two causes of the same gap are the findings' business.
        match (&was.cause, &new.cause) {
            (None, None) => found.account.fields.push(change),
            (Some(_), Some(_)) => {}
            (Some(_), None) | (None, Some(_)) => {
                let gap = |side: &Indexed<'_>| {
                    let own = side.report.findings.iter().filter(|it| super::because::key(&it.subject) == key);
                    let of_field = own.flat_map(|it| &it.evidence).filter(|evidence| evidence.field == field);
                    of_field.filter_map(|evidence| evidence.cause.as_ref()).any(is_unanswered)
                };
                let part = if gap(&pair.old) || gap(&pair.new) {
                    &mut found.evidence.fields
                } else {
                    &mut found.account.fields
                };
                part.push(change);
            }
        }
    }
    for part in [&mut found.account.fields, &mut found.evidence.fields] {
        part.sort_by(|a, b| (&a.subject, &a.field).cmp(&(&b.subject, &b.field)));
    }
}

/// What could be seen, in calls, permissions and places.
fn coverage(old: &Report, new: &Report, changes: &mut EvidenceChanges) {
    let newest =
        |report: &Report| report.snapshot.evidence_to.as_deref().and_then(|to| to.parse::<jiff::Timestamp>().ok());
    changes.older = matches!((newest(old), newest(new)), (Some(old), Some(new)) if new < old);
    changes.calls = calls(&old.coverage, &new.coverage);
    let actions = |coverage: &Coverage| -> BTreeSet<String> {
        let named = coverage.problems.iter().flat_map(|problem| problem.cause.missing_actions());
        named.chain(coverage.missing_actions.keys()).cloned().collect()
    };
    (changes.granted_actions, changes.missing_actions) = apart(&actions(&old.coverage), &actions(&new.coverage));
    let searched = |report: &Report| -> BTreeSet<String> { report.snapshot.searched.iter().cloned().collect() };
    (changes.not_searched, changes.searched) = apart(&searched(old), &searched(new));
    let unasked = |report: &Report| -> BTreeSet<_> { report.coverage.not_asked.iter().cloned().collect() };
    (changes.asked, changes.not_asked) = apart(&unasked(old), &unasked(new));
}

/// What only the first has, and what only the second has.
pub(super) fn apart<T: Ord + Clone>(old: &BTreeSet<T>, new: &BTreeSet<T>) -> (Vec<T>, Vec<T>) {
    (old.difference(new).cloned().collect(), new.difference(old).cloned().collect())
}

fn calls(old: &Coverage, new: &Coverage) -> Vec<CallChange> {
    const NONE: &str = "no_problem";
    type At<'a> = (&'a str, &'a str, &'a str);
    let by_call = |coverage: &Coverage| {
        let mut problems: BTreeMap<(String, String, String), Vec<CallProblem>> = BTreeMap::new();
        for problem in &coverage.problems {
            let key = (problem.account.clone(), problem.region.clone(), problem.call.clone());
            problems.entry(key).or_default().push(problem.clone());
        }
        problems
    };
    let (old, new) = (by_call(old), by_call(new));
    let none = Vec::new();
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let mut changes = Vec::new();
    for key in keys {
        let (was, is) = (old.get(key).unwrap_or(&none), new.get(key).unwrap_or(&none));
        // How many calls came to which end; one call of which there are two differs in its times only.
        let ends = |problems: &[CallProblem]| -> BTreeMap<&'static str, usize> {
            let mut ends = BTreeMap::new();
            for problem in problems {
                *ends.entry(problem.cause.kind()).or_insert(0) += problem.times;
            }
            ends
        };
        let (was_ends, is_ends) = (ends(was), ends(is));
        if was_ends == is_ends {
            continue;
        }
        let name = |ends: &BTreeMap<&'static str, usize>| {
            let names: Vec<&str> = ends.keys().copied().collect();
            if names.is_empty() { NONE.to_owned() } else { names.join(", ") }
        };
        let actions: BTreeSet<String> =
            was.iter().chain(is).flat_map(|problem| problem.cause.missing_actions()).cloned().collect();
        let (account, region, call): At<'_> = (&key.0, &key.1, &key.2);
        changes.push(CallChange {
            account: account.to_owned(),
            region: region.to_owned(),
            call: call.to_owned(),
            old: name(&was_ends),
            new: name(&is_ends),
            times: was_ends.values().sum::<usize>().max(is_ends.values().sum()),
            missing_actions: actions.into_iter().collect(),
            pool_ids: Vec::new(),
            trend: Trend::Neutral,
        });
    }
    changes
}

/// Gates that moved, and in which parts stands why.
fn gates(pair: &Pair<'_>, pools: &Pools<'_>, found: &Found) -> Vec<GateMove> {
    let mut moves = Vec::new();
    for (key, new) in &pools.new {
        let Some(old) = pools.old.get(key) else { continue };
        for gate in Gate::ALL {
            let (Some(was), Some(is)) = (old.gates.get(gate), new.gates.get(gate)) else { continue };
            let was = GateState { position: was.position, status: was.status };
            let is = GateState { position: is.position, status: is.status };
            if was == is {
                continue;
            }
            let undone = was.position == Position::Done && is.position != Position::Done;
            let lost = was.status == Status::Ready && is.status != Status::Ready;
            let gained = is.status == Status::Ready || (was.status == Status::Blocked && is.status != Status::Blocked);
            let because = parts(pair, key, *gate, was.position != is.position, found);
            // Judged otherwise is not better.
            let gained = gained && because != [Part::Rules];
            let trend = match (undone || lost, gained) {
                (true, _) => Trend::Worse,
                (false, true) => Trend::Better,
                (false, false) => Trend::Neutral,
            };
            moves.push(GateMove { pool: reference(new), gate: *gate, old: was, new: is, trend, because });
        }
    }
    moves
}

/// The parts that hold what moved a gate: findings on blockers, and for the position what AWS shows, or the options.
fn parts(pair: &Pair<'_>, pool: &PoolKey<'_>, gate: Gate, moved: bool, found: &Found) -> Vec<Part> {
    let mut parts: BTreeSet<Part> = found
        .account
        .findings
        .iter()
        .chain(&found.evidence.findings)
        .chain(found.rules.iter().flat_map(|rules| &rules.findings))
        .filter(|it| it.subject.account == pool.0 && it.subject.pool_id.as_deref() == Some(pool.1))
        .filter(|it| it.gates.contains(&gate))
        .filter(|it| it.old.iter().chain(&it.new).any(|state| state.level == Level::Blocker))
        .map(|it| it.because.part())
        .collect();
    if moved || parts.is_empty() {
        let mut options = found.rules.iter().flat_map(|rules| &rules.options);
        let planned = options.any(|option| option.name == "target_issuer") && gate == Gate::Issuer;
        let (old, new) = (&pair.old.report.snapshot.digest, &pair.new.report.snapshot.digest);
        parts.insert(if planned || old == new { Part::Rules } else { Part::Account });
    }
    parts.into_iter().collect()
}
