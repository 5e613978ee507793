//! `Principal` and `NotPrincipal`: whom a statement is about.
//!
//! For: telling whether a statement's principals cover the one who asks.
//! Not for: looking principals up; what an ARN or an id does not say itself stays undecided.

use super::document::Effect;
use super::glob::{Pattern, arn_account_and_resource};
use super::request::Principal;
use super::{Fit, one};

/// The type under which a policy names a principal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// `"Principal": "*"`
    Everyone,
    /// `"AWS"`: an ARN, an account id, an id of a deleted principal, or `*`.
    Aws,
    /// `"Service"`
    Service,
    /// `"Federated"`
    Federated,
    /// `"CanonicalUser"`
    CanonicalUser,
    /// A type this code does not know.
    Other(String),
}

/// One principal as a policy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPrincipal {
    /// Its type.
    pub kind: PrincipalKind,
    /// Its value as written.
    pub value: String,
}

/// The principals of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalElement {
    /// These.
    Principal(Vec<NamedPrincipal>),
    /// All but these.
    NotPrincipal(Vec<NamedPrincipal>),
}

/// How one principal of a policy covers the one who asks.
enum Cover {
    /// By name.
    Itself,
    /// As a member of an account.
    Account,
    /// As part of `*`.
    Everyone,
    No,
    Maybe(String),
}

impl PrincipalElement {
    /// Whether the statement is about the one who asks.
    pub(super) fn fit(&self, effect: Effect, asker: &Principal) -> Fit {
        match self {
            Self::Principal(named) => Fit::any(named.iter().map(|n| n.fit(effect, asker))),
            Self::NotPrincipal(named) => fit_not(named, effect, asker),
        }
    }
}

impl NamedPrincipal {
    /// Whether a statement with just this principal is about the one who asks.
    pub(super) fn fit(&self, effect: Effect, asker: &Principal) -> Fit {
        match self.cover(asker) {
            Cover::Itself | Cover::Account => Fit::Yes,
            Cover::Everyone => match (asker, effect) {
                // Guard-rails with `*` hit services too, which is why `aws:PrincipalIsAWSService` exists. Whether an
                // Allow for `*` reaches a service that acts for itself depends on the service.
                (Principal::Service(_) | Principal::Federated(_), Effect::Allow) => Fit::Maybe(one("Principal \"*\"")),
                (Principal::Service(_) | Principal::Federated(_), Effect::Deny)
                | (Principal::Aws { .. } | Principal::Anonymous, _) => Fit::Yes,
            },
            Cover::No => Fit::No,
            Cover::Maybe(phrase) => Fit::Maybe(one(phrase)),
        }
    }

    fn cover(&self, asker: &Principal) -> Cover {
        match &self.kind {
            PrincipalKind::Everyone => Cover::Everyone,
            PrincipalKind::Aws if self.value == "*" => Cover::Everyone,
            PrincipalKind::Aws => match asker {
                Principal::Aws { arn, account } => cover_aws(&self.value, arn, account),
                Principal::Service(_) | Principal::Federated(_) | Principal::Anonymous => Cover::No,
            },
            PrincipalKind::Service => match asker {
                Principal::Service(service) => self.cover_exactly(service),
                Principal::Aws { .. } | Principal::Federated(_) | Principal::Anonymous => Cover::No,
            },
            PrincipalKind::Federated => match asker {
                Principal::Federated(provider) => self.cover_exactly(provider),
                Principal::Aws { .. } | Principal::Service(_) | Principal::Anonymous => Cover::No,
            },
            // A canonical id is an account under another name, and only S3 knows which.
            PrincipalKind::CanonicalUser => match asker {
                Principal::Aws { .. } => self.doubt(),
                Principal::Service(_) | Principal::Federated(_) | Principal::Anonymous => Cover::No,
            },
            PrincipalKind::Other(_) => self.doubt(),
        }
    }

    fn cover_exactly(&self, name: &str) -> Cover {
        if self.value == name {
            Cover::Itself
        } else if Pattern::plain(&self.value).literal().is_none() && Pattern::plain(&self.value).matches(name) {
            // AWS takes no wildcards here, so nobody knows what one would mean.
            self.doubt()
        } else {
            Cover::No
        }
    }

    fn doubt(&self) -> Cover {
        let kind = match &self.kind {
            PrincipalKind::Everyone | PrincipalKind::Aws => "AWS",
            PrincipalKind::Service => "Service",
            PrincipalKind::Federated => "Federated",
            PrincipalKind::CanonicalUser => "CanonicalUser",
            PrincipalKind::Other(kind) => kind,
        };
        Cover::Maybe(format!("Principal {kind} \"{}\"", self.value))
    }
}

fn fit_not(named: &[NamedPrincipal], effect: Effect, asker: &Principal) -> Fit {
    let doubt = || Fit::Maybe(one("NotPrincipal"));
    let (mut itself, mut account) = (false, false);
    let mut maybe = false;
    for cover in named.iter().map(|n| n.cover(asker)) {
        match cover {
            Cover::Itself => itself = true,
            Cover::Account => account = true,
            Cover::Everyone | Cover::Maybe(_) => maybe = true,
            Cover::No => {}
        }
    }
    match asker {
        Principal::Service(_) | Principal::Federated(_) | Principal::Anonymous if itself => Fit::No,
        // AWS wants the account listed beside its principal: with only one of them listed, the other is not exempt.
        Principal::Aws { .. } if itself && account => Fit::No,
        Principal::Aws { arn, .. }
            if itself && arn_account_and_resource(arn).is_some_and(|(_, resource)| resource == "root") =>
        {
            Fit::No
        }
        _ if maybe || itself || account => doubt(),
        // "All but these" is `*` with holes, so an Allow reaches a service no more surely than `*` does.
        Principal::Service(_) | Principal::Federated(_) if effect == Effect::Allow => doubt(),
        Principal::Service(_) | Principal::Federated(_) | Principal::Anonymous | Principal::Aws { .. } => Fit::Yes,
    }
}

fn cover_aws(named: &str, arn: &str, account: &str) -> Cover {
    if named == arn {
        return Cover::Itself;
    }
    if is_account_id(named) {
        return if named == account { Cover::Account } else { Cover::No };
    }
    let Some((named_account, resource)) = arn_account_and_resource(named) else {
        // The id of a principal that was deleted: it asks for nothing any more.
        return if is_unique_id(named) { Cover::No } else { Cover::Maybe(format!("Principal AWS \"{named}\"")) };
    };
    let has_wildcard = |s: &str| s.contains(['*', '?']);
    if named_account != account && !has_wildcard(named_account) {
        return Cover::No;
    }
    if has_wildcard(named) {
        return Cover::Maybe(format!("Principal AWS \"{named}\""));
    }
    if resource == "root" {
        return Cover::Account;
    }
    // A session's ARN has lost the role's path, but a role's name is unique in its account.
    let role = resource.strip_prefix("role/").and_then(|path| path.rsplit('/').next());
    let session = arn_account_and_resource(arn)
        .and_then(|(_, resource)| resource.strip_prefix("assumed-role/"))
        .and_then(|rest| rest.split('/').next());
    if role.is_some() && role == session { Cover::Itself } else { Cover::No }
}

/// Whether the text is a bare account id.
pub(super) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `AIDA…`, `AROA…`: what AWS shows in place of the ARN once the principal is gone.
fn is_unique_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text.starts_with('A')
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
