//! `mrready audit`: snapshots, or a live collection, to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::audit::{FailOn, Options, audit};
use crate::facts::{FactOptions, Facts, FieldSet};
use crate::model::report::Reduction;
use crate::model::{Gate, Level, Report};
use crate::render::table::TableOptions;
use crate::render::{Format, Show, Verdicts, json, table};
use crate::rules::{Catalog, Decision, Glob, parse_decisions};
use crate::snapshot::{Snapshot, hex};

use super::args::{AuditArgs, FailOnArg, JudgingArgs, OutputArgs};
use super::files::{self, Readers};
use super::{collect, scan, ui};

/// Runs the command. What can be wrong with the arguments is found before anything is asked.
pub(super) fn run(args: &AuditArgs) -> Result<u8> {
    let live = args.scope.all_pools || (args.snapshots.is_empty() && !args.scope.pool_id.is_empty());
    if args.snapshots.is_empty() && !live {
        bail!(
            "nothing to judge. Three ways to go on:\n\
             mrready audit SNAPSHOT            judge what was collected before\n\
             mrready audit --pool-id ID        collect one pool live, then judge it\n\
             mrready audit --all-pools         collect every pool of the configured Region, then judge"
        );
    }
    if args.scope.all_pools && !args.snapshots.is_empty() {
        bail!("--all-pools collects live; with SNAPSHOT nothing is collected. Give one of the two");
    }
    if args.save_snapshot.is_some() && !live {
        bail!("--save-snapshot keeps what a live run collects; there is a SNAPSHOT already");
    }
    scan::check(&args.scan)?;
    let gates: BTreeSet<Gate> = args.judging.gate.iter().map(|gate| Gate::from(*gate)).collect();
    let outputs = Outputs::resolve(&args.output)?;
    let catalog = catalog(&args.judging)?;
    let show = show(&args.judging, &args.output, &catalog)?;
    let (decisions, waiver_digests) = decisions(&args.judging, &catalog)?;
    let max_age = args.judging.max_snapshot_age.as_deref().map(duration).transpose()?;
    let replica_regions = collect::replica_regions(&args.scope.replica_region)?;
    let mut reductions = reductions(&args.judging, &decisions);

    let mut snapshot = if live {
        let mut request = collect::request(&args.scope)?;
        request.needs = Some(collect::needs(&catalog, &gates));
        match &args.save_snapshot {
            Some(path) => collect::collect_to(&request, path, &args.scan, args.output.verbose)?,
            None => {
                scan::add(collect::collect_live(&request, None, args.output.verbose)?, &args.scan, Timestamp::now())
            }
        }
    } else {
        let time = args.judging.now.unwrap_or_else(Timestamp::now);
        scan::add(files::read_snapshots(&args.snapshots)?, &args.scan, time)
    };
    if !live && !args.scope.pool_id.is_empty() {
        narrow(&mut snapshot, &args.scope.pool_id, &mut reductions)?;
    }
    reductions.sort();

    let facts = FactOptions {
        now: args.judging.now.unwrap_or_else(Timestamp::now),
        target_issuer: args.judging.target_issuer.into(),
        replica_regions,
        max_age,
        operator_arn: args.scope.operator_arn.clone(),
        monthly_active_users: args.judging.mau,
        required_tags: args.judging.required_tag.iter().cloned().collect(),
    };
    let options = Options {
        gates,
        fail_on: match args.judging.fail_on {
            FailOnArg::Fail => FailOn::Fail,
            FailOnArg::Warn => FailOn::Warn,
            FailOnArg::Never => FailOn::Never,
        },
        strict: args.judging.strict,
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

/// The rules of this run.
fn catalog(args: &JudgingArgs) -> Result<Catalog> {
    let user = files::read_rules(&args.rules)?;
    let mut catalog = Catalog::load(&FieldSet, !args.no_builtin_rules, &user)?;
    let levels = args
        .level
        .iter()
        .map(|value| {
            let (rule, level) = value.split_once('=').with_context(|| format!("--level {value}: write RULE=LEVEL"))?;
            let level = Level::parse(level)
                .with_context(|| format!("--level {value}: the levels are blocker, advisory and info"))?;
            Ok((rule.to_owned(), level))
        })
        .collect::<Result<Vec<_>>>()?;
    catalog.with_levels(&levels)?;
    Ok(catalog)
}

/// The decisions files and their digests.
fn decisions(args: &JudgingArgs, catalog: &Catalog) -> Result<(Vec<Decision>, Vec<String>)> {
    if args.no_waivers {
        return Ok((Vec::new(), Vec::new()));
    }
    let (mut decisions, mut digests) = (Vec::new(), BTreeSet::new());
    for path in &args.waivers {
        let text = files::read_text(path)?;
        decisions.extend(parse_decisions(&files::name(path), &text, catalog)?);
        digests.insert(format!("sha256:{}", hex(&Sha256::digest(&text))));
    }
    Ok((decisions, digests.into_iter().collect()))
}

/// Every option that makes the run see or count less than its defaults.
fn reductions(args: &JudgingArgs, decisions: &[Decision]) -> Vec<Reduction> {
    let mut reductions = Vec::new();
    let mut add = |option: String, effect: &str, touches_blocker| {
        reductions.push(Reduction { option, effect: effect.to_owned(), touches_blocker });
    };
    if args.no_builtin_rules {
        add("--no-builtin-rules".to_owned(), "the tool's own rules are not judged", true);
    }
    if !args.level.is_empty()
        && let Ok(builtin) = Catalog::builtin(&FieldSet)
    {
        for value in &args.level {
            let Some((name, level)) = value.split_once('=') else { continue };
            let was = builtin.rule(name).map(|rule| rule.level);
            // The levels are in order of weight.
            if Level::parse(level).is_none_or(|level| was.is_some_and(|was| level <= was)) {
                continue;
            }
            let effect =
                was.map_or_else(|| "a rule of yours changes its level".to_owned(), |was| format!("the rule was {was}"));
            add(format!("--level {value}"), &effect, was.is_none_or(|was| was == Level::Blocker));
        }
    }
    if let Some(now) = args.now {
        let touches = !decisions.is_empty() || args.max_snapshot_age.is_some();
        add(format!("--now {now}"), "ages and expiries are counted by the clock given", touches);
    }
    let asks_for_issuer = args.gate.contains(&super::args::GateArg::Issuer);
    if args.target_issuer == super::args::TargetIssuerArg::Original && !asks_for_issuer {
        add("--target-issuer original".to_owned(), "the gate issuer is not planned and does not count", false);
    }
    if !args.gate.is_empty() {
        let gates: BTreeSet<Gate> = args.gate.iter().map(|gate| Gate::from(*gate)).collect();
        let gates: Vec<&str> = gates.into_iter().map(Gate::as_str).collect();
        add(format!("--gate {}", gates.join(" --gate ")), "the other gates do not count", false);
    }
    if args.fail_on == FailOnArg::Never {
        add("--fail-on never".to_owned(), "the exit code does not say no", false);
    }
    for (name, values) in [("--select", &args.select), ("--ignore", &args.ignore)] {
        for value in values {
            add(format!("{name} {value}"), "not every finding is shown; all are judged", false);
        }
    }
    reductions
}

/// `--pool-id` with a snapshot: judge these pools only.
fn narrow(snapshot: &mut Snapshot, ids: &[String], reductions: &mut Vec<Reduction>) -> Result<()> {
    let scope = &mut snapshot.header.scope;
    for id in ids {
        if !scope.pools.iter().any(|pool| pool.id == *id) {
            let known: Vec<&str> = scope.pools.iter().map(|pool| pool.id.as_str()).take(5).collect();
            bail!("the snapshot has no pool `{id}`; it has {}", known.join(", "));
        }
    }
    let before = scope.pools.len();
    scope.pools.retain(|pool| ids.contains(&pool.id));
    if scope.pools.len() < before {
        let effect = format!("{} of {before} pools of the snapshot are judged", scope.pools.len());
        reductions.push(Reduction {
            option: format!("--pool-id {}", ids.join(" --pool-id ")),
            effect,
            touches_blocker: false,
        });
    }
    Ok(())
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

/// `90m`, `12h`, `7d`.
fn duration(text: &str) -> Result<SignedDuration> {
    let parsed = text.char_indices().last().and_then(|(at, unit)| {
        let seconds = match unit {
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        let number: u32 = text[..at].parse().ok()?;
        (number > 0).then(|| SignedDuration::from_secs(i64::from(number) * seconds))
    });
    parsed.with_context(|| format!("`{text}` is no duration; write 90m, 12h or 7d"))
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
            let mut stdout = std::io::stdout().lock();
            match stdout.write_all(&bytes).and_then(|()| stdout.flush()) {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                result => result.context("cannot write to standard output")?,
            }
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
