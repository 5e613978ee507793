//! Files too large to be held: read in windows that overlap, so that memory stays bounded whatever their size.
//!
//! A reference counts in the window in whose core it begins; what stands around the core is there so that a detector
//! sees constructs whole. Not here: what the detectors find.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;

use memchr::memchr;

use super::place::{self, Place};
use super::read::{self, Encoding};
use crate::scan::prefilter::Prefilter;

/// How much of a file each window answers for.
const CORE: usize = 1024 * 1024;
/// How much of what stands before and after it is seen too.
const MARGIN: usize = 64 * 1024;

/// A part of a file that holds a keyword.
#[derive(Debug)]
pub(in crate::scan) struct Window<'t> {
    /// The core and its margins.
    pub(super) text: &'t str,
    /// Where in it the core lies.
    pub(super) core: Range<usize>,
    /// Where in the file the core begins.
    pub(super) place: Place,
}

impl<'t> Window<'t> {
    /// A whole text as one window.
    pub(in crate::scan) fn whole(text: &'t str) -> Self {
        Self { text, core: 0..text.len(), place: Place::FIRST }
    }
}

/// How far a file was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    /// How many bytes there are.
    pub(super) bytes: u64,
    /// Where it stops being text.
    pub(super) zero: Option<u64>,
}

/// Reads a file from its beginning and shows every window that holds a keyword.
pub(super) fn windows(
    file: &mut File,
    encoding: Encoding,
    prefilter: &Prefilter,
    buffer: &mut Vec<u8>,
    show: &mut dyn FnMut(&Window<'_>),
) -> io::Result<Extent> {
    windows_of(file, encoding, prefilter, buffer, (CORE, MARGIN), show)
}

fn windows_of(
    file: &mut File,
    encoding: Encoding,
    prefilter: &Prefilter,
    buffer: &mut Vec<u8>,
    (core, margin): (usize, usize),
    show: &mut dyn FnMut(&Window<'_>),
) -> io::Result<Extent> {
    file.seek(SeekFrom::Start(0))?;
    buffer.clear();
    buffer.resize(margin + core + margin, 0);
    let mut place = Place::FIRST;
    let mut extent = Extent::default();
    // The buffer: what is before the core, from `start` on the core and what is after it, up to `end`.
    let (mut start, mut end) = (0, 0);
    loop {
        let old = end;
        let mut over;
        (end, over) = read::fill(file, buffer, end)?;
        if encoding == Encoding::Utf8
            && let Some(at) = memchr(0, &buffer[old..end])
        {
            extent.zero = Some(extent.bytes + at as u64);
            (end, over) = (old + at, true);
        }
        extent.bytes += (end - old) as u64;
        let next = if over { end } else { read::boundary(buffer, end - margin, encoding) };
        let begins = extent.bytes == end as u64 && start == 0;
        if encoding != Encoding::Utf8 || prefilter.matches(&buffer[..end]) {
            let mut text = String::with_capacity(end);
            let part = |range: Range<usize>, begins| read::decode(&buffer[range], encoding, begins);
            text.push_str(&part(0..start, false));
            let from = text.len();
            text.push_str(&part(start..next, begins));
            let to = text.len();
            text.push_str(&part(next..end, false));
            if encoding == Encoding::Utf8 || prefilter.matches(text.as_bytes()) {
                show(&Window { text: &text, core: from..to, place });
            }
            place = place::after(place, &text.as_bytes()[from..to]);
        } else {
            place = place::after(place, &buffer[start..next]);
        }
        if over {
            return Ok(extent);
        }
        let kept = read::boundary(buffer, next.saturating_sub(margin), encoding);
        buffer.copy_within(kept..end, 0);
        (start, end) = (next - kept, end - kept);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// Every place of the word, found in windows of these sizes.
    fn places(text: &[u8], encoding: Encoding, sizes: (usize, usize)) -> Vec<(u32, u32)> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text).expect("written");
        let prefilter = Prefilter::new(&[b"cognito".to_vec()].into());
        let mut all = Vec::new();
        let mut show = |window: &Window<'_>| {
            let finds = memchr::memmem::find_iter(window.text.as_bytes(), "cognito");
            let finds: Vec<usize> = finds.filter(|at| window.core.contains(at)).collect();
            let places = place::places(window.text.as_bytes(), window.core.start, window.place, &finds);
            all.extend(places.into_iter().map(|place| (place.line, place.column)));
        };
        windows_of(&mut file, encoding, &prefilter, &mut Vec::new(), sizes, &mut show).expect("read");
        all
    }

    #[test]
    fn whatever_the_windows_each_reference_is_found_once_in_its_place() {
        let mut text = String::from("\u{feff}");
        let mut wanted = Vec::new();
        for line in 1..=40u32 {
            let mut column = 1;
            for piece in ["é€😀", "cognito", "\u{10ffff}aa", "cognito", " "] {
                if piece == "cognito" {
                    wanted.push((line, column));
                }
                text.push_str(piece);
                column += u32::try_from(piece.chars().count()).expect("few");
            }
            text.push_str("\r\n");
        }
        let utf16 = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for core in [16, 17, 33, 64, 100, 1000, 100_000] {
            for margin in [16, 21, 64] {
                assert_eq!(places(text.as_bytes(), Encoding::Utf8, (core, margin)), wanted, "{core} {margin}");
                let (core, margin) = (core / 2 * 4, margin / 2 * 4);
                assert_eq!(
                    places(&utf16(u16::to_le_bytes), Encoding::Utf16Le, (core, margin)),
                    wanted,
                    "{core} {margin}"
                );
                assert_eq!(
                    places(&utf16(u16::to_be_bytes), Encoding::Utf16Be, (core, margin)),
                    wanted,
                    "{core} {margin}"
                );
            }
        }
    }

    #[test]
    fn a_zero_byte_ends_the_text() {
        let mut text = b"cognito ".repeat(20);
        text[100] = 0;
        assert_eq!(places(&text, Encoding::Utf8, (32, 16)).len(), 12);
    }
}
