//! Walks a template's tree, evaluates each property and makes hits of what the lexer finds.
//!
//! Not here: what blocks the switch without holding issuer text (`blocker`), and evaluation itself (`eval`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::eval::{Call, Evaluator, TooComplex, call, long_call};
use super::locate::{Anchor, Seeker, Sought, last};
use super::text::{Kind, Text};
use super::{Environment, Hit, PoolRef, Reference, Section, unresolved};
use crate::scan::pattern::{self, Class, Confidence, Match, Severity, Suffix};
use crate::yaml::{Node, Place, Value};

/// The most hits of one template; more is no template but an attack.
const MAX_HITS: usize = 20_000;
/// Keys whose text is prose.
const PROSE: [&str; 4] = ["description", "comment", "summary", "$comment"];

/// One step of the path from the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
    /// A branch of `Fn::If`, by its index in the function's list.
    Branch(usize),
}

/// A hit with what decides whether the pool's other issuer stands beside it.
pub(super) struct Found {
    pub(super) hit: Hit,
    /// What makes it a reference, and where to look for it.
    pub(super) anchor: Anchor,
    /// The list or policy it belongs to, its pool's text and what follows the pool.
    beside: Option<(String, String, Suffix)>,
    /// Text that no one executes: at most information.
    pub(super) prose: bool,
}

pub(super) struct Walker<'a> {
    pub(super) eval: Evaluator<'a>,
    pub(super) path: Vec<Step<'a>>,
    pub(super) resource_type: Option<&'a str>,
    section: Section,
    prose: bool,
    lines: Vec<&'a str>,
    found: Vec<Found>,
    /// Where the keyword stands that makes the present mapping block the switch.
    pub(super) keyword: Option<Place>,
}

/// Finds every reference in a parsed template.
pub(super) fn search(text: &str, root: &Node, env: &Environment) -> Result<Vec<Hit>, TooComplex> {
    let mut hits: Vec<Hit> = located(text, root, env)?.into_iter().map(|one| one.hit).collect();
    hits.sort_by_cached_key(order);
    hits.dedup_by(|a, b| order(a) == order(b));
    Ok(hits)
}

/// The same, each with what makes it a reference; in no order, with repetitions.
pub(super) fn located(text: &str, root: &Node, env: &Environment) -> Result<Vec<Found>, TooComplex> {
    let mut walker = Walker {
        eval: Evaluator::new(root, env),
        path: Vec::new(),
        resource_type: None,
        section: Section::Resources,
        prose: false,
        lines: text.lines().collect(),
        found: Vec::new(),
        keyword: None,
    };
    if !["Resources", "Outputs", "Transform", "Fn::Transform"].iter().any(|key| root.get(key).is_some()) {
        // A part of a template, or what a framework puts into one.
        walker.section(Section::Globals, "", root)?;
    }
    for (key, value) in root.map().unwrap_or_default() {
        let Some(key) = key.text() else { continue };
        let Some(section) = Section::ALL.into_iter().find(|section| section.as_str() == key) else { continue };
        walker.section(section, key, value)?;
    }
    Ok(finish(walker.found))
}

/// Marks what stands beside its pool's other issuer, and grades.
fn finish(mut found: Vec<Found>) -> Vec<Found> {
    let mut kinds: BTreeMap<(String, String, Suffix), [bool; 2]> = BTreeMap::new();
    for one in &found {
        if let Some(beside) = &one.beside {
            kinds.entry(beside.clone()).or_default()[usize::from(one.hit.reference.updated)] = true;
        }
    }
    for one in &mut found {
        let reference = &mut one.hit.reference;
        let both = one.beside.as_ref().and_then(|beside| kinds.get(beside)).is_some_and(|kinds| *kinds == [true, true]);
        reference.dual_aware |= both;
        let accepted = reference.updated || reference.dual_aware;
        reference.severity = match (pattern::severity(reference.class, reference.confidence, accepted), one.hit.section)
        {
            _ if one.prose => Severity::Info,
            // A mapping's entry does nothing by itself; its use is a hit of its own.
            (Severity::Error, Section::Mappings) => Severity::Warning,
            (severity, _) => severity,
        };
    }
    found
}

/// By place, then by what it is.
fn order(hit: &Hit) -> impl Ord + use<> {
    let reference = &hit.reference;
    (hit.line, hit.pointer.clone(), reference.class, reference.text.clone(), reference.pool.clone(), reference.updated)
}

impl<'a> Walker<'a> {
    fn section(&mut self, section: Section, key: &'a str, value: &'a Node) -> Result<(), TooComplex> {
        self.section = section;
        self.path.push(Step::Key(key));
        if section == Section::Resources {
            for (id, body) in value.map().unwrap_or_default() {
                if let Some(id) = id.text() {
                    self.resource(id, body)?;
                }
            }
        } else {
            self.prose = section == Section::Metadata;
            self.visit(value)?;
            self.prose = false;
        }
        self.path.pop();
        Ok(())
    }

    fn resource(&mut self, id: &'a str, body: &'a Node) -> Result<(), TooComplex> {
        self.resource_type = body.get("Type").and_then(Node::text);
        self.path.push(Step::Key(id));
        let Some(attributes) = body.map().filter(|_| call(body).is_none()) else {
            // `Fn::ForEach` and macros: whatever is in it may become a resource.
            self.visit(body)?;
            self.path.pop();
            return Ok(());
        };
        for (key, value) in attributes {
            let Some(key) = key.text() else { continue };
            self.path.push(Step::Key(key));
            match key {
                "Type" | "DependsOn" | "Condition" => {}
                "Metadata" => {
                    for (key, value) in value.map().unwrap_or_default() {
                        let Some(key) = key.text() else { continue };
                        // cfn-init's files are deployed; other metadata is for people and tools.
                        self.prose = key != "AWS::CloudFormation::Init";
                        self.within(Step::Key(key), value)?;
                        self.prose = false;
                    }
                }
                _ => self.visit(value)?,
            }
            self.path.pop();
        }
        self.path.pop();
        self.resource_type = None;
        Ok(())
    }

    fn within(&mut self, step: Step<'a>, node: &'a Node) -> Result<(), TooComplex> {
        self.path.push(step);
        self.visit(node)?;
        self.path.pop();
        Ok(())
    }

    fn visit(&mut self, node: &'a Node) -> Result<(), TooComplex> {
        match call(node) {
            Some(call) => self.call(call, node),
            None => self.plain(node),
        }
    }

    /// A node that is no function, or whose function's argument is read as it stands.
    fn plain(&mut self, node: &'a Node) -> Result<(), TooComplex> {
        match &node.value {
            Value::Scalar { text, .. } => self.strings(vec![Text::written(text)], node),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.within(Step::Index(index), item)?;
                }
                Ok(())
            }
            Value::Map(pairs) => {
                self.blockers(node)?;
                for (key, value) in pairs {
                    let Some(text) = key.text() else { continue };
                    let outer = self.prose;
                    self.path.push(Step::Key(text));
                    self.strings(vec![Text::written(text)], key)?;
                    self.prose |= PROSE.iter().any(|prose| prose.eq_ignore_ascii_case(text));
                    self.visit(value)?;
                    self.prose = outer;
                    self.path.pop();
                }
                Ok(())
            }
        }
    }

    fn call(&mut self, call: Call<'a>, node: &'a Node) -> Result<(), TooComplex> {
        match (call.name, call.argument.list()) {
            ("If", Some([_, yes, no])) => {
                self.within(Step::Branch(1), yes)?;
                self.within(Step::Branch(2), no)
            }
            ("Base64" | "ToJsonString", _) => match long_call(call.argument) {
                Some(inner) => self.call(inner, call.argument),
                None if call.tagged => self.plain(call.argument),
                None => self.visit(call.argument),
            },
            ("Sub", list) => {
                let texts = self.eval.texts(node)?;
                let template = list.and_then(<[Node]>::first).unwrap_or(call.argument);
                self.strings(texts, template)
            }
            ("Ref" | "GetAtt" | "Join" | "Select" | "Split" | "FindInMap" | "ImportValue", _) => {
                let texts = self.eval.texts(node)?;
                self.strings(texts, node)
            }
            // Unknown functions and macros: what is written in them still counts.
            _ => self.plain(node),
        }
    }

    /// Makes hits of everything found in the strings a node may be.
    fn strings(&mut self, texts: Vec<Text>, node: &Node) -> Result<(), TooComplex> {
        for text in texts {
            let hits = pattern::find(&text.buf);
            if hits.is_empty() {
                continue;
            }
            let mut seeker = Seeker::new(&text);
            for found in hits {
                let reference = reference(&text, &found, self.prose);
                let beside = self.beside(reference.class).map(|group| {
                    let pool = text.buf.get(found.pool_span.clone()).unwrap_or_default();
                    (group, pool.to_owned(), found.suffix)
                });
                let place = self.line_of(&text, &found, node);
                let anchor = Anchor { start: node.place, last: last(node), sought: seeker.sought(&found) };
                self.push(reference, beside, (place, anchor), &[])?;
            }
        }
        Ok(())
    }

    /// Adds a hit at the present path and `more`.
    fn push(
        &mut self,
        reference: Reference,
        beside: Option<(String, String, Suffix)>,
        (place, anchor): (Place, Anchor),
        more: &[Step<'a>],
    ) -> Result<(), TooComplex> {
        if self.found.len() >= MAX_HITS {
            return Err(TooComplex { place });
        }
        let path: Vec<Step<'a>> = self.path.iter().chain(more).copied().collect();
        let named = matches!(self.section, Section::Resources | Section::Outputs | Section::Mappings);
        let logical_id = match path.get(1) {
            Some(Step::Key(id)) if named => Some((*id).to_owned()),
            _ => None,
        };
        let hit = Hit {
            reference,
            section: self.section,
            property_path: property_path(path.get(1 + usize::from(logical_id.is_some())..).unwrap_or_default()),
            logical_id,
            resource_type: self.resource_type.map(str::to_owned),
            pointer: pointer(&path),
            line: Some(place.line),
            column: Some(place.column),
        };
        self.found.push(Found { hit, anchor, beside, prose: self.prose });
        Ok(())
    }

    /// Adds a hit for what holds no issuer text.
    pub(super) fn block(
        &mut self,
        (text, confidence): (&str, Confidence),
        pool: PoolRef,
        place: Place,
        more: &[Step<'a>],
    ) -> Result<(), TooComplex> {
        let reference = Reference {
            class: Class::Blocker,
            confidence: if self.prose { Confidence::Review } else { confidence },
            severity: Severity::Error,
            pool,
            text: text.to_owned(),
            host_region: None,
            updated: false,
            dual_aware: false,
        };
        let keyword = self.keyword.unwrap_or(place);
        let anchor = Anchor { start: keyword.min(place), last: keyword.max(place), sought: Sought::Keyword(keyword) };
        self.push(reference, None, (place, anchor), more)
    }

    /// How many hits there are so far.
    pub(super) fn hits(&self) -> usize {
        self.found.len()
    }

    /// The list, or the policy, within which the pool's other issuer would be accepted as well.
    fn beside(&self, class: Class) -> Option<String> {
        let path = self.path.as_slice();
        if class == Class::IamOidcProviderRef {
            let statement = path.iter().position(|step| *step == Step::Key("Statement"))?;
            return Some(pointer(path.get(..=statement)?));
        }
        match path {
            [list @ .., Step::Index(_)] => Some(pointer(list)),
            [list @ .., Step::Index(_), Step::Key(key)] => {
                let lower = key.to_ascii_lowercase();
                let issuer = ["issuer", "jwks", "discovery"].iter().any(|word| lower.contains(word));
                issuer.then(|| format!("{}/*/{key}", pointer(list)))
            }
            _ => None,
        }
    }

    /// Where a match stands: in a literal block on its own line, otherwise where its node begins.
    fn line_of(&self, text: &Text, found: &Match, node: &Node) -> Place {
        let mut place = node.place;
        let above = usize::try_from(place.line).unwrap_or(0).checked_sub(2).and_then(|line| self.lines.get(line));
        let indicator = above.and_then(|line| line.split(" #").next()).unwrap_or_default().trim_end();
        let in_block = node.text().is_some()
            && indicator.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')).ends_with('|');
        if in_block {
            let written = |at: usize| !text.marks.iter().any(|mark| mark.range.contains(&at));
            let before = text.buf.as_bytes().iter().take(found.span.start).enumerate();
            let lines = before.filter(|(at, byte)| **byte == b'\n' && written(*at)).count();
            place.line = place.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        }
        place
    }
}

/// A match as a reference: how it was put together decides its class.
fn reference(text: &Text, found: &Match, prose: bool) -> Reference {
    let span = &found.span;
    let attribute = text.marks_in(span, Kind::Attribute).next();
    let covers = |mark: &super::text::Mark| mark.range.start <= span.start && mark.range.end >= span.end;
    let whole_value = text.marks_in(span, Kind::Value).any(covers);
    let substituted = text.marks_in(span, Kind::Value).chain(text.marks_in(span, Kind::Hole)).next().is_some();
    let joined = text.has_seam_in(span);
    let class = if found.class.is_issuer() && attribute.is_some() {
        Class::IacAttribute
    } else if found.class.is_issuer() && joined {
        Class::IssuerSplitJoin
    } else if found.class == Class::JwksUrl && joined {
        Class::JwksUrlSplit
    } else if found.class == Class::IssuerUrlLiteral && substituted && !whole_value {
        Class::IssuerUrlTemplate
    } else {
        // Also a whole issuer from a parameter or an export: what it is there, it is here.
        found.class
    };
    let holes: Vec<_> = text.marks_in(&found.pool_span, Kind::Hole).collect();
    let pool = match (&found.pool_id, holes.last()) {
        (Some(id), _) => PoolRef::Id(id.clone()),
        (None, Some(hole)) => PoolRef::Unresolved { what: hole.what.clone() },
        (None, None) => match text.marks_in(&found.pool_span, Kind::Value).last() {
            Some(value) => PoolRef::Unresolved { what: value.what.clone() },
            None => unresolved(&text.buf, found),
        },
    };
    // The name of a nested stack's output is a hint, no proof; a pool's own attribute is undocumented under UPDATED.
    let foreign = attribute.is_some() && holes.iter().any(|hole| hole.what.starts_with("GetAtt"));
    let confidence = if prose || foreign {
        Confidence::Review
    } else if attribute.is_some() {
        found.confidence.max(Confidence::Likely)
    } else {
        found.confidence
    };
    Reference {
        class,
        confidence,
        severity: pattern::severity(class, confidence, found.updated || found.dual_aware),
        pool,
        text: text.shown(found),
        host_region: found.host_region.clone(),
        updated: found.updated,
        dual_aware: found.dual_aware,
    }
}

/// A path as a JSON pointer.
pub(super) fn pointer(path: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                out.push('/');
                out.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Step::Index(index) => {
                let _ = write!(out, "/{index}");
            }
            Step::Branch(index) => {
                let _ = write!(out, "/Fn::If/{index}");
            }
        }
    }
    out
}

/// A path as a person writes it.
fn property_path(path: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                let simple = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-:$".contains(c));
                if simple {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(key);
                } else {
                    let _ = write!(out, "[\"{}\"]", key.replace('"', "\\\""));
                }
            }
            Step::Index(index) => {
                let _ = write!(out, "[{index}]");
            }
            Step::Branch(_) => {}
        }
    }
    out
}
