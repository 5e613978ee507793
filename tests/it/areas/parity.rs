//! Evidence for the rules about parity: what both Regions answer, alike in the ready account.

use serde_json::{Value, json};

use crate::builder::{
    ACCOUNT, ANY, Account, CLIENT, CLIENTS, DESCRIBE_CLIENT, DESCRIBE_POOL, P, POOL, PROVIDERS, REPLICAS, Run, S,
    pool_arn,
};

/// The rules of this area that a person decides.
pub(crate) const PERSONS: &[&str] = &[];

const LIMIT: &str = "cognito-idp:GetProvisionedLimit";
const LOGS: &str = "cognito-idp:GetLogDeliveryConfiguration";
const TAGS: &str = "cognito-idp:ListTagsForResource";
const CERTIFICATE: &str = "cognito-idp:GetSigningCertificate";
const SERVERS: &str = "cognito-idp:ListResourceServers";
const DESCRIBE_PROVIDER: &str = "cognito-idp:DescribeIdentityProvider";
const WEB_ACL: &str = "wafv2:GetWebACLForResource";
const ENDPOINTS: &str = "cloudcontrol:ListResources AWS::EC2::VPCEndpoint";
const ENDPOINT: &str = "cloudcontrol:GetResource AWS::EC2::VPCEndpoint";
const ENDPOINT_TYPE: &str = "AWS::EC2::VPCEndpoint";

/// What is asked about a pool in P: the request rates and the interface endpoints of both Regions.
pub(crate) fn primary(mut account: Account, _pool: &str) -> Account {
    if account.calls.iter().any(|call| call.name() == LIMIT) {
        return account;
    }
    for region in [P, S] {
        for category in ["UserAuthentication", "UserFederation", "UserToken"] {
            let definition = format!(r#"{{"Attributes":{{"Category":"{category}"}},"LimitClass":"API_CATEGORY"}}"#);
            let limit = json!({ "Limit": { "FreeLimitValue": 120, "ProvisionedLimitValue": 120 } });
            account.answer(LIMIT, region, &[("LimitDefinition", &definition)], limit);
        }
        // A list of identifiers only, as Cloud Control may give it.
        let of_type = [("TypeName", ENDPOINT_TYPE)];
        account.answer_pages(ENDPOINTS, region, &of_type, vec![json!({ "Identifier": "vpce-1" })], 100);
        let storage = json!({ "ServiceName": format!("com.amazonaws.{region}.s3"), "State": "available" });
        let one = json!({ "ResourceDescription": { "Identifier": "vpce-1", "Properties": storage } });
        account.answer(ENDPOINT, region, &[("Identifier", "vpce-1"), ("TypeName", ENDPOINT_TYPE)], one);
    }
    account
}

fn web_acl() -> Value {
    json!({ "WebACL": {
        "Name": "login", "DefaultAction": { "Allow": {} }, "ManagedByFirewallManager": false,
        "Rules": [
            {
                "Name": "common", "Priority": 1, "OverrideAction": { "Count": {} },
                "Statement": {
                    "ManagedRuleGroupStatement": { "VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet" }
                }
            },
            {
                "Name": "rate", "Priority": 2, "Action": { "Block": {} },
                "Statement": { "RateBasedStatement": { "Limit": 300, "AggregateKeyType": "IP" } }
            }
        ]
    } })
}

/// What is asked in both Regions once there is a replica.
pub(crate) fn secondary(mut account: Account) -> Account {
    let ours = [("UserPoolId", POOL)];
    for region in [P, S] {
        let arn = pool_arn(region, POOL);
        let by_arn = [("ResourceArn", arn.as_str())];
        account.answer(WEB_ACL, region, &by_arn, web_acl());
        account.answer(TAGS, region, &by_arn, json!({ "Tags": { "Owner": "identity", "Environment": "prod" } }));
        let group = format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:cognito");
        let logs = json!({ "LogDeliveryConfiguration": { "UserPoolId": POOL, "LogConfigurations": [{
            "LogLevel": "ERROR", "EventSource": "userNotification",
            "CloudWatchLogsConfiguration": { "LogGroupArn": group }
        }] } });
        account.answer(LOGS, region, &ours, logs);
        account.answer(CERTIFICATE, region, &ours, json!({ "Certificate": "MIIC" }));
        let servers = vec![json!({
            "UserPoolId": POOL, "Identifier": "orders", "Name": "orders",
            "Scopes": [{ "ScopeName": "read", "ScopeDescription": "read" }]
        })];
        account.answer_pages(SERVERS, region, &ours, servers, 50);
    }
    // S lists and describes what P does.
    let copied = |name: &str| [CLIENTS, DESCRIBE_CLIENT, PROVIDERS].contains(&name);
    let mut theirs: Vec<_> =
        account.calls.iter().filter(|call| copied(&call.name()) && call.region == P).cloned().collect();
    theirs.retain(|call| call.parameters.get("UserPoolId") == Some(&json!(POOL)));
    for mut copy in theirs {
        S.clone_into(&mut copy.region);
        account.calls.push(copy);
    }
    account
}

/// With a SAML provider that both Regions describe alike.
pub(crate) fn federated(mut account: Account) -> Account {
    for region in [P, S] {
        account = account.push(PROVIDERS, region, json!({ "ProviderName": "corp", "ProviderType": "SAML" }));
        let provider = json!({ "IdentityProvider": {
            "UserPoolId": POOL, "ProviderName": "corp", "ProviderType": "SAML", "AttributeMapping": { "email": "mail" },
            "ProviderDetails": { "MetadataURL": "https://idp.example.com/metadata" }
        } });
        account.answer(DESCRIBE_PROVIDER, region, &[("ProviderName", "corp"), ("UserPoolId", POOL)], provider);
    }
    account
}

/// With an interface endpoint for user pools in this Region.
fn linked(account: Account, region: &str) -> Account {
    let service = format!("com.amazonaws.{region}.cognito-idp");
    account.set(ENDPOINT, region, "/ResourceDescription/Properties/ServiceName", service)
}

/// Without a domain, and without the flows that need one.
fn without_domain(account: Account) -> Account {
    let account = account.set(DESCRIBE_CLIENT, ANY, "/UserPoolClient/AllowedOAuthFlows", json!([]));
    account.unset(DESCRIBE_POOL, ANY, "/UserPool/CustomDomain")
}

/// Accounts in which rules pass that the complete one does not concern.
pub(crate) fn bases() -> Vec<Account> {
    let linked_in_both = linked(linked(Account::complete(), P), S);
    vec![federated(Account::complete()), without_domain(linked_in_both)]
}

/// To every verdict.
pub(crate) fn cases() -> Vec<(Account, Run)> {
    let complete = Account::complete;
    let accounts = [
        federated(complete()),
        federated(complete()).deny(CERTIFICATE),
        linked(complete(), P),
        without_domain(linked(complete(), P)),
        without_domain(linked(linked(complete(), P), S)),
        complete().deny(ENDPOINTS),
        complete().deny(LIMIT),
        complete().deny(WEB_ACL),
        complete().deny(TAGS),
        complete().deny(LOGS),
        complete().deny_in(DESCRIBE_POOL, S),
        complete().deny_in(CLIENTS, S),
        complete().deny(REPLICAS),
        Account::ready(),
    ];
    let accounts = accounts.into_iter().chain(breaks().into_iter().map(|(_, account)| account));
    accounts.map(|account| (account, Run::default())).collect()
}

/// One change that breaks one rule.
pub(crate) fn breaks() -> Vec<(&'static str, Account)> {
    let complete = Account::complete;
    let log_group = "/LogDeliveryConfiguration/LogConfigurations/0/CloudWatchLogsConfiguration/LogGroupArn";
    vec![
        ("global-settings-alike", complete().set(DESCRIBE_POOL, S, "/UserPool/DeletionProtection", "INACTIVE")),
        ("web-acl-in-replica", complete().set(WEB_ACL, S, "", json!({}))),
        ("web-acl-rules-alike", complete().set(WEB_ACL, S, "/WebACL/DefaultAction", json!({ "Block": {} }))),
        (
            "sign-in-rate-limited-in-replica",
            complete().set(WEB_ACL, ANY, "/WebACL/Rules/1/Action", json!({ "Count": {} })),
        ),
        (
            "log-sources-exported-in-replica",
            complete().set(LOGS, S, "/LogDeliveryConfiguration/LogConfigurations", json!([])),
        ),
        (
            "log-destinations-in-replica-region",
            complete().set(LOGS, S, log_group, format!("arn:aws:logs:{P}:{ACCOUNT}:log-group:cognito")),
        ),
        ("tags-alike", complete().set(TAGS, S, "/Tags/Environment", "sha256:other")),
        ("required-tags-alike", complete().unset(TAGS, S, "/Tags/Owner")),
        ("saml-certificates-alike", federated(complete()).set(CERTIFICATE, S, "/Certificate", "sha256:other")),
        ("request-rates-alike", complete().set(LIMIT, S, "/Limit/ProvisionedLimitValue", 60)),
        ("private-link-in-replica-region", without_domain(linked(complete(), P))),
        ("users-replicated", complete().set(DESCRIBE_POOL, S, "/UserPool/EstimatedNumberOfUsers", 0)),
    ]
}

/// What the only finding of this rule says.
fn said(account: &Account, rule: &str) -> String {
    account.attested().finding(rule).message.clone()
}

#[test]
fn what_differs_is_named() {
    let drift = |account: &Account| said(account, "global-settings-alike");
    let client = |value: Value| Account::complete().set(DESCRIBE_CLIENT, S, "/UserPoolClient/ExplicitAuthFlows", value);
    // The order of a list means nothing.
    let turned = client(json!(["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]));
    assert_eq!(drift(&turned), drift(&Account::complete()));
    let fewer = drift(&client(json!(["ALLOW_REFRESH_TOKEN_AUTH"])));
    assert!(fewer.contains(&format!("client web0 ({CLIENT}) /ExplicitAuthFlows")), "{fewer}");
    let gone = Account::complete().set(CLIENTS, S, "/UserPoolClients", json!([]));
    assert!(drift(&gone).contains(&format!("client web0 ({CLIENT}): in {P} only")), "{}", drift(&gone));
    let scope = Account::complete().set(SERVERS, S, "/ResourceServers/0/Scopes", json!([]));
    assert!(drift(&scope).contains("resource server orders /Scopes"), "{}", drift(&scope));
    let provider =
        federated(Account::complete()).set(DESCRIBE_PROVIDER, S, "/IdentityProvider/AttributeMapping", json!({}));
    assert!(drift(&provider).contains("identity provider corp /AttributeMapping/email"), "{}", drift(&provider));
}

#[test]
fn regional_settings_and_what_says_off_are_no_drift() {
    let base = Account::complete().unset(DESCRIBE_POOL, ANY, "/UserPool/UserPoolAddOns");
    let plain = said(&base, "global-settings-alike");
    for (pointer, value) in [
        ("/UserPool/EmailConfiguration/SourceArn", json!("arn:aws:ses:us-west-2:1:identity/example.com")),
        ("/UserPool/LastModifiedDate", json!("2026-11-01T00:00:00Z")),
        ("/UserPool/KeyConfiguration/KmsKeyArn", json!(crate::builder::key_arn(S))),
        ("/UserPool/UserPoolAddOns", json!({ "AdvancedSecurityMode": "OFF" })),
        ("/UserPool/AliasAttributes", json!([])),
    ] {
        assert_eq!(
            said(&base.clone().set(DESCRIBE_POOL, S, pointer, value), "global-settings-alike"),
            plain,
            "{pointer}"
        );
    }
}

#[test]
fn web_acls_are_compared_by_what_their_rules_do() {
    let rule = "web-acl-rules-alike";
    let changed = |pointer: &str, value: Value| said(&Account::complete().set(WEB_ACL, S, pointer, value), rule);
    let limit = changed("/WebACL/Rules/1/Statement/RateBasedStatement/Limit", json!(3000));
    assert!(limit.contains("rule rate: rate limit 300 in 300 s by IP in us-east-1, 3000"), "{limit}");
    let group = changed("/WebACL/Rules/0/Statement/ManagedRuleGroupStatement/Name", json!("AWSManagedRulesBotControl"));
    assert!(group.contains("rule common: rule group AWS AWSManagedRulesCommonRuleSet in us-east-1"), "{group}");
    let counting = changed("/WebACL/Rules/1/Action", json!({ "Count": {} }));
    assert!(counting.contains("rule rate: action Block in us-east-1, Count in us-west-2"), "{counting}");
    assert!(counting.contains("every rule in us-west-2 only counts"), "{counting}");
    let order = changed("/WebACL/Rules/1/Priority", json!(0));
    assert!(order.contains("the order of the rules"), "{order}");
    let fewer = changed("/WebACL/Rules", json!([]));
    assert!(fewer.contains("rule common: not in us-west-2, rule rate: not in us-west-2"), "{fewer}");
    // Other numbers in the same order do the same.
    let same = Account::complete().set(WEB_ACL, S, "/WebACL/Rules/1/Priority", 70);
    assert_eq!(said(&same, rule), said(&Account::complete(), rule));
}

#[test]
fn a_group_may_limit_the_rate_unseen() {
    let group =
        json!({ "RuleGroupReferenceStatement": { "ARN": "arn:aws:wafv2:us-west-2:1:regional/rulegroup/login/1a" } });
    let account = Account::complete()
        .set(WEB_ACL, ANY, "/WebACL/Rules/1/Statement", group)
        .set(WEB_ACL, ANY, "/WebACL/Rules/1/Action", json!(null))
        .set(WEB_ACL, ANY, "/WebACL/Rules/1/OverrideAction", json!({ "None": {} }));
    let judged = account.attested();
    let finding = judged.finding("sign-in-rate-limited-in-replica");
    assert_eq!(finding.verdict, mrready::model::Verdict::Unknown, "{}", finding.message);
    assert_eq!(judged.verdict("web-acl-rules-alike"), mrready::model::Verdict::Pass);
    // AWS's groups against bad input hold no such rule.
    let account = Account::complete().set(WEB_ACL, ANY, "/WebACL/Rules/1/Action", json!({ "Count": {} })).set(
        WEB_ACL,
        ANY,
        "/WebACL/Rules/0/OverrideAction",
        json!({ "None": {} }),
    );
    let judged = account.attested();
    assert_eq!(judged.verdict("sign-in-rate-limited-in-replica"), mrready::model::Verdict::Warn);
}

#[test]
fn what_is_of_another_shape_is_unknown_and_never_passes() {
    use mrready::model::Verdict;
    let odd = [json!("text"), json!(7), json!([7]), json!({ "odd": 7 }), json!(null)];
    for value in odd {
        for (rule, call, pointer) in [
            ("web-acl-in-replica", WEB_ACL, "/WebACL"),
            ("web-acl-rules-alike", WEB_ACL, "/WebACL/Rules"),
            ("sign-in-rate-limited-in-replica", WEB_ACL, "/WebACL/Rules"),
            ("log-sources-exported-in-replica", LOGS, "/LogDeliveryConfiguration"),
            ("log-destinations-in-replica-region", LOGS, "/LogDeliveryConfiguration/LogConfigurations"),
            ("tags-alike", TAGS, "/Tags"),
            ("request-rates-alike", LIMIT, "/Limit"),
            ("users-replicated", DESCRIBE_POOL, "/UserPool/EstimatedNumberOfUsers"),
        ] {
            let judged = Account::complete().set(call, S, pointer, value.clone()).attested();
            let verdict = judged.finding(rule).verdict;
            assert_ne!(verdict, Verdict::Pass, "{rule} {pointer} {value}");
        }
    }
}
