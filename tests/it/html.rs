//! The HTML report in a browser: nothing is loaded, nothing of an account runs, filters work, people with a screen reader and
//! people with five thousand pools can use it.
//!
//! It needs Chromium (`apt-get install chromium`, or its path in `MRREADY_CHROMIUM`) and Node.js; `tests/html/check.mjs` looks,
//! with programs that are pinned in `tests/html/package-lock.json` and installed below `target/`. The pages and what the
//! browser shows of them lie in `target/html-report/` afterwards. `MRREADY_SKIP_BROWSER_TESTS=1` leaves it out.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use mrready::model::report::{Finding, Report};
use mrready::model::{Plan, Verdict};
use mrready::render::{Format, Options, write};
use serde_json::{Value, json};

use crate::pinned::install_packages;

/// The variable that skips what needs a browser.
const SKIP: &str = "MRREADY_SKIP_BROWSER_TESTS";
/// The variable that names the browser.
const CHROMIUM: &str = "MRREADY_CHROMIUM";

/// The large fleet.
const POOLS: usize = 5000;
const FINDINGS: usize = 10;
/// Its most bytes.
const MOST_BYTES: usize = 25_000_000;
/// The most milliseconds until its first filter has worked. On a machine with nothing else to do it is below 2,000, which the
/// test prints; other tests run beside it, so what fails here is a page that hangs.
const MOST_MS: u64 = 10_000;

/// Text that runs, loads or breaks out if it is ever read as anything but text.
const PAYLOADS: &[&str] = &[
    "</script><img src=x onerror=\"window.pwned=1;alert(1)\">",
    "\"><svg onload=\"window.pwned=1;alert(2)\"></svg>",
    "' onmouseover='window.pwned=1' autofocus onfocus='window.pwned=1;alert(3)",
    "</noscript></style></title><script>window.pwned=1;alert(4)</script>",
    "| `code` \n::error::y \u{1b}[31m \u{202e}gpj.exe",
    "=cmd|' /C calc'!A0",
    "&lt;img src=x onerror=alert(5)&gt; <!-- ",
    "https://evil.example/x.png",
];

#[test]
fn a_browser_shows_it_as_promised() {
    if std::env::var(SKIP).is_ok_and(|value| value == "1") {
        // Not through the macros, whose output a passing test swallows.
        let _ = writeln!(std::io::stderr(), "{SKIP}=1: the HTML report is not looked at in a browser");
        return;
    }
    let ready = chromium().and_then(|chromium| {
        Ok((chromium, install_packages("html", &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html"))?))
    });
    let (chromium, home) = ready.unwrap_or_else(|why| panic!("{why}\nTo do without it, set {SKIP}=1."));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("html-report");
    fs::create_dir_all(&folder).unwrap();

    let mut pages = Vec::new();
    for name in ["ready", "blocked", "blocked.planned", "hostile", "three-pools", "fleet", "empty"] {
        let html = fs::read(fixture(&format!("{name}.html"))).unwrap();
        let path = folder.join(format!("{name}.html"));
        fs::write(&path, html).unwrap();
        pages.push(json!({"name": name, "path": path, "kind": "small"}));
    }
    let mut page = |name: &str, kind: &str, report: &Report| {
        let path = folder.join(format!("{name}.html"));
        let html = html(report);
        fs::write(&path, &html).unwrap();
        let count = |what: &dyn Fn(&Finding) -> bool| report.findings.iter().filter(|each| what(each)).count();
        pages.push(json!({
            "name": name, "path": path, "kind": kind,
            "pools": report.summary.pools.len(),
            "listed": count(&|each| each.verdict != Verdict::Pass && each.verdict != Verdict::NotApplicable),
            "fails": count(&|each| each.verdict == Verdict::Fail),
            "owned": report.summary.pools.iter().filter(|pool| pool.owner.as_deref() == Some("team-3")).count(),
            "gates": count(&|each| {
                !matches!(each.verdict, Verdict::Pass | Verdict::NotApplicable)
                    && each.gates.iter().any(|gate| gate.as_str() == "activate")
            }),
        }));
        html.len()
    };
    page("poisoned", "hostile", &poisoned());
    page("filtered", "filters", &read("fleet.json"));
    let bytes = page("large", "large", &large());
    assert!(bytes <= MOST_BYTES, "{POOLS} pools with {FINDINGS} findings each: {bytes} bytes");

    let task = json!({"chromium": chromium, "folder": folder, "pages": pages, "most_ms": MOST_MS});
    let task_file = folder.join("task.json");
    fs::write(&task_file, task.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html/check.mjs");
    let output = Command::new("node").arg(&script).arg(&home).arg(&task_file).output().unwrap();
    let said = [output.stdout.as_slice(), &output.stderr].map(String::from_utf8_lossy).concat();
    assert!(output.status.success(), "{said}");
    println!("{bytes} bytes for {POOLS} pools with {FINDINGS} findings each\n{said}");
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports").join(name)
}

fn read(name: &str) -> Report {
    serde_json::from_str(&fs::read_to_string(fixture(name)).unwrap()).unwrap()
}

fn html(report: &Report) -> Vec<u8> {
    let mut out = Vec::new();
    let plan: Option<&Plan> = None;
    write(Format::Html, report, plan, &Options::default(), &mut out).unwrap();
    out
}

/// A report in which whatever an account names tries to be more than text.
fn poisoned() -> Report {
    let text = fs::read_to_string(fixture("blocked.json")).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    let mut at = 0;
    poison(&mut value, "", &mut at);
    assert!(at > 100, "{at} texts");
    serde_json::from_value(value).unwrap()
}

fn poison(value: &mut Value, key: &str, at: &mut usize) {
    // Members that hold words of the program and not text.
    let words = [
        "verdict",
        "level",
        "gates",
        "kind",
        "position",
        "status",
        "when",
        "decided_by",
        "target_issuer",
        "subject",
        "rule",
    ];
    match value {
        Value::String(text) if !words.contains(&key) => {
            text.push_str(PAYLOADS[*at % PAYLOADS.len()]);
            *at += 1;
        }
        Value::Array(list) => list.iter_mut().for_each(|each| poison(each, key, at)),
        Value::Object(members) => members.iter_mut().for_each(|(name, each)| poison(each, name, at)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Many pools with findings that all say something of their own.
fn large() -> Report {
    let mut report = read("blocked.json");
    let pool = report.summary.pools.remove(0);
    let samples: Vec<Finding> = report
        .findings
        .drain(..)
        .filter(|each| !matches!(each.verdict, Verdict::Pass | Verdict::NotApplicable))
        .take(FINDINGS)
        .collect();
    assert_eq!(samples.len(), FINDINGS);
    for n in 0..POOLS {
        let mut pool = pool.clone();
        pool.id = format!("us-east-1_L4rg3{n:04}");
        pool.name = Some(format!("customers-production-{n:04}"));
        pool.owner = Some(format!("team-{}", n % 40));
        for (m, sample) in samples.iter().enumerate() {
            let mut finding = sample.clone();
            finding.fingerprint = format!("{:08x}{:024x}", n * FINDINGS + m, 0);
            finding.message = format!("{} (seen for customers-production-{n:04})", finding.message);
            finding.owner.clone_from(&pool.owner);
            finding.subject.pool_id = Some(pool.id.clone());
            report.findings.push(finding);
        }
        report.summary.pools.push(pool);
    }
    report
}

/// The browser: the one that the variable names, else the first on `PATH`.
fn chromium() -> Result<PathBuf, String> {
    let runs =
        |program: &Path| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    let named = std::env::var_os(CHROMIUM).map(PathBuf::from);
    let found = match named {
        Some(path) => Some(path).filter(|path| runs(path)),
        None => {
            ["chromium", "chromium-browser", "google-chrome"].into_iter().map(PathBuf::from).find(|path| runs(path))
        }
    };
    let found = found.ok_or_else(|| {
        format!("Chromium is needed and was not found: apt-get install chromium, or name it with {CHROMIUM}=/path/to/chromium")
    })?;
    if found.components().count() > 1 {
        return Ok(found);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(&found))
        .find(|each| each.exists())
        .ok_or("not on PATH".to_owned())
}
