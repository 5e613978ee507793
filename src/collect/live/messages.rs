//! What is asked about the services that send mail and text messages. Pure: from answers to questions.

use super::ask::{Answers, Query};
use super::pools::Pool;

/// The questions that the pools' own answers lead to.
pub(super) fn first(_pools: &[Pool]) -> Vec<Query> {
    Vec::new()
}

/// The questions that an answer leads to.
pub(super) fn next(_query: &Query, _answers: &Answers) -> Vec<Query> {
    Vec::new()
}
