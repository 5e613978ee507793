//! Which accounts a run looks at, how it enters them, and what it hands back for each.
//!
//! Words and values only: who enters them is `live`. Which accounts and Regions are left out is the shell's to say, through
//! [`LeaveOut`].

use std::sync::Arc;
use std::time::Duration;

use crate::snapshot::Snapshot;

/// Which accounts a run looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Accounts {
    /// The one that the credentials belong to.
    #[default]
    Own,
    /// Those of these roles, each entered by its role.
    Roles(Vec<RoleArn>),
    /// Every active account of the organization, entered by the role of this name; that of the credentials as it is.
    Organization {
        /// The role's name, with its path if it has one.
        role: String,
    },
}

impl Accounts {
    /// Whether a run looks at more than one account, or may: then each has a document of its own.
    pub fn are_several(&self) -> bool {
        match self {
            Self::Own => false,
            Self::Roles(roles) => roles.len() > 1,
            Self::Organization { .. } => true,
        }
    }
}

/// The ARN of a role: `arn:PARTITION:iam::ACCOUNT:role/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleArn {
    text: String,
    account: String,
}

impl RoleArn {
    /// Reads an ARN; `None` if it is not that of a role.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let head = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let (account, role) = (parts.next()?, parts.next()?.strip_prefix("role/")?);
        let ["arn", partition, "iam", ""] = head else { return None };
        let fits = partition == "aws" || partition.starts_with("aws-");
        (fits && is_account(account) && is_role_name(role))
            .then(|| Self { text: text.to_owned(), account: account.to_owned() })
    }

    /// The ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The account's twelve digits.
    pub fn account(&self) -> &str {
        &self.account
    }
}

/// Whether a text is an account's id: twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text can be a role's name, with a path before it or without.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>.
pub fn is_role_name(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or_default();
    (1..=64).contains(&name.len())
        && text.len() <= 512 + 64
        && !text.starts_with('/')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte))
}

/// A text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Says why an account or a Region is not looked at, if it is not: of an account's id, or of a Region's name.
#[derive(Clone)]
pub struct LeaveOut(pub Arc<Reasons>);

/// The reason why an account or a Region is not looked at.
pub type Reasons = dyn Fn(&str) -> Option<String> + Send + Sync;

impl std::fmt::Debug for LeaveOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LeaveOut")
    }
}

/// What one account may take of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest that one attempt at an account may take; `None`: as long as it takes.
    pub deadline: Option<Duration>,
    /// How often an account is tried that could not be entered, or whose pools could not be listed, for another reason
    /// than a refusal; or that was not done in time.
    pub attempts: u32,
}

/// What was collected of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The account's twelve digits.
    pub account: String,
    /// A whole document.
    pub snapshot: Snapshot,
}

/// Takes the sections, in the order in which accounts are done; each account comes once. An error ends the run.
pub type Keep<'k> = dyn FnMut(Section) -> std::io::Result<()> + Send + 'k;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_arn_of_a_role() {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/ops/mrready-read-only").unwrap();
        assert_eq!((role.account(), role.as_str().len()), ("111122223333", 52));
        assert!(RoleArn::parse("arn:aws-cn:iam::111122223333:role/r").is_some());
        for text in [
            "",
            "mrready",
            "arn:aws:iam::11112222333:role/r",
            "arn:aws:iam::111122223333:user/r",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/a b",
            "arn:aws:iam:us-east-1:111122223333:role/r",
            "arn:aws:sts::111122223333:assumed-role/r/s",
            "arn:evil:iam::111122223333:role/r",
        ] {
            assert_eq!(RoleArn::parse(text), None, "{text}");
        }
        assert!(is_role_name("OrganizationAccountAccessRole") && !is_role_name("/r") && !is_role_name(""));
    }
}
