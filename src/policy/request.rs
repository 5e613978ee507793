//! Who asks for what: the request that a policy is evaluated against.
//!
//! For: stating what is known about a request, and leaving the rest undecided.
//! Not for: guessing what AWS would send; a key that nobody listed is unknown, not absent.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// An AWS service acting for itself, such as `cognito-idp.amazonaws.com`.
    Service(String),
    /// A user, role, role session or root of an account.
    Aws {
        /// The principal's own ARN; the account's root stands for "someone in this account".
        arn: String,
        /// The account's id.
        account: String,
    },
    /// An identity provider, as trust policies name it.
    Federated(String),
    /// Nobody AWS knows.
    Anonymous,
}

/// What is known about one condition key of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextValue {
    /// The values; none at all counts as absent.
    Known(Vec<String>),
    /// The request is known not to carry the key.
    Absent,
    /// One value, known only to be none of these.
    NoneOf(Vec<String>),
    /// One value of which only a digest is known. The policy's values for the key are then digests too; one that is not is
    /// not compared.
    Digest(String),
    /// An ARN, known only to lie in this account.
    ArnInAccount(String),
    /// An ARN, known only to lie in none of these accounts.
    ArnOutsideAccounts(Vec<String>),
}

/// The condition keys of a request. Keys compare without regard to case; a key that is not listed is undecided. Several
/// requests may share one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(Arc<BTreeMap<String, ContextValue>>);

impl Context {
    /// A context about which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with a key whose values are known.
    #[must_use]
    pub fn with<V: Into<String>>(self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.with_value(key, ContextValue::Known(values.into_iter().map(Into::into).collect()))
    }

    /// The same, with a key that the request is known not to carry.
    #[must_use]
    pub fn absent(self, key: &str) -> Self {
        self.with_value(key, ContextValue::Absent)
    }

    /// The same, with whatever is known about a key. The last word on a key counts.
    #[must_use]
    pub fn with_value(mut self, key: &str, value: ContextValue) -> Self {
        Arc::make_mut(&mut self.0).insert(key.to_ascii_lowercase(), value);
        self
    }

    /// What is known about a key; `None` is "undecided".
    pub fn get(&self, key: &str) -> Option<&ContextValue> {
        // They are a handful.
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// For which action, such as `kms:Encrypt`.
    pub action: String,
    /// On which resource; `None` for the resource that the policy is attached to.
    pub resource: Option<String>,
    /// What is known about the rest.
    pub context: Context,
}
