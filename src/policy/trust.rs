//! What Amazon Cognito needs of the trust policy of the role that sends a pool's SMS, without anybody seeing its external id.
//!
//! For: reading a trust policy as IAM sends it, putting digests in place of its external ids, and judging it by them.
//! Not for: how a digest is made (the caller's), or what the role may do once it is assumed.

use std::borrow::Cow;
use std::slice;

use serde_json::Value;

use super::document::{MAX_POLICY_BYTES, Policy, PolicyError, refuse_unsure_json};
use super::request::{ContextValue, Request};
use super::service::{ServiceVerdict, judge, request, tell};

/// The service that assumes the role.
pub const SERVICE: &str = "cognito-idp.amazonaws.com";

/// How it does.
pub const ACTION: &str = "sts:AssumeRole";

const EXTERNAL_ID: &str = "sts:ExternalId";

/// What is known about the external id that a pool sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalId<'a> {
    /// Its digest, made as those in the policy.
    Digest(&'a str),
    /// The pool has none.
    Absent,
    /// Nothing.
    Unknown,
}

/// Judges a trust policy whose external ids are digests, given the pool's ARN in the Region that sends.
pub fn cognito_assume(policy: &Policy, external_id: ExternalId<'_>, pool_arn: &str, account: &str) -> ServiceVerdict {
    judge(slice::from_ref(policy), SERVICE, &[assuming(external_id, pool_arn, account)])
}

/// The same, told statement by statement, without any external id.
pub fn tell_assume(policy: &Policy, external_id: ExternalId<'_>, pool_arn: &str, account: &str) -> Vec<String> {
    tell(&[], slice::from_ref(policy), SERVICE, &[assuming(external_id, pool_arn, account)])
}

/// Cognito's request for the role.
fn assuming(external_id: ExternalId<'_>, pool_arn: &str, account: &str) -> Request {
    let mut request = request(SERVICE, ACTION, None, (pool_arn, account));
    request.context = match external_id {
        ExternalId::Digest(digest) => request.context.with_value(EXTERNAL_ID, ContextValue::Digest(digest.to_owned())),
        ExternalId::Absent => request.context.absent(EXTERNAL_ID),
        ExternalId::Unknown => request.context,
    };
    request
}

/// Reads a trust policy, percent-encoded as IAM sends it or not.
pub fn parse(text: &str) -> Result<Policy, PolicyError> {
    match decoded(text) {
        Some(document) => Policy::parse(&document),
        None => Policy::parse(text),
    }
}

/// The document with every value of the condition key `sts:ExternalId` replaced by its digest, and not percent-encoded.
/// `None` if it cannot be read for sure: then nothing of it is safe to keep.
///
/// A value that is a pattern, or has a variable in it, cannot be compared by its digest: a `*` behind the digest says so.
/// `*` alone tells nothing and stays.
pub fn digest_external_ids(document: &str, digest: impl Fn(&str) -> String) -> Option<String> {
    let document = decoded(document)?;
    // Readers differ in which of two equal keys they keep, so the other one might hide an id, or a denial.
    refuse_unsure_json(&document).ok()?;
    let mut document: Value = serde_json::from_str(&document).ok()?;
    document.as_object()?;
    replace(&mut document, &digest)?;
    Some(document.to_string())
}

/// Replaces external ids wherever the key stands, not only where the language of policies has it.
fn replace(node: &mut Value, digest: &impl Fn(&str) -> String) -> Option<()> {
    match node {
        Value::Object(members) => members.iter_mut().try_for_each(|(key, value)| {
            if key.trim().eq_ignore_ascii_case(EXTERNAL_ID) { conceal(value, digest) } else { replace(value, digest) }
        }),
        Value::Array(items) => items.iter_mut().try_for_each(|item| replace(item, digest)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(()),
    }
}

fn conceal(value: &mut Value, digest: &impl Fn(&str) -> String) -> Option<()> {
    let text = match value {
        Value::Array(items) => return items.iter_mut().try_for_each(|item| conceal(item, digest)),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        // `Null` asks whether the key is there.
        Value::Bool(_) | Value::Null => return Some(()),
        Value::Object(_) => return None,
    };
    let is_word = text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
    if !is_word && !text.chars().all(|c| c == '*') {
        // No external id has any of these characters in it.
        let mark = if text.contains(['*', '?', '$']) { "*" } else { "" };
        *value = Value::String(digest(&text) + mark);
    }
    Some(())
}

/// The JSON of a document that may be percent-encoded; `None` if it is neither.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if text.trim_start().starts_with('{') {
        return Some(Cow::Borrowed(text));
    }
    if text.len() > 3 * MAX_POLICY_BYTES {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let [high, low, after @ ..] = rest else { return None };
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            bytes.push(digit(*high)? * 16 + digit(*low)?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    let document = String::from_utf8(bytes).ok()?;
    document.trim_start().starts_with('{').then_some(Cow::Owned(document))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARY: &str = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf";
    const REPLICA: &str = "arn:aws:cognito-idp:eu-central-1:111111111111:userpool/eu-west-1_AbCdEf";

    /// A digest that tells nothing but equality.
    fn digest(value: &str) -> String {
        let sum = value.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        format!("sum:{sum:08x}")
    }

    fn trust(condition: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"sms","Effect":"Allow",
                "Principal":{{"Service":"{SERVICE}"}},"Action":"sts:AssumeRole","Condition":{condition}}}]}}"#
        )
    }

    /// As RFC 3986 encodes: all but letters, digits and `-._~`.
    fn encoded(text: &str) -> String {
        let encode = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(encode).collect()
    }

    /// Digests a trust policy and judges it for a pool's external id: `yes`, `absent`, `maybe k`, or why not.
    fn verdict(document: &str, external_id: Option<&str>) -> String {
        let document = digest_external_ids(document, digest).unwrap();
        let policy = parse(&document).unwrap();
        let of_pool = external_id.map(digest);
        let known = of_pool.as_deref().map_or(ExternalId::Absent, ExternalId::Digest);
        match cognito_assume(&policy, known, REPLICA, "111111111111") {
            ServiceVerdict::Allowed => "yes".into(),
            ServiceVerdict::ServiceAbsent => "absent".into(),
            ServiceVerdict::Refused { detail } => detail,
            ServiceVerdict::Undecided { keys } => format!("maybe {}", keys.into_iter().collect::<Vec<_>>().join(", ")),
        }
    }

    #[test]
    fn external_ids_are_compared_by_digest() {
        let no = "Statement[0] \"sms\": StringEquals sts:ExternalId does not hold for";
        for (condition, external_id, expected) in [
            (r#"{"StringEquals":{"sts:ExternalId":"e-1"}}"#, Some("e-1"), "yes"),
            (r#"{"StringEquals":{"STS:externalid":["e-0","e-1"]}}"#, Some("e-1"), "yes"),
            (r#"{"ForAnyValue:StringEquals":{"sts:ExternalId":["e-0","e-1"]}}"#, Some("e-1"), "yes"),
            (r#"{"StringEquals":{"sts:ExternalId":1234}}"#, Some("1234"), "yes"),
            (r#"{"StringEquals":{"sts:ExternalId":"e-1"}}"#, Some("e-2"), &format!("{no} the pool's")),
            (r#"{"StringEquals":{"sts:ExternalId":"e-1"}}"#, None, &format!("{no} a request that carries none")),
            (r#"{"StringEqualsIfExists":{"sts:ExternalId":"e-1"}}"#, None, "yes"),
            (r#"{"Null":{"sts:ExternalId":"false"}}"#, Some("e-1"), "yes"),
            (r#"{"StringLike":{"sts:ExternalId":"e-1"}}"#, Some("e-1"), "yes"),
            (r#"{"StringLike":{"sts:ExternalId":"*"}}"#, Some("e-1"), "yes"),
            (r#"{"StringLike":{"sts:ExternalId":"e-*"}}"#, Some("e-1"), "maybe sts:ExternalId"),
            (r#"{"StringLike":{"sts:ExternalId":["e-*","e-1"]}}"#, Some("e-1"), "yes"),
            (r#"{"StringNotEquals":{"sts:ExternalId":"e-2"}}"#, Some("e-1"), "yes"),
            (r#"{"StringEquals":{"sts:ExternalId":"${aws:SourceAccount}"}}"#, Some("e-1"), "maybe sts:ExternalId"),
            ("{}", Some("e-1"), "yes"),
            ("{}", None, "yes"),
        ] {
            assert_eq!(verdict(&trust(condition), external_id), expected, "{condition} {external_id:?}");
            assert_eq!(verdict(&encoded(&trust(condition)), external_id), expected, "encoded {condition}");
        }
    }

    #[test]
    fn the_documented_trust_policy_is_for_one_arn() {
        let documented = |pool: &str| {
            trust(&format!(
                r#"{{"StringEquals":{{"sts:ExternalId":"e-1","aws:SourceAccount":"111111111111"}},"ArnLike":{{"aws:SourceArn":"{pool}"}}}}"#
            ))
        };
        assert_eq!(verdict(&documented(REPLICA), Some("e-1")), "yes");
        let detail = verdict(&documented(PRIMARY), Some("e-2"));
        assert!(detail.contains("(the usual miss: "), "{detail}");
        assert!(detail.ends_with("; StringEquals sts:ExternalId does not hold for the pool's"), "{detail}");
        assert_eq!(verdict(&documented(REPLICA).replace(SERVICE, "lambda.amazonaws.com"), Some("e-1")), "absent");
        assert_eq!(
            verdict(&documented(REPLICA).replace("AssumeRole", "TagSession"), Some("e-1")),
            "no statement that names cognito-idp.amazonaws.com allows sts:AssumeRole"
        );
    }

    #[test]
    fn an_unknown_external_id_and_raw_values_stay_undecided() {
        let raw = parse(&encoded(&trust(r#"{"StringEquals":{"sts:ExternalId":"e-1"}}"#))).unwrap();
        let undecided = ServiceVerdict::Undecided { keys: [EXTERNAL_ID.to_owned()].into() };
        for known in [ExternalId::Unknown, ExternalId::Digest(&digest("e-1"))] {
            assert_eq!(cognito_assume(&raw, known, REPLICA, "111111111111"), undecided, "{known:?}");
        }
        assert!(matches!(
            cognito_assume(&raw, ExternalId::Absent, REPLICA, "111111111111"),
            ServiceVerdict::Refused { .. }
        ));
    }

    #[test]
    fn no_external_id_is_left() {
        let secret = "planted-42";
        for document in [
            trust(r#"{"StringEquals":{"sts:ExternalId":"planted-42"}}"#),
            trust(r#"{"StringLike":{"STS:EXTERNALID":["planted-42","planted-42*"]}}"#),
            trust(r#"{"ForAllValues:StringNotEqualsIfExists":{"sts:ExternalId":[["planted-42"]]}}"#),
            trust(r#"{"StringEquals":{"sts:\u0045xternalId":"planted-42"}}"#),
            trust(r#"{"StringEquals":{" sts:ExternalId ":"planted-42"}}"#),
            trust(r#"{"sts:ExternalId":"planted-42"}"#),
            r#"{"Statement":[{"New":[{"sts:ExternalId":"planted-42"}]}]}"#.to_owned(),
        ] {
            for text in [document.clone(), encoded(&document), format!("\n {document}\n")] {
                let kept = digest_external_ids(&text, digest).unwrap();
                assert!(!kept.contains(secret) && kept.contains(&digest(secret)), "{text}\n{kept}");
            }
        }
        let kept = digest_external_ids(&trust(r#"{"StringEquals":{"aws:SourceAccount":"1","k":[true,2]}}"#), digest);
        assert!(kept.unwrap().contains(r#"{"aws:SourceAccount":"1","k":[true,2]}"#));
    }

    #[test]
    fn what_cannot_be_read_for_sure_is_dropped() {
        let whole = trust(r#"{"StringEquals":{"sts:ExternalId":"e-1"}}"#);
        for document in [
            String::new(),
            "null".into(),
            "[]".into(),
            format!("\"{}\"", encoded(&whole)),
            format!("{whole} x"),
            whole[..whole.len() - 1].into(),
            encoded(&encoded(&whole)),
            encoded(&whole).replace("%7D", "%7"),
            encoded(&whole).replace("%22e-1%22", "%22%FF%22"),
            encoded(&whole) + "%",
            whole.replace(r#""Sid":"sms""#, r#""Sid":"sms","Sid":"other""#),
            trust(r#"{"StringEquals":{"sts:ExternalId":{"e-1":"e-1"}}}"#),
            trust(r#"{"StringEquals":{"sts:ExternalId":"e-1","sts:ExternalId":"e-2"}}"#),
            "%7B".repeat(MAX_POLICY_BYTES + 1),
            format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_POLICY_BYTES)),
            "{\"a\":".repeat(20_000),
        ] {
            assert_eq!(digest_external_ids(&document, digest), None, "{}", &document[..document.len().min(200)]);
        }
    }
}
