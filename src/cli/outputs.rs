//! Where the reports of a run go: formats to files and to standard output. How each looks is the renderer's.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::model::Report;
use crate::render::{Format, Options, Show, write};

use super::args::OutputArgs;
use super::files::{self, Readers};
use super::ui;

/// The reports that a run writes.
#[derive(Debug)]
pub(super) struct Outputs {
    stdout: Option<Format>,
    files: Vec<(Format, PathBuf)>,
    /// For files; what depends on the terminal is put in for standard output.
    options: Options,
    color: bool,
}

impl Outputs {
    /// Reads the options. What is wrong with them is said before anything is asked or judged.
    pub(super) fn resolve(args: &OutputArgs) -> Result<Self> {
        let format = args.format.as_deref().map(format_named).transpose()?;
        let files = args.output.iter().map(|value| file(value, format)).collect::<Result<Vec<_>>>()?;
        for (index, (_, path)) in files.iter().enumerate() {
            if files[..index].iter().any(|(_, other)| other == path) {
                bail!("-o {}: two reports cannot go to one file", files::name(path));
            }
        }
        let stdout = if files.is_empty() { Some(format.unwrap_or(Format::Table)) } else { format };
        let options = Options { verbose: args.verbose, full: whole(&files), ..Options::default() };
        Ok(Self { stdout, files, options, color: ui::color(args.color) })
    }

    /// Writes them all, the files first.
    pub(super) fn write(&self, report: &Report, show: &Show) -> Result<()> {
        let options = Options { show: show.clone(), ..self.options.clone() };
        for (format, path) in &self.files {
            let mut bytes = Vec::new();
            write(*format, report, None, &options, &mut bytes)?;
            files::write_whole(path, &bytes, Readers::Usual)?;
        }
        if let Some(format) = self.stdout {
            let options = Options { width: ui::width(), color: self.color, links: ui::links(self.color), ..options };
            let mut bytes = Vec::new();
            write(format, report, None, &options, &mut bytes)?;
            ui::print(&bytes)?;
        }
        Ok(())
    }
}

/// `[FORMAT=]FILE`.
fn file(value: &str, format: Option<Format>) -> Result<(Format, PathBuf)> {
    if Format::parse(value).is_some() {
        bail!(
            "-o {value}: this names a format, and a file is wanted; did you mean --format {value}, or -o {value}=FILE?"
        );
    }
    let named = value
        .split_once('=')
        .filter(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    let (format, path) = match named {
        Some((name, path)) => (format_named(name)?, path),
        None => {
            let format = format.or_else(|| Format::of_file(value));
            (format.with_context(|| format!("-o {value}: which format? Write -o FORMAT={value}"))?, value)
        }
    };
    if path.is_empty() {
        bail!("-o {value}: the name of the file is missing");
    }
    Ok((format, PathBuf::from(path)))
}

/// The name, without its folder, of the file that leaves nothing out.
fn whole(files: &[(Format, PathBuf)]) -> Option<String> {
    let name = |format| {
        let (_, path) = files.iter().find(|(each, _)| *each == format)?;
        Some(path.file_name()?.to_string_lossy().into_owned())
    };
    name(Format::Json)
}

fn format_named(name: &str) -> Result<Format> {
    let names: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
    let near = names.iter().copied().min_by_key(|each| strsim::damerau_levenshtein(each, name));
    let near = near.filter(|each| strsim::damerau_levenshtein(each, name) <= 2);
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Format::parse(name).with_context(|| format!("`{name}` is no format; there are {}{hint}", names.join(", ")))
}
