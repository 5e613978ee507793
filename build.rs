//! Walks `rules/` into three sorted tables (rules, steps, data) that the library embeds, each file as its text and the marks
//! that scanning it gives (`src/yaml/ahead.rs` says what they are); nothing else.
//!
//! Whether a file makes sense is not decided here: a bad rule must be reported with its place by the loader, not stop
//! the build of the tool that reports it. A file that cannot be scanned has no marks; the loader scans it and says why.

#![allow(clippy::disallowed_methods, reason = "a build script reads the folder it is asked to embed")]
#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

#[path = "src/yaml/marks.rs"]
mod marks;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/yaml/marks.rs");
    println!("cargo::rerun-if-changed=rules");
    let root = Path::new("rules");
    let mut files = Vec::new();
    if root.is_dir() {
        walk(root, "", &mut files)?;
    }
    files.sort();
    let (steps, rest): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| path.starts_with("steps/"));
    let (data, rules): (Vec<_>, Vec<_>) = rest.into_iter().partition(|path| path.starts_with("data/"));
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let mut code = String::new();
    for (name, doc, paths) in [
        ("RULES", "The rule files.", rules),
        ("STEPS", "The remediation steps.", steps),
        ("DATA", "The tables of the tool.", data),
    ] {
        write!(code, "/// {doc}\npub(super) static {name}: &[Embedded] = &[\n")?;
        for path in paths {
            let stem = Path::new(&path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let text = root.join(&path);
            let marks = format!("{}.marks", path.replace('/', "-"));
            fs::write(out.join(&marks), marks::of(&fs::read_to_string(&text)?).unwrap_or_default())?;
            let literal = |text: &str| format!("\"{}\"", text.escape_default());
            let path = literal(&path);
            write!(code, "    Embedded {{ stem: {}, path: {path}, ", literal(stem))?;
            write!(code, "text: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/rules/\", {path})), ")?;
            writeln!(code, "marks: include_bytes!({}) }},", literal(&marks))?;
        }
        code.push_str("];\n");
    }
    fs::write(out.join("rules.rs"), code)?;
    Ok(())
}

/// Adds the YAML files below `folder`, as paths with `/` below the root.
fn walk(folder: &Path, below: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} is not valid UTF-8", name.to_string_lossy()))
        })?;
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &path, files)?;
        } else if Path::new(&name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    Ok(())
}
