//! The tools of the live tests that are not Rust: moto and the AWS CLI, pinned, installed below `target/`, and the account
//! that they serve; and CloudFormation's schemas, which the package cfn-lint brings along.
//!
//! Installed once per `requirements.txt`, filled once per test binary. What the account holds is said in
//! `tests/moto/`; what the program makes of it, in `live`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The variable that skips every test that needs Python.
const SKIP: &str = "MRREADY_SKIP_LIVE_TESTS";

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

/// Whether the tests that need Python are left out, said once.
fn skipped() -> bool {
    static SAID: Once = Once::new();
    let skipped = std::env::var(SKIP).is_ok_and(|value| value == "1");
    if skipped {
        // Not through the macros, whose output a passing test swallows.
        SAID.call_once(|| {
            let _ = writeln!(std::io::stderr(), "{SKIP}=1: the tests that need Python are skipped");
        });
    }
    skipped
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

/// A file in the folder that cargo gives to integration tests, which is below `target/`.
fn temp(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
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

/// The Python of the virtual environment, which is made if it is not there yet.
///
/// One at a time, by a lock that ends with the process; a marker says that it is whole.
fn install(name: &str, source: &Path, options: &[&str]) -> Result<PathBuf, String> {
    let requirements = source.join("requirements.txt");
    let text = fs::read(&requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    let digest = Sha256::digest(&text)[..8].iter().fold(String::new(), |mut digest, byte| {
        let _ = write!(digest, "{byte:02x}");
        digest
    });
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?.join("tools");
    let home = tools.join(format!("{name}-{digest}"));
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let (lock, whole) = (tools.join(format!("{name}-{digest}.lock")), home.join("complete"));
    let failed = |error: std::io::Error| format!("{}: {error}", home.display());
    fs::create_dir_all(&tools).map_err(failed)?;
    let lock = File::create(lock).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if whole.exists() {
        return Ok(python);
    }
    let found = find_python()?;
    if home.exists() {
        fs::remove_dir_all(&home).map_err(failed)?;
    }
    run(Command::new(found).args(["-m", "venv"]).arg(&home))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(&python).args(pip).args(options).arg("-r").arg(&requirements))?;
    fs::write(&whole, digest).map_err(failed)?;
    Ok(python)
}

/// A Python that is new enough.
fn find_python() -> Result<&'static str, String> {
    let check = "import sys, venv; sys.exit(0 if sys.version_info >= (3, 11) else 1)";
    ["python3", "python"]
        .into_iter()
        .find(|name| Command::new(name).args(["-c", check]).output().is_ok_and(|output| output.status.success()))
        .ok_or_else(|| "Python 3.11 or later, with its module venv, is needed and was not found on PATH".to_owned())
}

/// Runs a command to its end; the error holds what it said.
fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    // Some say on standard output what is wrong.
    let said = [output.stdout.as_slice(), &output.stderr].map(String::from_utf8_lossy).concat();
    Err(format!("{command:?} ended with {}:\n{said}", output.status))
}
