//! The table of libraries, `rules/data/issuer-libraries.yaml`: which there are, what they do, how code names them.
//!
//! Not here: what a version or a call means; `version` compares, `calls` finds.

use std::sync::LazyLock;

use crate::model::{Class, Confidence};
use crate::yaml::{self, Node};

static TABLE: LazyLock<Vec<Library>> =
    LazyLock::new(|| parse(include_str!("../../../rules/data/issuer-libraries.yaml")));

/// What a library does with a pool's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// Compares `iss` with the issuer it derives.
    Issuer,
    /// Derives only the URL of the key set.
    Keys,
    /// Reads the discovery document at the URL it derives.
    Discovery,
    /// Writes the issuer into infrastructure.
    Renders,
    /// Names the pool to an identity pool.
    LoginKey,
}

/// How a name is used where it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It is called.
    Call,
    /// It is handed to another call that registers it.
    Argument,
    /// It stands in a setting, quoted or assigned to.
    Mention,
    /// The text stands there, whatever is around it.
    Text,
    /// It is what an Elixir `config` line configures.
    Config,
    /// It is what an Elixir `plug` line plugs in.
    Plug,
}

/// A name whose use makes the library derive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// The parts of the name, which code joins by `.` or `::`; `default` alone for what the module exports by default.
    pub(super) parts: Vec<String>,
    /// How it is used.
    pub(super) how: How,
    /// Whether the name says enough where no import is seen.
    pub(super) alone: bool,
    /// What a use of it is.
    pub(super) class: Class,
    /// Of which at least one must stand in the arguments, if any is said.
    pub(super) needs: Vec<String>,
    /// How sure a use is at best.
    pub(super) confidence: Confidence,
}

/// One library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Library {
    pub(super) id: String,
    pub(super) does: Does,
    /// The library whose version decides; its own id if there is no other.
    pub(super) decides: String,
    /// Ecosystem and name.
    pub(super) packages: Vec<(String, String)>,
    /// How code names the module.
    pub(super) imports: Vec<String>,
    /// The first version that accepts the updated issuer.
    pub(super) knows: Option<String>,
    /// The newest version that was looked at; none where only the source was read.
    pub(super) newest: Option<String>,
    /// Version and what is to be known about it.
    pub(super) notes: Vec<(String, String)>,
    /// Whether having an old version of it is a finding by itself.
    pub(super) pins: bool,
    pub(super) calls: Vec<Call>,
    pub(super) remedy: String,
}

/// Every library, in the order of the table.
pub(super) fn all() -> &'static [Library] {
    &TABLE
}

/// A library by its name in the table.
pub(super) fn get(id: &str) -> Option<&'static Library> {
    TABLE.iter().find(|library| library.id == id)
}

/// Reads the table; what is not as it should be is left out, which the test sees.
fn parse(text: &str) -> Vec<Library> {
    let Ok(root) = yaml::parse(text) else { return Vec::new() };
    let rows = root.get("libraries").and_then(Node::list).unwrap_or_default();
    rows.iter().filter_map(library).collect()
}

fn library(node: &Node) -> Option<Library> {
    let text = |key: &str| Some(node.get(key)?.text()?.to_owned());
    let texts = |key: &str| -> Option<Vec<String>> {
        node.get(key)?.list()?.iter().map(|item| Some(item.text()?.to_owned())).collect()
    };
    let does = match text("does")?.as_str() {
        "issuer" => Does::Issuer,
        "keys" => Does::Keys,
        "discovery" => Does::Discovery,
        "renders" => Does::Renders,
        "login-key" => Does::LoginKey,
        _ => return None,
    };
    let id = text("id")?;
    let packages = texts("packages")?.iter().map(|package| split(package)).collect::<Option<Vec<_>>>()?;
    let notes = node.get("notes").and_then(Node::list).unwrap_or_default();
    let remark = |row: &Node| Some((row.get("version")?.text()?.to_owned(), row.get("note")?.text()?.to_owned()));
    Some(Library {
        decides: text("through").unwrap_or_else(|| id.clone()),
        id,
        does,
        packages,
        imports: texts("imports")?,
        knows: text("knows"),
        newest: text("newest"),
        notes: notes.iter().map(remark).collect::<Option<Vec<_>>>()?,
        pins: text("pins").is_none_or(|word| word != "false"),
        calls: node.get("calls")?.list()?.iter().map(call).collect::<Option<Vec<_>>>()?,
        remedy: text("remedy")?,
    })
}

fn split(package: &str) -> Option<(String, String)> {
    let (ecosystem, name) = package.split_once(':')?;
    Some((ecosystem.to_owned(), name.to_owned()))
}

fn call(node: &Node) -> Option<Call> {
    let text = |key: &str| node.get(key).and_then(Node::text);
    let how = match text("how").unwrap_or("call") {
        "call" => How::Call,
        "argument" => How::Argument,
        "mention" => How::Mention,
        "text" => How::Text,
        "config" => How::Config,
        "plug" => How::Plug,
        _ => return None,
    };
    let needs = node.get("needs").and_then(Node::list).unwrap_or_default();
    Some(Call {
        parts: text("name")?.split('.').map(str::to_owned).collect(),
        how,
        needs: needs.iter().map(|need| Some(need.text()?.to_owned())).collect::<Option<Vec<_>>>()?,
        alone: text("alone") == Some("true"),
        class: match text("class") {
            None => Class::LibraryDerived,
            Some(word) => Class::ALL.into_iter().find(|class| class.as_str() == word)?,
        },
        confidence: match text("confidence").unwrap_or("likely") {
            "likely" => Confidence::Likely,
            "review" => Confidence::Review,
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{KEYWORDS, version::Version};
    use super::*;

    const ECOSYSTEMS: &[&str] = &["cargo", "composer", "gem", "go", "hex", "maven", "npm", "nuget", "pypi", "swift"];

    fn has_keyword(text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        KEYWORDS.iter().any(|keyword| {
            let keyword = keyword.to_ascii_lowercase();
            text.contains(&keyword) || keyword.split(' ').any(|word| word == text)
        })
    }

    #[test]
    fn every_row_is_read_and_whole() {
        let text = include_str!("../../../rules/data/issuer-libraries.yaml");
        assert_eq!(all().len(), text.lines().filter(|line| line.starts_with("  - id: ")).count());
        let ids: BTreeSet<&str> = all().iter().map(|library| library.id.as_str()).collect();
        assert_eq!(ids.len(), all().len(), "a name twice");
        for library in all() {
            let id = &library.id;
            assert!(get(&library.decides).is_some(), "{id}: through");
            assert!(!library.packages.is_empty() && !library.remedy.is_empty(), "{id}");
            assert!(library.packages.iter().all(|(kind, _)| ECOSYSTEMS.contains(&kind.as_str())), "{id}: ecosystem");
            assert!(library.newest.as_deref().is_none_or(|version| Version::exact(version).is_some()), "{id}: newest");
            assert!(library.knows.as_deref().is_none_or(|version| Version::exact(version).is_some()), "{id}: knows");
            assert!(library.calls.iter().all(|call| call.parts.iter().all(|part| !part.is_empty())), "{id}: calls");
        }
    }

    #[test]
    fn every_row_says_where_it_is_from() {
        let root = yaml::parse(include_str!("../../../rules/data/issuer-libraries.yaml")).expect("YAML");
        for row in root.get("libraries").and_then(Node::list).expect("rows") {
            let text = |key: &str| row.get(key).and_then(Node::text).unwrap_or_default();
            assert!(text("source").starts_with("https://"), "{}", text("id"));
            assert!(["DOC", "CODE", "ISSUE"].contains(&text("grade")), "{}", text("id"));
            assert!(text("looked").starts_with("20"), "{}", text("id"));
        }
    }

    #[test]
    fn what_is_looked_for_holds_a_keyword() {
        for library in all() {
            // SST's authorizers are looked for where its pools are made, which is a keyword.
            for call in library.calls.iter().filter(|call| call.alone && library.id != "sst") {
                assert!(has_keyword(&call.parts.join(".")), "{}: {:?}", library.id, call.parts);
            }
            let named = |call: &Call| call.alone || call.parts.iter().any(|part| has_keyword(part));
            if !library.calls.iter().all(named) {
                assert!(library.imports.iter().all(|module| has_keyword(module)), "{}: imports", library.id);
            }
        }
    }
}
