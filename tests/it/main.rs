//! The integration tests, all in one binary. What one module can prove alone is tested beside its code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests: what cannot be is a failure, and their names say what they are"
)]

mod builder;
mod snapshots;
