//! `mrready diff`: what changed between two reports, or two snapshots.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::diff::{reports, snapshots};
use crate::model::diff::Diff;
use crate::render::diff;
use crate::snapshot::format;

use super::args::{DiffArgs, DiffFormat};
use super::files::{self, Readers};
use super::{collect, ui};

/// What a file is, as far as its head tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Report,
    Snapshot,
    /// Standard input, or a file that is neither by its head: the other side decides how it is read.
    Open,
}

/// Runs the command.
pub(super) fn run(args: &DiffArgs) -> Result<u8> {
    let (old, new) = (&args.old, &args.new);
    if is_stdin(old) && is_stdin(new) {
        bail!("standard input is one document: name a file for OLD or for NEW");
    }
    let diff = match (kind(old)?, kind(new)?) {
        (Kind::Report, Kind::Snapshot) | (Kind::Snapshot, Kind::Report) => {
            let is = |path| if kind(path).is_ok_and(|kind| kind == Kind::Report) { "a report" } else { "a snapshot" };
            bail!(
                "{} is {}, and {} is {}: compare two of a kind. A snapshot becomes a report with `mrready audit SNAPSHOT \
                 -o report.json`",
                files::name(old),
                is(old),
                files::name(new),
                is(new)
            )
        }
        (Kind::Report, _) | (_, Kind::Report) => {
            let names = [files::name(old), files::name(new)];
            let (old, new) = (files::read_report(old)?, files::read_report(new)?);
            reports([&names[0], &names[1]], &old, &new)?
        }
        (Kind::Snapshot | Kind::Open, Kind::Snapshot | Kind::Open) => of_snapshots(old, new)?,
    };
    let document = document(&diff, args)?;
    match &args.output {
        Some(path) => files::write_whole(path, &document, Readers::Usual)?,
        None => ui::print(&document)?,
    }
    let exit = &diff.summary.exit;
    if !exit.because.is_empty() {
        ui::say(&format!("exit {}: {}", exit.code, exit.because.join("; ")));
    }
    Ok(exit.code)
}

fn of_snapshots(old: &Path, new: &Path) -> Result<Diff> {
    let read = |path: &Path| files::read_snapshots(&[PathBuf::from(path)]);
    let (old, new) = (read(old)?, read(new)?);
    Ok(snapshots(&old, &new, &collect::region_table()?))
}

fn document(diff: &Diff, args: &DiffArgs) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    match args.format {
        DiffFormat::Json => diff::write_json(diff, &mut out)?,
        DiffFormat::Markdown => diff::write_markdown(diff, &mut out)?,
        DiffFormat::Text => diff::write_text(diff, if args.output.is_some() { 100 } else { ui::width() }, &mut out)?,
    }
    Ok(out)
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Tells a report from a snapshot by what stands in its head; whatever else is wrong with the file its reader says.
fn kind(path: &Path) -> Result<Kind> {
    #[derive(serde::Deserialize)]
    struct Head {
        schema_version: Option<serde::de::IgnoredAny>,
        mrready_snapshot: Option<serde::de::IgnoredAny>,
    }
    if is_stdin(path) {
        return Ok(Kind::Open);
    }
    if path.is_dir() {
        return Ok(Kind::Snapshot);
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", files::name(path)))?;
    let bytes = format::unpack(&files::name(path), &bytes)?.unwrap_or(bytes);
    // Of a document in lines this is the first one.
    let head = serde_json::Deserializer::from_slice(&bytes).into_iter::<Head>().next();
    Ok(match head {
        Some(Ok(Head { mrready_snapshot: Some(_), .. })) => Kind::Snapshot,
        Some(Ok(Head { schema_version: Some(_), .. })) => Kind::Report,
        // Cut off: the first member says what it was to become.
        Some(Err(_)) if begins_as_report(&bytes) => Kind::Report,
        _ => Kind::Open,
    })
}

fn begins_as_report(bytes: &[u8]) -> bool {
    let inside = bytes.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    inside.is_some_and(|inside| inside.starts_with(b"\"schema_version\""))
}
