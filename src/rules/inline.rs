//! The tests that stand in a rule's file: what they give, what they expect. Running them is not done here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{TargetIssuer, Verdict};
use crate::yaml::{Node, Place};

use super::problem::{Sink, did_you_mean, or_list, quoted};
use super::rule::{Given, Options, RuleTest};
use super::scope::{Scope, json};
use super::tree::{Keys, Moment, boolean, describe, instant, list, one_of, text};

/// The clock of a test that does not set `now`: 2026-01-01T00:00:00Z.
pub(super) const TEST_NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// The words for why a field is unknown, as in the report.
pub(super) const CAUSES: &[&str] = &[
    "denied",
    "throttled",
    "failed",
    "not_found",
    "not_offered",
    "not_collected",
    "prerequisite",
    "not_searched",
    "not_admitted",
    "undecided",
    "unrecognised",
    "no_meaning",
    "contradiction",
    "no_target_region",
    "stale",
];

/// The verdicts a rule can give.
#[derive(Debug, Clone, Default)]
pub(super) struct Possible {
    /// By its evidence alone, so that a test can expect them.
    pub(super) tested: BTreeSet<Verdict>,
    /// Those of which every rule has to show one.
    pub(super) required: BTreeSet<Verdict>,
}

/// Reads `tests`. `possible` is `None` if what the rule can give could not be read.
pub(super) fn tests(
    node: &Node,
    scope: Scope<'_>,
    possible: Option<&Possible>,
    every_verdict: bool,
    sink: &mut Sink<'_>,
) -> Vec<RuleTest> {
    let Some(items) = list(node, "`tests`", sink) else { return Vec::new() };
    let before = sink.len();
    let tests: Vec<RuleTest> = items.iter().filter_map(|item| one(item, scope, possible, sink)).collect();
    // A test that could not be read may be the one that is missed: first things first.
    if let (true, true, Some(possible)) = (every_verdict, sink.len() == before, possible) {
        let shown: BTreeSet<Verdict> = tests.iter().map(|test| test.expect).collect();
        for verdict in possible.required.difference(&shown) {
            sink.add(node.place, format!("no test expects `{verdict}`, which the rule can give"));
        }
    }
    tests
}

fn one(node: &Node, scope: Scope<'_>, possible: Option<&Possible>, sink: &mut Sink<'_>) -> Option<RuleTest> {
    let keys = Keys::read(node, "a test", &["given", "pool", "options", "now", "expect"], sink)?;
    let mut given = BTreeMap::new();
    if let Some(node) = keys.get("given") {
        fields(node, "", scope, &mut given, sink);
    }
    if let Some(node) = keys.get("pool") {
        fields(node, "pool", scope, &mut given, sink);
    }
    let mut options = Options { target_issuer: TargetIssuer::Updated, target_region: None, now: TEST_NOW };
    if let Some(node) = keys.get("options") {
        set_options(node, &mut options, sink);
    }
    if let Some(now) = keys.get("now").and_then(|node| now(node, sink)) {
        options.now = now;
    }
    let expect = keys.need("expect", "a test", sink)?;
    let expect = verdict(expect, "`expect`", possible.map(|possible| &possible.tested), sink)?;
    let given = given.into_iter().map(|(name, (given, _))| (name, given)).collect();
    Some(RuleTest { given, options, expect, place: node.place })
}

/// A verdict that the rule can give.
pub(super) fn verdict(
    node: &Node,
    what: &str,
    possible: Option<&BTreeSet<Verdict>>,
    sink: &mut Sink<'_>,
) -> Option<Verdict> {
    let verdict = one_of(node, what, Verdict::ALL, Verdict::as_str, sink)?;
    if let Some(possible) = possible.filter(|possible| !possible.contains(&verdict)) {
        let can = or_list(possible.iter().map(|each| each.as_str()));
        sink.add_with(
            node.place,
            format!("a rule of this level, with this `check` and `decided_by`, never gives `{verdict}`"),
            Some(format!("it can give {can}")),
        );
    }
    Some(verdict)
}

fn set_options(node: &Node, options: &mut Options, sink: &mut Sink<'_>) {
    let Some(keys) = Keys::read(node, "`options`", &["target_issuer", "target_region"], sink) else { return };
    if let Some(node) = keys.get("target_issuer") {
        let issuer = one_of(node, "`target_issuer`", TargetIssuer::ALL, TargetIssuer::as_str, sink);
        options.target_issuer = issuer.unwrap_or(options.target_issuer);
    }
    options.target_region = keys.text("target_region", sink);
}

fn now(node: &Node, sink: &mut Sink<'_>) -> Option<Timestamp> {
    let text = text(node, "`now`", sink)?;
    let now = instant(&text, Moment::First);
    if now.is_none() {
        let help = Some("write RFC 3339, such as 2026-11-21T00:00:00Z, or a date".to_owned());
        sink.add_with(node.place, format!("`now` is an instant, not {}", quoted(&text)), help);
    }
    now
}

/// Nested mappings become dotted names: `key: {type: X}` is `key.type`.
pub(super) fn fields(
    node: &Node,
    below: &str,
    scope: Scope<'_>,
    given: &mut BTreeMap<String, (Given, Place)>,
    sink: &mut Sink<'_>,
) {
    let what = if below.is_empty() { "`given`".to_owned() } else { format!("`{below}`") };
    let Some(keys) = Keys::any(node, &what, sink) else { return };
    for (key, value) in keys.pairs() {
        let Some(key_text) = key.text() else { continue };
        let name = if below.is_empty() { key_text.to_owned() } else { format!("{below}.{key_text}") };
        if scope.get(&name).is_none() && scope.is_root(&name) {
            fields(value, &name, scope, given, sink);
            continue;
        }
        let Some(spec) = scope.need(&name, key.place, &[], sink) else { continue };
        let Some(value) = what_is_given(value, &name, spec.ty, sink) else { continue };
        if let Some((_, Place { line, column })) = given.insert(name, (value, key.place)) {
            let message = format!("`{}` is given twice: it already stands at {line}:{column}", spec.name);
            sink.add(key.place, message);
        }
    }
}

fn what_is_given(node: &Node, name: &str, ty: crate::model::FieldType, sink: &mut Sink<'_>) -> Option<Given> {
    let what = format!("`{name}`");
    let marked =
        node.map().is_some_and(|pairs| pairs.iter().any(|(key, _)| key.text().is_some_and(|key| key.starts_with('$'))));
    if !marked {
        return json(node, ty, &what, sink).map(|value| Given::Value(value, ty));
    }
    let keys = Keys::read(node, &what, &["$absent", "$unknown", "$partial"], sink)?;
    match (keys.get("$absent"), keys.get("$unknown"), keys.get("$partial")) {
        (Some(node), None, None) => {
            if boolean(node, "`$absent`", sink)? {
                return Some(Given::Absent);
            }
            sink.add(node.place, "`$absent` can only be `true`; give a value instead");
            None
        }
        (None, Some(node), None) => cause(node, sink).map(Given::Unknown),
        (None, Some(unknown), Some(items)) => {
            let cause = cause(unknown, sink);
            if !matches!(ty, crate::model::FieldType::List(_)) {
                sink.add(items.place, format!("`$partial` is for lists; {what} is none"));
                return None;
            }
            let serde_json::Value::Array(items) = json(items, ty, &what, sink)? else { return None };
            Some(Given::Partial(items, ty, cause?))
        }
        _ => {
            let help = "write {$absent: true}, {$unknown: {denied: …}} or {$partial: […], $unknown: {…}}";
            sink.add_with(keys.place(), format!("{what} is given in no way known"), Some(help.to_owned()));
            None
        }
    }
}

/// `denied: kms:DescribeKey` or `throttled`, in words.
fn cause(node: &Node, sink: &mut Sink<'_>) -> Option<String> {
    let (word, rest) = match node.map() {
        Some([(word, rest)]) => (word, Some(rest)),
        Some(_) => {
            sink.add(node.place, "`$unknown` has one cause");
            return None;
        }
        None => (node, None),
    };
    let Some(name) = word.as_string().filter(|name| CAUSES.contains(name)) else {
        let help = word.text().and_then(|word| did_you_mean(word, CAUSES.iter().copied()));
        let known = CAUSES.join(", ");
        sink.add_with(word.place, format!("`$unknown` needs a cause ({known}), this is {}", describe(word)), help);
        return None;
    };
    let texts: Option<Vec<&str>> = match rest {
        None => Some(Vec::new()),
        Some(rest) => match rest.list() {
            Some(items) => items.iter().map(Node::text).collect(),
            None if rest.is_null() || rest.to_json() == true => Some(Vec::new()),
            None => rest.text().map(|text| vec![text]),
        },
    };
    let Some(texts) = texts else {
        sink.add(word.place, format!("`{name}` is followed by text or a list of texts"));
        return None;
    };
    Some(if texts.is_empty() { name.to_owned() } else { format!("{name}: {}", texts.join(", ")) })
}
