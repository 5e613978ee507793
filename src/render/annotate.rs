//! What formats share that pin findings to lines of files: where in a repository a finding is, which findings are worst,
//! and one sentence of each.
//!
//! A place counts only if it is a file of a source tree that was searched: a stack, an answer or an option is none. No text
//! is escaped for a format here, and levels are each format's own.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::Show;
use super::text::list;
use crate::model::reference::ScanHit;
use crate::model::report::{Finding, Report, Subject};
use crate::model::{Gate, Level, Resolve, ScanReport, Source, SubjectKind, Verdict};

/// The file at which findings of the account are shown where a format wants a file and none is given: the file in which a
/// repository says which pools are judged.
pub(super) const DEFAULT_FILE: &str = "mrready.yaml";

/// The most causes and the like that a sentence names.
const MOST_CAUSES: usize = 3;

/// A place in a source tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// The tree as the run calls it, the same on every machine.
    pub(super) tree: String,
    /// The file below the tree, with `/`.
    pub(super) below: String,
    /// The file from the top of the repository, with `/`.
    pub(super) path: String,
    /// The line from 1.
    pub(super) line: Option<u32>,
    /// The column from 1, in characters.
    pub(super) column: Option<u32>,
}

/// The places of a finding in the trees that were searched, each once, in the order of its evidence.
pub(super) fn spots(report: &Report, finding: &Finding) -> Vec<Spot> {
    let mut spots: Vec<Spot> = Vec::new();
    for source in finding.evidence.iter().flat_map(|evidence| &evidence.sources) {
        let Source::Place { file, line, column, .. } = source else { continue };
        let Some((tree, below)) = in_tree(&report.snapshot.searched, file) else { continue };
        let path = repository_path(tree, below);
        let spot = Spot { tree: tree.to_owned(), below: below.to_owned(), path, line: *line, column: *column };
        if !spots.contains(&spot) {
            spots.push(spot);
        }
    }
    spots
}

/// The line at which a finding is shown: that of a reference in a tree. What is judged of a pool or of another resource is
/// no fault of the first of the lines that it rests on.
pub(super) fn spot(report: &Report, finding: &Finding) -> Option<Spot> {
    if finding.subject.kind == SubjectKind::Reference { spots(report, finding).into_iter().next() } else { None }
}

/// Which of the trees a file lies in, the longest name first, and its path there.
fn in_tree<'a>(searched: &'a [String], file: &'a str) -> Option<(&'a str, &'a str)> {
    let trees = searched.iter().filter_map(|each| each.strip_prefix("tree "));
    let inside = trees.filter_map(|tree| Some((tree, file.strip_prefix(tree)?.strip_prefix('/')?)));
    inside.filter(|(_, below)| !below.is_empty()).max_by_key(|(tree, _)| tree.len())
}

/// The path from the top of the repository of a file below a tree: a tree is called `owner/name` or as its folder, with
/// `:folder` behind it where it does not begin at the top, and `#2` where a name comes twice.
pub(super) fn repository_path(tree: &str, below: &str) -> String {
    let numbered = tree.rsplit_once('#').filter(|(_, number)| number.parse::<u32>().is_ok());
    let tree = numbered.map_or(tree, |(tree, _)| tree);
    match tree.split_once(':') {
        Some((_, prefix)) => {
            let last = prefix.rsplit('/').next().unwrap_or(prefix);
            // A tree that is a single file.
            let single = last == below && below.contains('.');
            if single { prefix.to_owned() } else { format!("{}/{below}", prefix.trim_end_matches('/')) }
        }
        None => below.to_owned(),
    }
}

/// The place of a hit of a scan.
pub(super) fn spot_of(report: &ScanReport, hit: &ScanHit) -> Spot {
    let (line, column) = (Some(hit.line.max(1)), Some(hit.column.max(1)));
    if let Some((root, below)) = report.below(&hit.path) {
        let tree = report.roots.get(root).map(|root| root.name.clone()).unwrap_or_default();
        return Spot { path: repository_path(&tree, below), below: below.to_owned(), tree, line, column };
    }
    let below = hit.path.trim_start_matches("./").trim_start_matches('/').to_owned();
    Spot { tree: String::new(), path: below.clone(), below, line, column }
}

/// A fingerprint for each hit, in order: of class, file and text, not of the line, so that it outlives edits above; what
/// comes several times in a file is numbered.
pub(super) fn fingerprints(report: &ScanReport) -> Vec<String> {
    let mut distinct = Distinct::default();
    let all = report.hits.iter().map(|hit| {
        let spot = spot_of(report, hit);
        let (class, text) = (hit.class.as_str(), &hit.text);
        let digest = short_digest(&format!("{class}\u{0}{}\u{0}{}\u{0}{text}", spot.tree, spot.path));
        distinct.next(&digest)
    });
    all.collect()
}

/// Makes fingerprints differ: the second of a kind gets another one, always the same.
#[derive(Debug, Default)]
pub(super) struct Distinct(std::collections::BTreeMap<String, u32>);

impl Distinct {
    /// This fingerprint, if it is the first of its kind, else one made of it and its number.
    pub(super) fn next(&mut self, fingerprint: &str) -> String {
        let count = self.0.entry(fingerprint.to_owned()).or_default();
        *count += 1;
        if *count == 1 { fingerprint.to_owned() } else { short_digest(&format!("{fingerprint}\u{0}{count}")) }
    }
}

/// The first 16 bytes of a SHA-256, in hexadecimal.
fn short_digest(text: &str) -> String {
    let mut hex = String::with_capacity(32);
    for byte in &Sha256::digest(text)[..16] {
        hex.extend([byte >> 4, byte & 15].iter().filter_map(|digit| char::from_digit(u32::from(*digit), 16)));
    }
    hex
}

/// The findings that are shown, the worst first, those of gates that count before others, else in the report's order.
pub(super) fn worst_first<'a>(report: &'a Report, show: &Show) -> Vec<&'a Finding> {
    // Pools' ids are unique over accounts, and consumers may live in another account than their pool.
    let counted: BTreeSet<(&str, Gate)> = report
        .summary
        .pools
        .iter()
        .flat_map(|pool| {
            let gates = pool.gates.iter().filter(|(_, state)| state.counted);
            gates.map(|(gate, _)| (pool.id.as_str(), *gate))
        })
        .collect();
    let counts = |finding: &Finding| {
        let pool = finding.subject.pool_id.as_deref();
        let Some(pool) = pool.filter(|_| !finding.gates.is_empty()) else { return true };
        finding.gates.iter().any(|gate| counted.contains(&(pool, *gate)))
    };
    let mut findings: Vec<&Finding> = report.findings.iter().filter(|finding| !show.hides(finding)).collect();
    findings.sort_by_cached_key(|finding| (rank(finding), !counts(finding)));
    findings
}

/// How bad a finding is, from 0.
fn rank(finding: &Finding) -> u8 {
    match (finding.verdict, finding.level) {
        (Verdict::Fail, _) => 0,
        (Verdict::Unknown, Level::Blocker) => 1,
        (Verdict::Manual, Level::Blocker) => 2,
        (Verdict::Warn, _) => 3,
        (Verdict::Unknown, Level::Advisory | Level::Info) => 4,
        (Verdict::Manual, Level::Advisory | Level::Info) => 5,
        (Verdict::Info, _) => 6,
        (Verdict::Pass, _) => 7,
        (Verdict::NotApplicable, _) => 8,
    }
}

/// The subject in a few words: `pool customers-prod (us-east-1_AbC)`.
pub(super) fn label(subject: &Subject) -> String {
    let kind = subject.kind.as_str().replace('_', " ");
    let name = subject.name.as_deref().map(str::trim).filter(|name| !name.is_empty() && *name != subject.id);
    let of_pool = subject.pool_id.as_deref().filter(|pool| *pool != subject.id);
    let pool = of_pool.map(|pool| format!(" of pool {pool}")).unwrap_or_default();
    match name {
        Some(name) if subject.kind == SubjectKind::Pool => format!("{kind} {name} ({})", subject.id),
        // Ids of what stands beside a pool are long, and say no more than its name and its pool.
        Some(name) => format!("{kind} {name}{pool}"),
        None => format!("{kind} {}{pool}", subject.id),
    }
}

/// What was found, with its cause if it is not known, and what to do; one line but for line breaks in names.
pub(super) fn sentence(finding: &Finding) -> String {
    let mut parts = vec![format!("{}: {}", label(&finding.subject), finding.message)];
    if finding.verdict == Verdict::Manual {
        parts.push("It waits for a person's answer in a decisions file".to_owned());
    }
    let causes: BTreeSet<String> =
        finding.evidence.iter().filter_map(|evidence| Some(evidence.cause.as_ref()?.root().to_string())).collect();
    if !causes.is_empty() {
        parts.push(format!("Not known, because {}", list(causes, MOST_CAUSES)));
    }
    if let Some(remedy) = &finding.remediation {
        let when = match remedy.when {
            Resolve::Before => "before the step",
            Resolve::AtSwitch => "at the switch",
            Resolve::After => "after the step",
        };
        parts.push(format!("To do {when}: {}", remedy.summary));
    }
    joined(&parts)
}

/// What a hit of a scan is and what to do about it, without the text that was matched.
pub(super) fn reference(hit: &ScanHit) -> String {
    let mut parts = vec![format!("{}, {}", hit.class.as_str(), hit.confidence.as_str())];
    parts.extend(hit.library.clone());
    match (&hit.pool_id, &hit.unresolved) {
        (Some(pool), _) => parts.push(format!("It names pool {pool}")),
        (None, Some(name)) => parts.push(format!("The pool is what {name} holds")),
        (None, None) => {}
    }
    if hit.accepts_any_pool {
        parts.push("It accepts tokens of any user pool, of any account".to_owned());
    }
    if !hit.remedy.is_empty() {
        parts.push(format!("To do: {}", hit.remedy));
    }
    joined(&parts)
}

/// Sentences one after the other, with a stop between them but not at the end.
fn joined(sentences: &[String]) -> String {
    let mut text = String::new();
    for sentence in sentences {
        if !text.is_empty() {
            text.push_str(if text.ends_with(['?', '!', ':']) { " " } else { ". " });
        }
        text.push_str(sentence.trim_end_matches(['.', ' ']));
    }
    text
}

#[cfg(test)]
pub(super) mod tests;
