//! `key.*`: the pool's KMS key in its primary Region; `related_key.*`: the key related to it in the replica Region.
//!
//! A multi-Region key's replica is a resource of its own: its state and its policy are asked in S, by key id, and never
//! concluded from P. Source: <https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html>.

use std::collections::BTreeSet;

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Source, Value};
use crate::policy::cognito_key::{KeyPolicyVerdict, SERVICES, judge, tell};
use crate::policy::{Broad, Policy, broad_key_admin};

use super::{Answer, Field, PoolView, TEXT, TEXTS, field, member};

const POOL: &str = "cognito-idp:DescribeUserPool";
const DESCRIBE: &str = "kms:DescribeKey";
const POLICY: &str = "kms:GetKeyPolicy";
const OF_KEY: &[&str] = &[POOL, DESCRIBE];
const OF_POLICY: &[&str] = &[POOL, POLICY];
const OF_RELATED_POLICY: &[&str] = &[POOL, DESCRIBE, POLICY];

const KEY_TYPE: FieldType = FieldType::Word(&["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KEY"]);
const STATE: FieldType = FieldType::Word(&[
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Creating",
    "Unavailable",
    "Updating",
]);
const USAGE: FieldType = FieldType::Word(&["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"]);
const MANAGER: FieldType = FieldType::Word(&["CUSTOMER", "AWS"]);
const ORIGIN: FieldType = FieldType::Word(&["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]);
const DECISION: FieldType = FieldType::Word(&["allowed", "service_absent", "refused", "refused_by_condition"]);

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    field("key.arn", TEXT, Absence::None, &[POOL], "The ARN of the pool's customer managed key.", |view| {
        let answer = view.primary(POOL);
        member(&answer, "/UserPool/KeyConfiguration/KmsKeyArn", arn(view))
    }),
    field(
        "key.broadly_deletable",
        FieldType::Bool,
        Absence::Unknown,
        OF_POLICY,
        "Whether the key policy lets another account, or everybody, delete or disable the key.",
        |view| {
            let Judged { policy, sources, .. } = judged(view, &At::Primary);
            let value = policy.as_ref().and_then(|policy| match broad_key_admin(policy, &view.key.account) {
                Broad::Nobody => Observed::Known(Value::Bool(false)),
                Broad::Known(_) => Observed::Known(Value::Bool(true)),
                Broad::Undecided { keys, .. } => {
                    Observed::Unknown(Cause::Undecided { keys: keys.into_iter().collect() })
                }
            });
            Fact { value, sources: sources.clone() }
        },
    ),
    field("key.deletion_date", FieldType::Time, Absence::None, OF_KEY, "When the key will be deleted.", |view| {
        time(view, &At::Primary, "DeletionDate")
    }),
    field("key.manager", MANAGER, Absence::Unknown, OF_KEY, "Who manages the key.", |view| {
        text(view, &At::Primary, "KeyManager")
    }),
    field(
        "key.multi_region",
        FieldType::Bool,
        Absence::Unknown,
        OF_KEY,
        "Whether the key is a multi-Region key.",
        |view| metadata(view, &At::Primary, "MultiRegion", Answer::boolean),
    ),
    field("key.origin", ORIGIN, Absence::Unknown, OF_KEY, "Where the key material comes from.", |view| {
        text(view, &At::Primary, "Origin")
    }),
    field(
        "key.policy_decision",
        DECISION,
        Absence::Unknown,
        OF_POLICY,
        "Whether the key policy in P lets both Cognito services use the key for this pool.",
        |view| decision(view, &At::Primary).0,
    ),
    field(
        "key.policy_detail",
        TEXT,
        Absence::None,
        OF_POLICY,
        "What the key policy in P refuses, or to whom.",
        |view| decision(view, &At::Primary).1,
    ),
    field(
        "key.regions",
        TEXTS,
        Absence::Default("[]"),
        OF_KEY,
        "The Regions of the key and of the keys related to it.",
        regions,
    ),
    field("key.spec", TEXT, Absence::Unknown, OF_KEY, "The key spec.", |view| text(view, &At::Primary, "KeySpec")),
    field("key.state", STATE, Absence::Unknown, OF_KEY, "The state of the key in P.", |view| {
        text(view, &At::Primary, "KeyState")
    }),
    field(
        "key.type",
        KEY_TYPE,
        Absence::Default("AWS_OWNED_KEY"),
        &[POOL],
        "Whose key encrypts the pool; absent means AWS owned.",
        |view| {
            let answer = view.primary(POOL);
            let pointer = "/UserPool/KeyConfiguration/KeyType";
            let value = match (answer.at("/UserPool/KeyConfiguration"), answer.text(pointer)) {
                // Documented is the absence of the whole member.
                (Observed::Known(_), Observed::Absent) => {
                    Observed::Unknown(Cause::NoMeaning { member: format!("{POOL} {pointer}") })
                }
                (_, value) => value,
            };
            member(&answer, pointer, value)
        },
    ),
    field("key.usage", USAGE, Absence::Unknown, OF_KEY, "What the key is for.", |view| {
        text(view, &At::Primary, "KeyUsage")
    }),
    field("key.valid_to", FieldType::Time, Absence::None, OF_KEY, "When imported key material expires.", |view| {
        time(view, &At::Primary, "ValidTo")
    }),
    field(
        "related_key.deletion_date",
        FieldType::Time,
        Absence::None,
        OF_KEY,
        "When the related key will be deleted.",
        |view| time(view, &At::Secondary, "DeletionDate"),
    ),
    field(
        "related_key.exists",
        FieldType::Bool,
        Absence::Unknown,
        OF_KEY,
        "Whether the key has a related key in the replica Region.",
        |view| {
            let regions = regions(view);
            let value = match related_region(view) {
                Observed::Known(_) => Observed::Known(Value::Bool(true)),
                Observed::Absent if matches!(arn(view), Observed::Known(_)) => Observed::Known(Value::Bool(false)),
                Observed::Absent => Observed::Absent,
                Observed::Unknown(cause) => Observed::Unknown(cause),
            };
            Fact { value, sources: regions.sources }
        },
    ),
    field("related_key.manager", MANAGER, Absence::Unknown, OF_KEY, "Who manages the related key.", |view| {
        text(view, &At::Secondary, "KeyManager")
    }),
    field(
        "related_key.origin",
        ORIGIN,
        Absence::Unknown,
        OF_KEY,
        "Where the related key's material comes from.",
        |view| text(view, &At::Secondary, "Origin"),
    ),
    field(
        "related_key.policy_decision",
        DECISION,
        Absence::Unknown,
        OF_RELATED_POLICY,
        "Whether the key policy in S lets both Cognito services use the key for the replica.",
        |view| decision(view, &At::Secondary).0,
    ),
    field(
        "related_key.policy_detail",
        TEXT,
        Absence::None,
        OF_RELATED_POLICY,
        "What the key policy in S refuses, or to whom.",
        |view| decision(view, &At::Secondary).1,
    ),
    field(
        "related_key.policy_names_services",
        FieldType::Bool,
        Absence::Unknown,
        OF_RELATED_POLICY,
        "Whether the key policy in S has an Allow for both Cognito services at all.",
        |view| names_services(view, &At::Secondary),
    ),
    field("related_key.spec", TEXT, Absence::Unknown, OF_KEY, "The related key's spec.", |view| {
        text(view, &At::Secondary, "KeySpec")
    }),
    field("related_key.state", STATE, Absence::Unknown, OF_KEY, "The state of the related key in S.", |view| {
        text(view, &At::Secondary, "KeyState")
    }),
    field("related_key.usage", USAGE, Absence::Unknown, OF_KEY, "What the related key is for.", |view| {
        text(view, &At::Secondary, "KeyUsage")
    }),
    field(
        "related_key.valid_to",
        FieldType::Time,
        Absence::None,
        OF_KEY,
        "When the related key's imported material expires.",
        |view| time(view, &At::Secondary, "ValidTo"),
    ),
];

/// Which of the two keys.
enum At {
    Primary,
    Secondary,
}

/// The pool's key; absent for a pool on the AWS owned key.
fn arn(view: &PoolView<'_>) -> Observed<String> {
    let answer = view.primary(POOL);
    match answer.text("/UserPool/KeyConfiguration/KeyType") {
        Observed::Known(word) if word == "AWS_OWNED_KEY" => return Observed::Absent,
        Observed::Known(_) | Observed::Absent | Observed::Unknown(_) => {}
    }
    answer.text("/UserPool/KeyConfiguration/KmsKeyArn")
}

/// The answer for one of the two keys; not known to be there is `Unknown`, known not to be there is `Absent`.
fn ask<'f>(view: &PoolView<'f>, call: &str, at: &At) -> Observed<Answer<'f>> {
    let blocked = |cause: Cause| Cause::Prerequisite { call: call.to_owned(), because: Box::new(cause) };
    let arn = match arn(view) {
        Observed::Known(arn) => arn,
        Observed::Absent => return Observed::Absent,
        Observed::Unknown(cause) => return Observed::Unknown(blocked(cause)),
    };
    let (region, key) = match at {
        At::Primary => (view.region.clone(), arn),
        At::Secondary => match related_region(view) {
            Observed::Known(region) => (region, arn.rsplit('/').next().unwrap_or_default().to_owned()),
            Observed::Absent => return Observed::Absent,
            Observed::Unknown(Cause::NoTargetRegion) => return Observed::Unknown(Cause::NoTargetRegion),
            Observed::Unknown(cause) => return Observed::Unknown(blocked(cause)),
        },
    };
    let parameters: &[&str] = if call == POLICY { &[&key, "default"] } else { &[&key] };
    Observed::Known(view.ask(call, &region, parameters))
}

/// The replica Region if the key has a related key there, absent if it has none.
fn related_region(view: &PoolView<'_>) -> Observed<String> {
    let regions = match regions(view).value {
        Observed::Known(Value::List(list)) => list,
        Observed::Unknown(cause) => return Observed::Unknown(cause),
        Observed::Known(_) | Observed::Absent => return Observed::Absent,
    };
    view.target_region().and_then(|target| {
        let there = regions.items.iter().any(|region| matches!(region, Value::Text(region) if *region == target));
        match regions.incomplete {
            _ if there => Observed::Known(target),
            Some(cause) => Observed::Unknown(cause),
            None => Observed::Absent,
        }
    })
}

/// The Regions of the primary and all replica keys as the key in P names them.
pub(super) fn regions(view: &PoolView<'_>) -> Fact {
    view.memo.key_regions.get_or_init(|| named_regions(view)).clone()
}

fn named_regions(view: &PoolView<'_>) -> Fact {
    let answer = match ask(view, DESCRIBE, &At::Primary) {
        Observed::Known(answer) => answer,
        Observed::Absent => return Fact::absent(vec![view.primary(POOL).source("/UserPool/KeyConfiguration")]),
        Observed::Unknown(cause) => return Fact::unknown(cause, vec![source(view, DESCRIBE, "/KeyMetadata")]),
    };
    let pointer = "/KeyMetadata/MultiRegionConfiguration";
    let sources = vec![answer.source(pointer)];
    match (answer.boolean("/KeyMetadata/MultiRegion"), answer.at(pointer)) {
        (Observed::Unknown(cause), _) | (_, Observed::Unknown(cause)) => Fact::unknown(cause, sources),
        // A single-Region key is where it is.
        (Observed::Known(false), _) => Fact::known(Listed::complete(vec![view.region.clone()]), sources),
        (_, Observed::Absent) => Fact::unknown(Cause::NoMeaning { member: format!("{DESCRIBE} {pointer}") }, sources),
        (_, Observed::Known(configuration)) => {
            let region = |key: &serde_json::Value| key.get("Region").and_then(|r| r.as_str()).map(str::to_owned);
            let replicas = match configuration.get("ReplicaKeys") {
                None | Some(serde_json::Value::Null) => Some(&[][..]),
                Some(keys) => keys.as_array().map(Vec::as_slice),
            };
            let keys = configuration.get("PrimaryKey").into_iter().chain(replicas.into_iter().flatten());
            let found: Vec<Option<String>> = keys.map(region).collect();
            let whole = replicas.is_some() && configuration.get("PrimaryKey").is_some() && !found.contains(&None);
            let member = format!("{DESCRIBE} {pointer}/…/Region");
            let incomplete = (!whole).then_some(Cause::NoMeaning { member });
            let regions: BTreeSet<String> = found.into_iter().flatten().collect();
            Fact::known(Listed { items: regions.into_iter().collect(), incomplete }, sources)
        }
    }
}

fn source(view: &PoolView<'_>, call: &str, pointer: &str) -> Source {
    view.source(call, &view.region, pointer)
}

fn metadata<'f, T: Into<Value>>(
    view: &PoolView<'f>,
    at: &At,
    name: &str,
    read: impl FnOnce(&Answer<'f>, &str) -> Observed<T>,
) -> Fact {
    let pointer = format!("/KeyMetadata/{name}");
    match ask(view, DESCRIBE, at) {
        Observed::Known(answer) => member(&answer, &pointer, read(&answer, &pointer)),
        Observed::Absent => Fact::absent(vec![source(view, DESCRIBE, "/KeyMetadata/MultiRegionConfiguration")]),
        Observed::Unknown(cause) => Fact::unknown(cause, vec![source(view, DESCRIBE, &pointer)]),
    }
}

fn text(view: &PoolView<'_>, at: &At, name: &str) -> Fact {
    metadata(view, at, name, Answer::text)
}

fn time(view: &PoolView<'_>, at: &At, name: &str) -> Fact {
    metadata(view, at, name, Answer::time)
}

fn policy(view: &PoolView<'_>, at: &At) -> (Observed<Policy>, Vec<Source>) {
    let answer = match ask(view, POLICY, at) {
        Observed::Known(answer) => answer,
        Observed::Absent => return (Observed::Absent, Vec::new()),
        Observed::Unknown(cause) => return (Observed::Unknown(cause), vec![source(view, POLICY, "/Policy")]),
    };
    let policy = answer.text("/Policy").and_then(|text| answer.policy(&text));
    (policy, vec![answer.source("/Policy")])
}

/// The Region of one of the two keys.
fn region_of(view: &PoolView<'_>, at: &At) -> Observed<String> {
    match at {
        At::Primary => Observed::Known(view.region.clone()),
        At::Secondary => related_region(view),
    }
}

/// What the statements of a key's policy say to the requests on which its decision rests.
pub(super) fn derivation(view: &PoolView<'_>, field: &str) -> Vec<String> {
    let at = match field {
        "key.policy_decision" | "key.policy_detail" => At::Primary,
        "related_key.policy_decision" | "related_key.policy_detail" | "related_key.policy_names_services" => {
            At::Secondary
        }
        _ => return Vec::new(),
    };
    let (Observed::Known(policy), Observed::Known(region)) = (policy(view, &at).0, region_of(view, &at)) else {
        return Vec::new();
    };
    tell(&policy, &view.arn(&region), &view.key.account)
}

/// A key's policy, and whether it lets Cognito use the key, for the pool's ARN in the key's own Region.
#[derive(Debug)]
pub(super) struct Judged {
    policy: Observed<Policy>,
    verdict: Observed<KeyPolicyVerdict>,
    sources: Vec<Source>,
}

/// Read and judged once: several fields say something about it.
fn judged<'v>(view: &'v PoolView<'_>, at: &At) -> &'v Judged {
    let memo = match at {
        At::Primary => &view.memo.key_policy,
        At::Secondary => &view.memo.related_key_policy,
    };
    memo.get_or_init(|| {
        let (policy, sources) = policy(view, at);
        let verdict = policy
            .as_ref()
            .and_then(|policy| region_of(view, at).map(|region| judge(policy, &view.arn(&region), &view.key.account)));
        Judged { policy, verdict, sources }
    })
}

/// Whether both services are named, which is decided even where what they may do is not.
fn names_services(view: &PoolView<'_>, at: &At) -> Fact {
    let Judged { policy, verdict, sources } = judged(view, at);
    let both = policy.as_ref().and_then(|policy| verdict.as_ref().map(|verdict| (policy, verdict)));
    let value = both.and_then(|(policy, verdict)| match verdict {
        KeyPolicyVerdict::ServiceAbsent { .. } => Observed::Known(Value::Bool(false)),
        KeyPolicyVerdict::Undecided { keys, .. } if !SERVICES.iter().all(|service| policy.names_service(service)) => {
            Observed::Unknown(Cause::Undecided { keys: keys.iter().cloned().collect() })
        }
        KeyPolicyVerdict::Allows
        | KeyPolicyVerdict::Refuses { .. }
        | KeyPolicyVerdict::RefusesByCondition { .. }
        | KeyPolicyVerdict::Undecided { .. } => Observed::Known(Value::Bool(true)),
    });
    Fact { value, sources: sources.clone() }
}

/// The decision and, in words, what is refused.
fn decision(view: &PoolView<'_>, at: &At) -> (Fact, Fact) {
    let judged = judged(view, at);
    let (verdict, sources) = (judged.verdict.clone(), judged.sources.clone());
    let refused = |what: &[crate::policy::cognito_key::Refused]| {
        let what: BTreeSet<String> = what.iter().map(|r| format!("{} for {}", r.action, r.service)).collect();
        what.into_iter().collect::<Vec<_>>().join(", ")
    };
    let (word, detail) = match verdict {
        Observed::Known(KeyPolicyVerdict::Allows) => ("allowed", String::new()),
        Observed::Known(KeyPolicyVerdict::ServiceAbsent { services }) => {
            ("service_absent", format!("no statement names {}", services.join(" or ")))
        }
        Observed::Known(KeyPolicyVerdict::Refuses { what }) => ("refused", refused(&what)),
        Observed::Known(KeyPolicyVerdict::RefusesByCondition { what, keys }) => {
            let keys: Vec<String> = keys.into_iter().collect();
            ("refused_by_condition", format!("{}, because of {}", refused(&what), keys.join(", ")))
        }
        Observed::Known(KeyPolicyVerdict::Undecided { keys, .. }) => {
            let cause = Cause::Undecided { keys: keys.into_iter().collect() };
            return (Fact::unknown(cause.clone(), sources.clone()), Fact::unknown(cause, sources));
        }
        Observed::Absent => return (Fact::absent(sources.clone()), Fact::absent(sources)),
        Observed::Unknown(cause) => {
            return (Fact::unknown(cause.clone(), sources.clone()), Fact::unknown(cause, sources));
        }
    };
    (Fact::known(word, sources.clone()), Fact::known(detail, sources))
}
