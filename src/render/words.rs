//! What reports say in words, wherever they say it: kinds, places, remedies, decisions, what would help.
//!
//! Nothing is laid out here. Names come from accounts: what is safe depends on the surface, so a function that puts
//! names between words takes the surface's escape for each.

use std::collections::BTreeMap;

use super::text::{count, list};
use crate::model::report::{
    AppliedWaiver, BaselineState, Coverage, Finding, GateSummary, Held, MissingPermission, Remediation, Report,
    Resolved,
};
use crate::model::{Cause, Gate, Level, Position, Resolve, Source, Status, SubjectKind, Verdict};

/// How a surface writes a text of foreign origin.
pub(super) type Escape = fn(&str) -> String;

/// Verdicts in the order in which a reader wants their numbers.
pub(super) const ORDER: [Verdict; 7] = [
    Verdict::Fail,
    Verdict::Unknown,
    Verdict::Manual,
    Verdict::Warn,
    Verdict::Info,
    Verdict::Pass,
    Verdict::NotApplicable,
];

/// No escape: for text that is escaped as a whole.
pub(super) fn as_is(text: &str) -> String {
    text.to_owned()
}

/// The verdict in capitals.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Warn => "WARN",
        Verdict::Info => "INFO",
        Verdict::Unknown => "UNKNOWN",
        Verdict::Manual => "MANUAL",
        Verdict::NotApplicable => "NOT APPLICABLE",
    }
}

/// The kind of subject in words.
pub(super) fn kind(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Pool => "pool",
        SubjectKind::Authorizer => "authorizer",
        SubjectKind::Route => "route",
        SubjectKind::Template => "template reference",
        SubjectKind::Trigger => "trigger",
        SubjectKind::LoadBalancer => "load balancer action",
        SubjectKind::OidcProvider => "IAM OIDC provider",
        SubjectKind::IdentityPool => "identity pool",
        SubjectKind::BoundService => "bound service",
        SubjectKind::DiscoveryClient => "discovery client",
        SubjectKind::Reference => "issuer reference",
        SubjectKind::Account => "account",
    }
}

/// A name that can be seen.
pub(super) fn name(name: Option<&str>) -> Option<&str> {
    name.filter(|name| !name.trim().is_empty())
}

/// Where the step of a gate stands.
pub(super) fn position(position: Position) -> &'static str {
    match position {
        Position::Done => "done",
        Position::Next => "next",
        Position::Later => "later",
        Position::NotPlanned => "not planned",
    }
}

/// What makes the status: blockers that count, in numbers.
pub(super) fn why(gate: Gate, state: &GateSummary, findings: &[&Finding]) -> String {
    if state.position == Position::NotPlanned {
        return "not part of this migration".to_owned();
    }
    let of_gate = || findings.iter().filter(|each| each.gates.contains(&gate));
    let blockers = |verdict| {
        of_gate().filter(|each| each.verdict == verdict && each.level == Level::Blocker && !each.is_waived()).count()
    };
    let mut parts: Vec<String> = [Verdict::Fail, Verdict::Unknown, Verdict::Manual]
        .into_iter()
        .map(|verdict| (blockers(verdict), verdict.as_str()))
        .collect::<Vec<_>>()
        .into_iter()
        .chain([(of_gate().filter(|each| each.is_waived()).count(), "waived")])
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    if state.regression {
        parts.insert(0, "regression: it was done, and now".to_owned());
        // The words above lead into the numbers, so no comma stands between.
        let numbers = parts.split_off(1).join(", ");
        parts = vec![format!("{} {numbers}", parts.concat())];
    }
    if parts.is_empty() {
        let passed = state.counts.get(&Verdict::Pass).copied().unwrap_or(0);
        parts.push(match state.status {
            Status::Ready => format!("{passed} pass"),
            Status::Undetermined if state.undetermined_by.is_empty() => "no blocker was decided".to_owned(),
            Status::Undetermined | Status::Blocked => "see the report".to_owned(),
        });
    }
    let usual = matches!(state.position, Position::Done | Position::Next);
    match (state.counted, usual) {
        (false, true) => parts.push("not asked for".to_owned()),
        (true, false) => parts.push("asked for with --gate".to_owned()),
        (true, true) | (false, false) => {}
    }
    parts.join(", ")
}

/// Where a value was read: `DescribeUserPool @ us-east-1 /UserPool/UserPoolTier`, `stack.yaml:12:3 /path`.
pub(super) fn place(source: &Source, escape: Escape) -> String {
    match source {
        Source::Call { call, region, parameters, pointer } => {
            // A key's or a stack's id is long and stands in the message; an API's is what tells the answers apart.
            let of: Vec<String> = parameters
                .iter()
                .filter(|(name, _)| name.to_ascii_lowercase().ends_with("apiid"))
                .map(|(name, value)| format!(" {}={}", escape(name), escape(value)))
                .collect();
            let of = of.concat();
            format!("{}{of} @ {} {}", escape(operation(call)), escape(region), escape(pointer))
        }
        Source::Place { file, line, column, path } => {
            let number = |n: &Option<u32>| n.map(|n| format!(":{n}")).unwrap_or_default();
            format!("{}{}{} {}", escape(file), number(line), number(column), escape(path)).trim_end().to_owned()
        }
        Source::Option { name } => format!("option {}", escape(name)),
        Source::Table { name, as_of } => format!("table {} as of {}", escape(name), escape(as_of)),
    }
}

/// The operation of `service:Operation`.
fn operation(call: &str) -> &str {
    call.split_once(':').map_or(call, |(_, operation)| operation)
}

/// What a person can do about a cause.
pub(super) fn action(cause: &Cause) -> String {
    match cause.root() {
        Cause::Denied { actions, .. } if !actions.is_empty() => {
            format!("Allow {} to the role that collects, then collect again.", list(actions, 8))
        }
        Cause::Denied { .. } => "Allow the call to the role that collects, then collect again.".to_owned(),
        Cause::Throttled { .. } => "Collect again with a lower --max-rps.".to_owned(),
        Cause::Failed { .. } | Cause::NotFound { .. } | Cause::Contradiction { .. } => "Collect again.".to_owned(),
        Cause::NotCollected { .. } => "Collect what is missing, then judge again.".to_owned(),
        Cause::NotSearched { .. } => "Search it too (--consumer-region, --scan), then judge again.".to_owned(),
        Cause::Unrecognised { .. } => "Update mrready; until then decide it by hand.".to_owned(),
        Cause::NoTargetRegion => "Give the replica Region with --replica-region.".to_owned(),
        Cause::Stale { .. } => "Collect again: the evidence is too old.".to_owned(),
        Cause::NotOffered { .. }
        | Cause::NotAdmitted { .. }
        | Cause::Undecided { .. }
        | Cause::NoMeaning { .. }
        | Cause::Given { .. }
        | Cause::Prerequisite { .. } => {
            "Look by hand; record the answer as accept_unknown in a decisions file.".to_owned()
        }
    }
}

/// `at the switch: Move the routes.`
pub(super) fn remedy(remedy: &Remediation, escape: Escape) -> String {
    let when = match remedy.when {
        Resolve::Before => "",
        Resolve::AtSwitch => "at the switch: ",
        Resolve::After => "afterwards: ",
    };
    format!("{when}{}", escape(&remedy.summary))
}

/// `waive by team until 2026-12-31, OPS-17: the stack is frozen`.
pub(super) fn decision(waiver: &AppliedWaiver, escape: Escape) -> String {
    let (what, who) = match waiver.by.as_ref() {
        Some(by) => ("attested", by),
        None => (waiver.kind.as_str(), &waiver.owner),
    };
    let mut text = format!("{} by {} until {}", escape(what), escape(who), escape(&waiver.expires));
    text.extend(waiver.ticket.iter().map(|ticket| format!(", {}", escape(ticket))));
    text.extend(waiver.approved_by.iter().map(|who| format!(", approved by {}", escape(who))));
    text.extend(
        waiver
            .window
            .iter()
            .map(|window| format!(", changes in the window {} to {}", escape(&window.from), escape(&window.until))),
    );
    format!("{text}: {}", escape(&waiver.reason))
}

/// What an unknown was when it was last decided.
pub(super) fn held(held: &Held, escape: Escape) -> String {
    format!("{} when last decided, {}; tickets keep that for now", held.verdict, escape(&held.decided_at))
}

/// The word for a finding that the baseline did not have like this; what it had needs none.
pub(super) fn news(finding: &Finding) -> Option<&'static str> {
    match finding.baseline? {
        BaselineState::Known => None,
        state @ (BaselineState::New | BaselineState::Changed) => Some(state.as_str()),
    }
}

/// How many of some findings the baseline did not have like this: `2 new`, `1 new, 1 changed`.
pub(super) fn news_of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Option<String> {
    let mut numbers: BTreeMap<BaselineState, usize> = BTreeMap::new();
    for state in findings.into_iter().filter_map(|finding| finding.baseline) {
        *numbers.entry(state).or_default() += 1;
    }
    numbers.remove(&BaselineState::Known);
    let words: Vec<String> = numbers.iter().map(|(state, n)| format!("{n} {}", state.as_str())).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// What became of the baseline's findings, `None` without one. What holds or concerns no pool is no news.
pub(super) fn since_baseline(report: &Report) -> Option<String> {
    report.run.baseline.as_ref()?;
    let of = |state| {
        let open = |each: &&Finding| !matches!(each.verdict, Verdict::Pass | Verdict::NotApplicable);
        report.findings.iter().filter(open).filter(|each| each.baseline == Some(state)).count()
    };
    Some(format!(
        "{} new, {} changed, {} known, {} resolved",
        of(BaselineState::New),
        of(BaselineState::Changed),
        of(BaselineState::Known),
        report.resolved.len()
    ))
}

/// `fail, now pass`, `fail, now gone`.
pub(super) fn became(resolved: &Resolved) -> String {
    format!("{}, now {}", resolved.was, resolved.now.map_or("gone", Verdict::as_str))
}

/// How many results of each verdict.
pub(super) fn counts(report: &Report) -> String {
    let parts = ORDER.iter().filter_map(|verdict| {
        let n = report.summary.counts.get(verdict).copied().filter(|n| *n > 0)?;
        Some(format!("{n} {}", verdict.as_str().replace('_', " ")))
    });
    let parts = list(parts, usize::MAX);
    if parts.is_empty() { "none".to_owned() } else { parts }
}

/// `41 calls asked, 39 answered, 1 denied; 1 not asked`.
pub(super) fn coverage(coverage: &Coverage) -> String {
    let parts = [
        (coverage.answered, "answered"),
        (coverage.denied, "denied"),
        (coverage.throttled, "throttled"),
        (coverage.failed, "failed"),
    ];
    let parts = parts.iter().filter(|(n, word)| *n > 0 || *word == "answered").map(|(n, word)| format!("{n} {word}"));
    let unasked = match coverage.not_asked.len() {
        0 => String::new(),
        n => format!("; {n} not asked"),
    };
    format!("{} asked, {}{unasked}", count(coverage.asked, "call"), list(parts, 4))
}

/// `kms:DescribeKey resolves 11 findings, 6 of them blockers`.
pub(super) fn permission(each: &MissingPermission, escape: Escape) -> String {
    let action = escape(&each.action);
    let findings = count(each.findings, "finding");
    let blockers = match each.blockers {
        0 => String::new(),
        n if n == each.findings => if n == 1 { ", a blocker" } else { ", all of them blockers" }.to_owned(),
        n => format!(", {n} of them {}", if n == 1 { "a blocker" } else { "blockers" }),
    };
    if each.alone == each.findings {
        format!("{action} resolves {findings}{blockers}")
    } else {
        format!("{action} is missing for {findings}{blockers}; it alone resolves {}", each.alone)
    }
}

/// The decisions' states, each with how many there are.
pub(super) fn decisions(report: &Report, escape: Escape) -> String {
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for each in &report.waivers {
        *states.entry(each.state.as_str()).or_default() += 1;
    }
    list(states.iter().map(|(state, n)| format!("{n} {}", escape(state))), usize::MAX)
}
