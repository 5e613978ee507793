//! The live collector: configuration, the runtime, and the order of the search.
//!
//! `accounts` says which accounts are entered and `enter` how. Of each, `pools`, `surroundings`, `resources` and `consumers` say what
//! is asked, `flow` which of them goes on when, `ask` how an answer becomes evidence, `aws` speaks to the SDK, `tap` sees its bytes,
//! `rates` keeps it gentle, `limits` bounds what one account may take, `log` is what was seen so far.

mod accounts;
mod ask;
mod aws;
mod consumers;
mod enter;
mod failover;
mod flow;
mod governance;
mod limits;
mod log;
mod messages;
mod opt_in;
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

use super::{Accounts, CollectError, Keep, Memory, Observer, Pools, Request, RoleArn};
use crate::snapshot::journal::Record;
use crate::snapshot::{Scope, Snapshot};
use ask::Session;
use aws::{Aws, CREDENTIALS};
use enter::Door;
use limits::Limits;
use log::Log;
use rates::{Rates, Speed};

/// Collects, on a runtime of its own, until done or interrupted.
pub(super) fn collect(request: &Request, observer: &mut dyn Observer) -> Result<Snapshot, CollectError> {
    if request.accounts.are_several() {
        let mut documents = Vec::new();
        collect_accounts(request, observer, &mut |section| {
            documents.push(section.snapshot);
            Ok(())
        })?;
        return Ok(Snapshot::merge(documents).unwrap_or_else(|| Snapshot::new(Scope::default(), Vec::new())));
    }
    check(request)?;
    block_on(async {
        let config = configuration(request).await?;
        if let Accounts::Roles(roles) = &request.accounts
            && let [role] = roles.as_slice()
        {
            let config = enter_alone(request, config, role).await?;
            return run(request, config, true, observer).await;
        }
        run(request, config, false, observer).await
    })
}

/// Collects of several accounts, likewise.
pub(super) fn collect_accounts(
    request: &Request,
    observer: &mut dyn Observer,
    keep: &mut Keep<'_>,
) -> Result<(), CollectError> {
    check(request)?;
    block_on(async {
        let config = configuration(request).await?;
        accounts::run(request, config, observer, keep).await
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

/// Enters the one account of a run by its role; a refusal ends the run.
async fn enter_alone(request: &Request, config: SdkConfig, role: &RoleArn) -> Result<SdkConfig, CollectError> {
    let home = home_of(request, &Aws::new(config.clone(), request.call_timeout))?;
    let door = Door::new(config, request, &home, Rates::new(Speed::of(request)));
    door.enter(role, &Limits::default()).await.map_err(|refusal| {
        let error = refusal.error.unwrap_or_else(|| ask::failed("Unknown", None));
        let more = error.detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        match error.code.as_str() {
            CREDENTIALS => CollectError::NoCredentials { because: more.trim_start_matches(": ").to_owned() },
            _ => CollectError::NotEntered { account: role.account().to_owned(), code: error.code, more },
        }
    })
}

/// The configured Region, else that of a pool.
fn home_of(request: &Request, aws: &Aws) -> Result<String, CollectError> {
    let of_pool = || match &request.pools {
        Pools::Ids(ids) => ids.iter().find_map(|id| pools::primary_region(id)).map(str::to_owned),
        Pools::All | Pools::Everywhere(_) => None,
    };
    aws.region().or_else(of_pool).ok_or(CollectError::NoRegion)
}

/// Asks one account. `assumed`: its credentials are those of a session that we took from a Regional endpoint.
async fn run(
    request: &Request,
    config: SdkConfig,
    assumed: bool,
    observer: &mut dyn Observer,
) -> Result<Snapshot, CollectError> {
    let aws = Aws::new(config, request.call_timeout);
    let rates = Rates::new(Speed::of(request));
    let mut session = Session::new(aws, rates, Log::new(observer), request.sample);
    session.limits.deadline = request.patience.deadline.map(|time| tokio::time::Instant::now() + time);
    if assumed {
        session.log.valid_everywhere();
    }
    tokio::select! {
        result = gather(&session, request) => result?,
        () = session.log.stopped() => return Err(CollectError::Stopped),
    }
    Ok(document(session.log))
}

/// Asks everything; the log has it then.
async fn gather(session: &Session<'_>, request: &Request) -> Result<(), CollectError> {
    let home = home_of(request, &session.aws)?;
    if let Some(earlier) = &request.earlier {
        // Set once: nothing else sets it.
        let _ = session.earlier.set(earlier.clone());
    }
    if let (Pools::All, Some(was)) = (&request.pools, request.memory.as_ref().and_then(Memory::home))
        && was != home
    {
        return Err(CollectError::OtherRegion { was: was.to_owned(), now: home });
    }
    if request.memory.is_some() {
        session.log.withhold();
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
    questions(session, request, &home).await?;
    session.log.done();
    Ok(())
}

/// Asks an account everything but who asks, what most rules need first.
async fn questions(session: &Session<'_>, request: &Request, home: &str) -> Result<(), CollectError> {
    let (listed, left_out) = pools::regions_to_list(request, home)?;
    session.log.all_pools_of(&listed);
    for (region, why) in left_out {
        session.log.not_asked(&region, &["cognito-idp:ListUserPools"], &why);
    }
    if matches!(request.pools, Pools::Everywhere(_)) && session.aws.is_session().await == Some(false) {
        session.log.valid_everywhere();
    }
    let ids = pools::in_scope(session, request, listed).await;
    // Large, and one for each account under way.
    Box::pin(flow::gather(session, request, &ids)).await
}

/// What an account's log holds, as a document.
fn document(log: Log<'_>) -> Snapshot {
    let (scope, entries) = log.finish();
    Snapshot::new(scope, entries)
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
    session.log.release();
    Ok(())
}
