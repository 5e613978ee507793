//! `operator.*`: what the role that will run the migration may do; `cost.*`: what the replica costs; `evidence.*`: which
//! client gathered the evidence; and of `key.*` what its care needs: whether it rotates, and its bare id.
//!
//! A simulation says what identity policies, boundaries and the organization allow. What a resource's own policy allows it
//! does not see, so keys are not simulated.

mod prices;

use serde_json::{Value as Json, json};

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Source, Truth, Value};
use crate::snapshot::operations::simulation::{
    IAM_REGION, REPLICA_REGION_ACTIONS, REPLICATE_ACTIONS, requested_region,
};

use super::{Answer, Field, PoolView, TEXT, TEXTS, clients, field, member, text_of};
use prices::{FILE, PRICES, Plan, grouped};

const DESCRIBE: &str = "cognito-idp:DescribeUserPool";
const CLIENTS: &str = "cognito-idp:ListUserPoolClients";
const CLIENT: &str = "cognito-idp:DescribeUserPoolClient";
const KEY: &str = "kms:DescribeKey";
const ROTATION: &str = "kms:GetKeyRotationStatus";
const SIMULATE: &str = "iam:SimulatePrincipalPolicy";
const OPERATOR: &str = "--operator-arn";

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    field(
        "cost.machine_surcharge",
        TEXT,
        Absence::Unknown,
        &[CLIENTS, CLIENT],
        "What the tokens of machine clients cost more with a replica.",
        machine_surcharge,
    ),
    field(
        "cost.monthly_addon_estimate",
        TEXT,
        Absence::Unknown,
        &[DESCRIBE],
        "What a replica adds to the bill of a month, by the number of users: an estimate.",
        |view| estimate(view, addon),
    ),
    field(
        "cost.monthly_base_estimate",
        TEXT,
        Absence::Unknown,
        &[DESCRIBE],
        "What the plan costs a month, by the number of users: an estimate.",
        |view| estimate(view, base),
    ),
    field(
        "evidence.cli_knows_mrr",
        FieldType::Bool,
        Absence::None,
        &[],
        "Whether each AWS CLI whose output was imported is new enough to show multi-Region settings.",
        cli_knows_mrr,
    ),
    field(
        "evidence.cli_versions",
        TEXTS,
        Absence::Default("[]"),
        &[],
        "The versions of the AWS CLI whose output was imported; none for evidence that was asked live.",
        |view| {
            let versions = view.snapshot.header.cli_versions.iter().cloned().collect();
            Fact::known(Listed::<String>::complete(versions), Vec::new())
        },
    ),
    field("key.id", TEXT, Absence::None, &[DESCRIBE], "The id of the pool's key, the same in all Regions.", |view| {
        let arn = view.field("key.arn");
        let sources = arn.as_ref().map(|fact| fact.sources.clone()).unwrap_or_default();
        let id = arn.map_or(Observed::Absent, |fact| text_of(&fact));
        Fact { value: id.map(|arn| arn.rsplit('/').next().unwrap_or_default().into()), sources }
    }),
    field(
        "key.rotation_enabled",
        FieldType::Bool,
        Absence::Unknown,
        &[DESCRIBE, KEY, ROTATION],
        "Whether KMS rotates the key by itself; a multi-Region key is asked where its primary key is.",
        rotation,
    ),
    field("operator.arn", TEXT, Absence::None, &[], "The role that will run the migration (--operator-arn).", |view| {
        match &view.options.operator_arn {
            Some(arn) => Fact::known(arn.as_str(), option()),
            None => Fact::absent(option()),
        }
    }),
    field("operator.given", FieldType::Bool, Absence::Unknown, &[], "Whether --operator-arn is given.", |view| {
        Fact::known(view.options.operator_arn.is_some(), option())
    }),
    field(
        "operator.refused_in_primary",
        TEXTS,
        Absence::Default("[]"),
        &[SIMULATE],
        "What the migration does in P and the operator may not do.",
        |view| refused(view, &Observed::Known(view.region.clone()), &REPLICATE_ACTIONS, true),
    ),
    field(
        "operator.refused_in_secondary",
        TEXTS,
        Absence::Default("[]"),
        &[SIMULATE],
        "What creating a replica is presumed to need in S and the operator may not do.",
        |view| refused(view, &view.target_region(), &REPLICA_REGION_ACTIONS, false),
    ),
];

fn option() -> Vec<Source> {
    vec![Source::Option { name: OPERATOR.to_owned() }]
}

/// The actions that a simulation for this Region refuses; one that it does not decide leaves the list incomplete.
fn refused(view: &PoolView<'_>, region: &Observed<String>, actions: &[&str], of_pool: bool) -> Fact {
    let Some(operator) = &view.options.operator_arn else { return Fact::absent(option()) };
    let region = match region {
        Observed::Known(region) => region,
        Observed::Absent => return Fact::unknown(Cause::NoTargetRegion, option()),
        Observed::Unknown(cause) => return Fact::unknown(cause.clone(), option()),
    };
    let (asked, context) = (json!(actions).to_string(), requested_region(region).to_string());
    let resources = json!([view.arn(region)]).to_string();
    let mut parameters = vec![asked.as_str(), context.as_str(), operator.as_str()];
    if of_pool {
        parameters.push(&resources);
    }
    let answer = view.ask(SIMULATE, IAM_REGION, &parameters);
    let Listed { items, mut incomplete } = answer.named("EvalActionName");
    let mut list = Vec::new();
    for action in actions {
        let mut results = items.iter().filter(|(name, _)| name.eq_ignore_ascii_case(action)).peekable();
        if results.peek().is_none() {
            let member = format!("{SIMULATE} /EvaluationResults for {action}");
            incomplete.get_or_insert(Cause::NoMeaning { member });
        }
        for (_, result) in results {
            match refusal(result) {
                Ok(None) => {}
                Ok(Some(why)) => list.push(format!("{action} ({why})")),
                Err(cause) => drop(incomplete.get_or_insert(cause)),
            }
        }
    }
    list.dedup();
    let sources = [option(), vec![answer.source("/EvaluationResults")]].concat();
    match incomplete {
        // Nothing was seen of it.
        Some(cause) if list.is_empty() => Fact::unknown(cause, sources),
        incomplete => Fact::known(Listed { items: list, incomplete }, sources),
    }
}

/// Why one action is refused; `None` if it is allowed.
///
/// A condition key without a value may turn any decision around, except that of the organization, whose keys AWS does not
/// list among them.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html>.
fn refusal(result: &Json) -> Result<Option<String>, Cause> {
    let unrecognised = |value: &Json| Cause::Unrecognised { value: value.to_string() };
    match result.pointer("/OrganizationsDecisionDetail/AllowedByOrganizations") {
        Some(Json::Bool(false)) => return Ok(Some("refused by the organization".to_owned())),
        Some(Json::Bool(true) | Json::Null) | None => {}
        Some(other) => return Err(unrecognised(other)),
    }
    let mut missing = keys_in(result)?;
    for specific in result.get("ResourceSpecificResults").and_then(Json::as_array).into_iter().flatten() {
        missing.extend(keys_in(specific)?);
    }
    if !missing.is_empty() {
        missing.sort();
        missing.dedup();
        return Err(Cause::Undecided { keys: missing });
    }
    match result.get("EvalDecision") {
        Some(Json::String(word)) if word == "allowed" => Ok(None),
        Some(Json::String(word)) if word == "explicitDeny" => Ok(Some("denied by a policy".to_owned())),
        Some(Json::String(word)) if word == "implicitDeny" => Ok(Some("allowed by no policy".to_owned())),
        Some(other) => Err(unrecognised(other)),
        None => Err(Cause::NoMeaning { member: format!("{SIMULATE} /EvaluationResults/*/EvalDecision") }),
    }
}

/// The condition keys that a simulation was not given a value for.
fn keys_in(result: &Json) -> Result<Vec<String>, Cause> {
    match result.get("MissingContextValues") {
        None | Some(Json::Null) => Ok(Vec::new()),
        // An empty list in XML.
        Some(Json::String(text)) if text.trim().is_empty() => Ok(Vec::new()),
        Some(Json::Array(keys)) => {
            let keys: Option<Vec<String>> = keys.iter().map(|key| key.as_str().map(str::to_owned)).collect();
            keys.ok_or_else(|| Cause::Unrecognised { value: "a condition key that is no text".to_owned() })
        }
        Some(other) => Err(Cause::Unrecognised { value: other.to_string() }),
    }
}

/// Rotation is set on the KMS primary key and holds for all keys related to it.
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html>.
fn rotation(view: &PoolView<'_>) -> Fact {
    let pointer = "/KeyRotationEnabled";
    let source = vec![view.source(ROTATION, &view.region, pointer)];
    let key = match view.field("key.arn").map_or(Observed::Absent, |fact| text_of(&fact)) {
        Observed::Known(arn) => arn,
        Observed::Absent => return Fact::absent(source),
        Observed::Unknown(cause) => return Fact::unknown(blocked(cause), source),
    };
    match primary_key(view, &key) {
        Observed::Known((arn, region)) => {
            let answer = view.ask(ROTATION, &region, &[&arn]);
            member(&answer, pointer, answer.boolean(pointer))
        }
        Observed::Absent => {
            let member = format!("{KEY} /KeyMetadata/MultiRegionConfiguration/PrimaryKey");
            Fact::unknown(blocked(Cause::NoMeaning { member }), source)
        }
        Observed::Unknown(cause) => Fact::unknown(blocked(cause), source),
    }
}

fn blocked(because: Cause) -> Cause {
    Cause::Prerequisite { call: ROTATION.to_owned(), because: Box::new(because) }
}

/// The ARN and the Region of the KMS primary key; a single-Region key is its own.
fn primary_key(view: &PoolView<'_>, key: &str) -> Observed<(String, String)> {
    let answer: Answer<'_> = view.ask(KEY, &view.region, &[key]);
    let primary = |name: &str| answer.text(&format!("/KeyMetadata/MultiRegionConfiguration/PrimaryKey/{name}"));
    answer.boolean("/KeyMetadata/MultiRegion").and_then(|multi_region| {
        if multi_region {
            primary("Arn").and_then(|arn| primary("Region").map(|region| (arn, region)))
        } else {
            Observed::Known((key.to_owned(), view.region.clone()))
        }
    })
}

/// Users of a month, in words and as a number.
fn users(view: &PoolView<'_>) -> (Observed<u64>, &'static str, Vec<Source>) {
    if let Some(users) = view.options.monthly_active_users {
        return (Observed::Known(users), "monthly active users", vec![Source::Option { name: "--mau".to_owned() }]);
    }
    let answer = view.primary(DESCRIBE);
    let pointer = "/UserPool/EstimatedNumberOfUsers";
    let users = answer.integer(pointer).and_then(|users| match u64::try_from(users) {
        Ok(users) => Observed::Known(users),
        Err(_) => Observed::Unknown(Cause::Unrecognised { value: users.to_string() }),
    });
    (users, "users, by Cognito's estimate", vec![answer.source(pointer)])
}

/// The plan that a pool with a replica is on: a replica needs more than Lite.
fn estimate(view: &PoolView<'_>, say: fn(u64, &str, &str, Plan) -> String) -> Fact {
    let (users, what, mut sources) = users(view);
    let tier = view.field("pool.tier").unwrap_or_else(|| Fact::absent(Vec::new()));
    sources.extend(tier.sources.clone());
    sources.push(Source::Table { name: FILE.to_owned(), as_of: PRICES.as_of.clone() });
    let value = text_of(&tier).and_then(|tier| {
        let name = if tier == "LITE" { "ESSENTIALS" } else { tier.as_str() };
        match PRICES.plan(name) {
            Some(plan) => users.map(|users| say(users, what, name, plan).into()),
            None => Observed::Unknown(Cause::Unrecognised { value: tier }),
        }
    });
    Fact { value, sources }
}

fn addon(users: u64, what: &str, name: &str, plan: Plan) -> String {
    let Plan { addon, .. } = plan;
    let as_of = &PRICES.as_of;
    format!("≈ {} ({} {what}, × {addon}, {name}; prices of {as_of})", addon.times(users).dollars(), grouped(users))
}

fn base(users: u64, _what: &str, name: &str, plan: Plan) -> String {
    let (Plan { base, .. }, free) = (plan, PRICES.free_users);
    let paid = users.saturating_sub(free);
    format!("≈ {} ({} users above {}, × {base}, {name})", base.times(paid).dollars(), grouped(paid), grouped(free))
}

/// Machine clients are those that may use client credentials.
fn machine_surcharge(view: &PoolView<'_>) -> Fact {
    let (clients, mut sources) = clients::described(view);
    sources.push(Source::Table { name: FILE.to_owned(), as_of: PRICES.as_of.clone() });
    let (mut number, mut cause) = (0_usize, clients.incomplete.clone());
    for client in &clients.items {
        match client.texts("/UserPoolClient/AllowedOAuthFlows") {
            Observed::Known(flows) if flows.iter().any(|flow| flow == "client_credentials") => number += 1,
            Observed::Known(_) | Observed::Absent => {}
            Observed::Unknown(why) => drop(cause.get_or_insert(why)),
        }
    }
    let percent = PRICES.machine_surcharge_percent;
    match (cause, number) {
        (Some(cause), _) => Fact::unknown(cause, sources),
        (None, 0) => Fact::known("nothing for machine clients, of which there are none", sources),
        (None, number) => Fact::known(format!("{percent} % on the tokens of {number} machine clients"), sources),
    }
}

/// The first versions whose models are known to have the operations. 1.46.0's own model has them; of version 2 a third
/// party reports the first: <https://dev.classmethod.jp/en/articles/amazon-cognito-multi-region-replication-tokyo-virginia/>.
const CLI_KNOWS: [(u32, u32, u32); 2] = [(1, 46, 0), (2, 34, 58)];

fn cli_knows_mrr(view: &PoolView<'_>) -> Fact {
    let versions = &view.snapshot.header.cli_versions;
    if versions.is_empty() {
        return Fact::absent(Vec::new());
    }
    let mut cause = None;
    let truth = versions.iter().fold(Truth::True, |truth, text| {
        let knows = knows_mrr(text);
        if knows.is_none() {
            cause.get_or_insert(Cause::Unrecognised { value: text.clone() });
        }
        truth.and(knows.map_or(Truth::Unknown, Truth::from))
    });
    let value = match (truth, cause) {
        (Truth::True, _) => Observed::Known(Value::Bool(true)),
        (Truth::False, _) => Observed::Known(Value::Bool(false)),
        (Truth::Unknown, cause) => Observed::Unknown(cause.unwrap_or(Cause::Undecided { keys: Vec::new() })),
    };
    Fact { value, sources: Vec::new() }
}

/// `aws-cli/2.34.58 Python/3.13.4 …`, or the bare number; `None` if it is neither.
fn knows_mrr(text: &str) -> Option<bool> {
    let number = text.strip_prefix("aws-cli/").unwrap_or(text).split_whitespace().next()?;
    let parts: Option<Vec<u32>> = number.split('.').map(|part| part.parse().ok()).collect();
    let [major, minor, patch] = parts?.try_into().ok()?;
    let first = CLI_KNOWS.iter().find(|(known, _, _)| *known == major);
    first.map(|first| (major, minor, patch) >= *first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_cli_are_compared_as_numbers() {
        for (text, knows) in [
            ("aws-cli/2.34.58 Python/3.13.4 Linux/6.8 exe/x86_64", Some(true)),
            ("2.34.57", Some(false)),
            ("2.100.0", Some(true)),
            ("2.4.100", Some(false)),
            ("aws-cli/1.46.0 Python/3.12", Some(true)),
            ("aws-cli/1.45.11 Python/3.11 botocore/1.43.11", Some(false)),
            ("aws-cli/3.0.0", None),
            ("aws-cli/2.34", None),
            ("aws-cli/2.34.58.1", None),
            ("aws-cli/", None),
            ("", None),
            ("latest", None),
            ("2.99999999999.0", None),
        ] {
            assert_eq!(knows_mrr(text), knows, "{text}");
        }
    }

    #[test]
    fn a_simulation_refuses_allows_or_does_not_say() {
        let said = |result: Json| match refusal(&result) {
            Ok(None) => "allowed".to_owned(),
            Ok(Some(why)) => why,
            Err(Cause::Undecided { keys }) => keys.join(", "),
            Err(cause) => cause.kind().to_owned(),
        };
        let decision = |word: &str| json!({ "EvalDecision": word });
        assert_eq!(said(decision("allowed")), "allowed");
        assert_eq!(said(decision("explicitDeny")), "denied by a policy");
        assert_eq!(said(decision("implicitDeny")), "allowed by no policy");
        assert_eq!(said(decision("perhaps")), "unrecognised");
        assert_eq!(said(json!({})), "no_meaning");
        let organization = |allowed: Json| json!({ "EvalDecision": "allowed", "OrganizationsDecisionDetail": { "AllowedByOrganizations": allowed } });
        assert_eq!(said(organization(json!(true))), "allowed");
        assert_eq!(said(organization(json!(false))), "refused by the organization");
        assert_eq!(said(organization(json!("no"))), "unrecognised");
        let missing = |keys: Json| json!({ "EvalDecision": "allowed", "MissingContextValues": keys });
        assert_eq!(said(missing(json!(["b", "a", "b"]))), "a, b");
        assert_eq!(said(missing(json!([]))), "allowed");
        assert_eq!(said(missing(json!("\n"))), "allowed");
        assert_eq!(said(missing(json!([7]))), "unrecognised");
        assert_eq!(said(missing(json!({}))), "unrecognised");
        let specific =
            json!({ "EvalDecision": "allowed", "ResourceSpecificResults": [{ "MissingContextValues": ["c"] }] });
        assert_eq!(said(specific), "c");
    }

    #[test]
    fn estimates_say_how_they_were_made() {
        let plan = PRICES.plan("ESSENTIALS").unwrap();
        let as_of = &PRICES.as_of;
        assert_eq!(
            addon(100_000, "monthly active users", "ESSENTIALS", plan),
            format!("≈ $450.00 (100,000 monthly active users, × $0.0045, ESSENTIALS; prices of {as_of})")
        );
        assert_eq!(
            base(100_000, "", "ESSENTIALS", plan),
            "≈ $1,350.00 (90,000 users above 10,000, × $0.015, ESSENTIALS)"
        );
        assert_eq!(base(7, "", "ESSENTIALS", plan), "≈ $0.00 (0 users above 10,000, × $0.015, ESSENTIALS)");
    }
}
