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
    let queries = [
        triggers::first(pools),
        messages::first(pools),
        parity::first(pools),
        failover::first(request, pools),
        governance::first(request, pools),
    ]
    .concat();
    let queries = unasked(queries, &mut asked);
    session.log.note(&format!(
        "{} calls are known to be needed about what surrounds {} pools; lists may lead to more",
        queries.len(),
        pools.len()
    ));
    follow(session, queries, asked).await;
}

/// Asks what the app clients of a pool lead to, but for what the pool itself leads to: that is asked anyway.
pub(super) async fn of_clients(session: &Session<'_>, pool: &Pool, clients: &BTreeSet<String>) {
    let mut asked = messages::first(std::slice::from_ref(pool)).iter().map(Query::question).collect();
    let queries = unasked(messages::of_clients(pool, clients), &mut asked);
    follow(session, queries, asked).await;
}

/// Asks these questions, what their answers lead to, and so on.
async fn follow(session: &Session<'_>, mut queries: Vec<Query>, mut asked: BTreeSet<String>) {
    while !queries.is_empty() {
        let answered = join_all(queries.iter().map(|query| session.ask(query))).await;
        let next = queries.iter().zip(&answered).flat_map(|(query, answers)| led_to(query, answers)).collect();
        queries = unasked(next, &mut asked);
    }
}

/// Those that were not asked before.
fn unasked(mut queries: Vec<Query>, asked: &mut BTreeSet<String>) -> Vec<Query> {
    queries.retain(|query| asked.insert(query.question()));
    queries
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
