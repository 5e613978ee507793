//! Versions and ranges as package managers write them, for one question: can what this range allows accept the updated
//! issuer?
//!
//! Not a resolver: pre-releases count as just below their release, what is no version (a tag, a path, a branch) is any.

use super::table::Library;

/// A version: up to four numbers, and whether it is the release and not one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    numbers: [u64; 4],
    release: bool,
}

/// The versions from the first, inclusive, to the second, exclusive.
type Interval = (Version, Option<Version>);

/// What a version or range says of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No version that it allows accepts the updated issuer.
    Affected,
    /// It may be one that does, or one that nobody has looked at.
    Open,
    /// Every version that it allows does.
    Knows,
}

/// The language of ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// npm's and Composer's: a bare version is that version, spaces join.
    Npm,
    /// Python's, and Poetry's additions: a bare version is that version.
    Python,
    /// Cargo's: a bare version is what is compatible with it.
    Cargo,
    /// Ruby's and Elixir's: `~> 1.2` goes up to 2.
    Ruby,
    /// Maven's, Gradle's, `NuGet`'s, Go's, Swift's: a bare version is that version; brackets say intervals.
    Plain,
}

impl Version {
    const ZERO: Version = Version { numbers: [0; 4], release: false };

    /// Reads one whole version, with or without `v`, and how many numbers it has.
    fn read(text: &str) -> Option<(Version, usize)> {
        let text = text.trim().trim_start_matches(['v', 'V']);
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let mut numbers = [0; 4];
        let (mut count, mut rest) = (0, text);
        while count < 4 {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 12 {
                break;
            }
            numbers[count] = rest[..digits].parse().ok()?;
            count += 1;
            rest = &rest[digits..];
            match rest.strip_prefix('.') {
                Some(more) if more.starts_with(|c: char| c.is_ascii_digit()) => rest = more,
                _ => break,
            }
        }
        let tail = rest.trim_start_matches(['.', '-', '_']).to_ascii_lowercase();
        let before =
            ["a", "b", "c", "rc", "dev", "pre", "alpha", "beta", "canary", "next", "snapshot", "m", "unstable"];
        let fits = tail.is_empty() || tail.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        let named = tail.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
        let release = !before.iter().any(|word| tail.starts_with(word)) || named.starts_with("post");
        (count > 0 && fits).then_some((Version { numbers, release }, count))
    }

    /// Reads one whole version.
    pub(super) fn exact(text: &str) -> Option<Version> {
        Version::read(text).map(|(version, _)| version)
    }

    /// The smallest version in which the number at `place` is one more.
    fn bumped(self, place: usize) -> Version {
        let mut numbers = self.numbers;
        numbers[place] = numbers[place].saturating_add(1);
        numbers[place + 1..].fill(0);
        Version { numbers, release: false }
    }

    /// The smallest version above this one.
    fn after(self) -> Version {
        if !self.release {
            return Version { release: true, ..self };
        }
        let mut numbers = self.numbers;
        numbers[3] = numbers[3].saturating_add(1);
        Version { numbers, release: false }
    }

    /// This version and all before it that lead to it.
    fn floor(self) -> Version {
        Version { release: false, ..self }
    }
}

/// What a version or range, as it is written, says of a library.
pub(super) fn judge(library: &Library, range: &str, syntax: Syntax) -> Verdict {
    let Some(intervals) = intervals(range, syntax) else { return Verdict::Open };
    let newest = library.newest.as_deref().and_then(Version::exact);
    if let Some(knows) = library.knows.as_deref().and_then(Version::exact) {
        return if intervals.iter().all(|(from, _)| *from >= knows) {
            Verdict::Knows
        } else if intervals.iter().all(|(_, to)| to.is_some_and(|to| to <= knows)) {
            Verdict::Affected
        } else {
            Verdict::Open
        };
    }
    // No version is known to accept it. One newer than what was looked at may, so an exact one or a lower bound above
    // that, or no upper bound at all, is open; a range with an end was looked at as far as it went.
    let looked_at = |(from, to): &Interval| to.is_some() && newest.is_some_and(|newest| *from <= newest);
    if intervals.iter().all(looked_at) { Verdict::Affected } else { Verdict::Open }
}

/// Whether this is one version and no range.
pub(super) fn is_exact(range: &str, syntax: Syntax) -> bool {
    intervals(range, syntax).is_some_and(
        |all| matches!(all.as_slice(), [(from, Some(to))] if from.after() == *to || from.floor() == to.floor()),
    )
}

/// What the range allows; none if it is no range of versions, such as a tag or a path.
fn intervals(range: &str, syntax: Syntax) -> Option<Vec<Interval>> {
    let range = range.trim().trim_matches(['"', '\'']).trim();
    if range.is_empty() || matches!(range, "*" | "x" | "X" | "latest" | "any") {
        return Some(vec![(Version::ZERO, None)]);
    }
    if syntax == Syntax::Plain && range.starts_with(['[', '(']) {
        return Some(vec![bracketed(range)?]);
    }
    range.replace(" or ", "||").replace("||", "|").split('|').map(|part| all_of(part, syntax)).collect()
}

/// An interval as Maven and `NuGet` write it.
fn bracketed(range: &str) -> Option<Interval> {
    let inner = range.trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
    let Some((low, high)) = inner.split_once(',') else {
        let version = Version::exact(inner)?;
        return Some((version, Some(version.after())));
    };
    let from = if low.trim().is_empty() { Version::ZERO } else { Version::exact(low)? };
    let to = match high.trim() {
        "" => None,
        high => Some(Version::exact(high).map(|to| if range.ends_with(']') { to.after() } else { to.floor() })?),
    };
    Some((from, to))
}

/// What all comparators of one alternative allow together.
fn all_of(part: &str, syntax: Syntax) -> Option<Interval> {
    let part = part.replace(" and ", ",");
    if let Some((low, high)) = part.split_once(" - ") {
        let ((low, _), (high, count)) = (Version::read(low)?, Version::read(high)?);
        return Some((low, Some(if count < 3 { high.bumped(count - 1) } else { high.after() })));
    }
    let mut meet = (Version::ZERO, None);
    for comparator in comparators(&part) {
        let (from, to) = one(&comparator, syntax)?;
        meet.0 = Ord::max(meet.0, from);
        meet.1 = match (meet.1, to) {
            (Some(a), Some(b)) => Some(Ord::min(a, b)),
            (a, b) => a.or(b),
        };
    }
    Some(meet)
}

/// Splits at commas and at spaces, but not between an operator and its version.
fn comparators(part: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in part.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
        match all.last_mut() {
            Some(last) if last.bytes().all(|b| b"<>=~^!".contains(&b)) => last.push_str(word),
            _ => all.push(word.to_owned()),
        }
    }
    all
}

/// What one comparator allows.
fn one(comparator: &str, syntax: Syntax) -> Option<Interval> {
    let at = comparator.bytes().take_while(|b| b"<>=~^!".contains(b)).count();
    let (operator, written) = comparator.split_at(at);
    let written = written.trim_start_matches(['v', 'V']);
    // `1.2.x`, `1.2.*`, Gradle's `1.2.+`
    let stars = [".*", ".x", ".X", ".+"];
    let cut = stars.iter().filter_map(|star| written.find(star)).min();
    let (version, count) = Version::read(written.get(..cut.unwrap_or(written.len()))?)?;
    let wild = cut.is_some();
    let partial = wild || (count < 3 && syntax == Syntax::Npm);
    let last = count.saturating_sub(1).min(3);
    let caret = || {
        let place = version.numbers.iter().take(count).position(|number| *number > 0).unwrap_or(last);
        (version, Some(version.bumped(place.min(2))))
    };
    let only =
        || if partial { (version.floor(), Some(version.bumped(last))) } else { (version, Some(version.after())) };
    Some(match operator {
        "^" => caret(),
        "~" if syntax == Syntax::Npm || syntax == Syntax::Python || syntax == Syntax::Cargo => {
            (version, Some(version.bumped(usize::from(count > 1))))
        }
        "~=" | "~>" | "~" => (version, Some(version.bumped(last.saturating_sub(1)))),
        ">=" => (version, None),
        ">" => (if partial { version.bumped(last) } else { version.after() }, None),
        "<" => (Version::ZERO, Some(version.floor())),
        "<=" => (Version::ZERO, Some(if partial { version.bumped(last) } else { version.after() })),
        "!=" => (Version::ZERO, None),
        "" if syntax == Syntax::Cargo && !wild => caret(),
        "" | "=" | "==" | "===" => only(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::*;

    fn verdict(library: &str, range: &str, syntax: Syntax) -> Verdict {
        judge(table::get(library).expect("in the table"), range, syntax)
    }

    #[test]
    fn ranges_of_npm() {
        use Verdict::{Affected, Knows, Open};
        for (range, wanted) in [
            ("4.0.1", Affected),
            ("=4.0.1", Affected),
            ("v4.0.1", Affected),
            ("^4.0.1", Affected),
            ("~5.1.0", Affected),
            ("5.1", Affected),
            ("5.1.x", Affected),
            ("^3.4.0 || ^4.0.0", Affected),
            (">=3 <5", Affected),
            ("1.0.0 - 5.1.1", Affected),
            ("<5.2.0", Affected),
            ("5.2.0-beta.1", Affected),
            ("^5.0.0", Open),
            ("^3.4.0 || ^4.0.0 || ^5.0.0", Open),
            ("5", Open),
            ("5.x", Open),
            (">=4", Open),
            (">= 4.0.0", Open),
            ("*", Open),
            ("latest", Open),
            ("", Open),
            ("next", Open),
            ("1.0.0 - 5", Open),
            ("<=5.2", Open),
            ("5.2.0", Knows),
            ("^5.2.1", Knows),
            (">=5.2.0", Knows),
            (">5.2", Knows),
            ("6", Knows),
        ] {
            assert_eq!(verdict("aws-jwt-verify", range, Syntax::Npm), wanted, "{range}");
        }
    }

    #[test]
    fn ranges_of_libraries_that_never_learned_it() {
        use Verdict::{Affected, Open};
        for (library, range, syntax, wanted) in [
            ("cognitojwt", "==1.4.1", Syntax::Python, Affected),
            ("cognitojwt", "==1.*", Syntax::Python, Affected),
            ("cognitojwt", "~=1.4", Syntax::Python, Affected),
            ("cognitojwt", "^1.4", Syntax::Python, Affected),
            ("cognitojwt", ">=1.2,<2", Syntax::Python, Affected),
            ("cognitojwt", ">=1.2", Syntax::Python, Open),
            ("cognitojwt", "==1.5.0", Syntax::Python, Open),
            ("cognitojwt", "", Syntax::Python, Open),
            ("chalice-cognito-auth", "2.5.1.post3", Syntax::Python, Affected),
            ("jwt-verify", "0.1", Syntax::Cargo, Affected),
            ("jwt-verify", "0.2", Syntax::Cargo, Open),
            ("jwt-verify", "*", Syntax::Cargo, Open),
            ("ueberauth-cognito", "~> 0.4", Syntax::Ruby, Open),
            ("ueberauth-cognito", ">= 0.3.0 and < 0.5.0", Syntax::Ruby, Open),
            ("ueberauth-cognito", ">= 0.3.0", Syntax::Ruby, Open),
            ("aws-cdk-lib", "[2.0,3.0)", Syntax::Plain, Affected),
            ("aws-cdk-lib", "[2.0,)", Syntax::Plain, Open),
            ("aws-cdk-lib", "2.300.0", Syntax::Plain, Open),
        ] {
            assert_eq!(verdict(library, range, syntax), wanted, "{library} {range}");
        }
    }

    #[test]
    fn one_version_is_exact() {
        for (range, syntax, wanted) in [
            ("4.0.1", Syntax::Npm, true),
            ("==4.0", Syntax::Python, true),
            ("4", Syntax::Npm, false),
            ("^4.0.1", Syntax::Npm, false),
            ("0.1.3", Syntax::Cargo, false),
            ("=0.1.3", Syntax::Cargo, true),
            ("[1.0]", Syntax::Plain, true),
            (">=4.0.1", Syntax::Npm, false),
        ] {
            assert_eq!(is_exact(range, syntax), wanted, "{range}");
        }
    }
}
