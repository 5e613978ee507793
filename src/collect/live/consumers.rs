//! What is asked about those who verify tokens: REST APIs, HTTP APIs, stacks; one search per Region.
//!
//! Templates and output values live in memory until they are judged, one at a time, and go no further.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, join3};
use jiff::Timestamp;
use serde_json::Value;

use super::ask::{Answers, Aside, Fetched, Query, Session};
use crate::collect::judge::{self, answers::Stacks};
use crate::snapshot::{CallError, Entry, ErrorKind};

const SERVICES: [(&str, &str); 3] = [
    ("apigateway", "apigateway:GetRestApis"),
    ("apigatewayv2", "apigatewayv2:GetApis"),
    ("cloudformation", "cloudformation:ListStacks"),
];

/// What templates need and nobody keeps.
const PARAMETERS: &str = "/Stacks/*/Parameters";
const VALUES: &str = "/Exports/*/Value";

/// Searches a Region.
pub(super) async fn search(session: &Session<'_>, region: &str) {
    for (service, _) in SERVICES {
        session.log.searched(service, region);
    }
    join3(rest_apis(session, region), http_apis(session, region), stacks(session, region)).await;
}

/// Says that these Regions were not searched, and why.
pub(super) fn leave_out(session: &Session<'_>, regions: &BTreeSet<String>, why: &str) {
    for region in regions {
        session.log.not_asked(region, &SERVICES.map(|(_, call)| call), why);
    }
}

async fn rest_apis(session: &Session<'_>, region: &str) {
    let apis = session.ask(&Query::new("apigateway", "GetRestApis", region, &[])).await;
    incomplete(session, &apis, region, &["apigateway:GetAuthorizers"], "GetRestApis");
    let queries: Vec<Query> = apis
        .names("/items", "id")
        .iter()
        .map(|id| Query::new("apigateway", "GetAuthorizers", region, &[("restApiId", id)]))
        .collect();
    join_all(queries.iter().map(|query| session.ask(query))).await;
}

async fn http_apis(session: &Session<'_>, region: &str) {
    let apis = session.ask(&Query::new("apigatewayv2", "GetApis", region, &[])).await;
    incomplete(session, &apis, region, &["apigatewayv2:GetAuthorizers", "apigatewayv2:GetRoutes"], "GetApis");
    // WebSocket APIs take no JWT authorizer; a protocol that is not named is asked all the same.
    let queries: Vec<Query> = apis
        .items("/Items")
        .filter(|api| api.get("ProtocolType").and_then(Value::as_str) != Some("WEBSOCKET"))
        .filter_map(|api| api.get("ApiId").and_then(Value::as_str))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .flat_map(|id| {
            ["GetAuthorizers", "GetRoutes"].map(|name| Query::new("apigatewayv2", name, region, &[("ApiId", id)]))
        })
        .collect();
    join_all(queries.iter().map(|query| session.ask(query))).await;
}

/// A list that breaks off leaves calls unmade that nobody can name.
fn incomplete(session: &Session<'_>, listed: &Answers, region: &str, calls: &[&str], list: &str) {
    if listed.error.is_some() {
        session.log.not_asked(region, calls, &format!("{list} was not answered in full"));
    }
}

async fn stacks(session: &Session<'_>, region: &str) {
    let list = Query::new("cloudformation", "ListStacks", region, &[]);
    let (listed, (mut known, aside)) = if session.goes_on() {
        let listed = session.ask(&list).await;
        // A template that is still to be read needs the values, which are not kept.
        let read = live(&listed).keys().all(|id| session.remembers(&template_of(region, id)));
        let anew = !read && session.wants("cloudformation:GetTemplate");
        (listed, values(session, region, anew).await)
    } else {
        join(session.ask(&list), values(session, region, true)).await
    };
    incomplete(
        session,
        &listed,
        region,
        &["cloudformation:GetTemplate", "cloudformation:ListStackResources"],
        "ListStacks",
    );
    known.of_account(session.log.account().unwrap_or_default());
    let stacks = live(&listed);
    let read = join_all(stacks.iter().map(|(id, name)| template(session, region, id, name, &known))).await;
    // With a template that has to be asked for again the values are needed again.
    if read.into_iter().all(|read| read) {
        for aside in aside {
            aside.keep(&session.log);
        }
    }
}

/// The stacks that are there, by id, with their names.
fn live(listed: &Answers) -> BTreeMap<String, String> {
    listed
        .items("/StackSummaries")
        .filter(|stack| text(stack, "StackStatus") != Some("DELETE_COMPLETE"))
        .filter_map(|stack| Some((text(stack, "StackId")?.to_owned(), text(stack, "StackName")?.to_owned())))
        .collect()
}

fn template_of(region: &str, id: &str) -> Query {
    Query::new("cloudformation", "GetTemplate", region, &[("StackName", id)])
}

/// The values of a Region's stacks, and the answers that hold them, for the journal when no template needs them any more.
/// Without `anew` they are not needed, and what was answered before will do.
async fn values(session: &Session<'_>, region: &str, anew: bool) -> (Stacks, Vec<Aside>) {
    let query = |name| Query::new("cloudformation", name, region, &[]);
    let (describe, exports) = (query("DescribeStacks"), query("ListExports"));
    let known = RefCell::new(Stacks::default());
    let of_stacks = |page: &Value, time: Timestamp| {
        known.borrow_mut().described(page);
        judge::answers::texts(describe.operation, &describe.entry(None, time), page)
    };
    let of_exports = |page: &Value, time: Timestamp| {
        known.borrow_mut().exported(page);
        judge::answers::texts(exports.operation, &exports.entry(None, time), page)
    };
    let asides = [Aside::default(), Aside::default()];
    let wanted = |query: &Query, values: &str| anew && !session.remembers_all(query, values);
    let first = Some(&asides[0]).filter(|_| wanted(&describe, PARAMETERS));
    let second = Some(&asides[1]).filter(|_| wanted(&exports, VALUES));
    join(session.ask_and(&describe, &of_stacks, first), session.ask_and(&exports, &of_exports, second)).await;
    let mut held = Vec::new();
    for (aside, values) in asides.into_iter().zip([PARAMETERS, VALUES]) {
        // Without values nothing is lost by taking them from the journal.
        if aside.lacks(values) { held.push(aside) } else { aside.keep(&session.log) }
    }
    (known.into_inner(), held)
}

/// Reads a stack's resources and template, and judges the template. Whether it need not be asked for again.
async fn template(session: &Session<'_>, region: &str, id: &str, name: &str, known: &Stacks) -> bool {
    if !session.may_fetch("cloudformation:GetTemplate", region) {
        return true;
    }
    let resources = Query::new("cloudformation", "ListStackResources", region, &[("StackName", id)]);
    let resources = session.ask(&resources).await;
    let query = template_of(region, id);
    if session.recall(&query) {
        return true;
    }
    session.log.plan();
    let Fetched { time, result, turn: _turn } = session.fetch(&query, None).await;
    let mut entry = query.entry(None, time);
    let mut hits = Vec::new();
    match result {
        Err(error) => entry.error = Some(error),
        Ok(page) => {
            let environment = known.environment(region, id, name, &resources.pages);
            hits = judge::answers::template(query.operation, &mut entry, page, &environment);
        }
    }
    let again = |error: &CallError| matches!(error.kind, ErrorKind::Throttled | ErrorKind::Failed);
    let read = !entry.error.as_ref().is_some_and(again);
    let hits = hits.into_iter().map(Entry::Hit);
    session.log.put_all(std::iter::once(Entry::Call(entry)).chain(hits).collect(), None);
    read
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
