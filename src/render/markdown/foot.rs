//! What stands behind the findings: what would help, what changed, decisions, who asked with what, and who signs.

use super::findings::fold;
use super::fit::{Part, Rank, row};
use super::{FIRST_ROWS, SHORT, called, long, value};
use crate::model::report::{MissingPermission, Report, WaiverState};
use crate::render::about::{About, Item};
use crate::render::escape::{code, prose};
use crate::render::text::{count, list, shorten};
use crate::render::words;

/// Permissions that outlive the long lists.
const FIRST_PERMISSIONS: usize = 10;
/// Calls or answers named in one line.
const MAX_NAMES: usize = 10;
/// Answers of people listed with one rule.
const MAX_ANSWERS: usize = 3;

/// Which permissions decide what, the one that helps most first.
pub(super) fn permissions(report: &Report) -> Option<Part> {
    let permissions = &report.coverage.permissions;
    let mut part = Part::table(
        "### Missing permissions\n\n",
        &["Permission", "Findings that want it", "Blockers among them", "Decided by it alone"],
    );
    for (at, each) in permissions.iter().enumerate() {
        let MissingPermission { action, findings, blockers, alone } = each;
        let cells = [value(action), findings.to_string(), blockers.to_string(), alone.to_string()];
        part.push(if at < FIRST_PERMISSIONS { Rank::Gates } else { Rank::Lists }, &row(&cells), 0);
    }
    (!part.is_empty()).then_some(part)
}

/// What the baseline had and this run has not.
pub(super) fn baseline(report: &Report) -> Vec<Part> {
    let (Some(baseline), Some(numbers)) = (&report.run.baseline, words::since_baseline(report)) else {
        return Vec::new();
    };
    let mut parts = vec![Part::whole(Rank::Gates, &format!("### Since {}: {numbers}", value(&baseline.now)))];
    let mut resolved = Part::new("Resolved:\n\n");
    for each in &report.resolved {
        let on = called(each.subject.name.as_deref(), &each.subject.id);
        let text = format!("- {} on {on}: {}: {}", code(&each.rule), words::became(each), long(&each.detail));
        resolved.push(Rank::Others, &text, 0);
    }
    parts.extend((!resolved.is_empty()).then_some(resolved));
    parts
}

/// The decisions, those first that did not apply.
pub(super) fn decisions(report: &Report) -> Option<Part> {
    if report.waivers.is_empty() {
        return None;
    }
    let mut entries: Vec<&WaiverState> = report.waivers.iter().collect();
    entries.sort_by_key(|each| each.state == "applied");
    let title = format!("Decisions: {}", words::decisions(report, words::as_is));
    let before = format!("<details>\n<summary>{}</summary>\n\n", prose(&shorten(&title, SHORT)));
    let head = ["State", "Decision", "Rule", "Subject", "Owner", "Until", "What became of it", "Where"];
    let mut part = Part::table(&before, &head).closed("</details>");
    for (at, each) in entries.into_iter().enumerate() {
        let cells = [
            value(&each.state),
            value(&each.kind),
            value(&each.rule),
            value(&each.subject),
            long(&each.owner),
            value(&each.expires),
            long(&each.detail),
            value(&each.place),
        ];
        part.push(if at < FIRST_ROWS { Rank::Others } else { Rank::Lists }, &row(&cells), 0);
    }
    Some(part)
}

/// The foot of a report that people sign.
pub(super) fn parts(report: &Report) -> Vec<Part> {
    let about = About::of(report);
    let mut parts = vec![
        sign_off(&about.sign_off),
        silent(&about.silent),
        facts(&about.facts),
        problems(report),
        listed("Searched for consumers of tokens", about.searched.iter().map(|each| value(each))),
        listed(
            "Not asked, and why",
            about
                .not_asked
                .iter()
                .map(|(why, what)| format!("{}: {}", long(why), list(what.iter().map(|each| value(each)), MAX_NAMES))),
        ),
    ];
    parts.retain(|part| !part.is_empty());
    let run = format!(
        "{} {} at {}; rules {}; evidence {}.",
        value(&report.tool.name),
        value(&report.tool.version),
        value(&report.run.now),
        value(&report.run.catalogue_digest),
        value(&report.snapshot.digest)
    );
    // What a report was made from stands below it, however short it is.
    parts.push(Part::whole(Rank::Answer, &run));
    parts
}

/// What a person answers for, as tasks: those with an answer for everything are done.
fn sign_off(items: &[Item]) -> Part {
    let mut part = Part::new("### Sign-off\n\n");
    for item in items {
        let done = if item.open == 0 { "x" } else { " " };
        let open = if item.open == 0 { String::new() } else { format!(" ({} open)", item.open) };
        let mut text = format!("- [{done}] {}: {}{open}\n", code(&item.rule), long(&item.title));
        text.extend(item.answers.iter().take(MAX_ANSWERS).map(|answer| format!("  - {}\n", long(answer))));
        let more = item.answers.len().saturating_sub(MAX_ANSWERS);
        text.extend((more > 0).then(|| format!("  - and {}\n", count(more, "further answer"))));
        part.push(Rank::Foot, &text, 0);
    }
    part.with(Rank::Foot, "- [ ] Read and accepted by (name, role, date):", 0)
}

fn silent(sentences: &[&str]) -> Part {
    let mut part = Part::new("### What this report does not say\n\n");
    for sentence in sentences {
        part.push(Rank::Foot, &format!("- {}", prose(sentence)), 0);
    }
    part
}

fn facts(facts: &[(&str, String)]) -> Part {
    let mut part =
        Part::table("<details>\n<summary>Who asked, with which rules and options</summary>\n\n", &["What", "Value"])
            .closed("</details>");
    for (label, text) in facts {
        part.push(Rank::Foot, &row(&[prose(label), value(text)]), 0);
    }
    part
}

/// Calls that were not answered.
fn problems(report: &Report) -> Part {
    let problems =
        report.coverage.problems.iter().map(|each| {
            format!("{} × {}, account {}", each.times, long(&each.cause.to_string()), value(&each.account))
        });
    listed("Calls that were not answered", problems)
}

/// A long list that a reader opens.
fn listed(title: &str, entries: impl Iterator<Item = String>) -> Part {
    let entries: Vec<String> = entries.collect();
    let mut part = fold(&format!("{title}: {}", entries.len()));
    for entry in entries {
        part.push(Rank::Lists, &format!("- {entry}"), 0);
    }
    part
}
