//! Where in a file something stands: lines and columns of byte offsets, in time linear in the text.
//!
//! Not here: what stands there.

use memchr::{memchr_iter, memrchr};

/// A line and a column in characters, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Place {
    /// Where a file begins.
    pub(super) const FIRST: Self = Self { line: 1, column: 1 };
}

/// The place after some text that begins at a place.
pub(super) fn after(place: Place, text: &[u8]) -> Place {
    match memrchr(b'\n', text) {
        None => Place { line: place.line, column: place.column.saturating_add(characters(text)) },
        Some(last) => Place {
            line: place.line.saturating_add(newlines(text)),
            column: characters(&text[last + 1..]).saturating_add(1),
        },
    }
}

/// The places of offsets in a text of which one offset, `origin`, is at a known place.
pub(super) fn places(text: &[u8], origin: usize, known: Place, offsets: &[usize]) -> Vec<Place> {
    let mut order: Vec<usize> = (0..offsets.len()).collect();
    order.sort_by_key(|index| offsets[*index]);
    let mut places = vec![known; offsets.len()];
    let (mut at, mut place) = (origin.min(text.len()), known);
    let origin = at;
    for index in order {
        let offset = offsets[index].min(text.len());
        if offset < origin {
            places[index] = before(&text[offset..origin], known);
        } else {
            place = after(place, &text[at..offset]);
            at = offset;
            places[index] = place;
        }
    }
    places
}

/// The place where some text begins that ends at a known place; its column only roughly, since its line may begin earlier.
fn before(text: &[u8], known: Place) -> Place {
    Place { line: known.line.saturating_sub(newlines(text)).max(1), column: 1 }
}

fn newlines(text: &[u8]) -> u32 {
    u32::try_from(memchr_iter(b'\n', text).count()).unwrap_or(u32::MAX)
}

/// How many characters begin in these bytes of UTF-8.
fn characters(text: &[u8]) -> u32 {
    // The count per block fits a byte, which lets the compiler count many bytes at once.
    let blocks =
        text.chunks(255).map(|block| u32::from(block.iter().map(|byte| u8::from(byte & 0xC0 != 0x80)).sum::<u8>()));
    blocks.fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        let text = "aé\n\n€x\r\ny";
        let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let places = places(text.as_bytes(), 0, Place::FIRST, &offsets);
        let wanted = [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2), (3, 3), (3, 4), (4, 1)];
        assert_eq!(places.iter().map(|place| (place.line, place.column)).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn offsets_come_in_any_order_and_may_be_wrong() {
        let text = b"a\nb\nc";
        let origin = Place { line: 11, column: 1 };
        let lines: Vec<u32> = places(text, 2, origin, &[4, 0, 99, 2]).iter().map(|place| place.line).collect();
        assert_eq!(lines, [12, 10, 12, 11]);
    }
}
