//! The program itself, run against accounts that are not real: the verdicts, the exit codes, the bytes it writes.
//!
//! The account is moto's (`tools`) or a replay (`replay`), set up through the AWS CLI or by hand, never by our own code. How
//! a rule decides is tested beside the rule, how a fact is derived beside the fact; here only the whole is.

mod accounts;
mod faults;
#[cfg(unix)]
mod import;
#[cfg(unix)]
mod journals;
#[cfg(unix)]
mod plan;
mod ready;
mod replays;
#[cfg(unix)]
mod resume;
mod scope;
mod secrets;
mod verdicts;
mod verifiers;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use mrready::model::Verdict;
use mrready::model::report::{Finding, Report};
use mrready::snapshot::operations;
use serde_json::Value;
use tempfile::TempDir;

use crate::tools::Account;

/// Longer than any run here needs; a program that hangs fails its test.
const DEADLINE: Duration = Duration::from_mins(2);

/// A folder of its own, an access key of its own, and the program in it with nothing else of this machine.
#[derive(Debug)]
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) key: String,
    endpoint: String,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// A run under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    _slot: Slot,
}

impl Bench {
    /// Against this endpoint.
    pub(crate) fn new(endpoint: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let folder = tempfile::Builder::new().prefix("live-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        let key = format!("AKIAMRREADYTEST{:05}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { folder, key, endpoint: endpoint.to_owned() }
    }

    /// The endpoint that it asks.
    #[cfg(unix)]
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of this folder.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Puts a file into this folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The names of the files in this folder, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "home")
            .collect();
        names.sort();
        names
    }

    /// Every file below this folder, with its bytes.
    pub(crate) fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push((path.clone(), fs::read(&path).unwrap())) }
            }
        }
        let mut found = Vec::new();
        walk(self.folder.path(), &mut found);
        found
    }

    /// Starts the program with these arguments, in this folder.
    pub(crate) fn start<S: AsRef<str>>(&self, arguments: &[S]) -> Running {
        let mut program = Command::new(env!("CARGO_BIN_EXE_mrready"));
        program.args(arguments.iter().map(AsRef::as_ref));
        self.spawn(program)
    }

    /// Runs the program with these arguments; no file may grow beyond so many blocks of 512 bytes.
    #[cfg(unix)]
    pub(crate) fn run_limited<S: AsRef<str>>(&self, arguments: &[S], blocks: u32) -> Run {
        let mut program = Command::new("sh");
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        program.args(["-c", &limited, env!("CARGO_BIN_EXE_mrready")]).args(arguments.iter().map(AsRef::as_ref));
        self.spawn(program).wait()
    }

    fn spawn(&self, mut program: Command) -> Running {
        let slot = Slot::take();
        let mut child = program
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("AWS_ACCESS_KEY_ID", &self.key)
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_REGION", "us-east-1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, stderr) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
        Running { child, stdout, stderr, _slot: slot }
    }

    /// Runs the program with these arguments.
    pub(crate) fn run<S: AsRef<str>>(&self, arguments: &[S]) -> Run {
        self.start(arguments).wait()
    }

    /// The arguments of a live run on these pools: `command --pool-id … --endpoint-url …`, with the replica Region, as
    /// fast as the server answers.
    pub(crate) fn scope(&self, command: &str, pools: &[&str]) -> Vec<String> {
        let mut arguments = vec![command.to_owned()];
        for pool in pools {
            arguments.extend(["--pool-id".to_owned(), (*pool).to_owned()]);
        }
        let endpoint = ["--replica-region", "us-west-2", "--max-rps", "100000", "--endpoint-url", &self.endpoint];
        arguments.extend(endpoint.map(str::to_owned));
        arguments
    }

    /// A live audit of these pools, all findings, with further arguments.
    pub(crate) fn audit(&self, pools: &[&str], more: &[&str]) -> Run {
        let mut arguments = self.scope("audit", pools);
        arguments.extend(["--format", "json", "--show", "all", "--now", &now()].map(str::to_owned));
        arguments.extend(more.iter().map(|each| (*each).to_owned()));
        self.run(&arguments)
    }

    /// What was asked of the account with this folder's key: read-only calls of our table, and nothing twice.
    pub(crate) fn check_calls(&self, account: &Account) {
        let calls = account.calls(&self.key);
        assert!(calls.len() > 10, "the log of calls misses calls: {calls:?}");
        let mut seen = BTreeMap::new();
        for call in &calls {
            let text = |name: &str| call[name].as_str().unwrap_or_default();
            assert_eq!(call["read_only"], true, "{call}");
            assert!(
                operations::find_typed(text("service"), text("operation"), text("type_name")).is_some(),
                "not in the table: {call}"
            );
            let question = ["service", "operation", "region", "request"].map(text);
            let before = seen.insert(question, call);
            assert!(before.is_none(), "asked twice: {call}");
        }
    }
}

impl Running {
    /// Waits for the end.
    pub(crate) fn wait(mut self) -> Run {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > DEADLINE {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                panic!("did not end: {}", String::from_utf8_lossy(&self.stderr.join().unwrap()));
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let stderr = String::from_utf8(self.stderr.join().unwrap()).unwrap();
        Run { status, stdout: self.stdout.join().unwrap(), stderr }
    }
}

impl Run {
    /// The exit code; `None` after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Standard output as a report.
    pub(crate) fn report(&self) -> Report {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("no report ({error}), ended with {:?}: {}", self.code(), self.stderr))
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }
}

fn drain(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}

/// One of the places for programs under way: most of them wait for their server, which has one core to answer with.
#[derive(Debug)]
struct Slot;

static FREE: (Mutex<u32>, Condvar) = (Mutex::new(12), Condvar::new());

impl Slot {
    fn take() -> Self {
        let mut free = FREE.1.wait_while(FREE.0.lock().unwrap(), |free| *free == 0).unwrap();
        *free -= 1;
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *FREE.0.lock().unwrap() += 1;
        FREE.1.notify_one();
    }
}

/// The clock of all runs: an hour after the first, so that evidence is old, and fresh, whenever these tests run.
pub(crate) fn now() -> String {
    static NOW: std::sync::OnceLock<Timestamp> = std::sync::OnceLock::new();
    NOW.get_or_init(|| (Timestamp::now() + SignedDuration::from_hours(1)).round(jiff::Unit::Second).unwrap())
        .to_string()
}

/// A day from now on, `YYYY-MM-DD`.
fn day(from_now: i64) -> String {
    let now: Timestamp = now().parse().unwrap();
    (now + SignedDuration::from_hours(24 * from_now)).to_string()[..10].to_owned()
}

/// The decisions file of a person who answered what no API shows.
pub(crate) fn attestations() -> String {
    let answered = crate::builder::persons();
    let (on, expires) = (day(-1), day(30));
    answered.iter().fold(String::new(), |text, rule| {
        text + &format!(
            "- {{ kind: attest, rule: {rule}, subject: '**', reason: asked, owner: team, expires: {expires}, \
             answer: yes, evidence: seen, by: someone, on: {on} }}\n"
        )
    })
}

/// The letter of a verdict.
pub(crate) fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => 'P',
        Verdict::Fail => 'F',
        Verdict::Warn => 'W',
        Verdict::Info => 'I',
        Verdict::Unknown => 'U',
        Verdict::Manual => 'M',
        Verdict::NotApplicable => '-',
    }
}

/// Findings by rule and subject.
pub(crate) fn by_subject(report: &Report) -> BTreeMap<(&str, &str), &Finding> {
    report.findings.iter().map(|finding| ((finding.rule.as_str(), finding.subject.id.as_str()), finding)).collect()
}

/// A snapshot as JSON, whatever wrote it.
pub(crate) fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Runs these at the same time; a panic in one is a panic here.
pub(crate) fn at_once<T: Sync>(cases: &[T], run: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|case| scope.spawn(|| run(case))).collect();
        let failed = running.into_iter().filter_map(|case| case.join().err()).collect::<Vec<_>>();
        assert!(failed.is_empty(), "{} of {} cases failed, see above", failed.len(), cases.len());
    });
}
