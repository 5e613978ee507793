//! What must never leave the account: every byte that the program writes is searched for the secrets planted there.
//!
//! Snapshots in every encoding, reports in every format, the file of a run that was killed, both streams at the highest
//! verbosity, and what is said about refusals and failures. Whether evidence is kept is tested elsewhere.

use std::io::Read as _;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Bench, Run, at_once, attestations};
use crate::tools::{Account, account};

/// The bytes of a run: streams and files, packed ones unpacked as well.
fn written(bench: &Bench, runs: &[Run]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        found.push((format!("standard output {index}"), run.stdout.clone()));
        found.push((format!("standard error {index}"), run.stderr.clone().into_bytes()));
    }
    for (path, bytes) in bench.everything() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut unpacked = Vec::new();
        if path.extension().is_some_and(|extension| extension == "gz") {
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
        } else if path.extension().is_some_and(|extension| extension == "zst") {
            unpacked = zstd::decode_all(bytes.as_slice()).unwrap();
        }
        found.push((format!("{name}, unpacked"), unpacked));
        found.push((name, bytes));
    }
    found
}

/// No planted secret in anything these runs wrote; `seen` is in each of these places, so that the search does search.
fn search(account: &Account, bench: &Bench, runs: &[Run], seen: &[(&str, &str)]) {
    // All that is searched for is ASCII, so bytes that are no text may become anything else.
    let written: Vec<(String, String)> = written(bench, runs)
        .into_iter()
        .map(|(place, bytes)| (place, String::from_utf8_lossy(&bytes).into_owned()))
        .collect();
    let planted = account.planted();
    assert!(planted.len() > 60, "six secrets and those of 62 clients: {}", planted.len());
    for (place, text) in &written {
        for (what, secret) in &planted {
            assert!(!text.contains(secret), "{place} holds the planted {what}");
        }
        assert!(!text.contains("planted-"), "{place} holds part of something planted");
    }
    for (place, part) in seen {
        let (_, text) = written.iter().find(|(name, _)| name == place).unwrap_or_else(|| panic!("no {place}"));
        assert!(text.contains(part), "{place} does not hold {part}");
    }
}

fn arguments(bench: &Bench, command: &str, pools: &[&str], more: &[&str]) -> Vec<String> {
    let more = more.iter().map(|each| (*each).to_owned()).collect();
    [bench.scope(command, pools), more].concat()
}

#[test]
fn no_secret_in_snapshots_reports_and_logs() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    bench.write("answers.yaml", &attestations());
    let (pool, stacks) = (account.pool("with-secrets"), account.pool("stacks"));
    let pools = [pool, stacks, account.pool("many-clients")];
    let run = |command: &str, more: &[&str]| bench.run(&arguments(&bench, command, &pools, more));
    let runs = [
        run("collect", &["-v", "-o", "a.json"]),
        run("collect", &["-v", "-o", "a.jsonl"]),
        run("collect", &["-o", "a.json.gz"]),
        run("collect", &["-o", "a.jsonl.zst"]),
        run("collect", &["--verbose"]),
        run("audit", &["--verbose", "--show", "all", "--save-snapshot", "b.json", "-o", "json=r.json", "-o", "r.txt"]),
        run("audit", &["--format", "json", "--show", "all", "--waivers", "answers.yaml"]),
        bench.run(&["audit", "a.jsonl.zst", "--verbose", "--show", "all"]),
    ];
    for run in &runs {
        assert!(matches!(run.code(), Some(0 | 1 | 3)), "{}", run.stderr);
    }
    // What the secrets stand in was asked for and answered.
    let calls = account.calls(&bench.key);
    for operation in [
        "DescribeUserPool",
        "DescribeUserPoolClient",
        "DescribeStacks",
        "ListExports",
        "GetTemplate",
        "GetCallerIdentity",
    ] {
        let answered = calls.iter().any(|call| call["operation"] == operation && call["status"] == 200);
        assert!(answered, "{operation} was not answered");
    }
    let seen = [
        ("a.json", pool),
        ("a.jsonl", pool),
        ("a.json.gz, unpacked", pool),
        ("a.jsonl.zst, unpacked", pool),
        ("b.json", "mrready-consumer"),
        ("r.json", "IssuerByJoin"),
        ("r.txt", "IssuerByJoin"),
        ("standard output 4", "IssuerByJoin"),
        ("standard output 6", "Settings.Properties.Value"),
        ("standard output 7", "Settings.Properties.Value"),
        ("standard error 0", "cloudformation:GetTemplate in us-east-1"),
        // The role stays, without its session.
        ("a.json", "assumed-role/Audit"),
    ];
    search(account, &bench, &runs, &seen);
}

#[test]
fn no_secret_in_what_is_said_about_refusals_and_failures() {
    let Some(account) = account() else { return };
    let services = ["cognito-idp:*", "kms:*", "apigateway:*", "cloudformation:*", "sts:*", "*"];
    let cases: Vec<(&str, &str)> = services
        .iter()
        .flat_map(|action| ["denied", "http500", "truncated"].map(|fault| (*action, fault)))
        .chain([("cognito-idp:DescribeUserPool", "denied"), ("cloudformation:GetTemplate", "denied")])
        .chain([("cloudformation:DescribeStacks", "truncated"), ("cognito-idp:DescribeUserPoolClient", "truncated")])
        .collect();
    at_once(&cases, |(action, fault)| {
        let bench = Bench::new(&account.url);
        account.faults(&bench.key, &json!([{"action": action, "fault": fault}]));
        let pools = [account.pool("with-secrets"), account.pool("stacks")];
        let run = |command: &str, more: &[&str]| bench.run(&arguments(&bench, command, &pools, more));
        let runs = [
            run("audit", &["--verbose", "--show", "all", "--save-snapshot", "s.json"]),
            run("collect", &["-v", "-o", "s.jsonl"]),
        ];
        let hit = account.calls(&bench.key).iter().filter(|call| call["fault"] == *fault).count();
        assert!(hit > 0, "{action} {fault}: never asked for");
        let everything = *action == "*";
        let (judged, collected) = if everything { (Some(2), Some(2)) } else { (Some(3), Some(0)) };
        assert_eq!((runs[0].code(), runs[1].code()), (judged, collected), "{action} {fault}: {}", runs[0].stderr);
        assert_eq!(bench.files().is_empty(), everything, "{action} {fault}: {:?}", bench.files());
        let said = match (everything, *fault) {
            (true, _) => [("standard error 0", "mrready: "), ("standard error 1", "mrready: ")],
            (false, "denied") => [("standard error 0", "AccessDenied"), ("s.json", "AccessDenied")],
            (false, _) => [("standard error 0", "not answered"), ("s.jsonl", "\"failed\"")],
        };
        search(account, &bench, &runs, &said);
    });
}

/// Killed when all is in but one answer that never comes.
#[test]
fn no_secret_in_the_file_of_a_run_that_was_killed() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    let last = account.out["clients"]["many-clients"]["client-61"].as_str().unwrap();
    let stall = json!([{"operation": "cognito-idp:DescribeUserPoolClient", "contains": last, "fault": "timeout", "seconds": 60}]);
    account.faults(&bench.key, &stall);
    let pools = ["with-secrets", "stacks", "many-clients"].map(|scenario| account.pool(scenario));
    let mut running =
        bench.start(&arguments(&bench, "collect", &pools, &["-v", "-o", "s.json", "--call-timeout", "60"]));
    let started = Instant::now();
    let whole = |bytes: &[u8]| {
        // All descriptions of clients but one, and what the stacks hold.
        let count = |text: &str| String::from_utf8_lossy(bytes).matches(text).count();
        count("\"operation\":\"DescribeUserPoolClient\"") >= 62 && count("\"kind\":\"hit\"") > 4
    };
    while !bench.files().contains(&"s.json.partial".to_owned()) || !whole(&bench.read("s.json.partial")) {
        assert!(started.elapsed() < Duration::from_mins(1), "{:?}", bench.files());
        std::thread::sleep(Duration::from_millis(50));
    }
    running.child.kill().unwrap();
    let run = running.wait();
    assert_eq!(run.code(), None, "killed");
    assert_eq!(bench.files(), ["s.json.partial"]);
    search(account, &bench, &[run], &[("s.json.partial", last), ("s.json.partial", "IssuerByJoin")]);
}
