//! Places, ranks, sentences and fingerprints; and what the tests of formats for code hosts share.

use super::super::samples;
use super::*;
use crate::model::report::Evidence;

/// A report whose second finding stands in a source tree.
pub(in crate::render) fn with_a_tree(mut report: Report, tree: &str, path: &str) -> Report {
    report.snapshot.searched.push(format!("tree {tree}"));
    let finding = report.findings.get_mut(1).unwrap();
    finding.rule = "reference-accepts-new-issuer".to_owned();
    finding.subject.kind = SubjectKind::Reference;
    finding.subject.region = None;
    finding.subject.arn = None;
    finding.subject.id = format!("scan/{tree}/{path}:issuer-url-literal:01234567#us-east-1_Bl0ck3dP1");
    finding.subject.name = Some(format!("{tree} {path}:12:5"));
    let place = Source::Place { file: format!("{tree}/{path}"), line: Some(12), column: Some(5), path: String::new() };
    finding.evidence =
        vec![Evidence { sources: vec![place], ..samples::call("reference.accepts_new", Some("no"), "yes", "", "") }];
    let rule = report.rules.values().next().cloned().unwrap();
    report.rules.insert("reference-accepts-new-issuer".to_owned(), rule);
    report
}

/// Compares with a file of `fixtures/reports`; with `MRREADY_BLESS=1` writes it instead.
#[allow(
    clippy::disallowed_methods,
    reason = "a test reads its fixtures, and its one option comes from the environment"
)]
pub(in crate::render) fn agree(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports").join(name);
    if std::env::var_os("MRREADY_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} differs; MRREADY_BLESS=1 rewrites it. Now:\n{text}", path.display());
}

/// A scan with hits of every kind: a sure error, a sure warning, for review, in a test, in documentation, for
/// information, the same text twice, and files that were not read.
pub(in crate::render) fn scanned() -> ScanReport {
    use crate::model::reference::{SCAN_SCHEMA_VERSION, ScanRoot, ScanSummary, SkipReason, Skipped};
    use crate::model::{Class, Confidence, Severity};
    let hit = |path: &str, line, class, confidence, severity| ScanHit {
        path: format!("./{path}"),
        line,
        column: 9,
        end_line: line,
        class,
        confidence,
        severity,
        in_test: false,
        in_doc: false,
        accepts_any_pool: false,
        accepts_new: false,
        language: "typescript".to_owned(),
        pool_id: Some("us-east-1_AbCdEfGhI".to_owned()),
        known_pool: None,
        unresolved: None,
        library: None,
        text: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI".to_owned(),
        remedy: "Accept both issuers until the last old token has expired.".to_owned(),
        owners: vec!["@acme/web".to_owned()],
    };
    let (sure, review) = (Confidence::Definite, Confidence::Review);
    let url = Class::IssuerUrlLiteral;
    let mut hits = vec![
        hit("a dir/ä#1.ts", 3, url, sure, Severity::Error),
        hit("a dir/ä#1.ts", 7, url, sure, Severity::Error),
        hit("src/auth.ts", 12, Class::IssuerUrlTemplate, Confidence::Likely, Severity::Warning),
        hit("src/auth.ts", 20, Class::IndirectVariable, review, Severity::Warning),
        hit("src/hosts.ts", 1, Class::NetworkAllowlist, sure, Severity::Info),
        hit("test/auth.ts", 4, url, sure, Severity::Info),
        hit("x::error::,line=9%0A[y](z).md", 5, url, sure, Severity::Info),
    ];
    hits[2].end_line = 14;
    hits[2].text = "https://cognito-idp.\n{…}".to_owned();
    (hits[2].pool_id, hits[2].unresolved) = (None, Some("[pool](1) {0}::error::".to_owned()));
    hits[5].in_test = true;
    hits[6].in_doc = true;
    let skip = |path: &str, reason| Skipped { path: path.to_owned(), reason, detail: None };
    let mut report = ScanReport {
        schema_version: SCAN_SCHEMA_VERSION,
        tool_version: "0.1.0".to_owned(),
        evaluator: 1,
        roots: vec![ScanRoot {
            path: ".".to_owned(),
            name: "acme/shop:web".to_owned(),
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            modified: Some(false),
            files_read: 6,
            bytes_read: 4_096,
        }],
        hits,
        skipped: vec![skip("./deep.tf", SkipReason::Structure), skip("./logo.png", SkipReason::Binary)],
        summary: ScanSummary::default(),
    };
    report.summary = ScanSummary::of(&report, Some(Severity::Warning));
    report
}

/// What a class is called, for tests.
pub(in crate::render) fn class_text(class: crate::model::Class) -> super::super::scan::ClassText {
    super::super::scan::ClassText {
        title: class.as_str(),
        severity: crate::model::Severity::Error,
        remedy: "Accept both issuers.",
    }
}

#[test]
fn only_files_of_trees_are_places() {
    let report = samples::blocked();
    assert!(report.findings.iter().all(|finding| spots(&report, finding).is_empty()), "no tree was searched");
    let report = with_a_tree(report, "acme/shop:web", "src/auth.ts");
    let found: Vec<Spot> = report.findings.iter().flat_map(|finding| spots(&report, finding)).collect();
    let expected = Spot {
        tree: "acme/shop:web".to_owned(),
        below: "src/auth.ts".to_owned(),
        path: "web/src/auth.ts".to_owned(),
        line: Some(12),
        column: Some(5),
    };
    assert_eq!(found, std::slice::from_ref(&expected));
    assert_eq!(report.findings.iter().find_map(|finding| spot(&report, finding)), Some(expected));
    // The same evidence of a pool shows the pool nowhere.
    let mut report = report;
    report.findings[1].subject.kind = SubjectKind::Pool;
    assert!(report.findings.iter().all(|finding| spot(&report, finding).is_none()));
    assert!(!spots(&report, &report.findings[1]).is_empty());
}

#[test]
fn the_path_begins_at_the_top_of_the_repository() {
    for (tree, below, path) in [
        ("acme/shop", "src/a.ts", "src/a.ts"),
        ("acme/shop#2", "src/a.ts", "src/a.ts"),
        ("acme/shop:web/app", "a.ts", "web/app/a.ts"),
        ("acme/shop:web/app#3", "a.ts", "web/app/a.ts"),
        ("acme/shop:web/a.ts", "a.ts", "web/a.ts"),
        ("shop", "a.ts", "a.ts"),
    ] {
        assert_eq!(repository_path(tree, below), path, "{tree} {below}");
    }
    let searched = ["apigateway us-east-1", "tree acme", "tree acme/shop"].map(str::to_owned);
    assert_eq!(in_tree(&searched, "acme/shop/a.ts"), Some(("acme/shop", "a.ts")));
    assert_eq!(in_tree(&searched, "acme/shops/a.ts"), Some(("acme", "shops/a.ts")));
    assert_eq!(in_tree(&searched, "acme/shop at 0123456789ab"), Some(("acme", "shop at 0123456789ab")));
    assert_eq!(in_tree(&searched, "auth-prod in us-east-1"), None);
}

#[test]
fn the_worst_come_first_and_hidden_ones_do_not_come() {
    let report = samples::blocked();
    let ranks: Vec<u8> = worst_first(&report, &Show::default()).into_iter().map(rank).collect();
    assert!(ranks.is_sorted() && ranks.len() == report.findings.len(), "{ranks:?}");
    let first = worst_first(&report, &Show::default());
    let fails = first.iter().filter(|finding| finding.verdict == Verdict::Fail);
    let counted: Vec<bool> = fails.map(|finding| finding.gates != [Gate::Activate]).collect();
    assert!(counted.contains(&false) && counted.is_sorted_by(|a, b| a >= b), "{counted:?}");
    let mut show = Show::default();
    show.hidden_rules.insert("waf-parity".to_owned());
    assert!(worst_first(&report, &show).iter().all(|finding| finding.rule != "waf-parity"));
}

#[test]
fn a_sentence_names_subject_cause_and_remedy() {
    let report = samples::blocked();
    let of = |rule: &str| sentence(report.findings.iter().find(|finding| finding.rule == rule).unwrap());
    assert_eq!(
        of("feature-plan-allows-mrr"),
        "pool customers-prod (us-east-1_Bl0ck3dP1): the pool is on the LITE plan; replication needs ESSENTIALS or PLUS. \
         To do before the step: Move the pool to the Essentials or Plus plan"
    );
    let unknown = of("key-policy-allows-cognito");
    assert!(unknown.contains("Not known, because kms:DescribeKey was denied in us-east-1"), "{unknown}");
    assert!(of("pool-eligible").contains("waits for a person"));
    assert!(of("http-authorizer-has-updated-twin").starts_with("authorizer orders-jwt of pool us-east-1_Bl0ck3dP1: "));
}

#[test]
fn equal_fingerprints_are_told_apart_the_same_way_every_time() {
    let two = || {
        let mut distinct = Distinct::default();
        [distinct.next("a"), distinct.next("a"), distinct.next("b"), distinct.next("a")]
    };
    assert_eq!(two(), two());
    assert_eq!(two().into_iter().collect::<BTreeSet<_>>().len(), 4);
    assert_eq!(two()[0], "a");
}
