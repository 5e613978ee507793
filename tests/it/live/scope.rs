//! Which pools a run is about, and where their replica is or is to be, by flags and by what the account shows.
//!
//! What the rules then say on each pool is in `verdicts`.

use std::collections::{BTreeMap, BTreeSet};

use mrready::model::Verdict;
use mrready::model::report::Report;

use super::{Bench, by_subject};
use crate::tools::account;

/// A live audit with these arguments in place of the usual scope.
fn audit(bench: &Bench, endpoint: &str, scope: &[&str]) -> Report {
    let rest = ["--max-rps", "100000", "--format", "json", "--show", "all", "--endpoint-url", endpoint];
    let arguments = [&["audit"], scope, &rest].concat();
    let run = bench.run(&arguments);
    assert_eq!(run.code(), Some(1), "{}", run.stderr);
    run.report()
}

/// The replica Region of each pool in scope.
fn replicas(report: &Report) -> BTreeMap<&str, Option<&str>> {
    report.summary.pools.iter().map(|pool| (pool.id.as_str(), pool.replica_region.as_deref())).collect()
}

#[test]
fn all_pools_are_those_of_the_region() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    let report = audit(&bench, &account.url, &["--all-pools", "--replica-region", "us-west-2"]);
    let pools = account.out["pools"].as_object().unwrap().values();
    let own = account.out["stack_owned_pool"].as_str().unwrap();
    let wanted: BTreeSet<&str> = pools.map(|id| id.as_str().unwrap()).chain([own]).collect();
    assert_eq!(replicas(&report).into_keys().collect::<BTreeSet<_>>(), wanted);
    bench.check_calls(account);

    // The pool that a stack made, which is like no scenario: the key of AWS, and an issuer taken from the resource.
    let found = by_subject(&report);
    assert_eq!(found[&("customer-managed-key-attached", own)].verdict, Verdict::Fail);
    let pinned: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.rule == "template-accepts-new-issuer" && finding.verdict == Verdict::Warn)
        .filter(|finding| finding.subject.pool_id.as_deref() == Some(own))
        .map(|finding| finding.subject.name.as_deref().unwrap())
        .collect();
    let wanted = ["Issuer.Properties.Value", "OwnIssuer.OutputValue", "OwnIssuer.Value"];
    let wanted = wanted.map(|place| format!("mrready-owner {place}"));
    assert_eq!(pinned, wanted.iter().map(String::as_str).collect());
}

/// Asked where the replicas are: the same pools under the same ids, and their primary Region is that of the id.
#[test]
fn a_replica_is_its_pool() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    let report = audit(&bench, &account.url, &["--all-pools", "--region", "us-west-2"]);
    let wanted = ["broken-replica", "complete", "replicated-inactive", "replicated-active"]
        .map(|scenario| (account.pool(scenario), Some("us-west-2")));
    assert_eq!(replicas(&report), BTreeMap::from(wanted));
    for pool in &report.summary.pools {
        assert_eq!(pool.region, "us-east-1");
        assert!(pool.arn.starts_with("arn:aws:cognito-idp:us-east-1:"), "{}", pool.arn);
    }
    bench.check_calls(account);
}

/// Without the flag: the existing secondary, else the only other Region of the key, else nobody knows.
#[test]
fn the_replica_region_is_derived_or_unknown() {
    let Some(account) = account() else { return };
    let bench = Bench::new(&account.url);
    let cases = [
        ("ready", Some("us-west-2")),
        ("replicated-inactive", Some("us-west-2")),
        ("secondary-elsewhere", Some("eu-west-1")),
        ("key-not-replicated", None),
        ("single-region-key", None),
    ];
    let pools = cases.map(|(scenario, _)| account.pool(scenario));
    let report = audit(&bench, &account.url, &pools.map(|pool| ["--pool-id", pool]).concat());
    assert_eq!(replicas(&report), cases.iter().map(|(scenario, region)| (account.pool(scenario), *region)).collect());
    let found = by_subject(&report);
    for (scenario, region) in cases {
        let pool = account.pool(scenario);
        let finding = found[&("secondary-region-differs", pool)];
        let unknown = finding.evidence.iter().filter_map(|evidence| evidence.cause.as_ref());
        let why: Vec<&str> = unknown.map(|cause| cause.root().kind()).collect();
        if region.is_some() {
            assert_eq!((finding.verdict, why), (Verdict::Pass, vec![]), "{scenario}");
        } else {
            assert_eq!((finding.verdict, why), (Verdict::Unknown, vec!["no_target_region"]), "{scenario}");
        }
    }
    // Nothing is in the way of a replica that is where it was to be.
    assert_eq!(found[&("no-secondary-elsewhere", account.pool("secondary-elsewhere"))].verdict, Verdict::Pass);
    bench.check_calls(account);
}
