//! What holds of every plan, whatever state a pool is in: over thousands of states that are drawn at random.
//!
//! `MRREADY_PLAN_STATES` changes how many, `MRREADY_PLAN_SEED` plans one of them alone and prints its plan.

#![allow(clippy::print_stdout, clippy::use_debug, reason = "how many states were planned is part of the result")]

mod checks;
mod states;

use std::collections::{BTreeMap, BTreeSet};

use mrready::audit::audit_pool;
use mrready::facts::{Assumptions, FactOptions, Facts, RegionTable};
use mrready::model::plan::{Direction, Plan};
use mrready::model::report::Finding;
use mrready::model::{Level, Observed, Verdict};
use mrready::plan::plan;
use mrready::rules::Catalog;
use mrready::snapshot::{PoolKey, Scope, Snapshot};

use crate::builder::{ACCOUNT, NOW, POOL, catalog, table, time};
use crate::plan::options;
use checks::{complete, left, open, ordered, required, reveal, take};
use states::{Random, State, World, label};

/// So many states are planned; each some times over, as its steps are taken and what was unknown is seen. Without
/// optimisation a state takes ten times as long, so that only some of them are.
const STATES: u64 = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
/// So often the unknown is revealed before nothing but a person's matter may be left.
const REVEALS: usize = 4;

/// Values that no pool can have: what is read off its id is always known, and the facts never leave these others out.
const CANNOT_BE: &[&str] = &[
    "pool.account = Text(\"some text\")",
    "pool.account absent",
    "pool.account unknown",
    "pool.id = Text(\"some text\")",
    "pool.id absent",
    "pool.id unknown",
    "pool.region = Text(\"some text\")",
    "pool.region absent",
    "pool.region unknown",
    "replica.elsewhere absent",
    "replica.exists absent",
    "target.region absent",
];

/// What is wrong with plans: what, and in which states it was seen first.
type Wrong = BTreeMap<String, (usize, u64)>;

fn key() -> PoolKey {
    PoolKey { account: ACCOUNT.to_owned(), id: POOL.to_owned() }
}

/// One pool with an empty log, and what is assumed of it.
struct Bench {
    snapshot: Snapshot,
    catalog: &'static Catalog,
    regions: RegionTable,
}

impl Bench {
    fn new() -> Self {
        let mut scope = Scope::default();
        scope.pools.insert(key());
        Self { snapshot: Snapshot::new(scope, Vec::new()), catalog: catalog(), regions: table() }
    }

    fn facts(&self, state: &State) -> Facts<'_> {
        let assumed = state.assumed();
        let options = FactOptions { target_issuer: state.target_issuer, ..FactOptions::new(time(NOW)) };
        let assumptions = Assumptions { pools: BTreeMap::from([(key(), assumed)]) };
        Facts::new(&self.snapshot, options, self.regions.clone()).assuming(assumptions)
    }

    fn plan(&self, state: &State, direction: Direction) -> Plan {
        plan(self.facts(state), self.catalog, &[], &options(), direction)
    }

    fn findings(&self, state: &State) -> Vec<Finding> {
        let facts = self.facts(state);
        audit_pool(&facts, &facts.pool(&key()), self.catalog, &[], &options()).findings
    }
}

/// What one state showed.
#[derive(Default)]
struct Tally {
    wrong: Wrong,
    steps: BTreeMap<String, usize>,
    plans: usize,
    longest: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        for (what, (count, seed)) in other.wrong {
            let entry = self.wrong.entry(what).or_insert((0, seed));
            *entry = (entry.0 + count, entry.1.min(seed));
        }
        for (step, count) in other.steps {
            *self.steps.entry(step).or_default() += count;
        }
        self.plans += other.plans;
        self.longest = self.longest.max(other.longest);
    }
}

fn one(bench: &Bench, world: &World, seed: u64, tally: &mut Tally) {
    let mut random = Random::new(seed);
    let mut state = world.state(&mut random);
    let mut found = Vec::new();
    for direction in [Direction::Reverse, Direction::FailBack] {
        let plan = bench.plan(&state, direction);
        ordered(&plan.pools[0], bench.catalog, &mut |what| found.push(what));
        required(&state, &plan.pools[0], bench.catalog, &mut |what| found.push(what));
        for step in &plan.pools[0].steps {
            *tally.steps.entry(step.step.clone()).or_default() += 1;
        }
    }
    for _ in 0..=REVEALS {
        let plan = bench.plan(&state, Direction::Forward);
        let pool = &plan.pools[0];
        let mut wrong = |what: String| found.push(what);
        ordered(pool, bench.catalog, &mut wrong);
        required(&state, pool, bench.catalog, &mut wrong);
        complete(pool, &bench.findings(&state), &mut wrong);
        tally.plans += 1;
        tally.longest = tally.longest.max(pool.steps.len());
        for step in &pool.steps {
            *tally.steps.entry(step.step.clone()).or_default() += 1;
        }
        for step in &pool.steps {
            take(&mut state, step, bench.catalog);
        }
        let after = bench.plan(&state, Direction::Forward);
        tally.plans += 1;
        left(&after.pools[0], bench.catalog, &mut wrong);
        let findings = bench.findings(&state);
        if !findings.iter().any(|finding| open(finding) && finding.verdict == Verdict::Unknown) {
            break;
        }
        reveal(world, &mut state, &findings, &mut random);
    }
    found.sort();
    found.dedup();
    for what in found {
        tally.wrong.entry(what).or_insert((0, seed)).0 += 1;
    }
}

#[test]
fn every_state_has_a_plan_that_leads_out_of_it() {
    let world = World::new(catalog());
    if let Some(seed) = number("MRREADY_PLAN_SEED") {
        return alone(&world, seed);
    }
    let states = number("MRREADY_PLAN_STATES").unwrap_or(STATES);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let world = &world;
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let bench = Bench::new();
                    let mut tally = Tally::default();
                    for seed in (worker..states).step_by(usize::try_from(threads).expect("few")) {
                        one(&bench, world, seed, &mut tally);
                    }
                    tally
                })
            })
            .collect();
        for worker in workers {
            tally.add(worker.join().expect("no plan panics"));
        }
    });
    println!(
        "{states} states, {} plans, at most {} steps; {} kinds of step of {} planned",
        tally.plans,
        tally.longest,
        tally.steps.len(),
        catalog().steps.len()
    );
    let never: Vec<&String> = catalog().steps.keys().filter(|id| !tally.steps.contains_key(*id)).collect();
    println!("in no plan: {never:?}");
    // A finding that only states a fact asks for nothing.
    let asked: Vec<&&String> = never.iter().filter(|id| catalog().steps[**id].backbone || is_asked_for(id)).collect();
    assert!(states < 1_000 || asked.is_empty(), "no state has {asked:?} in its plan");
    let wrong: Vec<String> = tally
        .wrong
        .iter()
        .map(|(what, (count, seed))| format!("{count} times, first with seed {seed}: {what}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_states_have_every_value_of_every_field() {
    let world = World::new(catalog());
    // Those that are planned without optimisation are enough.
    let states = number("MRREADY_PLAN_STATES").unwrap_or(STATES).max(1_000);
    let (mut seen, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..states {
        let state = world.state(&mut Random::new(seed));
        seen.extend(world.fields.iter().map(|spec| label(spec, &state.pool[spec.name])));
        for (kind, children) in &state.children {
            numbers.insert((*kind, children.items.len()));
            for child in &children.items {
                let specs = world.child_fields[kind].iter();
                seen.extend(specs.map(|spec| label(spec, &child.fields[spec.name].value)));
            }
        }
    }
    let mut missed = Vec::new();
    for spec in world.fields.iter().chain(world.child_fields.values().flatten()) {
        let mut wanted: Vec<String> =
            world.domain(spec.name).iter().map(|value| label(spec, &Observed::Known(value.clone()))).collect();
        wanted.extend([format!("{} absent", spec.name), format!("{} unknown", spec.name)]);
        missed.extend(wanted.into_iter().filter(|label| !seen.contains(label) && !CANNOT_BE.contains(&&**label)));
    }
    for kind in world.child_fields.keys() {
        missed.extend((0..=3).filter(|n| !numbers.contains(&(*kind, *n))).map(|n| format!("{n} of {kind}")));
    }
    println!(
        "{states} states: {} values of {} fields, 0 to 3 things of {} kinds; not drawn because they cannot be: {}",
        seen.len(),
        world.fields.len() + world.child_fields.values().map(Vec::len).sum::<usize>(),
        world.child_fields.len(),
        CANNOT_BE.join(", ")
    );
    assert!(missed.is_empty(), "not covered: {}", missed.join("\n"));
}

/// Whether a rule that can ask for something names the step.
fn is_asked_for(id: &str) -> bool {
    catalog().rules.iter().any(|rule| rule.level != Level::Info && rule.remedy.iter().any(|remedy| remedy == id))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Prints what comes of one state.
fn alone(world: &World, seed: u64) {
    let bench = Bench::new();
    let mut random = Random::new(seed);
    let state = world.state(&mut random);
    for spec in &world.fields {
        println!("{}", label(spec, &state.pool[spec.name]));
    }
    let plan = bench.plan(&state, Direction::Forward);
    println!("{}", serde_json::to_string_pretty(&plan.pools[0]).expect("a plan is JSON"));
    let mut tally = Tally::default();
    one(&bench, world, seed, &mut tally);
    println!("{:#?}", tally.wrong);
}
