//! The files that users copy into their pipelines, as far as they can be tried without GitHub, GitLab and Jenkins: valid by
//! published schemas, their scripts run with the real program, their hook run by pre-commit.
//!
//! What only those services do (uploads, annotations on a page, Groovy) is not tried.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mrready::yaml::{Node, parse};
use serde_json::Value;
use tempfile::TempDir;

use crate::pinned::{SKIP, install, run, skipped};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PINNED: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI";
/// A name that a shell would run if it were put into a script as text.
const HOSTILE: &str = "$(touch pwned) `touch pwned`;'.json";

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

fn tool(name: &str, source: &str) -> PathBuf {
    let source = Path::new(ROOT).join("tests").join(source);
    match install(name, &source, &[]) {
        Ok(python) => python,
        Err(why) => panic!("no {name} to test with: {why}\nTo do without it, set {SKIP}=1."),
    }
}

/// A folder in which the program is on the PATH, with a snapshot of a hostile name.
struct Runner {
    folder: TempDir,
}

impl Runner {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_mrready"), folder.path().join("bin/mrready")).unwrap();
        fs::copy(Path::new(ROOT).join("fixtures/snapshots/not-ready.json"), folder.path().join(HOSTILE)).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Bash as the services start it.
    fn bash(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display());
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).args(arguments).env_clear();
        let output = command
            .env("PATH", path)
            .env("RUNNER_TEMP", self.folder.path())
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .envs(variables.iter().copied())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(!self.path("pwned").exists(), "a name was run");
        output
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }
}

/// Every `run` of a workflow file.
fn runs(node: &Node, found: &mut Vec<String>) {
    for (key, value) in node.map().unwrap_or_default() {
        match (key.text(), value.text()) {
            (Some("run"), Some(text)) => found.push(text.to_owned()),
            _ => runs(value, found),
        }
    }
    for item in node.list().unwrap_or_default() {
        runs(item, found);
    }
}

#[test]
fn the_files_are_valid_by_published_schemas() {
    if skipped() {
        return;
    }
    let python = tool("integrations", "integrations");
    let folder = TempDir::new().unwrap();
    let valid = |schema: &str, text: &str| {
        let path = folder.path().join("file.yml");
        fs::write(&path, text).unwrap();
        let mut command = Command::new(python.with_file_name("check-jsonschema"));
        run(command.args(["--builtin-schema", schema]).arg(&path)).map(drop)
    };
    let action = read("action.yml");
    valid("vendor.github-actions", &action).unwrap();
    valid("vendor.github-actions", &action.replace("using: composite", "using: nothing")).unwrap_err();
    // Hidden jobs are templates, of which the schema asks little.
    let pipeline = read("integrations/gitlab-ci.yml").replace("\n.mrready", "\nmrready");
    valid("vendor.gitlab-ci", &pipeline).unwrap();
    valid("vendor.gitlab-ci", &pipeline.replace("exit_codes: [3]", "exit_codes: [[3]]")).unwrap_err();
    run(Command::new(python.with_file_name("pre-commit"))
        .args(["validate-manifest"])
        .arg(Path::new(ROOT).join(".pre-commit-hooks.yaml"))
        .env("PRE_COMMIT_HOME", TempDir::new().unwrap().path()))
    .unwrap();
    let python = tool("shell", "shell");
    let script = Path::new(ROOT).join("integrations/github/judge.sh");
    run(Command::new(python.with_file_name("shellcheck")).args(["--norc", "--severity=style"]).arg(script)).unwrap();
}

#[test]
fn no_input_is_put_into_a_script_as_text() {
    let action = parse(&read("action.yml")).unwrap();
    let mut scripts = Vec::new();
    runs(&action, &mut scripts);
    assert_eq!(scripts.len(), 3);
    assert!(scripts.iter().all(|script| !script.contains("${{")), "{scripts:?}");
    // Each input is used, and each output is one that the script writes.
    let text = read("action.yml");
    let script = read("integrations/github/judge.sh");
    for (input, _) in action.get("inputs").unwrap().map().unwrap() {
        let name = input.text().unwrap();
        assert!(text.contains(&format!("inputs.{name} ")), "{name}");
        let variable = format!("INPUT_{}", name.to_uppercase().replace('-', "_"));
        assert!(["build", "enforce"].contains(&name) || script.contains(&variable), "{variable}");
    }
    for (output, _) in action.get("outputs").unwrap().map().unwrap() {
        assert!(script.contains(&format!("'{}=%s\\n'", output.text().unwrap())));
    }
    let jenkins = read("integrations/Jenkinsfile");
    assert!(!jenkins.contains("\"\"\""), "Groovy fills in what stands in double quotes");
}

#[test]
fn the_action_judges_and_leaves_the_verdict_to_its_last_step() {
    let runner = Runner::new();
    let script = format!("{ROOT}/integrations/github/judge.sh");
    let inputs =
        [("INPUT_SNAPSHOT", HOSTILE), ("INPUT_GATE", "issuer\nreplicate\n"), ("INPUT_ANNOTATE", "infra/pool.yaml")];
    let output = runner.bash(&[&script], &inputs);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.lines().any(|line| line.starts_with("::error ")), "{said}");
    let report = runner.json("mrready-reports/report.json");
    assert_eq!(report["run"]["gates"], serde_json::json!(["issuer", "replicate"]));
    assert_eq!(runner.json("mrready-reports/report.sarif")["version"], "2.1.0");
    assert!(fs::read_to_string(runner.path("mrready-reports/report.html")).unwrap().starts_with("<!DOCTYPE html>"));
    assert!(fs::read_to_string(runner.path("summary")).unwrap().contains("may not"));
    let outputs = fs::read_to_string(runner.path("output")).unwrap();
    assert!(outputs.starts_with("exit-code=1\n"), "{outputs}");
    // The last step of the action.
    let mut scripts = Vec::new();
    runs(&parse(&read("action.yml")).unwrap(), &mut scripts);
    assert_eq!(runner.bash(&["-c", &scripts[2]], &[("CODE", "1")]).status.code(), Some(1));
    // A job that could not be done fails there too, and says why.
    let output = runner.bash(&[&script], &[("INPUT_SNAPSHOT", "no-such-file.json")]);
    assert!(output.status.success());
    assert!(fs::read_to_string(runner.path("output")).unwrap().contains("exit-code=2\n"));
    assert_eq!(runner.bash(&[&script], &[("INPUT_SNAPSHOT", " \n")]).status.code(), Some(2));
}

#[test]
fn the_template_of_gitlab_writes_what_it_uploads() {
    let runner = Runner::new();
    let template = parse(&read("integrations/gitlab-ci.yml")).unwrap();
    let job = template.get(".mrready-audit").unwrap();
    let script = job.get("script").unwrap().list().unwrap()[0].text().unwrap();
    let output = runner.bash(&["-c", script], &[("MRREADY_SNAPSHOT", HOSTILE)]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let reports = job.get("artifacts").unwrap().get("reports").unwrap();
    let named = |kind: &str| reports.get(kind).unwrap().text().unwrap().to_owned();
    assert!(!runner.json(&named("codequality")).as_array().unwrap().is_empty());
    assert!(fs::read_to_string(runner.path(&named("junit"))).unwrap().contains("<failure"));
    for path in job.get("artifacts").unwrap().get("paths").unwrap().list().unwrap() {
        assert!(runner.path(path.text().unwrap()).exists());
    }
}

#[test]
fn the_shell_of_the_jenkinsfile_writes_what_it_keeps() {
    let runner = Runner::new();
    let jenkins = read("integrations/Jenkinsfile");
    let script = jenkins.split("'''").nth(1).unwrap();
    let output = runner.bash(&["-c", script], &[("MRREADY_SNAPSHOT", HOSTILE)]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["mrready-junit.xml", "mrready-report.json", "mrready-report.html"] {
        assert!(runner.path(name).exists() && jenkins.contains(name), "{name}");
    }
}

#[test]
fn pre_commit_stops_a_new_reference() {
    if skipped() {
        return;
    }
    let python = tool("integrations", "integrations");
    let runner = Runner::new();
    let (hooks, project) = (runner.path("hooks"), runner.path("project"));
    let git = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args(["-c", "user.name=a", "-c", "user.email=a@example.com"]);
        let output = run(command.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null")).unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    for folder in [&hooks, &project] {
        fs::create_dir(folder).unwrap();
        git(folder, &["init", "-q", "-b", "main"]);
    }
    fs::copy(Path::new(ROOT).join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml")).unwrap();
    git(&hooks, &["add", "-A"]);
    git(&hooks, &["commit", "-q", "-m", "hooks"]);
    let revision = git(&hooks, &["rev-parse", "HEAD"]);
    let config = format!("repos:\n- repo: {}\n  rev: {revision}\n  hooks:\n  - id: mrready-scan\n", hooks.display());
    fs::write(project.join(".pre-commit-config.yaml"), config).unwrap();
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-q", "-m", "begin"]);
    let hook = || {
        let path = std::env::var("PATH").unwrap();
        Command::new(python.with_file_name("pre-commit"))
            .args(["run", "--all-files", "--verbose"])
            .current_dir(&project)
            .env("PATH", format!("{}:{path}", runner.path("bin").display()))
            .env("PRE_COMMIT_HOME", runner.path("cache"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap()
    };
    let output = hook();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    fs::write(project.join("verify.ts"), format!("export const issuer = \"{PINNED}\";\n")).unwrap();
    git(&project, &["add", "-A"]);
    let output = hook();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains("verify.ts:1"), "{said}");
}
