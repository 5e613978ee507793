//! The baseline: an earlier report that this run's findings are held against. It marks what is new, known or changed, says
//! since when, and closes what is resolved. It never changes a verdict, a gate or the exit code.
//!
//! "No evidence, no PASS" holds for closing too: that a finding is missing says nothing by itself. It is closed only where
//! this run looked at the place where its subject was, read the whole list, and did not find it. What lies outside the run's
//! scope, was not searched, was refused or could not be read whole is carried on as `unseen`, so that whatever run looks there
//! next still knows it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use crate::facts::Facts;
use crate::model::report::{
    Baseline, BaselineState, Finding, Held, REPORT_SCHEMA_VERSION, Report, Resolved, RuleSummary, Subject, Unseen,
};
use crate::model::{Cause, Level, Observed, SubjectKind, Value, Verdict};
use crate::rules::Catalog;
use crate::snapshot::PoolKey;
use crate::snapshot::entry::SCAN;
use crate::snapshot::operations::GLOBAL_REGION;

use super::fingerprint;

/// Which pools there are in a Region.
const POOLS: &str = "cognito-idp:ListUserPools";
/// So many places are named where something is not any more.
const MAX_PLACES: usize = 3;

/// What a run is held against.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The earlier report, which [`readable`] let pass.
    pub report: &'a Report,
    /// The digest of its document, `sha256:…`.
    pub digest: &'a str,
    /// How long a decided verdict outlives an unknown.
    pub grace: Option<&'a Grace>,
}

/// `--unknown-grace`.
#[derive(Debug, Clone)]
pub struct Grace {
    /// As given.
    pub text: String,
    /// How long.
    pub duration: SignedDuration,
}

/// Why a report cannot be a baseline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// Another shape.
    #[error("it is version {found} of the report, and this mrready compares version {REPORT_SCHEMA_VERSION} only")]
    Version {
        /// Its version.
        found: u32,
    },
    /// A clock that is none.
    #[error("`run.now` is no time in RFC 3339: it was changed by hand, or is no report of mrready")]
    Clock,
    /// A digest that is none.
    #[error("`snapshot.digest` is no digest: it was changed by hand, or is no report of mrready")]
    Digest,
    /// It comes after this run.
    #[error("it is from {baseline}, after this run ({now}); give an earlier report, or a later --now")]
    Newer {
        /// Its clock.
        baseline: Timestamp,
        /// The clock of this run.
        now: Timestamp,
    },
    /// Findings are missing in it.
    #[error("{0}")]
    Narrowed(#[from] Narrowed),
}

/// A report that does not list every finding it counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it counts {counted} findings that are {verdict} and lists {listed}; write it without --show, --select and --ignore"
)]
pub struct Narrowed {
    /// The verdict.
    pub verdict: Verdict,
    /// How many it counts.
    pub counted: usize,
    /// How many it lists.
    pub listed: usize,
}

/// Whether a report lists every finding that it counts. Those that do not apply are left out as a rule.
pub fn whole(report: &Report) -> Result<(), Narrowed> {
    for verdict in Verdict::ALL.iter().copied().filter(|verdict| *verdict != Verdict::NotApplicable) {
        let counted = report.summary.counts.get(&verdict).copied().unwrap_or_default();
        let listed = report.findings.iter().filter(|finding| finding.verdict == verdict).count();
        if counted != listed {
            return Err(Narrowed { verdict, counted, listed });
        }
    }
    Ok(())
}

/// Whether a report can be the baseline of a run at `now`.
pub fn readable(report: &Report, now: Timestamp) -> Result<(), BaselineError> {
    if report.schema_version != REPORT_SCHEMA_VERSION {
        return Err(BaselineError::Version { found: report.schema_version });
    }
    let baseline = report.run.now.parse::<Timestamp>().map_err(|_| BaselineError::Clock)?;
    let digits = report.snapshot.digest.strip_prefix("sha256:").unwrap_or_default();
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(BaselineError::Digest);
    }
    if baseline > now {
        return Err(BaselineError::Newer { baseline, now });
    }
    Ok(whole(report)?)
}

/// Holds a report against its baseline: marks its findings and fills `resolved` and `run.baseline`.
pub fn compare(report: &mut Report, facts: &Facts<'_>, catalog: &Catalog, against: &Against<'_>) {
    let now = facts.options().now;
    let Ok(then) = against.report.run.now.parse::<Timestamp>() else { return };
    let nights = Nights { now, grace: against.grace };
    let mut before: BTreeMap<&str, Was<'_>> = BTreeMap::new();
    for finding in &against.report.findings {
        before.entry(&finding.fingerprint).or_insert_with(|| Was::judged(finding, then));
    }
    for unseen in &against.report.unseen {
        before.entry(&unseen.fingerprint).or_insert_with(|| Was::carried(unseen, then));
    }
    for finding in &mut report.findings {
        nights.mark(finding, before.get(finding.fingerprint.as_str()));
    }
    let found: BTreeMap<&str, &Finding> =
        report.findings.iter().map(|finding| (finding.fingerprint.as_str(), finding)).collect();
    // What the baseline itself lists as gone was told then.
    let told = against.report.resolved.iter().filter(|each| each.now.is_none());
    let told: BTreeSet<&str> = told.map(|each| each.fingerprint.as_str()).collect();
    let look = Look::new(facts, catalog, against.report);
    let (mut resolved, mut unseen) = (Vec::new(), Vec::new());
    for (fingerprint_then, was) in before.iter().filter(|(_, was)| was.verdict != Verdict::NotApplicable) {
        match found.get(fingerprint_then) {
            Some(finding) if is_open(was.verdict) && is_closed(finding.verdict) => {
                let detail = format!("it was {} and is {} now", was.verdict, finding.verdict);
                resolved.push(was.resolved(Some(finding), &report.rules, detail));
            }
            Some(_) => {}
            // A fingerprint that is not made of rule and subject names nothing that could be looked for.
            None if told.contains(fingerprint_then) || was.fingerprint != fingerprint(was.rule, was.subject) => {}
            None => match look.gone(was) {
                Some(detail) => resolved.push(was.resolved(None, &report.rules, detail)),
                None => unseen.push(was.unseen()),
            },
        }
    }
    // Sorted by fingerprint, as the map was.
    report.resolved = resolved;
    report.unseen = unseen;
    // What a baseline had is told once, of the whole.
    report.merge = None;
    report.run.baseline = Some(Baseline {
        digest: against.digest.to_owned(),
        now: then.to_string(),
        snapshot_digest: against.report.snapshot.digest.to_ascii_lowercase(),
    });
    report.run.unknown_grace = against.grace.map(|grace| grace.text.clone());
}

/// What somebody has to act on or find out.
fn is_open(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Warn | Verdict::Unknown | Verdict::Manual)
}

fn is_closed(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::NotApplicable)
}

/// What evidence decided, and what a ticket can show.
fn is_decided(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Warn | Verdict::Info)
}

/// Whether an unknown is so for causes that pass by themselves: AWS asked us to slow down, or did not answer.
///
/// A refusal is not among them: somebody changed permissions, and a status that nobody can check any more must not look as
/// if it were checked. Nor is what was not asked or not searched: that is the run's own doing. Evidence that contradicts
/// itself or says nothing is an answer.
fn is_passing(finding: &Finding) -> bool {
    let mut causes = finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).map(Cause::root).peekable();
    causes.peek().is_some() && causes.all(|cause| matches!(cause, Cause::Throttled { .. } | Cause::Failed { .. }))
}

/// What the baseline says of a finding.
#[derive(Debug, Clone, Copy)]
struct Was<'a> {
    fingerprint: &'a str,
    rule: &'a str,
    level: Level,
    verdict: Verdict,
    subject: &'a Subject,
    owner: Option<&'a String>,
    /// Since when it has had its verdict.
    since: Timestamp,
    /// When it was judged last.
    judged_at: Timestamp,
    /// The verdict that was decided last, and when.
    decided: Option<(Verdict, Timestamp)>,
}

impl<'a> Was<'a> {
    /// A finding of the baseline, whose run was `then`. A time that is none, or after the baseline, is no time.
    fn judged(finding: &'a Finding, then: Timestamp) -> Self {
        let said = |text: &str| text.parse::<Timestamp>().ok().filter(|at| *at <= then);
        let decided = match &finding.held {
            _ if is_decided(finding.verdict) => Some((finding.verdict, then)),
            // It keeps its time, so that over any number of nights the grace ends.
            Some(held) if finding.verdict == Verdict::Unknown && is_decided(held.verdict) => {
                said(&held.decided_at).map(|at| (held.verdict, at))
            }
            _ => None,
        };
        Self {
            fingerprint: &finding.fingerprint,
            rule: &finding.rule,
            level: finding.level,
            verdict: finding.verdict,
            subject: &finding.subject,
            owner: finding.owner.as_ref(),
            since: finding.first_seen.as_deref().and_then(said).unwrap_or(then),
            judged_at: then,
            decided,
        }
    }

    /// What the baseline itself could not look for.
    fn carried(unseen: &'a Unseen, then: Timestamp) -> Self {
        let said = |text: &str| text.parse::<Timestamp>().ok().filter(|at| *at <= then).unwrap_or(then);
        let judged_at = said(&unseen.judged_at);
        Self {
            fingerprint: &unseen.fingerprint,
            rule: &unseen.rule,
            level: unseen.level,
            verdict: unseen.verdict,
            subject: &unseen.subject,
            owner: unseen.owner.as_ref(),
            since: said(&unseen.first_seen),
            judged_at,
            decided: is_decided(unseen.verdict).then_some((unseen.verdict, judged_at)),
        }
    }

    fn resolved(&self, now: Option<&Finding>, rules: &BTreeMap<String, RuleSummary>, detail: String) -> Resolved {
        Resolved {
            fingerprint: self.fingerprint.to_owned(),
            rule: self.rule.to_owned(),
            title: rules.get(self.rule).map(|rule| rule.title.clone()).unwrap_or_default(),
            level: self.level,
            was: self.verdict,
            now: now.map(|finding| finding.verdict),
            subject: now.map_or(self.subject, |finding| &finding.subject).clone(),
            owner: now.map_or(self.owner, |finding| finding.owner.as_ref()).cloned(),
            first_seen: Some(self.since.to_string()),
            detail,
        }
    }

    fn unseen(&self) -> Unseen {
        Unseen {
            fingerprint: self.fingerprint.to_owned(),
            rule: self.rule.to_owned(),
            level: self.level,
            verdict: self.verdict,
            subject: self.subject.clone(),
            owner: self.owner.cloned(),
            first_seen: self.since.to_string(),
            judged_at: self.judged_at.to_string(),
        }
    }
}

/// The two runs that are compared.
struct Nights<'a> {
    now: Timestamp,
    grace: Option<&'a Grace>,
}

impl Nights<'_> {
    fn mark(&self, finding: &mut Finding, was: Option<&Was<'_>>) {
        let Some(was) = was else {
            // A report leaves out what does not apply, so its absence there says nothing.
            if finding.verdict != Verdict::NotApplicable {
                finding.baseline = Some(BaselineState::New);
                finding.first_seen = Some(self.now.to_string());
            }
            return;
        };
        let known = was.verdict == finding.verdict;
        finding.baseline = Some(if known { BaselineState::Known } else { BaselineState::Changed });
        finding.first_seen = Some(if known { was.since.to_string() } else { self.now.to_string() });
        if finding.verdict == Verdict::Unknown && is_passing(finding) {
            finding.held = self.held(was);
        }
    }

    /// The verdict that was decided last, while it is young enough.
    fn held(&self, was: &Was<'_>) -> Option<Held> {
        let (grace, (verdict, decided_at)) = (self.grace?, was.decided?);
        let young = self.now.duration_since(decided_at) < grace.duration;
        young.then(|| Held { verdict, decided_at: decided_at.to_string() })
    }
}

/// A list of subjects of one kind that this run read.
struct List {
    ids: BTreeSet<String>,
    /// Whether nothing can be missing in it.
    whole: bool,
    searched: Vec<String>,
}

/// Where this run looked.
struct Look<'a> {
    facts: &'a Facts<'a>,
    catalog: &'a Catalog,
    /// Source trees that either run searched.
    roots: BTreeSet<&'a str>,
    lists: RefCell<BTreeMap<(PoolKey, SubjectKind), Rc<List>>>,
    unresolved: BTreeSet<String>,
}

impl<'a> Look<'a> {
    fn new(facts: &'a Facts<'a>, catalog: &'a Catalog, baseline: &'a Report) -> Self {
        let then = baseline.snapshot.searched.iter().filter_map(|searched| searched.strip_prefix("tree "));
        let roots = facts.snapshot().scans().map(|scan| scan.root.as_str()).chain(then).collect();
        let unresolved = facts.unresolved_references().into_iter().map(|child| child.subject.id).collect();
        Self { facts, catalog, roots, lists: RefCell::default(), unresolved }
    }

    /// How this run knows that what a finding of the baseline was about is not there any more; `None` if it does not.
    fn gone(&self, was: &Was<'_>) -> Option<String> {
        let subject = was.subject;
        // A rule that is not judged, or judges something else, has nothing to say about it.
        let rule = self.catalog.rules.iter().find(|rule| rule.id == was.rule)?;
        let Some(id) = &subject.pool_id else {
            return (rule.subject == subject.kind).then(|| self.gone_without_pool(subject)).flatten();
        };
        let key = PoolKey { account: subject.account.clone(), id: id.clone() };
        if !self.facts.snapshot().header.scope.pools.contains(&key) {
            return self.gone_pool(&key);
        }
        if subject.kind == SubjectKind::Pool {
            // The finding on a pool for all that was not seen: it goes when the list is whole and has members.
            let list = if rule.subject == SubjectKind::Pool { None } else { self.list(&key, rule.subject) }?;
            let settled = list.whole && !list.ids.is_empty();
            return settled.then(|| format!("every {} was seen now and has a finding of its own", rule.subject));
        }
        if rule.subject != subject.kind {
            return None;
        }
        let list = self.list(&key, subject.kind)?;
        if list.ids.contains(&subject.id) {
            return None;
        }
        let place = match in_tree(subject) {
            Some(within) => self.searched_tree(within)?,
            None if list.whole && self.looked_at(subject, &key) => places(&list.searched),
            None => return None,
        };
        Some(format!("it is not there any more; searched: {place}"))
    }

    /// A pool outside the scope is gone if its Region lists all its pools and not this one.
    fn gone_pool(&self, key: &PoolKey) -> Option<String> {
        let view = self.facts.pool(key);
        let listed = view.ask(POOLS, &view.region, &[]).named("Id");
        let there = listed.incomplete.is_some() || listed.items.iter().any(|(id, _)| *id == key.id);
        (!there).then(|| format!("the pool is not there any more: {POOLS} in {} does not have it", view.region))
    }

    /// A reference that names no pool: the whole account, or its tree, has to have been searched.
    fn gone_without_pool(&self, subject: &Subject) -> Option<String> {
        if self.unresolved.contains(&subject.id) {
            return None;
        }
        let scope = &self.facts.snapshot().header.scope;
        if let Some(within) = in_tree(subject) {
            // Without a pool in scope, references of trees are not told.
            let place = self.searched_tree(within).filter(|_| !scope.pools.is_empty())?;
            return Some(format!("it is not there any more; searched: {place}"));
        }
        let mut own = scope.pools.iter().filter(|key| key.account == subject.account).peekable();
        let first = *own.peek()?;
        let whole = own.all(|key| self.list(key, subject.kind).is_some_and(|list| list.whole));
        let searched = whole && self.looked_at(subject, first);
        let list = self.list(first, subject.kind).filter(|_| searched)?;
        Some(format!("it is not there any more; searched: {}", places(&list.searched)))
    }

    /// The source tree of a reference, if this run searched it whole.
    ///
    /// An id does not say which part of it is the tree's name, so every name that fits has to have been searched.
    fn searched_tree(&self, within: &str) -> Option<String> {
        let options = self.facts.options();
        let is_whole = |root: &str| {
            self.facts.snapshot().scans().any(|scan| {
                let old = options.max_age.is_some_and(|max| options.now.duration_since(scan.time) > max);
                scan.root == root && scan.skipped.is_empty() && !old
            })
        };
        let own = |root: &&&str| within.strip_prefix(**root).is_some_and(|rest| rest.starts_with('/'));
        let roots: Vec<&str> = self.roots.iter().filter(own).copied().collect();
        let searched = !roots.is_empty() && roots.iter().all(|root| is_whole(root));
        searched.then(|| format!("source tree {}", roots.join(", ")))
    }

    /// Whether the place where the subject was is one that this run searched. Ids begin with service and Region.
    fn looked_at(&self, subject: &Subject, key: &PoolKey) -> bool {
        let mut parts = subject.id.splitn(3, '/');
        let (Some(service), Some(region), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        let searched = |service: &str, region: &str| {
            self.facts.snapshot().header.scope.searched.iter().any(|searched| {
                searched.account == key.account && searched.service == service && searched.region == region
            })
        };
        match (subject.kind, service) {
            (SubjectKind::Trigger, _) => self.asked_replica(key, region),
            (SubjectKind::Reference, "iam") => searched("iam-roles", GLOBAL_REGION),
            // A package is searched on demand only, and an id does not say which of the two it was.
            (SubjectKind::Reference, "lambda") => {
                let variable = rest.contains("/Environment.Variables.");
                searched("lambda", region) && (variable || searched("lambda-code", region))
            }
            (SubjectKind::Reference, "cloudcontrol") => {
                let task = rest.starts_with("arn:") && rest.contains(":ecs:");
                searched(if task { "ecs" } else { "ssm" }, region)
            }
            _ => searched(service, region),
        }
    }

    /// Whether the triggers of the replica in this Region are those that were read: it is the replica, or there is none.
    fn asked_replica(&self, key: &PoolKey, region: &str) -> bool {
        let view = self.facts.pool(key);
        let replicas = view.field("replica.regions").map(|fact| fact.value);
        let no_replica = match replicas {
            Some(Observed::Known(Value::List(list))) => {
                list.incomplete.is_none() && !list.items.iter().any(|item| item.to_string() == region)
            }
            Some(Observed::Absent) => true,
            _ => false,
        };
        no_replica || view.target_region().known().is_some_and(|target| target == region)
    }

    fn list(&self, key: &PoolKey, kind: SubjectKind) -> Option<Rc<List>> {
        let at = (key.clone(), kind);
        if let Some(list) = self.lists.borrow().get(&at) {
            return Some(Rc::clone(list));
        }
        let children = self.facts.pool(key).children(kind)?;
        let list = Rc::new(List {
            ids: children.found.items.into_iter().map(|child| child.subject.id).collect(),
            whole: children.found.incomplete.is_none(),
            searched: children.searched,
        });
        self.lists.borrow_mut().insert(at, Rc::clone(&list));
        Some(list)
    }
}

/// Tree and path of a reference in a source tree, with what else its id has.
fn in_tree(subject: &Subject) -> Option<&str> {
    if subject.kind != SubjectKind::Reference {
        return None;
    }
    subject.id.strip_prefix(SCAN)?.strip_prefix('/')
}

/// The first of these places, and how many more.
fn places(all: &[String]) -> String {
    let more = all.len().saturating_sub(MAX_PLACES);
    let first = all.iter().take(MAX_PLACES).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}
