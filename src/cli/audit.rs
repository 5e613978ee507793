//! `mrready audit`: snapshots, or a live collection, to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::audit::{FailOn, Options, audit};
use crate::facts::Facts;
use crate::model::report::Reduction;
use crate::model::{Gate, Report};
use crate::render::table::TableOptions;
use crate::render::{Format, Show, Verdicts, json, table};
use crate::rules::{Catalog, Decision, Glob};

use super::args::{AuditArgs, FailOnArg, JudgingArgs, OutputArgs};
use super::evidence::Wanted;
use super::files::{self, Readers};
use super::{collect, judging, ui};

/// Runs the command. What can be wrong with the arguments is found before anything is asked.
pub(super) fn run(args: &AuditArgs) -> Result<u8> {
    let wanted = Wanted {
        command: "audit",
        snapshots: &args.snapshots,
        scope: &args.scope,
        save: args.save_snapshot.as_deref(),
        trees: &args.scan,
        verbose: args.output.verbose,
    };
    let live = wanted.check()?;
    let gates = gates(&args.judging);
    let outputs = Outputs::resolve(&args.output)?;
    let catalog = judging::catalog(&args.judging.rulings)?;
    let show = show(&args.judging, &args.output, &catalog)?;
    let (decisions, waiver_digests) = judging::decisions(&args.judging.rulings, &catalog)?;
    let replica_regions = collect::replica_regions(&args.scope.live.replica_region)?;
    let mut facts = judging::fact_options(
        &args.judging.rulings,
        args.judging.target_issuer.into(),
        replica_regions,
        args.scope.live.operator_arn.as_deref(),
    )?;
    let mut reductions = reductions(&args.judging, &decisions);

    let mut snapshot =
        if live { wanted.collect(Some(collect::needs(&catalog, &gates)))? } else { wanted.read(facts.now)? };
    if !live && !args.scope.pool_id.is_empty() {
        judging::narrow(&mut snapshot, &args.scope.pool_id, &mut reductions)?;
    }
    reductions.sort();

    if live && args.judging.rulings.now.is_none() {
        facts.now = Timestamp::now();
    }
    let options = Options {
        gates,
        fail_on: match args.judging.fail_on {
            FailOnArg::Fail => FailOn::Fail,
            FailOnArg::Warn => FailOn::Warn,
            FailOnArg::Never => FailOn::Never,
        },
        strict: args.judging.rulings.strict,
        reductions,
        waiver_digests,
    };
    let facts = Facts::new(&snapshot, facts, collect::region_table()?);
    let report = audit(&facts, &catalog, &decisions, &options);
    outputs.write(&report, &show, &args.output)?;
    let exit = &report.summary.exit;
    if !exit.because.is_empty() {
        ui::say(&format!("exit {}: {}", exit.code, exit.because.join("; ")));
    }
    Ok(exit.code)
}

/// Every option that makes the run see or count less than its defaults.
fn reductions(args: &JudgingArgs, decisions: &[Decision]) -> Vec<Reduction> {
    let mut reductions = judging::reductions(&args.rulings, args.target_issuer, &gates(args), decisions);
    let mut add = |option: String, effect: &str| {
        reductions.push(Reduction { option, effect: effect.to_owned(), touches_blocker: false });
    };
    if args.fail_on == FailOnArg::Never {
        add("--fail-on never".to_owned(), "the exit code does not say no");
    }
    for (name, values) in [("--select", &args.select), ("--ignore", &args.ignore)] {
        for value in values {
            add(format!("{name} {value}"), "not every finding is shown; all are judged");
        }
    }
    reductions
}

fn gates(args: &JudgingArgs) -> BTreeSet<Gate> {
    args.gate.iter().map(|gate| Gate::from(*gate)).collect()
}

/// `--show`, `--select` and `--ignore`: what is listed.
fn show(judging: &JudgingArgs, output: &OutputArgs, catalog: &Catalog) -> Result<Show> {
    let verdicts = match &output.show {
        None => Verdicts::Default,
        Some(value) => Verdicts::parse(value)
            .context("--show takes pass, fail, warn, info, unknown, manual, not_applicable, or all")?,
    };
    let chosen = |patterns: &[String]| -> Result<BTreeSet<String>> {
        let mut ids = BTreeSet::new();
        for pattern in patterns {
            let glob = Glob::new(pattern);
            let found = catalog
                .rules
                .iter()
                .filter(|rule| glob.matches(&rule.id) || rule.tags.iter().any(|tag| glob.matches(tag)));
            let before = ids.len();
            ids.extend(found.map(|rule| rule.id.clone()));
            if ids.len() == before {
                let hint = catalog.did_you_mean(pattern).map(|hint| format!(": {hint}")).unwrap_or_default();
                bail!("`{pattern}` is no rule and no tag{hint}");
            }
        }
        Ok(ids)
    };
    let mut hidden_rules = chosen(&judging.ignore)?;
    if !judging.select.is_empty() {
        let selected = chosen(&judging.select)?;
        hidden_rules.extend(catalog.rules.iter().map(|rule| rule.id.clone()).filter(|id| !selected.contains(id)));
    }
    Ok(Show { verdicts, hidden_rules })
}

/// Where reports go.
struct Outputs {
    stdout: Option<Format>,
    files: Vec<(Format, PathBuf)>,
}

impl Outputs {
    fn resolve(args: &OutputArgs) -> Result<Self> {
        let format = args.format.as_deref().map(format_named).transpose()?;
        let mut files = Vec::new();
        for value in &args.output {
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
                None => (
                    format
                        .or_else(|| by_extension(value))
                        .with_context(|| format!("-o {value}: which format? Write -o FORMAT={value}"))?,
                    value.as_str(),
                ),
            };
            if path.is_empty() {
                bail!("-o {value}: the name of the file is missing");
            }
            files.push((format, PathBuf::from(path)));
        }
        let stdout = if files.is_empty() { Some(format.unwrap_or(Format::Table)) } else { format };
        Ok(Self { stdout, files })
    }

    fn write(&self, report: &Report, show: &Show, args: &OutputArgs) -> Result<()> {
        for (format, path) in &self.files {
            let mut bytes = Vec::new();
            let options = TableOptions { width: 80, color: false, verbose: args.verbose, show: show.clone() };
            render(*format, report, show, &options, &mut bytes)?;
            files::write_whole(path, &bytes, Readers::Usual)?;
        }
        if let Some(format) = self.stdout {
            let (width, color) = (ui::width(), ui::color(args.color));
            let options = TableOptions { width, color, verbose: args.verbose, show: show.clone() };
            let mut bytes = Vec::new();
            render(format, report, show, &options, &mut bytes)?;
            ui::print(&bytes)?;
        }
        Ok(())
    }
}

fn render(
    format: Format,
    report: &Report,
    show: &Show,
    options: &TableOptions,
    out: &mut Vec<u8>,
) -> std::io::Result<()> {
    match format {
        Format::Table => table::write(report, options, out),
        Format::Json => json::write(report, show, out),
    }
}

fn format_named(name: &str) -> Result<Format> {
    let names: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
    let near = names.iter().copied().find(|each| strsim::damerau_levenshtein(each, name) <= 2);
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Format::parse(name).with_context(|| format!("`{name}` is no format; there are {}{hint}", names.join(", ")))
}

fn by_extension(name: &str) -> Option<Format> {
    BTreeMap::from([("json", Format::Json), ("txt", Format::Table)]).get(name.rsplit('.').next()?).copied()
}
