//! What a condition of a step says before, and once other steps have been taken: the fields of a subject, with what is
//! assumed before what the evidence says. Rules are judged by `audit`, over facts that carry the assumptions themselves.

use std::rc::Rc;

use jiff::Timestamp;

use crate::audit::{Outcome, Scope, SubjectScope, evaluate};
use crate::facts::{Assumed, Child, Facts, FieldSet, PoolView};
use crate::model::{Absence, Fact, Fields, SubjectKind, Truth};
use crate::rules::{AwsPointer, Check};

/// A pool, or one of its things, when some steps have been taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead<'a> {
    /// The facts of the run.
    pub(super) facts: &'a Facts<'a>,
    /// The pool.
    pub(super) pool: &'a PoolView<'a>,
    /// The thing; `None` for the pool itself.
    pub(super) child: Option<&'a Child>,
    /// What is assumed beyond what the facts assume themselves.
    pub(super) assumed: Option<&'a Assumed>,
}

impl Ahead<'_> {
    /// What a condition says, and what it looked at.
    pub(super) fn outcome(&self, check: &Check) -> Outcome {
        evaluate(check, self)
    }

    /// Whether a condition holds; one that is not there does.
    pub(super) fn holds(&self, check: Option<&Check>) -> Truth {
        check.map_or(Truth::True, |check| self.outcome(check).truth)
    }
}

impl Scope for Ahead<'_> {
    fn fact(&self, field: &str) -> (Rc<Fact>, Absence) {
        let of_child = |assumed: &Assumed| {
            let child = self.child?;
            assumed.child_field(child.subject.kind, &child.subject.id, field)
        };
        let fact = self.assumed.and_then(|assumed| of_child(assumed).or_else(|| assumed.field(field)));
        match fact {
            Some(fact) => {
                let kind = self.child.map_or(SubjectKind::Pool, |child| child.subject.kind);
                (Rc::new(fact), FieldSet.field(kind, field).map_or(Absence::Unknown, |spec| spec.absent))
            }
            None => self.seen().fact(field),
        }
    }

    fn aws(&self, at: &AwsPointer) -> Fact {
        self.seen().aws(at)
    }

    fn now(&self) -> Timestamp {
        self.facts.options().now
    }
}

impl<'a> Ahead<'a> {
    fn seen(&self) -> SubjectScope<'a> {
        SubjectScope { facts: self.facts, pool: Some(self.pool), child: self.child }
    }
}
