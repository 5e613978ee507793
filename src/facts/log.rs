//! Questions to the log: one place where what came back, or did not, becomes known, absent or unknown with a cause.
//!
//! This is the only code that turns errors, missing calls and dropped members into a [`Cause`]; every field goes
//! through it. What a member means is its field's business.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::model::{Cause, Listed, Observed, Source};
use crate::policy::Policy;
use crate::snapshot::operations::Operation;
use crate::snapshot::{Call, ErrorKind, Snapshot};

/// An index of a snapshot's calls by question.
#[derive(Debug)]
pub struct Log<'a> {
    calls: BTreeMap<Key<'a>, Vec<&'a Call>>,
    unasked: BTreeMap<(String, String, String), &'a str>,
    now: Timestamp,
    max_age: Option<SignedDuration>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    account: &'a str,
    region: &'a str,
    service: &'a str,
    operation: &'a str,
    /// Values in the order of the parameters' names; what is no text, as JSON.
    parameters: Vec<Cow<'a, str>>,
}

/// What the log has on one question: the pages that came, and why there may be more.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// `service:Operation`.
    pub call: String,
    /// The Region asked.
    pub region: String,
    parameters: BTreeMap<String, String>,
    pages: Vec<&'a Call>,
    problem: Option<Cause>,
    items: Option<&'static str>,
    wrapper: Option<&'static str>,
}

impl<'a> Log<'a> {
    /// Indexes a snapshot. Evidence older than `max_age` at `now` counts as unknown.
    pub fn new(snapshot: &'a Snapshot, now: Timestamp, max_age: Option<SignedDuration>) -> Self {
        let mut calls: BTreeMap<Key<'a>, Vec<&'a Call>> = BTreeMap::new();
        for call in snapshot.calls() {
            let parameters = call.parameters.values().map(written).collect();
            let (account, region) = (call.account.as_str(), call.region.as_str());
            let (service, operation) = (call.service.as_str(), call.operation.as_str());
            calls.entry(Key { account, region, service, operation, parameters }).or_default().push(call);
        }
        for pages in calls.values_mut() {
            pages.sort_by_key(|call| call.page);
            if pages.windows(2).any(|pair| pair[0].page == pair[1].page) {
                // Of several answers to one question the newest counts, in whatever order they stand.
                pages.sort_by_cached_key(|call| (call.page, Reverse(call.time), serde_json::to_string(call).ok()));
                pages.dedup_by_key(|call| call.page);
            }
        }
        let unasked = snapshot.header.scope.not_asked.iter();
        let unasked =
            unasked.map(|u| ((u.account.clone(), u.region.clone(), u.call.clone()), u.why.as_str())).collect();
        Self { calls, unasked, now, max_age }
    }

    /// What came back for `operation` with these parameter values, in the order of the parameters' names; a value that is
    /// no text as compact JSON with sorted names.
    pub fn ask(&self, account: &str, region: &str, operation: &Operation, parameters: &[&str]) -> Answer<'a> {
        let key = Key {
            account,
            region,
            service: operation.service,
            operation: operation.name,
            parameters: parameters.iter().map(|value| Cow::Borrowed(*value)).collect(),
        };
        // The key borrows from the question, the map from the snapshot: compare, then take the map's own.
        let pages = self.calls.get(&key).cloned().unwrap_or_default();
        let mut answer = Answer {
            call: operation.call(),
            region: region.to_owned(),
            parameters: pages.first().map(|call| told_apart_by(call)).unwrap_or_default(),
            pages: Vec::new(),
            problem: None,
            items: operation.items,
            wrapper: wrapper(operation),
        };
        if pages.is_empty() {
            let why = self.unasked.get(&(account.to_owned(), region.to_owned(), operation.call()));
            let hint =
                why.map_or_else(|| "the snapshot does not have it; collect again".to_owned(), |why| (*why).to_owned());
            answer.problem = Some(Cause::NotCollected { call: operation.call(), hint });
            return answer;
        }
        let mut more = false;
        for (expected, call) in (1..).zip(pages) {
            if let Some(page) = call.page
                && page != expected
            {
                break;
            }
            if let Some(error) = &call.error {
                answer.problem = Some(cause_of(call, error));
                return answer;
            }
            if let Some(max_age) = self.max_age
                && self.now.duration_since(call.time) > max_age
            {
                answer.problem = Some(Cause::Stale { call: call.name(), time: call.time.to_string() });
                return answer;
            }
            answer.pages.push(call);
            more = call.more;
        }
        if more || answer.pages.is_empty() {
            let hint = "the log ends before its last page; collect again".to_owned();
            answer.problem = Some(Cause::NotCollected { call: operation.call(), hint });
        }
        answer
    }
}

/// The parameters of a call without the pool's id, which every finding names anyway.
fn told_apart_by(call: &Call) -> BTreeMap<String, String> {
    let named = call.parameters.iter().filter(|(name, _)| *name != "UserPoolId");
    named.map(|(name, value)| (name.clone(), written(value).into_owned())).collect()
}

/// A parameter's value as text.
fn written(value: &Value) -> Cow<'_, str> {
    value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed)
}

/// What an error means for every field of its call.
pub fn cause_of(call: &Call, error: &crate::snapshot::CallError) -> Cause {
    let (name, region, code) = (call.name(), call.region.clone(), error.code.clone());
    match error.kind {
        ErrorKind::Denied => {
            Cause::Denied { call: name, region, actions: error.missing_actions.clone(), detail: error.detail.clone() }
        }
        ErrorKind::Throttled => Cause::Throttled { call: name, region },
        ErrorKind::NotFound => Cause::NotFound { call: name, region },
        ErrorKind::NotOffered => Cause::NotOffered { call: name, region, code },
        ErrorKind::Failed => {
            let code = match &error.detail {
                Some(detail) => format!("{code}, {detail}"),
                None => code,
            };
            Cause::Failed { call: name, region, code }
        }
    }
}

impl<'a> Answer<'a> {
    /// Why the answer is not there or not whole.
    pub fn problem(&self) -> Option<&Cause> {
        self.problem.as_ref()
    }

    /// The provenance of a member of this answer.
    pub fn source(&self, pointer: &str) -> Source {
        Source::Call {
            call: self.call.clone(),
            region: self.region.clone(),
            parameters: self.parameters.clone(),
            pointer: pointer.to_owned(),
        }
    }

    /// A member of an answer without pages.
    pub fn at(&self, pointer: &str) -> Observed<&'a Value> {
        if let Some(cause) = &self.problem {
            return Observed::Unknown(cause.clone());
        }
        let Some((call, response)) = self.pages.first().and_then(|call| Some((call, call.response.as_ref()?))) else {
            return Observed::Absent;
        };
        let member = |pointer: &str| format!("{} {pointer}", self.call);
        match reach(response, pointer) {
            Ok(Some(value)) => Observed::Known(value),
            _ if was_dropped(call, pointer) => Observed::Unknown(Cause::NotAdmitted { member: member(pointer) }),
            Err(value) => self.surprise(pointer, value),
            Ok(None) => match self.wrapper.filter(|wrapper| matches!(reach(response, wrapper), Ok(None))) {
                // The object that everything else is in: without it there is no answer, and absence means nothing.
                Some(wrapper) => Observed::Unknown(Cause::NoMeaning { member: member(wrapper) }),
                None => Observed::Absent,
            },
        }
    }

    /// A member of any simple type, or a list of strings, for users' own rules.
    pub fn value(&self, pointer: &str) -> Observed<crate::model::Value> {
        self.at(pointer).and_then(|value| match value {
            Value::Bool(value) => Observed::Known((*value).into()),
            Value::String(text) => Observed::Known(text.as_str().into()),
            Value::Number(_) => self.integer(pointer).map(Into::into),
            Value::Array(_) => self.texts(pointer).map(|items| Listed::complete(items).into()),
            Value::Null | Value::Object(_) => self.surprise(pointer, value),
        })
    }

    /// A string member.
    pub fn text(&self, pointer: &str) -> Observed<String> {
        self.at(pointer).and_then(|value| match value.as_str() {
            Some(text) => Observed::Known(text.to_owned()),
            None => self.surprise(pointer, value),
        })
    }

    /// A policy document in this answer, given as its text; one that cannot be read is not known.
    pub fn policy(&self, text: &str) -> Observed<Policy> {
        match Policy::parse(text) {
            Ok(policy) => Observed::Known(policy),
            Err(error) => Observed::Unknown(Cause::Failed {
                call: self.call.clone(),
                region: self.region.clone(),
                code: format!("the policy cannot be read: {error}"),
            }),
        }
    }

    /// A boolean member.
    pub fn boolean(&self, pointer: &str) -> Observed<bool> {
        self.at(pointer).and_then(|value| match value.as_bool() {
            Some(value) => Observed::Known(value),
            None => self.surprise(pointer, value),
        })
    }

    /// A whole number.
    pub fn integer(&self, pointer: &str) -> Observed<i64> {
        self.at(pointer).and_then(|value| value.as_i64().map_or_else(|| self.surprise(pointer, value), Observed::Known))
    }

    /// An instant.
    pub fn time(&self, pointer: &str) -> Observed<Timestamp> {
        self.text(pointer).and_then(|text| {
            text.parse()
                .map_or_else(|_| Observed::Unknown(Cause::Unrecognised { value: text.clone() }), Observed::Known)
        })
    }

    /// Whether an object is there.
    pub fn present(&self, pointer: &str) -> Observed<bool> {
        match self.at(pointer) {
            Observed::Known(Value::Object(_)) => Observed::Known(true),
            Observed::Known(value) => self.surprise(pointer, value),
            Observed::Absent => Observed::Known(false),
            Observed::Unknown(cause) => Observed::Unknown(cause),
        }
    }

    /// A list of strings.
    pub fn texts(&self, pointer: &str) -> Observed<Vec<String>> {
        self.at(pointer).and_then(|value| {
            let items = value.as_array().map(|items| items.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
            match items {
                Some(Some(items)) => Observed::Known(items.into_iter().map(str::to_owned).collect()),
                _ => self.surprise(pointer, value),
            }
        })
    }

    /// The items of a list over all pages that came, and why there may be more.
    pub fn list(&self) -> Listed<&'a Value> {
        let pointer = self.items.unwrap_or_default();
        let mut list = Listed { items: Vec::new(), incomplete: self.problem.clone() };
        for call in &self.pages {
            let member = || format!("{} {pointer}", self.call);
            match call.response.as_ref().map(|response| reach(response, pointer)) {
                Some(Ok(Some(Value::Array(items)))) => list.items.extend(items),
                // The normal form writes a list even where AWS leaves an empty one out.
                Some(Ok(None)) | None if was_dropped(call, pointer) => {
                    list.incomplete.get_or_insert(Cause::NotAdmitted { member: member() });
                }
                Some(Ok(None)) | None => {
                    list.incomplete.get_or_insert(Cause::NoMeaning { member: member() });
                }
                Some(Ok(Some(value)) | Err(value)) => {
                    list.incomplete.get_or_insert(self.unexpected(pointer, value));
                }
            }
        }
        list
    }

    /// The strings that the items of the list must have under `name`, with their items; one without it may be anything.
    pub fn named(&self, name: &str) -> Listed<(&'a str, &'a Value)> {
        let Listed { items, mut incomplete } = self.list();
        let mut named = Vec::new();
        for item in items {
            if let Some(text) = item.get(name).and_then(Value::as_str) {
                named.push((text, item));
            } else {
                let pointer = self.items.unwrap_or_default();
                let member = format!("{} {pointer}/*/{name}", self.call);
                incomplete.get_or_insert(Cause::NoMeaning { member });
            }
        }
        Listed { items: named, incomplete }
    }

    /// A member that is of another type than the API says.
    fn surprise<T>(&self, pointer: &str, value: &Value) -> Observed<T> {
        Observed::Unknown(self.unexpected(pointer, value))
    }

    fn unexpected(&self, pointer: &str, value: &Value) -> Cause {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Cause::Unrecognised { value: format!("{kind} at {} {pointer}", self.call) }
    }
}

/// The member at a pointer, `None` if it is not there or null; the error is what stands in its way.
fn reach<'v>(root: &'v Value, pointer: &str) -> Result<Option<&'v Value>, &'v Value> {
    let mut value = root;
    for step in pointer.split('/').skip(1) {
        let next = match value {
            Value::Object(members) => members.get(&step.replace("~1", "/").replace("~0", "~")),
            Value::Array(items) => items.get(step.parse::<usize>().map_err(|_| value)?),
            Value::Null => None,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(value),
        };
        let Some(next) = next else { return Ok(None) };
        value = next;
    }
    Ok((!value.is_null()).then_some(value))
}

/// The one member of an answer that holds all the others, such as `/UserPool`.
fn wrapper(operation: &Operation) -> Option<&'static str> {
    let first = |pattern: &'static str| {
        let end = pattern[1..].find(['/', '{'])?;
        Some(&pattern[..=end])
    };
    let wrapper = first(operation.keep.first()?)?;
    (operation.items.is_none() && operation.keep.iter().all(|pattern| first(pattern) == Some(wrapper)))
        .then_some(wrapper)
}

/// Whether the member, or something around it, came and was not kept.
fn was_dropped(call: &Call, pointer: &str) -> bool {
    call.dropped.iter().any(|dropped| {
        let mut asked = pointer.split('/');
        dropped.split('/').all(|part| asked.next().is_some_and(|step| part == "*" || part == step))
    })
}
