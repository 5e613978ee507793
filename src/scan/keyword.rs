//! References that infrastructure code makes by a keyword instead of an issuer's text: authorizers and load balancer
//! actions that take a user pool, and attributes of a pool that hold its issuer.
//!
//! By the text around each keyword, in any language or format, so that templates of templates and broken files are read
//! as well. Not here: what evaluation shows (`document`, `terraform`), and issuer text (`code`).

mod attribute;
mod context;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;

use super::found::Found;
use super::pattern;
use super::text::Text;
use crate::model::{Class, Confidence};
use context::{Context, Separator};
pub(super) use context::{before as line_before, in_comment as comment_at};

/// What a text must hold, in any case, for this detector to find something in it.
pub const KEYWORDS: &[&str] = &[
    "COGNITO_USER_POOLS",
    "authenticate-cognito",
    "authenticate_cognito",
    "AuthenticateCognito",
    "ingress.kubernetes.io/auth-",
    "UserPoolsAuthorizer",
    "CognitoUserPoolAuthorizer",
    "AuthorizationType.COGNITO",
    "UserPoolArn",
    ":userpool/",
    "userPoolProviderUrl",
    "user_pool_provider_url",
    "userPoolProviderName",
    "user_pool_provider_name",
    "attrProviderUrl",
    "attr_provider_url",
    "ProviderURL",
    "UserPool.ProviderName",
    "cognito.UserPool",
    "cognito.NewUserPool",
    "CognitoUserPool(",
];

/// How far apart the two names of one construct may stand.
const MAX_NEAR: usize = 1_200;

/// Every reference in a text. `other` are, in a template that has been evaluated, the logical
/// ids of what is no user pool.
pub fn find(path: &str, searched: &Text<'_>, language: &str, other: Option<&BTreeSet<String>>) -> Vec<Found> {
    if is_declaration(path) {
        return Vec::new();
    }
    let text = searched.written;
    let search = Search { text, language, other, own: is_cdk(path) };
    let mut found: Vec<Found> = Vec::new();
    let mut declared = false;
    for (at, keyword) in searched.keywords() {
        match keyword {
            "COGNITO_USER_POOLS" => found.extend(search.user_pools(at)),
            "authenticate-cognito" | "authenticate_cognito" | "AuthenticateCognito" => {
                found.extend(search.listener(at));
            }
            "ingress.kubernetes.io/auth-" => found.extend(search.ingress(at)),
            "UserPoolArn" => found.extend(search.pool_arn(at)),
            "UserPoolsAuthorizer" | "CognitoUserPoolAuthorizer" => found.extend(search.constructed(at)),
            "AuthorizationType.COGNITO" => found.extend(search.method(at)),
            ":userpool/" => found.extend(search.arn(at)),
            "cognito.UserPool" | "cognito.NewUserPool" | "CognitoUserPool(" => declared = true,
            _ => found.extend(search.attribute(at)),
        }
    }
    if declared {
        found.extend(attribute::endpoints(text, language));
    }
    one_per_construct(text, &mut found);
    found
}

/// Whether a file only declares types: nothing in it runs.
fn is_declaration(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts", ".jsii", ".jsii.gz", ".pyi", ".map"].iter().any(|end| path.ends_with(end))
}

/// Whether a file is the CDK's own: there every construct is defined, none is used.
fn is_cdk(path: &str) -> bool {
    ["aws-cdk-lib/", "@aws-cdk/", "monocdk/", "aws_cdk/"]
        .iter()
        .any(|part| path.find(part).is_some_and(|at| at == 0 || path.as_bytes()[at - 1] == b'/'))
        && !path.contains("/test")
        && !path.contains("integ")
}

/// A keyword as a reference.
fn made(text: &str, span: Range<usize>, class: Class, confidence: Confidence, prose: bool) -> Found {
    let written = text.get(span.clone()).unwrap_or_default();
    Found { prose, ..Found::new(written, span, class, confidence) }
}

struct Search<'a> {
    text: &'a str,
    language: &'a str,
    /// The logical ids of what is no user pool, where that is known.
    other: Option<&'a BTreeSet<String>>,
    /// Whether the file is the CDK's own.
    own: bool,
}

impl<'a> Search<'a> {
    fn context(&self, at: &Range<usize>) -> Context<'a> {
        Context::new(self.text, self.language, at)
    }

    fn blocker(&self, span: Range<usize>, confidence: Confidence) -> Found {
        let prose = self.context(&span).in_comment();
        made(self.text, span, Class::Blocker, confidence, prose)
    }

    /// `COGNITO_USER_POOLS` as the value of something that says what an authorizer is.
    fn user_pools(&self, at: Range<usize>) -> Option<Found> {
        let context = self.context(&at);
        if !context.is_word() || context.is_alternative() {
            return None;
        }
        let (key, separator) = context.key().filter(|_| !context.is_constant())?;
        let confidence = match (key.as_str(), separator) {
            // Code in a sentence speaks of it.
            _ if context.is_inline_code() => Confidence::Review,
            ("authtype", _) if context.stands_near("provider_arns") => Confidence::Definite,
            ("withtype" | "settype", Separator::Call)
            | ("type" | "authorizertype" | "xamazonapigatewayauthtype", _) => Confidence::Definite,
            ("authorizationtype" | "authorization" | "withauthorizationtype" | "authtype" | "default", _) => {
                Confidence::Review
            }
            _ => return None,
        };
        Some(self.blocker(at, confidence))
    }

    /// `authenticate-cognito` as the type of an action, or the settings of such an action.
    fn listener(&self, at: Range<usize>) -> Option<Found> {
        let context = self.context(&at);
        let written = &self.text[at.clone()];
        if written.contains('-') {
            // A map's key, as modules of Terraform take it.
            let after = self.text[at.end..].trim_start_matches(['"', ' ']);
            if context.is_word() && ["= {", ": {", "={"].iter().any(|open| after.starts_with(open)) {
                return Some(self.blocker(at, Confidence::Definite));
            }
            let (key, _) = context.key().filter(|_| context.is_word() && !context.is_alternative())?;
            return matches!(key.as_str(), "type" | "withtype" | "settype" | "actiontype")
                .then(|| self.blocker(at, Confidence::Definite))
                .filter(|_| !context.is_constant());
        }
        if self.own || !context.starts_word_or("New") {
            return None;
        }
        let rest = &self.text[at.end..];
        let word = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let after = rest[word..].trim_start_matches(['"', '\'', '\\']);
        let made = match &rest[..word] {
            // A construct of the CDK, or a factory method of it.
            "Action" => after.starts_with('(') || after.starts_with(".Builder"),
            "" if context.follows_dot() => after.starts_with('(') && !context.is_definition(),
            // The settings of an action; its type, if it is written, is the keyword.
            "" => {
                let block = after.trim_start();
                block.starts_with('{')
                    || block.starts_with(": {")
                    || block.starts_with(":\n")
                    || block.starts_with("= {")
                    || block.starts_with(": new")
                    || block.starts_with("=[")
                    || block.starts_with("= [")
                    || block.starts_with(": pulumi")
            }
            "Config" => {
                let value = after.strip_prefix(':').map(str::trim_start);
                value.is_some_and(|value| value.starts_with(['{', 'n', '\\']) || after.starts_with(":\n"))
            }
            _ => false,
        };
        (made && !context.is_definition()).then(|| self.blocker(at.start..at.end + word, Confidence::Definite))
    }

    /// An annotation by which an ingress authenticates with Cognito.
    fn ingress(&self, at: Range<usize>) -> Option<Found> {
        let rest = &self.text[at.end..];
        let start =
            self.text[..at.start].rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).map_or(0, |at| at + 1);
        if let Some(tail) = rest.strip_prefix("idp-cognito") {
            setting(tail)?;
            return Some(self.blocker(start..at.end + "idp-cognito".len(), Confidence::Definite));
        }
        let value = setting(rest.strip_prefix("type")?)?;
        let cognito = value.strip_prefix("cognito")?;
        let ends = !cognito.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        ends.then(|| self.blocker(start..at.end + "type".len(), Confidence::Definite))
    }

    /// An authorizer as the CDK or Chalice constructs it.
    fn constructed(&self, at: Range<usize>) -> Option<Found> {
        let head = &self.text[..at.start];
        let written = self.text.get(at.clone())?;
        let (start, chalice) = if written.eq_ignore_ascii_case("UserPoolsAuthorizer") {
            (head.strip_suffix("Cognito")?.len(), false)
        } else {
            (at.start, true)
        };
        if chalice && !matches!(self.language, "python" | "markdown" | "text") || self.own {
            return None;
        }
        let span = start..at.end;
        let context = self.context(&span);
        let after = &self.text[at.end..];
        let called = after.starts_with('(') || after.starts_with(".Builder");
        (called && context.starts_word_or("New") && !context.is_definition())
            .then(|| self.blocker(span, Confidence::Definite))
    }

    /// The CDK's word for a method that asks a user pool authorizer.
    fn method(&self, at: Range<usize>) -> Option<Found> {
        let context = self.context(&at);
        let whole = !self.text[at.end..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        // The type of an authorizer is the same word.
        let authorizer = context.key().is_some_and(|(key, _)| key == "type");
        let confidence = if authorizer { Confidence::Definite } else { Confidence::Review };
        (whole && !self.own && !context.is_definition()).then(|| self.blocker(at, confidence))
    }

    /// A pool as an authorizer of a REST API of SAM, or of a load balancer of the Serverless Framework.
    fn pool_arn(&self, at: Range<usize>) -> Option<Found> {
        let context = self.context(&at);
        let key = self.text[at.end..].trim_start_matches(['"', '\'', '\\']).trim_start().starts_with(':');
        if !key || !context.is_word() || !context.has_ancestor("authorizers") {
            return None;
        }
        Some(self.blocker(at, Confidence::Definite))
    }

    /// A pool's ARN as an authorizer of the Serverless Framework.
    fn arn(&self, at: Range<usize>) -> Option<Found> {
        let head = line_before(self.text, at.start);
        let start = at.start - (head.len() - head.rfind("arn:")?);
        let context = self.context(&(start..at.end));
        let (key, _) = context.key()?;
        let serverless = key == "authorizer" || key == "arn" && context.parent_key().as_deref() == Some("authorizer");
        if !serverless {
            return None;
        }
        let end =
            at.end + self.text[at.end..].bytes().take_while(|b| b.is_ascii_alphanumeric() || b"_-".contains(b)).count();
        let mut found = self.blocker(start..end, Confidence::Definite);
        found.pool_id = pattern::pool_id(&self.text[at.end..end]).map(|pool| pool.id);
        found.text =
            found.pool_id.as_ref().map_or_else(|| "userpool/{…}".to_owned(), |pool| format!("userpool/{pool}"));
        Some(found)
    }

    /// An attribute of a pool that holds its issuer.
    fn attribute(&self, at: Range<usize>) -> Option<Found> {
        if self.own { None } else { attribute::judge(self.text, self.language, self.other, &at) }
    }
}

/// Leaves one reference where several names make one construct: the action's type and its settings, the scheme of an
/// `OpenAPI` body and its authorizer, the two annotations of an ingress.
fn one_per_construct(text: &str, found: &mut Vec<Found>) {
    let kind = |one: &Found| {
        let word = text.get(one.span.clone()).unwrap_or_default();
        if one.class != Class::Blocker {
            return 0;
        }
        if word.eq_ignore_ascii_case("authenticate-cognito") {
            1
        } else if word.to_ascii_lowercase().starts_with("authenticate") && !word.ends_with("Action") {
            2
        } else if word.ends_with("auth-idp-cognito") {
            3
        } else if word.ends_with("/auth-type") {
            4
        } else if word.contains(":userpool/") {
            5
        } else if word == "COGNITO_USER_POOLS" && one.confidence == Confidence::Definite {
            6
        } else {
            0
        }
    };
    if found.is_empty() {
        return;
    }
    found.sort_by_key(|one| one.span.start);
    let mut places: [Vec<usize>; 7] = Default::default();
    for one in found.iter() {
        places[kind(one)].push(one.span.start);
    }
    let near = |places: &[usize], at: usize| {
        let next = places.partition_point(|place| *place < at);
        let close = |index: Option<usize>| {
            let place = index.and_then(|index| places.get(index)).copied();
            place.filter(|place| place.abs_diff(at) <= MAX_NEAR)
        };
        [close(Some(next)), close(next.checked_sub(1))]
    };
    let mut paired: BTreeSet<usize> = BTreeSet::new();
    found.retain(|one| {
        let at = one.span.start;
        match kind(one) {
            // Each type of an action takes the settings that stand nearest.
            2 => {
                let types = near(&places[1], at).into_iter().flatten().filter(|place| !paired.contains(place));
                let nearest = types.min_by_key(|place| place.abs_diff(at));
                nearest.is_none_or(|place| !paired.insert(place))
            }
            4 => near(&places[3], at) == [None, None],
            // A pool's ARN beside its authorizer's type.
            5 => !near(&places[6], at).into_iter().flatten().any(|place| is_same_mapping(text, at, place)),
            _ => true,
        }
    });
    let schemes: Vec<usize> = found
        .iter()
        .filter(|one| one.class == Class::Blocker && is_scheme(text, one.span.start))
        .map(|one| one.span.start)
        .collect();
    found.retain(|one| {
        let lower = text.get(one.span.clone()) == Some("cognito_user_pools");
        is_scheme(text, one.span.start) || !(lower && near(&schemes, one.span.start) != [None, None])
    });
}

/// The value that an annotation's name is given, if it is given one.
fn setting(tail: &str) -> Option<&str> {
    let tail = tail.trim_start_matches(['"', '\'', '\\', '`']).trim_start();
    tail.starts_with([':', '=']).then(|| tail[1..].trim_start_matches(['=', '>', ' ', '"', '\'', '\\']))
}

/// Whether nothing between two places begins or ends a mapping.
fn is_same_mapping(text: &str, one: usize, other: usize) -> bool {
    let between = text.get(one.min(other)..one.max(other)).unwrap_or_default();
    !(between.contains(['{', '}']) || between.contains("- http") || between.contains("authorizer"))
}

/// Whether the value at a place says what kind a security scheme is.
fn is_scheme(text: &str, at: usize) -> bool {
    line_before(text, at).contains("x-amazon-apigateway-authtype")
}
