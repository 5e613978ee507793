//! The table over every sample: never too wide, never a terminal escape of somebody else's, and as in the fixtures.

use unicode_width::UnicodeWidthStr;

use super::super::safe::is_hidden;
use super::super::{Show, json, samples};
use super::*;
use crate::model::report::NotAsked;
use crate::model::{Level, Position, Verdict};

fn text(report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    write(report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const OUR_FIRST_WORDS: &[&str] = &[
    "",
    "Answer",
    "Baseline",
    "Coverage",
    "Decisions",
    "Evidence",
    "FAIL",
    "Facts",
    "INFO",
    "Later",
    "Limits",
    "MANUAL",
    "Next",
    "No",
    "Not",
    "Open",
    "Pool",
    "REDUCED",
    "Results",
    "This",
    "UNKNOWN",
    "Uncounted",
    "WARN",
    "Warnings",
    "Waived",
    "What",
];

fn everything() -> Vec<(&'static str, Report)> {
    let mut all = samples::all();
    let mut few = samples::crowd();
    few.findings.truncate(400);
    all.push(("crowd", few));
    all.push(("baseline", samples::baseline()));
    all
}

fn variants(width: usize) -> Vec<Options> {
    let plain = Options { width, ..Options::default() };
    let shows = [Show::default(), Show::all(), Show::only([Verdict::Fail, Verdict::Pass])];
    let mut variants = Vec::new();
    for show in shows {
        variants.push(Options { show: show.clone(), ..plain.clone() });
        variants.push(Options { show, verbose: true, ..plain.clone() });
    }
    variants
}

#[test]
fn no_line_is_wider_than_asked() {
    for (name, report) in everything() {
        for width in [60, 80, 120, 200] {
            for options in variants(width) {
                for line in text(&report, &options).lines() {
                    assert!(line.width() <= width, "{name} at {width}: {} {line:?}", line.width());
                    assert_eq!(line.trim_end(), line, "{name}: trailing blanks");
                }
            }
        }
    }
}

#[test]
fn nothing_steers_a_terminal_or_a_runner() {
    for width in (60..120).step_by(7) {
        for options in variants(width) {
            for line in text(&samples::hostile(), &options).lines() {
                assert!(!line.chars().any(is_hidden), "{line:?}");
                assert!(!line.trim_start().starts_with("::"), "{line:?}");
                assert!(!line.contains("##"), "{line:?}");
                // What an account names is indented or follows a word of ours.
                let first = line.split([' ', ':', '[']).next().unwrap();
                assert!(OUR_FIRST_WORDS.contains(&first), "{line:?}");
            }
        }
    }
}

#[test]
fn color_adds_sequences_and_nothing_else() {
    let sequence = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    for (name, report) in everything() {
        for options in variants(80) {
            let plain = text(&report, &options);
            let colored = text(&report, &Options { color: true, ..options });
            assert_eq!(sequence.replace_all(&colored, ""), plain, "{name}");
            for line in colored.lines() {
                let last = sequence.find_iter(line).last();
                assert!(last.is_none_or(|last| last.as_str() == "\u{1b}[0m"), "{name}: stays colored: {line:?}");
            }
        }
    }
}

#[test]
fn links_are_sequences_and_lead_to_references_only() {
    let link = regex::Regex::new("\u{1b}]8;;([^\u{1b}]*)\u{1b}\\\\").unwrap();
    for (name, report) in everything() {
        let known: Vec<&str> =
            report.rules.values().flat_map(|rule| &rule.references).map(|each| each.url.as_str()).collect();
        for options in variants(80) {
            let plain = text(&report, &options);
            let linked = text(&report, &Options { links: true, ..options });
            assert_eq!(link.replace_all(&linked, ""), plain, "{name}");
            for line in linked.lines() {
                let ends: Vec<&str> = link.captures_iter(line).map(|each| each.get(1).unwrap().as_str()).collect();
                // Each is opened, then closed before the line ends.
                for pair in ends.chunks(2) {
                    assert!(pair.len() == 2 && known.contains(&pair[0]) && pair[1].is_empty(), "{name}: {line:?}");
                }
            }
        }
    }
    let linked = text(&samples::blocked(), &Options { links: true, ..Options::default() });
    let url = &samples::blocked().rules["feature-plan-allows-mrr"].references[0].url;
    assert!(
        linked.contains(&format!("\u{1b}]8;;{url}\u{1b}\\feature-plan-allows-mrr\u{1b}]8;;\u{1b}\\ (")),
        "{linked}"
    );
}

#[test]
fn no_name_from_an_account_becomes_an_address() {
    let mut report = samples::blocked();
    for rule in report.rules.values_mut() {
        rule.references.clear();
    }
    for finding in &mut report.findings {
        finding.message = "https://evil.example".to_owned();
        finding.subject.name = Some("https://evil.example".to_owned());
    }
    for options in variants(80) {
        assert!(!text(&report, &Options { links: true, ..options }).contains('\u{1b}'));
    }
}

#[test]
fn a_baseline_marks_what_is_new_and_tells_what_is_resolved() {
    let page = text(&samples::baseline(), &Options::default());
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for wanted in [
        "FAIL feature-plan-allows-mrr (replicate) [new]",
        "owner team-identity, wave 2, evidence",
        "4 results with one cause (replicate): 1 changed",
        "held 1 result decided before; tickets keep that for now",
        "deletion-protection [changed]: ",
        "cutover by team-identity until 2026-12-31, OPS-17, approved by change-board, changes in the window \
         2026-12-05T20:00:00Z to 2026-12-06T04:00:00Z: the gateway takes one issuer only",
        "Baseline 2 new, 2 changed, 15 known, 2 resolved since 2026-11-14T09:00:00Z",
        "resolved: http-authorizer-has-updated-twin apigatewayv2/us-east-1/z9y8x7w6v5/legacy: fail, now gone",
        "us-east-1_Bl0ck3dP1: fail, now pass",
    ] {
        assert!(words.contains(wanted), "{wanted}: {page}");
    }
    let page = text(&samples::baseline(), &Options { verbose: true, ..Options::default() });
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for wanted in [
        "= held: fail when last decided, 2026-11-14T09:00:00Z",
        "= since: 2026-11-14T09:00:00Z",
        "Asked as arn:aws:iam::111122223333:role/audit",
        "Tool mrready 0.1.0",
        "Searched apigateway us-east-1, apigateway us-west-2",
    ] {
        assert!(words.contains(wanted), "{wanted}: {page}");
    }
    // Without a baseline nothing is called new.
    let page = text(&samples::blocked(), &Options::default());
    assert!(!page.contains("Baseline") && !page.contains("new]"), "{page}");
}

#[test]
fn details_read_as_a_compiler_writes_them() {
    let page = text(&samples::blocked(), &Options { verbose: true, ..Options::default() });
    let wanted = "\
FAIL[feature-plan-allows-mrr]: the pool is on the LITE plan; replication needs
  ESSENTIALS or PLUS
  --> DescribeUserPool @ us-east-1 /UserPool/UserPoolTier
   |  pool.tier is LITE
   = wanted: ESSENTIALS or PLUS
   = on: pool customers-prod (us-east-1_Bl0ck3dP1) (replicate)
";
    assert!(page.contains(wanted), "{page}");
}

#[test]
fn a_crowd_fits_on_a_few_screens() {
    for width in [60, 80, 200] {
        let page = text(&samples::crowd(), &Options { width, ..Options::default() });
        assert!(page.lines().count() <= 200, "{} lines at {width}", page.lines().count());
    }
}

#[test]
fn the_first_line_answers() {
    let page = text(&samples::ready(), &Options::default());
    assert!(page.starts_with("Answer  customers-prod may switch its issuer"), "{page}");
    // What weakens the answer stands above it.
    let page = text(&samples::blocked(), &Options::default());
    assert!(page.starts_with("REDUCED: "), "{page}");
}

#[test]
fn one_refusal_is_one_entry() {
    let page = text(&samples::blocked(), &Options::default());
    let blockers = page.split("Not listed").next().unwrap();
    assert_eq!(blockers.matches("kms:DescribeKey was denied in us-east-1").count(), 1, "{page}");
    let rules = "key-enabled, key-multi-region, key-policy-allows-cognito";
    assert!(blockers.contains(rules), "{page}");
}

#[test]
fn every_finding_is_listed_or_counted() {
    let report = samples::blocked();
    let page = text(&report, &Options { verbose: true, show: Show::all(), width: 200, ..Options::default() });
    for finding in &report.findings {
        assert!(page.contains(&finding.fingerprint), "{} is missing", finding.fingerprint);
    }
    let page = text(&report, &Options::default());
    assert!(page.contains("Not listed 3 passed, 1 not applicable; see --show all"), "{page}");
    let later = "Later      activate, failover: 2 would fail, 1 unknown, 1 warn (--gate NAME)";
    assert!(page.contains(later), "{page}");
    // In detail nothing that a reader could act on is folded.
    let page = text(&report, &Options { verbose: true, ..Options::default() });
    for finding in report.findings.iter().filter(|each| !matches!(each.verdict, Verdict::Pass | Verdict::NotApplicable))
    {
        assert!(page.contains(&finding.fingerprint), "{} is missing", finding.fingerprint);
    }
    let page = text(&report, &Options { show: Show::only([Verdict::Warn]), ..Options::default() });
    assert!(page.contains("For gates that do not count: 1"), "{page}");
    assert!(page.contains("hidden by --show"), "{page}");
}

#[test]
fn what_blocks_does_not_vanish_without_a_pool() {
    let page = text(&samples::hostile(), &Options::default());
    assert!(page.contains("No pool known: 1 result"), "{page}");
}

#[test]
fn an_undecided_gate_is_never_said_to_be_free() {
    let mut report = samples::ready();
    report.findings.retain(|each| each.level != Level::Blocker);
    for state in report.summary.pools.iter_mut().flat_map(|pool| pool.gates.values_mut()) {
        state.status = crate::model::Status::Undetermined;
        state.counts.clear();
    }
    let page = text(&report, &Options::default());
    assert!(!page.contains("Nothing blocks"), "{page}");
    assert!(page.contains("no blocker was decided"), "{page}");
}

#[test]
fn what_a_person_said_is_told_apart() {
    let mut report = samples::ready();
    let page = text(&report, &Options::default());
    assert!(page.contains("6 passed (1 attested)"), "{page}");
    for finding in report.findings.iter_mut().filter(|each| each.waiver.is_some()) {
        finding.verdict = Verdict::Fail;
    }
    let page = text(&report, &Options::default());
    assert!(page.contains("What blocks: 1 fail") && page.contains("said  attested by Ines"), "{page}");
}

#[test]
fn a_step_back_is_called_a_regression() {
    let page = text(&samples::three_pools(), &Options::default());
    assert!(page.contains("REGRESSED"), "{page}");
    assert!(page.contains("regression: it was done, and now 1 fail"), "{page}");
    assert_eq!(samples::three_pools().summary.pools[1].gates[&crate::model::Gate::Replicate].position, Position::Done);
}

#[test]
fn coverage_says_which_permission_helps_most() {
    let page = text(&samples::blocked(), &Options::default());
    assert!(page.contains("Coverage   41 calls asked, 39 answered, 1 denied, 1 throttled; 1 not asked"), "{page}");
    assert!(page.contains("           kms:DescribeKey resolves 5 findings, 4 of them blockers\n"), "{page}");
    let page = text(&samples::fleet(25), &Options::default());
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let alone = "kms:DescribeKey is missing for 6 findings, all of them blockers; it alone resolves 2";
    assert!(words.contains(alone), "{page}");
    // Where everything was answered, one line says so.
    let page = text(&samples::ready(), &Options::default());
    assert!(page.contains("Coverage   41 calls asked, 41 answered\nDecisions"), "{page}");
}

#[test]
fn what_was_not_asked_is_told_by_reason() {
    let mut report = samples::ready();
    let unasked =
        |what: &str, why: &str| NotAsked { account: String::new(), what: what.to_owned(), why: why.to_owned() };
    report.coverage.not_asked =
        ["a", "b", "c", "d"].iter().map(|what| unasked(what, "no replica Region")).chain([unasked("e", "x")]).collect();
    let page = text(&report, &Options::default());
    assert!(page.contains("41 answered; 5 not asked"), "{page}");
    assert!(page.contains("not asked: a, b, c and 1 more (no replica Region)"), "{page}");
    let page = text(&report, &Options { verbose: true, ..Options::default() });
    assert!(page.contains("not asked: a, b, c, d (no replica Region)"), "{page}");
}

#[test]
fn fixtures_are_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports");
    for (name, report) in samples::all() {
        let mut written = Vec::new();
        json::write(&report, &Show::all(), &mut written).unwrap();
        agree(&folder.join(format!("{name}.json")), &String::from_utf8(written).unwrap());
        agree(&folder.join(format!("{name}.80.txt")), &text(&report, &Options::default()));
    }
    let verbose = Options { verbose: true, ..Options::default() };
    agree(&folder.join("blocked.verbose.80.txt"), &text(&samples::blocked(), &verbose));
    agree(&folder.join("baseline.80.txt"), &text(&samples::baseline(), &Options::default()));
}

/// Compares with a fixture; with `MRREADY_BLESS=1` writes it instead.
#[allow(
    clippy::disallowed_methods,
    reason = "a test reads its fixtures, and its one option comes from the environment"
)]
fn agree(path: &std::path::Path, text: &str) {
    if std::env::var_os("MRREADY_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "{} differs; MRREADY_BLESS=1 rewrites it. Now:\n{text}", path.display());
}
