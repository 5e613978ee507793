//! The report: what `audit` found, complete enough that every output format is written from it alone.
//!
//! This is also the shape of `--format json`, which other people's dashboards read. A field that has been released
//! keeps its name and meaning; see `docs/contract.md`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cause, DecidedBy, Gate, Level, Position, Resolve, Source, Status, SubjectKind, TargetIssuer, Verdict};

/// The version of the report's shape.
pub const REPORT_SCHEMA_VERSION: u32 = 1;

/// Everything one run of `audit` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("$id" = "urn:mrready:schema:report:1"))]
pub struct Report {
    /// Version of this shape; grows when a field changes its meaning.
    pub schema_version: u32,
    /// The tool that wrote it.
    pub tool: Tool,
    /// How it was judged.
    pub run: Run,
    /// What was judged.
    pub snapshot: SnapshotSummary,
    /// The answer.
    pub summary: Summary,
    /// The rules that were judged, by id.
    pub rules: BTreeMap<String, RuleSummary>,
    /// Every result, sorted; not-applicable ones only as counts unless asked for.
    pub findings: Vec<Finding>,
    /// What could be seen.
    pub coverage: Coverage,
    /// The decisions file's entries and what became of them.
    pub waivers: Vec<WaiverState>,
    /// What the baseline had and this run no longer has, sorted by fingerprint; empty without a baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<Resolved>,
    /// What the baseline had and this run could not look for, sorted by fingerprint: not found, and not known to be gone. A
    /// run that has this report as its baseline goes on from there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<Unseen>,
    /// What of it is needed to put reports of parts together; none of one that was read, or held against a baseline.
    #[serde(skip)]
    pub merge: Option<super::totals::Mergeable>,
}

/// The name and version of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `mrready`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The judging options of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The clock of the run, RFC 3339.
    pub now: String,
    /// Where the operator is heading with the issuer.
    pub target_issuer: TargetIssuer,
    /// The gates asked for by `--gate`; empty: the done and next ones count.
    pub gates: Vec<Gate>,
    /// The role whose permissions were asked about, `--operator-arn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_arn: Option<String>,
    /// Monthly active users, `--mau`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_active_users: Option<u64>,
    /// Tag keys on which both Regions have to agree, `--required-tag`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_tags: Vec<String>,
    /// `fail`, `warn` or `never`.
    pub fail_on: String,
    /// Whether reductions that touch a blocker end in exit code 3.
    pub strict: bool,
    /// Digest of the rules that were judged, `sha256:…`.
    pub catalogue_digest: String,
    /// How many rules were judged.
    pub catalogue_rules: usize,
    /// Digests of the decisions files, `sha256:…`.
    pub waiver_digests: Vec<String>,
    /// Digest of the configuration file, `sha256:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_digest: Option<String>,
    /// The report that findings were held against, `--baseline`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// How long a decided status outlives an unknown in formats that open tickets, `--unknown-grace`, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_grace: Option<String>,
    /// Every option that made the run see or count less than its defaults.
    pub reductions: Vec<Reduction>,
}

/// The earlier report that findings were held against. It marks them and never changes a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Digest of the file, `sha256:…`.
    pub digest: String,
    /// The clock of its run, RFC 3339.
    pub now: String,
    /// The digest of the snapshot it judged, `sha256:…`.
    pub snapshot_digest: String,
}

/// An option that made the run see or count less.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Reduction {
    /// The option as given.
    pub option: String,
    /// What it changes.
    pub effect: String,
    /// Whether a blocker is concerned.
    pub touches_blocker: bool,
}

/// What was judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotSummary {
    /// Digest of the canonical entries, `sha256:…`.
    pub digest: String,
    /// The oldest answer, RFC 3339.
    pub evidence_from: Option<String>,
    /// The newest answer, RFC 3339.
    pub evidence_to: Option<String>,
    /// The accounts seen.
    pub accounts: Vec<String>,
    /// The Regions asked.
    pub regions: Vec<String>,
    /// What was searched for consumers: `service Region`.
    pub searched: Vec<String>,
    /// The caller's role, without its session.
    pub caller: Option<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// One sentence per thing a reader must know first.
    pub answer: Vec<String>,
    /// How many results of each verdict, not-applicable ones included.
    pub counts: BTreeMap<Verdict, usize>,
    /// The pools, sorted by account and id.
    pub pools: Vec<PoolSummary>,
    /// The exit code and every reason for it.
    pub exit: Exit,
}

/// One pool and its gates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PoolSummary {
    /// The pool's id.
    pub id: String,
    /// Its name, where known.
    pub name: Option<String>,
    /// Its ARN in the primary Region.
    pub arn: String,
    /// The account it lives in.
    pub account: String,
    /// The primary Region: the id's prefix.
    pub region: String,
    /// The replica Region, where given or derived.
    pub replica_region: Option<String>,
    /// Who owns it, where configured.
    pub owner: Option<String>,
    /// The wave of the migration it is planned for, where configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<String>,
    /// Where it is heading with the issuer, if the configuration says another target than the run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_issuer: Option<TargetIssuer>,
    /// The oldest answer about it, RFC 3339.
    pub evidence_from: Option<String>,
    /// Its gates.
    pub gates: BTreeMap<Gate, GateSummary>,
}

/// Where a pool stands before one gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateSummary {
    /// Done, next, later or not planned.
    pub position: Position,
    /// Blocked, undetermined or ready.
    pub status: Status,
    /// Whether it decides the exit code.
    pub counted: bool,
    /// Done and blocked: something that was in place is not any more.
    pub regression: bool,
    /// How many results of each verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// Unwaived blockers that are false, as `rule subject`.
    pub blocked_by: Vec<String>,
    /// Unwaived blockers that are unknown or manual, as `rule subject`.
    pub undetermined_by: Vec<String>,
}

/// How the process ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exit {
    /// The code.
    pub code: u8,
    /// Why.
    pub because: Vec<String>,
}

/// What a rule is, as far as a reader of the report needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleSummary {
    /// What the rule requires.
    pub title: String,
    /// A few words for it where several rules share a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// Its level in this run.
    pub level: Level,
    /// Who can tell.
    pub decided_by: DecidedBy,
    /// The gates it belongs to.
    pub gates: Vec<Gate>,
    /// The kind of thing it judges.
    pub subject: SubjectKind,
    /// Tags, such as the number in the catalogue of checks.
    pub tags: Vec<String>,
    /// Whether a decisions file may waive it.
    pub waivable: bool,
    /// Why it matters.
    pub why: String,
    /// Where it is written.
    pub references: Vec<Reference>,
    /// How many subjects it did not concern.
    pub not_applicable: usize,
}

/// A source of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// Where.
    pub url: String,
    /// The day on which it was read, `YYYY-MM-DD`.
    pub read: String,
    /// `API`, `DOC`, `STD`, `TP`, `INF` or `UNV`.
    pub grade: String,
}

/// What a rule judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// Stable id; for a pool its id.
    pub id: String,
    /// The name people gave it.
    pub name: Option<String>,
    /// Its ARN, where it has one.
    pub arn: Option<String>,
    /// Where it lives.
    pub region: Option<String>,
    /// The account it lives in; empty for a reference in a source tree that names no pool.
    pub account: String,
    /// The pool it concerns; `null` where a reference could not be resolved.
    pub pool_id: Option<String>,
}

/// One rule on one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable over runs: made of rule, subject and account only.
    pub fingerprint: String,
    /// The rule's id.
    pub rule: String,
    /// The result.
    pub verdict: Verdict,
    /// The rule's level in this run.
    pub level: Level,
    /// The rule's gates.
    pub gates: Vec<Gate>,
    /// What was judged.
    pub subject: Subject,
    /// Who owns the pool, where configured.
    pub owner: Option<String>,
    /// One sentence.
    pub message: String,
    /// What was seen and where; for an unknown what was missing.
    pub evidence: Vec<Evidence>,
    /// What to do; empty for a pass.
    pub remediation: Option<Remediation>,
    /// The decision that applies.
    pub waiver: Option<AppliedWaiver>,
    /// When a finding with this verdict was first seen, RFC 3339, with a baseline.
    pub first_seen: Option<String>,
    /// How it stands to the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineState>,
    /// The decided verdict that an unknown keeps in formats that open tickets (`--unknown-grace`). Gates and the exit code
    /// go by `verdict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

impl Finding {
    /// Whether a decision takes the finding out of the count. An attestation is an answer and leaves it in.
    pub fn is_waived(&self) -> bool {
        self.waiver.as_ref().is_some_and(|waiver| waiver.kind != "attest")
    }
}

/// How a finding stands to the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaselineState {
    /// The baseline had no such finding.
    New,
    /// It had, with the same verdict.
    Known,
    /// It had, with another verdict.
    Changed,
}

impl BaselineState {
    /// The spelling in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Changed => "changed",
        }
    }
}

/// The verdict before an unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// What was decided last.
    pub verdict: Verdict,
    /// When, RFC 3339.
    pub decided_at: String,
}

/// What the baseline had and this run no longer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolved {
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The rule's id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// The rule's level in the baseline.
    pub level: Level,
    /// The verdict in the baseline.
    pub was: Verdict,
    /// The verdict now; `null` if what was judged is not there any more.
    pub now: Option<Verdict>,
    /// What was judged.
    pub subject: Subject,
    /// Who owns the pool.
    pub owner: Option<String>,
    /// When it was first seen, RFC 3339.
    pub first_seen: Option<String>,
    /// One sentence: what became of it.
    pub detail: String,
}

/// What the baseline had and this run could not look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unseen {
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The rule's id.
    pub rule: String,
    /// The rule's level when it was judged last.
    pub level: Level,
    /// The verdict that it had then.
    pub verdict: Verdict,
    /// What was judged.
    pub subject: Subject,
    /// Who owns the pool.
    pub owner: Option<String>,
    /// When it was first seen with this verdict, RFC 3339.
    pub first_seen: String,
    /// When it was judged last, RFC 3339.
    pub judged_at: String,
}

/// One field that a check looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The field.
    pub field: String,
    /// Where it was read.
    pub sources: Vec<Source>,
    /// What was seen; `null` where it is unknown or absent.
    pub actual: Option<String>,
    /// What the rule wants.
    pub expected: Option<String>,
    /// Whether AWS answered and left it out.
    pub absent: bool,
    /// Why it is not known.
    pub cause: Option<Cause>,
    /// The cause in words.
    pub cause_text: Option<String>,
    /// The IAM actions that would make it known.
    pub missing_actions: Vec<String>,
    /// How the value follows from what AWS answered, step by step: of a policy, a line a statement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derivation: Vec<String>,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remediation {
    /// Ids of steps, see `rules/steps`.
    pub steps: Vec<String>,
    /// One line.
    pub summary: String,
    /// When, seen from the step the gate guards.
    pub when: Resolve,
}

/// The decision that applies to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppliedWaiver {
    /// `waive`, `accept_unknown`, `cutover` or `attest`.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when, `YYYY-MM-DD` or RFC 3339.
    pub expires: String,
    /// The ticket, where given.
    pub ticket: Option<String>,
    /// Who approved it, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// For a cutover: the window in which the verifier changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// For an attestation: who said so.
    pub by: Option<String>,
    /// For an attestation: when.
    pub on: Option<String>,
    /// For an attestation: on what ground.
    pub evidence: Option<String>,
}

/// When a verifier that can only change at the switch changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// Its first moment, RFC 3339.
    pub from: String,
    /// Its last, RFC 3339.
    pub until: String,
}

/// An entry of a decisions file and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct WaiverState {
    /// The name of the file, without its folder, and the line.
    pub place: String,
    /// Its kind.
    pub kind: String,
    /// Its rule.
    pub rule: String,
    /// Its subject pattern.
    pub subject: String,
    /// Who answers for it.
    #[serde(default)]
    pub owner: String,
    /// Until when, as written.
    #[serde(default)]
    pub expires: String,
    /// `applied`, `unused`, `expired`, `outdated` or `refused`.
    pub state: String,
    /// Why, in words.
    pub detail: String,
}

/// What could be seen, and what could not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Calls made.
    pub asked: usize,
    /// Calls answered.
    pub answered: usize,
    /// Calls refused.
    pub denied: usize,
    /// Calls throttled to the last attempt.
    pub throttled: usize,
    /// Calls that failed otherwise.
    pub failed: usize,
    /// Every call that was not answered.
    pub problems: Vec<CallProblem>,
    /// What was not asked, and why.
    pub not_asked: Vec<NotAsked>,
    /// Per missing IAM action, the unknown findings it would resolve, by fingerprint.
    pub missing_actions: BTreeMap<String, Vec<String>>,
    /// The same in numbers, the action that helps most first: by blockers, then by findings, then by name.
    #[serde(default)]
    pub permissions: Vec<MissingPermission>,
    /// What came of each account, sorted.
    #[serde(default)]
    pub accounts: Vec<AccountCoverage>,
}

/// What came of the questions to one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct AccountCoverage {
    /// The account's twelve digits.
    pub account: String,
    /// `complete`: every call was answered; `partial`: some was denied, throttled or failed; `not_entered`: nobody could look.
    pub outcome: String,
    /// Its pools that were judged.
    pub pools: usize,
    /// Calls made.
    pub asked: usize,
    /// Calls answered.
    pub answered: usize,
    /// Why it could not be entered, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Digest of what the snapshot has of it, `sha256:…`.
    pub digest: String,
}

/// An IAM action that was missing, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct MissingPermission {
    /// The action.
    pub action: String,
    /// The findings that are not decided for want of it.
    pub findings: usize,
    /// Those of them that are blockers.
    pub blockers: usize,
    /// Those of them that want nothing else: this action alone decides them.
    pub alone: usize,
}

/// A call that was not answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CallProblem {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// `service:Operation`.
    pub call: String,
    /// How many such calls.
    pub times: usize,
    /// The cause.
    pub cause: Cause,
}

/// A call that was not made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NotAsked {
    /// The account; empty for a source tree.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// `service:Operation`, or what was not searched.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// The JSON Schema of a report.
pub fn report_schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
