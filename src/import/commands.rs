//! The script of AWS CLI calls: what `collect` asks, as Bash that anybody can review and run.
//!
//! What it does is said in `commands/*.sh`, the same for every scope; here it gets the options as quoted words, and per
//! operation the words of the AWS CLI and what is kept of the answer, both from the table of operations.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Asked;
use crate::collect::{Accounts, PlannedRegion, PoolNames, Pools, Request, Search};
use crate::render::aws_cli::{quote, spelled};
use crate::scan::pattern::pool_id;
use crate::snapshot::operations::simulation::{REPLICA_REGION_ACTIONS, REPLICATE_ACTIONS};
use crate::snapshot::operations::{
    DOMAINS_AT_ONCE, LIVE_STACK_STATUSES, OPERATIONS, Operation, PROJECTS_AT_ONCE, RESOURCE_TYPES, ResourceType,
};
use crate::snapshot::shape::Shape;

const PARTS: [&str; 3] =
    [include_str!("commands/ask.sh"), include_str!("commands/pools.sh"), include_str!("commands/consumers.sh")];

/// What every script says of itself.
const HEAD: &str = "\
# what: asks AWS with the AWS CLI what `mrready collect` asks, for those who cannot give credentials to a program. Every
#   call reads; none changes, bills or counts a user. With the permissions of `mrready iam-policy`.
# how: bash collect.sh [FOLDER], with the credentials of the account. Run it again if it broke off: what is answered is not
#   asked again. Then: mrready import FOLDER -o snapshot.json --purge
# needs: bash 4.4, jq 1.6, AWS CLI 2.34.58 or 1.46, each or later. About a second a call.
# keeps: a file per call in FOLDER/calls, with its parameters, its answer and what the AWS CLI said instead of one. Of an
#   answer --query keeps the members that are named below: no secret of a client or an identity provider, no environment.
#   Until --purge FOLDER holds more than a snapshot does: templates, values of exports and of stacks' parameters, and raw
#   what a snapshot has as digests, such as external ids and tags. Only you can read it.
# Single quotes hold jq programs and JMESPath, which have a $ of their own; variables are those of the function that calls.
# shellcheck disable=SC2016,SC2034,SC2154
set -euo pipefail
export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_RETRY_MODE=\"${AWS_RETRY_MODE:-standard}\"
";

/// Calls whose pages the AWS CLI does not fetch by itself, and the parameter that takes the token.
const PAGED: &[(&str, &str)] =
    &[("cognito-idp:ListUserImportJobs", "PaginationToken"), ("cognito-idp:ListUserPoolReplicas", "NextToken")];

/// What a call is asked with that is no part of the question: sizes of pages, and what leaves out what nobody needs.
const ALSO: &[(&str, &str)] = &[
    ("apigateway:GetAuthorizers", "--page-size 500"),
    ("apigateway:GetRestApis", "--page-size 500"),
    ("cloudformation:GetTemplate", "--template-stage Original"),
    ("cloudwatch:DescribeAlarms", "--alarm-types MetricAlarm --page-size 100"),
    ("cognito-idp:ListIdentityProviders", "--page-size 60"),
    ("cognito-idp:ListResourceServers", "--page-size 50"),
    ("cognito-idp:ListUserImportJobs", "--max-results 60"),
    ("cognito-idp:ListUserPoolClients", "--page-size 60"),
    ("cognito-idp:ListUserPools", "--page-size 60"),
    ("cognito-idp:ListUsers", "--page-size 60"),
    ("iam:ListRoles", "--page-size 1000"),
    ("sns:GetSMSAttributes", "--attributes MonthlySpendLimit"),
];

/// What a script cannot ask: it would have to follow a link.
const NOT_ASKED: &[&str] = &["lambda:GetFunction"];

/// Why there is no script.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoScript {
    /// A pool's id is not one.
    #[error("`{id}` is not the id of a user pool; it looks like us-east-1_AbCdEfGhI")]
    PoolId {
        /// What was given.
        id: String,
    },
    /// More than whoever runs a script can be asked by it.
    #[error(
        "a script of AWS CLI calls asks one account, as whoever runs it, and lists the pools of one Region: leave out \
         --role-arn, --external-id, --org-role, --all-regions and --exclude, and run a script for each account and Region"
    )]
    Several,
}

/// The script for a request.
pub fn script(request: &Request) -> Result<String, NoScript> {
    let asked = asked(request)?;
    let mut text =
        format!("#!/usr/bin/env bash\n# by: mrready {}\n{HEAD}\n# --- What is asked for\n\n", asked.tool_version);
    options(request, &asked, &mut text);
    tables(&mut text);
    for part in PARTS {
        let _ = write!(text, "\n{part}");
    }
    Ok(text)
}

/// What a request asks for, as the folder will say it.
fn asked(request: &Request) -> Result<Asked, NoScript> {
    if request.accounts != Accounts::Own {
        return Err(NoScript::Several);
    }
    let pools = match &request.pools {
        Pools::Everywhere(_) => return Err(NoScript::Several),
        Pools::All => None,
        Pools::Ids(ids) => {
            if let Some(id) = ids.iter().find(|id| pool_id(id).is_none()) {
                return Err(NoScript::PoolId { id: id.clone() });
            }
            Some(ids.iter().cloned().collect::<BTreeSet<_>>())
        }
    };
    let planned = pools.iter().flatten().filter_map(|id| {
        let PlannedRegion(planned) = request.planned_region.as_ref()?;
        let region = pool_id(id)?.region;
        Some((id.clone(), planned(&PoolNames { account: None, region: &region, id, name: None })?))
    });
    Ok(Asked {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        planned: planned.collect(),
        pools,
        region: request.region.clone(),
        replica_regions: request.replica_regions.clone(),
        consumer_regions: request.consumer_regions.iter().cloned().collect(),
        search: request.search.iter().map(|place| place.as_str().to_owned()).collect(),
        operator_arn: request.operator_arn.clone(),
        count_users: request.count_users,
    })
}

/// The options as variables.
fn options(request: &Request, asked: &Asked, text: &mut String) {
    let mut options = Vec::new();
    for (name, value) in [("--profile", &request.profile), ("--endpoint-url", &request.endpoint_url)] {
        options.extend(value.iter().map(|value| format!("{name} {}", quote(value))));
    }
    let seconds = request.call_timeout.as_secs();
    options.push(format!("--cli-connect-timeout {seconds} --cli-read-timeout {seconds}"));
    let words = |words: &mut dyn Iterator<Item = &String>| words.map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    let scope = serde_json::to_string(asked).unwrap_or_default();
    let _ = writeln!(text, "SCOPE={}", quote(&scope));
    let _ = writeln!(text, "OPTIONS=({})", options.join(" "));
    let _ = writeln!(text, "ALL_POOLS={}", u8::from(asked.pools.is_none()));
    let _ = writeln!(text, "POOLS=({})", words(&mut asked.pools.iter().flatten()));
    let _ = writeln!(text, "REGION={}", quote(asked.region.as_deref().unwrap_or_default()));
    let _ = writeln!(text, "CONSUMER_REGIONS=({})", words(&mut asked.consumer_regions.iter()));
    let can = |place: &&String| *place != Search::LambdaCode.as_str();
    let _ = writeln!(text, "SEARCH=({})", words(&mut asked.search.iter().filter(can)));
    let _ = writeln!(text, "OPERATOR={}", quote(asked.operator_arn.as_deref().unwrap_or_default()));
    let _ = writeln!(text, "COUNT_USERS={}", u8::from(asked.count_users));
    text.push_str(
        "REGIONS=() ACCOUNT=''\n\n# replica_region POOL: where its replica is or is to be, if that was said.\n",
    );
    text.push_str("replica_region() {\n  case $1 in\n");
    let (all, some): (Vec<_>, Vec<_>) = asked.replica_regions.iter().partition(|(of, _)| of.is_empty());
    let (ids, primaries): (Vec<_>, Vec<_>) = some.into_iter().partition(|(of, _)| pool_id(of).is_some());
    for (of, region, rest) in
        ids.iter().map(|(id, region)| (id, region, "")).chain(primaries.iter().map(|(of, region)| (of, region, "_*")))
    {
        let _ = writeln!(text, "    {}{rest}) printf %s {} ;;", quote(of), quote(region));
    }
    for (id, region) in asked.planned.iter().filter(|_| all.is_empty()) {
        let _ = writeln!(text, "    {}) printf %s {} ;;", quote(id), quote(region));
    }
    for (_, region) in all {
        let _ = writeln!(text, "    *) printf %s {} ;;", quote(region));
    }
    text.push_str("  esac\n}\n");
}

/// What of the table of operations the script needs.
fn tables(text: &mut String) {
    let asked = || OPERATIONS.iter().filter(|operation| !NOT_ASKED.contains(&operation.call().as_str()));
    text.push_str("\n# Per call the words of the AWS CLI and the query that drops what is not kept; `_` are the names of what there was.\n");
    text.push_str("declare -A SPELLED=(\n");
    for operation in asked() {
        let query = Shape::of(operation).query(token(operation).as_slice());
        let spelled = spelled(operation.service, operation.name);
        let _ = writeln!(text, "  [{}]={}", quote(&operation.call()), quote(&format!("{spelled} {query}")));
    }
    text.push_str(")\n# What else a call is asked with, and which parameter takes the token of the next page where the AWS CLI does not.\n");
    text.push_str("declare -A ALSO=(\n");
    let statuses = format!("--stack-status-filter {}", LIVE_STACK_STATUSES.join(" "));
    for (call, also) in ALSO.iter().copied().chain([("cloudformation:ListStacks", statuses.as_str())]) {
        let _ = writeln!(text, "  [{call}]={}", quote(also));
    }
    text.push_str(")\ndeclare -A PAGED=(\n");
    for (call, token) in PAGED {
        let _ = writeln!(text, "  [{call}]={token}");
    }
    text.push_str(
        ")\n# What is kept where the answer has text to look into: true keeps all, \"text\" what could be an issuer.\n",
    );
    text.push_str("declare -A KEPT=(\n");
    for (operation, shape) in asked().map(|operation| (operation, Shape::of(operation))) {
        if needs_jq(operation, &shape) {
            let _ = writeln!(text, "  [{}]={}", quote(&operation.call()), quote(&shape.tree().to_string()));
        }
    }
    text.push_str(")\n# The types of resources that are searched for consumers.\n");
    let consumers = || RESOURCE_TYPES.iter().filter(|row| row.consumer);
    let types: Map<String, Value> = consumers().map(|row| (row.name.to_owned(), about(row))).collect();
    let _ = writeln!(text, "TYPES={}", quote(&Value::Object(types).to_string()));
    let roots = |global: bool| {
        let roots = consumers().filter(|row| row.parent.is_none() && row.global == global).map(|row| row.name);
        roots.collect::<Vec<_>>().join(" ")
    };
    let _ = writeln!(text, "ROOTS=({})\nGLOBAL_ROOTS=({})", roots(false), roots(true));
    let _ = writeln!(text, "DOMAINS_AT_ONCE={DOMAINS_AT_ONCE} PROJECTS_AT_ONCE={PROJECTS_AT_ONCE}");
    let _ = writeln!(text, "REPLICATE_ACTIONS={}", quote(&json!(REPLICATE_ACTIONS).to_string()));
    let _ = writeln!(text, "REPLICA_REGION_ACTIONS={}", quote(&json!(REPLICA_REGION_ACTIONS).to_string()));
}

/// The member that holds the token of the next page, where the script has to ask for it.
fn token(operation: &Operation) -> Vec<&'static str> {
    PAGED.iter().filter(|(call, _)| *call == operation.call()).map(|(_, token)| *token).collect()
}

/// Whether jq has to drop what a query cannot: the properties of Cloud Control are text.
fn needs_jq(operation: &Operation, shape: &Shape) -> bool {
    operation.service == "cloudcontrol" || shape.has_texts()
}

/// What the script has to know of a type of resource.
fn about(row: &ResourceType) -> Value {
    json!({ "read": row.read, "wanted": row.wanted, "only": row.only, "parent": row.parent, "below": below(row) })
}

/// The calls that a list of this type leads to.
fn below(row: &ResourceType) -> Vec<String> {
    let mut calls = Vec::new();
    if row.read {
        calls.push(format!("cloudcontrol:GetResource {}", row.name));
    }
    for child in RESOURCE_TYPES.iter().filter(|child| child.parent.is_some_and(|(parent, _)| parent == row.name)) {
        calls.push(format!("cloudcontrol:ListResources {}", child.name));
        calls.extend(below(child));
    }
    calls
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::collect::RoleArn;

    fn all() -> String {
        script(&Request::new(Pools::All)).unwrap()
    }

    /// The calls that the functions of the script make.
    fn made() -> BTreeSet<String> {
        let text = PARTS.concat();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, ':' | '-'));
        // A key of conditions is no call.
        let is_service = |service: &str| service.starts_with(|c: char| c.is_ascii_lowercase()) && service != "aws";
        let is_call = |word: &&str| {
            let parts = word.split_once(':');
            parts.is_some_and(|(service, name)| {
                is_service(service) && name.starts_with(|c: char| c.is_ascii_uppercase())
            })
        };
        words.filter(is_call).map(str::to_owned).collect()
    }

    #[test]
    fn the_script_makes_every_call_of_the_table_and_no_other() {
        let table: BTreeSet<String> = OPERATIONS.iter().map(|o| format!("{}:{}", o.service, o.name)).collect();
        let left: Vec<String> = table.difference(&made()).cloned().collect();
        assert_eq!(left, NOT_ASKED);
        let unknown: Vec<String> = made().difference(&table).cloned().collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        for (call, _) in ALSO.iter().chain(PAGED) {
            assert!(table.contains(*call), "{call}");
        }
    }

    #[test]
    fn every_query_and_tree_is_that_of_the_table() {
        let text = all();
        for operation in OPERATIONS.iter().filter(|operation| !NOT_ASKED.contains(&operation.call().as_str())) {
            let shape = Shape::of(operation);
            let query = format!(" {}'", shape.query(&token(operation)));
            let line = text.lines().find(|line| line.starts_with(&format!("  [{}]=", quote(&operation.call()))));
            assert!(line.is_some_and(|line| line.ends_with(&query)), "{}: {line:?}", operation.call());
            let tree = format!("  [{}]='{}'", quote(&operation.call()), shape.tree());
            assert_eq!(text.lines().any(|line| line == tree), needs_jq(operation, &shape), "{tree}");
        }
        // The query's words stand apart by spaces, so it may have none.
        assert!(OPERATIONS.iter().all(|operation| !Shape::of(operation).query(&[]).contains([' ', '\'', '\t'])));
    }

    #[test]
    fn options_are_words() {
        let hostile = "it's $(touch planted) `id` \u{1b}[31m\n#";
        let mut request = Request::new(Pools::Ids(vec!["us-east-1_Abc".to_owned()]));
        request.profile = Some(hostile.to_owned());
        request.endpoint_url = Some(hostile.to_owned());
        request.operator_arn = Some(hostile.to_owned());
        let text = script(&request).unwrap();
        assert!(!text.contains('\u{1b}'));
        for line in text.lines().filter(|line| line.contains("planted")) {
            assert!(["SCOPE=", "OPTIONS=", "OPERATOR="].iter().any(|name| line.starts_with(name)), "{line}");
            assert!(line.contains("it\\'s $(touch planted)") || line.contains("it'\\''s $(touch planted)"), "{line}");
        }
        let bad = Request::new(Pools::Ids(vec!["us-east-1_$(x)".to_owned()]));
        assert_eq!(script(&bad).unwrap_err(), NoScript::PoolId { id: "us-east-1_$(x)".to_owned() });
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/mrready-read-only").unwrap();
        for several in [
            Request { accounts: Accounts::Roles(vec![role]), ..Request::new(Pools::All) },
            Request { accounts: Accounts::Organization { role: "r".to_owned() }, ..Request::new(Pools::All) },
            Request::new(Pools::Everywhere(BTreeMap::new())),
        ] {
            assert_eq!(script(&several).unwrap_err(), NoScript::Several);
        }
    }

    #[test]
    fn replica_regions_are_chosen_as_a_live_run_chooses() {
        let mut request = Request::new(Pools::Ids(vec!["us-east-1_Abc".to_owned()]));
        request.planned_region = Some(PlannedRegion(std::sync::Arc::new(|_| Some("eu-west-2".to_owned()))));
        let of = |request: &Request| {
            let text = script(request).unwrap();
            let lines = text.lines().skip_while(|line| *line != "  case $1 in").skip(1);
            lines.take_while(|line| *line != "  esac").map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of(&request), ["us-east-1_Abc) printf %s eu-west-2 ;;"]);
        request.replica_regions =
            BTreeMap::from([(String::new(), "us-west-2".to_owned()), ("eu-west-1".to_owned(), "eu-west-3".to_owned())]);
        assert_eq!(of(&request), ["eu-west-1_*) printf %s eu-west-3 ;;", "*) printf %s us-west-2 ;;"]);
    }

    #[test]
    fn the_script_stays_short() {
        let text = all();
        let own: usize = PARTS.iter().map(|part| part.lines().count()).sum();
        assert!(own < 700 && text.lines().count() < 900, "{own} of {}", text.lines().count());
    }
}
