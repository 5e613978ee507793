//! What a rule must say once certain calls are not answered, computed from provenance and from the table of operations.
//!
//! Where a field's value comes from is in its sources; which calls have to be answered before a call can be made is in the
//! table. Held against what the program says in the matrices offline and against the test-side account.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use mrready::audit::{Scope, judge, needs};
use mrready::facts::{Child, Children, Facts, FieldSet, PoolView};
use mrready::model::report::{Report, Subject};
use mrready::model::{Absence, Cause, Fact, Fields, Source, SubjectKind, Verdict};
use mrready::rules::{AwsPointer, Rule};
use mrready::snapshot::operations::{Asked, find_call};

use crate::builder::S;

/// The pool whose findings are compared: every account here has one.
pub(crate) fn only<'f>(facts: &'f Facts<'f>) -> PoolView<'f> {
    let mut pools = facts.pools();
    assert_eq!(pools.len(), 1);
    pools.remove(0)
}

/// The fields of a pool or one of its children, seen as a rule sees them, but for those that hang on calls which are gone.
struct Seen<'a> {
    facts: &'a Facts<'a>,
    pool: &'a PoolView<'a>,
    child: Option<&'a Child>,
    gone: &'a BTreeSet<String>,
    /// For what was not seen: where it is, if it can be in one place only.
    origin: Option<String>,
}

impl Scope for Seen<'_> {
    fn fact(&self, field: &str) -> (Rc<Fact>, Absence) {
        let kind = self.child.map_or(SubjectKind::Pool, |child| child.subject.kind);
        let spec = FieldSet.field(kind, field);
        let absence = spec.map_or(Absence::Unknown, |spec| spec.absent);
        if let Some(origin) = self.origin.as_deref().filter(|_| field == "reference.origin") {
            return (Rc::new(Fact::known(origin, Vec::new())), absence);
        }
        let fact = self.child.and_then(|child| child.field(field)).or_else(|| self.pool.field(field));
        let fact = fact.unwrap_or_else(|| unknown(field));
        if fact.sources.iter().any(|source| self.lost(source)) {
            return (Rc::new(Fact { sources: fact.sources, ..unknown(field) }), absence);
        }
        (Rc::new(fact), absence)
    }

    fn aws(&self, at: &AwsPointer) -> Fact {
        panic!("no built-in rule reads {at:?} directly")
    }

    fn now(&self) -> jiff::Timestamp {
        self.facts.options().now
    }
}

impl Seen<'_> {
    /// Whether an answer could not have been had.
    fn lost(&self, source: &Source) -> bool {
        let Source::Call { call, region, parameters, .. } = source else { return false };
        let by_arn = parameters.get("KeyId").is_some_and(|id| id.starts_with("arn:"));
        !prerequisites(call, region, by_arn).is_disjoint(self.gone)
    }
}

fn unknown(what: &str) -> Fact {
    Fact::unknown(Cause::Given { what: format!("{what} is gone") }, Vec::new())
}

/// The calls that have to be answered for this one to be made, itself among them. The replica is asked because the list of
/// replicas names it; the related key because the key does, by its id: a key that a setting names is asked by its ARN.
fn prerequisites(call: &str, region: &str, by_arn: bool) -> BTreeSet<String> {
    let mut calls = needs::with_prerequisites([call]);
    if region == S {
        let asked = find_call(call).map(|operation| operation.asked);
        match asked {
            Some(Asked::PrimaryAndSecondary) => {
                calls.extend(needs::with_prerequisites(["cognito-idp:ListUserPoolReplicas"]));
            }
            Some(Asked::Key) if !by_arn => calls.extend(needs::with_prerequisites(["kms:DescribeKey"])),
            _ => {}
        }
    }
    calls
}

/// What a whole snapshot says of its only pool, read once.
#[derive(Debug)]
pub(crate) struct Whole<'f> {
    facts: &'f Facts<'f>,
    pool: PoolView<'f>,
    children: BTreeMap<SubjectKind, Children>,
}

impl<'f> Whole<'f> {
    pub(crate) fn of(facts: &'f Facts<'f>) -> Self {
        let pool = only(facts);
        let children = SubjectKind::ALL.iter().filter_map(|kind| Some((*kind, pool.children(*kind)?))).collect();
        Self { facts, pool, children }
    }
}

/// The verdict that a rule must give on each subject once `gone` is not answered, and these subjects are still seen.
pub(crate) fn expected(
    whole: &Whole<'_>,
    rule: &Rule,
    gone: &BTreeSet<String>,
    remaining: &BTreeSet<&String>,
) -> BTreeMap<String, Verdict> {
    let Whole { facts, pool, children } = whole;
    let on_pool = || judge(rule, &Seen { facts, pool, child: None, gone, origin: origin(rule.subject, gone) }).verdict;
    let mut verdicts = BTreeMap::new();
    if rule.subject == SubjectKind::Account {
        let accounts = facts.account_subjects();
        let judged = |child: &Child| judge(rule, &Seen { facts, pool, child: Some(child), gone, origin: None }).verdict;
        return accounts.iter().map(|child| (child.subject.id.clone(), judged(child))).collect();
    }
    let Some(children) = children.get(&rule.subject) else {
        return BTreeMap::from([(pool.key.id.clone(), on_pool())]);
    };
    if listing(rule.subject).iter().any(|call| !needs::with_prerequisites([call.as_str()]).is_disjoint(gone)) {
        let verdict = if on_pool() == Verdict::NotApplicable { Verdict::NotApplicable } else { Verdict::Unknown };
        verdicts.insert(pool.key.id.clone(), verdict);
        // Of those that were seen all the same, through another call, the verdict stays what it was.
        verdicts.extend(children.found.items.iter().filter(|child| remaining.contains(&child.subject.id)).map(
            |child| {
                (
                    child.subject.id.clone(),
                    judge(rule, &Seen { facts, pool, child: Some(child), gone, origin: None }).verdict,
                )
            },
        ));
        return verdicts;
    }
    for child in &children.found.items {
        let seen = Seen { facts, pool, child: Some(child), gone, origin: None };
        verdicts.insert(child.subject.id.clone(), judge(rule, &seen).verdict);
    }
    if children.found.items.is_empty() {
        verdicts.insert(pool.key.id.clone(), Verdict::NotApplicable);
    }
    verdicts
}

/// The one service whose references cannot all be seen without these calls.
fn origin(kind: SubjectKind, gone: &BTreeSet<String>) -> Option<String> {
    let lost = |call: &String| !needs::with_prerequisites([call.as_str()]).is_disjoint(gone);
    let listed = if kind == SubjectKind::Reference { listing(kind) } else { BTreeSet::new() };
    let services: BTreeSet<&str> =
        listed.iter().filter(|call| lost(call)).filter_map(|call| call.split(':').next()).collect();
    services.first().filter(|_| services.len() == 1).map(|service| (*service).to_owned())
}

/// The calls without which the subjects of a kind cannot be listed: those that all fields of the kind read.
pub(crate) fn listing(kind: SubjectKind) -> BTreeSet<String> {
    let own = FieldSet.all().into_iter().filter(|spec| spec.name.split('.').next() == Some(kind.as_str()));
    let mut sets = own.map(|spec| spec.calls.iter().map(|call| (*call).to_owned()).collect::<BTreeSet<_>>());
    let first = sets.next().expect("a kind has fields");
    sets.fold(first, |common, set| common.intersection(&set).cloned().collect())
}

/// The verdicts of one rule by subject, references without a pool left out.
pub(crate) fn verdicts_of(report: &Report, rule: &str) -> BTreeMap<String, Verdict> {
    let told = |subject: &Subject| subject.pool_id.is_some() || subject.kind == SubjectKind::Account;
    let found = report.findings.iter().filter(|finding| finding.rule == rule && told(&finding.subject));
    found.map(|finding| (finding.subject.id.clone(), finding.verdict)).collect()
}
