//! Evaluation of one resource policy document (KMS key, Lambda function, SES identity, IAM trust) against one request.
//!
//! For: saying whether a document allows a request, denies it, or cannot tell, and then *which* condition keys decide.
//! Statements are evaluated, never searched as text.
//!
//! Not for: identity policies, service control policies, session policies, grants. "Allowed" means that this document
//! allows; a member of an account that the document names still needs its account's own policies.
//!
//! Pure: no clock, no disk, no network. It names no other module of this crate.
//!
//! # How sure an answer is
//! Everything is strong Kleene logic over statements: *allowed = some Allow matches and no Deny matches*. A condition key
//! that the request does not list is unknown, and whatever hangs on it stays undecided. Doubts are not correlated: "Allow
//! if K is a" next to "Allow if K is not a" stays undecided. That errs on the side of saying "cannot tell".
//!
//! # What a document may look like
//! AWS checked a policy when it was saved, so what is unknown here is most likely newer than this code.
//! * Unknown members of the document itself, missing or contradictory members, empty lists of principals, actions or
//!   resources and repeated keys are errors: any of them could hide a denial.
//! * An unknown member of a *statement* is kept. An Allow that carries one is undecided at best; a Deny that carries one is
//!   undecided always, even where its known members would not match. So it never turns a "no" into a "yes".
//! * An unknown condition operator makes its condition undecided and is named.

pub mod cognito_key;
mod condition;
pub mod derive;
mod document;
mod evaluate;
mod glob;
mod key_admin;
pub mod lambda;
mod principal;
mod request;
mod scalar;
mod service;
pub mod ses;
pub mod trust;

#[cfg(test)]
mod tests;

pub use self::condition::{Condition, Operator};
pub use self::document::{Effect, MAX_POLICY_BYTES, Policy, PolicyError, Scope, Statement, StatementRef, Version};
pub use self::evaluate::{Decision, DenialReason, evaluate_all};
pub use self::key_admin::{Broad, BroadGrant, DESTRUCTIVE_ACTIONS, broad_key_admin};
pub use self::principal::{NamedPrincipal, PrincipalElement, PrincipalKind};
pub use self::request::{Context, ContextValue, Principal, Request};
pub use self::service::ServiceVerdict;

use std::collections::BTreeSet;

/// What an undecided answer hangs on: condition keys, or phrases such as `Principal "*"`.
type Keys = BTreeSet<String>;

/// How much of a name or a value is shown.
const SHOWN: usize = 160;

/// As much of a text as anybody reads, without what could break a line or a terminal.
fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        line.push('…');
    }
    line
}

/// One phrase as a set.
fn one(phrase: impl Into<String>) -> Keys {
    BTreeSet::from([phrase.into()])
}

/// Whether one part of a statement fits the request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fit {
    Yes,
    No,
    Maybe(Keys),
}

impl Fit {
    fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe(keys) => Self::Maybe(keys),
        }
    }

    /// Kleene OR; of nothing: no.
    fn any(fits: impl IntoIterator<Item = Self>) -> Self {
        let mut doubts: Option<Keys> = None;
        for fit in fits {
            match fit {
                Self::Yes => return Self::Yes,
                Self::No => {}
                Self::Maybe(keys) => doubts.get_or_insert_default().extend(keys),
            }
        }
        doubts.map_or(Self::No, Self::Maybe)
    }

    /// Kleene AND; of nothing: yes.
    fn all(fits: impl IntoIterator<Item = Self>) -> Self {
        Self::any(fits.into_iter().map(Self::not)).not()
    }
}
