//! `template.*`: issuer references that were found in CloudFormation templates, stack outputs and exports.
//!
//! The text was judged when it was collected and is gone; what is left is the place and the matched span.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Cause, Fact, FieldType, Listed, Source, Subject, SubjectKind, Value};
use crate::snapshot::Hit;

use super::pool::word;
use super::{Child, ChildField, Children, PoolView, TEXT, child_field, reference};

const STACKS: &str = "cloudformation:ListStacks";
const DESCRIBE: &str = "cloudformation:DescribeStacks";
const RESOURCES: &str = "cloudformation:ListStackResources";
const TEMPLATE: &str = "cloudformation:GetTemplate";
const EXPORTS: &str = "cloudformation:ListExports";
const KIND: SubjectKind = SubjectKind::Template;
pub(super) const CALLS: &[&str] = &[STACKS, DESCRIBE, RESOURCES, TEMPLATE, EXPORTS];

/// The fields.
pub(super) const FIELDS: &[ChildField] = &[
    child_field(
        KIND,
        "template.accepts_new",
        FieldType::Bool,
        CALLS,
        "Whether the place accepts the multi-Region issuer too, or names it alone.",
    ),
    child_field(KIND, "template.class", TEXT, CALLS, "The class of reference."),
    child_field(
        KIND,
        "template.confidence",
        FieldType::Word(&["definite", "likely", "review"]),
        CALLS,
        "How sure it is that this is an issuer reference.",
    ),
    child_field(KIND, "template.line", FieldType::Int, CALLS, "The line, where AWS gives text."),
    child_field(KIND, "template.path", TEXT, CALLS, "Logical id and property path."),
    child_field(KIND, "template.place", TEXT, CALLS, "Line and column, or a JSON pointer where AWS gives no text."),
    child_field(
        KIND,
        "template.severity",
        FieldType::Word(&["error", "warning", "info"]),
        CALLS,
        "What it does at the switch.",
    ),
    child_field(KIND, "template.stack", TEXT, CALLS, "The stack, or the export."),
    child_field(KIND, "template.text", TEXT, CALLS, "The matched span."),
];

pub(super) fn of(view: &PoolView<'_>) -> Children {
    let (searched, incomplete) = search(view);
    let ours = view.snapshot.hits().filter(|hit| {
        is_template(hit) && hit.account == view.key.account && hit.pool_id.as_deref() == Some(view.key.id.as_str())
    });
    let items = children(ours, |hit| stack_arn(view, hit));
    Children { found: Listed { items, incomplete }, searched }
}

/// Hits as subjects. Several of one kind in one value have one place: they are told apart by number.
pub(super) fn children<'h>(hits: impl Iterator<Item = &'h Hit>, arn: impl Fn(&Hit) -> Option<String>) -> Vec<Child> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    hits.map(|hit| {
        let mut child = child(hit);
        child.subject.arn = child.subject.arn.or_else(|| arn(hit));
        let number = seen.entry(child.subject.id.clone()).and_modify(|number| *number += 1).or_insert(1);
        if *number > 1 {
            child.subject.id = format!("{}~{number}", child.subject.id);
        }
        child
    })
    .collect()
}

fn is_template(hit: &Hit) -> bool {
    hit.service == reference::CLOUDFORMATION
}

/// Whether a hit in an account's templates names a pool that cannot be resolved.
pub(super) fn is_unresolved(hit: &Hit, account: &str) -> bool {
    is_template(hit) && hit.account == account && hit.pool_id.is_none()
}

/// References in the account, or in source trees, that name a pool which cannot be resolved.
pub(super) fn unresolved(view: &PoolView<'_>) -> Fact {
    let hits = view.snapshot.hits().filter(|hit| is_unresolved(hit, &view.key.account));
    let templates = hits.map(|hit| format!("{} {}", hit.container, place(hit)));
    let items = templates.chain(reference::unresolved_places(view)).collect();
    everywhere(view, items)
}

/// What this version would look for in another way: it was searched by another one.
pub(super) fn of_other_version(view: &PoolView<'_>) -> Fact {
    everywhere(view, reference::of_other_version(view))
}

/// A list over templates and everything else that is searched for references.
fn everywhere(view: &PoolView<'_>, items: Vec<String>) -> Fact {
    let (_, incomplete) = search(view);
    let incomplete = incomplete.or_else(|| reference::problem(view));
    Fact::known(Listed { items, incomplete }, sources(view))
}

/// How many they are, where every place was searched.
pub(super) fn unresolved_count(view: &PoolView<'_>) -> Fact {
    let (_, incomplete) = search(view);
    let templates = view.snapshot.hits().filter(|hit| is_unresolved(hit, &view.key.account)).count();
    let count = templates + reference::unresolved_count(view);
    match incomplete.or_else(|| reference::problem(view)) {
        Some(cause) => Fact::unknown(cause, sources(view)),
        None => Fact::known(i64::try_from(count).unwrap_or(i64::MAX), sources(view)),
    }
}

/// Where references were looked for.
fn sources(view: &PoolView<'_>) -> Vec<Source> {
    let (regions, _) = view.consumer_regions("cloudformation");
    let places = [
        (STACKS, "/StackSummaries"),
        (DESCRIBE, "/Stacks"),
        (RESOURCES, "/StackResourceSummaries"),
        (TEMPLATE, "/TemplateBody"),
        (EXPORTS, "/Exports"),
    ];
    let calls = regions.iter().flat_map(|region| places.map(|(call, pointer)| view.source(call, region, pointer)));
    calls.chain(reference::searched(view)).collect()
}

/// What was searched, and why it was not whole: any call that did not answer may hide a reference.
fn search(view: &PoolView<'_>) -> (Vec<String>, Option<Cause>) {
    let (regions, missing) = view.consumer_regions("cloudformation");
    let unread = || view.consumers.stacks.get(&view.key.account, &regions, || unread(view, &regions));
    let incomplete = missing.or_else(unread);
    let place = |region| format!("CloudFormation stacks, outputs and exports in {region}");
    (view.searched_texts(|| regions.iter().map(place).collect()), incomplete)
}

/// Why not everything was read in these Regions.
fn unread(view: &PoolView<'_>, regions: &BTreeSet<String>) -> Option<Cause> {
    let mut incomplete = None;
    for region in regions {
        for call in [DESCRIBE, EXPORTS] {
            incomplete = incomplete.or_else(|| view.ask(call, region, &[]).list().incomplete);
        }
        let stacks = view.ask(STACKS, region, &[]).list();
        incomplete = incomplete.or(stacks.incomplete);
        for stack in stacks.items {
            let id = word(stack, "StackId");
            let template = view.ask(TEMPLATE, region, &[&id]);
            let name = word(stack, "StackName");
            incomplete = incomplete.or_else(|| template.problem().map(|cause| of_stack(cause.clone(), &name)));
            let resources = || view.ask(RESOURCES, region, &[&id]).list().incomplete;
            incomplete = incomplete.or_else(|| resources().map(|cause| of_stack(cause, &name)));
        }
    }
    incomplete
}

/// A failure names its stack: one of many has to be found again.
fn of_stack(cause: Cause, stack: &str) -> Cause {
    if let Cause::Failed { call, region, code } = cause {
        return Cause::Failed { call, region, code: format!("{code}, stack {stack}") };
    }
    cause
}

/// The ARN of the stack whose output or export holds a reference. A template's is in the question.
fn stack_arn(view: &PoolView<'_>, hit: &Hit) -> Option<String> {
    let (call, name, id, wanted) = match hit.operation.as_str() {
        "DescribeStacks" => (STACKS, "StackName", "StackId", hit.container.as_str()),
        "ListExports" => (EXPORTS, "Name", "ExportingStackId", hit.container.strip_prefix("export ")?),
        _ => return None,
    };
    let listed = view.ask(call, &hit.region, &[]).list().items.into_iter();
    listed.filter(|item| word(item, name) == wanted).map(|item| word(item, id)).find(|arn| !arn.is_empty())
}

/// `LogicalId.Properties.X`, as the template writes it.
fn place(hit: &Hit) -> String {
    match &hit.logical_id {
        Some(id) if !hit.path.is_empty() => format!("{id}.{}", hit.path),
        Some(id) => id.clone(),
        None => hit.path.clone(),
    }
}

/// Where to look: the line if AWS gave text.
fn position(hit: &Hit) -> String {
    match (hit.line, hit.column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}"),
        (Some(line), None) => format!("line {line}"),
        (None, _) => hit.pointer.clone(),
    }
}

fn child(hit: &Hit) -> Child {
    let source = Source::Place {
        file: format!("{} in {}", hit.container, hit.region),
        line: hit.line,
        column: hit.column,
        path: hit.pointer.clone(),
    };
    let known = |value: Value| Fact::known(value, vec![source.clone()]);
    let mut fields = BTreeMap::from([
        ("template.accepts_new", known(hit.accepts_new.into())),
        ("template.class", known(hit.class.as_str().into())),
        ("template.confidence", known(hit.confidence.as_str().into())),
        ("template.path", known(place(hit).into())),
        ("template.place", known(position(hit).into())),
        ("template.severity", known(hit.severity.as_str().into())),
        ("template.stack", known(hit.container.as_str().into())),
        ("template.text", known(hit.text.as_str().into())),
    ]);
    let line = match hit.line {
        Some(line) => known(i64::from(line).into()),
        None => Fact::absent(vec![source.clone()]),
    };
    fields.insert("template.line", line);
    let pool = hit.pool_id.as_deref().unwrap_or("unresolved");
    // A template's pointer stays from run to run; that into a list of stacks or exports does not.
    let within = if hit.operation == "GetTemplate" { hit.pointer.clone() } else { format!("/{}", place(hit)) };
    let id = format!("cloudformation/{}/{}{within}:{}#{pool}", hit.region, hit.container, hit.class);
    let arn = hit.parameters.get("StackName").and_then(|id| id.as_str()).map(str::to_owned);
    let subject = Subject {
        kind: KIND,
        id,
        name: Some(format!("{} {}", hit.container, place(hit))),
        arn,
        region: Some(hit.region.clone()),
        account: hit.account.clone(),
        pool_id: hit.pool_id.clone(),
    };
    Child { subject, fields }
}
