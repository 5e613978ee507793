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
    // The rest of the answers is about a replica.
    assert_eq!(applied.iter().filter(|state| **state == "applied").count(), 3);
    assert!(applied.iter().all(|state| ["applied", "unused"].contains(state)), "{applied:?}");

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
        (Gate::Failover, done, Status::Ready, true),
    ];
    assert_eq!(gates(&run.report()), wanted);
}

#[test]
fn the_complete_pool_has_passed_all_four_gates() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    bench.write("answers.yaml", &attestations());
    let run = bench.audit(&[account.pool("complete")], &["--waivers", "answers.yaml", "--count-users"]);
    assert_eq!(run.code(), Some(0), "{}", run.stderr);
    let report = run.report();
    assert_eq!(gates(&report), Gate::ALL.iter().map(|g| (*g, Position::Done, Status::Ready, true)).collect::<Vec<_>>());
    let open: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| "FWUM".contains(super::letter(finding.verdict)))
        .map(|finding| finding.rule.as_str())
        .collect();
    assert_eq!(open, Vec::<&str>::new());
}

/// Before there is a replica, nothing is asked that only its gates need.
#[test]
fn a_live_audit_asks_what_counts_and_a_collection_everything() {
    let Some(account) = account() else { return };
    let calls = |arguments: &[String]| {
        let bench = Bench::new(&account.url);
        let mut arguments = arguments.to_vec();
        if arguments[0] == "collect" {
            arguments.extend(["-o".to_owned(), "s.json".to_owned()]);
        }
        let endpoint = ["--endpoint-url", &account.url, "--max-rps", "100000", "--replica-region", "us-west-2"];
        arguments.extend(endpoint.map(str::to_owned));
        bench.run(&arguments);
        let calls = account.calls(&bench.key);
        calls.iter().map(|call| call["service"].as_str().unwrap().to_owned()).collect::<Vec<String>>()
    };
    let run = |words: &[&str]| calls(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let (ready, complete) = (account.pool("ready"), account.pool("complete"));
    let before = run(&["audit", "--pool-id", ready]);
    assert!(!before.iter().any(|service| ["acm", "cloudwatch", "wafv2", "route53"].contains(&service.as_str())));
    assert!(before.len() < run(&["collect", "--pool-id", ready]).len());
    let failover = run(&["audit", "--pool-id", ready, "--gate", "failover"]);
    assert!(failover.contains(&"acm".to_owned()) && !failover.contains(&"apigateway".to_owned()), "{failover:?}");
    let after = run(&["audit", "--pool-id", complete]);
    for service in ["acm", "cloudwatch", "lambda", "route53", "sesv2", "wafv2"] {
        assert!(after.contains(&service.to_owned()), "{service}: {after:?}");
    }
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
    // Of the pool itself nothing is known, so nothing of it passes: only its id, the flags, the account's stacks and limits speak.
    let wanted = [
        "owner-stack-keeps-settings",
        "primary-region-listed",
        "primary-region-supports-mrr",
        "references-found-by-this-version",
        "references-resolved",
        "request-rates-alike",
        "secondary-region-differs",
        "secondary-region-listed",
        "secondary-region-supports-mrr",
    ];
    assert_eq!(passed, wanted);
}
