//! Evaluates `CloudFormation`'s intrinsic functions to strings, as far as the environment decides them.
//!
//! Works on the parsed tree, short and long forms alike. Undecided functions become named holes; `Fn::If` gives both
//! branches. Bounded: the text that substitution adds is counted, so a hostile template stops with an error.
//! Not here: walking the template and judging what the strings mean.

use std::collections::BTreeMap;

use super::Environment;
use super::text::{Kind, MAX_ALTERNATIVES, Text, combine, is_issuer_part};
use crate::scan::pattern;
use crate::yaml::{Node, Place, Value};

/// How much text substitution may add to one string.
const MAX_ADDED: usize = 256 * 1024;
/// How much text evaluation may copy for one template, written and substituted.
const MAX_WORK: usize = 48 * 1024 * 1024;

/// A template that needs more work than a real one could.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooComplex {
    /// The node at which it was noticed.
    pub(super) place: Place,
}

/// What an expression evaluates to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Val {
    Text(Text),
    List(Vec<Val>),
    /// Either of these, depending on a condition.
    Either(Vec<Val>),
    /// `AWS::NoValue` or null.
    Nothing,
}

/// An intrinsic function call in either form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// The name without `Fn::` or the exclamation mark.
    pub(super) name: &'a str,
    /// Its argument.
    pub(super) argument: &'a Node,
    /// Whether it is the tag of its own argument, whose tag must then not be read again.
    pub(super) tagged: bool,
}

/// The function call that a node is, if it is one.
pub(super) fn call(node: &Node) -> Option<Call<'_>> {
    match &node.tag {
        Some(tag) => Some(Call { name: tag.strip_prefix('!')?, argument: node, tagged: true }),
        None => long_call(node),
    }
}

/// The function call in long form that a node is, its tag aside.
pub(super) fn long_call(node: &Node) -> Option<Call<'_>> {
    let [(key, argument)] = node.map()? else { return None };
    let name = match key.text()? {
        name @ ("Ref" | "Condition") => name,
        key => key.strip_prefix("Fn::")?,
    };
    Some(Call { name, argument, tagged: false })
}

/// Evaluates the functions of one template.
#[derive(Debug)]
pub(super) struct Evaluator<'a> {
    pub(super) root: &'a Node,
    pub(super) env: &'a Environment,
    work: usize,
    /// The types of the template's resources by logical id.
    types: BTreeMap<&'a str, &'a str>,
}

type Vars = BTreeMap<String, Vec<Text>>;

impl<'a> Evaluator<'a> {
    pub(super) fn new(root: &'a Node, env: &'a Environment) -> Self {
        let resources = root.get("Resources").and_then(Node::map).unwrap_or_default();
        let types = resources.iter().filter_map(|(id, body)| Some((id.text()?, body.get("Type")?.text()?))).collect();
        Self { root, env, work: 0, types }
    }

    /// Every string a node may evaluate to; none if it is no string.
    pub(super) fn texts(&mut self, node: &'a Node) -> Result<Vec<Text>, TooComplex> {
        let value = self.value(node)?;
        let mut texts = Vec::new();
        flatten(value, &mut texts);
        if texts.len() > MAX_ALTERNATIVES {
            return Err(TooComplex { place: node.place });
        }
        Ok(texts)
    }

    /// Evaluates a node.
    pub(super) fn value(&mut self, node: &'a Node) -> Result<Val, TooComplex> {
        match call(node) {
            Some(call) => self.call(call),
            None => self.plain(node),
        }
    }

    /// Evaluates the argument of a call.
    fn argument(&mut self, call: Call<'a>) -> Result<Val, TooComplex> {
        match long_call(call.argument) {
            Some(inner) => self.call(inner),
            None if call.tagged => self.plain(call.argument),
            None => self.value(call.argument),
        }
    }

    /// Evaluates a node that is no function.
    fn plain(&mut self, node: &'a Node) -> Result<Val, TooComplex> {
        Ok(match &node.value {
            Value::Scalar { .. } if node.is_null() => Val::Nothing,
            Value::Scalar { text, .. } => {
                self.charge(text.len(), node.place)?;
                Val::Text(Text::written(text))
            }
            Value::List(items) => Val::List(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?),
            Value::Map(_) => Val::Text(Text::hole("an object")),
        })
    }

    fn call(&mut self, call: Call<'a>) -> Result<Val, TooComplex> {
        let place = call.argument.place;
        let items = call.argument.list().unwrap_or_default();
        Ok(match (call.name, items) {
            ("Ref", _) => match call.argument.text() {
                Some(name) => self.reference(name),
                None => Val::Text(Text::hole("Ref ?")),
            },
            ("GetAtt", _) => self.get_att(call)?,
            ("Sub", _) => self.sub(call)?,
            ("Join", [delimiter, list]) => self.join(delimiter, list, place)?,
            ("Select", [index, list]) => self.select(index, list)?,
            ("Split", [delimiter, source]) => self.split(delimiter, source)?,
            ("If", [_, yes, no]) => Val::Either(vec![self.value(yes)?, self.value(no)?]),
            ("FindInMap", [map, first, second, ..]) => self.find_in_map(map, first, second)?,
            ("ImportValue", _) => self.import_value(call)?,
            ("Base64", _) => self.argument(call)?,
            (name, _) => Val::Text(Text::hole(&format!("Fn::{name} ?"))),
        })
    }

    /// `Ref` of a pseudo parameter, a parameter or a resource.
    fn reference(&self, name: &str) -> Val {
        let env = self.env;
        let pseudo = match name {
            "AWS::Region" => Some(&env.region),
            "AWS::AccountId" => Some(&env.account),
            "AWS::Partition" => Some(&env.partition),
            "AWS::URLSuffix" => Some(&env.url_suffix),
            "AWS::StackName" => Some(&env.stack_name),
            "AWS::StackId" => Some(&env.stack_id),
            "AWS::NoValue" => return Val::Nothing,
            _ => None,
        };
        let what = format!("Ref {name}");
        if let Some(value) = pseudo {
            return Val::Text(if value.is_empty() { Text::hole(&what) } else { Text::value(value, &what) });
        }
        if let Some(parameter) = self.parameter(name) {
            return match (self.parameter_value(name, parameter), is_list_type(parameter)) {
                (None, _) => Val::Text(Text::hole(&what)),
                (Some(value), false) => Val::Text(Text::value(value, &what)),
                (Some(value), true) => {
                    Val::List(value.split(',').map(|item| Val::Text(Text::value(item.trim(), &what))).collect())
                }
            };
        }
        Val::Text(match env.resources.get(name) {
            Some(id) => Text::value(id, &what),
            None => Text::hole(&what),
        })
    }

    fn parameter(&self, name: &str) -> Option<&'a Node> {
        self.root.get("Parameters")?.get(name)
    }

    /// The actual value of a parameter if it may be used: never a hidden one, and never the *name* of an SSM parameter.
    /// A default is only a guess, so it must at least look like what an issuer is made of.
    fn parameter_value(&self, name: &str, parameter: &'a Node) -> Option<&'a str> {
        let hidden = parameter.get("NoEcho").and_then(Node::text).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        if hidden {
            return None;
        }
        let from_ssm = parameter.get("Type").and_then(Node::text).is_some_and(|kind| kind.starts_with("AWS::SSM::"));
        let masked = |value: &str| !value.is_empty() && value.bytes().all(|b| b == b'*');
        let env = self.env;
        match env.parameters.get(name).map(String::as_str) {
            Some(value) => (!masked(value) && (!from_ssm || is_issuer_part(value))).then_some(value),
            None if from_ssm => None,
            None => parameter.get("Default").and_then(Node::text).filter(|value| is_issuer_part(value)),
        }
    }

    fn get_att(&mut self, call: Call<'a>) -> Result<Val, TooComplex> {
        let dotted = match (call.argument.text(), call.argument.list()) {
            (Some(text), _) => text.to_owned(),
            (None, Some([id, attribute])) => {
                let attribute = self.texts(attribute)?;
                let attribute = attribute.first().map_or_else(|| "?".to_owned(), Text::as_written);
                format!("{}.{attribute}", id.text().unwrap_or("?"))
            }
            _ => "?".to_owned(),
        };
        Ok(Val::Text(self.attribute(&dotted)))
    }

    /// An attribute of a resource, as far as it can be told.
    fn attribute(&self, dotted: &str) -> Text {
        let what = format!("GetAtt {dotted}");
        let Some((id, attribute)) = dotted.split_once('.') else { return Text::hole(&what) };
        match self.types.get(id) {
            Some(&"AWS::Cognito::UserPool") => self.pool_attribute(id, attribute, &what),
            // A nested stack's output named so can be nothing else; its value is another stack's evidence.
            Some(&("AWS::CloudFormation::Stack" | "AWS::Serverless::Application"))
                if attribute.to_ascii_lowercase().ends_with("providerurl") =>
            {
                let mut text = Text::written("https://cognito-idp.");
                text.push(&self.region());
                text.push(&Text::written(".amazonaws.com/"));
                text.push(&Text::hole(&what));
                text.mark(Kind::Attribute, &what);
                text
            }
            _ => Text::hole(&what),
        }
    }

    fn pool_attribute(&self, id: &str, attribute: &str, what: &str) -> Text {
        let physical = self.env.resources.get(id).map(String::as_str);
        let pool = match physical.and_then(pattern::pool_id) {
            Some(pool) => Text::value(&pool.id, what),
            None => Text::hole(&format!("Ref {id}")),
        };
        let region = match physical.and_then(pattern::pool_id) {
            Some(pool) => Text::value(&pool.region, what),
            None => self.region(),
        };
        let env = self.env;
        let parts: Vec<Text> = match attribute {
            "UserPoolId" => return pool,
            "ProviderURL" | "ProviderName" => {
                let head = if attribute == "ProviderURL" { "https://cognito-idp." } else { "cognito-idp." };
                let suffix = if env.url_suffix.is_empty() { "amazonaws.com" } else { &env.url_suffix };
                vec![Text::written(head), region, Text::written(&format!(".{suffix}/")), pool]
            }
            "Arn" => vec![
                Text::written("arn:"),
                pseudo(&env.partition, "Ref AWS::Partition"),
                Text::written(":cognito-idp:"),
                region,
                Text::written(":"),
                pseudo(&env.account, "Ref AWS::AccountId"),
                Text::written(":userpool/"),
                pool,
            ],
            _ => return Text::hole(what),
        };
        let mut text = Text::default();
        for part in &parts {
            text.push(part);
        }
        if attribute != "Arn" {
            text.mark(Kind::Attribute, what);
        }
        text
    }

    fn region(&self) -> Text {
        pseudo(&self.env.region, "Ref AWS::Region")
    }

    fn sub(&mut self, call: Call<'a>) -> Result<Val, TooComplex> {
        let place = call.argument.place;
        let (template, vars) = match (call.argument.text(), call.argument.list()) {
            (Some(text), _) => (text, Vars::new()),
            (None, Some([template, vars])) => {
                let Some(text) = template.text() else { return Ok(Val::Text(Text::hole("Sub ?"))) };
                let mut map = Vars::new();
                for (key, value) in vars.map().unwrap_or_default() {
                    if let Some(key) = key.text() {
                        let texts = self.texts(value)?;
                        map.entry(key.to_owned()).or_insert(texts);
                    }
                }
                (text, map)
            }
            (None, Some([template])) => match template.text() {
                Some(text) => (text, Vars::new()),
                None => return Ok(Val::Text(Text::hole("Sub ?"))),
            },
            _ => return Ok(Val::Text(Text::hole("Sub ?"))),
        };
        let parts = self.sub_parts(template, &vars, place)?;
        // What the template itself wrote does not count against the limit of one string: inline code may be long.
        let variables: usize = vars.values().filter_map(|texts| texts.iter().map(|text| text.buf.len()).max()).sum();
        let built = self.concatenate(&parts, template.len() + variables, place, |picked| {
            let mut text = Text::default();
            for part in picked {
                text.push(part);
            }
            text
        })?;
        Ok(either(built))
    }

    /// A `Sub` string cut at its variables, each piece with its alternatives.
    fn sub_parts(&mut self, template: &str, vars: &Vars, place: Place) -> Result<Vec<Vec<Text>>, TooComplex> {
        let mut parts: Vec<Vec<Text>> = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            parts.push(vec![Text::written(before)]);
            let Some((name, tail)) = after.split_once('}') else {
                rest = after;
                parts.push(vec![Text::written("${")]);
                continue;
            };
            rest = tail;
            let name = name.trim();
            let texts = if let Some(literal) = name.strip_prefix('!') {
                vec![Text::written(&format!("${{{literal}}}"))]
            } else if let Some(texts) = vars.get(name) {
                texts.clone()
            } else if name.contains('.') {
                vec![self.attribute(name)]
            } else {
                let mut texts = Vec::new();
                flatten(self.reference(name), &mut texts);
                texts
            };
            self.charge(texts.iter().map(Text::cost).sum(), place)?;
            // A variable without a value (a list, or nothing at all) leaves nothing behind.
            parts.push(if texts.is_empty() { vec![Text::default()] } else { texts });
        }
        parts.push(vec![Text::written(rest)]);
        self.charge(template.len(), place)?;
        Ok(parts)
    }

    /// Puts parts together in every way, within the limits.
    fn concatenate(
        &mut self,
        parts: &[Vec<Text>],
        written: usize,
        place: Place,
        build: impl Fn(&[&Text]) -> Text,
    ) -> Result<Vec<Text>, TooComplex> {
        let largest: usize = parts.iter().map(|part| part.iter().map(Text::cost).max().unwrap_or(0)).sum();
        if largest > written + MAX_ADDED {
            return Err(TooComplex { place });
        }
        let ways = parts.iter().map(Vec::len).fold(1_usize, usize::saturating_mul);
        let alternatives: usize = parts.iter().map(|part| part.len().saturating_sub(1)).sum();
        if alternatives >= MAX_ALTERNATIVES {
            return Err(TooComplex { place });
        }
        self.charge(largest.saturating_mul(ways.min(MAX_ALTERNATIVES)), place)?;
        Ok(combine(parts, build))
    }

    fn join(&mut self, delimiter: &'a Node, list: &'a Node, place: Place) -> Result<Val, TooComplex> {
        let delimiter = self.texts(delimiter)?.into_iter().next().unwrap_or_default();
        let mut lists = Vec::new();
        let value = self.value(list)?;
        let unknown = lists_of(value, &mut lists);
        if lists.is_empty() {
            return Ok(Val::Text(Text::hole(&format!("Join {}", unknown.as_deref().unwrap_or("?")))));
        }
        let mut out = Vec::new();
        for items in lists {
            let mut parts: Vec<Vec<Text>> = Vec::new();
            for item in items {
                let mut texts = Vec::new();
                flatten(item, &mut texts);
                // An element that is no value disappears with its delimiter.
                if !texts.is_empty() {
                    parts.push(texts);
                }
            }
            self.charge(parts.len() * (64 + delimiter.cost()), place)?;
            let plain = parts.iter().flatten().filter(|text| text.marks.is_empty());
            let written = plain.map(|text| text.buf.len()).sum();
            let built = self.concatenate(&parts, written, place, |picked| {
                let mut text = Text::default();
                for (index, part) in picked.iter().enumerate() {
                    if index > 0 {
                        text.push(&delimiter);
                        text.seam();
                    }
                    text.push(part);
                }
                text
            })?;
            out.extend(built);
        }
        Ok(either(out))
    }

    fn select(&mut self, index: &'a Node, list: &'a Node) -> Result<Val, TooComplex> {
        let index = self.texts(index)?.first().and_then(|text| text.buf.trim().parse::<usize>().ok());
        let mut lists = Vec::new();
        let value = self.value(list)?;
        let unknown = lists_of(value, &mut lists);
        let picked: Vec<Val> = match index {
            Some(index) => lists.into_iter().filter_map(|list| list.into_iter().nth(index)).collect(),
            None => lists.into_iter().flatten().collect(),
        };
        if picked.is_empty() {
            return Ok(Val::Text(Text::hole(&format!("Select {}", unknown.as_deref().unwrap_or("?")))));
        }
        Ok(Val::Either(picked))
    }

    fn split(&mut self, delimiter: &'a Node, source: &'a Node) -> Result<Val, TooComplex> {
        let place = source.place;
        let delimiter = self.texts(delimiter)?.into_iter().next().unwrap_or_default().buf;
        let mut lists = Vec::new();
        for text in self.texts(source)? {
            self.charge(text.cost(), place)?;
            let pieces = if delimiter.is_empty() { 0 } else { text.buf.matches(&delimiter).count() };
            self.charge(pieces.saturating_mul(64 + 16 * text.marks.len()), place)?;
            let undecided = text.as_hole().is_some() || delimiter.is_empty();
            lists.push(if undecided {
                Val::Text(text)
            } else {
                Val::List(text.split(&delimiter).into_iter().map(Val::Text).collect())
            });
        }
        Ok(Val::Either(lists))
    }

    fn find_in_map(&mut self, map: &'a Node, first: &'a Node, second: &'a Node) -> Result<Val, TooComplex> {
        let (maps, firsts, seconds) = (self.keys(map)?, self.keys(first)?, self.keys(second)?);
        let root = self.root;
        let mappings = root.get("Mappings");
        let what = format!("FindInMap {}", map.text().unwrap_or("?"));
        let mut found = Vec::new();
        for map in &maps {
            for first in &firsts {
                for second in &seconds {
                    let entry = mappings.and_then(|all| all.get(map)?.get(first)?.get(second));
                    let Some(entry) = entry else { continue };
                    if found.len() >= MAX_ALTERNATIVES {
                        return Err(TooComplex { place: entry.place });
                    }
                    found.push(mark_values(self.value(entry)?, &what));
                }
            }
        }
        if found.is_empty() {
            return Ok(Val::Text(Text::hole(&what)));
        }
        Ok(Val::Either(found))
    }

    /// The decided strings of a mapping's key; a parameter's default is good enough for choosing.
    fn keys(&mut self, node: &'a Node) -> Result<Vec<String>, TooComplex> {
        let texts = self.texts(node)?;
        let keys: Vec<String> = texts.into_iter().filter(|text| !text.has_hole()).map(|text| text.buf).collect();
        if !keys.is_empty() {
            return Ok(keys);
        }
        let name = call(node).filter(|call| call.name == "Ref").and_then(|call| call.argument.text());
        let parameter =
            name.filter(|name| !self.env.parameters.contains_key(*name)).and_then(|name| self.parameter(name));
        let default = parameter.and_then(|parameter| parameter.get("Default")?.text());
        Ok(default.into_iter().map(str::to_owned).collect())
    }

    fn import_value(&mut self, call: Call<'a>) -> Result<Val, TooComplex> {
        let mut names = Vec::new();
        flatten(self.argument(call)?, &mut names);
        let imported = names.iter().map(|name| {
            let what = format!("ImportValue {}", name.as_written());
            let value = self.env.exports.get(&name.buf).filter(|_| !name.has_hole());
            value.map_or_else(|| Text::hole(&what), |value| Text::value(value, &what))
        });
        Ok(either(imported.collect()))
    }

    fn charge(&mut self, amount: usize, place: Place) -> Result<(), TooComplex> {
        self.work = self.work.saturating_add(amount);
        if self.work > MAX_WORK { Err(TooComplex { place }) } else { Ok(()) }
    }
}

/// A pseudo parameter's value or a hole.
fn pseudo(value: &str, what: &str) -> Text {
    if value.is_empty() { Text::hole(what) } else { Text::value(value, what) }
}

fn is_list_type(parameter: &Node) -> bool {
    let kind = parameter.get("Type").and_then(Node::text).unwrap_or_default();
    kind == "CommaDelimitedList" || kind.contains("List<")
}

fn either(mut texts: Vec<Text>) -> Val {
    match texts.len() {
        0 => Val::Nothing,
        1 => Val::Text(texts.remove(0)),
        _ => Val::Either(texts.into_iter().map(Val::Text).collect()),
    }
}

/// Marks every string of a mapping's entry as coming from there.
fn mark_values(value: Val, what: &str) -> Val {
    match value {
        Val::Text(mut text) => {
            text.mark(Kind::Value, what);
            Val::Text(text)
        }
        Val::List(items) => Val::List(items.into_iter().map(|item| mark_values(item, what)).collect()),
        Val::Either(items) => Val::Either(items.into_iter().map(|item| mark_values(item, what)).collect()),
        Val::Nothing => Val::Nothing,
    }
}

/// The strings a value may be; a list is none.
pub(super) fn flatten(value: Val, out: &mut Vec<Text>) {
    match value {
        Val::Text(text) => out.push(text),
        Val::Either(values) => {
            for value in values {
                flatten(value, out);
            }
        }
        Val::List(_) | Val::Nothing => {}
    }
}

/// The lists a value may be; returns the name of what was undecided instead.
pub(super) fn lists_of(value: Val, out: &mut Vec<Vec<Val>>) -> Option<String> {
    match value {
        Val::List(items) => {
            out.push(items);
            None
        }
        Val::Either(values) => {
            let mut unknown = None;
            for value in values {
                unknown = lists_of(value, out).or(unknown);
            }
            unknown
        }
        Val::Text(text) => text.as_hole().map(str::to_owned),
        Val::Nothing => None,
    }
}
