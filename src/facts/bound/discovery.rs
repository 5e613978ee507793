//! Clients that compare a token's issuer with one that they were configured with, or that a discovery document names:
//! Bedrock AgentCore, EKS, other user pools, and the services of `services` where they are given an issuer.
//!
//! Not searched, because nothing lists them with read access alone: Verified Access trust providers, trusted token issuers of
//! IAM Identity Center. Key set URLs of `OpenSearch` domains are references.

use serde_json::Value as Json;

use crate::model::Cause;
use crate::scan::pattern::parse_issuer;

use super::Reference;
use super::search::Resource;
use super::services::{Mode, event_modes, graphql_modes, identity_source_members, identity_source_name, named};

/// The path of a discovery document below the issuer that it names.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// A client that is configured with these URLs: one reference per pool among them.
fn push(resource: &Resource<'_>, what: &'static str, name: &str, at: &str, urls: &[&str], found: &mut Vec<Reference>) {
    let mut references: Vec<Reference> = Vec::new();
    for url in urls {
        let Some(issuer) = parse_issuer(url) else { continue };
        let known = references.iter().position(|each| each.pool_id == issuer.pool_id);
        let index = known.unwrap_or_else(|| {
            let reference = Reference::new(resource, what, name.to_owned(), &issuer.pool_id);
            references.push(Reference { source: resource.source(at), ..reference });
            references.len() - 1
        });
        if let Some(reference) = references.get_mut(index) {
            reference.written.push((*url).to_owned());
            reference.issuers.push((*url).to_owned());
        }
    }
    found.extend(references);
}

/// A client that is configured with the URL of a discovery document.
fn discovered(
    resource: &Resource<'_>,
    what: &'static str,
    name: &str,
    kinds: Option<&str>,
    found: &mut Vec<Reference>,
) -> Option<Cause> {
    let at = "/AuthorizerConfiguration/CustomJWTAuthorizer/DiscoveryUrl";
    match (resource.text(at), kinds) {
        (Some(url), _) => {
            push(resource, what, name, at, &[url], found);
            // The document names the issuer, and stands right below it.
            if let Some(reference) = found.last_mut().filter(|last| last.written == [url]) {
                reference.issuers = url.strip_suffix(DISCOVERY).into_iter().map(str::to_owned).collect();
            }
            None
        }
        (None, Some("AWS_IAM" | "NONE")) => None,
        (None, Some("CUSTOM_JWT")) => Some(resource.nothing(at)),
        (None, Some(other)) => Some(Cause::Unrecognised { value: other.to_owned() }),
        (None, None) => Some(resource.nothing("/AuthorizerType")),
    }
}

/// A gateway of AgentCore.
pub(super) fn gateway(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let name = named(resource, "/Name", "/GatewayIdentifier");
    discovered(resource, "Bedrock AgentCore gateway", &name, resource.text("/AuthorizerType"), found)
}

/// A runtime of AgentCore; without an authorizer it takes IAM signatures.
/// Source: <https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/inbound-jwt-authorizer.html>.
pub(super) fn runtime(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let name = named(resource, "/AgentRuntimeName", "/AgentRuntimeId");
    let kind = match resource.at("/AuthorizerConfiguration") {
        Some(Json::Object(_)) => "CUSTOM_JWT",
        Some(_) => return Some(resource.nothing("/AuthorizerConfiguration")),
        None => "AWS_IAM",
    };
    discovered(resource, "Bedrock AgentCore runtime", &name, Some(kind), found)
}

/// The identity provider of a cluster.
pub(super) fn cluster(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let at = "/Oidc/IssuerUrl";
    let Some(url) = resource.text(at) else { return Some(resource.nothing(at)) };
    let name = match (resource.text("/ClusterName"), resource.text("/IdentityProviderConfigName")) {
        (Some(cluster), Some(name)) => format!("{cluster}, identity provider {name}"),
        _ => resource.identifier.to_owned(),
    };
    push(resource, "EKS cluster", &name, at, &[url], found);
    None
}

/// Another user pool whose users sign in through this one.
pub(super) fn user_pool(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let at = "/ProviderDetails/oidc_issuer";
    let Some(url) = resource.text(at) else { return Some(resource.nothing(at)) };
    let name = match (resource.text("/UserPoolId"), resource.text("/ProviderName")) {
        (Some(pool), Some(name)) => format!("{pool}, identity provider {name}"),
        _ => resource.identifier.replace('|', ", identity provider "),
    };
    push(resource, "user pool", &name, at, &[url], found);
    None
}

fn modes(
    resource: &Resource<'_>,
    what: &'static str,
    modes: Result<Vec<Mode<'_>>, Cause>,
    found: &mut Vec<Reference>,
) -> Option<Cause> {
    let modes = match modes {
        Ok(modes) => modes,
        Err(cause) => return Some(cause),
    };
    let issuers: Vec<&str> = modes.iter().filter_map(|mode| mode.issuer).collect();
    push(resource, what, &named(resource, "/Name", "/ApiId"), "", &issuers, found);
    modes.iter().find_map(|mode| match mode.kind {
        Some("OPENID_CONNECT") if mode.issuer.is_none() => Some(resource.nothing(&format!("{}/Issuer", mode.at))),
        _ => mode.unknown_type(resource),
    })
}

/// A GraphQL API that is given issuers; it can have several.
pub(super) fn graphql(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    modes(resource, "AppSync GraphQL API", graphql_modes(resource), found)
}

/// An Event API that is given issuers.
pub(super) fn events(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    modes(resource, "AppSync Event API", event_modes(resource), found)
}

/// An identity source that is given an issuer.
pub(super) fn identity_source(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let (pool, at) = identity_source_members();
    match (resource.text(at), resource.text(pool)) {
        (Some(url), _) => {
            let name = identity_source_name(resource);
            push(resource, "Verified Permissions identity source", &name, at, &[url], found);
            None
        }
        (None, Some(_)) => None,
        (None, None) => Some(resource.nothing("/Configuration")),
    }
}

/// A workforce that is given an issuer.
pub(super) fn workforce(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let at = "/OidcConfig/Issuer";
    match (resource.text(at), resource.text("/CognitoConfig/UserPool")) {
        (Some(url), _) => {
            let name = resource.text("/WorkforceName").unwrap_or(resource.identifier);
            push(resource, "SageMaker workforce", name, at, &[url], found);
            None
        }
        (None, Some(_)) => None,
        (None, None) => Some(resource.nothing("/CognitoConfig")),
    }
}
