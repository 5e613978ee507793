//! The document over every sample: as in the fixtures, no larger than promised, and no element in it that is not ours.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use serde_json::Value;

use super::super::{plan, safe::is_hidden, samples};
use super::*;
use crate::model::report::{Baseline, BaselineState, Evidence, Resolved};
use crate::model::{Gate, Level, Position, Resolve, Source, Verdict};

/// The most bytes of 5,000 pools with ten findings each.
const MOST_BYTES: usize = 25_000_000;

fn text(report: &Report) -> String {
    document(report, None, &Show::default(), INLINE).unwrap()
}

/// What a parser takes for tags: names, and names of attributes with the values of those that lead somewhere.
#[derive(Default)]
struct Tags {
    found: RefCell<Vec<String>>,
    scripts: bool,
}

impl TokenSink for Tags {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => {
                let mut line = format!("{:?} {}", tag.kind, tag.name);
                for attribute in &tag.attrs {
                    let _ = write!(line, " {}", attribute.name.local);
                }
                self.found.borrow_mut().push(line);
                match (tag.kind, &*tag.name) {
                    (TagKind::StartTag, "script") => TokenSinkResult::RawData(RawKind::ScriptData),
                    (TagKind::StartTag, "style") => TokenSinkResult::RawData(RawKind::Rawtext),
                    (TagKind::StartTag, "title")
                        if !self.found.borrow().iter().any(|tag| tag.contains("StartTag svg")) =>
                    {
                        TokenSinkResult::RawData(RawKind::Rcdata)
                    }
                    (TagKind::StartTag, "noscript") if self.scripts => TokenSinkResult::RawData(RawKind::Rawtext),
                    _ => TokenSinkResult::Continue,
                }
            }
            Token::CommentToken(_) => {
                self.found.borrow_mut().push("comment".to_owned());
                TokenSinkResult::Continue
            }
            Token::DoctypeToken(_)
            | Token::CharacterTokens(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => TokenSinkResult::Continue,
        }
    }
}

/// The tags of a document, as a browser with or without scripts sees them.
fn tags(html: &str, scripts: bool) -> Vec<String> {
    let tokenizer = Tokenizer::new(Tags { scripts, ..Tags::default() }, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(html.into());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.found.take()
}

/// Members that hold words of the program, not text.
const WORDS: &[&str] = &[
    "verdict",
    "level",
    "gates",
    "kind",
    "position",
    "status",
    "when",
    "decided_by",
    "target_issuer",
    "baseline",
    "was",
];

/// The value with this behind every text in it.
fn poisoned(value: &Value, key: &str, payload: &str) -> Value {
    match value {
        // Of a rule `subject` is a word, of a finding an object.
        Value::String(text) if WORDS.contains(&key) || key == "subject" => Value::String(text.clone()),
        Value::String(text) => Value::String(format!("{text}{payload}")),
        Value::Array(list) => list.iter().map(|each| poisoned(each, key, payload)).collect(),
        Value::Object(members) if matches!(key, "rules" | "missing_actions") => {
            members.iter().map(|(name, each)| (format!("{name}{payload}"), poisoned(each, "", payload))).collect()
        }
        Value::Object(members) => {
            members.iter().map(|(name, each)| (name.clone(), poisoned(each, name, payload))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The report with this behind every text in it.
fn hostile(report: &Report, payload: &str) -> Report {
    let mut value = poisoned(&serde_json::to_value(report).unwrap(), "", payload);
    for waiver in value["waivers"].as_array_mut().unwrap() {
        for name in ["kind", "subject"] {
            waiver[name] = format!("{}{payload}", waiver[name].as_str().unwrap()).into();
        }
    }
    for (gone, was) in
        value.get_mut("resolved").and_then(Value::as_array_mut).into_iter().flatten().zip(&report.resolved)
    {
        gone["now"] = serde_json::to_value(was.now).unwrap();
    }
    serde_json::from_value(value).unwrap()
}

const PAYLOADS: &[&str] = &[
    "</script><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' autofocus onfocus='alert(1)",
    "</noscript></title></style></textarea><script>alert(1)</script>",
    "<!--",
    "]]><b>",
    "javascript:alert(1)",
    "&lt;img src=x onerror=alert(1)&gt; &#60;b&#62; &",
    "=cmd|' /C calc'!A0",
    "| `x` \n::error::y\r\n\u{1b}[31m\u{202e}\0",
    "{{ 7 }} {% if %} ${1} <%= 1 %>",
];

#[test]
fn no_text_becomes_markup() {
    let reports = [with_baseline(), samples::hostile()];
    for report in &reports {
        for inline in [INLINE, 0] {
            let of = |payload: &str| document(&hostile(report, payload), None, &Show::all(), inline).unwrap();
            let plain = of("x");
            for payload in PAYLOADS {
                let html = of(payload);
                for scripts in [false, true] {
                    assert_eq!(tags(&html, scripts), tags(&plain, scripts), "{payload}");
                }
            }
        }
    }
}

#[test]
fn the_look_for_markup_can_fail() {
    let html = text(&samples::blocked());
    let broken = html.replacen("customers-prod", "<img src=x onerror=alert(1)>", 2);
    assert_ne!(tags(&html, true), tags(&broken, true));
    assert!(tags(&html, false).iter().any(|tag| tag.starts_with("StartTag details data-v")));
}

#[test]
fn nothing_in_it_is_hidden_from_the_eye() {
    for inline in [INLINE, 0] {
        let html = document(&samples::hostile(), None, &Show::all(), inline).unwrap();
        let hidden = html.chars().find(|c| is_hidden(*c) && *c != '\n');
        assert_eq!(hidden, None);
    }
}

#[test]
fn its_policy_allows_its_own_style_and_script_only() {
    let plan = plan::samples::three_pools();
    for plan in [None, Some(&plan)] {
        let html = document(&samples::blocked(), plan, &Show::default(), INLINE).unwrap();
        let inner = |name: &str| {
            let (_, rest) = html.split_once(&format!("<{name}>")).unwrap();
            rest.split_once(&format!("</{name}>")).unwrap().0
        };
        let policy = policy(inner("style"), inner("script")).replace('\'', "&#39;");
        assert!(html.contains(&format!("content=\"{policy}\"")), "{policy}");
        let tags = tags(&html, true);
        for name in ["style", "script"] {
            assert_eq!(tags.iter().filter(|tag| tag.starts_with(&format!("StartTag {name}"))).count(), 1, "{name}");
        }
        // Neither attributes that the policy would refuse, nor any that load something.
        for tag in &tags {
            let attributes = tag.split(' ').skip(2);
            let bad = |name: &str| name.starts_with("on") || matches!(name, "style" | "src" | "srcset" | "background");
            assert!(!attributes.clone().any(bad), "{tag}");
        }
    }
}

#[test]
fn ids_are_there_once_and_every_link_within_leads_to_one() {
    let plan = plan::samples::three_pools();
    for report in [samples::blocked(), samples::fleet(25), with_baseline(), samples::empty()] {
        for inline in [INLINE, 0] {
            let html = document(&report, Some(&plan), &Show::all(), inline).unwrap();
            let values = |name: &str| {
                let start = format!(" {name}=\"");
                let parts = html
                    .split("<script>")
                    .next()
                    .unwrap()
                    .split(&start)
                    .skip(1)
                    .map(|rest| rest.split('"').next().unwrap());
                parts.map(str::to_owned).collect::<Vec<_>>()
            };
            let ids = values("id");
            let once: BTreeSet<&String> = ids.iter().collect();
            assert_eq!(once.len(), ids.len());
            let links = values("href").into_iter().filter_map(|link| link.strip_prefix('#').map(str::to_owned));
            let named = values("aria-labelledby")
                .into_iter()
                .flat_map(|ids| ids.split(' ').map(str::to_owned).collect::<Vec<_>>());
            for link in links.chain(named).chain(values("for")) {
                assert!(once.contains(&link), "#{link}");
            }
        }
    }
}

#[test]
fn the_answer_comes_first_and_below_what_weakens_it() {
    let html = text(&samples::blocked());
    let at = |what: &str| html.find(what).unwrap_or_else(|| panic!("{what}"));
    let order = [
        "--level quota-parity=info",
        "<p>customers-prod may not switch",
        "id=\"pools\"",
        "id=\"findings\"",
        "id=\"about\"",
    ];
    let places: Vec<usize> = order.into_iter().map(at).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(html.contains("<span class=\"state\">Blocked</span>"));
    assert!(text(&samples::ready()).contains("<span class=\"state\">Ready</span>"));
    assert!(text(&samples::empty()).contains("<span class=\"state\">Undetermined</span>"));
}

#[test]
fn an_exit_code_that_never_says_no_does_not_make_it_ready() {
    let mut report = samples::blocked();
    report.run.fail_on = "never".to_owned();
    report.summary.exit.code = 0;
    assert!(text(&report).contains("<span class=\"state\">Blocked</span>"));
}

#[test]
fn every_finding_is_there_or_counted() {
    let report = samples::blocked();
    let html = document(&report, None, &Show::all(), INLINE).unwrap();
    for finding in &report.findings {
        assert!(html.contains(&format!("<dt>id<dd>{}<", finding.fingerprint)), "{}", finding.fingerprint);
    }
    assert!(text(&report).contains("Counted, not listed: 1 not applicable"));
    // What has no pool does not vanish.
    assert!(text(&samples::hostile()).contains("No pool known"));
    // A fleet lists no passes.
    let fleet = text(&samples::fleet(25));
    let passes = samples::fleet(25).findings.iter().filter(|each| each.verdict == Verdict::Pass).count();
    assert!(!fleet.contains("<details data-v=\"pass\""));
    assert!(fleet.contains(&format!("Counted, not listed: {passes} passed (")), "{passes}");
    let mut show = Show::only([Verdict::Fail]);
    show.hidden_rules.insert("feature-plan-allows-mrr".to_owned());
    let html = document(&report, None, &show, INLINE).unwrap();
    assert!(!html.contains("<details data-v=\"warn\"") && !html.contains("the pool is on the LITE plan"));
    assert!(html.contains("hidden by --show, --select or --ignore; all were judged."));
}

#[test]
fn evidence_names_field_value_wish_and_place() {
    let html = text(&samples::blocked());
    for wanted in [
        "<dt>seen<dd><code>pool.tier</code> is <q>LITE</q>; wanted <q>ESSENTIALS or PLUS</q><",
        "<dt>at<dd><code>cognito-idp:DescribeUserPool @ us-east-1 /UserPool/UserPoolTier</code><",
        "<dt>at<dd><code>stacks/auth-prod.yaml:112:17 /Resources/Authorizer",
        "<code>key.state</code> is not known: kms:DescribeKey was denied in us-east-1",
        "<dt>allow<dd><code>kms:DescribeKey</code><",
        "<dt>do<dd>At the switch: Make the issuer a parameter",
        "<dt>decided<dd>waive by team-identity, until 2026-12-31: stack is frozen until the move; ticket OPS-17<",
        "<i>waived</i>",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
}

/// A run with a baseline: something is new, something else, something gone.
fn with_baseline() -> Report {
    let mut report = samples::blocked();
    report.run.baseline = Some(Baseline {
        digest: "sha256:2".to_owned(),
        now: "2026-11-14T09:00:00Z".to_owned(),
        snapshot_digest: "sha256:3".to_owned(),
    });
    let states = [BaselineState::New, BaselineState::Known, BaselineState::Changed];
    for (finding, state) in report.findings.iter_mut().zip(states.into_iter().cycle()) {
        finding.baseline = Some(state);
        finding.first_seen = Some("2026-11-14T09:00:00Z".to_owned());
    }
    report.findings[5].held =
        Some(crate::model::report::Held { verdict: Verdict::Fail, decided_at: "2026-11-14T09:00:00Z".to_owned() });
    let gone = report.findings[0].clone();
    for now in [None, Some(Verdict::Pass)] {
        report.resolved.push(Resolved {
            fingerprint: gone.fingerprint.clone(),
            rule: gone.rule.clone(),
            title: "The plan allows it".to_owned(),
            level: gone.level,
            was: Verdict::Fail,
            now,
            subject: gone.subject.clone(),
            owner: gone.owner.clone(),
            first_seen: None,
            detail: "it passes now".to_owned(),
        });
    }
    report
}

#[test]
fn a_baseline_marks_what_is_new_and_lists_what_is_gone() {
    let html = text(&with_baseline());
    for wanted in [
        "<i>new</i>",
        "<i>changed</i>",
        "<option value=\"new\">new</option>",
        "not there any more",
        "<h2 id=\"resolved\">",
        "<dt>before<dd>FAIL, decided",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert!(!text(&samples::blocked()).contains("id=\"resolved\""));
}

#[test]
fn a_plan_is_drawn_or_where_to_get_it_is_said() {
    let plan = plan::samples::whole();
    let html = document(&samples::blocked(), Some(&plan), &Show::default(), INLINE).unwrap();
    assert!(html.contains("<svg ") && html.contains("aria-labelledby=\"graph0-title graph0-desc\""));
    assert_eq!(html.matches("<table class=\"steps\">").count(), plan.pools.len());
    assert!(text(&samples::blocked()).contains("mrready plan SNAPSHOT --output-dir DIR"));
    assert!(text(&samples::fleet(25)).contains("No plan is drawn for more than 20 pools."));
}

/// Five thousand pools with ten findings each that all say something of their own.
fn large() -> Report {
    let mut report = samples::base();
    report.summary.answer = vec!["None of 5000 pools may go on.".to_owned()];
    for n in 0..5000 {
        let mut pool = samples::pool(&format!("us-east-1_L4rg3{n:04}"), &format!("customers-production-{n:04}"));
        pool.owner = Some(format!("team-{}", n % 40));
        for m in 0..10 {
            let (verdict, level) = match m {
                0..=3 => (Verdict::Fail, Level::Blocker),
                4 | 5 => (Verdict::Unknown, Level::Blocker),
                6 => (Verdict::Manual, Level::Blocker),
                _ => (Verdict::Warn, Level::Advisory),
            };
            let message = format!(
                "authorizer orders-jwt-{n} of API a1b2c3d4e5 accepts the original issuer only, and live routes use it"
            );
            let rule = format!("http-authorizer-has-updated-twin-{:02}", (n + 7 * m) % 60);
            let mut each = samples::finding(&rule, &pool, verdict, level, &[Gate::Issuer], &message);
            each.fingerprint = format!("{:032x}", n * 10 + m);
            each.remediation = samples::remedy(
                "twin-authorizer",
                "Add a second authorizer and move the routes to it.",
                Resolve::AtSwitch,
            );
            let pointer = format!("/Items/{m}/JwtConfiguration/Issuer");
            each.evidence = vec![Evidence {
                sources: vec![Source::call("apigatewayv2:GetAuthorizers", "us-east-1", &pointer)],
                ..samples::call("authorizer.routes_on_old_issuer", Some(&format!("{n}")), "0", "", "")
            }];
            report.findings.push(each);
        }
        report.summary.pools.push(pool);
    }
    samples::finish(report, Position::Next, 1)
}

#[test]
fn five_thousand_pools_fit() {
    let report = large();
    let html = text(&report);
    println!("5,000 pools with ten findings each: {} bytes", html.len());
    assert!(html.len() <= MOST_BYTES, "{} bytes", html.len());
    assert_eq!(html.matches("<details data-v=").count(), 50_000);
    // With scripts they are text until somebody looks.
    let seen = tags(&html, true).iter().filter(|tag| tag.starts_with("StartTag details data-v")).count();
    assert_eq!(seen, 0);
}

/// Most findings of a fleet were read at the same place with the same result.
#[test]
fn evidence_that_many_share_is_told_once() {
    let mut report = large();
    for finding in &mut report.findings {
        finding.evidence[0].actual = Some("3".to_owned());
    }
    let html = text(&report);
    println!("with evidence that many share: {} bytes", html.len());
    assert!(html.len() < MOST_BYTES * 3 / 4, "{} bytes", html.len());
    let told = html.matches(" class=\"shared\"").count();
    assert!((60..=600).contains(&told), "{told}");
    assert_eq!(html.matches("<dt>seen<dd><a href=\"#e").count(), 50_000);
    assert!(!text(&samples::fleet(25)).contains(" class=\"shared\""));
}

#[test]
fn fixtures_are_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports");
    for (name, report) in samples::all() {
        agree(&folder.join(format!("{name}.html")), &text(&report));
    }
    let plan = plan::samples::whole();
    let planned = document(&with_baseline(), Some(&plan), &Show::default(), INLINE).unwrap();
    agree(&folder.join("blocked.planned.html"), &planned);
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
    assert!(kept == text, "{} differs; MRREADY_BLESS=1 rewrites it", path.display());
}
