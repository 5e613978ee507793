//! References in YAML and JSON documents of a source tree: templates, manifests, `OpenAPI` bodies, policies.
//!
//! Not here: how `CloudFormation` is evaluated (`template`), which this uses.

use super::found::Found;
use super::{keyword, language, terraform};

/// What a text must hold for this detector to find something that the text alone does not show.
pub const KEYWORDS: &[&str] = &[
    "AWS::Cognito",
    "UserPoolArn",
    "COGNITO_USER_POOLS",
    "authenticate-cognito",
    "authenticate_cognito",
    "AuthenticateCognito",
    "ingress.kubernetes.io/auth-",
    "UserPoolsAuthorizer",
    "CognitoUserPoolAuthorizer",
    "AuthorizationType.COGNITO",
    ":userpool/",
    "ProviderURL",
    "provider_url",
    "PoolProviderName",
    "pool_provider_name",
    "cognito.UserPool",
    "cognito.NewUserPool",
    "CognitoUserPool(",
];

/// What a document holds, and whether its structure could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The references.
    pub found: Vec<Found>,
    /// Why its structure was not searched though its text says that it matters; nothing of its text.
    pub unread: Option<String>,
}

/// Every reference in a document; nothing if it is none, or has none of the shapes that are known.
pub fn find(path: &str, text: &str) -> Document {
    let language = language::of(path);
    let mut found = keyword::find(path, text, language, false);
    if language != "terraform" {
        found.extend(terraform::find_plain(text, language));
    }
    Document { found, unread: None }
}
