//! How a step stands, by what is seen of it, what was recorded, and how what it needs stands.

use super::*;
use crate::model::plan::{Because, Certainty, Phase, Risk, Who};

fn step(id: &str, done_at: Option<&str>, told_at: Option<&str>) -> PlannedStep {
    PlannedStep {
        id: id.to_owned(),
        step: id.to_owned(),
        number: 1,
        title: String::new(),
        summary: String::new(),
        phase: Phase::Key,
        who: Who::Operator,
        subject: None,
        needs: Vec::new(),
        gates: Vec::new(),
        because: vec![Because {
            rule: "r".to_owned(),
            fingerprint: "f".to_owned(),
            verdict: None,
            level: None,
            message: String::new(),
        }],
        certainty: Certainty::Needed,
        risk: Risk::Low,
        impact: String::new(),
        point_of_no_return: None,
        minutes: 0,
        lead_days: 0,
        abort_if: Vec::new(),
        verify: String::new(),
        roll_back: String::new(),
        manual: None,
        sh: None,
        cloudformation: None,
        terraform: None,
        values: BTreeMap::new(),
        inputs: BTreeMap::new(),
        references: Vec::new(),
        done_at: done_at.map(str::to_owned),
        told_at: told_at.map(str::to_owned),
    }
}

/// A plan of one pool with these steps, each of which needs the one before.
pub(in crate::plan) fn plan_of(ids: &[&str]) -> Plan {
    let pool = crate::model::Subject {
        kind: crate::model::SubjectKind::Pool,
        id: "us-east-1_AbCdEfGhI".to_owned(),
        name: None,
        arn: None,
        region: None,
        account: "111122223333".to_owned(),
        pool_id: Some("us-east-1_AbCdEfGhI".to_owned()),
    };
    let mut steps: Vec<PlannedStep> = ids.iter().map(|id| step(id, None, None)).collect();
    for at in 1..steps.len() {
        steps[at].needs = vec![ids[at - 1].to_owned()];
    }
    let pool = PoolPlan {
        pool,
        region: "us-east-1".to_owned(),
        replica_region: None,
        owner: None,
        wave: None,
        target_issuer: None,
        evidence_from: None,
        gates: BTreeMap::new(),
        expected: BTreeMap::new(),
        overlap: None,
        values: BTreeMap::new(),
        steps,
        done: Vec::new(),
        cannot_fix: Vec::new(),
        verifiers: Vec::new(),
    };
    Plan {
        schema_version: PLAN_SCHEMA_VERSION,
        tool: crate::model::report::Tool { name: "mrready".to_owned(), version: "0.1.0".to_owned() },
        now: "2026-11-21T09:00:00Z".to_owned(),
        direction: Direction::Forward,
        target_issuer: crate::model::TargetIssuer::Updated,
        snapshot_digest: String::new(),
        evidence_from: None,
        evidence_to: None,
        catalogue_digest: String::new(),
        reductions: Vec::new(),
        waves: Vec::new(),
        pools: vec![pool],
    }
}

const SEEN: [Seen; 8] =
    [Seen::Done, Seen::Quiet, Seen::Passing, Seen::Later, Seen::Open, Seen::Unclear, Seen::Person, Seen::Untold];

#[test]
fn every_combination_has_its_word() {
    use Progress::{Done, Next, Person, Unclear, Undone, Waiting};
    // What was recorded, how the only need stands, and the words in the order of `SEEN`.
    let table = [
        (None, None, Done, [Done, Done, Done, Next, Next, Unclear, Person, Person]),
        (None, None, Waiting, [Done, Waiting, Waiting, Waiting, Waiting, Waiting, Waiting, Waiting]),
        (None, None, Unclear, [Done, Waiting, Waiting, Waiting, Waiting, Waiting, Waiting, Waiting]),
        (None, Some("t"), Done, [Done, Done, Done, Done, Done, Done, Person, Done]),
        (None, Some("t"), Waiting, [Done, Done, Done, Done, Done, Done, Waiting, Done]),
        (Some("t"), None, Done, [Done, Done, Done, Unclear, Undone, Unclear, Person, Done]),
        (Some("t"), None, Undone, [Done, Undone, Done, Undone, Undone, Unclear, Person, Done]),
        (Some("t"), None, Unclear, [Done, Unclear, Done, Unclear, Undone, Unclear, Person, Done]),
        // Once evidence has shown it, a person's word does not count any more.
        (Some("t"), Some("t"), Done, [Done, Done, Done, Unclear, Undone, Unclear, Person, Done]),
    ];
    for (done_at, told_at, need, words) in table {
        for (seen, word) in SEEN.into_iter().zip(words) {
            let look = Look { seen, because: "so".to_owned(), own: false };
            let (found, because) = progress(look, &step("a", done_at, told_at), &[need]);
            assert_eq!(found, word, "{seen:?}, done {done_at:?}, told {told_at:?}, its need {need}");
            assert!(because.contains("so"), "{because}");
        }
    }
}

#[test]
fn what_is_not_known_is_never_done_without_a_word() {
    for seen in [Seen::Open, Seen::Unclear, Seen::Person, Seen::Untold, Seen::Later] {
        for need in Progress::ALL {
            let look = Look { seen, because: String::new(), own: false };
            let (found, _) = progress(look, &step("a", None, None), &[*need]);
            assert_ne!(found, Progress::Done, "{seen:?} {need}");
        }
    }
}

fn stood(id: &str, progress: Progress) -> StepProgress {
    StepProgress {
        id: id.to_owned(),
        number: 1,
        title: String::new(),
        progress,
        because: String::new(),
        on_word: false,
        done_at: None,
    }
}

#[test]
fn what_was_undone_comes_first_then_what_can_be_done_then_what_to_look_into() {
    use Progress::{Done, Next, Person, Unclear, Undone, Waiting};
    for (words, at) in [
        (vec![Done, Next, Undone, Next], Some(2)),
        (vec![Person, Done, Waiting, Next], Some(3)),
        (vec![Waiting, Unclear, Person], Some(1)),
        (vec![Person, Waiting, Unclear], Some(0)),
        (vec![Done, Waiting], None),
        (vec![Done, Done], None),
    ] {
        let steps: Vec<StepProgress> = (0..).zip(&words).map(|(at, word)| stood(&at.to_string(), *word)).collect();
        assert_eq!(next(&steps, &BTreeSet::new()), at.map(|at: i32| at.to_string()).as_deref(), "{words:?}");
    }
}

#[test]
fn of_what_was_undone_that_comes_first_which_took_the_rest_with_it() {
    let steps = [stood("a", Progress::Undone), stood("b", Progress::Undone), stood("c", Progress::Undone)];
    assert_eq!(next(&steps, &BTreeSet::from(["c".to_owned(), "b".to_owned()])), Some("b"));
}

#[test]
fn a_step_is_named_by_its_id_or_with_its_pool() {
    let mut plan = plan_of(&["create-key", "attach-key"]);
    assert_eq!(find(&plan, "attach-key").map(|(_, id)| id), Some("attach-key"));
    assert_eq!(find(&plan, "us-east-1_AbCdEfGhI/attach-key").map(|(_, id)| id), Some("attach-key"));
    assert!(find(&plan, "attach").is_none() && find(&plan, "us-east-1_Other/attach-key").is_none());
    let mut other = plan.pools[0].clone();
    other.pool.id = "us-east-1_Other".to_owned();
    plan.pools.push(other);
    assert!(find(&plan, "attach-key").is_none(), "of which pool?");
    assert!(find(&plan, "us-east-1_Other/attach-key").is_some_and(|(pool, _)| pool.pool.id == "us-east-1_Other"));
}
