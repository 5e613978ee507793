//! How two runs judged: their rules, options, reductions and decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use crate::model::diff::{DecisionChange, DecisionState, OptionChange, RuleChange, RuleChanges, RuleRef, TextChange};
use crate::model::report::{Report, RuleSummary, Run, WaiverState};

use super::report::apart;

/// What changed in how it is judged, but for the findings.
pub(super) fn changes(old: &Report, new: &Report) -> RuleChanges {
    let reductions = |report: &Report| report.run.reductions.iter().cloned().collect::<BTreeSet<_>>();
    let (reductions_gone, reductions) = apart(&reductions(old), &reductions(new));
    RuleChanges {
        tool: text(&old.tool.version, &new.tool.version),
        catalogue: text(&old.run.catalogue_digest, &new.run.catalogue_digest),
        added: only(new, old),
        removed: only(old, new),
        changed: changed(old, new),
        options: options(&old.run, &new.run),
        reductions,
        reductions_gone,
        decisions: decisions(&old.waivers, &new.waivers),
        findings: Vec::new(),
    }
}

fn text(old: &str, new: &str) -> Option<TextChange> {
    (old != new).then(|| TextChange { old: old.to_owned(), new: new.to_owned() })
}

/// The rules that only the first judged.
fn only(has: &Report, lacks: &Report) -> Vec<RuleRef> {
    let only = has.rules.iter().filter(|(id, _)| !lacks.rules.contains_key(*id));
    only.map(|(id, rule)| RuleRef { id: id.clone(), title: rule.title.clone(), level: rule.level }).collect()
}

fn changed(old: &Report, new: &Report) -> Vec<RuleChange> {
    let both = new.rules.iter().filter_map(|(id, is)| Some((id, old.rules.get(id)?, is)));
    both.map(|(id, was, is)| RuleChange { id: id.clone(), title: is.title.clone(), members: members(was, is) })
        .filter(|change| !change.members.is_empty())
        .collect()
}

fn members(was: &RuleSummary, is: &RuleSummary) -> Vec<OptionChange> {
    let said = |rule: &RuleSummary| {
        let references = rule.references.iter().map(|it| format!("{} ({}, read {})", it.url, it.grade, it.read));
        [
            ("title", Some(rule.title.clone())),
            ("short", rule.short.clone()),
            ("level", Some(rule.level.to_string())),
            ("decided_by", Some(rule.decided_by.to_string())),
            ("gates", list(&rule.gates)),
            ("subject", Some(rule.subject.to_string())),
            ("tags", list(&rule.tags)),
            ("waivable", Some(rule.waivable.to_string())),
            ("why", Some(rule.why.clone())),
            ("references", list(&references.collect::<Vec<_>>())),
        ]
    };
    side_by_side(said(was), said(is))
}

fn side_by_side<const N: usize>(
    was: [(&'static str, Option<String>); N],
    is: [(&'static str, Option<String>); N],
) -> Vec<OptionChange> {
    let pairs = was.into_iter().zip(is).filter(|((_, was), (_, is))| was != is);
    pairs.map(|((name, old), (_, new))| OptionChange { name: name.to_owned(), old, new }).collect()
}

fn list<T: Display>(items: &[T]) -> Option<String> {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    (!items.is_empty()).then(|| items.join(", "))
}

/// The judging options that decide a verdict or what counts. The clock is in both sides' heads, and a baseline decides nothing.
fn options(was: &Run, is: &Run) -> Vec<OptionChange> {
    let said = |run: &Run| {
        [
            ("target_issuer", Some(run.target_issuer.to_string())),
            ("gates", list(&run.gates)),
            ("operator_arn", run.operator_arn.clone()),
            ("monthly_active_users", run.monthly_active_users.map(|users| users.to_string())),
            ("required_tags", list(&run.required_tags)),
            ("fail_on", Some(run.fail_on.clone())),
            ("strict", Some(run.strict.to_string())),
            ("config_digest", run.config_digest.clone()),
            ("waiver_digests", list(&run.waiver_digests)),
        ]
    };
    side_by_side(said(was), said(is))
}

/// Whether an option decides verdicts, and not only what counts.
pub(super) fn decides_verdicts(option: &OptionChange) -> bool {
    !matches!(option.name.as_str(), "gates" | "fail_on" | "strict" | "waiver_digests")
}

/// Entries of the decisions files by kind, rule and subject: their lines move.
fn decisions(old: &[WaiverState], new: &[WaiverState]) -> Vec<DecisionChange> {
    type Entries<'a> = BTreeMap<(&'a str, &'a str, &'a str), Vec<DecisionState>>;
    fn by_entry(states: &[WaiverState]) -> Entries<'_> {
        let mut entries: Entries<'_> = BTreeMap::new();
        for it in states {
            let state = DecisionState {
                state: it.state.clone(),
                owner: it.owner.clone(),
                expires: it.expires.clone(),
                detail: it.detail.clone(),
            };
            entries.entry((&it.kind, &it.rule, &it.subject)).or_default().push(state);
        }
        for states in entries.values_mut() {
            states.sort_by(|a, b| (&a.expires, &a.owner, &a.state).cmp(&(&b.expires, &b.owner, &b.state)));
        }
        entries
    }
    let (was, is) = (by_entry(old), by_entry(new));
    let keys: BTreeSet<_> = was.keys().chain(is.keys()).copied().collect();
    let mut changes = Vec::new();
    for key in keys {
        let of = |entries: &Entries<'_>| entries.get(&key).cloned().unwrap_or_default();
        let (was, is) = (of(&was), of(&is));
        for at in 0..was.len().max(is.len()) {
            let (old, new) = (was.get(at).cloned(), is.get(at).cloned());
            if old != new {
                let (kind, rule, subject) = (key.0.to_owned(), key.1.to_owned(), key.2.to_owned());
                changes.push(DecisionChange { kind, rule, subject, old, new });
            }
        }
    }
    changes
}
