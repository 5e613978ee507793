//! `mrready audit`: snapshots, or a live collection, to a report.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::audit::{FailOn, Options, audit, compare, split};
use crate::facts::Facts;
use crate::model::Gate;
use crate::model::plan::Direction;
use crate::model::report::{Exit, Reduction};
use crate::render::{Show, Verdicts};
use crate::rules::{Catalog, Decision, Glob};
use crate::snapshot::{Scope, Snapshot};

use super::args::{AuditArgs, FailOnArg, JudgingArgs, OutputArgs, TargetIssuerArg};
use super::config::Configuration;
use super::evidence::Wanted;
use super::fleet::{self, Fleet, Judging, Source};
use super::outputs::Outputs;
use super::{accounts, baseline, collect, judging, scan, shard, ui};

/// Runs the command. What can be wrong with the arguments is found before anything is asked.
pub(super) fn run(mut args: AuditArgs) -> Result<u8> {
    let config = Configuration::read(&args.config)?;
    config.fill_rulings(&mut args.judging.rulings);
    config.fill_scope(&mut args.scope.live);
    config.fill_trees(&mut args.scan);
    let fail_on = config.fail_on(args.judging.fail_on);
    let target_issuer = args.judging.target_issuer.unwrap_or(TargetIssuerArg::Updated);
    let wanted = Wanted {
        command: "audit",
        snapshots: &args.snapshots,
        scope: &args.scope,
        save: args.save_snapshot.as_deref(),
        resume: args.resume.as_deref(),
        configuration: config.digest.as_deref(),
        trees: &args.scan,
        verbose: args.output.verbose,
        planned_region: config.planned_region(),
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
        target_issuer.into(),
        replica_regions,
        args.scope.live.operator_arn.as_deref(),
    )?;
    let before = baseline::read(args.judging.baseline.as_deref(), args.judging.unknown_grace.as_deref(), facts.now)?;
    let mut reductions = reductions(&args.judging, fail_on, target_issuer, &decisions);

    if live {
        accounts::reductions(&args.scope, &config.name, &mut reductions);
    }
    let shard = args.shard.as_deref().map(shard::parse).transpose()?;
    reductions.extend(shard.map(shard::reduction));
    let mut options = Options { gates, waiver_digests, ..options(&args.judging, fail_on, &config) };
    let issuer_given = args.judging.target_issuer.is_some();
    let mut stdin = None;
    // Account by account, where nothing needs to see them all at once.
    if let Some(path) = lines_of(&args, &outputs, live || before.is_some()) {
        match fleet::open(path)? {
            Source::Fleet(found) => {
                options.reductions = reductions;
                let judging = Judging {
                    trees: scan::add(Snapshot::new(Scope::default(), Vec::new()), &args.scan, facts.now).entries,
                    facts,
                    regions: collect::region_table()?,
                    catalog: &catalog,
                    decisions: &decisions,
                    options,
                    config: &config,
                    issuer_given,
                    show: &show,
                    shard,
                };
                return fleet(*found, judging, &outputs);
            }
            Source::Whole(bytes) => stdin = bytes,
        }
    }
    let mut snapshot = if live {
        wanted.collect(Some(collect::needs(&catalog, &options.gates)), &catalog)?
    } else {
        wanted.read(facts.now, stdin)?
    };
    if let Some(shard) = shard {
        snapshot = shard::narrow(snapshot, shard);
    }
    if !live && !args.scope.pool_id.is_empty() {
        judging::narrow(&mut snapshot, &args.scope.pool_id, &mut reductions)?;
    }
    let (pools, planned) = config.apply(&mut snapshot, &mut facts, issuer_given);
    reductions.extend(config.reductions(&planned));
    reductions.sort();

    if live && args.judging.rulings.now.is_none() {
        facts.now = Timestamp::now();
    }
    options.reductions = reductions;
    options.pools = pools;
    let facts = Facts::new(&snapshot, facts, collect::region_table()?);
    let mut report = audit(&facts, &catalog, &decisions, &options);
    if let Some(merge) = &mut report.merge {
        merge.shard = shard;
    }
    if let Some(before) = &before {
        compare(&mut report, &facts, &catalog, &before.against());
    }
    let parts = outputs.split_by().map(|by| split(&report, by, &facts, &options));
    // A plan looks ahead over all gates.
    let options = Options { gates: BTreeSet::new(), ..options };
    let plan = outputs.draw_plan(report.summary.pools.len());
    let plan = plan.then(|| crate::plan::plan(facts, &catalog, &decisions, &options, Direction::Forward));
    outputs.write(&report, parts.as_deref(), plan.as_ref(), &show)?;
    Ok(told(&report.summary.exit))
}

/// The options of judging that no file says.
fn options(args: &JudgingArgs, fail_on: FailOnArg, config: &Configuration) -> Options {
    Options {
        fail_on: match fail_on {
            FailOnArg::Fail => FailOn::Fail,
            FailOnArg::Warn => FailOn::Warn,
            FailOnArg::Never => FailOn::Never,
        },
        strict: args.rulings.strict,
        waiver_max_days: config.waiver_max_days(),
        config_digest: config.digest.clone(),
        ..Options::default()
    }
}

/// The only snapshot, if its report can be written account by account.
fn lines_of<'a>(args: &'a AuditArgs, outputs: &Outputs, needs_all: bool) -> Option<&'a Path> {
    let [path] = args.snapshots.as_slice() else { return None };
    let fits = !needs_all && outputs.is_lines() && args.scope.pool_id.is_empty() && !path.is_dir();
    fits.then_some(path)
}

/// Judges a fleet account by account.
fn fleet(found: Fleet, judging: Judging<'_>, outputs: &Outputs) -> Result<u8> {
    let mut lines = outputs.begin()?;
    let exit = fleet::judge(found, judging, &mut lines)?;
    lines.finish()?;
    Ok(told(&exit))
}

/// Says why the process does not end with 0, and how it ends.
fn told(exit: &Exit) -> u8 {
    if !exit.because.is_empty() {
        ui::say(&format!("exit {}: {}", exit.code, exit.because.join("; ")));
    }
    exit.code
}

/// Every option that makes the run see or count less than its defaults.
fn reductions(
    args: &JudgingArgs,
    fail_on: FailOnArg,
    target_issuer: TargetIssuerArg,
    decisions: &[Decision],
) -> Vec<Reduction> {
    let mut reductions = judging::reductions(&args.rulings, target_issuer, &gates(args), decisions);
    let mut add = |option: String, effect: &str| {
        reductions.push(Reduction { option, effect: effect.to_owned(), touches_blocker: false });
    };
    if fail_on == FailOnArg::Never {
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
