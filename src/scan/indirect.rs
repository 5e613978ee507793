//! Variables that hold an issuer which is given elsewhere: `process.env.COGNITO_ISSUER`, `${COGNITO_ISSUER_URI}`.
//!
//! The name says what it holds, and what stands around it that it is read here, or passed on without a value. That is
//! no reference yet: a person has to look where it gets its value. Not here: values (`code`, `document`), and names whose
//! value stands in the same file, which is the reference then.

mod place;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::found::Found;
use super::keyword::comment_at;
use crate::model::{Class, Confidence};
use place::Place;

/// What a text must hold, in any case, for this detector to find something in it.
pub const KEYWORDS: &[&str] = &[
    "cognito_iss",
    "cognito__iss",
    "cognito_authority",
    "cognito__authority",
    "cognito_jwk",
    "cognito_jwt_iss",
    "cognito_oidc_iss",
    "cognito_openid",
    "cognito_discovery",
    "cognito_well",
    "cognito_pool_iss",
    "cognito_user_pool_iss",
    "cognito_userpool_iss",
    "cognito_idp_iss",
    "cognito_token_iss",
    "issuer_cognito",
    "cognito.iss",
    "cognito.authority",
    "cognito.jwk",
    "cognito:iss",
    "cognito:authority",
    "cognito:jwk",
    // What products call it, whoever issues: they count in a text that speaks of Cognito elsewhere.
    // Sources: <https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview>,
    // <https://hasura.io/docs/2.0/auth/authentication/jwt/>.
    "OAUTH2_PROXY_OIDC_ISSUER_URL",
    "HASURA_GRAPHQL_JWT_SECRET",
];

/// How far a name is followed to both sides of its keyword; nobody's is longer.
const MAX_NAME: usize = 100;

#[expect(clippy::expect_used, reason = "the keywords are constants, which every test builds")]
static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let built = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .prefilter(false)
        .build(KEYWORDS);
    built.expect("a few short literals make an automaton")
});

/// Every variable in a text that is read there and called like an issuer of Cognito; `language` as
/// [`super::language::of`] names it.
pub fn find(text: &str, language: &str) -> Vec<Found> {
    let names = names(text);
    // A value beside the name is what is found. Wherever else the name is used in this text, it leads there.
    let followed: BTreeSet<&str> = names
        .iter()
        .filter(|name| Place::new(text, language, name).has_value())
        .map(|name| &text[(*name).clone()])
        .collect();
    let mut found: Vec<Found> = Vec::new();
    for at in names {
        let name = &text[at.clone()];
        let place = Place::new(text, language, &at);
        if followed.contains(name) || !place.is_read() {
            continue;
        }
        let prose = comment_at(text, language, at.start);
        let unresolved = Some(name.to_owned());
        found.push(Found { prose, unresolved, ..Found::new(name, at, Class::IndirectVariable, Confidence::Review) });
    }
    found
}

/// Where the names stand that say they hold an issuer of Cognito.
fn names(text: &str) -> Vec<Range<usize>> {
    let mut names: Vec<Range<usize>> = Vec::new();
    let mut speaks = None;
    for hit in AUTOMATON.find_iter(text) {
        let keyword = KEYWORDS[hit.pattern().as_usize()];
        let at = around(text, hit.range(), keyword);
        if names.last().is_some_and(|last| last.end > at.start) {
            continue;
        }
        let product = !keyword.to_ascii_lowercase().contains("cognito");
        let counts = if product {
            text[at.clone()] == *keyword && *speaks.get_or_insert_with(|| speaks_of_cognito(text))
        } else {
            holds_issuer(&text[at.clone()])
        };
        if counts {
            names.push(at);
        }
    }
    names
}

fn speaks_of_cognito(text: &str) -> bool {
    memchr::memmem::find(text.to_ascii_lowercase().as_bytes(), b"cognito").is_some()
}

/// The whole name around a keyword: a word, or a property's path if the keyword is part of one.
fn around(text: &str, keyword: Range<usize>, written: &str) -> Range<usize> {
    let path = written.contains(['.', ':']);
    let colon = written.contains(':');
    let inside =
        |b: u8| b.is_ascii_alphanumeric() || b == b'_' || path && matches!(b, b'.' | b'-') || colon && b == b':';
    let before = text.as_bytes()[..keyword.start].iter().rev().take(MAX_NAME).take_while(|b| inside(**b)).count();
    let after = text.as_bytes()[keyword.end..].iter().take(MAX_NAME).take_while(|b| inside(**b)).count();
    let mut start = keyword.start - before;
    let mut end = keyword.end + after;
    // A default or the end of a sentence belongs to no name.
    while end > keyword.end && matches!(text.as_bytes()[end - 1], b'.' | b'-' | b':') {
        end -= 1;
    }
    while start < keyword.start && matches!(text.as_bytes()[start], b'.' | b'-' | b':') {
        start += 1;
    }
    start..end
}

/// Whether a name says that it holds an issuer of Cognito, or what lies below one.
fn holds_issuer(name: &str) -> bool {
    /// What may stand behind: the form of the value, or which of several it is.
    const BEHIND: [&str; 22] = [
        "url",
        "uri",
        "urls",
        "uris",
        "endpoint",
        "set",
        "known",
        "configuration",
        "config",
        "document",
        "dev",
        "test",
        "staging",
        "stage",
        "prod",
        "production",
        "primary",
        "secondary",
        "old",
        "legacy",
        "value",
        "path",
    ];
    /// What makes it a switch, or the updated issuer's.
    const OTHER: [&str; 13] = [
        "verify", "skip", "validate", "check", "disable", "enable", "enabled", "ignore", "require", "is", "updated",
        "has", "use",
    ];
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['_', '.', '-', ':']).filter(|word| !word.is_empty()).collect();
    let subject = words.iter().rev().find(|word| !BEHIND.contains(word));
    let about = ["issuer", "issuers", "iss", "authority", "jwks", "jwk", "discovery", "well", "openid", "cognito"];
    // `COGNITO_URL` says nothing, `ISSUER_COGNITO` does.
    let named = words.iter().any(|word| about[..9].contains(word));
    words.contains(&"cognito")
        && named
        && subject.is_some_and(|subject| about.contains(subject))
        && !words.iter().any(|word| OTHER.contains(word))
}
