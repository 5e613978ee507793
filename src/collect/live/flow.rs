//! In which order the pools of an account, what surrounds them, and the consumers of their tokens are asked for.
//!
//! Every pool goes its own way from its description to its last client, and a Region's consumers are searched as soon as it is
//! known that it matters, so that every quota has something to do from the start. All pools together take one step after the
//! other only where a step depends on all of them. Which question goes first, of those that wait, is said by `schedule`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures_util::future::{join, join_all, join3};
use tokio::sync::SetOnce;

use super::ask::Session;
use super::pools::{self, Pool};
use super::{consumers, resources, surroundings, texts};
use crate::collect::{CollectError, Request};

/// Asks everything about these pools.
pub(super) async fn gather(
    session: &Session<'_>,
    request: &Request,
    ids: &BTreeSet<String>,
) -> Result<(), CollectError> {
    let ids: Vec<(String, String)> = ids
        .iter()
        .filter_map(|id| Some((id.clone(), pools::primary_region(id)?.to_owned())))
        .inspect(|(id, _)| session.log.pool(id))
        .collect();
    let search = Search::new(session, request, ids.len());
    // What is worth asking, and whether anything is, may be known only after all pools have answered.
    let step_by_step = request.needs.is_some() || request.sample || !session.log.has_account();
    let pools = if step_by_step {
        let pools = all_settled(session, request, &ids).await?;
        for pool in &pools {
            search.knows(pool);
        }
        join(search.known(), join_all(pools.iter().map(|pool| around(session, request, pool)))).await;
        pools
    } else {
        let known = ids.iter().map(|(_, primary)| primary.clone()).chain(request.consumer_regions.iter().cloned());
        let one = |(id, primary)| one(session, request, &search, id, primary);
        let first = search.regions(if ids.is_empty() { BTreeSet::new() } else { known.collect() });
        join(first, join_all(ids.into_iter().map(one))).await.1.into_iter().flatten().collect()
    };
    search.leave_out(pools.is_empty());
    Ok(())
}

/// A pool on its own way, from its description and its list of clients to the end. There is always one, though no type says so.
async fn one(
    session: &Session<'_>,
    request: &Request,
    search: &Search<'_, '_>,
    id: String,
    primary: String,
) -> Option<Pool> {
    let settled: SetOnce<Pool> = SetOnce::new();
    // Of what a client leads to, some depends on the pool, so nothing else need wait for either.
    let clients = async {
        let clients = pools::clients(session, &id, &primary).await;
        surroundings::of_clients(session, settled.wait().await, &clients).await;
    };
    let itself = async {
        let described = pools::describe(session, id.clone(), primary.clone()).await;
        let further = async {
            // Set once: this is the only place.
            let _ = settled.set(pools::settle(session, request, described).await);
            let pool = settled.wait().await;
            search.knows(pool);
            let regions = pool.target_regions().into_iter().map(str::to_owned).collect();
            join3(
                search.regions(regions),
                surroundings::ask(session, request, std::slice::from_ref(pool)),
                pools::details_of_replica(session, pool),
            )
            .await;
        };
        join(pools::details(session, &id, &primary), further).await;
    };
    Box::pin(join(clients, itself)).await;
    settled.into_inner()
}

/// The pools with their keys and replicas, when all of them are known; and then what is worth asking beside.
async fn all_settled(
    session: &Session<'_>,
    request: &Request,
    ids: &[(String, String)],
) -> Result<Vec<Pool>, CollectError> {
    let described = ids.iter().map(|(id, primary)| pools::describe(session, id.clone(), primary.clone()));
    let described = join_all(described).await;
    pools::account(session, &described);
    let details = join_all(ids.iter().map(|(id, primary)| pools::details(session, id, primary)));
    let settled = join_all(described.into_iter().map(|pool| async {
        let pool = pools::settle(session, request, pool).await;
        pools::details_of_replica(session, &pool).await;
        pool
    }));
    let pools = join(details, settled).await.1;
    if let Some(first) = session.log.no_evidence() {
        return Err(CollectError::NoEvidence { first });
    }
    if let Some(needs) = &request.needs {
        // Set once: nothing else sets it.
        let _ = session.wanted.set(pools::wanted(needs, &pools));
    }
    Ok(pools)
}

/// What surrounds a pool, and its clients: they draw on different quotas, so neither waits for the other.
async fn around(session: &Session<'_>, request: &Request, pool: &Pool) {
    let clients = async {
        let clients = pools::clients(session, &pool.id, &pool.primary).await;
        surroundings::of_clients(session, pool, &clients).await;
    };
    join(surroundings::ask(session, request, std::slice::from_ref(pool)), clients).await;
}

/// The replica Region that is planned for this pool, where no option speaks of every pool without one of its own.
fn planned_region(request: &Request, pool: &Pool) -> BTreeMap<String, String> {
    let keys = [pool.id.as_str(), &pool.primary, ""];
    let spoken_of = keys.iter().any(|key| request.replica_regions.contains_key(*key));
    let region = pools::planned_region(request, pool).filter(|_| !spoken_of);
    region.map(|region| (pool.id.clone(), region)).into_iter().collect()
}

/// The search for consumers, Region by Region.
struct Search<'s, 'o> {
    session: &'s Session<'o>,
    request: &'s Request,
    pools: usize,
    found: Mutex<Found>,
    /// Every Region that is searched, when all pools are known.
    all: SetOnce<BTreeSet<String>>,
}

#[derive(Default)]
struct Found {
    /// The Regions that matter, as far as known.
    regions: BTreeSet<String>,
    /// Those whose search has begun.
    begun: BTreeSet<String>,
    /// The pools that are known.
    pools: usize,
}

impl<'s, 'o> Search<'s, 'o> {
    fn new(session: &'s Session<'o>, request: &'s Request, pools: usize) -> Self {
        let regions = request.consumer_regions.iter().cloned().collect();
        let found = Mutex::new(Found { regions, ..Found::default() });
        Self { session, request, pools, found, all: SetOnce::new() }
    }

    fn found(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pool says in which Regions it is and will be.
    fn knows(&self, pool: &Pool) {
        self.session.log.replica_regions(&planned_region(self.request, pool));
        let mut found = self.found();
        found.regions.extend(pool.target_regions().into_iter().map(str::to_owned));
        found.pools += 1;
        if found.pools == self.pools {
            // Set once: each pool is known once.
            let _ = self.all.set(found.regions.clone());
        }
    }

    /// Searches every Region that is known.
    async fn known(&self) {
        let regions = self.found().regions.clone();
        if self.pools > 0 {
            self.regions(regions).await;
        }
    }

    /// Searches those of these Regions that nobody searches yet, and what is the same in all of them once.
    async fn regions(&self, regions: BTreeSet<String>) {
        if !self.request.consumers || regions.is_empty() {
            return;
        }
        let (once, new): (bool, BTreeSet<String>) = {
            let mut found = self.found();
            let once = found.begun.is_empty();
            (once, regions.into_iter().filter(|region| found.begun.insert(region.clone())).collect())
        };
        let global = async {
            if once {
                join(
                    resources::search_global(self.session, &self.all),
                    texts::search_global(self.session, self.request),
                )
                .await;
            }
        };
        let each = join_all(new.iter().map(|region| async {
            Box::pin(join3(
                consumers::search(self.session, region),
                resources::search(self.session, region, &self.all),
                texts::search(self.session, self.request, region),
            ))
            .await;
        }));
        join(global, each).await;
    }

    /// Says what was not searched, and why.
    fn leave_out(&self, no_pools: bool) {
        let why = match (self.request.consumers, no_pools) {
            (false, _) => "consumers were left out of this collection",
            (true, true) => "there is no pool in scope",
            (true, false) => return,
        };
        let regions = &self.found().regions;
        consumers::leave_out(self.session, regions, why);
        resources::leave_out(self.session, regions, why);
        texts::leave_out(self.session, regions, why);
    }
}
