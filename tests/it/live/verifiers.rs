//! Everything in an account that pins a pool's issuer is found, with its place and what to do; what pins another pool is not
//! taken for it; nothing beside the match leaves the process.

use std::collections::BTreeMap;

use mrready::model::Verdict;
use serde_json::json;

use super::Bench;
use crate::tools::verifiers;

/// What pins the pool, by its name in `tests/moto/verifiers.py` → the rule that says so, and the place it names.
const PINNED: &[(&str, &str, &str)] = &[
    ("http", "http-route-accepts-new-issuer", ""),
    ("rest", "rest-cognito-authorizer-replaced", ""),
    ("listener", "load-balancer-accepts-new-issuer", "DefaultActions"),
    ("provider", "oidc-provider-for-new-issuer", ""),
    ("output", "template-accepts-new-issuer", "OutputValue"),
    ("variable", "reference-accepts-new-issuer", "Environment.Variables.AUTH"),
    ("trust", "role-trust-accepts-new-issuer", "AssumeRolePolicyDocument"),
    ("domain", "reference-accepts-new-issuer", "AdvancedSecurityOptions.JWTOptions.JwksUrl"),
    ("project", "reference-accepts-new-issuer", "environment.environmentVariables[0].value"),
    ("task", "reference-accepts-new-issuer", "ContainerDefinitions[0].Command[1]"),
    ("parameter", "reference-accepts-new-issuer", "Value"),
    // The package, which all functions share here.
    ("variable", "reference-accepts-new-issuer", "src/verify.mjs"),
];

#[test]
fn all_that_pins_the_pool_is_found_and_nothing_of_another() {
    let Some(account) = verifiers() else { return };
    let bench = Bench::new(&account.url);
    account.resources(&bench.key, &account.out["resources"]);
    let link = json!({ "Code": { "Location": account.out["package"] } });
    account.faults(&bench.key, &json!([{ "fault": "changed", "operation": "lambda:GetFunction", "merge": link }]));
    let (ours, theirs) = (account.pool("ours"), account.pool("theirs"));
    let mut arguments =
        vec!["audit", "--pool-id", ours, "--replica-region", "us-west-2", "--endpoint-url", &account.url];
    for place in ["codebuild", "ecs", "lambda-code", "ssm"] {
        arguments.extend(["--search", place]);
    }
    arguments.extend(["--max-rps", "100000", "--format", "json", "--show", "all", "--save-snapshot", "snapshot.json"]);
    let run = bench.run(&arguments);
    assert_eq!(run.code(), Some(1), "{}", run.stderr);
    let report = run.report();

    for (what, rule, place) in PINNED {
        let name = account.out["arns"]["ours"][what].as_str().unwrap();
        // An authorizer is named by its API and itself.
        let told = |text: &str| name.split('/').all(|part| text.contains(part)) && text.contains(place);
        let found: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.rule == *rule && finding.subject.pool_id.as_deref() == Some(ours))
            .filter(|finding| matches!(finding.verdict, Verdict::Fail | Verdict::Warn))
            .filter(|finding| told(&serde_json::to_string(finding).unwrap()))
            .collect();
        // A trust policy names the provider, and its claims by the issuer.
        let times = if *what == "trust" { 2 } else { 1 };
        assert_eq!(found.len(), times, "{what}: {rule} at {place} of {name}: {found:#?}");
        assert!(found[0].remediation.as_ref().is_some_and(|remedy| !remedy.steps.is_empty()), "{what}");
    }
    // What pins the other pool is found too, and is said of no pool in scope.
    let mut of_theirs: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &report.findings {
        let text = serde_json::to_string(finding).unwrap();
        if text.contains(theirs) && finding.subject.pool_id.as_deref() == Some(ours) {
            *of_theirs.entry(finding.rule.as_str()).or_default() += 1;
        }
    }
    assert_eq!(of_theirs, BTreeMap::new());

    for (path, bytes) in bench.everything() {
        for secret in account.out["planted"].as_array().unwrap() {
            let secret = secret.as_str().unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{secret} in {}", path.display());
        }
    }
    bench.check_calls(account);
}
