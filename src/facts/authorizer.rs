//! `authorizer.*`: authorizers of REST APIs, each seen from one pool it names.
//!
//! A pool is matched by id: in S, `providerARNs` carry S's ARN. HTTP APIs are judged by route, see `route`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::{Cause, Fact, FieldType, Listed, Observed, Source, Subject, SubjectKind, Truth};
use crate::scan::pattern::{HostKind, parse_issuer, pool_of_arn};

use super::clients::described;
use super::pool::{self, decided, word};
use super::{Child, ChildField, Children, PoolView, TEXT, TEXTS, child_field};

const APIS: &str = "apigateway:GetRestApis";
const AUTHORIZERS: &str = "apigateway:GetAuthorizers";
const KIND: SubjectKind = SubjectKind::Authorizer;
const CALLS: &[&str] = &[APIS, AUTHORIZERS];

/// The fields.
pub(super) const FIELDS: &[ChildField] = &[
    child_field(
        KIND,
        "authorizer.accepts_new",
        FieldType::Bool,
        CALLS,
        "Whether it accepts tokens of the multi-Region issuer.",
    ),
    child_field(
        KIND,
        "authorizer.accepts_old",
        FieldType::Bool,
        CALLS,
        "Whether it accepts tokens of the Regional issuer.",
    ),
    child_field(KIND, "authorizer.api", TEXT, CALLS, "The API's name and id."),
    child_field(
        KIND,
        "authorizer.audience_without_id_tokens",
        FieldType::Bool,
        &[APIS, AUTHORIZERS, "cognito-idp:DescribeUserPoolClient", "cognito-idp:ListUserPoolClients"],
        "Whether an audience is the id of an app client that gets no ID tokens.",
    ),
    child_field(KIND, "authorizer.issuers", TEXTS, CALLS, "The issuers it lists."),
    child_field(KIND, "authorizer.name", TEXT, CALLS, "The authorizer's name."),
    child_field(
        KIND,
        "authorizer.only_replica_host",
        FieldType::Bool,
        CALLS,
        "Whether it lists the Regional issuer with the replica's host only.",
    ),
    child_field(
        KIND,
        "authorizer.type",
        FieldType::Word(&["COGNITO_USER_POOLS", "JWT", "TOKEN", "REQUEST"]),
        CALLS,
        "The type of authorizer.",
    ),
];

pub(super) fn of(view: &PoolView<'_>) -> Children {
    let (regions, mut incomplete) = view.consumer_regions("apigateway");
    let mut items = Vec::new();
    for region in regions.iter() {
        let list = view.ask(APIS, region, &[]).named("id");
        incomplete = incomplete.or(list.incomplete);
        for (id, api) in list.items {
            let authorizers = view.ask(AUTHORIZERS, region, &[id]);
            let list = authorizers.list();
            incomplete = incomplete.or(list.incomplete);
            for (index, authorizer) in list.items.iter().enumerate() {
                if names_pool(authorizer, &view.key.id) {
                    let source = authorizers.source(&format!("/items/{index}"));
                    items.push(child(view, region, (id, &word(api, "name")), authorizer, &source));
                } else {
                    incomplete = incomplete.or_else(|| hidden(authorizer));
                }
            }
        }
    }
    let searched = view.searched_texts(|| regions.iter().map(|region| format!("REST APIs in {region}")).collect());
    Children { found: Listed { items, incomplete }, searched }
}

/// The names of APIs whose Lambda authorizers decide, and why there may be more.
pub(super) fn lambda_decided(view: &PoolView<'_>) -> Listed<String> {
    let (regions, missing) = view.consumer_regions("apigateway");
    let Listed { items, incomplete } =
        view.consumers.authorizers.get(&view.key.account, &regions, || lambda_decided_in(view, &regions));
    Listed { items, incomplete: missing.or(incomplete) }
}

fn lambda_decided_in(view: &PoolView<'_>, regions: &BTreeSet<String>) -> Listed<String> {
    let (mut found, mut incomplete) = (BTreeSet::new(), None);
    for region in regions {
        let list = view.ask(APIS, region, &[]).named("id");
        incomplete = incomplete.or(list.incomplete);
        for (id, api) in list.items {
            let authorizers = view.ask(AUTHORIZERS, region, &[id]).list();
            incomplete = incomplete.or(authorizers.incomplete);
            for authorizer in authorizers.items {
                if matches!(word(authorizer, "type").as_str(), "TOKEN" | "REQUEST") {
                    found.insert(format!("{} ({id}) authorizer {}", word(api, "name"), word(authorizer, "name")));
                }
            }
        }
    }
    Listed { items: found.into_iter().collect(), incomplete }
}

/// Where the types of authorizers are read: in every Region that was searched.
pub(super) fn sources(view: &PoolView<'_>) -> Vec<Source> {
    let (regions, _) = view.consumer_regions("apigateway");
    regions.iter().map(|region| view.source(AUTHORIZERS, region, "/items")).collect()
}

fn strings<'j>(value: &'j Json, pointer: &str) -> impl Iterator<Item = &'j str> {
    value.pointer(pointer).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

fn issuers(authorizer: &Json) -> Vec<String> {
    let issuers = authorizer.pointer("/jwtConfiguration/issuers").and_then(Json::as_array);
    issuers.into_iter().flatten().filter_map(|i| i.get("issuer")?.as_str()).map(str::to_owned).collect()
}

fn names_pool(authorizer: &Json, pool: &str) -> bool {
    strings(authorizer, "/providerARNs").any(|arn| pool_of_arn(arn).is_some_and(|arn| arn.pool_id == pool))
        || issuers(authorizer).iter().any(|url| parse_issuer(url).is_some_and(|issuer| issuer.pool_id == pool))
}

/// Why an authorizer that names no pool may still be one of this pool's: a member that AWS did not give, or a type that
/// is newer than this program. A client that is older than the JWT type leaves its configuration out.
fn hidden(authorizer: &Json) -> Option<Cause> {
    let whole = |pointer: &str, text: &dyn Fn(&Json) -> bool| {
        let list = authorizer.pointer(pointer).and_then(Json::as_array);
        let cause = Cause::NoMeaning { member: format!("{AUTHORIZERS} /items/*{pointer}") };
        (!list.is_some_and(|items| items.iter().all(text))).then_some(cause)
    };
    match authorizer.get("type").and_then(Json::as_str) {
        Some("COGNITO_USER_POOLS") => whole("/providerARNs", &Json::is_string),
        Some("JWT") => whole("/jwtConfiguration/issuers", &|item| item.get("issuer").is_some_and(Json::is_string)),
        // What their code verifies is another rule's concern.
        Some("TOKEN" | "REQUEST") => None,
        Some(kind) => Some(Cause::Unrecognised { value: kind.to_owned() }),
        None => Some(Cause::NoMeaning { member: format!("{AUTHORIZERS} /items/*/type") }),
    }
}

/// Whether a list of issuers accepts the pool's Regional and multi-Region issuer. A trailing slash is another issuer:
/// OIDC compares exactly, <https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation>. On which Region's
/// host the Regional issuer of a replica is, sources disagree.
pub(super) fn accepts(issuers: &[String], view: &PoolView<'_>) -> (bool, bool) {
    let regional = |url: &String| {
        parse_issuer(url).is_some_and(|issuer| {
            let exact = format!("https://cognito-idp.{}.{}/{}", issuer.region, issuer.dns_suffix, view.key.id);
            issuer.host == HostKind::Original && *url == exact
        })
    };
    let new = pool::issuer(view, "issuer-cognito-idp");
    (issuers.iter().any(regional), issuers.contains(&new))
}

fn child(
    view: &PoolView<'_>,
    region: &str,
    (api, api_name): (&str, &str),
    authorizer: &Json,
    source: &Source,
) -> Child {
    let issuers = issuers(authorizer);
    let kind = word(authorizer, "type");
    // AWS documents that this type is not compatible with the multi-Region issuer:
    // https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html#user-pool-oidc-issuer
    let (old, new) = if kind == "COGNITO_USER_POOLS" { (true, false) } else { accepts(&issuers, view) };
    let hosts: Vec<String> = issuers
        .iter()
        .filter_map(|url| parse_issuer(url))
        .filter(|issuer| issuer.pool_id == view.key.id && issuer.host == HostKind::Original)
        .map(|issuer| issuer.region)
        .collect();
    let only_replica = !hosts.is_empty() && hosts.iter().all(|region| *region != view.region);
    let id = format!("apigateway/{region}/{api}/{}#{}", word(authorizer, "id"), view.key.id);
    let known = |value: crate::model::Value| Fact::known(value, vec![source.clone()]);
    let fields = BTreeMap::from([
        ("authorizer.accepts_new", known(new.into())),
        ("authorizer.accepts_old", known(old.into())),
        ("authorizer.api", known(format!("{api_name} ({api})").into())),
        ("authorizer.audience_without_id_tokens", audience(view, authorizer, source)),
        ("authorizer.issuers", known(Listed::complete(issuers).into())),
        ("authorizer.name", known(word(authorizer, "name").into())),
        ("authorizer.only_replica_host", known(only_replica.into())),
        ("authorizer.type", known(kind.into())),
    ]);
    let subject = Subject {
        kind: KIND,
        id,
        name: Some(format!("{} of {api_name}", word(authorizer, "name"))),
        arn: Some(format!(
            "arn:{}:apigateway:{region}::/restapis/{api}/authorizers/{}",
            view.table.partition(region),
            word(authorizer, "id")
        )),
        region: Some(region.to_owned()),
        account: view.key.account.clone(),
        pool_id: Some(view.key.id.clone()),
    };
    Child { subject, fields }
}

/// An app client gets ID tokens unless its only OAuth flow is client credentials and it has no sign-in flow of its own.
fn audience(view: &PoolView<'_>, authorizer: &Json, source: &Source) -> Fact {
    let mut audiences = BTreeSet::new();
    for issuer in authorizer.pointer("/jwtConfiguration/issuers").and_then(Json::as_array).into_iter().flatten() {
        audiences.extend(strings(issuer, "/audiences").map(str::to_owned));
    }
    let (clients, mut sources) = described(view);
    sources.insert(0, source.clone());
    let mut cause = clients.incomplete.clone();
    let truth = clients.any(|client| {
        let mut unknown = |why: Cause| {
            cause.get_or_insert(why);
            Truth::Unknown
        };
        let nothing = |member: &str| Cause::NoMeaning { member: format!("{} {member}", client.call) };
        match client.text("/UserPoolClient/ClientId") {
            Observed::Known(id) if audiences.contains(&id) => {}
            Observed::Known(_) => return Truth::False,
            Observed::Absent => return unknown(nothing("/UserPoolClient/ClientId")),
            Observed::Unknown(why) => return unknown(why),
        }
        let people = match client.texts("/UserPoolClient/AllowedOAuthFlows") {
            Observed::Known(flows) => flows.iter().any(|flow| flow != "client_credentials"),
            // Left out means that no OAuth flow is allowed.
            Observed::Absent => false,
            Observed::Unknown(why) => return unknown(why),
        };
        if people {
            return Truth::False;
        }
        match client.texts("/UserPoolClient/ExplicitAuthFlows") {
            Observed::Known(flows) => flows.iter().all(|flow| flow.contains("REFRESH_TOKEN")).into(),
            // A client for which no flow was chosen has some all the same: what leaving it out means is not documented.
            Observed::Absent => unknown(nothing("/UserPoolClient/ExplicitAuthFlows")),
            Observed::Unknown(why) => unknown(why),
        }
    });
    decided(truth, cause, sources)
}
