//! Tests of which keywords are references, and which are none.

use super::*;

fn find(path: &str, text: &str, language: &str, other: Option<&BTreeSet<String>>) -> Vec<Found> {
    super::find(path, &Text::new(text), language, other)
}

fn seen(language: &str, text: &str) -> Vec<(Class, Confidence, String)> {
    let found = find("lib/file", text, language, None);
    found.into_iter().map(|one| (one.class, one.confidence, text[one.span].to_owned())).collect()
}

fn one(language: &str, text: &str) -> (Class, Confidence) {
    let all = seen(language, text);
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    (all[0].0, all[0].1)
}

#[test]
fn authorizers_in_every_language() {
    for (language, text) in [
        ("yaml", "Type: COGNITO_USER_POOLS"),
        ("json", "\"type\": \"cognito_user_pools\","),
        ("terraform", "  type          = \"COGNITO_USER_POOLS\""),
        ("java", ".type(\"COGNITO_USER_POOLS\")"),
        ("go", "Type: jsii.String(\"COGNITO_USER_POOLS\"),"),
        ("csharp", "Type = \"COGNITO_USER_POOLS\","),
        ("php", "'type' => 'COGNITO_USER_POOLS',"),
        ("ruby", "type: 'COGNITO_USER_POOLS'"),
        ("shell", "create-authorizer --type COGNITO_USER_POOLS --name x"),
        ("python", "cfn.add_property_override(\"Type\", \"COGNITO_USER_POOLS\")"),
        ("json", "{\\\"Type\\\":\\\"COGNITO_USER_POOLS\\\"}"),
        ("python", "define_authorizer(auth_type='cognito_user_pools', provider_arns=[arn])"),
        ("yaml", "x-amazon-apigateway-authtype: \"cognito_user_pools\""),
        ("typescript", "new apigw.CognitoUserPoolsAuthorizer(this, 'A', {})"),
        ("go", "awsapigateway.NewCognitoUserPoolsAuthorizer(stack, id, props)"),
        ("java", "CognitoUserPoolsAuthorizer.Builder.create(this, \"A\")"),
        ("python", "authorizer = CognitoUserPoolAuthorizer('A', provider_arns=[])"),
        ("typescript", "type: AuthorizationType.COGNITO,"),
        ("yaml", "authorizer: arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_A"),
        ("yaml", "authorizer:\n  name: x\n  arn: arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_A"),
        ("yaml", "Authorizers:\n  A:\n    UserPoolArn: x"),
    ] {
        assert_eq!(one(language, text), (Class::Blocker, Confidence::Definite), "{text}");
    }
    for text in [
        "AuthorizationType: COGNITO_USER_POOLS",
        "authorization = \"COGNITO_USER_POOLS\"",
        "--authorization-type COGNITO_USER_POOLS",
        "authorizationType: AuthorizationType.COGNITO,",
    ] {
        assert_eq!(one("typescript", text), (Class::Blocker, Confidence::Review), "{text}");
    }
}

#[test]
fn listener_actions_in_every_language() {
    for (language, text) in [
        ("yaml", "- Type: authenticate-cognito\n  AuthenticateCognitoConfig:\n    UserPoolArn: x"),
        ("json", "\"AuthenticateCognitoConfig\": {\"UserPoolArn\": 1}, \"Type\": \"authenticate-cognito\""),
        ("terraform", "type = \"authenticate-cognito\"\nauthenticate_cognito {\n}"),
        ("terraform", "authenticate_cognito = {\n}"),
        ("typescript", "new actions.AuthenticateCognitoAction({"),
        ("python", "actions.AuthenticateCognitoAction(user_pool=p)"),
        ("java", "AuthenticateCognitoAction.Builder.create()"),
        ("shell", "--actions Type=authenticate-cognito,Order=1"),
        ("yaml", "alb.ingress.kubernetes.io/auth-type: cognito\nalb.ingress.kubernetes.io/auth-idp-cognito: '{}'"),
        ("go", "\"alb.ingress.kubernetes.io/auth-idp-cognito\": `{}`,"),
        ("yaml", "alb.ingress.kubernetes.io/auth-type: cognito"),
    ] {
        assert_eq!(one(language, text), (Class::Blocker, Confidence::Definite), "{text}");
    }
}

#[test]
fn words_that_set_nothing() {
    for (language, text) in [
        ("typescript", "if (type === 'COGNITO_USER_POOLS') {}"),
        ("python", "if authorizer_type == \"COGNITO_USER_POOLS\":"),
        ("typescript", "type: 'NONE' | 'COGNITO_USER_POOLS';"),
        ("python", "COGNITO_USER_POOLS = \"COGNITO_USER_POOLS\""),
        ("python", "_AUTH_TYPE = 'cognito_user_pools'"),
        ("json", "\"enum\": [\"TOKEN\", \"COGNITO_USER_POOLS\"]"),
        ("go", "const AuthorizerTypeCognito AuthorizerType = \"COGNITO_USER_POOLS\""),
        ("typescript", "authType: 'AMAZON_COGNITO_USER_POOLS'"),
        ("terraform", "data \"aws_cognito_user_pools\" \"all\" {"),
        ("typescript", "federationTarget: 'COGNITO_USER_POOLS',"),
        ("java", "return \"COGNITO_USER_POOLS\";"),
        ("go", "ActionTypeAuthenticateCognito ActionType = \"authenticate-cognito\""),
        ("go", "type AuthenticateCognitoConfig struct {"),
        ("yaml", "  - authenticate-cognito\n  - forward"),
        ("python", "class CognitoUserPoolAuthorizer(Authorizer):"),
        ("python", "from chalice import CognitoUserPoolAuthorizer"),
        ("typescript", "readonly authorizer: CognitoUserPoolsAuthorizer;"),
        ("yaml", "alb.ingress.kubernetes.io/auth-type: oidc"),
        ("typescript", "readonly userPoolProviderUrl: string;"),
        ("typescript", "this.userPoolProviderUrl = pool.attrProviderUrl;"),
        ("go", "cfg.ProviderURL = settings.ProviderURL"),
        ("typescript", "const url = `${config.ProviderURL}`;"),
        ("yaml", "Resource: arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_A"),
        ("yaml", "UserPoolArn: !GetAtt Pool.Arn"),
    ] {
        assert_eq!(seen(language, text), [], "{text}");
    }
    assert_eq!(find("node_modules/x/index.d.ts", "type: 'COGNITO_USER_POOLS',", "typescript", None), []);
    assert_eq!(find("x/aws-cdk-lib/aws-cognito/lib/a.js", "new CognitoUserPoolsAuthorizer(", "javascript", None), []);
}

#[test]
fn attributes_in_every_language() {
    for (language, text, span) in [
        ("typescript", "value: this.pool.userPoolProviderUrl,", "this.pool.userPoolProviderUrl"),
        ("python", "x = pool.user_pool_provider_url", "pool.user_pool_provider_url"),
        ("java", "pool.getUserPoolProviderUrl()", "pool.getUserPoolProviderUrl"),
        ("csharp", "pool.UserPoolProviderUrl;", "pool.UserPoolProviderUrl"),
        ("typescript", "cfn.attrProviderUrl", "cfn.attrProviderUrl"),
        ("yaml", "I: !GetAtt Pool.ProviderURL", "Pool.ProviderURL"),
        ("yaml", "I: !GetAtt [Pool, ProviderURL]", "ProviderURL"),
        ("json", "{\"Fn::GetAtt\": [\n \"Pool\",\n \"ProviderURL\"\n]}", "ProviderURL"),
        ("yaml", "I: !Sub ${Pool.ProviderURL}/x", "Pool.ProviderURL"),
    ] {
        let all = seen(language, text);
        assert_eq!(all, [(Class::IacAttribute, Confidence::Likely, span.to_owned())], "{text}");
    }
    let other = BTreeSet::from(["Table".to_owned()]);
    assert_eq!(
        find("t.yaml", "I: !GetAtt Table.ProviderURL\nJ: !GetAtt [Table, ProviderURL]", "yaml", Some(&other)),
        []
    );
}

#[test]
fn a_long_line_is_quick() {
    let started = std::time::Instant::now();
    let piece = "{\"type\":\"COGNITO_USER_POOLS\",\"authenticateCognitoConfig\":{},\"x\":a.userPoolProviderUrl,\"Fn::GetAtt\":[\"P\",\"ProviderURL\"]},";
    let found = find("bundle.js", &piece.repeat(10_000), "javascript", None);
    assert!(found.len() > 10_000);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
