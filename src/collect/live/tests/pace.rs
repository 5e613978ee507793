//! How fast an account is asked, and in which order: against a server that counts, or refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::replay::{Asked, Replay, Reply};
use super::{Aws, Log, Recorder, Session, collect, configuration, mfa, questions, request, unlimited, world};
use crate::collect::live::ask::Query;
use crate::collect::live::block_on;
use crate::collect::live::rates::{Rates, Speed};
use crate::collect::{Order, Pools, Request};
use crate::snapshot::ErrorKind;

fn rates(request: &Request) -> Rates {
    Rates::new(Speed::of(request))
}

/// How long so many calls wait for their turns, all at once.
fn time(request: &Request, calls: usize) -> Duration {
    let query = Query::new("apigateway", "GetRestApis", "us-east-1", &[]);
    let start = Instant::now();
    block_on(async {
        let rates = rates(request);
        futures_util::future::join_all((0..calls).map(|_| async { drop(rates.turn(&query).await) })).await;
        Ok(())
    })
    .unwrap();
    start.elapsed()
}

#[test]
fn a_share_of_the_published_rate_holds_until_another_rate_is_given() {
    let all = Request::new(Pools::All);
    // Ten a second: half of it is five, and all may come a quarter of a second early.
    assert!(time(&all, 7) >= Duration::from_millis(900));
    let whole = Request { max_share: 1.0, ..all.clone() };
    assert!((Duration::from_millis(350)..Duration::from_millis(900)).contains(&time(&whole, 7)));
    let other = Request { max_rps: Some(1000.0), ..all };
    assert!(time(&other, 7) < Duration::from_millis(350));
}

#[test]
fn accounts_have_quotas_of_their_own_and_the_calls_under_way_together() {
    let one = Request { max_share: 1.0, concurrency: 1, ..Request::new(Pools::All) };
    let query = Query::new("sesv2", "GetAccount", "us-east-1", &[]);
    block_on(async {
        let rates = rates(&one);
        let other = rates.of_another_account(1);
        let (start, first) = (Instant::now(), rates.turn(&query).await);
        // The other account has not used its second, but has no place.
        let second = tokio::time::timeout(Duration::from_millis(50), other.turn(&query)).await;
        assert!(second.is_err());
        drop(first);
        let mut second = other.turn(&query).await;
        assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
        second.give_way();
        drop(rates.turn(&query).await);
        assert!(start.elapsed() >= Duration::from_millis(990), "{:?}", start.elapsed());
        Ok(())
    })
    .unwrap();
}

#[test]
fn who_comes_while_nobody_waits_is_woken_too() {
    let whole = Request { max_share: 1.0, ..Request::new(Pools::All) };
    let query = Query::new("sesv2", "GetAccount", "us-east-1", &[]);
    let woken = block_on(async {
        let rates = rates(&whole);
        drop(rates.turn(&query).await);
        // By now nobody waits, and nothing is due.
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(tokio::time::timeout(Duration::from_secs(5), rates.turn(&query)).await.is_ok())
    });
    assert!(woken.unwrap());
}

#[test]
fn who_gives_up_waiting_takes_no_turn_from_others() {
    let one = Request { concurrency: 1, ..request(&[]) };
    block_on(async {
        let rates = rates(&one);
        let held = rates.turn(&mfa()).await;
        for _ in 0..3 {
            assert!(tokio::time::timeout(Duration::from_millis(10), rates.turn(&mfa())).await.is_err());
        }
        drop(held);
        drop(tokio::time::timeout(Duration::from_secs(5), rates.turn(&mfa())).await.unwrap());
        assert_eq!(rates.remaining().unwrap().calls(), 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_is_left_is_known_by_quota() {
    let whole = Request { max_share: 1.0, ..Request::new(Pools::All) };
    let mail = Query::new("sesv2", "GetAccount", "us-east-1", &[]);
    block_on(async {
        let rates = rates(&whole);
        let (first, rest) =
            (rates.turn(&mail).await, futures_util::future::join_all((0..4).map(|_| rates.turn(&mail))));
        let waited = tokio::time::timeout(Duration::from_millis(30), rest);
        let (left, _) = futures_util::future::join(
            async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                rates.remaining().unwrap()
            },
            waited,
        )
        .await;
        drop(first);
        assert_eq!((left.calls(), left.under_way, left.grows), (5, 1, false));
        let estimate = left.estimate();
        assert_eq!(estimate.because, Some(("sesv2 all actions", "us-east-1".to_owned())));
        assert!(estimate.time >= Duration::from_millis(3_900), "{estimate:?}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_throttled_attempt_slows_its_quota_down_even_where_the_next_one_is_answered() {
    let query = Query::new("apigateway", "GetRestApis", "us-east-1", &[]);
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let server = Replay::start(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::error(429, r#"{"__type":"TooManyRequestsException"}"#),
        _ => Reply::ok(r#"{"item":[]}"#),
    });
    let mut recorder = Recorder::default();
    let whole = Request { max_share: 1.0, ..Request::new(Pools::All) };
    let rates = block_on(async {
        let aws = Aws::new(configuration(&server.url), Duration::from_secs(10));
        let session = Session::new(aws, rates(&whole), Log::new(&mut recorder), false);
        session.log.set_account(Some("123456789012".to_owned()));
        assert!(session.ask(&query).await.error.is_none());
        // Two attempts were made; what waits now waits at half the rate, in this quota alone.
        let other = Query::new("kms", "GetKeyPolicy", "us-east-1", &[("KeyId", "k")]);
        let waiting = futures_util::future::join_all((0..30).map(|_| session.rates.turn(&query)));
        tokio::time::sleep(Duration::from_millis(510)).await;
        let (left, _) = futures_util::future::join(
            async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                drop(session.rates.turn(&other).await);
                session.rates.remaining().unwrap()
            },
            tokio::time::timeout(Duration::from_millis(60), waiting),
        )
        .await;
        Ok(left.queues.iter().map(|queue| (queue.quota, queue.per_second)).collect::<BTreeMap<_, _>>())
    })
    .unwrap();
    assert_eq!(attempts.load(Ordering::SeqCst), 2);
    let rate = rates["apigateway management"];
    assert!((4.8..7.5).contains(&rate), "{rates:?}");
}

#[test]
fn a_server_that_enforces_a_quota_gets_no_more_than_it_takes() {
    // Twenty a second, as a bucket of one second.
    let bucket = Mutex::new((20.0_f64, Instant::now()));
    let refused = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&refused);
    let whole = Request { max_share: 1.0, consumers: false, ..request(&[world::POOL]) };
    let ids: Vec<String> = (0..12).map(|n| format!("us-east-1_Pool{n}")).collect();
    let request = Request { pools: Pools::Ids(ids), max_rps: None, concurrency: 32, ..whole };
    let (result, ..) = collect(&request, move |asked| {
        let counts = ["GetUserPoolMfaConfig", "ListIdentityProviders", "ListUserImportJobs", "DescribeUserPoolDomain"];
        if counts.contains(&asked.operation.as_str()) && asked.region == "us-east-1" {
            let mut bucket = bucket.lock().unwrap();
            let (tokens, at) = *bucket;
            let tokens = (tokens + at.elapsed().as_secs_f64() * 20.0).min(20.0);
            *bucket = (tokens, Instant::now());
            if tokens < 1.0 {
                counted.fetch_add(1, Ordering::SeqCst);
                return Reply::error(400, r#"{"__type":"TooManyRequestsException"}"#);
            }
            bucket.0 -= 1.0;
        }
        world::replicated(asked)
    });
    let snapshot = result.unwrap();
    let throttled = snapshot.calls().filter(|call| call.error.as_ref().is_some_and(|e| e.kind == ErrorKind::Throttled));
    assert_eq!((throttled.count(), refused.load(Ordering::SeqCst)), (0, 0));
}

#[test]
fn what_most_rules_need_is_asked_first_and_nothing_is_asked_twice() {
    let ids: Vec<String> = (0..6).map(|n| format!("us-east-1_Pool{n}")).collect();
    let rules =
        [("cognito-idp:DescribeUserPool", 118), ("cognito-idp:ListUserPoolReplicas", 66), ("kms:DescribeKey", 38)];
    let rules = rules.map(|(call, rules)| (call.to_owned(), rules)).into();
    let request = Request { pools: Pools::Ids(ids), concurrency: 1, order: Order { rules }, ..request(&[]) };
    // All pools share a key, functions, senders and health checks.
    let (result, seen, recorder) = collect(&request, world::replicated);
    let snapshot = result.unwrap();
    assert!(snapshot.calls().all(|call| call.error.is_none()));
    assert_eq!(recorder.planned, seen.len() as u64);
    let all = questions(&seen);
    let unique: BTreeSet<&String> = all.iter().collect();
    let twice: Vec<&String> = all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert_eq!(unique.len(), seen.len(), "{twice:#?}");
    let last = |operation: &str| {
        let here = |asked: &Asked| asked.operation == operation && asked.region == "us-east-1";
        seen.iter().rposition(here).unwrap()
    };
    // After STS, the list and the first question of each search, pools come before anything else.
    assert!(last("DescribeUserPool") < 20 && last("ListUserPoolReplicas") < 20, "{:?}", &seen[..20.min(seen.len())]);
    assert!(last("DescribeUserPoolClient") > 40);
}

#[test]
fn a_question_about_a_key_is_one_question_whoever_asks() {
    let key = Query::new("kms", "GetKeyPolicy", "us-east-1", &[("KeyId", "k"), ("PolicyName", "default")]);
    let server = Replay::start(|_| Reply::ok(r#"{"Policy":"{}"}"#));
    let mut recorder = Recorder::default();
    let answers = block_on(async {
        let aws = Aws::new(configuration(&server.url), Duration::from_secs(10));
        let session = Session::new(aws, unlimited(), Log::new(&mut recorder), false);
        session.log.set_account(Some("123456789012".to_owned()));
        Ok(futures_util::future::join_all((0..5).map(|_| session.ask(&key))).await)
    })
    .unwrap();
    assert!(answers.iter().all(|answers| answers.text("/Policy") == Some("{}")));
    assert_eq!((server.seen().len(), recorder.entries.len()), (1, 1));
}
