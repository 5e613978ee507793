//! The published schemas against the released ones: nothing that scripts or files rely on goes away or changes its meaning.
//!
//! `docs/schema/NAME.json` is what this version says; `tests/schemas/released/NAME-vN.json` is what was released as version N,
//! the number at the end of `$id`. A released copy is replaced at a release only, by hand, when the two are compatible; a
//! change that is not needs a new version: a new number in `$id` and in the document, and a new file beside the old one,
//! which stays. Before 1.0 the released state is that of 0.1.0.
//!
//! Who breaks depends on who reads:
//!
//! | | documents we write (scan, verification, diff) | files we read (rule, step, waivers) | both (report, snapshot, plan) |
//! | --- | --- | --- | --- |
//! | a member goes away | breaks | breaks | breaks |
//! | a new member | fine, but in an object closed by `additionalProperties: false` | fine | fine if optional and the object is open |
//! | a member stops being required | breaks | fine | breaks |
//! | a member becomes required | fine | breaks | breaks: older documents lack it |
//! | a type, `null` included, is added | breaks | fine | breaks |
//! | a type goes away | breaks: it is another meaning | breaks | breaks |
//! | a word of a list is added | breaks, but where its description says "A later version may add words" | fine | as written |
//! | a word goes away | breaks | breaks | breaks |
//! | a limit (`pattern`, `minimum`, …) is new or other | breaks | breaks | breaks |
//! | a limit goes away | breaks | fine | breaks |
//! | a description says something else | breaks | breaks | breaks |
//!
//! A description is the meaning: one that was only reworded is listed in `tests/schemas/released/reworded.json` with its new
//! text, by schema and place; an entry that fits nothing fails. What says what a field may be compared with (`if`, `then` of
//! the rule's and the step's schema) may be loosened, and be there for fields that are new.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

/// Who depends on a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Use {
    /// Others read what we write.
    written: bool,
    /// We read what others wrote, or we ourselves in an earlier version.
    read: bool,
}

const WRITTEN: Use = Use { written: true, read: false };
const READ: Use = Use { written: false, read: true };
const BOTH: Use = Use { written: true, read: true };

/// Every schema, and who depends on it.
const SCHEMAS: &[(&str, Use)] = &[
    ("diff", WRITTEN),
    ("plan", BOTH),
    ("report", BOTH),
    ("rule", READ),
    ("scan", WRITTEN),
    ("snapshot", BOTH),
    ("step", READ),
    ("verification", WRITTEN),
    ("waivers", READ),
    ("config", READ),
];

/// What a description says of a list of words that may grow.
const GROWS: &str = "A later version may add words";

/// Keywords that limit what is valid. Of a file we read one may go away; nothing else may happen to them.
const LIMITS: &[&str] = &[
    "pattern",
    "format",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "not",
    "contains",
    "dependentRequired",
    "unevaluatedProperties",
];

/// Keywords that are compared by a rule of their own.
const KNOWN: &[&str] = &[
    "$ref",
    "type",
    "enum",
    "const",
    "properties",
    "patternProperties",
    "required",
    "additionalProperties",
    "propertyNames",
    "items",
    "prefixItems",
    "oneOf",
    "anyOf",
    "allOf",
    "if",
    "then",
    "else",
    "description",
    "title",
];

/// Keywords that mean nothing to a reader, or are the tables that `$ref` leads into.
const SILENT: &[&str] = &["$schema", "$id", "$defs", "$comment", "default", "examples"];

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    used: Use,
    /// Place → new text of descriptions that were only reworded.
    reworded: &'a BTreeMap<String, String>,
    used_rewordings: BTreeSet<String>,
    seen: BTreeSet<(String, String)>,
    problems: Vec<String>,
}

/// What breaks from one schema to the other.
fn breaks(old: &Value, new: &Value, used: Use) -> Vec<String> {
    breaks_with(old, new, used, &BTreeMap::new())
}

fn breaks_with(old: &Value, new: &Value, used: Use, reworded: &BTreeMap<String, String>) -> Vec<String> {
    let seen = BTreeSet::new();
    let mut comparison =
        Comparison { old, new, used, reworded, used_rewordings: BTreeSet::new(), seen, problems: Vec::new() };
    comparison.node(old, new, "", false);
    let Comparison { mut problems, used_rewordings, .. } = comparison;
    for place in reworded.keys().filter(|place| !used_rewordings.contains(*place)) {
        problems.push(format!("{place}: listed as reworded, and is not"));
    }
    problems.sort();
    problems.dedup();
    problems
}

impl Comparison<'_> {
    fn problem(&mut self, place: &str, what: impl std::fmt::Display) {
        self.problems.push(format!("{}: {what}", if place.is_empty() { "/" } else { place }));
    }

    /// `condition`: below `then` and `else`, where a schema limits what stands elsewhere.
    fn node(&mut self, old: &Value, new: &Value, place: &str, condition: bool) {
        let (Value::Object(was), Value::Object(is)) = (old, new) else {
            // `true` and `false` are schemas: anything, and nothing.
            let loosened = !self.used.written && (*old == json!(false) || *new == json!(true));
            if old != new && !loosened {
                self.problem(place, format!("was {old}, is {new}"));
            }
            return;
        };
        self.described(was, is, place);
        if let (Some(a), Some(b)) = (reference(was), reference(is)) {
            if !self.seen.insert((a.to_owned(), b.to_owned())) {
                return;
            }
            // The place of a definition is its name, wherever it is used.
            let at = if a == b { a.trim_start_matches('#').to_owned() } else { place.to_owned() };
            match (resolve(self.old, a), resolve(self.new, b)) {
                (Some(old), Some(new)) => self.node(old, new, &at, condition),
                _ => self.problem(place, format!("`{a}` or `{b}` leads nowhere")),
            }
        } else if reference(was).is_some() || reference(is).is_some() {
            let (from, to) = (old, new);
            let old = reference(was).and_then(|a| resolve(self.old, a)).unwrap_or(from);
            let new = reference(is).and_then(|b| resolve(self.new, b)).unwrap_or(to);
            self.node(old, new, place, condition);
        }
        self.types(was, is, place, condition);
        self.words(was, is, place);
        self.limits(was, is, place);
        self.members(was, is, place, condition);
        for keyword in ["items", "propertyNames"] {
            self.inner(was, is, keyword, place, condition);
        }
        if was.get("prefixItems") != is.get("prefixItems") {
            self.problem(place, "prefixItems changed");
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            self.branches(was, is, keyword, place, condition);
        }
        if was.get("if") != is.get("if") {
            self.problem(place, "the condition (`if`) changed");
        }
        for keyword in ["then", "else"] {
            self.inner(was, is, keyword, place, true);
        }
    }

    fn described(&mut self, was: &Map<String, Value>, is: &Map<String, Value>, place: &str) {
        for keyword in ["description", "title"] {
            let (old, new) = (was.get(keyword), is.get(keyword));
            // A text where there was none takes nothing back.
            if old == new || old.is_none() {
                continue;
            }
            let at = format!("{place}/{keyword}");
            let listed = self.reworded.get(&at).map(String::as_str);
            if listed.is_some() && listed == new.and_then(Value::as_str) {
                self.used_rewordings.insert(at);
            } else {
                self.problem(place, format!("another {keyword}: {} (was {})", show(new), show(old)));
            }
        }
    }

    fn types(&mut self, was: &Map<String, Value>, is: &Map<String, Value>, place: &str, condition: bool) {
        let types = |node: &Map<String, Value>| -> Option<BTreeSet<String>> {
            match node.get("type")? {
                Value::String(one) => Some(BTreeSet::from([one.clone()])),
                Value::Array(several) => Some(several.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
            }
        };
        match (types(was), types(is)) {
            (Some(old), Some(new)) => {
                let narrowed = old.difference(&new).count() > 0;
                let widened = new.difference(&old).count() > 0;
                if narrowed || (widened && self.used.written) {
                    self.problem(place, format!("type was {old:?}, is {new:?}"));
                }
            }
            (Some(old), None) if self.used.written && !condition => {
                self.problem(place, format!("type {old:?} is gone"));
            }
            (None, Some(new)) if is.get("const").is_none() && is.get("enum").is_none() => {
                self.problem(place, format!("type {new:?} where anything was allowed"));
            }
            _ => {}
        }
    }

    fn words(&mut self, was: &Map<String, Value>, is: &Map<String, Value>, place: &str) {
        let words = |node: &Map<String, Value>| -> Option<BTreeSet<String>> {
            let one = node.get("const").map(|it| BTreeSet::from([it.to_string()]));
            let several = node.get("enum").and_then(Value::as_array);
            one.or_else(|| several.map(|list| list.iter().map(Value::to_string).collect()))
        };
        match (words(was), words(is)) {
            (Some(old), Some(new)) => {
                let gone: Vec<&String> = old.difference(&new).collect();
                let added: Vec<&String> = new.difference(&old).collect();
                if !gone.is_empty() {
                    self.problem(place, format!("words are gone: {gone:?}"));
                }
                if !added.is_empty() && self.used.written && !grows(was) {
                    self.problem(place, format!("words are new: {added:?}"));
                }
            }
            (Some(_), None) if self.used.written => self.problem(place, "the list of words is gone"),
            (None, Some(_)) => self.problem(place, "a list of words where anything was allowed"),
            _ => {}
        }
    }

    fn limits(&mut self, was: &Map<String, Value>, is: &Map<String, Value>, place: &str) {
        for limit in LIMITS {
            let (old, new) = (was.get(*limit), is.get(*limit));
            let loosened = new.is_none() && !self.used.written;
            if old != new && !loosened {
                self.problem(place, format!("{limit} was {}, is {}", show(old), show(new)));
            }
        }
        for keyword in was.keys().chain(is.keys()) {
            let known = [LIMITS, KNOWN, SILENT].iter().any(|list| list.contains(&keyword.as_str()));
            if !known && was.get(keyword) != is.get(keyword) {
                self.problem(place, format!("`{keyword}` changed, and this test does not know what that means"));
            }
        }
    }

    fn members(&mut self, was: &Map<String, Value>, is: &Map<String, Value>, place: &str, condition: bool) {
        let empty = Map::new();
        for keyword in ["properties", "patternProperties"] {
            let of = |node: &Map<String, Value>| node.get(keyword).and_then(Value::as_object).cloned();
            let (old, new) = (of(was).unwrap_or_default(), of(is).unwrap_or(empty.clone()));
            for (name, member) in &old {
                let at = format!("{place}/{keyword}/{name}");
                match new.get(name) {
                    Some(now) => self.node(member, now, &at, condition),
                    // A limit that is lifted.
                    None if condition && !self.used.written => {}
                    None => self.problem(&at, "is gone"),
                }
            }
            let closed = was.get("additionalProperties") == Some(&json!(false));
            for (name, member) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                let at = format!("{place}/{keyword}/{name}");
                if condition && *member != json!(true) {
                    self.problem(&at, "a new limit");
                } else if closed && self.used.written && !condition {
                    self.problem(&at, "a new member in a closed object, which older readers refuse");
                }
            }
        }
        let required = |node: &Map<String, Value>| -> BTreeSet<String> {
            let list = node.get("required").and_then(Value::as_array);
            list.into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
        };
        let (old, new) = (required(was), required(is));
        for name in old.difference(&new).filter(|_| self.used.written).cloned().collect::<Vec<_>>() {
            self.problem(place, format!("`{name}` is not required any more"));
        }
        for name in new.difference(&old).filter(|_| self.used.read).cloned().collect::<Vec<_>>() {
            self.problem(place, format!("`{name}` is required now"));
        }
        self.inner(was, is, "additionalProperties", place, condition);
    }

    /// A schema inside another; none is the same as `true`.
    fn inner(
        &mut self,
        was: &Map<String, Value>,
        is: &Map<String, Value>,
        keyword: &str,
        place: &str,
        condition: bool,
    ) {
        let anything = json!(true);
        if was.contains_key(keyword) || is.contains_key(keyword) {
            let (old, new) = (was.get(keyword).unwrap_or(&anything), is.get(keyword).unwrap_or(&anything));
            self.node(old, new, &format!("{place}/{keyword}"), condition);
        }
    }

    /// Branches, paired by what tells them apart, not by their place.
    fn branches(
        &mut self,
        was: &Map<String, Value>,
        is: &Map<String, Value>,
        keyword: &str,
        place: &str,
        condition: bool,
    ) {
        let of = |node: &Map<String, Value>| -> Option<BTreeMap<String, Value>> {
            let list = node.get(keyword)?.as_array()?;
            Some(list.iter().map(|branch| (mark(branch), branch.clone())).collect())
        };
        let (old, new) = match (of(was), of(is)) {
            (None, None) => return,
            (Some(old), Some(new)) => (old, new),
            // `allOf` adds limits, the other two choices.
            (Some(_), None) if !self.used.written => return,
            (old, new) => {
                let there = |it: &Option<_>| if it.is_some() { "there" } else { "not there" };
                self.problem(place, format!("{keyword} was {}, is {}", there(&old), there(&new)));
                return;
            }
        };
        for (mark, branch) in &old {
            match new.get(mark) {
                Some(now) => self.node(branch, now, &format!("{place}/{keyword}[{mark}]"), condition),
                None if keyword == "allOf" && !self.used.written => {}
                None => self.problem(place, format!("{keyword}: {mark} is gone")),
            }
        }
        for (mark, branch) in new.iter().filter(|(mark, _)| !old.contains_key(*mark)) {
            let fine = match keyword {
                "allOf" => is_about_new_words(was, branch),
                _ => !self.used.written || (grows(was) && !mark.contains("null")),
            };
            if !fine {
                self.problem(place, format!("{keyword}: {mark} is new"));
            }
        }
    }
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

fn reference(node: &Map<String, Value>) -> Option<&str> {
    node.get("$ref").and_then(Value::as_str)
}

fn resolve<'s>(schema: &'s Value, reference: &str) -> Option<&'s Value> {
    schema.pointer(reference.strip_prefix('#')?)
}

fn grows(node: &Map<String, Value>) -> bool {
    node.get("description").and_then(Value::as_str).is_some_and(|text| text.contains(GROWS))
}

/// What tells a branch from the others: its word, the word of its tag, what it refers to, its condition, its type.
fn mark(branch: &Value) -> String {
    let tag = || {
        let properties = branch.get("properties")?.as_object()?;
        properties.iter().find_map(|(name, member)| Some(format!("{name}={}", member.get("const")?)))
    };
    let of = |keyword: &str| branch.get(keyword).map(|value| format!("{keyword} {value}"));
    let first = of("const").or_else(tag).or_else(|| of("$ref")).or_else(|| of("if")).or_else(|| of("enum"));
    first.or_else(|| of("type")).unwrap_or_else(|| branch.to_string())
}

/// Whether a limit that came is for a word of a member's list only, and that word is new too.
fn is_about_new_words(was: &Map<String, Value>, branch: &Value) -> bool {
    let Some(asked) = branch.pointer("/if/properties").and_then(Value::as_object) else { return false };
    asked.iter().any(|(name, member)| {
        let word = member.get("const");
        let words = was.get("properties").and_then(|all| all.get(name)?.get("enum")?.as_array());
        matches!((word, words), (Some(word), Some(words)) if !words.contains(word))
    })
}

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The number at the end of `$id`.
fn version(name: &str, schema: &Value) -> u32 {
    let id = schema["$id"].as_str().unwrap_or_else(|| panic!("{name}: no $id"));
    let number = id.strip_prefix(&format!("urn:mrready:schema:{name}:")).unwrap_or_else(|| panic!("{name}: {id}"));
    number.parse().unwrap()
}

#[test]
fn nothing_that_was_released_goes_away_or_changes_its_meaning() {
    let reworded = read("tests/schemas/released/reworded.json");
    let reworded: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_value(reworded).unwrap();
    let mut problems = Vec::new();
    for (name, used) in SCHEMAS {
        let now = read(&format!("docs/schema/{name}.json"));
        let released = read(&format!("tests/schemas/released/{name}-v{}.json", version(name, &now)));
        assert_eq!(now["$id"], released["$id"], "{name}");
        let none = BTreeMap::new();
        let found = breaks_with(&released, &now, *used, reworded.get(*name).unwrap_or(&none));
        problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    assert!(
        problems.is_empty(),
        "not compatible with what was released; the header of this file says what may change, and how:\n{}",
        problems.join("\n")
    );
}

#[test]
fn every_schema_has_a_version_and_a_released_copy_and_is_no_other() {
    let folder = |path: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let wanted: BTreeSet<String> = SCHEMAS.iter().map(|(name, _)| format!("{name}.json")).collect();
    assert_eq!(folder("docs/schema"), wanted);
    let released = folder("tests/schemas/released");
    for (name, _) in SCHEMAS {
        let now = read(&format!("docs/schema/{name}.json"));
        assert!(jsonschema::meta::is_valid(&now), "{name}");
        for version in 1..=version(name, &now) {
            assert!(released.contains(&format!("{name}-v{version}.json")), "{name}: version {version} is gone");
        }
    }
    for (file, member) in [("report", "schema_version"), ("plan", "schema_version"), ("scan", "schema_version")] {
        let now = read(&format!("docs/schema/{file}.json"));
        assert!(now["properties"][member].is_object(), "{file}: the document says its version");
    }
    assert_eq!(version("report", &read("docs/schema/report.json")), mrready::model::report::REPORT_SCHEMA_VERSION);
    assert_eq!(version("plan", &read("docs/schema/plan.json")), mrready::model::plan::PLAN_SCHEMA_VERSION);
    assert_eq!(version("scan", &read("docs/schema/scan.json")), mrready::model::reference::SCAN_SCHEMA_VERSION);
    assert_eq!(version("diff", &read("docs/schema/diff.json")), mrready::model::diff::DIFF_SCHEMA_VERSION);
    assert_eq!(version("snapshot", &read("docs/schema/snapshot.json")), mrready::snapshot::SNAPSHOT_SCHEMA_VERSION);
}

/// A schema with one of everything.
fn sample() -> Value {
    json!({
        "$id": "urn:mrready:schema:sample:1",
        "type": "object",
        "required": ["a", "kind"],
        "properties": {
            "a": { "description": "An a.", "type": "string", "pattern": "^a" },
            "b": { "description": "A b.", "type": ["integer", "null"], "minimum": 0 },
            "kind": { "$ref": "#/$defs/Kind" },
            "open": { "$ref": "#/$defs/Open" },
            "maybe": { "anyOf": [{ "$ref": "#/$defs/Inner" }, { "type": "null" }] },
            "list": { "type": "array", "items": { "$ref": "#/$defs/Inner" } },
            "map": { "type": "object", "additionalProperties": { "type": "string" } },
            "field": { "enum": ["x", "y"] }
        },
        "allOf": [{
            "if": { "properties": { "field": { "const": "x" } } },
            "then": { "description": "An x.", "properties": { "b": false, "a": { "enum": ["a1", "a2"] } } }
        }],
        "$defs": {
            "Kind": { "description": "A kind.", "oneOf": [
                { "const": "one", "description": "One.", "type": "string" },
                { "const": "two", "description": "Two.", "type": "string" }
            ] },
            "Open": { "description": "Some. A later version may add words.", "oneOf": [
                { "type": "object", "properties": { "kind": { "const": "p", "type": "string" }, "q": { "type": "string" } }, "required": ["kind", "q"] }
            ] },
            "Inner": {
                "type": "object",
                "additionalProperties": false,
                "required": ["x"],
                "properties": { "x": { "description": "An x.", "type": "string" }, "self": { "$ref": "#/$defs/Inner" } }
            }
        }
    })
}

/// A change of the sample, and whether it breaks readers of what we write, and files that we read.
type Case = (&'static str, fn(&mut Value), bool, bool);

const CASES: &[Case] = &[
    ("nothing", |_| {}, false, false),
    ("a member goes", |s| drop(s["properties"].as_object_mut().unwrap().remove("b")), true, true),
    (
        "a member of a definition goes",
        |s| drop(s["$defs"]["Inner"]["properties"].as_object_mut().unwrap().remove("x")),
        true,
        true,
    ),
    ("a new member", |s| s["properties"]["new"] = json!({ "type": "string" }), false, false),
    (
        "a new member of a closed object",
        |s| s["$defs"]["Inner"]["properties"]["new"] = json!({ "type": "string" }),
        true,
        false,
    ),
    ("another type", |s| s["properties"]["a"]["type"] = json!("integer"), true, true),
    ("null is added", |s| s["properties"]["a"]["type"] = json!(["string", "null"]), true, false),
    ("null goes", |s| s["properties"]["b"]["type"] = json!("integer"), true, true),
    (
        "null goes from a choice",
        |s| s["properties"]["maybe"] = json!({ "anyOf": [{ "$ref": "#/$defs/Inner" }] }),
        true,
        true,
    ),
    (
        "a choice becomes what it refers to",
        |s| s["properties"]["maybe"] = json!({ "$ref": "#/$defs/Inner" }),
        true,
        true,
    ),
    ("a list becomes one", |s| s["properties"]["list"] = json!({ "$ref": "#/$defs/Inner" }), true, true),
    ("items of another type", |s| s["properties"]["list"]["items"] = json!({ "type": "string" }), true, true),
    (
        "values of another type",
        |s| s["properties"]["map"]["additionalProperties"]["type"] = json!("integer"),
        true,
        true,
    ),
    ("required grows", |s| s["required"] = json!(["a", "kind", "b"]), false, true),
    ("required shrinks", |s| s["required"] = json!(["a"]), true, false),
    ("required of a definition shrinks", |s| s["$defs"]["Inner"]["required"] = json!([]), true, false),
    ("a word goes", |s| drop(s["$defs"]["Kind"]["oneOf"].as_array_mut().unwrap().pop()), true, true),
    ("a word goes from an enum", |s| s["properties"]["field"]["enum"] = json!(["x"]), true, true),
    (
        "a word is added",
        |s| s["$defs"]["Kind"]["oneOf"].as_array_mut().unwrap().push(json!({ "const": "three", "type": "string" })),
        true,
        false,
    ),
    ("a word is added to an enum", |s| s["properties"]["field"]["enum"] = json!(["x", "y", "z"]), true, false),
    (
        "a word is added where it may be",
        |s| {
            s["$defs"]["Open"]["oneOf"]
                .as_array_mut()
                .unwrap()
                .push(json!({ "properties": { "kind": { "const": "r" } } }));
        },
        false,
        false,
    ),
    (
        "null is added where words may be",
        |s| s["$defs"]["Open"]["oneOf"].as_array_mut().unwrap().push(json!({ "type": "null" })),
        true,
        false,
    ),
    (
        "a member of an open word goes",
        |s| drop(s["$defs"]["Open"]["oneOf"][0]["properties"].as_object_mut().unwrap().remove("q")),
        true,
        true,
    ),
    ("another meaning", |s| s["properties"]["a"]["description"] = json!("The number of a."), true, true),
    ("another meaning of a word", |s| s["$defs"]["Kind"]["oneOf"][0]["description"] = json!("Two."), true, true),
    (
        "another meaning of a definition",
        |s| s["$defs"]["Open"]["description"] = json!("A later version may add words."),
        true,
        true,
    ),
    ("no meaning any more", |s| drop(s["properties"]["a"].as_object_mut().unwrap().remove("description")), true, true),
    ("a meaning where there was none", |s| s["properties"]["list"]["description"] = json!("Some."), false, false),
    ("another limit", |s| s["properties"]["a"]["pattern"] = json!("^b"), true, true),
    ("a new limit", |s| s["properties"]["a"]["maxLength"] = json!(3), true, true),
    ("a limit goes", |s| drop(s["properties"]["a"].as_object_mut().unwrap().remove("pattern")), true, false),
    (
        "a closed object opens",
        |s| drop(s["$defs"]["Inner"].as_object_mut().unwrap().remove("additionalProperties")),
        true,
        false,
    ),
    ("an open object closes", |s| s["additionalProperties"] = json!(false), true, true),
    (
        "a condition is loosened",
        |s| drop(s["allOf"][0]["then"]["properties"].as_object_mut().unwrap().remove("b")),
        true,
        false,
    ),
    ("a condition is tightened", |s| s["allOf"][0]["then"]["properties"]["kind"] = json!(false), true, true),
    (
        "a condition allows fewer words",
        |s| s["allOf"][0]["then"]["properties"]["a"]["enum"] = json!(["a1"]),
        true,
        true,
    ),
    (
        "a condition for an old word",
        |s| {
            s["allOf"].as_array_mut().unwrap().push(json!({ "if": { "properties": { "field": { "const": "y" } } }, "then": { "properties": { "b": false } } }));
        },
        true,
        true,
    ),
    ("a keyword nobody knows", |s| s["properties"]["a"]["x-new"] = json!(1), true, true),
];

#[test]
fn the_comparison_fails_where_the_policy_says_so_and_nowhere_else() {
    for (what, change, written, read) in CASES {
        let (old, mut new) = (sample(), sample());
        change(&mut new);
        for (used, wanted) in [(WRITTEN, *written), (READ, *read), (BOTH, *written || *read)] {
            let problems = breaks(&old, &new, used);
            assert_eq!(!problems.is_empty(), wanted, "{what}, {used:?}: {problems:#?}");
        }
    }
    // A new field comes with its word and its condition.
    let mut new = sample();
    new["properties"]["field"]["enum"] = json!(["x", "y", "z"]);
    let condition =
        json!({ "if": { "properties": { "field": { "const": "z" } } }, "then": { "properties": { "b": false } } });
    new["allOf"].as_array_mut().unwrap().push(condition);
    assert_eq!(breaks(&sample(), &new, READ), Vec::<String>::new());
}

#[test]
fn a_description_is_reworded_only_where_it_is_listed() {
    let mut new = sample();
    new["$defs"]["Inner"]["properties"]["x"]["description"] = json!("The x.");
    let place = "/$defs/Inner/properties/x/description".to_owned();
    let with = |text: &str| breaks_with(&sample(), &new, BOTH, &BTreeMap::from([(place.clone(), text.to_owned())]));
    assert_eq!(with("The x."), Vec::<String>::new());
    assert_eq!(with("Another x.").len(), 2, "the problem, and an entry that fits nothing");
    assert_eq!(breaks(&sample(), &new, BOTH).len(), 1);
    let stale = BTreeMap::from([(place, "The x.".to_owned())]);
    assert_eq!(breaks_with(&sample(), &sample(), BOTH, &stale).len(), 1);
}

/// Every member of every published schema: taken away, or of another type, it is missed.
#[test]
fn no_member_of_a_published_schema_can_go_unnoticed() {
    for (name, used) in SCHEMAS {
        let mut schema = read(&format!("docs/schema/{name}.json"));
        // The conditions of rules and steps repeat each operator for each field: the unit cases stand for them.
        for definition in schema["$defs"].as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
            definition.as_object_mut().unwrap().remove("allOf");
        }
        let mut places = Vec::new();
        member_places(&schema, String::new(), &mut places);
        assert!(places.len() > 5, "{name}: {places:?}");
        for place in places.iter().filter(|place| !place.contains("/allOf/")) {
            let (parent, member) = place.rsplit_once('/').unwrap();
            let mut without = schema.clone();
            without.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(member);
            assert!(!breaks(&schema, &without, *used).is_empty(), "{name}: {place} can go away");
            let mut other = schema.clone();
            other.pointer_mut(parent).unwrap()[member] = json!({ "type": "nothing" });
            assert!(!breaks(&schema, &other, *used).is_empty(), "{name}: {place} can become anything");
        }
    }
}

fn member_places(node: &Value, at: String, places: &mut Vec<String>) {
    match node {
        Value::Object(members) => {
            for (key, value) in members {
                let below = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                if let ("properties", Value::Object(properties)) = (key.as_str(), value) {
                    places.extend(properties.keys().map(|name| format!("{below}/{}", name.replace('/', "~1"))));
                }
                member_places(value, below, places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                member_places(item, format!("{at}/{index}"), places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
