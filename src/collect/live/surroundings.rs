//! What surrounds the pools: functions, mail, web ACLs, health checks. Which questions there are is said by the modules of
//! the subjects, from answers alone; here they are asked, each once, and what an answer leads to is asked next.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::ask::{Answers, Query, Session};
use super::pools::Pool;
use super::{failover, governance, messages, parity, triggers};
use crate::collect::Request;

/// Asks everything about these pools that their own answers lead to.
pub(super) async fn ask(session: &Session<'_>, request: &Request, pools: &[Pool]) {
    for (region, call, why) in failover::not_asked(request, pools) {
        session.log.not_asked(&region, &[call], why);
    }
    let mut asked = BTreeSet::new();
    let mut queries = [
        triggers::first(pools),
        messages::first(pools),
        parity::first(pools),
        failover::first(request, pools),
        governance::first(request, pools),
    ]
    .concat();
    queries.retain(|query| asked.insert(query.question()));
    session.log.note(&format!(
        "{} calls are known to be needed about what surrounds {} pools; lists may lead to more",
        queries.len(),
        pools.len()
    ));
    while !queries.is_empty() {
        let answered = join_all(queries.iter().map(|query| session.ask(query))).await;
        let mut next: Vec<Query> =
            queries.iter().zip(&answered).flat_map(|(query, answers)| led_to(query, answers)).collect();
        next.retain(|query| asked.insert(query.question()));
        queries = next;
    }
}

/// The questions that an answer leads to.
fn led_to(query: &Query, answers: &Answers) -> Vec<Query> {
    [
        messages::next(query, answers),
        parity::next(query, answers),
        failover::next(query, answers),
        triggers::next(query, answers),
    ]
    .concat()
}
