//! Decisions: what people waived, accepted or answered, and what became of each entry.
//!
//! A waiver never changes a verdict; it marks the finding and takes it out of the count. An attestation answers what only
//! a person can tell. Whatever does not apply is reported with its reason.

use jiff::Timestamp;

use crate::model::report::{AppliedWaiver, Finding, WaiverState};
use crate::model::{DecidedBy, Level, Verdict};
use crate::rules::{Catalog, Decision, DecisionKind, subject_path};

/// Applies the decisions and says what became of each, in the order of the files.
pub(super) fn apply(
    findings: &mut [Finding],
    decisions: &[Decision],
    catalog: &Catalog,
    now: Timestamp,
) -> Vec<WaiverState> {
    // Of two answers to one question the worse one counts; of two waivers the one that stands first in its file.
    let mut ordered: Vec<&Decision> = decisions.iter().collect();
    ordered.sort_by_key(|decision| {
        let yes = matches!(&decision.kind, DecisionKind::Attest(answer) if answer.answer);
        (yes, &decision.file, decision.place.line, decision.place.column)
    });
    let mut states: Vec<WaiverState> =
        ordered.into_iter().map(|decision| settle(findings, decision, catalog, now)).collect();
    states.sort();
    states
}

fn settle(findings: &mut [Finding], decision: &Decision, catalog: &Catalog, now: Timestamp) -> WaiverState {
    let state = |state: &str, detail: String| WaiverState {
        // The file's name alone: a report does not depend on where its inputs lay.
        place: format!("{}:{}", decision.file.rsplit(['/', '\\']).next().unwrap_or_default(), decision.place.line),
        kind: decision.kind.as_str().to_owned(),
        rule: decision.rule.clone(),
        subject: decision.subject.as_str().to_owned(),
        owner: decision.owner.clone(),
        expires: decision.expires_text.clone(),
        state: state.to_owned(),
        detail,
    };
    if let DecisionKind::Cutover { .. } = decision.kind {
        return state("refused", "this version knows no switch window".to_owned());
    }
    let Some(rule) = catalog.rules.iter().find(|rule| rule.id == decision.rule) else {
        return state("unused", "the rule is not judged in this run".to_owned());
    };
    if decision.kind == DecisionKind::Waive && !rule.waivable {
        return state("refused", "AWS itself refuses: the rule cannot be waived".to_owned());
    }
    if decision.expires < now {
        return state("expired", format!("expired on {}", decision.expires_text));
    }
    let (mut applied, mut matched, mut outdated) = (0_usize, 0_usize, 0_usize);
    for finding in findings.iter_mut().filter(|finding| finding.rule == decision.rule) {
        if !decision.subject.matches(&subject_path(&finding.subject)) {
            continue;
        }
        matched += 1;
        let fits = match &decision.kind {
            DecisionKind::Waive => matches!(finding.verdict, Verdict::Fail | Verdict::Warn),
            DecisionKind::AcceptUnknown => finding.verdict == Verdict::Unknown,
            DecisionKind::Attest(_) => finding.verdict == Verdict::Manual && rule.decided_by == DecidedBy::Person,
            DecisionKind::Cutover { .. } => false,
        };
        if !fits || finding.waiver.is_some() {
            continue;
        }
        if decision.observed.as_ref().is_some_and(|observed| *observed != observed_value(finding)) {
            outdated += 1;
            continue;
        }
        applied += 1;
        mark(finding, decision);
    }
    match (applied, outdated, matched) {
        (0, 0, 0) => state("unused", "no finding of this rule has such a subject".to_owned()),
        (0, 0, _) => state("unused", "nothing there that it could decide".to_owned()),
        (0, _, _) => state("outdated", "the account shows another value than the one it was granted for".to_owned()),
        (n, 0, _) => state("applied", format!("applies to {n}")),
        (n, m, _) => state("applied", format!("applies to {n}; outdated for {m}")),
    }
}

/// What a decision was granted for: the values that were seen, `field=value`, sorted.
pub(super) fn observed_value(finding: &Finding) -> String {
    let mut seen: Vec<String> = finding
        .evidence
        .iter()
        .map(|evidence| format!("{}={}", evidence.field, evidence.actual.as_deref().unwrap_or("‹unknown›")))
        .collect();
    seen.sort();
    seen.dedup();
    seen.join("; ")
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
    if let DecisionKind::Attest(attestation) = &decision.kind {
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
    finding.waiver = Some(waiver);
}
