//! The live collector: configuration, the runtime, and the order of the search.
//!
//! `pools`, `surroundings`, `resources` and `consumers` say what is asked, `flow` which of them goes on when, `ask` how an
//! answer becomes evidence, `aws` speaks to the SDK, `tap` sees its bytes, `rates` keeps it gentle, `log` is what was seen so far.

mod ask;
mod aws;
mod consumers;
mod failover;
mod flow;
mod governance;
mod log;
mod messages;
mod package;
mod parity;
mod pools;
mod rates;
mod resources;
mod schedule;
mod surroundings;
mod tap;
#[cfg(test)]
mod tests;
mod texts;
mod triggers;
mod trust;

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};

use super::{CollectError, Memory, Observer, Pools, Request};
use crate::snapshot::Snapshot;
use crate::snapshot::journal::Record;
use ask::Session;
use aws::Aws;
use log::Log;
use rates::{Rates, Speed};

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
            () = terminated() => Err(CollectError::Terminated),
        }
    });
    // A connection that hangs must not hold up the end.
    runtime.shutdown_background();
    result
}

/// Ends when the process is told to.
#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// Nobody asks a process to end here.
#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
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
    loader = loader.http_client(trust::client(request.ca_bundle.as_deref())?);
    Ok(loader.load().await)
}

/// Asks everything, what most rules need first.
async fn run(request: &Request, config: SdkConfig, observer: &mut dyn Observer) -> Result<Snapshot, CollectError> {
    let aws = Aws::new(config, request.call_timeout);
    let rates = Rates::new(Speed::of(request));
    let session = Session::new(aws, rates, Log::new(observer), request.sample);
    tokio::select! {
        result = gather(&session, request) => result?,
        () = session.log.stopped() => return Err(CollectError::Stopped),
    }
    let (scope, entries) = session.log.finish();
    Ok(Snapshot::new(scope, entries))
}

/// Asks everything; the log has it then.
async fn gather(session: &Session<'_>, request: &Request) -> Result<(), CollectError> {
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
    if let (Pools::All, Some(was)) = (&request.pools, request.memory.as_ref().and_then(Memory::home))
        && was != home
    {
        return Err(CollectError::OtherRegion { was: was.to_owned(), now: home });
    }
    session.log.keep(&Record::Home { region: home.clone() });
    pools::identity(session, &home).await?;
    go_on(session, request)?;
    session.log.replica_regions(&request.replica_regions);
    if request.earlier.is_some() {
        // Where the home Region does not answer, a replica's Region knows who we are.
        for region in request.replica_regions.values().filter(|region| **region != home) {
            if !session.log.has_account() {
                pools::identity(session, region).await?;
            }
        }
    }
    let ids = pools::in_scope(session, request, &home).await;
    flow::gather(session, request, &ids).await?;

    session.log.done();
    Ok(())
}

/// Takes up what an interrupted collection was answered, if these are the same account's credentials.
fn go_on(session: &Session<'_>, request: &Request) -> Result<(), CollectError> {
    let Some(memory) = &request.memory else { return Ok(()) };
    let now = session.log.account().ok_or(CollectError::Unidentified)?;
    let accounts = memory.accounts();
    if !accounts.is_empty() && !accounts.contains(now.as_str()) {
        let was = accounts.into_iter().collect::<Vec<_>>().join(", ");
        return Err(CollectError::OtherAccount { was, now });
    }
    // Set once: nothing else sets it.
    let _ = session.memory.set(memory.of(&now).unwrap_or_default());
    Ok(())
}
