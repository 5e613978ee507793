//! What stands around a keyword on its line: the key it is a value of, whether it is a comment, a comparison, a definition.
//!
//! Bounded: no more than a few hundred bytes on either side are looked at, however long the line is.

use std::ops::Range;

/// How much of a line is looked at on either side.
const MAX_SIDE: usize = 240;
/// Words before a name that define it instead of using it.
const DEFINITIONS: [&str; 12] =
    ["class", "def", "extends", "interface", "function", "func", "struct", "implements", "import", "enum", "fn", "fun"];

/// How a value is tied to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// `key: value`, `key = value`, `key => value`
    Assigned,
    /// `key("value")`
    Call,
    /// `--key value`
    Option,
    /// `set("key", "value")`
    Pair,
}

/// A keyword and its line.
pub(super) struct Context<'a> {
    text: &'a str,
    language: &'a str,
    at: Range<usize>,
    left: &'a str,
    right: &'a str,
}

impl<'a> Context<'a> {
    pub(super) fn new(text: &'a str, language: &'a str, at: &Range<usize>) -> Self {
        Self { text, language, at: at.clone(), left: before(text, at.start), right: after(text, at.end) }
    }

    /// Whether the keyword is a word of its own.
    pub(super) fn is_word(&self) -> bool {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        !self.left.ends_with(part) && !self.right.starts_with(part)
    }

    /// Whether the keyword begins a word, perhaps after a prefix.
    pub(super) fn starts_word_or(&self, prefix: &str) -> bool {
        let left = self.left.strip_suffix(prefix).unwrap_or(self.left);
        !left.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    }

    /// Whether a member of something is named.
    pub(super) fn follows_dot(&self) -> bool {
        self.left.ends_with('.')
    }

    /// Whether it is one of several types or patterns: `"A" | "B"`.
    pub(super) fn is_alternative(&self) -> bool {
        let bar = |rest: &str| rest.starts_with('|') && !rest.starts_with("||");
        let before = self.left.trim_end_matches(['"', '\'', '`', '\\']).trim_end();
        let after = self.right.trim_start_matches(['"', '\'', '`', '\\']).trim_start();
        before.ends_with('|') && !before.ends_with("||") || bar(after) && !matches!(self.language, "markdown")
    }

    /// Whether the word before defines what the keyword names.
    pub(super) fn is_definition(&self) -> bool {
        let head = self.left.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        let word = head.trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        head.trim_end().ends_with("class::") || head.ends_with([' ', '\t']) && DEFINITIONS.contains(&word)
    }

    /// Whether a constant of a type is defined: `Name Type = "value"`.
    pub(super) fn is_constant(&self) -> bool {
        let name = self.left.split(['=', ':']).next().unwrap_or_default().trim();
        if name.contains('_')
            && name.starts_with(|c: char| c == '_' || c.is_ascii_uppercase())
            && name.to_ascii_uppercase() == name
        {
            return !name.contains(['"', '\'', ' ', '-']) && self.language == "python";
        }
        let begin = self.left.trim_start();
        if begin.starts_with("const ") || begin.starts_with("enum ") {
            return true;
        }
        self.language == "go" && self.left.contains('=') && !self.left.contains(":=")
    }

    /// The key of which the keyword is the value, without case and punctuation, and how they are tied.
    pub(super) fn key(&self) -> Option<(String, Separator)> {
        let unquoted = unquote(self.left);
        let mut head = unquoted;
        // `aws.String("…")`, `Type.VALUE`: what wraps the value is not its key.
        let mut call = None;
        if let Some(inner) = head.strip_suffix('(') {
            let outer = inner.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':'));
            call = Some(&inner[outer.len()..]);
            head = outer;
        } else if unquoted.len() == self.left.len() && head.ends_with('.') {
            head = head.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        }
        if let Some(callee) = call {
            let name = callee.rsplit('.').next().unwrap_or_default();
            let wrapper = matches!(
                name,
                "String"
                    | "of"
                    | "valueOf"
                    | "Of"
                    | "Some"
                    | "str"
                    | "Output"
                    | "output"
                    | "fromString"
                    | "getString"
                    | "ToPointer"
                    | "Ptr"
            );
            if !wrapper {
                return Some((normal(name), Separator::Call));
            }
        }
        let trimmed = head.trim_end();
        let spaced = trimmed.len() < head.len();
        if let Some(head) = trimmed.strip_suffix("=>").or_else(|| trimmed.strip_suffix(":=")) {
            return Some((word(head)?, Separator::Assigned));
        }
        if let Some(head) = trimmed.strip_suffix([':', '=']) {
            // A comparison is no setting.
            if head.ends_with(['=', '!', '<', '>', '~']) {
                return None;
            }
            return Some((word(head)?, Separator::Assigned));
        }
        if let Some(head) = trimmed.strip_suffix(',') {
            // A line of pairs: `"key", "value"`.
            let pair = head.trim_start();
            if pair.len() > 2 && pair.starts_with(['"', '\'']) && pair.ends_with(['"', '\'']) && !pair.contains(',') {
                return Some((word(head)?, Separator::Pair));
            }
            let call = head.rsplit('(').nth(1)?;
            let callee = call.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?.to_ascii_lowercase();
            let sets = ["override", "put", "set", "with", "entry", "tuple"].iter().any(|verb| callee.contains(verb));
            return sets.then(|| Some((word(head)?, Separator::Pair)))?;
        }
        let flag = trimmed.rsplit([' ', '\t', '"', '\'', '[', ',']).next()?;
        (spaced && flag.starts_with("--")).then(|| (normal(flag), Separator::Option))
    }

    /// The key of the mapping that holds this line, one level up, by indentation.
    pub(super) fn parent_key(&self) -> Option<String> {
        let start = line_start(self.text, self.at.start)?;
        let indent = indent_of(&self.text[start..]);
        let mut end = start;
        for _ in 0..12 {
            let line_end = end.checked_sub(1)?;
            let begin = line_start(self.text, line_end)?;
            let line = &self.text[begin..line_end];
            if !line.trim().is_empty() && indent_of(line) < indent {
                let key = line.trim().trim_end_matches('{').trim_end().strip_suffix(':')?;
                return Some(normal(key));
            }
            end = begin;
        }
        None
    }

    /// Whether one of the lines that hold this one, by indentation or on itself, names a word.
    pub(super) fn has_ancestor(&self, word: &str) -> bool {
        if self.left.to_ascii_lowercase().contains(word) {
            return true;
        }
        let Some(start) = line_start(self.text, self.at.start) else { return false };
        let (mut indent, mut end, mut levels) = (indent_of(&self.text[start..]), start, 0);
        for _ in 0..60 {
            let Some(line_end) = end.checked_sub(1) else { return false };
            let Some(begin) = line_start(self.text, line_end) else { return false };
            let line = &self.text[begin..line_end];
            if !line.trim().is_empty() && indent_of(line) < indent {
                if line.to_ascii_lowercase().contains(word) {
                    return true;
                }
                (indent, levels) = (indent_of(line), levels + 1);
                if levels == 3 {
                    return false;
                }
            }
            end = begin;
        }
        false
    }

    /// Whether key and value are code inside a sentence: between backticks, with words before.
    pub(super) fn is_inline_code(&self) -> bool {
        let before = self.left.matches('`').count() % 2 == 1;
        before && self.right.contains('`') && self.left.split('`').next().is_some_and(|words| words.contains(' '))
    }

    /// Whether a word stands within a few lines.
    pub(super) fn stands_near(&self, word: &str) -> bool {
        let (mut start, mut end) = (self.at.start.saturating_sub(300), self.text.len().min(self.at.end + 300));
        while !self.text.is_char_boundary(start) {
            start += 1;
        }
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text[start..end].contains(word)
    }

    /// Whether the line is a comment, or the keyword stands behind where one begins.
    pub(super) fn in_comment(&self) -> bool {
        in_comment(self.text, self.language, self.at.start)
    }
}

/// Whether a place stands in a comment that begins on its line.
pub(in crate::scan) fn in_comment(text: &str, language: &str, at: usize) -> bool {
    let line = before(text, at);
    let begin = line.trim_start();
    let hash = !matches!(
        language,
        "javascript" | "typescript" | "java" | "go" | "csharp" | "rust" | "markdown" | "c" | "cpp" | "kotlin" | "swift"
    );
    if ["//", "/*", "<!--", "* "].iter().any(|mark| begin.starts_with(mark)) || hash && begin.starts_with('#') {
        return true;
    }
    line.contains(" // ") && !line.contains("://") || hash && line.contains(" # ")
}

/// Where the line of a place begins, unless that is too far away.
fn line_start(text: &str, at: usize) -> Option<usize> {
    let from = at.saturating_sub(MAX_SIDE);
    match memchr::memrchr(b'\n', text.as_bytes().get(from..at)?) {
        Some(end) => Some(from + end + 1),
        None => (from == 0).then_some(0),
    }
}

/// The line up to a place, at most so much of it.
pub(in crate::scan) fn before(text: &str, at: usize) -> &str {
    let mut start = at.saturating_sub(MAX_SIDE);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let side = &text[start..at];
    side.rfind('\n').map_or(side, |line| &side[line + 1..])
}

/// The line from a place, at most so much of it.
pub(super) fn after(text: &str, at: usize) -> &str {
    let mut end = text.len().min(at + MAX_SIDE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let side = &text[at..end];
    side.find('\n').map_or(side, |line| &side[..line])
}

/// Without a quote at the end, also an escaped one.
fn unquote(left: &str) -> &str {
    let Some(inner) = left.strip_suffix(['"', '\'', '`']) else { return left };
    inner.trim_end_matches('\\')
}

/// The word at the end, quotes and brackets aside, without case and punctuation.
fn word(head: &str) -> Option<String> {
    let head = head.trim_end().trim_end_matches([']', '?']);
    let head = unquote(head);
    let start = head
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .map_or(0, |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
    let key = normal(head[start..].rsplit('.').next()?);
    (!key.is_empty()).then_some(key)
}

fn normal(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// How far a line is indented; the dash of a list counts as indentation.
fn indent_of(line: &str) -> usize {
    line.bytes().take_while(|b| matches!(b, b' ' | b'\t' | b'-')).count()
}
