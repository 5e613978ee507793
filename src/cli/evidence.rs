//! Where the evidence of `audit` and `plan` comes from: snapshots, or a live collection, and source trees beside either.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::collect::{Needs, PlannedRegion};
use crate::rules::Catalog;
use crate::snapshot::Snapshot;

use super::args::ScopeArgs;
use super::{collect, files, scan, sections};

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
        let lists = self.scope.lists_pools();
        let live = lists || (self.snapshots.is_empty() && !self.scope.pool_id.is_empty());
        if self.snapshots.is_empty() && !live {
            bail!(
                "nothing to judge. Ways to go on:\n\
                 mrready {command} SNAPSHOT            from what was collected before\n\
                 mrready {command} --pool-id ID        collect one pool live first\n\
                 mrready {command} --all-pools         collect every pool of the configured Region first\n\
                 mrready {command} --all-regions       collect every pool of every Region first\n\
                 mrready {command} --org-role NAME     collect every account of the organization first"
            );
        }
        if lists && !self.snapshots.is_empty() {
            let option = match self.scope {
                scope if scope.all_pools => "--all-pools",
                scope if scope.all_regions => "--all-regions",
                scope if scope.org_role.is_some() => "--org-role",
                _ => "--role-arn",
            };
            bail!("{option} collects live; with SNAPSHOT nothing is collected. Give one of the two");
        }
        if !live && !self.scope.exclude.is_empty() {
            bail!("--exclude leaves accounts and Regions out of a live run; with SNAPSHOT nothing is collected");
        }
        if self.save.is_some() && !live {
            bail!("--save-snapshot keeps what a live run collects; there is a SNAPSHOT already");
        }
        if live {
            let request = collect::request_of(self.scope)?;
            if let Some(path) = self.save.filter(|_| request.accounts.are_several()) {
                sections::check(path)?;
            }
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
            Some(path) if request.accounts.are_several() => {
                let mut documents = Vec::new();
                let mut keep = |document: &Snapshot| documents.push(document.clone());
                let target = collect::Target { path, resume: self.resume, configuration: self.configuration };
                sections::collect_to(&request, &target, self.trees, self.verbose, &mut keep)?;
                let merged = Snapshot::merge(documents).context("nothing was collected")?;
                Ok(scan::add(merged, self.trees, Timestamp::now()))
            }
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
