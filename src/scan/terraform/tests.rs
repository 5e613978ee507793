//! Tests of evaluating Terraform: every way to an attribute, what is none, and that nothing hostile hangs.

use std::fmt::Write as _;

use super::*;
use crate::model::{Class, Confidence};

const POOLS: &str = "resource \"aws_cognito_user_pool\" \"main\" {}\nvariable \"region\" { default = \"eu-west-1\" }\nlocals {\n  pool = aws_cognito_user_pool.main\n  many = { for k, v in aws_cognito_user_pool.main : k => v }\n}\n";

fn seen(text: &str) -> Vec<(Class, Confidence, u32)> {
    let text = format!("{POOLS}{text}\n");
    let (found, unread) = module(&[File { path: "main.tf", text: &text }]).remove(0);
    assert_eq!(unread, None, "{text}");
    let line = |at: usize| u32::try_from(text[..at].matches('\n').count()).unwrap() + 1;
    found.into_iter().map(|one| (one.class, one.confidence, line(one.span.start) - 6)).collect()
}

fn value(expression: &str) -> Vec<(Class, Confidence, u32)> {
    seen(&format!("resource \"x\" \"y\" {{\n  v = {expression}\n}}"))
}

#[test]
fn every_way_to_the_attribute() {
    for expression in [
        "\"https://${aws_cognito_user_pool.main.endpoint}\"",
        "\"https://${aws_cognito_user_pool.main[0].endpoint}/.well-known/jwks.json\"",
        "\"https://${aws_cognito_user_pool.main[each.key].endpoint}\"",
        "\"https://${one(aws_cognito_user_pool.main[*].endpoint)}\"",
        "\"https://${join(\"\", aws_cognito_user_pool.main.*.endpoint)}\"",
        "\"https://${try(data.aws_cognito_user_pool.main.endpoint, \"\")}\"",
        "\"https://${local.pool.endpoint}\"",
        "\"https://${values(aws_cognito_user_pool.main)[0].endpoint}\"",
        "\"https://${var.on ? aws_cognito_user_pool.main.endpoint : \"\"}\"",
        "format(\"https://%s/.well-known/openid-configuration\", aws_cognito_user_pool.main.endpoint)",
        "join(\"\", [\"https://\", aws_cognito_user_pool.main.endpoint])",
        "jsonencode({ a = [{ issuer = \"https://${aws_cognito_user_pool.main.endpoint}\" }] })",
        "merge(local.x, { issuer = \"https://${module.cognito.user_pool_endpoint}\" })",
        "templatefile(\"x\", { issuer = \"https://${aws_cognito_user_pool.main.endpoint}\" })",
        "[for p in aws_cognito_user_pool.main : \"https://${p.endpoint}\"]",
        "var.on ? \"https://${aws_cognito_user_pool.main.endpoint}\" : null",
    ] {
        assert_eq!(value(expression), [(Class::IacAttribute, Confidence::Definite, 2)], "{expression}");
    }
    let likely = [(Class::IacAttribute, Confidence::Likely, 2)];
    assert_eq!(value("aws_cognito_user_pool.main.endpoint"), likely);
    assert_eq!(value("\"https://${var.cognito_user_pool_endpoint}\""), likely);
    let heredoc = "<<-EOT\n    issuer: x\n    url: https://${aws_cognito_user_pool.main.endpoint}\n  EOT";
    assert_eq!(value(heredoc), [(Class::IacAttribute, Confidence::Definite, 4)]);
}

#[test]
fn providers_and_login_keys() {
    let trust = "jsonencode({ F = \"arn:aws:iam::1:oidc-provider/${aws_cognito_user_pool.main.endpoint}\" })";
    assert_eq!(value(trust), [(Class::IamOidcProviderRef, Confidence::Definite, 2)]);
    let key = "{ \"${aws_cognito_user_pool.main.endpoint}:aud\" = \"x\" }";
    assert_eq!(value(key), [(Class::IamOidcProviderRef, Confidence::Definite, 2)]);
    let pool = "resource \"aws_cognito_identity_pool\" \"i\" {\n  cognito_identity_providers {\n    provider_name = aws_cognito_user_pool.main.endpoint\n  }\n}";
    assert_eq!(seen(pool), [(Class::IdentityPoolLoginKey, Confidence::Review, 3)]);
}

#[test]
fn urls_that_locals_complete() {
    let text = "locals {\n  host = \"cognito-idp.${var.region}.amazonaws.com\"\n  a = \"https://${local.host}/${var.pool}\"\n  b = local.a\n}";
    assert_eq!(seen(text), [(Class::IssuerUrlTemplate, Confidence::Definite, 2)]);
    let parts = "join(\"\", [\"https://\",\n \"cognito-idp.\", var.region, \".amazonaws.com/\", var.pool])";
    // The text alone shows it.
    assert_eq!(value(parts), []);
    let found = crate::scan::code::find(&crate::scan::text::Text::new(parts), "terraform");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].class, &parts[found[0].span.start..][..11]), (Class::IssuerSplitJoin, "cognito-idp"));
}

#[test]
fn what_is_none() {
    for expression in [
        "aws_cognito_user_pool.main.arn",
        "\"https://${aws_db_instance.main.endpoint}\"",
        "\"https://${module.search.endpoint}\"",
        "\"https://${module.cognito.domain_endpoint}\"",
        "\"https://cognito-idp.${var.region}.amazonaws.com\"",
        "\"arn:aws:cognito-idp:${var.region}:1:userpool/x\"",
        "replace(\"x\", \"y\", \"z\")",
        "local.gone",
        "var.gone",
    ] {
        assert_eq!(value(expression), [], "{expression}");
    }
}

#[test]
fn a_module_is_its_folder() {
    let files = [
        File { path: "a.tf", text: "locals {\n  issuer_host = aws_cognito_user_pool.p.endpoint\n}\n" },
        File { path: "b.tf", text: "output \"issuer\" {\n  value = \"https://${local.issuer_host}\"\n}\n" },
        File { path: "c.tf", text: "output \"x\" {\n  value = local.issuer_host\n}\n" },
    ];
    let counts: Vec<usize> = module(&files).into_iter().map(|(found, _)| found.len()).collect();
    assert_eq!(counts, [1, 1, 0]);
}

#[test]
fn what_does_not_parse_is_read_as_text() {
    let text = "x = \"https://${aws_cognito_user_pool.p.endpoint}\"\ny = <<< s3cret\n";
    let (found, unread) = module(&[File { path: "a.tf", text }]).remove(0);
    assert_eq!(found.len(), 1);
    let unread = unread.unwrap();
    assert!(unread.contains("line 2") && !unread.contains("s3cret"), "{unread}");
    let (found, unread) = module(&[File { path: "a.tf", text: "x = <<< s3cret\n" }]).remove(0);
    assert!(found.is_empty() && unread.is_none());
}

#[test]
fn nothing_hostile_hangs() {
    let started = std::time::Instant::now();
    let deep = format!("x = {}\"cognito\"{}\n", "[".repeat(3000), "]".repeat(3000));
    let mut doubling = "locals {\n  a0 = \"cognito-idp.x\"\n".to_owned();
    for level in 1..40 {
        let _ = writeln!(doubling, "  a{level} = \"${{local.a{0}}}${{local.a{0}}}\"", level - 1);
    }
    doubling += "}\n";
    let circle = "locals {\n  cognito = \"${local.b}\"\n  b = local.cognito\n}\n".to_owned();
    let mut chain = "locals {\n  a0 = aws_cognito_user_pool.p.endpoint\n".to_owned();
    for level in 1..2000 {
        let _ = writeln!(chain, "  a{level} = local.a{}", level - 1);
    }
    chain += "}\n";
    let choices = format!("x = \"{}\"\n", "${var.a ? \"cognito\" : \"y\"}".repeat(3000));
    for text in [deep, doubling, circle, chain, choices] {
        let _ = module(&[File { path: "a.tf", text: &text }]);
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
