//! `--format asff`: findings in the AWS Security Finding Format, ready for Security Hub CSPM's `BatchImportFindings`.
//!
//! One batch a line, `{"Findings": […]}`: of one account and one Region, of at most 100 findings and less than 6 MB, each finding
//! less than 240 KB. Whoever imports has to be the account of the findings, in their Region, and Security Hub has to be enabled
//! there. A batch is more than an argument may hold, so it goes through a file:
//!
//! ```sh
//! split -l 1 -a 5 --additional-suffix=.json findings.asff batch-
//! for batch in batch-*.json; do
//!   region=$(jq -r '.Findings[0].ProductArn | split(":")[3]' "$batch")
//!   aws securityhub batch-import-findings --region "$region" --cli-input-json "file://$batch" \
//!     --query '{failed: FailedCount, because: FailedFindings[].ErrorMessage}'
//! done
//! ```
//!
//! Of several accounts, those of one: `jq -c 'select(.Findings[0].AwsAccountId == "111122223333")' findings.asff`.
//!
//! - Every finding is sent, whatever `--show` says, but for facts (`info`) and what does not apply: one that is left out would
//!   stay in Security Hub as it last was. Rules hidden by `--select` and `--ignore` are not sent, neither to open nor to close
//!   anything.
//! - With a baseline, what it had and what is not sent any more is archived. Without one, a finding of what is gone stays until
//!   Security Hub drops it, 90 days after its last update.
//! - A verdict held over an unknown (`--unknown-grace`) gives its status, with a reason that says so.
//! - A waived finding keeps its status. `Workflow`, `Note`, `UserDefinedFields` and `VerificationState` belong to those who work
//!   with findings and are never sent; a rule of theirs can suppress by the product field `mrready/waiver`.
//! - A reference in a source tree that names no pool belongs to no account; it goes to the first pool's. In a report without a
//!   pool it is left out.
//! - Security Hub takes an update only if its `UpdatedAt`, the clock of the run, is later than the last one.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::Options;
use super::finding::decision;
use super::records::{
    Records, Uids, Weight, evidence, held, instant, line, missing_actions, now, partition, region, shown, weight,
};
use super::safe::safe;
use crate::model::Verdict;
use crate::model::report::{Finding, Report, Resolved, Subject};

/// The most findings of a batch.
const MAX_FINDINGS: usize = 100;
/// The most bytes of a batch; the API takes 6 MB.
const MAX_BATCH: usize = 5_900_000;
const HEAD: &str = "{\"Findings\":[";
const TAIL: &str = "]}\n";

const MAX_ID: usize = 512;
const MAX_TITLE: usize = 256;
const MAX_DESCRIPTION: usize = 1024;
const MAX_RECOMMENDATION: usize = 512;
/// Of a product field; the API takes 2048 characters and 50 fields. Less, so that no finding comes near 240 KB, of whatever
/// script its text is.
const MAX_FIELD: usize = 1024;
/// The evidence that is sent; the JSON report has all.
const MAX_EVIDENCE: usize = 20;
const MAX_REASONS: usize = 10;
const MAX_REGION: usize = 16;

/// Writes the findings as batches.
pub fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let records = Records::of(report);
    let run = Run { now: now(report)?.to_string(), reductions: records.reductions().join("; "), records };
    let mut uids = Uids::default();
    let mut batches: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let mut put = |subject, sent: &AwsSecurityFinding| -> io::Result<()> {
        let (account, region) = run.home(subject);
        if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && !region.is_empty() {
            let text = line(sent)?;
            batches.entry((account, region)).or_default().push(text.trim_end().to_owned());
        }
        Ok(())
    };
    for finding in report.findings.iter().filter(|each| !options.show.hides(each)) {
        if let Some(status) = Status::of(shown(finding)) {
            put(&finding.subject, &run.finding(finding, status, &uids.name(finding)))?;
        }
    }
    for resolved in report.resolved.iter().filter(|each| !options.show.hidden_rules.contains(&each.rule)) {
        if let Some(uid) = uids.gone(resolved) {
            put(&resolved.subject, &run.archived(resolved, &uid))?;
        }
    }
    batches.into_values().try_for_each(|findings| write_batches(&findings, out))
}

/// The findings of one account and Region, in as many lines as the limits ask for.
fn write_batches(findings: &[String], out: &mut dyn Write) -> io::Result<()> {
    let (mut in_batch, mut bytes) = (0, 0);
    for finding in findings {
        if in_batch == MAX_FINDINGS || (in_batch > 0 && bytes + finding.len() > MAX_BATCH) {
            out.write_all(TAIL.as_bytes())?;
            (in_batch, bytes) = (0, 0);
        }
        out.write_all(if in_batch == 0 { HEAD } else { "," }.as_bytes())?;
        out.write_all(finding.as_bytes())?;
        in_batch += 1;
        bytes += finding.len() + 1;
    }
    if in_batch > 0 { out.write_all(TAIL.as_bytes()) } else { Ok(()) }
}

/// `Compliance.Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Passed,
    Warning,
    Failed,
    NotAvailable,
}

impl Status {
    /// The status of a verdict; `None`: it is not sent.
    fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Pass => Some(Self::Passed),
            Verdict::Fail => Some(Self::Failed),
            Verdict::Warn => Some(Self::Warning),
            Verdict::Unknown | Verdict::Manual => Some(Self::NotAvailable),
            Verdict::Info | Verdict::NotApplicable => None,
        }
    }
}

fn label(weight: Weight) -> &'static str {
    match weight {
        Weight::Informational => "INFORMATIONAL",
        Weight::Low => "LOW",
        Weight::Medium => "MEDIUM",
        Weight::High => "HIGH",
    }
}

/// The format's word for a partition, which is not always that of ARNs; it has none for the newest.
fn partition_word(region: &str) -> Option<&'static str> {
    match partition(region) {
        "aws" => Some("aws"),
        "aws-cn" => Some("aws-cn"),
        "aws-us-gov" => Some("aws-us-gov"),
        "aws-iso" => Some("aws-us-iso"),
        "aws-iso-b" => Some("aws-us-iso-b"),
        _ => None,
    }
}

/// The text on one line, harmless, in at most so many characters; `None` if it is blank, which the API refuses.
fn fit(text: &str, max: usize) -> Option<String> {
    // What is cut off need not be escaped; escapes only make a text longer.
    let begin: String = text.trim().chars().take(max.saturating_add(2)).collect();
    let mut text = safe(&begin);
    if text.chars().count() > max {
        text = text.chars().take(max.saturating_sub(1)).chain(['…']).collect();
    }
    (!text.trim().is_empty()).then_some(text)
}

/// The same of a text that has to be there.
fn filled(text: &str, max: usize) -> String {
    fit(text, max).unwrap_or_else(|| "-".to_owned())
}

/// What all findings of a run have in common.
struct Run<'a> {
    now: String,
    reductions: String,
    records: Records<'a>,
}

impl<'a> Run<'a> {
    /// The account and the Region to which a finding goes.
    fn home<'s>(&self, subject: &'s Subject) -> (&'s str, &'s str)
    where
        'a: 's,
    {
        let first = self.records.report.summary.pools.first();
        let account = Some(subject.account.as_str()).filter(|account| !account.is_empty());
        (
            account.or(first.map(|pool| pool.account.as_str())).unwrap_or_default(),
            region(subject).or(first.map(|pool| pool.region.as_str())).unwrap_or_default(),
        )
    }

    fn finding(&self, finding: &Finding, status: Status, uid: &str) -> AwsSecurityFinding {
        let weight = weight(shown(finding), finding.level);
        let mut reasons: Vec<StatusReason> = Vec::new();
        let mut because = |code: &str, text: &str| {
            let reason = StatusReason { reason_code: code.to_owned(), description: filled(text, MAX_DESCRIPTION) };
            if reasons.len() < MAX_REASONS && !reasons.contains(&reason) {
                reasons.push(reason);
            }
        };
        if let Some(text) = held(self.records.report, finding) {
            because("HELD", &text);
        }
        if let Some(waiver) = &finding.waiver {
            because(if finding.is_waived() { "WAIVED" } else { "ATTESTED" }, &decision(waiver));
        }
        match finding.verdict {
            Verdict::Manual => because("MANUAL", "No API shows it: a person has to answer in a decisions file."),
            Verdict::Unknown => {
                for each in &finding.evidence {
                    if let (Some(cause), Some(text)) = (&each.cause, &each.cause_text) {
                        because(&format!("UNKNOWN_{}", cause.kind().to_uppercase()), text);
                    }
                }
                because("UNKNOWN", &finding.message);
            }
            Verdict::Pass | Verdict::Fail | Verdict::Warn | Verdict::Info | Verdict::NotApplicable => {}
        }
        let mut fields = Fields::default();
        fields.put("verdict", finding.verdict.as_str());
        fields.put("gates", &finding.gates.iter().map(|gate| gate.as_str()).collect::<Vec<_>>().join(", "));
        fields.put("waiver", finding.waiver.as_ref().filter(|_| finding.is_waived()).map_or("", |each| &each.kind));
        fields.put("baseline", finding.baseline.map_or("", |state| state.as_str()));
        fields.put("evidence-from", self.records.evidence_from(&finding.subject).unwrap_or_default());
        fields.put("missing-actions", &missing_actions(finding).join(", "));
        for (n, each) in (1..=MAX_EVIDENCE).zip(&finding.evidence) {
            fields.put(&format!("evidence/{n:02}"), &evidence(each));
        }
        if finding.evidence.len() > MAX_EVIDENCE {
            fields.put("evidence/more", &(finding.evidence.len() - MAX_EVIDENCE).to_string());
        }
        let text = finding.remediation.as_ref().and_then(|remedy| fit(&remedy.summary, MAX_RECOMMENDATION));
        if let Some(remedy) = &finding.remediation {
            fields.put("remedy/when", remedy.when.as_str());
            fields.put("remedy/steps", &remedy.steps.join(", "));
        }
        let about = About {
            rule: &finding.rule,
            title: self.records.title(&finding.rule),
            message: &finding.message,
            level: finding.level.as_str(),
            subject: &finding.subject,
            owner: finding.owner.as_deref(),
            first_seen: finding.first_seen.as_deref(),
        };
        let reference = self.records.references(&finding.rule).first().map(|each| each.url.clone());
        AwsSecurityFinding {
            remediation: text.map(|text| Remediation { recommendation: Recommendation { text, url: reference } }),
            ..self.base(&about, uid, "ACTIVE", weight, status, reasons, fields)
        }
    }

    /// What the baseline had and is not sent any more.
    fn archived(&self, resolved: &Resolved, uid: &str) -> AwsSecurityFinding {
        let reason = StatusReason {
            reason_code: if resolved.now.is_some() { "NOT_JUDGED_ANY_MORE" } else { "GONE" }.to_owned(),
            description: filled(&resolved.detail, MAX_DESCRIPTION),
        };
        let mut fields = Fields::default();
        fields.put("verdict", resolved.now.map_or("gone", |verdict| verdict.as_str()));
        fields.put("was", resolved.was.as_str());
        let about = About {
            rule: &resolved.rule,
            title: &resolved.title,
            message: &resolved.detail,
            level: resolved.level.as_str(),
            subject: &resolved.subject,
            owner: resolved.owner.as_deref(),
            first_seen: resolved.first_seen.as_deref(),
        };
        self.base(&about, uid, "ARCHIVED", Weight::Informational, Status::NotAvailable, vec![reason], fields)
    }

    #[expect(clippy::too_many_arguments, reason = "a finding is made of these, and there are two kinds of it")]
    fn base(
        &self,
        about: &About<'_>,
        uid: &str,
        record_state: &'static str,
        weight: Weight,
        status: Status,
        status_reasons: Vec<StatusReason>,
        mut fields: Fields,
    ) -> AwsSecurityFinding {
        let report = self.records.report;
        let (account, region) = self.home(about.subject);
        let first_seen = about.first_seen.and_then(instant).map(|time| time.to_string());
        let severity = Severity { label: label(weight), original: about.level.to_owned() };
        fields.put("rule", about.rule);
        fields.put("level", about.level);
        fields.put("owner", about.owner.unwrap_or_default());
        fields.put("version", &report.tool.version);
        fields.put("snapshot", &report.snapshot.digest);
        fields.put("reductions", &self.reductions);
        AwsSecurityFinding {
            schema_version: "2018-10-08",
            id: filled(uid, MAX_ID),
            product_arn: format!("arn:{}:securityhub:{region}:{account}:product/{account}/default", partition(region)),
            product_name: "mrready",
            company_name: "mrready",
            generator_id: filled(&format!("mrready/{}", about.rule), MAX_ID),
            aws_account_id: account.to_owned(),
            types: TYPES,
            created_at: first_seen.clone().unwrap_or_else(|| self.now.clone()),
            first_observed_at: first_seen,
            updated_at: self.now.clone(),
            finding_provider_fields: FindingProviderFields { severity: severity.clone(), types: TYPES },
            severity,
            title: filled(about.title, MAX_TITLE),
            description: filled(about.message, MAX_DESCRIPTION),
            remediation: None,
            product_fields: fields.0,
            resources: self.resources(about.subject, region),
            compliance: Compliance { status, status_reasons },
            record_state,
        }
    }

    /// What was judged, and behind it the pool that it concerns. The format has no type for any of it that says more than
    /// `Other`; the kind is in the details.
    fn resources(&self, subject: &Subject, home: &str) -> Vec<Resource> {
        let is_pool = subject.pool_id.as_ref() == Some(&subject.id);
        let resource = |region: &str, kind: &str, arn: Option<&str>, id: &str, name: Option<&str>| {
            let mut other = Fields::default();
            other.add("kind", kind);
            other.add("id", id);
            other.add("name", name.unwrap_or_default());
            other.add("pool", subject.pool_id.as_deref().unwrap_or_default());
            Resource {
                r#type: "Other",
                id: filled(arn.filter(|arn| !arn.trim().is_empty()).unwrap_or(id), MAX_ID),
                partition: partition_word(region),
                region: fit(region, usize::MAX).filter(|region| region.chars().count() <= MAX_REGION),
                details: Details { other: other.0 },
            }
        };
        let own = resource(home, subject.kind.as_str(), subject.arn.as_deref(), &subject.id, subject.name.as_deref());
        let pool = self
            .records
            .pool(subject)
            .filter(|_| !is_pool)
            .map(|pool| resource(&pool.region, "pool", Some(&pool.arn), &pool.id, pool.name.as_deref()));
        std::iter::once(own).chain(pool).collect()
    }
}

/// A namespace of the format's own list; readiness has no category in it.
const TYPES: [&str; 1] = ["Software and Configuration Checks"];

/// What a finding is about.
struct About<'a> {
    rule: &'a str,
    title: &'a str,
    message: &'a str,
    level: &'static str,
    subject: &'a Subject,
    owner: Option<&'a str>,
    first_seen: Option<&'a str>,
}

/// Names and values; blank ones, which the API refuses, are left out.
#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn add(&mut self, name: &str, value: &str) {
        self.0.extend(fit(value, MAX_FIELD).map(|value| (name.to_owned(), value)));
    }

    /// A product field, whose name says whose it is.
    fn put(&mut self, name: &str, value: &str) {
        self.add(&format!("mrready/{name}"), value);
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AwsSecurityFinding {
    schema_version: &'static str,
    id: String,
    product_arn: String,
    product_name: &'static str,
    company_name: &'static str,
    generator_id: String,
    aws_account_id: String,
    types: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    first_observed_at: Option<String>,
    created_at: String,
    updated_at: String,
    severity: Severity,
    finding_provider_fields: FindingProviderFields,
    title: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation>,
    product_fields: BTreeMap<String, String>,
    resources: Vec<Resource>,
    compliance: Compliance,
    record_state: &'static str,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Severity {
    label: &'static str,
    original: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FindingProviderFields {
    severity: Severity,
    types: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Remediation {
    recommendation: Recommendation,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Recommendation {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    details: Details,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Details {
    other: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Compliance {
    status: Status,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status_reasons: Vec<StatusReason>,
}

#[derive(PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatusReason {
    reason_code: String,
    description: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::records::tests::{golden, hostile, many, second_run, text};
    use super::super::safe::is_hidden;
    use super::super::{Format, Show, samples};
    use super::*;

    fn batches(report: &Report, options: &Options) -> Vec<Value> {
        text(Format::Asff, report, options).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn findings(report: &Report) -> Vec<Value> {
        let all = |batch: Value| batch["Findings"].as_array().unwrap().clone();
        batches(report, &Options::default()).into_iter().flat_map(all).collect()
    }

    fn of<'f>(findings: &'f [Value], rule: &str) -> &'f Value {
        findings.iter().find(|each| each["ProductFields"]["mrready/rule"] == rule).unwrap()
    }

    /// Every text in a value.
    fn texts<'v>(value: &'v Value, all: &mut Vec<&'v str>) {
        match value {
            Value::String(text) => all.push(text),
            Value::Array(items) => items.iter().for_each(|item| texts(item, all)),
            Value::Object(members) => members.values().for_each(|member| texts(member, all)),
            Value::Null => panic!("a null"),
            Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The limits of the service's model and documentation, which botocore does not check.
    fn check(batch: &Value) {
        let findings = batch["Findings"].as_array().unwrap();
        assert!((1..=100).contains(&findings.len()));
        let mut homes = BTreeSet::new();
        for finding in findings {
            let at = |pointer: &str| finding.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let is_one_of =
                |pointer: &str, words: &[&str]| assert!(words.contains(&at(pointer)), "{pointer}: {finding}");
            let is_short = |pointer: &str, max: usize| {
                assert!((1..=max).contains(&at(pointer).chars().count()), "{pointer}: {finding}");
            };
            assert!(serde_json::to_vec(finding).unwrap().len() < 240_000);
            is_one_of("/SchemaVersion", &["2018-10-08"]);
            is_short("/Id", 512);
            is_short("/Title", 256);
            is_short("/Description", 1024);
            is_short("/GeneratorId", 512);
            let labels = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
            is_one_of("/Severity/Label", &labels);
            is_one_of("/FindingProviderFields/Severity/Label", &labels);
            is_short("/Severity/Original", 64);
            is_one_of("/Types/0", &["Software and Configuration Checks"]);
            is_one_of("/Compliance/Status", &["PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"]);
            if at("/Compliance/Status") == "NOT_AVAILABLE" {
                is_short("/Compliance/StatusReasons/0/ReasonCode", 64);
                is_short("/Compliance/StatusReasons/0/Description", 1024);
            }
            is_one_of("/RecordState", &["ACTIVE", "ARCHIVED"]);
            for member in ["Note", "UserDefinedFields", "VerificationState", "Workflow", "WorkflowState"] {
                assert_eq!(finding.get(member), None);
            }
            for time in ["/CreatedAt", "/UpdatedAt"] {
                assert!(at(time).ends_with('Z') && at(time).parse::<jiff::Timestamp>().is_ok(), "{finding}");
            }
            let resources = finding["Resources"].as_array().unwrap();
            assert!((1..=32).contains(&resources.len()));
            for (n, resource) in resources.iter().enumerate() {
                is_short(&format!("/Resources/{n}/Id"), 512);
                is_short(&format!("/Resources/{n}/Region"), 16);
                let partitions = ["aws", "aws-cn", "aws-us-gov", "aws-us-iso", "aws-us-iso-b"];
                is_one_of(&format!("/Resources/{n}/Partition"), &partitions);
                assert!(resource["Details"]["Other"].as_object().unwrap().len() <= 50);
            }
            let fields = finding["ProductFields"].as_object().unwrap();
            assert!(fields.len() <= 50 && fields.keys().all(|name| name.len() <= 128));
            assert!(fields.values().all(|value| value.as_str().unwrap().chars().count() <= 2048));
            if finding.get("Remediation").is_some() {
                is_short("/Remediation/Recommendation/Text", 512);
            }
            let mut all = Vec::new();
            texts(finding, &mut all);
            assert!(all.iter().all(|text| !text.trim().is_empty() && !text.chars().any(is_hidden)), "{finding}");
            let (account, arn) = (at("/AwsAccountId"), at("/ProductArn"));
            let region = arn.split(':').nth(3).unwrap();
            let partition = partition(region);
            let wanted = format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default");
            assert_eq!((account.len(), arn), (12, wanted.as_str()));
            homes.insert(arn.to_owned());
        }
        assert_eq!(homes.len(), 1, "a batch is of one account and Region");
    }

    #[test]
    fn fixtures_are_as_written() {
        golden(Format::Asff, "asff.jsonl");
    }

    #[test]
    fn what_no_validator_checks_is_so() {
        for (name, report) in samples::all().into_iter().chain([("second", second_run()), ("names", hostile())]) {
            batches(&report, &Options::default()).iter().for_each(check);
            let findings = findings(&report);
            let ids: BTreeSet<String> = findings.iter().map(|each| each["Id"].to_string()).collect();
            assert_eq!(ids.len(), findings.len(), "{name}");
        }
        assert_eq!(text(Format::Asff, &samples::empty(), &Options::default()), "");
    }

    #[test]
    fn the_longest_texts_of_any_script_stay_within_every_limit() {
        let mut report = hostile();
        for (long, finding) in ["顧客".repeat(1500), "\"\\".repeat(1500), "😀\u{202e}".repeat(1500)]
            .iter()
            .cycle()
            .zip(&mut report.findings)
        {
            finding.message.clone_from(long);
            finding.subject.id.clone_from(long);
            finding.subject.name = Some(long.clone());
            finding.subject.arn = None;
            finding.owner = Some(long.clone());
            finding.evidence = vec![finding.evidence[1].clone(); 30];
            for (n, each) in finding.evidence.iter_mut().enumerate() {
                each.actual = Some(format!("{n}{long}"));
                each.cause_text = Some(format!("{n}{long}"));
                each.missing_actions = vec![long.clone()];
            }
            let remedy = finding.remediation.as_mut().unwrap();
            (remedy.summary, remedy.steps) = (long.clone(), vec![long.clone()]);
            finding.waiver.iter_mut().for_each(|waiver| waiver.reason.clone_from(long));
            report.rules.get_mut(&finding.rule).unwrap().title.clone_from(long);
        }
        let batches = batches(&report, &Options::default());
        batches.iter().for_each(check);
        let largest = batches.iter().flat_map(|batch| batch["Findings"].as_array().unwrap());
        let largest = largest.map(|finding| serde_json::to_vec(finding).unwrap().len()).max().unwrap();
        assert!(largest > 40_000, "it was to be a large one: {largest}");
        let first = &findings(&report)[0];
        assert!(first["Description"].as_str().unwrap().ends_with('…'));
        assert_eq!(first["ProductFields"]["mrready/evidence/more"], "10");
    }

    #[test]
    fn thirty_thousand_findings_are_in_batches() {
        let report = many(30_000);
        let text = text(Format::Asff, &report, &Options::default());
        assert!(text.lines().all(|line| line.len() < 6_000_000));
        let batches: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(batches.len(), 300);
        batches.iter().step_by(50).for_each(check);
        for batch in &batches {
            let findings = batch["Findings"].as_array().unwrap();
            assert_eq!(findings.len(), 100);
            assert!(findings.iter().all(|each| each["ProductArn"] == findings[0]["ProductArn"]));
        }
        let ids: BTreeSet<&str> = batches
            .iter()
            .flat_map(|batch| batch["Findings"].as_array().unwrap())
            .map(|each| each["Id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), 30_000);
    }

    #[test]
    fn a_batch_ends_before_it_is_too_large() {
        let mut out = Vec::new();
        write_batches(&vec!["1".repeat(200_000); 70], &mut out).unwrap();
        let lines: Vec<usize> = String::from_utf8(out).unwrap().lines().map(str::len).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|length| *length < 6_000_000), "{lines:?}");
    }

    #[test]
    fn every_verdict_has_its_status() {
        let findings = findings(&hostile());
        for (rule, status, label, reason) in [
            ("a", "FAILED", "HIGH", "WAIVED"),
            ("b", "NOT_AVAILABLE", "MEDIUM", "WAIVED"),
            ("c", "WARNING", "LOW", "WAIVED"),
            ("d", "PASSED", "INFORMATIONAL", "WAIVED"),
            ("e", "NOT_AVAILABLE", "MEDIUM", "WAIVED"),
        ] {
            let finding = of(&findings, rule);
            assert_eq!(finding["Compliance"]["Status"], status);
            assert_eq!(finding["Severity"]["Label"], label);
            assert_eq!(finding["Compliance"]["StatusReasons"][0]["ReasonCode"], reason);
        }
        assert_eq!(of(&findings, "b")["Compliance"]["StatusReasons"][1]["ReasonCode"], "UNKNOWN_UNRECOGNISED");
        assert_eq!(of(&findings, "e")["Compliance"]["StatusReasons"][1]["ReasonCode"], "MANUAL");
        assert!(
            !findings.iter().any(|each| ["f", "g"].iter().any(|rule| each["ProductFields"]["mrready/rule"] == *rule))
        );
    }

    #[test]
    fn a_second_run_holds_and_archives() {
        let findings = findings(&second_run());
        let state = |rule: &str| of(&findings, rule)["RecordState"].as_str().unwrap().to_owned();
        assert_eq!(
            ["new", "known", "held", "gone", "changed"].map(state),
            ["ACTIVE", "ACTIVE", "ACTIVE", "ARCHIVED", "ARCHIVED"]
        );
        let known = of(&findings, "known");
        assert_eq!(
            (&known["CreatedAt"], &known["UpdatedAt"]),
            (&"2026-10-01T00:00:00Z".into(), &"2026-11-21T09:00:00Z".into())
        );
        assert_eq!(of(&findings, "new")["CreatedAt"], "2026-11-21T09:00:00Z");
        let held = of(&findings, "held");
        assert_eq!((&held["Compliance"]["Status"], &held["Severity"]["Label"]), (&"FAILED".into(), &"HIGH".into()));
        assert_eq!(held["Compliance"]["StatusReasons"][0]["ReasonCode"], "HELD");
        assert_eq!(held["ProductFields"]["mrready/verdict"], "unknown");
    }

    #[test]
    fn what_names_no_pool_goes_to_the_first_pools_account() {
        let mut report = second_run();
        let stray = report.findings.last_mut().unwrap();
        (stray.subject.account, stray.subject.region, stray.subject.pool_id) = (String::new(), None, None);
        let sent = findings(&report);
        assert_eq!(of(&sent, "new")["AwsAccountId"], "111122223333");
        assert_eq!(of(&sent, "new")["Id"], "mrready/-/-/new:us-east-1_Second001");
        report.summary.pools.clear();
        assert!(findings(&report).iter().all(|each| each["ProductFields"]["mrready/rule"] != "new"));
    }

    #[test]
    fn show_hides_rules_and_no_verdict() {
        let mut show = Show::only([Verdict::Warn]);
        show.hidden_rules.extend(["gone".to_owned(), "new".to_owned()]);
        let batches = batches(&second_run(), &Options { show, ..Options::default() });
        let rules: Vec<&str> = batches[0]["Findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|each| each["ProductFields"]["mrready/rule"].as_str().unwrap())
            .collect();
        assert_eq!(rules, ["held", "known", "changed"]);
    }
}
