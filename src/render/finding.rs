//! What `explain FINGERPRINT --in REPORT` prints: how one finding follows from what AWS answered, and how to check it.
//!
//! It repeats what the report says and judges nothing again. Commands are text for a person; nothing is run here.

use std::io::{self, Write};

use super::aws_cli::{Command, command};
use super::explain::Page;
use super::safe::safe;
use crate::model::report::{AppliedWaiver, Evidence, Finding, Report, RuleSummary, Subject};
use crate::model::{Cause, DecidedBy, Level, Resolve, Source, Verdict};

/// Writes the derivation of a finding of this report.
pub fn write_finding(report: &Report, finding: &Finding, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, width);
    let rule = report.rules.get(&finding.rule);
    let tags = rule.map(|rule| rule.tags.join(" ")).unwrap_or_default();
    page.line(format!("{}  {tags}", finding.rule).trim_end())?;
    if let Some(rule) = rule {
        page.text(2, &rule.title)?;
    }
    let gates: Vec<&str> = finding.gates.iter().map(|gate| gate.as_str()).collect();
    page.field("level", &format!("{} on {}", finding.level, finding.subject.kind))?;
    page.field("gates", &if gates.is_empty() { "none".to_owned() } else { gates.join(", ") })?;
    page.field("subject", &subject(&finding.subject))?;
    page.field("verdict", &format!("{}: {}", finding.verdict, finding.message))?;
    page.field("so", so(rule, finding))?;
    if let Some(waiver) = &finding.waiver {
        page.field("decision", &decision(waiver))?;
    }
    page.field("id", &finding.fingerprint)?;
    page.field("judged", &format!("{} by mrready {}", report.run.now, report.tool.version))?;

    page.head(match (finding.evidence.is_empty(), finding.verdict) {
        (false, _) => "Derivation",
        (true, Verdict::Pass) => {
            "Derivation: no evidence is recorded; of many pools a report has that of passes with --show all"
        }
        (true, _) => "Derivation: no evidence is recorded",
    })?;
    for (number, evidence) in (1..).zip(&finding.evidence) {
        derivation(&mut page, number, evidence, finding.subject.pool_id.as_deref())?;
    }
    if let Some(remedy) = &finding.remediation {
        page.head(match remedy.when {
            Resolve::Before => "What to do, before the step",
            Resolve::AtSwitch => "What to do, at the switch",
            Resolve::After => "What to do, after the step",
        })?;
        page.text(2, &remedy.summary)?;
        if !remedy.steps.is_empty() {
            page.field("steps", &format!("{} (mrready explain {})", remedy.steps.join(", "), finding.rule))?;
        }
    }
    let Some(rule) = rule else { return Ok(()) };
    if !rule.why.trim().is_empty() {
        page.head("Why")?;
        page.text(2, &rule.why.split_whitespace().collect::<Vec<_>>().join(" "))?;
    }
    page.references(&rule.references)
}

/// One thing that was looked at: what it is, where it was read, how it follows, and the commands that ask again.
fn derivation(page: &mut Page<'_>, number: usize, evidence: &Evidence, pool_id: Option<&str>) -> io::Result<()> {
    page.numbered(number, &seen(evidence))?;
    for source in &evidence.sources {
        page.field("at", &place(source))?;
    }
    for (index, step) in evidence.derivation.iter().enumerate() {
        page.field(if index == 0 { "says" } else { "" }, step)?;
    }
    let mut cause = evidence.cause.as_ref();
    let mut label = "cause";
    while let Some(each) = cause {
        page.field(label, &link(each))?;
        cause = behind(each);
        label = "because";
    }
    if !evidence.missing_actions.is_empty() {
        page.field("allow", &evidence.missing_actions.join(", "))?;
    }
    let mut commands: Vec<Command> = evidence.sources.iter().filter_map(|source| command(source, pool_id)).collect();
    commands.dedup();
    for (index, command) in commands.iter().enumerate() {
        if index == 0 {
            page.field("check", "ask AWS yourself:")?;
        }
        page.verbatim(6, &command.line)?;
        if !command.fill_in.is_empty() {
            page.text(
                6,
                &format!("(fill in {}; this stands for every one that was found)", command.fill_in.join(", ")),
            )?;
        }
    }
    Ok(())
}

/// The next link of a chain of causes.
fn behind(cause: &Cause) -> Option<&Cause> {
    if let Cause::Prerequisite { because, .. } = cause { Some(because) } else { None }
}

/// One link of a chain of causes, without those behind it.
fn link(cause: &Cause) -> String {
    if let Cause::Prerequisite { call, .. } = cause {
        format!("{call} could not be asked: its input is not known")
    } else {
        cause.to_string()
    }
}

/// What was seen and what is wanted.
pub(super) fn seen(evidence: &Evidence) -> String {
    let field = &evidence.field;
    let seen = match (&evidence.actual, &evidence.cause) {
        (_, Some(_)) => format!("{field} is not known"),
        (Some(actual), None) => format!("{field} is {actual}"),
        (None, None) => format!("{field}: AWS answered and left it out"),
    };
    let wanted = evidence.expected.as_ref().map(|wanted| format!("; wanted: {wanted}"));
    seen + &wanted.unwrap_or_default()
}

/// Where it was read.
pub(super) fn place(source: &Source) -> String {
    match source {
        Source::Call { call, region, parameters, pointer } => {
            let of: Vec<String> = parameters.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            format!("{call} @ {region}{} {pointer}", of.concat())
        }
        Source::Place { file, line, column, path } => {
            let number = |n: &Option<u32>| n.map(|n| format!(":{n}")).unwrap_or_default();
            format!("{file}{}{} {path}", number(line), number(column)).trim_end().to_owned()
        }
        Source::Option { name } => format!("the option {name} of the run"),
        Source::Table { name, as_of } => format!("the tool's table {name}, true on {as_of}"),
    }
}

fn subject(subject: &Subject) -> String {
    let name = subject.name.as_ref().filter(|name| !name.trim().is_empty());
    let id = name.map_or(subject.id.clone(), |name| format!("{name} ({})", subject.id));
    let region = subject.region.as_ref().map(|region| format!(", {region}")).unwrap_or_default();
    let pool = subject.pool_id.as_ref().filter(|pool| **pool != subject.id);
    let pool = pool.map(|pool| format!(", of pool {pool}")).unwrap_or_default();
    let account = if subject.account.is_empty() { String::new() } else { format!(", account {}", subject.account) };
    format!("{} {id}{account}{region}{pool}", subject.kind)
}

/// Why what was seen makes this verdict.
fn so(rule: Option<&RuleSummary>, finding: &Finding) -> &'static str {
    let by_person = rule.is_some_and(|rule| rule.decided_by == DecidedBy::Person);
    match finding.verdict {
        Verdict::Pass if by_person && finding.waiver.is_some() => "a person answered yes",
        Verdict::Pass => "the condition holds",
        Verdict::Fail | Verdict::Warn if by_person => "a person answered no",
        Verdict::Fail => "the condition does not hold, and the rule is a blocker",
        Verdict::Warn => "the condition does not hold, and the rule is an advisory",
        Verdict::Info => "the rule states facts",
        Verdict::Unknown if finding.level == Level::Blocker => {
            "what decides it could not be seen; that never passes, and the gate stays undetermined"
        }
        Verdict::Unknown => "what decides it could not be seen; that never passes",
        Verdict::Manual => "no API shows it; it waits for a person's answer in a decisions file",
        Verdict::NotApplicable => "the rule does not concern this subject",
    }
}

/// Whose decision it is, until when and why, on one line and escaped.
pub(super) fn decision(waiver: &AppliedWaiver) -> String {
    let mut text =
        format!("{} by {} until {}", waiver.kind, waiver.by.as_ref().unwrap_or(&waiver.owner), waiver.expires);
    let more = [("on", &waiver.on), ("evidence:", &waiver.evidence), ("ticket", &waiver.ticket)];
    for (label, value) in more {
        text.extend(value.iter().map(|value| format!(", {label} {value}")));
    }
    safe(&format!("{text}; {}", waiver.reason))
}
