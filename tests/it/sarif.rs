//! What code hosts read, from the program: SARIF against its published schema and against Microsoft's validator, and GitLab's
//! Code Quality report entry by entry.
//!
//! The validator is a package for Node.js, pinned in `tests/sarif/package-lock.json` and installed below `target/`. It ends
//! with 0 whatever it finds, so what it writes is read. The schema is the one that comes with it; where the standard's own
//! edition lies in a folder `shared/schemas` beside the checkout, that is used too, since it says more about regions. What no
//! validator checks is tested beside the code, in `src/render/sarif`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::cli::{NOT_READY, run};
use super::pinned::{SKIP_NODE as SKIP, install_packages};

const NOW: &str = "2026-11-21T12:00:00Z";
const READY: &str = "fixtures/snapshots/ready.json";
const DECISIONS: &str = "fixtures/decisions/ready.yaml";
const TREES: &str = "fixtures/trees";

/// Runs the program and takes what it prints; a verdict may be any, a failure may not.
fn printed(arguments: &[&str]) -> String {
    let run = run(arguments);
    assert!([0, 1, 3].contains(&run.code), "{arguments:?}: {}", run.err);
    run.out
}

/// Everything that is written in a format, by a name for it.
fn written(format: &str) -> BTreeMap<String, Value> {
    let audit = ["--now", NOW, "--format", format];
    let cases: [(&str, &[&str]); 5] = [
        ("not-ready", &["audit", NOT_READY]),
        ("ready", &["audit", READY, "--waivers", DECISIONS]),
        ("everything", &["audit", NOT_READY, READY, "--show", "all", "--sarif-unknown-as", "warning"]),
        ("trees", &["audit", NOT_READY, "--scan", TREES, "--annotate", "deploy/decisions.yaml"]),
        ("scan", &["scan", TREES]),
    ];
    let mut all = BTreeMap::new();
    for (name, arguments) in cases {
        let options: &[&str] = if arguments[0] == "scan" { &audit[2..] } else { &audit };
        let text = printed(&[arguments, options].concat());
        assert!(text.starts_with(['{', '[']) && text.ends_with('\n'), "{name}");
        all.insert(name.to_owned(), serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")));
    }
    all
}

#[test]
fn sarif_is_what_the_standard_and_its_validator_want() {
    if std::env::var(SKIP).is_ok_and(|value| value == "1") {
        // Not through the macros, whose output a passing test swallows.
        let _ = writeln!(std::io::stderr(), "{SKIP}=1: the validator of SARIF is skipped");
        return;
    }
    let home = install().unwrap_or_else(|why| panic!("no validator: {why}\nTo do without it, set {SKIP}=1."));
    let native = native(&home);
    let folder = TempDir::new().unwrap();
    let schemas = schemas(&native);
    for (format, kinds) in [("sarif", "Sarif"), ("sarif-github", "Sarif;Ghas")] {
        let mut files = Vec::new();
        let written = written(format);
        for (name, log) in &written {
            for (schema, validator) in &schemas {
                let errors: Vec<String> = validator.iter_errors(log).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{format} {name}, by {schema}: {errors:#?}");
            }
            files.push((format!("{name}.sarif"), log.clone()));
        }
        // What is wrong on purpose shows that the validators look: a level that is none, and a rule that is not there.
        let mut broken = written["not-ready"].clone();
        broken["runs"][0]["results"][0]["level"] = json!("terrible");
        for (schema, validator) in &schemas {
            assert!(!validator.is_valid(&broken), "{schema} takes anything");
        }
        let mut broken = written["not-ready"].clone();
        broken["runs"][0]["results"][0]["ruleIndex"] = json!(100_000);
        files.push(("broken.sarif".to_owned(), broken));

        let errors = validate(&native, folder.path(), kinds, &files);
        let of: BTreeSet<&str> = errors.iter().map(|(file, _)| file.as_str()).collect();
        assert_eq!(of, BTreeSet::from(["broken.sarif"]), "{format}: {errors:#?}");
    }
}

/// The errors that the validator finds, by file.
fn validate(native: &Path, folder: &Path, kinds: &str, files: &[(String, Value)]) -> Vec<(String, String)> {
    let mut command = Command::new(native.join(if cfg!(windows) { "Sarif.Multitool.exe" } else { "Sarif.Multitool" }));
    let report = folder.join("validation.json");
    command.arg("validate");
    for (name, log) in files {
        let path = folder.join(name);
        fs::write(&path, serde_json::to_vec(log).unwrap()).unwrap();
        command.arg(path);
    }
    command.arg("--output").arg(&report).args(["--rule-kind", kinds, "--log", "ForceOverwrite"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(&format!("{} files scanned", files.len())), "{command:?}\n{said}");
    let text = fs::read_to_string(&report).unwrap();
    let log: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap().iter();
    let errors = results.filter(|result| result["level"] == "error").map(|result| {
        let location = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        let index = location["index"].as_u64().and_then(|index| usize::try_from(index).ok());
        let uri = location["uri"].as_str().or_else(|| run["artifacts"][index?]["location"]["uri"].as_str());
        let name = uri.unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
        (name, format!("{} {}", result["ruleId"], result["message"]))
    });
    errors.collect()
}

/// Published editions of the schema, by what they are called.
fn schemas(native: &Path) -> BTreeMap<String, jsonschema::Validator> {
    let read = |path: &Path| -> Value {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
    };
    let mut schemas = BTreeMap::from([("the package".to_owned(), read(&native.join("sarif-2.1.0.json")))]);
    // Of a checkout, or of a folder of checkouts.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = root.ancestors().skip(1).take(2).map(|folder| folder.join("shared/schemas/sarif-2.1.0.json"));
    match beside.into_iter().find(|path| path.exists()) {
        Some(path) => drop(schemas.insert("OASIS".to_owned(), read(&path))),
        None => {
            let _ =
                writeln!(std::io::stderr(), "shared/schemas/sarif-2.1.0.json is not there: only the package's edition");
        }
    }
    schemas.into_iter().map(|(name, schema)| (name, jsonschema::validator_for(&schema).unwrap())).collect()
}

#[test]
fn gitlab_takes_every_entry() {
    for (name, report) in written("gitlab") {
        let entries = report.as_array().unwrap();
        assert!(!entries.is_empty(), "{name}");
        let mut fingerprints = BTreeSet::new();
        for entry in entries {
            // What its schema requires, and what its documentation adds.
            for member in ["description", "check_name", "fingerprint", "severity"] {
                assert!(entry[member].as_str().is_some_and(|text| !text.is_empty()), "{name}: {entry}");
            }
            let severity = entry["severity"].as_str().unwrap();
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity), "{name}: {entry}");
            assert!(entry["location"]["lines"]["begin"].as_u64().is_some_and(|line| line >= 1), "{name}: {entry}");
            let path = entry["location"]["path"].as_str().unwrap();
            assert!(!path.is_empty() && !path.starts_with(['/', '.']), "{name}: {entry}");
            assert!(fingerprints.insert(entry["fingerprint"].as_str().unwrap()), "{name}: twice {entry}");
        }
        let places: BTreeSet<&str> = entries.iter().map(|entry| entry["location"]["path"].as_str().unwrap()).collect();
        match name.as_str() {
            "scan" => assert!(places.iter().all(|path| committed(path)), "{places:?}"),
            "trees" => assert!(
                places.contains("deploy/decisions.yaml")
                    && places.iter().all(|path| *path == "deploy/decisions.yaml" || committed(path)),
                "{places:?}"
            ),
            _ => assert_eq!(places, BTreeSet::from(["mrready.yaml"]), "{name}"),
        }
    }
}

/// Whether this is a file of the project: places are named from the top of the repository.
fn committed(path: &str) -> bool {
    // A copy without its repository names files below the folder that was searched.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(path).is_file() || root.join(TREES).join(path).is_file()
}

#[test]
fn a_step_shows_at_most_ten_of_a_kind_and_no_name_gives_a_command() {
    for arguments in [
        ["audit", NOT_READY, "--now", NOW, "--format", "github"].as_slice(),
        &["audit", NOT_READY, "--now", NOW, "--scan", TREES, "--format", "github"],
        &["scan", TREES, "--format", "github"],
    ] {
        let text = printed(arguments);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for line in text.lines() {
            let kind = ["error", "warning", "notice"].into_iter().find(|kind| line.starts_with(&format!("::{kind} ")));
            *counts.entry(kind.unwrap_or_else(|| panic!("{line}"))).or_default() += 1;
        }
        assert!(counts["error"] >= 1 && counts.values().all(|count| *count <= 10), "{arguments:?}: {counts:?}");
    }
}

#[test]
fn a_place_has_to_lie_in_the_repository() {
    for place in ["/etc/passwd", "../x.yaml", "a/../../x", "C:/x.yaml", ""] {
        let run = run(["audit", NOT_READY, "--format", "gitlab", "--annotate", place]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{place}");
        assert!(run.err.contains("--annotate") && run.err.contains("from the top of the repository"), "{}", run.err);
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.sarif");
    let run = run(["audit", NOT_READY, "--now", NOW, "-o", path.to_str().unwrap()]);
    assert_eq!(run.code, 1, "{}", run.err);
    let log: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(log["version"], "2.1.0", "a file called so is SARIF");
}

/// The folder of the validator itself, which is a program for this system and not for Node.js: the script beside it hands
/// its arguments to a shell, where `Sarif;Ghas` would be two commands.
fn native(home: &Path) -> PathBuf {
    let system = if cfg!(windows) {
        "win32"
    } else if cfg!(target_os = "macos") {
        "darwin"
    } else {
        "linux"
    };
    home.join(format!("node_modules/@microsoft/sarif-multitool-{system}"))
}

/// The validator, whose package makes its program executable in a script; and scripts are not run.
fn install() -> Result<PathBuf, String> {
    let home = install_packages("sarif-multitool", &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sarif"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let program = native(&home).join("Sarif.Multitool");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    }
    Ok(home)
}
