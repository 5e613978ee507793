//! The table of Regions: which offer MRR, in which partition they lie. Data with an as-of date; an unlisted Region is
//! "not listed", never "no".

use std::collections::BTreeMap;

use crate::yaml;

/// The Regions as the table's file has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegionTable {
    /// The day or month in which the list was true, `YYYY-MM-DD` or `YYYY-MM`.
    pub as_of: String,
    regions: BTreeMap<String, (String, bool)>,
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegionTableError {
    /// Not YAML.
    #[error("regions.yaml:{0}")]
    Syntax(#[from] yaml::SyntaxError),
    /// YAML of another shape.
    #[error("regions.yaml: {0}")]
    Shape(&'static str),
}

impl RegionTable {
    /// Reads `regions.yaml`.
    pub fn parse(text: &str) -> Result<Self, RegionTableError> {
        let root = yaml::parse(text)?;
        let as_of =
            root.get("as_of").and_then(yaml::Node::text).ok_or(RegionTableError::Shape("`as_of` is missing"))?;
        let list =
            root.get("regions").and_then(yaml::Node::list).ok_or(RegionTableError::Shape("`regions` is not a list"))?;
        let mut regions = BTreeMap::new();
        for item in list {
            let text = |key: &str| item.get(key).and_then(yaml::Node::text);
            let (Some(name), Some(partition), Some(mrr)) = (text("region"), text("partition"), text("mrr")) else {
                return Err(RegionTableError::Shape("an entry needs `region`, `partition` and `mrr`"));
            };
            regions.insert(name.to_owned(), (partition.to_owned(), mrr == "true"));
        }
        Ok(Self { as_of: as_of.to_owned(), regions })
    }

    /// `yes`, `no`, or `not_listed`. A Region whose name belongs to another partition than `aws` has no MRR.
    pub fn supports_mrr(&self, region: &str) -> &'static str {
        match self.regions.get(region) {
            Some((_, true)) => "yes",
            Some((_, false)) => "no",
            None if self.partition(region) != "aws" => "no",
            None => "not_listed",
        }
    }

    /// The listed Regions of a partition, sorted.
    pub fn of_partition(&self, partition: &str) -> Vec<String> {
        self.regions.iter().filter(|(_, (of, _))| of == partition).map(|(name, _)| name.clone()).collect()
    }

    /// The listed Regions by their partition, both sorted.
    pub fn by_partition(&self) -> BTreeMap<String, Vec<String>> {
        let mut partitions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (region, (partition, _)) in &self.regions {
            partitions.entry(partition.clone()).or_default().push(region.clone());
        }
        partitions
    }

    /// The partition a Region lies in, by the table or by its name.
    pub fn partition(&self, region: &str) -> &str {
        if let Some((partition, _)) = self.regions.get(region) {
            return partition;
        }
        [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eusc-", "aws-eusc"),
        ]
        .into_iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("aws", |(_, partition)| partition)
    }
}

/// The DNS suffix of a partition's service endpoints. Source: botocore's endpoint rules, graded [API].
pub(super) fn dns_suffix(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlisted_region_is_not_a_no() {
        let table = "as_of: 2026-06-30\nregions:\n  - { region: us-east-1, partition: aws, mrr: true }\n  - { region: af-south-1, partition: aws, mrr: false }\n";
        let table = RegionTable::parse(table).unwrap();
        let answers = ["us-east-1", "af-south-1", "xx-new-1", "cn-north-1"].map(|region| table.supports_mrr(region));
        assert_eq!(answers, ["yes", "no", "not_listed", "no"]);
    }
}
