//! `pool.owner_stack`: the CloudFormation stack that owns the pool.
//!
//! A stack has the resources of its own Region, so only those of the pool's primary Region are looked through. Terraform
//! leaves nothing in AWS that says so.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value as Json;

use crate::model::{Absence, Cause, Fact};

use super::super::pool::word;
use super::super::{Field, PoolView, TEXT, field};

const STACKS: &str = "cloudformation:ListStacks";
const RESOURCES: &str = "cloudformation:ListStackResources";

/// The fields.
pub(in crate::facts) const FIELDS: &[Field] = &[field(
    "pool.owner_stack",
    TEXT,
    Absence::None,
    &[STACKS, RESOURCES],
    "The CloudFormation stack in the primary Region that has the pool among its resources.",
    owner,
)];

/// The owned pools of a Region by id, each with its stack, and why there may be more.
#[derive(Debug, Default)]
pub(super) struct Owners {
    stacks: BTreeMap<String, String>,
    incomplete: Option<Cause>,
}

fn owner(view: &PoolView<'_>) -> Fact {
    let sources = vec![
        view.source(STACKS, &view.region, "/StackSummaries"),
        view.source(RESOURCES, &view.region, "/StackResourceSummaries"),
    ];
    if !view.searched("cloudformation").contains(&view.region) {
        let what = format!("cloudformation in {}", view.region);
        return Fact::unknown(Cause::NotSearched { what }, sources);
    }
    let owners = owners(view);
    match (owners.stacks.get(&view.key.id), &owners.incomplete) {
        (Some(stack), _) => Fact::known(stack.as_str(), sources),
        (None, Some(cause)) => Fact::unknown(cause.clone(), sources),
        (None, None) => Fact::absent(sources),
    }
}

/// Read once per account and Region.
fn owners(view: &PoolView<'_>) -> Rc<Owners> {
    let key = (view.key.account.clone(), view.region.clone());
    if let Some(owners) = view.consumers.bound.owners.borrow().get(&key) {
        return Rc::clone(owners);
    }
    let mut owners = Owners::default();
    let stacks = view.ask(STACKS, &view.region, &[]).named("StackId");
    owners.incomplete = stacks.incomplete;
    for (id, stack) in stacks.items {
        let resources = view.ask(RESOURCES, &view.region, &[id]).list();
        owners.incomplete = owners.incomplete.take().or(resources.incomplete);
        for resource in resources.items {
            match (resource.get("ResourceType").and_then(Json::as_str), resource.get("PhysicalResourceId")) {
                (Some("AWS::Cognito::UserPool"), Some(Json::String(pool))) => {
                    owners.stacks.insert(pool.clone(), word(stack, "StackName"));
                }
                // One whose creation failed has no id.
                (Some(_), _) => {}
                (None, _) => {
                    let member = format!("{RESOURCES} /StackResourceSummaries/*/ResourceType");
                    owners.incomplete.get_or_insert(Cause::NoMeaning { member });
                }
            }
        }
    }
    let owners = Rc::new(owners);
    view.consumers.bound.owners.borrow_mut().insert(key, Rc::clone(&owners));
    owners
}
