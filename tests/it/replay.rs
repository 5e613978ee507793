//! An HTTP server on 127.0.0.1 that answers as AWS does on the wire: from files of `fixtures/replays/`, or from code.
//!
//! For what moto cannot show. It knows AWS's ways to name an operation, and nothing of what an answer should hold.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The access key that signed.
    pub(crate) key: String,
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) region: String,
    /// The resource in the path of a REST call: the id of the API or of the health check.
    pub(crate) id: String,
    /// 1 without a token, n with the token `page-n`.
    pub(crate) page: u32,
    /// Query and body, percent signs decoded.
    pub(crate) text: String,
}

/// An answer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn json(body: Value) -> Self {
        Self { status: 200, headers: BTreeMap::new(), body }
    }

    /// The body as it is sent.
    fn bytes(&self) -> Vec<u8> {
        if self.headers.get("smithy-protocol").is_some_and(|protocol| protocol == "rpc-v2-cbor") {
            let mut encoder = minicbor::Encoder::new(Vec::new());
            cbor(&self.body, &mut encoder);
            return encoder.into_writer();
        }
        self.body.as_str().map_or_else(|| self.body.to_string(), str::to_owned).into_bytes()
    }

    /// A refusal in the shape of this service, with a message such as AWS's.
    pub(crate) fn denied(asked: &Asked, action: &str) -> Self {
        let message = format!(
            "User: arn:aws:sts::111122223333:assumed-role/Audit/somebody is not authorized to perform: {action} on \
             resource: * because no identity-based policy allows the {action} action"
        );
        let (status, header, body) = match asked.service.as_str() {
            "cloudformation" => {
                let error =
                    format!("<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{message}</Message></Error>");
                let space = "http://cloudformation.amazonaws.com/doc/2010-05-15/";
                (403, "", Value::from(format!("<ErrorResponse xmlns=\"{space}\">{error}</ErrorResponse>")))
            }
            "apigateway" | "apigatewayv2" => (403, "AccessDeniedException", serde_json::json!({ "message": message })),
            _ => (400, "", serde_json::json!({ "__type": "AccessDeniedException", "Message": message })),
        };
        let headers = Some(header).filter(|header| !header.is_empty());
        let headers = headers.map(|code| ("x-amzn-errortype".to_owned(), code.to_owned())).into_iter().collect();
        Self { status, headers, body }
    }

    /// A page of a CloudFormation list.
    pub(crate) fn stacks(operation: &str, list: &str, members: &str, next: Option<u32>) -> Self {
        let token = next.map(|page| format!("<NextToken>page-{page}</NextToken>")).unwrap_or_default();
        let body = format!(
            "<{operation}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><{operation}Result>\
             <{list}>{members}</{list}>{token}</{operation}Result></{operation}Response>"
        );
        Self::json(Value::from(body))
    }
}

/// An entry of a file.
#[derive(Debug, Deserialize)]
struct Recorded {
    service: String,
    operation: String,
    region: Option<String>,
    contains: Option<String>,
    page: Option<u32>,
    #[serde(flatten)]
    reply: Reply,
}

impl Recorded {
    fn fits(&self, asked: &Asked) -> bool {
        self.service == asked.service
            && self.operation == asked.operation
            && self.region.as_ref().is_none_or(|region| *region == asked.region)
            && self.contains.as_ref().is_none_or(|text| asked.text.contains(text.as_str()))
            && self.page.is_none_or(|page| page == asked.page)
    }
}

/// The server; it lives as long as the process.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Asked>>>,
    unanswered: Arc<Mutex<Vec<Asked>>>,
}

type Answer = dyn Fn(&Asked) -> Option<Reply> + Send + Sync;

impl Replay {
    /// Answers with `answer` first, then from these files, the first one first.
    pub(crate) fn start(files: &[&str], answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let recorded: Vec<Recorded> = files.iter().flat_map(|file| read(file)).collect();
        let unanswered = Arc::new(Mutex::new(Vec::new()));
        let missed = Arc::clone(&unanswered);
        let answer: Arc<Answer> = Arc::new(move |asked: &Asked| {
            let recorded = || recorded.iter().find(|recorded| recorded.fits(asked)).map(|found| found.reply.clone());
            let reply = answer(asked).or_else(recorded);
            if reply.is_none() {
                missed.lock().unwrap().push(asked.clone());
            }
            reply
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &*answer, &log));
            }
        });
        Self { url, seen, unanswered }
    }

    /// The requests so far, all of which had an answer.
    pub(crate) fn seen(&self) -> Vec<Asked> {
        let unanswered = self.unanswered.lock().unwrap();
        assert!(unanswered.is_empty(), "no answer for these: {unanswered:#?}");
        self.seen.lock().unwrap().clone()
    }
}

fn read(file: &str) -> Vec<Recorded> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/replays").join(format!("{file}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn serve(mut stream: TcpStream, answer: &Answer, log: &Mutex<Vec<Asked>>) {
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(asked) = request(&mut reader) {
        log.lock().unwrap().push(asked.clone());
        // 418 is no answer of AWS's: a test that sees it lacks an entry.
        let reply = answer(&asked).unwrap_or(Reply { status: 418, headers: BTreeMap::new(), body: Value::Null });
        let body = of_the_account(&asked, reply.bytes());
        let headers =
            reply.headers.iter().fold(String::new(), |text, (name, value)| text + name + ": " + value + "\r\n");
        let length = body.len();
        let head = format!("HTTP/1.1 {} X\r\n{headers}content-length: {length}\r\n\r\n", reply.status);
        if stream.write_all(&[head.into_bytes(), body].concat()).is_err() {
            return;
        }
    }
}

/// The account of the files.
pub(crate) const ACCOUNT: &str = "111122223333";
/// What access keys begin with that name their account: a session's.
pub(crate) const SESSION: &str = "ASIA";

/// An answer about the account that the key of a session names, in place of that of the files.
fn of_the_account(asked: &Asked, body: Vec<u8>) -> Vec<u8> {
    match (asked.key.strip_prefix(SESSION), String::from_utf8(body)) {
        (Some(account), Ok(text)) => text.replace(ACCOUNT, account).into_bytes(),
        (None, Ok(text)) => text.into_bytes(),
        (_, Err(bytes)) => bytes.into_bytes(),
    }
}

/// STS's answer to `AssumeRole`: a session whose access key names the role's account.
pub(crate) fn session(asked: &Asked) -> Reply {
    let account = asked.text.split(":iam::").nth(1).and_then(|rest| rest.get(..12)).unwrap_or_default();
    let body = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>{SESSION}{account}</AccessKeyId><SecretAccessKey>planted-key</SecretAccessKey>\
         <SessionToken>planted-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>"
    );
    Reply::json(Value::from(body))
}

/// STS's refusal to let anybody take a role.
pub(crate) fn no_session() -> Reply {
    let message = "User: arn:aws:sts::999988887777:assumed-role/planted is not authorized to perform: sts:AssumeRole on \
                   resource: arn:aws:iam::1:role/planted";
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    Reply { status: 403, ..Reply::json(Value::from(body)) }
}

/// What every service says that has too much to do.
pub(crate) fn throttled(asked: &Asked) -> Reply {
    match asked.service.as_str() {
        "sts" | "iam" | "sns" | "cloudformation" => {
            let body =
                "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
            Reply { status: 400, ..Reply::json(Value::from(body)) }
        }
        _ => Reply { status: 400, ..Reply::json(serde_json::json!({ "__type": "TooManyRequestsException" })) },
    }
}

/// The next request of a connection; `None` at its end.
fn request(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(Some(0), |length| length.parse().ok())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    // Of CBOR the texts are what is looked at.
    let body = String::from_utf8_lossy(&body).into_owned();
    let scope = headers.get("authorization")?.split("Credential=").nth(1)?.split(',').next()?.to_owned();
    let mut scope = scope.split('/');
    let (key, _, region, signed) = (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let text = decoded(&format!("{query}\n{body}"));
    let form = body.strip_prefix("Action=").and_then(|rest| rest.split('&').next());
    let json = headers.get("x-amz-target").and_then(|target| target.rsplit('.').next());
    let cbor = path.split_once("/operation/").map(|(_, operation)| operation);
    let (service, operation, id) = match json.or(form).or(cbor) {
        Some(operation) => (named(signed), operation, ""),
        None => rest(path)?,
    };
    let page = text
        .split("page-")
        .nth(1)
        .map_or(Some(1), |rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok())?;
    let owned = str::to_owned;
    Some(Asked {
        key: owned(key),
        service: owned(service),
        operation: owned(operation),
        region: owned(region),
        id: owned(id),
        page,
        text,
    })
}

/// The service of a signing name, as the table of operations has it.
fn named(signed: &str) -> &str {
    match signed {
        "cloudcontrolapi" => "cloudcontrol",
        "monitoring" => "cloudwatch",
        same => same,
    }
}

/// CloudWatch's form of a value.
fn cbor(value: &Value, encoder: &mut minicbor::Encoder<Vec<u8>>) {
    match value {
        Value::String(text) => {
            encoder.str(text).unwrap();
        }
        Value::Array(items) => {
            encoder.array(items.len() as u64).unwrap();
            for item in items {
                cbor(item, encoder);
            }
        }
        Value::Object(members) => {
            encoder.map(members.len() as u64).unwrap();
            for (name, value) in members {
                encoder.str(name).unwrap();
                cbor(value, encoder);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => panic!("no replay holds {value} in CBOR"),
    }
}

/// Service, operation and resource of a path of a REST API.
fn rest(path: &str) -> Option<(&'static str, &'static str, &str)> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    Some(match parts.as_slice() {
        ["restapis"] => ("apigateway", "GetRestApis", ""),
        ["restapis", id, "authorizers"] => ("apigateway", "GetAuthorizers", id),
        ["v2", "apis"] => ("apigatewayv2", "GetApis", ""),
        ["v2", "apis", id, "authorizers"] => ("apigatewayv2", "GetAuthorizers", id),
        ["v2", "apis", id, "routes"] => ("apigatewayv2", "GetRoutes", id),
        ["2015-03-31", "functions"] => ("lambda", "ListFunctions", ""),
        ["2021-01-01", "domain"] => ("opensearch", "ListDomainNames", ""),
        ["2013-04-01", "healthcheck", id] => ("route53", "GetHealthCheck", id),
        _ => return None,
    })
}

/// Percent signs decoded; what is no UTF-8 then is replaced.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(hex.unwrap_or(*byte));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}
