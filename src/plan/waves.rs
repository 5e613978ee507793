//! Waves: which pools have to be moved together because they share something, and which go first.
//!
//! What pools share is told by the evidence of all of them: a KMS key, the parent of their custom domains, a health check, a
//! stack, and whatever takes the tokens of both. The order is by what is measured: users, consumers of tokens, shared things.
//! Not for the order of steps within a pool.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Child, Facts, PoolView};
use crate::model::plan::Wave;
use crate::model::{Observed, SubjectKind, Value};

/// The resources whose change is felt by every pool that they name. Source trees are not among them: that one repository
/// names two pools does not tie these together.
const SHAREABLE: [(SubjectKind, &str); 7] = [
    (SubjectKind::Authorizer, "REST API"),
    (SubjectKind::Route, "HTTP API"),
    (SubjectKind::Template, "stack"),
    (SubjectKind::LoadBalancer, "load balancer"),
    (SubjectKind::IdentityPool, "identity pool"),
    (SubjectKind::BoundService, "service"),
    (SubjectKind::DiscoveryClient, "service"),
];
/// Everything that takes tokens, for the count.
const CONSUMERS: [SubjectKind; 9] = [
    SubjectKind::Authorizer,
    SubjectKind::Route,
    SubjectKind::Template,
    SubjectKind::LoadBalancer,
    SubjectKind::OidcProvider,
    SubjectKind::IdentityPool,
    SubjectKind::BoundService,
    SubjectKind::DiscoveryClient,
    SubjectKind::Reference,
];

/// What a pool weighs, and what others may have too.
struct Pool {
    /// `account/pool id`.
    name: String,
    id: String,
    /// Cognito's estimate; none if it is not known.
    users: Option<u64>,
    consumers: usize,
    /// Whether there may be more consumers than were seen.
    more: bool,
    /// Identity of a thing → what a person calls it.
    things: BTreeMap<String, String>,
}

/// Pools that go together.
struct Group {
    pools: Vec<Pool>,
    shared: Vec<String>,
}

/// Groups the pools of a snapshot, a wave each; the smallest blast radius first. A pool that shares nothing is a wave of its
/// own.
pub fn waves(facts: &Facts<'_>) -> Vec<Wave> {
    let pools: Vec<Pool> = facts.pools().iter().map(measure).collect();
    let mut groups = groups(pools);
    groups.sort_by_cached_key(Group::radius);
    (1..).zip(groups).map(|(number, group)| group.wave(number)).collect()
}

fn measure(view: &PoolView<'_>) -> Pool {
    let users = match view.field("pool.estimated_users").map(|fact| fact.value) {
        Some(Observed::Known(Value::Int(users))) => u64::try_from(users).ok(),
        _ => None,
    };
    let (mut consumers, mut more) = (0, false);
    let mut things = of_pool(view);
    for kind in CONSUMERS {
        let Some(children) = view.children(kind) else { continue };
        consumers += children.found.items.len();
        more |= children.found.incomplete.is_some();
        if let Some((_, what)) = SHAREABLE.iter().find(|(each, _)| *each == kind) {
            things.extend(children.found.items.iter().filter_map(|child| thing(child, what)));
        }
    }
    // Of another account it is another thing, whatever it is called.
    let things = things.into_iter().map(|(key, what)| (format!("{} {key}", view.key.account), what)).collect();
    let name = format!("{}/{}", view.key.account, view.key.id);
    Pool { name, id: view.key.id.clone(), users, consumers, more, things }
}

/// What the pool's own settings name.
fn of_pool(view: &PoolView<'_>) -> BTreeMap<String, String> {
    let texts = |name: &str| match view.field(name).map(|fact| fact.value) {
        Some(Observed::Known(Value::List(list))) => list.items.iter().map(ToString::to_string).collect(),
        Some(Observed::Known(value)) => vec![value.to_string()],
        _ => Vec::new(),
    };
    let mut things = BTreeMap::new();
    let mut add = |kind: &str, items: Vec<String>| {
        things.extend(items.into_iter().map(|item| {
            let what = format!("{kind} {item}");
            (what.clone(), what)
        }));
    };
    // Of a multi-Region key the id is the same in all its Regions.
    add("KMS key", texts("key.id"));
    add("parent domain", texts("pool.custom_domain").iter().filter_map(|domain| parent(domain)).collect());
    add("health check", texts("health_check.ids"));
    // As a template's stack is written below: the stack of one pool may hold the issuer of another.
    for stack in texts("pool.owner_stack") {
        let region = &view.region;
        things.insert(format!("stack {region} {stack}"), format!("stack {stack} in {region}"));
    }
    things
}

/// The domain above, `example.com` of `auth.example.com`; none where that is a public suffix of one label.
fn parent(domain: &str) -> Option<String> {
    let (_, parent) = domain.trim_end_matches('.').split_once('.')?;
    parent.contains('.').then(|| parent.to_ascii_lowercase())
}

/// What a consumer belongs to that another pool may name too: the API of an authorizer or route, the load balancer of a
/// rule, the stack of a template; else the resource itself.
fn thing(child: &Child, what: &str) -> Option<(String, String)> {
    // `service/Region/resource…#pool id`, as facts write ids.
    let id = child.subject.id.rsplit_once('#').map_or(child.subject.id.as_str(), |(id, _)| id);
    let parts: Vec<&str> = id.split('/').collect();
    let region = child.subject.region.as_deref().unwrap_or_default();
    let text = |name: &str| match child.field(name).map(|fact| fact.value) {
        Some(Observed::Known(Value::Text(text))) => Some(text),
        _ => None,
    };
    let (key, name) = match child.subject.kind {
        SubjectKind::Authorizer => (parts.get(2)?.to_string(), text("authorizer.api")?),
        SubjectKind::Route => (parts.get(2)?.to_string(), text("route.api")?),
        SubjectKind::Template => {
            let stack = text("template.stack")?;
            (stack.clone(), stack)
        }
        // `listener/app/name/id/…` and `listener-rule/app/name/id/…`.
        SubjectKind::LoadBalancer if parts.len() > 5 => (parts.get(3..6)?.join("/"), (*parts.get(4)?).to_owned()),
        SubjectKind::Pool
        | SubjectKind::Trigger
        | SubjectKind::LoadBalancer
        | SubjectKind::OidcProvider
        | SubjectKind::IdentityPool
        | SubjectKind::BoundService
        | SubjectKind::DiscoveryClient
        | SubjectKind::Reference
        | SubjectKind::Account => (id.to_owned(), child.subject.name.clone().unwrap_or_else(|| id.to_owned())),
    };
    Some((format!("{what} {region} {key}"), format!("{what} {name} in {region}")))
}

/// Pools that share a thing are in one group, and so are those that share with one of these.
fn groups(pools: Vec<Pool>) -> Vec<Group> {
    let mut users_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, pool) in pools.iter().enumerate() {
        for thing in pool.things.keys() {
            users_of.entry(thing).or_default().push(index);
        }
    }
    users_of.retain(|_, users| users.len() > 1);
    let mut group_of: Vec<usize> = (0..pools.len()).collect();
    for users in users_of.values() {
        let joined: BTreeSet<usize> = users.iter().filter_map(|user| group_of.get(*user).copied()).collect();
        let Some(first) = joined.first().copied() else { continue };
        for group in &mut group_of {
            if joined.contains(group) {
                *group = first;
            }
        }
    }
    let mut shared: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (thing, users) in &users_of {
        let Some(pool) = users.first().and_then(|user| pools.get(*user)) else { continue };
        let Some(what) = pool.things.get(*thing) else { continue };
        let ids: Vec<&str> = users.iter().filter_map(|user| pools.get(*user)).map(|pool| pool.id.as_str()).collect();
        let group = users.first().and_then(|user| group_of.get(*user)).copied().unwrap_or_default();
        shared.entry(group).or_default().insert(format!("{what}: {}", ids.join(", ")));
    }
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    for (index, pool) in pools.into_iter().enumerate() {
        let number = group_of.get(index).copied().unwrap_or(index);
        let group = groups.entry(number).or_insert_with(|| Group {
            pools: Vec::new(),
            shared: shared.remove(&number).unwrap_or_default().into_iter().collect(),
        });
        group.pools.push(pool);
    }
    groups.into_values().collect()
}

impl Group {
    /// The users of all pools; none if one of them is not known.
    fn users(&self) -> Option<u64> {
        self.pools.iter().try_fold(0_u64, |sum, pool| Some(sum.saturating_add(pool.users?)))
    }

    fn consumers(&self) -> usize {
        self.pools.iter().map(|pool| pool.consumers).sum()
    }

    /// What the order is by. What is not known counts as more than anything that is.
    fn radius(&self) -> (u64, bool, usize, usize, usize, String) {
        let more = self.pools.iter().any(|pool| pool.more);
        let first = self.pools.first().map(|pool| pool.name.clone()).unwrap_or_default();
        let users = self.users().unwrap_or(u64::MAX);
        (users, more, self.consumers(), self.shared.len(), self.pools.len(), first)
    }

    fn wave(self, number: usize) -> Wave {
        let users = match self.users() {
            Some(users) => format!("about {users} {}", plural(users == 1, "user")),
            None => "an unknown number of users".to_owned(),
        };
        let least = if self.pools.iter().any(|pool| pool.more) { "at least " } else { "" };
        let consumers = self.consumers();
        let consumers = format!("{least}{consumers} {} of tokens", plural(consumers == 1, "consumer"));
        let shared = match (self.pools.len(), self.shared.len()) {
            (1, _) => "nothing shared with another pool".to_owned(),
            (pools, 1) => format!("1 thing shared by {pools} pools, which go together"),
            (pools, things) => format!("{things} things shared among {pools} pools, which go together"),
        };
        let mut pools: Vec<String> = self.pools.into_iter().map(|pool| pool.name).collect();
        pools.sort();
        Wave { number, pools, shared: self.shared, reason: format!("{users}, {consumers}, {shared}") }
    }
}

fn plural(one: bool, noun: &str) -> String {
    if one { noun.to_owned() } else { format!("{noun}s") }
}
