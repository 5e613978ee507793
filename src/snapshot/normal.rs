//! One form for every answer: the API model's member names, no nulls, RFC 3339 times, texts as AWS sent them.
//!
//! Live answers, AWS CLI output and replays of one answer end up equal here; and so do errors, from which only code,
//! status and missing IAM actions are kept. Never the caller's identity, never AWS's free text.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::entry::{CallError, ErrorKind};
use super::operations::{Operation, Protocol, XmlKind};
use super::{cbor, xml};
use crate::policy::trust::digest_external_ids;

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The bytes of the HTTP body.
    Wire,
    /// The output of the AWS CLI (`--output json`).
    Cli,
}

/// One page in normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The answer without its token.
    pub answer: Value,
    /// The token of the next page.
    pub next: Option<String>,
    /// Whether an embedded template arrived as text, so that lines mean something.
    pub template_is_text: bool,
}

/// Brings the body of a successful answer to normal form; the error says what is wrong with it, without its content.
pub fn page(operation: &Operation, form: Form, body: &[u8]) -> Result<Page, String> {
    let wire = form == Form::Wire;
    let mut answer = match operation.protocol {
        Protocol::Query | Protocol::RestXml if wire => {
            let mut answer = xml::parse(body)?;
            for (pattern, kind) in operation.xml {
                typed(&mut answer, &steps(pattern), *kind);
            }
            answer
        }
        Protocol::Cbor if wire => cbor::parse(body)?,
        Protocol::AwsJson
        | Protocol::RestJson
        | Protocol::RestJsonCamel
        | Protocol::Query
        | Protocol::RestXml
        | Protocol::Cbor => {
            serde_json::from_slice(body).map_err(|error| format!("not JSON (line {})", error.line()))?
        }
    };
    if wire && operation.protocol == Protocol::RestJsonCamel {
        capitalise(&mut answer);
    }
    let Value::Object(members) = &mut answer else { return Err("not an object".to_owned()) };
    if wire
        && operation.protocol == Protocol::RestJson
        && let Some(items) = members.remove("item")
    {
        // API Gateway writes a list of one element as that element.
        let items = if items.is_array() { items } else { Value::Array(vec![items]) };
        members.insert("items".to_owned(), items);
    }
    let mut next = None;
    for token in operation.tokens {
        if let Some(Value::String(token)) = members.remove(*token)
            && !token.is_empty()
        {
            next = Some(token);
        }
    }
    for noise in ["ResponseMetadata", "nextToken", "NextToken"] {
        members.remove(noise);
    }
    let template_is_text = members.get("TemplateBody").is_none_or(Value::is_string);
    if !template_is_text && let Some(body) = members.get_mut("TemplateBody") {
        *body = Value::String(body.to_string());
    }
    strip_nulls(&mut answer);
    for pattern in operation.times {
        times(&mut answer, &steps(pattern));
    }
    if operation.service == "cloudcontrol" {
        properties(&mut answer);
    }
    if matches!((operation.service, operation.name), ("iam", "GetRole" | "ListRoles")) {
        trust_policy(&mut answer);
    }
    if (operation.service, operation.name) == ("sts", "GetCallerIdentity") {
        strip_session(&mut answer);
    }
    // A paged list that AWS left out is an empty list only if it is written that way; an answer without it is broken.
    if let Some(items) = operation.items
        && answer.pointer(items).is_none_or(|items| !items.is_array())
    {
        let known_to_omit = !matches!(operation.protocol, Protocol::AwsJson);
        match (&mut answer, known_to_omit) {
            (Value::Object(members), true) if !members.contains_key(&items[1..]) => {
                members.insert(items[1..].to_owned(), Value::Array(Vec::new()));
            }
            _ => return Err(format!("no list at {items}")),
        }
    }
    Ok(Page { answer, next, template_is_text })
}

/// `apiId` to `ApiId`, at every depth.
fn capitalise(value: &mut Value) {
    match value {
        Value::Object(members) => {
            *members = std::mem::take(members)
                .into_iter()
                .map(|(name, mut value)| {
                    capitalise(&mut value);
                    let mut letters = name.chars();
                    let name =
                        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
                    (name, value)
                })
                .collect::<Map<_, _>>();
        }
        Value::Array(items) => items.iter_mut().for_each(capitalise),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Epoch seconds, or ISO 8601 with any offset, to RFC 3339 in UTC with whole milliseconds; what is neither stays.
fn times(value: &mut Value, parts: &[&str]) {
    match parts {
        [] => {
            let time = match &*value {
                Value::Number(seconds) => seconds.as_f64().and_then(|seconds| {
                    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any date fit an i64")]
                    let milliseconds = (seconds * 1000.0).round() as i64;
                    Timestamp::from_millisecond(milliseconds).ok()
                }),
                Value::String(text) => {
                    text.parse::<Timestamp>().ok().and_then(|t| Timestamp::from_millisecond(t.as_millisecond()).ok())
                }
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
            };
            if let Some(time) = time {
                *value = Value::String(time.to_string());
            }
        }
        ["*", rest @ ..] => {
            value.as_array_mut().into_iter().flatten().for_each(|item| times(item, rest));
        }
        [name, rest @ ..] => {
            if let Some(member) = value.get_mut(*name) {
                times(member, rest);
            }
        }
    }
}

fn steps(pattern: &str) -> Vec<&str> {
    pattern.split('/').skip(1).collect()
}

/// Gives a member of an XML answer the type it has in the model; text that does not fit stays text.
fn typed(value: &mut Value, parts: &[&str], kind: XmlKind) {
    match parts {
        [] => {
            let text = value.as_str();
            let new = match kind {
                XmlKind::Boolean => text.and_then(|text| text.parse::<bool>().ok()).map(Value::from),
                XmlKind::Integer => text.and_then(|text| text.parse::<i64>().ok()).map(Value::from),
                XmlKind::List(name) => match value {
                    Value::String(text) if text.trim().is_empty() => Some(Value::Array(Vec::new())),
                    Value::Object(members) => members.remove(name).map(listed),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
                },
                XmlKind::Map => match value {
                    Value::String(text) if text.trim().is_empty() => Some(Value::Object(Map::new())),
                    Value::Object(members) => members.remove("entry").map(|entries| {
                        let Value::Array(entries) = listed(entries) else { return Value::Object(Map::new()) };
                        let pairs = entries.iter().filter_map(|entry| {
                            Some((entry.get("key")?.as_str()?.to_owned(), entry.get("value")?.clone()))
                        });
                        Value::Object(pairs.collect())
                    }),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
                },
            };
            if let Some(new) = new {
                *value = new;
            }
        }
        ["*", rest @ ..] => value.as_array_mut().into_iter().flatten().for_each(|item| typed(item, rest, kind)),
        [name, rest @ ..] => {
            if let Some(member) = value.get_mut(*name) {
                typed(member, rest, kind);
            }
        }
    }
}

fn listed(value: Value) -> Value {
    if value.is_array() { value } else { Value::Array(vec![value]) }
}

/// Cloud Control writes a resource's properties as JSON text.
fn properties(answer: &mut Value) {
    let parse = |description: &mut Value| {
        if let Some(properties) = description.get_mut("Properties")
            && let Some(parsed) = properties.as_str().and_then(|text| serde_json::from_str(text).ok())
        {
            *properties = parsed;
        }
    };
    if let Some(one) = answer.get_mut("ResourceDescription") {
        parse(one);
    }
    answer.get_mut("ResourceDescriptions").and_then(Value::as_array_mut).into_iter().flatten().for_each(parse);
    strip_nulls(answer);
}

/// IAM sends a trust policy percent-encoded, the AWS CLI shows it as an object: one text, without external ids.
/// A document that cannot be read is dropped: what it holds is not known.
fn trust_policy(answer: &mut Value) {
    let readable = |role: &mut Value| {
        let Some(document) = role.get_mut("AssumeRolePolicyDocument") else { return };
        let text = document.as_str().map_or_else(|| document.to_string(), str::to_owned);
        *document = digest_external_ids(&text, super::admit::digest).map_or(Value::Null, Value::String);
    };
    if let Some(role) = answer.get_mut("Role") {
        readable(role);
    }
    answer.get_mut("Roles").and_then(Value::as_array_mut).into_iter().flatten().for_each(readable);
    strip_nulls(answer);
}

/// `arn:aws:sts::1:assumed-role/Role/session` without the session; `UserId` ends in it and is not admitted at all.
fn strip_session(answer: &mut Value) {
    if let Some(Value::String(arn)) = answer.get_mut("Arn")
        && (arn.contains(":assumed-role/") || arn.contains(":federated-user/"))
        && let Some(end) = arn.rfind('/')
    {
        arn.truncate(end);
    }
}

/// What is kept of an error. `message` is read for AWS's own words on the missing action and not kept.
pub fn error(operation: &Operation, code: &str, status: Option<u16>, message: &str) -> CallError {
    let kind = error_kind(operation, code, status, message);
    let code: String =
        code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).take(80).collect();
    let code = if code.is_empty() { "Unknown".to_owned() } else { code };
    if kind != ErrorKind::Denied {
        return CallError { kind, code, status, missing_actions: Vec::new(), detail: None };
    }
    let named = action_in(message);
    // API Gateway names methods on paths; the table's action is the one a policy takes.
    let mut missing_actions: Vec<String> = match named {
        Some(action) => vec![action],
        None => operation.iam.iter().map(|action| (*action).to_owned()).collect(),
    };
    missing_actions.sort();
    CallError { kind, code, status, missing_actions, detail: refusing_policy(message).map(str::to_owned) }
}

fn error_kind(operation: &Operation, code: &str, status: Option<u16>, message: &str) -> ErrorKind {
    let code = code.rsplit(['#', '.']).next().unwrap_or(code);
    match code {
        // Credentials that are wrong or too old say nothing about permissions.
        "ExpiredToken"
        | "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature" => ErrorKind::Failed,
        "AccessDenied"
        | "AccessDeniedException"
        | "NotAuthorizedException"
        | "UnauthorizedOperation"
        | "UnauthorizedException"
        | "ForbiddenException"
        | "AuthorizationErrorException"
        | "OptInRequired" => ErrorKind::Denied,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "BandwidthLimitExceeded"
        | "PriorRequestNotComplete" => ErrorKind::Throttled,
        "ResourceNotFoundException"
        | "NotFoundException"
        | "NoSuchEntity"
        | "NoSuchHealthCheck"
        | "WAFNonexistentItemException" => ErrorKind::NotFound,
        "ValidationError" if operation.service == "cloudformation" && message.contains("does not exist") => {
            ErrorKind::NotFound
        }
        "OperationNotEnabledException"
        | "UnknownOperationException"
        | "UnsupportedOperationException"
        | "UnsupportedOperation"
        | "UnsupportedActionException"
        | "TypeNotFoundException"
        | "FeatureUnavailableInTierException" => ErrorKind::NotOffered,
        _ => match status {
            Some(403) => ErrorKind::Denied,
            Some(429) => ErrorKind::Throttled,
            _ => ErrorKind::Failed,
        },
    }
}

/// The action in "is not authorized to perform: kms:DescribeKey on resource: …", if it has an action's form.
fn action_in(message: &str) -> Option<String> {
    let rest = message.split("not authorized to perform: ").nth(1)?;
    let action = rest.split([' ', ',', '\n']).next()?.trim_end_matches('.');
    let (service, name) = action.split_once(':')?;
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (action.len() <= 100 && word(service) && word(name)).then(|| action.to_owned())
}

/// Which kind of policy refused, in our words for AWS's "because …".
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
fn refusing_policy(message: &str) -> Option<&'static str> {
    let because = message.split(" because ").nth(1)?;
    [
        ("an explicit deny in a service control policy", "an explicit deny in a service control policy"),
        ("an explicit deny in a resource control policy", "an explicit deny in a resource control policy"),
        ("an explicit deny in a permissions boundary", "an explicit deny in a permissions boundary"),
        ("an explicit deny in a session policy", "an explicit deny in a session policy"),
        ("an explicit deny in a VPC endpoint policy", "an explicit deny in a VPC endpoint policy"),
        ("an explicit deny in an identity-based policy", "an explicit deny in an identity-based policy"),
        ("an explicit deny in a resource-based policy", "an explicit deny in a resource-based policy"),
        ("no service control policy allows", "no service control policy allows it"),
        ("no permissions boundary allows", "no permissions boundary allows it"),
        ("no session policy allows", "no session policy allows it"),
        ("no VPC endpoint policy allows", "no VPC endpoint policy allows it"),
        ("no resource-based policy allows", "no resource-based policy allows it"),
        ("no identity-based policy allows", "no identity-based policy allows it"),
    ]
    .into_iter()
    .find(|(needle, _)| because.starts_with(needle))
    .map(|(_, words)| words)
}

/// The error code and message in an error body; AWS puts the code in a header where `header` has it.
pub fn error_body(operation: &Operation, header: Option<&str>, body: &[u8]) -> (String, String) {
    let text = |value: &Value, names: &[&str]| {
        names.iter().find_map(|name| value.get(*name)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let value: Value = match operation.protocol {
        Protocol::Query | Protocol::RestXml => xml::parse(body).unwrap_or_default(),
        Protocol::Cbor => cbor::parse(body).unwrap_or_default(),
        Protocol::AwsJson | Protocol::RestJson | Protocol::RestJsonCamel => {
            serde_json::from_slice(body).unwrap_or_default()
        }
    };
    let code = header.map_or_else(|| text(&value, &["__type", "Code", "code"]), str::to_owned);
    let code = code.split(':').next().unwrap_or_default();
    (code.rsplit('#').next().unwrap_or_default().to_owned(), text(&value, &["message", "Message"]))
}

#[cfg(test)]
mod tests {
    use super::super::operations::find;
    use super::*;
    use serde_json::json;

    fn normal(service: &str, name: &str, form: Form, body: &str) -> Page {
        page(find(service, name).unwrap(), form, body.as_bytes()).unwrap()
    }

    #[test]
    fn every_form_of_an_answer_ends_up_equal() {
        let cases = [
            (
                "cognito-idp",
                "DescribeUserPool",
                r#"{"UserPool":{"Id":"p","CreationDate":1718000000.5,"Name":null}}"#,
                r#"{"UserPool":{"Id":"p","CreationDate":"2024-06-10T08:13:20.500000+02:00"}}"#,
            ),
            (
                "apigateway",
                "GetAuthorizers",
                r#"{"item":[{"id":"a","providerARNs":["x"]}]}"#,
                r#"{"items":[{"id":"a","providerARNs":["x"]}]}"#,
            ),
            ("apigateway", "GetAuthorizers", r#"{"item":{"id":"a"}}"#, r#"{"items":[{"id":"a"}]}"#),
            ("apigateway", "GetRestApis", "{}", r#"{"items":[]}"#),
            (
                "apigatewayv2",
                "GetAuthorizers",
                r#"{"items":[{"authorizerId":"a","jwtConfiguration":{"issuer":"i","audience":["x"]}}],"nextToken":null}"#,
                r#"{"Items":[{"AuthorizerId":"a","JwtConfiguration":{"Issuer":"i","Audience":["x"]}}]}"#,
            ),
            (
                "cloudformation",
                "GetTemplate",
                "<GetTemplateResponse><GetTemplateResult><TemplateBody>{\"A\":1}</TemplateBody></GetTemplateResult></GetTemplateResponse>",
                r#"{"TemplateBody":{"A":1}}"#,
            ),
            (
                "kms",
                "DescribeKey",
                r#"{"KeyMetadata":{"DeletionDate":1.8e9}}"#,
                r#"{"KeyMetadata":{"DeletionDate":"2027-01-15T08:00:00Z"}}"#,
            ),
        ];
        for (service, name, wire, cli) in cases {
            let (wire, cli) = (normal(service, name, Form::Wire, wire), normal(service, name, Form::Cli, cli));
            if name == "DescribeUserPool" {
                assert_eq!(cli.answer["UserPool"]["CreationDate"], "2024-06-10T06:13:20.5Z");
            }
            assert_eq!(wire.answer, cli.answer, "{service}:{name}");
        }
    }

    #[test]
    fn what_xml_writes_as_text_gets_its_type_back() {
        let health = "<GetHealthCheckResponse><HealthCheck><Id>h</Id><HealthCheckConfig><Port>443</Port><Disabled>false</Disabled>\
            <Regions><Region>us-east-1</Region><Region>eu-west-1</Region></Regions><ChildHealthChecks><ChildHealthCheck>c\
            </ChildHealthCheck></ChildHealthChecks></HealthCheckConfig></HealthCheck></GetHealthCheckResponse>";
        let cli = r#"{"HealthCheck":{"Id":"h","HealthCheckConfig":{"Port":443,"Disabled":false,
            "Regions":["us-east-1","eu-west-1"],"ChildHealthChecks":["c"]}}}"#;
        let both = |form, body| normal("route53", "GetHealthCheck", form, body).answer;
        assert_eq!(both(Form::Wire, health), both(Form::Cli, cli));
        let sms = "<GetSMSAttributesResponse><GetSMSAttributesResult><attributes><entry><key>MonthlySpendLimit</key>\
            <value>1</value></entry></attributes></GetSMSAttributesResult></GetSMSAttributesResponse>";
        let answer = normal("sns", "GetSMSAttributes", Form::Wire, sms).answer;
        assert_eq!(answer, json!({"attributes": {"MonthlySpendLimit": "1"}}));
        let none = "<GetSMSAttributesResponse><GetSMSAttributesResult><attributes/></GetSMSAttributesResult></GetSMSAttributesResponse>";
        assert_eq!(normal("sns", "GetSMSAttributes", Form::Wire, none).answer, json!({"attributes": {}}));
        let sandbox = "<R><IsInSandbox>true</IsInSandbox></R>".replace("R>", "GetSMSSandboxAccountStatusResponse>");
        assert_eq!(
            normal("sns", "GetSMSSandboxAccountStatus", Form::Wire, &sandbox).answer,
            json!({"IsInSandbox": true})
        );
    }

    #[test]
    fn a_trust_policy_is_one_text_without_external_ids() {
        let wire = "<GetRoleResponse><GetRoleResult><Role><RoleName>r</RoleName><AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%7B%22Condition%22%3A%7B%22StringEquals%22%3A%7B%22sts%3AExternalId%22%3A%22planted%22%7D%7D%7D%5D%7D</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>";
        let cli = r#"{"Role":{"RoleName":"r","AssumeRolePolicyDocument":{"Statement":[{"Condition":{"StringEquals":{"sts:ExternalId":"planted"}}}]}}}"#;
        let wire = normal("iam", "GetRole", Form::Wire, wire).answer;
        assert_eq!(wire, normal("iam", "GetRole", Form::Cli, cli).answer);
        assert!(wire.to_string().contains("sha256:") && !wire.to_string().contains("planted"), "{wire}");
        let unread = "<GetRoleResponse><GetRoleResult><Role><AssumeRolePolicyDocument>planted</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>";
        assert!(!normal("iam", "GetRole", Form::Wire, unread).answer.to_string().contains("planted"));
    }

    #[test]
    fn cloud_controls_properties_are_members() {
        let operation =
            crate::snapshot::operations::find_call("cloudcontrol:ListResources AWS::EC2::VPCEndpoint").unwrap();
        let body = r#"{"TypeName":"AWS::EC2::VPCEndpoint","ResourceDescriptions":[{"Identifier":"v","Properties":"{\"ServiceName\":\"s\",\"State\":null}"}]}"#;
        let answer = page(operation, Form::Wire, body.as_bytes()).unwrap().answer;
        assert_eq!(answer["ResourceDescriptions"], json!([{"Identifier": "v", "Properties": {"ServiceName": "s"}}]));
    }

    #[test]
    fn tokens_are_taken_out() {
        let page =
            normal("cognito-idp", "ListUserImportJobs", Form::Wire, r#"{"UserImportJobs":[],"PaginationToken":"t"}"#);
        assert_eq!((page.next.as_deref(), page.answer), (Some("t"), json!({"UserImportJobs": []})));
        assert_eq!(normal("apigatewayv2", "GetApis", Form::Wire, r#"{"items":[],"nextToken":"n"}"#).next.unwrap(), "n");
        assert_eq!(normal("apigateway", "GetRestApis", Form::Wire, r#"{"item":[],"position":"q"}"#).next.unwrap(), "q");
    }

    #[test]
    fn a_list_that_is_not_there_is_no_empty_list() {
        let operation = find("cognito-idp", "ListUserPoolReplicas").unwrap();
        assert!(page(operation, Form::Wire, b"{}").is_err());
        assert!(page(operation, Form::Wire, b"[]").is_err());
        assert!(page(operation, Form::Wire, b"{\"UserPoolReplicas\":[").is_err());
    }

    #[test]
    fn the_session_is_cut_off() {
        let body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::1:assumed-role/R/planted</Arn><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
        assert_eq!(
            normal("sts", "GetCallerIdentity", Form::Wire, body).answer,
            json!({"Arn": "arn:aws:sts::1:assumed-role/R", "Account": "1"})
        );
    }

    #[test]
    fn an_error_keeps_the_action_and_not_the_caller() {
        let operation = find("kms", "DescribeKey").unwrap();
        let message = "User: arn:aws:sts::1:assumed-role/R/planted is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:x because no identity-based policy allows the kms:DescribeKey action";
        let kept = error(operation, "AccessDeniedException", Some(400), message);
        assert_eq!(kept.kind, ErrorKind::Denied);
        assert_eq!(kept.missing_actions, ["kms:DescribeKey"]);
        assert_eq!(kept.detail.as_deref(), Some("no identity-based policy allows it"));
        assert!(!serde_json::to_string(&kept).unwrap().contains("planted"));
    }

    #[test]
    fn what_an_error_code_means() {
        let cases = [
            ("cognito-idp", "ListUserPools", "TooManyRequestsException", Some(400), "", ErrorKind::Throttled),
            ("cognito-idp", "ListUserPools", "NotAuthorizedException", Some(400), "", ErrorKind::Denied),
            ("cognito-idp", "DescribeUserPool", "ResourceNotFoundException", Some(400), "", ErrorKind::NotFound),
            ("cognito-idp", "DescribeUserPool", "OperationNotEnabledException", Some(400), "", ErrorKind::NotOffered),
            ("kms", "DescribeKey", "NotFoundException", Some(400), "", ErrorKind::NotFound),
            (
                "cloudformation",
                "GetTemplate",
                "ValidationError",
                Some(400),
                "Stack x does not exist",
                ErrorKind::NotFound,
            ),
            ("cloudformation", "GetTemplate", "ValidationError", Some(400), "bad", ErrorKind::Failed),
            ("sts", "GetCallerIdentity", "ExpiredToken", Some(403), "", ErrorKind::Failed),
            ("apigateway", "GetRestApis", "", Some(403), "", ErrorKind::Denied),
            ("apigateway", "GetRestApis", "InternalError", Some(500), "", ErrorKind::Failed),
        ];
        for (service, name, code, status, message, kind) in cases {
            assert_eq!(error(find(service, name).unwrap(), code, status, message).kind, kind, "{code}");
        }
    }

    #[test]
    fn codes_are_found_in_every_error_shape() {
        let cases: [(&str, &str, Option<&str>, &str, &str); 4] = [
            (
                "kms",
                "DescribeKey",
                None,
                r#"{"__type":"com.amazonaws#AccessDeniedException","Message":"m"}"#,
                "AccessDeniedException",
            ),
            (
                "apigateway",
                "GetRestApis",
                Some("AccessDeniedException:http://x"),
                r#"{"message":"m"}"#,
                "AccessDeniedException",
            ),
            (
                "cloudformation",
                "ListStacks",
                None,
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>m</Message></Error></ErrorResponse>",
                "AccessDenied",
            ),
            ("cloudformation", "ListStacks", None, "gateway timeout", ""),
        ];
        for (service, name, header, body, code) in cases {
            assert_eq!(error_body(find(service, name).unwrap(), header, body.as_bytes()).0, code);
        }
    }
}
