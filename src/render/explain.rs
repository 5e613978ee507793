//! What `explain` prints: a rule, a field, a gate or a class of issuer reference, for somebody who has a finding in front of them. A finding itself is
//! told in [`finding`](super::finding).

use std::io::{self, Write};

use crate::model::report::Reference;
use crate::model::{DecidedBy, Gate, Resolve, Severity};

use super::catalog::RuleRow;
use super::safe::safe;
use super::text::wrap;

/// A rule to be explained.
#[derive(Debug, Clone)]
pub struct RuleText {
    /// The rule.
    pub row: RuleRow,
    /// Whether a decisions file may waive it.
    pub waivable: bool,
    /// Why it matters.
    pub why: String,
    /// When its remedy is applied.
    pub resolve: Resolve,
    /// Field and what it is.
    pub fields: Vec<(String, String)>,
    /// The calls its evidence comes from.
    pub calls: Vec<String>,
    /// The permissions these need.
    pub actions: Vec<String>,
    /// Id, title, summary and command of each step of its remedy.
    pub steps: Vec<(String, String, String, Option<String>)>,
}

/// A field to be explained.
#[derive(Debug, Clone)]
pub struct FieldText {
    /// Its name.
    pub name: String,
    /// What it is.
    pub doc: String,
    /// Its type.
    pub ty: String,
    /// What absence means.
    pub absent: String,
    /// The calls it is read from.
    pub calls: Vec<String>,
    /// The permissions these need.
    pub actions: Vec<String>,
    /// The rules that read it.
    pub rules: Vec<String>,
}

/// A gate to be explained.
#[derive(Debug, Clone)]
pub struct GateText {
    /// The gate.
    pub gate: Gate,
    /// Its question.
    pub question: String,
    /// What shows that it was passed.
    pub done_when: String,
    /// The rules that stop it.
    pub blockers: Vec<RuleRow>,
    /// The rules that warn.
    pub advisories: Vec<RuleRow>,
    /// The rules that state facts.
    pub infos: Vec<RuleRow>,
}

/// A class of issuer reference to be explained.
#[derive(Debug, Clone)]
pub struct ClassText {
    /// Its name.
    pub name: String,
    /// What it is.
    pub title: String,
    /// How much a sure one matters.
    pub severity: Severity,
    /// What to do: language or format, and words; `any` is for all others.
    pub remedies: Vec<(String, String)>,
    /// What is left to do after the last token of the original issuer, likewise.
    pub afters: Vec<(String, String)>,
    /// Where it is written.
    pub references: Vec<Reference>,
}

/// Writes a class of issuer reference.
pub fn write_class(text: &ClassText, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, width);
    page.line(&text.name)?;
    page.text(2, &text.title)?;
    let matters = match text.severity {
        Severity::Error => "error: it breaks at the switch of the issuer, or forbids it",
        Severity::Warning => "warning: it may break, or loses what the switch is for",
        Severity::Info => "info: nothing to do, worth knowing",
    };
    page.field("severity", matters)?;
    page.field("lower", "info where the updated issuer is accepted too, in tests and in documentation")?;
    page.field("found by", "mrready scan")?;
    for (head, texts) in [("What to do", &text.remedies), ("After the last token of the old issuer", &text.afters)] {
        page.head(head)?;
        let (any, own): (Vec<_>, Vec<_>) = texts.iter().partition(|(language, _)| language == "any");
        for (language, what) in own.into_iter().chain(any) {
            page.item(if language == "any" && texts.len() > 1 { "all others" } else { language }, what)?;
        }
    }
    page.references(&text.references)
}

/// Writes a rule.
pub fn write_rule(text: &RuleText, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, width);
    let row = &text.row;
    page.line(&format!("{}  {}", row.id, row.tags.join(" ")))?;
    page.text(2, &row.title)?;
    let gates: Vec<&str> = row.gates.iter().map(|gate| gate.as_str()).collect();
    let person = if row.decided_by == DecidedBy::Person { "; a person decides, no API shows it" } else { "" };
    page.field("level", &format!("{} on {}{person}", row.level, row.subject))?;
    page.field("gates", &gates.join(", "))?;
    if !text.waivable {
        page.field("waivable", "never: AWS itself refuses otherwise")?;
    }
    page.field("why", &text.why.split_whitespace().collect::<Vec<_>>().join(" "))?;
    page.head("What it reads")?;
    for (name, doc) in &text.fields {
        page.item(name, doc)?;
    }
    page.field("calls", &or_none(&text.calls))?;
    page.field("needs", &or_none(&text.actions))?;
    if !text.steps.is_empty() {
        let when = match text.resolve {
            Resolve::Before => "before the step",
            Resolve::AtSwitch => "at the switch",
            Resolve::After => "after the step",
        };
        page.head(&format!("What to do, {when}"))?;
        for (id, title, summary, command) in &text.steps {
            page.item(id, &format!("{title}. {}", summary.split_whitespace().collect::<Vec<_>>().join(" ")))?;
            for line in command.iter().flat_map(|command| command.lines()) {
                page.verbatim(6, line)?;
            }
        }
    }
    page.references(&row.references)
}

/// Writes a field.
pub fn write_field(text: &FieldText, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, width);
    page.line(&text.name)?;
    page.text(2, &text.doc)?;
    page.field("type", &text.ty)?;
    page.field("absent", &text.absent)?;
    page.field("calls", &or_none(&text.calls))?;
    page.field("needs", &or_none(&text.actions))?;
    page.field("rules", &or_none(&text.rules))
}

/// Writes a gate.
pub fn write_gate(text: &GateText, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, width);
    page.line(&format!("gate {}", text.gate))?;
    page.text(2, &text.question)?;
    page.field("done", &format!("when {}", text.done_when))?;
    page.field("ready", "when every blocker is decided, none is false and at least one is decided")?;
    for (head, rows) in
        [("Blockers", &text.blockers), ("Advisories, which do not stop it", &text.advisories), ("Facts", &text.infos)]
    {
        if rows.is_empty() {
            continue;
        }
        page.head(head)?;
        for row in rows {
            let person = if row.decided_by == DecidedBy::Person { " (a person decides)" } else { "" };
            page.item(&row.id, &format!("{}{person}", row.title))?;
        }
    }
    Ok(())
}

fn or_none(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Lines of an explanation, written as they come.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    width: usize,
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut dyn Write, width: usize) -> Self {
        Self { out, width: width.clamp(60, 110) }
    }

    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", safe(text))
    }

    pub(super) fn text(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for line in wrap(&safe(text), self.width - indent, self.width - indent) {
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    pub(super) fn head(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.line(text)
    }

    pub(super) fn field(&mut self, name: &str, text: &str) -> io::Result<()> {
        let room = self.width - 12;
        for (index, line) in wrap(&safe(text), room, room).iter().enumerate() {
            writeln!(self.out, "  {:<9} {line}", if index == 0 { name } else { "" })?;
        }
        Ok(())
    }

    pub(super) fn item(&mut self, name: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "  {}", safe(name))?;
        self.text(6, text)
    }

    /// `1. text`
    pub(super) fn numbered(&mut self, number: usize, text: &str) -> io::Result<()> {
        let lead = format!("{number}. ");
        let room = self.width - lead.len();
        for (index, line) in wrap(&safe(text), room, room).iter().enumerate() {
            writeln!(self.out, "{:<width$}{line}", if index == 0 { &lead } else { "" }, width = lead.len())?;
        }
        Ok(())
    }

    /// A line to be copied: it is not wrapped.
    pub(super) fn verbatim(&mut self, indent: usize, line: &str) -> io::Result<()> {
        writeln!(self.out, "{:indent$}{}", "", safe(line))
    }

    /// Where a rule is written, when that was read, and how sure it is.
    pub(super) fn references(&mut self, references: &[Reference]) -> io::Result<()> {
        if references.is_empty() {
            return Ok(());
        }
        self.head("Where it is written")?;
        for each in references {
            self.verbatim(2, &format!("{} ({}, read {})", each.url, each.grade, each.read))?;
        }
        if references.iter().all(|each| ["TP", "INF", "UNV"].contains(&each.grade.as_str())) {
            self.text(2, "Neither AWS nor a standard says so: such a rule may warn, and is never a blocker.")?;
        }
        Ok(())
    }
}
