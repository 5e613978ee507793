//! What is asked about the role that will run the migration. Pure: from answers to questions.

use super::ask::Query;
use super::pools::Pool;
use crate::collect::Request;

/// The questions that the pools' own answers lead to.
pub(super) fn first(_request: &Request, _pools: &[Pool]) -> Vec<Query> {
    Vec::new()
}
