//! What a verification says after each stage, and what it says of what was undone.

use std::collections::{BTreeMap, BTreeSet};

use mrready::facts::{FactOptions, Facts};
use mrready::model::plan::{Direction, Plan, PoolProgress, Progress, StepProgress, Verification};
use mrready::plan::verify::{calls, verify};
use mrready::snapshot::{ErrorKind, Snapshot};

use super::options;
use super::stages::{Stage, taken};
use crate::builder::{Account, DESCRIBE_KEY, DESCRIBE_POOL, P, REPLICAS, Run, S, catalog, failure, table};

fn fact_options(stage: Stage) -> FactOptions {
    FactOptions { now: stage.now(), ..Run::default().fact_options() }
}

/// The plan of the first day, with everything that people can say said.
pub(super) fn first_plan() -> Plan {
    let snapshot = Stage::FirstDay.snapshot();
    let facts = Facts::new(&snapshot, fact_options(Stage::FirstDay), table());
    mrready::plan::plan(facts, catalog(), &Run::attested().parsed(), &options(), Direction::Forward)
}

fn verified(plan: &mut Plan, stage: Stage, snapshot: &Snapshot) -> Verification {
    let facts = Facts::new(snapshot, fact_options(stage), table());
    verify(plan, facts, catalog(), &Run::attested().parsed(), &options())
}

fn only(verification: &Verification) -> &PoolProgress {
    let [pool] = verification.pools.as_slice() else { panic!("{:?}", verification.pools) };
    pool
}

fn of<'v>(verification: &'v Verification, step: &str) -> &'v StepProgress {
    let found = only(verification).steps.iter().find(|each| each.id == step);
    found.unwrap_or_else(|| panic!("no {step} in {:#?}", only(verification).steps))
}

/// A person says that a step is done.
fn tell(plan: &mut Plan, stage: Stage, steps: &[&str]) {
    for id in steps {
        let step = plan.pools[0].steps.iter_mut().find(|step| step.id == *id);
        step.unwrap_or_else(|| panic!("the plan has no {id}")).told_at = Some(stage.now().to_string());
    }
}

/// The verifications of a whole series, with what people say on the way.
fn series(plan: &mut Plan) -> BTreeMap<Stage, Verification> {
    let mut all = BTreeMap::new();
    for stage in Stage::ALL {
        if stage == Stage::KeyMade {
            tell(plan, stage, &["create-multi-region-key", "replicate-key"]);
        }
        all.insert(stage, verified(plan, stage, &stage.snapshot()));
    }
    all
}

/// The main steps, and the stage from which on each is done.
const MAIN: [(&str, Stage); 9] = [
    ("change-feature-plan", Stage::FeaturePlan),
    ("create-multi-region-key", Stage::KeyMade),
    ("replicate-key", Stage::KeyMade),
    ("attach-key", Stage::KeyAttached),
    ("add-issuer-to-rest-authorizer", Stage::VerifiersReady),
    ("switch-issuer", Stage::IssuerSwitched),
    ("create-replica", Stage::ReplicaMade),
    ("activate-replica", Stage::ReplicaActive),
    ("route-domain", Stage::Routed),
];

#[test]
fn each_stage_shows_its_steps_done_and_no_other() {
    let mut plan = first_plan();
    for (stage, verification) in series(&mut plan) {
        for (step, from) in MAIN {
            let found = of(&verification, step);
            assert_eq!(found.progress == Progress::Done, stage >= from, "{stage:?}: {found:?}");
        }
        let undone = only(&verification).steps.iter().find(|step| step.progress == Progress::Undone);
        assert_eq!(undone, None, "{stage:?}");
        // No answer shows a key that no pool uses: until it is attached a person's word is all there is.
        let on_word = of(&verification, "create-multi-region-key").on_word;
        assert_eq!(on_word, stage == Stage::KeyMade, "{stage:?}");
    }
}

#[test]
fn each_stage_names_the_step_to_go_on_with() {
    let mut plan = first_plan();
    // What takes long is begun on the first day, and the rest that no evidence shows is said to be done when it is.
    let main: BTreeSet<&str> = MAIN.iter().map(|(step, _)| *step).collect();
    let others: Vec<String> =
        plan.pools[0].steps.iter().map(|step| step.id.clone()).filter(|id| !main.contains(id.as_str())).collect();
    tell(&mut plan, Stage::FirstDay, &others.iter().map(String::as_str).collect::<Vec<_>>());
    for (stage, verification) in series(&mut plan) {
        let next = only(&verification).next.clone();
        let open: Vec<&str> = MAIN.iter().filter(|(_, from)| stage < *from).map(|(step, _)| *step).collect();
        let next = next.as_deref();
        assert_eq!(next.is_none(), open.is_empty(), "{stage:?}: {next:?}");
        let Some(next) = next else { continue };
        assert!(open.contains(&next), "{stage:?}: {next}");
        // Of what is open it is the first in the plan's order that waits for nothing.
        let steps = &only(&verification).steps;
        let first = steps.iter().find(|step| open.contains(&step.id.as_str()) && step.progress == Progress::Next);
        assert_eq!(first.map(|step| step.id.as_str()), Some(next), "{stage:?}");
    }
}

#[test]
fn at_the_end_everything_is_done_by_evidence() {
    let mut plan = first_plan();
    let mut all = series(&mut plan);
    // What nothing can show, such as that old tokens have expired, a person records.
    let open: Vec<String> = only(&all[&Stage::Routed])
        .steps
        .iter()
        .filter(|step| step.progress != Progress::Done)
        .map(|step| {
            assert_eq!((step.progress, step.because.as_str()), (Progress::Person, "no evidence shows it"), "{step:?}");
            step.id.clone()
        })
        .collect();
    tell(&mut plan, Stage::Routed, &open.iter().map(String::as_str).collect::<Vec<_>>());
    all.insert(Stage::Routed, verified(&mut plan, Stage::Routed, &Stage::Routed.snapshot()));
    let (last, before) = (&all[&Stage::Routed], &all[&Stage::ReplicaActive]);
    assert_eq!((last.exit.code, &last.exit.because), (0, &Vec::new()));
    assert_eq!((only(last).next.as_ref(), &only(last).new_steps), (None, &Vec::new()));
    assert!(only(last).steps.iter().all(|step| step.progress == Progress::Done && !step.on_word));
    assert_eq!(before.exit.code, 3);
    // When each was first seen done, not when it was last looked at.
    assert_eq!(of(last, "attach-key").done_at, Some(Stage::KeyAttached.now().to_string()));
    assert_eq!(of(last, "attach-key").done_at, of(before, "attach-key").done_at);
    let ages: Vec<(&String, &String)> = only(last).evidence_from.iter().collect();
    let taken = Stage::Routed.taken().to_string();
    assert_eq!(ages, [(&P.to_owned(), &taken), (&S.to_owned(), &taken)]);
}

/// The series up to a stage, then the account of that stage changed by somebody.
fn undone(stage: Stage, change: impl FnOnce(Account) -> Account) -> Verification {
    let mut plan = first_plan();
    for each in Stage::ALL.into_iter().filter(|each| *each <= stage) {
        verified(&mut plan, each, &each.snapshot());
    }
    verified(&mut plan, stage, &taken(change(stage.account()), stage.taken()))
}

#[test]
fn a_key_that_is_disabled_undoes_the_step_that_attached_it() {
    for stage in [Stage::KeyAttached, Stage::ReplicaMade, Stage::Routed] {
        let verification = undone(stage, |account| account.set(DESCRIBE_KEY, P, "/KeyMetadata/KeyState", "Disabled"));
        let found = of(&verification, "attach-key");
        assert_eq!(found.progress, Progress::Undone, "{stage:?}: {found:?}");
        assert!(found.because.contains("Disabled") && found.because.contains("it was done on"), "{found:?}");
        assert_eq!(verification.exit.code, 1, "{stage:?}");
        assert!(only(&verification).new_steps.contains(&"enable-key".to_owned()), "{:?}", only(&verification));
    }
}

#[test]
fn a_replica_that_is_gone_undoes_its_creation_and_comes_next() {
    let verification = undone(Stage::ReplicaConfigured, |account| {
        account.set_first(
            REPLICAS,
            serde_json::json!({ "UserPoolReplicas": [
                { "RegionName": P, "Role": "PRIMARY", "Status": "ACTIVE" }
            ] }),
        )
    });
    assert_eq!(of(&verification, "create-replica").progress, Progress::Undone);
    assert_eq!(only(&verification).next.as_deref(), Some("create-replica"));
    assert_eq!(of(&verification, "activate-replica").progress, Progress::Waiting);
    assert_eq!(verification.exit.code, 1);
    assert!(verification.exit.because[0].contains("create-replica is undone"), "{:?}", verification.exit);
}

#[test]
fn without_a_record_nothing_is_known_to_be_undone() {
    let mut plan = first_plan();
    let account = Stage::KeyAttached.account().set(DESCRIBE_KEY, P, "/KeyMetadata/KeyState", "Disabled");
    let verification = verified(&mut plan, Stage::KeyAttached, &taken(account, Stage::KeyAttached.taken()));
    assert!(only(&verification).steps.iter().all(|step| step.progress != Progress::Undone));
    assert_ne!(verification.exit.code, 0);
}

#[test]
fn what_is_denied_is_unclear_and_never_undone() {
    let verification = undone(Stage::ReplicaConfigured, |account| account.deny(REPLICAS));
    let found = of(&verification, "create-replica");
    assert_eq!(found.progress, Progress::Unclear, "{found:?}");
    assert!(found.because.contains("denied"), "{found:?}");
    assert!(
        only(&verification).steps.iter().all(|step| step.progress != Progress::Undone),
        "{:#?}",
        only(&verification)
    );
    assert_eq!(verification.exit.code, 3);
}

#[test]
fn while_the_primary_region_is_silent_its_last_answers_count() {
    let mut plan = first_plan();
    let series = [Stage::KeyAttached, Stage::IssuerSwitched, Stage::ReplicaConfigured];
    for stage in series {
        verified(&mut plan, stage, &stage.snapshot());
    }
    let before = Stage::ReplicaConfigured.snapshot();
    // Two days later P answers nothing, and S answers as before.
    let silent = failure(ErrorKind::Failed, "Timeout");
    let mut during = Stage::ReplicaActive.account();
    during.calls.iter_mut().filter(|call| call.region == P).for_each(|call| {
        (call.response, call.error, call.more) = (None, Some(silent.clone()), false);
    });
    let during = taken(during, Stage::ReplicaActive.taken());
    let alone = verified(&mut plan.clone(), Stage::ReplicaActive, &during);
    assert_eq!(of(&alone, "create-replica").progress, Progress::Unclear);
    let both = Snapshot::merge_keeping_answers(vec![before, during]).unwrap();
    let verification = verified(&mut plan, Stage::ReplicaActive, &both);
    assert_eq!(of(&verification, "create-replica").progress, Progress::Done);
    let ages = &only(&verification).evidence_from;
    assert_eq!(ages[P], Stage::ReplicaConfigured.taken().to_string());
    assert_eq!(ages[S], Stage::ReplicaActive.taken().to_string());
}

#[test]
fn a_pool_that_was_not_looked_at_is_unclear() {
    let mut plan = first_plan();
    let verification = verified(&mut plan, Stage::KeyMade, &Account::empty().snapshot());
    assert!(only(&verification).steps.iter().all(|step| step.progress == Progress::Unclear));
    assert_eq!(verification.exit.code, 3);
}

#[test]
fn a_plan_of_other_rules_says_so() {
    let mut plan = first_plan();
    assert_eq!(verified(&mut plan, Stage::FirstDay, &Stage::FirstDay.snapshot()).notes, Vec::<String>::new());
    "sha256:00".clone_into(&mut plan.catalogue_digest);
    plan.pools[0].steps[0].step = "no-such-step".to_owned();
    let verification = verified(&mut plan, Stage::FirstDay, &Stage::FirstDay.snapshot());
    assert_eq!(verification.notes.len(), 1);
    assert_eq!(only(&verification).steps[0].progress, Progress::Unclear);
}

#[test]
fn what_a_live_verification_asks_is_what_decides_its_steps() {
    let calls = calls(&first_plan(), catalog());
    for call in [DESCRIBE_POOL, REPLICAS, DESCRIBE_KEY, "apigateway:GetAuthorizers"] {
        assert!(calls.contains(call), "{call} is not in {calls:?}");
    }
    // With these calls alone every main step stands as with all.
    for stage in [Stage::KeyAttached, Stage::ReplicaActive, Stage::Routed] {
        let mut account = stage.account();
        let all = verified(&mut first_plan(), stage, &stage.snapshot());
        account.calls.retain(|call| calls.contains(&call.name()) || call.name() == "sts:GetCallerIdentity");
        let some = verified(&mut first_plan(), stage, &taken(account, stage.taken()));
        for (step, _) in MAIN {
            assert_eq!(of(&some, step).progress, of(&all, step).progress, "{stage:?} {step}");
        }
    }
}
