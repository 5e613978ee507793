//! The collector against a server on 127.0.0.1: what is asked, and what becomes of every kind of answer.

mod accounts;
mod around;
mod needed;
mod pace;
mod replay;
mod resume;
mod wire;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::ask::{Answers, Query, Session};
use super::aws::{self, Aws};
use super::log::Log;
use super::rates::{Rates, Speed};
use super::{block_on, check, run, trust};
use crate::collect::{CollectError, Observer, Pools, Request, Search};
use crate::snapshot::{Call, Entry, ErrorKind, Snapshot};
use replay::{Asked, Replay, Reply};

#[derive(Default)]
struct Recorder {
    planned: u64,
    entries: Vec<Entry>,
    notes: Vec<String>,
    accounts: (usize, usize),
    troubles: BTreeMap<String, String>,
}

impl Observer for Recorder {
    fn planned(&mut self, calls_known: u64) {
        assert!(calls_known > self.planned);
        self.planned = calls_known;
    }

    fn done(&mut self, entry: &Entry) {
        self.entries.push(entry.clone());
    }

    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    fn accounts(&mut self, done: usize, of: usize) {
        self.accounts = (done, of);
    }

    fn trouble(&mut self, account: &str, why: &str) {
        self.troubles.insert(account.to_owned(), why.to_owned());
    }
}

/// Rates that nobody waits for.
fn unlimited() -> Rates {
    Rates::new(Speed::of(&request(&[])))
}

fn configuration(url: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "planted-secret-key", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(aws::region("us-east-1".to_owned()))
        .endpoint_url(url)
        .build()
}

fn request(ids: &[&str]) -> Request {
    let mut request = Request::new(Pools::Ids(ids.iter().map(|id| (*id).to_owned()).collect()));
    request.max_rps = Some(1e6);
    request.call_timeout = Duration::from_secs(10);
    request
}

/// Asks one question; returns the answers and the calls in the log, in order.
fn ask(query: &Query, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Answers, Vec<Call>, Vec<Asked>) {
    ask_within(Duration::from_secs(10), query, answer)
}

fn ask_within(
    timeout: Duration,
    query: &Query,
    answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> (Answers, Vec<Call>, Vec<Asked>) {
    let server = Replay::start(answer);
    let mut recorder = Recorder::default();
    let answers = block_on(async {
        let aws = Aws::new(configuration(&server.url), timeout);
        let session = Session::new(aws, unlimited(), Log::new(&mut recorder), false);
        session.log.set_account(Some("123456789012".to_owned()));
        Ok(session.ask(query).await)
    })
    .unwrap();
    let calls = recorder.entries.into_iter().filter_map(|e| if let Entry::Call(call) = e { Some(call) } else { None });
    (answers, calls.collect(), server.seen())
}

fn collect(
    request: &Request,
    answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> (Result<Snapshot, CollectError>, Vec<Asked>, Recorder) {
    let server = Replay::start(answer);
    let mut recorder = Recorder::default();
    let result = block_on(run(request, configuration(&server.url), false, &mut recorder));
    (result, server.seen(), recorder)
}

fn mfa() -> Query {
    Query::new("cognito-idp", "GetUserPoolMfaConfig", "us-east-1", &[("UserPoolId", world::POOL)])
}

fn list_clients() -> Query {
    Query::new("cognito-idp", "ListUserPoolClients", "us-east-1", &[("UserPoolId", world::POOL)])
}

fn first_error(calls: &[Call]) -> (ErrorKind, String, Option<u16>) {
    let error = calls.iter().find_map(|call| call.error.clone()).unwrap();
    (error.kind, error.code, error.status)
}

#[test]
fn a_page_that_is_denied_keeps_the_earlier_ones() {
    let (answers, calls, seen) = ask(&list_clients(), |asked| match asked.get("NextToken") {
        None => Reply::ok(r#"{"UserPoolClients":[{"ClientId":"a","ClientName":"A"}],"NextToken":"t"}"#),
        Some(_) => Reply::error(
            400,
            r#"{"__type":"AccessDeniedException","message":"User: arn:aws:sts::1:assumed-role/R/planted is not authorized to perform: cognito-idp:ListUserPoolClients"}"#,
        ),
    });
    assert_eq!(seen.len(), 2);
    assert_eq!(answers.names("/UserPoolClients", "ClientId").len(), 1);
    assert!(answers.error.is_some());
    assert_eq!((calls[0].page, calls[0].more, calls[0].error.is_none()), (Some(1), true, true));
    assert_eq!((calls[1].page, calls[1].more, calls[1].response.is_none()), (Some(2), false, true));
    assert_eq!(first_error(&calls), (ErrorKind::Denied, "AccessDeniedException".to_owned(), Some(400)));
    assert_eq!(calls[1].error.as_ref().unwrap().missing_actions, ["cognito-idp:ListUserPoolClients"]);
    assert!(!format!("{calls:?}").contains("planted"));
}

#[test]
fn a_token_that_comes_again_ends_the_list() {
    let (answers, calls, seen) =
        ask(&list_clients(), |_| Reply::ok(r#"{"UserPoolClients":[{"ClientId":"a"}],"NextToken":"same"}"#));
    assert_eq!((seen.len(), answers.pages.len()), (2, 2));
    assert_eq!(calls.last().unwrap().page, Some(3));
    assert_eq!(first_error(&calls), (ErrorKind::Failed, "RepeatedToken".to_owned(), None));
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_three_times_and_unparsable() {
    for reply in [Reply::Truncated(r#"{"MfaConfiguration":"#.to_owned()), Reply::ok(r#"{"MfaConfiguration":"#)] {
        let (_, calls, seen) = ask(&mfa(), move |_| reply.clone());
        assert_eq!((seen.len(), calls.len()), (3, 1));
        assert_eq!(first_error(&calls), (ErrorKind::Failed, "Unparsable".to_owned(), Some(200)));
        assert_eq!(calls[0].page, None);
    }
}

#[test]
fn what_helps_at_the_second_attempt_is_the_answer() {
    let broken = [
        Reply::error(500, r#"{"__type":"InternalErrorException"}"#),
        Reply::Truncated(r#"{"MfaConfig"#.to_owned()),
        Reply::Close,
    ];
    for first in broken {
        let attempts = AtomicU32::new(0);
        let (_, calls, seen) = ask(&mfa(), move |_| match attempts.fetch_add(1, Ordering::SeqCst) {
            0 => first.clone(),
            _ => Reply::ok(r#"{"MfaConfiguration":"OFF"}"#),
        });
        assert_eq!((seen.len(), calls.len()), (2, 1));
        assert_eq!(calls[0].response, Some(serde_json::json!({"MfaConfiguration": "OFF"})));
        assert!(calls[0].error.is_none());
    }
}

#[test]
fn server_errors_last_three_attempts() {
    let (_, calls, seen) = ask(&mfa(), |_| Reply::error(500, r#"{"__type":"InternalErrorException"}"#));
    assert_eq!(seen.len(), 3);
    assert_eq!(first_error(&calls), (ErrorKind::Failed, "InternalErrorException".to_owned(), Some(500)));
}

#[test]
fn throttling_lasts_three_attempts() {
    let (_, calls, seen) = ask(&mfa(), |_| Reply::error(400, r#"{"__type":"TooManyRequestsException"}"#));
    assert_eq!(seen.len(), 3);
    assert_eq!(first_error(&calls), (ErrorKind::Throttled, "TooManyRequestsException".to_owned(), Some(400)));
}

#[test]
fn no_answer_in_time_is_a_timeout_and_a_closed_door_a_connection() {
    let (_, calls, seen) = ask_within(Duration::from_millis(150), &mfa(), |_| Reply::Stall(Duration::from_secs(3)));
    assert_eq!(seen.len(), 3);
    assert_eq!(first_error(&calls), (ErrorKind::Failed, "Timeout".to_owned(), None));
    let (_, calls, _) = ask(&mfa(), |_| Reply::Close);
    assert_eq!(first_error(&calls), (ErrorKind::Failed, "Connection".to_owned(), None));
}

#[test]
fn an_answer_the_sdk_reads_but_we_do_not_is_no_answer() {
    let replicas = Query::new("cognito-idp", "ListUserPoolReplicas", "us-east-1", &[("UserPoolId", world::POOL)]);
    let (_, calls, _) = ask(&replicas, |_| Reply::ok("{}"));
    assert_eq!(first_error(&calls), (ErrorKind::Failed, "Unparsable".to_owned(), Some(200)));
}

#[test]
fn a_member_the_sdk_does_not_know_is_not_lost() {
    let domain = Query::new("cognito-idp", "DescribeUserPoolDomain", "us-east-1", &[("Domain", "d")]);
    let (answers, calls, _) =
        ask(&domain, |_| Reply::ok(r#"{"DomainDescription":{"Domain":"d","Routing":{"New":{"Member":1}},"Odd":2}}"#));
    assert_eq!(answers.pages[0].pointer("/DomainDescription/Routing/New/Member").unwrap(), 1);
    // What follows from an answer follows from what is kept of it.
    assert_eq!(answers.pages[0].pointer("/DomainDescription/Odd"), None);
    let response = calls[0].response.as_ref().unwrap();
    assert_eq!(response.pointer("/DomainDescription/Routing/New/Member").unwrap(), 1);
    assert_eq!(calls[0].dropped, ["/DomainDescription/Odd"]);
}

#[test]
fn denied_in_every_shape() {
    let cases = [
        (
            mfa(),
            400,
            "",
            r#"{"__type":"com.amazonaws#NotAuthorizedException","message":"no"}"#,
            "NotAuthorizedException",
        ),
        (
            Query::new("apigateway", "GetRestApis", "us-east-1", &[]),
            403,
            "x-amzn-errortype: AccessDeniedException:http://x\r\n",
            r#"{"message":"no"}"#,
            "AccessDeniedException",
        ),
        (
            Query::new("apigatewayv2", "GetApis", "us-east-1", &[]),
            403,
            "x-amzn-errortype: AccessDeniedException\r\n",
            r#"{"Message":"no"}"#,
            "AccessDeniedException",
        ),
        (
            Query::new("cloudformation", "ListStacks", "us-east-1", &[]),
            403,
            "",
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
            "AccessDenied",
        ),
    ];
    for (query, status, header, body, code) in cases {
        let body = body.as_bytes().to_vec();
        let (_, calls, seen) = ask(&query, move |_| Reply::Answer { status, header, body: body.clone() });
        assert_eq!(seen.len(), 1, "{code}");
        assert_eq!(first_error(&calls), (ErrorKind::Denied, code.to_owned(), Some(status)));
        assert!(!calls[0].error.as_ref().unwrap().missing_actions.is_empty());
    }
}

/// What was asked, as `service operation region text`, sorted.
fn questions(seen: &[Asked]) -> Vec<String> {
    let mut questions: Vec<String> =
        seen.iter().map(|a| format!("{} {} {} {}", a.service, a.operation, a.region, a.text)).collect();
    questions.sort();
    questions
}

fn count(seen: &[Asked], operation: &str, region: &str) -> usize {
    seen.iter().filter(|asked| asked.operation == operation && asked.region == region).count()
}

/// How often each call is made for the one pool in the Region of the pool, and in that of its replica.
const TIMES: &[(&str, usize, usize)] = &[
    ("acm:DescribeCertificate", 1, 0),
    ("apigateway:GetAuthorizers", 1, 0),
    ("apigateway:GetRestApis", 1, 1),
    ("apigatewayv2:GetApis", 1, 1),
    ("apigatewayv2:GetAuthorizers", 1, 0),
    ("apigatewayv2:GetRoutes", 1, 0),
    ("cloudcontrol:GetResource AWS::AppSync::GraphQLApi", 1, 0),
    ("cloudcontrol:GetResource AWS::EC2::VPCEndpoint", 1, 1),
    ("cloudcontrol:ListResources AWS::AppSync::Api", 1, 1),
    ("cloudcontrol:ListResources AWS::AppSync::GraphQLApi", 1, 1),
    ("cloudcontrol:ListResources AWS::BedrockAgentCore::Gateway", 1, 1),
    ("cloudcontrol:ListResources AWS::BedrockAgentCore::Runtime", 1, 1),
    ("cloudcontrol:ListResources AWS::Cognito::IdentityPool", 1, 1),
    ("cloudcontrol:ListResources AWS::Cognito::UserPool", 1, 1),
    ("cloudcontrol:ListResources AWS::EC2::VPCEndpoint", 1, 1),
    ("cloudcontrol:ListResources AWS::EKS::Cluster", 1, 1),
    ("cloudcontrol:ListResources AWS::ElasticLoadBalancingV2::Listener", 1, 0),
    ("cloudcontrol:ListResources AWS::ElasticLoadBalancingV2::ListenerRule", 1, 0),
    ("cloudcontrol:ListResources AWS::ElasticLoadBalancingV2::LoadBalancer", 1, 1),
    ("cloudcontrol:ListResources AWS::IAM::OIDCProvider", 1, 0),
    ("cloudcontrol:ListResources AWS::SageMaker::Workforce", 1, 1),
    ("cloudcontrol:ListResources AWS::VerifiedPermissions::PolicyStore", 1, 1),
    ("cloudformation:DescribeStacks", 1, 1),
    ("cloudformation:GetTemplate", 1, 0),
    ("cloudformation:ListExports", 1, 1),
    ("cloudformation:ListStackResources", 1, 0),
    ("cloudformation:ListStacks", 1, 1),
    // All of a Region, and the one that a health check watches.
    ("cloudwatch:DescribeAlarms", 2, 1),
    ("cognito-idp:DescribeIdentityProvider", 1, 1),
    // The pool's, and its client's.
    ("cognito-idp:DescribeRiskConfiguration", 2, 2),
    ("cognito-idp:DescribeUserPool", 1, 1),
    ("cognito-idp:DescribeUserPoolClient", 1, 1),
    ("cognito-idp:DescribeUserPoolDomain", 2, 0),
    ("cognito-idp:GetLogDeliveryConfiguration", 1, 1),
    ("cognito-idp:GetProvisionedLimit", 3, 3),
    ("cognito-idp:GetSigningCertificate", 1, 1),
    ("cognito-idp:GetUserPoolMfaConfig", 1, 1),
    ("cognito-idp:ListIdentityProviders", 1, 1),
    ("cognito-idp:ListResourceServers", 1, 1),
    ("cognito-idp:ListTagsForResource", 1, 1),
    ("cognito-idp:ListUserImportJobs", 1, 0),
    ("cognito-idp:ListUserPoolClients", 1, 1),
    ("cognito-idp:ListUserPoolReplicas", 1, 0),
    ("cognito-idp:ListUserPools", 1, 0),
    ("iam:GetRole", 1, 0),
    ("iam:ListRoles", 1, 0),
    ("kms:DescribeKey", 1, 1),
    ("kms:GetKeyPolicy", 1, 1),
    // Of the key that the others are related to.
    ("kms:GetKeyRotationStatus", 1, 0),
    // What a replica's settings name is asked about where they say it is.
    ("lambda:GetFunctionConfiguration", 0, 1),
    ("lambda:GetPolicy", 0, 1),
    ("lambda:ListFunctions", 1, 1),
    ("opensearch:ListDomainNames", 1, 1),
    ("route53:GetHealthCheck", 3, 0),
    ("sesv2:GetAccount", 0, 1),
    ("sesv2:GetConfigurationSet", 0, 1),
    ("sesv2:GetEmailIdentity", 0, 2),
    ("sns:GetSMSAttributes", 0, 1),
    ("sns:GetSMSSandboxAccountStatus", 0, 1),
    ("sts:GetCallerIdentity", 1, 0),
    ("wafv2:GetWebACLForResource", 1, 1),
];

#[test]
fn a_replicated_pool_is_asked_in_both_regions_and_nothing_twice() {
    let (result, seen, recorder) = collect(&request(&[world::POOL]), world::replicated);
    let snapshot = result.unwrap();
    let mut unique = questions(&seen);
    unique.dedup();
    assert_eq!(unique.len(), seen.len());
    assert_eq!(recorder.planned, seen.len() as u64);
    assert_eq!(snapshot.calls().count(), seen.len());
    for call in snapshot.calls() {
        assert!(call.account == "123456789012" && call.error.is_none(), "{call:?}");
    }
    for region in ["us-east-1", "us-west-2"] {
        for operation in ["DescribeUserPool", "GetUserPoolMfaConfig", "DescribeKey", "GetKeyPolicy", "ListStacks"] {
            assert_eq!(count(&seen, operation, region), 1, "{operation} in {region}");
        }
    }
    assert_eq!(count(&seen, "DescribeUserPoolDomain", "us-east-1"), 2);
    let related = seen.iter().find(|a| a.operation == "DescribeKey" && a.region == "us-west-2").unwrap();
    assert_eq!(related.get("KeyId"), Some("mrk-1"));
    // Five services that have calls of their own, eight that Cloud Control reads in each Region, and IAM twice in one.
    assert_eq!(snapshot.header.scope.searched.len(), 2 * (5 + 8) + 2);
    let not_asked: Vec<&str> = snapshot.header.scope.not_asked.iter().map(|unasked| unasked.call.as_str()).collect();
    let on_demand = [
        "cloudcontrol:ListResources AWS::ECS::TaskDefinition",
        "cloudcontrol:ListResources AWS::SSM::Parameter",
        "codebuild:ListProjects",
        "lambda:GetFunction",
    ];
    assert_eq!(not_asked, [&on_demand[..], &["cognito-idp:ListUsers"]].concat());
    let mut times: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for call in snapshot.calls() {
        times.entry(call.name()).or_default()[usize::from(call.region == "us-west-2")] += 1;
    }
    let expected = TIMES.iter().map(|(call, here, there)| ((*call).to_owned(), [*here, *there])).collect();
    assert_eq!(times, expected);
    let text = serde_json::to_string(&snapshot).unwrap();
    assert!(!text.contains("planted"), "{text}");
}

#[test]
fn the_same_pool_gives_the_same_snapshot_at_any_concurrency() {
    let snapshots = [1, 16].map(|concurrency| {
        let request = Request { concurrency, ..request(&[world::POOL]) };
        let mut snapshot = collect(&request, world::replicated).0.unwrap();
        for entry in &mut snapshot.entries {
            match entry {
                Entry::Call(call) => call.time = jiff::Timestamp::UNIX_EPOCH,
                Entry::Hit(hit) => hit.time = jiff::Timestamp::UNIX_EPOCH,
                Entry::Scan(scan) => scan.time = jiff::Timestamp::UNIX_EPOCH,
            }
        }
        snapshot.digest()
    });
    assert_eq!(snapshots[0], snapshots[1]);
}

#[test]
fn without_the_list_of_replicas_the_secondary_is_not_guessed() {
    let (result, seen, _) = collect(&request(&[world::POOL]), |asked| match asked.operation.as_str() {
        "ListUserPoolReplicas" => Reply::error(400, r#"{"__type":"AccessDeniedException"}"#),
        _ => world::replicated(asked),
    });
    assert_eq!(count(&seen, "DescribeUserPool", "us-west-2"), 0);
    assert_eq!(count(&seen, "DescribeKey", "us-west-2"), 1);
    let scope = result.unwrap().header.scope;
    let unasked: Vec<_> = scope.not_asked.iter().map(|u| (u.region.as_str(), u.call.as_str())).collect();
    assert_eq!(
        unasked,
        [
            // Only with --search.
            ("", "cloudcontrol:ListResources AWS::ECS::TaskDefinition"),
            ("", "cloudcontrol:ListResources AWS::SSM::Parameter"),
            ("", "codebuild:ListProjects"),
            ("", "lambda:GetFunction"),
            ("us-east-1", "cognito-idp:ListUsers"),
            ("us-west-2", "cognito-idp:DescribeUserPool"),
            ("us-west-2", "cognito-idp:GetUserPoolMfaConfig")
        ]
    );
    // What would surround a replica is not known to be there.
    assert!(seen.iter().all(|asked| !["ses", "sns", "wafv2"].contains(&asked.service.as_str())));
}

#[test]
fn the_flag_decides_the_replica_region_and_a_region_without_key_is_not_asked() {
    let mut request = request(&[world::POOL]);
    request.replica_regions.insert(String::new(), "eu-west-1".to_owned());
    request.consumer_regions = vec!["ap-south-1".to_owned()];
    let (result, seen, _) = collect(&request, world::replicated);
    assert_eq!(count(&seen, "DescribeKey", "eu-west-1"), 0);
    assert_eq!(count(&seen, "DescribeUserPool", "eu-west-1"), 0);
    let snapshot = result.unwrap();
    let searched: BTreeSet<_> = snapshot.header.scope.searched.iter().map(|s| s.region.as_str()).collect();
    assert_eq!(searched, BTreeSet::from(["ap-south-1", "eu-west-1", "us-east-1"]));
    assert_eq!(snapshot.header.scope.replica_regions[""], "eu-west-1");
}

#[test]
fn a_secondary_met_by_all_pools_is_collected_from_its_primary() {
    let request = Request { pools: Pools::All, ..request(&[]) };
    let (result, seen, _) = collect(&request, |asked| match (asked.operation.as_str(), asked.region.as_str()) {
        ("ListUserPools", "us-east-1") => Reply::ok(r#"{"UserPools":[{"Id":"eu-west-1_Abc"}]}"#),
        _ => world::replicated(asked),
    });
    assert_eq!(count(&seen, "DescribeUserPool", "eu-west-1"), 1);
    assert_eq!(count(&seen, "ListUserPools", "eu-west-1"), 1);
    assert_eq!(result.unwrap().header.scope.pools.first().unwrap().id, "eu-west-1_Abc");
}

#[test]
fn without_sts_the_account_is_that_of_the_pool() {
    let (result, ..) = collect(&request(&[world::POOL]), |asked| match asked.operation.as_str() {
        "GetCallerIdentity" => {
            Reply::error(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
        }
        _ => world::replicated(asked),
    });
    let snapshot = result.unwrap();
    assert!(snapshot.calls().all(|call| call.account == "123456789012"));
    assert_eq!(snapshot.header.scope.pools.first().unwrap().account, "123456789012");
}

#[test]
fn sixty_one_clients() {
    let (result, seen, _) = collect(&request(&[world::POOL]), |asked| {
        let row = |n: usize| format!(r#"{{"ClientId":"c{n}","ClientName":"n"}}"#);
        match (asked.operation.as_str(), asked.get("NextToken")) {
            ("ListUserPoolClients", None) => {
                assert!(asked.text.contains("\"MaxResults\":60"));
                let rows: Vec<String> = (0..60).map(row).collect();
                Reply::ok(format!(r#"{{"UserPoolClients":[{}],"NextToken":"t"}}"#, rows.join(",")))
            }
            ("ListUserPoolClients", Some(_)) => Reply::ok(format!(r#"{{"UserPoolClients":[{}]}}"#, row(60))),
            _ => world::replicated(asked),
        }
    });
    let snapshot = result.unwrap();
    for region in ["us-east-1", "us-west-2"] {
        assert_eq!(count(&seen, "DescribeUserPoolClient", region), 61);
        // Of the pool, and of each client.
        assert_eq!(count(&seen, "DescribeRiskConfiguration", region), 62);
        let calls = snapshot.calls().filter(|call| call.operation == "DescribeUserPoolClient" && call.region == region);
        assert_eq!(calls.count(), 61);
    }
}

#[test]
fn six_hundred_rest_apis() {
    let (result, seen, _) = collect(&request(&[world::POOL]), |asked| {
        let rows = |range: std::ops::Range<usize>| {
            range.map(|n| format!(r#"{{"id":"api{n}","name":"n"}}"#)).collect::<Vec<_>>().join(",")
        };
        if asked.operation == "/restapis" && asked.region == "us-east-1" {
            return match asked.get("position") {
                None => Reply::ok(format!(r#"{{"item":[{}],"position":"p"}}"#, rows(0..500))),
                Some(_) => Reply::ok(format!(r#"{{"item":[{}]}}"#, rows(500..600))),
            };
        }
        world::replicated(asked)
    });
    assert_eq!(
        seen.iter().filter(|a| a.operation.ends_with("/authorizers") && a.region == "us-east-1").count(),
        600 + 1
    );
    let asked: BTreeSet<_> =
        seen.iter().filter(|a| a.operation.starts_with("/restapis/")).map(|a| &a.operation).collect();
    assert_eq!(asked.len(), 600);
    assert!(result.unwrap().calls().all(|call| call.error.is_none()));
}

#[test]
fn a_hundred_and_thirty_stacks_in_every_live_status() {
    let (result, seen, _) = collect(&request(&[world::POOL]), |asked| {
        if asked.operation != "ListStacks" || asked.region != "us-east-1" {
            return world::replicated(asked);
        }
        assert!(asked.text.contains("UPDATE_ROLLBACK_COMPLETE") && !asked.text.contains("DELETE_COMPLETE"));
        let start: usize = asked.get("NextToken").map_or(0, |token| token.parse().unwrap());
        let rows: String = (start..130.min(start + 50)).map(world::stack_row).collect();
        let token = if start + 50 < 130 { format!("<NextToken>{}</NextToken>", start + 50) } else { String::new() };
        Reply::ok(world::xml("ListStacks", &format!("<StackSummaries>{rows}</StackSummaries>{token}")))
    });
    assert_eq!(count(&seen, "GetTemplate", "us-east-1"), 130);
    assert_eq!(count(&seen, "ListStackResources", "us-east-1"), 130);
    assert!(seen.iter().filter(|a| a.operation == "GetTemplate").all(|a| a.get("TemplateStage") == Some("Original")));
    let snapshot = result.unwrap();
    assert_eq!(snapshot.calls().filter(|c| c.operation == "ListStacks" && c.region == "us-east-1").count(), 3);
    let template = snapshot.calls().find(|c| c.operation == "GetTemplate").unwrap();
    assert_eq!(template.response, Some(serde_json::json!({"StagesAvailable": ["Original"]})));
    assert_eq!(template.dropped, ["/TemplateBody"]);
}

#[test]
fn references_in_templates_outputs_and_exports_become_hits() {
    let issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool1";
    let (result, ..) = collect(&request(&[world::POOL]), move |asked| match asked.operation.as_str() {
        "ListExports" if asked.region == "us-east-1" => Reply::ok(world::xml(
            "ListExports",
            &format!(
                "<Exports><member><Name>a</Name><Value>planted</Value></member><member><Name>issuer</Name>\
                 <Value>{issuer}</Value></member></Exports>"
            ),
        )),
        _ => world::replicated(asked),
    });
    let snapshot = result.unwrap();
    let function = |region: &str| format!("arn:aws:lambda:{region}:123456789012:function:api");
    let hits: Vec<_> = snapshot
        .hits()
        .map(|h| (h.operation.as_str(), h.container.as_str(), h.logical_id.as_deref(), h.pointer.as_str(), h.line))
        .collect();
    assert_eq!(
        hits,
        [
            ("DescribeStacks", "s1", Some("Issuer"), "/Stacks/0/Outputs/0/OutputValue", None),
            ("GetTemplate", "s1", Some("P"), "/Resources/P/Properties/Value", Some(4)),
            ("ListExports", "export issuer", None, "/Exports/1/Value", None),
            ("ListRoles", "arn:aws:iam::123456789012:role/web", None, "/Roles/1/AssumeRolePolicyDocument", None),
            ("ListFunctions", function("us-east-1").as_str(), None, "/Functions/0/Environment/Variables/AUTH", None),
            ("ListFunctions", function("us-west-2").as_str(), None, "/Functions/0/Environment/Variables/AUTH", None),
        ]
    );
    for hit in snapshot.hits() {
        assert_eq!(hit.pool_id.as_deref(), Some(world::POOL));
        assert_eq!(hit.account, "123456789012");
        assert!(!hit.accepts_new);
    }
    let template = snapshot.hits().find(|hit| hit.operation == "GetTemplate").unwrap();
    assert_eq!(template.parameters["StackName"], "arn:aws:cloudformation:us-east-1:123456789012:stack/s1/x");
    assert!(!serde_json::to_string(&snapshot).unwrap().contains("planted"));
}

#[test]
fn a_template_that_cannot_be_read_is_no_evidence() {
    for (body, code, detail) in [
        ("Resources:\n  A: [planted", "TemplateSyntax", true),
        ("planted", "NotATemplate", false),
        ("", "NotATemplate", false),
    ] {
        let (result, ..) = collect(&request(&[world::POOL]), move |asked| match asked.operation.as_str() {
            "GetTemplate" => Reply::ok(world::xml("GetTemplate", &format!("<TemplateBody>{body}</TemplateBody>"))),
            _ => world::replicated(asked),
        });
        let snapshot = result.unwrap();
        let call = snapshot.calls().find(|call| call.operation == "GetTemplate").unwrap();
        let error = call.error.as_ref().unwrap();
        assert!(call.response.is_none());
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Failed, code));
        assert_eq!(error.detail.is_some(), detail, "{error:?}");
        assert!(!serde_json::to_string(&snapshot).unwrap().contains("planted"));
    }
}

#[test]
fn credentials_that_aws_does_not_take_end_the_run() {
    let (result, seen, _) = collect(&request(&[world::POOL]), |_| {
        Reply::error(403, "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>")
    });
    assert!(matches!(result, Err(CollectError::NoCredentials { .. })), "{result:?}");
    assert_eq!(seen.len(), 1);
}

#[test]
fn nothing_answered_is_no_evidence() {
    let (result, ..) = collect(&request(&[world::POOL]), |asked| match asked.service.as_str() {
        "sts" => Reply::error(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"),
        _ => Reply::error(400, r#"{"__type":"AccessDeniedException"}"#),
    });
    let Err(CollectError::NoEvidence { first }) = result else { panic!("{result:?}") };
    assert_eq!(first, "sts:GetCallerIdentity in us-east-1: AccessDenied");
}

#[test]
fn consumers_left_out_are_said_to_be() {
    let request = Request { consumers: false, ..request(&[world::POOL]) };
    let (result, seen, _) = collect(&request, world::replicated);
    assert!(seen.iter().all(|a| !["apigateway", "cloudformation"].contains(&a.service.as_str())));
    // Endpoints are no consumers.
    let types = seen.iter().filter(|a| a.service == "cloudcontrolapi").filter_map(|a| a.get("TypeName"));
    assert_eq!(types.collect::<BTreeSet<_>>(), BTreeSet::from(["AWS::EC2::VPCEndpoint"]));
    let scope = result.unwrap().header.scope;
    assert!(scope.searched.is_empty());
    let left_out: Vec<_> = scope.not_asked.iter().filter(|unasked| unasked.why.starts_with("consumers")).collect();
    // Five lists and ten of Cloud Control in each Region, and one of providers and one of roles in all.
    assert_eq!(left_out.len(), 2 * (5 + 10) + 2);
    assert_eq!(scope.not_asked.len(), left_out.len() + 1);
}

#[test]
fn what_is_wrong_with_a_request() {
    for id in ["", "us-east-1", "us-east-1_", "_x", "useast1_x", "us-east-1_a-b", "US-EAST-1_x", "us-east-one_x"] {
        assert!(matches!(check(&request(&[id])), Err(CollectError::BadPoolId { .. })), "{id}");
    }
    for id in ["us-east-1_AbC123", "us-gov-west-1_x", "eusc-de-east-1_x", "us-iso-east-1_x"] {
        assert!(check(&request(&[id])).is_ok(), "{id}");
    }
    let url = |url: &str| check(&Request { endpoint_url: Some(url.to_owned()), ..request(&[]) });
    assert!(url("127.0.0.1:5000").is_err() && url("http://").is_err() && url("http://127.0.0.1:5000").is_ok());
}

#[test]
fn a_bundle_without_certificates_is_refused() {
    let cases: [&[u8]; 3] = [
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
    ];
    for bundle in cases {
        assert!(matches!(trust::client(Some(bundle)), Err(CollectError::BadCaBundle { .. })), "{bundle:?}");
    }
}

#[test]
fn what_is_searched_on_demand_leaves_hits_and_nothing_else() {
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", world::POOL);
    let request = Request { search: Search::ALL.into(), ..request(&[world::POOL]) };
    let (result, seen, _) = collect(&request, move |asked| {
        if asked.region != "us-east-1" {
            return world::replicated(asked);
        }
        let resource = |identifier: &str, properties: serde_json::Value| {
            let described = serde_json::json!({ "Identifier": identifier, "Properties": properties.to_string() });
            match asked.operation.as_str() {
                "GetResource" => serde_json::json!({ "ResourceDescription": described }),
                _ => serde_json::json!({ "ResourceDescriptions": [{ "Identifier": identifier }] }),
            }
        };
        let answer = match (asked.operation.as_str(), asked.get("TypeName")) {
            (_, Some("AWS::SSM::Parameter")) => {
                resource("/app/auth", serde_json::json!({ "Value": format!("planted {issuer}") }))
            }
            (_, Some("AWS::ECS::TaskDefinition")) => resource(
                "arn:aws:ecs:us-east-1:123456789012:task-definition/web:7",
                serde_json::json!({ "ContainerDefinitions": [{ "Environment": [{ "Name": "ISSUER", "Value": issuer }, { "Name": "P", "Value": "planted" }] }] }),
            ),
            ("ListProjects", _) => serde_json::json!({ "projects": ["build"] }),
            ("BatchGetProjects", _) => serde_json::json!({ "projects": [{
                "arn": "arn:aws:codebuild:us-east-1:123456789012:project/build", "name": "build",
                "environment": { "environmentVariables": [{ "name": "PASSWORD", "value": "planted" }, { "name": "ISS", "value": issuer }] }
            }] }),
            // A link that leads elsewhere is not followed.
            (path, _) if path.ends_with("function:api") => serde_json::json!({
                "Configuration": { "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:api", "CodeSize": 7 },
                "Code": { "Location": "https://example.com/planted" }
            }),
            _ => return world::replicated(asked),
        };
        Reply::ok(answer.to_string())
    });
    let snapshot = result.unwrap();
    assert!(seen.iter().any(|asked| asked.operation == "BatchGetProjects"));
    let text = serde_json::to_string(&snapshot).unwrap();
    assert!(!text.contains("planted"), "{text}");
    let hits: Vec<_> = snapshot
        .hits()
        .filter(|hit| {
            !matches!(hit.operation.as_str(), "DescribeStacks" | "GetTemplate" | "ListFunctions" | "ListRoles")
        })
        .map(|hit| (hit.service.as_str(), hit.container.as_str(), hit.path.as_str(), hit.pool_id.as_deref()))
        .collect();
    assert_eq!(
        hits,
        [
            ("cloudcontrol", "/app/auth", "Value", Some(world::POOL)),
            (
                "cloudcontrol",
                "arn:aws:ecs:us-east-1:123456789012:task-definition/web:7",
                "ContainerDefinitions[0].Environment[0].Value",
                Some(world::POOL)
            ),
            (
                "codebuild",
                "arn:aws:codebuild:us-east-1:123456789012:project/build",
                "environment.environmentVariables[1].value",
                Some(world::POOL)
            ),
        ]
    );
    let package = snapshot.calls().find(|call| call.operation == "GetFunction").unwrap();
    assert_eq!(package.error.as_ref().unwrap().code, "PackageLink");
}
