//! `mrready plan`: snapshots, or a live collection, to an ordered plan. Nothing is executed; what is written is text.

mod folder;
mod verify;

use std::path::Path;

use anyhow::{Result, bail};

use crate::audit::{Options, audit};
use crate::facts::Facts;
use crate::model::plan::{Direction, Plan};
use crate::plan::plan;
use crate::render::plan::{iac, json, markdown, shell};

use super::args::{PlanArgs, PlanCommand, PlanFormat, TargetIssuerArg};
use super::config::Configuration;
use super::evidence::Wanted;
use super::files::{self, Readers};
use super::{accounts, collect, exit, judging, ui};

/// Runs the command. What can be wrong with the arguments is found before anything is asked.
pub(super) fn run(mut args: PlanArgs) -> Result<u8> {
    if let Some(PlanCommand::Verify(args)) = &args.command {
        return verify::run(args);
    }
    let config = Configuration::read(&args.config)?;
    config.fill_rulings(&mut args.rulings);
    config.fill_scope(&mut args.scope.live);
    config.fill_trees(&mut args.scan);
    let target_issuer = args.target_issuer.unwrap_or(TargetIssuerArg::Updated);
    let wanted = Wanted {
        command: "plan",
        snapshots: &args.snapshots,
        scope: &args.scope,
        save: args.save_snapshot.as_deref(),
        resume: args.resume.as_deref(),
        configuration: config.digest.as_deref(),
        trees: &args.scan,
        verbose: args.verbose,
        planned_region: config.planned_region(),
    };
    let live = wanted.check()?;
    if let Some(folder) = &args.output_dir {
        folder::check_root(folder, args.force)?;
    }
    let catalog = judging::catalog(&args.rulings)?;
    let (decisions, waiver_digests) = judging::decisions(&args.rulings, &catalog)?;
    let replica_regions = collect::replica_regions(&args.scope.live.replica_region)?;
    let operator = args.scope.live.operator_arn.as_deref();
    let mut facts = judging::fact_options(&args.rulings, target_issuer.into(), replica_regions, operator)?;
    let mut reductions =
        judging::reductions(&args.rulings, target_issuer, &std::collections::BTreeSet::new(), &decisions);
    if live {
        accounts::reductions(&args.scope, &config.name, &mut reductions);
    }
    // A plan looks ahead over all gates: nothing is left out.
    let mut snapshot = if live { wanted.collect(None, &catalog)? } else { wanted.read(facts.now, None)? };
    if !live && !args.scope.pool_id.is_empty() {
        judging::narrow(&mut snapshot, &args.scope.pool_id, &mut reductions)?;
    }
    let (pools, planned) = config.apply(&mut snapshot, &mut facts, args.target_issuer.is_some());
    reductions.extend(config.reductions(&planned));
    if snapshot.header.scope.pools.is_empty() {
        bail!("no pool is in scope: there is nothing to plan for");
    }
    if live && args.rulings.now.is_none() {
        facts.now = jiff::Timestamp::now();
    }
    reductions.sort();
    let strict = args.rulings.strict;
    let options = Options {
        strict,
        reductions,
        waiver_digests,
        pools,
        waiver_max_days: config.waiver_max_days(),
        config_digest: config.digest,
        ..Options::default()
    };
    let direction = match (args.reverse, args.fail_back) {
        (true, _) => Direction::Reverse,
        (_, true) => Direction::FailBack,
        _ => Direction::Forward,
    };
    let facts = Facts::new(&snapshot, facts, collect::region_table()?);
    let judged = args.detailed_exitcode.then(|| audit(&facts, &catalog, &decisions, &options).summary.exit);
    let plan = plan(facts, &catalog, &decisions, &options, direction);

    match (&args.output_dir, &args.output) {
        (Some(folder), _) => folder::write(&plan, folder, args.force)?,
        (None, Some(file)) => files::write_whole(file, &document(&plan, args.format, true)?, readers(args.format))?,
        (None, None) => ui::print(&document(&plan, args.format, false)?)?,
    }
    for reduction in &options.reductions {
        ui::say(&format!("{}: {}", reduction.option, reduction.effect));
    }
    if let Some(exit) = judged {
        if !exit.because.is_empty() {
            ui::say(&format!("exit {}: {}", exit.code, exit.because.join("; ")));
        }
        return Ok(exit.code);
    }
    if strict && let Some(reduction) = options.reductions.iter().find(|reduction| reduction.touches_blocker) {
        ui::say(&format!("exit 3: {}: {} (--strict)", reduction.option, reduction.effect));
        return Ok(exit::UNCLEAR);
    }
    Ok(exit::GOOD)
}

fn readers(format: PlanFormat) -> Readers {
    if format == PlanFormat::Sh { Readers::Runner } else { Readers::Usual }
}

/// The plan as one document.
fn document(plan: &Plan, format: PlanFormat, into_file: bool) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    match format {
        PlanFormat::Markdown => markdown::write(plan, &mut out)?,
        PlanFormat::Json => json::write(plan, &mut out)?,
        PlanFormat::Sh => out.extend(shell::one_script(plan).into_bytes()),
        PlanFormat::Cloudformation => {
            let files = plan.pools.iter().flat_map(|pool| named(&pool.pool.id, iac::cloudformation(pool)));
            out = templates(&files.collect::<Vec<_>>(), "CloudFormation", "---\n", into_file)?;
        }
        PlanFormat::Terraform => {
            let files = plan.pools.iter().flat_map(|pool| named(&pool.pool.id, iac::terraform(pool)));
            out = templates(&files.collect::<Vec<_>>(), "Terraform", "\n", into_file)?;
        }
    }
    Ok(out)
}

/// Files of a pool under the name of its folder.
fn named(pool: &str, files: Vec<(String, String)>) -> Vec<(String, String)> {
    let folder = folder::safe_name(pool);
    files.into_iter().map(|(name, text)| (format!("{folder}/{name}"), text)).collect()
}

/// Several files of infrastructure as code in one document, to be read. One file to be used holds one of them.
fn templates(files: &[(String, String)], what: &str, between: &str, into_file: bool) -> Result<Vec<u8>> {
    match files {
        [] => Ok(format!("# Nothing in this plan is a new resource that {what} could create.\n").into_bytes()),
        [(_, text)] => Ok(text.clone().into_bytes()),
        several if into_file => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            bail!(
                "the plan has {} files for {what}, which one file cannot hold: {}; write them with --output-dir DIR",
                several.len(),
                names.join(", ")
            );
        }
        several => {
            let parts = several.iter().map(|(name, text)| format!("# {name}\n{text}"));
            Ok(parts.collect::<Vec<_>>().join(between).into_bytes())
        }
    }
}

/// The path of a file as it may be shown.
fn shown(path: &Path) -> String {
    files::name(path)
}
