//! Entries as GitLab wants them, one by one, and files kept as fixtures.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::annotate::tests::{agree, class_text, scanned, with_a_tree};
use super::super::safe::is_hidden;
use super::super::{Format, samples};
use super::*;

fn text(report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    super::super::write(Format::Gitlab, report, None, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// GitLab stops reading at the first entry that is wrong, and keeps one of equal fingerprints.
fn check(text: &str) -> Vec<Value> {
    assert!(text.starts_with('['), "no byte order mark");
    let entries: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut fingerprints = BTreeSet::new();
    for entry in &entries {
        for member in ["description", "check_name", "fingerprint"] {
            let value = entry[member].as_str().unwrap();
            assert!(!value.trim().is_empty() && !value.chars().any(is_hidden), "{entry}");
        }
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&entry["severity"].as_str().unwrap()));
        assert!(fingerprints.insert(entry["fingerprint"].as_str().unwrap()), "twice: {entry}");
        let path = entry["location"]["path"].as_str().unwrap();
        assert!(!path.is_empty() && !path.starts_with('/') && !path.starts_with("./"), "{entry}");
        assert!(entry["location"]["lines"]["begin"].as_u64().unwrap() >= 1, "{entry}");
    }
    entries
}

#[test]
fn fixtures_are_as_written() {
    for (name, report) in samples::all() {
        agree(&format!("{name}.gitlab.json"), &text(&report, &Options::default()));
    }
}

#[test]
fn every_entry_is_one_that_gitlab_takes() {
    for (name, report) in samples::all() {
        let entries = check(&text(&report, &Options::default()));
        let wanted = |finding: &&Finding| {
            !finding.is_waived()
                && matches!(finding.verdict, Verdict::Fail | Verdict::Warn | Verdict::Unknown | Verdict::Manual)
        };
        assert_eq!(entries.len(), report.findings.iter().filter(wanted).count(), "{name}");
    }
    // The fixture has one finding twice.
    let hostile = samples::hostile();
    let prints: BTreeSet<&str> = hostile.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    assert!(prints.len() < hostile.findings.len());
    assert_eq!(check(&text(&samples::ready(), &Options::default())).len(), 0);
}

#[test]
fn what_is_worse_is_said_to_be() {
    let entries = check(&text(&samples::blocked(), &Options::default()));
    let of = |rule: &str| {
        let entry = entries.iter().find(|entry| entry["check_name"] == rule);
        entry.map(|entry| entry["severity"].as_str().unwrap())
    };
    assert_eq!(of("feature-plan-allows-mrr"), Some("blocker"));
    assert_eq!(of("key-enabled"), Some("major"), "a blocker that is not known");
    assert_eq!(of("deletion-protection"), Some("minor"));
    assert_eq!(of("key-not-broadly-deletable"), Some("minor"));
    assert_eq!(of("pool-eligible"), Some("info"));
    assert_eq!(of("iac-knows-key-configuration"), None, "waived");
    let unknown = entries.iter().find(|entry| entry["check_name"] == "key-enabled").unwrap();
    assert!(unknown["description"].as_str().unwrap().contains("kms:DescribeKey was denied in us-east-1"));
}

#[test]
fn places_are_files_of_the_repository() {
    let report = with_a_tree(samples::blocked(), "acme/shop:web", "src/auth.ts");
    let mut options = Options::default();
    options.code_host.place = Some("deploy/decisions.yaml".to_owned());
    for (options, file) in [(Options::default(), "mrready.yaml"), (options, "deploy/decisions.yaml")] {
        let entries = check(&text(&report, &options));
        let places: BTreeSet<(&str, u64)> = entries
            .iter()
            .map(|entry| {
                let location = &entry["location"];
                (location["path"].as_str().unwrap(), location["lines"]["begin"].as_u64().unwrap())
            })
            .collect();
        assert_eq!(places, BTreeSet::from([(file, 1), ("web/src/auth.ts", 12)]));
    }
}

#[test]
fn hits_of_a_scan_are_at_their_lines() {
    let mut out = Vec::new();
    write_scan(&scanned(), class_text, &mut out).unwrap();
    let entries = check(&String::from_utf8(out).unwrap());
    let said: Vec<(&str, &str, u64)> = entries
        .iter()
        .map(|entry| {
            let location = &entry["location"];
            let line = location["lines"]["begin"].as_u64().unwrap();
            (entry["severity"].as_str().unwrap(), location["path"].as_str().unwrap(), line)
        })
        .collect();
    let expected = [
        ("critical", "web/a dir/ä#1.ts", 3),
        ("critical", "web/a dir/ä#1.ts", 7),
        ("minor", "web/src/auth.ts", 12),
        ("info", "web/src/auth.ts", 20),
    ];
    assert_eq!(said, expected);
}
