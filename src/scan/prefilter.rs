//! The first look at every file: does it hold any keyword of any detector? And which detectors have to look at it?
//!
//! Nearly every file holds none, so this is what a scan costs. A vector search for a few short needles runs over
//! the bytes; where one is found, the keywords that contain it are compared there. Not here: what a keyword means.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::packed::{Config, MatchKind, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// How long a needle is that is chosen for keywords nobody chose one for.
pub(super) const NEEDLE: usize = 4;
/// The most patterns of one vector search.
const MOST_PATTERNS: usize = 64;
/// A needle for each keyword there is, in lower case, and the spellings in which people write it: lower, upper, or with a
/// capital where a word begins. Nearly all keywords hold `cognito`; few and rare ones for the others keep the search fast,
/// and so does their length: three bytes take the vector search two thirds of the time of four, and two stand everywhere.
/// Keywords without one of these still count, at the cost of a second search.
const NEEDLES: [(&str, &[&str]); 10] = [
    ("ogn", &["ogn", "OGN"]),
    ("ola", &["olA"]),
    ("olp", &["olP"]),
    ("ol_", &["ol_"]),
    ("wt-", &["wt-"]),
    // Of CloudFormation's attribute only: `providerUrl` is many things.
    ("rur", &["rUR"]),
    ("dau", &["dau"]),
    ("xtj", &["xtj"]),
    ("h2_", &["H2_"]),
    ("l_j", &["L_J"]),
];

/// The keywords of all detectors, ready to be searched for.
#[derive(Debug)]
pub(super) struct Prefilter {
    /// None where the machine has no vectors, or a keyword is too short for them.
    fast: Option<Vec<Fast>>,
    slow: AhoCorasick,
    longest: usize,
}

/// A vector search.
#[derive(Debug)]
struct Fast {
    searcher: Searcher,
    /// Per pattern: the keywords that contain it.
    groups: Vec<Group>,
}

/// Keywords that contain one needle.
#[derive(Debug)]
struct Group {
    /// What all of them have around it, in lower case, and where in that it stands: most finds are told apart by this alone.
    common: (Vec<u8>, usize),
    /// Each in lower case, and where in it the needle stands.
    keywords: Vec<(Vec<u8>, usize)>,
}

impl Group {
    fn new(needle: usize, keywords: &[(Vec<u8>, usize)]) -> Self {
        let first = keywords.first().cloned().unwrap_or_default();
        let (mut start, mut end) = (first.1, first.1 + needle);
        let all = |there: &dyn Fn(&[u8], usize) -> Option<u8>| {
            let wanted = there(&first.0, first.1);
            wanted.is_some() && keywords.iter().all(|(keyword, offset)| there(keyword, *offset) == wanted)
        };
        while start > 0 && all(&|keyword, offset| Some(keyword[(offset + start).checked_sub(first.1 + 1)?])) {
            start -= 1;
        }
        while all(&|keyword, offset| keyword.get(offset + end - first.1).copied()) {
            end += 1;
        }
        let common = first.0.get(start..end).unwrap_or_default().to_vec();
        Self { common: (common, first.1 - start), keywords: keywords.to_vec() }
    }

    /// Whether one of the keywords stands around a needle that was found at `at`.
    fn holds(&self, bytes: &[u8], at: usize) -> bool {
        let here = |(keyword, offset): &(Vec<u8>, usize)| {
            let start = at.checked_sub(*offset);
            let held = start.and_then(|start| bytes.get(start..start + keyword.len()));
            held.is_some_and(|held| held.eq_ignore_ascii_case(keyword))
        };
        here(&self.common) && self.keywords.iter().any(here)
    }
}

/// A pattern, and the keywords that contain it.
type Pattern = (Vec<u8>, Vec<(Vec<u8>, usize)>);

impl Prefilter {
    /// Makes the search for the keywords of some detectors.
    pub(super) fn of(keywords: &[&[&str]]) -> Self {
        let keywords = keywords.iter().copied().flatten();
        Self::new(&keywords.map(|keyword| keyword.as_bytes().to_ascii_lowercase()).collect())
    }

    /// Makes the search for these keywords, which are in lower case.
    #[expect(clippy::expect_used, reason = "only a huge set of keywords is no automaton")]
    pub(super) fn new(keywords: &BTreeSet<Vec<u8>>) -> Self {
        let mut left = keywords.clone();
        let mut known: Vec<Pattern> = Vec::new();
        for (needle, spellings) in NEEDLES {
            let needle = needle.as_bytes();
            // A keyword is looked for by every needle in it: one may lack the case in which it is written.
            let held = take(&mut keywords.clone(), needle);
            take(&mut left, needle);
            if !held.is_empty() {
                known.extend(spellings.iter().map(|spelling| (spelling.as_bytes().to_vec(), held.clone())));
            }
        }
        let others: Vec<Pattern> = needles(left)
            .into_iter()
            .flat_map(|(needle, held)| variants(&needle).into_iter().map(move |pattern| (pattern, held.clone())))
            .collect();
        let usable = keywords.iter().all(|keyword| keyword.len() >= NEEDLE);
        let searches = [known].into_iter().chain(others.chunks(MOST_PATTERNS).map(<[Pattern]>::to_vec));
        let fast = searches
            .filter(|patterns| !patterns.is_empty())
            .map(|patterns| fast(&patterns))
            .collect::<Option<Vec<Fast>>>();
        // With vectors it searches the ends of files only, where a faster automaton saves less than making it takes.
        let slow = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(fast.is_some().then_some(AhoCorasickKind::ContiguousNFA))
            .build(keywords);
        Self {
            fast: fast.filter(|_| usable),
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
        let Some(searches) = &self.fast else { return self.slow.is_match(bytes) };
        let shortest = searches.iter().map(|fast| fast.searcher.minimum_len()).max().unwrap_or(0);
        if bytes.len() < shortest {
            return self.slow.is_match(bytes);
        }
        searches.iter().any(|fast| self.holds(fast, bytes))
    }

    fn holds(&self, fast: &Fast, bytes: &[u8]) -> bool {
        let mut from = 0;
        while let Some(found) = fast.searcher.find_in(bytes, (from..bytes.len()).into()) {
            if fast.groups[found.pattern().as_usize()].holds(bytes, found.start()) {
                return true;
            }
            from = found.start() + 1;
            if bytes.len() - from < fast.searcher.minimum_len() {
                return self.slow.is_match(&bytes[from.saturating_sub(self.overlap())..]);
            }
        }
        false
    }
}

fn fast(patterns: &[Pattern]) -> Option<Fast> {
    let mut config = Config::new();
    let mut builder = config.match_kind(MatchKind::LeftmostFirst).heuristic_pattern_limits(false).builder();
    builder.extend(patterns.iter().map(|(pattern, _)| pattern));
    let groups = patterns.iter().map(|(pattern, keywords)| Group::new(pattern.len(), keywords)).collect();
    Some(Fast { searcher: builder.build()?, groups })
}

/// Takes the keywords that contain a needle out of those that are left, with its place in each.
fn take(left: &mut BTreeSet<Vec<u8>>, needle: &[u8]) -> Vec<(Vec<u8>, usize)> {
    let place = |keyword: &[u8]| keyword.windows(needle.len()).position(|part| part == needle);
    let held = left.iter().filter_map(|keyword| Some((keyword.clone(), place(keyword)?))).collect();
    left.retain(|keyword| place(keyword).is_none());
    held
}

/// Needles that cover all these keywords, with the keywords each stands for and its place in them: few, since each costs
/// a place in the vector search, then rare, since each find has to be looked at.
pub(super) fn needles(mut left: BTreeSet<Vec<u8>>) -> BTreeMap<Vec<u8>, Vec<(Vec<u8>, usize)>> {
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
        let covered = take(&mut left, &needle);
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
        Prefilter::new(&keywords.iter().map(|keyword| keyword.as_bytes().to_ascii_lowercase()).collect())
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
    fn the_keywords_there_are_need_one_search_and_are_found_as_they_are_written() {
        use crate::scan::{code, document, indirect, library, terraform};
        let all = [code::KEYWORDS, document::KEYWORDS, terraform::KEYWORDS, library::KEYWORDS, indirect::KEYWORDS];
        let prefilter = Prefilter::of(&all);
        for keyword in all.into_iter().flatten() {
            let lower = keyword.to_lowercase();
            let needles: Vec<_> = NEEDLES.iter().filter(|(needle, _)| lower.contains(needle)).collect();
            assert!(!needles.is_empty(), "no needle for `{keyword}`: scanning takes longer");
            let also = needles.iter().any(|(needle, spellings)| spellings.contains(needle)).then_some(lower.as_str());
            for keyword in std::iter::once(*keyword).chain(also) {
                assert!(prefilter.matches(format!("{keyword:>80}{:80}", "").as_bytes()), "{keyword}");
            }
        }
        for fast in prefilter.fast.iter().flatten() {
            assert!(fast.groups.len() <= 32, "{} patterns", fast.groups.len());
        }
    }

    #[test]
    fn what_keywords_have_in_common_is_found_around_their_needle() {
        let group = |keywords: &[&str]| {
            let held: Vec<_> =
                keywords.iter().map(|word| (word.as_bytes().to_vec(), word.find("ogn").expect("in it"))).collect();
            let (common, offset) = Group::new(3, &held).common;
            (String::from_utf8(common).expect("ASCII"), offset)
        };
        assert_eq!(group(&["cognito-idp", "aws::cognito", "cognito_jwt"]), ("cognito".to_owned(), 1));
        assert_eq!(group(&["xcognito", "xcognitx"]), ("xcognit".to_owned(), 2));
        assert_eq!(group(&["ogn", "cogn"]), ("ogn".to_owned(), 0));
        assert_eq!(group(&["pycognito"]), ("pycognito".to_owned(), 3));
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
        let needles = needles(keywords.iter().map(|keyword| keyword.as_bytes().to_ascii_lowercase()).collect());
        assert_eq!(needles.len(), 2, "{needles:?}");
    }
}
