//! What of a text nothing executes: comments of all styles, docstrings, descriptions.
//!
//! By lines and by what stands before a place, not by a parser of each language: a text is read from anywhere. Whole files of
//! documentation are known by their path (`language`).

use std::ops::Range;

/// How far back the beginning of a comment is looked for.
const REACH: usize = 8_000;
/// The longest line whose comments are looked for; longer ones are made by machines.
const MAX_LINE: usize = 2_000;

/// How a language writes comments.
struct Style {
    line: &'static [&'static str],
    block: &'static [(&'static str, &'static str)],
    /// Whether strings in three quotation marks may be documentation.
    docstrings: bool,
}

const C_BLOCK: &[(&str, &str)] = &[("/*", "*/")];
const HTML_BLOCK: &[(&str, &str)] = &[("<!--", "-->")];

fn style(language: &str) -> Style {
    let style = |line, block| Style { line, block, docstrings: false };
    match language {
        "python" | "elixir" | "julia" => Style { line: &["#"], block: &[], docstrings: true },
        "ruby" => style(&["#"], &[("\n=begin", "\n=end")]),
        "perl" => style(&["#"], &[("\n=pod", "\n=cut"), ("\n=head", "\n=cut")]),
        "shell" | "yaml" | "toml" | "dockerfile" | "make" | "dotenv" | "conf" | "r" | "graphql" | "rego" => {
            style(&["#"], &[])
        }
        "cloudformation" => style(&["#", "//"], &[]),
        "powershell" => style(&["#"], &[("<#", "#>")]),
        "nix" => style(&["#"], C_BLOCK),
        "terraform" | "php" | "text" => style(&["#", "//"], C_BLOCK),
        "sql" | "haskell" => style(&["--"], &[("/*", "*/"), ("{-", "-}")]),
        "lua" => style(&["--"], &[("--[[", "]]")]),
        "properties" => style(&["#", ";", "!"], &[]),
        "clojure" => style(&[";"], &[]),
        "erlang" => style(&["%"], &[]),
        "visual-basic" => style(&["'"], &[]),
        "batch" => style(&["rem ", "::"], &[]),
        "ocaml" | "fsharp" => style(&["//"], &[("(*", "*)"), ("/*", "*/")]),
        "xml" | "markdown" => style(&[], HTML_BLOCK),
        "html" => style(&["//"], &[("<!--", "-->"), ("/*", "*/"), ("{#", "#}"), ("@*", "*@")]),
        _ => style(&["//"], C_BLOCK),
    }
}

/// What is prose in a text.
pub(super) struct Prose<'a> {
    text: &'a str,
    style: Style,
    language: &'a str,
    docstrings: Vec<Range<usize>>,
    notebook: bool,
}

impl<'a> Prose<'a> {
    pub(super) fn new(text: &'a str, language: &'a str) -> Prose<'a> {
        let style = style(language);
        let notebook = language == "python" && text.trim_start().starts_with('{') && text.contains("\"cell_type\"");
        let docstrings = if style.docstrings && !notebook { docstrings(text) } else { Vec::new() };
        Prose { text, style, language, docstrings, notebook }
    }

    /// Whether the place at `at` is prose.
    pub(super) fn contains(&self, at: usize) -> bool {
        self.docstrings.iter().any(|range| range.contains(&at))
            || self.in_line_comment(at)
            || self.in_block_comment(at)
            || self.in_description(at)
            || self.in_markdown_cell(at)
            || self.in_block_scalar(at)
    }

    fn before(&self, at: usize, reach: usize) -> &'a str {
        let mut start = at.saturating_sub(reach);
        while !self.text.is_char_boundary(start) {
            start += 1;
        }
        self.text.get(start..at).unwrap_or_default()
    }

    /// What stands before `at` on its line; none if the line is very long.
    fn line(&self, at: usize) -> Option<&'a str> {
        let before = self.before(at, MAX_LINE);
        match before.rfind('\n') {
            Some(end) => Some(&before[end + 1..]),
            None => (before.len() == at).then_some(before),
        }
    }

    fn in_line_comment(&self, at: usize) -> bool {
        let Some(mut line) = self.line(at) else { return false };
        if self.notebook {
            line = line.trim_start().trim_start_matches('"');
        }
        let trimmed = line.trim_start();
        let stars = self.style.block.contains(&("/*", "*/"));
        if stars
            && (trimmed.starts_with("* ") || trimmed.starts_with("*\t") || trimmed.starts_with("/*"))
            && !trimmed.contains("*/")
        {
            return true;
        }
        let mut quote = None;
        let mut before = ' ';
        for (offset, c) in line.char_indices() {
            if let Some(open) = quote {
                if c == open && before != '\\' {
                    quote = None;
                }
            } else if self.comment_begins(line, offset, before) {
                return true;
            } else if (matches!(c, '"' | '`') || c == '\'' && !before.is_ascii_alphanumeric()) && before != '\\' {
                quote = Some(c);
            }
            before = c;
        }
        false
    }

    /// Whether a comment to the end of the line begins at `offset`, behind `before`.
    fn comment_begins(&self, line: &str, offset: usize, before: char) -> bool {
        let rest = &line[offset..];
        let first = line[..offset].trim_start().is_empty();
        self.style.line.iter().any(|token| {
            let free = match *token {
                "//" => before != ':' && before != '\\',
                ";" | "!" | "rem " | "::" => first,
                _ => before.is_whitespace() || first,
            };
            // Interpolations and directives are no comments.
            let other = *token == "#" && (rest.starts_with("#{") || rest.starts_with("#!"));
            free && !other && rest.get(..token.len()).is_some_and(|head| head.eq_ignore_ascii_case(token))
        })
    }

    fn in_block_comment(&self, at: usize) -> bool {
        self.style.block.iter().any(|(open, close)| {
            let before = self.before(at, REACH);
            let Some(opened) = before.rfind(open) else { return false };
            if before[opened..].contains(close) {
                return false;
            }
            // A pattern of paths such as `src/**/*.ts` opens none.
            *open != "/*"
                || before[..opened].chars().next_back().is_none_or(|c| c.is_whitespace() || "{(;,}".contains(c))
        })
    }

    /// Whether the literal around `at` is the value of a member that only describes.
    fn in_description(&self, at: usize) -> bool {
        const NAMES: [&str; 11] = [
            "description",
            "documentation",
            "desc",
            "comment",
            "summary",
            "helptext",
            "help",
            "$comment",
            "_comment",
            "markdowndescription",
            "error_message",
        ];
        let before = self.before(at, 400);
        let line = before.rsplit('\n').next().unwrap_or_default().to_ascii_lowercase();
        NAMES.iter().any(|name| {
            line.rfind(name).is_some_and(|place| {
                let ahead = &line[..place];
                let whole = !ahead.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
                let rest = line[place + name.len()..].trim_start_matches(['"', '\'', ' ']);
                let Some(value) = rest.strip_prefix([':', '=']) else { return false };
                if value.starts_with('=') {
                    return false;
                }
                let value = value.trim_start_matches([' ', '(', '>']);
                let open = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
                let closed = open.is_some_and(|quote| {
                    let mut escaped = false;
                    value[1..].chars().any(|c| {
                        let ends = c == quote && !escaped;
                        escaped = c == '\\' && !escaped;
                        ends
                    })
                });
                // Plain YAML runs to the end of the line.
                let plain =
                    open.is_none() && matches!(self.language, "yaml" | "cloudformation" | "properties" | "text");
                whole && (open.is_some() && !closed || plain)
            })
        })
    }

    /// Whether the line belongs to a block scalar of YAML that only describes.
    fn in_block_scalar(&self, at: usize) -> bool {
        if !matches!(self.language, "yaml" | "cloudformation") {
            return false;
        }
        let Some(line) = self.line(at) else { return false };
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let own = indent(line);
        let above = self.before(at - line.len(), 3_000);
        for line in above.trim_end().rsplit('\n').take(40) {
            if line.trim().is_empty() || indent(line) >= own {
                continue;
            }
            let key = line.trim().trim_start_matches("- ");
            let Some((name, value)) = key.split_once(':') else { return false };
            let block = value.trim_start().starts_with(['|', '>']);
            return block
                && matches!(
                    name.to_ascii_lowercase().as_str(),
                    "description" | "documentation" | "comment" | "summary" | "help" | "notes"
                );
        }
        false
    }

    fn in_markdown_cell(&self, at: usize) -> bool {
        if !self.notebook {
            return false;
        }
        let before = self.before(at, 40_000);
        before
            .rfind("\"cell_type\"")
            .is_some_and(|cell| before[cell + 11..].trim_start_matches([':', ' ']).starts_with("\"markdown\""))
    }
}

/// The strings in three quotation marks that are statements of their own, or an attribute's documentation.
fn docstrings(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((start, mark)) = next_mark(text, at) {
        let inside = start + 3;
        let Some(length) = text[inside..].find(mark) else { break };
        let end = inside + length + 3;
        let mut from = start.saturating_sub(40);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let before = &text[from..start];
        let line = before.rsplit('\n').next().unwrap_or_default().trim();
        if matches!(line, "" | "r" | "u" | "@doc" | "@moduledoc" | "@typedoc" | "@doc ~S" | "@moduledoc ~S") {
            found.push(start..end);
        }
        at = end;
    }
    found
}

fn next_mark(text: &str, from: usize) -> Option<(usize, &'static str)> {
    let offset = memchr::memmem::find(&text.as_bytes()[from..], b"\"\"\"");
    let other = memchr::memmem::find(&text.as_bytes()[from..offset.map_or(text.len(), |at| from + at)], b"'''");
    match (offset, other) {
        (_, Some(at)) => Some((from + at, "'''")),
        (Some(at), None) => Some((from + at, "\"\"\"")),
        (None, None) => None,
    }
}
