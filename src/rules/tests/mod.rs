//! Tests of the loader as a whole; the small parts are tested where they stand.

mod catalog;
mod decisions;
mod editor;
mod load;
mod mock;

use std::collections::BTreeSet;

use super::catalog::{File, Tests};
use super::problem::Problems;
use super::{Catalog, LoadContext, Problem, Rule, load_rule};

/// A rule with nothing wrong. Each line is one key, so that tests can replace it.
const GOOD: &str = "\
id: good-rule
title: The key is a multi-Region key
since: 0.1.0
tags: [MRR-006]
level: blocker
gates: [replicate]
subject: pool
applies_when: { field: key.type, equals: CUSTOMER_MANAGED_KEY }
check: { field: key.multi_region, equals: true }
say: { fail: \"{key.arn} is single-Region\" }
why: It cannot be converted.
resolve: before
remedy: [create-key]
references: [{ url: https://docs.aws.amazon.com/kms, read: 2026-11-21, grade: DOC }]
tests:
  - { given: { key: { type: CUSTOMER_MANAGED_KEY, multi_region: true } }, expect: pass }
  - { given: { key: { type: CUSTOMER_MANAGED_KEY, multi_region: false } }, expect: fail }
  - { given: { key: { type: CUSTOMER_MANAGED_KEY, multi_region: { $unknown: { denied: kms:DescribeKey } } } }, expect: unknown }
  - { given: { key: { type: { $absent: true } } }, expect: not_applicable }
";

/// The good rule with the line of this key replaced; no text removes the line.
fn with(key: &str, line: &str) -> String {
    let start = format!("{key}:");
    assert!(GOOD.lines().any(|each| each.starts_with(&start)), "{key}");
    let lines = GOOD.lines().map(|each| if each.starts_with(&start) { line } else { each });
    lines.filter(|each| !each.is_empty()).fold(String::new(), |all, each| all + each + "\n")
}

/// The good rule with this `check`, as a user's rule without tests, so that only the check is at stake.
fn with_check(check: &str) -> String {
    let rule = with("check", &format!("check: {check}"));
    rule.split("tests:").next().unwrap().to_owned()
}

/// A catalogue of these files alone: the tool's own steps speak of fields that the mock does not have.
fn load(files: &[(String, String)], every_verdict: bool) -> Result<Catalog, Problems> {
    let mut files: Vec<File> = files.iter().map(|(name, text)| File::new(name, text)).collect();
    files.sort();
    Catalog::build(&mock::Mock, &files, if every_verdict { Tests::OfEveryVerdict } else { Tests::OfUsers })
}

fn read(text: &str, builtin: bool) -> (Option<Rule>, Vec<Problem>) {
    let steps = BTreeSet::from(["create-key".to_owned()]);
    let context = LoadContext { fields: &mock::Mock, steps: &steps, builtin, every_verdict: false, tests: true };
    let mut problems = Vec::new();
    let rule = load_rule("rules/key/good-rule.yaml", text, &context, &mut problems);
    (rule, problems)
}

fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|each| each.to_string().replace("rules/key/good-rule.yaml:", "")).collect()
}
