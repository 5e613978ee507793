//! What a collection has seen so far: the entries, the scope, and who watches.
//!
//! Entries are stamped with the account here, because it may be learned only after the first answers. What is to outlive the
//! process goes to the watcher's journal at once. No AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::opt_in;
use crate::collect::{Observer, Remaining};
use crate::snapshot::journal::{Record, UNKNOWN_ACCOUNT};
use crate::snapshot::{AccountScope, Entry, PoolKey, Scope, Searched, Unasked};

/// The log under way.
pub(super) struct Log<'a> {
    inner: Mutex<Inner<'a>>,
    stop: Notify,
}

struct Inner<'a> {
    observer: &'a mut dyn Observer,
    planned: u64,
    account: Option<String>,
    /// Entries that wait for the account, and whether they were asked for by this run.
    held: Vec<(Entry, bool)>,
    /// Whether something went to the journal without an account.
    unnamed: bool,
    /// What the journal is not told yet.
    withheld: Option<Vec<Record>>,
    stopped: bool,
    entries: Vec<Entry>,
    answered: u64,
    first_failure: Option<String>,
    pools: BTreeSet<String>,
    /// Where all pools were to be listed.
    listed: BTreeSet<String>,
    /// Whether AWS takes the credentials in every Region that the account has turned on.
    valid_everywhere: bool,
    replica_regions: BTreeMap<String, String>,
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
                unnamed: false,
                withheld: None,
                stopped: false,
                entries: Vec::new(),
                answered: 0,
                first_failure: None,
                pools: BTreeSet::new(),
                listed: BTreeSet::new(),
                valid_everywhere: false,
                replica_regions: BTreeMap::new(),
                searched: BTreeSet::new(),
                not_asked: BTreeSet::new(),
            }),
            stop: Notify::new(),
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

    /// Takes a call whose account is not filled in.
    pub(super) fn put(&self, call: Entry) {
        self.put_all(vec![call], None);
    }

    /// Takes a call and the issuer references in its answer, without their account, and what AWS calls the next page by.
    pub(super) fn put_all(&self, entries: Vec<Entry>, next: Option<String>) {
        let record = self.inner().answer(entries, next);
        self.keep(&record);
        self.inner().add(record, true);
    }

    /// The same, but that the journal is not told: the record that would tell it.
    pub(super) fn put_aside(&self, entries: Vec<Entry>, next: Option<String>) -> Record {
        let mut inner = self.inner();
        let record = inner.answer(entries, next);
        inner.add(record.clone(), true);
        record
    }

    /// Takes what an earlier run was answered, and what the journal therefore has.
    pub(super) fn recall(&self, pages: impl IntoIterator<Item = Vec<Entry>>) {
        let mut inner = self.inner();
        for entries in pages {
            inner.add(Record::Answer { entries, next: None }, false);
        }
    }

    /// From here on the journal is told nothing until [`Log::release`]: it may be of another account.
    pub(super) fn withhold(&self) {
        self.inner().withheld.get_or_insert_default();
    }

    /// The journal is of this account: tells it what was withheld, and from here on everything.
    pub(super) fn release(&self) {
        let withheld = self.inner().withheld.take();
        for record in withheld.into_iter().flatten() {
            self.keep(&record);
        }
    }

    /// Tells the journal.
    pub(super) fn keep(&self, record: &Record) {
        let mut inner = self.inner();
        if let Some(withheld) = &mut inner.withheld {
            withheld.push(record.clone());
            return;
        }
        if !inner.stopped && !inner.observer.keep(record) {
            inner.stopped = true;
            self.stop.notify_one();
        }
    }

    /// Ends when the journal can take no more.
    pub(super) async fn stopped(&self) {
        self.stop.notified().await;
    }

    /// Tells the journal that the scope grows.
    pub(super) fn grow(&self, scope: Scope) {
        let account = self.inner().name();
        self.keep(&Record::Scope { account, scope });
    }

    /// Names the account, once; entries that waited for it are final now.
    pub(super) fn set_account(&self, account: Option<String>) {
        let mut inner = self.inner();
        if inner.account.is_some() {
            return;
        }
        let account = account.unwrap_or_else(|| UNKNOWN_ACCOUNT.to_owned());
        inner.account = Some(account.clone());
        for (entry, new) in std::mem::take(&mut inner.held) {
            inner.finish(entry, &account, new);
        }
        let named = inner.unnamed;
        drop(inner);
        if named {
            self.keep(&Record::Named { account });
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
        if self.inner().pools.insert(id.to_owned()) {
            let account = self.inner().name();
            self.grow(Scope { pools: BTreeSet::from([PoolKey { account, id: id.to_owned() }]), ..Scope::default() });
        }
    }

    /// Where replicas are or are to be, as far as options or a configuration say so.
    pub(super) fn replica_regions(&self, regions: &BTreeMap<String, String>) {
        if !regions.is_empty() {
            self.inner().replica_regions.extend(regions.clone());
            self.grow(Scope { replica_regions: regions.clone(), ..Scope::default() });
        }
    }

    /// Everything was asked.
    pub(super) fn done(&self) {
        self.set_account(None);
        let account = self.inner().name();
        self.keep(&Record::Done { account });
    }

    /// All pools of these Regions are in scope.
    pub(super) fn all_pools_of(&self, regions: &BTreeSet<String>) {
        self.inner().listed.clone_from(regions);
        if !regions.is_empty() {
            let account = self.inner().name();
            let accounts = BTreeSet::from([AccountScope { account, regions: regions.clone() }]);
            self.grow(Scope { accounts, ..Scope::default() });
        }
    }

    /// AWS takes the credentials in every Region that the account has turned on.
    pub(super) fn valid_everywhere(&self) {
        self.inner().valid_everywhere = true;
    }

    /// A service that is searched for consumers in a Region.
    pub(super) fn searched(&self, service: &str, region: &str) {
        if self.inner().searched.insert((service.to_owned(), region.to_owned())) {
            let (service, region) = (service.to_owned(), region.to_owned());
            let searched = Searched { account: self.inner().name(), service, region };
            self.grow(Scope { searched: BTreeSet::from([searched]), ..Scope::default() });
        }
    }

    /// Calls that are not made, and why.
    pub(super) fn not_asked(&self, region: &str, calls: &[&str], why: &str) {
        let mut inner = self.inner();
        let account = inner.name();
        let mut not_asked = BTreeSet::new();
        for call in calls.iter().map(|call| (*call).to_owned()) {
            if inner.not_asked.insert((region.to_owned(), call.clone(), why.to_owned())) {
                let (account, region, why) = (account.clone(), region.to_owned(), why.to_owned());
                not_asked.insert(Unasked { account, region, call, why });
            }
        }
        drop(inner);
        if !not_asked.is_empty() {
            self.grow(Scope { not_asked, ..Scope::default() });
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
        let mut inner = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        opt_in::name_regions_that_are_off(&mut inner.entries, inner.valid_everywhere);
        let account = inner.account.unwrap_or_default();
        let scope = Scope {
            pools: inner.pools.into_iter().map(|id| PoolKey { account: account.clone(), id }).collect(),
            accounts: Some(inner.listed)
                .filter(|regions| !regions.is_empty())
                .map(|regions| AccountScope { account: account.clone(), regions })
                .into_iter()
                .collect(),
            replica_regions: inner.replica_regions,
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
    /// The account for the journal; nothing where it is not known yet.
    fn name(&mut self) -> String {
        self.unnamed |= self.account.is_none();
        self.account.clone().unwrap_or_default()
    }

    /// What the journal is told of an answer.
    fn answer(&mut self, mut entries: Vec<Entry>, next: Option<String>) -> Record {
        let account = self.name();
        for entry in &mut entries {
            stamp(entry, &account);
        }
        Record::Answer { entries, next }
    }

    fn add(&mut self, record: Record, new: bool) {
        let Record::Answer { entries, .. } = record else { return };
        for entry in entries {
            if let Entry::Call(call) = &entry {
                match &call.error {
                    None => self.answered += 1,
                    Some(error) if self.first_failure.is_none() => {
                        self.first_failure = Some(format!("{} in {}: {}", call.name(), call.region, error.code));
                    }
                    Some(_) => {}
                }
            }
            match self.account.clone() {
                Some(account) => self.finish(entry, &account, new),
                None => self.held.push((entry, new)),
            }
        }
    }

    fn finish(&mut self, mut entry: Entry, account: &str, new: bool) {
        stamp(&mut entry, account);
        if new {
            self.observer.done(&entry);
        }
        self.entries.push(entry);
    }
}

fn stamp(entry: &mut Entry, account: &str) {
    match entry {
        Entry::Call(call) => account.clone_into(&mut call.account),
        Entry::Hit(hit) => account.clone_into(&mut hit.account),
        // A source tree belongs to no account.
        Entry::Scan(_) => {}
    }
}
