//! What the issuer scanner says: classes of reference, how sure, how bad, each hit with its place, and the report of a scan.
//!
//! Not here: how references are found (`scan`), and what they mean for a pool (`rules`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of construct refers to the issuer: the taxonomy, in kebab-case by [`Class::as_str`]. A later version may add words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A whole issuer URL in one literal.
    IssuerUrlLiteral,
    /// An issuer URL with something substituted.
    IssuerUrlTemplate,
    /// An issuer URL joined from a list.
    IssuerSplitJoin,
    /// An issuer URL concatenated in code.
    IssuerSplitConcat,
    /// The URL of the pool's key set.
    JwksUrl,
    /// The same, put together from pieces.
    JwksUrlSplit,
    /// The URL of the pool's discovery document.
    DiscoveryUrl,
    /// The bare host of a key set, as a proxy or mesh configures it.
    JwksHost,
    /// An attribute of infrastructure as code that holds the issuer: `Pool.ProviderURL`, `aws_cognito_user_pool.x.endpoint`.
    IacAttribute,
    /// A library that derives the issuer itself.
    LibraryDerived,
    /// A version of such a library that knows only the original issuer.
    LibraryVersionPin,
    /// A test of an issuer against the original host's beginning.
    HostPrefixCheck,
    /// An IAM OIDC provider ARN or condition key of the issuer.
    IamOidcProviderRef,
    /// A login key or provider name of an identity pool; not an issuer.
    IdentityPoolLoginKey,
    /// What cannot accept the updated issuer at all and holds no issuer text.
    Blocker,
    /// An allow list of hosts or a content security policy.
    NetworkAllowlist,
    /// A variable that holds an issuer which is given elsewhere: `process.env.COGNITO_ISSUER`.
    IndirectVariable,
}

impl Class {
    /// Every class, in the order of the taxonomy.
    pub const ALL: [Class; 17] = [
        Class::IssuerUrlLiteral,
        Class::IssuerUrlTemplate,
        Class::IssuerSplitJoin,
        Class::IssuerSplitConcat,
        Class::JwksUrl,
        Class::JwksUrlSplit,
        Class::DiscoveryUrl,
        Class::JwksHost,
        Class::IacAttribute,
        Class::LibraryDerived,
        Class::LibraryVersionPin,
        Class::HostPrefixCheck,
        Class::IamOidcProviderRef,
        Class::IdentityPoolLoginKey,
        Class::Blocker,
        Class::NetworkAllowlist,
        Class::IndirectVariable,
    ];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::IssuerUrlLiteral => "issuer-url-literal",
            Class::IssuerUrlTemplate => "issuer-url-template",
            Class::IssuerSplitJoin => "issuer-split-join",
            Class::IssuerSplitConcat => "issuer-split-concat",
            Class::JwksUrl => "jwks-url",
            Class::JwksUrlSplit => "jwks-url-split",
            Class::DiscoveryUrl => "discovery-url",
            Class::JwksHost => "jwks-host",
            Class::IacAttribute => "iac-attribute",
            Class::LibraryDerived => "library-derived",
            Class::LibraryVersionPin => "library-version-pin",
            Class::HostPrefixCheck => "host-prefix-check",
            Class::IamOidcProviderRef => "iam-oidc-provider-ref",
            Class::IdentityPoolLoginKey => "identity-pool-login-key",
            Class::Blocker => "blocker",
            Class::NetworkAllowlist => "network-allowlist",
            Class::IndirectVariable => "indirect-variable",
        }
    }

    /// Whether this names the issuer itself, as opposed to keys, hosts or what merely stands beside it.
    pub fn is_issuer(self) -> bool {
        matches!(
            self,
            Class::IssuerUrlLiteral | Class::IssuerUrlTemplate | Class::IssuerSplitJoin | Class::IssuerSplitConcat
        )
    }
}

/// How sure it is that this is a reference to an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// It is one.
    Definite,
    /// It almost certainly is.
    Likely,
    /// A person should look.
    Review,
}

/// How much a reference matters for the issuer switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It breaks at the switch, or forbids it.
    Error,
    /// It may break, or loses what the switch is for.
    Warning,
    /// Nothing to do, worth knowing.
    Info,
}

impl Confidence {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Definite => "definite",
            Confidence::Likely => "likely",
            Confidence::Review => "review",
        }
    }
}

impl Severity {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// One reference in a source tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own about the place")]
pub struct ScanHit {
    /// The file: the root as it was given, and the path below it, with `/`.
    pub path: String,
    /// The line from 1 of the piece that holds the host, else of the keyword that makes it a reference.
    pub line: u32,
    /// The column in characters from 1.
    pub column: u32,
    /// The last line of the whole construct.
    pub end_line: u32,
    /// What it is.
    pub class: Class,
    /// How sure that is.
    pub confidence: Confidence,
    /// How much it matters, test and documentation considered.
    pub severity: Severity,
    /// Whether the file is a test, a fixture or a recording.
    pub in_test: bool,
    /// Whether it stands in documentation or a comment.
    pub in_doc: bool,
    /// Whether any pool's tokens are accepted there, since only the beginning of the issuer is compared: a security
    /// finding whatever becomes of the issuer.
    pub accepts_any_pool: bool,
    /// Whether the updated issuer is accepted too, or named alone.
    pub accepts_new: bool,
    /// The language or format, such as `typescript`, `terraform`.
    pub language: String,
    /// The pool, if its id is written out.
    pub pool_id: Option<String>,
    /// Whether that pool is one of `--known-pools`; none without that option or without an id.
    pub known_pool: Option<bool>,
    /// What stands in a pool's place: a name, never a value.
    pub unresolved: Option<String>,
    /// The library that derives the issuer, with the version that decided: `aws-jwt-verify 4.0.1 (package-lock.json)`.
    pub library: Option<String>,
    /// The matched text and nothing beside it.
    pub text: String,
    /// What to do about it, for this class and language.
    pub remedy: String,
    /// Who owns the file by `CODEOWNERS`, in the order written.
    pub owners: Vec<String>,
}

/// Why a file below a root was not read, or not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// Not text: it holds zero bytes.
    Binary,
    /// A FIFO, a socket or a device.
    Special,
    /// A link that leads back to a folder above it.
    Loop,
    /// A link that leads out of what is searched.
    Outside,
    /// The system refuses it.
    Denied,
    /// Reading it failed.
    Failed,
    /// Its text was searched, its structure was not: too deep, too large, or not what its name says.
    Structure,
}

impl SkipReason {
    /// Whether a reference may have been missed there. What is not text, and a folder that is read elsewhere, hold none;
    /// what lies outside was not asked for.
    pub fn may_hide(self) -> bool {
        !matches!(self, SkipReason::Binary | SkipReason::Special | SkipReason::Loop | SkipReason::Outside)
    }
}

/// A file that was not read, or not whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// The file, as in [`ScanHit::path`].
    pub path: String,
    /// Why.
    pub reason: SkipReason,
    /// More about it, without anything the file holds.
    pub detail: Option<String>,
}

/// One root that was searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanRoot {
    /// The root as it was given.
    pub path: String,
    /// What the tree is called whatever the machine: `owner/name` of the repository's remote, else the folder's name.
    pub name: String,
    /// The commit that is checked out, where there is one.
    pub commit: Option<String>,
    /// Whether files differ from that commit; none where there is no commit.
    pub modified: Option<bool>,
    /// How many files were read.
    pub files_read: u64,
    /// How many bytes they hold.
    pub bytes_read: u64,
}

/// Version of the shape of [`ScanReport`].
pub const SCAN_SCHEMA_VERSION: u32 = 1;

/// Everything a scan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("$id" = "urn:mrready:schema:scan:1"))]
pub struct ScanReport {
    /// Version of this shape.
    pub schema_version: u32,
    /// Version of the program.
    pub tool_version: String,
    /// Version of what is found and how it is classed.
    pub evaluator: u32,
    /// What was searched, in the order given.
    pub roots: Vec<ScanRoot>,
    /// Every hit, by path, line and column.
    pub hits: Vec<ScanHit>,
    /// What was not read, or not whole, by path.
    pub skipped: Vec<Skipped>,
    /// How many hits there are.
    pub summary: ScanSummary,
}

/// Counts of hits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanSummary {
    /// How many count for the exit code.
    pub counted: u64,
    /// By root's name.
    pub by_root: BTreeMap<String, u64>,
    /// By owner; the empty key is for files nobody owns. A hit of two owners counts for both.
    pub by_owner: BTreeMap<String, u64>,
    /// By class.
    pub by_class: BTreeMap<String, u64>,
}

impl ScanHit {
    /// Whether it is a sure reference in what runs: neither for review, nor in a test, nor in documentation.
    pub fn is_sure(&self) -> bool {
        self.confidence != Confidence::Review && !self.in_test && !self.in_doc
    }

    /// Whether it counts for the exit code, from this severity up.
    pub fn counts(&self, least: Severity) -> bool {
        self.is_sure() && self.severity <= least
    }
}

impl ScanReport {
    /// The innermost root that a path lies below, as an index, and the path there.
    pub fn below<'p>(&self, path: &'p str) -> Option<(usize, &'p str)> {
        let under = |root: &ScanRoot| {
            let root = root.path.trim_end_matches('/');
            let rest = match path.strip_prefix(root) {
                // The root is a single file, or is not there at all.
                Some("") => return Some((root.len(), path.rsplit('/').next().unwrap_or(path))),
                Some(rest) if rest.starts_with('/') => rest,
                _ if root == "." && !path.starts_with('/') => path,
                _ => return None,
            };
            let rest = rest.trim_start_matches('/');
            Some((root.len(), rest.strip_prefix("./").unwrap_or(rest)))
        };
        let owners = self.roots.iter().enumerate().filter_map(|(index, root)| Some((index, under(root)?)));
        // Of two equally long roots, which are the same one given twice, the first.
        owners
            .max_by_key(|(index, (length, _))| (*length, std::cmp::Reverse(*index)))
            .map(|(index, (_, path))| (index, path))
    }
}

impl ScanSummary {
    /// Counts the hits of a report; `least` is the severity from which a sure one counts, none: nothing counts.
    pub fn of(report: &ScanReport, least: Option<Severity>) -> Self {
        let mut summary = Self::default();
        for root in &report.roots {
            summary.by_root.insert(root.name.clone(), 0);
        }
        for hit in &report.hits {
            summary.counted += u64::from(least.is_some_and(|least| hit.counts(least)));
            *summary.by_class.entry(hit.class.as_str().to_owned()).or_default() += 1;
            if let Some((root, _)) = report.below(&hit.path) {
                *summary.by_root.entry(report.roots[root].name.clone()).or_default() += 1;
            }
            for owner in hit.owners.iter().map(String::as_str).chain(hit.owners.is_empty().then_some("")) {
                *summary.by_owner.entry(owner.to_owned()).or_default() += 1;
            }
        }
        summary
    }
}

/// The JSON Schema of a scan's report.
pub fn scan_schema() -> serde_json::Value {
    schemars::schema_for!(ScanReport).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Roots, a path, and the index of its root with the path below it.
    type Case<'a> = (&'a [&'a str], &'a str, Option<(usize, &'a str)>);

    #[test]
    fn a_path_belongs_to_the_innermost_root() {
        let root = |path: &&str| ScanRoot {
            path: (*path).to_owned(),
            name: (*path).to_owned(),
            commit: None,
            modified: None,
            files_read: 0,
            bytes_read: 0,
        };
        let cases: [Case<'_>; 9] = [
            (&["src"], "src/a/b.ts", Some((0, "a/b.ts"))),
            (&["src/"], "src/a.ts", Some((0, "a.ts"))),
            (&["."], "./a.ts", Some((0, "a.ts"))),
            (&["."], "a.ts", Some((0, "a.ts"))),
            (&["/"], "/etc/a.yml", Some((0, "etc/a.yml"))),
            (&["src/a.ts"], "src/a.ts", Some((0, "a.ts"))),
            (&["src", "src/lib", "src/lib"], "src/lib/x.py", Some((1, "x.py"))),
            (&["src"], "srcs/a.ts", None),
            (&["../other"], "../other/a.ts", Some((0, "a.ts"))),
        ];
        for (roots, path, expected) in cases {
            let report = ScanReport {
                schema_version: SCAN_SCHEMA_VERSION,
                tool_version: String::new(),
                evaluator: 1,
                roots: roots.iter().map(root).collect(),
                hits: Vec::new(),
                skipped: Vec::new(),
                summary: ScanSummary::default(),
            };
            assert_eq!(report.below(path), expected, "{path}");
        }
    }
}
