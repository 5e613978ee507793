//! `--shard I/N`: which accounts are this run's, where several runs share a fleet.
//!
//! By a digest of the account's id, so that every run decides alone, and an account more moves no other.

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::model::report::Reduction;
use crate::model::totals::Shard;
use crate::snapshot::Snapshot;

/// Where schedulers say which of several equal jobs this is, from 0.
///
/// Sources: <https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode>,
/// <https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html>.
const INDEX_VARIABLES: [&str; 2] = ["JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"];
/// The word for an index that one of these says.
const AUTO: &str = "auto";

/// `I/N`, or `auto/N`.
pub(super) fn parse(text: &str) -> Result<Shard> {
    let wrong = || format!("--shard {text}: write I/N, with I from 0 to N-1, or auto/N in an indexed job");
    let (index, of) = text.split_once('/').with_context(wrong)?;
    let of: u64 = of.parse().with_context(wrong)?;
    let index = if index == AUTO { index_of_job()? } else { index.to_owned() };
    let index: u64 = index.parse().with_context(wrong)?;
    if index >= of {
        bail!(wrong());
    }
    Ok(Shard { index, of })
}

fn index_of_job() -> Result<String> {
    let mut said = INDEX_VARIABLES.iter().filter_map(|name| std::env::var(name).ok()).filter(|it| !it.is_empty());
    said.next().with_context(|| format!("--shard auto: none of {} is set", INDEX_VARIABLES.join(" and ")))
}

/// Whether an account is this shard's.
pub(super) fn has(shard: Shard, account: &str) -> bool {
    let digest = Sha256::digest(account);
    let first = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    first % shard.of == shard.index
}

/// What of the run it leaves to others.
pub(super) fn reduction(shard: Shard) -> Reduction {
    let effect = format!("the accounts of one of {} shards are judged", shard.of);
    Reduction { option: format!("--shard {shard}"), effect, touches_blocker: false }
}

/// Leaves out of a whole log what other shards judge.
pub(super) fn narrow(snapshot: Snapshot, shard: Shard) -> Snapshot {
    let header = snapshot.header.clone();
    let own = |part: &Snapshot| {
        let scope = &part.header.scope;
        let named = scope.pools.iter().map(|pool| pool.account.as_str());
        let mut named = named.chain(scope.accounts.iter().map(|account| account.account.as_str()));
        let account = named.next().or_else(|| part.entries.first().map(crate::snapshot::Entry::account));
        account.is_none_or(|account| account.is_empty() || has(shard, account))
    };
    let parts: Vec<Snapshot> = snapshot.by_account().into_iter().filter(own).collect();
    Snapshot::merge(parts).unwrap_or_else(|| {
        let mut none = Snapshot::new(crate::snapshot::Scope::default(), Vec::new());
        none.header.tool_version = header.tool_version;
        none
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_is_in_one_shard_and_the_shards_are_even() {
        let accounts: Vec<String> = (0..3000_u64).map(|n| format!("{:012}", 111_122_223_333 + 7 * n)).collect();
        let sizes: Vec<usize> = (0..3)
            .map(|index| accounts.iter().filter(|account| has(Shard { index, of: 3 }, account)).count())
            .collect();
        assert_eq!(sizes.iter().sum::<usize>(), accounts.len());
        assert!(sizes.iter().all(|size| (900..1100).contains(size)), "{sizes:?}");
    }

    #[test]
    fn only_a_shard_of_the_whole_is_one() {
        assert_eq!(parse("2/3").unwrap(), Shard { index: 2, of: 3 });
        for wrong in ["", "1", "3/3", "0/0", "-1/2", "a/2", "1/2/3", "/2"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
