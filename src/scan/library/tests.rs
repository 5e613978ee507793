//! How libraries are found, by example: calls, manifests, and what a version decides.

use super::*;
use crate::model::Class;

fn calls(text: &str, language: &str) -> Vec<Found> {
    super::calls(&Text::new(text), language)
}

/// Line, text and whether it is more than to be reviewed, of every call.
fn found(text: &str, language: &str) -> Vec<(usize, String, bool)> {
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    let all = calls(text, language).into_iter();
    all.map(|hit| (line(hit.span.start), hit.text, hit.confidence != Confidence::Review)).collect()
}

fn texts(text: &str, language: &str) -> Vec<String> {
    found(text, language).into_iter().map(|(_, text, _)| text).collect()
}

/// What a manifest says: library, version, exact, and how sure the hit is.
fn said(path: &str, text: &str) -> Vec<(String, String, bool, Option<Confidence>)> {
    let all = pins(path, text).into_iter().filter(|pin| pin.knows != Knows::Itself);
    all.map(|pin| (pin.library.to_owned(), pin.version, pin.exact, pin.found.map(|found| found.confidence))).collect()
}

fn pin(
    library: &str,
    version: &str,
    exact: bool,
    hit: Option<Confidence>,
) -> (String, String, bool, Option<Confidence>) {
    (library.to_owned(), version.to_owned(), exact, hit)
}

const LIKELY: Option<Confidence> = Some(Confidence::Likely);
const REVIEW: Option<Confidence> = Some(Confidence::Review);

#[test]
fn a_verifier_is_found_where_it_is_made() {
    let text = "import { CognitoJwtVerifier } from \"aws-jwt-verify\";\n\
        type V = ReturnType<typeof CognitoJwtVerifier.create>;\n\
        const verifier = CognitoJwtVerifier.create({\n  userPoolId: \"eu-west-1_AbC123\",\n  tokenUse: null,\n});\n\
        const other = CognitoJwtVerifier\n  .create<{ userPoolId: string }>([{ userPoolId: process.env.POOL! }]);\n\
        jest.spyOn(CognitoJwtVerifier, 'create');\n\
        (CognitoJwtVerifier.create as jest.Mock).mockReturnValue(1);\n\
        throw new Error(\"CognitoJwtVerifier.create() failed\");\n";
    assert_eq!(
        found(text, "typescript"),
        vec![(3, "CognitoJwtVerifier.create".to_owned(), true), (7, "CognitoJwtVerifier.create".to_owned(), true),]
    );
    let calls = calls(text, "typescript");
    assert_eq!(calls[0].pool_id.as_deref(), Some("eu-west-1_AbC123"));
    assert_eq!(calls[1].unresolved.as_deref(), Some("process.env.POOL"));
    assert!(calls.iter().all(|hit| hit.library.as_deref() == Some("aws-jwt-verify")));
}

#[test]
fn the_ways_of_importing() {
    for text in [
        "import { CognitoJwtVerifier as V } from 'aws-jwt-verify'\nV.create({ userPoolId })",
        "import * as jwt from 'aws-jwt-verify'\njwt.CognitoJwtVerifier.create({ userPoolId })",
        "const { CognitoJwtVerifier: V } = require('aws-jwt-verify')\nV.create({ userPoolId })",
        "const V = require('aws-jwt-verify').CognitoJwtVerifier\nV.create({ userPoolId })",
        "const { CognitoJwtVerifier } = await import('aws-jwt-verify')\nCognitoJwtVerifier.create({})",
        "import { CognitoJwtVerifier } from 'npm:aws-jwt-verify'\nCognitoJwtVerifier.create({})",
        "import { CognitoJwtVerifier } from 'https://esm.sh/aws-jwt-verify'\nCognitoJwtVerifier.create({})",
        "// no import in sight\nconst v = CognitoJwtVerifier.create({})",
        "const Express = require('cognito-express')\nconst e = new Express({ region })",
        "import { Authenticator } from 'cognito-at-edge'\nconst a = new Authenticator({ region })",
        "import plugin from 'fastify-aws-jwt-verify'\nfastify.register(plugin, { userPoolId })",
        "\nawait fastify.register(require('fastify-aws-jwt-verify'), { userPoolId })",
        "import { CognitoAuthModule } from '@nestjs-cognito/auth'\nCognitoAuthModule.registerAsync({ useFactory })",
        "from pycognito import Cognito\nu = Cognito('eu-west-1_a', 'c')",
        "import pycognito\nu = pycognito.Cognito('eu-west-1_a', 'c')",
        "from pycognito import Cognito as C\nu = C('eu-west-1_a', 'c')",
        "import cognitojwt\nclaims = cognitojwt.decode(token, region, pool)",
        "from flask_cognito import CognitoAuth\nauth = CognitoAuth(app)",
        "from fastapi_cloudauth.cognito import Cognito\nauth = Cognito(region=r, userPoolId=p)",
        "\nREST = {'A': ['django_cognito_jwt.JSONWebTokenAuthentication']}",
        "from aws_cdk import aws_apigatewayv2_authorizers as a\nauth = a.HttpUserPoolAuthorizer('x', pool)",
        "import { GatewayAuthorizer } from 'x'\nconst a = GatewayAuthorizer.usingCognito({ userPool })",
        "authorizers: { jwt: {\n type: \"user_pool\",\n userPool: { id } } }",
        "\nFASTMCP_SERVER_AUTH=fastmcp.server.auth.providers.aws.AWSCognitoProvider",
        "const { verifierFactory, errors: { A } } = require('@southlane/cognito-jwt-verifier')\nverifierFactory({})",
    ] {
        let lines: Vec<usize> = found(text, "text").into_iter().map(|(line, _, _)| line).collect();
        assert_eq!(lines, vec![2], "{text}");
    }
}

#[test]
fn other_languages() {
    for (language, text, wanted) in [
        (
            "go",
            "import \"github.com/akhettar/gin-jwt-cognito\"\nv := jwt.AuthJWTMiddleware(i, p, r)",
            "AuthJWTMiddleware",
        ),
        ("go", "a := awsapigatewayv2authorizers.NewHttpUserPoolAuthorizer(x)", "NewHttpUserPoolAuthorizer"),
        ("rust", "use jsonwebtokens_cognito::KeySet;\nlet k = KeySet::new(region, pool)?;", "KeySet::new"),
        (
            "rust",
            "use jwt_verify::CognitoJwtVerifier;\nlet v = CognitoJwtVerifier::new_single_pool(r);",
            "CognitoJwtVerifier::new_single_pool",
        ),
        ("java", "var a = HttpUserPoolAuthorizer.Builder.create(\"x\", pool)", "HttpUserPoolAuthorizer.Builder.create"),
        ("elixir", "config :ueberauth, Ueberauth.Strategy.Cognito,\n  client_id: 1", "Ueberauth.Strategy.Cognito"),
        (
            "swift",
            "import SotoCognitoAuthenticationKit\nlet c = CognitoConfiguration(userPoolId: p)",
            "CognitoConfiguration",
        ),
        ("ruby", "CognitoRails::Config.aws_user_pool_id = ENV['POOL']", "CognitoRails::Config.aws_user_pool_id"),
    ] {
        assert_eq!(texts(text, language), vec![wanted.to_owned()], "{text}");
    }
}

#[test]
fn names_that_only_look_alike() {
    for (language, text) in [
        ("typescript", "import { CognitoJwtVerifier } from 'aws-jwt-verify'"),
        (
            "typescript",
            "export class CognitoJwtVerifier {\n  static create() { return CognitoJwtVerifier.create({}) }\n}",
        ),
        ("typescript", "import { Cognito } from 'sst/constructs'\nnew Cognito(stack, 'auth')"),
        ("typescript", "import { JwtVerifier } from 'aws-jwt-verify'\nJwtVerifier.create({ issuer: i })"),
        ("typescript", "import type { CognitoJwtVerifier } from 'aws-jwt-verify'\nlet v: CognitoJwtVerifier"),
        ("python", "from app import Cognito\nu = Cognito('x')"),
        ("python", "import cognitojwt\njson.decode(x)\ncognitojwt.exceptions.CognitoJWTException()"),
        ("python", "from pycognito import Cognito\nclass Mine(Cognito):\n    pass"),
        ("typescript", "import { Authenticator } from '@aws-amplify/ui-react'\nnew Authenticator({})"),
        ("rust", "let k = KeySet::new(a, b);"),
        ("elixir", "config = Application.get_env(app, Ueberauth.Strategy.Cognito)"),
        (
            "typescript",
            "import { CognitoAuthModule } from '@nestjs-cognito/auth'\nCognitoAuthModule.register({ region })",
        ),
        ("typescript", "const a = { type: \"user_pool\" }"),
        ("elixir", "cognito: {Ueberauth.Strategy.Cognito, []}"),
        ("typescript", "new CognitoUserPoolsAuthorizer(this, 'a', {})"),
    ] {
        assert_eq!(texts(text, language), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_wrapper_of_the_same_name_is_to_be_reviewed() {
    let text = "import { CognitoJwtVerifier } from '../lib/verifier'\nCognitoJwtVerifier.create({})";
    assert_eq!(found(text, "typescript"), vec![(2, "CognitoJwtVerifier.create".to_owned(), false)]);
}

#[test]
fn a_name_beside_an_alias_is_the_other_one() {
    let text = "import { CognitoJwtVerifier as Aws } from 'aws-jwt-verify'\n\
        import { CognitoJwtVerifier } from './adapter'\nCognitoJwtVerifier.create({\n  a: Aws.create({}) })";
    assert_eq!(
        found(text, "typescript"),
        vec![(3, "CognitoJwtVerifier.create".to_owned(), false), (4, "Aws.create".to_owned(), true),]
    );
}

#[test]
fn comments_are_prose() {
    let text = "// CognitoJwtVerifier.create({ userPoolId })\nCognitoJwtVerifier.create({ userPoolId })";
    let prose: Vec<bool> = calls(text, "typescript").into_iter().map(|hit| hit.prose).collect();
    assert_eq!(prose, vec![true, false]);
}

#[test]
fn versions_of_javascript() {
    let package = r#"{ "name": "aws-jwt-verify", "keywords": ["aws-jwt-verify"],
      "dependencies": { "aws-jwt-verify": "^4.0.1", "cognito-express": "3.0.4", "aws-jwt-verify-mock": "1" },
      "peerDependencies": { "aws-jwt-verify": "^4 || ^5" },
      "resolutions": { "cognito-at-edge/aws-jwt-verify": "5.2.1", "@x/aws-jwt-verify": "4.0.0" } }"#;
    assert_eq!(
        said("web/package.json", package),
        vec![
            pin("aws-jwt-verify", "^4.0.1", false, LIKELY),
            pin("cognito-express", "3.0.4", true, LIKELY),
            pin("aws-jwt-verify", "^4 || ^5", false, REVIEW),
            pin("aws-jwt-verify", "5.2.1", true, None),
        ]
    );
    let lock = "{\n  \"packages\": {\n    \"\": { \"dependencies\": { \"aws-jwt-verify\": \"^4.0.1\" } },\n    \
        \"node_modules/aws-jwt-verify\": {\n      \"version\": \"4.0.1\"\n    },\n    \
        \"node_modules/cognito-at-edge/node_modules/aws-jwt-verify\": {\n      \"version\": \"2.1.3\"\n    }\n  },\n  \
        \"dependencies\": {\n    \"aws-jwt-verify\": {\n      \"version\": \"4.0.1\"\n    }\n  }\n}";
    assert_eq!(
        said("package-lock.json", lock),
        vec![pin("aws-jwt-verify", "4.0.1", true, LIKELY), pin("aws-jwt-verify", "2.1.3", true, LIKELY),]
    );
    for (path, text) in [
        ("yarn.lock", "aws-jwt-verify@^4.0.0, aws-jwt-verify@^4.0.1:\n  version \"4.0.1\"\n  resolved \"x\"\n"),
        ("yarn.lock", "\"aws-jwt-verify@npm:^4.0.1\":\n  version: 4.0.1\n  resolution: \"aws-jwt-verify@npm:4.0.1\"\n"),
        (
            "pnpm-lock.yaml",
            "dependencies:\n  aws-jwt-verify: 4.0.1\npackages:\n\n  /aws-jwt-verify/4.0.1:\n    dev: false\n",
        ),
        ("pnpm-lock.yaml", "packages:\n\n  /aws-jwt-verify@4.0.1:\n    dev: false\n"),
        (
            "pnpm-lock.yaml",
            "packages:\n\n  aws-jwt-verify@4.0.1:\n    x: 1\nsnapshots:\n\n  aws-jwt-verify@4.0.1: {}\n",
        ),
        ("bun.lock", "    \"aws-jwt-verify\": [\"aws-jwt-verify@4.0.1\", \"\", {}, \"sha512\"],\n"),
        ("deno.lock", "    \"npm:aws-jwt-verify@^4.0.1\": \"4.0.1\"\n    \"aws-jwt-verify@4.0.1\": {\n"),
    ] {
        assert_eq!(said(path, text), vec![pin("aws-jwt-verify", "4.0.1", true, LIKELY)], "{text}");
    }
    let deno =
        r#"{ "imports": { "verify": "npm:aws-jwt-verify@^4.0.1", "aws-jwt-verify": "npm:aws-jwt-verify@5.2.1" } }"#;
    assert_eq!(
        said("deno.json", deno),
        vec![pin("aws-jwt-verify", "^4.0.1", false, LIKELY), pin("aws-jwt-verify", "5.2.1", true, None),]
    );
    assert_eq!(
        said("package.json", r#"{"dependencies":{"aws-jwt-verify": "5.2.0"}}"#),
        vec![pin("aws-jwt-verify", "5.2.0", true, REVIEW)]
    );
}

#[test]
fn versions_of_python() {
    let requirements = "# pycognito==1\ncognitojwt==1.4.1\npycognito[x]>=2024.5 ; python_version > '3' # why\n\
        Flask-Cognito ~= 1.21\nfastapi_cognito\ndjango-cognito-jwt2==0.2.0 \\\n    --hash=sha256:1\nmy-pycognito==1\n";
    assert_eq!(
        said("requirements-dev.txt", requirements),
        vec![
            pin("cognitojwt", "==1.4.1", true, LIKELY),
            pin("pycognito", ">=2024.5", false, REVIEW),
            pin("flask-cognito", "~= 1.21", false, LIKELY),
            pin("fastapi-cognito", "", false, REVIEW),
            pin("django-cognito-jwt", "==0.2.0", true, LIKELY),
        ]
    );
    let project = "[project]\nname = \"pycognito\"\ndependencies = [\n  \"cognitojwt==1.4.1\",\n  \"flask-cognito-lib\",\n]\n\
        [tool.poetry.dependencies]\npycognito = \"^2024.5\"\nfastapi-cloudauth = { version = \"0.4.3\", extras = [] }\n\
        [tool.poetry.dependencies.fastapi-cognito]\nversion = \"2.10.0\"\n[tool.isort]\nknown = [\"django_cognito_jwt\"]\n";
    assert_eq!(
        said("pyproject.toml", project),
        vec![
            pin("cognitojwt", "==1.4.1", true, LIKELY),
            pin("flask-cognito-lib", "", false, REVIEW),
            pin("pycognito", "^2024.5", false, LIKELY),
            pin("fastapi-cloudauth", "0.4.3", true, LIKELY),
            pin("fastapi-cognito", "2.10.0", true, LIKELY),
        ]
    );
    for (path, text) in [
        ("poetry.lock", "[[package]]\nname = \"cognitojwt\"\nversion = \"1.4.1\"\n"),
        (
            "uv.lock",
            "dependencies = [\n    { name = \"cognitojwt\" },\n]\n[[package]]\nname = \"cognitojwt\"\nversion = \"1.4.1\"\nsource = { registry = \"x\" }\n",
        ),
        ("Pipfile.lock", "    \"cognitojwt\": {\n      \"hashes\": [\"a\"],\n      \"version\": \"==1.4.1\"\n    }\n"),
    ] {
        assert_eq!(said(path, text), vec![pin("cognitojwt", "1.4.1", true, LIKELY)], "{text}");
    }
    for (path, text, version) in [
        ("setup.py", "setup(name='mine', install_requires=['cognitojwt==1.4.1'])", "==1.4.1"),
        ("Pipfile", "[packages]\ncognitojwt = \"==1.4.1\"\n", "==1.4.1"),
        ("environment.yml", "dependencies:\n  - python\n  - cognitojwt=1.4.1\n", "1.4.1"),
        ("environment.yml", "  - pip:\n    - cognitojwt==1.4.1\n", "==1.4.1"),
        ("Dockerfile", "RUN pip install --no-cache \\\n    requests cognitojwt==1.4.1\n", "==1.4.1"),
    ] {
        assert_eq!(said(path, text), vec![pin("cognitojwt", version, true, LIKELY)], "{text}");
    }
}

#[test]
fn versions_of_other_ecosystems() {
    for (path, text, library, version, exact, hit) in [
        ("Cargo.toml", "jwt-verify = \"0.1\"", "jwt-verify", "0.1", false, LIKELY),
        ("Cargo.toml", "jwt-verify = { version = \"=0.1.3\" }", "jwt-verify", "=0.1.3", true, LIKELY),
        (
            "Cargo.lock",
            "name = \"jwt-verify\"\nversion = \"0.1.3\"\nsource = \"r\"\n",
            "jwt-verify",
            "0.1.3",
            true,
            LIKELY,
        ),
        ("go.mod", "require github.com/akhettar/gin-jwt-cognito v1.2.2", "gin-jwt-cognito", "v1.2.2", true, REVIEW),
        (
            "go.sum",
            "github.com/akhettar/gin-jwt-cognito v1.2.2/go.mod h1:x=\ngithub.com/akhettar/gin-jwt-cognito v1.2.2 h1:x=\n",
            "gin-jwt-cognito",
            "v1.2.2",
            true,
            REVIEW,
        ),
        ("Gemfile", "gem 'cognito_rails', '~> 1.0'", "cognito-rails", "~> 1.0", false, REVIEW),
        ("Gemfile", "gem 'cognito_rails'", "cognito-rails", "", false, REVIEW),
        (
            "Gemfile.lock",
            "    cognito_rails (1.0.0)\n      cognito_rails (>= 1)\n",
            "cognito-rails",
            "1.0.0",
            true,
            REVIEW,
        ),
        ("mix.exs", "{:ueberauth_cognito, \"~> 0.4\"}", "ueberauth-cognito", "~> 0.4", false, REVIEW),
        (
            "mix.lock",
            "  \"ueberauth_cognito\": {:hex, :ueberauth_cognito, \"0.4.0\", \"x\"}",
            "ueberauth-cognito",
            "0.4.0",
            true,
            REVIEW,
        ),
        (
            "composer.json",
            "{\"require\": {\"ellaisys/aws-cognito\": \"^1.1\"}}",
            "ellaisys-aws-cognito",
            "^1.1",
            false,
            REVIEW,
        ),
        (
            "composer.lock",
            "\"name\": \"ellaisys/aws-cognito\",\n\"version\": \"v1.1.0\"",
            "ellaisys-aws-cognito",
            "v1.1.0",
            true,
            REVIEW,
        ),
        (
            "Package.swift",
            ".package(url: \"https://github.com/soto-project/soto-cognito-authentication-kit.git\", from: \"4.0.0\")",
            "soto-cognito-authentication",
            "^4.0.0",
            false,
            REVIEW,
        ),
        (
            "Package.resolved",
            "\"identity\" : \"soto-cognito-authentication-kit\",\n\"state\" : {\n\"version\" : \"4.0.0\"",
            "soto-cognito-authentication",
            "4.0.0",
            true,
            REVIEW,
        ),
        (
            "pom.xml",
            "<artifactId>aws-cdk-lib</artifactId><version>2.100.0</version>",
            "aws-cdk-lib",
            "2.100.0",
            true,
            None,
        ),
        (
            "build.gradle.kts",
            "implementation(\"software.amazon.awscdk:aws-cdk-lib:2.100.0\")",
            "aws-cdk-lib",
            "2.100.0",
            true,
            None,
        ),
        (
            "Infra.csproj",
            "<PackageReference Include=\"Amazon.CDK.Lib\" Version=\"2.100.0\" />",
            "aws-cdk-lib",
            "2.100.0",
            true,
            None,
        ),
        ("Dockerfile", "RUN npm i aws-jwt-verify@4", "aws-jwt-verify", "4", false, LIKELY),
        (".github/workflows/ci.yml", "- run: npm install aws-jwt-verify@5.2.1", "aws-jwt-verify", "5.2.1", true, None),
    ] {
        assert_eq!(said(path, text), vec![pin(library, version, exact, hit)], "{path}: {text}");
    }
}

#[test]
fn what_says_no_version() {
    assert_eq!(said("Dockerfile", "RUN npm i aws-jwt-verify"), vec![]);
    assert_eq!(said("README.md", "npm i aws-jwt-verify@4"), vec![]);
}

#[test]
fn what_a_document_tells_to_install() {
    for (text, wanted) in [
        ("```toml\njwt-verify = \"0.1\"\n```\n", Some("jwt-verify 0.1")),
        ("```sh\n$ npm i aws-jwt-verify@4.0.1\n```\n", Some("aws-jwt-verify 4.0.1")),
        ("    pip install cognitojwt==1.4.1\n", Some("cognitojwt ==1.4.1")),
        ("    {:ueberauth_cognito, \"~> 0.3\"}\n", Some("ueberauth-cognito ~> 0.3")),
        ("npm i aws-jwt-verify\n", None),
        ("See aws-jwt-verify 4.0.1 for more.\n", None),
        ("npm i aws-jwt-verify@5.2.1\n", None),
    ] {
        let found = calls(text, "markdown").into_iter().next().map(|hit| hit.text);
        assert_eq!(found.as_deref(), wanted, "{text}");
    }
}

#[test]
fn a_library_in_its_own_tree_is_to_be_reviewed() {
    for (path, text, library) in [
        ("package.json", "{ \"name\": \"cognito-express\" }", "cognito-express"),
        ("pyproject.toml", "[project]\nname = \"flask_cognito_lib\"\n", "flask-cognito-lib"),
        ("setup.py", "setup(\n    name=\"cognitojwt\",\n)", "cognitojwt"),
        ("Cargo.toml", "[package]\nname = \"jwt-verify\"\n", "jwt-verify"),
        ("mix.exs", "      app: :ueberauth_cognito,\n", "ueberauth-cognito"),
        ("go.mod", "module github.com/akhettar/gin-jwt-cognito\n\ngo 1.18\n", "gin-jwt-cognito"),
    ] {
        let pins = pins(path, text);
        assert_eq!(decide(library, best(library, &pins), false), (Confidence::Review, false), "{path}");
        assert_eq!(decide(library, best(library, &pins), true), (Confidence::Likely, false), "{path}");
        assert!(pins.iter().all(|pin| pin.found.is_none()), "{path}");
    }
}

#[test]
fn a_version_decides() {
    let of = |text: &str| pins("package.json", &format!("{{\"dependencies\":{{\"aws-jwt-verify\":\"{text}\"}}}}"));
    for (version, wanted) in [
        ("4.0.1", (Confidence::Definite, false)),
        ("^4.0.1", (Confidence::Definite, false)),
        ("^5.0.0", (Confidence::Likely, false)),
        ("5.2.1", (Confidence::Likely, true)),
        ("5.2.0", (Confidence::Likely, true)),
    ] {
        assert_eq!(decide("aws-jwt-verify", best("aws-jwt-verify", &of(version)), false), wanted, "{version}");
    }
    assert_eq!(decide("aws-jwt-verify", None, false), (Confidence::Likely, false));
    assert_eq!(severity("aws-jwt-verify", Confidence::Definite, false), Severity::Error);
    assert_eq!(severity("aws-jwt-verify", Confidence::Likely, false), Severity::Warning);
    assert_eq!(severity("aws-jwt-verify", Confidence::Likely, true), Severity::Info);
    assert_eq!(severity("cognitojwt", Confidence::Definite, false), Severity::Warning);
    assert!(remedy("aws-jwt-verify", Some("5.2.0")).is_some_and(|text| text.contains("hydrate")));
    assert!(remedy("aws-jwt-verify", None).is_some_and(|text| !text.contains("hydrate")));
}

#[test]
fn what_is_cut_off_gives_what_it_has() {
    let text = "{\n  \"dependencies\": {\n    \"aws-jwt-verify\": \"4.0.1\",\n    \"cognito-express\": \"3.0";
    for end in 0..text.len() {
        for path in
            ["package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock", "Pipfile"]
        {
            let _ = pins(path, &text[..end]);
        }
        let _ = calls(&text[..end], "json");
    }
    assert_eq!(said("package.json", text), vec![pin("aws-jwt-verify", "4.0.1", true, LIKELY)]);
}

#[test]
fn an_import_that_says_the_version_is_a_pin() {
    let text = "import { CognitoJwtVerifier } from \"npm:aws-jwt-verify@^4.0.1\";\nCognitoJwtVerifier.create({});\n";
    let classes: Vec<Class> = calls(text, "typescript").into_iter().map(|hit| hit.class).collect();
    assert_eq!(classes, vec![Class::LibraryVersionPin, Class::LibraryDerived]);
}

#[test]
fn much_on_one_line_takes_no_longer_than_it_should() {
    let text = "from pycognito import Cognito;a=Cognito('x');import pycognito;".repeat(5_000);
    let start = std::time::Instant::now();
    assert_eq!(calls(&text, "python").len(), 5_000);
    let entry = "\"aws-jwt-verify\":\"4.0.1\",\"node_modules/aws-jwt-verify\":{\"version\":\"4.0.1\"},".repeat(10_000);
    assert_eq!(pins("package.json", &entry).len(), 10_000);
    assert_eq!(pins("package-lock.json", &entry).len(), 1);
    // Linear, it takes well below a second in a build without optimisation; quadratic, minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
