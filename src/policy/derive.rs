//! A decision told statement by statement: what each statement of a policy says to some requests, in words.
//!
//! For: a reader who doubts a verdict and has the policy beside them. It asks the evaluation and repeats what that
//! answers, so it cannot say anything else than the verdict.
//! Not for: deciding. Nothing reads these lines but people.

use std::collections::BTreeMap;
use std::slice;

use super::document::{Effect, Policy, Statement};
use super::evaluate::{Decision, Match, evaluate_all};
use super::principal::PrincipalElement;
use super::request::{Principal, Request};
use super::{Fit, Keys, one_line};

/// So many statements are told; a policy with more is told in part.
const MAX_STATEMENTS: usize = 40;

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
    derive_all(&[], slice::from_ref(policy), requests)
}

/// The same for all policies of one resource together. `names` are theirs, if they have any.
pub fn derive_all(names: &[String], policies: &[Policy], requests: &[Request]) -> Vec<String> {
    let all = policies.iter().enumerate().flat_map(|(index, policy)| {
        let lead = names.get(index).map(|name| format!("Policy \"{}\", ", one_line(name))).unwrap_or_default();
        policy.statements.iter().map(move |statement| (lead.clone(), policy, statement))
    });
    let lines = all.map(|(lead, policy, statement)| lead + &line(policy, statement, requests));
    let mut lines = in_part(lines);
    lines.push(together(policies, requests));
    lines
}

/// One line a statement, with what `note` adds to it; what they come to together is for the caller to say.
pub fn statements(policy: &Policy, requests: &[Request], note: impl Fn(&Statement) -> Option<String>) -> Vec<String> {
    in_part(policy.statements.iter().map(|statement| {
        let note = note(statement).map(|note| format!("; {note}")).unwrap_or_default();
        line(policy, statement, requests) + &note
    }))
}

/// As many lines as anybody reads, and how many there are more.
fn in_part(mut lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut told: Vec<String> = lines.by_ref().take(MAX_STATEMENTS).collect();
    match lines.count() {
        0 if told.is_empty() => told.push("There is no statement".to_owned()),
        0 => {}
        1 => told.push("and 1 more statement, which counts as well".to_owned()),
        more => told.push(format!("and {more} more statements, which count as well")),
    }
    told
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
    format!("{} ({word}): {}", statement.reference(), parts.join("; "))
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
fn together(policies: &[Policy], requests: &[Request]) -> String {
    let mut decided: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for request in requests {
        let word = match evaluate_all(policies, request) {
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
    let words: Vec<String> = words.into_iter().map(|word| one_line(word.as_ref())).collect();
    match words.as_slice() {
        [] => String::new(),
        [rest @ .., end] if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        [end, ..] => end.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cognito_key::tell;
    use super::*;

    const ARN: &str = "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Example";

    fn lines(statements: &str) -> Vec<String> {
        let policy = Policy::parse(&format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{statements}]}}")).unwrap();
        tell(&policy, ARN, "111122223333")
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
