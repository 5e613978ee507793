//! Which accounts and Regions a live run looks at, by its options and its configuration; and what that leaves out.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::collect::{Accounts, LeaveOut, Patience, Pools, Request, RoleArn, is_account, is_role_name};
use crate::model::report::Reduction;
use crate::rules::{Glob, is_account_pattern};

use super::args::{LiveArgs, ScopeArgs};
use super::collect;

/// The longest that one attempt at one of several accounts takes unless an option says otherwise.
const USUAL_TIMEOUT: u64 = 3600;

/// Fills in what the options say of accounts.
pub(super) fn fill(request: &mut Request, scope: &ScopeArgs) -> Result<()> {
    request.accounts = match &scope.org_role {
        Some(role) if is_role_name(role) => Accounts::Organization { role: role.clone() },
        Some(role) => {
            bail!("--org-role `{role}` is not the name of a role; it looks like OrganizationAccountAccessRole")
        }
        None => of_roles(&scope.live)?,
    };
    let several = request.accounts.are_several();
    if several && let Pools::Ids(_) = request.pools {
        bail!("--pool-id with several --role-arn: which account is it in? Give that account's role alone");
    }
    if scope.all_regions {
        let regions = collect::region_table()?.by_partition().into_iter();
        request.pools = Pools::Everywhere(regions.map(|(of, regions)| (of, regions.into_iter().collect())).collect());
    }
    check_external_id(&scope.live)?;
    if !scope.exclude.is_empty() && !several && !scope.all_regions {
        bail!("--exclude leaves accounts out of --org-role and --role-arn, and Regions out of --all-regions");
    }
    for pattern in &scope.exclude {
        check_pattern(pattern)?;
    }
    request.leave_out = leave_out(&scope.exclude, &scope.live.only_accounts);
    if let (Accounts::Roles(roles), Some(LeaveOut(reason))) = (&request.accounts, &request.leave_out)
        && let [only] = roles.as_slice()
        && let Some(why) = reason(only.account())
    {
        bail!("account {} is the only one that is to be looked at, and {why}", only.account());
    }
    let deadline = scope.account_timeout.or_else(|| several.then_some(USUAL_TIMEOUT)).map(Duration::from_secs);
    request.patience = Patience { deadline, attempts: scope.account_attempts };
    Ok(())
}

/// The role of the one account that a command asks which asks no more than one.
pub(super) fn fill_one(request: &mut Request, args: &LiveArgs) -> Result<()> {
    request.accounts = of_roles(args)?;
    check_external_id(args)?;
    require_one(request, "this command")
}

/// Refuses several accounts.
pub(super) fn require_one(request: &Request, who: &str) -> Result<()> {
    if request.accounts.are_several() {
        bail!("{who} asks one account: give one --role-arn, and no --org-role");
    }
    Ok(())
}

fn of_roles(args: &LiveArgs) -> Result<Accounts> {
    let role = |text: &String| {
        RoleArn::parse(text).with_context(|| {
            format!("--role-arn `{text}` is not the ARN of a role; it looks like arn:aws:iam::111122223333:role/mrready-read-only")
        })
    };
    let mut roles = args.role_arn.iter().map(role).collect::<Result<Vec<_>>>()?;
    roles.sort();
    roles.dedup();
    for pair in roles.windows(2) {
        if let [one, other] = pair
            && one.account() == other.account()
        {
            bail!("--role-arn names two roles of account {}; an account is entered once", one.account());
        }
    }
    Ok(if roles.is_empty() { Accounts::Own } else { Accounts::Roles(roles) })
}

/// Source of the bounds: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
fn check_external_id(args: &LiveArgs) -> Result<()> {
    let fits = |id: &String| {
        (2..=1224).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte))
    };
    // The value is a secret between two parties, so it is not shown.
    if !args.external_id.as_ref().is_none_or(fits) {
        bail!("--external-id is none that AWS takes: 2 to 1224 letters, digits and _+=,.@:/-");
    }
    Ok(())
}

/// Whether something can match: an account's id, or a Region of the table.
fn check_pattern(pattern: &str) -> Result<()> {
    if pattern.chars().all(|c| c == '*') {
        bail!("--exclude `{pattern}` would leave nothing to look at");
    }
    if is_account_pattern(pattern) {
        return Ok(());
    }
    let glob = Glob::new(pattern);
    if !collect::region_table()?.by_partition().values().flatten().any(|region| glob.matches(region)) {
        bail!(
            "--exclude `{pattern}` matches no account's id and no Region; it looks like 111122223333, `1111*` or `me-*`. \
             Organizational units and names of accounts are not matched"
        );
    }
    Ok(())
}

/// Why an account or a Region is left out. Ids of accounts are digits and names of Regions are not, so no pattern but one of
/// wildcards alone means both.
fn leave_out(exclude: &[String], only: &[String]) -> Option<LeaveOut> {
    if exclude.is_empty() && only.is_empty() {
        return None;
    }
    let globs = |patterns: &[String]| patterns.iter().map(|pattern| Glob::new(pattern)).collect::<Vec<_>>();
    let (exclude, only) = (globs(exclude), globs(only));
    Some(LeaveOut(Arc::new(move |name| {
        if let Some(pattern) = exclude.iter().find(|pattern| pattern.matches(name)) {
            return Some(format!("--exclude {} leaves it out", pattern.as_str()));
        }
        let missing = is_account(name) && !only.is_empty() && !only.iter().any(|pattern| pattern.matches(name));
        missing.then(|| "`search.accounts` of the configuration does not name it".to_owned())
    })))
}

/// What these options take away. `name`: that of the configuration.
pub(super) fn reductions(scope: &ScopeArgs, config: &str, reductions: &mut Vec<Reduction>) {
    let mut add = |option: String, effect: &str| {
        reductions.push(Reduction { option, effect: effect.to_owned(), touches_blocker: false });
    };
    for pattern in &scope.exclude {
        let what = if is_account_pattern(pattern) {
            "accounts are not looked at"
        } else {
            "Regions are not searched for pools"
        };
        add(format!("--exclude {pattern}"), &format!("what matches is left out: such {what}"));
    }
    let several = scope.org_role.is_some() || scope.live.role_arn.len() > 1;
    if several && !scope.live.only_accounts.is_empty() {
        let effect = format!("only these accounts are looked at: {}", scope.live.only_accounts.join(", "));
        add(format!("{config} search.accounts"), &effect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_accounts_or_regions() {
        for pattern in ["111122223333", "1111*", "??1122223333", "me-*", "us-east-1", "*-northeast-*"] {
            assert!(check_pattern(pattern).is_ok(), "{pattern}");
        }
        for pattern in ["*", "**", "", "11112222333", "ou-ab12-11111111", "sandbox*", "us-east-9", "US-EAST-1"] {
            assert!(check_pattern(pattern).is_err(), "{pattern}");
        }
        let exclude = ["1111*".to_owned(), "me-*".to_owned()];
        let LeaveOut(reason) = leave_out(&exclude, &["*3".to_owned()]).unwrap();
        assert_eq!(reason("111122223333").as_deref(), Some("--exclude 1111* leaves it out"));
        assert_eq!(reason("me-south-1").as_deref(), Some("--exclude me-* leaves it out"));
        assert_eq!((reason("eu-west-1"), reason("444455556663")), (None, None));
        assert!(reason("444455556666").is_some_and(|why| why.contains("search.accounts")));
        assert!(leave_out(&[], &[]).is_none());
    }
}
