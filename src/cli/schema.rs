//! `mrready schema`: JSON Schemas, generated from the types and the fields.
//!
//! Those of documents are embedded as `docs/schema` has them, and a test holds them to the types: what makes a schema of a type
//! need not be in every program. Those of rules and steps are made here, because they are long and we make them ourselves.

use std::io::Write;

use anyhow::Result;

use crate::facts::FieldSet;
use crate::rules::{config_schema, decisions_schema, rule_schema, step_schema};

use super::args::{SchemaArgs, SchemaName};
use super::exit;

/// Runs the command.
pub(super) fn run(args: &SchemaArgs) -> Result<u8> {
    let embedded = match args.name {
        SchemaName::Snapshot => include_str!("../../docs/schema/snapshot.json"),
        SchemaName::Report => include_str!("../../docs/schema/report.json"),
        SchemaName::Scan => include_str!("../../docs/schema/scan.json"),
        SchemaName::Plan => include_str!("../../docs/schema/plan.json"),
        SchemaName::Verification => include_str!("../../docs/schema/verification.json"),
        SchemaName::Diff => include_str!("../../docs/schema/diff.json"),
        SchemaName::Rule => &line(&rule_schema(&FieldSet)),
        SchemaName::Waivers => &line(&decisions_schema()),
        SchemaName::Config => &line(&config_schema()),
        SchemaName::Step => &line(&step_schema(&FieldSet)),
    };
    std::io::stdout().lock().write_all(embedded.as_bytes())?;
    Ok(exit::GOOD)
}

fn line(schema: &serde_json::Value) -> String {
    format!("{schema:#}\n")
}
