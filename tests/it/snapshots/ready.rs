//! The ready account: nothing false, nothing unknown, and what waits for a person is all that is open.

use std::collections::BTreeSet;

use mrready::model::{DecidedBy, Gate, Verdict};

use crate::builder::{Account, P, Run, S, attestations, catalog, persons};

#[test]
fn with_attestations_it_is_ready() {
    let judged = Account::ready().attested();
    assert_eq!((judged.code(), &judged.report.summary.exit.because), (0, &Vec::new()));
    let gates = Gate::ALL.iter().map(|gate| judged.stands(*gate)).collect::<Vec<_>>();
    assert_eq!(gates, ["next ready", "next ready", "later undetermined", "later undetermined"]);
    for verdict in [Verdict::Fail, Verdict::Unknown, Verdict::Manual] {
        assert_eq!(judged.rules_with(verdict), BTreeSet::new(), "{verdict}");
    }
    // That the issuer is still to be switched is what remains; after the switch nothing does.
    assert_eq!(judged.rules_with(Verdict::Warn), BTreeSet::from(["issuer-updated"]));
    let pool = judged.pool();
    assert_eq!((pool.region.as_str(), pool.replica_region.as_deref()), (P, Some(S)));
    let coverage = &judged.report.coverage;
    assert_eq!((coverage.asked, coverage.problems.len()), (coverage.answered, 0));
}

#[test]
fn after_the_switch_nothing_warns() {
    let judged = Account::switched().attested();
    assert_eq!(judged.rules_with(Verdict::Warn), BTreeSet::new());
    assert_eq!((judged.code(), judged.stands(Gate::Issuer)), (0, "done ready".to_owned()));
}

#[test]
fn without_attestations_it_waits_for_three_answers() {
    let judged = Account::ready().judged();
    assert_eq!(judged.code(), 3);
    let open = BTreeSet::from(["external-verifiers-told", "pool-eligible", "residency-approved"]);
    assert_eq!(judged.rules_with(Verdict::Manual), open);
    assert_eq!(
        (judged.stands(Gate::Issuer), judged.stands(Gate::Replicate)),
        ("next undetermined".to_owned(), "next undetermined".to_owned())
    );
}

#[test]
fn one_attestation_less_is_not_enough() {
    let all = attestations();
    let all: Vec<&str> = all.lines().collect();
    // Of a gate that counts before there is a replica, and a blocker of it.
    let waits = ["external-verifiers-told", "pool-eligible", "residency-approved"];
    for (index, open) in all.iter().enumerate().filter(|(_, line)| waits.iter().any(|rule| line.contains(rule))) {
        let mut others = all.clone();
        others.remove(index);
        let judged = Run::default().decided(&others.join("\n")).judge(&Account::ready());
        assert_eq!((judged.code(), judged.rules_with(Verdict::Manual).len()), (3, 1), "without {open}");
    }
}

/// What people have to say of an account that has been through it all, by id: a rule that no evidence can satisfy comes in
/// unnoticed otherwise. With the exit code without the answer, and how many findings then wait for one.
const ASKED: [(&str, u8, usize); 6] = [
    ("application-follows-health-signal", 0, 1),
    ("external-verifiers-told", 3, 1),
    ("failover-drill-done", 0, 1),
    // There is no identity provider.
    ("idp-registrations-name-domain", 0, 0),
    // The replica shows it.
    ("pool-eligible", 0, 0),
    ("residency-approved", 3, 1),
];

/// An answer to each of these rules.
fn answers<'r>(rules: impl IntoIterator<Item = &'r str>) -> Run {
    rules.into_iter().fold(Run::default(), |run, rule| {
        run.decided(&format!(
            "- {{ kind: attest, rule: {rule}, subject: '**', answer: yes, evidence: seen, by: ann, on: 2026-11-20, \
             reason: asked, owner: ann, expires: 2027-01-31 }}\n"
        ))
    })
}

#[test]
fn the_complete_account_passes_all_four_gates() {
    let asked = ASKED.map(|(rule, ..)| rule);
    let mut persons = persons();
    persons.sort_unstable();
    assert_eq!(persons, asked);
    let judged = answers(asked).judge(&Account::complete());
    for gate in Gate::ALL {
        assert_eq!((judged.stands(*gate).as_str(), judged.gate(*gate).counted), ("done ready", true), "{gate}");
    }
    assert_eq!((judged.code(), &judged.report.summary.exit.because), (0, &Vec::new()));
    for verdict in [Verdict::Fail, Verdict::Unknown, Verdict::Manual, Verdict::Warn] {
        assert_eq!(judged.rules_with(verdict), BTreeSet::new(), "{verdict}");
    }
    let coverage = &judged.report.coverage;
    assert_eq!((coverage.asked, coverage.problems.len()), (coverage.answered, 0));
    // What else people decide does not concern it.
    for rule in catalog().rules.iter().filter(|rule| rule.decided_by == DecidedBy::Person) {
        let concerns = judged.report.rules[&rule.id].not_applicable == 0;
        assert!(!concerns || asked.contains(&rule.id.as_str()), "{}", rule.id);
    }
}

#[test]
fn the_complete_account_waits_for_each_answer_of_a_blocker() {
    for (open, code, waiting) in ASKED {
        let others = ASKED.map(|(rule, ..)| rule).into_iter().filter(|rule| *rule != open);
        let judged = answers(others).judge(&Account::complete());
        assert_eq!((judged.code(), judged.rules_with(Verdict::Manual).len()), (code, waiting), "without {open}");
    }
}
