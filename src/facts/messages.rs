//! `mail.*`, `sms.*`, `risk.*`: what sends messages to users in the replica Region.
//!
//! E-mail, text messages and threat-protection notifications are settings that each replica has for itself. So all of it
//! is read in S: nothing about S is concluded from P. What the services behind them answer is asked in the Region that
//! the replica's own settings name. Source:
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-multi-region.html>.

mod alternates;
mod mail;
mod risk;
mod ses;
mod sms;

pub(super) use self::mail::FIELDS as MAIL;
pub(super) use self::risk::FIELDS as RISK;
pub(super) use self::sms::FIELDS as SMS;

use crate::model::{Cause, Fact, FieldType, Observed, Source, Truth, Value};
use crate::policy::ServiceVerdict;

use super::{Answer, PoolView, pool, replica};

const DESCRIBE: &str = "cognito-idp:DescribeUserPool";
const MFA: &str = "cognito-idp:GetUserPoolMfaConfig";
const REPLICAS: &str = "cognito-idp:ListUserPoolReplicas";

/// The calls behind a setting of the replica.
const OF_REPLICA: &[&str] = &[DESCRIBE, REPLICAS];

/// What the tables of Regions say of a Region pair.
const ALLOWED: FieldType = FieldType::Word(&["yes", "no", "not_listed"]);

/// How a value that is judged from a policy follows from it, statement by statement.
pub(super) fn derivation(view: &PoolView<'_>, field: &str) -> Vec<String> {
    match field {
        "mail.sending_authorized" | "mail.sending_authorized_detail" => mail::derivation(view),
        "sms.role_trust" | "sms.role_trust_detail" => sms::derivation(view),
        _ => Vec::new(),
    }
}

/// What is known of something, and where it was read.
pub(super) type Found<T> = (Observed<T>, Vec<Source>);

/// `DescribeUserPool` in S; absent if the pool has no replica in the target Region.
fn described<'f>(view: &PoolView<'f>) -> Found<Answer<'f>> {
    let list = replica::secondaries(view);
    let sources = vec![replica::answer(view).source("/UserPoolReplicas")];
    let blocked = |cause| Observed::Unknown(prerequisite(DESCRIBE, cause));
    if list.items.is_empty() {
        return (list.incomplete.map_or(Observed::Absent, blocked), sources);
    }
    let answer = match view.target_region() {
        Observed::Absent => Observed::Absent,
        Observed::Unknown(cause) => blocked(cause),
        Observed::Known(target) => {
            let here = |region: &String| Truth::from(*region == target);
            match list.any(|item| item.region.as_ref().map_or(Truth::Unknown, here)) {
                Truth::True => Observed::Known(view.ask(DESCRIBE, &target, &[&view.key.id])),
                Truth::False => Observed::Absent,
                Truth::Unknown => blocked(list.incomplete.unwrap_or(Cause::NoTargetRegion)),
            }
        }
    };
    (answer, sources)
}

/// Reads a setting of the replica, which comes from these members.
fn of_replica<'f, T>(
    view: &PoolView<'f>,
    pointers: &[&str],
    read: impl FnOnce(&Answer<'f>) -> Observed<T>,
) -> Found<T> {
    match described(view) {
        (Observed::Known(answer), _) => {
            (read(&answer), pointers.iter().map(|pointer| answer.source(pointer)).collect())
        }
        (Observed::Absent, sources) => (Observed::Absent, sources),
        (Observed::Unknown(cause), sources) => (Observed::Unknown(cause), sources),
    }
}

/// Whether Cognito calls a function of this trigger instead of sending by itself.
fn has_trigger(answer: &Answer<'_>, name: &str) -> Observed<bool> {
    pool::triggers(answer).map(|set| set.iter().any(|trigger| trigger == name))
}

/// A member without which the answer says nothing.
fn required<T>(observed: Observed<T>, answer: &Answer<'_>, pointer: &str) -> Observed<T> {
    match observed {
        Observed::Absent => Observed::Unknown(Cause::NoMeaning { member: format!("{} {pointer}", answer.call) }),
        Observed::Known(_) | Observed::Unknown(_) => observed,
    }
}

/// Whether AWS says that what was asked about is not there: evidence, unlike a refusal.
fn is_missing(answer: &Answer<'_>) -> bool {
    matches!(answer.problem(), Some(Cause::NotFound { .. }))
}

fn prerequisite(call: &str, because: Cause) -> Cause {
    Cause::Prerequisite { call: call.to_owned(), because: Box::new(because) }
}

/// A verdict as a word of the fields, and why; an undecided one is not known.
fn verdict(verdict: ServiceVerdict) -> Observed<(&'static str, String)> {
    match verdict {
        ServiceVerdict::Allowed => Observed::Known(("allowed", String::new())),
        ServiceVerdict::ServiceAbsent => {
            Observed::Known(("service_absent", "no statement names the service".to_owned()))
        }
        ServiceVerdict::Refused { detail } => Observed::Known(("refused", detail)),
        ServiceVerdict::Undecided { keys } => Observed::Unknown(Cause::Undecided { keys: keys.into_iter().collect() }),
    }
}

fn fact<T: Into<Value>>((value, sources): Found<T>) -> Fact {
    Fact { value: value.map(Into::into), sources }
}
