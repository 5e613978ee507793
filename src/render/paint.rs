//! Colour, kept out of layout's way.
//!
//! Text is painted with invisible, zero-width marks, so that wrapping and tables measure it as if it were plain. Only
//! when a line leaves are the marks turned into ANSI sequences, or dropped. Text from an account cannot hold such a
//! mark: [`safe`](super::safe::safe) escapes them. Colour never carries meaning alone; the word is always there.

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
}

const STYLES: [(Style, char, &str); 8] = [
    (Style::Bold, '\u{e0041}', "\u{1b}[1m"),
    (Style::Dim, '\u{e0042}', "\u{1b}[2m"),
    (Style::Red, '\u{e0043}', "\u{1b}[1;31m"),
    (Style::Green, '\u{e0044}', "\u{1b}[32m"),
    (Style::Yellow, '\u{e0045}', "\u{1b}[33m"),
    (Style::Blue, '\u{e0046}', "\u{1b}[34m"),
    (Style::Magenta, '\u{e0047}', "\u{1b}[35m"),
    (Style::Cyan, '\u{e0048}', "\u{1b}[36m"),
];
const END: char = '\u{e007f}';
const RESET: &str = "\u{1b}[0m";

/// The text in this style. Styles do not nest.
pub(super) fn paint(style: Style, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    out.extend(STYLES.iter().find(|(each, ..)| *each == style).map(|(_, mark, _)| *mark));
    out.push_str(text);
    out.push(END);
    out
}

/// Turns marks into ANSI sequences, or drops them, line by line: a style that a wrap has cut is closed and reopened.
#[derive(Debug)]
pub(super) struct Painter {
    color: bool,
    open: Option<&'static str>,
}

impl Painter {
    pub(super) fn new(color: bool) -> Self {
        Self { color, open: None }
    }

    /// One finished line, without trailing blanks.
    pub(super) fn line(&mut self, line: &str) -> String {
        let mut out = String::with_capacity(line.len());
        // A reopened style waits for the first visible character, so that indents stay plain.
        let mut pending = self.open;
        for c in line.trim_end_matches([' ', END]).chars() {
            if let Some((_, _, ansi)) = STYLES.iter().find(|(_, mark, _)| *mark == c) {
                (self.open, pending) = (Some(*ansi), Some(*ansi));
            } else if c == END {
                if pending.is_none() && self.color {
                    out.push_str(RESET);
                }
                (self.open, pending) = (None, None);
            } else {
                if c != ' '
                    && let Some(ansi) = pending.take()
                    && self.color
                {
                    out.push_str(ansi);
                }
                out.push(c);
            }
        }
        if self.open.is_some() && pending.is_none() && self.color {
            out.push_str(RESET);
        }
        if line.trim_end_matches(' ').ends_with(END) {
            self.open = None;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn marks_have_no_width() {
        for (style, ..) in STYLES {
            assert_eq!(paint(style, "FAIL").width(), 4);
        }
    }

    #[test]
    fn without_color_nothing_is_left() {
        assert_eq!(Painter::new(false).line(&format!("a {}  ", paint(Style::Red, "b"))), "a b");
    }

    #[test]
    fn with_color_every_line_ends_plain() {
        let mut painter = Painter::new(true);
        assert_eq!(painter.line(&format!("{} b", paint(Style::Red, "a"))), "\u{1b}[1;31ma\u{1b}[0m b");
        assert_eq!(painter.line("\u{e0042}one"), "\u{1b}[2mone\u{1b}[0m");
        assert_eq!(painter.line("  two\u{e007f}"), "  \u{1b}[2mtwo\u{1b}[0m");
        assert_eq!(painter.line("three"), "three");
    }
}
