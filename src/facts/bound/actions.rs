//! Actions of load balancers that sign users in or verify tokens: the default actions of listeners, the actions of rules.
//!
//! Names of actions: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html>.

use serde_json::Value as Json;

use crate::model::Cause;
use crate::scan::pattern::{parse_issuer, pool_of_arn};

use super::Reference;
use super::search::Resource;

/// A listener's default actions.
pub(super) fn listener(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    actions(resource, "/DefaultActions", found)
}

/// A rule's actions. The default rule repeats those of its listener.
pub(super) fn rule(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    if resource.at("/IsDefault").and_then(Json::as_bool) == Some(true) {
        return None;
    }
    actions(resource, "/Actions", found)
}

fn actions(resource: &Resource<'_>, pointer: &str, found: &mut Vec<Reference>) -> Option<Cause> {
    // No listener and no rule is without an action.
    if resource.at(pointer).is_none() {
        return Some(resource.nothing(pointer));
    }
    let items = match resource.items(pointer) {
        Ok(items) => items,
        Err(cause) => return Some(cause),
    };
    let mut hidden = None;
    for (index, item) in items.into_iter().enumerate() {
        let at = format!("{pointer}/{index}");
        match action(resource, &at, item) {
            Ok(reference) => found.extend(reference),
            Err(cause) => drop(hidden.get_or_insert(cause)),
        }
    }
    hidden
}

/// What one action says about a pool; the error is why it may say something that is not seen.
fn action(resource: &Resource<'_>, at: &str, item: &Json) -> Result<Option<Reference>, Cause> {
    let text = |pointer: &str| item.pointer(pointer).and_then(Json::as_str);
    let pool_of = |url: Option<&str>| url.and_then(parse_issuer).map(|issuer| issuer.pool_id);
    let reference =
        |action: &'static str, pool: &str, issuer: Option<&str>, keys: Option<&str>, member: &str| Reference {
            id: format!("elasticloadbalancing/{}/{}:{action}", resource.region, resource.short()),
            action,
            issuers: issuer.into_iter().map(str::to_owned).collect(),
            keys: keys.map(str::to_owned),
            source: resource.source(&format!("{at}{member}")),
            ..Reference::new(resource, "load balancer", name(resource), pool)
        };
    match item.get("Type").and_then(Json::as_str) {
        Some("authenticate-cognito") => {
            let member = "/AuthenticateCognitoConfig/UserPoolArn";
            let arn = text(member).ok_or_else(|| resource.nothing(&format!("{at}{member}")))?;
            let pool = pool_of_arn(arn).ok_or_else(|| Cause::Unrecognised { value: arn.to_owned() })?;
            Ok(Some(reference("authenticate_cognito", &pool.pool_id, None, None, member)))
        }
        Some("authenticate-oidc") => {
            let member = "/AuthenticateOidcConfig/Issuer";
            let issuer = text(member).ok_or_else(|| resource.nothing(&format!("{at}{member}")))?;
            Ok(pool_of(Some(issuer)).map(|pool| reference("authenticate_oidc", &pool, Some(issuer), None, member)))
        }
        Some("jwt-validation") => {
            let member = "/JwtValidationConfig/Issuer";
            let issuer = text(member).ok_or_else(|| resource.nothing(&format!("{at}{member}")))?;
            let keys = text("/JwtValidationConfig/JwksEndpoint");
            let pool = pool_of(Some(issuer)).or_else(|| pool_of(keys));
            Ok(pool.map(|pool| reference("jwt_validation", &pool, Some(issuer), keys, member)))
        }
        Some("forward" | "redirect" | "fixed-response") => Ok(None),
        // A type that is newer than this program may name any pool.
        Some(other) => Err(Cause::Unrecognised { value: other.to_owned() }),
        None => Err(resource.nothing(&format!("{at}/Type"))),
    }
}

/// The load balancer's name, which its ARN and those below it hold, and which listener or rule it is.
fn name(resource: &Resource<'_>) -> String {
    let mut parts = resource.short().split('/');
    let (kind, name, last) = (parts.next(), parts.nth(1), parts.next_back());
    match (kind, name, last) {
        (Some(kind), Some(name), Some(last)) => {
            format!("{name}, {} {last}", if kind == "listener" { "listener" } else { "rule" })
        }
        _ => resource.identifier.to_owned(),
    }
}
