//! Where the evidence of `audit` and `plan` comes from: snapshots, or a live collection, and source trees beside either.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::collect::{Needs, PlannedRegion};
use crate::rules::Catalog;
use crate::snapshot::Snapshot;

use super::args::ScopeArgs;
use super::{collect, files, scan};

/// What the options say of it.
pub(super) struct Wanted<'a> {
    /// The command, for messages.
    pub(super) command: &'static str,
    pub(super) snapshots: &'a [PathBuf],
    pub(super) scope: &'a ScopeArgs,
    /// Where a live run is kept.
    pub(super) save: Option<&'a Path>,
    /// The journal of an interrupted run to go on with.
    pub(super) resume: Option<&'a Path>,
    /// The digest of the configuration.
    pub(super) configuration: Option<&'a str>,
    /// Source trees to search.
    pub(super) trees: &'a [PathBuf],
    pub(super) verbose: bool,
    /// What a configuration says of replica Regions.
    pub(super) planned_region: Option<PlannedRegion>,
}

impl Wanted<'_> {
    /// Whether a live run is wanted; everything that can be wrong about it is found here, before anything is asked.
    pub(super) fn check(&self) -> Result<bool> {
        let command = self.command;
        let live = self.scope.all_pools || (self.snapshots.is_empty() && !self.scope.pool_id.is_empty());
        if self.snapshots.is_empty() && !live {
            bail!(
                "nothing to judge. Three ways to go on:\n\
                 mrready {command} SNAPSHOT            from what was collected before\n\
                 mrready {command} --pool-id ID        collect one pool live first\n\
                 mrready {command} --all-pools         collect every pool of the configured Region first"
            );
        }
        if self.scope.all_pools && !self.snapshots.is_empty() {
            bail!("--all-pools collects live; with SNAPSHOT nothing is collected. Give one of the two");
        }
        if self.save.is_some() && !live {
            bail!("--save-snapshot keeps what a live run collects; there is a SNAPSHOT already");
        }
        scan::check(self.trees)?;
        Ok(live)
    }

    /// Collects from the live account the calls of `needs`, or all; what most rules of the catalogue need first.
    pub(super) fn collect(&self, needs: Option<Needs>, catalog: &Catalog) -> Result<Snapshot> {
        let mut request = collect::request_of(self.scope)?;
        request.needs = needs;
        request.order = collect::order(catalog);
        request.planned_region.clone_from(&self.planned_region);
        match self.save {
            Some(path) => {
                let target = collect::Target { path, resume: self.resume, configuration: self.configuration };
                collect::collect_to(request, &target, self.trees, self.verbose)
            }
            None => Ok(scan::add(collect::collect_live(&request, None, self.verbose)?, self.trees, Timestamp::now())),
        }
    }

    /// Reads the snapshots; source trees are searched at `now`. `stdin` is what was read of standard input already.
    pub(super) fn read(&self, now: Timestamp, stdin: Option<Vec<u8>>) -> Result<Snapshot> {
        Ok(scan::add(files::read_snapshots_with(self.snapshots, stdin)?, self.trees, now))
    }
}
