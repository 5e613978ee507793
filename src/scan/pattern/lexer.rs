//! The lexer that finds issuer references in a text.
//!
//! Every occurrence of the host's first label is judged from both sides: what stands before it (a scheme, an OIDC
//! provider ARN, a letter that makes it another name) and what follows (Region, suffix, pool, path), where each part
//! may be an interpolation or come from a concatenation. A regular expression cannot do that without look-behind.
//! The SDK's endpoint is the same host without a pool, so a host alone is never a reference, unless its name is used to
//! build one (`follow`) or something is compared with it (`check`).

use std::ops::Range;

use memchr::{memchr_iter, memmem};

use super::fit::{Fit, HOLE, Word, host_fit, is_function, is_regex, named_path, placeholder_fit, scheme, strip_any};
use super::reader::{Joint, Reader, SLASHES, State, Token, is_quote_char};
use super::{Class, Confidence, DISCOVERY_PATH, JWKS_PATH, Match, Suffix, check, follow, is_region, pool_id};

/// The host's first label.
pub(super) const LABEL: &str = "cognito-idp";
/// What the updated host has before it.
const UPDATED: &str = "issuer-";
/// The longest host, interpolations included.
const MAX_HOST: usize = 1_000;
/// The longest literal part of a host or a pool.
const MAX_NAME: usize = 150;
/// How far apart the two issuers of one construct may stand.
const MAX_DUAL_DISTANCE: usize = 600;
/// How many names of hosts are looked for in one text.
const MAX_FOLLOWED: usize = 24;

/// Finds every reference to an original or updated issuer, in order. Two of one pool that stand near each other are dual-aware.
pub fn find(text: &str) -> Vec<Match> {
    // Most short texts have no label: they need no lower case.
    if !has_label(text) {
        return Vec::new();
    }
    let mut found = references(text, &text.to_ascii_lowercase());
    mark_dual_aware(text, &mut found);
    found
}

/// Whether the host's first label stands in a text, in whatever case.
fn has_label(text: &str) -> bool {
    let dash = LABEL.len() - "-idp".len();
    memchr_iter(b'-', text.as_bytes()).any(|at| {
        let start = at.checked_sub(dash);
        let label = start.and_then(|start| text.as_bytes().get(start..start + LABEL.len()));
        label.is_some_and(|label| label.eq_ignore_ascii_case(LABEL.as_bytes()))
    })
}

/// Finds every reference to an original or updated issuer, in order, each for itself. `lower` is the text with ASCII
/// letters in lower case.
pub fn references(text: &str, lower: &str) -> Vec<Match> {
    let reader = Reader { text, lower };
    let lexer = Lexer { reader: &reader };
    let mut found: Vec<Match> = Vec::new();
    let mut followed = 0;
    let mut from = 0;
    for at in memmem::find_iter(lower.as_bytes(), LABEL) {
        if at < from {
            continue;
        }
        if let Some(hit) = lexer.judge(at, &mut followed) {
            from = hit.span.end;
            found.push(hit);
        }
    }
    found
}

/// A whole host without a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// Whether a scheme stands before it.
    pub scheme: bool,
    /// Whether it is the updated one.
    pub updated: bool,
}

/// Every whole host in a text, wherever it stands. `lower` is the text with ASCII letters in lower case.
pub fn hosts(text: &str, lower: &str) -> Vec<Host> {
    let reader = Reader { text, lower };
    let lexer = Lexer { reader: &reader };
    let mut found = Vec::new();
    for at in memmem::find_iter(lower.as_bytes(), LABEL) {
        let Some(left) = lexer.left(at) else { continue };
        let Some(host) = lexer.host(at + LABEL.len(), left.start) else { continue };
        let good = host_fit(&host.normal) == Some(Fit::Good) && !host.concatenated;
        let wildcard = host.normal.starts_with("*.") && host_fit(&host.normal).is_some();
        if good || wildcard {
            found.push(Host {
                span: left.start..host.end,
                scheme: left.before == Before::Scheme,
                updated: left.updated,
            });
        }
    }
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
        found[current].dual_aware |= dual;
    }
}

/// What stands before the host.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Before {
    Scheme,
    OidcProvider,
    Nothing,
}

/// The left side of a host.
pub(super) struct Left {
    pub(super) before: Before,
    /// Where the reference begins, in the literal that holds the host.
    pub(super) start: usize,
    /// Whether both hosts fit, as in `(issuer-)?`.
    pub(super) both: bool,
    pub(super) updated: bool,
}

/// A run of text with interpolations, read as one part.
pub(super) struct Part {
    /// The text in lower case, each interpolation as [`HOLE`].
    pub(super) normal: String,
    pub(super) holes: Vec<Range<usize>>,
    pub(super) concatenated: bool,
    pub(super) listed: bool,
    /// Where what was read begins, past quotes and operators.
    pub(super) begin: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// What follows it.
    pub(super) state: State,
    /// Where the literal that it began in ends, or what was read of it.
    pub(super) first: usize,
    /// Where the part behind the slash begins.
    pub(super) slash: Option<State>,
}

impl Part {
    fn new(state: State) -> Part {
        Part {
            normal: String::new(),
            holes: Vec::new(),
            concatenated: false,
            listed: false,
            begin: state.at,
            end: state.at,
            state,
            first: state.at,
            slash: None,
        }
    }

    fn push(&mut self, c: char, from: usize, state: State) {
        if self.normal.is_empty() {
            self.begin = from;
        }
        self.normal.push(c);
        self.advance(state);
    }

    fn push_hole(&mut self, hole: Range<usize>, state: State) {
        if self.normal.is_empty() {
            self.begin = hole.start;
        }
        self.normal.push(HOLE);
        self.holes.push(hole);
        self.advance(state);
    }

    fn advance(&mut self, state: State) {
        self.end = state.at;
        self.state = state;
        if !self.concatenated {
            self.first = state.at;
        }
    }

    fn join(&mut self, joint: Joint) {
        self.concatenated = true;
        self.listed |= joint == Joint::Listed;
    }
}

pub(super) struct Lexer<'a> {
    pub(super) reader: &'a Reader<'a>,
}

impl Lexer<'_> {
    /// Judges the occurrence of the label at `at`.
    fn judge(&self, at: usize, followed: &mut usize) -> Option<Match> {
        let reader = self.reader;
        let left = self.left(at)?;
        let (label_end, both) = self.alternation(at + LABEL.len());
        let left = Left { both: left.both || both, ..left };
        let mut host = self.host(label_end, left.start);
        let fit = host.as_ref().and_then(|host| host_fit(&host.normal));
        let read = match (&mut host, fit) {
            (Some(host), Some(fit)) => self.issuer(&left, host, fit),
            _ => None,
        };
        if let Some(hit) = read {
            return Some(self.of_issuer(hit, &left));
        }
        if let Some(hit) = check::compared(reader, &left, label_end, host.as_ref(), fit.is_some()) {
            return Some(hit);
        }
        let (host, _) = (host?, fit?);
        if *followed < MAX_FOLLOWED && host.slash.is_none_or(|state| self.ends(state)) {
            *followed += 1;
            return follow::base(self, &left, &host);
        }
        None
    }

    /// Whether the literal ends at `state`.
    fn ends(&self, state: State) -> bool {
        matches!(self.reader.next(state).map(|step| step.token), Some(Token::Close))
    }

    /// The last word on what was read as an issuer: a name without a scheme may get its scheme elsewhere.
    fn of_issuer(&self, mut hit: Match, left: &Left) -> Match {
        if hit.class == Class::IdentityPoolLoginKey && follow::gets_scheme(self, left.start) {
            hit.class = match hit.suffix {
                Suffix::Jwks => Class::JwksUrlSplit,
                Suffix::Discovery => Class::DiscoveryUrl,
                Suffix::None | Suffix::Slash | Suffix::Claim | Suffix::Other => Class::IssuerSplitConcat,
            };
            hit.confidence = Confidence::Likely;
        }
        hit
    }

    /// Reads on behind a host that fits.
    fn issuer(&self, left: &Left, host: &mut Part, fit: Fit) -> Option<Match> {
        let reader = self.reader;
        let slash = host.slash?;
        let virtual_slash = slash == host.state;
        let joined = virtual_slash || check::is_joined_by_slash(reader, left.start, slash.at);
        let pool = self.pool(slash, host.listed || joined);
        let pool = match pool {
            Some(pool) => pool,
            None => self.pool(follow::past_call(reader, slash)?, false)?,
        };
        let pool_span = pool.begin..pool.end;
        let id = reader.text.get(pool_span.clone()).and_then(pool_id);
        let wildcard = pool.normal == "*";
        let placeholder = id.is_none() && pool.holes.is_empty();
        let (suffix, end, crossed) = self.suffix(&pool, left.before, host.listed || joined);
        let known = matches!(suffix, Suffix::Jwks | Suffix::Discovery);
        let word = placeholder_fit(&pool.normal);
        let unfit = word == Word::Path || word == Word::Plain && !check::is_issuer_member(reader, left.start);
        if wildcard && left.before != Before::OidcProvider || placeholder && !wildcard && !known && unfit {
            return None;
        }
        let concatenated = host.concatenated || pool.concatenated || crossed || virtual_slash;
        let holes: Vec<_> = host.holes.iter().chain(&pool.holes).cloned().collect();
        let shape = Shape { concatenated, listed: host.listed || pool.listed, holed: !holes.is_empty(), suffix };
        let mut class = classify(left.before, &shape);
        if class == Class::IssuerSplitJoin
            && (check::is_concatenating_call(reader, left.start) || check::is_joining_call(reader, left.start))
        {
            class = Class::IssuerSplitConcat;
        }
        let pattern = pool.holes.iter().any(|hole| is_regex(&reader.text[hole.clone()]));
        let mut accepts_any_pool = false;
        if pattern && left.before != Before::OidcProvider && suffix != Suffix::Claim {
            class = Class::HostPrefixCheck;
            // A pool that is captured may be compared behind.
            accepts_any_pool = !pool.holes.iter().any(|hole| reader.text[hole.clone()].starts_with('('))
                && !check::names_pool(reader, left.start, end);
        }
        let confidence = if class == Class::IdentityPoolLoginKey {
            Confidence::Review
        } else if placeholder && !wildcard
            || pattern
            || fit != Fit::Good
            || suffix == Suffix::Other
            || left.both
            || left.before == Before::Nothing && suffix != Suffix::Claim
        {
            Confidence::Likely
        } else {
            Confidence::Definite
        };
        let region = host.normal.split('.').next().filter(|region| is_region(region));
        Some(Match {
            span: left.start..end,
            class,
            confidence,
            updated: left.updated,
            dual_aware: left.both,
            accepts_any_pool,
            host_region: region.map(str::to_owned),
            pool_id: id.map(|pool| pool.id),
            pool_span,
            suffix,
            holes,
        })
    }

    /// What stands before the label at `at`; none where it is the tail of another name.
    fn left(&self, at: usize) -> Option<Left> {
        let behind = self.reader.behind(at, 200);
        let mut start = at;
        let mut both = false;
        let mut rest = behind;
        let updated = match rest.strip_suffix(UPDATED).or_else(|| rest.strip_suffix("issuer\\-")) {
            Some(before) => {
                start -= rest.len() - before.len();
                rest = before;
                true
            }
            None => false,
        };
        if !updated {
            // `(issuer-)?cognito-idp`, `(?:issuer-|)cognito-idp`, `${prefix}cognito-idp`.
            let optional = [")?", "|)", "){0,1}", ")*"].iter().find_map(|end| rest.strip_suffix(end));
            let group = optional.and_then(|inside| Some((inside.rfind('(')?, inside)));
            if let Some((open, inside)) = group.filter(|(open, inside)| inside[*open..].contains("issuer")) {
                start -= rest.len() - open;
                rest = &inside[..open];
                both = true;
            } else if rest.ends_with('}') {
                let open =
                    rest.rfind(['$', '{', '#']).map(|open| open - usize::from(rest[..open].ends_with(['$', '#'])))?;
                if !behind[..open].ends_with('/') {
                    return None;
                }
                start -= rest.len() - open;
                rest = &rest[..open];
                both = true;
            }
        }
        // An alternation of both hosts, and a group around the host.
        let group = ["(?:", "(?P<host>", "("].iter().find_map(|open| rest.strip_suffix(open));
        if let Some(before) = group {
            let anchored = before.ends_with(['/', '^', '"', '\'']);
            if anchored {
                start -= rest.len() - before.len();
                rest = before;
            }
        }
        let left = |before, start| Some(Left { before, start, both, updated });
        if let Some((scheme, length)) = scheme(rest) {
            if scheme {
                return left(Before::Scheme, start - length);
            }
            return None;
        }
        if strip_any(rest, SLASHES).is_some_and(|before| before.ends_with("oidc-provider")) {
            return left(Before::OidcProvider, start);
        }
        // The scheme in a literal of its own: `"https://" + "cognito-idp."`.
        if rest.ends_with(is_quote_char) && Self::joined_scheme(rest) {
            return left(Before::Scheme, start);
        }
        let other_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@' | '\\' | '|');
        match rest.chars().next_back() {
            // An escape such as `\n` lends a letter.
            Some('n' | 't' | 'r') if rest[..rest.len() - 1].ends_with('\\') => left(Before::Nothing, start),
            Some('b') if rest.ends_with("\\b") => left(Before::Nothing, start),
            Some(c) if other_name(c) => None,
            _ => left(Before::Nothing, start),
        }
    }

    /// Whether a literal that ends in a scheme is joined to what follows `rest`.
    fn joined_scheme(rest: &str) -> bool {
        let before = rest.trim_end_matches(|c: char| is_quote_char(c) || "frub$@\\".contains(c)).trim_end();
        let operand = ["+", ".", "..", "<>", "||", "&", ",", "<<", "~", "-"]
            .iter()
            .find_map(|operator| before.strip_suffix(operator));
        let Some(operand) = operand else { return false };
        let literal = operand.trim_end().trim_end_matches(['\\', ')']);
        literal.strip_suffix(is_quote_char).is_some_and(|inner| inner.ends_with("://"))
    }

    /// Past `|issuer-cognito-idp)` or `)` behind the label in a regular expression, and whether both hosts fit.
    fn alternation(&self, at: usize) -> (usize, bool) {
        let rest = self.reader.ahead(at, 40);
        for (other, both) in [("|issuer-cognito-idp)", true), ("|cognito-idp)", true), (")", false)] {
            if rest.to_ascii_lowercase().starts_with(other) && self.reader.dot(at + other.len()).is_some() {
                return (at + other.len(), both);
            }
        }
        (at, false)
    }

    /// The host after its first label; none unless a dot follows.
    fn host(&self, at: usize, start: usize) -> Option<Part> {
        let reader = self.reader;
        let state =
            State { at: reader.dot(at)?, literal: true, arguments: check::is_concatenating_call(reader, start) };
        let mut part = Part::new(state);
        let mut state = state;
        while state.at < at + MAX_HOST && part.normal.len() < MAX_NAME {
            let Some(step) = reader.next(state) else { break };
            let fit = host_fit(&part.normal);
            let complete = fit.is_some();
            // An interpolation alone may be the Region.
            let whole = fit.is_some_and(|fit| fit != Fit::Whole);
            if let Some(joint) = step.joint {
                // The next element of a join may begin with the slash.
                let slash = part.listed && step.token == Token::Open && reader.slash(step.state.at).is_some();
                let unfit = match joint {
                    Joint::Plain => false,
                    // A list of URLs is no join: a comma continues only a host that is not complete yet.
                    Joint::Listed if part.concatenated && !part.listed => true,
                    Joint::Listed => whole && !slash && !check::is_joined_by_slash(reader, start, state.at),
                    Joint::Or => whole,
                };
                if unfit {
                    break;
                }
                if joint == Joint::Listed && whole && !slash {
                    part.slash = Some(state);
                    part.state = state;
                    part.join(Joint::Plain);
                    break;
                }
                part.join(joint);
            }
            match step.token {
                Token::Slash if complete => {
                    part.slash = Some(step.state);
                    break;
                }
                Token::Dot => part.push('.', state.at, step.state),
                Token::Char(c) => part.push(c, state.at, step.state),
                Token::Hole(hole) => part.push_hole(hole, step.state),
                Token::Colon if reader.ahead(step.state.at, 3) == "443" => {
                    state = State { at: step.state.at + 3, ..step.state };
                    continue;
                }
                Token::Close | Token::Open => {}
                Token::Slash | Token::Colon | Token::Ellipsis => break,
            }
            state = step.state;
        }
        Some(part)
    }

    /// The part that names the pool; none if there is nothing that could.
    pub(super) fn pool(&self, from: State, listed: bool) -> Option<Part> {
        let reader = self.reader;
        let mut part = Part::new(from);
        let mut state = from;
        while state.at < from.at + MAX_HOST && part.normal.len() < MAX_NAME {
            // Brackets behind a whole pool id are prose or markup.
            let whole = || reader.text.get(part.begin..part.end).and_then(pool_id).is_some();
            if state.literal
                && matches!(reader.byte(state.at), Some(b'<' | b'(' | b'[' | b'.' | b'&' | b'{' | b'@'))
                && whole()
            {
                break;
            }
            let Some(step) = reader.next(state) else { break };
            let empty = part.normal.is_empty();
            if let Some(joint) = step.joint {
                let hole = matches!(step.token, Token::Hole(_));
                let function = matches!(&step.token, Token::Hole(hole) if is_function(&reader.text[hole.clone()]));
                let next = reader.byte(step.state.at);
                let fits = match joint {
                    Joint::Plain if empty || part.normal.ends_with('_') => {
                        // What follows a whole issuer with a path is another sentence.
                        hole || reader.word(step.state.at, b"").is_some()
                            || reader.hole(step.state.at).is_some()
                            || empty && reader.slash(step.state.at).is_some()
                    }
                    Joint::Plain => !hole && next == Some(b'_'),
                    Joint::Listed => empty && (listed || function),
                    Joint::Or => empty && hole && self.is_sql(),
                };
                if !fits {
                    break;
                }
                part.join(joint);
            }
            match step.token {
                Token::Hole(hole) => part.push_hole(hole, step.state),
                Token::Char(c) => part.push(c, state.at, step.state),
                Token::Ellipsis => part.push('.', state.at, step.state),
                // The slash in front of the pool may stand in the pool's own literal.
                Token::Open | Token::Close => {}
                Token::Slash if empty && part.concatenated => {}
                Token::Dot | Token::Slash | Token::Colon => break,
            }
            state = step.state;
        }
        (!part.normal.is_empty()).then_some(part)
    }

    /// Whether `||` concatenates here.
    fn is_sql(&self) -> bool {
        let beginning = self.reader.lower.get(..4_000.min(self.reader.lower.len())).unwrap_or_default();
        ["select ", "insert into", "create or replace", "create table"].iter().any(|word| beginning.contains(word))
    }

    /// What follows the pool, where the reference ends, and whether it is in a literal of its own.
    pub(super) fn suffix(&self, pool: &Part, before: Before, listed: bool) -> (Suffix, usize, bool) {
        let reader = self.reader;
        let mut state = pool.state;
        let mut crossed = false;
        for _ in 0..3 {
            if state.literal {
                break;
            }
            let Some(step) = reader.next(state) else { return (Suffix::None, pool.end, false) };
            match (step.token, step.joint) {
                (Token::Open, Some(Joint::Plain)) => crossed = true,
                (Token::Open, Some(Joint::Listed)) if listed => crossed = true,
                (Token::Hole(hole), Some(Joint::Plain)) => {
                    return match named_path(&reader.lower[hole.clone()]) {
                        Some(suffix) => (suffix, hole.end, true),
                        None => (Suffix::None, pool.end, false),
                    };
                }
                _ => return (Suffix::None, pool.end, false),
            }
            state = step.state;
        }
        // Out of the pool's literal into the next.
        if let Some(step) = reader.next(state).filter(|step| step.token == Token::Close) {
            let next = reader.next(step.state).filter(|step| {
                step.token == Token::Open
                    && (step.joint == Some(Joint::Plain) || listed && step.joint == Some(Joint::Listed))
            });
            match next {
                Some(next)
                    if reader.slash(next.state.at).is_some() || listed || reader.byte(next.state.at) == Some(b':') =>
                {
                    crossed = true;
                    state = next.state;
                }
                _ => return (Suffix::None, pool.end, false),
            }
        }
        let at = state.at;
        for (path, suffix) in [(JWKS_PATH, Suffix::Jwks), (DISCOVERY_PATH, Suffix::Discovery)] {
            let path = if crossed && listed && reader.slash(at).is_none() { &path[1..] } else { path };
            if let Some(end) = reader.escaped(at, path) {
                return (suffix, end, crossed);
            }
        }
        if let Some(after) = reader.slash(at) {
            if let Some(end) = reader.escaped(at, "/.well-known") {
                let rest = reader.lower.get(end..end + reader.ahead(end, 60).len()).unwrap_or_default();
                let rest = rest.split(['\n', ';', ' ']).next().unwrap_or_default();
                let suffix = if rest.contains("openid") || rest.contains("oauth-auth") {
                    Suffix::Discovery
                } else {
                    Suffix::Jwks
                };
                return (suffix, end, crossed);
            }
            if let Some(hole) = reader.hole(after) {
                let suffix = named_path(&reader.lower[after..hole]);
                return suffix.map_or((Suffix::Other, pool.end, crossed), |suffix| (suffix, hole, crossed));
            }
            let more = reader.word(after, b".%$").is_some();
            return if more { (Suffix::Other, pool.end, crossed) } else { (Suffix::Slash, after, crossed) };
        }
        if before != Before::Scheme && reader.byte(at) == Some(b':') {
            let word = reader.ahead(at + 1, 8).to_ascii_lowercase();
            let length = word.bytes().take_while(u8::is_ascii_alphanumeric).count();
            if matches!(&word[..length], "aud" | "sub" | "amr" | "iss" | "azp") {
                return (Suffix::Claim, at + 1 + length, crossed);
            }
        }
        (Suffix::None, pool.end, false)
    }
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
