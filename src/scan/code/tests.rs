//! Tests of what the text alone says.
use super::*;
use crate::model::Severity;

fn find(text: &str, language: &str) -> Vec<Found> {
    super::find(&Text::new(text), language)
}

fn classes(text: &str, language: &str) -> Vec<(Class, Confidence)> {
    find(text, language).iter().map(|found| (found.class, found.confidence)).collect()
}

fn one(text: &str, language: &str) -> Found {
    let found = find(text, language);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.into_iter().next().unwrap()
}

const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123";

#[test]
fn comments_and_descriptions_are_prose() {
    for (text, language) in [
        ("// see https://x.example and ISSUER", "typescript"),
        ("/* a\n * ISSUER\n */", "java"),
        ("let a = 1; // ISSUER", "rust"),
        ("# ISSUER", "yaml"),
        ("a: 1 # ISSUER", "yaml"),
        ("-- ISSUER", "sql"),
        ("x = 1 -- ISSUER", "lua"),
        ("' ISSUER", "visual-basic"),
        ("<!-- ISSUER -->", "xml"),
        ("def f():\n    \"\"\"Verifies.\n\n    ISSUER\n    \"\"\"\n", "python"),
        ("  \"description\": \"such as ISSUER\",", "json"),
        ("description: such as ISSUER", "yaml"),
        ("description: |\n  Such as\n  ISSUER\n", "yaml"),
        ("z.string().describe('x'), { description: 'such as ISSUER' }", "typescript"),
        ("@moduledoc \"\"\"\nISSUER\n\"\"\"", "elixir"),
        ("<# ISSUER #>", "powershell"),
    ] {
        assert!(one(&text.replace("ISSUER", ISSUER), language).prose, "{text}");
    }
    for (text, language) in [
        ("const iss = 'ISSUER';", "typescript"),
        ("const glob = 'src/**/*.ts'; const iss = 'ISSUER'", "javascript"),
        ("const api = 'https://x.example'; const iss = 'ISSUER';", "typescript"),
        ("iss = \"#1\" + 'ISSUER'", "python"),
        ("TEMPLATE = \"\"\"\nISSUER\n\"\"\"", "python"),
        ("issuer: ISSUER", "yaml"),
        ("color = \"#fff\"; issuer = \"ISSUER\"", "terraform"),
        ("/* a */ const iss = 'ISSUER';", "typescript"),
        ("description: x\nissuer: ISSUER", "yaml"),
        ("{\"description\": \"x\", \"issuer\": \"ISSUER\"}", "json"),
    ] {
        assert!(!one(&text.replace("ISSUER", ISSUER), language).prose, "{text}");
    }
}

#[test]
fn the_two_issuers_of_a_file_are_one_reference_that_accepts_both() {
    let far = "\n// more\n".repeat(200);
    let text = format!(
        "const old = `https://cognito-idp.${{region}}.amazonaws.com/${{poolId}}`;{far}const updated = `https://issuer-cognito-idp.${{region}}.amazonaws.com/${{this.poolId}}`;"
    );
    let found = one(&text, "typescript");
    assert!(found.dual_aware && !found.updated);

    // What a comment says, the code does not do.
    let said = text.replace("const updated", "// const updated");
    let found = find(&said, "typescript");
    assert_eq!(
        found.iter().map(|found| (found.dual_aware, found.updated)).collect::<Vec<_>>(),
        [(false, false), (false, true)]
    );

    // Another pool's helps nobody.
    let other = text.replace("this.poolId", "adminPoolId");
    assert!(find(&other, "typescript").iter().all(|found| !found.dual_aware));

    for both in [
        "if (parts[0] !== 'cognito-idp' && parts[0] !== 'issuer-cognito-idp') throw new Error('issuer')",
        "/^https:\\/\\/(issuer-)?cognito-idp\\.[a-z0-9-]+\\.amazonaws\\.com\\//.test(iss)",
        "iss.startsWith('https://cognito-idp.') || iss.startsWith('https://issuer-cognito-idp.')",
        "re.match(r'^https://(cognito-idp|issuer-cognito-idp)\\.', iss)",
    ] {
        let found = find(both, "text");
        assert!(found.len() == 1 && found[0].dual_aware, "{both}: {found:?}");
        assert_eq!(found[0].confidence, Confidence::Review, "{both}");
    }
}

#[test]
fn a_beginning_alone_accepts_any_pool() {
    for (text, any) in [
        ("if (iss.startsWith('https://cognito-idp.')) { ok(); }", true),
        ("if (iss.startsWith('https://cognito-idp.eu-west-1.amazonaws.com/')) { ok(); }", true),
        ("if (iss.startsWith('https://cognito-idp.') && iss.endsWith(poolId)) { ok(); }", false),
        ("/^https:\\/\\/cognito-idp\\.[^.]+\\.amazonaws\\.com\\/[^\\/]+$/.test(iss)", true),
        ("const [, pool] = iss.match(/^https:\\/\\/cognito-idp\\.[^.]+\\.amazonaws\\.com\\/(.+)$/)", false),
    ] {
        let found = one(text, "javascript");
        assert_eq!((found.class, found.accepts_any_pool), (Class::HostPrefixCheck, any), "{text}");
    }
}

#[test]
fn what_stands_in_the_pools_place_is_named() {
    for (text, name) in [
        ("`https://cognito-idp.${region}.amazonaws.com/${process.env.POOL || 's3cret'}`", Some("process.env.POOL")),
        ("`https://cognito-idp.${region}.amazonaws.com/${this.config.userPoolId}`", Some("this.config.userPoolId")),
        ("f\"https://cognito-idp.{r}.amazonaws.com/{os.environ['USER_POOL_ID']}\"", Some("USER_POOL_ID")),
        ("\"https://cognito-idp.\" + r + \".amazonaws.com/\" + props.getPoolId()", Some("props.getPoolId")),
        ("\"https://cognito-idp.%s.amazonaws.com/%s\"", Some("a format argument")),
        ("https://cognito-idp.eu-west-1.amazonaws.com/YOUR_POOL_ID", Some("YOUR_POOL_ID")),
        ("https://cognito-idp.eu-west-1.amazonaws.com/${Pool}", Some("Pool")),
        (ISSUER, None),
    ] {
        assert_eq!(one(text, "text").unresolved.as_deref(), name, "{text}");
    }
}

#[test]
fn names_are_followed_within_a_text() {
    for text in [
        "const base = `https://cognito-idp.${region}.amazonaws.com`;\nconst iss = `${base}/${poolId}`;",
        "base = f\"https://cognito-idp.{region}.amazonaws.com/\"\nissuer = base + pool_id\n",
        "const host = \"cognito-idp.eu-west-1.amazonaws.com\"\nissuer := fmt.Sprintf(\"https://%s/%s\", x) + \"https://\" + host + \"/\" + poolID",
        "HOST=cognito-idp.eu-west-1.amazonaws.com\ncurl https://$HOST/$POOL_ID/.well-known/jwks.json",
        "public static readonly string Base = \"https://cognito-idp.eu-west-1.amazonaws.com/\";\nvar issuer = Base + userPoolId;",
    ] {
        let found = find(text, "text");
        assert!(found.len() == 1 && found[0].confidence == Confidence::Likely, "{text}: {found:?}");
    }
    for text in [
        "const endpoint = `https://cognito-idp.${region}.amazonaws.com`;\nfetch(`${endpoint}/`, { method: 'POST' });",
        "const endpoint = 'https://cognito-idp.eu-west-1.amazonaws.com/';\nclient(endpoint, poolId);",
        "endpoint = \"https://cognito-idp.eu-west-1.amazonaws.com\"\nboto3.client('cognito-idp', endpoint_url=endpoint)",
    ] {
        assert_eq!(classes(text, "text"), [], "{text}");
    }
}

#[test]
fn pieces_are_joined_in_every_language() {
    use Class::{IssuerSplitConcat, IssuerSplitJoin, JwksUrlSplit};
    for (text, class) in [
        ("'https://' + 'cognito-idp.' + region + '.amazonaws.com/' + poolId", IssuerSplitConcat),
        (
            "url = \"https://cognito-idp.\";\nurl += region;\nurl += \".amazonaws.com/\";\nurl += poolId;",
            IssuerSplitConcat,
        ),
        ("\"https://cognito-idp.\".concat(region, \".amazonaws.com/\").concat(poolId)", IssuerSplitConcat),
        (
            "sb.append(\"https://cognito-idp.\");\nsb.append(region);\nsb.append(\".amazonaws.com/\");\nsb.append(poolId);",
            IssuerSplitConcat,
        ),
        ("String.format(\"https://cognito-idp.%s.amazonaws.com/\", region) + poolId", IssuerSplitConcat),
        ("\"https://cognito-idp.{}.amazonaws.com/\".format(region) + pool_id", IssuerSplitConcat),
        ("paste0(\"https://cognito-idp.\", region, \".amazonaws.com/\", pool)", IssuerSplitConcat),
        ("\"https://cognito-idp.\" ++ Region ++ \".amazonaws.com/\" ++ Pool", IssuerSplitConcat),
        ("\"https://cognito-idp.\" ^ region ^ \".amazonaws.com/\" ^ pool", IssuerSplitConcat),
        ("'https://cognito-idp.' ~ region ~ '.amazonaws.com/' ~ pool", IssuerSplitConcat),
        ("\"https://cognito-idp.$Region\" + `\n  \".amazonaws.com/\" + $PoolId", IssuerSplitConcat),
        ("\"https://cognito-idp.\" & region & _\n  \".amazonaws.com/\" & pool", IssuerSplitConcat),
        ("fmt.Sprintf(\"%s/%s\", \"https://cognito-idp.eu-west-1.amazonaws.com\", poolID)", IssuerSplitConcat),
        ("\"https://cognito-idp.eu-west-1.amazonaws.com/\"\n\"eu-west-1_AbC123\"", IssuerSplitConcat),
        (
            "- Fn::Join:\n  - ''\n  - - https://cognito-idp.\n    - Ref: AWS::Region\n    - .amazonaws.com/\n    - Ref: Pool\n",
            IssuerSplitJoin,
        ),
        ("'/'.join(['https://cognito-idp.eu-west-1.amazonaws.com', pool_id])", IssuerSplitJoin),
        ("`https://cognito-idp.${region}.amazonaws.com/${poolId}` + '/.well-known/jwks.json'", JwksUrlSplit),
        ("'https://cognito-idp.' + r + '.amazonaws.com/' + poolId + JWKS_PATH", JwksUrlSplit),
    ] {
        assert_eq!(one(text, "text").class, class, "{text}");
    }
}

#[test]
fn escapes_are_read() {
    for text in [
        "https%3A%2F%2Fcognito-idp.eu-west-1.amazonaws.com%2Feu-west-1_AbC123",
        "https:\\/\\/cognito-idp.eu-west-1.amazonaws.com\\/eu-west-1_AbC123",
        "\\\"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123\\\"",
        "^https://cognito-idp\\.eu-west-1\\.amazonaws\\.com/eu-west-1_AbC123$",
        "^https:\\\\/\\\\/cognito-idp\\\\.eu-west-1\\\\.amazonaws\\\\.com\\\\/eu-west-1_AbC123",
        "https:&#x2F;&#x2F;cognito-idp.eu-west-1.amazonaws.com&#x2F;eu-west-1_AbC123",
    ] {
        let found = one(text, "text");
        assert_eq!(
            (found.class, found.pool_id.as_deref()),
            (Class::IssuerUrlLiteral, Some("eu-west-1_AbC123")),
            "{text}"
        );
        assert_eq!(pattern::severity(found.class, found.confidence, false), Severity::Error);
    }
}

#[test]
fn other_checks_and_lists_are_none() {
    for text in [
        "if (event.source === 'cognito-idp') {}",
        "boto3.client('cognito-idp')",
        "if service == \"cognito-idp\": pass",
        "action.startsWith('cognito-idp:')",
        "pattern:\"https://cognito-idp\\\\.amazonaws\\\\.com/[\\\\w\\\\._/-]\"",
        "iss.includes('cognito-idp')",
        "iss.indexOf('cognito-idp.') > -1",
        "{prefix:\"cognito-idp\",name:\"CognitoIdentityServiceProvider\"}",
        "WHERE iss LIKE '%cognito-idp.%'",
    ] {
        assert_eq!(classes(text, "javascript"), [], "{text}");
    }
}

#[test]
fn long_texts_take_time_in_proportion() {
    let started = std::time::Instant::now();
    for text in [
        "cognito-idp.".repeat(40_000),
        "{".repeat(500_000),
        "\"'`".repeat(100_000),
        format!("{}cognito-idp.", "x".repeat(5_000_000)),
        "https://cognito-idp.{".repeat(10_000),
        "x = \"https://cognito-idp.eu-west-1.amazonaws.com\"\n".repeat(5_000),
        "iss.startsWith(\"https://cognito-idp.\") ".repeat(5_000),
        format!("{}\"https://cognito-idp.\" + ", " ".repeat(500_000)),
        format!("// {ISSUER} ").repeat(5_000),
    ] {
        find(&text, "typescript");
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
