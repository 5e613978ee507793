//! The order of a pool's steps: what a step needs comes before it, and so does what makes its requirements hold.
//!
//! Steps are placed one by one, as they would be taken. Of those that may be placed, what others have to act on goes first,
//! because it takes longest; then the usual order of the work decides. Needs that go in a circle, which the tests of the
//! catalogue rule out for the tool's own steps, are cut where the usual order says.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Assumed, Child, Facts, PoolView};
use crate::model::plan::Phase;
use crate::model::{SubjectKind, Truth};
use crate::rules::Step;

use super::ahead::Ahead;
use super::chosen::{Chosen, Key, Steps, is_pool_field};

/// A step in its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    /// Which.
    pub(super) key: Key,
    /// Those before it that have to be done first.
    pub(super) needs: BTreeSet<Key>,
}

/// A field of the pool, or of the thing with this id.
type FieldKey<'s> = (Option<&'s str>, &'s str);

struct Item<'s> {
    chosen: &'s Chosen<'s>,
    child: Option<Child>,
    /// Places of the steps that it needs, in `items`.
    needs: BTreeSet<usize>,
    /// The fields that its requirement reads.
    reads: BTreeSet<FieldKey<'s>>,
    /// Whether its requirement held at the beginning.
    at_first: Truth,
    /// Whether it holds by now; `None` while not asked since something changed.
    now: Option<Truth>,
    placed: bool,
}

/// Puts the steps in order. `facts` are those of the beginning, with what the caller assumes from the start.
pub(super) fn order(facts: &Facts<'_>, pool: &PoolView<'_>, steps: &Steps<'_>) -> Vec<Placed> {
    let mut items = items(facts, pool, steps);
    let before = all_needs(steps);
    let mut assumed = Assumed::default();
    let mut writers: BTreeMap<FieldKey<'_>, usize> = BTreeMap::new();
    let mut placed = Vec::new();
    while placed.len() < items.len() {
        let next = next(facts, pool, &mut items, &before, &assumed);
        let Some(next) = next else { break };
        let item = &items[next];
        let mut needs: BTreeSet<usize> = item.needs.iter().copied().filter(|need| items[*need].placed).collect();
        if item.at_first != Truth::True {
            needs.extend(item.reads.iter().filter_map(|field| writers.get(field)));
        }
        placed.push(Placed {
            key: item.chosen.key(),
            needs: needs.into_iter().map(|need| items[need].chosen.key()).collect(),
        });
        let changed: BTreeSet<FieldKey<'_>> = item.chosen.sets().collect();
        item.chosen.assume(&mut assumed);
        writers.extend(changed.iter().map(|field| (*field, next)));
        items[next].placed = true;
        for item in items.iter_mut().filter(|item| !item.placed && !item.reads.is_disjoint(&changed)) {
            item.now = None;
        }
    }
    placed
}

fn items<'s>(facts: &Facts<'_>, pool: &PoolView<'_>, steps: &'s Steps<'s>) -> Vec<Item<'s>> {
    let mut children: BTreeMap<SubjectKind, Vec<Child>> = BTreeMap::new();
    let mut items: Vec<Item<'s>> = steps
        .values()
        .map(|chosen| {
            let kind = chosen.step.subject;
            let child = chosen.child.as_ref().and_then(|subject| {
                let seen = || pool.children(kind).map(|children| children.found.items).unwrap_or_default();
                children.entry(kind).or_insert_with(seen).iter().find(|child| child.subject.id == subject.id).cloned()
            });
            let id = chosen.child.as_ref().map(|child| child.id.as_str());
            let read = chosen.step.requires.iter().flat_map(|check| check.fields());
            let reads = read.map(|field| (id.filter(|_| !is_pool_field(field)), field)).collect();
            let ahead = Ahead { facts, pool, child: child.as_ref(), assumed: None };
            let at_first = ahead.holds(chosen.step.requires.as_ref());
            Item { chosen, child, needs: BTreeSet::new(), reads, at_first, now: Some(at_first), placed: false }
        })
        .collect();
    let mut by_step: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, item) in items.iter().enumerate() {
        by_step.entry(&item.chosen.step.id).or_default().push(place);
    }
    let needs: Vec<BTreeSet<usize>> = items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let needed = item.chosen.step.needs.iter().filter_map(|id| by_step.get(id.as_str())).flatten().copied();
            needed.filter(|need| *need != place && concerns(items[*need].chosen, item.chosen)).collect()
        })
        .collect();
    for (item, needs) in items.iter_mut().zip(needs) {
        item.needs = needs;
    }
    items
}

/// Of steps on things of one kind, each waits for those on the same thing.
fn concerns(earlier: &Chosen<'_>, later: &Chosen<'_>) -> bool {
    match (&earlier.child, &later.child) {
        (Some(a), Some(b)) if a.kind == b.kind => a.id == b.id,
        _ => true,
    }
}

/// Per step all that it needs, however far back.
fn all_needs<'s>(steps: &'s Steps<'_>) -> BTreeMap<&'s str, BTreeSet<&'s str>> {
    let direct: BTreeMap<&str, &Step> = steps.values().map(|chosen| (chosen.step.id.as_str(), chosen.step)).collect();
    let mut all = BTreeMap::new();
    for id in direct.keys() {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![*id];
        while let Some(step) = open.pop().and_then(|id| direct.get(id)) {
            for need in step.needs.iter().filter_map(|need| direct.get(need.as_str())) {
                if found.insert(&need.id) {
                    open.push(&need.id);
                }
            }
        }
        all.insert(*id, found);
    }
    all
}

/// The next step: one whose needs are placed and whose requirement holds, or which no step left could make hold.
fn next(
    facts: &Facts<'_>,
    pool: &PoolView<'_>,
    items: &mut [Item<'_>],
    before: &BTreeMap<&str, BTreeSet<&str>>,
    assumed: &Assumed,
) -> Option<usize> {
    let free: Vec<usize> = (0..items.len())
        .filter(|place| !items[*place].placed && items[*place].needs.iter().all(|need| items[*need].placed))
        .collect();
    for place in &free {
        if items[*place].now.is_none() {
            let item = &items[*place];
            let ahead = Ahead { facts, pool, child: item.child.as_ref(), assumed: Some(assumed) };
            items[*place].now = Some(ahead.holds(item.chosen.step.requires.as_ref()));
        }
    }
    // Whether a step that is still to come, and that does not itself wait for this one, sets what this one requires.
    let waits = |item: &Item<'_>| {
        item.now != Some(Truth::True)
            && items.iter().any(|other| {
                !other.placed
                    && !std::ptr::eq(other, item)
                    && other.chosen.step.id != item.chosen.step.id
                    && !before
                        .get(other.chosen.step.id.as_str())
                        .is_some_and(|all| all.contains(item.chosen.step.id.as_str()))
                    && other.chosen.sets().any(|field| item.reads.contains(&field))
            })
    };
    let first = |places: &mut dyn Iterator<Item = usize>| places.min_by_key(|place| rank(items[*place].chosen));
    first(&mut free.iter().copied().filter(|place| !waits(&items[*place])))
        .or_else(|| first(&mut free.iter().copied()))
        .or_else(|| first(&mut (0..items.len()).filter(|place| !items[*place].placed)))
}

/// What others have to act on first, then the usual order of the work.
fn rank<'s>(chosen: &'s Chosen<'_>) -> (Reverse<bool>, Phase, &'s str, Option<&'s str>) {
    let step = chosen.step;
    (Reverse(step.lead_days > 0), step.phase, &step.id, chosen.child.as_ref().map(|child| child.id.as_str()))
}
