//! What changed from one report or snapshot to another: text for a terminal, Markdown for a comment, JSON for programs.
//!
//! The answer first, then gates, then the three parts. Text and Markdown say the same, from one page of lines; every name
//! goes through `safe` or through the escapes of Markdown. Long values and long lists are cut here, and the page says so;
//! what is worse is never left out, and JSON has everything.

use std::io::{self, Write};

use super::escape::{code, prose};
use super::json::visible;
use super::safe::safe;
use super::text::{count, shorten, wrap};
use crate::model::Subject;
use crate::model::diff::{
    AccountChanges, Because, Diff, Documents, EvidenceChanges, FieldChange, FindingChange, FindingState, GateMove,
    PoolRef, Presence, ReferenceChange, RuleChanges, Seen, Side, SubjectChange, Trend,
};

/// The most items of a list that are not worse.
const MOST: usize = 60;
/// The most columns of one value.
const VALUE: usize = 160;

/// Writes it as indented JSON with a newline at its end.
pub fn write_json(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(visible(&serde_json::to_string_pretty(diff)?).as_bytes())
}

/// Writes it for a terminal.
pub fn write_text(diff: &Diff, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let width = width.max(40);
    for (at, line) in page(diff).iter().enumerate() {
        match line {
            Line::Head(level, text) => {
                let gap = if at == 0 { "" } else { "\n" };
                let mark = if *level < 3 { "" } else { "  " };
                writeln!(out, "{gap}{mark}{}", safe(text))?;
            }
            Line::Text(pieces) => flow(&plain(pieces), "", "", width, out)?,
            Line::Item(trend, pieces) => {
                let word = trend.map_or("-", |trend| match trend {
                    Trend::Worse => "- worse:",
                    Trend::Better => "- better:",
                    Trend::Neutral => "-",
                });
                flow(&format!("{word} {}", plain(pieces)), "  ", "    ", width, out)?;
            }
        }
    }
    Ok(())
}

/// A text in lines no wider than `width`.
fn flow(text: &str, first: &str, further: &str, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let lines = wrap(text, width - first.len(), width - further.len());
    for (at, line) in lines.iter().enumerate() {
        writeln!(out, "{}{line}", if at == 0 { first } else { further })?;
    }
    Ok(())
}

/// Writes it as Markdown, as GitHub renders it.
pub fn write_markdown(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    let mut in_list = false;
    for (at, line) in page(diff).iter().enumerate() {
        let is_item = matches!(line, Line::Item(..));
        // A list ends, and a paragraph too, at an empty line.
        if at > 0 && !(in_list && is_item) {
            writeln!(out)?;
        }
        in_list = is_item;
        match line {
            Line::Head(level, text) => writeln!(out, "{} {}", "#".repeat(*level), prose(text))?,
            Line::Text(pieces) => writeln!(out, "{}", marked(pieces))?,
            Line::Item(trend, pieces) => {
                let word = trend.map_or("", |trend| match trend {
                    Trend::Worse => "**worse:** ",
                    Trend::Better => "better: ",
                    Trend::Neutral => "",
                });
                writeln!(out, "- {word}{}", marked(pieces))?;
            }
        }
    }
    Ok(())
}

/// A line of the page.
#[derive(Debug)]
enum Line {
    Head(usize, String),
    Text(Vec<Piece>),
    Item(Option<Trend>, Vec<Piece>),
}

/// A piece of a line.
#[derive(Debug, Clone)]
enum Piece {
    /// The page's own words.
    Own(String),
    /// A sentence that may hold names.
    Said(String),
    /// A name, an id, a value.
    Name(String),
}

fn own(text: impl Into<String>) -> Piece {
    Piece::Own(text.into())
}

fn said(text: &str) -> Piece {
    Piece::Said(shorten(&safe(text), VALUE * 2))
}

fn name(text: &str) -> Piece {
    Piece::Name(shorten(&safe(text), VALUE))
}

fn plain(pieces: &[Piece]) -> String {
    let text: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Own(text) => text.clone(),
            Piece::Said(text) | Piece::Name(text) => safe(text),
        })
        .collect();
    // Put together, two harmless pieces may still make a command of a CI runner.
    safe(&text)
}

fn marked(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Own(text) => out.push_str(text),
            Piece::Said(text) => out.push_str(&prose(text)),
            Piece::Name(text) => out.push_str(&code(text)),
        }
    }
    out
}

/// The page: what both formats say.
fn page(diff: &Diff) -> Vec<Line> {
    let what = match diff.documents {
        Documents::Reports => "reports",
        Documents::Snapshots => "snapshots",
    };
    let mut lines = vec![Line::Head(1, format!("What changed between two {what}"))];
    lines.extend(diff.summary.answer.iter().map(|sentence| Line::Item(None, vec![said(sentence)])));
    let number = |trend: Trend| diff.summary.trends.get(&trend).copied().unwrap_or_default();
    let (worse, better) = (number(Trend::Worse), number(Trend::Better));
    let total: usize = diff.summary.trends.values().sum();
    lines.push(Line::Text(vec![own(format!("{}: {worse} worse, {better} better.", count(total, "change")))]));
    lines.push(Line::Text(vec![
        own("Old: "),
        said(&side(&diff.old)),
        own("; new: "),
        said(&side(&diff.new)),
        own("."),
    ]));
    if diff.evidence.older {
        let text = "The newer document has the older evidence. If they were given in the wrong order, everything reads backwards.";
        lines.push(Line::Text(vec![own(text)]));
    }
    if diff.documents == Documents::Reports {
        lines.push(Line::Head(2, "Gates".to_owned()));
        if diff.gates.is_empty() {
            lines.push(Line::Text(vec![own("No gate moved.")]));
        }
        list(&mut lines, "", &diff.gates, |it| (Some(it.trend), gate(it)));
    }
    part(&mut lines, "Account", |lines| account(lines, &diff.account));
    part(&mut lines, "Evidence", |lines| evidence(lines, &diff.evidence));
    if let Some(rules) = &diff.rules {
        part(&mut lines, "Rules", |lines| self::rules(lines, rules));
    } else {
        lines.push(Line::Head(2, "Rules".to_owned()));
        lines.push(Line::Text(vec![own("Snapshots are not judged: there are no rules to compare.")]));
    }
    lines
}

fn side(side: &Side) -> String {
    let pools = count(side.pools, "pool");
    let to = side.evidence_to.as_deref().unwrap_or("none");
    let judged = side.now.as_ref().map(|now| format!(", judged at {now}")).unwrap_or_default();
    format!("{pools}, evidence up to {to}{judged}, by mrready {}", side.tool_version)
}

/// A part, or that nothing in it changed.
fn part(lines: &mut Vec<Line>, title: &str, fill: impl FnOnce(&mut Vec<Line>)) {
    lines.push(Line::Head(2, title.to_owned()));
    let before = lines.len();
    fill(lines);
    if lines.len() == before {
        lines.push(Line::Text(vec![own("Nothing changed.")]));
    }
}

/// A list with its heading, what is worse first, and at most so many of the others.
fn list<T>(lines: &mut Vec<Line>, title: &str, items: &[T], line: impl Fn(&T) -> (Option<Trend>, Vec<Piece>)) {
    if items.is_empty() {
        return;
    }
    if !title.is_empty() {
        lines.push(Line::Head(3, title.to_owned()));
    }
    let all: Vec<(Option<Trend>, Vec<Piece>)> = items.iter().map(line).collect();
    let (worse, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(trend, _)| *trend == Some(Trend::Worse));
    let left = others.len().saturating_sub(MOST);
    lines.extend(
        worse.into_iter().chain(others.into_iter().take(MOST)).map(|(trend, pieces)| Line::Item(trend, pieces)),
    );
    if left > 0 {
        lines.push(Line::Item(None, vec![own(format!("and {left} more; --format json has all"))]));
    }
}

fn pool(pool: &PoolRef) -> Vec<Piece> {
    let mut pieces = vec![name(&pool.id)];
    if let Some(called) = &pool.name {
        pieces.extend([own(" ("), name(called), own(")")]);
    }
    pieces
}

fn gate(it: &GateMove) -> Vec<Piece> {
    let state = |state: &crate::model::diff::GateState| {
        format!("{}, {}", state.position.as_str().replace('_', " "), state.status)
    };
    let mut pieces = pool(&it.pool);
    let because: Vec<&str> = it.because.iter().map(|part| part.as_str()).collect();
    pieces.push(own(format!(
        ": gate {}: {} → {}; why: {}",
        it.gate,
        state(&it.old),
        state(&it.new),
        because.join(", ")
    )));
    pieces
}

fn account(lines: &mut Vec<Line>, account: &AccountChanges) {
    list(lines, "Pools", &account.pools, |it| {
        let mut pieces = pool(&it.pool);
        pieces.push(own(match it.presence {
            Presence::New => ": new in scope",
            Presence::Gone => ": not in scope any more; deleted, or not looked at",
        }));
        let counts: Vec<String> = it.counts.iter().map(|(verdict, n)| format!("{n} {verdict}")).collect();
        if !counts.is_empty() {
            pieces.push(own(format!(" ({})", counts.join(", "))));
        }
        (Some(it.trend), pieces)
    });
    list(lines, "Fields", &account.fields, field);
    list(lines, "Came and went", &account.subjects, subject_change);
    list(lines, "Findings", &account.findings, finding);
    list(lines, "Other members of answers", &account.members, |it| {
        let mut pieces = vec![name(&it.call), own(" in "), name(&it.region)];
        pieces.extend(parameters(&it.parameters));
        pieces.extend([own(" "), name(if it.pointer.is_empty() { "(whole)" } else { &it.pointer })]);
        if !it.items.is_empty() {
            pieces.extend([own(" of "), name(&it.items.join(" / "))]);
        }
        let text = |value: &Option<String>| value.as_ref().map_or_else(|| own("nothing"), |value| name(value));
        pieces.extend([own(": "), text(&it.old), own(" → "), text(&it.new)]);
        (Some(Trend::Neutral), pieces)
    });
    list(lines, "Asked because of it", &account.asked, |it| {
        let mut pieces = vec![own(match it.presence {
            Presence::New => "newly: ",
            Presence::Gone => "not any more: ",
        })];
        pieces.extend([name(&it.call), own(" in "), name(&it.region)]);
        pieces.extend(parameters(&it.parameters));
        (Some(Trend::Neutral), pieces)
    });
    list(lines, "Issuer references", &account.references, reference);
}

fn parameters(parameters: &std::collections::BTreeMap<String, String>) -> Vec<Piece> {
    let each = parameters.iter().map(|(key, value)| format!("{key}={value}"));
    each.flat_map(|text| [own(" "), name(&text)]).collect()
}

fn reference(it: &ReferenceChange) -> (Option<Trend>, Vec<Piece>) {
    let mut pieces = vec![own(match it.presence {
        Some(Presence::New) => "new: ",
        Some(Presence::Gone) => "gone: ",
        None => "",
    })];
    pieces.extend([
        name(&it.container),
        own(" "),
        name(&it.place),
        own(" ("),
        name(&it.class),
        own("): "),
        name(&it.text),
    ]);
    for member in &it.members {
        pieces.extend([own("; "), name(&member.name), own(" ")]);
        pieces.extend(from_to(member.old.as_ref(), member.new.as_ref()));
    }
    (Some(Trend::Neutral), pieces)
}

fn from_to(old: Option<&String>, new: Option<&String>) -> Vec<Piece> {
    let text = |value: Option<&String>| value.map_or_else(|| own("nothing"), |value| name(value));
    vec![text(old), own(" → "), text(new)]
}

fn evidence(lines: &mut Vec<Line>, evidence: &EvidenceChanges) {
    list(lines, "Calls", &evidence.calls, |it| {
        let mut pieces = vec![name(&it.call), own(" in "), name(&it.region), own(" ("), name(&it.account), own(")")];
        let words = |word: &str| word.replace('_', " ");
        let times = if it.times == 1 { String::new() } else { format!(", {} times", it.times) };
        pieces.push(own(": "));
        pieces.push(said(&format!("{} → {}{times}", words(&it.old), words(&it.new))));
        if !it.pool_ids.is_empty() {
            pieces.extend([own("; for "), name(&it.pool_ids.join(", "))]);
        }
        (Some(it.trend), pieces)
    });
    for (title, items) in [
        ("Permissions missing now", &evidence.missing_actions),
        ("Permissions missing no more", &evidence.granted_actions),
        ("Searched now", &evidence.searched),
        ("Not searched any more", &evidence.not_searched),
    ] {
        list(lines, title, items, |it| (None, vec![name(it)]));
    }
    for (title, items) in [("Left unasked now", &evidence.not_asked), ("Left unasked no more", &evidence.asked)] {
        list(lines, title, items, |it| (None, vec![name(&it.what), own(": "), said(&it.why)]));
    }
    list(lines, "Source trees", &evidence.trees, |it| {
        let mut pieces = vec![name(&it.root)];
        if let Some(commit) = &it.commit {
            pieces.extend([own(": "), name(&commit.old), own(" → "), name(&commit.new)]);
        }
        for (words, files) in [("; not read any more: ", &it.skipped), ("; read now: ", &it.read)] {
            if !files.is_empty() {
                pieces.extend([own(words), name(&files.join(", "))]);
            }
        }
        (Some(it.trend), pieces)
    });
    list(lines, "Fields", &gaps(&evidence.fields), |(trend, pieces)| (Some(*trend), pieces.clone()));
    list(lines, "Seen and not seen any more", &evidence.subjects, subject_change);
    list(lines, "Findings", &evidence.findings, finding);
}

fn rules(lines: &mut Vec<Line>, rules: &RuleChanges) {
    let mut heads = Vec::new();
    for (what, change) in [("mrready", &rules.tool), ("digest of the rules", &rules.catalogue)] {
        if let Some(change) = change {
            heads.push(vec![own(format!("{what}: ")), name(&change.old), own(" → "), name(&change.new)]);
        }
    }
    lines.extend(heads.into_iter().map(|pieces| Line::Item(None, pieces)));
    for (title, items) in [("Judged now", &rules.added), ("Not judged any more", &rules.removed)] {
        list(lines, title, items, |it| (None, vec![name(&it.id), own(format!(" ({}): ", it.level)), said(&it.title)]));
    }
    list(lines, "Changed rules", &rules.changed, |it| {
        let mut pieces = vec![name(&it.id)];
        for (at, member) in it.members.iter().enumerate() {
            pieces.push(own(if at == 0 { ": " } else { "; " }));
            match member.name.as_str() {
                // Paragraphs are for the JSON.
                "why" | "references" => pieces.push(own(format!("{} reworded", member.name))),
                other => {
                    pieces.push(own(format!("{} ", other.replace('_', " "))));
                    pieces.extend(from_to(member.old.as_ref(), member.new.as_ref()));
                }
            }
        }
        (None, pieces)
    });
    list(lines, "Options", &rules.options, |it| {
        let mut pieces = vec![name(&it.name), own(": ")];
        pieces.extend(from_to(it.old.as_ref(), it.new.as_ref()));
        (None, pieces)
    });
    for (title, items, new) in
        [("Reductions now", &rules.reductions, true), ("Reductions no more", &rules.reductions_gone, false)]
    {
        list(lines, title, items, |it| {
            let trend = (new && it.touches_blocker).then_some(Trend::Worse);
            (trend, vec![name(&it.option), own(": "), said(&it.effect)])
        });
    }
    list(lines, "Decisions", &rules.decisions, |it| {
        let mut pieces = vec![name(&it.kind), own(" of "), name(&it.rule), own(" for "), name(&it.subject), own(": ")];
        let state = |state: &Option<crate::model::diff::DecisionState>| {
            state.as_ref().map_or_else(
                || own("nothing"),
                |it| said(&format!("{} ({}; {}, until {})", it.state, it.detail, it.owner, it.expires)),
            )
        };
        pieces.extend([state(&it.old), own(" → "), state(&it.new)]);
        (None, pieces)
    });
    list(lines, "Findings", &rules.findings, finding);
}

fn of(subject: &Subject) -> Vec<Piece> {
    let mut pieces = vec![own(format!("{} ", subject.kind.as_str().replace('_', " "))), name(&subject.id)];
    if let Some(called) = subject.name.as_ref().filter(|called| **called != subject.id && !called.trim().is_empty()) {
        pieces.extend([own(" ("), name(called), own(")")]);
    }
    pieces
}

fn seen(seen: &Seen) -> Vec<Piece> {
    match (&seen.value, &seen.cause) {
        (Some(value), Some(cause)) => vec![name(value), own(", perhaps more: "), said(cause)],
        (Some(value), None) if value.is_empty() => vec![own("empty")],
        (Some(value), None) => vec![name(value)],
        (None, Some(cause)) => vec![own("unknown: "), said(cause)],
        (None, None) => vec![own("none")],
    }
}

fn field(it: &FieldChange) -> (Option<Trend>, Vec<Piece>) {
    let mut pieces = of(&it.subject);
    pieces.extend([own(": "), name(&it.field), own(" ")]);
    let gap = it.old.cause.is_some() || it.new.cause.is_some();
    if gap || (it.added.is_empty() && it.removed.is_empty()) {
        pieces.extend(seen(&it.old));
        pieces.push(own(" → "));
        pieces.extend(seen(&it.new));
        return (Some(it.trend), pieces);
    }
    let mut first = true;
    for (word, items) in [("without", &it.removed), ("with", &it.added)] {
        if !items.is_empty() {
            pieces.push(own(format!("{}{word} ", if first { "now " } else { ", " })));
            pieces.push(name(&items.join(", ")));
            first = false;
        }
    }
    (Some(it.trend), pieces)
}

/// Fields that became known or unknown: those of one subject with one cause in one line.
fn gaps(fields: &[FieldChange]) -> Vec<(Trend, Vec<Piece>)> {
    let mut lines: Vec<(Trend, Vec<Piece>)> = Vec::new();
    let mut done = vec![false; fields.len()];
    for (at, it) in fields.iter().enumerate() {
        if std::mem::replace(&mut done[at], true) {
            continue;
        }
        let (lost, gap) = match (&it.old.cause, &it.new.cause) {
            (None, Some(gap)) if it.new.value.is_none() => (true, gap),
            (Some(gap), None) if it.old.value.is_none() => (false, gap),
            _ => {
                let (trend, pieces) = field(it);
                lines.push((trend.unwrap_or(Trend::Neutral), pieces));
                continue;
            }
        };
        let mut pieces = of(&it.subject);
        pieces.extend([own(if lost { ": not known any more: " } else { ": known now: " }), name(&it.field)]);
        for (other, done) in fields.iter().zip(&mut done).skip(at + 1) {
            let same = if lost { (None, Some(gap)) } else { (Some(gap), None) };
            let alike = (other.old.cause.as_ref(), other.new.cause.as_ref()) == same && other.trend == it.trend;
            let whole = other.old.value.is_none() || other.new.value.is_none();
            if alike && whole && other.subject == it.subject {
                *done = true;
                pieces.extend([own(", "), name(&other.field)]);
            }
        }
        pieces.extend([own(if lost { "; " } else { "; before: " }), said(gap)]);
        lines.push((it.trend, pieces));
    }
    lines
}

fn subject_change(it: &SubjectChange) -> (Option<Trend>, Vec<Piece>) {
    let mut pieces = vec![own(match it.presence {
        Presence::New => "new: ",
        Presence::Gone => "gone: ",
    })];
    pieces.extend(of(&it.subject));
    if let Some(pool) = it.subject.pool_id.as_ref().filter(|pool| **pool != it.subject.id) {
        pieces.extend([own(", of pool "), name(pool)]);
    }
    (Some(it.trend), pieces)
}

fn finding(it: &FindingChange) -> (Option<Trend>, Vec<Piece>) {
    let state = |state: &Option<FindingState>| match state {
        None => "n/a".to_owned(),
        Some(state) => {
            let decision = state.decision.as_ref().map(|kind| format!(" ({kind})")).unwrap_or_default();
            format!("{}{decision}", state.verdict.as_str().to_ascii_uppercase())
        }
    };
    let mut pieces = vec![name(&it.rule), own(" on ")];
    pieces.extend(of(&it.subject));
    pieces.push(own(": "));
    pieces.push(said(&format!("{} → {}", state(&it.old), state(&it.new))));
    // What is not known says itself why.
    let causes = it.new.as_ref().map(|new| new.causes.join("; ")).filter(|causes| !causes.is_empty());
    match causes {
        Some(causes) => pieces.extend([own(": "), said(&causes)]),
        None => pieces.push(own(format!(", because {}", why(it.because)))),
    }
    let known = |seen: &Seen| seen.cause.is_none();
    for value in it.values.iter().filter(|value| known(&value.old) && known(&value.new)) {
        pieces.extend([own("; "), name(&value.field), own(" ")]);
        pieces.extend(seen(&value.old));
        pieces.push(own(" → "));
        pieces.extend(seen(&value.new));
    }
    if let Some(new) = it.new.as_ref().filter(|new| it.values.is_empty() && new.causes.is_empty()) {
        pieces.extend([own(". "), said(&new.message)]);
    }
    (Some(it.trend), pieces)
}

/// The reason in words.
fn why(because: Because) -> &'static str {
    match because {
        Because::Value => "a value is otherwise",
        Because::Subject => "it came or went",
        Because::EvidenceLost => "what decides it cannot be seen any more",
        Because::EvidenceFound => "what decides it can be seen now",
        Because::OtherCause => "it cannot be seen for another reason",
        Because::Clock => "time has passed",
        Because::Rule => "the rule is another",
        Because::Level => "the rule weighs otherwise",
        Because::Decision => "a decision is another",
        Because::Option => "an option or a table is another",
    }
}
