//! Who else may destroy a key: principals outside the key's account, or everybody.
//!
//! For: the rule that a key must not be deletable from outside. The account's own root with `kms:*` is in every key policy
//! and is not broad.
//! Not for: who inside the account may delete the key; identity policies decide that.
//!
//! Everybody is tried as one stranger, whose account is only known to be none of those that the policy mentions, and as a
//! member of each account that it does mention. So `*` with `kms:CallerAccount` equal to the key's account is nobody.

use std::collections::BTreeSet;

use super::document::{Effect, Policy, Statement, StatementRef};
use super::evaluate::Match;
use super::glob::arn_account_and_resource;
use super::principal::{PrincipalElement, PrincipalKind, is_account_id};
use super::request::{Context, ContextValue, Principal, Request};
use super::{Fit, one};

/// The actions that take a key away.
pub const DESTRUCTIVE_ACTIONS: [&str; 2] = ["kms:ScheduleKeyDeletion", "kms:DisableKey"];

/// More outsiders than this are not tried one by one. A policy of AWS's own size limit rarely holds ten.
const MAX_OUTSIDERS: usize = 200;

/// Whether somebody outside the account may destroy the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broad {
    /// Nobody may.
    Nobody,
    /// These may.
    Known(Vec<BroadGrant>),
    /// It depends.
    Undecided {
        /// On these condition keys or phrases.
        keys: BTreeSet<String>,
        /// In these statements.
        statements: Vec<StatementRef>,
    },
}

/// One way in which somebody outside the account may destroy the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BroadGrant {
    /// The statement that allows it.
    pub statement: StatementRef,
    /// The principal as the statement names it, `*` for everybody, `NotPrincipal` for everybody but some.
    pub principal: String,
    /// The account that gets in; `None` for any.
    pub account: Option<String>,
    /// Which of [`DESTRUCTIVE_ACTIONS`].
    pub actions: Vec<String>,
}

/// Tells whether another account than the key's, or everybody, may delete or disable the key.
pub fn broad_key_admin(policy: &Policy, key_account: &str) -> Broad {
    let Some(outsiders) = outsiders(policy, key_account) else {
        return Broad::Undecided { keys: one("more accounts than can be tried"), statements: Vec::new() };
    };
    let mut grants: Vec<BroadGrant> = Vec::new();
    let mut keys = BTreeSet::new();
    let mut doubted = BTreeSet::new();
    for outsider in &outsiders {
        for action in DESTRUCTIVE_ACTIONS {
            let request = outsider.request(action);
            let (mut allowing, mut doubts, mut doubt_keys) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
            let (mut denied, mut maybe_denied) = (false, false);
            for statement in &policy.statements {
                match (statement.effect, policy.matches(statement, &request)) {
                    (Effect::Allow, Match::Yes) => allowing.push(statement),
                    (Effect::Deny, Match::Yes) => denied = true,
                    (effect, Match::Maybe(undecided)) => {
                        maybe_denied |= effect == Effect::Deny;
                        doubts.insert(statement.reference());
                        doubt_keys.extend(undecided.into_iter().map(|key| (effect == Effect::Deny, key)));
                    }
                    (_, Match::No | Match::NoByCondition(_)) => {}
                }
            }
            let maybe_allowed = doubt_keys.iter().any(|(of_deny, _)| !of_deny);
            if denied || (allowing.is_empty() && !maybe_allowed) {
                continue;
            }
            if allowing.is_empty() || maybe_denied {
                doubted.extend(doubts);
                keys.extend(doubt_keys.into_iter().map(|(_, key)| key));
                continue;
            }
            for statement in allowing {
                add(&mut grants, statement, outsider, action);
            }
        }
    }
    grants.sort();
    if !grants.is_empty() {
        Broad::Known(grants)
    } else if keys.is_empty() {
        Broad::Nobody
    } else {
        Broad::Undecided { keys, statements: doubted.into_iter().collect() }
    }
}

/// Somebody outside the key's account.
struct Outsider {
    principal: Principal,
    /// `None` for the stranger.
    account: Option<String>,
    context: Context,
}

impl Outsider {
    fn request(&self, action: &str) -> Request {
        Request {
            principal: self.principal.clone(),
            action: action.to_owned(),
            resource: None,
            context: self.context.clone(),
        }
    }

    /// Somebody of whom the account is known, and the ARN unless it is an account's root, which stands for all its members.
    fn member(arn: String, account: String) -> Self {
        let is_one =
            arn_account_and_resource(&arn).is_some_and(|(_, r)| r.starts_with("role/") || r.starts_with("user/"));
        let arn_value =
            if is_one { ContextValue::Known(vec![arn.clone()]) } else { ContextValue::ArnInAccount(account.clone()) };
        let context = caller(ContextValue::Known(vec![account.clone()]), arn_value);
        Self { principal: Principal::Aws { arn, account: account.clone() }, account: Some(account), context }
    }

    fn stranger(known_accounts: &BTreeSet<String>) -> Self {
        let accounts: Vec<String> = known_accounts.iter().cloned().collect();
        let context = caller(ContextValue::NoneOf(accounts.clone()), ContextValue::ArnOutsideAccounts(accounts));
        // No policy can name this principal, so only `*` and "all but" cover it.
        let principal = Principal::Aws { arn: "any other principal".into(), account: "any other account".into() };
        Self { principal, account: None, context }
    }
}

fn caller(account: ContextValue, arn: ContextValue) -> Context {
    Context::new()
        .with_value("kms:CallerAccount", account.clone())
        .with_value("aws:PrincipalAccount", account)
        .with_value("aws:PrincipalArn", arn)
        .with("aws:PrincipalIsAWSService", ["false"])
        .absent("aws:PrincipalServiceName")
        .absent("aws:PrincipalServiceNamesList")
}

/// Everybody worth trying, the stranger first; `None` if they are too many.
fn outsiders(policy: &Policy, key_account: &str) -> Option<Vec<Outsider>> {
    let mut named: BTreeSet<(String, String)> = BTreeSet::new();
    let mut accounts = BTreeSet::from([key_account.to_owned()]);
    for statement in &policy.statements {
        let (PrincipalElement::Principal(principals) | PrincipalElement::NotPrincipal(principals)) =
            &statement.principals;
        for value in principals.iter().filter(|p| p.kind == PrincipalKind::Aws).map(|p| &p.value) {
            if is_account_id(value) {
                accounts.insert(value.clone());
            } else if let Some((account, resource)) = arn_account_and_resource(value) {
                accounts.insert(account.to_owned());
                if resource != "root" && account != key_account && !value.contains(['*', '?']) {
                    named.insert((value.clone(), account.to_owned()));
                }
            }
        }
        for value in statement.conditions.iter().flat_map(|c| &c.values) {
            let runs = value.split(|c: char| !c.is_ascii_digit());
            accounts.extend(runs.filter(|run| is_account_id(run)).map(str::to_owned));
        }
    }
    if accounts.len() + named.len() > MAX_OUTSIDERS {
        return None;
    }
    let mut all = vec![Outsider::stranger(&accounts)];
    let others = accounts.into_iter().filter(|account| account != key_account && !account.contains(['*', '?']));
    all.extend(others.map(|account| Outsider::member(format!("arn:aws:iam::{account}:root"), account)));
    all.extend(named.into_iter().map(|(arn, account)| Outsider::member(arn, account)));
    Some(all)
}

/// Adds a grant, unless the stranger has it already: what anybody may, everybody else may.
fn add(grants: &mut Vec<BroadGrant>, statement: &Statement, outsider: &Outsider, action: &str) {
    let principal = match &statement.principals {
        PrincipalElement::NotPrincipal(_) => "NotPrincipal".to_owned(),
        PrincipalElement::Principal(named) => named
            .iter()
            .filter(|n| n.fit(Effect::Allow, &outsider.principal) == Fit::Yes)
            .map(|n| n.value.clone())
            .min()
            .unwrap_or_default(),
    };
    let statement = statement.reference();
    let same = |g: &&mut BroadGrant| g.statement == statement && g.principal == principal;
    let has = |g: &BroadGrant| g.actions.iter().any(|a| a == action);
    if grants.iter_mut().filter(same).any(|g| g.account.is_none() && outsider.account.is_some() && has(g)) {
        return;
    }
    match grants.iter_mut().filter(same).find(|g| g.account == outsider.account) {
        Some(grant) if has(grant) => {}
        Some(grant) => grant.actions.push(action.to_owned()),
        None => grants.push(BroadGrant {
            statement,
            principal,
            account: outsider.account.clone(),
            actions: vec![action.to_owned()],
        }),
    }
}
