//! The plan as shell scripts: one per step with the functions they share, or all steps in one file.
//!
//! Here stands which text goes where. What the functions do is said in `shell/*.sh`, which are the same for every pool, so
//! that they are reviewed once; how text becomes harmless in a script, in `quote`; what one step tells, in `about`. A
//! script has only the values it uses. Nothing here runs anything.

mod about;
mod quote;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::model::Plan;
use crate::model::plan::{PlannedStep, PoolPlan};

use about::{About, file_name};
use quote::{comment, quote};

/// The name of the file that every step's script reads.
const COMMON_NAME: &str = "common.sh";

/// What every script begins with. A script that is sourced would set options, traps and the umask of somebody's own shell.
const HEAD: &str = "\
# Single quotes hold jq programs and JMESPath, which have a $ of their own; functions are called by names that are put
# together, and inputs are set by name.
# shellcheck disable=SC2016,SC2153,SC2317,SC2329
if [[ \"${BASH_SOURCE[0]:-}\" != \"$0\" ]]; then
  echo 'run this file, do not source it' >&2
  return 1 2>/dev/null || exit 1
fi
if ((BASH_VERSINFO[0] < 4)); then
  echo \"bash 4 or later is needed, not $BASH_VERSION\" >&2
  exit 1
fi
set -euo pipefail
";

/// The shared functions, in the order in which they build on each other.
const COMMON: [&str; 3] =
    [include_str!("shell/talk.sh"), include_str!("shell/update.sh"), include_str!("shell/flow.sh")];

/// File names and texts of one pool's folder: the shared functions and a script per step that has shell text. Empty if no
/// step has. Every script is to be made executable.
pub fn files(plan: &Plan, pool: &PoolPlan) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for step in pool.steps.iter().filter(|step| step.sh.is_some()) {
        let how = |need: &PlannedStep| format!("./{}", file_name(need));
        let about = About { pool, step, prefix: "step".to_owned(), how: &how };
        let mut text = "#!/usr/bin/env bash\n# README\n".to_owned();
        about.readme(plan, &mut text);
        text.push_str(HEAD);
        text.push('\n');
        about.functions(&mut text);
        text.push_str("\n# shellcheck source=common.sh\n. \"$(dirname -- \"${BASH_SOURCE[0]}\")/common.sh\"\n");
        registry(&[about], &mut text);
        text.push_str("main \"$@\"\n");
        files.push((file_name(step), text));
    }
    if !files.is_empty() {
        let head = "# shellcheck shell=bash disable=SC2016,SC2034,SC2153,SC2154\n\
                    # What the scripts of a plan share. Read by them; does nothing by itself. The same for every pool.\n\
                    #\n\
                    # Single quotes hold jq programs; values are set by the script that reads this, and read by its steps.\n\n";
        files.insert(0, (COMMON_NAME.to_owned(), format!("{head}{}", COMMON.join("\n"))));
    }
    files
}

/// All steps of all pools in one script: `bash plan.sh STEP`, or on a terminal one after the other.
pub fn one_script(plan: &Plan) -> String {
    let mut text = "#!/usr/bin/env bash\n# README\n".to_owned();
    let about = format!(
        "the steps of {} pool(s), {}; written by {} {} at {}; evidence {} to {}, {}",
        plan.pools.len(),
        plan.direction.as_str(),
        plan.tool.name,
        plan.tool.version,
        plan.now,
        plan.evidence_from.as_deref().unwrap_or("unknown"),
        plan.evidence_to.as_deref().unwrap_or("unknown"),
        plan.snapshot_digest,
    );
    comment("what", &about, &mut text);
    comment(
        "how",
        "bash plan.sh STEP, or on a terminal without STEP one after the other; --help tells more",
        &mut text,
    );
    text.push_str(HEAD);
    for part in COMMON {
        let _ = write!(text, "\n{part}");
    }
    let how = |need: &PlannedStep| format!("step {} of this script", need.id);
    let mut abouts = Vec::new();
    for (number, pool) in (1..).zip(&plan.pools) {
        for (place, step) in (1..).zip(&pool.steps) {
            abouts.push(About { pool, step, prefix: format!("pool_{number}_step_{place}"), how: &how });
        }
    }
    for about in &abouts {
        text.push_str("\n# ---\n");
        about.readme(plan, &mut text);
        about.functions(&mut text);
    }
    text.push('\n');
    registry(&abouts, &mut text);
    text.push_str("main \"$@\"\n");
    text
}

/// The lists from which `main` chooses.
fn registry(abouts: &[About<'_>], text: &mut String) {
    let mut list = |name: &str, items: Vec<String>| {
        let _ = writeln!(text, "{name}=({})", items.join(" "));
    };
    let quoted = |text: &str| quote(text).unwrap_or_else(|| "''".to_owned());
    list("MRR_STEPS", abouts.iter().map(|about| about.prefix.clone()).collect());
    list("MRR_NAMES", abouts.iter().map(|about| quoted(&about.step.id)).collect());
    list("MRR_POOLS", abouts.iter().map(|about| quoted(&about.pool.pool.id)).collect());
}
