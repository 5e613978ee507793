//! Issuer references in source trees and in what live resources hold: whose they are, what hides one, and what becomes of
//! several searches.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use mrready::collect::judge;
use mrready::model::reference::{ScanHit, ScanReport, ScanRoot, ScanSummary, SkipReason, Skipped};
use mrready::model::{Class, Confidence, Gate, Severity, Source, SubjectKind, TargetIssuer, Verdict};
use mrready::render::{Options, table};
use mrready::snapshot::{Encoding, Entry, Scope, Snapshot, format};

use crate::areas::references::{by_prefix, one, skipped, trust};
use crate::builder::{ACCOUNT, Account, Judged, OTHER_POOL, POOL, Run, old_issuer, time, tree_hit, without_pool};

const SURE: &str = "reference-accepts-new-issuer";
const PREFIX: &str = "issuer-not-accepted-by-prefix";
const TRUST: &str = "role-trust-accepts-new-issuer";

/// Every rule about references.
const ALL: [&str; 5] = [SURE, "reference-reviewed", "verifier-library-knows-new-issuer", PREFIX, TRUST];

fn subjects(judged: &Judged, rule: &str) -> Vec<(String, Verdict)> {
    judged.findings(rule).iter().map(|finding| (finding.subject.id.clone(), finding.verdict)).collect()
}

fn original() -> Run {
    Run { target_issuer: TargetIssuer::Original, ..Run::attested() }
}

#[test]
fn a_reference_is_ours_by_the_pool_that_it_names() {
    let judged = one(Account::ready(), |_| {}).attested();
    let finding = judged.finding(SURE);
    assert_eq!(finding.verdict, Verdict::Warn);
    let subject = &finding.subject;
    assert_eq!(
        (subject.kind, subject.account.as_str(), subject.region.as_deref()),
        (SubjectKind::Reference, ACCOUNT, None)
    );
    assert_eq!(subject.pool_id.as_deref(), Some(POOL));
    assert!(subject.id.starts_with("scan/acme/shop/src/auth.ts:issuer-url-literal:"), "{}", subject.id);
    assert_eq!(subject.name.as_deref(), Some("acme/shop at 0123456789ab src/auth.ts:12:5"));
    let place = Source::Place {
        file: "acme/shop/src/auth.ts".to_owned(),
        line: Some(12),
        column: Some(5),
        path: String::new(),
    };
    assert!(finding.evidence.iter().all(|evidence| evidence.sources == [place.clone()]), "{:?}", finding.evidence);
    for wanted in ["acme/shop, src/auth.ts:12:5", &old_issuer(POOL), "accept the updated issuer beside this one"] {
        assert!(finding.message.contains(wanted), "{wanted}: {}", finding.message);
    }
    // An advisory stops nothing.
    assert_eq!((judged.code(), judged.verdict(PREFIX)), (0, Verdict::Pass));
    // Staying on the Regional issuer nothing breaks.
    assert_eq!(original().judge(&one(Account::ready(), |_| {})).verdict(SURE), Verdict::NotApplicable);
    // Another pool's is not ours, and no doubt either.
    let judged = one(Account::ready(), |hit| hit.pool_id = Some(OTHER_POOL.to_owned())).attested();
    for rule in ALL {
        assert_eq!(subjects(&judged, rule), [(POOL.to_owned(), Verdict::NotApplicable)], "{rule}");
    }
    assert_eq!(judged.verdict("references-resolved"), Verdict::Pass);
}

#[test]
fn a_subject_keeps_its_id_when_lines_move() {
    let ids = |lines: &[u32]| -> Vec<String> {
        let hits = lines.iter().map(|line| tree_hit("src/auth.ts", *line, |_| {})).collect();
        let judged = Account::ready().tree("acme/shop", hits).attested();
        subjects(&judged, SURE).into_iter().map(|(id, _)| id).collect()
    };
    assert_eq!(ids(&[12, 40]), ids(&[112, 3]));
    let two = ids(&[12, 40]);
    assert_eq!(two.iter().collect::<BTreeSet<_>>().len(), 2);
    assert_eq!(ids(&[7]), two[..1]);
    assert_eq!(two[1], format!("{}~2", two[0]));
}

#[test]
fn what_takes_any_pool_is_every_pools() {
    let account = one(Account::ready().pool("us-east-1_Second001"), by_prefix);
    for run in [Run::attested(), original()] {
        let judged = run.judge(&account);
        let found = judged.findings(PREFIX);
        let pools: Vec<_> = found.iter().map(|finding| finding.subject.pool_id.as_deref()).collect();
        assert_eq!(pools, [Some(POOL), Some("us-east-1_Second001")]);
        assert!(found.iter().all(|finding| finding.verdict == Verdict::Fail));
        assert_eq!(judged.report.rules["references-resolved"].not_applicable, 0);
        assert!(judged.findings("references-resolved").iter().all(|finding| finding.verdict == Verdict::Pass));
    }
    let judged = one(Account::ready(), by_prefix).attested();
    assert_eq!((judged.code(), judged.stands(Gate::Issuer).as_str()), (1, "next blocked"));
    // In a test or a comment it lets nobody in; what only may be one is looked at.
    for harmless in [(true, false, "likely"), (false, true, "likely"), (false, false, "review")] {
        let judged = one(Account::ready(), |hit| {
            by_prefix(hit);
            harmless.2.clone_into(&mut hit.confidence);
            let source = hit.source.as_mut().unwrap();
            (source.in_test, source.in_doc) = (harmless.0, harmless.1);
        });
        let judged = judged.attested();
        assert_eq!(
            (judged.verdict(PREFIX), judged.verdict("reference-reviewed")),
            (Verdict::NotApplicable, Verdict::Info)
        );
        assert_eq!(judged.code(), 0);
    }
}

#[test]
fn a_reference_without_a_pool_is_counted_for_every_pool() {
    let account = Account::ready().pool("us-east-1_Second001").tree(
        "acme/shop",
        vec![
            tree_hit("src/auth.ts", 12, without_pool),
            tree_hit("src/auth.ts", 40, without_pool),
            tree_hit("api/main.go", 3, without_pool),
        ],
    );
    let judged = Run::default().judge(&account);
    for (rule, verdict) in [("references-resolved", Verdict::Info), ("external-verifiers-told", Verdict::Manual)] {
        let found = judged.findings(rule);
        assert_eq!(found.len(), 2, "{rule}");
        for finding in found {
            assert_eq!(finding.verdict, verdict, "{rule}");
            for wanted in ["acme/shop src/auth.ts:12:5 and 1 more in that file", "acme/shop api/main.go:3:5"] {
                assert!(finding.message.contains(wanted), "{rule}: {}", finding.message);
            }
        }
    }
    assert!(judged.findings("references-resolved")[0].message.contains(": 3 ("), "they are counted");
    // Each is a finding of its own, once, of no pool.
    let own: Vec<_> = judged.report.findings.iter().filter(|finding| finding.subject.pool_id.is_none()).collect();
    let warned: Vec<_> = own.iter().filter(|finding| finding.verdict == Verdict::Warn).collect();
    assert_eq!((own.len(), warned.len()), (3 * ALL.len(), 3));
    assert!(warned.iter().all(|finding| finding.rule == SURE && finding.subject.account.is_empty()));
    // Of very many files the rest is a number in the line, and each is a finding all the same.
    let hits: Vec<_> = (0..25).map(|file| tree_hit(&format!("src/{file:02}.ts"), 1, without_pool)).collect();
    let judged = Account::ready().tree("acme/shop", hits).attested();
    let message = &judged.finding("references-resolved").message;
    assert!(
        message.contains(": 25 (") && message.contains("acme/shop src/19.ts:1:5, acme/shop, 5 more files"),
        "{message}"
    );
    assert_eq!(judged.findings(SURE).len(), 26);
    // What breaks nothing is told by the scan alone.
    for harmless in [0, 1, 2, 3] {
        let judged = one(Account::ready(), |hit| {
            without_pool(hit);
            let source = hit.source.as_mut().unwrap();
            match harmless {
                0 => source.in_test = true,
                1 => source.in_doc = true,
                2 => hit.accepts_new = true,
                _ => "info".clone_into(&mut hit.severity),
            }
        });
        let judged = judged.attested();
        assert_eq!(judged.verdict("references-resolved"), Verdict::Pass);
        assert!(judged.report.findings.iter().all(|finding| finding.subject.pool_id.is_some()));
    }
}

#[test]
fn a_file_that_was_not_read_may_hide_a_reference() {
    for (reason, words) in
        [("denied", "secret/app.yml in acme/shop (denied)"), ("structure", "the structure of secret/app.yml")]
    {
        let judged = skipped(one(Account::ready(), |_| {}), reason).attested();
        for rule in ALL {
            let own = judged.on_pool(rule);
            // A tree hides no role.
            let verdict = if rule == TRUST { Verdict::NotApplicable } else { Verdict::Unknown };
            assert_eq!(own.verdict, verdict, "{reason}: {rule}");
            assert!(rule == TRUST || Judged::words(own).contains(words), "{}", Judged::words(own));
        }
        // What was seen is judged all the same.
        assert!(subjects(&judged, SURE).iter().any(|(_, verdict)| *verdict == Verdict::Warn));
        assert_eq!(judged.verdict("references-resolved"), Verdict::Unknown);
        assert_eq!((judged.code(), judged.stands(Gate::Issuer).as_str()), (3, "next undetermined"));
    }
    let two = skipped(skipped(one(Account::ready(), |_| {}), "failed"), "denied").attested();
    assert!(Judged::words(two.on_pool(SURE)).contains("with 1 more that may hold a reference"));
    let [missing] = two.report.coverage.not_asked.as_slice() else { panic!("{:?}", two.report.coverage) };
    assert_eq!(missing.what, "2 files of source tree acme/shop");
    assert!(missing.why.contains("secret/app.yml (failed) and 1 more"), "{}", missing.why);
}

#[test]
fn what_was_searched_is_said() {
    let told = "external-verifiers-told";
    let judged = Account::ready().judged();
    assert!(judged.finding(told).message.contains("no source tree was searched"), "{}", judged.finding(told).message);
    for rule in ALL {
        assert_eq!(judged.verdict(rule), Verdict::NotApplicable);
        assert!(judged.finding(rule).message.ends_with("no source tree was searched"));
    }
    let account = Account::ready().tree("acme/shop", Vec::new()).in_tree(|scan| scan.modified = Some(true));
    let account = account.tree("acme/app", Vec::new()).in_tree(|scan| scan.commit = None);
    let judged = account.judged();
    let tree = "source tree acme/shop at 0123456789ab with changes that are not committed";
    for rule in [told, SURE] {
        let message = &judged.finding(rule).message;
        assert!(message.contains(tree) && message.contains("source tree acme/app"), "{rule}: {message}");
    }
    let searched = &judged.report.snapshot.searched;
    assert!(searched.contains(&"tree acme/shop".to_owned()), "{searched:?}");
}

#[test]
fn an_old_search_tells_nothing() {
    let mut account = one(Account::ready(), |hit| hit.accepts_new = true);
    let then = time("2026-11-19T11:00:00Z");
    account.scans[0].time = then;
    account.hits[0].time = then;
    let run = |hours| Run { max_age: Some(SignedDuration::from_hours(hours)), ..Run::attested() };
    assert_eq!(run(50).judge(&account).verdict(SURE), Verdict::Pass);
    let judged = run(24).judge(&account);
    for rule in [SURE, PREFIX] {
        let found = judged.findings(rule);
        assert_eq!(found.len(), 2, "{rule}");
        for finding in found {
            assert_eq!(finding.verdict, Verdict::Unknown);
            assert!(Judged::words(finding).contains("2026-11-19T11:00:00Z"), "{}", Judged::words(finding));
        }
    }
    assert_eq!(judged.code(), 3);
    assert_eq!(judged.report.snapshot.evidence_from.as_deref(), Some("2026-11-19T11:00:00Z"));
}

#[test]
fn what_another_version_found_is_to_be_found_again() {
    let judged = Account::ready().tree("acme/shop", Vec::new()).in_tree(|scan| scan.evaluator = 99).attested();
    let finding = judged.finding("references-found-by-this-version");
    assert_eq!((finding.verdict, judged.code()), (Verdict::Warn, 0));
    assert!(finding.message.contains("source tree acme/shop at 0123456789ab"), "{}", finding.message);
    assert_eq!(Account::ready().attested().verdict("references-found-by-this-version"), Verdict::Pass);
}

#[test]
fn what_a_live_resource_holds_is_a_reference_too() {
    let function = |change: &dyn Fn(&mut mrready::snapshot::Hit)| {
        Account::ready().live_hit("lambda:ListFunctions", "orders", |hit| change(hit)).attested()
    };
    let judged = function(&|_| {});
    let finding = judged.finding(SURE);
    assert_eq!((finding.verdict, finding.subject.region.as_deref()), (Verdict::Warn, Some("us-east-1")));
    assert!(finding.subject.id.starts_with("lambda/us-east-1/orders/Environment.Variables.ISSUER:"));
    assert!(finding.message.contains("orders, Environment.Variables.ISSUER"), "{}", finding.message);
    // Without words of its own, those of its class.
    assert!(finding.message.contains("before the switch"), "{}", finding.message);
    // It is no template's.
    assert_eq!(judged.verdict("template-accepts-new-issuer"), Verdict::NotApplicable);
    let judged = function(&|hit| hit.account = "999900001111".to_owned());
    assert_eq!(judged.verdict(SURE), Verdict::NotApplicable);
    let judged = function(&without_pool);
    assert!(judged.finding("references-resolved").message.contains("orders Environment.Variables.ISSUER"));
    let own: Vec<_> = judged.report.findings.iter().filter(|finding| finding.subject.pool_id.is_none()).collect();
    assert!(own.iter().all(|finding| finding.subject.account == ACCOUNT) && !own.is_empty());
    // A role's trust policy has a rule of its own, which blocks.
    let judged = trust(Account::ready(), false).attested();
    assert_eq!(
        (judged.verdict(TRUST), judged.verdict(SURE), judged.code()),
        (Verdict::Fail, Verdict::NotApplicable, 1)
    );
    assert_eq!(trust(Account::ready(), true).attested().verdict(TRUST), Verdict::Pass);
}

#[test]
fn decisions_find_references_by_kind_and_path() {
    let waive = |subject: &str, rule: &str| {
        format!("- {{ kind: waive, rule: {rule}, subject: '{subject}', reason: r, owner: o, expires: 2027-01-31 }}\n")
    };
    let account = one(Account::ready(), by_prefix);
    for (subject, code) in [
        ("*/-/reference/scan/acme/shop/src/**", 0),
        ("**/reference/scan/acme/shop/**", 0),
        ("111122223333/-/reference/**", 0),
        ("*/-/reference/scan/acme/app/**", 1),
    ] {
        assert_eq!(Run::attested().decided(&waive(subject, PREFIX)).judge(&account).code(), code, "{subject}");
    }
    let waived = Run::attested().decided(&waive("-/-/reference/scan/**", SURE));
    let judged = waived.judge(&one(Account::ready(), without_pool));
    assert!(judged.findings(SURE).iter().any(|finding| finding.waiver.is_some() && finding.verdict == Verdict::Warn));
}

#[test]
fn the_table_names_file_and_line() {
    let account = one(Account::ready(), by_prefix);
    for verbose in [false, true] {
        let mut out = Vec::new();
        let options = Options { verbose, ..Options::default() };
        table::write(&account.attested().report, &options, &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(page.contains(" acme/shop/src/auth.ts:12:5\n"), "{page}");
        assert!(page.contains("issuer reference "), "{page}");
    }
}

/// A report with a reference in each of two roots.
fn report() -> ScanReport {
    let root = |path: &str, name: &str| ScanRoot {
        path: path.to_owned(),
        name: name.to_owned(),
        commit: Some("89abcdef".to_owned()),
        modified: Some(false),
        files_read: 2,
        bytes_read: 100,
    };
    let hit = |path: &str| ScanHit {
        path: path.to_owned(),
        line: 3,
        column: 9,
        end_line: 3,
        class: Class::IssuerUrlLiteral,
        confidence: Confidence::Definite,
        severity: Severity::Error,
        in_test: false,
        in_doc: false,
        accepts_any_pool: false,
        accepts_new: false,
        language: "go".to_owned(),
        pool_id: Some(POOL.to_owned()),
        known_pool: None,
        unresolved: None,
        library: None,
        text: old_issuer(POOL),
        remedy: "accept both".to_owned(),
        owners: vec!["@acme/api".to_owned()],
    };
    let skipped = |path: &str, reason| Skipped { path: path.to_owned(), reason, detail: None };
    ScanReport {
        schema_version: 1,
        tool_version: "0.1.0".to_owned(),
        evaluator: mrready::scan::template::EVALUATOR_VERSION,
        roots: vec![root("../api", "acme/api"), root("web/", "acme/web")],
        hits: vec![hit("../api/auth/jwt.go"), hit("web/main.go")],
        skipped: vec![skipped("../api/logo.png", SkipReason::Binary), skipped("web/key.pem", SkipReason::Denied)],
        summary: ScanSummary::default(),
    }
}

/// What `scan -o` writes of one root.
fn document(report: &ScanReport, root: usize, at: &str) -> Snapshot {
    Snapshot::new(Scope::default(), judge::tree(report, root, time(at)))
}

#[test]
fn a_scan_is_judged_beside_a_snapshot() {
    let report = report();
    let api = document(&report, 0, "2026-11-21T10:00:00Z");
    let read = |document: &Snapshot| {
        let bytes = format::write(document, Encoding::of_name("scan.jsonl").unwrap()).unwrap();
        let read = format::read("scan.jsonl", &bytes).unwrap();
        assert_eq!((&read, read.digest()), (document, document.digest()));
        read
    };
    let [scan] = api.scans().collect::<Vec<_>>()[..] else { panic!("{api:?}") };
    assert_eq!((scan.root.as_str(), scan.skipped.len(), scan.files_read), ("acme/api", 0, 2));
    let [hit] = api.hits().collect::<Vec<_>>()[..] else { panic!("{api:?}") };
    assert_eq!((hit.path.as_str(), hit.line, hit.container.as_str()), ("auth/jwt.go", Some(3), "acme/api"));
    // Alone it has no pool.
    let alone = Run::attested().judge_snapshot(&read(&api));
    assert_eq!((alone.code(), alone.report.findings.len()), (3, 0));
    assert_eq!(alone.report.summary.exit.because, ["no pool in scope"]);
    let account = Account::ready().snapshot();
    let expected = Run::attested().judge_snapshot(&Snapshot::merge(vec![account.clone(), api.clone()]).unwrap());
    assert_eq!(expected.verdict(SURE), Verdict::Warn);
    assert_eq!(expected.code(), 0);
    // The file that could not be read is the other root's.
    let web = document(&report, 1, "2026-11-21T10:00:00Z");
    for documents in [[&account, &api, &web], [&web, &api, &account], [&api, &account, &web]] {
        let merged = Snapshot::merge(documents.into_iter().map(read).collect()).unwrap();
        let judged = Run::attested().judge_snapshot(&merged);
        assert_eq!((judged.code(), judged.findings(SURE).len()), (3, 3));
        assert!(Judged::words(judged.on_pool(SURE)).contains("key.pem in acme/web (denied)"));
    }
}

#[test]
fn the_newest_search_of_a_tree_counts_whole_in_any_order() {
    let mut fixed = report();
    fixed.hits.clear();
    let old = document(&report(), 0, "2026-11-21T10:00:00Z");
    let new = document(&fixed, 0, "2026-11-21T10:30:00Z");
    let account = Account::ready().snapshot();
    let digests: BTreeSet<String> = [[&account, &old, &new], [&new, &old, &account], [&old, &new, &account]]
        .into_iter()
        .map(|documents| {
            let merged = Snapshot::merge(documents.into_iter().cloned().collect()).unwrap();
            assert_eq!((merged.scans().count(), merged.hits().count()), (1, 0));
            assert_eq!(Run::attested().judge_snapshot(&merged).verdict(SURE), Verdict::NotApplicable);
            merged.digest()
        })
        .collect();
    assert_eq!(digests.len(), 1);
}

#[test]
fn a_reference_without_its_search_is_refused() {
    let document = document(&report(), 0, "2026-11-21T10:00:00Z");
    let refused = |change: &dyn Fn(&mut Snapshot)| {
        let mut broken = document.clone();
        change(&mut broken);
        let bytes = format::write(&broken, Encoding::of_name("scan.json").unwrap()).unwrap();
        format::read("scan.json", &bytes).unwrap_err().to_string()
    };
    let on_hits = |change: fn(&mut mrready::snapshot::Hit)| {
        move |snapshot: &mut Snapshot| {
            for entry in &mut snapshot.entries {
                if let Entry::Hit(hit) = entry {
                    change(hit);
                }
            }
        }
    };
    for message in [
        refused(&|snapshot| snapshot.entries.retain(|entry| !matches!(entry, Entry::Scan(_)))),
        refused(&on_hits(|hit| "acme/web".clone_into(&mut hit.container))),
        refused(&on_hits(|hit| ACCOUNT.clone_into(&mut hit.account))),
        refused(&on_hits(|hit| hit.source = None)),
    ] {
        assert!(message.contains("scan.json: entry ") && message.contains("scan it again"), "{message}");
    }
}
