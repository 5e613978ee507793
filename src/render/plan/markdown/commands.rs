//! The commands of every step, as text for a person: the values once, then step by step.
//!
//! Values that come from an account stand in assignments, quoted; commands name variables only.

use super::super::bash::assignment;
use super::Page;
use super::steps::subject;
use crate::model::plan::{PlannedStep, PoolPlan, Script, Snippet};
use crate::render::escape::{code, fence, flow, link, prose};
use std::fmt::Write as _;

/// How to carry out each step.
pub(super) fn commands(page: &mut Page, pool: &PoolPlan, level: usize) {
    if pool.steps.is_empty() {
        return;
    }
    page.heading(level, "Commands");
    page.line(
        "For Bash, AWS CLI and jq. Functions such as `update_user_pool`, and the folder `$WORK`, are those of the scripts that \
         `mrready plan --format sh` writes. These also check the account, the order and the result: better run them.",
    );
    let mut values = "set -euo pipefail\n".to_owned();
    for (name, value) in &pool.values {
        values.push_str(&assignment(name, value));
        values.push('\n');
    }
    page.line(&fence("bash", &values));
    for step in &pool.steps {
        one(page, step, level + 1);
    }
}

fn one(page: &mut Page, step: &PlannedStep, level: usize) {
    page.heading(level, &format!("Step {}: {}", step.number, prose(&step.title)));
    let summary = flow(&step.summary);
    if !summary.is_empty() {
        page.line(&summary);
    }
    if let Some(subject) = subject(step) {
        page.line(&format!("On: {subject}"));
    }
    if let Some(manual) = &step.manual {
        page.line("By hand:");
        for paragraph in paragraphs(manual) {
            page.line(&flow(&paragraph));
        }
    }
    if !step.inputs.is_empty() {
        let inputs = step.inputs.iter().map(|(name, what)| format!("- {}: {}", code(name), flow(what)));
        page.line(&format!("Fill in before:\n\n{}", inputs.collect::<Vec<_>>().join("\n")));
    }
    match &step.sh {
        Some(script) => {
            page.line(&fence("bash", &forward(step, script)));
            if let Some(undo) = &script.undo {
                page.line("To take it back:");
                page.line(&fence("bash", undo));
            }
        }
        None if step.manual.is_none() => page.line("No command does this."),
        None => {}
    }
    for (name, language, snippet) in
        [("CloudFormation", "yaml", &step.cloudformation), ("Terraform", "hcl", &step.terraform)]
    {
        if let Some(snippet) = snippet {
            page.line(&instead(name, language, snippet));
        }
    }
    let verify = flow(&step.verify);
    if !verify.is_empty() {
        page.line(&format!("It worked if: {verify}"));
    }
    if !step.references.is_empty() {
        let sources = step
            .references
            .iter()
            .map(|source| format!("{} ({}, read {})", link(&source.url), prose(&source.grade), prose(&source.read)));
        page.line(&format!("Source: {}", sources.collect::<Vec<_>>().join(", ")));
    }
}

/// Text as it was written in a step: lines belong together up to an empty one or the next item of a list.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut apart = true;
    for line in text.lines().map(str::trim) {
        let item =
            line.starts_with("- ") || line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
        match all.last_mut() {
            _ if line.is_empty() => {}
            Some(last) if !apart && !item => {
                last.push(' ');
                last.push_str(line);
            }
            _ => all.push(line.to_owned()),
        }
        apart = line.is_empty();
    }
    all
}

/// Its own values, then the check before, the command, and the check after.
fn forward(step: &PlannedStep, script: &Script) -> String {
    let mut out = String::new();
    for (name, value) in &step.values {
        out.push_str(&assignment(name, value));
        out.push('\n');
    }
    for name in step.inputs.keys().filter(|name| !step.values.contains_key(*name)) {
        let _ = writeln!(out, ": \"${{{name}:?fill it in first}}\"");
    }
    let parts = [
        ("# Must hold before:", script.require.as_deref()),
        ("# Do it:", Some(script.run.as_str())),
        ("# Shows that it worked:", script.check.as_deref()),
    ];
    for (comment, text) in parts {
        if let Some(text) = text {
            let _ = writeln!(out, "{comment}\n{}", text.trim_end());
        }
    }
    out
}

/// Infrastructure as code, folded: for new resources in place of the command.
fn instead(name: &str, language: &str, snippet: &Snippet) -> String {
    format!(
        "<details><summary>{name} instead, in {}</summary>\n\n{}\n</details>",
        prose(&snippet.region),
        fence(language, &snippet.text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_belong_together_up_to_an_empty_one_or_the_next_item() {
        let text = "one\ntwo\n\nthree\n- a\n  b\n2. c\nat 3.5 d\n";
        assert_eq!(paragraphs(text), ["one two", "three", "- a b", "2. c at 3.5 d"]);
        assert!(paragraphs(" \n").is_empty());
    }
}
