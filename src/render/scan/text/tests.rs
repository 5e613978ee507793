//! The text of a scan, as it is printed outside a terminal and at one.

use super::*;
use crate::model::Confidence;
use crate::model::reference::{ScanRoot, ScanSummary};
use crate::render::scan::frame;

const URL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123";

fn hit(path: &str, line: u32) -> ScanHit {
    ScanHit {
        path: path.to_owned(),
        line,
        column: 9,
        end_line: line,
        class: Class::IssuerUrlLiteral,
        confidence: Confidence::Definite,
        severity: Severity::Error,
        in_test: false,
        in_doc: false,
        accepts_any_pool: false,
        accepts_new: false,
        language: "yaml".to_owned(),
        pool_id: Some("eu-west-1_Abc123".to_owned()),
        known_pool: None,
        unresolved: None,
        library: None,
        text: URL.to_owned(),
        remedy: "accept both".to_owned(),
        owners: Vec::new(),
    }
}

fn report(hits: Vec<ScanHit>, skipped: Vec<(&str, SkipReason)>) -> ScanReport {
    let root = |path: &str, name: &str| ScanRoot {
        path: path.to_owned(),
        name: name.to_owned(),
        commit: None,
        modified: None,
        files_read: 3,
        bytes_read: 9,
    };
    let skipped = skipped.into_iter().map(|(path, reason)| Skipped { path: path.to_owned(), reason, detail: None });
    let mut report = ScanReport {
        schema_version: 1,
        tool_version: "0.1.0".to_owned(),
        evaluator: 1,
        roots: vec![root("app", "acme/app"), root("infra", "acme/infra")],
        hits,
        skipped: skipped.collect(),
        summary: ScanSummary::default(),
    };
    report.summary = ScanSummary::of(&report, Some(Severity::Warning));
    report
}

fn text(report: &ScanReport, verbose: bool, color: bool, frames: BTreeMap<usize, Frame>) -> String {
    let mut out = Vec::new();
    let options = TextOptions { color, width: 100, verbose, frames, title: |_| "A whole issuer URL" };
    write_text(report, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sample() -> ScanReport {
    let mut pinned = hit("app/auth.yaml", 3);
    pinned.owners = vec!["@acme/id".to_owned(), "@acme/sec".to_owned()];
    pinned.known_pool = Some(false);
    let mut prefix = hit("infra/verify.tf", 7);
    prefix.accepts_any_pool = true;
    prefix.class = Class::HostPrefixCheck;
    prefix.confidence = Confidence::Likely;
    prefix.severity = Severity::Warning;
    (prefix.pool_id, prefix.unresolved) = (None, Some("var.pool".to_owned()));
    let mut dual = hit("infra/both.tf", 9);
    (dual.accepts_new, dual.severity) = (true, Severity::Info);
    let tests = (1..=10).map(|line| {
        let mut test = hit("app/test/auth.yaml", line);
        (test.in_test, test.severity) = (true, Severity::Info);
        test
    });
    let hits = [pinned].into_iter().chain(tests).chain([dual, prefix]).collect();
    report(hits, vec![("app/logo.png", SkipReason::Binary), ("app/secret", SkipReason::Denied)])
}

#[test]
fn outside_a_terminal_only_the_match_is_shown() {
    assert_eq!(
        text(&sample(), false, false, BTreeMap::new()),
        format!(
            "app/auth.yaml:3:9: error[issuer-url-literal] definite: A whole issuer URL
    {URL}
  = note: pool eu-west-1_Abc123 is none of --known-pools
  = owner: @acme/id @acme/sec
  = help: accept both

infra/verify.tf:7:9: warning[host-prefix-check] likely: A whole issuer URL
    {URL}
  = note: the pool is what `var.pool` holds
  = note: accepts tokens of any user pool, of any account: a hole whatever becomes of the issuer
  = help: accept both

worth knowing, nothing breaks here:
  infra/both.tf:9: issuer-url-literal

in tests and documentation, which do not count:
  app/test/auth.yaml:1,2,3,4,5,6,7,8 and 2 more: issuer-url-literal 10

app/secret: not read: no permission

13 references in 4 files: 1 error, 1 warning, 1 info, 10 in tests and documentation
  by root
       11  acme/app
        2  acme/infra
  by owner
       12  nobody
        1  @acme/id
        1  @acme/sec
  by class
       12  issuer-url-literal
        1  host-prefix-check
"
        )
    );
}

#[test]
fn at_a_terminal_the_line_is_shown_with_color() {
    let line = format!("issuer: {URL} # key hunter2");
    let frames = BTreeMap::from([(0, frame(3, &[&line], 9, URL).unwrap())]);
    let shown = text(&sample(), false, false, frames.clone());
    let drawn = format!("  |\n3 | {line}\n  |         {} definite\n", "^".repeat(URL.len()));
    assert!(shown.contains(&drawn), "{shown}");
    let colored = text(&sample(), false, true, frames);
    assert!(colored.contains("\u{1b}[1;31merror[issuer-url-literal]\u{1b}[0m"), "{colored}");
}

#[test]
fn verbose_shortens_nothing() {
    let shown = text(&sample(), true, false, BTreeMap::new());
    assert_eq!(shown.matches("  = help: accept both\n").count(), 13);
    assert!(shown.contains("app/logo.png: not read: not text\n") && shown.contains("in a test: does not count"));
    assert!(shown.contains("  = note: accepts the updated issuer\n") && !shown.contains(" more:"));
}

#[test]
fn what_a_tree_holds_steers_no_terminal_and_no_runner() {
    let mut evil = hit("app/a\u{1b}[2J\n::error::x", 1);
    evil.text = format!("::set-output x\r\n\u{202e}{}\u{7}", "y".repeat(1000));
    evil.library = Some("lib \u{1b}]0;x\u{7}".to_owned());
    evil.owners = vec!["@a\u{200b}".to_owned()];
    let mut aside = hit("app/\u{9b}doc\n##[error]", 2);
    aside.in_doc = true;
    let report = report(vec![evil, aside], vec![("app/\u{1b}x", SkipReason::Failed)]);
    let shown = text(&report, false, false, BTreeMap::new());
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{7}', '\u{9b}', '\r', '\u{200b}']), "{shown}");
    assert!(!shown.lines().any(|line| line.trim_start().starts_with("::") || line.contains("##[")), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() < 400), "{shown}");
}

#[test]
fn nothing_found_is_nothing_printed() {
    assert_eq!(text(&report(Vec::new(), Vec::new()), false, false, BTreeMap::new()), "");
}
