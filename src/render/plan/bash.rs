//! Text as a word of Bash. Which texts may stand in a script, and under which names, is not decided here.

use std::fmt::Write as _;

use crate::render::safe::is_hidden;

/// One word that Bash takes as this text: in quotes, where nothing is expanded. What is hidden (control characters, direction
/// overrides) is written as its bytes, which do not depend on the locale, or as `named` has it; so a word reads as it runs.
pub(super) fn word(text: &str, named: &[(char, &str)]) -> String {
    if !text.chars().any(is_hidden) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut word = "$'".to_owned();
    for c in text.chars() {
        match (c, named.iter().find(|(each, _)| *each == c)) {
            (_, Some((_, name))) => word.push_str(name),
            ('\\' | '\'', None) => word.extend(['\\', c]),
            (c, None) if is_hidden(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(word, "\\x{byte:02x}");
                }
            }
            (c, None) => word.push(c),
        }
    }
    word.push('\'');
    word
}

/// `NAME='value'`.
pub(super) fn assignment(name: &str, value: &str) -> String {
    format!("{name}={}", word(value, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_for_bash() {
        assert_eq!(assignment("A", "it's $(x)"), "A='it'\\''s $(x)'");
        assert_eq!(assignment("A", "a\nb\u{202e}'\\"), "A=$'a\\x0ab\\xe2\\x80\\xae\\'\\\\'");
    }
}
