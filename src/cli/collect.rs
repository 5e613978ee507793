//! `mrready collect`, and the collecting half of a live `mrready audit`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::audit::needs;
use crate::collect::{Needs, Observer, Order, Pools, Remaining, Request, Search, Secret, collect};
use crate::facts::{FieldSet, RegionTable};
use crate::import::commands;
use crate::model::Gate;
use crate::rules::{Catalog, Rule};
use crate::snapshot::journal::Record;
use crate::snapshot::{Encoding, Entry, Snapshot, format};

use super::args::{CollectArgs, LiveArgs, ScopeArgs};
use super::config::Configuration;
use super::files::{self, Readers};
use super::journal::{self, Journal};
use super::progress::Progress;
use super::ui;
use super::{Interrupted, accounts, exit, scan, sections};

/// Runs the command.
pub(super) fn run(mut args: CollectArgs) -> Result<u8> {
    let config = Configuration::read(&args.config)?;
    config.fill_scope(&mut args.scope.live);
    config.fill_trees(&mut args.scan);
    if args.scope.pool_id.is_empty() && !args.scope.lists_pools() {
        bail!(
            "which pools? Give --pool-id ID (repeatable), --all-pools for the configured Region, or --all-regions; for other \
             accounts --role-arn ARN (repeatable) or --org-role NAME"
        );
    }
    scan::check(&args.scan)?;
    let request = Request {
        planned_region: config.planned_region(),
        order: order(&Catalog::builtin(&FieldSet)?),
        ..request_of(&args.scope)?
    };
    if args.print_commands {
        return print_commands(&request, args.output.as_deref());
    }
    let output = args.output.or_else(|| journal::snapshot_of(args.resume.as_deref()?));
    let target = |path| Target { path, resume: args.resume.as_deref(), configuration: config.digest.as_deref() };
    if request.accounts.are_several() {
        let Some(path) = &output else {
            bail!("several accounts are written to a file: give -o FILE.jsonl.zst");
        };
        let tally = sections::collect_to(&request, &target(path), &args.scan, args.verbose, &mut |_| {})?;
        return Ok(partial(tally.unanswered, tally.calls, args.strict));
    }
    let snapshot = if let Some(path) = &output {
        collect_to(request, &target(path), &args.scan, args.verbose)?
    } else {
        if let Some(journal) = &args.resume {
            bail!("--resume {}: it is not called FILE.partial; name the snapshot with -o", files::name(journal));
        }
        if std::io::stdout().is_terminal() {
            bail!("a snapshot is not for a terminal: give -o FILE, or send standard output somewhere");
        }
        let snapshot = collect_live(&request, None, args.verbose)?;
        let snapshot = scan::add(snapshot, &args.scan, Timestamp::now());
        let encoding = Encoding { lines: false, packing: format::Packing::Plain };
        std::io::stdout().lock().write_all(&format::write(&snapshot, encoding)?)?;
        snapshot
    };
    let unanswered = snapshot.calls().filter(|call| call.error.is_some()).count();
    Ok(partial(unanswered, snapshot.calls().count(), args.strict))
}

/// Says how much was not answered; the exit code.
fn partial(unanswered: usize, calls: usize, strict: bool) -> u8 {
    if unanswered > 0 {
        ui::say(&format!("{unanswered} of {calls} calls were not answered; `mrready audit` says what that costs"));
    }
    if strict && unanswered > 0 { exit::UNCLEAR } else { exit::GOOD }
}

/// Writes the script that asks the same with the AWS CLI. Nothing is asked, and no credentials are looked for.
fn print_commands(request: &Request, output: Option<&Path>) -> Result<u8> {
    if request.search.contains(&Search::LambdaCode) {
        ui::say("--search lambda-code is left out: a script of AWS CLI calls follows no links to code");
    }
    let script = commands::script(request)?;
    match output {
        Some(path) => files::write_whole(path, script.as_bytes(), Readers::Runner)?,
        None => ui::print(script.as_bytes())?,
    }
    Ok(exit::GOOD)
}

/// Where a collection goes.
pub(super) struct Target<'a> {
    /// The snapshot.
    pub(super) path: &'a Path,
    /// The journal to go on with.
    pub(super) resume: Option<&'a Path>,
    /// The digest of the configuration.
    pub(super) configuration: Option<&'a str>,
}

/// Collects into a file: a journal while it grows, and the file when it is whole. What the trees hold is added at the end.
pub(super) fn collect_to(
    mut request: Request,
    target: &Target<'_>,
    trees: &[PathBuf],
    verbose: bool,
) -> Result<Snapshot> {
    let encoding = Encoding::of_name(&target.path.to_string_lossy())?;
    files::check_place(target.path, Readers::Owner)?;
    let options = journal::options(&request, target.configuration);
    let mut journal = match target.resume {
        None => Journal::begin(target.path, options, Timestamp::now())?,
        Some(path) => {
            let (journal, memory) = Journal::resume(path, &options, Timestamp::now())?;
            request.memory = Some(memory);
            journal
        }
    };
    let whole = collect_live(&request, Some(&mut journal), verbose).and_then(|snapshot| {
        let snapshot = scan::add(snapshot, trees, Timestamp::now());
        files::write_whole(target.path, &format::write(&snapshot, encoding)?, Readers::Owner)?;
        Ok(snapshot)
    });
    match whole {
        Ok(snapshot) => {
            journal.remove()?;
            Ok(snapshot)
        }
        Err(error) => match journal.broken_off() {
            Some(broken) => Err(broken).context("cannot write the journal of the collection"),
            None => Err(error),
        },
    }
}

/// Collects; everything goes to `journal` as it comes.
pub(super) fn collect_live(request: &Request, journal: Option<&mut Journal>, verbose: bool) -> Result<Snapshot> {
    let mut keep = journal.map(|journal| move |record: &Record| journal.keep(record));
    let mut watcher = Watcher::new(verbose, keep.as_mut().map(|keep| keep as &mut Keep<'_>));
    let result = collect(request, &mut watcher);
    watcher.finish();
    result.map_err(Interrupted::of)
}

/// The calls that judging these gates needs; none given: those that count by where each pool stands.
pub(super) fn needs(catalog: &Catalog, gates: &BTreeSet<Gate>) -> Needs {
    let of = |wanted: &dyn Fn(Gate) -> bool| -> BTreeSet<String> {
        // A rule of no gate states facts, which every report shows.
        let counted = |rule: &&Rule| rule.gates.is_empty() || rule.gates.iter().any(|gate| wanted(*gate));
        catalog.rules.iter().filter(counted).flat_map(needs::calls).collect()
    };
    if !gates.is_empty() {
        return Needs { always: of(&|gate| gates.contains(&gate)), ..Needs::default() };
    }
    Needs {
        always: of(&|gate| matches!(gate, Gate::Issuer | Gate::Replicate)),
        replicated: of(&|gate| gate == Gate::Activate),
        active: of(&|gate| gate == Gate::Failover),
    }
}

/// How many rules need each call.
pub(super) fn order(catalog: &Catalog) -> Order {
    let mut order = Order::default();
    for call in catalog.rules.iter().flat_map(needs::calls) {
        *order.rules.entry(call).or_default() += 1;
    }
    order
}

/// What the options ask for.
pub(super) fn request_of(scope: &ScopeArgs) -> Result<Request> {
    let pools = if scope.lists_pools() { Pools::All } else { Pools::Ids(scope.pool_id.clone()) };
    let mut request = request(pools, &scope.live)?;
    accounts::fill(&mut request, scope)?;
    Ok(request)
}

/// These pools, asked as the options say.
pub(super) fn request(pools: Pools, scope: &LiveArgs) -> Result<Request> {
    let mut request = Request::new(pools);
    request.region.clone_from(&scope.region);
    request.replica_regions = replica_regions(&scope.replica_region)?;
    request.consumer_regions = consumer_regions(&scope.consumer_region)?;
    request.profile.clone_from(&scope.profile);
    request.external_id = scope.external_id.clone().map(Secret);
    request.endpoint_url.clone_from(&scope.endpoint_url);
    request.concurrency = usize::from(scope.concurrency);
    request.count_users = scope.count_users;
    request.operator_arn.clone_from(&scope.operator_arn);
    request.search = scope.search.iter().copied().map(Into::into).collect();
    if !(scope.max_share > 0.0 && scope.max_share <= 1.0) {
        bail!("--max-share {}: it must be more than 0 and at most 1", scope.max_share);
    }
    request.max_share = scope.max_share;
    if let Some(rate) = scope.max_rps {
        if !(rate.is_finite() && rate > 0.0) {
            bail!("--max-rps {rate}: it must be more than 0");
        }
        request.max_rps = Some(rate);
    }
    request.call_timeout = Duration::from_secs(scope.call_timeout);
    if let Some(bundle) = std::env::var_os("AWS_CA_BUNDLE").filter(|bundle| !bundle.is_empty()) {
        let path = PathBuf::from(bundle);
        let bytes =
            std::fs::read(&path).with_context(|| format!("AWS_CA_BUNDLE: cannot read {}", files::name(&path)))?;
        request.ca_bundle = Some(bytes);
    }
    Ok(request)
}

/// `--replica-region [PRIMARY=]SECONDARY`: by primary Region, the empty key for all others.
pub(super) fn replica_regions(values: &[String]) -> Result<BTreeMap<String, String>> {
    let mut regions = BTreeMap::new();
    for value in values {
        let (primary, secondary) = value.split_once('=').unwrap_or(("", value));
        check_region(secondary)?;
        if !primary.is_empty() {
            check_region(primary)?;
        }
        if regions.insert(primary.to_owned(), secondary.to_owned()).is_some_and(|other| other != secondary) {
            let whose = if primary.is_empty() { "all pools" } else { primary };
            bail!("--replica-region names two Regions for {whose}");
        }
    }
    Ok(regions)
}

fn check_region(region: &str) -> Result<()> {
    if !crate::rules::is_region(region) {
        bail!("`{region}` is not the name of a Region; it looks like us-west-2");
    }
    Ok(())
}

fn consumer_regions(values: &[String]) -> Result<Vec<String>> {
    let mut regions = Vec::new();
    for value in values {
        if value == "all" {
            regions.extend(region_table()?.of_partition("aws"));
        } else {
            check_region(value)?;
            regions.push(value.clone());
        }
    }
    regions.sort();
    regions.dedup();
    Ok(regions)
}

/// The table of Regions that is part of the tool.
pub(super) fn region_table() -> Result<RegionTable> {
    let data = crate::rules::embedded_data().iter().find(|data| data.stem == "regions");
    let data = data.context("the table of Regions is missing from this build")?;
    Ok(RegionTable::parse(data.text)?)
}

/// So many accounts that were not entered, or not whole, are named as they come; of more the number is said.
const NAMED: usize = 50;

/// Takes what a journal is told; whether to go on.
pub(super) type Keep<'k> = dyn FnMut(&Record) -> bool + Send + 'k;

/// The progress, the journal, and what went wrong.
pub(super) struct Watcher<'a> {
    progress: Progress,
    journal: Option<&'a mut Keep<'a>>,
    /// Accounts that were not entered, or not whole; and all.
    troubles: usize,
    accounts: usize,
}

impl<'a> Watcher<'a> {
    /// Nothing has happened yet.
    pub(super) fn new(verbose: bool, journal: Option<&'a mut Keep<'a>>) -> Self {
        Self { progress: Progress::new(verbose), journal, troubles: 0, accounts: 0 }
    }

    /// The collection is over.
    pub(super) fn finish(&self) {
        self.progress.finish();
        if self.troubles > 0 {
            let (troubles, accounts) = (self.troubles, self.accounts);
            ui::say(&format!("{troubles} of {accounts} accounts could not be entered or are not whole"));
        }
    }
}

impl Observer for Watcher<'_> {
    fn planned(&mut self, calls_known: u64) {
        self.progress.planned(calls_known);
    }

    fn done(&mut self, entry: &Entry) {
        self.progress.done(entry);
    }

    fn remaining(&mut self, remaining: &Remaining) {
        self.progress.remaining(remaining);
    }

    fn note(&mut self, text: &str) {
        self.progress.note(text);
    }

    fn keep(&mut self, record: &Record) -> bool {
        self.journal.as_mut().is_none_or(|keep| keep(record))
    }

    fn accounts(&mut self, done: usize, of: usize) {
        self.accounts = of;
        self.progress.accounts(done, of);
    }

    fn trouble(&mut self, account: &str, why: &str) {
        self.troubles += 1;
        if self.troubles <= NAMED {
            self.progress.say(&format!("account {account}: {why}"));
        }
    }
}
