//! Tests of template evaluation: every spelling hits, every trap does not, and no text but the match leaves.

use std::fmt::Write as _;

use super::*;

const OLD: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123";
const POOL: &str = "us-east-1_AbC123";

fn env() -> Environment {
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Environment {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
        url_suffix: "amazonaws.com".to_owned(),
        stack_name: "shop".to_owned(),
        stack_id: "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1".to_owned(),
        parameters: pairs(&[("UserPoolId", POOL), ("Secret", "s3cret"), ("Hidden", "****"), ("Stage", "prod")]),
        resources: pairs(&[("Pool", POOL), ("Other", "other-physical")]),
        exports: pairs(&[("auth:Issuer", OLD), ("auth:PoolId", POOL), ("auth:Token", "s3cret")]),
    }
}

/// Evaluates a YAML template whose only resource has these properties, indented by six.
fn resource(kind: &str, properties: &str) -> Vec<Hit> {
    let text = format!("{HEAD}  R:\n    Type: {kind}\n    Properties:\n{properties}\n");
    evaluate(&text, &env()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const HEAD: &str = "\
Parameters:
  UserPoolId: {Type: String}
  Secret: {Type: String}
  Hidden: {Type: String, NoEcho: true, Default: us-east-1_Hidden}
  Stage: {Type: String}
  Defaulted: {Type: String, Default: us-east-1_Default1}
  Guess: {Type: String, Default: guess}
  FromSsm: {Type: 'AWS::SSM::Parameter::Value<String>', Default: us-east-1_NameNotValue}
  StageWithDefault: {Type: String, Default: prod}
Mappings:
  Pools:
    prod: {Id: us-east-1_AbC123, Token: s3cret}
    dev: {Id: us-east-1_Dev}
Resources:
  Pool:
    Type: AWS::Cognito::UserPool
  Nested:
    Type: AWS::CloudFormation::Stack
";

fn value(expression: &str) -> Vec<Hit> {
    resource("AWS::Lambda::Function", &format!("      V:\n        {}", expression.replace('\n', "\n        ")))
}

fn one(expression: &str) -> Reference {
    let hits = value(expression);
    assert_eq!(hits.len(), 1, "{expression}: {hits:#?}");
    hits.into_iter().next().unwrap().reference
}

fn id(pool: &str) -> PoolRef {
    PoolRef::Id(pool.to_owned())
}

fn what(what: &str) -> PoolRef {
    PoolRef::Unresolved { what: what.to_owned() }
}

#[test]
fn every_spelling_is_evaluated() {
    use Class::{
        DiscoveryUrl, IacAttribute, IamOidcProviderRef, IdentityPoolLoginKey, IssuerSplitJoin, IssuerUrlLiteral,
        IssuerUrlTemplate, JwksUrl, JwksUrlSplit,
    };
    let host = "https://cognito-idp.${AWS::Region}.amazonaws.com";
    let cases: Vec<(String, Class, PoolRef)> = vec![
        (OLD.to_owned(), IssuerUrlLiteral, id(POOL)),
        (format!("'{OLD}'"), IssuerUrlLiteral, id(POOL)),
        (format!("!Sub '{host}/us-east-1_Lit'"), IssuerUrlTemplate, id("us-east-1_Lit")),
        (format!("!Sub '{OLD}'"), IssuerUrlLiteral, id(POOL)),
        (format!("!Sub '{host}/${{UserPoolId}}'"), IssuerUrlTemplate, id(POOL)),
        (format!("!Sub '{host}/${{ Pool }}'"), IssuerUrlTemplate, id(POOL)),
        (format!("!Sub '{host}/${{Pool.UserPoolId}}'"), IssuerUrlTemplate, id(POOL)),
        (format!("!Sub '{host}/${{Missing}}'"), IssuerUrlTemplate, what("Ref Missing")),
        (format!("!Sub '{host}/${{Hidden}}'"), IssuerUrlTemplate, what("Ref Hidden")),
        (format!("!Sub '{host}/${{Defaulted}}'"), IssuerUrlTemplate, id("us-east-1_Default1")),
        (format!("!Sub '{host}/${{Guess}}'"), IssuerUrlTemplate, what("Ref Guess")),
        (format!("!Sub '{host}/${{FromSsm}}'"), IssuerUrlTemplate, what("Ref FromSsm")),
        (format!("!Sub '{host}/${{Nested.Outputs.PoolId}}'"), IssuerUrlTemplate, what("GetAtt Nested.Outputs.PoolId")),
        (format!("!Sub '{host}/${{!Literal}}'"), IssuerUrlTemplate, what("variable Literal")),
        ("!Sub 'https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UserPoolId}'".to_owned(), IssuerUrlTemplate, id(POOL)),
        (format!("Fn::Sub: '{host}/${{Pool}}'"), IssuerUrlTemplate, id(POOL)),
        (format!("{{\"Fn::Sub\": \"{host}/${{Pool}}\"}}"), IssuerUrlTemplate, id(POOL)),
        (format!("!Sub ['{host}/${{p}}', {{p: !Ref Pool}}]"), IssuerUrlTemplate, id(POOL)),
        (format!("Fn::Sub:\n  - '{host}/${{p}}'\n  - p:\n      Fn::ImportValue: auth:PoolId"), IssuerUrlTemplate, id(POOL)),
        ("!Sub ['${u}', {u: !Join ['', ['https://cognito-idp.', !Ref AWS::Region, '.amazonaws.com/', !Ref Pool]]}]".to_owned(), IssuerSplitJoin, id(POOL)),
        ("!Join ['', ['https://cognito-idp.', !Ref 'AWS::Region', '.amazonaws.com/', !Ref Pool]]".to_owned(), IssuerSplitJoin, id(POOL)),
        ("Fn::Join:\n  - ''\n  - - https://cognito-idp.\n    - Ref: AWS::Region\n    - .amazonaws.com/\n    - Ref: Gone".to_owned(), IssuerSplitJoin, what("Ref Gone")),
        ("!Join ['/', ['https://cognito-idp.us-east-1.amazonaws.com', !Ref Pool]]".to_owned(), IssuerSplitJoin, id(POOL)),
        ("!Join ['/', ['https://cognito-idp.us-east-1.amazonaws.com', !Ref AWS::NoValue, !Ref Pool]]".to_owned(), IssuerSplitJoin, id(POOL)),
        (format!("!Join [',', ['a', '{OLD}', 'b']]"), IssuerUrlLiteral, id(POOL)),
        (format!("!Select [1, ['x', '{OLD}']]"), IssuerUrlLiteral, id(POOL)),
        (format!("!Select ['1', !Split ['|', 'x|{OLD}|y']]"), IssuerUrlLiteral, id(POOL)),
        ("!Sub ['https://cognito-idp.us-east-1.amazonaws.com/${p}', {p: !Select [1, !Split ['/', !GetAtt Pool.Arn]]}]".to_owned(), IssuerUrlTemplate, id(POOL)),
        ("!Sub ['https://cognito-idp.us-east-1.amazonaws.com/${p}', {p: !Select [1, !Split ['/', !GetAtt Nested.Outputs.Arn]]}]".to_owned(), IssuerUrlTemplate, what("Select GetAtt Nested.Outputs.Arn")),
        (format!("!If [C, '{OLD}', !Ref AWS::NoValue]"), IssuerUrlLiteral, id(POOL)),
        (format!("Fn::If: [C, nothing, '{OLD}']"), IssuerUrlLiteral, id(POOL)),
        (format!("!Sub ['{host}/${{p}}', {{p: !If [C, !Ref Pool, other]}}]"), IssuerUrlTemplate, id(POOL)),
        (format!("!Sub ['{host}/${{p}}', {{p: !FindInMap [Pools, !Ref Stage, Id]}}]"), IssuerUrlTemplate, id(POOL)),
        (format!("!Sub ['{host}/${{p}}', {{p: !FindInMap [Pools, !Ref StageWithDefault, Id]}}]"), IssuerUrlTemplate, id(POOL)),
        (format!("!Sub ['{host}/${{p}}', {{p: !FindInMap [Pools, !Ref Guess, Id]}}]"), IssuerUrlTemplate, what("FindInMap Pools")),
        ("!ImportValue auth:Issuer".to_owned(), IssuerUrlLiteral, id(POOL)),
        ("Fn::ImportValue: !Sub 'auth:Issuer'".to_owned(), IssuerUrlLiteral, id(POOL)),
        (format!("!Sub ['{host}/${{p}}', {{p: !ImportValue gone:PoolId}}]"), IssuerUrlTemplate, what("ImportValue gone:PoolId")),
        ("!GetAtt Pool.ProviderURL".to_owned(), IacAttribute, id(POOL)),
        ("!GetAtt [Pool, ProviderURL]".to_owned(), IacAttribute, id(POOL)),
        ("Fn::GetAtt: [Pool, ProviderURL]".to_owned(), IacAttribute, id(POOL)),
        ("!Sub '${Pool.ProviderURL}'".to_owned(), IacAttribute, id(POOL)),
        ("!Sub 'https://${Pool.ProviderName}'".to_owned(), IacAttribute, id(POOL)),
        ("!Join ['', ['https://', !GetAtt Pool.ProviderName]]".to_owned(), IacAttribute, id(POOL)),
        ("!Sub '${Pool.ProviderURL}/.well-known/jwks.json'".to_owned(), JwksUrl, id(POOL)),
        ("!Join ['', [!GetAtt Pool.ProviderURL, '/.well-known/jwks.json']]".to_owned(), JwksUrlSplit, id(POOL)),
        ("!Sub '${Pool.ProviderURL}/.well-known/openid-configuration'".to_owned(), DiscoveryUrl, id(POOL)),
        ("!GetAtt Nested.Outputs.AuthProviderURL".to_owned(), IacAttribute, what("GetAtt Nested.Outputs.AuthProviderURL")),
        ("!GetAtt Pool.ProviderName".to_owned(), IdentityPoolLoginKey, id(POOL)),
        ("!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/${Pool.ProviderName}'".to_owned(), IamOidcProviderRef, id(POOL)),
        (format!("Fn::Base64: !Sub 'ISSUER={host}/${{Pool}}'"), IssuerUrlTemplate, id(POOL)),
        (format!("!Base64\nFn::Sub: 'ISSUER={host}/${{Pool}}'"), IssuerUrlTemplate, id(POOL)),
        (format!("Fn::Transform: {{Name: AWS::Include, Parameters: {{X: '{OLD}'}}}}"), IssuerUrlLiteral, id(POOL)),
        (format!("!Select [!Ref Gone, ['x', '{OLD}']]"), IssuerUrlLiteral, id(POOL)),
        ("'https://cognito-idp.us-east-1.amazonaws.com/{{resolve:ssm:/shop/pool}}'".to_owned(), IssuerUrlTemplate, what("an expression")),
    ];
    for (expression, class, pool) in cases {
        let reference = one(&expression);
        assert_eq!((reference.class, &reference.pool), (class, &pool), "{expression}: {reference:#?}");
        assert!(!reference.updated && !reference.dual_aware, "{expression}");
    }
}

#[test]
fn without_an_environment_holes_still_hit() {
    let text = "Resources:\n  Pool: {Type: AWS::Cognito::UserPool}\n  R:\n    Type: X\n    Properties:\n      A: !Sub 'https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${Pool}'\n      B: !GetAtt Pool.ProviderURL\n      C: {Fn::Join: ['', ['https://cognito-idp.', {Ref: AWS::Region}, .amazonaws.com/, {Ref: Pool}]]}\n";
    let hits = evaluate(text, &Environment::default()).unwrap();
    let seen: Vec<_> = hits.iter().map(|hit| (hit.reference.class, hit.reference.text.as_str())).collect();
    assert_eq!(
        seen,
        [
            (Class::IssuerUrlTemplate, "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${Pool}"),
            (Class::IacAttribute, "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"),
            (Class::IssuerSplitJoin, "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"),
        ]
    );
    assert!(hits.iter().all(|hit| hit.reference.pool == what("Ref Pool") && hit.reference.host_region.is_none()));
}

#[test]
fn json_and_yaml_give_the_same_places() {
    let json = format!(
        "{{\n \"Resources\": {{\n  \"Fn\": {{\n   \"Type\": \"AWS::Lambda::Function\",\n   \"Properties\": {{\n    \"Environment\": {{\"Variables\": {{\n     \"ISSUER\": {{\"Fn::Sub\": \"{OLD}\"}}}}}},\n    \"L\": [\"x\", {{\"Fn::If\": [\"C\", \"{OLD}\", \"y\"]}}]\n   }}\n  }}\n }},\n \"Outputs\": {{\"a/b\": {{\"Value\": \"{OLD}\"}}}}\n}}"
    );
    let yaml = format!(
        "Resources:\n  Fn:\n\n    Type: AWS::Lambda::Function\n    Properties:\n      Environment: {{Variables:\n        {{ISSUER: !Sub '{OLD}'}}}}\n      L: [x, !If [C, '{OLD}', y]]\nOutputs:\n\n\n  a/b: {{Value: '{OLD}'}}\n"
    );
    for text in [json, yaml] {
        let hits = evaluate(&text, &env()).unwrap();
        let seen: Vec<_> = hits
            .iter()
            .map(|hit| {
                (hit.pointer.as_str(), hit.property_path.as_str(), hit.section, hit.logical_id.as_deref(), hit.line)
            })
            .collect();
        assert_eq!(
            seen,
            [
                (
                    "/Resources/Fn/Properties/Environment/Variables/ISSUER",
                    "Properties.Environment.Variables.ISSUER",
                    Section::Resources,
                    Some("Fn"),
                    Some(7)
                ),
                ("/Resources/Fn/Properties/L/1/Fn::If/1", "Properties.L[1]", Section::Resources, Some("Fn"), Some(8)),
                ("/Outputs/a~1b/Value", "Value", Section::Outputs, Some("a/b"), Some(12)),
            ],
            "{text}"
        );
        assert_eq!(hits[0].resource_type.as_deref(), Some("AWS::Lambda::Function"));
        assert_eq!(hits[2].resource_type, None);
    }
}

#[test]
fn both_branches_count_and_keep_their_own_verdict() {
    let hits = value(
        "!If [C, 'https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_A', 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A']",
    );
    let seen: Vec<_> =
        hits.iter().map(|hit| (hit.reference.updated, hit.reference.dual_aware, hit.reference.severity)).collect();
    assert_eq!(seen, [(true, false, Severity::Info), (false, false, Severity::Error)]);
}

#[test]
fn inline_code_is_searched_by_line() {
    let hits = resource(
        "AWS::Lambda::Function",
        "      Code:\n        ZipFile: !Sub |\n          import os\n          TOKEN = '${Secret}'\n          ISS = f'https://cognito-idp.{r}.amazonaws.com/${UserPoolId}'; key = 's3cret'\n          url = 'https://cognito-idp.us-east-1.amazonaws.com/'\n          J = \"https://cognito-idp.\" + r + \".amazonaws.com/\" + p",
    );
    let first = u32::try_from(HEAD.lines().count()).unwrap() + 3 + 3;
    let seen: Vec<_> =
        hits.iter().map(|hit| (hit.line.unwrap() - first, hit.reference.class, hit.reference.text.as_str())).collect();
    assert_eq!(
        seen,
        [
            (2, Class::IssuerUrlTemplate, "https://cognito-idp.{r}.amazonaws.com/us-east-1_AbC123"),
            (4, Class::IssuerSplitConcat, "https://cognito-idp.\" + r + \".amazonaws.com/\" + p"),
        ],
        "{hits:#?}"
    );
}

#[test]
fn nothing_private_leaves() {
    let cases = [
        format!("!Sub 'key=s3cret ${{Secret}} {OLD}?t=${{Secret}} s3cret'"),
        "!Sub 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_${Secret}'".to_owned(),
        "!Sub 'https://cognito-idp.${AWS::Region}.amazonaws.com/pool-${Secret}'".to_owned(),
        "!Sub ['https://cognito-idp.us-east-1.amazonaws.com/pool${p}', {p: !ImportValue auth:Token}]".to_owned(),
        "!Sub ['https://cognito-idp.us-east-1.amazonaws.com/pool${p}', {p: !FindInMap [Pools, prod, Token]}]"
            .to_owned(),
        "!Sub 'https://cognito-idp.us-east-1.amazonaws.com/${Hidden}'".to_owned(),
        "!Join ['', ['https://cognito-idp.us-east-1.amazonaws.com/', !Ref Pool, '?secret=', !Ref Secret, s3cret]]"
            .to_owned(),
        format!("{{\"a\": \"s3cret\", \"b\": \"{OLD} s3cret\", \"c\": \"s3cret\"}}"),
        "'https://cognito-idp.us-east-1.amazonaws.com/${x || \"s3cret\"}'".to_owned(),
    ];
    for expression in cases {
        let hits = value(&expression);
        assert_eq!(hits.len(), 1, "{expression}: {hits:#?}");
        let mut shown = hits.into_iter().next().unwrap();
        assert!(shown.reference.text.starts_with("https://cognito-idp.us-east-1.amazonaws.com/"), "{shown:#?}");
        // A pool id is what the whole reference is about, even if half of it came from elsewhere.
        if shown.reference.pool == id("us-east-1_s3cret") {
            shown.reference.pool = what("");
        }
        let written = serde_json::to_string(&shown).unwrap();
        assert!(!written.contains("s3cret") && !written.contains("us-east-1_Hidden"), "{expression}: {written}");
    }
    assert_eq!(
        one("!Sub 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_${Secret}'").text,
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_${Secret}"
    );
}

/// What could not be decided is named after the template's words, not after the values put into them.
#[test]
fn names_hold_no_values() {
    let url = "https://cognito-idp.us-east-1.amazonaws.com/${p}";
    for (expression, name) in [
        ("!ImportValue {'Fn::Sub': '${Secret}-PoolId'}", "ImportValue Secret-PoolId"),
        ("!GetAtt [Gone, !Ref Secret]", "GetAtt Gone.Secret"),
        ("!FindInMap [!Ref Secret, a, b]", "FindInMap Secret"),
        ("!Join ['', !Ref Secret]", "Join _"),
        ("!Select [0, !Split [',', !Ref Hidden]]", "Select Ref Hidden"),
        ("!Cidr [!Ref Secret, 1, 2]", "Fn::Cidr _"),
    ] {
        assert_eq!(one(&format!("!Sub ['{url}', {{p: {expression}}}]")).pool, what(name), "{expression}");
    }
}

#[test]
fn a_parameter_list_is_a_list() {
    let mut env = env();
    env.parameters.insert("Issuers".to_owned(), format!("x,{OLD}"));
    let text = "Parameters: {Issuers: {Type: CommaDelimitedList}}\nResources:\n  R:\n    Type: X\n    Properties: {V: !Join [' ', !Ref Issuers], W: !Select [1, !Ref Issuers]}\n";
    let hits = evaluate(text, &env).unwrap();
    assert_eq!(hits.iter().map(|hit| hit.property_path.as_str()).collect::<Vec<_>>(), ["Properties.V", "Properties.W"]);
    assert!(hits.iter().all(|hit| hit.reference.class == Class::IssuerUrlLiteral && hit.reference.text == OLD));
}

/// Class, pool and path of every hit.
fn summary(hits: &[Hit]) -> Vec<(&str, PoolRef, &str)> {
    hits.iter()
        .map(|hit| (hit.reference.class.as_str(), hit.reference.pool.clone(), hit.property_path.as_str()))
        .collect()
}

#[test]
fn rest_authorizers_are_blockers() {
    let hits = resource(
        "AWS::ApiGateway::Authorizer",
        "      Type: COGNITO_USER_POOLS\n      ProviderARNs:\n        - !GetAtt Pool.Arn\n        - !Sub 'arn:aws:cognito-idp:us-east-1:123456789012:userpool/${Gone}'\n        - !If [C, !Ref PoolArn, !Ref AWS::NoValue]",
    );
    assert_eq!(
        summary(&hits),
        [
            ("blocker", id(POOL), "Properties.ProviderARNs[0]"),
            ("blocker", what("Ref Gone"), "Properties.ProviderARNs[1]"),
            ("blocker", what("Ref PoolArn"), "Properties.ProviderARNs[2]"),
        ]
    );
    assert!(
        hits.iter().all(|hit| hit.reference.severity == Severity::Error && hit.reference.text == "COGNITO_USER_POOLS")
    );
    let branch = "      Type: !If [C, COGNITO_USER_POOLS, TOKEN]\n      ProviderARNs: !If [C, [!GetAtt Pool.Arn], !Ref AWS::NoValue]";
    assert_eq!(
        summary(&resource("AWS::ApiGateway::Authorizer", branch)),
        [("blocker", id(POOL), "Properties.ProviderARNs")]
    );
    let undecided =
        resource("AWS::ApiGateway::Authorizer", "      Type: !Ref Gone\n      ProviderARNs: [!GetAtt Pool.Arn]");
    assert_eq!(undecided[0].reference.confidence, Confidence::Likely);
    let empty = resource("AWS::ApiGateway::Authorizer", "      Type: COGNITO_USER_POOLS");
    assert_eq!(summary(&empty), [("blocker", what("ProviderARNs"), "Properties.Type")]);
    assert_eq!(resource("AWS::ApiGateway::Authorizer", "      Type: TOKEN\n      AuthorizerUri: x"), []);
}

#[test]
fn openapi_bodies_are_searched() {
    let body = |scheme: &str| {
        format!("      Body:\n        components:\n          securitySchemes:\n            auth:\n{scheme}")
    };
    let full = body(
        "              type: apiKey\n              x-amazon-apigateway-authtype: cognito_user_pools\n              x-amazon-apigateway-authorizer:\n                type: cognito_user_pools\n                providerARNs: [{Fn::GetAtt: [Pool, Arn]}]",
    );
    let path = "Properties.Body.components.securitySchemes.auth.x-amazon-apigateway-authorizer.providerARNs[0]";
    assert_eq!(summary(&resource("AWS::ApiGateway::RestApi", &full)), [("blocker", id(POOL), path)]);
    let bare = body("              x-amazon-apigateway-authtype: COGNITO_USER_POOLS");
    assert_eq!(
        summary(&resource("AWS::Serverless::Api", &bare.replace("Body", "DefinitionBody"))),
        [(
            "blocker",
            what("providerARNs"),
            "Properties.DefinitionBody.components.securitySchemes.auth.x-amazon-apigateway-authtype"
        )]
    );
    let jwt = body(
        "              x-amazon-apigateway-authorizer: {type: jwt, jwtConfiguration: {issuer: !GetAtt Pool.ProviderURL}}",
    );
    assert_eq!(resource("AWS::ApiGatewayV2::Api", &jwt)[0].reference.class, Class::IacAttribute);
    assert_eq!(resource("AWS::ApiGateway::RestApi", &body("              x-amazon-apigateway-authtype: custom")), []);
}

#[test]
fn sam_and_load_balancers_are_searched() {
    let sam = "      Auth:\n        DefaultAuthorizer: A\n        Authorizers:\n          A: {UserPoolArn: !GetAtt Pool.Arn}\n          B: {UserPoolArn: [!GetAtt Pool.Arn, !Ref Gone]}\n          C: {FunctionArn: x}";
    assert_eq!(
        summary(&resource("AWS::Serverless::Api", sam)),
        [
            ("blocker", id(POOL), "Properties.Auth.Authorizers.A.UserPoolArn"),
            ("blocker", id(POOL), "Properties.Auth.Authorizers.B.UserPoolArn[0]"),
            ("blocker", what("Ref Gone"), "Properties.Auth.Authorizers.B.UserPoolArn[1]"),
        ]
    );
    let globals = "Transform: AWS::Serverless-2016-10-31\nGlobals: {Api: {Auth: {Authorizers: {A: {UserPoolArn: 'arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_G'}}}}}\nResources: {}\n";
    let hits = evaluate(globals, &env()).unwrap();
    assert_eq!(summary(&hits), [("blocker", id("us-east-1_G"), "Api.Auth.Authorizers.A.UserPoolArn")]);
    assert_eq!((hits[0].section, &hits[0].logical_id), (Section::Globals, &None));
    let http = resource(
        "AWS::Serverless::HttpApi",
        &format!("      Auth:\n        Authorizers:\n          A: {{JwtConfiguration: {{issuer: '{OLD}'}}}}"),
    );
    assert_eq!(
        summary(&http),
        [("issuer-url-literal", id(POOL), "Properties.Auth.Authorizers.A.JwtConfiguration.issuer")]
    );

    let rule = "      Actions:\n        - Type: authenticate-cognito\n          AuthenticateCognitoConfig: {UserPoolArn: !GetAtt Pool.Arn, UserPoolDomain: d}\n        - Type: authenticate-oidc\n          AuthenticateOidcConfig: {Issuer: !GetAtt Pool.ProviderURL, ClientSecret: s3cret}\n        - {Type: forward}";
    let hits = resource("AWS::ElasticLoadBalancingV2::ListenerRule", rule);
    assert_eq!(
        summary(&hits),
        [
            ("blocker", id(POOL), "Properties.Actions[0].AuthenticateCognitoConfig.UserPoolArn"),
            ("iac-attribute", id(POOL), "Properties.Actions[1].AuthenticateOidcConfig.Issuer"),
        ]
    );
    let listener = resource("AWS::ElasticLoadBalancingV2::Listener", &rule.replace("Actions", "DefaultActions"));
    assert_eq!(listener.len(), 2);
}

#[test]
fn trust_policies_providers_and_identity_pools() {
    let policy = format!(
        "      AssumeRolePolicyDocument:\n        Statement:\n          - Principal: {{Federated: 'arn:aws:iam::123456789012:oidc-provider/{host}'}}\n            Condition: {{StringEquals: {{'{host}:aud': s3cret}}, StringLike: {{'{host}:sub': '*'}}}}",
        host = &OLD["https://".len()..]
    );
    let hits = resource("AWS::IAM::Role", &policy);
    assert_eq!(hits.len(), 3, "{hits:#?}");
    assert!(
        hits.iter()
            .all(|hit| hit.reference.class == Class::IamOidcProviderRef && hit.reference.severity == Severity::Error)
    );
    assert!(
        hits[1].property_path.ends_with("StringEquals[\"cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123:aud\"]")
    );
    assert!(
        hits[1].pointer.ends_with("/cognito-idp.us-east-1.amazonaws.com~1us-east-1_AbC123:aud"),
        "{}",
        hits[1].pointer
    );

    // A second statement for the updated provider makes the role accept both.
    let second = policy.lines().skip(2).map(|line| line.replace("cognito-idp", "issuer-cognito-idp"));
    let both = format!("{policy}\n{}", second.collect::<Vec<_>>().join("\n"));
    let hits = resource("AWS::IAM::Role", &both);
    assert_eq!(hits.len(), 6);
    assert!(hits.iter().all(|hit| hit.reference.dual_aware && hit.reference.severity == Severity::Info));

    let provider = resource("AWS::IAM::OIDCProvider", &format!("      Url: {OLD}"));
    assert_eq!(summary(&provider), [("issuer-url-literal", id(POOL), "Properties.Url")]);
    let identity = resource(
        "AWS::Cognito::IdentityPool",
        "      CognitoIdentityProviders:\n        - {ClientId: x, ProviderName: !GetAtt Pool.ProviderName}",
    );
    assert_eq!(identity[0].reference.class, Class::IdentityPoolLoginKey);
    assert_eq!(
        (identity[0].reference.confidence, identity[0].reference.severity),
        (Confidence::Review, Severity::Warning)
    );
}

#[test]
fn dual_awareness_needs_one_list_or_value() {
    let new = OLD.replace("cognito-idp", "issuer-cognito-idp");
    let accepted = |expression: &str| -> Vec<(bool, bool, Severity)> {
        value(expression)
            .iter()
            .map(|hit| (hit.reference.updated, hit.reference.dual_aware, hit.reference.severity))
            .collect()
    };
    let both = [(false, true, Severity::Info), (true, true, Severity::Info)];
    assert_eq!(accepted(&format!("[\n'{OLD}',\n'{new}']")), both);
    assert_eq!(accepted(&format!("'{OLD},{new}'")), both);
    assert_eq!(accepted("!Sub 'https://cognito-idp.${AWS::Region}.amazonaws.com/${Gone} https://issuer-cognito-idp.${AWS::Region}.amazonaws.com/${Gone}'").len(), 2);
    assert_eq!(accepted(&format!("[\n{{issuer: '{OLD}'}},\n{{issuer: '{new}'}}]")), both);
    let apart = [(false, false, Severity::Error), (true, false, Severity::Info)];
    assert_eq!(accepted(&format!("{{A: '{OLD}',\nB: '{new}'}}")), apart);
    assert_eq!(accepted(&format!("[\n{{Name: OLD, Value: '{OLD}'}},\n{{Name: NEW, Value: '{new}'}}]")), apart);
    assert_eq!(accepted(&format!("[\n'{OLD}',\n'{}']", new.replace("AbC123", "Other"))), apart);
    assert_eq!(accepted(&format!("[\n'{OLD}',\n!If [C, '{new}', !Ref AWS::NoValue]]")), apart);
}

#[test]
fn sections_weigh_differently() {
    let text = format!(
        "Description: see {OLD}\nMetadata: {{Docs: '{OLD}'}}\nParameters: {{P: {{Type: String, Default: '{OLD}', Description: '{OLD}'}}}}\nMappings: {{M: {{a: {{I: '{OLD}'}}}}}}\nConditions: {{C: !Equals ['{OLD}', x]}}\nResources:\n  R:\n    Type: X\n    DependsOn: Y\n    Metadata:\n      Note: {OLD}\n      AWS::CloudFormation::Init: {{config: {{files: {{/etc/x: {{content: '{OLD}'}}}}}}}}\n    Properties:\n      Description: {OLD}\n      V: !FindInMap [M, a, I]\n      W: !Ref P\nOutputs:\n  O: {{Description: 'like {OLD}', Value: '{OLD}'}}\n"
    );
    let hits = evaluate(&text, &env()).unwrap();
    let seen: Vec<_> =
        hits.iter().map(|hit| (hit.section.as_str(), hit.property_path.as_str(), hit.reference.severity)).collect();
    assert_eq!(
        seen,
        [
            ("Metadata", "Docs", Severity::Info),
            ("Mappings", "a.I", Severity::Warning),
            ("Resources", "Metadata.Note", Severity::Info),
            ("Resources", "Metadata.AWS::CloudFormation::Init.config.files[\"/etc/x\"].content", Severity::Error),
            ("Resources", "Properties.Description", Severity::Info),
            ("Resources", "Properties.V", Severity::Error),
            ("Resources", "Properties.W", Severity::Error),
            ("Outputs", "Description", Severity::Info),
            ("Outputs", "Value", Severity::Error),
        ]
    );
}

#[test]
fn traps_do_not_hit() {
    for expression in [
        "!Ref Pool",
        "!GetAtt Pool.Arn",
        "!GetAtt Pool.UserPoolId",
        "!Ref UserPoolId",
        "!Ref Hidden",
        "https://cognito-idp.us-east-1.amazonaws.com",
        "!Sub 'https://cognito-idp.${AWS::Region}.amazonaws.com/'",
        "!Sub 'https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}'",
        "!Join ['', ['https://cognito-idp.', !Ref AWS::Region, '.amazonaws.com']]",
        "!Join [' ', ['connect-src', 'https://cognito-idp.us-east-1.amazonaws.com/', !Ref Pool]]",
        "!Sub 'https://cognito-idp-fips.${AWS::Region}.amazonaws.com/${Pool}'",
        "!Sub 'cognito-idp.${AWS::Region}.amazonaws.com'",
        "cognito-idp.amazonaws.com",
        "{Service: cognito-idp.amazonaws.com, Action: ['cognito-idp:*'], Resource: 'arn:aws:cognito-idp:*:*:userpool/*'}",
        "!Sub 'com.amazonaws.${AWS::Region}.cognito-idp'",
        "!Sub 'https://shop.auth.${AWS::Region}.amazoncognito.com'",
        "cognito-identity.amazonaws.com:aud",
        "!Sub 'https://issuer.cognito-idp.${AWS::Region}.amazonaws.com/${Pool}'",
        "!GetAtt Other.ProviderURL",
        "{x-amazon-apigateway-authtype: custom}",
        "{Type: authenticate-cognito}",
        "{Ref: [a]}",
        "!Join [a]",
        "!Select [7, [a]]",
        "!Unknown [a, {b: c}]",
        "~",
    ] {
        assert_eq!(value(expression), [], "{expression}");
    }
    let client = "      UserPoolId: !Ref Pool\n      SupportedIdentityProviders: [COGNITO]\n      CallbackURLs: ['https://x.example']";
    assert_eq!(resource("AWS::Cognito::UserPoolClient", client), []);
}

#[test]
fn order_is_by_line_and_stable() {
    let text = format!(
        "Resources:\n  B: {{Type: X, Properties: {{b: '{OLD}', a: '{OLD} {OLD}'}}}}\n  A: {{Type: X, Properties: ['{OLD}']}}\n"
    );
    let hits = evaluate(&text, &env()).unwrap();
    let pointers: Vec<_> = hits.iter().map(|hit| hit.pointer.as_str()).collect();
    assert_eq!(pointers, ["/Resources/B/Properties/a", "/Resources/B/Properties/b", "/Resources/A/Properties/0"]);
    assert_eq!(hits, evaluate(&text, &env()).unwrap());
    let written = serde_json::to_string(&hits[0]).unwrap();
    assert_eq!(serde_json::from_str::<Hit>(&written).unwrap(), hits[0]);
}

#[test]
fn broken_templates_say_where_and_nothing_else() {
    for (text, line) in [
        ("Resources:\n  R:\n    s3cret: [s3cret\n  Q: s3cret\n", 3),
        ("Resources:\n  a: \"\\qs3cret\"\n", 2),
        ("{\"Resources\": {\"a\": s3cret", 1),
        ("Resources: *s3cret\n", 1),
        ("Resources: !s3cret!x y\n", 1),
        ("s3cret: @s3cret", 1),
    ] {
        let error = evaluate(text, &env()).unwrap_err();
        let TemplateError::Syntax { line: at, .. } = &error else { panic!("{error}") };
        assert!(*at >= line, "{text}: {error}");
        assert!(!format!("{error:?} {error}").contains("s3cret"), "{error}");
    }
    for text in ["", "just text s3cret", "[1, 2]", "a: b", "# nothing"] {
        assert_eq!(evaluate(text, &env()), Err(TemplateError::NotATemplate), "{text}");
    }
    assert_eq!(evaluate("Resources: [x]\n", &env()), Ok(vec![]));
    assert_eq!(evaluate("Transform: Macro\nFoo: bar\n", &env()), Ok(vec![]));
    assert!(matches!(evaluate(&" ".repeat(9 << 20), &env()), Err(TemplateError::TooLarge { .. })));
}

#[test]
fn hostile_templates_stop() {
    let mut aliases = "Resources:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(aliases, "  a{level}: &a{level} [{refs}]").unwrap();
    }
    assert!(matches!(evaluate(&aliases, &env()), Err(TemplateError::Syntax { .. })));
    let deep = format!("{{\"Resources\":{}1{}}}", "{\"a\":".repeat(2000), "}".repeat(2000));
    assert!(matches!(evaluate(&deep, &env()), Err(TemplateError::Syntax { .. })));
}

/// Templates that would expand without bound stop with an error, soon.
#[test]
fn expansion_is_bounded() {
    let started = std::time::Instant::now();
    let nest = |leaf: &str, depth: usize| {
        let text = "${a}${a}";
        let mut value = leaf.to_owned();
        for _ in 0..depth {
            value = format!("{{\"Fn::Sub\": [\"{text}\", {{\"a\": {value}}}]}}");
        }
        value
    };
    let mut alternatives = "\"x\"".to_owned();
    for _ in 0..60 {
        alternatives = format!("{{\"Fn::If\": [\"C\", \"y\", {alternatives}]}}");
    }
    let conditions = vec!["{\"Fn::If\": [\"C\", \"a\", \"b\"]}"; 200].join(",");
    for value in [
        nest("\"xxxxxxxxxxxxxxxx\"", 60),
        nest("{\"Ref\": \"Empty\"}", 60),
        nest("{\"Ref\": \"Gone\"}", 60),
        nest(&alternatives, 2),
        nest("{\"Fn::If\": [\"C\", \"a\", \"b\"]}", 60),
        format!("{{\"Fn::Join\": [\"\", [{conditions}]]}}"),
    ] {
        let text = format!(
            "{{\"Parameters\": {{\"Empty\": {{}}}}, \"Resources\": {{\"R\": {{\"Type\": \"X\", \"Properties\": {{\"V\": {value}}}}}}}}}"
        );
        let mut env = env();
        env.parameters.insert("Empty".to_owned(), String::new());
        let outcome = evaluate(&text, &env);
        assert!(matches!(outcome, Err(TemplateError::TooComplex { line: 1, .. })), "{outcome:?}: {value:.200}");
    }
    // A value that holds its own name is text, not an expression.
    let mut own = env();
    own.parameters.insert("UserPoolId".to_owned(), "${UserPoolId}${UserPoolId}".to_owned());
    let text =
        "Parameters: {UserPoolId: {Type: String}}\nResources: {R: {Type: X, Properties: {V: !Sub '${UserPoolId}'}}}\n";
    assert_eq!(evaluate(text, &own), Ok(vec![]));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_large_template_is_quick() {
    let mut text = HEAD.to_owned();
    let mut count = 0;
    while text.len() < 5_000_000 {
        count += 1;
        writeln!(text, "  F{count}:\n    Type: AWS::Lambda::Function\n    Properties:\n      Environment:\n        Variables:\n          A: !Sub 'https://sqs.${{AWS::Region}}.amazonaws.com/${{Pool}}'\n          B: an ordinary value of an ordinary variable").unwrap();
    }
    writeln!(text, "  Last: {{Type: X, Properties: {{V: '{OLD}'}}}}").unwrap();
    let started = std::time::Instant::now();
    let hits = evaluate(&text, &env()).unwrap();
    assert_eq!(hits.len(), 1);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    // A long literal string is searched as it stands.
    let long = format!("Resources: {{R: {{Type: X, Properties: {{V: !Sub '{} {OLD}'}}}}}}\n", "word ".repeat(600_000));
    assert_eq!(evaluate(&long, &env()).unwrap().len(), 1);
}

#[test]
fn plain_values_are_scanned() {
    let found =
        scan_value(&format!("{OLD} https://cognito-idp.eu-west-1.amazonaws.com/${{pool}}/.well-known/jwks.json"));
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].class, &found[0].pool, found[0].text.as_str()), (Class::IssuerUrlLiteral, &id(POOL), OLD));
    assert_eq!(
        (found[1].class, &found[1].pool, found[1].severity),
        (Class::JwksUrl, &what("variable pool"), Severity::Warning)
    );
    assert_eq!(found[1].host_region.as_deref(), Some("eu-west-1"));
    assert_eq!(scan_value("arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_A"), []);
    assert_eq!(scan_value("https://cognito-idp.us-east-1.amazonaws.com/YOUR_POOL")[0].pool, what("a placeholder"));
}

#[test]
fn hidden_and_named_parameters_stay_undecided() {
    let text = "Parameters:\n  Hidden: {Type: String, NoEcho: true, Default: us-east-1_Default}\n  FromSsm: {Type: 'AWS::SSM::Parameter::Value<String>'}\nResources:\n  R: {Type: X, Properties: [!Sub 'https://cognito-idp.us-east-1.amazonaws.com/${Hidden}', !Sub 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_${FromSsm}']}\n";
    let mut env = env();
    env.parameters.remove("Hidden");
    env.parameters.insert("FromSsm".to_owned(), "poolname".to_owned());
    for value in [None, Some("us-east-1_Actual"), Some("****")] {
        if let Some(value) = value {
            env.parameters.insert("Hidden".to_owned(), value.to_owned());
        }
        let hits = evaluate(text, &env).unwrap();
        let pools: Vec<_> = hits.iter().map(|hit| hit.reference.pool.clone()).collect();
        assert_eq!(pools, [what("Ref Hidden"), what("Ref FromSsm")], "{value:?}");
    }
}

#[test]
fn a_sam_authorizer_may_be_conditional() {
    let sam =
        "      Auth:\n        Authorizers:\n          A: !If [C, {UserPoolArn: !GetAtt Pool.Arn}, !Ref AWS::NoValue]";
    let hits = resource("AWS::Serverless::Api", sam);
    assert_eq!(summary(&hits), [("blocker", id(POOL), "Properties.Auth.Authorizers.A.UserPoolArn")]);
    assert!(hits[0].pointer.ends_with("/A/Fn::If/1/UserPoolArn"), "{}", hits[0].pointer);
}

#[test]
fn line_ends_of_values_do_not_count() {
    let mut env = env();
    env.parameters.insert("Lines".to_owned(), "a\nb\nc".to_owned());
    let text = format!(
        "Parameters: {{Lines: {{Type: String}}}}\nResources:\n  R:\n    Type: X\n    Properties:\n      V: !Sub |\n        ${{Lines}}\n        {OLD}\n"
    );
    assert_eq!(evaluate(&text, &env).unwrap()[0].line, Some(8));
}

#[test]
fn a_delimiter_inside_a_name_splits_nothing() {
    let text = "Resources: {R: {Type: X, Properties: {V: !Select [0, !Split [':', !Sub 'https://cognito-idp.${AWS::Region}.amazonaws.com/us-east-1_A']], W: !Select [1, !Split ['=', !Sub 'iss=https://cognito-idp.${AWS::Region}.amazonaws.com/us-east-1_A']]}}}\n";
    let hits = evaluate(text, &Environment::default()).unwrap();
    assert_eq!(hits.len(), 1, "{hits:#?}");
    let colon = "Resources: {R: {Type: X, Properties: {V: !Sub ['https://${h}', {h: !Select [1, !Split ['::', !Sub 'x::cognito-idp.${AWS::Region}.amazonaws.com/us-east-1_A']]}]}}}\n";
    assert_eq!(
        evaluate(colon, &Environment::default()).unwrap()[0].reference.text,
        "https://cognito-idp.${AWS::Region}.amazonaws.com/us-east-1_A"
    );
}

#[test]
fn a_nested_stack_output_is_for_review() {
    let nested = one("!GetAtt Nested.Outputs.AuthProviderURL");
    assert_eq!((nested.confidence, nested.severity), (Confidence::Review, Severity::Warning));
    let own = one("!GetAtt Pool.ProviderURL");
    assert_eq!((own.confidence, own.severity), (Confidence::Likely, Severity::Error));
}

#[test]
fn one_string_and_all_together_are_bounded() {
    let doubled = |times: usize| {
        let mut value = "!Ref Long".to_owned();
        for _ in 0..times {
            value = format!("!Sub ['${{a}}${{a}}', {{a: {value}}}]");
        }
        value
    };
    let mut env = env();
    env.parameters.insert("Long".to_owned(), "x".repeat(4096));
    let with = |values: &[String]| {
        format!(
            "Parameters: {{Long: {{Type: String}}}}\nResources: {{R: {{Type: X, Properties: [{}]}}}}\n",
            values.join(",")
        )
    };
    assert_eq!(evaluate(&with(&[doubled(5)]), &env), Ok(vec![]));
    assert!(matches!(evaluate(&with(&[doubled(7)]), &env), Err(TemplateError::TooComplex { .. })));
    assert!(matches!(evaluate(&with(&vec![doubled(5); 300]), &env), Err(TemplateError::TooComplex { .. })));
}
