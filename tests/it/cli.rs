//! The program from outside, offline: exit codes, streams, files, mistakes. Run with an empty environment.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mrready::facts::FieldSet;
use mrready::model::SubjectKind;
use mrready::rules::{Catalog, new_rule};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const NOT_READY: &str = "fixtures/snapshots/not-ready.json";
const READY: &str = "fixtures/snapshots/ready.json";
const DECISIONS: &str = "fixtures/decisions/ready.yaml";
const NOW: &str = "2026-11-21T12:00:00Z";

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program with these arguments, nothing in its environment, in the root of the project.
pub(crate) fn command<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrready"));
    command.args(arguments).env_clear().current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    finish(&mut command(arguments))
}

pub(crate) fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().expect("it ends by itself"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn report(arguments: &[&str]) -> Value {
    let run = run(arguments.iter().copied().chain(["--format", "json", "--now", NOW]));
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err))
}

fn put(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn snapshot(path: &str) -> Value {
    serde_json::from_slice(&fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()).unwrap()
}

/// A failure that says what to do: exit 2, one message on standard error, nothing on standard output.
#[track_caller]
pub(crate) fn fails(run: &Run, wanted: &[&str]) {
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
    for word in wanted {
        assert!(run.err.contains(word), "no `{word}` in: {}", run.err);
    }
    assert!(!run.err.contains("panicked") && !run.err.contains('\u{1b}'), "{}", run.err);
}

#[test]
fn exit_codes() {
    for (code, arguments) in [
        (1, format!("audit {NOT_READY}")),
        (1, format!("audit {NOT_READY} --gate issuer")),
        (3, format!("audit {NOT_READY} --gate activate")),
        (0, format!("audit {NOT_READY} --fail-on never")),
        (3, format!("audit {READY}")),
        (0, format!("audit {READY} --fail-on never")),
        (0, format!("audit {READY} --waivers {DECISIONS}")),
        (1, format!("audit {READY} --waivers {DECISIONS} --fail-on warn")),
        (3, format!("audit {READY} --waivers {DECISIONS} --no-waivers")),
        (3, format!("audit {READY} --waivers {DECISIONS} --now 2100-01-01T00:00:00Z")),
        (3, format!("audit {READY} --waivers {DECISIONS} --gate replicate --gate activate")),
        (0, format!("audit {READY} --waivers {DECISIONS} --gate replicate")),
        (0, format!("audit {READY} --waivers {DECISIONS} --target-issuer original")),
        (0, format!("audit {READY} --waivers {DECISIONS} --level key-multi-region=info")),
        (3, format!("audit {READY} --waivers {DECISIONS} --level key-multi-region=info --strict")),
        (0, format!("audit {READY} --waivers {DECISIONS} --level no-totp=blocker --strict")),
        (3, format!("audit {READY} --waivers {DECISIONS} --max-snapshot-age 1h --now 2026-11-21T12:00:00Z")),
        (1, format!("audit {READY} {NOT_READY} --waivers {DECISIONS}")),
        (2, "audit".to_owned()),
        (2, "audit no-such-file.json".to_owned()),
        (2, format!("audit {NOT_READY} --no-such-option")),
        (2, format!("audit {NOT_READY} --all-pools")),
        (2, format!("audit {NOT_READY} --save-snapshot x.json")),
        (2, format!("audit {NOT_READY} --gate backdoor")),
        (2, format!("audit {NOT_READY} --now yesterday")),
        (2, format!("audit {NOT_READY} --max-snapshot-age 3y")),
        (2, format!("audit {NOT_READY} --show fial")),
        (2, format!("audit {NOT_READY} --select no-such-rule")),
        (2, format!("audit {NOT_READY} --level key-multi-region=high")),
        (2, format!("audit {NOT_READY} --level no-such-rule=info")),
        (2, format!("audit {NOT_READY} --pool-id us-east-1_Another00")),
        (2, format!("audit {NOT_READY} --replica-region west")),
        (2, format!("audit {NOT_READY} --no-builtin-rules")),
        (2, format!("audit {READY} --waivers {READY}")),
        (2, "collect".to_owned()),
        (2, String::new()),
        (2, "plan".to_owned()),
        (2, "schema dream".to_owned()),
        (2, "man dream".to_owned()),
        (2, "completions dream".to_owned()),
        (2, "explain no-such-thing".to_owned()),
        (0, "rules list".to_owned()),
        (0, "rules check".to_owned()),
        (0, "rules test".to_owned()),
        (0, "explain key-multi-region".to_owned()),
        (0, "--help".to_owned()),
        (0, "--version".to_owned()),
    ] {
        let run = run(words(&arguments));
        assert_eq!(run.code, code, "mrready {arguments}\n{}\n{}", run.err, run.out);
        assert_eq!(code == 2, run.out.is_empty(), "mrready {arguments}: a report or a failure, not both");
        assert!(code != 2 || !run.err.is_empty(), "mrready {arguments}: says nothing");
    }
}

#[test]
fn the_exit_code_says_why_and_does_not_depend_on_the_format() {
    let table = run(["audit", NOT_READY]);
    let last = table.err.lines().last().unwrap();
    assert!(last.starts_with("mrready: exit 1: ") && last.contains("key-multi-region"), "{last}");
    let json = report(&["audit", NOT_READY]);
    assert_eq!(json["summary"]["exit"]["code"], 1);
    assert!(json["summary"]["exit"]["because"].as_array().unwrap().len() >= 2);
    assert_eq!(run(["audit", NOT_READY, "--format", "json"]).code, 1);
    assert_eq!(run(["audit", READY, "--waivers", DECISIONS]).err, "");
}

#[test]
fn with_nothing_to_judge_it_names_three_ways_to_go_on() {
    fails(&run(["audit"]), &["audit SNAPSHOT", "--pool-id", "--all-pools"]);
}

#[test]
fn the_report_is_what_its_schema_says() {
    for name in ["snapshot", "report", "rule", "waivers"] {
        let schema: Value = serde_json::from_str(&run(["schema", name]).out).unwrap();
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        let documents = match name {
            "snapshot" => vec![snapshot(NOT_READY), snapshot(READY)],
            "report" => vec![
                report(&["audit", NOT_READY]),
                report(&["audit", NOT_READY, "--show", "all"]),
                report(&["audit", READY, NOT_READY, "--waivers", DECISIONS]),
            ],
            _ => Vec::new(),
        };
        let validator = jsonschema::validator_for(&schema).unwrap();
        for document in documents {
            let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
            assert!(!validator.is_valid(&Value::Null));
        }
    }
}

#[test]
fn one_content_gives_one_report_however_it_comes() {
    let folder = TempDir::new().unwrap();
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(NOT_READY)).unwrap();
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    let mut lines = vec![value.clone()];
    lines[0].as_object_mut().unwrap().remove("entries");
    lines.extend(value["entries"].as_array().unwrap().iter().cloned());
    lines.push(serde_json::json!({ "end": lines.len() - 1 }));
    let lines = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n") + "\n";
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let ways = [
        put(&folder, "a.json", &bytes),
        put(&folder, "b.jsonl", &lines),
        put(&folder, "c.json.gz", gzip(&bytes)),
        put(&folder, "d.jsonl.zst", zstd::encode_all(lines.as_bytes(), 3).unwrap()),
        put(&folder, "compact/e.json", value.to_string()),
    ];
    for format in ["json", "table"] {
        let options = ["--format", format, "--now", NOW];
        let wanted = run(["audit", NOT_READY].into_iter().chain(options));
        for way in &ways {
            assert_eq!(run(["audit", way.as_str()].into_iter().chain(options)).out, wanted.out, "{format} {way}");
        }
        let whole = folder.path().to_str().unwrap();
        assert_eq!(run(["audit", whole].into_iter().chain(options)).out, wanted.out, "{format}: a folder");
        let mut piped = command(["audit", "-"].into_iter().chain(options));
        let mut child = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let mut out = String::new();
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1));
        assert_eq!(out, wanted.out, "{format}: standard input");
    }
}

#[test]
fn several_snapshots_are_one_log_in_any_order() {
    let one = report(&["audit", READY, NOT_READY]);
    assert_eq!(one, report(&["audit", NOT_READY, READY]));
    assert_eq!(one, report(&["audit", "fixtures/snapshots"]));
    assert_eq!(one["summary"]["pools"].as_array().unwrap().len(), 2);

    // The newer answer to the same question counts.
    let folder = TempDir::new().unwrap();
    let mut newer = snapshot(NOT_READY);
    for entry in newer["entries"].as_array_mut().unwrap() {
        if entry["operation"] == "DescribeKey" {
            entry["time"] = "2026-11-21T10:00:00Z".into();
            entry["response"]["KeyMetadata"]["MultiRegion"] = true.into();
        }
    }
    let newer = put(&folder, "newer.json", newer.to_string());
    let verdict = |report: &Value| {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["rule"] == "key-multi-region").unwrap()["verdict"].clone()
    };
    assert_eq!(verdict(&report(&["audit", NOT_READY])), "fail");
    assert_eq!(verdict(&report(&["audit", NOT_READY, &newer])), "pass");
    assert_eq!(report(&["audit", NOT_READY, &newer]), report(&["audit", &newer, NOT_READY]));
}

#[test]
fn what_reduces_a_run_is_listed() {
    let reductions = |arguments: &[&str]| {
        let arguments = [&["audit", NOT_READY, READY, "--waivers", DECISIONS, "--format", "json"], arguments].concat();
        let report: Value = serde_json::from_str(&run(arguments).out).unwrap();
        let list = report["run"]["reductions"].as_array().unwrap().clone();
        list.iter()
            .map(|it| (it["option"].as_str().unwrap().to_owned(), it["touches_blocker"].as_bool().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(reductions(&[]), []);
    assert_eq!(reductions(&["--show", "all", "--verbose", "--fail-on", "warn", "--strict"]), []);
    assert_eq!(reductions(&["--level", "no-totp=blocker"]), []);
    for (option, touches) in [
        ("--level key-multi-region=advisory", true),
        ("--level no-totp=info", false),
        ("--now 2026-11-21T12:00:00Z", true),
        ("--select MRR-006", false),
        ("--ignore key-*", false),
        ("--gate issuer", false),
        ("--fail-on never", false),
        ("--target-issuer original", false),
        ("--pool-id us-east-1_MembProd1", false),
    ] {
        assert_eq!(reductions(&words(option)), [(option.to_owned(), touches)]);
    }
    let table = run(["audit", NOT_READY, "--fail-on", "never"]).out;
    assert!(table.find("--fail-on never").unwrap() < table.find("Answer").unwrap(), "above the verdict: {table}");
}

#[test]
fn select_narrows_what_is_shown_and_not_what_is_judged() {
    let all = report(&["audit", NOT_READY]);
    let some = report(&["audit", NOT_READY, "--select", "MRR-017"]);
    assert_eq!(all["summary"], some["summary"]);
    let rules: Vec<&Value> = some["findings"].as_array().unwrap().iter().map(|finding| &finding["rule"]).collect();
    assert_eq!(rules, ["rest-cognito-authorizer-replaced"]);
}

/// A rule of the user's own. What stands in `hole` goes below `check:`.
fn own_rule(hole: &str) -> String {
    format!(
        "id: own-tier
title: The pool is on the Plus plan
since: 0.1.0
level: blocker
gates: [replicate]
subject: pool
check: {hole}
why: House rule.
resolve: before
tests:
  - {{ given: {{ pool.tier: PLUS }}, expect: pass }}
  - {{ given: {{ pool.tier: LITE }}, expect: fail }}
  - {{ given: {{}}, expect: unknown }}
"
    )
}

#[test]
fn a_rule_dropped_into_a_folder_is_judged() {
    let folder = TempDir::new().unwrap();
    put(&folder, "mine/own-tier.yaml", own_rule("{ field: pool.tier, equals: PLUS }"));
    let path = folder.path().to_str().unwrap();
    assert_eq!(run(["rules", "check", path]).code, 0);
    assert_eq!(run(["rules", "test", path]).code, 0);
    let report = report(&["audit", READY, "--waivers", DECISIONS, "--rules", path]);
    assert_eq!(report["summary"]["exit"]["code"], 1);
    let found = report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "own-tier").unwrap();
    assert_eq!((&found["verdict"], &found["evidence"][0]["actual"]), (&"fail".into(), &"ESSENTIALS".into()));
    assert!(run(["rules", "list", "--rules", path]).out.contains("own-tier"));
    assert!(run(["explain", "own-tier", "--rules", path]).out.contains("House rule."));

    let only = run(["audit", READY, "--rules", path, "--no-builtin-rules", "--format", "json"]);
    let only: Value = serde_json::from_str(&only.out).unwrap();
    assert_eq!(only["rules"].as_object().unwrap().len(), 1);
    assert_eq!(only["run"]["reductions"][0]["option"], "--no-builtin-rules");
}

#[test]
fn every_mistake_of_a_rule_file_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    let text = own_rule("{ all: [{ field: pool.teir, equals: PLUS }, { field: pool.tier, equls: PLUS }] }")
        .replace("why: House rule.", "why: House rule.\nwhy: Again.");
    let file = put(&folder, "own-tier.yaml", text);
    for arguments in [vec!["audit", READY, "--rules", &file], vec!["rules", "check", &file]] {
        let run = run(arguments);
        fails(
            &run,
            &[
                &format!("{file}:7:25: unknown field `pool.teir`"),
                "did you mean `pool.tier`?",
                &format!("{file}:7:72: unknown operator `equls`"),
                "did you mean `equals`?",
                &format!("{file}:9:1: duplicate key `why`: it already stands at 8:1"),
            ],
        );
    }
}

#[test]
fn the_mistakes_of_all_files_of_a_folder_are_told_at_once() {
    let folder = TempDir::new().unwrap();
    put(&folder, "a.yaml", "id: a\n  bad: [\n");
    put(&folder, "b.yaml", [0xff, 0xfe, 0x00]);
    let path = folder.path().to_str().unwrap();
    fails(&run(["rules", "check", path]), &["b.yaml: not UTF-8"]);
    fs::remove_file(folder.path().join("b.yaml")).unwrap();
    put(&folder, "own-tier.yaml", own_rule("{ field: pool.tier, equals: PLOS }"));
    fails(&run(["rules", "check", path]), &["a.yaml:2:", "own-tier.yaml:7:", "did you mean `PLUS`?"]);
}

#[test]
fn rules_new_gives_a_rule_that_is_sound() {
    let folder = TempDir::new().unwrap();
    for kind in SubjectKind::ALL {
        let files = [("own-rule.yaml".to_owned(), new_rule("own-rule", *kind))];
        let catalog = Catalog::check(&FieldSet, false, &files).unwrap_or_else(|problems| panic!("{kind}: {problems}"));
        assert!(mrready::audit::run_tests(&catalog.rules[0], &FieldSet).is_empty(), "{kind}");
    }
    for kind in ["pool", "load_balancer"] {
        let path = folder.path().join(kind);
        let path = path.to_str().unwrap();
        let new = run(["rules", "new", "own-rule", "--subject", kind, "-o", path]);
        assert_eq!((new.code, new.err.as_str()), (0, ""), "{kind}");
        assert!(new.out.trim().ends_with("own-rule.yaml"));
        assert_eq!(run(["rules", "check", path]).code, 0, "{kind}");
        let test = run(["rules", "test", path]);
        assert_eq!((test.code, test.out.as_str()), (0, "1 rule, 3 tests, 0 failed\n"), "{kind}");
        assert_eq!(run(["audit", NOT_READY, "--rules", path]).code, 1, "{kind}");
        fails(&run(["rules", "new", "own-rule", "-o", path]), &["is there already"]);
    }
    fails(&run(["rules", "new", "OwnRule"]), &["is no rule id", "key-multi-region"]);
}

#[test]
fn a_failing_rule_test_is_exit_1_and_says_which() {
    let folder = TempDir::new().unwrap();
    let rule = own_rule("{ field: pool.tier, equals: PLUS }").replace("pool.tier: LITE", "pool.tier: PLUS");
    let file = put(&folder, "own-tier.yaml", rule);
    let run = run(["rules", "test", &file]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains(&format!("{file}:12:")), "{}", run.out);
}

#[test]
fn explain_knows_rules_tags_fields_gates_and_classes() {
    for (name, wanted) in [
        ("key-multi-region", vec!["MRR-006", "kms:DescribeKey", "https://docs.aws.amazon.com/"]),
        ("MRR-006", vec!["key-multi-region"]),
        ("MRR-008", vec!["key-enabled", "key-symmetric-customer-key"]),
        ("pool.tier", vec!["LITE", "cognito-idp:DescribeUserPool", "feature-plan-allows-mrr"]),
        ("issuer", vec!["May this pool's issuer be switched", "rest-cognito-authorizer-replaced"]),
        ("jwks-url", vec!["warning: it may break", "What to do", "https://docs.aws.amazon.com/"]),
    ] {
        let run = run(["explain", name]);
        assert_eq!(run.code, 0, "{name}");
        for word in wanted {
            assert!(run.out.contains(word), "{name}: no `{word}` in {}", run.out);
        }
    }
    fails(&run(["explain", "key-multi-regoin"]), &["did you mean `key-multi-region`?"]);
    fails(&run(["explain", "issuer-url-litral"]), &["did you mean `issuer-url-literal`?"]);
}

#[test]
fn the_catalogue_as_json_is_an_array_of_rules() {
    let list: Value = serde_json::from_str(&run(["rules", "list", "--format", "json"]).out).unwrap();
    let members = ["id", "title", "level", "decided_by", "gates", "subject", "tags", "status", "since", "references"];
    for rule in list.as_array().unwrap() {
        for member in members {
            assert!(!rule[member].is_null(), "{member}: {rule}");
        }
    }
}

#[test]
fn outputs() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fails(&run(["audit", NOT_READY, "-o", "json"]), &["did you mean --format json, or -o json=FILE?"]);
    fails(&run(["audit", NOT_READY, "-o", &path("report.xyz")]), &["which format? Write -o FORMAT="]);
    fails(&run(["audit", NOT_READY, "--format", "jsno"]), &["did you mean json?"]);
    fails(&run(["audit", NOT_READY, "-o", "jsno=x"]), &["did you mean json?"]);
    fails(&run(["audit", NOT_READY, "-o", &format!("json={}", path("no/such/folder.json"))]), &["cannot write"]);
    fails(&run(["audit", NOT_READY, "-o", &format!("json={}", folder.path().display())]), &["is a folder"]);

    let (json, text) = (path("report.json"), path("report.txt"));
    let both = run(["audit", NOT_READY, "--now", NOW, "-o", &json, "-o", &text]);
    assert_eq!((both.code, both.out.as_str()), (1, ""), "files only: standard output stays empty");
    let wanted = run(["audit", NOT_READY, "--now", NOW, "--format", "json", "-o", &format!("table={}", path("again"))]);
    assert_eq!(fs::read_to_string(&json).unwrap(), wanted.out);
    assert_eq!(fs::read_to_string(&text).unwrap(), run(["audit", NOT_READY, "--now", NOW]).out);
    assert_eq!(fs::read_to_string(path("again")).unwrap(), fs::read_to_string(&text).unwrap());
}

#[test]
fn a_report_that_is_there_is_not_lost_to_a_failure() {
    let folder = TempDir::new().unwrap();
    let report = put(&folder, "report.json", "precious");
    let broken = put(&folder, "broken/x.json", "{");
    assert_eq!(run(["audit", &broken, "-o", &report]).code, 2);
    assert_eq!(fs::read_to_string(&report).unwrap(), "precious");
    let names: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names.len(), 2, "nothing half-written beside it: {names:?}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    for (arguments, code) in [
        (vec!["audit", NOT_READY, "--show", "all"], 1),
        (vec!["rules", "list"], 0),
        (vec!["schema", "rule"], 0),
        (vec!["--help"], 0),
    ] {
        let mut child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}: {err}");
        assert!(!err.contains("panicked") && !err.contains("pipe"), "{err}");
    }
}

#[test]
fn colour_is_asked_for_by_option_and_environment() {
    let colour = |option: &[&str], environment: &[(&str, &str)]| {
        let arguments = [&["audit", NOT_READY], option].concat();
        finish(command(arguments).envs(environment.iter().copied())).out.contains('\u{1b}')
    };
    assert!(!colour(&[], &[]), "not a terminal");
    assert!(!colour(&[], &[("TERM", "xterm")]), "not a terminal");
    assert!(colour(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colour(&[], &[("CLICOLOR_FORCE", "0")]));
    assert!(!colour(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(colour(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!colour(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colour(&["--color", "always", "--format", "json"], &[]));
}

#[test]
fn the_table_fits_the_width() {
    for (columns, most) in [("60", 60), ("80", 80), ("", 80), ("abc", 80), ("120", 120)] {
        let mut command = command(["audit", NOT_READY, "--show", "all", "--verbose"]);
        let out = finish(command.env("COLUMNS", columns)).out;
        // An ARN, an id or a URL is never broken: it is there to be copied.
        let long: Vec<&str> = out
            .lines()
            .filter(|line| line.chars().count() > most && line.split_whitespace().count() > 1)
            .filter(|line| line.split_whitespace().all(|word| word.chars().count() < most / 2))
            .collect();
        assert!(long.is_empty(), "{columns}: {long:#?}");
    }
}

#[test]
fn bad_snapshots_are_named_with_their_place() {
    let folder = TempDir::new().unwrap();
    let whole = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(NOT_READY)).unwrap();
    let mut two = snapshot(NOT_READY);
    two["entries"][0]["error"] = serde_json::json!({ "kind": "denied", "code": "AccessDenied" });
    let mut extra = snapshot(NOT_READY);
    extra["entries"][3]["extra"] = true.into();
    let mut no_pool = snapshot(NOT_READY);
    no_pool["scope"]["pools"][0]["id"] = "".into();
    let nested = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep =
        r#"{"mrready_snapshot":1,"tool_version":"0.1.0","scope":{"pools":[]},"entries":[{"kind":"call","response":"#;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty.json", Vec::new(), "is empty"),
        ("blank.json", b" \n\n".to_vec(), "is empty"),
        ("cut.json", whole[..whole.len() / 2].to_vec(), "it was cut off"),
        ("pool.json", no_pool.to_string().into_bytes(), "not the id of a user pool"),
        (
            "cut.jsonl",
            b"{\"mrready_snapshot\":1,\"tool_version\":\"0.1.0\",\"scope\":{\"pools\":[]}}\n".to_vec(),
            "cut off",
        ),
        ("other.json", b"{\"Resources\": {}}".to_vec(), "other.json:1:"),
        ("list.json", b"[]".to_vec(), "expected a snapshot's object"),
        ("text.json", b"not json at all".to_vec(), "text.json:1:"),
        ("newer.json", b"{\"mrready_snapshot\": 99}".to_vec(), "newer than this mrready"),
        ("binary.json", vec![0, 159, 146, 150], "binary.json:1:"),
        ("both.json", two.to_string().into_bytes(), "exactly one of `response` and `error`"),
        ("extra.json", extra.to_string().into_bytes(), "unknown field `extra`"),
        ("nested.json", nested.clone().into_bytes(), "nested.json:1:"),
        ("deep.json", format!("{deep}{nested}}}]}}").into_bytes(), "deep.json:1:"),
        ("bad.json.gz", vec![0x1f, 0x8b, 8, 0, 1, 2], "cannot be unpacked"),
        ("bad.json.zst", vec![0x28, 0xb5, 0x2f, 0xfd, 9, 9, 9], "cannot be unpacked"),
    ];
    for (name, bytes, wanted) in cases {
        let file = put(&folder, name, bytes);
        let run = run(["audit", &file]);
        fails(&run, &[name, wanted]);
        assert_eq!(run.err.lines().count(), 1, "one message: {}", run.err);
    }
    fails(
        &run(["audit", put(&folder, "none/readme.txt", "x").trim_end_matches("/readme.txt")]),
        &["no snapshot in this folder"],
    );
}

#[test]
fn a_hostile_name_does_not_reach_the_terminal() {
    let folder = TempDir::new().unwrap();
    let mut evil = snapshot(NOT_READY);
    for entry in evil["entries"].as_array_mut().unwrap() {
        if entry["operation"] == "DescribeUserPool" {
            entry["response"]["UserPool"]["Name"] = "a\u{1b}[2J\u{202e}\u{7}\nb".into();
        }
    }
    let evil = put(&folder, "evil.json", evil.to_string());
    for options in [vec![], vec!["--verbose", "--show", "all"]] {
        let run = run(["audit", &evil].into_iter().chain(options));
        assert_eq!(run.code, 1);
        assert!(run.out.contains("\\u{1b}"), "{}", run.out);
        assert!(!run.out.contains(['\u{1b}', '\u{202e}', '\u{7}']) && !run.err.contains('\u{1b}'));
    }
}

#[test]
fn a_bad_decisions_file_is_named_with_its_places() {
    let folder = TempDir::new().unwrap();
    let text = "- kind: atest\n  rule: pool-eligibel\n  subject: \"*/*/pool/*\"\n  reason: r\n  owner: o\n";
    let file = put(&folder, "decisions.yaml", text);
    let wanted = [
        "decisions.yaml:1:9",
        "did you mean `attest`?",
        "decisions.yaml:2:9",
        "did you mean `pool-eligible`?",
        "`expires`",
    ];
    fails(&run(["audit", READY, "--waivers", &file]), &wanted);
}

#[test]
fn no_socket_is_needed_to_judge() {
    // Credentials and endpoints in the environment change nothing.
    let environment = [("AWS_PROFILE", "nobody"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("HOME", "/nonexistent")];
    let arguments = ["audit", NOT_READY, "--now", NOW];
    assert_eq!(finish(command(arguments).envs(environment)).out, run(arguments).out);
}

#[test]
fn shells_and_man_are_told_every_command() {
    let commands: Vec<String> =
        mrready::cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let completions = run(["completions", shell]);
        assert_eq!(completions.code, 0, "{}", completions.err);
        for command in &commands {
            assert!(completions.out.contains(command.as_str()), "{shell} does not know {command}");
        }
    }
    for command in &commands {
        let page = run(["man", command]);
        assert!(page.out.contains(&format!(".TH mrready-{command} 1")), "{}{}", page.out, page.err);
    }
    assert!(run(["man", "plan", "verify"]).out.contains("mrready plan verify"));
    assert!(run(["man"]).out.contains("mrready\\-audit(1)"));
}
