//! A scan as compilers print: what counts or is to be looked at in full, then the rest briefly, then what was not read.
//!
//! Nothing is hidden here that the JSON holds, only shortened: `verbose` shortens nothing.

use std::collections::BTreeMap;
use std::io::{Result, Write};

use crate::model::reference::ScanHit;
use crate::model::{Class, ScanReport, Severity, SkipReason, Skipped};
use crate::render::paint::{Painter, Style, paint};
use crate::render::safe::safe;

use super::Frame;

/// The most lines of one file that are listed briefly.
const MOST_LINES: usize = 8;
/// The most characters of a match.
const LONGEST: usize = 300;

/// How the text looks.
#[derive(Debug)]
pub struct TextOptions {
    /// With colours.
    pub color: bool,
    /// The width of the terminal.
    pub width: usize,
    /// Everything in full.
    pub verbose: bool,
    /// The source lines by index of the hit; empty outside a terminal.
    pub frames: BTreeMap<usize, Frame>,
    /// What a class is called.
    pub title: fn(Class) -> &'static str,
}

impl TextOptions {
    /// Whether this hit is printed in full.
    pub fn in_full(verbose: bool, hit: &ScanHit) -> bool {
        verbose || (!hit.in_test && !hit.in_doc && hit.severity != Severity::Info)
    }
}

/// Writes the report. Same report, options and frames: same bytes.
pub fn write_text(report: &ScanReport, options: &TextOptions, out: &mut dyn Write) -> Result<()> {
    let mut painter = Painter::new(options.color);
    for (index, hit) in report.hits.iter().enumerate().filter(|(_, hit)| TextOptions::in_full(options.verbose, hit)) {
        whole(hit, options.frames.get(&index), options, &mut painter, out)?;
    }
    let brief = report.hits.iter().filter(|hit| !TextOptions::in_full(options.verbose, hit));
    let (aside, known): (Vec<&ScanHit>, Vec<&ScanHit>) = brief.partition(|hit| hit.in_test || hit.in_doc);
    if !known.is_empty() {
        writeln!(out, "{}", painter.line(&paint(Style::Bold, "worth knowing, nothing breaks here:")))?;
        files(&known, out)?;
        writeln!(out)?;
    }
    if !aside.is_empty() {
        writeln!(out, "{}", painter.line(&paint(Style::Bold, "in tests and documentation, which do not count:")))?;
        files(&aside, out)?;
        writeln!(out)?;
    }
    unread(report, options, &mut painter, out)?;
    if !report.hits.is_empty() {
        summary(report, &mut painter, out)?;
    }
    Ok(())
}

/// A path as it may be shown, without the dot of the folder one stands in.
fn shown(path: &str) -> String {
    safe(path.strip_prefix("./").filter(|rest| !rest.is_empty()).unwrap_or(path))
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => Style::Red,
        Severity::Warning => Style::Yellow,
        Severity::Info => Style::Blue,
    }
}

/// One hit in full.
fn whole(
    hit: &ScanHit,
    frame: Option<&Frame>,
    options: &TextOptions,
    painter: &mut Painter,
    out: &mut dyn Write,
) -> Result<()> {
    let confidence = hit.confidence.as_str();
    let head = format!(
        "{}: {} {confidence}: {}",
        paint(Style::Bold, &format!("{}:{}:{}", shown(&hit.path), hit.line, hit.column)),
        paint(style(hit.severity), &format!("{}[{}]", hit.severity.as_str(), hit.class.as_str())),
        safe((options.title)(hit.class)),
    );
    writeln!(out, "{}", painter.line(&head))?;
    match frame {
        Some(frame) => write!(out, "{}", frame.draw(hit.severity, confidence, options.color, options.width))?,
        None => writeln!(out, "    {}", span(&hit.text))?,
    }
    for (kind, text) in notes(hit) {
        writeln!(out, "{}", painter.line(&format!("  = {}: {}", paint(Style::Bold, kind), safe(&text))))?;
    }
    writeln!(out)
}

/// The matched text in one line of bounded length.
fn span(text: &str) -> String {
    let one = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", safe(&one[..at])),
        None => safe(&one),
    }
}

/// What is said below a hit.
fn notes(hit: &ScanHit) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    if let Some(library) = &hit.library {
        notes.push(("library", library.clone()));
    }
    match (&hit.pool_id, hit.known_pool, &hit.unresolved) {
        (Some(id), Some(true), _) => notes.push(("note", format!("pool {id} is one of yours"))),
        (Some(id), Some(false), _) => notes.push(("note", format!("pool {id} is none of --known-pools"))),
        (None, _, Some(name)) => notes.push(("note", format!("the pool is what `{name}` holds"))),
        _ => {}
    }
    if hit.accepts_new {
        notes.push(("note", "accepts the updated issuer".to_owned()));
    }
    if hit.accepts_any_pool {
        notes.push((
            "note",
            "accepts tokens of any user pool, of any account: a hole whatever becomes of the issuer".to_owned(),
        ));
    }
    if hit.in_test || hit.in_doc {
        notes.push(("note", format!("in {}: does not count", aside(hit))));
    }
    if !hit.owners.is_empty() {
        notes.push(("owner", hit.owners.join(" ")));
    }
    if !hit.remedy.is_empty() {
        notes.push(("help", hit.remedy.clone()));
    }
    notes
}

fn aside(hit: &ScanHit) -> &'static str {
    match (hit.in_test, hit.in_doc) {
        (true, true) => "a test's documentation",
        (true, false) => "a test",
        (false, true) => "documentation or a comment",
        (false, false) => "",
    }
}

/// One line a file: where, and what.
fn files(hits: &[&ScanHit], out: &mut dyn Write) -> Result<()> {
    let mut by_path: BTreeMap<&str, Vec<&ScanHit>> = BTreeMap::new();
    for hit in hits {
        by_path.entry(&hit.path).or_default().push(hit);
    }
    for (path, hits) in by_path {
        let mut classes: BTreeMap<Class, usize> = BTreeMap::new();
        let mut lines: Vec<u32> = hits.iter().map(|hit| hit.line).collect();
        lines.sort_unstable();
        lines.dedup();
        for hit in &hits {
            *classes.entry(hit.class).or_default() += 1;
        }
        let more = lines.len().saturating_sub(MOST_LINES);
        let first: Vec<String> = lines.iter().take(MOST_LINES).map(u32::to_string).collect();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let counted = |(class, count): (&Class, &usize)| {
            if *count == 1 { class.as_str().to_owned() } else { format!("{} {count}", class.as_str()) }
        };
        let classes: Vec<String> = classes.iter().map(counted).collect();
        writeln!(out, "  {}:{}{more}: {}", shown(path), first.join(","), classes.join(", "))?;
    }
    Ok(())
}

/// Why a file was not read, in words.
pub fn skipped(skipped: &Skipped) -> String {
    let reason = match skipped.reason {
        SkipReason::Binary => "not read: not text",
        SkipReason::Special => "not read: a FIFO, a socket or a device",
        SkipReason::Loop => "not read: leads back to a folder above it",
        SkipReason::Outside => "not followed: leads out of what is searched",
        SkipReason::Denied => "not read: no permission",
        SkipReason::Failed => "not read: reading failed",
        SkipReason::Structure => "its text was searched, its structure was not",
    };
    let detail = skipped.detail.as_ref().map(|detail| format!(" ({})", safe(detail))).unwrap_or_default();
    format!("{}: {reason}{detail}", shown(&skipped.path))
}

fn unread(report: &ScanReport, options: &TextOptions, painter: &mut Painter, out: &mut dyn Write) -> Result<()> {
    let listed = |skipped: &&Skipped| options.verbose || skipped.reason != SkipReason::Binary;
    let listed: Vec<&Skipped> = report.skipped.iter().filter(listed).collect();
    for each in &listed {
        let line = skipped(each);
        let line = if each.reason.may_hide() { paint(Style::Yellow, &line) } else { line };
        writeln!(out, "{}", painter.line(&line))?;
    }
    if !listed.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

/// How many, and where: by root, owner and class where there is more than one.
fn summary(report: &ScanReport, painter: &mut Painter, out: &mut dyn Write) -> Result<()> {
    let files: std::collections::BTreeSet<&str> = report.hits.iter().map(|hit| hit.path.as_str()).collect();
    let full = |hit: &&ScanHit| !hit.in_test && !hit.in_doc;
    let of = |severity: Severity| {
        let count = report.hits.iter().filter(full).filter(|hit| hit.severity == severity).count();
        (count > 0).then(|| format!("{count} {}", severity.as_str()))
    };
    let mut parts: Vec<String> =
        [Severity::Error, Severity::Warning, Severity::Info].into_iter().filter_map(of).collect();
    let aside = report.hits.iter().filter(|hit| !full(hit)).count();
    if aside > 0 {
        parts.push(format!("{aside} in tests and documentation"));
    }
    let head =
        format!("{} in {}: {}", many(report.hits.len(), "reference"), many(files.len(), "file"), parts.join(", "));
    writeln!(out, "{}", painter.line(&paint(Style::Bold, &head)))?;
    let owned = report.summary.by_owner.keys().any(|owner| !owner.is_empty());
    for (title, counts, shown) in [
        ("by root", &report.summary.by_root, report.roots.len() > 1),
        ("by owner", &report.summary.by_owner, owned),
        ("by class", &report.summary.by_class, true),
    ] {
        if shown {
            table(title, counts, out)?;
        }
    }
    Ok(())
}

fn table(title: &str, counts: &BTreeMap<String, u64>, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "  {title}")?;
    let mut rows: Vec<(&String, u64)> = counts.iter().map(|(name, count)| (name, *count)).collect();
    rows.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    for (name, count) in rows {
        let name = if name.is_empty() { "nobody".to_owned() } else { safe(name) };
        writeln!(out, "  {count:>7}  {name}")?;
    }
    Ok(())
}

/// `1 file`, `2 files`.
fn many(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests;
