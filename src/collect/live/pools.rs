//! What is asked about the pools: who we are, the pools, their keys, their replicas, at last their clients.
//!
//! Every question once, in the order in which rules need the answers. Consumers of tokens are in `consumers`.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, join3};
use serde_json::Value;

use super::ask::{Answers, Query, Session};
use super::aws::CREDENTIALS;
use super::surroundings;
use crate::collect::{CollectError, Needs, PlannedRegion, PoolNames, Pools, Request};

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
        let partition = match region {
            _ if region.starts_with("cn-") => "aws-cn",
            _ if region.starts_with("us-gov-") => "aws-us-gov",
            _ if region.starts_with("eusc-") => "aws-eusc",
            _ => "aws",
        };
        Some(format!("arn:{partition}:cognito-idp:{region}:{}:userpool/{}", self.account.as_ref()?, self.id))
    }
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
    if let Some(account) = answers.text("/Account") {
        session.log.set_account(Some(account.to_owned()));
    }
    Ok(())
}

/// The ids of the pools in scope; those of `--all-pools` are listed in `home`.
///
/// Every primary Region is listed once: the listing says which pools have replicas where.
pub(super) async fn in_scope(session: &Session<'_>, request: &Request, home: &str) -> BTreeSet<String> {
    let list =
        |region: String| async move { session.ask(&Query::new("cognito-idp", "ListUserPools", &region, &[])).await };
    let mut regions = BTreeSet::new();
    let ids: BTreeSet<String> = match &request.pools {
        Pools::Ids(ids) => ids.iter().cloned().collect(),
        Pools::All => {
            regions.insert(home.to_owned());
            let listed = list(home.to_owned()).await.names("/UserPools", "Id");
            session.log.note(&format!("{} user pools in {home}", listed.len()));
            listed
        }
    };
    let others: BTreeSet<String> =
        ids.iter().filter_map(|id| primary_region(id)).map(str::to_owned).collect::<BTreeSet<_>>();
    join_all(others.difference(&regions).cloned().map(list)).await;
    ids
}

/// Everything about the pools but their clients.
pub(super) async fn pools(session: &Session<'_>, request: &Request, ids: &BTreeSet<String>) -> Vec<Pool> {
    let mut pools = join_all(ids.iter().filter_map(|id| {
        let primary = primary_region(id)?.to_owned();
        session.log.pool(id);
        Some(describe(session, id.clone(), primary))
    }))
    .await;
    if !session.log.has_account() {
        // STS did not say; a pool's ARN does.
        let account =
            pools.iter().find_map(|pool| pool.described.text("/UserPool/Arn")?.split(':').nth(4).map(str::to_owned));
        session.log.set_account(account);
    }
    let (around, keys) =
        join(join_all(pools.iter().map(|pool| surroundings(session, pool))), keys(session, &pools)).await;
    for (pool, (providers, domains)) in pools.iter_mut().zip(around) {
        pool.account = session.log.account();
        pool.secondary = secondary_region(request, pool, &keys);
        pool.providers = providers;
        pool.domains = domains;
        pool.key = key_arn(pool).and_then(|arn| keys.get(arn)).cloned();
    }
    let (replicas, ()) =
        join(join_all(pools.iter().map(|pool| replica(session, pool))), related_keys(session, &pools, &keys)).await;
    for (pool, described) in pools.iter_mut().zip(replicas) {
        pool.described_in_replica = described;
    }
    pools
}

async fn describe(session: &Session<'_>, id: String, primary: String) -> Pool {
    let query = |name| Query::new("cognito-idp", name, &primary, &[("UserPoolId", &id)]);
    let (describe, replicas, mfa) =
        (query("DescribeUserPool"), query("ListUserPoolReplicas"), query("GetUserPoolMfaConfig"));
    let (described, replicas, _) = join3(session.ask(&describe), session.ask(&replicas), session.ask(&mfa)).await;
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

/// Identity providers, import jobs and domains; what was answered to the first and the last.
async fn surroundings(session: &Session<'_>, pool: &Pool) -> (Answers, Vec<Answers>) {
    let query = |name| Query::new("cognito-idp", name, &pool.primary, &[("UserPoolId", &pool.id)]);
    let (providers, jobs) = (query("ListIdentityProviders"), query("ListUserImportJobs"));
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
    let (providers, _, domains) = join3(session.ask(&providers), session.ask(&jobs), join_all(domains)).await;
    (providers, domains)
}

/// The ARN of the pool's own key.
fn key_arn(pool: &Pool) -> Option<&str> {
    pool.described.text("/UserPool/KeyConfiguration/KmsKeyArn").filter(|arn| !arn.is_empty())
}

/// `us-east-1` in `arn:aws:kms:us-east-1:1:key/mrk-1`.
fn arn_region(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}

/// The pools' keys by ARN, each asked once, in its own Region.
async fn keys(session: &Session<'_>, pools: &[Pool]) -> BTreeMap<String, Answers> {
    let wanted: BTreeMap<&str, &str> = pools
        .iter()
        .filter_map(|pool| key_arn(pool).map(|arn| (arn, arn_region(arn).unwrap_or(&pool.primary))))
        .collect();
    let asked =
        wanted.into_iter().map(|(arn, region)| async move { (arn.to_owned(), key(session, region, arn).await) });
    join_all(asked).await.into_iter().collect()
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
fn secondary_region(request: &Request, pool: &Pool, keys: &BTreeMap<String, Answers>) -> Option<String> {
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
    let mut regions = key_regions(keys.get(key_arn(pool)?)?);
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
async fn replica(session: &Session<'_>, pool: &Pool) -> Option<Answers> {
    let calls = ["cognito-idp:DescribeUserPool", "cognito-idp:GetUserPoolMfaConfig"];
    let Some(secondary) = &pool.secondary else {
        let calls = [calls[0], calls[1], "kms:DescribeKey", "kms:GetKeyPolicy"];
        session.log.not_asked(
            "",
            &calls,
            "no replica Region is given or can be derived: say which with --replica-region",
        );
        return None;
    };
    if *secondary == pool.primary {
        return None;
    }
    if secondaries(pool).contains(secondary.as_str()) {
        let query = |name| Query::new("cognito-idp", name, secondary, &[("UserPoolId", &pool.id)]);
        let (describe, mfa) = (query("DescribeUserPool"), query("GetUserPoolMfaConfig"));
        return Some(join(session.ask(&describe), session.ask(&mfa)).await.0);
    }
    if pool.replicas.error.is_some() {
        session.log.not_asked(secondary, &calls, "ListUserPoolReplicas of a pool was not answered");
    }
    None
}

/// The keys' relatives in the replica Regions, by key id: an ARN would name the primary Region's key.
async fn related_keys(session: &Session<'_>, pools: &[Pool], keys: &BTreeMap<String, Answers>) {
    let mut wanted = BTreeSet::new();
    for pool in pools {
        let Some((secondary, arn)) = pool.secondary.as_deref().zip(key_arn(pool)) else { continue };
        if arn_region(arn) == Some(secondary) {
            continue;
        }
        let Some(key) = keys.get(arn) else { continue };
        if key.error.is_some() {
            let calls = ["kms:DescribeKey", "kms:GetKeyPolicy"];
            session.log.not_asked(secondary, &calls, "DescribeKey of a pool's key was not answered");
        } else if key_regions(key).contains(secondary) {
            let id = key.text("/KeyMetadata/KeyId").or_else(|| arn.rsplit('/').next()).unwrap_or(arn);
            wanted.insert((secondary.to_owned(), id.to_owned()));
        }
    }
    join_all(wanted.iter().map(|(region, id)| key(session, region, id))).await;
}

/// The app clients of every pool.
pub(super) async fn clients(session: &Session<'_>, pools: &[Pool]) {
    join_all(pools.iter().map(|pool| async move {
        let list = Query::new("cognito-idp", "ListUserPoolClients", &pool.primary, &[("UserPoolId", &pool.id)]);
        let listed = session.ask(&list).await;
        if listed.error.is_some() {
            let call = "cognito-idp:DescribeUserPoolClient";
            session.log.not_asked(&pool.primary, &[call], "ListUserPoolClients of a pool was not answered in full");
        }
        let ids = listed.names("/UserPoolClients", "ClientId");
        let queries: Vec<Query> = ids
            .iter()
            .map(|id| {
                let parameters = [("UserPoolId", pool.id.as_str()), ("ClientId", id)];
                Query::new("cognito-idp", "DescribeUserPoolClient", &pool.primary, &parameters)
            })
            .collect();
        let described = join_all(queries.iter().map(|query| session.ask(query)));
        join(described, surroundings::of_clients(session, pool, &ids)).await;
    }))
    .await;
}
