//! What was answered before, for a collection while a Region does not answer: which questions come next then follows from
//! the earlier answer. The log keeps the failure; which of both is judged is decided where documents become one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::snapshot::{Call, Snapshot};

/// Earlier answers by question, whole ones only.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Earlier {
    answers: BTreeMap<String, Vec<(Timestamp, Value)>>,
}

impl Earlier {
    /// The answers of a snapshot. Who we are is not among them: it says nothing of the credentials of this run.
    pub fn new(snapshot: &Snapshot) -> Self {
        let mut pages: BTreeMap<String, Vec<&Call>> = BTreeMap::new();
        for call in snapshot.calls().filter(|call| call.service != "sts") {
            pages.entry(question(call)).or_default().push(call);
        }
        let whole = |calls: &[&Call]| calls.last().is_some_and(|last| !last.more);
        let answers = pages.into_iter().filter_map(|(question, mut calls)| {
            calls.sort_by_key(|call| call.page);
            let answers: Option<Vec<_>> = calls.iter().map(|call| Some((call.time, call.response.clone()?))).collect();
            answers.filter(|_| whole(&calls)).map(|answers| (question, answers))
        });
        Self { answers: answers.collect() }
    }

    /// The pages of the answer to the question that this entry stands for, and when each was answered.
    pub fn pages(&self, asked: &Call) -> Option<&[(Timestamp, Value)]> {
        self.answers.get(&question(asked)).map(Vec::as_slice)
    }
}

/// The question without the account, which a collection may not know yet.
pub(super) fn question(call: &Call) -> String {
    format!("{}:{} {} {}", call.service, call.operation, call.region, Value::Object(call.parameters.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::snapshot::{CallError, Entry, ErrorKind, Scope};

    fn call(service: &str, operation: &str, page: Option<u32>, more: bool, response: Option<Value>) -> Call {
        Call {
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            service: service.to_owned(),
            operation: operation.to_owned(),
            parameters: serde_json::Map::from_iter([("UserPoolId".to_owned(), json!("us-east-1_A"))]),
            page,
            more,
            time: "2026-11-21T08:00:00Z".parse().unwrap(),
            error: response.is_none().then(|| CallError {
                kind: ErrorKind::Failed,
                code: "Timeout".to_owned(),
                status: None,
                missing_actions: Vec::new(),
                detail: None,
            }),
            response,
            dropped: Vec::new(),
        }
    }

    #[test]
    fn only_whole_answers_are_remembered_and_never_who_we_are() {
        let described = call("cognito-idp", "DescribeUserPool", None, false, Some(json!({ "UserPool": {} })));
        let first = call("cognito-idp", "ListUserPoolClients", Some(1), true, Some(json!(1)));
        let second = call("cognito-idp", "ListUserPoolClients", Some(2), false, Some(json!(2)));
        let broken_off = call("cognito-idp", "ListIdentityProviders", Some(1), true, Some(json!(1)));
        let failed = call("cognito-idp", "ListUserPoolReplicas", Some(1), false, None);
        let caller = call("sts", "GetCallerIdentity", None, false, Some(json!({})));
        let all = [&second, &described, &first, &broken_off, &failed, &caller];
        let entries = all.into_iter().cloned().map(Entry::Call).collect();
        let earlier = Earlier::new(&Snapshot::new(Scope::default(), entries));
        let pages = |call: &Call| {
            let asked = Call { account: String::new(), page: Some(7), response: None, ..call.clone() };
            earlier.pages(&asked).map(|pages| pages.iter().map(|(_, page)| page.clone()).collect::<Vec<_>>())
        };
        assert_eq!(pages(&described), Some(vec![json!({ "UserPool": {} })]));
        assert_eq!(pages(&first), Some(vec![json!(1), json!(2)]));
        assert_eq!([pages(&broken_off), pages(&failed), pages(&caller)], [None, None, None]);
        let elsewhere = Call { region: "us-west-2".to_owned(), ..described };
        assert_eq!(pages(&elsewhere), None);
    }
}
