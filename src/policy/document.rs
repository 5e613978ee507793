//! A policy document as text and as types.
//!
//! For: reading a document strictly, so that nothing in it is lost on the way to the evaluation.
//! Not for: percent-decoding (`trust` does that) or for checking what AWS checks when it saves a policy.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::condition::{Condition, Operator};
use super::one_line;
use super::principal::{NamedPrincipal, PrincipalElement, PrincipalKind};

/// The longest document that is read. AWS's own largest limit is 32 KiB (a key policy).
pub const MAX_POLICY_BYTES: usize = 128 * 1024;

/// Above this, a 64-bit float no longer tells neighbouring integers apart.
const EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

/// Why a document cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than [`MAX_POLICY_BYTES`].
    #[error("the policy has {bytes} bytes; the longest that is read has {MAX_POLICY_BYTES}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not JSON, or nested too deeply.
    #[error("the policy is not JSON: {problem}")]
    NotJson {
        /// What the reader says, with line and column.
        problem: String,
    },
    /// One object has the same key twice: readers differ in which of them they keep.
    #[error("the policy has the key \"{key}\" twice at {place}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// The object, such as `Statement[0].Condition`.
        place: String,
    },
    /// JSON, but not a policy.
    #[error("the policy is malformed at {place}: {problem}")]
    Malformed {
        /// Where, such as `Statement[0].Effect`.
        place: String,
        /// What is wrong there.
        problem: String,
    },
}

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also what a document without a version has: `${…}` is plain text.
    V2008,
    /// `2012-10-17`: `${…}` is a variable.
    V2012,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever other statements allow.
    Deny,
}

/// A list of patterns that names what is meant, or what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// What matches one of these.
    Only(Vec<String>),
    /// What matches none of these.
    AllBut(Vec<String>),
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its place in the document, from 0.
    pub index: usize,
    /// Its name.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// To whom.
    pub principals: PrincipalElement,
    /// For which actions.
    pub actions: Scope,
    /// On which resources; `None` if it does not say.
    pub resources: Option<Scope>,
    /// Under which conditions, all of which must hold.
    pub conditions: Vec<Condition>,
    /// Members that this code does not know.
    pub unknown_members: BTreeSet<String>,
}

impl Statement {
    /// How findings refer to it.
    pub fn reference(&self) -> StatementRef {
        StatementRef { index: self.index, sid: self.sid.clone() }
    }
}

/// A reference to a statement. As text it is one line, whatever the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementRef {
    /// Its place in the document, from 0.
    pub index: usize,
    /// Its name, if it has one.
    pub sid: Option<String>,
}

impl fmt::Display for StatementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sid {
            Some(sid) => write!(f, "Statement[{}] \"{}\"", self.index, one_line(sid)),
            None => write!(f, "Statement[{}]", self.index),
        }
    }
}

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The version of its language.
    pub version: Version,
    /// Its name.
    pub id: Option<String>,
    /// Its statements, in order.
    pub statements: Vec<Statement>,
}

impl Policy {
    /// Reads a document. The head of [the module](super) says what is refused and what is only doubted.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let (mut version, mut id, mut statements) = (Version::V2008, None, None);
        for (key, node) in map(Node::read(text)?, &Place::Document)? {
            match &*key {
                "Version" => version = read_version(node)?,
                "Id" => id = Some(text_of(node, &Place::Member(&Place::Document, "Id"))?.into_owned()),
                "Statement" => statements = Some(read_statements(node)?),
                _ => return Err(malformed(Place::Document, format!("unknown member \"{key}\""))),
            }
        }
        let statements = statements.ok_or_else(|| malformed(Place::Document, "it has no Statement"))?;
        Ok(Self { version, id, statements })
    }
}

/// Refuses what [`Policy::parse`] refuses before it knows a policy: text that is too long, not JSON, or repeats a key.
pub(super) fn refuse_unsure_json(text: &str) -> Result<(), PolicyError> {
    Node::read(text).map(|_| ())
}

fn malformed(place: impl fmt::Display, problem: impl Into<String>) -> PolicyError {
    PolicyError::Malformed { place: place.to_string(), problem: problem.into() }
}

/// Where something stands in a document; it becomes text only where something is wrong there.
#[derive(Clone, Copy)]
enum Place<'p> {
    Document,
    Member(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => f.write_str("the document"),
            Self::Member(Self::Document, name) => f.write_str(name),
            Self::Member(place, name) => write!(f, "{place}.{name}"),
            // A list in the place of the document.
            Self::Item(Self::Document, index) => write!(f, "[{index}]"),
            Self::Item(place, index) => write!(f, "{place}[{index}]"),
        }
    }
}

fn read_version(node: Node<'_>) -> Result<Version, PolicyError> {
    match &*text_of(node, &Place::Member(&Place::Document, "Version"))? {
        "2008-10-17" => Ok(Version::V2008),
        "2012-10-17" => Ok(Version::V2012),
        other => Err(malformed("Version", format!("\"{other}\" is neither 2008-10-17 nor 2012-10-17"))),
    }
}

fn read_statements(node: Node<'_>) -> Result<Vec<Statement>, PolicyError> {
    node.one_or_many().into_iter().enumerate().map(|(index, node)| read_statement(index, node)).collect()
}

fn read_statement(index: usize, node: Node<'_>) -> Result<Statement, PolicyError> {
    let statements = Place::Member(&Place::Document, "Statement");
    let here = Place::Item(&statements, index);
    let (mut sid, mut effect, mut principals, mut actions, mut resources) = (None, None, None, None, None);
    let mut conditions = Vec::new();
    let mut unknown_members = BTreeSet::new();
    for (key, node) in map(node, &here)? {
        let place = Place::Member(&here, &key);
        match &*key {
            "Sid" => sid = Some(text_of(node, &place)?.into_owned()),
            "Effect" => {
                effect = Some(match &*text_of(node, &place)? {
                    "Allow" => Effect::Allow,
                    "Deny" => Effect::Deny,
                    other => return Err(malformed(place, format!("\"{other}\" is neither Allow nor Deny"))),
                });
            }
            "Principal" => {
                let element = PrincipalElement::Principal(read_principals(node, &place)?);
                set_once(&mut principals, element, &here, "Principal")?;
            }
            "NotPrincipal" => {
                let element = PrincipalElement::NotPrincipal(read_principals(node, &place)?);
                set_once(&mut principals, element, &here, "Principal")?;
            }
            "Action" => set_once(&mut actions, Scope::Only(texts(node, &place)?), &here, "Action")?,
            "NotAction" => set_once(&mut actions, Scope::AllBut(texts(node, &place)?), &here, "Action")?,
            "Resource" => set_once(&mut resources, Scope::Only(texts(node, &place)?), &here, "Resource")?,
            "NotResource" => set_once(&mut resources, Scope::AllBut(texts(node, &place)?), &here, "Resource")?,
            "Condition" => conditions = read_conditions(node, &place)?,
            _ => {
                unknown_members.insert(key.into_owned());
            }
        }
    }
    Ok(Statement {
        index,
        sid,
        effect: effect.ok_or_else(|| malformed(here, "it has no Effect"))?,
        principals: principals.ok_or_else(|| malformed(here, "it has no Principal"))?,
        actions: actions.ok_or_else(|| malformed(here, "it has no Action"))?,
        resources,
        conditions,
        unknown_members,
    })
}

fn set_once<T>(slot: &mut Option<T>, value: T, place: &Place<'_>, name: &str) -> Result<(), PolicyError> {
    if slot.replace(value).is_some() {
        return Err(malformed(place, format!("it has both {name} and Not{name}")));
    }
    Ok(())
}

fn read_principals(node: Node<'_>, place: &Place<'_>) -> Result<Vec<NamedPrincipal>, PolicyError> {
    if let Node::Text(text) = &node {
        return if text == "*" {
            Ok(vec![NamedPrincipal { kind: PrincipalKind::Everyone, value: text.clone().into_owned() }])
        } else {
            Err(malformed(place, format!("\"{text}\" has no principal type")))
        };
    }
    let mut named = Vec::new();
    for (kind, node) in map(node, place)? {
        let values = texts(node, &Place::Member(place, &kind))?;
        let kind = match &*kind {
            "AWS" => PrincipalKind::Aws,
            "Service" => PrincipalKind::Service,
            "Federated" => PrincipalKind::Federated,
            "CanonicalUser" => PrincipalKind::CanonicalUser,
            _ => PrincipalKind::Other(shown(&kind)),
        };
        named.extend(values.into_iter().map(|value| NamedPrincipal { kind: kind.clone(), value }));
    }
    if named.is_empty() { Err(malformed(place, "it names nobody")) } else { Ok(named) }
}

fn read_conditions(node: Node<'_>, place: &Place<'_>) -> Result<Vec<Condition>, PolicyError> {
    let mut conditions = Vec::new();
    for (spelled, node) in map(node, place)? {
        let place = Place::Member(place, &spelled);
        let keys = map(node, &place)?;
        if keys.is_empty() {
            return Err(malformed(place, "it names no condition key"));
        }
        for (key, node) in keys {
            let place = Place::Member(&place, &key);
            let values = node.one_or_many().into_iter().map(|n| scalar_of(n, &place)).collect::<Result<_, _>>()?;
            conditions.push(Condition {
                operator: Operator::read(&spelled),
                spelled: shown(&spelled),
                key: key.into_owned(),
                values,
            });
        }
    }
    Ok(conditions)
}

/// As much of a name as anybody reads. It is kept once per value, so a long one would multiply.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

fn map<'t>(node: Node<'t>, place: &Place<'_>) -> Result<Vec<(Cow<'t, str>, Node<'t>)>, PolicyError> {
    match node {
        Node::Map(entries) => Ok(entries),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => {
            Err(malformed(place, "an object is expected"))
        }
    }
}

fn text_of<'t>(node: Node<'t>, place: &Place<'_>) -> Result<Cow<'t, str>, PolicyError> {
    match node {
        Node::Text(text) => Ok(text),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Map(_) => {
            Err(malformed(place, "a string is expected"))
        }
    }
}

/// One string or a list of at least one. Of an empty list nothing matches, so an empty `NotAction` would be everything.
fn texts(node: Node<'_>, place: &Place<'_>) -> Result<Vec<String>, PolicyError> {
    let nodes = node.one_or_many();
    if nodes.is_empty() {
        return Err(malformed(place, "the list is empty"));
    }
    nodes.into_iter().map(|node| text_of(node, place).map(Cow::into_owned)).collect()
}

/// Condition values may be written as JSON numbers and booleans.
fn scalar_of(node: Node<'_>, place: &Place<'_>) -> Result<String, PolicyError> {
    match node {
        Node::Text(text) => Ok(text.into_owned()),
        Node::Number(text) => Ok(text),
        Node::Bool(value) => Ok(value.to_string()),
        Node::Null | Node::List(_) | Node::Map(_) => {
            Err(malformed(place, "a string, a number or a boolean is expected"))
        }
    }
}

/// Any JSON, with every key of an object kept, repeated ones too.
enum Node<'t> {
    Null,
    Bool(bool),
    Number(String),
    Text(Cow<'t, str>),
    List(Vec<Node<'t>>),
    Map(Vec<(Cow<'t, str>, Node<'t>)>),
}

/// Objects of more members are looked through for a repeated one with an index.
const FEW: usize = 16;

impl<'t> Node<'t> {
    fn read(text: &'t str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::TooLarge { bytes: text.len() });
        }
        let node: Self =
            serde_json::from_str(text).map_err(|error| PolicyError::NotJson { problem: error.to_string() })?;
        node.refuse_duplicates(&Place::Document)?;
        Ok(node)
    }

    /// Policies write a list of one as its only element.
    fn one_or_many(self) -> Vec<Self> {
        if let Self::List(nodes) = self { nodes } else { vec![self] }
    }

    /// Depth is bounded by `serde_json`'s own limit, so this may recurse.
    fn refuse_duplicates(&self, place: &Place<'_>) -> Result<(), PolicyError> {
        match self {
            Self::Map(entries) => {
                let mut seen = BTreeSet::new();
                for (number, (key, value)) in entries.iter().enumerate() {
                    let again = if entries.len() <= FEW {
                        entries[..number].iter().any(|(earlier, _)| earlier == key)
                    } else {
                        !seen.insert(key)
                    };
                    if again {
                        let (key, place) = (key.clone().into_owned(), place.to_string());
                        return Err(PolicyError::DuplicateKey { key, place });
                    }
                    value.refuse_duplicates(&Place::Member(place, key))?;
                }
                Ok(())
            }
            Self::List(nodes) => {
                let mut nodes = nodes.iter().enumerate();
                nodes.try_for_each(|(index, node)| node.refuse_duplicates(&Place::Item(place, index)))
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node<'de>, E> {
        if value.abs() < EXACT_FLOAT {
            Ok(Node::Number(value.to_string()))
        } else {
            Err(E::custom("a number is too large to be read exactly"))
        }
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node<'de>, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = map.next_entry::<Key<'de>, Node<'de>>()? {
            entries.push((key.0, node));
        }
        Ok(Node::Map(entries))
    }
}

/// The name of a member.
struct Key<'t>(Cow<'t, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(NodeVisitor)? {
            Node::Text(text) => Ok(Self(text)),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Map(_) => {
                Err(serde::de::Error::custom("the name of a member is expected"))
            }
        }
    }
}
