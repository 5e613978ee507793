//! Tells whether an Amazon Cognito user pool can move to multi-Region replication (MRR), with proof.
//!
//! `ARCHITECTURE.md` says how the modules depend on each other; `docs/contract.md` what users may rely on.

pub mod audit;
pub mod cli;
pub mod collect;
pub mod diff;
pub mod facts;
pub mod import;
pub mod model;
pub mod plan;
pub mod policy;
pub mod render;
pub mod rules;
pub mod scan;
pub mod snapshot;
pub mod yaml;
