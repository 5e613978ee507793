//! Reads what stands in literals, and what joins them: interpolations, escapes, operators, calls, lists.
//!
//! One reader for all languages: what no language would write is not read wrongly by accepting every language's way.
//! Every look ahead is bounded, so a text is read in linear time. Not here: what makes a reference (`lexer`).

use std::ops::Range;

/// The longest interpolation or expression that is followed.
const MAX_HOLE: usize = 300;
/// How many lines an interpolation or the space between two literals may run over.
const MAX_LINES: usize = 8;
/// How far the space between two literals may run, comments included.
const MAX_BLANK: usize = 600;

/// How two operands are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// By an operator, a call or by standing side by side.
    Plain,
    /// As two elements of a list.
    Listed,
    /// By `||`, which concatenates in SQL and chooses elsewhere.
    Or,
}

/// Where the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) at: usize,
    /// Inside a literal or plain text, as opposed to behind an operand.
    pub(super) literal: bool,
    /// Inside a call that concatenates its arguments.
    pub(super) arguments: bool,
}

/// What is read in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Char(char),
    Dot,
    Slash,
    Colon,
    Ellipsis,
    /// An interpolation, or an operand that is no literal.
    Hole(Range<usize>),
    /// The end of a literal.
    Close,
    /// The beginning of another literal.
    Open,
}

/// One step.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) token: Token,
    /// How an operand is joined to the one before.
    pub(super) joint: Option<Joint>,
    pub(super) state: State,
}

/// A text and its lower case.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) lower: &'a str,
}

impl Reader<'_> {
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The text from `at`, at most `length` bytes.
    pub(super) fn ahead(&self, at: usize, length: usize) -> &str {
        let mut end = self.text.len().min(at.saturating_add(length));
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.get(at..end).unwrap_or_default()
    }

    /// The lower case of at most `length` bytes before `at`.
    pub(super) fn behind(&self, at: usize, length: usize) -> &str {
        let mut start = at.saturating_sub(length);
        while !self.lower.is_char_boundary(start) {
            start += 1;
        }
        self.lower.get(start..at).unwrap_or_default()
    }

    /// The next token.
    pub(super) fn next(&self, state: State) -> Option<Step> {
        if state.literal { self.inside(state) } else { self.between(state) }
    }

    fn inside(&self, state: State) -> Option<Step> {
        let at = state.at;
        let step = |token, end| Some(Step { token, joint: None, state: State { at: end, ..state } });
        if let Some(end) = self.slash(at) {
            return step(Token::Slash, end);
        }
        if let Some(end) = self.hole(at) {
            return step(Token::Hole(at..end), end);
        }
        if self.ahead(at, 3) == "..." {
            return step(Token::Ellipsis, at + 3);
        }
        if let Some(end) = self.dot(at) {
            return step(Token::Dot, end);
        }
        if let Some(c) = self.word(at, b"*") {
            return step(Token::Char(c), at + 1);
        }
        match self.byte(at)? {
            b':' => step(Token::Colon, at + 1),
            b'\\' if self.lower[at + 1..].starts_with('-') => step(Token::Char('-'), at + 2),
            // A host may be broken over lines in running text.
            b'\n' | b'\r' if self.ahead(at, 60).trim_start().starts_with(".amazonaws") => {
                let rest = self.ahead(at, 60);
                step(Token::Dot, at + rest.len() - rest.trim_start().len() + 1)
            }
            b'\n' | b'\r' => Some(Step { token: Token::Close, joint: None, state: State { literal: false, ..state } }),
            _ => {
                let end = self.quotes(at)?;
                Some(Step { token: Token::Close, joint: None, state: State { at: end, literal: false, ..state } })
            }
        }
    }

    fn between(&self, state: State) -> Option<Step> {
        let at = state.at;
        // In shells operands stand side by side without a space.
        if self.byte(at) == Some(b'$') {
            let end = self.hole(at)?;
            let state = State { at: end, literal: false, ..state };
            return Some(Step { token: Token::Hole(at..end), joint: Some(Joint::Plain), state });
        }
        if let (Some(next), Some(quote)) = (self.literal(at), self.byte(at)) {
            let other = at > 0 && is_quote(quote) && self.byte(at - 1) != Some(quote);
            return other.then(|| open(next, Joint::Plain, state));
        }
        let after = self.blank(at)?;
        if let Some(next) = self.literal(after).filter(|_| after > at) {
            return Some(open(next, Joint::Plain, state));
        }
        let (start, joint, arguments) = self.operator(at, after, state.arguments)?;
        let state = State { arguments, ..state };
        let start = self.blank(start)?;
        if let Some(next) = self.literal(start) {
            return Some(open(next, joint, state));
        }
        let item = self.text[after..start].starts_with('-');
        if item && self.byte(start).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/')) {
            let function = ["Ref", "Fn::"].into_iter().any(|name| self.text[start..].starts_with(name));
            if !function {
                return Some(open(start, joint, state));
            }
        }
        let end = self.expression(start);
        let end = start + self.text[start..end].trim_end().len();
        (end > start).then_some(Step {
            token: Token::Hole(start..end),
            joint: Some(joint),
            state: State { at: end, literal: false, ..state },
        })
    }

    /// The operator behind an operand that ends at `at`, with blanks up to `after`: its end, how it joins, and whether it is
    /// a call that concatenates its arguments.
    fn operator(&self, at: usize, after: usize, arguments: bool) -> Option<(usize, Joint, bool)> {
        let rest = self.ahead(after, 80);
        let plain = |length: usize| Some((after + length, Joint::Plain, arguments));
        for operator in ["++", "+", "<>", "<<", "~", "^"] {
            if rest.starts_with(operator) && !rest.starts_with("+=") && !rest.starts_with("~>") {
                return plain(operator.len());
            }
        }
        if rest.starts_with("||") {
            return Some((after + 2, Joint::Or, arguments));
        }
        if rest.starts_with(',') {
            return Some((after + 1, if arguments { Joint::Plain } else { Joint::Listed }, arguments));
        }
        if rest.starts_with("- ") && self.text[at..after].contains('\n') {
            return Some((after + 2, Joint::Listed, arguments));
        }
        if rest.starts_with("& ") || rest.starts_with("&\"") {
            return plain(1);
        }
        if rest.starts_with("..") && !rest.starts_with("...") {
            return plain(2);
        }
        if let Some(more) = rest.strip_prefix(')') {
            let next = self.blank(after + 1)?;
            // A builder: the next call stands on the result, or in a statement of its own.
            let more = more.trim_start();
            let semicolon = more.starts_with(';');
            let start = if semicolon { self.blank(next + 1)? } else { next };
            let name = self.ahead(start, 60).bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            if name > 0 && (semicolon || self.text[after..start].contains('\n')) {
                let (_, arguments, length) = joining_call(self.ahead(start + name, 40))?;
                return Some((start + name + length, Joint::Plain, arguments));
            }
            if more.starts_with(['.', '+']) {
                return self.operator(after + 1, next, false);
            }
            return None;
        }
        if let Some((_, arguments, length)) = joining_call(rest) {
            return Some((after + length, Joint::Plain, arguments));
        }
        if let Some(more) = rest.strip_prefix('.') {
            let operand = more.trim_start();
            // `. ($region ?? 'eu-west-1') .`
            let grouped = operand.strip_prefix('(').filter(|_| more.starts_with(' '));
            let operand = grouped.unwrap_or(operand);
            let called = ["getenv(", "env(", "config(", "self::", "static::", "get_option(", "constant(", "urlencode("];
            let fits = operand.starts_with(['"', '\'', '$']) || called.iter().any(|name| operand.starts_with(name));
            let constant = more.starts_with(' ') && operand.starts_with(|c: char| c.is_ascii_uppercase());
            let upper = operand.bytes().take_while(|b| b.is_ascii_uppercase() || *b == b'_').count();
            return (fits || constant && upper >= 4).then_some((after + 1, Joint::Plain, arguments));
        }
        // A statement that appends: `url += region;`, `$url .= $region;`
        let statement = rest.strip_prefix(';').unwrap_or(rest);
        if statement.len() == rest.len() && !self.text[at..after].contains('\n') {
            return None;
        }
        let trimmed = statement.trim_start();
        let name = trimmed.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'.')).count();
        let behind = trimmed.get(name..)?.trim_start();
        let appends = ["+=", ".=", "..="].into_iter().find(|operator| behind.starts_with(operator))?;
        let length = rest.len() - behind.len() + appends.len();
        (name > 0).then_some((after + length, Joint::Plain, false))
    }

    /// The end of the operand at `start` that is no literal.
    fn expression(&self, start: usize) -> usize {
        let mut depth = 0_usize;
        let mut quote = None;
        let mut before = ' ';
        let window = self.ahead(start, MAX_HOLE);
        for (offset, c) in window.char_indices() {
            let at = start + offset;
            let rest = &window[offset..];
            match (quote, c) {
                (Some(open), _) => {
                    if c == open {
                        quote = None;
                    }
                }
                (None, '"' | '\'' | '`') if depth > 0 => quote = Some(c),
                (None, '(' | '[' | '{') => depth += 1,
                (None, ')' | ']' | '}') if depth > 0 => depth -= 1,
                (None, _) if depth > 0 => {}
                (None, ')' | ']' | '}' | ';' | '"' | '\'' | '`' | ',' | '+' | '~' | '^') => return at,
                (None, '.') if rest.starts_with("..") => return at,
                (None, '.') if before.is_whitespace() || rest[1..].starts_with(['"', '\'', '$', ' ']) => {
                    if !(rest[1..].starts_with(char::is_alphanumeric) && joining_call(rest).is_none()) {
                        return at;
                    }
                }
                (None, '.') if joining_call(rest).is_some() => return at,
                (None, '&') if rest.starts_with("& ") && before.is_whitespace() => return at,
                (None, '<' | '|' | '/')
                    if ["<>", "<<", "||", "//", "/*"].iter().any(|operator| rest.starts_with(operator)) =>
                {
                    return at;
                }
                (None, '#') if before.is_whitespace() && rest.starts_with("# ") => return at,
                (None, '\n') => {
                    let next = rest.trim_start();
                    let chained = next.starts_with('.') && next[1..].starts_with(char::is_alphabetic);
                    if !chained || joining_call(next).is_some() {
                        return at;
                    }
                }
                (None, _) => {}
            }
            before = c;
        }
        start + window.len()
    }

    /// Where the text of a literal that begins at `at` begins, past its prefix and quotes.
    pub(super) fn literal(&self, at: usize) -> Option<usize> {
        let prefix = self
            .ahead(at, 3)
            .bytes()
            .take_while(|b| matches!(b, b'f' | b'r' | b'F' | b'R' | b'u' | b'b' | b'$' | b'@' | b's' | b'L'))
            .count();
        if prefix > 2 {
            return None;
        }
        self.quotes(at + prefix)
    }

    /// The end of the quotation mark at `at`: plain, escaped once or more, as an entity, or three of them.
    pub(super) fn quotes(&self, at: usize) -> Option<usize> {
        let rest = self.ahead(at, 10);
        for entity in ["&quot;", "&#34;", "&#39;", "&#x27;", "&apos;", "\\u0022", "\\u0027", "%22", "%27"] {
            if rest.starts_with(entity) {
                return Some(at + entity.len());
            }
        }
        let slashes = rest.bytes().take_while(|b| *b == b'\\').count();
        let quote = *rest.as_bytes().get(slashes)?;
        if !is_quote(quote) {
            return None;
        }
        let end = at + slashes + 1;
        let triple = slashes == 0 && self.byte(end) == Some(quote) && self.byte(end + 1) == Some(quote);
        Some(if triple { end + 2 } else { end })
    }

    /// Past blanks, comments and continuations; none if they run on for long.
    pub(super) fn blank(&self, start: usize) -> Option<usize> {
        let mut at = start;
        let mut lines = 0;
        while at < start + MAX_BLANK {
            let rest = self.ahead(at, 4);
            let line_begins = at > start && self.text[start..at].ends_with([' ', '\t', '\n']);
            match self.byte(at) {
                Some(b'\n') => {
                    lines += 1;
                    at += 1;
                }
                Some(byte) if byte.is_ascii_whitespace() => at += 1,
                // In code inside of a JSON string, a notebook for instance, the line goes on in the next string.
                Some(b'\\') if rest.starts_with("\\n\",") => {
                    let next = self.ahead(at + 4, 80);
                    let blanks = next.len() - next.trim_start().len();
                    if !next[blanks..].starts_with('"') {
                        return Some(at);
                    }
                    lines += 1;
                    at += 4 + blanks + 1;
                }
                Some(b'\\') if matches!(rest.as_bytes().get(1), Some(b'n' | b'r' | b't')) => at += 2,
                Some(b'\\') if matches!(rest.as_bytes().get(1), Some(b'\n' | b'\r')) => at += 1,
                Some(b'`' | b'_') if matches!(rest.as_bytes().get(1), Some(b'\n' | b'\r')) => at += 1,
                Some(b'/') if rest.starts_with("//") => at += self.ahead(at, MAX_BLANK).find('\n')?,
                Some(b'#') if line_begins && rest.starts_with("# ") => at += self.ahead(at, MAX_BLANK).find('\n')?,
                Some(b'/') if rest.starts_with("/*") => at += self.ahead(at, MAX_BLANK).find("*/")? + 2,
                _ => return (lines <= MAX_LINES).then_some(at),
            }
        }
        None
    }

    /// The end of a dot at `at`, also one escaped for a regular expression or a URL.
    pub(super) fn dot(&self, at: usize) -> Option<usize> {
        self.escape(at, &[".", "\\.", "\\\\.", "\\\\\\\\.", "[.]", "%2e", "\\u002e"])
    }

    /// The end of a slash at `at`, also an escaped one.
    pub(super) fn slash(&self, at: usize) -> Option<usize> {
        self.escape(at, SLASHES)
    }

    fn escape(&self, at: usize, forms: &[&str]) -> Option<usize> {
        let rest = self.lower.as_bytes().get(at..)?;
        forms.iter().find(|form| rest.starts_with(form.as_bytes())).map(|form| at + form.len())
    }

    /// The end of `path` at `at`, where dots and slashes may be escaped.
    pub(super) fn escaped(&self, mut at: usize, path: &str) -> Option<usize> {
        for c in path.bytes() {
            at = match c {
                b'.' => self.dot(at)?,
                b'/' => self.slash(at)?,
                b'-' if self.byte(at) == Some(b'\\') => (self.byte(at + 1)? == c).then_some(at + 2)?,
                _ => (self.byte(at)? == c).then_some(at + 1)?,
            };
        }
        Some(at)
    }

    /// A character of a name at `at`, in lower case.
    pub(super) fn word(&self, at: usize, also: &[u8]) -> Option<char> {
        let byte = *self.lower.as_bytes().get(at)?;
        (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || also.contains(&byte))
            .then_some(char::from(byte))
    }

    /// The end of an interpolation at `at`, in whatever language.
    pub(super) fn hole(&self, at: usize) -> Option<usize> {
        let bytes = self.text.as_bytes().get(at..)?;
        let second = bytes.get(1).copied().unwrap_or(0);
        let third = bytes.get(2).copied().unwrap_or(0);
        match bytes.first()? {
            // Escaped for an outer language: `\${x}`, `$${x}`.
            b'\\' | b'$' if second == b'$' && matches!(third, b'{' | b'(') => self.balanced(at + 2),
            b'$' | b'#' | b'@' | b'\\' | b'!' if matches!(second, b'{' | b'(') => self.balanced(at + 1),
            b'$' if second == b'_' || second == b':' || second.is_ascii_alphanumeric() => Some(self.variable(at + 1)),
            b'%' if matches!(second, b'{' | b'(' | b'[') => {
                let end = self.balanced(at + 1)?;
                Some(if second != b'{' && matches!(self.byte(end), Some(b's' | b'v')) { end + 1 } else { end })
            }
            b'%' if second == b'%' => self.named(at, "%%", "%%"),
            b'%' if matches!(second, b's' | b'v' | b'S' | b'@' | b'd') && !third.is_ascii_alphanumeric() => {
                Some(at + 2)
            }
            b'%' if second.is_ascii_digit() && third == b'$' => Some(at + 4),
            b'%' if second.is_ascii_digit() && third.is_ascii_digit() => None,
            b'%' if second.is_ascii_digit() => Some(at + 2),
            b'%' => self.named(at, "%", "%").or_else(|| matches!(second, b's' | b'v').then_some(at + 2)),
            b'@' => self.named(at, "@", "@"),
            b'{' => self.balanced(at),
            b'(' | b'[' if !bytes.starts_with(b"[.]") => self.balanced(at).map(|end| self.quantifier(end)),
            b'<' if bytes.starts_with(b"<%") => Some(at + self.ahead(at, MAX_HOLE).find("%>")? + 2),
            b'<' => self.named(at, "<<", ">>").or_else(|| self.named(at, "<", ">")),
            b'&' => self.named(at, "&lt;", "&gt;"),
            b'\\' if second == b'u' => self.named(at, "\\u003c", "\\u003e"),
            b'\\' if second == b'<' => self.named(at, "\\<", "\\>").or_else(|| self.named(at, "\\<", ">")),
            b'.' if matches!(second, b'*' | b'+') && self.byte(at + 2) != Some(b' ') => Some(self.quantifier(at + 1)),
            b'\\' if matches!(second, b'w' | b'S' | b'd') => Some(self.quantifier(at + 2)),
            b'\\' if second == b'\\' && matches!(third, b'w' | b'S' | b'd') => Some(self.quantifier(at + 3)),
            _ => None,
        }
    }

    /// The end of a variable's name without brackets: `$region`, `$env:AWS_REGION`, `$this->region`.
    fn variable(&self, at: usize) -> usize {
        let name =
            |at: usize| at + self.ahead(at, 80).bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let mut end = name(at);
        for joint in [":", "->"] {
            let next = self.ahead(end, 80);
            let follows =
                next.strip_prefix(joint).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
            if follows && (joint == "->" || self.text[at..end].eq_ignore_ascii_case("env")) {
                end = name(end + joint.len());
            }
        }
        end
    }

    /// The end of a name between two marks, such as `<user pool id>`.
    fn named(&self, at: usize, open: &str, close: &str) -> Option<usize> {
        let rest = self.ahead(at, 80).strip_prefix(open)?;
        let end = rest.find(close).filter(|end| *end > 0)?;
        let name = &rest.as_bytes()[..end];
        let inner = |b: &u8| b.is_ascii_alphanumeric() || b" _-.:".contains(b);
        let starts = name[0].is_ascii_alphabetic() || name[0] == b'_';
        (starts && name.iter().all(inner)).then_some(at + open.len() + end + close.len())
    }

    /// The end of a regular expression's quantifier, if one stands at `at`.
    fn quantifier(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), Some(b'+' | b'*' | b'?')) {
            at += 1;
        }
        if self.byte(at) == Some(b'{') && self.byte(at + 1).is_some_and(|b| b.is_ascii_digit()) {
            return self.balanced(at).unwrap_or(at);
        }
        at
    }

    /// The end of the bracket that opens at `at`; only braces may run over lines.
    fn balanced(&self, at: usize) -> Option<usize> {
        let open = self.byte(at)?;
        let close = match open {
            b'{' => b'}',
            b'(' => b')',
            _ => b']',
        };
        let mut depth = 0_usize;
        let mut lines = 0;
        for (offset, byte) in self.text.as_bytes()[at..].iter().enumerate().take(MAX_HOLE) {
            if *byte == b'\n' {
                lines += 1;
                if open != b'{' || lines > MAX_LINES {
                    return None;
                }
            }
            if *byte == open {
                depth += 1;
            } else if *byte == close {
                depth -= 1;
                if depth == 0 {
                    return Some(at + offset + 1);
                }
            }
        }
        None
    }
}

fn open(at: usize, joint: Joint, state: State) -> Step {
    Step { token: Token::Open, joint: Some(joint), state: State { at, literal: true, ..state } }
}

/// How a slash may be written.
pub(super) const SLASHES: &[&str] =
    &["/", "\\/", "\\\\/", "%2f", "%252f", "&#x2f;", "&#47;", "\\u002f", "\\x2f", "[/]"];
/// How a colon may be written.
pub(super) const COLONS: &[&str] = &[":", "\\:", "%3a", "%253a", "&#58;", "&#x3a;", "\\u003a", "\\x3a"];

pub(super) fn is_quote_char(c: char) -> bool {
    matches!(c, '"' | '\'' | '`')
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// A call at the beginning of `rest` that joins: its name, whether it takes several arguments, and its length with the
/// opening bracket.
fn joining_call(rest: &str) -> Option<(&'static str, bool, usize)> {
    const CALLS: [(&str, bool); 9] = [
        (".append(", false),
        (".Append(", false),
        (".concat(", true),
        (".plus(", false),
        (".push_str(", false),
        (".writeString(", false),
        (".WriteString(", false),
        (".appending(", false),
        (".push(", false),
    ];
    CALLS.into_iter().find(|(call, _)| rest.starts_with(call)).map(|(call, several)| (call, several, call.len()))
}
