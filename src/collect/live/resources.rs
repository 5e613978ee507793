//! What Cloud Control is asked about consumers of tokens: one search per type of resource and Region.
//!
//! Driven by the table of resource types: the list, under each of its parents where it has one, and the single read of what
//! the list does not say enough about. What that means for a pool is the business of facts.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{FutureExt, LocalBoxFuture, join, join_all};
use serde_json::Value;

use tokio::sync::SetOnce;

use super::ask::{Query, Session};
use crate::snapshot::operations::{GLOBAL_REGION, RESOURCE_TYPES, ResourceType};

/// Searches for the types that are the same in every Region.
pub(super) async fn search_global(session: &Session<'_>, all: &SetOnce<BTreeSet<String>>) {
    types(session, GLOBAL_REGION, true, all).await;
}

/// Searches a Region for the other types; `all` are the Regions that are searched, when they are known.
pub(super) async fn search(session: &Session<'_>, region: &str, all: &SetOnce<BTreeSet<String>>) {
    types(session, region, false, all).await;
}

async fn types(session: &Session<'_>, region: &str, global: bool, all: &SetOnce<BTreeSet<String>>) {
    for row in consumers().filter(|row| row.global == global) {
        session.log.searched(row.service, region);
    }
    let roots = consumers().filter(|row| row.global == global && row.parent.is_none());
    join_all(roots.map(|row| list(session, row, region, all, None))).await;
}

/// Says that these Regions were not searched, and why.
pub(super) fn leave_out(session: &Session<'_>, regions: &BTreeSet<String>, why: &str) {
    for row in consumers().filter(|row| row.parent.is_none()) {
        let call = format!("cloudcontrol:ListResources {}", row.name);
        for region in places(row, regions) {
            session.log.not_asked(region, &[&call], why);
        }
    }
}

/// The types that are searched for consumers.
fn consumers() -> impl Iterator<Item = &'static ResourceType> {
    RESOURCE_TYPES.iter().filter(|row| row.consumer)
}

/// Where a type is asked.
fn places<'r>(row: &ResourceType, regions: &'r BTreeSet<String>) -> Vec<&'r str> {
    if row.global { vec![GLOBAL_REGION] } else { regions.iter().map(String::as_str).collect() }
}

/// Lists the resources of a type, reads those that have to be, and lists what belongs to each.
fn list<'a>(
    session: &'a Session<'_>,
    row: &'static ResourceType,
    region: &'a str,
    all: &'a SetOnce<BTreeSet<String>>,
    parent: Option<String>,
) -> LocalBoxFuture<'a, ()> {
    async move {
        let model = parent.and_then(|parent| row.model(&parent));
        let parameters: Vec<(&str, &str)> = model.iter().map(|model| ("ResourceModel", model.as_str())).collect();
        let listed = session.ask(&Query::resource("ListResources", row.name, region, &parameters)).await;
        if listed.error.is_some() {
            let why = format!("the list of {} was not answered in full", row.name);
            let calls = dependents(row);
            session.log.not_asked(region, &calls.iter().map(String::as_str).collect::<Vec<_>>(), &why);
        }
        // Of a repeated item the first one counts, as everywhere.
        let mut items: BTreeMap<&str, Option<&Value>> = BTreeMap::new();
        for item in listed.items("/ResourceDescriptions") {
            let properties = item.get("Properties");
            if let Some(identifier) = item.get("Identifier").and_then(Value::as_str)
                && row.matters(properties)
            {
                items.entry(identifier).or_insert(properties);
            }
        }
        let reads: Vec<Query> = items
            .iter()
            .filter(|(_, properties)| row.needs_read(**properties))
            .map(|(identifier, _)| Query::resource("GetResource", row.name, region, &[("Identifier", *identifier)]))
            .collect();
        let children = || consumers().filter(|child| child.parent.is_some_and(|(parent, _)| parent == row.name));
        let below = async {
            if items.is_empty() || children().next().is_none() {
                return;
            }
            // Whether something is the copy of what another Region shows depends on all Regions that are searched.
            let nothing = BTreeSet::new();
            let regions = if row.may_be_copy() { all.wait().await } else { &nothing };
            let parents = items.keys().filter(|identifier| !row.is_copy(identifier, region, regions));
            let lists = parents.flat_map(|identifier| {
                children().map(move |child| list(session, child, region, all, Some((*identifier).to_owned())))
            });
            join_all(lists).await;
        };
        join(join_all(reads.iter().map(|query| session.ask(query))), below).await;
    }
    .boxed_local()
}

/// The calls that a list of this type leads to.
fn dependents(row: &ResourceType) -> Vec<String> {
    let mut calls = Vec::new();
    if row.read {
        calls.push(format!("cloudcontrol:GetResource {}", row.name));
    }
    for child in consumers().filter(|child| child.parent.is_some_and(|(parent, _)| parent == row.name)) {
        calls.push(format!("cloudcontrol:ListResources {}", child.name));
        calls.extend(dependents(child));
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_types_are_asked_once_and_the_others_in_every_region() {
        let regions = BTreeSet::from(["eu-west-1".to_owned(), "eu-central-1".to_owned()]);
        for row in consumers() {
            let places = places(row, &regions);
            if row.name == "AWS::IAM::OIDCProvider" {
                assert_eq!(places, [GLOBAL_REGION]);
            } else {
                assert_eq!(places, ["eu-central-1", "eu-west-1"], "{}", row.name);
            }
        }
    }

    #[test]
    fn what_a_list_leads_to_is_named_to_the_bottom() {
        let row = consumers().find(|row| row.name == "AWS::ElasticLoadBalancingV2::LoadBalancer").unwrap();
        let calls = dependents(row);
        assert_eq!(calls.len(), 4, "{calls:?}");
        assert_eq!(calls.last().unwrap(), "cloudcontrol:GetResource AWS::ElasticLoadBalancingV2::ListenerRule");
    }

    #[test]
    fn every_type_below_another_is_reached() {
        let reached: BTreeSet<String> = consumers().filter(|row| row.parent.is_none()).flat_map(dependents).collect();
        for row in consumers().filter(|row| row.parent.is_some()) {
            assert!(reached.contains(&format!("cloudcontrol:ListResources {}", row.name)), "{}", row.name);
        }
    }
}
