//! Snapshot bytes: JSON or JSON lines, plain, gzip or zstd.
//!
//! Reading never trusts: a size limit against decompression bombs, a known version, an end line that says the document
//! is whole. The disk is the shell's.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use super::entry::{SCAN, TREE, tree_parameters};
use super::{Entry, Header, Hit, SNAPSHOT_SCHEMA_VERSION, Scope, Snapshot, journal};

/// The most bytes a document may unpack to: 2 GiB.
pub const MAX_BYTES: u64 = 2 << 30;
/// No document of some size shrinks like this; a bomb does.
const MAX_RATIO: u64 = 500;
/// Below this size the ratio does not matter.
const SMALL: u64 = 32 << 20;

/// How packed bytes begin.
pub const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// How packed bytes begin.
pub const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How a snapshot is written, chosen by the file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// JSON lines instead of one JSON document.
    pub lines: bool,
    /// Around it.
    pub packing: Packing,
}

/// Compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// None.
    Plain,
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstd,
}

/// Why bytes are not a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The name has no extension that says how to write it.
    #[error("`{name}` has no known extension; use .json or .jsonl, with .gz or .zst after it if you like")]
    UnknownExtension {
        /// The file's name.
        name: String,
    },
    /// Broken compression.
    #[error("{name}: cannot be unpacked: {source}")]
    Unpack {
        /// The file's name.
        name: String,
        /// What the library says.
        source: std::io::Error,
    },
    /// Larger than any snapshot.
    #[error("{name}: unpacks to more than 2 GiB, or to 500 times its size; split it by account")]
    TooLarge {
        /// The file's name.
        name: String,
    },
    /// Not the JSON of a snapshot.
    #[error("{name}:{line}:{column}: not a mrready snapshot: {message}")]
    Json {
        /// The file's name.
        name: String,
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// Written by a newer program.
    #[error("{name}: snapshot version {found} is newer than this mrready knows ({known}); update mrready")]
    Version {
        /// The file's name.
        name: String,
        /// Its version.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// The end is missing.
    #[error("{name}: ends after {entries} entries without its end line: it was cut off; collect again")]
    Truncated {
        /// The file's name.
        name: String,
        /// Entries read.
        entries: usize,
    },
    /// The head of a journal does not check.
    #[error("{name}: the first line of this journal of a collection is damaged; collect again")]
    Journal {
        /// The file's name.
        name: String,
    },
    /// A journal of another version.
    #[error("{name}: version {found} of the journal of a collection is not the one that this mrready reads ({known})")]
    JournalVersion {
        /// The file's name.
        name: String,
        /// Its version.
        found: u32,
        /// The version known.
        known: u32,
    },
    /// Nothing at all.
    #[error("{name}: is empty; a snapshot is expected")]
    Empty {
        /// The file's name.
        name: String,
    },
    /// JSON that breaks off.
    #[error("{name}:{line}:{column}: ends in the middle: it was cut off; collect again")]
    CutOff {
        /// The file's name.
        name: String,
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
    },
    /// A pool whose id no pool can have.
    #[error("{name}: `{id}` is not the id of a user pool; it looks like us-east-1_AbCdEfGhI")]
    PoolId {
        /// The file's name.
        name: String,
        /// The id, escaped.
        id: String,
    },
    /// An entry that is neither answer nor error, or both.
    #[error("{name}: entry {index} ({call}) must have exactly one of `response` and `error`")]
    Entry {
        /// The file's name.
        name: String,
        /// Index from 0.
        index: usize,
        /// `service:Operation`.
        call: String,
    },
    /// A reference in a source tree whose search is not there, or that says nothing of its file.
    #[error("{name}: entry {index} is an issuer reference in the source tree `{root}`, {problem}; scan it again")]
    Tree {
        /// The file's name.
        name: String,
        /// Index from 0.
        index: usize,
        /// The tree, escaped.
        root: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// The last line of a JSON-lines document.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    end: usize,
}

impl Encoding {
    /// The encoding that a file name asks for.
    pub fn of_name(name: &str) -> Result<Self, SnapshotError> {
        let (stem, packing) = if let Some(stem) = name.strip_suffix(".gz") {
            (stem, Packing::Gzip)
        } else if let Some(stem) = name.strip_suffix(".zst") {
            (stem, Packing::Zstd)
        } else {
            (name, Packing::Plain)
        };
        let lines = match stem.rsplit('.').next() {
            Some("json") => false,
            Some("jsonl") => true,
            _ => return Err(SnapshotError::UnknownExtension { name: name.to_owned() }),
        };
        Ok(Self { lines, packing })
    }
}

/// The bytes of a snapshot; the same content gives the same bytes.
pub fn write(snapshot: &Snapshot, encoding: Encoding) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if encoding.lines {
        write_line(&mut text, &snapshot.header)?;
        for entry in &snapshot.entries {
            write_line(&mut text, entry)?;
        }
        write_line(&mut text, &End { end: snapshot.entries.len() })?;
    } else {
        serde_json::to_writer_pretty(&mut text, snapshot)?;
        text.push(b'\n');
    }
    match encoding.packing {
        Packing::Plain => Ok(text),
        Packing::Gzip => {
            let mut encoder = flate2::GzBuilder::new().mtime(0).write(Vec::new(), flate2::Compression::default());
            encoder.write_all(&text)?;
            encoder.finish()
        }
        Packing::Zstd => zstd::encode_all(text.as_slice(), 0),
    }
}

fn write_line<T: serde::Serialize>(out: &mut Vec<u8>, value: &T) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.push(b'\n');
    Ok(())
}

/// Reads a snapshot, whatever its encoding: the bytes say which. `name` is for messages.
///
/// Of the journal of a collection under way: what is in it, and that everything else was not asked.
pub fn read(name: &str, bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    let unpacked = unpack(name, bytes)?;
    let text = unpacked.as_deref().unwrap_or(bytes);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(SnapshotError::Empty { name: name.to_owned() });
    }
    let documents = if journal::is_journal(text) {
        journal::read(name, text)?.into_snapshots()
    } else if is_lines(text) {
        read_lines(name, text, 0)?
    } else {
        vec![read_document(name, text)?]
    };
    for document in &documents {
        check(name, document)?;
    }
    match <[Snapshot; 1]>::try_from(documents) {
        Ok([document]) => Ok(document),
        // The accounts of a fleet as one log.
        Err(documents) => Snapshot::merge(documents).ok_or_else(|| SnapshotError::Empty { name: name.to_owned() }),
    }
}

/// Reads one section of a fleet: lines, unpacked. `lines_before` stand before it in the file.
pub fn read_section(name: &str, text: &[u8], lines_before: usize) -> Result<Snapshot, SnapshotError> {
    let document = read_lines(name, text, lines_before)?.pop();
    let document = document.ok_or_else(|| SnapshotError::Empty { name: name.to_owned() })?;
    check(name, &document)?;
    Ok(document)
}

/// What the shape of a document cannot say.
fn check(name: &str, snapshot: &Snapshot) -> Result<(), SnapshotError> {
    for pool in &snapshot.header.scope.pools {
        let (region, rest) = pool.id.split_once('_').unwrap_or_default();
        let fits =
            |text: &str, extra: char| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == extra);
        if !(pool.id.len() <= 60 && fits(region, '-') && fits(rest, '0')) {
            let id = pool.id.escape_default().take(80).collect();
            return Err(SnapshotError::PoolId { name: name.to_owned(), id });
        }
    }
    for (index, entry) in snapshot.entries.iter().enumerate() {
        if let Entry::Call(call) = entry
            && call.response.is_some() == call.error.is_some()
        {
            return Err(SnapshotError::Entry { name: name.to_owned(), index, call: call.name() });
        }
    }
    let trees: BTreeSet<&str> = snapshot.scans().map(|scan| scan.root.as_str()).collect();
    for (index, entry) in snapshot.entries.iter().enumerate() {
        if let Entry::Hit(hit) = entry
            && let Some(problem) = broken_tree(hit, &trees)
        {
            let root = hit.container.escape_default().take(80).collect();
            return Err(SnapshotError::Tree { name: name.to_owned(), index, root, problem });
        }
    }
    Ok(())
}

/// What is wrong with a reference in a source tree.
fn broken_tree(hit: &Hit, trees: &BTreeSet<&str>) -> Option<&'static str> {
    if hit.service != SCAN {
        return None;
    }
    let of_its_tree = hit.operation == TREE && hit.parameters == tree_parameters(&hit.container);
    if !of_its_tree || !trees.contains(hit.container.as_str()) {
        return Some("whose search is not in the document");
    }
    if !hit.account.is_empty() || !hit.region.is_empty() {
        return Some("which belongs to no account and no Region");
    }
    hit.source.is_none().then_some("of which the place says nothing")
}

/// The content of packed bytes, as far as it is no bomb; `None` if they are not packed.
pub fn unpack(name: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, SnapshotError> {
    let failed = |source| SnapshotError::Unpack { name: name.to_owned(), source };
    let limit = MAX_BYTES.min((bytes.len() as u64).saturating_mul(MAX_RATIO).max(SMALL));
    let mut out = Vec::new();
    let taken = if bytes.starts_with(&GZIP_MAGIC) {
        flate2::read::MultiGzDecoder::new(bytes).take(limit + 1).read_to_end(&mut out).map_err(failed)?
    } else if bytes.starts_with(&ZSTD_MAGIC) {
        let decoder = zstd::stream::read::Decoder::new(bytes).map_err(failed)?;
        decoder.take(limit + 1).read_to_end(&mut out).map_err(failed)?
    } else {
        return Ok(None);
    };
    if taken as u64 > limit {
        return Err(SnapshotError::TooLarge { name: name.to_owned() });
    }
    Ok(Some(out))
}

/// A document in lines has its header, and nothing else, on the first one.
fn is_lines(text: &[u8]) -> bool {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    parse::<Header>(first).is_ok()
}

/// Reads JSON; text that is UTF-8 as a whole is read faster than bytes, of which every string is looked at.
pub(super) fn parse<'t, T: serde::Deserialize<'t>>(bytes: &'t [u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(error) => Err(not_text(bytes, error)),
    }
}

/// Where the text that is none has its mistake. Read as any JSON, so that no type is made to be read from bytes, too.
#[cold]
fn not_text(bytes: &[u8], error: std::str::Utf8Error) -> serde_json::Error {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(_) => serde::de::Error::custom(error),
        Err(error) => error,
    }
}

fn read_document(name: &str, text: &[u8]) -> Result<Snapshot, SnapshotError> {
    // `Snapshot` itself is flattened: read that way, everything would be buffered and a mistake would lose its place.
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        mrready_snapshot: u32,
        tool_version: String,
        #[serde(default)]
        cli_versions: BTreeSet<String>,
        scope: Scope,
        entries: Vec<Entry>,
    }
    version(name, text, 0)?;
    let Document { mrready_snapshot, tool_version, cli_versions, scope, entries } =
        parse(text).map_err(|error| json_error(name, 0, &error))?;
    Ok(Snapshot { header: Header { mrready_snapshot, tool_version, cli_versions, scope }, entries })
}

/// The documents of these lines, one after the other.
fn read_lines(name: &str, text: &[u8], lines_before: usize) -> Result<Vec<Snapshot>, SnapshotError> {
    let mut documents = Vec::new();
    let mut open: Option<Snapshot> = None;
    let lines = text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    for (index, line) in lines.map(|(index, line)| (index + lines_before, line)) {
        let Some(document) = &mut open else {
            open = Some(Snapshot { header: read_header(name, line, index)?, entries: Vec::new() });
            continue;
        };
        match parse(line) {
            Ok(entry) => document.entries.push(entry),
            Err(error) => match parse(line) {
                Ok(End { end }) if end == document.entries.len() => documents.extend(open.take()),
                Ok(End { .. }) => break,
                Err(_) => return Err(json_error(name, index, &error)),
            },
        }
    }
    match open {
        None => Ok(documents),
        Some(document) => Err(SnapshotError::Truncated { name: name.to_owned(), entries: document.entries.len() }),
    }
}

/// The header on a line of its own. What its version is, matters only where it is not read or is newer.
fn read_header(name: &str, line: &[u8], index: usize) -> Result<Header, SnapshotError> {
    let read = parse::<Header>(line);
    if read.as_ref().is_ok_and(|header| header.mrready_snapshot <= SNAPSHOT_SCHEMA_VERSION) {
        return read.map_err(|error| json_error(name, index, &error));
    }
    version(name, line, index)?;
    read.map_err(|error| json_error(name, index, &error))
}

/// Refuses a document of a newer version with a sentence that says so, instead of the first field it does not know.
fn version(name: &str, text: &[u8], index: usize) -> Result<(), SnapshotError> {
    #[derive(serde::Deserialize)]
    struct Version {
        mrready_snapshot: u32,
    }
    let found: Version = parse(text).map_err(|error| json_error(name, index, &error))?;
    if found.mrready_snapshot > SNAPSHOT_SCHEMA_VERSION {
        let (found, known) = (found.mrready_snapshot, SNAPSHOT_SCHEMA_VERSION);
        return Err(SnapshotError::Version { name: name.to_owned(), found, known });
    }
    Ok(())
}

fn json_error(name: &str, index: usize, error: &serde_json::Error) -> SnapshotError {
    let (line, column) = (index + error.line().max(1), error.column().max(1));
    if error.is_eof() {
        return SnapshotError::CutOff { name: name.to_owned(), line, column };
    }
    let message = error.to_string().replace("struct Version with 1 element", "a snapshot's object");
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    SnapshotError::Json { name: name.to_owned(), line, column, message }
}

#[cfg(test)]
mod tests {
    use super::super::Call;
    use super::*;

    fn sample() -> Snapshot {
        let call = |operation: &str| {
            Entry::Call(Call {
                account: "1".to_owned(),
                region: "us-east-1".to_owned(),
                service: "kms".to_owned(),
                operation: operation.to_owned(),
                parameters: serde_json::Map::new(),
                page: None,
                more: false,
                time: "2026-11-21T10:00:00Z".parse().unwrap(),
                response: Some(serde_json::json!({"b": 1, "a": [null]})),
                error: None,
                dropped: Vec::new(),
            })
        };
        Snapshot::new(Scope::default(), vec![call("GetKeyPolicy"), call("DescribeKey")])
    }

    #[test]
    fn every_encoding_reads_back_with_the_same_digest() {
        let snapshot = sample();
        for name in ["a.json", "a.jsonl", "a.json.gz", "a.jsonl.gz", "a.json.zst", "a.jsonl.zst"] {
            let bytes = write(&snapshot, Encoding::of_name(name).unwrap()).unwrap();
            let back = read(name, &bytes).unwrap();
            assert_eq!(back, snapshot, "{name}");
            assert_eq!(back.digest(), snapshot.digest(), "{name}");
        }
        assert!(matches!(Encoding::of_name("a.yaml"), Err(SnapshotError::UnknownExtension { .. })));
    }

    #[test]
    fn every_cut_is_noticed() {
        for name in ["a.json", "a.jsonl", "a.json.gz", "a.jsonl.zst"] {
            let bytes = write(&sample(), Encoding::of_name(name).unwrap()).unwrap();
            for end in 0..bytes.len() - 1 {
                assert!(read(name, &bytes[..end]).is_err(), "{name} cut to {end} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn a_mistake_names_line_and_column() {
        let text = b"{\n \"mrready_snapshot\": 1,\n \"tool_version\": 3\n}";
        let message = read("x.json", text).unwrap_err().to_string();
        assert!(message.starts_with("x.json:3:"), "{message}");
        let message = read("x.json", b"{\"mrready_snapshot\": 99}").unwrap_err().to_string();
        assert!(message.contains("newer"), "{message}");
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let zeros = vec![b' '; 64 << 20];
        let bomb = zstd::encode_all(zeros.as_slice(), 0).unwrap();
        assert!(bomb.len() < 100_000);
        assert!(matches!(read("a.json.zst", &bomb), Err(SnapshotError::TooLarge { .. })));
    }

    #[test]
    fn an_entry_without_answer_is_refused() {
        let mut snapshot = sample();
        if let Some(Entry::Call(call)) = snapshot.entries.first_mut() {
            call.response = None;
        }
        let bytes = write(&snapshot, Encoding::of_name("a.json").unwrap()).unwrap();
        assert!(matches!(read("a.json", &bytes), Err(SnapshotError::Entry { .. })));
    }

    #[test]
    fn the_newer_answer_wins_whatever_the_order() {
        let old = sample();
        let mut new = sample();
        if let Some(Entry::Call(call)) = new.entries.first_mut() {
            call.time = "2026-11-22T10:00:00Z".parse().unwrap();
        }
        let a = Snapshot::merge(vec![old.clone(), new.clone()]).unwrap();
        let b = Snapshot::merge(vec![new.clone(), old]).unwrap();
        assert_eq!(a.entries, new.entries);
        assert_eq!(a.digest(), b.digest());
    }
}
