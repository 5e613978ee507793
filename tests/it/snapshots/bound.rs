//! What Cloud Control says about who takes a pool's tokens: whose pool a resource names, what it accepts, and what could not
//! be seen.

use std::collections::BTreeSet;

use mrready::model::{SubjectKind, Verdict};
use mrready::snapshot::ErrorKind;
use serde_json::{Value, json};

use crate::areas::consumers::{
    CLUSTER, CLUSTER_PROVIDER, EVENTS, GATEWAY, GRAPHQL, IDENTITY_POOL, IDENTITY_SOURCE, LISTENER, LOAD_BALANCER,
    POLICY_STORE, POOL_PROVIDER, PROVIDER, RULE, RUNTIME, USER_POOL, WORKFORCE, add, bound_mode, breaks,
    cognito_action, elb_arn, gateway, get, graphql, identity_pool, issuer_mode, item, jwt_action, list, listener,
    oidc_action, owned, provider, read, under,
};
use crate::builder::{Account, Judged, OTHER_POOL, P, POOL, Run, S, failure, new_issuer, old_issuer, pool_arn};

const COGNITO: &str = "load-balancer-cognito-action-replaced";
const ACTION: &str = "load-balancer-accepts-new-issuer";
const OIDC: &str = "oidc-provider-for-new-issuer";
const BOUND: &str = "bound-service-tested-with-new-issuer";
const TESTED: &str = "identity-pool-tested-with-new-issuer";
const CLIENT: &str = "discovery-client-accepts-new-issuer";
const COUNTERPART: &str = "identity-pool-in-replica-region";
const OWNED: &str = "owner-stack-keeps-settings";

/// The rules of each kind.
const KINDS: [(&str, &[&str]); 5] = [
    (COGNITO, &[LOAD_BALANCER]),
    (OIDC, &[PROVIDER]),
    (TESTED, &[IDENTITY_POOL]),
    (BOUND, &[GRAPHQL, EVENTS, POLICY_STORE, WORKFORCE]),
    (CLIENT, &[GRAPHQL, EVENTS, POLICY_STORE, WORKFORCE, GATEWAY, RUNTIME, CLUSTER, USER_POOL]),
];

fn verdicts(judged: &Judged, rule: &str) -> Vec<Verdict> {
    judged.findings(rule).iter().map(|finding| finding.verdict).collect()
}

#[test]
fn a_pool_is_known_by_its_id_in_every_form() {
    for region in [P, S] {
        let account = listener(Account::ready(), json!([cognito_action(&pool_arn(region, POOL))]));
        let judged = account.attested();
        let finding = judged.finding(COGNITO);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert_eq!(
            finding.subject.id,
            format!("elasticloadbalancing/{P}/listener/app/web/1a/2b:authenticate_cognito#{POOL}")
        );
        assert!(finding.message.contains("web, listener 2b"), "{}", finding.message);
        assert_eq!(verdicts(&judged, ACTION), [Verdict::NotApplicable]);
    }
    let others = listener(
        Account::ready(),
        json!([cognito_action(&pool_arn(P, OTHER_POOL)), oidc_action("https://example.com"), { "Type": "forward" }]),
    );
    let others = provider(gateway(others, &old_issuer(OTHER_POOL)), "https://token.actions.githubusercontent.com");
    let others = graphql(others, bound_mode(OTHER_POOL), json!([issuer_mode("https://example.com")]));
    let judged = others.attested();
    for (rule, _) in KINDS {
        assert_eq!(verdicts(&judged, rule), [Verdict::NotApplicable], "{rule}");
    }
    assert_eq!(judged.code(), 0);
}

#[test]
fn an_issuer_is_compared_exactly() {
    let (old, new) = (old_issuer(POOL), new_issuer(POOL));
    for (issuer, verdict) in [
        (new.clone(), Verdict::Pass),
        (old.clone(), Verdict::Fail),
        (format!("{new}/"), Verdict::Fail),
        (new.replace("https://issuer", "https://ISSUER"), Verdict::Fail),
        (new.replace("us-east-1.amazonaws", "us-west-2.amazonaws"), Verdict::Fail),
    ] {
        let account = listener(Account::ready(), json!([jwt_action(&issuer, &new)]));
        assert_eq!(verdicts(&account.attested(), ACTION), [verdict], "{issuer}");
        let account = add(Account::ready(), P, CLUSTER, "prod", json!({}));
        let oidc = item("oidc|prod|oidc", json!({ "ClusterName": "prod", "Oidc": { "IssuerUrl": issuer } }));
        let account = under(account, P, CLUSTER_PROVIDER, "prod", vec![oidc]);
        assert_eq!(verdicts(&account.attested(), CLIENT), [verdict], "{issuer}");
        if !issuer.ends_with('/') {
            assert_eq!(verdicts(&gateway(Account::ready(), &issuer).attested(), CLIENT), [verdict], "{issuer}");
        }
    }
    // AppSync takes several issuers.
    let both = graphql(Account::ready(), issuer_mode(&old), json!([issuer_mode(&new)]));
    assert_eq!(verdicts(&both.attested(), CLIENT), [Verdict::Pass]);
    let one = graphql(Account::ready(), issuer_mode(&old), json!([{ "AuthenticationType": "API_KEY" }]));
    assert_eq!(verdicts(&one.attested(), CLIENT), [Verdict::Fail]);
}

#[test]
fn a_second_provider_helps_the_first() {
    let (old, new) = (old_issuer(POOL), new_issuer(POOL));
    assert_eq!(verdicts(&provider(Account::ready(), &old).attested(), OIDC), [Verdict::Fail]);
    let both = provider(provider(Account::ready(), &old), &new);
    assert_eq!(verdicts(&both.attested(), OIDC), [Verdict::Pass, Verdict::Pass]);
    // On page 2 there may be one.
    let cut = provider(Account::ready(), &old).deny_page_2(&list(PROVIDER), P);
    assert_eq!(verdicts(&cut.attested(), OIDC), [Verdict::Unknown, Verdict::Unknown]);
    let cut = both.deny_page_2(&list(PROVIDER), P).attested();
    assert_eq!(cut.findings(OIDC).iter().filter(|finding| finding.verdict == Verdict::Pass).count(), 2);
}

#[test]
fn what_the_list_does_not_say_is_read() {
    let (balancer, listener) = (elb_arn(P, "loadbalancer/app/web/1a"), elb_arn(P, "listener/app/web/1a/2b"));
    let bare = add(Account::ready(), P, LOAD_BALANCER, &balancer, json!({}));
    let bare = under(bare, P, LISTENER, &balancer, vec![json!({ "Identifier": listener })]);
    let bare = under(bare, P, RULE, &listener, Vec::new());
    // Not read: nobody knows.
    let judged = bare.clone().attested();
    assert_eq!(verdicts(&judged, COGNITO), [Verdict::Unknown]);
    assert!(Judged::words(judged.finding(COGNITO)).contains(&get(LISTENER)));
    let properties = |actions: Value| json!({ "ListenerArn": listener, "DefaultActions": actions });
    let full = read(bare.clone(), P, LISTENER, &listener, properties(json!([cognito_action(&pool_arn(P, POOL))])));
    assert_eq!(verdicts(&full.clone().attested(), COGNITO), [Verdict::Fail]);
    assert_eq!(verdicts(&full.deny(&get(LISTENER)).attested(), COGNITO), [Verdict::Unknown]);
    // A network load balancer has no such action; its listeners are not even asked.
    let network =
        add(Account::ready(), P, LOAD_BALANCER, "arn:aws:x:y:z:loadbalancer/net/a/b", json!({ "Type": "network" }));
    let network = network.remove(&list(LISTENER), P);
    assert_eq!(verdicts(&network.attested(), COGNITO), [Verdict::NotApplicable]);
    // An identity pool's list never says enough.
    let id = format!("{P}:1");
    let account = add(Account::ready(), P, IDENTITY_POOL, &id, json!({ "Id": id }));
    assert_eq!(verdicts(&account.attested(), TESTED), [Verdict::Unknown]);
}

#[test]
fn a_rule_counts_and_the_default_rule_does_not_count_twice() {
    let (old, arn) = (old_issuer(POOL), elb_arn(P, "listener/app/web/1a/2b"));
    let rule = |id: &str, default: bool| {
        let arn = elb_arn(P, &format!("listener-rule/app/web/1a/2b/{id}"));
        item(&arn, json!({ "RuleArn": arn, "IsDefault": default, "Actions": [jwt_action(&old, &old)] }))
    };
    let account = listener(Account::ready(), json!([jwt_action(&old, &old)]));
    let account = under(account, P, RULE, &arn, vec![rule("d", true), rule("r", false)]);
    let judged = account.attested();
    let subjects: BTreeSet<&str> = judged.findings(ACTION).iter().map(|f| f.subject.id.as_str()).collect();
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert!(subjects.iter().any(|id| id.contains("listener-rule/app/web/1a/2b/r:")), "{subjects:?}");
    assert!(judged.findings(ACTION).iter().any(|finding| finding.message.contains("web, rule r")));
}

#[test]
fn what_hides_its_pool_is_never_none() {
    let hidden: [(&str, Account); 15] = [
        (COGNITO, listener(Account::ready(), json!([{ "Type": "authenticate-cognito" }]))),
        (COGNITO, listener(Account::ready(), json!([cognito_action("a user pool")]))),
        (COGNITO, listener(Account::ready(), json!([{ "Type": "verify-dpop" }]))),
        (COGNITO, listener(Account::ready(), json!([{}, "text", 7]))),
        (COGNITO, listener(Account::ready(), json!("text"))),
        (
            ACTION,
            listener(Account::ready(), json!([{ "Type": "jwt-validation", "JwtValidationConfig": { "Issuer": 7 } }])),
        ),
        (OIDC, add(Account::ready(), P, PROVIDER, "no arn", json!({}))),
        (TESTED, {
            let account = add(Account::ready(), P, IDENTITY_POOL, "i", json!({}));
            read(account, P, IDENTITY_POOL, "i", json!({ "CognitoIdentityProviders": [{ "ClientId": "c" }] }))
        }),
        (BOUND, graphql(Account::ready(), json!({ "AuthenticationType": "AMAZON_COGNITO_USER_POOLS" }), json!([]))),
        (BOUND, graphql(Account::ready(), json!({ "AuthenticationType": "NEWER" }), json!([]))),
        (BOUND, graphql(Account::ready(), json!({ "AuthenticationType": "API_KEY" }), json!({}))),
        (BOUND, add(Account::ready(), P, WORKFORCE, "w", json!({ "CognitoConfig": {}, "OidcConfig": {} }))),
        (CLIENT, {
            let account = add(Account::ready(), P, GATEWAY, "g", json!({}));
            read(account, P, GATEWAY, "g", json!({ "AuthorizerType": "CUSTOM_JWT" }))
        }),
        (CLIENT, {
            let account = add(Account::ready(), P, RUNTIME, "r", json!({}));
            read(account, P, RUNTIME, "r", json!({ "AuthorizerConfiguration": {} }))
        }),
        (CLIENT, {
            let account = add(Account::ready(), P, CLUSTER, "c", json!({}));
            under(account, P, CLUSTER_PROVIDER, "c", vec![item("i|c|oidc", json!({ "Oidc": {} }))])
        }),
    ];
    for (at, (rule, account)) in hidden.into_iter().enumerate() {
        let judged = account.attested();
        assert_eq!(verdicts(&judged, rule), [Verdict::Unknown], "case {at}: {rule}");
        assert_eq!(judged.code(), 3, "case {at}");
    }
    // What has no authorizer of its own takes IAM signatures.
    let plain = add(Account::ready(), P, RUNTIME, "r", json!({}));
    let plain = read(plain, P, RUNTIME, "r", json!({ "AgentRuntimeName": "n" }));
    let plain = add(plain, P, GATEWAY, "g", json!({ "AuthorizerType": "AWS_IAM", "AuthorizerConfiguration": {} }));
    assert_eq!(verdicts(&plain.attested(), CLIENT), [Verdict::NotApplicable]);
    // An item without an identifier cannot be told apart.
    let nameless = Account::ready().push(&list(PROVIDER), P, json!({ "Properties": {} }));
    assert_eq!(verdicts(&nameless.attested(), OIDC), [Verdict::Unknown]);
}

#[test]
fn a_list_that_was_refused_hides_its_own_kind_only() {
    for kind in [
        LOAD_BALANCER,
        PROVIDER,
        IDENTITY_POOL,
        GRAPHQL,
        EVENTS,
        POLICY_STORE,
        WORKFORCE,
        GATEWAY,
        RUNTIME,
        CLUSTER,
        USER_POOL,
    ] {
        let judged = Account::ready().deny(&list(kind)).attested();
        for (rule, kinds) in KINDS {
            let expected = if kinds.contains(&kind) { Verdict::Unknown } else { Verdict::NotApplicable };
            assert_eq!(verdicts(&judged, rule), [expected], "{kind}: {rule}");
        }
        assert_eq!(judged.code(), 3, "{kind}");
    }
}

#[test]
fn a_region_or_a_service_that_was_not_searched() {
    let mut account = Account::ready();
    account.scope.searched.retain(|searched| searched.service != "iam");
    assert_eq!(verdicts(&account.attested(), OIDC), [Verdict::Unknown]);
    let mut account = Account::ready();
    account.scope.searched.retain(|searched| searched.region == P);
    let judged = account.attested();
    for (rule, _) in KINDS {
        let expected = if rule == OIDC { Verdict::NotApplicable } else { Verdict::Unknown };
        assert_eq!(verdicts(&judged, rule), [expected], "{rule}");
    }
    // A pool elsewhere has its IAM in us-east-1 all the same, and what was searched is named.
    let judged = Account::ready().attested();
    assert!(
        judged.finding(OIDC).message.ends_with("IAM OIDC providers of the account"),
        "{}",
        judged.finding(OIDC).message
    );
    for word in ["EKS clusters of us-west-2", "Bedrock AgentCore gateways of us-east-1"] {
        assert!(judged.finding(CLIENT).message.contains(word), "{}", judged.finding(CLIENT).message);
    }
}

#[test]
fn a_type_that_a_region_does_not_have_holds_nothing_there() {
    let gone = failure(ErrorKind::NotOffered, "TypeNotFoundException");
    for kind in [WORKFORCE, GATEWAY, POLICY_STORE] {
        let judged = Account::ready().error(&list(kind), S, &gone).attested();
        assert_eq!(judged.code(), 0, "{kind}");
        let message = &judged.finding(CLIENT).message;
        assert_eq!(judged.finding(CLIENT).verdict, Verdict::NotApplicable, "{kind}");
        assert!(message.contains("of us-west-2 (a type that CloudFormation does not have there)"), "{message}");
    }
    // Every other way of not offering it is not knowing.
    for code in ["UnsupportedActionException", "OperationNotEnabledException"] {
        let judged = Account::ready().error(&list(GATEWAY), S, &failure(ErrorKind::NotOffered, code)).attested();
        assert_eq!(verdicts(&judged, CLIENT), [Verdict::Unknown], "{code}");
    }
}

#[test]
fn another_pool_signs_its_users_in_through_this_one() {
    let other = |account: Account, region: &str, issuer: &str| {
        let account = add(account, region, USER_POOL, OTHER_POOL, json!({}));
        let properties = json!({ "UserPoolId": OTHER_POOL, "ProviderName": "in", "ProviderType": "OIDC",
            "ProviderDetails": { "oidc_issuer": issuer } });
        under(account, region, POOL_PROVIDER, OTHER_POOL, vec![item(&format!("{OTHER_POOL}|in"), properties)])
    };
    let judged = other(Account::ready(), P, &old_issuer(POOL)).attested();
    let finding = judged.finding(CLIENT);
    assert_eq!(finding.verdict, Verdict::Fail);
    assert!(finding.message.contains(&format!("user pool {OTHER_POOL}, identity provider in")), "{}", finding.message);
    // Its replica says the same: it is not a second one, and not asked.
    let account = add(other(Account::ready(), P, &old_issuer(POOL)), S, USER_POOL, OTHER_POOL, json!({}));
    let account = account.remove(&list(POOL_PROVIDER), S);
    assert_eq!(verdicts(&account.attested(), CLIENT), [Verdict::Fail]);
    // Providers that are no OIDC ones are not read.
    let saml = add(Account::ready(), P, USER_POOL, OTHER_POOL, json!({}));
    let saml = under(saml, P, POOL_PROVIDER, OTHER_POOL, vec![item("o|saml", json!({ "ProviderType": "SAML" }))]);
    assert_eq!(verdicts(&saml.attested(), CLIENT), [Verdict::NotApplicable]);
}

#[test]
fn verified_permissions_and_sagemaker_take_a_pool_or_an_issuer() {
    let source = |configuration: Value| {
        let account = add(Account::ready(), P, POLICY_STORE, "PS1", json!({}));
        under(account, P, IDENTITY_SOURCE, "PS1", vec![item("IS1|PS1", json!({ "Configuration": configuration }))])
    };
    let workforce =
        |properties: Value| read(add(Account::ready(), P, WORKFORCE, "w", json!({})), P, WORKFORCE, "w", properties);
    let old = old_issuer(POOL);
    let by_id = [
        source(json!({ "CognitoUserPoolConfiguration": { "UserPoolArn": pool_arn(S, POOL) } })),
        workforce(json!({ "CognitoConfig": { "UserPool": POOL, "ClientId": "c" } })),
        add(
            Account::ready(),
            P,
            EVENTS,
            "e",
            json!({ "Name": "live", "EventConfig": { "AuthProviders": [
            { "AuthType": "AMAZON_COGNITO_USER_POOLS", "CognitoConfig": { "UserPoolId": POOL, "AwsRegion": P } }
        ] } }),
        ),
    ];
    for account in by_id {
        let judged = account.attested();
        assert_eq!(
            (verdicts(&judged, BOUND), verdicts(&judged, CLIENT)),
            (vec![Verdict::Manual], vec![Verdict::NotApplicable])
        );
        // Nobody has to test what is not going to change.
        assert_eq!(verdicts(&Run::original().judge(&account), BOUND), [Verdict::NotApplicable]);
    }
    let by_issuer = [
        source(json!({ "OpenIdConnectConfiguration": { "Issuer": old } })),
        workforce(json!({ "OidcConfig": { "Issuer": old } })),
    ];
    for account in by_issuer {
        let judged = account.attested();
        assert_eq!(
            (verdicts(&judged, BOUND), verdicts(&judged, CLIENT)),
            (vec![Verdict::NotApplicable], vec![Verdict::Fail])
        );
    }
}

#[test]
fn an_identity_pool_in_the_replica_region_helps_the_one_in_the_primary() {
    for (account, expected) in [
        (identity_pool(Account::ready(), P), vec![Verdict::Warn]),
        (identity_pool(identity_pool(Account::ready(), P), S), vec![Verdict::Pass, Verdict::NotApplicable]),
        (identity_pool(Account::ready(), S), vec![Verdict::NotApplicable]),
    ] {
        assert_eq!(verdicts(&account.attested(), COUNTERPART), expected);
    }
    // By way of a provider of IAM, too.
    let url = old_issuer(POOL).replace("https://", "");
    let account = add(Account::ready(), P, IDENTITY_POOL, "i", json!({}));
    let arns = json!({ "OpenIdConnectProviderARNs": [format!("arn:aws:iam::1:oidc-provider/{url}")] });
    let account = read(account, P, IDENTITY_POOL, "i", arns);
    assert_eq!(verdicts(&account.attested(), TESTED), [Verdict::Manual]);
}

#[test]
fn a_stack_owns_the_pool() {
    let judged = owned(Account::ready()).attested();
    assert!(judged.finding(OWNED).message.contains("stack auth owns"), "{}", judged.finding(OWNED).message);
    // Found is found, whatever else could not be read.
    let account = owned(Account::ready()).stack(P, "other", "CREATE_COMPLETE");
    let other = crate::builder::stack_id(P, "other");
    let mut cut = account.clone();
    cut.calls.retain(|call| call.operation != "ListStackResources" || call.parameters["StackName"] != other);
    assert_eq!(cut.attested().verdict(OWNED), Verdict::Warn);
    let mut cut = account;
    cut.calls.retain(|call| call.operation != "ListStackResources" || call.parameters["StackName"] == other);
    assert_eq!(cut.attested().verdict(OWNED), Verdict::Unknown);
    assert_eq!(Account::ready().stack(P, "app", "CREATE_COMPLETE").attested().verdict(OWNED), Verdict::Pass);
}

#[test]
fn each_condition_alone_breaks_its_rule() {
    for (rule, account) in breaks() {
        let judged = account.attested();
        let before = Account::complete().attested();
        let bad = |judged: &Judged| -> BTreeSet<String> {
            let all = [Verdict::Fail, Verdict::Warn, Verdict::Unknown];
            all.iter().flat_map(|verdict| judged.rules_with(*verdict)).map(str::to_owned).collect()
        };
        let new: BTreeSet<String> = bad(&judged).difference(&bad(&before)).cloned().collect();
        assert_eq!(new, BTreeSet::from([rule.to_owned()]), "{rule}");
        assert!(judged.findings(rule).iter().any(|f| f.subject.kind != SubjectKind::Pool || rule == OWNED), "{rule}");
    }
}
