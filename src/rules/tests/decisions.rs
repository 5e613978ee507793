//! Decisions files.

use super::super::{Attestation, Catalog, DecisionKind, parse_decisions, subject_path};
use super::catalog::two;
use super::{GOOD, load, with};
use crate::model::{Gate, Resolve, Subject, SubjectKind};

const REST: &str = "reason: r, owner: o, expires: 2027-01-01";

/// `good-rule` (evidence), `other-rule` (never waivable) and `asked-rule` (a person's).
fn rules() -> Catalog {
    let mut catalog = two();
    for rule in &mut catalog.rules {
        // So that a cutover can be decided about it.
        (rule.resolve, rule.gates) = (Resolve::AtSwitch, vec![Gate::Issuer]);
    }
    let text = with("id", "id: asked-rule")
        .replace("[MRR-006]", "[MRR-061]\ndecided_by: person")
        .replace("remedy: [create-key]\n", "");
    let text = text.split("tests:").next().unwrap().replace("say: { fail: ", "say: { manual: ");
    let asked = load(&[("asked-rule.yaml".to_owned(), text)], false).unwrap();
    catalog.rules.extend(asked.rules);
    catalog.rules.sort_by(|a, b| a.id.cmp(&b.id));
    catalog
}

#[test]
fn every_kind_is_read() {
    assert!(GOOD.contains("MRR-006"));
    let text = format!(
        "\
- {{ kind: waive, rule: good-rule, subject: '*/*/pool/**', {REST}, ticket: 12, approved_by: a, observed: false }}
- {{ kind: accept_unknown, rule: MRR-006, subject: '**', reason: r, owner: o, expires: '2027-01-01T10:00:00+01:00' }}
- {{ kind: attest, rule: asked-rule, subject: '**', {REST}, answer: yes, evidence: e, by: b, on: 2026-11-01 }}
- {{ kind: cutover, rule: good-rule, subject: '**', {REST}, window: {{ from: 2026-12-01, until: 2026-12-01 }} }}
"
    );
    let found = parse_decisions("w.yaml", &text, &rules()).unwrap();
    assert_eq!(found.len(), 4);
    assert_eq!((&found[0].kind, found[0].rule.as_str(), found[0].place.line), (&DecisionKind::Waive, "good-rule", 1));
    assert_eq!(found[0].expires.to_string(), "2027-01-01T23:59:59.999999999Z");
    assert_eq!(found[0].expires_text, "2027-01-01");
    assert_eq!((found[0].ticket.as_deref(), found[0].observed.as_deref()), (Some("12"), Some("false")));
    assert!(found[0].subject.matches("1/r/pool/r_1") && !found[0].subject.matches("1/r/route/r_1"));
    assert_eq!((&found[1].kind, found[1].rule.as_str()), (&DecisionKind::AcceptUnknown, "good-rule"));
    assert_eq!(found[1].expires.to_string(), "2027-01-01T09:00:00Z");
    let attested = Attestation { answer: true, evidence: "e".into(), by: "b".into(), on: "2026-11-01".into() };
    assert_eq!(found[2].kind, DecisionKind::Attest(attested));
    let DecisionKind::Cutover { from, until } = &found[3].kind else { panic!("{found:?}") };
    assert!(from < until);
    assert_eq!(
        (found[2].given.map(|given| given.to_string()), found[3].given),
        (Some("2026-11-01T00:00:00Z".into()), None)
    );
    let (places, window) = (found[3].places, found[3].places.window.unwrap());
    assert_eq!((places.kind.column, places.rule.column, places.subject.column), (11, 26, 46));
    assert_eq!((places.expires.column, window.line, places.observed), (82, 4, None));
    let kinds: Vec<&str> = found.iter().map(|each| each.kind.as_str()).collect();
    assert_eq!(kinds, ["waive", "accept_unknown", "attest", "cutover"]);
}

#[test]
fn an_empty_file_decides_nothing() {
    for text in ["", "# nothing yet\n", "[]"] {
        assert_eq!(parse_decisions("w.yaml", text, &rules()), Ok(Vec::new()), "{text}");
    }
}

#[test]
fn mistakes_in_decisions() {
    let waive = "kind: waive, rule: good-rule";
    for (text, want) in [
        ("kind: waive".to_owned(), "w.yaml:1:1: a decisions file has to be a list, this is a mapping"),
        ("- 3".to_owned(), "1:3: a decision has to be a mapping"),
        (
            format!("- {{ {waive}, subject: '**', reason: r, owner: o }}"),
            "1:3: a decision lacks the required key `expires`",
        ),
        (
            format!("- {{ {waive}, subject: '**', {REST}, tiket: x }}"),
            "unknown key `tiket` in a decision\n  help: did you mean `ticket`?",
        ),
        (format!("- {{ {waive}, subject: '**', {REST}, owner: p }}"), "duplicate key `owner`"),
        (
            format!("- {{ kind: waiver, rule: good-rule, subject: '**', {REST} }}"),
            "1:11: `kind` has to be `waive`, `accept_unknown`, `cutover` or `attest`, not `waiver`\n  help: did you mean `waive`?",
        ),
        (
            format!("- {{ kind: waive, rule: god-rule, subject: '**', {REST} }}"),
            "1:24: there is no rule `god-rule`\n  help: did you mean `good-rule`?",
        ),
        (
            format!("- {{ kind: waive, rule: MRR-009, subject: '**', {REST} }}"),
            "there is no rule `MRR-009`\n  help: did you mean `MRR-00",
        ),
        (
            format!("- {{ kind: waive, rule: both, subject: '**', {REST} }}"),
            "`both` is a tag of several rules\n  help: name one of them: `good-rule` or `other-rule`",
        ),
        (
            format!("- {{ kind: waive, rule: other-rule, subject: '**', {REST} }}"),
            "1:11: the rule `other-rule` cannot be waived",
        ),
        (
            format!("- {{ kind: waive, rule: MRR-007, subject: '**', {REST} }}"),
            "the rule `other-rule` cannot be waived",
        ),
        (
            format!(
                "- {{ kind: cutover, rule: other-rule, subject: '**', {REST}, window: {{ from: 2026-12-01, until: 2026-12-02 }} }}"
            ),
            "cannot be waived",
        ),
        (
            format!("- {{ kind: accept_unknown, rule: other-rule, subject: '**', {REST} }}"),
            "1:11: the rule `other-rule` cannot be waived",
        ),
        (
            format!(
                "- {{ kind: cutover, rule: asked-rule, subject: '**', {REST}, window: {{ from: 2026-12-01, until: 2026-12-02 }} }}"
            ),
            "1:11: the rule `asked-rule` is not about a verifier that changes at the switch",
        ),
        (
            format!("- {{ {waive}, subject: '**', reason: TODO, owner: o, expires: 2027-01-01 }}"),
            "`reason` is still to be",
        ),
        (
            format!("- {{ {waive}, subject: '**', reason: r, owner: o, expires: TODO }}"),
            "`expires` is still to be filled in",
        ),
        (
            format!("- {{ kind: cutover, rule: good-rule, subject: '**', {REST} }}"),
            "a cutover lacks the required key `window`",
        ),
        (
            format!(
                "- {{ kind: cutover, rule: good-rule, subject: '**', {REST}, window: {{ from: 2026-12-02, until: 2026-12-01 }} }}"
            ),
            "the window ends before it begins",
        ),
        (
            format!(
                "- {{ kind: attest, rule: good-rule, subject: '**', {REST}, answer: yes, evidence: e, by: b, on: 2026-11-01 }}"
            ),
            "the rule `good-rule` is decided by evidence",
        ),
        (
            format!(
                "- {{ kind: attest, rule: asked-rule, subject: '**', {REST}, evidence: e, by: b, on: 2026-11-01 }}"
            ),
            "an attestation lacks the required key `answer`",
        ),
        (
            format!(
                "- {{ kind: attest, rule: asked-rule, subject: '**', {REST}, answer: true, evidence: e, by: b, on: 2026-11-01 }}"
            ),
            "`answer` has to be `yes` or `no`, this is the boolean true",
        ),
        (
            format!("- {{ {waive}, subject: '**', {REST}, answer: yes }}"),
            "`answer` belongs to `kind: attest`, this is `kind: waive`",
        ),
        (
            format!("- {{ {waive}, subject: us-east-1_Ab1, {REST} }}"),
            "matches nothing: a subject is account/region/kind/id",
        ),
        (
            format!("- {{ {waive}, subject: '*/*/pol/*', {REST} }}"),
            "`pol` is no kind of subject\n  help: did you mean `pool`?",
        ),
        (
            format!("- {{ {waive}, subject: '*/*/route/*', {REST} }}"),
            "the rule `good-rule` judges subjects of kind pool, not route",
        ),
        (
            format!("- {{ {waive}, subject: '**', reason: r, owner: o, expires: never }}"),
            "`expires` is a date or an instant, not `never`",
        ),
        (format!("- {{ {waive}, subject: '**', reason: r, owner: o, expires: 2026-02-30 }}"), "not `2026-02-30`"),
        (format!("- {{ {waive}, subject: '**', reason: '', owner: o, expires: 2027-01-01 }}"), "`reason` is empty"),
        (
            format!("- {{ {waive}, subject: '**', {REST}, observed: [a] }}"),
            "`observed` has to be a single value, this is a list",
        ),
    ] {
        let problems = parse_decisions("w.yaml", &text, &rules()).unwrap_err();
        assert_eq!(problems.list().len(), 1, "{text}: {problems}");
        assert!(problems.to_string().contains(want), "{text}: {problems}");
    }
}

#[test]
fn all_mistakes_at_once() {
    let text = "- { kind: waive, rule: god-rule, reason: r, owner: o, expires: x }\n- { kind: wave }\n";
    let problems = parse_decisions("w.yaml", text, &rules()).unwrap_err();
    let lines: Vec<u32> = problems.list().iter().filter_map(|each| Some(each.place?.line)).collect();
    // Rule, subject, expires; then the kind and five keys that are missing.
    assert_eq!(lines, [1, 1, 1, 2, 2, 2, 2, 2, 2], "{problems}");
}

#[test]
fn the_path_of_a_subject() {
    let mut subject = Subject {
        kind: SubjectKind::Pool,
        id: "us-east-1_Ab1".into(),
        name: None,
        arn: None,
        region: Some("us-east-1".into()),
        account: "111122223333".into(),
        pool_id: None,
    };
    assert_eq!(subject_path(&subject), "111122223333/us-east-1/pool/us-east-1_Ab1");
    subject.region = None;
    assert_eq!(subject_path(&subject), "111122223333/-/pool/us-east-1_Ab1");
}

#[test]
fn of_the_rules_with_a_tag_the_one_meant_is_the_one_that_the_kind_fits() {
    let mut catalog = rules();
    for rule in &mut catalog.rules {
        rule.tags = if rule.id == "other-rule" { Vec::new() } else { vec!["MRR-061".to_owned()] };
    }
    let text = format!(
        "- {{ kind: attest, rule: MRR-061, subject: '**', {REST}, answer: yes, evidence: e, by: b, on: 2026-11-01 }}\n\
         - {{ kind: waive, rule: MRR-061, subject: '**', {REST} }}\n"
    );
    let found = parse_decisions("w.yaml", &text, &catalog).unwrap();
    let rules: Vec<&str> = found.iter().map(|decision| decision.rule.as_str()).collect();
    assert_eq!(rules, ["asked-rule", "good-rule"]);
}
