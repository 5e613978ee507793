//! `route.*`: routes of HTTP APIs that are decided by a JWT authorizer which names the pool.
//!
//! An authorizer that no route uses decides nothing; a second authorizer helps nobody until a route uses it. So the route
//! is what is judged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::{Cause, Fact, FieldType, Listed, Observed, Source, Subject, SubjectKind};
use crate::scan::pattern::parse_issuer;

use super::authorizer::{self, accepts};
use super::pool::word;
use super::{Child, ChildField, Children, PoolView, TEXT, child_field};

const APIS: &str = "apigatewayv2:GetApis";
const AUTHORIZERS: &str = "apigatewayv2:GetAuthorizers";
const ROUTES: &str = "apigatewayv2:GetRoutes";
const KIND: SubjectKind = SubjectKind::Route;
const CALLS: &[&str] = &[APIS, AUTHORIZERS, ROUTES];

/// The fields.
pub(super) const FIELDS: &[ChildField] = &[
    child_field(
        KIND,
        "route.accepts_new",
        FieldType::Bool,
        CALLS,
        "Whether its authorizer accepts tokens of the multi-Region issuer.",
    ),
    child_field(
        KIND,
        "route.accepts_old",
        FieldType::Bool,
        CALLS,
        "Whether its authorizer accepts tokens of the Regional issuer.",
    ),
    child_field(KIND, "route.api", TEXT, CALLS, "The API's name and id."),
    child_field(KIND, "route.authorizer", TEXT, CALLS, "The authorizer's name and id."),
    child_field(KIND, "route.issuer", TEXT, CALLS, "The issuer the authorizer compares with."),
    child_field(KIND, "route.key", TEXT, CALLS, "The route's key, such as `GET /x`."),
];

/// HTTP APIs; WebSocket APIs have no JWT authorizers.
fn is_http(api: &Json) -> bool {
    api.get("ProtocolType").and_then(Json::as_str) != Some("WEBSOCKET")
}

pub(super) fn of(view: &PoolView<'_>) -> Children {
    let (regions, mut incomplete) = view.consumer_regions("apigatewayv2");
    let mut items = Vec::new();
    for region in regions.iter() {
        let apis = view.ask(APIS, region, &[]).named("ApiId");
        incomplete = incomplete.or(apis.incomplete);
        for (id, api) in apis.items.into_iter().filter(|(_, api)| is_http(api)) {
            let asked = view.ask(AUTHORIZERS, region, &[id]);
            let authorizers = asked.list();
            incomplete = incomplete.or(authorizers.incomplete);
            let mut ours: BTreeMap<String, (usize, &Json, &str)> = BTreeMap::new();
            let mut hidden: BTreeMap<String, Cause> = BTreeMap::new();
            for (index, authorizer) in authorizers.items.into_iter().enumerate() {
                match issuer_of(authorizer) {
                    Observed::Known(issuer) if parse_issuer(issuer).is_some_and(|i| i.pool_id == view.key.id) => {
                        ours.insert(word(authorizer, "AuthorizerId"), (index, authorizer, issuer));
                    }
                    Observed::Known(_) | Observed::Absent => {}
                    Observed::Unknown(cause) => drop(hidden.insert(word(authorizer, "AuthorizerId"), cause)),
                }
            }
            if ours.is_empty() && hidden.is_empty() {
                continue;
            }
            let answer = view.ask(ROUTES, region, &[id]);
            let routes = answer.list();
            incomplete = incomplete.or(routes.incomplete);
            for (index, route) in routes.items.into_iter().enumerate() {
                let Some(used) = route.get("AuthorizerId").and_then(Json::as_str) else { continue };
                incomplete = incomplete.or_else(|| hidden.get(used).cloned());
                if let Some((configured, authorizer, issuer)) = ours.get(used) {
                    let sources = [
                        asked.source(&format!("/Items/{configured}/JwtConfiguration/Issuer")),
                        answer.source(&format!("/Items/{index}/AuthorizerId")),
                    ];
                    items.push(child(view, region, (id, &word(api, "Name")), route, (authorizer, issuer), &sources));
                }
            }
        }
    }
    let searched = view.searched_texts(|| regions.iter().map(|region| format!("HTTP APIs in {region}")).collect());
    Children { found: Listed { items, incomplete }, searched }
}

/// The issuer that an authorizer compares with; none for one that runs code. One that hides it, or of a type that is
/// newer than this program, may compare with any.
fn issuer_of(authorizer: &Json) -> Observed<&str> {
    let nameless =
        |member: &str| Observed::Unknown(Cause::NoMeaning { member: format!("{AUTHORIZERS} /Items/*{member}") });
    match (authorizer.pointer("/JwtConfiguration/Issuer"), authorizer.get("AuthorizerType").and_then(Json::as_str)) {
        (Some(Json::String(issuer)), _) => Observed::Known(issuer),
        (_, Some("JWT")) => nameless("/JwtConfiguration/Issuer"),
        (_, Some("REQUEST")) => Observed::Absent,
        (_, Some(kind)) => Observed::Unknown(Cause::Unrecognised { value: kind.to_owned() }),
        (_, None) => nameless("/AuthorizerType"),
    }
}

fn child(
    view: &PoolView<'_>,
    region: &str,
    (api, api_name): (&str, &str),
    route: &Json,
    (authorizer, issuer): (&Json, &str),
    sources: &[Source],
) -> Child {
    let (old, new) = accepts(&[issuer.to_owned()], view);
    let known = |value: crate::model::Value| Fact::known(value, sources.to_vec());
    let key = word(route, "RouteKey");
    let fields = BTreeMap::from([
        ("route.accepts_new", known(new.into())),
        ("route.accepts_old", known(old.into())),
        ("route.api", known(format!("{api_name} ({api})").into())),
        (
            "route.authorizer",
            known(format!("{} ({})", word(authorizer, "Name"), word(authorizer, "AuthorizerId")).into()),
        ),
        ("route.issuer", known(issuer.into())),
        ("route.key", known(key.as_str().into())),
    ]);
    let id = word(route, "RouteId");
    let subject = Subject {
        kind: KIND,
        id: format!("apigatewayv2/{region}/{api}/{id}#{}", view.key.id),
        name: Some(format!("{key} of {api_name}")),
        arn: Some(format!("arn:{}:apigateway:{region}::/apis/{api}/routes/{id}", view.table.partition(region))),
        region: Some(region.to_owned()),
        account: view.key.account.clone(),
        pool_id: Some(view.key.id.clone()),
    };
    Child { subject, fields }
}

/// Routes of HTTP APIs and authorizers of REST APIs that a Lambda function decides: what it pins, its code knows.
pub(super) fn lambda_decided(view: &PoolView<'_>) -> Fact {
    let (regions, missing) = view.consumer_regions("apigatewayv2");
    let mut sources = authorizer::sources(view);
    sources.extend(regions.iter().map(|region| view.source(ROUTES, region, "/Items")));
    let routes = view.consumers.routes.get(&view.key.account, &regions, || custom_routes(view, &regions));
    let rest = authorizer::lambda_decided(view);
    let found: BTreeSet<String> = routes.items.into_iter().chain(rest.items).collect();
    let incomplete = missing.or(routes.incomplete).or(rest.incomplete);
    Fact::known(Listed { items: found.into_iter().collect::<Vec<String>>(), incomplete }, sources)
}

fn custom_routes(view: &PoolView<'_>, regions: &BTreeSet<String>) -> Listed<String> {
    let (mut items, mut incomplete) = (Vec::new(), None);
    for region in regions {
        let apis = view.ask(APIS, region, &[]).named("ApiId");
        incomplete = incomplete.or(apis.incomplete);
        for (id, api) in apis.items.into_iter().filter(|(_, api)| is_http(api)) {
            let routes = view.ask(ROUTES, region, &[id]).list();
            incomplete = incomplete.or(routes.incomplete);
            let custom = routes.items.into_iter().filter(|route| word(route, "AuthorizationType") == "CUSTOM");
            items.extend(custom.map(|route| format!("{} ({id}) {}", word(api, "Name"), word(route, "RouteKey"))));
        }
    }
    Listed { items, incomplete }
}
