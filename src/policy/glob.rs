//! Glob patterns of policies: `*`, `?`, policy variables, and ARNs compared part by part.
//!
//! For: turning a value of a policy into a [`Pattern`] and matching text against it in time linear in the pattern.
//! Not for: regular expressions, paths, or deciding what a match means.

use std::borrow::Cow;

use super::request::{Context, ContextValue};
use super::{Keys, one};

/// Colon-separated parts of an ARN; the last one keeps its colons.
const ARN_PARTS: usize = 6;
/// Where the account id stands among them.
const ACCOUNT_PART: usize = 4;

/// Any number of characters. No byte of UTF-8 text has this value.
const ANY_MANY: u8 = 0xfe;
/// One character. No byte of UTF-8 text has this value.
const ANY_ONE: u8 = 0xff;

/// How the text of a pattern is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    /// `*` and `?` are wildcards.
    pub(super) wildcards: bool,
    /// The context from which `${…}` is filled; `None` where the policy's version takes it literally.
    pub(super) variables: Option<&'a Context>,
}

/// A value of a policy, ready to match: its text with [`ANY_MANY`] and [`ANY_ONE`] for wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern<'a>(Cow<'a, [u8]>);

impl<'a> Pattern<'a> {
    /// Reads a pattern without variables.
    pub(super) fn plain(text: &'a str) -> Self {
        Self::of(text, true)
    }

    fn of(text: &'a str, wildcards: bool) -> Self {
        if !wildcards || !text.contains(['*', '?']) {
            return Self(Cow::Borrowed(text.as_bytes()));
        }
        Self(Cow::Owned(text.bytes().map(wildcard).collect()))
    }

    /// Reads a pattern; fails with the condition keys of the variables that the context cannot fill.
    pub(super) fn read(text: &'a str, reading: Reading<'_>) -> Result<Self, Keys> {
        let Some(context) = reading.variables.filter(|_| text.contains("${")) else {
            return Ok(Self::of(text, reading.wildcards));
        };
        let written = |byte| if reading.wildcards { wildcard(byte) } else { byte };
        let mut pattern = Vec::with_capacity(text.len());
        let mut missing = Keys::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, from) = rest.split_at(start);
            let Some(end) = from.find('}') else { break };
            pattern.extend(before.bytes().map(written));
            match fill(&from[2..end], context) {
                // Filled-in text is literal, also where it holds a `*`.
                Ok(value) => pattern.extend(value.bytes()),
                Err(keys) => missing.extend(keys),
            }
            rest = &from[end + 1..];
        }
        pattern.extend(rest.bytes().map(written));
        if missing.is_empty() { Ok(Self(Cow::Owned(pattern))) } else { Err(missing) }
    }

    /// Whether the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        matches(&self.0, text.as_bytes())
    }

    /// The text, if there is no wildcard in it.
    pub(super) fn literal(&self) -> Option<&str> {
        literal(&self.0)
    }

    /// Whether it is `*` (or `**` …): any text matches.
    pub(super) fn matches_everything(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|byte| *byte == ANY_MANY)
    }

    /// Whether an ARN matches part by part, a `*` never crossing a colon before the sixth part.
    /// `None` if the pattern does not have the six parts of an ARN.
    pub(super) fn matches_arn(&self, text: &str) -> Option<bool> {
        if self.parts().count() != ARN_PARTS {
            return None;
        }
        let mut parts = text.as_bytes().splitn(ARN_PARTS, |byte| *byte == b':');
        Some(self.parts().all(|pattern| parts.next().is_some_and(|part| matches(pattern, part))))
    }

    /// The part of an ARN pattern that stands for the account. With `crossing`, wildcards match colons too, so the part is
    /// only known if none stands in or before it.
    pub(super) fn account_part(&self, crossing: bool) -> Option<Pattern<'_>> {
        if self.parts().count() != ARN_PARTS {
            return None;
        }
        if crossing && self.parts().take(ACCOUNT_PART + 1).any(|part| literal(part).is_none()) {
            return None;
        }
        self.parts().nth(ACCOUNT_PART).map(|part| Pattern(Cow::Borrowed(part)))
    }

    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.splitn(ARN_PARTS, |byte| *byte == b':')
    }
}

/// The six parts of an ARN as (account, resource), or `None`.
pub(super) fn arn_account_and_resource(text: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = text.splitn(ARN_PARTS, ':').collect();
    match parts.as_slice() {
        ["arn", _, _, _, account, resource] => Some((account, resource)),
        _ => None,
    }
}

fn wildcard(byte: u8) -> u8 {
    match byte {
        b'*' => ANY_MANY,
        b'?' => ANY_ONE,
        other => other,
    }
}

fn literal(pattern: &[u8]) -> Option<&str> {
    // What is no wildcard is text.
    std::str::from_utf8(pattern).ok()
}

/// The value of one variable, written as between `${` and `}`.
fn fill(written: &str, context: &Context) -> Result<String, Keys> {
    if matches!(written, "*" | "?" | "$") {
        return Ok(written.to_owned());
    }
    let (key, default) = match written.split_once(',') {
        Some((key, default)) => {
            (key.trim(), default.trim().strip_prefix('\'').and_then(|d| d.strip_suffix('\'')).ok_or_else(|| one(key))?)
        }
        None => (written.trim(), ""),
    };
    match context.get(key) {
        Some(ContextValue::Known(values)) if values.len() == 1 => Ok(values[0].clone()),
        // A variable without a value and without a default: AWS drops the statement or the value, depending on the place.
        Some(ContextValue::Absent) if written.contains(',') => Ok(default.to_owned()),
        Some(
            ContextValue::Known(_)
            | ContextValue::Absent
            | ContextValue::NoneOf(_)
            | ContextValue::Digest(_)
            | ContextValue::ArnInAccount(_)
            | ContextValue::ArnOutsideAccounts(_),
        )
        | None => Err(one(key)),
    }
}

/// Two pointers and one remembered `*`: at worst pattern plus text squared, whatever the number of stars. A `?` takes a
/// whole character, and a `*` begins again at whole characters only.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        let width = match pattern.get(p) {
            Some(&ANY_MANY) => {
                retry = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some(&ANY_ONE) => width(text[t]),
            Some(&byte) => usize::from(byte == text[t]),
            None => 0,
        };
        if width > 0 {
            (p, t) = (p + 1, t + width);
        } else if let Some((after_star, from)) = retry {
            let from = from + self::width(text[from]);
            retry = Some((after_star, from));
            (p, t) = (after_star, from);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == ANY_MANY)
}

/// How many bytes the character has that begins with this one.
fn width(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_text_is_matched() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("*b", "abc", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?", "aé", true),
            ("*a*b", "xaxbxb", true),
            ("*ab*ab", "ab", false),
            ("kms:ReEncrypt*", "kms:ReEncryptTo", true),
            ("[a]", "a", false),
            ("*?", "é", true),
            ("?*?", "é", false),
            ("*?é", "ééé", true),
            ("*?", "", false),
            ("é*", "é€😀", true),
            ("???", "é€😀", true),
            ("*😀", "é€😀", true),
            ("?", "😀", true),
            ("??", "😀", false),
        ] {
            assert_eq!(Pattern::plain(pattern).matches(text), expected, "{pattern} ~ {text}");
        }
    }

    #[test]
    fn hostile_stars_end_soon() {
        let text = format!("{}b", "*a".repeat(50_000));
        assert!(!Pattern::plain(&text).matches(&"a".repeat(60_000)));
        let text = format!("{}b", "*".repeat(100_000));
        assert!(Pattern::plain(&text).matches(&format!("{}b", "a".repeat(10_000))));
    }

    #[test]
    fn arns_match_part_by_part() {
        let arn = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_a:b";
        for (pattern, expected) in [
            ("arn:aws:cognito-idp:*:111111111111:userpool/*", Some(true)),
            ("arn:*:*:*:*:*", Some(true)),
            ("arn:aws:*:userpool/*:x:y", Some(false)),
            ("arn:aws:cognito-idp:*", None),
            ("*", None),
        ] {
            assert_eq!(Pattern::plain(pattern).matches_arn(arn), expected, "{pattern}");
        }
        assert_eq!(Pattern::plain("arn:*:*:*:*:*").matches_arn("not-an-arn"), Some(false));
    }

    #[test]
    fn variables_are_filled_literally_or_named() {
        let context =
            Context::new().with("aws:PrincipalTag/team", ["a*"]).absent("aws:username").with("many", ["x", "y"]);
        let read = |text| Pattern::read(text, Reading { wildcards: true, variables: Some(&context) });
        assert!(read("${aws:principaltag/TEAM}/*").is_ok_and(|p| p.matches("a*/x") && !p.matches("ab/x")));
        assert!(read("${*}${?}${$}").is_ok_and(|p| p.matches("*?$") && !p.matches("abc")));
        assert!(read("${aws:username, 'nobody'}").is_ok_and(|p| p.matches("nobody")));
        assert!(read("open ${ end").is_ok_and(|p| p.matches("open ${ end")));
        assert_eq!(read("${aws:username}${aws:userid}"), Err(Keys::from(["aws:userid".into(), "aws:username".into()])));
        assert_eq!(read("${many}"), Err(one("many")));
        let literally = Pattern::read("${aws:username}", Reading { wildcards: true, variables: None });
        assert!(literally.is_ok_and(|p| p.matches("${aws:username}")));
    }
}
