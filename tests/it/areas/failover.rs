//! Evidence for the rules about failover.

use crate::builder::{Account, Run};

/// The rules of this area that a person decides.
pub(crate) const PERSONS: &[&str] = &[];

/// What is asked about a pool in P.
pub(crate) fn primary(account: Account, _pool: &str) -> Account {
    account
}

/// What is asked in S once there is a replica.
pub(crate) fn secondary(account: Account) -> Account {
    account
}

/// To every verdict.
pub(crate) fn cases() -> Vec<(Account, Run)> {
    Vec::new()
}

/// One change that breaks one rule.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    Vec::new()
}
