//! What the AWS CLI says instead of an answer, as the errors that a live run has. Of its words only the code, the missing
//! action and the kind of the refusing policy are kept: they name the caller.

use crate::snapshot::operations::Operation;
use crate::snapshot::{CallError, ErrorKind, normal};

/// What the AWS CLI says where it was not AWS that answered: the words, the code in the log, and more in our words.
///
/// Source: `botocore/exceptions.py` and `awscli/errorhandler.py` of <https://github.com/aws/aws-cli>.
const WORDS: &[(&str, &str, Option<&str>)] = &[
    ("Connect timeout on endpoint URL", "Timeout", None),
    ("Read timeout on endpoint URL", "Timeout", None),
    ("Could not connect to the endpoint URL", "Connection", None),
    ("Connection was closed before we received a valid response", "Connection", None),
    ("Failed to connect to proxy URL", "Connection", None),
    ("SSL validation failed", "Connection", None),
    ("Unable to locate credentials", CREDENTIALS, Some("none were found")),
    ("Partial credentials found", CREDENTIALS, Some("the AWS configuration or the profile is not valid")),
    ("The config profile", CREDENTIALS, Some("the AWS configuration or the profile is not valid")),
    ("Error loading SSO Token", CREDENTIALS, Some("the login has expired")),
    ("Token has expired", CREDENTIALS, Some("the login has expired")),
    ("The SSO session associated with this profile", CREDENTIALS, Some("the login has expired")),
    ("Error when retrieving", CREDENTIALS, Some("the login, the role or the credential process failed")),
    ("Unable to parse response", UNPARSABLE, None),
    ("IncompleteRead", UNPARSABLE, None),
    // An AWS CLI that does not know the operation or the parameter.
    ("Invalid choice", "CliTooOld", Some("this AWS CLI does not know the call")),
    ("Unknown parameter in input", "CliTooOld", Some("this AWS CLI does not know the call")),
    ("Parameter validation failed", "Request", None),
];
const CREDENTIALS: &str = "Credentials";
const UNPARSABLE: &str = "Unparsable";

/// What came instead of an answer, from the exit code of the AWS CLI and what it wrote on standard error.
pub(super) fn of(operation: &Operation, exit: i32, text: &str) -> CallError {
    if let Some((code, message)) = said_by_aws(text) {
        // Where an answer had no code, the AWS CLI puts the HTTP status in its place.
        return match code.parse::<u16>() {
            Ok(status) => normal::error(operation, "", Some(status), message),
            Err(_) => normal::error(operation, code, None, message),
        };
    }
    if exit == 0 {
        return unreadable();
    }
    let words = WORDS.iter().find(|(words, ..)| text.contains(words));
    words.map_or_else(
        || failed("Cli", Some(&format!("the AWS CLI ended with {exit}"))),
        |(_, code, detail)| failed(code, *detail),
    )
}

/// An answer that is none.
pub(super) fn unreadable() -> CallError {
    failed(UNPARSABLE, None)
}

/// Code and message in `An error occurred (CODE) when calling the NAME operation (reached max retries: 4): MESSAGE`.
fn said_by_aws(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once("An error occurred (")?;
    let (code, rest) = rest.split_once(") when calling the ")?;
    let (_, rest) = rest.split_once(" operation")?;
    Some((code, rest.split_once(": ").map_or("", |(_, message)| message)))
}

fn failed(code: &str, detail: Option<&str>) -> CallError {
    CallError {
        kind: ErrorKind::Failed,
        code: code.to_owned(),
        status: None,
        missing_actions: Vec::new(),
        detail: detail.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::operations::find;

    #[test]
    fn what_the_cli_says_is_what_a_live_run_would_have_seen() {
        let denied = "\nAn error occurred (AccessDeniedException) when calling the DescribeKey operation: User: arn:aws:sts::111122223333:assumed-role/R/planted is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:x because no identity-based policy allows the kms:DescribeKey action\n";
        let throttled = "aws: [ERROR]: An error occurred (ThrottlingException) when calling the DescribeKey operation (reached max retries: 2): Rate exceeded";
        let cases = [
            (254, denied, ErrorKind::Denied, "AccessDeniedException"),
            (254, throttled, ErrorKind::Throttled, "ThrottlingException"),
            (
                254,
                "An error occurred (NotFoundException) when calling the DescribeKey operation: Key 'x' does not exist",
                ErrorKind::NotFound,
                "NotFoundException",
            ),
            (
                254,
                "An error occurred (ExpiredTokenException) when calling the DescribeKey operation: The security token included in the request is expired",
                ErrorKind::Failed,
                "ExpiredTokenException",
            ),
            (
                254,
                "An error occurred (403) when calling the DescribeKey operation: Forbidden",
                ErrorKind::Denied,
                "Unknown",
            ),
            (
                255,
                "\nCould not connect to the endpoint URL: \"https://kms.us-east-1.amazonaws.com/\"",
                ErrorKind::Failed,
                "Connection",
            ),
            (255, "Connect timeout on endpoint URL: \"https://x/\"", ErrorKind::Failed, "Timeout"),
            (255, "Read timeout on endpoint URL: \"https://x/\"", ErrorKind::Failed, "Timeout"),
            (
                253,
                "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
                ErrorKind::Failed,
                "Credentials",
            ),
            (
                255,
                "Error when retrieving token from sso: Token has expired and refresh failed",
                ErrorKind::Failed,
                "Credentials",
            ),
            (252, "argument operation: Invalid choice, valid choices are:", ErrorKind::Failed, "CliTooOld"),
            (255, "planted", ErrorKind::Failed, "Cli"),
            (0, "", ErrorKind::Failed, "Unparsable"),
        ];
        for (exit, text, kind, code) in cases {
            let kept = of(find("kms", "DescribeKey").unwrap(), exit, text);
            assert_eq!((kept.kind, kept.code.as_str()), (kind, code), "{text}");
            assert!(!serde_json::to_string(&kept).unwrap().contains("planted"), "{kept:?}");
        }
        let kept = of(find("kms", "DescribeKey").unwrap(), 254, denied);
        assert_eq!(kept.missing_actions, ["kms:DescribeKey"]);
        assert_eq!(kept.detail.as_deref(), Some("no identity-based policy allows it"));
    }
}
