//! What has to change in each place that verifies tokens: before the switch of the issuer, and after the last old token.
//!
//! Every consumer of the pool that the evidence shows, with the words of `rules/data/issuer-classes.yaml` for its language or
//! service. Not here: tests and documentation, which verify nothing, and places that know the updated issuer alone.
//! Whether a place stops the switch is a rule's question.

use std::collections::BTreeMap;

use crate::facts::{Child, PoolView};
use crate::model::plan::VerifierChange;
use crate::model::{Class, Observed, Severity, SubjectKind, TargetIssuer, Value};
use crate::scan::classes;

/// The kinds of subjects that take or verify tokens.
const KINDS: [SubjectKind; 9] = [
    SubjectKind::Reference,
    SubjectKind::Template,
    SubjectKind::Authorizer,
    SubjectKind::Route,
    SubjectKind::LoadBalancer,
    SubjectKind::OidcProvider,
    SubjectKind::IdentityPool,
    SubjectKind::BoundService,
    SubjectKind::DiscoveryClient,
];
/// Those that are places in a text.
const TEXTS: [SubjectKind; 2] = [SubjectKind::Reference, SubjectKind::Template];
/// The field that tells resources of one kind apart: type, action or service.
const DETAILS: [(SubjectKind, &str); 4] = [
    (SubjectKind::Authorizer, "authorizer.type"),
    (SubjectKind::LoadBalancer, "load_balancer.action"),
    (SubjectKind::BoundService, "bound_service.service"),
    (SubjectKind::DiscoveryClient, "discovery_client.service"),
];
/// The field that says how a resource names the pool, where there is one.
const NAMED_BY: [(SubjectKind, &str); 5] = [
    (SubjectKind::Authorizer, "authorizer.issuers"),
    (SubjectKind::LoadBalancer, "load_balancer.issuer"),
    (SubjectKind::OidcProvider, "oidc_provider.url"),
    (SubjectKind::IdentityPool, "identity_pool.providers"),
    (SubjectKind::DiscoveryClient, "discovery_client.issuers"),
];
/// What a person calls resources of a kind, where the detail does not say it.
const CALLED: [(SubjectKind, &str); 4] = [
    (SubjectKind::Authorizer, "REST API authorizer"),
    (SubjectKind::LoadBalancer, "load balancer"),
    (SubjectKind::OidcProvider, "IAM OIDC provider"),
    (SubjectKind::IdentityPool, "identity pool"),
];
/// The most characters of what is seen there; the place says where the rest is.
const SEEN: usize = 120;
/// So many routes of one authorizer are named; the others are a number.
const MAX_ROUTES: usize = 6;
/// What to do before the switch where both issuers are accepted already.
const ACCEPTED: &str = "nothing: the updated issuer is accepted";

/// Every place that verifies this pool's tokens and has to change, sorted by owner (those without one last) and place. None
/// if the issuer stays the original one.
pub fn verifiers(pool: &PoolView<'_>) -> Vec<VerifierChange> {
    let switched = pool.field("pool.issuer").is_some_and(|fact| fact.value == Observed::Known("UPDATED".into()));
    if pool.target_issuer() == TargetIssuer::Original && !switched {
        return Vec::new();
    }
    let mut changes = Vec::new();
    for kind in KINDS {
        let Some(children) = pool.children(kind) else { continue };
        let children = children.found.items;
        if kind == SubjectKind::Route {
            changes.extend(routes(&children));
        } else if TEXTS.contains(&kind) {
            changes.extend(children.iter().filter_map(|child| of_text(kind, child)));
        } else {
            changes.extend(children.iter().filter_map(|child| of_resource(kind, child)));
        }
    }
    changes.sort_by_cached_key(|change: &VerifierChange| {
        let VerifierChange { owner, place, kind, seen, .. } = change.clone();
        (owner.is_none(), owner, place, kind, seen)
    });
    changes.dedup();
    changes
}

/// A reference in a text: in a source tree, a template, a setting.
fn of_text(kind: SubjectKind, child: &Child) -> Option<VerifierChange> {
    let field = |name: &str| format!("{kind}.{name}");
    if truth(child, &field("in_test")) == Some(true) || truth(child, &field("in_doc")) == Some(true) {
        return None;
    }
    let word = text(child, &field("class"))?;
    let class = Class::ALL.into_iter().find(|class| class.as_str() == word)?;
    let row = classes::of(class);
    let template = kind == SubjectKind::Template;
    let language = text(child, &field("language"));
    let language = if template { "cloudformation" } else { language.as_deref().unwrap_or_default() };
    let accepted = truth(child, &field("accepts_new")) == Some(true);
    let holder = text(child, if template { "template.stack" } else { "reference.holder" }).unwrap_or_default();
    let place = text(child, &field(if template { "path" } else { "place" })).unwrap_or_default();
    let region = child.subject.region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
    let what = if template { format!("stack {holder}{region}") } else { format!("{holder}{region}") };
    let severity = text(child, &field("severity"));
    let severity = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .find(|each| severity.as_deref() == Some(each.as_str()))
        .unwrap_or(row.severity);
    let own = text(child, "reference.remedy").filter(|remedy| !template && !remedy.is_empty());
    Some(VerifierChange {
        owner: owner(child),
        kind: word,
        place: format!("{what}, {place}"),
        severity: if accepted { Severity::Info } else { severity },
        seen: shortened(&text(child, &field("text")).unwrap_or_default()),
        before: if accepted { ACCEPTED.to_owned() } else { own.unwrap_or_else(|| row.remedy(language).to_owned()) },
        after: row.after(language).to_owned(),
    })
}

/// The owners of a file, as `CODEOWNERS` writes them; any of them may act.
fn owner(child: &Child) -> Option<String> {
    let owners = texts(child, "reference.owners");
    (!owners.is_empty()).then(|| owners.join(", "))
}

/// A live resource that AWS describes member by member.
fn of_resource(kind: SubjectKind, child: &Child) -> Option<VerifierChange> {
    let field = |name: &str| format!("{kind}.{name}");
    let detail = of_kind(&DETAILS, kind).and_then(|name| text(child, name)).unwrap_or_default();
    let row = classes::resource(kind, &detail)?;
    let (old, new) = (truth(child, &field("accepts_old")), truth(child, &field("accepts_new")));
    if new == Some(true) && old == Some(false) {
        return None;
    }
    // The old provider goes on; beside it there is one for the updated issuer already.
    let beside = kind == SubjectKind::OidcProvider && truth(child, "oidc_provider.new_provider_exists") == Some(true);
    let accepted = new == Some(true) || beside;
    let name = child.subject.name.clone().unwrap_or_else(|| child.subject.id.clone());
    let called = of_kind(&CALLED, kind).unwrap_or(&detail);
    // IAM is of the whole account: the Region in which it was asked says nothing.
    let region = child.subject.region.as_ref().filter(|_| kind != SubjectKind::OidcProvider);
    Some(VerifierChange {
        owner: None,
        kind: kind.as_str().to_owned(),
        place: format!("{called} {name}{}", region.map(|region| format!(" in {region}")).unwrap_or_default()),
        severity: if accepted { Severity::Info } else { row.severity },
        seen: shortened(&seen(kind, child, &detail)),
        before: if accepted { ACCEPTED.to_owned() } else { row.before.clone() },
        after: row.after.clone(),
    })
}

/// What a resource says of the pool.
fn seen(kind: SubjectKind, child: &Child, detail: &str) -> String {
    let seen = of_kind(&NAMED_BY, kind).map(|name| texts(child, name).join(", ")).unwrap_or_default();
    match (seen.is_empty(), detail.is_empty()) {
        (false, _) => seen,
        (true, false) => format!("{detail}, by the pool's id or ARN"),
        (true, true) => "the pool's id or ARN".to_owned(),
    }
}

/// The routes of HTTP APIs, those of one authorizer together: they change together.
fn routes(children: &[Child]) -> Vec<VerifierChange> {
    let mut by_authorizer: BTreeMap<(String, String, String), Vec<&Child>> = BTreeMap::new();
    for child in children {
        let part = |name: &str| text(child, name).unwrap_or_default();
        let region = child.subject.region.clone().unwrap_or_default();
        by_authorizer.entry((region, part("route.api"), part("route.authorizer"))).or_default().push(child);
    }
    let Some(row) = classes::resource(SubjectKind::Route, "") else { return Vec::new() };
    let changes = by_authorizer.into_iter().filter_map(|((region, api, authorizer), children)| {
        let first = children.first()?;
        let (old, new) = (truth(first, "route.accepts_old"), truth(first, "route.accepts_new"));
        if new == Some(true) && old == Some(false) {
            return None;
        }
        let accepted = new == Some(true);
        let mut keys: Vec<String> = children.iter().filter_map(|child| text(child, "route.key")).collect();
        keys.sort();
        let more = keys.len().saturating_sub(MAX_ROUTES);
        keys.truncate(MAX_ROUTES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(VerifierChange {
            owner: None,
            kind: SubjectKind::Route.as_str().to_owned(),
            place: format!("HTTP API {api} in {region}, authorizer {authorizer}: {}{more}", keys.join(", ")),
            severity: if accepted { Severity::Info } else { row.severity },
            seen: shortened(&text(first, "route.issuer").unwrap_or_default()),
            before: if accepted { ACCEPTED.to_owned() } else { row.before.clone() },
            after: row.after.clone(),
        })
    });
    changes.collect()
}

fn of_kind(table: &[(SubjectKind, &'static str)], kind: SubjectKind) -> Option<&'static str> {
    table.iter().find(|(each, _)| *each == kind).map(|(_, what)| *what)
}

fn value(child: &Child, name: &str) -> Option<Value> {
    child.field(name)?.value.known().cloned()
}

fn text(child: &Child, name: &str) -> Option<String> {
    if let Some(Value::Text(text)) = value(child, name) { Some(text) } else { None }
}

fn truth(child: &Child, name: &str) -> Option<bool> {
    if let Some(Value::Bool(truth)) = value(child, name) { Some(truth) } else { None }
}

/// The items of a list, or the one text.
fn texts(child: &Child, name: &str) -> Vec<String> {
    match value(child, name) {
        Some(Value::List(list)) => list.items.iter().map(ToString::to_string).collect(),
        Some(value) => vec![value.to_string()],
        None => Vec::new(),
    }
}

/// The beginning of a text.
fn shortened(text: &str) -> String {
    if text.chars().count() <= SEEN {
        return text.to_owned();
    }
    text.chars().take(SEEN - 1).chain(std::iter::once('…')).collect()
}
