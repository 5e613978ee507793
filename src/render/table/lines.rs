//! How many lines the default table spends on a pool, beyond the answer above it and the numbers below it.
//!
//! Counted are the lines of text, 80 columns wide, after the table of gates. A healthy pool has at most three; one as it
//! was made on its first day at most eight beside its blockers.

use super::super::Options;
use super::super::samples::{base, finding, finish, pool, unknown, waiver};
use super::super::{Show, Verdicts};
use super::write;
use crate::model::report::{Finding, PoolSummary, Report};
use crate::model::{Cause, Gate, Level, Position, Status, Verdict};

/// Where a row that has no name of its own begins.
const BESIDE: &str = "           ";
const LIMITS: [(&str, &str); 4] = [
    ("no-totp", "TOTP users wait"),
    ("no-write-flows-in-failover", "no sign-up or recovery"),
    ("federated-users-known-in-primary", "no first federated sign-in"),
    ("no-adaptive-authentication", "no adaptive authentication"),
];

fn text(report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    write(report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The lines of the pool's part after its gates.
fn lines(report: &Report, options: &Options) -> Vec<String> {
    let page = text(report, options);
    let (_, part) = page.split_once("  failover  ").unwrap();
    let (part, _) = part.split_once("\nResults").unwrap();
    part.lines().skip(1).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The lines that are no blocker: those after the last remedy.
fn beside_blockers(report: &Report) -> Vec<String> {
    let lines = lines(report, &Options::default());
    let last = lines.iter().rposition(|line| line.starts_with("  ") && !line.starts_with(BESIDE));
    lines[last.map_or(0, |last| last + 1)..].to_vec()
}

fn on(pool: &PoolSummary, rule: &str, verdict: Verdict, level: Level, gates: &[Gate]) -> Finding {
    let message =
        format!("what {rule} found, with a value that is as long as https://cognito-idp.us-east-1.amazonaws.com");
    finding(rule, pool, verdict, level, gates, &message)
}

fn limits(pool: &PoolSummary) -> Vec<Finding> {
    LIMITS.iter().map(|(rule, _)| on(pool, rule, Verdict::Warn, Level::Advisory, &[Gate::Failover])).collect()
}

fn facts(pool: &PoolSummary) -> Vec<Finding> {
    let rules =
        ["app-clients", "estimated-users", "issuer-urls", "overlap-window", "user-attributes", "token-validity"];
    rules.iter().map(|rule| on(pool, rule, Verdict::Info, Level::Info, &[Gate::Issuer])).collect()
}

/// Says of the limits' rules what they are, as `audit` does from the rule files.
fn tagged(mut report: Report) -> Report {
    for (rule, short) in LIMITS {
        if let Some(summary) = report.rules.get_mut(rule) {
            summary.tags = vec!["MRR-000".to_owned(), "product-limit".to_owned()];
            summary.short = Some(short.to_owned());
        }
    }
    report
}

/// A pool that has passed or may pass all four gates, attested, with the limits that every pool has.
fn healthy() -> Report {
    let mut report = base();
    let pool = pool("us-east-1_Healthy01", "customers-prod");
    for (at, gate) in Gate::ALL.iter().enumerate() {
        for n in 0..12 {
            let mut pass = on(&pool, &format!("rule-{at}-{n}"), Verdict::Pass, Level::Blocker, &[*gate]);
            pass.waiver = (n == 0).then(|| waiver("attest", "seen in the console"));
            report.findings.push(pass);
        }
    }
    for n in 0..23 {
        report.findings.push(on(&pool, &format!("none-{n}"), Verdict::NotApplicable, Level::Blocker, &[Gate::Issuer]));
    }
    report.findings.extend(limits(&pool));
    report.findings.extend(facts(&pool));
    report.summary.pools.push(pool);
    let mut report = tagged(finish(report, Position::Done, 0));
    for state in report.summary.pools.iter_mut().flat_map(|pool| pool.gates.values_mut()) {
        (state.position, state.status, state.counted) = (Position::Done, Status::Ready, true);
    }
    report
}

/// A pool as `create-user-pool` makes it, looked at without every permission: nobody has prepared anything.
fn first_day() -> Report {
    let mut report = base();
    let pool = pool("us-east-1_FirstDay1", "customers");
    let denied = Cause::Denied {
        call: "cognito-idp:ListUserImportJobs".to_owned(),
        region: "us-east-1".to_owned(),
        actions: vec!["cognito-idp:ListUserImportJobs".to_owned()],
        detail: None,
    };
    let missing = |mut finding: Finding| {
        finding.evidence = vec![unknown("pool.imports", &denied, "cognito-idp:ListUserImportJobs", "/UserImportJobs")];
        finding
    };
    let findings = &mut report.findings;
    findings.push(on(&pool, "customer-managed-key-attached", Verdict::Fail, Level::Blocker, &[Gate::Replicate]));
    findings.push(missing(on(&pool, "no-import-running", Verdict::Unknown, Level::Blocker, &[Gate::Replicate])));
    findings.push(on(&pool, "pool-eligible", Verdict::Manual, Level::Blocker, &[Gate::Replicate]));
    for rule in ["deletion-protection-active", "issuer-updated", "email-by-ses", "web-acl", "log-delivery"] {
        findings.push(on(&pool, rule, Verdict::Warn, Level::Advisory, &[Gate::Replicate]));
    }
    findings.push(missing(on(&pool, "no-import-waiting", Verdict::Unknown, Level::Advisory, &[Gate::Replicate])));
    findings.push(on(&pool, "quota-asked-for", Verdict::Manual, Level::Advisory, &[Gate::Replicate]));
    for (n, verdict) in [(0, Verdict::Fail), (1, Verdict::Fail), (2, Verdict::Unknown), (3, Verdict::Pass)] {
        findings.push(on(&pool, &format!("domain-{n}"), verdict, Level::Blocker, &[Gate::Failover]));
        findings.push(on(&pool, &format!("trigger-{n}"), verdict, Level::Blocker, &[Gate::Activate]));
    }
    findings.push(on(&pool, "health-check", Verdict::Manual, Level::Blocker, &[Gate::Failover]));
    findings.push(on(&pool, "primary-region-supports-mrr", Verdict::Pass, Level::Blocker, &[Gate::Replicate]));
    findings.extend(limits(&pool));
    findings.extend(facts(&pool));
    report.summary.pools.push(pool);
    tagged(finish(report, Position::Next, 1))
}

#[test]
fn a_healthy_pool_has_three_lines() {
    let report = healthy();
    let lines = lines(&report, &Options::default());
    assert!(lines.len() <= 3, "{lines:#?}");
    assert_eq!(lines[0], "Nothing blocks: 48 passed (4 attested), 23 not applicable; see --show all.");
    assert_eq!(lines[1], "Limits     failover: TOTP users wait, no sign-up or recovery, … (4; --verbose)");
    assert!(lines[2].starts_with("Facts      app-clients, "), "{lines:#?}");
    // With room for them all are named.
    let wide = self::lines(&report, &Options { width: 200, ..Options::default() });
    assert_eq!(wide.len(), 3);
    assert!(wide[1].starts_with("Limits     failover: TOTP users wait, no sign-up or recovery"), "{wide:#?}");
}

#[test]
fn a_pool_of_the_first_day_has_eight_lines_beside_its_blockers() {
    let lines = beside_blockers(&first_day());
    assert!(lines.len() <= 8, "{lines:#?}");
    let starts = [
        "WARN       deletion",
        "WARN       issuer-updated",
        "           and ",
        "Limits",
        "Open",
        "Facts",
        "Later",
        "Not",
    ];
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{start}: {lines:#?}");
    }
    let later = "Later      activate, failover: 4 would fail, 2 unknown, 1 manual, 2 pass";
    assert!(lines.iter().any(|line| line.starts_with(later)), "{lines:#?}");
}

#[test]
fn a_blocker_of_a_counted_gate_is_never_folded() {
    let mut report = first_day();
    let page = text(&report, &Options::default());
    for rule in ["customer-managed-key-attached", "no-import-running", "pool-eligible"] {
        let title = page.lines().find(|line| line.contains(rule)).unwrap();
        assert!(["FAIL", "UNKNOWN", "MANUAL"].iter().any(|word| title.starts_with(word)), "{title}");
    }
    // Not even one that is tagged as a limit of the product: then somebody made it a blocker.
    for finding in report.findings.iter_mut().filter(|each| each.rule == "no-totp") {
        (finding.verdict, finding.level, finding.gates) = (Verdict::Unknown, Level::Blocker, vec![Gate::Replicate]);
    }
    let page = text(&report, &Options::default());
    assert!(page.contains("UNKNOWN  no-totp (replicate)"), "{page}");
    assert!(page.contains("Limits     failover: no sign-up"), "{page}");
}

#[test]
fn what_is_not_known_of_a_limit_is_not_said_for_sure() {
    let mut report = healthy();
    for finding in report.findings.iter_mut().filter(|each| each.rule == "no-totp") {
        finding.verdict = Verdict::Unknown;
    }
    let page = text(&report, &Options { width: 200, ..Options::default() });
    assert!(page.contains("failover: perhaps TOTP users wait, no sign-up"), "{page}");
}

#[test]
fn gates_that_were_not_asked_for_are_not_called_later() {
    let mut report = first_day();
    report.run.gates = vec![Gate::Issuer, Gate::Replicate];
    let page = text(&report, &Options::default());
    assert!(page.contains("Uncounted  activate, failover: 4 would fail") && !page.contains("Later "), "{page}");
}

#[test]
fn a_gate_that_is_asked_for_is_not_folded() {
    let mut report = first_day();
    for state in report.summary.pools.iter_mut().flat_map(|pool| pool.gates.values_mut()) {
        state.counted = true;
    }
    let page = text(&report, &Options::default());
    for wanted in ["FAIL  domain-0 (failover)", "FAIL  domain-1 (failover)", "  rules domain-2, trigger-2"] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(!page.contains("Later "), "{page}");
}

#[test]
fn a_fleet_tells_its_limits_once() {
    let mut report = base();
    for n in 0..25 {
        let pool = pool(&format!("us-east-1_Fleet{n:04}"), &format!("pool-{n}"));
        report.findings.extend(limits(&pool));
        report.summary.pools.push(pool);
    }
    let page = text(&tagged(finish(report, Position::Next, 0)), &Options::default());
    assert_eq!(page.matches("Limits     failover: TOTP users wait ×25").count(), 1, "{page}");
    assert!(!page.contains("Warnings"), "{page}");
}

#[test]
fn warnings_that_count_are_all_there() {
    let mut report = first_day();
    report.run.fail_on = "warn".to_owned();
    for finding in report.findings.iter_mut().filter(|each| each.rule == "no-totp") {
        finding.gates = vec![Gate::Replicate];
    }
    let page = text(&report, &Options::default());
    for rule in ["deletion-protection-active", "issuer-updated", "email-by-ses", "web-acl", "log-delivery", "no-totp"] {
        assert!(page.contains(&format!("WARN       {rule}: ")), "{rule}: {page}");
    }
}

#[test]
fn nothing_is_folded_where_the_reader_asks_for_more() {
    let report = first_day();
    let open = |finding: &&Finding| !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
    let detailed = text(&report, &Options { verbose: true, ..Options::default() });
    for finding in report.findings.iter().filter(open) {
        assert!(detailed.contains(&format!("= id: {}", finding.rule)), "{}", finding.rule);
    }
    for verdict in [Verdict::Warn, Verdict::Info, Verdict::Unknown, Verdict::Fail] {
        let show = Show { verdicts: Verdicts::Only([verdict].into()), ..Show::default() };
        let page = text(&report, &Options { show, ..Options::default() });
        for finding in report.findings.iter().filter(|each| each.verdict == verdict) {
            assert!(page.contains(&finding.rule), "{verdict}: {}", finding.rule);
        }
        assert!(!page.contains("Limits  ") && !page.contains("Later  "), "{page}");
    }
}
