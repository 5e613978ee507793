//! Answers of the services around a pool: their forms on the wire, what of them is kept, and that none is asked for twice.

use serde_json::{Value, json};

use super::replay::{Asked, Reply};
use super::{ask, collect, count, request, world};
use crate::collect::live::ask::Query;
use crate::snapshot::{Call, ErrorKind};

fn alarms() -> Query {
    Query::new("cloudwatch", "DescribeAlarms", "us-east-1", &[])
}

/// A list without a length, a time in a tag, a token that is null: as CloudWatch writes.
#[test]
fn the_alarms_of_cloudwatch_are_read_from_cbor() {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.map(2).unwrap().str("MetricAlarms").unwrap().begin_array().unwrap();
    encoder.map(5).unwrap().str("AlarmName").unwrap().str("canary").unwrap();
    encoder.str("StateUpdatedTimestamp").unwrap().tag(minicbor::data::IanaTag::Timestamp).unwrap();
    encoder.f64(1.8e9).unwrap().str("Threshold").unwrap().f64(0.5).unwrap();
    encoder.str("AlarmDescription").unwrap().str("planted").unwrap();
    encoder.str("Dimensions").unwrap().array(1).unwrap().map(2).unwrap();
    encoder.str("Name").unwrap().str("CanaryName").unwrap().str("Value").unwrap().str("sign-in").unwrap();
    encoder.end().unwrap().str("NextToken").unwrap().null().unwrap();
    let body = encoder.into_writer();
    let (answers, calls, seen) = ask(&alarms(), move |_| Reply::cbor(body.clone()));
    assert_eq!((seen.len(), calls.len(), answers.pages.len()), (1, 1, 1));
    let kept = json!({ "MetricAlarms": [
        { "AlarmName": "canary", "Dimensions": [{ "Name": "CanaryName", "Value": "sign-in" }] }
    ] });
    assert_eq!(calls[0].response.as_ref(), Some(&kept));
    assert!(calls[0].dropped.contains(&"/MetricAlarms/*/AlarmDescription".to_owned()), "{:?}", calls[0].dropped);
    assert!(!format!("{calls:?}").contains("planted"));
}

#[test]
fn the_pages_of_alarms_are_read_to_the_last() {
    let (answers, calls, seen) = ask(&alarms(), |asked| {
        let (name, token) = if asked.text.contains("page-2") { ("b", None) } else { ("a", Some("page-2")) };
        let mut page = json!({ "MetricAlarms": [{ "AlarmName": name }] });
        if let Some(token) = token {
            page["NextToken"] = token.into();
        }
        Reply::cbor(world::cbor(&page))
    });
    assert_eq!((seen.len(), calls.len()), (2, 2));
    assert_eq!(answers.names("/MetricAlarms", "AlarmName").len(), 2);
}

#[test]
fn a_refusal_of_cloudwatch_is_read_from_cbor() {
    let (_, calls, seen) = ask(&alarms(), |_| {
        let message = "User: arn:aws:sts::1:assumed-role/R/planted is not authorized to perform: cloudwatch:DescribeAlarms \
            on resource: * because no identity-based policy allows the cloudwatch:DescribeAlarms action";
        let body = world::cbor(&json!({ "__type": "com.amazonaws.cloudwatch#AccessDenied", "message": message }));
        Reply::Answer { status: 403, header: "smithy-protocol: rpc-v2-cbor\r\n", body }
    });
    assert_eq!(seen.len(), 1);
    let error = calls[0].error.as_ref().unwrap();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Denied, "AccessDenied"));
    assert_eq!(error.missing_actions, ["cloudwatch:DescribeAlarms"]);
    assert!(!format!("{calls:?}").contains("planted"));
}

#[test]
fn what_is_no_cbor_is_unparsable() {
    let (_, calls, seen) = ask(&alarms(), |_| Reply::cbor(b"{\"MetricAlarms\":[]}".to_vec()));
    assert_eq!(seen.len(), 3);
    assert_eq!(calls[0].error.as_ref().unwrap().code, "Unparsable");
}

#[test]
fn a_health_check_of_route_53_ends_in_normal_form() {
    let query = Query::new("route53", "GetHealthCheck", "us-east-1", &[("HealthCheckId", "page")]);
    let (_, calls, _) = ask(&query, world::replicated);
    let config = json!({
        "Type": "HTTPS_STR_MATCH", "Port": 443, "Regions": ["eu-west-1", "us-west-1"], "Disabled": false
    });
    let kept = json!({ "HealthCheck": { "Id": "page", "HealthCheckConfig": config } });
    assert_eq!(calls[0].response.as_ref(), Some(&kept));
    assert!(calls[0].dropped.contains(&"/HealthCheck/HealthCheckConfig/SearchString".to_owned()));
    let query = Query::new("route53", "GetHealthCheck", "us-east-1", &[("HealthCheckId", "none")]);
    let (answers, calls, _) = ask(&query, |_| {
        let error = "<Error><Type>Sender</Type><Code>NoSuchHealthCheck</Code><Message>planted</Message></Error>";
        Reply::error(404, format!("<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"))
    });
    assert_eq!(answers.error.unwrap().kind, ErrorKind::NotFound);
    assert!(!format!("{calls:?}").contains("planted"));
}

#[test]
fn a_trust_policy_of_iam_is_one_text_without_external_ids() {
    assert!(world::TRUST_POLICY.contains("planted"));
    let query = Query::new("iam", "GetRole", "us-east-1", &[("RoleName", "sms")]);
    let (answers, calls, _) = ask(&query, world::replicated);
    let response = calls[0].response.as_ref().unwrap();
    let text = response["Role"]["AssumeRolePolicyDocument"].as_str().unwrap();
    let policy: Value = serde_json::from_str(text).unwrap();
    assert_eq!(policy["Statement"][0]["Principal"]["Service"], "cognito-idp.amazonaws.com");
    let id = policy["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"].to_string();
    assert!(id.contains("sha256:"), "{id}");
    // Not even before admission.
    assert!(!format!("{calls:?} {answers:?}").contains("planted"));
}

#[test]
fn the_limit_of_sns_is_a_member() {
    let query = Query::new("sns", "GetSMSAttributes", "us-east-1", &[]);
    let (_, calls, _) = ask(&query, world::replicated);
    assert_eq!(calls[0].response, Some(json!({ "attributes": { "MonthlySpendLimit": "100" } })));
}

/// A second pool with a replica in the same Region and domains of its own; all else is as for the first.
fn second(asked: &Asked) -> Reply {
    let reply = world::replicated(asked);
    let Reply::Answer { status, header, body } = &reply else { return reply };
    if !asked.text.contains("us-east-1_Pool2") {
        return reply;
    }
    let names = [(world::POOL, "us-east-1_Pool2"), ("\"prefix\"", "\"other\""), ("auth.", "auth2.")];
    let body = String::from_utf8(body.clone()).unwrap();
    let body = names.iter().fold(body, |body, (one, two)| body.replace(one, two));
    Reply::Answer { status: *status, header, body: body.into_bytes() }
}

#[test]
fn what_two_pools_share_is_asked_once() {
    let (result, seen, _) = collect(&request(&[world::POOL, "us-east-1_Pool2"]), second);
    let snapshot = result.unwrap();
    for region in ["us-east-1", "us-west-2"] {
        assert_eq!(count(&seen, "DescribeUserPool", region), 2);
        assert_eq!(count(&seen, "GetWebACLForResource", region), 2);
        assert_eq!(count(&seen, "DescribeKey", region), 1);
        assert_eq!(count(&seen, "GetProvisionedLimit", region), 3);
    }
    // What a replica's settings name, where they say it is.
    let once = [
        "/v2/email/account",
        "/v2/email/identities/example.com",
        "/v2/email/identities/alerts.example.com",
        "/v2/email/configuration-sets/codes",
        "GetSMSAttributes",
        "GetSMSSandboxAccountStatus",
    ];
    for operation in once {
        assert_eq!(count(&seen, operation, "us-west-2"), 1, "{operation}");
        assert_eq!(count(&seen, operation, "us-east-1"), 0, "{operation}");
    }
    // The replica's function and who may invoke it; and the functions of each Region.
    assert_eq!(seen.iter().filter(|asked| asked.service == "lambda").count(), 2 + 2);
    for operation in ["GetRole", "DescribeCertificate", "/2013-04-01/healthcheck/both"] {
        assert_eq!(seen.iter().filter(|asked| asked.operation == operation).count(), 1, "{operation}");
    }
    let questions: Vec<String> = snapshot.calls().map(question).collect();
    let mut unique = questions.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), questions.len());
}

/// The key of the custom senders may be the pool's own, whose policy is read anyway.
#[test]
fn the_policy_of_a_key_with_two_uses_is_asked_once() {
    let key = "arn:aws:kms:us-east-1:123456789012:key/mrk-1";
    let (result, seen, _) = collect(&request(&[world::POOL]), move |asked| {
        let reply = world::replicated(asked);
        let Reply::Answer { body, .. } = &reply else { return reply };
        if asked.operation != "DescribeUserPool" {
            return reply;
        }
        let mut pool: Value = serde_json::from_slice(body).unwrap();
        pool["UserPool"]["LambdaConfig"]["KMSKeyID"] = key.into();
        pool["UserPool"]["LambdaConfig"]["CustomSMSSender"] =
            json!({ "LambdaVersion": "V1_0", "LambdaArn": "arn:aws:lambda:us-west-2:123456789012:function:sms" });
        Reply::ok(pool.to_string())
    });
    assert!(result.is_ok());
    assert_eq!(count(&seen, "ListGrants", "us-east-1"), 1);
    let policies: Vec<_> = seen.iter().filter(|asked| asked.operation == "GetKeyPolicy").collect();
    assert_eq!(policies.iter().filter(|asked| asked.get("KeyId") == Some(key)).count(), 1, "{policies:#?}");
    // A function of your own sends the texts: who else could is not asked.
    assert!(seen.iter().all(|asked| asked.service != "sns"));
}

/// A call of the log as a question.
pub(super) fn question(call: &Call) -> String {
    format!("{} {} {} {:?}", call.name(), call.region, json!(call.parameters), call.page)
}
