//! Many words searched for in one pass, all occurrences of each, overlapping ones too.
//!
//! An automaton looks at one byte after the other; here a vector search runs over the bytes for a few four-byte needles, and
//! only where one stands the words that contain it are compared. Not here: which words, and what they mean.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use aho_corasick::packed::{Config, MatchKind, Searcher};

use super::prefilter;

/// Words, ready to be searched for as they are written.
#[derive(Debug)]
pub(super) struct Words {
    /// In order, none twice.
    all: Vec<Vec<u8>>,
    /// None where the machine has no vectors.
    fast: Option<Fast>,
    /// Made only where it is needed: it costs more than searching most texts.
    slow: OnceLock<AhoCorasick>,
}

#[derive(Debug)]
struct Fast {
    searcher: Searcher,
    /// Per pattern: the words that contain it, and where.
    held: Vec<Vec<(usize, usize)>>,
}

impl Words {
    /// Makes the search; a word that is given twice counts once.
    pub(super) fn new<'w>(words: impl IntoIterator<Item = &'w [u8]>) -> Self {
        let distinct: BTreeSet<Vec<u8>> =
            words.into_iter().filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect();
        let all: Vec<Vec<u8>> = distinct.iter().cloned().collect();
        Self { fast: fast(distinct, &all), all, slow: OnceLock::new() }
    }

    /// How many bytes a word has.
    pub(super) fn length(&self, word: usize) -> usize {
        self.all[word].len()
    }

    /// Shows where each occurrence of each word begins, with the word's number in the order of all words; the occurrences in
    /// no order that anybody may rely on.
    pub(super) fn each<B>(&self, bytes: &[u8], mut show: impl FnMut(usize, usize) -> ControlFlow<B>) -> Option<B> {
        let Some(fast) = &self.fast else { return self.each_slowly(bytes, show) };
        let mut from = 0;
        while let Some(hit) = fast.searcher.find_in(bytes, (from..bytes.len()).into()) {
            from = hit.start() + 1;
            for (word, offset) in &fast.held[hit.pattern().as_usize()] {
                let Some(start) = hit.start().checked_sub(*offset) else { continue };
                let found = &self.all[*word];
                // Most words differ in their last byte already.
                let last = bytes.get(start + found.len() - 1) == found.last();
                if last
                    && bytes[start..start + found.len()] == **found
                    && let ControlFlow::Break(value) = show(start, *word)
                {
                    return Some(value);
                }
            }
        }
        None
    }

    /// Whether any word stands there.
    pub(super) fn any(&self, bytes: &[u8]) -> bool {
        self.each(bytes, |_, _| ControlFlow::Break(())).is_some()
    }

    #[expect(clippy::expect_used, reason = "a few short words are an automaton")]
    fn each_slowly<B>(&self, bytes: &[u8], mut show: impl FnMut(usize, usize) -> ControlFlow<B>) -> Option<B> {
        let automaton = self.slow.get_or_init(|| AhoCorasick::new(&self.all).expect("a few short words"));
        automaton.find_overlapping_iter(bytes).find_map(|hit| show(hit.start(), hit.pattern().as_usize()).break_value())
    }
}

fn fast(all: BTreeSet<Vec<u8>>, words: &[Vec<u8>]) -> Option<Fast> {
    let mut config = Config::new();
    let mut builder = config.match_kind(MatchKind::LeftmostFirst).heuristic_pattern_limits(false).builder();
    let mut held = Vec::new();
    for (needle, keywords) in prefilter::needles(all) {
        builder.add(&needle);
        let place = |keyword: &Vec<u8>| words.binary_search(keyword).ok();
        held.push(keywords.iter().filter_map(|(keyword, offset)| Some((place(keyword)?, *offset))).collect());
    }
    // Needles of several lengths may begin at one place, of which a search shows one only.
    let fits = words.iter().all(|word| word.len() >= prefilter::NEEDLE);
    Some(Fast { searcher: builder.build().filter(|_| fits)?, held })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(words: &Words, text: &str) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        words.each::<()>(text.as_bytes(), |start, word| {
            all.push((start, word));
            ControlFlow::Continue(())
        });
        all.sort_unstable();
        all
    }

    const WORDS: [&str; 8] =
        ["cognito", "cognito-idp", "to-idp", "idp.", "user_pool", "l_cogni", "pool", "cognito-idp.user_pool"];

    #[test]
    fn overlapping_words_are_all_found() {
        let words = Words::new(WORDS.map(str::as_bytes));
        let text = "xcognito-idp.user_pool_cognito";
        let wanted = [
            "cognito",
            "cognito-idp",
            "cognito-idp.user_pool",
            "to-idp",
            "idp.",
            "user_pool",
            "pool",
            "l_cogni",
            "cognito",
        ];
        let found: Vec<&[u8]> = all(&words, text).into_iter().map(|(_, word)| words.all[word].as_slice()).collect();
        assert_eq!(found, wanted.map(str::as_bytes));
    }

    #[test]
    fn both_searches_find_the_same_wherever_it_stands() {
        for extra in [&[][..], &[&b"abc"[..]]] {
            let words = Words::new(WORDS.map(str::as_bytes).into_iter().chain(extra.iter().copied()));
            let slow = Words { fast: None, all: words.all.clone(), slow: OnceLock::new() };
            assert_eq!(words.fast.is_some(), extra.is_empty(), "a short word has no needle");
            for before in 0..70 {
                for word in WORDS.iter().copied().chain(["abc", "cognit"]) {
                    let text = format!("{}{word}{}", "o".repeat(before), "-idp.user_pool".repeat(before % 5));
                    let found = all(&words, &text);
                    assert_eq!(found, all(&slow, &text), "{text}");
                    assert_eq!(words.any(text.as_bytes()), !found.is_empty());
                    assert_eq!(
                        found.iter().any(|(at, _)| *at == before),
                        words.all.contains(&word.as_bytes().to_vec())
                    );
                }
            }
        }
    }
}
