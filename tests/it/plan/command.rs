//! `mrready plan` and `mrready plan verify` from outside: formats, folders, files, exit codes, mistakes.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::stages::Stage;
use crate::cli::{NOT_READY, Run, fails, run};

const NOW: &str = "2026-11-21T12:00:00Z";
/// The pool of [`NOT_READY`].
const POOL: &str = "us-east-1_CustProd1";

/// A folder with the snapshots of the stages.
fn stages(stages: &[Stage]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for stage in stages {
        let text = serde_json::to_string(&stage.snapshot()).unwrap();
        fs::write(folder.path().join(format!("{stage:?}.json")), text).unwrap();
    }
    folder
}

fn at(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

fn plan(arguments: &[&str]) -> Run {
    run(["plan", "--now", NOW].iter().chain(arguments))
}

#[test]
fn exit_codes_of_planning() {
    for (code, arguments) in [
        (0, vec![NOT_READY]),
        (1, vec![NOT_READY, "--detailed-exitcode"]),
        (3, vec!["fixtures/snapshots/ready.json", "--detailed-exitcode"]),
        (0, vec![NOT_READY, "--reverse"]),
        (0, vec![NOT_READY, "--fail-back"]),
        (0, vec![NOT_READY, "--strict"]),
        (3, vec![NOT_READY, "--strict", "--level", "key-multi-region=info"]),
        (2, vec![]),
        (2, vec![NOT_READY, "--reverse", "--fail-back"]),
        (2, vec![NOT_READY, "--format", "table"]),
        (2, vec![NOT_READY, "--force"]),
        (2, vec![NOT_READY, "--output-dir", "x", "--format", "json"]),
        (2, vec![NOT_READY, "--pool-id", "us-east-1_Another00"]),
        (2, vec!["no-such-file.json"]),
        (2, vec!["verify"]),
        (2, vec!["verify", "no-such-plan.json", NOT_READY]),
    ] {
        let run = run(["plan"].iter().chain(&arguments));
        assert_eq!(run.code, code, "plan {arguments:?}\n{}", run.err);
        assert_eq!(code == 2, run.out.is_empty(), "plan {arguments:?}");
    }
}

#[test]
fn every_format_is_written_and_the_same_each_time() {
    for format in ["markdown", "json", "sh", "cloudformation", "terraform"] {
        let first = plan(&[NOT_READY, "--format", format]);
        assert_eq!(first.code, 0, "{format}: {}", first.err);
        assert!(!first.out.is_empty(), "{format}");
        assert_eq!(first.out, plan(&[NOT_READY, "--format", format]).out, "{format}");
    }
    let folder = TempDir::new().unwrap();
    let file = at(&folder, "plan.md");
    let quiet = plan(&[NOT_READY, "-o", &file]);
    assert_eq!((quiet.code, quiet.out.as_str()), (0, ""));
    assert_eq!(fs::read_to_string(file).unwrap(), plan(&[NOT_READY]).out);
}

#[test]
fn the_plan_is_what_its_schema_says() {
    let validator = |name: &str| {
        let schema: Value = serde_json::from_str(&run(["schema", name]).out).unwrap();
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        jsonschema::validator_for(&schema).unwrap()
    };
    let text = plan(&[NOT_READY, "--format", "json"]).out;
    let written: Value = serde_json::from_str(&text).unwrap();
    assert!(validator("plan").is_valid(&written));
    assert!(!validator("plan").is_valid(&Value::Null));
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("plan.json"), &text).unwrap();
    let verified = run(["plan", "verify", &at(&folder, "plan.json"), NOT_READY, "--now", NOW, "--format", "json"]);
    let verified: Value = serde_json::from_str(&verified.out).unwrap();
    assert!(validator("verification").is_valid(&verified));
    assert!(jsonschema::meta::is_valid(&serde_json::from_str(&run(["schema", "step"]).out).unwrap()));
}

/// Every file below a folder with its text, and whether it may be run.
fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else {
                let name = entry.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read(&entry).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_folder_per_pool_holds_everything_and_is_written_again_in_its_place() {
    let folder = TempDir::new().unwrap();
    let root = at(&folder, "out");
    let write = |more: &[&str]| plan(&[&[NOT_READY, "--output-dir", &root], more].concat());
    let first = write(&[]);
    assert_eq!((first.code, first.out.as_str()), (0, ""), "{}", first.err);
    let before = tree(Path::new(&root));
    let names: Vec<&str> = before.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&format!("{POOL}/plan.json").as_str()), "{names:?}");
    // The plan of one pool can be verified by itself.
    let verified = run(["plan", "verify", &format!("{root}/{POOL}/plan.json"), NOT_READY, "--now", NOW]);
    assert_eq!(verified.code, 3, "{}", verified.err);
    // What is kept beside it stays; what the plan before had and this one does not have goes.
    fs::write(format!("{root}/{POOL}/notes.txt"), "mine").unwrap();
    assert_eq!(write(&["--reverse"]).code, 0);
    let after = tree(Path::new(&root));
    assert!(after.iter().any(|(name, _)| name.ends_with("/notes.txt")));
    let alone = at(&folder, "alone");
    assert_eq!(plan(&[NOT_READY, "--reverse", "--output-dir", &alone]).code, 0);
    let wanted: Vec<_> = tree(Path::new(&alone));
    let found: Vec<_> = after.into_iter().filter(|(name, _)| !name.ends_with("/notes.txt")).collect();
    assert_eq!(found, wanted);
    fs::remove_file(format!("{root}/{POOL}/notes.txt")).unwrap();
    assert_eq!(write(&[]).code, 0);
    assert_eq!(tree(Path::new(&root)), before);
}

#[test]
fn nothing_is_written_into_somebody_elses_folder() {
    let folder = TempDir::new().unwrap();
    let root = at(&folder, "home");
    fs::create_dir(&root).unwrap();
    fs::write(format!("{root}/letter.txt"), "mine").unwrap();
    let untouched = tree(Path::new(&root));
    fails(&plan(&[NOT_READY, "--output-dir", &root]), &["letter.txt", "--force"]);
    assert_eq!(tree(Path::new(&root)), untouched);
    assert_eq!(plan(&[NOT_READY, "--output-dir", &root, "--force"]).code, 0);
    assert_eq!(fs::read(format!("{root}/letter.txt")).unwrap(), b"mine");

    // A folder of the pool's name that is not ours, in one that is.
    let other = at(&folder, "other");
    assert_eq!(plan(&["fixtures/snapshots/ready.json", "--output-dir", &other]).code, 0);
    fs::create_dir(format!("{other}/{POOL}")).unwrap();
    fs::write(format!("{other}/{POOL}/plan.json"), "{}").unwrap();
    let before = tree(Path::new(&other));
    fails(&plan(&[NOT_READY, "--output-dir", &other]), &[POOL, "--force"]);
    assert_eq!(tree(Path::new(&other)), before);

    let file = at(&folder, "file");
    fs::write(&file, "mine").unwrap();
    fails(&plan(&[NOT_READY, "--output-dir", &file]), &["wants a folder"]);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_symbolic_link() {
    use std::os::unix::fs::symlink;
    let folder = TempDir::new().unwrap();
    let target = at(&folder, "target");
    fs::create_dir(&target).unwrap();
    let link = at(&folder, "link");
    symlink(&target, &link).unwrap();
    fails(&plan(&[NOT_READY, "--output-dir", &link, "--force"]), &["symbolic link"]);

    let root = at(&folder, "root");
    fs::create_dir(&root).unwrap();
    symlink(&target, format!("{root}/{POOL}")).unwrap();
    fails(&plan(&[NOT_READY, "--output-dir", &root, "--force"]), &["symbolic link"]);

    let inside = at(&folder, "inside");
    fs::create_dir_all(format!("{inside}/{POOL}")).unwrap();
    symlink(format!("{target}/victim"), format!("{inside}/{POOL}/plan.json")).unwrap();
    fails(&plan(&[NOT_READY, "--output-dir", &inside, "--force"]), &["symbolic link"]);
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
}

#[test]
fn a_plan_that_cannot_be_read_says_where_and_what_to_do() {
    let folder = TempDir::new().unwrap();
    let file = at(&folder, "plan.json");
    let whole = plan(&[NOT_READY, "--format", "json"]).out;
    let mut newer: Value = serde_json::from_str(&whole).unwrap();
    newer["schema_version"] = json!(99);
    let mut hostile: Value = serde_json::from_str(&whole).unwrap();
    hostile["pools"][0]["steps"][0]["needs"] = json!(["\u{1b}[2J\u{202e}"]);
    for (text, wanted) in [
        (String::new(), "is empty"),
        ("{".to_owned(), "plan.json: 1:1: not a plan"),
        (whole[..whole.len() / 2].to_owned(), "not a plan"),
        (newer.to_string(), "newer than this mrready"),
        (hostile.to_string(), "/pools/0/steps/0/needs"),
        (fs::read_to_string(NOT_READY).unwrap(), "a snapshot, not a plan"),
        (run(["audit", NOT_READY, "--format", "json"]).out, "a report, not a plan"),
    ] {
        fs::write(&file, text).unwrap();
        fails(&run(["plan", "verify", &file, NOT_READY]), &[wanted, "plan.json"]);
    }
    fs::write(&file, &whole).unwrap();
    fails(&run(["plan", "verify", &file]), &["SNAPSHOT", "--live"]);
    fails(&run(["plan", "verify", &file, NOT_READY, "--done", "x"]), &["--record"]);
    fails(&run(["plan", "verify", &file, NOT_READY, "--record", "--done", "atach-key"]), &["did you mean attach-key"]);
    fails(&run(["plan", "verify", &file, NOT_READY, "--wait", "5m"]), &["--live"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), whole, "a mistake changes nothing");
}

#[test]
fn only_a_record_changes_the_plan_and_remembers_what_was_done() {
    let folder = stages(&[Stage::FirstDay, Stage::KeyAttached]);
    let file = at(&folder, "plan.json");
    let now = |stage: Stage| stage.now().to_string();
    let first = run(["plan", &at(&folder, "FirstDay.json"), "--format", "json", "--now", &now(Stage::FirstDay)]);
    fs::write(&file, &first.out).unwrap();
    let verify = |stage: Stage, more: &[&str]| {
        let (snapshot, now) = (at(&folder, &format!("{stage:?}.json")), now(stage));
        run(["plan", "verify", &file, &snapshot, "--now", &now].iter().chain(more))
    };
    let shown = verify(Stage::KeyAttached, &[]);
    assert_eq!(shown.code, 3, "{}", shown.err);
    assert!(shown.out.lines().any(|line| line.contains("done") && line.contains("attach-key")), "{}", shown.out);
    assert_eq!(fs::read_to_string(&file).unwrap(), first.out);
    assert_eq!(verify(Stage::KeyAttached, &["--record", "--done", "record-settings"]).code, 3);
    let recorded: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let steps = recorded["pools"][0]["steps"].as_array().unwrap();
    let of = |id: &str| steps.iter().find(|step| step["id"] == id).unwrap();
    assert_eq!(of("attach-key")["done_at"], now(Stage::KeyAttached));
    assert_eq!(of("record-settings")["told_at"], now(Stage::KeyAttached));
    assert_eq!(of("create-replica").get("done_at"), None);
    // Looked at again, nothing changes; from the first day's evidence it is undone, and the exit code says so.
    let kept = fs::read_to_string(&file).unwrap();
    assert_eq!(verify(Stage::KeyAttached, &["--record"]).code, 3);
    assert_eq!(fs::read_to_string(&file).unwrap(), kept);
    let undone = verify(Stage::FirstDay, &[]);
    assert_eq!(undone.code, 1, "{}", undone.err);
    assert!(undone.out.contains("undone") && undone.err.contains("attach-key is undone"), "{}", undone.err);
}
