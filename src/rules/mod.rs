//! Rules: what a rule file may say, and the checked form that is judged.
//!
//! A rule is data. It never executes, never loops without bound and never reads anything but fields. What a file may
//! say is checked by `load` against the fields that exist, with every problem of a folder reported at once; `audit`
//! judges the result. Nothing here evaluates.

mod rule;

pub use rule::{AwsPointer, Check, FieldRef, Given, Literal, Op, Options, Piece, Rule, RuleTest, Say, Step};
