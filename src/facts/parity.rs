//! What the two Regions of a pool have to have alike: settings, web ACL, log export, tags, quotas, endpoints, users.
//!
//! Always both answers, each from its own Region; S is never concluded from P. The web ACL is in `web_acl`, the global
//! settings are in `drift`. Triggers, e-mail and text messages have modules of their own.

mod drift;
mod web_acl;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Source, Truth, Value};

use super::clients::described;
use super::pool::decided;
use super::{Answer, Field, PoolView, TEXTS, field, replica};

const REPLICAS: &str = "cognito-idp:ListUserPoolReplicas";
const DESCRIBE: &str = "cognito-idp:DescribeUserPool";
const CLIENTS: &str = "cognito-idp:ListUserPoolClients";
const DESCRIBE_CLIENT: &str = "cognito-idp:DescribeUserPoolClient";
const PROVIDERS: &str = "cognito-idp:ListIdentityProviders";
const LOGS: &str = "cognito-idp:GetLogDeliveryConfiguration";
const TAGS: &str = "cognito-idp:ListTagsForResource";
const CERTIFICATE: &str = "cognito-idp:GetSigningCertificate";
const LIMIT: &str = "cognito-idp:GetProvisionedLimit";
const ENDPOINTS: &str = "cloudcontrol:ListResources AWS::EC2::VPCEndpoint";
const ENDPOINT: &str = "cloudcontrol:GetResource AWS::EC2::VPCEndpoint";
const WEB_ACL: &str = "wafv2:GetWebACLForResource";
const KEY: &str = "kms:DescribeKey";
const USERS: &str = "/UserPool/EstimatedNumberOfUsers";

/// The adjustable categories of requests that signing in and staying signed in need.
/// Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html#category_operations>.
const CATEGORIES: [&str; 3] = ["UserAuthentication", "UserFederation", "UserToken"];

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    field(
        "drift.members",
        TEXTS,
        Absence::Unknown,
        drift::CALLS,
        "Global settings that P and S do not answer alike, as far as snapshots keep them; regional settings are left out.",
        drift::members,
    ),
    field(
        "limits.lower_in_secondary",
        TEXTS,
        Absence::Unknown,
        &[LIMIT, REPLICAS, KEY],
        "The sign-in request rates per second that are provisioned lower in S than in P.",
        lower_limits,
    ),
    field(
        "logs.destinations_in_primary",
        TEXTS,
        Absence::Unknown,
        &[LOGS, REPLICAS],
        "Log groups and streams in P to which S exports; the ARN of a bucket does not say its Region.",
        |view| {
            compared(view, LOGS, "/LogDeliveryConfiguration/LogConfigurations", Of::Pool, |_, s| {
                deliveries(s).map(|deliveries| {
                    let in_primary = |arn: &&String| arn.split(':').nth(3) == Some(&view.region);
                    let found = deliveries.iter().flat_map(|delivery| delivery.destinations.iter()).filter(in_primary);
                    Listed::complete(found.cloned().collect()).into()
                })
            })
        },
    ),
    field(
        "logs.missing_sources",
        TEXTS,
        Absence::Unknown,
        &[LOGS, REPLICAS],
        "Event sources that P exports and S does not.",
        |view| {
            compared(view, LOGS, "/LogDeliveryConfiguration/LogConfigurations", Of::Pool, |p, s| {
                deliveries(p).and_then(|p| {
                    deliveries(s).map(|s| {
                        let sources = |of: Vec<Delivery>| of.into_iter().map(|d| d.source).collect::<BTreeSet<_>>();
                        let (p, s) = (sources(p), sources(s));
                        Listed::complete(p.difference(&s).cloned().collect()).into()
                    })
                })
            })
        },
    ),
    field(
        "pool.has_saml_providers",
        FieldType::Bool,
        Absence::Unknown,
        &[PROVIDERS],
        "Whether users sign in through a SAML provider.",
        |view| {
            let answer = view.primary(PROVIDERS);
            let types = answer.named("ProviderType");
            decided(
                types.any(|(ty, _)| (*ty == "SAML").into()),
                types.incomplete,
                vec![answer.source("/Providers/*/ProviderType")],
            )
        },
    ),
    field(
        "pool.password_sign_in",
        FieldType::Bool,
        Absence::Unknown,
        &[CLIENTS, DESCRIBE_CLIENT],
        "Whether an app client takes passwords: by a flow of its own or on the pool's login pages.",
        password_sign_in,
    ),
    field(
        "private_link.primary",
        FieldType::Bool,
        Absence::Unknown,
        &[ENDPOINTS, ENDPOINT],
        "Whether the account has an interface endpoint for user pools in P.",
        |view| endpoint(view, Observed::Known(view.region.clone())),
    ),
    field(
        "private_link.secondary",
        FieldType::Bool,
        Absence::Unknown,
        &[ENDPOINTS, ENDPOINT, REPLICAS, KEY],
        "Whether the account has an interface endpoint for user pools in S.",
        |view| endpoint(view, target(view, ENDPOINTS)),
    ),
    field(
        "secondary.estimated_users",
        FieldType::Int,
        Absence::Unknown,
        &[DESCRIBE, REPLICAS],
        "Cognito's estimate of the number of users in S.",
        |view| compared(view, DESCRIBE, USERS, Of::Pool, |_, s| s.integer(USERS).map(Value::Int)),
    ),
    field(
        "secondary.users_missing",
        FieldType::Bool,
        Absence::Unknown,
        &[DESCRIBE, REPLICAS],
        "Whether the estimate of users in S is below nine tenths of that in P.",
        |view| {
            compared(view, DESCRIBE, USERS, Of::Pool, |p, s| {
                let users = |answer: &Answer<'_>| there(answer, USERS, answer.integer(USERS));
                users(p).and_then(|p| users(s).map(|s| Value::Bool(s.saturating_mul(10) < p.saturating_mul(9))))
            })
        },
    ),
    field(
        "signing.certificates_equal",
        FieldType::Bool,
        Absence::Unknown,
        &[CERTIFICATE, REPLICAS],
        "Whether both Regions sign SAML requests with the same certificate.",
        |view| {
            compared(view, CERTIFICATE, "/Certificate", Of::Pool, |p, s| {
                let text = |answer: &Answer<'_>| there(answer, "/Certificate", answer.text("/Certificate"));
                text(p).and_then(|p| text(s).map(|s| Value::Bool(p == s)))
            })
        },
    ),
    field(
        "tags.differences",
        TEXTS,
        Absence::Unknown,
        &[TAGS, REPLICAS],
        "Tag keys that only one Region has or whose values differ, without those that AWS itself sets.",
        |view| {
            compared(view, TAGS, "/Tags", Of::Arn, |p, s| {
                both_tags(p, s).map(|(p, s)| {
                    let keys: BTreeSet<&String> = p.keys().chain(s.keys()).collect();
                    difference(view, keys.into_iter().filter(|key| p.get(*key) != s.get(*key)), &p, &s)
                })
            })
        },
    ),
    field(
        "tags.required",
        TEXTS,
        Absence::None,
        &[],
        "The tag keys that both Regions have to agree on (--required-tag).",
        |view| {
            let sources = vec![Source::Option { name: "--required-tag".to_owned() }];
            let required: Vec<String> = view.options.required_tags.iter().cloned().collect();
            if required.is_empty() { Fact::absent(sources) } else { Fact::known(Listed::complete(required), sources) }
        },
    ),
    field(
        "tags.required_differences",
        TEXTS,
        Absence::Unknown,
        &[TAGS, REPLICAS],
        "The keys of --required-tag that S lacks or has with another value than P.",
        |view| {
            compared(view, TAGS, "/Tags", Of::Arn, |p, s| {
                both_tags(p, s).map(|(p, s)| {
                    let required = view.options.required_tags.iter();
                    let differing = required.filter(|key| !s.contains_key(*key) || p.get(*key) != s.get(*key));
                    difference(view, differing, &p, &s)
                })
            })
        },
    ),
    field(
        "web_acl.differences",
        TEXTS,
        Absence::Unknown,
        &[WEB_ACL, REPLICAS],
        "How the web ACL in S differs from that in P; what match statements look for is not kept.",
        web_acl::differences,
    ),
    field(
        "web_acl.primary",
        FieldType::Bool,
        Absence::Unknown,
        &[WEB_ACL],
        "Whether a web ACL protects the pool in P.",
        web_acl::in_primary,
    ),
    field(
        "web_acl.secondary",
        FieldType::Bool,
        Absence::Unknown,
        &[WEB_ACL, REPLICAS],
        "Whether a web ACL protects the pool in S.",
        web_acl::in_secondary,
    ),
    field(
        "web_acl.secondary_limits_rate",
        FieldType::Bool,
        Absence::Unknown,
        &[WEB_ACL, REPLICAS],
        "Whether a rate-based rule of the web ACL in S stops requests; a rule group's own rules are not seen.",
        web_acl::secondary_limits_rate,
    ),
];

/// By what a call names the pool.
#[derive(Debug, Clone, Copy)]
enum Of {
    /// Its id, the same in both Regions.
    Pool,
    /// Its ARN in the Region asked.
    Arn,
}

impl Of {
    fn ask<'f>(self, view: &PoolView<'f>, call: &str, region: &str) -> Answer<'f> {
        match self {
            Self::Pool => view.ask(call, region, &[&view.key.id]),
            Self::Arn => view.ask(call, region, &[&view.arn(region)]),
        }
    }
}

/// The replica Region where the pool has a replica there, so that `call` could be asked.
fn replica_region(view: &PoolView<'_>, call: &str) -> Observed<String> {
    match replica::in_target(view) {
        Observed::Unknown(Cause::Prerequisite { because, .. }) => {
            Observed::Unknown(Cause::Prerequisite { call: call.to_owned(), because })
        }
        region @ (Observed::Known(_) | Observed::Absent | Observed::Unknown(_)) => region,
    }
}

/// The replica Region, whether or not there is a replica yet.
fn target(view: &PoolView<'_>, call: &str) -> Observed<String> {
    match view.target_region() {
        Observed::Unknown(because) => {
            Observed::Unknown(Cause::Prerequisite { call: call.to_owned(), because: Box::new(because) })
        }
        region @ (Observed::Known(_) | Observed::Absent) => region,
    }
}

/// A fact from what P and S answered to the same question; absent where S has no replica.
fn compared<'f>(
    view: &PoolView<'f>,
    call: &str,
    pointer: &str,
    of: Of,
    compare: impl FnOnce(&Answer<'f>, &Answer<'f>) -> Observed<Value>,
) -> Fact {
    let region = match replica_region(view, call) {
        Observed::Known(region) => region,
        Observed::Absent => return Fact::absent(vec![replica::answer(view).source("/UserPoolReplicas")]),
        Observed::Unknown(cause) => {
            return Fact::unknown(cause, vec![replica::answer(view).source("/UserPoolReplicas")]);
        }
    };
    let (p, s) = (of.ask(view, call, &view.region), of.ask(view, call, &region));
    Fact { value: compare(&p, &s), sources: vec![p.source(pointer), s.source(pointer)] }
}

/// A member without which the answer says nothing.
fn there<T>(answer: &Answer<'_>, pointer: &str, value: Observed<T>) -> Observed<T> {
    match value {
        Observed::Absent => Observed::Unknown(Cause::NoMeaning { member: format!("{} {pointer}", answer.call) }),
        value @ (Observed::Known(_) | Observed::Unknown(_)) => value,
    }
}

/// One event source that is exported, and where to.
struct Delivery {
    source: String,
    destinations: Vec<String>,
}

fn deliveries(answer: &Answer<'_>) -> Observed<Vec<Delivery>> {
    let pointer = "/LogDeliveryConfiguration/LogConfigurations";
    let strange = || Cause::Unrecognised { value: format!("{LOGS} {pointer} of another shape") };
    there(answer, pointer, answer.at(pointer)).and_then(|list| {
        let Some(items) = list.as_array() else { return Observed::Unknown(strange()) };
        let mut deliveries = Vec::new();
        for item in items {
            let Some(source) = item.get("EventSource").and_then(Json::as_str) else {
                return Observed::Unknown(Cause::NoMeaning { member: format!("{LOGS} {pointer}/*/EventSource") });
            };
            let arns = [
                "/CloudWatchLogsConfiguration/LogGroupArn",
                "/FirehoseConfiguration/StreamArn",
                "/S3Configuration/BucketArn",
            ];
            let mut destinations = Vec::new();
            for arn in arns.iter().filter_map(|pointer| item.pointer(pointer)) {
                let Some(arn) = arn.as_str() else { return Observed::Unknown(strange()) };
                destinations.push(arn.to_owned());
            }
            deliveries.push(Delivery { source: source.to_owned(), destinations });
        }
        Observed::Known(deliveries)
    })
}

type Tags = BTreeMap<String, String>;

/// The tags by key, without those that AWS itself sets: these name stacks, which differ by Region.
fn tags(answer: &Answer<'_>) -> Observed<Tags> {
    there(answer, "/Tags", answer.at("/Tags")).and_then(|tags| {
        let strange = || Cause::Unrecognised { value: format!("{TAGS} /Tags of another shape") };
        let Some(members) = tags.as_object() else { return Observed::Unknown(strange()) };
        let own = members.iter().filter(|(key, _)| !key.starts_with("aws:"));
        let tags: Option<Tags> = own.map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        tags.map_or_else(|| Observed::Unknown(strange()), Observed::Known)
    })
}

fn both_tags(p: &Answer<'_>, s: &Answer<'_>) -> Observed<(Tags, Tags)> {
    tags(p).and_then(|p| tags(s).map(|s| (p, s)))
}

/// These keys, each with what is different about it; values are digests and are not told.
fn difference<'k>(view: &PoolView<'_>, keys: impl Iterator<Item = &'k String>, p: &Tags, s: &Tags) -> Value {
    let secondary = view.target_region().known().cloned().unwrap_or_default();
    let told = keys.map(|key| match (p.contains_key(key), s.contains_key(key)) {
        (true, true) => format!("{key} (values differ)"),
        (true, false) => format!("{key} (not in {secondary})"),
        (false, true) => format!("{key} (not in {})", view.region),
        (false, false) => format!("{key} (in neither Region)"),
    });
    Listed::complete(told.collect()).into()
}

fn lower_limits(view: &PoolView<'_>) -> Fact {
    let secondary = match target(view, LIMIT) {
        Observed::Known(region) => region,
        Observed::Absent => return Fact::absent(Vec::new()),
        Observed::Unknown(cause) => return Fact::unknown(cause, view.target.sources.clone()),
    };
    let pointer = "/Limit/ProvisionedLimitValue";
    let mut lower = Listed::complete(Vec::new());
    let mut sources = Vec::new();
    for category in CATEGORIES {
        // As the log writes a parameter that is no text.
        let definition = format!(r#"{{"Attributes":{{"Category":"{category}"}},"LimitClass":"API_CATEGORY"}}"#);
        let mut limit = |region: &str| {
            let answer = view.ask(LIMIT, region, &[&definition]);
            sources.push(answer.source(pointer));
            there(&answer, pointer, answer.integer(pointer))
        };
        match (limit(&view.region), limit(&secondary)) {
            (Observed::Known(p), Observed::Known(s)) if s < p => {
                lower.items.push(format!("{category} {s} instead of {p}"));
            }
            (Observed::Known(_), Observed::Known(_)) => {}
            (p, s) => {
                let cause = p.cause().or(s.cause()).cloned();
                lower.incomplete = lower.incomplete.or(cause);
            }
        }
    }
    Fact::known(lower, sources)
}

/// The flows of a client in which Cognito takes a password. Choice-based sign-in takes one without any other flow.
/// Source: <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html>.
const PASSWORD_FLOWS: [&str; 6] = [
    "ADMIN_NO_SRP_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "USER_PASSWORD_AUTH",
];

fn password_sign_in(view: &PoolView<'_>) -> Fact {
    let (clients, sources) = described(view);
    let mut cause = clients.incomplete.clone();
    let truth = clients.any(|client| {
        let texts = |name: &str| client.texts(&format!("/UserPoolClient/{name}"));
        let mut truth_of = |value: Observed<bool>| match value {
            Observed::Known(value) => value.into(),
            Observed::Absent => Truth::False,
            Observed::Unknown(why) => {
                cause.get_or_insert(why);
                Truth::Unknown
            }
        };
        let has = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            move |list: Vec<String>| list.iter().any(|item| names.contains(item))
        };
        let flows = match texts("ExplicitAuthFlows") {
            // A client for which no flow was chosen supports SRP, AWS documents.
            Observed::Absent => Observed::Known(true),
            flows @ (Observed::Known(_) | Observed::Unknown(_)) => flows.map(has(&PASSWORD_FLOWS)),
        };
        let flows = truth_of(flows);
        let pages = truth_of(texts("AllowedOAuthFlows").map(has(&["code", "implicit"])));
        let own_users = truth_of(texts("SupportedIdentityProviders").map(has(&["COGNITO"])));
        flows.or(pages.and(own_users))
    });
    decided(truth, cause, sources)
}

/// Whether the Region has an interface endpoint for user pools. In which state it is, is no property of the type.
fn endpoint(view: &PoolView<'_>, region: Observed<String>) -> Fact {
    let region = match region {
        Observed::Known(region) => region,
        Observed::Absent => return Fact::absent(Vec::new()),
        Observed::Unknown(cause) => return Fact::unknown(cause, view.target.sources.clone()),
    };
    let answer = view.ask(ENDPOINTS, &region, &["AWS::EC2::VPCEndpoint"]);
    let services = [format!("com.amazonaws.{region}.cognito-idp"), format!("com.amazonaws.{region}.cognito-idp-fips")];
    let mut sources = vec![answer.source("/ResourceDescriptions")];
    let listed = answer.named("Identifier");
    let mut cause = listed.incomplete.clone();
    let found = listed.any(|(id, item)| {
        let listed = item.pointer("/Properties/ServiceName").and_then(Json::as_str).map(str::to_owned);
        let service = if let Some(service) = listed {
            Observed::Known(service)
        } else {
            // The list may hold identifiers only.
            let one = view.ask(ENDPOINT, &region, &[id, "AWS::EC2::VPCEndpoint"]);
            let pointer = "/ResourceDescription/Properties/ServiceName";
            sources.push(one.source(pointer));
            there(&one, pointer, one.text(pointer))
        };
        match service {
            Observed::Known(service) => services.contains(&service).into(),
            Observed::Absent => Truth::False,
            Observed::Unknown(why) => {
                cause.get_or_insert(why);
                Truth::Unknown
            }
        }
    });
    decided(found, cause, sources)
}
