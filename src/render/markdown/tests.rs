//! The document as GitHub renders it: no name becomes markup, no limit is passed, and as in the fixtures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::*;
use crate::model::Source;
use crate::model::report::{Evidence, Reference, Report};
use crate::render::escape::tests::{HOSTILE, github};
use crate::render::{Show, safe, samples};

fn text(report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    write(report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn unlimited() -> Options {
    Options { markdown_limit: u32::MAX, ..Options::default() }
}

fn everything() -> Vec<(&'static str, Report)> {
    let mut all = samples::all();
    all.extend([("baseline", samples::baseline()), ("surrounded", surrounded())]);
    // Enough to pass every limit but the largest, and quick to render.
    let mut few = samples::crowd();
    few.findings.truncate(600);
    all.push(("crowd", few));
    all
}

/// A report in which every text that can come from an account, a file or AWS is hostile, each of them in turn.
fn surrounded() -> Report {
    let mut report = samples::baseline();
    let mut next = HOSTILE.iter().cycle().map(|text| (*text).to_owned());
    let mut hostile = move || next.next().unwrap();
    let template = report.findings.clone();
    report.findings.clear();
    for _ in 0..6 {
        for mut each in template.clone() {
            each.message = hostile();
            each.subject.name = Some(hostile());
            if each.subject.kind != crate::model::SubjectKind::Pool {
                each.subject.id = hostile();
            }
            for evidence in &mut each.evidence {
                (evidence.field, evidence.actual) = (hostile(), Some(hostile()));
                evidence.expected = Some(hostile());
                evidence.sources = vec![
                    Source::call(&hostile(), &hostile(), &hostile()),
                    Source::Place { file: hostile(), line: Some(3), column: None, path: hostile() },
                ];
                if evidence.cause.is_some() {
                    let (call, region, actions) = (hostile(), hostile(), vec![hostile()]);
                    evidence.cause =
                        Some(crate::model::Cause::Denied { call, region, actions, detail: Some(hostile()) });
                }
            }
            if let Some(remedy) = &mut each.remediation {
                remedy.summary = hostile();
            }
            if let Some(waiver) = &mut each.waiver {
                (waiver.reason, waiver.owner, waiver.ticket) = (hostile(), hostile(), Some(hostile()));
                waiver.approved_by = Some(hostile());
            }
            report.findings.push(each);
        }
    }
    for pool in &mut report.summary.pools {
        (pool.name, pool.owner, pool.wave) = (Some(hostile()), Some(hostile()), Some(hostile()));
        (pool.account, pool.replica_region) = (hostile(), Some(hostile()));
    }
    for each in &mut report.waivers {
        (each.place, each.subject, each.owner, each.detail) = (hostile(), hostile(), hostile(), hostile());
        each.expires = hostile();
    }
    for each in &mut report.resolved {
        (each.subject.name, each.subject.id, each.detail) = (Some(hostile()), hostile(), hostile());
    }
    for each in &mut report.coverage.permissions {
        each.action = hostile();
    }
    for each in &mut report.run.reductions {
        (each.option, each.effect) = (hostile(), hostile());
    }
    for each in &mut report.coverage.not_asked {
        (each.what, each.why) = (hostile(), hostile());
    }
    report.summary.answer = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    report.snapshot.searched = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    report.snapshot.caller = Some(hostile());
    report.snapshot.regions = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    report.run.operator_arn = Some(hostile());
    for rule in report.rules.values_mut() {
        rule.title = hostile();
    }
    report
}

/// The tags of a page, with their attributes, and how often each is opened and closed.
fn tags(html: &str) -> BTreeMap<&str, usize> {
    let mut tags = BTreeMap::new();
    for tag in html.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        *tags.entry(tag).or_default() += 1;
    }
    tags
}

static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new("<[^>]*>").unwrap());
/// What GitHub makes a link of in the text of a page.
static MENTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(^|[^\w/])@\w|(^|[^\w&])#\d|\bGH-\d|https?://|www\.").unwrap());

/// What the document may be made of.
const TAGS: &[&str] = &[
    "h2",
    "h3",
    "h4",
    "p",
    "ul",
    "li",
    "code",
    "strong",
    "em",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "blockquote",
];

/// Nothing but our own markup; every table a table, every tag closed, every link a reference.
fn assert_sound(name: &str, report: &Report, markdown: &str) {
    let html = github(markdown);
    let references: BTreeSet<&str> =
        report.rules.values().flat_map(|rule| &rule.references).map(|each| each.url.as_str()).collect();
    let tags = tags(&html);
    for tag in tags.keys() {
        let word = tag.trim_start_matches('/');
        if let Some(rest) = tag.strip_prefix("a ") {
            let url = rest.strip_prefix("href=\"").and_then(|rest| rest.strip_suffix('"')).unwrap();
            assert!(references.contains(url), "{name}: {tag}");
        } else if let Some(rest) = tag.strip_prefix("input ") {
            assert!(rest.contains("type=\"checkbox\""), "{name}: {tag}");
        } else {
            assert!(TAGS.contains(&word) || tag == &"/a", "{name}: <{tag}> in {html}");
        }
    }
    for tag in TAGS {
        let closed = tags.get(format!("/{tag}").as_str()).copied().unwrap_or(0);
        assert_eq!(tags.get(tag).copied().unwrap_or(0), closed, "{name}: {tag}");
    }
    for table in html.split("<table>").skip(1).filter_map(|rest| rest.split_once("</table>")).map(|(table, _)| table) {
        let columns = table.matches("<th>").count();
        for row in table.split("<tr>").skip(2) {
            // A row that has too many cells loses them, one that has too few gets empty ones.
            let cells: Vec<&str> = row.split("<td>").skip(1).collect();
            assert_eq!(cells.len(), columns, "{name}: {row}");
            assert!(cells.iter().all(|cell| !cell.starts_with("</td>")), "{name}: {row}");
        }
    }
    let rows = markdown.lines().filter(|line| line.starts_with("| ")).count();
    assert_eq!(html.matches("<tr>").count() + html.matches("<table>").count(), rows, "{name}: rows in {markdown}");
    let tasks = markdown.lines().filter(|line| line.starts_with("- [ ] ") || line.starts_with("- [x] ")).count();
    assert_eq!(html.matches("<input ").count(), tasks, "{name}");
    // What GitHub links after it has rendered: nobody is called, no issue is mentioned. Code is left alone.
    let mut outside = String::new();
    for part in html.split("<code>") {
        outside.push_str(part.split_once("</code>").map_or(part, |(_, rest)| rest));
    }
    let outside = TAG.replace_all(&outside, "");
    assert!(!MENTION.is_match(&outside), "{name}: {:?} in {outside}", MENTION.find(&outside));
}

#[test]
fn no_name_becomes_markup() {
    for (name, report) in everything() {
        for show in [Show::default(), Show::all()] {
            assert_sound(name, &report, &text(&report, &Options { show, ..unlimited() }));
        }
    }
}

#[test]
fn no_limit_is_passed_and_what_is_left_is_sound() {
    for (name, report) in everything() {
        let whole = text(&report, &unlimited()).len();
        for limit in [3_000, 5_000, 8_000, 10_000, 10_001, 16_384, 30_000, 65_000, 262_144, 1_000_000] {
            let page = text(&report, &Options { markdown_limit: limit, ..Options::default() });
            assert!(page.len() <= limit as usize, "{name}: {} of {limit}", page.len());
            assert_eq!(page.contains("**Shortened:**"), whole > limit as usize, "{name} at {limit}");
            assert_sound(name, &report, &page);
        }
    }
}

#[test]
fn the_notice_says_how_many_are_left_out_and_where_they_are() {
    let report = samples::crowd();
    let page = text(&report, &Options { full: Some("report.json".to_owned()), ..Options::default() });
    let notice = page.lines().find(|line| line.starts_with("> **Shortened:** ")).unwrap();
    assert!(notice.ends_with("; `report.json` of this run has everything."), "{notice}");
    let number = notice.split(' ').nth(2).unwrap().parse::<usize>().unwrap();
    assert!(notice.contains(&format!("{number} of 5000 results are left out")), "{notice}");
    // One bullet a result, but for unknowns, of which a bullet tells all of one rule.
    let whole = text(&report, &unlimited());
    assert!(!whole.contains("left out"), "{notice}");
    let lines = |text: &str| text.lines().filter(|line| line.contains("a message of this pool")).count();
    assert!(lines(&page) > 0 && lines(&page) < lines(&whole));
    // Without another file it names the command.
    let page = text(&report, &Options::default());
    assert!(page.contains("; `mrready audit` with `-o report.json` writes everything."), "{page}");
}

#[test]
fn warnings_go_before_blockers_and_the_answer_stays() {
    let report = samples::crowd();
    let page = text(&report, &Options { markdown_limit: 60_000, ..Options::default() });
    assert!(page.contains("None of 500 pools may go on."), "{page}");
    assert!(page.contains("### What blocks: 2000 fail, 1000 unknown, 500 manual"), "{page}");
    assert!(page.contains("### Sign-off"), "{page}");
    assert!(!page.contains("WARN "), "{page}");
}

#[test]
fn the_document_says_everything_that_the_report_does() {
    let page = text(&samples::baseline(), &unlimited());
    for wanted in [
        "## Multi-Region replication of customers-prod (`us-east-1_Bl0ck3dP1`): BLOCKED",
        "**Reduced:**",
        "- `--level quota-parity=info`: quota-parity was advisory",
        "| `replicate` | next | **BLOCKED** | 1 fail, 4 unknown, 1 manual, 1 waived |",
        "owner `team-identity`, wave `2`, evidence 24 hours old.",
        "| `kms:DescribeKey` | 5 | 4 | 5 |",
        "### What blocks: 4 fail, 5 unknown, 1 manual",
        "#### FAIL [`feature-plan-allows-mrr`](https://docs.aws.amazon.com/cognito/",
        ") (replicate) **new**",
        "  - seen: `pool.tier` is `LITE`; wanted: `ESSENTIALS or PLUS`",
        "  - at: `DescribeUserPool @ us-east-1 /UserPool/UserPoolTier`",
        "**Do:** Move the pool to the Essentials or Plus plan.",
        "**Do:** at the switch: Add a second authorizer",
        "#### UNKNOWN: 4 results for one cause (replicate), 1 changed",
        "  - on: authorizer orders-jwt (`apigatewayv2/us-east-1/a1b2c3d4e5/orders#us-east-1_Bl0ck3dP1`)",
        "kms:DescribeKey was denied in us-east-1; missing permission: kms:DescribeKey",
        "  - held: fail when last decided, `2026-11-14T09:00:00Z`",
        "<summary>Warnings: 2</summary>",
        "  - decision: cutover by team-identity until 2026-12-31, OPS-17, approved by change-board, changes in the window",
        "### Since `2026-11-14T09:00:00Z`: 2 new, 2 changed, 15 known, 2 resolved",
        "`http-authorizer-has-updated-twin` on legacy-jwt (`apigatewayv2/us-east-1/z9y8x7w6v5/legacy`): fail, now gone",
        "| `expired` | `waive` | `deletion-protection` |",
        "### Sign-off",
        "- [ ] `pool-eligible`: What pool-eligible asks for is so (1 open)",
        "| Asked as | `arn:aws:iam::111122223333:role/audit` |",
        "- `apigateway us-east-1`",
        "### What this report does not say",
        "Not listed: 3 passed, 1 not applicable.",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    let ready = text(&samples::ready(), &Options::default());
    assert!(ready.contains("### Nothing blocks") && ready.contains("- [x] `pool-eligible`"), "{ready}");
    assert!(ready.contains("Not listed: 6 passed (1 attested)."), "{ready}");
    assert!(text(&samples::three_pools(), &unlimited()).contains("**REGRESSED**"));
    assert!(text(&samples::empty(), &unlimited()).contains("no user pool in scope"));
}

#[test]
fn every_finding_is_listed_or_counted() {
    let report = samples::blocked();
    let all = text(&report, &Options { show: Show::all(), ..unlimited() });
    for (rule, finding) in report.findings.iter().map(|each| (&each.rule, each)) {
        assert!(all.contains(&format!("`{rule}`")), "{rule}");
        let cut = finding.message.split(';').next().unwrap();
        assert!(all.contains(cut), "{cut}");
    }
    let hidden = Show { hidden_rules: BTreeSet::from(["deletion-protection".to_owned()]), ..Show::default() };
    let page = text(&report, &Options { show: hidden, ..unlimited() });
    assert!(page.contains("1 hidden by --show, --select or --ignore"), "{page}");
}

#[test]
fn a_reference_that_is_no_plain_address_is_no_link() {
    let mut report = samples::blocked();
    let reference = |url: &str| Reference { url: url.to_owned(), read: String::new(), grade: String::new() };
    for rule in report.rules.values_mut() {
        rule.references = vec![reference("https://x.example/a) ![i](https://x.example/i.png")];
    }
    let html = github(&text(&report, &unlimited()));
    assert!(!html.contains("<a ") && !html.contains("<img"), "{html}");
}

#[test]
fn long_texts_are_cut_before_they_are_escaped() {
    let mut report = samples::blocked();
    for each in &mut report.findings {
        each.message = "<`|*".repeat(4_000);
        let seen = Evidence { actual: Some("`|".repeat(4_000)), ..samples::call("f", None, "x", "s:C", "/p") };
        each.evidence.push(seen);
    }
    let page = text(&report, &Options { markdown_limit: 10_000, ..Options::default() });
    assert!(page.len() <= 10_000 && page.contains("#### FAIL"), "{page}");
    assert_sound("long", &report, &page);
}

#[test]
fn fixtures_are_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports");
    let mut all = samples::all();
    all.push(("baseline", samples::baseline()));
    for (name, report) in all {
        agree(&folder.join(format!("{name}.md")), &text(&report, &Options::default()));
    }
}

#[test]
fn nothing_hidden_is_written() {
    for (name, report) in everything() {
        let page = text(&report, &unlimited());
        assert!(!page.chars().any(|c| c != '\n' && safe::is_hidden(c)), "{name}");
    }
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
