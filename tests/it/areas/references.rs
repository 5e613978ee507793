//! Evidence for the rules about issuer references in source trees and in what live resources hold.

use mrready::model::TargetIssuer;
use mrready::snapshot::operations::GLOBAL_REGION;
use mrready::snapshot::{Hit, Searched, SkippedFile};
use serde_json::json;

use crate::builder::{ACCOUNT, P, POOL};
use crate::builder::{Account, DESCRIBE_POOL, Run, TEMPLATE, new_issuer, old_issuer, tree_hit, without_pool};

use super::consumers::{item, list, read};

/// A tree of this name with one reference.
pub(crate) fn one(account: Account, change: impl FnOnce(&mut Hit)) -> Account {
    account.tree("acme/shop", vec![tree_hit("src/auth.ts", 12, change)])
}

pub(crate) fn library(hit: &mut Hit) {
    "library-version-pin".clone_into(&mut hit.class);
    "warning".clone_into(&mut hit.severity);
    "\"aws-jwt-verify\": \"4.0.1\"".clone_into(&mut hit.text);
    if let Some(source) = &mut hit.source {
        source.library = Some("aws-jwt-verify 4.0.1 (package-lock.json)".to_owned());
    }
}

pub(crate) fn by_prefix(hit: &mut Hit) {
    hit.pool_id = None;
    hit.accepts_any_pool = true;
    "host-prefix-check".clone_into(&mut hit.class);
    "likely".clone_into(&mut hit.confidence);
    "warning".clone_into(&mut hit.severity);
    "iss.startsWith(\"https://cognito-idp.\")".clone_into(&mut hit.text);
}

/// A trust policy that names the provider of the old issuer.
pub(crate) fn trust(account: Account, accepts_new: bool) -> Account {
    account.live_hit("iam:ListRoles", "web", |hit| {
        "AssumeRolePolicyDocument.Statement[0]".clone_into(&mut hit.path);
        "iam-oidc-provider-ref".clone_into(&mut hit.class);
        old_issuer(POOL).trim_start_matches("https://").clone_into(&mut hit.text);
        hit.accepts_new = accepts_new;
    })
}

fn review(hit: &mut Hit) {
    "review".clone_into(&mut hit.confidence);
}

pub(crate) fn skipped(account: Account, reason: &str) -> Account {
    account.in_tree(|scan| {
        scan.skipped.push(SkippedFile { path: "secret/app.yml".to_owned(), reason: reason.to_owned() });
    })
}

/// Nothing found in texts.
pub(crate) fn search(mut account: Account, region: &str) -> Account {
    for service in ["lambda", "opensearch"] {
        account = searched(account, service, region);
    }
    if region == GLOBAL_REGION {
        account = searched(account, "iam-roles", region);
        account.answer_pages("iam:ListRoles", region, &[], Vec::new(), 100);
    }
    account.answer_pages("lambda:ListFunctions", region, &[], Vec::new(), 100);
    account.answer("opensearch:ListDomainNames", region, &[], json!({ "DomainNames": [] }));
    account
}

fn searched(mut account: Account, service: &str, region: &str) -> Account {
    let (account_id, service, region) = (ACCOUNT.to_owned(), service.to_owned(), region.to_owned());
    account.scope.searched.insert(Searched { account: account_id, service, region });
    account
}

/// One of each thing whose texts are searched, those on demand too; none names a pool.
fn searched_through(account: Account) -> Account {
    let function = format!("arn:aws:lambda:{P}:{ACCOUNT}:function:api");
    let account = account
        .push("iam:ListRoles", GLOBAL_REGION, json!({ "Arn": format!("arn:aws:iam::{ACCOUNT}:role/web") }))
        .push("lambda:ListFunctions", P, json!({ "FunctionArn": function, "PackageType": "Zip" }));
    let account = account.each("opensearch:ListDomainNames", P, |call| {
        call.response = Some(json!({ "DomainNames": [{ "DomainName": "logs" }] }));
    });
    let mut account =
        ["codebuild", "ecs", "lambda-code", "ssm"].into_iter().fold(account, |account, of| searched(account, of, P));
    let configuration = json!({ "Configuration": { "FunctionArn": function } });
    account.answer("lambda:GetFunction", P, &[("FunctionName", &function)], configuration);
    let domain = json!({ "DomainStatusList": [{ "ARN": format!("arn:aws:es:{P}:{ACCOUNT}:domain/logs"), "DomainName": "logs" }] });
    account.answer_listed("opensearch:DescribeDomains", P, ("DomainNames", "logs"), domain);
    account.answer_pages("codebuild:ListProjects", P, &[], vec![json!("build")], 100);
    let project =
        json!({ "projects": [{ "arn": format!("arn:aws:codebuild:{P}:{ACCOUNT}:project/build"), "name": "build" }] });
    account.answer_listed("codebuild:BatchGetProjects", P, ("names", "build"), project);
    let task = format!("arn:aws:ecs:{P}:{ACCOUNT}:task-definition/web:7");
    for (kind, identifier) in [("AWS::ECS::TaskDefinition", task.as_str()), ("AWS::SSM::Parameter", "/app/name")] {
        account.answer_pages(&list(kind), P, &[("TypeName", kind)], vec![item(identifier, json!({}))], 100);
        account = read(account, P, kind, identifier, json!({}));
    }
    account
}

/// A tree that is ready for the switch, and one of each thing whose texts are searched.
pub(crate) fn furnish(account: Account) -> Account {
    let both = |hit: &mut Hit| {
        hit.accepts_new = true;
        hit.text = new_issuer(POOL);
        "info".clone_into(&mut hit.severity);
    };
    let hits = vec![
        tree_hit("src/auth.ts", 12, |hit| hit.accepts_new = true),
        tree_hit("src/auth.ts", 13, both),
        tree_hit("package-lock.json", 700, |hit| {
            library(hit);
            hit.accepts_new = true;
        }),
    ];
    trust(searched_through(account).tree("acme/shop", hits), true)
}

/// To every verdict.
pub(crate) fn cases() -> Vec<(Account, Run)> {
    let ready = Account::ready;
    let plain = [
        ready().tree("acme/shop", Vec::new()),
        skipped(ready().tree("acme/shop", Vec::new()), "denied"),
        one(ready(), |_| {}),
        one(ready(), review),
        one(ready(), |hit| {
            review(hit);
            hit.accepts_new = true;
        }),
        one(ready(), library),
        one(ready(), by_prefix),
        one(ready(), without_pool),
        one(ready(), |hit| hit.evaluator = 0).in_tree(|scan| scan.evaluator = 0),
        ready().hit(P, "app", |hit| hit.evaluator = 0),
        furnish(ready()),
        trust(ready(), false),
        ready().stack(P, "app", "CREATE_COMPLETE").deny(TEMPLATE),
        trust(ready(), false).deny(DESCRIBE_POOL),
        ready().deny("iam:ListRoles"),
        ready().deny("lambda:ListFunctions"),
        ready().deny("opensearch:ListDomainNames"),
        furnish(ready()).deny("codebuild:BatchGetProjects"),
    ];
    let mut cases: Vec<(Account, Run)> = plain.into_iter().map(|account| (account, Run::default())).collect();
    let undecided = Run { target_issuer: TargetIssuer::Original, ..Run::default() };
    cases.extend(
        [one(ready(), |_| {}), one(ready(), library), one(ready(), review), trust(ready(), false)]
            .map(|account| (account.deny(DESCRIBE_POOL), undecided.clone())),
    );
    cases
}

/// One change that breaks one rule.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    let complete = Account::complete;
    vec![
        ("reference-accepts-new-issuer", one(complete(), |_| {})),
        ("reference-reviewed", one(complete(), review)),
        ("verifier-library-knows-new-issuer", one(complete(), library)),
        ("issuer-not-accepted-by-prefix", one(complete(), by_prefix)),
        ("role-trust-accepts-new-issuer", trust(complete(), false)),
        (
            "references-found-by-this-version",
            complete().tree("acme/shop", Vec::new()).in_tree(|scan| scan.evaluator = 0),
        ),
    ]
}
