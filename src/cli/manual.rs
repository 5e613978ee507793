//! `mrready completions` and `mrready man`: what shells and `man` are told, from the definition of the command line.

use anyhow::{Context, Result};

use super::args::{CompletionsArgs, ManArgs};
use super::{command, exit, ui};

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> Result<u8> {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "mrready", &mut out);
    ui::print(&out)?;
    Ok(exit::GOOD)
}

/// Prints a manual page.
pub(super) fn man(args: &ManArgs) -> Result<u8> {
    let mut found = command();
    // Names, and the options of the program, reach the commands below it.
    found.build();
    let mut name = found.get_name().to_owned();
    for word in &args.command {
        let below = found.find_subcommand(word).with_context(|| format!("`{name}` has no command `{word}`"))?;
        name = format!("{name}-{}", below.get_name());
        found = below.clone();
    }
    let mut out = Vec::new();
    clap_mangen::Man::new(found.name(name)).render(&mut out)?;
    ui::print(&out)?;
    Ok(exit::GOOD)
}
