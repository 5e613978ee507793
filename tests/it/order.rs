//! Same input, same bytes, in every format: whatever the order of snapshots, of entries in them, of rule files and of decisions
//! files.

use std::fs;
use std::path::Path;

use mrready::render::Format;
use mrready::render::parquet::TableName;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{command, finish};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SNAPSHOTS: [&str; 2] = ["ready", "not-ready"];

/// One of the orders of these things: the same for the same number.
fn shuffled<T>(mut things: Vec<T>, mut seed: u64) -> Vec<T> {
    for at in (1..things.len()).rev() {
        // Numerical Recipes' generator; its high bits are good enough to mix a list.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).unwrap() % (at + 1);
        things.swap(at, other);
    }
    things
}

/// A rule of one's own.
fn rule(id: &str) -> String {
    let built_in =
        fs::read_to_string(Path::new(ROOT).join("rules/governance/deletion-protection-active.yaml")).unwrap();
    built_in.replacen("id: deletion-protection-active", &format!("id: {id}"), 1)
}

/// Everything that is written from these inputs in one of their orders.
fn written(seed: u64) -> Vec<(String, Vec<u8>)> {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let snapshots = SNAPSHOTS.map(|name| {
        let text = fs::read_to_string(format!("{ROOT}/fixtures/snapshots/{name}.json")).unwrap();
        let mut document: Value = serde_json::from_str(&text).unwrap();
        let entries = document["entries"].as_array_mut().unwrap();
        *entries = shuffled(std::mem::take(entries), seed);
        put(&format!("{name}.json"), document.to_string())
    });
    let rules =
        ["one", "two", "three"].map(|id| put(&format!("{id}-{seed}/own-{id}.yaml"), rule(&format!("own-{id}"))));
    let own = "- { kind: waive, rule: own-one, subject: '**', reason: r, owner: o, expires: 2027-01-01 }\n".to_owned();
    let ready = fs::read_to_string(format!("{ROOT}/fixtures/decisions/ready.yaml")).unwrap();
    let decisions = vec![put("decisions/ready.yaml", ready), put("decisions/own.yaml", own)];
    let mut arguments = vec!["audit".to_owned(), "--now".to_owned(), "2026-11-21T12:00:00Z".to_owned()];
    arguments.extend(shuffled(snapshots.to_vec(), seed));
    for path in shuffled(rules.to_vec(), seed) {
        arguments.extend(["--rules".to_owned(), path]);
    }
    for path in shuffled(decisions, seed) {
        arguments.extend(["--waivers".to_owned(), path]);
    }
    for format in shuffled(Format::ALL.to_vec(), seed) {
        arguments.extend(["-o".to_owned(), format!("{format}={}/out.{format}", folder.path().display())]);
    }
    arguments.extend(["-o".to_owned(), format!("parquet={}/out.{{table}}", folder.path().display())]);
    let run = finish(&mut command(arguments));
    assert_eq!(run.code, 1, "{}", run.err);
    let read = |name: &str| (name.to_owned(), fs::read(folder.path().join(format!("out.{name}"))).unwrap());
    let formats = Format::ALL.iter().map(|format| format.as_str());
    formats.chain(TableName::ALL.iter().map(|table| table.as_str())).map(read).collect()
}

#[test]
fn no_order_of_the_input_changes_a_byte() {
    let first = written(1);
    assert_eq!(first.len(), 17);
    assert!(first.iter().all(|(_, bytes)| bytes.len() > 100));
    // The order did change.
    assert_ne!(shuffled((0..50).collect::<Vec<_>>(), 1), shuffled((0..50).collect::<Vec<_>>(), 2));
    for seed in 2..5 {
        for ((format, before), (_, now)) in first.iter().zip(written(seed)) {
            assert!(*before == now, "{format} depends on the order of its input");
        }
    }
}
