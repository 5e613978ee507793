//! What has to change where tokens are verified, before the switch and after the last old token.

use mrready::facts::Facts;
use mrready::model::Severity;
use mrready::model::plan::VerifierChange;
use mrready::snapshot::Hit;
use serde_json::json;

use crate::areas::consumers::{
    EVENTS, GATEWAY, add, cognito_action, identity_pool, jwt_action, listener, oidc_action, provider, read,
};
use crate::builder::{
    Account, P, POOL, Run, http_jwt, new_issuer, old_issuer, pool_arn, rest_cognito, rest_jwt, route, table, tree_hit,
};

fn changes_of(run: &Run, account: &Account) -> Vec<VerifierChange> {
    let snapshot = account.snapshot();
    let facts = Facts::new(&snapshot, run.fact_options(), table());
    let pools = facts.pools();
    mrready::plan::verifiers::verifiers(&pools[0])
}

fn changes(account: &Account) -> Vec<VerifierChange> {
    changes_of(&Run::default(), account)
}

fn only(account: &Account) -> VerifierChange {
    let [change] = changes(account).try_into().unwrap_or_else(|all| panic!("{all:?}"));
    change
}

fn source(hit: &mut Hit, change: impl FnOnce(&mut mrready::snapshot::SourcePlace)) {
    change(hit.source.as_mut().unwrap());
}

#[test]
fn a_reference_in_code_has_its_owner_its_place_and_the_words_of_its_language() {
    let hit = tree_hit("src/auth.ts", 12, |hit| source(hit, |place| place.owners.push("@acme/shop".to_owned())));
    let change = only(&Account::ready().tree("acme/shop", vec![hit]));
    assert_eq!(change.owner.as_deref(), Some("@acme/identity, @acme/shop"));
    assert_eq!((change.kind.as_str(), change.place.as_str()), ("issuer-url-literal", "acme/shop, src/auth.ts:12:5"));
    assert_eq!((change.severity, change.seen), (Severity::Error, old_issuer(POOL)));
    assert_eq!(change.before, "accept the updated issuer beside this one", "what the scan said");
    assert!(change.after.contains("`issuer: updated` instead of `[old, updated]`"), "{}", change.after);
}

#[test]
fn python_and_terraform_are_told_in_their_own_words() {
    for (language, before, after) in
        [("python", "PyJWT 2.10.1", "issuer=updated"), ("go", "SkipIssuerCheck", "golang-jwt")]
    {
        let hit = tree_hit("a", 1, |hit| {
            source(hit, |place| {
                language.clone_into(&mut place.language);
                place.remedy.clear();
            });
        });
        let change = only(&Account::ready().tree("acme/shop", vec![hit]));
        assert!(change.before.contains(before) && change.after.contains(after), "{language}: {change:?}");
    }
}

#[test]
fn a_template_is_told_in_words_of_cloudformation() {
    let change = only(&Account::ready().hit(P, "web", |_| {}));
    assert_eq!(change.place, "stack web in us-east-1, Authorizer.Properties.JwtConfiguration.Issuer");
    assert!(change.before.contains("make the issuer a variable") && change.owner.is_none(), "{change:?}");
}

#[test]
fn tests_documents_and_other_pools_are_no_verifiers() {
    let hits = vec![
        tree_hit("a.ts", 1, |hit| source(hit, |place| place.in_test = true)),
        tree_hit("b.ts", 1, |hit| source(hit, |place| place.in_doc = true)),
        tree_hit("c.ts", 1, |hit| hit.pool_id = Some("us-east-1_Other0001".to_owned())),
    ];
    assert_eq!(changes(&Account::ready().tree("acme/shop", hits)), []);
}

#[test]
fn what_accepts_both_has_to_change_only_afterwards() {
    let both = [old_issuer(POOL), new_issuer(POOL)];
    let both: Vec<&str> = both.iter().map(String::as_str).collect();
    let change = only(&Account::ready().rest_api(P, "orders", vec![rest_jwt("jwt", &both)]));
    assert_eq!((change.severity, change.before.as_str()), (Severity::Info, "nothing: the updated issuer is accepted"));
    assert!(change.after.contains("take the original issuer out"), "{}", change.after);
    let hit = tree_hit("a.ts", 1, |hit| hit.accepts_new = true);
    assert_eq!(only(&Account::ready().tree("acme/shop", vec![hit])).severity, Severity::Info);
    // What names the updated issuer alone is done.
    assert_eq!(changes(&Account::ready().rest_api(P, "orders", vec![rest_jwt("jwt", &both[1..])])), []);
}

#[test]
fn each_resource_is_told_in_words_of_its_own() {
    let old = old_issuer(POOL);
    let ready = Account::ready;
    let gateway = json!({ "GatewayIdentifier": "g1", "Name": "tools", "AuthorizerType": "CUSTOM_JWT",
        "AuthorizerConfiguration": { "CustomJWTAuthorizer": {
            "DiscoveryUrl": format!("{old}/.well-known/openid-configuration") } } });
    let events = json!({ "ApiId": "e1", "Name": "live", "EventConfig": { "AuthProviders": [
        { "AuthType": "AMAZON_COGNITO_USER_POOLS", "CognitoConfig": { "UserPoolId": POOL, "AwsRegion": P } }] } });
    let with = |kind: &str, id: &str, properties: serde_json::Value| {
        read(add(ready(), P, kind, id, properties.clone()), P, kind, id, properties)
    };
    let cases = [
        (ready().rest_api(P, "orders", vec![rest_cognito("c", &pool_arn(P, POOL))]), "REST API authorizer ", "Lambda"),
        (ready().rest_api(P, "orders", vec![rest_jwt("j", &[&old])]), "REST API authorizer ", "list both issuers"),
        (listener(ready(), json!([cognito_action(&pool_arn(P, POOL))])), "load balancer web", "`authenticate-oidc`"),
        (listener(ready(), json!([oidc_action(&old)])), "load balancer web", "the change of `Issuer`"),
        (listener(ready(), json!([jwt_action(&old, &old)])), "load balancer web", "`JwksEndpoint`"),
        (provider(ready(), &old), "IAM OIDC provider ", "a second provider"),
        (identity_pool(ready(), P), "identity pool app", "`GetId`"),
        (with(GATEWAY, "g1", gateway), "Bedrock AgentCore gateway tools", "`discoveryUrl`"),
        (with(EVENTS, "e1", events), "AppSync Event API live", "test a connection"),
    ];
    let mut told = std::collections::BTreeSet::new();
    for (account, place, before) in cases {
        let change = only(&account);
        assert!(change.place.starts_with(place), "{change:?}");
        assert!(change.before.contains(before), "{change:?}");
        assert!(told.insert(change.before.clone()), "said of another resource too: {change:?}");
        assert!(!change.after.is_empty() && !change.seen.is_empty() && change.owner.is_none(), "{change:?}");
    }
}

#[test]
fn a_provider_beside_which_there_is_a_new_one_goes_afterwards() {
    let change = only(&provider(provider(Account::ready(), &old_issuer(POOL)), &new_issuer(POOL)));
    assert_eq!(change.severity, Severity::Info);
    assert!(change.place.contains("cognito-idp.us-east-1") && !change.place.contains("issuer-"), "{}", change.place);
}

#[test]
fn routes_of_one_authorizer_change_together() {
    let routes: Vec<_> = (0..9).map(|n| route(&format!("r{n}"), "a")).collect();
    let change = only(&Account::ready().http_api(P, "orders", vec![http_jwt("a", &old_issuer(POOL))], routes));
    assert!(change.place.starts_with("HTTP API orders-api (orders) in us-east-1, authorizer "), "{}", change.place);
    assert!(change.place.ends_with(" and 3 more"), "{}", change.place);
}

#[test]
fn they_are_sorted_by_owner_and_place_those_without_an_owner_last() {
    let owned =
        |path: &str, owner: &str| tree_hit(path, 1, |hit| source(hit, |place| place.owners = vec![owner.to_owned()]));
    let hits = vec![
        owned("b.ts", "@b"),
        owned("z.ts", "@a"),
        tree_hit("a.ts", 1, |hit| source(hit, |place| place.owners.clear())),
        owned("a.ts", "@b"),
    ];
    let all = changes(&Account::ready().tree("t", hits));
    let places: Vec<_> = all.iter().map(|change| (change.owner.as_deref(), change.place.as_str())).collect();
    let expected =
        [(Some("@a"), "t, z.ts:1:5"), (Some("@b"), "t, a.ts:1:5"), (Some("@b"), "t, b.ts:1:5"), (None, "t, a.ts:1:5")];
    assert_eq!(places, expected);
}

#[test]
fn whoever_stays_with_the_original_issuer_has_nothing_to_change() {
    let hits = || vec![tree_hit("src/auth.ts", 12, |_| {})];
    assert_eq!(changes_of(&Run::original(), &Account::ready().tree("acme/shop", hits())), []);
    // But who has switched already still has.
    assert_eq!(changes_of(&Run::original(), &Account::switched().tree("acme/shop", hits())).len(), 1);
}

#[test]
fn what_is_long_is_shortened() {
    let hit = tree_hit("a.ts", 1, |hit| hit.text = "ä".repeat(500));
    let seen = only(&Account::ready().tree("t", vec![hit])).seen;
    assert_eq!(seen.chars().count(), 120);
    assert!(seen.ends_with('…'));
}
