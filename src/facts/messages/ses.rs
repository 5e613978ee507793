//! An SES identity that a replica sends with: where it is, whether it is verified, whom it lets send.

use crate::model::{Cause, Observed, Source};
use crate::policy::Policy;
use crate::policy::ses::{cognito_send, tell_send};

use super::super::{Answer, PoolView};
use super::{Found, is_missing, prerequisite, required, verdict};

pub(super) const IDENTITY: &str = "sesv2:GetEmailIdentity";

/// An identity as an ARN names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// `arn:aws:ses:us-east-1:111122223333:identity/`.
    prefix: String,
    pub(super) region: String,
    account: String,
    name: String,
}

impl Identity {
    /// Reads `arn:aws:ses:us-east-1:111122223333:identity/example.com`.
    pub(super) fn parse(arn: &str) -> Observed<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        if let ["arn", _, "ses", region, account, resource] = parts.as_slice()
            && let Some(name) = resource.strip_prefix("identity/")
            && !region.is_empty()
            && !name.is_empty()
        {
            return Observed::Known(Self {
                prefix: arn[..arn.len() - name.len()].to_owned(),
                region: (*region).to_owned(),
                account: (*account).to_owned(),
                name: name.to_owned(),
            });
        }
        Observed::Unknown(Cause::Unrecognised { value: arn.to_owned() })
    }

    /// The identities that may stand for this one, nearest first: of an address that has none of its own the domain, or a
    /// domain above that one. Source: <https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html>.
    fn names(&self) -> Vec<&str> {
        let mut names = vec![self.name.as_str()];
        let mut rest = self.name.split_once('@').map(|(_, domain)| domain);
        while let Some(domain) = rest.filter(|domain| domain.contains('.')) {
            names.push(domain);
            rest = domain.split_once('.').map(|(_, parent)| parent);
        }
        names
    }
}

/// The answer about the identity, or about the one that stands for it, by its ARN; absent if SES has none of them.
fn answer<'f>(view: &PoolView<'f>, identity: &Identity) -> Found<(Answer<'f>, String)> {
    if identity.account != view.key.account {
        let what = format!("SES in account {}", identity.account);
        return (Observed::Unknown(Cause::NotSearched { what }), Vec::new());
    }
    let mut sources = Vec::new();
    for name in identity.names() {
        let answer = view.ask(IDENTITY, &identity.region, &[name]);
        sources.push(answer.source("/VerifiedForSendingStatus"));
        if !is_missing(&answer) {
            return (Observed::Known((answer, format!("{}{name}", identity.prefix))), sources);
        }
    }
    (Observed::Absent, sources)
}

/// Whether mail can be sent with the identity. One that SES does not have is not verified.
pub(super) fn verified(view: &PoolView<'_>, identity: &Identity) -> Found<bool> {
    let (found, sources) = answer(view, identity);
    let pointer = "/VerifiedForSendingStatus";
    let value = match found {
        Observed::Known((answer, _)) => required(answer.boolean(pointer), &answer, pointer),
        Observed::Absent => Observed::Known(false),
        Observed::Unknown(cause) => Observed::Unknown(prerequisite(IDENTITY, cause)),
    };
    (value, sources)
}

/// Whether the policies of the identity let Cognito send with it for the pool's ARN in `region`, and why not.
pub(super) fn authorized(view: &PoolView<'_>, identity: &Identity, region: &str) -> Found<(&'static str, String)> {
    let (found, _) = answer(view, identity);
    let (answer, arn) = match found {
        Observed::Known(found) => found,
        Observed::Absent => {
            let detail = format!("SES in {} has no such identity", identity.region);
            return (Observed::Known(("service_absent", detail)), sources(view, identity));
        }
        Observed::Unknown(cause) => {
            return (Observed::Unknown(prerequisite(IDENTITY, cause)), sources(view, identity));
        }
    };
    let value = policies(&answer)
        .and_then(|(_, policies)| verdict(cognito_send(&policies, &arn, &view.arn(region), &view.key.account)));
    (value, vec![answer.source("/Policies")])
}

/// What the statements of these policies say to the requests on which that rests.
pub(super) fn derivation(view: &PoolView<'_>, identity: &Identity, region: &str) -> Vec<String> {
    let Observed::Known((answer, arn)) = answer(view, identity).0 else { return Vec::new() };
    let Observed::Known((names, policies)) = policies(&answer) else { return Vec::new() };
    tell_send(&names, &policies, &arn, &view.arn(region), &view.key.account)
}

fn sources(view: &PoolView<'_>, identity: &Identity) -> Vec<Source> {
    answer(view, identity).1
}

/// The names of an identity's policies, and the policies.
fn policies(answer: &Answer<'_>) -> Observed<(Vec<String>, Vec<Policy>)> {
    required(answer.at("/Policies"), answer, "/Policies").and_then(|policies| {
        let surprise = || Cause::Unrecognised { value: format!("{IDENTITY} /Policies that are no policies") };
        let Some(policies) = policies.as_object() else { return Observed::Unknown(surprise()) };
        let (mut names, mut parsed) = (Vec::new(), Vec::new());
        for (name, policy) in policies {
            let Some(text) = policy.as_str() else { return Observed::Unknown(surprise()) };
            match answer.policy(text) {
                Observed::Known(policy) => {
                    names.push(name.clone());
                    parsed.push(policy);
                }
                Observed::Absent => {}
                Observed::Unknown(cause) => return Observed::Unknown(cause),
            }
        }
        Observed::Known((names, parsed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(name: &str) -> Identity {
        match Identity::parse(&format!("arn:aws:ses:us-west-2:111122223333:identity/{name}")) {
            Observed::Known(identity) => identity,
            other @ (Observed::Absent | Observed::Unknown(_)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_address_falls_back_to_its_domains_and_a_domain_to_nothing() {
        assert_eq!(
            identity("no-reply@mail.example.com").names(),
            ["no-reply@mail.example.com", "mail.example.com", "example.com"]
        );
        assert_eq!(identity("mail.example.com").names(), ["mail.example.com"]);
        assert_eq!(identity("a@b").names(), ["a@b"]);
    }

    #[test]
    fn what_is_no_identity_is_not_read_as_one() {
        for arn in
            ["", "x", "arn:aws:ses:us-west-2:1:identity/", "arn:aws:ses::1:identity/a", "arn:aws:sns:r:1:identity/a"]
        {
            assert!(matches!(Identity::parse(arn), Observed::Unknown(Cause::Unrecognised { .. })), "{arn}");
        }
        assert_eq!(identity("a@b.c").prefix, "arn:aws:ses:us-west-2:111122223333:identity/");
    }
}
