//! The script of `collect --print-commands`, run for real: bash and jq as they are installed, an AWS CLI that stands in
//! (`tests/shell/answers`); and what `import` makes of it. With the AWS CLI itself: `live/import`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pinned::{SKIP, install, skipped};

const POOL: &str = "us-east-1_AbCdEfGhI";
const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI";

/// A folder with the script, and the AWS CLI that stands in.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(options: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("commands-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let place = Self { folder };
        for name in ["bin", "fake", "fake/out", "fake/err"] {
            fs::create_dir(place.path(name)).unwrap();
        }
        symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell/answers"), place.path("bin/aws")).unwrap();
        place.write("fake/version", "aws-cli/2.34.58 Python/3.13 Linux/6 source/x86_64\n");
        place.answer(
            "get-caller-identity",
            &json!({ "Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/u" }),
        );
        let printed = place.run(&[&["collect", "--print-commands", "-o", "collect.sh"], options].concat());
        assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn answer(&self, operation: &str, answer: &Value) {
        self.write(&format!("fake/out/{operation}.json"), &answer.to_string());
    }

    /// Runs the program in this folder.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mrready"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().output().unwrap()
    }

    /// Runs the script; what it said.
    fn collect(&self) -> (Option<i32>, String) {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["collect.sh", "answers"]).current_dir(self.folder.path()).env_clear();
        command.env("PATH", path).env("FAKE_AWS", self.path("fake")).env("AWS_REGION", "us-east-1");
        // A group of its own: what kills it kills no test.
        let output = command.process_group(0).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The calls so far: Region, operation and parameters of each.
    fn calls(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("fake/calls")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn import(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = self.run(&[&["import", "answers", "-o", "snapshot.json"], more].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn snapshot(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("snapshot.json")).unwrap()).unwrap()
    }

    /// Every byte below `answers`.
    fn written(&self) -> String {
        let mut all = String::new();
        let mut folders = vec![self.path("answers")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    all.push_str(&fs::read_to_string(path).unwrap());
                }
            }
        }
        all
    }
}

/// A pool with a client, and somebody who takes its tokens.
fn pool(place: &Place) {
    let arn = format!("arn:aws:cognito-idp:us-east-1:111122223333:userpool/{POOL}");
    place.answer("list-user-pools", &json!({ "UserPools": [{ "Id": POOL, "Name": "customers" }] }));
    place.answer("describe-user-pool", &json!({ "UserPool": { "Id": POOL, "Arn": arn, "Name": "customers" } }));
    place.answer("list-user-pool-replicas", &json!({ "UserPoolReplicas": [] }));
    place.answer("list-user-pool-clients", &json!({ "UserPoolClients": [{ "ClientId": "1a" }, { "ClientId": "2b" }] }));
    for (list, member) in [
        ("list-functions", "Functions"),
        ("list-identity-providers", "Providers"),
        ("list-resources", "ResourceDescriptions"),
        ("list-user-import-jobs", "UserImportJobs"),
    ] {
        place.answer(list, &json!({ (member): [] }));
    }
}

/// A snapshot without its times.
fn timeless(mut snapshot: Value) -> Value {
    for entry in snapshot["entries"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("time");
    }
    snapshot
}

fn calls_of<'a>(snapshot: &'a Value, operation: &str) -> Vec<&'a Value> {
    let entries = snapshot["entries"].as_array().unwrap().iter();
    entries.filter(|entry| entry["kind"] == "call" && entry["operation"] == operation).collect()
}

#[test]
fn shellcheck_finds_nothing_in_the_script() {
    if skipped() {
        return;
    }
    let python = install("shell", &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell"), &[]);
    let python = python.unwrap_or_else(|why| panic!("no shellcheck: {why}\nTo do without it, set {SKIP}=1."));
    let scopes: [&[&str]; 2] = [
        &["--all-pools"],
        &[
            "--pool-id",
            POOL,
            "--replica-region",
            "us-east-1=us-west-2",
            "--search",
            "ssm",
            "--search",
            "ecs",
            "--operator-arn",
            "it's $(x)",
            "--profile",
            "a b",
            "--count-users",
            "--consumer-region",
            "eu-west-1",
        ],
    ];
    for scope in scopes {
        let place = Place::new(scope);
        let mut command = Command::new(python.with_file_name("shellcheck"));
        command.args(["--severity=style", "--norc", "--format=gcc"]).arg(place.path("collect.sh"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_script_that_broke_off_goes_on_where_it_was() {
    let undisturbed = Place::new(&["--pool-id", POOL]);
    pool(&undisturbed);
    let (code, said) = undisturbed.collect();
    assert_eq!(code, Some(0), "{said}");
    let all = undisturbed.calls().len();
    assert!(all > 25, "{all} calls");
    assert_eq!(undisturbed.import(&[]).0, Some(0));

    let place = Place::new(&["--pool-id", POOL]);
    pool(&place);
    let mut killed = 0;
    for at in [2, 9, all / 2] {
        place.write("fake/kill", &at.to_string());
        let before = place.calls().len();
        assert_eq!(place.collect().0, None, "killed");
        assert!(place.calls().len() >= before);
        killed += 1;
        // What is there is evidence, and what is missing is named.
        let (code, said) = place.import(&["--strict"]);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("did not come to its end"), "{said}");
        assert!(place.path("answers/scope.json").exists());
    }
    let (code, said) = place.collect();
    assert_eq!(code, Some(0), "{said}");
    let calls = place.calls();
    // Who asks is asked every time; a call that was under way when it was killed is asked again; nothing else is.
    let asked: Vec<&Value> = calls.iter().filter(|call| !call.to_string().contains("get-caller-identity")).collect();
    let distinct: BTreeSet<String> = asked.iter().map(ToString::to_string).collect();
    assert!(asked.len() <= distinct.len() + killed, "{} of {}", asked.len(), distinct.len());
    assert_eq!(distinct.len(), all - 1);
    assert_eq!(place.import(&[]).0, Some(0));
    assert_eq!(timeless(place.snapshot()), timeless(undisturbed.snapshot()));
    // Another scope, or another account, is another folder.
    place.answer("get-caller-identity", &json!({ "Account": "444455556666" }));
    let (code, said) = place.collect();
    assert!(code == Some(2) && said.contains("another account"), "{said}");
    assert_eq!(place.import(&[]).0, Some(0));
    assert_eq!(place.snapshot()["scope"]["pools"], json!([{ "account": "111122223333", "id": POOL }]));
    place.run(&["collect", "--print-commands", "-o", "collect.sh", "--all-pools"]);
    let (code, said) = place.collect();
    assert!(code == Some(2) && said.contains("another script"), "{said}");
}

#[test]
fn no_name_of_an_account_is_more_than_a_name() {
    let hostile = "x'\"$(touch planted)`touch planted`\n--endpoint-url=file:///etc/passwd \\ é\u{202e}";
    let place = Place::new(&["--pool-id", POOL, "--replica-region", "us-west-2"]);
    pool(&place);
    place.answer(
        "list-user-pool-replicas",
        &json!({ "UserPoolReplicas": [{ "Role": "SECONDARY", "RegionName": "us-west-2" }] }),
    );
    place.answer(
        "list-identity-providers",
        &json!({ "Providers": [{ "ProviderName": hostile, "ProviderType": "SAML" }] }),
    );
    let arn = format!("arn:aws:cognito-idp:us-east-1:111122223333:userpool/{POOL}");
    place.answer(
        "describe-user-pool",
        &json!({ "UserPool": {
        "Id": POOL, "Arn": arn, "Name": hostile, "CustomDomain": hostile,
        "KeyConfiguration": { "KmsKeyArn": "arn:aws:kms:evil.example.com/:1:key/x" },
        "LambdaConfig": { "PostAuthentication": format!("arn:aws:lambda:us-west-2:1:function:{hostile}") },
        "EmailConfiguration": { "SourceArn": format!("arn:aws:ses:us-west-2:1:identity/{hostile}") } } }),
    );
    place.answer(
        "list-stacks",
        &json!({ "StackSummaries": [{ "StackId": hostile, "StackName": hostile, "StackStatus": "CREATE_COMPLETE" }] }),
    );
    let (code, said) = place.collect();
    assert_eq!(code, Some(0), "{said}");
    assert!(!place.path("planted").exists() && !place.path("answers/planted").exists());
    let mut named = 0;
    for call in place.calls() {
        let words: Vec<&str> = call.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        // A name is inside of the JSON of the parameters and nowhere else; a Region is plain.
        for (at, word) in words.iter().enumerate().filter(|(_, word)| word.contains("planted")) {
            assert_eq!(words[at - 1], "--cli-input-json", "{word}");
            let parameters: Value = serde_json::from_str(word).unwrap();
            assert!(
                parameters
                    .as_object()
                    .unwrap()
                    .values()
                    .any(|value| value.as_str().is_some_and(|v| v.ends_with(hostile)))
            );
            named += 1;
        }
        assert!(!words.iter().any(|word| word.contains("evil")), "{words:?}");
    }
    assert!(named >= 6, "{named}");
    assert_eq!(place.import(&[]).0, Some(0));
    let snapshot = place.snapshot();
    assert_eq!(calls_of(&snapshot, "DescribeUserPoolDomain")[0]["parameters"]["Domain"], hostile);
}

#[test]
fn what_is_no_answer_is_an_error_as_in_a_live_run() {
    let place = Place::new(&["--pool-id", POOL]);
    pool(&place);
    let denied = "An error occurred (AccessDeniedException) when calling the ListUserPoolReplicas operation: User: arn:aws:sts::111122223333:assumed-role/R/planted is not authorized to perform: cognito-idp:ListUserPoolReplicas on resource: x because no identity-based policy allows it";
    place.write("fake/err/list-user-pool-replicas", denied);
    place.write(
        "fake/err/list-functions",
        "\nRead timeout on endpoint URL: \"https://lambda.us-east-1.amazonaws.com/planted\"\n",
    );
    place.write("fake/out/list-domain-names.json", "{\"DomainNames\": [");
    let (code, said) = place.collect();
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = place.import(&["--strict"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("3 of "), "{said}");
    let snapshot = place.snapshot();
    let error = |operation: &str| calls_of(&snapshot, operation)[0]["error"].clone();
    assert_eq!(
        error("ListUserPoolReplicas"),
        json!({ "kind": "denied", "code": "AccessDeniedException",
        "missing_actions": ["cognito-idp:ListUserPoolReplicas"], "detail": "no identity-based policy allows it" })
    );
    assert_eq!(error("ListFunctions"), json!({ "kind": "failed", "code": "Timeout" }));
    assert_eq!(error("ListDomainNames"), json!({ "kind": "failed", "code": "Unparsable" }));
    assert!(!snapshot.to_string().contains("planted"));
    assert_eq!(snapshot["cli_versions"], json!(["aws-cli/2.34.58"]));
    // A call that was not answered is asked again, and what is answered is not.
    fs::remove_file(place.path("fake/err/list-functions")).unwrap();
    place.answer("list-functions", &json!({ "Functions": [] }));
    let before = place.calls().len();
    assert_eq!(place.collect().0, Some(0));
    let again: Vec<String> =
        place.calls()[before..].iter().map(|call| call[4].to_string() + &call[5].to_string()).collect();
    assert_eq!(again.len(), 4, "{again:?}");
    assert_eq!(place.import(&[]).0, Some(0));
    assert!(calls_of(&place.snapshot(), "ListFunctions")[0]["error"].is_null());

    // Half a record is none: it is named, and its call is not collected.
    let records: Vec<PathBuf> =
        fs::read_dir(place.path("answers/calls")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let holds = |path: &&PathBuf| fs::read_to_string(path).unwrap().contains("\"cognito-idp:GetUserPoolMfaConfig\"");
    let record = records.iter().find(holds).unwrap();
    let text = fs::read(record).unwrap();
    fs::write(record, &text[..text.len() / 2]).unwrap();
    let (code, said) = place.import(&["--strict"]);
    assert!(code == Some(3) && said.contains("no whole record"), "{said}");
    assert!(calls_of(&place.snapshot(), "GetUserPoolMfaConfig").is_empty());
    let judged =
        place.run(&["audit", "snapshot.json", "--format", "json", "--show", "all", "--now", "2030-01-01T00:00:00Z"]);
    assert!(String::from_utf8_lossy(&judged.stdout).contains("not_collected"));

    // Not one answer, and no folder at all.
    for record in records {
        fs::remove_file(record).unwrap();
    }
    assert_eq!(place.import(&[]).0, Some(2));
    fs::remove_file(place.path("answers/scope.json")).unwrap();
    let (code, said) = place.import(&[]);
    assert!(code == Some(2) && said.contains("there is no scope.json"), "{said}");
}

#[test]
fn what_is_not_kept_is_not_written_and_what_import_needs_is_purged() {
    let place = Place::new(&["--pool-id", POOL, "--search", "codebuild", "--search", "ecs", "--search", "ssm"]);
    pool(&place);
    let functions = json!([{ "FunctionArn": "arn:f", "Environment": { "Variables": { "ISSUER": ISSUER, "PASSWORD": "planted" } } }]);
    place.answer("list-functions", &json!({ "Functions": functions }));
    let provider = json!({ "ProviderName": "p", "ProviderType": "OIDC",
        "ProviderDetails": { "client_secret": "planted", "oidc_issuer": ISSUER } });
    place.answer(
        "list-resources",
        &json!({ "ResourceDescriptions": [{ "Identifier": POOL, "Properties": provider.to_string() }] }),
    );
    let tasks = json!({ "ContainerDefinitions": [{ "Environment": [{ "Name": "A", "Value": "planted" }, { "Name": "B", "Value": ISSUER }] }],
        "Value": "planted", "ProviderDetails": { "client_secret": "planted" } });
    place.answer(
        "get-resource",
        &json!({ "ResourceDescription": { "Identifier": POOL, "Properties": tasks.to_string() } }),
    );
    place.answer("list-projects", &json!({ "projects": ["a"] }));
    let variables = json!([{ "name": "A", "value": "planted" }, { "name": "B", "value": ISSUER }]);
    place.answer(
        "batch-get-projects",
        &json!({ "projects": [{ "arn": "a", "environment": { "environmentVariables": variables } }] }),
    );
    place.answer(
        "list-stacks",
        &json!({ "StackSummaries": [{ "StackId": "s", "StackName": "s", "StackStatus": "CREATE_COMPLETE" }] }),
    );
    place.answer(
        "get-template",
        &json!({ "TemplateBody": format!("Description: to be purged\nResources:\n  T: {{ Type: 'AWS::SNS::Topic' }}\nOutputs:\n  I:\n    Value: {ISSUER}\n") }),
    );
    let (code, said) = place.collect();
    assert_eq!(code, Some(0), "{said}");
    let written = place.written();
    assert!(!written.contains("planted"), "{:?}", written.lines().find(|line| line.contains("planted")));
    assert!(written.contains("to be purged"));
    place.write("answers/notes.txt", "of somebody else");
    let (code, said) = place.import(&["--purge"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.written(), "of somebody else");
    let snapshot = place.snapshot();
    assert!(!snapshot.to_string().contains("to be purged"));
    let hits = snapshot["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "hit");
    let found: BTreeSet<String> = hits.map(|hit| format!("{} {}", hit["operation"], hit["path"])).collect();
    let wanted = [
        r#""BatchGetProjects" "environment.environmentVariables[1].value""#,
        r#""GetResource" "ContainerDefinitions[0].Environment[1].Value""#,
        r#""GetTemplate" "Value""#,
        r#""ListFunctions" "Environment.Variables.ISSUER""#,
    ];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
}

#[test]
fn an_aws_cli_that_does_not_know_the_calls_is_refused() {
    let place = Place::new(&["--pool-id", POOL]);
    for (version, good) in
        [("aws-cli/2.34.57 x", false), ("aws-cli/1.45.9 x", false), ("1.46", false), ("aws-cli/1.46.0 x", true)]
    {
        place.write("fake/version", version);
        let (code, said) = place.collect();
        assert_eq!(code == Some(0), good, "{version}: {said}");
        assert_eq!(place.path("answers").exists(), good);
    }
}

#[test]
fn without_credentials_nothing_else_is_asked() {
    let place = Place::new(&["--all-pools", "--region", "eu-west-1"]);
    place.write(
        "fake/err/get-caller-identity",
        "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
    );
    let (code, said) = place.collect();
    assert!(code == Some(2) && said.contains("no usable AWS credentials"), "{said}");
    assert_eq!(place.calls().len(), 1);
    assert_eq!(place.import(&[]).0, Some(2));
}
