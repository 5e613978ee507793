//! What a reader must know first: a sentence a pool, the reasons of the exit code, and how many changes go which way.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::diff::{
    CallChange, Diff, FieldChange, FindingChange, GateMove, GateState, PoolRef, Presence, Seen, SubjectChange, Trend,
};
use crate::model::{Status, Subject, Verdict};

/// How many fields, gates and causes a sentence names; the rest is counted.
const NAMED: usize = 3;

fn findings(diff: &Diff) -> impl Iterator<Item = &FindingChange> {
    let rules = diff.rules.iter().flat_map(|rules| &rules.findings);
    diff.account.findings.iter().chain(&diff.evidence.findings).chain(rules)
}

fn fields(diff: &Diff) -> impl Iterator<Item = &FieldChange> {
    diff.account.fields.iter().chain(&diff.evidence.fields)
}

fn subjects(diff: &Diff) -> impl Iterator<Item = &SubjectChange> {
    diff.account.subjects.iter().chain(&diff.evidence.subjects)
}

/// How many changes there are of each trend.
pub(super) fn trends(diff: &Diff) -> BTreeMap<Trend, usize> {
    let mut all: Vec<Trend> = diff.gates.iter().map(|it| it.trend).collect();
    all.extend(diff.account.pools.iter().map(|it| it.trend));
    all.extend(subjects(diff).map(|it| it.trend));
    all.extend(fields(diff).map(|it| it.trend));
    all.extend(findings(diff).map(|it| it.trend));
    all.extend(diff.evidence.calls.iter().map(|it| it.trend));
    all.extend(diff.evidence.trees.iter().map(|it| it.trend));
    let (account, evidence) = (&diff.account, &diff.evidence);
    let places =
        evidence.searched.len() + evidence.not_searched.len() + evidence.asked.len() + evidence.not_asked.len();
    let rest = account.members.len() + account.asked.len() + account.references.len() + places;
    all.extend(std::iter::repeat_n(Trend::Neutral, rest));
    // A place of a snapshot that is not searched any more is told by the calls that were made there.
    if let Some(rules) = &diff.rules {
        all.extend(rules.reductions.iter().map(|it| super::worse_if(it.touches_blocker)));
        let rest = [
            rules.tool.iter().count(),
            rules.catalogue.iter().count(),
            rules.added.len(),
            rules.removed.len(),
            rules.changed.len(),
            rules.options.len(),
            rules.reductions_gone.len(),
            rules.decisions.len(),
        ];
        all.extend(std::iter::repeat_n(Trend::Neutral, rest.iter().sum()));
    }
    let mut trends = BTreeMap::new();
    for trend in all {
        *trends.entry(trend).or_insert(0) += 1;
    }
    trends
}

/// Every reason for saying that something got worse.
pub(super) fn worse(diff: &Diff) -> Vec<String> {
    let is_worse = |trend: Trend| trend == Trend::Worse;
    let mut reasons: Vec<String> = Vec::new();
    for it in diff.gates.iter().filter(|it| is_worse(it.trend)) {
        reasons.push(format!("{}: {}", it.pool.id, gate(it)));
    }
    for it in diff.account.pools.iter().filter(|it| is_worse(it.trend)) {
        reasons.push(match it.presence {
            Presence::Gone => format!("{} is not in scope any more", it.pool.id),
            Presence::New => format!("{} is new: {}", it.pool.id, counts(&it.counts)),
        });
    }
    let mut news: BTreeMap<Option<&str>, Vec<&FindingChange>> = BTreeMap::new();
    for it in findings(diff).filter(|it| is_worse(it.trend)) {
        news.entry(it.subject.pool_id.as_deref()).or_default().push(it);
    }
    for (pool, changes) in news {
        reasons.push(format!("{}: {}", pool.unwrap_or("of no pool"), opened(&changes).join(", ")));
    }
    let mut count = |n: usize, one: &str, several: &str| match n {
        0 => {}
        1 => reasons.push(format!("1 {one}")),
        n => reasons.push(format!("{n} {several}")),
    };
    count(
        subjects(diff).filter(|it| is_worse(it.trend)).count(),
        "thing is not seen any more",
        "things are not seen any more",
    );
    count(
        fields(diff).filter(|it| is_worse(it.trend)).count(),
        "field is not known any more",
        "fields are not known any more",
    );
    count(
        diff.evidence.trees.iter().filter(|it| is_worse(it.trend)).count(),
        "source tree is not read whole any more",
        "source trees are not read whole any more",
    );
    for it in diff.evidence.calls.iter().filter(|it| is_worse(it.trend)) {
        reasons.push(call(it));
    }
    for it in diff.rules.iter().flat_map(|rules| &rules.reductions).filter(|it| it.touches_blocker) {
        reasons.push(format!("{} touches a blocker", it.option));
    }
    reasons
}

/// A sentence a pool, and one for what concerns none.
pub(super) fn answer(diff: &Diff) -> Vec<String> {
    let mut pools: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
    let mut add = |subject: &Subject| {
        if let Some(id) = &subject.pool_id {
            let own = (subject.id == *id).then(|| subject.name.clone()).flatten();
            let name = pools.entry((subject.account.clone(), id.clone())).or_default();
            *name = name.take().or(own);
        }
    };
    fields(diff).for_each(|it| add(&it.subject));
    findings(diff).for_each(|it| add(&it.subject));
    subjects(diff).for_each(|it| add(&it.subject));
    let mut name = |account: &str, id: &str, name: &Option<String>| {
        let held = pools.entry((account.to_owned(), id.to_owned())).or_default();
        *held = held.take().or_else(|| name.clone());
    };
    let refs: Vec<&PoolRef> =
        diff.gates.iter().map(|it| &it.pool).chain(diff.account.pools.iter().map(|it| &it.pool)).collect();
    for it in refs {
        name(&it.account, &it.id, &it.name);
    }
    for it in &diff.account.members {
        if let Some(id) = &it.pool_id {
            name(&it.account, id, &None);
        }
    }
    for it in &diff.evidence.calls {
        for id in &it.pool_ids {
            name(&it.account, id, &None);
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for ((account, id), name) in &pools {
        let parts = of_pool(diff, account, id);
        if !parts.is_empty() {
            let name = name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            lines.push(format!("{id}{name}: {}", parts.join("; ")));
        }
    }
    let rest = of_none(diff);
    if !rest.is_empty() {
        lines.push(format!("Beside the pools: {}", rest.join("; ")));
    }
    if lines.is_empty() {
        lines.push("Nothing changed.".to_owned());
    }
    lines
}

fn of_pool(diff: &Diff, account: &str, id: &str) -> Vec<String> {
    let mine = |subject: &Subject| subject.account == account && subject.pool_id.as_deref() == Some(id);
    let is_pool = |pool: &PoolRef| pool.account == account && pool.id == id;
    let mut parts = Vec::new();
    for it in diff.account.pools.iter().filter(|it| is_pool(&it.pool)) {
        let counts = if it.counts.is_empty() { String::new() } else { format!(" ({})", counts(&it.counts)) };
        parts.push(match it.presence {
            Presence::New => format!("new in scope{counts}"),
            Presence::Gone => format!("not in scope any more{counts}"),
        });
    }
    let gates: Vec<String> = diff.gates.iter().filter(|it| is_pool(&it.pool)).map(gate).collect();
    parts.extend(gates);
    let own: Vec<&FieldChange> = diff.account.fields.iter().filter(|it| mine(&it.subject)).collect();
    some(&mut parts, &own, "field", |it| {
        let of = if it.subject.id == id { String::new() } else { format!(" of {}", title(&it.subject)) };
        format!("{}{of} {} → {}", it.field, told(&it.old), told(&it.new))
    });
    let members = diff.account.members.iter().filter(|it| it.account == account && it.pool_id.as_deref() == Some(id));
    count(&mut parts, members.count(), "other member changed", "other members changed");
    for (presence, words) in [(Presence::New, "new"), (Presence::Gone, "gone")] {
        let those: Vec<&SubjectChange> =
            diff.account.subjects.iter().filter(|it| it.presence == presence && mine(&it.subject)).collect();
        some(&mut parts, &those, "thing", |it| format!("{words}: {} {}", it.subject.kind, title(&it.subject)));
    }
    let found: Vec<&FindingChange> = findings(diff).filter(|it| mine(&it.subject)).collect();
    count(&mut parts, found.iter().filter(|it| it.trend == Trend::Better).count(), "resolved", "resolved");
    let worse: Vec<&FindingChange> = found.iter().copied().filter(|it| it.trend == Trend::Worse).collect();
    parts.extend(opened(&worse));
    let others = found.iter().filter(|it| it.trend == Trend::Neutral).count();
    count(&mut parts, others, "finding changed otherwise", "findings changed otherwise");
    let lost = subjects(diff).filter(|it| it.trend == Trend::Worse && mine(&it.subject)).count();
    count(&mut parts, lost, "thing is not seen any more", "things are not seen any more");
    let unknown = diff.evidence.fields.iter().filter(|it| mine(&it.subject));
    let (lost, gained): (Vec<_>, Vec<_>) = unknown.partition(|it| it.new.cause.is_some());
    count(&mut parts, lost.len(), "field not known any more", "fields not known any more");
    count(&mut parts, gained.len(), "field known now", "fields known now");
    for it in diff.evidence.calls.iter().filter(|it| it.account == account && it.pool_ids.iter().any(|pool| pool == id))
    {
        parts.push(call(it));
    }
    parts
}

/// What concerns no pool, or all of them.
fn of_none(diff: &Diff) -> Vec<String> {
    let mut parts = Vec::new();
    if diff.evidence.older {
        parts.push("the newer document has the older evidence: are they in the right order?".to_owned());
    }
    let free: Vec<&FindingChange> = findings(diff).filter(|it| it.subject.pool_id.is_none()).collect();
    count(&mut parts, free.iter().filter(|it| it.trend == Trend::Better).count(), "resolved", "resolved");
    parts.extend(opened(&free.iter().copied().filter(|it| it.trend == Trend::Worse).collect::<Vec<_>>()));
    let neutral = free.iter().filter(|it| it.trend == Trend::Neutral).count();
    count(&mut parts, neutral, "finding changed otherwise", "findings changed otherwise");
    let free = subjects(diff).filter(|it| it.subject.pool_id.is_none()).count();
    count(&mut parts, free, "thing came or went", "things came or went");
    let (account, evidence) = (&diff.account, &diff.evidence);
    let members = account.members.iter().filter(|it| it.pool_id.is_none()).count();
    count(&mut parts, members, "member of an answer changed", "members of answers changed");
    count(&mut parts, account.asked.len(), "resource is asked about otherwise", "resources are asked about otherwise");
    count(&mut parts, account.references.len(), "issuer reference changed", "issuer references changed");
    let calls: Vec<_> = evidence.calls.iter().filter(|it| it.pool_ids.is_empty()).collect();
    some(&mut parts, &calls, "call", |it| call(it));
    let places = evidence.searched.len() + evidence.not_searched.len();
    count(&mut parts, places, "place is searched otherwise", "places are searched otherwise");
    let unasked = evidence.asked.len() + evidence.not_asked.len();
    count(&mut parts, unasked, "call is left out otherwise", "calls are left out otherwise");
    count(&mut parts, evidence.trees.len(), "source tree changed", "source trees changed");
    let Some(rules) = &diff.rules else { return parts };
    if let Some(tool) = &rules.tool {
        parts.push(format!("mrready {} → {}", tool.old, tool.new));
    }
    count(&mut parts, rules.added.len(), "rule added", "rules added");
    count(&mut parts, rules.removed.len(), "rule removed", "rules removed");
    count(&mut parts, rules.changed.len(), "rule changed", "rules changed");
    let silent = rules.added.is_empty() && rules.removed.is_empty() && rules.changed.is_empty();
    if rules.catalogue.is_some() && silent {
        parts.push("the rules differ in what a report does not show of them".to_owned());
    }
    count(&mut parts, rules.options.len(), "option changed", "options changed");
    let reductions = rules.reductions.len() + rules.reductions_gone.len();
    count(&mut parts, reductions, "reduction changed", "reductions changed");
    count(&mut parts, rules.decisions.len(), "decision changed", "decisions changed");
    parts
}

/// `1 new UNKNOWN: kms:DescribeKey was denied …`, a verdict after the other.
fn opened(changes: &[&FindingChange]) -> Vec<String> {
    let mut parts = Vec::new();
    for verdict in [Verdict::Fail, Verdict::Warn, Verdict::Unknown, Verdict::Manual] {
        let of: Vec<&&FindingChange> =
            changes.iter().filter(|it| it.new.as_ref().is_some_and(|new| new.verdict == verdict)).collect();
        if of.is_empty() {
            continue;
        }
        let word = verdict.as_str().to_ascii_uppercase();
        let causes: BTreeSet<&str> =
            of.iter().flat_map(|it| it.new.iter().flat_map(|new| &new.causes)).map(String::as_str).collect();
        let because = match causes.len() {
            0 => String::new(),
            n => {
                let named: Vec<&str> = causes.into_iter().take(NAMED).collect();
                let more = if n > NAMED { format!(" and {} more causes", n - NAMED) } else { String::new() };
                format!(": {}{more}", named.join(", "))
            }
        };
        parts.push(format!("{} new {word}{because}", of.len()));
    }
    let gone = changes.iter().filter(|it| it.new.is_none()).count();
    count(&mut parts, gone, "finding lost from sight", "findings lost from sight");
    parts
}

fn gate(it: &GateMove) -> String {
    let word = |state: &GateState| {
        let status = if state.status == Status::Ready { "READY".to_owned() } else { state.status.to_string() };
        (state.position.to_string().replace('_', " "), status)
    };
    let ((was, old), (is, new)) = (word(&it.old), word(&it.new));
    match (was == is, old == new) {
        (true, _) => format!("gate {} {old} → {new}", it.gate),
        (false, true) => format!("gate {} {was} → {is}", it.gate),
        (false, false) => format!("gate {} {was}, {old} → {is}, {new}", it.gate),
    }
}

fn call(it: &CallChange) -> String {
    let words = |word: &str| word.replace('_', " ");
    format!("{} in {}: {} → {}", it.call, it.region, words(&it.old), words(&it.new))
}

fn counts(counts: &BTreeMap<Verdict, usize>) -> String {
    let some = counts.iter().filter(|(verdict, _)| !matches!(verdict, Verdict::NotApplicable));
    some.map(|(verdict, n)| format!("{n} {verdict}")).collect::<Vec<_>>().join(", ")
}

fn told(seen: &Seen) -> String {
    match (&seen.value, seen.absent) {
        (Some(value), _) if value.is_empty() => "(empty)".to_owned(),
        (Some(value), _) => value.clone(),
        (None, true) => "(none)".to_owned(),
        (None, false) => "unknown".to_owned(),
    }
}

fn title(subject: &Subject) -> String {
    subject.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| subject.id.clone())
}

fn count(parts: &mut Vec<String>, n: usize, one: &str, several: &str) {
    match n {
        0 => {}
        1 => parts.push(format!("1 {one}")),
        n => parts.push(format!("{n} {several}")),
    }
}

/// Some of them by name, the rest as a number.
fn some<T>(parts: &mut Vec<String>, items: &[T], noun: &str, name: impl Fn(&T) -> String) {
    parts.extend(items.iter().take(NAMED).map(name));
    if items.len() > NAMED {
        parts.push(format!("{} more {noun}s", items.len() - NAMED));
    }
}
