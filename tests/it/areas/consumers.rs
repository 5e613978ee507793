//! Evidence for the rules about consumers.

use mrready::snapshot::Searched;
use mrready::snapshot::operations::{GLOBAL_REGION, RESOURCE_TYPES, ResourceType, resource_type};
use serde_json::{Value, json};

use crate::builder::{ACCOUNT, Account, CLIENT, P, POOL, RESOURCES, Run, S, new_issuer, old_issuer, pool_arn};

/// The rules of this area that a person decides, and of which the ready account waits for an answer: none, since it has
/// nothing that they are about.
pub(crate) const PERSONS: &[&str] = &[];

/// Those that a person decides where there is something to decide.
const TESTED: [&str; 2] = ["bound-service-tested-with-new-issuer", "identity-pool-tested-with-new-issuer"];

pub(crate) const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
pub(crate) const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
pub(crate) const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
pub(crate) const PROVIDER: &str = "AWS::IAM::OIDCProvider";
pub(crate) const IDENTITY_POOL: &str = "AWS::Cognito::IdentityPool";
pub(crate) const GRAPHQL: &str = "AWS::AppSync::GraphQLApi";
pub(crate) const EVENTS: &str = "AWS::AppSync::Api";
pub(crate) const POLICY_STORE: &str = "AWS::VerifiedPermissions::PolicyStore";
pub(crate) const IDENTITY_SOURCE: &str = "AWS::VerifiedPermissions::IdentitySource";
pub(crate) const WORKFORCE: &str = "AWS::SageMaker::Workforce";
pub(crate) const GATEWAY: &str = "AWS::BedrockAgentCore::Gateway";
pub(crate) const RUNTIME: &str = "AWS::BedrockAgentCore::Runtime";
pub(crate) const CLUSTER: &str = "AWS::EKS::Cluster";
pub(crate) const CLUSTER_PROVIDER: &str = "AWS::EKS::IdentityProviderConfig";
pub(crate) const USER_POOL: &str = "AWS::Cognito::UserPool";
pub(crate) const POOL_PROVIDER: &str = "AWS::Cognito::UserPoolIdentityProvider";

/// The list of a type of resource.
pub(crate) fn list(kind: &str) -> String {
    format!("cloudcontrol:ListResources {kind}")
}

/// The single read of a type of resource.
pub(crate) fn get(kind: &str) -> String {
    format!("cloudcontrol:GetResource {kind}")
}

fn row(kind: &str) -> &'static ResourceType {
    resource_type(kind).unwrap_or_else(|| panic!("{kind} is no row"))
}

/// An item of a list that says everything.
pub(crate) fn item(identifier: &str, properties: Value) -> Value {
    json!({ "Identifier": identifier, "Properties": properties })
}

/// One more resource of a type that has no parent, and nothing below it.
pub(crate) fn add(account: Account, region: &str, kind: &str, identifier: &str, properties: Value) -> Account {
    let account = account.push(&list(kind), region, item(identifier, properties));
    let below = RESOURCE_TYPES.iter().filter(|child| child.parent.is_some_and(|(parent, _)| parent == kind));
    below.fold(account, |account, child| under(account, region, child.name, identifier, Vec::new()))
}

/// The resources of a type below one parent, in place of what was there.
pub(crate) fn under(mut account: Account, region: &str, kind: &str, parent: &str, items: Vec<Value>) -> Account {
    let model = row(kind).model(parent).expect("a parent");
    account.calls.retain(|call| {
        call.name() != list(kind)
            || call.region != region
            || call.parameters.get("ResourceModel") != Some(&json!(model))
    });
    account.answer_pages(&list(kind), region, &[("ResourceModel", &model), ("TypeName", kind)], items, 100);
    account
}

/// The answer of the single read of a resource.
pub(crate) fn read(mut account: Account, region: &str, kind: &str, identifier: &str, properties: Value) -> Account {
    let answer = json!({ "ResourceDescription": { "Identifier": identifier, "Properties": properties } });
    account.answer(&get(kind), region, &[("Identifier", identifier), ("TypeName", kind)], answer);
    account
}

pub(crate) fn elb_arn(region: &str, resource: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:{resource}")
}

/// A load balancer in P whose listener has these default actions, and no rule.
pub(crate) fn listener(account: Account, actions: Value) -> Account {
    let (balancer, listener) = (elb_arn(P, "loadbalancer/app/web/1a"), elb_arn(P, "listener/app/web/1a/2b"));
    let account = add(account, P, LOAD_BALANCER, &balancer, json!({ "Type": "application" }));
    let items = vec![item(&listener, json!({ "ListenerArn": listener, "DefaultActions": actions }))];
    let account = under(account, P, LISTENER, &balancer, items);
    under(account, P, RULE, &listener, Vec::new())
}

pub(crate) fn cognito_action(arn: &str) -> Value {
    json!({ "Type": "authenticate-cognito", "Order": 1,
        "AuthenticateCognitoConfig": { "UserPoolArn": arn, "UserPoolClientId": CLIENT, "UserPoolDomain": "auth" } })
}

pub(crate) fn oidc_action(issuer: &str) -> Value {
    json!({ "Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": { "Issuer": issuer, "ClientId": CLIENT } })
}

pub(crate) fn jwt_action(issuer: &str, keys: &str) -> Value {
    json!({ "Type": "jwt-validation", "Order": 1,
        "JwtValidationConfig": { "Issuer": issuer, "JwksEndpoint": format!("{keys}/.well-known/jwks.json") } })
}

/// A provider of IAM for this issuer.
pub(crate) fn provider(account: Account, issuer: &str) -> Account {
    let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{}", issuer.trim_start_matches("https://"));
    add(account, GLOBAL_REGION, PROVIDER, &arn, json!({ "Arn": arn }))
}

/// An identity pool that takes the pool's tokens by its provider name.
pub(crate) fn identity_pool(account: Account, region: &str) -> Account {
    let id = format!("{region}:0000-1111");
    let provider = old_issuer(POOL).trim_start_matches("https://").to_owned();
    let account = add(account, region, IDENTITY_POOL, &id, json!({ "Id": id }));
    let properties = json!({
        "Id": id, "IdentityPoolName": "app",
        "CognitoIdentityProviders": [{ "ClientId": CLIENT, "ProviderName": provider }]
    });
    read(account, region, IDENTITY_POOL, &id, properties)
}

/// A GraphQL API with this way of authorizing, and this one more.
pub(crate) fn graphql(account: Account, mode: Value, other: Value) -> Account {
    let arn = format!("arn:aws:appsync:{P}:{ACCOUNT}:apis/a1");
    let mut properties =
        json!({ "Arn": arn, "ApiId": "a1", "Name": "orders", "AdditionalAuthenticationProviders": other });
    let (all, mode) = (properties.as_object_mut().unwrap(), mode.as_object().unwrap().clone());
    all.extend(mode);
    add(account, P, GRAPHQL, &arn, properties)
}

pub(crate) fn bound_mode(pool: &str) -> Value {
    json!({ "AuthenticationType": "AMAZON_COGNITO_USER_POOLS", "UserPoolConfig": { "UserPoolId": pool, "AwsRegion": P } })
}

pub(crate) fn issuer_mode(issuer: &str) -> Value {
    json!({ "AuthenticationType": "OPENID_CONNECT", "OpenIDConnectConfig": { "Issuer": issuer } })
}

/// A gateway of AgentCore that reads this issuer's discovery document.
pub(crate) fn gateway(account: Account, issuer: &str) -> Account {
    let url = format!("{issuer}/.well-known/openid-configuration");
    let properties = json!({
        "GatewayIdentifier": "g1", "Name": "tools", "AuthorizerType": "CUSTOM_JWT",
        "AuthorizerConfiguration": { "CustomJWTAuthorizer": { "DiscoveryUrl": url } }
    });
    let account = add(account, P, GATEWAY, "g1", json!({ "AuthorizerType": "CUSTOM_JWT" }));
    read(account, P, GATEWAY, "g1", properties)
}

/// A stack in P that owns the pool.
pub(crate) fn owned(account: Account) -> Account {
    let pool =
        json!({ "LogicalResourceId": "Pool", "PhysicalResourceId": POOL, "ResourceType": "AWS::Cognito::UserPool" });
    account.stack(P, "auth", "UPDATE_COMPLETE").push(RESOURCES, P, pool)
}

/// What is asked about a pool in P.
pub(crate) fn primary(account: Account, _pool: &str) -> Account {
    account
}

/// What is asked in S once there is a replica.
pub(crate) fn secondary(account: Account) -> Account {
    account
}

/// Nothing found.
pub(crate) fn search(mut account: Account, region: &str) -> Account {
    for row in RESOURCE_TYPES.iter().filter(|row| row.consumer && (!row.global || region == GLOBAL_REGION)) {
        let (service, region_name) = (row.service.to_owned(), region.to_owned());
        account.scope.searched.insert(Searched { account: ACCOUNT.to_owned(), service, region: region_name });
        if row.parent.is_none() {
            account.answer_pages(&list(row.name), region, &[("TypeName", row.name)], Vec::new(), 100);
        }
    }
    account
}

/// With one resource of every type, each read by itself, and some of them ready for the switch.
pub(crate) fn furnish(account: Account) -> Account {
    let (new, other) = (new_issuer(POOL), "https://idp.example.com");
    let one = |account: Account, kind: &str, id: &str, properties: Value| {
        let account = add(account, P, kind, id, json!({}));
        if row(kind).read { read(account, P, kind, id, properties) } else { account }
    };
    let below = |account: Account, kind: &str, parent: &str, id: &str, properties: Value| {
        let account = under(account, P, kind, parent, vec![item(id, json!({}))]);
        if row(kind).read { read(account, P, kind, id, properties) } else { account }
    };
    let forward = json!([{ "Type": "forward" }]);
    let (balancer, listener) = (elb_arn(P, "loadbalancer/app/own/1b"), elb_arn(P, "listener/app/own/1b/2c"));
    let rule = elb_arn(P, "listener-rule/app/own/1b/2c/3d");
    let account = add(account, P, LOAD_BALANCER, &balancer, json!({ "Type": "application" }));
    let described = json!({ "ListenerArn": listener, "DefaultActions": [jwt_action(&new, &new)] });
    let account = below(account, LISTENER, &balancer, &listener, described);
    let account = below(account, RULE, &listener, &rule, json!({ "RuleArn": rule, "Actions": forward }));
    let account = provider(account, &new);
    let account =
        one(account, GRAPHQL, "g", json!({ "AuthenticationType": "API_KEY", "AdditionalAuthenticationProviders": [] }));
    let keys = json!({ "EventConfig": { "AuthProviders": [{ "AuthType": "API_KEY" }] } });
    let account = one(account, EVENTS, "e", keys);
    let account = identity_pool(account, S);
    let none = json!({ "CognitoIdentityProviders": [], "OpenIdConnectProviderARNs": [] });
    let account = one(account, IDENTITY_POOL, "i", none);
    let account = one(account, POLICY_STORE, "s", json!({}));
    let source = json!({ "Configuration": { "OpenIdConnectConfiguration": { "Issuer": other } } });
    let account = below(account, IDENTITY_SOURCE, "s", "s|1", source);
    let account =
        one(account, WORKFORCE, "default", json!({ "WorkforceName": "default", "OidcConfig": { "Issuer": other } }));
    let account = gateway(account, &new);
    let account = one(
        account,
        RUNTIME,
        "r",
        json!({ "AuthorizerConfiguration": { "CustomJWTAuthorizer": { "DiscoveryUrl": other } } }),
    );
    let account = one(account, CLUSTER, "c", json!({}));
    let account = below(account, CLUSTER_PROVIDER, "c", "c|oidc", json!({ "Oidc": { "IssuerUrl": other } }));
    let account = one(account, USER_POOL, "us-east-1_Other0001", json!({}));
    let federated =
        json!({ "ProviderType": "OIDC", "ProviderName": "in", "ProviderDetails": { "oidc_issuer": other } });
    below(account, POOL_PROVIDER, "us-east-1_Other0001", "us-east-1_Other0001|in", federated)
}

/// A person's answer to what only a test can tell.
fn tested(answer: &str) -> Run {
    let decisions = TESTED.map(|rule| {
        format!(
            "- {{ kind: attest, rule: {rule}, subject: '**', answer: {answer}, evidence: e, by: b, on: 2026-11-20, reason: r, owner: o, expires: 2027-01-31 }}\n"
        )
    });
    Run::default().decided(&decisions.concat())
}

/// To every verdict.
pub(crate) fn cases() -> Vec<(Account, Run)> {
    let (old, new) = (old_issuer(POOL), new_issuer(POOL));
    let ready = Account::ready;
    let pool_idp = |issuer: &str| json!({ "ProviderType": "OIDC", "ProviderDetails": { "oidc_issuer": issuer } });
    let other = add(ready(), P, USER_POOL, "us-east-1_Other0001", json!({}));
    let plain = [
        // Load balancers.
        listener(ready(), json!([cognito_action(&pool_arn(S, POOL))])),
        listener(ready(), json!([oidc_action(&old)])),
        listener(ready(), json!([jwt_action(&new, &new)])),
        listener(ready(), json!([jwt_action(&new, &old)])),
        // Providers.
        provider(ready(), &old),
        provider(provider(ready(), &old), &new),
        // Identity pools and what is bound by id.
        identity_pool(ready(), P),
        identity_pool(identity_pool(ready(), P), S),
        identity_pool(ready(), S),
        identity_pool(ready(), P).deny_in(&list(IDENTITY_POOL), S),
        graphql(ready(), bound_mode(POOL), json!([])),
        // Clients with an issuer.
        gateway(ready(), &old),
        gateway(ready(), &new),
        under(other, P, POOL_PROVIDER, "us-east-1_Other0001", vec![item("us-east-1_Other0001|in", pool_idp(&old))]),
        // Stacks.
        owned(ready()),
        ready().stack(P, "app", "CREATE_COMPLETE").deny(RESOURCES),
    ];
    let mut cases: Vec<(Account, Run)> = plain.into_iter().map(|account| (account, Run::default())).collect();
    for kind in [LOAD_BALANCER, PROVIDER, IDENTITY_POOL, GRAPHQL, GATEWAY] {
        cases.push((ready().deny(&list(kind)), Run::default()));
    }
    for answer in ["yes", "no"] {
        cases.push((identity_pool(graphql(ready(), bound_mode(POOL), json!([])), P), tested(answer)));
    }
    cases
}

/// One change that breaks one rule.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    let (old, new) = (old_issuer(POOL), new_issuer(POOL));
    let complete = Account::complete;
    vec![
        ("load-balancer-cognito-action-replaced", listener(complete(), json!([cognito_action(&pool_arn(P, POOL))]))),
        ("load-balancer-accepts-new-issuer", listener(complete(), json!([jwt_action(&old, &old)]))),
        ("load-balancer-keys-from-new-issuer", listener(complete(), json!([jwt_action(&new, &old)]))),
        ("oidc-provider-for-new-issuer", provider(complete(), &old)),
        ("discovery-client-accepts-new-issuer", gateway(complete(), &old)),
        // Whoever has an identity pool is asked about its test too.
        ("identity-pool-in-replica-region", identity_pool(complete(), P)),
        ("owner-stack-keeps-settings", owned(complete())),
    ]
}
