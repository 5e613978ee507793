//! What is wrong with a rule, step or decisions file: where, what was expected, what to do. Not why a check is unknown.

use crate::yaml::Place;

/// The longest piece of a file that a message repeats.
const MAX_QUOTED: usize = 80;
/// The longest word for which a similar one is sought.
const MAX_COMPARED: usize = 64;

/// One mistake in one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file as it was named to us.
    pub file: String,
    /// Where in it; `None` if it concerns the file as a whole.
    pub place: Option<Place>,
    /// What is wrong and what was expected.
    pub message: String,
    /// What to do, such as "did you mean `pool.tier`?".
    pub help: Option<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(place) = self.place {
            write!(f, "{}:{}:", place.line, place.column)?;
        }
        write!(f, " {}", self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "\n  help: {help}"))
    }
}

/// Every mistake that was found, sorted by file and place, none twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The mistakes in order.
    pub fn list(&self) -> &[Problem] {
        &self.0
    }

    /// `Ok` if there are none, else all of them in order.
    pub fn none(mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort();
        problems.dedup();
        Err(Self(problems))
    }

    fn text(&self) -> String {
        self.0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    }
}

/// Where the mistakes of one file are collected.
pub(super) struct Sink<'a> {
    file: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(file: &'a str, problems: &'a mut Vec<Problem>) -> Self {
        Self { file, problems }
    }

    /// How many mistakes there are so far, to see whether a part of the file is sound.
    pub(super) fn len(&self) -> usize {
        self.problems.len()
    }

    pub(super) fn add(&mut self, place: Place, message: impl Into<String>) {
        self.add_with(place, message, None);
    }

    pub(super) fn add_with(&mut self, place: Place, message: impl Into<String>, help: Option<String>) {
        let file = self.file.to_owned();
        self.problems.push(Problem { file, place: Some(place), message: message.into(), help });
    }
}

/// A piece of a file in backticks, safe to print and not too long.
pub(super) fn quoted(word: &str) -> String {
    format!("`{}`", escaped(word))
}

/// A piece of a file, safe to print and not too long.
pub(super) fn escaped(word: &str) -> String {
    let mut text: String = word.chars().take(MAX_QUOTED).flat_map(char::escape_debug).collect();
    // `escape_debug` is for Rust literals; quotes need no escape in our messages.
    text = text.replace("\\'", "'").replace("\\\"", "\"");
    let more = if word.chars().nth(MAX_QUOTED).is_some() { "…" } else { "" };
    format!("{text}{more}")
}

/// "did you mean `x`?" for the most similar of the known words, if one is similar enough to be a slip.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    similar(word, known).map(|word| format!("did you mean `{word}`?"))
}

/// The most similar of the known words, if one is similar enough to be a slip.
pub(super) fn similar<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length > MAX_COMPARED {
        return None;
    }
    let limit = match length {
        0..=3 => 1,
        4..=6 => 2,
        _ => (length / 3).min(5),
    };
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|each| (strsim::damerau_levenshtein(&word, &each.to_lowercase()), each))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, each)| each)
}

/// `a, b or c`, each in backticks.
pub(super) fn or_list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_prints_place_and_help() {
        let mut problem = Problem {
            file: "a.yaml".to_owned(),
            place: Some(Place { line: 3, column: 7 }),
            message: "unknown key `levle`".to_owned(),
            help: did_you_mean("levle", ["level", "title"]),
        };
        assert_eq!(problem.to_string(), "a.yaml:3:7: unknown key `levle`\n  help: did you mean `level`?");
        problem.place = None;
        problem.help = None;
        assert_eq!(problem.to_string(), "a.yaml: unknown key `levle`");
    }

    #[test]
    fn problems_are_sorted_and_none_twice() {
        let problem = |file: &str, line| Problem {
            file: file.to_owned(),
            place: Some(Place { line, column: 1 }),
            message: "m".to_owned(),
            help: None,
        };
        let all = vec![problem("b", 1), problem("a", 10), problem("a", 2), problem("b", 1)];
        let problems = Problems::none(all).unwrap_err();
        assert_eq!(problems.to_string(), "a:2:1: m\na:10:1: m\nb:1:1: m");
        assert_eq!(Problems::none(Vec::new()), Ok(()));
    }

    #[test]
    fn only_slips_are_suggested() {
        for (word, known, want) in [
            ("pool.teir", vec!["pool.tier", "pool.name"], Some("pool.tier")),
            ("ACTIV", vec!["ACTIVE", "INACTIVE"], Some("ACTIVE")),
            ("active", vec!["INACTIVE", "ACTIVE"], Some("ACTIVE")),
            ("xx", vec!["in", "all"], None),
            ("quite_different", vec!["level", "title"], None),
        ] {
            assert_eq!(similar(word, known), want, "{word}");
        }
        assert_eq!(similar(&"a".repeat(10_000), ["a"]), None);
    }

    #[test]
    fn what_a_file_says_cannot_reach_the_terminal_raw() {
        assert_eq!(quoted("a\u{1b}[31m'b'"), "`a\\u{1b}[31m'b'`");
        assert_eq!(quoted(&"x".repeat(200)).chars().count(), 83);
    }

    #[test]
    fn lists_of_words() {
        assert_eq!(or_list(["a"]), "`a`");
        assert_eq!(or_list(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
