//! The scripts of a plan, run for real: bash and jq as they are installed, an AWS CLI that stands in (`tests/shell/aws`).
//!
//! `flow`: what a script insists on before, while and after it runs; `update`: that a change changes just what it names, and
//! the ways back; `hostile`: that no text of an account steers anything; `lint`: shellcheck.

mod flow;
mod hostile;
mod lint;
mod update;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use mrready::model::plan::{PLAN_SCHEMA_VERSION, Plan, PlannedStep, PoolPlan, Script, Snippet};
use mrready::model::report::{Subject, Tool};
use mrready::model::{Direction, Gate, Phase, Risk, SubjectKind, TargetIssuer, Who};
use mrready::render::plan::shell;
use serde_json::{Value, json};

pub(crate) const POOL: &str = "us-east-1_AbCdEfGhI";
pub(crate) const ACCOUNT: &str = "111122223333";

/// A step of the pool itself with this shell text.
pub(crate) fn step(number: usize, id: &str, run: &str) -> PlannedStep {
    PlannedStep {
        id: id.to_owned(),
        step: id.split(':').next().unwrap().to_owned(),
        number,
        title: format!("Do {id}"),
        summary: "It is needed.".to_owned(),
        phase: Phase::Key,
        who: Who::Operator,
        subject: None,
        needs: Vec::new(),
        gates: vec![Gate::Replicate],
        because: Vec::new(),
        certainty: mrready::model::plan::Certainty::Needed,
        risk: Risk::Low,
        impact: "None.".to_owned(),
        point_of_no_return: None,
        minutes: 10,
        lead_days: 0,
        abort_if: vec!["the difference shows something else".to_owned()],
        verify: "The pool shows it.".to_owned(),
        roll_back: "Put it back.".to_owned(),
        manual: None,
        sh: Some(Script { require: None, run: run.to_owned(), check: None, undo: None }),
        cloudformation: None,
        terraform: None,
        values: BTreeMap::new(),
        inputs: BTreeMap::new(),
        references: Vec::new(),
        done_at: None,
        told_at: None,
    }
}

/// A plan of one pool with these steps.
pub(crate) fn plan(steps: Vec<PlannedStep>) -> Plan {
    let values = [
        ("ACCOUNT_ID", ACCOUNT),
        ("POOL_ID", POOL),
        ("POOL_NAME", "customers"),
        ("PRIMARY_REGION", "us-east-1"),
        ("SECONDARY_REGION", "us-west-2"),
    ];
    let pool = PoolPlan {
        pool: Subject {
            kind: SubjectKind::Pool,
            id: POOL.to_owned(),
            name: Some("customers".to_owned()),
            arn: None,
            region: Some("us-east-1".to_owned()),
            account: ACCOUNT.to_owned(),
            pool_id: Some(POOL.to_owned()),
        },
        region: "us-east-1".to_owned(),
        replica_region: Some("us-west-2".to_owned()),
        owner: None,
        wave: None,
        target_issuer: None,
        evidence_from: None,
        gates: BTreeMap::new(),
        expected: BTreeMap::new(),
        overlap: None,
        values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        steps,
        done: Vec::new(),
        cannot_fix: Vec::new(),
        verifiers: Vec::new(),
    };
    Plan {
        schema_version: PLAN_SCHEMA_VERSION,
        tool: Tool { name: "mrready".to_owned(), version: "0.1.0".to_owned() },
        now: "2026-11-21T09:00:00Z".to_owned(),
        direction: Direction::Forward,
        target_issuer: TargetIssuer::Updated,
        snapshot_digest: "sha256:00".to_owned(),
        evidence_from: None,
        evidence_to: None,
        catalogue_digest: "sha256:11".to_owned(),
        reductions: Vec::new(),
        waves: Vec::new(),
        pools: vec![pool],
    }
}

/// The pool as Cognito describes it: members that an update would reset among them.
fn described_pool(region: &str) -> Value {
    json!({"UserPool": {
        "Id": POOL, "Arn": format!("arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{POOL}"), "Name": "customers",
        "Status": "Enabled", "CreationDate": 1.5, "LastModifiedDate": 1.5, "EstimatedNumberOfUsers": 7,
        "SchemaAttributes": [{"Name": "sub"}], "UsernameConfiguration": {"CaseSensitive": false}, "Domain": "acme",
        "UserPoolTier": "PLUS", "DeletionProtection": "ACTIVE", "MfaConfiguration": "OPTIONAL",
        "Policies": {"PasswordPolicy": {"MinimumLength": 12, "TemporaryPasswordValidityDays": 3}},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true, "UnusedAccountValidityDays": 7},
        "LambdaConfig": {"PreTokenGeneration": "arn:aws:lambda:us-east-1:111122223333:function:claims"},
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"}, "SmsConfiguration": {},
        "AutoVerifiedAttributes": ["email", "phone_number"], "UserPoolTags": {"team": "identity"}
    }})
}

/// A folder with scripts, the CLI that stands in, and its account.
pub(crate) struct Bench {
    pub(crate) home: PathBuf,
}

/// How a script ended, and what it said.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) said: String,
    pub(crate) out: String,
}

impl Ran {
    /// It went well.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.said, self.out);
        self
    }

    /// It refused, and said why.
    #[track_caller]
    pub(crate) fn bad(self, why: &str) -> Self {
        assert_ne!(self.code, 0, "{}", self.said);
        assert!(self.said.contains(why), "`{why}` in: {}", self.said);
        self
    }
}

impl Bench {
    pub(crate) fn new(plan: &Plan) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let home = crate::pinned::temp(&format!("plan-shell-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&home);
        for folder in ["bin", "fake", "empty", "scripts"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell/aws"), home.join("bin/aws")).unwrap();
        let bench = Self { home };
        bench.put("version", "aws-cli/2.34.58 Python/3.13 Linux/6 exe/x86_64\n");
        bench.put_json("identity.json", &json!({"Account": ACCOUNT}));
        bench.put_json(
            "factors.json",
            &json!({"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}}),
        );
        for region in ["us-east-1", "us-west-2"] {
            bench.put_json(&format!("pool.{region}.json"), &described_pool(region));
        }
        for (name, text) in shell::files(plan, &plan.pools[0]) {
            bench.script(&name, &text);
        }
        bench.script("plan.sh", &shell::one_script(plan));
        bench
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.home.join("scripts").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts something into the account.
    pub(crate) fn put(&self, name: &str, text: &str) {
        fs::write(self.home.join("fake").join(name), text).unwrap();
    }

    pub(crate) fn put_json(&self, name: &str, document: &Value) {
        self.put(name, &document.to_string());
    }

    /// A document of the account.
    pub(crate) fn get(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.home.join("fake").join(name)).unwrap()).unwrap()
    }

    /// The calls so far, `service operation` each.
    pub(crate) fn calls(&self) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.home.join("fake/calls")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How often an operation was called.
    pub(crate) fn called(&self, operation: &str) -> usize {
        self.calls().iter().filter(|call| call[1] == operation).count()
    }

    /// The pool's private folder.
    pub(crate) fn work(&self) -> PathBuf {
        self.home.join("state/mrready").join(ACCOUNT).join(POOL)
    }

    /// Every file below the private folder.
    pub(crate) fn kept(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.work()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        found
    }

    /// A command with nothing of the user's environment in it but the search path.
    pub(crate) fn command(&self, program: &str) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(program);
        command
            .current_dir(self.home.join("empty"))
            .env_clear()
            .env("PATH", format!("{}:{path}", self.home.join("bin").display()))
            .env("HOME", &self.home)
            .env("XDG_STATE_HOME", self.home.join("state"))
            .env("FAKE_AWS", self.home.join("fake"))
            .env("LC_ALL", "C.UTF-8")
            .env("MRREADY_RETRY_SECONDS", "0")
            .env("MRREADY_POLL_SECONDS", "0.1")
            .stdin(Stdio::null());
        command
    }

    /// Runs a script of the folder.
    pub(crate) fn run(&self, script: &str, arguments: &[&str]) -> Ran {
        self.run_with(script, arguments, &[])
    }

    pub(crate) fn run_with(&self, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = self.command("bash");
        command.arg(self.home.join("scripts").join(script)).args(arguments).envs(environment.iter().copied());
        ran(&mut command)
    }

    /// Runs a script on a terminal, where these answers are given.
    pub(crate) fn on_terminal(&self, script: &str, arguments: &[&str], answers: &str) -> Ran {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell/terminal.py");
        let mut command = self.command("python3");
        // A wrapper that some put before Python changes the search path.
        let path =
            command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value).unwrap().to_owned();
        let path = format!("PATH={}", path.to_string_lossy());
        command
            .arg(source)
            .arg(answers)
            .args(["env", &path, "bash"])
            .arg(self.home.join("scripts").join(script))
            .args(arguments);
        let mut ran = ran(&mut command);
        ran.said = std::mem::take(&mut ran.out) + &ran.said;
        ran
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // What a failed test left is looked at.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.home);
        }
    }
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
    }
}

/// A plan with every step of the catalogue once: all values that steps use are left open.
pub(crate) fn catalogue() -> Plan {
    let steps = crate::builder::catalog().steps.values();
    let planned = steps.enumerate().map(|(place, of)| {
        let mut planned = step(place + 1, &of.id, "");
        planned.title.clone_from(&of.title);
        planned.summary.clone_from(&of.summary);
        planned.manual.clone_from(&of.manual);
        planned.point_of_no_return.clone_from(&of.point_of_no_return);
        planned.sh.clone_from(&of.sh);
        let snippet = |text: &Option<String>| {
            let text = text.clone()?;
            let secondary = of.id == "replicate-key" || text.contains("# Region: ${SECONDARY_REGION}");
            Some(Snippet { region: if secondary { "us-west-2" } else { "us-east-1" }.to_owned(), text })
        };
        (planned.cloudformation, planned.terraform) = (snippet(&of.cloudformation), snippet(&of.terraform));
        planned.inputs = of.inputs.iter().map(|input| (input.name.clone(), input.what.clone())).collect();
        let open = of.values.keys().filter(|name| !planned.inputs.contains_key(*name)).cloned();
        planned.values = open.map(|name| (name, "value".to_owned())).collect();
        planned
    });
    plan(planned.collect())
}

/// The plan that the program makes of a fixture.
pub(crate) fn planned(snapshot: &str, options: &[&str]) -> Plan {
    let output = Command::new(env!("CARGO_BIN_EXE_mrready"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["plan", &format!("fixtures/snapshots/{snapshot}"), "--format", "json"])
        .args(["--now", "2026-11-21T09:00:00Z"])
        .args(options)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// What a plan knows of the thing that a step is done to, of its pool's key, domain and clients.
#[cfg(feature = "live")]
const KNOWN: &[&str] =
    &["SUBJECT_ID", "SUBJECT_NAME", "SUBJECT_ARN", "SUBJECT_REGION", "KEY_ID", "KEY_ARN", "DOMAIN", "CLIENT_ID"];

/// A plan of a fixture's pool with every step of the catalogue, whatever the pool needs: to be run with whatever is open
/// given from outside.
#[cfg(feature = "live")]
pub(crate) fn every_step() -> Plan {
    let mut every = planned("not-ready.json", &[]);
    every.pools.truncate(1);
    every.pools[0].steps = catalogue().pools.remove(0).steps;
    for step in &mut every.pools[0].steps {
        let open = std::mem::take(&mut step.values).into_keys().chain(KNOWN.iter().map(|name| (*name).to_owned()));
        step.inputs.extend(open.map(|name| (name, "what the plan knows".to_owned())));
    }
    every
}
