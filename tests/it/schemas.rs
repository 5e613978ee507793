//! The table of resource types against CloudFormation's published schemas: that the types can be listed and read, with which
//! permissions, and that every property which is kept exists under that name.
//!
//! Not what Cloud Control answers: no account is asked.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mrready::snapshot::operations::{OPERATIONS, Operation, RESOURCE_TYPES, find_typed, resource_type};
use serde_json::Value;

use crate::tools;

/// Types for which fewer permissions are asked for than the handler may use, and why that is enough.
const FEWER: &[(&str, &str)] =
    &[("AWS::EC2::VPCEndpoint", "subnets, security groups and service networks are not read by the properties kept")];

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The schema of a type as us-east-1 has it.
fn schema(folder: &Path, kind: &str) -> Value {
    let types = json(&folder.join("providers/us-east-1.json"));
    let file = types[kind].as_str().unwrap_or_else(|| panic!("us-east-1 has no {kind}"));
    json(&folder.join(format!("resources/{file}.json")))
}

/// The definitions that a node stands for: what it refers to, and each branch of a choice.
fn resolved<'s>(schema: &'s Value, node: &'s Value) -> Vec<&'s Value> {
    if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
        let target = schema.pointer(reference.trim_start_matches('#'));
        return target.map_or_else(Vec::new, |target| resolved(schema, target));
    }
    let branches = ["oneOf", "anyOf"].into_iter().filter_map(|name| node.get(name)?.as_array()).flatten();
    std::iter::once(node).chain(branches.flat_map(|branch| resolved(schema, branch))).collect()
}

/// Whether the steps lead to a property that the schema has. An object without properties takes any.
fn leads(schema: &Value, node: &Value, steps: &[&str]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    resolved(schema, node).into_iter().any(|node| {
        if *step == "*" {
            // Any item of a list, or any member of an object whose names are the user's.
            let named =
                || node.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
            return node.get("items").into_iter().chain(named()).any(|item| leads(schema, item, rest));
        }
        match node.get("properties") {
            Some(properties) => properties.get(*step).is_some_and(|property| leads(schema, property, rest)),
            None => node.get("type").and_then(Value::as_str) == Some("object"),
        }
    })
}

fn permissions(schema: &Value, handler: &str) -> BTreeSet<String> {
    let list = schema.pointer(&format!("/handlers/{handler}/permissions")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn asked(operation: &Operation) -> BTreeSet<String> {
    let own = ["cloudformation:ListResources", "cloudformation:GetResource"];
    operation.iam.iter().filter(|action| !own.contains(*action)).map(|action| (*action).to_owned()).collect()
}

#[test]
fn every_row_is_what_cloudformation_publishes() {
    let Some(folder) = tools::schemas() else { return };
    for row in RESOURCE_TYPES {
        let schema = schema(&folder, row.name);
        let operations = [("list", "ListResources"), ("read", "GetResource")];
        for (handler, name) in operations {
            let Some(operation) = find_typed("cloudcontrol", name, row.name) else { continue };
            let (asked, wanted) = (asked(operation), permissions(&schema, handler));
            assert!(!wanted.is_empty(), "{}: there is no handler {handler}", row.name);
            if FEWER.iter().any(|(kind, _)| *kind == row.name) {
                assert!(asked.is_subset(&wanted), "{} {handler}: {asked:?} of {wanted:?}", row.name);
            } else {
                assert_eq!(asked, wanted, "{} {handler}", row.name);
            }
            for pattern in operation.keep {
                let Some((_, property)) = pattern.split_once("/Properties/") else { continue };
                let steps: Vec<&str> = property.split('/').collect();
                assert!(leads(&schema, &schema, &steps), "{}: no property {property}", row.name);
            }
        }
        for property in row.wanted.iter().chain(row.only.as_ref().map(|(property, _)| property)) {
            assert!(schema["properties"].get(*property).is_some(), "{}: no property {property}", row.name);
        }
        if let Some((parent, property)) = row.parent {
            let model = schema.pointer(&format!("/handlers/list/handlerSchema/properties/{property}"));
            assert!(model.is_some(), "{}: its list takes no {property}", row.name);
            assert!(resource_type(parent).is_some(), "{}: no row {parent}", row.name);
        }
    }
}

/// The types that are searched for texts are no rows of the table; their operations are held to the same.
#[test]
fn searched_texts_are_what_cloudformation_publishes() {
    let Some(folder) = tools::schemas() else { return };
    let typed = OPERATIONS.iter().filter(|operation| !operation.resource_type.is_empty());
    let mut seen = 0;
    for operation in typed.filter(|operation| resource_type(operation.resource_type).is_none()) {
        let schema = schema(&folder, operation.resource_type);
        let handler = if operation.name == "GetResource" { "read" } else { "list" };
        let (asked, wanted) = (asked(operation), permissions(&schema, handler));
        assert_eq!(asked, wanted, "{}", operation.call());
        assert!(asked.iter().all(|action| is_read(action)), "{asked:?}");
        for pattern in operation.keep.iter().chain(operation.hits) {
            let Some((_, property)) = pattern.split_once("/Properties/") else { continue };
            let steps: Vec<&str> = property.split('/').collect();
            assert!(leads(&schema, &schema, &steps), "{}: no property {property}", operation.resource_type);
        }
        seen += 1;
    }
    assert_eq!(seen, 4);
}

fn is_read(action: &str) -> bool {
    let name = action.split(':').nth(1).unwrap_or_default();
    ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb))
}

#[test]
fn the_handlers_of_every_row_only_read() {
    let Some(folder) = tools::schemas() else { return };
    for row in RESOURCE_TYPES {
        let schema = schema(&folder, row.name);
        let handlers = std::iter::once("list").chain(row.read.then_some("read"));
        for action in handlers.flat_map(|handler| permissions(&schema, handler)) {
            assert!(is_read(&action), "{}: {action}", row.name);
        }
    }
}
