//! Which pools go together, and in which order.

use mrready::facts::Facts;
use mrready::model::plan::Wave;
use serde_json::{Value, json};

use crate::areas::consumers::{cognito_action, listener};
use crate::builder::{
    ACCOUNT, Account, DESCRIBE_POOL, OTHER_POOL, P, POOL, Run, key_arn, old_issuer, pool_arn, rest_jwt, table, tree_hit,
};

fn waves(account: &Account) -> Vec<Wave> {
    let snapshot = account.snapshot();
    mrready::plan::waves::waves(&Facts::new(&snapshot, Run::default().fact_options(), table()))
}

/// The ready pool and a second one that shares nothing with it, of this many users.
fn two(users: i64) -> Account {
    let account = Account::ready().pool(OTHER_POOL);
    let account = member(account, OTHER_POOL, "KeyConfiguration", json!({ "KeyType": "AWS_OWNED_KEY" }));
    let account = member(account, OTHER_POOL, "EstimatedNumberOfUsers", json!(users));
    member(account, OTHER_POOL, "CustomDomain", Value::Null)
}

/// A member of one pool's description; null takes it out.
fn member(account: Account, pool: &str, name: &str, value: Value) -> Account {
    account.each(DESCRIBE_POOL, P, |call| {
        if call.parameters["UserPoolId"] != *pool {
            return;
        }
        let described = call.response.as_mut().and_then(|answer| answer["UserPool"].as_object_mut()).unwrap();
        if value.is_null() {
            described.remove(name);
        } else {
            described.insert(name.to_owned(), value.clone());
        }
    })
}

fn named(pool: &str) -> String {
    format!("{ACCOUNT}/{pool}")
}

#[test]
fn a_single_pool_makes_one_wave() {
    let [wave] = waves(&Account::ready()).try_into().unwrap();
    assert_eq!((wave.number, wave.pools, wave.shared), (1, vec![named(POOL)], Vec::new()));
    assert_eq!(wave.reason, "about 1200 users, 0 consumers of tokens, nothing shared with another pool");
    assert!(waves(&Account::empty()).is_empty());
}

#[test]
fn pools_that_share_nothing_go_one_after_another_the_smaller_first() {
    for (users, first) in [(3, OTHER_POOL), (5000, POOL)] {
        let waves = waves(&two(users));
        let order: Vec<(usize, Vec<String>)> = waves.into_iter().map(|wave| (wave.number, wave.pools)).collect();
        let second = if first == POOL { OTHER_POOL } else { POOL };
        assert_eq!(order, [(1, vec![named(first)]), (2, vec![named(second)])], "{users} users");
    }
}

#[test]
fn a_number_of_users_that_is_not_known_is_no_small_one() {
    let waves = waves(&member(two(3), OTHER_POOL, "EstimatedNumberOfUsers", Value::Null));
    assert_eq!(waves[1].pools, [named(OTHER_POOL)]);
    assert!(waves[1].reason.starts_with("an unknown number of users, "), "{}", waves[1].reason);
}

#[test]
fn of_as_many_users_the_pool_with_fewer_consumers_goes_first() {
    let account = two(1200).tree("acme/shop", vec![tree_hit("src/auth.ts", 3, |_| {})]);
    let waves = waves(&account);
    assert_eq!(waves[0].pools, [named(OTHER_POOL)]);
    assert!(waves[1].reason.contains(", 1 consumer of tokens, "), "{}", waves[1].reason);
}

#[test]
fn whatever_is_shared_holds_pools_together() {
    let issuers = [old_issuer(POOL), old_issuer(OTHER_POOL)];
    let issuers: Vec<&str> = issuers.iter().map(String::as_str).collect();
    let domain = |name: &str| member(two(3), OTHER_POOL, "CustomDomain", json!(name));
    let key = json!({ "KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key_arn(P) });
    let stack = two(3).hit(P, "web", |_| {}).hit(P, "web", |hit| hit.pool_id = Some(OTHER_POOL.to_owned()));
    let actions = json!([cognito_action(&pool_arn(P, POOL)), cognito_action(&pool_arn(P, OTHER_POOL))]);
    let cases = [
        (member(two(3), OTHER_POOL, "KeyConfiguration", key), "KMS key mrk-0123456789abcdef0123456789abcdef"),
        (domain("login.example.com"), "parent domain example.com"),
        (two(3).rest_api(P, "orders", vec![rest_jwt("jwt", &issuers)]), "REST API orders-api (orders) in us-east-1"),
        (
            two(3).rest_api(P, "orders", vec![rest_jwt("a", &issuers[..1]), rest_jwt("b", &issuers[1..])]),
            "REST API orders-api (orders) in us-east-1",
        ),
        (stack, "stack web in us-east-1"),
        (listener(two(3), actions), "load balancer web in us-east-1"),
    ];
    for (account, what) in cases {
        let waves = waves(&account);
        let [wave] = waves.as_slice() else { panic!("{what}: {waves:?}") };
        assert_eq!(wave.pools, [named(OTHER_POOL), named(POOL)], "{what}");
        assert_eq!(wave.shared, [format!("{what}: {OTHER_POOL}, {POOL}")]);
        assert!(wave.reason.ends_with("1 thing shared by 2 pools, which go together"), "{}", wave.reason);
    }
    // A domain of its own, an API each: nothing is shared.
    let apart = [
        domain("login.example.org"),
        two(3).rest_api(P, "a", vec![rest_jwt("jwt", &issuers[..1])]).rest_api(
            P,
            "b",
            vec![rest_jwt("jwt", &issuers[1..])],
        ),
    ];
    for account in apart {
        assert_eq!(waves(&account).len(), 2);
    }
}
