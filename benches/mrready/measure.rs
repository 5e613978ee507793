//! Side by side: every contestant once per round, so that whatever else the machine does meets all of them alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// A thing to be timed.
pub(crate) struct Contestant<'a> {
    pub(crate) name: String,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Contestant<'a> {
    pub(crate) fn new<T>(name: impl Into<String>, mut run: impl FnMut() -> T + 'a) -> Self {
        let run = Box::new(move || {
            black_box(run());
        });
        Self { name: name.into(), run }
    }
}

/// The times of one contestant, one per round.
pub(crate) struct Times {
    pub(crate) name: String,
    rounds: Vec<Duration>,
}

/// Runs every contestant once without looking, then once per round; each round begins with another one.
pub(crate) fn measure(rounds: usize, mut contestants: Vec<Contestant<'_>>) -> Vec<Times> {
    for contestant in &mut contestants {
        (contestant.run)();
    }
    let mut times: Vec<Times> = contestants
        .iter()
        .map(|contestant| Times { name: contestant.name.clone(), rounds: vec![Duration::ZERO; rounds] })
        .collect();
    for round in 0..rounds {
        for step in 0..contestants.len() {
            let at = (round + step) % contestants.len();
            let start = Instant::now();
            (contestants[at].run)();
            times[at].rounds[round] = start.elapsed();
        }
    }
    times
}

impl Times {
    /// The middle of the rounds, in seconds.
    pub(crate) fn median(&self) -> f64 {
        quantile(self.rounds.iter().map(Duration::as_secs_f64).collect(), 0.5)
    }

    /// From the first to the third quartile, in percent of the median.
    pub(crate) fn spread(&self) -> f64 {
        let of = |part| quantile(self.rounds.iter().map(Duration::as_secs_f64).collect(), part);
        (of(0.75) - of(0.25)) / self.median() * 100.0
    }

    /// How many times as long as `base`: the middle of the ratios of each round, so that a slow moment counts in both.
    pub(crate) fn ratio(&self, base: &Self) -> f64 {
        let pairs = self.rounds.iter().zip(&base.rounds);
        quantile(pairs.map(|(own, base)| own.as_secs_f64() / base.as_secs_f64()).collect(), 0.5)
    }
}

fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of a short list"
    )]
    let at = (part * (values.len() - 1) as f64).round() as usize;
    values[at]
}

/// Seconds as a person reads them.
pub(crate) fn human(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.1} µs", s * 1e6),
    }
}
