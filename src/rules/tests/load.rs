//! What rule and step files may say, and what is said about them.

use std::collections::BTreeSet;

use super::super::{Check, FieldRef, Given, Literal, Op, Piece, load_step};
use super::mock::Mock;
use super::{GOOD, read, shown, with, with_check};
use crate::model::{DecidedBy, FieldType, Gate, Level, SubjectKind, Truth, Verdict};

#[test]
fn a_good_rule_is_read_whole() {
    let (rule, problems) = read(GOOD, true);
    assert_eq!(shown(&problems), Vec::<String>::new());
    let rule = rule.unwrap();
    assert_eq!((rule.id.as_str(), rule.level, rule.subject), ("good-rule", Level::Blocker, SubjectKind::Pool));
    assert_eq!((rule.status.as_str(), rule.decided_by, rule.waivable), ("stable", DecidedBy::Evidence, true));
    assert_eq!(rule.gates, [Gate::Replicate]);
    assert_eq!(rule.remedy, ["create-key"]);
    assert_eq!(
        rule.say.by_verdict[&Verdict::Fail],
        [Piece::Field(FieldRef::Field("key.arn".into())), Piece::Text(" is single-Region".into())]
    );
    assert!(matches!(
        rule.check,
        Some(Check::Field { field: FieldRef::Field(name), op: Op::Equals(Literal::Bool(true)), when_absent: None })
            if name == "key.multi_region"
    ));
    let given: Vec<_> = rule.tests.iter().map(|test| &test.given).collect();
    assert_eq!(given[0]["key.multi_region"], Given::Value(true.into(), FieldType::Bool));
    assert_eq!(given[2]["key.multi_region"], Given::Unknown("denied: kms:DescribeKey".into()));
    assert_eq!(given[3]["key.type"], Given::Absent);
    assert_eq!(
        (rule.tests[0].place.line, rule.tests[0].options.now.to_string().as_str()),
        (16, "2026-01-01T00:00:00Z")
    );
}

#[test]
fn three_mistakes_at_once_each_with_place_and_suggestion() {
    let text = with("applies_when", "applies_when: { field: key.typ, equals: CUSTOMER_MANAGED_KEY }")
        .replace("check: { field: key.multi_region, equals: true }", "check: { field: key.multi_region, equal: true }")
        .replace("why: ", "level: info\nwhy: ");
    let (rule, problems) = read(&text, true);
    assert!(rule.is_none());
    let mut found = shown(&problems);
    found.sort();
    assert_eq!(
        found,
        [
            "11:1: duplicate key `level`: it already stands at 5:1\n  help: remove one of the two, or merge them",
            "8:24: unknown field `key.typ`\n  help: did you mean `key.type`?",
            "9:35: unknown operator `equal`\n  help: did you mean `equals`?",
        ]
    );
}

/// One mistake in one key: the key, its line, whether the rule is the tool's own, and what must be said.
#[test]
fn mistakes_in_keys() {
    let mut wrong = Vec::new();
    for (key, line, want) in [
        ("id", "", "lacks the required key `id`"),
        ("id", "id: other-rule", "1:5: the id `other-rule` is not the name of the file"),
        ("id", "id: Good_Rule", "1:5: the id `Good_Rule` is not lower case words joined by hyphens"),
        ("title", "title: 3", "2:8: `title` has to be text, this is the number `3`\n  help: quote it: \"3\""),
        ("title", "title: ' '", "2:8: `title` is empty"),
        ("title", "title: [a]", "has to be text, this is a list"),
        ("title", "title: \"a\\nb\"", "`title` has to be one line"),
        ("title", "title: !Sub x", "the tag `!Sub` has no meaning here"),
        ("title", "title: a\nshort: ''", "3:8: `short` is empty"),
        ("title", "title: a\nshort: \"a\\nb\"", "3:8: `short` has to be one line"),
        (
            "title",
            "title: a\nshort: a few words that are more than fit in a line",
            "3:8: `short` has 44 characters; at most 40 stand in a line with others",
        ),
        ("title", "title: a\nshrt: b", "help: did you mean `short`?"),
        ("since", "since: '1'", "3:8: `since` is a version such as 0.1.0, not `1`"),
        ("tags", "tags: MRR-006", "4:7: `tags` has to be a list, this is the text `MRR-006`\n  help: write [MRR-006]"),
        ("tags", "tags: [a, a]", "4:11: the tag `a` stands twice"),
        ("tags", "tags: [a b]", "the tag `a b` is not made of"),
        (
            "level",
            "level: bloker",
            "5:8: `level` has to be `blocker`, `advisory` or `info`, not `bloker`\n  help: did you mean `blocker`?",
        ),
        ("level", "", "lacks the required key `level`"),
        ("level", "levle: blocker", "5:1: unknown key `levle` in a rule\n  help: did you mean `level`?"),
        ("level", "level: blocker\nstatus: done", "`status` has to be `stable` or `experimental`"),
        ("level", "level: blocker\ndecided_by: persons", "help: did you mean `person`?"),
        ("level", "level: blocker\nwaivable: true", "`waivable` has to be `never`, this is the boolean true"),
        ("gates", "gates: [replicat]", "6:9: each of `gates` has to be"),
        ("gates", "gates: [replicate, replicate]", "`replicate` stands twice in `gates`"),
        ("gates", "gates: []", "a rule guards at least one gate: `issuer`, `replicate`, `activate` or `failover`"),
        ("subject", "subject: pools", "help: did you mean `pool`?"),
        ("check", "", "a rule of level `blocker` that is decided by evidence lacks a `check`"),
        ("check", "check:", "9:6: a condition has to be a mapping, this is nothing"),
        (
            "say",
            "say: { warn: x }",
            "10:8: a rule of this level, with this `check` and `decided_by`, never gives `warn`\n  help: it can give `pass`, `fail`, `unknown` or `not_applicable`",
        ),
        ("say", "say: { fails: x }", "help: did you mean `fail`?"),
        ("say", "say: { fail: '{key.ar}' }", "10:14: unknown field `key.ar`\n  help: did you mean `key.arn`?"),
        ("say", "say: { fail: '{key.arn' }", "a brace in `{key.arn` has no partner"),
        ("say", "say: { fail: 'a } b' }", "a brace in `a } b` has no partner"),
        (
            "say",
            "say: { fail: '{authorizer.name}' }",
            "a rule on pool does not see the field `authorizer.name`\n  help: only rules on `authorizer` see it",
        ),
        ("why", "why:", "`why` has to be text, this is nothing"),
        ("resolve", "resolve: later", "`resolve` has to be `before`, `at_switch` or `after`"),
        ("resolve", "", "lacks the required key `resolve`"),
        ("remedy", "remedy: [create-kay]", "13:10: there is no step `create-kay`\n  help: did you mean `create-key`?"),
        ("remedy", "remedy: [create-key, create-key]", "the step `create-key` stands twice"),
        ("references", "", "lacks the required key `references`"),
        ("references", "references: []", "needs at least one reference"),
        (
            "references",
            "references: [{ url: 'http://a.b', read: 2026-11-21, grade: DOC }]",
            "14:21: `http://a.b` is not an https address",
        ),
        (
            "references",
            "references: [{ url: https://a.b, read: 21.11.2026, grade: DOC }]",
            "14:40: `read` is the day it was read, YYYY-MM-DD",
        ),
        ("references", "references: [{ url: https://a.b, read: 2026-02-30, grade: DOC }]", "not `2026-02-30`"),
        (
            "references",
            "references: [{ url: https://a.b, read: 2026-11-21, grade: DOCS }]",
            "help: did you mean `DOC`?",
        ),
        (
            "references",
            "references: [{ url: https://a.b, read: 2026-11-21 }]",
            "a reference lacks the required key `grade`",
        ),
        (
            "references",
            "references: [{ url: https://a.b, read: 2026-11-21, grade: TP }, { url: https://a.c, read: 2026-11-21, grade: INF }]",
            "14:13: a blocker cannot rest on references of grade TP, INF or UNV alone",
        ),
    ] {
        let (rule, problems) = read(&with(key, line), true);
        let found = shown(&problems);
        if rule.is_some() || found.len() != 1 || !found[0].contains(want) {
            wrong.push((line, want, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_firm_reference_beside_a_weak_one_is_enough() {
    let weak = "{ url: https://a.b, read: 2026-11-21, grade: INF }";
    let firm = "{ url: https://a.c, read: 2026-11-21, grade: STD }";
    assert!(read(&with("references", &format!("references: [{weak}, {firm}]")), true).0.is_some());
    let advisory = with("references", &format!("references: [{weak}]"))
        .replace("level: blocker", "level: advisory")
        .replace("fail", "warn");
    assert_eq!(shown(&read(&advisory, true).1), Vec::<String>::new());
}

#[test]
fn a_rule_of_a_user_may_rest_on_the_user() {
    let text = with("references", "");
    assert!(read(&text, false).0.is_some());
    assert!(read(text.split("tests:").next().unwrap(), false).0.is_some());
}

#[test]
fn sound_conditions() {
    for check in [
        "{ field: pool.tier, in: [ESSENTIALS, PLUS] }",
        "{ field: pool.tier, not_in: [LITE] }",
        "{ field: pool.estimated_users, lte: 1000 }",
        "{ field: pool.name, matches: '^prod-' }",
        "{ field: pool.name, contains: prod }",
        "{ field: key.regions, contains: eu-west-1 }",
        "{ field: key.regions, present: true }",
        "{ field: key.arn, present: false }",
        "{ not: { field: key.arn, present: true } }",
        "{ field: key.deletion_date, within_days: 30 }",
        "{ field: key.deletion_date, gt: 2026-11-21T10:00:00Z }",
        "{ field: key.deletion_date, gt: 2026-11-21 }",
        "{ field: key.multi_region, equals: true, when_absent: false }",
        "{ all: [{ field: pool.tier, equals: PLUS }, { any: [{ field: key.state, equals: Enabled }] }] }",
        "{ for_each: { in: pool.clients, as: c, all: { field: c.public, equals: false } } }",
        "{ for_each: { in: key.regions, as: r, any: { field: r, equals: eu-west-1 } } }",
        "{ aws: { call: 'cognito-idp:DescribeUserPool', region: primary, pointer: /UserPool/Policies }, gte: 8 }",
        "{ aws: { call: 'cognito-idp:DescribeUserPool', region: secondary, pointer: /a~1b }, not_in: [x, 3, true] }",
    ] {
        let (rule, problems) = read(&with_check(check), false);
        assert!(rule.is_some(), "{check}: {:#?}", shown(&problems));
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of mistakes")]
fn mistakes_in_conditions() {
    let mut wrong = Vec::new();
    for (check, want) in [
        ("{ }", "a condition needs one of `field`"),
        ("{ feld: pool.tier, equals: PLUS }", "unknown key `feld` in a condition\n  help: did you mean `field`?"),
        ("{ or: [] }", "unknown key `or` in a condition\n  help: did you mean `any`?"),
        ("{ field: pool.teir, equals: PLUS }", "9:17: unknown field `pool.teir`\n  help: did you mean `pool.tier`?"),
        ("{ field: pool.whatever, equals: PLUS }", "help: the fields of `pool` are pool.aliases"),
        ("{ field: nothing.like_it, equals: PLUS }", "help: fields begin with `key` or `pool`"),
        ("{ field: authorizer.name, equals: x }", "a rule on pool does not see the field `authorizer.name`"),
        ("{ field: pool.tier }", "nothing is asked of `pool.tier`: an operator is missing"),
        ("{ field: pool.tier, not_equals: PLUS }", "unknown operator `not_equals`\n  help: did you mean `not_in`?"),
        ("{ field: pool.tier, frobs: PLUS }", "unknown operator `frobs`\n  help: the operators are equals"),
        ("{ field: pool.tier, equals: PLUS, in: [LITE] }", "9:42: two operators in one condition: `equals` and `in`"),
        (
            "{ field: pool.tier, equals: PLUSS }",
            "9:36: `PLUSS` is not a word of `pool.tier`, which is one of LITE, ESSENTIALS, PLUS\n  help: did you mean `PLUS`?",
        ),
        ("{ field: pool.tier, in: [plus] }", "help: did you mean `PLUS`?"),
        ("{ field: pool.tier, in: PLUS }", "`in` has to be a list, this is the text `PLUS`"),
        ("{ field: pool.tier, in: [] }", "`in` of no values says nothing"),
        (
            "{ field: key.multi_region, equals: 'true' }",
            "9:43: `key.multi_region` is true or false, this is the text `true`\n  help: write true without quotes",
        ),
        ("{ field: key.multi_region, equals: yes }", "help: write true"),
        ("{ field: pool.estimated_users, gt: '5' }", "`pool.estimated_users` is a whole number, this is the text `5`"),
        ("{ field: pool.estimated_users, gt: 5.5 }", "is a whole number, this is the number `5.5`"),
        ("{ field: pool.name, equals: 5 }", "`pool.name` is text, this is the number `5`"),
        ("{ field: pool.name, gt: a }", "9:28: `gt` does not fit `pool.name`, which is text\n  help: use `equals`"),
        ("{ field: pool.tier, matches: P }", "`matches` does not fit `pool.tier`"),
        ("{ field: pool.tier, contains: P }", "`contains` does not fit `pool.tier`"),
        ("{ field: key.regions, equals: a }", "`equals` does not fit `key.regions`, which is a list, each item text"),
        ("{ field: key.regions, contains: 3 }", "this is the number `3`"),
        ("{ field: pool.estimated_users, within_days: 3 }", "`within_days` does not fit"),
        ("{ field: key.deletion_date, within_days: -3 }", "`within_days` is a number of days"),
        ("{ field: key.deletion_date, gt: soon }", "is an instant, this is the text `soon`"),
        ("{ field: pool.name, matches: '(' }", "9:37: `(` is not a regular expression: unclosed group"),
        ("{ field: pool.name, matches: '(\\w{1000}){1000}' }", "is not a regular expression"),
        ("{ field: pool.name, matches: '' }", "`matches` has to be a regular expression"),
        ("{ field: pool.name, contains: '' }", "every text contains the empty text"),
        ("{ field: key.arn, present: yes }", "`present` has to be `true` or `false`, this is the text `yes`"),
        ("{ field: key.arn, equals: a, when_absent: maybe }", "`when_absent` has to be `true` or `false`"),
        ("{ field: key.type, equals: AWS_OWNED_KEY, when_absent: true }", "`when_absent` is never read"),
        ("{ field: key.arn, present: true, when_absent: true }", "`when_absent` is never read"),
        ("{ all: [] }", "9:15: `all` of no conditions says nothing"),
        ("{ all: { field: pool.tier, equals: PLUS } }", "`all` has to be a list, this is a mapping"),
        ("{ all: [{ field: pool.tier, equals: PLUS }], any: [] }", "`all` and `any` in one condition"),
        (
            "{ not: { field: pool.tier, equals: PLUS }, when_absent: true }",
            "unknown key `when_absent` in a condition with `not`",
        ),
        (
            "{ for_each: { in: pool.tier, as: x, all: { field: x, equals: PLUS } } }",
            "`for_each` needs a list; `pool.tier` is one of",
        ),
        (
            "{ for_each: { in: key.regions, as: pool, all: { field: pool.name, equals: a } } }",
            "`pool` is the beginning of field names",
        ),
        ("{ for_each: { in: key.regions, as: X, all: { field: key.arn, equals: a } } }", "`X` has to be a word"),
        ("{ for_each: { in: key.regions, as: x } }", "`for_each` has neither `all` nor `any`"),
        (
            "{ for_each: { in: key.regions, all: { field: key.arn, equals: a } } }",
            "`for_each` lacks the required key `as`",
        ),
        (
            "{ for_each: { in: key.regions, as: x, all: { field: y, equals: a } } }",
            "unknown field `y`\n  help: did you mean `x`?",
        ),
        (
            "{ for_each: { in: key.regions, as: x, all: { field: x.name, equals: a } } }",
            "`x` is text and has no members",
        ),
        (
            "{ for_each: { in: pool.clients, as: c, all: { field: c.nam, equals: a } } }",
            "`c` has no member `nam`\n  help: did you mean `name`?",
        ),
        (
            "{ for_each: { in: pool.clients, as: c, all: { field: c.public, equals: a } } }",
            "`c.public` is true or false",
        ),
        (
            "{ for_each: { in: pool.clients, as: c, all: { field: c, equals: a } } }",
            "`equals` does not fit `c`, which is a record",
        ),
        (
            "{ for_each: { in: key.regions, as: x, all: { field: x, equals: a, when_absent: true } } }",
            "an item of a list is there",
        ),
        (
            "{ aws: { call: DescribeUserPool, region: primary, pointer: /a }, equals: 1 }",
            "`DescribeUserPool` is not a call such as",
        ),
        (
            "{ aws: { call: 'kms:DescribeKey', region: first, pointer: /a }, equals: 1 }",
            "`region` has to be `primary` or `secondary`",
        ),
        ("{ aws: { call: 'kms:DescribeKey', region: primary, pointer: a }, equals: 1 }", "`a` is not a JSON pointer"),
        (
            "{ aws: { call: 'kms:DescribeKey', region: primary, pointer: /a~2 }, equals: 1 }",
            "`/a~2` is not a JSON pointer",
        ),
        ("{ aws: { call: 'kms:DescribeKey', region: primary, pointer: /a } }", "nothing is asked of the answer"),
        ("{ aws: { call: 'kms:DescribeKey', region: primary, pointer: /a }, equals: }", "this is nothing"),
        (
            "{ aws: { call: 'kms:DescribeKey', region: primary, pointer: /a }, gt: high }",
            "less or greater than a whole number or an instant",
        ),
    ] {
        let (rule, problems) = read(&with_check(check), false);
        let found = shown(&problems);
        if rule.is_some() || found.len() != 1 || !found[0].contains(want) {
            wrong.push((check, want, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is absent must not pass because a comparison was turned round.
#[test]
fn a_negative_question_of_what_may_be_absent_needs_when_absent() {
    let turned = "would then hold without evidence\n  help: say what absence means here";
    for (check, refused) in [
        // Absence means none.
        ("{ field: key.arn, not_in: [a] }", true),
        ("{ field: key.arn, not_in: [a], when_absent: true }", false),
        ("{ not: { field: key.arn, equals: a } }", true),
        ("{ not: { field: key.arn, equals: a, when_absent: false } }", false),
        ("{ not: { not: { field: key.arn, equals: a } } }", false),
        ("{ not: { all: [{ field: key.deletion_date, within_days: 3 }] } }", true),
        ("{ not: { not: { field: key.arn, not_in: [a] } } }", true),
        ("{ not: { field: key.arn, present: true } }", false),
        ("{ field: key.arn, equals: a }", false),
        // Absence means nothing, so it stays unknown.
        ("{ field: pool.name, not_in: [a] }", false),
        ("{ not: { field: pool.name, equals: a } }", false),
        // Absence is a documented value.
        ("{ field: key.type, not_in: [AWS_OWNED_KEY] }", false),
        ("{ not: { field: key.type, equals: AWS_OWNED_KEY } }", false),
    ] {
        let (_, problems) = read(&with_check(check), false);
        let found = shown(&problems);
        assert_eq!(found.iter().any(|each| each.contains(turned)), refused, "{check}: {found:#?}");
        assert_eq!(found.len(), usize::from(refused), "{check}: {found:#?}");
    }
    for (check, refused) in [
        ("{ for_each: { in: pool.aliases, as: x, all: { field: x, equals: a } } }", true),
        ("{ for_each: { in: pool.aliases, as: x, any: { field: x, equals: a } } }", false),
        ("{ not: { for_each: { in: pool.aliases, as: x, any: { field: x, equals: a } } } }", true),
        ("{ for_each: { in: key.regions, as: x, all: { field: x, equals: a } } }", false),
    ] {
        let found = shown(&read(&with_check(check), false).1);
        assert_eq!(found.iter().any(|each| each.contains("the list `pool.aliases` may be absent")), refused, "{check}");
    }
}

#[test]
fn when_absent_is_kept() {
    let (rule, _) = read(&with_check("{ field: key.arn, not_in: [a], when_absent: false }"), false);
    let Some(Check::Field { op: Op::NotIn(_), when_absent: Some(Truth::False), .. }) = rule.unwrap().check else {
        panic!("not the check that was written");
    };
}

#[test]
fn conditions_have_a_depth_and_a_number() {
    let nested =
        |depth| format!("{}{{ field: pool.tier, equals: PLUS }}{}", "{ not: ".repeat(depth), " }".repeat(depth));
    assert!(read(&with_check(&nested(31)), false).0.is_some());
    let found = shown(&read(&with_check(&nested(32)), false).1);
    assert!(found[0].contains("nested more than 32 deep"), "{found:?}");
    let wide = |count| format!("{{ any: [{}] }}", vec!["{ field: pool.tier, equals: PLUS }"; count].join(", "));
    // `applies_when` is one, `any` another.
    assert!(read(&with_check(&wide(998)), false).0.is_some());
    let found = shown(&read(&with_check(&wide(999)), false).1);
    assert!(found.len() == 1 && found[0].contains("more than 1000 conditions"), "{found:?}");
    let each = |var: &str, inner: &str| format!("{{ for_each: {{ in: key.regions, as: {var}, all: {inner} }} }}");
    let two = each("a", &each("b", "{ field: b, equals: x }"));
    assert!(read(&with_check(&two), false).0.is_some());
    let found = shown(&read(&with_check(&each("c", &two)), false).1);
    assert!(found[0].contains("`for_each` is nested more than 2 deep"), "{found:?}");
}

#[test]
fn mistakes_in_tests() {
    let mut wrong = Vec::new();
    for (test, want) in [
        ("{ given: { key.type: AWS_OWNED_KEY } }", "16:5: a test lacks the required key `expect`"),
        (
            "{ given: { key.typ: AWS_OWNED_KEY }, expect: pass }",
            "16:16: unknown field `key.typ`\n  help: did you mean `key.type`?",
        ),
        ("{ given: { key: { typ: AWS_OWNED_KEY } }, expect: pass }", "16:23: unknown field `key.typ`"),
        ("{ given: { key: { type: AWS_OWNED } }, expect: pass }", "`AWS_OWNED` is not a word of `key.type`"),
        (
            "{ given: { key: { multi_region: 'true' } }, expect: pass }",
            "`key.multi_region` is true or false, this is the text `true`",
        ),
        (
            "{ given: { key: { regions: [1] } }, expect: pass }",
            "an item of `key.regions` is text, this is the number `1`",
        ),
        ("{ given: { key: { regions: a } }, expect: pass }", "`key.regions` has to be a list"),
        ("{ given: { key: 3 }, expect: pass }", "`key` has to be a mapping"),
        (
            "{ given: { pool.clients: [{ nam: a }] }, expect: pass }",
            "unknown key `nam` in an item of `pool.clients`\n  help: did you mean `name`?",
        ),
        (
            "{ given: { key.type: AWS_OWNED_KEY, key: { type: AWS_OWNED_KEY } }, expect: pass }",
            "`key.type` is given twice: it already stands at 16:16",
        ),
        ("{ given: { key.type: { $absent: false } }, expect: pass }", "`$absent` can only be `true`"),
        ("{ given: { key.type: { $absnt: true } }, expect: pass }", "help: did you mean `$absent`?"),
        ("{ given: { key.type: { $unknown: { deny: x } } }, expect: pass }", "`$unknown` needs a cause"),
        ("{ given: { key.type: { $unknown: throtled } }, expect: pass }", "help: did you mean `throttled`?"),
        (
            "{ given: { key.type: { $partial: [], $unknown: throttled } }, expect: pass }",
            "`$partial` is for lists; `key.type` is none",
        ),
        ("{ given: { key.regions: { $partial: [] } }, expect: pass }", "is given in no way known"),
        (
            "{ given: {}, expect: warn }",
            "16:26: a rule of this level, with this `check` and `decided_by`, never gives `warn`",
        ),
        ("{ given: {}, expect: passed }", "help: did you mean `pass`?"),
        ("{ given: {}, expect: pass, options: { target_isuer: updated } }", "help: did you mean `target_issuer`?"),
        (
            "{ given: {}, expect: pass, options: { target_issuer: new } }",
            "`target_issuer` has to be `updated` or `original`",
        ),
        ("{ given: {}, expect: pass, now: today }", "`now` is an instant, not `today`"),
        ("{ given: {}, expect: pass, name: x }", "unknown key `name` in a test"),
    ] {
        let text = GOOD.replace("tests:\n", &format!("tests:\n  - {test}\n"));
        let found: Vec<String> = shown(&read(&text, true).1);
        // The first is the mistake; `$absnt` and its like then also leave the value in no known way.
        if found.is_empty() || found.len() > 2 || !found[0].contains(want) {
            wrong.push((test, want, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_tests_give_is_kept() {
    let written = "{ given: { key.regions: { $partial: [a], $unknown: { not_searched: [x, y] } }, \
        pool.clients: [{ name: n, public: true }, {}], key.deletion_date: 2026-12-01 }, \
        pool: { tier: PLUS }, options: { target_issuer: original, target_region: eu-west-1 }, now: 2026-06-01, expect: pass }";
    let rule = GOOD.replace("tests:\n", &format!("tests:\n  - {written}\n"));
    let (rule, problems) = read(&rule, true);
    assert_eq!(shown(&problems), Vec::<String>::new());
    let test = &rule.unwrap().tests[0];
    let Given::Partial(items, FieldType::List(_), why) = &test.given["key.regions"] else { panic!("{test:?}") };
    assert_eq!((items.as_slice(), why.as_str()), ([serde_json::json!("a")].as_slice(), "not_searched: x, y"));
    let Given::Value(clients, _) = &test.given["pool.clients"] else { panic!("{test:?}") };
    assert_eq!(*clients, serde_json::json!([{"name": "n", "public": true}, {}]));
    assert_eq!(test.given["key.deletion_date"], Given::Value("2026-12-01T00:00:00Z".into(), FieldType::Time));
    assert!(matches!(&test.given["pool.tier"], Given::Value(value, _) if value == "PLUS"));
    assert_eq!(test.options.target_issuer.as_str(), "original");
    assert_eq!(test.options.target_region.as_deref(), Some("eu-west-1"));
    assert_eq!(test.options.now.to_string(), "2026-06-01T00:00:00Z");
}

/// Level, who decides, whether there is a check and an `applies_when`: which verdicts must be tested.
#[test]
fn every_verdict_has_a_test() {
    for (level, person, check, conditional, want) in [
        ("blocker", false, true, false, "pass fail unknown"),
        ("blocker", false, true, true, "pass fail unknown not_applicable"),
        ("advisory", false, true, false, "pass warn unknown"),
        ("info", false, true, false, "pass info unknown"),
        ("info", false, false, false, "info"),
        ("blocker", true, true, false, "pass manual"),
        ("blocker", true, false, false, "manual"),
        ("advisory", true, false, true, "manual not_applicable"),
    ] {
        let mut text = GOOD.split("tests:").next().unwrap().replace("level: blocker", &format!("level: {level}"));
        text = text.replace("say: { fail: \"{key.arn} is single-Region\" }\n", "");
        if person {
            text.push_str("decided_by: person\n");
        }
        if !check {
            text = text.replace("check: { field: key.multi_region, equals: true }\n", "");
        }
        if !conditional {
            text = text.replace("applies_when: { field: key.type, equals: CUSTOMER_MANAGED_KEY }\n", "");
        }
        let found = shown(&read(&format!("{text}tests: []\n"), true).1);
        let wanted: Vec<String> = want.split(' ').map(|it| format!("no test expects `{it}`, which")).collect();
        assert_eq!(found.len(), wanted.len(), "{level} {person} {check}: {found:#?}");
        for each in wanted {
            assert!(found.iter().any(|found| found.contains(&each)), "{each}: {found:#?}");
        }
        let tests: String = want.split(' ').fold(String::new(), |all, it| all + "  - { expect: " + it + " }\n");
        assert_eq!(shown(&read(&format!("{text}tests:\n{tests}"), true).1), Vec::<String>::new());
        assert!(read(&format!("{text}tests: []\n"), false).0.is_some());
    }
}

#[test]
fn a_persons_rule_can_say_what_an_attestation_gives() {
    let text = with("say", "say: { fail: 'someone said no', manual: 'ask', pass: 'done' }\ndecided_by: person");
    let (rule, problems) = read(text.split("tests:").next().unwrap(), false);
    assert_eq!(shown(&problems), Vec::<String>::new());
    assert_eq!(rule.unwrap().say.by_verdict.len(), 3);
}

#[test]
fn braces_in_sentences() {
    let (rule, _) = read(&with("say", "say: { fail: 'a {{b}} {key.arn}{key.type}' }"), true);
    let field = |name: &str| Piece::Field(FieldRef::Field(name.into()));
    assert_eq!(
        rule.unwrap().say.by_verdict[&Verdict::Fail],
        [Piece::Text("a {b} ".into()), field("key.arn"), field("key.type")]
    );
}

#[test]
fn what_is_no_rule_at_all_is_one_problem() {
    for (text, want) in [
        ("", "1:1: a rule has to be a mapping, this is nothing"),
        ("- a", "1:1: a rule has to be a mapping, this is a list"),
        ("id: [", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "a second document begins here"),
    ] {
        let (rule, problems) = read(text, true);
        assert!(rule.is_none());
        let found = shown(&problems);
        assert!(found.len() == 1 && found[0].contains(want), "{text}: {found:#?}");
    }
}

#[test]
fn steps() {
    let good = "id: create-key\ntitle: Create a key\nsummary: In the primary Region.\nneeds: [attach-key]\nduration: 1h\n\
        effects: { key: { state: Enabled } }\nsh: { run: aws kms create-key }\n";
    let steps = BTreeSet::from(["create-key".to_owned(), "attach-key".to_owned()]);
    let file = "rules/steps/create-key.yaml";
    let mut problems = Vec::new();
    let step = load_step(file, good, &Mock, &steps, &mut problems).unwrap();
    assert_eq!((step.title.as_str(), step.sh.unwrap().run.as_str()), ("Create a key", "aws kms create-key"));
    assert_eq!((step.minutes, step.needs.as_slice()), (60, ["attach-key".to_owned()].as_slice()));
    for (text, want) in [
        (good.replace("title", "titel"), vec!["2:1: unknown key `titel` in a step\n  help: did you mean `title`?"]),
        (good.replace("id: create", "id: make"), vec!["1:5: the id `make-key` is not the name of the file"]),
        (good.replace("In the primary Region.", "3"), vec!["`summary` has to be text"]),
        (good.replace("[attach-key]", "[atach-key]"), vec!["4:9: there is no step `atach-key`"]),
        (good.replace("state: Enabled", "state: Enabeld"), vec!["6:26: `Enabeld` is not a word of `key.state`"]),
        (good.replace("1h", "1 hour"), vec!["5:11: `duration` is an amount such as 30m or 30h"]),
    ] {
        let mut problems = Vec::new();
        assert!(load_step(file, &text, &Mock, &steps, &mut problems).is_none());
        let found = shown(&problems);
        assert_eq!(found.len(), want.len(), "{found:#?}");
        assert!(found.iter().zip(want).all(|(found, want)| found.contains(want)), "{found:#?}");
    }
}

/// Whatever the text: no panic, and a file is refused exactly when something is said about it.
#[test]
fn refused_exactly_when_a_problem_is_reported() {
    let sound = |text: &str| {
        let (rule, problems) = read(text, true);
        assert_eq!(rule.is_some(), problems.is_empty(), "{text}\n{:#?}", shown(&problems));
    };
    for (at, _) in GOOD.char_indices() {
        sound(&GOOD[..at]);
    }
    for (at, each) in GOOD.char_indices().step_by(3) {
        for other in ["", "{", "]", ":", "'", "\n", "3", "~", "&a *a", "!t ", "$", "é"] {
            sound(&format!("{}{other}{}", &GOOD[..at], &GOOD[at + each.len_utf8()..]));
        }
    }
}

#[test]
fn aliases_do_not_nest_without_end() {
    let mut text = "a0: &a0 x\n".to_owned();
    for level in 1..4 {
        let (open, close) = ("[".repeat(200), "]".repeat(200));
        text.push_str(&["a", &level.to_string(), ": &a", &level.to_string(), " ", &open].concat());
        text.push_str(&["*a", &(level - 1).to_string(), &close, "\n"].concat());
    }
    let found = shown(&read(&text, true).1);
    assert!(found.len() == 1 && found[0].contains("levels deep"), "{found:#?}");
}
