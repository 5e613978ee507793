//! Where the reports of a run go: formats to files and to standard output. How each looks is the renderer's.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::audit::SplitBy;
use crate::model::{Plan, Report};
use crate::render::junit::Dialect;
use crate::render::parquet::TableName;
use crate::render::{CodeHost, Format, Options, Show, html, write};

use super::args::{JunitDialectArg, OutputArgs};
use super::files::{self, Readers, WholeFile};
use super::tables::{self, TableFiles};
use super::ui;

/// Bytes that are given to the system at once.
const WRITTEN_AT_ONCE: usize = 1 << 20;
/// The tables' name among the formats. They are no [`Format`], since none of those is more than one file.
const PARQUET: &str = "parquet";

/// What a file gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The report in a format.
    One(Format),
    /// The tables, a file each.
    Tables,
}

/// The reports that a run writes.
#[derive(Debug)]
pub(super) struct Outputs {
    stdout: Option<Format>,
    files: Vec<(Target, PathBuf)>,
    /// Whether files get a part each; `{}` in their names stands for what the part is for.
    split: Option<SplitBy>,
    /// For files; what depends on the terminal is put in for standard output.
    options: Options,
    color: bool,
}

impl Outputs {
    /// Reads the options. What is wrong with them is said before anything is asked or judged.
    pub(super) fn resolve(args: &OutputArgs) -> Result<Self> {
        let format = match args.format.as_deref().map(target_named).transpose()? {
            Some(Target::Tables) => {
                bail!("--format {PARQUET}: these are three files, one a table; write -o {PARQUET}=FILE")
            }
            Some(Target::One(format)) => Some(format),
            None => None,
        };
        let files = args.output.iter().map(|value| file(value, format)).collect::<Result<Vec<_>>>()?;
        let mut taken = BTreeSet::new();
        for (target, path) in &files {
            if !places(*target, path).into_iter().all(|place| taken.insert(place)) {
                bail!("-o {}: two reports cannot go to one file", files::name(path));
            }
        }
        let split = args.split_by.map(SplitBy::from);
        match (split, files.iter().find(|(_, path)| is_pattern(path) != split.is_some())) {
            (Some(by), _) if files.is_empty() => {
                bail!("--split-by {} writes files: give -o FORMAT=FILE with {{}} in its name", by.as_str());
            }
            (Some(by), Some((_, path))) => {
                bail!("-o {}: with --split-by the name needs {{}} where the {} goes", files::name(path), by.as_str())
            }
            (None, Some((_, path))) => {
                bail!("-o {}: {{}} stands for the part of --split-by, which is not given", files::name(path));
            }
            (_, None) => {}
        }
        let stdout = if files.is_empty() { Some(format.unwrap_or(Format::Table)) } else { format };
        let junit_dialect = match args.junit_dialect {
            JunitDialectArg::Jenkins => Dialect::Jenkins,
            JunitDialectArg::Gitlab => Dialect::Gitlab,
        };
        let options = Options {
            verbose: args.verbose,
            full: whole(&files),
            junit_dialect,
            markdown_limit: args.markdown_limit,
            code_host: CodeHost {
                place: args.annotate.as_deref().map(in_repository).transpose()?,
                unknown_as_warning: args.sarif_unknown_as.is_some(),
            },
            ..Options::default()
        };
        Ok(Self { stdout, files, split, options, color: ui::color(args.color) })
    }

    /// Whether every report is one that can be written account by account.
    pub(super) fn is_lines(&self) -> bool {
        let lines = Target::One(Format::Jsonl);
        let mut files = self.files.iter().map(|(target, _)| *target);
        self.split.is_none() && files.all(|target| target == lines) && self.stdout.is_none_or(|it| it == Format::Jsonl)
    }

    /// Begins the reports of [`Outputs::is_lines`].
    pub(super) fn begin(&self) -> Result<Lines> {
        let files = self.files.iter().map(|(_, path)| begin(path)).collect::<Result<_>>()?;
        let stdout = self.stdout.map(|_| std::io::BufWriter::with_capacity(WRITTEN_AT_ONCE, std::io::stdout()));
        Ok(Lines { files, stdout })
    }

    /// What the files are split by.
    pub(super) fn split_by(&self) -> Option<SplitBy> {
        self.split
    }

    /// Whether a report of so many pools is written in a format that draws their plan.
    pub(super) fn draw_plan(&self, pools: usize) -> bool {
        let html = Target::One(Format::Html);
        let wanted = self.stdout == Some(Format::Html) || self.files.iter().any(|(target, _)| *target == html);
        (1..=html::FEW_POOLS).contains(&pools) && wanted
    }

    /// Writes them all, the files first; with `parts` a file for each of these.
    pub(super) fn write(
        &self,
        report: &Report,
        parts: Option<&[(Option<String>, Report)]>,
        plan: Option<&Plan>,
        show: &Show,
    ) -> Result<()> {
        let options = Options { show: show.clone(), ..self.options.clone() };
        match (self.split, parts) {
            (Some(by), Some(parts)) => {
                let names = part_names(by, parts.iter().map(|(name, _)| name.as_deref()));
                for ((_, part), name) in parts.iter().zip(names) {
                    let full = options.full.as_ref().map(|full| full.replace("{}", &name));
                    let options = Options { full, ..options.clone() };
                    let plan = plan.map(|plan| plan_of(plan, part));
                    self.write_files(part, plan.as_ref(), &options, |path| filled(path, &name))?;
                }
            }
            _ => self.write_files(report, plan, &options, Path::to_owned)?,
        }
        if let Some(format) = self.stdout {
            let options = Options { width: ui::width(), color: self.color, links: ui::links(self.color), ..options };
            let mut bytes = Vec::new();
            write(format, report, plan, &options, &mut bytes)?;
            ui::print(&bytes)?;
        }
        Ok(())
    }

    fn write_files(
        &self,
        report: &Report,
        plan: Option<&Plan>,
        options: &Options,
        name: impl Fn(&Path) -> PathBuf,
    ) -> Result<()> {
        for (target, path) in &self.files {
            match target {
                Target::One(format) => {
                    let mut bytes = Vec::new();
                    write(*format, report, plan, options, &mut bytes)?;
                    files::write_whole(&name(path), &bytes, Readers::Usual)?;
                }
                Target::Tables => {
                    let mut tables = TableFiles::create(&name(path), &options.show)?;
                    tables.add(report)?;
                    tables.finish()?;
                }
            }
        }
        Ok(())
    }
}

/// Begins a report that grows.
pub(super) fn begin(path: &Path) -> Result<std::io::BufWriter<WholeFile>> {
    Ok(std::io::BufWriter::with_capacity(WRITTEN_AT_ONCE, WholeFile::create(path, Readers::Usual)?))
}

/// Puts one into its place.
pub(super) fn finish(file: std::io::BufWriter<WholeFile>) -> Result<()> {
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error).context("cannot write the report")?;
    file.finish()
}

/// Reports that grow line by line, all alike.
pub(super) struct Lines {
    files: Vec<std::io::BufWriter<WholeFile>>,
    stdout: Option<std::io::BufWriter<std::io::Stdout>>,
}

impl Lines {
    /// Puts the files into their places.
    pub(super) fn finish(mut self) -> Result<()> {
        self.flush().context("cannot write the report")?;
        self.files.into_iter().try_for_each(finish)
    }
}

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for file in &mut self.files {
            file.write_all(bytes)?;
        }
        if let Some(stdout) = &mut self.stdout {
            stdout.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stdout.as_mut().map_or(Ok(()), std::io::Write::flush)
    }
}

/// The plan of the pools of a part.
fn plan_of(plan: &Plan, part: &Report) -> Plan {
    let mut plan = plan.clone();
    let own = |account: &str, id: &str| part.summary.pools.iter().any(|pool| pool.account == account && pool.id == id);
    plan.pools.retain(|pool| own(&pool.pool.account, &pool.pool.id));
    plan.waves.retain(|wave| wave.pools.iter().any(|name| name.split_once('/').is_some_and(|(a, id)| own(a, id))));
    plan
}

/// Whether `{}` stands in the name.
fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains("{}")
}

fn filled(path: &Path, name: &str) -> PathBuf {
    PathBuf::from(path.to_string_lossy().replace("{}", name))
}

/// Names of parts as parts of file names: no separators, nothing hidden, none twice.
fn part_names<'a>(by: SplitBy, parts: impl Iterator<Item = Option<&'a str>>) -> Vec<String> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    parts
        .map(|part| {
            let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
            let name = match part {
                Some(part) => part.chars().take(80).map(plain).collect::<String>(),
                None => format!("no-{}", by.as_str()),
            };
            let name = if name.starts_with(['.', '-']) || name.is_empty() { format!("_{name}") } else { name };
            // Some file systems do not tell upper from lower case.
            let times = taken.entry(name.to_lowercase()).or_default();
            *times += 1;
            if *times == 1 { name } else { format!("{name}~{times}") }
        })
        .collect()
}

/// `[FORMAT=]FILE`.
fn file(value: &str, format: Option<Format>) -> Result<(Target, PathBuf)> {
    if Format::parse(value).is_some() || value == PARQUET {
        bail!(
            "-o {value}: this names a format, and a file is wanted; did you mean {}-o {value}=FILE?",
            if value == PARQUET { String::new() } else { format!("--format {value}, or ") }
        );
    }
    let named = value
        .split_once('=')
        .filter(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    let (target, path) = if let Some((name, path)) = named {
        (target_named(name)?, path)
    } else {
        let told =
            || if value.ends_with(".parquet") { Some(Target::Tables) } else { Format::of_file(value).map(Target::One) };
        let target = format.map(Target::One).or_else(told);
        (target.with_context(|| format!("-o {value}: which format? Write -o FORMAT={value}"))?, value)
    };
    if path.is_empty() {
        bail!("-o {value}: the name of the file is missing");
    }
    Ok((target, PathBuf::from(path)))
}

/// The files that an output is written to.
fn places(target: Target, path: &Path) -> Vec<PathBuf> {
    match target {
        Target::One(_) => vec![path.to_owned()],
        Target::Tables => TableName::ALL.iter().map(|table| tables::name(path, *table)).collect(),
    }
}

/// A path from the top of a repository, with `/`.
fn in_repository(path: &str) -> Result<String> {
    let tidy = path.replace('\\', "/");
    let tidy = tidy.trim_start_matches("./");
    if tidy.is_empty() || tidy.starts_with('/') || tidy.contains(':') || tidy.split('/').any(|part| part == "..") {
        bail!("--annotate {path}: a path from the top of the repository is wanted, such as deploy/decisions.yaml");
    }
    Ok(tidy.to_owned())
}

/// The name, without its folder, of the file that leaves nothing out.
fn whole(files: &[(Target, PathBuf)]) -> Option<String> {
    let (_, path) = files.iter().find(|(each, _)| *each == Target::One(Format::Json))?;
    Some(path.file_name()?.to_string_lossy().into_owned())
}

fn target_named(name: &str) -> Result<Target> {
    if name == PARQUET {
        return Ok(Target::Tables);
    }
    let names: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).chain([PARQUET]).collect();
    let near = names.iter().copied().min_by_key(|each| strsim::damerau_levenshtein(each, name));
    let near = near.filter(|each| strsim::damerau_levenshtein(each, name) <= 2);
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    let format = Format::parse(name);
    Ok(Target::One(format.with_context(|| format!("`{name}` is no format; there are {}{hint}", names.join(", ")))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_cannot_lead_out_of_the_folder_or_onto_another_part() {
        let parts = ["team/../../etc", "Team", "team", "-rf", "..", "", "a\nb"].map(Some);
        let names = part_names(SplitBy::Owner, parts.into_iter().chain([None]));
        assert_eq!(names, ["team-..-..-etc", "Team", "team~2", "_-rf", "_..", "_", "a-b", "no-owner"]);
    }
}
