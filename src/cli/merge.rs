//! `mrready merge`: the reports of shards, or of other parts of a fleet, as the one report that a single run would have
//! written, byte for byte.
//!
//! Lines of accounts and pools pass through as they are; the summaries are added up. In memory is a line of each file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::model::report::{Exit, REPORT_SCHEMA_VERSION, RuleSummary, Run, SnapshotSummary, Tool};
use crate::model::totals::{Calls, Mergeable, Shard, Sum, Trees};
use crate::render::jsonl::{self, Last, MAX_REASONS};
use crate::snapshot::{FleetDigest, NO_ACCOUNT};

use super::args::MergeArgs;
use super::{exit, files, outputs, ui};

/// Runs the command.
pub(super) fn run(args: &MergeArgs) -> Result<u8> {
    let mut parts = args.reports.iter().map(|path| Part::open(path)).collect::<Result<Vec<_>>>()?;
    let told = if let Some(path) = &args.output {
        let mut file = outputs::begin(path)?;
        let told = merge(&mut parts, &mut file)?;
        outputs::finish(file)?;
        told
    } else {
        let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout());
        let told = merge(&mut parts, &mut out)?;
        out.flush()?;
        told
    };
    if told.code != exit::GOOD {
        ui::say(&format!("exit {}: {}", told.code, told.because.join("; ")));
    }
    Ok(told.code)
}

/// What tells the lines apart.
#[derive(Deserialize)]
struct Head {
    kind: String,
    account: Option<String>,
    coverage: Option<Digest>,
}

#[derive(Deserialize)]
struct Digest {
    #[serde(default)]
    digest: String,
}

/// The last line, as far as it is read.
#[derive(Deserialize)]
struct Summary {
    schema_version: u32,
    tool: Tool,
    run: Run,
    snapshot: Seen,
    rules: BTreeMap<String, RuleSummary>,
    coverage: Calls,
    merge: Option<Mergeable>,
}

#[derive(Deserialize)]
struct Seen {
    evidence_from: Option<String>,
    evidence_to: Option<String>,
    regions: Vec<String>,
    searched: Vec<String>,
    caller: Option<String>,
}

/// A report, and the line at which it stands.
struct Part {
    name: String,
    reader: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    number: usize,
    /// Of the line, if it is an account's.
    account: Option<(String, String)>,
    unassigned: Option<Vec<u8>>,
    summary: Option<Box<Summary>>,
}

impl Part {
    fn open(path: &Path) -> Result<Self> {
        let (name, reader) = files::unpacking(path)?;
        let (line, unassigned, summary) = (Vec::new(), None, None);
        let mut part = Self { name, reader, line, number: 0, account: None, unassigned, summary };
        part.read_line()?;
        part.settle()?;
        Ok(part)
    }

    fn place(&self) -> String {
        format!("{}:{}", self.name, self.number)
    }

    fn read_line(&mut self) -> Result<()> {
        self.line.clear();
        self.number += 1;
        let read = self.reader.read_until(b'\n', &mut self.line);
        read.with_context(|| format!("cannot read {}", self.name)).map(drop)
    }

    fn head(&self) -> Result<Option<Head>> {
        if self.line.is_empty() {
            return Ok(None);
        }
        let wanted = "not a line of a report, as `mrready audit --format jsonl` writes it";
        let head = serde_json::from_slice(&self.line)
            .map_err(|error| anyhow::anyhow!("{}: {wanted}: {error}", self.place()))?;
        Ok(Some(head))
    }

    /// Takes in what is no account's, up to the next account or the end.
    fn settle(&mut self) -> Result<()> {
        loop {
            self.account = None;
            let head = self.head()?;
            match (head.as_ref().map(|head| head.kind.as_str()), &self.summary) {
                (None, Some(_)) => return Ok(()),
                (None, None) => bail!("{}: ends without its summary: it was cut off", self.name),
                (Some(_), Some(_)) => bail!("{}: a line after the summary", self.place()),
                (Some("account"), None) => {
                    let head = head.with_context(|| self.place())?;
                    let account = head.account.with_context(|| format!("{}: no account is named", self.place()))?;
                    self.account = Some((account, head.coverage.map(|it| it.digest).unwrap_or_default()));
                    return Ok(());
                }
                (Some("unassigned"), None) => self.unassigned = Some(self.line.clone()),
                (Some("summary"), None) => {
                    let summary = serde_json::from_slice(&self.line);
                    self.summary = Some(summary.with_context(|| format!("{}: not a whole summary", self.place()))?);
                }
                (Some(kind), None) => {
                    bail!("{}: a line of kind `{}` stands alone", self.place(), crate::render::safe::safe(kind))
                }
            }
            self.read_line()?;
        }
    }

    /// Passes on the account's line and those of its pools, and goes to the next account.
    fn pass(&mut self, out: &mut dyn Write) -> Result<()> {
        loop {
            out.write_all(&self.line)?;
            self.read_line()?;
            if !self.line.starts_with(b"{\"kind\":\"pool\"") {
                return self.settle();
            }
        }
    }
}

fn merge(parts: &mut [Part], out: &mut dyn Write) -> Result<Exit> {
    let mut digests = BTreeMap::new();
    let mut digest = FleetDigest::default();
    let mut last: Option<(String, String)> = None;
    loop {
        let next = parts.iter_mut().filter(|part| part.account.is_some()).min_by(|a, b| a.account.cmp(&b.account));
        let Some(part) = next else { break };
        let Some((account, own)) = part.account.clone() else { break };
        if let Some((before, place)) = &last
            && *before >= account
        {
            bail!(
                "{}: account {account} comes after {before} ({place}): each account is in one part, in order",
                part.place()
            );
        }
        last = Some((account.clone(), part.place()));
        digests.insert(account, own);
        part.pass(out)?;
    }
    let summaries: Vec<(&str, &Summary)> =
        parts.iter().filter_map(|part| Some((part.name.as_str(), part.summary.as_deref()?))).collect();
    let Some((_, first)) = summaries.first() else { bail!("no report was given") };
    let run = agreed(&summaries)?;
    let mut sum = Sum::default();
    let mut trees = None;
    let mut decisions = Vec::new();
    for (name, summary) in &summaries {
        let Some(merge) = &summary.merge else {
            bail!("{name}: a report that was held against a baseline cannot be merged; hold the whole against it")
        };
        let Seen { evidence_from, evidence_to, regions, searched, caller } = &summary.snapshot;
        let snapshot = SnapshotSummary {
            evidence_from: evidence_from.clone(),
            evidence_to: evidence_to.clone(),
            regions: regions.clone(),
            searched: searched.clone(),
            caller: caller.clone(),
            ..SnapshotSummary::default()
        };
        let uses = merge.decisions.iter().map(|decision| decision.uses).collect();
        sum.add(Sum { totals: merge.totals.clone(), uses, calls: summary.coverage.clone(), snapshot }, MAX_REASONS);
        // Of source trees a part tells only if it has a pool.
        let more =
            |trees: &Option<Trees>| trees.as_ref().map_or(0, |trees| trees.totals.counts.values().sum::<usize>());
        if decisions.is_empty() || more(&merge.trees) > more(&trees) {
            decisions.clone_from(&merge.decisions);
        }
        if trees.is_none() || more(&merge.trees) > more(&trees) {
            trees.clone_from(&merge.trees);
        }
    }
    if let Some(trees) = &trees {
        digest.add(NO_ACCOUNT, &trees.digest);
    }
    for (account, own) in &digests {
        digest.add(account, own);
    }
    let unassigned: BTreeSet<&Vec<u8>> = parts.iter().filter_map(|part| part.unassigned.as_ref()).collect();
    if unassigned.len() > 1 {
        bail!("the parts were judged beside different source trees");
    }
    for line in unassigned {
        out.write_all(line)?;
    }
    let Sum { totals, uses, calls, mut snapshot } = sum;
    snapshot.digest = digest.finish();
    for (decision, uses) in decisions.iter_mut().zip(uses) {
        decision.uses = uses;
    }
    let merge = Mergeable { totals, decisions, trees, shard: None };
    let totals = merge.all();
    let mut rules = first.rules.clone();
    for (id, rule) in &mut rules {
        rule.not_applicable = totals.not_applicable.get(id).copied().unwrap_or_default();
    }
    let now = run.now.parse().with_context(|| format!("{}: not a time", run.now))?;
    let told = totals.exit(&run);
    let last = Last {
        schema_version: REPORT_SCHEMA_VERSION,
        tool: &first.tool,
        run: &run,
        snapshot: jsonl::Judged::of(&snapshot),
        answer: totals.answer(now),
        counts: totals.counts.clone(),
        exit: told.clone(),
        pools: totals.pools,
        rules: &rules,
        coverage: calls,
        waivers: &merge.waivers(),
        resolved: &[],
        unseen: &[],
        merge: Some(&merge),
    };
    jsonl::summary(&last, out)?;
    Ok(told)
}

/// How the parts were judged, if all were alike; and every shard is there.
fn agreed(summaries: &[(&str, &Summary)]) -> Result<Run> {
    let plain = |summary: &Summary| {
        let mut run = summary.run.clone();
        run.reductions.retain(|reduction| !reduction.option.starts_with("--shard "));
        run
    };
    let Some((first_name, first)) = summaries.first() else { bail!("no report was given") };
    let run = plain(first);
    for (name, summary) in summaries {
        let other = plain(summary);
        if summary.schema_version != REPORT_SCHEMA_VERSION || summary.tool != first.tool {
            bail!("{name} and {first_name} were written by different versions of the program");
        }
        if other.now != run.now {
            bail!("{name} was judged at {}, {first_name} at {}: give every part the same --now", other.now, run.now);
        }
        let ids = |summary: &Summary| {
            summary.merge.as_ref().map(|merge| merge.decisions.iter().map(|it| it.decision.clone()).collect::<Vec<_>>())
        };
        if other != run || ids(summary) != ids(first) {
            bail!("{name} and {first_name} were judged with different options, rules or decisions");
        }
    }
    shards(summaries)?;
    Ok(run)
}

/// Of shards, every one has to be there once.
fn shards(summaries: &[(&str, &Summary)]) -> Result<()> {
    let mut seen: BTreeMap<Option<Shard>, &str> = BTreeMap::new();
    for (name, summary) in summaries {
        let shard = summary.merge.as_ref().and_then(|merge| merge.shard);
        if let Some(other) = seen.insert(shard, name).filter(|_| shard.is_some()) {
            bail!("{name} and {other} are the same shard");
        }
    }
    let of: BTreeSet<Option<u64>> = seen.keys().map(|shard| shard.map(|shard| shard.of)).collect();
    match of.into_iter().collect::<Vec<_>>()[..] {
        [None] => Ok(()),
        [Some(of)] => {
            let missing: Vec<String> = (0..of)
                .filter(|index| !seen.contains_key(&Some(Shard { index: *index, of })))
                .map(|index| Shard { index, of }.to_string())
                .collect();
            if !missing.is_empty() {
                bail!("shards are missing: {}", missing.join(", "));
            }
            Ok(())
        }
        _ => bail!("the parts are shards of different runs, or not all of them are shards"),
    }
}
