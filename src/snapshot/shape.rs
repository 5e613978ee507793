//! The allow-list of an operation as a shape, and the shape as others need it: as a query of the AWS CLI that drops what the
//! list does not name, and as a tree for jq, which looks into text that a query cannot look into.
//!
//! Both leave the names of what they drop, as admission does; [`Shape::restore`] reads the query's names back. Which members
//! an operation keeps is said in `operations`; what is admitted is decided in `admit`, again, whatever a script wrote.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::operations::Operation;

/// The member under which a query puts the names of all members of an object. No answer of AWS has it.
const NAMES: &str = "_";
/// What the evaluation of templates needs beside what is kept and searched: `collect::judge` reads it, nobody keeps it.
const ALSO: &[(&str, &[&str])] = &[(
    "cloudformation:DescribeStacks",
    &[
        "/Stacks/*/Parameters/*/ParameterKey",
        "/Stacks/*/Parameters/*/ParameterValue",
        "/Stacks/*/Parameters/*/ResolvedValue",
    ],
)];
/// What is searched, and read for the evaluation of templates too: it cannot be left out for not looking like an issuer.
const WHOLE: &[&str] = &["/TemplateBody", "/Exports/*/Value"];

/// What is wanted at one place of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// The whole subtree.
    Whole,
    /// The subtree where text in it could be an issuer's.
    Text,
    /// Of an object these members, `*` standing for all of a list.
    Members(BTreeMap<&'static str, Shape>),
}

impl Shape {
    /// What an operation keeps, digests and searches.
    pub fn of(operation: &Operation) -> Self {
        let also = ALSO.iter().filter(|(call, _)| *call == operation.call()).flat_map(|(_, patterns)| *patterns);
        let whole = operation.keep.iter().chain(operation.digest).chain(also);
        let (read, searched): (Vec<_>, Vec<_>) = operation.hits.iter().partition(|pattern| WHOLE.contains(pattern));
        let mut shape = Self::Members(BTreeMap::new());
        for pattern in whole.chain(read) {
            shape.add(&steps(pattern), &Self::Whole);
        }
        for pattern in searched {
            shape.add(&steps(pattern), &Self::Text);
        }
        shape
    }

    fn add(&mut self, steps: &[&'static str], leaf: &Shape) {
        let Self::Members(members) = self else { return };
        match steps {
            [] => *self = leaf.clone(),
            [step, rest @ ..] => {
                let (name, presence) = step.strip_suffix("{}").map_or((*step, false), |name| (name, true));
                let member = members.entry(name).or_insert_with(|| Self::Members(BTreeMap::new()));
                if !presence {
                    member.add(rest, leaf);
                }
            }
        }
    }

    /// The expression for `--query`: the answer in its own shape, with the names of all members of every object that is
    /// not taken whole. `also` are members at the top that are wanted beside it.
    pub fn query(&self, also: &[&str]) -> String {
        let Self::Members(members) = self else { return "@".to_owned() };
        let also = also.iter().map(|name| format!("{name}:{name}"));
        let members = members.iter().map(|(name, shape)| format!("{name}:{}", shape.below(name)));
        let names = std::iter::once(format!("{NAMES}:keys(@)"));
        format!("{{{}}}", members.chain(also).chain(names).collect::<Vec<_>>().join(","))
    }

    /// The expression for a member of this shape.
    fn below(&self, name: &str) -> String {
        match self {
            Self::Whole | Self::Text => name.to_owned(),
            // The properties of Cloud Control are text: what is in it, jq drops.
            Self::Members(_) if name == "Properties" => name.to_owned(),
            Self::Members(members) => match members.get("*") {
                Some(Self::Members(_)) | None => {
                    let (list, shape) = members.get("*").map_or(("", self), |item| ("[*]", item));
                    format!("{name}{list}.{}", shape.query(&[]))
                }
                // A list or map of leaves: which names it has is not known before.
                Some(Self::Whole | Self::Text) => name.to_owned(),
            },
        }
    }

    /// The tree for jq: `true` keeps, `"text"` keeps where it could be an issuer's, an object names members or has `*`.
    pub fn tree(&self) -> Value {
        match self {
            Self::Whole => json!(true),
            Self::Text => json!("text"),
            Self::Members(members) => {
                members.iter().map(|(name, shape)| ((*name).to_owned(), shape.tree())).collect::<Map<_, _>>().into()
            }
        }
    }

    /// Whether a query cannot drop all that is to be dropped: of text what no issuer is in.
    pub fn has_texts(&self) -> bool {
        match self {
            Self::Whole => false,
            Self::Text => true,
            Self::Members(members) => members.values().any(Self::has_texts),
        }
    }

    /// Puts an empty text where the query of this shape dropped a member, so that admission can tell its name.
    pub fn restore(&self, answer: &mut Value) {
        let Self::Members(shapes) = self else { return };
        match answer {
            Value::Array(items) => {
                if let Some(shape) = shapes.get("*") {
                    for item in items {
                        shape.restore(item);
                    }
                }
            }
            // A map of the account's own names.
            Value::Object(_) if shapes.contains_key("*") => {}
            Value::Object(members) => {
                let names = match members.remove(NAMES) {
                    Some(Value::Array(names)) => names,
                    // Not ours.
                    Some(other) => {
                        members.insert(NAMES.to_owned(), other);
                        Vec::new()
                    }
                    None => Vec::new(),
                };
                for name in names {
                    if let Value::String(name) = name {
                        members.entry(name).or_insert_with(|| Value::String(String::new()));
                    }
                }
                for (name, member) in members.iter_mut() {
                    if let Some(shape) = shapes.get(name.as_str()) {
                        shape.restore(member);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn steps(pattern: &'static str) -> Vec<&'static str> {
    pattern.split('/').skip(1).collect()
}

#[cfg(test)]
mod tests {
    use super::super::admit::admit;
    use super::super::operations::{OPERATIONS, find, find_call};
    use super::*;

    fn query(call: &str) -> String {
        Shape::of(find_call(call).unwrap()).query(&[])
    }

    #[test]
    fn queries_have_the_shape_of_the_answer() {
        assert_eq!(
            query("cognito-idp:ListUserPoolClients"),
            "{UserPoolClients:UserPoolClients[*].{ClientId:ClientId,ClientName:ClientName,_:keys(@)},_:keys(@)}"
        );
        assert_eq!(query("kms:GetKeyPolicy"), "{Policy:Policy,_:keys(@)}");
        // Presence alone, a list of leaves, a map of leaves.
        assert!(
            query("cognito-idp:GetUserPoolMfaConfig")
                .contains("EmailMfaConfiguration:EmailMfaConfiguration.{_:keys(@)}")
        );
        assert!(query("cognito-idp:DescribeUserPoolClient").contains("CallbackURLs:CallbackURLs,"));
        assert!(query("cognito-idp:ListTagsForResource").contains("Tags:Tags,"));
    }

    #[test]
    fn no_query_takes_a_member_that_the_table_does_not_name() {
        for call in ["cognito-idp:DescribeUserPoolClient", "cognito-idp:DescribeIdentityProvider"] {
            let query = query(call);
            for secret in ["ClientSecret", "client_secret", "private_key"] {
                assert!(!query.contains(secret), "{call}: {query}");
            }
            assert!(!query.contains("ProviderDetails:ProviderDetails,"), "{query}");
        }
        assert!(!query("lambda:GetFunctionConfiguration").contains("Environment"));
        for operation in OPERATIONS.iter() {
            let shape = Shape::of(operation);
            assert!(matches!(shape, Shape::Members(_)), "{}: everything is kept", operation.call());
            let named = |name: &str| {
                operation.keep.iter().chain(operation.digest).chain(operation.hits).any(|p| p.contains(name))
                    || ALSO
                        .iter()
                        .any(|(call, patterns)| *call == operation.call() && patterns.iter().any(|p| p.contains(name)))
            };
            for name in shape.query(&[]).split([':', ',', '{', '}', '.', '[', ']', '*']) {
                assert!(["", "_", "keys(@)"].contains(&name) || named(name), "{}: {name}", operation.call());
            }
        }
    }

    #[test]
    fn what_a_query_dropped_is_told_by_name_as_if_it_had_come() {
        let operation = find("cognito-idp", "DescribeUserPoolClient").unwrap();
        let live = json!({ "UserPoolClient": { "ClientId": "1", "ClientSecret": "planted", "Odd": 1 } });
        let mut queried = json!({ "UserPoolClient": {
            "ClientId": "1", "ClientName": null, "_": ["ClientId", "ClientSecret", "Odd"] }, "_": ["UserPoolClient"] });
        Shape::of(operation).restore(&mut queried);
        let queried =
            super::super::normal::page(operation, super::super::normal::Form::Cli, queried.to_string().as_bytes());
        assert_eq!(admit(operation, queried.unwrap().answer), admit(operation, live));
    }

    #[test]
    fn names_of_an_account_are_no_names_of_members() {
        let operation = find("cognito-idp", "ListTagsForResource").unwrap();
        let mut answer = json!({ "Tags": { "_": ["planted"] }, "_": ["Tags"] });
        Shape::of(operation).restore(&mut answer);
        assert_eq!(answer, json!({ "Tags": { "_": ["planted"] } }));
    }

    #[test]
    fn texts_that_are_only_searched_are_told_from_those_that_are_read() {
        let has = |call: &str| Shape::of(find_call(call).unwrap()).has_texts();
        assert!(has("lambda:ListFunctions") && has("cloudcontrol:GetResource AWS::SSM::Parameter"));
        assert!(!has("cloudformation:GetTemplate") && !has("cognito-idp:DescribeUserPool"));
    }
}
