//! References in a text by the text alone, whatever the language: what the lexer finds, and what the keywords around say.
//!
//! Not here: what has structure to be evaluated (`document`, `terraform`), and libraries (`library`).

mod hosts;
mod prose;
#[cfg(test)]
mod tests;

use std::cell::LazyCell;

use super::found::Found;
use super::pattern::{self, Class, Confidence, Match, Suffix};
use super::text::Text;
use prose::Prose;

/// What a text must hold, in any case, for this detector to find something in it.
pub const KEYWORDS: &[&str] = &["cognito-idp"];

/// How many references of one text are compared with each other.
const MAX_PAIRS: usize = 400;

/// Every reference in a text; `language` as [`super::language::of`] names it.
///
/// The updated issuer beside the original one is no reference of its own, it makes that one accept both. Alone it is kept,
/// for a person to see.
pub fn find(searched: &Text<'_>, language: &str) -> Vec<Found> {
    let text = searched.written;
    let prose = LazyCell::new(|| Prose::new(text, language));
    let mut matches = pattern::references(text, &searched.lower);
    let said: Vec<bool> = matches.iter().map(|found| prose.contains(found.span.start)).collect();
    let paired = mark_dual_aware(text, &mut matches, &said);
    let mut found: Vec<Found> = matches
        .iter()
        .zip(said)
        .enumerate()
        .filter(|(at, _)| !paired.contains(at))
        .map(|(_, (found, prose))| of(text, found, prose))
        .collect();
    for host in hosts::find(searched, language, &matches) {
        let prose = prose.contains(host.span.start);
        found.push(Found { prose, ..host });
    }
    // Terraform has no operator that concatenates: what is put together there is interpolated.
    for one in found.iter_mut().filter(|one| language == "terraform" && one.class == Class::IssuerSplitConcat) {
        one.class = Class::IssuerUrlTemplate;
    }
    found.sort_by_key(|found| found.span.start);
    found
}

fn of(text: &str, found: &Match, prose: bool) -> Found {
    // The updated issuer alone is no reference to the original one, and a test for both hosts breaks nothing.
    let harmless = found.updated || found.dual_aware && found.class == Class::HostPrefixCheck;
    let confidence = if harmless { Confidence::Review } else { found.confidence };
    Found {
        updated: found.updated,
        dual_aware: found.dual_aware,
        accepts_any_pool: found.accepts_any_pool,
        prose,
        pool_id: found.pool_id.clone(),
        unresolved: if found.pool_id.is_some() { None } else { unresolved(text, found) },
        ..Found::new(one_line(&found.excerpt(text)), found.span.clone(), found.class, confidence)
    }
}

/// Marks what accepts the other issuer of its pool too, and says which are the updated ones of such pairs. What a comment
/// says, the code does not do.
fn mark_dual_aware(text: &str, matches: &mut [Match], said: &[bool]) -> Vec<usize> {
    let mut paired = Vec::new();
    if !matches.iter().any(|found| found.updated) || matches.len() > MAX_PAIRS {
        return paired;
    }
    let keys: Vec<(String, bool)> = matches.iter().map(|found| pool_key(text, found)).collect();
    for one in 0..matches.len() {
        for other in 0..matches.len() {
            if !matches[one].updated && matches[other].updated && said[one] == said[other] {
                let (a, b) = (&matches[one], &matches[other]);
                let between = a.span.start.min(b.span.start)..a.span.start.max(b.span.start);
                // Two tests without a pool belong together only in one statement.
                let near = between.len() <= 600 && (kind(a) != 1 || !text[between].contains("\n\n"));
                let same = keys[one].0 == keys[other].0 && kind(a) == kind(b);
                if same && (near || keys[one].1 && keys[other].1) {
                    matches[one].dual_aware = true;
                    paired.push(other);
                }
            }
        }
    }
    paired
}

fn kind(found: &Match) -> u8 {
    match (found.class, found.suffix) {
        (Class::HostPrefixCheck, _) => 1,
        (_, Suffix::Jwks) => 2,
        (_, Suffix::Discovery) => 3,
        (Class::IamOidcProviderRef, _) => 4,
        (Class::IdentityPoolLoginKey, _) => 5,
        _ => 0,
    }
}

/// What names a pool, without what names of it differ in, and whether that is enough far away from each other.
fn pool_key(text: &str, found: &Match) -> (String, bool) {
    let written = text.get(found.pool_span.clone()).unwrap_or_default();
    let name = leading_name(written).unwrap_or_default();
    let last = name.rsplit(['.', ':']).next().unwrap_or_default();
    let key: String = last.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if key.len() >= 3 { (key, true) } else { (written.chars().filter(|c| !c.is_whitespace()).collect(), false) }
}

/// The name of what stands in the pool's place.
fn unresolved(text: &str, found: &Match) -> Option<String> {
    if found.class == Class::HostPrefixCheck {
        return None;
    }
    let inside =
        found.holes.iter().rfind(|hole| hole.start >= found.pool_span.start && hole.end <= found.pool_span.end);
    let written = text.get(inside.unwrap_or(&found.pool_span).clone())?;
    if inside.is_none() && found.holes.is_empty() || !written.is_empty() {
        return Some(leading_name(written).unwrap_or_else(|| "a format argument".to_owned()));
    }
    None
}

/// The name with which an interpolation begins: `process.env.POOL` of `${process.env.POOL || "x"}`.
fn leading_name(written: &str) -> Option<String> {
    let inner = written.trim_start_matches(|c: char| !c.is_ascii_alphabetic() && c != '_');
    let length = inner
        .char_indices()
        .find(|(_, c)| !(c.is_ascii_alphanumeric() || "_.:-".contains(*c)))
        .map_or(inner.len(), |(at, _)| at);
    let name = inner[..length].trim_end_matches(['.', ':', '-']);
    // A format's letter, as in `%s` or `{0}`, is no name.
    let letter = name.len() <= 1 && written.starts_with(['%', '{']);
    // The name of an environment variable is what a lookup is about.
    if let Some(rest) = inner.get(length..).filter(|_| {
        name.ends_with("environ") || name.ends_with("env") || name.ends_with("ENV") || name.ends_with("getenv")
    }) {
        let key = rest.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let end = key.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).unwrap_or(key.len());
        if end >= 3 {
            return Some(key[..end].to_owned());
        }
    }
    (!name.is_empty() && !letter && name.len() <= 80).then(|| name.to_owned())
}

/// A text without line ends and runs of blanks.
fn one_line(text: &str) -> String {
    if !text.contains(['\n', '\t']) && !text.contains("  ") {
        return text.to_owned();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
