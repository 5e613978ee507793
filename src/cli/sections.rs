//! The snapshot of several accounts on its way to disk: a file for each account beside the one that is wanted, and that one,
//! sorted by account, when all are done.
//!
//! The folder `FILE.partial` holds for each account that is done its section, a whole snapshot (`ACCOUNT.jsonl` and what FILE has
//! behind it), and for every other one its journal (`ACCOUNT.journal`), so that what was collected survives whatever ends the run,
//! and only the accounts under way are held in memory. What is packed is packed once: frames stand one after the other.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::collect::{CollectError, Request, Section, collect_accounts};
use crate::snapshot::journal::{Head, Record};
use crate::snapshot::{self, Encoding, Entry, Scope, Snapshot, format};

use super::collect::{Target, Watcher};
use super::files::{self, Readers, WholeFile};
use super::{Interrupted, journal, scan, ui};

/// Whether a file of this name can hold several accounts.
pub(super) fn check(path: &Path) -> Result<Encoding> {
    let encoding = Encoding::of_name(&path.to_string_lossy())?;
    if !encoding.lines {
        bail!(
            "{}: several accounts are written one after the other, which takes JSON lines: name it .jsonl, .jsonl.zst or .jsonl.gz",
            files::name(path)
        );
    }
    Ok(encoding)
}

/// What a run left.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Calls in the snapshot.
    pub(super) calls: usize,
    /// Of them, those that were not answered.
    pub(super) unanswered: usize,
}

/// Collects of several accounts into a file; `seen` is shown each account's document.
pub(super) fn collect_to(
    request: &Request,
    target: &Target<'_>,
    trees: &[PathBuf],
    verbose: bool,
    seen: &mut (dyn FnMut(&Snapshot) + Send),
) -> Result<Tally> {
    if target.resume.is_some() {
        bail!(
            "--resume goes on with a collection of one account; what an earlier run of several left in FILE.partial can be judged"
        );
    }
    let head = journal::head(journal::options(request, target.configuration), Timestamp::now());
    let sections = Sections::create(target.path, &head)?;
    let mut tally = Tally::default();
    let mut broken = None;
    // What is whole is kept without a journal; a disk that is full is noticed there.
    let mut keep = |record: &Record| {
        if broken.is_none() {
            broken = sections.note(record).err();
        }
        true
    };
    let mut watcher = Watcher::new(verbose, Some(&mut keep));
    let result = collect_accounts(request, &mut watcher, &mut |section| {
        tally.calls += section.snapshot.calls().count();
        tally.unanswered += section.snapshot.calls().filter(|call| call.error.is_some()).count();
        seen(&section.snapshot);
        sections.close(&section)
    });
    watcher.finish();
    match result {
        Ok(()) => {}
        Err(error @ (CollectError::Interrupted | CollectError::Terminated)) => {
            let name = files::name(&sections.folder);
            ui::say(&format!(
                "{name} keeps what was collected; `mrready audit {name}` judges it, and what is not in it is unknown"
            ));
            return Err(Interrupted::of(error));
        }
        // The disk is full, or gone: what is there stays.
        Err(error @ CollectError::Keep(_)) => return Err(error.into()),
        Err(error) => {
            sections.discard();
            return Err(error.into());
        }
    }
    if let Some(error) = broken {
        return Err(error).context("cannot write the journal of the collection");
    }
    let trees = scan::add(Snapshot::new(Scope::default(), Vec::new()), trees, Timestamp::now());
    sections.finish(&trees)?;
    Ok(tally)
}

/// The files under way.
struct Sections {
    path: PathBuf,
    folder: PathBuf,
    /// `.jsonl`, with `.zst` or `.gz`.
    extension: &'static str,
    encoding: Encoding,
    /// The first line of each journal.
    head: String,
}

impl Sections {
    fn create(path: &Path, head: &Head) -> Result<Self> {
        let encoding = check(path)?;
        let folder = PathBuf::from(format!("{}.partial", path.display()));
        let name = files::name(&folder);
        if path.is_dir() {
            bail!("{} is a folder; name a file", files::name(path));
        }
        if fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!(
                "{name}: an earlier run left accounts in it; judge them (`mrready audit {name}`), or move the folder away first"
            );
        }
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        builder.create(&folder).with_context(|| format!("cannot make the folder {name}"))?;
        let extension = match encoding.packing {
            format::Packing::Plain => ".jsonl",
            format::Packing::Gzip => ".jsonl.gz",
            format::Packing::Zstd => ".jsonl.zst",
        };
        Ok(Self { path: path.to_owned(), folder, extension, encoding, head: snapshot::journal::line(head)? })
    }

    fn file(&self, account: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{account}{extension}"))
    }

    /// Something for the journal of an account under way.
    fn note(&self, record: &Record) -> std::io::Result<()> {
        let account = match record {
            Record::Answer { entries, .. } => entries.first().map_or("", Entry::account),
            Record::Scope { account, .. } | Record::Done { account } => account,
            // The accounts under way are named from the start; who enters them is known by its own section.
            Record::Named { .. } | Record::Home { .. } | Record::Resumed { .. } => "",
        };
        if account.is_empty() {
            return Ok(());
        }
        let place = self.file(account, ".journal");
        let head = if place.exists() { "" } else { self.head.as_str() };
        files::add_to_journal(&place, &format!("{head}{}", snapshot::journal::line(record)?))
    }

    /// An account is done.
    fn close(&self, section: &Section) -> std::io::Result<()> {
        let bytes = format::write(&section.snapshot, self.encoding)?;
        let place = self.file(&section.account, self.extension);
        files::write_part(&place, &bytes).map_err(|error| std::io::Error::other(format!("{error:#}")))?;
        match fs::remove_file(self.file(&section.account, ".journal")) {
            // Nothing was asked there.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Puts the sections together: source trees first, which belong to no account, then account after account.
    fn finish(self, trees: &Snapshot) -> Result<()> {
        let context = || format!("cannot read {}", files::name(&self.folder));
        let entries = fs::read_dir(&self.folder).with_context(context)?;
        let mut parts =
            entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>().with_context(context)?;
        parts.retain(|part| part.to_string_lossy().ends_with(self.extension));
        parts.sort();
        let failed = || format!("cannot write {}", files::name(&self.path));
        let mut whole = WholeFile::create(&self.path, Readers::Owner)?;
        if !trees.entries.is_empty() {
            whole.write_all(&format::write(trees, self.encoding)?).with_context(failed)?;
        }
        for part in &parts {
            let mut part = File::open(part).with_context(context)?;
            std::io::copy(&mut part, &mut whole).with_context(failed)?;
        }
        whole.finish()?;
        fs::remove_dir_all(&self.folder).with_context(|| format!("cannot remove {}", files::name(&self.folder)))
    }

    /// Nothing was collected: nothing to keep.
    fn discard(self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
