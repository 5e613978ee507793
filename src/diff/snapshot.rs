//! Two snapshots: fields by name first, then the members of answers that no changed field stands for.
//!
//! The facts of both sides are read at one clock, that of the newest answer, and without options, so that only answers can
//! differ. What was searched, and the clients that imported, are no settings of the account: fields about them are evidence.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::facts::{Child, Children, FactOptions, Facts, FieldSet, PoolView, RegionTable};
use crate::model::diff::{
    AskedChange, CallChange, Diff, Documents, FieldChange, MemberChange, OptionChange, PoolChange, PoolRef, Presence,
    ReferenceChange, Seen, Side, SubjectChange, TextChange, TreeChange,
};
use crate::model::report::NotAsked;
use crate::model::{Cause, Fact, Fields, Observed, Source, Subject, SubjectKind};
use crate::snapshot::operations::find_call;
use crate::snapshot::{Call, Entry, ErrorKind, Hit, PoolKey, Question, Scan, Snapshot};

use super::because::{is_answer, is_searched, is_unanswered};
use super::report::apart;
use super::{Found, tree, worse_if};

/// The word for a question that was not asked.
const NOT_ASKED: &str = "not_asked";

/// Compares two snapshots.
pub fn snapshots(old: &Snapshot, new: &Snapshot, regions: &RegionTable) -> Diff {
    let times = || old.entries.iter().chain(&new.entries).map(Entry::time);
    let now = times().max().unwrap_or(Timestamp::UNIX_EPOCH);
    let facts = |snapshot| Facts::new(snapshot, FactOptions::new(now), regions.clone());
    let mut comparison = Comparison {
        old: facts(old),
        new: facts(new),
        old_searched: searched(old),
        new_searched: searched(new),
        covered: Vec::new(),
        found: Found::default(),
    };
    comparison.pools();
    comparison.fields();
    comparison.entries();
    comparison.scope();
    comparison.found.into_diff(Documents::Snapshots, side(old), side(new))
}

fn side(snapshot: &Snapshot) -> Side {
    let times = || snapshot.calls().map(|call| call.time).chain(snapshot.scans().map(|scan| scan.time));
    Side {
        snapshot_digest: snapshot.digest(),
        tool_version: snapshot.header.tool_version.clone(),
        evidence_from: times().min().map(|time| time.to_string()),
        evidence_to: times().max().map(|time| time.to_string()),
        now: None,
        pools: snapshot.header.scope.pools.len(),
    }
}

/// What was searched, as reports call it.
fn searched(snapshot: &Snapshot) -> BTreeSet<String> {
    let services = snapshot.header.scope.searched.iter().map(|it| format!("{} {}", it.service, it.region));
    services.chain(snapshot.scans().map(|scan| format!("tree {}", scan.root))).collect()
}

struct Comparison<'a> {
    old: Facts<'a>,
    new: Facts<'a>,
    old_searched: BTreeSet<String>,
    new_searched: BTreeSet<String>,
    /// Where the values of changed fields were read.
    covered: Vec<Source>,
    found: Found,
}

/// What is known of a fact, in words, and whether it is missing for want of an answer.
struct Known {
    seen: Seen,
    items: Option<BTreeSet<String>>,
    gap: Option<Cause>,
}

impl Known {
    fn of(fact: &Fact) -> Self {
        let list = |value: &crate::model::Value| {
            let crate::model::Value::List(list) = value else { return (None, None) };
            let items: BTreeSet<String> = list.items.iter().map(ToString::to_string).collect();
            (Some(items), list.incomplete.clone())
        };
        match &fact.value {
            Observed::Known(value) => {
                let (items, gap) = list(value);
                // The order of a list is AWS's, and means nothing.
                let text = match &items {
                    Some(items) if items.is_empty() => "none".to_owned(),
                    Some(items) => items.iter().cloned().collect::<Vec<_>>().join(", "),
                    None => value.to_string(),
                };
                let seen = Seen { value: Some(text), absent: false, cause: gap.as_ref().map(ToString::to_string) };
                Self { seen, items, gap }
            }
            Observed::Absent => Self { seen: Seen { value: None, absent: true, cause: None }, items: None, gap: None },
            Observed::Unknown(cause) => {
                let seen = Seen { value: None, absent: false, cause: Some(cause.to_string()) };
                Self { seen, items: None, gap: Some(cause.clone()) }
            }
        }
    }
}

impl<'a> Comparison<'a> {
    fn scopes(&self) -> (&'a BTreeSet<PoolKey>, &'a BTreeSet<PoolKey>) {
        (&self.old.snapshot().header.scope.pools, &self.new.snapshot().header.scope.pools)
    }

    /// Pools in the scope of one side only.
    fn pools(&mut self) {
        let (old, new) = self.scopes();
        let mut changes: Vec<(&PoolKey, Presence, &Facts<'_>)> =
            old.difference(new).map(|key| (key, Presence::Gone, &self.old)).collect();
        changes.extend(new.difference(old).map(|key| (key, Presence::New, &self.new)));
        changes.sort_by_key(|(key, presence, _)| (*key, *presence));
        let change = |(key, presence, facts): (&PoolKey, Presence, &Facts<'_>)| PoolChange {
            pool: PoolRef { account: key.account.clone(), id: key.id.clone(), name: facts.pool(key).subject().name },
            presence,
            counts: BTreeMap::new(),
            trend: worse_if(presence == Presence::Gone),
        };
        self.found.account.pools = changes.into_iter().map(change).collect();
    }

    /// Every field of each pool, and of what belongs to it.
    fn fields(&mut self) {
        let (old, new) = self.scopes();
        let names: Vec<&'static str> = FieldSet.all().into_iter().map(|spec| spec.name).collect();
        let mut changes = Changes::default();
        for key in old.intersection(new) {
            let (was, is) = (self.old.pool(key), self.new.pool(key));
            let subject = is.subject();
            for name in &names {
                if let (Some(was), Some(is)) = (was.field(name), is.field(name)) {
                    changes.field(&subject, name, &was, &is);
                }
            }
            for kind in SubjectKind::ALL {
                // Issuer references are compared as they stand in the log.
                if !matches!(
                    kind,
                    SubjectKind::Pool | SubjectKind::Template | SubjectKind::Reference | SubjectKind::Account
                ) {
                    self.children(&was, &is, *kind, &names, &mut changes);
                }
            }
        }
        changes.sort();
        self.covered = changes.covered;
        self.found.account.fields = changes.account;
        self.found.evidence.fields = changes.evidence;
        self.found.account.subjects = changes.subjects;
        self.found.evidence.subjects = changes.unseen;
    }

    fn children(
        &self,
        was: &PoolView<'_>,
        is: &PoolView<'_>,
        kind: SubjectKind,
        names: &[&'static str],
        changes: &mut Changes,
    ) {
        let (Some(was), Some(is)) = (was.children(kind), is.children(kind)) else { return };
        let by_id = |children: &Children| -> BTreeMap<String, Child> {
            children.found.items.iter().map(|child| (child.subject.id.clone(), child.clone())).collect()
        };
        let (old, new) = (by_id(&was), by_id(&is));
        for (id, child) in &old {
            match new.get(id) {
                Some(now) => {
                    for name in names {
                        if let (Some(was), Some(is)) = (child.field(name), now.field(name)) {
                            changes.field(&now.subject, name, &was, &is);
                        }
                    }
                }
                None => changes.subject(child, Presence::Gone, !self.is_seen(child, &is, &self.new_searched)),
            }
        }
        for (id, child) in &new {
            if !old.contains_key(id) {
                changes.subject(child, Presence::New, !self.is_seen(child, &was, &self.old_searched));
            }
        }
    }

    /// Whether a side that does not have this would have seen it.
    fn is_seen(&self, child: &Child, there: &Children, searched: &BTreeSet<String>) -> bool {
        let searched: BTreeSet<&str> = searched.iter().map(String::as_str).collect();
        // Of a place that neither side names as searched nothing is known: then the list itself says whether it is whole.
        let named = is_searched(&searched, &child.subject)
            || !is_searched(
                &self.old_searched.iter().chain(&self.new_searched).map(String::as_str).collect(),
                &child.subject,
            );
        named && there.found.incomplete.as_ref().is_none_or(|cause| !is_unanswered(cause))
    }

    /// What was searched and what was left out on purpose.
    fn scope(&mut self) {
        let evidence = &mut self.found.evidence;
        (evidence.not_searched, evidence.searched) = apart(&self.old_searched, &self.new_searched);
        let unasked = |facts: &Facts<'_>| -> BTreeSet<NotAsked> {
            let unasked = facts.snapshot().header.scope.not_asked.iter();
            unasked
                .map(|it| NotAsked {
                    account: it.account.clone(),
                    what: format!("{} in {}", it.call, it.region),
                    why: it.why.clone(),
                })
                .collect()
        };
        (evidence.asked, evidence.not_asked) = apart(&unasked(&self.old), &unasked(&self.new));
        let newest = |facts: &Facts<'_>| facts.snapshot().entries.iter().map(Entry::time).max();
        evidence.older = matches!((newest(&self.old), newest(&self.new)), (Some(old), Some(new)) if new < old);
        let actions = |facts: &Facts<'_>| -> BTreeSet<String> {
            let errors = facts.snapshot().calls().filter_map(|call| call.error.as_ref());
            errors.flat_map(|error| error.missing_actions.iter().cloned()).collect()
        };
        (evidence.granted_actions, evidence.missing_actions) = apart(&actions(&self.old), &actions(&self.new));
    }

    /// Every question of either side.
    fn entries(&mut self) {
        let (old, new) = (group(self.old.snapshot()), group(self.new.snapshot()));
        let keys: BTreeSet<&Question> = old.keys().chain(new.keys()).collect();
        let mut log = LogChanges::default();
        let (old_scope, new_scope) = self.scopes();
        let mut one_sided: Vec<(&Question, &Asked<'_>, Presence)> = Vec::new();
        for key in keys {
            match (old.get(key), new.get(key)) {
                (Some(was), Some(is)) => log.both(was, is),
                (Some(was), None) => one_sided.push((key, was, Presence::Gone)),
                (None, Some(is)) => one_sided.push((key, is, Presence::New)),
                (None, None) => {}
            }
        }
        // What is asked about a pool that came or went is said by the pool.
        one_sided.retain(|(key, asked, _)| {
            let Some(id) = asked.pool_id() else { return true };
            let pool = PoolKey { account: key.account.clone(), id };
            let theirs = old_scope.contains(&pool) != new_scope.contains(&pool);
            if theirs {
                log.changed.insert((key.account.clone(), asked.name()));
            }
            !theirs
        });
        // Whose parameters come from an answer that changed was asked because of that, and what hangs on it in turn.
        loop {
            let before = one_sided.len();
            one_sided.retain(|(key, asked, presence)| {
                let follows =
                    asked.needs().iter().any(|need| log.changed.contains(&(key.account.clone(), (*need).to_owned())));
                if follows {
                    log.follows(asked, *presence);
                }
                !follows
            });
            if one_sided.len() == before {
                break;
            }
        }
        for (_, asked, presence) in one_sided {
            log.not_asked(asked, presence);
        }
        log.finish(&self.covered, &mut self.found);
    }
}

/// What changed in fields and in what belongs to a pool.
#[derive(Default)]
struct Changes {
    account: Vec<FieldChange>,
    evidence: Vec<FieldChange>,
    subjects: Vec<SubjectChange>,
    unseen: Vec<SubjectChange>,
    covered: Vec<Source>,
}

impl Changes {
    fn field(&mut self, subject: &Subject, name: &str, was: &Fact, is: &Fact) {
        let (old, new) = (Known::of(was), Known::of(is));
        let same = old.items == new.items && old.seen.value == new.seen.value && old.seen.absent == new.seen.absent;
        let gaps = (old.gap.as_ref().is_some_and(is_unanswered), new.gap.as_ref().is_some_and(is_unanswered));
        // The reason of a gap that stays is told by the call.
        let other_gap = gaps.0 != gaps.1 || (!gaps.0 && !gaps.1 && old.gap != new.gap);
        if same && !other_gap {
            return;
        }
        let sources = || was.sources.iter().chain(&is.sources);
        let about_evidence = name.starts_with("evidence.") || name == "pool.searched" || !sources().any(is_answer);
        let (added, removed) = match (&old.items, &new.items) {
            (Some(old), Some(new)) => {
                let (removed, added) = apart(old, new);
                (added, removed)
            }
            _ => (Vec::new(), Vec::new()),
        };
        let evidence = about_evidence || gaps.0 || gaps.1;
        let change = FieldChange {
            subject: subject.clone(),
            field: name.to_owned(),
            old: old.seen,
            new: new.seen,
            added,
            removed,
            trend: worse_if(gaps.1 && !gaps.0),
        };
        if evidence {
            self.evidence.push(change);
        } else {
            self.covered.extend(sources().cloned());
            self.account.push(change);
        }
    }

    fn subject(&mut self, child: &Child, presence: Presence, hidden: bool) {
        let trend = worse_if(hidden && presence == Presence::Gone);
        let change = SubjectChange { subject: child.subject.clone(), presence, trend };
        if hidden {
            self.unseen.push(change);
        } else {
            self.covered.extend(child.fields.values().flat_map(|fact| fact.sources.iter().cloned()));
            self.subjects.push(change);
        }
    }

    fn sort(&mut self) {
        for part in [&mut self.account, &mut self.evidence] {
            part.sort_by(|a, b| (&a.subject, &a.field).cmp(&(&b.subject, &b.field)));
        }
        for part in [&mut self.subjects, &mut self.unseen] {
            part.sort_by(|a, b| (&a.subject, a.presence).cmp(&(&b.subject, b.presence)));
            part.dedup();
        }
        self.covered.sort();
        self.covered.dedup();
    }
}

/// Everything that a snapshot has on one question.
#[derive(Default)]
struct Asked<'a> {
    calls: Vec<&'a Call>,
    hits: Vec<&'a Hit>,
    scan: Option<&'a Scan>,
}

fn group(snapshot: &Snapshot) -> BTreeMap<Question, Asked<'_>> {
    let mut groups: BTreeMap<Question, Asked<'_>> = BTreeMap::new();
    for entry in &snapshot.entries {
        let asked = groups.entry(entry.question()).or_default();
        match entry {
            Entry::Call(call) => asked.calls.push(call),
            Entry::Hit(hit) => asked.hits.push(hit),
            Entry::Scan(scan) => asked.scan = Some(scan),
        }
    }
    for asked in groups.values_mut() {
        asked.calls.sort_by_key(|call| call.page);
    }
    groups
}

fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl<'a> Asked<'a> {
    fn call(&self) -> Option<&'a Call> {
        self.calls.first().copied()
    }

    fn name(&self) -> String {
        self.call().map(Call::name).unwrap_or_default()
    }

    fn parameters(&self) -> BTreeMap<String, String> {
        let parameters = self.call().map(|call| call.parameters.iter());
        parameters.into_iter().flatten().map(|(name, value)| (name.clone(), written(value))).collect()
    }

    fn pool_id(&self) -> Option<String> {
        self.parameters().remove("UserPoolId")
    }

    /// The calls whose answers give its parameters.
    fn needs(&self) -> &'static [&'static str] {
        find_call(&self.name()).map(|operation| operation.needs).unwrap_or_default()
    }

    /// What came of it, in the words of the log.
    fn outcome(&self) -> &'static str {
        let kind = self.calls.iter().find_map(|call| call.error.as_ref()).map(|error| error.kind);
        match kind {
            Some(ErrorKind::Denied) => "denied",
            Some(ErrorKind::Throttled) => "throttled",
            Some(ErrorKind::NotFound) => "not_found",
            Some(ErrorKind::NotOffered) => "not_offered",
            Some(ErrorKind::Failed) => "failed",
            // A log that ends before its last page is no whole answer.
            None if self.calls.last().is_some_and(|call| call.more) => "failed",
            None => "answered",
        }
    }

    /// The answer, its pages put together.
    fn answer(&self) -> Value {
        let mut pages = self.calls.iter().filter_map(|call| call.response.as_ref());
        let mut whole = pages.next().cloned().unwrap_or(Value::Null);
        let items = find_call(&self.name()).and_then(|operation| operation.items);
        for page in pages {
            let more = items.and_then(|items| page.pointer(items)?.as_array());
            let list = items.and_then(|items| whole.pointer_mut(items)?.as_array_mut());
            if let (Some(list), Some(more)) = (list, more) {
                list.extend(more.iter().cloned());
            }
        }
        whole
    }
}

/// Whether an outcome is an answer: that there is nothing is one.
fn is_answered(outcome: &str) -> bool {
    matches!(outcome, "answered" | "not_found" | "not_offered")
}

type CallKey = (String, String, String, &'static str, &'static str);

/// What changed in the log.
#[derive(Default)]
struct LogChanges {
    /// Calls of an account of which an answer changed.
    changed: BTreeSet<(String, String)>,
    members: Vec<MemberChange>,
    asked: Vec<AskedChange>,
    references: Vec<ReferenceChange>,
    calls: BTreeMap<CallKey, CallChange>,
    trees: Vec<TreeChange>,
}

impl LogChanges {
    fn both(&mut self, was: &Asked<'_>, is: &Asked<'_>) {
        if let (Some(was), Some(is)) = (was.scan, is.scan) {
            self.trees.extend(tree_change(was, is));
        }
        if let (Some(_), Some(call)) = (was.call(), is.call()) {
            let (old, new) = (was.outcome(), is.outcome());
            if !is_answered(old) || !is_answered(new) {
                if old != new {
                    self.outcome(if is_answered(new) { was } else { is }, old, new);
                }
                return;
            }
            let changes = if old == new {
                tree::compare(&was.answer(), &is.answer())
            } else {
                let word = |outcome: &str| Some(Value::from(outcome).to_string());
                vec![tree::Change { pointer: String::new(), items: Vec::new(), old: word(old), new: word(new) }]
            };
            if !changes.is_empty() {
                self.changed.insert((call.account.clone(), call.name()));
            }
            self.members.extend(changes.into_iter().map(|change| MemberChange {
                account: call.account.clone(),
                region: call.region.clone(),
                call: call.name(),
                parameters: is.parameters(),
                pool_id: is.pool_id(),
                pointer: change.pointer,
                items: change.items,
                old: change.old,
                new: change.new,
            }));
        }
        self.hits(&was.hits, &is.hits);
    }

    /// A question that is asked on one side because of what another answer says there.
    fn follows(&mut self, asked: &Asked<'_>, presence: Presence) {
        let Some(call) = asked.call() else { return };
        self.changed.insert((call.account.clone(), call.name()));
        self.asked.push(AskedChange {
            account: call.account.clone(),
            region: call.region.clone(),
            call: call.name(),
            parameters: asked.parameters(),
            pool_id: asked.pool_id(),
            presence,
        });
        match presence {
            Presence::Gone => self.hits(&asked.hits, &[]),
            Presence::New => self.hits(&[], &asked.hits),
        }
    }

    /// A question that is asked on one side for no reason in the account.
    fn not_asked(&mut self, asked: &Asked<'_>, presence: Presence) {
        // A tree is told by what was searched.
        if asked.call().is_none() {
            return;
        }
        match presence {
            Presence::Gone => self.outcome(asked, asked.outcome(), NOT_ASKED),
            Presence::New => self.outcome(asked, NOT_ASKED, asked.outcome()),
        }
    }

    fn outcome(&mut self, asked: &Asked<'_>, old: &'static str, new: &'static str) {
        let Some(call) = asked.call() else { return };
        let key = (call.account.clone(), call.region.clone(), call.name(), old, new);
        let change = self.calls.entry(key).or_insert_with(|| CallChange {
            account: call.account.clone(),
            region: call.region.clone(),
            call: call.name(),
            old: old.to_owned(),
            new: new.to_owned(),
            times: 0,
            missing_actions: Vec::new(),
            pool_ids: Vec::new(),
            trend: worse_if(is_answered(old) && !is_answered(new)),
        });
        change.times += 1;
        let actions =
            asked.calls.iter().filter_map(|call| call.error.as_ref()).flat_map(|error| &error.missing_actions);
        change.missing_actions.extend(actions.cloned());
        change.pool_ids.extend(asked.pool_id());
    }

    fn hits(&mut self, was: &[&Hit], is: &[&Hit]) {
        let by_place = |hits: &[&Hit]| {
            let mut places: BTreeMap<String, Vec<Hit>> = BTreeMap::new();
            for hit in hits {
                // Neither the line nor an index: both move with what stands before.
                let pointer = if hit.operation == "GetTemplate" { hit.pointer.as_str() } else { "" };
                let named = [hit.pool_id.as_deref(), hit.unresolved.as_deref(), hit.logical_id.as_deref()];
                let key = [hit.container.as_str(), &hit.path, pointer, &hit.class, &hit.text];
                let key = key.into_iter().map(Some).chain(named).map(Option::unwrap_or_default).collect::<Vec<_>>();
                places.entry(key.join("\u{0}")).or_default().push((*hit).clone());
            }
            places
        };
        let (was, is) = (by_place(was), by_place(is));
        let none = Vec::new();
        for key in was.keys().chain(is.keys().filter(|key| !was.contains_key(*key))) {
            let (old, new) = (was.get(key).unwrap_or(&none), is.get(key).unwrap_or(&none));
            for at in 0..old.len().max(new.len()) {
                self.references.extend(reference_change(old.get(at), new.get(at)));
            }
        }
    }

    fn finish(self, covered: &[Source], found: &mut Found) {
        let Self { mut members, mut asked, mut references, calls, trees, changed: _ } = self;
        members.retain(|member| !covered.iter().any(|source| covers(source, member)));
        let key = |it: &MemberChange| {
            (it.account.clone(), it.pool_id.clone(), it.region.clone(), it.call.clone(), it.parameters.clone())
        };
        members.sort_by(|a, b| (key(a), &a.pointer, &a.old, &a.new).cmp(&(key(b), &b.pointer, &b.old, &b.new)));
        asked.sort_by(|a, b| {
            let key =
                |it: &AskedChange| (it.account.clone(), it.region.clone(), it.call.clone(), it.parameters.clone());
            (key(a), a.presence).cmp(&(key(b), b.presence))
        });
        references.sort_by(|a, b| {
            let key = |it: &ReferenceChange| {
                (it.account.clone(), it.region.clone(), it.container.clone(), it.place.clone(), it.class.clone())
            };
            (key(a), &a.text, a.presence).cmp(&(key(b), &b.text, b.presence))
        });
        let mut calls: Vec<CallChange> = calls.into_values().collect();
        for call in &mut calls {
            call.missing_actions.sort();
            call.missing_actions.dedup();
            call.pool_ids.sort();
            call.pool_ids.dedup();
        }
        found.account.members = members;
        found.account.asked = asked;
        found.account.references = references;
        found.evidence.calls = calls;
        found.evidence.trees = trees;
    }
}

/// Whether a changed field, read there, already says what the member says.
fn covers(source: &Source, member: &MemberChange) -> bool {
    let Source::Call { call, region, parameters, pointer } = source else { return false };
    let mut own = member.parameters.clone();
    own.remove("UserPoolId");
    if *call != member.call || *region != member.region || (!parameters.is_empty() && *parameters != own) {
        return false;
    }
    let below =
        |inner: &str, outer: &str| inner.strip_prefix(outer).filter(|rest| rest.starts_with('/')).map(str::to_owned);
    if *pointer == member.pointer || below(pointer, &member.pointer).is_some() {
        return true;
    }
    // What wraps a whole answer covers nothing by itself; a list at the top covers its items, but not what is in them.
    let Some(rest) = below(&member.pointer, pointer) else { return false };
    let depth = |pointer: &str| pointer.matches('/').count();
    depth(pointer) > 1 || (depth(&rest) == 1 && rest[1..].parse::<usize>().is_ok())
}

fn tree_change(was: &Scan, is: &Scan) -> Option<TreeChange> {
    let files = |scan: &Scan| -> BTreeSet<String> {
        scan.skipped.iter().map(|file| format!("{} ({})", file.path, file.reason)).collect()
    };
    let (read, skipped) = apart(&files(was), &files(is));
    let commit = |scan: &Scan| {
        let commit = scan.commit.clone().unwrap_or_else(|| "no commit".to_owned());
        if scan.modified == Some(true) { format!("{commit} with changes") } else { commit }
    };
    let commit = TextChange { old: commit(was), new: commit(is) };
    let commit = Some(commit).filter(|commit| commit.old != commit.new);
    let changed = commit.is_some() || !read.is_empty() || !skipped.is_empty();
    let trend = worse_if(!skipped.is_empty());
    changed.then(|| TreeChange { root: is.root.clone(), commit, skipped, read, trend })
}

fn reference_change(was: Option<&Hit>, is: Option<&Hit>) -> Option<ReferenceChange> {
    let hit = is.or(was)?;
    let said = |hit: &Hit| {
        let source = hit.source.as_ref();
        [
            ("confidence", Some(hit.confidence.clone())),
            ("severity", Some(hit.severity.clone())),
            ("accepts_new", Some(hit.accepts_new.to_string())),
            ("accepts_any_pool", Some(hit.accepts_any_pool.to_string())),
            ("in_test", source.map(|source| source.in_test.to_string())),
            ("in_doc", source.map(|source| source.in_doc.to_string())),
            ("library", source.and_then(|source| source.library.clone())),
        ]
    };
    let presence = match (was, is) {
        (Some(_), None) => Some(Presence::Gone),
        (None, Some(_)) => Some(Presence::New),
        _ => None,
    };
    let members: Vec<OptionChange> = match (was, is) {
        (Some(was), Some(is)) => {
            let pairs = said(was).into_iter().zip(said(is)).filter(|((_, was), (_, is))| was != is);
            pairs.map(|((name, old), (_, new))| OptionChange { name: name.to_owned(), old, new }).collect()
        }
        _ => Vec::new(),
    };
    let place = hit.logical_id.iter().chain([&hit.path]).map(String::as_str).collect::<Vec<_>>().join(" ");
    (presence.is_some() || !members.is_empty()).then(|| ReferenceChange {
        account: hit.account.clone(),
        region: hit.region.clone(),
        container: hit.container.clone(),
        place,
        class: hit.class.clone(),
        pool_id: hit.pool_id.clone(),
        text: hit.text.clone(),
        presence,
        members,
    })
}
