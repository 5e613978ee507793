//! `pool.*`: the user pool's own settings, read in its primary Region.
//!
//! Members and their meaning: `DescribeUserPool`, `GetUserPoolMfaConfig`, `ListIdentityProviders`, `ListUserImportJobs`,
//! `DescribeUserPoolDomain`. What absence means is said beside each field and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Truth, Value};

use super::{Answer, Field, PoolView, TEXT, TEXTS, field, from_id, member, reference, region, route, target, template};

const DESCRIBE: &str = "cognito-idp:DescribeUserPool";
const MFA: &str = "cognito-idp:GetUserPoolMfaConfig";
const DOMAIN: &str = "cognito-idp:DescribeUserPoolDomain";
const PROVIDERS: &str = "cognito-idp:ListIdentityProviders";
const IMPORTS: &str = "cognito-idp:ListUserImportJobs";

const IMPORT_STATUS: FieldType =
    FieldType::Word(&["Created", "Pending", "InProgress", "Stopping", "Expired", "Stopped", "Failed", "Succeeded"]);

const DOMAIN_STATUSES: [&str; 5] = ["CREATING", "DELETING", "UPDATING", "ACTIVE", "FAILED"];

/// The triggers of `LambdaConfig`, by trigger: `PreTokenGeneration` and `PreTokenGenerationConfig` are one.
const TRIGGERS: [(&str, &str); 15] = [
    ("CreateAuthChallenge", "CreateAuthChallenge"),
    ("CustomEmailSender", "CustomEmailSender"),
    ("CustomMessage", "CustomMessage"),
    ("CustomSMSSender", "CustomSMSSender"),
    ("DefineAuthChallenge", "DefineAuthChallenge"),
    ("InboundFederation", "InboundFederation"),
    ("PostAuthentication", "PostAuthentication"),
    ("PostConfirmation", "PostConfirmation"),
    ("PreAuthentication", "PreAuthentication"),
    ("PreSignUp", "PreSignUp"),
    ("PreTokenGeneration", "PreTokenGeneration"),
    ("PreTokenGenerationConfig", "PreTokenGeneration"),
    ("UserMigration", "UserMigration"),
    ("VerifyAuthChallengeResponse", "VerifyAuthChallengeResponse"),
    ("KMSKeyID", ""),
];

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    field("pool.account", TEXT, Absence::Unknown, &[], "The account.", |view| from_id(view.key.account.as_str())),
    field(
        "pool.admin_create_only",
        FieldType::Bool,
        Absence::Unknown,
        &[DESCRIBE],
        "Whether only administrators create users; absent is not documented.",
        |view| {
            let answer = view.primary(DESCRIBE);
            let pointer = "/UserPool/AdminCreateUserConfig/AllowAdminCreateUserOnly";
            member(&answer, pointer, answer.boolean(pointer))
        },
    ),
    field("pool.arn", TEXT, Absence::Unknown, &[], "The pool's ARN in its primary Region.", |view| {
        from_id(view.arn(&view.region))
    }),
    field("pool.custom_domain", TEXT, Absence::None, &[DESCRIBE], "The custom domain.", |view| {
        text(view, "/UserPool/CustomDomain")
    }),
    field(
        "pool.deletion_protection",
        FieldType::Word(&["ACTIVE", "INACTIVE"]),
        Absence::Unknown,
        &[DESCRIBE],
        "Deletion protection; absent is not documented.",
        |view| text(view, "/UserPool/DeletionProtection"),
    ),
    field(
        "pool.domain_statuses",
        TEXTS,
        Absence::Unknown,
        &[DESCRIBE, DOMAIN],
        "Each domain with its status.",
        |view| {
            let (list, fact_sources) = domains(view);
            let items = list.items.iter().map(|(name, status)| match status {
                Observed::Known(status) => format!("{name} {status}"),
                Observed::Absent | Observed::Unknown(_) => format!("{name} ‹unknown›"),
            });
            Fact::known(Listed { items: items.collect(), incomplete: list.incomplete.clone() }, fact_sources)
        },
    ),
    field(
        "pool.email_mfa",
        FieldType::Bool,
        Absence::Default("false"),
        &[MFA],
        "Whether e-mail is a second factor; absent means off.",
        |view| present(view, "/EmailMfaConfiguration"),
    ),
    field(
        "pool.estimated_users",
        FieldType::Int,
        Absence::Unknown,
        &[DESCRIBE],
        "Cognito's estimate of the number of users.",
        |view| {
            let answer = view.primary(DESCRIBE);
            member(&answer, "/UserPool/EstimatedNumberOfUsers", answer.integer("/UserPool/EstimatedNumberOfUsers"))
        },
    ),
    field(
        "pool.has_active_domain",
        FieldType::Bool,
        Absence::Unknown,
        &[DESCRIBE, DOMAIN],
        "Whether a domain of the pool has the status ACTIVE.",
        |view| {
            let (list, sources) = domains(view);
            let truth =
                list.any(|(_, status)| status.known().map_or(Truth::Unknown, |status| (status == "ACTIVE").into()));
            let first = list.items.iter().find_map(|(_, status)| status.cause().cloned());
            decided(truth, first.or(list.incomplete), sources)
        },
    ),
    field(
        "pool.has_identity_providers",
        FieldType::Bool,
        Absence::Unknown,
        &[PROVIDERS],
        "Whether users sign in through other identity providers.",
        |view| {
            let answer = view.primary(PROVIDERS);
            let list = answer.list();
            decided(list.any(|_| Truth::True), list.incomplete, vec![answer.source("/Providers")])
        },
    ),
    field("pool.id", TEXT, Absence::Unknown, &[], "The pool's id, the same in both Regions.", |view| {
        from_id(view.key.id.as_str())
    }),
    field(
        "pool.identity_providers",
        TEXTS,
        Absence::Default("[]"),
        &[PROVIDERS],
        "Other identity providers, with their types.",
        |view| {
            let answer = view.primary(PROVIDERS);
            let list = answer.list();
            let items = list
                .items
                .iter()
                .map(|item| format!("{} ({})", word(item, "ProviderName"), word(item, "ProviderType")));
            Fact::known(
                Listed { items: items.collect(), incomplete: list.incomplete.clone() },
                vec![answer.source("/Providers")],
            )
        },
    ),
    field(
        "pool.import_job_statuses",
        FieldType::List(&IMPORT_STATUS),
        Absence::Default("[]"),
        &[IMPORTS],
        "The statuses of user import jobs.",
        |view| {
            let answer = view.primary(IMPORTS);
            let list = answer.named("Status");
            let items: Vec<String> = list.items.iter().map(|(status, _)| (*status).to_owned()).collect();
            Fact::known(Listed { items, incomplete: list.incomplete }, vec![answer.source("/UserImportJobs")])
        },
    ),
    field(
        "pool.issuer",
        FieldType::Word(&["ORIGINAL", "UPDATED"]),
        Absence::Unknown,
        &[DESCRIBE],
        "The issuer type; absent is read as ORIGINAL by advisory rules only.",
        |view| text(view, "/UserPool/IssuerConfiguration/Type"),
    ),
    field(
        "pool.lambda_authorizer_routes",
        TEXTS,
        Absence::Default("[]"),
        &["apigateway:GetAuthorizers", "apigatewayv2:GetRoutes"],
        "API routes decided by a Lambda authorizer, which may pin an issuer in its code.",
        route::lambda_decided,
    ),
    field(
        "pool.mfa",
        FieldType::Word(&["OFF", "ON", "OPTIONAL"]),
        Absence::Unknown,
        &[MFA],
        "Whether a second factor is required.",
        |view| {
            let answer = view.primary(MFA);
            member(&answer, "/MfaConfiguration", answer.text("/MfaConfiguration"))
        },
    ),
    field("pool.name", TEXT, Absence::Unknown, &[DESCRIBE], "The pool's name.", |view| text(view, "/UserPool/Name")),
    field(
        "pool.new_issuer_url",
        TEXT,
        Absence::Unknown,
        &[],
        "The multi-Region issuer: https://issuer-cognito-idp.<primary Region>…/<pool id>.",
        |view| from_id(issuer(view, "issuer-cognito-idp")),
    ),
    field(
        "pool.old_issuer_url",
        TEXT,
        Absence::Unknown,
        &[],
        "The Regional issuer: https://cognito-idp.<primary Region>…/<pool id>.",
        |view| from_id(issuer(view, "cognito-idp")),
    ),
    field(
        "pool.passkey_mfa",
        FieldType::Bool,
        Absence::Default("false"),
        &[MFA],
        "Whether a passkey with user verification counts as multi-factor; no passkey configuration means it does not.",
        |view| {
            let answer = view.primary(MFA);
            let pointer = "/WebAuthnConfiguration/FactorConfiguration";
            let value = match (answer.at("/WebAuthnConfiguration"), answer.text(pointer)) {
                // The object without its member says nothing.
                (Observed::Known(_), Observed::Absent) => {
                    Observed::Unknown(Cause::NoMeaning { member: format!("{MFA} {pointer}") })
                }
                (_, value) => value,
            };
            let value = value.and_then(|word| match word.as_str() {
                "MULTI_FACTOR_WITH_USER_VERIFICATION" => Observed::Known(true),
                "SINGLE_FACTOR" => Observed::Known(false),
                _ => Observed::Unknown(Cause::Unrecognised { value: word }),
            });
            member(&answer, pointer, value)
        },
    ),
    field(
        "pool.prefix_domain",
        TEXT,
        Absence::None,
        &[DESCRIBE],
        "The prefix of the domain below amazoncognito.com.",
        |view| text(view, "/UserPool/Domain"),
    ),
    field(
        "pool.recovery_enabled",
        FieldType::Bool,
        Absence::Unknown,
        &[DESCRIBE],
        "Whether users can recover their accounts themselves; absent is not documented.",
        |view| {
            let answer = view.primary(DESCRIBE);
            let pointer = "/UserPool/AccountRecoverySetting/RecoveryMechanisms";
            let value = answer.at(pointer).and_then(|list| {
                let Some(items) = list.as_array() else {
                    return Observed::Unknown(Cause::Unrecognised {
                        value: format!("{DESCRIBE} {pointer} that is no list"),
                    });
                };
                let names: Option<Vec<&str>> = items.iter().map(|item| item.get("Name")?.as_str()).collect();
                match names {
                    Some(names) => Observed::Known(names.iter().any(|name| *name != "admin_only")),
                    None => Observed::Unknown(Cause::NoMeaning { member: format!("{DESCRIBE} {pointer}/*/Name") }),
                }
            });
            member(&answer, pointer, value)
        },
    ),
    field("pool.region", TEXT, Absence::Unknown, &[], "The primary Region: the prefix of the id.", |view| {
        from_id(view.region.as_str())
    }),
    field(
        "pool.references_of_other_version",
        TEXTS,
        Absence::Default("[]"),
        template::CALLS,
        "What was searched for issuer references by another version of the scanner: source trees, stacks, resources.",
        template::of_other_version,
    ),
    field(
        "pool.region_supports_mrr",
        target::SUPPORT,
        Absence::Unknown,
        &[],
        "Whether the table of Regions lists the primary Region with MRR.",
        |view| Fact::known(view.table.supports_mrr(&view.region), vec![target::table_source(view)]),
    ),
    field(
        "pool.searched",
        TEXTS,
        Absence::Unknown,
        &[],
        "The services that were searched for consumers of tokens, with their Regions, and the source trees.",
        |view| {
            let mut regions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for searched in view.snapshot.header.scope.searched.iter().filter(|s| s.account == view.key.account) {
                regions.entry(&searched.service).or_default().insert(&searched.region);
            }
            // What was searched in the same Regions is said together, the most first.
            let mut services: BTreeMap<BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
            for (service, regions) in regions {
                services.entry(regions).or_default().push(service);
            }
            let mut services: Vec<_> = services.into_iter().collect();
            services.sort_by_key(|(_, services)| std::cmp::Reverse(services.len()));
            let items = services.into_iter().map(|(regions, services)| {
                let regions: Vec<&str> = regions.into_iter().collect();
                format!("{} in {}", and(&services), and(&regions))
            });
            let items = items.chain(reference::trees(view));
            Fact::known(Listed::complete(items.collect::<Vec<String>>()), reference::searched(view))
        },
    ),
    field(
        "pool.sms_mfa",
        FieldType::Bool,
        Absence::Default("false"),
        &[MFA],
        "Whether SMS is a second factor; absent means off.",
        |view| present(view, "/SmsMfaConfiguration"),
    ),
    field(
        "pool.tier",
        FieldType::Word(&["LITE", "ESSENTIALS", "PLUS"]),
        Absence::Unknown,
        &[DESCRIBE],
        "The feature plan; absent is not documented.",
        |view| text(view, "/UserPool/UserPoolTier"),
    ),
    field(
        "pool.totp_enabled",
        FieldType::Bool,
        Absence::Default("false"),
        &[MFA],
        "Whether authenticator apps (TOTP) are a second factor; absent means off.",
        |view| {
            let answer = view.primary(MFA);
            let pointer = "/SoftwareTokenMfaConfiguration/Enabled";
            let value = match (answer.at("/SoftwareTokenMfaConfiguration"), answer.boolean(pointer)) {
                // The object without its member says nothing.
                (Observed::Known(_), Observed::Absent) => {
                    Observed::Unknown(Cause::NoMeaning { member: format!("{MFA} {pointer}") })
                }
                (_, value) => value,
            };
            member(&answer, pointer, value)
        },
    ),
    field("pool.triggers", TEXTS, Absence::Default("[]"), &[DESCRIBE], "The Lambda triggers that are set.", |view| {
        let answer = view.primary(DESCRIBE);
        member(&answer, "/UserPool/LambdaConfig", triggers(&answer).map(Listed::complete))
    }),
    field(
        "pool.unresolved_reference_count",
        FieldType::Int,
        Absence::Unknown,
        template::CALLS,
        "The number of issuer references in the account and in source trees whose pool cannot be resolved.",
        template::unresolved_count,
    ),
    field(
        "pool.unresolved_references",
        TEXTS,
        Absence::Default("[]"),
        template::CALLS,
        "Issuer references in the account and in source trees whose pool cannot be resolved.",
        template::unresolved,
    ),
    field(
        "pool.user_migration_trigger",
        FieldType::Bool,
        Absence::Default("false"),
        &[DESCRIBE],
        "Whether users are still migrated from elsewhere at sign-in.",
        |view| {
            let answer = view.primary(DESCRIBE);
            let pointer = "/UserPool/LambdaConfig/UserMigration";
            member(&answer, pointer, triggers(&answer).map(|set| set.iter().any(|name| name == "UserMigration")))
        },
    ),
];

/// `a, b and c`.
fn and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn text(view: &PoolView<'_>, pointer: &str) -> Fact {
    let answer = view.primary(DESCRIBE);
    member(&answer, pointer, answer.text(pointer))
}

fn present(view: &PoolView<'_>, pointer: &str) -> Fact {
    let answer = view.primary(MFA);
    member(&answer, pointer, answer.present(pointer))
}

/// A string member of a list item, or a mark that it is not there.
pub(super) fn word(item: &serde_json::Value, name: &str) -> String {
    item.get(name).and_then(serde_json::Value::as_str).unwrap_or("‹unknown›").to_owned()
}

/// Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html#user-pool-oidc-issuer>.
pub(super) fn issuer(view: &PoolView<'_>, host: &str) -> String {
    let suffix = region::dns_suffix(view.table.partition(&view.region));
    format!("https://{host}.{}.{suffix}/{}", view.region, view.key.id)
}

/// The names of the triggers that are set, sorted. An absent `LambdaConfig` means none.
pub(super) fn triggers(answer: &Answer<'_>) -> Observed<Vec<String>> {
    let config = match answer.at("/UserPool/LambdaConfig") {
        Observed::Known(config) => config,
        Observed::Absent if answer.problem().is_none() => return Observed::Known(Vec::new()),
        Observed::Absent => return Observed::Absent,
        Observed::Unknown(cause) => return Observed::Unknown(cause),
    };
    let Some(members) = config.as_object() else {
        return Observed::Unknown(Cause::Unrecognised { value: "LambdaConfig that is no object".to_owned() });
    };
    let mut names = BTreeSet::new();
    for (name, value) in members {
        let empty =
            value.as_str().is_some_and(str::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty);
        if empty {
            continue;
        }
        match TRIGGERS.iter().find(|(member, _)| member == name) {
            Some((_, "")) => {}
            Some((_, trigger)) => drop(names.insert((*trigger).to_owned())),
            // A trigger that is newer than this program still has to be set in S.
            None => drop(names.insert(name.clone())),
        }
    }
    Observed::Known(names.into_iter().collect())
}

type Domains = Listed<(String, Observed<String>)>;

/// The domains that the pool names, each with its status.
fn domains(view: &PoolView<'_>) -> (Domains, Vec<crate::model::Source>) {
    let pool = view.primary(DESCRIBE);
    let mut domains = Listed::complete(Vec::new());
    let mut sources = Vec::new();
    for pointer in ["/UserPool/Domain", "/UserPool/CustomDomain"] {
        sources.push(pool.source(pointer));
        match pool.text(pointer) {
            Observed::Absent => {}
            Observed::Unknown(cause) => domains.incomplete = Some(cause),
            Observed::Known(name) => {
                let answer = view.ask(DOMAIN, &view.region, &[&name]);
                let status = match answer.text("/DomainDescription/Status") {
                    Observed::Known(status) if !DOMAIN_STATUSES.contains(&status.as_str()) => {
                        Observed::Unknown(Cause::Unrecognised { value: status })
                    }
                    // For a domain that the pool itself names, an empty description contradicts it.
                    Observed::Absent => Observed::Unknown(Cause::Contradiction {
                        what: "the pool names a domain whose description is empty".to_owned(),
                    }),
                    status @ (Observed::Known(_) | Observed::Unknown(_)) => status,
                };
                sources.push(answer.source("/DomainDescription/Status"));
                domains.items.push((name, status));
            }
        }
    }
    (domains, sources)
}

/// Where a domain of the pool is routed when the primary Region fails.
/// Source: <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPoolDomain.html>.
pub(super) fn failover_region(view: &PoolView<'_>) -> Option<String> {
    let pool = view.primary(DESCRIBE);
    ["/UserPool/CustomDomain", "/UserPool/Domain"].into_iter().find_map(|pointer| {
        let name = pool.text(pointer).known().cloned()?;
        let domain = view.ask(DOMAIN, &view.region, &[&name]);
        domain.text("/DomainDescription/Routing/Failover/SecondaryRegion").known().cloned()
    })
}

/// A yes or no from a Kleene truth; `cause` says why if it is neither.
pub(super) fn decided(truth: Truth, cause: Option<Cause>, sources: Vec<crate::model::Source>) -> Fact {
    let value = match truth {
        Truth::True => Observed::Known(Value::Bool(true)),
        Truth::False => Observed::Known(Value::Bool(false)),
        Truth::Unknown => Observed::Unknown(cause.unwrap_or(Cause::NoMeaning { member: "an item".to_owned() })),
    };
    Fact { value, sources }
}
