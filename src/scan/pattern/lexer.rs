//! The lexer that finds issuer references in a text.
//!
//! Every occurrence of the host's first label is judged from both sides: what stands before it (a scheme, an OIDC
//! provider ARN, a letter that makes it another name) and what follows (Region, suffix, pool, path), where each part
//! may be an interpolation or come from a concatenation. A regular expression cannot do that without look-behind.
//! The SDK's endpoint is the same host without a pool, so a host alone is never a reference.

use std::ops::Range;

use super::{Class, Confidence, DISCOVERY_PATH, DNS_SUFFIXES, JWKS_PATH, Match, Suffix, is_region, pool_id};

/// The host's first label.
const LABEL: &str = "cognito-idp";
/// What the updated host has before it.
const UPDATED: &str = "issuer-";
/// The longest interpolation or expression that is followed.
const MAX_HOLE: usize = 300;
/// The longest host, interpolations included.
const MAX_HOST: usize = 1_000;
/// How many lines a concatenation may run over.
const MAX_LINES: usize = 8;
/// How far apart the two issuers of one construct may stand.
const MAX_DUAL_DISTANCE: usize = 600;
/// Stands for an interpolation in a normalised part.
const HOLE: char = '\u{1}';

/// Finds every reference to an original or updated issuer, in order.
pub fn find(text: &str) -> Vec<Match> {
    let lexer = Lexer { text, lower: text.to_ascii_lowercase() };
    let mut found: Vec<Match> = Vec::new();
    let mut from = 0;
    while let Some(offset) = lexer.lower[from..].find(LABEL) {
        let at = from + offset;
        from = at + LABEL.len();
        if let Some(hit) = lexer.judge(at) {
            from = from.max(hit.span.end);
            found.push(hit);
        }
    }
    mark_dual_aware(text, &mut found);
    found
}

/// Marks references beside which the same pool's other issuer stands.
fn mark_dual_aware(text: &str, found: &mut [Match]) {
    let pool = |hit: &Match| text.get(hit.pool_span.clone()).unwrap_or_default().to_owned();
    for current in 0..found.len() {
        let near = |other: &Match| other.span.start.abs_diff(found[current].span.start) <= MAX_DUAL_DISTANCE;
        let before = found[..current].iter().rev().take_while(|other| near(other));
        let after = found[current + 1..].iter().take_while(|other| near(other));
        let dual = before.chain(after).any(|other| {
            other.updated != found[current].updated
                && other.suffix == found[current].suffix
                && pool(other) == pool(&found[current])
        });
        found[current].dual_aware = dual;
    }
}

/// What stands before the host.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Before {
    Scheme,
    OidcProvider,
    Nothing,
}

/// A run of text with interpolations, read as one part.
#[derive(Default)]
struct Part {
    /// The text in lower case, each interpolation as [`HOLE`].
    normal: String,
    holes: Vec<Range<usize>>,
    concatenated: bool,
    listed: bool,
    end: usize,
}

/// A place where one literal ends and the next begins, or the expression at the end of a concatenation.
struct Gap {
    hole: Option<Range<usize>>,
    /// Where the next literal's text begins; none if the concatenation ends with the expression.
    next: Option<usize>,
    listed: bool,
}

struct Lexer<'a> {
    text: &'a str,
    lower: String,
}

impl Lexer<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Judges the occurrence of the label at `at`.
    fn judge(&self, at: usize) -> Option<Match> {
        let updated = self.lower[..at].ends_with(UPDATED);
        let host_start = if updated { at - UPDATED.len() } else { at };
        let (before, start) = self.before(host_start)?;
        let host = self.host(at + LABEL.len());
        let fit = host.as_ref().and_then(|host| host_fit(&host.normal));
        let (Some(host), Some(fit)) = (host, fit) else {
            return self.prefix_check(start, at + LABEL.len(), updated);
        };
        let pool = self.slash(host.end).and_then(|at| Some((at, self.pool(at, host.listed)?)));
        let Some((pool_start, pool)) = pool else { return self.prefix_check(start, host.end, updated) };
        let wildcard = pool.normal == "*";
        let id = self.text.get(pool_start..pool.end).and_then(pool_id).filter(|_| !pool.concatenated);
        let placeholder = id.is_none() && pool.holes.is_empty();
        if wildcard && before != Before::OidcProvider || placeholder && !wildcard && !is_placeholder(&pool.normal) {
            return None;
        }
        let (suffix, end) = self.suffix(pool.end, before);
        let concatenated = host.concatenated || pool.concatenated;
        let holes: Vec<_> = host.holes.iter().chain(&pool.holes).cloned().collect();
        let shape = Shape { concatenated, listed: host.listed || pool.listed, holed: !holes.is_empty(), suffix };
        let class = classify(before, &shape);
        let confidence = if class == Class::IdentityPoolLoginKey || placeholder || fit == Fit::Placeholder {
            Confidence::Review
        } else if fit == Fit::Whole || suffix == Suffix::Other || before == Before::Nothing && suffix != Suffix::Claim {
            Confidence::Likely
        } else {
            Confidence::Definite
        };
        let region = host.normal.split('.').next().filter(|region| is_region(region));
        Some(Match {
            span: start..end,
            class,
            confidence,
            updated,
            dual_aware: false,
            host_region: region.map(str::to_owned),
            pool_id: id.map(|pool| pool.id),
            pool_span: pool_start..pool.end,
            suffix,
            holes,
        })
    }

    /// What stands before the host, and where the reference begins; none where the host is the tail of another name.
    fn before(&self, host_start: usize) -> Option<(Before, usize)> {
        let left = &self.lower[..host_start];
        for slashes in ["://", ":\\/\\/"] {
            if let Some(left) = left.strip_suffix(slashes) {
                let word = left.len() - left.bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
                // An escape such as `\nhttps` or `%3Dhttps` lends a letter to the word, so its end decides.
                let scheme = ["https", "http"].into_iter().find(|scheme| left[word..].ends_with(scheme));
                return match scheme {
                    Some(scheme) => Some((Before::Scheme, left.len() - scheme.len())),
                    None if word == left.len() => Some((Before::Scheme, host_start)),
                    None => None,
                };
            }
        }
        if left.ends_with("oidc-provider/") {
            return Some((Before::OidcProvider, host_start));
        }
        let other_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@' | '\\');
        match left.chars().next_back() {
            Some(c) if other_name(c) => None,
            _ => Some((Before::Nothing, host_start)),
        }
    }

    /// The host after its first label; none unless a dot and something else follow.
    fn host(&self, at: usize) -> Option<Part> {
        let mut part = Part { end: self.dot(at)?, ..Part::default() };
        let limit = at + MAX_HOST;
        while part.end < limit {
            if let Some(end) = self.hole(part.end) {
                part.push_hole(part.end..end);
            } else if let Some(end) = self.dot(part.end) {
                part.normal.push('.');
                part.end = end;
            } else if let Some(c) = self.word(part.end, b"*") {
                part.normal.push(c);
                part.end += 1;
            } else if let Some(gap) = self.gap(part.end) {
                // A list of URLs is no join: a comma continues only a host that is not complete yet.
                let complete = host_fit(&part.normal).is_some();
                let Some(next) = gap.next.filter(|_| !(gap.listed && complete)) else { break };
                part.push_gap(gap, next);
            } else {
                break;
            }
        }
        Some(part)
    }

    /// The part that names the pool; none if there is nothing that could.
    fn pool(&self, at: usize, listed_host: bool) -> Option<Part> {
        let mut part = Part { end: at, ..Part::default() };
        while part.end < at + MAX_HOST {
            // Brackets behind a whole pool id are prose or markup.
            let whole = || pool_id(&self.text[at..part.end]).is_some();
            if matches!(self.byte(part.end), Some(b'<' | b'(' | b'[' | b'.' | b'&')) && whole() {
                break;
            }
            if let Some(end) = self.hole(part.end) {
                part.push_hole(part.end..end);
            } else if self.text[part.end..].starts_with("...") {
                part.normal.push_str("...");
                part.end += 3;
            } else if let Some(c) = self.word(part.end, b"*") {
                part.normal.push(c);
                part.end += 1;
            } else if let Some(gap) = self.gap(part.end) {
                let listed_ok = listed_host || gap.hole.as_ref().is_some_and(|hole| self.is_function(hole));
                if gap.listed && !(part.normal.is_empty() && listed_ok) {
                    break;
                }
                match gap.next {
                    Some(next) if part.normal.is_empty() || self.slash(next).is_some() => {
                        // The gap in front of a path belongs to the path: the pool is complete.
                        let complete = !part.normal.is_empty() && gap.hole.is_none();
                        part.push_gap(gap, next);
                        if complete {
                            break;
                        }
                    }
                    None if part.normal.is_empty() || part.normal.ends_with('_') => {
                        let end = gap.hole.as_ref().map_or(part.end, |hole| hole.end);
                        part.push_gap(gap, end);
                        break;
                    }
                    _ => break,
                }
            } else {
                break;
            }
        }
        (!part.normal.is_empty()).then_some(part)
    }

    /// Whether an element of a list is a `CloudFormation` function.
    fn is_function(&self, hole: &Range<usize>) -> bool {
        let written = &self.text[hole.clone()];
        ["\"Ref\"", "'Ref'", "Fn::"].into_iter().any(|name| written.contains(name)) || written.starts_with('!')
    }

    /// What follows the pool, and where the reference ends.
    fn suffix(&self, at: usize, before: Before) -> (Suffix, usize) {
        for (path, suffix) in [(JWKS_PATH, Suffix::Jwks), (DISCOVERY_PATH, Suffix::Discovery)] {
            if let Some(end) = self.escaped(at, path) {
                return (suffix, end);
            }
        }
        if let Some(after) = self.slash(at) {
            let more = self.word(after, b".%$").is_some() || self.hole(after).is_some();
            return if more { (Suffix::Other, at) } else { (Suffix::Slash, after) };
        }
        if before != Before::Scheme && self.byte(at) == Some(b':') {
            let word: &str = &self.lower[at + 1..];
            let length = word.bytes().take_while(u8::is_ascii_alphanumeric).count();
            if matches!(&word[..length], "aud" | "sub" | "amr" | "iss" | "azp") {
                return (Suffix::Claim, at + 1 + length);
            }
        }
        (Suffix::None, at)
    }

    /// A comparison of a URL's beginning with the original host, where no pool follows.
    fn prefix_check(&self, start: usize, end: usize, updated: bool) -> Option<Match> {
        const TESTS: [&str; 10] = [
            "startswith",
            "starts_with",
            "start_with",
            "hasprefix",
            "has_prefix",
            "beginswith",
            "-match",
            "=~",
            "strpos",
            "^",
        ];
        let mut left = start.saturating_sub(60);
        while !self.text.is_char_boundary(left) {
            left += 1;
        }
        let line = self.lower[left..start].rsplit('\n').next().unwrap_or_default();
        let mut close = self.dot(end).unwrap_or(end);
        close = self.slash(close).unwrap_or(close);
        let quoted = matches!(self.byte(close), Some(b'"' | b'\'' | b'`' | b'/' | b')'));
        let after = self.text[close..].get(1..).unwrap_or_default().trim_start();
        let tested = TESTS.iter().any(|test| line.contains(test)) || after.starts_with("<> _");
        (quoted && tested).then(|| Match {
            span: start..close,
            class: Class::HostPrefixCheck,
            confidence: Confidence::Likely,
            updated,
            dual_aware: false,
            host_region: None,
            pool_id: None,
            pool_span: close..close,
            suffix: Suffix::None,
            holes: Vec::new(),
        })
    }

    /// The end of a dot at `at`, also one escaped for a regular expression.
    fn dot(&self, at: usize) -> Option<usize> {
        [".", "\\.", "\\\\.", "[.]"].into_iter().find(|dot| self.lower[at..].starts_with(dot)).map(|dot| at + dot.len())
    }

    /// The end of a slash at `at`, also an escaped one.
    fn slash(&self, at: usize) -> Option<usize> {
        ["/", "\\/"].into_iter().find(|slash| self.lower[at..].starts_with(slash)).map(|slash| at + slash.len())
    }

    /// The end of `path` at `at`, where dots and slashes may be escaped.
    fn escaped(&self, mut at: usize, path: &str) -> Option<usize> {
        for c in path.bytes() {
            at = match c {
                b'.' => self.dot(at)?,
                b'/' => self.slash(at)?,
                _ => (self.byte(at)? == c).then_some(at + 1)?,
            };
        }
        Some(at)
    }

    /// A character of a name at `at`, in lower case.
    fn word(&self, at: usize, also: &[u8]) -> Option<char> {
        let byte = *self.lower.as_bytes().get(at)?;
        (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || also.contains(&byte))
            .then_some(char::from(byte))
    }

    /// The end of an interpolation at `at`, in whatever language.
    fn hole(&self, at: usize) -> Option<usize> {
        let rest = &self.text[at..];
        let bytes = rest.as_bytes();
        let second = bytes.get(1).copied().unwrap_or(0);
        match bytes.first()? {
            b'$' | b'#' | b'@' | b'\\' if matches!(second, b'{' | b'(') => self.balanced(at + 1),
            b'$' if second == b'_' || second.is_ascii_alphanumeric() => {
                Some(at + 1 + rest[1..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count())
            }
            b'%' if matches!(second, b'{' | b'(') => {
                let end = self.balanced(at + 1)?;
                Some(if second == b'(' && self.byte(end) == Some(b's') { end + 1 } else { end })
            }
            b'%' if matches!(second, b's' | b'v' | b'S' | b'@') => Some(at + 2),
            b'%' if second.is_ascii_digit() && rest[2..].starts_with("$s") => Some(at + 4),
            b'{' => self.balanced(at),
            b'(' | b'[' if !rest.starts_with("[.]") => self.balanced(at).map(|end| self.quantifier(end)),
            b'<' => closed(rest, ">").map(|length| at + length),
            b'&' if rest.starts_with("&lt;") => closed(rest, "&gt;").map(|length| at + length),
            b'.' if matches!(second, b'*' | b'+') && self.byte(at + 2) != Some(b' ') => Some(self.quantifier(at + 1)),
            b'\\' if matches!(second, b'w' | b'S' | b'd') => Some(self.quantifier(at + 2)),
            _ => None,
        }
    }

    /// The end of a regular expression's quantifier, if one stands at `at`.
    fn quantifier(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), Some(b'+' | b'*' | b'?')) {
            at += 1;
        }
        at
    }

    /// The end of the bracket that opens at `at`, on the same line.
    fn balanced(&self, at: usize) -> Option<usize> {
        let open = self.byte(at)?;
        let close = match open {
            b'{' => b'}',
            b'(' => b')',
            _ => b']',
        };
        let mut depth = 0_usize;
        for (offset, byte) in self.text[at..].bytes().enumerate().take(MAX_HOLE) {
            if byte == b'\n' {
                return None;
            }
            if byte == open {
                depth += 1;
            } else if byte == close {
                depth -= 1;
                if depth == 0 {
                    return Some(at + offset + 1);
                }
            }
        }
        None
    }

    /// The concatenation that begins where a literal ends at `at`.
    fn gap(&self, at: usize) -> Option<Gap> {
        is_quote(self.byte(at)?).then_some(())?;
        let after = self.blank(at + 1)?;
        if let Some(next) = self.literal(after) {
            // Two literals side by side are one in C, Python and shells; without a space they are an escaped quote.
            return (after > at + 1).then_some(Gap { hole: None, next: Some(next), listed: false });
        }
        let operator =
            ["+", "..", "<>", "||", "&", "~", ",", "."].into_iter().find(|op| self.text[after..].starts_with(op))?;
        let start = self.blank(after + operator.len())?;
        let listed = operator == ",";
        if let Some(next) = self.literal(start) {
            return Some(Gap { hole: None, next: Some(next), listed });
        }
        let (end, next) = self.expression(start, operator);
        let end = start + self.text[start..end].trim_end().len();
        (end > start).then_some(Gap { hole: Some(start..end), next, listed })
    }

    /// The end of the expression at `start`, and where the literal after the operator that follows it begins.
    fn expression(&self, start: usize, operator: &str) -> (usize, Option<usize>) {
        let mut depth = 0_usize;
        let mut quote = None;
        let mut last = start;
        for (offset, c) in self.text[start..].char_indices().take_while(|(offset, _)| *offset < MAX_HOLE) {
            let at = start + offset;
            last = at + c.len_utf8();
            match (quote, c) {
                (Some(open), _) => {
                    if c == open {
                        quote = None;
                    }
                }
                (None, '"' | '\'' | '`') if depth > 0 => quote = Some(c),
                (None, '(' | '[' | '{') => depth += 1,
                (None, ')' | ']' | '}') if depth > 0 => depth -= 1,
                (None, ')' | ']' | '}' | ';' | '"' | '\'' | '`') => return (at, None),
                (None, _) if depth == 0 && self.text[at..].starts_with(operator) => {
                    let next = self.blank(at + operator.len()).and_then(|next| self.literal(next));
                    if next.is_some() {
                        return (at, next);
                    }
                }
                (None, ',') if depth == 0 => return (at, None),
                (None, '\n') if depth == 0 => {
                    let continued = self.blank(at).is_some_and(|next| self.text[next..].starts_with(operator));
                    if !continued {
                        return (at, None);
                    }
                }
                (None, _) => {}
            }
        }
        (last, None)
    }

    /// Where the text of a literal that begins at `at` begins, past its prefix and quote.
    fn literal(&self, at: usize) -> Option<usize> {
        let prefix =
            self.text[at..].bytes().take_while(|b| matches!(b, b'f' | b'r' | b'F' | b'R' | b'u' | b'b' | b'$')).count();
        (prefix <= 2 && is_quote(self.byte(at + prefix)?)).then_some(at + prefix + 1)
    }

    /// Past blanks and at most [`MAX_LINES`] line ends.
    fn blank(&self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        let blanks = rest.bytes().take_while(|b| b.is_ascii_whitespace() || *b == b'\\').count();
        (rest[..blanks].bytes().filter(|b| *b == b'\n').count() <= MAX_LINES).then_some(at + blanks)
    }
}

impl Part {
    fn push_hole(&mut self, hole: Range<usize>) {
        self.normal.push(HOLE);
        self.end = hole.end;
        self.holes.push(hole);
    }

    fn push_gap(&mut self, gap: Gap, end: usize) {
        if let Some(hole) = gap.hole {
            self.push_hole(hole);
        }
        self.end = end;
        self.concatenated = true;
        self.listed |= gap.listed;
    }
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// The length of `<a name>`, if it closes soon and holds nothing but a name.
fn closed(rest: &str, close: &str) -> Option<usize> {
    let end = rest.find(close).filter(|end| (2..=60).contains(end))?;
    let inner = &rest[1..end];
    inner.bytes().all(|b| b.is_ascii_alphanumeric() || b" _-.&;".contains(&b)).then_some(end + close.len())
}

/// How well a host fits an issuer's.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Fit {
    /// Region and suffix are there, perhaps as interpolations.
    Good,
    /// One interpolation stands for everything.
    Whole,
    /// The Region is a word to be replaced.
    Placeholder,
}

/// Judges a host without its first label; none if it is another host.
fn host_fit(normal: &str) -> Option<Fit> {
    let Some((region, suffix)) = normal.split_once('.') else {
        return (!normal.is_empty() && normal.chars().all(|c| c == HOLE)).then_some(Fit::Whole);
    };
    DNS_SUFFIXES.into_iter().any(|known| glob(suffix, known)).then_some(())?;
    if is_region(region) || region.contains(HOLE) {
        return Some(Fit::Good);
    }
    let placeholder = region == "*" || ["region", "xx", "your"].iter().any(|word| region.contains(word));
    placeholder.then_some(Fit::Placeholder)
}

/// Whether `known` can come out of `pattern`, in which [`HOLE`] stands for anything.
fn glob(pattern: &str, known: &str) -> bool {
    match pattern.split_once(HOLE) {
        None => pattern == known,
        Some((head, tail)) => known
            .strip_prefix(head)
            .is_some_and(|rest| (0..=rest.len()).any(|skip| rest.get(skip..).is_some_and(|rest| glob(tail, rest)))),
    }
}

/// Whether a word in the pool's place is one to be replaced, such as `YOUR_POOL_ID`.
fn is_placeholder(pool: &str) -> bool {
    let regional = pool.split_once('_').is_some_and(|(region, rest)| is_region(region) && !rest.is_empty());
    regional || pool == "..." || ["pool", "xx", "your"].iter().any(|word| pool.contains(word))
}

/// How a reference is built.
struct Shape {
    concatenated: bool,
    listed: bool,
    holed: bool,
    suffix: Suffix,
}

fn classify(before: Before, shape: &Shape) -> Class {
    match (before, shape.suffix) {
        (Before::OidcProvider, _) | (Before::Nothing, Suffix::Claim) => Class::IamOidcProviderRef,
        (_, Suffix::Jwks) if shape.concatenated => Class::JwksUrlSplit,
        (_, Suffix::Jwks) => Class::JwksUrl,
        (_, Suffix::Discovery) => Class::DiscoveryUrl,
        (Before::Nothing, _) => Class::IdentityPoolLoginKey,
        (Before::Scheme, _) if shape.listed => Class::IssuerSplitJoin,
        (Before::Scheme, _) if shape.concatenated => Class::IssuerSplitConcat,
        (Before::Scheme, _) if shape.holed => Class::IssuerUrlTemplate,
        (Before::Scheme, _) => Class::IssuerUrlLiteral,
    }
}
