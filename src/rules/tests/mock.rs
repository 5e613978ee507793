//! A small set of fields for the tests of this module; the real ones are facts.

use crate::model::{Absence, FieldSpec, FieldType, Fields, SubjectKind};

const STATE: FieldType = FieldType::Word(&["Enabled", "Disabled", "PendingDeletion"]);

/// Fields of every type and every kind of absence.
pub(super) struct Mock;

const fn spec(name: &'static str, ty: FieldType, absent: Absence) -> FieldSpec {
    FieldSpec { name, ty, absent, calls: &["cognito-idp:DescribeUserPool"], doc: "For tests." }
}

const FIELDS: &[FieldSpec] = &[
    spec("account.id", FieldType::Text, Absence::Unknown),
    spec("authorizer.accepts_new", FieldType::Bool, Absence::Unknown),
    spec("authorizer.name", FieldType::Text, Absence::Unknown),
    spec("bound_service.region", FieldType::Text, Absence::Unknown),
    spec("discovery_client.accepts_new", FieldType::Bool, Absence::Unknown),
    spec("identity_pool.in_primary", FieldType::Bool, Absence::Unknown),
    spec("key.arn", FieldType::Text, Absence::None),
    spec("key.deletion_date", FieldType::Time, Absence::None),
    spec("key.multi_region", FieldType::Bool, Absence::Unknown),
    spec("key.regions", FieldType::List(&FieldType::Text), Absence::Default("[]")),
    spec("key.state", STATE, Absence::Unknown),
    spec("key.type", FieldType::Word(&["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KEY"]), Absence::Default("AWS_OWNED_KEY")),
    spec("load_balancer.accepts_new", FieldType::Bool, Absence::Unknown),
    spec("oidc_provider.accepts_new", FieldType::Bool, Absence::Unknown),
    spec("pool.aliases", FieldType::List(&FieldType::Text), Absence::None),
    spec(
        "pool.clients",
        FieldType::List(&FieldType::Record(&[("name", FieldType::Text), ("public", FieldType::Bool)])),
        Absence::Default("[]"),
    ),
    spec("pool.deletion_protection", FieldType::Word(&["ACTIVE", "INACTIVE"]), Absence::Unknown),
    spec("pool.estimated_users", FieldType::Int, Absence::Unknown),
    spec("pool.name", FieldType::Text, Absence::Unknown),
    spec("pool.tier", FieldType::Word(&["LITE", "ESSENTIALS", "PLUS"]), Absence::Unknown),
    spec("reference.accepts_new", FieldType::Bool, Absence::Unknown),
    spec("route.accepts_new", FieldType::Bool, Absence::Unknown),
    spec("template.accepts_new", FieldType::Bool, Absence::Unknown),
    spec("trigger.function_state", FieldType::Word(&["Active", "Failed"]), Absence::Unknown),
];

impl Fields for Mock {
    fn all(&self) -> Vec<FieldSpec> {
        FIELDS.to_vec()
    }

    fn field(&self, subject: SubjectKind, name: &str) -> Option<FieldSpec> {
        let root = name.split('.').next().unwrap_or_default();
        let hidden =
            SubjectKind::ALL.iter().any(|kind| *kind != SubjectKind::Pool && *kind != subject && kind.as_str() == root);
        FIELDS.iter().copied().find(|spec| spec.name == name && !hidden)
    }
}
