//! Services that are bound to a user pool by its id or ARN and hold no issuer: AppSync, Verified Permissions, SageMaker.
//!
//! What becomes of them after the issuer switch is not documented. `OpenSearch` is one too and is read by `opensearch`.

use serde_json::Value as Json;

use crate::model::Cause;
use crate::scan::pattern::{pool_id, pool_of_arn};

use super::Reference;
use super::search::Resource;

/// The name of a resource with its id.
pub(super) fn named(resource: &Resource<'_>, name: &str, id: &str) -> String {
    let id = resource.text(id).unwrap_or(resource.identifier);
    match resource.text(name) {
        Some(name) => format!("{name} ({id})"),
        None => id.to_owned(),
    }
}

/// One way in which an AppSync API authorizes: its type's word, the user pool's id, the issuer, and where they are.
pub(super) struct Mode<'j> {
    pub(super) kind: Option<&'j str>,
    pub(super) pool: Option<&'j str>,
    pub(super) issuer: Option<&'j str>,
    pub(super) at: String,
}

impl Mode<'_> {
    /// Why it may be anything: a type that AWS did not give, or that is newer than this program.
    pub(super) fn unknown_type(&self, resource: &Resource<'_>) -> Option<Cause> {
        match self.kind {
            Some("API_KEY" | "AWS_IAM" | "AWS_LAMBDA" | "OPENID_CONNECT" | "AMAZON_COGNITO_USER_POOLS") => None,
            Some(other) => Some(Cause::Unrecognised { value: other.to_owned() }),
            None => Some(resource.nothing(&format!("{}/AuthenticationType", self.at))),
        }
    }
}

/// The ways in which a GraphQL API authorizes.
pub(super) fn graphql_modes<'f>(resource: &Resource<'f>) -> Result<Vec<Mode<'f>>, Cause> {
    let mode = |value: &'f Json, at: String| Mode {
        kind: value.get("AuthenticationType").and_then(Json::as_str),
        pool: value.pointer("/UserPoolConfig/UserPoolId").and_then(Json::as_str),
        issuer: value.pointer("/OpenIDConnectConfig/Issuer").and_then(Json::as_str),
        at,
    };
    let list = "/AdditionalAuthenticationProviders";
    let whole = resource.at("").ok_or_else(|| resource.nothing(""))?;
    let others = resource.items(list)?.into_iter().enumerate();
    let others = others.map(|(index, value)| mode(value, format!("{list}/{index}")));
    Ok(std::iter::once(mode(whole, String::new())).chain(others).collect())
}

/// The ways in which an Event API authorizes.
pub(super) fn event_modes<'f>(resource: &Resource<'f>) -> Result<Vec<Mode<'f>>, Cause> {
    let list = "/EventConfig/AuthProviders";
    let items = resource.items(list)?.into_iter().enumerate();
    Ok(items
        .map(|(index, value)| Mode {
            kind: value.get("AuthType").and_then(Json::as_str),
            pool: value.pointer("/CognitoConfig/UserPoolId").and_then(Json::as_str),
            issuer: value.pointer("/OpenIDConnectConfig/Issuer").and_then(Json::as_str),
            at: format!("{list}/{index}"),
        })
        .collect())
}

/// Why a way of authorizing may be bound to a pool that is not seen.
fn hidden(resource: &Resource<'_>, mode: &Mode<'_>) -> Option<Cause> {
    match mode.kind {
        Some("AMAZON_COGNITO_USER_POOLS") if mode.pool.is_none() => {
            Some(resource.nothing(&format!("{}/UserPoolId", mode.at)))
        }
        _ => mode.unknown_type(resource),
    }
}

fn bound(
    resource: &Resource<'_>,
    what: &'static str,
    name: &str,
    modes: Result<Vec<Mode<'_>>, Cause>,
    found: &mut Vec<Reference>,
) -> Option<Cause> {
    let modes = match modes {
        Ok(modes) => modes,
        Err(cause) => return Some(cause),
    };
    let mut cause = None;
    let mut pools: Vec<&str> = Vec::new();
    for mode in &modes {
        cause = cause.or_else(|| hidden(resource, mode));
        match mode.pool {
            Some(pool) if !pools.contains(&pool) => {
                pools.push(pool);
                let reference = Reference::new(resource, what, name.to_owned(), pool);
                found.push(Reference { source: resource.source(&mode.at), ..reference });
            }
            _ => {}
        }
    }
    cause
}

/// A GraphQL API.
pub(super) fn graphql(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let name = named(resource, "/Name", "/ApiId");
    bound(resource, "AppSync GraphQL API", &name, graphql_modes(resource), found)
}

/// An Event API.
pub(super) fn events(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let name = named(resource, "/Name", "/ApiId");
    bound(resource, "AppSync Event API", &name, event_modes(resource), found)
}

/// An identity source of a policy store: a user pool by ARN, or an issuer.
pub(super) fn identity_source(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let (pool, issuer) = identity_source_members();
    match (resource.text(pool), resource.text(issuer)) {
        (Some(arn), _) => match pool_of_arn(arn) {
            Some(arn) => {
                let name = identity_source_name(resource);
                let reference = Reference::new(resource, "Verified Permissions identity source", name, &arn.pool_id);
                found.push(Reference { source: resource.source(pool), ..reference });
                None
            }
            None => Some(Cause::Unrecognised { value: arn.to_owned() }),
        },
        (None, Some(_)) => None,
        (None, None) => Some(resource.nothing("/Configuration")),
    }
}

/// Where an identity source names a pool, and where an issuer.
pub(super) const fn identity_source_members() -> (&'static str, &'static str) {
    ("/Configuration/CognitoUserPoolConfiguration/UserPoolArn", "/Configuration/OpenIdConnectConfiguration/Issuer")
}

/// The identity source and its policy store.
pub(super) fn identity_source_name(resource: &Resource<'_>) -> String {
    resource.identifier.replace('|', " of policy store ")
}

/// A workforce: a user pool by id, or an issuer.
pub(super) fn workforce(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let (pool, issuer) = ("/CognitoConfig/UserPool", "/OidcConfig/Issuer");
    match (resource.text(pool), resource.text(issuer)) {
        (Some(id), _) => match pool_id(id) {
            Some(id) => {
                let name = resource.text("/WorkforceName").unwrap_or(resource.identifier).to_owned();
                let reference = Reference::new(resource, "SageMaker workforce", name, &id.id);
                found.push(Reference { source: resource.source(pool), ..reference });
                None
            }
            None => Some(Cause::Unrecognised { value: id.to_owned() }),
        },
        (None, Some(_)) => None,
        (None, None) => Some(resource.nothing("/CognitoConfig")),
    }
}
