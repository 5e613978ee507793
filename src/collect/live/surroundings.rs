//! What surrounds the pools: functions, mail, web ACLs, health checks. Which questions there are is said by the modules of
//! the subjects, from answers alone; here they are asked, each once, and what an answer leads to is asked next.

use std::collections::BTreeSet;

use futures_util::future::{FutureExt, LocalBoxFuture, join_all};

use super::ask::{Answers, Query, Session};
use super::pools::Pool;
use super::{failover, governance, messages, parity, triggers};
use crate::collect::Request;

/// Asks everything about these pools that their own answers lead to.
pub(super) async fn ask(session: &Session<'_>, request: &Request, pools: &[Pool]) {
    for (region, call, why) in failover::not_asked(request, pools) {
        session.log.not_asked(&region, &[call], why);
    }
    let queries = [
        triggers::first(pools),
        messages::first(pools),
        parity::first(pools),
        failover::first(request, pools),
        governance::first(request, pools),
    ]
    .concat();
    let queries = unasked(session, queries);
    follow(session, queries).await;
}

/// Asks what the app clients of a pool lead to.
pub(super) async fn of_clients(session: &Session<'_>, pool: &Pool, clients: &BTreeSet<String>) {
    follow(session, unasked(session, messages::of_clients(pool, clients))).await;
}

/// Asks these questions, and what each answer leads to as soon as it is there: some services answer one call a second.
fn follow<'a>(session: &'a Session<'_>, queries: Vec<Query>) -> LocalBoxFuture<'a, ()> {
    async move {
        join_all(queries.iter().map(|query| async move {
            let answers = session.ask(query).await;
            follow(session, unasked(session, led_to(query, &answers))).await;
        }))
        .await;
    }
    .boxed_local()
}

/// Those that nobody has asked before.
fn unasked(session: &Session<'_>, mut queries: Vec<Query>) -> Vec<Query> {
    queries.retain(|query| session.is_new(query));
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
