//! What a file calls the modules it imports, in JavaScript's and Python's ways; elsewhere names are used as they are.
//!
//! By the text around the module's name, not by parsing the file: an import is found from the module's name backwards.

use std::ops::Range;

use memchr::memmem;

/// The furthest that an import's names stand from its module's name.
const REACH: usize = 4_000;

/// A name in this file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Binding {
    /// What the file calls it.
    pub(super) local: String,
    /// What the module calls it; none for the module itself, or what it exports by default.
    pub(super) symbol: Option<String>,
}

/// One place that names a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    /// Where the module's name stands.
    pub(super) at: Range<usize>,
    /// What it binds; none for a name that only stands there, such as in a mock or a string.
    pub(super) bindings: Vec<Binding>,
    /// Whether the place imports at all.
    pub(super) imports: bool,
    /// The version that a specifier such as `npm:aws-jwt-verify@^4` has.
    pub(super) version: Option<Range<usize>>,
}

/// Every place that names the module.
pub(super) fn of(text: &str, module: &str) -> Vec<Import> {
    let places = memmem::find_iter(text.as_bytes(), module.as_bytes());
    places.filter_map(|at| import(text, at..at + module.len())).collect()
}

/// The module that an import clause around a name takes it from: `import { name } from "module"`, `from module import name`.
pub(super) fn source_of<'a>(text: &'a str, name: &Range<usize>) -> Option<&'a str> {
    let before = line_before(text, name.start).trim_start_matches([' ', '\t', '"']);
    if let Some((module, _)) = before.strip_prefix("from ").and_then(|rest| rest.split_once(" import ")) {
        return Some(module.trim());
    }
    let after = &text[name.end..floor(text, name.end + 600)];
    let stop = after.find([';', '(', '=']).unwrap_or(after.len());
    let clause = &after[..stop];
    if let Some((between, module)) = clause.split_once("from") {
        let names = between.bytes().all(|b| is_word(b) || b.is_ascii_whitespace() || b"{},*".contains(&b));
        let module = module.trim_start();
        let quote = module.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        return names.then(|| module[1..].split(quote).next()).flatten();
    }
    let required = after.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || is_word_char(c));
    let required = required.strip_prefix('}')?.trim_start().strip_prefix('=')?.trim_start();
    let required = required.trim_start_matches("await ").trim_start();
    let required = required.strip_prefix("require(").or_else(|| required.strip_prefix("import("))?;
    let quote = required.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    required[1..].split(quote).next()
}

/// The line up to a place, or the end of it if it is long.
pub(super) fn line_before(text: &str, at: usize) -> &str {
    let near = &text[floor(text, at.saturating_sub(2_000))..at];
    &near[near.rfind('\n').map_or(0, |place| place + 1)..]
}

/// The next place at or before `at` where a character begins.
pub(super) fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// Whether a byte is part of a name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

fn import(text: &str, at: Range<usize>) -> Option<Import> {
    let bytes = text.as_bytes();
    let before = at.start.checked_sub(1).map(|place| bytes[place]);
    if let Some(quote) = quote_before(text, at.start) {
        return Some(quoted(text, at, quote));
    }
    if before.is_some_and(|b| is_word(b) || b == b'.' || b == b'-') {
        return None;
    }
    Some(python(text, &at).unwrap_or(Import { at, bindings: Vec::new(), imports: false, version: None }))
}

/// The opening quote of the specifier whose module begins at a place, a scheme or a host of a CDN between them.
fn quote_before(text: &str, start: usize) -> Option<usize> {
    let from = floor(text, start.saturating_sub(80));
    let before = &text[from..start];
    let at = before.rfind(['"', '\'', '`'])?;
    let between = &before[at + 1..];
    let fits = between.is_empty()
        || matches!(between, "npm:" | "jsr:" | "\\")
        || (between.starts_with("https://") && between.ends_with('/') && !between.contains(' '));
    fits.then_some(from + at)
}

/// A module's name in quotes: an import of JavaScript, or Go.
fn quoted(text: &str, at: Range<usize>, quote: usize) -> Import {
    let mark = text.as_bytes()[quote];
    let tail = &text[at.end..floor(text, at.end + 120)];
    let close = tail.bytes().position(|b| b == mark || b == b'\n').unwrap_or(tail.len());
    let rest = &tail[..close];
    let mut import = Import { version: None, bindings: Vec::new(), imports: false, at: at.clone() };
    // `aws-jwt-verify/cognito-verifier` is the same package, `aws-jwt-verify-mock` is not.
    if !(rest.is_empty() || rest.starts_with(['/', '@', '\\'])) {
        return import;
    }
    if let Some(version) = rest.strip_prefix('@') {
        let length = version.find(['/', '?', '\\']).unwrap_or(version.len());
        import.version = Some(at.end + 1..at.end + 1 + length);
    }
    let lead = text[..quote].trim_end_matches(|c: char| c.is_whitespace() || c == '\\');
    let reach = floor(text, lead.len().saturating_sub(REACH));
    let window = &lead[reach..];
    if let Some(clause) = window.strip_suffix("from") {
        // The last `import` or `export` that begins a statement.
        if let Some(from) = last_word(clause, "import").max(last_word(clause, "export")) {
            import.imports = true;
            let clause = clause[from + 6..].trim();
            if !clause.starts_with("type ") || clause.starts_with("type,") {
                import.bindings = names(clause, " as ");
            }
        }
    } else if let Some(call) = window.strip_suffix('(') {
        let call = call.trim_end();
        if let Some(left) = call.strip_suffix("require").or_else(|| call.strip_suffix("import")) {
            import.imports = true;
            import.bindings = assigned(left, &tail[(close + 1).min(tail.len())..]);
        }
    } else if window.ends_with("import") || window.ends_with(['(', '\n']) || is_go(window) {
        import.imports = true;
    }
    import
}

/// Whether a quoted path stands where Go imports: after an alias, or on a line of its own.
fn is_go(window: &str) -> bool {
    let line = window.rsplit('\n').next().unwrap_or_default().trim();
    line.len() <= 60 && line.bytes().all(|b| is_word(b) || b == b'.' || b == b' ')
}

/// Where the last occurrence of a whole word begins.
fn last_word(text: &str, word: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = text.len();
    while let Some(at) = text[..end].rfind(word) {
        let free = |place: Option<&u8>| place.is_none_or(|b| !is_word(*b));
        if free(at.checked_sub(1).and_then(|place| bytes.get(place))) && free(bytes.get(at + word.len())) {
            return Some(at);
        }
        end = at;
    }
    None
}

/// The names of an import clause or a destructuring pattern; `rename` stands between a name and what it is called here.
fn names(clause: &str, rename: &str) -> Vec<Binding> {
    let mut all = Vec::new();
    let (outer, inner) = match clause.split_once('{') {
        Some((outer, inner)) => (outer, inner.rsplit_once('}').map_or(inner, |(inner, _)| inner)),
        None => (clause, ""),
    };
    for part in outer.split(',').map(str::trim) {
        let local = part.strip_prefix("* as ").unwrap_or(part).trim();
        if is_name(local) {
            all.push(Binding { local: local.to_owned(), symbol: None });
        }
    }
    // What is nested deeper, `errors: { A, B }`, binds nothing that a library exports itself.
    let mut depth = 0_usize;
    let parts = inner.split(|c| {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    for part in parts.map(str::trim).filter(|part| !part.starts_with("type ")) {
        let (symbol, local) = part.split_once(rename).unwrap_or((part, part));
        let (symbol, local) = (symbol.trim(), local.split('=').next().unwrap_or_default().trim());
        if is_name(symbol) && is_name(local) {
            let symbol = (symbol != "default").then(|| symbol.to_owned());
            all.push(Binding { local: local.to_owned(), symbol });
        }
    }
    all
}

/// What `left = require("module")right` binds.
fn assigned(left: &str, right: &str) -> Vec<Binding> {
    let left = left.trim_end();
    let left = left.strip_suffix("await").map_or(left, str::trim_end);
    let left = left.strip_suffix('(').map_or(left, str::trim_end);
    let left = left.strip_suffix("await").map_or(left, str::trim_end);
    let Some(left) = left.strip_suffix('=') else { return Vec::new() };
    let left = left.trim_end();
    if left.ends_with('}') {
        let mut depth = 0_i32;
        let open = left.bytes().rposition(|b| {
            depth += i32::from(b == b'}') - i32::from(b == b'{');
            depth == 0
        });
        let Some(open) = open else { return Vec::new() };
        return names(&left[open..], ":");
    }
    let start = left.bytes().rposition(|b| !is_word(b)).map_or(0, |at| at + 1);
    let local = &left[start..];
    let right = right.trim_start_matches(')').trim_start();
    let member = right.strip_prefix('.').map(|rest| &rest[..rest.bytes().take_while(|b| is_word(*b)).count()]);
    let symbol = member.filter(|member| !matches!(*member, "default" | "then")).map(str::to_owned);
    if is_name(local) { vec![Binding { local: local.to_owned(), symbol }] } else { Vec::new() }
}

/// `from module.sub import a as b, c` and `import module as x`.
fn python(text: &str, at: &Range<usize>) -> Option<Import> {
    let lead =
        line_before(text, at.start).trim_start_matches([' ', '\t', '"', '>', '#', '.']).trim_start_matches(">>> ");
    let rest = &text[at.end..floor(text, at.end + REACH)];
    let sub = rest.bytes().take_while(|b| is_word(*b) || *b == b'.').count();
    if rest.starts_with(is_word_char) {
        return None;
    }
    let after = &rest[sub..];
    let mut bindings = Vec::new();
    if lead.trim_end() == "from" {
        let listed = after.trim_start().strip_prefix("import")?.trim_start();
        let listed = match listed.strip_prefix('(') {
            Some(inner) => inner.split(')').next().unwrap_or_default(),
            None => listed.split(['\n', '\\', '"', ';']).next().unwrap_or_default(),
        };
        let lines = listed.lines().map(|line| line.split('#').next().unwrap_or_default());
        for part in lines.flat_map(|line| line.split(',')) {
            let (symbol, local) = part.split_once(" as ").unwrap_or((part, part));
            if is_name(symbol.trim()) && is_name(local.trim()) {
                bindings.push(Binding { local: local.trim().to_owned(), symbol: Some(symbol.trim().to_owned()) });
            }
        }
    } else if lead.starts_with("import ") {
        let local = match after.trim_start_matches(' ').strip_prefix("as ") {
            Some(name) => &name[..name.bytes().take_while(|b| is_word(*b)).count()],
            None => text[at.start..at.end + sub].rsplit('.').next().unwrap_or_default(),
        };
        // `import package.*` takes names that the text does not say.
        if !local.is_empty() {
            bindings.push(Binding { local: local.to_owned(), symbol: None });
        }
    } else {
        return None;
    }
    Some(Import { at: at.clone(), bindings, imports: true, version: None })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_word) && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(text: &str, module: &str) -> Vec<(String, String)> {
        let all = of(text, module).into_iter().flat_map(|import| import.bindings);
        all.map(|binding| (binding.local, binding.symbol.unwrap_or_default())).collect()
    }

    #[test]
    fn names_of_javascript() {
        for (text, wanted) in [
            (
                r#"import { CognitoJwtVerifier } from "aws-jwt-verify";"#,
                vec![("CognitoJwtVerifier", "CognitoJwtVerifier")],
            ),
            ("import {CognitoJwtVerifier as V} from 'aws-jwt-verify'", vec![("V", "CognitoJwtVerifier")]),
            (
                "import {\n  JwtVerifier,\n  CognitoJwtVerifier as V,\n} from 'aws-jwt-verify/cognito';",
                vec![("JwtVerifier", "JwtVerifier"), ("V", "CognitoJwtVerifier")],
            ),
            (r#"import * as jwt from "aws-jwt-verify""#, vec![("jwt", "")]),
            (r#"import jwt, { A } from "npm:aws-jwt-verify@^4.0.1""#, vec![("jwt", ""), ("A", "A")]),
            (r#"import { A } from "https://esm.sh/aws-jwt-verify@4.0.1""#, vec![("A", "A")]),
            (r#"import type { A } from "aws-jwt-verify""#, vec![]),
            (r#"import { type A, B } from "aws-jwt-verify""#, vec![("B", "B")]),
            (r#"const { CognitoJwtVerifier: V } = require("aws-jwt-verify")"#, vec![("V", "CognitoJwtVerifier")]),
            ("const {\n  A,\n  errors: { B, C },\n} = require('aws-jwt-verify')", vec![("A", "A")]),
            ("const jwt = require('aws-jwt-verify');", vec![("jwt", "")]),
            ("var V = require('aws-jwt-verify').CognitoJwtVerifier;", vec![("V", "CognitoJwtVerifier")]),
            (r#"const { A } = await import("aws-jwt-verify")"#, vec![("A", "A")]),
            (r#"const A = (await import("aws-jwt-verify")).B"#, vec![("A", "B")]),
            (r#"jest.mock("aws-jwt-verify", () => ({}))"#, vec![]),
            (r#"import { A } from "aws-jwt-verify-mock""#, vec![]),
        ] {
            let wanted: Vec<_> = wanted.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
            assert_eq!(bound(text, "aws-jwt-verify"), wanted, "{text}");
        }
    }

    #[test]
    fn names_of_python() {
        for (text, wanted) in [
            ("from pycognito import Cognito", vec![("Cognito", "Cognito")]),
            ("from pycognito import Cognito as C, aws_srp", vec![("C", "Cognito"), ("aws_srp", "aws_srp")]),
            ("    from pycognito.utils import (\n  A,  # a\n  B as D,\n)\n", vec![("A", "A"), ("D", "B")]),
            ("import pycognito", vec![("pycognito", "")]),
            ("import pycognito.utils as u", vec![("u", "")]),
            (r#""from pycognito import Cognito\n","#, vec![("Cognito", "Cognito")]),
            ("import pycognito.utils.*;", vec![]),
            ("import mypycognito", vec![]),
            ("from pycognitox import Cognito", vec![]),
        ] {
            let wanted: Vec<_> = wanted.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
            assert_eq!(bound(text, "pycognito"), wanted, "{text}");
        }
    }

    #[test]
    fn the_module_of_a_name() {
        for (text, wanted) in [
            ("import { Name } from \"./wrapper\"", Some("./wrapper")),
            ("import { A, Name as B,\n C } from '../x'", Some("../x")),
            ("const { Name } = require('./y')", Some("./y")),
            ("from app.auth import Other, Name", Some("app.auth")),
            ("new Name({ a: 1 }); // from 'there'", None),
        ] {
            let at = text.find("Name").expect("a name");
            assert_eq!(source_of(text, &(at..at + 4)), wanted, "{text}");
        }
    }
}
