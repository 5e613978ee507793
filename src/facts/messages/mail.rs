//! `mail.*`: who sends e-mail to users in the replica Region, and whether it can.

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Source};

use super::super::{Answer, Field, PoolView, TEXT, TEXTS, field};
use super::alternates::SES;
use super::ses::{self, IDENTITY, Identity};
use super::{
    ALLOWED, DESCRIBE, Found, MFA, OF_REPLICA, REPLICAS, described, fact, has_trigger, is_missing, of_replica,
    prerequisite, required,
};

const ACCOUNT: &str = "sesv2:GetAccount";
const CONFIGURATION_SET: &str = "sesv2:GetConfigurationSet";
const SENDER: FieldType = FieldType::Word(&["COGNITO_DEFAULT", "DEVELOPER", "CUSTOM_FUNCTION"]);

const SENDING_ACCOUNT: &str = "/UserPool/EmailConfiguration/EmailSendingAccount";
/// What says who sends.
const SENDER_MEMBERS: [&str; 2] = ["/UserPool/LambdaConfig/CustomEmailSender", SENDING_ACCOUNT];
const SOURCE_ARN: &str = "/UserPool/EmailConfiguration/SourceArn";
const SET: &str = "/UserPool/EmailConfiguration/ConfigurationSet";

/// The fields.
pub(in crate::facts) const FIELDS: &[Field] = &[
    field(
        "mail.code_uses",
        TEXTS,
        Absence::Default("[]"),
        &[DESCRIBE, MFA],
        "For what users are sent codes by e-mail: MFA, sign-in, recovery.",
        code_uses,
    ),
    field(
        "mail.configuration_set",
        TEXT,
        Absence::None,
        OF_REPLICA,
        "The SES configuration set that the replica names.",
        |view| fact(of_replica(view, &[SET], |answer| answer.text(SET))),
    ),
    field(
        "mail.configuration_set_state",
        FieldType::Word(&["usable", "missing", "paused"]),
        Absence::None,
        &[DESCRIBE, REPLICAS, CONFIGURATION_SET],
        "Whether the configuration set that the replica names is there and may send.",
        |view| fact(configuration_set(view)),
    ),
    field(
        "mail.identity_verified",
        FieldType::Bool,
        Absence::None,
        &[DESCRIBE, REPLICAS, IDENTITY],
        "Whether the SES identity that the replica sends with is verified; one that SES does not have is not.",
        |view| {
            let (identity, sources) = identity(view);
            fact(on(IDENTITY, identity, sources, |identity| ses::verified(view, &identity)))
        },
    ),
    field(
        "mail.primary_sender",
        SENDER,
        Absence::Unknown,
        &[DESCRIBE],
        "Who sends e-mail in P: Cognito by itself, your own SES, or a CustomEmailSender function.",
        |view| {
            let answer = view.primary(DESCRIBE);
            fact((sender(&answer), SENDER_MEMBERS.map(|pointer| answer.source(pointer)).to_vec()))
        },
    ),
    field(
        "mail.production_access",
        FieldType::Bool,
        Absence::None,
        &[DESCRIBE, REPLICAS, ACCOUNT],
        "Whether the account is out of the SES sandbox in the Region that the replica sends from.",
        |view| fact(account(view, "/ProductionAccessEnabled")),
    ),
    field(
        "mail.sender",
        SENDER,
        Absence::None,
        OF_REPLICA,
        "Who sends e-mail in S: Cognito by itself, your own SES, or a CustomEmailSender function.",
        |view| fact(of_replica(view, &SENDER_MEMBERS, sender)),
    ),
    field(
        "mail.sending_authorized",
        FieldType::Word(&["allowed", "service_absent", "refused"]),
        Absence::None,
        &[DESCRIBE, REPLICAS, IDENTITY],
        "Whether the policies of the SES identity let Cognito send with it for the replica.",
        |view| fact(map(authorized(view), |(word, _)| word)),
    ),
    field(
        "mail.sending_authorized_detail",
        TEXT,
        Absence::None,
        &[DESCRIBE, REPLICAS, IDENTITY],
        "Why the policies of the SES identity do not let Cognito send with it.",
        |view| fact(map(authorized(view), |(_, detail)| detail)),
    ),
    field(
        "mail.sending_enabled",
        FieldType::Bool,
        Absence::None,
        &[DESCRIBE, REPLICAS, ACCOUNT],
        "Whether SES lets the account send in the Region that the replica sends from.",
        |view| fact(account(view, "/SendingEnabled")),
    ),
    field(
        "mail.ses_in_primary",
        FieldType::Bool,
        Absence::None,
        OF_REPLICA,
        "Whether the replica sends e-mail from SES in P, and so fails together with it.",
        |view| fact(map(identity(view), |identity| identity.region == view.region)),
    ),
    field(
        "mail.ses_region",
        TEXT,
        Absence::None,
        OF_REPLICA,
        "The Region of SES that the replica sends from: that of its SourceArn.",
        |view| fact(map(named_identity(view), |identity| identity.region)),
    ),
    field(
        "mail.ses_region_allowed",
        ALLOWED,
        Absence::None,
        OF_REPLICA,
        "Whether the table of SES Regions lets a pool in S send from that Region.",
        |view| {
            let (allowed, mut sources) = match (identity(view), view.target_region()) {
                ((identity, sources), Observed::Known(region)) => {
                    (identity.map(|identity| SES.allows(&region, &identity.region)), sources)
                }
                ((_, sources), Observed::Absent) => (Observed::Absent, sources),
                ((_, sources), Observed::Unknown(cause)) => (Observed::Unknown(cause), sources),
            };
            sources.push(SES.source());
            fact((allowed, sources))
        },
    ),
    field(
        "mail.source_arn",
        TEXT,
        Absence::None,
        OF_REPLICA,
        "The ARN of the SES identity that the replica sends with, or whose address it shows.",
        |view| fact(of_replica(view, &[SOURCE_ARN], |answer| answer.text(SOURCE_ARN))),
    ),
];

/// A function takes the place of whatever else is set.
/// Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-email-sender.html>.
pub(super) fn sender(answer: &Answer<'_>) -> Observed<String> {
    match has_trigger(answer, "CustomEmailSender") {
        Observed::Known(true) => Observed::Known("CUSTOM_FUNCTION".to_owned()),
        Observed::Unknown(cause) => Observed::Unknown(cause),
        Observed::Known(false) | Observed::Absent => required(answer.text(SENDING_ACCOUNT), answer, SENDING_ACCOUNT),
    }
}

/// The identity of the replica's `SourceArn`, which may be left out.
fn named_identity(view: &PoolView<'_>) -> Found<Identity> {
    of_replica(view, &[SOURCE_ARN], |answer| answer.text(SOURCE_ARN).and_then(|arn| Identity::parse(&arn)))
}

/// The identity of the replica's `SourceArn` where it has to be there.
fn identity(view: &PoolView<'_>) -> Found<Identity> {
    of_replica(view, &[SOURCE_ARN], |answer| {
        required(answer.text(SOURCE_ARN), answer, SOURCE_ARN).and_then(|arn| Identity::parse(&arn))
    })
}

fn map<T, U>((value, sources): Found<T>, f: impl FnOnce(T) -> U) -> Found<U> {
    (value.map(f), sources)
}

/// Asks about something that is known, or says that the call could not be asked.
fn on<T, U>(call: &str, input: Observed<T>, sources: Vec<Source>, ask: impl FnOnce(T) -> Found<U>) -> Found<U> {
    match input {
        Observed::Known(input) => {
            let (value, more) = ask(input);
            (value, [sources, more].concat())
        }
        Observed::Absent => (Observed::Absent, sources),
        Observed::Unknown(cause) => (Observed::Unknown(prerequisite(call, cause)), sources),
    }
}

/// A member of the account's state in the Region of the identity.
fn account(view: &PoolView<'_>, pointer: &str) -> Found<bool> {
    let (identity, sources) = identity(view);
    on(ACCOUNT, identity, sources, |identity| {
        let answer = view.ask(ACCOUNT, &identity.region, &[]);
        (required(answer.boolean(pointer), &answer, pointer), vec![answer.source(pointer)])
    })
}

fn configuration_set(view: &PoolView<'_>) -> Found<&'static str> {
    let pointer = "/SendingOptions/SendingEnabled";
    let (set, sources) = of_replica(view, &[SET], |answer| answer.text(SET));
    on(CONFIGURATION_SET, set, sources, |set| {
        let (identity, sources) = identity(view);
        on(CONFIGURATION_SET, identity, sources, |identity| {
            let answer = view.ask(CONFIGURATION_SET, &identity.region, &[&set]);
            let sources = vec![answer.source(pointer)];
            if is_missing(&answer) {
                return (Observed::Known("missing"), sources);
            }
            let enabled = required(answer.boolean(pointer), &answer, pointer);
            (enabled.map(|enabled| if enabled { "usable" } else { "paused" }), sources)
        })
    })
}

fn authorized(view: &PoolView<'_>) -> Found<(&'static str, String)> {
    view.memo.sending.get_or_init(|| judged_sending(view)).clone()
}

fn judged_sending(view: &PoolView<'_>) -> Found<(&'static str, String)> {
    let (identity, sources) = identity(view);
    on(IDENTITY, identity, sources, |identity| ses::authorized(view, &identity, &replica_region(view)))
}

/// How that follows from the policies of the identity.
pub(super) fn derivation(view: &PoolView<'_>) -> Vec<String> {
    match identity(view).0 {
        Observed::Known(identity) => ses::derivation(view, &identity, &replica_region(view)),
        Observed::Absent | Observed::Unknown(_) => Vec::new(),
    }
}

/// The Region of the replica that was described; empty if none was.
fn replica_region(view: &PoolView<'_>) -> String {
    match described(view).0 {
        Observed::Known(answer) => answer.region.into_owned(),
        Observed::Absent | Observed::Unknown(_) => String::new(),
    }
}

/// For what codes are sent by e-mail, read in P: these settings are the same in both Regions.
fn code_uses(view: &PoolView<'_>) -> Fact {
    const FACTORS: &str = "/UserPool/Policies/SignInPolicy/AllowedFirstAuthFactors";
    const RECOVERY: &str = "/UserPool/AccountRecoverySetting/RecoveryMechanisms";
    let (pool, mfa) = (view.primary(DESCRIBE), view.primary(MFA));
    let factors = required(pool.texts(FACTORS), &pool, FACTORS);
    let uses = [
        ("MFA", mfa.present("/EmailMfaConfiguration")),
        ("one-time passwords at sign-in", factors.map(|factors| factors.iter().any(|factor| factor == "EMAIL_OTP"))),
        ("account recovery", recovers_by_mail(&pool, RECOVERY)),
    ];
    let mut list = Listed::complete(Vec::new());
    for (name, used) in uses {
        match used {
            Observed::Known(true) => list.items.push(name.to_owned()),
            Observed::Known(false) | Observed::Absent => {}
            Observed::Unknown(cause) => drop(list.incomplete.get_or_insert(cause)),
        }
    }
    Fact::known(list, vec![pool.source(FACTORS), pool.source(RECOVERY), mfa.source("/EmailMfaConfiguration")])
}

/// Without the setting, text messages go before e-mail, and e-mail is used.
/// Source: <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html>.
fn recovers_by_mail(pool: &Answer<'_>, pointer: &str) -> Observed<bool> {
    let mechanisms = match pool.at(pointer) {
        Observed::Known(mechanisms) => mechanisms,
        Observed::Absent => return Observed::Known(true),
        Observed::Unknown(cause) => return Observed::Unknown(cause),
    };
    let Some(items) = mechanisms.as_array() else {
        return Observed::Unknown(Cause::Unrecognised { value: format!("{DESCRIBE} {pointer} that is no list") });
    };
    let names: Option<Vec<&str>> = items.iter().map(|item| item.get("Name")?.as_str()).collect();
    match names {
        Some(names) => Observed::Known(names.contains(&"verified_email")),
        None => Observed::Unknown(Cause::NoMeaning { member: format!("{DESCRIBE} {pointer}/*/Name") }),
    }
}
