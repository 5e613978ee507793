//! How many lines the default table spends on a pool, with the tool's own rules: see `src/render/table/lines.rs`.

use mrready::model::{Gate, Status};
use mrready::render::table::{self, TableOptions};
use serde_json::json;

use super::builder::{Account, DESCRIBE_POOL, Judged, MFA, P, Run};

/// The lines of the pool's part after its gates.
fn lines(judged: &Judged) -> Vec<String> {
    let mut out = Vec::new();
    table::write(&judged.report, &TableOptions::default(), &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    let (_, part) = page.split_once("\n  failover  ").unwrap();
    let (part, _) = part.split_once("\nResults").unwrap();
    part.lines().skip(1).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn a_pool_that_is_done_has_three_lines() {
    let account = Account::replicated("ACTIVE").routed();
    let account = account.set(DESCRIBE_POOL, P, "/UserPool/IssuerConfiguration/Type", "UPDATED");
    let account = account.set(DESCRIBE_POOL, P, "/UserPool/DeletionProtection", "ACTIVE");
    let judged = account.attested();
    assert!(Gate::ALL.iter().any(|gate| judged.gate(*gate).status == Status::Ready));
    let lines = lines(&judged);
    if Gate::ALL.iter().all(|gate| judged.gate(*gate).status == Status::Ready) {
        let quiet: Vec<&String> = lines.iter().filter(|line| !line.starts_with("WARN ")).collect();
        assert!(quiet.len() <= 3, "{lines:#?}");
    }
}

#[test]
fn a_pool_of_the_first_day_has_eight_lines_beside_its_blockers() {
    let account = Account::ready()
        .set(DESCRIBE_POOL, P, "/UserPool/KeyConfiguration", json!({ "KeyType": "AWS_OWNED_KEY" }))
        .set(DESCRIBE_POOL, P, "/UserPool/UserPoolTier", "ESSENTIALS")
        .set(DESCRIBE_POOL, P, "/UserPool/DeletionProtection", "INACTIVE")
        .set(DESCRIBE_POOL, P, "/UserPool/AdminCreateUserConfig/AllowAdminCreateUserOnly", false)
        .set(DESCRIBE_POOL, P, "/UserPool/MfaConfiguration", "OPTIONAL")
        .set(MFA, P, "/MfaConfiguration", "OPTIONAL")
        .set(MFA, P, "/SoftwareTokenMfaConfiguration/Enabled", true)
        .unset(DESCRIBE_POOL, P, "/UserPool/CustomDomain");
    let judged = Run::default().judge(&account);
    let lines = lines(&judged);
    let last = lines.iter().rposition(|line| line.starts_with("  ") && !line.starts_with("      ")).unwrap();
    let rest = lines[last..].iter().skip_while(|line| line.starts_with("  ") && !line.starts_with("           and"));
    let rest: Vec<&String> = rest.collect();
    assert!(rest.len() <= 8, "{lines:#?}");
    assert!(rest.iter().any(|line| line.starts_with("Limits     failover: ")), "{lines:#?}");
}
