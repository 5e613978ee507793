//! The table of modules in `ARCHITECTURE.md`, as a test: nobody names a module that its row does not allow.
//!
//! The table is said once, there; this reads it. Also: headers of files, and files that have grown too long.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The most lines of code in one file, without tests, comments and blank lines.
const MOST_LINES: usize = 700;

/// Module → what it may name; `None`: everything.
type Table = BTreeMap<String, Option<BTreeSet<String>>>;

#[test]
fn modules_name_only_what_the_table_allows() {
    let table = table();
    let mut problems = Vec::new();
    for file in sources() {
        problems.extend(foreign(&file.path, &file.text, &table));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_table_and_the_folders_agree() {
    let lib = read(&root().join("src/lib.rs"));
    let modules: BTreeSet<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let table = table();
    let rows: BTreeSet<&str> = table.keys().map(String::as_str).collect();
    assert_eq!(rows, modules, "the rows of the table and the modules of src/lib.rs");
    for allowed in table.values().flatten().flatten() {
        assert!(modules.contains(allowed.as_str()), "the table allows `{allowed}`, which is no module");
    }
}

#[test]
fn the_table_allows_nothing_that_nobody_needs() {
    let mut needed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let nothing: Table = table().into_keys().map(|module| (module, Some(BTreeSet::new()))).collect();
    for file in sources() {
        for (module, name) in named(&file.path, &file.text, &nothing) {
            needed.entry(module).or_default().insert(name);
        }
    }
    for (module, allowed) in table() {
        if let Some(allowed) = allowed {
            assert_eq!(allowed, needed.remove(&module).unwrap_or_default(), "`{module}`: the table and the code");
        }
    }
}

#[test]
fn the_modules_form_no_circle() {
    let mut left = table();
    while !left.is_empty() {
        let rows: BTreeSet<String> = left.keys().cloned().collect();
        let next = left.iter().find(|(_, allowed)| {
            let others = allowed.as_ref().map_or(left.len() > 1, |allowed| allowed.iter().any(|it| rows.contains(it)));
            !others
        });
        let next = next.unwrap_or_else(|| panic!("a circle among {rows:?}")).0.clone();
        left.remove(&next);
    }
}

#[test]
fn every_source_begins_with_what_it_is_for() {
    for file in sources() {
        assert!(file.text.starts_with("//! "), "{}: begin with `//! `: what the file is for", file.path);
    }
}

#[test]
fn no_source_has_grown_too_long() {
    let sources = sources();
    let tests = test_files(&sources);
    for file in sources.iter().filter(|file| !tests.contains(&file.path)) {
        let lines = lines_of_code(&file.text);
        assert!(lines <= MOST_LINES, "{}: {lines} lines of code, at most {MOST_LINES}: split it", file.path);
    }
}

#[test]
fn the_checker_can_fail() {
    let table = table();
    let bad = |path: &str, text: &str| !foreign(path, text, &table).is_empty();
    assert!(bad("src/model/verdict.rs", "use crate::snapshot::Snapshot;"));
    assert!(bad("src/render/json.rs", "use crate::{model::Report, facts};"));
    assert!(bad("src/render/json.rs", "use crate::{\n    model::Report,\n    rules::{Rule, Step},\n};"));
    assert!(bad("src/render/mod.rs", "fn f() { super::audit::audit() }"));
    assert!(bad("src/render/json.rs", "fn f() { super::super::audit::audit() }"));
    assert!(bad("src/policy/glob.rs", "fn f() { crate::model::Truth::True; }"));
    assert!(bad("src/audit/mod.rs", "use mrready::cli;"));
    assert!(!bad("src/render/json.rs", "use crate::model::{Report, facts};\n// use crate::facts;"));
    assert!(!bad("src/render/table/tests.rs", "use super::super::{Show, json};"));
    assert!(!bad("src/cli/audit.rs", "use crate::{facts, rules, audit};"));
    assert_eq!(lines_of_code("//! doc\nfn a() {}\n\n// note\nfn b() {}\n#[cfg(test)]\nmod tests {\n}\n"), 2);
}

struct Source {
    /// With `/`, from the root of the project.
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first table of `ARCHITECTURE.md` whose head says "may name".
fn table() -> Table {
    let page = read(&root().join("ARCHITECTURE.md"));
    let rows = page.lines().skip_while(|line| !(line.starts_with('|') && line.contains("may name")));
    let mut table = Table::new();
    for row in rows.skip(2).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let [module] = words(cells[0]).try_into().unwrap_or_else(|_| panic!("one module a row: {row}"));
        let allowed = words(cells[1]);
        let allowed = (cells[1] != "everything").then(|| allowed.into_iter().collect());
        assert!(table.insert(module, allowed).is_none(), "twice: {row}");
    }
    assert!(table.len() > 5, "no table of modules in ARCHITECTURE.md");
    table
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join("src"), &mut paths);
    paths.sort();
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    paths.iter().map(|path| Source { path: name(path), text: read(path) }).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What a file names and its row does not allow, one line each.
fn foreign(path: &str, text: &str, table: &Table) -> Vec<String> {
    named(path, text, table)
        .into_iter()
        .map(|(module, name)| format!("{path}: `{module}` may not name `{name}`; see the table in ARCHITECTURE.md"))
        .collect()
}

/// (own module, module named) for every module that the own row does not allow.
fn named(path: &str, text: &str, table: &Table) -> BTreeSet<(String, String)> {
    let parts: Vec<&str> = path.trim_start_matches("src/").trim_end_matches(".rs").split('/').collect();
    let own = parts[0];
    let Some(allowed) = table.get(own) else { return BTreeSet::new() };
    // `super` once per level leads out of the own module.
    let depth = if parts.last() == Some(&"mod") { parts.len() - 1 } else { parts.len() };
    let out = "super::".repeat(depth);
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for prefix in ["crate::", "mrready::", &out] {
        for (at, _) in code.match_indices(prefix) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            found.extend(heads(&code[at + prefix.len()..]));
        }
    }
    found.retain(|name| table.contains_key(name) && name != own);
    found.retain(|name| allowed.as_ref().is_some_and(|allowed| !allowed.contains(name)));
    found.into_iter().map(|name| (own.to_owned(), name)).collect()
}

/// The first segments of what follows a path prefix: one, or those of a braced list.
fn heads(rest: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(list) = rest.strip_prefix('{') else { return vec![word(rest)] };
    let (mut depth, mut heads, mut fresh) = (0, Vec::new(), true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if c.is_whitespace() => {}
            _ if fresh => {
                heads.push(word(&list[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    heads
}

/// The files that are tests only: declared under `#[cfg(test)]`, and what lies below them.
fn test_files(sources: &[Source]) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for file in sources {
        let folder = match file.path.rsplit_once('/') {
            Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder.to_owned(),
            _ => file.path.trim_end_matches(".rs").to_owned(),
        };
        let lines: Vec<&str> = file.text.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]") {
            if let Some(name) = pair[1].strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                let below = format!("{folder}/{name}");
                let is_test =
                    |path: &&Source| path.path == format!("{below}.rs") || path.path.starts_with(&format!("{below}/"));
                tests.extend(sources.iter().filter(is_test).map(|source| source.path.clone()));
            }
        }
    }
    tests
}

fn lines_of_code(text: &str) -> usize {
    let code = text.lines().take_while(|line| *line != "#[cfg(test)]");
    code.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}
