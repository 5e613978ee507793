//! The accounts of a run: those of the roles that are given, or of the organization, without those that are left out.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use serde_json::Value;

use super::{Funnel, Watch};
use crate::collect::live::ask::{Answers, Query, Session};
use crate::collect::live::aws::Aws;
use crate::collect::live::log::Log;
use crate::collect::live::rates::Rates;
use crate::collect::live::{document, pools};
use crate::collect::{Accounts, CollectError, LeaveOut, Request, RoleArn, is_account};
use crate::snapshot::journal::UNKNOWN_ACCOUNT;
use crate::snapshot::{AccountScope, Snapshot};

/// An account and the way into it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) account: String,
    /// `None`: the run's own credentials are of this account.
    pub(super) role: Option<RoleArn>,
}

/// What the run knows of the accounts before it enters any.
#[derive(Default)]
pub(super) struct Found {
    pub(super) targets: Vec<Target>,
    /// How many there are.
    pub(super) accounts: usize,
    /// What the caller's own account has to show: how the accounts were found, and which are left out.
    pub(super) own: Option<(String, Snapshot)>,
}

/// The accounts to enter.
pub(super) async fn find(
    request: &Request,
    config: &SdkConfig,
    home: &str,
    rates: Rates,
    watch: &Watch<'_>,
) -> Result<Found, CollectError> {
    let mut funnel = Funnel { watch, told: 0 };
    let aws = Aws::new(config.clone(), request.call_timeout);
    let session = Session::new(aws, rates, Log::new(&mut funnel), false);
    pools::identity(&session, home).await?;
    match &request.accounts {
        Accounts::Own => Ok(Found::default()),
        Accounts::Roles(roles) => Ok(of_roles(request, roles, session, watch)),
        Accounts::Organization { role } => {
            let region = organizations_region(home);
            let listed = session.ask(&Query::new("organizations", "ListAccounts", region, &[])).await;
            if let (true, Some(error)) = (listed.pages.is_empty(), &listed.error) {
                return Err(CollectError::NoAccounts { code: error.code.clone() });
            }
            if listed.error.is_some() {
                watch.with(|observer| observer.note("the list of accounts broke off: there may be more"));
            }
            Ok(of_organization(request, role, home, session, &listed, watch))
        }
    }
}

/// Where Organizations is signed for. Source: <https://docs.aws.amazon.com/general/latest/gr/ao.html>.
fn organizations_region(home: &str) -> &'static str {
    match pools::partition(home) {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// Each account once; of two roles for one account the first. What is left out is said in the document of the caller's own
/// account.
fn of_roles(request: &Request, roles: &[RoleArn], session: Session<'_>, watch: &Watch<'_>) -> Found {
    let mut by_account: BTreeMap<&str, &RoleArn> = BTreeMap::new();
    for role in roles {
        by_account.entry(role.account()).or_insert(role);
    }
    let accounts = by_account.len();
    let targets = by_account.into_iter().filter_map(|(account, role)| {
        if let Some(why) = left_out(request, account) {
            watch.with(|observer| observer.note(&format!("account {account} is left out: {why}")));
            not_entered(&session, account, &why);
            return None;
        }
        Some(Target { account: account.to_owned(), role: Some(role.clone()) })
    });
    let targets: Vec<Target> = targets.collect();
    let own = (targets.len() < accounts).then(|| (own_name(&session), document(session.log)));
    Found { targets, accounts, own }
}

/// Says that an account is left out. It is said of the caller's account, in whose name the role would have been asked for:
/// nothing else is known of the one that is left out, and a document is about one account.
fn not_entered(session: &Session<'_>, account: &str, why: &str) {
    session.log.not_asked("", &[&format!("sts:AssumeRole {account}")], why);
}

/// The caller's account.
fn own_name(session: &Session<'_>) -> String {
    session.log.account().unwrap_or_else(|| UNKNOWN_ACCOUNT.to_owned())
}

/// The active accounts of an organization. What is left out is said in the document of the caller's own account.
fn of_organization(
    request: &Request,
    role: &str,
    home: &str,
    session: Session<'_>,
    listed: &Answers,
    watch: &Watch<'_>,
) -> Found {
    let own = session.log.account();
    let mut states: BTreeMap<String, String> = BTreeMap::new();
    for item in listed.items("/Accounts") {
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        // `State` takes the place of `Status`. An id that is none cannot be entered.
        if let Some(id) = text("Id").filter(|id| is_account(id)) {
            states.insert(id, text("State").or_else(|| text("Status")).unwrap_or_default());
        }
    }
    let accounts = states.len();
    let mut targets = Vec::new();
    for (account, state) in states {
        let inactive =
            (state != "ACTIVE").then(|| format!("the account is {} in the organization", state.to_ascii_lowercase()));
        if let Some(why) = inactive.or_else(|| left_out(request, &account)) {
            not_entered(&session, &account, &why);
            continue;
        }
        let role = if own.as_ref() == Some(&account) {
            let note = format!("account {account} is that of the credentials: it is asked without a role");
            watch.with(|observer| observer.note(&note));
            None
        } else {
            let arn = format!("arn:{}:iam::{account}:role/{role}", pools::partition(home));
            let Some(role) = RoleArn::parse(&arn) else {
                // Without a role it would be asked with the run's own credentials, and what they see is another account's.
                not_entered(&session, &account, &format!("{arn} is not the ARN of a role"));
                continue;
            };
            Some(role)
        };
        targets.push(Target { account, role });
    }
    let broken = listed.error.is_some();
    let own = own_name(&session);
    let mut snapshot = document(session.log);
    if broken {
        // Nobody knows which accounts are missing: this one cannot count as whole.
        let regions = pools::regions_to_list(request, home).map(|(regions, _)| regions).unwrap_or_default();
        snapshot.header.scope.accounts.insert(AccountScope { account: own.clone(), regions });
    }
    Found { targets, accounts, own: Some((own, snapshot)) }
}

fn left_out(request: &Request, account: &str) -> Option<String> {
    request.leave_out.as_ref().and_then(|LeaveOut(reason)| reason(account))
}
