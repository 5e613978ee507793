//! `mrready rules list|check|test|new`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::audit::run_tests;
use crate::facts::FieldSet;
use crate::model::{DecidedBy, SubjectKind};
use crate::render::catalog;
use crate::rules::{Catalog, Rule, is_rule_id, new_rule};

use super::args::{ListFormat, RulesArgs, RulesCommand, SubjectArg};
use super::files::{self, Readers};
use super::{exit, ui};

/// Runs the command.
pub(super) fn run(args: &RulesArgs) -> Result<u8> {
    match &args.command {
        RulesCommand::List { rules, no_builtin_rules, format } => list(rules, !no_builtin_rules, *format),
        RulesCommand::Check { paths } => check(paths),
        RulesCommand::Test { paths } => test(paths),
        RulesCommand::New { id, subject, output } => new(id, *subject, output),
    }
}

fn list(paths: &[PathBuf], builtin: bool, format: ListFormat) -> Result<u8> {
    let rules = Catalog::load(&FieldSet, builtin, &files::read_rules(paths)?)?;
    let rows: Vec<catalog::RuleRow> = rules.rules.iter().map(row).collect();
    let mut out = Vec::new();
    match format {
        ListFormat::Json => catalog::write_json(&rows, &mut out)?,
        ListFormat::Table => catalog::write_table(&rows, ui::width(), &mut out)?,
    }
    std::io::stdout().lock().write_all(&out)?;
    Ok(exit::GOOD)
}

/// A rule as a row of the catalogue.
pub(super) fn row(rule: &Rule) -> catalog::RuleRow {
    catalog::RuleRow {
        id: rule.id.clone(),
        title: rule.title.clone(),
        level: rule.level,
        decided_by: rule.decided_by,
        gates: rule.gates.clone(),
        subject: rule.subject,
        tags: rule.tags.clone(),
        status: rule.status.clone(),
        since: rule.since.clone(),
        references: rule.references.clone(),
    }
}

/// The rules in these paths, or the tool's own; `whole`: with a test of every verdict they can give.
fn read(paths: &[PathBuf], whole: bool) -> Result<Vec<Rule>> {
    let user = files::read_rules(paths)?;
    // The tool's own have a test of every verdict anyway.
    let whole = whole || paths.is_empty();
    let catalog = if whole { Catalog::check(&FieldSet, true, &user)? } else { Catalog::load(&FieldSet, true, &user)? };
    Ok(catalog.rules.into_iter().filter(|rule| rule.builtin == paths.is_empty()).collect())
}

fn check(paths: &[PathBuf]) -> Result<u8> {
    let rules = read(paths, true)?;
    let people = rules.iter().filter(|rule| rule.decided_by == DecidedBy::Person).count();
    writeln!(std::io::stdout().lock(), "rules that are sound: {}, of which a person decides {people}", rules.len())?;
    Ok(exit::GOOD)
}

fn test(paths: &[PathBuf]) -> Result<u8> {
    let rules = read(paths, false)?;
    let mut out = std::io::stdout().lock();
    let (mut run, mut failed) = (0, 0);
    for rule in &rules {
        run += rule.tests.len();
        for failure in run_tests(rule, &FieldSet) {
            failed += 1;
            writeln!(out, "{}", crate::render::safe::safe(&failure.to_string()))?;
        }
    }
    let word = if rules.len() == 1 { "rule" } else { "rules" };
    writeln!(out, "{} {word}, {run} tests, {failed} failed", rules.len())?;
    Ok(if failed == 0 { exit::GOOD } else { exit::NO })
}

fn new(id: &str, subject: SubjectArg, folder: &Path) -> Result<u8> {
    if !is_rule_id(id) {
        bail!("`{id}` is no rule id: lower-case words joined by hyphens, such as key-multi-region");
    }
    let path = folder.join(format!("{id}.yaml"));
    if path.exists() {
        bail!("{} is there already", files::name(&path));
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", files::name(folder)))?;
    files::write_whole(&path, new_rule(id, SubjectKind::from(subject)).as_bytes(), Readers::Usual)?;
    writeln!(std::io::stdout().lock(), "{}", files::name(&path))?;
    Ok(exit::GOOD)
}
