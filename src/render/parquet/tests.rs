//! What the files say is read in `tests/it/fleet.rs`, by programs that are not ours. Here: their bytes, and what goes in.

use std::io;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;

use super::super::records::tests::{hostile, many, second_run};
use super::super::{Show, samples};
use super::table::{Cell, Kind, Spec, Table};
use super::*;
use crate::model::{Level, SubjectKind};

/// The three files of these reports, in the order of the tables.
fn written(reports: &[&Report], show: &Show) -> [Vec<u8>; 3] {
    let mut tables = Tables::new(show, |_| io::Result::Ok(Vec::new())).unwrap();
    for report in reports {
        tables.add(report).unwrap();
    }
    tables.finish().unwrap()
}

fn open(bytes: &[u8]) -> SerializedFileReader<std::fs::File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    SerializedFileReader::new(file).unwrap()
}

fn rows(file: &[u8]) -> usize {
    let reader = open(file);
    usize::try_from(reader.metadata().file_metadata().num_rows()).unwrap()
}

/// The texts of a column of texts; of none that is null.
fn column(file: &[u8], name: &str) -> Vec<String> {
    let reader = open(file);
    let schema = reader.metadata().file_metadata().schema_descr().root_schema().get_fields().to_vec();
    let at = schema.iter().position(|field| field.name() == name).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(|row| row.unwrap());
    rows.filter_map(|row| row.get_string(at).ok().cloned()).collect()
}

#[test]
fn every_listed_finding_every_gate_and_every_problem_is_a_row() {
    let samples = samples::all().into_iter().chain([("second", second_run()), ("names", hostile())]);
    for (name, report) in samples {
        let [findings, gates, coverage] = written(&[&report], &Show::all());
        assert_eq!(rows(&findings), report.findings.len(), "{name}");
        let all: Vec<&str> = report.findings.iter().map(|each| each.fingerprint.as_str()).collect();
        assert_eq!(column(&findings, "fingerprint"), all, "{name}: the report's order");
        let messages: Vec<&str> = report.findings.iter().map(|each| each.message.as_str()).collect();
        assert_eq!(column(&findings, "message"), messages, "{name}: as they are");
        assert_eq!(rows(&gates), report.summary.pools.iter().map(|pool| pool.gates.len()).sum::<usize>(), "{name}");
        assert_eq!(rows(&coverage), 1 + report.coverage.problems.len() + report.coverage.not_asked.len(), "{name}");
    }
}

#[test]
fn what_is_listed_is_what_was_asked_for() {
    let report = samples::blocked();
    let of = |show: &Show| column(&written(&[&report], show)[0], "verdict");
    let usual = of(&Show::default());
    assert!(usual.iter().any(|verdict| verdict == "pass") && !usual.iter().any(|verdict| verdict == "not_applicable"));
    assert!(of(&Show::only([Verdict::Fail])).iter().all(|verdict| verdict == "fail"));
    assert_eq!(of(&Show::all()).len(), report.findings.len());
    let mut narrow = Show::default();
    narrow.hidden_rules.extend(report.findings.iter().map(|each| each.rule.clone()));
    assert_eq!(of(&narrow), Vec::<String>::new());
}

#[test]
fn passes_have_their_evidence_when_passes_are_asked_for() {
    let mut report = samples::ready();
    for finding in &mut report.findings {
        finding.evidence = vec![samples::call("key.type", Some("AWS"), "AWS", "kms:DescribeKey", "/KeyMetadata")];
    }
    let count = |show: &Show| column(&written(&[&report], show)[0], "evidence").len();
    let passes = report.findings.iter().filter(|each| each.verdict == Verdict::Pass).count();
    assert!(passes > 0);
    assert_eq!(count(&Show::all()) - count(&Show::only([Verdict::Warn, Verdict::Unknown, Verdict::Manual])), {
        let others = report
            .findings
            .iter()
            .filter(|each| !matches!(each.verdict, Verdict::Warn | Verdict::Unknown | Verdict::Manual));
        others.count()
    });
    assert_eq!(count(&Show::default()), {
        let others = |each: &&crate::model::Finding| !matches!(each.verdict, Verdict::Pass | Verdict::NotApplicable);
        report.findings.iter().filter(others).count()
    });
}

#[test]
fn the_same_reports_give_the_same_bytes_and_one_file_holds_many() {
    let (first, second) = (samples::blocked(), samples::three_pools());
    let once = written(&[&first, &second], &Show::all());
    assert!(once == written(&[&first, &second], &Show::all()));
    for ((both, first), second) in
        once.iter().zip(written(&[&first], &Show::all())).zip(written(&[&second], &Show::all()))
    {
        assert_eq!(rows(both), rows(&first) + rows(&second));
    }
    assert!(once.iter().all(|file| String::from_utf8_lossy(file).contains("mrready version")));
}

#[test]
fn rows_are_cut_into_groups_by_their_number_and_their_length() {
    let report = many(70_000);
    let [findings, ..] = written(&[&report], &Show::all());
    let groups = |file: &[u8]| -> Vec<i64> {
        let reader = open(file);
        reader.metadata().row_groups().iter().map(parquet::file::metadata::RowGroupMetaData::num_rows).collect()
    };
    let found = groups(&findings);
    assert_eq!(found.iter().sum::<i64>(), 70_000);
    assert!(found.len() > 1, "{found:?}");
    assert!(found.iter().all(|rows| *rows <= 65_536), "{found:?}");

    let spec = Spec { name: "a", kind: Kind::Text, nullable: false };
    let mut table = Table::new("t", 1, [spec], Vec::new()).unwrap();
    let long = "x".repeat(6 << 20);
    for _ in 0..7 {
        table.push([Cell::Text(long.as_str().into())].into_iter()).unwrap();
    }
    assert_eq!(groups(&table.finish().unwrap()), [3, 3, 1], "a group ends with the row that makes it too long");
}

#[test]
fn an_account_that_nobody_could_enter_and_a_report_of_nothing_have_their_rows() {
    let empty = samples::empty();
    let [findings, gates, coverage] = written(&[&empty], &Show::default());
    assert_eq!((rows(&findings), rows(&gates), rows(&coverage)), (0, 0, 1));

    // A finding of no pool, as one about an account is.
    let mut report = samples::empty();
    let pool = samples::pool("us-east-1_Gone", "gone");
    let mut each = samples::finding("entered", &pool, Verdict::Unknown, Level::Blocker, &[], "nobody could enter it");
    each.subject.pool_id = None;
    each.subject.region = None;
    report.findings.push(each);
    let [findings, gates, _] = written(&[&report], &Show::default());
    assert_eq!((rows(&findings), rows(&gates)), (1, 0));
    assert_eq!(column(&findings, "account"), [pool.account]);
    assert_eq!(column(&findings, "pool_id").len() + column(&findings, "region").len(), 0);
}

#[test]
fn the_class_of_a_reference_is_read_from_its_id() {
    let mut report = samples::empty();
    let pool = samples::pool("us-east-1_Abc", "p");
    for (kind, id) in [
        (SubjectKind::Reference, "scan/acme/shop#1/src/a:b.ts:jwks-url:23e6ac73#us-east-1_Abc"),
        (SubjectKind::Template, "cloudformation/us-east-1/shop/Outputs/Url/Value:issuer-url-template#us-east-1_Abc~2"),
        (SubjectKind::Template, "cloudformation/us-east-1/shop/Outputs/jwks-url"),
        (SubjectKind::Authorizer, "apigateway/us-east-1/a:jwks-url#us-east-1_Abc"),
    ] {
        let mut each = samples::finding("r", &pool, Verdict::Warn, Level::Advisory, &[], "m");
        (each.subject.kind, each.subject.id) = (kind, id.to_owned());
        report.findings.push(each);
    }
    let [findings, ..] = written(&[&report], &Show::default());
    assert_eq!(column(&findings, "class"), ["jwks-url", "issuer-url-template"]);
}

/// A full disk.
#[derive(Debug)]
struct Full;
impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("no space is left"))
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let refuse =
        |table: TableName| if table == TableName::Gates { Err(io::Error::other("full")) } else { Ok(Vec::new()) };
    assert_eq!(Tables::new(&Show::all(), refuse).unwrap_err().to_string(), "full");

    let tables = Tables::new(&Show::all(), |_| io::Result::Ok(Full)).and_then(|mut tables| {
        tables.add(&samples::blocked())?;
        tables.finish()
    });
    assert!(tables.unwrap_err().to_string().contains("no space is left"));

    let mut report = samples::empty();
    report.run.now = "yesterday".to_owned();
    let mut tables = Tables::new(&Show::all(), |_| io::Result::Ok(Vec::new())).unwrap();
    assert!(tables.add(&report).unwrap_err().to_string().contains("yesterday"));

    let spec = Spec { name: "a", kind: Kind::Text, nullable: false };
    let mut table = Table::new("t", 1, [spec], Vec::new()).unwrap();
    assert!(table.push([Cell::Null].into_iter()).unwrap_err().to_string().contains("column a"));
}

#[test]
fn no_two_columns_of_a_table_have_one_name() {
    for table in TableName::ALL {
        let columns = table.columns();
        let names: std::collections::BTreeSet<&str> = columns.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), columns.len(), "{}", table.as_str());
    }
}
