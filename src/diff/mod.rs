//! Comparing two reports, or two snapshots, by meaning. Pure: two documents in, a [`Diff`] out, sorted, whatever the order
//! in which they list their things.
//!
//! # Which part a change stands in
//!
//! A finding that changed stands in exactly one of the three parts. The first line that fits decides:
//!
//! 1. The rule is judged in one of the two only: **rules** (`rule`).
//! 2. The verdict is the same and another decision applies; or one of the two verdicts is a person's answer and the other
//!    waits for one, or is another answer: **rules** (`decision`).
//! 3. One of the two is unknown, and a cause at the bottom is that nothing was answered (denied, throttled, failed, not
//!    collected, not searched, not kept, stale): **evidence** (`evidence_lost`, `evidence_found`, `other_cause`). That AWS
//!    does not find a resource or does not offer an operation is an answer, and no such cause. If the cause is that no
//!    target Region is given: **rules** (`option`).
//! 4. The subject is in one of the two only: **evidence** if the place where it lives was searched on that side only, or
//!    the same rule says on the pool that not everything could be listed; else **account** (`subject`). If an option that
//!    decides verdicts is another, and the report does not list what concerns nothing: **rules** (`option`), for then nobody
//!    can tell.
//! 5. Both verdicts say that the check does not hold, and the level is another: **rules** (`level`).
//! 6. Both judged the same snapshot, by its digest: **rules** (`rule` if the digest of the catalogue or the tool is another,
//!    else `option` if an option is), else **evidence** (`clock`): the same answers have aged.
//! 7. A field that it rests on has another value. If that was read from an answer or a file: **account** (`value`); if from
//!    an option of the run or a table of the tool: **rules** (`option`). A field that only one of the two findings names is
//!    looked up among all findings on the same subject and its pool.
//! 8. Every field that can be compared has the same value, and there is one: the account does not explain it. **Rules**
//!    (`rule` if the digest of the catalogue or the tool is another, else `option` if an option is), else **evidence**
//!    (`clock`).
//! 9. No field can be compared: **rules** (`option`) if such an option is another, or (`rule`) if the rule says something else than before (title, gates, who decides,
//!    what it expects), else **account** (`value`).
//!
//! Of two snapshots there is no judgement to change. A question that is answered on both sides changed in the **account**;
//! one that was refused, throttled or failed on one side in the **evidence**. A question asked on one side only is
//! **account** if an answer that gives its parameters changed, else **evidence**.
//!
//! # What is worse
//!
//! A finding is open if it is FAIL, WARN, UNKNOWN or MANUAL and not waived. Worse is: what was not open is FAIL, WARN or
//! UNKNOWN; PASS becomes MANUAL; an open finding becomes another of FAIL, WARN, UNKNOWN, but for FAIL → WARN; a finding is
//! lost from sight (line 4, evidence). A gate that was ready and is not, or was done and is not. A pool that is gone: nobody
//! can tell whether it was deleted or not looked at. A new pool with FAIL, WARN or UNKNOWN. A new reduction that touches a
//! blocker. Snapshots hold no verdicts: there only lost evidence is worse, and a pool that is gone.
//! What is gone because it is judged otherwise is not better; it is neither.

mod answer;
mod because;
mod report;
mod rules;
mod snapshot;
mod tree;

use std::collections::BTreeMap;

use crate::model::diff::{
    AccountChanges, DIFF_SCHEMA_VERSION, Diff, DiffSummary, Documents, EvidenceChanges, GateMove, RuleChanges, Side,
    Trend,
};
use crate::model::report::{Exit, Tool};

pub use report::{DiffError, reports};
pub use snapshot::snapshots;

/// The exit codes of the contract.
const GOOD: u8 = 0;
const WORSE: u8 = 1;

/// What was found, before it is summed up.
#[derive(Debug, Default)]
struct Found {
    gates: Vec<GateMove>,
    account: AccountChanges,
    evidence: EvidenceChanges,
    rules: Option<RuleChanges>,
}

impl Found {
    /// Sums it up.
    fn into_diff(self, documents: Documents, old: Side, new: Side) -> Diff {
        let Self { gates, account, evidence, rules } = self;
        let mut diff = Diff {
            schema_version: DIFF_SCHEMA_VERSION,
            tool: Tool { name: "mrready".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            documents,
            old,
            new,
            summary: DiffSummary {
                answer: Vec::new(),
                trends: BTreeMap::new(),
                exit: Exit { code: GOOD, because: Vec::new() },
            },
            gates,
            account,
            evidence,
            rules,
        };
        let worse = answer::worse(&diff);
        diff.summary = DiffSummary {
            answer: answer::answer(&diff),
            trends: answer::trends(&diff),
            exit: Exit { code: if worse.is_empty() { GOOD } else { WORSE }, because: worse },
        };
        diff
    }
}

/// Worse if so, else neither.
fn worse_if(worse: bool) -> Trend {
    if worse { Trend::Worse } else { Trend::Neutral }
}
