//! Catalogues: ids, digests, levels.

use super::super::Catalog;
use super::super::catalog::{File, Tests};
use super::{GOOD, load, mock::Mock, with};
use crate::model::{Level, Verdict};

const STEP: &str = "id: create-key\ntitle: Create a key\nsummary: In the primary Region.\n";

fn user(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// Two rules, `good-rule` and `other-rule`, and a step.
pub(super) fn two() -> Catalog {
    let other = with("id", "id: other-rule").replace("tags: [MRR-006]", "tags: [MRR-007, both]\nwaivable: never");
    let good = GOOD.replace("[MRR-006]", "[MRR-006, both]");
    let files = [("my/steps/create-key.yaml", STEP), ("my/other-rule.yaml", &other), ("my/good-rule.yaml", &good)];
    load(&user(&files), false).unwrap()
}

#[test]
fn rules_are_sorted_and_found_by_id_and_by_tag() {
    let catalog = two();
    let ids: Vec<&str> = catalog.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["good-rule", "other-rule"]);
    for (name, want) in
        [("good-rule", Some("good-rule")), ("MRR-007", Some("other-rule")), ("both", None), ("nothing", None)]
    {
        assert_eq!(catalog.rule(name).map(|rule| rule.id.as_str()), want, "{name}");
    }
    assert_eq!(catalog.find("both").len(), 2);
    assert_eq!(catalog.unused_steps().iter().filter(|step| **step == "create-key").count(), 0);
}

#[test]
fn an_id_stands_once() {
    let files = user(&[("a/good-rule.yaml", GOOD), ("b/good-rule.yml", GOOD), ("steps/create-key.yaml", STEP)]);
    let problems = load(&files, false).unwrap_err().to_string();
    assert_eq!(problems, "b/good-rule.yml: the rule `good-rule` is already a rule: a/good-rule.yaml");
}

#[test]
fn the_tools_own_rule_keeps_its_id() {
    let file = |name: &str, builtin| File { builtin, ..File::new(name, GOOD) };
    let step = File { builtin: true, ..File::new("rules/steps/create-key.yaml", STEP) };
    let files = [file("rules/key/good-rule.yaml", true), step, file("mine/good-rule.yaml", false)];
    let problems = Catalog::build(&Mock, &files, Tests::OfUsers).unwrap_err().to_string();
    assert_eq!(
        problems,
        "mine/good-rule.yaml: the rule `good-rule` is already a rule of the tool: rules/key/good-rule.yaml\n  \
         help: choose another id; --level changes the level of a rule of the tool"
    );
}

#[test]
fn all_problems_of_all_files_at_once() {
    let bad = with("level", "level: bloker");
    let files = user(&[
        ("z/good-rule.yaml", &bad),
        ("a/good-rule.yaml", &with("title", "")),
        ("steps/create-key.yaml", "id: create-key\n"),
    ]);
    let problems = load(&files, false).unwrap_err();
    let files: Vec<&str> = problems.list().iter().map(|each| each.file.as_str()).collect();
    // The step with a mistake exists: nobody says that the rules name one that does not.
    let want =
        ["a/good-rule.yaml", "steps/create-key.yaml", "steps/create-key.yaml", "z/good-rule.yaml", "z/good-rule.yaml"];
    assert_eq!(files, want, "{problems}");
}

#[test]
fn rules_check_wants_a_test_of_every_verdict_of_a_users_rule_too() {
    let text = GOOD.lines().filter(|line| !line.contains("expect: fail")).collect::<Vec<_>>().join("\n");
    let files = user(&[("good-rule.yaml", &text), ("steps/create-key.yaml", STEP)]);
    assert!(load(&files, false).is_ok());
    let problems = load(&files, true).unwrap_err().to_string();
    assert!(problems.contains("no test expects `fail`, which the rule can give"), "{problems}");
}

#[test]
fn the_digest_follows_the_text_and_not_the_place() {
    let of = |files: &[(&str, &str)]| load(&user(files), false).unwrap().digest;
    let one = of(&[("a/good-rule.yaml", GOOD), ("steps/create-key.yaml", STEP)]);
    assert!(one.starts_with("sha256:") && one.len() == 71, "{one}");
    assert_eq!(one, of(&[("/x/steps/create-key.yaml", STEP), ("b/c/good-rule.yml", GOOD)]));
    assert_eq!(one, of(&[("good-rule.yaml", &GOOD.replace('\n', "\r\n")), ("steps/create-key.yaml", STEP)]));
    assert_ne!(one, of(&[("good-rule.yaml", &format!("{GOOD}# more\n")), ("steps/create-key.yaml", STEP)]));
    assert_ne!(one, of(&[("steps/create-key.yaml", STEP)]));
}

#[test]
fn levels_can_be_changed() {
    let mut catalog = two();
    catalog.with_levels(&[("MRR-006".into(), Level::Advisory)]).unwrap();
    let rule = catalog.rule("good-rule").unwrap();
    assert_eq!(rule.level, Level::Advisory);
    assert!(rule.say.by_verdict.contains_key(&Verdict::Warn) && !rule.say.by_verdict.contains_key(&Verdict::Fail));
    assert!(rule.tests.iter().any(|test| test.expect == Verdict::Warn));
    assert_eq!(catalog.rule("other-rule").unwrap().level, Level::Blocker);
    let overrides =
        [("other-rule".into(), Level::Info), ("god-rule".into(), Level::Info), ("both".into(), Level::Info)];
    let problems = catalog.with_levels(&overrides).unwrap_err().to_string();
    assert!(
        problems.contains("--level god-rule=info: there is no rule `god-rule`\n  help: did you mean `good-rule`?"),
        "{problems}"
    );
    assert!(problems.contains("`both` is a tag of several rules\n  help: good-rule, other-rule"), "{problems}");
    assert_eq!(catalog.rule("other-rule").unwrap().level, Level::Blocker, "nothing changes beside a mistake");
}

#[test]
fn a_rule_that_checks_nothing_stays_info() {
    let text = with("check", "").replace("level: blocker", "level: info").replace("say: { fail: ", "say: { info: ");
    let text = text.split("tests:").next().unwrap();
    let files = user(&[("good-rule.yaml", text), ("steps/create-key.yaml", STEP)]);
    let mut catalog = load(&files, false).unwrap();
    assert!(catalog.with_levels(&[("good-rule".into(), Level::Info)]).is_ok());
    let problems = catalog.with_levels(&[("good-rule".into(), Level::Blocker)]).unwrap_err().to_string();
    assert!(problems.contains("it can only be info"), "{problems}");
}
