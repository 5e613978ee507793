//! How fast the account is asked: one rate per Region and quota, so that production keeps its share.
//!
//! The SDK's adaptive mode slows down further when AWS says so; this keeps it from having to. One account per run.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::ask::Query;

/// Requests that AWS counts together, and how many of them we make per second.
///
/// Cognito: the default quotas of <https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html>;
/// `ListUserPoolReplicas` is in no category there and is counted with the strictest.
/// API Gateway: 10 a second for all management calls of an account, V1 and V2
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>); we take half.
/// Route 53: 5 a second for all calls of an account
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>); SES: 1 a second for most calls
/// (<https://docs.aws.amazon.com/ses/latest/dg/quotas.html>).
/// CloudFormation and STS publish no rate for these calls; KMS publishes 2,000 and 1,000
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html>): the numbers are cautious guesses,
/// as are those of services that are not named here.
fn category(service: &'static str, operation: &str) -> (&'static str, f64) {
    match (service, operation) {
        ("cognito-idp", "ListUserPoolClients" | "DescribeUserPoolClient") => ("UserPoolClientRead", 15.0),
        (
            "cognito-idp",
            "DescribeIdentityProvider"
            | "DescribeRiskConfiguration"
            | "DescribeUserPoolDomain"
            | "GetLogDeliveryConfiguration"
            | "GetSigningCertificate"
            | "GetUserPoolMfaConfig"
            | "ListIdentityProviders"
            | "ListResourceServers"
            | "ListTagsForResource"
            | "ListUserImportJobs",
        ) => (POOL_RESOURCE_READ, 20.0),
        ("cognito-idp", "GetProvisionedLimit") => ("LimitManagement", 1.0),
        ("cognito-idp", "ListUsers") => ("UserList", 15.0),
        ("cognito-idp", _) => ("UserPoolRead", 15.0),
        ("kms", _) => ("kms", 20.0),
        ("apigateway" | "apigatewayv2", _) => ("apigateway", 5.0),
        ("cloudformation", _) => ("cloudformation", 5.0),
        ("lambda", _) => ("lambda", 10.0),
        ("route53", _) => ("route53", 4.0),
        ("sesv2", _) => ("sesv2", 1.0),
        ("cloudcontrol", _) => ("cloudcontrol", 5.0),
        ("cloudwatch", _) => ("cloudwatch", 5.0),
        (service, _) => (service, 5.0),
    }
}

const POOL_RESOURCE_READ: &str = "UserPoolResourceRead";
/// `UserPoolResourceRead` is limited per pool as well.
const POOL_RESOURCE_READ_PER_POOL: f64 = 5.0;

/// Region, quota, and the pool where the quota is per pool.
type LaneKey = (String, &'static str, String);

/// Every rate in use.
#[derive(Debug)]
pub(super) struct Rates {
    max_rps: Option<f64>,
    lanes: Mutex<BTreeMap<LaneKey, Arc<Lane>>>,
}

/// A queue with one opening.
#[derive(Debug)]
struct Lane {
    /// Keeps the order in which calls came; the limiter alone lets any waiter pass.
    turn: tokio::sync::Mutex<()>,
    limiter: DefaultDirectRateLimiter,
}

impl Rates {
    pub(super) fn new(max_rps: Option<f64>) -> Self {
        Self { max_rps, lanes: Mutex::default() }
    }

    /// Waits until this call may be made.
    pub(super) async fn wait(&self, query: &Query) {
        let (name, published) = category(query.operation.service, query.operation.name);
        let lane = self.lane(&query.region, name, "", published);
        let own = query
            .parameters
            .get("UserPoolId")
            .and_then(serde_json::Value::as_str)
            .filter(|_| name == POOL_RESOURCE_READ)
            .map(|pool| self.lane(&query.region, name, pool, POOL_RESOURCE_READ_PER_POOL));
        // The pool's own lane first: whoever waits there must not stand in the way of other pools.
        if let Some(own) = own {
            own.pass().await;
        }
        lane.pass().await;
    }

    fn lane(&self, region: &str, name: &'static str, pool: &str, published: f64) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes
            .entry((region.to_owned(), name, pool.to_owned()))
            .or_insert_with(|| Arc::new(Lane::new(self.max_rps.unwrap_or(published))));
        Arc::clone(lane)
    }
}

impl Lane {
    fn new(rps: f64) -> Self {
        // Evenly spread and without bursts. A rate that is no rate (zero, negative, not a number) waits longest.
        let period = Duration::try_from_secs_f64(1.0 / rps.max(1e-3)).unwrap_or(Duration::from_secs(1000));
        let quota = Quota::with_period(period.max(Duration::from_nanos(1)))
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN));
        Self { turn: tokio::sync::Mutex::new(()), limiter: RateLimiter::direct(quota) }
    }

    async fn pass(&self) {
        let _turn = self.turn.lock().await;
        self.limiter.until_ready().await;
    }
}
