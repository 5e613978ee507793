//! The first look at every file: does it hold any keyword of any detector, without regard to ASCII case?
//!
//! Nearly every file holds none, so this is what a scan costs. A vector search for a few four-byte needles runs over
//! the bytes; where one is found, the keywords that contain it are compared there. Not here: what a keyword means.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use aho_corasick::packed::{Config, MatchKind, Searcher};

/// How long a needle is: what one pass of the vector search tells apart.
const NEEDLE: usize = 4;

/// The keywords of all detectors, ready to be searched for.
#[derive(Debug)]
pub(super) struct Prefilter {
    fast: Option<Searcher>,
    /// Per pattern of `fast`: the keywords that contain it, in lower case, and where.
    keywords: Vec<Vec<(Vec<u8>, usize)>>,
    /// Used where the machine has no vectors.
    slow: AhoCorasick,
    longest: usize,
}

impl Prefilter {
    /// Makes the search for these keywords.
    pub(super) fn new(keywords: &BTreeSet<Vec<u8>>) -> Self {
        let mut patterns = Vec::new();
        let mut of_pattern = Vec::new();
        for (needle, keywords) in needles(keywords) {
            for variant in variants(&needle) {
                patterns.push(variant);
                of_pattern.push(keywords.clone());
            }
        }
        let usable = of_pattern.iter().flatten().all(|(keyword, _)| keyword.len() >= NEEDLE);
        let mut config = Config::new();
        let mut builder = config.match_kind(MatchKind::LeftmostFirst).heuristic_pattern_limits(false).builder();
        builder.extend(&patterns);
        let fast = if usable { builder.build() } else { None };
        let slow = AhoCorasick::builder().ascii_case_insensitive(true).build(keywords);
        Self {
            fast,
            keywords: of_pattern,
            slow: slow.expect("a few short keywords are an automaton"),
            longest: keywords.iter().map(Vec::len).max().unwrap_or(0),
        }
    }

    /// How many bytes of one piece have to be seen again with the next, so that no keyword is cut in two.
    pub(super) fn overlap(&self) -> usize {
        self.longest.saturating_sub(1)
    }

    /// Whether the bytes hold a keyword.
    pub(super) fn matches(&self, bytes: &[u8]) -> bool {
        let Some(fast) = self.fast.as_ref().filter(|fast| bytes.len() >= fast.minimum_len()) else {
            return self.slow.is_match(bytes);
        };
        let mut from = 0;
        while let Some(found) = fast.find_in(bytes, (from..bytes.len()).into()) {
            let at = found.start();
            let here = |(keyword, offset): &(Vec<u8>, usize)| {
                let start = at.checked_sub(*offset);
                let held = start.and_then(|start| bytes.get(start..start + keyword.len()));
                held.is_some_and(|held| held.eq_ignore_ascii_case(keyword))
            };
            if self.keywords[found.pattern().as_usize()].iter().any(here) {
                return true;
            }
            from = at + 1;
            if bytes.len() - from < fast.minimum_len() {
                return self.slow.is_match(&bytes[from.saturating_sub(self.overlap())..]);
            }
        }
        false
    }
}

/// The needles that cover all keywords, with the keywords each stands for and its place in them: few, since each costs
/// a place in the vector search, then rare, since each find has to be looked at.
fn needles(keywords: &BTreeSet<Vec<u8>>) -> BTreeMap<Vec<u8>, Vec<(Vec<u8>, usize)>> {
    let mut left: BTreeSet<Vec<u8>> = keywords.iter().map(|keyword| keyword.to_ascii_lowercase()).collect();
    let mut chosen = BTreeMap::new();
    while !left.is_empty() {
        let mut candidates: BTreeMap<&[u8], usize> = BTreeMap::new();
        for keyword in &left {
            let parts: BTreeSet<&[u8]> = keyword.windows(NEEDLE.min(keyword.len()).max(1)).collect();
            for part in parts {
                *candidates.entry(part).or_default() += 1;
            }
        }
        let best = candidates.iter().max_by_key(|(part, count)| (**count, rarity(part)));
        let Some(needle) = best.map(|(part, _)| part.to_vec()) else { break };
        let place = |keyword: &[u8]| keyword.windows(needle.len()).position(|part| part == needle);
        let covered: Vec<_> = left.iter().filter_map(|keyword| Some((keyword.clone(), place(keyword)?))).collect();
        left.retain(|keyword| place(keyword).is_none());
        chosen.insert(needle, covered);
    }
    chosen
}

/// How rare a few bytes are in source text, in a scale of its own.
fn rarity(part: &[u8]) -> usize {
    // Letters by how often they stand in English and in code, the frequent ones first.
    const FREQUENT: &[u8] = b"etaoinsrlcdpum. hgfb_-\"'y/vwkxjqz0123456789";
    part.iter().map(|byte| FREQUENT.iter().position(|other| other == byte).unwrap_or(FREQUENT.len())).sum()
}

/// A needle in every mixture of cases.
fn variants(needle: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for byte in needle {
        let cases = BTreeSet::from([byte.to_ascii_lowercase(), byte.to_ascii_uppercase()]);
        all = all.iter().flat_map(|head| cases.iter().map(|case| [head.as_slice(), &[*case]].concat())).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefilter(keywords: &[&str]) -> Prefilter {
        Prefilter::new(&keywords.iter().map(|keyword| keyword.as_bytes().to_vec()).collect())
    }

    #[test]
    fn a_keyword_is_found_anywhere_in_any_case() {
        let prefilter = prefilter(&["cognito-idp", "COGNITO_USER_POOLS", "jwt-verify", "sso"]);
        for keyword in ["cognito-idp", "Cognito-IDP", "cognito_user_pools", "JWT-Verify", "sSo"] {
            for before in [0, 1, 3, 15, 16, 31, 63, 200] {
                for after in [0, 1, 40] {
                    let text = format!("{}{keyword}{}", ".".repeat(before), "x".repeat(after));
                    assert!(prefilter.matches(text.as_bytes()), "{text}");
                    assert!(!prefilter.matches(&text.as_bytes()[..before + keyword.len() - 1]), "{text}");
                }
            }
        }
    }

    #[test]
    fn part_of_a_keyword_is_none() {
        let prefilter = prefilter(&["cognito-idp", "aws_cognito_user_pool"]);
        assert!(!prefilter.matches(b"cognito cognito_user_pool cognition ognito-idp cognito-id"));
        assert!(!prefilter.matches("cognito ".repeat(1000).as_bytes()));
        assert!(prefilter.matches(format!("{}cognito-idp", "cognito ".repeat(1000)).as_bytes()));
    }

    #[test]
    fn few_needles_stand_for_many_keywords() {
        let keywords = ["cognito-idp", "authenticate-cognito", "COGNITO_USER_POOLS", "pycognito", "jwt-verify"];
        let needles = needles(&keywords.iter().map(|keyword| keyword.as_bytes().to_vec()).collect());
        assert_eq!(needles.len(), 2, "{needles:?}");
    }
}
