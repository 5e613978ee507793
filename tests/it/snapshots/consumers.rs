//! What verifies tokens: routes, authorizers, templates; whose pool they name, what was searched, and what could not be.

use std::collections::BTreeSet;

use mrready::model::{Gate, SubjectKind, Verdict};
use mrready::snapshot::{CallError, ErrorKind};
use serde_json::{Value, json};

use crate::builder::{
    Account, CLIENTS, DESCRIBE_CLIENT, DESCRIBE_STACKS, EXPORTS, HTTP_APIS, HTTP_AUTHORIZERS, IMPORTS, Judged,
    OTHER_POOL, P, POOL, PROVIDERS, REPLICAS, RESOURCES, REST_APIS, REST_AUTHORIZERS, ROUTES, Run, S, STACKS, TEMPLATE,
    catalog, failure, http_jwt, new_issuer, old_issuer, pool_arn, rest_cognito, rest_jwt, route, stack_id,
};

const ROUTE: &str = "http-route-accepts-new-issuer";
const COGNITO: &str = "rest-cognito-authorizer-replaced";
const TEMPLATES: &str = "template-accepts-new-issuer";

/// Verdicts of a rule by subject.
fn subjects(judged: &Judged, rule: &str) -> Vec<(String, Verdict)> {
    judged.findings(rule).iter().map(|finding| (finding.subject.id.clone(), finding.verdict)).collect()
}

fn http(issuers: &[&str], routes: Vec<Value>) -> Account {
    let authorizers = issuers.iter().enumerate().map(|(at, issuer)| http_jwt(&format!("a{at}"), issuer)).collect();
    Account::ready().http_api(P, "api1", authorizers, routes)
}

#[test]
fn a_route_is_what_counts() {
    let (old, new) = (old_issuer(POOL), new_issuer(POOL));
    let subject = format!("apigatewayv2/{P}/api1/orders#{POOL}");
    // A second authorizer that no route uses helps nobody.
    let judged = http(&[&old, &new], vec![route("orders", "a0")]).attested();
    assert_eq!(subjects(&judged, ROUTE), [(subject.clone(), Verdict::Fail)]);
    assert_eq!((judged.code(), judged.stands(Gate::Issuer).as_str()), (1, "next blocked"));
    // Nor does it harm.
    let judged = http(&[&old, &new], vec![route("orders", "a1")]).attested();
    assert_eq!(subjects(&judged, ROUTE), [(subject, Verdict::Pass)]);
    assert_eq!(judged.code(), 0);
    // No route at all, no finding.
    let judged =
        http(&[&old], vec![json!({ "RouteId": "r", "RouteKey": "$default", "AuthorizationType": "NONE" })]).attested();
    assert_eq!(subjects(&judged, ROUTE), [(POOL.to_owned(), Verdict::NotApplicable)]);
    let searched = &judged.finding(ROUTE).message;
    assert!(searched.contains(P) && searched.contains(S), "{searched}");
}

#[test]
fn an_issuer_is_compared_exactly() {
    let new = new_issuer(POOL);
    for (issuer, verdict) in [
        (new.clone(), Verdict::Pass),
        (format!("{new}/"), Verdict::Fail),
        (format!("{new}/.well-known/openid-configuration"), Verdict::Fail),
        (format!("{new}/.well-known/jwks.json"), Verdict::Fail),
        (new.replace("https://issuer", "HTTPS://ISSUER"), Verdict::Fail),
        (new.replace(P, S).replace(&POOL.replace(P, S), POOL), Verdict::Fail),
        (new.replace("amazonaws.com", "amazonaws.eu"), Verdict::Fail),
    ] {
        assert_eq!(http(&[&issuer], vec![route("orders", "a0")]).attested().verdict(ROUTE), verdict, "{issuer}");
        let judged =
            Account::switched().rest_api(P, "rest", vec![rest_jwt("j", &[&old_issuer(POOL), &issuer])]).attested();
        assert_eq!(judged.verdict("rest-jwt-authorizer-accepts-new-issuer"), verdict, "{issuer}");
    }
}

#[test]
fn another_pools_authorizers_are_not_ours() {
    let account = Account::ready()
        .http_api(P, "api1", vec![http_jwt("a0", &old_issuer(OTHER_POOL))], vec![route("orders", "a0")])
        .rest_api(
            P,
            "rest1",
            vec![rest_cognito("c", &pool_arn(P, OTHER_POOL)), rest_jwt("j", &[&old_issuer(OTHER_POOL)])],
        );
    let judged = account.attested();
    for rule in [ROUTE, COGNITO, "rest-jwt-authorizer-ready-for-switch"] {
        assert_eq!(subjects(&judged, rule), [(POOL.to_owned(), Verdict::NotApplicable)], "{rule}");
    }
    assert_eq!(judged.code(), 0);
}

#[test]
fn a_rest_cognito_authorizer_is_ours_by_pool_id_in_either_region() {
    for region in [P, S] {
        let account = Account::ready().rest_api(region, "rest1", vec![rest_cognito("c", &pool_arn(region, POOL))]);
        let judged = account.attested();
        assert_eq!(subjects(&judged, COGNITO), [(format!("apigateway/{region}/rest1/c#{POOL}"), Verdict::Fail)]);
        assert_eq!(judged.code(), 1);
        // Staying on the Regional issuer it is fine.
        let run = Run { target_issuer: mrready::model::TargetIssuer::Original, ..Run::attested() };
        assert_eq!(run.judge(&account).verdict(COGNITO), Verdict::NotApplicable);
    }
}

#[test]
fn an_authorizer_that_hides_its_pool_may_be_ours() {
    for (authorizer, what) in [
        (json!({ "id": "a", "name": "a", "type": "COGNITO_USER_POOLS" }), "no providerARNs"),
        (json!({ "id": "a", "name": "a", "type": "COGNITO_USER_POOLS", "providerARNs": [7] }), "another type"),
        // As a client answers that is older than this type of authorizer.
        (json!({ "id": "a", "name": "a", "type": "JWT" }), "no jwtConfiguration"),
        (json!({ "id": "a", "name": "a", "type": "JWT", "jwtConfiguration": { "issuers": [{}] } }), "no issuer"),
        (json!({ "id": "a", "name": "a", "type": "JWT_2" }), "unknown type"),
        (json!({ "id": "a", "name": "a" }), "no type"),
    ] {
        let judged = Account::ready().rest_api(P, "rest1", vec![authorizer]).attested();
        assert_eq!(subjects(&judged, COGNITO), [(POOL.to_owned(), Verdict::Unknown)], "{what}");
        assert_eq!(judged.code(), 3, "{what}");
    }
    let lambda = json!({ "id": "a", "name": "a", "type": "TOKEN", "authorizerUri": "arn" });
    let judged = Account::ready().rest_api(P, "rest1", vec![lambda]).attested();
    assert_eq!(subjects(&judged, COGNITO), [(POOL.to_owned(), Verdict::NotApplicable)]);
    assert_eq!(judged.verdict("lambda-authorizer-accepts-both-issuers"), Verdict::Manual);
    for authorizer in [
        json!({ "AuthorizerId": "a", "Name": "a", "AuthorizerType": "JWT" }),
        json!({ "AuthorizerId": "a", "Name": "a", "AuthorizerType": "JWT_2" }),
    ] {
        let used = Account::ready().http_api(P, "h", vec![authorizer.clone()], vec![route("r", "a")]).attested();
        assert_eq!(subjects(&used, ROUTE), [(POOL.to_owned(), Verdict::Unknown)], "{authorizer}");
        let unused = Account::ready().http_api(P, "h", vec![authorizer], vec![]).attested();
        assert_eq!(subjects(&unused, ROUTE), [(POOL.to_owned(), Verdict::NotApplicable)]);
    }
}

#[test]
fn an_api_without_an_id_cannot_be_searched() {
    let judged = Account::ready().push(REST_APIS, P, json!({ "name": "x" })).attested();
    assert_eq!(judged.verdict(COGNITO), Verdict::Unknown);
    let judged = Account::ready().push(HTTP_APIS, P, json!({ "Name": "x", "ProtocolType": "HTTP" })).attested();
    assert_eq!(judged.verdict(ROUTE), Verdict::Unknown);
    assert_eq!(judged.verdict("lambda-authorizer-accepts-both-issuers"), Verdict::Unknown);
    let socket = json!({ "ApiId": "w", "Name": "x", "ProtocolType": "WEBSOCKET" });
    assert_eq!(Account::ready().push(HTTP_APIS, P, socket).attested().verdict(ROUTE), Verdict::NotApplicable);
}

#[test]
fn all_authorizers_denied() {
    let account = Account::ready()
        .rest_api(P, "r", vec![rest_cognito("c", &pool_arn(P, POOL))])
        .http_api(P, "h", vec![http_jwt("a", &old_issuer(POOL))], vec![route("r", "a")])
        .deny(REST_AUTHORIZERS)
        .deny(HTTP_AUTHORIZERS);
    let judged = account.attested();
    for rule in [COGNITO, ROUTE] {
        assert_eq!(subjects(&judged, rule), [(POOL.to_owned(), Verdict::Unknown)], "{rule}");
        assert_eq!(judged.finding(rule).evidence[0].missing_actions, ["apigateway:GET"]);
    }
    assert_eq!(judged.code(), 3);
}

#[test]
fn a_region_that_was_not_searched() {
    let mut account = Account::ready();
    account.scope.searched.retain(|searched| searched.region == P);
    let judged = account.attested();
    assert_eq!(judged.code(), 3);
    for rule in [ROUTE, COGNITO, TEMPLATES] {
        let finding = judged.finding(rule);
        assert_eq!(finding.verdict, Verdict::Unknown, "{rule}");
        let words = Judged::words(finding);
        assert!(words.contains(S) && words.contains("not searched"), "{words}");
    }
    // A further Region counts as soon as it is in scope.
    let third = Account::ready().search("eu-west-1");
    assert!(third.clone().attested().finding(ROUTE).message.contains("eu-west-1"));
    assert_eq!(third.deny_in(HTTP_APIS, "eu-west-1").attested().verdict(ROUTE), Verdict::Unknown);
}

#[test]
fn a_switched_pool_with_a_route_on_the_old_issuer_is_a_regression() {
    let account = Account::switched().http_api(P, "h", vec![http_jwt("a", &old_issuer(POOL))], vec![route("r", "a")]);
    let run = Run { target_issuer: mrready::model::TargetIssuer::Original, ..Run::attested() };
    for judged in [account.attested(), run.judge(&account)] {
        let gate = judged.gate(Gate::Issuer);
        assert_eq!((judged.stands(Gate::Issuer).as_str(), gate.regression, judged.code()), ("done blocked", true, 1));
        assert!(judged.report.summary.exit.because[0].contains("passed before"), "{:?}", judged.report.summary.exit);
        assert!(judged.report.summary.answer[0].contains("REGRESSION"));
    }
}

#[test]
fn heading_for_the_regional_issuer() {
    let run = Run { target_issuer: mrready::model::TargetIssuer::Original, ..Run::attested() };
    let account = Account::ready().http_api(P, "h", vec![http_jwt("a", &old_issuer(POOL))], vec![route("r", "a")]);
    let judged = run.judge(&account);
    assert_eq!(
        (judged.gate(Gate::Issuer).position.as_str(), judged.gate(Gate::Issuer).counted),
        ("not_planned", false)
    );
    assert_eq!((judged.verdict(ROUTE), judged.code()), (Verdict::NotApplicable, 0));
    for rule in ["issuer-updated", "external-verifiers-told", "overlap-window", "overlap-window-short"] {
        assert_eq!(judged.verdict(rule), Verdict::NotApplicable, "{rule}");
    }
    assert_eq!(
        run.judge(&account.deny("cognito-idp:DescribeUserPool")).verdict("external-verifiers-told"),
        Verdict::Unknown
    );
}

#[test]
fn a_stack_whose_update_was_rolled_back_is_searched() {
    let account = Account::ready().stack(P, "app", "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(account.clone().attested().verdict(TEMPLATES), Verdict::NotApplicable);
    assert_eq!(account.clone().hit(P, "app", |_| {}).attested().verdict(TEMPLATES), Verdict::Warn);
    assert_eq!(account.remove(TEMPLATE, P).attested().verdict(TEMPLATES), Verdict::Unknown);
}

#[test]
fn a_template_that_cannot_be_read_is_named() {
    let broken =
        CallError { detail: Some("line 3, column 9".to_owned()), ..failure(ErrorKind::Failed, "TemplateSyntax") };
    let mut account = Account::ready().stack(P, "web", "CREATE_COMPLETE").hit(P, "app", |_| {});
    let id = stack_id(P, "web");
    let call =
        account.calls.iter_mut().find(|call| call.name() == TEMPLATE && call.parameters["StackName"] == id).unwrap();
    (call.response, call.error) = (None, Some(broken));
    let judged = account.attested();
    // What was found elsewhere is still found.
    let verdicts: Vec<Verdict> = judged.findings(TEMPLATES).iter().map(|finding| finding.verdict).collect();
    assert_eq!(BTreeSet::from_iter(verdicts), BTreeSet::from([Verdict::Warn, Verdict::Unknown]));
    for rule in [TEMPLATES, "template-reference-reviewed", "references-resolved"] {
        let finding = judged.on_pool(rule);
        assert_eq!(finding.verdict, Verdict::Unknown, "{rule}");
        for word in ["TemplateSyntax", "line 3, column 9", "web"] {
            assert!(Judged::words(finding).contains(word), "{rule}: {finding:#?}");
        }
    }
}

#[test]
fn a_reference_to_no_known_pool_never_vanishes() {
    let other = "us-east-1_Second001";
    let account = Account::ready().pool(other).hit(P, "app", |hit| {
        hit.pool_id = None;
        hit.unresolved = Some("Fn::ImportValue PoolId".to_owned());
    });
    let judged = account.attested();
    let own: Vec<_> = judged.report.findings.iter().filter(|finding| finding.subject.pool_id.is_none()).collect();
    let rules: BTreeSet<&str> = own.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, BTreeSet::from([TEMPLATES, "template-reference-reviewed"]));
    assert!(own.iter().any(|finding| finding.verdict == Verdict::Warn));
    // Every pool of the account counts it and lists it.
    for rule in ["references-resolved", "external-verifiers-told"] {
        let found = Run::default().judge(&account);
        let found = found.findings(rule);
        assert_eq!(found.len(), 2, "{rule}");
        for finding in found {
            assert!(
                finding.message.contains("app Authorizer.Properties.JwtConfiguration.Issuer"),
                "{}",
                finding.message
            );
            let verdict = if rule == "references-resolved" { Verdict::Info } else { Verdict::Manual };
            assert_eq!(finding.verdict, verdict);
        }
    }
    assert!(judged.findings("references-resolved")[0].message.contains(": 1 ("), "it is counted");
    // It holds up nobody's gate by itself.
    assert!(
        judged
            .report
            .summary
            .pools
            .iter()
            .all(|pool| !pool.gates[&Gate::Issuer].blocked_by.iter().any(|by| by.contains("unresolved")))
    );
}

#[test]
fn what_passes_because_nothing_was_found_names_what_was_searched() {
    let judged = Account::ready().attested();
    for rule in ["references-resolved", "lambda-authorizer-accepts-both-issuers"] {
        let sources = format!("{:?}", judged.finding(rule).evidence);
        for region in [P, S] {
            assert!(sources.contains(region), "{rule}: {sources}");
        }
    }
}

#[test]
fn two_references_in_one_value_are_two_findings() {
    let account = Account::ready().hit(P, "app", |_| {}).hit(P, "app", |hit| {
        hit.column = Some(99);
        hit.accepts_new = true;
    });
    let judged = account.attested();
    let fingerprints: BTreeSet<&str> =
        judged.report.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    assert_eq!(fingerprints.len(), judged.report.findings.len());
}

#[test]
fn page_2_denied_of_every_list() {
    let account = Account::ready()
        .rest_api(P, "r", vec![rest_jwt("j", &[&old_issuer(POOL), &new_issuer(POOL)])])
        .http_api(P, "h", vec![http_jwt("a", &new_issuer(POOL))], vec![route("r", "a")])
        .stack(P, "app", "CREATE_COMPLETE");
    assert_eq!(account.attested().code(), 0);
    for (call, rule, known) in [
        (REST_APIS, COGNITO, 1),
        (REST_AUTHORIZERS, COGNITO, 1),
        (HTTP_APIS, ROUTE, 1),
        (HTTP_AUTHORIZERS, ROUTE, 1),
        (ROUTES, ROUTE, 1),
        (STACKS, TEMPLATES, 0),
        (DESCRIBE_STACKS, TEMPLATES, 0),
        (EXPORTS, TEMPLATES, 0),
        (RESOURCES, TEMPLATES, 0),
        (CLIENTS, "overlap-window-short", 0),
        (PROVIDERS, "federated-users-known-in-primary", 0),
        (IMPORTS, "no-import-running", 0),
        (REPLICAS, "no-secondary-elsewhere", 0),
    ] {
        let judged = account.clone().deny_page_2(call, P).attested();
        let finding = judged.on_pool(rule);
        assert_eq!(finding.verdict, Verdict::Unknown, "{call}: {finding:#?}");
        let actions = mrready::snapshot::operations::find_call(call).unwrap().iam;
        assert!(finding.evidence.iter().any(|evidence| evidence.missing_actions == actions), "{call}: {finding:#?}");
        // What the first page showed is judged all the same.
        let seen = judged.findings(rule).iter().filter(|finding| finding.subject.kind != SubjectKind::Pool).count();
        assert_eq!(seen, known, "{call}");
    }
    // A second page that says no says no.
    let mut account = Account::ready().deny_page_2(IMPORTS, P);
    account = account.set_first(IMPORTS, json!({ "UserImportJobs": [{ "JobId": "j", "Status": "Pending" }] }));
    assert_eq!(account.attested().verdict("no-import-running"), Verdict::Fail);
}

#[test]
fn a_log_that_lost_a_page_knows_it() {
    let mut account = Account::ready();
    account.calls.retain(|call| call.name() != IMPORTS);
    let jobs = (0..3).map(|n| json!({ "JobId": n.to_string(), "Status": "Succeeded" })).collect();
    account.answer_pages(IMPORTS, P, &[("UserPoolId", POOL)], jobs, 1);
    assert_eq!(account.attested().verdict("no-import-running"), Verdict::Pass);
    for lost in 1..=3 {
        let mut cut = account.clone();
        cut.calls.retain(|call| call.name() != IMPORTS || call.page != Some(lost));
        assert_eq!(cut.attested().verdict("no-import-running"), Verdict::Unknown, "page {lost}");
    }
}

#[test]
fn many_of_everything() {
    let mut account = Account::ready();
    for pool in 1..61 {
        account = account.pool(&format!("us-east-1_Many{pool:05}"));
    }
    account = account.clients(POOL, 61);
    let last = format!("{}60", crate::builder::CLIENT);
    for call in account.calls.iter_mut().filter(|call| call.parameters.get("ClientId") == Some(&json!(last))) {
        call.response.as_mut().unwrap()["UserPoolClient"]["IdTokenValidity"] = json!(1440);
    }
    account.calls.retain(|call| {
        ![REST_APIS, HTTP_APIS, STACKS, DESCRIBE_STACKS].contains(&call.name().as_str()) || call.region == S
    });
    let rest = (0..300).map(|n| json!({ "id": format!("r{n}"), "name": "n" })).collect();
    account.answer_pages(REST_APIS, P, &[], rest, 500);
    let http = (0..300).map(|n| json!({ "ApiId": format!("h{n}"), "Name": "n", "ProtocolType": "HTTP" })).collect();
    account.answer_pages(HTTP_APIS, P, &[], http, 100);
    for n in 0..300 {
        let (rest, http) = (format!("r{n}"), format!("h{n}"));
        let authorizers = if n == 299 { vec![rest_cognito("c", &pool_arn(P, POOL))] } else { Vec::new() };
        account.answer_pages(REST_AUTHORIZERS, P, &[("restApiId", &rest)], authorizers, 500);
        let (authorizers, routes) = if n == 299 {
            (vec![http_jwt("a", &old_issuer(POOL))], vec![route("r", "a")])
        } else {
            (Vec::new(), Vec::new())
        };
        account.answer_pages(HTTP_AUTHORIZERS, P, &[("ApiId", &http)], authorizers, 500);
        account.answer_pages(ROUTES, P, &[("ApiId", &http)], routes, 500);
    }
    let stacks: Vec<Value> = (0..130)
        .map(|n| json!({ "StackId": stack_id(P, &format!("s{n}")), "StackName": format!("s{n}"), "StackStatus": "CREATE_COMPLETE" }))
        .collect();
    account.answer_pages(STACKS, P, &[], stacks.clone(), 100);
    account.answer_pages(DESCRIBE_STACKS, P, &[], stacks, 100);
    for n in 0..130 {
        let id = stack_id(P, &format!("s{n}"));
        account.answer_pages(RESOURCES, P, &[("StackName", &id)], Vec::new(), 100);
        account.answer(TEMPLATE, P, &[("StackName", &id)], json!({ "StagesAvailable": ["Original"] }));
    }
    let account = account.hit(P, "s129", |_| {});
    let judged = account.attested();
    assert_eq!(judged.report.summary.pools.len(), 61);
    let ours = |rule: &str| {
        let found = judged.findings(rule);
        let ours: Vec<Verdict> =
            found.iter().filter(|f| f.subject.pool_id.as_deref() == Some(POOL)).map(|f| f.verdict).collect();
        assert_eq!(ours.len() + 60, found.len(), "{rule}: at least one finding on each pool");
        ours
    };
    for (rule, verdict) in [
        (ROUTE, Verdict::Fail),
        (COGNITO, Verdict::Fail),
        (TEMPLATES, Verdict::Warn),
        ("overlap-window-short", Verdict::Warn),
        ("no-totp", Verdict::Pass),
    ] {
        assert_eq!(ours(rule), [verdict], "{rule}");
    }
    assert!(judged.findings("app-clients").iter().any(|finding| finding.message.starts_with("61 app clients")));
    let blocked = judged.report.summary.pools.iter().filter(|pool| !pool.gates[&Gate::Issuer].blocked_by.is_empty());
    assert_eq!(blocked.map(|pool| pool.id.as_str()).collect::<Vec<_>>(), [POOL]);
    for rule in catalog().rules.iter().filter(|rule| rule.subject != SubjectKind::Account) {
        let pools: BTreeSet<_> =
            judged.findings(&rule.id).iter().map(|finding| finding.subject.pool_id.clone()).collect();
        assert_eq!(pools.len(), 61, "{}: every rule makes a finding for every pool", rule.id);
    }
}

#[test]
fn a_client_that_does_not_say_how_users_sign_in_is_not_taken_for_a_machine() {
    let account = || Account::switched().rest_api(P, "r", vec![rest_jwt("j", &[&new_issuer(POOL)])]);
    let oauth = |flows: Value| account().set(DESCRIBE_CLIENT, P, "/UserPoolClient/AllowedOAuthFlows", flows);
    let (machine, flows) = (json!(["client_credentials"]), "/UserPoolClient/ExplicitAuthFlows");
    let cases = [
        (oauth(json!(["code"])).unset(DESCRIBE_CLIENT, P, flows), Verdict::Pass),
        (oauth(machine.clone()).set(DESCRIBE_CLIENT, P, flows, json!(["ALLOW_USER_SRP_AUTH"])), Verdict::Pass),
        (oauth(machine.clone()).set(DESCRIBE_CLIENT, P, flows, json!(["ALLOW_REFRESH_TOKEN_AUTH"])), Verdict::Warn),
        (oauth(machine.clone()).unset(DESCRIBE_CLIENT, P, flows), Verdict::Unknown),
        (oauth(machine).unset(DESCRIBE_CLIENT, P, "/UserPoolClient/ClientId"), Verdict::Unknown),
    ];
    for (at, (account, verdict)) in cases.into_iter().enumerate() {
        let judged = account.attested();
        assert_eq!(judged.verdict("rest-jwt-authorizer-audience-has-id-tokens"), verdict, "case {at}");
    }
}
