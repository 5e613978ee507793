//! Questions to the log: one place where what came back, or did not, becomes known, absent or unknown with a cause.
//!
//! This is the only code that turns errors, missing calls and dropped members into a [`Cause`]; every field goes
//! through it. What a member means is its field's business.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::Hasher;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHasher;
use serde_json::Value;

use crate::model::{Cause, Listed, Observed, Source};
use crate::policy::Policy;
use crate::snapshot::journal::THE_REST;
use crate::snapshot::operations::{self, Operation};
use crate::snapshot::{Call, ErrorKind, Snapshot};

/// An index of a snapshot's calls by question.
#[derive(Debug)]
pub struct Log<'a> {
    /// The calls, those that answer one question beside each other.
    calls: Vec<&'a Call>,
    /// Which of them answer one question.
    groups: Vec<Range<usize>>,
    /// Where a group is by the hash of its question: its number from 1, 0 for nothing. A power of two long.
    table: Vec<u32>,
    unasked: BTreeMap<(&'a str, &'a str, &'a str), &'a str>,
    /// The oldest answer that was asked about a pool, by account and pool id.
    oldest: BTreeMap<(&'a str, &'a str), Timestamp>,
    now: Timestamp,
    max_age: Option<SignedDuration>,
}

/// What the log has on one question: the pages that came, and why there may be more.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// `service:Operation`.
    pub call: &'static str,
    /// The Region asked.
    pub region: Cow<'a, str>,
    operation: &'static Operation,
    /// The member that holds all the others.
    wrapper: Option<&'static str>,
    /// All that the log has on it, answered or not.
    logged: &'a [&'a Call],
    /// So many of them are pages that came.
    pages: usize,
    problem: Option<Cause>,
    /// Whether somebody wants to know where values were read.
    told: bool,
}

impl<'a> Log<'a> {
    /// Indexes a snapshot. Evidence older than `max_age` at `now` counts as unknown.
    pub fn new(snapshot: &'a Snapshot, now: Timestamp, max_age: Option<SignedDuration>) -> Self {
        let (groups, table) = group(snapshot);
        let mut log = Self {
            calls: Vec::with_capacity(snapshot.entries.len()),
            groups: Vec::with_capacity(groups.len()),
            table,
            unasked: BTreeMap::new(),
            oldest: BTreeMap::new(),
            now,
            max_age,
        };
        for mut pages in groups {
            pages.sort_by_key(|call| call.page);
            if pages.windows(2).any(|pair| pair[0].page == pair[1].page) {
                // Of several answers to one question the newest counts, in whatever order they stand.
                pages.sort_by_cached_key(|call| (call.page, Reverse(call.time), serde_json::to_string(call).ok()));
                pages.dedup_by_key(|call| call.page);
            }
            let start = log.calls.len();
            log.calls.extend(pages);
            log.groups.push(start..log.calls.len());
        }
        for call in snapshot.calls() {
            if let Some(pool) = call.parameters.get("UserPoolId").and_then(Value::as_str) {
                let oldest = log.oldest.entry((&call.account, pool)).or_insert(call.time);
                *oldest = call.time.min(*oldest);
            }
        }
        let unasked = snapshot.header.scope.not_asked.iter();
        log.unasked =
            unasked.map(|u| ((u.account.as_str(), u.region.as_str(), u.call.as_str()), u.why.as_str())).collect();
        log
    }

    /// The time of the oldest answer to a question about a pool.
    pub fn oldest(&self, account: &str, pool: &str) -> Option<Timestamp> {
        self.oldest.get(&(account, pool)).copied()
    }

    /// What came back for a `service:Operation` of the table with these parameter values, in the order of the parameters'
    /// names; a value that is no text as compact JSON with sorted names. `None`: there is no such call.
    pub fn ask(&'a self, account: &str, region: &str, call: &str, parameters: &[&str]) -> Option<Answer<'a>> {
        let (call, operations::Named { operation, wrapper }) = operations::named(call)?;
        let logged = self.logged(account, region, operation, parameters);
        let mut answer = Answer {
            call,
            region: logged
                .first()
                .map_or_else(|| Cow::Owned(region.to_owned()), |call| Cow::Borrowed(call.region.as_str())),
            operation,
            wrapper,
            logged,
            pages: 0,
            problem: None,
            told: true,
        };
        if logged.is_empty() {
            let why = self.unasked.get(&(account, region, call)).copied();
            let hint = why.or_else(|| self.interrupted(account));
            let hint = hint.unwrap_or("the snapshot does not have it; collect again").to_owned();
            answer.problem = Some(Cause::NotCollected { call: call.to_owned(), hint });
            return Some(answer);
        }
        let mut more = false;
        for (expected, page) in (1..).zip(logged) {
            if let Some(number) = page.page
                && number != expected
            {
                break;
            }
            if let Some(error) = &page.error {
                answer.problem = Some(cause_of(page, error));
                return Some(answer);
            }
            if let Some(max_age) = self.max_age
                && self.now.duration_since(page.time) > max_age
            {
                answer.problem = Some(Cause::Stale { call: page.name(), time: page.time.to_string() });
                return Some(answer);
            }
            answer.pages += 1;
            more = page.more;
        }
        if more || answer.pages == 0 {
            let hint = self.interrupted(account);
            let hint = hint.unwrap_or("the log ends before its last page; collect again").to_owned();
            answer.problem = Some(Cause::NotCollected { call: call.to_owned(), hint });
        }
        Some(answer)
    }

    /// Why the rest was not asked, if this is what a collection under way has of the account.
    fn interrupted(&self, account: &str) -> Option<&'a str> {
        self.unasked.get(&(account, "", THE_REST)).copied()
    }

    fn logged(&'a self, account: &str, region: &str, operation: &Operation, parameters: &[&str]) -> &'a [&'a Call] {
        let question = (account, region, operation.service, operation.name);
        let hash = hash(question, parameters.iter().copied().map(Cow::Borrowed));
        for slot in probe(hash, self.table.len()) {
            let Some(number) = (self.table[slot] as usize).checked_sub(1) else { break };
            let pages = &self.calls[self.groups[number].clone()];
            let first = pages[0];
            let same = about(first) == question
                && first.parameters.len() == parameters.len()
                && first.parameters.values().zip(parameters).all(|(value, wanted)| written(value) == *wanted);
            if same {
                return pages;
            }
        }
        &[]
    }
}

/// The account, the Region, the service and the operation of a call.
fn about(call: &Call) -> (&str, &str, &str, &str) {
    (&call.account, &call.region, &call.service, &call.operation)
}

/// The calls of a snapshot by question, and the table in which a question's number is found by its hash.
fn group(snapshot: &Snapshot) -> (Vec<Vec<&Call>>, Vec<u32>) {
    // At most half full, so that a place is found soon.
    let mut table = vec![0_u32; (snapshot.entries.len() * 2).next_power_of_two().max(2)];
    let mut groups: Vec<Vec<&Call>> = Vec::new();
    for call in snapshot.calls() {
        let hash = hash(about(call), call.parameters.values().map(written));
        for slot in probe(hash, table.len()) {
            let Some(number) = (table[slot] as usize).checked_sub(1) else {
                groups.push(vec![call]);
                table[slot] = u32::try_from(groups.len()).unwrap_or(u32::MAX);
                break;
            };
            let first = groups[number][0];
            let same = about(first) == about(call)
                && first.parameters.len() == call.parameters.len()
                && first.parameters.values().zip(call.parameters.values()).all(|(a, b)| written(a) == written(b));
            if same {
                groups[number].push(call);
                break;
            }
        }
    }
    (groups, table)
}

/// The hash of a question. It decides where one is looked for, never what is found.
fn hash<'p>(question: (&str, &str, &str, &str), parameters: impl Iterator<Item = Cow<'p, str>>) -> u64 {
    let mut hasher = FxHasher::default();
    let (account, region, service, operation) = question;
    for part in [account, region, service, operation] {
        hasher.write(part.as_bytes());
        hasher.write_u8(0xff);
    }
    for value in parameters {
        hasher.write(value.as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.finish()
}

/// The places of a table in the order in which one is looked for. `size` is a power of two.
fn probe(hash: u64, size: usize) -> impl Iterator<Item = usize> {
    #[expect(clippy::cast_possible_truncation, reason = "the lower bits are as good as the upper ones")]
    let start = hash as usize;
    (0..size).map(move |step| start.wrapping_add(step) & (size - 1))
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
    /// The same answer of which nobody wants to know where its members were read: [`Answer::source`] is empty.
    #[must_use]
    pub fn untold(mut self) -> Self {
        self.told = false;
        self
    }

    /// Why the answer is not there or not whole.
    pub fn problem(&self) -> Option<&Cause> {
        self.problem.as_ref()
    }

    /// The provenance of a member of this answer.
    pub fn source(&self, pointer: &str) -> Source {
        if !self.told {
            return Source::none();
        }
        Source::Call {
            call: self.call.to_owned(),
            region: self.region.clone().into_owned(),
            parameters: self.logged.first().map(|call| told_apart_by(call)).unwrap_or_default(),
            pointer: pointer.to_owned(),
        }
    }

    /// The pages that came.
    fn pages(&self) -> &'a [&'a Call] {
        &self.logged[..self.pages]
    }

    /// A member of an answer without pages.
    pub fn at(&self, pointer: &str) -> Observed<&'a Value> {
        if let Some(cause) = &self.problem {
            return Observed::Unknown(cause.clone());
        }
        let Some((call, response)) = self.pages().first().and_then(|call| Some((call, call.response.as_ref()?))) else {
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
                call: self.call.to_owned(),
                region: self.region.clone().into_owned(),
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
        let pointer = self.operation.items.unwrap_or_default();
        let mut list = Listed { items: Vec::new(), incomplete: self.problem.clone() };
        for call in self.pages() {
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
                let pointer = self.operation.items.unwrap_or_default();
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
            Value::Object(members) if step.contains('~') => members.get(&step.replace("~1", "/").replace("~0", "~")),
            Value::Object(members) => members.get(step),
            Value::Array(items) => items.get(step.parse::<usize>().map_err(|_| value)?),
            Value::Null => None,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(value),
        };
        let Some(next) = next else { return Ok(None) };
        value = next;
    }
    Ok((!value.is_null()).then_some(value))
}

/// Whether the member, or something around it, came and was not kept.
fn was_dropped(call: &Call, pointer: &str) -> bool {
    call.dropped.iter().any(|dropped| {
        let mut asked = pointer.split('/');
        dropped.split('/').all(|part| asked.next().is_some_and(|step| part == "*" || part == step))
    })
}
