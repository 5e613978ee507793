//! The rules of a run: the tool's own and the user's, every id once, with a digest. Which are shown is not decided here.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::model::{DecidedBy, Fields, Level};
use crate::yaml::{self, Node};

use super::embedded::{DATA, Embedded, RULES, STEPS};
use super::load::{LoadContext, false_verdict, read_rule, stem, tree};
use super::problem::{Problem, Problems, did_you_mean, quoted};
use super::rule::Rule;
use super::step::{Step, read_step};

/// The rules that are judged.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Sorted by id.
    pub rules: Vec<Rule>,
    /// The steps that remedies name, by id.
    pub steps: BTreeMap<String, Step>,
    /// `sha256:…` of everything read, wherever it lay.
    pub digest: String,
}

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: Cow<'static, str>,
    /// Of the tool's own: its marks (`yaml::parse_ahead`).
    pub(super) marks: &'static [u8],
    pub(super) builtin: bool,
}

/// Which rules' tests are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tests {
    /// Those of users' rules.
    OfUsers,
    /// Those of all rules, and each has to have one of every verdict that it can give.
    OfEveryVerdict,
}

impl File {
    /// A file of the user's.
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned().into(), marks: &[], builtin: false }
    }

    fn embedded(file: &Embedded) -> Self {
        Self { name: format!("rules/{}", file.path), text: file.text.into(), marks: file.marks, builtin: true }
    }

    fn tree(&self, tests: bool, problems: &mut Vec<Problem>) -> Option<Node> {
        let without = (!tests).then_some("tests");
        tree(&self.name, yaml::parse_ahead(&self.text, self.marks, without), problems)
    }
}

impl Catalog {
    /// The tool's own rules, without their tests.
    pub fn builtin(fields: &dyn Fields) -> Result<Self, Problems> {
        Self::load(fields, true, &[])
    }

    /// The tool's own rules, unless `builtin` is false, and the user's files as (name, text). A file whose folder is
    /// called `steps` holds a step. The tool's steps are there in any case: a step alone does nothing. The tool's rules come
    /// without their tests, which were run before it was released: `check` reads them.
    pub fn load(fields: &dyn Fields, builtin: bool, user: &[(String, String)]) -> Result<Self, Problems> {
        Self::build(fields, &files(builtin, user), Tests::OfUsers)
    }

    /// As `load`, for `rules check`: a user's rule without a test of every verdict it can give is a problem too.
    pub fn check(fields: &dyn Fields, builtin: bool, user: &[(String, String)]) -> Result<Self, Problems> {
        Self::build(fields, &files(builtin, user), Tests::OfEveryVerdict)
    }

    pub(super) fn build(fields: &dyn Fields, files: &[File], tests: Tests) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let (step_files, rule_files): (Vec<&File>, Vec<&File>) = files.iter().partition(|file| is_step(&file.name));
        check_unique("step", &step_files, &mut problems);
        check_unique("rule", &rule_files, &mut problems);
        // A step with a mistake exists: one report of it is enough.
        let step_ids: BTreeSet<String> = step_files.iter().map(|file| stem(&file.name).to_owned()).collect();
        let mut steps = BTreeMap::new();
        for file in &step_files {
            let tree = file.tree(true, &mut problems);
            let step = tree.and_then(|tree| read_step(&file.name, &tree, fields, &step_ids, &mut problems));
            steps.extend(step.map(|step| (step.id.clone(), step)));
        }
        let mut rules = Vec::new();
        for file in &rule_files {
            let every_verdict = tests == Tests::OfEveryVerdict;
            let tests = every_verdict || !file.builtin;
            let context = LoadContext { fields, steps: &step_ids, builtin: file.builtin, every_verdict, tests };
            let tree = file.tree(tests, &mut problems);
            rules.extend(tree.and_then(|tree| read_rule(&file.name, &tree, &context, &mut problems)));
        }
        Problems::none(problems)?;
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { rules, steps, digest: digest(files) })
    }

    /// The rule of this id; else the only one with this tag.
    pub fn rule(&self, id_or_tag: &str) -> Option<&Rule> {
        match self.find(id_or_tag).as_slice() {
            [rule] => Some(rule),
            _ => None,
        }
    }

    /// The rule of this id; else all with this tag.
    pub fn find(&self, id_or_tag: &str) -> Vec<&Rule> {
        if let Ok(at) = self.rules.binary_search_by(|rule| rule.id.as_str().cmp(id_or_tag)) {
            return vec![&self.rules[at]];
        }
        self.rules.iter().filter(|rule| rule.tags.iter().any(|tag| tag == id_or_tag)).collect()
    }

    /// "did you mean …" for a name that is neither an id nor a tag.
    pub fn did_you_mean(&self, name: &str) -> Option<String> {
        let tags = self.rules.iter().flat_map(|rule| rule.tags.iter());
        did_you_mean(name, self.rules.iter().map(|rule| &rule.id).chain(tags).map(String::as_str))
    }

    /// Changes levels, as `--level RULE=LEVEL`, by id or by a tag that one rule has. All mistakes are reported, and
    /// then nothing is changed. The sentence and the tests of a false check follow the rule to its new verdict.
    pub fn with_levels(&mut self, overrides: &[(String, Level)]) -> Result<(), Problems> {
        let mut problems = Vec::new();
        let mut changes = Vec::new();
        for (name, level) in overrides {
            let mut report = |message: String, help: Option<String>| {
                let file = format!("--level {name}={level}");
                problems.push(Problem { file, place: None, message, help });
            };
            match self.find(name).as_slice() {
                [] => report(format!("there is no rule {}", quoted(name)), self.did_you_mean(name)),
                [rule] if rule.check.is_none() && rule.decided_by == DecidedBy::Evidence && *level != Level::Info => {
                    let message =
                        format!("the rule `{}` states facts and checks nothing: it can only be info", rule.id);
                    report(message, None);
                }
                [rule] => changes.push((rule.id.clone(), *level)),
                several => {
                    let ids: Vec<&str> = several.iter().map(|rule| rule.id.as_str()).collect();
                    report(format!("{} is a tag of several rules", quoted(name)), Some(ids.join(", ")));
                }
            }
        }
        Problems::none(problems)?;
        for (id, level) in changes {
            self.rules.iter_mut().filter(|rule| rule.id == id).for_each(|rule| relevel(rule, level));
        }
        Ok(())
    }

    /// The steps that no rule names and that do not belong to the sequence itself: they are in no plan.
    pub fn unused_steps(&self) -> Vec<&str> {
        let used: BTreeSet<&String> = self.rules.iter().flat_map(|rule| rule.remedy.iter()).collect();
        self.steps
            .values()
            .filter(|step| !step.backbone && !used.contains(&step.id))
            .map(|step| step.id.as_str())
            .collect()
    }
}

fn relevel(rule: &mut Rule, level: Level) {
    let (old, new) = (false_verdict(rule.level), false_verdict(level));
    if old != new && rule.check.is_some() {
        if let Some(sentence) = rule.say.by_verdict.remove(&old) {
            rule.say.by_verdict.insert(new, sentence);
        }
        rule.tests.iter_mut().filter(|test| test.expect == old).for_each(|test| test.expect = new);
    }
    rule.level = level;
}

fn files(builtin: bool, user: &[(String, String)]) -> Vec<File> {
    let own = if builtin { RULES } else { &[] };
    let mut files: Vec<File> = own.iter().chain(STEPS).map(File::embedded).collect();
    let mut user: Vec<File> = user.iter().map(|(name, text)| File::new(name, text)).collect();
    user.sort();
    files.extend(user);
    files
}

/// Whether the file's folder is called `steps`.
fn is_step(name: &str) -> bool {
    name.rsplit(['/', '\\']).nth(1) == Some("steps")
}

/// An id is its file's stem, so files that cannot be read count too.
fn check_unique(what: &str, files: &[&File], problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<&str, &File> = BTreeMap::new();
    for file in files {
        let id = stem(&file.name);
        let Some(first) = seen.get(id) else {
            seen.insert(id, file);
            continue;
        };
        let help = (first.builtin && !file.builtin).then(|| match what {
            "rule" => "choose another id; --level changes the level of a rule of the tool".to_owned(),
            _ => "choose another id".to_owned(),
        });
        let owner = if first.builtin { " of the tool" } else { "" };
        problems.push(Problem {
            file: file.name.clone(),
            place: None,
            message: format!("the {what} {} is already a {what}{owner}: {}", quoted(id), first.name),
            help,
        });
    }
}

/// Depends on what the files say and are called, not on where they lie, in which order they came or how their lines
/// end. The tool's tables are part of it: they decide verdicts as rules do.
fn digest(files: &[File]) -> String {
    let mut all: Vec<(&str, &str, Cow<'_, str>)> = files
        .iter()
        .map(|file| (if is_step(&file.name) { "step" } else { "rule" }, stem(&file.name), file.text.as_ref()))
        .chain(DATA.iter().map(|file| ("data", file.stem, file.text)))
        .map(|(kind, stem, text)| (kind, stem, with_plain_ends(text)))
        .collect();
    all.sort();
    let mut hasher = Sha256::new();
    for (kind, stem, text) in &all {
        for part in [*kind, *stem, text.as_ref()] {
            // With its length, no two lists of parts read the same.
            hasher.update(part.len().to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hasher.finalize().iter().fold("sha256:".to_owned(), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn with_plain_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").into() } else { text.into() }
}
