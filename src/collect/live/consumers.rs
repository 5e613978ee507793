//! What is asked about those who verify tokens: REST APIs, HTTP APIs, stacks; one search per Region.
//!
//! Templates and output values live in memory until they are judged, one at a time, and go no further.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, join3};
use serde_json::Value;

use super::ask::{Answers, Fetched, Query, Session};
use super::texts::texts;
use crate::collect::judge::{self, answers::Stacks};
use crate::snapshot::Entry;

const SERVICES: [(&str, &str); 3] = [
    ("apigateway", "apigateway:GetRestApis"),
    ("apigatewayv2", "apigatewayv2:GetApis"),
    ("cloudformation", "cloudformation:ListStacks"),
];

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
    let query = |name| Query::new("cloudformation", name, region, &[]);
    let (list, describe, exports) = (query("ListStacks"), query("DescribeStacks"), query("ListExports"));
    let (listed, described, exported) = join3(session.ask(&list), session.ask(&describe), session.ask(&exports)).await;
    incomplete(
        session,
        &listed,
        region,
        &["cloudformation:GetTemplate", "cloudformation:ListStackResources"],
        "ListStacks",
    );
    texts(session, &describe, &described);
    texts(session, &exports, &exported);
    let known = Stacks::new(session.log.account().unwrap_or_default(), &described.pages, &exported.pages);
    drop((described, exported));
    let stacks: BTreeMap<String, String> = listed
        .items("/StackSummaries")
        .filter(|stack| text(stack, "StackStatus") != Some("DELETE_COMPLETE"))
        .filter_map(|stack| Some((text(stack, "StackId")?.to_owned(), text(stack, "StackName")?.to_owned())))
        .collect();
    join_all(stacks.iter().map(|(id, name)| template(session, region, id, name, &known))).await;
}

/// Reads a stack's template and resources, and judges the template.
async fn template(session: &Session<'_>, region: &str, id: &str, name: &str, known: &Stacks) {
    if !session.may_fetch("cloudformation:GetTemplate", region) {
        return;
    }
    let resources = Query::new("cloudformation", "ListStackResources", region, &[("StackName", id)]);
    let query = Query::new("cloudformation", "GetTemplate", region, &[("StackName", id)]);
    session.log.plan();
    let (resources, Fetched { time, result }) = join(session.ask(&resources), session.fetch(&query, None)).await;
    let mut entry = query.entry(None, time);
    let mut hits = Vec::new();
    match result {
        Err(error) => entry.error = Some(error),
        Ok(page) => {
            let environment = known.environment(region, id, name, &resources.pages);
            hits = judge::answers::template(query.operation, &mut entry, page, &environment);
        }
    }
    session.log.put(Entry::Call(entry));
    for hit in hits {
        session.log.put(Entry::Hit(hit));
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
