//! The formats of records, read as their consumers read them: OCSF by the schema of its version, ASFF by the check of AWS's own
//! clients, test cases by the schema of Jenkins and by a parser, the CSVs by Python. `tests/records/` has the programs; what they do
//! not look at is tested beside the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::pinned::{SKIP, install, run, skipped};

const NOW: &str = "2026-11-21T12:00:00Z";

/// Format and the end of its files' names, among the fixtures too.
const FORMATS: &[(&str, &str)] = &[
    ("ocsf", "ocsf.json"),
    ("asff", "asff.jsonl"),
    ("junit", "junit.xml"),
    ("csv", "csv"),
    ("prowler-csv", "prowler.csv"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The validators; `None` if the tests that need Python are to be skipped.
struct Readers {
    python: PathBuf,
    schema: PathBuf,
}

impl Readers {
    fn get() -> Option<&'static Self> {
        static READERS: OnceLock<Result<Readers, String>> = OnceLock::new();
        if skipped() {
            return None;
        }
        match READERS.get_or_init(Self::install) {
            Ok(readers) => Some(readers),
            Err(why) => panic!("no validators to test with: {why}\nTo do without them, set {SKIP}=1."),
        }
    }

    fn install() -> Result<Self, String> {
        let source = root().join("tests/records");
        let python = install("records", &source, &[])?;
        let pinned = source.join("schema.txt");
        let text = fs::read(&pinned).map_err(|error| format!("{}: {error}", pinned.display()))?;
        let digest = Sha256::digest(&text);
        let version = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        let home = python.parent().and_then(Path::parent).ok_or("no virtual environment")?;
        let schema = home.join(format!("junit-10-{version:08x}.xsd"));
        if !schema.exists() {
            let folder = TempDir::new_in(home).map_err(|error| error.to_string())?;
            let pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"];
            let download = ["--no-binary", ":all:", "--require-hashes", "-r"];
            run(Command::new(&python).args(pip).args(download).arg(&pinned).arg("-d").arg(folder.path()))?;
            // The newer of the two that the package has.
            let take = "import pathlib, sys, tarfile\n\
                        folder, out = map(pathlib.Path, sys.argv[1:])\n\
                        archive = tarfile.open(next(folder.glob('*.tar.gz')))\n\
                        names = [name for name in archive.getnames() if name.endswith('ae25da5089d4f94ac6c4669bf736e4d416cc4665/junit-10.xsd')]\n\
                        out.write_bytes(archive.extractfile(names[0]).read())";
            let taken = folder.path().join("junit-10.xsd");
            run(Command::new(&python).args(["-c", take]).arg(folder.path()).arg(&taken))?;
            fs::rename(&taken, &schema).map_err(|error| error.to_string())?;
        }
        Ok(Self { python, schema })
    }

    /// What was read from each file; the error is what is wrong with the first that is not valid.
    fn read(&self, format: &str, files: &[PathBuf]) -> Result<Vec<Value>, String> {
        let format = if format == "junit" { format!("junit={}", self.schema.display()) } else { format.to_owned() };
        let script = root().join("tests/records/check.py");
        let output = run(Command::new(&self.python).arg("-B").arg(script).arg(format).args(files))?;
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }
}

/// The reports of one run in every format and as JSON, each with every finding.
fn audit(folder: &TempDir, arguments: &[&str]) -> Value {
    let json = folder.path().join("report.json");
    let mut all: Vec<String> = ["audit", "--now", NOW, "--show", "all", "-o"].map(str::to_owned).to_vec();
    all.push(format!("json={}", json.display()));
    for (format, end) in FORMATS {
        all.extend(["-o".to_owned(), format!("{format}={}", folder.path().join(end).display())]);
    }
    all.extend(arguments.iter().map(|each| (*each).to_owned()));
    let run = crate::cli::run(all);
    assert!(run.code != 2, "{}", run.err);
    serde_json::from_slice(&fs::read(json).unwrap()).unwrap()
}

/// How often each word comes.
fn counted<'a>(words: impl Iterator<Item = &'a str>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word.to_owned()).or_default() += 1;
    }
    counts
}

fn numbers(value: &Value) -> BTreeMap<String, u64> {
    let members = value.as_object().unwrap().iter();
    members.map(|(name, number)| (name.clone(), number.as_u64().unwrap())).collect()
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().unwrap()
}

fn verdict(finding: &Value) -> &str {
    finding["verdict"].as_str().unwrap()
}

fn is_waived(finding: &Value) -> bool {
    finding["waiver"]["kind"].as_str().is_some_and(|kind| kind != "attest")
}

/// Every format of a run says of every finding what the JSON report says.
fn agree(readers: &Readers, folder: &TempDir, report: &Value) {
    let read = |format: &str| {
        let (_, end) = FORMATS.iter().find(|(name, _)| *name == format).unwrap();
        readers.read(format, &[folder.path().join(end)]).unwrap_or_else(|why| panic!("{why}")).remove(0)
    };
    let all = findings(report);

    let status = |finding: &'static str| match finding {
        "pass" | "info" => "1",
        "fail" | "warn" => "3",
        "unknown" => "2",
        "manual" => "0",
        _ => "99",
    };
    let words = ["pass", "fail", "warn", "info", "unknown", "manual", "not_applicable"];
    let word = |finding: &Value| words.into_iter().find(|word| *word == verdict(finding)).unwrap();
    assert_eq!(numbers(&read("ocsf")), counted(all.iter().map(|each| status(word(each)))));

    let sent = all.iter().filter_map(|each| match verdict(each) {
        "pass" => Some("PASSED"),
        "fail" => Some("FAILED"),
        "warn" => Some("WARNING"),
        "unknown" | "manual" => Some("NOT_AVAILABLE"),
        _ => None,
    });
    assert_eq!(numbers(&read("asff")), counted(sent));

    let outcomes = counted(all.iter().map(|each| match verdict(each) {
        _ if is_waived(each) => "skipped",
        "fail" => "failures",
        "unknown" => "errors",
        "manual" | "not_applicable" => "skipped",
        _ => "passed",
    }));
    let junit = numbers(&read("junit"));
    assert_eq!(junit["tests"], all.len() as u64);
    for outcome in ["failures", "errors", "skipped"] {
        assert_eq!(junit[outcome], outcomes.get(outcome).copied().unwrap_or_default(), "{outcome}");
    }

    let csv = read("csv");
    let column = |rows: &Value, name: &str| -> Vec<String> {
        rows["rows"].as_array().unwrap().iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    };
    let of = |name: &str| -> Vec<String> { all.iter().map(|each| each[name].as_str().unwrap().to_owned()).collect() };
    assert_eq!(column(&csv, "fingerprint"), of("fingerprint"));
    assert_eq!(column(&csv, "verdict"), of("verdict"));
    assert_eq!(column(&csv, "rule"), of("rule"));

    let prowler = read("prowler-csv");
    assert_eq!(
        prowler["columns"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>(),
        PROWLER
    );
    let written = all.iter().filter(|each| verdict(each) != "not_applicable").map(|each| match verdict(each) {
        "pass" | "info" => ("PASS", is_waived(each)),
        "unknown" | "manual" => ("MANUAL", is_waived(each)),
        _ => ("FAIL", is_waived(each)),
    });
    let written: Vec<(String, String)> = written
        .map(|(status, is_muted)| (status.to_owned(), if is_muted { "True" } else { "False" }.to_owned()))
        .collect();
    let statuses = column(&prowler, "STATUS").into_iter().zip(column(&prowler, "MUTED")).collect::<Vec<_>>();
    assert_eq!(statuses, written);
}

/// The columns of Prowler 5, in its order.
const PROWLER: &[&str] = &[
    "AUTH_METHOD",
    "TIMESTAMP",
    "ACCOUNT_UID",
    "ACCOUNT_NAME",
    "ACCOUNT_EMAIL",
    "ACCOUNT_ORGANIZATION_UID",
    "ACCOUNT_ORGANIZATION_NAME",
    "ACCOUNT_TAGS",
    "FINDING_UID",
    "PROVIDER",
    "CHECK_ID",
    "CHECK_TITLE",
    "CHECK_TYPE",
    "STATUS",
    "STATUS_EXTENDED",
    "MUTED",
    "SERVICE_NAME",
    "SUBSERVICE_NAME",
    "SEVERITY",
    "RESOURCE_TYPE",
    "RESOURCE_UID",
    "RESOURCE_NAME",
    "RESOURCE_DETAILS",
    "RESOURCE_TAGS",
    "PARTITION",
    "REGION",
    "DESCRIPTION",
    "RISK",
    "RELATED_URL",
    "REMEDIATION_RECOMMENDATION_TEXT",
    "REMEDIATION_RECOMMENDATION_URL",
    "REMEDIATION_CODE_NATIVEIAC",
    "REMEDIATION_CODE_TERRAFORM",
    "REMEDIATION_CODE_CLI",
    "REMEDIATION_CODE_OTHER",
    "COMPLIANCE",
    "CATEGORIES",
    "DEPENDS_ON",
    "RELATED_TO",
    "NOTES",
    "PROWLER_VERSION",
    "ADDITIONAL_URLS",
    "ACCOUNT_OU_UID",
    "ACCOUNT_OU_NAME",
];

#[test]
fn consumers_read_from_every_format_what_the_report_says() {
    let Some(readers) = Readers::get() else { return };
    for arguments in [
        ["fixtures/snapshots/not-ready.json"].as_slice(),
        &["fixtures/snapshots/ready.json", "--waivers", "fixtures/decisions/ready.yaml"],
        &["fixtures/snapshots/not-ready.json", "--scan", "fixtures/trees/urls"],
    ] {
        let folder = TempDir::new().unwrap();
        let report = audit(&folder, arguments);
        assert!(findings(&report).len() > 50, "{arguments:?}");
        agree(readers, &folder, &report);
    }
}

#[test]
fn consumers_read_the_fixtures_whatever_the_names_in_them() {
    let Some(readers) = Readers::get() else { return };
    for (format, end) in FORMATS {
        let names = ["ready", "blocked", "hostile", "three-pools", "fleet", "empty", "second-run", "names"];
        let files: Vec<PathBuf> =
            names.iter().map(|name| root().join(format!("fixtures/reports/{name}.{end}"))).collect();
        let read = readers.read(format, &files).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(read.len(), names.len(), "{format}");
    }
}

#[test]
fn the_validators_notice() {
    let Some(readers) = Readers::get() else { return };
    let folder = TempDir::new().unwrap();
    for (format, end, right, wrong) in [
        ("ocsf", "ocsf.json", "\"class_uid\":2003", "\"class_uid\":2004"),
        ("ocsf", "ocsf.json", "\"activity_id\":1", "\"activity\":1"),
        ("ocsf", "ocsf.json", "\"provider\":\"AWS\",", ""),
        ("asff", "asff.jsonl", "\"Title\":", "\"Titel\":"),
        ("junit", "junit.xml", "<testsuites ", "<testsuites skipped=\"0\" "),
        ("junit", "junit.xml", "<testcase ", "<testcase file=\"x\" "),
        ("junit", "junit.xml", "failures=\"6\"", "failures=\"5\""),
        ("csv", "csv", "fail,blocker", "=1+1,blocker"),
        ("prowler-csv", "prowler.csv", ";FAIL;", ";@FAIL;"),
    ] {
        let text = fs::read_to_string(root().join(format!("fixtures/reports/blocked.{end}"))).unwrap();
        let broken = text.replacen(right, wrong, 1);
        assert_ne!(broken, text, "{right}");
        let path = folder.path().join("broken");
        fs::write(&path, broken).unwrap();
        assert!(readers.read(format, &[path]).is_err(), "{format}: {wrong} is taken");
    }
}

#[test]
fn lines_of_json_are_the_report() {
    let folder = TempDir::new().unwrap();
    let report = audit(&folder, &["fixtures/snapshots/not-ready.json"]);
    let lines = crate::cli::run([
        "audit",
        "fixtures/snapshots/not-ready.json",
        "--now",
        NOW,
        "--show",
        "all",
        "--format",
        "jsonl",
    ]);
    let lines: Vec<Value> = lines.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, others) = lines.split_last().unwrap();
    let (account, pools) = others.split_first().unwrap();
    assert_eq!((&account["kind"], &account["account"]), (&"account".into(), &"111122223333".into()));
    assert_eq!((&last["kind"], &last["exit"]), (&"summary".into(), &report["summary"]["exit"]));
    assert_eq!(last["rules"], report["rules"]);
    assert_eq!(pools.iter().map(|line| &line["pool"]).collect::<Vec<_>>(), vec![&report["summary"]["pools"][0]]);
    let count = |list: &str| pools[0][list].as_array().unwrap().len();
    assert_eq!(count("findings") + count("passed"), findings(&report).len());
}

#[test]
fn formats_are_told_by_the_ends_of_names_and_gitlab_gets_files() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let tree = ["fixtures/snapshots/not-ready.json", "--scan", "fixtures/trees/urls", "--now", NOW];
    let names = ["r.xml", "r.csv", "r.jsonl"].map(file);
    let output = names.iter().flat_map(|name| ["-o", name.as_str()]);
    let usual = crate::cli::run(["audit"].into_iter().chain(tree).chain(output));
    let gitlab =
        crate::cli::run(["audit"].into_iter().chain(tree).chain(["--format", "junit", "--junit-dialect", "gitlab"]));
    assert_eq!((usual.code, gitlab.code), (1, 1), "{}{}", usual.err, gitlab.err);
    let begins: BTreeSet<String> =
        names.iter().map(|name| fs::read_to_string(name).unwrap().chars().take(6).collect()).collect();
    assert_eq!(begins, BTreeSet::from(["<?xml ".to_owned(), "finger".to_owned(), "{\"kind".to_owned()]));
    let xml = fs::read_to_string(&names[0]).unwrap();
    assert!(!xml.contains(" file=\"") && gitlab.out.contains(" file=\""), "{}", gitlab.out);
}
