//! Manifests and lock files: which versions of the libraries in the table they name.
//!
//! Each format is read at the places where a package's name stands, by the text around it; no file is parsed as a whole,
//! so that a truncated one gives what it has and a large one costs one pass.

mod javascript;
mod others;
mod python;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;

use super::imports::{floor, is_word};
use super::version::{self, Syntax, Verdict};
use super::{Knows, Pin, confidence, pin_found, table};
use crate::scan::found::Found;
use crate::scan::text::Text;
use crate::scan::words::Words;

/// The formats, by what their files are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `package.json`, `deno.json`, an import map, `composer.json`: a key and a range.
    JsonRanges,
    NpmLock,
    YarnLock,
    PnpmLock,
    BunLock,
    DenoLock,
    Requirements,
    /// `pyproject.toml`, `Pipfile`: a key and a range, or strings.
    PythonToml,
    /// `poetry.lock`, `uv.lock`, `pdm.lock`, `Cargo.lock`: `[[package]]`.
    TomlLock,
    PipfileLock,
    SetupPy,
    Conda,
    GoMod,
    CargoToml,
    Gemfile,
    GemfileLock,
    ComposerLock,
    Mix,
    MixLock,
    Pom,
    Gradle,
    MsBuild,
    NuGetLock,
    SwiftPackage,
    SwiftResolved,
    /// Commands that install: Dockerfiles, shell scripts, pipelines.
    Commands,
}

/// A version as a format has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    /// As it is written; empty for any.
    version: String,
    /// Where it ends.
    end: usize,
    syntax: Syntax,
    /// From a lock file.
    locked: bool,
    /// Another package brings it.
    nested: bool,
}

/// A package's name in a text.
struct Name<'a> {
    text: &'a str,
    at: Range<usize>,
}

/// Names, and per name what it may be: the library's place in the table, and the ecosystem.
type Names = (Words, Vec<Vec<(usize, &'static str)>>);

/// Every package's name, with the library's place in the table and the ecosystem.
static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut texts = BTreeSet::new();
    let mut names: BTreeMap<String, Vec<(usize, &str)>> = BTreeMap::new();
    for (place, library) in table::all().iter().enumerate().filter(|(_, library)| library.decides == library.id) {
        for (ecosystem, name) in &library.packages {
            let name = if ecosystem == "maven" { name.split(':').next_back().unwrap_or(name) } else { name };
            let other = if ecosystem == "pypi" { name.replace('-', "_") } else { name.to_owned() };
            for text in [name.to_owned(), other] {
                let of = names.entry(text.to_ascii_lowercase()).or_default();
                if texts.insert((text, ecosystem.as_str())) {
                    of.push((place, ecosystem.as_str()));
                }
            }
        }
    }
    // Both are in the same order.
    (Words::new(names.keys().map(String::as_bytes)), names.into_values().collect())
});

/// Where names of packages stand in a text, in whatever case, with what each may be; by where they end, the longer first.
fn names(lower: &str) -> impl Iterator<Item = (Range<usize>, (usize, &'static str))> {
    let (words, of) = &*NAMES;
    let mut found = Vec::new();
    words.each::<()>(lower.as_bytes(), |start, word| {
        found.push((start + words.length(word), start, word));
        ControlFlow::Continue(())
    });
    found.sort_unstable();
    found.into_iter().flat_map(|(end, start, word)| of[word].iter().map(move |of| (start..end, *of)))
}

/// The format of a file, by its path.
pub(super) fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    let folder = path.strip_suffix(name).unwrap_or_default();
    Some(match lower.as_str() {
        "package.json" | "composer.json" | "deno.json" | "deno.jsonc" | "import_map.json" | "importmap.json"
        | "import-map.json" | "bower.json" | "jsr.json" => Kind::JsonRanges,
        "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" => Kind::NpmLock,
        "yarn.lock" => Kind::YarnLock,
        "pnpm-lock.yaml" => Kind::PnpmLock,
        "bun.lock" => Kind::BunLock,
        "deno.lock" => Kind::DenoLock,
        "pyproject.toml" | "pipfile" => Kind::PythonToml,
        "poetry.lock" | "uv.lock" | "pdm.lock" | "pylock.toml" | "cargo.lock" => Kind::TomlLock,
        "pipfile.lock" => Kind::PipfileLock,
        "setup.py" => Kind::SetupPy,
        "environment.yml" | "environment.yaml" | "conda.yml" | "conda.yaml" | "meta.yaml" => Kind::Conda,
        "go.mod" | "go.sum" => Kind::GoMod,
        "cargo.toml" => Kind::CargoToml,
        "gemfile" | "gems.rb" => Kind::Gemfile,
        "gemfile.lock" | "gems.locked" => Kind::GemfileLock,
        "composer.lock" => Kind::ComposerLock,
        "mix.exs" => Kind::Mix,
        "mix.lock" => Kind::MixLock,
        "pom.xml" => Kind::Pom,
        "packages.config" | "directory.packages.props" | "directory.build.props" => Kind::MsBuild,
        "packages.lock.json" => Kind::NuGetLock,
        "package.swift" => Kind::SwiftPackage,
        "package.resolved" => Kind::SwiftResolved,
        "makefile" | "justfile" | "taskfile.yml" | "buildspec.yml" | "buildspec.yaml" | ".gitlab-ci.yml"
        | "procfile" => Kind::Commands,
        "setup.cfg" => Kind::Requirements,
        _ if lower.starts_with("dockerfile") || lower.starts_with("containerfile") || extension == "dockerfile" => {
            Kind::Commands
        }
        _ if matches!(extension, "sh" | "bash" | "zsh") => Kind::Commands,
        _ if matches!(extension, "yml" | "yaml") && folder.ends_with(".github/workflows/") => Kind::Commands,
        _ if matches!(extension, "txt" | "in")
            && (lower.contains("requirements")
                || lower.contains("constraints")
                || folder.ends_with("requirements/")) =>
        {
            Kind::Requirements
        }
        _ if extension == "gemspec" => Kind::Gemfile,
        _ if matches!(extension, "csproj" | "fsproj" | "vbproj") => Kind::MsBuild,
        _ if extension == "gradle" || lower.ends_with(".gradle.kts") || lower.ends_with(".versions.toml") => {
            Kind::Gradle
        }
        _ => return None,
    })
}

/// Every pin in a manifest.
pub(super) fn pins(path: &str, text: &str) -> Vec<Pin> {
    let Some(kind) = kind(path) else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let mut pins = Vec::new();
    for (at, (place, ecosystem)) in names(&text.to_ascii_lowercase()) {
        let name = Name { text, at };
        if !kind.ecosystems(path).contains(&ecosystem) || !name.is_whole() {
            continue;
        }
        let library = &table::all()[place];
        let Some(raw) = read(kind, path, ecosystem, &name) else {
            if kind.is_own(&name) {
                pins.push(Pin {
                    library: library.id.as_str(),
                    version: "itself".to_owned(),
                    exact: true,
                    knows: Knows::Itself,
                    ..Pin::default()
                });
            }
            continue;
        };
        if raw.locked && !seen.insert((place, raw.version.clone(), raw.nested)) {
            continue;
        }
        let knows = match version::judge(library, &raw.version, raw.syntax) {
            Verdict::Affected => Knows::No,
            Verdict::Open => Knows::Perhaps,
            Verdict::Knows => Knows::Yes,
        };
        let confidence = confidence(library, &raw.version, raw.syntax).filter(|_| library.pins);
        pins.push(Pin {
            library: library.id.as_str(),
            exact: raw.locked || version::is_exact(&raw.version, raw.syntax),
            nested: raw.nested,
            knows,
            found: confidence.map(|confidence| pin_found(library, name.at, raw.end, &raw.version, confidence)),
            version: raw.version,
        });
    }
    pins.sort_by_key(|pin| pin.nested);
    pins
}

/// The versions that a document tells people to install: parts of manifests, commands.
pub(super) fn document(searched: &Text<'_>) -> Vec<Found> {
    let text = searched.written;
    let mut found: Vec<Found> = Vec::new();
    for (at, (place, ecosystem)) in names(&searched.lower) {
        let name = Name { text, at };
        let library = &table::all()[place];
        if !library.pins || !name.is_whole() {
            continue;
        }
        let part = match ecosystem {
            "npm" | "composer" => javascript::json_range(&name),
            "pypi" => python::requirement(&name).or_else(|| python::key(&name, Syntax::Python)),
            "cargo" => others::cargo(&name),
            "gem" => others::gem(&name),
            "hex" => others::mix(&name),
            "go" => others::go(&name),
            "swift" => others::swift(&name),
            _ => None,
        };
        let raw = part.or_else(|| others::command(&name, ecosystem)).filter(|raw| !raw.version.is_empty());
        let known = found.iter().any(|known| known.span == name.at);
        if let Some(raw) = raw.filter(|_| !known)
            && let Some(confidence) = confidence(library, &raw.version, raw.syntax)
        {
            found.push(pin_found(library, name.at, raw.end, &raw.version, confidence));
        }
    }
    found
}

fn read(kind: Kind, path: &str, ecosystem: &str, name: &Name<'_>) -> Option<Raw> {
    match kind {
        Kind::JsonRanges => javascript::json_range(name),
        Kind::NpmLock => javascript::npm_lock(name),
        Kind::YarnLock => javascript::yarn_lock(name),
        Kind::PnpmLock => javascript::pnpm_lock(name),
        Kind::BunLock => javascript::bun_lock(name),
        Kind::DenoLock => javascript::deno_lock(name),
        Kind::Requirements => python::requirement(name),
        Kind::PythonToml => python::toml(name),
        Kind::SetupPy => python::string(name),
        Kind::PipfileLock => python::pipfile_lock(name),
        Kind::Conda => python::conda(name),
        Kind::TomlLock => others::toml_lock(name, path),
        Kind::GoMod => others::go(name),
        Kind::CargoToml => others::cargo(name),
        Kind::Gemfile => others::gem(name),
        Kind::GemfileLock => others::gem_lock(name),
        Kind::ComposerLock => others::composer_lock(name),
        Kind::Mix => others::mix(name),
        Kind::MixLock => others::mix_lock(name),
        Kind::Pom => others::pom(name),
        Kind::Gradle => others::gradle(name),
        Kind::MsBuild => others::msbuild(name),
        Kind::NuGetLock => others::nuget_lock(name),
        Kind::SwiftPackage => others::swift(name),
        Kind::SwiftResolved => others::swift_resolved(name),
        Kind::Commands => others::command(name, ecosystem),
    }
}

impl Kind {
    fn ecosystems(self, path: &str) -> &'static [&'static str] {
        match self {
            Kind::JsonRanges if path.ends_with("composer.json") => &["composer"],
            Kind::TomlLock if path.ends_with("argo.lock") => &["cargo"],
            Kind::JsonRanges | Kind::NpmLock | Kind::YarnLock | Kind::PnpmLock | Kind::BunLock | Kind::DenoLock => {
                &["npm"]
            }
            Kind::Requirements
            | Kind::PythonToml
            | Kind::TomlLock
            | Kind::PipfileLock
            | Kind::SetupPy
            | Kind::Conda => &["pypi"],
            Kind::GoMod => &["go"],
            Kind::CargoToml => &["cargo"],
            Kind::Gemfile | Kind::GemfileLock => &["gem"],
            Kind::ComposerLock => &["composer"],
            Kind::Mix | Kind::MixLock => &["hex"],
            Kind::Pom | Kind::Gradle => &["maven"],
            Kind::MsBuild | Kind::NuGetLock => &["nuget"],
            Kind::SwiftPackage | Kind::SwiftResolved => &["swift"],
            Kind::Commands => &["npm", "pypi", "cargo", "gem", "go", "composer"],
        }
    }
}

impl Kind {
    /// Whether a manifest says that it is this package's own.
    fn is_own(self, name: &Name<'_>) -> bool {
        let lead = name.lead().trim_start().trim_end_matches(['"', '\'']).trim_end();
        let key = |separator: char, key: &str| {
            let written = lead.strip_suffix(separator).map(|lead| lead.trim_end().trim_end_matches('"'));
            written.is_some_and(|written| written.ends_with(key))
        };
        let own = match self {
            Kind::JsonRanges | Kind::SwiftPackage => key(':', "name"),
            Kind::PythonToml | Kind::CargoToml | Kind::SetupPy | Kind::Gemfile => key('=', "name"),
            Kind::Mix => lead == "app: :",
            Kind::GoMod => lead == "module",
            Kind::NpmLock
            | Kind::YarnLock
            | Kind::PnpmLock
            | Kind::BunLock
            | Kind::DenoLock
            | Kind::Requirements
            | Kind::TomlLock
            | Kind::PipfileLock
            | Kind::Conda
            | Kind::GemfileLock
            | Kind::ComposerLock
            | Kind::MixLock
            | Kind::Pom
            | Kind::Gradle
            | Kind::MsBuild
            | Kind::NuGetLock
            | Kind::SwiftResolved
            | Kind::Commands => return false,
        };
        let rest = name.rest();
        own && (rest.is_empty() || rest.starts_with(['"', '\'', ',', '\r', '/']))
    }
}

impl<'a> Name<'a> {
    /// Whether it is not a part of a longer name.
    fn is_whole(&self) -> bool {
        let bytes = self.text.as_bytes();
        let part = |b: &u8| is_word(*b) || *b == b'-';
        let before = self.at.start.checked_sub(1).map(|place| &bytes[place]);
        let after = bytes.get(self.at.end);
        let scoped = before == Some(&b'/') && self.scope().is_some();
        !before.is_some_and(part) && !after.is_some_and(part) && !scoped
    }

    /// The scope of an npm package around a name without one.
    fn scope(&self) -> Option<&'a str> {
        let lead = &self.text[floor(self.text, self.at.start.saturating_sub(80))..self.at.start - 1];
        let start = lead.bytes().rposition(|b| !(is_word(b) || b == b'-' || b == b'.'))?;
        (lead.as_bytes()[start] == b'@').then(|| &lead[start..])
    }

    /// What follows on, up to some length.
    fn after(&self, length: usize) -> &'a str {
        &self.text[self.at.end..floor(self.text, self.at.end + length)]
    }

    /// The rest of the line.
    fn rest(&self) -> &'a str {
        let rest = self.after(2_000);
        &rest[..rest.find('\n').unwrap_or(rest.len())]
    }

    /// The line up to the name.
    fn lead(&self) -> &'a str {
        let from = floor(self.text, self.at.start.saturating_sub(2_000));
        let lead = &self.text[from..self.at.start];
        &lead[lead.rfind('\n').map_or(0, |at| at + 1)..]
    }

    /// What stands before, up to some length.
    fn before(&self, length: usize) -> &'a str {
        &self.text[floor(self.text, self.at.start.saturating_sub(length))..self.at.start]
    }

    /// A version that is a part of this text, which follows on.
    fn raw(&self, version: &str, syntax: Syntax) -> Raw {
        let base = self.text.as_ptr() as usize;
        let end = (version.as_ptr() as usize).wrapping_sub(base).wrapping_add(version.len());
        let end = if (self.at.end..=self.text.len()).contains(&end) { end } else { self.at.end };
        Raw { version: version.trim().to_owned(), end, syntax, locked: false, nested: false }
    }

    fn locked(&self, version: &str, nested: bool) -> Option<Raw> {
        let raw = Raw { locked: true, nested, ..self.raw(version, Syntax::Plain) };
        version::Version::exact(&raw.version).map(|_| raw)
    }
}

/// What stands in the quotes that open at the beginning of a text.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = &text[1..];
    let close = inner.find([quote, '\n'])?;
    inner[close..].starts_with(quote).then(|| &inner[..close])
}

/// What follows a key and its separator: `"key": value`, `key = value`.
fn value<'a>(text: &'a str, key: &str, separator: char) -> Option<&'a str> {
    let at = text.find(key)?;
    let rest = text[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
    Some(rest.strip_prefix(separator)?.trim_start())
}
