//! The table of classes, `rules/data/issuer-classes.yaml`: what each is called, how much it matters, what to do before the
//! switch of the issuer and after the last old token. The same of live resources that take tokens and hold no text.
//!
//! Which classes there are is said by the type; a test holds the table to it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::{Class, Severity, SubjectKind};
use crate::yaml::{self, Node};

/// The table as it is written.
const TEXT: &str = include_str!("../../rules/data/issuer-classes.yaml");

static TABLE: LazyLock<BTreeMap<String, ClassRow>> = LazyLock::new(|| parse(TEXT, "classes", class_row));

static RESOURCES: LazyLock<BTreeMap<String, ResourceRow>> = LazyLock::new(|| parse(TEXT, "resources", resource_row));

/// What the table says of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRow {
    /// How much a sure reference of this class to the original issuer matters.
    pub severity: Severity,
    /// What it is, in a few words.
    pub title: String,
    /// What to do before the switch and at it, by language or format; `any` for all others.
    remedy: BTreeMap<String, String>,
    /// What is left to do after the last old token, likewise.
    after: BTreeMap<String, String>,
}

/// What the table says of a kind of live resource that takes tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRow {
    /// How much it matters that it holds to the original issuer.
    pub severity: Severity,
    /// What it is, in a few words.
    pub title: String,
    /// What to do before the switch and at it.
    pub before: String,
    /// What is left to do after the last old token.
    pub after: String,
}

impl ClassRow {
    /// What to do about it before the switch and at it, in a language or format.
    pub fn remedy(&self, language: &str) -> &str {
        own_or_any(&self.remedy, language)
    }

    /// What is left to do in a language or format when the last token of the original issuer has expired.
    pub fn after(&self, language: &str) -> &str {
        own_or_any(&self.after, language)
    }

    /// Every remedy with its language or format, sorted; `any` is for all others.
    pub fn remedies(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.remedy)
    }

    /// Everything that is left to do afterwards with its language or format, sorted; `any` is for all others.
    pub fn afters(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.after)
    }
}

fn own_or_any<'t>(texts: &'t BTreeMap<String, String>, language: &str) -> &'t str {
    texts.get(language).or_else(|| texts.get("any")).map_or("", String::as_str)
}

fn pairs(texts: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    texts.iter().map(|(language, text)| (language.as_str(), text.as_str()))
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

/// The row of a kind of live resource: that of its type, action or service (`detail`), else that of the kind.
pub fn resource(kind: SubjectKind, detail: &str) -> Option<&'static ResourceRow> {
    RESOURCES.get(&format!("{kind}/{detail}")).or_else(|| RESOURCES.get(kind.as_str()))
}

/// Every kind of live resource with its row, sorted.
pub fn resources() -> impl Iterator<Item = (&'static str, &'static ResourceRow)> {
    RESOURCES.iter().map(|(id, row)| (id.as_str(), row))
}

/// Reads a part of the table; what is not as it should be is left out, which the tests see.
fn parse<T>(text: &str, part: &str, row: fn(&Node) -> Option<(String, T)>) -> BTreeMap<String, T> {
    let Ok(root) = yaml::parse(text) else { return BTreeMap::new() };
    let rows = root.get(part).and_then(Node::list).unwrap_or_default();
    rows.iter().filter_map(row).collect()
}

fn text(node: &Node, key: &str) -> Option<String> {
    Some(node.get(key)?.text()?.to_owned())
}

fn severity(node: &Node) -> Option<Severity> {
    let word = text(node, "severity")?;
    [Severity::Error, Severity::Warning, Severity::Info].into_iter().find(|each| each.as_str() == word)
}

fn class_row(node: &Node) -> Option<(String, ClassRow)> {
    let texts = |key: &str| {
        let pairs = node.get(key)?.map()?.iter();
        Some(pairs.filter_map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned()))).collect())
    };
    let (remedy, after) = (texts("remedy")?, texts("after")?);
    Some((text(node, "id")?, ClassRow { severity: severity(node)?, title: text(node, "title")?, remedy, after }))
}

fn resource_row(node: &Node) -> Option<(String, ResourceRow)> {
    let (before, after) = (text(node, "before")?, text(node, "after")?);
    Some((text(node, "id")?, ResourceRow { severity: severity(node)?, title: text(node, "title")?, before, after }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_exactly_the_classes() {
        let mut ids: Vec<&str> = Class::ALL.iter().map(|class| class.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(TABLE.keys().map(String::as_str).collect::<Vec<_>>(), ids);
        let texts = |row: &ClassRow| [row.title.clone(), row.remedy("cobol").to_owned(), row.after("cobol").to_owned()];
        assert!(TABLE.values().all(|row| texts(row).iter().all(|text| !text.is_empty())));
    }

    #[test]
    fn a_language_that_is_named_afterwards_is_named_before_too() {
        for (class, row) in TABLE.iter() {
            for (language, _) in row.afters() {
                assert!(row.remedy.contains_key(language), "{class}: {language}");
            }
        }
    }

    #[test]
    fn every_resource_is_of_a_kind_and_every_kind_that_takes_tokens_has_a_row() {
        let written = TEXT.split_once("\nresources:\n").unwrap().1.matches("\n  - id: ").count() + 1;
        assert_eq!(RESOURCES.len(), written, "a row that could not be read");
        for (id, row) in resources() {
            let kind = id.split('/').next().unwrap();
            assert!(SubjectKind::parse(kind).is_some(), "{id}");
            assert!(!row.title.is_empty() && !row.before.is_empty() && !row.after.is_empty(), "{id}");
        }
        for kind in SubjectKind::ALL {
            let text_or_pool = [
                SubjectKind::Pool,
                SubjectKind::Template,
                SubjectKind::Trigger,
                SubjectKind::Reference,
                SubjectKind::Account,
            ]
            .contains(kind);
            let actions = ["authenticate_cognito", "authenticate_oidc", "jwt_validation"];
            let row = if *kind == SubjectKind::LoadBalancer {
                actions.iter().all(|action| resource(*kind, action).is_some())
            } else {
                resource(*kind, "what nobody knows").is_some()
            };
            assert_eq!(row, !text_or_pool, "{kind}");
        }
    }
}
