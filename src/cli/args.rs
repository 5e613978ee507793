//! The command line: names, values and help. Values are resolved in the commands.

mod plan;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::audit::SplitBy;
use crate::collect::Search;
use crate::model::{Gate, SubjectKind, TargetIssuer};
use crate::render::markdown::{DEFAULT_LIMIT, LEAST_LIMIT};

pub(super) use plan::{PlanArgs, PlanCommand, PlanFormat, PlanVerifyArgs, ProgressFormat};

/// Tells whether an Amazon Cognito user pool can move to multi-Region replication (MRR), with proof. Read-only.
#[derive(Debug, Parser)]
#[command(name = "mrready", version, max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Judge snapshots, or collect live and judge
    ///
    /// With SNAPSHOT no socket is opened. Without one, --pool-id, --all-pools, --all-regions, --role-arn or --org-role collects
    /// from live accounts first.
    ///
    /// Exit code: 0 every counted gate is ready; 1 one is blocked; 2 the job could not be done; 3 none is blocked and one
    /// is undetermined, or nothing is in scope.
    Audit(Box<AuditArgs>),
    /// Collect evidence from a live account into a snapshot
    ///
    /// Reads only. Exit code: 0 evidence written; 2 no evidence at all; 3 partial, with --strict.
    Collect(Box<CollectArgs>),
    /// Make a snapshot of what the script of `collect --print-commands` wrote
    ///
    /// Exit code: 0 evidence written; 2 no evidence at all, or no folder of that script; 3 partial, with --strict.
    Import(ImportArgs),
    /// Try each kind of call once: what is missing, and which permission brings most
    ///
    /// Reads only. Exit code: 0 every call is answered; 2 none is; 3 some are not, with --strict.
    Doctor(Box<DoctorArgs>),
    /// Find what pins the issuer in source code, infrastructure as code, templates and configuration
    ///
    /// Reads files, opens no socket. Exit code: 0 nothing that counts, and all files read; 1 found; 2 the job could not be
    /// done; 3 nothing found, but something could not be read.
    Scan(ScanArgs),
    /// Write an ordered plan of what has to be done, or verify how far one has come
    ///
    /// Nothing is executed: a plan is text for a person to review and to run. With SNAPSHOT no socket is opened.
    ///
    /// Exit code: 0 the plan is written; 2 the job could not be done; 3 --strict and a reduction touches a blocker. With
    /// --detailed-exitcode as `audit`: 1 a counted gate is blocked, 3 one is undetermined, or nothing is in scope.
    Plan(Box<PlanArgs>),
    /// Say by meaning what changed between two reports or two snapshots: in the account, in the evidence, in the rules
    ///
    /// OLD and NEW are two JSON reports of `audit`, or two snapshots.
    ///
    /// Exit code: 0 nothing got worse; 1 something did: a gate, a new FAIL, WARN or UNKNOWN, lost evidence; 2 the job could
    /// not be done.
    Diff(DiffArgs),
    /// Put the reports of shards, or of other parts of a fleet, together
    ///
    /// The parts are what `audit --format jsonl` wrote, judged alike and at the same --now. The result is byte for byte what
    /// a single run over all accounts writes.
    ///
    /// Exit code: as `audit`.
    Merge(MergeArgs),
    /// List, check, test or scaffold rules
    Rules(RulesArgs),
    /// Write a decisions file to fill in, or check one
    Waivers(WaiversArgs),
    /// Say what a rule, a field, a gate or a class of issuer reference means, or how a finding was derived
    ///
    /// With --in REPORT: the derivation of one finding, what it rests on, and the AWS CLI commands with which to check it.
    Explain(ExplainArgs),
    /// Print the least IAM policy the tool needs
    IamPolicy(IamPolicyArgs),
    /// Print the JSON Schema of a document
    Schema(SchemaArgs),
    /// Print what makes a shell complete commands and options
    Completions(CompletionsArgs),
    /// Print the manual page of the program, or of a command
    Man(ManArgs),
}

/// What is collected, and from where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Scope (live)")]
pub(super) struct ScopeArgs {
    /// A user pool; its primary Region is the id's prefix (repeatable). With SNAPSHOT: judge these pools only
    #[arg(long, value_name = "ID")]
    pub(super) pool_id: Vec<String>,
    /// Every pool of the configured Region
    #[arg(long, conflicts_with = "pool_id")]
    pub(super) all_pools: bool,
    /// Every pool of every Region, but for what --exclude leaves out
    #[arg(long, conflicts_with_all = ["pool_id", "all_pools"])]
    pub(super) all_regions: bool,
    /// Every active account of the organization, each entered by its role of this name; the account of the credentials is
    /// asked as it is. In each every pool of the configured Region, unless --all-regions
    #[arg(long, value_name = "NAME", conflicts_with_all = ["pool_id", "role_arn"])]
    pub(super) org_role: Option<String>,
    /// Leave out accounts or Regions: an account's id or a Region's name, `*` and `?` match (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub(super) exclude: Vec<String>,
    /// Seconds that one attempt at an account may take; what is not asked by then is unknown [default: 3600 for each of
    /// several accounts, none for one]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub(super) account_timeout: Option<u64>,
    /// Of several accounts, how often one is tried that does not answer; a refusal is taken at once
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
    pub(super) account_attempts: u32,
    #[command(flatten)]
    pub(super) live: LiveArgs,
}

impl ScopeArgs {
    /// Whether pools are to be found, not given: what only a live run can do.
    pub(super) fn lists_pools(&self) -> bool {
        let enters = self.org_role.is_some() || !self.live.role_arn.is_empty();
        self.all_pools || self.all_regions || (enters && self.pool_id.is_empty())
    }
}

/// How a live account is asked, whichever pools are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Scope (live)")]
pub(super) struct LiveArgs {
    /// The configured Region
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// The replica Region, for all pools or for those of one primary Region (repeatable)
    #[arg(long, value_name = "[PRIMARY=]SECONDARY", env = "MRREADY_REPLICA_REGION", value_delimiter = ',')]
    pub(super) replica_region: Vec<String>,
    /// A further Region to search for consumers of tokens, or `all` (repeatable)
    #[arg(long, value_name = "REGION|all")]
    pub(super) consumer_region: Vec<String>,
    /// Search these too for issuers, at many calls each (repeatable): environment variables, parameters, code packages
    #[arg(long, value_name = "PLACE", value_enum)]
    pub(super) search: Vec<SearchArg>,
    /// The role that will run the migration: its permissions are simulated (needs iam:SimulatePrincipalPolicy)
    #[arg(long, value_name = "ARN")]
    pub(super) operator_arn: Option<String>,
    /// Count users who need a write to sign in: lists users by status, keeps the number only
    #[arg(long)]
    pub(super) count_users: bool,
    /// The profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Enter the account of this role, by the role (repeatable: several accounts in one run)
    #[arg(long, value_name = "ARN")]
    pub(super) role_arn: Vec<String>,
    /// What the roles want to be given, as their trust policies say
    #[arg(long, value_name = "ID", env = "MRREADY_EXTERNAL_ID", hide_env_values = true)]
    pub(super) external_id: Option<String>,
    /// `search.accounts` of the configuration.
    #[arg(skip)]
    pub(super) only_accounts: Vec<String>,
    /// Ask this endpoint instead of AWS, for every service
    #[arg(long, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
    /// Calls in flight at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) concurrency: u16,
    /// The share of each of AWS's published request rates to take, more than 0 and at most 1; production has the rest
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    pub(super) max_share: f64,
    /// Calls per second and quota instead of a share of AWS's published rates
    #[arg(long, value_name = "N")]
    pub(super) max_rps: Option<f64>,
    /// Seconds that one attempt of a call may take; at most three attempts are made
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) call_timeout: u64,
}

/// A place that is searched on demand.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SearchArg {
    /// CodeBuild projects
    Codebuild,
    /// ECS task definitions, the newest revision of each family
    Ecs,
    /// Deployment packages of Lambda functions
    LambdaCode,
    /// Parameters of Systems Manager that are not encrypted
    Ssm,
}

impl From<SearchArg> for Search {
    fn from(arg: SearchArg) -> Self {
        match arg {
            SearchArg::Codebuild => Search::Codebuild,
            SearchArg::Ecs => Search::Ecs,
            SearchArg::LambdaCode => Search::LambdaCode,
            SearchArg::Ssm => Search::Ssm,
        }
    }
}

/// What a file says in place of options. An option of the command line wins, then its variable, then the file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Configuration")]
pub(super) struct ConfigArgs {
    /// The configuration file [default: mrready.yaml in the working folder, if it is there]
    #[arg(long, value_name = "FILE", env = "MRREADY_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, conflicts_with = "config")]
    pub(super) no_config: bool,
}

/// How evidence is judged.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judging")]
pub(super) struct JudgingArgs {
    /// Where you are heading with the issuer [default: updated]
    #[arg(long, value_enum, env = "MRREADY_TARGET_ISSUER")]
    pub(super) target_issuer: Option<TargetIssuerArg>,
    /// What makes the exit code say no [default: fail]
    #[arg(long, value_enum, env = "MRREADY_FAIL_ON")]
    pub(super) fail_on: Option<FailOnArg>,
    /// Count this gate (repeatable); by default those that are done or next count
    #[arg(long, value_enum)]
    pub(super) gate: Vec<GateArg>,
    /// Show only these rules: id or tag, `*` matches (repeatable); everything is judged all the same
    #[arg(long, value_name = "RULE")]
    pub(super) select: Vec<String>,
    /// Do not show these rules (repeatable); everything is judged all the same
    #[arg(long, value_name = "RULE")]
    pub(super) ignore: Vec<String>,
    /// Hold findings against an earlier JSON report (.gz, .zst): what is new, known, changed, resolved; changes no gate
    #[arg(long, value_name = "REPORT")]
    pub(super) baseline: Option<PathBuf>,
    /// Where calls were throttled or failed, tickets (ASFF, OCSF) keep a verdict decided less than this ago, such as `36h`
    #[arg(long, value_name = "DURATION", requires = "baseline")]
    pub(super) unknown_grace: Option<String>,
    #[command(flatten)]
    pub(super) rulings: RulingArgs,
}

/// What decides verdicts, whatever is made of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judging")]
pub(super) struct RulingArgs {
    /// A folder (or file) of further rules (repeatable)
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
    /// Leave out the tool's own rules
    #[arg(long, requires = "rules")]
    pub(super) no_builtin_rules: bool,
    /// Change a rule's level: RULE=blocker, advisory or info (repeatable)
    #[arg(long, value_name = "RULE=LEVEL")]
    pub(super) level: Vec<String>,
    /// A decisions file (repeatable)
    #[arg(long, value_name = "FILE", env = "MRREADY_WAIVERS")]
    pub(super) waivers: Vec<PathBuf>,
    /// Apply no decisions, whatever --waivers says
    #[arg(long)]
    pub(super) no_waivers: bool,
    /// The clock of the run, RFC 3339
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<jiff::Timestamp>,
    /// Older evidence is unknown, such as `12h` or `7d`
    #[arg(long, value_name = "DURATION", env = "MRREADY_MAX_SNAPSHOT_AGE")]
    pub(super) max_snapshot_age: Option<String>,
    /// Monthly active users, for the estimate of cost; without it Cognito's estimate of all users
    #[arg(long, value_name = "N")]
    pub(super) mau: Option<u64>,
    /// A tag key on which both Regions have to agree (repeatable)
    #[arg(long, value_name = "KEY")]
    pub(super) required_tag: Vec<String>,
    /// Exit with 3 if an option that reduces the run touches a blocker
    #[arg(long)]
    pub(super) strict: bool,
}

/// What is written, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// The format on standard output [default: table]
    #[arg(long, value_name = "FORMAT", env = "MRREADY_FORMAT")]
    pub(super) format: Option<String>,
    /// Write a report to a file (repeatable); standard output then carries one only if --format is given. parquet=FILE
    /// writes three files, a table each: `{table}` in the name stands for findings, gates and coverage
    #[arg(short, long, value_name = "[FORMAT=]FILE")]
    pub(super) output: Vec<String>,
    /// A report each for every owner, account or pool: `{}` in the name of an output file stands for it
    #[arg(long, value_enum, value_name = "BY")]
    pub(super) split_by: Option<SplitByArg>,
    /// The most bytes of a Markdown report, which leaves out what does not fit: the default suits a comment, 1000000 a
    /// job's summary
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_LIMIT,
        value_parser = clap::value_parser!(u32).range(i64::from(LEAST_LIMIT)..))]
    pub(super) markdown_limit: u32,
    /// Which verdicts to list, or `all`
    #[arg(long, value_name = "VERDICT,…")]
    pub(super) show: Option<String>,
    /// Whose reader the file of --format junit is for
    #[arg(long, value_enum, default_value_t = JunitDialectArg::Jenkins)]
    pub(super) junit_dialect: JunitDialectArg,
    /// For sarif-github, github and gitlab: the file of the repository at which findings of the account are shown
    #[arg(long, value_name = "FILE")]
    pub(super) annotate: Option<String>,
    /// For sarif-github: what is not known becomes an alert, too
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(super) sarif_unknown_as: Option<UnknownAs>,
    /// Every finding in detail; with a live run also every call, on standard error
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Colours
    #[arg(long, value_enum, default_value_t = ColorArg::Auto)]
    pub(super) color: ColorArg,
}

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// Snapshots: files, folders, or `-` for standard input
    #[arg(value_name = "SNAPSHOT")]
    pub(super) snapshots: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// Judge the accounts of one of N equal runs: I from 0 to N-1, or `auto` in an indexed job of Kubernetes or AWS Batch
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<String>,
    /// Keep what a live run collected
    #[arg(long, value_name = "FILE", help_heading = "Scope (live)")]
    pub(super) save_snapshot: Option<PathBuf>,
    /// Go on with a collection that was interrupted: only what its journal does not hold is asked. Give the same options
    #[arg(long, value_name = "FILE.partial", requires = "save_snapshot", help_heading = "Scope (live)")]
    pub(super) resume: Option<PathBuf>,
    /// Search this source tree for what pins the issuer, and judge it too (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(super) scan: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    #[command(flatten)]
    pub(super) judging: JudgingArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The reports of the parts; .gz and .zst too
    #[arg(value_name = "REPORT", required = true)]
    pub(super) reports: Vec<PathBuf>,
    /// Where to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CollectArgs {
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// The snapshot: .json or .jsonl, with .gz or .zst after it if you like; it grows as FILE.partial
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Go on with a collection that was interrupted: only what its journal does not hold is asked. Give the same options
    #[arg(long, value_name = "FILE.partial", help_heading = "Scope (live)")]
    pub(super) resume: Option<PathBuf>,
    /// Search this source tree for what pins the issuer, too (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(super) scan: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    /// Print a Bash script of AWS CLI calls instead of asking, for somebody who has credentials; `import` reads what it writes
    #[arg(long, conflicts_with_all = ["resume", "scan", "strict"])]
    pub(super) print_commands: bool,
    /// Exit with 3 if a call was not answered
    #[arg(long)]
    pub(super) strict: bool,
    /// Name every call on standard error
    #[arg(short, long)]
    pub(super) verbose: bool,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The folder that the script wrote
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The snapshot: .json or .jsonl, with .gz or .zst after it if you like
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Remove what the script wrote once the snapshot is written: it holds templates and other texts that a snapshot does not
    #[arg(long)]
    pub(super) purge: bool,
    /// Exit with 3 if a call was not answered, or the script did not come to its end
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// The format
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(super) format: ListFormat,
    /// Exit with 3 if a call was not answered
    #[arg(long)]
    pub(super) strict: bool,
    /// Name every call on standard error
    #[arg(short, long)]
    pub(super) verbose: bool,
}

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// Folders or files [default: .]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Read what ignore files exclude, too
    #[arg(long)]
    pub(super) no_ignore: bool,
    /// Say of each pool id whether it is a pool of this snapshot (repeatable)
    #[arg(long, value_name = "SNAPSHOT")]
    pub(super) known_pools: Vec<PathBuf>,
    /// Look only at lines added since the merge base of this revision and HEAD, staged or not, and at untracked files
    #[arg(long, value_name = "REV")]
    pub(super) new_from_rev: Option<String>,
    /// How many threads read [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) threads: Option<u16>,
    /// The least severity with which a sure reference outside tests and documentation makes the exit code say no
    #[arg(long, value_enum, default_value_t = ScanFailOn::Warning)]
    pub(super) fail_on: ScanFailOn,
    /// The format on standard output
    #[arg(long, value_enum, default_value_t = ScanFormat::Text)]
    pub(super) format: ScanFormat,
    /// Write what was found as evidence, too: a snapshot that `audit` reads beside others (.json, .jsonl, .gz, .zst)
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The time that the evidence bears, RFC 3339
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<jiff::Timestamp>,
    /// Counts and the time it took, on standard error
    #[arg(long)]
    pub(super) stats: bool,
    /// Every reference in full, and every file that was passed over
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Colours
    #[arg(long, value_enum, default_value_t = ColorArg::Auto)]
    pub(super) color: ColorArg,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The older one: a JSON report, a snapshot, a folder of snapshots, or `-` for standard input
    #[arg(value_name = "OLD")]
    pub(super) old: PathBuf,
    /// The newer one, of the same kind
    #[arg(value_name = "NEW")]
    pub(super) new: PathBuf,
    /// The format
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub(super) format: DiffFormat,
    /// Write it to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    pub(super) command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// The catalogue
    List {
        /// A folder (or file) of further rules (repeatable)
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
        /// Leave out the tool's own rules
        #[arg(long, requires = "rules")]
        no_builtin_rules: bool,
        /// The format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Check rule files; every problem is named with its place
    Check {
        /// Folders or files; none: the tool's own rules
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Run the tests that stand in rule files
    Test {
        /// Folders or files; none: the tool's own rules
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Write a new rule with its tests, ready to be changed
    New {
        /// The rule's id, in kebab-case; the file is ID.yaml
        #[arg(value_name = "ID")]
        id: String,
        /// What the rule judges
        #[arg(long, value_enum, default_value_t = SubjectArg::Pool)]
        subject: SubjectArg,
        /// The folder to write it to
        #[arg(short, long, value_name = "DIR", default_value = ".")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct WaiversArgs {
    #[command(subcommand)]
    pub(super) command: WaiversCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum WaiversCommand {
    /// Write a decisions file to fill in: an entry for each finding of a report that a decision could take out of the count
    ///
    /// Every entry says which value it is granted for. What a person has to write is TODO, and the file is refused until it
    /// is written.
    Init {
        /// A JSON report, or `-`
        #[arg(value_name = "REPORT")]
        report: PathBuf,
        /// Only entries of this kind (repeatable)
        #[arg(long, value_enum)]
        kind: Vec<DecisionKindArg>,
        /// The file to write; none that is there already [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check decisions files; with a report also whether each decision still decides something
    ///
    /// Exit code: 0 all good; 1 one is expired, or with --report unused, outdated or refused; 2 a file has a mistake or
    /// could not be read.
    Check {
        /// Decisions files
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// The JSON report to hold them against, with or without decisions in it
        #[arg(long, value_name = "REPORT")]
        report: Option<PathBuf>,
        /// A folder (or file) of further rules (repeatable)
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
        /// The clock by which decisions expire, RFC 3339
        #[arg(long, value_name = "TIME")]
        now: Option<jiff::Timestamp>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum DecisionKindArg {
    Waive,
    AcceptUnknown,
    Cutover,
    Attest,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A rule's id or tag, a field, a gate, a class of `scan`, or with --in a finding's fingerprint (its first 8 digits or more)
    #[arg(value_name = "RULE|TAG|FIELD|GATE|CLASS|FINGERPRINT")]
    pub(super) name: String,
    /// The JSON report that has the finding, or `-`
    #[arg(long = "in", value_name = "REPORT")]
    pub(super) report: Option<PathBuf>,
    /// A folder (or file) of further rules (repeatable)
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct IamPolicyArgs {
    /// For IAM, for a security review, for a stack set, for Terraform
    #[arg(long, value_enum, default_value_t = PolicyFormat::Json)]
    pub(super) format: PolicyFormat,
    /// What the identity needs that enters other accounts with --role-arn or --org-role, instead of what is needed in them
    #[arg(long)]
    pub(super) caller: bool,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command, such as `plan verify`; without it the program
    #[arg(value_name = "COMMAND")]
    pub(super) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// The document
    #[arg(value_enum)]
    pub(super) name: SchemaName,
}

/// Declares a clap value list for a word list of the model.
macro_rules! value_of {
    ($name:ident for $model:ident { $($variant:ident),+ }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
        #[value(rename_all = "snake_case")]
        pub(super) enum $name { $($variant),+ }

        impl From<$name> for $model {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant),+ }
            }
        }
    };
}

value_of!(TargetIssuerArg for TargetIssuer { Updated, Original });
value_of!(GateArg for Gate { Issuer, Replicate, Activate, Failover });
value_of!(SubjectArg for SubjectKind {
    Pool, Authorizer, Route, Template, Trigger, LoadBalancer, OidcProvider, IdentityPool, BoundService, DiscoveryClient,
    Reference, Account
});

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOnArg {
    Fail,
    Warn,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SplitByArg {
    Owner,
    Account,
    Pool,
}

impl From<SplitByArg> for SplitBy {
    fn from(arg: SplitByArg) -> Self {
        match arg {
            SplitByArg::Owner => SplitBy::Owner,
            SplitByArg::Account => SplitBy::Account,
            SplitByArg::Pool => SplitBy::Pool,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum JunitDialectArg {
    /// What the schema of Jenkins takes
    Jenkins,
    /// With the file of a finding in a source tree
    Gitlab,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum UnknownAs {
    Warning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    Table,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ScanFailOn {
    Error,
    Warning,
    Info,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ScanFormat {
    Text,
    Json,
    Jsonl,
    Sarif,
    SarifGithub,
    Github,
    Gitlab,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    Text,
    Markdown,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PolicyFormat {
    Json,
    Markdown,
    Cloudformation,
    Terraform,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaName {
    Snapshot,
    Report,
    Rule,
    Waivers,
    Config,
    Scan,
    Plan,
    Step,
    Verification,
    Diff,
}
