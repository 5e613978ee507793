//! Which fields a rule sees, and whether a value fits a field's type. Not how a condition is built from them.

use crate::model::{FieldSpec, FieldType, Fields, SubjectKind};
use crate::yaml::{Node, Place};

use super::problem::{Sink, did_you_mean, or_list, quoted};
use super::rule::Literal;
use super::tree::{Moment, describe, instant};

/// The fields as one rule sees them.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    fields: &'a dyn Fields,
    /// `None` if the rule's subject could not be read: then every field counts as seen, to report no second mistake.
    subject: Option<SubjectKind>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(fields: &'a dyn Fields, subject: Option<SubjectKind>) -> Self {
        Self { fields, subject }
    }

    /// The field of this name, without a word if there is none.
    pub(super) fn get(&self, name: &str) -> Option<FieldSpec> {
        match self.subject {
            Some(subject) => self.fields.field(subject, name),
            None => self.fields.all().into_iter().find(|spec| spec.name == name),
        }
    }

    /// The names that the rule may use.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let seen = |name| self.subject.is_none_or(|subject| self.fields.field(subject, name).is_some());
        self.fields.all().into_iter().map(|spec| spec.name).filter(|name| seen(name)).collect()
    }

    /// Whether fields stand below this name, as `key.type` below `key`; whether the rule sees them is another question.
    pub(super) fn is_root(&self, name: &str) -> bool {
        self.fields.is_root(name)
    }

    /// The field of this name; if there is none, a problem says which was meant. `more` are names that would fit too.
    pub(super) fn need(&self, name: &str, place: Place, more: &[String], sink: &mut Sink<'_>) -> Option<FieldSpec> {
        let found = self.get(name);
        if found.is_none() {
            self.report(name, place, more, sink);
        }
        found
    }

    fn report(&self, name: &str, place: Place, more: &[String], sink: &mut Sink<'_>) {
        let kinds: Vec<&str> = SubjectKind::ALL
            .iter()
            .filter(|kind| self.fields.field(**kind, name).is_some())
            .map(|kind| kind.as_str())
            .collect();
        if let (Some(subject), false) = (self.subject, kinds.is_empty()) {
            let message = format!("a rule on {subject} does not see the field {}", quoted(name));
            sink.add_with(place, message, Some(format!("only rules on {} see it", or_list(kinds))));
            return;
        }
        let names = self.names();
        let help = did_you_mean(name, names.iter().copied().chain(more.iter().map(String::as_str)))
            .or_else(|| below_root(name, &names));
        sink.add_with(place, format!("unknown field {}", quoted(name)), help);
    }
}

/// The fields of a root, for a name whose root exists; else the roots.
fn below_root(name: &str, names: &[&str]) -> Option<String> {
    let root = name.split('.').next().unwrap_or_default();
    let below: Vec<&str> = names.iter().copied().filter(|each| each.split('.').next() == Some(root)).collect();
    if !below.is_empty() && below.len() <= 12 {
        return Some(format!("the fields of {} are {}", quoted(root), below.join(", ")));
    }
    let mut roots: Vec<&str> = names.iter().filter_map(|each| each.split('.').next()).collect();
    roots.sort_unstable();
    roots.dedup();
    (below.is_empty() && !roots.is_empty()).then(|| format!("fields begin with {}", or_list(roots)))
}

/// A type in words.
pub(super) fn type_in_words(ty: FieldType) -> String {
    match ty {
        FieldType::Bool => "true or false".to_owned(),
        FieldType::Int => "a whole number".to_owned(),
        FieldType::Text => "text".to_owned(),
        FieldType::Word(words) => format!("one of {}", words.join(", ")),
        FieldType::Time => "an instant".to_owned(),
        FieldType::List(item) => format!("a list, each item {}", type_in_words(*item)),
        FieldType::Record(_) => "a record".to_owned(),
    }
}

/// A single value of this type. `what` is the field, for messages.
pub(super) fn literal(node: &Node, ty: FieldType, what: &str, sink: &mut Sink<'_>) -> Option<Literal> {
    let found = match ty {
        FieldType::Bool => node.to_json().as_bool().map(Literal::Bool),
        FieldType::Int => node.to_json().as_i64().map(Literal::Int),
        FieldType::Text => node.as_string().map(|text| Literal::Text(text.to_owned())),
        FieldType::Word(words) => match node.as_string() {
            Some(word) if words.contains(&word) => Some(Literal::Text(word.to_owned())),
            Some(word) => {
                let message = format!("{} is not a word of {what}, which is {}", quoted(word), type_in_words(ty));
                sink.add_with(node.place, message, did_you_mean(word, words.iter().copied()));
                return None;
            }
            None => None,
        },
        FieldType::Time => node.as_string().and_then(|text| instant(text, Moment::First)).map(Literal::Time),
        FieldType::List(_) | FieldType::Record(_) => None,
    };
    if found.is_none() {
        let message = format!("{what} is {}, this is {}", type_in_words(ty), describe(node));
        sink.add_with(node.place, message, hint(node, ty));
    }
    found
}

/// What to do about a value of the wrong type.
fn hint(node: &Node, ty: FieldType) -> Option<String> {
    let text = node.text()?;
    match ty {
        FieldType::Bool if matches!(text, "true" | "false") => Some(format!("write {text} without quotes")),
        FieldType::Bool if matches!(text, "yes" | "on") => Some("write true".to_owned()),
        FieldType::Bool if matches!(text, "no" | "off") => Some("write false".to_owned()),
        FieldType::Int if text.parse::<i64>().is_ok() => Some(format!("write {text} without quotes")),
        FieldType::Time => Some("write RFC 3339, such as 2026-11-21T00:00:00Z, or a date".to_owned()),
        FieldType::Text | FieldType::Word(_) if !text.is_empty() => Some("write it in quotes".to_owned()),
        FieldType::Bool
        | FieldType::Int
        | FieldType::Text
        | FieldType::Word(_)
        | FieldType::List(_)
        | FieldType::Record(_) => None,
    }
}

/// A value of any type as JSON, for tests: lists and records too. Instants become RFC 3339 in UTC.
pub(super) fn json(node: &Node, ty: FieldType, what: &str, sink: &mut Sink<'_>) -> Option<serde_json::Value> {
    match ty {
        FieldType::List(item) => {
            let items = super::tree::list(node, what, sink)?;
            let item_name = format!("an item of {what}");
            let values: Vec<_> = items.iter().filter_map(|each| json(each, *item, &item_name, sink)).collect();
            (values.len() == items.len()).then(|| values.into())
        }
        FieldType::Record(members) => {
            let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
            let keys = super::tree::Keys::read(node, what, &names, sink)?;
            let before = sink.len();
            let mut map = serde_json::Map::new();
            for (name, ty) in members {
                if let Some(value) = keys.get(name).and_then(|it| json(it, *ty, &format!("{what}.{name}"), sink)) {
                    map.insert((*name).to_owned(), value);
                }
            }
            (sink.len() == before).then_some(map.into())
        }
        FieldType::Bool | FieldType::Int | FieldType::Text | FieldType::Word(_) | FieldType::Time => {
            literal(node, ty, what, sink).map(|literal| match literal {
                Literal::Bool(value) => value.into(),
                Literal::Int(value) => value.into(),
                Literal::Text(value) => value.into(),
                Literal::Time(value) => value.to_string().into(),
            })
        }
    }
}
