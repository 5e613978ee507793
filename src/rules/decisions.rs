//! The decisions file: what people waive, accept or attest. Which findings a decision meets is decided by `audit`.
//!
//! A decision names its subjects by a pattern over `account/region/kind/id` (see [`subject_path`]).

use jiff::Timestamp;

use crate::model::{DecidedBy, Gate, Resolve, Subject, SubjectKind};
use crate::yaml::{Node, Place};

use super::catalog::Catalog;
use super::glob::Glob;
use super::load::parse;
use super::problem::{Problems, Sink, did_you_mean, or_list, quoted};
use super::rule::Rule;
use super::tree::{Keys, Moment, check_tree, describe, instant, list, one_of, text};

/// The kinds, as written.
pub(super) const KINDS: &[&str] = &["waive", "accept_unknown", "cutover", "attest"];
/// The keys that every decision may have.
const COMMON: &[&str] = &["kind", "rule", "subject", "reason", "owner", "expires", "ticket", "approved_by", "observed"];
/// The keys of an attestation.
const OF_ATTEST: &[&str] = &["answer", "evidence", "by", "on"];
/// The keys of a cutover.
const OF_CUTOVER: &[&str] = &["window"];

/// What stands where a person still has to write something; no text of a decision may be this.
pub const PLACEHOLDER: &str = "TODO";

/// One entry of a decisions file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is decided.
    pub kind: DecisionKind,
    /// The id of the rule, even where the file names a tag.
    pub rule: String,
    /// Which subjects it means, as `account/region/kind/id`.
    pub subject: Glob,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last moment at which it holds: a date is its whole day in UTC.
    pub expires: Timestamp,
    /// The same as written.
    pub expires_text: String,
    /// The ticket.
    pub ticket: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// The value it was granted for; if the account shows another, it does not apply.
    pub observed: Option<String>,
    /// For an attestation: the first moment of the day on which it was given.
    pub given: Option<Timestamp>,
    /// Where it stands.
    pub place: Place,
    /// Where its parts stand.
    pub places: Places,
    /// The file as it was named to us.
    pub file: String,
}

/// Where the parts of a decision stand, for messages about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Its kind.
    pub kind: Place,
    /// Its rule.
    pub rule: Place,
    /// Its subject.
    pub subject: Place,
    /// When it expires.
    pub expires: Place,
    /// What it was granted for, where that is said.
    pub observed: Option<Place>,
    /// The window of a cutover.
    pub window: Option<Place>,
}

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionKind {
    /// A false check does not count.
    Waive,
    /// An unknown check does not count.
    AcceptUnknown,
    /// A verifier that can only change at the switch of the issuer: until then a false check does not count.
    ///
    /// It is for the rules that [`takes_cutover`] names. It holds from the moment it is written, since the switch is prepared
    /// before its window, to the end of the window (or to `expires`, if that is earlier). It is a promise about the time
    /// before the switch: once the pool's issuer is `UPDATED`, or nobody knows whether it is, it takes nothing out of the
    /// count, in the window too, because a verifier that does not accept the new issuer then turns tokens away.
    Cutover {
        /// The first moment of the window.
        from: Timestamp,
        /// Its last.
        until: Timestamp,
    },
    /// A person answers what no API shows.
    Attest(Attestation),
}

/// A person's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// Whether the requirement is met.
    pub answer: bool,
    /// On what ground.
    pub evidence: String,
    /// Who says so.
    pub by: String,
    /// When, as written: a date or RFC 3339.
    pub on: String,
}

impl DecisionKind {
    /// The kind as written in the file.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Waive => "waive",
            Self::AcceptUnknown => "accept_unknown",
            Self::Cutover { .. } => "cutover",
            Self::Attest(_) => "attest",
        }
    }
}

/// Whether a cutover can be decided about the rule: evidence tells whether a verifier accepts the updated issuer (the gate
/// `issuer`), and the rule itself says that its remedy may come at the switch.
pub fn takes_cutover(rule: &Rule) -> bool {
    rule.gates.contains(&Gate::Issuer)
        && rule.resolve == Resolve::AtSwitch
        && rule.decided_by == DecidedBy::Evidence
        && rule.check.is_some()
        && rule.waivable
}

/// What a decision's pattern is held against: `account/region/kind/id`, with `-` for a Region that does not apply.
///
/// An id may itself have slashes, as an authorizer's has: its last part needs `**`.
pub fn subject_path(subject: &Subject) -> String {
    let account = if subject.account.is_empty() { "-" } else { &subject.account };
    format!("{account}/{}/{}/{}", subject.region.as_deref().unwrap_or("-"), subject.kind, subject.id)
}

/// Reads a decisions file against the rules of the run. An empty file holds no decisions.
pub fn parse_decisions(file: &str, text: &str, catalog: &Catalog) -> Result<Vec<Decision>, Problems> {
    let mut problems = Vec::new();
    let mut decisions = Vec::new();
    if let Some(node) = parse(file, text, &mut problems).filter(|node| !node.is_null()) {
        let mut sink = Sink::new(file, &mut problems);
        let items = if check_tree(&node, &mut sink) { list(&node, "a decisions file", &mut sink) } else { None };
        for item in items.unwrap_or_default() {
            decisions.extend(decision(file, item, catalog, &mut sink));
        }
    }
    Problems::none(problems)?;
    Ok(decisions)
}

fn decision(file: &str, node: &Node, catalog: &Catalog, sink: &mut Sink<'_>) -> Option<Decision> {
    let what = "a decision";
    let allowed: Vec<&str> = [COMMON, OF_ATTEST, OF_CUTOVER].concat();
    let keys = Keys::read(node, what, &allowed, sink)?;
    let word = keys.need("kind", what, sink).and_then(|node| one_of(node, "`kind`", KINDS, |it| it, sink));
    let kind = word.and_then(|word| kind(word, keys, sink));
    let rule = keys.need("rule", what, sink).and_then(|node| rule(node, word, catalog, sink));
    if let (Some(word), Some(rule)) = (word, rule) {
        check_kind(word, rule, keys, sink);
    }
    let subject = keys.need("subject", what, sink).and_then(|node| subject(node, rule, sink));
    let reason = filled(keys, "reason", what, sink);
    let owner = filled(keys, "owner", what, sink);
    let expires = keys.need("expires", what, sink).and_then(|node| moment(node, "`expires`", Moment::Last, sink));
    let ticket = keys.get("ticket").and_then(|node| scalar(node, "`ticket`", sink));
    let approved_by = keys.get("approved_by").and_then(|_| filled(keys, "approved_by", what, sink));
    let observed = keys.get("observed").and_then(|node| scalar(node, "`observed`", sink));
    let (expires, expires_text) = expires?;
    let at = |key: &str| keys.get(key).map(|node| node.place);
    let known = |key: &str| at(key).unwrap_or(node.place);
    let places = Places {
        kind: known("kind"),
        rule: known("rule"),
        subject: known("subject"),
        expires: known("expires"),
        observed: at("observed"),
        window: at("window"),
    };
    let (kind, given) = kind?;
    Some(Decision {
        kind,
        given,
        rule: rule?.id.clone(),
        subject: subject?,
        reason: reason?,
        owner: owner?,
        expires,
        expires_text,
        ticket,
        approved_by,
        observed,
        place: node.place,
        places,
        file: file.to_owned(),
    })
}

/// A text that has to be there, and is not what `waivers init` writes for a person to replace.
fn filled(keys: Keys<'_>, key: &str, what: &str, sink: &mut Sink<'_>) -> Option<String> {
    let text = keys.need_text(key, what, sink)?;
    if text == PLACEHOLDER {
        let place = keys.get(key).map_or(keys.place(), |node| node.place);
        sink.add(place, format!("`{key}` is still to be filled in"));
        return None;
    }
    Some(text)
}

/// The kind, and for an attestation when it was given.
fn kind(word: &str, keys: Keys<'_>, sink: &mut Sink<'_>) -> Option<(DecisionKind, Option<Timestamp>)> {
    for (own, owner) in [(OF_ATTEST, "attest"), (OF_CUTOVER, "cutover")] {
        for (key, _) in keys.pairs() {
            if let Some(key_text) = key.text().filter(|key| own.contains(key) && word != owner) {
                sink.add(key.place, format!("`{key_text}` belongs to `kind: {owner}`, this is `kind: {word}`"));
            }
        }
    }
    match word {
        "waive" => Some((DecisionKind::Waive, None)),
        "accept_unknown" => Some((DecisionKind::AcceptUnknown, None)),
        "cutover" => {
            let node = keys.need("window", "a cutover", sink)?;
            let window = Keys::read(node, "`window`", &["from", "until"], sink)?;
            let from = window.need("from", "`window`", sink).and_then(|it| moment(it, "`from`", Moment::First, sink));
            let until = window.need("until", "`window`", sink).and_then(|it| moment(it, "`until`", Moment::Last, sink));
            let ((from, _), (until, _)) = (from?, until?);
            if until < from {
                sink.add(node.place, "the window ends before it begins");
            }
            Some((DecisionKind::Cutover { from, until }, None))
        }
        _ => {
            let what = "an attestation";
            let answer = keys
                .need("answer", what, sink)
                .and_then(|node| one_of(node, "`answer`", &[true, false], |it| if it { "yes" } else { "no" }, sink));
            let evidence = filled(keys, "evidence", what, sink);
            let by = filled(keys, "by", what, sink);
            let on = keys.need("on", what, sink).and_then(|node| moment(node, "`on`", Moment::First, sink));
            let (answer, evidence, by, (given, on)) = (answer?, evidence?, by?, on?);
            Some((DecisionKind::Attest(Attestation { answer, evidence, by, on }), Some(given)))
        }
    }
}

/// The rule of this id; else the only one with this tag of which a decision of this kind can be made.
fn rule<'c>(node: &Node, kind: Option<&str>, catalog: &'c Catalog, sink: &mut Sink<'_>) -> Option<&'c Rule> {
    let name = text(node, "`rule`", sink)?;
    let mut found = catalog.find(&name);
    if found.len() > 1 {
        found.retain(|rule| (kind == Some("attest")) == (rule.decided_by == DecidedBy::Person));
    }
    match found.as_slice() {
        [rule] => Some(rule),
        [] => {
            let help = catalog.did_you_mean(&name).filter(|_| catalog.find(&name).is_empty());
            sink.add_with(node.place, format!("there is no rule {}", quoted(&name)), help);
            None
        }
        several => {
            let ids = or_list(several.iter().map(|rule| rule.id.as_str()));
            let message = format!("{} is a tag of several rules", quoted(&name));
            sink.add_with(node.place, message, Some(format!("name one of them: {ids}")));
            None
        }
    }
}

/// Whether a decision of this kind can be made about the rule.
fn check_kind(word: &str, rule: &Rule, keys: Keys<'_>, sink: &mut Sink<'_>) {
    let place = keys.get("kind").map_or(keys.place(), |node| node.place);
    let person = rule.decided_by == DecidedBy::Person;
    if word != "attest" && !rule.waivable {
        let message = format!("the rule `{}` cannot be waived: AWS itself refuses what it forbids", rule.id);
        let help = match word {
            // Out of the count, it would leave a gate ready whose step AWS may refuse.
            "accept_unknown" => {
                "not seen, it cannot be waived either: get the missing evidence, the report names its cause"
            }
            _ => "remove the decision and change the account instead",
        };
        sink.add_with(place, message, Some(help.to_owned()));
    } else if word == "cutover" && !takes_cutover(rule) {
        let message =
            format!("the rule `{}` is not about a verifier that changes at the switch of the issuer", rule.id);
        let help = "a cutover is for rules of the gate `issuer` whose remedy may come at the switch (`resolve: at_switch`); \
                    what has to change before needs a `waive`";
        sink.add_with(place, message, Some(help.to_owned()));
    }
    if word == "attest" && !person {
        let message = format!("the rule `{}` is decided by evidence: no person's answer replaces it", rule.id);
        sink.add_with(place, message, Some("use `waive` or `accept_unknown`".to_owned()));
    }
}

/// A pattern that can match a subject of the rule.
fn subject(node: &Node, rule: Option<&Rule>, sink: &mut Sink<'_>) -> Option<Glob> {
    let pattern = text(node, "`subject`", sink)?;
    let glob = Glob::new(&pattern);
    if let Some(parts) = glob.parts() {
        if parts.len() < 4 {
            let help = "`*` does not cross `/`; write `*/*/pool/us-east-1_Ab1`, or `**` for everything";
            let message = format!("{} matches nothing: a subject is account/region/kind/id", quoted(&pattern));
            sink.add_with(node.place, message, Some(help.to_owned()));
            return None;
        }
        if let Some(kind) = &parts[2] {
            check_subject_kind(node, kind, rule, sink);
        }
    }
    Some(glob)
}

fn check_subject_kind(node: &Node, kind: &str, rule: Option<&Rule>, sink: &mut Sink<'_>) {
    let names = || SubjectKind::ALL.iter().map(|kind| kind.as_str());
    let Some(found) = SubjectKind::parse(kind) else {
        let help = did_you_mean(kind, names()).unwrap_or_else(|| format!("the kinds are {}", or_list(names())));
        sink.add_with(node.place, format!("{} is no kind of subject", quoted(kind)), Some(help));
        return;
    };
    // A rule on the many things of a pool also makes findings on the pool: when the list is empty or incomplete.
    if let Some(rule) = rule.filter(|rule| found != rule.subject && found != SubjectKind::Pool) {
        let message = format!("the rule `{}` judges subjects of kind {}, not {found}", rule.id, rule.subject);
        sink.add(node.place, message);
    }
}

fn moment(node: &Node, what: &str, moment: Moment, sink: &mut Sink<'_>) -> Option<(Timestamp, String)> {
    let text = text(node, what, sink)?;
    if text == PLACEHOLDER {
        sink.add(node.place, format!("{what} is still to be filled in: a date such as 2026-11-21, or RFC 3339"));
        return None;
    }
    let Some(found) = instant(&text, moment) else {
        let help = Some("write YYYY-MM-DD, or RFC 3339 such as 2026-11-21T18:00:00Z".to_owned());
        sink.add_with(node.place, format!("{what} is a date or an instant, not {}", quoted(&text)), help);
        return None;
    };
    Some((found, text))
}

/// The text of a scalar, a number or boolean too: a ticket may be a number, an observed value may be `false`.
fn scalar(node: &Node, what: &str, sink: &mut Sink<'_>) -> Option<String> {
    let found = node.text().filter(|_| !node.is_null());
    if found.is_none() {
        sink.add(node.place, format!("{what} has to be a single value, this is {}", describe(node)));
    }
    found.map(str::to_owned)
}
