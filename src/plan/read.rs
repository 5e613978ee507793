//! A plan file as it comes back after weeks: read, and held to what the rest relies on. A plan is a file that people carry
//! around, so nothing in it is believed before it is checked. Not here: the disk, and what has become of the steps.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::plan::{PLAN_SCHEMA_VERSION, Plan, PoolPlan};

/// Why a file is not a plan that can be verified. The place is `line:column`, both from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing in it.
    #[error("it is empty; a plan is what `mrready plan --format json` writes")]
    Empty,
    /// Not JSON, or not an object, or not one of ours.
    #[error("{place}: not a plan, as `mrready plan --format json` writes it: {because}")]
    NotAPlan {
        /// Where.
        place: String,
        /// Why.
        because: String,
    },
    /// Another of our documents.
    #[error("this is a {what}, not a plan; make a plan of a snapshot first: mrready plan SNAPSHOT --format json")]
    Other {
        /// Which.
        what: &'static str,
    },
    /// Written by a later version.
    #[error("version {found} of the plan is newer than this mrready, which reads {PLAN_SCHEMA_VERSION}; update it")]
    Newer {
        /// The version it says.
        found: u32,
    },
    /// Written by an earlier version.
    #[error(
        "version {found} of the plan is older than this mrready, which reads {PLAN_SCHEMA_VERSION}; make the plan again"
    )]
    Older {
        /// The version it says.
        found: u32,
    },
    /// A plan that contradicts itself.
    #[error("{member}: {because}")]
    Broken {
        /// The member, as a JSON pointer.
        member: String,
        /// What is wrong with it.
        because: String,
    },
}

/// What tells a plan from other JSON, and one version of it from another.
#[derive(Debug, Deserialize)]
struct Head {
    schema_version: Option<u32>,
    mrready_snapshot: Option<serde::de::IgnoredAny>,
    findings: Option<serde::de::IgnoredAny>,
    direction: Option<serde::de::IgnoredAny>,
}

/// Reads a plan.
pub fn read(bytes: &[u8]) -> Result<Plan, PlanError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(PlanError::Empty);
    }
    let not_a_plan = |error: &serde_json::Error| PlanError::NotAPlan {
        place: format!("{}:{}", error.line(), error.column()),
        because: error.to_string(),
    };
    // A list would be taken for the members of a structure in their order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(PlanError::NotAPlan { place: "1:1".to_owned(), because: "an object is expected".to_owned() });
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| not_a_plan(&error))?;
    if head.mrready_snapshot.is_some() {
        return Err(PlanError::Other { what: "snapshot" });
    }
    if head.findings.is_some() {
        return Err(PlanError::Other { what: "report" });
    }
    match head.schema_version {
        Some(found) if found > PLAN_SCHEMA_VERSION => return Err(PlanError::Newer { found }),
        Some(found) if found < PLAN_SCHEMA_VERSION => return Err(PlanError::Older { found }),
        Some(_) if head.direction.is_some() => {}
        _ => {
            let because = "it has no `schema_version` and `direction`".to_owned();
            return Err(PlanError::NotAPlan { place: "1:1".to_owned(), because });
        }
    }
    let plan: Plan = serde_json::from_slice(bytes).map_err(|error| not_a_plan(&error))?;
    check(&plan)?;
    Ok(plan)
}

/// What the file can get wrong in the right shape: pools and steps that stand twice, needs that lead nowhere or ahead.
fn check(plan: &Plan) -> Result<(), PlanError> {
    let broken = |member: String, because: String| Err(PlanError::Broken { member, because });
    if plan.pools.is_empty() {
        return broken("/pools".to_owned(), "the plan has no pool".to_owned());
    }
    let mut pools = BTreeSet::new();
    for (at, pool) in plan.pools.iter().enumerate() {
        if !pools.insert((&pool.pool.account, &pool.pool.id)) {
            return broken(format!("/pools/{at}/pool/id"), format!("the pool {} stands twice", quoted(&pool.pool.id)));
        }
        steps(&format!("/pools/{at}"), pool)?;
    }
    Ok(())
}

fn steps(place: &str, pool: &PoolPlan) -> Result<(), PlanError> {
    let mut before: BTreeSet<&str> = BTreeSet::new();
    for (at, step) in pool.steps.iter().enumerate() {
        let broken = |member: &str, because: String| {
            Err(PlanError::Broken { member: format!("{place}/steps/{at}/{member}"), because })
        };
        // In order, a step needs what stands before it: nothing can then wait in a circle.
        if let Some(need) = step.needs.iter().find(|need| !before.contains(need.as_str())) {
            return broken("needs", format!("{} is no step that comes before it", quoted(need)));
        }
        if !before.insert(&step.id) {
            return broken("id", format!("the step {} stands twice", quoted(&step.id)));
        }
        for (member, time) in [("done_at", &step.done_at), ("told_at", &step.told_at)] {
            if let Some(time) = time.as_ref().filter(|time| time.parse::<jiff::Timestamp>().is_err()) {
                return broken(member, format!("{} is no time as RFC 3339 writes it", quoted(time)));
            }
        }
    }
    Ok(())
}

/// A text from the file, short enough for a message.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::verify::tests::plan_of;
    use super::*;

    fn sample() -> Value {
        serde_json::to_value(plan_of(&["create-key", "attach-key"])).unwrap()
    }

    fn said(value: &Value) -> String {
        read(value.to_string().as_bytes()).map_or_else(|error| error.to_string(), |_| "read".to_owned())
    }

    #[test]
    fn a_plan_comes_back_as_it_was() {
        let plan = plan_of(&["create-key", "attach-key"]);
        assert_eq!(read(&serde_json::to_vec(&plan).unwrap()), Ok(plan));
    }

    #[test]
    fn what_is_no_plan_of_this_version_is_refused_with_what_to_do() {
        let with = |change: fn(&mut Value)| {
            let mut value = sample();
            change(&mut value);
            said(&value)
        };
        for (text, wanted) in [
            (with(|v| v["schema_version"] = json!(2)), "newer than this mrready"),
            (with(|v| v["schema_version"] = json!(0)), "make the plan again"),
            (with(|v| drop(v.as_object_mut().unwrap().remove("schema_version"))), "1:1: not a plan"),
            (with(|v| v["schema_version"] = json!("1")), "not a plan"),
            (with(|v| v["mrready_snapshot"] = json!(1)), "a snapshot, not a plan"),
            (with(|v| v["findings"] = json!([])), "a report, not a plan"),
            (with(|v| v["direction"] = json!("sideways")), "not a plan"),
            (with(|v| v["pools"] = json!([])), "/pools: the plan has no pool"),
            (with(|v| v["pools"] = json!([v["pools"][0], v["pools"][0]])), "/pools/1/pool/id"),
            (with(|v| v["pools"][0]["steps"][1]["id"] = json!("create-key")), "/pools/0/steps/1/id"),
            (with(|v| v["pools"][0]["steps"][0]["needs"] = json!(["attach-key"])), "/pools/0/steps/0/needs"),
            (with(|v| v["pools"][0]["steps"][1]["needs"] = json!(["no-such"])), "`no-such` is no step"),
            (with(|v| v["pools"][0]["steps"][0]["done_at"] = json!("yesterday")), "/pools/0/steps/0/done_at"),
            (with(|v| v["pools"][0]["steps"][0]["told_at"] = json!("x".repeat(5000))), "/pools/0/steps/0/told_at"),
            (with(|v| *v = json!([1, 2])), "an object is expected"),
        ] {
            assert!(text.contains(wanted), "{text} has no {wanted}");
            assert!(text.len() < 300, "{text}");
        }
        assert_eq!(read(b" \n"), Err(PlanError::Empty));
        let whole = sample().to_string();
        for end in [1, 20, whole.len() / 2, whole.len() - 1] {
            assert!(matches!(read(&whole.as_bytes()[..end]), Err(PlanError::NotAPlan { .. })), "{end}");
        }
        let deep = format!("{{\"schema_version\":1,\"direction\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(read(deep.as_bytes()), Err(PlanError::NotAPlan { .. })));
    }
}
