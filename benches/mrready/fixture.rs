//! The fixed fixture: an account of as many pools as wanted, as AWS would answer on the wire, and the snapshot of it.
//!
//! No randomness: pool `n` is always the same. Even pools are ready, odd ones are not; every fourth has a replica.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mrready::snapshot::normal::{self, Form};
use mrready::snapshot::operations::find;
use mrready::snapshot::{Call, Entry, Hit, PoolKey, Scope, Searched, Snapshot, admit};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
/// The primary Region.
pub(crate) const P: &str = "us-east-1";
/// The replica Region.
pub(crate) const S: &str = "us-west-2";
/// The clock of every run.
pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";
const ASKED: &str = "2026-11-21T11:00:00.000Z";
const CLIENTS: usize = 3;
const ROUTES: usize = 3;

/// A question: service, operation, Region, parameters in the order of their names.
pub(crate) type Question = (&'static str, &'static str, &'static str, Vec<(&'static str, String)>);

/// Every question to the account of `pools` pools, and the body of its answer.
pub(crate) fn answers(pools: usize) -> Vec<(Question, String)> {
    let mut all = Vec::new();
    let numbers: Vec<usize> = (0..pools).collect();
    let mut add = |service, operation, region, parameters: Vec<(&'static str, String)>, body: String| {
        all.push(((service, operation, region, parameters), body));
    };
    let caller = format!(
        "<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/Auditor/session</Arn><UserId>A:session</UserId><Account>{ACCOUNT}</Account>"
    );
    add("sts", "GetCallerIdentity", P, vec![], xml("GetCallerIdentity", &caller));
    let list: Vec<Value> =
        numbers.iter().map(|n| json!({"Id": pool_id(*n), "Name": format!("customers-{n}")})).collect();
    add("cognito-idp", "ListUserPools", P, vec![], json!({"UserPools": list}).to_string());
    for n in &numbers {
        one_pool(*n, &mut add);
    }
    for region in [P, S] {
        let here: &[usize] = if region == P { &numbers } else { &[] };
        consumers(region, here, &mut add);
    }
    all
}

type Add<'a> = dyn FnMut(&'static str, &'static str, &'static str, Vec<(&'static str, String)>, String) + 'a;

fn one_pool(n: usize, add: &mut Add<'_>) {
    let (id, ready, replicated) = (pool_id(n), n.is_multiple_of(2), n.is_multiple_of(4));
    let ours = || vec![("UserPoolId", id.clone())];
    let domain = format!("auth{n}.example.com");
    let functions: serde_json::Map<String, Value> = ["PreSignUp", "PreTokenGeneration", "PostConfirmation"]
        .iter()
        .map(|name| ((*name).to_owned(), json!(format!("arn:aws:lambda:{P}:{ACCOUNT}:function:{name}-{n}"))))
        .collect();
    let regions: &[&str] = if replicated { &[P, S] } else { &[P] };
    for region in regions {
        let pool = json!({"UserPool": {
            "Id": id, "Name": format!("customers-{n}"), "Arn": pool_arn(region, &id),
            "UserPoolTier": if ready { "ESSENTIALS" } else { "LITE" },
            "EstimatedNumberOfUsers": 1200 + n, "DeletionProtection": if ready { "ACTIVE" } else { "INACTIVE" },
            "CustomDomain": domain, "MfaConfiguration": "OFF",
            "KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key_arn(P, n)},
            "IssuerConfiguration": {"Type": "ORIGINAL"}, "LambdaConfig": functions,
            "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true, "UnusedAccountValidityDays": 7},
            "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
            "Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireUppercase": true, "RequireLowercase": true,
                "RequireNumbers": true, "RequireSymbols": true, "TemporaryPasswordValidityDays": 7}},
            "SmsConfiguration": {"SnsCallerArn": format!("arn:aws:iam::{ACCOUNT}:role/sms-{n}"), "ExternalId": "x", "SnsRegion": P},
            "SchemaAttributes": [{"Name": "sub", "AttributeDataType": "String", "Required": true}],
            "CreationDate": 1_704_067_200.0, "LastModifiedDate": 1_750_000_000.5
        }});
        add("cognito-idp", "DescribeUserPool", region, ours(), pool.to_string());
        let mfa = json!({"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}});
        add("cognito-idp", "GetUserPoolMfaConfig", region, ours(), mfa.to_string());
    }
    let mut replicas =
        vec![json!({"RegionName": P, "Role": "PRIMARY", "Status": "ACTIVE", "UserPoolArn": pool_arn(P, &id)})];
    if replicated {
        replicas
            .push(json!({"RegionName": S, "Role": "SECONDARY", "Status": "ACTIVE", "UserPoolArn": pool_arn(S, &id)}));
    }
    add("cognito-idp", "ListUserPoolReplicas", P, ours(), json!({"UserPoolReplicas": replicas}).to_string());
    let providers = json!({"Providers": [{"ProviderName": "Corp", "ProviderType": "SAML", "CreationDate": 1.7e9}]});
    add("cognito-idp", "ListIdentityProviders", P, ours(), providers.to_string());
    add("cognito-idp", "ListUserImportJobs", P, ours(), r#"{"UserImportJobs":[]}"#.to_owned());
    let described =
        json!({"DomainDescription": {"Domain": domain, "UserPoolId": id, "Status": "ACTIVE", "Version": "1"}});
    add("cognito-idp", "DescribeUserPoolDomain", P, vec![("Domain", domain)], described.to_string());

    let key_regions: &[&str] = if ready { &[P, S] } else { &[P] };
    for region in key_regions {
        let key = if *region == P { key_arn(P, n) } else { key_id(n) };
        let mut metadata = json!({
            "AWSAccountId": ACCOUNT, "Arn": key_arn(region, n), "KeyId": key_id(n), "KeyState": "Enabled",
            "Enabled": true, "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "KeyManager": "CUSTOMER",
            "Origin": "AWS_KMS", "MultiRegion": ready, "CreationDate": 1_704_067_200.0
        });
        if ready {
            metadata["MultiRegionConfiguration"] = json!({
                "MultiRegionKeyType": if *region == P { "PRIMARY" } else { "REPLICA" },
                "PrimaryKey": {"Arn": key_arn(P, n), "Region": P},
                "ReplicaKeys": [{"Arn": key_arn(S, n), "Region": S}]
            });
        }
        add("kms", "DescribeKey", region, vec![("KeyId", key.clone())], json!({"KeyMetadata": metadata}).to_string());
        let policy = json!({"Policy": key_policy(&id).to_string(), "PolicyName": "default"});
        let parameters = vec![("KeyId", key), ("PolicyName", "default".to_owned())];
        add("kms", "GetKeyPolicy", region, parameters, policy.to_string());
    }

    let clients: Vec<Value> = (0..CLIENTS)
        .map(|c| json!({"ClientId": client_id(n, c), "ClientName": format!("web{c}"), "UserPoolId": id}))
        .collect();
    add("cognito-idp", "ListUserPoolClients", P, ours(), json!({"UserPoolClients": clients}).to_string());
    for c in 0..CLIENTS {
        let client = json!({"UserPoolClient": {
            "ClientId": client_id(n, c), "UserPoolId": id, "ClientName": format!("web{c}"), "ClientSecret": "planted",
            "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid", "email"], "CallbackURLs": ["https://example.com"],
            "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "AccessTokenValidity": 60, "IdTokenValidity": 60, "RefreshTokenValidity": 30,
            "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"}
        }});
        let parameters = vec![("ClientId", client_id(n, c)), ("UserPoolId", id.clone())];
        add("cognito-idp", "DescribeUserPoolClient", P, parameters, client.to_string());
    }
}

/// Per pool one REST API, one HTTP API and one stack that verify its tokens.
fn consumers(region: &'static str, numbers: &[usize], add: &mut Add<'_>) {
    let rest: Vec<Value> =
        numbers.iter().map(|n| json!({"id": format!("rest{n}"), "name": format!("orders-{n}")})).collect();
    add("apigateway", "GetRestApis", region, vec![], json!({"item": rest}).to_string());
    let http: Vec<Value> = numbers
        .iter()
        .map(|n| json!({"apiId": format!("http{n}"), "name": format!("catalog-{n}"), "protocolType": "HTTP"}))
        .collect();
    add("apigatewayv2", "GetApis", region, vec![], json!({"items": http}).to_string());
    let (mut summaries, mut stacks, mut exports) = (Vec::new(), Vec::new(), Vec::new());
    for n in numbers {
        let (id, client) = (pool_id(*n), client_id(*n, 0));
        let (old, new) = (
            format!("https://cognito-idp.{P}.amazonaws.com/{id}"),
            format!("https://issuer-cognito-idp.{P}.amazonaws.com/{id}"),
        );
        let authorizer =
            json!({"id": "a", "name": "pool", "type": "COGNITO_USER_POOLS", "providerARNs": [pool_arn(P, &id)]});
        let api = vec![("restApiId", format!("rest{n}"))];
        add("apigateway", "GetAuthorizers", region, api, json!({"item": [authorizer]}).to_string());
        let jwt = |id: &str, issuer: &str| {
            json!({"authorizerId": id, "name": id, "authorizerType": "JWT",
            "jwtConfiguration": {"issuer": issuer, "audience": [client]}})
        };
        let api = || vec![("ApiId", format!("http{n}"))];
        let both = json!({"items": [jwt("old", &old), jwt("new", &new)]});
        add("apigatewayv2", "GetAuthorizers", region, api(), both.to_string());
        let routes: Vec<Value> = (0..ROUTES)
            .map(|r| {
                json!({"routeId": format!("r{r}"), "routeKey": format!("GET /items/{r}"), "authorizationType": "JWT",
                "authorizerId": if r == 0 { "new" } else { "old" }})
            })
            .collect();
        add("apigatewayv2", "GetRoutes", region, api(), json!({"items": routes}).to_string());
        let stack = stack_id(region, *n);
        let row = format!(
            "<StackId>{stack}</StackId><StackName>orders-{n}</StackName>\
            <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>"
        );
        summaries.push(format!("<member>{row}</member>"));
        stacks.push(format!(
            "<member>{row}<Parameters/><Outputs><member><OutputKey>Api</OutputKey>\
            <OutputValue>https://api{n}.example.com</OutputValue></member></Outputs></member>"
        ));
        exports.push(format!(
            "<member><ExportingStackId>{stack}</ExportingStackId><Name>api-{n}</Name>\
            <Value>https://api{n}.example.com</Value></member>"
        ));
        let name = || vec![("StackName", stack.clone())];
        let template = json!({"Resources": {"Authorizer": {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": {
            "JwtConfiguration": {"Issuer": old, "Audience": [client]}}}}});
        let template = format!(
            "<TemplateBody>{template}</TemplateBody><StagesAvailable><member>Original</member></StagesAvailable>"
        );
        add("cloudformation", "GetTemplate", region, name(), xml("GetTemplate", &template));
        let resources = "<StackResourceSummaries><member><LogicalResourceId>Authorizer</LogicalResourceId>\
            <ResourceType>AWS::ApiGatewayV2::Authorizer</ResourceType></member></StackResourceSummaries>";
        add("cloudformation", "ListStackResources", region, name(), xml("ListStackResources", resources));
    }
    for (name, list, rows) in [
        ("ListStacks", "StackSummaries", &summaries),
        ("DescribeStacks", "Stacks", &stacks),
        ("ListExports", "Exports", &exports),
    ] {
        add("cloudformation", name, region, vec![], xml(name, &format!("<{list}>{}</{list}>", rows.concat())));
    }
}

/// The snapshot that a collection of this account leaves, with one issuer reference per stack.
pub(crate) fn snapshot(pools: usize) -> Snapshot {
    let searched = |region: &'static str| {
        ["apigateway", "apigatewayv2", "cloudformation"].map(|service| Searched {
            account: ACCOUNT.to_owned(),
            service: service.to_owned(),
            region: region.to_owned(),
        })
    };
    let scope = Scope {
        pools: (0..pools).map(|n| PoolKey { account: ACCOUNT.to_owned(), id: pool_id(n) }).collect::<BTreeSet<_>>(),
        accounts: BTreeSet::new(),
        replica_regions: BTreeMap::from([(String::new(), S.to_owned())]),
        searched: [P, S].into_iter().flat_map(searched).collect(),
        not_asked: BTreeSet::new(),
    };
    let mut entries: Vec<Entry> =
        answers(pools).into_iter().map(|(question, body)| Entry::Call(call(question, &body))).collect();
    entries.extend((0..pools).map(|n| Entry::Hit(hit(n))));
    Snapshot::new(scope, entries)
}

fn call((service, name, region, parameters): Question, body: &str) -> Call {
    let operation = find(service, name).expect("an operation of the table");
    let page = normal::page(operation, Form::Wire, body.as_bytes()).expect("an answer of this operation");
    let admitted = admit::admit(operation, page.answer);
    Call {
        account: ACCOUNT.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        operation: name.to_owned(),
        parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect(),
        page: operation.items.map(|_| 1),
        more: false,
        time: time(ASKED),
        response: Some(admitted.response),
        error: None,
        dropped: admitted.dropped,
    }
}

fn hit(n: usize) -> Hit {
    Hit {
        account: ACCOUNT.to_owned(),
        region: P.to_owned(),
        service: "cloudformation".to_owned(),
        operation: "GetTemplate".to_owned(),
        parameters: [("StackName".to_owned(), Value::from(stack_id(P, n)))].into_iter().collect(),
        time: time(ASKED),
        container: format!("orders-{n}"),
        logical_id: Some("Authorizer".to_owned()),
        path: "Properties.JwtConfiguration.Issuer".to_owned(),
        pointer: "/Resources/Authorizer/Properties/JwtConfiguration/Issuer".to_owned(),
        line: Some(1),
        column: Some(100),
        class: "R1".to_owned(),
        confidence: "definite".to_owned(),
        severity: "error".to_owned(),
        pool_id: Some(pool_id(n)),
        unresolved: None,
        text: format!("https://cognito-idp.{P}.amazonaws.com/{}", pool_id(n)),
        accepts_new: false,
        accepts_any_pool: false,
        source: None,
        evaluator: 1,
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn pool_id(n: usize) -> String {
    format!("{P}_Bench{n:04}")
}

fn pool_arn(region: &str, id: &str) -> String {
    format!("arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{id}")
}

fn key_id(n: usize) -> String {
    format!("mrk-{n:032x}")
}

fn key_arn(region: &str, n: usize) -> String {
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/{}", key_id(n))
}

fn client_id(n: usize, c: usize) -> String {
    format!("{n:013}{c:013}")
}

fn stack_id(region: &str, n: usize) -> String {
    format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stack/orders-{n}/0a1b2c3d-0000-0000-0000-000000000000")
}

fn xml(operation: &str, inner: &str) -> String {
    format!("<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>")
}

/// The documented key policy.
fn key_policy(pool: &str) -> Value {
    let services = json!(["cognito-idp.amazonaws.com", "identitystore.amazonaws.com"]);
    let arns = json!([pool_arn(P, pool), pool_arn(S, pool)]);
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "admin", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}},
        {"Sid": "crypto", "Effect": "Allow", "Principal": {"Service": services}, "Resource": "*",
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKeyWithoutPlainText"],
            "Condition": {"ArnEquals": {"aws:SourceArn": arns}, "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "StringLike": {"kms:EncryptionContext:aws:cognito-idp:userpool-arn": arns}}},
        {"Sid": "describe", "Effect": "Allow", "Principal": {"Service": services}, "Resource": "*",
            "Action": "kms:DescribeKey",
            "Condition": {"ArnEquals": {"aws:SourceArn": arns}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}}
    ]})
}
