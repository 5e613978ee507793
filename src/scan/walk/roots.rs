//! What was asked to be searched, where it really is, and how paths below it are written.
//!
//! A root is followed if it is a link, and links below it are not: what they lead to is read where it is, or lies
//! outside of what was asked. Not here: reading.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::reference::{SkipReason, Skipped};

/// The roots that are there.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// Absolute and without links, with the index of the root as it was given; none twice.
    real: Vec<(PathBuf, usize)>,
    /// As they were given.
    given: Vec<String>,
}

impl Roots {
    /// Looks where the roots are; those that are missing or no files and folders are skipped.
    pub(super) fn new(given: &[PathBuf], skipped: &mut Vec<Skipped>) -> Self {
        let mut roots = Self { given: given.iter().map(|path| shown(path.as_os_str())).collect(), ..Self::default() };
        for (index, path) in given.iter().enumerate() {
            match real(path) {
                Ok(Ok(real)) if roots.real.iter().any(|(other, _)| *other == real) => {}
                Ok(Ok(real)) => roots.real.push((real, index)),
                Ok(Err(kind)) => skipped.push(skip(roots.given[index].clone(), SkipReason::Special, Some(kind))),
                Err(error) => skipped.push(failed(roots.given[index].clone(), &error)),
            }
        }
        roots
    }

    /// Where to walk.
    pub(super) fn real(&self) -> impl Iterator<Item = &Path> {
        self.real.iter().map(|(path, _)| path.as_path())
    }

    /// The roots within other roots: what is below them is read from there.
    pub(super) fn inner(&self) -> BTreeSet<PathBuf> {
        let within = |inner: &&Path| self.real().any(|outer| *inner != outer && inner.starts_with(outer));
        self.real().filter(within).map(Path::to_owned).collect()
    }

    /// The index of the root a path belongs to, and the path below it; the innermost root counts.
    pub(super) fn of<'p>(&self, path: &'p Path) -> (usize, &'p Path) {
        let below = self.real.iter().filter_map(|(root, index)| Some((*index, path.strip_prefix(root).ok()?)));
        below.min_by_key(|(_, below)| below.as_os_str().len()).unwrap_or((0, path))
    }

    /// The index of the root a path belongs to.
    pub(super) fn index(&self, path: &Path) -> usize {
        // Every file is asked for, and taking a path apart takes longer than finding no keyword in many a file.
        match self.real.as_slice() {
            [(_, index)] => *index,
            _ => self.of(path).0,
        }
    }

    /// A path below a root as it is reported: the root as it was given, and the path below it.
    pub(super) fn shown(&self, path: &Path) -> String {
        let (index, below) = self.of(path);
        let mut out = self.given.get(index).cloned().unwrap_or_default();
        if !below.as_os_str().is_empty() {
            if !out.ends_with('/') {
                out.push('/');
            }
            out.push_str(&shown_below(below));
        }
        out
    }

    /// The path below its root as detectors see it; the file's name for a root that is a file.
    pub(super) fn below(&self, path: &Path) -> String {
        let (_, below) = self.of(path);
        if below.as_os_str().is_empty() { shown(path.file_name().unwrap_or_default()) } else { shown_below(below) }
    }

    /// What a link means that was met below a root: nothing if what it leads to is read elsewhere or is not there.
    pub(super) fn link(&self, path: &Path) -> Option<Skipped> {
        let target = match std::fs::canonicalize(path) {
            Ok(target) => target,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            // The system gives up after forty links: they lead to each other.
            Err(error) if is_link_loop(&error) => return Some(skip(self.shown(path), SkipReason::Loop, None)),
            Err(error) => return Some(failed(self.shown(path), &error)),
        };
        if path.starts_with(&target) {
            return Some(skip(self.shown(path), SkipReason::Loop, None));
        }
        if self.real().any(|root| target.starts_with(root)) {
            return None;
        }
        // What it leads to is not named: where things lie on this machine is nobody's business.
        Some(skip(self.shown(path), SkipReason::Outside, None))
    }
}

#[cfg(unix)]
fn is_link_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
fn is_link_loop(_: &io::Error) -> bool {
    false
}

/// Where a root really is, or what it is if it is neither file nor folder.
fn real(path: &Path) -> io::Result<Result<PathBuf, String>> {
    let real = std::fs::canonicalize(path)?;
    let kind = std::fs::metadata(&real)?.file_type();
    Ok(if kind.is_dir() || kind.is_file() { Ok(real) } else { Err(special(kind)) })
}

/// What something is that is neither file, folder nor link.
#[cfg(unix)]
pub(super) fn special(kind: std::fs::FileType) -> String {
    use std::os::unix::fs::FileTypeExt as _;
    let name = if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_block_device() || kind.is_char_device() {
        "a device"
    } else {
        "not a file"
    };
    name.to_owned()
}

#[cfg(not(unix))]
pub(super) fn special(_: std::fs::FileType) -> String {
    "not a file".to_owned()
}

pub(super) fn skip(path: String, reason: SkipReason, detail: Option<String>) -> Skipped {
    Skipped { path, reason, detail }
}

/// What a failure to read something is reported as.
pub(super) fn failed(path: String, error: &io::Error) -> Skipped {
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other kinds are said in the system's words")]
    match error.kind() {
        io::ErrorKind::PermissionDenied => skip(path, SkipReason::Denied, None),
        io::ErrorKind::NotFound => skip(path, SkipReason::Failed, Some("no such file or folder".to_owned())),
        kind if is_link_loop(error) => skip(path, SkipReason::Failed, Some(format!("{kind}: a link by now"))),
        kind => skip(path, SkipReason::Failed, Some(kind.to_string())),
    }
}

/// A path below a root with `/` between its parts.
fn shown_below(path: &Path) -> String {
    let mut out = String::new();
    for part in path.components() {
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str(&shown(part.as_os_str()));
    }
    out
}

/// A name as text: bytes that are not UTF-8 as `\xE9`, so that two names stay two.
fn shown(name: &OsStr) -> String {
    if let Some(name) = name.to_str() {
        return name.to_owned();
    }
    let mut out = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02X}");
        }
    }
    out
}
