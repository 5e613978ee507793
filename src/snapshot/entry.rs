//! One line of the log: a call with its answer or error, an issuer reference, or the search of a source tree.

use std::cmp::Ordering;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One line of the log. It is read by `read`, without the detour that `serde` makes for tagged words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "nearly all entries are calls and hits, of about one size")]
pub enum Entry {
    /// A call to AWS.
    Call(Call),
    /// An issuer reference.
    Hit(Hit),
    /// The search of a source tree.
    Scan(Scan),
}

/// A call to AWS: exactly one of `response` and `error` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The account asked.
    pub account: String,
    /// The Region asked.
    pub region: String,
    /// The service, as in IAM and the AWS CLI.
    pub service: String,
    /// The operation, in the API's spelling.
    pub operation: String,
    /// The parameters that make the question, without page tokens and page sizes.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Value>")]
    pub parameters: Map<String, Value>,
    /// The page from 1, for operations that page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Whether AWS said that there is another page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// When the last attempt was answered.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// The answer in its normal form, as far as it is admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
    /// What came instead of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CallError>,
    /// Pointers of members that AWS gave and that are not kept; `*` stands for an index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

/// What came instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallError {
    /// What it means for the evidence.
    pub kind: ErrorKind,
    /// AWS's error code, or `Timeout`, `Connection`, `Unparsable`.
    pub code: String,
    /// The HTTP status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The IAM actions that are missing, for a refusal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_actions: Vec<String>,
    /// What kind of policy refused, where AWS said so; never the caller, never a resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What an error means for the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Refused.
    Denied,
    /// Too many requests, to the last attempt.
    Throttled,
    /// The resource is not there.
    NotFound,
    /// The operation is not offered here.
    NotOffered,
    /// Anything else, incl. no answer and an answer that cannot be read.
    Failed,
}

/// An issuer reference: where a verifier names a pool's issuer. Holds the matched span only, never what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hit {
    /// The account it was found in; empty for a source tree, which belongs to none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// The Region it was found in; empty for a source tree.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// The service of the call in whose answer it was found; [`SCAN`] for a source tree.
    pub service: String,
    /// The operation of that call; [`TREE`] for a source tree.
    pub operation: String,
    /// The parameters of that call.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Value>")]
    pub parameters: Map<String, Value>,
    /// When that call was answered.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// What holds it: the stack's name, the export's, the function's, the tree's.
    pub container: String,
    /// The resource or output in the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logical_id: Option<String>,
    /// The property path, such as `Properties.JwtConfiguration.Issuer`; in a source tree the file's path below the root.
    pub path: String,
    /// JSON pointer into the template or the answer.
    pub pointer: String,
    /// The line from 1, where AWS gave text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The class, see `facts/issuer-references`.
    pub class: String,
    /// `definite`, `likely` or `review`.
    pub confidence: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// The pool it names; absent if that cannot be resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_id: Option<String>,
    /// For an unresolved pool: the name of what stands for it, never a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unresolved: Option<String>,
    /// The matched span.
    pub text: String,
    /// Whether it accepts the updated issuer too, or names it alone.
    pub accepts_new: bool,
    /// Whether any pool's tokens are accepted there, since only the beginning of the issuer is compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepts_any_pool: bool,
    /// What a source tree says of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePlace>,
    /// The version of the evaluator that found it.
    pub evaluator: u32,
}

/// What a source tree says of the place of a hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcePlace {
    /// The language or format.
    pub language: String,
    /// Whether the file is a test, a fixture or a recording.
    pub in_test: bool,
    /// Whether it stands in documentation or a comment.
    pub in_doc: bool,
    /// Who owns the file by `CODEOWNERS`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// The library that derives the issuer, and the version that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// What to do about it.
    pub remedy: String,
}

/// The search of a source tree. Its hits are entries of their own with the same parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// What the tree is called whatever the machine.
    pub root: String,
    /// The commit that was checked out, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether files differed from that commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<bool>,
    /// When it was searched.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// How many files were read.
    pub files_read: u64,
    /// How many bytes they hold.
    pub bytes_read: u64,
    /// What was not read, or not whole, though it could hold a reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedFile>,
    /// The version of the evaluator.
    pub evaluator: u32,
}

/// A file that was not read, or not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkippedFile {
    /// The path below the root, with `/`.
    pub path: String,
    /// Why: `denied`, `failed`, `structure`.
    pub reason: String,
}

/// The service under which a source tree stands in the log.
pub const SCAN: &str = "scan";
/// The operation under which a source tree stands in the log.
pub const TREE: &str = "Tree";

/// The parameters that make the search of a tree one question.
pub fn tree_parameters(root: &str) -> Map<String, Value> {
    Map::from_iter([("Root".to_owned(), Value::String(root.to_owned()))])
}

/// Account, Region, service and operation, and the parameters.
type Asked<'a> = ((&'a str, &'a str, &'a str, &'a str), &'a Map<String, Value>);

/// What was asked: the identity under which a newer answer replaces an older one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The parameters as canonical JSON.
    pub parameters: String,
}

/// The order of parameters as compact JSON, which is written only where a look at the first difference does not tell.
fn order_of_parameters(own: &Map<String, Value>, others: &Map<String, Value>) -> Ordering {
    for (one, other) in own.iter().zip(others) {
        if one == other {
            continue;
        }
        match (one, other) {
            ((name, Value::String(one)), (name_of_other, Value::String(other)))
                if name == name_of_other && is_written_plainly(one) && is_written_plainly(other) =>
            {
                let quote = std::iter::once(b'"');
                return one.bytes().chain(quote.clone()).cmp(other.bytes().chain(quote));
            }
            _ => break,
        }
    }
    if own == others {
        return Ordering::Equal;
    }
    let text = |map: &Map<String, Value>| serde_json::to_string(map).unwrap_or_default();
    text(own).cmp(&text(others))
}

/// Whether JSON has no other way to write a text than as it is.
fn is_written_plainly(text: &str) -> bool {
    !text.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\'))
}

impl Entry {
    /// What it answers.
    pub fn question(&self) -> Question {
        let (account, region, service, operation, parameters) = match self {
            Self::Call(c) => (&c.account, &c.region, &c.service, &c.operation, &c.parameters),
            Self::Hit(h) => (&h.account, &h.region, &h.service, &h.operation, &h.parameters),
            Self::Scan(scan) => {
                return Question {
                    account: String::new(),
                    region: String::new(),
                    service: SCAN.to_owned(),
                    operation: TREE.to_owned(),
                    parameters: Value::Object(tree_parameters(&scan.root)).to_string(),
                };
            }
        };
        Question {
            account: account.clone(),
            region: region.clone(),
            service: service.clone(),
            operation: operation.clone(),
            parameters: Value::Object(parameters.clone()).to_string(),
        }
    }

    /// The account it belongs to; empty for what was found in a source tree.
    pub fn account(&self) -> &str {
        match self {
            Self::Call(call) => &call.account,
            Self::Hit(hit) => &hit.account,
            Self::Scan(_) => "",
        }
    }

    /// When it was answered.
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Call(call) => call.time,
            Self::Hit(hit) => hit.time,
            Self::Scan(scan) => scan.time,
        }
    }

    /// The order of entries in a document: that of their sort keys, which are made only where the questions are the same.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self.asked(), other.asked()) {
            (Some((about, own)), Some((of_other, others))) => {
                about.cmp(&of_other).then_with(|| order_of_parameters(own, others))
            }
            _ => self.question().cmp(&other.question()),
        }
        .then_with(|| match (self, other) {
            (Self::Call(own), Self::Call(other)) => own.page.unwrap_or(0).cmp(&other.page.unwrap_or(0)),
            _ => self.sort_key().cmp(&other.sort_key()),
        })
    }

    /// Account, Region, service and operation, and the parameters of what was asked of AWS.
    fn asked(&self) -> Option<Asked<'_>> {
        match self {
            Self::Call(c) => Some(((&c.account, &c.region, &c.service, &c.operation), &c.parameters)),
            Self::Hit(h) => Some(((&h.account, &h.region, &h.service, &h.operation), &h.parameters)),
            Self::Scan(_) => None,
        }
    }

    /// The order of entries in a document.
    pub(super) fn sort_key(&self) -> (Question, u8, u32, String) {
        match self {
            Self::Call(call) => (self.question(), 0, call.page.unwrap_or(0), String::new()),
            Self::Scan(_) => (self.question(), 0, 0, String::new()),
            // Of a tree by file first: it has many.
            Self::Hit(hit) if hit.service == SCAN => {
                let (line, column) = (hit.line.unwrap_or(0), hit.column.unwrap_or(0));
                let place = format!("{}\u{0}{line:010}\u{0}{column:010}\u{0}{}\u{0}{}", hit.path, hit.class, hit.text);
                (self.question(), 1, 0, place)
            }
            Self::Hit(hit) => (
                self.question(),
                1,
                hit.line.unwrap_or(0),
                format!(
                    "{}\u{0}{}\u{0}{}\u{0}{}\u{0}{}",
                    hit.pointer,
                    hit.column.unwrap_or(0),
                    hit.class,
                    hit.text,
                    hit.path
                ),
            ),
        }
    }
}

impl Call {
    /// `service:Operation`; for Cloud Control with the type of resource behind it, as in the table of operations.
    pub fn name(&self) -> String {
        let resource_type = self.parameters.get("TypeName").and_then(Value::as_str);
        match resource_type.filter(|_| self.service == "cloudcontrol") {
            Some(resource_type) => format!("{}:{} {resource_type}", self.service, self.operation),
            None => format!("{}:{}", self.service, self.operation),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_ordered_as_they_are_written() {
        let samples = [
            json!({}),
            json!({ "A": "" }),
            json!({ "A": "a" }),
            json!({ "A": "a b" }),
            json!({ "A": "a!" }),
            json!({ "A": "a\"b" }),
            json!({ "A": "a\\b" }),
            json!({ "A": "a\nb" }),
            json!({ "A": "a#" }),
            json!({ "A": "aé" }),
            json!({ "A": "ab" }),
            json!({ "A": "a", "B": "c" }),
            json!({ "A": "a", "B": 1 }),
            json!({ "A": "a", "B": ["x"] }),
            json!({ "A": "b", "B": ["x"] }),
            json!({ "A": 1 }),
            json!({ "AB": "a" }),
        ];
        for (one, other) in samples.iter().flat_map(|one| samples.iter().map(move |other| (one, other))) {
            let order = order_of_parameters(one.as_object().unwrap(), other.as_object().unwrap());
            assert_eq!(order, one.to_string().cmp(&other.to_string()), "{one} and {other}");
        }
    }
}
