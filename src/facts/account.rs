//! `account.*`: an account all of whose pools were to be found, and whether they were.
//!
//! What cannot be listed may be there: an account that could not be entered, or a Region that did not list its pools, is
//! unknown with the cause of the call. Not here: the pools themselves (`pool`).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Absence, Cause, Fact, FieldSpec, FieldType, Listed, Observed, Source, Subject, SubjectKind, Value};
use crate::snapshot::{Call, Snapshot};

use super::log::cause_of;
use super::{Child, ChildField, Facts, Log, TEXT, TEXTS};

/// What is in the log only where an account could not be entered.
const ASSUME_ROLE: &str = "sts:AssumeRole";
const POOLS: &str = "cognito-idp:ListUserPools";

const fn own(name: &'static str, ty: FieldType, calls: &'static [&'static str], doc: &'static str) -> ChildField {
    let absent = Absence::Unknown;
    ChildField { kind: SubjectKind::Account, spec: FieldSpec { name, ty, absent, calls, doc } }
}

/// The fields.
pub(super) const FIELDS: &[ChildField] = &[
    own("account.id", TEXT, &[], "The account's twelve digits."),
    own(
        "account.pools_left_out",
        TEXTS,
        &[POOLS],
        "Pools that the account lists in the Regions that were to be looked at, and that nobody looked at.",
    ),
    own("account.regions", TEXTS, &[], "The Regions whose pools were to be listed."),
];

/// The accounts all of whose pools were to be found, sorted.
pub(super) fn subjects(facts: &Facts<'_>) -> Vec<Child> {
    let snapshot = facts.snapshot;
    let mut regions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for scope in &snapshot.header.scope.accounts {
        regions.entry(&scope.account).or_default().extend(scope.regions.iter().map(String::as_str));
    }
    regions.iter().map(|(account, regions)| child(snapshot, &facts.log, account, regions)).collect()
}

fn child(snapshot: &Snapshot, log: &Log<'_>, account: &str, regions: &BTreeSet<&str>) -> Child {
    let subject = Subject {
        kind: SubjectKind::Account,
        id: account.to_owned(),
        name: None,
        arn: None,
        region: None,
        account: account.to_owned(),
        pool_id: None,
    };
    let scope = || vec![Source::Option { name: "account".to_owned() }];
    let all = regions.iter().map(|region| Value::from(*region)).collect();
    let fields = BTreeMap::from([
        ("account.id", Fact::known(account, scope())),
        ("account.pools_left_out", left_out(snapshot, log, account, regions)),
        ("account.regions", Fact::known(Value::List(Listed::complete(all)), scope())),
    ]);
    Child { subject, fields }
}

/// The pools that are listed and not in scope.
fn left_out(snapshot: &Snapshot, log: &'_ Log<'_>, account: &str, regions: &BTreeSet<&str>) -> Fact {
    if let Some((cause, source)) = refused(snapshot, account) {
        return Fact::unknown(cause, vec![source]);
    }
    let in_scope: BTreeSet<&str> = snapshot
        .header
        .scope
        .pools
        .iter()
        .filter(|pool| pool.account == account)
        .map(|pool| pool.id.as_str())
        .collect();
    let mut missing = Listed { items: Vec::new(), incomplete: None };
    if regions.is_empty() {
        missing.incomplete = Some(Cause::NotSearched { what: format!("every Region of account {account}") });
    }
    let mut sources = Vec::new();
    for region in regions {
        let Some(answer) = log.ask(account, region, POOLS, &[]) else {
            // A Region of which nothing can be told is no Region without pools.
            missing.incomplete.get_or_insert(Cause::NotSearched { what: format!("{POOLS} in {region}") });
            continue;
        };
        sources.push(answer.source("/UserPools"));
        // A Region in which Cognito is not offered has no pools.
        if matches!(answer.problem(), Some(Cause::NotOffered { .. })) {
            continue;
        }
        let listed = answer.named("Id");
        missing
            .items
            .extend(listed.items.iter().filter(|(id, _)| !in_scope.contains(id)).map(|(id, _)| Value::from(*id)));
        if let Some(cause) = listed.incomplete {
            missing.incomplete.get_or_insert(cause);
        }
    }
    Fact { value: Observed::Known(Value::List(missing)), sources }
}

/// The accounts in scope that could not be entered, and why.
pub(super) fn not_entered(snapshot: &Snapshot) -> impl Iterator<Item = (&str, Cause)> {
    let accounts: BTreeSet<&str> = snapshot.header.scope.accounts.iter().map(|scope| scope.account.as_str()).collect();
    accounts.into_iter().filter_map(move |account| Some((account, refused(snapshot, account)?.0)))
}

/// Why the account could not be entered, if it could not.
fn refused(snapshot: &Snapshot, account: &str) -> Option<(Cause, Source)> {
    let assumed = |call: &&Call| call.account == account && call.name() == ASSUME_ROLE;
    // Of several attempts the newest counts; one that succeeded leaves no entry, but answers.
    let call = snapshot.calls().filter(assumed).max_by_key(|call| call.time)?;
    let source = Source::Call {
        call: call.name(),
        region: call.region.clone(),
        parameters: BTreeMap::new(),
        pointer: String::new(),
    };
    Some((cause_of(call, call.error.as_ref()?), source))
}
