//! Builds snapshots: the evidence of one account, in the log's normal form, changed member by member; and judges them.
//!
//! For tests that start from what AWS answered. Not for how an answer comes into the log: no wire, no disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};
use mrready::audit::{FailOn, Options, audit};
use mrready::facts::{FactOptions, Facts, FieldSet, RegionTable};
use mrready::model::report::{Finding, GateSummary, PoolSummary, Reduction, Report};
use mrready::model::{Cause, Gate, SubjectKind, TargetIssuer, Verdict};
use mrready::rules::{Catalog, Decision, embedded_data, parse_decisions};
use mrready::scan::template::EVALUATOR_VERSION;
use mrready::snapshot::entry::{SCAN, TREE, tree_parameters};
use mrready::snapshot::operations::{OPERATIONS, Operation, find_call};
use mrready::snapshot::{
    AccountScope, Call, CallError, Entry, ErrorKind, Hit, PoolKey, Scan, Scope, Searched, Snapshot, SourcePlace, admit,
};
use serde_json::{Map, Value, json};

use crate::areas;

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const POOL: &str = "us-east-1_Ready0001";
pub(crate) const OTHER_POOL: &str = "us-east-1_Other0001";
/// The primary Region.
pub(crate) const P: &str = "us-east-1";
/// The replica Region.
pub(crate) const S: &str = "us-west-2";
/// Every Region in which the call was asked.
pub(crate) const ANY: &str = "*";
pub(crate) const KEY: &str = "mrk-0123456789abcdef0123456789abcdef";
pub(crate) const CLIENT: &str = "1example23456789";
pub(crate) const DOMAIN: &str = "auth.example.com";
/// The clock of a run, and an hour earlier the time of all evidence.
pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";
pub(crate) const ASKED: &str = "2026-11-21T11:00:00Z";
/// What only people can answer before a replica exists, answered.
pub(crate) fn attestations() -> String {
    attested("yes")
}

/// This answer to everything that only people can tell.
pub(crate) fn attested(answer: &str) -> String {
    persons().iter().fold(String::new(), |text, rule| {
        text + &format!(
            "- {{ kind: attest, rule: {rule}, subject: '**', answer: {answer}, evidence: seen, by: ann, on: 2026-11-20, reason: asked, owner: ann, expires: 2027-01-31 }}
"
        )
    })
}

/// The rules of which the ready account waits for a person's answer.
pub(crate) fn persons() -> Vec<&'static str> {
    [vec!["external-verifiers-told", "pool-eligible", "residency-approved"], areas::persons()].concat()
}

pub(crate) const POOLS: &str = "cognito-idp:ListUserPools";
pub(crate) const DESCRIBE_POOL: &str = "cognito-idp:DescribeUserPool";
pub(crate) const MFA: &str = "cognito-idp:GetUserPoolMfaConfig";
pub(crate) const REPLICAS: &str = "cognito-idp:ListUserPoolReplicas";
pub(crate) const CLIENTS: &str = "cognito-idp:ListUserPoolClients";
pub(crate) const DESCRIBE_CLIENT: &str = "cognito-idp:DescribeUserPoolClient";
pub(crate) const DESCRIBE_DOMAIN: &str = "cognito-idp:DescribeUserPoolDomain";
pub(crate) const PROVIDERS: &str = "cognito-idp:ListIdentityProviders";
pub(crate) const IMPORTS: &str = "cognito-idp:ListUserImportJobs";
pub(crate) const DESCRIBE_KEY: &str = "kms:DescribeKey";
pub(crate) const KEY_POLICY: &str = "kms:GetKeyPolicy";
pub(crate) const REST_APIS: &str = "apigateway:GetRestApis";
pub(crate) const REST_AUTHORIZERS: &str = "apigateway:GetAuthorizers";
pub(crate) const HTTP_APIS: &str = "apigatewayv2:GetApis";
pub(crate) const HTTP_AUTHORIZERS: &str = "apigatewayv2:GetAuthorizers";
pub(crate) const ROUTES: &str = "apigatewayv2:GetRoutes";
pub(crate) const STACKS: &str = "cloudformation:ListStacks";
pub(crate) const DESCRIBE_STACKS: &str = "cloudformation:DescribeStacks";
pub(crate) const EXPORTS: &str = "cloudformation:ListExports";
pub(crate) const RESOURCES: &str = "cloudformation:ListStackResources";
pub(crate) const TEMPLATE: &str = "cloudformation:GetTemplate";

/// The Regional issuer of a pool of P.
pub(crate) fn old_issuer(pool: &str) -> String {
    format!("https://cognito-idp.{P}.amazonaws.com/{pool}")
}

/// The multi-Region issuer of a pool of P.
pub(crate) fn new_issuer(pool: &str) -> String {
    format!("https://issuer-cognito-idp.{P}.amazonaws.com/{pool}")
}

pub(crate) fn pool_arn(region: &str, pool: &str) -> String {
    format!("arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{pool}")
}

pub(crate) fn key_arn(region: &str) -> String {
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/{KEY}")
}

/// The documented key policy, with both ARNs of the pool in its conditions.
pub(crate) fn key_policy(pool: &str) -> Value {
    let services = json!(["cognito-idp.amazonaws.com", "identitystore.amazonaws.com"]);
    let arns = json!([pool_arn(P, pool), pool_arn(S, pool)]);
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "admin", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
                "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") }
            },
            {
                "Sid": "crypto", "Effect": "Allow", "Principal": { "Service": services }, "Resource": "*",
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKeyWithoutPlainText"],
                "Condition": {
                    "ArnEquals": { "aws:SourceArn": arns },
                    "StringEquals": { "aws:SourceAccount": ACCOUNT },
                    "StringLike": { "kms:EncryptionContext:aws:cognito-idp:userpool-arn": arns }
                }
            },
            {
                "Sid": "describe", "Effect": "Allow", "Principal": { "Service": services }, "Resource": "*",
                "Action": "kms:DescribeKey",
                "Condition": {
                    "ArnEquals": { "aws:SourceArn": arns },
                    "StringEquals": { "aws:SourceAccount": ACCOUNT }
                }
            }
        ]
    })
}

/// What was asked of one account, and what came back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) scope: Scope,
    /// Versions of the AWS CLI whose output was imported.
    pub(crate) cli_versions: BTreeSet<String>,
    pub(crate) calls: Vec<Call>,
    pub(crate) hits: Vec<Hit>,
    /// Source trees that were searched; their references are among `hits`.
    pub(crate) scans: Vec<Scan>,
}

impl Account {
    /// An account of which nothing was asked.
    pub(crate) fn empty() -> Self {
        let mut account = Self::default();
        account.scope.replica_regions.insert(String::new(), S.to_owned());
        account
    }

    /// One pool, ready for its issuer switch and its replica as far as evidence can show.
    pub(crate) fn ready() -> Self {
        let mut account = Self::empty().search(P).search(S).pool(POOL);
        account.answer(
            "sts:GetCallerIdentity",
            P,
            &[],
            json!({ "Account": ACCOUNT, "Arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/Auditor") }),
        );
        let pools = json!({ "UserPools": [{ "Id": POOL, "Name": "customers" }] });
        account.answer(POOLS, P, &[], pools);
        account.keys(POOL)
    }

    /// The account as one all of whose pools were asked for.
    pub(crate) fn all_pools(mut self) -> Self {
        let regions = BTreeSet::from([P.to_owned()]);
        self.scope.accounts.insert(AccountScope { account: ACCOUNT.to_owned(), regions });
        self
    }

    /// The ready account with a replica in S of this status, which S describes as P does.
    pub(crate) fn replicated(status: &str) -> Self {
        Self::ready().replicate(status)
    }

    /// The ready account whose issuer has been switched.
    pub(crate) fn switched() -> Self {
        Self::ready().set(DESCRIBE_POOL, P, "/UserPool/IssuerConfiguration/Type", "UPDATED")
    }

    /// A pool that has everything but the answers about its key.
    pub(crate) fn pool(mut self, pool: &str) -> Self {
        self.scope.pools.insert(PoolKey { account: ACCOUNT.to_owned(), id: pool.to_owned() });
        let ours = [("UserPoolId", pool)];
        let described = json!({ "UserPool": {
            "Id": pool, "Name": "customers", "Arn": pool_arn(P, pool), "UserPoolTier": "ESSENTIALS",
            "EstimatedNumberOfUsers": 1200, "DeletionProtection": "ACTIVE", "CustomDomain": DOMAIN,
            "KeyConfiguration": { "KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key_arn(P) },
            "IssuerConfiguration": { "Type": "ORIGINAL" },
            "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": true },
            "AccountRecoverySetting": { "RecoveryMechanisms": [{ "Priority": 1, "Name": "admin_only" }] },
            "CreationDate": "2024-01-01T00:00:00Z"
        } });
        self.answer(DESCRIBE_POOL, P, &ours, described);
        self.answer(MFA, P, &ours, json!({ "MfaConfiguration": "OFF" }));
        self.answer(PROVIDERS, P, &ours, json!({ "Providers": [] }));
        self.answer(IMPORTS, P, &ours, json!({ "UserImportJobs": [] }));
        let primary = json!({ "UserPoolReplicas": [
            { "RegionName": P, "Role": "PRIMARY", "Status": "ACTIVE", "UserPoolArn": pool_arn(P, pool) }
        ] });
        self.answer(REPLICAS, P, &ours, primary);
        if !self.calls.iter().any(|call| call.name() == DESCRIBE_DOMAIN) {
            let domain = json!({ "DomainDescription": { "Domain": DOMAIN, "UserPoolId": pool, "Status": "ACTIVE" } });
            self.answer(DESCRIBE_DOMAIN, P, &[("Domain", DOMAIN)], domain);
        }
        areas::primary(self.clients(pool, 1), pool)
    }

    /// The pool's app clients, this many, all with the code flow and tokens of an hour.
    pub(crate) fn clients(mut self, pool: &str, number: usize) -> Self {
        let id = |index: usize| if index == 0 { CLIENT.to_owned() } else { format!("{CLIENT}{index}") };
        self.calls.retain(|call| {
            !([CLIENTS, DESCRIBE_CLIENT].contains(&call.name().as_str()) && call.parameters["UserPoolId"] == *pool)
        });
        let items = (0..number).map(|n| json!({ "ClientId": id(n), "ClientName": format!("web{n}") })).collect();
        self.answer_pages(CLIENTS, P, &[("UserPoolId", pool)], items, 60);
        for client in (0..number).map(id) {
            let described = json!({ "UserPoolClient": {
                "ClientId": client, "UserPoolId": pool, "AllowedOAuthFlows": ["code"],
                "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
                "AccessTokenValidity": 60, "IdTokenValidity": 60, "RefreshTokenValidity": 30,
                "TokenValidityUnits": { "AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days" }
            } });
            self.answer(DESCRIBE_CLIENT, P, &[("ClientId", &client), ("UserPoolId", pool)], described);
        }
        self
    }

    /// The pool's multi-Region key, primary in P and replica in S, with the documented policy in both.
    fn keys(mut self, pool: &str) -> Self {
        for (region, role) in [(P, "PRIMARY"), (S, "REPLICA")] {
            let id = if region == P { key_arn(P) } else { KEY.to_owned() };
            let described = json!({ "KeyMetadata": {
                "AWSAccountId": ACCOUNT, "Arn": key_arn(region), "KeyId": KEY, "KeyState": "Enabled", "Enabled": true,
                "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "KeyManager": "CUSTOMER",
                "Origin": "AWS_KMS", "MultiRegion": true, "MultiRegionConfiguration": {
                    "MultiRegionKeyType": role,
                    "PrimaryKey": { "Arn": key_arn(P), "Region": P },
                    "ReplicaKeys": [{ "Arn": key_arn(S), "Region": S }]
                }
            } });
            self.answer(DESCRIBE_KEY, region, &[("KeyId", &id)], described);
            let policy = json!({ "Policy": key_policy(pool).to_string() });
            self.answer(KEY_POLICY, region, &[("KeyId", &id), ("PolicyName", "default")], policy);
        }
        self
    }

    /// A whole search of a Region for consumers that finds nothing.
    pub(crate) fn search(mut self, region: &str) -> Self {
        for service in ["apigateway", "apigatewayv2", "cloudformation"] {
            let (account, service, region) = (ACCOUNT.to_owned(), service.to_owned(), region.to_owned());
            self.scope.searched.insert(Searched { account, service, region });
        }
        for call in [REST_APIS, HTTP_APIS, STACKS, DESCRIBE_STACKS, EXPORTS] {
            self.answer_pages(call, region, &[], Vec::new(), 100);
        }
        areas::search(self, region)
    }

    /// A secondary in S, described as P describes the pool.
    pub(crate) fn replicate(mut self, status: &str) -> Self {
        let secondary =
            json!({ "RegionName": S, "Role": "SECONDARY", "Status": status, "UserPoolArn": pool_arn(S, POOL) });
        self = self.push(REPLICAS, P, secondary);
        for call in [DESCRIBE_POOL, MFA] {
            let mut copy = self.find(call, P).clone();
            S.clone_into(&mut copy.region);
            self.calls.push(copy);
        }
        areas::secondary(self.set(DESCRIBE_POOL, S, "/UserPool/Arn", pool_arn(S, POOL)))
    }

    /// The account that has been through the whole migration: replica active, domain routed, issuer switched.
    pub(crate) fn complete() -> Self {
        Self::switched().replicate("ACTIVE").routed()
    }

    /// Routes the pool's domain to S when P fails.
    pub(crate) fn routed(self) -> Self {
        areas::routed(self.set(DESCRIBE_DOMAIN, P, "/DomainDescription/Routing/Failover/SecondaryRegion", S))
    }

    /// Without `--replica-region`.
    pub(crate) fn without_target(mut self) -> Self {
        self.scope.replica_regions.clear();
        self
    }

    /// Adds what AWS answered, as far as the log admits it.
    pub(crate) fn answer(&mut self, call: &str, region: &str, parameters: &[(&str, &str)], answer: Value) {
        let operation = find_call(call).unwrap_or_else(|| panic!("{call} is not in the table of operations"));
        let admitted = admit::admit(operation, answer);
        let mut entry = entry(operation, region, parameters);
        entry.page = operation.items.map(|_| 1);
        entry.response = Some(admitted.response);
        entry.dropped = admitted.dropped;
        self.calls.push(entry);
    }

    /// Adds the answer to a question about several things at once, of which there is one.
    pub(crate) fn answer_listed(&mut self, call: &str, region: &str, one: (&str, &str), answer: Value) {
        self.answer(call, region, &[], answer);
        let added = self.calls.last_mut().expect("just added");
        added.parameters.insert(one.0.to_owned(), json!([one.1]));
    }

    /// Adds the answer of a paged operation, in pages of this size.
    pub(crate) fn answer_pages(
        &mut self,
        call: &str,
        region: &str,
        parameters: &[(&str, &str)],
        items: Vec<Value>,
        size: usize,
    ) {
        let pages: Vec<Vec<Value>> =
            if items.is_empty() { vec![items] } else { items.chunks(size).map(<[Value]>::to_vec).collect() };
        let name = list_name(call);
        for (page, items) in (1..).zip(&pages) {
            self.answer(call, region, parameters, json!({ name: items }));
            let added = self.calls.last_mut().expect("just added");
            added.page = Some(page);
            added.more = usize::try_from(page).unwrap() < pages.len();
        }
    }

    /// The only call of this name in a Region.
    pub(crate) fn find(&self, call: &str, region: &str) -> &Call {
        let mut found = self.calls.iter().filter(|each| is(each, call, region));
        let first = found.next().unwrap_or_else(|| panic!("no {call} in {region}"));
        assert!(found.next().is_none(), "several {call} in {region}");
        first
    }

    pub(crate) fn each(mut self, call: &str, region: &str, mut change: impl FnMut(&mut Call)) -> Self {
        let mut found = false;
        for each in self.calls.iter_mut().filter(|each| is(each, call, region)) {
            change(each);
            found = true;
        }
        assert!(found, "no {call} in {region}: nothing was changed");
        self
    }

    /// Puts a member into the answers of a call; objects on the way are made.
    pub(crate) fn set(self, call: &str, region: &str, pointer: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.each(call, region, |each| put(each.response.as_mut().expect("an answer"), pointer, value.clone()))
    }

    /// Replaces what the first page of a list in P holds.
    pub(crate) fn set_first(mut self, call: &str, answer: Value) -> Self {
        let first = self.calls.iter_mut().find(|each| is(each, call, P) && each.page == Some(1));
        first.expect("a first page").response = Some(answer);
        self
    }

    /// Takes a member out of the answers of a call.
    pub(crate) fn unset(self, call: &str, region: &str, pointer: &str) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        self.each(call, region, |each| {
            let parent = each.response.as_mut().and_then(|answer| answer.pointer_mut(parent));
            let gone = parent.and_then(Value::as_object_mut).and_then(|members| members.remove(name));
            assert!(gone.is_some(), "{call} has no {pointer}");
        })
    }

    /// Adds an item to the list that a call answers.
    pub(crate) fn push(self, call: &str, region: &str, item: impl Into<Value>) -> Self {
        let (name, item) = (list_name(call), item.into());
        self.each(call, region, |each| {
            let list = each.response.as_mut().and_then(|answer| answer[name].as_array_mut());
            list.expect("a list").push(item.clone());
        })
    }

    /// As if the call had not been made.
    pub(crate) fn remove(mut self, call: &str, region: &str) -> Self {
        let before = self.calls.len();
        self.calls.retain(|each| !is(each, call, region));
        assert!(self.calls.len() < before, "no {call} in {region}");
        self.without_dependents(call, region)
    }

    /// Replaces the answers of a call by an error; what needs its answer was then not asked.
    pub(crate) fn error(self, call: &str, region: &str, error: &CallError) -> Self {
        let failed = self.each(call, region, |each| {
            each.response = None;
            each.dropped.clear();
            each.more = false;
            each.error = Some(error.clone());
        });
        let mut seen = BTreeSet::new();
        let mut failed = failed;
        failed.calls.retain(|each| {
            !is(each, call, region)
                || seen.insert((
                    each.region.clone(),
                    each.parameters.clone().into_iter().map(|(_, v)| v.to_string()).collect::<Vec<_>>(),
                ))
        });
        failed.hits.retain(|hit| {
            !(format!("{}:{}", hit.service, hit.operation) == call && (region == ANY || hit.region == region))
        });
        failed.without_dependents(call, region)
    }

    /// Refused.
    pub(crate) fn deny(self, call: &str) -> Self {
        self.error(call, ANY, &denied(call))
    }

    /// Refused for want of this action, if it was asked at all.
    pub(crate) fn deny_if_asked(self, call: &str, action: &str) -> Self {
        if self.calls.iter().all(|each| each.name() != call) {
            return self;
        }
        let error = CallError { missing_actions: vec![action.to_owned()], ..denied(call) };
        self.error(call, ANY, &error)
    }

    /// Refused in one Region.
    pub(crate) fn deny_in(self, call: &str, region: &str) -> Self {
        self.error(call, region, &denied(call))
    }

    /// The answer was the first page; the second is refused.
    pub(crate) fn deny_page_2(mut self, call: &str, region: &str) -> Self {
        let mut second = self.find(call, region).clone();
        self = self.each(call, region, |each| each.more = true);
        second.page = Some(2);
        second.response = None;
        second.dropped.clear();
        second.error = Some(denied(call));
        self.calls.push(second);
        self
    }

    /// Takes out what could not have been asked without the answers of `call`.
    fn without_dependents(mut self, call: &str, region: &str) -> Self {
        let mut gone = BTreeSet::from([call.to_owned()]);
        loop {
            let before = gone.len();
            // The pools were named, so nothing of theirs depends on the list of pools.
            let needed =
                |operation: &&Operation| operation.needs.iter().any(|need| *need != POOLS && gone.contains(*need));
            let more: Vec<String> = OPERATIONS.iter().filter(needed).map(Operation::call).collect();
            gone.extend(more);
            if gone.len() == before {
                break;
            }
        }
        gone.remove(call);
        // A related key is asked because of what P says; consumers of a Region because of their own lists.
        let asked_because = |each: &Call| match each.service.as_str() {
            "kms" | "cognito-idp" => region == P || region == ANY,
            _ => region == ANY || each.region == region,
        };
        self.calls.retain(|each| !(gone.contains(&each.name()) && asked_because(each)));
        self.hits.retain(|hit| !gone.contains(&format!("{}:{}", hit.service, hit.operation)));
        self
    }

    /// A REST API with these authorizers.
    pub(crate) fn rest_api(mut self, region: &str, id: &str, authorizers: Vec<Value>) -> Self {
        self = self.push(REST_APIS, region, json!({ "id": id, "name": format!("{id}-api") }));
        self.answer_pages(REST_AUTHORIZERS, region, &[("restApiId", id)], authorizers, 500);
        self
    }

    /// An HTTP API with these authorizers and routes.
    pub(crate) fn http_api(mut self, region: &str, id: &str, authorizers: Vec<Value>, routes: Vec<Value>) -> Self {
        let api = json!({ "ApiId": id, "Name": format!("{id}-api"), "ProtocolType": "HTTP" });
        self = self.push(HTTP_APIS, region, api);
        self.answer_pages(HTTP_AUTHORIZERS, region, &[("ApiId", id)], authorizers, 500);
        self.answer_pages(ROUTES, region, &[("ApiId", id)], routes, 500);
        self
    }

    /// A stack of this name and status whose template names no issuer.
    pub(crate) fn stack(mut self, region: &str, name: &str, status: &str) -> Self {
        let id = stack_id(region, name);
        let stack = json!({ "StackId": id, "StackName": name, "StackStatus": status });
        self = self.push(STACKS, region, stack.clone()).push(DESCRIBE_STACKS, region, stack);
        self.answer_pages(RESOURCES, region, &[("StackName", &id)], Vec::new(), 100);
        self.answer(TEMPLATE, region, &[("StackName", &id)], json!({ "StagesAvailable": ["Original"] }));
        self
    }

    /// An issuer reference in the template of a stack, which is added if it is not there.
    pub(crate) fn hit(mut self, region: &str, stack: &str, change: impl FnOnce(&mut Hit)) -> Self {
        let id = stack_id(region, stack);
        if !self.calls.iter().any(|call| call.name() == TEMPLATE && call.parameters["StackName"] == id) {
            self = self.stack(region, stack, "CREATE_COMPLETE");
        }
        let mut hit = Hit {
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
            service: "cloudformation".to_owned(),
            operation: "GetTemplate".to_owned(),
            parameters: Map::from_iter([("StackName".to_owned(), json!(id))]),
            time: time(ASKED),
            container: stack.to_owned(),
            logical_id: Some("Authorizer".to_owned()),
            path: "Properties.JwtConfiguration.Issuer".to_owned(),
            pointer: "/Resources/Authorizer/Properties/JwtConfiguration/Issuer".to_owned(),
            line: Some(7),
            column: Some(15),
            class: "issuer-url-literal".to_owned(),
            confidence: "definite".to_owned(),
            severity: "error".to_owned(),
            pool_id: Some(POOL.to_owned()),
            unresolved: None,
            text: old_issuer(POOL),
            accepts_new: false,
            accepts_any_pool: false,
            source: None,
            evaluator: EVALUATOR_VERSION,
        };
        change(&mut hit);
        self.hits.push(hit);
        self
    }

    /// A source tree that was searched whole, with these references.
    pub(crate) fn tree(mut self, root: &str, hits: Vec<Hit>) -> Self {
        self.scans.push(Scan {
            root: root.to_owned(),
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            modified: Some(false),
            time: time(ASKED),
            files_read: 40,
            bytes_read: 81_920,
            skipped: Vec::new(),
            evaluator: EVALUATOR_VERSION,
        });
        for mut hit in hits {
            hit.parameters = tree_parameters(root);
            root.clone_into(&mut hit.container);
            self.hits.push(hit);
        }
        self
    }

    /// Changes the last source tree.
    pub(crate) fn in_tree(mut self, change: impl FnOnce(&mut Scan)) -> Self {
        change(self.scans.last_mut().expect("a tree"));
        self
    }

    /// An issuer reference in what a call of this service answered, such as `lambda:ListFunctions`.
    pub(crate) fn live_hit(mut self, call: &str, container: &str, change: impl FnOnce(&mut Hit)) -> Self {
        let (service, operation) = call.split_once(':').expect("service:Operation");
        let mut hit = Hit {
            account: ACCOUNT.to_owned(),
            region: P.to_owned(),
            service: service.to_owned(),
            operation: operation.to_owned(),
            parameters: Map::new(),
            container: container.to_owned(),
            path: "Environment.Variables.ISSUER".to_owned(),
            pointer: "/Functions/0/Environment/Variables/ISSUER".to_owned(),
            line: None,
            column: None,
            source: None,
            ..tree_hit("", 1, |_| {})
        };
        change(&mut hit);
        self.hits.push(hit);
        self
    }

    /// The entries, in the order in which they were added.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let calls = self.calls.iter().cloned().map(Entry::Call);
        let scans = self.scans.iter().cloned().map(Entry::Scan);
        calls.chain(self.hits.iter().cloned().map(Entry::Hit)).chain(scans).collect()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new(self.scope.clone(), self.entries());
        snapshot.header.cli_versions.clone_from(&self.cli_versions);
        snapshot
    }

    /// Judged with everything that people can say said.
    pub(crate) fn attested(&self) -> Judged {
        Run::attested().judge(self)
    }

    /// Judged by the evidence alone.
    pub(crate) fn judged(&self) -> Judged {
        Run::default().judge(self)
    }
}

/// A reference to the pool's issuer in a file of a source tree.
pub(crate) fn tree_hit(path: &str, line: u32, change: impl FnOnce(&mut Hit)) -> Hit {
    let mut hit = Hit {
        account: String::new(),
        region: String::new(),
        service: SCAN.to_owned(),
        operation: TREE.to_owned(),
        parameters: Map::new(),
        time: time(ASKED),
        container: String::new(),
        logical_id: None,
        path: path.to_owned(),
        pointer: String::new(),
        line: Some(line),
        column: Some(5),
        class: "issuer-url-literal".to_owned(),
        confidence: "definite".to_owned(),
        severity: "error".to_owned(),
        pool_id: Some(POOL.to_owned()),
        unresolved: None,
        text: old_issuer(POOL),
        accepts_new: false,
        accepts_any_pool: false,
        source: Some(SourcePlace {
            language: "typescript".to_owned(),
            in_test: false,
            in_doc: false,
            owners: vec!["@acme/identity".to_owned()],
            library: None,
            remedy: "accept the updated issuer beside this one".to_owned(),
        }),
        evaluator: EVALUATOR_VERSION,
    };
    change(&mut hit);
    hit
}

/// A reference that names no pool.
pub(crate) fn without_pool(hit: &mut Hit) {
    hit.pool_id = None;
    hit.unresolved = Some("process.env.POOL_ID".to_owned());
    "issuer-url-template".clone_into(&mut hit.class);
    "https://cognito-idp.{…}.amazonaws.com/{…}".clone_into(&mut hit.text);
}

fn is(each: &Call, call: &str, region: &str) -> bool {
    each.name() == call && (region == ANY || each.region == region)
}

fn list_name(call: &str) -> &'static str {
    let items = find_call(call).and_then(|operation| operation.items);
    &items.unwrap_or_else(|| panic!("{call} answers no list"))[1..]
}

fn entry(operation: &Operation, region: &str, parameters: &[(&str, &str)]) -> Call {
    Call {
        account: ACCOUNT.to_owned(),
        region: region.to_owned(),
        service: operation.service.to_owned(),
        operation: operation.name.to_owned(),
        parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect(),
        page: None,
        more: false,
        time: time(ASKED),
        response: None,
        error: None,
        dropped: Vec::new(),
    }
}

fn put(mut value: &mut Value, pointer: &str, new: Value) {
    for step in pointer.split('/').skip(1) {
        if value.is_array() {
            value = &mut value[step.parse::<usize>().expect("an index")];
        } else {
            if !value.is_object() {
                *value = json!({});
            }
            value = &mut value[step];
        }
    }
    *value = new;
}

pub(crate) fn stack_id(region: &str, name: &str) -> String {
    format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{name}/0a1b")
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn denied(call: &str) -> CallError {
    let actions = find_call(call).expect("a call of the table").iam;
    CallError {
        kind: ErrorKind::Denied,
        code: "AccessDeniedException".to_owned(),
        status: Some(400),
        missing_actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        detail: None,
    }
}

pub(crate) fn failure(kind: ErrorKind, code: &str) -> CallError {
    CallError { kind, code: code.to_owned(), status: None, missing_actions: Vec::new(), detail: None }
}

/// A JWT authorizer of an HTTP API.
pub(crate) fn http_jwt(id: &str, issuer: &str) -> Value {
    json!({
        "AuthorizerId": id, "Name": format!("{id}-authorizer"), "AuthorizerType": "JWT",
        "JwtConfiguration": { "Issuer": issuer, "Audience": [CLIENT] }
    })
}

/// A route decided by this authorizer.
pub(crate) fn route(id: &str, authorizer: &str) -> Value {
    json!({ "RouteId": id, "RouteKey": format!("GET /{id}"), "AuthorizationType": "JWT", "AuthorizerId": authorizer })
}

/// A JWT authorizer of a REST API.
pub(crate) fn rest_jwt(id: &str, issuers: &[&str]) -> Value {
    let issuers: Vec<Value> = issuers.iter().map(|issuer| json!({ "issuer": issuer, "audiences": [CLIENT] })).collect();
    json!({ "id": id, "name": format!("{id}-authorizer"), "type": "JWT", "jwtConfiguration": { "issuers": issuers } })
}

/// A Cognito authorizer of a REST API.
pub(crate) fn rest_cognito(id: &str, arn: &str) -> Value {
    json!({ "id": id, "name": format!("{id}-authorizer"), "type": "COGNITO_USER_POOLS", "providerARNs": [arn] })
}

/// How a snapshot is judged.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) target_issuer: TargetIssuer,
    pub(crate) replica_region: Option<&'static str>,
    pub(crate) max_age: Option<SignedDuration>,
    /// `--operator-arn`.
    pub(crate) operator: Option<&'static str>,
    /// `--mau`.
    pub(crate) mau: Option<u64>,
    pub(crate) gates: BTreeSet<Gate>,
    pub(crate) fail_on: FailOn,
    pub(crate) strict: bool,
    pub(crate) reductions: Vec<Reduction>,
    pub(crate) decisions: String,
    pub(crate) required_tags: &'static [&'static str],
}

impl Default for Run {
    fn default() -> Self {
        Self {
            target_issuer: TargetIssuer::Updated,
            replica_region: None,
            max_age: None,
            operator: None,
            mau: None,
            gates: BTreeSet::new(),
            fail_on: FailOn::Fail,
            strict: false,
            reductions: Vec::new(),
            decisions: String::new(),
            required_tags: &["Owner"],
        }
    }
}

impl Run {
    pub(crate) fn attested() -> Self {
        Self::default().decided(&attestations())
    }

    /// Heading for the Regional issuer.
    pub(crate) fn original() -> Self {
        Self { target_issuer: TargetIssuer::Original, ..Self::default() }
    }

    /// With these decisions too.
    pub(crate) fn decided(mut self, yaml: &str) -> Self {
        self.decisions.push_str(yaml);
        self
    }

    pub(crate) fn gate(mut self, gate: Gate) -> Self {
        self.gates.insert(gate);
        self
    }

    pub(crate) fn judge(&self, account: &Account) -> Judged {
        self.judge_snapshot(&account.snapshot())
    }

    /// The decisions, as the file has them.
    pub(crate) fn parsed(&self) -> Vec<Decision> {
        parse_decisions("decisions.yaml", &self.decisions, catalog()).unwrap_or_else(|problems| panic!("{problems}"))
    }

    pub(crate) fn judge_snapshot(&self, snapshot: &Snapshot) -> Judged {
        self.judge_decided(snapshot, &self.parsed())
    }

    /// The options on which facts depend.
    pub(crate) fn fact_options(&self) -> FactOptions {
        let replica_regions: BTreeMap<String, String> =
            self.replica_region.iter().map(|region| (String::new(), (*region).to_owned())).collect();
        FactOptions {
            target_issuer: self.target_issuer,
            replica_regions,
            max_age: self.max_age,
            required_tags: self.required_tags.iter().map(|key| (*key).to_owned()).collect(),
            operator_arn: self.operator.map(str::to_owned),
            monthly_active_users: self.mau,
            ..FactOptions::new(time(NOW))
        }
    }

    /// Judges with these decisions, wherever they came from.
    pub(crate) fn judge_decided(&self, snapshot: &Snapshot, decisions: &[Decision]) -> Judged {
        let facts = Facts::new(snapshot, self.fact_options(), table());
        let catalog = catalog();
        let options = Options {
            gates: self.gates.clone(),
            fail_on: self.fail_on,
            strict: self.strict,
            reductions: self.reductions.clone(),
            waiver_digests: Vec::new(),
            ..Options::default()
        };
        Judged { report: audit(&facts, catalog, decisions, &options) }
    }
}

/// The built-in table of Regions.
pub(crate) fn table() -> RegionTable {
    let table = embedded_data().iter().find(|file| file.stem == "regions").expect("the table of Regions");
    RegionTable::parse(table.text).expect("a table")
}

/// The tool's own rules, loaded once.
pub(crate) fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| Catalog::builtin(&FieldSet).unwrap_or_else(|problems| panic!("{problems}")))
}

/// A report, and questions to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) report: Report,
}

impl Judged {
    pub(crate) fn code(&self) -> u8 {
        self.report.summary.exit.code
    }

    /// The only pool.
    pub(crate) fn pool(&self) -> &PoolSummary {
        let [pool] = self.report.summary.pools.as_slice() else { panic!("{:?}", self.report.summary.pools) };
        pool
    }

    pub(crate) fn gate(&self, gate: Gate) -> &GateSummary {
        &self.pool().gates[&gate]
    }

    /// Position and status of a gate of the only pool, such as `next ready`.
    pub(crate) fn stands(&self, gate: Gate) -> String {
        let gate = self.gate(gate);
        format!("{} {}", gate.position, gate.status)
    }

    /// Every finding of a rule.
    pub(crate) fn findings(&self, rule: &str) -> Vec<&Finding> {
        assert!(catalog().rules.iter().any(|each| each.id == rule), "there is no rule {rule}");
        self.report.findings.iter().filter(|finding| finding.rule == rule).collect()
    }

    /// The only finding of a rule.
    pub(crate) fn finding(&self, rule: &str) -> &Finding {
        let found = self.findings(rule);
        let [finding] = found.as_slice() else { panic!("{rule}: {found:#?}") };
        finding
    }

    /// The finding of a rule on the pool itself.
    pub(crate) fn on_pool(&self, rule: &str) -> &Finding {
        let found = self.findings(rule);
        let mut own = found.iter().filter(|finding| finding.subject.kind == SubjectKind::Pool);
        own.next().unwrap_or_else(|| panic!("{rule}: {found:#?}"))
    }

    pub(crate) fn verdict(&self, rule: &str) -> Verdict {
        self.finding(rule).verdict
    }

    /// The rules that have a finding of this verdict.
    pub(crate) fn rules_with(&self, verdict: Verdict) -> BTreeSet<&str> {
        let findings = self.report.findings.iter();
        findings.filter(|finding| finding.verdict == verdict).map(|finding| finding.rule.as_str()).collect()
    }

    /// What a reader is told of a finding: its message and its causes in words.
    pub(crate) fn words(finding: &Finding) -> String {
        let causes = finding.evidence.iter().filter_map(|evidence| evidence.cause_text.as_deref());
        std::iter::once(finding.message.as_str()).chain(causes).collect::<Vec<_>>().join("; ")
    }

    /// The causes at the bottom of a finding.
    pub(crate) fn causes(finding: &Finding) -> Vec<&Cause> {
        finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).map(Cause::root).collect()
    }
}
