//! Tests of documents: places, what is said where structure cannot be read, and that nothing hostile hangs.

use std::fmt::Write as _;

use super::*;
use crate::model::Confidence;

fn find(path: &str, text: &str) -> Document {
    super::find(path, &Text::new(text))
}

fn lines(path: &str, text: &str) -> Vec<(Class, usize)> {
    let document = find(path, text);
    assert_eq!(document.unread, None, "{text}");
    document.found.iter().map(|one| (one.class, text[..one.span.start].matches('\n').count() + 1)).collect()
}

#[test]
fn the_place_is_the_piece_with_the_host() {
    let join = "Resources:\n  R:\n    Type: X\n    Properties:\n      V:\n        Fn::Join:\n          - ''\n          - - 'https://'\n            - cognito-idp.\n            - !Ref AWS::Region\n            - .amazonaws.com/\n            - !Ref P\n";
    assert_eq!(lines("t.yaml", join), [(Class::IssuerSplitJoin, 9)]);
    let block = "Resources:\n  R:\n    Type: X\n    Properties:\n      V: !Sub |\n        a\n        https://cognito-idp.${AWS::Region}.amazonaws.com/${P}\n        b\n        https://cognito-idp.${AWS::Region}.amazonaws.com/${Q}/.well-known/jwks.json\n";
    assert_eq!(lines("t.yaml", block), [(Class::IssuerUrlTemplate, 7), (Class::JwksUrl, 9)]);
    let folded = "Resources:\n  R:\n    Type: X\n    Properties:\n      V: !Sub >-\n        a\n        https://cognito-idp.${AWS::Region}.amazonaws.com/${P}\n";
    assert_eq!(lines("t.yaml", folded), [(Class::IssuerUrlTemplate, 7)]);
    let vars = "Resources:\n  R:\n    Type: X\n    Properties:\n      V: !Sub\n        - 'https://${h}/${p}'\n        - h: !Sub 'cognito-idp.${AWS::Region}.amazonaws.com'\n          p: !Ref P\n";
    assert_eq!(lines("t.yaml", vars), [(Class::IssuerUrlTemplate, 7)]);
    let attribute = "Resources:\n  P: {Type: AWS::Cognito::UserPool}\n  R:\n    Type: X\n    Properties:\n      V:\n        Fn::GetAtt:\n          - P\n          - ProviderURL\n      W: !Sub\n        - 'https://${n}'\n        - n: !GetAtt P.ProviderName\n";
    assert_eq!(lines("t.yaml", attribute), [(Class::IacAttribute, 9), (Class::IacAttribute, 12)]);
    let accents = "Resources:\n  R:\n    Type: X\n    Properties: {'ä ö ü': [é, !Sub 'https://cognito-idp.${AWS::Region}.amazonaws.com/${P}']}\n";
    let found = find("t.yaml", accents).found;
    assert!(accents[found[0].span.clone()].starts_with("https://cognito-idp"), "{found:?}");
}

#[test]
fn blockers_stand_at_their_keyword() {
    let text = "Resources:\n  A:\n    Type: AWS::ApiGateway::Authorizer\n    Properties:\n      ProviderARNs: [a, b]\n      Type: !If [C, COGNITO_USER_POOLS, TOKEN]\n  L:\n    Type: AWS::ElasticLoadBalancingV2::Listener\n    Properties:\n      DefaultActions:\n        - AuthenticateCognitoConfig: {UserPoolArn: arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_A}\n          Type: authenticate-cognito\n";
    assert_eq!(lines("t.yaml", text), [(Class::Blocker, 6), (Class::Blocker, 12)]);
    assert_eq!(find("t.yaml", text).found[1].pool_id.as_deref(), Some("eu-west-1_A"));
}

#[test]
fn a_value_counts_where_it_is_written() {
    let text = "Parameters:\n  Issuer: {Type: String, Default: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A'}\nResources:\n  R: {Type: X, Properties: {V: !Ref Issuer}}\n";
    assert_eq!(lines("t.yaml", text), []);
}

#[test]
fn comments_and_renderers_are_no_obstacle() {
    let json = "{\n  // it's \"quoted\"\n  \"Resources\": { /* x */\n    \"R\": {\"Type\": \"X\", \"Properties\": {\"V\": {\"Fn::Join\": [\"\", [\"https://\",\n \"cognito-idp.\", {\"Ref\": \"AWS::Region\"}, \".amazonaws.com/\", {\"Ref\": \"P\"}]]}}},\n  },\n}\n";
    assert_eq!(lines("t.jsonc", json), [(Class::IssuerSplitJoin, 5)]);
    assert_eq!(lines("t.json", json), [(Class::IssuerSplitJoin, 5)]);
    let helm = "Resources:\n{{- if .Values.x }}\n  Type: COGNITO_USER_POOLS\n  V: !GetAtt {{ .Pool }}.ProviderURL\n{{- end }}\n  W: !GetAtt Pool.ProviderURL\n";
    assert_eq!(lines("chart/t.yaml", helm), [(Class::Blocker, 3), (Class::IacAttribute, 6)]);
    let several =
        "kind: A\n---\nkind: B\nmetadata:\n  annotations:\n    alb.ingress.kubernetes.io/auth-type: cognito\n";
    assert_eq!(lines("k.yaml", several), [(Class::Blocker, 6)]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let cut = "{\"Resources\": {\"R\": {\"Type\": \"AWS::ApiGateway::Authorizer\", \"Properties\": {\"Type\": \"COGNITO_USER_POOLS\", \"s3cret";
    let document = find("t.json", cut);
    assert_eq!(document.found.len(), 1);
    let why = document.unread.unwrap();
    assert!(why.contains("line 1") && !why.contains("s3cret"), "{why}");
    let deep = format!("{{\"a\":{}\"cognito-idp\"{}}}", "[".repeat(2000), "]".repeat(2000));
    assert!(find("deep.json", &deep).unread.unwrap().contains("deep"));
    let mut bomb = "a0: &a0 [cognito-idp, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{refs}]").unwrap();
    }
    assert!(find("bomb.yaml", &bomb).unread.unwrap().contains("aliases"));
    assert!(find("bomb.yaml", &format!("{bomb}r: !Ref x\n")).unread.is_some());
}

#[test]
fn only_brackets_outside_of_strings_nest() {
    let open = |depth: usize| "[".repeat(depth);
    assert!(!is_deep(open(256).as_bytes()));
    assert!(is_deep(open(257).as_bytes()));
    assert!(is_deep(format!("{}]{}", open(200), "{".repeat(58)).as_bytes()));
    assert!(is_deep(format!(r#"["\\", "\"]", {}"#, open(256)).as_bytes()));
    for quoted in [format!(r#"["{}"]"#, open(300)), format!(r#"["\"{}"]"#, open(300)), format!(r#"["{}\"#, open(300))] {
        assert!(!is_deep(quoted.as_bytes()), "{quoted}");
    }
}

#[test]
fn duplicate_keys_are_all_read() {
    let text = "Resources:\n  R: {Type: X, Properties: {V: !GetAtt P.ProviderURL}}\n  R: {Type: X, Properties: {V: !GetAtt P.ProviderURL}}\n";
    assert_eq!(lines("t.yaml", text), [(Class::IacAttribute, 2), (Class::IacAttribute, 3)]);
}

#[test]
fn a_large_line_is_quick() {
    let started = std::time::Instant::now();
    let mut text = "{\"Resources\":{\"P\":{\"Type\":\"AWS::Cognito::UserPool\"}".to_owned();
    for index in 0..2_000 {
        write!(text, ",\"ü{index}\":{{\"Type\":\"X\",\"Properties\":{{\"V\":{{\"Fn::GetAtt\":[\"P\",\"ProviderURL\"]}},\"W\":{{\"Fn::Join\":[\"\",[\"https://\",\"cognito-idp.\",{{\"Ref\":\"AWS::Region\"}},\".amazonaws.com/\",{{\"Ref\":\"P\"}}]]}}}}}}").unwrap();
    }
    text += "}}";
    let found = find("t.json", &text).found;
    assert_eq!(found.len(), 4_000);
    assert!(found.iter().all(|one| one.confidence != Confidence::Review));
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

/// Whatever a keyword shows, the walker must have let the file through.
#[test]
fn the_keywords_cover_those_of_the_text() {
    // Annotations are known by what they say, and members by the module whose file this is.
    let by_others = [
        "ingress.kubernetes.io/auth-",
        "UserPoolsAuthorizer",
        ":userpool/",
        "attrProviderUrl",
        "attr_provider_url",
        "UserPool.ProviderName",
    ];
    for keyword in keyword::KEYWORDS.iter().filter(|keyword| !by_others.contains(keyword)) {
        let covered = KEYWORDS.iter().any(|known| keyword.to_ascii_lowercase().contains(&known.to_ascii_lowercase()));
        assert!(covered, "{keyword}");
    }
}
