//! How well the parts of a URL fit an issuer's: scheme, host, what stands in the pool's place, paths behind it.
//!
//! All by the normalised text, in which interpolations are [`HOLE`]. Not here: reading them (`reader`, `lexer`).

use super::reader::{COLONS, SLASHES};
use super::{DNS_SUFFIXES, Suffix, is_region};

/// Stands for an interpolation in a normalised part.
pub(super) const HOLE: char = '\u{1}';

/// What a name in a path's place says of the path.
pub(super) fn named_path(name: &str) -> Option<Suffix> {
    if name.contains("jwk") || name.contains("certs") || name.contains("keys") {
        Some(Suffix::Jwks)
    } else if name.contains("discovery") || name.contains("openid") || name.contains("well") {
        Some(Suffix::Discovery)
    } else {
        None
    }
}

/// `left` without one of `forms` at its end, the longest that fits.
pub(super) fn strip_any<'a>(left: &'a str, forms: &[&str]) -> Option<&'a str> {
    forms.iter().filter_map(|form| left.strip_suffix(form)).min_by_key(|rest| rest.len())
}

/// Whether `left` ends in a scheme, and how long that is; false for another protocol's.
pub(super) fn scheme(left: &str) -> Option<(bool, usize)> {
    let rest = strip_any(strip_any(left, SLASHES)?, SLASHES)?;
    let rest = strip_any(rest, COLONS)?;
    let word = rest.len() - rest.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'?')).count();
    // An escape such as `\nhttps` or `%3Dhttps` lends a letter to the word, so its end decides.
    let known = ["https?", "https", "http"].into_iter().find(|scheme| rest[word..].ends_with(scheme));
    if let Some(scheme) = known {
        return Some((true, left.len() - rest.len() + scheme.len()));
    }
    if let Some(open) = ["http(s)?", "http(s?)", "http[s]?", "(https|http)", "(http|https)", "(?:https?)"]
        .iter()
        .find(|form| rest.ends_with(*form))
    {
        return Some((true, left.len() - rest.len() + open.len()));
    }
    // An interpolated scheme, or none that is written here.
    Some((word == rest.len(), left.len() - rest.len()))
}

/// Whether an element of a list is a `CloudFormation` function.
pub(super) fn is_function(written: &str) -> bool {
    ["\"Ref\"", "'Ref'", "Ref:", "Fn::"].into_iter().any(|name| written.contains(name)) || written.starts_with('!')
}

/// Whether an interpolation is a part of a regular expression that fits many texts.
pub(super) fn is_regex(hole: &str) -> bool {
    let inner = hole.get(1..).unwrap_or_default();
    hole.starts_with('.')
        || hole.starts_with("\\w")
        || hole.starts_with("\\\\w")
        || hole.starts_with("\\S")
        || hole.starts_with("\\d")
        || hole.starts_with("[^")
        || hole.starts_with('[') && (inner.contains("-z") || inner.contains("-9") || inner.contains("\\w"))
        || hole.starts_with("(?")
        || hole.starts_with('(') && [".*", ".+", "[", "\\w", "\\d", "\\S"].iter().any(|part| inner.contains(part))
}

/// How well a host fits an issuer's.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Fit {
    /// Region and suffix are there, perhaps as interpolations.
    Good,
    /// One interpolation stands for everything.
    Whole,
    /// The Region is a word to be replaced.
    Placeholder,
}

/// Judges a host without its first label; none if it is another host.
pub(super) fn host_fit(normal: &str) -> Option<Fit> {
    let Some((region, suffix)) = normal.split_once('.') else {
        return (!normal.is_empty() && normal.chars().all(|c| c == HOLE)).then_some(Fit::Whole);
    };
    // `${region}${suffix}` needs no dot between.
    DNS_SUFFIXES.into_iter().any(|known| glob(suffix, known)).then_some(())?;
    if is_region(region) || region.contains(HOLE) {
        return Some(Fit::Good);
    }
    let words = ["region", "xx", "your", "my", "aws", "zone", "some", "example", "test", "local"];
    let shaped = region.split('-').count() >= 3;
    let placeholder = region == "*" || shaped || words.iter().any(|word| region.contains(word));
    placeholder.then_some(Fit::Placeholder)
}

/// Whether `known` can come out of `pattern`, in which [`HOLE`] stands for anything.
pub(super) fn glob(pattern: &str, known: &str) -> bool {
    match pattern.split_once(HOLE) {
        None => pattern == known,
        Some((head, tail)) => known
            .strip_prefix(head)
            .is_some_and(|rest| (0..=rest.len()).any(|skip| rest.get(skip..).is_some_and(|rest| glob(tail, rest)))),
    }
}

/// What a word in the pool's place is.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Word {
    /// To be replaced, such as `YOUR_POOL_ID`.
    Placeholder,
    /// It could be one.
    Unknown,
    /// A plain word.
    Plain,
    /// A path of the API or of what someone took it for.
    Path,
}

pub(super) fn placeholder_fit(pool: &str) -> Word {
    const PATHS: [&str; 30] = [
        "token",
        "tokens",
        "authorize",
        "oauth2",
        "oauth",
        "login",
        "logout",
        "signin",
        "signup",
        "userinfo",
        "saml2",
        "jwks",
        "health",
        "api",
        "v1",
        "v2",
        "index",
        "favicon",
        "docs",
        "latest",
        "endpoint",
        "and",
        "or",
        "the",
        "www",
        "root",
        "path",
        "forgotpassword",
        "confirm",
        "error",
    ];
    let regional = pool.split_once('_').is_some_and(|(region, rest)| is_region(region) && !rest.is_empty());
    if regional || pool == "." || ["pool", "xx", "your", "_id", "region"].iter().any(|word| pool.contains(word)) {
        return Word::Placeholder;
    }
    let plain = !pool.contains(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_'));
    if PATHS.contains(&pool) || pool.len() < 2 || pool.contains('*') {
        Word::Path
    } else if plain {
        Word::Plain
    } else {
        Word::Unknown
    }
}
