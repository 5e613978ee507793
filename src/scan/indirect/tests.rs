//! Where a name is a variable that holds an issuer given elsewhere, and where it is not.

use super::*;

fn found(text: &str, language: &str) -> Vec<String> {
    find(text, language).into_iter().map(|found| found.text).collect()
}

#[test]
fn a_variable_that_is_read_is_found_in_every_language() {
    for (language, text, name) in [
        ("typescript", "const iss = process.env.COGNITO_ISSUER!;", "COGNITO_ISSUER"),
        ("typescript", "issuer: process.env['AUTH_COGNITO_ISSUER'],", "AUTH_COGNITO_ISSUER"),
        ("typescript", "authority: import.meta.env.VITE_COGNITO_AUTHORITY,", "VITE_COGNITO_AUTHORITY"),
        ("typescript", "this.config.getOrThrow<string>('cognito.issuer')", "cognito.issuer"),
        ("typescript", "COGNITO_ISSUER: '${env:COGNITO_ISSUER}',", "COGNITO_ISSUER"),
        ("javascript", "if (env?.COGNITO_ISSUER === iss) {", "COGNITO_ISSUER"),
        ("python", "ISSUER = os.environ[\"COGNITO_ISSUER\"]", "COGNITO_ISSUER"),
        ("python", "issuer = os.environ.get('COGNITO_ISSUER_URL')", "COGNITO_ISSUER_URL"),
        ("python", "issuer: str = Field(env=\"COGNITO_ISSUER\")", "COGNITO_ISSUER"),
        ("python", "claims['iss'] != settings.COGNITO_ISSUER", "COGNITO_ISSUER"),
        ("go", "issuer := os.Getenv(\"COGNITO_ISSUER\")", "COGNITO_ISSUER"),
        ("go", "Issuer string `envconfig:\"COGNITO_ISSUER\"`", "COGNITO_ISSUER"),
        ("java", "@Value(\"${cognito.issuer-uri}\")", "cognito.issuer-uri"),
        ("java", "@ConfigProperty(name = \"cognito.issuer\")", "cognito.issuer"),
        ("kotlin", "@Value(\"\\${cognito.issuer}\")", "cognito.issuer"),
        ("csharp", "builder.Configuration[\"Cognito:Issuer\"]", "Cognito:Issuer"),
        ("csharp", "config.GetValue<string>(\"Cognito:Authority\")", "Cognito:Authority"),
        ("ruby", "ENV.fetch('COGNITO_ISSUER')", "COGNITO_ISSUER"),
        ("php", "$issuer = getenv('COGNITO_ISSUER');", "COGNITO_ISSUER"),
        ("rust", "env::var(\"COGNITO_ISSUER\")?", "COGNITO_ISSUER"),
        ("rust", "env!(\"COGNITO_ISSUER\")", "COGNITO_ISSUER"),
        ("elixir", "System.fetch_env!(\"COGNITO_ISSUER\")", "COGNITO_ISSUER"),
        ("haskell", "issuer <- getEnv \"COGNITO_ISSUER\"", "COGNITO_ISSUER"),
        ("perl", "my $issuer = $ENV{COGNITO_ISSUER};", "COGNITO_ISSUER"),
        ("shell", "curl -fsS \"${COGNITO_ISSUER:?}/.well-known/jwks.json\"", "COGNITO_ISSUER"),
        ("shell", "curl $COGNITO_ISSUER", "COGNITO_ISSUER"),
        ("powershell", "Invoke-RestMethod \"$env:COGNITO_ISSUER/x\"", "COGNITO_ISSUER"),
        ("batch", "curl %COGNITO_ISSUER%/x", "COGNITO_ISSUER"),
        ("yaml", "issuer-uri: ${COGNITO_ISSUER_URI}", "COGNITO_ISSUER_URI"),
        ("yaml", "args: [\"--oidc-issuer-url=$(COGNITO_ISSUER)\"]", "COGNITO_ISSUER"),
        ("yaml", "COGNITO_ISSUER: ${{ secrets.ISSUER_PROD }}", "COGNITO_ISSUER"),
        ("yaml", "- name: COGNITO_ISSUER\n  valueFrom:\n    configMapKeyRef: {name: a, key: b}", "COGNITO_ISSUER"),
        ("yaml", "environment:\n  - A=1\n  - COGNITO_ISSUER\n", "COGNITO_ISSUER"),
        ("yaml", "i: \"{{ lookup('env', 'COGNITO_ISSUER') }}\"", "COGNITO_ISSUER"),
        ("json", "{\"name\": \"COGNITO_ISSUER\", \"valueFrom\": \"arn:aws:ssm:x\"}", "COGNITO_ISSUER"),
        ("dotenv", "COGNITO_ISSUER=\nA=1", "COGNITO_ISSUER"),
        ("dockerfile", "ARG COGNITO_ISSUER\nRUN x", "COGNITO_ISSUER"),
        ("properties", "a.issuer-uri=${JWT_ISSUER_COGNITO}", "JWT_ISSUER_COGNITO"),
    ] {
        assert_eq!(found(text, language), [name], "{language}: {text}");
    }
}

#[test]
fn what_is_declared_assigned_or_something_else_is_not() {
    for (language, text) in [
        ("typescript", "COGNITO_ISSUER: string;"),
        ("typescript", "const url = `${COGNITO_ISSUER}/.well-known/jwks.json`;"),
        ("typescript", "process.env.COGNITO_ISSUER = issuer;"),
        ("typescript", "fn.addEnvironment('COGNITO_ISSUER', issuer);"),
        ("typescript", "throw new Error('COGNITO_ISSUER is missing');"),
        ("typescript", "if (process.env.SKIP_COGNITO_ISSUER_CHECK) return;"),
        ("typescript", "process.env.COGNITO_JWKS_CACHE_TTL"),
        ("typescript", "process.env.COGNITO_UPDATED_ISSUER"),
        ("typescript", "process.env.INCOGNITO_ISSUER"),
        ("python", "os.environ['COGNITO_ISSUER'] = 'x'"),
        ("python", "monkeypatch.setenv('COGNITO_ISSUER', 'x')"),
        ("go", "t.Setenv(\"COGNITO_ISSUER\", \"x\")"),
        ("perl", "$ENV{COGNITO_ISSUER} = 'x';"),
        ("powershell", "$env:COGNITO_ISSUER = 'x'"),
        ("shell", "unset COGNITO_ISSUER"),
        ("yaml", "COGNITO_ISSUER: https://idp.example.com"),
        ("yaml", "- name: COGNITO_ISSUER\n  value: x\n- name: B\n  valueFrom: y"),
        ("yaml", "required:\n  - COGNITO_ISSUER\n"),
        ("terraform", "issuer = var.COGNITO_ISSUER"),
        ("markdown", "Set `COGNITO_ISSUER` before you start."),
    ] {
        assert_eq!(found(text, language), [""; 0], "{language}: {text}");
    }
}

#[test]
fn a_name_whose_value_stands_in_the_text_is_no_reference_beside_it() {
    let url = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123def";
    for (language, text) in [
        ("shell", format!("COGNITO_ISSUER=\"{url}\"\ncurl \"$COGNITO_ISSUER/x\"\n")),
        ("typescript", format!("const i = process.env.COGNITO_ISSUER ?? '{url}';")),
        ("python", format!("os.getenv(\n    'COGNITO_ISSUER',\n    '{url}',\n)")),
        ("yaml", format!("issuer-uri: ${{COGNITO_ISSUER:{url}}}")),
    ] {
        assert_eq!(found(&text, language), [""; 0], "{language}: {text}");
    }
    // What a comment says is no value.
    assert_eq!(found(&format!("f(process.env.COGNITO_ISSUER); // {url}"), "typescript"), ["COGNITO_ISSUER"]);
}

#[test]
fn a_product_s_own_name_counts_beside_cognito_only() {
    let text = "OAUTH2_PROXY_OIDC_ISSUER_URL: ${OIDC_ISSUER}\nHASURA_GRAPHQL_JWT_SECRET: ${JWT}\n";
    assert_eq!(found(text, "yaml"), [""; 0]);
    let both = ["OAUTH2_PROXY_OIDC_ISSUER_URL", "HASURA_GRAPHQL_JWT_SECRET"];
    assert_eq!(found(&format!("# Cognito\n{text}"), "yaml"), both);
}

#[test]
fn a_comment_is_prose_and_nothing_is_sure() {
    let found = find("# curl $COGNITO_ISSUER\ncurl $COGNITO_ISSUER\n", "shell");
    assert_eq!(found.iter().map(|one| one.prose).collect::<Vec<_>>(), [true, false]);
    assert!(found.iter().all(|one| one.confidence == Confidence::Review && one.span == one.extent));
}

#[test]
fn hostile_text_takes_little_time() {
    let started = std::time::Instant::now();
    for part in
        ["cognito_iss", "${COGNITO_ISSUER", "cognito.iss.", "process.env.COGNITO_ISSUER ", "HASURA_GRAPHQL_JWT_SECRET"]
    {
        for language in ["yaml", "typescript"] {
            find(&part.repeat(200_000 / part.len()), language);
        }
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
