//! Values for the shell variables of steps, from facts alone. What the evidence lacks, and a step uses, a person is asked for.
//!
//! Nothing of an account gets into the text of a step: names stay in values, which the surfaces quote. A template for new
//! resources takes only values without any character that could mean something in YAML or HCL.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::Scope as _;
use crate::facts::{FieldSet, PoolView};
use crate::model::report::Subject;
use crate::model::{Fields, Observed, Value};
use crate::rules::Step;

use super::ahead::Ahead;

/// The variables that steps may use without naming them, with what they are.
const KNOWN: &[(&str, &str)] = &[
    ("ACCOUNT_ID", "the id of the account that has the pool"),
    ("CLIENT_ID", "the id of an app client of the pool"),
    ("CUSTOM_DOMAIN", "the pool's custom domain"),
    ("DNS_SUFFIX", "what host names of AWS services end in, such as amazonaws.com"),
    ("DOMAIN", "the pool's domain: the custom one, else the prefix"),
    ("HEALTH_CHECK_ID", "the id of the Route 53 health check that decides about the failover"),
    ("KEY_ARN", "the ARN of the pool's key in the primary Region"),
    ("KEY_ID", "the id of the pool's key, mrk-… for a multi-Region key"),
    ("NEW_ISSUER", "the multi-Region issuer"),
    ("OLD_ISSUER", "the Regional issuer"),
    ("PARTITION", "the partition, such as aws"),
    ("POOL_ARN_PRIMARY", "the pool's ARN in the primary Region"),
    ("POOL_ARN_SECONDARY", "the pool's ARN in the replica Region: the same id, the other Region"),
    ("POOL_ID", "the pool's id, the same in both Regions"),
    ("POOL_NAME", "the pool's name"),
    ("PREFIX_DOMAIN", "the prefix of the pool's domain"),
    ("PRIMARY_REGION", "the pool's primary Region"),
    ("SECONDARY_REGION", "the replica Region"),
];

/// The fields that the variables of the pool come from, where a step may change them.
const FROM: &[(&str, &str)] = &[
    ("key.arn", "KEY_ARN"),
    ("key.id", "KEY_ID"),
    ("pool.custom_domain", "CUSTOM_DOMAIN"),
    ("pool.custom_domain", "DOMAIN"),
    ("pool.prefix_domain", "DOMAIN"),
    ("pool.prefix_domain", "PREFIX_DOMAIN"),
    ("health_check.ids", "HEALTH_CHECK_ID"),
    ("target.region", "SECONDARY_REGION"),
    ("target.region", "POOL_ARN_SECONDARY"),
];

/// The values of one step.
#[derive(Debug, Clone, Default)]
pub(super) struct StepValues {
    /// Known, of this step alone.
    pub(super) values: BTreeMap<String, String>,
    /// Asked for, and what they are.
    pub(super) inputs: BTreeMap<String, String>,
}

/// The values that every step of the pool may use.
pub(super) fn of_pool(pool: &PoolView<'_>) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.insert(name.to_owned(), value);
        }
    };
    let field = |name: &str| pool.field(name).and_then(|fact| text(&fact.value));
    set("ACCOUNT_ID", Some(pool.key.account.clone()));
    set("PARTITION", Some(pool.partition().to_owned()));
    set("DNS_SUFFIX", Some(pool.dns_suffix().to_owned()));
    set("POOL_ID", Some(pool.key.id.clone()));
    set("POOL_NAME", field("pool.name"));
    set("PRIMARY_REGION", Some(pool.region.clone()));
    set("POOL_ARN_PRIMARY", Some(pool.arn(&pool.region)));
    let secondary = pool.target_region().known().cloned();
    set("POOL_ARN_SECONDARY", secondary.as_deref().map(|region| pool.arn(region)));
    set("SECONDARY_REGION", secondary);
    set("OLD_ISSUER", field("pool.old_issuer_url"));
    set("NEW_ISSUER", field("pool.new_issuer_url"));
    if field("key.type").as_deref() == Some("CUSTOMER_MANAGED_KEY") {
        set("KEY_ID", field("key.id"));
        set("KEY_ARN", field("key.arn"));
    }
    let (custom, prefix) = (field("pool.custom_domain"), field("pool.prefix_domain"));
    set("DOMAIN", custom.clone().or_else(|| prefix.clone()));
    set("CUSTOM_DOMAIN", custom);
    set("PREFIX_DOMAIN", prefix);
    set("HEALTH_CHECK_ID", pool.field("health_check.ids").and_then(|fact| first(&fact.value)));
    let clients = pool.ask("cognito-idp:ListUserPoolClients", &pool.region, &[&pool.key.id]);
    set("CLIENT_ID", clients.named("ClientId").items.first().map(|(id, _)| (*id).to_owned()));
    values
}

/// The values of a step, given those of its pool at its place in the order, and the fields that steps before it change: what
/// the evidence says of them will not hold any more.
pub(super) fn of_step(
    step: &Step,
    subject: Option<&Subject>,
    ahead: &Ahead<'_>,
    pool: &BTreeMap<String, String>,
    changed: &BTreeSet<String>,
) -> StepValues {
    let mut found = StepValues::default();
    if let Some(subject) = subject {
        let known = [
            ("SUBJECT_ID", Some(&subject.id)),
            ("SUBJECT_NAME", subject.name.as_ref()),
            ("SUBJECT_ARN", subject.arn.as_ref()),
            ("SUBJECT_REGION", subject.region.as_ref()),
        ];
        for (name, value) in known {
            found.values.extend(value.map(|value| (name.to_owned(), value.clone())));
        }
    }
    for (name, template) in &step.values {
        match fill(template, subject, ahead, changed) {
            Ok(value) => drop(found.values.insert(name.clone(), value)),
            Err(lacking) => drop(found.inputs.insert(name.clone(), lacking)),
        }
    }
    for input in &step.inputs {
        found.inputs.insert(input.name.clone(), input.what.clone());
    }
    let (used, assigned) = (used(step), assigned(step));
    let of_subject = [
        ("SUBJECT_NAME", "the name of what this step is done to"),
        ("SUBJECT_ARN", "the ARN of what this step is done to"),
        ("SUBJECT_REGION", "the Region of what this step is done to"),
    ];
    for (name, what) in KNOWN.iter().chain(&of_subject) {
        if used.contains(*name) && !assigned.contains(*name) {
            found.inputs.entry((*name).to_owned()).or_insert_with(|| (*what).to_owned());
        }
    }
    found.inputs.retain(|name, _| !found.values.contains_key(name) && !pool.contains_key(name));
    found
}

/// The variables that a step replaces: what the evidence says of them does not hold any more. It remembers the new value
/// for the steps after it, or its effects say that the field behind it changes.
pub(super) fn replaced(step: &Step) -> BTreeSet<&str> {
    let texts = step.sh.iter().flat_map(|sh| [Some(&sh.run), sh.check.as_ref()]).flatten();
    let calls = texts.flat_map(|text| text.split("remember ").skip(1));
    let remembered = calls.map(|rest| variable(rest.trim_start())).filter(|name| !name.is_empty());
    let changed = FROM.iter().filter(|(field, _)| step.effects.contains_key(*field)).map(|(_, name)| *name);
    remembered.chain(changed).collect()
}

/// Fills `${VARIABLE}` in a template for new resources. What is not known, or has a character that could end a string,
/// stays as it is: the surface makes a parameter of it. `$${x}` stays too, it is no variable.
pub(super) fn fill_template(text: &str, values: &[&BTreeMap<String, String>]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let name = variable(&from[2..]);
        let value = values.iter().find_map(|values| values.get(name)).filter(|value| is_plain(value));
        let is_variable = !before.ends_with('$') && from[2 + name.len()..].starts_with('}');
        if let Some(value) = value.filter(|_| is_variable) {
            filled.push_str(value);
            rest = &from[2 + name.len() + 1..];
        } else {
            filled.push_str("${");
            rest = &from[2..];
        }
    }
    filled.push_str(rest);
    filled
}

/// Whether it means nothing but itself in YAML, HCL and JSON strings.
fn is_plain(value: &str) -> bool {
    value.starts_with(|first: char| first.is_ascii_alphanumeric())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
        || value.starts_with("arn:")
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte))
        || value.starts_with("https://")
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte))
}

/// The known part of a text with `{field}` and `{subject.N}`, or in words what is not known.
fn fill(
    template: &str,
    subject: Option<&Subject>,
    ahead: &Ahead<'_>,
    changed: &BTreeSet<String>,
) -> Result<String, String> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let name = from[1..].split('}').next().unwrap_or_default();
        let is_name = from.get(1 + name.len()..).is_some_and(|end| end.starts_with('}'))
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte));
        if !is_name {
            filled.push('{');
            rest = &from[1..];
            continue;
        }
        let value = match name.strip_prefix("subject.").and_then(|place| place.parse::<usize>().ok()) {
            Some(place) => subject.and_then(|subject| subject.id.split(['/', '#']).nth(place).map(str::to_owned)),
            None => text(&ahead.fact(name).0.value).filter(|_| !changed.contains(name)),
        };
        filled.push_str(&value.ok_or_else(|| lacking(name, ahead))?);
        rest = &from[1 + name.len() + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

fn lacking(field: &str, ahead: &Ahead<'_>) -> String {
    let kind = ahead.child.map_or(crate::model::SubjectKind::Pool, |child| child.subject.kind);
    match FieldSet.field(kind, field) {
        Some(spec) => spec.doc.trim_end_matches('.').to_owned(),
        None => format!("part of the id that the evidence does not show: {field}"),
    }
}

/// A value as text; a list has an item a line.
fn text(value: &Observed<Value>) -> Option<String> {
    match value {
        Observed::Known(Value::Text(text)) => Some(text.clone()),
        Observed::Known(value @ (Value::Bool(_) | Value::Int(_) | Value::Time(_))) => Some(value.to_string()),
        Observed::Known(Value::List(list)) if list.incomplete.is_none() => {
            let items: Vec<String> = list.items.iter().map(ToString::to_string).collect();
            Some(items.join("\n"))
        }
        Observed::Known(Value::List(_) | Value::Record(_)) | Observed::Absent | Observed::Unknown(_) => None,
    }
}

fn first(value: &Observed<Value>) -> Option<String> {
    match value {
        Observed::Known(Value::List(list)) => list.items.first().map(ToString::to_string),
        Observed::Known(_) | Observed::Absent | Observed::Unknown(_) => None,
    }
}

/// The variables that a step's text uses.
fn used(step: &Step) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let shell = step.sh.iter().flat_map(|sh| [sh.require.as_ref(), Some(&sh.run), sh.check.as_ref(), sh.undo.as_ref()]);
    for text in shell.flatten() {
        names.extend(text.split('$').skip(1).map(|rest| variable(rest.strip_prefix('{').unwrap_or(rest))));
    }
    for text in step.cloudformation.iter().chain(&step.terraform) {
        names.extend(text.split("${").skip(1).map(variable));
    }
    names.remove("");
    names
}

/// The variables that a step's shell text sets itself.
fn assigned(step: &Step) -> BTreeSet<&str> {
    let shell = step.sh.iter().flat_map(|sh| [sh.require.as_deref(), Some(&*sh.run)]);
    let words = shell.flatten().flat_map(str::split_whitespace);
    words.filter_map(|word| word.split_once('=').map(|(name, _)| name)).filter(|name| variable(name) == *name).collect()
}

/// The name of a shell variable in capitals at the beginning of a text; empty if there is none.
fn variable(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).unwrap_or(text.len());
    let name = &text[..end];
    if name.starts_with(|first: char| first.is_ascii_uppercase()) { name } else { "" }
}
