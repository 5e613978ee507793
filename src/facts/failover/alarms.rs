//! CloudWatch alarms on Cognito's own metrics, in P and in the replica's Region. Which metrics there are is a table with an
//! as-of date: one that is not listed may be newer than the table.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value as Json;

use crate::model::{Cause, Fact, Listed, Observed, Source};
use crate::yaml;

use super::super::{Answer, PoolView};
use super::{ALARMS, REPLICAS, blocked, replica_region, texts};

const NAMESPACE: &str = "AWS/Cognito";
const FILE: &str = "rules/data/cognito-metrics.yaml";

/// The metrics of the namespace `AWS/Cognito`.
#[derive(Debug, Default)]
struct Metrics {
    as_of: String,
    /// What users do.
    traffic: BTreeSet<String>,
    /// Everything else.
    risk: BTreeSet<String>,
}

impl Metrics {
    /// Reads the table; a table that cannot be read is empty, which a test rules out.
    fn parse(text: &str) -> Self {
        let Ok(root) = yaml::parse(text) else { return Self::default() };
        let names = |key: &str| {
            let items = root.get(key).and_then(yaml::Node::list).unwrap_or_default();
            items.iter().filter_map(yaml::Node::text).map(str::to_owned).collect()
        };
        let as_of = root.get("as_of").and_then(yaml::Node::text).unwrap_or_default().to_owned();
        Self { as_of, traffic: names("traffic"), risk: names("risk") }
    }

    fn has(&self, metric: &str) -> bool {
        self.traffic.contains(metric) || self.risk.contains(metric)
    }
}

static METRICS: LazyLock<Metrics> =
    LazyLock::new(|| Metrics::parse(include_str!("../../../rules/data/cognito-metrics.yaml")));

fn table() -> Source {
    Source::Table { name: FILE.to_owned(), as_of: METRICS.as_of.clone() }
}

/// A metric of Cognito that an alarm watches.
struct Watched {
    alarm: String,
    metric: String,
    /// The pool that it is limited to.
    pool: Option<String>,
    /// Whether a query of Metrics Insights names it: one that is limited to no pool is about all of them.
    by_query: bool,
}

impl Watched {
    /// Whether what this pool's users do can set the alarm off. Every metric of Cognito has its pool as a dimension, so a
    /// metric that is named without one has no data.
    /// Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/metrics-for-cognito-user-pools.html>.
    fn is_of(&self, pool: &str) -> bool {
        self.pool.as_ref().map_or(self.by_query, |own| own == pool)
    }
}

/// All alarms of a Region on metrics of Cognito.
fn watched(answer: &Answer<'_>) -> Listed<Watched> {
    let named = answer.named("AlarmName");
    let mut all = Listed { items: Vec::new(), incomplete: named.incomplete };
    for (alarm, item) in named.items {
        if read(alarm, item, &mut all.items).is_none() {
            let cause = || Cause::Unrecognised { value: format!("a metric of another shape at {ALARMS} of {alarm}") };
            all.incomplete.get_or_insert_with(cause);
        }
    }
    all
}

/// Adds the metrics of one alarm; nothing if a member is of another type than the API says.
fn read(alarm: &str, item: &Json, into: &mut Vec<Watched>) -> Option<()> {
    metric(alarm, item, into)?;
    for query in list(item, "Metrics")? {
        match query.get("MetricStat") {
            None | Some(Json::Null) => {}
            Some(stat) => metric(alarm, stat.get("Metric")?, into)?,
        }
        // A query of Metrics Insights names its metrics in a text.
        let expression = text(query, "Expression")?.unwrap_or_default();
        if expression.contains(NAMESPACE) {
            let words: BTreeSet<&str> = expression.split(|c: char| !c.is_ascii_alphanumeric()).collect();
            let pool = quoted_pool(expression);
            let metrics = METRICS.traffic.iter().filter(|metric| words.contains(metric.as_str()));
            into.extend(metrics.map(|metric| Watched {
                alarm: alarm.to_owned(),
                metric: metric.clone(),
                pool: pool.clone(),
                by_query: true,
            }));
        }
    }
    Some(())
}

/// The pool in `UserPool = 'us-east-1_Example'`.
fn quoted_pool(expression: &str) -> Option<String> {
    let (_, rest) = expression.split_once("UserPool = '").or_else(|| expression.split_once("UserPool='"))?;
    rest.split('\'').next().map(str::to_owned)
}

fn metric(alarm: &str, item: &Json, into: &mut Vec<Watched>) -> Option<()> {
    if text(item, "Namespace")? != Some(NAMESPACE) {
        return Some(());
    }
    let name = text(item, "MetricName")??;
    let mut pool = None;
    for dimension in list(item, "Dimensions")? {
        if matches!(text(dimension, "Name")??, "UserPool" | "UserPoolId") {
            pool = Some(text(dimension, "Value")??.to_owned());
        }
    }
    into.push(Watched { alarm: alarm.to_owned(), metric: name.to_owned(), pool, by_query: false });
    Some(())
}

/// A text that may be missing; the outer `None` is another type.
#[allow(clippy::option_option, reason = "the outer says whether it is readable, the inner whether it is there")]
fn text<'a>(item: &'a Json, name: &str) -> Option<Option<&'a str>> {
    match item.get(name) {
        None | Some(Json::Null) => Some(None),
        Some(value) => value.as_str().map(Some),
    }
}

fn list<'a>(item: &'a Json, name: &str) -> Option<&'a [Json]> {
    match item.get(name) {
        None | Some(Json::Null) => Some(&[]),
        Some(value) => value.as_array().map(Vec::as_slice),
    }
}

fn ask<'f>(view: &PoolView<'f>, region: &str) -> Answer<'f> {
    view.ask(ALARMS, region, &[])
}

/// The alarms of a Region that notice when this pool's users stop.
fn on_traffic(view: &PoolView<'_>, answer: &Answer<'_>) -> Listed<String> {
    let all = watched(answer);
    let ours = |each: &&Watched| METRICS.traffic.contains(&each.metric) && each.is_of(&view.key.id);
    let items: BTreeSet<String> = all.items.iter().filter(ours).map(|each| each.alarm.clone()).collect();
    Listed { items: items.into_iter().collect(), incomplete: all.incomplete }
}

pub(super) fn in_primary(view: &PoolView<'_>) -> Fact {
    let answer = ask(view, &view.region);
    texts(on_traffic(view, &answer), vec![answer.source("/MetricAlarms"), table()])
}

pub(super) fn in_secondary(view: &PoolView<'_>) -> Fact {
    match replica_region(view) {
        Observed::Known(region) => {
            let answer = ask(view, &region);
            texts(on_traffic(view, &answer), vec![answer.source("/MetricAlarms"), replicas(view), table()])
        }
        Observed::Absent => Fact::absent(vec![replicas(view)]),
        Observed::Unknown(cause) => Fact::unknown(blocked(ALARMS, cause), vec![replicas(view)]),
    }
}

fn replicas(view: &PoolView<'_>) -> Source {
    view.source(REPLICAS, &view.region, "/UserPoolReplicas")
}

pub(super) fn without_metric(view: &PoolView<'_>) -> Fact {
    let mut regions = vec![view.region.clone()];
    // Where else to look, the list of replicas says.
    let mut sources = vec![replicas(view)];
    let mut found = Listed::complete(Vec::new());
    match replica_region(view) {
        Observed::Known(region) => regions.push(region),
        Observed::Absent => {}
        Observed::Unknown(cause) => {
            found.incomplete = Some(blocked(ALARMS, cause));
        }
    }
    for region in regions {
        let answer = ask(view, &region);
        sources.push(answer.source("/MetricAlarms"));
        let all = watched(&answer);
        let strange = all.items.iter().filter(|each| !METRICS.has(&each.metric));
        let strange = strange.filter(|each| each.pool.as_ref().is_none_or(|pool| *pool == view.key.id));
        found.items.extend(strange.map(|each| format!("{} in {region} on {}", each.alarm, each.metric)));
        found.incomplete = found.incomplete.or(all.incomplete);
    }
    sources.push(table());
    texts(found, sources)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_is_read() {
        assert!(!METRICS.as_of.is_empty());
        assert_eq!(METRICS.traffic.len(), 8);
        assert!(METRICS.has("SignInSuccesses") && METRICS.has("NoRisk") && !METRICS.has("Errors"));
    }

    fn metrics(item: &Json) -> Option<Vec<(String, Option<String>)>> {
        let mut into = Vec::new();
        read("a", item, &mut into)?;
        Some(into.into_iter().map(|each| (each.metric, each.pool)).collect())
    }

    #[test]
    fn an_alarm_names_its_metrics_in_three_places() {
        let pool = "us-east-1_Example";
        let metric = json!({
            "Namespace": NAMESPACE, "MetricName": "SignInSuccesses", "Dimensions": [{ "Name": "UserPool", "Value": pool }]
        });
        let expected = Some(vec![("SignInSuccesses".to_owned(), Some(pool.to_owned()))]);
        assert_eq!(metrics(&metric), expected);
        let math = json!({ "Metrics": [{ "MetricStat": { "Metric": metric } }, { "Expression": "m1 / 2" }] });
        assert_eq!(metrics(&math), expected);
        let query =
            format!("SELECT SUM(SignInSuccesses) FROM SCHEMA(\"AWS/Cognito\", UserPool) WHERE UserPool = '{pool}'");
        assert_eq!(metrics(&json!({ "Metrics": [{ "Expression": query }] })), expected);
        assert_eq!(metrics(&json!({ "Namespace": "AWS/Lambda", "MetricName": "Errors" })), Some(Vec::new()));
    }

    #[test]
    fn another_shape_is_not_read_as_no_metric() {
        for item in [
            json!({ "Namespace": 1 }),
            json!({ "Namespace": NAMESPACE }),
            json!({ "Namespace": NAMESPACE, "MetricName": ["x"] }),
            json!({ "Namespace": NAMESPACE, "MetricName": "Errors", "Dimensions": "x" }),
            json!({ "Namespace": NAMESPACE, "MetricName": "Errors", "Dimensions": [{ "Name": "UserPool" }] }),
            json!({ "Metrics": {} }),
            json!({ "Metrics": [{ "MetricStat": {} }] }),
            json!({ "Metrics": [{ "Expression": 1 }] }),
        ] {
            assert_eq!(metrics(&item), None, "{item}");
        }
    }
}
