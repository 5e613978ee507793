//! The bare host where it is configured for a network: the cluster of a proxy that fetches the key set, an allow list.
//!
//! The same text is the SDK's endpoint, so the file has to say what it is, and a person has to look. Not here: hosts with a
//! pool behind them (`pattern`).

use std::cell::LazyCell;
use std::sync::LazyLock;

use memchr::memmem;

use crate::scan::found::Found;
use crate::scan::pattern::{self, Class, Confidence, Match, Suffix};
use crate::scan::text::Text;
use crate::scan::words::Words;

/// What a file of a proxy or mesh says somewhere.
static MESH: LazyLock<Words> = LazyLock::new(|| Words::new(MESHES.map(str::as_bytes)));
const MESHES: [&str; 12] = [
    "remote_jwks",
    "remotejwks",
    "jwt_authn",
    "serviceentry",
    "destinationrule",
    "envoy",
    "proxy_pass",
    "upstream ",
    "kgateway",
    "gateway.networking",
    "requestauthentication",
    "haproxy",
];
/// What stands near an entry of an allow list.
const LISTS: [&str; 16] = [
    "connect-src",
    "connectsrc",
    "default-src",
    "defaultsrc",
    "content-security-policy",
    "contentsecuritypolicy",
    "egress",
    "allowlist",
    "allow_list",
    "allow-list",
    "whitelist",
    "alloweddomains",
    "allowed_domains",
    "allowedhosts",
    "allowed_hosts",
    "fqdn",
];

/// Whether the text ends in what makes a host the name of a service to which a policy allows something.
fn is_principal(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.contains("principal") || line.contains("\"service\":")
}

/// The hosts in a text that a network is configured with; `matches` are the references in it.
pub(super) fn find(searched: &Text<'_>, language: &str, matches: &[Match]) -> Vec<Found> {
    let (text, lower) = (searched.written, &searched.lower);
    let keys = matches.iter().any(|found| matches!(found.suffix, Suffix::Jwks));
    let format = matches!(
        language,
        "yaml" | "json" | "conf" | "text" | "terraform" | "properties" | "toml" | "cloudformation" | "dotenv"
    );
    let hosts = pattern::hosts(text, lower);
    let mesh = LazyCell::new(|| {
        let holds = |word: &str| memmem::find(lower.as_bytes(), word.as_bytes()).is_some();
        // Without a word of keys or tokens the API is what the proxy or mesh leads to.
        let about_keys = keys || holds("jwks") || holds("jwt");
        format && about_keys && (MESH.any(lower.as_bytes()) || keys && holds("cluster"))
    });
    let taken = |at: usize| {
        let behind = matches.partition_point(|found| found.span.start <= at);
        behind > 0 && matches[behind - 1].span.contains(&at)
    };
    let mut found = Vec::new();
    for host in hosts.into_iter().filter(|host| !host.updated && !taken(host.span.start)) {
        let mut from = host.span.start.saturating_sub(300);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let near = text[from..host.span.start].to_ascii_lowercase();
        let class = if LISTS.iter().any(|word| near.contains(word)) {
            Class::NetworkAllowlist
        } else if (!host.scheme || near.contains("proxy_pass")) && *mesh && !is_principal(&near) {
            Class::JwksHost
        } else {
            continue;
        };
        let beside = text.get(host.span.end..).unwrap_or_default();
        let mut to = beside.len().min(300);
        while !beside.is_char_boundary(to) {
            to -= 1;
        }
        let both =
            near.contains("issuer-cognito-idp") || beside[..to].to_ascii_lowercase().contains("issuer-cognito-idp");
        let written = &text[host.span.clone()];
        found.push(Found { dual_aware: both, ..Found::new(written, host.span, class, Confidence::Review) });
    }
    found
}
