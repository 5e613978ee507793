//! The vocabulary of the tool: what can be known, judged and reported. No IO, no AWS, no rule files.
//!
//! Every other module speaks in these words; this one names no other module.

mod cause;
pub mod diff;
mod fields;
mod observed;
pub mod plan;
pub mod reference;
pub mod report;
pub mod totals;
mod truth;
mod verdict;

pub use cause::Cause;
pub use diff::Diff;
pub use fields::{Absence, FieldSpec, FieldType, Fields, begins_a_name};
pub use observed::{Fact, Listed, Observed, Record, Source, Value};
pub use plan::{Direction, Phase, Plan, Risk, Who};
pub use reference::{Class, Confidence, ScanHit, ScanReport, ScanRoot, Severity, SkipReason, Skipped};
pub use report::{Coverage, Evidence, Finding, Report, Subject};
pub use totals::Totals;
pub use truth::Truth;
pub use verdict::{DecidedBy, Gate, Level, Position, Resolve, Status, SubjectKind, TargetIssuer, Verdict};
