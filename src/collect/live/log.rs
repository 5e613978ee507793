//! What a collection has seen so far: the entries, the scope, and who watches.
//!
//! Entries are stamped with the account here, because it may be learned only after the first answers. No AWS.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::collect::{Observer, Remaining};
use crate::snapshot::{Entry, PoolKey, Scope, Searched, Unasked};

/// The account where neither STS nor a pool's ARN says which it is.
const UNKNOWN_ACCOUNT: &str = "unknown";

/// The log under way.
pub(super) struct Log<'a> {
    inner: Mutex<Inner<'a>>,
}

struct Inner<'a> {
    observer: &'a mut dyn Observer,
    planned: u64,
    account: Option<String>,
    /// Entries that wait for the account.
    held: Vec<Entry>,
    entries: Vec<Entry>,
    answered: u64,
    first_failure: Option<String>,
    pools: BTreeSet<String>,
    searched: BTreeSet<(String, String)>,
    not_asked: BTreeSet<(String, String, String)>,
}

impl std::fmt::Debug for Log<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("entries", &self.inner().entries.len()).finish_non_exhaustive()
    }
}

impl<'a> Log<'a> {
    pub(super) fn new(observer: &'a mut dyn Observer) -> Self {
        Self {
            inner: Mutex::new(Inner {
                observer,
                planned: 0,
                account: None,
                held: Vec::new(),
                entries: Vec::new(),
                answered: 0,
                first_failure: None,
                pools: BTreeSet::new(),
                searched: BTreeSet::new(),
                not_asked: BTreeSet::new(),
            }),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner<'a>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more call is known to be needed.
    pub(super) fn plan(&self) {
        let mut inner = self.inner();
        inner.planned += 1;
        let planned = inner.planned;
        inner.observer.planned(planned);
    }

    /// So much is left.
    pub(super) fn remaining(&self, remaining: &Remaining) {
        self.inner().observer.remaining(remaining);
    }

    /// A line for a person.
    pub(super) fn note(&self, text: &str) {
        self.inner().observer.note(text);
    }

    /// Takes an entry whose account is not filled in.
    pub(super) fn put(&self, entry: Entry) {
        let mut inner = self.inner();
        if let Entry::Call(call) = &entry {
            match &call.error {
                None => inner.answered += 1,
                Some(error) if inner.first_failure.is_none() => {
                    inner.first_failure = Some(format!("{} in {}: {}", call.name(), call.region, error.code));
                }
                Some(_) => {}
            }
        }
        match inner.account.clone() {
            Some(account) => inner.finish(entry, &account),
            None => inner.held.push(entry),
        }
    }

    /// Names the account, once; entries that waited for it are final now.
    pub(super) fn set_account(&self, account: Option<String>) {
        let mut inner = self.inner();
        if inner.account.is_some() {
            return;
        }
        let account = account.unwrap_or_else(|| UNKNOWN_ACCOUNT.to_owned());
        inner.account = Some(account.clone());
        for entry in std::mem::take(&mut inner.held) {
            inner.finish(entry, &account);
        }
    }

    /// The account's digits, if they are known.
    pub(super) fn account(&self) -> Option<String> {
        self.inner().account.clone().filter(|account| account != UNKNOWN_ACCOUNT)
    }

    /// Whether the account has been named, be it as unknown.
    pub(super) fn has_account(&self) -> bool {
        self.inner().account.is_some()
    }

    /// A pool in scope.
    pub(super) fn pool(&self, id: &str) {
        self.inner().pools.insert(id.to_owned());
    }

    /// A service that is searched for consumers in a Region.
    pub(super) fn searched(&self, service: &str, region: &str) {
        self.inner().searched.insert((service.to_owned(), region.to_owned()));
    }

    /// Calls that are not made, and why.
    pub(super) fn not_asked(&self, region: &str, calls: &[&str], why: &str) {
        let mut inner = self.inner();
        for call in calls {
            inner.not_asked.insert((region.to_owned(), (*call).to_owned(), why.to_owned()));
        }
    }

    /// The first failure, if no call at all was answered.
    pub(super) fn no_evidence(&self) -> Option<String> {
        let inner = self.inner();
        if inner.answered == 0 { inner.first_failure.clone() } else { None }
    }

    /// The scope and the entries.
    pub(super) fn finish(self) -> (Scope, Vec<Entry>) {
        self.set_account(None);
        let inner = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        let account = inner.account.unwrap_or_default();
        let scope = Scope {
            pools: inner.pools.into_iter().map(|id| PoolKey { account: account.clone(), id }).collect(),
            accounts: BTreeSet::new(),
            replica_regions: std::collections::BTreeMap::new(),
            searched: inner
                .searched
                .into_iter()
                .map(|(service, region)| Searched { account: account.clone(), service, region })
                .collect(),
            not_asked: inner
                .not_asked
                .into_iter()
                .map(|(region, call, why)| Unasked { account: account.clone(), region, call, why })
                .collect(),
        };
        (scope, inner.entries)
    }
}

impl Inner<'_> {
    fn finish(&mut self, mut entry: Entry, account: &str) {
        match &mut entry {
            Entry::Call(call) => account.clone_into(&mut call.account),
            Entry::Hit(hit) => account.clone_into(&mut hit.account),
            // A source tree belongs to no account.
            Entry::Scan(_) => {}
        }
        self.observer.done(&entry);
        self.entries.push(entry);
    }
}
