//! A decision told statement by statement: what each statement of a policy says to some requests, in words.
//!
//! For: a reader who doubts a verdict and has the policy beside them. It asks the evaluation and repeats what that
//! answers, so it cannot say anything else than the verdict.
//! Not for: deciding. Nothing reads these lines but people.

use std::collections::BTreeMap;

use super::document::{Effect, Policy, Statement};
use super::evaluate::{Decision, Match};
use super::principal::PrincipalElement;
use super::request::{Principal, Request};
use super::{Fit, Keys};

/// So many statements are told; a policy with more is told in part.
const MAX_STATEMENTS: usize = 40;
/// As much of a statement's name as anybody reads.
const MAX_SID: usize = 64;

/// What a statement says to a request, in the order in which it is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Yes,
    /// It depends on these.
    Perhaps(Keys),
    /// These condition keys exclude the request.
    Excluded(Keys),
    /// It is about the one who asks, and about something else than is asked.
    OtherAction,
    /// It is about somebody else.
    OtherPrincipal,
}

/// One line a statement, and one that says what they come to together.
pub fn derive(policy: &Policy, requests: &[Request]) -> Vec<String> {
    let mut lines: Vec<String> =
        policy.statements.iter().take(MAX_STATEMENTS).map(|statement| line(policy, statement, requests)).collect();
    if let more @ 1.. = policy.statements.len().saturating_sub(MAX_STATEMENTS) {
        lines.push(format!("and {more} more statements, which count as well"));
    }
    lines.push(together(policy, requests));
    lines
}

/// `Statement[0] "crypto" (Allow): does not name identitystore.amazonaws.com`.
fn line(policy: &Policy, statement: &Statement, requests: &[Request]) -> String {
    let mut said: BTreeMap<Says, Vec<&Request>> = BTreeMap::new();
    for request in requests {
        said.entry(says(policy, statement, request)).or_default().push(request);
    }
    let (word, verb) = match statement.effect {
        Effect::Allow => ("Allow", "allow"),
        Effect::Deny => ("Deny", "deny"),
    };
    let is_about_some = said.keys().any(|says| !matches!(says, Says::OtherAction | Says::OtherPrincipal));
    let parts: Vec<String> = said
        .iter()
        .map(|(says, group)| match says {
            Says::Yes => format!("{} {}", third(verb), set(group, requests)),
            Says::Perhaps(keys) => format!("may {verb} {}, depending on {}", set(group, requests), list(keys, "and")),
            Says::Excluded(keys) => {
                format!("does not {verb} {}, because of its condition on {}", set(group, requests), list(keys, "and"))
            }
            Says::OtherAction if is_about_some => "does not cover the other actions".to_owned(),
            Says::OtherAction => "is about other actions".to_owned(),
            Says::OtherPrincipal => match statement.principals {
                PrincipalElement::Principal(_) => format!("does not name {}", list(principals(group), "or")),
                PrincipalElement::NotPrincipal(_) => format!("leaves out {}", list(principals(group), "and")),
            },
        })
        .collect();
    let name = statement.sid.as_ref().map(|sid| format!(" \"{}\"", sid.chars().take(MAX_SID).collect::<String>()));
    format!("Statement[{}]{} ({word}): {}", statement.index, name.unwrap_or_default(), parts.join("; "))
}

fn says(policy: &Policy, statement: &Statement, request: &Request) -> Says {
    match policy.matches(statement, request) {
        Match::Yes => Says::Yes,
        Match::Maybe(keys) => Says::Perhaps(keys),
        Match::NoByCondition(keys) => Says::Excluded(keys),
        Match::No if statement.principals.fit(statement.effect, &request.principal) == Fit::No => Says::OtherPrincipal,
        Match::No => Says::OtherAction,
    }
}

/// What all statements come to.
fn together(policy: &Policy, requests: &[Request]) -> String {
    let mut decided: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for request in requests {
        let word = match policy.evaluate(request) {
            Decision::Allowed { .. } => "allowed",
            Decision::Denied { .. } => "denied",
            Decision::Undecided { .. } => "undecided",
        };
        decided.entry(word).or_default().push(request);
    }
    let parts: Vec<String> = decided.iter().map(|(word, group)| format!("{word}: {}", set(group, requests))).collect();
    format!("Together: {}", parts.join("; "))
}

/// `kms:Encrypt for cognito-idp.amazonaws.com`, `everything for a and b`: of `all`, these.
fn set(some: &[&Request], all: &[Request]) -> String {
    let mut by_principal: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for request in some {
        by_principal.entry(name(&request.principal)).or_default().push(&request.action);
    }
    let mut by_actions: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for (principal, actions) in by_principal {
        let whole = all.iter().filter(|request| name(&request.principal) == principal).count() == actions.len();
        let actions = if whole && actions.len() > 1 { Vec::new() } else { actions };
        by_actions.entry(actions).or_default().push(principal);
    }
    let parts: Vec<String> = by_actions
        .into_iter()
        .map(|(actions, principals)| {
            let what = if actions.is_empty() { "everything".to_owned() } else { actions.join(", ") };
            format!("{what} for {}", list(principals, "and"))
        })
        .collect();
    parts.join(", and ")
}

fn principals<'a>(requests: &[&'a Request]) -> std::collections::BTreeSet<&'a str> {
    requests.iter().map(|request| name(&request.principal)).collect()
}

fn name(principal: &Principal) -> &str {
    match principal {
        Principal::Service(name) | Principal::Federated(name) => name,
        Principal::Aws { arn, .. } => arn,
        Principal::Anonymous => "everybody",
    }
}

fn third(verb: &str) -> &'static str {
    if verb == "deny" { "denies" } else { "allows" }
}

fn list<S: AsRef<str>>(words: impl IntoIterator<Item = S>, last: &str) -> String {
    let words: Vec<S> = words.into_iter().collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [rest @ .., end] if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        [end, ..] => (*end).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cognito_key::{ACTIONS, SERVICES, request};
    use super::*;

    const ARN: &str = "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Example";

    fn lines(statements: &str) -> Vec<String> {
        let policy = Policy::parse(&format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{statements}]}}")).unwrap();
        let requests: Vec<Request> = SERVICES
            .iter()
            .flat_map(|service| ACTIONS.iter().map(|action| request(service, action, ARN, "111122223333")))
            .collect();
        derive(&policy, &requests)
    }

    const BOTH: &str = "cognito-idp.amazonaws.com and identitystore.amazonaws.com";

    #[test]
    fn each_statement_says_what_it_does_for_whom() {
        let found = lines(
            r#"{"Sid":"admin","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
               {"Sid":"crypto","Effect":"Allow","Principal":{"Service":"cognito-idp.amazonaws.com"},"Action":"kms:*","Resource":"*"},
               {"Effect":"Deny","Principal":{"AWS":"*"},"Action":"kms:ReEncrypt*","Resource":"*"}"#,
        );
        assert_eq!(
            found,
            [
                "Statement[0] \"admin\" (Allow): does not name cognito-idp.amazonaws.com or identitystore.amazonaws.com"
                    .to_owned(),
                "Statement[1] \"crypto\" (Allow): allows everything for cognito-idp.amazonaws.com; does not name \
                 identitystore.amazonaws.com"
                    .to_owned(),
                format!(
                    "Statement[2] (Deny): denies kms:ReEncryptFrom, kms:ReEncryptTo for {BOTH}; does not cover the \
                     other actions"
                ),
                "Together: allowed: kms:Encrypt, kms:Decrypt, kms:GenerateDataKeyWithoutPlaintext, kms:DescribeKey for \
                 cognito-idp.amazonaws.com; denied: everything for identitystore.amazonaws.com, and kms:ReEncryptFrom, \
                 kms:ReEncryptTo for cognito-idp.amazonaws.com"
                    .to_owned(),
            ]
        );
    }

    #[test]
    fn conditions_are_named() {
        let services = r#""Principal":{"Service":["cognito-idp.amazonaws.com","identitystore.amazonaws.com"]},"Action":"kms:*","Resource":"*""#;
        let found = lines(&format!(
            r#"{{"Effect":"Allow",{services},"Condition":{{"StringEquals":{{"aws:SourceAccount":"999999999999"}}}}}},
               {{"Effect":"Allow",{services},"Condition":{{"StringEquals":{{"aws:SourceOrgID":"o-1"}}}}}}"#
        ));
        assert_eq!(
            found,
            [
                format!(
                    "Statement[0] (Allow): does not allow everything for {BOTH}, because of its condition on \
                     aws:SourceAccount"
                ),
                format!("Statement[1] (Allow): may allow everything for {BOTH}, depending on aws:SourceOrgID"),
                format!("Together: undecided: everything for {BOTH}"),
            ]
        );
    }

    #[test]
    fn a_long_policy_is_told_in_part() {
        let one = r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}"#;
        let found = lines(&[one; 50].join(","));
        assert_eq!(found.len(), MAX_STATEMENTS + 2);
        assert!(found[MAX_STATEMENTS].starts_with("and 10 more statements"), "{found:?}");
    }
}
