//! From the text of a rule or step file to its checked form, with every mistake and its place. No folders, no disk.

use std::collections::BTreeSet;

use crate::model::report::Reference;
use crate::model::{DecidedBy, Fields, Gate, Level, Resolve, SubjectKind, Verdict};
use crate::yaml::{Node, Place, SyntaxError};

use super::condition::Conditions;
use super::inline::{self, Possible};
use super::problem::{Problem, Sink, did_you_mean, escaped, or_list, quoted};
use super::rule::{Check, Rule, Say};
use super::say::say;
use super::scope::Scope;
use super::tree::{Keys, check_tree, date, is_kebab_case, list, one_of, text, words};

/// The keys of a rule file, in the order in which people write them.
pub(super) const RULE_KEYS: &[&str] = &[
    "id",
    "title",
    "short",
    "since",
    "status",
    "tags",
    "level",
    "decided_by",
    "waivable",
    "gates",
    "subject",
    "applies_when",
    "check",
    "say",
    "why",
    "resolve",
    "remedy",
    "references",
    "tests",
];
/// How sure a source is, best first: model, documentation, standard; third party, inferred, unverified.
pub(super) const GRADES: &[&str] = &["API", "DOC", "STD", "TP", "INF", "UNV"];
/// The grades on which a blocker may rest.
const FIRM_GRADES: &[&str] = &["API", "DOC", "STD"];
/// The longest `short`, in characters: several of them stand in one line.
pub(super) const MAX_SHORT: usize = 40;
/// The statuses of a rule.
pub(super) const STATUSES: &[&str] = &["stable", "experimental"];

/// What a rule file is checked against.
#[derive(Clone, Copy)]
pub struct LoadContext<'a> {
    /// The fields that exist.
    pub fields: &'a dyn Fields,
    /// The ids of the steps that exist.
    pub steps: &'a BTreeSet<String>,
    /// Whether the rule is part of the tool: then it needs references, and a test of every verdict.
    pub builtin: bool,
    /// Whether a rule of a user's own needs a test of every verdict too, as in `rules check`.
    pub every_verdict: bool,
    /// Whether its tests are read.
    pub tests: bool,
}

impl std::fmt::Debug for LoadContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadContext")
            .field("steps", &self.steps)
            .field("builtin", &self.builtin)
            .field("every_verdict", &self.every_verdict)
            .field("tests", &self.tests)
            .finish_non_exhaustive()
    }
}

/// Reads one rule file. `None` if it has a problem; all of its problems are added.
pub fn load_rule(file: &str, text: &str, context: &LoadContext<'_>, problems: &mut Vec<Problem>) -> Option<Rule> {
    let node = parse(file, text, problems)?;
    read_rule(file, &node, context, problems)
}

/// As `load_rule`, from the tree of the file.
pub(super) fn read_rule(
    file: &str,
    node: &Node,
    context: &LoadContext<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Rule> {
    let mut sink = Sink::new(file, problems);
    let before = sink.len();
    if !check_tree(node, &mut sink) {
        return None;
    }
    let rule = rule(file, node, context, &mut sink);
    if sink.len() == before { rule } else { None }
}

/// The file's name without folders and extension.
pub(super) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}

/// A tree, or the one problem why it is none.
pub(super) fn parse(file: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    tree(file, crate::yaml::parse(text), problems)
}

/// The same of what was parsed.
pub(super) fn tree(file: &str, parsed: Result<Node, SyntaxError>, problems: &mut Vec<Problem>) -> Option<Node> {
    match parsed {
        Ok(node) => Some(node),
        Err(error) => {
            Sink::new(file, problems).add(error.place, format!("not valid YAML: {}", error.message));
            None
        }
    }
}

/// What makes the verdicts of a rule.
#[derive(Clone, Copy)]
struct Nature {
    level: Level,
    decided_by: DecidedBy,
    checked: bool,
    conditional: bool,
}

impl Nature {
    /// The verdict of a check that is false.
    fn when_false(self) -> Verdict {
        false_verdict(self.level)
    }

    fn possible(self) -> Possible {
        let mut required = BTreeSet::new();
        match (self.decided_by, self.checked) {
            (DecidedBy::Evidence, true) => required.extend([Verdict::Pass, self.when_false(), Verdict::Unknown]),
            (DecidedBy::Evidence, false) => required.extend([Verdict::Info]),
            (DecidedBy::Person, true) => required.extend([Verdict::Pass, Verdict::Manual]),
            (DecidedBy::Person, false) => required.extend([Verdict::Manual]),
        }
        let mut tested = required.clone();
        if self.conditional {
            required.insert(Verdict::NotApplicable);
            // Whether the rule concerns the subject may itself not be known.
            tested.extend([Verdict::NotApplicable, Verdict::Unknown]);
        }
        Possible { tested, required }
    }

    /// What can be said: a person's rule also has the verdicts of an attestation.
    fn said(self) -> BTreeSet<Verdict> {
        let mut said = self.possible().tested;
        if self.decided_by == DecidedBy::Person {
            said.extend([Verdict::Pass, self.when_false()]);
        }
        said
    }
}

/// The verdict of a check that is false, by level.
pub(super) fn false_verdict(level: Level) -> Verdict {
    match level {
        Level::Blocker => Verdict::Fail,
        Level::Advisory => Verdict::Warn,
        Level::Info => Verdict::Info,
    }
}

fn rule(file: &str, node: &Node, context: &LoadContext<'_>, sink: &mut Sink<'_>) -> Option<Rule> {
    let what = "a rule";
    let keys = Keys::read(node, what, RULE_KEYS, sink)?;
    let id = id(keys, what, file, sink);
    let title = line(keys, "title", what, sink);
    let short = keys.get("short").map(|node| short(node, sink));
    let since = keys.need("since", what, sink).and_then(|node| version(node, sink));
    let status = keys.get("status").map(|node| one_of(node, "`status`", STATUSES, |it| it, sink));
    let tags = keys.get("tags").map(|node| tags(node, sink)).unwrap_or_default();
    let level =
        keys.need("level", what, sink).and_then(|node| one_of(node, "`level`", Level::ALL, Level::as_str, sink));
    let decided_by = match keys.get("decided_by") {
        Some(node) => one_of(node, "`decided_by`", DecidedBy::ALL, DecidedBy::as_str, sink),
        None => Some(DecidedBy::Evidence),
    };
    let waivable =
        keys.get("waivable").is_none_or(|node| one_of(node, "`waivable`", &["never"], |it| it, sink).is_none());
    let gates = gates(keys, level, sink);
    let subject = keys
        .need("subject", what, sink)
        .and_then(|node| one_of(node, "`subject`", SubjectKind::ALL, SubjectKind::as_str, sink));
    let scope = Scope::new(context.fields, subject);
    let mut conditions = Conditions::new(scope);
    let applies_when = keys.get("applies_when").map(|node| conditions.read(node, sink));
    let check = keys.get("check").map(|node| conditions.read(node, sink));
    let nature = nature(keys, level, decided_by, sink);
    let said = nature.map(Nature::said);
    let say = keys.get("say").map_or_else(Say::default, |node| say(node, scope, said.as_ref(), sink));
    let why = keys.need_text("why", what, sink);
    let resolve = resolve(keys, level, sink);
    let remedy = keys.get("remedy").map(|node| remedy(node, context.steps, sink)).unwrap_or_default();
    let references = references(keys, level, context.builtin, sink);
    let every_verdict = context.builtin || context.every_verdict;
    let possible = nature.map(Nature::possible);
    let mut tests = Vec::new();
    if !context.tests {
        // Nobody runs them now.
    } else if let Some(node) = keys.get("tests") {
        tests = inline::tests(node, scope, possible.as_ref(), every_verdict, sink);
    } else if every_verdict {
        keys.need("tests", what, sink);
    }
    Some(Rule {
        id: id?,
        title: title?,
        short: short.map_or(Some(None), |read| read.map(Some))?,
        since: since?,
        status: status.unwrap_or(Some(STATUSES[0]))?.to_owned(),
        tags,
        level: level?,
        decided_by: decided_by?,
        waivable,
        gates,
        subject: subject?,
        applies_when: flatten(applies_when)?,
        check: flatten(check)?,
        say,
        why: why?,
        resolve: resolve?,
        remedy,
        references,
        tests,
        file: file.to_owned(),
        builtin: context.builtin,
    })
}

/// Not there is sound; there and not readable is not.
#[allow(clippy::option_option, reason = "the outer says whether it is sound, the inner whether it is there")]
fn flatten(check: Option<Option<Check>>) -> Option<Option<Check>> {
    check.map_or(Some(None), |read| read.map(Some))
}

fn nature(keys: Keys<'_>, level: Option<Level>, decided_by: Option<DecidedBy>, sink: &mut Sink<'_>) -> Option<Nature> {
    let (level, decided_by) = (level?, decided_by?);
    let (checked, conditional) = (keys.get("check").is_some(), keys.get("applies_when").is_some());
    if !checked && decided_by == DecidedBy::Evidence && level != Level::Info {
        sink.add_with(
            keys.place(),
            format!("a rule of level `{level}` that is decided by evidence lacks a `check`"),
            Some("add a `check`, or `decided_by: person`, or make it `level: info`".to_owned()),
        );
        return None;
    }
    Some(Nature { level, decided_by, checked, conditional })
}

pub(super) fn id(keys: Keys<'_>, what: &str, file: &str, sink: &mut Sink<'_>) -> Option<String> {
    let node = keys.need("id", what, sink)?;
    let id = text(node, "`id`", sink)?;
    if !is_kebab_case(&id) {
        sink.add(node.place, format!("the id {} is not lower case words joined by hyphens", quoted(&id)));
    } else if id != stem(file) {
        let help = format!("rename the file to {id}.yaml, or write id: {}", escaped(stem(file)));
        sink.add_with(node.place, format!("the id {} is not the name of the file", quoted(&id)), Some(help));
    }
    Some(id)
}

/// A text of one line.
pub(super) fn line(keys: Keys<'_>, key: &str, what: &str, sink: &mut Sink<'_>) -> Option<String> {
    let found = keys.need_text(key, what, sink)?;
    if found.lines().count() > 1 {
        sink.add(keys.get(key).map_or(keys.place(), |node| node.place), format!("`{key}` has to be one line"));
    }
    Some(found)
}

/// A few words that stand beside those of other rules.
fn short(node: &Node, sink: &mut Sink<'_>) -> Option<String> {
    let found = text(node, "`short`", sink)?;
    let characters = found.chars().count();
    if characters > MAX_SHORT {
        let message = format!("`short` has {characters} characters; at most {MAX_SHORT} stand in a line with others");
        sink.add(node.place, message);
    }
    if found.lines().count() > 1 {
        sink.add(node.place, "`short` has to be one line");
    }
    Some(found)
}

fn version(node: &Node, sink: &mut Sink<'_>) -> Option<String> {
    let version = text(node, "`since`", sink)?;
    let parts: Vec<&str> = version.split('.').collect();
    if parts.len() != 3 || parts.iter().any(|part| part.parse::<u32>().is_err()) {
        sink.add(node.place, format!("`since` is a version such as 0.1.0, not {}", quoted(&version)));
    }
    Some(version)
}

fn tags(node: &Node, sink: &mut Sink<'_>) -> Vec<String> {
    let mut tags = Vec::new();
    for item in list(node, "`tags`", sink).unwrap_or_default() {
        let Some(tag) = text(item, "a tag", sink) else { continue };
        if !tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
            sink.add(item.place, format!("the tag {} is not made of letters, digits, `-`, `_` and `.`", quoted(&tag)));
        } else if tags.contains(&tag) {
            sink.add(item.place, format!("the tag {} stands twice", quoted(&tag)));
        } else {
            tags.push(tag);
        }
    }
    tags
}

/// Only a rule that states facts may guard no gate.
fn gates(keys: Keys<'_>, level: Option<Level>, sink: &mut Sink<'_>) -> Vec<Gate> {
    let Some(node) = keys.need("gates", "a rule", sink) else { return Vec::new() };
    let gates = words(node, "`gates`", Gate::ALL, Gate::as_str, sink).unwrap_or_default();
    if node.list().is_some_and(<[Node]>::is_empty) && level != Some(Level::Info) {
        let known = or_list(Gate::ALL.iter().map(|gate| gate.as_str()));
        sink.add(node.place, format!("a rule guards at least one gate: {known}"));
    }
    gates
}

/// A rule that only states facts asks for no remedy, so it need not say when.
fn resolve(keys: Keys<'_>, level: Option<Level>, sink: &mut Sink<'_>) -> Option<Resolve> {
    match keys.get("resolve") {
        None if level == Some(Level::Info) => Some(Resolve::Before),
        None => {
            keys.need("resolve", "a rule", sink);
            None
        }
        Some(node) => one_of(node, "`resolve`", Resolve::ALL, Resolve::as_str, sink),
    }
}

fn remedy(node: &Node, steps: &BTreeSet<String>, sink: &mut Sink<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for item in list(node, "`remedy`", sink).unwrap_or_default() {
        let Some(step) = text(item, "a step of `remedy`", sink) else { continue };
        if !steps.contains(&step) {
            let help = did_you_mean(&step, steps.iter().map(String::as_str))
                .unwrap_or_else(|| format!("write it as steps/{}.yaml", escaped(&step)));
            sink.add_with(item.place, format!("there is no step {}", quoted(&step)), Some(help));
        } else if found.contains(&step) {
            sink.add(item.place, format!("the step {} stands twice", quoted(&step)));
        } else {
            found.push(step);
        }
    }
    found
}

/// A rule of the tool says where it is written; a user's own may rest on the user's own authority.
fn references(keys: Keys<'_>, level: Option<Level>, builtin: bool, sink: &mut Sink<'_>) -> Vec<Reference> {
    let Some(node) = keys.get("references") else {
        if builtin {
            keys.need("references", "a rule", sink);
        }
        return Vec::new();
    };
    let Some(items) = list(node, "`references`", sink) else { return Vec::new() };
    if builtin && items.is_empty() {
        sink.add(node.place, "a rule of the tool needs at least one reference");
    }
    let found: Vec<Reference> = items.iter().filter_map(|item| reference(item, sink)).collect();
    let weak = found.iter().all(|each| !FIRM_GRADES.contains(&each.grade.as_str()));
    if level == Some(Level::Blocker) && weak && !found.is_empty() && found.len() == items.len() {
        sink.add_with(
            node.place,
            "a blocker cannot rest on references of grade TP, INF or UNV alone",
            Some("add one of grade API, DOC or STD, or make the rule `advisory`".to_owned()),
        );
    }
    found
}

pub(super) fn reference(node: &Node, sink: &mut Sink<'_>) -> Option<Reference> {
    let what = "a reference";
    let keys = Keys::read(node, what, &["url", "read", "grade"], sink)?;
    let url = keys.need_text("url", what, sink);
    let read = keys.need_text("read", what, sink);
    let grade = keys.need("grade", what, sink).and_then(|node| one_of(node, "`grade`", GRADES, |it| it, sink));
    let at = |key: &str| -> Place { keys.get(key).map_or(keys.place(), |node| node.place) };
    if let Some(url) = &url {
        let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        if !host.contains('.') || url.contains(char::is_whitespace) {
            sink.add(at("url"), format!("{} is not an https address", quoted(url)));
        }
    }
    if let Some(read) = read.as_deref().filter(|read| date(read).is_none()) {
        sink.add(at("read"), format!("`read` is the day it was read, YYYY-MM-DD, not {}", quoted(read)));
    }
    Some(Reference { url: url?, read: read?, grade: grade?.to_owned() })
}
