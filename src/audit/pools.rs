//! Every rule on one pool and on what belongs to it.
//!
//! A fleet has a hundred passes for each finding that is open. Where only that is told ([`Options::open_only`]), a rule is
//! first asked for its verdict alone, on a view of the pool that keeps no provenance; what is open is then judged again, on one
//! that does. Not here: what a verdict is (`judge`), what decisions and gates make of it.

use std::cell::OnceCell;

use crate::facts::{Children, Facts, PoolView};
use crate::model::report::Finding;
use crate::model::{Subject, SubjectKind, Verdict};
use crate::rules::{Catalog, Rule};
use crate::snapshot::NO_ACCOUNT;

use super::judge::{self, judge};
use super::{Options, SubjectScope, Whose, finding, written};

/// The pools in scope, as they are judged.
pub(super) fn in_scope<'a>(facts: &'a Facts<'_>, options: &Options) -> Vec<PoolView<'a>> {
    if !options.open_only {
        return facts.pools();
    }
    facts.snapshot().header.scope.pools.iter().map(|key| facts.untold_pool(key)).collect()
}

/// A pool, and those of its children that were asked for.
struct Seen<'s> {
    facts: &'s Facts<'s>,
    pool: &'s PoolView<'s>,
    subject: Subject,
    children: Vec<OnceCell<Option<Children>>>,
}

impl<'s> Seen<'s> {
    fn new(facts: &'s Facts<'s>, pool: &'s PoolView<'s>) -> Self {
        let children = SubjectKind::ALL.iter().map(|_| OnceCell::new()).collect();
        Self { facts, pool, subject: pool.subject(), children }
    }

    /// The children of a kind; `None` for the pool itself.
    fn children(&self, kind: SubjectKind) -> Option<&Children> {
        self.children.get(kind as usize)?.get_or_init(|| self.pool.children(kind)).as_ref()
    }

    /// What a rule sees of the pool, or of the child of this number.
    fn scope(&self, rule: &Rule, child: Option<usize>) -> SubjectScope<'_> {
        let child = child.and_then(|number| self.children(rule.subject)?.found.items.get(number));
        SubjectScope { facts: self.facts, pool: Some(self.pool), child }
    }

    fn subject(&self, scope: &SubjectScope<'_>) -> Subject {
        scope.child.map_or(&self.subject, |child| &child.subject).clone()
    }
}

/// Every rule on one pool and what belongs to it: at least one finding each, in the order of the rules.
pub(super) fn judge_pool(
    facts: &Facts<'_>,
    pool: &PoolView<'_>,
    catalog: &Catalog,
    options: &Options,
    findings: &mut Vec<Finding>,
) {
    let seen = Seen::new(facts, pool);
    let (told_view, told_seen) = (OnceCell::new(), OnceCell::new());
    let told = || {
        if !options.open_only {
            return &seen;
        }
        told_seen.get_or_init(|| Seen::new(facts, told_view.get_or_init(|| facts.pool(&pool.key))))
    };
    let one = |rule: &Rule, child: Option<usize>| {
        if options.open_only {
            let scope = seen.scope(rule, child);
            let verdict = judge::verdict_alone(rule, &scope);
            if is_quiet(verdict) {
                return quiet(rule, catalog, scope.child.map_or(&seen.subject, |child| &child.subject), verdict);
            }
        }
        let scope = told().scope(rule, child);
        finding(rule, catalog, told().subject(&scope), judge(rule, &scope))
    };
    // An account is judged once, and belongs to no pool.
    for rule in catalog.rules.iter().filter(|rule| rule.subject != SubjectKind::Account) {
        let Some(children) = seen.children(rule.subject) else {
            findings.push(one(rule, None));
            continue;
        };
        findings.extend((0..children.found.items.len()).map(|number| one(rule, Some(number))));
        let rest = match &children.found.incomplete {
            // What the pool alone rules out, no unseen subject can bring back.
            Some(cause) => {
                let alone = one(rule, None);
                if alone.verdict == Verdict::NotApplicable {
                    findings.push(alone);
                    continue;
                }
                judge::not_all_listed(rule, cause)
            }
            None if !children.found.items.is_empty() => continue,
            None if options.open_only => {
                findings.push(quiet(rule, catalog, &seen.subject, Verdict::NotApplicable));
                continue;
            }
            None => judge::none_found(rule, &children.searched),
        };
        findings.push(finding(rule, catalog, seen.subject.clone(), rest));
    }
}

/// Every rule on what belongs to no pool: accounts, and references whose pool could not be resolved.
pub(super) fn judge_without_pool(
    facts: &Facts<'_>,
    catalog: &Catalog,
    options: &Options,
    whose: Whose,
    findings: &mut Vec<Finding>,
) {
    let mut without_pool = facts.unresolved_references();
    without_pool.extend(facts.account_subjects());
    without_pool.retain(|child| match whose {
        Whose::All => true,
        Whose::Accounts => child.subject.account != NO_ACCOUNT,
        Whose::Trees => child.subject.account == NO_ACCOUNT,
    });
    for child in &without_pool {
        for rule in catalog.rules.iter().filter(|rule| rule.subject == child.subject.kind) {
            let scope = SubjectScope { facts, pool: None, child: Some(child) };
            let judgement = judge(rule, &scope);
            findings.push(if options.open_only && is_quiet(judgement.verdict) {
                quiet(rule, catalog, &child.subject, judgement.verdict)
            } else {
                finding(rule, catalog, child.subject.clone(), judgement)
            });
        }
    }
}

/// A finding of which nothing is told but its verdict.
fn quiet(rule: &Rule, catalog: &Catalog, subject: &Subject, verdict: Verdict) -> Finding {
    let subject = Subject {
        kind: subject.kind,
        id: subject.id.clone(),
        name: None,
        arn: None,
        region: None,
        account: subject.account.clone(),
        pool_id: subject.pool_id.clone(),
    };
    written(rule, catalog, subject, judge::untold(verdict), String::new())
}

/// Whether nothing is told of a finding but its verdict.
fn is_quiet(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::NotApplicable)
}
