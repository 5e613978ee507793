//! Every built-in rule on every pool of the scenario, as a person wrote it down in `verdicts.txt`.
//!
//! Also what hangs on the same runs: the saved snapshot judged offline gives the same bytes, and what was asked was asked
//! once and read only. Not here: missing evidence (`faults`), and what moto cannot show (`replays`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;

use mrready::model::Source;
use mrready::model::report::Report;

use super::{Bench, at_once, letter, now};
use crate::tools::{Account, account};

const TABLE: &str = include_str!("verdicts.txt");
const EXIT: &str = "exit code";

/// Row → scenario → cell.
type Cells = BTreeMap<String, BTreeMap<String, String>>;

/// The scenarios in the order of their columns, and the cells.
fn table() -> (Vec<String>, Cells) {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let (mut scenarios, mut cells) = (Vec::new(), Cells::new());
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words[0] == "pool" {
            scenarios.push(words[2].to_owned());
            assert_eq!(words[1], scenarios.len().to_string(), "the columns are numbered: {line}");
        } else if words[0] == "1" {
            assert_eq!(words.len(), scenarios.len(), "a number for each column");
        } else {
            let (name, row) = match line.strip_prefix(EXIT) {
                Some(row) => (EXIT, row.split_whitespace().collect()),
                None => (words[0], words[1..].to_vec()),
            };
            assert_eq!(row.len(), scenarios.len(), "a cell for each pool: {line}");
            let row = scenarios.iter().cloned().zip(row.into_iter().map(str::to_owned)).collect();
            assert!(cells.insert(name.to_owned(), row).is_none(), "{name} has two rows");
        }
    }
    (scenarios, cells)
}

/// The table of `came`, in which a cell that was to be otherwise says so.
fn differences(scenarios: &[String], wanted: &Cells, came: &Cells) -> Option<String> {
    let names: BTreeSet<&String> = wanted.keys().chain(came.keys()).collect();
    let (mut text, mut different) = (String::new(), 0);
    for name in names {
        let _ = write!(text, "{name:43}");
        for scenario in scenarios {
            let cell = |cells: &Cells| cells.get(name).and_then(|row| row.get(scenario)).cloned().unwrap_or_default();
            let (want, came) = (cell(wanted), cell(came));
            if want == came {
                let _ = write!(text, " {came:>2}");
            } else {
                different += 1;
                let _ = write!(text, " {came}(not {want}: {scenario})");
            }
        }
        text.push('\n');
    }
    (different > 0).then(|| format!("{different} cells are not as in verdicts.txt:\n{text}"))
}

/// What the rules say on a pool: every letter that occurs, not-applicable ones aside.
fn verdicts(report: &Report, pool: &str) -> BTreeMap<String, String> {
    let mut letters: BTreeMap<String, BTreeSet<char>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.subject.pool_id.as_deref() == Some(pool)) {
        letters.entry(finding.rule.clone()).or_default().insert(letter(finding.verdict));
    }
    for found in letters.values_mut().filter(|found| found.len() > 1) {
        found.remove(&'-');
    }
    letters.into_iter().map(|(rule, letters)| (rule, letters.into_iter().collect())).collect()
}

#[test]
fn every_rule_on_every_pool() {
    let Some(account) = account() else { return };
    let (scenarios, wanted) = table();
    let known: BTreeSet<&str> = account.out["pools"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(scenarios.iter().map(String::as_str).collect::<BTreeSet<_>>(), known, "a column for each scenario");
    let came = Mutex::new(Cells::new());
    let put = |name: &str, scenario: &str, cell: String| {
        came.lock().unwrap().entry(name.to_owned()).or_default().insert(scenario.to_owned(), cell);
    };
    let encodings = ["s.json", "s.jsonl", "s.json.gz", "s.jsonl.zst"];
    let cases: Vec<(&String, &str)> = scenarios.iter().zip(encodings.into_iter().cycle()).collect();
    at_once(&cases, |(scenario, file)| {
        let (bench, pool) = (Bench::new(&account.url), account.pool(scenario));
        let live = bench.audit(&[pool], &["--save-snapshot", file]);
        assert_eq!(bench.files(), [*file], "{}", live.stderr);
        put(EXIT, scenario, live.code().unwrap().to_string());
        assert_eq!(live.code(), Some(i32::from(live.report().summary.exit.code)));
        bench.check_calls(account);
        offline_is_the_same(account, &bench, file, &live.stdout, live.code());
        // A live audit leaves out what no counted gate needs; what is collected has all of it, and ends the same.
        let (whole, code) = collected(account, pool);
        for (rule, cell) in verdicts(&whole, pool) {
            put(&rule, scenario, cell);
        }
        assert_eq!(code, live.code(), "{scenario}");
    });
    if let Some(differences) = differences(&scenarios, &wanted, &came.into_inner().unwrap()) {
        panic!("{differences}");
    }
}

/// Everything about a pool, with the options that make more of it be asked.
fn collected(account: &Account, pool: &str) -> (Report, Option<i32>) {
    let bench = Bench::new(&account.url);
    let operator = account.out["roles"]["migration"].as_str().unwrap();
    let mut arguments = bench.scope("collect", &[pool]);
    arguments.extend(["--count-users", "--operator-arn", operator, "-o", "all.json"].map(str::to_owned));
    let run = bench.run(&arguments);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    bench.check_calls(account);
    let now = now();
    let judge = ["audit", "all.json", "--operator-arn", operator, "--format", "json", "--show", "all", "--now", &now];
    let judged = bench.run(&judge);
    let report = judged.report();
    let problems: Vec<_> =
        report.coverage.problems.iter().filter(|problem| problem.cause.kind() != "not_found").collect();
    assert!(problems.is_empty(), "{problems:?}");
    (report, judged.code())
}

/// Judges the saved snapshot and wants the same bytes, without one more call.
fn offline_is_the_same(account: &Account, bench: &Bench, file: &str, live: &[u8], code: Option<i32>) {
    let before = account.calls(&bench.key).len();
    let offline = bench.run(&["audit", file, "--format", "json", "--show", "all", "--now", &now()]);
    assert_eq!(offline.code(), code, "{}", offline.stderr);
    if offline.stdout != live {
        let (live, offline) = (String::from_utf8_lossy(live), offline.text());
        let first = live.lines().zip(offline.lines()).find(|(live, offline)| live != offline);
        panic!("offline is another report than live: {first:#?}");
    }
    assert_eq!(account.calls(&bench.key).len(), before, "judging a snapshot asked AWS");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(bench.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn all_pools_in_one_run_are_judged_as_alone() {
    let Some(account) = account() else { return };
    let (scenarios, mut wanted) = table();
    let bench = Bench::new(&account.url);
    let pools: Vec<&str> = scenarios.iter().map(|scenario| account.pool(scenario)).collect();
    let operator = account.out["roles"]["migration"].as_str().unwrap();
    let more = ["--save-snapshot", "all.json", "--count-users", "--operator-arn", operator];
    let live = bench.audit(&pools, &more);
    let report = live.report();
    let mut came = Cells::new();
    for (scenario, pool) in scenarios.iter().zip(&pools) {
        for (rule, cell) in verdicts(&report, pool) {
            came.entry(rule).or_default().insert(scenario.clone(), cell);
        }
    }
    wanted.remove(EXIT);
    if let Some(differences) = differences(&scenarios, &wanted, &came) {
        panic!("{differences}");
    }
    assert_eq!(live.code(), Some(1));
    bench.check_calls(account);
    let offline = bench.run(&[
        "audit",
        "all.json",
        "--operator-arn",
        operator,
        "--format",
        "json",
        "--show",
        "all",
        "--now",
        &now(),
    ]);
    assert_eq!((offline.code(), offline.text() == live.text()), (live.code(), true));
    let table = ["--format", "table", "--verbose", "--now", &now()].map(str::to_owned);
    let save = ["--save-snapshot", "again.json"].map(str::to_owned);
    let live = bench.run(&[bench.scope("audit", &pools), save.to_vec(), table.to_vec()].concat());
    let offline = bench.run(&[vec!["audit".to_owned(), "again.json".to_owned()], table.to_vec()].concat());
    assert_eq!(live.text(), offline.text(), "the table of a live run and that of its snapshot");
}

#[test]
fn the_table_has_a_row_for_every_built_in_rule() {
    let bench = Bench::new("http://127.0.0.1:1");
    let listed = bench.run(&["rules", "list", "--format", "json"]);
    assert_eq!(listed.code(), Some(0), "{}", listed.stderr);
    let catalogue = super::json(&listed.stdout);
    // A rule on accounts says nothing of a pool.
    let of_pools = catalogue.as_array().unwrap().iter().filter(|rule| rule["subject"] != "account");
    let ids: BTreeSet<&str> = of_pools.map(|rule| rule["id"].as_str().unwrap()).collect();
    let (_, mut wanted) = table();
    wanted.remove(EXIT);
    assert_eq!(wanted.keys().map(String::as_str).collect::<BTreeSet<_>>(), ids);
}

#[test]
fn every_app_client_of_61_is_described() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    let report = bench.audit(&[account.pool("many-clients")], &[]).report();
    let said = &report.findings.iter().find(|finding| finding.rule == "app-clients").unwrap().message;
    assert!(said.starts_with("61 app clients: "), "{said}");
    for number in 1..=61 {
        assert!(said.contains(&format!("client-{number:02}")), "client-{number:02}: {said}");
    }
    let described =
        account.calls(&bench.key).iter().filter(|call| call["operation"] == "DescribeUserPoolClient").count();
    assert_eq!(described, 61);
}

/// Where the stacks of the scenario hold the issuer of the pool `stacks`: who holds it, the line of the template, the
/// pointer where AWS gives no text.
const REFERENCES: &[(&str, Option<u32>, Option<&str>)] = &[
    ("export mrready-stacks-issuer Value", None, Some("/Exports/0/Value")),
    ("mrready-consumer IssuerBySub.Properties.Value", Some(23), None),
    ("mrready-consumer IssuerByJoin.Properties.Value", Some(17), None),
    ("mrready-consumer IssuerUrl.OutputValue", None, Some("/Stacks/0/Outputs/0/OutputValue")),
    ("mrready-consumer IssuerUrl.Value", Some(38), None),
    ("mrready-consumer Settings.Properties.Value", Some(29), None),
];

#[test]
fn a_pinned_issuer_is_named_with_its_place() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    let report = bench.audit(&[account.pool("stacks")], &[]).report();
    let found: BTreeSet<(String, Option<u32>, Option<String>)> = report
        .findings
        .iter()
        .filter(|finding| finding.rule == "template-accepts-new-issuer" && letter(finding.verdict) == 'W')
        .map(|finding| {
            assert_eq!(finding.subject.region.as_deref(), Some("us-east-1"));
            let place =
                finding.evidence.iter().flat_map(|evidence| &evidence.sources).find_map(|source| match source {
                    Source::Place { line, path, .. } => Some((*line, path.clone())),
                    Source::Call { .. } | Source::Option { .. } | Source::Table { .. } => None,
                });
            let (line, path) = place.unwrap_or_else(|| panic!("no place: {finding:?}"));
            let pointer = path.starts_with('/').then_some(path).filter(|_| line.is_none());
            (finding.subject.name.clone().unwrap(), line, pointer)
        })
        .collect();
    let wanted: BTreeSet<_> = REFERENCES
        .iter()
        .map(|(name, line, pointer)| ((*name).to_owned(), *line, pointer.map(str::to_owned)))
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn a_pinned_authorizer_is_named_with_its_api_and_route() {
    let Some(account) = account() else { return };
    let cases = [
        ("http-authorizer", "http-route-accepts-new-issuer", "http_api", "routed", "GET /items of mrready-http"),
        ("rest-authorizer", "rest-cognito-authorizer-replaced", "rest_api", "pool", "pool of mrready-rest"),
    ];
    for (scenario, rule, api, authorizer, name) in cases {
        let (bench, pool) = (Bench::new(&account.url), account.pool(scenario));
        let report = bench.audit(&[pool], &[]).report();
        let failed: Vec<_> = report.findings.iter().filter(|finding| letter(finding.verdict) == 'F').collect();
        let [finding] = failed.as_slice() else { panic!("{scenario}: one thing is false, not {failed:#?}") };
        let api = &account.out[api];
        let id = |name: &str| api[name].as_str().unwrap();
        let authorizer = api["authorizers"][authorizer].as_str().unwrap();
        let subject = match scenario {
            "http-authorizer" => format!("apigatewayv2/us-east-1/{}/{}#{pool}", id("api"), id("route")),
            _ => format!("apigateway/us-east-1/{}/{authorizer}#{pool}", id("api")),
        };
        assert_eq!((finding.rule.as_str(), finding.subject.id.as_str()), (rule, subject.as_str()));
        assert_eq!(finding.subject.name.as_deref(), Some(name));
        assert!(finding.message.contains(id("api")), "{}", finding.message);
        let old = format!("https://cognito-idp.us-east-1.amazonaws.com/{pool}");
        assert!(scenario != "http-authorizer" || finding.message.contains(&old), "{}", finding.message);
        assert!(scenario != "http-authorizer" || finding.message.contains(authorizer), "{}", finding.message);
    }
}
