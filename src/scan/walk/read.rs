//! Reading one file: what kind of text it is, whether it holds a keyword, and its text if it does.
//!
//! A file without a keyword is read once, in pieces that stay in the processor's cache. Not here: what a text refers to.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use memchr::memchr;

use crate::scan::prefilter::Prefilter;

/// How many bytes are read at a time.
pub(super) const PIECE: usize = 256 * 1024;
/// How much of a file is looked at to tell whether it is text.
const HEAD: usize = 8 * 1024;
/// The largest file that is held whole by each thread.
const SMALL: u64 = 1024 * 1024;
/// The largest file that is held whole at all, by one thread at a time.
pub(super) const HELD: u64 = 8 * 1024 * 1024;

/// How the text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, or near enough.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
}

/// What a first look at a file gives.
#[derive(Debug)]
pub(super) enum Look {
    /// It is read and holds no keyword.
    Nothing {
        /// How long it is.
        bytes: u64,
        /// Where it stops being text.
        zero: Option<u64>,
    },
    /// All of it is in the thread's buffer, and it holds a keyword.
    Here(Held),
    /// It holds a keyword and is yet to be read whole.
    Again(File, Encoding, u64),
    /// It may hold a keyword and is too large to be read whole.
    Large(File, Encoding),
}

/// A whole file in a buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// How much of the buffer is text; a mark of the byte order is part of it.
    text: usize,
    encoding: Encoding,
    /// How long the file is, as far as it was read.
    pub(super) bytes: u64,
    /// Where it stops being text.
    pub(super) zero: Option<u64>,
}

impl Held {
    /// The text, its byte order mark left out. What is not valid becomes U+FFFD.
    pub(super) fn text<'b>(&self, buffer: &'b [u8]) -> Cow<'b, str> {
        decode(&buffer[..self.text], self.encoding, true)
    }
}

/// Opens a file that the directory says is a regular one.
///
/// Whatever has taken its place meanwhile: a link is not followed, and opening or reading a FIFO does not wait.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW | libc::O_NOCTTY);
    }
    options.open(path)
}

/// Reads a file until it is known whether it holds a keyword; `always` if its text is wanted even without one. `buffer`
/// is [`PIECE`] long or longer.
pub(super) fn look(path: &Path, prefilter: &Prefilter, always: bool, buffer: &mut [u8]) -> io::Result<Look> {
    let mut file = open(path)?;
    let buffer = &mut buffer[..PIECE];
    let holds = |text: &[u8]| always || prefilter.matches(text);
    let (mut end, mut over) = fill(&mut file, buffer, 0)?;
    // As git does: what is no text shows that early. Where a keyword is found, all of the text is looked at.
    let head = &buffer[..end.min(HEAD)];
    let zero = memchr(0, head);
    let encoding = encoding(head, zero);
    if encoding != Encoding::Utf8 {
        let bytes = if over { end as u64 } else { file.metadata()?.len() };
        if bytes > HELD {
            return Ok(Look::Large(file, encoding));
        }
        if !over {
            return Ok(Look::Again(file, encoding, bytes));
        }
        let decoded = Held { text: end, encoding, bytes, zero: None };
        let found = holds(decoded.text(buffer).as_bytes());
        return Ok(if found { Look::Here(decoded) } else { Look::Nothing { bytes, zero: None } });
    }
    let mut bytes = end as u64;
    if over || zero.is_some() {
        let text = zero.unwrap_or(end);
        let mut part = Held { text, encoding, bytes, zero: zero.map(|at| at as u64) };
        let mut found = holds(&buffer[..text]);
        if found && let Some(at) = memchr(0, &buffer[..text]) {
            (part.text, part.zero) = (at, Some(at as u64));
            found = holds(&buffer[..at]);
        }
        return Ok(if found { Look::Here(part) } else { Look::Nothing { bytes, zero: part.zero } });
    }
    loop {
        if holds(&buffer[..end]) {
            let bytes = file.metadata()?.len().max(bytes);
            return Ok(if bytes > HELD { Look::Large(file, encoding) } else { Look::Again(file, encoding, bytes) });
        }
        if over {
            return Ok(Look::Nothing { bytes, zero: None });
        }
        let kept = prefilter.overlap().min(end);
        buffer.copy_within(end - kept..end, 0);
        (end, over) = fill(&mut file, buffer, kept)?;
        bytes += (end - kept) as u64;
    }
}

/// Whether a file may be held by each thread, beside those of others.
pub(super) fn is_small(bytes: u64) -> bool {
    bytes <= SMALL
}

/// Reads a file whole; `None` if it is too large for that.
pub(super) fn whole(path: &Path, buffer: &mut Vec<u8>) -> io::Result<Option<Held>> {
    let mut file = open(path)?;
    buffer.resize(buffer.len().max(PIECE), 0);
    let (end, _) = fill(&mut file, &mut buffer[..PIECE], 0)?;
    let encoding = encoding(&buffer[..end], memchr(0, &buffer[..end]));
    hold(&mut file, encoding, buffer)
}

/// Reads a file again, whole; `None` if it has grown too large for that meanwhile.
pub(super) fn hold(file: &mut File, encoding: Encoding, buffer: &mut Vec<u8>) -> io::Result<Option<Held>> {
    file.seek(SeekFrom::Start(0))?;
    let mut end = 0;
    loop {
        if buffer.len() < end + PIECE {
            buffer.resize(end + PIECE, 0);
        }
        let over;
        (end, over) = fill(file, buffer, end)?;
        if over {
            break;
        }
        if end as u64 > HELD {
            return Ok(None);
        }
    }
    let zero = if encoding == Encoding::Utf8 { memchr(0, &buffer[..end]) } else { None };
    let zero_at = zero.map(|at| at as u64);
    Ok(Some(Held { text: zero.unwrap_or(end), encoding, bytes: end as u64, zero: zero_at }))
}

/// Reads until the buffer is full or the file is over; how far the buffer is full, and whether the file is over.
pub(super) fn fill(file: &mut File, buffer: &mut [u8], mut end: usize) -> io::Result<(usize, bool)> {
    while end < buffer.len() {
        match file.read(&mut buffer[end..]) {
            Ok(0) => return Ok((end, true)),
            Ok(count) => end += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((end, false))
}

/// The encoding, by the byte order mark, else by which half of the first characters is zero, as it is for most of what
/// is written in UTF-16.
fn encoding(start: &[u8], zero: Option<usize>) -> Encoding {
    match start {
        [0xFF, 0xFE, ..] if start.get(2..4) != Some(&[0, 0]) => return Encoding::Utf16Le,
        [0xFE, 0xFF, ..] => return Encoding::Utf16Be,
        _ => {}
    }
    if zero.is_none_or(|at| at > 64) || start.len() < 8 {
        return Encoding::Utf8;
    }
    let start = &start[..start.len().min(512) / 2 * 2];
    let pairs = start.len() / 2;
    let zeros = |half: usize| start.iter().skip(half).step_by(2).filter(|byte| **byte == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    // Text has no zero character; a binary file of small numbers has many.
    let mostly = pairs - pairs / 4;
    match (first, second) {
        (0, second) if second >= mostly && plain(start, 0) => Encoding::Utf16Le,
        (first, 0) if first >= mostly && plain(start, 1) => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}

/// Whether these low bytes are of characters that a text has.
fn plain(start: &[u8], half: usize) -> bool {
    start.iter().skip(half).step_by(2).all(|byte| *byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C))
}

/// The text of some bytes; `begins` if they are the first of their file.
pub(super) fn decode(bytes: &[u8], encoding: Encoding, begins: bool) -> Cow<'_, str> {
    let unit: fn([u8; 2]) -> u16 = match encoding {
        Encoding::Utf8 => {
            let mark: &[u8] = if begins { b"\xEF\xBB\xBF" } else { b"" };
            let bytes = bytes.strip_prefix(mark).unwrap_or(bytes);
            return std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
        }
        Encoding::Utf16Le => u16::from_le_bytes,
        Encoding::Utf16Be => u16::from_be_bytes,
    };
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let skip = usize::from(begins && units.clone().next() == Some(0xFEFF));
    let mut text: String =
        char::decode_utf16(units.skip(skip)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    if bytes.len() % 2 == 1 {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    Cow::Owned(text)
}

/// The nearest place at or before `at` where a character begins.
pub(super) fn boundary(bytes: &[u8], at: usize, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => {
            let back =
                (0..4).find(|back| at.checked_sub(*back).and_then(|at| bytes.get(at)).is_none_or(|b| b & 0xC0 != 0x80));
            at - back.unwrap_or(0)
        }
        Encoding::Utf16Le | Encoding::Utf16Be => {
            let at = at / 2 * 2;
            let high = if encoding == Encoding::Utf16Le { at + 1 } else { at };
            // The second half of a surrogate pair goes with the first.
            let second = bytes.get(high).is_some_and(|byte| byte & 0xFC == 0xDC);
            if second && at >= 2 { at - 2 } else { at }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    fn told(bytes: &[u8]) -> Encoding {
        encoding(bytes, memchr(0, bytes))
    }

    #[test]
    fn utf16_is_told_by_its_mark_or_its_zeros() {
        let text = "issuer: https://cognito-idp.eu-west-1.amazonaws.com/é\r\n";
        for (unit, wanted) in
            [(u16::to_le_bytes as fn(u16) -> [u8; 2], Encoding::Utf16Le), (u16::to_be_bytes, Encoding::Utf16Be)]
        {
            for text in [text.to_owned(), format!("\u{feff}{text}")] {
                let bytes = utf16(&text, unit);
                assert_eq!(told(&bytes), wanted);
                assert_eq!(decode(&bytes, wanted, true), text.trim_start_matches('\u{feff}'));
            }
        }
    }

    #[test]
    fn numbers_are_not_utf16() {
        let numbers: Vec<u8> = (0..200u16).flat_map(|n| u16::to_le_bytes(n % 20)).collect();
        assert_eq!(told(&numbers), Encoding::Utf8);
        assert_eq!(told(b"\0asm\x01\0\0\0\x01\0"), Encoding::Utf8);
        assert_eq!(told(b"plain"), Encoding::Utf8);
        assert_eq!(told(b""), Encoding::Utf8);
    }

    #[test]
    fn a_character_is_not_cut_in_two() {
        let text = "aé€😀b".as_bytes();
        let starts: Vec<usize> = (0..=text.len()).map(|at| boundary(text, at, Encoding::Utf8)).collect();
        assert_eq!(starts, [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11]);
        let wide = utf16("a😀b", u16::to_le_bytes);
        let starts: Vec<usize> = (0..=wide.len()).map(|at| boundary(&wide, at, Encoding::Utf16Le)).collect();
        assert_eq!(starts, [0, 0, 2, 2, 2, 2, 6, 6, 8]);
    }
}
