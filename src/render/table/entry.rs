//! One finding, or several of one rule or one cause, as lines: what, on what, seen where, what to do.

use std::collections::BTreeSet;

use super::super::paint::{Style, paint};
use super::super::safe::safe;
use super::super::text::{count, list};
use super::layout::Page;
use super::sort::{by_rule, roots};
use crate::model::report::{AppliedWaiver, Evidence, Finding, Remediation, Report, Subject};
use crate::model::{Cause, Gate, Observed, Resolve, Source, SubjectKind, Verdict};

/// So many subjects of one rule are listed before the rest is a number.
const MAX_SUBJECTS: usize = 5;
/// So many pieces of evidence of one finding.
const MAX_EVIDENCE: usize = 3;

/// The verdict as a word in capitals, in its colour.
pub(super) fn word(verdict: Verdict) -> String {
    let (style, word) = match verdict {
        Verdict::Pass => (Style::Green, "PASS"),
        Verdict::Fail => (Style::Red, "FAIL"),
        Verdict::Warn => (Style::Yellow, "WARN"),
        Verdict::Info => (Style::Blue, "INFO"),
        Verdict::Unknown => (Style::Magenta, "UNKNOWN"),
        Verdict::Manual => (Style::Cyan, "MANUAL"),
        Verdict::NotApplicable => (Style::Dim, "NOT APPLICABLE"),
    };
    paint(style, word)
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
    }
}

/// Gates in parentheses.
pub(super) fn gates(gates: &[Gate]) -> String {
    if gates.is_empty() { String::new() } else { format!(" ({})", list(gates.iter().map(|gate| gate.as_str()), 4)) }
}

/// A name that can be seen.
pub(super) fn name(name: Option<&str>) -> Option<String> {
    name.filter(|name| !name.trim().is_empty()).map(safe)
}

/// `name (id)`, or the id alone.
pub(super) fn named(given: Option<&str>, id: &str) -> String {
    name(given).map_or(safe(id), |name| format!("{name} ({})", safe(id)))
}

fn subject(subject: &Subject) -> String {
    format!("{} {}", kind(subject.kind), named(subject.name.as_deref(), &subject.id))
}

/// Where a value was read: `DescribeUserPool @ us-east-1 /UserPool/UserPoolTier`, `stack.yaml:12:3 /path`.
fn place(source: &Source) -> String {
    match source {
        Source::Call { call, region, parameters, pointer } => {
            // A key's or a stack's id is long and stands in the message; an API's is what tells the answers apart.
            let of: Vec<String> = parameters
                .iter()
                .filter(|(name, _)| name.to_ascii_lowercase().ends_with("apiid"))
                .map(|(name, value)| format!(" {}={}", safe(name), safe(value)))
                .collect();
            let of = of.concat();
            format!("{}{of} @ {} {}", safe(operation(call)), safe(region), safe(pointer))
        }
        Source::Place { file, line, column, path } => {
            let number = |n: &Option<u32>| n.map(|n| format!(":{n}")).unwrap_or_default();
            format!("{}{}{} {}", safe(file), number(line), number(column), safe(path)).trim_end().to_owned()
        }
        Source::Option { name } => format!("option {}", safe(name)),
        Source::Table { name, as_of } => format!("table {} as of {}", safe(name), safe(as_of)),
    }
}

/// The operation of `service:Operation`.
fn operation(call: &str) -> &str {
    call.split_once(':').map_or(call, |(_, operation)| operation)
}

/// `pool.tier is LITE, wanted ESSENTIALS or PLUS`.
fn seen(evidence: &Evidence) -> String {
    let field = safe(&evidence.field);
    let seen = match observed(evidence) {
        Observed::Known(actual) => format!("{field} is {}", safe(actual)),
        Observed::Absent => format!("{field}: AWS left it out"),
        Observed::Unknown(why) => format!("{field} is not known: {}", safe(&why.to_string())),
    };
    let wanted = evidence.expected.as_deref().map(|wanted| format!("; wanted: {}", safe(wanted)));
    seen + &wanted.unwrap_or_default()
}

fn observed(evidence: &Evidence) -> Observed<&str> {
    match (&evidence.actual, &evidence.cause) {
        (_, Some(cause)) => Observed::Unknown(cause.clone()),
        (Some(actual), None) => Observed::Known(actual),
        (None, None) => Observed::Absent,
    }
}

/// What a person can do about a cause.
fn action(cause: &Cause) -> String {
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

fn when(resolve: Resolve) -> &'static str {
    match resolve {
        Resolve::Before => "",
        Resolve::AtSwitch => "at the switch: ",
        Resolve::After => "afterwards: ",
    }
}

/// `at the switch: Move the routes.`
pub(super) fn remedy_text(remedy: &Remediation) -> String {
    format!("{}{}", when(remedy.when), safe(&remedy.summary))
}

fn remedies(findings: &[&Finding]) -> BTreeSet<String> {
    let remedies = findings.iter().filter_map(|finding| finding.remediation.as_ref());
    remedies.map(remedy_text).collect()
}

/// Everything of some findings of one verdict, rule by rule, each rule after an empty line.
pub(super) fn rules(page: &mut Page, report: &Report, findings: &[&Finding], verbose: bool) {
    for (rule, group) in by_rule(findings) {
        page.blank();
        if verbose {
            for finding in group {
                page.blank();
                detail(page, report, finding);
            }
        } else if let [only] = group.as_slice() {
            title(page, only, "");
            page.para("  ", 2, &safe(&only.message));
            proof(page, 2, only);
            advice(page, &group);
        } else if let Some(first) = group.first() {
            title(page, first, &format!(": {}", count(group.len(), kind(first.subject.kind))));
            for finding in group.iter().take(MAX_SUBJECTS) {
                page.para("  - ", 4, &safe(&finding.message));
                proof(page, 4, finding);
            }
            if let more @ 1.. = group.len().saturating_sub(MAX_SUBJECTS) {
                page.para("  - ", 4, &format!("and {more} more of {}: --verbose lists them", safe(rule)));
            }
            advice(page, &group);
        }
    }
}

fn title(page: &mut Page, finding: &Finding, after: &str) {
    let rule = paint(Style::Bold, &safe(&finding.rule));
    page.para(&format!("{}  ", word(finding.verdict)), 2, &format!("{rule}{}{after}", gates(&finding.gates)));
}

/// On what, and what was seen where.
fn proof(page: &mut Page, indent: usize, finding: &Finding) {
    if finding.subject.kind != SubjectKind::Pool {
        page.labelled(indent, "on", &subject(&finding.subject));
    }
    // What a person answered is always told from what was seen.
    if let Some(waiver) = &finding.waiver {
        page.labelled(indent, "said", &decision(waiver));
    }
    for evidence in finding.evidence.iter().take(MAX_EVIDENCE) {
        page.labelled(indent, "seen", &seen(evidence));
        if let Some(source) = evidence.sources.first() {
            let more = evidence.sources.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            page.labelled(indent, "at", &(place(source) + &more));
        }
    }
}

fn advice(page: &mut Page, group: &[&Finding]) {
    for remedy in remedies(group) {
        page.labelled(2, "do", &remedy);
    }
}

/// Unknowns that one answer would decide.
pub(super) fn cause(page: &mut Page, report: &Report, causes: &BTreeSet<&Cause>, group: &[&Finding], verbose: bool) {
    page.blank();
    let Some(first) = group.first() else { return };
    if let ([only], true) = (group, verbose) {
        // In detail it says everything itself.
        detail(page, report, only);
        return;
    }
    if let [only] = group {
        title(page, only, "");
        page.para("  ", 2, &safe(&only.message));
    } else {
        let what = match causes.len() {
            0 => "without a recorded cause",
            1 => "with one cause",
            _ => "with the same causes",
        };
        let of: BTreeSet<Gate> = group.iter().flat_map(|each| each.gates.iter().copied()).collect();
        let of = gates(&of.into_iter().collect::<Vec<_>>());
        page.para(&format!("{}  ", word(first.verdict)), 2, &format!("{} {what}{of}", count(group.len(), "result")));
    }
    for cause in causes {
        page.labelled(2, "cause", &safe(&cause.to_string()));
    }
    if group.len() > 1 {
        page.labelled(2, "rules", &rule_names(group, usize::MAX));
    }
    for action in causes.iter().map(|cause| action(cause)).collect::<BTreeSet<_>>() {
        page.labelled(2, "do", &safe(&action));
    }
    if verbose {
        for finding in group {
            page.blank();
            detail(page, report, finding);
        }
    }
}

/// What to do about some causes, in one line.
pub(super) fn actions(causes: &BTreeSet<&Cause>) -> String {
    let actions: BTreeSet<String> = causes.iter().map(|cause| safe(&action(cause))).collect();
    actions.into_iter().collect::<Vec<_>>().join(" ")
}

/// `rule-a, rule-b ×3`.
pub(super) fn rule_names(findings: &[&Finding], max: usize) -> String {
    let names = by_rule(findings).into_iter().map(|(rule, group)| match group.len() {
        1 => safe(rule),
        n => format!("{} ×{n}", safe(rule)),
    });
    list(names, max)
}

/// One finding in a paragraph: a warning, a fact, a waived result.
pub(super) fn short(page: &mut Page, report: &Report, finding: &Finding, verbose: bool) {
    if verbose {
        page.blank();
        detail(page, report, finding);
        return;
    }
    let lead = format!("{}  ", word(finding.verdict));
    let waiver = finding.waiver.as_ref().map(|each| format!(" [{}]", decision(each))).unwrap_or_default();
    page.para(&lead, 6, &format!("{}: {}{waiver}", safe(&finding.rule), safe(&finding.message)));
}

fn decision(waiver: &AppliedWaiver) -> String {
    let ticket = waiver.ticket.as_ref().map(|ticket| format!(", {}", safe(ticket))).unwrap_or_default();
    let (what, who) = match waiver.by.as_ref() {
        Some(by) => ("attested", by),
        None => (waiver.kind.as_str(), &waiver.owner),
    };
    format!("{} by {} until {}{ticket}: {}", safe(what), safe(who), safe(&waiver.expires), safe(&waiver.reason))
}

/// Everything about one finding, laid out as compilers do.
fn detail(page: &mut Page, report: &Report, finding: &Finding) {
    title(page, finding, "");
    page.para("  ", 2, &safe(&finding.message));
    page.para(&paint(Style::Dim, "  --> "), 6, &subject(&finding.subject));
    for evidence in &finding.evidence {
        page.para(&paint(Style::Dim, "   |  "), 6, &seen(evidence));
        for source in &evidence.sources {
            page.para(&paint(Style::Dim, "   |    at "), 10, &place(source));
        }
        for step in &evidence.derivation {
            page.para(&paint(Style::Dim, "   |    - "), 10, &safe(step));
        }
        // The chain matters here: the last link is what to repair, the first is what it spoils.
        if let Some(root) =
            evidence.cause.as_ref().map(Cause::root).filter(|root| Some(*root) != evidence.cause.as_ref())
        {
            page.para(&paint(Style::Dim, "   |    root cause: "), 10, &safe(&root.to_string()));
        }
    }
    let rule = report.rules.get(&finding.rule);
    let mut notes = Vec::new();
    notes.extend(rule.map(|rule| ("wants", safe(&rule.title))));
    notes.extend(
        rule.filter(|rule| !rule.why.trim().is_empty()).map(|rule| ("why", safe(&rule.why.replace('\n', " ")))),
    );
    notes.extend(finding.remediation.as_ref().map(|each| {
        let steps = if each.steps.is_empty() { String::new() } else { format!(" [{}]", safe(&each.steps.join(", "))) };
        ("do", format!("{}{steps}", remedy_text(each)))
    }));
    if finding.verdict == Verdict::Unknown {
        notes.extend(roots(finding).into_iter().map(|cause| ("decide", safe(&action(cause)))));
    }
    notes.extend(finding.waiver.as_ref().map(|each| ("waiver", decision(each))));
    notes.extend(finding.first_seen.as_ref().map(|when| ("since", safe(when))));
    notes.extend(rule.into_iter().flat_map(|rule| &rule.references).map(|each| ("see", safe(&each.url))));
    notes.push(("id", safe(&finding.fingerprint)));
    for (label, text) in notes {
        page.para(&paint(Style::Dim, &format!("   = {label}: ")), 6, &text);
    }
}
