//! What holds of every plan, whatever state a pool is in: over thousands of states that are drawn at random.
//!
//! `MRREADY_PLAN_STATES` changes how many, `MRREADY_PLAN_SEED` plans one of them alone and prints its plan.

mod states;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mrready::audit::{FailOn, Options, Scope, audit_pool, evaluate, given_value};
use mrready::facts::{Assumptions, FactOptions, Facts, FieldSet, RegionTable, default_value};
use mrready::model::plan::{Certainty, Direction, Plan, PlannedStep, PoolPlan};
use mrready::model::report::Finding;
use mrready::model::{Absence, Fact, FieldSpec, Fields, Level, Observed, SubjectKind, Truth, Value, Verdict};
use mrready::plan::{COLLECT, plan};
use mrready::rules::{AwsPointer, Catalog, Step};
use mrready::snapshot::{PoolKey, Snapshot};

use crate::builder::{ACCOUNT, NOW, POOL, catalog, table, time};
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

fn options() -> Options {
    Options {
        gates: BTreeSet::new(),
        fail_on: FailOn::Fail,
        strict: false,
        reductions: Vec::new(),
        waiver_digests: Vec::new(),
    }
}

/// One pool with an empty log, and what is assumed of it.
struct Bench {
    snapshot: Snapshot,
    catalog: &'static Catalog,
    regions: RegionTable,
}

impl Bench {
    fn new() -> Self {
        let mut scope = mrready::snapshot::Scope::default();
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

/// The fields of a state, as a condition of a step sees them: read from the state itself, and not by way of the planner.
struct Seen<'a> {
    state: &'a State,
    kind: SubjectKind,
    child: Option<&'a str>,
}

impl Scope for Seen<'_> {
    fn fact(&self, field: &str) -> (Fact, Absence) {
        let spec = FieldSet.field(self.kind, field).expect("a field that the condition sees");
        let of_child = || {
            let children = self.state.children.get(&self.kind)?;
            let child = children.items.iter().find(|child| Some(child.subject.id.as_str()) == self.child)?;
            child.fields.get(field).map(|fact| fact.value.clone())
        };
        let value = self.state.pool.get(field).cloned().or_else(of_child).unwrap_or(Observed::Absent);
        let value = match (value, spec.absent) {
            (Observed::Absent, Absence::Default(text)) => Observed::Known(default_value(spec.ty, text)),
            (value, _) => value,
        };
        (Fact { value, sources: Vec::new() }, spec.absent)
    }

    fn aws(&self, at: &AwsPointer) -> Fact {
        panic!("no step of the tool reads {at:?} directly")
    }

    fn now(&self) -> Timestamp {
        time(NOW)
    }
}

fn open(finding: &Finding) -> bool {
    matches!(finding.verdict, Verdict::Fail | Verdict::Warn | Verdict::Unknown | Verdict::Manual)
        && finding.level != Level::Info
}

/// The plan is in order: everything that a step needs comes before it.
fn ordered(plan: &PoolPlan, catalog: &Catalog, wrong: &mut dyn FnMut(String)) {
    let place: BTreeMap<&str, usize> = plan.steps.iter().map(|step| (step.id.as_str(), step.number)).collect();
    assert_eq!(place.len(), plan.steps.len(), "an id stands twice");
    for (index, step) in plan.steps.iter().enumerate() {
        assert_eq!(step.number, index + 1);
        for need in &step.needs {
            if place.get(need.as_str()).is_none_or(|at| *at >= step.number) {
                wrong(format!("{} comes before {need}, which it says it needs", step.step));
            }
        }
        for need in &catalog.steps[&step.step].needs {
            for other in plan.steps.iter().filter(|other| other.step == *need && other.number >= step.number) {
                let apart = match (&step.subject, &other.subject) {
                    (Some(a), Some(b)) => a.kind == b.kind && a.id != b.id,
                    _ => false,
                };
                if !apart {
                    wrong(format!("{} comes before {need}, which the catalogue says it needs", step.step));
                }
            }
        }
    }
}

/// No step requires what only a later one brings about.
fn required(state: &State, plan: &PoolPlan, catalog: &Catalog, wrong: &mut dyn FnMut(String)) {
    let mut now = state.clone();
    for (index, planned) in plan.steps.iter().enumerate() {
        let step = &catalog.steps[&planned.step];
        if let Some(requires) = &step.requires {
            let child = planned.subject.as_ref().map(|subject| subject.id.as_str());
            let holds =
                |state: &State| evaluate(requires, &Seen { state, kind: step.subject, child }).truth == Truth::True;
            if !holds(&now) {
                let reads = requires.fields();
                let mut then = now.clone();
                for later in &plan.steps[index + 1..] {
                    take(&mut then, later, catalog);
                    let sets = catalog.steps[&later.step].effects.keys().any(|field| reads.contains(field.as_str()));
                    if sets && holds(&then) {
                        wrong(format!("{} requires what {} brings about later", planned.step, later.step));
                        break;
                    }
                }
            }
        }
        take(&mut now, planned, catalog);
    }
}

/// Every blocker that is not passed has a step, or an entry that says why not.
fn complete(plan: &PoolPlan, findings: &[Finding], wrong: &mut dyn FnMut(String)) {
    let asked: BTreeSet<&str> =
        plan.steps.iter().flat_map(|step| &step.because).map(|because| because.fingerprint.as_str()).collect();
    let listed: BTreeSet<&str> = plan.cannot_fix.iter().map(|entry| entry.fingerprint.as_str()).collect();
    for finding in findings.iter().filter(|finding| open(finding) && finding.level == Level::Blocker) {
        let fingerprint = finding.fingerprint.as_str();
        if !asked.contains(fingerprint) && !listed.contains(fingerprint) {
            wrong(format!("the blocker {} ({}) has neither step nor reason", finding.rule, finding.verdict));
        }
    }
    for entry in &plan.cannot_fix {
        if entry.reason.trim().is_empty() || entry.rule.is_empty() {
            wrong(format!("cannot fix {}: {}", entry.rule, entry.message));
        }
    }
}

/// What is left once the steps of the plan before have been taken: nothing but a person's matter, what cannot be fixed, and
/// what is still not known.
fn left(plan: &PoolPlan, catalog: &Catalog, wrong: &mut dyn FnMut(String)) {
    let hopeless: BTreeSet<&str> = plan.cannot_fix.iter().map(|entry| entry.fingerprint.as_str()).collect();
    for step in &plan.steps {
        let known: &Step = &catalog.steps[&step.step];
        if step.step == COLLECT || known.cannot_fix.is_some() {
            continue;
        }
        // That nothing but a person can say it was done.
        if known.backbone && known.done_when.is_none() && step.because.iter().all(|because| because.rule.is_empty()) {
            continue;
        }
        for because in &step.because {
            match because.verdict {
                Some(Verdict::Manual | Verdict::Unknown) => {}
                None if because.rule.is_empty() && step.certainty == Certainty::Perhaps => {}
                // What a person or missing evidence may bring up.
                None if !because.rule.is_empty() => {}
                // What cannot be fixed keeps the migration from going on.
                None if !hopeless.is_empty() => {}
                None => wrong(format!("{} is still not done after all steps", step.step)),
                Some(_) if hopeless.contains(because.fingerprint.as_str()) => {}
                // What it prepares shows only in a replica that cannot be.
                Some(_) if !hopeless.is_empty() && known.effects.is_empty() => {}
                Some(verdict) => wrong(format!("{} {verdict}s still, after {}", because.rule, step.step)),
            }
        }
    }
}

/// Says what an unknown finding wants to know.
fn reveal(world: &World, state: &mut State, findings: &[Finding], random: &mut Random) {
    for finding in findings.iter().filter(|finding| open(finding) && finding.verdict == Verdict::Unknown) {
        for evidence in finding.evidence.iter().filter(|evidence| evidence.cause.is_some()) {
            let name = evidence.field.as_str();
            if let Some(spec) = FieldSet.field(SubjectKind::Pool, name) {
                state.pool.insert(spec.name, whole(world, spec, random));
                continue;
            }
            for (kind, children) in &mut state.children {
                if name == format!("{kind} of the pool") || FieldSet.field(*kind, name).is_some() {
                    children.incomplete = None;
                }
                let Some(spec) = FieldSet.field(*kind, name) else { continue };
                for child in children.items.iter_mut().filter(|child| child.subject.id == finding.subject.id) {
                    if let Some(fact) = child.fields.get_mut(spec.name) {
                        fact.value = whole(world, spec, random);
                    }
                }
            }
        }
    }
}

/// A known value that is a whole one.
fn whole(world: &World, spec: FieldSpec, random: &mut Random) -> Observed<Value> {
    loop {
        let value = world.known(&spec, random);
        let partial = matches!(&value, Observed::Known(Value::List(list)) if list.incomplete.is_some());
        if !partial {
            return value;
        }
    }
}

/// Takes a step: the state as it then is.
fn take(state: &mut State, planned: &PlannedStep, catalog: &Catalog) {
    let step = &catalog.steps[&planned.step];
    for (field, given) in &step.effects {
        let spec = FieldSet.field(step.subject, field).expect("a field");
        let value = given_value(given, Some(spec));
        if FieldSet.field(SubjectKind::Pool, field).is_some() {
            state.pool.insert(spec.name, value);
            continue;
        }
        let Some(subject) = &planned.subject else { continue };
        let children = state.children.get_mut(&step.subject).expect("of a kind");
        for child in children.items.iter_mut().filter(|child| child.subject.id == subject.id) {
            child.fields.insert(spec.name, Fact { value: value.clone(), sources: Vec::new() });
        }
    }
    if let (true, Some(subject)) = (step.gone, &planned.subject) {
        let children = state.children.get_mut(&step.subject).expect("of a kind");
        children.items.retain(|child| child.subject.id != subject.id);
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
    let states = number("MRREADY_PLAN_STATES").unwrap_or(STATES);
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
    for step in &plan.pools[0].steps {
        println!("{} {} {:?} needs {:?}", step.number, step.id, step.certainty, step.needs);
        for because in &step.because {
            println!("    {:?} {}: {}", because.verdict, because.rule, because.message);
        }
    }
    println!("cannot fix {:#?}", plan.pools[0].cannot_fix);
    let mut tally = Tally::default();
    one(&bench, world, seed, &mut tally);
    println!("{:#?}", tally.wrong);
}
