//! Tests of the lexer and of the readers of exact forms.

use super::*;

/// What `find` says about a text that holds exactly one reference.
fn one(text: &str) -> Match {
    let found = find(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.into_iter().next().unwrap()
}

const POOL: &str = "eu-west-1_AbC123";

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn references_are_found_and_classed() {
    use Class::{
        DiscoveryUrl, HostPrefixCheck, IamOidcProviderRef, IdentityPoolLoginKey, IssuerSplitConcat, IssuerSplitJoin,
        IssuerUrlLiteral, IssuerUrlTemplate, JwksUrl, JwksUrlSplit,
    };
    let cases: &[(&str, Class, Option<&str>, Option<&str>)] = &[
        (
            "issuer: https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123",
            IssuerUrlLiteral,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "\"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123/\",",
            IssuerUrlLiteral,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "HTTPS://Cognito-IDP.EU-West-1.AmazonAWS.com/eu-west-1_AbC123",
            IssuerUrlLiteral,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "https://cognito-idp.us-west-2.amazonaws.com/eu-west-1_AbC123.",
            IssuerUrlLiteral,
            Some("us-west-2"),
            Some(POOL),
        ),
        (
            "<a>https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123</a>",
            IssuerUrlLiteral,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123<br>",
            IssuerUrlLiteral,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "https:\\/\\/cognito-idp.eu-west-1.amazonaws.com\\/eu-west-1_AbC123",
            IssuerUrlLiteral,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "\\nhttps://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123",
            IssuerUrlLiteral,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbC",
            IssuerUrlLiteral,
            Some("cn-north-1"),
            Some("cn-north-1_AbC"),
        ),
        (
            "https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_AbC",
            IssuerUrlLiteral,
            Some("eusc-de-east-1"),
            Some("eusc-de-east-1_AbC"),
        ),
        (
            "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_AbC",
            IssuerUrlLiteral,
            Some("us-gov-west-1"),
            Some("us-gov-west-1_AbC"),
        ),
        ("`https://cognito-idp.${region}.amazonaws.com/${poolId}`", IssuerUrlTemplate, None, None),
        (
            "`https://cognito-idp.${process.env.AWS_REGION || 'us-east-1'}.amazonaws.com/${id}`",
            IssuerUrlTemplate,
            None,
            None,
        ),
        ("f\"https://cognito-idp.{os.environ['AWS_REGION']}.amazonaws.com/{pool}\"", IssuerUrlTemplate, None, None),
        ("https://cognito-idp.{0}.amazonaws.com/{1}", IssuerUrlTemplate, None, None),
        ("https://cognito-idp.%s.amazonaws.com/%s", IssuerUrlTemplate, None, None),
        ("https://cognito-idp.#{region}.amazonaws.com/#{id}", IssuerUrlTemplate, None, None),
        ("https://cognito-idp.\\(region).amazonaws.com/\\(id)", IssuerUrlTemplate, None, None),
        ("https://cognito-idp.$region.amazonaws.com/$pool", IssuerUrlTemplate, None, None),
        ("https://cognito-idp.<region>.amazonaws.com/<pool id>", IssuerUrlTemplate, None, None),
        ("https://cognito-idp.&lt;region&gt;.amazonaws.com/&lt;id&gt;", IssuerUrlTemplate, None, None),
        ("https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${Pool}", IssuerUrlTemplate, None, None),
        ("https://cognito-idp.eu-west-1.{domain}/eu-west-1_AbC123", IssuerUrlTemplate, Some("eu-west-1"), Some(POOL)),
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/{{resolve:ssm:/app/pool:1}}",
            IssuerUrlTemplate,
            Some("eu-west-1"),
            None,
        ),
        ("https://cognito-idp.eu-west-1.amazonaws.com/YOUR_POOL_ID", IssuerUrlLiteral, Some("eu-west-1"), None),
        ("https://cognito-idp.us-west-xxxx.amazonaws.com/us-west-xxxx_xx", IssuerUrlLiteral, None, None),
        ("\"https://cognito-idp.\" + r + \".amazonaws.com/\" + id;", IssuerSplitConcat, None, None),
        ("'https://cognito-idp.' . $region . '.amazonaws.com/' . $id;", IssuerSplitConcat, None, None),
        ("\"https://cognito-idp.eu-west-1.amazonaws.com\" + \"/\" + id)", IssuerSplitConcat, Some("eu-west-1"), None),
        ("f\"https://cognito-idp.{r}.amazonaws.com/\"\n    f\"{pool}\"", IssuerSplitConcat, None, None),
        (
            "[\"https://cognito-idp.\", {\"Ref\": \"AWS::Region\"}, \".amazonaws.com/\", {\"Ref\": \"Pool\"}]",
            IssuerSplitJoin,
            None,
            None,
        ),
        ("[\"https://cognito-idp.\", region,\n  \".amazonaws.com/\", id].join(\"\")", IssuerSplitJoin, None, None),
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123/.well-known/jwks.json",
            JwksUrl,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "\"https://cognito-idp.\" + r + \".amazonaws.com/\" + id + \"/.well-known/jwks.json\"",
            JwksUrlSplit,
            None,
            None,
        ),
        ("https://cognito-idp.{r}.amazonaws.com/{p}/.well-known/openid-configuration", DiscoveryUrl, None, None),
        (
            "arn:aws:iam::123456789012:oidc-provider/cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123",
            IamOidcProviderRef,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "arn:aws:iam::123456789012:oidc-provider/cognito-idp.eu-west-1.amazonaws.com/*",
            IamOidcProviderRef,
            Some("eu-west-1"),
            None,
        ),
        ("cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123:aud", IamOidcProviderRef, Some("eu-west-1"), Some(POOL)),
        (
            "\"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123\": token",
            IdentityPoolLoginKey,
            Some("eu-west-1"),
            Some(POOL),
        ),
        (
            "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123:clientid",
            IdentityPoolLoginKey,
            Some("eu-west-1"),
            Some(POOL),
        ),
        ("\"cognito-idp.\" + r + \".amazonaws.com/\" + id", IdentityPoolLoginKey, None, None),
        ("iss.startsWith(\"https://cognito-idp.\")", HostPrefixCheck, None, None),
        ("strings.HasPrefix(h, \"cognito-idp.\")", HostPrefixCheck, None, None),
        ("$iss -match \"^cognito-idp\\.\"", HostPrefixCheck, None, None),
        ("def ok(\"https://cognito-idp\" <> _), do: true", HostPrefixCheck, None, None),
        ("iss.startsWith(\"https://cognito-idp.eu-west-1.amazonaws.com/\")", HostPrefixCheck, None, None),
    ];
    for (text, class, region, pool) in cases {
        let found = one(text);
        assert_eq!(found.class, *class, "{text}");
        assert_eq!(found.host_region.as_deref(), *region, "{text}");
        assert_eq!(found.pool_id.as_deref(), *pool, "{text}");
        assert!(!found.updated, "{text}");
    }
}

#[test]
fn what_only_looks_like_an_issuer_is_none() {
    for text in [
        "https://cognito-idp.eu-west-1.amazonaws.com",
        "https://cognito-idp.eu-west-1.amazonaws.com/",
        "https://cognito-idp.eu-west-1.amazonaws.com/*",
        "https://cognito-idp.*.amazonaws.com",
        "https://cognito-idp.{Region}.{PartitionResult#dnsSuffix}",
        "https://cognito-idp-fips.{Region}.{PartitionResult#dualStackDnsSuffix}",
        "https://cognito-idp.eu-west-1.amazonaws.com/token",
        "https://cognito-idp.eu-west-1.amazonaws.com/oauth2/authorize",
        "https://cognito-idp.eu-west-1.amazonaws.com/authorize?client_id=x",
        "\"Service\": \"cognito-idp.amazonaws.com\"",
        "email.cognito-idp.amazonaws.com",
        "cognito-idp.ap-east-2.amazonaws.com",
        "https://cognito-idp-fips.us-east-1.amazonaws.com/us-east-1_AbC123",
        "https://cognito-idp.us-east-1.api.aws/us-east-1_AbC123",
        "https://cognito-idp.us-iso-east-1.c2s.ic.gov/us-iso-east-1_AbC123",
        "com.amazonaws.eu-west-1.cognito-idp",
        "cognito-idp:AdminGetUser",
        "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbC123",
        "boto3.client(\"cognito-idp\")",
        "aws cognito-idp list-user-pools",
        "20261121/eu-west-1/cognito-idp/aws4_request",
        "#include <aws/cognito-idp/CognitoIdentityProviderClient.h>",
        "cognito-identity.amazonaws.com:aud",
        "https://example.auth.eu-west-1.amazoncognito.com/oauth2/token",
        "https://not-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123",
        "http://local-cognito-idp:9229/eu-west-1_AbC123",
        "https://issuer.cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123",
        "https://cognito-idp.aws.amazon.com/eu-west-1_AbC123",
        "https://cognito-idp.example.com/eu-west-1_AbC123",
        "connect-src 'self' https://cognito-idp.eu-west-1.amazonaws.com https://*.amazoncognito.com;",
        "connect-src https://cognito-idp.eu-west-1.amazonaws.com/ 'self'",
        "[\"https://cognito-idp.eu-west-1.amazonaws.com/\", \"https://x.example\"]",
        "[\"https://cognito-idp.eu-west-1.amazonaws.com\", \"/eu-west-1_AbC123\"]",
        "fetch(\"https://cognito-idp.eu-west-1.amazonaws.com/\", {method: \"POST\", referrer: Referer})",
        "iss.contains(\"cognito-idp.\")",
        "",
        "cognito-idp",
        "https://cognito-idp.",
        "https://cognito-idp.\"",
        "https://cognito-idp.${",
        "https://cognito-idp.é.amazonaws.com/é",
    ] {
        assert_eq!(find(text), [], "{text}");
    }
}

#[test]
fn the_updated_issuer_is_known_and_two_side_by_side_are_dual_aware() {
    let found = one("https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123");
    assert!(found.updated && !found.dual_aware);
    assert_eq!(found.severity(), Severity::Info);

    let both = "[https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A,https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A]";
    let found = find(both);
    assert_eq!(
        found.iter().map(|hit| (hit.updated, hit.dual_aware)).collect::<Vec<_>>(),
        [(false, true), (true, true)]
    );
    assert_eq!(found[0].severity(), Severity::Info);

    // Another pool's updated issuer helps nobody, nor does one far away.
    let other = find(&both.replacen("eu-west-1_A,", "eu-west-1_B,", 1));
    assert!(other.iter().all(|hit| !hit.dual_aware), "{other:?}");
    let keys = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A/.well-known/jwks.json";
    assert!(find(keys).iter().all(|hit| !hit.dual_aware));
    let far = find(&both.replacen(',', &"x ".repeat(400), 1));
    assert!(far.iter().all(|hit| !hit.dual_aware));
}

#[test]
fn confidence_and_severity_follow_the_taxonomy() {
    for (text, confidence, severity) in [
        ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A", Confidence::Definite, Severity::Error),
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A/.well-known/jwks.json",
            Confidence::Definite,
            Severity::Warning,
        ),
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A/.well-known/openid-configuration",
            Confidence::Definite,
            Severity::Error,
        ),
        ("https://cognito-idp.eu-west-1.amazonaws.com/<pool-id>", Confidence::Definite, Severity::Error),
        ("https://cognito-idp.eu-west-1.amazonaws.com/YOUR_POOL", Confidence::Likely, Severity::Error),
        ("https://cognito-idp.${HOST}/eu-west-1_A", Confidence::Likely, Severity::Error),
        ("cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A", Confidence::Review, Severity::Warning),
        ("oidc-provider/cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A", Confidence::Definite, Severity::Error),
        ("x.startsWith('https://cognito-idp.')", Confidence::Likely, Severity::Warning),
    ] {
        let found = one(text);
        assert_eq!((found.confidence, found.severity()), (confidence, severity), "{text}");
    }
}

#[test]
fn the_span_is_the_reference_and_nothing_beside_it() {
    for (text, excerpt) in [
        (
            "token=s3cret https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A?key=s3cret",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A",
        ),
        (
            "https://user:s3cret@example.com https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A/ s3cret",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A/",
        ),
        (
            "https://cognito-idp.${region}.amazonaws.com/${get('s3cret') || \"x\"}",
            "https://cognito-idp.${region}.amazonaws.com/{…}",
        ),
        (
            "{\"a\":\"s3cret\",\"i\":\"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A\",\"b\":\"s3cret\"}",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A",
        ),
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A/s3cret/path",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A",
        ),
    ] {
        let found = one(text);
        assert_eq!(found.excerpt(text), excerpt, "{text}");
        assert!(found.class.is_issuer(), "{text}");
    }
}

#[test]
fn hostile_text_takes_little_time() {
    let started = std::time::Instant::now();
    for text in [
        "https://cognito-idp.".repeat(50_000),
        "https://cognito-idp.${".repeat(40_000),
        "\"https://cognito-idp.\" + ".repeat(30_000),
        format!("https://cognito-idp.{}", "\u{1}".repeat(1_000_000)),
        format!("https://cognito-idp.{}", "${a}".repeat(200_000)),
        format!("\"https://cognito-idp.\"{}", "\n".repeat(1_000_000)),
        "cognito-idp".repeat(80_000),
    ] {
        find(&text);
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn every_cut_of_a_text_can_be_read() {
    let text = "é\"https://cognito-idp.\" + r[\"é\"] + \".amazonaws.com/\" + é + `/.well-known/jwks.json` ${é} %s &lt;é&gt; \\(é)";
    for (at, _) in text.char_indices() {
        find(&text[at..]);
        find(&text[..at]);
    }
}

#[test]
fn issuers_are_parsed_exactly() {
    let issuer = parse_issuer("https://cognito-idp.us-west-2.amazonaws.com/us-east-1_AbC").unwrap();
    assert_eq!((issuer.host, issuer.region.as_str()), (HostKind::Original, "us-west-2"));
    assert_eq!((issuer.pool_id.as_str(), issuer.suffix), ("us-east-1_AbC", Suffix::None));
    let updated = parse_issuer("HTTPS://Issuer-Cognito-IDP.us-east-1.AMAZONAWS.com/us-east-1_AbC/").unwrap();
    assert!(updated.host == HostKind::Updated && updated.trailing_slash);
    for (url, suffix) in [
        ("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A/.well-known/jwks.json", Suffix::Jwks),
        (
            "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_A/.well-known/openid-configuration",
            Suffix::Discovery,
        ),
        ("https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A", Suffix::None),
        ("https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_A", Suffix::None),
    ] {
        assert_eq!(parse_issuer(url).map(|issuer| issuer.suffix), Some(suffix), "{url}");
    }
    for url in [
        "",
        "https://",
        "http://cognito-idp.us-east-1.amazonaws.com/us-east-1_A",
        "cognito-idp.us-east-1.amazonaws.com/us-east-1_A",
        " https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A",
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A ",
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A//",
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A?x",
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A/x",
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1",
        "https://cognito-idp.us-east-1.amazonaws.com.evil.example/us-east-1_A",
        "https://cognito-idp-fips.us-east-1.amazonaws.com/us-east-1_A",
        "https://issuer.cognito-idp.us-east-1.amazonaws.com/us-east-1_A",
        "https://login.example.com/us-east-1_A",
        "https://cognito-idp.us-east-1.amazonaws.com:443/us-east-1_A",
        "https://éé",
    ] {
        assert_eq!(parse_issuer(url), None, "{url}");
    }
}

#[test]
fn pool_ids_and_arns_are_checked() {
    assert_eq!(pool_id("eusc-de-east-1_Ab9").map(|pool| pool.region).as_deref(), Some("eusc-de-east-1"));
    for id in [
        "",
        "us-east-1",
        "us-east-1_",
        "us-east_A",
        "US-EAST-1_A",
        "us-east-1_A-b",
        "us-east-1_A_b",
        "x_y",
        "us-east-123_A",
    ] {
        assert_eq!(pool_id(id), None, "{id}");
    }
    assert_eq!(pool_id(&format!("us-east-1_{}", "a".repeat(50))), None);
    let arn = pool_of_arn("arn:aws-us-gov:cognito-idp:us-gov-west-1:123456789012:userpool/us-gov-west-1_A").unwrap();
    assert_eq!(
        (arn.partition.as_str(), arn.account.as_str(), arn.pool_id.as_str()),
        ("aws-us-gov", "123456789012", "us-gov-west-1_A")
    );
    for arn in [
        "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_A/client/x",
        "arn:aws:cognito-idp:us-east-1:123:userpool/us-east-1_A",
        "arn:aws:cognito-identity:us-east-1:123456789012:identitypool/us-east-1:x",
        "us-east-1_A",
    ] {
        assert_eq!(pool_of_arn(arn), None, "{arn}");
    }
}

#[test]
fn names_are_stable_and_unique() {
    let names: std::collections::BTreeSet<_> = Class::ALL.iter().map(|class| class.as_str()).collect();
    assert_eq!(names.len(), Class::ALL.len());
    for class in Class::ALL {
        assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
    }
}
