//! An HTTP/1.1 server on 127.0.0.1 with fixed answers, which can enforce quotas, and the smallest client that can ask it.
//!
//! A question that the fixture has no answer to is about something that the account does not have: an empty list.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mrready::collect::quotas::{Quota, quota_of};
use mrready::snapshot::operations::OPERATIONS;

use crate::fixture::{P, Question};

/// The answers by operation or path, Region and parameters.
type Answers = BTreeMap<(String, String, String), Vec<u8>>;

/// Tokens by quota, Region, and the operation and user pool where a quota is limited per pool.
type Buckets = BTreeMap<(&'static str, String, String), (f64, Instant)>;

/// The server; it lives as long as the process.
pub(crate) struct Server {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

struct Shared {
    answers: Answers,
    latency: AtomicU64,
    asked: AtomicUsize,
    connections: AtomicUsize,
    refused: AtomicUsize,
    /// What is left of each quota, and when that was so; nothing while none is enforced.
    buckets: Mutex<Option<Buckets>>,
    /// The bytes of every request, while somebody wants them.
    recorded: Mutex<Option<Vec<Vec<u8>>>>,
}

impl Server {
    pub(crate) fn start(answers: Vec<(Question, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let shared = Arc::new(Shared {
            answers: answers.into_iter().map(|(question, body)| (key(&question), response(&body))).collect(),
            latency: AtomicU64::new(0),
            asked: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            buckets: Mutex::new(None),
            recorded: Mutex::new(None),
        });
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                own.connections.fetch_add(1, Ordering::Relaxed);
                let shared = Arc::clone(&own);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { address, shared }
    }

    /// Waits so long before each answer.
    pub(crate) fn set_latency(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).expect("a short time");
        self.shared.latency.store(micros, Ordering::Relaxed);
    }

    /// From now on, or no more, each quota is a bucket that holds what a second brings, and one request at least. What comes
    /// while it is empty is refused.
    pub(crate) fn enforce_quotas(&self, enforce: bool) {
        *self.shared.buckets() = enforce.then(Buckets::new);
    }

    /// The number of requests refused since the last time.
    pub(crate) fn refused(&self) -> usize {
        self.shared.refused.swap(0, Ordering::Relaxed)
    }

    /// The number of requests and of connections since the last time.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.shared.asked.swap(0, Ordering::Relaxed), self.shared.connections.swap(0, Ordering::Relaxed))
    }

    /// The bytes of the requests made while `work` runs.
    pub(crate) fn record(&self, work: impl FnOnce()) -> Vec<Vec<u8>> {
        *self.recorded() = Some(Vec::new());
        work();
        self.recorded().take().unwrap_or_default()
    }

    fn recorded(&self) -> std::sync::MutexGuard<'_, Option<Vec<Vec<u8>>>> {
        self.shared.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key((service, operation, region, parameters): &Question) -> (String, String, String) {
    let parameter = parameters.first().map(|(_, value)| value.as_str()).unwrap_or_default();
    let (name, parameter) = match (*service, *operation) {
        ("apigateway", "GetRestApis") => ("/restapis".to_owned(), ""),
        ("apigateway", _) => (format!("/restapis/{parameter}/authorizers"), ""),
        ("apigatewayv2", "GetApis") => ("/v2/apis".to_owned(), ""),
        ("apigatewayv2", "GetRoutes") => (format!("/v2/apis/{parameter}/routes"), ""),
        ("apigatewayv2", _) => (format!("/v2/apis/{parameter}/authorizers"), ""),
        (_, operation) => (operation.to_owned(), parameter),
    };
    (name, (*region).to_owned(), parameter.to_owned())
}

fn response(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn serve(stream: &TcpStream, shared: &Shared) {
    stream.set_nodelay(true).expect("an option of every socket");
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        shared.asked.fetch_add(1, Ordering::Relaxed);
        let latency = shared.latency.load(Ordering::Relaxed);
        if latency > 0 {
            std::thread::sleep(Duration::from_micros(latency));
        }
        let asked = request.asked();
        let answer = if shared.refuses(&asked) { Cow::Owned(too_many(&asked)) } else { shared.answer(&asked) };
        if let Some(recorded) = &mut *shared.recorded.lock().unwrap_or_else(PoisonError::into_inner) {
            recorded.push(request.bytes);
        }
        if writer.write_all(&answer).is_err() {
            return;
        }
    }
}

impl Shared {
    fn buckets(&self) -> std::sync::MutexGuard<'_, Option<Buckets>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fixture's answer; a replica's Region answers as the primary; nothing is there otherwise.
    fn answer(&self, asked: &Asked) -> Cow<'_, [u8]> {
        let key = |region: &str| (asked.operation.clone(), region.to_owned(), asked.parameter.clone());
        let primary = || self.answers.get(&key(P)).filter(|_| asked.service == "cognito-idp");
        match self.answers.get(&key(&asked.region)).or_else(primary) {
            Some(answer) => Cow::Borrowed(answer),
            None => Cow::Owned(empty(asked)),
        }
    }

    fn refuses(&self, asked: &Asked) -> bool {
        let mut buckets = self.buckets();
        let Some(buckets) = &mut *buckets else { return false };
        let quota = quota(asked);
        let region = if quota.all_regions { String::new() } else { asked.region.clone() };
        let own = format!("{} {}", asked.operation, asked.pool);
        let per_pool = quota.per_pool.filter(|_| !asked.pool.is_empty()).map(|rate| (own, rate));
        let now = Instant::now();
        let wanted: Vec<_> = std::iter::once((String::new(), quota.rate)).chain(per_pool).collect();
        let mut enough = true;
        for (own, rate) in &wanted {
            let full = rate.max(1.0);
            let (tokens, at) = buckets.entry((&quota.name, region.clone(), own.clone())).or_insert((full, now));
            *tokens = (*tokens + now.duration_since(*at).as_secs_f64() * rate).min(full);
            *at = now;
            enough &= *tokens >= 1.0;
        }
        for (own, _) in wanted.into_iter().filter(|_| enough) {
            if let Some((tokens, _)) = buckets.get_mut(&(&quota.name, region.clone(), own)) {
                *tokens -= 1.0;
            }
        }
        self.refused.fetch_add(usize::from(!enough), Ordering::Relaxed);
        !enough
    }
}

/// The quota that a request draws on.
fn quota(asked: &Asked) -> &'static Quota {
    let service = match asked.service.as_str() {
        "cloudcontrolapi" => "cloudcontrol",
        "monitoring" => "cloudwatch",
        "ses" => "sesv2",
        "es" => "opensearch",
        "apigateway" if asked.operation.starts_with("/v2/") => "apigatewayv2",
        service => service,
    };
    let name = match (service, asked.operation.as_str()) {
        ("apigateway", "/restapis") => "GetRestApis",
        ("apigatewayv2", "/v2/apis") => "GetApis",
        ("apigateway" | "apigatewayv2", path) if path.ends_with("/routes") => "GetRoutes",
        ("apigateway" | "apigatewayv2", _) => "GetAuthorizers",
        ("lambda", path) if path.ends_with("/policy") => "GetPolicy",
        ("lambda", path) if path.ends_with("/configuration") => "GetFunctionConfiguration",
        ("lambda", _) => "ListFunctions",
        ("sesv2", path) if path.ends_with("/account") => "GetAccount",
        ("sesv2", path) if path.contains("/identities/") => "GetEmailIdentity",
        ("sesv2", _) => "GetConfigurationSet",
        ("route53", _) => "GetHealthCheck",
        ("opensearch", path) if path.ends_with("/domain") => "ListDomainNames",
        ("opensearch", _) => "DescribeDomains",
        (_, operation) => operation,
    };
    let operation = OPERATIONS.iter().find(|operation| operation.service == service && operation.name == name);
    quota_of(operation.unwrap_or_else(|| panic!("{asked:?} is no operation of the table")))
}

fn xml(operation: &str, inner: &str) -> String {
    format!("<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>")
}

fn too_many(asked: &Asked) -> Vec<u8> {
    let body = match asked.service.as_str() {
        "cloudformation" | "iam" | "sns" | "sts" | "route53" => {
            "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
        }
        _ => r#"{"__type":"TooManyRequestsException","message":"Rate exceeded"}"#,
    };
    let head = "HTTP/1.1 429 Too Many Requests\r\nx-amzn-errortype: TooManyRequestsException";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// That there is nothing, in the shape of each answer.
fn empty(asked: &Asked) -> Vec<u8> {
    let operation = asked.operation.as_str();
    let list = |items: &str| format!(r#"{{"{items}":[]}}"#);
    response(&match (asked.service.as_str(), operation) {
        ("monitoring", _) => {
            // `{"MetricAlarms": []}` in CBOR.
            let body = [&[0xa1, 0x6c][..], b"MetricAlarms", &[0x80]].concat();
            let head = "HTTP/1.1 200 OK\r\nsmithy-protocol: rpc-v2-cbor";
            return [format!("{head}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes(), body].concat();
        }
        (_, "ListResources") => list("ResourceDescriptions"),
        (_, "ListResourceServers") => list("ResourceServers"),
        (_, "DescribeIdentityProvider") => {
            r#"{"IdentityProvider":{"ProviderName":"Corp","ProviderType":"SAML"}}"#.to_owned()
        }
        (_, "GetProvisionedLimit") => r#"{"Limit":{"FreeLimitValue":120,"ProvisionedLimitValue":120}}"#.to_owned(),
        ("lambda", path) if path.trim_end_matches('/').ends_with("/functions") => list("Functions"),
        ("lambda", path) if path.ends_with("/configuration") => r#"{"FunctionName":"f","State":"Active"}"#.to_owned(),
        ("sns", "GetSMSAttributes") => xml(operation, "<attributes/>"),
        ("iam", "ListRoles") => xml(operation, "<Roles/>"),
        ("cloudformation" | "iam" | "sns" | "sts", operation) => xml(operation, ""),
        ("es", _) => list("DomainNames"),
        _ => "{}".to_owned(),
    })
}

/// What a request asks for.
#[derive(Debug)]
struct Asked {
    /// The signing name.
    service: String,
    /// The operation or the path.
    operation: String,
    region: String,
    /// What the fixture tells its answers apart by.
    parameter: String,
    /// The user pool, if the request names one.
    pool: String,
}

struct Request {
    bytes: Vec<u8>,
    /// Where the body begins.
    body: usize,
}

/// Head and body of a request; `None` at the end of the connection.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut length = 0;
    loop {
        let start = bytes.len();
        reader.read_until(b'\n', &mut bytes).ok().filter(|read| *read > 0)?;
        let line = bytes[start..].trim_ascii_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = header(line, "content-length") {
            length = value.parse().ok()?;
        }
    }
    let body = bytes.len();
    bytes.resize(body + length, 0);
    reader.read_exact(&mut bytes[body..]).ok()?;
    Some(Request { bytes, body })
}

fn header<'a>(line: &'a [u8], name: &str) -> Option<&'a str> {
    let (own, value) = line.split_at_checked(name.len())?;
    own.eq_ignore_ascii_case(name.as_bytes()).then_some(())?;
    Some(std::str::from_utf8(value).ok()?.strip_prefix(':')?.trim())
}

impl Request {
    fn asked(&self) -> Asked {
        let (head, body) = self.bytes.split_at(self.body);
        let (mut target, mut scope) = (None, Vec::new());
        for line in head.split(|byte| *byte == b'\n') {
            if let Some(value) = header(line, "x-amz-target") {
                target = value.split('.').nth(1);
            } else if let Some(value) = header(line, "authorization") {
                scope = value.split('/').collect();
            }
        }
        let (region, service) = (scope.get(2).copied().unwrap_or_default(), scope.get(3).copied().unwrap_or_default());
        let body = std::str::from_utf8(body).unwrap_or_default();
        let asked = |operation: &str, parameter: String, pool: String| Asked {
            service: service.to_owned(),
            operation: operation.to_owned(),
            region: region.to_owned(),
            parameter,
            pool,
        };
        if let Some(operation) = target {
            let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
            let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
            let parameter = ["ClientId", "Domain", "KeyId", "UserPoolId"].into_iter().find_map(text);
            let arn = || Some(text("ResourceArn")?.rsplit_once('/')?.1.to_owned());
            let pool = text("UserPoolId").or_else(arn).unwrap_or_default();
            return asked(operation, parameter.unwrap_or_default(), pool);
        }
        let member = |name: &str| body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        if let Some(operation) = member("Action") {
            let stack = member("StackName").unwrap_or_default();
            return asked(operation, stack.replace("%3A", ":").replace("%2F", "/"), String::new());
        }
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let place = std::str::from_utf8(line).unwrap_or_default().split(' ').nth(1).unwrap_or_default();
        let path = place.split('?').next().unwrap_or_default();
        // CloudWatch names its operation at the end of its path.
        let operation = path.split_once("/operation/").map_or(path, |(_, operation)| operation);
        asked(operation, String::new(), String::new())
    }
}

/// Sends these bytes one after the other over one connection and reads each answer to its end.
pub(crate) fn replay(address: &str, requests: &[Vec<u8>]) -> usize {
    let stream = TcpStream::connect(address).expect("the server");
    stream.set_nodelay(true).expect("an option of every socket");
    let mut reader = BufReader::new(&stream);
    let mut writer = &stream;
    let mut read_bytes = 0;
    for request in requests {
        writer.write_all(request).expect("the server");
        read_bytes += read(&mut reader).expect("an answer").bytes.len();
    }
    read_bytes
}
