//! Assumptions: what fields would say if something had been done. The planner looks ahead with them.
//!
//! An assumption goes before the evidence, field by field: what follows from a field elsewhere does not follow from an
//! assumption about it. It is never written into a report.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Fact, Listed, Observed, Source, SubjectKind, Value};
use crate::snapshot::PoolKey;

use super::{Child, Children, find_child};

/// Assumptions by pool.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assumptions {
    /// What is assumed of each pool.
    pub pools: BTreeMap<PoolKey, Assumed>,
}

/// What is assumed of one pool.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assumed {
    fields: BTreeMap<String, Observed<Value>>,
    child_fields: BTreeMap<(SubjectKind, String), BTreeMap<String, Observed<Value>>>,
    gone: BTreeSet<(SubjectKind, String)>,
    replaced: BTreeMap<SubjectKind, Listed<Child>>,
}

impl Assumptions {
    /// What is assumed of a pool.
    pub(super) fn of(&self, key: &PoolKey) -> Option<&Assumed> {
        self.pools.get(key)
    }
}

impl Assumed {
    /// A field of the pool is this.
    pub fn set(&mut self, field: &str, value: Observed<Value>) {
        self.fields.insert(field.to_owned(), value);
    }

    /// A field of one of its subjects is this; `id` is the subject's.
    pub fn set_child(&mut self, kind: SubjectKind, id: &str, field: &str, value: Observed<Value>) {
        self.child_fields.entry((kind, id.to_owned())).or_default().insert(field.to_owned(), value);
    }

    /// One of its subjects is gone.
    pub fn remove(&mut self, kind: SubjectKind, id: &str) {
        self.gone.insert((kind, id.to_owned()));
    }

    /// Its subjects of a kind are these.
    pub fn replace(&mut self, kind: SubjectKind, children: Listed<Child>) {
        self.replaced.insert(kind, children);
    }

    pub(super) fn replaces(&self, kind: SubjectKind) -> bool {
        self.replaced.contains_key(&kind)
    }

    /// What is assumed of a field of the pool.
    pub fn field(&self, name: &str) -> Option<Fact> {
        self.fields.get(name).map(|value| assumed(value.clone()))
    }

    /// What is assumed of a field of one of its subjects; `id` is the subject's.
    pub fn child_field(&self, kind: SubjectKind, id: &str, field: &str) -> Option<Fact> {
        let fields = self.child_fields.get(&(kind, id.to_owned()))?;
        fields.get(field).map(|value| assumed(value.clone()))
    }

    pub(super) fn children(&self, kind: SubjectKind, seen: impl FnOnce() -> Option<Children>) -> Option<Children> {
        let mut children = match self.replaced.get(&kind) {
            Some(found) => Children { found: found.clone(), searched: vec!["what is assumed".to_owned()] },
            None => seen()?,
        };
        children.found.items.retain(|child| !self.gone.contains(&(kind, child.subject.id.clone())));
        for child in &mut children.found.items {
            let fields = self.child_fields.get(&(kind, child.subject.id.clone()));
            for (name, value) in fields.into_iter().flatten() {
                if let Some(field) = find_child(name) {
                    child.fields.insert(field.spec.name, assumed(value.clone()));
                }
            }
        }
        Some(children)
    }
}

fn assumed(value: Observed<Value>) -> Fact {
    Fact { value, sources: vec![Source::Option { name: "assumed".to_owned() }] }
}
