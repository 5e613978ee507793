//! The domains that a pool names, and where each is routed when P fails. Not for their certificates or health checks.
//!
//! Source: <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPoolDomain.html>.

use crate::model::{Cause, Fact, Listed, Observed, Source, Truth};

use super::super::pool::decided;
use super::super::{Answer, PoolView, replica};
use super::{DOMAIN, POOL, REPLICAS, blocked, host, texts};

const FAILOVER: &str = "/DomainDescription/Routing/Failover";

/// A domain that is routed to another Region when P fails.
pub(super) struct Routed<'f> {
    /// Its full host name.
    pub(super) host: String,
    region: String,
    answer: Answer<'f>,
}

impl Routed<'_> {
    /// The health check that decides, which the API requires.
    pub(super) fn health_check(&self) -> Observed<String> {
        let pointer = format!("{FAILOVER}/PrimaryRoute53HealthCheckId");
        match self.answer.text(&pointer) {
            Observed::Absent => Observed::Unknown(Cause::NoMeaning { member: format!("{DOMAIN} {pointer}") }),
            id @ (Observed::Known(_) | Observed::Unknown(_)) => id,
        }
    }

    /// Where its health check is named.
    pub(super) fn source(&self) -> Source {
        self.answer.source(&format!("{FAILOVER}/PrimaryRoute53HealthCheckId"))
    }
}

/// The custom domain and its description; absent without one.
pub(super) fn custom<'f>(view: &PoolView<'f>) -> Observed<(String, Answer<'f>)> {
    let name = match view.primary(POOL).text("/UserPool/CustomDomain") {
        Observed::Known(name) => name,
        Observed::Absent => return Observed::Absent,
        Observed::Unknown(cause) => return Observed::Unknown(blocked(DOMAIN, cause)),
    };
    let answer = view.ask(DOMAIN, &view.region, &[&name]);
    Observed::Known((name, answer))
}

/// The host names of all domains that the pool names. The prefix is made a host name as AWS documents it:
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html>.
pub(super) fn hosts(view: &PoolView<'_>) -> Listed<String> {
    let mut hosts = Listed::complete(Vec::new());
    for (pointer, prefix) in [("/UserPool/CustomDomain", false), ("/UserPool/Domain", true)] {
        match view.primary(POOL).text(pointer) {
            Observed::Known(name) => hosts.items.push(full(view, &name, prefix)),
            Observed::Absent => {}
            Observed::Unknown(cause) => hosts.incomplete = Some(cause),
        }
    }
    hosts
}

fn full(view: &PoolView<'_>, name: &str, prefix: bool) -> String {
    host(&if prefix { format!("{name}.auth.{}.amazoncognito.com", view.region) } else { name.to_owned() })
}

/// The domains that are routed, the custom one first.
pub(super) fn routed<'f>(view: &PoolView<'f>) -> (Listed<Routed<'f>>, Vec<Source>) {
    let pool = view.primary(POOL);
    let mut routed = Listed::complete(Vec::new());
    let mut sources = Vec::new();
    for (pointer, prefix) in [("/UserPool/CustomDomain", false), ("/UserPool/Domain", true)] {
        sources.push(pool.source(pointer));
        let name = match pool.text(pointer) {
            Observed::Known(name) => name,
            Observed::Absent => continue,
            Observed::Unknown(cause) => {
                routed.incomplete.get_or_insert(blocked(DOMAIN, cause));
                continue;
            }
        };
        let answer = view.ask(DOMAIN, &view.region, &[&name]);
        sources.push(answer.source(&format!("{FAILOVER}/SecondaryRegion")));
        match destination(&answer) {
            Observed::Known(region) => routed.items.push(Routed { host: full(view, &name, prefix), region, answer }),
            Observed::Absent => {}
            Observed::Unknown(cause) => drop(routed.incomplete.get_or_insert(cause)),
        }
    }
    (routed, sources)
}

/// Where a domain is routed. No routing means none; routing without a Region means nothing.
fn destination(domain: &Answer<'_>) -> Observed<String> {
    let pointer = format!("{FAILOVER}/SecondaryRegion");
    match domain.at("/DomainDescription/Routing") {
        Observed::Known(_) => match domain.text(&pointer) {
            Observed::Absent => Observed::Unknown(Cause::NoMeaning { member: format!("{DOMAIN} {pointer}") }),
            region @ (Observed::Known(_) | Observed::Unknown(_)) => region,
        },
        Observed::Absent => match domain.at("/DomainDescription/Status") {
            Observed::Known(_) => Observed::Absent,
            Observed::Unknown(cause) => Observed::Unknown(cause),
            // For a domain that the pool itself names, an empty description contradicts it.
            Observed::Absent => Observed::Unknown(Cause::Contradiction {
                what: "the pool names a domain whose description is empty".to_owned(),
            }),
        },
        Observed::Unknown(cause) => Observed::Unknown(cause),
    }
}

pub(super) fn failover_hosts(view: &PoolView<'_>) -> Fact {
    let (routed, sources) = routed(view);
    let items = routed.items.into_iter().map(|domain| domain.host).collect();
    texts(Listed { items, incomplete: routed.incomplete }, sources)
}

pub(super) fn failover_regions(view: &PoolView<'_>) -> Fact {
    let (routed, sources) = routed(view);
    let mut items: Vec<String> = routed.items.into_iter().map(|domain| domain.region).collect();
    items.dedup();
    texts(Listed { items, incomplete: routed.incomplete }, sources)
}

pub(super) fn routed_to_replica(view: &PoolView<'_>) -> Fact {
    let (routed, mut sources) = routed(view);
    let replicas = replica::secondaries(view);
    sources.push(view.source(REPLICAS, &view.region, "/UserPoolReplicas"));
    if routed.items.is_empty() && routed.incomplete.is_none() {
        return Fact::absent(sources);
    }
    let truth = routed.all(|domain| {
        replicas
            .any(|replica| replica.region.as_ref().map_or(Truth::Unknown, |region| (*region == domain.region).into()))
    });
    decided(truth, routed.incomplete.or(replicas.incomplete), sources)
}
