//! The source lines of hits, read again for whoever owns the files and sits at a terminal.
//!
//! What cannot be read a second time has no frame; the hit is shown without.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use crate::model::{ScanHit, ScanReport};
use crate::render::scan::{Frame, frame};

/// The largest file that is read a second time.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The most lines of a construct that are looked at.
const MOST_LINES: usize = 5;

/// The frames of these hits, by index.
pub(super) fn read(report: &ScanReport, wanted: impl Fn(&ScanHit) -> bool) -> BTreeMap<usize, Frame> {
    let mut by_path: BTreeMap<&str, Vec<(usize, &ScanHit)>> = BTreeMap::new();
    for (index, hit) in report.hits.iter().enumerate().filter(|(_, hit)| wanted(hit)) {
        by_path.entry(&hit.path).or_default().push((index, hit));
    }
    let mut frames = BTreeMap::new();
    for (path, hits) in by_path {
        let Some(text) = text(path) else { continue };
        let lines: Vec<&str> = text.split('\n').collect();
        for (index, hit) in hits {
            let first = usize::try_from(hit.line.saturating_sub(1)).unwrap_or(usize::MAX);
            let last =
                usize::try_from(hit.end_line).unwrap_or(first).min(first.saturating_add(MOST_LINES)).min(lines.len());
            let of_hit = lines.get(first..last.max(first.saturating_add(1)).min(lines.len()));
            if let Some(frame) = of_hit.and_then(|lines| frame(hit.line, lines, hit.column, &hit.text)) {
                frames.insert(index, frame);
            }
        }
    }
    frames
}

/// The text of a file as the scanner saw it: UTF-8, or UTF-16 with a mark; what is neither is replaced.
fn text(path: &str) -> Option<String> {
    let meta = std::fs::metadata(path).ok()?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    Some(match bytes.as_slice() {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        all => String::from_utf8_lossy(all).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_the_scanner_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let wide = |text: &str, mark: [u8; 2], unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect()
        };
        for bytes in [
            b"a\nissuer".to_vec(),
            b"\xef\xbb\xbfa\nissuer".to_vec(),
            wide("a\nissuer", [0xff, 0xfe], u16::to_le_bytes),
            wide("a\nissuer", [0xfe, 0xff], u16::to_be_bytes),
        ] {
            let path = folder.path().join("a");
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(text(path.to_str().unwrap()).unwrap(), "a\nissuer");
        }
        let path = folder.path().join("b");
        std::fs::write(&path, b"\xff\xffissuer\xff").unwrap();
        assert_eq!(text(path.to_str().unwrap()).unwrap(), "\u{fffd}\u{fffd}issuer\u{fffd}");
        assert_eq!(text(folder.path().to_str().unwrap()), None, "no file");
        assert_eq!(text("/nonexistent"), None);
    }
}
