//! Rules: what a rule file may say, and the checked form that is judged.
//!
//! A rule is data. It never executes, never loops without bound and never reads anything but fields. What a file may
//! say is checked by `load` against the fields that exist, with every problem of a folder reported at once; `audit`
//! judges the result. Nothing here evaluates.

mod catalog;
mod condition;
mod config;
mod decisions;
mod embedded;
mod glob;
mod inline;
mod load;
mod problem;
mod rule;
mod say;
mod scaffold;
mod schema;
mod scope;
mod step;
#[cfg(test)]
mod tests;
mod tree;

/// Where something stands in a file, for messages about decisions.
pub use crate::yaml::Place;
pub use catalog::Catalog;
pub use config::{
    Config, PoolEntry, PoolName, PoolScope, PoolSettings, duration, is_account_pattern, is_region, parse_config,
};
pub use decisions::{
    Attestation, Decision, DecisionKind, PLACEHOLDER, Places, parse_decisions, subject_path, takes_cutover,
};
pub use embedded::{Embedded, embedded_data};
pub use glob::Glob;
pub use load::{LoadContext, load_rule};
pub use problem::{Problem, Problems};
pub use rule::{AwsPointer, Check, FieldRef, Given, Literal, Op, Options, Piece, Rule, RuleTest, Say};
pub use scaffold::{is_rule_id, new_rule};
pub use schema::{config_schema, decisions_schema, rule_schema, step_schema};
pub use step::{Input, Step, load_step};
