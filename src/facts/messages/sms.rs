//! `sms.*`: what sends text messages to users in the replica Region, and whether it can.

use crate::model::{Absence, Cause, FieldType, Observed};
use crate::policy::Policy;
use crate::policy::trust::{ExternalId, cognito_assume, tell_assume};

use super::super::{Answer, Field, PoolView, TEXT, field};
use super::alternates::SNS;
use super::{
    ALLOWED, DESCRIBE, Found, MFA, OF_REPLICA, REPLICAS, fact, has_trigger, is_missing, of_replica, prerequisite,
    required, verdict,
};

const ROLE: &str = "iam:GetRole";
const SANDBOX: &str = "sns:GetSMSSandboxAccountStatus";
const ATTRIBUTES: &str = "sns:GetSMSAttributes";
const TIER: &str = "sms-voice:DescribeAccountAttributes";
const LIMITS: &str = "sms-voice:DescribeSpendLimits";

const TRUST_POLICY: &str = "/Role/AssumeRolePolicyDocument";
const CONFIGURATION: &str = "/UserPool/SmsConfiguration";
/// What says who sends.
const MEMBERS: [&str; 2] = ["/UserPool/LambdaConfig/CustomSMSSender", CONFIGURATION];

/// The fields.
pub(in crate::facts) const FIELDS: &[Field] = &[
    field(
        "sms.in_primary",
        FieldType::Bool,
        Absence::None,
        OF_REPLICA,
        "Whether the replica sends text messages from P, and so fails together with it.",
        |view| {
            let (region, sources) = region(view);
            fact((region.map(|region| region == view.region), sources))
        },
    ),
    field(
        "sms.monthly_spend_limit",
        FieldType::Int,
        Absence::None,
        &[DESCRIBE, REPLICAS, ATTRIBUTES, LIMITS],
        "The account's monthly limit for text messages in the Region that the replica sends from, in whole USD.",
        |view| fact(spend_limit(view)),
    ),
    field(
        "sms.region",
        TEXT,
        Absence::None,
        OF_REPLICA,
        "The Region that the replica sends text messages from.",
        |view| fact(region(view)),
    ),
    field(
        "sms.region_allowed",
        ALLOWED,
        Absence::None,
        OF_REPLICA,
        "Whether a pool in S may send from that Region: by the table of SNS Regions; End User Messaging only in S.",
        |view| fact(region_allowed(view)),
    ),
    field(
        "sms.role_arn",
        TEXT,
        Absence::None,
        OF_REPLICA,
        "The role that Cognito assumes to send text messages in S.",
        |view| fact(of_sender(view, Sender::role)),
    ),
    field(
        "sms.role_trust",
        FieldType::Word(&["allowed", "service_absent", "refused", "no_role"]),
        Absence::None,
        &[DESCRIBE, REPLICAS, ROLE],
        "Whether that role is there and lets Cognito assume it for the replica.",
        |view| {
            let (trust, sources) = role_trust(view);
            fact((trust.map(|(word, _)| word), sources))
        },
    ),
    field(
        "sms.role_trust_detail",
        TEXT,
        Absence::None,
        &[DESCRIBE, REPLICAS, ROLE],
        "Why Cognito cannot assume that role for the replica.",
        |view| {
            let (trust, sources) = role_trust(view);
            fact((trust.map(|(_, detail)| detail), sources))
        },
    ),
    field(
        "sms.sandbox",
        FieldType::Bool,
        Absence::None,
        &[DESCRIBE, REPLICAS, SANDBOX, TIER],
        "Whether the account is in the SMS sandbox in the Region that the replica sends from.",
        |view| fact(sandbox(view)),
    ),
    field(
        "sms.sender",
        FieldType::Word(&["NONE", "SNS", "END_USER_MESSAGING", "CUSTOM_FUNCTION"]),
        Absence::None,
        OF_REPLICA,
        "What sends text messages in S; without an SMS configuration nothing does.",
        |view| fact(of_replica(view, &MEMBERS, |answer| kind(answer).map(Kind::as_str))),
    ),
    field(
        "sms.used",
        FieldType::Bool,
        Absence::Unknown,
        &[DESCRIBE, MFA],
        "Whether the pool sends text messages in P: an SMS configuration, a CustomSMSSender function, or SMS as MFA.",
        |view| {
            let (pool, mfa) = (view.primary(DESCRIBE), view.primary(MFA));
            let settings = [
                (pool.present(CONFIGURATION), pool.source(CONFIGURATION)),
                (has_trigger(&pool, "CustomSMSSender"), pool.source("/UserPool/LambdaConfig/CustomSMSSender")),
                (mfa.present("/SmsMfaConfiguration"), mfa.source("/SmsMfaConfiguration")),
            ];
            // One that is there decides, whatever the others say.
            if let Some((_, source)) = settings.iter().find(|(setting, _)| setting.known() == Some(&true)) {
                return fact((Observed::Known(true), vec![source.clone()]));
            }
            let unknown = settings.iter().find_map(|(setting, _)| setting.cause().cloned());
            let used = unknown.map_or(Observed::Known(false), Observed::Unknown);
            fact((used, settings.map(|(_, source)| source).to_vec()))
        },
    ),
];

/// What sends text messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Sns,
    EndUserMessaging,
    Function,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "NONE",
            Self::Sns => "SNS",
            Self::EndUserMessaging => "END_USER_MESSAGING",
            Self::Function => "CUSTOM_FUNCTION",
        }
    }
}

/// A function takes the place of whatever else is set; SNS and End User Messaging exclude each other.
/// Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-sms-sender.html>.
fn kind(answer: &Answer<'_>) -> Observed<Kind> {
    match has_trigger(answer, "CustomSMSSender") {
        Observed::Known(true) => return Observed::Known(Kind::Function),
        Observed::Unknown(cause) => return Observed::Unknown(cause),
        Observed::Known(false) | Observed::Absent => {}
    }
    let sns = format!("{CONFIGURATION}/SnsCallerArn");
    let at = |pointer: &str| answer.present(pointer);
    match (at(CONFIGURATION), at(&format!("{CONFIGURATION}/EumsSms"))) {
        (Observed::Unknown(cause), _) | (_, Observed::Unknown(cause)) => Observed::Unknown(cause),
        (_, Observed::Known(true)) => Observed::Known(Kind::EndUserMessaging),
        (Observed::Known(true), _) => required(answer.text(&sns), answer, &sns).map(|_| Kind::Sns),
        _ => Observed::Known(Kind::Nothing),
    }
}

/// A replica that sends text messages by a service of AWS.
struct Sender<'f> {
    answer: Answer<'f>,
    kind: Kind,
}

impl Sender<'_> {
    fn text(&self, sns: &str, end_user_messaging: &str) -> (String, Observed<String>) {
        let pointer = match self.kind {
            Kind::EndUserMessaging => format!("{CONFIGURATION}/EumsSms/{end_user_messaging}"),
            Kind::Nothing | Kind::Sns | Kind::Function => format!("{CONFIGURATION}/{sns}"),
        };
        let text = self.answer.text(&pointer);
        (pointer, text)
    }

    fn role(&self) -> Observed<String> {
        let (pointer, role) = self.text("SnsCallerArn", "CallerArn");
        required(role, &self.answer, &pointer)
    }

    /// Without a Region of SNS it is the only one there is for the pool's own; where there are several, nothing says which.
    fn region(&self) -> Observed<String> {
        let (pointer, region) = self.text("SnsRegion", "Region");
        let only = SNS.only(&self.answer.region).filter(|_| self.kind == Kind::Sns);
        match (region, only) {
            (Observed::Absent, Some(only)) => Observed::Known(only.to_owned()),
            (region, _) => required(region, &self.answer, &pointer),
        }
    }
}

/// Reads something of a replica that sends by SNS or End User Messaging; absent for all others.
fn of_sender<'f, T>(view: &PoolView<'f>, read: impl FnOnce(&Sender<'f>) -> Observed<T>) -> Found<T> {
    of_replica(view, &MEMBERS, |answer| {
        kind(answer).and_then(|kind| match kind {
            Kind::Nothing | Kind::Function => Observed::Absent,
            Kind::Sns | Kind::EndUserMessaging => read(&Sender { answer: answer.clone(), kind }),
        })
    })
}

fn region(view: &PoolView<'_>) -> Found<String> {
    of_sender(view, Sender::region)
}

fn region_allowed(view: &PoolView<'_>) -> Found<&'static str> {
    let (allowed, mut sources) = of_sender(view, |sender| {
        let own: &str = &sender.answer.region;
        sender.region().map(|region| match sender.kind {
            Kind::EndUserMessaging if region == own => "yes",
            Kind::EndUserMessaging => "no",
            Kind::Nothing | Kind::Sns | Kind::Function => SNS.allows(own, &region),
        })
    });
    sources.push(SNS.source());
    (allowed, sources)
}

/// What the replica sends by, and in which Region.
fn sends_from(view: &PoolView<'_>) -> Found<(Kind, String)> {
    of_sender(view, |sender| sender.region().map(|region| (sender.kind, region)))
}

fn sandbox(view: &PoolView<'_>) -> Found<bool> {
    let (from, mut sources) = sends_from(view);
    let value = match from {
        Observed::Absent => Observed::Absent,
        Observed::Unknown(cause) => Observed::Unknown(prerequisite(SANDBOX, cause)),
        Observed::Known((Kind::EndUserMessaging, region)) => {
            let answer = view.ask(TIER, &region, &[]);
            sources.push(answer.source("/AccountAttributes"));
            item(&answer, "ACCOUNT_TIER", "Value").and_then(|tier| match tier.as_str() {
                Some("SANDBOX") => Observed::Known(true),
                Some("PRODUCTION") => Observed::Known(false),
                _ => Observed::Unknown(Cause::Unrecognised { value: tier.to_string() }),
            })
        }
        Observed::Known((_, region)) => {
            let answer = view.ask(SANDBOX, &region, &[]);
            sources.push(answer.source("/IsInSandbox"));
            required(answer.boolean("/IsInSandbox"), &answer, "/IsInSandbox")
        }
    };
    (value, sources)
}

fn spend_limit(view: &PoolView<'_>) -> Found<i64> {
    let (from, mut sources) = sends_from(view);
    let value = match from {
        Observed::Absent => Observed::Absent,
        Observed::Unknown(cause) => Observed::Unknown(prerequisite(ATTRIBUTES, cause)),
        Observed::Known((Kind::EndUserMessaging, region)) => {
            let answer = view.ask(LIMITS, &region, &[]);
            sources.push(answer.source("/SpendLimits"));
            item(&answer, "TEXT_MESSAGE_MONTHLY_SPEND_LIMIT", "EnforcedLimit").and_then(|limit| {
                let surprise = || Observed::Unknown(Cause::Unrecognised { value: limit.to_string() });
                limit.as_i64().map_or_else(surprise, Observed::Known)
            })
        }
        Observed::Known((_, region)) => {
            let pointer = "/attributes/MonthlySpendLimit";
            let answer = view.ask(ATTRIBUTES, &region, &[]);
            sources.push(answer.source(pointer));
            // Left out it is the largest that SNS allows, and no API says how much that is.
            required(answer.text(pointer), &answer, pointer).and_then(|limit| {
                let whole = limit.split('.').next().unwrap_or_default().parse();
                whole.map_or_else(|_| Observed::Unknown(Cause::Unrecognised { value: limit.clone() }), Observed::Known)
            })
        }
    };
    (value, sources)
}

/// The member `member` of the item of a list that has this name.
fn item<'f>(answer: &Answer<'f>, name: &str, member: &str) -> Observed<&'f serde_json::Value> {
    let list = answer.named("Name");
    let value = list.items.iter().find(|(each, _)| *each == name).and_then(|(_, item)| item.get(member));
    let left_out = || Cause::NoMeaning { member: format!("{} {member} of {name}", answer.call) };
    value.map_or_else(|| Observed::Unknown(list.incomplete.clone().unwrap_or_else(left_out)), Observed::Known)
}

/// The role of a replica, and as whom Cognito asks for it.
struct Role<'f> {
    name: String,
    /// What IAM says of it.
    answer: Answer<'f>,
    /// The pool's ARN in the Region that sends.
    pool_arn: String,
    /// A digest.
    external_id: Observed<String>,
}

impl Role<'_> {
    fn policy(&self) -> Observed<Policy> {
        required(self.answer.text(TRUST_POLICY), &self.answer, TRUST_POLICY).and_then(|text| self.answer.policy(&text))
    }

    fn external_id(&self) -> ExternalId<'_> {
        match &self.external_id {
            Observed::Known(digest) => ExternalId::Digest(digest),
            Observed::Absent => ExternalId::Absent,
            Observed::Unknown(_) => ExternalId::Unknown,
        }
    }
}

fn role<'f>(view: &PoolView<'f>) -> Found<Role<'f>> {
    of_sender(view, |sender| {
        let (_, external_id) = sender.text("ExternalId", "ExternalId");
        let pool_arn = view.arn(&sender.answer.region);
        sender.role().and_then(|role| name(&role, &view.key.account)).map(|name| {
            let answer = view.ask(ROLE, &view.region, &[&name]);
            Role { name, answer, pool_arn, external_id }
        })
    })
}

fn role_trust(view: &PoolView<'_>) -> Found<(&'static str, String)> {
    view.memo.role_trust.get_or_init(|| judged_trust(view)).clone()
}

fn judged_trust(view: &PoolView<'_>) -> Found<(&'static str, String)> {
    let (role, mut sources) = role(view);
    let value = match role {
        Observed::Absent => Observed::Absent,
        Observed::Unknown(cause) => Observed::Unknown(prerequisite(ROLE, cause)),
        Observed::Known(role) => {
            sources.push(role.answer.source(TRUST_POLICY));
            if is_missing(&role.answer) {
                Observed::Known(("no_role", format!("there is no role {}", role.name)))
            } else {
                role.policy().and_then(|policy| {
                    verdict(cognito_assume(&policy, role.external_id(), &role.pool_arn, &view.key.account))
                })
            }
        }
    };
    (value, sources)
}

/// What the statements of the role's trust policy say to the request on which that rests.
pub(super) fn derivation(view: &PoolView<'_>) -> Vec<String> {
    let Observed::Known(role) = role(view).0 else { return Vec::new() };
    let Observed::Known(policy) = role.policy() else { return Vec::new() };
    tell_assume(&policy, role.external_id(), &role.pool_arn, &view.key.account)
}

/// `sms` in `arn:aws:iam::111122223333:role/service-role/sms`, if that is in the account.
fn name(arn: &str, account: &str) -> Observed<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", of, resource] if resource.starts_with("role/") && !resource.ends_with('/') => {
            if *of == account {
                Observed::Known(resource.rsplit('/').next().unwrap_or_default().to_owned())
            } else {
                Observed::Unknown(Cause::NotSearched { what: format!("IAM in account {of}") })
            }
        }
        _ => Observed::Unknown(Cause::Unrecognised { value: arn.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_by_the_end_of_its_path() {
        let named = |arn: &str| name(arn, "111122223333").known().cloned();
        assert_eq!(named("arn:aws:iam::111122223333:role/service-role/sms").as_deref(), Some("sms"));
        assert_eq!(named("arn:aws:iam::111122223333:role/sms").as_deref(), Some("sms"));
        for arn in ["", "role/sms", "arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:user/sms"] {
            assert!(matches!(name(arn, "111122223333"), Observed::Unknown(Cause::Unrecognised { .. })), "{arn}");
        }
        let elsewhere = name("arn:aws:iam::444455556666:role/sms", "111122223333");
        assert!(matches!(elsewhere, Observed::Unknown(Cause::NotSearched { .. })));
    }
}
