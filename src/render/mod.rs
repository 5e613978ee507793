//! Reports as people and machines read them: one file per format.
//!
//! Rendering is last and knows nothing: it sees a [`Report`](crate::model::Report), never a snapshot, a rule file or
//! AWS, and it judges nothing. What it may leave out is what [`Show`] says; it then says how much it left out.
//! It does not open files, does not look at the terminal and does not choose an exit code: the shell does.

mod about;
mod annotate;
pub mod asff;
pub mod aws_cli;
pub mod catalog;
pub mod csv;
pub mod diff;
pub mod doctor;
mod escape;
pub mod explain;
pub mod finding;
mod github;
mod gitlab;
pub mod html;
pub mod iam_policy;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod markdown;
pub mod ocsf;
pub mod parquet;
pub mod plan;
pub mod prowler_csv;
mod records;
pub mod safe;
mod sarif;
pub mod scan;
pub mod table;

mod paint;
#[cfg(test)]
mod samples;
mod sort;
mod text;
mod words;

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::model::{Finding, Plan, Report, Verdict};

/// More pools than this are a fleet: no longer told one by one.
const MAX_DETAILED_POOLS: usize = 20;

/// The formats in which a report can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For a person at a terminal.
    Table,
    /// The report itself, for programs.
    Json,
    /// A line a pool, for programs that read as it comes.
    Jsonl,
    /// A row per finding.
    Csv,
    /// Prowler's rows.
    ProwlerCsv,
    /// Test cases, for CI systems.
    Junit,
    /// Events of the Open Cybersecurity Schema Framework.
    Ocsf,
    /// Findings for AWS Security Hub CSPM.
    Asff,
    /// SARIF with everything the report says.
    Sarif,
    /// SARIF as GitHub's code scanning reads it.
    SarifGithub,
    /// Workflow commands of GitHub Actions.
    Github,
    /// GitLab's Code Quality report.
    Gitlab,
    /// For the comment of a pull request and the summary of a job.
    Markdown,
    /// One file for people who look, search, print and sign.
    Html,
}

impl Format {
    /// Every format, in the order of the help text.
    pub const ALL: &'static [Self] = &[
        Self::Table,
        Self::Json,
        Self::Jsonl,
        Self::Csv,
        Self::Markdown,
        Self::Html,
        Self::Sarif,
        Self::SarifGithub,
        Self::Junit,
        Self::Ocsf,
        Self::Asff,
        Self::Github,
        Self::Gitlab,
        Self::ProwlerCsv,
    ];

    /// The spelling on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::ProwlerCsv => "prowler-csv",
            Self::Junit => "junit",
            Self::Ocsf => "ocsf",
            Self::Asff => "asff",
            Self::Sarif => "sarif",
            Self::SarifGithub => "sarif-github",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    /// The format with this spelling.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|each| each.as_str() == word)
    }

    /// The format that a file of this name has, by the end of its name.
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension {
            "txt" => Some(Self::Table),
            "json" => Some(Self::Json),
            "jsonl" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            "xml" => Some(Self::Junit),
            "sarif" => Some(Self::Sarif),
            "md" => Some(Self::Markdown),
            "html" => Some(Self::Html),
            _ => None,
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a report is written. None of it changes what is judged, counted or answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The columns of the terminal. No line of a table is wider; less than 60 counts as 60.
    pub width: usize,
    /// Whether ANSI colours are written. Everything they say is also said in words.
    pub color: bool,
    /// Whether a terminal makes links of OSC 8. The text is the same without.
    pub links: bool,
    /// Every finding with all its evidence; every pool of a fleet on its own.
    pub verbose: bool,
    /// Which results are listed.
    pub show: Show,
    /// The name of a file of this run that has everything, for formats that have to leave things out.
    pub full: Option<String>,
    /// Whose reader a file of test cases is for.
    pub junit_dialect: junit::Dialect,
    /// What formats for code hosts do.
    pub code_host: CodeHost,
    /// The most bytes of a Markdown document; what does not fit is left out and counted.
    pub markdown_limit: u32,
}

/// How formats for code hosts are written, which pin findings to files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeHost {
    /// The file of the repository at which findings of the account are shown.
    pub place: Option<String>,
    /// Whether GitHub's code scanning is told of what is not known, as warnings.
    pub unknown_as_warning: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            width: 80,
            color: false,
            links: false,
            verbose: false,
            show: Show::default(),
            full: None,
            junit_dialect: junit::Dialect::default(),
            markdown_limit: markdown::DEFAULT_LIMIT,
            code_host: CodeHost::default(),
        }
    }
}

/// Writes a report in a format. The plan is for formats that draw it; without one they say that there is none.
pub fn write(
    format: Format,
    report: &Report,
    plan: Option<&Plan>,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Table => table::write(report, options, out),
        Format::Json => json::write(report, &options.show, out),
        Format::Jsonl => jsonl::write(report, &options.show, out),
        Format::Csv => csv::write(report, options, out),
        Format::ProwlerCsv => prowler_csv::write(report, options, out),
        Format::Junit => junit::write(report, options, out),
        Format::Ocsf => ocsf::write(report, options, out),
        Format::Asff => asff::write(report, options, out),
        Format::Sarif => sarif::write(report, options, out),
        Format::SarifGithub => sarif::write_github(report, options, out),
        Format::Github => github::write(report, options, out),
        Format::Gitlab => gitlab::write(report, options, out),
        Format::Markdown => markdown::write(report, options, out),
        Format::Html => html::write(report, plan, &options.show, out),
    }
}

/// Which results are listed. This never changes what is judged, counted or answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Show {
    /// By verdict (`--show`).
    pub verdicts: Verdicts,
    /// Rules that are not listed (`--select`, `--ignore`, resolved to ids).
    pub hidden_rules: BTreeSet<String>,
}

/// Which verdicts are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verdicts {
    /// What the format lists by itself. JSON: all but not applicable. Table: what a reader has to act on or know, for
    /// the gates that count; the rest is counted.
    #[default]
    Default,
    /// These, whatever gate they belong to.
    Only(BTreeSet<Verdict>),
    /// Everything.
    All,
}

/// A word of `--show` that is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no verdict")]
pub struct UnknownVerdict {
    /// The word as given.
    pub word: String,
}

impl Verdicts {
    /// Reads the value of `--show`: verdicts separated by commas, or `all`.
    pub fn parse(value: &str) -> Result<Self, UnknownVerdict> {
        let mut only = BTreeSet::new();
        for word in value.split(',').map(str::trim) {
            if word == "all" {
                return Ok(Self::All);
            }
            only.insert(Verdict::parse(word).ok_or_else(|| UnknownVerdict { word: word.to_owned() })?);
        }
        Ok(Self::Only(only))
    }

    /// Whether results with this verdict are listed, where the format by itself lists `usual`.
    pub fn lists(&self, verdict: Verdict, usual: bool) -> bool {
        match self {
            Self::Default => usual,
            Self::Only(only) => only.contains(&verdict),
            Self::All => true,
        }
    }
}

impl Show {
    /// Everything.
    pub fn all() -> Self {
        Self { verdicts: Verdicts::All, ..Self::default() }
    }

    /// These verdicts only.
    pub fn only(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        Self { verdicts: Verdicts::Only(verdicts.into_iter().collect()), ..Self::default() }
    }

    /// Whether `--select` or `--ignore` hides this finding.
    fn hides(&self, finding: &Finding) -> bool {
        self.hidden_rules.contains(&finding.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_as_they_are_spelled() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.as_str()), Some(*format));
        }
        assert_eq!(Format::parse("yaml"), None);
    }

    #[test]
    fn show_names_the_word_it_does_not_know() {
        assert_eq!(Verdicts::parse("fail, manual"), Ok(Show::only([Verdict::Fail, Verdict::Manual]).verdicts));
        assert_eq!(Verdicts::parse("fail,all"), Ok(Verdicts::All));
        assert_eq!(Verdicts::parse("fial"), Err(UnknownVerdict { word: "fial".to_owned() }));
        assert_eq!(Verdicts::parse(""), Err(UnknownVerdict { word: String::new() }));
    }
}
