//! Plans, run: every AWS CLI command of every step is taken by the AWS CLI and fits AWS's own model; and a pool that goes by
//! its plan changes in what the plan says and in nothing else, which one flag of `update-user-pool` does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mrready::facts::FieldSet;
use mrready::model::Plan;
use mrready::model::plan::{Certainty, PlannedStep, PoolPlan, Script};
use mrready::render::plan::shell;
use mrready::rules::{Catalog, Step};
use serde_json::Value;

use super::Bench;
use crate::tools::{moving, told_by};

/// What the newest AWS CLI does not have, and how it is checked instead.
const NOT_IN_THE_CLI: &[(&str, &str)] = &[];

#[test]
fn every_command_of_every_step_is_what_aws_asks_for() {
    let bench = Bench::new("http://127.0.0.1:9");
    let plans = bench.path("plans");
    for name in ["not-ready", "ready"] {
        let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/snapshots/{name}.json"));
        for direction in ["", "--reverse", "--fail-back"] {
            let folder = plans.join(format!("{name}{direction}"));
            let mut arguments = vec!["plan", snapshot.to_str().unwrap(), "--output-dir", folder.to_str().unwrap()];
            arguments.extend((!direction.is_empty()).then_some(direction));
            let run = bench.run(&arguments);
            assert_eq!(run.code(), Some(0), "{}", run.stderr);
        }
    }
    let every = plans.join("every-step");
    write_every_step(&every, &plans.join("not-ready"));
    let Some(told) = told_by("plan_commands.py", &[plans.to_str().unwrap()]) else { return };

    let (mut commands, mut calls, mut problems) = (BTreeSet::new(), 0, Vec::new());
    for (folder, pool) in told.as_object().unwrap() {
        for step in pool["steps"].as_array().unwrap() {
            calls += step["calls"].as_array().unwrap().len();
            for problem in step["problems"].as_array().unwrap() {
                problems.push(format!("{folder}: {} ({}): {}", step["step"], step["part"], problem.as_str().unwrap()));
            }
        }
        problems.extend(pool["errors"].as_array().unwrap().iter().map(|error| format!("{folder}: {error}")));
        commands.extend(pool["ran"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()));
        // In a plan for one pool a branch may not be taken; with every step, each command has to run.
        if folder.starts_with("every-step") {
            for (script, lines) in pool["missing"].as_object().unwrap() {
                let lines = lines.as_array().unwrap().iter().filter_map(Value::as_str);
                let known = |line: &&str| !NOT_IN_THE_CLI.iter().any(|(command, _)| command == line);
                problems.extend(lines.filter(known).map(|line| format!("{script}: never ran: aws {line}")));
            }
        }
    }
    println!("{calls} calls of {} kinds of command", commands.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(commands.len() > 60, "{commands:?}");
}

/// A plan that has every step of the catalogue, whatever a pool needs: the values are those of a real plan.
fn write_every_step(folder: &Path, like: &Path) {
    let [of_a_pool] = folders(like).try_into().unwrap_or_else(|all| panic!("{all:?}"));
    let text = fs::read_to_string(of_a_pool.join("plan.json")).unwrap();
    let mut plan: Plan = serde_json::from_str(&text).unwrap();
    plan.pools.truncate(1);
    let catalog = Catalog::builtin(&FieldSet).unwrap();
    let pool: &mut PoolPlan = &mut plan.pools[0];
    pool.steps = catalog.steps.values().enumerate().map(|(index, step)| planned(index + 1, step)).collect();
    let folder = folder.join(&pool.pool.id);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("plan.json"), serde_json::to_string(&plan).unwrap()).unwrap();
    for (name, text) in shell::files(&plan, &plan.pools[0]) {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// A step as a plan has it; whatever it takes is to be filled in.
fn planned(number: usize, step: &Step) -> PlannedStep {
    let Step { id, title, summary, phase, who, risk, impact, point_of_no_return, verify, roll_back, .. } = step.clone();
    let mut inputs: BTreeMap<String, String> =
        step.inputs.iter().map(|input| (input.name.clone(), input.what.clone())).collect();
    inputs.extend(step.values.keys().map(|name| (name.clone(), "what the plan knows".to_owned())));
    for name in ["SUBJECT_ID", "SUBJECT_NAME", "SUBJECT_ARN", "SUBJECT_REGION", "KEY_ID", "KEY_ARN", "DOMAIN", "CLIENT_ID"] {
        inputs.insert(name.to_owned(), "what the plan knows".to_owned());
    }
    PlannedStep {
        step: id.clone(),
        id,
        number,
        title,
        summary,
        phase,
        who,
        subject: None,
        needs: Vec::new(),
        gates: Vec::new(),
        because: Vec::new(),
        certainty: Certainty::Needed,
        risk,
        impact,
        point_of_no_return,
        minutes: step.minutes,
        lead_days: step.lead_days,
        abort_if: step.abort_if.clone(),
        verify,
        roll_back,
        manual: step.manual.clone(),
        sh: step.sh.clone().map(|sh| Script { require: sh.require, run: sh.run, check: sh.check, undo: sh.undo }),
        cloudformation: None,
        terraform: None,
        values: BTreeMap::new(),
        inputs,
        references: step.references.clone(),
        done_at: None,
    }
}

/// The folders in a folder, sorted.
fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}
