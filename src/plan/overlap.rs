//! How long tokens of the old issuer go on after the switch: they live on, and what has cached or derived something from
//! them forgets it later still.

use crate::facts::PoolView;
use crate::model::plan::Overlap;
use crate::model::{Observed, SubjectKind, Value};

/// What verifiers commonly allow clocks to differ by, in minutes. No standard says so: five minutes is the usual upper end.
const CLOCK_SKEW: u32 = 5;
/// How long an HTTP API keeps public keys, in minutes.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>.
const HTTP_API_KEYS: u32 = 120;
/// How long a load balancer's session lasts unless its action says otherwise, in minutes: 604800 seconds.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig.html>.
const BALANCER_SESSION: u32 = 7 * 24 * 60;

/// The overlap of a pool's two issuers; `None` where no second one is planned or in use.
pub(super) fn overlap(pool: &PoolView<'_>) -> Option<Overlap> {
    let word = |field: &str| match pool.field(field).map(|fact| fact.value) {
        Some(Observed::Known(Value::Text(word))) => Some(word),
        _ => None,
    };
    if word("target.issuer").as_deref() != Some("UPDATED") && word("pool.issuer").as_deref() == Some("ORIGINAL") {
        return None;
    }
    let mut made_of = Vec::new();
    let mut minutes = Some(CLOCK_SKEW);
    let tokens = match pool.field("pool.longest_token_minutes").map(|fact| fact.value) {
        Some(Observed::Known(Value::Int(tokens))) => u32::try_from(tokens).ok(),
        _ => None,
    };
    match tokens {
        Some(tokens) => made_of.push(format!("{tokens} minutes: the longest validity of an access or ID token")),
        None => made_of.push("unknown: the validity of tokens of an app client that could not be read".to_owned()),
    }
    made_of.push(format!("{CLOCK_SKEW} minutes: clocks that differ"));
    let mut add = |more: u32, what: &str| {
        minutes = minutes.and_then(|sum| sum.checked_add(more));
        made_of.push(format!("{more} minutes: {what}"));
    };
    match things(pool, SubjectKind::Route, |_| true) {
        (true, _) => add(HTTP_API_KEYS, "HTTP APIs may keep public keys so long"),
        (false, true) => add(HTTP_API_KEYS, "HTTP APIs, of which not all could be seen, may keep public keys so long"),
        (false, false) => {}
    }
    let signs_in = |action: &str| action.starts_with("authenticate_");
    match things(pool, SubjectKind::LoadBalancer, signs_in) {
        (true, _) => {
            add(BALANCER_SESSION, "sessions of load balancers, by default; a shorter SessionTimeout counts instead");
        }
        (false, true) => {
            made_of.push("unknown: sessions of load balancers, of which not all could be seen".to_owned());
            minutes = None;
        }
        (false, false) => {}
    }
    let minutes = tokens.and_then(|tokens| minutes?.checked_add(tokens));
    Some(Overlap { minutes, made_of })
}

/// Whether a thing of this kind fits, and whether there may be more than were seen.
fn things(pool: &PoolView<'_>, kind: SubjectKind, fits: impl Fn(&str) -> bool) -> (bool, bool) {
    let Some(children) = pool.children(kind) else { return (false, false) };
    let found = children.found.items.iter().any(|child| {
        let action = child.field("load_balancer.action").map(|fact| fact.value);
        match action {
            Some(Observed::Known(Value::Text(action))) => fits(&action),
            // An action that cannot be told may be one that signs users in.
            Some(_) => true,
            None => fits(""),
        }
    });
    (found, children.found.incomplete.is_some())
}
