//! Marks: what YAML's events say of a text that was scanned when the tool was built. `build.rs` writes them, this reads them.
//!
//! Scanning is most of the time that reading a file of rules takes, and the tool's own rules do not change between build
//! and start. Nobody decides here what a file means: marks lead to the same `Builder` as the events of the scanner, and a
//! text with a mistake, or with more than plain nodes in it, has no marks and is scanned at start.
//!
//! A mark is one byte and its numbers, each in groups of seven bits, the lowest first, all but the last with the high bit
//! set. A number that may be negative is written as twice itself, or as minus one minus twice itself.
//!
//! | byte | mark | numbers |
//! | --- | --- | --- |
//! | 0, 1 | a scalar, plain or not, as it stands in the text | lines since the last mark (may be negative), column, bytes since the end of the last such scalar (may be negative), length in bytes |
//! | 2, 3 | a scalar, plain or not, that the text writes otherwise | lines, column, length in bytes; then the bytes |
//! | 4, 5 | a sequence or a mapping begins | lines, column |
//! | 6 | the innermost of them ends | |
//! | 7 | a scalar, not plain, that is lines of the text without their indentation | lines, column, bytes since the end of the last scalar of the text, length in bytes there, columns of indentation |

use std::borrow::Cow;

use super::Place;

/// What comes next in a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark<'t> {
    /// A scalar after escapes; `plain` if it was written without quotes.
    Scalar {
        /// What it says.
        text: Cow<'t, str>,
        /// Whether it was written without quotes.
        plain: bool,
        /// Where.
        place: Place,
    },
    /// A sequence begins.
    List(Place),
    /// A mapping begins.
    Map(Place),
    /// The innermost sequence or mapping ends.
    End,
}

/// The marks of a text.
#[derive(Debug, Clone)]
pub(super) struct Marks<'t> {
    text: &'t str,
    bytes: &'t [u8],
    line: i64,
    end: i64,
}

impl<'t> Marks<'t> {
    pub(super) fn new(text: &'t str, bytes: &'t [u8]) -> Self {
        Self { text, bytes, line: 0, end: 0 }
    }

    /// Whether all were read.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next mark; `None` at the end, or where the bytes are not the marks of this text.
    pub(super) fn next(&mut self) -> Option<Mark<'t>> {
        let (kind, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        match kind {
            0 | 1 => {
                let place = self.place()?;
                Some(Mark::Scalar { text: self.piece()?.into(), plain: *kind == 0, place })
            }
            2 | 3 => {
                let place = self.place()?;
                let length = usize::try_from(self.number()?).ok()?;
                let (text, rest) = self.bytes.split_at_checked(length)?;
                self.bytes = rest;
                Some(Mark::Scalar { text: std::str::from_utf8(text).ok()?.into(), plain: *kind == 2, place })
            }
            4 => self.place().map(Mark::List),
            5 => self.place().map(Mark::Map),
            6 => Some(Mark::End),
            7 => {
                let place = self.place()?;
                let lines = self.piece()?;
                let indentation = usize::try_from(self.number()?).ok()?;
                Some(Mark::Scalar { text: without_indentation(lines, indentation).into(), plain: false, place })
            }
            _ => None,
        }
    }

    /// The piece of the text that the next two numbers name.
    fn piece(&mut self) -> Option<&'t str> {
        let start = self.end.checked_add(self.signed()?)?;
        self.end = start.checked_add(i64::try_from(self.number()?).ok()?)?;
        self.text.get(usize::try_from(start).ok()?..usize::try_from(self.end).ok()?)
    }

    /// Reads over the next node.
    pub(super) fn skip(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.next()? {
                Mark::List(_) | Mark::Map(_) => open += 1,
                Mark::End => open = open.checked_sub(1)?,
                Mark::Scalar { .. } => {}
            }
            if open == 0 {
                return Some(());
            }
        }
    }

    fn place(&mut self) -> Option<Place> {
        self.line = self.line.checked_add(self.signed()?)?;
        Some(Place { line: u32::try_from(self.line).ok()?, column: u32::try_from(self.number()?).ok()? })
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for at in 0..9 {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        let half = i64::try_from(number >> 1).ok()?;
        Some(if number & 1 == 0 { half } else { -1 - half })
    }
}

/// These lines without so many spaces before each; a line that has fewer before its end keeps none.
fn without_indentation(lines: &str, columns: usize) -> String {
    let mut text = String::with_capacity(lines.len());
    for line in lines.split_inclusive('\n') {
        let spaces = line.bytes().take(columns).take_while(|byte| *byte == b' ').count();
        text.push_str(&line[spaces..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_the_table_says() {
        let text = "a: 'b'  x\n\n  y";
        let bytes = [5, 2, 1, 0, 0, 1, 0, 1, 1, 0, 4, 6, 1, 3, 0, 5, 1, b'c', 7, 2, 1, 2, 8, 2, 6];
        let mut marks = Marks::new(text, &bytes);
        let place = |line, column| Place { line, column };
        assert_eq!(marks.next(), Some(Mark::Map(place(1, 1))));
        assert_eq!(marks.next(), Some(Mark::Scalar { text: "a".into(), plain: true, place: place(1, 1) }));
        assert_eq!(marks.next(), Some(Mark::Scalar { text: "b".into(), plain: false, place: place(1, 4) }));
        assert_eq!(marks.next(), Some(Mark::Scalar { text: "c".into(), plain: false, place: place(1, 5) }));
        assert_eq!(marks.next(), Some(Mark::Scalar { text: "x\n\ny".into(), plain: false, place: place(2, 1) }));
        assert_eq!(marks.next(), Some(Mark::End));
        assert!(marks.is_empty());
    }

    #[test]
    fn what_are_no_marks_of_the_text_ends() {
        for bytes in [
            &[8_u8][..],
            &[7, 2, 1, 0, 9, 1],
            &[0, 2, 1, 0],
            &[0, 2, 1, 0, 9],
            &[0, 2, 1, 1, 1],
            &[2, 2, 1, 2, b'x'],
            &[2, 2, 1, 1, 0xff],
            &[4, 1, 1],
            &[4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ] {
            assert_eq!(Marks::new("é", bytes).next(), None, "{bytes:?}");
        }
    }
}
