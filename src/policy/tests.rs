//! Policies against requests: the documented key policy, its usual mistakes, and every element of the language.

use std::time::{Duration, Instant};

use super::cognito_key::{self, KeyPolicyVerdict};
use super::*;

const POOL: &str = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf";
const POOL_IN_S: &str = "arn:aws:cognito-idp:eu-central-1:111111111111:userpool/eu-central-1_AbCdEf";
const ACCOUNT: &str = "111111111111";
const IDP: &str = "cognito-idp.amazonaws.com";
const STORE: &str = "identitystore.amazonaws.com";

/// The key policy of Amazon Cognito's developer guide, for [`POOL`].
const DOCUMENTED: &str = r#"{
  "Version": "2012-10-17",
  "Id": "cognito-key",
  "Statement": [
    {
      "Sid": "crypto",
      "Effect": "Allow",
      "Principal": {"Service": ["cognito-idp.amazonaws.com", "identitystore.amazonaws.com"]},
      "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKeyWithoutPlainText"],
      "Resource": "*",
      "Condition": {
        "ArnEquals": {"aws:SourceArn": "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf"},
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "StringLike": {"kms:EncryptionContext:aws:cognito-idp:userpool-arn": "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf"}
      }
    },
    {
      "Sid": "describe",
      "Effect": "Allow",
      "Principal": {"Service": ["cognito-idp.amazonaws.com", "identitystore.amazonaws.com"]},
      "Action": "kms:DescribeKey",
      "Resource": "*",
      "Condition": {
        "ArnEquals": {"aws:SourceArn": "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf"},
        "StringEquals": {"aws:SourceAccount": "111111111111"}
      }
    },
    {
      "Sid": "caller-describe",
      "Effect": "Allow",
      "Principal": {"AWS": "*"},
      "Action": "kms:DescribeKey",
      "Resource": "*",
      "Condition": {"StringEquals": {"kms:ViaService": "cognito-idp.eu-west-1.amazonaws.com"}}
    },
    {
      "Sid": "caller-crypto",
      "Effect": "Allow",
      "Principal": {"AWS": "*"},
      "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKeyWithoutPlainText"],
      "Resource": "*",
      "Condition": {
        "StringEquals": {"kms:ViaService": "cognito-idp.eu-west-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:cognito-idp:userpool-arn": "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AbCdEf"}
      }
    },
    {
      "Sid": "admin",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
      "Action": "kms:*",
      "Resource": "*"
    }
  ]
}"#;

fn policy(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A policy of these statements.
fn statements(list: &str) -> Policy {
    policy(&format!(r#"{{"Version":"2012-10-17","Statement":[{list}]}}"#))
}

/// The documented policy with every occurrence of a text replaced, at least one.
fn documented_with(from: &str, to: &str) -> String {
    assert!(DOCUMENTED.contains(from), "nothing to replace: {from}");
    DOCUMENTED.replace(from, to)
}

/// The documented policy and one more statement.
fn documented_and(statement: &str) -> Policy {
    let start = DOCUMENTED.rfind(']').expect("the list of statements ends");
    policy(&format!("{},{statement}]}}", &DOCUMENTED[..start]))
}

/// A decision in one line: `yes 0`, `no`, `no by 1`, `no by 1 on k`, `no because of k`, `maybe k, l`.
fn short(decision: &Decision) -> String {
    let list = |keys: &Keys| keys.iter().cloned().collect::<Vec<_>>().join(", ");
    match decision {
        Decision::Allowed { by } => format!("yes {}", by.index),
        Decision::Denied { reason: DenialReason::NoAllow } => "no".into(),
        Decision::Denied { reason: DenialReason::Explicit { by, keys } } if keys.is_empty() => {
            format!("no by {}", by.index)
        }
        Decision::Denied { reason: DenialReason::Explicit { by, keys } } => {
            format!("no by {} on {}", by.index, list(keys))
        }
        Decision::Denied { reason: DenialReason::NoAllowBecauseOfCondition { keys, .. } } => {
            format!("no because of {}", list(keys))
        }
        Decision::Undecided { keys, .. } => format!("maybe {}", list(keys)),
    }
}

/// Checks every row and reports all that differ.
fn check(rows: impl IntoIterator<Item = (String, String, String)>) {
    let wrong: Vec<String> = rows
        .into_iter()
        .filter(|(_, got, wanted)| got != wanted)
        .map(|(what, got, wanted)| format!("{what}\n   got: {got}\nwanted: {wanted}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn service_request() -> Request {
    cognito_key::request(IDP, "kms:Encrypt", POOL, ACCOUNT)
}

fn aws_request(arn: &str) -> Request {
    let account = arn.split(':').nth(4).expect("an ARN").to_owned();
    Request { principal: Principal::Aws { arn: arn.to_owned(), account }, ..service_request() }
}

// --- the documented key policy and its mistakes ---

/// A verdict in one line.
fn short_verdict(verdict: &KeyPolicyVerdict) -> String {
    let list = |keys: &Keys| keys.iter().cloned().collect::<Vec<_>>().join(", ");
    let pairs = |what: &[cognito_key::Refused]| {
        what.iter()
            .map(|r| {
                let by = r.by.as_ref().map_or(String::new(), |s| format!("!{}", s.index));
                format!("{}:{}{by}", r.service.split('.').next().unwrap_or(""), r.action.trim_start_matches("kms:"))
            })
            .collect::<Vec<_>>()
            .join(" ")
    };
    match verdict {
        KeyPolicyVerdict::Allows => "allows".into(),
        KeyPolicyVerdict::ServiceAbsent { services } => format!("absent {}", services.join(" ")),
        KeyPolicyVerdict::Refuses { what } => format!("refuses {}", pairs(what)),
        KeyPolicyVerdict::RefusesByCondition { what, keys } => {
            format!("refuses {} because of {}", what.len(), list(keys))
        }
        KeyPolicyVerdict::Undecided { keys, .. } => format!("undecided {}", list(keys)),
    }
}

#[test]
fn describe_key_carries_no_encryption_context() {
    let merged = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"Service":["cognito-idp.amazonaws.com","identitystore.amazonaws.com"]},
        "Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKeyWithoutPlaintext","kms:DescribeKey"],
        "Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:aws:cognito-idp:userpool-arn":"POOL"}}}]}"#
        .replace("POOL", POOL);
    assert_eq!(judged(&policy(&merged)), "undecided kms:EncryptionContext:aws:cognito-idp:userpool-arn");
}

fn judged(policy: &Policy) -> String {
    short_verdict(&cognito_key::judge(policy, POOL, ACCOUNT))
}

#[test]
fn the_documented_key_policy_is_enough_for_its_pool() {
    let policy = policy(DOCUMENTED);
    assert_eq!(judged(&policy), "allows");
    for service in cognito_key::SERVICES {
        assert!(policy.names_service(service));
        for action in cognito_key::ACTIONS {
            let by = if action == "kms:DescribeKey" { (1, "describe") } else { (0, "crypto") };
            assert_eq!(
                policy.evaluate(&cognito_key::request(service, action, POOL, ACCOUNT)),
                Decision::Allowed { by: StatementRef { index: by.0, sid: Some(by.1.into()) } },
                "{service} {action}"
            );
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn usual_mistakes_in_a_key_policy_are_told_apart() {
    let both = r#"["cognito-idp.amazonaws.com", "identitystore.amazonaws.com"]"#;
    let rows: Vec<(&str, Policy, &str)> = vec![
        (
            "identity store forgotten",
            policy(&documented_with(both, r#""cognito-idp.amazonaws.com""#)),
            "absent identitystore.amazonaws.com",
        ),
        (
            "both services forgotten: the statements for callers do not stand in for them",
            policy(&documented_with(both, r#""lambda.amazonaws.com""#)),
            "absent cognito-idp.amazonaws.com identitystore.amazonaws.com",
        ),
        (
            "service in another case",
            policy(&documented_with("identitystore.amazonaws", "IdentityStore.amazonaws")),
            "absent identitystore.amazonaws.com",
        ),
        (
            "GenerateDataKey instead of GenerateDataKeyWithoutPlaintext",
            policy(&documented_with("GenerateDataKeyWithoutPlainText", "GenerateDataKey")),
            "refuses cognito-idp:GenerateDataKeyWithoutPlaintext identitystore:GenerateDataKeyWithoutPlaintext",
        ),
        (
            "GenerateDataKey* is more than enough",
            policy(&documented_with("GenerateDataKeyWithoutPlainText", "GenerateDataKey*")),
            "allows",
        ),
        (
            "ReEncryptTo only",
            policy(&documented_with("kms:ReEncrypt*", "kms:ReEncryptTo")),
            "refuses cognito-idp:ReEncryptFrom identitystore:ReEncryptFrom",
        ),
        (
            "ARN of the other Region's pool only",
            policy(&documented_with(POOL, POOL_IN_S)),
            // Not 12: the sample's own statement for callers might still let `DescribeKey` through.
            "refuses 10 because of aws:SourceArn, kms:EncryptionContext:aws:cognito-idp:userpool-arn",
        ),
        (
            "both ARNs",
            policy(&documented_with(&format!("\"{POOL}\""), &format!("[\"{POOL_IN_S}\", \"{POOL}\"]"))),
            "allows",
        ),
        (
            "another account: the sample's statements for callers leave a doubt",
            policy(&documented_with(
                r#""aws:SourceAccount": "111111111111""#,
                r#""aws:SourceAccount": "222222222222""#,
            )),
            "undecided Principal \"*\", kms:ViaService",
        ),
        (
            "another account, without the statements for callers",
            statements(&format!(
                r#"{{"Effect":"Allow","Principal":{{"Service":{both}}},"Action":"kms:*","Resource":"*",
                    "Condition":{{"StringEquals":{{"aws:SourceAccount":"222222222222"}}}}}}"#
            )),
            "refuses 12 because of aws:SourceAccount",
        ),
        (
            "source account alone is looser and accepted",
            statements(&format!(
                r#"{{"Effect":"Allow","Principal":{{"Service":{both}}},"Action":"kms:*","Resource":"*",
                    "Condition":{{"StringEquals":{{"aws:SourceAccount":"{ACCOUNT}"}}}}}}"#
            )),
            "allows",
        ),
        (
            "a service statement that needs kms:ViaService",
            policy(&documented_with(
                r#""StringEquals": {"aws:SourceAccount": "111111111111"}"#,
                r#""StringEquals": {"kms:ViaService": "cognito-idp.eu-west-1.amazonaws.com"}"#,
            )),
            "undecided Principal \"*\", kms:ViaService",
        ),
        (
            "the account's root only",
            statements(&format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"kms:*","Resource":"*"}}"#
            )),
            "absent cognito-idp.amazonaws.com identitystore.amazonaws.com",
        ),
        (
            "everybody, without a condition",
            statements(r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}"#),
            "undecided Principal \"*\"",
        ),
        (
            "everybody from the account's sources",
            statements(&format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":"*"}},"Action":"kms:*","Resource":"*",
                    "Condition":{{"StringEquals":{{"aws:SourceAccount":"{ACCOUNT}"}}}}}}"#
            )),
            "undecided Principal \"*\"",
        ),
        (
            "a member this code does not know",
            policy(&documented_with(r#""Sid": "describe","#, r#""Sid": "describe", "Until": "2030","#)),
            "undecided Principal \"*\", kms:ViaService, unknown member \"Until\"",
        ),
    ];
    check(rows.into_iter().map(|(what, policy, wanted)| (what.into(), judged(&policy), wanted.into())));
}

#[test]
fn guard_rails_hit_services_or_do_not() {
    let deny = |condition: &str| {
        documented_and(&format!(
            r#"{{"Sid":"rail","Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{condition}}}"#
        ))
    };
    let all: String = ["cognito-idp", "identitystore"]
        .iter()
        .flat_map(|s| cognito_key::ACTIONS.iter().map(move |a| format!(" {s}:{}!5", a.trim_start_matches("kms:"))))
        .collect();
    let rows: Vec<(&str, Policy, String)> = vec![
        (
            "organisation",
            deny(r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}"#),
            "undecided aws:PrincipalOrgID".into(),
        ),
        (
            "organisation, services exempt",
            deny(
                r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}"#,
            ),
            "allows".into(),
        ),
        ("no services", deny(r#"{"Bool":{"aws:PrincipalIsAWSService":"true"}}"#), format!("refuses{all}")),
        (
            "source organisation",
            deny(r#"{"StringNotEqualsIfExists":{"aws:SourceOrgID":"o-1"},"Null":{"aws:SourceOrgID":"false"}}"#),
            "undecided aws:SourceOrgID".into(),
        ),
        ("other pools only", deny(&format!(r#"{{"ArnNotLike":{{"aws:SourceArn":"{POOL}"}}}}"#)), "allows".into()),
        (
            "the other Region's pool only: whether that is ours, nobody documents",
            deny(&format!(r#"{{"ArnNotLike":{{"aws:SourceArn":"{POOL_IN_S}"}}}}"#)),
            "refuses 12 because of aws:SourceArn".into(),
        ),
        (
            "another account's sources",
            deny(r#"{"StringNotEquals":{"aws:SourceAccount":"222222222222"}}"#),
            format!("refuses{all}"),
        ),
        (
            "one action",
            documented_and(r#"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"KMS:decrypt","Resource":"*"}"#),
            "refuses cognito-idp:Decrypt!5 identitystore:Decrypt!5".into(),
        ),
        (
            "one service",
            documented_and(&format!(
                r#"{{"Effect":"Deny","Principal":{{"Service":"{STORE}"}},"NotAction":["kms:[a-c]*","kms:D*","kms:Re*","kms:G*"],"Resource":"*"}}"#
            )),
            "refuses identitystore:Encrypt!5".into(),
        ),
        (
            "all but root",
            documented_and(&format!(
                r#"{{"Effect":"Deny","NotPrincipal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"kms:*","Resource":"*"}}"#
            )),
            format!("refuses{all}"),
        ),
        (
            "all but the services",
            documented_and(&format!(
                r#"{{"Effect":"Deny","NotPrincipal":{{"AWS":"{ACCOUNT}","Service":["{IDP}","{STORE}"]}},"Action":"kms:*","Resource":"*"}}"#
            )),
            "allows".into(),
        ),
    ];
    check(rows.into_iter().map(|(what, policy, wanted)| (what.into(), judged(&policy), wanted)));
}

#[test]
fn the_first_kind_of_refusal_wins() {
    let crypto = |service: &str, actions: &str, account: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":{actions},"Resource":"*",
               "Condition":{{"StringEquals":{{"aws:SourceAccount":"{account}"}}}}}}"#
        )
    };
    let all = r#""kms:*""#;
    let some = r#"["kms:Encrypt","kms:Decrypt"]"#;
    let rows = [
        (crypto(IDP, all, ACCOUNT) + "," + &crypto(STORE, all, ACCOUNT), "allows"),
        (crypto(IDP, all, "2") + "," + &crypto(STORE, all, ACCOUNT), "refuses 6 because of aws:SourceAccount"),
        (
            crypto(IDP, all, "2") + "," + &crypto(STORE, r#"["kms:[]*","kms:E*","kms:D*","kms:R*"]"#, ACCOUNT),
            "refuses identitystore:GenerateDataKeyWithoutPlaintext",
        ),
        (crypto(IDP, some, ACCOUNT), "absent identitystore.amazonaws.com"),
    ];
    check(rows.into_iter().map(|(list, wanted)| (list.clone(), judged(&statements(&list)), wanted.into())));
}

// --- elements of the language ---

#[test]
fn principals_cover_who_they_name() {
    let role = "arn:aws:iam::111111111111:role/ops/Deployer";
    let session = "arn:aws:sts::111111111111:assumed-role/Deployer/me";
    let root = "arn:aws:iam::111111111111:root";
    let service = service_request();
    let federated = Request { principal: Principal::Federated("accounts.google.com".into()), ..service_request() };
    let anonymous = Request { principal: Principal::Anonymous, ..service_request() };
    let rows: Vec<(&str, &Request, &str, &str)> = vec![
        // element, who asks, what an Allow decides, what a Deny next to an Allow for the asker decides
        (r#""Principal":{"Service":"cognito-idp.amazonaws.com"}"#, &service, "yes 0", "no by 0"),
        (r#""Principal":{"Service":["a.amazonaws.com","cognito-idp.amazonaws.com"]}"#, &service, "yes 0", "no by 0"),
        (r#""Principal":{"AWS":"111111111111","Service":"cognito-idp.amazonaws.com"}"#, &service, "yes 0", "no by 0"),
        (r#""Principal":{"Service":"Cognito-idp.amazonaws.com"}"#, &service, "no", "yes 1"),
        (r#""Principal":{"Service":"cognito-idp.eu-west-1.amazonaws.com"}"#, &service, "no", "yes 1"),
        (r#""Principal":{"Service":"*"}"#, &service, "maybe Principal Service \"*\"", "maybe Principal Service \"*\""),
        (r#""Principal":{"AWS":"arn:aws:iam::111111111111:root"}"#, &service, "no", "yes 1"),
        (r#""Principal":{"AWS":"111111111111"}"#, &service, "no", "yes 1"),
        (r#""Principal":"*""#, &service, "maybe Principal \"*\"", "no by 0"),
        (r#""Principal":{"AWS":"*"}"#, &service, "maybe Principal \"*\"", "no by 0"),
        (r#""Principal":{"Robot":"x"}"#, &service, "maybe Principal Robot \"x\"", "maybe Principal Robot \"x\""),
        (r#""Principal":{"CanonicalUser":"abc"}"#, &service, "no", "yes 1"),
        (r#""Principal":{"Federated":"cognito-idp.amazonaws.com"}"#, &service, "no", "yes 1"),
        (r#""NotPrincipal":{"AWS":"111111111111"}"#, &service, "maybe NotPrincipal", "no by 0"),
        (r#""NotPrincipal":{"Service":"cognito-idp.amazonaws.com"}"#, &service, "no", "yes 1"),
        (r#""NotPrincipal":{"Service":"x.amazonaws.com"}"#, &service, "maybe NotPrincipal", "no by 0"),
        (r#""NotPrincipal":"*""#, &service, "maybe NotPrincipal", "maybe NotPrincipal"),
        (r#""Principal":{"Federated":"accounts.google.com"}"#, &federated, "yes 0", "no by 0"),
        (r#""Principal":{"Federated":"www.amazon.com"}"#, &federated, "no", "yes 1"),
        (r#""Principal":"*""#, &federated, "maybe Principal \"*\"", "no by 0"),
        (r#""Principal":"*""#, &anonymous, "yes 0", "no by 0"),
        (r#""Principal":{"AWS":"111111111111"}"#, &anonymous, "no", "yes 1"),
        (r#""NotPrincipal":{"AWS":"111111111111"}"#, &anonymous, "yes 0", "no by 0"),
    ];
    let (role_asks, session_asks, root_asks) = (aws_request(role), aws_request(session), aws_request(root));
    let rows = rows.into_iter().chain([
        (r#""Principal":"*""#, &role_asks, "yes 0", "no by 0"),
        (r#""Principal":{"AWS":"111111111111"}"#, &role_asks, "yes 0", "no by 0"),
        (r#""Principal":{"AWS":"arn:aws:iam::111111111111:root"}"#, &role_asks, "yes 0", "no by 0"),
        (r#""Principal":{"AWS":"arn:aws:iam::222222222222:root"}"#, &role_asks, "no", "yes 1"),
        (r#""Principal":{"AWS":"222222222222"}"#, &role_asks, "no", "yes 1"),
        (r#""Principal":{"AWS":"arn:aws:iam::111111111111:role/ops/Deployer"}"#, &role_asks, "yes 0", "no by 0"),
        (r#""Principal":{"AWS":"arn:aws:iam::111111111111:role/ops/Deployer"}"#, &session_asks, "yes 0", "no by 0"),
        (r#""Principal":{"AWS":"arn:aws:iam::111111111111:role/Other"}"#, &session_asks, "no", "yes 1"),
        (r#""Principal":{"AWS":"arn:aws:iam::222222222222:role/ops/Deployer"}"#, &session_asks, "no", "yes 1"),
        (r#""Principal":{"AWS":"arn:aws:iam::111111111111:role/ops/Deployer"}"#, &root_asks, "no", "yes 1"),
        (
            r#""Principal":{"AWS":"arn:aws:iam::111111111111:role/*"}"#,
            &role_asks,
            "maybe Principal AWS \"arn:aws:iam::111111111111:role/*\"",
            "maybe Principal AWS \"arn:aws:iam::111111111111:role/*\"",
        ),
        (r#""Principal":{"AWS":"arn:aws:iam::222222222222:role/*"}"#, &role_asks, "no", "yes 1"),
        (r#""Principal":{"AWS":"AIDAJQABLZS4A3QDU576Q"}"#, &role_asks, "no", "yes 1"),
        (
            r#""Principal":{"AWS":"somebody"}"#,
            &role_asks,
            "maybe Principal AWS \"somebody\"",
            "maybe Principal AWS \"somebody\"",
        ),
        (
            r#""Principal":{"CanonicalUser":"abc"}"#,
            &role_asks,
            "maybe Principal CanonicalUser \"abc\"",
            "maybe Principal CanonicalUser \"abc\"",
        ),
        (r#""Principal":{"Service":"cognito-idp.amazonaws.com"}"#, &role_asks, "no", "yes 1"),
        (r#""NotPrincipal":{"AWS":"222222222222"}"#, &role_asks, "yes 0", "no by 0"),
        (
            r#""NotPrincipal":{"AWS":["111111111111","arn:aws:iam::111111111111:role/ops/Deployer"]}"#,
            &session_asks,
            "no",
            "yes 1",
        ),
        (
            r#""NotPrincipal":{"AWS":"arn:aws:iam::111111111111:role/ops/Deployer"}"#,
            &session_asks,
            "maybe NotPrincipal",
            "maybe NotPrincipal",
        ),
        (r#""NotPrincipal":{"AWS":"arn:aws:iam::111111111111:root"}"#, &root_asks, "no", "yes 1"),
    ]);
    let base = r#"{"Effect":"Allow","Principal":{"AWS":"111111111111","Service":"cognito-idp.amazonaws.com","Federated":["accounts.google.com"]},"Action":"*","Resource":"*"}"#;
    check(rows.flat_map(|(element, request, allow, deny)| {
        let alone = statements(&format!(r#"{{"Effect":"Allow",{element},"Action":"*","Resource":"*"}}"#));
        let public = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
        let base = if request.principal == Principal::Anonymous { public } else { base };
        let against = statements(&format!(r#"{{"Effect":"Deny",{element},"Action":"*","Resource":"*"}},{base}"#));
        [
            (format!("Allow {element}"), short(&alone.evaluate(request)), allow.to_owned()),
            (format!("Deny {element}"), short(&against.evaluate(request)), deny.to_owned()),
        ]
    }));
}

#[test]
fn actions_match_without_case_and_with_wildcards() {
    let rows = [
        (r#""Action":"kms:Encrypt""#, "kms:Encrypt", "yes 0"),
        (r#""Action":"KMS:encrypt""#, "kms:Encrypt", "yes 0"),
        (r#""Action":"kms:GenerateDataKeyWithoutPlainText""#, "kms:GenerateDataKeyWithoutPlaintext", "yes 0"),
        (r#""Action":"kms:GenerateDataKey""#, "kms:GenerateDataKeyWithoutPlaintext", "no"),
        (r#""Action":["kms:Decrypt","kms:ReEncrypt*"]"#, "kms:ReEncryptFrom", "yes 0"),
        (r#""Action":"kms:?ncrypt""#, "kms:Encrypt", "yes 0"),
        (r#""Action":"*""#, "kms:Encrypt", "yes 0"),
        (r#""Action":"s3:*""#, "kms:Encrypt", "no"),
        (r#""Action":"kms:Enc""#, "kms:Encrypt", "no"),
        (r#""NotAction":"kms:Decrypt""#, "kms:Encrypt", "yes 0"),
        (r#""NotAction":["kms:Decrypt","KMS:E*"]"#, "kms:Encrypt", "no"),
    ];
    check(rows.into_iter().map(|(element, action, wanted)| {
        let policy =
            statements(&format!(r#"{{"Effect":"Allow","Principal":{{"Service":"{IDP}"}},{element},"Resource":"*"}}"#));
        let request = Request { action: action.into(), ..service_request() };
        (format!("{element} ~ {action}"), short(&policy.evaluate(&request)), wanted.into())
    }));
}

#[test]
fn resources_match_the_one_asked_for() {
    let function = "arn:aws:lambda:eu-west-1:111111111111:function:hook";
    let rows = [
        (r#""Resource":"*""#, None, "yes 0"),
        (r#""Resource":"*""#, Some(function), "yes 0"),
        ("", None, "yes 0"),
        ("", Some(function), "maybe no Resource"),
        (r#""Resource":"arn:aws:kms:x""#, None, "maybe Resource \"arn:aws:kms:x\""),
        (r#""Resource":"arn:aws:lambda:eu-west-1:111111111111:function:hook""#, Some(function), "yes 0"),
        (r#""Resource":"arn:aws:lambda:*:*:function:*""#, Some(function), "yes 0"),
        (r#""Resource":"arn:aws:lambda:*:hook""#, Some(function), "maybe Resource \"arn:aws:lambda:*:hook\""),
        (r#""Resource":["a","arn:aws:lambda:eu-west-1:111111111111:function:other"]"#, Some(function), "no"),
        (r#""Resource":"plain""#, Some("plain"), "yes 0"),
        (r#""NotResource":"arn:aws:lambda:*:*:function:hook""#, Some(function), "no"),
        (r#""NotResource":"arn:aws:lambda:*:*:function:other""#, Some(function), "yes 0"),
        (r#""NotResource":"*""#, None, "no"),
        (r#""Resource":"arn:aws:lambda:eu-west-1:${aws:SourceAccount}:function:hook""#, Some(function), "yes 0"),
        (r#""Resource":"arn:aws:lambda:eu-west-1:${aws:userid}:function:hook""#, Some(function), "maybe aws:userid"),
    ];
    check(rows.into_iter().map(|(element, resource, wanted)| {
        let comma = if element.is_empty() { "" } else { "," };
        let policy = statements(&format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"{IDP}"}},"Action":"*"{comma}{element}}}"#
        ));
        let request = Request { resource: resource.map(str::to_owned), ..service_request() };
        (element.to_owned(), short(&policy.evaluate(&request)), wanted.into())
    }));
}

/// The context of the operator table: `one` key of each shape.
fn context() -> Context {
    Context::new()
        .with("aws:SourceArn", [POOL])
        .with("text", ["Blue"])
        .with("star", ["*"])
        .with("two", ["a", "b"])
        .with("nothing", Vec::<String>::new())
        .with("number", ["10"])
        .with("date", ["2026-06-01T12:00:00Z"])
        .with("flag", ["true"])
        .with("ip", ["10.1.2.3"])
        .with("ip6", ["2001:db8::1"])
        .absent("gone")
        .with_value("secret", ContextValue::Digest("sha256:00ff".into()))
        .with_value("other", ContextValue::NoneOf(vec!["111111111111".into()]))
        .with_value("inside", ContextValue::ArnInAccount("111111111111".into()))
        .with_value("outside", ContextValue::ArnOutsideAccounts(vec!["111111111111".into()]))
}

#[test]
fn operators_hold_fail_or_name_their_key() {
    let rows = OPERATORS.iter().map(|(condition, wanted)| {
        let policy = statements(&format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"{IDP}"}},"Action":"*","Resource":"*","Condition":{condition}}}"#
        ));
        let decision = policy.evaluate(&Request { context: context(), ..service_request() });
        let got = match &decision {
            Decision::Allowed { .. } => "yes".into(),
            Decision::Denied { reason: DenialReason::NoAllowBecauseOfCondition { .. } } => "no".into(),
            Decision::Denied { .. } | Decision::Undecided { .. } => short(&decision),
        };
        ((*condition).to_owned(), got, (*wanted).to_owned())
    });
    check(rows);
}

const OPERATORS: &[(&str, &str)] = &[
    // strings
    (r#"{"StringEquals":{"text":"Blue"}}"#, "yes"),
    (r#"{"StringEquals":{"TEXT":["Red","Blue"]}}"#, "yes"),
    (r#"{"StringEquals":{"text":"blue"}}"#, "no"),
    (r#"{"StringEquals":{"text":"B*"}}"#, "no"),
    (r#"{"StringEquals":{"star":"*"}}"#, "yes"),
    (r#"{"StringEquals":{"unlisted":"x"}}"#, "maybe unlisted"),
    (r#"{"StringEquals":{"text":[]}}"#, "maybe text"),
    (r#"{"StringNotEquals":{"text":"Red"}}"#, "yes"),
    (r#"{"StringNotEquals":{"text":["Red","Blue"]}}"#, "no"),
    (r#"{"StringNotEquals":{"unlisted":"x"}}"#, "maybe unlisted"),
    (r#"{"StringEqualsIgnoreCase":{"text":"BLUE"}}"#, "yes"),
    (r#"{"StringEqualsIgnoreCase":{"text":"B*"}}"#, "no"),
    (r#"{"StringNotEqualsIgnoreCase":{"text":"BLUE"}}"#, "no"),
    (r#"{"StringLike":{"text":"B?u*"}}"#, "yes"),
    (r#"{"StringLike":{"text":"b*"}}"#, "no"),
    (r#"{"StringNotLike":{"text":"R*"}}"#, "yes"),
    (r#"{"StringNotLike":{"text":["R*","B*"]}}"#, "no"),
    (r#"{"stringequals":{"text":"Blue"}}"#, "yes"),
    // missing keys
    (r#"{"StringEquals":{"gone":"x"}}"#, "no"),
    (r#"{"StringNotEquals":{"gone":"x"}}"#, "yes"),
    (r#"{"StringEqualsIfExists":{"gone":"x"}}"#, "yes"),
    (r#"{"StringEqualsIfExists":{"text":"x"}}"#, "no"),
    (r#"{"StringEqualsIfExists":{"unlisted":"x"}}"#, "maybe unlisted"),
    (r#"{"StringNotEqualsIfExists":{"gone":"x"}}"#, "yes"),
    (r#"{"StringEquals":{"nothing":"x"}}"#, "no"),
    (r#"{"ArnNotEquals":{"gone":"arn:a:b:c:d:e"}}"#, "yes"),
    (r#"{"NumericLessThan":{"gone":"1"}}"#, "no"),
    (r#"{"NotIpAddress":{"gone":"10.0.0.0/8"}}"#, "yes"),
    // sets
    (r#"{"ForAllValues:StringEquals":{"two":["a","b","c"]}}"#, "yes"),
    (r#"{"ForAllValues:StringEquals":{"two":["a"]}}"#, "no"),
    (r#"{"ForAllValues:StringEquals":{"gone":"x"}}"#, "yes"),
    (r#"{"ForAllValues:StringEquals":{"nothing":"x"}}"#, "yes"),
    (r#"{"ForAllValues:StringNotEquals":{"two":["a"]}}"#, "no"),
    (r#"{"ForAllValues:StringNotEquals":{"two":["c"]}}"#, "yes"),
    (r#"{"ForAllValues:StringEquals":{"unlisted":"x"}}"#, "maybe unlisted"),
    (r#"{"ForAnyValue:StringEquals":{"two":["b","c"]}}"#, "yes"),
    (r#"{"ForAnyValue:StringEquals":{"two":["c"]}}"#, "no"),
    (r#"{"ForAnyValue:StringEquals":{"gone":"x"}}"#, "no"),
    (r#"{"ForAnyValue:StringNotEquals":{"gone":"x"}}"#, "no"),
    (r#"{"ForAnyValue:StringEqualsIfExists":{"gone":"x"}}"#, "yes"),
    (r#"{"ForAnyValue:StringNotEquals":{"two":["a"]}}"#, "yes"),
    (r#"{"ForAnyValue:StringNotEquals":{"two":["a","b"]}}"#, "no"),
    (r#"{"StringEquals":{"two":["a","b"]}}"#, "yes"),
    (r#"{"StringEquals":{"two":["a"]}}"#, "maybe two"),
    // ARNs
    (r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:cognito-idp:*:111111111111:userpool/*"}}"#, "yes"),
    (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:*:*:*:userpool/eu-west-1_AbCdE?"}}"#, "yes"),
    (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:*:userpool/eu-west-1_AbCdEf:*:*"}}"#, "no"),
    (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cognito-idp:*"}}"#, "maybe aws:SourceArn"),
    (r#"{"StringLike":{"aws:SourceArn":"arn:aws:cognito-idp:*"}}"#, "yes"),
    (r#"{"ArnLike":{"text":"arn:*:*:*:*:*"}}"#, "no"),
    (r#"{"ArnNotLike":{"text":"arn:*:*:*:*:*"}}"#, "yes"),
    (r#"{"ArnNotEquals":{"aws:SourceArn":"arn:aws:cognito-idp:*:222222222222:*"}}"#, "yes"),
    (r#"{"ArnNotLike":{"aws:SourceArn":"arn:aws:cognito-idp:*:111111111111:*"}}"#, "no"),
    // numbers
    (r#"{"NumericEquals":{"number":10}}"#, "yes"),
    (r#"{"NumericEquals":{"number":"10.0"}}"#, "yes"),
    (r#"{"NumericNotEquals":{"number":"9"}}"#, "yes"),
    (r#"{"NumericNotEquals":{"number":"10"}}"#, "no"),
    (r#"{"NumericLessThan":{"number":"11"}}"#, "yes"),
    (r#"{"NumericLessThan":{"number":"10"}}"#, "no"),
    (r#"{"NumericLessThanEquals":{"number":"10"}}"#, "yes"),
    (r#"{"NumericLessThanEquals":{"number":"9"}}"#, "no"),
    (r#"{"NumericGreaterThan":{"number":"9"}}"#, "yes"),
    (r#"{"NumericGreaterThan":{"number":"10"}}"#, "no"),
    (r#"{"NumericGreaterThanEquals":{"number":"10"}}"#, "yes"),
    (r#"{"NumericGreaterThanEquals":{"number":"11"}}"#, "no"),
    (r#"{"NumericEquals":{"number":"ten"}}"#, "maybe number"),
    (r#"{"NumericEquals":{"text":"10"}}"#, "maybe text"),
    // dates
    (r#"{"DateEquals":{"date":"2026-06-01T14:00:00+02:00"}}"#, "yes"),
    (r#"{"DateNotEquals":{"date":"2026-06-01T12:00:00Z"}}"#, "no"),
    (r#"{"DateLessThan":{"date":"2026-06-02"}}"#, "yes"),
    (r#"{"DateLessThan":{"date":"2026-06-01"}}"#, "no"),
    (r#"{"DateLessThanEquals":{"date":"2026-06-01T12:00:00Z"}}"#, "yes"),
    (r#"{"DateGreaterThan":{"date":"2026-06-01"}}"#, "yes"),
    (r#"{"DateGreaterThan":{"date":"2026-06-02"}}"#, "no"),
    (r#"{"DateGreaterThanEquals":{"date":"2026-06-01T12:00:00Z"}}"#, "yes"),
    (r#"{"DateGreaterThan":{"date":"soon"}}"#, "maybe date"),
    (r#"{"DateLessThan":{"aws:CurrentTime":"2026-06-02"}}"#, "maybe aws:CurrentTime"),
    // booleans, Null, bytes
    (r#"{"Bool":{"flag":"true"}}"#, "yes"),
    (r#"{"Bool":{"flag":true}}"#, "yes"),
    (r#"{"bool":{"flag":"False"}}"#, "no"),
    (r#"{"Bool":{"flag":"yes"}}"#, "maybe flag"),
    (r#"{"Bool":{"gone":"false"}}"#, "no"),
    (r#"{"BoolIfExists":{"gone":"false"}}"#, "yes"),
    (r#"{"Null":{"gone":"true"}}"#, "yes"),
    (r#"{"Null":{"gone":"false"}}"#, "no"),
    (r#"{"Null":{"text":"true"}}"#, "no"),
    (r#"{"Null":{"text":false}}"#, "yes"),
    (r#"{"Null":{"other":"false"}}"#, "yes"),
    (r#"{"Null":{"unlisted":"true"}}"#, "maybe unlisted"),
    (r#"{"Null":{"text":"perhaps"}}"#, "maybe text"),
    (r#"{"NullIfExists":{"text":"true"}}"#, "maybe operator \"NullIfExists\""),
    (r#"{"BinaryEquals":{"text":"QmluYXJ5"}}"#, "maybe text"),
    (r#"{"StringMatches":{"text":".*"}}"#, "maybe operator \"StringMatches\""),
    (r#"{"ForSomeValues:StringEquals":{"text":"Blue"}}"#, "maybe operator \"ForSomeValues:StringEquals\""),
    // addresses
    (r#"{"IpAddress":{"ip":["192.0.2.0/24","10.0.0.0/8"]}}"#, "yes"),
    (r#"{"IpAddress":{"ip":"192.0.2.0/24"}}"#, "no"),
    (r#"{"IpAddress":{"ip6":"2001:db8::/32"}}"#, "yes"),
    (r#"{"NotIpAddress":{"ip":"10.0.0.0/8"}}"#, "no"),
    (r#"{"NotIpAddress":{"ip":"2001:db8::/32"}}"#, "yes"),
    (r#"{"IpAddress":{"ip":"the office"}}"#, "maybe ip"),
    (r#"{"NotIpAddress":{"text":"10.0.0.0/8"}}"#, "maybe text"),
    // variables
    (r#"{"StringEquals":{"text":"${text}"}}"#, "yes"),
    (r#"{"StringLike":{"text":"${number}*"}}"#, "no"),
    (r#"{"StringEquals":{"text":"${unlisted}"}}"#, "maybe unlisted"),
    (r#"{"StringNotEquals":{"text":["Blue","${unlisted}"]}}"#, "no"),
    (r#"{"StringEquals":{"text":"${gone, 'Blue'}"}}"#, "yes"),
    (r#"{"StringLike":{"star":"${*}"}}"#, "yes"),
    (r#"{"StringLike":{"text":"${*}"}}"#, "no"),
    // values of which only digests are known
    (r#"{"StringEquals":{"secret":"sha256:00ff"}}"#, "yes"),
    (r#"{"StringEquals":{"secret":["sha256:aaaa","sha256:00ff"]}}"#, "yes"),
    (r#"{"StringEquals":{"secret":"sha256:aaaa"}}"#, "no"),
    (r#"{"StringEquals":{"secret":"plain"}}"#, "maybe secret"),
    (r#"{"StringEquals":{"secret":"md5:a9aaaaa"}}"#, "maybe secret"),
    (r#"{"StringEquals":{"secret":"sha256:00ff*"}}"#, "maybe secret"),
    (r#"{"StringNotEquals":{"secret":"sha256:00ff"}}"#, "no"),
    (r#"{"StringNotEquals":{"secret":"sha256:aaaa"}}"#, "yes"),
    (r#"{"StringLike":{"secret":"sha256:00ff"}}"#, "yes"),
    (r#"{"StringLike":{"secret":"sha256:aaaa"}}"#, "no"),
    (r#"{"StringLike":{"secret":"sha256:00ff*"}}"#, "maybe secret"),
    (r#"{"StringLike":{"secret":"*"}}"#, "yes"),
    (r#"{"StringNotLike":{"secret":"sha256:aaaa*"}}"#, "maybe secret"),
    (r#"{"StringEqualsIgnoreCase":{"secret":"sha256:00ff"}}"#, "yes"),
    (r#"{"StringEqualsIgnoreCase":{"secret":"sha256:aaaa"}}"#, "maybe secret"),
    (r#"{"ForAnyValue:StringEquals":{"secret":"sha256:00ff"}}"#, "yes"),
    (r#"{"Null":{"secret":"false"}}"#, "yes"),
    (r#"{"ArnEquals":{"secret":"arn:aws:x:y:z:*"}}"#, "maybe secret"),
    (r#"{"NumericEquals":{"secret":"7"}}"#, "maybe secret"),
    (r#"{"StringEquals":{"text":"${secret}"}}"#, "maybe secret"),
    // partly known values
    (r#"{"StringEquals":{"other":"111111111111"}}"#, "no"),
    (r#"{"StringNotEquals":{"other":"111111111111"}}"#, "yes"),
    (r#"{"StringEquals":{"other":"222222222222"}}"#, "maybe other"),
    (r#"{"StringLike":{"other":"*"}}"#, "yes"),
    (r#"{"StringEquals":{"other":"*"}}"#, "maybe other"),
    (r#"{"StringLike":{"other":"2*"}}"#, "maybe other"),
    (r#"{"ArnLike":{"outside":"arn:aws:iam::111111111111:role/*"}}"#, "no"),
    (r#"{"ArnNotLike":{"outside":"arn:aws:iam::111111111111:role/*"}}"#, "yes"),
    (r#"{"StringLike":{"outside":"arn:aws:iam::111111111111:role/*"}}"#, "no"),
    (r#"{"StringLike":{"outside":"arn:aws:*:111111111111:role/*"}}"#, "maybe outside"),
    (r#"{"ArnLike":{"outside":"arn:aws:iam::222222222222:role/*"}}"#, "maybe outside"),
    (r#"{"ArnLike":{"inside":"arn:aws:iam::222222222222:role/*"}}"#, "no"),
    (r#"{"ArnLike":{"inside":"arn:aws:iam::111111111111:role/*"}}"#, "maybe inside"),
    (r#"{"NumericEquals":{"other":"1"}}"#, "maybe other"),
    // several
    (r#"{"StringEquals":{"text":"Blue","two":["a","b"]},"Bool":{"flag":"true"}}"#, "yes"),
    (r#"{"StringEquals":{"text":"Blue"},"Bool":{"flag":"false"}}"#, "no"),
    (r#"{"StringEquals":{"text":"Red","unlisted":"x"}}"#, "no"),
    (r#"{"StringEquals":{"unlisted":"x"},"StringLike":{"hidden":"y"}}"#, "maybe hidden, unlisted"),
    ("{}", "yes"),
];

#[test]
fn variables_are_plain_text_before_2012() {
    let condition = r#"{"StringEquals":{"text":"${text}"}}"#;
    for (version, wanted) in [
        (r#""Version":"2012-10-17","#, "yes 0"),
        (r#""Version":"2008-10-17","#, "no because of text"),
        ("", "no because of text"),
    ] {
        let policy = policy(&format!(
            r#"{{{version}"Statement":{{"Effect":"Allow","Principal":{{"Service":"{IDP}"}},"Action":"*","Resource":"*","Condition":{condition}}}}}"#
        ));
        let decision = policy.evaluate(&Request { context: context(), ..service_request() });
        assert_eq!(short(&decision), wanted, "{version}");
    }
}

#[test]
fn statements_combine_in_kleene_logic() {
    let part = |effect: &str, principal: &str, condition: &str| {
        format!(
            r#"{{"Effect":"{effect}","Principal":{{"Service":"{principal}"}},"Action":"*","Resource":"*","Condition":{condition}}}"#
        )
    };
    let (yes, no, maybe) = ("{}", r#"{"StringEquals":{"text":"Red"}}"#, r#"{"StringEquals":{"k":"x"}}"#);
    let maybe_deny = r#"{"StringNotEquals":{"d":"x"}}"#;
    let (allow, deny) = (|c: &str| part("Allow", IDP, c), |c: &str| part("Deny", IDP, c));
    let rows = [
        (vec![], "no"),
        (vec![part("Allow", STORE, yes)], "no"),
        (vec![allow(no)], "no because of text"),
        (vec![part("Allow", STORE, yes), allow(no)], "no because of text"),
        (vec![allow(no), allow(yes)], "yes 1"),
        (vec![allow(maybe), allow(yes)], "yes 1"),
        (vec![allow(maybe)], "maybe k"),
        (vec![allow(maybe), allow(no)], "maybe k"),
        (vec![allow(yes), deny(yes)], "no by 1"),
        (vec![deny(yes), allow(yes)], "no by 0"),
        (vec![allow(yes), deny(no)], "yes 0"),
        (vec![allow(yes), deny(maybe_deny)], "maybe d"),
        (vec![allow(maybe), deny(maybe_deny)], "maybe d, k"),
        (vec![allow(maybe), allow(yes), deny(maybe_deny)], "maybe d"),
        (vec![allow(maybe), deny(yes)], "no by 1"),
        (vec![deny(maybe_deny)], "no"),
        (vec![allow(no), deny(maybe_deny)], "no because of text"),
        (vec![allow(yes), deny(maybe_deny), deny(yes)], "no by 2"),
        (vec![allow(yes), deny(r#"{"Bool":{"flag":"true"}}"#)], "no by 1 on flag"),
        (vec![deny(r#"{"Bool":{"flag":"true"}}"#), deny(yes)], "no by 0"),
        (
            vec![
                deny(r#"{"Bool":{"flag":"true"}}"#),
                deny(r#"{"Bool":{"flag":"true"},"StringEquals":{"text":"Blue"}}"#),
            ],
            "no by 0 on flag",
        ),
    ];
    check(rows.into_iter().map(|(parts, wanted)| {
        let list = parts.join(",");
        let decision = statements(&list).evaluate(&Request { context: context(), ..service_request() });
        (list, short(&decision), wanted.into())
    }));
}

#[test]
fn undecided_names_the_statements_too() {
    let policy = documented_and(
        r#"{"Sid":"rail","Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}"#,
    );
    let Decision::Undecided { statements, .. } = policy.evaluate(&service_request()) else {
        panic!("the guard-rail hangs on an undecided key")
    };
    assert_eq!(statements, [StatementRef { index: 5, sid: Some("rail".into()) }]);
    assert_eq!(statements[0].to_string(), "Statement[5] \"rail\"");
    assert_eq!(StatementRef { index: 2, sid: None }.to_string(), "Statement[2]");
}

#[test]
fn unknown_members_never_turn_a_no_into_a_yes() {
    let part = |effect: &str, service: &str, extra: &str| {
        format!(r#"{{"Effect":"{effect}","Principal":{{"Service":"{service}"}},"Action":"*","Resource":"*"{extra}}}"#)
    };
    let new = r#","New":{"x":[1]}"#;
    let rows = [
        (part("Allow", IDP, new), "maybe unknown member \"New\""),
        (part("Allow", STORE, new), "no"),
        (part("Allow", IDP, "") + "," + &part("Deny", IDP, new), "maybe unknown member \"New\""),
        (part("Allow", IDP, "") + "," + &part("Deny", STORE, new), "maybe unknown member \"New\""),
    ];
    check(rows.into_iter().map(|(list, wanted)| {
        let got = short(&statements(&list).evaluate(&service_request()));
        (list, got, wanted.into())
    }));
}

#[test]
fn only_an_allow_that_names_the_service_names_it() {
    let named = |list: &str| statements(list).names_service(IDP);
    assert!(named(
        r#"{"Effect":"Allow","Principal":{"AWS":"*","Service":["x","cognito-idp.amazonaws.com"]},"Action":"s3:*"}"#
    ));
    assert!(!named(r#"{"Effect":"Deny","Principal":{"Service":"cognito-idp.amazonaws.com"},"Action":"*"}"#));
    assert!(!named(r#"{"Effect":"Allow","NotPrincipal":{"Service":"cognito-idp.amazonaws.com"},"Action":"*"}"#));
    assert!(!named(r#"{"Effect":"Allow","Principal":"*","Action":"*"}"#));
    assert!(!named(r#"{"Effect":"Allow","Principal":{"Federated":"cognito-idp.amazonaws.com"},"Action":"*"}"#));
    assert!(!named(r#"{"Effect":"Allow","Principal":{"Service":"Cognito-IDP.amazonaws.com"},"Action":"*"}"#));
}

#[test]
fn a_trust_policy_and_a_function_policy_are_policies_too() {
    let trust = policy(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"cognito-idp.amazonaws.com"},
            "Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"e-1"}}}}"#,
    );
    let request = |external: &str| Request {
        principal: Principal::Service(IDP.into()),
        action: "sts:AssumeRole".into(),
        resource: None,
        context: Context::new().with("sts:ExternalId", [external]),
    };
    assert_eq!(short(&trust.evaluate(&request("e-1"))), "yes 0");
    assert_eq!(short(&trust.evaluate(&request("e-2"))), "no because of sts:ExternalId");

    let function = "arn:aws:lambda:eu-west-1:111111111111:function:hook";
    let lambda = statements(&format!(
        r#"{{"Sid":"pool","Effect":"Allow","Principal":{{"Service":"{IDP}"}},"Action":"lambda:InvokeFunction",
            "Resource":"{function}","Condition":{{"ArnLike":{{"AWS:SourceArn":"{POOL}"}}}}}}"#
    ));
    let request = |pool| Request {
        action: "lambda:InvokeFunction".into(),
        resource: Some(function.into()),
        ..cognito_key::request(IDP, "", pool, ACCOUNT)
    };
    assert_eq!(short(&lambda.evaluate(&request(POOL))), "yes 0");
    assert_eq!(short(&lambda.evaluate(&request(POOL_IN_S))), "no because of AWS:SourceArn");
}

// --- reading ---

#[test]
fn documents_that_could_hide_a_denial_are_refused() {
    let statement = |members: &str| format!(r#"{{"Statement":[{{{members}}}]}}"#);
    let good = r#""Effect":"Allow","Principal":"*","Action":"*""#;
    assert!(Policy::parse(&statement(good)).is_ok());
    let rows = [
        (String::new(), "not JSON"),
        ("{".into(), "not JSON"),
        (format!("{} x", statement(good)), "not JSON"),
        ("[]".into(), "at the document: an object is expected"),
        (r#"{"Version":"2012-10-17"}"#.into(), "it has no Statement"),
        (r#"{"Version":"2030-01-01","Statement":[]}"#.into(), "at Version: \"2030-01-01\""),
        (r#"{"Statement":[],"Statements":[]}"#.into(), "unknown member \"Statements\""),
        (r#"{"Statement":["x"]}"#.into(), "at Statement[0]: an object is expected"),
        (statement(r#""Principal":"*","Action":"*""#), "at Statement[0]: it has no Effect"),
        (statement(r#""Effect":"deny","Principal":"*","Action":"*""#), "at Statement[0].Effect: \"deny\""),
        (statement(r#""Effect":"Deny","Action":"*""#), "it has no Principal"),
        (statement(r#""Effect":"Deny","Principal":"*""#), "it has no Action"),
        (statement(r#""Effect":"Deny","Principal":"111111111111","Action":"*""#), "has no principal type"),
        (statement(r#""Effect":"Deny","Principal":{},"Action":"*""#), "it names nobody"),
        (
            statement(r#""Effect":"Deny","Principal":{"AWS":[]},"Action":"*""#),
            "at Statement[0].Principal.AWS: the list is empty",
        ),
        (statement(r#""Effect":"Deny","Principal":{"AWS":1},"Action":"*""#), "a string is expected"),
        (statement(r#""Effect":"Deny","Principal":"*","NotAction":[]"#), "the list is empty"),
        (statement(&format!(r#"{good},"NotPrincipal":"*""#)), "both Principal and NotPrincipal"),
        (statement(&format!(r#"{good},"NotAction":"*""#)), "both Action and NotAction"),
        (statement(&format!(r#"{good},"Resource":"*","NotResource":"*""#)), "both Resource and NotResource"),
        (statement(&format!(r#"{good},"Condition":[]"#)), "at Statement[0].Condition: an object is expected"),
        (statement(&format!(r#"{good},"Condition":{{"Bool":{{}}}}"#)), "it names no condition key"),
        (statement(&format!(r#"{good},"Condition":{{"Bool":{{"k":null}}}}"#)), "at Statement[0].Condition.Bool.k"),
        (
            statement(&format!(r#"{good},"Condition":{{"NumericEquals":{{"k":1e300}}}}"#)),
            "too large to be read exactly",
        ),
        (statement(&format!(r#"{good},"Effect":"Deny""#)), "the key \"Effect\" twice at Statement[0]"),
        (r#"{"Statement":[],"Statement":[]}"#.into(), "the key \"Statement\" twice at the document"),
        (
            statement(&format!(r#"{good},"Condition":{{"Bool":{{"k":"true","k":"false"}}}}"#)),
            "the key \"k\" twice at Statement[0].Condition.Bool",
        ),
        (statement(&format!(r#"{good},"New":[{{"a":1,"\u0061":2}}]"#)), "the key \"a\" twice at Statement[0].New[0]"),
    ];
    check(rows.into_iter().map(|(text, wanted)| {
        let got = Policy::parse(&text).err().map_or("read".into(), |error| error.to_string());
        let shown = if got.contains(wanted) { wanted.to_owned() } else { got };
        (text, shown, wanted.to_owned())
    }));
}

#[test]
fn one_or_many_is_the_same() {
    let one = policy(
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"a"},"Action":"b","Resource":"c","Condition":{"Bool":{"d":"true"}}}}"#,
    );
    let many = policy(
        r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":["a"]},"Action":["b"],"Resource":["c"],"Condition":{"Bool":{"d":[true]}}}]}"#,
    );
    assert_eq!(one, many);
    assert_eq!((one.version, one.statements.len()), (Version::V2008, 1));
    assert_eq!(policy(DOCUMENTED).id.as_deref(), Some("cognito-key"));
}

#[test]
fn hostile_documents_end_soon() {
    let began = Instant::now();
    let many = vec![r#"{"Effect":"Deny","Principal":"*","Action":"*"}"#; 100_000].join(",");
    assert!(matches!(
        Policy::parse(&format!(r#"{{"Statement":[{many}]}}"#)),
        Err(PolicyError::TooLarge { bytes }) if bytes > MAX_POLICY_BYTES
    ));
    assert!(matches!(Policy::parse(&"x".repeat(10_000_000)), Err(PolicyError::TooLarge { bytes: 10_000_000 })));
    assert!(matches!(Policy::parse(&"[".repeat(MAX_POLICY_BYTES)), Err(PolicyError::NotJson { .. })));

    let stars = "*a".repeat(50_000);
    let policy = statements(&format!(
        r#"{{"Effect":"Allow","Principal":{{"Service":"{IDP}"}},"Action":"*","Resource":"*","Condition":{{"StringLike":{{"k":"{stars}b"}}}}}}"#
    ));
    let request = Request { context: Context::new().with("k", ["a".repeat(100_000)]), ..service_request() };
    assert_eq!(short(&policy.evaluate(&request)), "no because of k");

    // A long name above many short ones must not be kept once for each.
    let keys: Vec<String> = (0..6_000).map(|n| format!(r#""{n}":"""#)).collect();
    let long = "X".repeat(50_000);
    let policy = statements(&format!(
        r#"{{"Effect":"Allow","Principal":"*","Action":"*","Condition":{{"{long}":{{{}}}}}}}"#,
        keys.join(",")
    ));
    assert!(policy.statements[0].conditions.iter().all(|c| c.spelled.len() == 64));

    let accounts: Vec<String> = (0..5_000).map(|n| format!("\"2{n:011}\"")).collect();
    let policy = statements(&format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":[{}]}},"Action":"kms:*","Resource":"*"}}"#,
        accounts.join(",")
    ));
    assert!(matches!(broad_key_admin(&policy, ACCOUNT), Broad::Undecided { .. }));
    assert!(began.elapsed() < Duration::from_secs(20));
}

// --- who may destroy the key ---

/// An answer in one line: `nobody`, `0 * kms:DisableKey`, `0 arn…@account …`, `maybe k in 0`.
fn broad(policy: &Policy) -> String {
    match broad_key_admin(policy, ACCOUNT) {
        Broad::Nobody => "nobody".into(),
        Broad::Known(grants) => grants
            .iter()
            .map(|g| {
                let account = g.account.as_ref().map_or(String::new(), |a| format!("@{a}"));
                let both = DESTRUCTIVE_ACTIONS.iter().all(|a| g.actions.iter().any(|b| a == b));
                let actions = if both && g.actions.len() == 2 { "both".into() } else { g.actions.join(" ") };
                format!("{} {}{account} {actions}", g.statement.index, g.principal)
            })
            .collect::<Vec<_>>()
            .join("; "),
        Broad::Undecided { keys, statements } => format!(
            "maybe {} in {}",
            keys.into_iter().collect::<Vec<_>>().join(", "),
            statements.iter().map(|s| s.index.to_string()).collect::<Vec<_>>().join(" ")
        ),
    }
}

#[test]
fn who_outside_the_account_may_destroy_the_key() {
    let allow = |principal: &str, condition: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":"kms:*","Resource":"*","Condition":{condition}}}"#
        )
    };
    let deny = |principal: &str, condition: &str| {
        format!(r#"{{"Effect":"Deny",{principal},"Action":"kms:*","Resource":"*","Condition":{condition}}}"#)
    };
    let everybody = r#"{"AWS":"*"}"#;
    let other_root = r#"{"AWS":"arn:aws:iam::222222222222:root"}"#;
    let other_role = r#"{"AWS":"arn:aws:iam::222222222222:role/Ops"}"#;
    let rows = [
        (allow(r#"{"AWS":"arn:aws:iam::111111111111:root"}"#, "{}"), "nobody"),
        (allow(r#"{"AWS":["111111111111","arn:aws:iam::111111111111:role/Ops"]}"#, "{}"), "nobody"),
        (allow(r#"{"Service":"cognito-idp.amazonaws.com"}"#, "{}"), "nobody"),
        (allow("\"*\"", "{}"), "0 * both"),
        (allow(everybody, "{}"), "0 * both"),
        (
            allow(everybody, "{}") + "," + &allow(other_root, "{}"),
            "0 * both; 1 arn:aws:iam::222222222222:root@222222222222 both",
        ),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":["kms:Describe*","kms:disablekey"],"Resource":"*"}"#.into(),
            "0 * kms:DisableKey",
        ),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":["kms:Encrypt","kms:DescribeKey"],"Resource":"*"}"#.into(),
            "nobody",
        ),
        (
            r#"{"Effect":"Allow","Principal":"*","NotAction":"kms:DisableKey","Resource":"*"}"#.into(),
            "0 * kms:ScheduleKeyDeletion",
        ),
        (allow(other_root, "{}"), "0 arn:aws:iam::222222222222:root@222222222222 both"),
        (allow(r#"{"AWS":"222222222222"}"#, "{}"), "0 222222222222@222222222222 both"),
        (allow(other_role, "{}"), "0 arn:aws:iam::222222222222:role/Ops@222222222222 both"),
        (
            allow(
                r#"{"AWS":["arn:aws:iam::222222222222:root","arn:aws:iam::333333333333:user/u","111111111111"]}"#,
                "{}",
            ),
            "0 arn:aws:iam::222222222222:root@222222222222 both; 0 arn:aws:iam::333333333333:user/u@333333333333 both",
        ),
        // conditions on the caller
        (allow(everybody, r#"{"StringEquals":{"kms:CallerAccount":"111111111111"}}"#), "nobody"),
        (allow(everybody, r#"{"StringEquals":{"aws:PrincipalAccount":"111111111111"}}"#), "nobody"),
        (allow(everybody, r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/*"}}"#), "nobody"),
        (
            allow(everybody, r#"{"StringEquals":{"kms:CallerAccount":["111111111111","222222222222"]}}"#),
            "0 *@222222222222 both",
        ),
        (allow(everybody, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#), "maybe aws:PrincipalOrgID in 0"),
        (allow(everybody, r#"{"StringNotEquals":{"kms:CallerAccount":"111111111111"}}"#), "0 * both"),
        (allow(everybody, r#"{"StringLike":{"kms:CallerAccount":"2*"}}"#), "maybe kms:CallerAccount in 0"),
        (
            allow(everybody, r#"{"StringEquals":{"kms:ViaService":"x"},"Bool":{"aws:PrincipalIsAWSService":"true"}}"#),
            "nobody",
        ),
        (
            allow(everybody, r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/Ops"}}"#),
            "maybe aws:PrincipalArn in 0",
        ),
        (
            allow(other_role, r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/Ops"}}"#),
            "0 arn:aws:iam::222222222222:role/Ops@222222222222 both",
        ),
        (allow(other_root, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#), "maybe aws:PrincipalOrgID in 0"),
        // denials count
        (allow("\"*\"", "{}") + "," + &deny(r#""Principal":"*""#, "{}"), "nobody"),
        (
            allow("\"*\"", "{}")
                + ","
                + &deny(r#""Principal":"*""#, r#"{"StringNotEquals":{"kms:CallerAccount":"111111111111"}}"#),
            "nobody",
        ),
        (
            allow("\"*\"", "{}")
                + ","
                + &deny(
                    r#""Principal":"*""#,
                    r#"{"StringNotEquals":{"aws:PrincipalAccount":["111111111111","222222222222"]}}"#,
                ),
            "0 *@222222222222 both",
        ),
        (
            allow("\"*\"", "{}")
                + ","
                + &deny(r#""Principal":"*""#, r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}"#),
            "maybe aws:PrincipalOrgID in 1",
        ),
        (allow(other_root, "{}") + "," + &deny(r#""Principal":{"AWS":"222222222222"}"#, "{}"), "nobody"),
        (
            allow("\"*\"", "{}") + "," + &deny(r#""NotPrincipal":{"AWS":"arn:aws:iam::111111111111:root"}"#, "{}"),
            "nobody",
        ),
        (
            allow(other_root, "{}")
                + ","
                + r#"{"Effect":"Deny","Principal":"*","Action":"kms:DisableKey","Resource":"*"}"#,
            "0 arn:aws:iam::222222222222:root@222222222222 kms:ScheduleKeyDeletion",
        ),
        // everybody but some, and what nobody can tell
        (
            r#"{"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"},"Action":"kms:*","Resource":"*"}"#.into(),
            "0 NotPrincipal both",
        ),
        (allow(r#"{"CanonicalUser":"abc"}"#, "{}"), "maybe Principal CanonicalUser \"abc\" in 0"),
        (allow(r#"{"AWS":"arn:aws:iam::111111111111:role/*"}"#, "{}"), "nobody"),
        (allow(r#"{"AWS":"arn:aws:iam::*:role/Ops"}"#, "{}"), "maybe Principal AWS \"arn:aws:iam::*:role/Ops\" in 0"),
        // a hit decides, whatever else is doubtful
        (
            allow(everybody, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#) + "," + &allow(other_root, "{}"),
            "1 arn:aws:iam::222222222222:root@222222222222 both",
        ),
    ];
    check(rows.into_iter().map(|(list, wanted)| {
        let got = broad(&statements(&list));
        (list, got, wanted.to_owned())
    }));
    assert_eq!(broad(&policy(DOCUMENTED)), "nobody");
}

#[test]
fn the_policies_of_one_resource_count_together() {
    let allow = |condition: &str| {
        statements(&format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"{IDP}"}},"Action":"kms:*","Resource":"*","Condition":{condition}}}"#
        ))
    };
    let deny = |condition: &str| {
        statements(&format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{condition}}}"#
        ))
    };
    let rows = [
        ("none", vec![], "no"),
        ("one of two allows", vec![allow(r#"{"StringEquals":{"aws:SourceAccount":"2"}}"#), allow("{}")], "yes 0"),
        ("the second denies", vec![allow("{}"), deny("{}")], "no by 0"),
        (
            "a doubtful denial in another policy is not lost",
            vec![allow("{}"), deny(r#"{"StringEquals":{"unlisted":"x"}}"#)],
            "maybe unlisted",
        ),
        (
            "a doubtful Allow makes no difference to a sure one",
            vec![allow("{}"), allow(r#"{"StringEquals":{"unlisted":"x"}}"#)],
            "yes 0",
        ),
    ];
    check(rows.into_iter().map(|(what, policies, wanted)| {
        (what.to_owned(), short(&evaluate_all(&policies, &service_request())), wanted.to_owned())
    }));
}
