//! `mrready waivers init|check`: a decisions file to fill in, made from a report; and whether decisions files are sound and
//! still decide something. Nothing is judged again, and nothing is decided here: an entry as `init` writes it is refused.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::audit::{ended, observed_value, settle, whole};
use crate::facts::FieldSet;
use crate::model::{Finding, Gate, Level, Position, Report, Resolve, Verdict};
use crate::render::safe::safe;
use crate::rules::{Catalog, Decision, Glob, PLACEHOLDER, Problems, parse_decisions, subject_path};

use super::args::{DecisionKindArg, WaiversArgs, WaiversCommand};
use super::files::{self, Readers};
use super::{exit, ui};

/// Runs the command.
pub(super) fn run(args: &WaiversArgs) -> Result<u8> {
    match &args.command {
        WaiversCommand::Init { report, kind, output } => init(report, kind, output.as_deref()),
        WaiversCommand::Check { files, report, rules, now } => {
            check(files, report.as_deref(), rules, now.unwrap_or_else(Timestamp::now))
        }
    }
}

/// A report, if it lists all that it counts.
fn read_report(path: &Path) -> Result<Report> {
    let report = files::read_report(path)?;
    whole(&report).with_context(|| files::name(path))?;
    Ok(report)
}

fn init(path: &Path, kinds: &[DecisionKindArg], output: Option<&Path>) -> Result<u8> {
    let report = read_report(path)?;
    let text = template(&report, kinds);
    match output {
        None => ui::print(text.as_bytes())?,
        // Somebody may have filled it in.
        Some(path) if path.exists() => bail!("{} is there already", files::name(path)),
        Some(path) => files::write_whole(path, text.as_bytes(), Readers::Usual)?,
    }
    Ok(exit::GOOD)
}

/// The decisions file: an entry for each finding that a decision of these kinds (none: of all) could take out of the count.
fn template(report: &Report, kinds: &[DecisionKindArg]) -> String {
    let wanted = |kind| kinds.is_empty() || kinds.contains(&kind);
    let mut text = format!(
        "# Decisions about the report of {}, snapshot {}.\n\
         #\n\
         # Keep the entries that you can answer for, delete the others, and replace every {PLACEHOLDER}; until then the file is\n\
         # refused. An entry holds for the value in `observed` only, and to the end of `expires`. It changes no verdict: it\n\
         # takes the finding out of the count. `mrready waivers check FILE --report REPORT` says what becomes of it.\n",
        safe(&report.run.now),
        safe(&report.snapshot.digest),
    );
    let mut entries = 0_usize;
    for finding in &report.findings {
        let Some((kind, other)) = kind_for(report, finding) else { continue };
        let Some(kind) = [Some(kind), other].into_iter().flatten().find(|kind| wanted(*kind)) else { continue };
        text.push('\n');
        describe(&mut text, report, finding);
        let waivable = report.rules.get(&finding.rule).is_none_or(|rule| rule.waivable);
        if kind == DecisionKindArg::Attest || waivable {
            entries += 1;
            entry(&mut text, finding, kind);
        } else {
            let _ = writeln!(
                text,
                "# No entry: {} cannot be waived, seen or unseen, since AWS itself refuses what it forbids.",
                safe(&finding.rule)
            );
        }
    }
    if entries == 0 {
        text.push_str("\n# There is nothing to decide.\n[]\n");
    }
    text
}

/// The kind of decision that could take a finding out of the count, and another that could too.
fn kind_for(report: &Report, finding: &Finding) -> Option<(DecisionKindArg, Option<DecisionKindArg>)> {
    if finding.waiver.is_some() {
        return None;
    }
    match finding.verdict {
        Verdict::Fail | Verdict::Warn => {
            let at_switch = finding.gates.contains(&Gate::Issuer)
                && finding.remediation.as_ref().is_some_and(|remediation| remediation.when == Resolve::AtSwitch);
            Some(if at_switch && !is_switched(report, finding) {
                (DecisionKindArg::Cutover, Some(DecisionKindArg::Waive))
            } else {
                (DecisionKindArg::Waive, None)
            })
        }
        // What only states facts is in no count.
        Verdict::Unknown => (finding.level != Level::Info).then_some((DecisionKindArg::AcceptUnknown, None)),
        Verdict::Manual => Some((DecisionKindArg::Attest, None)),
        Verdict::Pass | Verdict::Info | Verdict::NotApplicable => None,
    }
}

fn is_switched(report: &Report, finding: &Finding) -> bool {
    let own = |pool: &&crate::model::report::PoolSummary| {
        finding.subject.pool_id.as_ref() == Some(&pool.id) && finding.subject.account == pool.account
    };
    let gate = report.summary.pools.iter().find(own).and_then(|pool| pool.gates.get(&Gate::Issuer));
    gate.is_none_or(|gate| gate.position == Position::Done)
}

/// What the finding is, in comments. A name from an account stays on its line.
fn describe(text: &mut String, report: &Report, finding: &Finding) {
    let title = report.rules.get(&finding.rule).map_or("", |rule| rule.title.as_str());
    let gates: Vec<&str> = finding.gates.iter().map(|gate| gate.as_str()).collect();
    let subject = &finding.subject;
    let name = subject.name.as_deref().unwrap_or(&subject.id);
    let _ = writeln!(text, "# {}, {}, {}: {}", finding.verdict, finding.level, gates.join(" and "), safe(title));
    let _ = writeln!(text, "# {} {}", subject.kind, safe(name));
    let _ = writeln!(text, "# {}", safe(&finding.message));
    let causes: BTreeSet<&str> =
        finding.evidence.iter().filter_map(|evidence| evidence.cause_text.as_deref()).collect();
    for cause in causes {
        let _ = writeln!(text, "# {}", safe(cause));
    }
}

fn entry(text: &mut String, finding: &Finding, kind: DecisionKindArg) {
    let kind_name = match kind {
        DecisionKindArg::Waive => "waive",
        DecisionKindArg::AcceptUnknown => "accept_unknown",
        DecisionKindArg::Cutover => "cutover",
        DecisionKindArg::Attest => "attest",
    };
    // The subject alone, whatever signs its name has.
    let subject = quoted(&Glob::escape(&subject_path(&finding.subject)));
    let _ = writeln!(text, "- kind: {kind_name}\n  rule: {}\n  subject: {subject}", quoted(&finding.rule));
    let observed = observed_value(finding);
    if !observed.is_empty() {
        let _ = writeln!(text, "  observed: {}", quoted(&observed));
    }
    match kind {
        DecisionKindArg::Waive | DecisionKindArg::AcceptUnknown => {}
        DecisionKindArg::Cutover => {
            let _ = writeln!(text, "  window: {{ from: {PLACEHOLDER}, until: {PLACEHOLDER} }}");
        }
        DecisionKindArg::Attest => {
            let _ = writeln!(text, "  answer: {PLACEHOLDER}  # yes or no");
            for key in ["evidence", "by", "on"] {
                let _ = writeln!(text, "  {key}: {PLACEHOLDER}");
            }
        }
    }
    for key in ["reason", "owner", "expires"] {
        let _ = writeln!(text, "  {key}: {PLACEHOLDER}");
    }
}

/// A double-quoted YAML scalar. Letters, digits and what ASCII shows stand as they are; all else is escaped, and what a CI
/// runner would read as a command (`::`, `##`).
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let again = matches!(c, ':' | '#') && out.ends_with(c);
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' | '‹' | '›' if !again => out.push(c),
            _ if c.is_alphanumeric() => out.push(c),
            _ => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

fn check(paths: &[PathBuf], report: Option<&Path>, rules: &[PathBuf], now: Timestamp) -> Result<u8> {
    let catalog = Catalog::load(&FieldSet, true, &files::read_rules(rules)?)?;
    let report = report.map(read_report).transpose()?;
    let (mut decisions, mut problems, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        match files::read_text(path) {
            Err(error) => unread.push(format!("{error:#}")),
            Ok(text) => match parse_decisions(&files::name(path), &text, &catalog) {
                Ok(found) => decisions.extend(found),
                Err(found) => problems.extend(found.list().iter().cloned()),
            },
        }
    }
    let (lines, good) = states(&decisions, report.as_ref(), &catalog, now);
    if !decisions.is_empty() || (problems.is_empty() && unread.is_empty()) {
        ui::print(lines.as_bytes())?;
    }
    unread.extend(Problems::none(problems).err().map(|problems| problems.to_string()));
    if !unread.is_empty() {
        bail!("{}", unread.join("\n"));
    }
    Ok(if good { exit::GOOD } else { exit::NO })
}

/// What became of the decisions, a line each, and whether all is well.
fn states(decisions: &[Decision], report: Option<&Report>, catalog: &Catalog, now: Timestamp) -> (String, bool) {
    let mut lines = String::new();
    let mut bad = 0_usize;
    match report {
        Some(report) => {
            for each in settle(report, decisions, catalog, now, None) {
                let (state, place) = (&each.state, each.place);
                bad += usize::from(state.state != "applied");
                line(&mut lines, each.decision, (place.line, place.column), &state.state, &state.detail);
            }
        }
        None => {
            for (each, end) in decisions.iter().map(|each| (each, ended(each, now))) {
                let Some((place, detail)) = end else { continue };
                bad += 1;
                line(&mut lines, each, (place.line, place.column), "expired", &detail);
            }
        }
    }
    let word = if decisions.len() == 1 { "decision" } else { "decisions" };
    let against = if report.is_some() { "that do not apply" } else { "expired" };
    let _ = writeln!(lines, "{} {word}, {against}: {bad}", decisions.len());
    (lines, bad == 0)
}

fn line(lines: &mut String, decision: &Decision, (line, column): (u32, u32), state: &str, detail: &str) {
    let (kind, rule) = (decision.kind.as_str(), safe(&decision.rule));
    let file = safe(&decision.file);
    let _ = writeln!(lines, "{file}:{line}:{column}: {state}: {kind} {rule}: {}", safe(detail));
}
