//! One pool on its way from the first day to a routed domain: a snapshot after each stage, made from one base.

use jiff::{SignedDuration, Timestamp};
use mrready::snapshot::Snapshot;
use serde_json::json;

use crate::areas::triggers::{deployed, function};
use crate::builder::{
    Account, DESCRIBE_KEY, DESCRIBE_POOL, KEY_POLICY, P, POOL, S, new_issuer, old_issuer, rest_jwt, time,
};

/// A stage, named by what was done last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    FirstDay,
    FeaturePlan,
    /// No answer shows a key that no pool uses.
    KeyMade,
    KeyAttached,
    VerifiersReady,
    IssuerSwitched,
    /// Functions in S, which no pool names yet.
    RegionReady,
    ReplicaMade,
    ReplicaConfigured,
    ReplicaActive,
    Routed,
}

impl Stage {
    pub(crate) const ALL: [Self; 11] = [
        Self::FirstDay,
        Self::FeaturePlan,
        Self::KeyMade,
        Self::KeyAttached,
        Self::VerifiersReady,
        Self::IssuerSwitched,
        Self::RegionReady,
        Self::ReplicaMade,
        Self::ReplicaConfigured,
        Self::ReplicaActive,
        Self::Routed,
    ];

    /// When its snapshot was taken: two days after the one before.
    pub(crate) fn taken(self) -> Timestamp {
        let at = Self::ALL.iter().position(|stage| *stage == self).unwrap();
        time("2026-11-02T08:00:00Z") + SignedDuration::from_hours(48 * i64::try_from(at).unwrap())
    }

    /// An hour later: the clock of what is judged then.
    pub(crate) fn now(self) -> Timestamp {
        self.taken() + SignedDuration::from_hours(1)
    }

    /// The account as it is then.
    pub(crate) fn account(self) -> Account {
        let config = |region: &str| json!({ "PreTokenGeneration": function(region, "claims") });
        let mut account = Account::ready().set(DESCRIBE_POOL, P, "/UserPool/LambdaConfig", config(P));
        let (old, new) = (old_issuer(POOL), new_issuer(POOL));
        let issuers = if self < Self::VerifiersReady { vec![old.as_str()] } else { vec![old.as_str(), new.as_str()] };
        account = account.rest_api(P, "shop", vec![rest_jwt("shop-jwt", &issuers)]);
        if self < Self::FeaturePlan {
            account = account.set(DESCRIBE_POOL, P, "/UserPool/UserPoolTier", "LITE");
        }
        if self < Self::KeyAttached {
            account = account.unset(DESCRIBE_POOL, P, "/UserPool/KeyConfiguration");
            account
                .calls
                .retain(|call| ![DESCRIBE_KEY, KEY_POLICY, "kms:GetKeyRotationStatus"].contains(&&*call.name()));
        }
        if self >= Self::IssuerSwitched {
            account = account.set(DESCRIBE_POOL, P, "/UserPool/IssuerConfiguration/Type", "UPDATED");
        }
        if self >= Self::ReplicaMade {
            account = account.replicate(if self < Self::ReplicaActive { "INACTIVE" } else { "ACTIVE" });
            account = if self < Self::ReplicaConfigured {
                account.unset(DESCRIBE_POOL, S, "/UserPool/LambdaConfig")
            } else {
                deployed(account.set(DESCRIBE_POOL, S, "/UserPool/LambdaConfig", config(S)), "claims")
            };
        }
        if self >= Self::Routed {
            account = account.routed();
        }
        account
    }

    /// The snapshot of that account.
    pub(crate) fn snapshot(self) -> Snapshot {
        taken(self.account(), self.taken())
    }
}

/// The snapshot of an account whose every answer came at one time.
pub(crate) fn taken(mut account: Account, time: Timestamp) -> Snapshot {
    account.calls.iter_mut().for_each(|call| call.time = time);
    account.hits.iter_mut().for_each(|hit| hit.time = time);
    account.scans.iter_mut().for_each(|scan| scan.time = time);
    account.snapshot()
}
