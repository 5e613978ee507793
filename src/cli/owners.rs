//! `CODEOWNERS`: who owns a file, as GitHub and GitLab read it. The last line that matches wins, with GitLab per section.
//!
//! Nobody is told and nothing is looked up: owners are the words of the file.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::files;

/// Where the file may be, in the order in which GitHub and GitLab look.
const PLACES: &[&str] = &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];
/// GitHub reads no larger one.
const MAX_BYTES: u64 = 3 * 1024 * 1024;

/// The owners of the files of a repository.
#[derive(Debug, Default)]
pub(super) struct Owners {
    sections: Vec<Section>,
}

/// The lines that are judged together: all of GitHub's, one section of GitLab's.
#[derive(Debug, Default)]
struct Section {
    /// Owners of lines that name none.
    default: Vec<String>,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    pattern: Gitignore,
    /// `docs/*` means the files of the folder itself, unlike in an ignore file.
    below: bool,
    owners: Vec<String>,
}

impl Owners {
    /// Reads the first of the files that is there; nobody owns anything if there is none.
    pub(super) fn read(top: &Path) -> Self {
        for place in PLACES {
            let path = top.join(place);
            let fits = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_BYTES);
            if fits && let Ok(text) = files::read_text(&path) {
                return Self::parse(&text);
            }
        }
        Self::default()
    }

    /// Reads the text of such a file; a line that says nothing useful is passed over.
    fn parse(text: &str) -> Self {
        let mut sections = vec![Section::default()];
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(default) = section(line) {
                sections.push(Section { default, lines: Vec::new() });
                continue;
            }
            let (pattern, rest) = split(line);
            // GitLab: the exclamation mark takes a file out of its section.
            let (excluded, pattern) = pattern.strip_prefix('!').map_or((false, pattern), |rest| (true, rest));
            let mut builder = GitignoreBuilder::new("");
            if pattern.is_empty() || builder.add_line(None, pattern).is_err() {
                continue;
            }
            let Ok(matcher) = builder.build() else { continue };
            let Some(section) = sections.last_mut() else { continue };
            let mut owners = owners(rest);
            if owners.is_empty() && !excluded {
                owners.clone_from(&section.default);
            }
            section.lines.push(Line { pattern: matcher, below: !pattern.ends_with("/*"), owners });
        }
        Self { sections }
    }

    /// Who owns the file with this path below the top.
    pub(super) fn of(&self, path: &str) -> Vec<String> {
        let mut all = Vec::new();
        for section in &self.sections {
            let line = section.lines.iter().rev().find(|line| line.matches(path));
            for owner in line.map(|line| line.owners.as_slice()).unwrap_or_default() {
                if !all.contains(owner) {
                    all.push(owner.clone());
                }
            }
        }
        all
    }
}

impl Line {
    fn matches(&self, path: &str) -> bool {
        let parents = Path::new(path).ancestors().skip(1).take_while(|parent| !parent.as_os_str().is_empty());
        self.pattern.matched(path, false).is_ignore()
            || (self.below && parents.into_iter().any(|parent| self.pattern.matched(parent, true).is_ignore()))
    }
}

/// The default owners of a section, if the line begins one: `[Name]`, `^[Optional]`, `[Two approvals][2] @team`.
fn section(line: &str) -> Option<Vec<String>> {
    let rest = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (name, rest) = rest.split_once(']')?;
    let rest = rest.strip_prefix('[').and_then(|count| count.split_once(']')).map_or(rest, |(_, rest)| rest);
    let ends = rest.is_empty() || rest.starts_with([' ', '\t']);
    (!name.is_empty() && ends).then(|| owners(rest))
}

/// The words up to a comment.
fn owners(text: &str) -> Vec<String> {
    text.split_whitespace().take_while(|word| !word.starts_with('#')).map(str::to_owned).collect()
}

/// The pattern, in which a space is written `\ `, and what follows.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        if c.is_whitespace() && !escaped {
            return line.split_at(at);
        }
        escaped = c == '\\' && !escaped;
    }
    (line, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_matches_wins() {
        let text = "# all\n* @all\n*.js @js # why\n/apps/ @apps\ndocs/* @docs\n/with\\ space/ @space\n/apps/free\nlib/**/x @x a@b.example\n\
            ! @nobody\n";
        let owners = Owners::parse(text);
        for (path, wanted) in [
            ("a.py", &["@all"][..]),
            ("deep/er/a.js", &["@js"]),
            ("apps/a/b.js", &["@apps"]),
            ("other/apps/b.py", &["@all"]),
            ("docs/a.md", &["@docs"]),
            ("docs/more/a.md", &["@all"]),
            ("with space/a", &["@space"]),
            ("apps/free/a.ts", &[]),
            ("lib/a/b/x", &["@x", "a@b.example"]),
        ] {
            assert_eq!(owners.of(path), wanted, "{path}");
        }
        assert_eq!(Owners::default().of("a"), Vec::<String>::new());
    }

    #[test]
    fn sections_count_each() {
        let text = "* @all\n[Backend][2] @backend\n/api/\n*.go @go\n!/api/skip.go\n^[Docs]\n*.md @writers @all\n[odd] file\n[bad\n";
        let owners = Owners::parse(text);
        for (path, wanted) in [
            ("api/a.py", &["@all", "@backend"][..]),
            ("api/a.go", &["@all", "@go"]),
            ("api/skip.go", &["@all"]),
            ("api/a.md", &["@all", "@backend", "@writers"]),
        ] {
            assert_eq!(owners.of(path), wanted, "{path}");
        }
    }
}
