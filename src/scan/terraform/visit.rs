//! Visits every expression of a file, and makes references of what the evaluated strings hold.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of the many kinds of expression, value and class only those named are followed"
)]

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::{Directive, Element, Template};

use super::eval::{Module, is_string_function};
use super::value::{Kind, Piece, Str};
use crate::model::{Class, Confidence};
use crate::scan::found::Found;
use crate::scan::pattern;

/// The most alternatives of one expression that are searched.
const MAX_TEXTS: usize = 12;

/// Searches one file of a module.
pub(super) fn file<'a>(module: &mut Module<'a>, file: usize, body: &'a Body, found: &mut [Vec<Found>]) {
    let mut visitor = Visitor { module, file, found, key: Vec::new(), block: Vec::new(), literal: Vec::new() };
    for hit in pattern::find(visitor.module.files[file].text) {
        visitor.literal.push((hit.span, hit.class));
    }
    visitor.body(body);
}

struct Visitor<'m, 'a, 'f> {
    module: &'m mut Module<'a>,
    file: usize,
    found: &'f mut [Vec<Found>],
    /// The attributes and keys that hold the present expression, innermost last.
    key: Vec<String>,
    /// The blocks that hold it, innermost last, each with its first label.
    block: Vec<String>,
    /// What the text alone shows already.
    literal: Vec<(Range<usize>, Class)>,
}

impl<'a> Visitor<'_, 'a, '_> {
    fn body(&mut self, body: &'a Body) {
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    self.key.push(attribute.key.as_str().to_owned());
                    self.expression(&attribute.value);
                    self.key.pop();
                }
                Structure::Block(block) => {
                    let label = block.labels.first().map(hcl_edit::structure::BlockLabel::as_str).unwrap_or_default();
                    self.block.push(format!("{} {label}", block.ident.as_str()));
                    self.body(&block.body);
                    self.block.pop();
                }
            }
        }
    }

    fn expression(&mut self, expr: &'a Expression) {
        match expr {
            Expression::Array(items) => items.iter().for_each(|item| self.expression(item)),
            Expression::Object(object) => {
                for (key, value) in object {
                    let name = match key {
                        ObjectKey::Ident(name) => name.as_str().to_owned(),
                        ObjectKey::Expression(expr) => {
                            self.expression(expr);
                            expr.as_str().unwrap_or_default().to_owned()
                        }
                    };
                    self.key.push(name);
                    self.expression(value.expr());
                    self.key.pop();
                }
            }
            Expression::Parenthesis(inner) => self.expression(inner.inner()),
            Expression::FuncCall(call) if !is_string_function(call.name.name.as_str()) => {
                call.args.iter().for_each(|argument| self.expression(argument));
            }
            Expression::FuncCall(call) if call.args.iter().any(is_collection) && call.name.name.as_str() != "join" => {
                call.args.iter().for_each(|argument| self.expression(argument));
            }
            Expression::Conditional(conditional) => {
                self.expression(&conditional.true_expr);
                self.expression(&conditional.false_expr);
            }
            Expression::ForExpr(expr) => {
                let source = self.module.value(self.file, &expr.intro.collection_expr);
                self.expression(&expr.intro.collection_expr);
                let element = match source {
                    super::value::Value::List(items) => super::value::Value::Either(items),
                    super::value::Value::Object(pairs) => {
                        super::value::Value::Either(pairs.into_iter().map(|(_, value)| value).collect())
                    }
                    other => other,
                };
                self.module.bound.push((expr.intro.value_var.as_str().to_owned(), element));
                if let Some(key) = &expr.key_expr {
                    self.expression(key);
                }
                self.expression(&expr.value_expr);
                self.module.bound.pop();
            }
            Expression::BinaryOp(operation) => {
                self.expression(&operation.lhs_expr);
                self.expression(&operation.rhs_expr);
            }
            Expression::StringTemplate(template) => {
                self.strings(expr);
                template.iter().for_each(|element| self.nested(element));
            }
            Expression::HeredocTemplate(heredoc) => {
                self.strings(expr);
                self.nested_template(&heredoc.template);
            }
            Expression::String(_) | Expression::FuncCall(_) | Expression::Traversal(_) => self.strings(expr),
            Expression::Null(_)
            | Expression::Bool(_)
            | Expression::Number(_)
            | Expression::Variable(_)
            | Expression::UnaryOp(_) => {}
        }
    }

    fn nested_template(&mut self, template: &'a Template) {
        template.iter().for_each(|element| self.nested(element));
    }

    /// What stands inside an interpolation is a string of the template, except the arguments of functions.
    fn nested(&mut self, element: &'a Element) {
        match element {
            Element::Interpolation(interpolation) => match &interpolation.expr {
                Expression::FuncCall(call) if !is_string_function(call.name.name.as_str()) => {
                    self.expression(&interpolation.expr);
                }
                Expression::ForExpr(_) => self.expression(&interpolation.expr),
                _ => {}
            },
            Element::Directive(directive) => match &**directive {
                Directive::If(directive) => {
                    self.directive(&directive.if_expr.template);
                    if let Some(other) = &directive.else_expr {
                        self.directive(&other.template);
                    }
                }
                Directive::For(directive) => self.directive(&directive.for_expr.template),
            },
            Element::Literal(_) => {}
        }
    }

    /// The text of a branch or loop inside a template, as a string of its own.
    fn directive(&mut self, template: &'a Template) {
        let texts = self.module.template_texts(self.file, template);
        self.search(texts);
        self.nested_template(template);
    }

    fn strings(&mut self, expr: &'a Expression) {
        let at = expr.span().unwrap_or_default();
        let value = self.module.value(self.file, expr);
        let texts = match value {
            super::value::Value::List(items) => items.iter().flat_map(|item| item.texts(self.file, &at)).collect(),
            value => value.texts(self.file, &at),
        };
        self.search(texts);
    }

    fn search(&mut self, texts: Vec<Str>) {
        for text in texts.into_iter().take(MAX_TEXTS) {
            let buf = text.text();
            if buf.len() < 16 || !buf.contains("cognito-idp") {
                continue;
            }
            for hit in pattern::find(&buf) {
                self.reference(&text, &buf, &hit);
            }
        }
    }

    /// One match of an evaluated string as a reference, unless the text alone shows it.
    fn reference(&mut self, text: &Str, buf: &str, hit: &pattern::Match) {
        let Some(label) = buf[hit.span.clone()].find("cognito-idp").map(|at| hit.span.start + at) else { return };
        let parts = text.parts(&hit.span);
        let Some((range, host)) = parts.iter().find(|(range, _)| range.contains(&label)) else { return };
        let attribute = host.kind != Kind::Written;
        // Through a name alone: the reference is where the name is given its value.
        let own = match hit.class {
            // What makes it a provider stands before or behind the match.
            Class::IamOidcProviderRef => text.pieces.iter().any(|piece| !piece.via),
            _ => parts.iter().any(|(_, piece)| !piece.via),
        };
        if attribute && host.via && !own {
            return;
        }
        let span = if attribute { host.at.clone() } else { self.place(host, buf, range, label) };
        let file = host.file;
        let Some((class, confidence)) = self.class(hit, host, &parts, attribute) else { return };
        if !attribute && self.shown(file, &span, class) {
            return;
        }
        let extent = parts
            .iter()
            .filter(|(_, piece)| piece.file == file)
            .fold(span.clone(), |all, (_, piece)| all.start.min(piece.at.start)..all.end.max(piece.at.end));
        let prose = self.key.last().is_some_and(|key| key == "description");
        let confidence = if prose { Confidence::Review } else { confidence };
        let one = Found {
            extent,
            updated: hit.updated,
            dual_aware: hit.dual_aware,
            prose,
            pool_id: hit.pool_id.clone(),
            unresolved: unresolved(hit, host, &parts),
            ..Found::new(rendered(hit, &parts), span, class, confidence)
        };
        if let Some(found) = self.found.get_mut(file) {
            found.push(one);
        }
    }

    /// What a match is, and how sure that is.
    fn class(
        &self,
        hit: &pattern::Match,
        host: &Piece,
        parts: &[(Range<usize>, &Piece)],
        attribute: bool,
    ) -> Option<(Class, Confidence)> {
        if !attribute {
            let joined = parts.iter().skip(1).any(|(_, piece)| piece.seam);
            let class = match hit.class {
                Class::JwksUrl if joined => Class::JwksUrlSplit,
                Class::IssuerUrlLiteral | Class::IssuerUrlTemplate if joined => Class::IssuerSplitJoin,
                Class::IssuerUrlLiteral if parts.len() > 1 => Class::IssuerUrlTemplate,
                other => other,
            };
            return Some((class, hit.confidence));
        }
        let sure = if host.kind == Kind::Attribute { Confidence::Definite } else { Confidence::Likely };
        // A module's output that is called like the attribute is one almost surely.
        let sure = if host.name.starts_with("module.") { Confidence::Definite } else { sure };
        let login = self.key.last().is_some_and(|key| key.contains("provider_name"))
            || self.block.iter().any(|block| block.starts_with("cognito_identity_providers"))
            || self.key.iter().any(|key| key == "cognito_identity_providers");
        match hit.class {
            Class::IamOidcProviderRef => Some((Class::IamOidcProviderRef, sure)),
            Class::IdentityPoolLoginKey if login => Some((Class::IdentityPoolLoginKey, Confidence::Review)),
            Class::IdentityPoolLoginKey if host.kind == Kind::Attribute => {
                Some((Class::IacAttribute, Confidence::Likely))
            }
            Class::IdentityPoolLoginKey => None,
            _ => Some((Class::IacAttribute, sure)),
        }
    }

    /// Where the host of a match is written.
    fn place(&self, host: &Piece, buf: &str, range: &Range<usize>, label: usize) -> Range<usize> {
        let file = self.module.files[host.file].text;
        let raw = file.get(host.at.clone()).unwrap_or_default();
        // Which of the part's own occurrences it is: escapes make offsets differ, not the order.
        let nth = buf[range.start..label].matches("cognito-idp").count();
        let Some((at, word)) = raw.match_indices("cognito-idp").nth(nth) else { return host.at.clone() };
        let at = host.at.start + at;
        let head = &file[..at];
        let start = ["https://", "http://"].iter().find_map(|scheme| head.strip_suffix(scheme)).map_or(at, str::len);
        start..at + word.len()
    }

    /// Whether the text of a file alone shows the same at a place; a host without its scheme shows less.
    fn shown(&self, file: usize, span: &Range<usize>, class: Class) -> bool {
        let same = |range: &Range<usize>, other: Class| {
            range.contains(&span.start)
                && (other == class || !matches!(other, Class::IdentityPoolLoginKey | Class::IssuerSplitConcat))
        };
        if file == self.file {
            let next = self.literal.partition_point(|(range, _)| range.start <= span.start);
            return next.checked_sub(1).is_some_and(|at| same(&self.literal[at].0, self.literal[at].1));
        }
        pattern::find(self.module.files[file].text).iter().any(|hit| same(&hit.span, hit.class))
    }
}

/// The match with names where something was substituted.
fn rendered(hit: &pattern::Match, parts: &[(Range<usize>, &Piece)]) -> String {
    let mut out = String::new();
    for (range, piece) in parts {
        match piece.kind {
            Kind::Written => {
                let from = hit.span.start.max(range.start) - range.start;
                let to = hit.span.end.min(range.end) - range.start;
                out.push_str(piece.text.get(from..to).unwrap_or_default());
            }
            Kind::Hole | Kind::Attribute | Kind::Named => {
                out.push_str("${");
                out.push_str(&piece.name);
                out.push('}');
            }
        }
    }
    out
}

/// What stands in the pool's place.
fn unresolved(hit: &pattern::Match, host: &Piece, parts: &[(Range<usize>, &Piece)]) -> Option<String> {
    if hit.pool_id.is_some() {
        return None;
    }
    if host.kind != Kind::Written {
        return Some(host.name.clone());
    }
    let touches = |range: &Range<usize>| range.start < hit.pool_span.end && range.end > hit.pool_span.start;
    let hole = parts.iter().find(|(range, piece)| piece.kind == Kind::Hole && touches(range));
    hole.map(|(_, piece)| piece.name.clone())
}

/// Whether an expression is a list, a map or a loop.
fn is_collection(expr: &Expression) -> bool {
    match expr {
        Expression::Array(_) | Expression::Object(_) | Expression::ForExpr(_) => true,
        Expression::FuncCall(call) => call.args.iter().any(is_collection),
        Expression::Parenthesis(inner) => is_collection(inner.inner()),
        _ => false,
    }
}
