//! From the YAML of a condition to a `Check`: names resolved, operators and values fitting the field's type.
//!
//! **What is absent must not pass by accident.** On a field whose absence means "none" every positive comparison is
//! false, which is safe where a true check passes. Turned round, that "false" becomes a PASS nobody wrote down: so
//! `not_in`, and any comparison below an odd number of `not`, needs `when_absent` on such a field. `present` is the
//! question itself and needs none. A field whose absence means nothing is Unknown when absent, and Unknown stays
//! Unknown however often it is negated: no `when_absent` is asked for. A documented default is a value like any other,
//! so `when_absent` there would never be read and is refused.

use crate::model::{Absence, FieldType, Truth};
use crate::yaml::{Node, Place};

use super::problem::{Sink, did_you_mean, or_list, quoted};
use super::rule::{AwsPointer, Check, FieldRef, Literal, Op};
use super::scope::{Scope, literal, type_in_words};
use super::tree::{Keys, Moment, boolean, describe, instant, list, one_of, text};

/// The deepest nesting of conditions.
const MAX_DEPTH: usize = 32;
/// The most conditions in one rule.
const MAX_CONDITIONS: usize = 1_000;
/// The deepest nesting of `for_each`: two already compare every item with every other.
const MAX_FOR_EACH: usize = 2;
/// The most memory that a compiled regular expression may take, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// The operators.
pub(super) const OPERATORS: &[&str] =
    &["equals", "in", "not_in", "matches", "contains", "gt", "gte", "lt", "lte", "within_days", "present"];
/// What makes a mapping a condition.
pub(super) const FORMS: &[&str] = &["field", "aws", "all", "any", "not", "for_each"];

/// What other languages call our operators.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("eq", "equals"),
    ("is", "equals"),
    ("==", "equals"),
    ("ne", "not_in"),
    ("not_equals", "not_in"),
    ("!=", "not_in"),
    ("one_of", "in"),
    ("exists", "present"),
    ("regex", "matches"),
    (">", "gt"),
    (">=", "gte"),
    ("<", "lt"),
    ("<=", "lte"),
    ("and", "all"),
    ("or", "any"),
];

/// Reads the conditions of one rule; the caps count over all of them.
pub(super) struct Conditions<'a> {
    scope: Scope<'a>,
    vars: Vec<(String, Option<FieldType>)>,
    count: usize,
}

/// A name resolved. `ty` is `None` where a mistake was reported before, or where AWS's own answer is asked.
struct Target {
    field: FieldRef,
    ty: Option<FieldType>,
    absent: Absence,
    /// Items of a list are there; members of one may be left out.
    item: bool,
}

impl<'a> Conditions<'a> {
    pub(super) fn new(scope: Scope<'a>) -> Self {
        Self { scope, vars: Vec::new(), count: 0 }
    }

    /// A whole condition.
    pub(super) fn read(&mut self, node: &Node, sink: &mut Sink<'_>) -> Option<Check> {
        let check = self.condition(node, false, 1, sink);
        if self.count > MAX_CONDITIONS {
            sink.add(node.place, format!("the rule has more than {MAX_CONDITIONS} conditions"));
            return None;
        }
        check
    }

    fn condition(&mut self, node: &Node, negative: bool, depth: usize, sink: &mut Sink<'_>) -> Option<Check> {
        if depth > MAX_DEPTH {
            sink.add(node.place, format!("conditions are nested more than {MAX_DEPTH} deep"));
            return None;
        }
        self.count += 1;
        if self.count > MAX_CONDITIONS {
            return None;
        }
        let keys = Keys::any(node, "a condition", sink)?;
        let mut forms = keys.pairs().iter().filter(|(key, _)| key.text().is_some_and(|key| FORMS.contains(&key)));
        let Some((key, value)) = forms.next() else {
            report_no_form(keys, sink);
            return None;
        };
        let form = key.text().unwrap_or_default();
        if let Some((second, _)) = forms.find(|(second, _)| second.text() != Some(form)) {
            let message = format!("`{form}` and {} in one condition", quoted(second.text().unwrap_or_default()));
            sink.add_with(second.place, message, Some("join two conditions with `all` or `any`".to_owned()));
            return None;
        }
        match form {
            "field" => self.field(keys, value, negative, sink),
            "aws" => aws(keys, value, sink),
            _ => {
                Keys::read(node, &format!("a condition with `{form}`"), &[form], sink);
                match form {
                    "all" => Some(Check::All(self.several(value, form, negative, depth, sink)?)),
                    "any" => Some(Check::Any(self.several(value, form, negative, depth, sink)?)),
                    "not" => Some(Check::Not(Box::new(self.condition(value, !negative, depth + 1, sink)?))),
                    _ => self.for_each(value, negative, depth, sink),
                }
            }
        }
    }

    fn several(
        &mut self,
        node: &Node,
        form: &str,
        negative: bool,
        depth: usize,
        sink: &mut Sink<'_>,
    ) -> Option<Vec<Check>> {
        let items = list(node, &format!("`{form}`"), sink)?;
        if items.is_empty() {
            // `all` of nothing is true: a PASS without evidence.
            sink.add(node.place, format!("`{form}` of no conditions says nothing"));
            return None;
        }
        let checks: Vec<Check> =
            items.iter().filter_map(|item| self.condition(item, negative, depth + 1, sink)).collect();
        (checks.len() == items.len()).then_some(checks)
    }

    fn for_each(&mut self, node: &Node, negative: bool, depth: usize, sink: &mut Sink<'_>) -> Option<Check> {
        let keys = Keys::read(node, "`for_each`", &["in", "as", "all", "any"], sink)?;
        if self.vars.len() >= MAX_FOR_EACH {
            sink.add(node.place, format!("`for_each` is nested more than {MAX_FOR_EACH} deep"));
            return None;
        }
        let target = keys.need("in", "`for_each`", sink).and_then(|it| self.target(it, sink));
        let var = keys.need("as", "`for_each`", sink).and_then(|it| self.var(it, sink));
        let (every, inner) = match (keys.get("all"), keys.get("any")) {
            (Some(inner), None) => (true, inner),
            (None, Some(inner)) => (false, inner),
            (all, _) => {
                let which = if all.is_some() { "both `all` and `any`" } else { "neither `all` nor `any`" };
                sink.add(keys.place(), format!("`for_each` has {which}; it needs one of them"));
                return None;
            }
        };
        let item = target.as_ref().and_then(|target| item_type(target, keys, sink));
        if let (Some(target), true) = (&target, every != negative)
            && target.absent == Absence::None
        {
            // `all` items of a list that is not there hold, and so does `not any`: the same trap as `not_in`.
            let place = keys.get("in").map_or(keys.place(), |it| it.place);
            let message = format!("the list `{}` may be absent, and then nothing would be asked", target.field);
            sink.add_with(place, message, Some("ask `any` of it without `not`, or ask for `present` alone".to_owned()));
        }
        self.vars.push((var.clone().unwrap_or_default(), item));
        let check = self.condition(inner, negative, depth + 1, sink);
        self.vars.pop();
        Some(Check::ForEach { list: target?.field, var: var?, every, check: Box::new(check?) })
    }

    fn var(&self, node: &Node, sink: &mut Sink<'_>) -> Option<String> {
        let name = text(node, "`as`", sink)?;
        let word = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_');
        let message = if !word {
            "has to be a word of lower case letters, digits and `_`"
        } else if self.scope.is_root(&name) {
            "is the beginning of field names; choose another word"
        } else if self.vars.iter().any(|(other, _)| *other == name) {
            "is already the item of the `for_each` around this one"
        } else {
            return Some(name);
        };
        sink.add(node.place, format!("{} {message}", quoted(&name)));
        None
    }

    fn target(&self, node: &Node, sink: &mut Sink<'_>) -> Option<Target> {
        let name = text(node, "`field`", sink)?;
        let (root, member) = match name.split_once('.') {
            Some((root, member)) => (root, Some(member)),
            None => (name.as_str(), None),
        };
        if let Some((var, ty)) = self.vars.iter().find(|(var, _)| var == root) {
            let ty = match member {
                None => *ty,
                Some(member) => member_type(var, member, *ty, node.place, sink)?,
            };
            let field = FieldRef::Var { var: var.clone(), member: member.map(str::to_owned) };
            return Some(Target { field, ty, absent: Absence::Unknown, item: member.is_none() });
        }
        let vars: Vec<String> = self.vars.iter().map(|(var, _)| var.clone()).collect();
        let spec = self.scope.need(&name, node.place, &vars, sink)?;
        Some(Target { field: FieldRef::Field(name), ty: Some(spec.ty), absent: spec.absent, item: false })
    }

    fn field(&self, keys: Keys<'_>, value: &Node, negative: bool, sink: &mut Sink<'_>) -> Option<Check> {
        let target = self.target(value, sink);
        let what = format!("`{}`", value.text().unwrap_or("the field"));
        let (name, op, place) = operator(keys, "field", target.as_ref().and_then(|it| it.ty), &what, sink)?;
        let when_absent = when_absent(keys, sink);
        let target = target?;
        if let (Some(_), Some(node)) = (when_absent, keys.get("when_absent")) {
            let message = match target.absent {
                Absence::Default(value) => {
                    Some(format!("absence of {what} is documented to mean `{value}`: `when_absent` is never read"))
                }
                Absence::None if name == "present" => {
                    Some(format!("`present` already says what absence of {what} means: `when_absent` is never read"))
                }
                Absence::None | Absence::Unknown if target.item => {
                    Some(format!("an item of a list is there: `when_absent` of {what} is never read"))
                }
                Absence::None | Absence::Unknown => None,
            };
            if let Some(message) = message {
                sink.add_with(node.place, message, Some("remove it".to_owned()));
            }
        }
        let turned = name == "not_in" || (negative && name != "present");
        if turned && target.absent == Absence::None && keys.get("when_absent").is_none() {
            let why = if name == "not_in" { "`not_in`".to_owned() } else { format!("`{name}` below `not`") };
            sink.add_with(
                place,
                format!("{what} may be absent, and {why} would then hold without evidence"),
                Some("say what absence means here: `when_absent: true` or `when_absent: false`".to_owned()),
            );
        }
        Some(Check::Field { field: target.field, op: op?, when_absent })
    }
}

/// The type of the items of a list.
fn item_type(target: &Target, keys: Keys<'_>, sink: &mut Sink<'_>) -> Option<FieldType> {
    match target.ty? {
        FieldType::List(item) => Some(*item),
        ty @ (FieldType::Bool
        | FieldType::Int
        | FieldType::Text
        | FieldType::Word(_)
        | FieldType::Time
        | FieldType::Record(_)) => {
            let place = keys.get("in").map_or(keys.place(), |it| it.place);
            sink.add(place, format!("`for_each` needs a list; `{}` is {}", target.field, type_in_words(ty)));
            None
        }
    }
}

/// The type of a member of a `for_each` item. The outer `None`: a mistake was reported.
#[allow(clippy::option_option, reason = "an unknown type and a reported mistake are different answers")]
fn member_type(
    var: &str,
    member: &str,
    ty: Option<FieldType>,
    place: Place,
    sink: &mut Sink<'_>,
) -> Option<Option<FieldType>> {
    let Some(ty) = ty else { return Some(None) };
    let FieldType::Record(members) = ty else {
        sink.add(place, format!("`{var}` is {} and has no members", type_in_words(ty)));
        return None;
    };
    let found = members.iter().find(|(name, _)| *name == member).map(|(_, ty)| Some(*ty));
    if found.is_none() {
        let names = || members.iter().map(|(name, _)| *name);
        let help = did_you_mean(member, names()).unwrap_or_else(|| format!("it has {}", or_list(names())));
        sink.add_with(place, format!("`{var}` has no member {}", quoted(member)), Some(help));
    }
    found
}

fn report_no_form(keys: Keys<'_>, sink: &mut Sink<'_>) {
    for (key, _) in keys.pairs() {
        let word = key.text().unwrap_or_default();
        if !OPERATORS.contains(&word)
            && word != "when_absent"
            && let Some(help) = other_name(word).or_else(|| did_you_mean(word, FORMS.iter().copied()))
        {
            sink.add_with(key.place, format!("unknown key {} in a condition", quoted(word)), Some(help));
            return;
        }
    }
    sink.add(keys.place(), format!("a condition needs one of {}", or_list(FORMS.iter().copied())));
}

fn other_name(word: &str) -> Option<String> {
    let (_, ours) = OTHER_NAMES.iter().find(|(other, _)| *other == word)?;
    Some(format!("did you mean `{ours}`?"))
}

/// The one operator beside `field` or `aws`: its name, what it is if it is sound, and where it stands.
fn operator<'n>(
    keys: Keys<'n>,
    form: &str,
    ty: Option<FieldType>,
    what: &str,
    sink: &mut Sink<'_>,
) -> Option<(&'n str, Option<Op>, Place)> {
    let mut found: Option<(&str, &Node, Place)> = None;
    let mut unknown = false;
    for (key, value) in keys.pairs() {
        let Some(word) = key.text() else { continue };
        if word == form || word == "when_absent" {
            continue;
        }
        if !OPERATORS.contains(&word) {
            let help = other_name(word)
                .or_else(|| did_you_mean(word, OPERATORS.iter().copied().chain(["when_absent"])))
                .unwrap_or_else(|| format!("the operators are {}", OPERATORS.join(", ")));
            sink.add_with(key.place, format!("unknown operator {}", quoted(word)), Some(help));
            unknown = true;
        } else if let Some((first, ..)) = found {
            if first != word {
                let message = format!("two operators in one condition: `{first}` and `{word}`");
                sink.add_with(key.place, message, Some("join two conditions with `all` or `any`".to_owned()));
            }
        } else {
            found = Some((word, value, key.place));
        }
    }
    if found.is_none() && !unknown {
        sink.add_with(
            keys.place(),
            format!("nothing is asked of {what}: an operator is missing"),
            Some(format!("the operators are {}", OPERATORS.join(", "))),
        );
    }
    let (name, value, place) = found?;
    if let Some(ty) = ty {
        let fit = applicable(ty);
        if !fit.contains(&name) {
            let help = format!("use {}", or_list(fit.iter().copied()));
            sink.add_with(place, format!("`{name}` does not fit {what}, which is {}", type_in_words(ty)), Some(help));
            return Some((name, None, place));
        }
    }
    Some((name, op(name, value, ty, what, sink), place))
}

/// The operators that fit a type.
pub(super) fn applicable(ty: FieldType) -> &'static [&'static str] {
    match ty {
        FieldType::Bool | FieldType::Word(_) => &["equals", "in", "not_in", "present"],
        FieldType::Int => &["equals", "in", "not_in", "gt", "gte", "lt", "lte", "present"],
        FieldType::Text => &["equals", "in", "not_in", "matches", "contains", "present"],
        FieldType::Time => &["equals", "in", "not_in", "gt", "gte", "lt", "lte", "within_days", "present"],
        FieldType::List(_) => &["contains", "present"],
        FieldType::Record(_) => &["present"],
    }
}

fn op(name: &str, node: &Node, ty: Option<FieldType>, what: &str, sink: &mut Sink<'_>) -> Option<Op> {
    match name {
        "equals" => value(node, ty, what, sink).map(Op::Equals),
        "in" => values(node, name, ty, what, sink).map(Op::In),
        "not_in" => values(node, name, ty, what, sink).map(Op::NotIn),
        "matches" => regex(node, sink),
        "contains" => {
            let item = match ty {
                Some(FieldType::List(item)) => Some(*item),
                other => other,
            };
            if node.as_string() == Some("") {
                sink.add(node.place, "every text contains the empty text");
                return None;
            }
            value(node, item, what, sink).map(Op::Contains)
        }
        "gt" => ordered(node, ty, what, sink).map(Op::Gt),
        "gte" => ordered(node, ty, what, sink).map(Op::Gte),
        "lt" => ordered(node, ty, what, sink).map(Op::Lt),
        "lte" => ordered(node, ty, what, sink).map(Op::Lte),
        "within_days" => {
            // More than a hundred years is a slip, and would overflow the clock.
            let days = node.to_json().as_u64().and_then(|days| u32::try_from(days).ok()).filter(|days| *days <= 36_500);
            if days.is_none() {
                sink.add(
                    node.place,
                    format!("`within_days` is a number of days up to 36500, this is {}", describe(node)),
                );
            }
            days.map(Op::WithinDays)
        }
        _ => boolean(node, "`present`", sink).map(Op::Present),
    }
}

/// One value of the type, or of the type it was written as where AWS's own answer is asked.
fn value(node: &Node, ty: Option<FieldType>, what: &str, sink: &mut Sink<'_>) -> Option<Literal> {
    if let Some(ty) = ty {
        return literal(node, ty, what, sink);
    }
    let json = node.to_json();
    let found = match &json {
        serde_json::Value::Bool(value) => Some(Literal::Bool(*value)),
        serde_json::Value::Number(number) => number.as_i64().map(Literal::Int),
        serde_json::Value::String(text) => Some(Literal::Text(text.clone())),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
    };
    if found.is_none() {
        let message =
            format!("{what} can be compared with text, a whole number, true or false; this is {}", describe(node));
        sink.add(node.place, message);
    }
    found
}

fn values(node: &Node, name: &str, ty: Option<FieldType>, what: &str, sink: &mut Sink<'_>) -> Option<Vec<Literal>> {
    let items = list(node, &format!("`{name}`"), sink)?;
    if items.is_empty() {
        sink.add(node.place, format!("`{name}` of no values says nothing"));
        return None;
    }
    let found: Vec<Literal> = items.iter().filter_map(|item| value(item, ty, what, sink)).collect();
    (found.len() == items.len()).then_some(found)
}

/// A number or an instant.
fn ordered(node: &Node, ty: Option<FieldType>, what: &str, sink: &mut Sink<'_>) -> Option<Literal> {
    if ty.is_some() {
        return value(node, ty, what, sink);
    }
    let number = node.to_json().as_i64().map(Literal::Int);
    let found = number.or_else(|| node.as_string().and_then(|text| instant(text, Moment::First)).map(Literal::Time));
    if found.is_none() {
        let message =
            format!("{what} can be less or greater than a whole number or an instant; this is {}", describe(node));
        sink.add(node.place, message);
    }
    found
}

fn regex(node: &Node, sink: &mut Sink<'_>) -> Option<Op> {
    let Some(pattern) = node.as_string().filter(|pattern| !pattern.is_empty()) else {
        sink.add(node.place, format!("`matches` has to be a regular expression, this is {}", describe(node)));
        return None;
    };
    match regex::RegexBuilder::new(pattern).size_limit(MAX_REGEX).dfa_size_limit(MAX_REGEX).build() {
        Ok(regex) => Some(Op::Matches(regex)),
        Err(error) => {
            // The last line of a syntax error says what is wrong; the ones before draw the pattern.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            sink.add(node.place, format!("{} is not a regular expression: {reason}", quoted(pattern)));
            None
        }
    }
}

fn when_absent(keys: Keys<'_>, sink: &mut Sink<'_>) -> Option<Truth> {
    boolean(keys.get("when_absent")?, "`when_absent`", sink).map(Truth::from)
}

/// `aws: {call, region, pointer}` and its operator. What is absent there is unknown, so nothing can pass by absence.
fn aws(keys: Keys<'_>, node: &Node, sink: &mut Sink<'_>) -> Option<Check> {
    let found = operator(keys, "aws", None, "the answer", sink);
    let when_absent = when_absent(keys, sink);
    let at = Keys::read(node, "`aws`", &["call", "region", "pointer"], sink)?;
    let call = at.need("call", "`aws`", sink).and_then(|node| {
        let call = text(node, "`call`", sink)?;
        let parts = call.split_once(':').filter(|(service, operation)| {
            !service.is_empty()
                && service.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                && operation.starts_with(|first: char| first.is_ascii_uppercase())
                && operation.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if parts.is_none() {
            let message = format!("{} is not a call such as `cognito-idp:DescribeUserPool`", quoted(&call));
            sink.add(node.place, message);
        }
        parts.map(|(service, operation)| (service.to_owned(), operation.to_owned()))
    });
    let primary = at
        .need("region", "`aws`", sink)
        .and_then(|node| one_of(node, "`region`", &[true, false], |it| if it { "primary" } else { "secondary" }, sink));
    let pointer = at.need("pointer", "`aws`", sink).and_then(|node| {
        let pointer = text(node, "`pointer`", sink)?;
        // RFC 6901: `~` only as `~0` or `~1`.
        let sound = pointer.starts_with('/')
            && pointer.split('~').skip(1).all(|rest| rest.starts_with('0') || rest.starts_with('1'));
        if !sound {
            sink.add(node.place, format!("{} is not a JSON pointer such as `/UserPool/Name`", quoted(&pointer)));
        }
        sound.then_some(pointer)
    });
    let (service, operation) = call?;
    let at = AwsPointer { service, operation, primary: primary?, pointer: pointer? };
    Some(Check::Aws { at, op: found?.1?, when_absent })
}
