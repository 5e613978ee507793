//! What `plan verify` says after each stage, and what it says of what was undone.

use std::collections::BTreeMap;

use mrready::audit::{FailOn, Options};
use mrready::facts::{FactOptions, Facts};
use mrready::model::plan::{Direction, Plan, PoolProgress, Progress, Verification};
use mrready::plan::verify::verify;
use mrready::snapshot::Snapshot;

use super::stages::Stage;
use crate::builder::{Run, catalog, table};

fn options() -> Options {
    Options {
        gates: std::collections::BTreeSet::new(),
        fail_on: FailOn::Fail,
        strict: false,
        reductions: Vec::new(),
        waiver_digests: Vec::new(),
    }
}

fn fact_options(stage: Stage) -> FactOptions {
    FactOptions { now: stage.now(), ..Run::default().fact_options() }
}

#[test]
fn print() {
    let first = Stage::FirstDay.snapshot();
    let decisions = Run::attested().parsed();
    let facts = Facts::new(&first, fact_options(Stage::FirstDay), table());
    let mut plan = mrready::plan::plan(facts, catalog(), &decisions, &options(), Direction::Forward);
    for step in &plan.pools[0].steps { println!("{} {} needs {:?} because {:?}", step.number, step.id, step.needs, step.because.iter().map(|b| format!("{} {:?}", b.rule, b.verdict)).collect::<Vec<_>>()); }
    println!("done {:?}", plan.pools[0].done);
    println!("cannot {:?}", plan.pools[0].cannot_fix);
    for stage in Stage::ALL {
        let snapshot = stage.snapshot();
        let facts = Facts::new(&snapshot, fact_options(stage), table());
        let v = verify(&mut plan, facts, catalog(), &decisions, &options());
        let mut out = Vec::new();
        mrready::render::plan::progress::write(&v, &mrready::render::plan::progress::ProgressOptions { width: 150, color: false, verbose: true }, &mut out).unwrap();
        println!("=== {stage:?}\n{}\n{:?}", String::from_utf8(out).unwrap(), v.exit);
    }
}
