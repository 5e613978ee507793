//! YAML (and so JSON) text as a tree in which every node knows its place.
//!
//! For rule files, decisions files and CloudFormation templates: all three must name line and column of a mistake or a
//! hit, must see duplicate keys rather than lose them, and must survive hostile input. Tags such as `!Sub` are kept.
//! Not a schema language: what a tree may contain is its reader's business. Nothing here executes or includes.

mod ahead;
#[cfg(test)]
mod marks;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag};

use ahead::Mark;

/// The most nodes one document may have after its aliases are expanded.
const MAX_NODES: usize = 500_000;
/// The most nodes that aliases may add: a "billion laughs" stops here, an ordinary anchor does not.
const MAX_ALIASED_NODES: usize = 50_000;
/// The deepest nesting that is followed.
const MAX_DEPTH: usize = 256;

/// A place in a text: both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One node of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The node's own local tag with its exclamation mark (`!Sub`), if it has one.
    pub tag: Option<String>,
    /// What the node is.
    pub value: Value,
    /// Where it begins.
    pub place: Place,
}

/// The three kinds of YAML node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A scalar's text after escapes; `plain` is false for anything quoted or a block.
    Scalar {
        /// The text.
        text: String,
        /// Whether it was written without quotes, so that `true` or `3` mean a boolean or a number.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order written; duplicate keys are all there.
    Map(Vec<(Node, Node)>),
}

/// Why a text is not a document we can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}: {message}", place.line, place.column)]
pub struct SyntaxError {
    /// Where.
    pub place: Place,
    /// What is wrong, without the text itself.
    pub message: String,
}

impl Node {
    /// The text, if this is a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The text, if this is a scalar that means a string: quoted, or plain and neither null, boolean nor number.
    pub fn as_string(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, plain } if !*plain || plain_json(text).is_string() => Some(text),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The items, if this is a sequence.
    pub fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Scalar { .. } | Value::Map(_) => None,
        }
    }

    /// The pairs in the order written, if this is a mapping.
    pub fn map(&self) -> Option<&[(Node, Node)]> {
        match &self.value {
            Value::Map(pairs) => Some(pairs),
            Value::Scalar { .. } | Value::List(_) => None,
        }
    }

    /// The value of the first pair with this key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, value)| value)
    }

    /// Whether this is a plain `null`, `~` or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if plain_json(text).is_null())
    }

    /// The same content as JSON by YAML 1.2's core schema; of duplicate keys the first counts.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Scalar { text, plain: true } => plain_json(text),
            Value::Scalar { text, plain: false } => serde_json::Value::String(text.clone()),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(pairs) => {
                let mut map = serde_json::Map::new();
                for (key, value) in pairs {
                    if let Some(key) = key.text() {
                        map.entry(key.to_owned()).or_insert_with(|| value.to_json());
                    }
                }
                serde_json::Value::Object(map)
            }
        }
    }
}

/// What an unquoted scalar means in YAML 1.2's core schema.
fn plain_json(text: &str) -> serde_json::Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => serde_json::Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            if digits.starts_with(|c: char| c.is_ascii_digit()) {
                if let Ok(number) = text.parse::<i64>() {
                    return number.into();
                }
                if let Some(number) = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
                    return number.into();
                }
            }
            text.into()
        }
    }
}

/// Reads exactly one document. An empty text is a null scalar.
pub fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut options = Options::default();
    options.emit_comments = false;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| SyntaxError {
            place: Place { line: to_u32(error.marker().line()), column: to_u32(error.marker().col() + 1) },
            message: first_line(&error.info()),
        })?;
        builder.take(event, &span)?;
    }
    Ok(builder.root.unwrap_or(Node {
        tag: None,
        value: Value::Scalar { text: String::new(), plain: true },
        place: Place { line: 1, column: 1 },
    }))
}

/// As `parse`, of a text of the tool's own whose marks `build.rs` wrote (`ahead`). Bytes that are not the marks of this
/// text, such as none, are left aside. The value of the key `without` of the whole is left out where marks are read: a key
/// that its reader does not look at.
pub fn parse_ahead(text: &str, marks: &[u8], without: Option<&str>) -> Result<Node, SyntaxError> {
    from_marks(text, marks, without).map_or_else(|| parse(text), Ok)
}

/// The tree that the marks give; `None` if they are not those of this text.
pub(crate) fn from_marks(text: &str, marks: &[u8], without: Option<&str>) -> Option<Node> {
    let mut marks = ahead::Marks::new(text, marks);
    let mut builder = Builder::default();
    while let Some(mark) = marks.next() {
        match mark {
            Mark::Scalar { text, .. } if without == Some(&*text) && builder.awaits_key_of_root() => marks.skip()?,
            Mark::Scalar { text, plain, place } => {
                let value = Value::Scalar { text: text.into_owned(), plain };
                builder.push(Node { tag: None, value, place }, 0, 1).ok()?;
            }
            Mark::List(place) => builder.start(Open::List(Vec::new()), None, place, 0).ok()?,
            Mark::Map(place) => builder.start(Open::Map(Vec::new(), None), None, place, 0).ok()?,
            Mark::End => builder.end().ok()?,
        }
    }
    builder.root.filter(|_| marks.is_empty() && builder.open.is_empty())
}

/// A node under construction.
enum Open {
    List(Vec<Node>),
    Map(Vec<(Node, Node)>, Option<Node>),
}

#[derive(Default)]
struct Builder {
    open: Vec<(Open, Option<String>, Place, usize)>,
    root: Option<Node>,
    /// By id: the node, how many nodes it has, how deep it is.
    anchors: std::collections::BTreeMap<usize, (Node, usize, usize)>,
    nodes: usize,
    aliased: usize,
}

impl Builder {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum is non-exhaustive")]
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), SyntaxError> {
        let place = Place { line: to_u32(span.start.line()), column: to_u32(span.start.col() + 1) };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = local_tag(tag.as_deref());
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let value = Value::Scalar { text: text.into_owned(), plain };
                self.push(Node { tag, value, place }, anchor, 1)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(Open::List(Vec::new()), tag.as_deref(), place, anchor)?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(Open::Map(Vec::new(), None), tag.as_deref(), place, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end()?,
            Event::Alias(id) => {
                let Some((_, size, depth)) = self.anchors.get(&id) else {
                    return Err(error(place, "an alias to a node that contains it"));
                };
                let (size, depth) = (*size, *depth);
                if self.open.len() + depth > MAX_DEPTH {
                    return Err(error(place, "the document's aliases nest more than 256 levels deep"));
                }
                self.aliased += size;
                if self.aliased > MAX_ALIASED_NODES {
                    return Err(error(place, "the document's aliases expand to more than 50,000 nodes"));
                }
                if let Some((node, ..)) = self.anchors.get(&id).cloned() {
                    self.push(node, 0, size)?;
                }
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                return Err(error(place, "a second document begins here; one is expected"));
            }
            // The rest is presentation; the parser's enum may grow.
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, open: Open, tag: Option<&Tag>, place: Place, anchor: usize) -> Result<(), SyntaxError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(error(place, "the document is nested more than 256 levels deep"));
        }
        self.open.push((open, local_tag(tag), place, anchor));
        Ok(())
    }

    fn awaits_key_of_root(&self) -> bool {
        matches!(self.open.as_slice(), [(Open::Map(_, None), ..)])
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        let Some((open, tag, place, anchor)) = self.open.pop() else { return Ok(()) };
        let value = match open {
            Open::List(items) => Value::List(items),
            Open::Map(pairs, _) => Value::Map(pairs),
        };
        self.push(Node { tag, value, place }, anchor, 1)
    }

    fn push(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), SyntaxError> {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            return Err(error(node.place, "the document has more than 500,000 nodes"));
        }
        if anchor != 0 {
            let (size, depth) = measure(&node);
            self.anchors.insert(anchor, (node.clone(), size, depth));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some((Open::List(items), ..)) => items.push(node),
            Some((Open::Map(pairs, key), ..)) => match key.take() {
                None => *key = Some(node),
                Some(key) => pairs.push((key, node)),
            },
        }
        Ok(())
    }
}

/// How many nodes a node has, itself included, and how deep it is.
fn measure(node: &Node) -> (usize, usize) {
    let (mut size, mut depth) = (1, 0);
    let mut add = |child: &Node| {
        let (nodes, below) = measure(child);
        size += nodes;
        depth = depth.max(below);
    };
    match &node.value {
        Value::Scalar { .. } => {}
        Value::List(items) => items.iter().for_each(&mut add),
        Value::Map(pairs) => pairs.iter().for_each(|(key, value)| {
            add(key);
            add(value);
        }),
    }
    (size, depth + 1)
}

/// `!Sub` as `!Sub`; YAML's own tags (`!!str`) as none, since the text already says what they say.
fn local_tag(tag: Option<&Tag>) -> Option<String> {
    let written = tag?.to_string();
    (written.starts_with('!') && !written.starts_with("!!")).then_some(written)
}

fn error(place: Place, message: &str) -> SyntaxError {
    SyntaxError { place, message: message.to_owned() }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("not valid YAML").to_owned()
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn places_count_from_one_and_tags_are_kept() {
        let node = parse("a:\n  - !Sub '${x}'\n  - 3\n").unwrap();
        let list = node.get("a").unwrap().list().unwrap();
        assert_eq!(list[0].tag.as_deref(), Some("!Sub"));
        assert_eq!(list[0].text(), Some("${x}"));
        assert_eq!(list[1].place, Place { line: 3, column: 5 });
        assert_eq!(list[1].to_json(), serde_json::json!(3));
    }

    #[test]
    fn json_is_read_with_places() {
        let node = parse("{\n\t\"a\": [\"b\\/c\", null, 1.5, \"1\", \"\\ud83d\\ude00\"]\n}").unwrap();
        assert_eq!(node.to_json(), serde_json::json!({"a": ["b/c", null, 1.5, "1", "😀"]}));
        assert_eq!(node.get("a").unwrap().list().unwrap()[0].place.line, 2);
    }

    #[test]
    fn duplicate_keys_are_all_there() {
        assert_eq!(parse("a: 1\na: 2\n").unwrap().map().unwrap().len(), 2);
    }

    #[test]
    fn an_empty_text_is_null() {
        assert!(parse("").unwrap().is_null());
        assert!(parse("# only a comment\n").unwrap().is_null());
    }

    #[test]
    fn a_mistake_names_its_place() {
        let error = parse("a: 1\nb: [1, 2\nc: 3\n").unwrap_err();
        assert!(error.place.line >= 2, "{error}");
    }

    #[test]
    fn an_alias_bomb_stops() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let previous = level - 1;
            let refs = vec![format!("*a{previous}"); 10].join(", ");
            writeln!(text, "a{level}: &a{level} [{refs}]").unwrap();
        }
        assert!(parse(&text).unwrap_err().message.contains("aliases"));
    }

    #[test]
    fn aliases_that_nest_deeply_stop() {
        let mut text = format!("a0: &a0 {}x{}\n", "[".repeat(200), "]".repeat(200));
        for level in 1..20 {
            let previous = level - 1;
            let (open, close) = ("[".repeat(200), "]".repeat(200));
            writeln!(text, "a{level}: &a{level} {open}*a{previous}{close}").unwrap();
        }
        assert!(parse(&text).unwrap_err().message.contains("deep"));
    }

    #[test]
    fn deep_nesting_stops() {
        let text = "[".repeat(5000);
        assert!(parse(&text).is_err());
        let block = (0..600).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n");
        assert!(parse(&block).is_err());
    }

    #[test]
    fn marks_give_the_tree_that_the_text_gives() {
        for text in [
            "",
            "a",
            "# c\na: 1 # d\n",
            "é: {b: [1, 'ü''ä', \"\\u263a\"], ? [x, y] : }\n",
            "a: |\n  two\n   lines\nb: >-\n  folded\n  text\n\nc: two\n  lines\na: 2\n",
            "a:\r\n  - 'b'\r\n  -\r\n    c: d\r\n",
            "---\na: [b, b, '']\n...\n",
        ] {
            let marks = marks::of(text).unwrap_or_default();
            assert_eq!(from_marks(text, &marks, None).is_some(), !marks.is_empty(), "{text}");
            assert_eq!(parse_ahead(text, &marks, None), parse(text), "{text}");
            // Cut anywhere, or of another text, they are left aside or give another tree, and nothing panics.
            for cut in 0..marks.len() {
                assert_eq!(parse_ahead(text, &marks[..cut], None), parse(text), "{text} {cut}");
                let _ = parse_ahead("é: x", &marks[cut..], Some("é"));
            }
        }
        assert!(marks::of("a: [1, 2]\nb: 'c'").is_some());
    }

    #[test]
    fn what_marks_have_no_words_for_has_none() {
        for text in ["a: &b c\nd: *b\n", "a: !Sub b\n", "a: 1\n---\nb: 2\n", "a: [1\n", "\u{feff}a: 1\n"] {
            assert_eq!(marks::of(text), None, "{text}");
            assert_eq!(parse_ahead(text, &[], None), parse(text));
        }
    }

    #[test]
    fn a_key_of_the_whole_can_be_left_out() {
        let text = "a: {tests: 1}\ntests:\n  - {a: [b, c]}\n  - d\nb: tests\ntests: x\nc: [tests, 2]\n";
        let marks = marks::of(text).unwrap();
        let want = parse("a: {tests: 1}\n\n\n\nb: tests\n\nc: [tests, 2]\n");
        assert_eq!(parse_ahead(text, &marks, Some("tests")), want);
    }

    #[test]
    fn plain_words_keep_their_meaning() {
        let node = parse("[yes, 2026-11-21, '3', 0x1f, -4, 1e3, us-east-1]").unwrap();
        assert_eq!(node.to_json(), serde_json::json!(["yes", "2026-11-21", "3", "0x1f", -4, 1000.0, "us-east-1"]));
    }
}
