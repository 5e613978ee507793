//! The journal of a collection under way, `FILE.partial`: a head that says what is asked, then a line for each thing that is
//! known. A line holds a checksum and an object; one that was cut off or damaged does not check and counts as never written.
//!
//! Read by `--resume`, which asks only what is not in it, and by everything that reads a snapshot: what is in it is evidence,
//! all else is unknown. Bytes in, bytes out; the disk is the shell's, and what is asked again is decided in `collect`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::format::parse;
use super::{AccountScope, Entry, PoolKey, Question, Scope, Searched, Snapshot, SnapshotError, Unasked, hex};

/// The version of the journal's shape that this program writes, and the only one that it goes on with.
pub const JOURNAL_VERSION: u32 = 1;
/// Hexadecimal digits of a line's checksum: the first half of a SHA-256 of the object's bytes.
const SUM: usize = 16;
/// The account of what was answered where nobody said which it is.
pub const UNKNOWN_ACCOUNT: &str = "unknown";
/// In `not_asked` of what was read from a journal: every call that is not in it.
pub const THE_REST: &str = "every other call";
/// The option of the head that names roles by which accounts were entered.
pub const ROLE_ARN: &str = "--role-arn";
/// The option of the head that names the role by which the accounts of an organization were entered.
pub const ORG_ROLE: &str = "--org-role";
const INTERRUPTED: &str = "the collection was interrupted, or is still under way; go on with it: --resume FILE.partial";
const INTERRUPTED_AMONG_SEVERAL: &str =
    "the collection of several accounts was interrupted, or is still under way; collect this account again";

/// The first line: what decides what is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Version of the journal's shape.
    pub mrready_journal: u32,
    /// Version of the program that began it.
    pub tool_version: String,
    /// When it was begun.
    pub begun: Timestamp,
    /// The options that decide what is asked, by name, with their values; none of them a secret.
    pub options: BTreeMap<String, Vec<String>>,
}

impl Head {
    /// Whether it is of one of the accounts of a run of several.
    fn is_of_several(&self) -> bool {
        self.options.contains_key(ORG_ROLE) || self.options.get(ROLE_ARN).is_some_and(|roles| roles.len() > 1)
    }
}

/// Any other line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Record {
    /// A call with its answer or error, and the issuer references that were found in the answer: all of them or none.
    Answer {
        /// The call first.
        entries: Vec<Entry>,
        /// What AWS calls the next page by, where there is one. It never gets into a snapshot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    },
    /// The scope grows.
    Scope {
        /// Of this account; empty where it is not known yet.
        account: String,
        /// By this much.
        scope: Scope,
    },
    /// What has no account yet is of this one.
    Named {
        /// The account's digits.
        account: String,
    },
    /// The configured Region, of which `--all-pools` speaks.
    Home {
        /// The Region.
        region: String,
    },
    /// Everything of this account was asked.
    Done {
        /// The account.
        account: String,
    },
    /// From here on a later run went on.
    Resumed {
        /// When.
        time: Timestamp,
    },
}

/// A journal, as far as it is whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// The first line.
    pub head: Head,
    /// What is known of each account; under the empty name what is not known to be of any.
    pub sections: BTreeMap<String, Section>,
    /// The configured Region, if it was reached.
    pub home: Option<String>,
    /// Lines that do not check, but for one that was cut off at the end.
    pub damaged: usize,
    /// Bytes of its lines that end; what comes after them was cut off.
    pub whole: usize,
}

/// What a journal knows of an account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// What was to be looked at, as far as it was known.
    pub scope: Scope,
    /// The pages that came for each question, in order, without gaps at their end.
    pub answers: BTreeMap<Question, Vec<Answered>>,
    /// Whether everything was asked.
    pub done: bool,
}

/// What came back for one call: of a list, one page.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The call, and the issuer references in its answer.
    pub entries: Vec<Entry>,
    /// What AWS calls the next page by.
    pub next: Option<String>,
}

impl Answered {
    fn page(&self) -> u32 {
        self.entries.iter().find_map(|entry| if let Entry::Call(call) = entry { call.page } else { None }).unwrap_or(1)
    }
}

/// One line of a journal: a checksum, a space, the object.
pub fn line<T: Serialize>(value: &T) -> std::io::Result<String> {
    let json = serde_json::to_string(value)?;
    Ok(format!("{} {json}\n", checksum(json.as_bytes())))
}

fn checksum(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..SUM / 2])
}

/// The object of a line, if the line checks.
fn object(line: &[u8]) -> Option<&[u8]> {
    let (sum, json) = line.split_at_checked(SUM + 1)?;
    (sum.strip_suffix(b" ")? == checksum(json).as_bytes()).then_some(json)
}

/// Whether these bytes begin as a journal does.
pub fn is_journal(bytes: &[u8]) -> bool {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let (sum, json) = first.split_at_checked(SUM + 1).unwrap_or_default();
    json.starts_with(b"{\"mrready_journal\":") && sum.ends_with(b" ")
}

/// Whether these bytes are the beginning of a journal's first line, cut off anywhere, so that nothing is lost with them.
pub fn is_begun(bytes: &[u8]) -> bool {
    let (sum, rest) = bytes.split_at(bytes.len().min(SUM));
    let begins = b" {\"mrready_journal\":";
    sum.iter().all(u8::is_ascii_hexdigit) && rest.iter().zip(begins).all(|(byte, wanted)| byte == wanted)
}

/// Reads a journal; `name` is for messages. Lines that do not check are left out and counted.
pub fn read(name: &str, bytes: &[u8]) -> Result<Journal, SnapshotError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(SnapshotError::Empty { name: name.to_owned() });
    }
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let mut whole = 0;
    let mut ended = std::iter::from_fn(|| {
        let line = lines.next()?.strip_suffix(b"\n")?;
        whole += line.len() + 1;
        Some(line)
    });
    let head = head(name, ended.next())?;
    let mut journal = Journal { head, sections: BTreeMap::new(), home: None, damaged: 0, whole: 0 };
    for line in ended {
        match object(line).and_then(|json| parse(json).ok()) {
            Some(record) => journal.take(record),
            None => journal.damaged += 1,
        }
    }
    journal.whole = whole;
    Ok(journal)
}

fn head(name: &str, line: Option<&[u8]>) -> Result<Head, SnapshotError> {
    #[derive(Deserialize)]
    struct Version {
        mrready_journal: u32,
    }
    let damaged = || SnapshotError::Journal { name: name.to_owned() };
    let json = line.and_then(object).ok_or_else(damaged)?;
    let Version { mrready_journal: found } = parse(json).map_err(|_| damaged())?;
    if found != JOURNAL_VERSION {
        let known = JOURNAL_VERSION;
        return Err(SnapshotError::JournalVersion { name: name.to_owned(), found, known });
    }
    parse(json).map_err(|_| damaged())
}

impl Journal {
    fn take(&mut self, record: Record) {
        match record {
            Record::Answer { entries, next } => {
                let Some(question) = entries.first().map(Entry::question) else { return };
                let answered = Answered { entries, next };
                let section = self.sections.entry(question.account.clone()).or_default();
                let pages = section.answers.entry(question).or_default();
                // A list that was begun anew: what came before counts no more.
                pages.retain(|before| before.page() < answered.page());
                if answered.page() as usize == pages.len() + 1 {
                    pages.push(answered);
                }
            }
            Record::Scope { account, scope } => self.sections.entry(account).or_default().scope.grow(scope),
            Record::Named { account } => {
                if let Some(section) = self.sections.remove("") {
                    self.sections.entry(account.clone()).or_default().absorb(section.named(&account));
                }
            }
            Record::Home { region } => self.home = Some(region),
            Record::Done { account } => self.sections.entry(account).or_default().done = true,
            // What was left out then may be asked now; the run that goes on says it again if not.
            Record::Resumed { .. } => {
                for section in self.sections.values_mut() {
                    section.scope.not_asked.clear();
                }
            }
        }
    }

    /// Every entry of it, in no particular order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let pages = self.sections.values().flat_map(|section| section.answers.values().flatten());
        pages.flat_map(|answered| &answered.entries)
    }

    /// How many answers it holds, pages counted one by one; what was not answered is none.
    pub fn answers(&self) -> usize {
        let calls = self.entries().filter_map(|entry| if let Entry::Call(call) = entry { Some(call) } else { None });
        calls.filter(|call| call.response.is_some()).count()
    }

    /// When the first and the last of its answers came.
    pub fn times(&self) -> Option<(Timestamp, Timestamp)> {
        let times: BTreeSet<Timestamp> = self.entries().map(Entry::time).collect();
        Some((*times.first()?, *times.last()?))
    }

    /// A snapshot of each account. What is not in the journal was not asked, and every one of them says so.
    pub fn into_snapshots(self) -> Vec<Snapshot> {
        let why = if self.head.is_of_several() { INTERRUPTED_AMONG_SEVERAL } else { INTERRUPTED };
        let tool_version = self.head.tool_version;
        let mut sections = self.sections;
        if sections.is_empty() {
            sections.insert(String::new(), Section::default());
        }
        let snapshot = |(account, section): (String, Section)| {
            let account = if account.is_empty() { UNKNOWN_ACCOUNT.to_owned() } else { account };
            let Section { mut scope, answers, done } = section.named(&account);
            if !done {
                scope.not_asked.insert(Unasked {
                    account,
                    region: String::new(),
                    call: THE_REST.to_owned(),
                    why: why.to_owned(),
                });
            }
            let entries = answers.into_values().flatten().flat_map(|answered| answered.entries).collect();
            let mut snapshot = Snapshot::new(scope, entries);
            snapshot.header.tool_version.clone_from(&tool_version);
            snapshot
        };
        sections.into_iter().map(snapshot).collect()
    }
}

impl Section {
    fn absorb(&mut self, other: Self) {
        self.scope.grow(other.scope);
        self.answers.extend(other.answers);
        self.done |= other.done;
    }

    /// The same, of this account where none was named.
    fn named(self, account: &str) -> Self {
        let name = |known: String| if known.is_empty() { account.to_owned() } else { known };
        let scope = self.scope;
        let scope = Scope {
            pools: scope.pools.into_iter().map(|pool| PoolKey { account: name(pool.account), ..pool }).collect(),
            accounts: scope
                .accounts
                .into_iter()
                .map(|scope| AccountScope { account: name(scope.account), ..scope })
                .collect(),
            replica_regions: scope.replica_regions,
            searched: scope
                .searched
                .into_iter()
                .map(|place| Searched { account: name(place.account), ..place })
                .collect(),
            not_asked: scope
                .not_asked
                .into_iter()
                .map(|call| Unasked { account: name(call.account), ..call })
                .collect(),
        };
        let answers = self.answers.into_iter().map(|(question, mut pages)| {
            let entries = pages.iter_mut().flat_map(|answered| &mut answered.entries);
            for entry in entries {
                match entry {
                    Entry::Call(call) => call.account = name(std::mem::take(&mut call.account)),
                    Entry::Hit(hit) => hit.account = name(std::mem::take(&mut hit.account)),
                    Entry::Scan(_) => {}
                }
            }
            (Question { account: name(question.account.clone()), ..question }, pages)
        });
        Self { scope, answers: answers.collect(), done: self.done }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Call, format};
    use super::*;

    const NAME: &str = "s.json.partial";

    fn head() -> Head {
        let options = BTreeMap::from([("--pool-id".to_owned(), vec!["us-east-1_A".to_owned()])]);
        let begun = "2026-11-21T10:00:00Z".parse().unwrap();
        Head { mrready_journal: JOURNAL_VERSION, tool_version: "0.1.0".to_owned(), begun, options }
    }

    fn page(operation: &str, page: u32, next: Option<&str>) -> Record {
        let call = Call {
            account: String::new(),
            region: "us-east-1".to_owned(),
            service: "cognito-idp".to_owned(),
            operation: operation.to_owned(),
            parameters: serde_json::Map::new(),
            page: Some(page),
            more: next.is_some(),
            time: format!("2026-11-21T10:00:{page:02}Z").parse().unwrap(),
            response: Some(json!({ "page": page })),
            error: None,
            dropped: Vec::new(),
        };
        Record::Answer { entries: vec![Entry::Call(call)], next: next.map(str::to_owned) }
    }

    fn pool() -> Record {
        let pools = BTreeSet::from([PoolKey { account: String::new(), id: "us-east-1_A".to_owned() }]);
        Record::Scope { account: String::new(), scope: Scope { pools, ..Scope::default() } }
    }

    fn named() -> Record {
        Record::Named { account: "111122223333".to_owned() }
    }

    fn lines(records: &[Record]) -> Vec<String> {
        std::iter::once(line(&head()).unwrap()).chain(records.iter().map(|record| line(record).unwrap())).collect()
    }

    fn journal(records: &[Record]) -> Journal {
        read(NAME, lines(records).concat().as_bytes()).unwrap()
    }

    /// The operations and pages in it.
    fn pages(journal: &Journal) -> Vec<(String, Option<u32>)> {
        let call = |entry: &Entry| match entry {
            Entry::Call(call) => (call.operation.clone(), call.page),
            Entry::Hit(_) | Entry::Scan(_) => panic!("no call"),
        };
        journal.entries().map(call).collect()
    }

    #[test]
    fn cut_anywhere_it_loses_only_the_line_that_was_cut() {
        let records = [page("A", 1, Some("t")), pool(), page("A", 2, None), named(), page("B", 1, None)];
        let lines = lines(&records);
        let text = lines.concat();
        let mut ends: Vec<usize> = Vec::new();
        for line in &lines {
            ends.push(ends.last().unwrap_or(&0) + line.len());
        }
        for cut in 0..=text.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert!(is_begun(&text.as_bytes()[..cut]), "cut to {cut}");
            let result = read(NAME, &text.as_bytes()[..cut]);
            if whole == 0 {
                assert!(result.is_err(), "cut to {cut}");
                continue;
            }
            let mut expected = journal(&records[..whole - 1]);
            let read = result.unwrap();
            assert_eq!(read.whole, ends[whole - 1], "cut to {cut}");
            expected.whole = read.whole;
            assert_eq!(read, expected, "cut to {cut}");
            assert_eq!(read.damaged, 0);
        }
    }

    #[test]
    fn a_damaged_line_counts_as_never_written() {
        let records = [page("A", 1, None), page("B", 1, None), page("C", 1, None)];
        let mut lines = lines(&records);
        let whole = lines[2].clone();
        for damage in [
            "garbage".to_owned(),
            "\u{0}\u{0}\u{0}".to_owned(),
            whole.replace("\"page\":1", "\"page\":2"),
            whole[1..].to_owned(),
            format!("{}\u{e9}", &whole[..40]),
        ] {
            lines[2] = damage.trim_end().to_owned() + "\n";
            let read = read(NAME, lines.concat().as_bytes()).unwrap();
            assert_eq!((pages(&read).len(), read.damaged), (2, 1), "{damage}");
        }
        let first: String = "0000000000000000 ".to_owned() + &lines[0][17..];
        let message = read(NAME, (first + &lines[1]).as_bytes()).unwrap_err().to_string();
        assert!(message.contains("first line") && message.contains(NAME), "{message}");
        let newer = line(&json!({ "mrready_journal": 2, "other": [] })).unwrap();
        let message = read(NAME, newer.as_bytes()).unwrap_err().to_string();
        assert!(message.contains("version 2"), "{message}");
        for other in
            ["something else", "{\"mrready_snapshot\":1", "0123456789abcdef {\"mrready_snapshot\"", "\u{0}\u{0}"]
        {
            assert!(!is_begun(other.as_bytes()), "{other}");
        }
        for empty in ["", "\n", " \n\n"] {
            assert!(matches!(read(NAME, empty.as_bytes()), Err(SnapshotError::Empty { .. })));
        }
    }

    #[test]
    fn a_page_counts_only_behind_its_forerunners_and_a_list_begun_anew_replaces_the_old_one() {
        let a = |number, next| page("A", number, next);
        let read = |records: &[Record]| {
            pages(&journal(records)).into_iter().map(|(_, page)| page.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(read(&[a(1, Some("x")), a(2, Some("y")), a(3, None)]), [1, 2, 3]);
        assert_eq!(read(&[a(1, Some("x")), a(3, None)]), [1]);
        assert_eq!(read(&[a(2, None)]), Vec::<u32>::new());
        assert_eq!(read(&[a(1, Some("x")), a(2, Some("y")), a(1, Some("z"))]), [1]);
        assert_eq!(read(&[a(1, Some("x")), a(2, Some("y")), a(2, None)]), [1, 2]);
    }

    #[test]
    fn what_was_known_before_the_account_is_of_that_account() {
        let journal = journal(&[pool(), page("A", 1, Some("token-of-the-next-page")), named()]);
        assert_eq!(journal.sections.keys().collect::<Vec<_>>(), ["111122223333"]);
        let snapshots = journal.into_snapshots();
        let [snapshot] = snapshots.as_slice() else { panic!("{snapshots:?}") };
        assert_eq!(snapshot.header.scope.pools.first().unwrap().account, "111122223333");
        assert_eq!(snapshot.calls().next().unwrap().account, "111122223333");
        let text = serde_json::to_string(snapshot).unwrap();
        assert!(!text.contains("token-of-the-next-page"), "{text}");
    }

    #[test]
    fn it_is_read_as_a_snapshot_that_says_it_is_not_whole() {
        let read = |records: &[Record]| format::read(NAME, lines(records).concat().as_bytes()).unwrap();
        let rest = |snapshot: &Snapshot| snapshot.header.scope.not_asked.iter().any(|unasked| unasked.call == THE_REST);
        let done = Record::Done { account: "111122223333".to_owned() };
        let all = [named(), pool(), page("A", 1, None)];
        assert!(rest(&read(&[])));
        assert!(rest(&read(&all)));
        let snapshot = read(&[&all[..], &[named(), done]].concat());
        assert!(!rest(&snapshot));
        assert_eq!((snapshot.entries.len(), snapshot.header.scope.pools.len()), (1, 1));
        // Two accounts in one journal are one log.
        let other = |record: Record| {
            let Record::Answer { mut entries, next } = record else { panic!("no answer") };
            let Some(Entry::Call(call)) = entries.first_mut() else { panic!("no call") };
            "444455556666".clone_into(&mut call.account);
            Record::Answer { entries, next }
        };
        let two = read(&[page("A", 1, None), named(), other(page("A", 1, None))]);
        assert_eq!(two.calls().map(|call| call.account.as_str()).collect::<Vec<_>>(), ["111122223333", "444455556666"]);
        assert_eq!(two.header.scope.not_asked.len(), 2);
    }

    #[test]
    fn whoever_goes_on_says_again_what_is_not_asked() {
        let not_asked = BTreeSet::from([Unasked {
            account: String::new(),
            region: "us-east-1".to_owned(),
            call: "kms:DescribeKey".to_owned(),
            why: "DescribeUserPool of a pool was not answered".to_owned(),
        }]);
        let unasked = Record::Scope { account: String::new(), scope: Scope { not_asked, ..Scope::default() } };
        let resumed = Record::Resumed { time: "2026-11-22T10:00:00Z".parse().unwrap() };
        let count =
            |records: &[Record]| journal(records).sections.values().map(|s| s.scope.not_asked.len()).sum::<usize>();
        assert_eq!(count(&[pool(), unasked.clone()]), 1);
        assert_eq!(count(&[pool(), unasked, resumed]), 0);
    }
}
