//! Whose turn it is: calls wait in lanes, each with its rate, and take turns by rank. Pure: the time is an argument.
//!
//! A lane is a quota of an account in a Region. A call may wait in a second one, that of its user pool, which must not stand
//! in the way of other pools. Of all calls that may go, the one of the highest rank goes first, then the one that came first.
//! Not here: tasks and timers (`rates`), and which rates there are (`quotas`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A lane, by its number.
pub(super) type LaneId = usize;

/// An account, by its number.
pub(super) type AccountId = usize;

/// The order in which calls go: the highest rank, then the first to come.
pub(super) type Order = (Reverse<u32>, u64);

/// How much a lane may be ahead of its even pace, so that a timer that wakes late costs no turns: a quarter of a second, and
/// nothing where that would let two calls of a quota of one a second come too close.
const AHEAD: Duration = Duration::from_millis(250);
/// A lane is not made slower again so soon: answers to calls that were under way together are one refusal.
const ONE_REFUSAL: Duration = Duration::from_secs(1);
/// After so long without a refusal a lane regains a part of its rate.
const REGAINS_AFTER: Duration = Duration::from_secs(2);
/// That part.
const REGAINS: f64 = 0.125;
/// The least part of its rate that a lane keeps.
const LEAST: f64 = 1.0 / 16.0;

/// How fast a lane goes: evenly, and slower after a refusal.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    rate: f64,
    /// When the next call is due at an even pace.
    due: Duration,
    /// When AWS last refused, and the part of the rate that was left then.
    refused: Option<(Duration, f64)>,
}

impl Pace {
    /// So many calls per second. A rate that is none (zero, negative, not a number) is the slowest.
    pub(super) fn new(rate: f64) -> Self {
        Self { rate: rate.max(1e-3), due: Duration::ZERO, refused: None }
    }

    /// The part of the rate that is used now.
    fn part(&self, now: Duration) -> f64 {
        let Some((at, part)) = self.refused else { return 1.0 };
        let steps = now.saturating_sub(at).as_secs_f64() / REGAINS_AFTER.as_secs_f64();
        (part + steps.floor() * REGAINS).min(1.0)
    }

    /// Calls per second now.
    pub(super) fn per_second(&self, now: Duration) -> f64 {
        self.rate * self.part(now)
    }

    fn interval(&self, now: Duration) -> Duration {
        Duration::try_from_secs_f64(1.0 / self.per_second(now)).unwrap_or(Duration::from_secs(1000))
    }

    /// How much the lane may be ahead.
    fn ahead(&self, now: Duration) -> Duration {
        AHEAD.min(Duration::from_secs(1).saturating_sub(self.interval(now)))
    }

    /// When the next call may go.
    fn ready_at(&self, now: Duration) -> Duration {
        self.due.saturating_sub(self.ahead(now))
    }

    fn take(&mut self, now: Duration) {
        self.due = self.due.max(now) + self.interval(now);
    }

    fn refuse(&mut self, now: Duration) {
        if self.refused.is_some_and(|(at, _)| now.saturating_sub(at) < ONE_REFUSAL) {
            return;
        }
        self.refused = Some((now, (self.part(now) / 2.0).max(LEAST)));
        // Whoever else draws on the quota gets the first of what comes in.
        self.due = self.due.max(now + self.interval(now) + self.ahead(now));
    }
}

/// A lane and who waits in it.
#[derive(Debug)]
struct Lane<T> {
    account: AccountId,
    pace: Pace,
    waiting: BTreeMap<Order, Waiting<T>>,
    place: Place,
}

#[derive(Debug)]
struct Waiting<T> {
    own: Option<LaneId>,
    payload: T,
}

/// Where a lane stands in the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nobody waits, or the account has as many calls under way as it may.
    Nowhere,
    /// Not before this time.
    Due(Duration),
    /// As soon as fewer calls are under way.
    Ready(Order),
}

/// What an account may have under way.
#[derive(Debug)]
struct Account {
    /// How many more calls.
    free: usize,
    /// The lanes that wait for one of them to end.
    full: BTreeSet<LaneId>,
}

/// All lanes; `T` is what is handed back when a call may go.
#[derive(Debug)]
pub(super) struct Schedule<T> {
    accounts: Vec<Account>,
    lanes: Vec<Lane<T>>,
    /// The numbers of lanes that have ended, to be used again.
    retired: Vec<LaneId>,
    due: BTreeSet<(Duration, LaneId)>,
    ready: BTreeSet<(Order, LaneId)>,
    /// How many more calls may be under way.
    free: usize,
    arrivals: u64,
}

impl<T> Schedule<T> {
    /// With so many calls under way at once.
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            accounts: Vec::new(),
            lanes: Vec::new(),
            retired: Vec::new(),
            due: BTreeSet::new(),
            ready: BTreeSet::new(),
            free: at_once.max(1),
            arrivals: 0,
        }
    }

    /// A further account, with so many of the calls under way at most.
    pub(super) fn account(&mut self, most: usize) -> AccountId {
        self.accounts.push(Account { free: most.max(1), full: BTreeSet::new() });
        self.accounts.len() - 1
    }

    /// A further lane of an account.
    pub(super) fn lane(&mut self, account: AccountId, pace: Pace) -> LaneId {
        let new = Lane { account, pace, waiting: BTreeMap::new(), place: Place::Nowhere };
        if let Some(number) = self.retired.pop() {
            self.lanes[number] = new;
            return number;
        }
        self.lanes.push(new);
        self.lanes.len() - 1
    }

    /// A lane ends. Nobody may wait in it or be under way from it: its number goes to another.
    pub(super) fn retire(&mut self, lane: LaneId) {
        self.move_to(lane, Place::Nowhere);
        self.lanes[lane].waiting.clear();
        self.accounts[self.lanes[lane].account].full.remove(&lane);
        self.retired.push(lane);
    }

    /// A call waits in `lane`, and in `own` if it has one; what names it, to leave again.
    pub(super) fn enter(&mut self, lane: LaneId, own: Option<LaneId>, rank: u32, payload: T, now: Duration) -> Order {
        let order = (Reverse(rank), self.arrivals);
        self.arrivals += 1;
        self.lanes[lane].waiting.insert(order, Waiting { own, payload });
        self.put(lane, now);
        order
    }

    /// A call does not wait any more; false if it is under way already.
    pub(super) fn leave(&mut self, lane: LaneId, order: Order, now: Duration) -> bool {
        let waited = self.lanes[lane].waiting.remove(&order).is_some();
        self.put(lane, now);
        waited
    }

    /// A call under way leaves its place among all calls to another; its account's own place it keeps.
    pub(super) fn give_way(&mut self) {
        self.free += 1;
    }

    /// A call of this lane that has given way ends.
    pub(super) fn end_own(&mut self, lane: LaneId, now: Duration) {
        let account = &mut self.accounts[self.lanes[lane].account];
        account.free += 1;
        for lane in std::mem::take(&mut account.full) {
            self.put(lane, now);
        }
    }

    /// A call under way is made once more.
    pub(super) fn again(&mut self, lane: LaneId, own: Option<LaneId>, now: Duration) {
        for lane in own.into_iter().chain([lane]) {
            self.lanes[lane].pace.take(now);
            self.put(lane, now);
        }
    }

    /// AWS refused a call because there were too many.
    pub(super) fn refused(&mut self, lane: LaneId, now: Duration) {
        self.lanes[lane].pace.refuse(now);
        self.put(lane, now);
    }

    /// The next call that may go now.
    pub(super) fn next(&mut self, now: Duration) -> Option<T> {
        while let Some(&(at, lane)) = self.due.first() {
            if at > now {
                break;
            }
            self.put(lane, now);
        }
        while self.free > 0 {
            let &(_, lane) = self.ready.first()?;
            let account = &mut self.accounts[self.lanes[lane].account];
            if account.free == 0 {
                account.full.insert(lane);
                self.move_to(lane, Place::Nowhere);
                continue;
            }
            match self.first_in(lane, now) {
                Ok(order) => {
                    let waiting = self.lanes[lane].waiting.remove(&order)?;
                    self.accounts[self.lanes[lane].account].free -= 1;
                    self.free -= 1;
                    self.again(lane, waiting.own, now);
                    return Some(waiting.payload);
                }
                Err(at) => self.move_to(lane, Place::Due(at)),
            }
        }
        None
    }

    /// When `next` may have something, if only time is missing.
    pub(super) fn wake_at(&self) -> Option<Duration> {
        self.due.first().filter(|_| self.free > 0).map(|(at, _)| *at)
    }

    /// A lane's length, its rate now, and how long the next one in it waits.
    pub(super) fn queue(&self, lane: LaneId, now: Duration) -> (u64, f64, Duration) {
        let lane = &self.lanes[lane];
        let wait = lane.pace.ready_at(now).saturating_sub(now);
        (lane.waiting.len() as u64, lane.pace.per_second(now), wait)
    }

    /// The first in a lane whose pool's own lane lets it pass, or when the first one of them will.
    fn first_in(&self, lane: LaneId, now: Duration) -> Result<Order, Duration> {
        let mut soonest = Duration::MAX;
        for (order, waiting) in &self.lanes[lane].waiting {
            let at = waiting.own.map_or(Duration::ZERO, |own| self.lanes[own].pace.ready_at(now));
            if at <= now {
                return Ok(*order);
            }
            soonest = soonest.min(at);
        }
        Err(soonest)
    }

    /// Puts a lane where it belongs by its pace and by who waits in it.
    fn put(&mut self, lane: LaneId, now: Duration) {
        let at = &self.lanes[lane];
        let place = match at.waiting.first_key_value() {
            None => Place::Nowhere,
            Some((order, _)) => match at.pace.ready_at(now) {
                ready if ready <= now => Place::Ready(*order),
                ready => Place::Due(ready),
            },
        };
        self.move_to(lane, place);
    }

    fn move_to(&mut self, lane: LaneId, place: Place) {
        match std::mem::replace(&mut self.lanes[lane].place, place) {
            Place::Nowhere => {}
            Place::Due(at) => {
                self.due.remove(&(at, lane));
            }
            Place::Ready(order) => {
                self.ready.remove(&(order, lane));
            }
        }
        match place {
            Place::Nowhere => {}
            Place::Due(at) => {
                self.due.insert((at, lane));
            }
            Place::Ready(order) => {
                self.ready.insert((order, lane));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// With one account.
    fn schedule(at_once: usize) -> (Schedule<&'static str>, AccountId) {
        let mut schedule = Schedule::new(at_once);
        let account = schedule.account(usize::MAX);
        (schedule, account)
    }

    /// A call of the first lane ends.
    fn end(schedule: &mut Schedule<&'static str>, now: Duration) {
        schedule.give_way();
        schedule.end_own(0, now);
    }

    /// Lets everything go that may, call after call, each taking no time; who went, and when in milliseconds.
    fn run(schedule: &mut Schedule<&'static str>, until: Duration) -> Vec<(&'static str, u128)> {
        let mut gone = Vec::new();
        let mut now = Duration::ZERO;
        loop {
            while let Some(who) = schedule.next(now) {
                gone.push((who, now.as_millis()));
                end(schedule, now);
            }
            match schedule.wake_at() {
                Some(at) if at <= until => now = at,
                _ => return gone,
            }
        }
    }

    fn names(gone: &[(&'static str, u128)]) -> Vec<&'static str> {
        gone.iter().map(|(who, _)| *who).collect()
    }

    #[test]
    fn a_quota_of_one_a_second_is_never_ahead() {
        let (mut schedule, a) = schedule(8);
        let lane = schedule.lane(a, Pace::new(1.0));
        for who in ["a", "b", "c"] {
            schedule.enter(lane, None, 0, who, ms(0));
        }
        assert_eq!(run(&mut schedule, ms(9_000)), [("a", 0), ("b", 1000), ("c", 2000)]);
    }

    #[test]
    fn in_no_second_go_more_calls_than_the_rate_and_a_quarter() {
        let (mut schedule, a) = schedule(8);
        let lane = schedule.lane(a, Pace::new(20.0));
        for _ in 0..100 {
            schedule.enter(lane, None, 0, "x", ms(0));
        }
        let gone = run(&mut schedule, ms(60_000));
        assert_eq!(gone.len(), 100);
        for (_, from) in &gone {
            let within = gone.iter().filter(|(_, at)| (*from..*from + 1000).contains(at)).count();
            assert!(within <= 20 + 5 + 1, "{within} from {from}");
        }
        // No turn is lost: a hundred calls at twenty a second.
        assert_eq!(gone.last().unwrap().1, 99 * 50 - 250);
    }

    #[test]
    fn a_timer_that_wakes_late_costs_no_turns() {
        let (mut schedule, a) = schedule(8);
        let lane = schedule.lane(a, Pace::new(20.0));
        for _ in 0..41 {
            schedule.enter(lane, None, 0, "x", ms(0));
        }
        let (mut gone, mut now) = (0, ms(0));
        while gone < 41 {
            while schedule.next(now).is_some() {
                end(&mut schedule, now);
                gone += 1;
            }
            // Woken only every 100 ms.
            now += ms(100);
        }
        assert!(now <= ms(2_100), "{now:?}");
    }

    #[test]
    fn the_highest_rank_goes_first_then_the_first_to_come() {
        let (mut schedule, a) = schedule(8);
        let (one, two) = (schedule.lane(a, Pace::new(1e9)), schedule.lane(a, Pace::new(1e9)));
        schedule.enter(one, None, 0, "leaf", ms(0));
        schedule.enter(two, None, 1, "list", ms(0));
        schedule.enter(one, None, 3, "pool", ms(0));
        schedule.enter(one, None, 1, "list too", ms(0));
        assert_eq!(names(&run(&mut schedule, ms(1))), ["pool", "list", "list too", "leaf"]);
    }

    #[test]
    fn a_pool_that_waits_stands_in_nobodys_way() {
        let (mut schedule, a) = schedule(8);
        let lane = schedule.lane(a, Pace::new(20.0));
        let (busy, quiet) = (schedule.lane(a, Pace::new(1.0)), schedule.lane(a, Pace::new(1.0)));
        for (own, who) in [(busy, "busy 1"), (busy, "busy 2"), (busy, "busy 3"), (quiet, "quiet")] {
            schedule.enter(lane, Some(own), 0, who, ms(0));
        }
        let gone = run(&mut schedule, ms(9_000));
        assert_eq!(gone, [("busy 1", 0), ("quiet", 0), ("busy 2", 1000), ("busy 3", 2000)]);
    }

    #[test]
    fn no_more_calls_are_under_way_than_may_be() {
        let (mut schedule, a) = schedule(2);
        let lane = schedule.lane(a, Pace::new(1e9));
        for who in ["a", "b", "c"] {
            schedule.enter(lane, None, 0, who, ms(0));
        }
        assert_eq!((schedule.next(ms(1)), schedule.next(ms(1)), schedule.next(ms(1))), (Some("a"), Some("b"), None));
        assert_eq!(schedule.wake_at(), None);
        end(&mut schedule, ms(1));
        assert_eq!(schedule.next(ms(1)), Some("c"));
    }

    #[test]
    fn the_number_of_a_lane_that_ended_goes_to_another_and_nothing_with_it() {
        let mut schedule = Schedule::new(1);
        let (one, two) = (schedule.account(1), schedule.account(1));
        let first = schedule.lane(one, Pace::new(1.0));
        let busy = schedule.lane(two, Pace::new(1e9));
        schedule.enter(first, None, 0, "first", ms(0));
        schedule.enter(busy, None, 0, "busy", ms(0));
        assert_eq!(schedule.next(ms(0)), Some("first"));
        schedule.refused(first, ms(0));
        schedule.give_way();
        schedule.end_own(first, ms(0));
        schedule.retire(first);
        assert_eq!(schedule.lane(two, Pace::new(1e9)), first);
        assert_eq!(schedule.lane(two, Pace::new(1e9)), 2, "each number goes once");
        schedule.enter(first, None, 1, "another", ms(1));
        // At once, and before what came earlier with a lower rank: of the pace and the refusal nothing is left.
        assert_eq!(schedule.next(ms(1)), Some("another"));
    }

    #[test]
    fn an_account_that_has_its_share_under_way_stands_in_nobodys_way() {
        let mut schedule = Schedule::new(3);
        let (one, two) = (schedule.account(1), schedule.account(1));
        let (first, second) = (schedule.lane(one, Pace::new(1e9)), schedule.lane(two, Pace::new(1e9)));
        for (lane, who) in [(first, "1a"), (first, "1b"), (second, "2a"), (second, "2b")] {
            schedule.enter(lane, None, 0, who, ms(0));
        }
        assert_eq!((schedule.next(ms(1)), schedule.next(ms(1)), schedule.next(ms(1))), (Some("1a"), Some("2a"), None));
        // A call that takes long makes room for other accounts only.
        schedule.give_way();
        assert_eq!(schedule.next(ms(2)), None);
        schedule.end_own(first, ms(3));
        assert_eq!((schedule.next(ms(3)), schedule.next(ms(3))), (Some("1b"), None));
    }

    #[test]
    fn who_leaves_is_not_waited_for() {
        let (mut schedule, a) = schedule(1);
        let lane = schedule.lane(a, Pace::new(1.0));
        let first = schedule.enter(lane, None, 0, "a", ms(0));
        let second = schedule.enter(lane, None, 0, "b", ms(0));
        assert_eq!(schedule.next(ms(0)), Some("a"));
        assert!(!schedule.leave(lane, first, ms(0)));
        assert!(schedule.leave(lane, second, ms(0)));
        end(&mut schedule, ms(0));
        assert_eq!((schedule.next(ms(5_000)), schedule.wake_at()), (None, None));
    }

    #[test]
    fn a_refusal_halves_the_rate_once_and_it_comes_back_slowly() {
        let mut pace = Pace::new(16.0);
        pace.refuse(ms(0));
        // What was under way with it says the same.
        pace.refuse(ms(900));
        assert!((pace.per_second(ms(1_000)) - 8.0).abs() < 1e-9);
        assert!((pace.per_second(ms(2_000)) - 10.0).abs() < 1e-9);
        assert!((pace.per_second(ms(8_000)) - 16.0).abs() < 1e-9);
        assert!((pace.per_second(ms(99_000)) - 16.0).abs() < 1e-9);
        for second in 0..20 {
            pace.refuse(ms(100_000 + second * 1_000));
        }
        // Whatever happens, it does not stop.
        assert!((pace.per_second(ms(119_500)) - 1.0).abs() < 1e-9, "{}", pace.per_second(ms(119_500)));
    }

    #[test]
    fn a_lane_that_was_refused_rests_and_others_go_on() {
        let (mut schedule, a) = schedule(8);
        let (one, two) = (schedule.lane(a, Pace::new(10.0)), schedule.lane(a, Pace::new(10.0)));
        schedule.refused(one, ms(0));
        schedule.enter(one, None, 5, "one", ms(0));
        schedule.enter(two, None, 0, "two", ms(0));
        let gone = run(&mut schedule, ms(9_000));
        assert_eq!(names(&gone), ["two", "one"]);
        assert!(gone[1].1 > 0);
    }

    #[test]
    fn a_repeated_attempt_counts() {
        let (mut schedule, a) = schedule(8);
        let lane = schedule.lane(a, Pace::new(1.0));
        for who in ["a", "b"] {
            schedule.enter(lane, None, 0, who, ms(0));
        }
        assert_eq!(schedule.next(ms(0)), Some("a"));
        schedule.again(lane, None, ms(100));
        assert_eq!((schedule.next(ms(1_900)), schedule.next(ms(2_000))), (None, Some("b")));
    }

    #[test]
    fn a_rate_that_is_none_is_slow_and_no_panic() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e308] {
            let (mut schedule, a) = schedule(1);
            let lane = schedule.lane(a, Pace::new(rate));
            schedule.enter(lane, None, 0, "x", ms(0));
            assert_eq!(schedule.next(ms(0)), Some("x"), "{rate}");
        }
    }
}
