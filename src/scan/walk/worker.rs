//! What each thread of the walk does with what it meets: look, read, have it searched, keep what is to be reported.
//!
//! Not here: which files there are, and what needs the whole tree.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ignore::DirEntry;

use super::Options;
use super::hit::{self, About, Pending};
use super::large::{self, Extent, Window};
use super::modules::Modules;
use super::pins::Pins;
use super::read::{self, Encoding, Held, Look};
use super::roots::{self, Roots};
use crate::model::reference::{SkipReason, Skipped};
use crate::scan::found::Found;
use crate::scan::library::{self, Pin};
use crate::scan::prefilter::Prefilter;
use crate::scan::{source, terraform};

/// The most references one file is reported with, so that no file can fill the memory.
const MOST_HITS: usize = 10_000;
/// The most text of one module that is held.
const MODULE: usize = 4 * 1024 * 1024;
/// What is said of a file on which a detector panics.
const MISTAKE: &str = "the scanner failed on it, which is a mistake in the scanner";

/// What all threads share.
#[derive(Debug)]
pub(super) struct Shared<'s> {
    pub(super) roots: &'s Roots,
    pub(super) options: &'s Options,
    pub(super) prefilter: Prefilter,
    /// Held by the one thread that has a large file in memory.
    big: Mutex<Vec<u8>>,
    kept: Mutex<Kept>,
}

impl<'s> Shared<'s> {
    pub(super) fn new(roots: &'s Roots, options: &'s Options, prefilter: Prefilter) -> Self {
        Self { roots, options, prefilter, big: Mutex::default(), kept: Mutex::default() }
    }

    /// What the threads that are done have kept; nothing is left behind.
    pub(super) fn take(&self) -> Kept {
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is kept of a walk.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// By index of the root: how many files were read, and how many bytes they hold.
    pub(super) read: BTreeMap<usize, (u64, u64)>,
    pub(super) pending: Vec<Pending>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) pins: Pins,
    pub(super) modules: Modules,
}

impl Kept {
    pub(super) fn merge(&mut self, other: Self) {
        for (root, (files, bytes)) in other.read {
            let all = self.read.entry(root).or_default();
            *all = (all.0 + files, all.1 + bytes);
        }
        self.pending.extend(other.pending);
        self.skipped.extend(other.skipped);
        self.pins.merge(other.pins);
        self.modules.merge(other.modules);
    }
}

/// One thread; what it kept becomes everybody's when it ends.
#[derive(Debug)]
pub(super) struct Worker<'s> {
    shared: &'s Shared<'s>,
    buffer: Vec<u8>,
    kept: Kept,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner).merge(std::mem::take(&mut self.kept));
    }
}

impl<'s> Worker<'s> {
    pub(super) fn new(shared: &'s Shared<'s>) -> Self {
        Self { shared, buffer: Vec::new(), kept: Kept::default() }
    }

    /// Deals with one thing the walk met.
    pub(super) fn entry(&mut self, entry: &DirEntry) {
        let Some(kind) = entry.file_type() else { return };
        let path = entry.path();
        if kind.is_file() {
            self.file(path);
        } else if kind.is_symlink() {
            if self.counts(path) {
                self.kept.skipped.extend(self.shared.roots.link(path));
            }
        } else if !kind.is_dir() {
            self.skip(path, SkipReason::Special, Some(roots::special(kind)));
        }
    }

    /// Deals with what the walk could not do.
    pub(super) fn error(&mut self, error: &ignore::Error) {
        let mut path = None;
        let mut error = error;
        loop {
            match error {
                ignore::Error::WithPath { path: at, err } => (path, error) = (Some(at), err),
                ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error = err,
                ignore::Error::Io(error) => {
                    let shown = path.map_or_else(String::new, |path| self.shared.roots.shown(path));
                    self.kept.skipped.push(roots::failed(shown, error));
                    return;
                }
                // A pattern of an ignore file that is none ignores nothing.
                ignore::Error::Partial(_)
                | ignore::Error::Glob { .. }
                | ignore::Error::UnrecognizedFileType(_)
                | ignore::Error::InvalidDefinition
                | ignore::Error::Loop { .. } => return,
            }
        }
    }

    /// The lines of a file that count; all if none.
    fn lines(&self, path: &Path) -> Option<&'s [RangeInclusive<u32>]> {
        let lines = self.shared.options.lines.as_ref()?;
        Some(lines.get(path).map(Vec::as_slice).unwrap_or_default())
    }

    /// Whether anything in a file counts.
    fn counts(&self, path: &Path) -> bool {
        self.lines(path).is_none_or(|lines| !lines.is_empty())
    }

    fn skip(&mut self, path: &Path, reason: SkipReason, detail: Option<String>) {
        if self.counts(path) {
            self.kept.skipped.push(roots::skip(self.shared.roots.shown(path), reason, detail));
        }
    }

    fn failed(&mut self, path: &Path, error: &io::Error) {
        if self.counts(path) {
            let error = if error.kind() == io::ErrorKind::NotFound {
                roots::skip(
                    self.shared.roots.shown(path),
                    SkipReason::Failed,
                    Some("vanished while it was searched".to_owned()),
                )
            } else {
                roots::failed(self.shared.roots.shown(path), error)
            };
            self.kept.skipped.push(error);
        }
    }

    /// Reads one file.
    fn file(&mut self, path: &Path) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let (of_module, manifest) = (Modules::has(name), self.is_manifest(path));
        // What does not count itself may still say how others are to be read.
        if !(of_module || manifest || self.counts(path)) {
            return;
        }
        if self.buffer.len() < read::PIECE {
            self.buffer.resize(read::PIECE, 0);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        if let Err(error) = self.look(path, of_module, manifest, &mut buffer) {
            self.failed(path, &error);
        }
        self.buffer = buffer;
    }

    fn is_manifest(&self, path: &Path) -> bool {
        // What is none by its whole path is none by the part below its root either, which takes longer to find.
        if path.to_str().is_some_and(|path| !library::is_manifest(path)) {
            return false;
        }
        let (_, below) = self.shared.roots.of(path);
        let below = if below.as_os_str().is_empty() { path.file_name().map(Path::new) } else { Some(below) };
        below.and_then(Path::to_str).is_some_and(library::is_manifest)
    }

    fn look(&mut self, path: &Path, of_module: bool, manifest: bool, buffer: &mut Vec<u8>) -> io::Result<()> {
        let shared = self.shared;
        let look = read::look(path, &shared.prefilter, manifest, buffer)?;
        if of_module {
            // Searched together with the others of its folder.
            let holds = matches!(look, Look::Here(_) | Look::Again(..));
            self.kept.modules.add(path, holds);
            if holds {
                let bytes = match &look {
                    Look::Here(held) => held.bytes,
                    Look::Again(_, _, bytes) => *bytes,
                    Look::Nothing { .. } | Look::Large(..) => 0,
                };
                self.was_read(path, Extent { bytes, zero: None });
                return Ok(());
            }
        }
        match look {
            Look::Nothing { bytes, zero } => self.was_read(path, Extent { bytes, zero }),
            Look::Here(held) => self.held(path, held, buffer),
            Look::Again(mut file, encoding, bytes) => {
                let mut big;
                let room = if read::is_small(bytes) {
                    &mut *buffer
                } else {
                    big = shared.big.lock().unwrap_or_else(PoisonError::into_inner);
                    &mut *big
                };
                match read::hold(&mut file, encoding, room)? {
                    Some(held) => self.held(path, held, room),
                    None => self.large(path, &mut file, encoding, room)?,
                }
                room.truncate(read::PIECE);
                room.shrink_to(read::PIECE);
            }
            Look::Large(mut file, encoding) => {
                let mut big = shared.big.lock().unwrap_or_else(PoisonError::into_inner);
                self.large(path, &mut file, encoding, &mut big)?;
                big.truncate(read::PIECE);
                big.shrink_to(read::PIECE);
            }
        }
        Ok(())
    }

    /// Counts a file, or says that it is no text from some place on.
    fn was_read(&mut self, path: &Path, extent: Extent) {
        if let Some(zero) = extent.zero {
            let detail = (zero > 0).then(|| format!("a zero byte after {zero} bytes: what follows was not searched"));
            self.skip(path, SkipReason::Binary, detail);
        } else {
            let (files, bytes) = self.kept.read.entry(self.shared.roots.index(path)).or_default();
            (*files, *bytes) = (*files + 1, *bytes + extent.bytes);
        }
    }

    fn about(&self, path: &Path) -> About {
        About::new(self.shared.roots.shown(path), self.shared.roots.below(path))
    }

    /// Has a whole file searched.
    fn held(&mut self, path: &Path, held: Held, buffer: &[u8]) {
        self.was_read(path, Extent { bytes: held.bytes, zero: held.zero });
        let text = held.text(buffer);
        let about = self.about(path);
        if self.shared.prefilter.matches(text.as_bytes()) {
            self.search(path, &about, &text);
        } else if library::is_manifest(&about.below)
            && let Some(pins) = guarded(|| library::pins(&about.below, &text))
        {
            let mut found = Vec::new();
            self.pins(path, pins, &mut found);
            self.keep(path, &about, found, &Window::whole(&text));
        }
    }

    fn search(&mut self, path: &Path, about: &About, text: &str) {
        self.search_with(path, about, text, Vec::new());
    }

    /// Has a text searched in which something was found already.
    fn search_with(&mut self, path: &Path, about: &About, text: &str, known: Vec<Found>) {
        let Some(analysis) = guarded(|| source::search(&about.below, text)) else {
            self.skip(path, SkipReason::Failed, Some(MISTAKE.to_owned()));
            return;
        };
        if let Some(unread) = analysis.unread {
            self.skip(path, SkipReason::Structure, Some(unread));
        }
        // What was evaluated comes last: it wins where both name the same piece.
        let mut found = analysis.found;
        found.extend(known);
        self.pins(path, analysis.pins, &mut found);
        source::merge(&mut found);
        self.keep(path, about, found, &Window::whole(text));
    }

    /// Takes up versions, and what they mean in the manifest itself.
    fn pins(&mut self, path: &Path, pins: Vec<Pin>, found: &mut Vec<Found>) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        let name = name.to_string_lossy();
        found.extend(hit::of_pins(&pins, &name));
        self.kept.pins.add(folder, &name, pins);
    }

    /// Keeps what was found in a window, or says that there is too much.
    fn keep(&mut self, path: &Path, about: &About, mut found: Vec<Found>, window: &Window<'_>) {
        if found.len() > MOST_HITS {
            found.truncate(MOST_HITS);
            self.too_many(path);
        }
        let folder = path.parent().unwrap_or(path);
        self.kept.pending.extend(hit::pending(found, about, folder, window, self.lines(path)));
    }

    fn too_many(&mut self, path: &Path) {
        let detail = format!("more than {MOST_HITS} references: the others are not listed");
        self.skip(path, SkipReason::Structure, Some(detail));
    }

    /// Has a file searched that is too large to be held.
    fn large(&mut self, path: &Path, file: &mut File, encoding: Encoding, buffer: &mut Vec<u8>) -> io::Result<()> {
        let about = self.about(path);
        let shared = self.shared;
        let (mut unread, mut broken, mut left) = (false, false, MOST_HITS);
        let mut too_many = false;
        let extent = large::windows(file, encoding, &shared.prefilter, buffer, &mut |window| {
            let Some(analysis) = guarded(|| source::search(&about.below, window.text)) else {
                broken = true;
                return;
            };
            unread |= analysis.unread.is_some();
            let mut found = analysis.found;
            self.pins(path, analysis.pins, &mut found);
            source::merge(&mut found);
            found.retain(|found| window.core.contains(&found.span.start));
            too_many |= found.len() > left;
            found.truncate(left);
            left -= found.len();
            self.keep(path, &about, found, window);
        })?;
        self.was_read(path, extent);
        if too_many {
            self.too_many(path);
        }
        if broken {
            self.skip(path, SkipReason::Failed, Some(MISTAKE.to_owned()));
        }
        let structured = Modules::has(&about.below) || library::is_manifest(&about.below);
        if unread || structured {
            let detail = format!("too large to be evaluated as a whole: {} bytes", extent.bytes);
            self.skip(path, SkipReason::Structure, Some(detail));
        }
        Ok(())
    }

    /// Has a module searched: each file by itself, and all together.
    pub(super) fn module(&mut self, files: &BTreeMap<PathBuf, bool>) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut texts: Vec<(&Path, bool, About, String)> = Vec::new();
        let mut held = 0;
        for (path, holds) in files {
            match read::whole(path, &mut buffer) {
                Ok(Some(of)) if held <= MODULE => {
                    let text = of.text(&buffer).into_owned();
                    held += text.len();
                    texts.push((path, *holds, self.about(path), text));
                }
                Ok(Some(of)) if *holds => self.search(path, &self.about(path), &of.text(&buffer)),
                Ok(Some(_)) => {}
                Ok(None) => self.skip(path, SkipReason::Structure, Some("too large to be evaluated".to_owned())),
                Err(error) => self.failed(path, &error),
            }
        }
        buffer.truncate(read::PIECE);
        buffer.shrink_to(read::PIECE);
        self.buffer = buffer;
        let module: Vec<_> =
            texts.iter().map(|(_, _, about, text)| terraform::File { path: &about.below, text }).collect();
        let evaluated = if held > MODULE { None } else { guarded(|| terraform::module(&module)) };
        let why = if held > MODULE { "the module is too large to be evaluated" } else { MISTAKE };
        let mut evaluated = evaluated.map(Vec::into_iter);
        for (path, holds, about, text) in &texts {
            let (found, unread) = match &mut evaluated {
                Some(files) => files.next().unwrap_or_default(),
                None => (Vec::new(), holds.then(|| why.to_owned())),
            };
            if let Some(unread) = unread {
                self.skip(path, SkipReason::Structure, Some(unread));
            }
            if *holds || !found.is_empty() {
                self.search_with(path, about, text, found);
            }
        }
    }
}

/// What a detector gives; nothing if it fails, which is a mistake of ours that must not end the scan.
fn guarded<T>(detector: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(detector)).ok()
}
