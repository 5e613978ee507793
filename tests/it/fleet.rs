//! The Parquet tables, read by others: DuckDB answers the questions of `docs/fleet.md`, DuckDB and pyarrow agree on types and rows,
//! and the page lists the columns that there are. `tests/fleet/` has the program that asks.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use mrready::model::Report;
use mrready::model::report::Evidence;
use mrready::render::Show;
use mrready::render::parquet::{TableName, Tables};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pinned::{SKIP, install, run, skipped};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// The other account of the lake, and one that nobody could enter.
const OTHER: &str = "444455556666";
const CLOSED: &str = "777788889999";

/// Python with DuckDB and pyarrow; `None` if the tests that need it are to be skipped.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    if skipped() {
        return None;
    }
    match PYTHON.get_or_init(|| install("fleet", &Path::new(ROOT).join("tests/fleet"), &["--no-deps"])) {
        Ok(python) => Some(python),
        Err(why) => panic!("no reader of Parquet to test with: {why}\nTo do without it, set {SKIP}=1."),
    }
}

fn ask(python: &Path, arguments: &[&Path]) -> Value {
    let script = Path::new(ROOT).join("tests/fleet/run.py");
    let output = run(Command::new(python).arg("-B").arg(script).args(arguments)).unwrap_or_else(|why| panic!("{why}"));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What DuckDB answers to these questions in a folder.
fn answers(python: &Path, folder: &Path, setup: &str, queries: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let asked = folder.join("asked.json");
    fs::write(&asked, json!({ "setup": setup, "queries": queries }).to_string()).unwrap();
    serde_json::from_value(ask(python, &["query".as_ref(), folder, &asked])).unwrap()
}

fn page() -> String {
    fs::read_to_string(Path::new(ROOT).join("docs/fleet.md")).unwrap()
}

/// The blocks of SQL of the page, each under the last heading before it.
fn sql(page: &str) -> Vec<(String, String)> {
    let (mut blocks, mut heading, mut lines) = (Vec::new(), String::new(), page.lines());
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            title.clone_into(&mut heading);
        } else if line == "```sql" {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((heading.clone(), block.join("\n")));
        }
    }
    blocks
}

/// The table of columns under a heading: name and type.
fn listed(page: &str, heading: &str) -> Vec<(String, String)> {
    let lines = page.lines().skip_while(|line| *line != format!("### `{heading}`")).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('#')).filter(|line| line.starts_with("| `"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
        })
        .collect()
}

/// The columns of a table as the page spells them.
fn columns(table: TableName) -> Vec<(String, String)> {
    let spelled = |nullable: bool, kind: &str| if nullable { format!("{kind}, null") } else { kind.to_owned() };
    table.columns().into_iter().map(|(name, kind, null)| (name.to_owned(), spelled(null, kind))).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// The tables of a report, below a folder.
fn write(report: &Report, folder: &Path) -> Vec<PathBuf> {
    let path = |table: TableName| folder.join(format!("{}.parquet", table.as_str()));
    let mut tables = Tables::new(&Show::all(), |table| File::create(path(table))).unwrap();
    tables.add(report).unwrap();
    tables.finish().unwrap();
    TableName::ALL.iter().map(|table| path(*table)).collect()
}

/// A lake of two nights. An account with a pool that is not ready; on the second night another whose pool is, once people have
/// answered for it, and one that nobody could enter.
fn lake(folder: &Path) {
    let put = |name: &str, text: &str| {
        fs::write(folder.join(name), text).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    let elsewhere = |path: &str| read(path).replace("111122223333", OTHER);
    let own = put("own.json", &read("fixtures/snapshots/not-ready.json"));
    let other = put("other.json", &elsewhere("fixtures/snapshots/ready.json"));
    let decisions = put("decisions.yaml", &elsewhere("fixtures/decisions/ready.yaml"));
    let refused = json!({
        "mrready_snapshot": 1, "tool_version": "0.1.0", "scope": { "pools": [] },
        "entries": [{
            "kind": "call", "account": CLOSED, "region": "us-east-1", "service": "sts", "operation": "AssumeRole",
            "parameters": { "RoleArn": format!("arn:aws:iam::{CLOSED}:role/audit") }, "page": 1, "time": "2026-11-20T23:00:00Z",
            "error": { "kind": "denied", "code": "AccessDenied", "status": 403, "missing_actions": ["sts:AssumeRole"] },
        }],
    });
    let closed = put("closed.json", &refused.to_string());
    let config = put(
        "mrready.yaml",
        "pools:\n  - { match: members-*, owner: team-members }\n  - { match: '**', owner: platform }\n",
    );
    let night = |night: &str, more: &[&str]| {
        let out = format!("parquet={}/lake/{{table}}/night={night}/fleet.parquet", folder.display());
        let now = format!("{night}T12:00:00Z");
        let arguments = ["audit", &own, &other, "--config", &config, "--now", &now, "-o", &out];
        let run = crate::cli::run(arguments.into_iter().chain(more.iter().copied()));
        assert_eq!(run.code, 1, "{}", run.err);
    };
    night("2026-11-20", &[]);
    night("2026-11-21", &[&closed, "--waivers", &decisions]);
}

#[test]
fn the_questions_of_the_page_have_their_answers() {
    let Some(python) = python() else { return };
    let folder = TempDir::new().unwrap();
    lake(folder.path());
    let page = page();
    let mut blocks = sql(&page);
    let (heading, setup) = blocks.remove(0);
    assert_eq!(heading, "Questions");
    let questions: BTreeMap<String, String> =
        blocks.into_iter().filter(|(heading, _)| heading.ends_with('?')).collect();
    let found = answers(python, folder.path(), &setup, &questions);
    let mut wanted = wanted();
    for (question, answer) in &found {
        let wanted =
            wanted.remove(question).unwrap_or_else(|| panic!("{question}: which answer is right?\n{answer:#}"));
        assert!(*answer == wanted, "{question}\n{answer:#}\nbut wanted:\n{wanted:#}");
    }
    assert_eq!(wanted, BTreeMap::new(), "asked no more");
}

/// What is right, by the two snapshots and the decisions.
fn wanted() -> BTreeMap<String, Value> {
    let own = "111122223333";
    let pinned = |what: &str, name: &str, when: &str, rule: &str| json!([own, what, name, when, rule]);
    let template = |class: &str, name: &str| pinned(class, name, "before", "template-accepts-new-issuer");
    let route = |name: &str| pinned("route", name, "at_switch", "http-route-accepts-new-issuer");
    let answered = |rule: &str| json!([OTHER, rule, "us-east-1_MembProd1", "manual", "pass"]);
    let opened = |gate: &str| json!([OTHER, "us-east-1_MembProd1", gate, "next undetermined", "next ready"]);
    let answers = [
        // Eight as below; open are the verifiers outside the evidence, and two rules about import jobs, which were denied.
        ("Which accounts still pin the old issuer?", json!([[own, "us-east-1_CustProd1", 8, 3]])),
        (
            "Where do they pin it?",
            json!([
                pinned("authorizer", "customers of returns", "before", "rest-cognito-authorizer-replaced"),
                template("issuer-url-literal", "export shop-issuer-url Value"),
                template("issuer-url-literal", "shop-web IssuerUrl.OutputValue"),
                template("issuer-url-template", "shop-web IssuerUrl.Value"),
                template("issuer-url-template", "shop-web OidcIssuer.Properties.Value"),
                template("jwks-url-split", "shop-web JwksUrl.Properties.Value"),
                route("GET /orders of orders"),
                route("POST /orders of orders"),
            ]),
        ),
        (
            "How many pools are ready, by gate and account?",
            json!([
                [own, "activate", 1, 0, 0, 0, 0],
                [own, "failover", 1, 0, 0, 0, 0],
                [own, "issuer", 1, 0, 0, 1, 0],
                [own, "replicate", 1, 0, 0, 1, 0],
                [OTHER, "activate", 1, 0, 0, 0, 0],
                [OTHER, "failover", 1, 0, 0, 0, 0],
                [OTHER, "issuer", 1, 0, 1, 0, 0],
                [OTHER, "replicate", 1, 0, 1, 0, 0],
            ]),
        ),
        // Import jobs were denied, for a blocker and an advisory; users are counted in neither account.
        ("What is unknown, and why?", json!([["denied", 2, 1, 1], ["not_collected", 2, 0, 2]])),
        ("Which permission would tell most?", json!([["cognito-idp:ListUserImportJobs", 2, 1, 1]])),
        (
            "Who has to decide what?",
            json!([
                ["platform", "external-verifiers-told", 1, "Verifiers outside this evidence have been told"],
                ["platform", "pool-eligible", 1, "The console shows the pool as eligible for replication"],
                ["platform", "residency-approved", 1, "Storing users' data in the replica Region has been approved"],
            ]),
        ),
        // What people answered for the other account.
        (
            "What changed since last night?",
            json!([answered("external-verifiers-told"), answered("pool-eligible"), answered("residency-approved")]),
        ),
        ("Which gates opened or closed since last night?", json!([opened("issuer"), opened("replicate")])),
        (
            "Which accounts could not be entered?",
            json!([[CLOSED, "denied", "sts:AssumeRole was denied in us-east-1; missing permission: sts:AssumeRole"]]),
        ),
        (
            "How old is the evidence?",
            json!([[OTHER, "2026-11-21T09:00:02.400Z", 3], [own, "2026-11-21T09:00:03.240Z", 3]]),
        ),
    ];
    answers.into_iter().map(|(question, answer)| (question.to_owned(), answer)).collect()
}

#[test]
fn the_page_lists_the_columns_that_there_are() {
    let page = page();
    for table in TableName::ALL {
        assert_eq!(listed(&page, table.as_str()), columns(*table), "{}", table.as_str());
    }
    // The definition for Athena says them again.
    let blocks = sql(&page);
    let (_, athena) = blocks.iter().find(|(_, block)| block.contains("CREATE EXTERNAL TABLE gates")).unwrap();
    let body = athena.split_once('(').unwrap().1.split_once("\n)").unwrap().0;
    let said: Vec<(String, String)> = body
        .split(',')
        .map(|column| column.trim().split_once(' ').unwrap())
        .map(|(name, kind)| (name.trim_matches('`').to_owned(), kind.to_owned()))
        .collect();
    let gates = TableName::Gates.columns().into_iter().map(|(name, kind, _)| (name.to_owned(), kind.to_owned()));
    assert_eq!(said, gates.collect::<Vec<_>>());
}

/// Lines of `table column type` as they were released; before 1.0 that is 0.1.0.
#[test]
fn no_released_column_goes_away_or_changes() {
    let released = read("tests/fleet/columns-v1.txt");
    assert_eq!(mrready::render::parquet::TABLES_VERSION, 1);
    for table in TableName::ALL {
        let own = |line: &&str| line.split(' ').next() == Some(table.as_str());
        let before: Vec<&str> = released.lines().filter(own).collect();
        let now: Vec<String> =
            columns(*table).iter().map(|(name, kind)| format!("{} {name} {kind}", table.as_str())).collect();
        let kept: Vec<&str> = now.iter().map(String::as_str).filter(|line| before.contains(line)).collect();
        assert_eq!(kept, before, "{}: gone, changed or moved", table.as_str());
    }
}

#[test]
fn two_readers_find_the_types_of_the_page_and_every_name_byte_for_byte() {
    let Some(python) = python() else { return };
    for name in ["blocked", "hostile", "fleet", "empty", "three-pools"] {
        let folder = TempDir::new().unwrap();
        let report: Report = serde_json::from_str(&read(&format!("fixtures/reports/{name}.json"))).unwrap();
        let files = write(&report, folder.path());
        let mut arguments: Vec<&Path> = vec!["describe".as_ref()];
        arguments.extend(files.iter().map(PathBuf::as_path));
        let described = ask(python, &arguments);
        for (table, found) in TableName::ALL.iter().zip(described.as_array().unwrap()) {
            let kind = |kind: &str| match kind {
                "string" => ("VARCHAR", "string"),
                "array<string>" => ("VARCHAR[]", "list<element: string not null>"),
                "timestamp" => ("TIMESTAMP WITH TIME ZONE", "timestamp[ms, tz=UTC]"),
                "boolean" => ("BOOLEAN", "bool"),
                _ => ("BIGINT", "int64"),
            };
            let wanted = table.columns();
            let duckdb: Vec<Value> = wanted.iter().map(|(name, each, _)| json!([name, kind(each).0])).collect();
            let arrow: Vec<Value> =
                wanted.iter().map(|(name, each, nullable)| json!([name, kind(each).1, nullable])).collect();
            assert_eq!((&found["duckdb"], &found["pyarrow"]), (&json!(duckdb), &json!(arrow)), "{name}");
            let about = (&found["metadata"]["mrready.table"], &found["metadata"]["mrready.version"]);
            assert_eq!(about, (&json!(table.as_str()), &json!("1")), "{name}");
            assert_eq!(found["created_by"], format!("mrready version {}", env!("CARGO_PKG_VERSION")));
        }
        let column = |table: usize, name: &str| -> Vec<&Value> {
            let at = TableName::ALL[table].columns().iter().position(|(each, ..)| *each == name).unwrap();
            described[table]["rows"].as_array().unwrap().iter().map(|row| &row[at]).collect()
        };
        let findings =
            |value: fn(&mrready::model::Finding) -> Value| report.findings.iter().map(value).collect::<Vec<_>>();
        let same =
            |name: &str, wanted: &[Value]| assert_eq!(column(0, name), wanted.iter().collect::<Vec<_>>(), "{name}");
        same("message", &findings(|each| json!(each.message)));
        same("subject_name", &findings(|each| json!(each.subject.name)));
        same("subject_id", &findings(|each| json!(each.subject.id)));
        same("owner", &findings(|each| json!(each.owner)));
        same("waived", &findings(|each| json!(each.is_waived())));
        same("gates", &findings(|each| json!(each.gates)));
        let evidence = column(0, "evidence");
        for (text, finding) in evidence.iter().zip(&report.findings) {
            let seen: Vec<Value> = text.as_str().map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default();
            let seen: Vec<Evidence> = seen.into_iter().map(whole).collect();
            assert_eq!(seen, finding.evidence, "{name}");
        }
        let blocked: Vec<Value> = report
            .summary
            .pools
            .iter()
            .flat_map(|pool| pool.gates.values())
            .map(|gate| json!(gate.blocked_by))
            .collect();
        assert_eq!(column(1, "blocked_by"), blocked.iter().collect::<Vec<_>>(), "{name}");
        assert_eq!(column(2, "asked")[0], report.coverage.asked, "{name}");
        let times: Vec<&Value> = column(2, "times").into_iter().filter(|times| !times.is_null()).collect();
        assert_eq!(times.len(), report.coverage.problems.len(), "{name}");
    }
}

/// Evidence with the members that were left out as null.
fn whole(mut evidence: Value) -> Evidence {
    for member in ["actual", "expected", "cause", "cause_text"] {
        let members = evidence.as_object_mut().unwrap();
        members.entry(member).or_insert(Value::Null);
    }
    serde_json::from_value(evidence).unwrap()
}

#[test]
fn a_hundred_thousand_findings_are_read_again() {
    let Some(python) = python() else { return };
    let folder = TempDir::new().unwrap();
    let mut report: Report = serde_json::from_str(&read("fixtures/reports/fleet.json")).unwrap();
    let some = std::mem::take(&mut report.findings);
    let mut long = 0;
    // At most so many rows each, less where the texts are long.
    let groups = 3;
    for (number, finding) in (0..100_000).zip(some.iter().cycle()) {
        let mut finding = finding.clone();
        finding.fingerprint = format!("{number:032x}");
        long += finding.message.chars().count();
        report.findings.push(finding);
    }
    write(&report, folder.path());
    let query = "SELECT count(*), count(DISTINCT fingerprint), sum(length(message))::BIGINT, min(fingerprint), \
                 (SELECT count(DISTINCT row_group_id) FROM parquet_metadata('findings.parquet')) FROM 'findings.parquet'";
    let queries = BTreeMap::from([("all".to_owned(), query.to_owned())]);
    let found = answers(python, folder.path(), "SELECT 1", &queries);
    assert_eq!(found["all"], json!([[100_000, 100_000, long, "0".repeat(32), groups]]));
}

#[test]
fn the_files_are_called_as_was_said_and_what_is_wrong_is_said_first() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let audit = |more: &[&str]| {
        let usual = ["audit", crate::cli::NOT_READY, "--now", "2026-11-21T12:00:00Z"];
        crate::cli::run(usual.into_iter().chain(more.iter().copied()))
    };
    let run = audit(&["-o", &at("fleet.parquet"), "-o", &at("{table}/one/{table}.pq").replacen("", "parquet=", 1)]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
    for table in ["findings", "gates", "coverage"] {
        let (beside, below) = (at(&format!("fleet.{table}.parquet")), at(&format!("{table}/one/{table}.pq")));
        let bytes = fs::read(beside).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{table}");
        assert!(bytes == fs::read(below).unwrap(), "{table}: the same bytes");
    }

    let split = audit(&["--split-by", "pool", "-o", &at("{}.parquet")]);
    assert_eq!(split.code, 1, "{}", split.err);
    assert!(Path::new(&at("us-east-1_CustProd1.gates.parquet")).exists());

    crate::cli::fails(&audit(&["--format", "parquet"]), &["three files", "-o parquet=FILE"]);
    crate::cli::fails(&audit(&["-o", "parquet"]), &["did you mean -o parquet=FILE?"]);
    crate::cli::fails(&audit(&["-o", "parket=x"]), &["did you mean parquet?"]);
    let twice = ["-o", "csv=x.gates.parquet", "-o", "x.parquet"];
    crate::cli::fails(&audit(&twice), &["two reports cannot go to one file"]);
    // Where one of them cannot be, none is.
    fs::create_dir(at("half.gates.parquet")).unwrap();
    crate::cli::fails(&audit(&["-o", &at("half.parquet")]), &["half.gates.parquet", "is a folder"]);
    crate::cli::fails(&audit(&["-o", &at("nowhere/half.parquet")]), &["cannot write", "nowhere"]);
    let left: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("half") || name.starts_with('.'))
        .collect();
    assert_eq!(left, ["half.gates.parquet"]);
}
