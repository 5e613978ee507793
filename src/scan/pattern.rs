//! The words of the issuer scanner and its readers of exact forms: issuer URLs, pool ids, pool ARNs.
//!
//! `find` (in `lexer`) looks for references inside a text; `parse_issuer` reads a setting that must be an issuer as a
//! whole. Not here: how a template is evaluated, and which pools exist.

mod check;
mod fit;
mod follow;
mod lexer;
mod reader;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use crate::model::{Class, Confidence, Severity};
pub use lexer::{find, hosts, references};

/// The DNS suffixes under which Cognito has issuers.
pub(crate) const DNS_SUFFIXES: [&str; 3] = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"];
/// The path of the key set below an issuer.
const JWKS_PATH: &str = "/.well-known/jwks.json";
/// The path of the discovery document below an issuer.
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
/// The longest pool id the API allows.
const MAX_POOL_ID: usize = 55;

/// The severity of a reference; `accepted` says that it names the updated issuer or stands beside one that does.
pub fn severity(class: Class, confidence: Confidence, accepted: bool) -> Severity {
    if accepted {
        return Severity::Info;
    }
    match (crate::scan::classes::of(class).severity, confidence) {
        (Severity::Error, Confidence::Review) => Severity::Warning,
        (base, Confidence::Definite | Confidence::Likely | Confidence::Review) => base,
    }
}

/// What follows the pool id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suffix {
    /// Nothing: this is the issuer.
    None,
    /// One slash, which the real issuer never has.
    Slash,
    /// The key set's path.
    Jwks,
    /// The discovery document's path.
    Discovery,
    /// `:aud` and the like: an IAM condition key.
    Claim,
    /// Some other path.
    Other,
}

/// One reference in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// What it is.
    pub class: Class,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether it names the updated issuer's host.
    pub updated: bool,
    /// Whether an issuer of the other kind for the same pool stands beside it.
    pub dual_aware: bool,
    /// Whether any pool is accepted there, since only the beginning is compared.
    pub accepts_any_pool: bool,
    /// The Region in the host, if it is written out; it may differ from the pool's.
    pub host_region: Option<String>,
    /// The pool id, if it is written out.
    pub pool_id: Option<String>,
    /// Where the part that names the pool stands, in bytes; empty for a test of the host alone.
    pub pool_span: Range<usize>,
    /// What follows the pool.
    pub suffix: Suffix,
    /// The interpolations inside the span, in order.
    pub holes: Vec<Range<usize>>,
}

impl Match {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        severity(self.class, self.confidence, self.updated || self.dual_aware)
    }

    /// The matched text alone, fit to be shown: an interpolation that is more than a name becomes `{…}`, since
    /// expressions may hold anything, defaults and secrets included.
    pub fn excerpt(&self, text: &str) -> String {
        let mut out = String::new();
        let mut at = self.span.start;
        for hole in &self.holes {
            out.push_str(text.get(at..hole.start).unwrap_or_default());
            let written = text.get(hole.clone()).unwrap_or_default();
            out.push_str(if is_name_like(written) { written } else { "{…}" });
            at = hole.end;
        }
        out.push_str(text.get(at..self.span.end).unwrap_or_default());
        out
    }
}

/// Whether an interpolation is only a name in brackets.
pub(crate) fn is_name_like(hole: &str) -> bool {
    hole.len() <= 140 && hole.chars().all(|c| c.is_ascii_alphanumeric() || "_.:$<>{}()%#&;\\-*+[]/".contains(c))
}

/// Which of the two issuer hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostKind {
    /// `cognito-idp.…`
    Original,
    /// `issuer-cognito-idp.…`
    Updated,
}

/// A whole issuer URL, or a URL below one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Which host.
    pub host: HostKind,
    /// The Region in the host; under ORIGINAL a replica's may differ from the pool id's.
    pub region: String,
    /// The DNS suffix, such as `amazonaws.com`.
    pub dns_suffix: &'static str,
    /// The pool.
    pub pool_id: String,
    /// Whether exactly one slash follows the pool id; the `iss` claim has none, so an exact comparison fails.
    pub trailing_slash: bool,
    /// What follows the pool id.
    pub suffix: Suffix,
}

/// Reads a whole issuer, key set or discovery URL; anything more or less than that is `None`.
///
/// Scheme and host are compared without case, the path exactly, as verifiers do.
pub fn parse_issuer(url: &str) -> Option<Issuer> {
    let scheme = url.get(..8)?;
    if !scheme.eq_ignore_ascii_case("https://") {
        return None;
    }
    let (host, path) = url.get(8..)?.split_once('/')?;
    let host = host.to_ascii_lowercase();
    let (kind, rest) = match host.strip_prefix("issuer-cognito-idp.") {
        Some(rest) => (HostKind::Updated, rest),
        None => (HostKind::Original, host.strip_prefix("cognito-idp.")?),
    };
    let (region, suffix) = rest.split_once('.')?;
    let dns_suffix = DNS_SUFFIXES.into_iter().find(|known| *known == suffix)?;
    let end = path.find('/').unwrap_or(path.len());
    let (pool, below) = path.split_at(end);
    let suffix = match below {
        "" => Suffix::None,
        "/" => Suffix::Slash,
        JWKS_PATH => Suffix::Jwks,
        DISCOVERY_PATH => Suffix::Discovery,
        _ => return None,
    };
    (is_region(region) && pool_id(pool).is_some()).then(|| Issuer {
        host: kind,
        region: region.to_owned(),
        dns_suffix,
        pool_id: pool.to_owned(),
        trailing_slash: suffix == Suffix::Slash,
        suffix,
    })
}

/// A user pool's id and the Region it begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolId {
    /// The pool's primary Region.
    pub region: String,
    /// The whole id.
    pub id: String,
}

/// Reads `<region>_<letters and digits>`.
pub fn pool_id(text: &str) -> Option<PoolId> {
    let (region, rest) = text.split_once('_')?;
    let alphanumeric = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    (text.len() <= MAX_POOL_ID && alphanumeric && is_region(region))
        .then(|| PoolId { region: region.to_owned(), id: text.to_owned() })
}

/// A user pool's ARN. Its Region may be a replica's and so differ from the pool id's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolArn {
    /// The partition, such as `aws`.
    pub partition: String,
    /// The Region the ARN names.
    pub region: String,
    /// The account.
    pub account: String,
    /// The pool.
    pub pool_id: String,
}

/// Reads `arn:<partition>:cognito-idp:<region>:<account>:userpool/<pool id>`.
pub fn pool_of_arn(arn: &str) -> Option<PoolArn> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, partition, service, region, account, resource] = parts.as_slice() else { return None };
    let pool = resource.strip_prefix("userpool/")?;
    let account_ok = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let fits = *prefix == "arn" && partition.starts_with("aws") && *service == "cognito-idp" && is_region(region);
    (fits && account_ok && pool_id(pool).is_some()).then(|| PoolArn {
        partition: (*partition).to_owned(),
        region: (*region).to_owned(),
        account: (*account).to_owned(),
        pool_id: pool.to_owned(),
    })
}

/// Whether this has the shape of a Region's name: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`.
pub(crate) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return false };
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    (1..=2).contains(&middle.len())
        && (2..=4).contains(&first.len())
        && letters(first)
        && middle.iter().all(|part| letters(part))
        && (1..=2).contains(&last.len())
        && last.bytes().all(|b| b.is_ascii_digit())
}
