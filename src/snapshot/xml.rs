//! The XML of AWS's Query protocol, and of Route 53, as JSON with the model's member names.
//!
//! Lists are `member` elements; another element that is repeated becomes a list under its own name. An element with neither
//! text nor children is an empty list if the model says that it is a list, otherwise an empty string. Not a general XML
//! reader.

use std::collections::BTreeSet;

use quick_xml::events::Event;
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

/// Members of the operations in the table that are lists although they can be empty.
const LISTS: &[&str] = &[
    "Stacks",
    "Outputs",
    "Parameters",
    "Exports",
    "StackSummaries",
    "StackResourceSummaries",
    "StagesAvailable",
    "Tags",
    "Capabilities",
    "NotificationARNs",
    "EvaluationResults",
    "MissingContextValues",
    "ResourceSpecificResults",
    "Roles",
];

const MAX_DEPTH: usize = 64;

enum Node {
    Open {
        name: String,
        text: String,
        members: Map<String, Value>,
        items: Option<Vec<Value>>,
        repeated: BTreeSet<String>,
    },
}

/// The content of `<XResult>` in a Query answer, or of `<Error>` in an error.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().trim_text(false);
    let mut stack: Vec<Node> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().map_err(|error| format!("not XML: {error}"))? {
            Event::Start(start) => {
                if stack.len() >= MAX_DEPTH {
                    return Err("XML nested too deeply".to_owned());
                }
                let name = start.local_name().as_ref().to_owned();
                stack.push(Node::Open {
                    name,
                    text: String::new(),
                    members: Map::new(),
                    items: None,
                    repeated: BTreeSet::new(),
                });
            }
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                close(
                    Node::Open {
                        name,
                        text: String::new(),
                        members: Map::new(),
                        items: None,
                        repeated: BTreeSet::new(),
                    },
                    &mut stack,
                    &mut root,
                );
            }
            Event::Text(chunk) => {
                if let Some(Node::Open { text, .. }) = stack.last_mut() {
                    text.push_str(&chunk.xml10_content());
                }
            }
            Event::CData(chunk) => {
                if let Some(Node::Open { text, .. }) = stack.last_mut() {
                    text.push_str(&chunk);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(Node::Open { text, .. }) = stack.last_mut() {
                    text.push_str(&resolve(&reference)?);
                }
            }
            Event::End(_) => match stack.pop() {
                Some(node) => close(node, &mut stack, &mut root),
                None => return Err("not XML: an end without a start".to_owned()),
            },
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    if !stack.is_empty() {
        return Err("XML is cut off".to_owned());
    }
    let Some((name, value)) = root else { return Err("no XML element".to_owned()) };
    Ok(unwrap(&name, value))
}

/// Ends an element and puts its value into its parent.
fn close(node: Node, stack: &mut [Node], root: &mut Option<(String, Value)>) {
    let Node::Open { name, text, members, items, .. } = node;
    let value = if let Some(items) = items {
        Value::Array(items)
    } else if !members.is_empty() {
        Value::Object(members)
    } else if LISTS.contains(&name.as_str()) {
        Value::Array(Vec::new())
    } else {
        Value::String(text)
    };
    match stack.last_mut() {
        None => *root = Some((name, value)),
        Some(Node::Open { items, .. }) if name == "member" => items.get_or_insert_default().push(value),
        Some(Node::Open { members, repeated, .. }) => match members.remove(&name) {
            None => drop(members.insert(name, value)),
            Some(Value::Array(mut several)) if repeated.contains(&name) => {
                several.push(value);
                members.insert(name, Value::Array(several));
            }
            Some(first) => {
                members.insert(name.clone(), Value::Array(vec![first, value]));
                repeated.insert(name);
            }
        },
    }
}

/// Takes off `<XResponse><XResult>` or `<ErrorResponse><Error>`, or Route 53's `<XResponse>` alone.
fn unwrap(name: &str, value: Value) -> Value {
    if !name.ends_with("Response") {
        return value;
    }
    let Value::Object(mut members) = value else { return Value::Object(Map::new()) };
    let inner = members.keys().find(|key| key.ends_with("Result") || *key == "Error").cloned();
    match inner {
        None => Value::Object(members),
        Some(key) => match members.remove(&key) {
            Some(Value::String(_)) | None => Value::Object(Map::new()),
            Some(value) => value,
        },
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| format!("not XML: {error}"))? {
        return Ok(character.to_string());
    }
    quick_xml::escape::resolve_predefined_entity(reference)
        .map(str::to_owned)
        .ok_or_else(|| "an XML entity that is not predefined".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

    #[test]
    fn lists_members_and_entities() {
        let xml = br#"<?xml version="1.0"?><ListStacksResponse xmlns="x"><ListStacksResult><StackSummaries>
          <member><StackName>a &amp; b &#x41;</StackName></member></StackSummaries><NextToken>t</NextToken>
          </ListStacksResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></ListStacksResponse>"#;
        assert_eq!(parse(xml).unwrap(), json!({"StackSummaries": [{"StackName": "a & b A"}], "NextToken": "t"}));
    }

    #[test]
    fn an_empty_list_is_a_list() {
        let xml = b"<ListExportsResponse><ListExportsResult><Exports/></ListExportsResult></ListExportsResponse>";
        assert_eq!(parse(xml).unwrap(), json!({"Exports": []}));
    }

    #[test]
    fn cut_off_and_foreign_are_errors() {
        assert!(parse(b"<a><b>").is_err());
        assert!(parse(b"{}").is_err());
        assert!(parse(b"<a>&bomb;</a>").is_err());
        assert!(parse("<a>".repeat(5000).as_bytes()).is_err());
    }
}
