//! What people have to do and say: changes of verifiers by owner, decisions, signatures.

use std::collections::{BTreeMap, BTreeSet};

use super::Page;
use super::steps::called;
use crate::model::Verdict;
use crate::model::plan::{PlannedStep, PoolPlan, VerifierChange, Who};
use crate::render::escape::{code, flow, prose};
use crate::render::text::count;

/// What nobody but a person can say, with room for the answer.
pub(super) fn decisions(page: &mut Page, pool: &PoolPlan, level: usize) {
    let asked = |step: &&PlannedStep| {
        step.who == Who::Management || step.because.iter().any(|because| because.verdict == Some(Verdict::Manual))
    };
    let steps: Vec<&PlannedStep> = pool.steps.iter().filter(asked).collect();
    if steps.is_empty() {
        return;
    }
    page.heading(level, "Decisions by people");
    page.line(
        "No evidence answers these. Write the answers into a decisions file too, so that the next run knows them.",
    );
    let rows: Vec<[String; 5]> = steps
        .into_iter()
        .map(|step| {
            let manual = step.because.iter().filter(|because| because.verdict == Some(Verdict::Manual));
            let questions: Vec<String> = manual.map(|because| flow(&because.message)).collect();
            let question = if questions.is_empty() { flow(&step.summary) } else { questions.join("<br>") };
            [called(step), question, step.who.to_string(), String::new(), String::new()]
        })
        .collect();
    page.table(["Step", "Question", "Who", "Answer", "By, on"], &rows);
}

/// What has to change in each place that verifies tokens, owner by owner.
pub(super) fn verifiers(page: &mut Page, pool: &PoolPlan, level: usize) {
    if pool.verifiers.is_empty() {
        return;
    }
    page.heading(level, "Changes where tokens are verified");
    page.line(
        "Before the switch every place has to accept both issuers, or to be ready to change in its window; after the overlap window \
         the old issuer goes.",
    );
    // Those without an owner last.
    let mut by_owner: BTreeMap<(bool, &str), Vec<&VerifierChange>> = BTreeMap::new();
    for change in &pool.verifiers {
        let owner = change.owner.as_deref();
        by_owner.entry((owner.is_none(), owner.unwrap_or_default())).or_default().push(change);
    }
    for ((nobody, owner), changes) in by_owner {
        let owner = if nobody { "Owner not known".to_owned() } else { format!("Owner {}", code(owner)) };
        page.heading(level + 1, &format!("{owner}: {}", count(changes.len(), "place")));
        let rows: Vec<[String; 5]> = changes
            .into_iter()
            .map(|change| {
                let what = format!("{}, {}", prose(&change.kind), change.severity.as_str());
                [code(&change.place), what, code(&change.seen), flow(&change.before), flow(&change.after)]
            })
            .collect();
        page.table(["Place", "Kind", "Seen", "Before the switch", "After the last old token"], &rows);
    }
}

/// Lines to sign: everybody who has to act, and who approves the change. AWS signs nothing.
pub(super) fn sign_off(page: &mut Page, pool: &PoolPlan, level: usize) {
    page.heading(level, "Sign-off");
    let roles: BTreeSet<Who> = pool.steps.iter().map(|step| step.who).filter(|who| *who != Who::Aws).collect();
    let roles = roles.into_iter().map(|who| who.to_string());
    let rows: Vec<[String; 4]> = ["approves the change".to_owned()]
        .into_iter()
        .chain(roles)
        .map(|role| [role, String::new(), String::new(), String::new()])
        .collect();
    page.table(["Role", "Name", "Date", "Signature"], &rows);
}
