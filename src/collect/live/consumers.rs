//! What is asked about those who verify tokens: REST APIs, HTTP APIs, stacks; one search per Region.
//!
//! Templates and output values live in memory until they are judged, one at a time, and go no further.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, join3};
use serde_json::Value;

use super::ask::{Answers, Fetched, Query, Session};
use crate::collect::judge::{self, Origin, Place};
use crate::scan::template::Environment;
use crate::snapshot::{Entry, admit};

const SERVICES: [(&str, &str); 3] = [
    ("apigateway", "apigateway:GetRestApis"),
    ("apigatewayv2", "apigatewayv2:GetApis"),
    ("cloudformation", "cloudformation:ListStacks"),
];

/// Searches these Regions.
pub(super) async fn search(session: &Session<'_>, regions: &BTreeSet<String>) {
    for region in regions {
        for (service, _) in SERVICES {
            session.log.searched(service, region);
        }
    }
    join_all(regions.iter().map(|region| async move {
        join3(rest_apis(session, region), http_apis(session, region), stacks(session, region)).await;
    }))
    .await;
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
    outputs(session, &describe, &described);
    export_values(session, &exports, &exported);

    let known = Known {
        account: session.log.account().unwrap_or_default(),
        exports: pairs(exported.items("/Exports"), &["Name"], &["Value"]),
        parameters: described
            .items("/Stacks")
            .filter_map(|stack| {
                let parameters = stack.get("Parameters").and_then(Value::as_array).into_iter().flatten();
                // Of a parameter that names an SSM parameter, what that one held.
                let pairs = pairs(parameters, &["ParameterKey"], &["ResolvedValue", "ParameterValue"]);
                Some((text(stack, "StackId")?.to_owned(), pairs))
            })
            .collect(),
    };
    drop((described, exported));
    let stacks: BTreeMap<String, String> = listed
        .items("/StackSummaries")
        .filter(|stack| text(stack, "StackStatus") != Some("DELETE_COMPLETE"))
        .filter_map(|stack| Some((text(stack, "StackId")?.to_owned(), text(stack, "StackName")?.to_owned())))
        .collect();
    join_all(stacks.iter().map(|(id, name)| template(session, region, id, name, &known))).await;
}

/// What is known of a Region's stacks, and never kept.
struct Known {
    account: String,
    exports: BTreeMap<String, String>,
    parameters: BTreeMap<String, BTreeMap<String, String>>,
}

/// Reads a stack's template and resources, and judges the template.
async fn template(session: &Session<'_>, region: &str, id: &str, name: &str, known: &Known) {
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
            let (partition, url_suffix) = partition(id);
            let environment = Environment {
                account: known.account.clone(),
                region: region.to_owned(),
                partition,
                url_suffix,
                stack_name: name.to_owned(),
                stack_id: id.to_owned(),
                parameters: known.parameters.get(id).cloned().unwrap_or_default(),
                resources: pairs(
                    resources.items("/StackResourceSummaries"),
                    &["LogicalResourceId"],
                    &["PhysicalResourceId"],
                ),
                exports: known.exports.clone(),
            };
            let text = page.answer.get("TemplateBody").and_then(Value::as_str).unwrap_or_default();
            let origin = Origin { call: &entry, container: name };
            match judge::template(&origin, text, page.template_is_text, &environment) {
                // Text that cannot be read is no evidence that nothing is in it.
                Err(error) => entry.error = Some(error),
                Ok(found) => {
                    hits = found;
                    let admitted = admit::admit(query.operation, page.answer);
                    entry.response = Some(admitted.response);
                    entry.dropped = admitted.dropped;
                }
            }
        }
    }
    session.log.put(Entry::Call(entry));
    for hit in hits {
        session.log.put(Entry::Hit(hit));
    }
}

/// Judges the output values of the stacks of a Region.
fn outputs(session: &Session<'_>, query: &Query, described: &Answers) {
    for (page, time) in described.pages.iter().zip(&described.times) {
        let entry = query.entry(None, *time);
        let stacks = page.get("Stacks").and_then(Value::as_array).into_iter().flatten();
        for (index, stack) in stacks.enumerate() {
            let origin = Origin { call: &entry, container: text(stack, "StackName").unwrap_or_default() };
            let outputs = stack.get("Outputs").and_then(Value::as_array).into_iter().flatten();
            for (output, value) in outputs.enumerate() {
                let Some(written) = text(value, "OutputValue") else { continue };
                let place = Place {
                    logical_id: text(value, "OutputKey").map(str::to_owned),
                    path: "OutputValue".to_owned(),
                    pointer: format!("/Stacks/{index}/Outputs/{output}/OutputValue"),
                    ..Place::default()
                };
                for hit in judge::value(&origin, &place, written) {
                    session.log.put(Entry::Hit(hit));
                }
            }
        }
    }
}

/// Judges the values of a Region's exports.
fn export_values(session: &Session<'_>, query: &Query, exported: &Answers) {
    for (page, time) in exported.pages.iter().zip(&exported.times) {
        let entry = query.entry(None, *time);
        let exports = page.get("Exports").and_then(Value::as_array).into_iter().flatten();
        for (index, export) in exports.enumerate() {
            let container = format!("export {}", text(export, "Name").unwrap_or_default());
            let origin = Origin { call: &entry, container: &container };
            let Some(written) = text(export, "Value") else { continue };
            let pointer = format!("/Exports/{index}/Value");
            let place = Place { path: "Value".to_owned(), pointer, ..Place::default() };
            for hit in judge::value(&origin, &place, written) {
                session.log.put(Entry::Hit(hit));
            }
        }
    }
}

/// The partition in an ARN and its DNS suffix; empty where we do not know it.
fn partition(arn: &str) -> (String, String) {
    let partition = arn.split(':').nth(1).unwrap_or_default();
    let suffix = match partition {
        "aws" | "aws-us-gov" => "amazonaws.com",
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        _ => "",
    };
    (partition.to_owned(), suffix.to_owned())
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// The first of the members `keys` of each item to the first of its members `values`.
fn pairs<'a>(items: impl Iterator<Item = &'a Value>, keys: &[&str], values: &[&str]) -> BTreeMap<String, String> {
    let first = |item: &'a Value, names: &[&str]| names.iter().find_map(|name| text(item, name)).map(str::to_owned);
    items.filter_map(|item| Some((first(item, keys)?, first(item, values)?))).collect()
}
