//! The snapshot: an evidence log of AWS answers at one time. Collecting writes it, everything else reads it.
//!
//! Here are the document ([`Snapshot`], [`Entry`]), the table of operations ([`operations`]), the one normal form of
//! their answers ([`normal`]), what of them may be kept ([`admit`]), the encodings ([`format`]) and the file of a collection
//! under way ([`journal`]). What the answers
//! mean is the business of `facts`. No IO: bytes in, bytes out.

pub mod admit;
mod cbor;
pub mod entry;
mod fleet;
pub mod format;
pub mod journal;
pub mod normal;
pub mod operations;
mod read;
mod sections;
pub mod shape;
mod xml;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use entry::{Call, CallError, Entry, ErrorKind, Hit, Question, Scan, SkippedFile, SourcePlace};
pub use fleet::{FleetDigest, NO_ACCOUNT};
pub use format::{Encoding, SnapshotError};
pub use sections::{Section, Sections};

/// The version of the document's shape that this program writes.
pub const SNAPSHOT_SCHEMA_VERSION: u32 = 1;

/// What was asked of which account, and every answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("$id" = "urn:mrready:schema:snapshot:1"))]
pub struct Snapshot {
    /// What was to be looked at, and by what.
    #[serde(flatten)]
    pub header: Header,
    /// The answers, sorted.
    pub entries: Vec<Entry>,
}

/// The head of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the document's shape.
    pub mrready_snapshot: u32,
    /// Version of the program that collected it.
    pub tool_version: String,
    /// Versions of the AWS CLI whose output was imported, as `aws --version` prints them; none for what was asked live.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub cli_versions: BTreeSet<String>,
    /// What was to be looked at.
    pub scope: Scope,
}

/// The scope of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The pools that were asked for, or found by `--all-pools`.
    pub pools: BTreeSet<PoolKey>,
    /// The accounts all of whose pools were to be found, whether or not they could be entered; none where pools were
    /// given by id.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<AccountScope>,
    /// `--replica-region`, or what was planned: by pool id or primary Region; the empty key is for all others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replica_regions: BTreeMap<String, String>,
    /// Where consumers were looked for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub searched: BTreeSet<Searched>,
    /// What was not asked, and why.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub not_asked: BTreeSet<Unasked>,
}

/// A user pool in an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolKey {
    /// The account's twelve digits.
    pub account: String,
    /// The pool's id.
    pub id: String,
}

/// An account all of whose pools were to be found. Whether it could be entered, and its pools be listed, is said by its
/// calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountScope {
    /// The account's twelve digits.
    pub account: String,
    /// The Regions whose pools were to be listed.
    pub regions: BTreeSet<String>,
}

/// A service in a Region that was searched for consumers of tokens. Whether the search was whole is said by its calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Searched {
    /// The account.
    pub account: String,
    /// `apigateway`, `apigatewayv2`, `cloudformation`.
    pub service: String,
    /// The Region.
    pub region: String,
}

/// A call that was deliberately not made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unasked {
    /// The account.
    pub account: String,
    /// The Region, where there is one.
    pub region: String,
    /// `service:Operation`; `sts:AssumeRole` and an account that was left out; or `every other call`, in what was read from the
    /// journal of a collection under way.
    pub call: String,
    /// Why, and what to do to have it asked.
    pub why: String,
}

impl Snapshot {
    /// A snapshot of these entries, sorted, one answer to each question.
    pub fn new(scope: Scope, entries: Vec<Entry>) -> Self {
        let header = Header {
            mrready_snapshot: SNAPSHOT_SCHEMA_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            cli_versions: BTreeSet::new(),
            scope,
        };
        let mut snapshot = Self { header, entries };
        snapshot.sort();
        snapshot
    }

    /// Puts the entries into their order; what stands there twice stands there once.
    pub fn sort(&mut self) {
        // Documents that we wrote are in order, and to see that costs little.
        if !self.entries.is_sorted_by(|a, b| a.order(b).is_le()) {
            self.entries.sort_by_cached_key(Entry::sort_key);
        }
        self.entries.dedup();
    }

    /// Several documents as one log: of two answers to the same question the newer counts, whole with all its pages.
    ///
    /// Of equally old ones the later document wins only where its bytes sort higher, so that order does not matter.
    pub fn merge(documents: Vec<Self>) -> Option<Self> {
        Self::merge_by(documents, |_| true)
    }

    /// The same, but that an older answer counts before a newer failure to answer: throttled, failed, or broken off. For what is judged while a Region does not answer; the age of the evidence is that of the older answer.
    ///
    /// That a resource is not there, an operation not offered, or the caller not allowed is an answer: who may not look
    /// any more does not know any more.
    pub fn merge_keeping_answers(documents: Vec<Self>) -> Option<Self> {
        Self::merge_by(documents, is_answered)
    }

    fn merge_by(documents: Vec<Self>, answered: fn(&[Entry]) -> bool) -> Option<Self> {
        let mut documents = documents.into_iter();
        let mut merged = documents.next()?;
        let rest: Vec<Self> = documents.collect();
        if rest.is_empty() {
            merged.sort();
            return Some(merged);
        }
        let mut newest: BTreeMap<Question, (bool, Timestamp, Vec<Entry>)> = BTreeMap::new();
        let mut scope = Scope::default();
        for document in std::iter::once(merged.clone()).chain(rest) {
            scope.absorb(document.header.scope);
            merged.header.cli_versions.extend(document.header.cli_versions);
            for (question, entries) in by_question(document.entries) {
                let time = entries.iter().map(Entry::time).max().unwrap_or(Timestamp::UNIX_EPOCH);
                let new = (answered(&entries), time, entries);
                match newest.get(&question) {
                    Some(held) if (held.0, held.1, canonical(&held.2)) >= (new.0, new.1, canonical(&new.2)) => {}
                    _ => {
                        newest.insert(question, new);
                    }
                }
            }
        }
        merged.header.scope = scope;
        merged.entries = newest.into_values().flat_map(|(.., entries)| entries).collect();
        merged.sort();
        Some(merged)
    }

    /// Every call, in order.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.entries.iter().filter_map(|entry| if let Entry::Call(call) = entry { Some(call) } else { None })
    }

    /// Every issuer reference, in order.
    pub fn hits(&self) -> impl Iterator<Item = &Hit> {
        self.entries.iter().filter_map(|entry| if let Entry::Hit(hit) = entry { Some(hit) } else { None })
    }

    /// Every search of a source tree, in order.
    pub fn scans(&self) -> impl Iterator<Item = &Scan> {
        self.entries.iter().filter_map(|entry| if let Entry::Scan(scan) = entry { Some(scan) } else { None })
    }
}

impl Scope {
    fn absorb(&mut self, other: Self) {
        // A Region for all pools is one for those of this document, not for those of another.
        let replica_regions = other.by_pool();
        self.grow(Self { replica_regions, ..other });
    }

    /// Grows by what else is known of the same document.
    fn grow(&mut self, other: Self) {
        self.pools.extend(other.pools);
        self.accounts.extend(other.accounts);
        self.replica_regions.extend(other.replica_regions);
        self.searched.extend(other.searched);
        self.not_asked.extend(other.not_asked);
    }
}

/// The entries of a document by the question they answer; a hit belongs to the call whose answer it was found in.
fn by_question(entries: Vec<Entry>) -> BTreeMap<Question, Vec<Entry>> {
    let mut groups: BTreeMap<Question, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        groups.entry(entry.question()).or_default().push(entry);
    }
    groups
}

/// Whether the entries of one question hold a whole answer.
fn is_answered(entries: &[Entry]) -> bool {
    let mut last: Option<&Call> = None;
    for entry in entries {
        let Entry::Call(call) = entry else { continue };
        let failed = call.error.as_ref().is_some_and(|error| match error.kind {
            ErrorKind::Throttled | ErrorKind::Failed => true,
            ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::NotOffered => false,
        });
        if failed {
            return false;
        }
        if last.is_none_or(|last| last.page <= call.page) {
            last = Some(call);
        }
    }
    // A log that ends before its last page is no whole answer.
    last.is_none_or(|last| !last.more)
}

/// Bytes that are equal exactly if the content is: `serde_json` sorts the members of its maps.
fn canonical<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_value(value).map(|value| value.to_string().into_bytes()).unwrap_or_default()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The JSON Schema of a snapshot.
pub fn snapshot_schema() -> serde_json::Value {
    schemars::schema_for!(Snapshot).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What came back for one question at an hour: an answer of so many pages, or an error.
    fn asked(hour: u8, pages: u32, error: Option<ErrorKind>) -> Snapshot {
        let call = |page: u32| {
            let error = error.filter(|_| page == pages).map(|kind| CallError {
                kind,
                code: "Code".to_owned(),
                status: None,
                missing_actions: Vec::new(),
                detail: None,
            });
            Entry::Call(Call {
                account: "111122223333".to_owned(),
                region: "us-east-1".to_owned(),
                service: "cognito-idp".to_owned(),
                operation: "ListUserPoolReplicas".to_owned(),
                parameters: serde_json::Map::new(),
                page: Some(page),
                more: page < pages,
                time: format!("2026-11-21T{hour:02}:00:00Z").parse().unwrap(),
                response: error.is_none().then(|| serde_json::json!({ "at": hour })),
                error,
                dropped: Vec::new(),
            })
        };
        Snapshot::new(Scope::default(), (1..=pages).map(call).collect())
    }

    #[test]
    fn an_older_answer_counts_before_a_newer_failure_to_answer_and_never_before_a_newer_answer() {
        use ErrorKind::{Denied, Failed, NotFound, NotOffered, Throttled};
        let hour =
            |snapshot: &Snapshot| snapshot.calls().next().unwrap().time.to_string()[11..13].parse::<u8>().unwrap();
        let old = || asked(8, 1, None);
        for (new, usual, keeping) in [
            (asked(9, 1, None), 9, 9),
            (asked(9, 1, Some(Failed)), 9, 8),
            (asked(9, 1, Some(Throttled)), 9, 8),
            (asked(9, 1, Some(Denied)), 9, 9),
            (asked(9, 1, Some(NotFound)), 9, 9),
            (asked(9, 1, Some(NotOffered)), 9, 9),
            // The second page failed: no whole answer.
            (asked(9, 2, Some(Failed)), 9, 8),
            (asked(9, 2, None), 9, 9),
            // The log breaks off.
            (Snapshot::new(Scope::default(), asked(9, 2, None).entries[..1].to_vec()), 9, 8),
            (asked(7, 1, None), 8, 8),
        ] {
            for documents in [vec![old(), new.clone()], vec![new.clone(), old()]] {
                assert_eq!(hour(&Snapshot::merge(documents.clone()).unwrap()), usual, "{new:?}");
                assert_eq!(hour(&Snapshot::merge_keeping_answers(documents).unwrap()), keeping, "{new:?}");
            }
        }
        // Without an answer the newest failure says why.
        let failures = vec![asked(8, 1, Some(Throttled)), asked(9, 1, Some(Failed))];
        assert_eq!(hour(&Snapshot::merge_keeping_answers(failures).unwrap()), 9);
    }

    #[test]
    fn importing_clients_are_kept_merged_and_part_of_the_digest() {
        let plain = Snapshot::new(Scope::default(), Vec::new());
        let text = serde_json::to_string(&plain).unwrap();
        assert!(!text.contains("cli_versions"), "{text}");
        let imported = |version: &str| {
            let mut snapshot = plain.clone();
            snapshot.header.cli_versions.insert(version.to_owned());
            snapshot
        };
        let header = serde_json::to_string(&imported("aws-cli/2.34.58").header).unwrap();
        assert_eq!(serde_json::from_str::<Header>(&header).unwrap(), imported("aws-cli/2.34.58").header);
        assert_ne!(plain.digest(), imported("aws-cli/2.34.58").digest());
        let merged = Snapshot::merge(vec![plain.clone(), imported("b"), imported("a")]).unwrap();
        assert_eq!(merged.header.cli_versions, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    }
}
