//! Cargo, Go, Ruby, PHP, Elixir, the JVM, .NET, Swift, and commands that install.

use super::super::version::Syntax;
use super::{Name, Raw, python, quoted, value};

/// `[[package]]` with `name` and `version`. What is the project itself is left out.
pub(super) fn toml_lock(name: &Name<'_>, path: &str) -> Option<Raw> {
    if name.lead() != "name = \"" {
        return None;
    }
    let body = name.after(600);
    let body = &body[..body.find("\n[[").unwrap_or(body.len())];
    let from_registry = body.contains("\nsource = ");
    let own = body.contains("editable = ") || body.contains("virtual = ");
    let cargo = path.ends_with("argo.lock");
    if own || (cargo && !from_registry) {
        return None;
    }
    name.locked(quoted(value(body, "\nversion", '=')?)?, false)
}

/// `path v1.2.3` of `go.mod` and `go.sum`.
pub(super) fn go(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead().trim();
    if !matches!(lead, "" | "require") {
        return None;
    }
    let version = name.rest().strip_prefix(' ')?.split_whitespace().next()?;
    if version.ends_with("/go.mod") { None } else { name.locked(version, false) }
}

/// A key of `Cargo.toml`.
pub(super) fn cargo(name: &Name<'_>) -> Option<Raw> {
    python::key(name, Syntax::Cargo)
}

/// `gem "name", "~> 1.0"`, and the same of a gemspec.
pub(super) fn gem(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead().trim_start();
    let call = lead.trim_end_matches(['"', '\'']).trim_end_matches(['(', ' ']);
    let known = call == "gem" || call.ends_with("add_dependency") || call.ends_with("_dependency");
    if !known || !lead.ends_with(['"', '\'']) {
        return None;
    }
    let rest = name.rest().get(1..)?;
    let mut ranges = Vec::new();
    for part in rest.split(',').skip(1).map(str::trim) {
        match quoted(part) {
            Some(range) if range.starts_with(|c: char| c.is_ascii_digit() || "<>=~!".contains(c)) => ranges.push(range),
            _ => break,
        }
    }
    let end = ranges.last().map_or(name.at.end, |range| name.raw(range, Syntax::Ruby).end);
    Some(Raw { version: ranges.join(", "), end, syntax: Syntax::Ruby, locked: false, nested: false })
}

/// `    name (1.2.3)`; deeper are the ranges of others.
pub(super) fn gem_lock(name: &Name<'_>) -> Option<Raw> {
    let version = name.rest().strip_prefix(" (")?;
    let version = &version[..version.find(')')?];
    if name.lead() == "    " { name.locked(version, false) } else { None }
}

/// `"name": "vendor/package", "version": "v1.2.3"`.
pub(super) fn composer_lock(name: &Name<'_>) -> Option<Raw> {
    if !name.lead().trim_end_matches('"').trim_end().trim_end_matches(':').trim().ends_with("\"name\"") {
        return None;
    }
    name.locked(quoted(value(name.after(200), "\"version", ':')?)?, false)
}

/// `{:name, "~> 0.4"}`.
pub(super) fn mix(name: &Name<'_>) -> Option<Raw> {
    if !name.lead().ends_with("{:") {
        return None;
    }
    Some(name.raw(quoted(name.rest().strip_prefix(',')?.trim_start())?, Syntax::Ruby))
}

/// `"name": {:hex, :name, "0.4.0", …`.
pub(super) fn mix_lock(name: &Name<'_>) -> Option<Raw> {
    let body = name.rest().strip_prefix("\": {:hex,")?;
    name.locked(quoted(body.split_once(',')?.1.trim_start())?, false)
}

/// `<artifactId>name</artifactId>` and `<version>`, a property followed.
pub(super) fn pom(name: &Name<'_>) -> Option<Raw> {
    if !name.lead().trim_end().ends_with("<artifactId>") {
        return None;
    }
    let body = name.after(400);
    let body = &body[..body.find("</dependency>").unwrap_or(body.len())];
    let version = body.split_once("<version>")?.1.split('<').next()?.trim();
    let version = match version.strip_prefix("${").and_then(|name| name.strip_suffix('}')) {
        Some(property) => name.text.split_once(&format!("<{property}>"))?.1.split('<').next()?.trim(),
        None => version,
    };
    Some(name.raw(version, Syntax::Plain))
}

/// `"group:name:1.2.3"`, and catalogues of versions.
pub(super) fn gradle(name: &Name<'_>) -> Option<Raw> {
    let rest = name.rest();
    if let Some(version) = rest.strip_prefix(':') {
        let length = version.find(['"', '\'', '@'])?;
        return Some(name.raw(&version[..length], Syntax::Plain));
    }
    let rest = rest.trim_start_matches(['"', '\'']);
    if let Some(key) = value(rest, "version.ref", '=').and_then(quoted) {
        let at = name.text.find(&format!("\n{key} ")).or_else(|| name.text.find(&format!("\n{key}=")))?;
        let version = quoted(value(&name.text[at..], key, '=')?)?;
        return Some(name.raw(version, Syntax::Plain));
    }
    Some(name.raw(quoted(value(rest, "version", '=')?)?, Syntax::Plain))
}

/// `Include="Name" Version="1.2.3"`, `id="Name" version="1.2.3"`, `<Version>` as a child.
pub(super) fn msbuild(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead();
    if !["Include=\"", "Update=\"", "id=\""].iter().any(|key| lead.ends_with(key)) {
        return None;
    }
    let rest = name.rest();
    if let Some(version) = value(rest, "ersion", '=').and_then(quoted) {
        return Some(name.raw(version, Syntax::Plain));
    }
    let version = name.after(300).split_once("<Version>")?.1.split('<').next()?;
    Some(name.raw(version, Syntax::Plain))
}

/// `"Name": { "type": "Direct", "resolved": "1.2.3" }`.
pub(super) fn nuget_lock(name: &Name<'_>) -> Option<Raw> {
    let body = name.after(400).strip_prefix("\":")?.trim_start().strip_prefix('{')?;
    name.locked(quoted(value(&body[..body.find('}').unwrap_or(body.len())], "\"resolved", ':')?)?, false)
}

/// `url: "…/name.git", from: "5.0.0"` and the other ways of saying a version.
pub(super) fn swift(name: &Name<'_>) -> Option<Raw> {
    if !name.lead().contains("url:") {
        return None;
    }
    let rest = name.after(300);
    let rest = &rest[..rest.find("\n        .package").or_else(|| rest.find("],")).unwrap_or(rest.len())];
    let exact = value(rest, "exact", ':').or_else(|| value(rest, ".exact", '(')).and_then(quoted);
    if let Some(version) = exact {
        return Some(name.raw(version, Syntax::Plain));
    }
    let from = quoted(value(rest, "from", ':')?)?;
    let end = name.raw(from, Syntax::Npm).end;
    let caret = if rest.contains("upToNextMinor") { '~' } else { '^' };
    Some(Raw { version: format!("{caret}{from}"), end, syntax: Syntax::Npm, locked: false, nested: false })
}

/// `"identity" : "name"`, and below `"version" : "5.0.0"`.
pub(super) fn swift_resolved(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead();
    if !(lead.contains("\"identity\"") || lead.contains("\"package\"")) {
        return None;
    }
    name.locked(quoted(value(name.after(600), "\"version", ':')?)?, false)
}

/// `npm install name@4.0.1`, `pip install "name==1.4.1"`.
pub(super) fn command(name: &Name<'_>, ecosystem: &str) -> Option<Raw> {
    let words: &[&str] = match ecosystem {
        "npm" => &["npm i", "npm install", "npm add", "yarn add", "pnpm add", "pnpm i", "bun add", "bun i", "deno add"],
        "pypi" => {
            &["pip install", "pip3 install", "uv add", "poetry add", "pipenv install", "pdm add", "conda install"]
        }
        "cargo" => &["cargo add", "cargo install"],
        "gem" => &["gem install"],
        "go" => &["go get", "go install"],
        "composer" => &["composer require"],
        _ => &[],
    };
    // The line, and what leads to it by a backslash at the end.
    let before = name.before(2_000);
    let mut start = before.rfind('\n').map_or(0, |at| at + 1);
    while start > 0 && before[..start - 1].trim_end_matches('\r').ends_with('\\') {
        start = before[..start - 1].rfind('\n').map_or(0, |at| at + 1);
    }
    let line = &before[start..];
    let at = words.iter().filter_map(|word| line.rfind(word)).max()?;
    let comment = line.trim_start().starts_with('#');
    let apart = [" && ", "; ", " | "].iter().any(|end| line[at..].contains(end));
    if comment || apart {
        return None;
    }
    let rest = name.rest();
    let quote = line.chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let end = match quote {
        Some(quote) => rest.find(quote)?,
        None => rest.find(|c: char| c.is_whitespace() || ";&|)\"'`".contains(c)).unwrap_or(rest.len()),
    };
    let written = &rest[..end];
    Some(match ecosystem {
        "pypi" => {
            let at = written.find(['=', '<', '>', '~', '!'])?;
            name.raw(&written[at..], Syntax::Python)
        }
        "cargo" => name.raw(written.strip_prefix('@')?, Syntax::Cargo),
        "composer" => name.raw(written.strip_prefix(':')?, Syntax::Npm),
        "gem" => name.raw(quoted(rest.trim_start().strip_prefix("-v")?.trim_start())?, Syntax::Ruby),
        "go" => name.raw(written.strip_prefix('@')?, Syntax::Plain),
        _ => name.raw(written.strip_prefix('@')?, Syntax::Npm),
    })
}
