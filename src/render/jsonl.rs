//! `--format jsonl`: a line for each pool, what belongs to no pool, and the summary last, for programs that read as it comes.
//!
//! A pool's line has its gates, its findings that are not passes, and the passes by name; what every line would repeat (how
//! the run went, the rules, coverage, decisions) stands once in the last. So a reader that holds one line at a time can work
//! on any number of pools, and one that finds no line of kind `summary` at the end knows that the file was cut off.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::Show;
use super::json::visible;
use crate::model::Verdict;
use crate::model::report::{
    Coverage, Exit, Finding, PoolSummary, Report, Resolved, RuleSummary, Run, SnapshotSummary, Tool, Unseen,
    WaiverState,
};

/// One line.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    /// A pool.
    Pool {
        pool: &'a PoolSummary,
        #[serde(flatten)]
        results: Results<'a>,
    },
    /// References whose pool could not be resolved; left out where there are none.
    Unassigned {
        #[serde(flatten)]
        results: Results<'a>,
    },
    /// Always the last line.
    Summary {
        schema_version: u32,
        tool: &'a Tool,
        run: &'a Run,
        snapshot: &'a SnapshotSummary,
        answer: &'a [String],
        counts: &'a BTreeMap<Verdict, usize>,
        exit: &'a Exit,
        /// How many lines of kind `pool` stand before it.
        pools: usize,
        rules: &'a BTreeMap<String, RuleSummary>,
        coverage: &'a Coverage,
        waivers: &'a [WaiverState],
        resolved: &'a [Resolved],
        unseen: &'a [Unseen],
    },
}

/// The findings of a line.
#[derive(Default, Serialize)]
struct Results<'a> {
    /// All but passes; what is not applicable only if asked for.
    findings: Vec<&'a Finding>,
    /// `rule subject` of each pass.
    passed: Vec<String>,
}

/// Writes the lines.
pub fn write(report: &Report, show: &Show, out: &mut dyn Write) -> io::Result<()> {
    let mut by_pool: BTreeMap<Option<(&str, &str)>, Results<'_>> = BTreeMap::new();
    for finding in &report.findings {
        let usual = finding.verdict != Verdict::NotApplicable;
        if show.hides(finding) || !show.verdicts.lists(finding.verdict, usual) {
            continue;
        }
        let pool = finding.subject.pool_id.as_deref().map(|id| (finding.subject.account.as_str(), id));
        let results = by_pool.entry(pool).or_default();
        if finding.verdict == Verdict::Pass {
            results.passed.push(format!("{} {}", finding.rule, finding.subject.id));
        } else {
            results.findings.push(finding);
        }
    }
    for pool in &report.summary.pools {
        let results = by_pool.remove(&Some((&pool.account, &pool.id))).unwrap_or_default();
        line(&Line::Pool { pool, results }, out)?;
    }
    // A finding of a pool that is not in the summary would be lost otherwise.
    let mut rest = Results::default();
    for results in by_pool.into_values() {
        rest.findings.extend(results.findings);
        rest.passed.extend(results.passed);
    }
    if !rest.findings.is_empty() || !rest.passed.is_empty() {
        line(&Line::Unassigned { results: rest }, out)?;
    }
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
    } = report;
    let (answer, counts, exit) = (&summary.answer, &summary.counts, &summary.exit);
    let (schema_version, pools) = (*schema_version, summary.pools.len());
    line(
        &Line::Summary {
            schema_version,
            tool,
            run,
            snapshot,
            answer,
            counts,
            exit,
            pools,
            rules,
            coverage,
            waivers,
            resolved,
            unseen,
        },
        out,
    )
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
        for member in ["run", "snapshot", "rules", "coverage", "waivers", "tool"] {
            assert_eq!(last[member], whole[member], "{member}");
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
