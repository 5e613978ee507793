//! `target.*`: where the operator is heading: the replica Region and the issuer.

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Source, TargetIssuer, Value};

use super::{Field, PoolView, TEXT, field, replica};

/// The answers of the Region table.
pub(super) const SUPPORT: FieldType = FieldType::Word(&["yes", "no", "not_listed"]);

const CALLS: &[&str] = &["cognito-idp:ListUserPoolReplicas", "kms:DescribeKey"];

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    field(
        "target.issuer",
        FieldType::Word(&["UPDATED", "ORIGINAL"]),
        Absence::Unknown,
        &[],
        "The issuer the operator is heading for (--target-issuer).",
        |view| issuer(view.target_issuer()),
    ),
    field(
        "target.region",
        TEXT,
        Absence::Unknown,
        CALLS,
        "The replica Region: --replica-region or the configuration, else that of the existing secondary, else the key's only other Region.",
        |view| view.target.clone(),
    ),
    field(
        "target.same_as_primary",
        FieldType::Bool,
        Absence::Unknown,
        CALLS,
        "Whether the replica Region is the primary Region.",
        |view| derived(view, |region| (region == view.region).into()),
    ),
    field(
        "target.supports_mrr",
        SUPPORT,
        Absence::Unknown,
        CALLS,
        "Whether the table of Regions lists the replica Region with MRR.",
        |view| {
            let mut fact = derived(view, |region| view.table.supports_mrr(region).into());
            fact.sources.push(table_source(view));
            fact
        },
    ),
];

pub(super) fn issuer(target: TargetIssuer) -> Fact {
    let word = target.as_str().to_ascii_uppercase();
    Fact::known(word, vec![Source::Option { name: "--target-issuer".to_owned() }])
}

pub(super) fn table_source(view: &PoolView<'_>) -> Source {
    Source::Table { name: "rules/data/regions.yaml".to_owned(), as_of: view.table.as_of.clone() }
}

fn derived(view: &PoolView<'_>, f: impl FnOnce(&str) -> Value) -> Fact {
    Fact { value: view.target_region().map(|region| f(&region)), sources: view.target.sources.clone() }
}

/// Flag, then the scope of the collection, then an existing secondary, then the key's only other Region.
pub(super) fn region(view: &PoolView<'_>) -> Fact {
    for regions in [&view.options.replica_regions, &view.snapshot.header.scope.replica_regions] {
        let given = [view.key.id.as_str(), &view.region, ""].into_iter().find_map(|key| regions.get(key));
        if let Some(region) = given {
            return Fact::known(region.as_str(), vec![Source::Option { name: "--replica-region".to_owned() }]);
        }
    }
    let secondaries = replica::secondaries(view);
    let sources = vec![replica::answer(view).source("/UserPoolReplicas")];
    match secondaries {
        Listed { items, incomplete: None } if items.is_empty() => {}
        Listed { items, .. } if !items.is_empty() => {
            let region = items.into_iter().find_map(|item| item.region);
            return match region {
                Some(region) => Fact::known(region, sources),
                None => Fact::unknown(Cause::NoMeaning { member: "RegionName of a replica".to_owned() }, sources),
            };
        }
        Listed { incomplete, .. } => return Fact::unknown(incomplete.unwrap_or(Cause::NoTargetRegion), sources),
    }
    let regions = super::key::regions(view);
    match regions.value {
        Observed::Known(Value::List(Listed { incomplete: Some(cause), .. })) | Observed::Unknown(cause) => {
            Fact::unknown(cause, regions.sources)
        }
        Observed::Known(Value::List(list)) => {
            let others: Vec<String> =
                list.items.iter().map(ToString::to_string).filter(|region| *region != view.region).collect();
            match others.as_slice() {
                [only] => Fact::known(only.as_str(), regions.sources),
                _ => Fact::unknown(Cause::NoTargetRegion, regions.sources),
            }
        }
        Observed::Known(_) | Observed::Absent => Fact::unknown(Cause::NoTargetRegion, regions.sources),
    }
}
