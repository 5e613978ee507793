//! Collecting evidence from a live account: which calls are made, in which order, how fast; and the log they leave.
//!
//! The only AWS and the only async code of the program. SDK types stop inside. Without the feature `live` its twin
//! `absent` has the same doors and says so. Not here: what the answers mean (`facts`), and the disk, the terminal and
//! the progress bar, which are the shell's, through [`Observer`].

mod accounts;
mod earlier;
pub mod estimate;
pub mod judge;
#[cfg(feature = "live")]
mod live;
#[cfg(not(feature = "live"))]
#[path = "absent.rs"]
mod live;
mod memory;
pub mod quotas;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub use accounts::{Accounts, Keep, LeaveOut, Patience, Reasons, RoleArn, Secret, Section, is_account, is_role_name};
pub use earlier::Earlier;
pub use estimate::Remaining;
pub use memory::{Before, End, Memory, Remembered};

use crate::snapshot::journal::Record;
use crate::snapshot::{Entry, Snapshot};

/// Which pools are collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pools {
    /// These; each is asked for in the Region that its id begins with.
    Ids(Vec<String>),
    /// All that the configured Region lists.
    All,
    /// All that these Regions list, by partition: those of the partition in which the configured Region lies.
    Everywhere(BTreeMap<String, BTreeSet<String>>),
}

/// Says the replica Region that is planned for a pool: of its account, primary Region, id and name.
#[derive(Clone)]
pub struct PlannedRegion(pub Arc<Plans>);

/// The replica Region that is planned for a pool.
pub type Plans = dyn Fn(&PoolNames<'_>) -> Option<String> + Send + Sync;

impl std::fmt::Debug for PlannedRegion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlannedRegion")
    }
}

/// What is known of a pool when its replica Region is chosen.
#[derive(Debug, Clone, Copy)]
pub struct PoolNames<'a> {
    /// The account, if it is known.
    pub account: Option<&'a str>,
    /// The primary Region.
    pub region: &'a str,
    /// The pool's id.
    pub id: &'a str,
    /// Its name, if the pool could be described.
    pub name: Option<&'a str>,
}

/// What to collect, from where, and how gently.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which pools, of each account.
    pub pools: Pools,
    /// Which accounts.
    pub accounts: Accounts,
    /// `--external-id`: what the roles want to be given; a secret between two parties.
    pub external_id: Option<Secret>,
    /// Which of the accounts and Regions are not looked at.
    pub leave_out: Option<LeaveOut>,
    /// What one account may take of the run.
    pub patience: Patience,
    /// `--region`; without it the SDK's usual places are looked at.
    pub region: Option<String>,
    /// `--replica-region`: replica Region by pool id or primary Region; the empty key is for all others.
    pub replica_regions: BTreeMap<String, String>,
    /// What a configuration says of the replica Region of a pool that no option speaks of.
    pub planned_region: Option<PlannedRegion>,
    /// `--consumer-region`: Regions searched for consumers beside those of the pools and their replicas. The word
    /// `all` is the shell's to resolve.
    pub consumer_regions: Vec<String>,
    /// Whether consumers of tokens (APIs, stacks) are searched for at all.
    pub consumers: bool,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--endpoint-url`, for every service. The variable `AWS_ENDPOINT_URL` is read by the SDK itself.
    pub endpoint_url: Option<String>,
    /// The PEM text that `AWS_CA_BUNDLE` names; as in the AWS CLI it replaces the system's certificates.
    pub ca_bundle: Option<Vec<u8>>,
    /// The most calls in flight.
    pub concurrency: usize,
    /// The share of each published request rate that is taken, more than 0 and at most 1.
    pub max_share: f64,
    /// Replaces every rate by this many calls a second, per account, Region and quota; then no share is taken of it.
    pub max_rps: Option<f64>,
    /// What goes first where several calls wait.
    pub order: Order,
    /// The longest that one attempt may take; there are at most three.
    pub call_timeout: Duration,
    /// `--count-users`: how many users are in states in which they need a write to sign in.
    pub count_users: bool,
    /// `--operator-arn`: the role that will run the migration, whose permissions are simulated.
    pub operator_arn: Option<String>,
    /// `--search`: where texts are searched for issuers beside the places that cost few calls.
    pub search: BTreeSet<Search>,
    /// The calls that are worth making; `None`: all.
    pub needs: Option<Needs>,
    /// Where a call is not answered, the next questions follow from what was answered before; the log keeps the failure.
    pub earlier: Option<Earlier>,
    /// What an interrupted collection with the same request was answered: it is taken instead of being asked for.
    pub memory: Option<Memory>,
    /// Whether each kind of call is made only once per Region, to see which are answered.
    pub sample: bool,
}

/// A place where texts are searched for issuers on demand only: it costs many calls, or its answers hold much else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Search {
    /// Environment variables and build specifications of `CodeBuild` projects.
    Codebuild,
    /// The newest revision of each ECS task definition.
    Ecs,
    /// Deployment packages of Lambda functions.
    LambdaCode,
    /// Parameters of Systems Manager that are not encrypted.
    Ssm,
}

impl Search {
    /// Every one of them.
    pub const ALL: [Search; 4] = [Search::Codebuild, Search::Ecs, Search::LambdaCode, Search::Ssm];

    /// The word of the option, which is also how the scope of a snapshot calls what was searched.
    pub fn as_str(self) -> &'static str {
        match self {
            Search::Codebuild => "codebuild",
            Search::Ecs => "ecs",
            Search::LambdaCode => "lambda-code",
            Search::Ssm => "ssm",
        }
    }

    /// The call without which the place is not searched.
    pub fn first_call(self) -> &'static str {
        match self {
            Search::Codebuild => "codebuild:ListProjects",
            Search::Ecs => "cloudcontrol:ListResources AWS::ECS::TaskDefinition",
            Search::LambdaCode => "lambda:GetFunction",
            Search::Ssm => "cloudcontrol:ListResources AWS::SSM::Parameter",
        }
    }
}

/// How many rules need each call, as `service:Operation`: what most need goes first. Calls that are not named go last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// The number of rules by call.
    pub rules: BTreeMap<String, usize>,
}

/// The calls, as `service:Operation`, that what is to be judged needs. What no counted gate needs is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Whatever the replica's state.
    pub always: BTreeSet<String>,
    /// Once a pool has a replica.
    pub replicated: BTreeSet<String>,
    /// Once a pool's replica is active.
    pub active: BTreeSet<String>,
}

impl Request {
    /// A request for these pools, all else as by default.
    pub fn new(pools: Pools) -> Self {
        Self {
            pools,
            accounts: Accounts::Own,
            external_id: None,
            leave_out: None,
            patience: Patience { deadline: None, attempts: 1 },
            region: None,
            replica_regions: BTreeMap::new(),
            planned_region: None,
            consumer_regions: Vec::new(),
            consumers: true,
            profile: None,
            endpoint_url: None,
            ca_bundle: None,
            concurrency: 8,
            max_share: 0.5,
            max_rps: None,
            order: Order::default(),
            call_timeout: Duration::from_secs(20),
            count_users: false,
            operator_arn: None,
            search: BTreeSet::new(),
            needs: None,
            earlier: None,
            memory: None,
            sample: false,
        }
    }
}

/// Who watches a collection: the progress bar and the journal of the shell. Called from one thread.
pub trait Observer: Send {
    /// So many calls are known to be needed by now; it grows. Each ends as one [`Entry::Call`]; hits come on top.
    fn planned(&mut self, calls_known: u64);
    /// An entry is final. Entries come in the order in which calls end.
    fn done(&mut self, entry: &Entry);
    /// What is known to be left; said now and then.
    fn remaining(&mut self, _remaining: &Remaining) {}
    /// A line for a person.
    fn note(&mut self, text: &str);
    /// Something for the journal. Whether to go on: if not, the collection ends with [`CollectError::Stopped`].
    fn keep(&mut self, _record: &Record) -> bool {
        true
    }
    /// In a run of several accounts: so many of so many are done.
    fn accounts(&mut self, _done: usize, _of: usize) {}
    /// In a run of several accounts: this one could not be entered, or not all of its pools be found, and why.
    fn trouble(&mut self, _account: &str, _why: &str) {}
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Compiled without the feature `live`.
    #[error(
        "this build cannot collect: build it with the feature `live`, which is on by default (`cargo install --path .`)"
    )]
    NotInThisBuild,
    /// No credentials, or AWS does not take them.
    #[error(
        "no usable AWS credentials: {because}; log in (`aws sso login`, `aws login`), or choose a profile with --profile or AWS_PROFILE"
    )]
    NoCredentials {
        /// In our words, without anything read.
        because: String,
    },
    /// `--all-pools` without a Region.
    #[error("no Region is configured: give --region, or set AWS_REGION or `region` in the profile")]
    NoRegion,
    /// Not the id of a user pool.
    #[error("`{id}` is not the id of a user pool; it looks like us-east-1_AbCdEfGhI")]
    BadPoolId {
        /// What was given.
        id: String,
    },
    /// Not a URL that can be asked.
    #[error("`{url}` is not an endpoint; it looks like http://127.0.0.1:5000")]
    BadEndpoint {
        /// What was given.
        url: String,
    },
    /// Nothing to trust in the bundle.
    #[error("AWS_CA_BUNDLE: {because}; it must be a PEM file of certificates")]
    BadCaBundle {
        /// What is wrong with it.
        because: String,
    },
    /// Not one call was answered.
    #[error("not one call was answered; the first to fail was {first}")]
    NoEvidence {
        /// `service:Operation in Region: code`.
        first: String,
    },
    /// The role of the one account was not to be had.
    #[error("account {account} could not be entered: sts:AssumeRole was not answered ({code}){more}")]
    NotEntered {
        /// The account.
        account: String,
        /// AWS's code, or ours.
        code: String,
        /// What kind of policy refused, in our words; or nothing.
        more: String,
    },
    /// Nobody says which accounts there are.
    #[error(
        "the accounts of the organization are not known: organizations:ListAccounts was not answered ({code}); it is \
         answered to the management account and to delegated administrators, with that permission"
    )]
    NoAccounts {
        /// AWS's code, or ours.
        code: String,
    },
    /// Every account is left out.
    #[error("no account is left to look at: {found} were found, and all of them are left out")]
    AllLeftOut {
        /// How many accounts there are.
        found: usize,
    },
    /// The table of Regions has none of this partition, or all are left out.
    #[error(
        "no Region is left to look for pools in, of those in the partition of {home}; use --all-pools with --region"
    )]
    NoRegions {
        /// The configured Region.
        home: String,
    },
    /// Not one call was answered in any account.
    #[error("not one account answered; the first: {first}")]
    NobodyAnswered {
        /// The account, and why.
        first: String,
    },
    /// What was collected of an account could not be kept.
    #[error("what was collected cannot be kept: {0}")]
    Keep(std::io::Error),
    /// Ctrl-C. What was answered by then has gone to [`Observer::keep`]; the journal holds it.
    #[error("interrupted")]
    Interrupted,
    /// SIGTERM; the same.
    #[error("terminated")]
    Terminated,
    /// The observer did not want to go on.
    #[error("stopped")]
    Stopped,
    /// The credentials are not those of the collection that is to go on.
    #[error(
        "these credentials are of account {now}, and the journal is of {was}; use the credentials it was begun with"
    )]
    OtherAccount {
        /// The accounts of the journal.
        was: String,
        /// The account of the credentials.
        now: String,
    },
    /// STS does not say who asks, so nobody knows whether the journal is of the same account.
    #[error(
        "sts:GetCallerIdentity was not answered: without it nobody knows whether the journal is of this account; try again"
    )]
    Unidentified,
    /// `--all-pools` in another Region.
    #[error("the configured Region is {now}, and the journal was begun in {was}: give --region {was}")]
    OtherRegion {
        /// The Region of the journal.
        was: String,
        /// The Region now.
        now: String,
    },
    /// The operating system gave no thread or timer.
    #[error("cannot start the runtime: {0}")]
    Runtime(std::io::Error),
}

/// Asks AWS, and returns every answer and every refusal as one snapshot, whichever accounts they are of.
///
/// That a call was denied, throttled or failed is an entry of the snapshot, not an error of this function. From the
/// first call on, Ctrl-C and SIGTERM no longer end the process by themselves: they end the collection with
/// [`CollectError::Interrupted`] and [`CollectError::Terminated`], and the caller ends the process.
pub fn collect(request: &Request, observer: &mut dyn Observer) -> Result<Snapshot, CollectError> {
    live::collect(request, observer)
}

/// Asks several accounts, and hands out what was collected of each as soon as it is done, so that only the accounts under way
/// are held in memory. That an account could not be entered is a section with the refusal in it, not an error.
///
/// Otherwise as [`collect`].
pub fn collect_accounts(
    request: &Request,
    observer: &mut dyn Observer,
    keep: &mut Keep<'_>,
) -> Result<(), CollectError> {
    live::collect_accounts(request, observer, keep)
}

/// Waits between two collections; Ctrl-C ends it with [`CollectError::Interrupted`].
///
/// After a collection Ctrl-C does not end the process any more, so no other way of waiting could be interrupted.
pub fn pause(duration: Duration) -> Result<(), CollectError> {
    live::pause(duration)
}
