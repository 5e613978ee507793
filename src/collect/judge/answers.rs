//! The texts of answers, whoever asked: environment variables, trust policies, outputs, exports, templates. From an answer
//! before admission to the references in it.
//!
//! Which members are texts is said by the table of operations (`hits`). Not here: asking, and what a reference is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Origin, Place};
use crate::scan::template::Environment;
use crate::snapshot::normal::Page;
use crate::snapshot::operations::Operation;
use crate::snapshot::{Call, Hit, admit};

/// The references in the texts of a page of an answer, templates aside; `call` is its entry, still without account.
pub fn texts(operation: &Operation, call: &Call, page: &Value) -> Vec<Hit> {
    match operation.call().as_str() {
        "cloudformation:GetTemplate" => Vec::new(),
        "cloudformation:DescribeStacks" => outputs(call, page),
        "cloudformation:ListExports" => exports(call, page),
        _ => texts_of(operation, page).iter().flat_map(|text| hits(call, text)).collect(),
    }
}

/// What is known of a Region's stacks, and never kept.
#[derive(Debug, Default)]
pub struct Stacks {
    account: String,
    exports: BTreeMap<String, String>,
    parameters: BTreeMap<String, BTreeMap<String, String>>,
}

impl Stacks {
    /// From the pages of `DescribeStacks` and of `ListExports` of a Region.
    pub fn new(account: String, described: &[Value], exported: &[Value]) -> Self {
        let mut stacks = Self { account, ..Self::default() };
        for page in described {
            stacks.described(page);
        }
        for page in exported {
            stacks.exported(page);
        }
        stacks
    }

    /// With a page of `DescribeStacks`, too.
    pub fn described(&mut self, page: &Value) {
        self.parameters.extend(items(page, "Stacks").filter_map(|stack| {
            // Of a parameter that names an SSM parameter, what that one held.
            let values = ["ResolvedValue", "ParameterValue"];
            let pairs = pairs(items(stack, "Parameters"), &["ParameterKey"], &values);
            Some((text(stack, "StackId")?.to_owned(), pairs))
        }));
    }

    /// With a page of `ListExports`, too.
    pub fn exported(&mut self, page: &Value) {
        self.exports.extend(pairs(items(page, "Exports"), &["Name"], &["Value"]));
    }

    /// Names their account.
    pub fn of_account(&mut self, account: String) {
        self.account = account;
    }

    /// What the template of this stack is evaluated with, given the admitted pages of its
    /// `ListStackResources`: what follows from them follows from what is kept, whoever asked.
    pub fn environment(&self, region: &str, id: &str, name: &str, resources: &[Value]) -> Environment {
        let (partition, url_suffix) = partition(id);
        let resources = resources.iter().flat_map(|page| items(page, "StackResourceSummaries"));
        Environment {
            account: self.account.clone(),
            region: region.to_owned(),
            partition,
            url_suffix,
            stack_name: name.to_owned(),
            stack_id: id.to_owned(),
            parameters: self.parameters.get(id).cloned().unwrap_or_default(),
            resources: pairs(resources, &["LogicalResourceId"], &["PhysicalResourceId"]),
            exports: self.exports.clone(),
        }
    }
}

/// Judges the template in an answer to `GetTemplate`: fills in the entry, and returns the references.
pub fn template(operation: &Operation, entry: &mut Call, page: Page, environment: &Environment) -> Vec<Hit> {
    let written = page.answer.get("TemplateBody").and_then(Value::as_str).unwrap_or_default();
    let origin = Origin { call: entry, container: &environment.stack_name };
    match super::template(&origin, written, page.template_is_text, environment) {
        // Text that cannot be read is no evidence that nothing is in it.
        Err(error) => {
            entry.error = Some(error);
            Vec::new()
        }
        Ok(found) => {
            let admitted = admit::admit(operation, page.answer);
            entry.response = Some(admitted.response);
            entry.dropped = admitted.dropped;
            found
        }
    }
}

/// Judges the output values of stacks.
fn outputs(call: &Call, page: &Value) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (index, stack) in items(page, "Stacks").enumerate() {
        let origin = Origin { call, container: text(stack, "StackName").unwrap_or_default() };
        for (output, value) in items(stack, "Outputs").enumerate() {
            let Some(written) = text(value, "OutputValue") else { continue };
            let place = Place {
                logical_id: text(value, "OutputKey").map(str::to_owned),
                path: "OutputValue".to_owned(),
                pointer: format!("/Stacks/{index}/Outputs/{output}/OutputValue"),
                ..Place::default()
            };
            hits.extend(super::value(&origin, &place, written));
        }
    }
    hits
}

/// Judges the values of exports.
fn exports(call: &Call, page: &Value) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (index, export) in items(page, "Exports").enumerate() {
        let container = format!("export {}", text(export, "Name").unwrap_or_default());
        let origin = Origin { call, container: &container };
        let Some(written) = text(export, "Value") else { continue };
        let pointer = format!("/Exports/{index}/Value");
        let place = Place { path: "Value".to_owned(), pointer, ..Place::default() };
        hits.extend(super::value(&origin, &place, written));
    }
    hits
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

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The first of the members `keys` of each item to the first of its members `values`.
fn pairs<'a>(items: impl Iterator<Item = &'a Value>, keys: &[&str], values: &[&str]) -> BTreeMap<String, String> {
    let first = |item: &'a Value, names: &[&str]| names.iter().find_map(|name| text(item, name)).map(str::to_owned);
    items.filter_map(|item| Some((first(item, keys)?, first(item, values)?))).collect()
}

/// The member by which the holder of a text is called.
fn name_of(operation: &Operation) -> &'static str {
    match operation.service {
        "lambda" => "FunctionArn",
        "iam" => "Arn",
        "opensearch" => "ARN",
        "codebuild" => "arn",
        _ => "Identifier",
    }
}

/// A text in an answer, and where.
struct Text<'a> {
    value: &'a str,
    /// What holds it, such as a function's ARN.
    container: String,
    /// The steps within that, such as `Environment`, `Variables`, `ISSUER`.
    steps: Vec<String>,
    pointer: String,
}

fn hits(call: &Call, text: &Text<'_>) -> Vec<Hit> {
    let origin = Origin { call, container: &text.container };
    let place =
        Place { logical_id: None, path: dotted(&text.steps), pointer: text.pointer.clone(), ..Place::default() };
    super::value(&origin, &place, text.value)
}

/// `Environment.Variables.ISSUER`, `ContainerDefinitions[0].Command[2]`.
fn dotted(steps: &[String]) -> String {
    let mut path = String::new();
    for step in steps {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            path.extend(["[", step, "]"]);
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(step);
        }
    }
    path
}

/// Every text at the patterns of the operation. What holds it is the item of the first list, or the resource.
fn texts_of<'a>(operation: &Operation, page: &'a Value) -> Vec<Text<'a>> {
    let mut found = Vec::new();
    for pattern in operation.hits {
        let steps: Vec<&str> = pattern.split('/').skip(1).collect();
        // The list and its index, or the one resource, whose properties are what people know.
        let head = 1 + usize::from(steps.get(1).is_some_and(|step| matches!(*step, "*" | "Properties")));
        let mut at = Vec::new();
        walk(page, &steps, &mut at, &mut |path, value| {
            let holder = if steps.get(1) == Some(&"*") { &path[..2] } else { &path[..1] };
            let item = page.pointer(&pointer(holder)).unwrap_or(page);
            found.push(Text {
                value,
                container: text(item, name_of(operation)).unwrap_or_default().to_owned(),
                steps: path.get(head..).unwrap_or_default().to_vec(),
                pointer: pointer(path),
            });
        });
    }
    found
}

/// Visits the texts that lie at `steps`, `*` standing for any index or name.
fn walk<'a>(value: &'a Value, steps: &[&str], at: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &'a str)) {
    let Some((step, rest)) = steps.split_first() else {
        if let Value::String(text) = value {
            visit(at, text);
        }
        return;
    };
    let mut into = |name: String, value: &'a Value| {
        at.push(name);
        walk(value, rest, at, visit);
        at.pop();
    };
    match (value, *step) {
        (Value::Array(items), "*") => {
            items.iter().enumerate().for_each(|(index, item)| into(index.to_string(), item));
        }
        (Value::Object(members), "*") => members.iter().for_each(|(name, member)| into(name.clone(), member)),
        (Value::Object(members), name) => {
            if let Some(member) = members.get(name) {
                into(name.to_owned(), member);
            }
        }
        (Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => {}
    }
}

/// A JSON pointer, its parts escaped.
fn pointer(steps: &[String]) -> String {
    let escaped = steps.iter().map(|step| step.replace('~', "~0").replace('/', "~1"));
    escaped.flat_map(|step| ["/".to_owned(), step]).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::snapshot::operations::{find, find_call};

    const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc";

    #[test]
    fn texts_are_found_where_the_table_says_with_what_holds_them() {
        let operation = find("lambda", "ListFunctions").unwrap();
        let page = json!({ "Functions": [
            { "FunctionArn": "arn:one", "Environment": { "Variables": { "ISSUER": ISSUER, "DB/URL": "planted" } } },
            { "FunctionArn": "arn:two", "Environment": { "Error": { "ErrorCode": "KMSAccessDeniedException" } } }
        ] });
        let all = texts_of(operation, &page);
        let places: Vec<_> =
            all.iter().map(|text| (text.container.as_str(), dotted(&text.steps), text.pointer.as_str())).collect();
        assert_eq!(
            places,
            [
                ("arn:one", "Environment.Variables.DB/URL".to_owned(), "/Functions/0/Environment/Variables/DB~1URL"),
                ("arn:one", "Environment.Variables.ISSUER".to_owned(), "/Functions/0/Environment/Variables/ISSUER"),
            ]
        );
        let call = json!({ "account": "", "region": "eu-west-1", "service": "lambda", "operation": "ListFunctions",
            "time": "2026-11-21T12:00:00Z" });
        let found = texts(operation, &serde_json::from_value(call).unwrap(), &page);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].text.as_str(), found[0].pool_id.as_deref()), (ISSUER, Some("eu-west-1_Abc")));
        assert_eq!((found[0].container.as_str(), found[0].service.as_str()), ("arn:one", "lambda"));
    }

    #[test]
    fn one_resource_is_called_by_its_identifier() {
        let operation = find_call("cloudcontrol:GetResource AWS::ECS::TaskDefinition").unwrap();
        let page = json!({ "ResourceDescription": { "Identifier": "arn:t:3", "Properties": { "ContainerDefinitions": [
            { "Name": "web", "Command": ["serve", format!("--issuer={ISSUER}")] }
        ] } } });
        let texts = texts_of(operation, &page);
        let held: Vec<_> = texts.iter().map(|text| (text.container.as_str(), dotted(&text.steps))).collect();
        assert_eq!(
            held,
            [
                ("arn:t:3", "ContainerDefinitions[0].Command[0]".to_owned()),
                ("arn:t:3", "ContainerDefinitions[0].Command[1]".to_owned()),
            ]
        );
    }
}
