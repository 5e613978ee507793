//! `domain.*`, `health_check.*`, `alarms.*` and `users.*`: whether traffic can fail over, on which signal, and who cannot
//! follow.
//!
//! Here is the table of fields; how each is read is in the modules below.

mod alarms;
mod certificate;
mod domain;
mod health_check;
mod users;

use crate::model::{Absence, Fact, FieldType, Listed, Observed, Source, Value};

use super::{Field, PoolView, TEXT, TEXTS, field};
pub(super) use health_check::Checks as HealthChecks;

const POOL: &str = "cognito-idp:DescribeUserPool";
const DOMAIN: &str = "cognito-idp:DescribeUserPoolDomain";
const REPLICAS: &str = "cognito-idp:ListUserPoolReplicas";
const MFA: &str = "cognito-idp:GetUserPoolMfaConfig";
const USERS: &str = "cognito-idp:ListUsers";
const CERTIFICATE: &str = "acm:DescribeCertificate";
const HEALTH_CHECK: &str = "route53:GetHealthCheck";
const ALARMS: &str = "cloudwatch:DescribeAlarms";

const OF_DOMAIN: &[&str] = &[POOL, DOMAIN];
const OF_CERTIFICATE: &[&str] = &[POOL, DOMAIN, CERTIFICATE];
const OF_CHECK: &[&str] = &[POOL, DOMAIN, HEALTH_CHECK];
const OF_CHECK_ALARM: &[&str] = &[POOL, DOMAIN, HEALTH_CHECK, ALARMS];

const NO_ITEM: Absence = Absence::Default("[]");
const SECONDS: FieldType = FieldType::List(&FieldType::Int);
const CERTIFICATE_STATUS: FieldType = FieldType::Word(&[
    "PENDING_VALIDATION",
    "ISSUED",
    "INACTIVE",
    "EXPIRED",
    "VALIDATION_TIMED_OUT",
    "REVOKED",
    "FAILED",
]);
const CERTIFICATE_TYPE: FieldType = FieldType::Word(&["IMPORTED", "AMAZON_ISSUED", "PRIVATE"]);
const RENEWAL: FieldType = FieldType::Word(&["ELIGIBLE", "INELIGIBLE"]);
const CHECK_TYPE: FieldType = FieldType::Word(&health_check::TYPES);

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    field(
        "alarms.in_primary",
        TEXTS,
        NO_ITEM,
        &[ALARMS],
        "The alarms in P that watch what this pool's users do, by a metric that Cognito publishes.",
        alarms::in_primary,
    ),
    field(
        "alarms.in_secondary",
        TEXTS,
        NO_ITEM,
        &[ALARMS, REPLICAS],
        "The alarms in the replica's Region that watch what this pool's users do, by a metric that Cognito publishes.",
        alarms::in_secondary,
    ),
    field(
        "alarms.without_metric",
        TEXTS,
        NO_ITEM,
        &[ALARMS, REPLICAS],
        "Alarms in P or S on a metric of AWS/Cognito that the table of metrics does not have.",
        alarms::without_metric,
    ),
    field(
        "domain.certificate_arn",
        TEXT,
        Absence::None,
        OF_DOMAIN,
        "The ARN of the custom domain's certificate.",
        certificate::arn,
    ),
    field(
        "domain.certificate_covers_domain",
        FieldType::Bool,
        Absence::Unknown,
        OF_CERTIFICATE,
        "Whether a name of the certificate covers the custom domain; a wildcard stands for one label.",
        certificate::covers_domain,
    ),
    field(
        "domain.certificate_names",
        TEXTS,
        Absence::Unknown,
        OF_CERTIFICATE,
        "The names that the certificate is for.",
        certificate::names,
    ),
    field(
        "domain.certificate_not_after",
        FieldType::Time,
        Absence::Unknown,
        OF_CERTIFICATE,
        "When the custom domain's certificate expires.",
        certificate::not_after,
    ),
    field(
        "domain.certificate_region",
        TEXT,
        Absence::None,
        OF_DOMAIN,
        "The Region of the custom domain's certificate, from its ARN.",
        certificate::region,
    ),
    field(
        "domain.certificate_renewal",
        RENEWAL,
        Absence::Unknown,
        OF_CERTIFICATE,
        "Whether ACM can renew the custom domain's certificate.",
        |view| certificate::word(view, "RenewalEligibility"),
    ),
    field(
        "domain.certificate_status",
        CERTIFICATE_STATUS,
        Absence::Unknown,
        OF_CERTIFICATE,
        "The status of the custom domain's certificate.",
        |view| certificate::word(view, "Status"),
    ),
    field(
        "domain.certificate_type",
        CERTIFICATE_TYPE,
        Absence::Unknown,
        OF_CERTIFICATE,
        "Who issued the custom domain's certificate.",
        |view| certificate::word(view, "Type"),
    ),
    field(
        "domain.failover_hosts",
        TEXTS,
        NO_ITEM,
        OF_DOMAIN,
        "The host names of the domains that are routed to another Region when P fails.",
        domain::failover_hosts,
    ),
    field(
        "domain.failover_regions",
        TEXTS,
        NO_ITEM,
        OF_DOMAIN,
        "The Regions to which domains are routed when P fails; empty without routing.",
        domain::failover_regions,
    ),
    field(
        "domain.routed_to_replica",
        FieldType::Bool,
        Absence::Unknown,
        &[POOL, DOMAIN, REPLICAS],
        "Whether every domain that is routed is routed to the Region of the replica.",
        domain::routed_to_replica,
    ),
    field(
        "health_check.alarms",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "The CloudWatch alarms that the health checks watch, each with its Region.",
        health_check::alarms,
    ),
    field(
        "health_check.alarms_healthy_without_data",
        TEXTS,
        NO_ITEM,
        OF_CHECK_ALARM,
        "Alarms behind health checks that treat missing data as not breaching.",
        health_check::alarms_healthy_without_data,
    ),
    field(
        "health_check.alarms_in_primary",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "Alarms behind health checks that are in P.",
        health_check::alarms_in_primary,
    ),
    field(
        "health_check.children",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "The health checks from which calculated ones are calculated.",
        health_check::children,
    ),
    field(
        "health_check.circular",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "Health checks that ask the very domain that fails over.",
        health_check::circular,
    ),
    field(
        "health_check.detection_seconds",
        SECONDS,
        NO_ITEM,
        OF_CHECK,
        "How long each endpoint has to fail, in seconds: the interval times the failure threshold.",
        health_check::detection_seconds,
    ),
    field(
        "health_check.disabled",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "Health checks named by the routing that are disabled.",
        health_check::disabled,
    ),
    field(
        "health_check.healthy_without_data",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "Health checks of alarms that are healthy while data are missing.",
        health_check::healthy_without_data,
    ),
    field(
        "health_check.idle_children",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "Children of calculated health checks that are disabled or not there.",
        health_check::idle_children,
    ),
    field(
        "health_check.ids",
        TEXTS,
        NO_ITEM,
        OF_DOMAIN,
        "The health checks that the routing names.",
        health_check::ids,
    ),
    field(
        "health_check.inverted",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "Health checks whose result is inverted.",
        health_check::inverted,
    ),
    field(
        "health_check.missing",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "Health checks that the routing names and Route 53 does not have.",
        health_check::missing,
    ),
    field(
        "health_check.telling_nothing",
        TEXTS,
        NO_ITEM,
        OF_CHECK,
        "Health checks of a page that says nothing of sign-in in P: keys, discovery, or /health of a Cognito host.",
        health_check::telling_nothing,
    ),
    field(
        "health_check.types",
        FieldType::List(&CHECK_TYPE),
        NO_ITEM,
        OF_CHECK,
        "The types of the health checks and of their children.",
        health_check::types,
    ),
    field(
        "users.device_tracking",
        FieldType::Bool,
        Absence::Unknown,
        &[POOL],
        "Whether devices are remembered; no configuration means they are not.",
        users::device_tracking,
    ),
    field(
        "users.first_factors",
        TEXTS,
        Absence::Unknown,
        &[POOL],
        "The first factors that may be used; absent is read as no passkeys by advisory rules only.",
        users::first_factors,
    ),
    field(
        "users.needing_a_write",
        FieldType::Int,
        Absence::Unknown,
        &[USERS],
        "The number of users who cannot sign in without a write: FORCE_CHANGE_PASSWORD and RESET_REQUIRED.",
        users::needing_a_write,
    ),
    field(
        "users.passkey_domain_fails_over",
        FieldType::Bool,
        Absence::Unknown,
        &[MFA, POOL],
        "Whether the passkeys' relying party id is the custom domain or a domain above it.",
        users::passkey_domain_fails_over,
    ),
    field(
        "users.passkey_rp_id",
        TEXT,
        Absence::None,
        &[MFA, POOL],
        "The relying party id of passkeys; by default the custom domain, else the prefix domain.",
        users::passkey_rp_id,
    ),
    field(
        "users.some_need_a_write",
        FieldType::Bool,
        Absence::Unknown,
        &[USERS],
        "Whether there are users who cannot sign in without a write.",
        users::some_need_a_write,
    ),
    field(
        "users.threat_protection",
        FieldType::Word(&["OFF", "AUDIT", "ENFORCED"]),
        Absence::Default("OFF"),
        &[POOL],
        "The mode of threat protection; no add-ons means off.",
        users::threat_protection,
    ),
];

/// A list of texts with where it was read.
fn texts(list: Listed<String>, sources: Vec<Source>) -> Fact {
    Fact::known(list, sources)
}

/// A fact whose question could not be asked, or that has nothing to be asked about.
fn not_asked<T>(call: &str, region: &str, pointer: &str, why: Observed<T>, nothing: Vec<Source>) -> Fact {
    match why {
        Observed::Unknown(cause) => Fact::unknown(blocked(call, cause), vec![Source::call(call, region, pointer)]),
        Observed::Known(_) | Observed::Absent => Fact::absent(nothing),
    }
}

/// The cause of a question whose input is not known.
fn blocked(call: &str, cause: crate::model::Cause) -> crate::model::Cause {
    crate::model::Cause::Prerequisite { call: call.to_owned(), because: Box::new(cause) }
}

/// A host name as it is compared: names are not case-sensitive, and a dot may end them.
fn host(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The Region of the replica, wherever it is; absent without one.
fn replica_region(view: &PoolView<'_>) -> Observed<String> {
    let found = super::replica::secondaries(view);
    let first = found.items.into_iter().find_map(|item| item.region);
    match (first, found.incomplete) {
        (Some(region), _) => Observed::Known(region),
        (None, Some(cause)) => Observed::Unknown(cause),
        (None, None) => Observed::Absent,
    }
}

/// Whole numbers as a value.
fn numbers(list: Listed<i64>) -> Value {
    Value::List(Listed { items: list.items.into_iter().map(Value::Int).collect(), incomplete: list.incomplete })
}
