//! Evaluates Terraform's expressions to strings, as far as the module's own text decides them.
//!
//! Bounded: the text that is copied is counted, locals are evaluated once each, a local that names itself is undecided.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of the many kinds of expression, value and class only those named are followed"
)]

use std::collections::BTreeMap;
use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::{Element, Template};

use super::File;
use super::value::{Kind, MAX_ALTERNATIVES, Piece, Str, Value, hole};
use crate::scan::template::is_issuer_part;

/// How much text evaluation may copy for one module.
const MAX_WORK: usize = 32 * 1024 * 1024;
/// How deep locals may lead to locals.
const MAX_DEPTH: usize = 24;

/// Functions that give back one of their arguments, more or less.
const TRANSPARENT: [&str; 26] = [
    "try",
    "coalesce",
    "one",
    "tostring",
    "nonsensitive",
    "sensitive",
    "element",
    "tolist",
    "toset",
    "flatten",
    "compact",
    "concat",
    "values",
    "lookup",
    "lower",
    "upper",
    "trimspace",
    "trimsuffix",
    "distinct",
    "sort",
    "chomp",
    "reverse",
    "coalescelist",
    "tomap",
    "merge",
    "urlencode",
];

/// Functions whose value is a string that matters.
pub(super) fn is_string_function(name: &str) -> bool {
    matches!(name, "format" | "join" | "replace" | "trimprefix") || TRANSPARENT.contains(&name)
}

/// A module: its locals and variables, and what they evaluate to.
pub(super) struct Module<'a> {
    pub(super) files: &'a [File<'a>],
    locals: BTreeMap<&'a str, (usize, &'a Expression)>,
    variables: BTreeMap<&'a str, (usize, &'a Expression)>,
    known: BTreeMap<String, Value>,
    /// Names that a `for` binds, innermost last.
    pub(super) bound: Vec<(String, Value)>,
    depth: usize,
    work: usize,
}

impl<'a> Module<'a> {
    pub(super) fn new(files: &'a [File<'a>]) -> Self {
        Self {
            files,
            locals: BTreeMap::new(),
            variables: BTreeMap::new(),
            known: BTreeMap::new(),
            bound: Vec::new(),
            depth: 0,
            work: 0,
        }
    }

    /// Whether the module asked for more than is followed.
    pub(super) fn exhausted(&self) -> bool {
        self.work > MAX_WORK
    }

    /// Notes the locals and variables of a file.
    pub(super) fn declare(&mut self, file: usize, body: &'a Body) {
        for structure in body {
            let Structure::Block(block) = structure else { continue };
            match block.ident.as_str() {
                "locals" => {
                    for attribute in block.body.attributes() {
                        self.locals.entry(attribute.key.as_str()).or_insert((file, &attribute.value));
                    }
                }
                "variable" => {
                    let default = block.body.attributes().find(|attribute| attribute.key.as_str() == "default");
                    if let (Some(label), Some(default)) = (block.labels.first(), default) {
                        self.variables.entry(label.as_str()).or_insert((file, &default.value));
                    }
                }
                _ => {}
            }
        }
    }

    /// Evaluates an expression of a file.
    pub(super) fn value(&mut self, file: usize, expr: &'a Expression) -> Value {
        if self.exhausted() || self.depth > MAX_DEPTH {
            return Value::Unknown(String::new());
        }
        self.depth += 1;
        let value = self.evaluate(file, expr);
        self.depth -= 1;
        value
    }

    fn evaluate(&mut self, file: usize, expr: &'a Expression) -> Value {
        let at = expr.span().unwrap_or_default();
        match expr {
            Expression::String(text) => self.written(text.value(), file, &at),
            Expression::StringTemplate(template) => self.elements(template.iter(), file, &at),
            Expression::HeredocTemplate(heredoc) => self.template(&heredoc.template, file, &at),
            Expression::Parenthesis(inner) => self.value(file, inner.inner()),
            Expression::Conditional(conditional) => {
                let (yes, no) = (self.value(file, &conditional.true_expr), self.value(file, &conditional.false_expr));
                Value::Either(vec![yes, no])
            }
            Expression::Array(items) => Value::List(items.iter().map(|item| self.value(file, item)).collect()),
            Expression::Object(object) => Value::Object(
                object.iter().map(|(key, value)| (key_name(key), self.value(file, value.expr()))).collect(),
            ),
            Expression::FuncCall(call) => {
                let name = call.name.name.as_str();
                let arguments: Vec<&'a Expression> = call.args.iter().collect();
                self.call(name, &arguments, file, &at)
            }
            Expression::Traversal(traversal) => self.traversal(traversal, file, &at),
            Expression::Variable(name) => self.name(name.as_str(), file, &at),
            Expression::ForExpr(expr) => {
                let source = self.value(file, &expr.intro.collection_expr);
                self.bound.push((expr.intro.value_var.as_str().to_owned(), element_of(&source)));
                let value = self.value(file, &expr.value_expr);
                self.bound.pop();
                Value::List(vec![value])
            }
            Expression::Null(_)
            | Expression::Bool(_)
            | Expression::Number(_)
            | Expression::UnaryOp(_)
            | Expression::BinaryOp(_) => Value::Unknown("an_expression".to_owned()),
        }
    }

    fn charge(&mut self, amount: usize) {
        self.work = self.work.saturating_add(amount);
    }

    /// A string as it is written.
    fn written(&mut self, text: &str, file: usize, at: &Range<usize>) -> Value {
        self.charge(text.len());
        let piece = Piece {
            text: text.to_owned(),
            kind: Kind::Written,
            file,
            at: at.clone(),
            name: String::new(),
            via: false,
            seam: false,
        };
        Value::Str(Str { pieces: vec![piece] })
    }

    /// The strings a template may be.
    pub(super) fn template_texts(&mut self, file: usize, template: &'a Template) -> Vec<Str> {
        let at = template.span().unwrap_or_default();
        self.template(template, file, &at).texts(file, &at)
    }

    fn template(&mut self, template: &'a Template, file: usize, at: &Range<usize>) -> Value {
        self.elements(template.iter(), file, at)
    }

    /// The elements of a template put together; of alternatives each is tried once.
    fn elements(&mut self, elements: impl Iterator<Item = &'a Element>, file: usize, at: &Range<usize>) -> Value {
        let mut parts: Vec<Vec<Str>> = Vec::new();
        for element in elements {
            let place = element.span().unwrap_or_else(|| at.clone());
            parts.push(match element {
                Element::Literal(text) => self.written(text.value(), file, &place).texts(file, &place),
                Element::Interpolation(interpolation) => {
                    let place = interpolation.expr.span().unwrap_or(place);
                    self.value(file, &interpolation.expr).texts(file, &place)
                }
                Element::Directive(_) => vec![hole("a_directive", file, &place)],
            });
        }
        self.combine(&parts)
    }

    /// Parts put together: the first of each, then each other once.
    fn combine(&mut self, parts: &[Vec<Str>]) -> Value {
        let mut choices: Vec<Option<(usize, usize)>> = vec![None];
        for (index, part) in parts.iter().enumerate() {
            choices.extend((1..part.len()).map(|other| Some((index, other))));
        }
        let mut out = Vec::new();
        for choice in choices.into_iter().take(MAX_ALTERNATIVES) {
            let mut text = Str::default();
            for (index, part) in parts.iter().enumerate() {
                let picked = match choice {
                    Some((at, other)) if at == index => part.get(other),
                    _ => part.first(),
                };
                text.pieces.extend(picked.into_iter().flat_map(|text| text.pieces.iter().cloned()));
            }
            self.charge(text.len());
            out.push(Value::Str(text));
            if self.exhausted() {
                break;
            }
        }
        if out.len() == 1 { out.remove(0) } else { Value::Either(out) }
    }

    fn call(&mut self, name: &str, arguments: &[&'a Expression], file: usize, at: &Range<usize>) -> Value {
        match (name, arguments) {
            ("format", [format, rest @ ..]) => {
                let values: Vec<Vec<Str>> = rest
                    .iter()
                    .map(|argument| {
                        let place = argument.span().unwrap_or_else(|| at.clone());
                        self.value(file, argument).texts(file, &place)
                    })
                    .collect();
                let Some(Str { pieces }) = self.value(file, format).texts(file, at).into_iter().next() else {
                    return Value::Unknown("format".to_owned());
                };
                let parts = formatted(&pieces, &values);
                self.combine(&parts)
            }
            ("join", [delimiter, rest @ ..]) => {
                let delimiter = self.value(file, delimiter).texts(file, at).into_iter().next().unwrap_or_default();
                let mut parts: Vec<Vec<Str>> = Vec::new();
                for list in rest {
                    let place = list.span().unwrap_or_else(|| at.clone());
                    let value = self.value(file, list);
                    let items = match value {
                        Value::List(items) => items,
                        other => vec![other],
                    };
                    for item in items {
                        if !parts.is_empty() {
                            parts.push(vec![delimiter.clone()]);
                        }
                        let mut texts = item.texts(file, &place);
                        for text in &mut texts {
                            if let Some(first) = text.pieces.first_mut() {
                                first.seam = true;
                            }
                        }
                        parts.push(texts);
                    }
                }
                self.combine(&parts)
            }
            ("replace", [source, pattern, with]) => {
                let source = self.value(file, source);
                let texts = source.texts(file, at);
                let pattern = self.value(file, pattern).texts(file, at).first().and_then(Str::written);
                let with = self.value(file, with).texts(file, at).first().and_then(Str::written);
                let (Some(pattern), Some(with)) = (pattern, with) else { return source };
                let replaced = texts.into_iter().map(|text| Value::Str(replace(text, &pattern, &with))).collect();
                Value::Either(replaced)
            }
            ("trimprefix", [source, prefix]) => {
                let value = self.value(file, source);
                let prefix = self.value(file, prefix).texts(file, at).first().and_then(Str::written);
                let Some(prefix) = prefix else { return value };
                let cut = value.texts(file, at).into_iter().map(|mut text| {
                    if let Some(first) = text.pieces.first_mut()
                        && let Some(rest) = first.text.strip_prefix(&prefix)
                    {
                        first.text = rest.to_owned();
                    }
                    Value::Str(text)
                });
                Value::Either(cut.collect())
            }
            (name, arguments) if TRANSPARENT.contains(&name) => {
                // The second argument of `lookup` and `element` chooses.
                let picks = matches!(name, "lookup" | "element" | "trimsuffix");
                let kept = arguments.iter().enumerate().filter(|(index, _)| !(picks && *index == 1));
                let values: Vec<Value> = kept.map(|(_, argument)| self.value(file, argument)).collect();
                let values: Vec<Value> = values
                    .into_iter()
                    .flat_map(|value| match (name, value) {
                        ("one" | "element" | "values" | "flatten" | "concat", Value::List(items)) => items,
                        (_, value) => vec![value],
                    })
                    .take(MAX_ALTERNATIVES)
                    .collect();
                match <[Value; 1]>::try_from(values) {
                    Ok([one]) => one,
                    Err(values) => Value::Either(values),
                }
            }
            (name, _) => Value::Unknown(name.to_owned()),
        }
    }

    /// A bare name: what a `for` binds, else undecided.
    fn name(&mut self, name: &str, _file: usize, _at: &Range<usize>) -> Value {
        let bound = self.bound.iter().rev().find(|(bound, _)| bound == name).map(|(_, value)| value.clone());
        bound.unwrap_or_else(|| Value::Unknown(name.to_owned()))
    }

    fn traversal(&mut self, traversal: &'a Traversal, file: usize, at: &Range<usize>) -> Value {
        let operators: Vec<&TraversalOperator> = traversal.operators.iter().map(hcl_edit::Decorated::value).collect();
        let Expression::Variable(root) = &traversal.expr else {
            let value = self.value(file, &traversal.expr);
            return Self::members(value, &operators, file, at);
        };
        let attribute = |index: usize| match operators.get(index) {
            Some(TraversalOperator::GetAttr(name)) => Some(name.as_str()),
            _ => None,
        };
        let dotted = || {
            let names = operators.iter().filter_map(|operator| match operator {
                TraversalOperator::GetAttr(name) => Some(name.as_str()),
                _ => None,
            });
            std::iter::once(root.as_str()).chain(names).collect::<Vec<_>>().join(".")
        };
        match (root.as_str(), attribute(0)) {
            ("aws_cognito_user_pool", Some(name)) => {
                let pool = Value::Pool(format!("aws_cognito_user_pool.{name}"));
                Self::members(pool, &operators[1..], file, at)
            }
            ("data", Some("aws_cognito_user_pool")) => {
                let name = attribute(1).unwrap_or_default();
                let pool = Value::Pool(format!("data.aws_cognito_user_pool.{name}"));
                Self::members(pool, operators.get(2..).unwrap_or_default(), file, at)
            }
            ("local", Some(name)) => {
                let value = self.local(name);
                let value = moved(value, file, at, &dotted());
                Self::members(value, &operators[1..], file, at)
            }
            ("var", Some(name)) => match self.variable(name) {
                Some(value) => {
                    let value = moved(value, file, at, &dotted());
                    Self::members(value, &operators[1..], file, at)
                }
                None => named(&dotted(), file, at),
            },
            ("module" | "dependency" | "data", Some(_)) => named(&dotted(), file, at),
            (root, _) => match self.bound.iter().rev().find(|(bound, _)| bound == root) {
                Some((_, value)) => {
                    let value = value.clone();
                    Self::members(value, &operators, file, at)
                }
                None => Value::Unknown(dotted()),
            },
        }
    }

    /// Members of a value.
    fn members(value: Value, operators: &[&TraversalOperator], file: usize, at: &Range<usize>) -> Value {
        let Some((operator, rest)) = operators.split_first() else { return value };
        let next = match (value, operator) {
            (Value::Either(values), _) => {
                let values = values.into_iter().map(|value| Self::members(value, operators, file, at)).collect();
                return Value::Either(values);
            }
            (Value::Pool(name), TraversalOperator::GetAttr(attribute)) => match attribute.as_str() {
                "endpoint" => return endpoint(&name, file, at, Kind::Attribute),
                other => return Value::Unknown(format!("{name}.{other}")),
            },
            (Value::Pool(name), _) => Value::Pool(name),
            (Value::Object(pairs), TraversalOperator::GetAttr(name)) => {
                pairs.into_iter().find(|(key, _)| key == name.as_str()).map_or_else(unknown, |(_, value)| value)
            }
            (Value::Object(pairs), TraversalOperator::Index(Expression::String(key))) => {
                pairs.into_iter().find(|(name, _)| name == key.as_str()).map_or_else(unknown, |(_, value)| value)
            }
            (Value::Object(pairs), TraversalOperator::Index(_)) => {
                Value::Either(pairs.into_iter().map(|(_, value)| value).take(MAX_ALTERNATIVES).collect())
            }
            (
                Value::List(items),
                TraversalOperator::AttrSplat(_)
                | TraversalOperator::FullSplat(_)
                | TraversalOperator::Index(_)
                | TraversalOperator::LegacyIndex(_),
            ) => Value::Either(items.into_iter().take(MAX_ALTERNATIVES).collect()),
            (
                other @ Value::Str(_),
                TraversalOperator::Index(_)
                | TraversalOperator::LegacyIndex(_)
                | TraversalOperator::AttrSplat(_)
                | TraversalOperator::FullSplat(_),
            ) => other,
            _ => Value::Unknown("an_expression".to_owned()),
        };
        Self::members(next, rest, file, at)
    }

    /// What a local is, evaluated once.
    fn local(&mut self, name: &str) -> Value {
        if let Some(value) = self.known.get(name) {
            let value = value.clone();
            self.charge(weight(&value));
            return value;
        }
        let Some((file, expr)) = self.locals.get(name).copied() else { return Value::Unknown(format!("local.{name}")) };
        // A local that names itself finds this.
        self.known.insert(name.to_owned(), Value::Unknown(format!("local.{name}")));
        let bound = std::mem::take(&mut self.bound);
        let value = self.value(file, expr);
        self.bound = bound;
        self.known.insert(name.to_owned(), value.clone());
        value
    }

    /// A variable's default, if it is a part of an issuer; any other value may be a secret.
    fn variable(&mut self, name: &str) -> Option<Value> {
        let (file, expr) = self.variables.get(name).copied()?;
        match expr {
            Expression::String(text) if is_issuer_part(text.value()) || text.value().starts_with("cognito-idp.") => {
                let at = expr.span().unwrap_or_default();
                Some(self.written(text.value(), file, &at))
            }
            _ => None,
        }
    }
}

fn unknown() -> Value {
    Value::Unknown("an_expression".to_owned())
}

/// What an element of a collection is.
fn element_of(source: &Value) -> Value {
    match source {
        Value::List(items) => Value::Either(items.iter().take(MAX_ALTERNATIVES).cloned().collect()),
        Value::Object(pairs) => {
            Value::Either(pairs.iter().take(MAX_ALTERNATIVES).map(|(_, value)| value.clone()).collect())
        }
        other => other.clone(),
    }
}

/// What the copy of a value costs.
fn weight(value: &Value) -> usize {
    match value {
        Value::Str(text) => text.len(),
        Value::List(items) | Value::Either(items) => 16 + items.iter().map(weight).sum::<usize>(),
        Value::Object(pairs) => 16 + pairs.iter().map(|(key, value)| key.len() + weight(value)).sum::<usize>(),
        Value::Pool(name) | Value::Unknown(name) => 16 + name.len(),
    }
}

/// A pool's `endpoint`: the issuer without its scheme.
fn endpoint(name: &str, file: usize, at: &Range<usize>, kind: Kind) -> Value {
    let text = format!("cognito-idp.${{region}}.amazonaws.com/${{{}}}", name.replace(['[', ']'], ""));
    let attribute = if kind == Kind::Attribute { format!("{name}.endpoint") } else { name.to_owned() };
    let piece = Piece { text, kind, file, at: at.clone(), name: attribute, via: false, seam: false };
    Value::Str(Str { pieces: vec![piece] })
}

/// What another module or the caller gives: a pool's endpoint if it is called so.
fn named(dotted: &str, file: usize, at: &Range<usize>) -> Value {
    let lower = dotted.to_ascii_lowercase();
    let last = lower.rsplit('.').next().unwrap_or_default();
    let pool = ["cognito", "user_pool", "userpool"].iter().any(|word| lower.contains(word));
    let other = ["domain", "api", "url", "ui_", "token", "authoriz", "vpc", "userinfo", "login"]
        .iter()
        .any(|word| last.contains(word));
    if pool && last.ends_with("endpoint") && !other {
        endpoint(dotted, file, at, Kind::Named)
    } else {
        Value::Unknown(dotted.to_owned())
    }
}

/// A value that came through a name: what stands for a pool's attribute is at the place of the name.
fn moved(value: Value, file: usize, at: &Range<usize>, name: &str) -> Value {
    match value {
        Value::Str(mut text) => {
            for piece in &mut text.pieces {
                piece.via = true;
                if piece.kind != Kind::Written {
                    (piece.file, piece.at) = (file, at.clone());
                }
                if matches!(piece.kind, Kind::Attribute | Kind::Named) {
                    name.clone_into(&mut piece.name);
                }
            }
            Value::Str(text)
        }
        Value::List(items) => Value::List(items.into_iter().map(|item| moved(item, file, at, name)).collect()),
        Value::Either(items) => Value::Either(items.into_iter().map(|item| moved(item, file, at, name)).collect()),
        Value::Object(pairs) => {
            Value::Object(pairs.into_iter().map(|(key, value)| (key, moved(value, file, at, name))).collect())
        }
        other @ (Value::Pool(_) | Value::Unknown(_)) => other,
    }
}

/// A format's parts: what is written, and the values in order.
fn formatted(pieces: &[Piece], values: &[Vec<Str>]) -> Vec<Vec<Str>> {
    let mut parts = Vec::new();
    let mut values = values.iter();
    for piece in pieces {
        let mut rest = piece.text.as_str();
        let verb = |rest: &str| rest.find("%s").or_else(|| rest.find("%v")).filter(|_| piece.kind == Kind::Written);
        while let Some(at) = verb(rest) {
            parts.push(vec![Str { pieces: vec![Piece { text: rest[..at].to_owned(), ..piece.clone() }] }]);
            if let Some(value) = values.next() {
                parts.push(value.clone());
            }
            rest = &rest[at + 2..];
        }
        parts.push(vec![Str { pieces: vec![Piece { text: rest.to_owned(), ..piece.clone() }] }]);
    }
    parts
}

/// Replaces text in every part; an attribute of which the host is cut off is one no more.
fn replace(mut text: Str, pattern: &str, with: &str) -> Str {
    // `/…/` is a regular expression, which is not followed.
    let regular = pattern.len() > 1 && pattern.starts_with('/') && pattern.ends_with('/');
    if !pattern.is_empty() && !regular {
        for piece in &mut text.pieces {
            piece.text = piece.text.replace(pattern, with);
        }
    }
    text
}

/// The name of an object's key; empty if it is an expression.
fn key_name(key: &ObjectKey) -> String {
    match key {
        ObjectKey::Ident(name) => name.as_str().to_owned(),
        ObjectKey::Expression(Expression::String(text)) => text.value().clone(),
        ObjectKey::Expression(Expression::Variable(name)) => name.to_string(),
        ObjectKey::Expression(_) => String::new(),
    }
}
