//! The live collector: configuration, the runtime, and the order of the search.
//!
//! `pools`, `surroundings`, `resources` and `consumers` say what is asked, `ask` how an answer becomes evidence, `aws`
//! speaks to the SDK, `tap` sees its bytes, `rates` keeps it gentle, `log` is what was seen so far.

mod ask;
mod aws;
mod consumers;
mod failover;
mod governance;
mod log;
mod messages;
mod package;
mod parity;
mod pools;
mod rates;
mod resources;
mod surroundings;
mod tap;
#[cfg(test)]
mod tests;
mod texts;
mod triggers;
mod trust;

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use futures_util::future::join3;

use super::{CollectError, Observer, Pools, Request};
use crate::snapshot::Snapshot;
use ask::Session;
use aws::Aws;
use log::Log;
use rates::Rates;

/// Collects, on a runtime of its own, until done or interrupted.
pub(super) fn collect(request: &Request, observer: &mut dyn Observer) -> Result<Snapshot, CollectError> {
    check(request)?;
    block_on(async {
        let config = configuration(request).await?;
        run(request, config, observer).await
    })
}

/// Waits, on a runtime of its own, until the time is over or interrupted.
pub(super) fn pause(duration: Duration) -> Result<(), CollectError> {
    block_on(async {
        tokio::time::sleep(duration).await;
        Ok(())
    })
}

fn block_on<T>(work: impl Future<Output = Result<T, CollectError>>) -> Result<T, CollectError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CollectError::Runtime)?;
    let result = runtime.block_on(async {
        tokio::select! {
            result = work => result,
            Ok(()) = tokio::signal::ctrl_c() => Err(CollectError::Interrupted),
        }
    });
    // A connection that hangs must not hold up the end.
    runtime.shutdown_background();
    result
}

/// What can be wrong with a request before anything is asked.
fn check(request: &Request) -> Result<(), CollectError> {
    if let Pools::Ids(ids) = &request.pools
        && let Some(id) = ids.iter().find(|id| pools::primary_region(id).is_none())
    {
        return Err(CollectError::BadPoolId { id: id.clone() });
    }
    if let Some(url) = &request.endpoint_url
        && url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).is_none_or(str::is_empty)
    {
        return Err(CollectError::BadEndpoint { url: url.clone() });
    }
    Ok(())
}

/// The SDK's own configuration, from the places where the AWS CLI looks, with the request's options over it.
async fn configuration(request: &Request) -> Result<SdkConfig, CollectError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(region) = &request.region {
        loader = loader.region(aws::region(region.clone()));
    }
    if let Some(profile) = &request.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &request.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(bundle) = &request.ca_bundle {
        loader = loader.http_client(trust::client(bundle)?);
    }
    Ok(loader.load().await)
}

/// Asks everything, what most rules need first.
async fn run(request: &Request, config: SdkConfig, observer: &mut dyn Observer) -> Result<Snapshot, CollectError> {
    let aws = Aws::new(config, request.call_timeout);
    let rates = Rates::new(request.max_rps);
    let session = Session::new(aws, rates, request.concurrency, Log::new(observer), request.sample);
    let home = match (&request.pools, session.aws.region()) {
        (_, Some(region)) => region,
        (Pools::Ids(ids), None) => {
            ids.iter().find_map(|id| pools::primary_region(id)).ok_or(CollectError::NoRegion)?.to_owned()
        }
        (Pools::All, None) => return Err(CollectError::NoRegion),
    };
    if let Some(earlier) = &request.earlier {
        // Set once: nothing else sets it.
        let _ = session.earlier.set(earlier.clone());
    }
    pools::identity(&session, &home).await?;
    if request.earlier.is_some() {
        // Where the home Region does not answer, a replica's Region knows who we are.
        for region in request.replica_regions.values().filter(|region| **region != home) {
            if !session.log.has_account() {
                pools::identity(&session, region).await?;
            }
        }
    }
    let ids = pools::in_scope(&session, request, &home).await;
    let pools = pools::pools(&session, request, &ids).await;
    if let Some(first) = session.log.no_evidence() {
        return Err(CollectError::NoEvidence { first });
    }

    if let Some(needs) = &request.needs {
        // Set once: nothing else sets it.
        let _ = session.wanted.set(pools::wanted(needs, &pools));
    }
    let mut regions: BTreeSet<String> = request.consumer_regions.iter().cloned().collect();
    regions.extend(pools.iter().flat_map(|pool| std::iter::once(&pool.primary).chain(&pool.secondary)).cloned());
    let consumers = async {
        if !request.consumers {
            leave_out(&session, &regions, "consumers were left out of this collection");
        } else if pools.is_empty() {
            leave_out(&session, &regions, "there is no pool in scope");
        } else {
            let texts = texts::search(&session, request, &regions);
            join3(consumers::search(&session, &regions), resources::search(&session, &regions), texts).await;
        }
    };
    // They draw on different quotas, so none waits for another.
    join3(consumers, surroundings::ask(&session, request, &pools), pools::clients(&session, &pools)).await;

    let (mut scope, entries) = session.log.finish();
    scope.replica_regions.clone_from(&request.replica_regions);
    for pool in &pools {
        // An option speaks of every pool without one of its own.
        let spoken_of = [&pool.primary, ""].iter().any(|key| request.replica_regions.contains_key(*key));
        if let Some(region) = pools::planned_region(request, pool).filter(|_| !spoken_of) {
            scope.replica_regions.entry(pool.id.clone()).or_insert(region);
        }
    }
    Ok(Snapshot::new(scope, entries))
}

/// Says that nobody was looked for who verifies tokens, and why.
fn leave_out(session: &Session<'_>, regions: &BTreeSet<String>, why: &str) {
    consumers::leave_out(session, regions, why);
    resources::leave_out(session, regions, why);
    texts::leave_out(session, regions, why);
}
