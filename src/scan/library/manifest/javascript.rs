//! Manifests and lock files of npm, Yarn, pnpm, Bun and Deno; Composer's manifest is alike.

use super::super::version::Syntax;
use super::{Name, Raw, floor, quoted, value};

/// A key and a range: dependencies of any kind, overrides, resolutions, import maps.
pub(super) fn json_range(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead();
    // `"verify": "npm:aws-jwt-verify@^4"`, `"jwt": "https://esm.sh/aws-jwt-verify@4"`
    if lead.ends_with("npm:") || (lead.ends_with('/') && lead.contains("https://")) {
        return specifier(name);
    }
    let key = &lead[lead.rfind('"')? + 1..];
    if !(key.is_empty() || key.ends_with(['/', '>'])) || key.contains(':') {
        return None;
    }
    let rest = name.rest();
    let close = rest.find('"')?;
    if close > 0 && !rest.starts_with('@') {
        return None;
    }
    let range = quoted(rest[close + 1..].trim_start().strip_prefix(':')?.trim_start())?;
    range_of(name, range)
}

fn range_of(name: &Name<'_>, range: &str) -> Option<Raw> {
    if let Some(other) = range.strip_prefix("npm:") {
        // `npm:aws-jwt-verify@^4` has the name again, which is a place of its own; `npm:^4` has not.
        return other
            .starts_with(|c: char| c.is_ascii_digit() || "^~<>=*".contains(c))
            .then(|| name.raw(other, Syntax::Npm));
    }
    let elsewhere = range.contains([':', '/']) || range.starts_with("git");
    (!elsewhere).then(|| name.raw(range, Syntax::Npm))
}

/// `@^4.0.1` right behind the name.
fn specifier(name: &Name<'_>) -> Option<Raw> {
    let rest = name.rest().strip_prefix('@')?;
    let length = rest.find(['"', '\'', '/', '?'])?;
    Some(name.raw(&rest[..length], Syntax::Npm))
}

/// `"node_modules/x": { "version": …`, and before that `"x": { "version": …`.
pub(super) fn npm_lock(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead();
    let quote = lead.rfind('"')?;
    let key = &lead[quote + 1..];
    if !(key.is_empty() || key.ends_with("node_modules/")) {
        return None;
    }
    let body = name.after(600).strip_prefix("\":")?.trim_start().strip_prefix('{')?;
    let version = quoted(value(&body[..body.find('}').unwrap_or(body.len())], "\"version", ':')?)?;
    // One unit of indentation is what the second line of the file has.
    let unit = name.text[..floor(name.text, 2_000)]
        .lines()
        .nth(1)
        .map_or(2, |line| line.len() - line.trim_start().len())
        .max(1);
    let nested = key.matches("node_modules/").count() > 1 || quote > 2 * unit;
    name.locked(version, nested)
}

/// `x@^4.0.1:` and below it `version "4.0.1"`, or `version: 4.0.1`.
pub(super) fn yarn_lock(name: &Name<'_>) -> Option<Raw> {
    if !matches!(name.lead(), "" | "\"") || !name.rest().starts_with('@') {
        return None;
    }
    let rest = name.after(1_500);
    let below = &rest[rest.find('\n')? + 1..];
    let line = below.lines().map(str::trim).find(|line| line.starts_with("version"))?;
    let version = line["version".len()..].trim_start_matches(':').trim().trim_matches('"');
    name.locked(version, false)
}

/// `/x/4.0.1:`, `/x@4.0.1:`, `x@4.0.1:`, with peers in brackets behind the version.
pub(super) fn pnpm_lock(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead().trim_start();
    if !matches!(lead, "" | "/" | "'" | "'/" | "\"" | "\"/") {
        return None;
    }
    let rest = name.rest();
    let rest = rest.strip_prefix(['@', '/'])?;
    let length = rest.find([':', '(', '\'', '"', '_'])?;
    rest.trim_end().ends_with(':').then_some(())?;
    name.locked(&rest[..length], false)
}

/// `"x": ["x@4.0.1", …]`.
pub(super) fn bun_lock(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead();
    let key = lead.trim_start().strip_prefix('"')?;
    let rest = name.rest().strip_prefix("\":")?.trim_start().strip_prefix('[')?.trim_start();
    let entry = quoted(rest)?;
    name.locked(&entry[entry.rfind('@')? + 1..], !key.is_empty())
}

/// `"x@4.0.1": {`.
pub(super) fn deno_lock(name: &Name<'_>) -> Option<Raw> {
    if name.lead().trim_start() != "\"" {
        return None;
    }
    let rest = name.rest().strip_prefix('@')?;
    let close = rest.find('"')?;
    let opens = rest[close + 1..].trim_start().strip_prefix(':')?.trim_start().starts_with('{');
    let version = rest[..close].split('_').next().unwrap_or_default();
    if opens { name.locked(version, false) } else { None }
}
