//! From a snapshot to a verdict, a gate and an exit code: what the tool makes of the evidence as a whole.

mod bound;
mod consumers;
mod denial;
mod gates;
mod matrix;
mod open_only;
mod pools;
mod ready;
mod same;
mod trees;
mod verdicts;
