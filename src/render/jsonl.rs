//! `--format jsonl`: a line per account and per pool, and the summary last, for programs that read as it comes.
//!
//! An account's line has what concerns none of its pools: how it was asked, what was not answered, references that name no
//! pool. A pool's line has its gates, its findings that are not passes, and the passes by name; what every line would repeat
//! (how the run went, the rules, decisions) stands once in the last. So a reader that holds one line at a time can work on any
//! number of accounts, and one that finds no line of kind `summary` at the end knows that the file was cut off. A fleet is
//! written account by account ([`account`], [`summary`]) and gives the same lines as its whole report.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::Show;
use super::json::visible;
use crate::model::Verdict;
use crate::model::report::{
    AccountCoverage, CallProblem, Coverage, Exit, Finding, NotAsked, PoolSummary, Report, Resolved, RuleSummary, Run,
    SnapshotSummary, Tool, Unseen, WaiverState,
};
use crate::model::totals::{Calls, Mergeable};

/// The reasons for the exit code that the summary names; of a fleet there may be one for each pool.
pub const MAX_REASONS: usize = 100;

/// What belongs to no account: source trees.
const NO_ACCOUNT: &str = "";

/// One line.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    /// An account; its pools follow.
    Account {
        account: &'a str,
        coverage: Option<&'a AccountCoverage>,
        problems: Vec<&'a CallProblem>,
        not_asked: Vec<&'a NotAsked>,
        #[serde(flatten)]
        results: Results<'a>,
    },
    /// A pool.
    Pool {
        pool: &'a PoolSummary,
        #[serde(flatten)]
        results: Results<'a>,
    },
    /// References in source trees whose pool could not be resolved; left out where there are none.
    Unassigned {
        #[serde(flatten)]
        results: Results<'a>,
    },
    /// Always the last line.
    Summary(&'a Last<'a>),
}

/// What the last line says.
#[derive(Debug, Clone, Serialize)]
pub struct Last<'a> {
    /// Of the report's shape.
    pub schema_version: u32,
    /// The program.
    pub tool: &'a Tool,
    /// How it judged.
    pub run: &'a Run,
    /// What was judged.
    pub snapshot: Judged<'a>,
    /// The first lines of a report.
    pub answer: Vec<String>,
    /// How many results of each verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// The exit code, and the first [`MAX_REASONS`] reasons.
    pub exit: Exit,
    /// How many lines of kind `pool` stand before it.
    pub pools: usize,
    /// The rules.
    pub rules: &'a BTreeMap<String, RuleSummary>,
    /// Numbers of calls, and what each missing permission would decide.
    pub coverage: Calls,
    /// The decisions and what became of them.
    pub waivers: &'a [WaiverState],
    /// What a baseline had and this run no longer has.
    pub resolved: &'a [Resolved],
    /// What a baseline had and this run could not look for.
    pub unseen: &'a [Unseen],
    /// What is needed to put shards together; not there with a baseline.
    pub merge: Option<&'a Mergeable>,
}

/// What was judged, without what grows with the accounts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Judged<'a> {
    digest: &'a str,
    evidence_from: Option<&'a str>,
    evidence_to: Option<&'a str>,
    regions: &'a [String],
    searched: &'a [String],
    caller: Option<&'a str>,
}

impl<'a> Judged<'a> {
    /// Of a report, or of the sum of several.
    pub fn of(snapshot: &'a SnapshotSummary) -> Self {
        let SnapshotSummary { digest, evidence_from, evidence_to, accounts: _, regions, searched, caller } = snapshot;
        Self {
            digest,
            evidence_from: evidence_from.as_deref(),
            evidence_to: evidence_to.as_deref(),
            regions,
            searched,
            caller: caller.as_deref(),
        }
    }
}

/// The findings of a line.
#[derive(Default, Serialize)]
struct Results<'a> {
    /// All but passes; what is not applicable only if asked for.
    findings: Vec<&'a Finding>,
    /// `rule subject` of each pass.
    passed: Vec<String>,
}

impl<'a> Results<'a> {
    fn push(&mut self, finding: &'a Finding) {
        if finding.verdict == Verdict::Pass {
            self.passed.push(format!("{} {}", finding.rule, finding.subject.id));
        } else {
            self.findings.push(finding);
        }
    }

    fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.passed.is_empty()
    }
}

/// Writes the lines of a whole report.
pub fn write(report: &Report, show: &Show, out: &mut dyn Write) -> io::Result<()> {
    accounts(&report.summary.pools, &report.findings, &report.coverage, show, out)?;
    unassigned(&report.findings, show, out)?;
    let mut merge = report.merge.clone();
    let mut exit = report.summary.exit.clone();
    if let Some(merge) = &mut merge {
        merge.totals.keep_reasons(MAX_REASONS);
        exit = merge.all().exit(&report.run);
    } else if let more @ 1.. = exit.because.len().saturating_sub(MAX_REASONS) {
        exit.because.truncate(MAX_REASONS);
        exit.because.push(format!("and {more} more"));
    }
    // Taken apart in full: a member added to the report must be put somewhere, or this does not compile.
    let Report {
        schema_version,
        tool,
        run,
        snapshot,
        summary,
        rules,
        findings: _,
        coverage,
        waivers,
        resolved,
        unseen,
        merge: _,
    } = report;
    let last = Last {
        schema_version: *schema_version,
        tool,
        run,
        snapshot: Judged::of(snapshot),
        answer: summary.answer.clone(),
        counts: summary.counts.clone(),
        exit,
        pools: summary.pools.len(),
        rules,
        coverage: Calls::of(coverage),
        waivers,
        resolved,
        unseen,
        merge: merge.as_ref(),
    };
    self::summary(&last, out)
}

/// Writes the lines of accounts: each account's own, then those of its pools. Everything is sorted by account already.
pub fn accounts(
    pools: &[PoolSummary],
    findings: &[Finding],
    coverage: &Coverage,
    show: &Show,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut lines: BTreeMap<&str, Account<'_>> = BTreeMap::new();
    for pool in pools {
        let own = &mut lines.entry(&pool.account).or_default().pools;
        own.insert(&pool.id, (pool, Results::default()));
    }
    for each in &coverage.accounts {
        lines.entry(&each.account).or_default().coverage = Some(each);
    }
    for each in &coverage.problems {
        lines.entry(&each.account).or_default().problems.push(each);
    }
    for each in &coverage.not_asked {
        lines.entry(&each.account).or_default().not_asked.push(each);
    }
    for finding in findings {
        let own = lines.entry(&finding.subject.account).or_default();
        if !is_listed(finding, show) {
            continue;
        }
        let of_pool = finding.subject.pool_id.as_deref().and_then(|id| own.pools.get_mut(id));
        // A finding of a pool that is not in the summary would be lost otherwise.
        of_pool.map_or(&mut own.results, |(_, results)| results).push(finding);
    }
    lines.remove(NO_ACCOUNT);
    for (account, Account { coverage, problems, not_asked, results, pools }) in lines {
        line(&Line::Account { account, coverage, problems, not_asked, results }, out)?;
        for (pool, results) in pools.into_values() {
            line(&Line::Pool { pool, results }, out)?;
        }
    }
    Ok(())
}

/// What the lines of an account say.
#[derive(Default)]
struct Account<'a> {
    coverage: Option<&'a AccountCoverage>,
    problems: Vec<&'a CallProblem>,
    not_asked: Vec<&'a NotAsked>,
    results: Results<'a>,
    pools: BTreeMap<&'a str, (&'a PoolSummary, Results<'a>)>,
}

/// Writes the line of what belongs to no account, if there is anything.
pub fn unassigned(findings: &[Finding], show: &Show, out: &mut dyn Write) -> io::Result<()> {
    let mut results = Results::default();
    for finding in findings.iter().filter(|finding| finding.subject.account == NO_ACCOUNT && is_listed(finding, show)) {
        results.push(finding);
    }
    if results.is_empty() { Ok(()) } else { line(&Line::Unassigned { results }, out) }
}

fn is_listed(finding: &Finding, show: &Show) -> bool {
    let usual = finding.verdict != Verdict::NotApplicable;
    !show.hides(finding) && show.verdicts.lists(finding.verdict, usual)
}

/// Writes the last line.
pub fn summary(last: &Last<'_>, out: &mut dyn Write) -> io::Result<()> {
    line(&Line::Summary(last), out)
}

fn line(line: &Line<'_>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(visible(&serde_json::to_string(line)?).as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::{Format, samples};
    use super::*;

    fn lines(report: &Report, show: &Show) -> Vec<Value> {
        let mut out = Vec::new();
        write(report, show, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn fixtures_are_as_written() {
        super::super::records::tests::golden(Format::Jsonl, "jsonl");
    }

    #[test]
    fn every_finding_stands_in_one_line_and_the_summary_is_the_last() {
        for (name, report) in samples::all() {
            let lines = lines(&report, &Show::all());
            let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
            assert_eq!(kinds.iter().filter(|kind| **kind == "pool").count(), report.summary.pools.len(), "{name}");
            assert_eq!(kinds.iter().position(|kind| *kind == "summary"), Some(kinds.len() - 1), "{name}");
            let count =
                |member: &str| -> usize { lines.iter().filter_map(|line| line[member].as_array()).map(Vec::len).sum() };
            let passes = report.findings.iter().filter(|each| each.verdict == Verdict::Pass).count();
            assert_eq!((count("passed"), count("findings")), (passes, report.findings.len() - passes), "{name}");
            for line in &lines {
                for finding in line["findings"].as_array().into_iter().flatten() {
                    let own = line["pool"]["id"].as_str();
                    assert!(own.is_none_or(|own| finding["subject"]["pool_id"] == own), "{name}: {finding}");
                }
            }
        }
    }

    #[test]
    fn the_summary_has_what_the_report_has() {
        let report = samples::blocked();
        let whole = serde_json::to_value(&report).unwrap();
        let last = lines(&report, &Show::default()).pop().unwrap();
        for member in ["run", "rules", "waivers", "tool"] {
            assert_eq!(last[member], whole[member], "{member}");
        }
        for (part, members) in
            [("snapshot", ["digest", "evidence_from", "searched"]), ("coverage", ["asked", "denied", "permissions"])]
        {
            for member in members {
                assert_eq!(last[part][member], whole[part][member], "{part} {member}");
            }
        }
        assert_eq!(last["exit"], whole["summary"]["exit"]);
    }

    #[test]
    fn no_name_begins_a_line_or_steers_a_terminal() {
        let mut out = Vec::new();
        write(&samples::hostile(), &Show::all(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.starts_with("{\"kind\":")));
        assert!(!text.chars().any(|c| super::super::safe::is_hidden(c) && c != '\n'));
    }
}
