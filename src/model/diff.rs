//! What changed between two reports or two snapshots: the shape of `diff --format json`.
//!
//! Three parts that are never mixed: what changed in the account, what changed in what could be seen of it, and what
//! changed in how it is judged. What puts a change into a part is said in the module `diff`, which computes this.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Exit, NotAsked, Reduction, Tool};
use super::verdict::words;
use super::{Gate, Level, Position, Status, Subject, Verdict};

/// The version of the shape.
pub const DIFF_SCHEMA_VERSION: u32 = 1;

words! {
    /// What was compared.
    Documents {
        /// Two JSON reports of `audit`.
        Reports = "reports",
        /// Two snapshots. They hold no verdicts: of them only lost evidence is worse.
        Snapshots = "snapshots",
    }
}

words! {
    /// Which way a change goes.
    Trend {
        /// It makes the exit code 1.
        Worse = "worse",
        /// Something that was open is not any more.
        Better = "better",
        /// Neither.
        Neutral = "neutral",
    }
}

words! {
    /// The parts of a comparison.
    Part {
        /// What AWS says of the account is otherwise.
        Account = "account",
        /// What could be seen of it is otherwise, or time has passed.
        Evidence = "evidence",
        /// How it is judged is otherwise.
        Rules = "rules",
    }
}

words! {
    /// What changed a finding. A later version may add words.
    Because {
        /// Account: a value that AWS gave is otherwise.
        Value = "value",
        /// Account: what was judged came or went.
        Subject = "subject",
        /// Evidence: what decided it cannot be seen any more.
        EvidenceLost = "evidence_lost",
        /// Evidence: what decides it can be seen now.
        EvidenceFound = "evidence_found",
        /// Evidence: it still cannot be seen, for another reason.
        OtherCause = "other_cause",
        /// Evidence: the same answers at a later, or earlier, clock.
        Clock = "clock",
        /// Rules: the rule is only in one of the two, or asks for something else.
        Rule = "rule",
        /// Rules: the rule weighs more or less.
        Level = "level",
        /// Rules: a decision or a person's answer came, went or expired.
        Decision = "decision",
        /// Rules: an option of the run, or a table of the tool.
        Option = "option",
    }
}

impl Because {
    /// The part in which such a change stands.
    pub fn part(self) -> Part {
        match self {
            Self::Value | Self::Subject => Part::Account,
            Self::EvidenceLost | Self::EvidenceFound | Self::OtherCause | Self::Clock => Part::Evidence,
            Self::Rule | Self::Level | Self::Decision | Self::Option => Part::Rules,
        }
    }
}

words! {
    /// Whether something came or went.
    Presence {
        /// Only the newer document has it.
        New = "new",
        /// Only the older document has it.
        Gone = "gone",
    }
}

/// What changed from one document to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("$id" = "urn:mrready:schema:diff:1"))]
pub struct Diff {
    /// Version of this shape; grows when a field changes its meaning.
    pub schema_version: u32,
    /// The tool that wrote it.
    pub tool: Tool,
    /// What was compared.
    pub documents: Documents,
    /// The older side: the one that was given first.
    pub old: Side,
    /// The newer side.
    pub new: Side,
    /// What a reader must know first.
    pub summary: DiffSummary,
    /// Gates that moved; of reports only. They follow from what the three parts say.
    pub gates: Vec<GateMove>,
    /// What changed in the account.
    pub account: AccountChanges,
    /// What changed in what could be seen.
    pub evidence: EvidenceChanges,
    /// What changed in how it is judged; `null` for snapshots, which are not judged.
    pub rules: Option<RuleChanges>,
}

/// One of the two documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// Digest of the snapshot, of a report that of the one it judged; `sha256:…`.
    pub snapshot_digest: String,
    /// The version of the tool that wrote it.
    pub tool_version: String,
    /// The oldest answer, RFC 3339.
    pub evidence_from: Option<String>,
    /// The newest answer, RFC 3339.
    pub evidence_to: Option<String>,
    /// The clock of the run, RFC 3339; `null` for a snapshot.
    pub now: Option<String>,
    /// How many pools are in scope.
    pub pools: usize,
}

/// What a reader must know first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffSummary {
    /// One sentence a pool, and one for what concerns no pool.
    pub answer: Vec<String>,
    /// How many changes there are of each trend.
    pub trends: BTreeMap<Trend, usize>,
    /// The exit code and every reason for it.
    pub exit: Exit,
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct PoolRef {
    /// The account it lives in.
    pub account: String,
    /// Its id.
    pub id: String,
    /// Its name, where known.
    pub name: Option<String>,
}

/// Where a pool stood before a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateState {
    /// Done, next, later or not planned.
    pub position: Position,
    /// Blocked, undetermined or ready.
    pub status: Status,
}

/// A gate that moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateMove {
    /// The pool.
    pub pool: PoolRef,
    /// The gate.
    pub gate: Gate,
    /// Where it stood.
    pub old: GateState,
    /// Where it stands.
    pub new: GateState,
    /// Worse if it was ready and is not, or was done and is not.
    pub trend: Trend,
    /// In which parts stands what moved it.
    pub because: Vec<Part>,
}

/// What changed in the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountChanges {
    /// Pools that only one of the two has in scope.
    pub pools: Vec<PoolChange>,
    /// Things beside a pool that came or went.
    pub subjects: Vec<SubjectChange>,
    /// Fields with another value.
    pub fields: Vec<FieldChange>,
    /// Findings that changed because of it; of reports only.
    pub findings: Vec<FindingChange>,
    /// Members of answers with another value that no changed field stands for; of snapshots only.
    pub members: Vec<MemberChange>,
    /// Resources of which AWS was asked on one side only, because another answer that changed names them; of snapshots only.
    pub asked: Vec<AskedChange>,
    /// Issuer references that came, went or changed; of snapshots only.
    pub references: Vec<ReferenceChange>,
}

/// What changed in what could be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceChanges {
    /// Whether the newer side's newest answer is older than the older side's: the two may have been given in the wrong order.
    pub older: bool,
    /// Calls with another outcome.
    pub calls: Vec<CallChange>,
    /// IAM actions that are missing now.
    pub missing_actions: Vec<String>,
    /// IAM actions that were missing and are not any more.
    pub granted_actions: Vec<String>,
    /// What is searched now: `service Region`, `tree name`.
    pub searched: Vec<String>,
    /// What was searched and is not any more.
    pub not_searched: Vec<String>,
    /// What is not asked any more on purpose.
    pub not_asked: Vec<NotAsked>,
    /// What was left unasked on purpose and is not any more.
    pub asked: Vec<NotAsked>,
    /// Source trees that were searched at another commit, or less wholly; of snapshots only.
    pub trees: Vec<TreeChange>,
    /// Things beside a pool that are seen, or not seen any more, because other places were searched.
    pub subjects: Vec<SubjectChange>,
    /// Fields that became known or unknown.
    pub fields: Vec<FieldChange>,
    /// Findings that changed because of it; of reports only.
    pub findings: Vec<FindingChange>,
}

/// What changed in how it is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleChanges {
    /// The version of the tool, if it is another.
    pub tool: Option<TextChange>,
    /// The digest of the rules, if it is another.
    pub catalogue: Option<TextChange>,
    /// Rules that are judged now.
    pub added: Vec<RuleRef>,
    /// Rules that are not judged any more.
    pub removed: Vec<RuleRef>,
    /// Rules that say or weigh something else.
    pub changed: Vec<RuleChange>,
    /// Judging options with another value.
    pub options: Vec<OptionChange>,
    /// Reductions that are new. One that touches a blocker is worse.
    pub reductions: Vec<Reduction>,
    /// Reductions that are gone.
    pub reductions_gone: Vec<Reduction>,
    /// Entries of the decisions files that came, went or count otherwise.
    pub decisions: Vec<DecisionChange>,
    /// Findings that changed because of it.
    pub findings: Vec<FindingChange>,
}

/// A pool that came into scope or left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PoolChange {
    /// The pool.
    pub pool: PoolRef,
    /// Whether it came or went.
    pub presence: Presence,
    /// Of reports: how many of its results have each verdict, on the side that has the pool.
    pub counts: BTreeMap<Verdict, usize>,
    /// Gone is worse: whether it was deleted or only not looked at, nobody can tell. New is worse if something is open.
    pub trend: Trend,
}

/// A thing beside a pool that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubjectChange {
    /// What it is.
    pub subject: Subject,
    /// Whether it came or went.
    pub presence: Presence,
    /// Worse if it is lost from sight.
    pub trend: Trend,
}

/// What was known of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// Its value in words; `null` where it is absent or unknown.
    pub value: Option<String>,
    /// Whether AWS answered and left it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// Why it is not known, or why there may be more of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// A field with another value, or one that became known or unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldChange {
    /// The pool, or the thing beside it.
    pub subject: Subject,
    /// The field.
    pub field: String,
    /// What was known.
    pub old: Seen,
    /// What is known.
    pub new: Seen,
    /// Of a list: the items that came; of snapshots only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// Of a list: the items that went; of snapshots only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// Of snapshots worse if it became unknown; of reports the findings say it.
    pub trend: Trend,
}

/// What a rule said of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingState {
    /// The verdict.
    pub verdict: Verdict,
    /// The level of the rule in that run.
    pub level: Level,
    /// The kind of decision that applied.
    pub decision: Option<String>,
    /// The sentence.
    pub message: String,
    /// For an unknown: the causes in words, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
}

/// A field that a finding rests on, with another value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ValueChange {
    /// The field.
    pub field: String,
    /// What was seen.
    pub old: Seen,
    /// What is seen.
    pub new: Seen,
}

/// A finding with another verdict, or with the same one counted otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingChange {
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The rule's id.
    pub rule: String,
    /// The rule's title, the newer one.
    pub title: String,
    /// The rule's gates, the newer ones.
    pub gates: Vec<Gate>,
    /// What was judged.
    pub subject: Subject,
    /// What the rule said; `null` if there was no such finding, or the rule did not concern the subject.
    pub old: Option<FindingState>,
    /// What it says; `null` if there is no such finding any more, or the rule does not concern the subject.
    pub new: Option<FindingState>,
    /// What changed it.
    pub because: Because,
    /// The fields that it rests on and that have another value.
    pub values: Vec<ValueChange>,
    /// Which way it goes.
    pub trend: Trend,
}

/// A member of an answer with another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberChange {
    /// The account asked.
    pub account: String,
    /// The Region asked.
    pub region: String,
    /// `service:Operation`.
    pub call: String,
    /// The parameters of the question.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// The pool that the parameters name.
    pub pool_id: Option<String>,
    /// JSON pointer into the answer, of a list over all its pages; of the newer answer, of what is gone into the older one.
    pub pointer: String,
    /// For a member of an item in a list: what names the item, from the outside in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// The old value as JSON text; `null` if it was not there.
    pub old: Option<String>,
    /// The new value as JSON text; `null` if it is not there any more.
    pub new: Option<String>,
}

/// A resource of which AWS was asked on one side only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AskedChange {
    /// The account asked.
    pub account: String,
    /// The Region asked.
    pub region: String,
    /// `service:Operation`.
    pub call: String,
    /// The parameters of the question.
    pub parameters: BTreeMap<String, String>,
    /// The pool that the parameters name.
    pub pool_id: Option<String>,
    /// On which side.
    pub presence: Presence,
}

/// An issuer reference that came, went or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReferenceChange {
    /// The account; empty for a source tree.
    pub account: String,
    /// The Region; empty for a source tree.
    pub region: String,
    /// What holds it: the stack, the function, the tree.
    pub container: String,
    /// Where in it, without the line.
    pub place: String,
    /// The class.
    pub class: String,
    /// The pool it names, where that is known.
    pub pool_id: Option<String>,
    /// The matched span.
    pub text: String,
    /// Whether it came or went; `null` if it changed.
    pub presence: Option<Presence>,
    /// What changed of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<OptionChange>,
}

/// A call with another outcome.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CallChange {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// `service:Operation`.
    pub call: String,
    /// What came of it: `answered`, `denied`, `throttled`, `not_found`, `not_offered`, `failed`, `not_asked`; of a report
    /// `no_problem` if it was answered or not asked, which a report does not tell apart.
    pub old: String,
    /// What comes of it now.
    pub new: String,
    /// How many such calls; of reports on the side that has more of them.
    pub times: usize,
    /// The IAM actions that are, or were, missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_actions: Vec<String>,
    /// The pools that the parameters name; of snapshots only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pool_ids: Vec<String>,
    /// Of snapshots worse if an answer was lost; of reports the findings say it.
    pub trend: Trend,
}

/// A source tree that was searched otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TreeChange {
    /// What the tree is called.
    pub root: String,
    /// The commits, if they differ.
    pub commit: Option<TextChange>,
    /// Files that are not read any more, or not whole.
    pub skipped: Vec<String>,
    /// Files that were not read and are now.
    pub read: Vec<String>,
    /// Worse if files are skipped that were not.
    pub trend: Trend,
}

/// A text and what it became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextChange {
    /// Before.
    pub old: String,
    /// Now.
    pub new: String,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleRef {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its level in that run.
    pub level: Level,
}

/// A rule that says or weighs something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleChange {
    /// Its id.
    pub id: String,
    /// The newer title.
    pub title: String,
    /// What of it: `title`, `short`, `level`, `decided_by`, `gates`, `subject`, `tags`, `waivable`, `why`, `references`.
    pub members: Vec<OptionChange>,
}

/// A named value and what it became.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct OptionChange {
    /// The name.
    pub name: String,
    /// Before; `null` if it was not given.
    pub old: Option<String>,
    /// Now; `null` if it is not given.
    pub new: Option<String>,
}

/// An entry of a decisions file that came, went or counts otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionChange {
    /// Its kind.
    pub kind: String,
    /// Its rule.
    pub rule: String,
    /// Its subject pattern.
    pub subject: String,
    /// What became of it: `applied`, `unused`, `expired`, `outdated`, `refused`; `null` if it was not there.
    pub old: Option<DecisionState>,
    /// What becomes of it now.
    pub new: Option<DecisionState>,
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionState {
    /// `applied`, `unused`, `expired`, `outdated` or `refused`.
    pub state: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when, as written.
    pub expires: String,
    /// Why, in words.
    pub detail: String,
}

/// The JSON Schema of a comparison.
pub fn diff_schema() -> serde_json::Value {
    schemars::schema_for!(Diff).to_value()
}
