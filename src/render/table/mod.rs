//! `--format table`: the report for a person at a terminal. The answer first, then what blocks, then what to do.
//!
//! Up to twenty pools get a part each; more get one matrix, and their findings by rule and cause. All text that comes
//! from an account goes through [`safe`](super::safe::safe), and no line is wider than asked. Nothing is judged here,
//! and nothing is left out without a number that says so.

mod entry;
mod fleet;
mod fold;
mod foot;
mod layout;
#[cfg(test)]
mod lines;
mod pool;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use self::layout::Page;
use super::paint::{Style, paint};
use super::safe::safe;
use super::sort::Pools;
use super::{MAX_DETAILED_POOLS, Options};
use crate::model::Report;

/// Stands before the answer, so that no line begins with a name from an account.
const ANSWER: &str = "Answer  ";

/// Writes the report as text for a terminal.
pub fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(options.width);
    let pools = Pools::of(report);
    let is_fleet = report.summary.pools.len() > MAX_DETAILED_POOLS && !options.verbose;
    reductions(&mut page, report);
    answer(&mut page, report);
    if is_fleet {
        fleet::write(&mut page, report, &pools, options);
    } else {
        if report.summary.pools.len() > 1 {
            page.blank();
            fleet::matrix(&mut page, report, usize::MAX);
        }
        pool::write(&mut page, report, &pools, options);
    }
    foot::write(&mut page, report, &pools, options);
    page.write(options.color, options.links, out)
}

/// What makes the answer weaker than a default run's, above the answer.
fn reductions(page: &mut Page, report: &Report) {
    let reductions = &report.run.reductions;
    if reductions.is_empty() {
        return;
    }
    let title = "REDUCED: options made this run see or count less than it does by default.";
    page.para("", 2, &paint(Style::Yellow, title));
    for each in reductions {
        let blocker = if each.touches_blocker { " (touches a blocker)" } else { "" };
        page.para("  - ", 4, &format!("{}: {}{blocker}", safe(&each.option), safe(&each.effect)));
    }
    page.blank();
}

fn answer(page: &mut Page, report: &Report) {
    let lead = paint(Style::Bold, ANSWER);
    let hang = ANSWER.len();
    for (index, sentence) in report.summary.answer.iter().enumerate() {
        let text = safe(sentence);
        if index == 0 {
            page.para(&lead, hang, &paint(Style::Bold, &text));
        } else {
            page.para(&" ".repeat(hang), hang, &text);
        }
    }
}
