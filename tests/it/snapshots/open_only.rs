//! Judged for what is open only: the same verdicts, and of what is open the same words and evidence.

use mrready::audit::{Options, audit};
use mrready::facts::Facts;
use mrready::model::Verdict;
use mrready::model::report::Report;

use crate::areas;
use crate::builder::{Account, Run, catalog, table};

fn judged(account: &Account, run: &Run, open_only: bool) -> Report {
    let snapshot = account.snapshot();
    let facts = Facts::new(&snapshot, run.fact_options(), table());
    let options = Options { open_only, strict: run.strict, fail_on: run.fail_on, ..Options::default() };
    audit(&facts, catalog(), &run.parsed(), &options)
}

fn is_quiet(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::NotApplicable)
}

fn compare(account: &Account, run: &Run, name: &str) {
    let (whole, open) = (judged(account, run, false), judged(account, run, true));
    assert_eq!(whole.findings.len(), open.findings.len(), "{name}");
    for (told, short) in whole.findings.iter().zip(&open.findings) {
        if is_quiet(short.verdict) && short.waiver.is_none() {
            let of = |finding: &mrready::model::report::Finding| {
                let subject = &finding.subject;
                let subject = (subject.kind, subject.id.clone(), subject.account.clone(), subject.pool_id.clone());
                (finding.rule.clone(), finding.verdict, finding.level, finding.gates.clone(), subject)
            };
            assert_eq!(of(told), of(short), "{name}");
            assert!(short.evidence.is_empty() && short.message.is_empty(), "{name}: {short:?}");
        } else {
            assert_eq!(told, short, "{name}");
        }
    }
    assert_eq!((&whole.summary, &whole.coverage, &whole.run), (&open.summary, &open.coverage, &open.run), "{name}");
    assert_eq!((&whole.snapshot, &whole.waivers), (&open.snapshot, &open.waivers), "{name}");
    assert!(open.rules.is_empty());
}

#[test]
fn every_account_of_the_areas_is_judged_alike() {
    for (number, account) in areas::bases().iter().enumerate() {
        compare(account, &Run::default(), &format!("base {number}"));
        compare(account, &areas::run(), &format!("base {number}, attested"));
    }
    for (rule, account) in areas::breaks() {
        compare(&account, &areas::run(), rule);
    }
    for (number, (account, run)) in areas::cases().iter().enumerate() {
        compare(account, run, &format!("case {number}"));
    }
}

#[test]
fn several_pools_of_one_account_are_judged_alike() {
    // What is read once for all pools of an account is told by whichever asks first.
    let account = areas::furnished().pool("us-east-1_Second001").pool("us-east-1_Third0001");
    compare(&account, &Run::default(), "three pools");
    compare(&account.deny("iam:ListRoles"), &Run::default(), "three pools, one refusal");
}
