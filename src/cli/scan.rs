//! `mrready scan`: source trees to references of the issuer, printed as a linter prints; and the trees that `audit` and
//! `collect` search beside an account.
//!
//! Not here: what a reference is and which files are read (`scan`), and how a report looks (`render::scan`).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::collect::judge;
use crate::model::reference::{SCAN_SCHEMA_VERSION, ScanSummary};
use crate::model::{Class, ScanReport, Severity, SkipReason};
use crate::render::scan as render;
use crate::scan::classes;
use crate::scan::template::EVALUATOR_VERSION;
use crate::scan::walk::{self, Options};
use crate::snapshot::{Encoding, Entry, Scope, Snapshot, format};

use super::args::{ScanArgs, ScanFailOn, ScanFormat};
use super::files::{self, Readers};
use super::git::{self, Change};
use super::owners::Owners;
use super::{exit, frames, ui};

/// Runs the command. What can be wrong with the arguments is found before a tree is read.
pub(super) fn run(args: &ScanArgs) -> Result<u8> {
    let begin = Instant::now();
    if args.output.is_some() && args.new_from_rev.is_some() {
        bail!(
            "-o writes evidence, which has to be whole; with --new-from-rev only a change is looked at. Give one of the two"
        );
    }
    if args.output.is_some() && !args.known_pools.is_empty() {
        bail!("-o writes evidence of every pool, and `audit` knows its own; leave out --known-pools, or -o");
    }
    let roots = if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths.clone() };
    check(&roots)?;
    let encoding = args.output.as_ref().map(|path| Encoding::of_name(&path.to_string_lossy())).transpose()?;
    let known_pools = match args.known_pools.as_slice() {
        [] => None,
        paths => Some(pools(&files::read_snapshots(paths)?)),
    };
    let change = args.new_from_rev.as_deref().map(|revision| git::change(&roots, revision)).transpose()?;
    let search = Search { respect_ignore: !args.no_ignore, known_pools, threads: args.threads, change };
    let mut report = search.run(&roots, least(args.fail_on));
    if let Some(path) = &args.output {
        // The evidence of a run before is no part of the tree.
        leave_out(&mut report, path);
        report.summary = ScanSummary::of(&report, least(args.fail_on));
    }

    if let (Some(path), Some(encoding)) = (&args.output, encoding) {
        let time = args.now.unwrap_or_else(Timestamp::now);
        let snapshot = Snapshot::new(Scope::default(), entries_of(&report, time));
        files::write_whole(path, &format::write(&snapshot, encoding)?, Readers::Owner)?;
    }
    write(&report, args)?;
    for note in search.change.iter().flat_map(|change| &change.notes) {
        ui::say(note);
    }
    if args.stats {
        stats(&report, begin);
    }
    let (code, because) = outcome(&report, args.fail_on);
    ui::say(&format!("exit {code}: {because}"));
    Ok(code)
}

/// Searches trees, and puts what is found beside the evidence there is.
pub(super) fn add(snapshot: Snapshot, roots: &[PathBuf], time: Timestamp) -> Snapshot {
    if roots.is_empty() {
        return snapshot;
    }
    // Whose pool it is, judging says: evidence does not depend on what it is read beside.
    let search = Search { respect_ignore: true, known_pools: None, threads: None, change: None };
    let trees = Snapshot::new(Scope::default(), entries_of(&search.run(roots, None), time));
    Snapshot::merge(vec![snapshot.clone(), trees]).unwrap_or(snapshot)
}

/// Whether all roots are there.
pub(super) fn check(roots: &[PathBuf]) -> Result<()> {
    for root in roots {
        std::fs::metadata(root).with_context(|| format!("cannot read {}", files::name(root)))?;
    }
    Ok(())
}

/// The ids of the pools that a snapshot knows: those it is about, and those that its accounts listed.
fn pools(snapshot: &Snapshot) -> BTreeSet<String> {
    let scope = snapshot.header.scope.pools.iter().map(|pool| pool.id.clone());
    let listed = snapshot.calls().filter(|call| call.operation == "ListUserPools");
    let listed = listed.filter_map(|call| call.response.as_ref()?.get("UserPools")?.as_array());
    let listed = listed.flatten().filter_map(|pool| Some(pool.get("Id")?.as_str()?.to_owned()));
    scope.chain(listed).collect()
}

fn entries_of(report: &ScanReport, time: Timestamp) -> Vec<Entry> {
    (0..report.roots.len()).flat_map(|root| judge::tree(report, root, time)).collect()
}

/// What is searched, and how.
struct Search {
    respect_ignore: bool,
    known_pools: Option<BTreeSet<String>>,
    threads: Option<u16>,
    change: Option<Change>,
}

impl Search {
    fn run(&self, roots: &[PathBuf], least: Option<Severity>) -> ScanReport {
        let threads =
            self.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
        let options = Options {
            respect_ignore: self.respect_ignore,
            known_pools: self.known_pools.clone(),
            threads,
            lines: self.change.as_ref().map(|change| change.lines.clone()),
        };
        // Git looks at the trees beside the search.
        let (trees, gits) = std::thread::scope(|scope| {
            let gits: Vec<_> = roots.iter().map(|root| scope.spawn(move || git::tree(root))).collect();
            let trees = walk::scan(roots, &options);
            let gits: Vec<Option<git::Tree>> = gits.into_iter().map(|git| git.join().ok().flatten()).collect();
            (trees, gits)
        });
        let mut report = ScanReport {
            schema_version: SCAN_SCHEMA_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            evaluator: EVALUATOR_VERSION,
            roots: trees.roots,
            hits: trees.hits,
            skipped: trees.skipped,
            summary: ScanSummary::default(),
        };
        name(&mut report, roots, &gits);
        own(&mut report, roots, &gits);
        if let Some(change) = &self.change {
            narrow(&mut report, change);
        }
        report.summary = ScanSummary::of(&report, least);
        report
    }
}

/// Says what the trees are called, each differently, and at which commit they are.
fn name(report: &mut ScanReport, roots: &[PathBuf], gits: &[Option<git::Tree>]) {
    let mut taken: BTreeMap<String, u32> = BTreeMap::new();
    for ((tree, root), git) in report.roots.iter_mut().zip(roots).zip(gits) {
        let name = match git {
            Some(git) if git.prefix.is_empty() => git.name.clone(),
            Some(git) => format!("{}:{}", git.name, git.prefix),
            None => git::folder_name(root),
        };
        let count = taken.entry(name.clone()).or_default();
        *count += 1;
        tree.name = if *count == 1 { name } else { format!("{name}#{count}") };
        tree.commit = git.as_ref().and_then(|git| git.commit.clone());
        tree.modified = git.as_ref().and_then(|git| git.modified);
    }
}

/// Says who owns each hit's file.
fn own(report: &mut ScanReport, roots: &[PathBuf], gits: &[Option<git::Tree>]) {
    let owners: Vec<(Owners, String)> = roots
        .iter()
        .zip(gits)
        .map(|(root, git)| match git {
            Some(git) if root.is_dir() => (Owners::read(&git.top), git.prefix.clone()),
            Some(git) => {
                (Owners::read(&git.top), git.prefix.rsplit_once('/').map_or(String::new(), |(at, _)| at.to_owned()))
            }
            None if root.is_dir() => (Owners::read(root), String::new()),
            None => (Owners::read(root.parent().unwrap_or(Path::new("."))), String::new()),
        })
        .collect();
    let paths: BTreeSet<&str> = report.hits.iter().map(|hit| hit.path.as_str()).collect();
    let found: BTreeMap<String, Vec<String>> = paths
        .into_iter()
        .filter_map(|path| {
            let (root, below) = report.below(path)?;
            let (owners, prefix) = &owners[root];
            let below = if prefix.is_empty() { below.to_owned() } else { format!("{prefix}/{below}") };
            Some((path.to_owned(), owners.of(&below)))
        })
        .collect();
    for hit in &mut report.hits {
        hit.owners = found.get(&hit.path).cloned().unwrap_or_default();
    }
}

/// Leaves out what one file holds.
fn leave_out(report: &mut ScanReport, file: &Path) {
    let Ok(file) = std::fs::canonicalize(file) else { return };
    report.hits.retain(|hit| !std::fs::canonicalize(&hit.path).is_ok_and(|path| path == file));
}

/// Leaves out what could not be read and is no part of the change.
fn narrow(report: &mut ScanReport, change: &Change) {
    let changed: BTreeSet<String> = change.lines.keys().map(|path| path.to_string_lossy().into_owned()).collect();
    let real = |path: &str| std::fs::canonicalize(path).map(|path| path.to_string_lossy().into_owned());
    // What cannot even be found may be part of it.
    report.skipped.retain(|skipped| real(&skipped.path).map_or(true, |path| changed.contains(&path)));
}

fn least(fail_on: ScanFailOn) -> Option<Severity> {
    match fail_on {
        ScanFailOn::Error => Some(Severity::Error),
        ScanFailOn::Warning => Some(Severity::Warning),
        ScanFailOn::Info => Some(Severity::Info),
        ScanFailOn::Never => None,
    }
}

fn write(report: &ScanReport, args: &ScanArgs) -> Result<()> {
    let mut out = Vec::new();
    match args.format {
        ScanFormat::Json => render::write_json(report, &mut out)?,
        ScanFormat::Jsonl => render::write_jsonl(report, &mut out)?,
        ScanFormat::Sarif => render::write_sarif(report, class_text, &mut out)?,
        ScanFormat::SarifGithub => render::write_sarif_github(report, class_text, &mut out)?,
        ScanFormat::Github => render::write_github(report, class_text, &mut out)?,
        ScanFormat::Gitlab => render::write_gitlab(report, class_text, &mut out)?,
        ScanFormat::Text => {
            let terminal = std::io::stdout().is_terminal();
            let in_full = |hit: &crate::model::ScanHit| render::TextOptions::in_full(args.verbose, hit);
            let options = render::TextOptions {
                color: ui::color(args.color),
                width: ui::width(),
                verbose: args.verbose,
                frames: if terminal { frames::read(report, in_full) } else { BTreeMap::new() },
                title,
            };
            render::write_text(report, &options, &mut out)?;
        }
    }
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(&out).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}

fn title(class: Class) -> &'static str {
    &classes::of(class).title
}

fn class_text(class: Class) -> render::ClassText {
    let row = classes::of(class);
    render::ClassText { title: &row.title, severity: row.severity, remedy: row.remedy("any") }
}

/// The exit code and its reasons.
fn outcome(report: &ScanReport, fail_on: ScanFailOn) -> (u8, String) {
    let binary = report.skipped.iter().filter(|skipped| skipped.reason == SkipReason::Binary).count();
    let missed = report.skipped.iter().filter(|skipped| skipped.reason.may_hide()).count();
    let mut parts = Vec::new();
    let count = usize::try_from(report.summary.counted).unwrap_or(usize::MAX);
    let (code, first) = if count > 0 {
        let of = |severity: Severity| {
            let hits = report.hits.iter().filter(|hit| hit.severity == severity && hit.is_sure()).count();
            (hits > 0 && least(fail_on).is_some_and(|least| severity <= least))
                .then(|| format!("{hits} {}", severity.as_str()))
        };
        let by_severity: Vec<String> =
            [Severity::Error, Severity::Warning, Severity::Info].into_iter().filter_map(of).collect();
        let word = if count == 1 { "counts" } else { "count" };
        (exit::NO, format!("{} that {word}: {}", many(count, "reference"), by_severity.join(", ")))
    } else if fail_on == ScanFailOn::Never {
        (exit::GOOD, format!("--fail-on never; {} found", many(report.hits.len(), "reference")))
    } else if missed > 0 {
        (exit::UNCLEAR, "nothing found that counts, but not everything could be read".to_owned())
    } else if report.hits.is_empty() {
        (exit::GOOD, "nothing found".to_owned())
    } else {
        (exit::GOOD, format!("nothing that counts among {}", many(report.hits.len(), "reference")))
    };
    parts.push(first);
    let read: u64 = report.roots.iter().map(|root| root.files_read).sum();
    parts.push(format!("{} read", many(usize::try_from(read).unwrap_or(usize::MAX), "file")));
    if missed > 0 {
        parts.push(format!("{missed} not read or not whole"));
    }
    if binary > 0 {
        parts.push(format!("{binary} passed over: not text"));
    }
    (code, parts.join("; "))
}

/// Numbers that no report holds, since they differ from run to run.
fn stats(report: &ScanReport, begin: Instant) {
    let mut counts: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for hit in &report.hits {
        *counts.entry((hit.class.as_str(), hit.confidence.as_str(), hit.severity.as_str())).or_default() += 1;
    }
    for ((class, confidence, severity), count) in counts {
        ui::say(&format!("{count:>7}  {class}, {confidence}, {severity}"));
    }
    let mut reasons: BTreeMap<SkipReason, u64> = BTreeMap::new();
    for skipped in &report.skipped {
        *reasons.entry(skipped.reason).or_default() += 1;
    }
    for (reason, count) in reasons {
        let word = match reason {
            SkipReason::Binary => "not text",
            SkipReason::Special => "no ordinary file",
            SkipReason::Loop => "a loop",
            SkipReason::Outside => "a link out of the tree",
            SkipReason::Denied => "no permission",
            SkipReason::Failed => "reading failed",
            SkipReason::Structure => "structure not searched",
        };
        ui::say(&format!("{count:>7}  passed over: {word}"));
    }
    let files: u64 = report.roots.iter().map(|root| root.files_read).sum();
    let bytes: u64 = report.roots.iter().map(|root| root.bytes_read).sum();
    ui::say(&format!("{files} files, {bytes} bytes, {:.3} seconds", begin.elapsed().as_secs_f64()));
}

/// `1 file`, `2 files`.
fn many(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
