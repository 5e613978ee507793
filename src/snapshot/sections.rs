//! A fleet's log as it comes: the document of one account after the other, each with its header and its end line.
//!
//! Only one of them is in memory. Cutting is cheap: nothing but the beginning of a line is looked at. What a section says is
//! [`format`](super::format)'s business.

use std::io::BufRead;

use super::{Snapshot, SnapshotError, format};

/// The most bytes of one section, as of a document.
const MAX_BYTES: u64 = format::MAX_BYTES;
/// How a header begins, as this program writes it.
const HEADER: &[u8] = b"{\"mrready_snapshot\":";
/// How the line begins that ends a section.
const END: &[u8] = b"{\"end\":";

/// The document of one account, not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its lines.
    pub text: Vec<u8>,
    /// The number of lines before it, for messages.
    pub lines_before: usize,
}

impl Section {
    /// Reads it; `name` is that of the file.
    pub fn read(&self, name: &str) -> Result<Snapshot, SnapshotError> {
        format::read_section(name, &self.text, self.lines_before)
    }
}

/// The sections of what is read.
#[derive(Debug)]
pub struct Sections<R> {
    reader: R,
    name: String,
    lines: usize,
    done: bool,
}

impl<R: BufRead> Sections<R> {
    /// Of unpacked bytes; `name` is for messages.
    pub fn new(name: &str, reader: R) -> Self {
        Self { reader, name: name.to_owned(), lines: 0, done: false }
    }

    /// Whether these are lines of sections at all, by their first bytes.
    pub fn fits(first: &[u8]) -> bool {
        first.starts_with(HEADER)
    }

    fn section(&mut self) -> Result<Option<Section>, SnapshotError> {
        let mut section = Section { text: Vec::new(), lines_before: self.lines };
        loop {
            let start = section.text.len();
            let failed = |source| SnapshotError::Unpack { name: self.name.clone(), source };
            let read = self.reader.read_until(b'\n', &mut section.text).map_err(failed)?;
            if section.text.len() as u64 > MAX_BYTES {
                return Err(SnapshotError::TooLarge { name: self.name.clone() });
            }
            if read == 0 {
                self.done = true;
                let rest = section.text.iter().any(|byte| !byte.is_ascii_whitespace());
                // What has no end line is for the reader to refuse: it says how much of it there was.
                return Ok(rest.then_some(section));
            }
            self.lines += 1;
            if section.text.get(start..).is_some_and(|line| line.starts_with(END)) {
                return Ok(Some(section));
            }
        }
    }
}

impl<R: BufRead> Iterator for Sections<R> {
    type Item = Result<Section, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let section = self.section();
        self.done |= section.is_err();
        section.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::{Encoding, write};
    use super::super::{PoolKey, Scope};
    use super::*;

    fn account(id: &str) -> Snapshot {
        let mut scope = Scope::default();
        scope.pools.insert(PoolKey { account: id.to_owned(), id: "us-east-1_A".to_owned() });
        Snapshot::new(scope, Vec::new())
    }

    fn lines(snapshot: &Snapshot) -> Vec<u8> {
        write(snapshot, Encoding::of_name("a.jsonl").unwrap()).unwrap()
    }

    #[test]
    fn each_account_comes_alone_and_in_order() {
        let all: Vec<u8> = ["1", "2", "3"].iter().flat_map(|id| lines(&account(id))).collect();
        assert!(Sections::<&[u8]>::fits(&all));
        let read: Vec<Snapshot> =
            Sections::new("f", all.as_slice()).map(|section| section.unwrap().read("f").unwrap()).collect();
        assert_eq!(read, ["1", "2", "3"].map(account));
        assert_eq!(format::read("f", &all).unwrap().header.scope.pools.len(), 3, "the same, whole");
    }

    #[test]
    fn every_cut_within_a_section_is_noticed() {
        let (first, second) = (lines(&account("1")), lines(&account("2")));
        let all = [first.as_slice(), &second].concat();
        for end in first.len() + 1..all.len() - 1 {
            let results: Vec<_> =
                Sections::new("f", &all[..end]).map(|section| section.and_then(|section| section.read("f"))).collect();
            assert_eq!((results.len(), results[0].is_ok(), results[1].is_ok()), (2, true, false), "cut to {end}");
            assert!(format::read("f", &all[..end]).is_err(), "cut to {end}");
        }
        assert_eq!(Sections::new("f", &first[..]).count(), 1, "between sections nothing can be noticed");
        assert_eq!(Sections::new("f", &b" \n"[..]).count(), 0);
    }
}
