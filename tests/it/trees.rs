//! How well the scanner finds what people labelled: precision and recall by line, per class and in total.
//!
//! Each folder of `fixtures/trees/` has a `labels.tsv`: path, line, class, confidence, `in_test`, `in_doc`, note, with tabs
//! between. Lines without a label hold no reference. `MRREADY_TREES` names further folders (`tree/` beside `labels.tsv`)
//! to be scored and printed, not judged; there also what is found for review only where nothing is labelled.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mrready::model::{Class, Confidence};
use mrready::scan::walk::{Options, scan};

/// The least precision and recall for what is definite or likely, per class and in total.
const LEAST: (f64, f64) = (0.99, 0.97);

type Line = (String, u32);

/// What people say of a tree, or the scanner: line → class → whether it is definite or likely.
type Labels = BTreeMap<Line, BTreeMap<Class, bool>>;

#[derive(Default, Clone, Copy)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    fn precision(self) -> f64 {
        ratio(self.right, self.wrong)
    }

    fn recall(self) -> f64 {
        ratio(self.right, self.missed)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
fn ratio(right: usize, other: usize) -> f64 {
    if right + other == 0 { 1.0 } else { right as f64 / (right + other) as f64 }
}

fn options() -> Options {
    Options { respect_ignore: true, known_pools: None, threads: 2, lines: None }
}

fn class(word: &str) -> Class {
    Class::ALL.into_iter().find(|class| class.as_str() == word).unwrap_or_else(|| panic!("no class `{word}`"))
}

fn labels(file: &Path) -> Labels {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut labels = Labels::new();
    for row in text.lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let line = (cells[0].to_owned(), cells[1].parse().unwrap_or_else(|_| panic!("{row}")));
        labels.entry(line).or_default().insert(class(cells[2]), cells[3] != "review");
    }
    labels
}

fn hits(root: &Path) -> Labels {
    let mut found = Labels::new();
    for hit in scan(&[root.to_owned()], &options()).hits {
        let path = Path::new(&hit.path).strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
        let sure = found.entry((path, hit.line)).or_default().entry(hit.class).or_default();
        *sure |= hit.confidence != Confidence::Review;
    }
    found
}

/// Classes in words, those for review in brackets.
fn said(of: &BTreeMap<Class, bool>) -> String {
    let words =
        of.iter().map(|(class, sure)| if *sure { class.as_str().to_owned() } else { format!("({})", class.as_str()) });
    let words: Vec<String> = words.collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(" ") }
}

/// By line alone under the empty key, then by line and class. What people only want reviewed counts neither way.
fn score(labels: &Labels, found: &Labels, out: &mut String) -> BTreeMap<String, Score> {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let lines: BTreeSet<&Line> = labels.keys().chain(found.keys()).collect();
    for line in lines {
        let none = BTreeMap::new();
        let (wanted, got) = (labels.get(line).unwrap_or(&none), found.get(line).unwrap_or(&none));
        let sure = |all: &BTreeMap<Class, bool>| all.values().any(|sure| *sure);
        let total = scores.entry(String::new()).or_default();
        match (sure(wanted), sure(got)) {
            (true, true) => total.right += 1,
            (true, false) => {
                total.missed += 1;
                let _ = writeln!(out, "MISSED {}:{} {} found {}", line.0, line.1, said(wanted), said(got));
            }
            (false, true) if wanted.is_empty() => {
                total.wrong += 1;
                let _ = writeln!(out, "WRONG  {}:{} {}", line.0, line.1, said(got));
            }
            _ => {}
        }
        for class in Class::ALL {
            let entry = scores.entry(class.as_str().to_owned()).or_default();
            match (wanted.get(&class), got.get(&class)) {
                (Some(true), Some(true)) => entry.right += 1,
                (Some(true), _) => entry.missed += 1,
                (None, Some(true)) => entry.wrong += 1,
                _ => {}
            }
            if wanted.get(&class).copied() == Some(true) && got.get(&class).is_none() && sure(got) {
                let _ = writeln!(out, "CLASS  {}:{} wanted {}, found {}", line.0, line.1, class.as_str(), said(got));
            }
        }
    }
    scores
}

fn table(name: &str, scores: &BTreeMap<String, Score>, out: &mut String) {
    let _ = writeln!(out, "{name}");
    for (class, score) in scores {
        if score.right + score.wrong + score.missed > 0 {
            let class = if class.is_empty() { "in total" } else { class };
            let _ = writeln!(
                out,
                "  {class:<26} right {:>4}  wrong {:>3}  missed {:>3}  precision {:.3}  recall {:.3}",
                score.right,
                score.wrong,
                score.missed,
                score.precision(),
                score.recall()
            );
        }
    }
}

#[test]
fn the_scanner_finds_what_is_labelled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trees");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&root)
        .map(|all| all.map(|entry| entry.expect("a folder").path()).filter(|path| path.is_dir()).collect())
        .unwrap_or_default();
    folders.sort();
    let (mut all_labels, mut all_found) = (Labels::new(), Labels::new());
    for folder in &folders {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let prefix = |(path, line): Line| (format!("{name}/{path}"), line);
        all_labels.extend(labels(&folder.join("labels.tsv")).into_iter().map(|(line, of)| (prefix(line), of)));
        all_found.extend(hits(&folder.join("tree")).into_iter().map(|(line, of)| (prefix(line), of)));
    }
    println!("{}", judge("fixtures/trees", &all_labels, &all_found));
    // And what a person has to review, as if it were sure: its classes would not be scored at all.
    println!("{}", judge("fixtures/trees, what is for review too", &as_sure(all_labels), &as_sure(all_found)));
}

/// Holds what was found to what is labelled; the scores.
fn judge(name: &str, labels: &Labels, found: &Labels) -> String {
    let mut out = String::new();
    let scores = score(labels, found, &mut out);
    table(name, &scores, &mut out);
    for (class, score) in &scores {
        assert!(score.precision() >= LEAST.0, "precision of `{class}`\n{out}");
        assert!(score.recall() >= LEAST.1, "recall of `{class}`\n{out}");
    }
    out
}

fn as_sure(mut labels: Labels) -> Labels {
    labels.values_mut().flat_map(BTreeMap::values_mut).for_each(|sure| *sure = true);
    labels
}

#[test]
fn other_trees_are_scored() {
    for folder in std::env::var("MRREADY_TREES").unwrap_or_default().split(':').filter(|name| !name.is_empty()) {
        let folder = Path::new(folder);
        let mut out = String::new();
        let (wanted, found) = (labels(&folder.join("labels.tsv")), hits(&folder.join("tree")));
        let scores = score(&wanted, &found, &mut out);
        for (line, of) in found.iter().filter(|(line, of)| !wanted.contains_key(line) && of.values().all(|sure| !sure))
        {
            let _ = writeln!(out, "REVIEW {}:{} {}", line.0, line.1, said(of));
        }
        table(&folder.to_string_lossy(), &scores, &mut out);
        println!("{out}");
    }
}
