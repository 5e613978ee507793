//! The terminal: standard error for people, width and colour.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result};

use crate::render::safe::safe;

use super::args::ColorArg;

/// One line, or several, on standard error.
pub(super) fn say(text: &str) {
    let mut stderr = std::io::stderr().lock();
    for (index, line) in text.lines().enumerate() {
        let lead = if index == 0 { "mrready: " } else { "  " };
        let _ = writeln!(stderr, "{lead}{}", safe(line));
    }
}

/// A document on standard output. A reader that goes away is no error.
pub(super) fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}

/// The width of the terminal, or 80 where there is none. `COLUMNS` wins.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).unwrap_or(80)
}

/// Whether to write colours. Source of the variables: <https://no-color.org>, <https://bixense.com/clicolors/>.
pub(super) fn color(choice: ColorArg) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto if set("NO_COLOR") => false,
        ColorArg::Auto if std::env::var("CLICOLOR_FORCE").is_ok_and(|value| !value.is_empty() && value != "0") => true,
        ColorArg::Auto => std::io::stdout().is_terminal() && std::env::var("TERM").is_ok_and(|term| term != "dumb"),
    }
}

/// Whether to write links that a terminal opens (OSC 8). A CI log shows their bytes, so only a terminal gets them.
/// Source: <https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>.
pub(super) fn links(color: bool) -> bool {
    color && std::io::stdout().is_terminal() && std::env::var_os("CI").is_none()
}

/// Whether an error is a reader that went away, which is no error.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
