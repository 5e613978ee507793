//! Colour and links, kept out of layout's way.
//!
//! Text is painted with invisible, zero-width marks, so that wrapping and tables measure it as if it were plain. Only
//! when a line leaves are the marks turned into ANSI sequences and OSC 8 links, or dropped. Text from an account cannot
//! hold such a mark: [`safe`](super::safe::safe) escapes them. Colour never carries meaning alone; the word is always
//! there, and so is what a link leads away from.

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

/// Stands before a link's text as its address: each byte of it, invisible, as the character so far behind this one.
const ADDRESS: u32 = 0xe_0100;
const LINK_END: char = '\u{e01ef}';
/// OSC 8: the address stands between these two, and nothing between them ends the link.
/// Source: <https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>.
const LINK: (&str, &str) = ("\u{1b}]8;;", "\u{1b}\\");

/// The text as a link, where links are written. The address is a reference of a rule, never from an account; one that
/// is no plain `https` address is no link.
pub(super) fn link(address: &str, text: &str) -> String {
    if !address.starts_with("https://") || !address.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.to_owned();
    }
    let mut out: String = address.bytes().filter_map(|byte| char::from_u32(ADDRESS + u32::from(byte))).collect();
    out.push_str(text);
    out.push(LINK_END);
    out
}

/// The character of an address that this mark stands for.
fn of_address(mark: char) -> Option<char> {
    let byte = u32::from(mark).checked_sub(ADDRESS).and_then(|byte| u8::try_from(byte).ok())?;
    byte.is_ascii_graphic().then(|| char::from(byte))
}

/// The text in this style. Styles do not nest; a link may be in one.
pub(super) fn paint(style: Style, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    out.extend(STYLES.iter().find(|(each, ..)| *each == style).map(|(_, mark, _)| *mark));
    out.push_str(text);
    out.push(END);
    out
}

/// Turns marks into ANSI sequences, or drops them, line by line: a style or a link that a wrap has cut is closed and
/// reopened.
#[derive(Debug)]
pub(super) struct Painter {
    color: bool,
    links: bool,
    open: Option<&'static str>,
    address: Option<String>,
}

impl Painter {
    pub(super) fn new(color: bool) -> Self {
        Self { color, links: false, open: None, address: None }
    }

    /// Whether links are written too.
    pub(super) fn with_links(self, links: bool) -> Self {
        Self { links, ..self }
    }

    /// One finished line, without trailing blanks.
    pub(super) fn line(&mut self, line: &str) -> String {
        let mut out = String::with_capacity(line.len());
        // A reopened style waits for the first visible character, so that indents stay plain. So does a link.
        let mut pending = self.open;
        let (mut linked, mut address) = (false, String::new());
        let shown = line.trim_end_matches([' ', END, LINK_END]);
        for c in shown.chars() {
            if let Some(c) = of_address(c) {
                address.push(c);
                continue;
            }
            if !address.is_empty() {
                self.address = Some(std::mem::take(&mut address));
            }
            if let Some((_, _, ansi)) = STYLES.iter().find(|(_, mark, _)| *mark == c) {
                (self.open, pending) = (Some(*ansi), Some(*ansi));
            } else if c == END {
                if pending.is_none() && self.color {
                    out.push_str(RESET);
                }
                (self.open, pending) = (None, None);
            } else if c == LINK_END {
                close(&mut out, &mut linked);
                self.address = None;
            } else {
                if c != ' '
                    && let Some(ansi) = pending.take()
                    && self.color
                {
                    out.push_str(ansi);
                }
                if c != ' '
                    && !linked
                    && self.links
                    && let Some(address) = &self.address
                {
                    out.extend([LINK.0, address, LINK.1]);
                    linked = true;
                }
                out.push(c);
            }
        }
        close(&mut out, &mut linked);
        if self.open.is_some() && pending.is_none() && self.color {
            out.push_str(RESET);
        }
        let trimmed = line.get(shown.len()..).unwrap_or_default();
        if trimmed.contains(END) {
            self.open = None;
        }
        if trimmed.contains(LINK_END) {
            self.address = None;
        }
        out
    }
}

/// Ends a link that is open.
fn close(out: &mut String, linked: &mut bool) {
    if std::mem::take(linked) {
        out.extend([LINK.0, LINK.1]);
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

    const ADDRESS_OF_A: &str = "https://a.example/#b?c=d";

    #[test]
    fn a_link_has_the_width_of_its_text() {
        assert_eq!(link(ADDRESS_OF_A, "rule").width(), 4);
        let written = Painter::new(false).with_links(true).line(&format!("a {} b", link(ADDRESS_OF_A, "rule")));
        assert_eq!(written, format!("a \u{1b}]8;;{ADDRESS_OF_A}\u{1b}\\rule\u{1b}]8;;\u{1b}\\ b"));
        assert_eq!(Painter::new(true).line(&link(ADDRESS_OF_A, "rule")), "rule");
    }

    #[test]
    fn a_link_that_a_wrap_has_cut_is_closed_and_reopened() {
        let mut painter = Painter::new(true).with_links(true);
        let text = paint(Style::Bold, &link(ADDRESS_OF_A, "one two"));
        let (first, second) = text.split_once(' ').unwrap();
        let (open, close) = (format!("\u{1b}]8;;{ADDRESS_OF_A}\u{1b}\\"), "\u{1b}]8;;\u{1b}\\");
        assert_eq!(painter.line(first), format!("\u{1b}[1m{open}one{close}\u{1b}[0m"));
        assert_eq!(painter.line(&format!("  {second}  ")), format!("  \u{1b}[1m{open}two{close}\u{1b}[0m"));
        assert_eq!(painter.line("three"), "three");
    }

    #[test]
    fn only_a_plain_address_is_a_link() {
        for address in
            ["http://a.example", "javascript:alert(1)", "https://a.example/\u{1b}\\", "https://a.example/ä", ""]
        {
            assert_eq!(link(address, "x"), "x");
        }
    }

    #[test]
    fn no_text_from_an_account_holds_a_mark() {
        for mark in link(ADDRESS_OF_A, "").chars().chain([END]) {
            assert!(super::super::safe::is_hidden(mark), "{:x}", u32::from(mark));
        }
    }
}
