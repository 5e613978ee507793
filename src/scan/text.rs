//! A text and what every detector asks of it: its lower case, and where the keywords of all of them stand.
//!
//! Both are found once, in one pass each, however many detectors look: most files with a keyword hold nothing else, and then
//! this is all that they cost. Not here: what a keyword means.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;

use super::words::Words;
use super::{code, document, indirect, keyword, library, terraform};

/// Detectors, as bits.
pub(super) type Detectors = u8;
/// The detector [`code`].
pub(super) const CODE: Detectors = 1;
/// The detector [`document`], what structure it evaluates aside.
pub(super) const DOCUMENT: Detectors = 1 << 1;
/// The detector [`terraform`].
pub(super) const TERRAFORM: Detectors = 1 << 2;
/// The detector [`library`].
pub(super) const LIBRARY: Detectors = 1 << 3;
/// The evaluation of templates.
pub(super) const TEMPLATE: Detectors = 1 << 4;
/// The detector [`indirect`].
pub(super) const INDIRECT: Detectors = 1 << 5;
/// The detector [`keyword`].
const KEYWORD: Detectors = 1 << 6;

static KEYWORDS: LazyLock<Keywords> = LazyLock::new(|| {
    Keywords::new(&[
        (CODE, code::KEYWORDS),
        (DOCUMENT, document::KEYWORDS),
        (TERRAFORM, terraform::KEYWORDS),
        (LIBRARY, library::KEYWORDS),
        (TEMPLATE, document::WORTH),
        (INDIRECT, indirect::KEYWORDS),
        (KEYWORD, keyword::KEYWORDS),
    ])
});

/// A text that detectors look at.
#[derive(Debug)]
pub struct Text<'a> {
    /// As it is written.
    pub(super) written: &'a str,
    /// With ASCII letters in lower case: every place in it is the same as in the text.
    pub(super) lower: String,
    /// The detectors of which a keyword stands there.
    detectors: Detectors,
    /// The keywords of [`keyword`].
    keywords: Vec<(Range<usize>, &'static str)>,
}

impl<'a> Text<'a> {
    /// Looks for the keywords of all detectors.
    pub fn new(text: &'a str) -> Self {
        let lower = text.to_ascii_lowercase();
        let (mut detectors, mut all) = (0, Vec::new());
        KEYWORDS.words.each::<()>(lower.as_bytes(), |start, word| {
            let (written, of) = KEYWORDS.of[word];
            detectors |= of;
            if of & KEYWORD != 0 {
                all.push((start..start + written.len(), written));
            }
            ControlFlow::Continue(())
        });
        Self { written: text, lower, detectors, keywords: apart(all) }
    }

    /// Whether a keyword of one of these detectors stands there, in whatever case.
    pub(super) fn has(&self, detectors: Detectors) -> bool {
        self.detectors & detectors != 0
    }

    /// The keywords of [`keyword`] as their table has them, and where each stands.
    pub(super) fn keywords(&self) -> impl Iterator<Item = (Range<usize>, &'static str)> {
        self.keywords.iter().cloned()
    }
}

/// Leaves of keywords that overlap the one that ends first, and of those that end together the longest.
fn apart(mut all: Vec<(Range<usize>, &'static str)>) -> Vec<(Range<usize>, &'static str)> {
    all.sort_by_key(|(at, _)| (at.end, at.start));
    let mut end = 0;
    all.retain(|(at, _)| {
        let apart = at.start >= end;
        if apart {
            end = at.end;
        }
        apart
    });
    all
}

/// The keywords of all detectors.
#[derive(Debug)]
struct Keywords {
    /// In lower case.
    words: Words,
    /// Per word: as its last detector writes it, and of which detectors it is a keyword.
    of: Vec<(&'static str, Detectors)>,
}

impl Keywords {
    fn new(detectors: &[(Detectors, &[&'static str])]) -> Self {
        let mut by_lower: BTreeMap<Vec<u8>, (&'static str, Detectors)> = BTreeMap::new();
        for (detector, keywords) in detectors {
            for keyword in *keywords {
                let word = by_lower.entry(keyword.as_bytes().to_ascii_lowercase()).or_insert((keyword, 0));
                // The last list's spelling is what its own detector compares with.
                *word = (keyword, word.1 | detector);
            }
        }
        // Both are in the same order.
        Self { words: Words::new(by_lower.keys().map(Vec::as_slice)), of: by_lower.into_values().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_no_keyword_is_for_no_detector() {
        for text in ["", "cognito", "cognito-id", "ognito-idp", &"user pool, cognito ".repeat(1000)] {
            assert_eq!(Text::new(text).detectors, 0, "{text}");
        }
    }

    #[test]
    fn every_keyword_is_seen_in_every_case_wherever_it_stands() {
        for (word, detectors) in &KEYWORDS.of {
            for written in [word.to_uppercase(), word.to_lowercase(), (*word).to_owned()] {
                for before in [0, 1, 15, 31, 64, 200] {
                    for after in ["", "é", &" ".repeat(100)] {
                        let text = format!("{}{written}{after}", "é".repeat(before));
                        let text = Text::new(&text);
                        assert!(text.has(*detectors), "{text:?}");
                        let alone = detectors & KEYWORD == 0 || text.keywords().any(|(at, _)| at.start == before * 2);
                        assert!(alone, "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn keywords_do_not_overlap() {
        let text = Text::new("x.userPoolProviderUrl, cognito.UserPoolArn COGNITO_user_pools");
        let seen: Vec<_> = text.keywords().map(|(at, word)| (&text.written[at], word)).collect();
        let wanted = [
            ("userPoolProviderUrl", "userPoolProviderUrl"),
            ("cognito.UserPool", "cognito.UserPool"),
            ("COGNITO_user_pools", "COGNITO_USER_POOLS"),
        ];
        assert_eq!(seen, wanted);
    }
}
