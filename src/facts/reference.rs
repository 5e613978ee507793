//! `reference.*`: issuer references outside CloudFormation, in source trees and in texts that live resources hold.
//!
//! The text was judged when it was searched and is gone; what is left is the place and the matched span. A reference to a
//! pool by its id is that pool's; one that takes any pool's tokens is every pool's; one without an id is nobody's and is
//! counted for all. Not here: templates (`template`), resources that AWS describes member by member (`bound`).

pub(super) mod live;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::model::{
    Absence, Cause, Class, Fact, FieldSpec, FieldType, Listed, Observed, Source, Subject, SubjectKind, Value,
};
use crate::scan::classes;
use crate::scan::template::EVALUATOR_VERSION;
use crate::snapshot::entry::{SCAN, TREE};
use crate::snapshot::{Hit, PoolKey, Scan, Snapshot, hex};

use super::{Child, ChildField, Children, FactOptions, PoolView, TEXT, TEXTS};

const KIND: SubjectKind = SubjectKind::Reference;
/// Templates are subjects of their own.
pub(super) const CLOUDFORMATION: &str = "cloudformation";
/// The origin of what was found in a source tree.
const IN_TREE: &str = "tree";
pub(super) use live::CALLS;
/// So much of a commit is enough to find it.
const SHORT_COMMIT: usize = 12;
/// So many files of one tree are named where all that are unresolved are told in a line.
const MAX_FILES: usize = 20;

const fn own(name: &'static str, ty: FieldType, absent: Absence, doc: &'static str) -> ChildField {
    ChildField { kind: KIND, spec: FieldSpec { name, ty, absent, calls: CALLS, doc } }
}

/// The fields.
pub(super) const FIELDS: &[ChildField] = &[
    own(
        "reference.accepts_any_pool",
        FieldType::Bool,
        Absence::Unknown,
        "Whether tokens of any pool are accepted there, since only the beginning of the issuer is compared.",
    ),
    own(
        "reference.accepts_new",
        FieldType::Bool,
        Absence::Unknown,
        "Whether the place accepts the multi-Region issuer too, or names it alone.",
    ),
    own("reference.class", TEXT, Absence::Unknown, "The class of reference."),
    own(
        "reference.confidence",
        FieldType::Word(&["definite", "likely", "review"]),
        Absence::Unknown,
        "How sure it is that this is an issuer reference.",
    ),
    own("reference.holder", TEXT, Absence::Unknown, "The source tree, or the resource that holds it."),
    own("reference.in_doc", FieldType::Bool, Absence::Unknown, "Whether it stands in documentation or a comment."),
    own(
        "reference.in_test",
        FieldType::Bool,
        Absence::Unknown,
        "Whether the file is a test, a fixture or a recording.",
    ),
    own("reference.language", TEXT, Absence::None, "The language or format of the file."),
    own(
        "reference.library",
        TEXT,
        Absence::None,
        "The library that derives the issuer, with the version that decides what it knows.",
    ),
    own("reference.line", FieldType::Int, Absence::None, "The line, where the text has lines."),
    own("reference.origin", TEXT, Absence::Unknown, "Where it was found: tree, or the service of the resource."),
    own("reference.owners", TEXTS, Absence::Default("[]"), "The owners of the file by CODEOWNERS."),
    own("reference.path", TEXT, Absence::Unknown, "The file below the tree's root, or the property."),
    own("reference.place", TEXT, Absence::Unknown, "File, line and column, or the property."),
    own("reference.remedy", TEXT, Absence::Unknown, "What to do about it, for its class and language."),
    own(
        "reference.severity",
        FieldType::Word(&["error", "warning", "info"]),
        Absence::Unknown,
        "What it does at the switch; less in tests and documentation.",
    ),
    own("reference.text", TEXT, Absence::Unknown, "The matched span."),
];

/// What a snapshot has of references and searched trees, sorted out once for all its pools.
#[derive(Debug)]
pub(super) struct Index<'a> {
    scans: Vec<&'a Scan>,
    by_pool: BTreeMap<&'a str, Vec<&'a Hit>>,
    /// Those that take any pool's tokens.
    any_pool: Vec<&'a Hit>,
    /// Those that name no pool and may break one at the switch.
    unresolved: Vec<&'a Hit>,
    /// Those of them in source trees, as places.
    in_trees: Vec<String>,
    /// Why references may have been missed.
    problem: Option<Cause>,
    /// What another version of the scanner searched, with its account; none for a tree.
    of_other_version: BTreeSet<(Option<&'a str>, String)>,
}

impl<'a> Index<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, options: &FactOptions) -> Self {
        let mut index = Self {
            scans: snapshot.scans().collect(),
            by_pool: BTreeMap::new(),
            any_pool: Vec::new(),
            unresolved: Vec::new(),
            in_trees: Vec::new(),
            problem: None,
            of_other_version: BTreeSet::new(),
        };
        for hit in snapshot.hits() {
            if !is_tree(hit) && hit.evaluator != EVALUATOR_VERSION {
                let holder = format!("{} {}", hit.service, hit.container);
                index.of_other_version.insert((Some(&hit.account), holder));
            }
            match &hit.pool_id {
                _ if hit.service == CLOUDFORMATION => {}
                Some(id) => index.by_pool.entry(id).or_default().push(hit),
                None if hit.accepts_any_pool => index.any_pool.push(hit),
                None if matters(hit) => index.unresolved.push(hit),
                None => {}
            }
        }
        let other = index.scans.iter().filter(|scan| scan.evaluator != EVALUATOR_VERSION);
        index.of_other_version.extend(other.map(|scan| (None, tree(scan))));
        index.in_trees = places(index.unresolved.iter().copied().filter(|hit| is_tree(hit)));
        index.problem = index.problem(options);
        index
    }

    /// A tree that was searched long ago, or not whole.
    fn problem(&self, options: &FactOptions) -> Option<Cause> {
        self.scans.iter().find_map(|scan| stale(scan.time, &scan.root, options)).or_else(|| {
            let mut skipped = self.scans.iter().flat_map(|scan| scan.skipped.iter().map(move |file| (scan, file)));
            let (scan, file) = skipped.next()?;
            let more = match skipped.count() {
                0 => String::new(),
                n => format!(", with {n} more that may hold a reference,"),
            };
            let part = if file.reason == "structure" { "the structure of " } else { "" };
            Some(Cause::NotSearched { what: format!("{part}{} in {} ({}){more}", file.path, scan.root, file.reason) })
        })
    }

    /// The references of these accounts, and of source trees, that name a pool which cannot be resolved.
    pub(super) fn unresolved(&self, options: &FactOptions, accounts: &BTreeSet<&str>) -> Vec<Child> {
        let ours = |hit: &&Hit| accounts.contains(hit.account.as_str()) || (is_tree(hit) && !accounts.is_empty());
        self.children(self.unresolved.iter().copied().filter(ours), options, None)
    }

    /// Hits as subjects. What is written several times in one file is told apart by number, since lines move.
    fn children<'h>(
        &self,
        hits: impl Iterator<Item = &'h Hit>,
        options: &FactOptions,
        pool: Option<&PoolKey>,
    ) -> Vec<Child> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        hits.map(|hit| {
            let tree = self.scans.iter().find(|scan| is_tree(hit) && scan.root == hit.container);
            let mut child = child(hit, tree.copied(), options, pool);
            let number = seen.entry(child.subject.id.clone()).and_modify(|number| *number += 1).or_insert(1);
            if *number > 1 {
                child.subject.id = format!("{}~{number}", child.subject.id);
            }
            child
        })
        .collect()
    }
}

/// The references to a pool: by its id, or because any pool's tokens are accepted.
pub(super) fn of(view: &PoolView<'_>) -> Children {
    let index = view.references;
    let named = index.by_pool.get(view.key.id.as_str()).into_iter().flatten();
    let here = |hit: &&Hit| is_tree(hit) || hit.account == view.key.account;
    let hits = named.chain(&index.any_pool).copied().filter(here);
    let items = index.children(hits, view.options, Some(&view.key));
    let searched = view.searched_texts(|| live::searched(view).into_iter().chain(trees(view)).collect());
    let incomplete = hidden(view).first().map(|(_, cause)| cause.clone());
    Children { found: Listed { items, incomplete }, searched }
}

/// Where references stand, of this account and in source trees, whose pool cannot be resolved.
pub(super) fn unresolved_places(view: &PoolView<'_>) -> Vec<String> {
    let own = unresolved_hits(view).filter(|hit| !is_tree(hit));
    places(own).into_iter().chain(view.references.in_trees.iter().cloned()).collect()
}

/// Their number.
pub(super) fn unresolved_count(view: &PoolView<'_>) -> usize {
    unresolved_hits(view).count()
}

fn unresolved_hits<'f>(view: &PoolView<'f>) -> impl Iterator<Item = &'f Hit> {
    let account = view.key.account.clone();
    view.references.unresolved.iter().copied().filter(move |hit| is_tree(hit) || hit.account == account)
}

/// References as places, those of one file together. Of a holder with many files the rest is a number: each has a finding.
fn places<'h>(hits: impl Iterator<Item = &'h Hit>) -> Vec<String> {
    let mut holders: BTreeMap<&str, BTreeMap<&str, Vec<&Hit>>> = BTreeMap::new();
    for hit in hits {
        holders.entry(&hit.container).or_default().entry(&hit.path).or_default().push(hit);
    }
    let mut places = Vec::new();
    for (holder, files) in holders {
        let more = files.len().saturating_sub(MAX_FILES);
        for hits in files.into_values().take(MAX_FILES) {
            let Some(first) = hits.first() else { continue };
            let first = format!("{holder} {}", place(first));
            places.push(match hits.len() {
                1 => first,
                n => format!("{first} and {} more in that file", n - 1),
            });
        }
        if more > 0 {
            places.push(format!("{holder}, {more} more files"));
        }
    }
    places
}

/// Why references may have been missed: a tree that was not read whole, or long ago.
pub(super) fn problem(view: &PoolView<'_>) -> Option<Cause> {
    view.references.problem.clone()
}

/// Per origin why references may have been missed.
fn hidden<'v>(view: &'v PoolView<'_>) -> &'v [(&'static str, Cause)] {
    view.memo.hidden_references.get_or_init(|| {
        let mut hidden = live::hidden(view);
        hidden.extend(problem(view).map(|cause| (IN_TREE, cause)));
        hidden
    })
}

/// What is known of a reference that was not seen: where it is, if only one place can hide one.
pub(super) fn unseen(view: &PoolView<'_>, field: &str) -> Option<Fact> {
    if field != "reference.origin" {
        return None;
    }
    let origins: BTreeSet<&str> = hidden(view).iter().map(|(origin, _)| *origin).collect();
    let mut origins = origins.into_iter();
    let only = origins.next().filter(|_| origins.next().is_none())?;
    Some(Fact::known(only, if only == IN_TREE { searched(view) } else { Vec::new() }))
}

/// The source trees as provenance.
pub(super) fn searched(view: &PoolView<'_>) -> Vec<Source> {
    let place = |scan: &&Scan| Source::Place { file: named(scan), line: None, column: None, path: String::new() };
    view.references.scans.iter().map(place).collect()
}

/// The source trees in words, or that there is none.
pub(super) fn trees(view: &PoolView<'_>) -> Vec<String> {
    let trees: Vec<String> = view.references.scans.iter().map(|scan| tree(scan)).collect();
    if trees.is_empty() { vec!["no source tree was searched".to_owned()] } else { trees }
}

/// What was searched by another version of the scanner than this one: trees, and resources of the account.
pub(super) fn of_other_version(view: &PoolView<'_>) -> Vec<String> {
    let all = view.references.of_other_version.iter();
    let ours = all.filter(|(account, _)| account.is_none_or(|account| account == view.key.account));
    ours.map(|(_, what)| what.clone()).collect()
}

/// `owner/name at 0123456789ab`.
fn named(scan: &Scan) -> String {
    let commit = scan.commit.as_ref().map(|commit| commit.chars().take(SHORT_COMMIT).collect::<String>());
    let commit = commit.map(|commit| format!(" at {commit}")).unwrap_or_default();
    let changed = if scan.modified == Some(true) { " with changes that are not committed" } else { "" };
    format!("{}{commit}{changed}", scan.root)
}

fn tree(scan: &Scan) -> String {
    format!("source tree {}", named(scan))
}

fn is_tree(hit: &Hit) -> bool {
    hit.service == SCAN
}

/// Whether a reference that names no pool may break one at the switch. What a tree has besides is told by its own report.
fn matters(hit: &Hit) -> bool {
    let (in_test, in_doc) = hit.source.as_ref().map_or((false, false), |source| (source.in_test, source.in_doc));
    !hit.accepts_new && !in_test && !in_doc && matches!(hit.severity.as_str(), "error" | "warning")
}

fn stale(time: jiff::Timestamp, root: &str, options: &FactOptions) -> Option<Cause> {
    let max_age = options.max_age?;
    let old = options.now.duration_since(time) > max_age;
    old.then(|| Cause::Stale { call: format!("{SCAN}:{TREE} {root}"), time: time.to_string() })
}

/// `src/auth.ts:12:5`, or the property.
fn place(hit: &Hit) -> String {
    let number = |n: Option<u32>| n.map(|n| format!(":{n}")).unwrap_or_default();
    format!("{}{}{}", hit.path, number(hit.line), number(hit.column))
}

fn child(hit: &Hit, scan: Option<&Scan>, options: &FactOptions, pool: Option<&PoolKey>) -> Child {
    let in_tree = is_tree(hit);
    let source = if in_tree {
        let file = format!("{}/{}", hit.container, hit.path);
        Source::Place { file, line: hit.line, column: hit.column, path: String::new() }
    } else {
        let file = format!("{} in {}", hit.container, hit.region);
        Source::Place { file, line: hit.line, column: hit.column, path: hit.pointer.clone() }
    };
    let known = |value: Value| Fact::known(value, vec![source.clone()]);
    let text = |text: &str| known(text.into());
    let setting = |value: Option<Value>| value.map_or_else(|| Fact::absent(vec![source.clone()]), known);
    // What the place accepts is evidence of its day; where the place is, is not.
    let old = if in_tree { stale(hit.time, &hit.container, options) } else { None };
    let accepts = |value: bool| Fact {
        value: old.clone().map_or(Observed::Known(value.into()), Observed::Unknown),
        sources: vec![source.clone()],
    };
    let said = hit.source.as_ref();
    let language = said.map(|said| said.language.as_str());
    let remedy = said.map(|said| said.remedy.clone()).or_else(|| {
        let class = Class::ALL.iter().find(|class| class.as_str() == hit.class)?;
        Some(classes::of(*class).remedy(language.unwrap_or_default()).to_owned())
    });
    let owners = said.map(|said| said.owners.clone()).unwrap_or_default();
    let origin = if in_tree { IN_TREE } else { hit.service.as_str() };
    let fields = BTreeMap::from([
        ("reference.accepts_any_pool", accepts(hit.accepts_any_pool)),
        ("reference.accepts_new", accepts(hit.accepts_new)),
        ("reference.class", text(&hit.class)),
        ("reference.confidence", text(&hit.confidence)),
        ("reference.holder", text(&hit.container)),
        ("reference.in_doc", known(said.is_some_and(|said| said.in_doc).into())),
        ("reference.in_test", known(said.is_some_and(|said| said.in_test).into())),
        ("reference.language", setting(language.map(Into::into))),
        ("reference.library", setting(said.and_then(|said| said.library.as_deref()).map(Into::into))),
        ("reference.line", setting(hit.line.map(|line| i64::from(line).into()))),
        ("reference.origin", text(origin)),
        ("reference.owners", known(Listed::complete(owners).into())),
        ("reference.path", text(&hit.path)),
        ("reference.place", text(&place(hit))),
        ("reference.remedy", text(&remedy.unwrap_or_default())),
        ("reference.severity", text(&hit.severity)),
        ("reference.text", text(&hit.text)),
    ]);
    let within = if in_tree {
        format!("{SCAN}/{}/{}", hit.container, hit.path)
    } else {
        format!("{}/{}/{}/{}", hit.service, hit.region, hit.container, hit.path)
    };
    let digest = hex(&Sha256::digest(&hit.text)[..4]);
    let pool_id = pool.map(|pool| pool.id.clone());
    let subject = Subject {
        kind: KIND,
        id: format!("{within}:{}:{digest}#{}", hit.class, pool_id.as_deref().unwrap_or("unresolved")),
        name: Some(format!("{} {}", scan.map_or_else(|| hit.container.clone(), named), place(hit))),
        arn: hit.container.starts_with("arn:").then(|| hit.container.clone()),
        region: (!in_tree).then(|| hit.region.clone()),
        account: pool.map_or_else(|| hit.account.clone(), |pool| pool.account.clone()),
        pool_id,
    };
    Child { subject, fields }
}
