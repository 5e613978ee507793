//! The ready account: nothing false, nothing unknown, and what waits for a person is all that is open.

use std::collections::BTreeSet;

use mrready::model::{Gate, Verdict};

use crate::builder::{Account, P, Run, S, attestations};

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
