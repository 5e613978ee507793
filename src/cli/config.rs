//! The configuration file of a run: where it lies, what it fills in where no option speaks, and what it says of the pools that
//! were found. What it may say is in `rules::config`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::ValueEnum as _;
use sha2::{Digest, Sha256};

use crate::audit::PoolPlanning;
use crate::collect::PlannedRegion;
use crate::facts::FactOptions;
use crate::model::TargetIssuer;
use crate::model::report::Reduction;
use crate::rules::{Config, PoolName, PoolScope, parse_config};
use crate::snapshot::{Snapshot, hex};

use super::args::{ConfigArgs, FailOnArg, LiveArgs, RulingArgs};
use super::{files, ui};

/// What is read if it is there and no option names another file.
const USUAL: &str = "mrready.yaml";

/// The configuration of a run; empty if there is none.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    says: Arc<Config>,
    /// The file's name as it may be shown.
    pub(super) name: String,
    /// `sha256:…` of the file.
    pub(super) digest: Option<String>,
    folder: PathBuf,
}

impl Configuration {
    /// Reads the file that the options name, else `mrready.yaml` in the working folder, else nothing.
    pub(super) fn read(args: &ConfigArgs) -> Result<Self> {
        let path = match &args.config {
            _ if args.no_config => return Ok(Self::default()),
            Some(path) => path.as_path(),
            None if Path::new(USUAL).is_file() => {
                ui::say(&format!("configuration: {USUAL} (--no-config leaves it out)"));
                Path::new(USUAL)
            }
            None => return Ok(Self::default()),
        };
        let (text, name) = (files::read_text(path)?, files::name(path));
        Ok(Self {
            says: Arc::new(parse_config(&name, &text)?),
            digest: Some(format!("sha256:{}", hex(&Sha256::digest(&text)))),
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            name,
        })
    }

    /// Fills in what no option says of judging.
    pub(super) fn fill_rulings(&self, args: &mut RulingArgs) {
        args.strict |= self.says.strict.unwrap_or(false);
        if args.max_snapshot_age.is_none() {
            args.max_snapshot_age.clone_from(&self.says.max_snapshot_age);
        }
    }

    /// Fills in what no option says of a live run.
    pub(super) fn fill_scope(&self, args: &mut LiveArgs) {
        if args.consumer_region.is_empty() {
            args.consumer_region.clone_from(&self.says.search_regions);
        }
        args.only_accounts.clone_from(&self.says.search_accounts);
    }

    /// The source trees to search, unless options name some.
    pub(super) fn fill_trees(&self, trees: &mut Vec<PathBuf>) {
        if trees.is_empty() {
            trees.extend(self.says.search_trees.iter().map(|tree| self.folder.join(tree)));
        }
    }

    /// When the exit code says no.
    pub(super) fn fail_on(&self, given: Option<FailOnArg>) -> FailOnArg {
        let said = || FailOnArg::from_str(self.says.fail_on?, false).ok();
        given.or_else(said).unwrap_or(FailOnArg::Fail)
    }

    /// The longest that a decision may hold, in days.
    pub(super) fn waiver_max_days(&self) -> Option<u32> {
        self.says.waiver_max_days
    }

    /// The replica Region of each pool, for a live run.
    pub(super) fn planned_region(&self) -> Option<PlannedRegion> {
        if self.says.pools.iter().all(|entry| entry.says.replica_region.is_none()) {
            return None;
        }
        let says = Arc::clone(&self.says);
        Some(PlannedRegion(Arc::new(move |pool| {
            let name = PoolName { account: pool.account, region: pool.region, id: pool.id, name: pool.name };
            says.pool(name).replica_region
        })))
    }

    /// Takes pools that are not to be judged out of the snapshot, and tells facts and judging what is planned for the others.
    /// `issuer_given`: an option says where every pool is heading.
    pub(super) fn apply(
        &self,
        snapshot: &mut Snapshot,
        facts: &mut FactOptions,
        issuer_given: bool,
    ) -> (BTreeMap<String, PoolPlanning>, Planned) {
        let names = names(snapshot);
        let mut planning = BTreeMap::new();
        let mut planned = Planned { pools: snapshot.header.scope.pools.len(), ..Planned::default() };
        snapshot.header.scope.pools.retain(|pool| {
            let region = pool.id.split_once('_').map_or("", |(region, _)| region);
            let name = names.get(&(pool.account.clone(), pool.id.clone())).map(String::as_str);
            let says = self.says.pool(PoolName { account: Some(&pool.account), region, id: &pool.id, name });
            if says.scope == Some(PoolScope::None) {
                planned.left_out += 1;
                return false;
            }
            let option = ["", region].iter().any(|key| facts.replica_regions.contains_key(*key));
            if let Some(region) = says.replica_region.filter(|_| !option) {
                facts.replica_regions.insert(pool.id.clone(), region);
            }
            if let Some(target) = says.target_issuer.filter(|target| !issuer_given && *target != facts.target_issuer) {
                planned.original += usize::from(target == TargetIssuer::Original);
                facts.target_issuers.insert(pool.id.clone(), target);
            }
            let gates: Option<BTreeSet<_>> = match says.scope {
                Some(PoolScope::Gates(gates)) => Some(gates),
                Some(PoolScope::All | PoolScope::None) | None => None,
            };
            planned.narrowed += usize::from(gates.is_some());
            planning.insert(pool.id.clone(), PoolPlanning { owner: says.owner, wave: says.wave, gates });
            true
        });
        (planning, planned)
    }

    /// What of that made the run see or count less.
    pub(super) fn reductions(&self, planned: &Planned) -> Vec<Reduction> {
        let Planned { pools, left_out, narrowed, original } = planned;
        let of = |n: &usize, key: &str, effect: &str| {
            let (option, effect) = (format!("{} {key}", self.name), format!("{n} of {pools} pools {effect}"));
            (*n > 0).then_some(Reduction { option, effect, touches_blocker: false })
        };
        [
            of(left_out, "scope: none", "are not judged"),
            of(narrowed, "scope", "count some gates only"),
            of(original, "target_issuer: original", "keep their issuer: the gate issuer is not planned"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// How many pools a configuration says something of. Adds up over the accounts of a fleet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Planned {
    /// All pools.
    pools: usize,
    /// Not judged.
    left_out: usize,
    /// Some gates count only.
    narrowed: usize,
    /// The issuer stays.
    original: usize,
}

impl Planned {
    /// Adds those of another account.
    pub(super) fn add(&mut self, other: Self) {
        let Self { pools, left_out, narrowed, original } = other;
        self.pools += pools;
        self.left_out += left_out;
        self.narrowed += narrowed;
        self.original += original;
    }
}

/// The names of the pools, by account and id.
fn names(snapshot: &Snapshot) -> BTreeMap<(String, String), String> {
    let described =
        snapshot.calls().filter(|call| call.service == "cognito-idp" && call.operation == "DescribeUserPool");
    let name = |call: &crate::snapshot::Call| {
        let id = call.parameters.get("UserPoolId")?.as_str()?.to_owned();
        let name = call.response.as_ref()?.pointer("/UserPool/Name")?.as_str()?.to_owned();
        Some(((call.account.clone(), id), name))
    };
    described.filter_map(name).collect()
}
