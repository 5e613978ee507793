//! Comparisons with the beginning of an issuer, its host or the host's first label, and what calls say of a literal.
//!
//! A test for `cognito-idp.` anywhere in a text fits the updated host too, so it is none; one for `https://cognito-idp.`
//! is one. Not here: a pool behind the host (`lexer`).

use super::lexer::{Before, Left, Part};
use super::reader::{Reader, is_quote_char};
use super::{Class, Confidence, Match, Suffix};

/// How far back a comparison may begin.
const REACH: usize = 140;

/// Calls and operators that compare a text's beginning.
const ANCHORED: [&str; 23] = [
    "startswith(",
    "starts_with(",
    "starts_with?(",
    "start_with?(",
    "hasprefix(",
    "has_prefix(",
    "isprefixof",
    "beginswith",
    "beginswith(",
    "str_starts_with(",
    "starts-with(",
    "trimprefix(",
    "cutprefix(",
    "removeprefix(",
    "strip_prefix(",
    "delete_prefix(",
    "strncmp(",
    "strncasecmp(",
    "compareprefix(",
    "startwith(",
    "hasprefix:",
    "after_prefix(",
    "substringafter(",
];
/// Operators and names that do, with nothing but blanks and brackets behind.
const ANCHORED_WORDS: [&str; 12] = [
    "-like",
    "-clike",
    "-ilike",
    " like",
    " ilike",
    "prefix",
    "startswith",
    "start_with?",
    "starts_with",
    "isprefixof",
    "stringlike\":",
    "starts with",
];
/// Calls that give the place of a part; compared with zero they compare the beginning.
const PLACES: [&str; 8] = ["indexof(", "strpos(", "stripos(", "find(", "index(", "instr(", "charindex(", "search("];
/// Calls that look for a part anywhere: a scheme in the part makes it the beginning.
const LOOSE: [&str; 26] = [
    "includes(",
    "contains(",
    "include?(",
    "match(",
    "matches(",
    ".test(",
    "regexp",
    "regex",
    "re.compile(",
    "re.match(",
    "re.search(",
    "preg_match(",
    "replace(",
    "split(",
    "gsub(",
    "sub(",
    "scan(",
    "explode(",
    "substringafter(",
    "pattern",
    "-match",
    "=~",
    "contains?(",
    "string.contains",
    "indexof(",
    "strpos(",
];

/// A comparison with the host, its beginning or its label; `complete` says that Region and suffix were read.
pub(super) fn compared(
    reader: &Reader<'_>,
    left: &Left,
    label_end: usize,
    host: Option<&Part>,
    complete: bool,
) -> Option<Match> {
    if left.before == Before::OidcProvider {
        return None;
    }
    // The service's own name has no Region.
    if host.is_some_and(|host| host.normal.starts_with("amazonaws")) {
        return None;
    }
    let end = match host {
        Some(host) if complete => host.slash.map_or(host.end, |state| state.at),
        Some(host) if host.normal.is_empty() || !host.concatenated => host.first,
        Some(_) => return None,
        None => label_end,
    };
    let concatenated = host.is_some_and(|host| host.concatenated);
    let close = past_wildcard(reader, end);
    let closed = match reader.byte(close) {
        Some(b'/' | b')' | b'|' | b'$' | b'}') => true,
        _ => reader.quotes(close).is_some(),
    };
    if !closed && !concatenated {
        return None;
    }
    let before = reader.behind(left.start, REACH);
    let opened = before.trim_end_matches(['(', '?', ':']);
    let anchor = opened.ends_with('^') || opened.ends_with("\\a");
    let at_quote = before.ends_with(is_quote_char) || anchor || before.ends_with("&quot;");
    let line =
        same_line(before.trim_end_matches(|c: char| is_quote_char(c) || matches!(c, '\\' | '@' | '$' | '^' | '/')));
    let after = reader.ahead(close, 60).trim_start_matches(|c: char| is_quote_char(c) || matches!(c, '\\' | '/'));
    let after = after.trim_start().to_ascii_lowercase();
    let scheme = left.before == Before::Scheme;
    let label_only = host.is_none();

    let starts = anchor
        || at_quote && (is_called(line, &ANCHORED) || stands_before(line, &ANCHORED_WORDS))
        || at_quote && after.starts_with("<> _")
        || at_quote && after.starts_with("<> ") && before.contains("def")
        || at_quote && is_called(line, &PLACES) && is_zero(&after);
    let dot_or_scheme = scheme || !label_only;
    if starts && (dot_or_scheme || is_about_hosts(line) || is_about_hosts(&after)) {
        let endpoint = ["endpoint", "idp_url", "base_url", "baseurl"].iter().any(|word| line.contains(word));
        let sure = !complete && !endpoint || is_about_issuers(line) || is_about_issuers(&after) || anchor;
        return Some(hit(reader, left, end, if sure { Confidence::Likely } else { Confidence::Review }));
    }
    let loose = scheme
        && !complete
        && (is_called(line, &LOOSE)
            || stands_before(line, &["=~", "-match", "regexp", "pattern", "split", "include?", "match", "in"])
            || before.ends_with('/') && reader.byte(close) == Some(b'/')
            || after.starts_with("in ")
            || is_called(line, &PLACES));
    if loose {
        return Some(hit(reader, left, end, Confidence::Likely));
    }
    if label_only && at_quote && !scheme && is_equality(reader, left, line, &after) {
        return Some(hit(reader, left, end, Confidence::Likely));
    }
    None
}

/// Whether a test for a text's beginning is open at the end of `line`.
pub(super) fn is_tested(line: &str) -> bool {
    is_called(line, &ANCHORED)
}

/// Whether a label alone is compared with a part of a host.
fn is_equality(reader: &Reader<'_>, left: &Left, line: &str, after: &str) -> bool {
    const OPERATORS: [&str; 14] = [
        "==",
        "!=",
        "-eq",
        "-ne",
        "-ceq",
        " eq",
        " ne",
        "equals(",
        "equal?(",
        "eql?(",
        " is",
        "not",
        "equalsignorecase(",
        "isequalto(",
    ];
    let line = line.trim_end();
    let direct = OPERATORS.iter().any(|operator| line.ends_with(operator));
    let turned = ["==", "!=", ".equals(", ".eq("].iter().any(|operator| after.starts_with(operator));
    if direct || turned {
        return is_about_hosts(line) || turned && is_about_hosts(after);
    }
    // One of several: a switch, a list of labels.
    let branch = line.ends_with("case") || line.ends_with("when") || after.starts_with("=>") || after.starts_with("->");
    let listed = line.ends_with(['[', '(', '{', ',']);
    let around = reader.behind(left.start, 300);
    let other =
        around.contains("issuer-cognito-idp") || reader.ahead(left.start + 11, 80).contains("issuer-cognito-idp");
    if branch {
        return ["switch", "match", "case"].iter().any(|word| around.contains(word)) && is_about_hosts(around);
    }
    listed
        && (other || left.updated)
        && (is_about_hosts(around) || is_about_hosts(&reader.ahead(left.start, 160).to_ascii_lowercase()))
}

fn is_about_hosts(text: &str) -> bool {
    [
        "host",
        "issuer",
        "label",
        "netloc",
        "iss.",
        "iss[",
        "iss,",
        "iss)",
        " iss",
        "(iss",
        "$iss",
        "parts",
        "segments",
        "authority",
        "subdomain",
    ]
    .iter()
    .any(|word| text.contains(word))
}

fn is_about_issuers(text: &str) -> bool {
    [
        "issuer", "iss.", "iss[", "iss,", "iss)", " iss ", "(iss", "$iss", "iss\"", "iss'", "[\"iss", "['iss", ".iss",
        "claims", "token", "provider",
    ]
    .iter()
    .any(|word| text.contains(word))
}

fn hit(reader: &Reader<'_>, left: &Left, end: usize, confidence: Confidence) -> Match {
    Match {
        span: left.start..end,
        class: Class::HostPrefixCheck,
        // A person may want to see it, but it breaks nothing.
        confidence: if left.both { Confidence::Review } else { confidence },
        updated: left.updated,
        dual_aware: left.both,
        accepts_any_pool: confidence == Confidence::Likely && !names_pool(reader, left.start, end),
        host_region: None,
        pool_id: None,
        pool_span: end..end,
        suffix: Suffix::None,
        holes: Vec::new(),
    }
}

/// The last line of a text, or the one before where nothing but blanks is in the last.
fn same_line(text: &str) -> &str {
    let text = text.trim_end();
    text.rsplit('\n').next().unwrap_or(text)
}

/// Whether one of `calls` is open at the end of `line`.
fn is_called(line: &str, calls: &[&str]) -> bool {
    // Most lines have no bracket, and most of the calls one.
    let bracket = line.contains('(');
    calls.iter().filter(|call| bracket || !call.ends_with('(')).any(|call| {
        line.rfind(call).is_some_and(|at| {
            let inside = &line[at..];
            let open = inside.matches('(').count();
            open > inside.matches(')').count() || !call.contains('(') && open == 0 && !inside.contains([';', ')'])
        })
    })
}

/// Whether nothing but the rest of a name, blanks and brackets stands between one of `words` and the end of `line`.
fn stands_before(line: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        line.rfind(word).is_some_and(|at| {
            let gap = &line[at + word.len()..];
            let whole = !word.starts_with(char::is_alphabetic)
                || *word == "prefix"
                || word.len() > 2
                || !line[..at].ends_with(char::is_alphanumeric);
            let plain = gap.chars().all(|c| c.is_ascii_alphanumeric() || " _\t\"':=([{$@%^,\\r<>".contains(c));
            whole && plain && !gap.contains("==")
        })
    })
}

fn is_zero(after: &str) -> bool {
    let rest = after.trim_start_matches([')', ' ']);
    let rest = rest.trim_start_matches(['=', '!']).trim_start();
    after.trim_start_matches([')', ' ']).starts_with(['=', '!']) && rest.starts_with('0')
}

/// Past what stands for anything at the end of a pattern.
fn past_wildcard(reader: &Reader<'_>, at: usize) -> usize {
    for wildcard in [".*", ".+", "%", "*"] {
        if reader.ahead(at, 2).starts_with(wildcard) {
            return at + wildcard.len();
        }
    }
    at
}

/// Whether a pool is named on the line of a comparison or on the two behind.
pub(super) fn names_pool(reader: &Reader<'_>, start: usize, end: usize) -> bool {
    let before = reader.behind(start, REACH);
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = reader.ahead(end, 300);
    let after = after.match_indices('\n').nth(2).map_or(after, |(at, _)| &after[..at]);
    before.contains("pool") || after.to_ascii_lowercase().contains("pool")
}

/// The lower case of what stands before the literal that begins around `start`.
fn before_literal<'a>(reader: &'a Reader<'_>, start: usize, length: usize) -> &'a str {
    let before = reader.behind(start, length);
    let trimmed = before.trim_end_matches(|c: char| is_quote_char(c) || c == '\\');
    let prefixed = trimmed.trim_end_matches(['f', 'r', '$', '@', 'u', 'b']);
    let trimmed = if prefixed.ends_with(|c: char| c.is_ascii_alphanumeric()) { trimmed } else { prefixed };
    trimmed.trim_end()
}

/// Whether the literal at `start` is the value of something called an issuer.
pub(super) fn is_issuer_member(reader: &Reader<'_>, start: usize) -> bool {
    let before = before_literal(reader, start, 60);
    let name = before.trim_end_matches([':', '=', '>', ' ', '"', '\'', '(']);
    let call = before.len() > name.len();
    call && ["iss", "issuer", "authority", "issuer_url", "issuerurl", "issuer-uri", "issueruri"]
        .iter()
        .any(|word| name.ends_with(word))
}

/// Whether the literal at `start` is an argument of a call that concatenates.
pub(super) fn is_concatenating_call(reader: &Reader<'_>, start: usize) -> bool {
    let before = before_literal(reader, start, 40);
    ["concat(", "sprint(", "paste0(", "str_c(", "strcat(", "concat_all(", "concatenate("]
        .iter()
        .any(|call| before.ends_with(call))
}

/// Whether the literal at `start` is an argument of a call that joins by slashes.
pub(super) fn is_joining_call(reader: &Reader<'_>, start: usize) -> bool {
    const CALLS: [&str; 11] = [
        "urljoin(",
        "url_join(",
        "path.join(",
        "resolve(",
        "joinpath(",
        "combine(",
        "posixpath.join(",
        "uri.join(",
        "joinurl(",
        "url.join(",
        "appendpath(",
    ];
    let before = before_literal(reader, start, 60);
    let format = same_line(before.trim_end_matches([',', '(']));
    CALLS.iter().any(|call| before.ends_with(call))
        || before.ends_with([',', '('])
            && ["%s/%s", "{}/{}", "{0}/{1}", "%v/%v"].iter().any(|form| format.contains(form))
}

/// Whether the elements of a list or call that holds the literal at `start`, up to `at`, are joined by slashes.
pub(super) fn is_joined_by_slash(reader: &Reader<'_>, start: usize, at: usize) -> bool {
    let before = before_literal(reader, start, 60);
    if is_joining_call(reader, start) {
        return true;
    }
    let rest = reader.ahead(at, 300);
    let Some(close) = rest.find([']', '}']) else { return false };
    let behind: String = rest[close + 1..].chars().take(16).filter(|c| !c.is_whitespace()).collect();
    [".join(\"/\")", ".join('/')", ",\"/\")", ",'/')"].iter().any(|join| behind.starts_with(join))
        || before.contains("'/'.join(")
        || before.contains("\"/\".join(")
}
