//! Files: reading snapshots, rules and decisions; writing so that a file appears whole or not at all.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::model::Report;
use crate::model::report::REPORT_SCHEMA_VERSION;
use crate::render::safe::safe;
use crate::snapshot::{Snapshot, format};

/// Bytes that are asked of the system at once.
const READ_AT_ONCE: usize = 1 << 20;
/// Extensions of snapshot files in a folder.
const SNAPSHOTS: &[&str] = &[".json", ".jsonl", ".json.gz", ".jsonl.gz", ".json.zst", ".jsonl.zst"];

/// Opens a file, or standard input for `-`, to be read as it comes, unpacked if it is packed; and its name as it may be
/// shown.
pub(super) fn unpacking(path: &Path) -> Result<(String, Box<dyn BufRead + Send>)> {
    let (name, raw): (String, Box<dyn Read + Send>) = if path.as_os_str() == "-" {
        ("standard input".to_owned(), Box::new(std::io::stdin()))
    } else {
        (name(path), Box::new(fs::File::open(path).with_context(|| format!("cannot read {}", name(path)))?))
    };
    let failed = || format!("cannot read {name}");
    let mut packed = BufReader::with_capacity(READ_AT_ONCE, raw);
    let magic = packed.fill_buf().with_context(failed)?;
    let reader: Box<dyn BufRead + Send> = if magic.starts_with(&format::GZIP_MAGIC) {
        Box::new(BufReader::with_capacity(READ_AT_ONCE, flate2::bufread::MultiGzDecoder::new(packed)))
    } else if magic.starts_with(&format::ZSTD_MAGIC) {
        let unpacked = zstd::stream::read::Decoder::with_buffer(packed).with_context(failed)?;
        Box::new(BufReader::with_capacity(READ_AT_ONCE, unpacked))
    } else {
        Box::new(packed)
    };
    Ok((name, reader))
}

/// All bytes of a reader that may be a bomb: the most that a document may have.
pub(super) fn read_limited(name: &str, reader: &mut dyn Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read =
        reader.take(format::MAX_BYTES + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    if read as u64 > format::MAX_BYTES {
        bail!("{name}: unpacks to more than 2 GiB; split it by account");
    }
    Ok(bytes)
}

/// Reads snapshots from files, folders and `-`, and makes one log of them.
pub(super) fn read_snapshots(paths: &[PathBuf]) -> Result<Snapshot> {
    read_snapshots_with(paths, None)
}

/// The same, where standard input was read already, and unpacked.
pub(super) fn read_snapshots_with(paths: &[PathBuf], mut stdin: Option<Vec<u8>>) -> Result<Snapshot> {
    let mut documents = Vec::new();
    for path in paths {
        if path.as_os_str() == "-"
            && let Some(bytes) = stdin.take()
        {
            documents.push(format::read("standard input", &bytes)?);
        } else if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
            documents.push(format::read("standard input", &bytes)?);
        } else if path.is_dir() {
            let mut found = Vec::new();
            walk(path, &mut found)?;
            // What a run of several accounts has of those under way.
            let journals = name(path).trim_end_matches('/').ends_with(".partial");
            let extensions = SNAPSHOTS.iter().chain(journals.then_some(&".journal"));
            found.retain(|file| extensions.clone().any(|extension| name(file).ends_with(extension)));
            if found.is_empty() {
                bail!("{}: no snapshot in this folder (looked for {})", name(path), SNAPSHOTS.join(", "));
            }
            for file in found {
                documents.push(read_snapshot(&file)?);
            }
        } else {
            documents.push(read_snapshot(path)?);
        }
    }
    Snapshot::merge(documents).context("no snapshot was given")
}

fn read_snapshot(path: &Path) -> Result<Snapshot> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", name(path)))?;
    Ok(format::read(&name(path), &bytes)?)
}

/// What tells a report from other JSON, and one version of it from another.
#[derive(Debug, serde::Deserialize)]
struct Head {
    schema_version: Option<u32>,
    mrready_snapshot: Option<serde_json::Value>,
}

/// Reads a JSON report, or standard input for `-`; packed as a snapshot may be.
pub(super) fn read_report(path: &Path) -> Result<Report> {
    Ok(read_report_document(path)?.0)
}

/// The same, with the text that it was read from.
pub(super) fn read_report_document(path: &Path) -> Result<(Report, Vec<u8>)> {
    let (name, bytes) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        ("standard input".to_owned(), bytes)
    } else {
        (name(path), fs::read(path).with_context(|| format!("cannot read {}", name(path)))?)
    };
    let bytes = format::unpack(&name, &bytes)?.unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        bail!("{name} is empty; a report is what `mrready audit --format json` writes");
    }
    let place = |error: &serde_json::Error| format!("{name}:{}:{}", error.line(), error.column());
    let wanted = "not a JSON report, as `mrready audit --format json` writes it";
    // A list would be taken for the members of a structure in their order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        bail!("{name}:1:1: {wanted}");
    }
    let head: Head =
        serde_json::from_slice(&bytes).map_err(|error| anyhow::anyhow!("{}: {wanted}: {error}", place(&error)))?;
    match head.schema_version {
        _ if head.mrready_snapshot.is_some() => {
            bail!("{name} is a snapshot; make a report of it first: mrready audit SNAPSHOT -o report.json")
        }
        None => bail!("{name}: no `schema_version`: {wanted}"),
        Some(version) if version > REPORT_SCHEMA_VERSION => bail!(
            "{name}: version {version} of the report is newer than this mrready, which reads up to \
             {REPORT_SCHEMA_VERSION}; update it"
        ),
        Some(0) => bail!("{name}: there is no version 0 of the report: {wanted}"),
        Some(_) => {}
    }
    let report = serde_json::from_slice(&bytes)
        .map_err(|error| anyhow::anyhow!("{}: not a whole report: {error}", place(&error)))?;
    Ok((report, bytes))
}

/// Reads a text file.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", name(path)))?;
    String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("{}: not UTF-8", name(path)))
}

/// The YAML files of these files and folders, as (name, text), sorted.
pub(super) fn read_rules(paths: &[PathBuf]) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut found = Vec::new();
            walk(path, &mut found)?;
            found.retain(|file| matches!(file.extension().and_then(OsStr::to_str), Some("yaml" | "yml")));
            if found.is_empty() {
                bail!("{}: no rule file (.yaml) in this folder", name(path));
            }
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    files.into_iter().map(|file| Ok((name(&file), read_text(&file)?))).collect()
}

/// All files below a folder, sorted; links to folders are not followed, so no loop is walked.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let context = || format!("cannot read {}", name(folder));
    let mut entries =
        fs::read_dir(folder).with_context(context)?.collect::<std::io::Result<Vec<_>>>().with_context(context)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().with_context(context)?;
        if kind.is_dir() {
            walk(&entry.path(), found)?;
        } else if entry.path().is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Its owner: 0600.
    Owner,
    /// As the system is set up.
    Usual,
    /// As the system is set up, and may be run.
    Runner,
}

/// A file under way: it grows beside its place and is renamed when it is whole, so that a whole one is never replaced by half a
/// one. Without [`WholeFile::finish`] nothing is left of it.
#[derive(Debug)]
pub(super) struct WholeFile {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

impl WholeFile {
    /// Begins the file; fails if its folder is not there or cannot be written to.
    pub(super) fn create(path: &Path, readers: Readers) -> Result<Self> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if path.is_dir() {
            bail!("{} is a folder; name a file", name(path));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".mrready-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = match readers {
                Readers::Owner => 0o600,
                Readers::Usual => 0o666,
                Readers::Runner => 0o777,
            };
            builder.permissions(fs::Permissions::from_mode(mode));
        }
        let file = builder.tempfile_in(folder).map_err(plain).with_context(|| cannot_write(path))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Sees to it that what was written is on the disk.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.as_file().sync_all().with_context(|| cannot_write(&self.path))
    }

    /// Puts the file in its place.
    pub(super) fn finish(self) -> Result<()> {
        self.sync()?;
        self.persist()
    }

    /// The same, although what was written may not be on the disk yet.
    fn persist(self) -> Result<()> {
        let Self { file, path } = self;
        file.persist(&path).map_err(|error| error.error).with_context(|| cannot_write(&path))?;
        Ok(())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes).map_err(plain)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush().map_err(plain)
    }
}

/// The library names its own temporary file in its error, which says nothing to anybody.
fn plain(error: std::io::Error) -> std::io::Error {
    let within = || error.get_ref()?.source()?.downcast_ref::<std::io::Error>()?.raw_os_error();
    error.raw_os_error().or_else(within).map_or(error, std::io::Error::from_raw_os_error)
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", name(path))
}

/// Finds out whether a file can be written to this place, before much work is done for it.
pub(super) fn check_place(path: &Path, readers: Readers) -> Result<()> {
    WholeFile::create(path, readers).map(drop)
}

/// Writes a file: beside its place first, then renamed.
pub(super) fn write_whole(path: &Path, bytes: &[u8], readers: Readers) -> Result<()> {
    let mut file = WholeFile::create(path, readers)?;
    file.write_all(bytes).with_context(|| cannot_write(path))?;
    file.finish()
}

/// A part of what is to be written, for its owner. It is whole whatever ends this process, if not the machine.
pub(super) fn write_part(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = WholeFile::create(path, Readers::Owner)?;
    file.write_all(bytes).with_context(|| cannot_write(path))?;
    file.persist()
}

/// Adds a line to a journal that is one of many, too many to be held open.
pub(super) fn add_to_journal(path: &Path, line: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(line.as_bytes())
}

/// A path as it may be shown on a terminal.
pub(super) fn name(path: &Path) -> String {
    safe(&path.to_string_lossy())
}
