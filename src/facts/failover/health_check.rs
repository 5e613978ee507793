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
pub(super) const TYPES: [&str; 8] = [
    "HTTP",
    "HTTPS",
    "HTTP_STR_MATCH",
    "HTTPS_STR_MATCH",
    "TCP",
    "CALCULATED",
    "CLOUDWATCH_METRIC",
    "RECOVERY_CONTROL",
];

/// Route 53 is global; its answers are logged under this Region.
const REGION: &str = "us-east-1";
const CONFIG: &str = "/HealthCheck/HealthCheckConfig";

/// Documented defaults of an endpoint's check: every 30 seconds, three times.
const INTERVAL: i64 = 30;
const THRESHOLD: i64 = 3;

/// A check that Route 53 has.
struct Check<'f> {
    id: String,
    /// Whether the routing names it; else a calculated check does.
    root: bool,
    kind: String,
    answer: Answer<'f>,
}

/// The checks of a pool.
struct Checks<'f> {
    found: Listed<Check<'f>>,
    /// Those that Route 53 does not have, and whether the routing names them.
    missing: Vec<(String, bool)>,
    sources: Vec<Source>,
}

impl Check<'_> {
    fn text(&self, member: &str) -> Observed<String> {
        self.answer.text(&format!("{CONFIG}/{member}"))
    }

    /// A member whose absence is not documented.
    fn flag(&self, member: &str) -> Observed<bool> {
        let pointer = format!("{CONFIG}/{member}");
        match self.answer.boolean(&pointer) {
            Observed::Absent => Observed::Unknown(no_meaning(&pointer)),
            flag @ (Observed::Known(_) | Observed::Unknown(_)) => flag,
        }
    }

    fn watches_alarm(&self) -> bool {
        self.kind == "CLOUDWATCH_METRIC"
    }

    fn asks_endpoint(&self) -> bool {
        self.kind.starts_with("HTTP") || self.kind == "TCP"
    }

    /// The alarm's Region and name; absent for a check that watches none.
    fn alarm(&self) -> Observed<(String, String)> {
        if !self.watches_alarm() {
            return Observed::Absent;
        }
        let part = |name: &str| match self.text(&format!("AlarmIdentifier/{name}")) {
            Observed::Absent => Observed::Unknown(no_meaning(&format!("{CONFIG}/AlarmIdentifier/{name}"))),
            text @ (Observed::Known(_) | Observed::Unknown(_)) => text,
        };
        part("Region").and_then(|region| part("Name").map(|name| (region, name)))
    }

    /// The host and the path that are asked; absent without a host name.
    fn target(&self) -> Observed<(String, String)> {
        self.text("FullyQualifiedDomainName").and_then(|name| match self.text("ResourcePath") {
            Observed::Known(path) => Observed::Known((host(&name), path)),
            Observed::Absent => Observed::Known((host(&name), String::new())),
            Observed::Unknown(cause) => Observed::Unknown(cause),
        })
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

/// The checks that the routing names, then their children, each once.
fn checks<'f>(view: &PoolView<'f>) -> Checks<'f> {
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
        checks.found.items.push(Check { id, root, kind, answer });
    }
    checks
}

/// What `of` says of the checks, where it says something.
fn each(view: &PoolView<'_>, of: impl Fn(&Check<'_>) -> Observed<String>) -> Fact {
    let checks = checks(view);
    texts(said(&checks.found, of), checks.sources)
}

fn said<'f, T>(found: &Listed<Check<'f>>, of: impl Fn(&Check<'f>) -> Observed<T>) -> Listed<T> {
    let mut list = Listed { items: Vec::new(), incomplete: found.incomplete.clone() };
    for check in &found.items {
        match of(check) {
            Observed::Known(item) => list.items.push(item),
            Observed::Absent => {}
            Observed::Unknown(cause) => drop(list.incomplete.get_or_insert(cause)),
        }
    }
    list
}

/// The check's id where a flag is set.
fn where_set(check: &Check<'_>, member: &str) -> Observed<String> {
    check.flag(member).and_then(|set| if set { Observed::Known(check.id.clone()) } else { Observed::Absent })
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
    let roots = checks.missing.into_iter().filter(|(_, root)| *root).map(|(id, _)| id);
    texts(Listed { items: roots.collect(), incomplete: unread_roots(view, checks.found.incomplete) }, checks.sources)
}

/// Why a check that the routing names could not be read; what is unclear about children does not matter here.
fn unread_roots(view: &PoolView<'_>, incomplete: Option<Cause>) -> Option<Cause> {
    incomplete?;
    let (ids, _) = named(view);
    let unread = ids.items.iter().find_map(|id| match view.ask(HEALTH_CHECK, REGION, &[id]).problem() {
        Some(Cause::NotFound { .. }) | None => None,
        Some(cause) => Some(cause.clone()),
    });
    ids.incomplete.map(|cause| blocked(HEALTH_CHECK, cause)).or(unread)
}

pub(super) fn disabled(view: &PoolView<'_>) -> Fact {
    let Checks { found, sources, .. } = checks(view);
    let roots = Listed {
        incomplete: unread_roots(view, found.incomplete),
        items: found.items.into_iter().filter(|check| check.root).collect(),
    };
    texts(said(&roots, |check| where_set(check, "Disabled")), sources)
}

pub(super) fn children(view: &PoolView<'_>) -> Fact {
    let checks = checks(view);
    let mut list =
        said(&checks.found, |check| if check.root { Observed::Absent } else { Observed::Known(check.id.clone()) });
    list.items.extend(checks.missing.into_iter().filter(|(_, root)| !root).map(|(id, _)| id));
    texts(list, checks.sources)
}

pub(super) fn idle_children(view: &PoolView<'_>) -> Fact {
    let checks = checks(view);
    let mut list =
        said(&checks.found, |check| if check.root { Observed::Absent } else { where_set(check, "Disabled") });
    list.items.extend(checks.missing.into_iter().filter(|(_, root)| !root).map(|(id, _)| format!("{id} (not there)")));
    texts(list, checks.sources)
}

pub(super) fn inverted(view: &PoolView<'_>) -> Fact {
    each(view, |check| where_set(check, "Inverted"))
}

pub(super) fn circular(view: &PoolView<'_>) -> Fact {
    let (routed, _) = domain::routed(view);
    let hosts: BTreeSet<String> = routed.items.into_iter().map(|domain| domain.host).collect();
    each(view, |check| {
        check.text("FullyQualifiedDomainName").and_then(|name| {
            if hosts.contains(&host(&name)) {
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
    texts(list, checks.sources)
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
        let number = |member: &str, default: i64| match check.answer.integer(&format!("{CONFIG}/{member}")) {
            Observed::Absent => Observed::Known(default),
            number @ (Observed::Known(_) | Observed::Unknown(_)) => number,
        };
        number("RequestInterval", INTERVAL)
            .and_then(|interval| number("FailureThreshold", THRESHOLD).map(|times| interval.saturating_mul(times)))
    });
    Fact { value: Observed::Known(numbers(list)), sources: checks.sources }
}

pub(super) fn alarms(view: &PoolView<'_>) -> Fact {
    each(view, |check| check.alarm().map(|(region, name)| format!("{name} in {region}")))
}

pub(super) fn alarms_in_primary(view: &PoolView<'_>) -> Fact {
    each(view, |check| {
        check.alarm().and_then(|(region, name)| {
            if region == view.region { Observed::Known(format!("{name} in {region}")) } else { Observed::Absent }
        })
    })
}

pub(super) fn healthy_without_data(view: &PoolView<'_>) -> Fact {
    each(view, |check| {
        if !check.watches_alarm() {
            return Observed::Absent;
        }
        match check.text("InsufficientDataHealthStatus") {
            Observed::Known(word) => match word.as_str() {
                "Healthy" => Observed::Known(check.id.clone()),
                "Unhealthy" | "LastKnownStatus" => Observed::Absent,
                _ => Observed::Unknown(Cause::Unrecognised { value: word }),
            },
            Observed::Absent => Observed::Unknown(no_meaning(&format!("{CONFIG}/InsufficientDataHealthStatus"))),
            Observed::Unknown(cause) => Observed::Unknown(cause),
        }
    })
}

pub(super) fn alarms_healthy_without_data(view: &PoolView<'_>) -> Fact {
    let mut checks = checks(view);
    let alarms = said(&checks.found, Check::alarm);
    let mut calm = Listed { items: Vec::new(), incomplete: alarms.incomplete };
    for (region, name) in alarms.items {
        let answer = view.ask(ALARMS, &region, &[&json!([name]).to_string()]);
        checks.sources.push(answer.source("/MetricAlarms"));
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
    texts(calm, checks.sources)
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
