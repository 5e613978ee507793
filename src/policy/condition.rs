//! Condition operators: one line of a `Condition` block against the request's context.
//!
//! For: all documented operators, with their `IfExists` suffix and `ForAllValues:`/`ForAnyValue:` prefixes.
//! Not for: `BinaryEquals`, which stays undecided, and for combining conditions (see `evaluate`).

use std::cmp::Ordering;

use super::glob::{Pattern, Reading};
use super::request::{Context, ContextValue};
use super::{Fit, Keys, one, scalar};

/// One operator applied to one condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator; `None` if this code does not know it.
    pub operator: Option<Operator>,
    /// The operator as written, cut where nobody would read on.
    pub spelled: String,
    /// The condition key as written.
    pub key: String,
    /// The values of the policy, one of which is to match (for a negated operator: none).
    pub values: Vec<String>,
}

/// A condition operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    quantifier: Option<Quantifier>,
    test: Test,
    negated: bool,
    if_exists: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Text,
    TextIgnoreCase,
    Like,
    Arn,
    Number(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    Address,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Operator {
    /// Reads an operator's name, in any case: AWS's own samples also write `bool`, and what AWS accepted can mean only this.
    pub(super) fn read(spelled: &str) -> Option<Self> {
        let lower = spelled.to_ascii_lowercase();
        let (quantifier, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Some(Quantifier::All), rest),
            Some(("foranyvalue", rest)) => (Some(Quantifier::Any), rest),
            Some(_) => return None,
            None => (None, lower.as_str()),
        };
        let (base, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |base| (base, true));
        let (test, negated) = match base {
            "stringequals" => (Test::Text, false),
            "stringnotequals" => (Test::Text, true),
            "stringequalsignorecase" => (Test::TextIgnoreCase, false),
            "stringnotequalsignorecase" => (Test::TextIgnoreCase, true),
            "stringlike" => (Test::Like, false),
            "stringnotlike" => (Test::Like, true),
            "arnequals" | "arnlike" => (Test::Arn, false),
            "arnnotequals" | "arnnotlike" => (Test::Arn, true),
            "numericequals" => (Test::Number(Comparison::Equal), false),
            "numericnotequals" => (Test::Number(Comparison::Equal), true),
            "numericlessthan" => (Test::Number(Comparison::Less), false),
            "numericlessthanequals" => (Test::Number(Comparison::LessOrEqual), false),
            "numericgreaterthan" => (Test::Number(Comparison::Greater), false),
            "numericgreaterthanequals" => (Test::Number(Comparison::GreaterOrEqual), false),
            "dateequals" => (Test::Date(Comparison::Equal), false),
            "datenotequals" => (Test::Date(Comparison::Equal), true),
            "datelessthan" => (Test::Date(Comparison::Less), false),
            "datelessthanequals" => (Test::Date(Comparison::LessOrEqual), false),
            "dategreaterthan" => (Test::Date(Comparison::Greater), false),
            "dategreaterthanequals" => (Test::Date(Comparison::GreaterOrEqual), false),
            "bool" => (Test::Bool, false),
            "binaryequals" => (Test::Binary, false),
            "ipaddress" => (Test::Address, false),
            "notipaddress" => (Test::Address, true),
            // "Is the key there, if it is there" and "for all values of nothing": AWS knows neither.
            "null" if !if_exists && quantifier.is_none() => (Test::Null, false),
            _ => return None,
        };
        Some(Self { quantifier, test, negated, if_exists })
    }
}

impl Condition {
    /// Whether the condition holds. `variables` tells whether `${…}` in values is a variable.
    pub(super) fn fit(&self, context: &Context, variables: bool) -> Fit {
        let Some(operator) = self.operator else {
            return Fit::Maybe(one(format!("operator \"{}\"", self.spelled)));
        };
        let doubt = || Fit::Maybe(one(&self.key));
        let Some(value) = context.get(&self.key) else { return doubt() };
        // AWS is silent on what a condition without any value means.
        if self.values.is_empty() || operator.test == Test::Binary {
            return doubt();
        }
        let absent = match value {
            ContextValue::Absent => true,
            ContextValue::Known(values) => values.is_empty(),
            ContextValue::NoneOf(_)
            | ContextValue::Digest(_)
            | ContextValue::ArnInAccount(_)
            | ContextValue::ArnOutsideAccounts(_) => false,
        };
        if operator.test == Test::Null {
            return self.name_doubts(Fit::any(self.values.iter().map(|wanted| match scalar::boolean(wanted) {
                Some(wanted) => Fit::of(wanted == absent),
                None => Fit::Maybe(Keys::new()),
            })));
        }
        if absent {
            return Fit::of(match operator.quantifier {
                _ if operator.if_exists => true,
                Some(Quantifier::All) => true,
                Some(Quantifier::Any) => false,
                None => operator.negated,
            });
        }
        let reading = Reading { wildcards: operator.test.has_wildcards(), variables: variables.then_some(context) };
        let fit_one = |value: Value<'_>| {
            let fit = Fit::any(self.values.iter().map(|wanted| operator.test.fit(wanted, value, reading)));
            if operator.negated { fit.not() } else { fit }
        };
        self.name_doubts(match value {
            ContextValue::Known(values) => {
                let mut fits = values.iter().map(|v| fit_one(Value::Text(v)));
                match operator.quantifier {
                    Some(Quantifier::All) => Fit::all(fits),
                    Some(Quantifier::Any) => Fit::any(fits),
                    None if values.len() == 1 => fits.next().unwrap_or(Fit::Maybe(Keys::new())),
                    // Several values without a set operator: AWS warns against it and does not say what happens.
                    None => {
                        let fits: Vec<Fit> = fits.collect();
                        let first = fits.first().cloned().unwrap_or(Fit::Maybe(Keys::new()));
                        if fits.iter().all(|f| *f == first) { first } else { Fit::Maybe(Keys::new()) }
                    }
                }
            }
            ContextValue::NoneOf(excluded) => fit_one(Value::NoneOf(excluded)),
            ContextValue::Digest(digest) => fit_one(Value::Digest(digest)),
            ContextValue::ArnInAccount(account) => fit_one(Value::ArnInAccount(account)),
            ContextValue::ArnOutsideAccounts(accounts) => fit_one(Value::ArnOutsideAccounts(accounts)),
            ContextValue::Absent => Fit::Maybe(Keys::new()),
        })
    }

    /// A doubt that names nothing is about this condition's key.
    fn name_doubts(&self, fit: Fit) -> Fit {
        match fit {
            Fit::Maybe(keys) if keys.is_empty() => Fit::Maybe(one(&self.key)),
            Fit::Yes | Fit::No | Fit::Maybe(_) => fit,
        }
    }
}

/// What is known about one value of the request.
#[derive(Debug, Clone, Copy)]
enum Value<'a> {
    Text(&'a str),
    NoneOf(&'a [String]),
    Digest(&'a str),
    ArnInAccount(&'a str),
    ArnOutsideAccounts(&'a [String]),
}

impl Test {
    fn has_wildcards(self) -> bool {
        match self {
            Self::Like | Self::Arn => true,
            Self::Text
            | Self::TextIgnoreCase
            | Self::Number(_)
            | Self::Date(_)
            | Self::Bool
            | Self::Binary
            | Self::Address
            | Self::Null => false,
        }
    }

    /// Whether one value of the request meets one value of the policy. A doubt without keys is about the condition's key.
    fn fit(self, wanted: &str, value: Value<'_>, reading: Reading<'_>) -> Fit {
        let decided = |answer: Option<bool>| answer.map_or(Fit::Maybe(Keys::new()), Fit::of);
        match self {
            Self::Text | Self::TextIgnoreCase | Self::Like | Self::Arn => match Pattern::read(wanted, reading) {
                Ok(pattern) => decided(self.fit_pattern(&pattern, value)),
                Err(keys) => Fit::Maybe(keys),
            },
            Self::Number(_) | Self::Date(_) | Self::Bool | Self::Binary | Self::Address | Self::Null => match value {
                Value::Text(text) => decided(self.fit_scalar(wanted, text)),
                Value::NoneOf(_) | Value::Digest(_) | Value::ArnInAccount(_) | Value::ArnOutsideAccounts(_) => {
                    decided(None)
                }
            },
        }
    }

    fn fit_scalar(self, wanted: &str, text: &str) -> Option<bool> {
        match self {
            Self::Number(comparison) => Some(comparison.holds(scalar::compare_numbers(text, wanted)?)),
            Self::Date(comparison) => Some(comparison.holds(scalar::compare_dates(text, wanted)?)),
            Self::Bool => Some(scalar::boolean(wanted)? == scalar::boolean(text)?),
            Self::Address => scalar::address_in(wanted, text),
            Self::Text | Self::TextIgnoreCase | Self::Like | Self::Arn | Self::Binary | Self::Null => None,
        }
    }

    fn fit_pattern(self, pattern: &Pattern<'_>, value: Value<'_>) -> Option<bool> {
        let same = |a: &str, b: &str| if self == Self::TextIgnoreCase { lower(a) == lower(b) } else { a == b };
        match value {
            Value::Text(text) if self == Self::Arn => pattern.matches_arn(text),
            Value::Text(text) => {
                Some(pattern.literal().map_or_else(|| pattern.matches(text), |literal| same(literal, text)))
            }
            Value::NoneOf(_) | Value::Digest(_) | Value::ArnInAccount(_) | Value::ArnOutsideAccounts(_)
                if self == Self::Like && pattern.matches_everything() =>
            {
                Some(true)
            }
            Value::NoneOf(excluded) => {
                let literal = pattern.literal()?;
                excluded.iter().any(|e| same(e, literal)).then_some(false)
            }
            Value::Digest(digest) => {
                let literal = pattern.literal()?;
                match self {
                    _ if !is_same_kind_of_digest(literal, digest) => None,
                    Self::Text | Self::Like => Some(literal == digest),
                    // Another digest may be that of the same text in another case.
                    Self::TextIgnoreCase => (literal == digest).then_some(true),
                    Self::Arn
                    | Self::Number(_)
                    | Self::Date(_)
                    | Self::Bool
                    | Self::Binary
                    | Self::Address
                    | Self::Null => None,
                }
            }
            Value::ArnInAccount(account) => {
                let wanted = pattern.account_part(self != Self::Arn)?;
                (!wanted.matches(account)).then_some(false)
            }
            Value::ArnOutsideAccounts(accounts) => {
                let wanted = pattern.account_part(self != Self::Arn)?;
                let wanted = wanted.literal()?;
                accounts.iter().any(|account| account == wanted).then_some(false)
            }
        }
    }
}

/// Whether two texts are digests made alike, such as `sha256:` and as many digits.
fn is_same_kind_of_digest(one: &str, other: &str) -> bool {
    let name = |text: &str| text.split_once(':').map(|(name, _)| name.to_owned());
    one.len() == other.len() && name(one).is_some() && name(one) == name(other)
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}
