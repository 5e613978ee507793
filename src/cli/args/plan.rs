//! The command line of `mrready plan` and `mrready plan verify`: names, values and help.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ConfigArgs, LiveArgs, RulingArgs, ScopeArgs, TargetIssuerArg};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct PlanArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: Option<PlanCommand>,
    /// Snapshots: files, folders, or `-` for standard input
    #[arg(value_name = "SNAPSHOT")]
    pub(in crate::cli) snapshots: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) scope: ScopeArgs,
    /// Keep what a live run collected
    #[arg(long, value_name = "FILE", help_heading = "Scope (live)")]
    pub(in crate::cli) save_snapshot: Option<PathBuf>,
    /// Go on with a collection that was interrupted: only what its journal does not hold is asked. Give the same options
    #[arg(long, value_name = "FILE.partial", requires = "save_snapshot", help_heading = "Scope (live)")]
    pub(in crate::cli) resume: Option<PathBuf>,
    /// Search this source tree for what pins the issuer, and plan for it too (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) scan: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Where you are heading with the issuer [default: updated]
    #[arg(long, value_enum, env = "MRREADY_TARGET_ISSUER", help_heading = "Judging")]
    pub(in crate::cli) target_issuer: Option<TargetIssuerArg>,
    #[command(flatten)]
    pub(in crate::cli) rulings: RulingArgs,
    /// Plan the way back to one Region
    #[arg(long, conflicts_with = "fail_back", help_heading = "Plan")]
    pub(in crate::cli) reverse: bool,
    /// Plan the way of the traffic back to the primary Region after an outage; the replica stays
    #[arg(long, help_heading = "Plan")]
    pub(in crate::cli) fail_back: bool,
    /// For a change request, for a shell, for a program, for infrastructure as code (new resources only)
    #[arg(long, value_enum, default_value_t = PlanFormat::Markdown, help_heading = "Output")]
    pub(in crate::cli) format: PlanFormat,
    /// Write the plan to a file instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Write everything there: a folder per pool with plan.json, plan.md, plan.svg, scripts and templates
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "format"], help_heading = "Output")]
    pub(in crate::cli) output_dir: Option<PathBuf>,
    /// Write into a folder that holds other things, and over files that are not the plan of the same pool
    #[arg(long, requires = "output_dir", help_heading = "Output")]
    pub(in crate::cli) force: bool,
    /// Let the exit code say what `audit` says of the counted gates
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) detailed_exitcode: bool,
    /// Name every call of a live run on standard error
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PlanCommand {
    /// Say of each step of a plan whether it is done, next, waiting, undone, unclear, or for a person to tell
    ///
    /// PLAN is a plan.json. With --live the pools of the plan are asked; what they do not answer any more is taken from
    /// the SNAPSHOTs given beside it, with its age.
    ///
    /// Exit code: 0 every step is done; 1 one that was done is undone, or a gate that was passed is blocked again; 2 the
    /// job could not be done; 3 neither, but not everything is done. With --wait or --wait-step only the awaited step
    /// counts for 0 and 3.
    Verify(Box<PlanVerifyArgs>),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PlanVerifyArgs {
    /// The plan, as `mrready plan --format json` writes it
    #[arg(value_name = "PLAN")]
    pub(in crate::cli) plan: PathBuf,
    /// Snapshots: files, folders, or `-` for standard input
    #[arg(value_name = "SNAPSHOT")]
    pub(in crate::cli) snapshots: Vec<PathBuf>,
    /// Ask the live account about the pools of the plan
    #[arg(long, help_heading = "Scope (live)")]
    pub(in crate::cli) live: bool,
    #[command(flatten)]
    pub(in crate::cli) scope: LiveArgs,
    /// Keep what the live run collected, or the last of them with --wait
    #[arg(long, value_name = "FILE", requires = "live", help_heading = "Scope (live)")]
    pub(in crate::cli) save_snapshot: Option<PathBuf>,
    /// Ask again until the next step counts as done, at most this long, such as `30m`
    #[arg(long, value_name = "DURATION", requires = "live", help_heading = "Scope (live)")]
    pub(in crate::cli) wait: Option<String>,
    /// The step to wait for instead of the next one; with one pool its id, else `POOL_ID/STEP`; 30 minutes without --wait
    #[arg(long, value_name = "STEP", requires = "live", help_heading = "Scope (live)")]
    pub(in crate::cli) wait_step: Option<String>,
    /// Search this source tree for what pins the issuer, too (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) scan: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) rulings: RulingArgs,
    /// Write into the plan when each step was first seen done: only with it can a later run tell what was undone
    #[arg(long, help_heading = "Plan")]
    pub(in crate::cli) record: bool,
    /// Record your word that a step is done which no evidence shows yet (repeatable); with one pool its id, else `POOL_ID/STEP`
    #[arg(long, value_name = "STEP", requires = "record", help_heading = "Plan")]
    pub(in crate::cli) done: Vec<String>,
    /// The format
    #[arg(long, value_enum, default_value_t = ProgressFormat::Text, help_heading = "Output")]
    pub(in crate::cli) format: ProgressFormat,
    /// Every step with its reason; with a live run also every call, on standard error
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PlanFormat {
    Markdown,
    Sh,
    Json,
    Cloudformation,
    Terraform,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ProgressFormat {
    Text,
    Json,
}
