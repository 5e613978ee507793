//! Collecting: calls per second, beside the same requests sent again by a client that does nothing else.

use std::time::Duration;

use mrready::collect::{Observer, Pools, Request, collect};
use mrready::snapshot::{Entry, Snapshot};

use crate::fixture::{self, P, S};
use crate::loopback::{Server, replay};
use crate::measure::{Contestant, human, measure};

/// The argument with which this program calls itself.
pub(crate) const CHILD: &str = "collect-in-this-process";

const POOLS: usize = 50;
const CONCURRENCY: usize = 32;
const ROUNDS: usize = 7;
const LATENCY: Duration = Duration::from_millis(20);

struct Nobody;

impl Observer for Nobody {
    fn planned(&mut self, _calls_known: u64) {}
    fn done(&mut self, _entry: &Entry) {}
    fn note(&mut self, _text: &str) {}
}

/// Runs and prints this part.
pub(crate) fn run() {
    let server = Server::start(fixture::answers(POOLS));
    let requests = server.record(|| check(&gather(&server)));
    let (calls, connections) = server.count();
    println!(
        "\nCollect: {POOLS} pools, {calls} calls, {connections} connections; concurrency {CONCURRENCY}, no rate limit; rounds: {ROUNDS}\n"
    );
    println!("  {:<42} {:>10} {:>10} {:>7} {:>8}", "", "median", "calls/s", "spread", "ratio");
    let times = measure(
        ROUNDS,
        vec![
            Contestant::new("the same bytes, one connection, in turn", || replay(&server.address, &requests)),
            Contestant::new("collect, latency 0", || gather(&server)),
        ],
    );
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let calls = calls as f64;
    for row in &times {
        let (median, ratio) = (row.median(), row.ratio(&times[0]));
        println!(
            "  {:<42} {:>10} {:>10.0} {:>6.1}% {ratio:>8.2}",
            row.name,
            human(median),
            calls / median,
            row.spread()
        );
    }
    server.set_latency(LATENCY);
    let times = measure(ROUNDS, vec![Contestant::new("collect, latency 20 ms", || gather(&server))]);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let ideal = calls * LATENCY.as_secs_f64() / CONCURRENCY as f64;
    println!(
        "  {:<42} {:>10} {:>10.0} {:>7} {:>8}",
        "calls × 20 ms ÷ 32, which nobody can beat",
        human(ideal),
        calls / ideal,
        "",
        "1.00"
    );
    for row in &times {
        let median = row.median();
        let ratio = median / ideal;
        println!(
            "  {:<42} {:>10} {:>10.0} {:>6.1}% {ratio:>8.2}",
            row.name,
            human(median),
            calls / median,
            row.spread()
        );
    }
}

fn gather(server: &Server) -> Snapshot {
    let ids = (0..POOLS).map(fixture::pool_id).collect();
    let mut request = Request::new(Pools::Ids(ids));
    request.region = Some(P.to_owned());
    request.replica_regions.insert(String::new(), S.to_owned());
    request.endpoint_url = Some(format!("http://{}", server.address));
    request.concurrency = CONCURRENCY;
    request.max_rps = Some(1e9);
    collect(&request, &mut Nobody).expect("a snapshot")
}

/// What was collected is the fixture: no call failed, none is missing.
fn check(snapshot: &Snapshot) {
    let failed: Vec<_> = snapshot.calls().filter(|call| call.error.is_some()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let own = |snapshot: &Snapshot| -> Vec<_> {
        snapshot
            .calls()
            .map(|call| (call.name(), call.region.clone(), call.parameters.clone(), call.response.clone()))
            .collect()
    };
    assert!(own(snapshot) == own(&fixture::snapshot(POOLS)), "the fixture and what was collected of it differ");
}
