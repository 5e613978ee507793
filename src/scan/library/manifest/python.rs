//! Requirements, `pyproject.toml`, `setup.py`, Pipenv, Conda.

use super::super::version::Syntax;
use super::{Name, Raw, quoted, value};

/// `name[extra]>=1,<2 ; marker`, alone on its line.
pub(super) fn requirement(name: &Name<'_>) -> Option<Raw> {
    if !name.lead().trim().is_empty() {
        return None;
    }
    specification(name, name.rest())
}

/// What follows the name of a requirement, up to a marker, a comment, an option or the end.
fn specification(name: &Name<'_>, rest: &str) -> Option<Raw> {
    let rest = match rest.strip_prefix('[') {
        Some(extras) => &extras[extras.find(']')? + 1..],
        None => rest,
    };
    let end = [";", "#", " --", "\\", "\"", "'"].iter().filter_map(|stop| rest.find(stop)).min().unwrap_or(rest.len());
    let range = rest[..end].trim();
    let range = range.strip_prefix('(').and_then(|range| range.strip_suffix(')')).unwrap_or(range);
    let fits = range.is_empty() || range.starts_with(['=', '<', '>', '~', '!']);
    // `name = value` of an ini file.
    let assigned = range.starts_with('=') && !range.starts_with("==");
    (fits && !assigned).then(|| name.raw(range, Syntax::Python))
}

/// Strings of requirements, and keys of Poetry, Pipenv and their tables.
pub(super) fn toml(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead();
    if lead.trim_start().starts_with('#') {
        return None;
    }
    match key(name, Syntax::Python) {
        Some(raw) => Some(raw),
        None if lead.ends_with(['"', '\'']) => string(name).or_else(|| listed(name)),
        None => None,
    }
}

/// `name = "^1"`, `name = { version = "^1" }`, `[dependencies.name]` with a version below.
pub(super) fn key(name: &Name<'_>, syntax: Syntax) -> Option<Raw> {
    let lead = name.lead().trim_start().trim_end_matches(['"', '\'']);
    let rest = name.rest().trim_start_matches(['"', '\'']).trim_start();
    if lead.starts_with('[') && lead.ends_with('.') && rest.starts_with(']') {
        let body = name.after(400);
        let body = &body[..body.find("\n[").unwrap_or(body.len())];
        return Some(name.raw(quoted(value(body, "\nversion", '=')?)?, syntax));
    }
    if !lead.is_empty() {
        return None;
    }
    // `name.workspace = true` has no version, `name.version = "1"` has.
    let rest = rest.strip_prefix(".version").unwrap_or(rest).trim_start();
    let rest = rest.strip_prefix('=')?.trim_start();
    if rest.starts_with('{') {
        let inner = name.after(400);
        let inner = &inner[..inner.find('}').unwrap_or(inner.len())];
        return Some(name.raw(quoted(value(inner, "version", '=')?)?, syntax));
    }
    Some(name.raw(quoted(rest)?, syntax))
}

/// `"name>=1"` in quotes.
pub(super) fn string(name: &Name<'_>) -> Option<Raw> {
    let quote = name.lead().chars().next_back().filter(|c| matches!(c, '"' | '\''))?;
    let rest = name.rest();
    let inner = &rest[..rest.find(quote)?];
    let raw = specification(name, inner)?;
    (!raw.version.is_empty()).then_some(raw)
}

/// `"name"` in a list of dependencies.
fn listed(name: &Name<'_>) -> Option<Raw> {
    let before = name.before(4_000);
    let open = before.rfind("= [").or_else(|| before.rfind("=["))?;
    let start = before[..open].rfind('\n').map_or(0, |at| at + 1);
    let section = before[..start].rfind("\n[").map_or("", |at| before[at + 2..].split('\n').next().unwrap_or_default());
    let depends = |text: &str| text.contains("dependenc") || text.contains("require");
    let rest = name.rest();
    let ends = rest.starts_with(['"', '\'']);
    let open_still = !before[open + 3..].contains(']');
    let first = depends(&before[start..open]) || depends(section);
    (ends && open_still && first).then(|| name.raw("", Syntax::Python))
}

/// `"name": { … "version": "==1.4.1" }`.
pub(super) fn pipfile_lock(name: &Name<'_>) -> Option<Raw> {
    if name.lead().trim_start() != "\"" {
        return None;
    }
    let body = name.after(20_000).strip_prefix("\":")?.trim_start().strip_prefix('{')?;
    let version = quoted(value(&body[..body.find('}').unwrap_or(body.len())], "\"version", ':')?)?;
    name.locked(version.trim_start_matches('='), false)
}

/// `- name=1.4.1` of Conda, `- name==1.4.1` of pip inside it.
pub(super) fn conda(name: &Name<'_>) -> Option<Raw> {
    let lead = name.lead().trim_start().strip_prefix('-')?.trim_start().trim_start_matches(['"', '\'']);
    if !(lead.is_empty() || lead.ends_with("::")) {
        return None;
    }
    let rest = name.rest();
    let rest = &rest[..rest.find(['#', '"', '\'']).unwrap_or(rest.len())];
    match rest.trim().strip_prefix('=').filter(|rest| !rest.starts_with('=')) {
        Some(version) => Some(name.raw(version.split('=').next()?, Syntax::Python)),
        None => specification(name, rest),
    }
}
