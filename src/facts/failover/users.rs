//! Users who cannot follow a failover: those who need a write to sign in, those whose passkeys are bound to a name that
//! stays behind; and features whose state in the replica is not documented.

use serde_json::{Value as Json, json};

use crate::model::{Cause, Fact, Listed, Observed, Source, Truth};

use super::super::pool::decided;
use super::super::{Answer, PoolView, member};
use super::{MFA, POOL, USERS, domain, host};

/// The states in which a sign-in ends with a write, which only P takes. [INF]
const NEED_A_WRITE: [&str; 2] = ["FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"];

const RP_ID: &str = "/WebAuthnConfiguration/RelyingPartyId";

/// The users in one state. The parameters are those of the collector, in the order of their names: attributes, filter, pool.
fn in_state<'f>(view: &PoolView<'f>, status: &str) -> Answer<'f> {
    let filter = format!("cognito:user_status = \"{status}\"");
    view.ask(USERS, &view.region, &[&json!(["sub"]).to_string(), &filter, &view.key.id])
}

/// The users in any of the states; what is answered beside the filter does not count.
fn stuck(view: &PoolView<'_>) -> (Listed<()>, Vec<Source>) {
    let mut all = Listed::complete(Vec::new());
    let mut sources = Vec::new();
    for status in NEED_A_WRITE {
        let answer = in_state(view, status);
        sources.push(answer.source("/Users"));
        let users = answer.named("UserStatus");
        all.items.extend(users.items.iter().filter(|(found, _)| *found == status).map(|_| ()));
        all.incomplete = all.incomplete.or(users.incomplete);
    }
    (all, sources)
}

pub(super) fn some_need_a_write(view: &PoolView<'_>) -> Fact {
    let (users, sources) = stuck(view);
    decided(users.any(|()| Truth::True), users.incomplete, sources)
}

pub(super) fn needing_a_write(view: &PoolView<'_>) -> Fact {
    let (users, sources) = stuck(view);
    match users.incomplete {
        Some(cause) => Fact::unknown(cause, sources),
        None => Fact::known(i64::try_from(users.items.len()).unwrap_or(i64::MAX), sources),
    }
}

pub(super) fn first_factors(view: &PoolView<'_>) -> Fact {
    let answer = view.primary(POOL);
    let pointer = "/UserPool/Policies/SignInPolicy/AllowedFirstAuthFactors";
    member(&answer, pointer, answer.texts(pointer).map(Listed::complete))
}

/// Without a setting it is the custom domain, else the prefix domain. Source:
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html>.
fn rp_id(view: &PoolView<'_>) -> Observed<String> {
    match view.primary(MFA).text(RP_ID) {
        Observed::Absent => {
            let hosts = domain::hosts(view);
            match (hosts.items.into_iter().next(), hosts.incomplete) {
                (_, Some(cause)) => Observed::Unknown(cause),
                (Some(first), None) => Observed::Known(first),
                (None, None) => Observed::Absent,
            }
        }
        id @ (Observed::Known(_) | Observed::Unknown(_)) => id,
    }
}

fn rp_sources(view: &PoolView<'_>) -> Vec<Source> {
    vec![view.primary(MFA).source(RP_ID), view.primary(POOL).source("/UserPool/CustomDomain")]
}

pub(super) fn passkey_rp_id(view: &PoolView<'_>) -> Fact {
    Fact { value: rp_id(view).map(Into::into), sources: rp_sources(view) }
}

pub(super) fn passkey_domain_fails_over(view: &PoolView<'_>) -> Fact {
    let custom = view.primary(POOL).text("/UserPool/CustomDomain");
    let value = match (rp_id(view), custom) {
        (Observed::Unknown(cause), _) | (_, Observed::Unknown(cause)) => Observed::Unknown(cause),
        (Observed::Known(id), Observed::Known(custom)) => Observed::Known(same_or_above(&id, &custom).into()),
        // Without a custom domain the name is the prefix domain's, which has a Region in it, or somebody else's.
        (Observed::Known(_), Observed::Absent) => Observed::Known(false.into()),
        (Observed::Absent, _) => Observed::Absent,
    };
    Fact { value, sources: rp_sources(view) }
}

/// Whether a relying party id is usable on a host: the host itself, or a domain above it that is more than one label.
fn same_or_above(id: &str, name: &str) -> bool {
    let (id, name) = (host(id), host(name));
    id == name || (id.contains('.') && name.strip_suffix(&id).is_some_and(|rest| rest.ends_with('.')))
}

pub(super) fn device_tracking(view: &PoolView<'_>) -> Fact {
    let answer = view.primary(POOL);
    let pointer = "/UserPool/DeviceConfiguration";
    member(&answer, pointer, answer.present(pointer))
}

pub(super) fn threat_protection(view: &PoolView<'_>) -> Fact {
    let answer = view.primary(POOL);
    let pointer = "/UserPool/UserPoolAddOns/AdvancedSecurityMode";
    let value = match (answer.at("/UserPool/UserPoolAddOns"), answer.text(pointer)) {
        // Documented is the absence of the whole member.
        (Observed::Known(Json::Object(_)), Observed::Absent) => {
            Observed::Unknown(Cause::NoMeaning { member: format!("{POOL} {pointer}") })
        }
        (_, value) => value,
    };
    member(&answer, pointer, value)
}

#[cfg(test)]
mod tests {
    use super::same_or_above;

    #[test]
    fn a_relying_party_id_is_the_host_or_above_it() {
        for (id, name, expected) in [
            ("auth.example.com", "auth.example.com", true),
            ("Example.com", "auth.example.com", true),
            ("example.com", "auth.eu.example.com", true),
            ("com", "auth.example.com", false),
            ("ample.com", "auth.example.com", false),
            ("login.example.com", "auth.example.com", false),
            ("", "auth.example.com", false),
        ] {
            assert_eq!(same_or_above(id, name), expected, "{id} for {name}");
        }
    }
}
