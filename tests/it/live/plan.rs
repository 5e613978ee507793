//! Plans, run: every AWS CLI command of every step is taken by the AWS CLI and fits AWS's own model; and a pool that goes by
//! its plan changes in what the plan says and in nothing else, which one flag of `update-user-pool` does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mrready::render::plan::shell;
use serde_json::Value;

use super::Bench;
use crate::plan_shell::every_step;
use crate::tools::{moving, told_by};

/// What the newest AWS CLI lacks of what steps name: REST authorizers of type JWT. With botocore's model of REST APIs it
/// sends them as they should be. Once it knows them by itself, this list is empty.
const LACKING: &[&str] = &[
    "CreateAuthorizer input jwtConfiguration",
    "CreateAuthorizer input type JWT",
    "CreateAuthorizer output jwtConfiguration",
    "CreateAuthorizer output type JWT",
    "GetAuthorizer output jwtConfiguration",
    "GetAuthorizer output type JWT",
    "UpdateAuthorizer output jwtConfiguration",
    "UpdateAuthorizer output type JWT",
];

/// The oldest AWS CLI 1 that the scripts of a plan take.
const OLDEST: (u32, u32) = (1, 46);

#[test]
fn every_command_of_every_step_is_what_aws_asks_for() {
    let bench = Bench::new("http://127.0.0.1:9");
    let plans = bench.path("plans");
    for name in ["not-ready", "ready"] {
        let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/snapshots/{name}.json"));
        for direction in ["", "--reverse", "--fail-back"] {
            let folder = plans.join(format!("{name}{direction}"));
            let mut arguments = vec!["plan", snapshot.to_str().unwrap(), "--output-dir", folder.to_str().unwrap()];
            arguments.extend((!direction.is_empty()).then_some(direction));
            let run = bench.run(&arguments);
            assert_eq!(run.code(), Some(0), "{}", run.stderr);
        }
    }
    let every = every_step();
    let folder = plans.join("every-step").join(&every.pools[0].pool.id);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("plan.json"), serde_json::to_string(&every).unwrap()).unwrap();
    for (name, text) in shell::files(&every, &every.pools[0]) {
        fs::write(folder.join(name), text).unwrap();
    }
    let Some(mut told) = told_by("plan_commands.py", &[plans.to_str().unwrap()]) else { return };

    let cli = told.as_object_mut().unwrap().remove("cli").unwrap();
    let version: Vec<u32> = cli["version"].as_str().unwrap().split('.').map(|part| part.parse().unwrap()).collect();
    assert!((version[0], version[1]) >= OLDEST, "{version:?}");
    assert_eq!(cli["lacks"], serde_json::json!(LACKING));
    assert_eq!(cli["refused"], !LACKING.is_empty(), "the AWS CLI as it is, asked for --type JWT");
    assert_eq!(cli["shapes"], serde_json::json!([]), "--type JWT by botocore's model");

    let noticed = serde_json::json!({
        "enum": ["/Status: 'ASLEEP' is not one of ACTIVE, INACTIVE"],
        "members": [
            r#"Missing required parameter in input: "defaultAlgorithms""#,
            r#"Missing required parameter in issuers[0]: "audiences""#,
        ],
        "pattern": [r"/UserPoolId: 'not a pool' does not match [\w-]+_[0-9a-zA-Z]+"],
    });
    assert_eq!(cli["noticed"], noticed, "what is wrong on purpose");

    let (mut commands, mut calls, mut problems) = (BTreeSet::new(), 0, Vec::new());
    for (folder, pool) in told.as_object().unwrap() {
        for step in pool["steps"].as_array().unwrap() {
            calls += step["calls"].as_array().unwrap().len();
            for problem in step["problems"].as_array().unwrap() {
                problems.push(format!("{folder}: {} ({}): {problem}", step["step"], step["mood"]));
            }
        }
        problems.extend(pool["errors"].as_array().unwrap().iter().map(|error| format!("{folder}: {error}")));
        commands.extend(pool["ran"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()));
        if folder.starts_with("every-step") {
            // Each command in the text of each step, and each change that one has made, was sent in some run.
            println!("{} commands and changes in the text of steps", pool["lines"]);
            assert_eq!(pool["untaken"], serde_json::json!([]));
            assert_eq!(pool["library"], serde_json::json!([]));
            let scripts = every.pools[0].steps.iter().filter(|step| step.sh.is_some());
            let tried: BTreeSet<&str> =
                pool["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
            assert!(scripts.map(|step| step.id.as_str()).eq(tried), "every script was run");
        }
    }
    println!("{calls} calls of {} kinds of command", commands.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(told.as_object().unwrap().keys().any(|folder| folder.starts_with("every-step")));
}

/// Step → what may differ after it, by the beginning of the path. `P` and `S` are the Regions.
const CHANGES: &[(&str, &[&str])] = &[
    ("record-settings", &[]),
    ("change-feature-plan", &["P describe-user-pool/UserPool/UserPoolTier"]),
    ("create-multi-region-key", &[]),
    ("replicate-key", &[]),
    ("attach-key", &["P describe-user-pool/UserPool/KeyConfiguration/"]),
    ("enable-key-rotation", &[]),
    ("switch-issuer", &["P describe-user-pool/UserPool/IssuerConfiguration/Type"]),
    // All of the replica is new; of the pool itself nothing is.
    ("create-replica", &["replicas/UserPoolReplicas/1/", "S "]),
    ("set-mail-in-replica", &["S describe-user-pool/UserPool/EmailConfiguration/"]),
    ("set-sms-in-replica", &["S describe-user-pool/UserPool/SmsConfiguration/"]),
    ("set-triggers-in-replica", &["S describe-user-pool/UserPool/LambdaConfig"]),
    ("associate-web-acl", &["S web-acl"]),
    ("tag-replica", &["S describe-user-pool/UserPool/UserPoolTags/"]),
    ("activate-replica", &["replicas/UserPoolReplicas/1/Status"]),
    ("route-domain", &["domain/DomainDescription/Routing/Failover/"]),
];

/// Steps that read, or change something else than what is compared.
const SILENT: &[&str] = &["record-settings", "create-multi-region-key", "replicate-key", "enable-key-rotation"];

/// What one flag of `update-user-pool` takes away, as guides recommend it: the reason why no step is made of one.
const LOST: &[&str] = &[
    "AccountRecoverySetting/RecoveryMechanisms/0/Name",
    "AutoVerifiedAttributes/0",
    "DeletionProtection",
    "DeviceConfiguration/ChallengeRequiredOnNewDevice",
    "EmailConfiguration/SourceArn",
    "LambdaConfig/PreTokenGeneration",
    "SmsConfiguration/SnsCallerArn",
    "UserPoolTags/team",
];

#[test]
fn a_plan_that_is_run_changes_what_it_says_and_nothing_else() {
    let Some(account) = moving() else { return };
    let bench = Bench::new(&account.url);
    let pool = account.pool("moving");
    let mut collect = vec!["collect", "--pool-id", pool, "--replica-region", "us-west-2", "-o", "before.json"];
    collect.extend(["--endpoint-url", &account.url, "--max-rps", "100000"]);
    assert_eq!(bench.run(&collect).code(), Some(0));
    let run = bench.run(&["plan", "before.json", "--output-dir", "plan"]);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    bench.write("account.json", &account.out.to_string());
    let place = |name: &str| bench.path(name).to_str().unwrap().to_owned();
    let folder = place(&format!("plan/{pool}"));
    let told = told_by("plan_run.py", &[&account.url, &place("account.json"), &folder]).unwrap();

    let region = |path: &str| path.replacen("us-east-1 ", "P ", 1).replacen("us-west-2 ", "S ", 1);
    let mut ran = BTreeSet::new();
    for step in told["steps"].as_array().unwrap() {
        let id = step["id"].as_str().unwrap();
        assert_eq!(step["code"], 0, "{id}:\n{}", step["said"].as_str().unwrap());
        let (_, may) = CHANGES.iter().find(|(each, _)| *each == id).unwrap_or_else(|| panic!("{id} is in no row"));
        let changed: Vec<String> = step["changes"].as_object().unwrap().keys().map(|path| region(path)).collect();
        let other: Vec<&String> =
            changed.iter().filter(|path| !may.iter().any(|beginning| path.starts_with(beginning))).collect();
        assert!(other.is_empty(), "{id} changes more than it says: {other:#?}");
        assert_eq!(changed.is_empty(), SILENT.contains(&id), "{id}: {changed:#?}");
        ran.insert(id.to_owned());
    }
    let all: BTreeSet<String> = CHANGES.iter().map(|(step, _)| (*step).to_owned()).collect();
    assert_eq!(ran, all, "every row was run");
    // Of the pool in its own Region, from first to last: the three members that the move is about.
    let all: Vec<String> = told["all"].as_object().unwrap().keys().map(|path| region(path)).collect();
    let own: Vec<&str> = all.iter().filter_map(|path| path.strip_prefix("P describe-user-pool/UserPool/")).collect();
    let wanted = ["IssuerConfiguration/Type", "KeyConfiguration/KeyType", "KeyConfiguration/KmsKeyArn", "UserPoolTier"];
    assert_eq!(own, wanted);
    assert!(!all.iter().any(|path| path.starts_with("P get-user-pool-mfa-config")), "{all:#?}");

    // The secret of the client is in no file that a script keeps, and in nothing that one says.
    let secret = account.out["planted"]["moving_client_secret"].as_str().unwrap();
    let kept = told["files"].as_object().unwrap();
    assert!(kept.len() > 20, "{:?}", kept.keys());
    for (name, text) in kept {
        assert!(!text.as_str().unwrap().contains(secret), "{name}");
    }
    for step in told["steps"].as_array().unwrap() {
        assert!(!step["said"].as_str().unwrap().contains(secret), "{}", step["id"]);
    }

    let naive = told["naive"].as_object().unwrap();
    for member in LOST {
        let path = format!("us-east-1 describe-user-pool/UserPool/{member}");
        let change = naive.get(&path).unwrap_or_else(|| panic!("{member} stays: {naive:#?}"));
        assert!(!change[0].is_null() && change[1].is_null(), "{member}: {change}");
    }
    let second_factor = &naive["us-east-1 get-user-pool-mfa-config/MfaConfiguration"];
    assert_eq!(second_factor, &serde_json::json!(["OPTIONAL", "OFF"]));

    // What was done shows: the plan's own verification sees it in a new snapshot.
    collect[6] = "after.json";
    assert_eq!(bench.run(&collect).code(), Some(0));
    let run = bench.run(&["plan", "verify", &format!("{folder}/plan.json"), "after.json", "--format", "json"]);
    let verified: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
    let steps = verified["pools"][0]["steps"].as_array().unwrap();
    for id in
        ["change-feature-plan", "attach-key", "switch-issuer", "create-replica", "activate-replica", "route-domain"]
    {
        let step = steps.iter().find(|step| step["id"] == id).unwrap();
        assert_eq!(step["progress"], "done", "{step}");
    }
}
