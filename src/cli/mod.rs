//! The shell: the only reader of the environment, the working directory, the clock, the terminal and the disk.
//!
//! One file per command. Commands return an exit code; what went wrong is said here, once, on standard error.

#![allow(clippy::disallowed_methods, reason = "the shell is where environment, clock and disk are allowed")]

mod accounts;
mod args;
mod audit;
mod baseline;
mod collect;
mod config;
mod diff;
mod doctor;
mod evidence;
mod explain;
mod files;
mod fleet;
mod frames;
mod git;
mod iam_policy;
mod import;
mod journal;
mod judging;
mod manual;
mod merge;
mod outputs;
mod owners;
mod plan;
mod progress;
mod rules;
mod scan;
mod schema;
mod sections;
mod shard;
mod tables;
mod ui;
mod waivers;

use std::process::ExitCode;

use clap::Parser;

use crate::collect::CollectError;

use args::{Cli, Command};

/// The exit codes of the contract.
mod exit {
    /// All good.
    pub(super) const GOOD: u8 = 0;
    /// The answer is no.
    pub(super) const NO: u8 = 1;
    /// The job could not be done.
    pub(super) const FAILED: u8 = 2;
    /// Cannot tell, or partial.
    pub(super) const UNCLEAR: u8 = 3;
    /// Ctrl-C.
    pub(super) const INTERRUPTED: u8 = 130;
    /// SIGTERM.
    pub(super) const TERMINATED: u8 = 143;
}

/// Ctrl-C or SIGTERM during a collection: not a failure to be explained.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
struct Interrupted {
    code: u8,
}

impl Interrupted {
    /// What ended a collection, where it was a signal.
    fn of(error: CollectError) -> anyhow::Error {
        if matches!(error, CollectError::Interrupted) {
            Self { code: exit::INTERRUPTED }.into()
        } else if matches!(error, CollectError::Terminated) {
            Self { code: exit::TERMINATED }.into()
        } else {
            error.into()
        }
    }
}

/// Runs the program on the process's own arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output and are no error; a closed pipe is none either.
            let code = u8::try_from(error.exit_code()).unwrap_or(exit::FAILED);
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let result = match cli.command {
        Command::Audit(args) => audit::run(*args),
        Command::Collect(args) => collect::run(*args),
        Command::Import(args) => import::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Scan(args) => scan::run(&args),
        Command::Plan(args) => plan::run(*args),
        Command::Diff(args) => diff::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Waivers(args) => waivers::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::IamPolicy(args) => iam_policy::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) if ui::is_closed_pipe(&error) => ExitCode::from(exit::GOOD),
        Err(error) => {
            ui::say(&format!("{error:#}"));
            ExitCode::from(error.downcast_ref::<Interrupted>().map_or(exit::FAILED, |by| by.code))
        }
    }
}

/// The definition of the command line, for the generated documentation.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}
