//! `--format ocsf`: a Compliance Finding of the Open Cybersecurity Schema Framework per finding, for security data lakes.
//!
//! The file is one JSON array, an event a line, as Prowler writes it and as the loaders made for its files want it; for those
//! that take JSON lines `jq -c '.[]'` makes them. Class 2003 with the profiles `cloud` and `datetime`. Times are milliseconds,
//! which no schema checks. An event's time is the clock of the run; `unmapped.evidence_from` says how old the evidence is.
//!
//! - Every finding is written, whatever `--show` says, what does not apply too: a finding that is left out would stay in the
//!   consumer as it last was. Rules hidden by `--select` and `--ignore` are not written, neither to open nor to close anything.
//! - With a baseline an event updates what was known, and closes what is gone; without one all are created. `finding_info.uid`
//!   stays the same over runs, so consumers that go by it see one finding.
//! - A verdict held over an unknown (`--unknown-grace`) gives its status, and `compliance.status_details` says that it is held;
//!   `status_code` is always the real verdict.
//! - A waived finding keeps its compliance status; the finding's own status is Suppressed.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::Options;
use super::finding::decision;
use super::records::{Records, Uids, Weight, held, instant, line, now, partition, region, shown, weight};
use crate::model::report::{AppliedWaiver, BaselineState, Evidence, Finding, Held, Report, Resolved, Subject};
use crate::model::{Gate, Level, Source, Verdict};

/// The version of the framework that is written.
pub const OCSF_VERSION: &str = "1.8.0";

const CATEGORY: u32 = 2;
const CLASS: u32 = 2003;
/// What the findings are held to.
const STANDARD: &str = "Amazon Cognito multi-Region replication";

/// Writes the findings as an array of events.
pub fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let records = Records::of(report);
    let run = Run { time: now(report)?.as_millisecond(), reductions: records.reductions(), records };
    let (mut uids, mut is_first) = (Uids::default(), true);
    out.write_all(b"[")?;
    let mut put = |event: &Event<'_>| {
        let separator: &[u8] = if is_first { b"\n" } else { b",\n" };
        is_first = false;
        out.write_all(separator)?;
        out.write_all(line(event)?.trim_end().as_bytes())
    };
    for finding in report.findings.iter().filter(|each| !options.show.hides(each)) {
        put(&run.event(finding, uids.name(finding)))?;
    }
    for resolved in report.resolved.iter().filter(|each| !options.show.hidden_rules.contains(&each.rule)) {
        if let Some(uid) = uids.gone(resolved) {
            put(&run.closed(resolved, uid))?;
        }
    }
    out.write_all(if is_first { b"]\n" } else { b"\n]\n" })
}

/// A number of the framework and its caption.
type Word = (u8, &'static str);

const CREATE: Word = (1, "Create");
const UPDATE: Word = (2, "Update");
const CLOSE: Word = (3, "Close");

const NEW: Word = (1, "New");
const SUPPRESSED: Word = (3, "Suppressed");
const RESOLVED: Word = (4, "Resolved");

/// Pass, Warning and Fail as the framework defines them: Warning is "did not yield a result due to missing information".
fn compliance_status(verdict: Verdict) -> Word {
    match verdict {
        Verdict::Pass | Verdict::Info => (1, "Pass"),
        Verdict::Fail | Verdict::Warn => (3, "Fail"),
        Verdict::Unknown => (2, "Warning"),
        Verdict::Manual => (0, "Unknown"),
        Verdict::NotApplicable => (99, "Not Applicable"),
    }
}

fn severity(weight: Weight) -> Word {
    match weight {
        Weight::Informational => (1, "Informational"),
        Weight::Low => (2, "Low"),
        Weight::Medium => (3, "Medium"),
        Weight::High => (4, "High"),
    }
}

/// Where a finding's own life stands, as far as this run can tell.
fn finding_status(finding: &Finding) -> Word {
    let is_good = matches!(shown(finding), Verdict::Pass | Verdict::Info | Verdict::NotApplicable);
    match finding.baseline {
        _ if finding.is_waived() => SUPPRESSED,
        Some(BaselineState::Changed) if is_good => RESOLVED,
        _ => NEW,
    }
}

/// A pool by CloudFormation's name for it; everything else by the report's word, since one kind may be several types.
fn resource_type(subject: &Subject, is_pool: bool) -> &str {
    if is_pool { "AWS::Cognito::UserPool" } else { subject.kind.as_str() }
}

/// What all events of a run have in common.
struct Run<'a> {
    time: i64,
    reductions: Vec<String>,
    records: Records<'a>,
}

impl<'a> Run<'a> {
    fn event(&'a self, finding: &'a Finding, uid: String) -> Event<'a> {
        let verdict = shown(finding);
        let severity = severity(weight(verdict, finding.level));
        let activity = match finding.baseline {
            Some(BaselineState::Known | BaselineState::Changed) => UPDATE,
            Some(BaselineState::New) | None => CREATE,
        };
        let about = About {
            rule: &finding.rule,
            title: self.records.title(&finding.rule),
            message: &finding.message,
            subject: &finding.subject,
            owner: finding.owner.as_deref(),
            first_seen: finding.first_seen.as_deref(),
        };
        let mut details = Vec::new();
        details.extend(held(self.records.report, finding));
        details.extend(reasons(finding));
        details.extend(finding.waiver.iter().map(decision));
        let references = self.records.references(&finding.rule);
        let remediation = finding.remediation.as_ref().map(|remedy| Remediation {
            desc: if remedy.summary.trim().is_empty() { "see the references" } else { &remedy.summary },
            references: references.iter().map(|each| each.url.as_str()).collect(),
        });
        let unmapped = Unmapped {
            verdict: finding.verdict,
            level: finding.level,
            gates: &finding.gates,
            steps: finding.remediation.as_ref().map(|remedy| remedy.steps.as_slice()).unwrap_or_default(),
            waiver: finding.waiver.as_ref(),
            held: finding.held.as_ref(),
            baseline: finding.baseline,
            evidence_from: self.records.evidence_from(&finding.subject),
            reductions: &self.reductions,
        };
        let evidences =
            finding.evidence.iter().map(|each| Evidences { name: &each.field, data: each }).collect::<Vec<_>>();
        let calls: BTreeSet<&str> = finding.evidence.iter().flat_map(|each| &each.sources).filter_map(call).collect();
        let status = finding_status(finding);
        Event {
            remediation,
            evidences,
            ..self.base(&about, uid, activity, severity, status, compliance_status(verdict), details, calls, unmapped)
        }
    }

    /// What the baseline had and is not there any more.
    fn closed(&'a self, resolved: &'a Resolved, uid: String) -> Event<'a> {
        let about = About {
            rule: &resolved.rule,
            title: &resolved.title,
            message: &resolved.detail,
            subject: &resolved.subject,
            owner: resolved.owner.as_deref(),
            first_seen: resolved.first_seen.as_deref(),
        };
        let unmapped = Unmapped {
            verdict: resolved.now.unwrap_or(Verdict::NotApplicable),
            level: resolved.level,
            gates: &[],
            steps: &[],
            waiver: None,
            held: None,
            baseline: None,
            evidence_from: None,
            reductions: &self.reductions,
        };
        let details = vec![format!("{} (it was {})", resolved.detail, resolved.was)];
        let (severity, status) = (severity(Weight::Informational), compliance_status(Verdict::NotApplicable));
        self.base(&about, uid, CLOSE, severity, RESOLVED, status, details, BTreeSet::new(), unmapped)
    }

    #[expect(clippy::too_many_arguments, reason = "an event is made of these, and there are two kinds of it")]
    fn base(
        &'a self,
        about: &About<'a>,
        uid: String,
        activity: Word,
        severity: Word,
        status: Word,
        compliance_status: Word,
        status_details: Vec<String>,
        calls: BTreeSet<&'a str>,
        unmapped: Unmapped<'a>,
    ) -> Event<'a> {
        let (report, subject) = (self.records.report, about.subject);
        let region = region(subject);
        let partition = partition(region.unwrap_or_default());
        let check = Check {
            uid: about.rule,
            name: about.title,
            status_id: compliance_status.0,
            status: compliance_status.1,
            severity_id: severity.0,
            severity: severity.1,
        };
        Event {
            activity_id: activity.0,
            activity_name: activity.1,
            category_uid: CATEGORY,
            category_name: "Findings",
            class_uid: CLASS,
            class_name: "Compliance Finding",
            type_uid: CLASS * 100 + u32::from(activity.0),
            type_name: format!("Compliance Finding: {}", activity.1),
            time: self.time,
            time_dt: &report.run.now,
            severity_id: severity.0,
            severity: severity.1,
            status_id: status.0,
            status: status.1,
            status_code: unmapped.verdict.as_str(),
            message: about.message,
            metadata: Metadata {
                version: OCSF_VERSION,
                product: Product { name: &report.tool.name, version: &report.tool.version, vendor_name: "mrready" },
                profiles: ["cloud", "datetime"],
                event_code: about.rule,
                correlation_uid: &report.snapshot.digest,
            },
            cloud: Cloud {
                provider: "AWS",
                account: (!subject.account.is_empty()).then(|| Account {
                    uid: &subject.account,
                    type_id: 10,
                    r#type: "AWS Account",
                }),
                region,
                cloud_partition: partition,
            },
            finding_info: FindingInfo {
                uid,
                title: about.title,
                desc: about.message,
                types: ["Readiness"],
                analytic: Analytic { uid: about.rule, name: about.title, type_id: 1, r#type: "Rule" },
                first_seen_time: about.first_seen.and_then(instant).map(jiff::Timestamp::as_millisecond),
                data_sources: calls,
                src_url: self.records.references(about.rule).first().map(|each| each.url.as_str()),
            },
            compliance: Compliance {
                control: about.rule,
                desc: self.records.why(about.rule),
                standards: [STANDARD],
                requirements: unmapped.gates.iter().map(|gate| gate.as_str()).collect(),
                status_id: compliance_status.0,
                status: compliance_status.1,
                status_details,
                checks: [check],
            },
            resources: self.resources(about, region, partition),
            remediation: None,
            evidences: Vec::new(),
            unmapped,
        }
    }

    /// What was judged, and behind it the pool that it concerns.
    fn resources(
        &self,
        about: &About<'a>,
        region: Option<&'a str>,
        cloud_partition: &'static str,
    ) -> Vec<Resource<'a>> {
        let subject = about.subject;
        let is_pool = subject.pool_id.as_ref() == Some(&subject.id);
        let filled = |text: &'a Option<String>| text.as_deref().filter(|text| !text.trim().is_empty());
        let owner = about.owner.map(|name| Owner { name });
        let own = Resource {
            uid: filled(&subject.arn).unwrap_or(&subject.id),
            name: filled(&subject.name),
            r#type: resource_type(subject, is_pool),
            region,
            cloud_partition,
            owner,
        };
        let pool = self.records.pool(subject).filter(|_| !is_pool).map(|pool| Resource {
            uid: &pool.arn,
            name: filled(&pool.name),
            r#type: resource_type(subject, true),
            region: Some(&pool.region),
            cloud_partition,
            owner: None,
        });
        std::iter::once(own).chain(pool).collect()
    }
}

/// Why a verdict is what it is, beside what was seen.
fn reasons(finding: &Finding) -> Vec<String> {
    match finding.verdict {
        Verdict::Unknown => finding.evidence.iter().filter_map(|each| each.cause_text.clone()).collect(),
        Verdict::Manual => vec!["no API shows it: a person has to answer in a decisions file".to_owned()],
        Verdict::NotApplicable => vec![finding.message.clone()],
        Verdict::Pass | Verdict::Fail | Verdict::Warn | Verdict::Info => Vec::new(),
    }
}

fn call(source: &Source) -> Option<&str> {
    if let Source::Call { call, .. } = source { Some(call) } else { None }
}

/// What an event is about.
struct About<'a> {
    rule: &'a str,
    title: &'a str,
    message: &'a str,
    subject: &'a Subject,
    owner: Option<&'a str>,
    first_seen: Option<&'a str>,
}

#[derive(Serialize)]
struct Event<'a> {
    activity_id: u8,
    activity_name: &'static str,
    category_uid: u32,
    category_name: &'static str,
    class_uid: u32,
    class_name: &'static str,
    type_uid: u32,
    type_name: String,
    time: i64,
    time_dt: &'a str,
    severity_id: u8,
    severity: &'static str,
    status_id: u8,
    status: &'static str,
    status_code: &'static str,
    message: &'a str,
    metadata: Metadata<'a>,
    cloud: Cloud<'a>,
    finding_info: FindingInfo<'a>,
    compliance: Compliance<'a>,
    resources: Vec<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidences: Vec<Evidences<'a>>,
    unmapped: Unmapped<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    version: &'static str,
    product: Product<'a>,
    profiles: [&'static str; 2],
    event_code: &'a str,
    /// The snapshot: what all events on the same evidence share.
    correlation_uid: &'a str,
}

#[derive(Serialize)]
struct Product<'a> {
    name: &'a str,
    version: &'a str,
    vendor_name: &'static str,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the framework names it so")]
struct Cloud<'a> {
    provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    cloud_partition: &'static str,
}

#[derive(Serialize)]
struct Account<'a> {
    uid: &'a str,
    type_id: u8,
    r#type: &'static str,
}

#[derive(Serialize)]
struct FindingInfo<'a> {
    uid: String,
    title: &'a str,
    desc: &'a str,
    types: [&'static str; 1],
    analytic: Analytic<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen_time: Option<i64>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    data_sources: BTreeSet<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Analytic<'a> {
    uid: &'a str,
    name: &'a str,
    type_id: u8,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Compliance<'a> {
    control: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    desc: String,
    standards: [&'static str; 1],
    /// The gates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requirements: Vec<&'static str>,
    status_id: u8,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status_details: Vec<String>,
    checks: [Check<'a>; 1],
}

#[derive(Serialize)]
struct Check<'a> {
    uid: &'a str,
    name: &'a str,
    status_id: u8,
    status: &'static str,
    severity_id: u8,
    severity: &'static str,
}

#[derive(Serialize)]
struct Resource<'a> {
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    cloud_partition: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner<'a>>,
}

#[derive(Serialize)]
struct Owner<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Remediation<'a> {
    desc: &'a str,
    references: Vec<&'a str>,
}

#[derive(Serialize)]
struct Evidences<'a> {
    name: &'a str,
    data: &'a Evidence,
}

/// What the framework has no place for.
#[derive(Serialize)]
struct Unmapped<'a> {
    verdict: Verdict,
    level: Level,
    gates: &'a [Gate],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    steps: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<&'a AppliedWaiver>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'a Held>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselineState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_from: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    reductions: &'a [String],
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::records::tests::{NAMES, golden, hostile, second_run, text};
    use super::super::safe::is_hidden;
    use super::super::{Format, Show, samples};
    use super::*;

    fn events(report: &Report, options: &Options) -> Vec<Value> {
        serde_json::from_str(&text(Format::Ocsf, report, options)).unwrap()
    }

    fn of<'e>(events: &'e [Value], rule: &str) -> &'e Value {
        events.iter().find(|event| event["compliance"]["control"] == rule).unwrap()
    }

    #[test]
    fn fixtures_are_as_written() {
        golden(Format::Ocsf, "ocsf.json");
    }

    #[test]
    fn what_no_validator_checks_is_so() {
        for (name, report) in samples::all().into_iter().chain([("second", second_run()), ("names", hostile())]) {
            let events = events(&report, &Options::default());
            let mut uids = BTreeSet::new();
            for event in &events {
                let number = |pointer: &str| event.pointer(pointer).and_then(Value::as_i64).unwrap();
                assert_eq!(number("/type_uid"), number("/class_uid") * 100 + number("/activity_id"), "{name}");
                // 2026-11-21T09:00:00Z. Of seconds the year would be 1970.
                assert_eq!(number("/time"), 1_795_251_600_000, "{name}");
                assert_eq!(number("/cloud/account/type_id"), 10, "{name}");
                assert!(uids.insert(event["finding_info"]["uid"].to_string()), "{name}: {event}");
            }
        }
    }

    #[test]
    fn every_verdict_has_its_status() {
        let report = hostile();
        let events = events(&report, &Options::default());
        assert_eq!(events.len(), report.findings.len());
        for (rule, status, severity) in
            [("a", 3, 4), ("b", 2, 3), ("c", 3, 2), ("d", 1, 1), ("e", 0, 3), ("f", 99, 1), ("g", 1, 1)]
        {
            let event = of(&events, rule);
            assert_eq!(event["compliance"]["status_id"], status, "{event}");
            assert_eq!(event["compliance"]["checks"][0]["status_id"], status, "{event}");
            assert_eq!(event["severity_id"], severity, "{event}");
            // The first name's findings are waived.
            assert_eq!(event["status_id"], 3, "{event}");
        }
        assert!(of(&events, "b")["compliance"]["status_details"][0].as_str().unwrap().starts_with("AWS answered"));
        let open = events.iter().filter(|event| event["status_id"] == 1).count();
        assert_eq!(open, report.findings.iter().filter(|each| !each.is_waived()).count());
    }

    #[test]
    fn a_second_run_updates_holds_and_closes() {
        let report = second_run();
        let events = events(&report, &Options::default());
        let activity = |rule: &str| of(&events, rule)["activity_id"].as_i64().unwrap();
        assert_eq!(["new", "known", "changed", "held", "gone"].map(activity), [1, 2, 2, 2, 3]);
        assert_eq!(events.len(), 5, "what came back as another verdict is told once");
        let known = of(&events, "known");
        assert_eq!(known["finding_info"]["first_seen_time"], 1_790_812_800_000_i64);
        assert_eq!(of(&events, "new")["finding_info"].get("first_seen_time"), None);
        let held = of(&events, "held");
        assert_eq!((&held["compliance"]["status_id"], &held["status_code"]), (&3.into(), &"unknown".into()));
        let details = held["compliance"]["status_details"][0].as_str().unwrap();
        assert!(details.starts_with("held: fail as decided at 2026-11-20T00:00:00Z; it is unknown now"), "{details}");
        let gone = of(&events, "gone");
        assert_eq!((&gone["status"], &gone["compliance"]["status_id"]), (&"Resolved".into(), &99.into()));
        assert_eq!(of(&events, "changed")["status"], "Resolved");
    }

    #[test]
    fn show_hides_rules_and_no_verdict() {
        let report = second_run();
        let mut show = Show::only([Verdict::Fail]);
        show.hidden_rules.extend(["gone".to_owned(), "new".to_owned()]);
        let events = events(&report, &Options { show, ..Options::default() });
        let rules: Vec<&str> = events.iter().map(|event| event["compliance"]["control"].as_str().unwrap()).collect();
        assert_eq!(rules, ["changed", "held", "known"]);
    }

    #[test]
    fn names_stay_what_they_are_and_steer_nothing() {
        let report = hostile();
        let written = text(Format::Ocsf, &report, &Options::default());
        assert!(!written.chars().any(|c| is_hidden(c) && c != '\n') && !written.contains("##"));
        assert_eq!(written.lines().count(), report.findings.len() + 2, "an event a line");
        let events = events(&report, &Options::default());
        for name in NAMES {
            assert!(events.iter().any(|event| event["resources"][0]["name"] == *name), "{name:?}");
        }
        assert_eq!(text(Format::Ocsf, &samples::empty(), &Options::default()), "[]\n");
    }
}
