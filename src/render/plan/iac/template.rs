//! CloudFormation: the snippets of one Region as one YAML template.
//!
//! A snippet is a template of its own in block style, two spaces deep, with quoted text wherever a value is filled in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::plan::PoolPlan;

use super::{Open, Part, free, has_placeholder, label, notes, one_line, open, quoted, rename, replace};

/// The longest description of a template, and of a parameter, that CloudFormation takes, in bytes.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
const LONGEST_DESCRIPTION: usize = 1024;
const LONGEST_PARAMETER_DESCRIPTION: usize = 4000;

/// The sections that are put together, in the order in which they are written.
const SECTIONS: [&str; 6] = ["Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs"];

/// Named entries of a section, in the order of the steps.
type Entries = Vec<(String, String)>;

/// The template of a Region.
pub(super) fn write(plan: &PoolPlan, region: &str, parts: &[Part<'_>]) -> String {
    let open = open(plan, parts);
    let mut sections: BTreeMap<&str, Entries> = BTreeMap::new();
    let mut about = String::new();
    for part in parts {
        let _ = writeln!(about, "# {}: {}", one_line(&part.step.id), one_line(&part.step.title));
        for note in notes(&part.snippet.text) {
            let _ = writeln!(about, "#   {note}");
        }
        add(&part.snippet.text, &mut sections);
    }
    let resources = sections.remove("Resources").unwrap_or_default();
    let names: BTreeMap<&str, String> = open.keys().map(|name| (name.as_str(), parameter(name, &resources))).collect();
    sections.insert("Resources", resources);
    let region = one_line(region);
    let mut out = format!(
        "# New resources for the user pool {}: deploy to account {} in {region}, and nowhere else.\n\
         # Nothing here changes a pool that exists. Review it as you review your own templates.\n{about}\
         AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: {}\n",
        label(plan),
        one_line(&plan.pool.account),
        quoted(
            shortened(
                &format!("Multi-Region replication of the user pool {}: what is new in {region}", label(plan)),
                LONGEST_DESCRIPTION
            ),
            false
        ),
    );
    for section in SECTIONS {
        let entries = sections.remove(section).unwrap_or_default();
        let mut body = String::new();
        if section == "Parameters" {
            for (name, open) in &open {
                describe(&names[name.as_str()], open, &mut body);
            }
        }
        for (_, text) in entries {
            body.push_str(&substituted(&text, &names));
        }
        if !body.is_empty() {
            let _ = write!(out, "{section}:\n{body}");
        }
    }
    out
}

/// A parameter. What the evidence has is its default.
fn describe(name: &str, open: &Open, out: &mut String) {
    let what = quoted(shortened(&open.what, LONGEST_PARAMETER_DESCRIPTION), false);
    let _ = writeln!(out, "  {name}:\n    Type: String\n    Description: {what}");
    if let Some(default) = &open.default {
        let _ = writeln!(out, "    Default: {}", quoted(default, false));
    }
}

/// The logical name of a parameter: letters and digits only, and no resource's.
fn parameter(name: &str, resources: &Entries) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_lowercase())
    };
    let name: String = name.split('_').map(capital).collect();
    if resources.iter().any(|(taken, _)| *taken == name) { format!("{name}Parameter") } else { name }
}

/// Adds the entries of a snippet. The same entry twice is one; another one of that name gets a name of its own, and is
/// named so by the rest of its snippet.
fn add(text: &str, sections: &mut BTreeMap<&str, Entries>) {
    let mut text = text.to_owned();
    // One at a time: what names a renamed entry is another entry by that.
    while let Some((name, other)) = clash(&text, sections) {
        text = rename(&text, &name, &other);
    }
    for section in SECTIONS {
        let there = sections.entry(section).or_default();
        for (name, entry) in entries(&text, section) {
            if !there.iter().any(|(taken, _)| *taken == name) {
                there.push((name, entry));
            }
        }
    }
}

/// An entry of a snippet whose name is taken by another one, and a name that is free.
fn clash(text: &str, sections: &BTreeMap<&str, Entries>) -> Option<(String, String)> {
    SECTIONS.iter().find_map(|section| {
        let there = sections.get(section)?;
        let own = entries(text, section);
        let (name, _) =
            own.iter().find(|(name, entry)| there.iter().any(|(taken, other)| taken == name && other != entry))?;
        let taken = |name: &str| there.iter().chain(&own).any(|(taken, _)| taken == name);
        Some((name.clone(), free(name, "", taken)))
    })
}

/// The entries of a section: what is two spaces deep, with all that is deeper.
fn entries(text: &str, section: &str) -> Entries {
    let mut entries = Entries::new();
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with([' ', '#']) && !line.is_empty() {
            inside = line.strip_prefix(section).is_some_and(|rest| rest.trim_end() == ":");
            continue;
        }
        if !inside || line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let name = line.strip_prefix("  ").filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
        match (name.and_then(|rest| rest.split(':').next()), entries.last_mut()) {
            (Some(name), _) => entries.push((name.to_owned(), format!("{line}\n"))),
            (None, Some((_, entry))) => {
                let _ = writeln!(entry, "{line}");
            }
            (None, None) => {}
        }
    }
    entries
}

/// An entry with references to parameters in the place of what is left open: quoted text becomes `!Sub`.
fn substituted(text: &str, names: &BTreeMap<&str, String>) -> String {
    text.lines().map(|line| substituted_line(line, names) + "\n").collect()
}

fn substituted_line(line: &str, names: &BTreeMap<&str, String>) -> String {
    let reference = |name: &str| format!("${{{}}}", names.get(name).map_or(name, String::as_str));
    if line.trim_start().starts_with('#') {
        return replace(line, "${", str::to_owned);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('"') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = closing(from);
        let (text, after) = from.split_at(end);
        let tagged = out.ends_with("!Sub ");
        if has_placeholder(text) && !tagged {
            out.push_str("!Sub ");
            // Within !Sub, what is not to be substituted is written so.
            out.push_str(&replace(text, "${!", reference));
        } else {
            out.push_str(&replace(text, "${", reference));
        }
        rest = after;
    }
    // Without quotes only a value that is nothing else.
    match rest.rfind(": ").map(|at| at + 2).filter(|_| has_placeholder(rest)) {
        Some(at) => {
            let (key, value) = rest.split_at(at);
            let whole = value.strip_prefix("${").and_then(|name| name.strip_suffix('}'));
            let name = whole.and_then(|name| names.get(name));
            out.push_str(key);
            out.push_str(&name.map_or_else(|| replace(value, "${", reference), |name| format!("!Ref {name}")));
        }
        None => out.push_str(&replace(rest, "${", reference)),
    }
    out
}

/// The end of quoted text, behind its closing quote.
fn closing(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The beginning of a text that has at most so many bytes.
fn shortened(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
