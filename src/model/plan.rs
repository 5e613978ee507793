//! The plan: what has to be done so that a pool may move, in order, complete enough that every surface is written from it alone.
//!
//! This is also the shape of `plan --format json` and of the file that `plan verify` reads for weeks: a member that has
//! been released keeps its name and meaning. How a plan is made is not said here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{GateSummary, Reduction, Reference, Subject, Tool};
use super::verdict::words;
use super::{Gate, Level, Severity, TargetIssuer, Verdict};

/// The version of the plan's shape.
pub const PLAN_SCHEMA_VERSION: u32 = 1;

words! {
    /// Where a plan leads.
    Direction {
        /// From not ready to failed over.
        Forward = "forward",
        /// Back to one Region.
        Reverse = "reverse",
        /// Traffic back to the primary Region after an outage; the replica stays.
        FailBack = "fail_back",
    }
}

words! {
    /// What a step belongs to, in the usual order of the work. The order of steps follows from what they need.
    Phase {
        /// Looking, recording, permissions.
        Prepare = "prepare",
        /// What takes days or weeks because somebody else has to act: begun first.
        Arrange = "arrange",
        /// The feature plan.
        FeaturePlan = "feature_plan",
        /// The multi-Region key.
        Key = "key",
        /// What accepts tokens.
        Verifiers = "verifiers",
        /// The switch of the issuer.
        Issuer = "issuer",
        /// What the replica will need in its Region.
        Region = "region",
        /// The replica itself.
        Replicate = "replicate",
        /// The replica's own settings.
        Configure = "configure",
        /// From here on the replica serves users.
        Activate = "activate",
        /// Health check, routing, drill.
        Failover = "failover",
        /// Living with it.
        Operate = "operate",
    }
}

words! {
    /// Who has to act.
    Who {
        /// Whoever runs the migration, with rights on Cognito, KMS and Route 53.
        Operator = "operator",
        /// Those who own code or resources that accept tokens.
        Application = "application",
        /// Those who own keys, policies and web ACLs.
        Security = "security",
        /// Somebody outside: a partner, a customer, an identity provider.
        Partner = "partner",
        /// AWS, through a support case or a quota request.
        Aws = "aws",
        /// Whoever may decide about money, law and risk.
        Management = "management",
    }
}

words! {
    /// What can go wrong.
    Risk {
        /// Nobody would notice.
        Low = "low",
        /// Something may fail for some users.
        Medium = "medium",
        /// Users are locked out if it goes wrong.
        High = "high",
    }
}

words! {
    /// Whether a step has to be done.
    Certainty {
        /// The evidence says so.
        Needed = "needed",
        /// The evidence does not decide: the step looks first.
        Perhaps = "perhaps",
    }
}

words! {
    /// How a step stands against a snapshot.
    Progress {
        /// The evidence shows it.
        Done = "done",
        /// Everything it needs is done.
        Next = "next",
        /// Something it needs is not done.
        Waiting = "waiting",
        /// It was done once and is not any more.
        Undone = "undone",
        /// The evidence cannot tell.
        Unclear = "unclear",
        /// Only a person can say, and has not.
        Person = "person",
    }
}

/// The plans of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("$id" = "urn:mrready:schema:plan:1"))]
pub struct Plan {
    /// Version of this shape; grows when a member changes its meaning.
    pub schema_version: u32,
    /// The tool that wrote it.
    pub tool: Tool,
    /// The clock of the run, RFC 3339.
    pub now: String,
    /// Where it leads.
    pub direction: Direction,
    /// Where the operator is heading with the issuer.
    pub target_issuer: TargetIssuer,
    /// Digest of the evidence, `sha256:…`.
    pub snapshot_digest: String,
    /// The oldest answer, RFC 3339.
    pub evidence_from: Option<String>,
    /// The newest answer, RFC 3339.
    pub evidence_to: Option<String>,
    /// Digest of the rules and steps, `sha256:…`.
    pub catalogue_digest: String,
    /// Every option that made the run see or count less than its defaults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reductions: Vec<Reduction>,
    /// In which order the pools should go, and why.
    pub waves: Vec<Wave>,
    /// A plan per pool, sorted by account and id.
    pub pools: Vec<PoolPlan>,
}

/// Pools that should be moved together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wave {
    /// From 1.
    pub number: usize,
    /// `account/pool id`, sorted.
    pub pools: Vec<String>,
    /// What they share, in words; empty for a pool alone.
    pub shared: Vec<String>,
    /// Why it stands here.
    pub reason: String,
}

/// The plan of one pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PoolPlan {
    /// The pool.
    pub pool: Subject,
    /// The primary Region: the id's prefix.
    pub region: String,
    /// The replica Region, where given or derived.
    pub replica_region: Option<String>,
    /// Who owns it, where configured.
    pub owner: Option<String>,
    /// The wave of the migration it is planned for, where configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<String>,
    /// Where it is heading with the issuer, if the configuration says another target than the plan's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_issuer: Option<TargetIssuer>,
    /// The oldest answer about it, RFC 3339.
    pub evidence_from: Option<String>,
    /// Its gates as they are.
    pub gates: BTreeMap<Gate, GateSummary>,
    /// Its gates as they will be if every step has the effect it declares.
    pub expected: BTreeMap<Gate, GateSummary>,
    /// How long tokens of the old issuer live after the switch.
    pub overlap: Option<Overlap>,
    /// Values for the steps, by the name of the shell variable.
    pub values: BTreeMap<String, String>,
    /// What is to be done, in order.
    pub steps: Vec<PlannedStep>,
    /// What is done already, by step, and how that is known.
    pub done: Vec<DoneStep>,
    /// What no step can mend, and why.
    pub cannot_fix: Vec<CannotFix>,
    /// What has to change where tokens are verified, sorted by owner and place.
    pub verifiers: Vec<VerifierChange>,
}

/// How long tokens of the old issuer go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Overlap {
    /// Minutes from the switch until the last token of the old issuer has expired and every cache forgot it; `None`: unknown.
    pub minutes: Option<u32>,
    /// What it is made of, in words.
    pub made_of: Vec<String>,
}

/// A step of one pool's plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedStep {
    /// Unique in the pool's plan: the step's id, with `:` and a number where it is done for several things.
    pub id: String,
    /// The step's id, as in the catalogue.
    pub step: String,
    /// Its place in the order, from 1.
    pub number: usize,
    /// What is done, one line.
    pub title: String,
    /// Why and how, a few sentences.
    pub summary: String,
    /// What it belongs to.
    pub phase: Phase,
    /// Who has to act.
    pub who: Who,
    /// What it is done to; `None`: the pool.
    pub subject: Option<Subject>,
    /// Ids of steps of this plan that have to be done before.
    pub needs: Vec<String>,
    /// The gates that wait for it.
    pub gates: Vec<Gate>,
    /// The findings that ask for it.
    pub because: Vec<Because>,
    /// Whether it has to be done.
    pub certainty: Certainty,
    /// What can go wrong.
    pub risk: Risk,
    /// What users notice.
    pub impact: String,
    /// Why there is no way back from here; `None`: there is one.
    pub point_of_no_return: Option<String>,
    /// Minutes it usually takes.
    pub minutes: u32,
    /// Days until others have acted; 0: none.
    pub lead_days: u32,
    /// When to stop.
    pub abort_if: Vec<String>,
    /// What shows that it worked.
    pub verify: String,
    /// The way back.
    pub roll_back: String,
    /// What a person does by hand, where no command does it.
    pub manual: Option<String>,
    /// Shell text.
    pub sh: Option<Script>,
    /// A CloudFormation template for new resources, YAML.
    pub cloudformation: Option<Snippet>,
    /// Terraform for new resources, HCL.
    pub terraform: Option<Snippet>,
    /// Values of this step alone, by the name of the shell variable.
    pub values: BTreeMap<String, String>,
    /// Values that only a person has, by the name of the shell variable, and what they are.
    pub inputs: BTreeMap<String, String>,
    /// Where it is written.
    pub references: Vec<Reference>,
    /// When a verification first saw it done, RFC 3339; carried in the file from week to week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<String>,
    /// When a person said that it is done, RFC 3339. That counts for what needs it, until evidence has shown the step; from
    /// then on evidence alone counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<String>,
}

/// The shell text of a step. Values come in as variables; no text from an account stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Script {
    /// Fails if the step must not run now.
    pub require: Option<String>,
    /// Does it.
    pub run: String,
    /// Fails if it did not work.
    pub check: Option<String>,
    /// Takes it back.
    pub undo: Option<String>,
}

/// A piece of infrastructure as code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snippet {
    /// The Region it is deployed to.
    pub region: String,
    /// The text, with values filled in.
    pub text: String,
}

/// Why a step is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Because {
    /// The finding's rule; empty for a step of the sequence itself.
    pub rule: String,
    /// The finding's fingerprint; empty for a step of the sequence itself.
    pub fingerprint: String,
    /// The finding's verdict now; `None` where it arises only once an earlier step is done.
    pub verdict: Option<Verdict>,
    /// The rule's level.
    pub level: Option<Level>,
    /// One sentence.
    pub message: String,
}

/// A step that needs not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoneStep {
    /// The step's id, as in the catalogue.
    pub step: String,
    /// What it does.
    pub title: String,
    /// How that is known.
    pub because: String,
}

/// A finding that no step mends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CannotFix {
    /// The rule.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The gates that stay closed.
    pub gates: Vec<Gate>,
    /// What is found.
    pub message: String,
    /// Why nothing here helps, and what would.
    pub reason: String,
}

/// What has to change in one place that verifies tokens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct VerifierChange {
    /// Who owns the place, where known.
    pub owner: Option<String>,
    /// The kind of reference or resource.
    pub kind: String,
    /// Where: file, line and column, or the resource.
    pub place: String,
    /// How bad.
    pub severity: Severity,
    /// What is there, shortened.
    pub seen: String,
    /// What to change before the switch.
    pub before: String,
    /// What to change after the last old token has expired.
    pub after: String,
}

/// How far a plan has come, against a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("$id" = "urn:mrready:schema:verification:1"))]
pub struct Verification {
    /// Version of this shape; grows when a member changes its meaning.
    pub schema_version: u32,
    /// The clock of the run, RFC 3339.
    pub now: String,
    /// Digest of the evidence, `sha256:…`.
    pub snapshot_digest: String,
    /// Where the plan leads.
    pub direction: Direction,
    /// What a reader has to know beside it, such as that the rules are others than those of the plan.
    pub notes: Vec<String>,
    /// Per pool how each step stands.
    pub pools: Vec<PoolProgress>,
    /// The exit code and every reason for it.
    pub exit: super::report::Exit,
}

/// How far one pool has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PoolProgress {
    /// The pool.
    pub pool: Subject,
    /// The oldest answer used about it, by Region: RFC 3339.
    pub evidence_from: BTreeMap<String, String>,
    /// The step to go on with: its id.
    pub next: Option<String>,
    /// Its steps in the plan's order; before them what was done when the plan was made and is not any more.
    pub steps: Vec<StepProgress>,
    /// What no step mends and still stops a gate: ids of rules.
    pub unmended: Vec<String>,
    /// What the snapshot asks for that the plan does not have: ids of steps.
    pub new_steps: Vec<String>,
}

/// How one step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepProgress {
    /// Its id in the plan.
    pub id: String,
    /// Its place in the plan, from 1; 0: it was done when the plan was made.
    pub number: usize,
    /// What it does.
    pub title: String,
    /// How it stands.
    pub progress: Progress,
    /// Why.
    pub because: String,
    /// Whether a person's word is all there is for it although evidence could show it.
    pub on_word: bool,
    /// When a verification first saw it done, RFC 3339.
    pub done_at: Option<String>,
}

/// The JSON Schema of what a verification says.
pub fn verification_schema() -> serde_json::Value {
    schemars::schema_for!(Verification).to_value()
}

/// The JSON Schema of a plan.
pub fn plan_schema() -> serde_json::Value {
    schemars::schema_for!(Plan).to_value()
}
