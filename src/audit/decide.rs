//! Decisions: what people waived, accepted or answered, and what became of each entry.
//!
//! A decision never changes a verdict; it marks the finding and takes it out of the count. An attestation answers what only
//! a person can tell. Whatever does not apply is reported with its reason, and with its place in the file.
//!
//! A cutover speaks of the time before the issuer is switched, so it is held against the pool's issuer too: see
//! [`DecisionKind::Cutover`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::facts::PoolView;
use crate::model::report::{AppliedWaiver, Evidence, Finding, Report, WaiverState, Window};
use crate::model::totals::{DecisionUse, Standing, Uses};
use crate::model::{DecidedBy, Gate, Level, Observed, Position, Subject, Value, Verdict};
use crate::rules::{Catalog, Decision, DecisionKind, Place, Rule, subject_path, takes_cutover};

/// A decision that ends in fewer days is said to.
const SOON_DAYS: i64 = 14;
const SECONDS_PER_DAY: i64 = 86_400;
/// The field that tells whether the issuer is switched.
const ISSUER: &str = "pool.issuer";

/// Whether the issuer of a pool is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Issuer {
    /// AWS shows the updated one.
    Switched,
    /// AWS shows another, or none: absent is the Regional one.
    NotYet,
    /// Nobody knows.
    Unknown,
}

/// What decisions are held against, beside the findings.
pub(super) struct Terms<'a> {
    /// The clock of the run.
    pub(super) now: Timestamp,
    /// The longest that a decision may hold.
    pub(super) max_days: Option<u32>,
    /// Whether the issuer of a subject's pool is switched.
    pub(super) issuer: &'a dyn Fn(&Subject) -> Issuer,
}

/// What became of a decision, and which part of it a reader has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled<'d> {
    /// The decision.
    pub decision: &'d Decision,
    /// What became of it.
    pub state: WaiverState,
    /// Where in its file.
    pub place: Place,
}

/// Applies the decisions, and counts what each of them met, in the order of the decisions.
pub(super) fn apply(
    findings: &mut [Finding],
    decisions: &[Decision],
    catalog: &Catalog,
    terms: &Terms<'_>,
) -> Vec<Uses> {
    let mut ordered: Vec<(usize, &Decision)> = decisions.iter().enumerate().collect();
    // The order in which they are applied: an answer "no" goes before a "yes".
    ordered.sort_by_key(|(_, decision)| {
        let yes = matches!(&decision.kind, DecisionKind::Attest(answer) if answer.answer);
        (yes, &decision.file, decision.place)
    });
    let mut by_rule: BTreeMap<&str, Vec<&mut Finding>> =
        decisions.iter().map(|decision| (decision.rule.as_str(), Vec::new())).collect();
    for finding in findings.iter_mut().filter(|_| !decisions.is_empty()) {
        if let Some(own) = by_rule.get_mut(finding.rule.as_str()) {
            own.push(finding);
        }
    }
    let mut uses = vec![Uses::default(); decisions.len()];
    for (index, decision) in ordered {
        let own = by_rule.get_mut(decision.rule.as_str()).map_or(&mut [][..], Vec::as_mut_slice);
        if let (Ok(rule), Some(uses)) = (in_force(decision, catalog, terms.now, terms.max_days), uses.get_mut(index)) {
            *uses = meet(own, decision, rule, terms);
        }
    }
    uses
}

/// The decisions with what they met in accounts and in source trees, sorted.
pub fn decision_uses(
    decisions: &[Decision],
    catalog: &Catalog,
    uses: &[Uses],
    in_trees: &[Uses],
    now: Timestamp,
    max_days: Option<u32>,
) -> Vec<DecisionUse> {
    let one = |(index, decision): (usize, &Decision)| {
        let of = |uses: &[Uses]| uses.get(index).copied().unwrap_or_default();
        let (state, detail) = match in_force(decision, catalog, now, max_days) {
            Ok(_) => ("", String::new()),
            Err((state, why, _)) => (state, why),
        };
        DecisionUse {
            decision: told(decision, state, detail),
            soon: ends_soon(decision, now),
            uses: of(uses),
            in_trees: of(in_trees),
        }
    };
    let mut told: Vec<DecisionUse> = decisions.iter().enumerate().map(one).collect();
    told.sort_by(|a, b| a.decision.cmp(&b.decision));
    told
}

/// What would become of decisions in the run that made a report, in the order of the files. Decisions that it was made with
/// are put aside.
pub fn settle<'d>(
    report: &Report,
    decisions: &'d [Decision],
    catalog: &Catalog,
    now: Timestamp,
    max_days: Option<u32>,
) -> Vec<Settled<'d>> {
    // Nothing but the verdict of an answer is changed by a decision, and an answer is only taken by what asks for one.
    let mut findings = report.findings.clone();
    for finding in &mut findings {
        if finding.waiver.take().is_some_and(|waiver| waiver.kind == "attest") {
            finding.verdict = Verdict::Manual;
        }
    }
    let issuer = |subject: &Subject| issuer_in(report, subject);
    let uses = apply(&mut findings, decisions, catalog, &Terms { now, max_days, issuer: &issuer });
    let one = |(decision, uses): (&'d Decision, &Uses)| {
        let (state, place) = match in_force(decision, catalog, now, max_days) {
            Ok(_) => {
                let (word, detail) = uses.state(ends_soon(decision, now).as_deref());
                (told(decision, word, detail), looked_at(decision, uses.standing()))
            }
            Err((word, why, place)) => (told(decision, word, why), place),
        };
        Settled { decision, state, place }
    };
    let mut settled: Vec<Settled<'_>> = decisions.iter().zip(&uses).map(one).collect();
    settled.sort_by(|a, b| (&a.decision.file, a.decision.place).cmp(&(&b.decision.file, b.decision.place)));
    settled
}

/// Whether the issuer of a subject's pool is switched, as the evidence shows it.
pub(super) fn issuer_of(pools: &[PoolView<'_>], subject: &Subject) -> Issuer {
    let own = |pool: &&PoolView<'_>| {
        subject.pool_id.as_deref() == Some(pool.key.id.as_str()) && pool.key.account == subject.account
    };
    match pools.iter().find(own).and_then(|pool| pool.field(ISSUER)).map(|fact| fact.value) {
        Some(Observed::Known(Value::Text(issuer))) if issuer == "UPDATED" => Issuer::Switched,
        Some(Observed::Known(_) | Observed::Absent) => Issuer::NotYet,
        Some(Observed::Unknown(_)) | None => Issuer::Unknown,
    }
}

/// The same, as a report shows it: in what its findings looked at, else by where the pool stands.
fn issuer_in(report: &Report, subject: &Subject) -> Issuer {
    let Some(id) = &subject.pool_id else { return Issuer::Unknown };
    let of_pool = |other: &Subject| other.pool_id.as_ref() == Some(id) && other.account == subject.account;
    let mut seen = report
        .findings
        .iter()
        .filter(|finding| of_pool(&finding.subject))
        .flat_map(|finding| &finding.evidence)
        .filter(|evidence| evidence.field == ISSUER);
    let pool = report.summary.pools.iter().find(|pool| pool.id == *id && pool.account == subject.account);
    let done = pool.and_then(|pool| pool.gates.get(&Gate::Issuer)).map(|gate| gate.position == Position::Done);
    match (seen.next(), done) {
        (Some(Evidence { cause: Some(_), .. }), _) | (None, None) => Issuer::Unknown,
        (Some(Evidence { actual: Some(issuer), .. }), _) if issuer == "UPDATED" => Issuer::Switched,
        (Some(_), _) | (None, Some(false)) => Issuer::NotYet,
        (None, Some(true)) => Issuer::Switched,
    }
}

fn told(decision: &Decision, word: &str, detail: String) -> WaiverState {
    let file = decision.file.rsplit(['/', '\\']).next().unwrap_or_default();
    WaiverState {
        place: format!("{file}:{}", decision.place.line),
        kind: decision.kind.as_str().to_owned(),
        rule: decision.rule.clone(),
        subject: decision.subject.as_str().to_owned(),
        owner: decision.owner.clone(),
        expires: decision.expires_text.clone(),
        state: word.to_owned(),
        detail,
    }
}

/// The rule of a decision that counts today; else its state, why, and where to look.
fn in_force<'c>(
    decision: &Decision,
    catalog: &'c Catalog,
    now: Timestamp,
    max_days: Option<u32>,
) -> Result<&'c Rule, (&'static str, String, Place)> {
    let places = &decision.places;
    let Some(rule) = catalog.rules.iter().find(|rule| rule.id == decision.rule) else {
        return Err(("unused", "the rule is not judged in this run".to_owned(), places.rule));
    };
    if let Some(why) = refusal(decision, rule) {
        return Err(("refused", why, places.kind));
    }
    if let Some((place, why)) = ended(decision, now) {
        return Err(("expired", why, place));
    }
    if let Some(why) = too_long(decision, now, max_days) {
        return Err(("refused", why, places.expires));
    }
    Ok(rule)
}

/// Where in its file a reader has to look.
fn looked_at(decision: &Decision, standing: Standing) -> Place {
    let places = &decision.places;
    match standing {
        Standing::Applied => decision.place,
        Standing::Outdated => places.observed.unwrap_or(decision.place),
        Standing::Switched | Standing::IssuerUnknown | Standing::NothingToDecide => places.kind,
        Standing::Taken | Standing::NoSubject => places.subject,
    }
}

/// That a decision has ended, or its window has, and where the file says so.
pub fn ended(decision: &Decision, now: Timestamp) -> Option<(Place, String)> {
    if decision.expires < now {
        return Some((decision.places.expires, format!("expired on {}", decision.expires_text)));
    }
    if let DecisionKind::Cutover { until, .. } = decision.kind
        && until < now
    {
        let why = format!("its window ended at {until}: what changes at the switch should have changed");
        return Some((decision.places.window.unwrap_or(decision.place), why));
    }
    None
}

/// Why no decision of this kind can be made about the rule. The reader of the file has said so already, with its place; the
/// rules of the run may be others.
fn refusal(decision: &Decision, rule: &Rule) -> Option<String> {
    let attests = matches!(decision.kind, DecisionKind::Attest(_));
    if !attests && !rule.waivable {
        return Some("AWS itself refuses: the rule cannot be waived, seen or unseen".to_owned());
    }
    let cutover = matches!(decision.kind, DecisionKind::Cutover { .. });
    (cutover && !takes_cutover(rule))
        .then(|| "the rule is not about a verifier that changes at the switch of the issuer".to_owned())
}

/// An attestation says when it was given; all else is taken to be granted now.
fn too_long(decision: &Decision, now: Timestamp, max_days: Option<u32>) -> Option<String> {
    let max = max_days?;
    let (from, whence) = match decision.given {
        Some(given) if given < now => (given, "after it was given"),
        Some(_) | None => (now, "from now"),
    };
    let days = decision.expires.duration_since(from).as_secs() / SECONDS_PER_DAY;
    let why = || format!("it expires {days} days {whence}, and {max} are allowed (gate.waiver_max_days)");
    (days > i64::from(max)).then(why)
}

/// Marks what the decision decides.
fn meet(findings: &mut [&mut Finding], decision: &Decision, rule: &Rule, terms: &Terms<'_>) -> Uses {
    let mut met = Uses::default();
    for finding in findings.iter_mut().filter(|each| decision.subject.matches(&subject_path(&each.subject))) {
        met.matched += 1;
        let fits = match &decision.kind {
            DecisionKind::Waive | DecisionKind::Cutover { .. } => {
                matches!(finding.verdict, Verdict::Fail | Verdict::Warn)
            }
            DecisionKind::AcceptUnknown => finding.verdict == Verdict::Unknown,
            DecisionKind::Attest(_) => finding.verdict == Verdict::Manual && rule.decided_by == DecidedBy::Person,
        };
        if finding.waiver.is_some() {
            met.taken += 1;
        } else if fits && decision.observed.as_ref().is_some_and(|observed| *observed != observed_value(finding)) {
            met.outdated += 1;
        } else if fits {
            let issuer = match decision.kind {
                DecisionKind::Cutover { .. } => (terms.issuer)(&finding.subject),
                DecisionKind::Waive | DecisionKind::AcceptUnknown | DecisionKind::Attest(_) => Issuer::NotYet,
            };
            match issuer {
                Issuer::Switched => met.switched += 1,
                Issuer::Unknown => met.unseen += 1,
                Issuer::NotYet => {
                    met.applied += 1;
                    mark(finding, decision);
                }
            }
        }
    }
    met
}

/// That a decision in force ends soon. It stays in force.
fn ends_soon(decision: &Decision, now: Timestamp) -> Option<String> {
    let window = match decision.kind {
        DecisionKind::Cutover { until, .. } => Some(until),
        DecisionKind::Waive | DecisionKind::AcceptUnknown | DecisionKind::Attest(_) => None,
    };
    let (end, what) = match window.filter(|until| *until < decision.expires) {
        Some(until) => (until, "its window ends"),
        None => (decision.expires, "expires"),
    };
    let days = end.duration_since(now).as_secs() / SECONDS_PER_DAY;
    match days {
        ..=0 => Some(format!("{what} within a day")),
        1 => Some(format!("{what} in 1 day")),
        2..=SOON_DAYS => Some(format!("{what} in {days} days")),
        _ => None,
    }
}

/// What a decision was granted for: the values that were seen, `field=value`, sorted; for one that is not known, why.
pub fn observed_value(finding: &Finding) -> String {
    let mut seen: Vec<String> =
        finding.evidence.iter().map(|evidence| format!("{}={}", evidence.field, value_of(evidence))).collect();
    seen.sort();
    seen.dedup();
    seen.join("; ")
}

fn value_of(evidence: &Evidence) -> String {
    let known = evidence.actual.as_deref().filter(|actual| *actual != "‹unknown›");
    match (&evidence.cause, known) {
        (Some(cause), None) => format!("‹unknown: {}›", cause.root().kind()),
        (Some(cause), Some(known)) => format!("{known} ‹unknown: {}›", cause.root().kind()),
        (None, Some(known)) => known.to_owned(),
        (None, None) if evidence.absent => "‹absent›".to_owned(),
        (None, None) => "‹unknown›".to_owned(),
    }
}

fn mark(finding: &mut Finding, decision: &Decision) {
    let mut waiver = AppliedWaiver {
        kind: decision.kind.as_str().to_owned(),
        reason: decision.reason.clone(),
        owner: decision.owner.clone(),
        expires: decision.expires_text.clone(),
        ticket: decision.ticket.clone(),
        approved_by: decision.approved_by.clone(),
        window: None,
        by: None,
        on: None,
        evidence: None,
    };
    match &decision.kind {
        DecisionKind::Waive | DecisionKind::AcceptUnknown => {}
        DecisionKind::Cutover { from, until } => {
            waiver.window = Some(Window { from: from.to_string(), until: until.to_string() });
        }
        DecisionKind::Attest(attestation) => {
            finding.verdict = match (attestation.answer, finding.level) {
                (true, _) => Verdict::Pass,
                (false, Level::Blocker) => Verdict::Fail,
                (false, Level::Advisory) => Verdict::Warn,
                (false, Level::Info) => Verdict::Info,
            };
            let answer = if attestation.answer { "yes" } else { "no" };
            finding.message =
                format!("attested {answer} by {} on {}: {}", attestation.by, attestation.on, attestation.evidence);
            waiver.by = Some(attestation.by.clone());
            waiver.on = Some(attestation.on.clone());
            waiver.evidence = Some(attestation.evidence.clone());
        }
    }
    finding.waiver = Some(waiver);
}
