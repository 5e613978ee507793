//! `--output html`: the report as one file for people who look, search, print and sign. Nothing is loaded, nothing is sent.
//!
//! The answer comes first, then pools and gates, findings with their evidence, the plan, decisions, what could be seen, the
//! rules, and the foot that people sign. Templates escape by default, every text goes through [`safe`](super::safe::safe)
//! before, and a content security policy with the hashes of the one style and the one script allows nothing else.
//!
//! The document is whole without its script: `<details>` opens by itself, filters only narrow. For large fleets three ways
//! were tried in Chromium on two busy processors, 5,000 pools with ten findings each, until the first filter had worked:
//! everything as elements took 4.2 to 6.0 s, most of it for elements that nobody looks at. Findings within `<noscript>`,
//! which a browser with scripts keeps as text and one without reads as markup, took 3.2 s, of which about 2 s went into one
//! table of 5,000 rows; tables of a hundred rows that are laid out when they come into view took 0.2 to 0.5 s. So beyond
//! [`INLINE`] findings they are kept in `<noscript>`, and the script has the browser read those of a pool when the pool is
//! opened. Evidence that findings of a rule share is told once, with the rule. Data with a second renderer in the script would
//! be smaller, but then without scripts there would be numbers only, and two places to escape.
//!
//! Not here: any judgement, and how a plan's graph is laid out (`plan::graph`).

mod findings;
mod graph;
mod page;
mod pools;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use askama::Template as _;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest, Sha256};

use super::Show;
use crate::model::{Plan, Report};

/// With more findings than this they are kept in `<noscript>`, what many share is told once per rule, and ids are shortened.
const INLINE: usize = 1000;
/// Pools in one table: what is out of view is not laid out.
const CHUNK: usize = 100;
/// With more pools than this passes are counted only, and no plan is drawn.
pub const FEW_POOLS: usize = 20;

/// What the browser runs. The comments stay in the source.
const SCRIPT: &str = include_str!("report.js");
/// How it looks.
const STYLE: &str = include_str!("style.css");

/// Writes the report as one HTML document.
pub fn write(report: &Report, plan: Option<&Plan>, show: &Show, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(document(report, plan, show, INLINE)?.as_bytes())
}

/// The document; with more than `inline` findings in its form for large fleets.
fn document(report: &Report, plan: Option<&Plan>, show: &Show, inline: usize) -> io::Result<String> {
    page::Page::of(report, plan, show, inline).render().map_err(io::Error::other)
}

/// Allows this style and this script and nothing else.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    )
}
