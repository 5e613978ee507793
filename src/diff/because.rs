//! The criterion: what changed a finding, and whether that is worse. The lines of the module's header, in their order.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::diff::{Because, Part, Seen, Trend, ValueChange};
use crate::model::report::{Evidence, Finding, Report};
use crate::model::{Cause, Level, Source, Subject, SubjectKind, Verdict};

/// What one side saw of one field: of a list item by item.
type Values<'a> = BTreeSet<(Seen, &'a [Source])>;

/// A subject, whatever is said of it.
pub(super) type Key<'a> = (&'a str, SubjectKind, &'a str);

pub(super) fn key(subject: &Subject) -> Key<'_> {
    (&subject.account, subject.kind, &subject.id)
}

/// One of two reports, indexed.
#[derive(Debug)]
pub(super) struct Indexed<'a> {
    pub(super) report: &'a Report,
    /// By fingerprint and account.
    pub(super) findings: BTreeMap<(&'a str, &'a str), &'a Finding>,
    /// Everything that a finding is about.
    pub(super) subjects: BTreeMap<Key<'a>, &'a Subject>,
    /// What was seen of a field, by the account, the subject's id and the field.
    fields: BTreeMap<(&'a str, &'a str, &'a str), Values<'a>>,
    searched: BTreeSet<&'a str>,
    /// Rules that say of a pool that not everything could be listed: account, pool, rule.
    unlisted: BTreeSet<(&'a str, &'a str, &'a str)>,
}

impl<'a> Indexed<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let mut indexed = Self {
            report,
            findings: BTreeMap::new(),
            subjects: BTreeMap::new(),
            fields: BTreeMap::new(),
            searched: report.snapshot.searched.iter().map(String::as_str).collect(),
            unlisted: BTreeSet::new(),
        };
        for finding in &report.findings {
            let subject = &finding.subject;
            indexed.findings.insert((&finding.fingerprint, &subject.account), finding);
            indexed.subjects.insert(key(subject), subject);
            for evidence in &finding.evidence {
                let values = indexed.fields.entry((&subject.account, &subject.id, &evidence.field)).or_default();
                values.insert((seen(evidence), &evidence.sources));
            }
            let of_others = report.rules.get(&finding.rule).is_some_and(|rule| rule.subject != subject.kind);
            if of_others && finding.verdict == Verdict::Unknown {
                indexed.unlisted.insert((&subject.account, &subject.id, &finding.rule));
            }
        }
        indexed
    }

    /// What was seen of a field by any rule on this subject, or on its pool.
    fn field<'s>(&'s self, subject: &'s Subject, field: &'s str) -> Option<&'s Values<'s>> {
        let of = |id: &'s str| self.fields.get(&(subject.account.as_str(), id, field));
        of(&subject.id).or_else(|| of(subject.pool_id.as_deref()?))
    }

    /// Every field of which one value was seen, with its subject.
    pub(super) fn single_values(&self) -> impl Iterator<Item = (Key<'a>, &'a str, &Seen, &'a [Source])> {
        self.subjects.keys().flat_map(move |key| {
            let range = (key.0, key.2, "")..(key.0, key.2, "\u{10ffff}");
            self.fields.range(range).filter_map(move |((.., field), values)| {
                let seen: BTreeSet<&Seen> = values.iter().map(|(seen, _)| seen).collect();
                let (first, sources) = values.first()?;
                (seen.len() == 1).then_some((*key, *field, first, *sources))
            })
        })
    }

    /// Whether the place where this was found was searched here.
    fn looked_at(&self, subject: &Subject) -> bool {
        is_searched(&self.searched, subject)
    }

    /// Whether a subject of this rule could have been here without being listed.
    fn hides(&self, other: &Self, subject: &Subject, rule: &str) -> bool {
        let pool = subject.pool_id.as_deref().unwrap_or_default();
        (other.looked_at(subject) && !self.looked_at(subject))
            || self.unlisted.contains(&(subject.account.as_str(), pool, rule))
    }

    /// Whether any rule that judged this subject elsewhere was judged here, and the subject could not be listed.
    pub(super) fn hides_subject(&self, other: &Self, subject: &Subject) -> bool {
        let mut rules = other.findings.values().filter(|finding| key(&finding.subject) == key(subject));
        rules.any(|finding| self.hides(other, subject, &finding.rule))
    }
}

/// Whether the place where a thing was found is among those that were searched (`service Region`, `tree name`). The ids of
/// things begin with their place; what a pool's own settings name was seen with the pool.
pub(super) fn is_searched(searched: &BTreeSet<&str>, subject: &Subject) -> bool {
    if subject.kind == SubjectKind::Pool || subject.kind == SubjectKind::Trigger {
        return true;
    }
    if let Some(place) = subject.id.strip_prefix("scan/") {
        let mut trees = searched.iter().filter_map(|place| place.strip_prefix("tree "));
        return trees.any(|root| place.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')));
    }
    let mut parts = subject.id.split('/');
    let (Some(service), Some(region)) = (parts.next(), parts.next()) else { return true };
    searched.iter().any(|place| {
        place.rsplit_once(' ').is_some_and(|(name, at)| {
            at == region && (name == service || name.strip_prefix(service).is_some_and(|rest| rest.starts_with('-')))
        })
    })
}

/// What was seen, in words.
pub(super) fn seen(evidence: &Evidence) -> Seen {
    Seen { value: evidence.actual.clone(), absent: evidence.absent, cause: evidence.cause_text.clone() }
}

/// Whether nothing was answered.
pub(super) fn is_unanswered(cause: &Cause) -> bool {
    match cause.root() {
        Cause::Denied { .. }
        | Cause::Throttled { .. }
        | Cause::Failed { .. }
        | Cause::NotCollected { .. }
        | Cause::Prerequisite { .. }
        | Cause::NotSearched { .. }
        | Cause::NotAdmitted { .. }
        | Cause::Stale { .. } => true,
        Cause::NotFound { .. }
        | Cause::NotOffered { .. }
        | Cause::Undecided { .. }
        | Cause::Unrecognised { .. }
        | Cause::NoMeaning { .. }
        | Cause::Contradiction { .. }
        | Cause::NoTargetRegion
        | Cause::Given { .. } => false,
    }
}

/// Two reports side by side.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) old: Indexed<'a>,
    pub(super) new: Indexed<'a>,
    same_snapshot: bool,
    same_rules: bool,
    same_options: bool,
}

/// How the values compare that two findings rest on.
#[derive(Debug, PartialEq, Eq)]
enum Compared {
    /// Another answer.
    Answer,
    /// Another option or table.
    Option,
    /// The same.
    Same,
    /// Nothing that both know.
    Nothing,
}

impl<'a> Pair<'a> {
    pub(super) fn new(old: &'a Report, new: &'a Report, same_options: bool) -> Self {
        Self {
            same_snapshot: old.snapshot.digest == new.snapshot.digest,
            same_rules: old.run.catalogue_digest == new.run.catalogue_digest && old.tool == new.tool,
            same_options,
            old: Indexed::new(old),
            new: Indexed::new(new),
        }
    }

    /// What changed a finding; one of the two is there.
    pub(super) fn because(&self, old: Option<&Finding>, new: Option<&Finding>) -> Because {
        let Some(finding) = new.or(old) else { return Because::Value };
        let rule = finding.rule.as_str();
        let (Some(was), Some(is)) = (self.old.report.rules.get(rule), self.new.report.rules.get(rule)) else {
            return Because::Rule;
        };
        if is_decision(old, new) {
            return Because::Decision;
        }
        if let Some(because) = unknown(old, new) {
            return because;
        }
        if let Some(because) = self.subject(old, new) {
            return because;
        }
        if was.level != is.level && does_not_hold(old) && does_not_hold(new) {
            return Because::Level;
        }
        if self.same_snapshot {
            return self.unexplained();
        }
        match self.compare(old, new) {
            Compared::Answer => Because::Value,
            Compared::Option => Because::Option,
            Compared::Same => self.unexplained(),
            Compared::Nothing if !self.same_options => Because::Option,
            Compared::Nothing => {
                let same = was.title == is.title && was.gates == is.gates && was.decided_by == is.decided_by;
                if same && same_expectations(old, new) { Because::Value } else { Because::Rule }
            }
        }
    }

    fn unexplained(&self) -> Because {
        match (self.same_rules, self.same_options) {
            (false, _) => Because::Rule,
            (true, false) => Because::Option,
            (true, true) => Because::Clock,
        }
    }

    /// Whether a subject that this side does not name may be there all the same: the other options make no rule concern it,
    /// and the report does not list what concerns nothing.
    pub(super) fn may_be_unlisted(&self, side: &Indexed<'_>) -> bool {
        let not_applicable = |it: &&Finding| it.verdict == Verdict::NotApplicable;
        let listed = side.report.findings.iter().filter(not_applicable).count();
        let judged = side.report.summary.counts.get(&Verdict::NotApplicable).copied().unwrap_or_default();
        self.same_snapshot || (!self.same_options && listed < judged)
    }

    /// For a finding that only one side has, on a subject that only that side has.
    fn subject(&self, old: Option<&Finding>, new: Option<&Finding>) -> Option<Because> {
        let (finding, has, lacks, because) = match (old, new) {
            (Some(finding), None) => (finding, &self.old, &self.new, Because::EvidenceLost),
            (None, Some(finding)) => (finding, &self.new, &self.old, Because::EvidenceFound),
            _ => return None,
        };
        if lacks.subjects.contains_key(&key(&finding.subject)) || self.same_snapshot {
            return None;
        }
        if self.may_be_unlisted(lacks) {
            return Some(Because::Option);
        }
        let hidden = lacks.hides(has, &finding.subject, &finding.rule);
        Some(if hidden { because } else { Because::Subject })
    }

    /// The fields that two findings rest on, side by side as far as both sides know them.
    fn sides(&self, old: Option<&Finding>, new: Option<&Finding>) -> Vec<(&'a str, Values<'_>, Values<'_>)> {
        let own = |finding: Option<&'a Finding>| {
            let mut fields: BTreeMap<&'a str, Values<'a>> = BTreeMap::new();
            for evidence in finding.map(|finding| finding.evidence.as_slice()).unwrap_or_default() {
                fields.entry(&evidence.field).or_default().insert((seen(evidence), &evidence.sources));
            }
            fields
        };
        // The findings live as long as the reports that the index holds.
        let held = |side: &Indexed<'a>, finding: Option<&Finding>| {
            finding.and_then(|it| side.findings.get(&(it.fingerprint.as_str(), it.subject.account.as_str())).copied())
        };
        let (old_finding, new_finding) = (held(&self.old, old), held(&self.new, new));
        let (was, is) = (own(old_finding), own(new_finding));
        let Some(subject) = new_finding.or(old_finding).map(|finding| &finding.subject) else { return Vec::new() };
        let fields: BTreeSet<&'a str> = was.keys().chain(is.keys()).copied().collect();
        fields
            .into_iter()
            .filter_map(|field| {
                let was = was.get(field).or_else(|| self.old.field(subject, field))?.clone();
                let is = is.get(field).or_else(|| self.new.field(subject, field))?.clone();
                Some((field, was, is))
            })
            .collect()
    }

    fn compare(&self, old: Option<&Finding>, new: Option<&Finding>) -> Compared {
        let mut found = Compared::Nothing;
        for (_, was, is) in self.sides(old, new) {
            if !differ(&was, &is) {
                found = if found == Compared::Nothing { Compared::Same } else { found };
                continue;
            }
            let answered = |values: &Values<'_>| {
                values.iter().any(|(_, sources)| sources.iter().any(is_answer) || sources.is_empty())
            };
            if answered(&was) || answered(&is) {
                return Compared::Answer;
            }
            found = Compared::Option;
        }
        found
    }

    /// The fields with another value, in words.
    pub(super) fn values(&self, old: Option<&Finding>, new: Option<&Finding>) -> Vec<ValueChange> {
        let sides = self.sides(old, new);
        let changed = sides.into_iter().filter(|(_, was, is)| differ(was, is));
        changed
            .map(|(field, was, is)| ValueChange { field: field.to_owned(), old: joined(&was), new: joined(&is) })
            .collect()
    }
}

/// Whether a value was read from an answer or a file.
pub(super) fn is_answer(source: &Source) -> bool {
    matches!(source, Source::Call { .. } | Source::Place { .. })
}

fn differ(was: &Values<'_>, is: &Values<'_>) -> bool {
    !was.iter().map(|(seen, _)| seen).eq(is.iter().map(|(seen, _)| seen))
}

/// Of a list, its items in one text.
fn joined(values: &Values<'_>) -> Seen {
    let seen: BTreeSet<&Seen> = values.iter().map(|(seen, _)| seen).collect();
    let texts: Vec<&str> = seen.iter().filter_map(|seen| seen.value.as_deref()).collect();
    Seen {
        value: (!texts.is_empty()).then(|| texts.join("; ")),
        absent: texts.is_empty() && seen.iter().any(|seen| seen.absent),
        cause: seen.iter().find_map(|seen| seen.cause.clone()),
    }
}

/// The causes of a finding that is unknown.
fn unknown_causes(finding: Option<&Finding>) -> Option<Vec<&Cause>> {
    let finding = finding.filter(|finding| finding.verdict == Verdict::Unknown)?;
    Some(finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref()).map(Cause::root).collect())
}

/// What changed a finding that is unknown on one side.
fn unknown(old: Option<&Finding>, new: Option<&Finding>) -> Option<Because> {
    let (was, is) = (unknown_causes(old), unknown_causes(new));
    let unanswered = |causes: &Option<Vec<&Cause>>| {
        causes.as_ref().is_some_and(|causes| causes.iter().any(|cause| is_unanswered(cause)))
    };
    let targetless = |causes: &Option<Vec<&Cause>>| {
        causes.as_ref().is_some_and(|causes| causes.iter().any(|cause| **cause == Cause::NoTargetRegion))
    };
    match (unanswered(&was), unanswered(&is)) {
        (true, true) => Some(Because::OtherCause),
        (false, true) => Some(Because::EvidenceLost),
        (true, false) => Some(Because::EvidenceFound),
        (false, false) if targetless(&was) || targetless(&is) => Some(Because::Option),
        (false, false) => None,
    }
}

fn is_decision(old: Option<&Finding>, new: Option<&Finding>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return false };
    let kind = |finding: &Finding| finding.waiver.as_ref().map(|waiver| waiver.kind.clone());
    let attested = |finding: &Finding| kind(finding).as_deref() == Some("attest");
    let waits = |finding: &Finding| finding.verdict == Verdict::Manual;
    (old.verdict == new.verdict && kind(old) != kind(new))
        || (attested(old) && (attested(new) || waits(new)))
        || (waits(old) && attested(new))
}

fn does_not_hold(finding: Option<&Finding>) -> bool {
    finding.is_some_and(|finding| {
        matches!(finding.verdict, Verdict::Fail | Verdict::Warn)
            || (finding.verdict == Verdict::Info && finding.level == Level::Info)
    })
}

fn same_expectations(old: Option<&Finding>, new: Option<&Finding>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return true };
    let wanted = |finding: &Finding| -> BTreeMap<String, BTreeSet<Option<String>>> {
        let mut wanted: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
        for evidence in &finding.evidence {
            wanted.entry(evidence.field.clone()).or_default().insert(evidence.expected.clone());
        }
        wanted
    };
    let (was, is) = (wanted(old), wanted(new));
    was.iter().all(|(field, expected)| is.get(field).is_none_or(|now| now == expected))
}

/// Whether a finding is open: it asks for something, and nobody has accepted it.
pub(super) fn is_open(finding: &Finding) -> bool {
    let asks = matches!(finding.verdict, Verdict::Fail | Verdict::Warn | Verdict::Unknown | Verdict::Manual);
    asks && !finding.is_waived()
}

/// Which way a finding goes.
pub(super) fn trend(old: Option<&Finding>, new: Option<&Finding>, because: Because) -> Trend {
    let state = |finding: Option<&Finding>| finding.filter(|finding| is_open(finding)).map(|finding| finding.verdict);
    let lighter =
        |attested: bool| if because.part() == Part::Rules && !attested { Trend::Neutral } else { Trend::Better };
    let attested = new.is_some_and(|new| new.waiver.is_some() && !new.is_waived());
    match (state(old), state(new)) {
        (_, None) if new.is_none() && because == Because::EvidenceLost => Trend::Worse,
        (None, Some(Verdict::Manual)) if old.is_some_and(|old| old.verdict == Verdict::Pass) => Trend::Worse,
        (None, None) | (_, Some(Verdict::Manual)) => Trend::Neutral,
        (Some(_), None) => lighter(attested),
        (Some(Verdict::Fail), Some(Verdict::Warn)) => lighter(false),
        (Some(was), Some(is)) if was == is => Trend::Neutral,
        (_, Some(_)) => Trend::Worse,
    }
}
