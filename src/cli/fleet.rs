//! `audit --format jsonl` of a fleet: account after account is read, judged and written, with as many threads as there are
//! processors, in the order in which the accounts come.
//!
//! In memory are a few accounts at a time and what is said of the run as a whole. The lines are those of the whole report
//! (`render::jsonl`).

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context, Result, bail};

use crate::audit::{Options, Part, Whose, decision_uses, part, rule_summaries, run};
use crate::facts::{FactOptions, Facts, RegionTable};
use crate::model::Verdict;
use crate::model::report::{Exit, REPORT_SCHEMA_VERSION};
use crate::model::totals::{Calls, Mergeable, Shard, Sum, Trees};
use crate::render::Show;
use crate::render::jsonl::{self, Last, MAX_REASONS};
use crate::rules::{Catalog, Decision};
use crate::snapshot::{Entry, FleetDigest, NO_ACCOUNT, PoolKey, Scope, Section, Sections, Snapshot};

use super::config::{Configuration, Planned};
use super::{files, shard};

/// Sections that wait for a thread, and results that wait to be written, per thread.
const WAITING: usize = 2;

/// How a fleet is judged.
pub(super) struct Judging<'a> {
    pub(super) facts: FactOptions,
    pub(super) regions: RegionTable,
    pub(super) catalog: &'a Catalog,
    pub(super) decisions: &'a [Decision],
    /// Without what a configuration says of pools.
    pub(super) options: Options,
    pub(super) config: &'a Configuration,
    /// Whether an option says where every pool is heading with its issuer.
    pub(super) issuer_given: bool,
    pub(super) show: &'a Show,
    pub(super) shard: Option<Shard>,
    /// Source trees that were searched beside the fleet.
    pub(super) trees: Vec<Entry>,
}

/// A fleet under way.
pub(super) struct Fleet {
    name: String,
    sections: Sections<Box<dyn BufRead + Send>>,
    first: Section,
    second: Section,
}

/// What a file turned out to be.
pub(super) enum Source {
    /// Several accounts, one after the other.
    Fleet(Box<Fleet>),
    /// Anything else, or one account only; of standard input its bytes, unpacked.
    Whole(Option<Vec<u8>>),
}

/// Looks at the beginning of a file, or of standard input for `-`.
pub(super) fn open(path: &Path) -> Result<Source> {
    let stdin = path.as_os_str() == "-";
    let (name, mut reader) = files::unpacking(path)?;
    let is_fleet = Sections::<&[u8]>::fits(reader.fill_buf().with_context(|| format!("cannot read {name}"))?);
    if !is_fleet {
        let bytes = if stdin { Some(files::read_limited(&name, &mut reader)?) } else { None };
        return Ok(Source::Whole(bytes));
    }
    let mut sections = Sections::new(&name, reader);
    match (sections.next().transpose()?, sections.next().transpose()?) {
        (Some(first), Some(second)) => Ok(Source::Fleet(Box::new(Fleet { name, sections, first, second }))),
        (first, _) => Ok(Source::Whole(first.map(|section| section.text).filter(|_| stdin))),
    }
}

/// What became of one section.
struct Judged {
    account: String,
    lines: Vec<u8>,
    digest: String,
    trees: Option<Trees>,
    sum: Sum,
    planned: Planned,
    /// One of its pools.
    pool: Option<PoolKey>,
}

/// Judges a fleet, and writes a line per account and pool, and the summary.
pub(super) fn judge(fleet: Fleet, mut judging: Judging<'_>, out: &mut dyn Write) -> Result<Exit> {
    let Fleet { name, sections, first, second } = fleet;
    let mut rest: Box<dyn Iterator<Item = _> + Send> = Box::new([Ok(first), Ok(second)].into_iter().chain(sections));
    // Source trees come first, since they concern every account.
    let mut first = rest.next().transpose()?;
    if let Some(trees) = first.as_ref().map(|section| section.read(&name)).transpose()?
        && trees.header.scope.pools.is_empty()
        && trees.header.scope.accounts.is_empty()
        && trees.entries.iter().all(|entry| entry.account() == NO_ACCOUNT)
    {
        let given = Snapshot { header: trees.header.clone(), entries: std::mem::take(&mut judging.trees) };
        judging.trees = Snapshot::merge(vec![trees, given]).map(|both| both.entries).unwrap_or_default();
        first = None;
    }
    let rest = first.map(Ok).into_iter().chain(rest);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let judging = &judging;
    std::thread::scope(|scope| {
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (input, sections) = sync_channel::<Section>(WAITING);
            let (results, output) = sync_channel(WAITING);
            let name = name.as_str();
            scope.spawn(move || work(&sections, &results, name, judging));
            inputs.push(input);
            outputs.push(output);
        }
        let (ended, end) = sync_channel(1);
        scope.spawn(move || {
            let _ = ended.send(deal(rest, &inputs));
        });
        collect(&outputs, &end, judging, out)
    })
}

/// Deals the sections to the threads in turn, until they end. A thread that is gone has said why.
fn deal(
    sections: impl Iterator<Item = Result<Section, crate::snapshot::SnapshotError>>,
    inputs: &[SyncSender<Section>],
) -> Result<()> {
    for (section, input) in sections.zip(inputs.iter().cycle()) {
        if input.send(section?).is_err() {
            break;
        }
    }
    Ok(())
}

fn work(sections: &Receiver<Section>, results: &SyncSender<Result<Option<Judged>>>, name: &str, judging: &Judging<'_>) {
    for section in sections {
        let judged = judge_section(&section, name, judging);
        let failed = judged.is_err();
        if results.send(judged).is_err() || failed {
            break;
        }
    }
}

/// Judges the account of a section; `None` if it is another shard's.
fn judge_section(section: &Section, name: &str, judging: &Judging<'_>) -> Result<Option<Judged>> {
    let mut snapshot = section.read(name)?;
    let account = one_account(&snapshot, name, section)?;
    if judging.shard.is_some_and(|shard| !shard::has(shard, &account)) {
        return Ok(None);
    }
    snapshot.sort();
    if !judging.trees.is_empty() {
        let own = std::mem::replace(&mut snapshot.entries, judging.trees.clone());
        snapshot.entries.extend(own);
    }
    let mut facts = judging.facts.clone();
    let (pools, planned) = judging.config.apply(&mut snapshot, &mut facts, judging.issuer_given);
    // Passes are told by name.
    let open_only = !judging.show.verdicts.lists(Verdict::NotApplicable, false);
    let options = Options { pools, open_only, ..judging.options.clone() };
    let facts = Facts::new(&snapshot, facts, judging.regions.clone());
    let Part { pools, findings, coverage, snapshot, uses, totals, trees } =
        part(&facts, judging.catalog, judging.decisions, &options, Whose::Accounts);
    let mut lines = Vec::new();
    jsonl::accounts(&pools, &findings, &coverage, judging.show, &mut lines)?;
    let digest = coverage.accounts.iter().find(|each| each.account == account).map(|each| each.digest.clone());
    let mut sum = Sum { totals, uses, calls: Calls::of(&coverage), snapshot };
    sum.totals.keep_reasons(MAX_REASONS);
    let pool = facts.snapshot().header.scope.pools.first().cloned();
    Ok(Some(Judged { account, lines, digest: digest.unwrap_or_default(), trees, sum, planned, pool }))
}

/// Judges what belongs to no account, once. Without a pool in scope, references of source trees are not told.
fn judge_trees(pool: Option<PoolKey>, judging: &Judging<'_>, out: &mut dyn Write) -> Result<Option<Trees>> {
    let Some(pool) = pool.filter(|_| !judging.trees.is_empty()) else { return Ok(None) };
    let scope = Scope { pools: BTreeSet::from([pool]), ..Scope::default() };
    let snapshot = Snapshot::new(scope, judging.trees.clone());
    let facts = Facts::new(&snapshot, judging.facts.clone(), judging.regions.clone());
    let part = part(&facts, judging.catalog, judging.decisions, &judging.options, Whose::Trees);
    jsonl::unassigned(&part.findings, judging.show, out)?;
    Ok(part.trees)
}

/// The one account of a section.
fn one_account(snapshot: &Snapshot, name: &str, section: &Section) -> Result<String> {
    let scope = &snapshot.header.scope;
    let named = scope.pools.iter().map(|pool| pool.account.as_str());
    let named = named.chain(scope.accounts.iter().map(|account| account.account.as_str()));
    let accounts: BTreeSet<&str> = named.chain(snapshot.entries.iter().map(Entry::account)).collect();
    let line = section.lines_before + 1;
    if accounts.contains(NO_ACCOUNT) {
        bail!(
            "{name}:{line}: a source tree in the midst of accounts; in a fleet it has a document of its own, before all \
             accounts: put the tree's search into a file of its own, and name it first"
        );
    }
    match accounts.into_iter().collect::<Vec<_>>()[..] {
        [account] => Ok(account.to_owned()),
        [] => bail!("{name}:{line}: a document that is about no account"),
        _ => {
            bail!("{name}:{line}: a document of several accounts in the midst of a fleet; give it as a file of its own")
        }
    }
}

/// Writes what comes from the threads, in their turn.
fn collect(
    outputs: &[Receiver<Result<Option<Judged>>>],
    end: &Receiver<Result<()>>,
    judging: &Judging<'_>,
    out: &mut dyn Write,
) -> Result<Exit> {
    let (mut sum, mut digest, mut planned) = (Sum::default(), FleetDigest::default(), Planned::default());
    let (mut before, mut trees, mut pool): (Option<String>, Option<Trees>, Option<PoolKey>) = (None, None, None);
    for output in outputs.iter().cycle() {
        let Ok(judged) = output.recv() else { break };
        let Some(judged) = judged? else { continue };
        if let Some(before) = before.replace(judged.account.clone()).filter(|before| *before >= judged.account) {
            let again = if before == judged.account { "twice" } else { "out of order" };
            bail!(
                "account {} comes {again}, after {before}: in a fleet each account has one document, in the order of the \
                 accounts; give the documents as files of their own, and they are put together",
                judged.account
            );
        }
        if let (None, Some(found)) = (&trees, judged.trees) {
            digest.add(NO_ACCOUNT, &found.digest);
            trees = Some(found);
        }
        digest.add(&judged.account, &judged.digest);
        pool = pool.or(judged.pool);
        sum.add(judged.sum, MAX_REASONS);
        planned.add(judged.planned);
        out.write_all(&judged.lines)?;
    }
    end.recv().context("the reader of the fleet is gone")??;
    let trees = judge_trees(pool, judging, out)?.or(trees);
    sum.snapshot.digest = digest.finish();
    summary(sum, trees, &planned, judging, out)
}

fn summary(
    sum: Sum,
    trees: Option<Trees>,
    planned: &Planned,
    judging: &Judging<'_>,
    out: &mut dyn Write,
) -> Result<Exit> {
    let now = judging.facts.now;
    let mut options = judging.options.clone();
    options.reductions.extend(judging.config.reductions(planned));
    options.reductions.sort();
    let run = run(&judging.facts, judging.catalog, &options);
    let Sum { totals, uses, calls, snapshot } = sum;
    let in_trees = trees.as_ref().map_or(&[][..], |trees| &trees.uses);
    let decisions = decision_uses(judging.decisions, judging.catalog, &uses, in_trees, now, options.waiver_max_days);
    let mut merge = Mergeable { totals, decisions, trees, shard: judging.shard };
    merge.totals.keep_reasons(MAX_REASONS);
    let totals = merge.all();
    let exit = totals.exit(&run);
    let last = Last {
        schema_version: REPORT_SCHEMA_VERSION,
        tool: &crate::audit::tool(),
        run: &run,
        snapshot: jsonl::Judged::of(&snapshot),
        answer: totals.answer(now),
        counts: totals.counts.clone(),
        exit: exit.clone(),
        pools: totals.pools,
        rules: &rule_summaries(judging.catalog, &totals.not_applicable),
        coverage: calls,
        waivers: &merge.waivers(),
        resolved: &[],
        unseen: &[],
        merge: Some(&merge),
    };
    jsonl::summary(&last, out)?;
    Ok(exit)
}
