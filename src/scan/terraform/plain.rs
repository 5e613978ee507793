//! Attributes of user pools by the text alone: for files that do not parse, for templates and documents that quote
//! Terraform.

use std::ops::Range;

use crate::model::{Class, Confidence};
use crate::scan::found::Found;
use crate::scan::keyword::{comment_at, line_before};

/// Every `aws_cognito_user_pool.….endpoint` and `module.….user_pool_endpoint` in a text.
pub(in crate::scan) fn find(text: &str, language: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    // Nearly all texts have many an `endpoint`, and none of these.
    let holds = |address: &str| memchr::memmem::find(text.as_bytes(), address.as_bytes()).is_some();
    if !(holds("aws_cognito_user_pool.") || holds("module.")) {
        return found;
    }
    for at in memchr::memmem::find_iter(text.as_bytes(), "endpoint") {
        let end = at + "endpoint".len();
        if text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '(') {
            continue;
        }
        let left = line_before(text, at);
        let start = at - address(left);
        let name = &text[start..at];
        let direct = name.contains("aws_cognito_user_pool.") && name.ends_with('.');
        let module = name.starts_with("module.")
            && ["cognito", "user_pool", "userpool"].iter().any(|part| name.contains(part))
            && (name.ends_with('.') || name.ends_with("pool_") || name.ends_with("cognito_"));
        if !(direct || module) {
            continue;
        }
        let span = start..end;
        if let Some((class, confidence)) = class(text, &span, direct) {
            let written = &text[span.clone()];
            found.push(Found {
                prose: comment_at(text, language, at),
                unresolved: Some(written.to_owned()),
                ..Found::new(written, span, class, confidence)
            });
        }
    }
    found
}

fn class(text: &str, span: &Range<usize>, direct: bool) -> Option<(Class, Confidence)> {
    let left = line_before(text, span.start);
    let head = left.trim_end_matches(['$', '{', ' ']);
    let tail = text[span.end..].trim_start_matches([' ', '}']);
    let claim = [":aud", ":sub", ":amr", ":iss"].iter().any(|claim| tail.starts_with(claim));
    if head.ends_with("https://") {
        Some((Class::IacAttribute, Confidence::Definite))
    } else if head.ends_with("oidc-provider/") || claim {
        Some((Class::IamOidcProviderRef, Confidence::Definite))
    } else if left.contains("provider_name") {
        Some((Class::IdentityPoolLoginKey, Confidence::Review))
    } else if direct && (left.trim_end().ends_with('=') || left.ends_with("${") || left.ends_with('(')) {
        Some((Class::IacAttribute, Confidence::Likely))
    } else {
        None
    }
}

/// The length of the address at the end of a text, its indices included.
fn address(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = bytes.len();
    while at > 0 {
        match bytes[at - 1] {
            b if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'*') => at -= 1,
            b']' => match text[..at].rfind('[') {
                Some(open) => at = open,
                None => break,
            },
            _ => break,
        }
    }
    bytes.len() - at
}
