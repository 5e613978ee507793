//! The health checks that the routing of a domain names, with the checks and alarms behind them.
//!
//! A calculated check is only as good as its children, so these are read too. That Route 53 does not have a check that the
//! routing names is an answer, not a gap. Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html>.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value as Json, json};

use crate::model::{Cause, Fact, Listed, Observed, Source};

use super::super::{Answer, PoolView};
use super::{ALARMS, HEALTH_CHECK, blocked, domain, host, numbers, texts};

/// The types of the API.
pub(super) const TYPES: [&str; 8] =
    ["HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP", "CALCULATED", WATCHES_ALARM, "RECOVERY_CONTROL"];

/// Route 53 is global; its answers are logged under this Region.
const REGION: &str = "us-east-1";
const CONFIG: &str = "/HealthCheck/HealthCheckConfig";

/// Documented defaults of an endpoint's check: every 30 seconds, three times.
const INTERVAL: i64 = 30;
const THRESHOLD: i64 = 3;

/// The type of a check that watches an alarm.
const WATCHES_ALARM: &str = "CLOUDWATCH_METRIC";

/// A check that Route 53 has, and what it says of it.
#[derive(Debug)]
struct Check {
    id: String,
    /// Whether the routing names it; else a calculated check does.
    root: bool,
    kind: String,
    disabled: Observed<bool>,
    inverted: Observed<bool>,
    /// The name and the path that are asked.
    name: Observed<String>,
    path: Observed<String>,
    /// In seconds.
    interval: Observed<i64>,
    /// How often it has to fail.
    threshold: Observed<i64>,
    /// The alarm's Region and name; absent for a check that watches none.
    alarm: Observed<(String, String)>,
    without_data: Observed<String>,
}

/// The checks of a pool.
#[derive(Debug)]
pub(in crate::facts) struct Checks {
    found: Listed<Check>,
    /// Those that Route 53 does not have, and whether the routing names them.
    missing: Vec<(String, bool)>,
    sources: Vec<Source>,
}

impl Check {
    fn read(id: String, root: bool, kind: String, answer: &Answer<'_>) -> Self {
        let text = |member: &str| answer.text(&format!("{CONFIG}/{member}"));
        let integer = |member: &str| answer.integer(&format!("{CONFIG}/{member}"));
        // A member whose absence is not documented.
        let flag = |member: &str| {
            let pointer = format!("{CONFIG}/{member}");
            documented(answer.boolean(&pointer), &pointer)
        };
        let alarm = || {
            let part = |name: &str| {
                let pointer = format!("{CONFIG}/AlarmIdentifier/{name}");
                documented(answer.text(&pointer), &pointer)
            };
            part("Region").and_then(|region| part("Name").map(|name| (region, name)))
        };
        Self {
            root,
            disabled: flag("Disabled"),
            inverted: flag("Inverted"),
            name: text("FullyQualifiedDomainName"),
            path: text("ResourcePath"),
            interval: integer("RequestInterval"),
            threshold: integer("FailureThreshold"),
            alarm: if kind == WATCHES_ALARM { alarm() } else { Observed::Absent },
            without_data: text("InsufficientDataHealthStatus"),
            id,
            kind,
        }
    }

    fn asks_endpoint(&self) -> bool {
        self.kind.starts_with("HTTP") || self.kind == "TCP"
    }

    /// The host and the path that are asked; absent without a host name.
    fn target(&self) -> Observed<(String, String)> {
        self.name.as_ref().and_then(|name| match self.path.as_ref() {
            Observed::Known(path) => Observed::Known((host(name), path.clone())),
            Observed::Absent => Observed::Known((host(name), String::new())),
            Observed::Unknown(cause) => Observed::Unknown(cause),
        })
    }

    /// The check's id where a flag is set.
    fn where_set(&self, flag: &Observed<bool>) -> Observed<String> {
        flag.as_ref().and_then(|set| if *set { Observed::Known(self.id.clone()) } else { Observed::Absent })
    }
}

/// A member without which nothing is known.
fn documented<T>(value: Observed<T>, pointer: &str) -> Observed<T> {
    match value {
        Observed::Absent => Observed::Unknown(no_meaning(pointer)),
        value @ (Observed::Known(_) | Observed::Unknown(_)) => value,
    }
}

fn no_meaning(pointer: &str) -> Cause {
    Cause::NoMeaning { member: format!("{HEALTH_CHECK} {pointer}") }
}

/// The ids that the routing names.
fn named(view: &PoolView<'_>) -> (Listed<String>, Vec<Source>) {
    let (routed, mut sources) = domain::routed(view);
    let mut ids = Listed { items: Vec::new(), incomplete: routed.incomplete };
    for domain in &routed.items {
        sources.push(domain.source());
        match domain.health_check() {
            Observed::Known(id) if ids.items.contains(&id) => {}
            Observed::Known(id) => ids.items.push(id),
            Observed::Unknown(cause) => drop(ids.incomplete.get_or_insert(cause)),
            Observed::Absent => {}
        }
    }
    (ids, sources)
}

/// The checks that the routing names, then their children, each once. Many fields say something about them.
fn checks<'v>(view: &'v PoolView<'_>) -> &'v Checks {
    view.memo.health_checks.get_or_init(|| read(view))
}

fn read(view: &PoolView<'_>) -> Checks {
    let (ids, sources) = named(view);
    let incomplete = ids.incomplete.map(|cause| blocked(HEALTH_CHECK, cause));
    let mut checks = Checks { found: Listed { items: Vec::new(), incomplete }, missing: Vec::new(), sources };
    let mut seen: BTreeSet<String> = ids.items.iter().cloned().collect();
    let mut queue: VecDeque<(String, bool)> = ids.items.into_iter().map(|id| (id, true)).collect();
    while let Some((id, root)) = queue.pop_front() {
        let answer = view.ask(HEALTH_CHECK, REGION, &[&id]);
        checks.sources.push(answer.source(CONFIG));
        match answer.problem() {
            None => {}
            Some(Cause::NotFound { .. }) => {
                checks.missing.push((id, root));
                continue;
            }
            Some(cause) => {
                checks.found.incomplete.get_or_insert(cause.clone());
                continue;
            }
        }
        let mut gap = |cause: Cause| {
            checks.found.incomplete.get_or_insert(cause);
        };
        let kind = match answer.text(&format!("{CONFIG}/Type")) {
            Observed::Known(kind) => kind,
            Observed::Absent => {
                gap(no_meaning(&format!("{CONFIG}/Type")));
                String::new()
            }
            Observed::Unknown(cause) => {
                gap(cause);
                String::new()
            }
        };
        if !kind.is_empty() && !TYPES.contains(&kind.as_str()) {
            gap(Cause::Unrecognised { value: kind.clone() });
        }
        let pointer = format!("{CONFIG}/ChildHealthChecks");
        match answer.texts(&pointer) {
            Observed::Known(children) => {
                queue.extend(children.into_iter().filter(|id| seen.insert(id.clone())).map(|id| (id, false)));
            }
            Observed::Absent if kind == "CALCULATED" => gap(no_meaning(&pointer)),
            Observed::Absent => {}
            Observed::Unknown(cause) => gap(cause),
        }
        checks.found.items.push(Check::read(id, root, kind, &answer));
    }
    checks
}

/// What `of` says of the checks, where it says something.
fn each(view: &PoolView<'_>, of: impl Fn(&Check) -> Observed<String>) -> Fact {
    let checks = checks(view);
    texts(said(&checks.found, of), checks.sources.clone())
}

fn said<T>(found: &Listed<Check>, of: impl Fn(&Check) -> Observed<T>) -> Listed<T> {
    said_of(found.items.iter(), found.incomplete.clone(), of)
}

fn said_of<'c, T>(
    found: impl Iterator<Item = &'c Check>,
    incomplete: Option<Cause>,
    of: impl Fn(&Check) -> Observed<T>,
) -> Listed<T> {
    let mut list = Listed { items: Vec::new(), incomplete };
    for check in found {
        match of(check) {
            Observed::Known(item) => list.items.push(item),
            Observed::Absent => {}
            Observed::Unknown(cause) => drop(list.incomplete.get_or_insert(cause)),
        }
    }
    list
}

pub(super) fn ids(view: &PoolView<'_>) -> Fact {
    let (ids, sources) = named(view);
    texts(ids, sources)
}

pub(super) fn types(view: &PoolView<'_>) -> Fact {
    each(view, |check| if check.kind.is_empty() { Observed::Absent } else { Observed::Known(check.kind.clone()) })
}

pub(super) fn missing(view: &PoolView<'_>) -> Fact {
    let checks = checks(view);
    let roots = checks.missing.iter().filter(|(_, root)| *root).map(|(id, _)| id.clone());
    let incomplete = unread_roots(view, checks.found.incomplete.as_ref());
    texts(Listed { items: roots.collect(), incomplete }, checks.sources.clone())
}

/// Why a check that the routing names could not be read; what is unclear about children does not matter here.
fn unread_roots(view: &PoolView<'_>, incomplete: Option<&Cause>) -> Option<Cause> {
    incomplete?;
    let (ids, _) = named(view);
    let unread = ids.items.iter().find_map(|id| match view.ask(HEALTH_CHECK, REGION, &[id]).problem() {
        Some(Cause::NotFound { .. }) | None => None,
        Some(cause) => Some(cause.clone()),
    });
    ids.incomplete.map(|cause| blocked(HEALTH_CHECK, cause)).or(unread)
}

pub(super) fn disabled(view: &PoolView<'_>) -> Fact {
    let checks = checks(view);
    // What is unclear about children does not matter here.
    let incomplete = unread_roots(view, checks.found.incomplete.as_ref());
    let roots = checks.found.items.iter().filter(|check| check.root);
    texts(said_of(roots, incomplete, |check| check.where_set(&check.disabled)), checks.sources.clone())
}

pub(super) fn children(view: &PoolView<'_>) -> Fact {
    let checks = checks(view);
    let mut list =
        said(&checks.found, |check| if check.root { Observed::Absent } else { Observed::Known(check.id.clone()) });
    list.items.extend(checks.missing.iter().filter(|(_, root)| !root).map(|(id, _)| id.clone()));
    texts(list, checks.sources.clone())
}

pub(super) fn idle_children(view: &PoolView<'_>) -> Fact {
    let checks = checks(view);
    let mut list =
        said(&checks.found, |check| if check.root { Observed::Absent } else { check.where_set(&check.disabled) });
    list.items.extend(checks.missing.iter().filter(|(_, root)| !root).map(|(id, _)| format!("{id} (not there)")));
    texts(list, checks.sources.clone())
}

pub(super) fn inverted(view: &PoolView<'_>) -> Fact {
    each(view, |check| check.where_set(&check.inverted))
}

pub(super) fn circular(view: &PoolView<'_>) -> Fact {
    let (routed, _) = domain::routed(view);
    let hosts: BTreeSet<String> = routed.items.into_iter().map(|domain| domain.host).collect();
    each(view, |check| {
        check.name.as_ref().and_then(|name| {
            if hosts.contains(&host(name)) {
                Observed::Known(format!("{} asks {name}", check.id))
            } else {
                Observed::Absent
            }
        })
    })
}

pub(super) fn telling_nothing(view: &PoolView<'_>) -> Fact {
    let own = domain::hosts(view);
    let checks = checks(view);
    let mut list = said(&checks.found, |check| {
        check.target().and_then(|(host, path)| {
            if tells_nothing(&host, &path, &own.items) {
                Observed::Known(format!("{} asks {host}{path}", check.id))
            } else {
                Observed::Absent
            }
        })
    });
    // Without the pool's own names a host may be one of them; without routing there is no check at all.
    if !checks.found.items.is_empty() {
        list.incomplete = list.incomplete.or(own.incomplete);
    }
    texts(list, checks.sources.clone())
}

/// Keys and discovery documents are answered without the sign-in service, those of the multi-Region issuer even without P;
/// and Cognito publishes no `/health`.
fn tells_nothing(host: &str, path: &str, own: &[String]) -> bool {
    if host.starts_with("issuer-cognito-idp") {
        return true;
    }
    let api = ["cognito-idp.", "cognito-idp-fips."].iter().any(|start| host.starts_with(start))
        && host.contains(".amazonaws.");
    let cognito = api || host.ends_with(".amazoncognito.com") || own.iter().any(|name| name == host);
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_ascii_lowercase();
    cognito && (path == "/health" || path.contains("/.well-known/"))
}

pub(super) fn detection_seconds(view: &PoolView<'_>) -> Fact {
    let checks = checks(view);
    let list = said(&checks.found, |check| {
        if !check.asks_endpoint() {
            return Observed::Absent;
        }
        let number = |value: &Observed<i64>, default: i64| match value {
            Observed::Absent => Observed::Known(default),
            number @ (Observed::Known(_) | Observed::Unknown(_)) => number.clone(),
        };
        number(&check.interval, INTERVAL)
            .and_then(|interval| number(&check.threshold, THRESHOLD).map(|times| interval.saturating_mul(times)))
    });
    Fact { value: Observed::Known(numbers(list)), sources: checks.sources.clone() }
}

pub(super) fn alarms(view: &PoolView<'_>) -> Fact {
    each(view, |check| check.alarm.as_ref().map(|(region, name)| format!("{name} in {region}")))
}

pub(super) fn alarms_in_primary(view: &PoolView<'_>) -> Fact {
    each(view, |check| {
        check.alarm.as_ref().and_then(|(region, name)| {
            if *region == view.region { Observed::Known(format!("{name} in {region}")) } else { Observed::Absent }
        })
    })
}

pub(super) fn healthy_without_data(view: &PoolView<'_>) -> Fact {
    each(view, |check| {
        if check.kind != WATCHES_ALARM {
            return Observed::Absent;
        }
        match &check.without_data {
            Observed::Known(word) => match word.as_str() {
                "Healthy" => Observed::Known(check.id.clone()),
                "Unhealthy" | "LastKnownStatus" => Observed::Absent,
                _ => Observed::Unknown(Cause::Unrecognised { value: word.clone() }),
            },
            Observed::Absent => Observed::Unknown(no_meaning(&format!("{CONFIG}/InsufficientDataHealthStatus"))),
            Observed::Unknown(cause) => Observed::Unknown(cause.clone()),
        }
    })
}

pub(super) fn alarms_healthy_without_data(view: &PoolView<'_>) -> Fact {
    let checks = checks(view);
    let mut sources = checks.sources.clone();
    let alarms = said(&checks.found, |check| check.alarm.clone());
    let mut calm = Listed { items: Vec::new(), incomplete: alarms.incomplete };
    for (region, name) in alarms.items {
        let answer = view.ask(ALARMS, &region, &[&json!([name]).to_string()]);
        sources.push(answer.source("/MetricAlarms"));
        let named = answer.named("AlarmName");
        let Some((_, alarm)) = named.items.iter().find(|(found, _)| **found == *name) else {
            let gone = || Cause::Contradiction {
                what: format!("a health check watches the alarm {name} in {region}, which CloudWatch does not have"),
            };
            calm.incomplete.get_or_insert(named.incomplete.unwrap_or_else(gone));
            continue;
        };
        // Left out it is `missing`, which leaves the decision to the health check. Source:
        // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>.
        match alarm.get("TreatMissingData") {
            None | Some(Json::Null) => {}
            Some(word) => match word.as_str() {
                Some("notBreaching") => calm.items.push(format!("{name} in {region}")),
                Some("breaching" | "ignore" | "missing") => {}
                _ => drop(calm.incomplete.get_or_insert(Cause::Unrecognised { value: word.to_string() })),
            },
        }
    }
    texts(calm, sources)
}

#[cfg(test)]
mod tests {
    use super::tells_nothing;

    #[test]
    fn what_says_nothing_of_sign_in() {
        let own = ["auth.example.com".to_owned()];
        for (host, path, expected) in [
            ("issuer-cognito-idp.us-east-1.amazonaws.com", "/us-east-1_A/.well-known/jwks.json", true),
            ("issuer-cognito-idp.us-east-1.amazonaws.com", "", true),
            ("cognito-idp.us-east-1.amazonaws.com", "/us-east-1_A/.well-known/jwks.json", true),
            ("cognito-idp.us-east-1.amazonaws.com", "/health", true),
            ("cognito-idp-fips.us-east-1.amazonaws.com", "/health/", true),
            ("cognito-idp.us-east-1.amazonaws.com", "/", false),
            ("a.auth.us-east-1.amazoncognito.com", "/health?x=1", true),
            ("a.auth.us-east-1.amazoncognito.com", "/login", false),
            ("auth.example.com", "/Health", true),
            ("canary.example.com", "/health", false),
            ("cognito-idp.example.com", "/health", false),
        ] {
            assert_eq!(tells_nothing(host, path, &own), expected, "{host}{path}");
        }
    }
}
