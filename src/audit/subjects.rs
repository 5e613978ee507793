//! The fields that a rule sees when it judges a subject: the subject's own, then its pool's.

use std::rc::Rc;

use jiff::Timestamp;

use crate::facts::{Child, Facts, FieldSet, PoolView};
use crate::model::{Absence, Cause, Fact, Fields, Observed, SubjectKind};
use crate::rules::AwsPointer;
use crate::snapshot::operations;

use super::evaluate::Scope;

/// A pool, a child of a pool, or a reference whose pool could not be resolved.
#[derive(Debug, Clone, Copy)]
pub struct SubjectScope<'a> {
    /// The facts of the run.
    pub facts: &'a Facts<'a>,
    /// The pool; `None` for a reference that nobody can attribute.
    pub pool: Option<&'a PoolView<'a>>,
    /// The child; `None` for the pool itself.
    pub child: Option<&'a Child>,
}

impl SubjectScope<'_> {
    /// What the absence of a field means for the subject.
    fn absence(&self, field: &str) -> Absence {
        let kind = self.child.map_or(SubjectKind::Pool, |child| child.subject.kind);
        FieldSet.field(kind, field).map_or(Absence::Unknown, |spec| spec.absent)
    }
}

impl Scope for SubjectScope<'_> {
    fn fact(&self, field: &str) -> (Rc<Fact>, Absence) {
        if self.child.is_none()
            && let Some(known) = self.pool.and_then(|pool| pool.known_field(field))
        {
            return known;
        }
        if let Some(fact) = self.child.and_then(|child| child.field(field)) {
            return (Rc::new(fact), self.absence(field));
        }
        if let Some((fact, _)) = self.pool.and_then(|pool| pool.known_field(field)) {
            return (fact, self.absence(field));
        }
        let fact = self.pool.filter(|_| self.child.is_none()).and_then(|pool| pool.unseen(field)).unwrap_or_else(
            || match self.pool {
                // Asked of the pool because its children could not be listed: a field of a child nobody saw.
                Some(_) => Fact::unknown(Cause::NotSearched { what: field.to_owned() }, Vec::new()),
                None => self.facts.poolless(field),
            },
        );
        (Rc::new(fact), self.absence(field))
    }

    fn aws(&self, at: &AwsPointer) -> Fact {
        let unknown = |cause| Fact::unknown(cause, Vec::new());
        let Some(pool) = self.pool else { return unknown(Cause::NoTargetRegion) };
        let region = if at.primary { Observed::Known(pool.region.clone()) } else { pool.target_region() };
        let region = match region {
            Observed::Known(region) => region,
            Observed::Absent => return unknown(Cause::NoTargetRegion),
            Observed::Unknown(cause) => return unknown(cause),
        };
        let call = format!("{}:{}", at.service, at.operation);
        if operations::find_call(&call).is_none() {
            return unknown(Cause::NotCollected { call, hint: "this version does not make that call".to_owned() });
        }
        let answer = pool.ask(&call, &region, &[&pool.key.id]);
        Fact { value: answer.value(&at.pointer), sources: vec![answer.source(&at.pointer)] }
    }

    fn derivation(&self, field: &str) -> Vec<String> {
        let Some(pool) = self.pool else { return Vec::new() };
        let of_child = self.child.map(|child| pool.derivation_of(child, field)).unwrap_or_default();
        [of_child, pool.derivation(field)].concat()
    }

    fn now(&self) -> Timestamp {
        self.facts.options().now
    }
}
