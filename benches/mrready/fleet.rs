//! The fleet: accounts of four pools each, one after the other in JSON lines, with an answer to every call that the full
//! catalogue asks; and how long judging it takes beside parsing the same bytes.
//!
//! The evidence of one pool is that of the tests (`tests/it/builder.rs`, `areas`), with what AWS describes of every pool
//! beside it. Each pool gets names of its own; what several pools of an account ask alike is one answer. No randomness.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::io::{BufRead as _, Read as _, Write as _};
use std::sync::Arc;

use mrready::audit::{Options, audit};
use mrready::facts::{FactOptions, Facts, RegionTable};
use mrready::model::report::Finding;
use mrready::model::{Report, Verdict};
use mrready::render::{Show, Verdicts, jsonl};
use mrready::rules::Catalog;
use mrready::snapshot::operations::find_call;
use mrready::snapshot::{Call, Encoding, Entry, Scope, Snapshot, format};
use serde_json::{Value, json};

use crate::areas;
use crate::builder::{self, ACCOUNT, Account, CLIENT, DESCRIBE_CLIENT, DESCRIBE_POOL, DOMAIN, KEY, P, POOL, S};
use crate::measure::{Contestant, measure};

/// How many pools an account of the fleet has.
pub(crate) const POOLS: usize = 4;
/// How many findings of each pool fail, warn, are unknown or wait for a person. Beside them rules state facts.
pub(crate) const OPEN: usize = 5;
const ROUNDS: usize = 15;
/// Accounts in one round: more than the processor's caches hold.
const ACCOUNTS: usize = 64;
/// Bytes that a thread gets at a time, as much as some accounts have.
const CHUNK: usize = 1 << 19;

/// The attributes that every user pool has.
/// Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html>.
const ATTRIBUTES: [&str; 20] = [
    "profile",
    "address",
    "birthdate",
    "gender",
    "preferred_username",
    "updated_at",
    "website",
    "picture",
    "identities",
    "sub",
    "phone_number",
    "phone_number_verified",
    "zoneinfo",
    "locale",
    "email",
    "email_verified",
    "given_name",
    "family_name",
    "middle_name",
    "name",
];

/// What AWS describes of every pool beside what the tests are about.
fn described(account: Account, region: &str) -> Account {
    let attributes: Vec<Value> = ATTRIBUTES
        .iter()
        .map(|name| {
            json!({
                "Name": name, "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true,
                "Required": *name == "email", "StringAttributeConstraints": { "MinLength": "0", "MaxLength": "2048" }
            })
        })
        .collect();
    let password = json!({ "PasswordPolicy": {
        "MinimumLength": 12, "RequireUppercase": true, "RequireLowercase": true, "RequireNumbers": true,
        "RequireSymbols": true, "TemporaryPasswordValidityDays": 7
    }, "SignInPolicy": { "AllowedFirstAuthFactors": ["PASSWORD"] } });
    account
        .set(DESCRIBE_POOL, region, "/UserPool/SchemaAttributes", attributes)
        .set(DESCRIBE_POOL, region, "/UserPool/Policies", password)
        .set(DESCRIBE_POOL, region, "/UserPool/AutoVerifiedAttributes", json!(["email"]))
        .set(DESCRIBE_POOL, region, "/UserPool/UsernameAttributes", json!(["email"]))
        .set(DESCRIBE_POOL, region, "/UserPool/LastModifiedDate", "2026-03-01T00:00:00Z")
        .set(DESCRIBE_CLIENT, region, "/UserPoolClient/ClientName", "web")
        .set(DESCRIBE_CLIENT, region, "/UserPoolClient/AllowedOAuthFlowsUserPoolClient", true)
        .set(DESCRIBE_CLIENT, region, "/UserPoolClient/AllowedOAuthScopes", json!(["email", "openid", "profile"]))
        .set(DESCRIBE_CLIENT, region, "/UserPoolClient/AuthSessionValidity", 3)
        .set(DESCRIBE_CLIENT, region, "/UserPoolClient/EnableTokenRevocation", true)
        .set(DESCRIBE_CLIENT, region, "/UserPoolClient/PreventUserExistenceErrors", "ENABLED")
        .set(DESCRIBE_CLIENT, region, "/UserPoolClient/SupportedIdentityProviders", json!(["COGNITO"]))
}

/// One pool that has been through the migration.
fn moved() -> Account {
    described(described(areas::furnish(Account::complete()), P), S)
}

/// One pool before it.
fn waiting() -> Account {
    described(areas::furnish(Account::ready()), P)
}

/// The evidence of one account, with what several pools ask alike asked once; the account's digits are those of the tests,
/// and its pools are called by [`placeholder`].
fn account() -> Snapshot {
    let mut scope = Scope::default();
    let mut calls: BTreeMap<(String, String, String), Entry> = BTreeMap::new();
    let mut hits: Vec<Entry> = Vec::new();
    for pool in 0..POOLS {
        let mut one = if pool % 2 == 0 { moved() } else { waiting() };
        one.scans.clear();
        one.hits.retain(|hit| hit.service != "scan");
        let Snapshot { header, entries } = named(&one.snapshot(), pool);
        scope.pools.extend(header.scope.pools);
        scope.searched.extend(header.scope.searched);
        scope.replica_regions.extend(header.scope.replica_regions);
        for entry in entries {
            let Entry::Call(call) = entry else {
                hits.push(entry);
                continue;
            };
            let question = (call.region.clone(), call.name(), Value::from(call.parameters.clone()).to_string());
            match calls.get_mut(&question) {
                None => drop(calls.insert(question, Entry::Call(call))),
                Some(Entry::Call(held)) => add_items(held, &call),
                Some(_) => {}
            }
        }
    }
    Snapshot::new(scope, calls.into_values().chain(hits).collect())
}

/// Adds what another pool's evidence has in a list that is asked once.
fn add_items(held: &mut Call, other: &Call) {
    let Some(items) = find_call(&held.name()).and_then(|operation| operation.items) else { return };
    let list = |call: &Call| call.response.as_ref()?.pointer(items)?.as_array().cloned();
    let (mut all, more) = (list(held).unwrap_or_default(), list(other).unwrap_or_default());
    all.extend(more.into_iter().filter(|item| !all.contains(item)).collect::<Vec<_>>());
    if let Some(value) = held.response.as_mut().and_then(|response| response.pointer_mut(items)) {
        *value = Value::Array(all);
    }
}

/// What stands in the template of an account for the number of the account in the ids of its pools.
const NUMBER: &str = "zzzzzzz";

fn placeholder(pool: usize) -> String {
    format!("{P}_P{pool}{NUMBER}")
}

/// The evidence of one pool under names of its own.
fn named(snapshot: &Snapshot, pool: usize) -> Snapshot {
    let bytes = format::write(snapshot, lines()).expect("memory");
    let text = String::from_utf8(bytes).expect("JSON");
    let text = text
        .replace(POOL, &placeholder(pool))
        .replace(KEY, &format!("mrk-{pool:032x}"))
        .replace(CLIENT, &format!("{pool}a{NUMBER}example234567"))
        .replace(DOMAIN, &format!("auth{pool}.example.com"))
        .replace(":0000-1111", &format!(":{pool:04}-1111"))
        .replace("service-role/sms\"", &format!("service-role/sms{pool}\""))
        .replace("\"RoleName\":\"sms\"", &format!("\"RoleName\":\"sms{pool}\""))
        .replace("\"ours\"", &format!("\"ours{pool}\""))
        .replace("\"theirs\"", &format!("\"theirs{pool}\""))
        .replace("stack/app/", &format!("stack/app{pool}/"))
        .replace(":function:", &format!(":function:pool{pool}-"));
    format::read("fleet.jsonl", text.as_bytes()).expect("a snapshot")
}

fn lines() -> Encoding {
    Encoding::of_name("fleet.jsonl").expect("a known name")
}

/// A fleet as JSON lines: an account's document after the other.
pub(crate) struct Fleet {
    /// The document of every account, but for its number.
    template: String,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        let bytes = format::write(&account(), lines()).expect("memory");
        Self { template: String::from_utf8(bytes).expect("JSON") }
    }

    /// The document of one account.
    pub(crate) fn account(&self, number: usize) -> String {
        let digits = format!("{:012}", 100_000_000_000 + number);
        self.template.replace(ACCOUNT, &digits).replace(NUMBER, &format!("{number:07}"))
    }

    fn write(&self, pools: usize, path: &str) {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a file"));
        for number in 0..pools / POOLS {
            file.write_all(self.account(number).as_bytes()).expect("a disk");
        }
        file.flush().expect("a disk");
    }
}

fn judged(snapshot: &Snapshot, catalog: &Catalog, table: &Arc<RegionTable>, open_only: bool) -> Report {
    let options = FactOptions::new(builder::time(builder::NOW));
    let facts = Facts::new(snapshot, options, Arc::clone(table));
    audit(&facts, catalog, &[], &Options { open_only, ..Options::default() })
}

/// `fleet-file POOLS FILE`: writes a fleet of so many pools, for whole runs of the program.
pub(crate) fn file(arguments: &[String]) {
    let [pools, path] = arguments else { return println!("fleet-file POOLS FILE") };
    Fleet::new().write(pools.parse().expect("a number of pools"), path);
}

/// `fleet-parse FILE THREADS`: parses every line of a fleet to a `Value` with so many threads, which get the lines of some
/// accounts at a time, and drops it. Prints the seconds it took.
pub(crate) fn parse(arguments: &[String]) {
    let [path, threads] = arguments else { return println!("fleet-parse FILE THREADS") };
    let start = std::time::Instant::now();
    let mut file = std::io::BufReader::with_capacity(1 << 20, std::fs::File::open(path).expect("a fleet"));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.parse().expect("a number of threads"))
            .map(|_| {
                let (sender, chunks) = std::sync::mpsc::sync_channel::<Vec<u8>>(2);
                scope.spawn(move || chunks.iter().for_each(|chunk| values(&chunk)));
                sender
            })
            .collect();
        for sender in threads.iter().cycle() {
            let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 4);
            std::io::Read::by_ref(&mut file).take(CHUNK as u64).read_to_end(&mut chunk).expect("a disk");
            file.read_until(b'\n', &mut chunk).expect("a disk");
            if chunk.is_empty() {
                break;
            }
            sender.send(chunk).expect("a thread that waits");
        }
    });
    println!("{:.3}", start.elapsed().as_secs_f64());
}

fn values(lines: &[u8]) {
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        drop(black_box(serde_json::from_slice::<Value>(line).expect("JSON")));
    }
}

/// `fleet-loop ROUNDS`: only reads, judges and writes the accounts of a fleet, for a profiler.
pub(crate) fn rounds(arguments: &[String]) {
    let rounds: usize = arguments.first().map_or(1, |rounds| rounds.parse().expect("a number"));
    let (catalog, table, fleet) = (builder::catalog(), Arc::new(builder::table()), Fleet::new());
    for account in (0..rounds * ACCOUNTS).map(|number| fleet.account(number)) {
        let snapshot = format::read("fleet.jsonl", account.as_bytes()).expect("a snapshot");
        written(&judged(&snapshot, catalog, &table, true));
    }
}

/// Reading, judging and writing a fleet in one thread, beside parsing the same bytes.
pub(crate) fn run() {
    let catalog = builder::catalog();
    let table = Arc::new(builder::table());
    let fleet = Fleet::new();
    let text: Vec<String> = (0..ACCOUNTS).map(|number| fleet.account(number)).collect();
    let bytes: usize = text.iter().map(String::len).sum();
    let snapshot = format::read("fleet.jsonl", text[0].as_bytes()).expect("a snapshot");
    let report = judged(&snapshot, catalog, &table, false);
    let open = |verdict| matches!(verdict, Verdict::Fail | Verdict::Warn | Verdict::Unknown | Verdict::Manual);
    for pool in &report.summary.pools {
        let of_pool = |finding: &&Finding| finding.subject.pool_id.as_ref() == Some(&pool.id) && open(finding.verdict);
        let own: Vec<&str> = report.findings.iter().filter(of_pool).map(|finding| finding.rule.as_str()).collect();
        assert_eq!(own.len(), OPEN, "{own:?}");
    }
    let facts = report.findings.iter().filter(|finding| finding.verdict == Verdict::Info).count();
    println!(
        "\nFleet: {} rules; {ACCOUNTS} accounts of {POOLS} pools; per account {} calls and {} findings, of which {facts} state facts and {OPEN} per pool are open; {} bytes per pool",
        catalog.rules.len(),
        snapshot.calls().count(),
        report.findings.len(),
        bytes / ACCOUNTS / POOLS
    );
    let read = |text: &str| format::read("fleet.jsonl", text.as_bytes()).expect("a snapshot");
    let snapshots: Vec<Snapshot> = text.iter().map(|text| read(text)).collect();
    let reports: Vec<Report> = snapshots.iter().map(|snapshot| judged(snapshot, catalog, &table, true)).collect();
    let each = |run: &dyn Fn(&str)| text.iter().for_each(|text| run(text));
    let times = measure(
        ROUNDS,
        vec![
            Contestant::new("serde_json::from_slice::<Value> of each line", || each(&|text| values(text.as_bytes()))),
            Contestant::new("read, judge and write", || {
                each(&|text| {
                    let snapshot = read(text);
                    written(&judged(&snapshot, catalog, &table, true));
                });
            }),
            Contestant::new("  of it: format::read", || each(&|text| drop(read(text)))),
            Contestant::new("  of it: Snapshot::digest", || snapshots.iter().map(Snapshot::digest).collect::<Vec<_>>()),
            Contestant::new("  of it: Facts::new", || {
                for snapshot in &snapshots {
                    let options = FactOptions::new(builder::time(builder::NOW));
                    drop(black_box(Facts::new(snapshot, options, Arc::clone(&table))));
                }
            }),
            Contestant::new("  of it: Facts::new, audit (with digest)", || {
                for snapshot in &snapshots {
                    drop(judged(snapshot, catalog, &table, true));
                }
            }),
            Contestant::new("  of it: render::jsonl::write", || reports.iter().for_each(written)),
            Contestant::new("beside it: Facts::new, audit, everything told", || {
                for snapshot in &snapshots {
                    drop(judged(snapshot, catalog, &table, false));
                }
            }),
        ],
    );
    crate::table(&times, 0, Some(("per pool", ACCOUNTS * POOLS)), 1);
}

fn written(report: &Report) {
    let show = Show { verdicts: Verdicts::Default, hidden_rules: BTreeSet::new() };
    jsonl::write(report, &show, &mut std::io::sink()).expect("nowhere");
}
