//! SARIF 2.1.0 of audits and scans: `sarif` with everything the report says, and `sarif-github` with what GitHub's code
//! scanning reads.
//!
//! Here is what both have in common: how text is made harmless, what notifications there are, how rules are indexed. The
//! mapping of verdicts is that of each file. Two rules of the standard are checked by no validator and kept here: a result
//! whose `kind` is not `fail` has the level `none`, and either no result has `suppressions` or each one has.
//!
//! Messages are plain text, and no text of an account is ever Markdown: only the help of rules has a formatted twin.

mod audit;
mod fit;
mod github;
mod log;
mod scan;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

pub(super) use audit::write;
pub(super) use github::write as write_github;
pub(super) use scan::{write as write_scan, write_github as write_scan_github};

use self::log::{
    ArtifactLocation, Descriptor, Location, Log, LogicalLocation, Notification, PhysicalLocation, Reference, Region,
    Run, Text,
};
use super::annotate::Spot;
use super::json::visible;
use super::safe::safe;
use crate::model::report::{Report, RuleSummary};
use crate::model::{Level, Subject};

/// The name of the fingerprint that the report gives a finding, with the version of how it is made.
const FINGERPRINT: &str = "mrreadyFinding/v1";

/// What can be said of a run beside its results: id, and what it means. `notification` names one by its id.
const NOTIFICATIONS: [(&str, &str); 6] = [
    ("call-not-answered", "AWS did not answer a call, or refused it"),
    ("not-asked", "Something was not asked or not searched"),
    ("reduction", "An option made the run see or count less than its defaults"),
    ("decision-without-effect", "An entry of a decisions file has no effect"),
    ("file-not-read", "A file of a source tree was not read, or not whole"),
    ("results-left-out", "The file does not hold all results"),
];

/// The file as indented JSON.
fn write_log(run: Run, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(text_of(&Log::of(run))?.as_bytes())
}

fn text_of(log: &Log) -> io::Result<String> {
    Ok(visible(&serde_json::to_string_pretty(log)?))
}

/// Text as a plain text message: one line, nothing hidden, no link and no placeholder.
///
/// The standard reads `[text](target)` as a link and `{0}` as a placeholder. Square brackets alone mean nothing (§3.11.6),
/// so what would be a link is taken apart; braces are doubled (§3.11.5).
fn message(text: &str) -> String {
    let text = safe(text).replace("](", "] (").replace('{', "{{").replace('}', "}}");
    // A message must not be empty.
    if text.trim().is_empty() { "(no text)".to_owned() } else { text }
}

/// Text for a formatted message, in which it is nothing but text.
fn markdown(text: &str) -> String {
    let words = safe(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut out = String::with_capacity(words.len() + 16);
    let digits = words.chars().take_while(char::is_ascii_digit).count();
    for (index, c) in words.chars().enumerate() {
        // A list, a heading, a quotation or a table begins a line only; the others mean something anywhere.
        let begins = (index == 0 && "-+=:".contains(c)) || (index == digits && digits > 0 && ".)".contains(c));
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '{' | '}' => out.extend([c, c]),
            _ if begins || "\\`*_[]>#|~!@$".contains(c) => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

/// A path as a relative reference: everything that is not plainly allowed is encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0').to_ascii_uppercase();
            uri.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    uri
}

fn notification(id: &'static str, level: &'static str, text: &str) -> Notification {
    let index = NOTIFICATIONS.iter().position(|(each, _)| *each == id).unwrap_or_default();
    Notification {
        descriptor: Reference { id, index },
        level,
        message: Text::plain(message(text)),
        locations: Vec::new(),
    }
}

/// The kinds of notification.
fn notifications() -> Vec<Descriptor> {
    let descriptor = |(id, text): &(&str, &str)| Descriptor {
        id: (*id).to_owned(),
        name: None,
        short_description: Text::plain(*text),
        // GitHub wants these of a notification too.
        full_description: Some(Text::plain(*text)),
        help: Some(Text::plain(*text)),
        help_uri: None,
        default_configuration: None,
        properties: serde_json::Value::Null,
    };
    NOTIFICATIONS.iter().map(descriptor).collect()
}

/// What the calls, options and decisions of an audit have to say: of its execution and of its configuration.
fn told(report: &Report) -> (Vec<Notification>, Vec<Notification>) {
    let coverage = &report.coverage;
    let problems = coverage.problems.iter().map(|each| {
        let times = if each.times == 1 { String::new() } else { format!(" ({} times)", each.times) };
        notification("call-not-answered", "error", &format!("account {}: {}{times}", each.account, each.cause))
    });
    let not_asked = coverage
        .not_asked
        .iter()
        .map(|each| notification("not-asked", "note", &format!("{}: {}", each.what, each.why)));
    let reductions = report.run.reductions.iter().map(|each| {
        let level = if each.touches_blocker { "warning" } else { "note" };
        notification("reduction", level, &format!("{}: {}", each.option, each.effect))
    });
    let idle = report.waivers.iter().filter(|each| each.state != "applied").map(|each| {
        let text = format!("{}: {} {} is {}: {}", each.place, each.kind, each.rule, each.state, each.detail);
        notification("decision-without-effect", "warning", &text)
    });
    (problems.chain(not_asked).collect(), reductions.chain(idle).collect())
}

/// The level that a rule has as long as nothing else is said.
fn default_level(level: Level) -> &'static str {
    match level {
        Level::Blocker => "error",
        Level::Advisory => "warning",
        Level::Info => "none",
    }
}

/// How bad a rule is in the words of GitHub, for rules that are not about security.
fn problem_severity(level: Level) -> &'static str {
    match level {
        Level::Blocker => "error",
        Level::Advisory => "warning",
        Level::Info => "recommendation",
    }
}

/// A rule's id as an identifier: `KeyMultiRegion`; none if that is the id itself but for its case, which says nothing.
fn name_of(id: &str) -> Option<String> {
    let words = id.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words
        .flat_map(|word| {
            let mut chars = word.chars();
            chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect::<Vec<char>>()
        })
        .collect();
    Some(name).filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(id))
}

/// What a rule is, for readers of the report.
fn descriptor(id: &str, rule: &RuleSummary) -> Descriptor {
    let why = rule.why.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = if why.is_empty() { rule.title.clone() } else { why };
    let urls: Vec<&str> =
        rule.references.iter().map(|each| each.url.as_str()).filter(|url| is_plain_url(url)).collect();
    let text = [why.as_str()].into_iter().chain(urls.iter().copied()).collect::<Vec<_>>().join("\n\n");
    let mut formatted = format!("**{}**\n\n{}\n", markdown(&rule.title), markdown(&why));
    if !urls.is_empty() {
        formatted.push('\n');
        formatted.extend(urls.iter().map(|url| format!("- <{url}>\n")));
    }
    // Writing to a string does not fail.
    let _ = writeln!(formatted, "\n`mrready explain {}`", id.replace('`', "'"));
    Descriptor {
        id: id.to_owned(),
        name: name_of(id),
        short_description: Text::plain(message(&rule.title)),
        full_description: Some(Text::plain(message(&why))),
        help: Some(Text {
            text: text.split("\n\n").map(message).collect::<Vec<_>>().join("\n\n"),
            markdown: Some(formatted),
        }),
        help_uri: urls.first().map(|url| (*url).to_owned()),
        default_configuration: Some(log::Configuration { level: default_level(rule.level) }),
        properties: serde_json::Value::Null,
    }
}

/// Whether a reference can stand in a document as it is.
fn is_plain_url(url: &str) -> bool {
    url.starts_with("https://") && url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\^`{}|[]".contains(&byte))
}

/// Rules by id, each once; the index of a rule is its place in the list.
#[derive(Debug, Default)]
struct Rules {
    list: Vec<Descriptor>,
    places: BTreeMap<String, usize>,
}

impl Rules {
    /// The index of a rule, which is put into the list if it is not there yet.
    fn index(&mut self, id: &str, descriptor: impl FnOnce() -> Descriptor) -> usize {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        self.places.insert(id.to_owned(), self.list.len());
        self.list.push(descriptor());
        self.list.len() - 1
    }
}

/// A place in a tree; with `based` the file is named below the tree, else from the top of the repository.
fn physical(spot: &Spot, based: bool, region: Option<Region>) -> PhysicalLocation {
    let artifact_location = if based && !spot.tree.is_empty() {
        ArtifactLocation { uri: uri(&spot.below), uri_base_id: Some(spot.tree.clone()) }
    } else {
        ArtifactLocation { uri: uri(&spot.path), uri_base_id: None }
    };
    PhysicalLocation { artifact_location, region }
}

/// The region at which a place begins.
fn region(spot: &Spot) -> Option<Region> {
    let start_line = spot.line?.max(1);
    Some(Region { start_line, start_column: spot.column.map(|column| column.max(1)), ..Region::default() })
}

/// A resource of the account, by ARN where it has one.
fn logical(subject: &Subject) -> LogicalLocation {
    let name = subject.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or(&subject.id);
    let qualified = subject.arn.as_deref().unwrap_or(&subject.id);
    LogicalLocation { name: message_name(name), fully_qualified_name: message_name(qualified), kind: "resource" }
}

/// A name, which is no message: nothing hidden, never empty.
fn message_name(name: &str) -> String {
    let name = safe(name);
    if name.trim().is_empty() { "(no name)".to_owned() } else { name }
}

/// A place that is a resource, and a file too if it stands in one.
fn location(physical_location: Option<PhysicalLocation>, subject: &Subject) -> Location {
    Location { physical_location, logical_locations: vec![logical(subject)] }
}

#[cfg(test)]
mod tests;
