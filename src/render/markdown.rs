//! `--format markdown`: the report as GitHub renders it, for the comment of a pull request and for a job's summary.
//!
//! The answer first, then what blocks, then what only matters later, folded away. It is never longer than
//! [`Options::markdown_limit`]: `fit` leaves out the least important findings, whole, and the document says how many and
//! where all of them are. Names come from accounts and go through [`escape`](super::escape), so none becomes a link, an
//! image, a mention or HTML; the only links are the rules' references. Written for GitHub and readable elsewhere; for
//! the plan there is another document.
//!
//! GitHub takes 65,536 characters in the description of a pull request and 262,144 bytes in a comment, though its
//! message names 65,536 characters there too; a job's summary may have 1 MiB.
//! Sources: <https://github.com/dead-claudia/github-limits#pr-body>,
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

mod findings;
mod fit;
mod foot;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use self::fit::{LeftOut, Part, Rank, fit, row};
use super::Options;
use super::escape::{code, prose};
use super::sort::{Pools, worst_first};
use super::text::{age, count, shorten};
use super::words;
use crate::model::report::{Finding, GateSummary, PoolSummary, Report};
use crate::model::{Gate, Position, Status};

/// The limit where none is given: it fits a description, a comment and a summary.
pub const DEFAULT_LIMIT: u32 = 65_000;
/// The least limit that leaves room for findings beside the answer and the foot.
pub const LEAST_LIMIT: u32 = 10_000;

/// Rows of a table that stay as long as the answer does.
const FIRST_ROWS: usize = 30;
/// The most columns of one text of foreign origin, and of a shorter one.
const LONG: usize = 600;
const SHORT: usize = 240;

/// Writes the document.
pub fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let pools = Pools::of(report);
    let mut parts = head(report);
    let answer = parts.len();
    parts.extend(gates(report, &pools));
    parts.extend(foot::permissions(report));
    parts.extend(findings::parts(report, &pools, options));
    parts.extend(foot::baseline(report));
    parts.extend(foot::decisions(report));
    parts.extend(foot::parts(report));
    let limit = usize::try_from(options.markdown_limit).unwrap_or(usize::MAX);
    let text = fit(&parts, limit, answer, |left| notice(left, options));
    out.write_all(text.as_bytes())
}

/// A text that may be long, cut before it is escaped.
fn long(text: &str) -> String {
    prose(&shorten(text, LONG))
}

/// A value as code, cut before it is escaped; code without text would not be seen.
fn value(text: &str) -> String {
    if text.is_empty() { "(empty)".to_owned() } else { code(&shorten(text, SHORT)) }
}

/// The name and id of a thing, or the id alone.
fn called(name: Option<&str>, id: &str) -> String {
    let name = words::name(name).map(|name| prose(&shorten(name, SHORT)));
    let id = value(id);
    name.map_or(id.clone(), |name| format!("{name} ({id})"))
}

/// Where the rest is.
fn notice(left: LeftOut, options: &Options) -> String {
    let what = match left.findings {
        0 => "The long lists of this document are cut to fit".to_owned(),
        n => format!("{n} of {} results are left out to fit, the least important ones", left.of),
    };
    let whole = match &options.full {
        Some(file) => format!("{} of this run has everything", value(file)),
        None => "`mrready audit` with `-o report.json` writes everything".to_owned(),
    };
    format!("> **Shortened:** {what}; {whole}.\n")
}

/// The title, what weakens the answer, and the answer.
fn head(report: &Report) -> Vec<Part> {
    let mut parts = vec![Part::whole(Rank::Answer, &format!("## {}", title(report)))];
    if !report.run.reductions.is_empty() {
        let mut part = Part::new("**Reduced:** options made this run see or count less than it does by default.\n\n");
        for each in &report.run.reductions {
            let blocker = if each.touches_blocker { " (touches a blocker)" } else { "" };
            let line = format!("- {}: {}{blocker}", value(&each.option), long(&each.effect));
            part.push(Rank::Answer, &line, 0);
        }
        parts.push(part);
    }
    parts.extend(report.summary.answer.iter().map(|sentence| Part::whole(Rank::Answer, &prose(sentence))));
    let exit = &report.summary.exit;
    let because = if exit.because.is_empty() { String::new() } else { format!(": {}", exit.because.join("; ")) };
    let counts = format!("Results: {}. Exit code {}{}.", words::counts(report), exit.code, long(&because));
    parts.push(Part::whole(Rank::Answer, &counts));
    parts
}

/// Which pools, and how they stand.
fn title(report: &Report) -> String {
    let pools = &report.summary.pools;
    let standing = |word: &str, n: usize| (n > 0).then(|| format!("{n} {word}"));
    match pools.as_slice() {
        [] => "Multi-Region replication: no user pool in scope".to_owned(),
        [pool] => {
            let name = called(pool.name.as_deref(), &pool.id);
            format!("Multi-Region replication of {name}: {}", worst(pool))
        }
        _ => {
            let of = |word: &str| pools.iter().filter(|pool| worst(pool) == word).count();
            let words = ["BLOCKED", "UNDETERMINED", "READY", "no gate counts"];
            let numbers: Vec<String> = words.iter().filter_map(|word| standing(word, of(word))).collect();
            format!("Multi-Region replication of {}: {}", count(pools.len(), "pool"), numbers.join(", "))
        }
    }
}

/// The worst status of a pool's gates that count.
fn worst(pool: &PoolSummary) -> &'static str {
    let has = |status| pool.gates.values().any(|state| state.counted && state.status == status);
    if has(Status::Blocked) {
        "BLOCKED"
    } else if has(Status::Undetermined) {
        "UNDETERMINED"
    } else if has(Status::Ready) {
        "READY"
    } else {
        "no gate counts"
    }
}

/// The gates: of one pool with their reasons, of several a row each.
fn gates(report: &Report, pools: &Pools<'_>) -> Vec<Part> {
    match report.summary.pools.as_slice() {
        [] => Vec::new(),
        [pool] => {
            let findings = pools.findings(report).remove(&Some((&pool.account, &pool.id))).unwrap_or_default();
            one_pool(report, pool, &findings)
        }
        _ => vec![matrix(report)],
    }
}

fn one_pool(report: &Report, pool: &PoolSummary, findings: &[&Finding]) -> Vec<Part> {
    let replica = pool.replica_region.as_deref().map_or("replica Region not given".to_owned(), value);
    let mut facts = vec![format!("Account {}, {} → {replica}", value(&pool.account), value(&pool.region))];
    facts.extend(pool.owner.iter().map(|owner| format!("owner {}", value(owner))));
    facts.extend(pool.wave.iter().map(|wave| format!("wave {}", value(wave))));
    let old = pool.evidence_from.as_deref().and_then(|then| age(then, &report.run.now));
    facts.extend(old.map(|age| format!("evidence {age}")));
    let mut table = Part::table("", &["Gate", "Position", "Status", "Why"]);
    for (gate, state) in &pool.gates {
        let why = words::why(*gate, state, findings);
        let cells = [code(gate.as_str()), words::position(state.position).to_owned(), status(state), why];
        table.push(Rank::Gates, &row(&cells), 0);
    }
    vec![Part::whole(Rank::Gates, &format!("{}.", facts.join(", "))), table]
}

/// The status in capitals where it counts.
fn status(state: &GateSummary) -> String {
    match (state.position, state.counted, state.status) {
        (Position::NotPlanned, ..) => "–".to_owned(),
        (_, false, status) => status.as_str().to_owned(),
        (_, true, Status::Blocked) if state.regression => "**REGRESSED**".to_owned(),
        (_, true, Status::Blocked) => "**BLOCKED**".to_owned(),
        (_, true, Status::Undetermined) => "**UNDETERMINED**".to_owned(),
        (_, true, Status::Ready) => "READY".to_owned(),
    }
}

/// One row a pool, the worst first.
fn matrix(report: &Report) -> Part {
    let pools = worst_first(report);
    let owned = pools.iter().any(|pool| pool.owner.is_some());
    let waves = pools.iter().any(|pool| pool.wave.is_some());
    let mut header = vec!["Pool", "Account", "Regions"];
    header.extend(owned.then_some("Owner"));
    header.extend(waves.then_some("Wave"));
    header.extend(Gate::ALL.iter().map(|gate| gate.as_str()));
    let mut part = Part::table("### Pools, worst first\n\n", &header);
    for (at, pool) in pools.iter().enumerate() {
        let or_none = |text: &Option<String>| text.as_deref().map_or_else(|| "–".to_owned(), value);
        let replica = pool.replica_region.as_deref().map_or("not given".to_owned(), value);
        let mut cells = vec![
            called(pool.name.as_deref(), &pool.id),
            value(&pool.account),
            format!("{} → {replica}", value(&pool.region)),
        ];
        cells.extend(owned.then(|| or_none(&pool.owner)));
        cells.extend(waves.then(|| or_none(&pool.wave)));
        cells.extend(Gate::ALL.iter().map(|gate| pool.gates.get(gate).map_or("–".to_owned(), cell)));
        part.push(if at < FIRST_ROWS { Rank::Gates } else { Rank::Lists }, &row(&cells), 0);
    }
    part
}

fn cell(state: &GateSummary) -> String {
    match (state.position, state.counted, state.status) {
        (Position::Later, false, _) => "later".to_owned(),
        (Position::Done, true, Status::Undetermined) => "done, not all known".to_owned(),
        (Position::Done, true, Status::Ready) => "done".to_owned(),
        _ => status(state),
    }
}
