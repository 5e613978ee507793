//! Several accounts in one run: a bounded number of them at a time, and what becomes of one that does not let us in or does not
//! answer. Which accounts there are is said in `find`.
//!
//! Each account is asked as a run of its own would ask it (`live::questions`), with its own rates and credentials; calls in flight
//! are counted over all of them. What is done is handed out and forgotten.

mod find;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_config::SdkConfig;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::{Instant, timeout_at};

use super::ask::{Query, Session};
use super::aws::Aws;
use super::enter::Door;
use super::limits::{DEADLINE, Limits, TIME_IS_OVER};
use super::log::Log;
use super::rates::{Rates, Speed};
use super::{document, home_of, pools, questions};
use crate::collect::{CollectError, Keep, Observer, Remaining, Request, Section};
use crate::snapshot::journal::Record;
use crate::snapshot::{AccountScope, Call, Entry, ErrorKind, Scope, Snapshot};
use find::{Found, Target, find};

/// So many accounts are under way for each call in flight: most of an account's time is waiting for its rates.
const OPEN_PER_CALL: usize = 2;
/// At least and at most so many accounts are under way, since each is held in memory.
const OPEN: (usize, usize) = (4, 64);
/// At most so many accounts are being entered. They are entered ahead of time: one that hangs is known early, and costs no time
/// at the end.
const ENTERING: usize = 64;
/// At most so many are entered and wait: each holds a session, which ends after an hour.
const AHEAD: usize = 1000;
/// Why the pools of an account were not asked for.
const NOT_KNOWN: &str = "sts:GetCallerIdentity was not answered in this account";
/// How long after its time an account may take to put together what it has.
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);

/// Asks every account.
pub(super) async fn run(
    request: &Request,
    config: SdkConfig,
    observer: &mut dyn Observer,
    keep: &mut Keep<'_>,
) -> Result<(), CollectError> {
    let watch = Watch { inner: Mutex::new(Watched { observer, planned: 0, more: true }) };
    let rates = Rates::new(Speed::of(request));
    let home = home_of(request, &Aws::new(config.clone(), request.call_timeout))?;
    let Found { targets, accounts, mut own } = find(request, &config, &home, rates.clone(), &watch).await?;
    if targets.is_empty() {
        return Err(CollectError::AllLeftOut { found: accounts });
    }
    // Every account is in a journal from the start, so that one that was not come to is not missed.
    let (regions, _) = pools::regions_to_list(request, &home)?;
    for Target { account, .. } in &targets {
        let accounts = [AccountScope { account: account.clone(), regions: regions.clone() }].into();
        let scope = Scope { accounts, ..Scope::default() };
        watch.with(|observer| observer.keep(&Record::Scope { account: account.clone(), scope }));
    }
    // As many as are entered at once: one that hangs at the door keeps nobody else from it.
    let door = Door::new(config.clone(), request, &home, rates.of_another_account(ENTERING));
    let run = Run { request, config, door, home, rates };
    let total = targets.len();
    let mut targets = targets.into_iter();
    let (mut entering, mut asking) = (FuturesUnordered::new(), FuturesUnordered::new());
    let mut entered = VecDeque::new();
    let most = (request.concurrency * OPEN_PER_CALL).clamp(OPEN.0, OPEN.1);
    let (mut done, mut answered, mut first_trouble) = (0, false, None);
    watch.with(|observer| observer.accounts(0, total));
    loop {
        while entering.len() < ENTERING && entered.len() < AHEAD {
            let Some(target) = targets.next() else { break };
            entering.push(run.enter(target, &watch));
        }
        while asking.len() < most {
            let Some(inside) = entered.pop_front() else { break };
            asking.push(run.ask(inside, &watch));
        }
        watch.more(!targets.as_slice().is_empty() || !entering.is_empty() || !entered.is_empty());
        let Done { account, snapshot } = tokio::select! {
            Some(tried) = entering.next(), if !entering.is_empty() => match tried {
                Ok(inside) => {
                    entered.push_back(inside);
                    continue;
                }
                Err(done) => done,
            },
            Some(done) = asking.next(), if !asking.is_empty() => done,
            else => break,
        };
        done += 1;
        answered |= snapshot.calls().any(|call| call.response.is_some());
        if let Some(why) = trouble(&snapshot) {
            first_trouble.get_or_insert_with(|| format!("account {account} {why}"));
            watch.with(|observer| observer.trouble(&account, &why));
        }
        watch.with(|observer| observer.accounts(done, total));
        let snapshot = match own.take_if(|(own, _)| *own == account) {
            Some((_, found)) => Snapshot::merge(vec![found, snapshot.clone()]).unwrap_or(snapshot),
            None => snapshot,
        };
        keep(Section { account, snapshot }).map_err(CollectError::Keep)?;
    }
    if !answered {
        return Err(CollectError::NobodyAnswered { first: first_trouble.unwrap_or_default() });
    }
    if let Some((account, snapshot)) = own {
        keep(Section { account, snapshot }).map_err(CollectError::Keep)?;
    }
    Ok(())
}

/// What is the same for every account.
struct Run<'r> {
    request: &'r Request,
    config: SdkConfig,
    door: Arc<Door>,
    home: String,
    rates: Rates,
}

/// An account that was entered.
struct Inside {
    target: Target,
    /// Its own, for as long as it is under way.
    rates: Rates,
    config: SdkConfig,
    /// `GetCallerIdentity`, which was asked at the door.
    identity: Vec<Entry>,
}

/// An account that is done.
struct Done {
    account: String,
    snapshot: Snapshot,
}

impl Run<'_> {
    fn deadline(&self) -> Option<Instant> {
        self.request.patience.deadline.map(|time| Instant::now() + time)
    }

    fn session<'w>(
        &self,
        inside: &Target,
        config: SdkConfig,
        rates: &Rates,
        limits: Limits,
        watch: &'w mut Funnel<'_, '_>,
    ) -> Session<'w> {
        let aws = Aws::new(config, self.request.call_timeout);
        let mut session = Session::new(aws, rates.clone(), Log::new(watch), self.request.sample);
        session.limits = limits;
        session.log.set_account(Some(inside.account.clone()));
        if inside.role.is_some() {
            // The session is from a Regional endpoint.
            session.log.valid_everywhere();
        }
        session.log.replica_regions(&self.request.replica_regions);
        session
    }

    /// Takes the account's role and asks there who we are, again if that may help.
    async fn enter(&self, target: Target, watch: &Watch<'_>) -> Result<Inside, Done> {
        // Of the calls in flight one account has a quarter.
        let rates = self.rates.of_another_account(self.request.concurrency / 4);
        let mut attempt = 1;
        loop {
            match self.knock(&target, &rates, watch).await {
                Ok((config, identity)) => return Ok(Inside { target, rates, config, identity }),
                Err(snapshot) if attempt < self.request.patience.attempts && may_help(&snapshot) => attempt += 1,
                Err(snapshot) => return Err(Done { account: target.account, snapshot }),
            }
        }
    }

    /// One attempt: the way to ask the account, or the section of one that does not let us in or does not answer.
    async fn knock(
        &self,
        target: &Target,
        rates: &Rates,
        watch: &Watch<'_>,
    ) -> Result<(SdkConfig, Vec<Entry>), Snapshot> {
        let mut funnel = Funnel { watch, told: 0 };
        let limits = Limits::of_one_of_several(self.deadline());
        let config = match &target.role {
            None => self.config.clone(),
            Some(role) => match self.door.enter(role, &limits).await {
                Ok(config) => config,
                Err(refusal) => return Err(self.not_entered(target, *refusal, &mut funnel)),
            },
        };
        let session = self.session(target, config.clone(), rates, limits, &mut funnel);
        let answers = session.ask(&Query::new("sts", "GetCallerIdentity", &self.home, &[])).await;
        let silent = answers.error.as_ref().is_some_and(|error| error.kind != ErrorKind::Denied);
        if silent && let Ok((listed, _)) = pools::regions_to_list(self.request, &self.home) {
            session.log.all_pools_of(&listed);
            for region in listed {
                session.log.not_asked(&region, &["cognito-idp:ListUserPools"], NOT_KNOWN);
            }
        }
        let snapshot = document(session.log);
        if silent { Err(snapshot) } else { Ok((config, snapshot.entries)) }
    }

    /// Asks an account that was entered, again if that may help. Of several attempts the one with the most answers counts, whole;
    /// of equals the last.
    async fn ask(&self, inside: Inside, watch: &Watch<'_>) -> Done {
        let mut best = self.attempt(&inside, watch).await;
        for _ in 1..self.request.patience.attempts {
            if !may_help(&best) {
                break;
            }
            let next = self.attempt(&inside, watch).await;
            if answers(&next) >= answers(&best) {
                best = next;
            }
        }
        Done { account: inside.target.account, snapshot: best }
    }

    async fn attempt(&self, inside: &Inside, watch: &Watch<'_>) -> Snapshot {
        let deadline = self.deadline();
        let mut funnel = Funnel { watch, told: 0 };
        let limits = Limits::of_one_of_several(deadline);
        let session = self.session(&inside.target, inside.config.clone(), &inside.rates, limits, &mut funnel);
        // Whoever watches has seen it before.
        session.log.recall(inside.identity.iter().map(|entry| vec![entry.clone()]));
        let asked = questions(&session, self.request, &self.home);
        // What went wrong is in the log.
        let _ = match deadline {
            Some(deadline) => timeout_at(deadline + GRACE, asked).await.unwrap_or_else(|_| {
                session.log.not_asked("", &["lambda:GetFunction"], TIME_IS_OVER);
                Ok(())
            }),
            None => asked.await,
        };
        document(session.log)
    }

    /// The section of an account that did not let us in.
    fn not_entered(&self, target: &Target, refusal: Call, funnel: &mut Funnel<'_, '_>) -> Snapshot {
        funnel.planned(1);
        let entry = Entry::Call(refusal);
        funnel.done(&entry);
        let regions = pools::regions_to_list(self.request, &self.home).map(|(regions, _)| regions).unwrap_or_default();
        let account = AccountScope { account: target.account.clone(), regions };
        Snapshot::new(Scope { accounts: [account].into(), ..Scope::default() }, vec![entry])
    }
}

/// The calls that decide whether an account was entered and its pools were found.
fn is_decisive(call: &Call) -> bool {
    let name = (call.service.as_str(), call.operation.as_str());
    matches!(name, ("sts", _) | ("cognito-idp", "ListUserPools") | ("organizations", "ListAccounts"))
}

fn answers(snapshot: &Snapshot) -> usize {
    snapshot.calls().filter(|call| call.response.is_some()).count()
}

/// Whether another attempt at the account may bring what this one did not: a refusal stays one.
fn may_help(snapshot: &Snapshot) -> bool {
    let silent = |call: &Call| {
        let Some(error) = &call.error else { return false };
        error.code == DEADLINE
            || is_decisive(call)
                && match error.kind {
                    ErrorKind::Throttled => true,
                    // Credentials that AWS does not take are not taken a second time.
                    ErrorKind::Failed => error.status.is_none_or(|status| status >= 500),
                    ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::NotOffered => false,
                }
    };
    snapshot.calls().any(silent) || snapshot.header.scope.not_asked.iter().any(|unasked| unasked.why == TIME_IS_OVER)
}

/// Why an account was not entered, or not all of its pools be found, or not all be asked; for a person.
fn trouble(snapshot: &Snapshot) -> Option<String> {
    let failed = |name: &str| {
        let mut calls = snapshot.calls().filter(|call| call.name() == name);
        calls.find_map(|call| Some((call, call.error.as_ref().filter(|error| error.kind != ErrorKind::NotOffered)?)))
    };
    if let Some((_, error)) = failed("sts:AssumeRole") {
        return Some(format!("could not be entered: {}", error.code));
    }
    if let Some((call, error)) = failed("cognito-idp:ListUserPools") {
        return Some(format!("its pools in {} could not be listed: {}", call.region, error.code));
    }
    if let Some((_, error)) = failed("sts:GetCallerIdentity").filter(|(_, error)| error.kind != ErrorKind::Denied) {
        return Some(format!("it was entered and did not answer: {}", error.code));
    }
    let over = snapshot.header.scope.not_asked.iter().any(|unasked| unasked.why == TIME_IS_OVER)
        || snapshot.calls().any(|call| call.error.as_ref().is_some_and(|error| error.code == DEADLINE));
    over.then(|| "not everything was asked before its time was over".to_owned())
}

/// Who watches, for all accounts at once.
struct Watch<'o> {
    inner: Mutex<Watched<'o>>,
}

struct Watched<'o> {
    observer: &'o mut dyn Observer,
    /// The calls known so far.
    planned: u64,
    /// Whether there are accounts of which nothing is asked yet.
    more: bool,
}

impl<'o> Watch<'o> {
    fn inner(&self) -> MutexGuard<'_, Watched<'o>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, tell: impl FnOnce(&mut dyn Observer) -> T) -> T {
        tell(&mut *self.inner().observer)
    }

    fn more(&self, more: bool) {
        self.inner().more = more;
    }
}

/// Who watches, for one account.
struct Funnel<'w, 'o> {
    watch: &'w Watch<'o>,
    told: u64,
}

impl Observer for Funnel<'_, '_> {
    fn planned(&mut self, calls_known: u64) {
        let mut inner = self.watch.inner();
        inner.planned += calls_known - self.told;
        self.told = calls_known;
        let all = inner.planned;
        inner.observer.planned(all);
    }

    fn done(&mut self, entry: &Entry) {
        self.watch.with(|observer| observer.done(entry));
    }

    // Of all accounts: their calls wait in one schedule.
    fn remaining(&mut self, remaining: &Remaining) {
        let mut inner = self.watch.inner();
        let remaining = Remaining { grows: remaining.grows || inner.more, ..remaining.clone() };
        inner.observer.remaining(&remaining);
    }

    // What is said of one account's pools is too much for a thousand.
    fn note(&mut self, _text: &str) {}

    fn keep(&mut self, record: &Record) -> bool {
        self.watch.with(|observer| observer.keep(record))
    }
}
