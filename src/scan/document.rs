//! References in YAML and JSON documents of a source tree: templates, manifests, `OpenAPI` bodies, policies.
//!
//! Not here: how `CloudFormation` is evaluated (`template`), which this uses.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;

use memchr::{memchr2, memmem};

use super::found::Found;
use super::template::{self, Located, PoolRef};
use super::text::{self, Text};
use super::{keyword, language, terraform};
use crate::model::Class;
use crate::yaml::{self, Node};

/// What a text must hold for this detector to find something that the text alone does not show.
pub const KEYWORDS: &[&str] = &[
    "AWS::Cognito",
    "UserPoolArn",
    "COGNITO_USER_POOLS",
    "authenticate-cognito",
    "authenticate_cognito",
    "AuthenticateCognito",
    "auth-idp-cognito",
    "auth-type: cognito",
    "auth-type: \"cognito",
    "auth-type\": \"cognito",
    "CognitoUserPoolsAuthorizer",
    "CognitoUserPoolAuthorizer",
    "AuthorizationType.COGNITO",
    "cognito-idp",
    "ProviderURL",
    "userPoolProviderUrl",
    "userPoolProviderName",
    "cognito.UserPool",
    "cognito.CfnUserPool",
    "cognito.NewUserPool",
    "CognitoUserPool(",
    "user_pool_provider_url",
    "user_pool_provider_name",
];

/// The largest document whose structure is read.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// The deepest nesting that is followed; the same as in `yaml`.
const MAX_DEPTH: usize = 256;
/// What a template must hold, in any case, for its evaluation to show something.
pub(super) const WORTH: &[&str] =
    &["cognito-idp", "cognito_user_pools", "userpoolarn", "providerurl", "providername", "authenticate-cognito"];

/// What a document holds, and whether its structure could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The references.
    pub found: Vec<Found>,
    /// Why its structure was not searched though its text says that it matters; nothing of its text.
    pub unread: Option<String>,
}

/// Every reference that keywords or structure show in a file, whatever it is.
pub fn find(path: &str, searched: &Text<'_>) -> Document {
    let text = searched.written;
    let language = language::of(path);
    let template = template_of(path, searched, language);
    let known = template.as_ref().ok().and_then(Option::as_ref);
    let mut found = keyword::find(path, searched, language, known.map(|template| &template.other));
    if language::has_extension(path, "hcl") {
        // A module of its own: Terragrunt, tests.
        let alone = terraform::module(&[terraform::File { path, text }]);
        found.extend(alone.into_iter().flat_map(|(found, _)| found));
    } else if language != "terraform" || language::has_extension(path, "json") {
        found.extend(terraform::find_plain(text, language));
    }
    let unread = match template {
        Ok(Some(template)) => {
            found.sort_by_key(|one| one.span.start);
            let more: Vec<Found> = template.located.into_iter().filter_map(|one| add(&mut found, one, text)).collect();
            found.extend(more);
            None
        }
        Ok(None) => None,
        Err(why) => Some(why),
    };
    found.sort_by_key(|one| one.span.start);
    Document { found, unread }
}

/// A template that was evaluated.
struct Template {
    located: Vec<Located>,
    /// The logical ids of resources that are no user pools.
    other: BTreeSet<String>,
}

/// The template that a text is, if it is one; else why it could not be read.
fn template_of(path: &str, searched: &Text<'_>, language: &str) -> Result<Option<Template>, String> {
    let text = searched.written;
    let document = matches!(language, "yaml" | "json" | "cloudformation" | "text") && !is_prose(path);
    if !document {
        return Ok(None);
    }
    if !searched.has(text::TEMPLATE) {
        return Ok(None);
    }
    if !is_template(text) {
        return hostile(text, language).map_or(Ok(None), Err);
    }
    if text.len() > MAX_BYTES {
        return Err(format!("the document has {} bytes; the structure of at most {MAX_BYTES} is read", text.len()));
    }
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(error) => {
            let bare = without_comments(text).and_then(|bare| yaml::parse(&bare).ok());
            match bare {
                Some(root) => root,
                // A template of templates is no YAML before it is rendered; its text is searched.
                None if is_rendered(text) => return Ok(None),
                None => {
                    return Err(format!("not YAML or JSON: line {}, column {}", error.place.line, error.place.column));
                }
            }
        }
    };
    let mut template = Template { located: Vec::new(), other: BTreeSet::new() };
    for node in templates(&root) {
        for (id, body) in node.get("Resources").and_then(Node::map).unwrap_or_default() {
            let kind = body.get("Type").and_then(Node::text);
            if let (Some(id), Some(kind)) = (id.text(), kind)
                && !matches!(
                    kind,
                    "AWS::Cognito::UserPool" | "AWS::CloudFormation::Stack" | "AWS::Serverless::Application"
                )
            {
                template.other.insert(id.to_owned());
            }
        }
        let located = template::locate(text, node).map_err(|error| error.to_string())?;
        template.located.extend(located);
    }
    // What a framework has under `resources` was seen as a part of the whole before.
    template.located.sort_by_key(|one| (one.span.start, one.hit.reference.class, one.hit.reference.confidence));
    template.located.dedup_by_key(|one| (one.span.start, one.hit.reference.class));
    Ok(Some(template))
}

/// The templates in a document: itself, and what a framework has under `resources`.
fn templates(root: &Node) -> Vec<&Node> {
    if root.get("Resources").is_some() || root.get("Transform").is_some() {
        return vec![root];
    }
    let own = root.get("resources");
    let parts = own.into_iter().flat_map(|own| own.list().map_or_else(|| vec![own], |items| items.iter().collect()));
    let parts = parts.filter(|part| part.get("Resources").is_some() || part.get("Outputs").is_some());
    std::iter::once(root).chain(parts).collect()
}

/// Whether a text looks like a template, or like what holds one.
fn is_template(text: &str) -> bool {
    let has = |word: &str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    (has_key(text, "Resources") || has_key(text, "Outputs") || has_key(text, "Transform"))
        && (has("AWS::") || has("Fn::") || has("!Ref") || has("!Sub"))
}

/// Whether a word stands there as a key, or as the end of one. Reading a document costs much more than looking for that.
fn has_key(text: &str, word: &str) -> bool {
    memmem::find_iter(text.as_bytes(), word).any(|at| {
        let rest = &text[at + word.len()..];
        rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start().starts_with(':')
    })
}

/// Whether a text is rendered before it is a document: Helm, Jinja, ERB.
fn is_rendered(text: &str) -> bool {
    ["{{", "{%", "<%"].iter().any(|open| memmem::find(text.as_bytes(), open.as_bytes()).is_some())
}

fn is_prose(path: &str) -> bool {
    [".md", ".rst", ".txt", ".adoc", ".mdx", ".html"].iter().any(|end| path.ends_with(end))
}

/// What makes a document that is no template one that no reader follows: nesting, or aliases of aliases.
fn hostile(text: &str, language: &str) -> Option<String> {
    if language == "json" {
        let deep = is_deep(text.as_bytes());
        return deep.then(|| "the document is nested more than 256 levels deep".to_owned());
    }
    let anchors = language == "yaml" && text.len() < MAX_BYTES && text.contains(": &") && text.contains('*');
    let error = anchors.then(|| yaml::parse(text).err()).flatten()?;
    error.message.contains("aliases").then_some(error.message)
}

/// Whether JSON is nested more than [`MAX_DEPTH`] levels deep.
fn is_deep(json: &[u8]) -> bool {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = json.get(at) {
        at += 1;
        match byte {
            b'"' => loop {
                let rest = json.get(at..).unwrap_or_default();
                let Some(next) = memchr2(b'"', b'\\', rest) else { return false };
                at += next + 1;
                if rest[next] == b'"' {
                    break;
                }
                // What is escaped ends no string.
                at += 1;
            },
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// JSON without comments, every place as it was; none if there are none.
fn without_comments(text: &str) -> Option<String> {
    if !text.trim_start().starts_with(['{', '/']) || !(text.contains("//") || text.contains("/*")) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let (mut at, mut quoted) = (0, false);
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        let comment = match (quoted, byte, next) {
            (false, b'/', Some(b'/')) => memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at),
            (false, b'/', Some(b'*')) => memmem::find(&bytes[at..], b"*/").map_or(bytes.len() - at, |end| end + 2),
            _ => 0,
        };
        if comment > 0 {
            out.extend(bytes[at..at + comment].iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' }));
            at += comment;
            continue;
        }
        if quoted && byte == b'\\' {
            out.push(byte);
            out.extend(next);
            at += 2;
            continue;
        }
        quoted ^= byte == b'"';
        out.push(byte);
        at += 1;
    }
    String::from_utf8(out).ok()
}

/// What evaluation found, unless a keyword shows it: then it only says more of the same. The list is in order.
fn add(found: &mut [Found], one: Located, text: &str) -> Option<Found> {
    let reference = one.hit.reference;
    let (pool_id, unresolved) = match reference.pool {
        PoolRef::Id(id) => (Some(id), None),
        PoolRef::Unresolved { what } => (None, Some(what)),
    };
    // An attribute is one whatever is put behind it.
    let attribute = text.get(one.span.clone()).is_some_and(|word| word.ends_with("ProviderURL"));
    let class = if attribute { Class::IacAttribute } else { reference.class };
    if let Some(other) = overlapping(found, &one.span).and_then(|index| found.get_mut(index)) {
        other.pool_id = other.pool_id.take().or(pool_id);
        other.unresolved = other.unresolved.take().or(unresolved);
        other.dual_aware |= reference.dual_aware;
        other.prose |= one.prose;
        (other.class, other.confidence) = (class, reference.confidence);
        return None;
    }
    Some(Found {
        extent: one.extent,
        updated: reference.updated,
        dual_aware: reference.dual_aware,
        prose: one.prose,
        pool_id,
        unresolved,
        ..Found::new(reference.text, one.span, class, reference.confidence)
    })
}

/// The one of a list in order that overlaps a span.
fn overlapping(found: &[Found], span: &Range<usize>) -> Option<usize> {
    let next = found.partition_point(|one| one.span.start < span.end);
    let index = next.checked_sub(1)?;
    found.get(index).is_some_and(|one| one.span.end > span.start).then_some(index)
}
