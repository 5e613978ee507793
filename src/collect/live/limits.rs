//! What one account may take of a run of several: until when it is asked, and how long a call keeps its place from others.
//!
//! A run of one account has no limits of this kind. How fast an account is asked, and how many of the calls in flight are its own,
//! is said in `rates`.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::ask::failed;
use super::rates::Turn;
use crate::snapshot::CallError;

/// The code of a call that was cut off because its account's time was over.
pub(super) const DEADLINE: &str = "Deadline";
/// Why a call was not made.
pub(super) const TIME_IS_OVER: &str =
    "the account's time was over before it was asked: give more with --account-timeout, or ask this account alone";
/// A call that takes longer than this gives its place to another account's: an account that does not answer, or that the SDK
/// waits for between attempts, holds up no other.
const LONG: Duration = Duration::from_secs(2);

/// The limits of one account.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// When its time is over.
    pub(super) deadline: Option<Instant>,
    /// Whether others wait for the places of its calls.
    several: bool,
}

/// Why a call was not answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// It was still waiting for its turn.
    Unsent,
    /// It was under way.
    UnderWay,
}

impl Over {
    /// The error in the log.
    pub(super) fn error(self) -> CallError {
        failed(DEADLINE, (self == Self::Unsent).then_some("its turn had not come"))
    }

    /// Whether this is the error of a call that was not made.
    pub(super) fn was_unsent(error: &CallError) -> bool {
        *error == Self::Unsent.error()
    }
}

impl Limits {
    /// Those of one of several accounts: time until then.
    pub(super) fn of_one_of_several(deadline: Option<Instant>) -> Self {
        Self { deadline, several: true }
    }

    /// Whether the account's time is over.
    pub(super) fn are_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Waits for a turn, but no longer than time allows.
    pub(super) async fn turn(&self, turn: impl Future<Output = Turn>) -> Result<Turn, Over> {
        self.in_time(turn).await.ok_or(Over::Unsent)
    }

    /// Waits for `call`, but no longer than time allows. What takes long gives its place up on the way. Calls of the SDK are large
    /// and wait in many places at once: they come in a box.
    pub(super) async fn send<T>(&self, turn: &mut Turn, mut call: impl Future<Output = T> + Unpin) -> Result<T, Over> {
        let answered = async {
            if !self.several {
                return call.await;
            }
            tokio::select! {
                biased;
                answer = &mut call => return answer,
                () = sleep(LONG) => turn.give_way(),
            }
            call.await
        };
        self.in_time(answered).await.ok_or(Over::UnderWay)
    }

    /// What this gives, if it does so in time.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.deadline {
            Some(deadline) => timeout_at(deadline, work).await.ok(),
            None => Some(work.await),
        }
    }
}
