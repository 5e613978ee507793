//! What is asked about the pools: who we are, the pools, their keys, their replicas, their clients.
//!
//! Every question once. Which pool is asked when is the business of `flow`; consumers of tokens are in `consumers`.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use serde_json::Value;

use super::ask::{Answers, Query, Session};
use super::aws::CREDENTIALS;
use crate::collect::{CollectError, LeaveOut, Needs, PlannedRegion, PoolNames, Pools, Request, is_account};

/// A pool in scope, as far as it is known.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) id: String,
    /// The account, if it is known.
    pub(super) account: Option<String>,
    pub(super) primary: String,
    /// Where its replica is or is to be.
    pub(super) secondary: Option<String>,
    /// `DescribeUserPool` in P.
    pub(super) described: Answers,
    /// `DescribeUserPool` in S, where the pool has a replica.
    pub(super) described_in_replica: Option<Answers>,
    /// `DescribeUserPoolDomain` in P, of each domain that the pool names.
    pub(super) domains: Vec<Answers>,
    /// The pool's key in P.
    pub(super) key: Option<Answers>,
    /// `ListIdentityProviders` in P.
    pub(super) providers: Answers,
    replicas: Answers,
}

impl Pool {
    /// The Regions in which the pool is: P, and S where it has a replica there.
    pub(super) fn regions(&self) -> Vec<&str> {
        let secondary = self.secondary.as_deref().filter(|_| self.described_in_replica.is_some());
        std::iter::once(self.primary.as_str()).chain(secondary).collect()
    }

    /// P, and the replica Region where it is known, whether or not there is a replica yet.
    pub(super) fn target_regions(&self) -> BTreeSet<&str> {
        std::iter::once(self.primary.as_str()).chain(self.secondary.as_deref()).collect()
    }

    /// The pool's ARN in a Region: from its ARN in P, else from the account, so that a description that was refused
    /// costs no other answer. Only the Region differs between P and S.
    pub(super) fn arn(&self, region: &str) -> Option<String> {
        if let Some(arn) = self.described.text("/UserPool/Arn") {
            let mut parts: Vec<&str> = arn.split(':').collect();
            *parts.get_mut(3)? = region;
            return Some(parts.join(":"));
        }
        let partition = partition(region);
        Some(format!("arn:{partition}:cognito-idp:{region}:{}:userpool/{}", self.account.as_ref()?, self.id))
    }
}

/// The partition of a Region, by its name.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("eusc-") => "aws-eusc",
        _ if region.starts_with("us-iso-") => "aws-iso",
        _ if region.starts_with("us-isob-") => "aws-iso-b",
        _ => "aws",
    }
}

/// Regions, and those that are left out, each with the reason.
pub(super) type Regions = (BTreeSet<String>, Vec<(String, String)>);

/// The Regions whose pools are to be listed; none where pools are given by id.
pub(super) fn regions_to_list(request: &Request, home: &str) -> Result<Regions, CollectError> {
    let Pools::Everywhere(table) = &request.pools else {
        let all = request.pools == Pools::All;
        return Ok((all.then(|| home.to_owned()).into_iter().collect(), Vec::new()));
    };
    let (mut regions, mut left_out) = (BTreeSet::new(), Vec::new());
    for region in table.get(partition(home)).into_iter().flatten() {
        match request.leave_out.as_ref().and_then(|LeaveOut(reason)| reason(region)) {
            Some(why) => left_out.push((region.clone(), why)),
            None => {
                regions.insert(region.clone());
            }
        }
    }
    if regions.is_empty() { Err(CollectError::NoRegions { home: home.to_owned() }) } else { Ok((regions, left_out)) }
}

/// The calls that are worth making, by what the replicas' states are.
pub(super) fn wanted(needs: &Needs, pools: &[Pool]) -> BTreeSet<String> {
    let replicas = || pools.iter().flat_map(|pool| pool.replicas.items("/UserPoolReplicas"));
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let secondary = |item: &&Value| text(item, "Role") != "PRIMARY";
    // What cannot be seen may be there.
    let unseen = pools.iter().any(|pool| pool.replicas.error.is_some());
    let replicated = unseen || replicas().any(|item| secondary(&item));
    let active = unseen || replicas().filter(secondary).any(|item| text(item, "Status") == "ACTIVE");
    let mut wanted = needs.always.clone();
    if replicated {
        wanted.extend(needs.replicated.iter().cloned());
    }
    if active {
        wanted.extend(needs.active.iter().cloned());
    }
    wanted
}

/// The Region in a pool's id, if it is one.
pub(super) fn primary_region(id: &str) -> Option<&str> {
    let (region, suffix) = id.split_once('_')?;
    let parts: Vec<&str> = region.split('-').collect();
    let (number, words) = parts.split_last()?;
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_region = words.len() >= 2
        && words.iter().all(word)
        && !number.is_empty()
        && number.len() <= 2
        && number.bytes().all(|b| b.is_ascii_digit());
    let is_suffix = !suffix.is_empty() && suffix.len() <= 48 && suffix.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_region && is_suffix).then_some(region)
}

/// Asks who we are. Credentials that AWS does not take end the run: every other call would say the same.
pub(super) async fn identity(session: &Session<'_>, region: &str) -> Result<(), CollectError> {
    let answers = session.ask(&Query::new("sts", "GetCallerIdentity", region, &[])).await;
    if let Some(error) = &answers.error {
        let refused = [
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
        ];
        if error.code == CREDENTIALS {
            let because = error.detail.clone().unwrap_or_default();
            return Err(CollectError::NoCredentials { because });
        }
        if refused.contains(&error.code.as_str()) {
            return Err(CollectError::NoCredentials { because: format!("AWS does not accept them ({})", error.code) });
        }
    }
    // It becomes the name of a file.
    if let Some(account) = answers.text("/Account").filter(|account| is_account(account)) {
        session.log.set_account(Some(account.to_owned()));
    }
    Ok(())
}

/// The ids of the pools in scope: those that are given, or all that these Regions list.
///
/// Every primary Region is listed once: the listing says which pools have replicas where.
pub(super) async fn in_scope(session: &Session<'_>, request: &Request, listed: BTreeSet<String>) -> BTreeSet<String> {
    let list =
        |region: String| async move { session.ask(&Query::new("cognito-idp", "ListUserPools", &region, &[])).await };
    let ids: BTreeSet<String> = match &request.pools {
        Pools::Ids(ids) => ids.iter().cloned().collect(),
        Pools::All | Pools::Everywhere(_) => {
            let answers = join_all(listed.iter().cloned().map(list)).await;
            let ids: BTreeSet<String> = answers.iter().flat_map(|answers| answers.names("/UserPools", "Id")).collect();
            match listed.first().filter(|_| listed.len() == 1) {
                Some(region) => session.log.note(&format!("{} user pools in {region}", ids.len())),
                None => session.log.note(&format!("{} user pools in {} Regions", ids.len(), listed.len())),
            }
            ids
        }
    };
    let others: BTreeSet<String> =
        ids.iter().filter_map(|id| primary_region(id)).map(str::to_owned).collect::<BTreeSet<_>>();
    join_all(others.difference(&listed).cloned().map(list)).await;
    ids
}

/// What the pool itself says, in its primary Region.
pub(super) async fn describe(session: &Session<'_>, id: String, primary: String) -> Pool {
    let query = |name| Query::new("cognito-idp", name, &primary, &[("UserPoolId", &id)]);
    let (describe, replicas) = (query("DescribeUserPool"), query("ListUserPoolReplicas"));
    let (described, replicas) = join(session.ask(&describe), session.ask(&replicas)).await;
    Pool {
        id,
        account: None,
        primary,
        secondary: None,
        described,
        described_in_replica: None,
        domains: Vec::new(),
        key: None,
        providers: Answers::default(),
        replicas,
    }
}

/// The account, where STS did not say it: a pool's ARN does.
pub(super) fn account(session: &Session<'_>, pools: &[Pool]) {
    if session.log.has_account() {
        return;
    }
    let account =
        pools.iter().find_map(|pool| pool.described.text("/UserPool/Arn")?.split(':').nth(4).map(str::to_owned));
    session.log.set_account(account);
}

/// What else the pool says of itself in its primary Region; nothing is asked because of it.
pub(super) async fn details(session: &Session<'_>, id: &str, primary: &str) {
    let query = |name| Query::new("cognito-idp", name, primary, &[("UserPoolId", id)]);
    let (mfa, jobs) = (query("GetUserPoolMfaConfig"), query("ListUserImportJobs"));
    join(session.ask(&mfa), session.ask(&jobs)).await;
}

/// The same in the Region of its replica, where there is one.
pub(super) async fn details_of_replica(session: &Session<'_>, pool: &Pool) {
    if let Some(secondary) = pool.secondary.as_deref().filter(|_| pool.described_in_replica.is_some()) {
        session.ask(&Query::new("cognito-idp", "GetUserPoolMfaConfig", secondary, &[("UserPoolId", &pool.id)])).await;
    }
}

/// What follows from the description: the pool's key, its domains and providers, its replica.
pub(super) async fn settle(session: &Session<'_>, request: &Request, mut pool: Pool) -> Pool {
    pool.account = session.log.account();
    let replica = async {
        let asked = key_arn(&pool).map(|arn| (arn, arn_region(arn).unwrap_or(&pool.primary)));
        let own_key = match asked {
            Some((arn, region)) => Some(key(session, region, arn).await),
            None => None,
        };
        let secondary = secondary_region(request, &pool, own_key.as_ref());
        let related = related_key(session, &pool, own_key.as_ref(), secondary.as_deref());
        let (described, ()) = join(replica(session, &pool, secondary.as_deref()), related).await;
        (own_key, secondary, described)
    };
    let ((providers, domains), (own_key, secondary, described)) = join(surroundings(session, &pool), replica).await;
    Pool { providers, domains, key: own_key, secondary, described_in_replica: described, ..pool }
}

/// What was answered to identity providers and domains.
async fn surroundings(session: &Session<'_>, pool: &Pool) -> (Answers, Vec<Answers>) {
    let providers = Query::new("cognito-idp", "ListIdentityProviders", &pool.primary, &[("UserPoolId", &pool.id)]);
    if pool.described.error.is_some() {
        let calls = ["cognito-idp:DescribeUserPoolDomain", "kms:DescribeKey", "kms:GetKeyPolicy"];
        session.log.not_asked(&pool.primary, &calls, "DescribeUserPool of a pool was not answered");
    }
    // The custom domain first: in a sample it is the one that leads to more.
    let domains: Vec<Query> = ["/UserPool/CustomDomain", "/UserPool/Domain"]
        .into_iter()
        .filter_map(|pointer| pool.described.text(pointer))
        .filter(|domain| !domain.is_empty())
        .map(|domain| Query::new("cognito-idp", "DescribeUserPoolDomain", &pool.primary, &[("Domain", domain)]))
        .collect();
    let domains = domains.iter().map(|query| session.ask(query));
    join(session.ask(&providers), join_all(domains)).await
}

/// The ARN of the pool's own key.
fn key_arn(pool: &Pool) -> Option<&str> {
    pool.described.text("/UserPool/KeyConfiguration/KmsKeyArn").filter(|arn| !arn.is_empty())
}

/// `us-east-1` in `arn:aws:kms:us-east-1:1:key/mrk-1`.
fn arn_region(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}

async fn key(session: &Session<'_>, region: &str, id: &str) -> Answers {
    let describe = Query::new("kms", "DescribeKey", region, &[("KeyId", id)]);
    let policy = Query::new("kms", "GetKeyPolicy", region, &[("KeyId", id), ("PolicyName", "default")]);
    join(session.ask(&describe), session.ask(&policy)).await.0
}

/// The Regions in which a key and its related keys are.
fn key_regions(key: &Answers) -> BTreeSet<&str> {
    let configuration = key.pages.first().and_then(|page| page.pointer("/KeyMetadata/MultiRegionConfiguration"));
    let Some(configuration) = configuration else { return BTreeSet::new() };
    let replicas = configuration.get("ReplicaKeys").and_then(Value::as_array).into_iter().flatten();
    configuration
        .get("PrimaryKey")
        .into_iter()
        .chain(replicas)
        .filter_map(|key| key.get("Region").and_then(Value::as_str))
        .collect()
}

/// The Regions of the replicas that are not the primary.
fn secondaries(pool: &Pool) -> BTreeSet<&str> {
    pool.replicas
        .items("/UserPoolReplicas")
        .filter(|replica| replica.get("Role").and_then(Value::as_str) == Some("SECONDARY"))
        .filter_map(|replica| replica.get("RegionName").and_then(Value::as_str))
        .collect()
}

/// The flag, else what is planned, else the existing secondary's Region, else the key's only other one.
fn secondary_region(request: &Request, pool: &Pool, own_key: Option<&Answers>) -> Option<String> {
    let given = [pool.id.as_str(), &pool.primary, ""].into_iter().find_map(|key| request.replica_regions.get(key));
    if let Some(given) = given {
        return Some(given.clone());
    }
    if let Some(planned) = planned_region(request, pool) {
        return Some(planned);
    }
    if let Some(secondary) = secondaries(pool).first() {
        return Some((*secondary).to_owned());
    }
    let mut regions = key_regions(own_key?);
    regions.remove(pool.primary.as_str());
    if regions.len() == 1 { regions.first().map(|region| (*region).to_owned()) } else { None }
}

/// The replica Region that a configuration plans for a pool.
pub(super) fn planned_region(request: &Request, pool: &Pool) -> Option<String> {
    let PlannedRegion(planned) = request.planned_region.as_ref()?;
    planned(&PoolNames {
        account: pool.account.as_deref(),
        region: &pool.primary,
        id: &pool.id,
        name: pool.described.text("/UserPool/Name"),
    })
}

/// The pool as its replica's Region describes it, if it has a replica there.
async fn replica(session: &Session<'_>, pool: &Pool, secondary: Option<&str>) -> Option<Answers> {
    let calls = ["cognito-idp:DescribeUserPool", "cognito-idp:GetUserPoolMfaConfig"];
    let Some(secondary) = secondary else {
        let calls = [calls[0], calls[1], "kms:DescribeKey", "kms:GetKeyPolicy"];
        session.log.not_asked(
            "",
            &calls,
            "no replica Region is given or can be derived: say which with --replica-region",
        );
        return None;
    };
    if secondary == pool.primary {
        return None;
    }
    if secondaries(pool).contains(secondary) {
        let describe = Query::new("cognito-idp", "DescribeUserPool", secondary, &[("UserPoolId", &pool.id)]);
        return Some(session.ask(&describe).await);
    }
    if pool.replicas.error.is_some() {
        session.log.not_asked(secondary, &calls, "ListUserPoolReplicas of a pool was not answered");
    }
    None
}

/// The key's relative in the replica Region, by key id: an ARN would name the primary Region's key.
async fn related_key(session: &Session<'_>, pool: &Pool, own: Option<&Answers>, secondary: Option<&str>) {
    let Some((secondary, arn)) = secondary.zip(key_arn(pool)) else { return };
    let Some(own) = own.filter(|_| arn_region(arn) != Some(secondary)) else { return };
    if own.error.is_some() {
        let calls = ["kms:DescribeKey", "kms:GetKeyPolicy"];
        session.log.not_asked(secondary, &calls, "DescribeKey of a pool's key was not answered");
    } else if key_regions(own).contains(secondary) {
        let id = own.text("/KeyMetadata/KeyId").or_else(|| arn.rsplit('/').next()).unwrap_or(arn);
        key(session, secondary, id).await;
    }
}

/// The app clients of a pool; their ids.
pub(super) async fn clients(session: &Session<'_>, id: &str, primary: &str) -> BTreeSet<String> {
    let list = Query::new("cognito-idp", "ListUserPoolClients", primary, &[("UserPoolId", id)]);
    let listed = session.ask(&list).await;
    if listed.error.is_some() {
        let call = "cognito-idp:DescribeUserPoolClient";
        session.log.not_asked(primary, &[call], "ListUserPoolClients of a pool was not answered in full");
    }
    let clients = listed.names("/UserPoolClients", "ClientId");
    let queries: Vec<Query> = clients
        .iter()
        .map(|client| {
            let parameters = [("UserPoolId", id), ("ClientId", client)];
            Query::new("cognito-idp", "DescribeUserPoolClient", primary, &parameters)
        })
        .collect();
    join_all(queries.iter().map(|query| session.ask(query))).await;
    clients
}
