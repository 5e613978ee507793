//! The table of classes, `rules/data/issuer-classes.yaml`: what each is called, how much it matters, what to do.
//!
//! Which classes there are is said by the type; a test holds the table to it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::{Class, Severity};
use crate::yaml::{self, Node};

/// The table as it is written.
const TEXT: &str = include_str!("../../rules/data/issuer-classes.yaml");

static TABLE: LazyLock<BTreeMap<String, ClassRow>> = LazyLock::new(|| parse(TEXT));

/// What the table says of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRow {
    /// How much a sure reference of this class to the original issuer matters.
    pub severity: Severity,
    /// What it is, in a few words.
    pub title: String,
    /// What to do, by language or format; `any` for all others.
    remedy: BTreeMap<String, String>,
}

impl ClassRow {
    /// What to do about it in a language or format.
    pub fn remedy(&self, language: &str) -> &str {
        self.remedy.get(language).or_else(|| self.remedy.get("any")).map_or("", String::as_str)
    }
}

impl ClassRow {
    /// Every remedy with its language or format, sorted; `any` is for all others.
    pub fn remedies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.remedy.iter().map(|(language, remedy)| (language.as_str(), remedy.as_str()))
    }
}

/// Where the table is from: URL, when it was read, and the grade of each source.
pub fn sources() -> Vec<[String; 3]> {
    let Ok(root) = yaml::parse(TEXT) else { return Vec::new() };
    let text = |node: &Node, key: &str| Some(node.get(key)?.text()?.to_owned());
    let sources = root.get("sources").and_then(Node::list).unwrap_or_default().iter();
    sources.filter_map(|each| Some([text(each, "url")?, text(each, "read")?, text(each, "grade")?])).collect()
}

/// The row of a class.
///
/// # Panics
/// Never: a test holds the table to the classes.
#[expect(clippy::expect_used, reason = "a test holds the table to the classes")]
pub fn of(class: Class) -> &'static ClassRow {
    TABLE.get(class.as_str()).expect("a test holds the table to the classes")
}

/// Reads the table; what is not as it should be is left out, which the test sees.
fn parse(text: &str) -> BTreeMap<String, ClassRow> {
    let Ok(root) = yaml::parse(text) else { return BTreeMap::new() };
    let rows = root.get("classes").and_then(Node::list).unwrap_or_default();
    rows.iter().filter_map(row).collect()
}

fn row(node: &Node) -> Option<(String, ClassRow)> {
    let text = |key: &str| Some(node.get(key)?.text()?.to_owned());
    let severity = match text("severity")?.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        "info" => Severity::Info,
        _ => return None,
    };
    let remedies = node.get("remedy")?.map()?.iter();
    let remedy = remedies.filter_map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned()))).collect();
    Some((text("id")?, ClassRow { severity, title: text("title")?, remedy }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_exactly_the_classes() {
        let mut ids: Vec<&str> = Class::ALL.iter().map(|class| class.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(TABLE.keys().map(String::as_str).collect::<Vec<_>>(), ids);
        assert!(TABLE.values().all(|row| !row.title.is_empty() && !row.remedy("cobol").is_empty()));
    }
}
