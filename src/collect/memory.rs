//! What the journal of an interrupted collection holds, for the one that goes on: the answers that are taken from it instead
//! of being asked for again.
//!
//! A refusal, and that something is not there, are answers; a call that was throttled or failed is asked again. A list that
//! was cut goes on where it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::earlier::question;
use crate::snapshot::journal::{Answered, Journal, UNKNOWN_ACCOUNT};
use crate::snapshot::{Call, Entry, ErrorKind};

/// The answers of each account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    accounts: BTreeMap<String, Arc<Remembered>>,
    home: Option<String>,
}

/// The answers of one account, by question.
#[derive(Debug, Default, PartialEq)]
pub struct Remembered {
    answers: BTreeMap<String, Before>,
}

/// What came back for a question before.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// The pages in order, each the call and then the issuer references in its answer.
    pub pages: Vec<Vec<Entry>>,
    /// What came after them.
    pub end: End,
}

/// What came after the last page.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// Nothing: the answer is whole.
    Whole,
    /// A refusal to go on, which is an answer.
    Refused(Box<Call>),
    /// The collection broke off; by this AWS calls the next page.
    Next(String),
}

impl Memory {
    /// What is worth keeping of a journal. Who asks is asked again by every run: it says nothing of other credentials.
    pub fn new(journal: &Journal) -> Self {
        let named = journal.sections.iter().filter(|(account, _)| !account.is_empty() && *account != UNKNOWN_ACCOUNT);
        let accounts = named.map(|(account, section)| {
            let kept = section.answers.iter().filter(|(question, _)| question.service != "sts");
            let answers = kept.filter_map(|(_, pages)| Before::of(pages)).collect();
            (account.clone(), Arc::new(Remembered { answers }))
        });
        Self { accounts: accounts.collect(), home: journal.home.clone() }
    }

    /// The accounts of which something is known.
    pub fn accounts(&self) -> BTreeSet<&str> {
        self.accounts.keys().map(String::as_str).collect()
    }

    /// The configured Region of the run that began the journal.
    pub fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// What is known of this account.
    pub fn of(&self, account: &str) -> Option<Arc<Remembered>> {
        self.accounts.get(account).map(Arc::clone)
    }
}

impl Remembered {
    /// What came back before for the question that this entry stands for.
    pub fn before(&self, asked: &Call) -> Option<&Before> {
        self.answers.get(&question(asked))
    }
}

impl Before {
    fn of(answered: &[Answered]) -> Option<(String, Self)> {
        let mut of = None;
        let mut pages = Vec::new();
        let mut end = None;
        for page in answered {
            let Some(Entry::Call(call)) = page.entries.first() else { break };
            of = Some(question(call));
            match &call.error {
                Some(error) => {
                    match error.kind {
                        ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::NotOffered => {
                            end = Some(End::Refused(Box::new(call.clone())));
                        }
                        ErrorKind::Throttled | ErrorKind::Failed => {}
                    }
                    break;
                }
                None if call.more => end = page.next.clone().map(End::Next),
                None => end = Some(End::Whole),
            }
            pages.push(page.entries.clone());
        }
        Some((of?, Self { pages, end: end? }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::snapshot::CallError;

    fn page(number: u32, next: Option<&str>, error: Option<ErrorKind>) -> Answered {
        let call = Call {
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            service: "cognito-idp".to_owned(),
            operation: "ListUserPoolClients".to_owned(),
            parameters: serde_json::Map::new(),
            page: Some(number),
            more: next.is_some(),
            time: "2026-11-21T08:00:00Z".parse().unwrap(),
            response: error.is_none().then(|| json!({})),
            error: error.map(|kind| CallError {
                kind,
                code: "Code".to_owned(),
                status: None,
                missing_actions: Vec::new(),
                detail: None,
            }),
            dropped: Vec::new(),
        };
        Answered { entries: vec![Entry::Call(call)], next: next.map(str::to_owned) }
    }

    #[test]
    fn answers_are_kept_and_failures_are_asked_again() {
        use ErrorKind::{Denied, Failed, NotFound, NotOffered, Throttled};
        let end = |pages: &[Answered]| Before::of(pages).map(|(_, before)| (before.pages.len(), before.end));
        assert_eq!(end(&[page(1, None, None)]), Some((1, End::Whole)));
        assert_eq!(end(&[page(1, Some("a"), None), page(2, None, None)]), Some((2, End::Whole)));
        assert_eq!(end(&[page(1, Some("a"), None)]), Some((1, End::Next("a".to_owned()))));
        for kind in [Denied, NotFound, NotOffered] {
            assert!(matches!(end(&[page(1, None, Some(kind))]), Some((0, End::Refused(_)))), "{kind:?}");
            let pages = [page(1, Some("a"), None), page(2, None, Some(kind))];
            assert!(matches!(end(&pages), Some((1, End::Refused(_)))), "{kind:?}");
        }
        for kind in [Throttled, Failed] {
            assert_eq!(end(&[page(1, None, Some(kind))]), None, "{kind:?}");
            let pages = [page(1, Some("a"), None), page(2, None, Some(kind))];
            assert_eq!(end(&pages), Some((1, End::Next("a".to_owned()))), "{kind:?}");
        }
        assert_eq!(end(&[]), None);
    }
}
