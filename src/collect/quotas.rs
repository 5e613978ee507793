//! How fast AWS says that each call may be made: the table `rules/data/quotas.yaml`, by operation.
//!
//! For the live collector, which takes a share of each rate, and for the generated page that names them. Not here: waiting
//! (`live/rates`), and what an account's own quotas are, which may have been raised: nobody is asked.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::snapshot::operations::Operation;
use crate::yaml::{self, Node};

/// Requests that AWS counts together.
#[derive(Debug, Clone, PartialEq)]
pub struct Quota {
    /// The service and what its documentation calls the quota, such as `cognito-idp UserPoolRead`.
    pub name: String,
    /// Requests per second: AWS's default, or our guess.
    pub rate: f64,
    /// The requests per second of any one of its operations for a single user pool, where that is limited too.
    pub per_pool: Option<f64>,
    /// Whether all Regions of an account share it; otherwise each Region has its own.
    pub all_regions: bool,
    /// Whether AWS publishes the rate; otherwise it is a cautious guess.
    pub published: bool,
    /// Where the rate stands, or would stand.
    pub url: String,
    /// The day on which that was read; a guess need not have one.
    pub read: Option<String>,
    /// How firm it is, as for references of rules.
    pub grade: String,
    /// The calls that the source counts in it, as `service:Operation`.
    pub operations: Vec<String>,
    /// The calls that no source counts anywhere, and that are counted here to be careful.
    pub assumed: Vec<String>,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quotas {
    /// The month in which it was true.
    pub as_of: String,
    /// In the order of the file.
    pub quotas: Vec<Quota>,
    by_call: BTreeMap<String, usize>,
}

/// Where a call is counted that the table does not name, which a test rules out: apart, and slowly.
static UNNAMED: LazyLock<Quota> = LazyLock::new(|| Quota {
    name: "unnamed".to_owned(),
    rate: 1.0,
    per_pool: None,
    all_regions: true,
    published: false,
    url: String::new(),
    read: None,
    grade: "INF".to_owned(),
    operations: Vec::new(),
    assumed: Vec::new(),
});

static TABLE: LazyLock<Quotas> =
    LazyLock::new(|| Quotas::parse(include_str!("../../rules/data/quotas.yaml")).unwrap_or_default());

/// The tool's own table.
pub fn quotas() -> &'static Quotas {
    &TABLE
}

/// The quota that a call of this operation draws on.
pub fn quota_of(operation: &Operation) -> &'static Quota {
    quotas().of(operation).unwrap_or(&UNNAMED)
}

impl Quotas {
    /// Reads the table; nothing if it is not in its shape.
    pub fn parse(text: &str) -> Option<Self> {
        let root = yaml::parse(text).ok()?;
        let quotas: Vec<Quota> = root.get("quotas")?.list()?.iter().map(Quota::parse).collect::<Option<_>>()?;
        let mut by_call = BTreeMap::new();
        for (index, quota) in quotas.iter().enumerate() {
            for call in quota.operations.iter().chain(&quota.assumed) {
                if by_call.insert(call.clone(), index).is_some() {
                    return None;
                }
            }
        }
        Some(Self { as_of: root.get("as_of")?.text()?.to_owned(), quotas, by_call })
    }

    /// The quota that a call of this operation draws on; of Cloud Control whatever the type of resource.
    pub fn of(&self, operation: &Operation) -> Option<&Quota> {
        let index = self.by_call.get(&format!("{}:{}", operation.service, operation.name))?;
        self.quotas.get(*index)
    }
}

impl Quota {
    fn parse(node: &Node) -> Option<Self> {
        let text = |of: &Node, key: &str| of.get(key).and_then(Node::text).map(str::to_owned);
        let rate = |key: &str| text(node, key)?.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0);
        let calls = |key: &str| {
            let items = node.get(key).and_then(Node::list).unwrap_or_default();
            items.iter().filter_map(Node::text).map(str::to_owned).collect()
        };
        let source = node.get("source")?;
        Some(Self {
            name: text(node, "quota")?,
            rate: rate("rate")?,
            per_pool: rate("per_pool"),
            all_regions: text(node, "scope").as_deref() == Some("account"),
            published: text(node, "published").as_deref() != Some("false"),
            url: text(source, "url")?,
            read: text(source, "read"),
            grade: text(source, "grade")?,
            operations: calls("operations"),
            assumed: calls("assumed"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::snapshot::operations::{OF_THE_CALLER, OPERATIONS};

    fn table() -> Quotas {
        Quotas::parse(include_str!("../../rules/data/quotas.yaml")).unwrap()
    }

    #[test]
    fn every_operation_draws_on_a_quota_and_every_row_is_an_operation() {
        let all = || OPERATIONS.iter().chain(OF_THE_CALLER);
        let called: BTreeSet<String> =
            all().map(|operation| format!("{}:{}", operation.service, operation.name)).collect();
        let rows: BTreeSet<String> = table().by_call.into_keys().collect();
        assert_eq!(called, rows);
        assert!(all().all(|operation| *quota_of(operation) != *UNNAMED));
    }

    #[test]
    fn what_is_published_rests_on_aws_and_what_is_guessed_does_not_claim_to() {
        let table = table();
        let names: BTreeSet<&String> = table.quotas.iter().map(|quota| &quota.name).collect();
        assert_eq!(names.len(), table.quotas.len());
        for quota in &table.quotas {
            assert!(quota.url.starts_with("https://docs.aws.amazon.com/"), "{quota:?}");
            assert!(["API", "DOC"].contains(&quota.grade.as_str()) == quota.published, "{quota:?}");
            assert!(quota.published != quota.operations.is_empty(), "a guess assumes: {quota:?}");
            assert!(quota.read.is_some() || !quota.published, "{quota:?}");
        }
    }

    #[test]
    fn a_call_in_two_quotas_and_a_rate_that_is_none_are_refused() {
        let row = |rate: &str, name: &str| {
            format!(
                "  - {{ quota: {name}, rate: {rate}, source: {{ url: u, read: r, grade: DOC }}, operations: [\"a:B\"] }}\n"
            )
        };
        let parse = |rows: &str| Quotas::parse(&format!("as_of: 2026-11\nquotas:\n{rows}"));
        assert!(parse(&row("5", "one")).is_some());
        assert!(parse(&(row("5", "one") + &row("5", "two"))).is_none());
        for rate in ["0", "-1", "fast", "inf", "NaN"] {
            assert!(parse(&row(rate, "one")).is_none(), "{rate}");
        }
    }
}
