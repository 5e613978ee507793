//! Follows a host by the name it is given, within one text: `const base = "https://cognito-idp." + …`, then
//! `${base}/${poolId}`.
//!
//! A host alone is the SDK's endpoint. It is part of an issuer where something names a pool behind it.

use memchr::memmem;

use super::check;
use super::lexer::{Before, Left, Lexer, Part};
use super::reader::{Joint, Reader, State, Token, is_quote_char};
use super::{Class, Confidence, Match, Suffix};

/// How many uses of a name are looked at.
const MAX_USES: usize = 64;
/// How far a use may stand from the host.
const MAX_DISTANCE: usize = 40_000;

/// The reference that a host without a pool becomes by what its name is used for.
pub(super) fn base(lexer: &Lexer<'_>, left: &Left, host: &Part) -> Option<Match> {
    let reader = lexer.reader;
    let name = name_before(reader, left.start)?;
    let slashed = host.slash.is_some();
    let own = left.start..host.end.max(host.first);
    for at in uses(reader, name, &own) {
        let place = Use::of(reader, at, name.len());
        let test = reader
            .behind(place.start, 80)
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .trim_end_matches(['$', '{', '`', '"']);
        if !place.literal && left.before == Before::Scheme && check::is_tested(test) {
            return Some(hit(left, host, Class::HostPrefixCheck, Suffix::None, host.end..host.end));
        }
        if left.before == Before::Nothing && !place.has_scheme(reader) {
            continue;
        }
        let Some((pool, suffix)) = pool_behind(lexer, &place, slashed) else { continue };
        let class = match suffix {
            Suffix::Jwks => Class::JwksUrlSplit,
            Suffix::Discovery => Class::DiscoveryUrl,
            Suffix::None | Suffix::Slash | Suffix::Claim | Suffix::Other => Class::IssuerSplitConcat,
        };
        return Some(hit(left, host, class, suffix, pool));
    }
    // Nothing here says so, but the name does: the pool is added in another file.
    let lower = name.to_ascii_lowercase();
    let called = ["issuer", "jwk"].iter().any(|word| lower.contains(word)) || lower == "iss";
    (called && left.before == Before::Scheme).then(|| Match {
        confidence: Confidence::Review,
        ..hit(left, host, Class::IssuerSplitConcat, Suffix::None, host.end..host.end)
    })
}

/// Whether the name that the literal at `start` is given is used behind a scheme.
pub(super) fn gets_scheme(lexer: &Lexer<'_>, start: usize) -> bool {
    let reader = lexer.reader;
    let Some(name) = name_before(reader, start) else { return false };
    let near = |at: &usize| *at > start && *at < start + 4_000;
    uses(reader, name, &(start..start + 1)).filter(near).any(|at| Use::of(reader, at, name.len()).has_scheme(reader))
}

/// Past the arguments of a call that formats the literal which ends at `state`.
pub(super) fn past_call(reader: &Reader<'_>, state: State) -> Option<State> {
    let step = reader.next(state).filter(|step| step.token == Token::Close)?;
    let at = step.state.at;
    let rest = reader.ahead(at, 200);
    let length = if let Some(arguments) = rest.strip_prefix(".format(") {
        closing(arguments)? + 9
    } else if let Some(operand) = rest.strip_prefix(" % ") {
        let name = operand.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')).count();
        3 + operand.strip_prefix('(').map_or(Some(name), |inside| Some(closing(inside)? + 2))?
    } else if rest.trim_start().starts_with(',') {
        closing(rest)? + 1
    } else {
        return None;
    };
    Some(State { at: at + length, literal: false, arguments: false })
}

/// Where the bracket closes that is open before `rest`.
fn closing(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ']' | '}' | ';' if depth == 0 => return None,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn hit(left: &Left, host: &Part, class: Class, suffix: Suffix, pool_span: std::ops::Range<usize>) -> Match {
    let end = host.end.max(left.start);
    Match {
        span: left.start..end,
        class,
        confidence: Confidence::Likely,
        updated: left.updated,
        dual_aware: left.both,
        accepts_any_pool: false,
        host_region: None,
        pool_id: None,
        pool_span,
        suffix,
        holes: host.holes.clone(),
    }
}

/// One use of a name.
struct Use {
    /// Where the interpolation or the expression begins.
    start: usize,
    /// Where what follows it begins.
    end: usize,
    /// Whether it is an interpolation in a literal.
    literal: bool,
}

impl Use {
    fn of(reader: &Reader<'_>, at: usize, length: usize) -> Use {
        let before = reader.behind(at, 60);
        let path =
            before.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'?')).count();
        let outside = &before[..before.len() - path];
        let mut end = at + length;
        if reader.ahead(end, 2) == "()" {
            end += 2;
        }
        for (open, close) in [
            ("${", "}"),
            ("#{", "}"),
            ("{{ ", " }}"),
            ("{{", "}}"),
            ("\\(", ")"),
            ("{", "}"),
            ("$(", ")"),
            ("%(", ")s"),
        ] {
            if outside.ends_with(open) && reader.ahead(end, close.len()) == close {
                return Use { start: at - path - open.len(), end: end + close.len(), literal: true };
            }
        }
        for (open, close) in [("$env:", ""), ("$", ""), ("%", "%")] {
            if outside.ends_with(open) && path == 0 && reader.ahead(end, close.len()) == close {
                let quoted = reader.byte(end + close.len()).is_some_and(|b| matches!(b, b'/' | b'$' | b'%'));
                return Use { start: at - open.len(), end: end + close.len(), literal: quoted };
            }
        }
        Use { start: at - path, end, literal: false }
    }

    fn has_scheme(&self, reader: &Reader<'_>) -> bool {
        let before = reader.behind(self.start, 40);
        if self.literal {
            return before.ends_with("://");
        }
        let operand = before.trim_end().trim_end_matches(['+', '.', '<', '>', '&', '~', ',', '|']).trim_end();
        operand.len() < before.len()
            && operand.strip_suffix(is_quote_char).is_some_and(|literal| literal.ends_with("://"))
    }
}

/// The pool behind a use of a host's name, and what follows it.
fn pool_behind(lexer: &Lexer<'_>, place: &Use, slashed: bool) -> Option<(std::ops::Range<usize>, Suffix)> {
    let reader = lexer.reader;
    let mut state = State { at: place.end, literal: place.literal, arguments: false };
    let mut listed = false;
    if !slashed {
        for _ in 0..3 {
            let step = reader.next(state)?;
            match (&step.token, step.joint) {
                (Token::Close, _) | (Token::Open, Some(Joint::Plain)) => state = step.state,
                (Token::Slash, _) => {
                    state = step.state;
                    break;
                }
                (_, Some(Joint::Listed)) if check::is_joined_by_slash(reader, place.start, state.at) => {
                    listed = true;
                    break;
                }
                _ => return None,
            }
        }
    }
    let pool = lexer.pool(state, listed)?;
    let written = reader.lower.get(pool.begin..pool.end)?;
    let (suffix, _, _) = lexer.suffix(&pool, Before::Scheme, listed);
    let named = written.contains("pool") || super::pool_id(&reader.text[pool.begin..pool.end]).is_some();
    let known = matches!(suffix, Suffix::Jwks | Suffix::Discovery);
    (named || known).then_some((pool.begin..pool.end, suffix))
}

/// Where a name stands as a whole, outside `own`.
fn uses<'a>(reader: &'a Reader<'_>, name: &'a str, own: &std::ops::Range<usize>) -> impl Iterator<Item = usize> + 'a {
    let window = own.start.saturating_sub(MAX_DISTANCE)..(own.end + MAX_DISTANCE).min(reader.text.len());
    let mut from = window.start;
    let own = own.clone();
    while !reader.text.is_char_boundary(from) {
        from += 1;
    }
    let part = reader.ahead(from, window.end - from);
    memmem::find_iter(part.as_bytes(), name)
        .map(move |at| from + at)
        .filter(move |at| {
            let inside = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
            let before = at.checked_sub(1).and_then(|before| reader.byte(before));
            !own.contains(at) && !inside(before) && !inside(reader.byte(at + name.len()))
        })
        .take(MAX_USES)
}

/// The name that the literal around `start` is given: a variable's, a key's, a function's that returns it.
fn name_before<'a>(reader: &Reader<'a>, start: usize) -> Option<&'a str> {
    let mut from = start.saturating_sub(300);
    while !reader.text.is_char_boundary(from) {
        from += 1;
    }
    let mut before = reader.text.get(from..start)?;
    before = before.trim_end_matches(|c: char| is_quote_char(c) || c == '\\');
    let prefixed = before.trim_end_matches(['f', 'r', '$', '@', 'u', 'b']);
    if !prefixed.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        before = prefixed;
    }
    before = before.trim_end();
    for _ in 0..3 {
        let Some(call) = before.strip_suffix('(') else { break };
        let call = call.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '!' | ':'));
        before = call.trim_end().trim_end_matches("new").trim_end();
    }
    if before.ends_with("return") {
        return function_around(before);
    }
    // A default or a choice: the name stands before the whole expression.
    if ["||", "??", "?", " or", " else"].iter().any(|operator| before.ends_with(operator))
        || before.ends_with(':') && before.rsplit('\n').next().is_some_and(|line| line.contains('?'))
    {
        let line = before.rfind(" = ").or_else(|| before.rfind(" := "))?;
        before = &before[..line + 2];
    }
    let target =
        [":=", "=>", "<-", "->", "=", ":"].iter().find_map(|operator| before.strip_suffix(operator))?.trim_end();
    let target = target.trim_end_matches(['"', '\'', ':', ']']);
    let name = last_name(target)?;
    let ahead = target[..target.len() - name.len()].trim_end();
    // `x: string =`: the name stands before its type.
    let name = match ahead.strip_suffix(':') {
        Some(typed) if before.ends_with('=') => last_name(typed.trim_end())?,
        _ if name == "get" => last_name(ahead.trim_end_matches(['{', ' ']).trim_end())?,
        _ => name,
    };
    let common = ["return", "default", "value", "const", "get", "url", "uri", "name", "host", "key"].contains(&name);
    (name.len() >= 2 && (!common || name.len() == 4 || name == "url")).then_some(name)
}

fn last_name(text: &str) -> Option<&str> {
    let start = text.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
    let name = &text[start..];
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

/// The function whose body `before` ends in, if it begins at most four lines above.
fn function_around(before: &str) -> Option<&str> {
    for line in before.rsplit('\n').take(5) {
        let Some(open) = line.find('(') else { continue };
        let name = last_name(line[..open].trim_end())?;
        if !["if", "for", "while", "switch", "catch", "return", "function", "func", "match"].contains(&name) {
            return Some(name);
        }
    }
    None
}
