//! What a rule needs: the calls whose answers decide its fields, and the calls that those need first.
//!
//! The one derivation of "this permission is needed by that rule", for the IAM policy, for live collection, for `doctor`
//! and for the tests that hold denial to it. It is an upper bound: which of a field's calls decide it in one account is
//! seen in the provenance of its value.

use std::collections::BTreeSet;

use crate::facts::FieldSet;
use crate::model::{Fields, SubjectKind};
use crate::rules::{Catalog, Check, Rule};
use crate::snapshot::operations::{OPERATIONS, Operation, find_call};

/// The list of all pools: which pools there are is the run's scope, and no rule's evidence.
const SCOPE: &str = "cognito-idp:ListUserPools";

/// These calls and all that have to be answered before they can be made.
pub fn with_prerequisites<'a>(calls: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = calls.into_iter().map(str::to_owned).collect();
    while let Some(call) = open.pop() {
        let needs = find_call(&call).map_or(&[][..], |operation| operation.needs);
        if all.insert(call) {
            open.extend(needs.iter().filter(|need| **need != SCOPE).map(|need| (*need).to_owned()));
        }
    }
    all
}

/// The calls that a rule needs.
pub fn calls(rule: &Rule) -> BTreeSet<String> {
    calls_of(rule.subject, &rule.fields(), rule.aws_calls())
}

/// The calls that a condition on a subject of this kind needs.
pub fn calls_of_check(subject: SubjectKind, check: &Check) -> BTreeSet<String> {
    calls_of(subject, &check.fields(), check.aws_calls())
}

fn calls_of(subject: SubjectKind, fields: &BTreeSet<&str>, mut direct: BTreeSet<String>) -> BTreeSet<String> {
    let specs = fields.iter().filter_map(|name| FieldSet.field(subject, name));
    direct.extend(specs.flat_map(|spec| spec.calls).map(|call| (*call).to_owned()));
    with_prerequisites(direct.iter().map(String::as_str))
}

/// The operations that take an IAM action.
pub fn operations_of(action: &str) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(move |operation| operation.iam.contains(&action))
}

/// The rules that need an IAM action, by their calls or those before them.
pub fn rules_needing<'c>(action: &str, catalog: &'c Catalog) -> Vec<&'c Rule> {
    let taking: BTreeSet<String> = operations_of(action).map(Operation::call).collect();
    catalog.rules.iter().filter(|rule| !calls(rule).is_disjoint(&taking)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prerequisites_are_followed_to_the_end() {
        let calls = with_prerequisites(["cognito-idp:DescribeUserPoolDomain"]);
        let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
        assert_eq!(calls, ["cognito-idp:DescribeUserPool", "cognito-idp:DescribeUserPoolDomain"]);
    }
}
