//! Attributes of a pool that hold its issuer, as infrastructure code names them: the CDK's `userPoolProviderUrl`,
//! `CloudFormation`'s `ProviderURL`, Pulumi's `endpoint`.

use std::collections::BTreeSet;
use std::ops::Range;

use memchr::memmem;

use super::context::{after, before, in_comment};
use super::made;
use crate::model::{Class, Confidence};
use crate::scan::found::Found;

/// How far back `GetAtt` may stand before the attribute's name in a list.
const MAX_GET_ATT: usize = 200;

/// Judges an attribute's name at a place.
pub(super) fn judge(text: &str, language: &str, other: Option<&BTreeSet<String>>, at: &Range<usize>) -> Option<Found> {
    let word = word_around(text, at);
    let name = &text[word.clone()];
    let normal: String = name.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect();
    match normal.strip_prefix("get").unwrap_or(&normal) {
        "userpoolproviderurl" | "attrproviderurl" => member(text, language, &word, true),
        "userpoolprovidername" => member(text, language, &word, false),
        "providerurl" if name == "ProviderURL" => get_att(text, language, other, &word, true),
        "providername" if name == "ProviderName" => get_att(text, language, other, &word, false),
        _ => None,
    }
}

/// A member of a construct of the CDK.
fn member(text: &str, language: &str, word: &Range<usize>, url: bool) -> Option<Found> {
    let left = before(text, word.start);
    let right = after(text, word.end).trim_start();
    let object = left.trim_end_matches(['!', '?']).strip_suffix('.').or_else(|| left.strip_suffix("?."))?;
    let assigned = right.starts_with('=') && !right.starts_with("==") && !right.starts_with("=>");
    // Where the CDK itself defines one by the other, and where types are declared.
    let defines = ["userPoolProviderUrl", "user_pool_provider_url", "userPoolProviderName"].iter().any(|name| {
        let head = left.find(name).map(|at| left[at + name.len()..].trim_start());
        head.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="))
    });
    if assigned || defines || object.ends_with("prototype") {
        return None;
    }
    let start = word.start - (left.len() - object.len()) - chain(object);
    let span = start..word.end;
    let prose = in_comment(text, language, word.start);
    if url {
        return Some(made(text, span, Class::IacAttribute, Confidence::Likely, prose));
    }
    Some(provider_name(text, span, word, prose))
}

/// A provider's name: with a scheme it is the issuer, behind `oidc-provider/` or before a claim a provider of IAM.
fn provider_name(text: &str, span: Range<usize>, word: &Range<usize>, prose: bool) -> Found {
    let left = before(text, span.start);
    let right = after(text, word.end);
    let head = left.trim_end_matches(['$', '{', '"', '\'', '`', '+', ' ', '(']);
    let close = right.trim_start_matches(['(', ')', '}', '"', '\'', '`', '+', ' ']);
    let claim = [":aud", ":sub", ":amr", ":iss"].iter().any(|claim| close.starts_with(claim));
    let (class, confidence) = if head.ends_with("https://") {
        (Class::IacAttribute, Confidence::Likely)
    } else if head.ends_with("oidc-provider/") || claim {
        (Class::IamOidcProviderRef, Confidence::Definite)
    } else {
        (Class::IdentityPoolLoginKey, Confidence::Review)
    };
    made(text, span, class, confidence, prose)
}

/// An attribute by a function of `CloudFormation`.
fn get_att(
    text: &str,
    language: &str,
    other: Option<&BTreeSet<String>>,
    word: &Range<usize>,
    url: bool,
) -> Option<Found> {
    let left = before(text, word.start);
    let span = if let Some(object) = left.strip_suffix('.') {
        let start = word.start - 1 - chain(object);
        let head = &left[..left.len() - (word.start - start)];
        let substituted =
            head.ends_with("${") && (matches!(language, "yaml" | "json" | "text") || head.contains("Sub"));
        let lower = head.trim_end_matches(['"', '\'', ' ', ':']).to_ascii_lowercase();
        let object = text[start..word.start].trim_end_matches('.');
        if !(substituted || lower.ends_with("getatt")) || other.is_some_and(|other| other.contains(object)) {
            return None;
        }
        start..word.end
    } else {
        // A list: `[Pool, ProviderURL]`, perhaps over lines.
        let mut start = word.start.saturating_sub(MAX_GET_ATT);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        let lower = text[start..word.start].to_ascii_lowercase();
        let call = lower.rfind("getatt").map(|at| at + 6).or_else(|| lower.rfind("get_att").map(|at| at + 7))?;
        let between = &lower[call..];
        let list = between.bytes().all(|b| b.is_ascii_alphanumeric() || b" \t\r\n\"'`[](),:-_.\\n".contains(&b));
        let name = |part: &str| part.contains(|c: char| c.is_ascii_alphanumeric());
        let object =
            text[start + call..word.start].split(|c: char| !c.is_ascii_alphanumeric()).rfind(|part| name(part));
        let known = other.zip(object).is_some_and(|(other, object)| other.contains(object));
        if !list || between.matches(',').count() > 1 || known {
            return None;
        }
        word.clone()
    };
    let prose = in_comment(text, language, word.start);
    if url {
        return Some(made(text, span, Class::IacAttribute, Confidence::Likely, prose));
    }
    Some(provider_name(text, span, word, prose))
}

/// The name at a place, whole.
fn word_around(text: &str, at: &Range<usize>) -> Range<usize> {
    let part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let head = text.as_bytes()[..at.start].iter().rev().take(80).take_while(|b| part(b)).count();
    // The keyword itself may hold a dot: the name is what follows it.
    let dot = text[at.clone()].rfind('.').map(|dot| at.start + dot + 1);
    let tail = text.as_bytes()[at.end..].iter().take(80).take_while(|b| part(b)).count();
    dot.unwrap_or(at.start - head)..at.end + tail
}

/// The length of the chain of names at the end of a text: `this.auth.pool`.
fn chain(text: &str) -> usize {
    text.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || b"_.!?".contains(b)).count()
}

/// Uses of `endpoint` of pools that Pulumi or Terraform's CDK construct in this text.
pub(super) fn endpoints(text: &str, language: &str) -> Vec<Found> {
    let mut pools: BTreeSet<&str> = BTreeSet::new();
    for call in [
        "cognito.UserPool(",
        "Cognito.UserPool(",
        "cognito.NewUserPool(",
        "new CognitoUserPool(",
        "CognitoUserPool(self",
    ] {
        for at in memmem::find_iter(text.as_bytes(), call) {
            let left = before(text, at);
            let head = left.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
            let head = head.trim_end().trim_end_matches("new").trim_end();
            let Some(head) = head.strip_suffix(":=").or_else(|| head.strip_suffix('=')) else { continue };
            // `pool, err := …`, `const pool: aws.cognito.UserPool = …`
            let head = head.split([',', ':']).next().unwrap_or_default().trim_end();
            let name = &head[head.len() - chain(head)..];
            let name = name.rsplit('.').next().unwrap_or_default();
            if !name.is_empty() {
                pools.insert(name);
            }
        }
    }
    let mut found = Vec::new();
    let pulumi = |word: &&str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if pools.is_empty() || !["pulumi", "cdktf", "sst"].iter().any(pulumi) {
        return found;
    }
    for (at, name) in text.match_indices(".endpoint").chain(text.match_indices(".Endpoint")) {
        let end = at + name.len();
        if after(text, end).starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        let left = before(text, at);
        let object = &left[left.len() - chain(left)..];
        if !object.rsplit('.').next().is_some_and(|last| pools.contains(last)) {
            continue;
        }
        let span = at - object.len()..end;
        let prose = in_comment(text, language, at);
        let mut one = provider_name(text, span.clone(), &span, prose);
        // `.apply(e => …)` and `all([…])` build the URL out of sight.
        #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else a host without its scheme is")]
        let confidence = match one.class {
            Class::IacAttribute => Confidence::Definite,
            Class::IamOidcProviderRef => one.confidence,
            _ => {
                let key = before(text, span.start).to_ascii_lowercase();
                if key.contains("providername") || key.contains("provider_name") {
                    Confidence::Review
                } else {
                    one.class = Class::IacAttribute;
                    Confidence::Likely
                }
            }
        };
        one.confidence = confidence;
        found.push(one);
    }
    found
}
