//! The columns of the three tables, and what a report says in each. `docs/fleet.md` says the same in words.
//!
//! A released column keeps its name, type, place and meaning; new ones come behind the own ones of their table.

use std::borrow::Cow;
use std::io;

use jiff::Timestamp;
use serde::Serialize;

use super::super::records::{Records, instant, missing_actions, now, region};
use super::super::sort::roots;
use super::table::{Cell, Kind, Spec};
use crate::model::reference::Class;
use crate::model::report::{
    AppliedWaiver, BaselineState, Evidence, Finding, GateSummary, PoolSummary, Report, Subject,
};
use crate::model::{Cause, Gate, Source, SubjectKind, Verdict};

/// A column, and how a row's value is found.
#[derive(Debug)]
pub(super) struct Column<V> {
    pub(super) spec: Spec,
    pub(super) value: V,
}

const fn column<V>(name: &'static str, kind: Kind, value: V) -> Column<V> {
    Column { spec: Spec { name, kind, nullable: false }, value }
}

/// A column that a row can lack.
const fn optional<V>(name: &'static str, kind: Kind, value: V) -> Column<V> {
    Column { spec: Spec { name, kind, nullable: true }, value }
}

type FindingValue = for<'a> fn(&'a FindingRow<'a>) -> Cell<'a>;
type GateValue = for<'a> fn(&'a GateRow<'a>) -> Cell<'a>;
type CoverageValue = for<'a> fn(&'a CoverageRow<'a>) -> Cell<'a>;
type RunValue = for<'a> fn(&'a Run<'a>) -> Cell<'a>;

/// A finding and what its row tells beside it.
#[derive(Debug)]
pub(super) struct FindingRow<'a> {
    pub(super) records: &'a Records<'a>,
    pub(super) finding: &'a Finding,
    /// Whether its evidence is written.
    pub(super) evidence: bool,
}

/// `findings`, but for the columns of the run.
pub(super) const FINDINGS: &[Column<FindingValue>] = &[
    column("fingerprint", Kind::Text, |row| text(&row.finding.fingerprint)),
    optional("account", Kind::Text, |row| filled(&row.finding.subject.account)),
    optional("region", Kind::Text, |row| maybe(region(&row.finding.subject))),
    optional("pool_id", Kind::Text, |row| maybe(row.finding.subject.pool_id.as_deref())),
    optional("pool_name", Kind::Text, |row| maybe(row.pool().and_then(|pool| pool.name.as_deref()))),
    optional("owner", Kind::Text, |row| maybe(row.finding.owner.as_deref())),
    optional("wave", Kind::Text, |row| maybe(row.pool().and_then(|pool| pool.wave.as_deref()))),
    column("subject_kind", Kind::Text, |row| text(row.finding.subject.kind.as_str())),
    column("subject_id", Kind::Text, |row| text(&row.finding.subject.id)),
    optional("subject_name", Kind::Text, |row| maybe(row.finding.subject.name.as_deref())),
    optional("subject_arn", Kind::Text, |row| maybe(row.finding.subject.arn.as_deref())),
    optional("class", Kind::Text, |row| maybe(class(&row.finding.subject).map(Class::as_str))),
    column("rule", Kind::Text, |row| text(&row.finding.rule)),
    column("title", Kind::Text, |row| text(row.records.title(&row.finding.rule))),
    column("tags", Kind::Words, |row| {
        words(row.records.rule(&row.finding.rule).map_or(&[][..], |rule| rule.tags.as_slice()))
    }),
    column("level", Kind::Text, |row| text(row.finding.level.as_str())),
    column("gates", Kind::Words, |row| {
        Cell::Words(row.finding.gates.iter().map(|gate| gate.as_str().into()).collect())
    }),
    optional("decided_by", Kind::Text, |row| {
        maybe(row.records.rule(&row.finding.rule).map(|rule| rule.decided_by.as_str()))
    }),
    column("verdict", Kind::Text, |row| text(row.finding.verdict.as_str())),
    column("message", Kind::Text, |row| text(&row.finding.message)),
    column("causes", Kind::Words, |row| {
        let mut kinds: Vec<&str> = roots(row.finding).into_iter().map(Cause::kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        Cell::Words(kinds.into_iter().map(Cow::Borrowed).collect())
    }),
    column("missing_actions", Kind::Words, |row| {
        Cell::Words(missing_actions(row.finding).into_iter().map(Cow::Borrowed).collect())
    }),
    optional("evidence", Kind::Text, |row| if row.evidence { row.told() } else { Cell::Null }),
    optional("remedy", Kind::Text, |row| maybe(row.finding.remediation.as_ref().map(|remedy| remedy.summary.as_str()))),
    optional("remedy_when", Kind::Text, |row| {
        maybe(row.finding.remediation.as_ref().map(|remedy| remedy.when.as_str()))
    }),
    column("remedy_steps", Kind::Words, |row| {
        words(row.finding.remediation.as_ref().map_or(&[][..], |remedy| remedy.steps.as_slice()))
    }),
    column("waived", Kind::Flag, |row| Cell::Flag(row.finding.is_waived())),
    optional("decision", Kind::Text, |row| row.decision(|waiver| Some(&waiver.kind))),
    optional("decision_reason", Kind::Text, |row| row.decision(|waiver| Some(&waiver.reason))),
    optional("decision_owner", Kind::Text, |row| row.decision(|waiver| Some(&waiver.owner))),
    optional("decision_expires", Kind::Text, |row| row.decision(|waiver| Some(&waiver.expires))),
    optional("decision_ticket", Kind::Text, |row| row.decision(|waiver| waiver.ticket.as_ref())),
    optional("held_verdict", Kind::Text, |row| maybe(row.finding.held.as_ref().map(|held| held.verdict.as_str()))),
    optional("baseline", Kind::Text, |row| maybe(row.finding.baseline.map(BaselineState::as_str))),
    optional("first_seen", Kind::Time, |row| time(row.finding.first_seen.as_deref())),
    optional("evidence_from", Kind::Time, |row| time(row.records.evidence_from(&row.finding.subject))),
];

impl<'a> FindingRow<'a> {
    fn pool(&self) -> Option<&'a PoolSummary> {
        self.records.pool(&self.finding.subject)
    }

    fn decision(&self, member: fn(&AppliedWaiver) -> Option<&String>) -> Cell<'a> {
        maybe(self.finding.waiver.as_ref().and_then(member).map(String::as_str))
    }

    /// The evidence as the JSON report has it, without members that are null.
    fn told(&self) -> Cell<'a> {
        if self.finding.evidence.is_empty() {
            return Cell::Null;
        }
        let seen: Vec<Seen<'_>> = self.finding.evidence.iter().map(Seen::of).collect();
        // Strings, numbers and lists of them: nothing that JSON cannot say.
        serde_json::to_string(&seen).map_or(Cell::Null, |json| Cell::Text(Cow::Owned(json)))
    }
}

/// A piece of evidence without members that are null.
#[derive(Serialize)]
struct Seen<'a> {
    field: &'a str,
    sources: &'a [Source],
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    absent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause_text: Option<&'a str>,
    missing_actions: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    derivation: &'a [String],
}

impl<'a> Seen<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        // Taken apart in full: a member that is added must be added here, or this does not compile.
        let Evidence { field, sources, actual, expected, absent, cause, cause_text, missing_actions, derivation } =
            evidence;
        Self {
            field,
            sources,
            actual: actual.as_deref(),
            expected: expected.as_deref(),
            absent: *absent,
            cause: cause.as_ref(),
            cause_text: cause_text.as_deref(),
            missing_actions,
            derivation,
        }
    }
}

/// The class of an issuer reference, which its id ends in: `…:CLASS#POOL` of a template, `…:CLASS:DIGEST#POOL` of another.
fn class(subject: &Subject) -> Option<Class> {
    if !matches!(subject.kind, SubjectKind::Template | SubjectKind::Reference) {
        return None;
    }
    let (id, _) = subject.id.rsplit_once('#')?;
    let known = |word: &str| Class::ALL.into_iter().find(|class| class.as_str() == word);
    id.rsplit(':').take(2).find_map(known)
}

/// A pool before a gate.
#[derive(Debug)]
pub(super) struct GateRow<'a> {
    pub(super) report: &'a Report,
    pub(super) pool: &'a PoolSummary,
    pub(super) gate: Gate,
    pub(super) state: &'a GateSummary,
}

/// `gates`, but for the columns of the run.
pub(super) const GATES: &[Column<GateValue>] = &[
    column("account", Kind::Text, |row| text(&row.pool.account)),
    column("region", Kind::Text, |row| text(&row.pool.region)),
    column("pool_id", Kind::Text, |row| text(&row.pool.id)),
    optional("pool_name", Kind::Text, |row| maybe(row.pool.name.as_deref())),
    column("pool_arn", Kind::Text, |row| text(&row.pool.arn)),
    optional("owner", Kind::Text, |row| maybe(row.pool.owner.as_deref())),
    optional("wave", Kind::Text, |row| maybe(row.pool.wave.as_deref())),
    optional("replica_region", Kind::Text, |row| maybe(row.pool.replica_region.as_deref())),
    column("target_issuer", Kind::Text, |row| {
        text(row.pool.target_issuer.unwrap_or(row.report.run.target_issuer).as_str())
    }),
    column("gate", Kind::Text, |row| text(row.gate.as_str())),
    column("position", Kind::Text, |row| text(row.state.position.as_str())),
    column("status", Kind::Text, |row| text(row.state.status.as_str())),
    column("counted", Kind::Flag, |row| Cell::Flag(row.state.counted)),
    column("regression", Kind::Flag, |row| Cell::Flag(row.state.regression)),
    column("blocked_by", Kind::Words, |row| words(&row.state.blocked_by)),
    column("undetermined_by", Kind::Words, |row| words(&row.state.undetermined_by)),
    column("count_pass", Kind::Count, |row| row.count(Verdict::Pass)),
    column("count_fail", Kind::Count, |row| row.count(Verdict::Fail)),
    column("count_warn", Kind::Count, |row| row.count(Verdict::Warn)),
    column("count_info", Kind::Count, |row| row.count(Verdict::Info)),
    column("count_unknown", Kind::Count, |row| row.count(Verdict::Unknown)),
    column("count_manual", Kind::Count, |row| row.count(Verdict::Manual)),
    column("count_not_applicable", Kind::Count, |row| row.count(Verdict::NotApplicable)),
    optional("evidence_from", Kind::Time, |row| time(row.pool.evidence_from.as_deref())),
];

impl GateRow<'_> {
    fn count(&self, verdict: Verdict) -> Cell<'static> {
        number(self.state.counts.get(&verdict).copied().unwrap_or_default())
    }
}

/// A line about what could be seen.
#[derive(Debug, Default)]
pub(super) struct CoverageRow<'a> {
    kind: &'static str,
    account: Option<&'a str>,
    region: Option<&'a str>,
    what: Option<&'a str>,
    times: Option<usize>,
    cause: Option<&'a Cause>,
    why: Option<Cow<'a, str>>,
    /// Asked, answered, denied, throttled, failed.
    calls: Option<[Option<usize>; 5]>,
}

/// `coverage`, but for the columns of the run.
pub(super) const COVERAGE: &[Column<CoverageValue>] = &[
    column("kind", Kind::Text, |row| text(row.kind)),
    optional("account", Kind::Text, |row| maybe(row.account)),
    optional("region", Kind::Text, |row| maybe(row.region)),
    optional("what", Kind::Text, |row| maybe(row.what)),
    optional("times", Kind::Count, |row| row.times.map_or(Cell::Null, number)),
    optional("cause", Kind::Text, |row| maybe(row.cause.map(|cause| cause.root().kind()))),
    optional("why", Kind::Text, |row| maybe(row.why.as_deref())),
    column("missing_actions", Kind::Words, |row| words(row.cause.map_or(&[][..], Cause::missing_actions))),
    optional("asked", Kind::Count, |row| row.count(0)),
    optional("answered", Kind::Count, |row| row.count(1)),
    optional("denied", Kind::Count, |row| row.count(2)),
    optional("throttled", Kind::Count, |row| row.count(3)),
    optional("failed", Kind::Count, |row| row.count(4)),
];

impl<'a> CoverageRow<'a> {
    /// The numbers first, of all and of each account, then every call that was not answered, then what was not asked.
    pub(super) fn all(report: &'a Report) -> impl Iterator<Item = Self> {
        let coverage = &report.coverage;
        let only = if let [account] = report.snapshot.accounts.as_slice() { Some(account.as_str()) } else { None };
        let numbers =
            [coverage.asked, coverage.answered, coverage.denied, coverage.throttled, coverage.failed].map(Some);
        let numbers = Self { kind: "calls", account: only, calls: Some(numbers), ..Self::default() };
        let given = |text: &'a String| Some(text.as_str()).filter(|text| !text.is_empty());
        let problems = coverage.problems.iter().map(move |problem| Self {
            kind: "problem",
            account: given(&problem.account),
            region: given(&problem.region),
            what: Some(&problem.call),
            times: Some(problem.times),
            cause: Some(&problem.cause),
            why: Some(Cow::Owned(problem.cause.to_string())),
            calls: None,
        });
        let not_asked = coverage.not_asked.iter().map(move |each| Self {
            kind: "not_asked",
            account: given(&each.account),
            what: Some(&each.what),
            why: Some(Cow::Borrowed(&each.why)),
            ..Self::default()
        });
        let accounts = coverage.accounts.iter().map(|each| Self {
            kind: "account",
            account: Some(&each.account),
            what: Some(&each.outcome),
            why: each.cause.as_deref().map(Cow::Borrowed),
            calls: Some([Some(each.asked), Some(each.answered), None, None, None]),
            ..Self::default()
        });
        std::iter::once(numbers).chain(accounts).chain(problems).chain(not_asked)
    }

    fn count(&self, index: usize) -> Cell<'static> {
        self.calls.and_then(|calls| calls[index]).map_or(Cell::Null, number)
    }
}

/// What every row says of its run.
#[derive(Debug)]
pub(super) struct Run<'a> {
    judged_at: Timestamp,
    report: &'a Report,
    reductions: Vec<String>,
}

/// The last columns of every table.
pub(super) const RUN: &[Column<RunValue>] = &[
    column("judged_at", Kind::Time, |run| Cell::Time(run.judged_at.as_millisecond())),
    column("snapshot", Kind::Text, |run| text(&run.report.snapshot.digest)),
    column("catalogue", Kind::Text, |run| text(&run.report.run.catalogue_digest)),
    column("tool_version", Kind::Text, |run| text(&run.report.tool.version)),
    column("reductions", Kind::Words, |run| words(&run.reductions)),
];

impl<'a> Run<'a> {
    /// Fails if the clock of the run cannot be read.
    pub(super) fn of(report: &'a Report) -> io::Result<Self> {
        Ok(Self { judged_at: now(report)?, report, reductions: Records::of(report).reductions() })
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        RUN.iter().map(|column| (column.value)(self))
    }
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(text))
}

fn maybe(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Null, |text| Cell::Text(Cow::Borrowed(text)))
}

/// What is empty where there is none.
fn filled(text: &str) -> Cell<'_> {
    maybe(Some(text).filter(|text| !text.is_empty()))
}

fn words<S: AsRef<str>>(words: &[S]) -> Cell<'_> {
    Cell::Words(words.iter().map(|word| Cow::Borrowed(word.as_ref())).collect())
}

/// An instant; null if there is none, or if it is written as none is.
fn time(text: Option<&str>) -> Cell<'_> {
    text.and_then(instant).map_or(Cell::Null, |instant| Cell::Time(instant.as_millisecond()))
}

fn number(number: usize) -> Cell<'static> {
    Cell::Count(i64::try_from(number).unwrap_or(i64::MAX))
}
