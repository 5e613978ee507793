//! Collecting: beside the time that the calls take at the least, beside the quotas, and beside a script that uses boto3.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use mrready::collect::quotas::quota_of;
use mrready::collect::{Observer, Pools, Request, collect};
use mrready::snapshot::operations::find_call;
use mrready::snapshot::{Entry, Snapshot};

use crate::fixture::{self, P, S};
use crate::loopback::{Server, replay};
use crate::measure::{Contestant, human, measure};

/// The argument with which this program calls itself; the number of rounds and the Python with boto3 follow.
pub(crate) const CHILD: &str = "collect-in-this-process";

const POOLS: usize = 200;
const CONCURRENCY: usize = 32;
const LATENCY: Duration = Duration::from_millis(50);
/// So many pools the script asks for: it makes one call after the other.
const SCRIPT_POOLS: usize = 20;

/// The answer to each question: call, Region and parameters.
type Questions = BTreeMap<(String, String, String), Option<serde_json::Value>>;

struct Nobody;

impl Observer for Nobody {
    fn planned(&mut self, _calls_known: u64) {}
    fn done(&mut self, _entry: &Entry) {}
    fn note(&mut self, _text: &str) {}
}

/// Runs and prints this part.
pub(crate) fn run(arguments: &[String]) {
    let rounds: usize = arguments.first().and_then(|rounds| rounds.parse().ok()).expect("a number of rounds");
    let server = Server::start(fixture::answers(POOLS));
    let mut snapshot = None;
    let requests = server.record(|| snapshot = Some(gather(&server, None)));
    let snapshot = snapshot.expect("one was collected");
    check(&snapshot);
    let (calls, connections) = server.count();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let (number, pools) = (calls as f64, POOLS as f64);
    println!(
        "\nCollect: {POOLS} pools, {calls} calls ({:.1} per pool), {connections} connections; concurrency {CONCURRENCY}",
        number / pools
    );
    println!("\n  {:<52} {:>10} {:>10} {:>7} {:>8}", "", "median", "calls/s", "spread", "ratio");
    let row = |name: &str, seconds: f64, spread: String, ratio: f64| {
        println!("  {name:<52} {:>10} {:>10.0} {spread:>7} {ratio:>8.2}", human(seconds), number / seconds);
    };
    let times = measure(
        rounds,
        vec![
            Contestant::new("the same bytes, one connection, in turn", || replay(&server.address, &requests)),
            Contestant::new("collect, no latency, no quota", || gather(&server, None)),
        ],
    );
    for each in &times {
        row(&each.name, each.median(), format!("{:.1}%", each.spread()), each.ratio(&times[0]));
    }
    server.set_latency(LATENCY);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let ideal = number * LATENCY.as_secs_f64() / CONCURRENCY as f64;
    row("calls × 50 ms ÷ 32, which nobody can beat", ideal, String::new(), 1.0);
    let times =
        measure(rounds, vec![Contestant::new("collect, 50 ms before each answer, no quota", || gather(&server, None))]);
    row(&times[0].name, times[0].median(), format!("{:.1}%", times[0].spread()), times[0].median() / ideal);
    beside_the_quotas(&server);
    match arguments.get(1) {
        Some(python) => beside_boto3(&server, python),
        None => println!("\n  beside boto3: left out, because no Python with boto3 could be had"),
    }
}

/// With every quota enforced, and the whole of each taken.
fn beside_the_quotas(server: &Server) {
    server.enforce_quotas(true);
    let start = Instant::now();
    let snapshot = gather(server, Some(1.0));
    let wall = start.elapsed().as_secs_f64();
    server.enforce_quotas(false);
    check(&snapshot);
    let mut drawn: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for call in snapshot.calls() {
        let quota = quota_of(find_call(&call.name()).expect("a call of the table"));
        let region = if quota.all_regions { String::new() } else { call.region.clone() };
        *drawn.entry((&quota.name, region)).or_default() += 1;
    }
    let seconds = |(quota, _): &(&str, String), calls: usize| {
        let quota = mrready::collect::quotas::quotas().quotas.iter().find(|each| each.name == *quota);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let calls = calls as f64;
        calls / quota.expect("a quota of the table").rate
    };
    let mut bounds: Vec<(f64, usize, &(&str, String))> =
        drawn.iter().map(|(key, calls)| (seconds(key, *calls), *calls, key)).collect();
    bounds.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("\nWith every quota enforced and --max-share 1: {} refused, none lost\n", server.refused());
    for (bound, calls, (quota, region)) in bounds.iter().take(4) {
        println!("  {:<52} {:>10} for {calls} calls", format!("{quota} {region}"), human(*bound));
    }
    let bound = bounds.first().map_or(1.0, |(bound, ..)| *bound);
    println!("  {:<52} {:>10} {:>36.2} × the first", "collect", human(wall), wall / bound);
}

/// Beside a script that makes the same calls, one after the other, as audit scripts do.
fn beside_boto3(server: &Server, python: &str) {
    server.count();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/collect_boto3.py");
    let ids: Vec<String> = (0..SCRIPT_POOLS).map(fixture::pool_id).collect();
    let mut command = Command::new(python);
    command.arg(script).arg(format!("http://{}", server.address)).args([P, S]).args(&ids);
    let output = command.output().expect("Python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(|word| word.parse::<f64>().expect("a number"));
    let (calls, seconds) = (numbers.next().expect("calls"), numbers.next().expect("seconds"));
    let (asked, _) = server.count();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let all = (asked as f64 - calls).abs() < 0.5;
    assert!(all, "the script counted {calls} calls, the server {asked}");
    let start = Instant::now();
    let snapshot = gather(server, None);
    let wall = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let own = snapshot.calls().count() as f64;
    println!("\nBeside boto3, 50 ms before each answer, no quota\n");
    println!("  {:<52} {:>10} {:>10} {:>12}", "", "calls", "wall", "per call");
    println!(
        "  {:<52} {calls:>10} {:>10} {:>12}",
        format!("boto3, {SCRIPT_POOLS} pools, one call after the other"),
        human(seconds),
        human(seconds / calls)
    );
    println!(
        "  {:<52} {own:>10} {:>10} {:>12}",
        format!("collect, {POOLS} pools, {CONCURRENCY} at once"),
        human(wall),
        human(wall / own)
    );
    println!("  per call {:.1} times faster", (seconds / calls) / (wall / own));
}

fn gather(server: &Server, max_share: Option<f64>) -> Snapshot {
    let ids = (0..POOLS).map(fixture::pool_id).collect();
    let mut request = Request::new(Pools::Ids(ids));
    request.region = Some(P.to_owned());
    request.replica_regions.insert(String::new(), S.to_owned());
    request.endpoint_url = Some(format!("http://{}", server.address));
    request.concurrency = CONCURRENCY;
    match max_share {
        Some(share) => request.max_share = share,
        None => request.max_rps = Some(1e9),
    }
    collect(&request, &mut Nobody).expect("a snapshot")
}

/// No call failed, and what the fixture has was collected as it is.
fn check(snapshot: &Snapshot) {
    let failed: Vec<_> = snapshot.calls().filter(|call| call.error.is_some()).take(3).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let own = |snapshot: &Snapshot| -> Questions {
        let key = |call: &mrready::snapshot::Call| {
            (call.name(), call.region.clone(), serde_json::to_string(&call.parameters).expect("JSON"))
        };
        snapshot.calls().map(|call| (key(call), call.response.clone())).collect()
    };
    let collected = own(snapshot);
    assert_eq!(collected.len(), snapshot.calls().count(), "a question was asked twice");
    for (question, answer) in own(&fixture::snapshot(POOLS)) {
        assert!(collected.get(&question) == Some(&answer), "{question:?} of the fixture was not collected as it is");
    }
}
