//! How long a collection still takes, from what waits where: pure, so that it can be tested without a clock.
//!
//! Not here: who waits (`live/schedule`), and how it is said (the shell).

use std::time::Duration;

/// Calls that wait for their turn in one quota.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// The quota, such as `cognito-idp UserPoolRead`.
    pub quota: &'static str,
    /// The Region that it counts for; empty where all Regions share it.
    pub region: String,
    /// How many calls wait.
    pub calls: u64,
    /// How many of them are made in a second.
    pub per_second: f64,
    /// How long the next one of them waits at least.
    pub wait: Duration,
}

/// What is known to be left of a collection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Remaining {
    /// The quotas for which calls wait.
    pub queues: Vec<Queue>,
    /// The calls under way.
    pub under_way: u64,
    /// The most calls that may be under way.
    pub at_once: u64,
    /// How long a call took so far, on average.
    pub call: Duration,
    /// Whether a call that is left may lead to further calls, such as a list to what it lists.
    pub grows: bool,
}

/// How long it still takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The time that the calls known by now take.
    pub time: Duration,
    /// Whether more calls may become known, so that it is the least time.
    pub at_least: bool,
    /// The quota that decides, and its Region; nothing where it is the number of calls at once.
    pub because: Option<(&'static str, String)>,
}

impl Remaining {
    /// The calls that wait or are under way.
    pub fn calls(&self) -> u64 {
        self.under_way + self.queues.iter().map(|queue| queue.calls).sum::<u64>()
    }

    /// The time that is left: never less than the slowest quota allows, nor than so many calls at once.
    #[expect(clippy::cast_precision_loss, reason = "numbers of calls are far below 2^52")]
    pub fn estimate(&self) -> Estimate {
        let mut time = self.call.as_secs_f64() * self.calls() as f64 / self.at_once.max(1) as f64;
        let mut because = None;
        for queue in self.queues.iter().filter(|queue| queue.calls > 0) {
            // The next one goes when its time has come, each further one an interval later; the last is then answered.
            let last = queue.wait.as_secs_f64() + (queue.calls - 1) as f64 / queue.per_second.max(1e-3);
            let own = last + self.call.as_secs_f64();
            if own > time {
                time = own;
                because = Some((queue.quota, queue.region.clone()));
            }
        }
        let time = Duration::try_from_secs_f64(time).unwrap_or(Duration::MAX);
        Estimate { time, at_least: self.grows, because }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(quota: &'static str, calls: u64, per_second: f64) -> Queue {
        Queue { quota, region: "us-east-1".to_owned(), calls, per_second, wait: Duration::ZERO }
    }

    fn remaining(queues: Vec<Queue>) -> Remaining {
        Remaining { queues, under_way: 0, at_once: 8, call: Duration::from_millis(100), grows: false }
    }

    #[test]
    fn the_slowest_quota_decides() {
        let left = remaining(vec![queue("clients", 151, 15.0), queue("mail", 31, 1.0), queue("keys", 5000, 2000.0)]);
        let estimate = left.estimate();
        // Five thousand calls, eight at once, a tenth of a second each, take longer than thirty at one a second.
        assert_eq!((estimate.time.as_millis(), estimate.because.clone()), (64_775, None));
        let left = remaining(vec![queue("clients", 151, 15.0), queue("mail", 31, 1.0)]);
        let estimate = left.estimate();
        assert_eq!(estimate.time, Duration::from_millis(30_100));
        assert_eq!(estimate.because, Some(("mail", "us-east-1".to_owned())));
    }

    #[test]
    fn it_never_promises_less_than_the_quotas_allow() {
        for calls in [1, 2, 10, 1000] {
            for per_second in [0.5, 1.0, 7.5, 2000.0] {
                let left = remaining(vec![queue("a", calls, per_second), queue("b", calls / 2, per_second * 2.0)]);
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let least = (calls - 1) as f64 / per_second;
                assert!(left.estimate().time.as_secs_f64() >= least, "{calls} at {per_second}");
            }
        }
    }

    #[test]
    fn what_may_grow_is_said_and_a_quota_at_rest_is_waited_for() {
        let mut left = remaining(vec![queue("a", 1, 1.0)]);
        assert!(!left.estimate().at_least);
        left.grows = true;
        left.queues[0].wait = Duration::from_secs(9);
        let estimate = left.estimate();
        assert!(estimate.at_least);
        assert_eq!(estimate.time, Duration::from_millis(9_100));
    }

    #[test]
    fn nothing_left_takes_no_time() {
        let left = Remaining::default();
        assert_eq!(left.estimate(), Estimate { time: Duration::ZERO, at_least: false, because: None });
        assert_eq!(remaining(vec![queue("a", 0, 1.0)]).estimate().time, Duration::ZERO);
    }
}
