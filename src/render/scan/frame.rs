//! The source lines of a hit with the match underlined, for the terminal of whoever owns the file.
//!
//! A line may be a megabyte long, or hold anything: it is cut around the match, and what could steer the terminal or hide
//! itself is shown as its escape. Outside a terminal there are no frames, since the rest of a line may hold secrets.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::model::Severity;
use crate::render::safe::is_hidden;

/// The most characters shown before and after a match.
const AROUND: usize = 80;
/// The most characters of a match that are shown.
const LONGEST: usize = 400;
/// The most lines of a construct that are shown.
const MOST_LINES: usize = 5;
/// How far behind one piece of a match its next may stand.
const REACH: usize = 200;
/// What stands in a match for what is not shown.
const HOLE: &str = "{…}";

/// Lines of a file as they may be shown, and what of the first is underlined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    line: u32,
    source: String,
    span: Range<usize>,
}

/// The frame of a match that begins in the first of these lines, which has the number `line`, at a column in characters
/// from 1. None if the line is shorter than that: the file has changed.
pub fn frame(line: u32, lines: &[&str], column: u32, text: &str) -> Option<Frame> {
    let first = lines.first()?;
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    let start = first.char_indices().map(|(at, _)| at).nth(column)?;
    let tail = &first[start..];
    let length = matched(tail, text);
    let before_start = first[..start].char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let match_end = start + prefix(&tail[..length], LONGEST).len();
    let rest = &first[match_end..];
    let rest_shown = prefix(rest, AROUND);

    let mut source = String::new();
    if before_start > 0 {
        source.push('…');
    }
    visible(&first[before_start..start], &mut source);
    let begin = source.len();
    visible(&first[start..match_end], &mut source);
    let span = begin..source.len();
    visible(rest_shown, &mut source);
    let whole = before_start == 0 && rest_shown.len() == rest.len();
    if rest_shown.len() < rest.len() {
        source.push('…');
    }
    // Further lines stand under the first only if that one is not cut.
    for next in lines.iter().skip(1).take(if whole { MOST_LINES - 1 } else { 0 }) {
        source.push('\n');
        let shown = prefix(next, 2 * AROUND);
        visible(shown, &mut source);
        if shown.len() < next.len() {
            source.push('…');
        }
    }
    Some(Frame { line, source, span })
}

impl Frame {
    /// How the frame looks, each line with its end.
    pub(super) fn draw(&self, severity: Severity, label: &str, color: bool, width: usize) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let level = match severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let snippet = Snippet::source(self.source.as_str())
            .line_start(usize::try_from(self.line).unwrap_or(1))
            .fold(false)
            .annotation(AnnotationKind::Primary.span(self.span.clone()).label(label));
        let drawn = renderer.term_width(width).render(&[Group::with_level(level).element(snippet)]);
        let lines: Vec<&str> = drawn.lines().map(str::trim_end).collect();
        lines.join("\n") + "\n"
    }
}

/// How many bytes of the text a match takes up. Its excerpt may leave out what stands in interpolations.
fn matched(tail: &str, text: &str) -> usize {
    let text = text.lines().next().unwrap_or_default();
    let mut pieces = text.split(HOLE);
    let piece = pieces.next().unwrap_or_default();
    let common: usize = tail.chars().zip(piece.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    if common < piece.len() || common == 0 {
        let word = tail.find(|c: char| c.is_whitespace() || "\"'`".contains(c)).unwrap_or(tail.len());
        return common.max(word).max(tail.chars().next().map_or(0, char::len_utf8));
    }
    let mut end = common;
    for piece in pieces {
        let near = prefix(&tail[end..], REACH);
        let found = if piece.is_empty() {
            near.find('}').map(|at| at + 1)
        } else {
            near.find(piece).map(|at| at + piece.len())
        };
        match found {
            Some(length) => end += length,
            None => break,
        }
    }
    end
}

/// The first so many characters.
fn prefix(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(at, _)| &text[..at])
}

/// The text with tabs as spaces, and with everything that cannot be seen as its escape.
fn visible(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\t' => out.push_str("    "),
            '\r' => {}
            c if is_hidden(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(lines: &[&str], column: u32, text: &str) -> String {
        frame(12, lines, column, text).unwrap().draw(Severity::Error, "definite", false, 80)
    }

    #[test]
    fn a_line_is_shown_with_its_match_underlined() {
        let url = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc";
        let line = format!("const issuer = \"{url}\";");
        let wanted = format!("   |\n12 | {line}\n   |                 {} definite\n", "^".repeat(url.len()));
        assert_eq!(drawn(&[&line], 17, url), wanted);
    }

    #[test]
    fn what_steers_a_terminal_is_shown_as_its_escape() {
        let drawn = drawn(&["\ta\u{1b}[31m\u{202e}\u{0} 顧客 cognito-idp.x \r"], 14, "cognito-idp.x");
        assert_eq!(
            drawn,
            "   |\n12 |     a\\u{1b}[31m\\u{202e}\\u{0} 顧客 cognito-idp.x\n   |                                   ^^^^^^^^^^^^^ definite\n"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_match() {
        let line = format!("{}cognito-idp.x{}", "é".repeat(200_000), "b".repeat(200_000));
        let drawn = drawn(&[&line, "next"], 200_001, "cognito-idp.x");
        assert!(drawn.contains("cognito-idp.x") && drawn.contains("^^^^^^^^^^^^^ definite"), "{drawn}");
        assert!(drawn.chars().count() < 400 && !drawn.contains("next"), "{drawn}");
    }

    #[test]
    fn a_construct_of_several_lines_is_shown_whole() {
        let drawn =
            drawn(&["  - https://cognito-idp.", "  - !Ref R", "  - .amazonaws.com/"], 5, "https://cognito-idp.");
        assert_eq!(
            drawn,
            "   |\n12 |   - https://cognito-idp.\n   |     ^^^^^^^^^^^^^^^^^^^^ definite\n13 |   - !Ref R\n14 |   - .amazonaws.com/\n   |\n"
        );
    }

    #[test]
    fn the_length_of_a_match_is_found_though_parts_are_left_out() {
        for (tail, text, wanted) in [
            ("https://c.${f(\"x\")}.com/${id}`;", "https://c.{…}.com/${id}", "https://c.${f(\"x\")}.com/${id}"),
            ("https://c.${f(1)}`;", "https://c.{…}", "https://c.${f(1)}"),
            ("https://c.\" + r", "https://c.{…}.com", "https://c."),
            ("other thing", "https://", "other"),
            ("'x", "https://", "'"),
            ("", "https://", ""),
            ("one two", "", "one"),
        ] {
            assert_eq!(&tail[..matched(tail, text)], wanted);
        }
    }

    #[test]
    fn a_place_that_is_not_there_has_no_frame() {
        assert_eq!(frame(1, &["ab"], 9, "x"), None);
        assert_eq!(frame(1, &[], 1, "x"), None);
        assert_eq!(frame(1, &["ab"], 0, "x"), None);
    }
}
