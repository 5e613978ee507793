//! Plans as people and programs read them: one file per surface. They see a [`Plan`](crate::model::Plan) and nothing else.

mod bash;
pub mod graph;
pub mod iac;
pub mod json;
pub mod markdown;
pub mod progress;
#[cfg(test)]
pub(crate) mod samples;
mod schedule;
pub mod shell;
