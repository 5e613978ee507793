//! The planner over small catalogues: what gets into a plan, in which order, with which values.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{COLLECT, plan};
use crate::audit::{FailOn, Options};
use crate::facts::{Assumed, Assumptions, Child, FactOptions, Facts, FieldSet, RegionTable};
use crate::model::plan::{Certainty, Direction, PlannedStep, PoolPlan};
use crate::model::{Cause, Fact, Listed, Observed, Subject, SubjectKind, Value, Verdict};
use crate::rules::{Catalog, parse_decisions};
use crate::snapshot::{PoolKey, Scope, Snapshot};

const POOL: &str = "us-east-1_Example01";

fn key() -> PoolKey {
    PoolKey { account: "111122223333".to_owned(), id: POOL.to_owned() }
}

/// A rule on the pool that wants `field` to fit, and names these steps.
fn rule(id: &str, level: &str, check: &str, remedy: &str) -> (String, String) {
    let (fails, decided) = if level == "person" { ("blocker", "decided_by: person\n") } else { (level, "") };
    let text = format!(
        "id: {id}\ntitle: The pool is {id}\nsince: 0.1.0\ntags: []\nlevel: {fails}\n{decided}gates: [replicate]\nsubject: pool\n\
         check: {check}\nwhy: |\n  Because.\nresolve: before\nremedy: {remedy}\nreferences: []\n"
    );
    (format!("own/{id}.yaml"), text)
}

fn step(id: &str, more: &str) -> (String, String) {
    (format!("steps/{id}.yaml"), format!("id: {id}\ntitle: Do {id}\nsummary: Does {id}.\n{more}"))
}

/// These rules and steps alone.
fn catalog(files: &[(String, String)]) -> Catalog {
    let mut catalog = Catalog::load(&FieldSet, false, files).unwrap_or_else(|problems| panic!("{problems}"));
    let own: BTreeSet<String> = files.iter().map(|(_, text)| text[4..text.find('\n').unwrap()].to_owned()).collect();
    catalog.steps.retain(|id, _| own.contains(id) || id == COLLECT);
    catalog
}

fn known(value: impl Into<Value>) -> Observed<Value> {
    Observed::Known(value.into())
}

fn unknown() -> Observed<Value> {
    let (call, region) = ("kms:DescribeKey".to_owned(), "us-east-1".to_owned());
    Observed::Unknown(Cause::Denied { call, region, actions: vec!["kms:DescribeKey".to_owned()], detail: None })
}

fn authorizer(name: &str, accepts_new: bool) -> Child {
    let fact = |value: Value| Fact::known(value, Vec::new());
    Child {
        subject: Subject {
            kind: SubjectKind::Authorizer,
            id: format!("us-east-1/api/{name}"),
            name: Some(name.to_owned()),
            arn: None,
            region: Some("us-east-1".to_owned()),
            account: key().account,
            pool_id: Some(POOL.to_owned()),
        },
        fields: BTreeMap::from([
            ("authorizer.accepts_new", fact(accepts_new.into())),
            ("authorizer.name", fact(name.into())),
        ]),
    }
}

fn planned_with(
    files: &[(String, String)],
    assume: impl FnOnce(&mut Assumed),
    decisions: &str,
    direction: Direction,
) -> PoolPlan {
    let catalog = catalog(files);
    let decisions =
        parse_decisions("decisions.yaml", decisions, &catalog).unwrap_or_else(|problems| panic!("{problems}"));
    let mut scope = Scope::default();
    scope.pools.insert(key());
    let snapshot = Snapshot::new(scope, Vec::new());
    let mut assumed = Assumed::default();
    assume(&mut assumed);
    let options = FactOptions::new("2026-11-21T12:00:00Z".parse::<Timestamp>().unwrap());
    let facts = Facts::new(&snapshot, options, RegionTable::default())
        .assuming(Assumptions { pools: BTreeMap::from([(key(), assumed)]) });
    let options = Options { gates: BTreeSet::new(), fail_on: FailOn::Fail, strict: false, ..Options::default() };
    let mut plan = plan(facts, &catalog, &decisions, &options, direction);
    assert_eq!(plan.pools.len(), 1);
    plan.pools.remove(0)
}

fn planned(files: &[(String, String)], assume: impl FnOnce(&mut Assumed)) -> PoolPlan {
    planned_with(files, assume, "", Direction::Forward)
}

fn ids(plan: &PoolPlan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.as_str()).collect()
}

fn the<'p>(plan: &'p PoolPlan, id: &str) -> &'p PlannedStep {
    plan.steps.iter().find(|step| step.id == id).unwrap_or_else(|| panic!("{id}: {:?}", ids(plan)))
}

const ESSENTIALS: &str = "{ field: pool.tier, in: [ESSENTIALS, PLUS] }";
const PROTECTED: &str = "{ field: pool.deletion_protection, equals: ACTIVE }";

#[test]
fn a_step_is_there_because_a_finding_asks_and_says_so() {
    let files = [
        rule("paid", "blocker", ESSENTIALS, "[pay]"),
        rule("safe", "advisory", PROTECTED, "[protect]"),
        step("pay", "effects: { pool.tier: ESSENTIALS }\n"),
        step("protect", "effects: { pool.deletion_protection: ACTIVE }\n"),
    ];
    let plan = planned(&files, |pool| {
        pool.set("pool.tier", known("LITE"));
        pool.set("pool.deletion_protection", known("ACTIVE"));
    });
    assert_eq!(ids(&plan), ["pay"]);
    let [because] = the(&plan, "pay").because.as_slice() else { panic!("{plan:#?}") };
    assert_eq!((because.rule.as_str(), because.verdict), ("paid", Some(Verdict::Fail)));
    assert_eq!(the(&plan, "pay").certainty, Certainty::Needed);
    assert!(plan.cannot_fix.is_empty());
    let gate =
        |gates: &BTreeMap<_, crate::model::report::GateSummary>| gates[&crate::model::Gate::Replicate].blocked_by.len();
    assert_eq!((gate(&plan.gates), gate(&plan.expected)), (1, 0));
}

#[test]
fn what_is_not_known_puts_a_step_there_on_suspicion_and_asks_for_the_evidence() {
    let files = [rule("paid", "blocker", ESSENTIALS, "[pay]"), step("pay", "effects: { pool.tier: ESSENTIALS }\n")];
    let plan = planned(&files, |pool| pool.set("pool.tier", unknown()));
    assert_eq!(ids(&plan), [COLLECT, "pay"]);
    assert_eq!(the(&plan, "pay").certainty, Certainty::Perhaps);
    assert!(the(&plan, COLLECT).summary.ends_with("IAM actions that were missing: kms:DescribeKey."));
    // With all evidence nothing has to be collected, though the step belongs to the sequence.
    let plan = planned(&files, |pool| pool.set("pool.tier", known("PLUS")));
    assert_eq!(ids(&plan), [""; 0]);
}

#[test]
fn a_look_ahead_finds_what_only_an_earlier_step_brings_up() {
    let applies = rule("safe", "blocker", PROTECTED, "[protect]");
    let applies =
        (applies.0, applies.1.replace("check:", "applies_when: { field: pool.tier, equals: ESSENTIALS }\ncheck:"));
    let files = [
        rule("paid", "blocker", ESSENTIALS, "[pay]"),
        applies,
        step("pay", "effects: { pool.tier: ESSENTIALS }\nphase: operate\n"),
        step(
            "protect",
            "effects: { pool.deletion_protection: ACTIVE }\nrequires: { field: pool.tier, equals: ESSENTIALS }\n",
        ),
    ];
    let plan = planned(&files, |pool| {
        pool.set("pool.tier", known("LITE"));
        pool.set("pool.deletion_protection", known("INACTIVE"));
    });
    // Though its phase comes later, what the other requires comes first.
    assert_eq!(ids(&plan), ["pay", "protect"]);
    assert_eq!(the(&plan, "protect").needs, ["pay"]);
    assert_eq!(the(&plan, "protect").because[0].verdict, None);
}

#[test]
fn lead_times_go_first_then_phases_then_names() {
    let files = [
        rule("paid", "blocker", ESSENTIALS, "[z-prepare, a-operate, b-operate, needed-last]"),
        step("z-prepare", "phase: prepare\n"),
        step("b-operate", "phase: operate\n"),
        step("a-operate", "phase: operate\nlead_time: 2w\n"),
        step("needed-last", "phase: prepare\nlead_time: 1d\nneeds: [b-operate]\n"),
    ];
    let plan = planned(&files, |pool| pool.set("pool.tier", known("LITE")));
    assert_eq!(ids(&plan), ["a-operate", "z-prepare", "b-operate", "needed-last"]);
    assert_eq!(the(&plan, "a-operate").lead_days, 14);
}

#[test]
fn needs_in_a_circle_are_cut_and_every_step_stands_once() {
    let files = [
        rule("paid", "blocker", ESSENTIALS, "[one, two, three]"),
        step("one", "needs: [three]\n"),
        step("two", "needs: [one]\n"),
        step("three", "needs: [two]\n"),
    ];
    let plan = planned(&files, |pool| pool.set("pool.tier", known("LITE")));
    assert_eq!(ids(&plan), ["one", "two", "three"]);
    assert_eq!(plan.steps.iter().map(|step| step.needs.len()).collect::<Vec<_>>(), [0, 1, 1]);
}

#[test]
fn a_step_on_things_is_planned_once_for_each_that_asks() {
    let on_authorizer = "id: accepts\ntitle: It accepts both\nsince: 0.1.0\ntags: []\nlevel: blocker\ngates: [issuer]\nsubject: authorizer\n\
                         check: { field: authorizer.accepts_new, equals: true }\nwhy: |\n  Because.\nresolve: before\nremedy: [accept, tell]\nreferences: []\n";
    let files = [
        ("own/accepts.yaml".to_owned(), on_authorizer.to_owned()),
        step(
            "accept",
            "subject: authorizer\neffects: { authorizer.accepts_new: true }\nneeds: [prepare]\nvalues: { NAME: \"{authorizer.name}\", API: \"{subject.1}\", TYPE: \"{authorizer.type}\" }\n",
        ),
        step("prepare", "subject: authorizer\n"),
        step("tell", "needs: [accept]\n"),
    ];
    let plan = planned(&files, |pool| {
        let items = vec![authorizer("a", false), authorizer("b", true), authorizer("c'; $(x)", false)];
        pool.replace(SubjectKind::Authorizer, Listed::complete(items));
    });
    assert_eq!(ids(&plan), ["accept:1", "accept:2", "tell"]);
    assert_eq!(the(&plan, "tell").needs, ["accept:1", "accept:2"]);
    let second = the(&plan, "accept:2");
    assert_eq!(second.values["NAME"], "c'; $(x)");
    assert_eq!(second.values["API"], "api");
    assert_eq!(second.values["SUBJECT_REGION"], "us-east-1");
    // What the evidence does not say, a person is asked for.
    assert_eq!(second.inputs["TYPE"], "The type of authorizer");
    assert_eq!(plan.expected[&crate::model::Gate::Issuer].blocked_by, [""; 0]);
}

#[test]
fn waived_and_attested_findings_ask_for_nothing() {
    let files = [
        rule("paid", "blocker", ESSENTIALS, "[pay]"),
        rule("approved", "person", ESSENTIALS, "[approve]"),
        step("pay", "effects: { pool.tier: ESSENTIALS }\n"),
        step("approve", "who: management\n"),
    ];
    let lite = |pool: &mut Assumed| pool.set("pool.tier", known("LITE"));
    assert_eq!(ids(&planned(&files, lite)), ["approve", "pay"]);
    let more = "subject: '**', reason: r, owner: o, expires: 2027-01-31 }\n";
    let waived = format!("- {{ kind: waive, rule: paid, {more}");
    assert_eq!(ids(&planned_with(&files, lite, &waived, Direction::Forward)), ["approve"]);
    let says = |answer: &str| {
        format!("- {{ kind: attest, rule: approved, answer: {answer}, evidence: seen, by: ann, on: 2026-11-20, {more}")
    };
    assert_eq!(ids(&planned_with(&files, lite, &says("yes"), Direction::Forward)), ["pay"]);
    assert_eq!(ids(&planned_with(&files, lite, &says("no"), Direction::Forward)), ["approve", "pay"]);
}

#[test]
fn what_no_step_mends_is_listed_with_its_reason() {
    let files = [
        rule("paid", "blocker", ESSENTIALS, "[wait]"),
        rule("safe", "blocker", PROTECTED, "[]"),
        rule("alone", "blocker", "{ field: pool.mfa, equals: ON }", "[not-here]"),
        step("wait", "cannot_fix: AWS has to move the pool.\n"),
        step("not-here", "applies_when: { field: pool.mfa, equals: OPTIONAL }\n"),
    ];
    let plan = planned(&files, |pool| {
        pool.set("pool.tier", known("LITE"));
        pool.set("pool.deletion_protection", known("INACTIVE"));
        pool.set("pool.mfa", known("OFF"));
    });
    assert_eq!(ids(&plan), ["wait"]);
    let listed: Vec<(&str, &str)> =
        plan.cannot_fix.iter().map(|entry| (entry.rule.as_str(), entry.reason.as_str())).collect();
    let expected = [
        ("alone", "None of the steps that the rule names applies here. A person has to look."),
        ("paid", "AWS has to move the pool."),
        ("safe", "The rule names no step. What it says has to be judged by a person."),
    ];
    assert_eq!(listed, expected);
}

#[test]
fn the_sequence_goes_on_where_it_stands_and_says_what_is_done() {
    let files = [
        step("first", "backbone: true\ndone_when: { field: pool.tier, equals: PLUS }\neffects: { pool.tier: PLUS }\n"),
        step(
            "second",
            "backbone: true\nphase: prepare\nrequires: { field: pool.tier, equals: PLUS }\ndone_when: { field: pool.mfa, equals: ON }\neffects: { pool.mfa: ON }\n",
        ),
        step("never", "backbone: true\nrequires: { field: pool.mfa, equals: OFF }\n"),
        step("elsewhere", "backbone: true\napplies_when: { field: pool.mfa, equals: OPTIONAL }\n"),
        step("back", "backbone: true\ndirection: [reverse]\n"),
    ];
    let at = |tier: &'static str| {
        move |pool: &mut Assumed| {
            pool.set("pool.tier", known(tier));
            pool.set("pool.mfa", known("ON"));
        }
    };
    let plan = planned(&files, at("PLUS"));
    assert_eq!(ids(&plan), [""; 0]);
    let done: Vec<(&str, &str)> = plan.done.iter().map(|done| (done.step.as_str(), done.because.as_str())).collect();
    assert_eq!(done, [("first", "pool.tier is PLUS"), ("second", "pool.mfa is ON")]);
    let plan = planned(&files, |pool| {
        pool.set("pool.tier", known("LITE"));
        pool.set("pool.mfa", known("OPTIONAL"));
    });
    // The one that can never begin is left out.
    assert_eq!(ids(&plan), ["elsewhere", "first", "second"]);
    assert_eq!(the(&plan, "second").needs, ["first"]);
    assert_eq!(ids(&planned_with(&files, at("LITE"), "", Direction::Reverse)), ["back"]);
}

#[test]
fn a_value_that_a_step_replaces_is_not_taken_from_the_evidence_afterwards() {
    let run = |text: &str| format!("sh:\n  run: |\n    {text}\n");
    let files = [
        rule("paid", "blocker", ESSENTIALS, "[look, make, use]"),
        step("look", &run("echo \"$KEY_ID\"")),
        step("make", &(run("KEY_ID=$(made); remember KEY_ID \"$KEY_ID\"") + "needs: [look]\n")),
        step("use", &(run("echo \"$KEY_ID\" \"$SECONDARY_REGION\" \"$POOL_ID\"") + "needs: [make]\n")),
    ];
    let plan = planned(&files, |pool| {
        pool.set("pool.tier", known("LITE"));
        pool.set("key.type", known("CUSTOMER_MANAGED_KEY"));
        pool.set("key.id", known("old"));
    });
    assert_eq!(the(&plan, "look").values["KEY_ID"], "old");
    let inputs = |id: &str| the(&plan, id).inputs.keys().map(String::as_str).collect::<Vec<_>>();
    assert!(inputs("look").is_empty() && inputs("make").is_empty());
    assert!(!the(&plan, "use").values.contains_key("KEY_ID") && !plan.values.contains_key("KEY_ID"));
    assert_eq!(inputs("use"), ["KEY_ID", "SECONDARY_REGION"]);
    assert_eq!((plan.values["POOL_ID"].as_str(), plan.values["PARTITION"].as_str()), (POOL, "aws"));
}

#[test]
fn a_template_takes_no_value_that_could_mean_something() {
    let name = |name: &'static str| {
        let files = [
            rule("paid", "blocker", ESSENTIALS, "[make]"),
            step(
                "make",
                "cloudformation: |\n  # Region: ${PRIMARY_REGION}\n  A: \"${POOL_NAME} $${POOL_NAME} ${AWS::Region}\"\n",
            ),
        ];
        let plan = planned(&files, |pool| {
            pool.set("pool.tier", known("LITE"));
            pool.set("pool.name", known(name));
        });
        the(&plan, "make").cloudformation.clone().unwrap()
    };
    let plain = name("customers");
    assert_eq!(plain.region, "us-east-1");
    assert_eq!(plain.text, "# Region: us-east-1\nA: \"customers $${POOL_NAME} ${AWS::Region}\"");
    assert_eq!(name("a\": b\n").text, "# Region: us-east-1\nA: \"${POOL_NAME} $${POOL_NAME} ${AWS::Region}\"");
}

#[test]
fn the_overlap_is_the_sum_of_what_remembers_old_tokens() {
    let overlap = |minutes: Observed<Value>, routes: Listed<Child>| {
        let plan = planned(&[], |pool| {
            pool.set("pool.issuer", known("ORIGINAL"));
            pool.set("pool.longest_token_minutes", minutes);
            pool.replace(SubjectKind::Route, routes);
            pool.replace(SubjectKind::LoadBalancer, Listed::complete(Vec::new()));
        });
        plan.overlap.unwrap()
    };
    let none = || Listed::complete(Vec::new());
    assert_eq!(overlap(known(60), none()).minutes, Some(65));
    assert_eq!(overlap(unknown(), none()).minutes, None);
    let perhaps = Listed { items: Vec::new(), incomplete: Some(Cause::NoTargetRegion) };
    assert_eq!(overlap(known(60), perhaps).minutes, Some(185));
    assert!(overlap(unknown(), none()).made_of[0].starts_with("unknown"));
}

#[test]
fn needs_of_the_tool_go_in_no_circle() {
    let catalog = Catalog::builtin(&FieldSet).unwrap_or_else(|problems| panic!("{problems}"));
    for direction in Direction::ALL {
        let steps: BTreeMap<&str, &Vec<String>> = catalog
            .steps
            .values()
            .filter(|step| step.directions.contains(direction))
            .map(|step| (step.id.as_str(), &step.needs))
            .collect();
        let mut left: BTreeSet<&str> = steps.keys().copied().collect();
        loop {
            let free: Vec<&str> =
                left.iter().copied().filter(|id| !steps[id].iter().any(|need| left.contains(need.as_str()))).collect();
            if free.is_empty() {
                break;
            }
            left.retain(|id| !free.contains(id));
        }
        assert!(left.is_empty(), "{direction}: {left:?}");
    }
    assert!(catalog.steps.contains_key(COLLECT));
}
