//! The evidence of each area of the catalogue: what the ready account needs so that the area's rules pass, the snapshots
//! that take its rules to every verdict, and for each rule the one change that breaks it and nothing else.

pub(crate) mod consumers;
mod core;
mod failover;
mod governance;
mod messages;
mod parity;
pub(crate) mod references;
pub(crate) mod triggers;

use crate::builder::{Account, Run};

pub(crate) use core::furnished as core_furnished;

/// The complete account with everything that every call of the table is asked about, but for what excludes each other: see
/// [`by_end_user_messaging`] and [`by_own_sender`].
pub(crate) fn furnished() -> Account {
    furnish(parity::federated(Account::complete()))
}

/// Adds what surrounds a pool beside what is asked about it: those who verify its tokens, source trees, and the operator.
pub(crate) fn furnish(account: Account) -> Account {
    governance::furnish(references::furnish(consumers::furnish(core::furnished(account))))
}

/// The same with text messages by End User Messaging instead of SNS.
pub(crate) fn by_end_user_messaging() -> Account {
    messages::furnish(furnished())
}

/// The same with a function of the account's own that sends text messages.
pub(crate) fn by_own_sender() -> Account {
    triggers::furnish(furnished())
}

/// How the furnished account is judged: with the operator whose permissions were simulated, and all answers of people.
pub(crate) fn run() -> Run {
    governance::operator()
}

/// Adds what is asked about a pool in P.
pub(crate) fn primary(account: Account, pool: &str) -> Account {
    let account = triggers::primary(account, pool);
    let account = messages::primary(account, pool);
    let account = parity::primary(account, pool);
    let account = failover::primary(account, pool);
    let account = consumers::primary(account, pool);
    governance::primary(account, pool)
}

/// Adds what is asked in S once there is a replica.
pub(crate) fn secondary(account: Account) -> Account {
    let account = triggers::secondary(account);
    let account = messages::secondary(account);
    let account = parity::secondary(account);
    let account = failover::secondary(account);
    let account = consumers::secondary(account);
    governance::secondary(account)
}

/// Adds what is asked once the pool's domain is routed.
pub(crate) fn routed(account: Account) -> Account {
    failover::routed(account)
}

/// Adds a whole search of a Region for consumers that finds nothing.
pub(crate) fn search(account: Account, region: &str) -> Account {
    references::search(consumers::search(account, region), region)
}

/// Snapshots that take the areas' rules to every verdict they can give, and how each is judged.
pub(crate) fn cases() -> Vec<(Account, Run)> {
    [
        triggers::cases(),
        messages::cases(),
        parity::cases(),
        failover::cases(),
        consumers::cases(),
        governance::cases(),
        references::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Accounts in which rules pass, for [`breaks`] to differ from.
pub(crate) fn bases() -> Vec<Account> {
    [
        vec![Account::complete(), Account::ready(), Account::ready().all_pools(), furnished()],
        core::bases(),
        failover::bases(),
        governance::bases(),
        messages::bases(),
        parity::bases(),
        triggers::bases(),
    ]
    .concat()
}

/// Per rule the account that is complete but for that rule's condition.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    [
        core::breaks(),
        triggers::breaks(),
        messages::breaks(),
        parity::breaks(),
        failover::breaks(),
        consumers::breaks(),
        governance::breaks(),
        references::breaks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The rules that a person decides.
pub(crate) fn persons() -> Vec<&'static str> {
    [triggers::PERSONS, messages::PERSONS, parity::PERSONS, failover::PERSONS, consumers::PERSONS, governance::PERSONS]
        .concat()
}
