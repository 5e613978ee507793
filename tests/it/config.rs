//! `mrready.yaml` and `--split-by`, from outside: what the file fills in, what wins over it, and that parts add up.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Run, command, finish};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const NOT_READY: &str = "us-east-1_CustProd1";

fn snapshots() -> [String; 2] {
    ["ready", "not-ready"].map(|name| format!("{ROOT}/fixtures/snapshots/{name}.json"))
}

/// The program in a folder that holds this configuration.
fn with(config: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (TempDir, Run) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("mrready.yaml"), config).unwrap();
    let run = run_in(&folder, arguments, variables);
    (folder, run)
}

fn run_in(folder: &TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let snapshots = snapshots();
    let usual = ["--now", "2026-11-21T12:00:00Z"];
    let all = ["audit"].into_iter().chain(snapshots.iter().map(String::as_str)).chain(usual);
    let mut command = command(all.chain(arguments.iter().copied()));
    finish(command.current_dir(folder.path()).envs(variables.iter().copied()))
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err))
}

fn pool<'r>(report: &'r Value, id: &str) -> &'r Value {
    report["summary"]["pools"].as_array().unwrap().iter().find(|pool| pool["id"] == id).unwrap()
}

#[test]
fn what_the_file_says_of_a_pool_is_in_the_report() {
    let config = "
pools:
  - { match: customers-prod, owner: team-identity, wave: 2, target_issuer: original, replica_region: eu-west-1 }
  - { match: '*', owner: platform, scope: [replicate] }
";
    let (_folder, run) = with(config, &["--format", "json"], &[]);
    let report = report(&run);
    let prod = pool(&report, NOT_READY);
    assert_eq!(
        (&prod["owner"], &prod["wave"], &prod["target_issuer"], &prod["replica_region"]),
        (&"team-identity".into(), &"2".into(), &"original".into(), &"eu-west-1".into())
    );
    assert_eq!(prod["gates"]["issuer"]["position"], "not_planned");
    let pools = report["summary"]["pools"].as_array().unwrap();
    assert!(pools.len() > 1);
    for pool in pools {
        for (gate, summary) in pool["gates"].as_object().unwrap() {
            assert_eq!(summary["counted"], Value::Bool(gate == "replicate"), "{} {gate}", pool["id"]);
        }
    }
    for finding in report["findings"].as_array().unwrap() {
        let owner = if finding["subject"]["pool_id"] == NOT_READY { "team-identity" } else { "platform" };
        assert_eq!(finding["owner"], owner, "{finding}");
    }
    let options: Vec<&str> =
        report["run"]["reductions"].as_array().unwrap().iter().map(|each| each["option"].as_str().unwrap()).collect();
    assert!(options.contains(&"mrready.yaml scope"), "{options:?}");
    assert!(options.contains(&"mrready.yaml target_issuer: original"), "{options:?}");
    assert!(report["run"]["config_digest"].as_str().unwrap().starts_with("sha256:"));
    assert!(run.err.contains("configuration: mrready.yaml"), "{}", run.err);
}

#[test]
fn options_win_over_variables_and_these_over_the_file() {
    let config = "
pools: [{ match: '**', target_issuer: original, replica_region: eu-west-1 }]
gate: { fail_on: never }
";
    let code = |arguments: &[&str], variables: &[(&str, &str)]| with(config, arguments, variables).1.code;
    assert_eq!(code(&[], &[]), 0);
    assert_eq!(code(&["--no-config"], &[]), 1);
    assert_eq!(code(&[], &[("MRREADY_FAIL_ON", "fail")]), 1);
    assert_eq!(code(&["--fail-on", "never"], &[("MRREADY_FAIL_ON", "fail")]), 0);
    assert_eq!(code(&[], &[("MRREADY_FAIL_ON", "fial")]), 2);
    let options = ["--format", "json", "--target-issuer", "updated", "--replica-region", "us-west-2"];
    let report = report(&with(config, &options, &[]).1);
    assert_eq!(pool(&report, NOT_READY)["gates"]["issuer"]["position"], "next");
    assert_eq!(pool(&report, NOT_READY)["replica_region"], "us-west-2");
}

#[test]
fn a_pool_out_of_scope_is_named_above_the_verdict_and_not_judged() {
    let (_folder, run) = with("pools: [{ match: customers-prod, scope: none }]", &["--format", "json"], &[]);
    let report = report(&run);
    assert!(report["summary"]["pools"].as_array().unwrap().iter().all(|pool| pool["id"] != NOT_READY));
    let reductions = report["run"]["reductions"].as_array().unwrap();
    assert!(reductions.iter().any(|each| each["option"] == "mrready.yaml scope: none"), "{reductions:?}");
}

#[test]
fn mistakes_end_the_run_and_name_their_place() {
    for (config, wanted) in [
        ("pools: [{ macth: a }]", "mrready.yaml:1:11: unknown key `macth`"),
        ("gate: { fail_on: fial }", "did you mean `fail`?"),
        ("search: { accounts: [1111] }", "has to be the id of an account"),
        ("a: &a [*a]", "mrready.yaml:1"),
        ("\u{0}", "mrready.yaml"),
    ] {
        let (_folder, run) = with(config, &[], &[]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{config}: {}", run.err);
        assert!(run.err.contains(wanted), "{config}: {}", run.err);
    }
    let (_folder, run) = with("", &["--config", "elsewhere.yaml"], &[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("elsewhere.yaml"), "{}", run.err);
}

#[test]
fn the_parts_of_a_report_hold_all_of_it_once() {
    let config = "pools: [{ match: customers-prod, owner: ../team identity }]";
    let (folder, run) = with(config, &["--split-by", "owner", "-o", "json={}.json", "--format", "json"], &[]);
    let whole = report(&run);
    let read = |name: &str| -> Value { serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap() };
    let parts = [read("_..-team-identity.json"), read("no-owner.json")];
    for list in ["findings", "summary.pools"] {
        let items = |report: &Value| -> Vec<Value> {
            let value = list.split('.').fold(report, |value, key| &value[key]);
            value.as_array().unwrap().clone()
        };
        let mut joined: Vec<Value> = parts.iter().flat_map(items).collect();
        let mut all = items(&whole);
        for list in [&mut joined, &mut all] {
            list.sort_by_key(ToString::to_string);
        }
        assert!(!all.is_empty());
        assert_eq!(joined, all, "{list}");
    }
    // The code of a part is its own: the pool that blocks is in one of them.
    assert_eq!(parts[0]["summary"]["exit"]["code"], 1);
    assert_ne!(parts[1]["summary"]["exit"]["code"], 1);
    assert_eq!(run.code, 1);
    let alone = parts[0]["summary"]["pools"].as_array().unwrap();
    assert_eq!((alone.len(), &alone[0]["id"]), (1, &NOT_READY.into()));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn a_split_needs_a_name_for_each_part() {
    let folder = TempDir::new().unwrap();
    for (arguments, wanted) in [
        (&["--split-by", "pool"][..], "give -o FORMAT=FILE"),
        (&["--split-by", "pool", "-o", "json=all.json"], "needs {}"),
        (&["-o", "json={}.json"], "--split-by, which is not given"),
    ] {
        let run = run_in(&folder, arguments, &[]);
        assert_eq!(run.code, 2, "{arguments:?}");
        assert!(run.err.contains(wanted), "{arguments:?}: {}", run.err);
    }
    let run = run_in(&folder, &["--split-by", "pool", "-o", "table={}.txt"], &[]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(folder.path().join(format!("{NOT_READY}.txt")).exists());
}

/// The example of the documentation is a configuration, to the program and to its schema.
#[test]
fn the_documented_file_is_one() {
    let page = fs::read_to_string(format!("{ROOT}/docs/config.md")).unwrap();
    let example = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = mrready::rules::parse_config("docs/config.md", example).unwrap();
    assert_eq!((config.pools.len(), config.waiver_max_days), (4, Some(90)));
    let validator = jsonschema::validator_for(&mrready::rules::config_schema()).unwrap();
    let value = mrready::yaml::parse(example).unwrap().to_json();
    assert!(validator.is_valid(&value), "{:?}", validator.iter_errors(&value).collect::<Vec<_>>());
    for wrong in ["pools: [{ macth: a }]", "gate: { fail_on: fial }", "pools: [{ match: a, scope: [] }]"] {
        assert!(!validator.is_valid(&mrready::yaml::parse(wrong).unwrap().to_json()), "{wrong}");
    }
}
