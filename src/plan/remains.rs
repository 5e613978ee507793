//! What no step mends, and why: nothing that stands in the way goes unmentioned.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::plan::CannotFix;
use crate::model::report::Finding;
use crate::model::{Level, Verdict};
use crate::rules::{Catalog, Step};

use super::chosen::{Steps, asks};
use super::closure::Found;

/// The findings that no step of the plan mends, now or once the plan is carried out.
pub(super) fn cannot_fix(found: &Found<'_>, catalog: &Catalog) -> Vec<CannotFix> {
    let asked_by = asked_by(&found.steps);
    let open = |findings: &[Finding]| -> BTreeMap<String, Finding> {
        findings.iter().filter(|f| asks(f)).map(|f| (f.fingerprint.clone(), f.clone())).collect()
    };
    let (now, then) = (open(&found.now.findings), open(&found.then.findings));
    let mut all = then.clone();
    all.extend(now);
    let mut entries = Vec::new();
    for (fingerprint, finding) in &all {
        let none = Vec::new();
        let steps = asked_by.get(fingerprint).unwrap_or(&none);
        let remains = then.contains_key(fingerprint);
        let hopeless: Vec<&str> = steps.iter().filter_map(|step| step.cannot_fix.as_deref()).collect();
        let reason = if !hopeless.is_empty() && (remains || hopeless.len() == steps.len()) {
            let reasons: BTreeSet<&str> = hopeless.into_iter().map(str::trim).collect();
            Some(reasons.into_iter().collect::<Vec<_>>().join(" "))
        } else if steps.is_empty() && remains && finding.level == Level::Blocker {
            Some(why_no_step(finding, catalog))
        } else {
            None
        };
        entries.extend(reason.map(|reason| CannotFix {
            rule: finding.rule.clone(),
            fingerprint: fingerprint.clone(),
            gates: finding.gates.clone(),
            message: finding.message.clone(),
            reason,
        }));
    }
    entries.sort();
    entries
}

/// The steps that each finding asks for.
fn asked_by<'c>(steps: &Steps<'c>) -> BTreeMap<String, Vec<&'c Step>> {
    let mut asked: BTreeMap<String, Vec<&Step>> = BTreeMap::new();
    for chosen in steps.values() {
        for fingerprint in chosen.because.keys() {
            asked.entry(fingerprint.clone()).or_default().push(chosen.step);
        }
    }
    asked
}

fn why_no_step(finding: &Finding, catalog: &Catalog) -> String {
    let rule = catalog.rule(&finding.rule);
    let named = rule.is_some_and(|rule| !rule.remedy.is_empty());
    let cause = finding.evidence.iter().find_map(|evidence| evidence.cause_text.as_deref());
    match (finding.verdict, cause, named) {
        (Verdict::Manual, ..) => "Only a person can tell: answer it in a decisions file.".to_owned(),
        (Verdict::Unknown, Some(cause), _) => {
            format!("The evidence does not decide it: {cause}. A person has to look.")
        }
        (Verdict::Unknown, None, _) => "The evidence does not decide it. A person has to look.".to_owned(),
        (_, _, true) => "None of the steps that the rule names applies here. A person has to look.".to_owned(),
        (_, _, false) => "The rule names no step. What it says has to be judged by a person.".to_owned(),
    }
}
