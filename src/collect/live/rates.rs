//! How fast accounts are asked: a lane per account, Region and quota, so that production keeps its share, and the most calls
//! under way in all of them together.
//!
//! Whose turn it is says `schedule`; here are the tasks that wait, the clock, and what AWS refused. Which rates there are:
//! `rules/data/quotas.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

use super::ask::{self, Query};
use super::schedule::{AccountId, LaneId, Order, Pace, Schedule};
use super::tap::{Answer, Watcher};
use crate::collect::estimate::{Queue, Remaining};
use crate::collect::quotas::{Quota, quota_of};
use crate::collect::{Order as Ranks, Request};
use crate::snapshot::ErrorKind;
use crate::snapshot::operations::{OPERATIONS, Operation};

/// The part of our share that we take: what leaves here evenly arrives less evenly, and a quota is counted where it arrives.
const ARRIVES_EVENLY: f64 = 0.98;
/// How often it is said how much is left.
const SAID_EVERY: Duration = Duration::from_millis(500);

/// Account, Region and quota; for the lane of a user pool also the pool and the operation.
type LaneKey = (AccountId, String, &'static str, String);

/// How fast accounts are asked, and what first.
#[derive(Debug, Clone)]
pub(super) struct Speed {
    at_once: usize,
    max_share: f64,
    max_rps: Option<f64>,
    order: Ranks,
}

/// Every rate in use. A copy is the same rates.
#[derive(Debug, Clone)]
pub(super) struct Rates {
    shared: Arc<Shared>,
    /// The account whose quotas are drawn on.
    account: Arc<Account>,
    /// How many of the account's places in flight may still be held by answers that are set aside.
    aside: Arc<Semaphore>,
}

/// An account whose calls wait. Its lanes end with it: of thousands only those under way are held.
#[derive(Debug)]
struct Account {
    shared: Arc<Shared>,
    id: AccountId,
}

#[derive(Debug)]
struct Shared {
    speed: Speed,
    start: Instant,
    state: Mutex<State>,
    /// Something else may be next.
    changed: Arc<Notify>,
    driven: AtomicBool,
    /// How many of all places in flight may still be held by answers that are set aside; the others keep everything moving.
    aside: Arc<Semaphore>,
}

#[derive(Debug)]
struct State {
    schedule: Schedule<oneshot::Sender<()>>,
    lanes: BTreeMap<LaneKey, LaneId>,
    under_way: u64,
    /// The calls waiting or under way that may lead to further calls.
    openers: u64,
    /// How many calls have ended, and how long they took in all.
    ended: (u32, Duration),
    said: Option<Duration>,
}

/// The operations whose answers lead to further questions, or to a further page.
static OPENERS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let needed = OPERATIONS.iter().flat_map(|operation| operation.needs.iter().map(|call| (*call).to_owned()));
    needed.chain(OPERATIONS.iter().filter(|operation| operation.items.is_some()).map(Operation::call)).collect()
});

impl Rates {
    /// With these limits for all accounts of a run; the rates of the first account.
    pub(super) fn new(speed: Speed) -> Self {
        let mut schedule = Schedule::new(speed.at_once);
        let id = schedule.account(speed.at_once);
        let state = State {
            schedule,
            lanes: BTreeMap::new(),
            under_way: 0,
            openers: 0,
            ended: (0, Duration::ZERO),
            said: None,
        };
        let aside = speed.at_once / 2;
        let shared = Shared {
            speed,
            start: Instant::now(),
            state: Mutex::new(state),
            changed: Arc::default(),
            driven: AtomicBool::new(false),
            aside: Arc::new(Semaphore::new(aside)),
        };
        let shared = Arc::new(shared);
        let account = Arc::new(Account { shared: Arc::clone(&shared), id });
        Self { shared, account, aside: Arc::new(Semaphore::new(aside)) }
    }

    /// The rates of a further account, with quotas of its own, and at most so many of the calls under way.
    pub(super) fn of_another_account(&self, most: usize) -> Self {
        let id = self.shared.state().schedule.account(most);
        let account = Arc::new(Account { shared: Arc::clone(&self.shared), id });
        Self { shared: Arc::clone(&self.shared), account, aside: Arc::new(Semaphore::new(most / 2)) }
    }

    /// Waits until this call may be made; it keeps its place in flight until the turn is dropped.
    pub(super) async fn turn(&self, query: &Query) -> Turn {
        self.drive();
        let opens = OPENERS.contains(&query.operation.call());
        let rank = self.shared.speed.order.rank(&query.operation.call());
        let (sender, granted) = oneshot::channel();
        let mut turn = {
            let mut state = self.shared.state();
            let (lane, own) = self.lanes(&mut state, query);
            let now = self.shared.now();
            let order = state.schedule.enter(lane, own, rank, sender, now);
            state.openers += u64::from(opens);
            Turn {
                shared: Arc::clone(&self.shared),
                account: Arc::clone(&self.account),
                aside: Arc::clone(&self.aside),
                lane,
                own,
                order,
                opens,
                began: None,
                ended: false,
                gave_way: false,
            }
        };
        self.shared.go_on();
        // Who wakes others may have slept until somebody comes.
        self.shared.changed.notify_one();
        // The sender goes with the turn, which leaves the queue only in here.
        let _ = granted.await;
        turn.began = Some(self.shared.now());
        turn
    }

    /// What is left, if that was not said just now.
    pub(super) fn remaining(&self) -> Option<Remaining> {
        let now = self.shared.now();
        let mut state = self.shared.state();
        if state.said.is_some_and(|said| now.saturating_sub(said) < SAID_EVERY) {
            return None;
        }
        state.said = Some(now);
        let queues = state.lanes.iter().filter(|((.., own), _)| own.is_empty()).map(|((_, region, quota, _), lane)| {
            let (calls, per_second, wait) = state.schedule.queue(*lane, now);
            Queue { quota, region: region.clone(), calls, per_second, wait }
        });
        let queues = queues.filter(|queue| queue.calls > 0).collect();
        Some(Remaining {
            queues,
            under_way: state.under_way,
            at_once: self.shared.speed.at_once as u64,
            call: state.ended.1.checked_div(state.ended.0).unwrap_or_default(),
            grows: state.openers > 0,
        })
    }

    /// The lane of a call, and that of its pool where its quota is limited per pool.
    fn lanes(&self, state: &mut State, query: &Query) -> (LaneId, Option<LaneId>) {
        let quota = quota_of(query.operation);
        let region = if quota.all_regions { String::new() } else { query.region.clone() };
        let mut lane = |own: String, rate: f64| {
            let key = (self.account.id, region.clone(), quota.name.as_str(), own);
            let State { lanes, schedule, .. } = state;
            *lanes.entry(key).or_insert_with(|| schedule.lane(self.account.id, Pace::new(self.shared.speed.rate(rate))))
        };
        let own = own(quota, query).map(|(own, rate)| lane(own, rate));
        (lane(String::new(), quota.rate), own)
    }

    /// Wakes those whose time has come, for as long as anybody has these rates.
    fn drive(&self) {
        if self.shared.driven.swap(true, Ordering::Relaxed) {
            return;
        }
        let (shared, changed) = (Arc::downgrade(&self.shared), Arc::clone(&self.shared.changed));
        tokio::spawn(async move {
            loop {
                let Some(at) = shared.upgrade().map(|shared| shared.go_on().map(|at| shared.start + at)) else {
                    return;
                };
                match at {
                    Some(at) => drop(tokio::time::timeout_at(at, changed.notified()).await),
                    None => changed.notified().await,
                }
            }
        });
    }
}

/// The second lane of a call that names a user pool: any one operation of some quotas is limited for each pool.
fn own(quota: &Quota, query: &Query) -> Option<(String, f64)> {
    let rate = quota.per_pool?;
    let arn = query.parameter("ResourceArn");
    let pool = query.parameter("UserPoolId").or_else(|| Some(arn?.rsplit_once('/')?.1.to_owned()))?;
    Some((format!("{} {pool}", query.operation.name), rate))
}

impl Speed {
    /// As the request says.
    pub(super) fn of(request: &Request) -> Self {
        Self {
            at_once: request.concurrency.max(1),
            max_share: request.max_share,
            max_rps: request.max_rps,
            order: request.order.clone(),
        }
    }

    /// The rate that is used of a published one.
    fn rate(&self, published: f64) -> f64 {
        self.max_rps.unwrap_or(published * self.max_share.clamp(0.001, 1.0) * ARRIVES_EVENLY)
    }
}

impl Ranks {
    /// Calls that about as many rules need have one rank: among them whoever comes first goes first, so that what follows
    /// from one pool need not wait for the first question about the last.
    fn rank(&self, call: &str) -> u32 {
        // Entering an account comes before all work: one that hangs is found at once, and has waited its time when the others
        // are done.
        if call.starts_with("sts:") {
            return u32::MAX;
        }
        self.rules.get(call).and_then(|rules| rules.checked_ilog2()).map_or(0, |log| log / 2)
    }
}

impl Shared {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everybody go who may; when the next one may.
    fn go_on(&self) -> Option<Duration> {
        let now = self.now();
        let mut state = self.state();
        while let Some(next) = state.schedule.next(now) {
            state.under_way += 1;
            // Who does not wait any more has left the schedule or is about to: see `Turn::drop`.
            let _ = next.send(());
        }
        state.schedule.wake_at()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        let State { lanes, schedule, .. } = &mut *state;
        lanes.retain(|(account, ..), lane| {
            let other = *account != self.id;
            if !other {
                schedule.retire(*lane);
            }
            other
        });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The task that wakes ends.
        self.changed.notify_one();
    }
}

/// A call that waits, is under way, or has ended and keeps its place in flight.
#[derive(Debug)]
pub(super) struct Turn {
    shared: Arc<Shared>,
    account: Arc<Account>,
    aside: Arc<Semaphore>,
    lane: LaneId,
    own: Option<LaneId>,
    order: Order,
    opens: bool,
    /// When it began; while it waits, never.
    began: Option<Duration>,
    ended: bool,
    gave_way: bool,
}

/// The place in flight of a call that has ended, held until what it answered is in the journal.
#[derive(Debug)]
#[expect(dead_code, reason = "held for what dropping it does")]
pub(super) struct Held {
    turn: Turn,
    slots: [OwnedSemaphorePermit; 2],
}

impl Turn {
    /// Who sees the attempts of this call.
    pub(super) fn watcher(&self, operation: &'static Operation) -> Arc<dyn Watcher> {
        Arc::new(Attempts { account: Arc::clone(&self.account), lane: self.lane, own: self.own, operation })
    }

    /// Leaves the place among all calls under way to another account's: this call takes long.
    pub(super) fn give_way(&mut self) {
        if !std::mem::replace(&mut self.gave_way, true) {
            self.shared.state().schedule.give_way();
            self.shared.go_on();
            self.shared.changed.notify_one();
        }
    }

    /// The call has its answer: it is not under way any more, although it keeps its place in flight.
    pub(super) fn end(&mut self) {
        let now = self.shared.now();
        let mut state = self.shared.state();
        if !std::mem::replace(&mut self.ended, true) {
            state.under_way -= 1;
            state.end(self.opens, self.began, now);
        }
    }

    /// Keeps the place for an answer that is set aside, if others have enough left: at most half of all places, and of the
    /// account's. Else the place is given up, and there is none to hold.
    pub(super) fn hold(self) -> Option<Held> {
        let slot = |slots: &Arc<Semaphore>| Arc::clone(slots).try_acquire_owned().ok();
        let slots = [slot(&self.aside)?, slot(&self.shared.aside)?];
        Some(Held { turn: self, slots })
    }
}

impl State {
    /// A call that has begun or not leaves the numbers.
    fn end(&mut self, opens: bool, began: Option<Duration>, now: Duration) {
        self.openers -= u64::from(opens);
        if let Some(began) = began {
            self.ended.0 += 1;
            self.ended.1 += now.saturating_sub(began);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.shared.now();
        let mut state = self.shared.state();
        if !state.schedule.leave(self.lane, self.order, now) {
            if !self.gave_way {
                state.schedule.give_way();
            }
            state.schedule.end_own(self.lane, now);
            state.under_way -= u64::from(!self.ended);
        }
        if !self.ended {
            state.end(self.opens, self.began, now);
        }
        drop(state);
        self.shared.go_on();
        self.shared.changed.notify_one();
    }
}

/// The attempts of one call: the SDK repeats it without asking us.
#[derive(Debug)]
struct Attempts {
    account: Arc<Account>,
    lane: LaneId,
    own: Option<LaneId>,
    operation: &'static Operation,
}

impl Watcher for Attempts {
    fn repeated(&self) {
        let shared = &self.account.shared;
        let now = shared.now();
        shared.state().schedule.again(self.lane, self.own, now);
    }

    fn answered(&self, answer: &Answer) {
        if ask::error_of(self.operation, answer).is_some_and(|error| error.kind == ErrorKind::Throttled) {
            let shared = &self.account.shared;
            let now = shared.now();
            shared.state().schedule.refused(self.lane, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Pools;
    use crate::snapshot::operations::find;

    fn query(name: &str, parameters: &[(&str, &str)]) -> Query {
        Query::new("cognito-idp", name, "us-east-1", parameters)
    }

    #[test]
    fn a_pool_has_a_lane_for_each_operation_where_its_quota_is_limited_per_pool() {
        let own = |query: &Query| own(quota_of(query.operation), query);
        let pool = [("UserPoolId", "us-east-1_A")];
        assert_eq!(
            own(&query("GetUserPoolMfaConfig", &pool)),
            Some(("GetUserPoolMfaConfig us-east-1_A".to_owned(), 5.0))
        );
        assert_eq!(own(&query("ListUserPoolClients", &pool)).unwrap().0, "ListUserPoolClients us-east-1_A");
        let arn = [("ResourceArn", "arn:aws:cognito-idp:us-east-1:1:userpool/us-east-1_A")];
        assert_eq!(own(&query("ListTagsForResource", &arn)).unwrap().0, "ListTagsForResource us-east-1_A");
        assert_eq!(own(&query("DescribeUserPool", &pool)), None);
        // A domain does not say whose it is.
        assert_eq!(own(&query("DescribeUserPoolDomain", &[("Domain", "d")])), None);
    }

    #[test]
    fn a_share_is_taken_of_what_is_published_and_a_given_rate_as_it_is() {
        let rate =
            |max_share, max_rps| Speed::of(&Request { max_share, max_rps, ..Request::new(Pools::All) }).rate(20.0);
        assert!((rate(0.5, None) - 9.8).abs() < 1e-9);
        assert!((rate(1.0, None) - 19.6).abs() < 1e-9);
        assert!((rate(0.1, Some(7.0)) - 7.0).abs() < 1e-9);
    }

    #[tokio::test]
    async fn at_most_half_of_the_places_are_held_and_an_account_that_is_gone_leaves_no_lane() {
        let request = Request { concurrency: 8, max_rps: Some(1e6), ..Request::new(Pools::All) };
        let rates = Rates::new(Speed::of(&request));
        let accounts: Vec<Rates> = (0..4).map(|_| rates.of_another_account(4)).collect();
        let query = query("ListUserPools", &[]);
        let mut held = Vec::new();
        for account in &accounts {
            for _ in 0..3 {
                let mut turn = account.turn(&query).await;
                turn.end();
                held.extend(turn.hold());
            }
        }
        // Two of each account's four, and four of all eight: whoever finds no room goes on without.
        assert_eq!(held.len(), 4);
        assert_eq!(rates.shared.state().under_way, 0);
        drop(rates.turn(&query).await);
        assert_eq!(rates.shared.state().lanes.len(), 5);
        drop(held);
        drop(accounts);
        assert_eq!(rates.shared.state().lanes.len(), 1);
        let turns = futures_util::future::join_all((0..8).map(|_| rates.turn(&query))).await;
        assert_eq!(turns.len(), 8, "every place is free again");
    }

    #[test]
    fn entering_comes_first_then_what_most_rules_need() {
        let rules = [("cognito-idp:DescribeUserPool".to_owned(), 64), ("kms:DescribeKey".to_owned(), 2)];
        let ranks = Ranks { rules: rules.into() };
        let mut calls =
            ["kms:DescribeKey", "sts:AssumeRole", "cognito-idp:DescribeUserPool", "acm:ListTagsForCertificate"];
        calls.sort_by_key(|call| std::cmp::Reverse(ranks.rank(call)));
        assert_eq!(calls[..2], ["sts:AssumeRole", "cognito-idp:DescribeUserPool"]);
        assert_eq!(ranks.rank("sts:GetCallerIdentity"), ranks.rank("sts:AssumeRole"));
    }

    #[test]
    fn a_list_may_grow_and_a_leaf_may_not() {
        for (service, name, opens) in [
            ("cognito-idp", "DescribeUserPool", true),
            ("cognito-idp", "ListUserPoolClients", true),
            ("cognito-idp", "DescribeUserPoolClient", false),
            ("kms", "GetKeyPolicy", false),
        ] {
            assert_eq!(OPENERS.contains(&find(service, name).unwrap().call()), opens, "{name}");
        }
    }
}
