//! From which Regions a pool may send: the tables of SES and SNS Regions by the pool's own Region.
//!
//! Data with an as-of date: a pool's Region that is not listed is "not listed", never "no".

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::Source;
use crate::yaml;

/// Where SES may send from.
pub(super) static SES: LazyLock<Alternates> =
    LazyLock::new(|| Alternates::parse("ses-regions", include_str!("../../../rules/data/ses-regions.yaml")));
/// Where SNS may send from.
pub(super) static SNS: LazyLock<Alternates> =
    LazyLock::new(|| Alternates::parse("sns-regions", include_str!("../../../rules/data/sns-regions.yaml")));

/// The Regions that a pool may send from, by its own Region.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Alternates {
    name: &'static str,
    as_of: String,
    rows: BTreeMap<String, Vec<String>>,
}

impl Alternates {
    /// Reads a table. One that cannot be read lists nothing; a test holds the built-in ones to more.
    fn parse(name: &'static str, text: &str) -> Self {
        let root = yaml::parse(text).ok();
        let member = |key: &str| root.as_ref().and_then(|root| root.get(key));
        let as_of = member("as_of").and_then(yaml::Node::text).unwrap_or_default().to_owned();
        let rows = member("regions").and_then(yaml::Node::list).into_iter().flatten().filter_map(|row| {
            let from = row.get("from")?.list()?.iter().map(|region| region.text().map(str::to_owned));
            Some((row.get("region")?.text()?.to_owned(), from.collect::<Option<Vec<_>>>()?))
        });
        Self { name, as_of, rows: rows.collect() }
    }

    /// Whether a pool in `pool` may send from `region`: `yes`, `no`, or `not_listed`.
    pub(super) fn allows(&self, pool: &str, region: &str) -> &'static str {
        match self.rows.get(pool) {
            Some(from) if from.iter().any(|each| each == region) => "yes",
            Some(_) => "no",
            None => "not_listed",
        }
    }

    /// The only Region that a pool in `pool` may send from, if there is only one.
    pub(super) fn only(&self, pool: &str) -> Option<&str> {
        match self.rows.get(pool)?.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The table as a source.
    pub(super) fn source(&self) -> Source {
        Source::Table { name: format!("rules/data/{}.yaml", self.name), as_of: self.as_of.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::RegionTable;

    #[test]
    fn every_region_with_replicas_is_listed() {
        let regions = RegionTable::parse(include_str!("../../../rules/data/regions.yaml")).unwrap();
        for table in [&*SES, &*SNS] {
            assert!(!table.as_of.is_empty(), "{}", table.name);
            for region in regions.of_partition("aws").iter().filter(|region| regions.supports_mrr(region) == "yes") {
                assert!(table.rows.get(region).is_some_and(|from| !from.is_empty()), "{}: {region}", table.name);
            }
        }
    }

    #[test]
    fn the_traps() {
        for region in ["us-west-1", "eu-west-3", "eu-north-1", "sa-east-1"] {
            assert_eq!((SES.allows(region, region), SES.allows(region, "us-east-1")), ("yes", "no"), "{region}");
        }
        assert_eq!((SES.allows("eu-central-1", "eu-west-1"), SES.allows("eu-central-1", "eu-west-2")), ("yes", "no"));
        let seoul = "ap-northeast-2";
        assert_eq!((SNS.allows(seoul, seoul), SNS.allows(seoul, "ap-northeast-1")), ("no", "yes"));
        assert_eq!((SNS.only(seoul), SNS.only("eu-west-2")), (Some("ap-northeast-1"), None));
        assert_eq!(SNS.allows("mars-north-1", "mars-north-1"), "not_listed");
    }

    #[test]
    fn a_broken_table_lists_nothing() {
        for text in ["", "regions: [", "regions: x", "regions: [{ region: a }]", "regions: [{ region: a, from: [[]] }]"]
        {
            assert_eq!(Alternates::parse("broken", text).allows("a", "a"), "not_listed", "{text}");
        }
    }
}
