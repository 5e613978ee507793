//! The two rules of the standard that no validator checks, GitHub's limits, places, and files kept as fixtures.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::annotate::tests::{agree, class_text, scanned, with_a_tree};
use super::super::safe::is_hidden;
use super::super::{CodeHost, Format, Options, Show, samples};
use super::*;
use crate::model::report::{Baseline, BaselineState, Held, Resolved};
use crate::model::{Finding, Verdict};

fn text(format: Format, report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    super::super::write(format, report, None, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn log(format: Format, report: &Report, options: &Options) -> Value {
    serde_json::from_str(&text(format, report, options)).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

/// The fixtures, and one with everything that they lack: a source tree, a baseline, what is gone, what is held.
fn all() -> Vec<(&'static str, Report)> {
    let mut all = samples::all();
    all.push(("everything", everything()));
    all
}

fn everything() -> Report {
    let mut report = with_a_tree(samples::blocked(), "acme/shop:web", "src/ä b#1.ts");
    report.run.baseline = Some(Baseline {
        digest: format!("sha256:{}", "2".repeat(64)),
        now: "2026-11-14T09:00:00Z".to_owned(),
        snapshot_digest: format!("sha256:{}", "3".repeat(64)),
    });
    let states = [BaselineState::New, BaselineState::Known, BaselineState::Changed];
    for (finding, state) in report.findings.iter_mut().zip(states.into_iter().cycle()) {
        finding.baseline = Some(state);
        finding.first_seen = Some("2026-11-14T09:00:00Z".to_owned());
    }
    let unknown = report.findings.iter_mut().find(|finding| finding.verdict == Verdict::Unknown).unwrap();
    unknown.held = Some(Held { verdict: Verdict::Fail, decided_at: "2026-11-14T09:00:00Z".to_owned() });
    let gone = |rule: &str, now: Option<Verdict>| Resolved {
        fingerprint: format!("gone-{rule}"),
        rule: rule.to_owned(),
        title: "What was asked for".to_owned(),
        level: Level::Blocker,
        was: Verdict::Fail,
        now,
        subject: report.findings[0].subject.clone(),
        owner: None,
        first_seen: None,
        detail: "It is not there any more.".to_owned(),
    };
    report.resolved = vec![
        gone("a-rule-that-is-no-more", None),
        gone("key-enabled", None),
        gone("key-multi-region", Some(Verdict::Pass)),
    ];
    report
}

/// What holds for every file, whichever it is.
fn check(name: &str, log: &Value) {
    let run = &log["runs"][0];
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(rules.iter().collect::<BTreeSet<_>>().len(), rules.len(), "{name}: a rule twice");
    let (mut suppressed, mut based) = (0, 0);
    for item in results(log) {
        // §3.27.10: what is no failure has no level.
        let (kind, level) = (item["kind"].as_str().unwrap(), item["level"].as_str().unwrap());
        assert_eq!(kind == "fail", level != "none", "{name}: {kind} with {level}");
        let index = usize::try_from(item["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index], item["ruleId"], "{name}: ruleIndex");
        suppressed += usize::from(item.get("suppressions").is_some_and(Value::is_array));
        based += usize::from(item.get("baselineState").is_some());
        for location in item["locations"].as_array().unwrap() {
            if let Some(region) = location.pointer("/physicalLocation/region") {
                assert!(region["startLine"].as_u64().unwrap() >= 1, "{name}");
            }
        }
    }
    // §3.27.23: all or none.
    assert!(suppressed == 0 || suppressed == results(log).len(), "{name}: {suppressed} have suppressions");
    assert!(based == 0 || based == results(log).len(), "{name}: {based} have a baselineState");
    let kinds = run["tool"]["driver"]["notifications"].as_array().unwrap();
    for part in ["toolExecutionNotifications", "toolConfigurationNotifications"] {
        for each in run["invocations"][0][part].as_array().into_iter().flatten() {
            let index = usize::try_from(each["descriptor"]["index"].as_u64().unwrap()).unwrap();
            assert_eq!(kinds[index]["id"], each["descriptor"]["id"], "{name}");
        }
    }
    messages(name, log);
}

/// No message is empty, has a link or a placeholder, or hides anything.
fn messages(name: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                if let ("text", Value::String(text)) = (member.as_str(), value) {
                    assert!(!text.trim().is_empty(), "{name}");
                    let is_part = |part: &str| !part.chars().any(is_hidden) && !part.contains("](");
                    assert!(text.split("\n\n").all(is_part), "{name}: {text:?}");
                    let bare = text.replace("{{", "").replace("}}", "");
                    assert!(!bare.contains(['{', '}']), "{name}: {text}");
                }
                // The bags hold what the report says, as it says it.
                if member != "properties" {
                    messages(name, value);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| messages(name, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn fixtures_are_as_written() {
    for (name, report) in samples::all() {
        agree(&format!("{name}.sarif"), &text(Format::Sarif, &report, &Options::default()));
        agree(&format!("{name}.github.sarif"), &text(Format::SarifGithub, &report, &Options::default()));
    }
}

#[test]
fn every_file_keeps_what_no_validator_checks() {
    for (name, report) in all() {
        for show in [Show::default(), Show::all(), Show::only([Verdict::Fail])] {
            for unknown_as_warning in [false, true] {
                let code_host = CodeHost { unknown_as_warning, ..CodeHost::default() };
                let options = Options { show: show.clone(), code_host, ..Options::default() };
                check(name, &log(Format::Sarif, &report, &options));
                check(name, &log(Format::SarifGithub, &report, &options));
            }
        }
    }
    let mut out = Vec::new();
    write_scan(&scanned(), class_text, &mut out).unwrap();
    check("scan", &serde_json::from_slice(&out).unwrap());
    out.clear();
    write_scan_github(&scanned(), class_text, &mut out).unwrap();
    check("scan", &serde_json::from_slice(&out).unwrap());
}

#[test]
fn every_verdict_has_its_kind_and_level() {
    let report = samples::blocked();
    let log = log(Format::Sarif, &report, &Options { show: Show::all(), ..Options::default() });
    assert_eq!(results(&log).len(), report.findings.len());
    let mut seen = BTreeSet::new();
    for (item, finding) in results(&log).iter().zip(&report.findings) {
        let expected = match finding.verdict {
            Verdict::Pass => ("pass", "none"),
            Verdict::Fail => ("fail", "error"),
            Verdict::Warn => ("fail", "warning"),
            Verdict::Info => ("informational", "none"),
            Verdict::Unknown => ("open", "none"),
            Verdict::Manual => ("review", "none"),
            Verdict::NotApplicable => ("notApplicable", "none"),
        };
        assert_eq!((item["kind"].as_str().unwrap(), item["level"].as_str().unwrap()), expected);
        assert_eq!(item["ruleId"], finding.rule);
        assert_eq!(item["partialFingerprints"][FINGERPRINT], finding.fingerprint);
        seen.insert(finding.verdict);
    }
    assert_eq!(seen.len(), Verdict::ALL.len());
}

#[test]
fn a_decision_suppresses_and_an_answer_does_not() {
    let blocked = log(Format::Sarif, &samples::blocked(), &Options::default());
    let lengths: Vec<usize> =
        results(&blocked).iter().map(|item| item["suppressions"].as_array().unwrap().len()).collect();
    assert_eq!(lengths.iter().sum::<usize>(), 1);
    let waived = results(&blocked).iter().find(|item| item["ruleId"] == "iac-knows-key-configuration").unwrap();
    assert_eq!(waived["suppressions"][0]["kind"], "external");
    assert_eq!(waived["suppressions"][0]["status"], "accepted");
    let why = waived["suppressions"][0]["justification"].as_str().unwrap();
    assert_eq!(why, "waive: stack is frozen until the move; owner team-identity, until 2026-12-31, ticket OPS-17");
    assert_eq!((waived["kind"].as_str(), waived["level"].as_str()), (Some("fail"), Some("error")));
    // `ready` has an attestation and nothing else.
    let ready = log(Format::Sarif, &samples::ready(), &Options::default());
    assert!(results(&ready).iter().all(|item| item.get("suppressions").is_none()));
}

#[test]
fn a_baseline_marks_every_result_and_what_is_gone() {
    let report = everything();
    let log = log(Format::Sarif, &report, &Options { show: Show::all(), ..Options::default() });
    let states: Vec<&str> = results(&log).iter().map(|item| item["baselineState"].as_str().unwrap()).collect();
    assert_eq!(states[..3], ["new", "unchanged", "updated"]);
    assert_eq!(states.len(), report.findings.len() + 2, "what has another verdict now is among the findings");
    assert_eq!(states[states.len() - 2..], ["absent", "absent"]);
    let last = &results(&log)[states.len() - 2];
    assert_eq!((last["ruleId"].as_str(), last["kind"].as_str()), (Some("a-rule-that-is-no-more"), Some("fail")));
    assert!(last["message"]["text"].as_str().unwrap().ends_with("What was asked for. It is not there any more."));
    // What is held is told, and does not change the verdict.
    let held = results(&log).iter().find(|item| !item["properties"]["held"].is_null()).unwrap();
    assert_eq!((held["kind"].as_str(), held["properties"]["held"]["verdict"].as_str()), (Some("open"), Some("fail")));
    let without = self::log(Format::Sarif, &samples::blocked(), &Options::default());
    assert!(results(&without).iter().all(|item| item.get("baselineState").is_none()));
}

#[test]
fn calls_without_answer_and_reductions_are_told() {
    let report = samples::blocked();
    for format in [Format::Sarif, Format::SarifGithub] {
        let log = log(format, &report, &Options::default());
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        assert_eq!(invocation["exitCode"], 1);
        let said = invocation.to_string();
        for part in [
            "kms:DescribeKey was denied",
            "load balancers in eu-west-1",
            "--level quota-parity=info",
            "expired on 2026-11-01",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(log["runs"][0]["properties"].to_string().contains("quota-parity"));
    }
    let log = log(Format::Sarif, &samples::ready(), &Options::default());
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn a_finding_in_a_tree_has_its_file() {
    let report = everything();
    let find = |log: &Value| {
        let item = results(log).iter().find(|item| item["ruleId"] == "reference-accepts-new-issuer");
        item.unwrap()["locations"][0]["physicalLocation"].clone()
    };
    let full = find(&log(Format::Sarif, &report, &Options::default()));
    assert_eq!(full["artifactLocation"]["uri"], "src/%C3%A4%20b%231.ts");
    assert_eq!(full["artifactLocation"]["uriBaseId"], "acme/shop:web");
    assert_eq!((full["region"]["startLine"].as_u64(), full["region"]["startColumn"].as_u64()), (Some(12), Some(5)));
    let github = find(&log(Format::SarifGithub, &report, &Options::default()));
    assert_eq!(github["artifactLocation"]["uri"], "web/src/%C3%A4%20b%231.ts");
    assert!(github["artifactLocation"].get("uriBaseId").is_none());
    // One of the account has a resource, and a file only where GitHub wants one.
    let full = log(Format::Sarif, &samples::blocked(), &Options::default());
    assert!(results(&full).iter().all(|item| item["locations"][0].get("physicalLocation").is_none()));
    let arn = "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Bl0ck3dP1";
    assert_eq!(results(&full)[0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], arn);
    let mut annotated = Options::default();
    annotated.code_host.place = Some("deploy/decisions.yaml".to_owned());
    for (options, file) in [(Options::default(), "mrready.yaml"), (annotated, "deploy/decisions.yaml")] {
        let github = log(Format::SarifGithub, &samples::blocked(), &options);
        assert!(!results(&github).is_empty());
        for item in results(&github) {
            assert_eq!(item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], file);
        }
    }
}

#[test]
fn github_gets_what_is_wrong_and_not_waived_the_worst_first() {
    for (name, report) in all() {
        let wanted = |unknown: bool| {
            let wrong = |finding: &&Finding| match finding.verdict {
                Verdict::Fail | Verdict::Warn => !finding.is_waived(),
                Verdict::Unknown => unknown && !finding.is_waived(),
                Verdict::Pass | Verdict::Info | Verdict::Manual | Verdict::NotApplicable => false,
            };
            report.findings.iter().filter(wrong).count()
        };
        for unknown_as_warning in [false, true] {
            let code_host = CodeHost { unknown_as_warning, ..CodeHost::default() };
            let options = Options { code_host, ..Options::default() };
            let log = log(Format::SarifGithub, &report, &options);
            assert_eq!(results(&log).len(), wanted(unknown_as_warning), "{name}");
            github(name, &log);
        }
    }
    assert!(results(&log(Format::SarifGithub, &samples::ready(), &Options::default())).is_empty());
}

/// What GitHub wants of a file and the limits that it has.
fn github(name: &str, log: &Value) {
    let run = &log["runs"][0];
    let count = |text: &Value| text.as_str().unwrap().chars().count();
    assert!(log["$schema"].is_string() && log["runs"].as_array().unwrap().len() <= 20, "{name}");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.len() <= 25_000 && results(log).len() <= 25_000, "{name}");
    for rule in rules {
        assert!(rule.get("name").is_none_or(|name| count(name) <= 255) && count(&rule["id"]) <= 255, "{name}");
        assert!((1..=1_024).contains(&count(&rule["shortDescription"]["text"])), "{name}");
        assert!((1..=1_024).contains(&count(&rule["fullDescription"]["text"])), "{name}");
        assert!(count(&rule["help"]["text"]) > 0, "{name}");
        assert!(rule["properties"]["tags"].as_array().is_none_or(|tags| tags.len() <= 20), "{name}");
        let severity = rule["properties"]["problem.severity"].as_str().unwrap();
        assert!(["error", "warning", "recommendation"].contains(&severity), "{name}");
        assert!(!rule.to_string().contains("security-severity"), "{name}");
    }
    let mut hashes = BTreeSet::new();
    let mut levels = Vec::new();
    for item in results(log) {
        assert_eq!(item["locations"].as_array().unwrap().len(), 1, "{name}");
        let place = &item["locations"][0]["physicalLocation"];
        assert!(!place["artifactLocation"]["uri"].as_str().unwrap().is_empty(), "{name}");
        for end in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(place["region"][end].as_u64().unwrap() >= 1, "{name}: {end}");
        }
        let hash = item["partialFingerprints"][github::LINE_HASH].as_str().unwrap();
        assert!(hashes.insert((item["ruleId"].to_string(), hash.to_owned())), "{name}: {hash} twice");
        assert!(item.get("suppressions").is_none() && item["kind"] == "fail", "{name}");
        levels.push(item["level"].as_str().unwrap().to_owned());
    }
    // "error" comes before "warning" in the alphabet too.
    assert!(levels.is_sorted(), "{name}");
    let id = run["automationDetails"]["id"].as_str().unwrap();
    assert!(id.starts_with("mrready/") && id.ends_with('/'), "{name}: {id}");
}

/// Thirty thousand failures and warnings of 300 rules.
fn thirty_thousand() -> Report {
    let mut report = samples::base();
    for n in 0..30_000 {
        let pool = samples::pool(&format!("us-east-1_M{n:08}"), &format!("pool-{n}"));
        let (verdict, level) =
            if n % 3 == 0 { (Verdict::Fail, Level::Blocker) } else { (Verdict::Warn, Level::Advisory) };
        let gates = [crate::model::Gate::Replicate];
        let mut finding = samples::finding(
            &format!("rule-{:03}", n % 300),
            &pool,
            verdict,
            level,
            &gates,
            "the key of the pool is a single-Region key; it cannot be converted",
        );
        finding.fingerprint = super::super::annotate::Distinct::default().next(&format!("{n:032x}"));
        finding.remediation =
            samples::remedy("step", "Create a multi-Region key with its final policy.", crate::model::Resolve::Before);
        report.findings.push(finding);
    }
    let mut report = samples::finish(report, crate::model::Position::Next, 1);
    for rule in report.rules.values_mut() {
        rule.tags = (0..40).map(|n| format!("tag-{n}")).collect();
        rule.title = "A title ".repeat(200);
        rule.why = "Why it matters. ".repeat(200);
    }
    report
}

fn gzip(text: &str) -> usize {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().len()
}

#[test]
fn thirty_thousand_findings_keep_the_limits() {
    let report = thirty_thousand();
    let text = text(Format::SarifGithub, &report, &Options::default());
    let log: Value = serde_json::from_str(&text).unwrap();
    check("thirty thousand", &log);
    github("thirty thousand", &log);
    let bytes = gzip(&text);
    assert!(bytes <= 10_000_000, "{bytes} bytes, compressed");
    assert_eq!(results(&log).len(), fit::MOST_RESULTS);
    // Every failure is in it, and what is left out is counted: first of all, and in a notification.
    assert_eq!(results(&log).iter().filter(|item| item["level"] == "error").count(), 10_000 + 1);
    let first = &results(&log)[0];
    assert_eq!((first["ruleId"].as_str(), first["level"].as_str()), (Some(fit::LEFT_OUT), Some("error")));
    assert!(first["message"]["text"].as_str().unwrap().starts_with("5001 further results are not in this file"));
    let said = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert!(said.to_string().contains("5001 further results"), "{said}");
    // The full file has all of them.
    assert_eq!(audit::run(&report, &Show::default()).results.len(), 30_000);
}

#[test]
fn what_cannot_be_compressed_is_cut_until_it_fits() {
    let mut report = thirty_thousand();
    report.findings.truncate(600);
    let mut seed = 7_u64;
    for finding in &mut report.findings {
        finding.message = (0..300)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b'!' + u8::try_from((seed >> 33) % 90).unwrap())
            })
            .collect();
    }
    let whole = log(Format::SarifGithub, &report, &Options::default());
    assert_eq!(results(&whole).len(), 600, "no limit is near");
    let most = 60_000;
    let within = |report: &Report| {
        let mut run = github::run(report, &Options::default());
        run.invocations[0].tool_execution_notifications.clear();
        let mut out = Vec::new();
        let at = github::beginning(&github::place(None));
        fit::write_within(run, &at, most, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = within(&report);
    assert!(u64::try_from(gzip(&text)).unwrap() <= most, "{}", gzip(&text));
    let cut: Value = serde_json::from_str(&text).unwrap();
    check("cut", &cut);
    github("cut", &cut);
    let kept = results(&cut).len() - 1;
    assert!((50..600).contains(&kept), "{kept}");
    let said = format!("{} further results", 600 - kept);
    assert!(results(&cut)[0]["message"]["text"].as_str().unwrap().starts_with(&said));
    assert_eq!(cut["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 1);
}

#[test]
fn hits_of_a_scan_are_at_their_lines() {
    let mut out = Vec::new();
    write_scan(&scanned(), class_text, &mut out).unwrap();
    let log: Value = serde_json::from_slice(&out).unwrap();
    let kinds: Vec<(&str, &str)> =
        results(&log).iter().map(|item| (item["kind"].as_str().unwrap(), item["level"].as_str().unwrap())).collect();
    let aside = ("informational", "none");
    let sure = ("fail", "error");
    assert_eq!(kinds, [sure, sure, ("fail", "warning"), ("review", "none"), aside, aside, aside]);
    let place = &results(&log)[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20dir/%C3%A4%231.ts");
    assert_eq!(place["artifactLocation"]["uriBaseId"], "acme/shop:web");
    assert_eq!(place["region"], serde_json::json!({"startLine": 3, "startColumn": 9, "endLine": 3, "endColumn": 72}));
    // One of several lines goes to the end of the last.
    let several = &results(&log)[2]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(*several, serde_json::json!({"startLine": 12, "startColumn": 9, "endLine": 14}));
    let prints: BTreeSet<String> = results(&log).iter().map(|item| item["partialFingerprints"].to_string()).collect();
    assert_eq!(prints.len(), results(&log).len(), "the same text twice in a file is told apart");
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert!(invocation.to_string().contains("deep.tf") && !invocation.to_string().contains("logo.png"));
    assert_eq!(log["runs"][0]["automationDetails"]["id"], "mrready/scan/acme/shop:web/");

    out.clear();
    write_scan_github(&scanned(), class_text, &mut out).unwrap();
    let log: Value = serde_json::from_slice(&out).unwrap();
    github("scan", &log);
    let files: Vec<&str> = results(&log)
        .iter()
        .map(|item| item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["web/a%20dir/%C3%A4%231.ts", "web/a%20dir/%C3%A4%231.ts", "web/src/auth.ts"]);
}

#[test]
fn a_line_that_moves_keeps_its_fingerprint() {
    let prints = |report: &crate::model::ScanReport| super::super::annotate::fingerprints(report);
    let mut moved = scanned();
    for hit in &mut moved.hits {
        hit.line += 5;
        hit.end_line += 5;
    }
    assert_eq!(prints(&scanned()), prints(&moved));
    moved.hits[3].text = "process.env.OTHER".to_owned();
    assert_ne!(prints(&scanned())[3], prints(&moved)[3]);
}

#[test]
fn text_of_an_account_is_nothing_but_text() {
    assert_eq!(message("see [here](1), [x] and {0}"), "see [here] (1), [x] and {{0}}");
    assert_eq!(message("a\u{202e}b\nc"), "a\\u{{202e}}b\\u{{a}}c");
    assert_eq!(message(" "), "(no text)");
    assert_eq!(uri("a b/%2e\u{e4}[1]:x?#"), "a%20b/%252e%C3%A4%5B1%5D%3Ax%3F%23");

    let html = |text: &str| {
        let mut options = comrak::Options::default();
        options.extension.table = true;
        options.extension.autolink = true;
        options.extension.strikethrough = true;
        options.render.r#unsafe = true;
        comrak::markdown_to_html(&markdown(text), &options)
    };
    for text in [
        "</script><img src=x onerror=alert(1)>",
        "[x](javascript:alert(1)) ![y](https://a.example/z)",
        "*a* _b_ `c` ~~d~~ | e | &lt; &copy;",
        "# h",
        "- item",
        "1. item",
        "12) item",
        "> quote",
        "    code",
        "www.example.com https://example.com a@example.com",
        "--- \n===",
        "a\\",
        "[ref]: https://a.example",
    ] {
        let shown = html(text);
        let inner =
            shown.strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>\n")).unwrap_or_else(|| panic!("{shown}"));
        let linkless = inner.replace("</a>", "");
        assert!(!linkless.contains('<') || linkless.contains("<a href=\"http"), "{shown}");
        assert!(!inner.contains("javascript:") || !inner.contains("href=\"javascript"), "{shown}");
        assert!(
            !["<img", "<em", "<code", "<del", "<strong", "<table"].iter().any(|tag| inner.contains(tag)),
            "{shown}"
        );
    }
    assert_eq!(html("a_b & c < d"), "<p>a_b &amp; c &lt; d</p>\n");
}

#[test]
fn names_of_rules_are_identifiers() {
    assert_eq!(name_of("key-multi-region").as_deref(), Some("KeyMultiRegion"));
    assert_eq!(name_of("blocker"), None);
    assert_eq!(name_of("---"), None);
}
