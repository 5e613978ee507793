//! Evaluation of conditions in three-valued logic, with the evidence each looked at.
//!
//! Missing evidence can only make a condition unknown. An operator never sees a value outside its field's vocabulary or
//! type, and absence means what the field declares or the rule says, never what would be convenient.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Absence, Cause, Evidence, Fact, Listed, Observed, Source, Truth, Value};
use crate::rules::{AwsPointer, Check, FieldRef, Literal, Op};

/// Where fields come from: a subject of a snapshot, or what a rule's test gives.
pub trait Scope {
    /// The value of a field and what its absence means.
    fn fact(&self, field: &str) -> (Fact, Absence);

    /// A member of an AWS answer.
    fn aws(&self, at: &AwsPointer) -> Fact;

    /// The clock of the run.
    fn now(&self) -> Timestamp;
}

/// A condition's truth and what it looked at.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Whether it holds.
    pub truth: Truth,
    /// Every comparison made, in order, with its own truth.
    pub seen: Vec<(Truth, Evidence)>,
}

/// Evaluates a condition.
pub fn evaluate(check: &Check, scope: &dyn Scope) -> Outcome {
    let mut evaluator = Evaluator { scope, vars: Vec::new(), seen: Vec::new() };
    let truth = evaluator.check(check);
    Outcome { truth, seen: evaluator.seen }
}

struct Evaluator<'a> {
    scope: &'a dyn Scope,
    vars: Vec<(String, Value, Vec<Source>)>,
    seen: Vec<(Truth, Evidence)>,
}

impl Evaluator<'_> {
    fn check(&mut self, check: &Check) -> Truth {
        match check {
            Check::All(checks) => checks.iter().fold(Truth::True, |truth, check| truth.and(self.check(check))),
            Check::Any(checks) => checks.iter().fold(Truth::False, |truth, check| truth.or(self.check(check))),
            Check::Not(check) => self.check(check).negate(),
            Check::Field { field, op, when_absent } => {
                let (fact, absence) = self.resolve(field);
                self.compare(&field.to_string(), fact, absence, op, *when_absent)
            }
            Check::Aws { at, op, when_absent } => {
                let fact = self.scope.aws(at);
                let region = if at.primary { "primary" } else { "secondary" };
                let name = format!("{}:{} @ {region} {}", at.service, at.operation, at.pointer);
                self.compare(&name, fact, Absence::Unknown, op, *when_absent)
            }
            Check::ForEach { list, var, every, check } => self.for_each(list, var, *every, check),
        }
    }

    fn resolve(&self, field: &FieldRef) -> (Fact, Absence) {
        match field {
            FieldRef::Field(name) => self.scope.fact(name),
            FieldRef::Var { var, member } => {
                let Some((_, value, sources)) = self.vars.iter().rev().find(|(name, ..)| name == var) else {
                    let cause = Cause::NoMeaning { member: format!("variable {var}") };
                    return (Fact::unknown(cause, Vec::new()), Absence::Unknown);
                };
                let value = match (member, value) {
                    (None, value) => Observed::Known(value.clone()),
                    (Some(member), Value::Record(record)) => record.get(member).cloned().unwrap_or(Observed::Absent),
                    (Some(_), _) => Observed::Absent,
                };
                (Fact { value, sources: sources.clone() }, Absence::Unknown)
            }
        }
    }

    fn for_each(&mut self, list: &FieldRef, var: &str, every: bool, check: &Check) -> Truth {
        let (fact, absence) = self.resolve(list);
        let items = match &fact.value {
            Observed::Known(Value::List(items)) => items.clone(),
            Observed::Known(_) | Observed::Absent | Observed::Unknown(_) => {
                let op = Op::Present(true);
                return match self.compare(&list.to_string(), fact, absence, &op, None) {
                    // Absent as documented: there is none.
                    Truth::False => every.into(),
                    Truth::True | Truth::Unknown => Truth::Unknown,
                };
            }
        };
        let before = self.seen.len();
        let incomplete = items.incomplete.clone();
        let mut one = |value: &Value| {
            self.vars.push((var.to_owned(), value.clone(), fact.sources.clone()));
            let truth = self.check(check);
            self.vars.pop();
            truth
        };
        let truth = if every { items.all(&mut one) } else { items.any(&mut one) };
        // The list itself is evidence: for an empty one the only evidence, for an incomplete one the cause.
        if self.seen.len() == before || (truth == Truth::Unknown && incomplete.is_some()) {
            let text = Value::List(items).to_string();
            let expected = if every { "every item to fit" } else { "an item that fits" };
            let mut evidence = evidence(list.to_string(), &fact.sources, Some(text), expected.to_owned());
            if truth == Truth::Unknown {
                explain(&mut evidence, incomplete);
            }
            self.seen.push((truth, evidence));
        }
        truth
    }

    fn compare(&mut self, name: &str, fact: Fact, absence: Absence, op: &Op, when_absent: Option<Truth>) -> Truth {
        let Fact { value, sources } = fact;
        let mut evidence = evidence(name.to_owned(), &sources, None, expected(op));
        let truth = match value {
            Observed::Unknown(cause) => {
                explain(&mut evidence, Some(cause));
                Truth::Unknown
            }
            Observed::Absent => {
                evidence.absent = true;
                let truth = when_absent.unwrap_or(match (op, absence) {
                    (Op::Present(wanted), Absence::None) => (!wanted).into(),
                    (Op::NotIn(_), _) | (_, Absence::Unknown | Absence::Default(_)) => Truth::Unknown,
                    (_, Absence::None) => Truth::False,
                });
                if truth == Truth::Unknown {
                    explain(&mut evidence, Some(Cause::NoMeaning { member: name.to_owned() }));
                }
                truth
            }
            Observed::Known(value) => {
                evidence.actual = Some(value.to_string());
                match holds(&value, op, self.scope.now()) {
                    Ok(truth) => truth,
                    Err(cause) => {
                        explain(&mut evidence, Some(cause));
                        Truth::Unknown
                    }
                }
            }
        };
        self.seen.push((truth, evidence));
        truth
    }
}

fn evidence(field: String, sources: &[Source], actual: Option<String>, expected: String) -> Evidence {
    let mut sources = sources.to_vec();
    sources.sort();
    sources.dedup();
    Evidence {
        field,
        sources,
        actual,
        expected: Some(expected),
        absent: false,
        cause: None,
        cause_text: None,
        missing_actions: Vec::new(),
    }
}

/// Says in `evidence` why its field is not known.
pub(super) fn explain(evidence: &mut Evidence, cause: Option<Cause>) {
    let Some(cause) = cause else { return };
    evidence.cause_text = Some(cause.to_string());
    evidence.missing_actions = cause.missing_actions().to_vec();
    evidence.cause = Some(cause);
}

/// Whether a known value fits, or why that cannot be said.
fn holds(value: &Value, op: &Op, now: Timestamp) -> Result<Truth, Cause> {
    let surprise = || Cause::Unrecognised { value: value.to_string() };
    let ordered = |literal: &Literal| match (value, literal) {
        (Value::Int(a), Literal::Int(b)) => Ok(a.cmp(b)),
        (Value::Time(a), Literal::Time(b)) => Ok(a.cmp(b)),
        _ => Err(surprise()),
    };
    match op {
        Op::Equals(literal) => equal(value, literal).map(Truth::from).ok_or_else(surprise),
        Op::In(literals) => one_of(value, literals).map(Truth::from).ok_or_else(surprise),
        Op::NotIn(literals) => one_of(value, literals).map(|found| Truth::from(!found)).ok_or_else(surprise),
        Op::Matches(regex) => {
            let Value::Text(text) = value else { return Err(surprise()) };
            Ok(regex.is_match(text).into())
        }
        Op::Contains(literal) => match (value, literal) {
            (Value::List(list), _) => contains(list, literal),
            (Value::Text(text), Literal::Text(part)) => Ok(text.contains(part.as_str()).into()),
            _ => Err(surprise()),
        },
        Op::Gt(literal) => ordered(literal).map(|order| order.is_gt().into()),
        Op::Gte(literal) => ordered(literal).map(|order| order.is_ge().into()),
        Op::Lt(literal) => ordered(literal).map(|order| order.is_lt().into()),
        Op::Lte(literal) => ordered(literal).map(|order| order.is_le().into()),
        Op::WithinDays(days) => {
            let Value::Time(time) = value else { return Err(surprise()) };
            let ahead = time.duration_since(now);
            Ok((ahead.is_positive() && ahead <= SignedDuration::from_hours(24 * i64::from(*days))).into())
        }
        // A list that is whole and empty has nothing that could be present.
        Op::Present(wanted) => {
            if let Value::List(list) = value
                && list.items.is_empty()
            {
                return list.incomplete.clone().map_or(Ok((!wanted).into()), Err);
            }
            Ok((*wanted).into())
        }
    }
}

fn contains(list: &Listed<Value>, literal: &Literal) -> Result<Truth, Cause> {
    let truth = list.any(|item| equal(item, literal).map_or(Truth::Unknown, Truth::from));
    match (truth, &list.incomplete) {
        (Truth::Unknown, Some(cause)) => Err(cause.clone()),
        _ => Ok(truth),
    }
}

/// Types are compared as types; a comparison across them is no comparison.
fn equal(value: &Value, literal: &Literal) -> Option<bool> {
    match (value, literal) {
        (Value::Bool(a), Literal::Bool(b)) => Some(a == b),
        (Value::Int(a), Literal::Int(b)) => Some(a == b),
        (Value::Text(a), Literal::Text(b)) => Some(a == b),
        (Value::Time(a), Literal::Time(b)) => Some(a == b),
        _ => None,
    }
}

fn one_of(value: &Value, literals: &[Literal]) -> Option<bool> {
    let mut found = false;
    for literal in literals {
        found |= equal(value, literal)?;
    }
    Some(found)
}

fn expected(op: &Op) -> String {
    let list = |literals: &[Literal]| literals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    match op {
        Op::Equals(literal) => literal.to_string(),
        Op::In(literals) => list(literals),
        Op::NotIn(literals) => format!("not {}", list(literals)),
        Op::Matches(regex) => format!("a match of {}", regex.as_str()),
        Op::Contains(literal) => format!("to contain {literal}"),
        Op::Gt(literal) => format!("more than {literal}"),
        Op::Gte(literal) => format!("{literal} or more"),
        Op::Lt(literal) => format!("less than {literal}"),
        Op::Lte(literal) => format!("{literal} or less"),
        Op::WithinDays(days) => format!("within {days} days"),
        Op::Present(true) => "to be there".to_owned(),
        Op::Present(false) => "not to be there".to_owned(),
    }
}
