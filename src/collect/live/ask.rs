//! Asking: one way for every operation, from a question to entries in the log.
//!
//! Whether an answer is one is decided by our own normal form, not by the SDK's types. All pages of every list; what
//! could not be read is an entry too. Which questions there are is the business of `pools` and `consumers`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::aws::{Aws, Failure};
use super::limits::{Limits, Over, TIME_IS_OVER};
use super::log::Log;
use super::rates::{Held, Rates, Turn};
use super::tap::{Answer, Tap};
use crate::collect::{Before, Earlier, End, Remembered};
use crate::snapshot::journal::Record;
use crate::snapshot::normal::{self, Form, Page};
use crate::snapshot::operations::{self, Operation};
use crate::snapshot::{Call, CallError, Entry, ErrorKind, Hit, admit};

/// The most pages of one list; more is a server that does not end.
const MAX_PAGES: u32 = 10_000;

/// A question to AWS.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) operation: &'static Operation,
    pub(super) region: String,
    pub(super) parameters: Map<String, Value>,
}

impl Query {
    /// The question `service:Operation` in `region`, with these parameters in the API's spelling.
    #[expect(clippy::expect_used, reason = "a call that is not in the table is a mistake that every test run meets")]
    pub(super) fn new(service: &str, name: &str, region: &str, parameters: &[(&str, &str)]) -> Self {
        Self {
            operation: operations::find(service, name).expect("every call is in the table of operations"),
            region: region.to_owned(),
            parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect(),
        }
    }

    /// The question of Cloud Control, `ListResources` or `GetResource`, about this type of resource.
    #[expect(clippy::expect_used, reason = "a type that is not in the table is a mistake that every test run meets")]
    pub(super) fn resource(name: &str, resource_type: &str, region: &str, parameters: &[(&str, &str)]) -> Self {
        let operation = operations::find_typed("cloudcontrol", name, resource_type);
        let type_name = ("TypeName", resource_type);
        let parameters = parameters.iter().chain(std::iter::once(&type_name));
        Self {
            operation: operation.expect("every type is in the table of operations"),
            region: region.to_owned(),
            parameters: parameters.map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect(),
        }
    }

    /// With one more parameter, of any shape.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.parameters.insert(name.to_owned(), value);
        self
    }

    /// The question as one text, to ask nothing twice.
    pub(super) fn question(&self) -> String {
        format!("{} {} {}", self.operation.call(), self.region, Value::Object(self.parameters.clone()))
    }

    /// A parameter, for the SDK.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// The entry of this question, still without account, answer and error.
    pub(super) fn entry(&self, page: Option<u32>, time: Timestamp) -> Call {
        Call {
            account: String::new(),
            region: self.region.clone(),
            service: self.operation.service.to_owned(),
            operation: self.operation.name.to_owned(),
            parameters: self.parameters.clone(),
            page,
            more: false,
            time,
            response: None,
            error: None,
            dropped: Vec::new(),
        }
    }
}

/// One page, or what came instead.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) time: Timestamp,
    pub(super) result: Result<Page, CallError>,
    /// The place in flight: whoever drops it before the answer is in the journal lets more be lost than is in flight.
    pub(super) turn: Option<Turn>,
}

/// Everything that was answered to a question, as far as it is admitted: what follows from an answer follows from the same
/// when it is taken from the journal.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) pages: Vec<Value>,
    /// When each page was answered.
    pub(super) times: Vec<Timestamp>,
    /// Why there may be more.
    pub(super) error: Option<CallError>,
}

/// What is made of a page in normal form and before admission, which may hold secrets: the issuer references in it.
pub(super) type Search<'r> = dyn Fn(&Value, Timestamp) -> Vec<Hit> + 'r;

/// Answers that follow-up questions need whole, with what is not kept of them. The journal gets them when those are answered:
/// what is in it is never asked again, and until then nobody could go on without asking again.
#[derive(Debug, Default)]
pub(super) struct Aside {
    held: Mutex<Vec<(Record, Option<Held>)>>,
}

impl Aside {
    /// Whether something below this pointer is not kept.
    pub(super) fn lacks(&self, pointer: &str) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().any(|(record, _)| match record {
            Record::Answer { entries, .. } => lacks(entries, pointer),
            Record::Scope { .. }
            | Record::Named { .. }
            | Record::Home { .. }
            | Record::Done { .. }
            | Record::Resumed { .. } => false,
        })
    }

    /// Nothing needs them any more.
    pub(super) fn keep(self, log: &Log<'_>) {
        for (record, _) in self.held.into_inner().unwrap_or_else(PoisonError::into_inner) {
            log.keep(&record);
        }
    }
}

impl Answers {
    /// The member at `pointer` of the first page, if it is text.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.pages.first()?.pointer(pointer)?.as_str()
    }

    /// The items at `pointer` of all pages.
    pub(super) fn items<'a>(&'a self, pointer: &'a str) -> impl Iterator<Item = &'a Value> {
        self.pages.iter().filter_map(move |page| page.pointer(pointer)?.as_array()).flatten()
    }

    /// The member `name` of each item at `pointer`, without repetitions.
    pub(super) fn names(&self, pointer: &str, name: &str) -> BTreeSet<String> {
        self.items(pointer).filter_map(|item| item.get(name)?.as_str()).map(str::to_owned).collect()
    }
}

/// A collection under way.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) aws: Aws,
    pub(super) rates: Rates,
    /// What this account may take of a run of several.
    pub(super) limits: Limits,
    pub(super) log: Log<'a>,
    /// The calls that are worth making; `None`: all. Set once, when the state of the replicas is known.
    pub(super) wanted: OnceLock<BTreeSet<String>>,
    /// The calls made so far by Region, where each is to be made once only.
    sampled: Option<Mutex<BTreeSet<(String, String)>>>,
    /// What was answered before. Set once, before the first question.
    pub(super) earlier: OnceLock<Earlier>,
    /// What an interrupted collection was answered. Set once, when it is known who asks.
    pub(super) memory: OnceLock<Arc<Remembered>>,
    /// The questions so far.
    asked: Mutex<BTreeSet<String>>,
    /// What was answered about keys and domains, by question: several pools, or a pool and a function, may name one.
    shared: Mutex<BTreeMap<String, Arc<OnceCell<Answers>>>>,
}

/// Why a call was not made although it could have been.
const NOT_WANTED: &str = "only gates that do not count yet need it: ask for one with --gate, or use `mrready collect`";

impl<'a> Session<'a> {
    /// A session that has asked nothing yet; with `sample` each call once per Region.
    pub(super) fn new(aws: Aws, rates: Rates, log: Log<'a>, sample: bool) -> Self {
        Self {
            aws,
            rates,
            limits: Limits::default(),
            log,
            wanted: OnceLock::new(),
            sampled: sample.then(Mutex::default),
            earlier: OnceLock::new(),
            memory: OnceLock::new(),
            asked: Mutex::default(),
            shared: Mutex::default(),
        }
    }

    /// Whether nobody has asked this so far; from now on somebody has.
    pub(super) fn is_new(&self, query: &Query) -> bool {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(query.question())
    }

    /// Asks for every page, puts them into the log and returns them. A call that nobody needs is noted and not made.
    pub(super) async fn ask(&self, query: &Query) -> Answers {
        if query.operation.service != "kms" && query.operation.name != "DescribeUserPoolDomain" {
            return self.ask_and(query, &|_, _| Vec::new(), None).await;
        }
        let cell = {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(shared.entry(query.question()).or_default())
        };
        cell.get_or_init(|| self.ask_and(query, &|_, _| Vec::new(), None)).await.clone()
    }

    /// The same; what `search` finds in a page goes into the log with it. With `aside` the journal is not told yet.
    pub(super) async fn ask_and(&self, query: &Query, search: &Search<'_>, aside: Option<&Aside>) -> Answers {
        self.is_new(query);
        if !self.may_fetch(&query.operation.call(), &query.region) {
            let error = self.limits.are_over().then(|| Over::Unsent.error());
            return Answers { error, ..Answers::default() };
        }
        // What is set aside is needed with what was not kept.
        let before = self.before(query).filter(|_| aside.is_none());
        let (mut answers, mut token) = before.map(taken_up).unwrap_or_default();
        let mut recalled = before.map(|before| before.pages.clone()).unwrap_or_default();
        if let Some(before) = before.filter(|_| token.is_none()) {
            self.recall_all(before);
            return answers;
        }
        let paged = query.operation.items.is_some();
        let mut seen: BTreeSet<String> = token.iter().cloned().collect();
        let mut number = u32::try_from(recalled.len()).unwrap_or(MAX_PAGES) + 1;
        while number <= MAX_PAGES {
            self.log.plan();
            let Fetched { time, result, turn } = self.fetch(query, token.as_deref()).await;
            if !recalled.is_empty() && result.as_ref().is_err_and(is_about_the_token) {
                // AWS takes an old token only for some time: from the beginning, then.
                (answers, recalled, token, number) = (Answers::default(), Vec::new(), None, 1);
                seen.clear();
                continue;
            }
            self.log.recall(std::mem::take(&mut recalled));
            let mut entry = query.entry(paged.then_some(number), time);
            let page = match result {
                Ok(page) => page,
                Err(error) if number == 1 && Over::was_unsent(&error) => {
                    self.log.not_asked(&query.region, &[&query.operation.call()], TIME_IS_OVER);
                    answers.error = Some(error);
                    return answers;
                }
                Err(error) => {
                    entry.error = Some(error.clone());
                    let before = self.answered_before(&entry, error.kind);
                    self.put(vec![Entry::Call(entry)], None, aside, turn);
                    answers.error = Some(error);
                    return before.unwrap_or(answers);
                }
            };
            token = page.next.filter(|_| paged);
            let hits = search(&page.answer, time);
            let admitted = admit::admit(query.operation, page.answer);
            answers.pages.push(admitted.response.clone());
            answers.times.push(time);
            entry.more = token.is_some();
            entry.response = Some(admitted.response);
            entry.dropped = admitted.dropped;
            let entries = std::iter::once(Entry::Call(entry)).chain(hits.into_iter().map(Entry::Hit));
            self.put(entries.collect(), token.clone(), aside, turn);
            number += 1;
            let Some(token) = &token else { return answers };
            if !seen.insert(token.clone()) {
                return self.broken_off(query, number, time, "RepeatedToken", answers);
            }
        }
        let time = answers.times.last().copied().unwrap_or_else(now);
        self.broken_off(query, MAX_PAGES + 1, time, "TooManyPages", answers)
    }

    /// Puts an answer into the log, and into the journal now or later. Until it is in the journal it keeps its place in
    /// flight, so that never more answers can be lost than there are places.
    fn put(&self, entries: Vec<Entry>, next: Option<String>, aside: Option<&Aside>, turn: Option<Turn>) {
        let Some(aside) = aside else {
            self.log.put_all(entries, next);
            drop(turn);
            return;
        };
        let record = self.log.put_aside(entries, next);
        aside.held.lock().unwrap_or_else(PoisonError::into_inner).push((record, turn.and_then(Turn::hold)));
    }

    /// What an interrupted collection was answered to this question.
    fn before(&self, query: &Query) -> Option<&Before> {
        self.memory.get()?.before(&query.entry(None, Timestamp::UNIX_EPOCH))
    }

    /// Whether what was answered to an interrupted collection is all there is below this pointer.
    pub(super) fn remembers_all(&self, query: &Query, pointer: &str) -> bool {
        self.remembers(query)
            && self.before(query).is_some_and(|before| !before.pages.iter().any(|page| lacks(page, pointer)))
    }

    /// Whether an interrupted collection was answered at all.
    pub(super) fn goes_on(&self) -> bool {
        self.memory.get().is_some()
    }

    /// Whether this question was answered whole, or refused, to an interrupted collection.
    pub(super) fn remembers(&self, query: &Query) -> bool {
        self.before(query).is_some_and(|before| !matches!(before.end, End::Next(_)))
    }

    /// Puts what was answered whole to an interrupted collection into the log; whether there is such an answer.
    pub(super) fn recall(&self, query: &Query) -> bool {
        let before = self.before(query).filter(|before| !matches!(before.end, End::Next(_)));
        before.map(|before| self.recall_all(before)).is_some()
    }

    fn recall_all(&self, before: &Before) {
        let refused = match &before.end {
            End::Refused(call) => Some(vec![Entry::Call(Call::clone(call))]),
            End::Whole | End::Next(_) => None,
        };
        self.log.recall(before.pages.iter().cloned().chain(refused));
    }

    /// What was answered before to the question of an entry that now has no answer.
    fn answered_before(&self, entry: &Call, kind: ErrorKind) -> Option<Answers> {
        match kind {
            ErrorKind::Denied | ErrorKind::Throttled | ErrorKind::Failed => {}
            // That it is not there is an answer.
            ErrorKind::NotFound | ErrorKind::NotOffered => return None,
        }
        let (times, pages) = self.earlier.get()?.pages(entry)?.iter().cloned().unzip();
        Some(Answers { pages, times, error: None })
    }

    /// A list that AWS would continue without end.
    fn broken_off(&self, query: &Query, page: u32, time: Timestamp, code: &str, mut answers: Answers) -> Answers {
        let error = failed(code, None);
        self.log.plan();
        let mut entry = query.entry(Some(page), time);
        entry.error = Some(error.clone());
        self.log.put(Entry::Call(entry));
        answers.error = Some(error);
        answers
    }

    /// Whether a counted gate needs this call.
    pub(super) fn wants(&self, call: &str) -> bool {
        self.wanted.get().is_none_or(|wanted| wanted.contains(call))
    }

    /// Whether this call is to be made in this Region. One that nobody needs is noted.
    pub(super) fn may_fetch(&self, call: &str, region: &str) -> bool {
        if !self.wants(call) {
            self.log.not_asked(region, &[call], NOT_WANTED);
            return false;
        }
        if self.limits.are_over() {
            self.log.not_asked(region, &[call], TIME_IS_OVER);
            return false;
        }
        let question = || (region.to_owned(), call.to_owned());
        let first =
            |sampled: &Mutex<BTreeSet<_>>| sampled.lock().unwrap_or_else(PoisonError::into_inner).insert(question());
        self.sampled.as_ref().is_none_or(first)
    }

    /// Makes one call, with its retries, and leaves the log alone.
    pub(super) async fn fetch(&self, query: &Query, token: Option<&str>) -> Fetched {
        let Ok(mut turn) = self.limits.turn(self.rates.turn(query)).await else {
            return Fetched { time: now(), result: Err(Over::Unsent.error()), turn: None };
        };
        let tap = Tap::new(turn.watcher(query.operation));
        let sent = self.limits.send(&mut turn, Box::pin(self.aws.send(query, token, &tap))).await;
        turn.end();
        if let Some(remaining) = self.rates.remaining() {
            self.log.remaining(&remaining);
        }
        let result = sent.map_err(Over::error).and_then(|sent| read(query.operation, sent, tap.take()));
        Fetched { time: now(), result, turn: Some(turn) }
    }
}

/// Whether an answer had something below this pointer that is not kept.
fn lacks(entries: &[Entry], pointer: &str) -> bool {
    matches!(entries.first(), Some(Entry::Call(call)) if call.dropped.iter().any(|dropped| dropped.starts_with(pointer)))
}

/// The answers of an interrupted collection, and what it would have asked for next.
fn taken_up(before: &Before) -> (Answers, Option<String>) {
    let mut answers = Answers::default();
    for entries in &before.pages {
        let Some(Entry::Call(call)) = entries.first() else { continue };
        answers.pages.extend(call.response.clone());
        answers.times.push(call.time);
    }
    let next = match &before.end {
        End::Whole => None,
        End::Refused(call) => {
            answers.error.clone_from(&call.error);
            None
        }
        End::Next(token) => Some(token.clone()),
    };
    (answers, next)
}

/// Whether an error may mean that a token is too old. Services name that differently; asking from the beginning costs a page.
fn is_about_the_token(error: &CallError) -> bool {
    error.kind == ErrorKind::Failed && error.status.is_some_and(|status| (400..500).contains(&status))
}

/// What the last attempt means.
pub(super) fn read(
    operation: &Operation,
    sent: Result<(), Failure>,
    answer: Option<Answer>,
) -> Result<Page, CallError> {
    let Some(answer) = answer else {
        let failure = sent.err().unwrap_or(Failure::Unreadable);
        return Err(failed(failure.code(), failure.detail()));
    };
    let status = Some(answer.status);
    if let Some(error) = error_of(operation, &answer) {
        return Err(error);
    }
    let page = answer.body.and_then(|body| normal::page(operation, Form::Wire, &body).ok());
    page.ok_or_else(|| CallError { status, ..failed(Failure::Unreadable.code(), None) })
}

/// What AWS says is wrong, if this answer is not a success.
pub(super) fn error_of(operation: &Operation, answer: &Answer) -> Option<CallError> {
    if (200..300).contains(&answer.status) {
        return None;
    }
    let body = answer.body.as_deref().unwrap_or_default();
    let (code, message) = normal::error_body(operation, answer.error_type.as_deref(), body);
    Some(normal::error(operation, &code, Some(answer.status), &message))
}

/// A failure that is not AWS's own.
pub(super) fn failed(code: &str, detail: Option<&str>) -> CallError {
    CallError {
        kind: ErrorKind::Failed,
        code: code.to_owned(),
        status: None,
        missing_actions: Vec::new(),
        detail: detail.map(str::to_owned),
    }
}

/// The clock in whole milliseconds, read for the times of answers only.
#[expect(clippy::disallowed_methods, reason = "when AWS answered is evidence; this is the one place that reads it")]
pub(super) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
