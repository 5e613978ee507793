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
use super::log::Log;
use super::rates::Rates;
use super::tap::{Answer, Tap};
use crate::collect::Earlier;
use crate::snapshot::normal::{self, Form, Page};
use crate::snapshot::operations::{self, Operation};
use crate::snapshot::{Call, CallError, Entry, ErrorKind, admit};

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
}

/// Everything that was answered to a question, in normal form and before admission: may hold secrets, never kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) pages: Vec<Value>,
    /// When each page was answered.
    pub(super) times: Vec<Timestamp>,
    /// Why there may be more.
    pub(super) error: Option<CallError>,
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
    pub(super) log: Log<'a>,
    /// The calls that are worth making; `None`: all. Set once, when the state of the replicas is known.
    pub(super) wanted: OnceLock<BTreeSet<String>>,
    /// The calls made so far by Region, where each is to be made once only.
    sampled: Option<Mutex<BTreeSet<(String, String)>>>,
    /// What was answered before. Set once, before the first question.
    pub(super) earlier: OnceLock<Earlier>,
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
            log,
            wanted: OnceLock::new(),
            sampled: sample.then(Mutex::default),
            earlier: OnceLock::new(),
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
            return self.ask_aws(query).await;
        }
        let cell = {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(shared.entry(query.question()).or_default())
        };
        cell.get_or_init(|| self.ask_aws(query)).await.clone()
    }

    async fn ask_aws(&self, query: &Query) -> Answers {
        self.is_new(query);
        if !self.may_fetch(&query.operation.call(), &query.region) {
            return Answers::default();
        }
        let paged = query.operation.items.is_some();
        let mut answers = Answers::default();
        let mut seen = BTreeSet::new();
        let mut token: Option<String> = None;
        for number in 1..=MAX_PAGES {
            self.log.plan();
            let Fetched { time, result } = self.fetch(query, token.as_deref()).await;
            let mut entry = query.entry(paged.then_some(number), time);
            let page = match result {
                Ok(page) => page,
                Err(error) => {
                    entry.error = Some(error.clone());
                    let before = self.answered_before(&entry, error.kind);
                    self.log.put(Entry::Call(entry));
                    answers.error = Some(error);
                    return before.unwrap_or(answers);
                }
            };
            token = page.next.filter(|_| paged);
            let admitted = admit::admit(query.operation, page.answer.clone());
            entry.more = token.is_some();
            entry.response = Some(admitted.response);
            entry.dropped = admitted.dropped;
            self.log.put(Entry::Call(entry));
            answers.pages.push(page.answer);
            answers.times.push(time);
            let Some(token) = &token else { return answers };
            if !seen.insert(token.clone()) {
                return self.broken_off(query, number + 1, time, "RepeatedToken", answers);
            }
        }
        let time = answers.times.last().copied().unwrap_or_else(now);
        self.broken_off(query, MAX_PAGES + 1, time, "TooManyPages", answers)
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
        let question = || (region.to_owned(), call.to_owned());
        let first =
            |sampled: &Mutex<BTreeSet<_>>| sampled.lock().unwrap_or_else(PoisonError::into_inner).insert(question());
        self.sampled.as_ref().is_none_or(first)
    }

    /// Makes one call, with its retries, and leaves the log alone.
    pub(super) async fn fetch(&self, query: &Query, token: Option<&str>) -> Fetched {
        let turn = self.rates.turn(query).await;
        let tap = Tap::new(turn.watcher(query.operation));
        let sent = self.aws.send(query, token, &tap).await;
        drop(turn);
        if let Some(remaining) = self.rates.remaining() {
            self.log.remaining(&remaining);
        }
        Fetched { time: now(), result: read(query.operation, sent, tap.take()) }
    }
}

/// What the last attempt means.
fn read(operation: &Operation, sent: Result<(), Failure>, answer: Option<Answer>) -> Result<Page, CallError> {
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
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
