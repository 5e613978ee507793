//! When a pool is ready, and what that takes: the decisions file, the gates and the exit codes.

use mrready::model::report::{GateSummary, Report};
use mrready::model::{DecidedBy, Gate, Position, Status};

use super::{Bench, attestations};
use crate::tools::account;

fn gates(report: &Report) -> Vec<(Gate, Position, Status, bool)> {
    let [pool] = report.summary.pools.as_slice() else { panic!("one pool, not {:?}", report.summary.pools) };
    let each = |(gate, summary): (&Gate, &GateSummary)| (*gate, summary.position, summary.status, summary.counted);
    pool.gates.iter().map(each).collect()
}

#[test]
fn the_ready_pool_needs_three_answers_of_a_person() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    bench.write("answers.yaml", &attestations());
    let pool = account.pool("ready");

    let without = bench.audit(&[pool], &["--save-snapshot", "s.json"]);
    assert_eq!(without.code(), Some(3), "{}", without.stderr);
    let report = without.report();
    let waits = |gate: Gate| &report.summary.pools[0].gates[&gate].undetermined_by;
    assert_eq!(waits(Gate::Issuer), &[format!("external-verifiers-told {pool}")]);
    assert_eq!(waits(Gate::Replicate), &[format!("pool-eligible {pool}"), format!("residency-approved {pool}")]);
    let tags = |rule: &str| (report.rules[rule].tags.clone(), report.rules[rule].decided_by);
    for (rule, tag) in
        [("pool-eligible", "MRR-004"), ("residency-approved", "MRR-060"), ("external-verifiers-told", "MRR-061")]
    {
        assert_eq!(tags(rule), (vec![tag.to_owned()], DecidedBy::Person), "{rule}");
    }

    let with = bench.audit(&[pool], &["--waivers", "answers.yaml"]);
    assert_eq!(with.code(), Some(0), "{}", with.stderr);
    let report = with.report();
    let (next, later) = (Position::Next, Position::Later);
    let wanted = [
        (Gate::Issuer, next, Status::Ready, true),
        (Gate::Replicate, next, Status::Ready, true),
        (Gate::Activate, later, Status::Undetermined, false),
        (Gate::Failover, later, Status::Undetermined, false),
    ];
    assert_eq!(gates(&report), wanted);
    let applied: Vec<&str> = report.waivers.iter().map(|waiver| waiver.state.as_str()).collect();
    assert_eq!(applied, ["applied", "applied", "applied"]);

    // The same from the snapshot, and neither of the two later gates can be ready while there is no replica.
    for (more, code) in [(&[][..], 0), (&["--gate", "activate"], 3), (&["--gate", "failover"], 3)] {
        let arguments = [&["audit", "s.json", "--waivers", "answers.yaml", "--format", "json"], more].concat();
        let offline = bench.run(&arguments);
        assert_eq!(offline.code(), Some(code), "{more:?}: {}", offline.stderr);
        for (gate, _, status, _) in gates(&offline.report()) {
            let may = matches!(gate, Gate::Issuer | Gate::Replicate);
            assert_eq!(status == Status::Ready, may, "{more:?} {gate}");
        }
    }
}

#[test]
fn no_answer_is_as_bad_as_none() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    bench.write("no.yaml", &attestations().replace("answer: yes", "answer: no"));
    let run = bench.audit(&[account.pool("ready")], &["--waivers", "no.yaml"]);
    assert_eq!(run.code(), Some(1), "{}", run.stderr);
    // One answer left out.
    let three = attestations();
    bench.write("two.yaml", three.split_once('\n').unwrap().1);
    let run = bench.audit(&[account.pool("ready")], &["--waivers", "two.yaml"]);
    assert_eq!(run.code(), Some(3), "{}", run.stderr);
}

#[test]
fn an_active_replica_passes_its_gates_by_evidence() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    bench.write("answers.yaml", &attestations());
    let run = bench.audit(&[account.pool("replicated-active")], &["--waivers", "answers.yaml"]);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    let (done, next) = (Position::Done, Position::Next);
    let wanted = [
        (Gate::Issuer, next, Status::Ready, true),
        (Gate::Replicate, done, Status::Ready, true),
        (Gate::Activate, done, Status::Ready, true),
        (Gate::Failover, next, Status::Ready, true),
    ];
    assert_eq!(gates(&run.report()), wanted);
}

#[test]
fn a_pool_that_is_not_there_is_not_ready() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    bench.write("answers.yaml", &attestations());
    let run = bench.audit(&["us-east-1_NOTTHERE0"], &["--waivers", "answers.yaml"]);
    assert_eq!(run.code(), Some(3), "{}", run.stderr);
    let report = run.report();
    let passed: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| super::letter(finding.verdict) == 'P' && finding.waiver.is_none())
        .map(|finding| finding.rule.as_str())
        .collect();
    // Of the pool itself nothing is known, so nothing of it passes: only its id, the flags and the account's stacks speak.
    let wanted = [
        "primary-region-listed",
        "primary-region-supports-mrr",
        "references-resolved",
        "secondary-region-differs",
        "secondary-region-listed",
        "secondary-region-supports-mrr",
    ];
    assert_eq!(passed, wanted);
}
