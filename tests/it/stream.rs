//! Fleets through the program: an account after the other, the same lines as from the whole, shards and what becomes of them,
//! accounts that nobody could enter, and Spark.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::cli::{NOT_READY, Run, command, fails, finish, run};
use super::pinned::{self, install};

const READY: &str = "fixtures/snapshots/ready.json";
const NOW: &str = "2026-11-21T12:00:00Z";

/// The document of an account in lines: a fixture's, as another account has it.
fn account(fixture: &str, id: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture);
    let text = fs::read_to_string(path).unwrap().replace("111122223333", id);
    lines(&serde_json::from_str(&text).unwrap())
}

fn lines(document: &Value) -> String {
    let mut header = document.as_object().unwrap().clone();
    let entries = header.remove("entries").unwrap();
    let entries = entries.as_array().unwrap();
    // The version first, as the program writes it.
    let version = header.remove("mrready_snapshot").unwrap();
    let rest = serde_json::to_string(&header).unwrap();
    let mut text = format!("{{\"mrready_snapshot\":{version},{}\n", &rest[1..]);
    for entry in entries {
        writeln!(text, "{entry}").unwrap();
    }
    writeln!(text, "{{\"end\":{}}}", entries.len()).unwrap();
    text
}

/// An account that refused the role.
fn refused(id: &str) -> String {
    let error =
        json!({ "kind": "denied", "code": "AccessDenied", "status": 403, "missing_actions": ["sts:AssumeRole"] });
    lines(&json!({
        "mrready_snapshot": 1, "tool_version": "0.1.0",
        "scope": { "pools": [], "accounts": [{ "account": id, "regions": ["us-east-1"] }] },
        "entries": [{
            "kind": "call", "account": id, "region": "us-east-1", "service": "sts", "operation": "AssumeRole",
            "parameters": { "RoleArn": format!("arn:aws:iam::{id}:role/audit") }, "time": "2026-11-21T10:00:00Z", "error": error,
        }],
    }))
}

/// A source tree with a reference that names no pool, as `scan -o` writes it.
fn tree(desk: &Desk) -> String {
    let root = desk.folder.path().join("tree");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("auth.py"), "ISSUER = f\"https://cognito-idp.{region}.amazonaws.com/{pool_id}\"\n").unwrap();
    let file = desk.path("tree.jsonl");
    let scan = run(["scan", root.to_str().unwrap(), "-o", &file]);
    assert!(scan.code < 2, "{}", scan.err);
    fs::read_to_string(file).unwrap()
}

/// A folder with the documents of a fleet.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The fixture's decisions, for every account.
    fn decisions(&self) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/decisions/ready.yaml");
        let text = fs::read_to_string(path).unwrap();
        let pool = "us-east-1/pool/us-east-1_MembProd1";
        let everywhere = text.replace(&format!("111122223333/{pool}"), &format!("'*/{pool}'"));
        assert_ne!(text, everywhere);
        self.put("decisions.yaml", everywhere)
    }

    fn audit(&self, arguments: &[&str]) -> Run {
        run(["audit", "--format", "jsonl", "--now", NOW, "--waivers", &self.decisions()].iter().chain(arguments))
    }

    /// Every document in a file of its own.
    fn apart(&self, documents: &[String]) -> Vec<String> {
        documents.iter().enumerate().map(|(n, text)| self.put(&format!("part-{n}.jsonl"), text)).collect()
    }
}

fn ids(from: u64, to: u64) -> Vec<String> {
    (from..to).map(|n| format!("{:012}", 100_000_000_000 + n)).collect()
}

/// Ready and other accounts in turn, in order, and one that could not be entered.
fn fleet() -> Vec<String> {
    let mut documents: Vec<String> =
        ids(0, 7).iter().enumerate().map(|(n, id)| account(if n % 3 == 0 { NOT_READY } else { READY }, id)).collect();
    documents.push(refused("200000000000"));
    documents
}

fn summary(report: &str) -> Value {
    serde_json::from_str(report.lines().last().unwrap()).unwrap()
}

#[test]
fn account_by_account_gives_the_bytes_of_the_whole() {
    let desk = Desk::new();
    for documents in [fleet(), [vec![tree(&desk)], fleet()].concat()] {
        let apart = desk.apart(&documents);
        let apart: Vec<&str> = apart.iter().map(String::as_str).collect();
        let whole = desk.audit(&apart);
        let stream = desk.audit(&[&desk.put("fleet.jsonl", documents.concat())]);
        assert_eq!(first_difference(&whole.out, &stream.out), None);
        assert_eq!((whole.code, stream.code), (1, 1), "{}", stream.err);
        assert_eq!(whole.err, stream.err);
        let packed: Vec<u8> = documents.iter().flat_map(|text| zstd::encode_all(text.as_bytes(), 3).unwrap()).collect();
        let packed = desk.audit(&[&desk.put("fleet.jsonl.zst", packed)]);
        assert_eq!(first_difference(&whole.out, &packed.out), None, "{}", packed.err);
        let out = desk.path("report.jsonl");
        let mut piped = command(["audit", "-", "-o", &out, "--now", NOW, "--waivers", &desk.decisions()]);
        piped.stdin(Stdio::from(fs::File::open(desk.path("fleet.jsonl")).unwrap()));
        assert_eq!(finish(&mut piped).code, 1);
        assert_eq!(first_difference(&whole.out, &fs::read_to_string(out).unwrap()), None);
    }
}

/// The first line that differs, short enough to be read.
fn first_difference(one: &str, other: &str) -> Option<(usize, String, String)> {
    let (mut a, mut b) = (one.lines(), other.lines());
    for number in 1.. {
        let (a, b) = (a.next(), b.next());
        if a == b {
            a?;
            continue;
        }
        let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
        let at = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(60);
        let cut =
            |text: &str| String::from_utf8_lossy(&text.as_bytes()[at.min(text.len())..]).chars().take(200).collect();
        return Some((number, cut(a), cut(b)));
    }
    None
}

#[test]
fn lines_are_by_account_and_the_summary_counts_them() {
    let desk = Desk::new();
    let run = desk.audit(&[&desk.put("fleet.jsonl", fleet().concat())]);
    let lines: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let accounts: Vec<&str> =
        lines.iter().filter(|line| line["kind"] == "account").map(|line| line["account"].as_str().unwrap()).collect();
    let mut wanted = ids(0, 7);
    wanted.push("200000000000".to_owned());
    assert_eq!(accounts, wanted);
    for pair in lines.windows(2).filter(|pair| pair[1]["kind"] == "pool") {
        let before = if pair[0]["kind"] == "pool" { &pair[0]["pool"]["account"] } else { &pair[0]["account"] };
        assert_eq!(before, &pair[1]["pool"]["account"]);
    }
    let last = summary(&run.out);
    assert_eq!(last["pools"], lines.iter().filter(|line| line["kind"] == "pool").count());
    assert_eq!(last["merge"]["totals"]["accounts"]["not_entered"], 1);
    let findings: usize = lines
        .iter()
        .flat_map(|line| ["findings", "passed"].map(|list| line[list].as_array().map_or(0, Vec::len)))
        .sum();
    let counts = last["counts"].as_object().unwrap();
    let counted: u64 =
        counts.iter().filter(|(verdict, _)| *verdict != "not_applicable").map(|(_, n)| n.as_u64().unwrap()).sum();
    assert_eq!(findings as u64, counted);
}

#[test]
fn an_account_that_nobody_could_enter_is_unknown_and_in_the_exit_code() {
    let desk = Desk::new();
    let ready = desk.put("ready.jsonl", account(READY, "100000000001"));
    let alone = run(["audit", &ready, "--waivers", &desk.decisions(), "--now", NOW]);
    assert_eq!(alone.code, 0, "{}", alone.err);
    let fleet = desk.put("fleet.jsonl", account(READY, "100000000001") + &refused("200000000000"));
    let formats = "table json jsonl csv markdown html sarif sarif-github junit ocsf asff github gitlab prowler-csv";
    for format in formats.split(' ') {
        let run = run(["audit", &fleet, "--waivers", &desk.decisions(), "--now", NOW, "--format", format]);
        assert_eq!(run.code, 3, "{format}: {}", run.err);
        assert!(run.err.contains("account 200000000000"), "{}", run.err);
        assert!(run.out.contains("200000000000"), "{format} says nothing of the account");
        if format != "sarif-github" && format != "github" {
            assert!(run.out.contains("AssumeRole"), "{format} does not say why");
        }
    }
    let json: Value = serde_json::from_str(&run(["audit", &fleet, "--now", NOW, "--format", "json"]).out).unwrap();
    let accounts = json["coverage"]["accounts"].as_array().unwrap();
    let outcomes: Vec<_> =
        accounts.iter().map(|it| (it["account"].as_str().unwrap(), it["outcome"].as_str().unwrap())).collect();
    assert_eq!(outcomes, [("100000000001", "complete"), ("200000000000", "not_entered")]);
    assert!(json["summary"]["answer"][0].as_str().unwrap().starts_with("1 of 2 accounts is not fully looked at"));
    // Alone, too: no pool in scope is not all that is wrong.
    let only = run(["audit", &desk.put("only.jsonl", refused("200000000000")), "--now", NOW]);
    assert_eq!(only.code, 3);
    assert!(only.out.contains("200000000000"), "{}", only.out);
    // A person who knows better may say so, for this account only.
    let accept = "- { kind: accept_unknown, rule: pools-looked-at, subject: '200000000000/-/account/200000000000', reason: \
                  suspended, owner: o, expires: 2026-12-31 }\n";
    let accept = desk.put("accept.yaml", accept);
    let accepted = run(["audit", &fleet, "--waivers", &desk.decisions(), "--waivers", &accept, "--now", NOW]);
    assert_eq!(accepted.code, 0, "{}", accepted.err);
}

#[test]
fn shards_put_together_are_the_whole() {
    let desk = Desk::new();
    for documents in [fleet(), [vec![tree(&desk)], fleet()].concat()] {
        let fleet = desk.put("fleet.jsonl", documents.concat());
        let whole = desk.audit(&[&fleet]);
        let parts: Vec<String> = (0..3)
            .map(|index| {
                let part = desk.audit(&[&fleet, "--shard", &format!("{index}/3")]);
                assert!(part.code == 1 || part.code == 3 || part.code == 0, "{}", part.err);
                assert!(summary(&part.out)["run"]["reductions"].to_string().contains("--shard"));
                desk.put(&format!("shard-{index}.jsonl"), part.out)
            })
            .collect();
        let merged = run(["merge", &parts[2], &parts[0], &parts[1]]);
        assert_eq!(first_difference(&whole.out, &merged.out), None, "{}", merged.err);
        assert_eq!((merged.code, merged.err), (whole.code, whole.err));
        let out = desk.path("merged.jsonl");
        assert_eq!(run(["merge", &parts[0], &parts[1], &parts[2], "-o", &out]).code, 1);
        assert_eq!(first_difference(&whole.out, &fs::read_to_string(out).unwrap()), None);
        fails_late(&run(["merge", &parts[0], &parts[2]]), &["1/3"]);
        fails_late(&run(["merge", &parts[0], &parts[1], &parts[2], &parts[2]]), &["comes after"]);
        let other = desk.audit(&[&fleet, "--shard", "1/3", "--gate", "issuer"]).out;
        fails_late(&run(["merge", &parts[0], &desk.put("other.jsonl", other), &parts[2]]), &["different options"]);
        let cut = fs::read_to_string(&parts[1]).unwrap();
        let cut = desk.put("cut.jsonl", &cut[..cut.len() / 2]);
        fails_late(&run(["merge", &parts[0], &cut, &parts[2]]), &["cut.jsonl"]);
    }
    // Of several files, too, and from the variables of the two schedulers.
    let apart = desk.apart(&fleet());
    let files: Vec<&str> = apart.iter().map(String::as_str).collect();
    let whole = desk.audit(&files);
    let mut parts = Vec::new();
    for (index, variable) in ["JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"].iter().enumerate() {
        let mut part = command(
            ["audit", "--format", "jsonl", "--now", NOW, "--waivers", &desk.decisions(), "--shard", "auto/2"]
                .iter()
                .chain(&files),
        );
        let part = finish(part.env(variable, index.to_string()));
        parts.push(desk.put(&format!("job-{index}.jsonl"), part.out));
    }
    let merged = run(["merge", &parts[0], &parts[1]]);
    assert_eq!(first_difference(&whole.out, &merged.out), None, "{}", merged.err);
    fails(&desk.audit(&[files[0], "--shard", "auto/2"]), &["JOB_COMPLETION_INDEX"]);
}

/// A failure after lines were written already: no summary among them.
#[track_caller]
fn fails_late(run: &Run, wanted: &[&str]) {
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(!run.out.contains("{\"kind\":\"summary\""));
    for word in wanted {
        assert!(run.err.contains(word), "no `{word}` in: {}", run.err);
    }
}

#[test]
fn a_fleet_that_is_broken_is_never_taken_for_whole() {
    let desk = Desk::new();
    let documents = fleet();
    let whole = documents.concat();
    let end = whole.len() - documents.last().unwrap().len() / 2;
    fails_late(&desk.audit(&[&desk.put("cut.jsonl", &whole[..end])]), &["cut.jsonl", "cut off"]);
    let twice = [documents[0].as_str(), &documents[1], &documents[1]].concat();
    fails_late(&desk.audit(&[&desk.put("twice.jsonl", twice)]), &["twice", "files of their own"]);
    let turned = [documents[1].as_str(), &documents[0]].concat();
    fails_late(&desk.audit(&[&desk.put("turned.jsonl", turned)]), &["out of order"]);
    let late = [documents[0].as_str(), &tree(&desk)].concat();
    fails_late(&desk.audit(&[&desk.put("late.jsonl", late)]), &["source tree", "before all"]);
    let broken = whole.replacen("\"service\":\"kms\"", "\"service\":7", 1);
    fails_late(&desk.audit(&[&desk.put("broken.jsonl", &broken)]), &["broken.jsonl:"]);
    // A file is there whole or not at all.
    let out = desk.path("never.jsonl");
    let run = run(["audit", &desk.path("broken.jsonl"), "-o", &out]);
    assert!(run.code == 2 && !Path::new(&out).exists(), "{}", run.err);
    let left: Vec<PathBuf> = fs::read_dir(desk.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().contains(".mrready-")), "{left:?}");
}

#[test]
fn spark_pipes_the_accounts_through_the_program() {
    if pinned::skipped() {
        return;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spark");
    let python =
        install("spark", &source, &[]).unwrap_or_else(|why| panic!("{why}\nTo do without, set {}=1.", pinned::SKIP));
    let java = std::process::Command::new("java").arg("-version").output();
    assert!(java.is_ok(), "Spark needs Java 17 or later on PATH. To do without it, set {}=1.", pinned::SKIP);
    let desk = Desk::new();
    let fleet = desk.put("fleet.jsonl", fleet().concat());
    let single = desk.audit(&[&fleet]);
    let out = desk.path("spark");
    let arguments =
        ["audit", "-", "--format", "jsonl", "--now", NOW, "--waivers", &desk.decisions(), "--fail-on", "never"];
    let mut job = std::process::Command::new(python);
    job.arg(source.join("pipe.py")).args([&fleet, &out, "3"]).arg(env!("CARGO_BIN_EXE_mrready")).args(arguments);
    job.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("PYTHONPATH");
    let done = job.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut parts: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.rsplit('/').next().unwrap().starts_with("part-"))
        .collect();
    parts.sort();
    assert_eq!(parts.len(), 3);
    let sorted = |texts: &[String]| -> Vec<String> {
        let lines = texts.iter().flat_map(|text| text.lines().map(str::to_owned));
        let mut lines: Vec<String> = lines.filter(|line| !line.starts_with("{\"kind\":\"summary\"")).collect();
        lines.sort();
        lines
    };
    let texts: Vec<String> = parts.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let (piped, alone) = (sorted(&texts), sorted(std::slice::from_ref(&single.out)));
    assert!(piped == alone && piped.len() > 10, "{} and {} lines", piped.len(), alone.len());
    let kinds: BTreeSet<&str> = piped.iter().map(|line| &line[..16]).collect();
    assert!(kinds.len() > 1);
    // And with the summaries put together, all of it.
    let never = desk.audit(&[&fleet, "--fail-on", "never"]);
    let merged = run([&["merge".to_owned()], parts.as_slice()].concat());
    assert_eq!(first_difference(&never.out, &merged.out), None, "{}", merged.err);
    assert_eq!(merged.code, 0);
}
