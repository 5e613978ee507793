//! Several accounts in one run, the program as a whole: the file it writes, what it says, and what `audit` makes of it.
//!
//! Each account is the ready one of the replays, with its own id. Who is entered in which order, and what becomes of each kind of
//! refusal, is tested beside the code.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mrready::model::Status;
use mrready::snapshot::{Snapshot, format};
use serde_json::json;

use super::{Bench, attestations, now};
use crate::replay::{Asked, Replay, Reply, SESSION, no_session, session, throttled};

fn account(number: usize) -> String {
    format!("{:012}", 222_200_000_000_u64 + number as u64)
}

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/mrready-read-only")
}

/// Accounts of which these deny the role, these hang and these throttle.
fn server(deny: &[usize], hang: &[usize], throttle: &[usize]) -> Replay {
    let of = |numbers: &[usize]| numbers.iter().map(|number| account(*number)).collect::<BTreeSet<String>>();
    let (deny, hang, throttle) = (of(deny), of(hang), of(throttle));
    Replay::start(&["ready"], move |asked: &Asked| {
        let own = asked.key.strip_prefix(SESSION).unwrap_or_default();
        if asked.operation == "AssumeRole" {
            let refused = deny.iter().any(|account| asked.text.contains(account));
            return Some(if refused { no_session() } else { session(asked) });
        }
        if hang.contains(own) {
            std::thread::sleep(Duration::from_mins(1));
        }
        (hang.contains(own) || throttle.contains(own)).then(|| throttled(asked))
    })
}

fn arguments(command: &str, replay: &Replay, roles: usize, more: &[&str]) -> Vec<String> {
    let mut arguments = vec![command.to_owned()];
    for number in 0..roles {
        arguments.extend(["--role-arn".to_owned(), role(&account(number))]);
    }
    let usual =
        ["--replica-region", "us-west-2", "--max-rps", "100000", "--concurrency", "16", "--endpoint-url", &replay.url];
    arguments.extend(usual.iter().chain(more).map(|each| (*each).to_owned()));
    arguments
}

/// The documents of a file, each read as a snapshot by itself.
fn documents(bytes: &[u8]) -> Vec<Snapshot> {
    let text = format::unpack("fleet", bytes).unwrap().unwrap_or_else(|| bytes.to_vec());
    let text = String::from_utf8(text).unwrap();
    let (mut documents, mut open) = (Vec::new(), String::new());
    for line in text.lines() {
        open.push_str(line);
        open.push('\n');
        if line.starts_with("{\"end\":") {
            documents.push(format::read("section", std::mem::take(&mut open).as_bytes()).unwrap());
        }
    }
    assert!(open.is_empty());
    documents
}

#[test]
fn each_account_is_a_document_of_one_file_and_none_hides_another() {
    let replay = server(&[0, 7], &[3], &[5, 11]);
    let bench = Bench::new(&replay.url);
    let more =
        ["-o", "fleet.jsonl.zst", "--account-timeout", "20", "--account-attempts", "1", "--external-id", "planted-id"];
    let run = bench.run(&arguments("collect", &replay, 12, &more));
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    assert_eq!(bench.files(), ["fleet.jsonl.zst"]);
    let documents = documents(&bench.read("fleet.jsonl.zst"));
    let accounts = documents.iter().map(|each| each.header.scope.accounts.first().unwrap().account.clone());
    assert_eq!(accounts.collect::<Vec<_>>(), (0..12).map(account).collect::<Vec<_>>());
    for (number, document) in documents.iter().enumerate() {
        let whole = ![0, 3, 5, 7, 11].contains(&number);
        let errors: Vec<_> =
            document.calls().filter_map(|call| Some((call.name(), call.error.clone()?.code))).collect();
        assert_eq!((errors.is_empty(), document.header.scope.pools.len()), (whole, usize::from(whole)), "{errors:?}");
        let named = run.stderr.contains(&format!("account {}: ", account(number)));
        assert_eq!(named, !whole, "{}", run.stderr);
    }
    assert!(run.stderr.contains("5 of 12 accounts could not be entered or are not whole"), "{}", run.stderr);
    assert!(run.stderr.contains("could not be entered: AccessDenied"), "{}", run.stderr);
    let text = format!("{documents:?}{}", run.stderr);
    assert!(!text.contains("planted"));

    // One of them alone, from its document, is judged as ever.
    let alone = format::write(&documents[1], format::Encoding::of_name("a.json").unwrap()).unwrap();
    std::fs::write(bench.path("a.json"), alone).unwrap();
    bench.write("answers.yaml", &attestations());
    let run = bench.run(&["audit", "a.json", "--waivers", "answers.yaml", "--format", "json"]);
    let report = run.report();
    assert_eq!(report.summary.pools.len(), 1, "{}", run.stderr);
}

/// The organization's list, its own account without a role, and what the configuration keeps.
#[test]
fn an_organization_is_judged_in_one_run() {
    let own = crate::replay::ACCOUNT;
    let rows: Vec<_> =
        (0..4).map(|number| json!({ "Id": account(number), "Name": "planted", "State": "ACTIVE" })).collect();
    let rows = [rows, vec![json!({ "Id": own, "Email": "planted@example.com", "State": "ACTIVE" })]].concat();
    let denied = account(1);
    let replay = Replay::start(&["ready"], move |asked: &Asked| match asked.operation.as_str() {
        "ListAccounts" => Some(Reply::json(json!({ "Accounts": rows }))),
        "AssumeRole" if asked.text.contains(&denied) => Some(no_session()),
        "AssumeRole" => Some(session(asked)),
        _ => None,
    });
    let bench = Bench::new(&replay.url);
    bench.write("answers.yaml", &attestations());
    bench.write("mrready.yaml", &format!("search: {{ accounts: ['2222*', {own}] }}\n"));
    let excluded = account(2);
    let more = [
        "--org-role",
        "audit",
        "--exclude",
        &excluded,
        "--waivers",
        "answers.yaml",
        "--format",
        "json",
        "--now",
        &now(),
    ];
    let run = bench.run(&arguments("audit", &replay, 0, &[&more[..], &["--save-snapshot", "fleet.json"]].concat()));
    assert_eq!(run.code(), Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("name it .jsonl"), "{}", run.stderr);
    let run = bench.run(&arguments("audit", &replay, 0, &[&more[..], &["--save-snapshot", "fleet.jsonl"]].concat()));
    let report = run.report();
    let ready: BTreeMap<&str, bool> = report
        .summary
        .pools
        .iter()
        .map(|pool| {
            let counted = pool.gates.values().filter(|gate| gate.counted);
            (
                pool.account.as_str(),
                counted.clone().count() > 0 && counted.clone().all(|gate| gate.status == Status::Ready),
            )
        })
        .collect();
    let (first, last) = (account(0), account(3));
    assert_eq!(ready, BTreeMap::from([(own, true), (first.as_str(), true), (last.as_str(), true)]), "{}", run.stderr);
    let options = report.run.reductions.iter().map(|each| each.option.as_str());
    let options: Vec<&str> = options.filter(|option| !option.starts_with("--now")).collect();
    assert_eq!(options, [format!("--exclude {excluded}").as_str(), "mrready.yaml search.accounts"]);
    let refused: Vec<_> =
        report.coverage.problems.iter().map(|each| (each.account.clone(), each.call.clone())).collect();
    assert_eq!(refused, [(account(1), "sts:AssumeRole".to_owned())]);
    assert!(report.coverage.not_asked.iter().any(|each| each.why == format!("--exclude {excluded} leaves it out")));
    let documents = documents(&bench.read("fleet.jsonl"));
    assert_eq!(documents.len(), 4);
    assert!(!format!("{documents:?}{}{}", String::from_utf8_lossy(&run.stdout), run.stderr).contains("planted"));
    assert_eq!(left_out(&bench, "fleet.jsonl"), [(own.to_owned(), excluded)]);
}

/// The accounts that the report of a fleet, judged account by account, says were left out, and in whose line it says so.
fn left_out(bench: &Bench, fleet: &str) -> Vec<(String, String)> {
    let run = bench.run(&["audit", fleet, "--no-config", "--format", "jsonl", "--now", &now()]);
    let text = run.text();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let accounts: Vec<&str> = lines
        .iter()
        .filter(|line| line["kind"] == "account")
        .map(|line| line["account"].as_str().unwrap_or_else(|| panic!("{line}: {}", run.stderr)))
        .collect();
    assert!(accounts.is_sorted_by(|a, b| a < b), "each account has one line: {accounts:?}");
    let mut found = Vec::new();
    for line in lines.iter().filter(|line| line["kind"] == "account") {
        for each in line["not_asked"].as_array().into_iter().flatten() {
            if let Some(account) = each["what"].as_str().and_then(|what| what.strip_prefix("sts:AssumeRole ")) {
                found.push((line["account"].as_str().unwrap().to_owned(), account.to_owned()));
            }
        }
    }
    found
}

/// A role that is given and left out is named in the file; an account that calls itself something else writes no other file.
#[test]
fn a_role_that_is_left_out_is_named_whoever_the_caller_says_to_be() {
    for (says, named) in [(crate::replay::ACCOUNT, crate::replay::ACCOUNT), ("../../planted", "unknown")] {
        let replay = Replay::start(&["ready"], move |asked: &Asked| {
            match asked.operation.as_str() {
            "AssumeRole" => Some(session(asked)),
            "GetCallerIdentity" if !asked.key.starts_with(SESSION) => Some(Reply::json(
                format!(
                    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
                     <Arn>arn:aws:iam::1:user/u</Arn><Account>{says}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                )
                .into(),
            )),
            _ => None,
        }
        });
        let bench = Bench::new(&replay.url);
        let excluded = account(2);
        let more = ["--exclude", &excluded, "-o", "fleet.jsonl"];
        let run = bench.run(&arguments("collect", &replay, 4, &more));
        assert_eq!(run.code(), Some(0), "{}", run.stderr);
        assert_eq!(bench.files(), ["fleet.jsonl"]);
        assert_eq!(left_out(&bench, "fleet.jsonl"), [(named.to_owned(), excluded)]);
    }
}

/// An organization of moto's, made through the AWS CLI: Organizations and STS are not our own there.
#[test]
fn an_organization_that_is_not_ours_is_found_and_entered() {
    let Some(organization) = crate::tools::organization() else { return };
    let bench = Bench::new(&organization.url);
    let regions =
        ["a*", "c*", "i*", "m*", "s*", "eu-c*", "eu-n*", "eu-s*", "eu-west-2", "eu-west-3", "us-w*", "us-east-2"];
    let mut arguments = vec!["collect", "--org-role", organization.out["role"].as_str().unwrap(), "--all-regions"];
    arguments.extend(["-o", "org.jsonl.gz", "--max-rps", "100000", "--endpoint-url", &organization.url]);
    arguments.extend(regions.iter().flat_map(|region| ["--exclude", region]));
    let run = bench.run(&arguments);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    let found: BTreeMap<String, BTreeSet<String>> = documents(&bench.read("org.jsonl.gz"))
        .iter()
        .map(|document| {
            let scope = &document.header.scope;
            let account = scope.accounts.first().unwrap();
            assert_eq!(account.regions, BTreeSet::from(["eu-west-1", "us-east-1"].map(str::to_owned)));
            assert!(scope.pools.iter().all(|pool| pool.account == account.account));
            (account.account.clone(), scope.pools.iter().map(|pool| pool.id.clone()).collect())
        })
        .collect();
    let ids = |pools: &serde_json::Value| -> BTreeSet<String> {
        pools.as_object().unwrap().values().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let made = organization.out["accounts"].as_object().unwrap();
    assert_eq!(found, made.iter().map(|(account, pools)| (account.clone(), ids(pools))).collect());
}

/// One role is a run of one account, as without it; and what asks one account refuses several.
#[test]
fn one_role_is_one_account() {
    let replay = server(&[1], &[], &[]);
    let bench = Bench::new(&replay.url);
    let run = bench.run(&arguments("collect", &replay, 1, &["--pool-id", "us-east-1_ReadyPool", "-o", "one.json"]));
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    let snapshot = format::read("one.json", &bench.read("one.json")).unwrap();
    assert_eq!(snapshot.header.scope.pools.first().unwrap().account, account(0));
    let refused = role(&account(1));
    let run = bench.run(&arguments("collect", &replay, 0, &["--role-arn", &refused, "-o", "two.json"]));
    assert_eq!(run.code(), Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("could not be entered") && run.stderr.contains("AccessDenied"), "{}", run.stderr);
    assert!(!run.stderr.contains("planted"));
    for (command, more, said) in [
        ("doctor", &[][..], "asks one account"),
        ("collect", &["--pool-id", "us-east-1_ReadyPool", "-o", "x.jsonl"], "which account is it in"),
        ("collect", &["-o", "x.json"], "name it .jsonl"),
        ("collect", &[], "give -o FILE"),
        ("collect", &["--exclude", "ou-1", "-o", "x.jsonl"], "matches no account"),
    ] {
        let run = bench.run(&arguments(command, &replay, 2, more));
        assert_eq!(run.code(), Some(2), "{command} {more:?}");
        assert!(run.stderr.contains(said), "{command} {more:?}: {}", run.stderr);
    }
    assert_eq!(bench.files(), ["one.json"]);
}
