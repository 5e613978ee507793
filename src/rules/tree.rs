//! Reading a YAML tree while collecting every mistake: keys, words, texts, lists. Knows nothing of rules or fields.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil};

use super::problem::{Sink, did_you_mean, escaped, or_list, quoted, similar};
use crate::yaml::{Node, Place, Value};

/// The deepest nesting that is read. Aliases can nest deeper than the text does.
const MAX_DEPTH: usize = 128;

/// Reports, in the whole tree, what no reader of ours allows: duplicate keys, keys that are no text, tags. False if it
/// is nested so deep that nobody should read on.
pub(super) fn check_tree(node: &Node, sink: &mut Sink<'_>) -> bool {
    check_below(node, 0, sink)
}

fn check_below(node: &Node, depth: usize, sink: &mut Sink<'_>) -> bool {
    if depth > MAX_DEPTH {
        sink.add(node.place, format!("nested more than {MAX_DEPTH} deep"));
        return false;
    }
    if let Some(tag) = &node.tag {
        sink.add(node.place, format!("the tag {} has no meaning here; remove it", quoted(tag)));
    }
    match &node.value {
        Value::Scalar { .. } => true,
        Value::List(items) => items.iter().all(|item| check_below(item, depth + 1, sink)),
        Value::Map(pairs) => {
            let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
            for (key, value) in pairs {
                if !check_below(value, depth + 1, sink) {
                    return false;
                }
                let Some(text) = key.text() else {
                    sink.add(key.place, "a key has to be a word");
                    continue;
                };
                let first = *seen.entry(text).or_insert(key.place);
                if first != key.place {
                    let Place { line, column } = first;
                    sink.add_with(
                        key.place,
                        format!("duplicate key {}: it already stands at {line}:{column}", quoted(text)),
                        Some("remove one of the two, or merge them".to_owned()),
                    );
                }
            }
            true
        }
    }
}

/// A mapping whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Keys<'n> {
    node: &'n Node,
    allowed: &'n [&'n str],
}

impl<'n> Keys<'n> {
    /// A mapping with these keys and no others; `what` names it in messages, with its article.
    pub(super) fn read(node: &'n Node, what: &str, allowed: &'n [&'n str], sink: &mut Sink<'_>) -> Option<Self> {
        let keys = Self { allowed, ..Self::any(node, what, sink)? };
        for (key, _) in keys.pairs() {
            let Some(text) = key.text().filter(|text| !allowed.contains(text)) else { continue };
            let help = did_you_mean(text, allowed.iter().copied())
                .unwrap_or_else(|| format!("{what} may have {}", or_list(allowed.iter().copied())));
            sink.add_with(key.place, format!("unknown key {} in {what}", quoted(text)), Some(help));
        }
        Some(keys)
    }

    /// A mapping whose keys the caller checks.
    pub(super) fn any(node: &'n Node, what: &str, sink: &mut Sink<'_>) -> Option<Self> {
        if node.map().is_none() {
            sink.add(node.place, format!("{what} has to be a mapping, this is {}", describe(node)));
            return None;
        }
        Some(Self { node, allowed: &[] })
    }

    pub(super) fn place(&self) -> Place {
        self.node.place
    }

    pub(super) fn pairs(&self) -> &'n [(Node, Node)] {
        self.node.map().unwrap_or_default()
    }

    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.node.get(key)
    }

    /// The value of a key that has to be there.
    pub(super) fn need(&self, key: &str, what: &str, sink: &mut Sink<'_>) -> Option<&'n Node> {
        let value = self.get(key);
        // A misspelt key was reported with its right spelling; that it is also missing is no news.
        let misspelt = |(written, _): &(Node, Node)| {
            let written = written.text().filter(|written| !self.allowed.contains(written));
            written.is_some_and(|written| similar(written, self.allowed.iter().copied()) == Some(key))
        };
        if value.is_none() && !self.pairs().iter().any(misspelt) {
            sink.add(self.place(), format!("{what} lacks the required key `{key}`"));
        }
        value
    }

    /// A text that has to be there.
    pub(super) fn need_text(&self, key: &str, what: &str, sink: &mut Sink<'_>) -> Option<String> {
        text(self.need(key, what, sink)?, &format!("`{key}`"), sink)
    }

    /// A text that may be there.
    pub(super) fn text(&self, key: &str, sink: &mut Sink<'_>) -> Option<String> {
        text(self.get(key)?, &format!("`{key}`"), sink)
    }
}

/// What a node is, in words.
pub(super) fn describe(node: &Node) -> String {
    match &node.value {
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
        Value::Scalar { text, .. } => match node.to_json() {
            serde_json::Value::Null => "nothing".to_owned(),
            serde_json::Value::Bool(value) => format!("the boolean {value}"),
            serde_json::Value::Number(_) => format!("the number {}", quoted(text)),
            serde_json::Value::String(_) | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                format!("the text {}", quoted(text))
            }
        },
    }
}

/// A text that is not blank, without the white space around it.
pub(super) fn text(node: &Node, what: &str, sink: &mut Sink<'_>) -> Option<String> {
    match node.as_string().map(str::trim) {
        Some("") => {
            sink.add(node.place, format!("{what} is empty"));
            None
        }
        Some(text) => Some(text.to_owned()),
        None => {
            let help =
                node.text().filter(|text| !text.is_empty()).map(|text| format!("quote it: \"{}\"", escaped(text)));
            sink.add_with(node.place, format!("{what} has to be text, this is {}", describe(node)), help);
            None
        }
    }
}

/// `true` or `false`, not as text.
pub(super) fn boolean(node: &Node, what: &str, sink: &mut Sink<'_>) -> Option<bool> {
    let value = if node.tag.is_none() { node.to_json().as_bool() } else { None };
    if value.is_none() {
        sink.add(node.place, format!("{what} has to be `true` or `false`, this is {}", describe(node)));
    }
    value
}

/// A sequence.
pub(super) fn list<'n>(node: &'n Node, what: &str, sink: &mut Sink<'_>) -> Option<&'n [Node]> {
    let items = node.list();
    if items.is_none() {
        let help = node.text().filter(|text| !text.is_empty()).map(|text| format!("write [{}]", escaped(text)));
        sink.add_with(node.place, format!("{what} has to be a list, this is {}", describe(node)), help);
    }
    items
}

/// One of a list of words.
pub(super) fn one_of<T: Copy>(
    node: &Node,
    what: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
    sink: &mut Sink<'_>,
) -> Option<T> {
    let names = || all.iter().map(|each| name(*each));
    let Some(word) = node.as_string() else {
        sink.add(node.place, format!("{what} has to be {}, this is {}", or_list(names()), describe(node)));
        return None;
    };
    let found = all.iter().copied().find(|each| name(*each) == word);
    if found.is_none() {
        let message = format!("{what} has to be {}, not {}", or_list(names()), quoted(word));
        sink.add_with(node.place, message, did_you_mean(word, names()));
    }
    found
}

/// A list of words, none twice.
pub(super) fn words<T: Copy + PartialEq>(
    node: &Node,
    what: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str + Copy,
    sink: &mut Sink<'_>,
) -> Option<Vec<T>> {
    let mut found = Vec::new();
    for item in list(node, what, sink)? {
        if let Some(word) = one_of(item, &format!("each of {what}"), all, name, sink) {
            if found.contains(&word) {
                sink.add(item.place, format!("`{}` stands twice in {what}", name(word)));
            } else {
                found.push(word);
            }
        }
    }
    Some(found)
}

/// A date `YYYY-MM-DD` and nothing else.
pub(super) fn date(text: &str) -> Option<civil::Date> {
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if shape { text.parse().ok() } else { None }
}

/// Whether a date without a time means its first or its last moment. Always UTC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    First,
    Last,
}

/// RFC 3339, or a date.
pub(super) fn instant(text: &str, moment: Moment) -> Option<Timestamp> {
    let Some(date) = date(text) else { return text.parse().ok() };
    let time = match moment {
        Moment::First => civil::Time::midnight(),
        Moment::Last => civil::Time::MAX,
    };
    date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Lower case words and digits joined by single hyphens, beginning with a letter.
pub(super) fn is_kebab_case(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_instants() {
        for (text, moment, want) in [
            ("2026-11-21", Moment::First, Some("2026-11-21T00:00:00Z")),
            ("2026-11-21", Moment::Last, Some("2026-11-21T23:59:59.999999999Z")),
            ("2026-11-21T10:00:00+02:00", Moment::Last, Some("2026-11-21T08:00:00Z")),
            ("2026-11-31", Moment::First, None),
            ("2026-1-1", Moment::First, None),
            ("20261121", Moment::First, None),
            ("tomorrow", Moment::First, None),
        ] {
            assert_eq!(instant(text, moment).map(|it| it.to_string()).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn kebab_case() {
        for (text, want) in
            [("kms-key-2", true), ("a", true), ("A-b", false), ("a--b", false), ("-a", false), ("", false)]
        {
            assert_eq!(is_kebab_case(text), want, "{text}");
        }
    }

    #[test]
    fn duplicates_and_tags_anywhere_are_reported() {
        let node = crate::yaml::parse("a:\n  b: 1\n  c: [{d: 1, d: !Sub 2}]\n  b: 3\n").unwrap();
        let mut problems = Vec::new();
        check_tree(&node, &mut Sink::new("f", &mut problems));
        let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("f:3:22: the tag `!Sub`"), "{found:?}");
        assert!(found[1].starts_with("f:3:14: duplicate key `d`: it already stands at 3:8"), "{found:?}");
        assert!(found[2].starts_with("f:4:3: duplicate key `b`: it already stands at 2:3"), "{found:?}");
    }
}
