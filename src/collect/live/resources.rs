//! What Cloud Control is asked about consumers of tokens: one search per type of resource and Region.

use std::collections::BTreeSet;

use super::ask::Session;

/// Searches these Regions.
pub(super) async fn search(_session: &Session<'_>, _regions: &BTreeSet<String>) {}
