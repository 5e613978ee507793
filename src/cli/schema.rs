//! `mrready schema`: JSON Schemas, generated from the types and the fields.

use std::io::Write;

use anyhow::Result;

use crate::facts::FieldSet;
use crate::model::diff::diff_schema;
use crate::model::plan::{plan_schema, verification_schema};
use crate::model::reference::scan_schema;
use crate::model::report::report_schema;
use crate::rules::{config_schema, decisions_schema, rule_schema, step_schema};
use crate::snapshot::snapshot_schema;

use super::args::{SchemaArgs, SchemaName};
use super::exit;

/// Runs the command.
pub(super) fn run(args: &SchemaArgs) -> Result<u8> {
    let schema = match args.name {
        SchemaName::Snapshot => snapshot_schema(),
        SchemaName::Report => report_schema(),
        SchemaName::Rule => rule_schema(&FieldSet),
        SchemaName::Waivers => decisions_schema(),
        SchemaName::Config => config_schema(),
        SchemaName::Scan => scan_schema(),
        SchemaName::Plan => plan_schema(),
        SchemaName::Step => step_schema(&FieldSet),
        SchemaName::Verification => verification_schema(),
        SchemaName::Diff => diff_schema(),
    };
    writeln!(std::io::stdout().lock(), "{schema:#}")?;
    Ok(exit::GOOD)
}
