//! Text of any origin made harmless in documents: in Markdown as GitHub renders it, in Mermaid, in SVG.
//!
//! Names come from an account, and whoever may create a pool chooses them. What steers a terminal is made visible first
//! ([`safe`]); then whatever the surface would read as syntax is escaped. GitHub links addresses, `@names` and `#numbers` in
//! the text that it has rendered, so no escape of Markdown stops it: an entity for a zero-width space is put between.
//! Sources: <https://github.github.com/gfm/>, <https://mermaid.js.org/syntax/flowchart.html>.

use std::fmt::Write as _;

use super::safe::{is_hidden, safe};

/// An entity for a zero-width space: GitHub finds no mention, number or address in text that has one.
const APART: &str = "&#8203;";

/// A name, or any text in a line, as plain Markdown text. Pairs of backticks stay code, as people write it in steps; what
/// looks like an address becomes code, so that it can be copied and is no link.
pub(in crate::render) fn prose(text: &str) -> String {
    let text = safe(text);
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1;
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        match (paired, index % 2 == 1) {
            (true, true) if !part.is_empty() => push_code(&mut out, part),
            (true, true) => out.push_str("\\`\\`"),
            (paired, _) => {
                out.push_str(if paired || index == 0 { "" } else { "\\`" });
                push_words(&mut out, part, index == 0);
            }
        }
    }
    out
}

/// Text without backticks, word by word.
fn push_words(out: &mut String, text: &str, begins: bool) {
    const AROUND: &[char] = &['(', ')', '[', ']', '"', '\'', ',', '.', ';', ':', '!', '?'];
    for (index, word) in text.split_inclusive(' ').enumerate() {
        let core = word.trim_end_matches(' ').trim_matches(AROUND);
        let address = core.contains("://") || core.contains('@');
        match word.split_once(core).filter(|_| address) {
            Some((before, after)) => {
                out.push_str(&plain(before, begins && index == 0));
                push_code(out, core);
                out.push_str(&plain(after, false));
            }
            None => out.push_str(&plain(word, begins && index == 0)),
        }
    }
}

/// Code behind other text: two runs of backticks must not become one.
fn push_code(out: &mut String, text: &str) {
    if out.ends_with('`') {
        out.push_str(APART);
    }
    out.push_str(&code(text));
}

/// Running text that may have been written in several lines.
pub(super) fn flow(text: &str) -> String {
    prose(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn plain(text: &str, begins: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 16);
    let at = |index: usize| chars.get(index).copied();
    let before = |index: usize, n: usize| index.checked_sub(n).and_then(at);
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    for (index, c) in chars.iter().copied().enumerate() {
        let first = begins && index == 0;
        let next_digit = at(index + 1).is_some_and(|c| c.is_ascii_digit());
        match c {
            '\\' | '*' | '[' | ']' | '~' | '|' | '`' => out.extend(['\\', c]),
            // Within a word it is no emphasis.
            '_' if before(index, 1).is_some_and(char::is_alphanumeric)
                && at(index + 1).is_some_and(char::is_alphanumeric) =>
            {
                out.push(c);
            }
            '_' => out.push_str("\\_"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Between two of them GitHub sees mathematics.
            '$' => out.push_str("&#36;"),
            // What begins a heading, a list or an underline.
            // A number behind it is an issue even so.
            '#' if first && next_digit => out.extend(["\\#", APART]),
            '#' | '+' | '-' | '=' if first => out.extend(['\\', c]),
            '.' | ')' if begins && digits > 0 && index == digits => out.extend(['\\', c]),
            '#' if next_digit => out.extend(["#", APART]),
            // `GH-12` is an issue too.
            '-' if next_digit && is_letter(before(index, 1), 'h') && is_letter(before(index, 2), 'g') => {
                out.extend(["-", APART]);
            }
            '.' if (1..=3).all(|n| is_letter(before(index, n), 'w')) => out.extend([APART, "."]),
            // Four of them begin a block of code.
            ' ' if first => out.push_str("&#32;"),
            _ => out.push(c),
        }
    }
    out
}

fn is_letter(c: Option<char>, letter: char) -> bool {
    c.is_some_and(|c| c.eq_ignore_ascii_case(&letter))
}

/// A name or id as code, which GitHub neither formats nor links, in running text and in cells alike.
pub(in crate::render) fn code(text: &str) -> String {
    let text = safe(text);
    // Between backticks nothing can be escaped, and a cell ends at a `|` even there.
    let simple = !text.contains(['`', '|', '\\']) && text.trim() == text && !text.is_empty();
    if simple {
        return format!("`{text}`");
    }
    let mut out = "<code>".to_owned();
    let mut word = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            let entity = format!("&#{};", u32::from(c));
            // Of `www.` the dot, of `://` the colon, of an address the `@`.
            match c {
                ':' | '@' => out.extend([entity.as_str(), APART]),
                '.' if word.to_ascii_lowercase().ends_with("www") => out.extend([APART, entity.as_str()]),
                _ => out.push_str(&entity),
            }
        } else {
            out.push(c);
        }
        word.push(c);
    }
    out + "</code>"
}

/// A block of code, with a fence that is longer than any run of backticks in it. Hidden characters are made visible.
pub(super) fn fence(language: &str, text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        match c {
            '\n' | '\t' => lines.push(c),
            c if is_hidden(c) => lines.extend(c.escape_unicode()),
            c => lines.push(c),
        }
    }
    let (mut longest, mut run) = (0, 0);
    for c in lines.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let ticks = "`".repeat((longest + 1).max(3));
    format!("{ticks}{language}\n{lines}\n{ticks}\n")
}

/// A URL as a link, if it is one that can be nothing else; else as code.
pub(super) fn link(url: &str) -> String {
    if is_sound(url) { format!("<{url}>") } else { code(url) }
}

/// Code that leads to a URL, if that is one that can be nothing else.
pub(super) fn code_link(text: &str, url: &str) -> String {
    if is_sound(url) { format!("[{}]({url})", code(text)) } else { code(text) }
}

fn is_sound(url: &str) -> bool {
    let sound =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/' | '#' | '%' | '=' | '?' | '&' | ':');
    url.starts_with("https://") && url.chars().all(sound)
}

/// The text of a node in Mermaid, between quotation marks.
pub(super) fn mermaid(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in safe(text).chars() {
        let harmless = c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '.' | '-' | ':' | '/' | '(' | ')');
        if harmless || !c.is_ascii() {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

/// Text in XML, in elements and in attributes.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in safe(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no such characters, however they are written.
            '\u{fffe}' | '\u{ffff}' => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use comrak::{Options, markdown_to_html};

    /// Texts that try to be more than text.
    pub(in crate::render) const HOSTILE: &[&str] = &[
        "customers|prod",
        "a\\|b",
        "`` ` ```",
        "`code` and `more`",
        "a ` b",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.example/x.png)",
        "[click](javascript:alert(1))",
        "**bold** _it_ ~~no~~ __x__",
        "https://evil.example/path www.evil.example me@evil.example",
        "@acme/everyone and @root",
        "#12 GH-12 acme/shop#7",
        "$a$ and $$b$$",
        "&lt;b&gt; &amp; &#64;",
        "line one\nline two\r\n# heading",
        "\u{202e}desrever\u{200b}",
        "# heading",
        "- item",
        "+ item",
        "1. item",
        "12) item",
        "= x",
        "---",
        "    indented",
        " leading and trailing ",
        "| a | b |",
        "::error::x",
        "'; touch X; '",
        "$(touch X)",
        "\u{1b}[31mred",
        "",
        "顧客 プール",
        "snake_case_name us-east-1_AbCdEfGhI",
        "ends with \\",
        "```\nend of fence\n```",
        "[ ] task",
        "<!-- comment -->",
        "]]> <![CDATA[x]]>",
        "end",
        "\"quoted\"",
    ];

    /// As GitHub renders it, but for what it links afterwards.
    pub(in crate::render) fn github(markdown: &str) -> String {
        let mut options = Options::default();
        options.extension.table = true;
        options.extension.autolink = true;
        options.extension.strikethrough = true;
        options.extension.tasklist = true;
        options.extension.math_dollars = true;
        options.extension.math_code = true;
        options.extension.footnotes = true;
        options.render.r#unsafe = true;
        markdown_to_html(markdown, &options)
    }

    /// The text of a page, without its tags, entities resolved.
    fn text(html: &str) -> String {
        let mut out = String::new();
        let mut rest = html;
        while let Some((before, tag)) = rest.split_once('<') {
            out.push_str(before);
            rest = tag.split_once('>').map_or("", |(_, after)| after);
        }
        out.push_str(rest);
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&"), ("\u{200b}", "")];
        entities.iter().fold(out, |text, (entity, c)| text.replace(entity, c)).trim_end_matches('\n').to_owned()
    }

    fn tags(html: &str) -> std::collections::BTreeSet<&str> {
        html.split('<').skip(1).filter_map(|tag| tag.split(['>', ' ']).next()).collect()
    }

    #[test]
    fn prose_is_read_as_it_was_written_and_is_nothing_but_text() {
        for hostile in HOSTILE {
            for page in [format!("{}\n", prose(hostile)), format!("before {} after\n", prose(hostile))] {
                let html = github(&page);
                let others: Vec<&str> =
                    tags(&html).into_iter().filter(|tag| !["p", "/p", "code", "/code"].contains(tag)).collect();
                assert!(others.is_empty(), "{hostile:?} became {html}");
                // Backticks in pairs have become code.
                let (wanted, found) = (safe(hostile).replace('`', ""), text(&html).replace('`', ""));
                assert!(found.contains(wanted.trim()), "{hostile:?} became {html}: {found:?}, not {wanted:?}");
            }
        }
    }

    #[test]
    fn code_is_read_as_it_was_written() {
        for hostile in HOSTILE {
            let html = github(&format!("{}\n", code(hostile)));
            let found = text(&html);
            assert_eq!(found, safe(hostile), "{html}");
            assert!(tags(&html).iter().all(|tag| ["p", "/p", "code", "/code"].contains(tag)), "{html}");
        }
    }

    #[test]
    fn a_cell_stays_one_cell() {
        for hostile in HOSTILE {
            for cell in [prose(hostile), flow(hostile), code(hostile)] {
                let html = github(&format!("| a | b |\n| --- | --- |\n| {cell} | end |\n"));
                assert_eq!(html.matches("<td>").count(), 2, "{hostile:?}: {html}");
                assert!(html.contains("<td>end</td>"), "{hostile:?}: {html}");
                assert!(!html.contains("<a ") && !html.contains("<img"), "{hostile:?}: {html}");
            }
        }
    }

    #[test]
    fn nothing_is_linked_that_github_links_in_rendered_text() {
        for (hostile, escaped) in [
            ("@root", "`@root`"),
            ("ask (me@x.example).", "ask (`me@x.example`)."),
            ("#12", "\\#&#8203;12"),
            ("see #12", "see #&#8203;12"),
            ("GH-12", "GH-&#8203;12"),
            ("see https://x.example, or not", "see `https://x.example`, or not"),
            ("`a`https://x.example", "`a`&#8203;`https://x.example`"),
            ("www.x.example", "www&#8203;.x.example"),
        ] {
            assert_eq!(prose(hostile), escaped);
        }
        assert_eq!(code("@root"), "`@root`");
    }

    #[test]
    fn a_fence_ends_where_it_was_meant_to() {
        for hostile in HOSTILE.iter().copied().chain(["````\nx", "x\n``````"]) {
            let html = github(&format!("{}\nafter\n", fence("bash", &format!("{hostile}\nlast"))));
            assert!(html.contains("last\n</code></pre>\n<p>after</p>"), "{hostile:?}: {html}");
        }
        assert_eq!(fence("", "a\u{202e}b\tc\r\n\n"), "```\na\\u{202e}b\tc\n```\n");
    }

    #[test]
    fn only_a_sound_url_is_a_link() {
        assert_eq!(link("https://docs.example/a?b=c#d"), "<https://docs.example/a?b=c#d>");
        for url in ["javascript:alert(1)", "https://x.example/>|", "http://x.example", "https://x.example/a b"] {
            assert!(!github(&link(url)).contains("<a "), "{url}");
            assert!(!github(&code_link("x", url)).contains("<a "), "{url}");
        }
        for hostile in HOSTILE {
            let html = github(&format!("{}\n", code_link(hostile, "https://docs.example/a?b=c#d")));
            assert!(html.starts_with("<p><a href=\"https://docs.example/a?b=c#d\"><code>"), "{html}");
            assert_eq!(text(&html), safe(hostile), "{html}");
        }
    }

    #[test]
    fn a_label_has_no_syntax_of_mermaid() {
        for hostile in HOSTILE {
            let label = mermaid(hostile);
            assert!(!label.contains(['"', '[', ']', '<', '>', '`', '{', '}', '|', '\n', '%']), "{label}");
        }
        assert_eq!(mermaid("a \"b\" #1; 顧客"), "a #34;b#34; #35;1#59; 顧客");
    }

    #[test]
    fn xml_has_no_markup_and_no_character_that_xml_has_not() {
        assert_eq!(
            xml("<a b='c' d=\"e\">&\u{ffff}\u{1}"),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\\u{ffff}\\u{1}"
        );
    }
}
