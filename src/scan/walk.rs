//! Walks source trees: which files are read, and what they hold together. The only file below the shell that reads the disk,
//! beside `collect`.
//!
//! Ignore files count as for ripgrep; hidden files are read, the folders of version control are not. Links below a root
//! are not followed. Whatever is not read, or not whole, is said. Memory is bounded: a thread holds small files, one
//! thread at a time a larger one, and what is larger still is read in windows. Not here: what a reference is (`source`),
//! and how it is printed.

#![allow(clippy::disallowed_methods, reason = "the walker is where the scanner may read the disk")]

pub(in crate::scan) mod hit;
pub(in crate::scan) mod large;
mod modules;
pub(in crate::scan) mod pins;
mod place;
mod read;
mod roots;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use ignore::{WalkBuilder, WalkState};

use self::roots::Roots;
use self::worker::{Shared, Worker};
use super::prefilter::Prefilter;
use super::{code, document, indirect, library, terraform};
use crate::model::reference::{ScanHit, ScanRoot, Skipped};

/// Folders that hold what version control keeps, not what anybody wrote.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".svn", ".jj"];
/// Ignore files beside `.gitignore` and `.ignore`; the later counts more.
const IGNORE_FILES: [&str; 2] = [".rgignore", ".mrreadyignore"];

/// What is read, and what is known beforehand.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether ignore files count.
    pub respect_ignore: bool,
    /// Ids of pools that are known: another id is surely not ours.
    pub known_pools: Option<BTreeSet<String>>,
    /// How many threads read; 0 for as many as the machine has processors.
    pub threads: usize,
    /// Per file, as absolute path without links: the lines that count, all others are left out. None: all of all files.
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

/// Searches the roots: files or folders, which may lie within each other. A root that is not there is a [`Skipped`] with
/// its path. The result does not depend on the number of threads.
pub fn scan(roots: &[PathBuf], options: &Options) -> Trees {
    let mut skipped = Vec::new();
    let real = Roots::new(roots, &mut skipped);
    let shared = Shared::new(
        &real,
        options,
        Prefilter::of(&[
            code::KEYWORDS,
            document::KEYWORDS,
            terraform::KEYWORDS,
            library::KEYWORDS,
            indirect::KEYWORDS,
        ]),
    );
    walk(&shared);
    let mut kept = shared.take();
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    kept.modules.evaluate(&shared, threads);
    kept.merge(shared.take());
    let hits = hit::finish(kept.pending, kept.pins, options.known_pools.as_ref());
    skipped.extend(kept.skipped);
    skipped.sort();
    skipped.dedup();
    let roots = roots.iter().enumerate().map(|(index, path)| {
        let (files_read, bytes_read) = kept.read.get(&index).copied().unwrap_or_default();
        let path = path.to_string_lossy().into_owned();
        ScanRoot { path, name: String::new(), commit: None, modified: None, files_read, bytes_read }
    });
    Trees { roots: roots.collect(), hits, skipped }
}

/// Walks all roots, in parallel.
fn walk(shared: &Shared<'_>) {
    let mut real = shared.roots.real();
    let Some(first) = real.next() else { return };
    let mut builder = WalkBuilder::new(first);
    for root in real {
        builder.add(root);
    }
    let respect = shared.options.respect_ignore;
    builder
        .standard_filters(respect)
        .hidden(false)
        .require_git(false)
        .follow_links(false)
        .threads(shared.options.threads);
    if respect {
        for name in IGNORE_FILES {
            builder.add_custom_ignore_filename(name);
        }
    }
    // What the filter holds lives as long as the walk may: the inner roots are its own.
    let inner = shared.roots.inner();
    builder.filter_entry(move |entry| {
        if entry.file_type().is_some_and(|kind| kind.is_dir())
            && entry.depth() > 0
            && entry.file_name().to_str().is_some_and(|name| VERSION_CONTROL.contains(&name))
        {
            return false;
        }
        entry.depth() == 0 || inner.is_empty() || !inner.contains(entry.path())
    });
    builder.build_parallel().run(|| {
        let mut worker = Worker::new(shared);
        Box::new(move |entry| {
            match entry {
                Ok(entry) => worker.entry(&entry),
                Err(error) => worker.error(&error),
            }
            WalkState::Continue
        })
    });
}
