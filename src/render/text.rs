//! Fitting text into columns: measuring, wrapping, shortening, counting in words. No layout of its own.

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// After these a long word may be broken without hurting much.
const SOFT_BREAKS: &[char] = &['/', ':', '-', '_', '.', ',', '=', '|', '&', '?', '#'];

/// The text in lines no wider than `width`, the first no wider than `first`. Words are kept whole if one line can
/// hold them; longer ones break after punctuation where that is near.
pub(super) fn wrap(text: &str, first: usize, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut room = first;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word = word;
        loop {
            let used = line.width();
            let gap = usize::from(used > 0);
            let left = room.saturating_sub(used + gap);
            if word.width() <= left {
                line.extend((gap == 1).then_some(' '));
                line.push_str(word);
                break;
            }
            // A word that fits nowhere begins here if half a line is left; one that fits below goes below.
            if word.width() > width && left * 2 >= width {
                let (head, tail) = split(word, left);
                line.extend((gap == 1).then_some(' '));
                line.push_str(head);
                word = tail;
            }
            lines.push(std::mem::take(&mut line));
            room = width;
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Cuts a word so that the first part fits into `width`, which is less than the word's; both parts have something.
fn split(word: &str, width: usize) -> (&str, &str) {
    let (mut hard, mut soft) = (0, None);
    let mut chars = word.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        let Some((next, following)) = chars.peek().copied() else { break };
        let used = word.get(..next).unwrap_or(word).width();
        if used > width && hard > 0 {
            break;
        }
        // A mark stays with its letter, and no line may begin with `::`.
        if following.width() == Some(0) || following == ':' {
            continue;
        }
        hard = next;
        if SOFT_BREAKS.contains(&c) && used * 2 >= width {
            soft = Some(next);
        }
    }
    let at = soft.unwrap_or(if hard == 0 { word.len() } else { hard });
    word.split_at(at)
}

/// The text, cut with `…` if it is wider than `width`.
pub(super) fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if out.width() + 1 > width {
            out.pop();
            break;
        }
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// The text, cut in the middle if it is wider than `width`: ids and names often differ at their end.
pub(super) fn shorten_middle(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let tail_width = width.saturating_sub(1) / 2;
    let mut tail = String::new();
    for (at, _) in text.char_indices().rev() {
        let candidate = text.get(at..).unwrap_or_default();
        if candidate.width() > tail_width {
            break;
        }
        candidate.clone_into(&mut tail);
    }
    // The cut must not leave a mark without its letter, nor let a line begin with a colon.
    let tail = tail.trim_start_matches(|c: char| c.width() == Some(0) || c == ':');
    let head = shorten(text, width.saturating_sub(tail.width()));
    format!("{head}{tail}")
}

/// `1 pool`, `2 pools`.
pub(super) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// The words joined with commas, at most `max` of them, the rest as a number.
pub(super) fn list<S: AsRef<str>>(words: impl IntoIterator<Item = S>, max: usize) -> String {
    let words: Vec<S> = words.into_iter().collect();
    let shown: Vec<&str> = words.iter().take(max).map(AsRef::as_ref).collect();
    match words.len().saturating_sub(max) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The words joined with commas, as many of them as fit into `width`; `…` stands for the rest.
pub(super) fn list_within(words: &[String], width: usize) -> String {
    let some = |max: usize| {
        let shown = words.get(..max).unwrap_or(words).join(", ");
        if max < words.len() { shown + ", …" } else { shown }
    };
    let fitting = (1..=words.len()).rev().map(some).find(|text| text.width() <= width);
    fitting.unwrap_or_else(|| shorten(&words.join(", "), width))
}

/// How long before `now` something was, in words; `None` if either is no instant.
pub(super) fn age(then: &str, now: &str) -> Option<String> {
    let seconds = now.parse::<Timestamp>().ok()?.as_second() - then.parse::<Timestamp>().ok()?.as_second();
    let Ok(seconds) = usize::try_from(seconds) else { return Some("newer than the clock of this run".to_owned()) };
    Some(match seconds / 3600 {
        0 => format!("{} old", count(seconds / 60, "minute")),
        hours @ 1..48 => format!("{} old", count(hours, "hour")),
        hours => format!("{} old", count(hours / 24, "day")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_if_they_can() {
        assert_eq!(wrap("one two three", 8, 8), ["one two", "three"]);
        assert_eq!(wrap("", 8, 8), [""]);
        assert_eq!(wrap("a  b", 8, 8), ["a b"]);
        assert_eq!(wrap("one two", 2, 8), ["", "one two"]);
    }

    #[test]
    fn long_words_break_after_punctuation() {
        assert_eq!(
            wrap("arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_AbC", 24, 24),
            ["arn:aws:cognito-idp:us-", "east-1:111122223333:", "userpool/us-east-1_AbC"]
        );
    }

    #[test]
    fn no_line_is_too_wide_and_nothing_is_lost() {
        for text in [
            "顧客プール顧客プール顧客プール",
            "aaaaaaaaaaaaaaaaaaaaaaa",
            "a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}",
            "x:::yyyyy:::zzzzzz::",
            "😀😀😀😀😀😀😀",
        ] {
            for width in 4..12 {
                let lines = wrap(text, width, width);
                assert_eq!(lines.concat(), text);
                assert!(lines.iter().all(|line| line.width() <= width), "{lines:?} {width}");
                assert!(!lines.iter().any(|line| line.starts_with("::") || line.starts_with('\u{301}')), "{lines:?}");
            }
        }
    }

    #[test]
    fn shortened_text_fits() {
        assert_eq!(shorten("customers", 20), "customers");
        assert_eq!(shorten("customers", 5), "cust…");
        assert_eq!(shorten_middle("us-east-1_AbCdEfGhI", 11), "us-ea…EfGhI");
        for text in ["顧客プール顧客プール", "a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}a\u{301}"] {
            for width in 1..8 {
                assert!(shorten(text, width).width() <= width);
                assert!(shorten_middle(text, width).width() <= width);
            }
        }
    }

    #[test]
    fn counts_and_ages_read_as_words() {
        assert_eq!((count(1, "pool"), count(0, "pool")), ("1 pool".to_owned(), "0 pools".to_owned()));
        assert_eq!(list(["a", "b", "c"], 2), "a, b and 1 more");
        let words = ["one".to_owned(), "two".to_owned(), "three".to_owned()];
        assert_eq!(list_within(&words, 15), "one, two, three");
        assert_eq!(list_within(&words, 14), "one, two, …");
        assert_eq!(list_within(&words, 7), "one, …");
        assert_eq!(list_within(&words, 4), "one…");
        assert_eq!(list_within(&[], 9), "");
        let now = "2026-11-21T09:00:00Z";
        assert_eq!(age("2026-11-20T08:00:00Z", now).as_deref(), Some("25 hours old"));
        assert_eq!(age("2026-11-21T08:59:00Z", now).as_deref(), Some("1 minute old"));
        assert_eq!(age("2026-11-11T08:59:00Z", now).as_deref(), Some("10 days old"));
        assert_eq!(age("2027-01-01T00:00:00Z", now).as_deref(), Some("newer than the clock of this run"));
        assert_eq!(age("yesterday", now), None);
    }
}
