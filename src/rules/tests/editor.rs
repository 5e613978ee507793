//! What helps people write files: the scaffold and the schemas.

use super::super::step::{STEP_KEYS, load_step};
use super::super::{decisions_schema, is_rule_id, new_rule, rule_schema, step_schema};
use super::mock::Mock;
use super::{GOOD, load, with, with_check};
use crate::model::SubjectKind;
use crate::yaml;

#[test]
fn a_new_rule_loads_with_its_tests() {
    for subject in SubjectKind::ALL {
        let files = [("my/my-rule.yaml".to_owned(), new_rule("my-rule", *subject))];
        let catalog = load(&files, true).unwrap_or_else(|problems| panic!("{subject}: {problems}"));
        assert_eq!((catalog.rules[0].id.as_str(), catalog.rules[0].subject), ("my-rule", *subject));
        assert_eq!(catalog.rules[0].tests.len(), 3);
    }
    assert!(is_rule_id("my-rule") && !is_rule_id("My rule"));
}

fn valid(schema: &serde_json::Value, text: &str) -> bool {
    jsonschema::validator_for(schema).unwrap().is_valid(&yaml::parse(text).unwrap().to_json())
}

#[test]
fn the_schema_of_rules_agrees_with_the_loader() {
    let schema = rule_schema(&Mock);
    for subject in SubjectKind::ALL {
        assert!(valid(&schema, &new_rule("my-rule", *subject)), "{subject}");
    }
    for (text, want) in [
        (GOOD.to_owned(), true),
        (with("level", "level: bloker"), false),
        (with("level", "levle: blocker"), false),
        (with("title", "title: a\nshort: a few words"), true),
        (with("title", &format!("title: a\nshort: {}", "a".repeat(41))), false),
        (with("id", "id: Good_Rule"), false),
        (with_check("{ field: pool.teir, equals: PLUS }"), false),
        (with_check("{ field: pool.tier, equals: PLUSS }"), false),
        (with_check("{ field: pool.tier, in: [PLUS, LITE] }"), true),
        (with_check("{ field: pool.tier, in: [PLUSS] }"), false),
        (with_check("{ field: pool.tier, gt: PLUS }"), false),
        (with_check("{ field: key.multi_region, equals: 'true' }"), false),
        (with_check("{ not: { field: key.multi_region, equals: false } }"), true),
        (with_check("{ all: [{ field: pool.tier, equal: PLUS }] }"), false),
        (with_check("{ all: [], field: pool.tier }"), false),
        (with_check("{ for_each: { in: key.regions, as: r, any: { field: r, equals: x } } }"), true),
        (with_check("{ for_each: { in: key.regions, as: r, any: { field: pool.teir, equals: x } } }"), false),
        (with_check("{ for_each: { in: key.regions, as: r } }"), false),
    ] {
        assert_eq!(valid(&schema, &text), want, "{text}");
    }
}

#[test]
fn the_schema_of_decisions() {
    let schema = decisions_schema();
    let rest = "rule: a, subject: '**', reason: r, owner: o, expires: 2027-01-01";
    for (text, want) in [
        ("[]".to_owned(), true),
        (format!("- {{ kind: waive, {rest} }}"), true),
        (format!("- {{ kind: wave, {rest} }}"), false),
        (format!("- {{ kind: waive, {rest}, answer: yes }}"), false),
        (format!("- {{ kind: attest, {rest} }}"), false),
        (format!("- {{ kind: attest, {rest}, answer: yes, evidence: e, by: b, on: 2026-01-01 }}"), true),
        ("- { kind: waive }".to_owned(), false),
    ] {
        assert_eq!(valid(&schema, &text), want, "{text}");
    }
}

#[test]
fn the_schema_of_steps_agrees_with_the_loader() {
    let schema = step_schema(&Mock);
    let described = schema["properties"].as_object().unwrap();
    for key in STEP_KEYS {
        assert!(described.contains_key(*key), "the schema does not have `{key}`");
    }
    let start = "id: do-it\ntitle: Do it\nsummary: So.\n";
    for (rest, want) in [
        ("", true),
        ("phase: key\nwho: security\nrisk: high", true),
        ("phase: keys", false),
        ("subject: authorizer\nbackbone: true", true),
        ("backbone: 'yes'", false),
        ("direction: [reverse, fail_back]", true),
        ("direction: [sideways]", false),
        ("duration: 30m\nlead_time: 2w", true),
        ("duration: 30s", false),
        ("lead_time: 2", false),
        ("done_when: { field: pool.tier, equals: PLUS }", true),
        ("done_when: { field: pool.teir, equals: PLUS }", false),
        ("inputs: { KEY_ID: the key }", true),
        ("inputs: { key_id: the key }", false),
        ("sh: { run: 'true' }", true),
        ("sh: { check: 'true' }", false),
        ("sh: { run: 'true', before: x }", false),
        ("stage: key", false),
    ] {
        let text = format!("{start}{rest}\n");
        assert_eq!(valid(&schema, &text), want, "{text}");
        let mut problems = Vec::new();
        let loaded = load_step("steps/do-it.yaml", &text, &Mock, &["do-it".to_owned()].into(), &mut problems);
        assert_eq!(loaded.is_some(), want, "{text} {problems:?}");
    }
}
