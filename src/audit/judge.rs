//! One rule on one subject: truth to verdict, and the sentence that says it.
//!
//! A verdict is derived from level, decided-by and truth, never set.

use crate::model::{Absence, Cause, DecidedBy, Evidence, Fact, Level, Observed, Truth, Value, Verdict};
use crate::rules::{FieldRef, Piece, Rule};

use super::evaluate::{Outcome, Scope, evaluate, explain, truth};

/// The result of one rule on one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// One sentence.
    pub message: String,
    /// What decided it.
    pub evidence: Vec<Evidence>,
}

/// The verdict that a truth gives a rule; `None`: the rule has no check.
pub fn verdict(level: Level, decided_by: DecidedBy, truth: Option<Truth>) -> Verdict {
    match (decided_by, truth) {
        (_, Some(Truth::True)) => Verdict::Pass,
        (DecidedBy::Person, _) => Verdict::Manual,
        (DecidedBy::Evidence, Some(Truth::Unknown)) => Verdict::Unknown,
        (DecidedBy::Evidence, Some(Truth::False) | None) => match level {
            Level::Blocker => Verdict::Fail,
            Level::Advisory => Verdict::Warn,
            Level::Info => Verdict::Info,
        },
    }
}

/// The verdict of [`judge`] alone, which costs much less than the evidence for it.
pub(super) fn verdict_alone(rule: &Rule, scope: &dyn Scope) -> Verdict {
    match rule.applies_when.as_ref().map_or(Truth::True, |condition| truth(condition, scope)) {
        Truth::True => verdict(rule.level, rule.decided_by, rule.check.as_ref().map(|check| truth(check, scope))),
        Truth::False => Verdict::NotApplicable,
        Truth::Unknown => Verdict::Unknown,
    }
}

/// Judges a rule on the subject that `scope` shows.
pub fn judge(rule: &Rule, scope: &dyn Scope) -> Judgement {
    if let Some(condition) = &rule.applies_when {
        let outcome = evaluate(condition, scope);
        match outcome.truth {
            Truth::True => {}
            Truth::False => return judgement(rule, Verdict::NotApplicable, outcome, scope),
            Truth::Unknown => return judgement(rule, Verdict::Unknown, outcome, scope),
        }
    }
    match &rule.check {
        None => {
            let outcome = Outcome { truth: Truth::Unknown, seen: Vec::new() };
            judgement(rule, verdict(rule.level, rule.decided_by, None), outcome, scope)
        }
        Some(check) => {
            let outcome = evaluate(check, scope);
            judgement(rule, verdict(rule.level, rule.decided_by, Some(outcome.truth)), outcome, scope)
        }
    }
}

/// The result for a pool whose subjects of the rule's kind could not all be listed.
pub(super) fn not_all_listed(rule: &Rule, cause: &Cause) -> Judgement {
    let mut evidence = Evidence {
        field: format!("{} of the pool", rule.subject),
        sources: Vec::new(),
        actual: None,
        expected: Some("a whole list".to_owned()),
        absent: false,
        cause: None,
        cause_text: None,
        missing_actions: Vec::new(),
        derivation: Vec::new(),
    };
    explain(&mut evidence, Some(cause.clone()));
    let message = format!("cannot tell for all: {}; there may be more than was seen", rule.title);
    Judgement { verdict: Verdict::Unknown, message, evidence: vec![evidence] }
}

/// The result for a pool that has no subject of the rule's kind.
pub(super) fn none_found(rule: &Rule, searched: &[String]) -> Judgement {
    let message = format!("{}: none found in {}", rule.title, searched.join(", "));
    Judgement { verdict: Verdict::NotApplicable, message, evidence: Vec::new() }
}

fn judgement(rule: &Rule, verdict: Verdict, outcome: Outcome, scope: &dyn Scope) -> Judgement {
    let Outcome { truth, seen } = outcome;
    // What decided: for "cannot tell" what is missing, for "no" what is false, unless negation turned it round.
    let deciding: Vec<Evidence> =
        seen.iter().filter(|(each, _)| *each == truth).map(|(_, evidence)| evidence.clone()).collect();
    let mut evidence =
        if deciding.is_empty() { seen.into_iter().map(|(_, evidence)| evidence).collect() } else { deciding };
    evidence.dedup();
    let message = match (rule.say.by_verdict.get(&verdict), verdict) {
        (Some(pieces), _) => say(pieces, scope),
        (None, Verdict::Unknown) => format!("cannot tell: {}", rule.title),
        (None, Verdict::Fail | Verdict::Warn) => format!("does not hold: {}", rule.title),
        (None, Verdict::Pass | Verdict::Info | Verdict::Manual | Verdict::NotApplicable) => rule.title.clone(),
    };
    Judgement { verdict, message, evidence }
}

/// The result of a rule of which nothing is told but the verdict.
pub(super) fn untold(verdict: Verdict) -> Judgement {
    Judgement { verdict, message: String::new(), evidence: Vec::new() }
}

/// Fills a sentence: an unknown value prints as ‹unknown›, an absent one as `none` where that is what it means.
fn say(pieces: &[Piece], scope: &dyn Scope) -> String {
    pieces.iter().fold(String::new(), |mut text, piece| {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Field(FieldRef::Field(name)) => {
                let (fact, absence) = scope.fact(name);
                text.push_str(&shown(&fact, absence));
            }
            Piece::Field(FieldRef::Var { .. }) => text.push_str("‹unknown›"),
        }
        text
    })
}

fn shown(fact: &Fact, absence: Absence) -> String {
    match &fact.value {
        Observed::Known(Value::Text(text)) => text.clone(),
        Observed::Known(value) => value.to_string(),
        Observed::Absent if absence == Absence::None => "none".to_owned(),
        Observed::Absent => "‹left out by AWS›".to_owned(),
        Observed::Unknown(_) => "‹unknown›".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_from_level_and_truth() {
        use DecidedBy::{Evidence, Person};
        let table = [
            (Level::Blocker, Evidence, Some(Truth::True), Verdict::Pass),
            (Level::Blocker, Evidence, Some(Truth::False), Verdict::Fail),
            (Level::Blocker, Evidence, Some(Truth::Unknown), Verdict::Unknown),
            (Level::Advisory, Evidence, Some(Truth::True), Verdict::Pass),
            (Level::Advisory, Evidence, Some(Truth::False), Verdict::Warn),
            (Level::Advisory, Evidence, Some(Truth::Unknown), Verdict::Unknown),
            (Level::Info, Evidence, Some(Truth::True), Verdict::Pass),
            (Level::Info, Evidence, Some(Truth::False), Verdict::Info),
            (Level::Info, Evidence, Some(Truth::Unknown), Verdict::Unknown),
            (Level::Info, Evidence, None, Verdict::Info),
            (Level::Blocker, Person, Some(Truth::True), Verdict::Pass),
            (Level::Blocker, Person, Some(Truth::False), Verdict::Manual),
            (Level::Advisory, Person, Some(Truth::Unknown), Verdict::Manual),
            (Level::Info, Person, None, Verdict::Manual),
        ];
        for (level, by, truth, expected) in table {
            assert_eq!(verdict(level, by, truth), expected, "{level} {by} {truth:?}");
        }
    }
}
