//! What the labelled trees have to hold, so that a score of the scanner (`trees`) means something: every class of
//! reference and every trap in at least five languages or formats.
//!
//! `labels.tsv` of each folder says what is a reference. `traps.tsv` says which lines tempt a scanner: path, line, trap, with
//! tabs between. A trap's line that is labelled has to be found, any other must give nothing, not even for review.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mrready::model::Class;
use mrready::model::reference::ScanHit;
use mrready::scan::language;
use mrready::scan::walk::{Options, scan};

/// In how many languages or formats each stands at least.
const LEAST: usize = 5;

/// Every trap, and what its line holds, one of these at least.
///
/// What a class has by its nature is no trap of its own: that a library's call or a blocker holds no issuer's text.
const TRAPS: [(&str, &[&str]); 38] = [
    // The pool's part of an issuer.
    ("placeholder-pool", &["YOUR_", "xxxx", "XXXX", "<", "{0}", "{userPoolId}"]),
    ("trailing-slash", &["_AbC123def/"]),
    // A replica of a pool with the original issuer has its own Region in the host.
    ("replica-region", &["eu-central-1.amazonaws.com/eu-west-1_", "us-west-2.amazonaws.com/us-east-1_"]),
    ("china-issuer", &["amazonaws.com.cn/cn-"]),
    // What is put in may hold quotation marks, slashes and operators.
    ("rich-interpolation", &["??", "||", " or ", "?:", ":-"]),
    ("suffix-variable", &["uffix", "{domain}"]),
    ("join-over-lines", &["https://cognito-idp.\"", "https://cognito-idp.'"]),
    // The first literal alone is the API's endpoint.
    ("endpoint-then-pool", &["amazonaws.com/\" + ", "amazonaws.com/' + ", "amazonaws.com/' . "]),
    // The updated issuer: beside the original one, or alone.
    ("dual-aware", &["cognito-idp."]),
    ("updated-alone", &["//issuer-cognito-idp."]),
    ("api-entry-stays", &["cognito-idp."]),
    // Providers of IAM and of identity pools.
    ("scheme-less-provider", &[":oidc-provider/cognito-idp.", ":aud"]),
    ("oidc-provider-url", &["https://cognito-idp."]),
    ("pool-name-attribute", &["ProviderName", "provider_name"]),
    // A range that may be resolved to a version that knows the updated issuer.
    ("open-range", &["^5.1.0"]),
    // The API's host and endpoint.
    ("sdk-endpoint", &["https://cognito-idp."]),
    ("wildcard-host", &["*"]),
    ("endpoint-rule-set", &["uffix", "https://cognito-idp."]),
    ("host-without-keys", &["cognito-idp."]),
    ("bogus-path", &["/token", "/authorize"]),
    ("fips-host", &["cognito-idp-fips."]),
    ("dualstack-host", &[".api.aws"]),
    ("isolated-suffix", &["c2s.ic.gov", "sc2s.sgov.gov"]),
    ("vpc-endpoint-name", &["com.amazonaws."]),
    // The service by its name.
    ("service-principal", &["\"cognito-idp.amazonaws.com", "cognito-idp.amazonaws.com"]),
    ("regional-principal", &["cognito-idp.ap-", "cognito-idp.me-"]),
    ("iam-action", &["cognito-idp:A", "cognito-idp:L"]),
    ("pool-arn", &[":cognito-idp:"]),
    ("service-name", &["cognito-idp"]),
    ("cli-command", &["aws cognito-idp "]),
    ("sigv4-scope", &["/cognito-idp/aws4_request"]),
    ("include-path", &["cognito-idp"]),
    // What only looks alike.
    ("identity-pool-host", &["cognito-identity."]),
    ("hosted-ui-host", &[".amazoncognito.com"]),
    (
        "lookalike-host",
        &["local-cognito-idp:", "not-cognito-idp.", "issuer.cognito-idp.", ".aws.amazon.com", ".example.com"],
    ),
    ("substring-test", &["\"cognito-idp.\"", "'cognito-idp.'", "*cognito-idp.*"]),
    // Text that nobody wrote as it stands.
    ("escaped-text", &["\\\"https://cognito-idp."]),
    ("machine-made", &["cognito-idp."]),
];

/// What is said of one line.
struct Row {
    folder: PathBuf,
    path: String,
    line: u32,
    /// The other cells.
    cells: Vec<String>,
}

impl Row {
    fn place(&self) -> String {
        format!("{}/{}:{}", self.folder.file_name().unwrap().to_string_lossy(), self.path, self.line)
    }

    fn text(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("tree").join(&self.path)).unwrap();
        text.lines().nth(self.line as usize - 1).unwrap_or_else(|| panic!("no line {}", self.place())).to_owned()
    }
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trees");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// The rows of the tables of this name in all folders.
fn rows(table: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for folder in folders() {
        let text = std::fs::read_to_string(folder.join(table)).unwrap_or_default();
        for row in text.lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
            let mut cells = row.split('\t').map(str::to_owned);
            let (path, line) = (cells.next().unwrap(), cells.next().unwrap().parse().unwrap());
            rows.push(Row { folder: folder.clone(), path, line, cells: cells.collect() });
        }
    }
    assert!(rows.len() > 100, "{table}: {} rows", rows.len());
    rows
}

/// All hits of all folders by the folder, the path and the line.
fn hits() -> BTreeMap<(PathBuf, String, u32), Vec<ScanHit>> {
    let mut hits: BTreeMap<_, Vec<ScanHit>> = BTreeMap::new();
    for folder in folders() {
        let tree = folder.join("tree");
        let options = Options { respect_ignore: true, known_pools: None, threads: 2, lines: None };
        for hit in scan(std::slice::from_ref(&tree), &options).hits {
            let path = Path::new(&hit.path).strip_prefix(&tree).unwrap().to_string_lossy().into_owned();
            hits.entry((folder.clone(), path, hit.line)).or_default().push(hit);
        }
    }
    hits
}

/// Fails for each name that stands in too few languages or formats.
fn enough<'a>(names: impl IntoIterator<Item = &'a str>, found: &BTreeMap<String, BTreeSet<&'static str>>) {
    let none = BTreeSet::new();
    let few = names.into_iter().map(|name| (name, found.get(name).unwrap_or(&none)));
    let few: Vec<String> = few.filter(|(_, of)| of.len() < LEAST).map(|(name, of)| format!("{name}: {of:?}")).collect();
    assert!(few.is_empty(), "in too few languages or formats:\n{}", few.join("\n"));
}

#[test]
fn every_class_stands_in_five_languages_in_tests_and_in_documentation() {
    let mut found: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for row in rows("labels.tsv") {
        let of = language::of(&row.path);
        found.entry(row.cells[0].clone()).or_default().insert(of);
        for (cell, name) in [(2, "in_test"), (3, "in_doc")] {
            if row.cells[cell] == "1" {
                found.entry(name.to_owned()).or_default().insert(of);
            }
        }
    }
    enough(Class::ALL.iter().map(|class| class.as_str()).chain(["in_test", "in_doc"]), &found);
}

#[test]
fn every_trap_stands_in_five_languages_and_catches_nothing() {
    let labels: BTreeSet<_> = rows("labels.tsv").into_iter().map(|row| (row.folder, row.path, row.line)).collect();
    let hits = hits();
    let mut found: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in rows("traps.tsv") {
        let trap = row.cells[0].as_str();
        let (_, holds) = TRAPS.iter().find(|(name, _)| *name == trap).unwrap_or_else(|| panic!("no trap `{trap}`"));
        let text = row.text();
        assert!(holds.iter().any(|word| text.contains(word)), "{}: not {trap}: {text}", row.place());
        found.entry(trap.to_owned()).or_default().insert(language::of(&row.path));
        let at = (row.folder.clone(), row.path.clone(), row.line);
        if labels.contains(&at) != hits.contains_key(&at) {
            wrong.push(format!("{} {trap}: {text}", row.place()));
        }
    }
    assert!(wrong.is_empty(), "caught, or labelled and not found:\n{}", wrong.join("\n"));
    enough(TRAPS.iter().map(|(name, _)| *name), &found);
}

#[test]
fn tests_and_documentation_are_told_as_they_are_labelled() {
    let hits = hits();
    let mut wrong = Vec::new();
    for row in rows("labels.tsv") {
        let Some(hits) = hits.get(&(row.folder.clone(), row.path.clone(), row.line)) else { continue };
        for hit in hits.iter().filter(|hit| hit.class.as_str() == row.cells[0]) {
            let said = [hit.in_test, hit.in_doc].map(|told| if told { "1" } else { "0" });
            if said != [row.cells[2].as_str(), row.cells[3].as_str()] {
                wrong.push(format!("{} in_test {} in_doc {}", row.place(), said[0], said[1]));
            }
        }
    }
    assert!(wrong.is_empty(), "not as labelled:\n{}", wrong.join("\n"));
}
