//! The tools of the live tests that are not Rust: moto and the AWS CLI, pinned, installed below `target/`, and the account
//! that they serve; and CloudFormation's schemas, which the package cfn-lint brings along.
//!
//! Installed by `pinned`, filled once per test binary. What the account holds is said in
//! `tests/moto/`; what the program makes of it, in `live`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::pinned::{SKIP, install, run, skipped, temp};

/// Lists in small pages, so that every run pages. Lists of Cognito and KMS have the sizes of AWS.
const PAGE_SIZES: &[(&str, u32)] = &[
    ("apigatewayv2:GetApis", 1),
    ("apigatewayv2:GetAuthorizers", 1),
    ("apigatewayv2:GetRoutes", 1),
    ("cloudformation:DescribeStacks", 1),
    ("cloudformation:ListStackResources", 2),
    ("cloudformation:ListStacks", 1),
];

/// The account, filled; `None`, and a line that says so, if the tests that need it are to be skipped.
pub(crate) fn account() -> Option<&'static Account> {
    static ACCOUNT: OnceLock<Result<Account, String>> = OnceLock::new();
    if skipped() {
        return None;
    }
    Some(ready(ACCOUNT.get_or_init(|| Account::start("scenario.py"))))
}

/// The account of `tests/moto/verifiers.py`, on a server of its own.
pub(crate) fn verifiers() -> Option<&'static Account> {
    static ACCOUNT: OnceLock<Result<Account, String>> = OnceLock::new();
    if skipped() {
        return None;
    }
    Some(ready(ACCOUNT.get_or_init(|| Account::start("verifiers.py"))))
}

/// The account of `tests/moto/plan_account.py`, on a server of its own: what a plan does to it, other tests must not see.
pub(crate) fn moving() -> Option<&'static Account> {
    static ACCOUNT: OnceLock<Result<Account, String>> = OnceLock::new();
    if skipped() {
        return None;
    }
    Some(ready(ACCOUNT.get_or_init(|| Account::start("plan_account.py"))))
}

/// The three accounts of `tests/moto/accounts.py`, on a server of their own: what lists accounts sees one organization.
pub(crate) fn organization() -> Option<&'static Account> {
    static ACCOUNT: OnceLock<Result<Account, String>> = OnceLock::new();
    if skipped() {
        return None;
    }
    Some(ready(ACCOUNT.get_or_init(|| Account::start("accounts.py"))))
}

/// What a script of `tests/moto` writes into the file that is its last argument; `None` if the tests that need Python are to
/// be skipped.
pub(crate) fn told_by(script: &str, arguments: &[&str]) -> Option<Value> {
    if skipped() {
        return None;
    }
    let told = install("moto", &source(), &[]).and_then(|python| {
        let out = temp(&format!("told-{script}-{}.json", std::process::id()));
        run(python_command(&python, &source()).arg(script).args(arguments).arg(&out))?;
        let text = fs::read_to_string(&out).map_err(|error| format!("{}: {error}", out.display()))?;
        let _ = fs::remove_file(&out);
        serde_json::from_str(&text).map_err(|error| format!("{script}: {error}"))
    });
    Some(told.unwrap_or_else(|why| panic!("{script}: {why}\nTo do without the live tests, set {SKIP}=1.")))
}

fn ready(account: &'static Result<Account, String>) -> &'static Account {
    match account {
        Ok(account) => account,
        Err(why) => panic!("no account to test against: {why}\nTo do without the live tests, set {SKIP}=1."),
    }
}

/// The folder of CloudFormation's schemas as cfn-lint ships them; `None`, and a line that says so, if the tests that need
/// Python are to be skipped.
pub(crate) fn schemas() -> Option<PathBuf> {
    if skipped() {
        return None;
    }
    // Only its data is read: what it needs to run is not installed.
    let found = install("schemas", &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas"), &["--no-deps"])
        .and_then(|python| {
            let place =
                "import importlib.util; print(importlib.util.find_spec('cfnlint').submodule_search_locations[0])";
            let output = run(Command::new(python).args(["-c", place]))?;
            Ok(Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("data/schemas"))
        });
    match found {
        Ok(folder) => Some(folder),
        Err(why) => panic!("no schemas to test against: {why}\nTo do without the live tests, set {SKIP}=1."),
    }
}

/// A filled moto server. It ends with this process, because its standard input does.
#[derive(Debug)]
pub(crate) struct Account {
    /// Its endpoint, for every service.
    pub(crate) url: String,
    /// What the script that filled it wrote: which id is what, and the planted secrets.
    pub(crate) out: Value,
    _server: Child,
}

impl Account {
    /// Starts a server and has a script fill it.
    fn start(script: &str) -> Result<Self, String> {
        let python = install("moto", &source(), &[])?;
        let folder = source();
        let log = temp(&format!("moto-{script}.log"));
        let mut server = python_command(&python, &folder)
            .args(["server.py", "0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", python.display()))?;
        let mut first = String::new();
        let stdout = server.stdout.take().ok_or("the server has no standard output")?;
        BufReader::new(stdout).read_line(&mut first).map_err(|error| error.to_string())?;
        let Some(url) = first.trim().strip_prefix("ready ").map(str::to_owned) else {
            return Err(format!("server.py did not get ready:\n{}", fs::read_to_string(&log).unwrap_or_default()));
        };
        let out = temp(&format!("account-{script}-{}.json", std::process::id()));
        let mut fill = python_command(&python, &folder);
        run(fill.arg(script).arg(&url).arg(&out))?;
        let text = fs::read_to_string(&out).map_err(|error| format!("{}: {error}", out.display()))?;
        // Nothing is kept that lists the planted secrets beside what tests write.
        let _ = fs::remove_file(&out);
        let out = serde_json::from_str(&text).map_err(|error| format!("OUT.json: {error}"))?;
        let account = Self { url, out, _server: server };
        let sizes: serde_json::Map<String, Value> =
            PAGE_SIZES.iter().map(|(call, size)| ((*call).to_owned(), json!(size))).collect();
        account.control("POST", "page-sizes", Some(&Value::Object(sizes)));
        Ok(account)
    }

    /// The id of the pool of a scenario.
    pub(crate) fn pool(&self, scenario: &str) -> &str {
        self.out["pools"][scenario].as_str().unwrap_or_else(|| panic!("no scenario {scenario}"))
    }

    /// Every planted secret, with what it is.
    pub(crate) fn planted(&self) -> Vec<(String, String)> {
        let mut secrets = Vec::new();
        for (name, value) in self.out["planted"].as_object().unwrap() {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            secrets.extend(values.iter().map(|value| (name.clone(), value.as_str().unwrap().to_owned())));
        }
        secrets
    }

    /// The AWS calls that were signed with this access key, oldest first.
    pub(crate) fn calls(&self, key: &str) -> Vec<Value> {
        self.control("GET", &format!("calls/{key}"), None).as_array().unwrap().clone()
    }

    /// Puts these faults in the way of requests signed with this access key.
    pub(crate) fn faults(&self, key: &str, rules: &Value) {
        let answer = self.control("POST", &format!("faults/{key}"), Some(rules));
        assert_eq!(answer["rules"], json!(rules.as_array().unwrap().len()), "{answer}");
    }

    /// What Cloud Control lists and reads for requests signed with this access key.
    pub(crate) fn resources(&self, key: &str, table: &Value) {
        self.control("POST", &format!("resources/{key}"), Some(table));
    }

    /// Asks a control endpoint of `tests/moto/faults.py`.
    fn control(&self, method: &str, what: &str, document: Option<&Value>) -> Value {
        let body = document.map(Value::to_string).unwrap_or_default();
        let host = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let length = body.len();
        let head = format!(
            "{method} /mrready-test/{what} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {what}: {answer}");
        serde_json::from_str(body).unwrap()
    }
}

/// The folder of the Python sources.
fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/moto")
}

/// Python for the sources: no trace of a run beside them, and nothing of the user's own AWS configuration.
fn python_command(python: &Path, folder: &Path) -> Command {
    let mut command = Command::new(python);
    command.current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
}
