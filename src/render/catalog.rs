//! The catalogue of rules as a table and as JSON, for `rules list`. Its rows are frozen: people read the JSON.

use std::io::{self, Write};

use serde::Serialize;

use crate::model::report::Reference;
use crate::model::{DecidedBy, Gate, Level, SubjectKind};

use super::safe::safe;
use super::text::{shorten, wrap};

/// One rule as `rules list` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct RuleRow {
    /// Its id.
    pub id: String,
    /// What it requires.
    pub title: String,
    /// How much it weighs.
    pub level: Level,
    /// Who can tell.
    pub decided_by: DecidedBy,
    /// The gates it guards.
    pub gates: Vec<Gate>,
    /// What it judges.
    pub subject: SubjectKind,
    /// Tags such as `MRR-006`.
    pub tags: Vec<String>,
    /// `stable` or `experimental`.
    pub status: String,
    /// The first version that had it.
    pub since: String,
    /// Where it is written.
    pub references: Vec<Reference>,
}

/// An array, one object a rule.
pub fn write_json(rows: &[RuleRow], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, rows)?;
    writeln!(out)
}

/// Two lines a rule: id, tag, level and gates; then what it requires.
pub fn write_table(rows: &[RuleRow], width: usize, out: &mut dyn Write) -> io::Result<()> {
    let width = width.max(60);
    for row in rows {
        let gates: Vec<&str> = row.gates.iter().map(|gate| gate.as_str()).collect();
        let person = if row.decided_by == DecidedBy::Person { ", a person decides" } else { "" };
        let head = format!("{}  {}", safe(&row.id), safe(&row.tags.join(" ")));
        writeln!(out, "{}", shorten(&head, width))?;
        writeln!(
            out,
            "{}",
            shorten(&format!("    {} on {}, gates {}{person}", row.level, row.subject, gates.join(", ")), width)
        )?;
        for line in wrap(&safe(&row.title), width - 4, width - 4) {
            writeln!(out, "    {line}")?;
        }
    }
    let number = |level: Level| rows.iter().filter(|row| row.level == level).count();
    writeln!(
        out,
        "{} rules: {} blockers, {} advisories, {} state facts",
        rows.len(),
        number(Level::Blocker),
        number(Level::Advisory),
        number(Level::Info)
    )
}
