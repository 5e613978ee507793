//! What the formats of records share: those that write an event, a finding, a test case, a row or a line per finding.
//!
//! Where a finding lives, how heavy it is, what it rests on, in one line each, and what it is called. What a verdict is called
//! in a format is that format's, and so is escaping, but for [`line`](line()).

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use serde::Serialize;

use super::finding::{place, seen};
use super::json::visible;
use crate::model::report::{Evidence, Finding, PoolSummary, Reference, Report, Resolved, RuleSummary, Subject};
use crate::model::{Level, Verdict};

/// How heavy a finding is where a format wants a severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Informational,
    Low,
    Medium,
    High,
}

/// What is false and blocks is high. What is open is less than what is false, and more than what only warns.
pub(super) fn weight(verdict: Verdict, level: Level) -> Weight {
    match (verdict, level) {
        (Verdict::Fail, _) => Weight::High,
        (Verdict::Unknown | Verdict::Manual, Level::Blocker) => Weight::Medium,
        (Verdict::Warn, _) | (Verdict::Unknown | Verdict::Manual, Level::Advisory) => Weight::Low,
        (Verdict::Pass | Verdict::Info | Verdict::NotApplicable, _)
        | (Verdict::Unknown | Verdict::Manual, Level::Info) => Weight::Informational,
    }
}

/// The verdict that a format shows which opens tickets: the one held over an unknown, else the real one.
pub(super) fn shown(finding: &Finding) -> Verdict {
    finding.held.as_ref().map_or(finding.verdict, |held| held.verdict)
}

/// That a verdict is held, and why, if it is.
pub(super) fn held(report: &Report, finding: &Finding) -> Option<String> {
    let held = finding.held.as_ref()?;
    let grace = report.run.unknown_grace.as_ref().map(|grace| format!(" ({grace})")).unwrap_or_default();
    Some(format!(
        "held: {} as decided at {}; it is {} now, and keeps that for the time of --unknown-grace{grace}",
        held.verdict, held.decided_at, finding.verdict
    ))
}

/// A report, and its pools by id.
#[derive(Debug)]
pub(super) struct Records<'a> {
    pub(super) report: &'a Report,
    pools: BTreeMap<&'a str, Vec<&'a PoolSummary>>,
}

impl<'a> Records<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut pools: BTreeMap<&str, Vec<&PoolSummary>> = BTreeMap::new();
        for pool in &report.summary.pools {
            pools.entry(&pool.id).or_default().push(pool);
        }
        Self { report, pools }
    }

    /// The pool that a subject concerns, if it is in the report.
    pub(super) fn pool(&self, subject: &Subject) -> Option<&'a PoolSummary> {
        let pools = self.pools.get(subject.pool_id.as_deref()?)?;
        pools.iter().find(|pool| pool.account == subject.account).copied()
    }

    /// The oldest answer about the pool that a subject concerns; of what concerns none, the oldest of all.
    pub(super) fn evidence_from(&self, subject: &Subject) -> Option<&'a str> {
        let own = self.pool(subject).and_then(|pool| pool.evidence_from.as_deref());
        own.or(self.report.snapshot.evidence_from.as_deref())
    }

    pub(super) fn rule(&self, id: &str) -> Option<&'a RuleSummary> {
        self.report.rules.get(id)
    }

    /// What the rule requires.
    pub(super) fn title(&self, rule: &'a str) -> &'a str {
        self.rule(rule).map_or(rule, |summary| summary.title.as_str())
    }

    /// Why the rule matters, on one line.
    pub(super) fn why(&self, rule: &str) -> String {
        self.rule(rule).map(|rule| rule.why.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default()
    }

    /// Where the rule is written.
    pub(super) fn references(&self, rule: &str) -> &'a [Reference] {
        self.rule(rule).map_or(&[], |rule| rule.references.as_slice())
    }

    /// The options that made the run see or count less, a sentence each.
    pub(super) fn reductions(&self) -> Vec<String> {
        let sentence = |each: &crate::model::report::Reduction| {
            let touches = if each.touches_blocker { "; touches a blocker" } else { "" };
            format!("{}: {}{touches}", each.option, each.effect)
        };
        self.report.run.reductions.iter().map(sentence).collect()
    }
}

/// The Region of a subject; of what has none, such as a line in a source tree, that of its pool, which its id begins with.
pub(super) fn region(subject: &Subject) -> Option<&str> {
    let own = subject.region.as_deref().filter(|region| !region.is_empty());
    own.or_else(|| subject.pool_id.as_deref()?.split_once('_').map(|(region, _)| region))
}

/// The partition in which a Region's ARNs are.
pub(super) fn partition(region: &str) -> &'static str {
    const PREFIXES: &[(&str, &str)] = &[
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// The names of findings in other systems: the same in every run, and no two alike in one.
///
/// The fingerprint has account, rule and subject in it; account and Region stand before it for those who read it.
#[derive(Debug, Default)]
pub(super) struct Uids(BTreeMap<String, usize>);

impl Uids {
    /// The name of a finding. A second one with the same fingerprint, which `audit` does not make, gets a number.
    pub(super) fn name(&mut self, finding: &Finding) -> String {
        let base = uid(&finding.subject, &finding.fingerprint);
        let times = self.0.entry(base.clone()).or_default();
        *times += 1;
        if *times == 1 { base } else { format!("{base}#{times}") }
    }

    /// The name of what is gone; `None` if a finding has it: that one tells what became of it.
    pub(super) fn gone(&mut self, resolved: &Resolved) -> Option<String> {
        let name = uid(&resolved.subject, &resolved.fingerprint);
        self.0.insert(name.clone(), 1).is_none().then_some(name)
    }
}

fn uid(subject: &Subject, fingerprint: &str) -> String {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let (account, region) = (or_dash(&subject.account), or_dash(region(subject).unwrap_or_default()));
    format!("mrready/{account}/{region}/{fingerprint}")
}

/// What was seen, where, and why not, on one line. Not escaped.
pub(super) fn evidence(evidence: &Evidence) -> String {
    let mut text = seen(evidence);
    text.extend(evidence.cause_text.iter().map(|cause| format!(": {cause}")));
    let places: Vec<String> = evidence.sources.iter().map(place).collect();
    if !places.is_empty() {
        text = format!("{text} [{}]", places.join("; "));
    }
    text
}

/// The IAM actions that would decide a finding, sorted.
pub(super) fn missing_actions(finding: &Finding) -> Vec<&str> {
    let mut actions: Vec<&str> =
        finding.evidence.iter().flat_map(|each| &each.missing_actions).map(String::as_str).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

/// An instant of the report.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// The clock of the run.
pub(super) fn now(report: &Report) -> io::Result<Timestamp> {
    let wrong = |error| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", report.run.now));
    report.run.now.parse().map_err(wrong)
}

/// A value as JSON on one line, with its line end, and with everything that could hide or steer written as an escape.
pub(super) fn line<T: Serialize>(value: &T) -> io::Result<String> {
    Ok(visible(&serde_json::to_string(value)?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::samples::{base, call, finding, finish, pool, remedy, unknown, waiver};
    use super::super::{Format, Options, write};
    use super::*;
    use crate::model::report::{BaselineState, Held};
    use crate::model::{Cause, Gate, Position, Resolve, SubjectKind};

    /// A report in a format, as text.
    pub(crate) fn text(format: Format, report: &Report, options: &Options) -> String {
        let mut out = Vec::new();
        write(format, report, None, options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Compares with a fixture each, the samples, a second run, and names of every kind; with `MRREADY_BLESS=1` writes them instead.
    #[allow(
        clippy::disallowed_methods,
        reason = "a test reads its fixtures, and its one option comes from the environment"
    )]
    pub(crate) fn golden(format: Format, extension: &str) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports");
        let mut names = hostile();
        names.findings.retain(|each| each.rule == "a" || each.rule == "b");
        let more = [("second-run", second_run()), ("names", names)];
        for (name, report) in super::super::samples::all().into_iter().chain(more) {
            let (path, text) = (folder.join(format!("{name}.{extension}")), text(format, &report, &Options::default()));
            if std::env::var_os("MRREADY_BLESS").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(kept == text, "{} differs; MRREADY_BLESS=1 rewrites it. Now:\n{text}", path.display());
        }
    }

    /// Names that want to be executed somewhere.
    pub(crate) const NAMES: &[&str] = &[
        "</script><img src=x onerror=alert(1)>",
        "a|b`c`\n| d |\r\n",
        "::error::pwned",
        "\u{1b}[31mred\u{202e}drop\u{7}\u{0}\u{fffe}\u{ffff}",
        "=cmd|'/c calc'!A0",
        "x;=cmd|'/c calc'!A0",
        "x,\"+1+cmd|' /c calc'!A0",
        "\t=1+1",
        "-2+3",
        "@SUM(1+9)*cmd",
        "＝1+1",
        "]]></failure><failure>",
        "&#x0;&amp;\"'",
        "##[error]x",
    ];

    /// A report in which every text that an account may choose wants to be executed.
    pub(crate) fn hostile() -> Report {
        let mut report = base();
        for (n, name) in NAMES.iter().enumerate() {
            let pool = pool(&format!("us-east-1_Hostile{n:02}"), name);
            for (rule, verdict) in [
                ("a", Verdict::Fail),
                ("b", Verdict::Unknown),
                ("c", Verdict::Warn),
                ("d", Verdict::Pass),
                ("e", Verdict::Manual),
                ("f", Verdict::NotApplicable),
                ("g", Verdict::Info),
            ] {
                let mut each = finding(rule, &pool, verdict, Level::Blocker, &[Gate::Issuer], name);
                each.subject.kind = SubjectKind::Authorizer;
                each.subject.id = format!("{name}#{}", pool.id);
                each.subject.arn = (n % 2 == 0).then(|| (*name).to_owned());
                each.owner = Some((*name).to_owned());
                let cause = Cause::Unrecognised { value: (*name).to_owned() };
                each.evidence = vec![call(name, Some(name), name, name, name), unknown(name, &cause, name, name)];
                each.remediation = remedy(name, name, Resolve::Before);
                each.waiver = (n % 3 == 0).then(|| waiver("waive", name));
                report.findings.push(each);
            }
            report.summary.pools.push(pool);
        }
        report.summary.answer = NAMES.iter().map(|name| (*name).to_owned()).collect();
        let reduction = |name: &&str| crate::model::report::Reduction {
            option: (*name).to_owned(),
            effect: (*name).to_owned(),
            touches_blocker: true,
        };
        report.run.reductions = NAMES.iter().map(reduction).collect();
        finish(report, Position::Next, 1)
    }

    /// One pool, held against an earlier report: new, known, changed, held, and two that are gone, one of them to come back as
    /// another verdict.
    pub(crate) fn second_run() -> Report {
        let mut report = base();
        let pool = pool("us-east-1_Second001", "customers");
        let first = "2026-10-01T00:00:00Z";
        let mut known = |rule: &str, verdict, state, first_seen: Option<&str>| {
            let mut each = finding(rule, &pool, verdict, Level::Blocker, &[Gate::Issuer], rule);
            each.baseline = Some(state);
            each.first_seen = first_seen.map(str::to_owned);
            report.findings.push(each);
        };
        known("changed", Verdict::NotApplicable, BaselineState::Changed, Some(first));
        known("held", Verdict::Unknown, BaselineState::Changed, Some(first));
        known("known", Verdict::Fail, BaselineState::Known, Some(first));
        known("new", Verdict::Fail, BaselineState::New, None);
        if let Some(held) = report.findings.get_mut(1) {
            held.held = Some(Held { verdict: Verdict::Fail, decided_at: "2026-11-20T00:00:00Z".to_owned() });
        }
        report.run.unknown_grace = Some("3d".to_owned());
        for rule in ["changed", "gone"] {
            let each = finding(rule, &pool, Verdict::Fail, Level::Blocker, &[Gate::Issuer], rule);
            report.resolved.push(Resolved {
                fingerprint: each.fingerprint,
                rule: rule.to_owned(),
                title: format!("What {rule} asks for is so"),
                level: Level::Blocker,
                was: Verdict::Fail,
                now: (rule == "changed").then_some(Verdict::NotApplicable),
                subject: each.subject,
                owner: None,
                first_seen: Some(first.to_owned()),
                detail: "what was judged is not there any more".to_owned(),
            });
        }
        report.summary.pools.push(pool);
        finish(report, Position::Next, 1)
    }

    /// Many findings of one account in two Regions.
    pub(crate) fn many(findings: usize) -> Report {
        let mut report = base();
        let pools = [pool("us-east-1_Many00001", "one"), pool("eu-west-1_Many00002", "two")];
        for n in 0..findings {
            let pool = &pools[n % 2];
            let mut each = finding("rule", pool, Verdict::Fail, Level::Blocker, &[Gate::Issuer], "it is not so");
            each.fingerprint = format!("{n:032x}");
            each.subject.id = format!("{}-{n}", pool.id);
            report.findings.push(each);
        }
        report.summary.pools.extend(pools);
        finish(report, Position::Next, 1)
    }

    #[test]
    fn the_region_of_a_line_in_a_tree_is_its_pools() {
        let mut subject = finding("r", &pool("eu-west-1_Abc", "p"), Verdict::Pass, Level::Info, &[], "").subject;
        subject.region = None;
        assert_eq!(region(&subject), Some("eu-west-1"));
        subject.pool_id = None;
        assert_eq!(region(&subject), None);
    }

    #[test]
    fn names_are_the_same_in_every_run_and_no_two_alike() {
        let report = second_run();
        let mut uids = Uids::default();
        let first = report.findings.first().unwrap();
        assert_eq!(uids.name(first), "mrready/111122223333/us-east-1/changed:us-east-1_Second001");
        assert_eq!(uids.name(first), "mrready/111122223333/us-east-1/changed:us-east-1_Second001#2");
        let gone: Vec<Option<String>> = report.resolved.iter().map(|each| uids.gone(each)).collect();
        assert_eq!(gone, [None, Some("mrready/111122223333/us-east-1/gone:us-east-1_Second001".to_owned())]);
    }

    #[test]
    fn partitions_are_those_of_arns() {
        let all = ["eu-west-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1"];
        let wanted = ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc"];
        assert_eq!(all.map(partition), wanted);
    }
}
