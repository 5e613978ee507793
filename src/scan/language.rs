//! Which language or format a file is in, and whether it is a test or documentation, by its path.
//!
//! By path alone: cheap, and what people see. Comments inside code are the business of `code`.

/// The language or format by the file's name: `typescript`, `terraform`, `yaml`; `text` if nothing is known.
pub fn of(path: &str) -> &'static str {
    let name = name_of(path).to_ascii_lowercase();
    if name.strip_suffix(".template").is_some_and(|stem| !stem.contains('.'))
        || name.rsplit_once('.').is_some_and(|(stem, kind)| is_template(stem, kind))
    {
        return "cloudformation";
    }
    // A template of a file is in the language of the file: `values.yaml.tpl`, `nginx.conf.j2`.
    let mut stem = name.as_str();
    while let Some((before, extension)) = stem.rsplit_once('.') {
        match by_extension(extension) {
            Some(language) => return language,
            None if matches!(
                extension,
                "tpl" | "tmpl" | "j2" | "jinja" | "jinja2" | "erb" | "ejs" | "hbs" | "mustache"
            ) || matches!(
                extension,
                "example" | "sample" | "dist" | "template" | "bak" | "orig" | "in" | "snap"
            ) =>
            {
                stem = before;
            }
            None => break,
        }
    }
    by_name(&name)
}

/// The kinds of `CloudFormation` templates whose names say so.
fn is_template(stem: &str, kind: &str) -> bool {
    matches!(kind, "yaml" | "yml" | "json")
        && (stem.ends_with(".template") || matches!(stem, "template" | "sam" | "cloudformation" | "cfn"))
}

fn by_extension(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "ts" | "tsx" | "mts" | "cts" => "typescript",
        "js" | "jsx" | "mjs" | "cjs" | "es6" | "map" => "javascript",
        "vue" | "svelte" | "astro" | "html" | "htm" | "xhtml" | "cshtml" | "razor" | "jsp" => "html",
        "py" | "pyi" | "pyw" | "ipynb" => "python",
        "go" => "go",
        "java" => "java",
        "kt" | "kts" => "kotlin",
        "scala" | "sc" | "sbt" => "scala",
        "groovy" | "gradle" => "groovy",
        "cs" | "csx" => "csharp",
        "fs" | "fsx" => "fsharp",
        "vb" | "vbs" => "visual-basic",
        "rb" | "rake" | "gemspec" | "ru" => "ruby",
        "php" | "phtml" => "php",
        "rs" => "rust",
        "ex" | "exs" | "eex" | "heex" => "elixir",
        "erl" | "hrl" => "erlang",
        "swift" => "swift",
        "m" | "mm" => "objective-c",
        "dart" => "dart",
        "c" | "h" | "cc" | "cpp" | "cxx" | "hpp" | "hh" => "cpp",
        "hs" | "lhs" => "haskell",
        "ml" | "mli" => "ocaml",
        "clj" | "cljs" | "cljc" | "edn" => "clojure",
        "lua" => "lua",
        "pl" | "pm" => "perl",
        "r" | "rmd" => "r",
        "jl" => "julia",
        "nix" => "nix",
        "sh" | "bash" | "zsh" | "ksh" | "fish" => "shell",
        "ps1" | "psm1" | "psd1" => "powershell",
        "bat" | "cmd" => "batch",
        "sql" | "ddl" | "pls" | "pgsql" => "sql",
        "tf" | "tofu" | "hcl" | "tfvars" => "terraform",
        "rego" => "rego",
        "bicep" => "bicep",
        "yaml" | "yml" => "yaml",
        "json" | "jsonc" | "json5" | "jsonl" | "ndjson" | "har" | "tfstate" => "json",
        "toml" => "toml",
        "xml" | "config" | "csproj" | "props" | "plist" | "xsd" | "wsdl" => "xml",
        "properties" | "ini" | "cfg" => "properties",
        "conf" | "nginx" | "vcl" => "conf",
        "env" => "dotenv",
        "graphql" | "gql" => "graphql",
        "proto" => "protobuf",
        "md" | "mdx" | "markdown" | "rst" | "adoc" | "asciidoc" | "textile" => "markdown",
        _ => return None,
    })
}

fn by_name(name: &str) -> &'static str {
    match name {
        "dockerfile" | "containerfile" => "dockerfile",
        "makefile" | "gnumakefile" | "justfile" => "make",
        "jenkinsfile" => "groovy",
        "gemfile" | "rakefile" | "podfile" | "fastfile" | "vagrantfile" => "ruby",
        "caddyfile" => "conf",
        "readme" | "changelog" => "markdown",
        _ if name.starts_with("dockerfile.") || name.ends_with(".dockerfile") => "dockerfile",
        _ if name.starts_with(".env") || name == ".envrc" => "dotenv",
        _ => "text",
    }
}

/// Words that make a folder, or a file's name between separators, one of tests.
const TEST_WORDS: [&str; 24] = [
    "test",
    "tests",
    "testing",
    "testdata",
    "testlib",
    "testutil",
    "testutils",
    "unittest",
    "unittests",
    "spec",
    "specs",
    "mock",
    "mocks",
    "mocked",
    "stub",
    "stubs",
    "fixture",
    "fixtures",
    "e2e",
    "cypress",
    "cy",
    "cassettes",
    "snapshots",
    "conftest",
];

/// Whether the file's name ends in this extension, in any case.
pub(super) fn has_extension(path: &str, extension: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, own)| own.eq_ignore_ascii_case(extension))
}

/// Whether the file is a test, a fixture, a mock or a recording.
pub fn is_test(path: &str) -> bool {
    let name = name_of(path);
    let folders = path.strip_suffix(name).unwrap_or_default();
    let stem = match name.rsplit_once('.') {
        Some((_, "snap")) => return true,
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    };
    // A workflow runs, whatever it is called.
    if folders.ends_with(".github/workflows/") {
        return false;
    }
    // `Test-Issuer` is a command that looks, as PowerShell names them; its tests are `Issuer.Tests.ps1`.
    let stem = stem.strip_prefix("Test-").filter(|_| of(path) == "powershell").unwrap_or(stem);
    // `openapi.spec.yaml` and `spec/openapi.yaml` specify, they do not test.
    let data = matches!(of(path), "yaml" | "json" | "markdown" | "cloudformation" | "protobuf" | "graphql");
    let counts = |word: &str| !(data && matches!(word, "spec" | "specs" | "testing"));
    folders.split('/').any(|folder| has_test_word(folder, &counts)) || has_test_word(stem, &counts)
}

/// Whether one of the words of a name is one of tests: `user_test`, `UserTests`, `auth.spec`, not `latest` or `contest`.
/// In the middle it counts only in a few forms: `test` may be the thing made there, as in `load-test-results`.
fn has_test_word(name: &str, counts: &impl Fn(&str) -> bool) -> bool {
    let words = words(name);
    let is_word = |word: &String| TEST_WORDS.contains(&word.as_str()) && counts(word);
    words.first().is_some_and(is_word)
        || words.last().is_some_and(is_word)
        || name.split('.').skip(1).any(|part| TEST_WORDS.contains(&part) && counts(part))
        || words.windows(2).any(|pair| {
            matches!(pair[1].as_str(), "test" | "tests" | "spec" | "fixtures" | "mocks")
                && is_word(&pair[1])
                && matches!(pair[0].as_str(), "unit" | "integration" | "e2e" | "functional")
        })
}

/// The words of a name in lower case, split at what is no letter or digit, and where a capital follows a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut small = false;
    for c in name.chars() {
        let ends = !c.is_ascii_alphanumeric() || small && c.is_ascii_uppercase();
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        small = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether the file is documentation.
pub fn is_documentation(path: &str) -> bool {
    const NAMES: [&str; 12] = [
        "readme",
        "changelog",
        "changes",
        "contributing",
        "history",
        "release-notes",
        "release_notes",
        "releases",
        "upgrading",
        "migration",
        "faq",
        "llms",
    ];
    let name = name_of(path).to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    let folders = path.get(..path.len() - name.len()).unwrap_or_default().to_ascii_lowercase();
    let prose = matches!(of(path), "markdown" | "text");
    of(path) == "markdown"
        || prose && NAMES.iter().any(|known| stem == *known || stem.starts_with("readme"))
        || folders.split('/').any(|folder| {
            matches!(folder, "doc" | "docs" | "documentation" | "wiki" | "javadoc" | "apidocs" | "guides" | "_docs")
        })
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_by_name() {
        for (path, language) in [
            ("src/a.TSX", "typescript"),
            ("a/values.yaml.tpl", "yaml"),
            ("nginx.conf.j2", "conf"),
            ("infra/template.yaml", "cloudformation"),
            ("cdk.out/App.template.json", "cloudformation"),
            ("values.yaml", "yaml"),
            (".env.production", "dotenv"),
            (".env", "dotenv"),
            ("Dockerfile.dev", "dockerfile"),
            ("x/Jenkinsfile", "groovy"),
            ("bin/run", "text"),
            ("index.test.ts.snap", "typescript"),
            ("appsettings.Development.json", "json"),
            ("README", "markdown"),
        ] {
            assert_eq!(of(path), language, "{path}");
        }
    }

    #[test]
    fn tests_are_told_by_path() {
        for path in [
            "src/__tests__/a.ts",
            "src/test/java/com/x/Auth.java",
            "a.test.ts",
            "a.spec.js",
            "pkg/auth_test.go",
            "tests.py",
            "test_auth.py",
            "conftest.py",
            "AuthTest.java",
            "Auth.Tests/Token.cs",
            "AuthTests.cs",
            "auth_spec.rb",
            "spec/models/user_spec.rb",
            "x/fixtures/token.json",
            "x/testdata/a.txt",
            "__snapshots__/a.js",
            "infra/x.snap",
            "cypress/support/auth.js",
            "e2e/login.ts",
            "src/mocks/handlers.ts",
            "mockToken.ts",
            "unit-tests/a.js",
            "app/integration_tests/a.rs",
            "login.cy.ts",
            "app.e2e-spec.ts",
            "src/androidTest/A.kt",
            "app/auth.mock.ts",
            "ops/Issuer.Tests.ps1",
            "ops/Test-Issuer.Tests.ps1",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in [
            "latest/index.ts",
            "src/contest/a.py",
            "src/attestation.go",
            "protest.js",
            "spec/openapi.yaml",
            "openapi.spec.json",
            "src/inspector.ts",
            "greatest.py",
            "src/testimonials/a.js",
            "src/specification.rs",
            "charts/values.yaml",
            "ops/Test-Issuer.ps1",
            ".github/workflows/test.yml",
        ] {
            assert!(!is_test(path), "{path}");
        }
    }

    #[test]
    fn documentation_is_told_by_path() {
        for path in
            ["README.md", "README", "readme.txt", "docs/conf.py", "a/Documentation/x.html", "CHANGELOG.rst", "x.adoc"]
        {
            assert!(is_documentation(path), "{path}");
        }
        for path in ["src/docstore/a.ts", "requirements.txt", "src/readme.ts", "history.ts", "mydocs.py"] {
            assert!(!is_documentation(path), "{path}");
        }
    }
}
