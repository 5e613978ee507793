//! A step: something to be done so that a finding goes away, or so that the migration goes on. From the text of a file below
//! `rules/steps/` to its checked form. Which steps a pool needs, and in which order, is the planner's question.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::plan::{Direction, Phase, Risk, Script, Who};
use crate::model::report::Reference;
use crate::model::{Fields, SubjectKind};
use crate::yaml::Node;

use super::condition::Conditions;
use super::inline;
use super::load::{id, line, parse, reference};
use super::problem::{Problem, Sink, did_you_mean, quoted};
use super::rule::{Check, Given};
use super::scope::Scope;
use super::tree::{Keys, boolean, check_tree, list, one_of, text, words};

/// The keys of a step file, in the order in which people write them.
pub(super) const STEP_KEYS: &[&str] = &[
    "id",
    "title",
    "summary",
    "command",
    "phase",
    "who",
    "subject",
    "direction",
    "backbone",
    "needs",
    "applies_when",
    "requires",
    "done_when",
    "effects",
    "gone",
    "cannot_fix",
    "risk",
    "impact",
    "point_of_no_return",
    "duration",
    "lead_time",
    "abort_if",
    "verify",
    "roll_back",
    "manual",
    "values",
    "inputs",
    "sh",
    "cloudformation",
    "terraform",
    "references",
];

/// A step, ready to be planned.
#[derive(Debug, Clone)]
pub struct Step {
    /// File stem.
    pub id: String,
    /// What is done.
    pub title: String,
    /// One or two sentences.
    pub summary: String,
    /// The command, as text for a person; placeholders in angle brackets.
    pub command: Option<String>,
    /// What it belongs to.
    pub phase: Phase,
    /// Who has to act.
    pub who: Who,
    /// What it is done to: once per subject of this kind, once per pool for `pool`.
    pub subject: SubjectKind,
    /// The plans it may be part of.
    pub directions: Vec<Direction>,
    /// Part of the sequence itself: there whether or not a finding asks for it, unless it is done or does not apply.
    pub backbone: bool,
    /// Steps that come before it if they are in the plan at all.
    pub needs: Vec<String>,
    /// Whether it concerns the subject; `None`: whenever it is asked for.
    pub applies_when: Option<Check>,
    /// What has to hold when it begins. What no evidence decides, the script looks up.
    pub requires: Option<Check>,
    /// What shows that it is done; `None`: that the findings that ask for it have gone.
    pub done_when: Option<Check>,
    /// What the facts say once it is done.
    pub effects: BTreeMap<String, Given>,
    /// Whether its subject is gone once it is done.
    pub gone: bool,
    /// It does not mend what asks for it, and why: such a step tells a person what is left.
    pub cannot_fix: Option<String>,
    /// What can go wrong.
    pub risk: Risk,
    /// What users notice.
    pub impact: String,
    /// Why there is no way back from here.
    pub point_of_no_return: Option<String>,
    /// Minutes it usually takes.
    pub minutes: u32,
    /// Days until others have acted.
    pub lead_days: u32,
    /// When to stop.
    pub abort_if: Vec<String>,
    /// What shows that it worked, for a person.
    pub verify: String,
    /// The way back, for a person.
    pub roll_back: String,
    /// What a person does by hand.
    pub manual: Option<String>,
    /// Shell variable → what it is made of: text in which `{field}` and `{subject.N}` are filled in.
    pub values: BTreeMap<String, String>,
    /// Shell variables that only a person can fill.
    pub inputs: Vec<Input>,
    /// Shell text.
    pub sh: Option<Script>,
    /// A CloudFormation template, YAML, and the variable that names its Region.
    pub cloudformation: Option<String>,
    /// Terraform, HCL.
    pub terraform: Option<String>,
    /// Where it is written.
    pub references: Vec<Reference>,
}

/// A value that only a person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The shell variable.
    pub name: String,
    /// What it is.
    pub what: String,
}

/// Reads one step file. `None` if it has a problem; all of its problems are added.
pub fn load_step(
    file: &str,
    source: &str,
    fields: &dyn Fields,
    steps: &BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Option<Step> {
    let node = parse(file, source, problems)?;
    read_step(file, &node, fields, steps, problems)
}

/// As `load_step`, from the tree of the file.
pub(super) fn read_step(
    file: &str,
    node: &Node,
    fields: &dyn Fields,
    steps: &BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Option<Step> {
    let mut sink = Sink::new(file, problems);
    let before = sink.len();
    if !check_tree(node, &mut sink) {
        return None;
    }
    let step = step(file, node, fields, steps, &mut sink);
    if sink.len() == before { step } else { None }
}

fn step(file: &str, node: &Node, fields: &dyn Fields, steps: &BTreeSet<String>, sink: &mut Sink<'_>) -> Option<Step> {
    let what = "a step";
    let keys = Keys::read(node, what, STEP_KEYS, sink)?;
    let id = id(keys, what, file, sink);
    let title = line(keys, "title", what, sink);
    let summary = keys.need_text("summary", what, sink);
    let subject = match keys.get("subject") {
        Some(node) => one_of(node, "`subject`", SubjectKind::ALL, SubjectKind::as_str, sink)?,
        None => SubjectKind::Pool,
    };
    let scope = Scope::new(fields, Some(subject));
    let mut conditions = Conditions::new(scope);
    let mut condition = |key: &str, sink: &mut Sink<'_>| match keys.get(key) {
        None => Some(None),
        Some(node) => conditions.read(node, sink).map(Some),
    };
    let applies_when = condition("applies_when", sink);
    let requires = condition("requires", sink);
    let done_when = condition("done_when", sink);
    let mut effects = BTreeMap::new();
    if let Some(node) = keys.get("effects") {
        inline::fields(node, "", scope, &mut effects, sink);
    }
    let directions = match keys.get("direction") {
        Some(node) => words(node, "`direction`", Direction::ALL, Direction::as_str, sink)?,
        None => vec![Direction::Forward],
    };
    let flag = |key: &str, sink: &mut Sink<'_>| {
        keys.get(key).is_some_and(|node| boolean(node, &format!("`{key}`"), sink).unwrap_or_default())
    };
    Some(Step {
        id: id?,
        title: title?,
        summary: summary?,
        command: keys.text("command", sink),
        phase: word(keys, "phase", Phase::ALL, Phase::as_str, Phase::Prepare, sink),
        who: word(keys, "who", Who::ALL, Who::as_str, Who::Operator, sink),
        subject,
        directions,
        backbone: flag("backbone", sink),
        needs: needs(keys, steps, sink),
        applies_when: applies_when?,
        requires: requires?,
        done_when: done_when?,
        effects: effects.into_iter().map(|(name, (given, _))| (name, given)).collect(),
        gone: flag("gone", sink),
        cannot_fix: keys.text("cannot_fix", sink),
        risk: word(keys, "risk", Risk::ALL, Risk::as_str, Risk::Low, sink),
        impact: keys.text("impact", sink).unwrap_or_default(),
        point_of_no_return: keys.text("point_of_no_return", sink),
        minutes: amount(keys, "duration", &[("m", 1), ("h", 60)], sink),
        lead_days: amount(keys, "lead_time", &[("d", 1), ("w", 7)], sink),
        abort_if: texts(keys, "abort_if", sink),
        verify: keys.text("verify", sink).unwrap_or_default(),
        roll_back: keys.text("roll_back", sink).unwrap_or_default(),
        manual: keys.text("manual", sink),
        values: named(keys, "values", sink).into_iter().collect(),
        inputs: named(keys, "inputs", sink).into_iter().map(|(name, what)| Input { name, what }).collect(),
        sh: shell(keys, sink),
        cloudformation: keys.text("cloudformation", sink),
        terraform: keys.text("terraform", sink),
        references: references(keys, sink),
    })
}

fn word<T: Copy>(
    keys: Keys<'_>,
    key: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
    default: T,
    sink: &mut Sink<'_>,
) -> T {
    keys.get(key).and_then(|node| one_of(node, &format!("`{key}`"), all, name, sink)).unwrap_or(default)
}

fn texts(keys: Keys<'_>, key: &str, sink: &mut Sink<'_>) -> Vec<String> {
    let Some(node) = keys.get(key) else { return Vec::new() };
    let what = format!("`{key}`");
    let items = list(node, &what, sink).unwrap_or_default();
    items.iter().filter_map(|item| text(item, &format!("each of {what}"), sink)).collect()
}

fn needs(keys: Keys<'_>, steps: &BTreeSet<String>, sink: &mut Sink<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for item in keys.get("needs").and_then(|node| list(node, "`needs`", sink)).unwrap_or_default() {
        let Some(step) = text(item, "a step of `needs`", sink) else { continue };
        if !steps.contains(&step) {
            let help = did_you_mean(&step, steps.iter().map(String::as_str));
            sink.add_with(item.place, format!("there is no step {}", quoted(&step)), help);
        } else if found.contains(&step) {
            sink.add(item.place, format!("the step {} stands twice", quoted(&step)));
        } else {
            found.push(step);
        }
    }
    found
}

/// A number and its unit, such as `30m`.
fn amount(keys: Keys<'_>, key: &str, units: &[(&str, u32)], sink: &mut Sink<'_>) -> u32 {
    let Some(node) = keys.get(key) else { return 0 };
    let Some(written) = text(node, &format!("`{key}`"), sink) else { return 0 };
    let found =
        units.iter().find_map(|(unit, factor)| written.strip_suffix(unit)?.parse::<u32>().ok()?.checked_mul(*factor));
    found.unwrap_or_else(|| {
        let units: Vec<String> = units.iter().map(|(unit, _)| format!("30{unit}")).collect();
        sink.add(node.place, format!("`{key}` is an amount such as {}, not {}", units.join(" or "), quoted(&written)));
        0
    })
}

/// A mapping of shell variables to texts.
fn named(keys: Keys<'_>, key: &str, sink: &mut Sink<'_>) -> Vec<(String, String)> {
    let Some(node) = keys.get(key) else { return Vec::new() };
    let Some(pairs) = Keys::any(node, &format!("`{key}`"), sink) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in pairs.pairs() {
        let Some(variable) = name.text() else { continue };
        let sound = variable.starts_with(|first: char| first.is_ascii_uppercase())
            && variable.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !sound {
            sink.add(name.place, format!("{} is no shell variable in capitals", quoted(variable)));
        }
        found.extend(text(value, &format!("`{variable}`"), sink).map(|value| (variable.to_owned(), value)));
    }
    found
}

fn shell(keys: Keys<'_>, sink: &mut Sink<'_>) -> Option<Script> {
    let keys = Keys::read(keys.get("sh")?, "`sh`", &["require", "run", "check", "undo"], sink)?;
    Some(Script {
        require: keys.text("require", sink),
        run: keys.need_text("run", "`sh`", sink)?,
        check: keys.text("check", sink),
        undo: keys.text("undo", sink),
    })
}

fn references(keys: Keys<'_>, sink: &mut Sink<'_>) -> Vec<Reference> {
    let items = keys.get("references").and_then(|node| list(node, "`references`", sink)).unwrap_or_default();
    items.iter().filter_map(|item| reference(item, sink)).collect()
}
