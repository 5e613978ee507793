//! Why something is not known. Every UNKNOWN carries one of these to every format.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The reason why a field, and with it a check, could not be decided. A later version may add words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// AWS refused the call.
    Denied {
        /// `service:Operation`.
        call: String,
        /// Where it was asked.
        region: String,
        /// The IAM actions that are missing.
        actions: Vec<String>,
        /// What kind of policy refused, in AWS's words, where it said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// AWS asked us to slow down to the last attempt.
    Throttled {
        /// `service:Operation`.
        call: String,
        /// Where it was asked.
        region: String,
    },
    /// No usable answer: a server error, a timeout, a broken connection, an answer that cannot be read.
    Failed {
        /// `service:Operation`.
        call: String,
        /// Where it was asked.
        region: String,
        /// AWS's error code, or `Timeout`, `Connection`, `Unparsable`.
        code: String,
    },
    /// AWS does not find what another answer says is there.
    NotFound {
        /// `service:Operation`.
        call: String,
        /// Where it was asked.
        region: String,
    },
    /// The operation is not offered for this resource or in this Region.
    NotOffered {
        /// `service:Operation`.
        call: String,
        /// Where it was asked.
        region: String,
        /// AWS's error code.
        code: String,
    },
    /// The call was not made.
    NotCollected {
        /// `service:Operation`.
        call: String,
        /// What to do to collect it.
        hint: String,
    },
    /// The call needs an input that is itself not known.
    Prerequisite {
        /// `service:Operation` that could not be asked.
        call: String,
        /// Why its input is not known.
        because: Box<Cause>,
    },
    /// A place that was not searched.
    NotSearched {
        /// The place.
        what: String,
    },
    /// The snapshot does not keep this member.
    NotAdmitted {
        /// `service:Operation /pointer`.
        member: String,
    },
    /// A policy depends on something no API shows.
    Undecided {
        /// Condition keys, or a phrase.
        keys: Vec<String>,
    },
    /// AWS answered with a word this version does not know.
    Unrecognised {
        /// The word.
        value: String,
    },
    /// AWS left out a member whose absence has no documented meaning.
    NoMeaning {
        /// `service:Operation /pointer`.
        member: String,
    },
    /// An answer that contradicts another.
    Contradiction {
        /// What contradicts what.
        what: String,
    },
    /// No replica Region was given and none can be derived.
    NoTargetRegion,
    /// The evidence is older than `--max-snapshot-age` allows.
    Stale {
        /// `service:Operation`.
        call: String,
        /// When it was asked, RFC 3339.
        time: String,
    },
    /// Given as unknown by a rule's own test.
    Given {
        /// What the test says.
        what: String,
    },
}

impl Cause {
    /// The word for this kind of cause, as in the report.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Denied { .. } => "denied",
            Self::Throttled { .. } => "throttled",
            Self::Failed { .. } => "failed",
            Self::NotFound { .. } => "not_found",
            Self::NotOffered { .. } => "not_offered",
            Self::NotCollected { .. } => "not_collected",
            Self::Prerequisite { .. } => "prerequisite",
            Self::NotSearched { .. } => "not_searched",
            Self::NotAdmitted { .. } => "not_admitted",
            Self::Undecided { .. } => "undecided",
            Self::Unrecognised { .. } => "unrecognised",
            Self::NoMeaning { .. } => "no_meaning",
            Self::Contradiction { .. } => "contradiction",
            Self::NoTargetRegion => "no_target_region",
            Self::Stale { .. } => "stale",
            Self::Given { .. } => "given",
        }
    }

    /// The cause at the bottom of a chain of prerequisites.
    pub fn root(&self) -> &Self {
        let mut cause = self;
        while let Self::Prerequisite { because, .. } = cause {
            cause = because;
        }
        cause
    }

    /// The IAM actions whose grant would remove this cause; empty if it is not a refusal.
    pub fn missing_actions(&self) -> &[String] {
        if let Self::Denied { actions, .. } = self.root() { actions } else { &[] }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Denied { call, region, actions, detail } => {
                write!(f, "{call} was denied in {region}; missing permission: {}", actions.join(", "))?;
                detail.iter().try_for_each(|detail| write!(f, " ({detail})"))
            }
            Self::Throttled { call, region } => write!(f, "{call} was throttled in {region} to the last attempt"),
            Self::Failed { call, region, code } => write!(f, "{call} failed in {region} ({code})"),
            Self::NotFound { call, region } => {
                write!(f, "{call} in {region} does not find what another answer says is there")
            }
            Self::NotOffered { call, region, code } => write!(f, "{call} is not offered in {region} ({code})"),
            Self::NotCollected { call, hint } => write!(f, "{call} was not collected: {hint}"),
            Self::Prerequisite { call, because } => write!(f, "{call} could not be asked, because {because}"),
            Self::NotSearched { what } => write!(f, "{what} was not searched"),
            Self::NotAdmitted { member } => write!(f, "{member} is not kept in snapshots"),
            Self::Undecided { keys } => write!(f, "no API shows what decides it: {}", keys.join(", ")),
            Self::Unrecognised { value } => write!(f, "AWS answered `{value}`, which this version does not know"),
            Self::NoMeaning { member } => write!(f, "AWS left out {member}, and what that means is not documented"),
            Self::NoTargetRegion => write!(f, "target Region not given: say which with --replica-region"),
            Self::Stale { call, time } => write!(f, "the answer of {call} is from {time}, too old"),
            Self::Contradiction { what } | Self::Given { what } => write!(f, "{what}"),
        }
    }
}
