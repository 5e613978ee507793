//! A log of several accounts as logs of one account each, and the digest that both have alike.
//!
//! A pool's evidence lies in its own account, in whatever Regions: an account can be judged alone. Only what was found in
//! source trees belongs to no account, and concerns all of them.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{Entry, PoolKey, Scope, Snapshot, canonical, hex};

/// The account of what belongs to none: searches of source trees, and what they found.
pub const NO_ACCOUNT: &str = "";

impl Snapshot {
    /// `sha256:…` of the canonical entries, the scope and the importing clients, so that all encodings of one content have
    /// one digest. Of several accounts it follows from [`Snapshot::account_digests`].
    pub fn digest(&self) -> String {
        FleetDigest::of(&self.account_digests())
    }

    /// The digest of what belongs to each account, by account; under [`NO_ACCOUNT`] of what belongs to none.
    pub fn account_digests(&self) -> BTreeMap<&str, String> {
        let scope = &self.header.scope;
        let mut hashers: BTreeMap<&str, Sha256> = BTreeMap::new();
        let of_scope = scope.pools.iter().map(|pool| pool.account.as_str());
        let of_scope = of_scope.chain(scope.accounts.iter().map(|account| account.account.as_str()));
        let mut accounts: BTreeSet<&str> = of_scope.chain(self.entries.iter().map(Entry::account)).collect();
        if accounts.is_empty() {
            accounts.insert(NO_ACCOUNT);
        }
        for account in accounts {
            let mut hasher = Sha256::new();
            hasher.update(canonical(&scope.of(account)));
            if !self.header.cli_versions.is_empty() {
                hasher.update(canonical(&self.header.cli_versions));
            }
            hashers.insert(account, hasher);
        }
        let mut line = Vec::new();
        for entry in &self.entries {
            line.clear();
            // The members of an entry in their order, those of maps sorted: equal exactly if the content is. Writing to memory
            // does not fail.
            let _ = serde_json::to_writer(&mut line, entry);
            line.push(b'\n');
            if let Some(hasher) = hashers.get_mut(entry.account()) {
                hasher.update(&line);
            }
        }
        hashers.into_iter().map(|(account, hasher)| (account, name(hasher))).collect()
    }

    /// Whether it has anything that belongs to no account.
    pub fn has_trees(&self) -> bool {
        self.entries.iter().any(|entry| entry.account() == NO_ACCOUNT)
    }

    /// The accounts of this log, each as a log of its own, sorted; what belongs to none comes first, alone.
    pub fn by_account(self) -> Vec<Self> {
        let Self { header, entries } = self;
        let mut parts: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        let named = header.scope.pools.iter().map(|pool| pool.account.clone());
        let named = named.chain(header.scope.accounts.iter().map(|account| account.account.clone()));
        for account in named {
            parts.entry(account).or_default();
        }
        for entry in entries {
            parts.entry(entry.account().to_owned()).or_default().push(entry);
        }
        let part = |(account, entries): (String, Vec<Entry>)| {
            let mut header = header.clone();
            header.scope = header.scope.of(&account);
            Self { header, entries }
        };
        parts.into_iter().map(part).collect()
    }
}

impl Scope {
    /// The replica Regions that are planned, by the ids of the pools in scope.
    pub(super) fn by_pool(&self) -> BTreeMap<String, String> {
        let region = |pool: &PoolKey| {
            let primary = pool.id.split('_').next().unwrap_or_default();
            let region = [pool.id.as_str(), primary, ""].into_iter().find_map(|key| self.replica_regions.get(key))?;
            Some((pool.id.clone(), region.clone()))
        };
        self.pools.iter().filter_map(region).collect()
    }

    /// What of the scope is about this account.
    fn of(&self, account: &str) -> Self {
        let mut own = Self {
            pools: self.pools.iter().filter(|each| each.account == account).cloned().collect(),
            accounts: self.accounts.iter().filter(|each| each.account == account).cloned().collect(),
            replica_regions: self.replica_regions.clone(),
            searched: self.searched.iter().filter(|each| each.account == account).cloned().collect(),
            not_asked: self.not_asked.iter().filter(|each| each.account == account).cloned().collect(),
        };
        own.replica_regions = own.by_pool();
        own
    }
}

/// The digest of a fleet, from those of its accounts in their order.
#[derive(Debug, Default)]
pub struct FleetDigest {
    hasher: Sha256,
    /// The only one so far, which is the digest of all.
    first: Option<String>,
    accounts: usize,
}

impl FleetDigest {
    /// Of the digests by account.
    pub fn of(accounts: &BTreeMap<&str, String>) -> String {
        let mut fleet = Self::default();
        for (account, digest) in accounts {
            fleet.add(account, digest);
        }
        fleet.finish()
    }

    /// Adds an account's. They have to come in the order of the accounts.
    pub fn add(&mut self, account: &str, digest: &str) {
        if self.accounts == 0 {
            self.first = Some(digest.to_owned());
        }
        self.accounts += 1;
        self.hasher.update(line(account, digest));
    }

    /// `sha256:…`; of one account its own, so that a fleet of one is no other evidence.
    pub fn finish(self) -> String {
        match self.first {
            Some(first) if self.accounts == 1 => first,
            _ => name(self.hasher),
        }
    }
}

/// No account and no digest has a space or a newline in it.
fn line(account: &str, digest: &str) -> String {
    format!("{account} {digest}\n")
}

fn name(hasher: Sha256) -> String {
    format!("sha256:{}", hex(&hasher.finalize()))
}
