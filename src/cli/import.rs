//! `mrready import`: what the script of `mrready collect --print-commands` wrote, as a snapshot.

use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::import::{self, Imported};
use crate::snapshot::{Encoding, format};

use super::args::ImportArgs;
use super::files::{self, Readers};
use super::{exit, ui};

/// The folder of the records of calls, below the folder that the script was given.
const CALLS: &str = "calls";

/// Runs the command.
pub(super) fn run(args: &ImportArgs) -> Result<u8> {
    let encoding = args.output.as_ref().map(|path| Encoding::of_name(&path.to_string_lossy())).transpose()?;
    if encoding.is_none() && std::io::stdout().is_terminal() {
        bail!("a snapshot is not for a terminal: give -o FILE, or send standard output somewhere");
    }
    if encoding.is_none() && args.purge {
        bail!("--purge removes the folder once the snapshot is a file: give -o FILE");
    }
    let Imported { snapshot, missing } =
        import::read(&read(&args.folder)?).with_context(|| files::name(&args.folder))?;
    if let (Some(path), Some(encoding)) = (&args.output, encoding) {
        files::write_whole(path, &format::write(&snapshot, encoding)?, Readers::Owner)?;
    } else {
        let encoding = Encoding { lines: false, packing: format::Packing::Plain };
        std::io::stdout().lock().write_all(&format::write(&snapshot, encoding)?)?;
    }
    for line in &missing {
        ui::say(line);
    }
    let unanswered = snapshot.calls().filter(|call| call.error.is_some()).count();
    if unanswered > 0 {
        let calls = snapshot.calls().count();
        ui::say(&format!("{unanswered} of {calls} calls were not answered; `mrready audit` says what that costs"));
    }
    if args.purge {
        purge(&args.folder)?;
    }
    let partial = unanswered > 0 || !missing.is_empty();
    Ok(if args.strict && partial { exit::UNCLEAR } else { exit::GOOD })
}

/// The files of a folder that are the script's, by their names below it.
fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for name in names(folder)? {
        let path = folder.join(&name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", files::name(&path)))?;
        all.insert(name, bytes);
    }
    Ok(all)
}

/// Their names, `/` between their parts. Links are none of them: the script makes no links.
fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for (below, prefix) in [(folder.to_path_buf(), String::new()), (folder.join(CALLS), format!("{CALLS}/"))] {
        let context = || format!("cannot read {}", files::name(&below));
        if below != folder && !below.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&below).with_context(context)? {
            let entry = entry.with_context(context)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if import::is_ours(&name) && entry.file_type().with_context(context)?.is_file() {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// Removes what the script wrote, and the folders if nothing else is in them.
fn purge(folder: &Path) -> Result<()> {
    for name in names(folder)? {
        let path = folder.join(&name);
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", files::name(&path)))?;
    }
    for folder in [folder.join(CALLS).as_path(), folder] {
        if let Err(error) = fs::remove_dir(folder)
            && !matches!(error.kind(), std::io::ErrorKind::NotFound)
        {
            ui::say(&format!("{} stays: something else is in it", files::name(folder)));
        }
    }
    Ok(())
}
