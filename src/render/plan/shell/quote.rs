//! Text in a script: as a value, as a comment, as something shown.
//!
//! Names, ids and tags belong to whoever may create a pool or a client: how they are quoted is said in `bash`.

use std::fmt::Write as _;

use crate::render::plan::bash::word;
use crate::render::safe::safe;

/// Names that a value may not have: the shell or the programs it runs would behave differently.
const RESERVED: &[&str] = &[
    "PATH",
    "HOME",
    "IFS",
    "ENV",
    "SHELLOPTS",
    "PWD",
    "OLDPWD",
    "TMPDIR",
    "UID",
    "EUID",
    "PPID",
    "SECONDS",
    "RANDOM",
    "WORK",
];

/// What begins such names.
const RESERVED_PREFIXES: &[&str] = &["AWS_", "BASH", "LD_", "DYLD_", "LC_", "PYTHON", "MRR", "STEP", "XDG_"];

/// One word that the shell takes as this text; `None` if it holds NUL, which no shell variable can.
pub(super) fn quote(text: &str) -> Option<String> {
    (!text.contains('\0')).then(|| word(text, &[('\n', "\\n"), ('\t', "\\t")]))
}

/// Whether a value may have this name.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && !RESERVED.contains(&name)
        && !RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// One line, made harmless for a terminal.
pub(super) fn shown(text: &str) -> String {
    safe(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Lines, each made harmless; none is empty.
pub(super) fn lines(text: &str) -> String {
    text.lines().map(|line| safe(line.trim_end())).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// A comment of one line; nothing if there is nothing to say. It begins with a label, so that no text can be a directive
/// for `shellcheck`.
pub(super) fn comment(label: &str, text: &str, out: &mut String) {
    let text = shown(text);
    if !text.is_empty() {
        let _ = writeln!(out, "# {label}: {text}");
    }
}

/// Whether a shell text uses a variable: `$NAME`, `${NAME…}`, `${#NAME}`, `${!NAME}`.
pub(super) fn uses(text: &str, name: &str) -> bool {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].trim_end_matches(['#', '!']);
        let begins = text[..at].ends_with('$') || before.ends_with("${");
        begins && !text.as_bytes().get(at + name.len()).is_some_and(part)
    })
}
