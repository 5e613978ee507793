//! The pattern of a decision: which subjects it means. Paths on disk are not its business.

/// A pattern over `account/region/kind/id`.
///
/// `*` is any number of characters but `/`, `**` any number of any characters, `?` one character but `/`; `\` takes
/// the next character as it stands. The whole subject has to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    One(char),
    Any,
    Some,
    Every,
}

impl Glob {
    /// Reads a pattern. Every text is one.
    pub fn new(text: &str) -> Self {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(next) = chars.next() {
            tokens.push(match next {
                '*' if chars.next_if_eq(&'*').is_some() => Token::Every,
                '*' => Token::Some,
                '?' => Token::Any,
                '\\' => Token::One(chars.next().unwrap_or('\\')),
                other => Token::One(other),
            });
        }
        Self { text: text.to_owned(), tokens }
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A pattern that means exactly this text.
    pub fn escape(text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for each in text.chars() {
            if matches!(each, '*' | '?' | '\\') {
                escaped.push('\\');
            }
            escaped.push(each);
        }
        escaped
    }

    /// Whether the whole text matches. Takes time in proportion to both lengths, whatever the pattern.
    pub fn matches(&self, text: &str) -> bool {
        // `reached[n]`: the tokens so far match the first n characters.
        let chars: Vec<char> = text.chars().collect();
        let mut reached = vec![false; chars.len() + 1];
        reached[0] = true;
        for token in &self.tokens {
            let mut next = vec![false; chars.len() + 1];
            for at in 0..=chars.len() {
                let before = at.checked_sub(1).map(|before| (chars[before], reached[before], next[before]));
                next[at] = match (token, before) {
                    (Token::One(wanted), Some((seen, from, _))) => from && seen == *wanted,
                    (Token::Any, Some((seen, from, _))) => from && seen != '/',
                    (Token::One(_) | Token::Any, None) => false,
                    (Token::Some, Some((seen, _, here))) => reached[at] || (here && seen != '/'),
                    (Token::Every, Some((_, _, here))) => reached[at] || here,
                    (Token::Some | Token::Every, None) => reached[at],
                };
            }
            reached = next;
        }
        reached[chars.len()]
    }

    /// The parts between `/`; `None` where a part has a wild card. `None` as a whole if `**` may stand for several.
    pub(super) fn parts(&self) -> Option<Vec<Option<String>>> {
        let mut parts = vec![Some(String::new())];
        for token in &self.tokens {
            match token {
                Token::Every => return None,
                Token::One('/') => parts.push(Some(String::new())),
                Token::One(each) => {
                    if let Some(Some(part)) = parts.last_mut() {
                        part.push(*each);
                    }
                }
                Token::Any | Token::Some => {
                    if let Some(part) = parts.last_mut() {
                        *part = None;
                    }
                }
            }
        }
        Some(parts)
    }
}

impl std::fmt::Display for Glob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_slashes() {
        const POOL: &str = "111122223333/us-east-1/pool/us-east-1_Ab1";
        const AUTHORIZER: &str = "111122223333/us-east-1/authorizer/apigateway/us-east-1/a1b2/x9#us-east-1_Ab1";
        for (pattern, text, want) in [
            (POOL, POOL, true),
            ("*/*/pool/*", POOL, true),
            ("111122223333/us-*/pool/us-east-1_Ab?", POOL, true),
            ("111122223333/*", POOL, false),
            ("111122223333/**", POOL, true),
            ("**", POOL, true),
            ("", POOL, false),
            ("*", "", true),
            ("?", "", false),
            ("*/*/pool/us-east-1_Ab", POOL, false),
            ("*/*/authorizer/*", AUTHORIZER, false),
            ("*/*/authorizer/**", AUTHORIZER, true),
            ("*/*/authorizer/**#us-east-1_Ab1", AUTHORIZER, true),
            ("*/*/authorizer/**#us-east-1_Zz9", AUTHORIZER, false),
            ("a?c", "a/c", false),
            ("a*c", "a/c", false),
            ("a**c", "a/c", true),
            (r"a\*c", "abc", false),
            (r"a\*c", "a*c", true),
            ("é?", "éü", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), want, "{pattern} on {text}");
        }
    }

    #[test]
    fn an_escaped_text_means_itself_only() {
        let text = r"1/r/route/GET /*/{proxy+}?\";
        assert!(Glob::new(&Glob::escape(text)).matches(text));
        assert!(!Glob::new(&Glob::escape("a*")).matches("ab"));
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let pattern = "*a".repeat(500);
        assert!(!Glob::new(&pattern).matches(&"a".repeat(400)));
        assert!(Glob::new(&pattern).matches(&"a".repeat(500)));
    }

    #[test]
    fn parts_are_known_where_nothing_is_wild() {
        assert_eq!(Glob::new("*/r/pool/x?").parts(), Some(vec![None, Some("r".into()), Some("pool".into()), None]));
        assert_eq!(Glob::new("1/**").parts(), None);
    }
}
