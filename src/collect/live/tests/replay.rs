//! An HTTP server on 127.0.0.1 that answers as a function says, and remembers what it was asked.
//!
//! Knows AWS's ways to name an operation and nothing of what an answer should hold. `std` only.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// The operation, or the path of a REST call without its query.
    pub(super) operation: String,
    /// `POST` or `GET`.
    pub(super) method: String,
    /// The path without its query.
    pub(super) path: String,
    /// `x-amz-target`, or nothing.
    pub(super) target: String,
    /// The access key that signed.
    pub(super) key: String,
    /// The signing name.
    pub(super) service: String,
    /// The signing Region.
    pub(super) region: String,
    /// Query string and body; of CBOR its texts.
    pub(super) text: String,
}

impl Asked {
    /// The value of a member of a JSON body, of a form or of a query string; no escapes.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let json = format!("\"{name}\":\"");
        let form = format!("{name}=");
        let from = |start: usize, end: &[char]| self.text[start..].split(end).next();
        if let Some(at) = self.text.find(&json) {
            return from(at + json.len(), &['"']);
        }
        self.text.find(&form).and_then(|at| from(at + form.len(), &['&', '\n']))
    }
}

/// What to do with a request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// Answer.
    Answer { status: u16, header: &'static str, body: Vec<u8> },
    /// Promise twice the body, and close.
    Truncated(String),
    /// Say nothing for so long, and close.
    Stall(Duration),
    /// Close at once.
    Close,
}

impl Reply {
    pub(super) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Answer { status: 200, header: "", body: body.into() }
    }

    /// An answer of CloudWatch.
    pub(super) fn cbor(body: Vec<u8>) -> Self {
        Self::Answer { status: 200, header: "smithy-protocol: rpc-v2-cbor\r\n", body }
    }

    pub(super) fn error(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer { status, header: "", body: body.into() }
    }
}

/// The server; it lives as long as the process.
pub(super) struct Replay {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Asked>>>,
}

impl Replay {
    pub(super) fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &*answer, &log));
            }
        });
        Self { url, seen }
    }

    /// All requests so far.
    pub(super) fn seen(&self) -> Vec<Asked> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, answer: &(dyn Fn(&Asked) -> Reply + Send + Sync), log: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(asked) = read(&mut reader) {
        log.lock().unwrap().push(asked.clone());
        let (status, header, body, length) = match answer(&asked) {
            Reply::Answer { status, header, body } => (status, header, body.clone(), body.len()),
            Reply::Truncated(body) => (200, "", body.clone().into_bytes(), body.len() * 2 + 1),
            Reply::Stall(time) => return std::thread::sleep(time),
            Reply::Close => return,
        };
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{header}\r\n");
        let written = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        if written.is_err() || length != body.len() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, place) = (words.next()?, words.next()?);
    let (mut length, mut target, mut scope) = (0, String::new(), String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "x-amz-target" => value.clone_into(&mut target),
            "authorization" => scope = value.split("Credential=").nth(1)?.split(',').next()?.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8_lossy(&body);
    let (path, query) = place.split_once('?').unwrap_or((&place, ""));
    let text = format!("{query}\n{body}");
    let mut parts = scope.split('/').map(str::to_owned);
    let (key, _, region, service) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let action = target.split('.').nth(1);
    let form = body.strip_prefix("Action=").and_then(|rest| rest.split('&').next());
    let cbor = path.split_once("/operation/").map(|(_, operation)| operation);
    let operation = action.or(form).or(cbor).unwrap_or(path).to_owned();
    Some(Asked { operation, method, path: path.to_owned(), target, key, service, region, text })
}
