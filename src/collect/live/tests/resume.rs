//! Going on with a collection that was interrupted: what its journal holds is taken from it, all else is asked, and the end is
//! as if nothing had happened. Here it breaks off between two lines; that lines are whole is tested beside the journal.

use super::*;
use crate::collect::Memory;
use crate::snapshot::journal::{self, Head, JOURNAL_VERSION, Record};

/// What goes to the journal.
#[derive(Default)]
struct Writer {
    records: Vec<Record>,
    /// How many it takes.
    full: Option<usize>,
}

impl Observer for Writer {
    fn planned(&mut self, _calls_known: u64) {}
    fn done(&mut self, _entry: &Entry) {}
    fn note(&mut self, _text: &str) {}

    fn keep(&mut self, record: &Record) -> bool {
        self.records.push(record.clone());
        self.full.is_none_or(|full| self.records.len() < full)
    }
}

/// A run on the account of `world`, or of `answer` before it.
fn run_on(
    request: &Request,
    full: Option<usize>,
    answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static,
) -> (Result<Snapshot, CollectError>, Vec<Asked>, Vec<Record>) {
    let server = Replay::start(move |asked| answer(asked).unwrap_or_else(|| world::replicated(asked)));
    let mut writer = Writer { full, ..Writer::default() };
    let result = block_on(run(request, configuration(&server.url), false, &mut writer));
    (result, server.seen(), writer.records)
}

/// Everything that can be asked of the account.
fn everything() -> Request {
    Request {
        search: Search::ALL.into_iter().collect(),
        operator_arn: Some("arn:aws:iam::123456789012:role/operator".to_owned()),
        count_users: true,
        ..request(&[world::POOL])
    }
}

fn memory(records: &[Record]) -> Memory {
    let begun = "2026-11-21T10:00:00Z".parse().unwrap();
    let head = Head { mrready_journal: JOURNAL_VERSION, tool_version: String::new(), begun, options: BTreeMap::new() };
    let lines = records.iter().map(|record| journal::line(record).unwrap());
    let text: String = std::iter::once(journal::line(&head).unwrap()).chain(lines).collect();
    Memory::new(&journal::read("x", text.as_bytes()).unwrap())
}

/// The same at any time.
fn timeless(snapshot: &Snapshot) -> String {
    let mut snapshot = snapshot.clone();
    for entry in &mut snapshot.entries {
        match entry {
            Entry::Call(call) => call.time = jiff::Timestamp::UNIX_EPOCH,
            Entry::Hit(hit) => hit.time = jiff::Timestamp::UNIX_EPOCH,
            Entry::Scan(_) => {}
        }
    }
    serde_json::to_string_pretty(&snapshot).unwrap()
}

/// Calls in the journal that need not be asked again: all but the one that asks who we are.
fn kept(records: &[Record]) -> usize {
    let is_kept = |record: &&Record| {
        let Record::Answer { entries, .. } = record else { return false };
        let Some(Entry::Call(call)) = entries.first() else { panic!("an answer begins with its call") };
        call.service != "sts"
            && call.error.as_ref().is_none_or(|e| !matches!(e.kind, ErrorKind::Failed | ErrorKind::Throttled))
    };
    records.iter().filter(is_kept).count()
}

#[test]
fn broken_off_anywhere_it_ends_as_if_undisturbed_and_asks_only_what_is_missing() {
    let request = everything();
    let (whole, asked, records) = run_on(&request, None, |_| None);
    let whole = timeless(&whole.unwrap());
    assert!(asked.len() > 100 && records.len() > 100, "{} {}", asked.len(), records.len());
    assert!(matches!(records.last(), Some(Record::Done { .. })));
    // Of a function the package cannot be had here, which is a failure.
    let failed = |record: &&Record| matches!(record, Record::Answer { entries, .. } if matches!(entries.first(), Some(Entry::Call(call)) if call.error.is_some()));
    let failed = records.iter().filter(failed).count();
    assert_eq!(kept(&records) + failed, asked.len() - 1, "every answer is in the journal at the end");
    let step = records.len() / 25;
    for cut in (1..records.len()).step_by(step).chain([records.len()]) {
        let resumed = Request { memory: Some(memory(&records[..cut])), ..request.clone() };
        let (again, rest, _) = run_on(&resumed, None, |_| None);
        assert_eq!(timeless(&again.unwrap()), whole, "after {cut} of {} lines", records.len());
        assert_eq!(
            rest.len(),
            asked.len() - kept(&records[..cut]),
            "after {cut} of {} lines: {rest:#?}",
            records.len()
        );
    }
}

/// Whether this is an answer to the operation in the primary Region.
fn is_of(record: &Record, operation: &str) -> bool {
    let Record::Answer { entries, .. } = record else { return false };
    matches!(entries.first(), Some(Entry::Call(call)) if call.operation == operation && call.region == "us-east-1")
}

/// The lists that hold values come into the journal with the last template that needs them, and hold no value there.
#[test]
fn lists_of_values_are_kept_when_no_template_needs_them_any_more() {
    let (_, _, records) = run_on(&everything(), None, |_| None);
    let at = |operation: &str| {
        let is = |record: &Record| is_of(record, operation);
        let found: Vec<usize> = (0..records.len()).filter(|index| is(&records[*index])).collect();
        assert!(!found.is_empty(), "{operation}");
        found
    };
    let (templates, stacks) = (at("GetTemplate"), at("DescribeStacks"));
    assert!(templates.last() < stacks.first(), "{templates:?} {stacks:?}");
    // A template that was not answered will need them again.
    let (_, _, records) =
        run_on(&everything(), None, |asked| (asked.operation == "GetTemplate").then(|| Reply::error(500, "<x/>")));
    let kept = records.iter().filter(|record| is_of(record, "DescribeStacks"));
    assert_eq!(kept.count(), 0);
    assert!(!format!("{records:?}").contains("planted"));
}

#[test]
fn a_token_that_is_too_old_begins_the_list_anew() {
    let pages = |asked: &Asked, fresh: &str| match (asked.operation.as_str(), asked.get("NextToken")) {
        ("ListUserPoolClients", None) => {
            Some(Reply::ok(format!(r#"{{"UserPoolClients":[{{"ClientId":"a"}}],"NextToken":"{fresh}"}}"#)))
        }
        ("ListUserPoolClients", Some(token)) if token == fresh => {
            Some(Reply::ok(r#"{"UserPoolClients":[{"ClientId":"b"}]}"#))
        }
        ("ListUserPoolClients", Some(_)) => {
            Some(Reply::error(400, r#"{"__type":"InvalidParameterException","message":"Invalid pagination token"}"#))
        }
        _ => None,
    };
    let request = request(&[world::POOL]);
    let (whole, _, records) = run_on(&request, None, move |asked| pages(asked, "one"));
    let first = |record: &Record| {
        let Record::Answer { entries, next: Some(_) } = record else { return false };
        matches!(entries.first(), Some(Entry::Call(call)) if call.operation == "ListUserPoolClients" && call.region == "us-east-1")
    };
    let cut = records.iter().position(first).unwrap() + 1;
    let lists = |asked: &[Asked]| {
        asked.iter().filter(|asked| asked.operation == "ListUserPoolClients" && asked.region == "us-east-1").count()
    };
    for (fresh, wanted) in [("one", 1), ("two", 3)] {
        let memory = memory(&records[..cut]);
        let resumed = Request { memory: Some(memory), ..request.clone() };
        let (again, asked, _) = run_on(&resumed, None, move |asked| pages(asked, fresh));
        assert_eq!(timeless(&again.unwrap()), timeless(whole.as_ref().unwrap()), "{fresh}");
        // In the other Region the same list has as many pages.
        assert_eq!(lists(&asked), wanted, "{fresh}");
    }
}

#[test]
fn other_credentials_another_region_and_nobody_are_refused() {
    let request = Request { pools: Pools::All, ..request(&[]) };
    let listed = |asked: &Asked| {
        (asked.operation == "ListUserPools")
            .then(|| Reply::ok(format!(r#"{{"UserPools":[{{"Id":"{}","Name":"n"}}]}}"#, world::POOL)))
    };
    let (_, _, records) = run_on(&request, None, listed);
    let resumed = Request { memory: Some(memory(&records)), ..request.clone() };
    let sts = |account: &str| {
        world::xml(
            "GetCallerIdentity",
            &format!("<Arn>arn:aws:iam::{account}:user/u</Arn><Account>{account}</Account>"),
        )
    };
    let (other, asked, _) =
        run_on(&resumed, None, move |asked| (asked.service == "sts").then(|| Reply::ok(sts("999999999999"))));
    assert!(
        matches!(&other, Err(CollectError::OtherAccount { was, now }) if was == "123456789012" && now == "999999999999"),
        "{other:?}"
    );
    assert_eq!(asked.len(), 1);
    let (nobody, ..) = run_on(&resumed, None, |asked| (asked.service == "sts").then(|| Reply::error(403, "<x/>")));
    assert!(matches!(nobody, Err(CollectError::Unidentified)), "{nobody:?}");
    let elsewhere: Vec<Record> = records
        .iter()
        .map(|record| {
            let home = matches!(record, Record::Home { .. });
            if home { Record::Home { region: "eu-west-1".to_owned() } } else { record.clone() }
        })
        .collect();
    let resumed = Request { memory: Some(memory(&elsewhere)), ..request };
    let (elsewhere, asked, _) = run_on(&resumed, None, listed);
    assert!(matches!(elsewhere, Err(CollectError::OtherRegion { .. })), "{elsewhere:?}");
    assert_eq!(asked.len(), 0);
}

#[test]
fn when_the_journal_takes_no_more_nothing_more_is_asked() {
    let (result, asked, records) = run_on(&everything(), Some(20), |_| None);
    assert!(matches!(result, Err(CollectError::Stopped)), "{result:?}");
    assert_eq!(records.len(), 20);
    assert!(asked.len() < 60, "{}", asked.len());
}
