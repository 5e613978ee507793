//! `cargo bench`: how long judging, the whole process and collecting take, each beside what it can be compared with.
//!
//! Nothing passes or fails here. What the numbers mean, and those of one machine: `docs/benchmarks.md`.

#![allow(clippy::print_stdout, reason = "this is the report of a benchmark")]
#![allow(clippy::expect_used, reason = "a benchmark that cannot run has nobody to tell but its reader")]
#![allow(clippy::disallowed_methods, reason = "a benchmark writes its fixture, and starts processes")]
#![allow(missing_docs, reason = "a program, not a library")]

#[cfg(feature = "live")]
mod accounts;
// The evidence of the fleet is that of the tests.
#[allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "the tests' own code, and what only tests need"
)]
#[path = "../../tests/it/areas/mod.rs"]
mod areas;
#[allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "the tests' own code, and what only tests need"
)]
#[path = "../../tests/it/builder.rs"]
mod builder;
#[cfg(feature = "live")]
mod collect;
mod fixture;
mod fleet;
#[cfg(feature = "live")]
mod loopback;
mod measure;
#[cfg(feature = "live")]
#[allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "the tests' server, of which this needs a part")]
#[path = "../../tests/it/replay.rs"]
mod replay;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use mrready::audit::{Options, audit};
use mrready::facts::{FactOptions, Facts, FieldSet, RegionTable};
use mrready::model::Report;
use mrready::render::{Show, Verdicts, json};
use mrready::rules::{Catalog, embedded_data};
use mrready::snapshot::{Encoding, Snapshot, format};

use measure::{Contestant, Times, human, measure};

/// Fleets that are judged; the time per pool shows whether judging a pool costs more the more there are.
const FLEETS: [usize; 3] = [1, 20, 200];
const AUDIT_ROUNDS: usize = 15;
const PROCESS_ROUNDS: usize = 60;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        None => {}
        #[cfg(feature = "live")]
        Some(collect::CHILD) => return collect::run(&arguments[1..]),
        #[cfg(feature = "live")]
        Some(accounts::CHILD) => return accounts::run(&arguments[1..]),
        Some("audit") => return audits(),
        Some("fleet") => return fleet::run(),
        Some("fleet-file") => return fleet::file(&arguments[1..]),
        Some("fleet-parse") => return fleet::parse(&arguments[1..]),
        Some("fleet-loop") => return fleet::rounds(&arguments[1..]),
        Some("process") => return processes(),
        Some("collect") => return collections(arguments.get(1).map(String::as_str)),
        Some("accounts") => return many_accounts(&arguments[1..]),
        Some(other) => return println!("no part {other}: there are audit, fleet, process, collect and accounts"),
    }
    println!(
        "Medians; spread is from the first to the third quartile, in percent of the median. Ratios are medians of"
    );
    println!("the ratios of rounds run side by side.");
    audits();
    fleet::run();
    processes();
    collections(None);
}

/// Judging, beside the time that `serde_json` needs to parse the same bytes.
fn audits() {
    let catalog = Catalog::builtin(&FieldSet).expect("the tool's own rules");
    let regions = embedded_data().iter().find(|data| data.stem == "regions").expect("the table of Regions");
    let regions = RegionTable::parse(regions.text).expect("the table of Regions");
    println!("\nAudit: {} rules; rounds: {AUDIT_ROUNDS}", catalog.rules.len());
    for pools in FLEETS {
        let bytes = bytes(pools);
        let snapshot = format::read("fixture.json", &bytes).expect("a snapshot");
        let report = judge(&snapshot, &catalog, &regions);
        println!(
            "\n{pools} pools, {} calls, {} findings; snapshot {} bytes, {} per pool",
            snapshot.calls().count(),
            report.findings.len(),
            bytes.len(),
            bytes.len() / pools
        );
        // One pool is done in no time: many in a round.
        let repeat = 200 / pools;
        let repeated = |run: &dyn Fn()| (0..repeat).for_each(|_| run());
        let times = measure(
            AUDIT_ROUNDS,
            vec![
                Contestant::new("serde_json::from_slice::<Value>", || {
                    repeated(&|| drop(serde_json::from_slice::<serde_json::Value>(&bytes).expect("JSON")));
                }),
                Contestant::new("snapshot::format::read", || {
                    repeated(&|| drop(format::read("fixture.json", &bytes).expect("a snapshot")));
                }),
                Contestant::new("Facts::new + audit", || repeated(&|| drop(judge(&snapshot, &catalog, &regions)))),
                Contestant::new("render::json::write", || repeated(&|| drop(render(&report)))),
            ],
        );
        table(&times, 0, Some(("per pool", pools)), repeat);
    }
}

/// The bytes that `mrready collect` would leave.
fn bytes(pools: usize) -> Vec<u8> {
    let encoding = Encoding::of_name("fixture.json").expect("a known name");
    format::write(&fixture::snapshot(pools), encoding).expect("memory")
}

fn judge(snapshot: &Snapshot, catalog: &Catalog, table: &RegionTable) -> Report {
    let options = FactOptions::new(fixture::time(fixture::NOW));
    let facts = Facts::new(snapshot, options, table.clone());
    let options = Options::default();
    audit(&facts, catalog, &[], &options)
}

fn render(report: &Report) -> Vec<u8> {
    let mut out = Vec::new();
    let show = Show { verdicts: Verdicts::Default, hidden_rules: BTreeSet::new() };
    json::write(report, &show, &mut out).expect("memory");
    out
}

/// The program on a snapshot of one pool, beside the program that does nothing and the smallest process there is.
fn processes() {
    let program = env!("CARGO_BIN_EXE_mrready");
    let folder = tempfile::tempdir().expect("a folder");
    println!("\nWhole process on one pool; runs: {PROCESS_ROUNDS}\n");
    let path = folder.path().join("one.json");
    std::fs::write(&path, bytes(1)).expect("a file");
    let path = path.to_str().expect("UTF-8");
    let (json, table_) = (["audit", path, "--format", "json"], ["audit", path, "--format", "table"]);
    let mut contestants = vec![
        Contestant::new("mrready --version", || spawn(program, &["--version"], &[0])),
        // The pool of the fixture waits for answers of a person: exit code 3, or 1 where something is false.
        Contestant::new("mrready audit one.json --format json", || spawn(program, &json, &[1, 3])),
        Contestant::new("mrready audit one.json", || spawn(program, &table_, &[1, 3])),
        Contestant::new("mrready rules list (the catalogue alone)", || spawn(program, &["rules", "list"], &[0])),
    ];
    if Path::new("/bin/true").exists() {
        contestants.push(Contestant::new("/bin/true", || spawn("/bin/true", &[], &[0])));
    }
    table(&measure(PROCESS_ROUNDS, contestants), 0, None, 1);
    let times = measure(
        AUDIT_ROUNDS,
        vec![Contestant::new("in it: Catalog::builtin", || Catalog::builtin(&FieldSet).expect("the tool's own rules"))],
    );
    table(&times, 0, None, 1);
}

fn spawn(program: &str, arguments: &[&str], codes: &[i32]) {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().expect("a process");
    assert!(status.code().is_some_and(|code| codes.contains(&code)), "{program} {arguments:?}: {status}");
}

/// Collecting from a server of this process. In a process of its own, because its environment must hold credentials
/// and nothing else of the caller's. `rounds`: fewer or more than usual.
#[cfg(feature = "live")]
fn collections(rounds: Option<&str>) {
    let arguments = std::iter::once(rounds.unwrap_or("5").to_owned()).chain(boto3()).collect::<Vec<_>>();
    live(collect::CHILD, &arguments);
}

/// A thousand accounts: minutes, so only when it is asked for.
#[cfg(feature = "live")]
fn many_accounts(arguments: &[String]) {
    live(accounts::CHILD, arguments);
}

#[cfg(feature = "live")]
fn live(part: &str, arguments: &[String]) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(part).args(arguments).env_clear().envs([
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    let status = command.status().expect("a process");
    assert!(status.success(), "{part}: {status}");
}

#[cfg(not(feature = "live"))]
fn many_accounts(_arguments: &[String]) {
    collections(None);
}

/// The Python of a virtual environment with boto3, below `target/`; made at the first run.
#[cfg(feature = "live")]
fn boto3() -> Option<String> {
    let program = std::env::current_exe().ok()?;
    let folder = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists())?.join("bench-boto3");
    let python = folder.join("bin/python");
    let done = |command: &mut Command| command.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    let pinned = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/requirements.txt");
    let has_it = done(Command::new(&python).args(["-c", "import boto3"]).stderr(Stdio::null()));
    let made = has_it
        || (done(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            && done(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement", pinned])));
    made.then(|| python.to_str().map(str::to_owned)).flatten()
}

#[cfg(not(feature = "live"))]
fn collections(_rounds: Option<&str>) {
    println!("\nCollect: left out, because this build has no feature `live`; run `cargo bench` with default features");
}

/// Prints times, each beside the one at `base`.
fn table(times: &[Times], base: usize, each: Option<(&str, usize)>, repeat: usize) {
    let head = each.map_or("", |(name, _)| name);
    println!("  {:<42} {:>10} {:>10} {:>7} {:>8}", "", "median", head, "spread", "ratio");
    for row in times {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let median = row.median() / repeat as f64;
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let part = each.map_or(String::new(), |(_, number)| human(median / number as f64));
        let ratio = if times.len() == 1 { String::new() } else { format!("{:.2}", row.ratio(&times[base])) };
        println!("  {:<42} {:>10} {part:>10} {:>6.1}% {ratio:>8}", row.name, human(median), row.spread());
    }
}
