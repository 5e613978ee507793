//! The words of judgement: levels, verdicts, gates. Their JSON spelling is the contract's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares a word list: an enum, its spelling, its parser.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The spelling in JSON, YAML and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The word with this spelling.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|each| each.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(super) use words;

words! {
    /// How much a rule weighs.
    Level {
        /// Stops its gates.
        Blocker = "blocker",
        /// Is shown and does not stop a gate.
        Advisory = "advisory",
        /// States a fact.
        Info = "info",
    }
}

words! {
    /// Who can tell.
    DecidedBy {
        /// The evidence.
        Evidence = "evidence",
        /// A person: no API shows it.
        Person = "person",
    }
}

words! {
    /// The result of one rule on one subject, derived from level and truth.
    Verdict {
        /// The check holds.
        Pass = "pass",
        /// A blocker does not hold.
        Fail = "fail",
        /// An advisory does not hold.
        Warn = "warn",
        /// A fact worth knowing.
        Info = "info",
        /// The evidence does not decide; the cause says why.
        Unknown = "unknown",
        /// A person has to answer.
        Manual = "manual",
        /// The rule does not concern this subject.
        NotApplicable = "not_applicable",
    }
}

words! {
    /// A question of the migration.
    Gate {
        /// May this pool's issuer be switched now without breaking a verifier?
        Issuer = "issuer",
        /// May the replica be created now?
        Replicate = "replicate",
        /// May the replica be activated: are its own settings in place?
        Activate = "activate",
        /// May traffic fail over: domain, routing, health check, users who cannot follow?
        Failover = "failover",
    }
}

words! {
    /// Where a pool stands before a gate.
    Position {
        /// AWS shows that the step was taken.
        Done = "done",
        /// The step that can be taken now.
        Next = "next",
        /// The gate before it is not done.
        Later = "later",
        /// The operator does not plan it.
        NotPlanned = "not_planned",
    }
}

words! {
    /// Whether a gate may be passed.
    Status {
        /// A blocker is false and not waived.
        Blocked = "blocked",
        /// An unwaived blocker is unknown or manual, or no blocker was decided.
        Undetermined = "undetermined",
        /// Every blocker is decided, none is false, at least one is decided.
        Ready = "ready",
    }
}

words! {
    /// When a remedy is applied, seen from the step the gate guards.
    Resolve {
        /// Before the step.
        Before = "before",
        /// In the same window.
        AtSwitch = "at_switch",
        /// Afterwards.
        After = "after",
    }
}

words! {
    /// The kinds of thing a rule can judge. A later version may add words.
    SubjectKind {
        /// A user pool.
        Pool = "pool",
        /// An API Gateway authorizer, seen from one pool it names.
        Authorizer = "authorizer",
        /// A route of an HTTP API whose authorizer names a pool.
        Route = "route",
        /// An issuer reference in a CloudFormation template, stack output or export.
        Template = "template",
        /// A Lambda trigger of a pool.
        Trigger = "trigger",
        /// An action of a load balancer that authenticates with a pool or verifies its tokens.
        LoadBalancer = "load_balancer",
        /// An IAM OIDC provider for a pool's issuer.
        OidcProvider = "oidc_provider",
        /// An identity pool that takes a pool's tokens.
        IdentityPool = "identity_pool",
        /// A service that is bound to a pool by its id and holds no issuer of its own.
        BoundService = "bound_service",
        /// A service that finds a pool's keys through a discovery or issuer URL.
        DiscoveryClient = "discovery_client",
        /// An issuer reference in a source tree, or in text that a live resource holds, but for templates.
        Reference = "reference",
        /// An account all of whose pools were to be found.
        Account = "account",
    }
}

words! {
    /// Where the operator is heading with the issuer.
    TargetIssuer {
        /// The multi-Region issuer.
        Updated = "updated",
        /// Stay on the Regional issuer.
        Original = "original",
    }
}
