//! `mrready iam-policy`: the least policy the tool needs, from the operation table and the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::Result;

use crate::audit::needs;
use crate::facts::FieldSet;
use crate::render::iam_policy::{ActionRow, Whose, write_cloudformation, write_json, write_markdown, write_terraform};
use crate::rules::Catalog;
use crate::snapshot::operations::{OF_THE_CALLER, OPERATIONS, Operation};

use super::args::{IamPolicyArgs, PolicyFormat};
use super::exit;

/// Runs the command.
pub(super) fn run(args: &IamPolicyArgs) -> Result<u8> {
    let mut out = Vec::new();
    let (rows, whose) = if args.caller {
        (rows(OF_THE_CALLER.iter())?, Whose::Caller)
    } else {
        (rows(OPERATIONS.iter())?, Whose::Role)
    };
    match args.format {
        PolicyFormat::Json => write_json(&rows, &mut out)?,
        PolicyFormat::Markdown => write_markdown(&rows, whose, &mut out)?,
        PolicyFormat::Cloudformation => write_cloudformation(&rows, whose, &mut out)?,
        PolicyFormat::Terraform => write_terraform(&rows, whose, &mut out)?,
    }
    std::io::stdout().lock().write_all(&out)?;
    Ok(exit::GOOD)
}

/// One row an action, sorted.
fn rows<'o>(of: impl Iterator<Item = &'o Operation>) -> Result<Vec<ActionRow>> {
    let catalog = Catalog::builtin(&FieldSet)?;
    let mut operations: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in of {
        for action in operation.iam {
            operations.entry(action).or_default().push(operation);
        }
    }
    let rows = operations.into_iter().map(|(action, operations)| {
        let of = |part: fn(&Operation) -> Vec<String>| -> Vec<String> {
            operations.iter().flat_map(|operation| part(operation)).collect::<BTreeSet<_>>().into_iter().collect()
        };
        let rules = needs::rules_needing(action, &catalog);
        ActionRow {
            action: action.to_owned(),
            resources: of(|operation| operation.resources.iter().map(|resource| (*resource).to_owned()).collect()),
            calls: of(|operation| vec![operation.call()]),
            rules: rules.iter().map(|rule| rule.id.clone()).collect(),
            kept: of(|operation| operation.keep.iter().map(|pattern| (*pattern).to_owned()).collect()),
            secrets: of(
                |operation| {
                    if operation.secrets.is_empty() { Vec::new() } else { vec![operation.secrets.to_owned()] }
                },
            ),
        }
    });
    Ok(rows.collect())
}
