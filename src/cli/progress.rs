//! The progress of a collection: a bar with what is left on a terminal, now and then a line elsewhere, every call with `--verbose`.
//!
//! Not here: how long it still takes (`collect::estimate`).

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::ui::say;
use crate::collect::Remaining;
use crate::collect::estimate::Estimate;
use crate::snapshot::Entry;

/// Where there is no terminal, a line says so often what is left; a short run says nothing.
const LINE_EVERY: Duration = Duration::from_mins(1);

/// The progress of one collection.
pub(super) struct Progress {
    bar: ProgressBar,
    verbose: bool,
    terminal: bool,
    /// When a line was last written, or the run began.
    line: Instant,
    /// How many of several accounts are done; of one, nothing.
    accounts: String,
    /// What is left, as it was last said.
    left: String,
}

impl Progress {
    /// A bar that is drawn only if standard error is a terminal.
    pub(super) fn new(verbose: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal && !verbose { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("collecting {bar:20} {pos}/{len} calls, {elapsed}{wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, verbose, terminal, line: Instant::now(), accounts: String::new(), left: String::new() }
    }

    /// So many calls are known by now.
    pub(super) fn planned(&self, calls: u64) {
        self.bar.set_length(calls);
    }

    /// A call has ended.
    pub(super) fn done(&self, entry: &Entry) {
        let Entry::Call(call) = entry else { return };
        self.bar.inc(1);
        if self.verbose {
            let page = call.page.map(|page| format!(" page {page}")).unwrap_or_default();
            let outcome = match &call.error {
                None => "answered".to_owned(),
                Some(error) => format!("not answered: {}", error.code),
            };
            say(&format!("{} in {}{page}: {outcome}", call.name(), call.region));
        }
    }

    /// So much is left.
    pub(super) fn remaining(&mut self, remaining: &Remaining) {
        let left = left(&remaining.estimate());
        if self.terminal && !self.verbose {
            self.left = format!("; {left}");
            self.message();
        } else if !self.terminal && self.line.elapsed() >= LINE_EVERY {
            self.line = Instant::now();
            let more = if remaining.grows { "at least " } else { "" };
            say(&format!(
                "{} of {more}{} calls made{}; {left}",
                self.bar.position(),
                self.bar.length().unwrap_or_default(),
                self.accounts
            ));
        }
    }

    /// So many of several accounts are done.
    pub(super) fn accounts(&mut self, done: usize, of: usize) {
        self.accounts = format!(", {done}/{of} accounts");
        self.message();
    }

    fn message(&self) {
        self.bar.set_message(format!("{}{}", self.accounts, self.left));
    }

    /// A line that everybody gets.
    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| say(text));
    }

    /// A line for a person: not for a pipe.
    pub(super) fn note(&self, text: &str) {
        if self.verbose || self.terminal {
            self.bar.suspend(|| say(text));
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// `at least 1 min 20 s more, by cognito-idp UserPoolClientRead in us-east-1`.
fn left(estimate: &Estimate) -> String {
    let bound = if estimate.at_least { "at least" } else { "about" };
    let because = match &estimate.because {
        Some((quota, region)) if region.is_empty() => format!(", by {quota}"),
        Some((quota, region)) => format!(", by {quota} in {region}"),
        None => String::new(),
    };
    format!("{bound} {} more{because}", time(estimate.time))
}

/// Rounded up to seconds, above an hour to minutes.
fn time(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, seconds) => match minutes + u64::from(seconds > 0) {
            60 => format!("{} h 0 min", hours + 1),
            minutes => format!("{hours} h {minutes} min"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up() {
        let cases = [(0, "0 s"), (1, "1 s"), (59_001, "1 min 0 s"), (80_000, "1 min 20 s"), (3_599_500, "1 h 0 min")];
        for (millis, said) in cases {
            assert_eq!(time(Duration::from_millis(millis)), said);
        }
        assert_eq!(time(Duration::from_secs(7_199)), "2 h 0 min");
        assert_eq!(time(Duration::from_secs(3_661)), "1 h 2 min");
    }

    #[test]
    fn an_estimate_says_whether_it_is_a_bound_and_what_decides() {
        let because = Some(("cognito-idp UserPoolClientRead", "us-east-1".to_owned()));
        let estimate = Estimate { time: Duration::from_secs(80), at_least: true, because };
        assert_eq!(left(&estimate), "at least 1 min 20 s more, by cognito-idp UserPoolClientRead in us-east-1");
        let estimate = Estimate { time: Duration::from_secs(2), at_least: false, because: None };
        assert_eq!(left(&estimate), "about 2 s more");
        let estimate = Estimate { because: Some(("route53 all requests", String::new())), ..estimate };
        assert_eq!(left(&estimate), "about 2 s more, by route53 all requests");
    }
}
