//! Plans over weeks: verified after every stage, from outside and from inside.

mod command;
mod stages;
mod verify;

use mrready::audit::Options;

/// Nothing asked for: all gates, no decision.
pub(crate) fn options() -> Options {
    Options::default()
}
