//! `--format github`: workflow commands of GitHub Actions, which a step prints and a run shows as annotations.
//!
//! A step has room for ten errors, ten warnings and ten notices; of more, the worst nine are shown and the rest counted.
//! Failures are errors; warnings and blockers that are not known are warnings; the answer, reductions, what waits for a
//! person and what else is not known are notices. What passed, facts, and what a decision takes out of the count are not
//! annotated. A finding stands at a line if it is in a source tree, or at the file of `--annotate`; else nowhere.
//!
//! Everything is escaped as the runner reads it: a name can neither begin a command nor add a property to one.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Options;
use super::annotate::{Spot, reference, sentence, spot, spot_of, worst_first};
use super::safe::safe;
use super::scan::ClassText;
use super::text::count;
use crate::model::reference::ScanHit;
use crate::model::report::{Finding, Report};
use crate::model::{Class, Confidence, Level, ScanReport, Severity, Verdict};

/// The most annotations of one kind that a step shows.
const MOST: usize = 10;

/// The kinds of annotation, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One annotation.
#[derive(Debug)]
struct Annotation {
    kind: Kind,
    title: String,
    place: Option<Spot>,
    message: String,
}

/// Writes the commands of an audit.
pub(super) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let whole_file = options.code_host.place.as_ref().map(|file| Spot {
        tree: String::new(),
        below: file.clone(),
        path: file.clone(),
        line: Some(1),
        column: None,
    });
    let mut all = Vec::new();
    for finding in worst_first(report, &options.show) {
        let Some(kind) = kind(finding) else { continue };
        if finding.is_waived() || !options.show.verdicts.lists(finding.verdict, true) {
            continue;
        }
        let place = spot(report, finding).or_else(|| whole_file.clone());
        all.push(Annotation { kind, title: finding.rule.clone(), place, message: sentence(finding) });
    }
    print(&head(report), &all, options.full.as_deref(), out)
}

/// Writes the commands of a scan.
pub(super) fn write_scan(report: &ScanReport, class: fn(Class) -> ClassText, out: &mut dyn Write) -> io::Result<()> {
    let counted = usize::try_from(report.summary.counted).unwrap_or(usize::MAX);
    let said = format!("{}, of which {counted} count", count(report.hits.len(), "reference"));
    let head = [notice("mrready scan", said)];
    let mut hits: Vec<(Kind, &ScanHit)> = report.hits.iter().filter_map(|hit| Some((kind_of_hit(hit)?, hit))).collect();
    hits.sort_by_key(|(kind, _)| *kind);
    let hits = hits.into_iter().map(|(kind, hit)| Annotation {
        kind,
        title: class(hit.class).title.to_owned(),
        place: Some(spot_of(report, hit)),
        message: reference(hit),
    });
    let unread = report.skipped.iter().filter(|each| each.reason.may_hide());
    let unread = unread.map(|each| Annotation {
        kind: Kind::Warning,
        title: "not read".to_owned(),
        place: None,
        message: super::scan::skipped(each),
    });
    // A file that was not read may hide anything: it is told before what is merely a warning.
    print(&head, &unread.chain(hits).collect::<Vec<_>>(), None, out)
}

/// What a finding is annotated as.
fn kind(finding: &Finding) -> Option<Kind> {
    match (finding.verdict, finding.level) {
        (Verdict::Fail, _) => Some(Kind::Error),
        (Verdict::Warn, _) | (Verdict::Unknown, Level::Blocker) => Some(Kind::Warning),
        (Verdict::Unknown, Level::Advisory | Level::Info) | (Verdict::Manual, _) => Some(Kind::Notice),
        (Verdict::Pass | Verdict::Info | Verdict::NotApplicable, _) => None,
    }
}

/// What a hit is annotated as: what counts, and what a person should look at.
fn kind_of_hit(hit: &ScanHit) -> Option<Kind> {
    match (hit.in_test || hit.in_doc, hit.confidence, hit.severity) {
        (true, ..) | (false, _, Severity::Info) => None,
        (false, Confidence::Review, _) => Some(Kind::Notice),
        (false, Confidence::Definite | Confidence::Likely, Severity::Error) => Some(Kind::Error),
        (false, Confidence::Definite | Confidence::Likely, Severity::Warning) => Some(Kind::Warning),
    }
}

/// The answer, and what made the run see less.
fn head(report: &Report) -> Vec<Annotation> {
    let mut head = Vec::new();
    if !report.run.reductions.is_empty() {
        let each: Vec<String> =
            report.run.reductions.iter().map(|each| format!("{}: {}", each.option, each.effect)).collect();
        head.push(notice("mrready: reduced run", each.join("; ")));
    }
    head.push(notice("mrready", report.summary.answer.join(" ")));
    head
}

fn notice(title: &str, message: String) -> Annotation {
    Annotation { kind: Kind::Notice, title: title.to_owned(), place: None, message }
}

/// Prints the head, which are notices, and of each kind, the worst first, as many as a step shows.
fn print(head: &[Annotation], all: &[Annotation], full: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    for each in head {
        writeln!(out, "{}", command(each))?;
    }
    for kind in Kind::ALL {
        let of_kind: Vec<&Annotation> = all.iter().filter(|each| each.kind == kind).collect();
        let most = if kind == Kind::Notice { MOST.saturating_sub(head.len()) } else { MOST };
        let shown = if of_kind.len() > most { most.saturating_sub(1) } else { of_kind.len() };
        for each in of_kind.iter().take(shown) {
            writeln!(out, "{}", command(each))?;
        }
        let more = of_kind.len() - shown;
        if more > 0 {
            let where_all = full.map(|name| format!("; {name} has all of them")).unwrap_or_default();
            let message = format!("{}{where_all}", count(more, &format!("more {}", kind.as_str())));
            let rest = Annotation { kind, title: "mrready".to_owned(), place: None, message };
            writeln!(out, "{}", command(&rest))?;
        }
    }
    Ok(())
}

/// `::error file=a.ts,line=1,col=2,title=T::message`.
fn command(annotation: &Annotation) -> String {
    let mut command = format!("::{} ", annotation.kind.as_str());
    if let Some(spot) = &annotation.place {
        let _ = write!(command, "file={},", property(&spot.path));
        if let Some(line) = spot.line {
            let _ = write!(command, "line={line},");
        }
        if let Some(column) = spot.column {
            let _ = write!(command, "col={column},");
        }
    }
    let _ = write!(command, "title={}::{}", property(&annotation.title), data(&annotation.message));
    command
}

/// Text of a message: what the runner decodes is encoded, what could hide is visible.
fn data(text: &str) -> String {
    let text = safe(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    if text.trim().is_empty() { "(no text)".to_owned() } else { text }
}

/// Text of a property, which a comma or a colon would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests;
