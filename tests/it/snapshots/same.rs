//! The same input gives the same bytes, in whatever order and form it comes.

use mrready::render::{Show, json};
use mrready::snapshot::{Encoding, Entry, Snapshot, format};
use serde_json::json;

use crate::builder::{
    Account, DESCRIBE_POOL, Judged, P, POOL, Run, S, http_jwt, new_issuer, old_issuer, rest_jwt, route, time, tree_hit,
    without_pool,
};

fn bytes(judged: &Judged) -> String {
    let mut out = Vec::new();
    json::write(&judged.report, &Show::all(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The same items in other orders, the same ones each time.
fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let mut state: u64 = 42;
    let mut shuffled = items.to_vec();
    for index in (1..shuffled.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (index + 1);
        shuffled.swap(index, other);
    }
    let mut rotated = items.to_vec();
    rotated.rotate_left(items.len() / 2);
    vec![items.iter().rev().cloned().collect(), shuffled, rotated]
}

fn rich() -> Account {
    let (old, new) = (old_issuer(POOL), new_issuer(POOL));
    let hits = ["src/b.ts", "src/a.ts"].map(|path| tree_hit(path, 9, |_| {}));
    let none = ["src/a.ts", "api/c.go"].map(|path| tree_hit(path, 10, without_pool));
    Account::replicated("INACTIVE")
        .tree("acme/shop", hits.into_iter().chain(none).collect())
        .tree("acme/app", vec![tree_hit("app.py", 4, |_| {})])
        .pool("us-east-1_Second001")
        .clients(POOL, 61)
        .rest_api(P, "r1", vec![rest_jwt("j", &[&old])])
        .rest_api(S, "r2", vec![rest_jwt("j", &[&old, &new])])
        .http_api(P, "h1", vec![http_jwt("a", &old), http_jwt("b", &new)], vec![route("x", "a"), route("y", "b")])
        .hit(P, "web", |_| {})
        .hit(P, "web", |hit| hit.column = Some(40))
        .hit(S, "app", |hit| {
            hit.pool_id = None;
            hit.unresolved = Some("Ref Pool".to_owned());
        })
        .deny("cognito-idp:ListUserImportJobs")
}

#[test]
fn the_order_of_entries_does_not_matter() {
    let account = rich();
    let expected = bytes(&account.attested());
    assert!(expected.contains("http-route-accepts-new-issuer"));
    for entries in orders(&account.entries()) {
        assert_ne!(entries, account.entries());
        let sorted = Snapshot::new(account.scope.clone(), entries.clone());
        assert!(bytes(&Run::attested().judge_snapshot(&sorted)) == expected, "another order, another report");
        // As read from a document that was written by hand.
        let document = Snapshot { header: sorted.header.clone(), entries };
        for name in ["a.json", "a.jsonl.gz"] {
            let written = format::write(&document, Encoding::of_name(name).unwrap()).unwrap();
            let read = Snapshot::merge(vec![format::read(name, &written).unwrap()]).unwrap();
            assert_eq!(bytes(&Run::attested().judge_snapshot(&read)), expected, "{name}");
        }
    }
}

#[test]
fn the_order_of_documents_does_not_matter() {
    let account = rich();
    let expected = bytes(&account.attested());
    let (first, second): (Vec<Entry>, Vec<Entry>) = account.entries().into_iter().partition(|entry| {
        let text = serde_json::to_string(entry).unwrap();
        text.contains("apigateway")
    });
    let part = |entries: &Vec<Entry>| Snapshot::new(account.scope.clone(), entries.clone());
    for parts in [vec![part(&first), part(&second)], vec![part(&second), part(&first), part(&first)]] {
        let merged = Snapshot::merge(parts).unwrap();
        assert_eq!(bytes(&Run::attested().judge_snapshot(&merged)), expected);
    }
}

#[test]
fn of_two_answers_to_one_question_the_newer_counts_in_any_order() {
    let mut account = Account::ready();
    let mut older = account.find(DESCRIBE_POOL, P).clone();
    older.time = time("2026-11-20T11:00:00Z");
    older.response.as_mut().unwrap()["UserPool"]["UserPoolTier"] = json!("LITE");
    account.calls.push(older);
    let expected = account.attested();
    assert_eq!(expected.code(), 0);
    for entries in orders(&account.entries()) {
        let snapshot = Snapshot::new(account.scope.clone(), entries);
        let judged = Run::attested().judge_snapshot(&snapshot);
        assert_eq!((judged.code(), judged.report.findings == expected.report.findings), (0, true));
    }
}

#[test]
fn the_order_of_decisions_does_not_matter() {
    let account = rich();
    let waive = |reason: &str, owner: &str| {
        format!(
            "- {{ kind: waive, rule: http-route-accepts-new-issuer, subject: '**', reason: {reason}, owner: {owner}, expires: 2027-01-31 }}\n"
        )
    };
    let run = Run::attested().decided(&waive("one", "ann")).decided(&waive("two", "bob"));
    let decisions = run.parsed();
    let snapshot = account.snapshot();
    let expected = bytes(&run.judge_decided(&snapshot, &decisions));
    assert!(expected.contains("\"reason\": \"one\""));
    for shuffled in orders(&decisions) {
        assert!(bytes(&run.judge_decided(&snapshot, &shuffled)) == expected, "{shuffled:#?}");
    }
}
