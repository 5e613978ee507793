//! The certificate of a pool's custom domain. Cognito takes it from us-east-1, whatever the pool's Region:
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-add-custom-domain.html>.

use crate::model::{Cause, Fact, Listed, Observed, Source, Value};

use super::super::{Answer, PoolView, member};
use super::{CERTIFICATE, DOMAIN, POOL, domain, host, not_asked};

/// Where certificates of custom domains are.
const REGION: &str = "us-east-1";
const ARN: &str = "/DomainDescription/CustomDomainConfig/CertificateArn";

/// The certificate's ARN with the answer that has it; absent without a custom domain.
fn named<'f>(view: &PoolView<'f>) -> Observed<(String, Answer<'f>)> {
    domain::custom(view).and_then(|(_, answer)| match answer.text(ARN) {
        Observed::Known(arn) => Observed::Known((arn, answer)),
        // A custom domain has one.
        Observed::Absent => Observed::Unknown(Cause::NoMeaning { member: format!("{DOMAIN} {ARN}") }),
        Observed::Unknown(cause) => Observed::Unknown(cause),
    })
}

fn no_domain(view: &PoolView<'_>) -> Vec<Source> {
    vec![view.primary(POOL).source("/UserPool/CustomDomain")]
}

pub(super) fn arn(view: &PoolView<'_>) -> Fact {
    of_arn(view, |arn| Observed::Known(arn.to_owned()))
}

pub(super) fn region(view: &PoolView<'_>) -> Fact {
    of_arn(view, |arn| match arn.split(':').nth(3) {
        Some(region) if !region.is_empty() => Observed::Known(region.to_owned()),
        _ => Observed::Unknown(Cause::Unrecognised { value: arn.to_owned() }),
    })
}

fn of_arn(view: &PoolView<'_>, read: impl FnOnce(&str) -> Observed<String>) -> Fact {
    match named(view) {
        Observed::Known((arn, answer)) => member(&answer, ARN, read(&arn)),
        Observed::Absent => Fact::absent(no_domain(view)),
        Observed::Unknown(cause) => Fact::unknown(cause, vec![view.source(DOMAIN, &view.region, ARN)]),
    }
}

fn described<T: Into<Value>>(
    view: &PoolView<'_>,
    pointer: &str,
    read: impl FnOnce(&Answer<'_>) -> Observed<T>,
) -> Fact {
    match named(view) {
        Observed::Known((arn, _)) => {
            let answer = view.ask(CERTIFICATE, REGION, &[&arn]);
            member(&answer, pointer, read(&answer))
        }
        why @ (Observed::Absent | Observed::Unknown(_)) => {
            not_asked(CERTIFICATE, REGION, pointer, why, no_domain(view))
        }
    }
}

pub(super) fn word(view: &PoolView<'_>, name: &str) -> Fact {
    let pointer = format!("/Certificate/{name}");
    described(view, &pointer, |answer| answer.text(&pointer))
}

pub(super) fn not_after(view: &PoolView<'_>) -> Fact {
    let pointer = "/Certificate/NotAfter";
    described(view, pointer, |answer| answer.time(pointer))
}

pub(super) fn names(view: &PoolView<'_>) -> Fact {
    described(view, "/Certificate/SubjectAlternativeNames", |answer| Observed::Known(all_names(answer)))
}

pub(super) fn covers_domain(view: &PoolView<'_>) -> Fact {
    let custom = domain::custom(view);
    described(view, "/Certificate/SubjectAlternativeNames", |answer| {
        custom.and_then(|(custom, _)| {
            let names = all_names(answer);
            match (names.items.iter().any(|name| covers(name, &custom)), names.incomplete) {
                (true, _) => Observed::Known(true),
                (false, Some(cause)) => Observed::Unknown(cause),
                (false, None) => Observed::Known(false),
            }
        })
    })
}

/// The names of a certificate. The subject is in the list of alternatives too, so one of the two may be missing but not the
/// list.
fn all_names(answer: &Answer<'_>) -> Listed<String> {
    let pointer = "/Certificate/SubjectAlternativeNames";
    let mut names = match answer.texts(pointer) {
        Observed::Known(names) => Listed::complete(names),
        Observed::Absent => {
            let cause = Cause::NoMeaning { member: format!("{CERTIFICATE} {pointer}") };
            Listed { items: Vec::new(), incomplete: Some(cause) }
        }
        Observed::Unknown(cause) => Listed { items: Vec::new(), incomplete: Some(cause) },
    };
    if let Observed::Known(subject) = answer.text("/Certificate/DomainName")
        && !names.items.contains(&subject)
    {
        names.items.insert(0, subject);
    }
    names
}

/// A wildcard stands for exactly one label, the first: RFC 6125, section 6.4.3.
fn covers(name: &str, domain: &str) -> bool {
    let (name, domain) = (host(name), host(domain));
    match name.strip_prefix("*.") {
        Some(parent) => domain.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
        None => name == domain,
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_wildcard_is_one_label() {
        for (name, domain, expected) in [
            ("auth.example.com", "auth.example.com", true),
            ("AUTH.example.com.", "auth.Example.com", true),
            ("*.example.com", "auth.example.com", true),
            ("*.example.com", "eu.auth.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("example.com", "auth.example.com", false),
            ("*.com", "example.com", true),
            ("a*.example.com", "auth.example.com", false),
            ("", "auth.example.com", false),
        ] {
            assert_eq!(covers(name, domain), expected, "{name} for {domain}");
        }
    }
}
