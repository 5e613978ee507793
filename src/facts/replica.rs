//! `replica.*`: the secondary entry of `ListUserPoolReplicas`; `secondary.*`: what the replica Region answers.
//!
//! `DescribeUserPool` has no replica member: the list is the only call that gives a replica's status.
//! Source: <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserPoolReplicas.html>.

use std::collections::BTreeSet;

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Truth, Value};

use super::{Answer, Field, PoolView, TEXTS, field, pool};

const LIST: &str = "cognito-idp:ListUserPoolReplicas";
const DESCRIBE: &str = "cognito-idp:DescribeUserPool";
const STATUS: FieldType = FieldType::Word(&["CREATING", "INACTIVE", "ACTIVE", "DELETING"]);

/// Triggers without which sign-in or authorization in S breaks or silently changes.
const CRITICAL: [&str; 7] = [
    "CreateAuthChallenge",
    "CustomEmailSender",
    "CustomSMSSender",
    "DefineAuthChallenge",
    "PreAuthentication",
    "PreTokenGeneration",
    "VerifyAuthChallengeResponse",
];
/// Triggers of operations that do not exist in S: users are created, confirmed and migrated in P only.
pub(super) const USELESS: [&str; 3] = ["PostConfirmation", "PreSignUp", "UserMigration"];

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    field(
        "replica.elsewhere",
        FieldType::Bool,
        Absence::Unknown,
        &[LIST],
        "Whether a secondary exists in another Region than the target.",
        |view| {
            let found = secondaries(view);
            let target = view.target_region();
            let truth = found.any(|item| match (&item.region, &target) {
                (Some(region), Observed::Known(target)) => (region != target).into(),
                _ => Truth::Unknown,
            });
            let cause = found.incomplete.clone().or_else(|| target.cause().cloned()).unwrap_or(Cause::NoTargetRegion);
            fact(view, truth, cause)
        },
    ),
    field(
        "replica.exists",
        FieldType::Bool,
        Absence::Unknown,
        &[LIST],
        "Whether a secondary exists in any Region.",
        |view| {
            let found = secondaries(view);
            let truth = found.any(|_| Truth::True);
            fact(view, truth, found.incomplete.unwrap_or(Cause::NoTargetRegion))
        },
    ),
    field("replica.regions", TEXTS, Absence::Default("[]"), &[LIST], "The Regions of all secondaries.", |view| {
        let found = secondaries(view);
        let items = found.items.into_iter().filter_map(|item| item.region).collect();
        Fact::known(Listed { items, incomplete: found.incomplete }, vec![answer(view).source("/UserPoolReplicas")])
    }),
    field("replica.status", STATUS, Absence::None, &[LIST], "The status of the secondary.", |view| {
        let found = secondaries(view);
        let sources = vec![answer(view).source("/UserPoolReplicas")];
        match (found.items.first(), found.incomplete) {
            (Some(Secondary { status: Some(status), .. }), _) => Fact::known(status.as_str(), sources),
            (Some(_), _) => {
                Fact::unknown(Cause::NoMeaning { member: format!("{LIST} /UserPoolReplicas/*/Status") }, sources)
            }
            (None, Some(cause)) => Fact::unknown(cause, sources),
            (None, None) => Fact::absent(sources),
        }
    }),
    field(
        "secondary.missing_critical_triggers",
        TEXTS,
        Absence::Unknown,
        &[DESCRIBE, LIST],
        "Triggers set in P and not in S without which sign-in or authorization in S changes.",
        |view| missing_triggers(view, |name| CRITICAL.contains(&name)),
    ),
    field(
        "secondary.missing_other_triggers",
        TEXTS,
        Absence::Unknown,
        &[DESCRIBE, LIST],
        "Other triggers set in P and not in S, without those that are of no use in S.",
        |view| missing_triggers(view, |name| !CRITICAL.contains(&name) && !USELESS.contains(&name)),
    ),
];

/// A secondary entry.
#[derive(Debug, Clone)]
pub(super) struct Secondary {
    pub(super) region: Option<String>,
    status: Option<String>,
}

pub(super) fn answer<'f>(view: &PoolView<'f>) -> Answer<'f> {
    view.primary(LIST)
}

/// The secondaries. An entry without a role that is known may be one: then the list is not whole.
pub(super) fn secondaries(view: &PoolView<'_>) -> Listed<Secondary> {
    view.memo.secondaries.get_or_init(|| listed(view)).clone()
}

fn listed(view: &PoolView<'_>) -> Listed<Secondary> {
    let list = answer(view).list();
    let text = |item: &serde_json::Value, name: &str| item.get(name).and_then(|v| v.as_str()).map(str::to_owned);
    let nameless = |name: &str| Cause::NoMeaning { member: format!("{LIST} /UserPoolReplicas/*/{name}") };
    let Listed { items, mut incomplete } = list;
    let mut found = Vec::new();
    for item in items {
        let region = text(item, "RegionName");
        match text(item, "Role") {
            Some(role) if role == "PRIMARY" => {}
            Some(role) if role == "SECONDARY" => {
                if region.is_none() {
                    incomplete.get_or_insert(nameless("RegionName"));
                }
                found.push(Secondary { region, status: text(item, "Status") });
            }
            Some(role) => drop(incomplete.get_or_insert(Cause::Unrecognised { value: role })),
            None => drop(incomplete.get_or_insert(nameless("Role"))),
        }
    }
    Listed { items: found, incomplete }
}

/// Whether the replica is in the target Region, so that S can be asked about it.
pub(super) fn in_target(view: &PoolView<'_>) -> Observed<String> {
    let found = secondaries(view);
    let target = match view.target_region() {
        Observed::Known(target) => target,
        Observed::Absent => return Observed::Absent,
        Observed::Unknown(cause) => return Observed::Unknown(cause),
    };
    match found.any(|item| item.region.as_deref().map_or(Truth::Unknown, |region| (region == target).into())) {
        Truth::True => Observed::Known(target),
        Truth::False => Observed::Absent,
        Truth::Unknown => {
            let because = Box::new(found.incomplete.unwrap_or(Cause::NoTargetRegion));
            Observed::Unknown(Cause::Prerequisite { call: DESCRIBE.to_owned(), because })
        }
    }
}

fn missing_triggers(view: &PoolView<'_>, wanted: impl Fn(&str) -> bool) -> Fact {
    let region = match in_target(view) {
        Observed::Known(region) => region,
        Observed::Absent => return Fact::absent(vec![answer(view).source("/UserPoolReplicas")]),
        Observed::Unknown(cause) => return Fact::unknown(cause, vec![answer(view).source("/UserPoolReplicas")]),
    };
    let (p, s) = (view.primary(DESCRIBE), view.ask(DESCRIBE, &region, &[&view.key.id]));
    let sources = vec![p.source("/UserPool/LambdaConfig"), s.source("/UserPool/LambdaConfig")];
    match (pool::triggers(&p), pool::triggers(&s)) {
        (Observed::Known(p), Observed::Known(s)) => {
            let s: BTreeSet<String> = s.into_iter().collect();
            let missing = p.into_iter().filter(|name| wanted(name) && !s.contains(name)).collect();
            Fact::known(Listed::<String>::complete(missing), sources)
        }
        (Observed::Unknown(cause), _) | (_, Observed::Unknown(cause)) => Fact::unknown(cause, sources),
        _ => Fact::absent(sources),
    }
}

fn fact(view: &PoolView<'_>, truth: Truth, cause: Cause) -> Fact {
    let sources = vec![answer(view).source("/UserPoolReplicas")];
    let value = match truth {
        Truth::True => Observed::Known(Value::Bool(true)),
        Truth::False => Observed::Known(Value::Bool(false)),
        Truth::Unknown => Observed::Unknown(cause),
    };
    Fact { value, sources }
}
