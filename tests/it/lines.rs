//! How many lines the default table spends on a pool, with the tool's own rules: see `src/render/table/lines.rs`.

use mrready::model::Verdict;
use mrready::render::{Format, Options, table, write};
use serde_json::json;

use super::areas::references;
use super::builder::{
    Account, CLIENT, DESCRIBE_CLIENT, DESCRIBE_DOMAIN, DESCRIBE_KEY, DESCRIBE_POOL, Judged, KEY_POLICY, MFA, P, POOL,
    Run, denied, pool_arn, tree_hit,
};

/// What a fleet's reports may have at most: the promise of the formats for 500 pools with 10 clients each.
const MOST_LINES: usize = 200;
const MOST_JSON: usize = 20_000_000;
/// A domain below Cognito's own.
const PREFIX: &str = "customers";

/// The whole table, 80 columns wide.
fn page(judged: &Judged) -> String {
    let mut out = Vec::new();
    table::write(&judged.report, &Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The lines of the pool's part after its gates.
fn lines(judged: &Judged) -> Vec<String> {
    let page = page(judged);
    let (_, part) = page.split_once("\n  failover  ").unwrap();
    let (part, _) = part.split_once("\nResults").unwrap();
    part.lines().skip(1).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A pool as it is made on its first day, nothing prepared and everything collected: on Essentials, encrypted by AWS's key,
/// with a prefix domain, sign-up for everybody, an authenticator app if users like, and one web client.
fn first_day() -> Account {
    let mut account = Account::ready();
    // About a key of AWS's nothing is asked, nor about the certificate of a domain that has none; users only by option.
    let gone = [
        DESCRIBE_KEY,
        KEY_POLICY,
        "kms:GetKeyRotationStatus",
        DESCRIBE_DOMAIN,
        "acm:DescribeCertificate",
        "cognito-idp:ListUsers",
    ];
    account.calls.retain(|call| !gone.contains(&call.name().as_str()));
    let described = json!({ "UserPool": {
        "Id": POOL, "Name": "customers", "Arn": pool_arn(P, POOL), "UserPoolTier": "ESSENTIALS", "Domain": PREFIX,
        "DeletionProtection": "INACTIVE", "MfaConfiguration": "OPTIONAL", "EstimatedNumberOfUsers": 3,
        "KeyConfiguration": { "KeyType": "AWS_OWNED_KEY" }, "IssuerConfiguration": { "Type": "ORIGINAL" },
        "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": false }, "AutoVerifiedAttributes": ["email"],
        "EmailConfiguration": { "EmailSendingAccount": "COGNITO_DEFAULT" }, "LambdaConfig": {},
        "Policies": { "SignInPolicy": { "AllowedFirstAuthFactors": ["PASSWORD"] } },
        "UsernameAttributes": ["email"], "CreationDate": "2026-11-20T00:00:00Z"
    } });
    let factors = json!({ "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": { "Enabled": true } });
    let client = json!({
        "ClientId": CLIENT, "UserPoolId": POOL, "AllowedOAuthFlows": ["code"], "AllowedOAuthFlowsUserPoolClient": true,
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], "RefreshTokenValidity": 30,
        "SupportedIdentityProviders": ["COGNITO"]
    });
    let domain = json!({ "DomainDescription": { "Domain": PREFIX, "UserPoolId": POOL, "Status": "ACTIVE" } });
    account.answer(DESCRIBE_DOMAIN, P, &[("Domain", PREFIX)], domain);
    account
        .set(DESCRIBE_POOL, P, "", described)
        .set(MFA, P, "", factors)
        .set(DESCRIBE_CLIENT, P, "/UserPoolClient", client)
        .set("cloudwatch:DescribeAlarms", P, "/MetricAlarms", json!([]))
}

/// Those that are no blocker: after the last line of the last blocker.
fn beside_blockers(judged: &Judged) -> Vec<String> {
    let lines = lines(judged);
    let last = lines.iter().rposition(|line| line.starts_with("  ") && !line.starts_with("           "));
    lines[last.map_or(0, |last| last + 1)..].to_vec()
}

/// What each line begins with.
fn names(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| line[..11].trim_end()).collect()
}

#[test]
fn a_pool_that_is_done_has_three_lines() {
    let judged = Account::complete().attested();
    let lines = lines(&judged);
    assert_eq!(names(&lines), ["Nothing blo", "Limits", "Facts"], "{lines:#?}");
    assert!(page(&judged).contains("Next: nothing; judge again after every change."));
    // Nor does a source tree that knows both issuers cost a line.
    let judged = references::furnish(Account::complete()).attested();
    assert_eq!(names(&self::lines(&judged)), ["Nothing blo", "Limits", "Facts"]);
}

#[test]
fn a_pool_of_the_first_day_has_eight_lines_beside_its_blockers() {
    // No tag is required of a pool that has none.
    let run = Run { required_tags: &[], ..Run::default() };
    let hits = (0..30).map(|file| tree_hit(&format!("src/{file}.ts"), 7, |_| {})).collect();
    for account in [first_day(), first_day().without_target(), first_day().tree("acme/shop", hits)] {
        let judged = run.judge(&account);
        assert_eq!((judged.code(), judged.report.coverage.problems.len()), (1, 0));
        let lines = beside_blockers(&judged);
        assert!(lines.len() <= 8, "{lines:#?}");
        for kind in ["WARN", "Limits", "Facts", "Later", "Not listed"] {
            assert!(names(&lines).contains(&kind), "{kind}: {lines:#?}");
        }
        assert!(lines.iter().any(|line| line.starts_with("Limits     failover: TOTP users wait, ")), "{lines:#?}");
    }
}

/// 500 pools with 10 clients each, of which every fifth has a plan that cannot replicate, every seventh no protection and
/// every ninth was refused.
fn fleet() -> Account {
    let mut account = Account::ready();
    let ids: Vec<String> = (0..500).map(|n| format!("{P}_Fleet{n:04}")).collect();
    for id in &ids {
        let one = Account::empty().pool(id).clients(id, 10);
        account.scope.pools.extend(one.scope.pools);
        // The domain is the ready pool's.
        account.calls.extend(one.calls.into_iter().filter(|call| call.name() != DESCRIBE_DOMAIN));
    }
    for call in account.calls.iter_mut().filter(|call| call.name() == DESCRIBE_POOL) {
        let Some(n) = call.parameters["UserPoolId"].as_str().and_then(|id| ids.iter().position(|each| each == id))
        else {
            continue;
        };
        let pool = &mut call.response.as_mut().unwrap()["UserPool"];
        pool["Name"] = json!(format!("customers-{n}"));
        if n % 5 == 0 {
            pool["UserPoolTier"] = json!("LITE");
        }
        if n % 7 == 0 {
            pool["DeletionProtection"] = json!("INACTIVE");
        }
        if n % 9 == 0 {
            call.response = None;
            call.error = Some(denied(DESCRIBE_POOL));
        }
    }
    account
}

#[test]
fn a_fleet_of_500_pools_with_10_clients_each_fits() {
    let judged = Run::default().judge(&fleet());
    assert_eq!(judged.report.summary.pools.len(), 501);
    let written = |format, options: &Options| {
        let mut out = Vec::new();
        write(format, &judged.report, None, options, &mut out).unwrap();
        out
    };
    for width in [60, 80, 200] {
        let table = String::from_utf8(written(Format::Table, &Options { width, ..Options::default() })).unwrap();
        let lines = table.lines().count();
        assert!(lines <= MOST_LINES && table.contains("501 pools"), "{lines} lines at {width}:\n{table}");
    }
    // About 57 findings a pool, passes among them.
    let json = written(Format::Json, &Options::default());
    assert!(json.len() <= MOST_JSON, "{} bytes of JSON", json.len());
    let read: mrready::model::Report = serde_json::from_slice(&json).unwrap();
    assert!(read.findings.iter().any(|each| each.verdict == Verdict::Pass));
    let markdown = Options::default();
    let bytes = written(Format::Markdown, &markdown).len();
    assert!(bytes <= markdown.markdown_limit as usize, "{bytes} bytes of Markdown");
}
