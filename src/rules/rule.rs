//! The checked form of a rule: every name resolved, every literal of the field's type. Not what YAML may say.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::report::Reference;
use crate::model::{DecidedBy, FieldType, Gate, Level, Resolve, SubjectKind, TargetIssuer, Truth, Verdict};
use crate::yaml::Place;

/// A rule ready to be judged.
#[derive(Debug, Clone)]
pub struct Rule {
    /// File stem and name of the requirement.
    pub id: String,
    /// What is required, in one line.
    pub title: String,
    /// A few words for it where several rules share a line.
    pub short: Option<String>,
    /// First version that had it.
    pub since: String,
    /// `stable` or `experimental`.
    pub status: String,
    /// Tags such as `MRR-006`.
    pub tags: Vec<String>,
    /// How much it weighs.
    pub level: Level,
    /// Who can tell.
    pub decided_by: DecidedBy,
    /// False for what AWS itself refuses.
    pub waivable: bool,
    /// The gates it guards.
    pub gates: Vec<Gate>,
    /// What it judges.
    pub subject: SubjectKind,
    /// Whether it concerns a subject; `None`: always.
    pub applies_when: Option<Check>,
    /// What has to hold; `None`: a rule that states facts, or that only a person answers.
    pub check: Option<Check>,
    /// The sentences, by verdict.
    pub say: Say,
    /// Why it matters.
    pub why: String,
    /// When the remedy is applied.
    pub resolve: Resolve,
    /// Ids of steps.
    pub remedy: Vec<String>,
    /// Where it is written.
    pub references: Vec<Reference>,
    /// Its own tests.
    pub tests: Vec<RuleTest>,
    /// The file it came from, as it was named to us.
    pub file: String,
    /// Whether it is part of the tool.
    pub builtin: bool,
}

impl Rule {
    /// Every field that the rule reads or says.
    pub fn fields(&self) -> BTreeSet<&str> {
        let mut fields = BTreeSet::new();
        for check in self.applies_when.iter().chain(&self.check) {
            check.add_fields(&mut fields);
        }
        for piece in self.say.by_verdict.values().flatten() {
            if let Piece::Field(FieldRef::Field(name)) = piece {
                fields.insert(name.as_str());
            }
        }
        fields
    }

    /// The calls of the members of AWS answers that the rule reads directly, as `service:Operation`.
    pub fn aws_calls(&self) -> BTreeSet<String> {
        let mut calls = BTreeSet::new();
        for check in self.applies_when.iter().chain(&self.check) {
            check.add_aws_calls(&mut calls);
        }
        calls
    }
}

impl Check {
    /// Every field that the condition reads.
    pub fn fields(&self) -> BTreeSet<&str> {
        let mut fields = BTreeSet::new();
        self.add_fields(&mut fields);
        fields
    }

    /// The calls of the members of AWS answers that it reads directly, as `service:Operation`.
    pub fn aws_calls(&self) -> BTreeSet<String> {
        let mut calls = BTreeSet::new();
        self.add_aws_calls(&mut calls);
        calls
    }

    fn add_aws_calls(&self, calls: &mut BTreeSet<String>) {
        match self {
            Self::Aws { at, .. } => drop(calls.insert(format!("{}:{}", at.service, at.operation))),
            Self::Field { .. } => {}
            Self::All(checks) | Self::Any(checks) => checks.iter().for_each(|check| check.add_aws_calls(calls)),
            Self::Not(check) | Self::ForEach { check, .. } => check.add_aws_calls(calls),
        }
    }

    fn add_fields<'a>(&'a self, fields: &mut BTreeSet<&'a str>) {
        match self {
            Self::Field { field: FieldRef::Field(name), .. } => drop(fields.insert(name)),
            Self::Field { field: FieldRef::Var { .. }, .. } | Self::Aws { .. } => {}
            Self::All(checks) | Self::Any(checks) => checks.iter().for_each(|check| check.add_fields(fields)),
            Self::Not(check) => check.add_fields(fields),
            Self::ForEach { list, check, .. } => {
                if let FieldRef::Field(name) = list {
                    fields.insert(name);
                }
                check.add_fields(fields);
            }
        }
    }
}

/// The sentences of a rule. `{field}` is replaced by the field's value, `‹unknown›` if it is not known, `none` if absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Say {
    /// By verdict; a verdict without a sentence uses the title.
    pub by_verdict: BTreeMap<Verdict, Vec<Piece>>,
}

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// The value of a field.
    Field(FieldRef),
}

/// A condition.
#[derive(Debug, Clone)]
pub enum Check {
    /// A field compared.
    Field {
        /// Which.
        field: FieldRef,
        /// How.
        op: Op,
        /// What it is when AWS left the field out; `None`: as the field declares.
        when_absent: Option<Truth>,
    },
    /// A member of an AWS answer compared, for users' own rules.
    Aws {
        /// Which member.
        at: AwsPointer,
        /// How.
        op: Op,
        /// What it is when AWS left it out; `None`: unknown.
        when_absent: Option<Truth>,
    },
    /// All hold.
    All(Vec<Check>),
    /// One holds.
    Any(Vec<Check>),
    /// It does not hold.
    Not(Box<Check>),
    /// For the items of a list.
    ForEach {
        /// The list.
        list: FieldRef,
        /// The name of an item inside.
        var: String,
        /// Every item (`all`) or one (`any`).
        every: bool,
        /// What is asked of an item.
        check: Box<Check>,
    },
}

/// A field by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldRef {
    /// A field of the subject or its pool.
    Field(String),
    /// The variable of an enclosing `for_each`, or one of its members.
    Var {
        /// The variable.
        var: String,
        /// The member, if the items are records.
        member: Option<String>,
    },
}

impl std::fmt::Display for FieldRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Var { var, member: None } => f.write_str(var),
            Self::Var { var, member: Some(member) } => write!(f, "{var}.{member}"),
        }
    }
}

/// A member of an answer to a call made once per pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsPointer {
    /// `cognito-idp`.
    pub service: String,
    /// `DescribeUserPool`.
    pub operation: String,
    /// True: asked in the primary Region; false: in the replica Region.
    pub primary: bool,
    /// JSON pointer into the answer's normal form.
    pub pointer: String,
}

/// The operators. The list is frozen: what is cleverer is a fact.
#[derive(Debug, Clone)]
pub enum Op {
    /// Equal.
    Equals(Literal),
    /// One of.
    In(Vec<Literal>),
    /// None of.
    NotIn(Vec<Literal>),
    /// An unanchored regular expression.
    Matches(regex::Regex),
    /// A list that has this item, or a string that has this part.
    Contains(Literal),
    /// Greater.
    Gt(Literal),
    /// Greater or equal.
    Gte(Literal),
    /// Less.
    Lt(Literal),
    /// Less or equal.
    Lte(Literal),
    /// After now, at most so many days.
    WithinDays(u32),
    /// There at all, or not.
    Present(bool),
}

/// A value in a rule file, of the field's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A string or word.
    Text(String),
    /// An instant.
    Time(Timestamp),
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::Time(value) => write!(f, "{value}"),
        }
    }
}

/// A test that stands in the rule's file.
#[derive(Debug, Clone)]
pub struct RuleTest {
    /// Field name to what it is; a field not named is unknown.
    pub given: BTreeMap<String, Given>,
    /// Options of the run.
    pub options: Options,
    /// The verdict that must come out.
    pub expect: Verdict,
    /// Where the test stands.
    pub place: Place,
}

/// What a test gives for one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A value: bool, int, string, list (of these or records), of the field's type.
    Value(serde_json::Value, FieldType),
    /// `{$absent: true}`: as the field declares.
    Absent,
    /// `{$unknown: {denied: kms:DescribeKey}}`, in words.
    Unknown(String),
    /// `{$partial: [...], $unknown: ...}`: these items and perhaps more.
    Partial(Vec<serde_json::Value>, FieldType, String),
}

/// The options of a run that a test sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// `--target-issuer`.
    pub target_issuer: TargetIssuer,
    /// The replica Region.
    pub target_region: Option<String>,
    /// The clock.
    pub now: Timestamp,
}
