//! The integration tests, all in one binary. What one module can prove alone is tested beside its code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests: what cannot be is a failure, they read files, and their names say what they are"
)]
#![allow(
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "tests: answers are made where they are handed over, and a table of cases is as long as the catalogue"
)]

mod architecture;
mod areas;
mod baseline;
mod builder;
mod cli;
mod closure;
mod commands;
mod compatibility;
mod config;
mod decisions;
mod diff;
mod explain;
mod fleet;
mod generated;
mod html;
mod integrations;
mod lines;
#[cfg(feature = "live")]
mod live;
mod order;
mod pinned;
mod plan;
#[cfg(unix)]
mod plan_iac;
mod plan_property;
#[cfg(unix)]
mod plan_shell;
mod plan_verifiers;
mod plan_waves;
mod policies;
#[cfg(unix)]
mod print_commands;
mod readme;
mod records;
#[cfg(feature = "live")]
mod replay;
mod sarif;
mod scan;
mod scan_walk;
#[cfg(feature = "live")]
mod schemas;
mod snapshots;
mod stream;
#[cfg(feature = "live")]
mod tools;
mod tree_labels;
mod trees;
