//! Walks `rules/` into three sorted tables (rules, steps, data) that the library embeds; nothing else.
//!
//! Whether a file makes sense is not decided here: a bad rule must be reported with its place by the loader, not stop
//! the build of the tool that reports it.

#![allow(clippy::disallowed_methods, reason = "a build script reads the folder it is asked to embed")]
#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=rules");
    let root = Path::new("rules");
    let mut files = Vec::new();
    if root.is_dir() {
        walk(root, "", &mut files)?;
    }
    files.sort();
    let (steps, rest): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| path.starts_with("steps/"));
    let (data, rules): (Vec<_>, Vec<_>) = rest.into_iter().partition(|path| path.starts_with("data/"));
    let mut code = String::new();
    for (name, doc, paths) in [
        ("RULES", "The rule files.", rules),
        ("STEPS", "The remediation steps.", steps),
        ("DATA", "The tables of the tool.", data),
    ] {
        write!(code, "/// {doc}\npub(super) static {name}: &[Embedded] = &[\n")?;
        for path in paths {
            let stem = Path::new(&path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let literal = |text: &str| format!("\"{}\"", text.escape_default());
            writeln!(
                code,
                "    Embedded {{ stem: {}, path: {}, text: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {})) }},",
                literal(stem),
                literal(&path),
                literal(&format!("/rules/{path}")),
            )?;
        }
        code.push_str("];\n");
    }
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("rules.rs"), code)?;
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
