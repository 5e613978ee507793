//! Folders as the script leaves them, whole and not.

#![allow(clippy::needless_pass_by_value, reason = "answers are made where they are handed over")]

use serde_json::json;

use super::*;

type Files = BTreeMap<String, Vec<u8>>;

const POOL: &str = "us-east-1_AbCdEfGhI";

/// A folder of a script that came to its end.
fn folder(asked: &Asked, records: &[Value]) -> Files {
    let mut files: Files = BTreeMap::from([
        (SCOPE.to_owned(), serde_json::to_vec(asked).unwrap()),
        (ABOUT.to_owned(), br#"{"cli":"aws-cli/2.40.0","home":"us-east-1","started":"2026-11-21T08:00:00Z"}"#.to_vec()),
        (REGIONS.to_owned(), br#"["us-east-1"]"#.to_vec()),
        (END.to_owned(), b"{}".to_vec()),
    ]);
    for (number, record) in (1..).zip(records) {
        files.insert(format!("calls/{number:06}.json"), record.to_string().into_bytes());
    }
    files
}

fn asked() -> Asked {
    Asked { pools: Some(BTreeSet::from([POOL.to_owned()])), ..Asked::default() }
}

fn record(call: &str, page: u32, parameters: Value, came: Value) -> Value {
    let mut record = json!({ "call": call, "region": "us-east-1", "page": page, "parameters": parameters,
        "time": "2026-11-21T08:00:00Z", "exit": i32::from(came.is_string()) });
    let name = if came.is_string() { "error" } else { "answer" };
    record[name] = came;
    record
}

fn identity() -> Value {
    record("sts:GetCallerIdentity", 1, json!({}), json!({ "Account": "111122223333" }))
}

fn calls(imported: &Imported) -> Vec<&Call> {
    imported.snapshot.calls().collect()
}

#[test]
fn pages_that_the_script_fetched_are_pages_and_a_list_that_broke_off_says_so() {
    let list = |page, came| record("cognito-idp:ListUserPoolReplicas", page, json!({ "UserPoolId": POOL }), came);
    let first = json!({ "UserPoolReplicas": [{ "RegionName": "us-west-2", "_": ["kept"] }], "NextToken": "t", "_": ["UserPoolReplicas", "NextToken"] });
    let second = json!({ "UserPoolReplicas": [], "NextToken": null });
    let pages = |came: Value| {
        let imported = read(&folder(&asked(), &[identity(), list(1, first.clone()), list(2, came)])).unwrap();
        calls(&imported)
            .iter()
            .filter(|call| call.service == "cognito-idp")
            .map(|call| (call.page, call.more, call.error.is_some(), call.dropped.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(pages(second), [(Some(1), true, false, 0), (Some(2), false, false, 0)]);
    assert_eq!(pages(json!("Connect timeout on endpoint URL")), [(Some(1), true, false, 0), (Some(2), false, true, 0)]);
    // The AWS CLI fetches the pages of other lists by itself, and no page is left.
    let whole = record("cognito-idp:ListUserPools", 1, json!({}), json!({ "UserPools": [{ "Id": POOL }] }));
    let imported = read(&folder(&asked(), &[whole])).unwrap();
    assert_eq!((calls(&imported)[0].page, calls(&imported)[0].more), (Some(1), false));
}

#[test]
fn the_account_is_that_of_sts_else_that_of_a_pools_arn() {
    let arn = format!("arn:aws:cognito-idp:us-east-1:444455556666:userpool/{POOL}");
    let described =
        record("cognito-idp:DescribeUserPool", 1, json!({ "UserPoolId": POOL }), json!({ "UserPool": { "Arn": arn } }));
    let mfa = record("cognito-idp:GetUserPoolMfaConfig", 1, json!({ "UserPoolId": POOL }), json!({}));
    for (records, account) in [
        (vec![identity(), described.clone()], "111122223333"),
        (vec![record("sts:GetCallerIdentity", 1, json!({}), json!("x")), described], "444455556666"),
        (vec![mfa], "unknown"),
    ] {
        let imported = read(&folder(&asked(), &records)).unwrap();
        assert!(calls(&imported).iter().all(|call| call.account == account));
        let scope = &imported.snapshot.header.scope;
        assert!(scope.pools.iter().all(|pool| pool.account == account) && scope.pools.len() == 1);
    }
}

#[test]
fn all_pools_of_a_region_are_those_that_it_lists() {
    let list = |region: &str, id: &str| {
        let mut list = record(
            "cognito-idp:ListUserPools",
            1,
            json!({}),
            json!({ "UserPools": [{ "Id": id }, { "Id": "no pool" }] }),
        );
        list["region"] = json!(region);
        list
    };
    let records = [identity(), list("us-east-1", POOL), list("eu-west-1", "eu-west-1_Other")];
    let imported = read(&folder(&Asked::default(), &records)).unwrap();
    let scope = &imported.snapshot.header.scope;
    assert_eq!(scope.pools.iter().map(|pool| pool.id.as_str()).collect::<Vec<_>>(), [POOL]);
    let account =
        AccountScope { account: "111122223333".to_owned(), regions: BTreeSet::from(["us-east-1".to_owned()]) };
    assert_eq!(scope.accounts, BTreeSet::from([account]));
    assert!(scope.searched.iter().any(|searched| searched.service == "iam-roles"));
}

#[test]
fn a_script_that_broke_off_leaves_a_partial_snapshot_that_still_names_where_to_look() {
    let mut files = folder(&asked(), &[identity()]);
    files.remove(END);
    files.remove(REGIONS);
    files.insert("calls/000002.json".to_owned(), b"{\"call\":\"kms:Desc".to_vec());
    files.insert(
        "calls/000003.json".to_owned(),
        record("kms:CreateKey", 1, json!({}), json!({})).to_string().into_bytes(),
    );
    files.insert(
        LEFT.to_owned(),
        b"{\"region\":\"us-east-1\",\"call\":\"cognito-idp:ListUsers\",\"why\":\"w\"}\n{\"region\":".to_vec(),
    );
    let imported = read(&files).unwrap();
    assert_eq!(imported.missing.len(), 3, "{:?}", imported.missing);
    let scope = &imported.snapshot.header.scope;
    assert!(scope.searched.iter().any(|searched| searched.service == "apigateway" && searched.region == "us-east-1"));
    assert!(scope.not_asked.iter().any(|unasked| unasked.call == "cognito-idp:ListUsers" && unasked.why == "w"));
    assert_eq!(scope.not_asked.iter().filter(|unasked| unasked.call == "lambda:GetFunction").count(), 1);
}

#[test]
fn what_was_planned_counts_where_no_option_speaks_of_the_pool() {
    let regions = |replica_regions: &[(&str, &str)]| {
        let text = |(of, region): &(&str, &str)| ((*of).to_owned(), (*region).to_owned());
        let asked = Asked {
            replica_regions: replica_regions.iter().map(text).collect(),
            planned: BTreeMap::from([(POOL.to_owned(), "eu-west-1".to_owned())]),
            ..asked()
        };
        read(&folder(&asked, &[identity()])).unwrap().snapshot.header.scope.replica_regions
    };
    assert_eq!(regions(&[])[POOL], "eu-west-1");
    assert_eq!(regions(&[("eu-west-1", "eu-west-2")]).len(), 2);
    assert_eq!(regions(&[("", "us-west-2")]).len(), 1);
    assert_eq!(regions(&[("us-east-1", "us-west-2")]).len(), 1);
}

#[test]
fn a_template_is_evaluated_with_what_the_other_answers_say() {
    let stack = "arn:aws:cloudformation:us-east-1:111122223333:stack/app/1";
    let template = json!({ "Outputs": { "I": { "Value": { "Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}" } } }, "Parameters": { "Pool": { "Type": "String" } },
        "Resources": { "Topic": { "Type": "AWS::SNS::Topic" } } });
    let parameters = json!([{ "ParameterKey": "Pool", "ParameterValue": POOL }]);
    let records = [
        identity(),
        record(
            "cloudformation:ListStacks",
            1,
            json!({}),
            json!({ "StackSummaries": [{ "StackId": stack, "StackName": "app" }] }),
        ),
        record(
            "cloudformation:DescribeStacks",
            1,
            json!({}),
            json!({ "Stacks": [{ "StackId": stack, "StackName": "app", "Parameters": parameters }] }),
        ),
        record("cloudformation:GetTemplate", 1, json!({ "StackName": stack }), json!({ "TemplateBody": template })),
    ];
    let imported = read(&folder(&asked(), &records)).unwrap();
    let hits: Vec<_> = imported.snapshot.hits().collect();
    assert_eq!((hits.len(), hits[0].container.as_str(), hits[0].pool_id.as_deref()), (1, "app", Some(POOL)));
    let text = serde_json::to_string(&imported.snapshot).unwrap();
    assert!(!text.contains("Fn::Sub") && !text.contains("ParameterValue"), "{text}");
    // What cannot be read is no evidence that nothing is in it.
    let broken =
        record("cloudformation:GetTemplate", 1, json!({ "StackName": stack }), json!({ "TemplateBody": "a: [" }));
    let imported = read(&folder(&asked(), &[identity(), broken])).unwrap();
    let error = calls(&imported).iter().find_map(|call| call.error.clone()).unwrap();
    assert_eq!(error.code, "TemplateSyntax");
}

#[test]
fn nothing_that_is_not_ours_is_read_or_removed() {
    for name in ["calls/000001.json", "scope.json", "new.error", "left.jsonl"] {
        assert!(is_ours(name), "{name}");
    }
    for name in ["calls/.json", "calls/a.json", "calls/../1.json", "calls/1.json.bak", "notes.txt", "1.json", ""] {
        assert!(!is_ours(name), "{name}");
    }
    assert_eq!(cli_version("aws-cli/2.1\u{1b}[31m planted of somebody"), "aws-cli/2.131mplantedofsomebody");
}

#[test]
fn a_folder_of_something_else_is_none() {
    for (name, text) in [(SCOPE, "{"), (ABOUT, "[]")] {
        let mut files = folder(&asked(), &[identity()]);
        files.insert(name.to_owned(), text.as_bytes().to_vec());
        let error = read(&files).unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
    assert!(matches!(read(&BTreeMap::new()), Err(ImportError::NotAFolder { .. })));
    let failed = record("sts:GetCallerIdentity", 1, json!({}), json!("Unable to locate credentials"));
    let error = read(&folder(&asked(), &[failed])).unwrap_err().to_string();
    assert_eq!(
        error,
        "not one call was answered; the first to fail was sts:GetCallerIdentity in us-east-1: Credentials"
    );
}
