//! `mrready plan verify`: how far a plan has come, against snapshots, the live account, or both.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use jiff::Timestamp;

use crate::audit::{FailOn, Options};
use crate::collect::{CollectError, Earlier, Needs, Pools, Request, pause};
use crate::facts::{FactOptions, Facts};
use crate::model::plan::{Plan, Progress, Verification};
use crate::plan::read::read;
use crate::plan::verify::{calls, find, verify};
use crate::render::plan::{json, progress};
use crate::rules::{Catalog, Decision};
use crate::snapshot::{Encoding, Snapshot, format};

use super::super::args::{PlanVerifyArgs, ProgressFormat};
use super::super::files::{self, Readers};
use super::super::{Interrupted, accounts, collect, exit, judging, scan, ui};

/// How long is waited for a step if only the step was named.
const WAIT: Duration = Duration::from_mins(30);
/// How long after an answer the account is asked again. Replicas and keys take minutes; other tools share the quotas.
const POLL: Duration = Duration::from_secs(20);

/// Runs the command. What can be wrong with the arguments is found before anything is asked.
pub(super) fn run(args: &PlanVerifyArgs) -> Result<u8> {
    if args.snapshots.is_empty() && !args.live {
        let plan = files::name(&args.plan);
        bail!(
            "nothing to verify against. Three ways to go on:\n\
             mrready plan verify {plan} SNAPSHOT          a snapshot taken since\n\
             mrready plan verify {plan} --live            the account as it is\n\
             mrready plan verify {plan} SNAPSHOT --live   the account, and the snapshot for what does not answer"
        );
    }
    scan::check(&args.scan)?;
    let mut plan = read_plan(&args.plan)?;
    let wait = args.wait.as_deref().map(wait_time).transpose()?;
    let wait = wait.or(args.wait_step.as_ref().map(|_| WAIT));
    let awaited = args.wait_step.as_deref().map(|name| step(&plan, name)).transpose()?;
    let catalog = judging::catalog(&args.rulings)?;
    let (decisions, waiver_digests) = judging::decisions(&args.rulings, &catalog)?;
    let mut facts = fact_options(args, &plan)?;
    let mut reductions = judging::reductions(
        &args.rulings,
        super::super::args::TargetIssuerArg::Updated,
        &std::collections::BTreeSet::new(),
        &decisions,
    );
    reductions.sort();
    let options = Options {
        gates: std::collections::BTreeSet::new(),
        fail_on: FailOn::Fail,
        strict: args.rulings.strict,
        reductions,
        waiver_digests,
        ..Options::default()
    };
    for name in &args.done {
        record_told(&mut plan, name, facts.now)?;
    }

    let mut judge = Judge { catalog: &catalog, decisions: &decisions, options: &options };
    let earlier = match args.snapshots.as_slice() {
        [] => None,
        paths => Some(scan::add(files::read_snapshots(paths)?, &args.scan, facts.now)),
    };
    let mut snapshot = if args.live {
        let request = request(args, &plan, &catalog, earlier.as_ref())?;
        live(&request, args, &plan, earlier)?
    } else {
        earlier.context("no snapshot was given")?
    };
    let now = |facts: &mut FactOptions| {
        if args.live && args.rulings.now.is_none() {
            facts.now = Timestamp::now();
        }
    };
    now(&mut facts);
    let mut verification = judge.run(&mut plan, &snapshot, &facts)?;
    let awaited = match (wait, awaited) {
        (None, _) => None,
        (Some(_), Some(named)) => Some(named),
        (Some(_), None) => next(&verification)?,
    };
    if let (Some(wait), Some(awaited)) = (wait, &awaited) {
        let begin = Instant::now();
        while !is_done(&verification, awaited) && begin.elapsed() < wait {
            ui::say(&format!("waiting for {}", awaited.1));
            pause(POLL.min(wait.saturating_sub(begin.elapsed()))).map_err(Interrupted::of)?;
            let mut request = request(args, &plan, &catalog, Some(&snapshot))?;
            request.needs = Some(Needs { always: calls(&plan, &catalog), ..Needs::default() });
            snapshot = live(&request, args, &plan, Some(snapshot))?;
            now(&mut facts);
            verification = judge.run(&mut plan, &snapshot, &facts)?;
        }
    }
    if args.record {
        write_plan(&args.plan, &plan)?;
    }
    let mut out = Vec::new();
    match args.format {
        ProgressFormat::Json => json::write_verification(&verification, &mut out)?,
        ProgressFormat::Text => {
            let options = progress::ProgressOptions {
                width: ui::width(),
                color: ui::color(super::super::args::ColorArg::Auto),
                verbose: args.verbose,
            };
            progress::write(&verification, &options, &mut out)?;
        }
    }
    ui::print(&out)?;
    Ok(code(&verification, awaited.as_ref()))
}

/// The exit code, and why, on standard error.
fn code(verification: &Verification, awaited: Option<&(String, String)>) -> u8 {
    let exit = &verification.exit;
    let mut code = exit.code;
    // What else is open was not asked about; what was undone is never passed over.
    if let Some(awaited) = awaited
        && code != exit::NO
    {
        code = if is_done(verification, awaited) { exit::GOOD } else { exit::UNCLEAR };
        if code == exit::UNCLEAR {
            ui::say(&format!("exit {code}: {} is not done yet", awaited.1));
        }
        return code;
    }
    if !exit.because.is_empty() {
        ui::say(&format!("exit {code}: {}", exit.because.join("; ")));
    }
    code
}

/// With what is judged again and again.
struct Judge<'a> {
    catalog: &'a Catalog,
    decisions: &'a [Decision],
    options: &'a Options,
}

impl Judge<'_> {
    fn run(&mut self, plan: &mut Plan, snapshot: &Snapshot, facts: &FactOptions) -> Result<Verification> {
        let facts = Facts::new(snapshot, facts.clone(), collect::region_table()?);
        Ok(verify(plan, facts, self.catalog, self.decisions, self.options))
    }
}

/// Reads a plan file.
fn read_plan(path: &Path) -> Result<Plan> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", files::name(path)))?;
    read(&bytes).map_err(|error| anyhow!("{}: {error}", files::name(path)))
}

/// Writes a plan back in its place, whole, and readable by no one else than before.
fn write_plan(path: &Path, plan: &Plan) -> Result<()> {
    let mut bytes = Vec::new();
    json::write(plan, &mut bytes)?;
    // The file a link leads to, and not a file in the place of the link.
    let path = fs::canonicalize(path).with_context(|| format!("cannot write {}", files::name(path)))?;
    files::write_whole(&path, &bytes, readers(&path))
}

#[cfg(unix)]
fn readers(path: &Path) -> Readers {
    use std::os::unix::fs::PermissionsExt as _;
    let shared = fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
    if shared { Readers::Usual } else { Readers::Owner }
}

#[cfg(not(unix))]
fn readers(_path: &Path) -> Readers {
    Readers::Usual
}

/// Pool and id of a step that was named on the command line.
fn step(plan: &Plan, name: &str) -> Result<(String, String)> {
    if let Some((pool, id)) = find(plan, name) {
        return Ok((pool.pool.id.clone(), id.to_owned()));
    }
    if plan.pools.len() > 1 && !name.contains('/') {
        bail!("`{name}`: the plan has {} pools; write POOL_ID/STEP", plan.pools.len());
    }
    let wanted = name.rsplit('/').next().unwrap_or(name);
    let ids = plan.pools.iter().flat_map(|pool| &pool.steps).map(|step| step.id.as_str());
    let near = ids.min_by_key(|id| strsim::damerau_levenshtein(id, wanted));
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    bail!("`{name}` is no step of this plan{hint}")
}

/// `--done`: what a person says.
fn record_told(plan: &mut Plan, name: &str, now: Timestamp) -> Result<()> {
    let (pool, id) = step(plan, name)?;
    let steps = plan.pools.iter_mut().filter(|each| each.pool.id == pool).flat_map(|each| &mut each.steps);
    for step in steps.filter(|step| step.id == id) {
        step.told_at.get_or_insert_with(|| now.to_string());
    }
    Ok(())
}

/// What facts depend on: where the plan leads, and the replica Regions that it was made for unless others are given.
fn fact_options(args: &PlanVerifyArgs, plan: &Plan) -> Result<FactOptions> {
    let mut regions = collect::replica_regions(&args.scope.replica_region)?;
    if regions.is_empty() {
        for pool in &plan.pools {
            if let Some(region) = &pool.replica_region {
                regions.insert(pool.pool.id.clone(), region.clone());
            }
        }
    }
    let mut options =
        judging::fact_options(&args.rulings, plan.target_issuer, regions, args.scope.operator_arn.as_deref())?;
    let elsewhere = plan.pools.iter().filter_map(|pool| Some((pool.pool.id.clone(), pool.target_issuer?)));
    options.target_issuers = elsewhere.collect();
    Ok(options)
}

/// What is asked of the live account: the pools of the plan.
fn request(args: &PlanVerifyArgs, plan: &Plan, catalog: &Catalog, earlier: Option<&Snapshot>) -> Result<Request> {
    let ids = plan.pools.iter().map(|pool| pool.pool.id.clone()).collect();
    let mut request = collect::request(Pools::Ids(ids), &args.scope)?;
    accounts::fill_one(&mut request, &args.scope)?;
    request.replica_regions = fact_options(args, plan)?.replica_regions;
    request.order = collect::order(catalog);
    request.earlier = earlier.map(Earlier::new);
    Ok(request)
}

/// The account as it is; what it does not answer any more is taken from before, if there is a before.
fn live(request: &Request, args: &PlanVerifyArgs, plan: &Plan, earlier: Option<Snapshot>) -> Result<Snapshot> {
    let fresh = match collect::collect_live(request, None, args.verbose) {
        Ok(fresh) => fresh,
        Err(error) => {
            let silent = matches!(error.downcast_ref(), Some(CollectError::NoEvidence { .. }));
            return match earlier.filter(|_| silent) {
                Some(earlier) => {
                    ui::say(&format!("{error}; what follows is judged by earlier answers alone"));
                    Ok(earlier)
                }
                None => Err(error),
            };
        }
    };
    check_account(&fresh, plan)?;
    if let Some(path) = &args.save_snapshot {
        let encoding = Encoding::of_name(&path.to_string_lossy())?;
        files::write_whole(path, &format::write(&fresh, encoding)?, Readers::Owner)?;
    }
    let trees: &[PathBuf] = if earlier.is_some() { &[] } else { &args.scan };
    let fresh = scan::add(fresh, trees, Timestamp::now());
    Snapshot::merge_keeping_answers(earlier.into_iter().chain([fresh]).collect()).context("nothing was collected")
}

/// The pools of the plan have to be those of the account that was asked.
fn check_account(fresh: &Snapshot, plan: &Plan) -> Result<()> {
    let scope = &fresh.header.scope.pools;
    let asked = scope.first().map_or("another", |pool| pool.account.as_str());
    for pool in &plan.pools {
        if !scope.iter().any(|key| key.account == pool.pool.account && key.id == pool.pool.id) {
            bail!(
                "pool {} of the plan is in account {}, and the credentials are of account {asked}",
                pool.pool.id,
                pool.pool.account
            );
        }
    }
    Ok(())
}

/// The step to wait for where none was named: pool and id.
fn next(verification: &Verification) -> Result<Option<(String, String)>> {
    let mut open = verification.pools.iter().filter_map(|pool| Some((pool, pool.next.as_ref()?)));
    let Some((pool, next)) = open.next() else { return Ok(None) };
    if open.next().is_some() {
        bail!("several pools of the plan have a next step; name one with --wait-step POOL_ID/STEP");
    }
    let person = |step: &&crate::model::plan::StepProgress| step.id == *next && step.progress == Progress::Person;
    if pool.steps.iter().any(|step| person(&step)) {
        bail!("the next step, {next}, is for a person to tell: there is nothing to wait for");
    }
    Ok(Some((pool.pool.id.clone(), next.clone())))
}

fn is_done(verification: &Verification, (pool, id): &(String, String)) -> bool {
    let steps = verification.pools.iter().filter(|each| each.pool.id == *pool).flat_map(|each| &each.steps);
    // A step that was done when the plan was made has no number and no place in it.
    steps.filter(|step| step.number > 0).any(|step| step.id == *id && step.progress == Progress::Done)
}

fn wait_time(text: &str) -> Result<Duration> {
    let duration = judging::duration(text).with_context(|| format!("--wait {text}"))?;
    Duration::try_from(duration).map_err(|_| anyhow!("--wait {text}: it must be more than 0"))
}
