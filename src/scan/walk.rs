//! Walks source trees: which files are read, and what they hold together. The only file below the shell that reads the disk,
//! beside `collect`.
//!
//! Not here: what a reference is (`source`), and how it is printed.

#![allow(clippy::disallowed_methods, reason = "the walker is where the scanner may read the disk")]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::found::Found;
use super::{classes, language, pattern, source, terraform};
use crate::model::reference::{ScanHit, ScanRoot, Skipped};

/// What is read, and what is known beforehand.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether ignore files count.
    pub respect_ignore: bool,
    /// Ids of pools that are known: another id is surely not ours.
    pub known_pools: Option<BTreeSet<String>>,
    /// How many threads read.
    pub threads: usize,
    /// Per file, as absolute path: the lines that count, all others are left out. None: all of all files.
    pub lines: Option<BTreeMap<PathBuf, Vec<RangeInclusive<u32>>>>,
}

/// What was found below the roots.
#[derive(Debug, Clone, Default)]
pub struct Trees {
    /// One per root, in the order given; `name`, `commit` and `modified` are the shell's to say.
    pub roots: Vec<ScanRoot>,
    /// By path, line and column; `owners` are filled in from `CODEOWNERS`.
    pub hits: Vec<ScanHit>,
    /// By path.
    pub skipped: Vec<Skipped>,
}

/// Searches the roots. A root that is not there is a [`Skipped`] with its path.
pub fn scan(roots: &[PathBuf], options: &Options) -> Trees {
    let mut trees = Trees::default();
    for root in roots {
        let walker = ignore::WalkBuilder::new(root).standard_filters(options.respect_ignore).hidden(false).build();
        for entry in walker.flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file())) {
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path()).to_string_lossy().into_owned();
            let analysis = source::search(&below, &text);
            let mut found = analysis.found;
            if matches!(language::of(&below), "terraform") {
                let file = terraform::File { path: &below, text: &text };
                found.extend(terraform::module(&[file]).into_iter().flat_map(|(found, _)| found));
            }
            found.extend(analysis.pins.into_iter().filter_map(|pin| pin.found));
            source::merge(&mut found);
            trees.hits.extend(found.into_iter().map(|found| hit(entry.path(), &below, &text, found)));
        }
    }
    trees
}

fn hit(path: &std::path::Path, below: &str, text: &str, found: Found) -> ScanHit {
    let line_of = |at: usize| u32::try_from(text[..at].matches('\n').count() + 1).unwrap_or(u32::MAX);
    let start = text[..found.span.start].rfind('\n').map_or(0, |at| at + 1);
    let column = u32::try_from(text[start..found.span.start].chars().count() + 1).unwrap_or(u32::MAX);
    let language = language::of(below);
    let in_test = language::is_test(below);
    let in_doc = found.prose || language::is_documentation(below);
    let accepts_new = found.updated || found.dual_aware;
    let severity = pattern::severity(found.class, found.confidence, accepts_new || in_test || in_doc);
    ScanHit {
        path: path.to_string_lossy().into_owned(),
        line: line_of(found.span.start),
        column,
        end_line: line_of(found.extent.end),
        class: found.class,
        confidence: found.confidence,
        severity,
        in_test,
        in_doc,
        accepts_any_pool: found.accepts_any_pool,
        accepts_new,
        language: language.to_owned(),
        pool_id: found.pool_id,
        known_pool: None,
        unresolved: found.unresolved,
        library: found.library,
        text: found.text,
        remedy: classes::of(found.class).remedy(language).to_owned(),
        owners: Vec::new(),
    }
}
