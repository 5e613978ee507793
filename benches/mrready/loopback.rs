//! An HTTP/1.1 server on 127.0.0.1 with fixed answers, and the smallest client that can ask it. `std` only.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::fixture::Question;

/// The answers by operation or path, Region and parameters.
type Answers = BTreeMap<(String, String, String), Vec<u8>>;

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
        let none = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}".as_slice();
        let answer = shared.answers.get(&request.key()).map_or(none, Vec::as_slice);
        if let Some(recorded) = &mut *shared.recorded.lock().unwrap_or_else(PoisonError::into_inner) {
            recorded.push(request.bytes);
        }
        if writer.write_all(answer).is_err() {
            return;
        }
    }
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
    fn key(&self) -> (String, String, String) {
        let (head, body) = self.bytes.split_at(self.body);
        let (mut operation, mut region) = (None, "");
        for line in head.split(|byte| *byte == b'\n') {
            if let Some(target) = header(line, "x-amz-target") {
                operation = target.split('.').nth(1);
            } else if let Some(authorization) = header(line, "authorization") {
                region = authorization.split('/').nth(2).unwrap_or_default();
            }
        }
        let body = std::str::from_utf8(body).unwrap_or_default();
        let name = |name: String, parameter: String| (name, region.to_owned(), parameter);
        if let Some(operation) = operation {
            let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
            let parameter = ["ClientId", "Domain", "KeyId", "UserPoolId"]
                .iter()
                .find_map(|name| body.get(name)?.as_str())
                .unwrap_or_default();
            return name(operation.to_owned(), parameter.to_owned());
        }
        if let Some(form) = body.strip_prefix("Action=") {
            let operation = form.split('&').next().unwrap_or_default();
            let stack = form.split('&').find_map(|pair| pair.strip_prefix("StackName=")).unwrap_or_default();
            return name(operation.to_owned(), stack.replace("%3A", ":").replace("%2F", "/"));
        }
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let target = std::str::from_utf8(line).unwrap_or_default().split(' ').nth(1).unwrap_or_default();
        name(target.split('?').next().unwrap_or_default().to_owned(), String::new())
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
