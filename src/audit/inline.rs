//! A rule's own tests: fields as the test gives them, everything else unknown.
//!
//! They prove the rule, not how its facts are derived from a snapshot.

use std::rc::Rc;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Absence, Cause, Fact, FieldSpec, FieldType, Fields, Listed, Observed, SubjectKind, Value, Verdict};
use crate::rules::{AwsPointer, Given, Rule, RuleTest};

use super::evaluate::Scope;
use super::judge::judge;

/// A test whose verdict is not the one it expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFailure {
    /// The rule's file and the test's line.
    pub place: String,
    /// The rule.
    pub rule: String,
    /// What the test expects.
    pub expected: Verdict,
    /// What came out.
    pub actual: Verdict,
    /// The sentence that came out.
    pub message: String,
}

impl std::fmt::Display for TestFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { place, rule, expected, actual, message } = self;
        write!(f, "{place}: {rule}: expected {expected}, got {actual} ({message})")
    }
}

/// Runs the tests of a rule.
pub fn run_tests(rule: &Rule, fields: &dyn Fields) -> Vec<TestFailure> {
    let mut failures = Vec::new();
    for test in &rule.tests {
        let judgement = judge(rule, &GivenScope { test, fields, kind: rule.subject });
        if judgement.verdict != test.expect {
            failures.push(TestFailure {
                place: format!("{}:{}", rule.file, test.place.line),
                rule: rule.id.clone(),
                expected: test.expect,
                actual: judgement.verdict,
                message: judgement.message,
            });
        }
    }
    failures
}

struct GivenScope<'a> {
    test: &'a RuleTest,
    fields: &'a dyn Fields,
    kind: SubjectKind,
}

impl Scope for GivenScope<'_> {
    fn fact(&self, field: &str) -> (Rc<Fact>, Absence) {
        let spec = self.fields.field(self.kind, field);
        let absence = spec.map_or(Absence::Unknown, |spec| spec.absent);
        let value = match self.test.given.get(field) {
            Some(given) => given_value(given, spec),
            None => match field {
                "target.issuer" => {
                    Observed::Known(self.test.options.target_issuer.as_str().to_ascii_uppercase().into())
                }
                "target.region" => match &self.test.options.target_region {
                    Some(region) => Observed::Known(region.as_str().into()),
                    None => unknown("not given by the test"),
                },
                _ => unknown("not given by the test"),
            },
        };
        (Rc::new(Fact { value, sources: Vec::new() }), absence)
    }

    fn aws(&self, at: &AwsPointer) -> Fact {
        let region = if at.primary { "primary" } else { "secondary" };
        let name = format!("{}:{} @ {region} {}", at.service, at.operation, at.pointer);
        let value = match self.test.given.get(&name) {
            Some(Given::Value(json, ty)) => {
                value(json, *ty).map_or_else(|| unknown("not of the field's type"), Observed::Known)
            }
            Some(Given::Absent) => Observed::Absent,
            Some(Given::Unknown(what)) => unknown(what),
            Some(Given::Partial(..)) | None => unknown("not given by the test"),
        };
        Fact { value, sources: Vec::new() }
    }

    fn now(&self) -> Timestamp {
        self.test.options.now
    }
}

/// What a file gives for a field, as if it had been observed.
pub fn given_value(given: &Given, spec: Option<FieldSpec>) -> Observed<Value> {
    match given {
        Given::Value(json, ty) => value(json, *ty).map_or_else(|| unknown("not of the field's type"), Observed::Known),
        Given::Absent => match spec {
            Some(FieldSpec { absent: Absence::Default(text), ty, .. }) => {
                Observed::Known(crate::facts::default_value(ty, text))
            }
            _ => Observed::Absent,
        },
        Given::Unknown(what) => unknown(what),
        Given::Partial(items, ty, what) => {
            let items = items.iter().filter_map(|item| value(item, item_type(*ty))).collect();
            Observed::Known(Value::List(Listed { items, incomplete: Some(Cause::Given { what: what.clone() }) }))
        }
    }
}

fn unknown(what: &str) -> Observed<Value> {
    Observed::Unknown(Cause::Given { what: what.to_owned() })
}

fn item_type(ty: FieldType) -> FieldType {
    if let FieldType::List(item) = ty { *item } else { ty }
}

/// A JSON value of a test as a value of the field's type.
fn value(json: &serde_json::Value, ty: FieldType) -> Option<Value> {
    match ty {
        FieldType::Bool => json.as_bool().map(Value::Bool),
        FieldType::Int => json.as_i64().map(Value::Int),
        FieldType::Text | FieldType::Word(_) => json.as_str().map(Value::from),
        FieldType::Time => json.as_str()?.parse::<Timestamp>().ok().map(Value::Time),
        FieldType::List(item) => {
            let items: Option<Vec<Value>> = json.as_array()?.iter().map(|each| value(each, *item)).collect();
            Some(Value::List(Listed::complete(items?)))
        }
        FieldType::Record(members) => {
            let object = json.as_object()?;
            let mut record = BTreeMap::new();
            for (name, ty) in members {
                let member = match object.get(*name) {
                    Some(json) => Observed::Known(value(json, *ty)?),
                    None => unknown("not given by the test"),
                };
                record.insert((*name).to_owned(), member);
            }
            Some(Value::Record(record))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::FieldSet;
    use crate::rules::Catalog;

    #[test]
    fn every_rule_of_the_tool_passes_its_own_tests() {
        let catalog = Catalog::check(&FieldSet, true, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        let failures: Vec<String> = catalog
            .rules
            .iter()
            .flat_map(|rule| run_tests(rule, &FieldSet))
            .map(|failure| failure.to_string())
            .collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        assert!(catalog.rules.iter().map(|rule| rule.tests.len()).sum::<usize>() > 300);
        assert_eq!(catalog.unused_steps(), Vec::<&str>::new());
    }

    #[test]
    fn a_wrong_expectation_is_noticed() {
        let mut catalog = Catalog::check(&FieldSet, true, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        let rule = &mut catalog.rules[0];
        for test in &mut rule.tests {
            test.expect = if test.expect == Verdict::Pass { Verdict::Unknown } else { Verdict::Pass };
        }
        assert_eq!(run_tests(rule, &FieldSet).len(), rule.tests.len());
    }
}
