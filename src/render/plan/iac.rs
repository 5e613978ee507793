//! CloudFormation and Terraform for what a plan creates anew. Nothing here changes a pool that exists.
//!
//! Steps bring snippets into which the planner has filled what is known and harmless. What is left as `${NAME}` becomes a
//! parameter or a variable: an input has none, a value with characters of its own a quoted default. Snippets of several
//! steps are put together, one template per Region, one Terraform file per pool. How each language is written stands in
//! `template` and in `hcl`.

mod hcl;
mod template;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::model::plan::{PlannedStep, PoolPlan, Snippet};
use crate::render::safe::{is_hidden, safe};

/// File names and texts, one template per Region, sorted. Empty if no step creates anything that CloudFormation knows.
pub fn cloudformation(plan: &PoolPlan) -> Vec<(String, String)> {
    let with = |step: &'_ PlannedStep| step.cloudformation.as_ref().map(|snippet| snippet.region.clone());
    let regions: BTreeSet<String> = plan.steps.iter().filter_map(with).collect();
    let file = |region: String| {
        let of_region = |part: &Part<'_>| part.snippet.region == region;
        let parts: Vec<Part<'_>> = parts(plan, |step| step.cloudformation.as_ref()).filter(of_region).collect();
        let name: String = region.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        (format!("cloudformation-{name}.yaml"), template::write(plan, &region, &parts))
    };
    regions.into_iter().map(file).collect()
}

/// File names and texts. Empty if no step creates anything that Terraform knows.
pub fn terraform(plan: &PoolPlan) -> Vec<(String, String)> {
    let parts: Vec<Part<'_>> = parts(plan, |step| step.terraform.as_ref()).collect();
    if parts.is_empty() {
        return Vec::new();
    }
    vec![("main.tf".to_owned(), hcl::write(plan, &parts))]
}

/// What a step brings.
struct Part<'a> {
    /// The step.
    step: &'a PlannedStep,
    /// Its snippet.
    snippet: &'a Snippet,
}

fn parts<'a>(
    plan: &'a PoolPlan,
    snippet: impl Fn(&'a PlannedStep) -> Option<&'a Snippet>,
) -> impl Iterator<Item = Part<'a>> {
    plan.steps.iter().filter_map(move |step| Some(Part { step, snippet: snippet(step)? }))
}

/// A value that is left open in a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    /// What it is.
    what: String,
    /// What the evidence says, where it says something.
    default: Option<String>,
}

/// Which values are left open, by the name of the shell variable.
fn open(plan: &PoolPlan, parts: &[Part<'_>]) -> BTreeMap<String, Open> {
    let mut open = BTreeMap::new();
    for Part { step, snippet } in parts {
        for name in snippet.text.match_indices("${").filter_map(|(at, _)| placeholder(&snippet.text, at)) {
            let default = step.values.get(name).or_else(|| plan.values.get(name)).cloned();
            let what =
                step.inputs.get(name).map_or_else(|| name.to_lowercase().replace('_', " "), |what| one_line(what));
            open.entry(name.to_owned()).or_insert(Open { what, default });
        }
    }
    open
}

/// The name in a `${NAME}` that begins here; `None` if it is `$${…}` or something of the language itself.
fn placeholder(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..)?.strip_prefix("${")?;
    let name = &rest[..rest.find('}')?];
    let sound = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    (sound && !text[..at].ends_with('$')).then_some(name)
}

/// Text in which each `${NAME}` is replaced, and each `$${` is what `escaped` says.
fn replace(text: &str, escaped: &str, name: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find('$').map(|found| at + found) {
        out.push_str(&text[at..found]);
        if text[found..].starts_with("$${") {
            out.push_str(escaped);
            at = found + 3;
        } else if let Some(open) = placeholder(text, found) {
            out.push_str(&name(open));
            at = found + open.len() + 3;
        } else {
            out.push('$');
            at = found + 1;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Whether a `${NAME}` is left in a text.
fn has_placeholder(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| placeholder(text, at).is_some())
}

/// Text between double quotes, for YAML and for HCL, which agree on these escapes. `template` also escapes what HCL
/// evaluates within quotes.
fn quoted(text: &str, template: bool) -> String {
    let mut out = "\"".to_owned();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '$' | '%' if template && chars.peek() == Some(&'{') => out.extend([c, c]),
            c if is_hidden(c) => {
                let code = u32::from(c);
                let _ = if code > 0xffff { write!(out, "\\U{code:08x}") } else { write!(out, "\\u{code:04x}") };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One harmless line.
fn one_line(text: &str) -> String {
    safe(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The pool, as a comment or a description names it.
fn label(plan: &PoolPlan) -> String {
    let id = one_line(&plan.pool.id);
    plan.pool.name.as_deref().map_or_else(|| id.clone(), |name| format!("{} ({id})", one_line(name)))
}

/// Comments of a snippet that are not within its code, less the one that names its Region.
fn notes(text: &str) -> impl Iterator<Item = String> {
    let comments = text.lines().filter_map(|line| line.strip_prefix('#').map(str::trim));
    comments.filter(|note| !note.is_empty() && !note.starts_with("Region:")).map(one_line)
}

/// Text in which a name is another one, where it stands alone.
fn rename(text: &str, from: &str, to: &str) -> String {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (found, _) in text.match_indices(from) {
        let alone = !text.as_bytes()[..found].last().is_some_and(part)
            && !text.as_bytes().get(found + from.len()).is_some_and(part);
        if alone {
            out.push_str(&text[at..found]);
            out.push_str(to);
            at = found + from.len();
        }
    }
    out.push_str(&text[at..]);
    out
}

/// A name that is not taken: with 2, 3, … behind it.
fn free(name: &str, between: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut number = 2;
    while taken(&format!("{name}{between}{number}")) {
        number += 1;
    }
    format!("{name}{between}{number}")
}
