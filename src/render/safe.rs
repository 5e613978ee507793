//! Text from an account, made harmless for a terminal and for a CI log.
//!
//! Names, ids, tags and AWS's messages are chosen by whoever may create a pool or a client, so they may hold terminal
//! escapes, direction overrides, invisible characters or workflow commands. What is dangerous is replaced by its
//! visible form, `\u{1b}`; what is harmless stays as it is, whatever its script. Not an escape for Markdown or HTML.

use unicode_width::UnicodeWidthChar;

/// The most combining marks on one character; living scripts need fewer, a "zalgo" name has dozens.
const MAX_MARKS: usize = 4;
/// The longest run of colons that stays: `arn:aws:s3:::bucket` has three.
const MAX_COLONS: usize = 3;

/// The text with everything escaped that could steer a terminal, hide itself, or be read as a command by a CI runner.
///
/// - control characters, newline and tab included, direction controls, zero-width and other invisible characters;
/// - combining marks that would settle on foreign text or pile up;
/// - `::` where a word begins (GitHub reads `::error::` at the start of a line, after white space, and wrapping can
///   put any word there), and `##` anywhere (`##[error]`, `##vso[…]`, `##teamcity[…]`).
///
/// The result has no newline. Applying it twice changes nothing more.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut previous, mut marks, mut colons) = (None::<char>, 0, 0);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let word_begins = previous.is_none_or(char::is_whitespace);
        let is_mark = c.width() == Some(0);
        marks = if is_mark { marks + 1 } else { 0 };
        colons = if c == ':' { colons + 1 } else { 0 };
        let escape = is_hidden(c)
            || (is_mark && (word_begins || marks > MAX_MARKS))
            || (c == ':' && ((word_begins && chars.peek() == Some(&':')) || colons > MAX_COLONS))
            || (c == '#' && previous == Some('#'));
        if escape {
            out.extend(c.escape_unicode());
            // What was escaped no longer carries marks or continues a run.
            (previous, colons) = (Some('}'), 0);
        } else {
            out.push(c);
            previous = Some(c);
        }
    }
    out
}

/// Whether a character cannot be seen, or changes how others are seen.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            // soft hyphen, grapheme joiner, Arabic letter mark, Hangul fillers, Khmer inherent vowels
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5
            // Mongolian selectors and vowel separator
            | 0x180b..=0x180f
            // zero-width characters, direction marks, line separators, embeddings, isolates, invisible operators
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
            // fillers, variation selectors, byte order mark, annotation anchors
            | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            // shorthand and music format controls, tags and more selectors
            | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a | 0xe_0000..=0xe_0fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_of_any_script_stays() {
        for text in [
            "customers-prod",
            "arn:aws:iam::111122223333:role/x",
            "arn:aws:s3:::bucket",
            "顧客 プール",
            "Kunden «größte»",
            "สวัสดี",
            "שלום",
            "e\u{301}te\u{301}",
            "https://a.example/#x",
            "😀",
            "",
        ] {
            assert_eq!(safe(text), text);
        }
    }

    #[test]
    fn terminal_controls_become_visible() {
        assert_eq!(safe("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(safe("a\r\n\tb\u{7f}\u{9b}2J"), "a\\u{d}\\u{a}\\u{9}b\\u{7f}\\u{9b}2J");
    }

    #[test]
    fn direction_and_invisible_characters_become_visible() {
        assert_eq!(safe("a\u{202e}b\u{2066}c\u{200f}"), "a\\u{202e}b\\u{2066}c\\u{200f}");
        assert_eq!(safe("pro\u{200b}d\u{feff}\u{2028}"), "pro\\u{200b}d\\u{feff}\\u{2028}");
        assert_eq!(safe("x\u{e0041}\u{fe0f}\u{ad}"), "x\\u{e0041}\\u{fe0f}\\u{ad}");
    }

    #[test]
    fn marks_neither_wander_nor_pile_up() {
        assert_eq!(safe("\u{301}a"), "\\u{301}a");
        let zalgo = format!("a{}", "\u{301}".repeat(40));
        assert_eq!(safe(&zalgo).matches('\u{301}').count(), MAX_MARKS);
    }

    #[test]
    fn workflow_commands_are_no_commands() {
        assert_eq!(safe("::error::x"), "\\u{3a}:error::x");
        assert_eq!(safe("a ::add-mask::x"), "a \\u{3a}:add-mask::x");
        assert_eq!(safe("a\u{a0}::error::x"), "a\u{a0}\\u{3a}:error::x");
        assert_eq!(safe("##[error]x"), "#\\u{23}[error]x");
        assert_eq!(safe("x##vso[task]"), "x#\\u{23}vso[task]");
        assert!(!safe(&":".repeat(50)).contains("::::"));
    }

    #[test]
    fn once_is_enough() {
        for text in ["::error::x", "###", "a\u{1b}\u{301}", ":::::::::", " ::x", "\u{301}\u{301}"] {
            let one = safe(text);
            assert_eq!(safe(&one), one, "{text:?}");
        }
    }

    #[test]
    fn nothing_hidden_survives() {
        for c in ('\0'..=char::MAX).filter(|c| is_hidden(*c)) {
            let text = safe(&c.to_string());
            assert!(!text.chars().any(is_hidden), "{:x}", u32::from(c));
        }
    }
}
