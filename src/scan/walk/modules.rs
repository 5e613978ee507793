//! Terraform modules: all files of one folder, read and evaluated together once the walk has seen them.
//!
//! Not here: how a module is evaluated (`terraform`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::worker::{Shared, Worker};

/// The files of modules by folder, and whether each holds a keyword.
#[derive(Debug, Default)]
pub(super) struct Modules {
    by_folder: BTreeMap<PathBuf, BTreeMap<PathBuf, bool>>,
}

impl Modules {
    /// Whether a file of this name belongs to a module.
    pub(super) fn has(name: &str) -> bool {
        [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|extension| name.ends_with(extension))
    }

    /// Takes up a file.
    pub(super) fn add(&mut self, path: &Path, holds_keyword: bool) {
        if let Some(folder) = path.parent() {
            self.by_folder.entry(folder.to_owned()).or_default().insert(path.to_owned(), holds_keyword);
        }
    }

    /// Takes up what another thread has seen.
    pub(super) fn merge(&mut self, other: Self) {
        for (folder, files) in other.by_folder {
            self.by_folder.entry(folder).or_default().extend(files);
        }
    }

    /// Evaluates every module in which a file holds a keyword.
    pub(super) fn evaluate(&self, shared: &Shared<'_>, threads: usize) {
        let modules: Vec<_> = self.by_folder.iter().filter(|(_, files)| files.values().any(|holds| *holds)).collect();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads.min(modules.len()) {
                scope.spawn(|| {
                    let mut worker = Worker::new(shared);
                    while let Some((_, files)) = modules.get(next.fetch_add(1, Ordering::Relaxed)) {
                        worker.module(files);
                    }
                });
            }
        });
    }
}
