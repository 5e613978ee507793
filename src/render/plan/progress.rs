//! How far a plan has come, for a person at a terminal: a line a step, and the reason where somebody has to act.

use std::io::{self, Write};

use super::super::paint::{Painter, Style, paint};
use super::super::safe::safe;
use super::super::text::{age, wrap};
use crate::model::plan::{PoolProgress, Progress, StepProgress, Verification};

/// How the text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct ProgressOptions {
    /// Columns.
    pub width: usize,
    /// Whether to write colours.
    pub color: bool,
    /// The reason of every step.
    pub verbose: bool,
}

/// Writes every pool with its steps.
pub fn write(verification: &Verification, options: &ProgressOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut painter = Painter::new(options.color);
    let mut lines = Vec::new();
    for note in &verification.notes {
        lines.extend(indented("note: ", note, options.width));
    }
    for pool in &verification.pools {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        head(pool, verification, options, &mut lines);
        for step in &pool.steps {
            self::step(step, options, &mut lines);
        }
        for (what, items) in [("not in the plan: ", &pool.new_steps), ("no step mends: ", &pool.unmended)] {
            if !items.is_empty() {
                lines.extend(indented(&format!("  {what}"), &items.join(", "), options.width));
            }
        }
    }
    for line in lines {
        writeln!(out, "{}", painter.line(&line))?;
    }
    Ok(())
}

fn head(pool: &PoolProgress, verification: &Verification, options: &ProgressOptions, lines: &mut Vec<String>) {
    // What was done when the plan was made is not among its steps.
    let steps = || pool.steps.iter().filter(|step| step.number > 0);
    let done = steps().filter(|step| step.progress == Progress::Done).count();
    let name = pool.pool.name.as_ref().map(|name| format!(" ({})", safe(name))).unwrap_or_default();
    let next = match &pool.next {
        Some(next) => format!("next: {}", safe(next)),
        None if steps().count() == done => "everything is done".to_owned(),
        None => "nothing can be done now".to_owned(),
    };
    let text = format!("{}{name}: {done} of {} steps done; {next}", safe(&pool.pool.id), steps().count());
    lines.extend(wrap(&text, options.width, options.width).into_iter().map(|line| paint(Style::Bold, &line)));
    let ages: Vec<String> = pool
        .evidence_from
        .iter()
        .map(|(region, from)| {
            let age = age(from, &verification.now).map(|age| format!(" ({age})")).unwrap_or_default();
            format!("{} since {}{age}", safe(region), safe(from))
        })
        .collect();
    let ages = if ages.is_empty() { "none".to_owned() } else { ages.join(", ") };
    lines.extend(indented("  evidence: ", &ages, options.width));
}

fn step(step: &StepProgress, options: &ProgressOptions, lines: &mut Vec<String>) {
    let (style, reason) = match step.progress {
        Progress::Done => (Style::Green, false),
        Progress::Next => (Style::Cyan, true),
        Progress::Waiting => (Style::Dim, false),
        Progress::Undone => (Style::Red, true),
        Progress::Unclear => (Style::Yellow, true),
        Progress::Person => (Style::Magenta, true),
    };
    let number = if step.number == 0 { "-".to_owned() } else { step.number.to_string() };
    let word = paint(style, step.progress.as_str());
    let pad = " ".repeat(8usize.saturating_sub(step.progress.as_str().len()));
    lines.push(format!("  {word}{pad}{number:>3} {}: {}", safe(&step.id), safe(&step.title)));
    if (reason || options.verbose) && !step.because.is_empty() {
        lines.extend(indented("              ", &step.because, options.width));
    }
}

/// A text behind a lead, wrapped, its further lines indented as far as the lead is long.
fn indented(lead: &str, text: &str, width: usize) -> Vec<String> {
    let room = width.saturating_sub(lead.len()).max(20);
    let lines = wrap(&safe(text), room, room);
    let further = " ".repeat(lead.len());
    lines.iter().enumerate().map(|(at, line)| format!("{}{line}", if at == 0 { lead } else { &further })).collect()
}
