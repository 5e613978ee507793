//! Plans over weeks: verified after every stage, from outside and from inside.

mod command;
mod stages;
mod verify;
