//! Many accounts in one run, and what those cost that refuse, hang or throttle.
//!
//! A thousand accounts, each the ready one of the tests' replays, on a server of this process; 30 deny the role, 10 take a
//! connection and never answer, 5 throttle throughout. Beside the same run without those 45.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mrready::collect::{Accounts, Observer, Patience, Pools, Request, RoleArn, Section, collect_accounts};
use mrready::snapshot::Entry;

use crate::replay::{Asked, Replay, SESSION, no_session, session, throttled};

/// The argument with which this program calls itself.
pub(crate) const CHILD: &str = "accounts-in-this-process";

/// So many unless the first argument says otherwise.
const ACCOUNTS: usize = 1000;
const CONCURRENCY: usize = 32;
/// So many seconds unless the second argument says otherwise.
const DEADLINE: u64 = 10;
const ATTEMPTS: u32 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Ready,
    Denies,
    Hangs,
    Throttles,
}

/// Spread over the whole list, and the last account is one that hangs.
fn kind(number: usize) -> Kind {
    match number {
        _ if number % 100 == 99 => Kind::Hangs,
        _ if number % 200 == 57 => Kind::Throttles,
        _ if number % 33 == 7 => Kind::Denies,
        _ => Kind::Ready,
    }
}

fn account(number: usize) -> String {
    format!("{:012}", 333_300_000_000_u64 + number as u64)
}

fn number(account: &str) -> usize {
    account.get(6..).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

#[derive(Default)]
struct Troubles(BTreeMap<String, String>);

impl Observer for Troubles {
    fn planned(&mut self, _calls_known: u64) {}
    fn done(&mut self, _entry: &Entry) {}
    fn note(&mut self, _text: &str) {}
    fn trouble(&mut self, account: &str, why: &str) {
        self.0.insert(account.to_owned(), why.to_owned());
    }
}

/// Runs and prints this part.
pub(crate) fn run(arguments: &[String]) {
    let accounts = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(ACCOUNTS);
    let deadline = Duration::from_secs(arguments.get(1).and_then(|text| text.parse().ok()).unwrap_or(DEADLINE));
    let replay = Replay::start(&["ready"], move |asked: &Asked| {
        if asked.operation == "AssumeRole" {
            let account = asked.text.split(":iam::").nth(1).and_then(|rest| rest.get(..12)).unwrap_or_default();
            return Some(if kind(number(account)) == Kind::Denies { no_session() } else { session(asked) });
        }
        match kind(number(asked.key.strip_prefix(SESSION).unwrap_or_default())) {
            Kind::Hangs => {
                std::thread::sleep(deadline * 3);
                Some(throttled(asked))
            }
            Kind::Throttles => Some(throttled(asked)),
            Kind::Ready | Kind::Denies => None,
        }
    });
    let all: Vec<usize> = (0..accounts).collect();
    let good: Vec<usize> = all.iter().copied().filter(|number| kind(*number) == Kind::Ready).collect();
    println!(
        "\nAccounts: {accounts}, one pool each; concurrency {CONCURRENCY}, no rate limit, {} s and {ATTEMPTS} attempts each\n",
        deadline.as_secs()
    );
    let (without, calls) = gather(&replay, &good, deadline);
    println!("  {} accounts that answer: {:.1} s, {calls} calls", good.len(), without.as_secs_f64());
    let (with, calls) = gather(&replay, &all, deadline);
    println!("  all {accounts}: {:.1} s, {calls} calls in the snapshot", with.as_secs_f64());
    println!("  ratio: {:.2}", with.as_secs_f64() / without.as_secs_f64());
}

/// Collects, checks each account's document, and says how long it took and how many calls it holds.
fn gather(replay: &Replay, numbers: &[usize], deadline: Duration) -> (Duration, usize) {
    let role = |number: &usize| {
        RoleArn::parse(&format!("arn:aws:iam::{}:role/mrready-read-only", account(*number))).expect("a role's ARN")
    };
    let mut request = Request::new(Pools::All);
    request.accounts = Accounts::Roles(numbers.iter().map(role).collect());
    request.region = Some("us-east-1".to_owned());
    request.replica_regions.insert(String::new(), "us-west-2".to_owned());
    request.endpoint_url = Some(replay.url.clone());
    request.concurrency = CONCURRENCY;
    request.max_rps = Some(1e9);
    request.patience = Patience { deadline: Some(deadline), attempts: ATTEMPTS };
    let (mut calls, mut seen) = (0, BTreeMap::new());
    let mut troubles = Troubles::default();
    let start = Instant::now();
    collect_accounts(&request, &mut troubles, &mut |Section { account, snapshot }| {
        let errors = snapshot.calls().filter(|call| call.error.is_some()).count();
        let whole = errors == 0 && snapshot.header.scope.pools.len() == 1;
        let kind = kind(number(&account));
        assert!(whole == (kind == Kind::Ready), "{account} {kind:?}: {errors} calls were not answered");
        calls += snapshot.calls().count();
        *seen.entry(kind).or_insert(0_usize) += 1;
        Ok(())
    })
    .expect("sections");
    let time = start.elapsed();
    let named = seen.iter().filter(|(kind, _)| **kind != Kind::Ready).map(|(_, count)| count).sum::<usize>();
    assert_eq!(seen.values().sum::<usize>(), numbers.len());
    assert_eq!(troubles.0.len(), named, "each account that is not whole is named with its cause");
    println!("  {} whole; named with cause: {named}", numbers.len() - named);
    (time, calls)
}
