//! What `git diff -U0` writes: which lines of which file are new. Pure.
//!
//! Hunks are read by their counts, since a line of a file may look like a header.

use std::ops::RangeInclusive;

use anyhow::{Context, Result, bail};

/// A change, in the paths of its new side.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Patch {
    /// Per file the lines that are new; none for one that is only renamed or only lost lines.
    pub(super) lines: Vec<(Vec<u8>, Vec<RangeInclusive<u32>>)>,
    /// Submodules whose commit changed, with the old one.
    pub(super) submodules: Vec<(Vec<u8>, Option<String>)>,
    /// Whether a file was not compared, since it counts as binary.
    pub(super) binary: bool,
}

/// The mode of a submodule.
const SUBMODULE: &[u8] = b"160000";

/// Reads a patch without context.
pub(super) fn parse(text: &[u8]) -> Result<Patch> {
    let mut patch = Patch::default();
    let mut lines = text.split(|byte| *byte == b'\n');
    let (mut name, mut old, mut submodule) = (None::<Vec<u8>>, None::<String>, false);
    while let Some(line) = lines.next() {
        if line.starts_with(b"diff --git ") {
            (name, old, submodule) = (None, None, false);
        } else if let Some(rest) = line.strip_prefix(b"index ") {
            submodule |= rest.ends_with(&[b" ", SUBMODULE].concat());
            let id = rest.split(|byte| *byte == b'.').next().unwrap_or_default();
            old = Some(String::from_utf8_lossy(id).into_owned()).filter(|id| id.bytes().any(|byte| byte != b'0'));
        } else if let Some(mode) = line.strip_prefix(b"new file mode ").or_else(|| line.strip_prefix(b"new mode ")) {
            submodule |= mode == SUBMODULE;
        } else if let Some(written) = line.strip_prefix(b"+++ ") {
            name = new_path(written)?;
            if submodule && let Some(name) = name.take() {
                patch.submodules.push((name, old.take()));
            }
        } else if line.starts_with(b"Binary files ") {
            patch.binary = true;
        } else if line.starts_with(b"@@ ") {
            let (removed, start, added) = hunk(line)?;
            // `\ No newline at end of file` may stand after either half, and is counted by none.
            let (mut minus, mut plus) = (removed, added);
            while minus > 0 || plus > 0 {
                match lines.next().context("a hunk ends too early")?.first() {
                    Some(b'-') if minus > 0 => minus -= 1,
                    Some(b'+') if plus > 0 => plus -= 1,
                    Some(b'\\') => {}
                    _ => bail!("a hunk holds something else than lines"),
                }
            }
            if let (Some(name), true) = (&name, added > 0) {
                let range = start..=start.saturating_add(added - 1);
                match patch.lines.last_mut().filter(|(last, _)| last == name) {
                    Some((_, ranges)) => ranges.push(range),
                    None => patch.lines.push((name.clone(), vec![range])),
                }
            }
        }
    }
    Ok(patch)
}

/// The paths that `git diff --numstat -z` counts no lines of.
pub(super) fn binaries(text: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = text.split(|byte| *byte == 0);
    let mut paths = Vec::new();
    while let Some(record) = fields.next().filter(|record| !record.is_empty()) {
        let Some(name) = record.splitn(3, |byte| *byte == b'\t').nth(2) else { continue };
        // Of a renamed file the old and the new name follow.
        let name = if name.is_empty() { fields.by_ref().take(2).last().unwrap_or_default() } else { name };
        if record.starts_with(b"-\t-\t") {
            paths.push(name.to_vec());
        }
    }
    paths
}

/// The lines removed, the first new one, and how many are new, of `@@ -1,2 +3,4 @@`.
fn hunk(line: &[u8]) -> Result<(u32, u32, u32)> {
    let text = String::from_utf8_lossy(line);
    let mut words = text.split(' ').skip(1);
    let mut side = |sign: char| -> Option<(u32, u32)> {
        let numbers = words.next()?.strip_prefix(sign)?;
        let (start, count) = numbers.split_once(',').unwrap_or((numbers, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let (old, new) = (side('-'), side('+'));
    let ((_, removed), (start, added)) = old.zip(new).with_context(|| format!("no hunk: {text}"))?;
    Ok((removed, start, added))
}

/// The path of a `+++` line; none where the file is deleted.
fn new_path(name: &[u8]) -> Result<Option<Vec<u8>>> {
    if name == b"/dev/null" {
        return Ok(None);
    }
    let name = match name.strip_prefix(b"\"") {
        Some(quoted) => unquote(quoted)?,
        // A name with a space has a tab behind it.
        None => name.strip_suffix(b"\t").unwrap_or(name).to_vec(),
    };
    Ok(Some(name.strip_prefix(b"b/").context("a path without its prefix")?.to_vec()))
}

/// A name in quotes, as C writes it; the first quote is gone.
fn unquote(quoted: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return Ok(out),
            b'\\' => out.push(match bytes.next().context("a name ends in a backslash")? {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                first @ b'0'..=b'3' => {
                    let mut next = || bytes.next().filter(|digit| (b'0'..=b'7').contains(digit));
                    let (second, third) = next().zip(next()).context("a name with half a number")?;
                    (first - b'0') * 64 + (second - b'0') * 8 + (third - b'0')
                }
                other => other,
            }),
            other => out.push(other),
        }
    }
    bail!("a name without its last quote")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_lines_are_counted_and_contents_are_not_believed() {
        let text = b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@ f()\n-a\n+++ b/evil\n+@@ -1 +1 @@\n\
            \\ No newline at end of file\n@@ -9,2 +10,0 @@\n--- a/other\n-b\ndiff --git a/y b/y\ndeleted file mode 100644\n\
            --- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n-z\n";
        let patch = parse(text).unwrap();
        assert_eq!(patch.lines, [(b"x".to_vec(), vec![1..=2])]);
        assert!(!patch.binary && patch.submodules.is_empty());
    }

    #[test]
    fn names_are_unquoted() {
        for (name, wanted) in [
            (&b"b/a b\t"[..], &b"a b"[..]),
            (br#""b/a\nb\"\\\303\244\t""#, "a\nb\"\\ä\t".as_bytes()),
            (br#""b/\377""#, b"\xff"),
        ] {
            assert_eq!(new_path(name).unwrap().unwrap(), wanted);
        }
        assert!(new_path(br#""b/a"#).is_err());
        assert!(new_path(br#""b/\3"#).is_err());
        assert_eq!(new_path(b"/dev/null").unwrap(), None);
    }

    #[test]
    fn submodules_and_binaries_are_told_apart() {
        let text = b"diff --git a/s b/s\nindex 1a..2b 160000\n--- a/s\n+++ b/s\n@@ -1 +1 @@\n-Subproject commit 1a\n\
            +Subproject commit 2b\ndiff --git a/n b/n\nnew file mode 160000\nindex 00..2b\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n\
            +Subproject commit 2b\ndiff --git a/p b/p\nindex 1..2 100644\nBinary files a/p and b/p differ\n";
        let patch = parse(text).unwrap();
        assert_eq!(patch.submodules, [(b"s".to_vec(), Some("1a".to_owned())), (b"n".to_vec(), None)]);
        assert!(patch.lines.is_empty() && patch.binary);
        let numstat = b"1\t2\tx\0-\t-\tp q\0-\t-\t\0old\0new\0";
        assert_eq!(binaries(numstat), [b"p q".to_vec(), b"new".to_vec()]);
    }

    #[test]
    fn what_is_no_patch_is_an_error() {
        for text in [&b"@@ -1 +1 @@\n-a\n"[..], b"@@ -1,2 +0,0 @@\n-a\ndiff\n", b"@@ x @@\n"] {
            assert!(parse(text).is_err());
        }
    }
}
