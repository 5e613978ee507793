//! Commands as the runner reads them, how many, and files kept as fixtures.

use std::collections::BTreeMap;

use super::super::annotate::tests::{agree, class_text, scanned, with_a_tree};
use super::super::safe::is_hidden;
use super::super::{Format, samples};
use super::*;

fn text(report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    super::super::write(Format::Github, report, None, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A command, read as the runner does: its kind, its properties, its message.
fn parse(line: &str) -> (String, BTreeMap<String, String>, String) {
    let decode = |text: &str| {
        text.replace("%3A", ":").replace("%2C", ",").replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    };
    let rest = line.strip_prefix("::").unwrap();
    let (head, message) = rest.split_once("::").unwrap();
    let (kind, properties) = head.split_once(' ').unwrap_or((head, ""));
    let pairs = properties.split(',').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or_else(|| panic!("{line}")));
    (kind.to_owned(), pairs.map(|(name, value)| (name.to_owned(), decode(value))).collect(), decode(message))
}

/// What holds of every output: each line is a command of the three kinds with known properties, and few enough.
fn check(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let (kind, properties, message) = parse(line);
        assert!(["error", "warning", "notice"].contains(&kind.as_str()), "{line}");
        assert!(properties.keys().all(|name| ["file", "line", "col", "title"].contains(&name.as_str())), "{line}");
        assert!(!message.trim().is_empty() && !properties["title"].is_empty(), "{line}");
        assert!(!line.chars().any(is_hidden), "{line}");
        *counts.entry(kind).or_default() += 1;
    }
    assert!(counts.values().all(|count| *count <= MOST), "{counts:?}");
    counts
}

#[test]
fn fixtures_are_as_written() {
    for (name, report) in samples::all() {
        agree(&format!("{name}.github.txt"), &text(&report, &Options::default()));
    }
}

#[test]
fn names_cannot_give_commands() {
    for (_, report) in samples::all() {
        check(&text(&report, &Options::default()));
    }
    let names =
        ["::error file=x::y", "a\n::stop-commands::z", "b\r::set-env name=A::B", "100% ,title=x:y", "##[error]e"];
    for name in names {
        let annotation = Annotation {
            kind: Kind::Warning,
            title: name.to_owned(),
            place: Some(Spot {
                tree: String::new(),
                below: name.to_owned(),
                path: name.to_owned(),
                line: Some(3),
                column: None,
            }),
            message: name.to_owned(),
        };
        let line = command(&annotation);
        assert_eq!(line.lines().count(), 1, "{line:?}");
        let (kind, properties, message) = parse(&line);
        assert_eq!((kind.as_str(), message.as_str()), ("warning", safe(name).as_str()));
        assert_eq!(
            (properties["title"].as_str(), properties["file"].as_str()),
            (safe(name).as_str(), safe(name).as_str())
        );
        assert_eq!(properties.len(), 3, "{line}");
    }
}

#[test]
fn ten_are_shown_and_of_more_nine_and_a_number() {
    let report = samples::fleet(25);
    let text = text(&report, &Options { full: Some("report.json".to_owned()), ..Options::default() });
    assert_eq!(
        check(&text),
        BTreeMap::from([("error", 10), ("notice", 10), ("warning", 10)].map(|(k, n)| (k.to_owned(), n)))
    );
    let fails = report.findings.iter().filter(|finding| finding.verdict == Verdict::Fail).count();
    let last = text.lines().rfind(|line| line.starts_with("::error ")).unwrap();
    assert_eq!(last, format!("::error title=mrready::{} more errors; report.json has all of them", fails - 9));
    let some = |count: usize| {
        let each =
            |n: usize| Annotation { kind: Kind::Error, title: "t".to_owned(), place: None, message: n.to_string() };
        let mut out = Vec::new();
        print(&[], &(0..count).map(each).collect::<Vec<_>>(), None, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(some(10).lines().last(), Some("::error title=t::9"));
    assert_eq!(some(11).lines().last(), Some("::error title=mrready::2 more errors"));
    assert_eq!(some(11).lines().count(), 10);
}

#[test]
fn verdicts_are_errors_warnings_and_notices() {
    let report = samples::blocked();
    let text = text(&report, &Options::default());
    let of = |rule: &str| text.lines().find(|line| line.contains(&format!("title={rule}::"))).map(|line| parse(line).0);
    assert_eq!(of("feature-plan-allows-mrr").as_deref(), Some("error"));
    assert_eq!(of("key-enabled").as_deref(), Some("warning"), "a blocker that is not known");
    assert_eq!(of("pool-eligible").as_deref(), Some("notice"));
    assert_eq!(of("key-not-broadly-deletable").as_deref(), Some("notice"), "an advisory that is not known");
    for quiet in ["iac-knows-key-configuration", "overlap-window", "primary-region-supports-mrr", "import-job-idle"] {
        assert_eq!(of(quiet), None);
    }
    assert!(text.contains("::notice title=mrready%3A reduced run::--level quota-parity=info"), "{text}");
    let answer = text.find("may not switch its issuer").unwrap();
    assert!(text.find("reduced run").unwrap() < answer, "reductions stand above the answer");
    assert!(answer < text.find("::error ").unwrap(), "and the answer above what it rests on");
}

#[test]
fn only_a_file_that_is_there_is_named() {
    let report = with_a_tree(samples::blocked(), "acme/shop:web", "src/auth.ts");
    let places = |options: &Options| -> Vec<String> {
        let text = text(&report, options);
        text.lines().filter_map(|line| parse(line).1.remove("file")).collect()
    };
    assert_eq!(places(&Options::default()), ["web/src/auth.ts"]);
    let mut options = Options::default();
    options.code_host.place = Some("deploy/decisions.yaml".to_owned());
    let named = places(&options);
    assert!(named.len() > 9 && named.iter().all(|file| file == "web/src/auth.ts" || file == "deploy/decisions.yaml"));
}

#[test]
fn hits_of_a_scan_are_at_their_lines() {
    let mut out = Vec::new();
    write_scan(&scanned(), class_text, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    check(&text);
    let places: Vec<(String, String, String)> = text
        .lines()
        .map(parse)
        .filter_map(|(kind, mut properties, _)| Some((kind, properties.remove("file")?, properties.remove("line")?)))
        .collect();
    let expected = [
        ("error", "web/a dir/ä#1.ts", "3"),
        ("error", "web/a dir/ä#1.ts", "7"),
        ("warning", "web/src/auth.ts", "12"),
        ("notice", "web/src/auth.ts", "20"),
    ];
    assert_eq!(places, expected.map(|(kind, file, line)| (kind.to_owned(), file.to_owned(), line.to_owned())));
    assert!(text.contains("::warning title=not read::deep.tf"), "{text}");
    assert!(text.contains("7 references, of which 3 count"), "{text}");
}
