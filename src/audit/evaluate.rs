//! Evaluation of conditions in three-valued logic, with the evidence each looked at.
//!
//! Missing evidence can only make a condition unknown. An operator never sees a value outside its field's vocabulary or
//! type, and absence means what the field declares or the rule says, never what would be convenient.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{Absence, Cause, Evidence, Fact, Listed, Observed, Source, Truth, Value};
use crate::rules::{AwsPointer, Check, FieldRef, Literal, Op};

/// Where fields come from: a subject of a snapshot, or what a rule's test gives.
pub trait Scope {
    /// The value of a field and what its absence means.
    fn fact(&self, field: &str) -> (Rc<Fact>, Absence);

    /// A member of an AWS answer.
    fn aws(&self, at: &AwsPointer) -> Fact;

    /// How a field's value follows from what AWS answered, step by step; empty where the value is the answer.
    fn derivation(&self, _field: &str) -> Vec<String> {
        Vec::new()
    }

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
    let mut seen = Vec::new();
    let truth = Evaluator { scope, vars: Vec::new(), seen: Some(&mut seen) }.check(check);
    Outcome { truth, seen }
}

/// The truth of a condition alone, which costs much less than the evidence for it.
pub(super) fn truth(check: &Check, scope: &dyn Scope) -> Truth {
    Evaluator { scope, vars: Vec::new(), seen: None }.check(check)
}

struct Evaluator<'a> {
    scope: &'a dyn Scope,
    vars: Vec<(&'a str, Value, Vec<Source>)>,
    /// What was looked at, where somebody wants to know.
    seen: Option<&'a mut Vec<(Truth, Evidence)>>,
}

impl<'a> Evaluator<'a> {
    fn check(&mut self, check: &'a Check) -> Truth {
        match check {
            // What cannot change the truth any more is looked at for the evidence only.
            Check::All(checks) => checks.iter().fold(Truth::True, |truth, check| {
                if truth == Truth::False && self.seen.is_none() { truth } else { truth.and(self.check(check)) }
            }),
            Check::Any(checks) => checks.iter().fold(Truth::False, |truth, check| {
                if truth == Truth::True && self.seen.is_none() { truth } else { truth.or(self.check(check)) }
            }),
            Check::Not(check) => self.check(check).negate(),
            Check::Field { field, op, when_absent } => {
                let (fact, absence) = self.resolve(field);
                let truth = self.compare(&|| field.to_string(), &fact, absence, op, *when_absent);
                if let (FieldRef::Field(name), Some(seen)) = (field, &mut self.seen)
                    && let Some((_, evidence)) = seen.last_mut()
                {
                    evidence.derivation = self.scope.derivation(name);
                }
                truth
            }
            Check::Aws { at, op, when_absent } => {
                let fact = self.scope.aws(at);
                let region = if at.primary { "primary" } else { "secondary" };
                let name = || format!("{}:{} @ {region} {}", at.service, at.operation, at.pointer);
                self.compare(&name, &fact, Absence::Unknown, op, *when_absent)
            }
            Check::ForEach { list, var, every, check } => self.for_each(list, var, *every, check),
        }
    }

    fn resolve(&self, field: &FieldRef) -> (Rc<Fact>, Absence) {
        match field {
            FieldRef::Field(name) => self.scope.fact(name),
            FieldRef::Var { var, member } => {
                let Some((_, value, sources)) = self.vars.iter().rev().find(|(name, ..)| name == var) else {
                    let cause = Cause::NoMeaning { member: format!("variable {var}") };
                    return (Rc::new(Fact::unknown(cause, Vec::new())), Absence::Unknown);
                };
                let value = match (member, value) {
                    (None, value) => Observed::Known(value.clone()),
                    (Some(member), Value::Record(record)) => record.get(member).cloned().unwrap_or(Observed::Absent),
                    (Some(_), _) => Observed::Absent,
                };
                (Rc::new(Fact { value, sources: sources.clone() }), Absence::Unknown)
            }
        }
    }

    fn for_each(&mut self, list: &FieldRef, var: &'a str, every: bool, check: &'a Check) -> Truth {
        let (fact, absence) = self.resolve(list);
        let items = match &fact.value {
            Observed::Known(Value::List(items)) => items,
            Observed::Known(_) | Observed::Absent | Observed::Unknown(_) => {
                let op = Op::Present(true);
                return match self.compare(&|| list.to_string(), &fact, absence, &op, None) {
                    // Absent as documented: there is none.
                    Truth::False => every.into(),
                    Truth::True | Truth::Unknown => Truth::Unknown,
                };
            }
        };
        let before = self.seen.as_ref().map(|seen| seen.len());
        let mut one = |value: &Value| {
            self.vars.push((var, value.clone(), fact.sources.clone()));
            let truth = self.check(check);
            self.vars.pop();
            truth
        };
        let truth = if every { items.all(&mut one) } else { items.any(&mut one) };
        // The list itself is evidence: for an empty one the only evidence, for an incomplete one the cause.
        let incomplete = &items.incomplete;
        if let Some(seen) = &mut self.seen
            && (Some(seen.len()) == before || (truth == Truth::Unknown && incomplete.is_some()))
        {
            let text = Value::List(items.clone()).to_string();
            let expected = if every { "every item to fit" } else { "an item that fits" };
            let mut evidence = evidence(list.to_string(), &fact.sources, Some(text), expected.to_owned());
            if truth == Truth::Unknown {
                explain(&mut evidence, incomplete.clone());
            }
            seen.push((truth, evidence));
        }
        truth
    }

    /// Whether a value fits, with the evidence for it if somebody wants to know.
    fn compare(
        &mut self,
        name: &dyn Fn() -> String,
        fact: &Fact,
        absence: Absence,
        op: &Op,
        when_absent: Option<Truth>,
    ) -> Truth {
        let (truth, cause) = fits(name, &fact.value, absence, op, when_absent, self.scope.now());
        if let Some(seen) = &mut self.seen {
            let mut evidence = evidence(name(), &fact.sources, None, expected(op));
            evidence.absent = fact.value == Observed::Absent;
            evidence.actual = fact.value.known().map(ToString::to_string);
            explain(&mut evidence, cause);
            seen.push((truth, evidence));
        }
        truth
    }
}

/// Whether what is known of a field fits, and why that cannot be said.
fn fits(
    name: &dyn Fn() -> String,
    value: &Observed<Value>,
    absence: Absence,
    op: &Op,
    when_absent: Option<Truth>,
    now: Timestamp,
) -> (Truth, Option<Cause>) {
    match value {
        Observed::Unknown(cause) => (Truth::Unknown, Some(cause.clone())),
        Observed::Absent => {
            let truth = when_absent.unwrap_or(match (op, absence) {
                (Op::Present(wanted), Absence::None) => (!wanted).into(),
                (Op::NotIn(_), _) | (_, Absence::Unknown | Absence::Default(_)) => Truth::Unknown,
                (_, Absence::None) => Truth::False,
            });
            (truth, (truth == Truth::Unknown).then(|| Cause::NoMeaning { member: name() }))
        }
        Observed::Known(value) => match holds(value, op, now) {
            Ok(truth) => (truth, None),
            Err(cause) => (Truth::Unknown, Some(cause)),
        },
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
        derivation: Vec::new(),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Fields as the test gives them.
    struct Fields(BTreeMap<&'static str, (Observed<Value>, Absence)>);

    impl Scope for Fields {
        fn fact(&self, field: &str) -> (Rc<Fact>, Absence) {
            let (value, absence) = self.0[field].clone();
            (Rc::new(Fact { value, sources: Vec::new() }), absence)
        }

        fn aws(&self, _: &AwsPointer) -> Fact {
            Fact::absent(Vec::new())
        }

        fn now(&self) -> Timestamp {
            "2026-11-21T00:00:00Z".parse().unwrap()
        }
    }

    fn fields() -> Fields {
        let gap = || Cause::Given { what: "a gap".to_owned() };
        let list = |items: &[&str], incomplete: Option<Cause>| {
            let items = items.iter().map(|item| (*item).into()).collect();
            Observed::Known(Value::List(Listed { items, incomplete }))
        };
        Fields(BTreeMap::from([
            ("word", (Observed::Known("PLUS".into()), Absence::Unknown)),
            ("number", (Observed::Known(5.into()), Absence::Unknown)),
            ("soon", (Observed::Known("2026-11-30T00:00:00Z".parse::<Timestamp>().unwrap().into()), Absence::None)),
            ("past", (Observed::Known("2026-11-01T00:00:00Z".parse::<Timestamp>().unwrap().into()), Absence::None)),
            ("none", (Observed::Absent, Absence::None)),
            ("silent", (Observed::Absent, Absence::Unknown)),
            ("hidden", (Observed::Unknown(gap()), Absence::None)),
            ("empty", (list(&[], None), Absence::Unknown)),
            ("whole", (list(&["a", "b"], None), Absence::Unknown)),
            ("part", (list(&["a"], Some(gap())), Absence::Unknown)),
        ]))
    }

    fn field(name: &str, op: Op) -> Check {
        Check::Field { field: FieldRef::Field(name.to_owned()), op, when_absent: None }
    }

    fn text(text: &str) -> Literal {
        Literal::Text(text.to_owned())
    }

    #[test]
    fn every_operator_on_what_is_known_absent_and_unknown() {
        use Truth::{False, True, Unknown};
        let table = [
            ("word", Op::Equals(text("PLUS")), True),
            ("word", Op::Equals(text("LITE")), False),
            ("word", Op::Equals(Literal::Bool(true)), Unknown),
            ("word", Op::In(vec![text("LITE"), text("PLUS")]), True),
            ("word", Op::NotIn(vec![text("LITE")]), True),
            ("word", Op::NotIn(vec![text("PLUS")]), False),
            ("word", Op::Matches(regex::Regex::new("^PL").unwrap()), True),
            ("word", Op::Contains(text("LU")), True),
            ("number", Op::Gt(Literal::Int(5)), False),
            ("number", Op::Gte(Literal::Int(5)), True),
            ("number", Op::Lt(Literal::Int(6)), True),
            ("number", Op::Lte(Literal::Int(4)), False),
            ("number", Op::Gt(text("4")), Unknown),
            ("number", Op::Matches(regex::Regex::new("5").unwrap()), Unknown),
            ("soon", Op::WithinDays(9), True),
            ("soon", Op::WithinDays(8), False),
            ("past", Op::WithinDays(100), False),
            ("none", Op::Present(true), False),
            ("none", Op::Present(false), True),
            ("none", Op::Equals(text("x")), False),
            ("none", Op::WithinDays(9), False),
            ("none", Op::NotIn(vec![text("x")]), Unknown),
            ("silent", Op::Present(true), Unknown),
            ("silent", Op::Present(false), Unknown),
            ("silent", Op::Equals(text("x")), Unknown),
            ("silent", Op::NotIn(vec![text("x")]), Unknown),
            ("hidden", Op::Present(false), Unknown),
            ("hidden", Op::Equals(text("x")), Unknown),
            ("empty", Op::Present(true), False),
            ("empty", Op::Contains(text("a")), False),
            ("whole", Op::Present(true), True),
            ("whole", Op::Contains(text("b")), True),
            ("whole", Op::Contains(text("c")), False),
            ("part", Op::Contains(text("a")), True),
            ("part", Op::Contains(text("c")), Unknown),
        ];
        for (name, op, truth) in table {
            let outcome = evaluate(&field(name, op.clone()), &fields());
            assert_eq!(outcome.truth, truth, "{name} {}", expected(&op));
            assert_eq!(super::truth(&field(name, op.clone()), &fields()), truth, "{name} {}", expected(&op));
            let explained = outcome.seen.iter().any(|(_, evidence)| evidence.cause.is_some());
            assert_eq!(explained, truth == Unknown, "{name} {}: an unknown, and only that, has a cause", expected(&op));
        }
    }

    #[test]
    fn a_rule_may_say_what_absence_is() {
        for (truth, name) in [(Truth::True, "silent"), (Truth::False, "silent"), (Truth::True, "none")] {
            let op = Op::NotIn(vec![text("x")]);
            let check = Check::Field { field: FieldRef::Field(name.to_owned()), op, when_absent: Some(truth) };
            assert_eq!(evaluate(&check, &fields()).truth, truth);
        }
    }

    #[test]
    fn what_decides_is_not_hidden_by_what_is_unknown() {
        let hidden = || field("hidden", Op::Present(true));
        let plus = || field("word", Op::Equals(text("PLUS")));
        let lite = || field("word", Op::Equals(text("LITE")));
        for (check, truth) in [
            (Check::All(vec![hidden(), lite()]), Truth::False),
            (Check::All(vec![hidden(), plus()]), Truth::Unknown),
            (Check::Any(vec![hidden(), plus()]), Truth::True),
            (Check::Any(vec![hidden(), lite()]), Truth::Unknown),
            (Check::Not(Box::new(hidden())), Truth::Unknown),
        ] {
            assert_eq!(evaluate(&check, &fields()).truth, truth, "{check:?}");
        }
    }

    #[test]
    fn a_list_with_gaps_is_never_all_right() {
        let each = |list: &str, every: bool, wanted: &str| Check::ForEach {
            list: FieldRef::Field(list.to_owned()),
            var: "x".to_owned(),
            every,
            check: Box::new(Check::Field {
                field: FieldRef::Var { var: "x".to_owned(), member: None },
                op: Op::Matches(regex::Regex::new(wanted).unwrap()),
                when_absent: None,
            }),
        };
        for (check, truth) in [
            (each("whole", true, "a|b"), Truth::True),
            (each("whole", true, "a"), Truth::False),
            (each("part", true, "a"), Truth::Unknown),
            (each("part", true, "b"), Truth::False),
            (each("part", false, "a"), Truth::True),
            (each("part", false, "b"), Truth::Unknown),
            (each("empty", true, "a"), Truth::True),
            (each("empty", false, "a"), Truth::False),
            (each("hidden", true, "a"), Truth::Unknown),
            (each("none", true, "a"), Truth::True),
            (each("silent", true, "a"), Truth::Unknown),
        ] {
            let outcome = evaluate(&check, &fields());
            assert_eq!(outcome.truth, truth, "{check:?}");
            assert!(!outcome.seen.is_empty());
        }
    }
}
