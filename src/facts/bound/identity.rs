//! Identity pools, and the OIDC providers of IAM.

use crate::model::Cause;
use crate::scan::pattern::parse_issuer;

use super::Reference;
use super::search::Resource;
use std::collections::{BTreeMap, BTreeSet};

/// A provider's ARN holds its URL without the scheme.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns>.
fn url_in_arn(arn: &str) -> Option<String> {
    arn.split_once(":oidc-provider/").map(|(_, url)| format!("https://{url}"))
}

/// A provider of IAM: which issuer it is for.
pub(super) fn provider(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let stated = resource.text("/Url").map(|url| {
        // IAM answers without the scheme that it was given.
        if url.contains("://") { url.to_owned() } else { format!("https://{url}") }
    });
    let Some(url) = url_in_arn(resource.identifier).or(stated) else {
        return Some(Cause::Unrecognised { value: resource.identifier.to_owned() });
    };
    if let Some(issuer) = parse_issuer(&url) {
        found.push(Reference {
            issuers: vec![url.clone()],
            ..Reference::new(resource, "IAM OIDC provider", url, &issuer.pool_id)
        });
    }
    None
}

/// An identity pool: which user pools' tokens it takes, by provider name or through a provider of IAM.
pub(super) fn pool(resource: &Resource<'_>, found: &mut Vec<Reference>) -> Option<Cause> {
    let mut hidden = None;
    let mut pools: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut names = Vec::new();
    for (member, name) in [("/CognitoIdentityProviders", Some("ProviderName")), ("/OpenIdConnectProviderARNs", None)] {
        match resource.items(member) {
            Err(cause) => drop(hidden.get_or_insert(cause)),
            Ok(items) => {
                for item in items {
                    let text = name.map_or(Some(item), |name| item.get(name)).and_then(serde_json::Value::as_str);
                    match text {
                        Some(text) => names.push(text),
                        None => drop(hidden.get_or_insert_with(|| resource.nothing(&format!("{member}/*")))),
                    }
                }
            }
        }
    }
    for name in names {
        let url = url_in_arn(name).unwrap_or_else(|| format!("https://{name}"));
        if let Some(issuer) = parse_issuer(&url) {
            pools.entry(issuer.pool_id).or_default().insert(name.to_owned());
        }
    }
    let name = resource.text("/IdentityPoolName").unwrap_or(resource.identifier);
    for (pool, names) in pools {
        let written = names.into_iter().collect();
        let reference = Reference::new(resource, "identity pool", name.to_owned(), &pool);
        found.push(Reference { written, source: resource.source("/CognitoIdentityProviders"), ..reference });
    }
    hidden
}
