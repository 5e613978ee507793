//! Several accounts in one run: who is entered and how, what becomes of those that refuse, hang or throttle, and Regions that an
//! account has not turned on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::replay::{Asked, Replay, Reply};
use super::{Recorder, block_on, configuration, request, run, world};
use crate::collect::live::accounts;
use crate::collect::{Accounts, CollectError, LeaveOut, Needs, Patience, Pools, Request, RoleArn, Secret, Section};
use crate::snapshot::{Call, ErrorKind, Snapshot};

/// The account that the credentials of the run belong to, by `world`.
const OWN: &str = "123456789012";

fn account(number: usize) -> String {
    format!("{:012}", 111_100_000_000 + number)
}

fn role(account: &str) -> RoleArn {
    RoleArn::parse(&format!("arn:aws:iam::{account}:role/mrready-read-only")).unwrap()
}

/// Of many accounts, by their roles, with what is worth asking little.
fn of(accounts: Accounts) -> Request {
    let mut request = Request { pools: Pools::All, accounts, consumers: false, ..request(&[]) };
    // A handful of calls each, so that time is short for those alone that hang.
    let worth = ["cognito-idp:ListUserPoolClients", "cognito-idp:DescribeUserPool"].map(str::to_owned);
    request.needs = Some(Needs { always: worth.into(), ..Needs::default() });
    request.external_id = Some(Secret("planted-external-id".to_owned()));
    request.patience = Patience { deadline: Some(Duration::from_secs(30)), attempts: 2 };
    request
}

/// The account of a request: that of the session's access key, which [`assumed`] makes.
fn asks(asked: &Asked) -> &str {
    asked.key.strip_prefix("ASIA").unwrap_or(OWN)
}

/// STS's answer: an access key that names the account.
fn assumed(asked: &Asked, ends: &str) -> Reply {
    let account = asked.text.split("iam%3A%3A").nth(1).map_or("", |rest| &rest[..12]);
    Reply::ok(world::xml(
        "AssumeRole",
        &format!(
            "<Credentials><AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>planted-secret</SecretAccessKey>\
             <SessionToken>planted-token</SessionToken><Expiration>{ends}</Expiration></Credentials>\
             <AssumedRoleUser><Arn>arn:aws:sts::{account}:assumed-role/R/mrready</Arn></AssumedRoleUser>"
        ),
    ))
}

fn denied_role() -> Reply {
    Reply::error(
        403,
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:assumed-role/planted is not authorized \
         to perform: sts:AssumeRole on resource: arn:aws:iam::2:role/r</Message></Error></ErrorResponse>",
    )
}

/// An account with one pool that is replicated.
fn usual(asked: &Asked) -> Reply {
    match asked.operation.as_str() {
        "AssumeRole" => assumed(asked, "2099-01-01T00:00:00Z"),
        "ListUserPools" if asked.region == "us-east-1" => {
            Reply::ok(format!(r#"{{"UserPools":[{{"Id":"{}","Name":"n"}}]}}"#, world::POOL))
        }
        _ => world::replicated(asked),
    }
}

fn collect(
    request: &Request,
    answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> (Result<BTreeMap<String, Snapshot>, CollectError>, Vec<Asked>, Recorder) {
    let server = Replay::start(answer);
    let mut recorder = Recorder::default();
    let mut sections = BTreeMap::new();
    let mut keep = |section: Section| {
        assert!(sections.insert(section.account, section.snapshot).is_none(), "each account once");
        Ok(())
    };
    let result = block_on(accounts::run(request, configuration(&server.url), &mut recorder, &mut keep));
    (result.map(|()| sections), server.seen(), recorder)
}

fn errors(snapshot: &Snapshot) -> Vec<(String, ErrorKind, String)> {
    let of = |call: &Call| call.error.as_ref().map(|error| (call.name(), error.kind, error.code.clone()));
    snapshot.calls().filter_map(of).collect()
}

/// Of forty accounts three deny the role, one does not answer who would enter it and two nobody who did, and two throttle
/// throughout; the others are whole, and soon.
#[test]
fn what_becomes_of_accounts_that_refuse_hang_or_throttle() {
    let names: Vec<String> = (0..40).map(account).collect();
    let pick = |numbers: &[usize]| numbers.iter().map(|number| account(*number)).collect::<BTreeSet<String>>();
    let (deny, shut, hang, throttle) = (pick(&[0, 13, 39]), pick(&[1]), pick(&[2, 20]), pick(&[3, 30]));
    let roles = names.iter().map(|name| role(name)).collect();
    let deadline = Duration::from_secs(8);
    let request = Request {
        concurrency: 8,
        patience: Patience { deadline: Some(deadline), attempts: 2 },
        ..of(Accounts::Roles(roles))
    };
    let bad = (deny.clone(), shut.clone(), hang.clone(), throttle.clone());
    let start = Instant::now();
    let (result, seen, recorder) = collect(&request, move |asked| {
        let (deny, shut, hang, throttle) = &bad;
        let enters = |names: &BTreeSet<String>| names.iter().any(|name| asked.text.contains(name));
        match asked.operation.as_str() {
            "AssumeRole" if enters(deny) => denied_role(),
            "AssumeRole" if enters(shut) => Reply::Stall(Duration::from_secs(30)),
            _ if hang.contains(asks(asked)) => Reply::Stall(Duration::from_secs(30)),
            _ if throttle.contains(asks(asked)) => Reply::error(
                400,
                "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>{\"__type\":\"Throttling\"}",
            ),
            _ => usual(asked),
        }
    });
    let sections = result.unwrap();
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
    assert_eq!(sections.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    assert_eq!(recorder.accounts, (40, 40));
    let bad: BTreeSet<&String> = deny.iter().chain(&shut).chain(&hang).chain(&throttle).collect();
    assert_eq!(recorder.troubles.keys().collect::<BTreeSet<_>>(), bad);
    let entered = |name: &String| {
        seen.iter().filter(|asked| asked.operation == "AssumeRole" && asked.text.contains(name.as_str())).count()
    };
    for (name, snapshot) in &sections {
        let scope = &snapshot.header.scope;
        assert_eq!(scope.accounts.iter().map(|each| &each.account).collect::<Vec<_>>(), [name]);
        assert_eq!(scope.accounts.first().unwrap().regions, BTreeSet::from(["us-east-1".to_owned()]));
        assert!(snapshot.calls().all(|call| call.account == *name), "{name}");
        let errors = errors(snapshot);
        if !bad.contains(name) {
            assert_eq!((errors, scope.pools.len(), entered(name)), (Vec::new(), 1, 1), "{name}");
            continue;
        }
        assert!(scope.pools.is_empty(), "{name}");
        let call = "sts:AssumeRole".to_owned();
        let deadline = (call.clone(), ErrorKind::Failed, "Deadline".to_owned());
        if deny.contains(name) {
            // A refusal is taken at once.
            assert_eq!((errors, entered(name)), (vec![(call, ErrorKind::Denied, "AccessDenied".to_owned())], 1));
            let refusal = snapshot.calls().next().unwrap();
            assert_eq!(refusal.error.as_ref().unwrap().missing_actions, ["sts:AssumeRole"]);
            let arn = serde_json::json!({ "RoleArn": role(name).as_str() });
            assert_eq!(serde_json::Value::Object(refusal.parameters.clone()), arn);
        } else if shut.contains(name) {
            assert_eq!((errors, entered(name)), (vec![deadline], 2));
        } else if hang.contains(name) {
            assert_eq!(errors, [("sts:GetCallerIdentity".to_owned(), deadline.1, deadline.2)]);
            let unasked: Vec<_> =
                scope.not_asked.iter().map(|each| (each.call.as_str(), each.region.as_str())).collect();
            assert_eq!((unasked, entered(name)), (vec![("cognito-idp:ListUserPools", "us-east-1")], 2));
        } else {
            let throttled =
                |error: &(String, ErrorKind, String)| error.1 == ErrorKind::Throttled || error.2 == "Deadline";
            assert!(!errors.is_empty() && errors.iter().all(throttled), "{name}: {errors:?}");
            assert_eq!(entered(name), 2);
        }
    }
    let text =
        format!("{}{:?}", serde_json::to_string(&sections.values().collect::<Vec<_>>()).unwrap(), recorder.notes);
    assert!(!text.contains("planted"));
    assert!(seen.iter().filter(|asked| asked.operation == "AssumeRole").all(|asked| {
        asked.get("ExternalId") == Some("planted-external-id") && asked.get("RoleSessionName") == Some("mrready")
    }));
}

/// An organization of 25 accounts in two pages, of which one is suspended and one left out.
fn organization(asked: &Asked) -> Reply {
    let row = |number: usize| {
        let state = if number == 7 { "SUSPENDED" } else { "ACTIVE" };
        let id = if number == 3 { OWN.to_owned() } else { account(number) };
        // As AWS wrote it until 2025, and writes it since.
        let word = if number.is_multiple_of(2) { "Status" } else { "State" };
        format!(r#"{{"Id":"{id}","Name":"planted","Email":"planted@example.com","{word}":"{state}"}}"#)
    };
    let rows = |range: std::ops::Range<usize>| range.map(row).collect::<Vec<_>>().join(",");
    match (asked.operation.as_str(), asked.get("NextToken")) {
        ("ListAccounts", None) => Reply::ok(format!(r#"{{"Accounts":[{}],"NextToken":"t"}}"#, rows(0..20))),
        ("ListAccounts", Some(_)) => Reply::ok(format!(r#"{{"Accounts":[{}]}}"#, rows(20..25))),
        _ => usual(asked),
    }
}

fn all_of_it() -> Request {
    let mut request = of(Accounts::Organization { role: "ops/Audit".to_owned() });
    let out = account(5);
    request.leave_out = Some(LeaveOut(Arc::new(move |name| (name == out).then(|| "because".to_owned()))));
    request
}

#[test]
fn an_organization_is_entered_account_by_account_and_its_own_as_it_is() {
    let (result, seen, recorder) = collect(&all_of_it(), organization);
    let sections = result.unwrap();
    let wanted: BTreeSet<String> =
        (0..25).filter(|n| ![3, 5, 7].contains(n)).map(account).chain([OWN.to_owned()]).collect();
    assert_eq!(sections.keys().cloned().collect::<BTreeSet<_>>(), wanted);
    assert!(recorder.troubles.is_empty());
    assert!(recorder.notes.iter().any(|note| note.contains(OWN) && note.contains("without a role")));
    let entered: BTreeSet<String> = seen
        .iter()
        .filter(|asked| asked.operation == "AssumeRole")
        .map(|asked| asked.get("RoleArn").unwrap().replace("%3A", ":").replace("%2F", "/"))
        .collect();
    let roles = wanted.iter().filter(|name| *name != OWN);
    assert_eq!(entered, roles.map(|name| format!("arn:aws:iam::{name}:role/ops/Audit")).collect());
    let listed: Vec<_> = seen.iter().filter(|asked| asked.operation == "ListAccounts").collect();
    assert!(listed.len() == 2 && listed.iter().all(|asked| asked.region == "us-east-1"));

    // How the accounts were found is evidence of the caller's own, and nothing but their ids and states is kept.
    let own = &sections[OWN];
    let pages: Vec<_> = own.calls().filter(|call| call.operation == "ListAccounts").collect();
    assert_eq!(
        pages[1].response.as_ref().unwrap()["Accounts"][0],
        serde_json::json!({"Id": account(20), "Status": "ACTIVE"})
    );
    assert_eq!(pages[1].dropped, ["/Accounts/*/Email", "/Accounts/*/Name"]);
    let out: Vec<_> = own.header.scope.not_asked.iter().filter(|each| each.call.starts_with("sts:")).collect();
    let said: Vec<_> = out.iter().map(|each| (each.account.as_str(), each.call.clone(), each.why.as_str())).collect();
    let entering = |number: usize| format!("sts:AssumeRole {}", account(number));
    let suspended = "the account is suspended in the organization";
    assert_eq!(said, [(OWN, entering(5), "because"), (OWN, entering(7), suspended)]);
    for (name, snapshot) in &sections {
        assert_eq!(snapshot.header.scope.accounts.iter().map(|each| &each.account).collect::<Vec<_>>(), [name]);
        assert!(snapshot.calls().any(|call| call.operation == "DescribeUserPool"));
        assert_eq!(errors(snapshot), []);
    }
    assert!(!serde_json::to_string(&sections.values().collect::<Vec<_>>()).unwrap().contains("planted"));
}

#[test]
fn a_list_of_accounts_that_breaks_off_is_seen_and_one_that_is_refused_ends_the_run() {
    let refused = || Reply::error(400, r#"{"__type":"AccessDeniedException","Message":"planted"}"#);
    let (result, ..) = collect(&all_of_it(), move |asked| match (asked.operation.as_str(), asked.get("NextToken")) {
        ("ListAccounts", Some(_)) => refused(),
        _ => organization(asked),
    });
    let own = &result.unwrap()[OWN];
    assert_eq!(
        errors(own),
        [("organizations:ListAccounts".to_owned(), ErrorKind::Denied, "AccessDeniedException".to_owned())]
    );
    assert_eq!(own.header.scope.accounts.first().unwrap().account, OWN);

    let (result, seen, _) = collect(&all_of_it(), move |asked| match asked.operation.as_str() {
        "ListAccounts" => refused(),
        _ => organization(asked),
    });
    assert!(matches!(&result, Err(CollectError::NoAccounts { code }) if code == "AccessDeniedException"), "{result:?}");
    assert!(seen.iter().all(|asked| asked.operation != "AssumeRole"));

    // Left out itself, the caller's account still says that the list is not whole.
    let mut request = all_of_it();
    request.leave_out = Some(LeaveOut(Arc::new(|name| (name == OWN).then(|| "because".to_owned()))));
    let (result, ..) = collect(&request, move |asked| match (asked.operation.as_str(), asked.get("NextToken")) {
        ("ListAccounts", Some(_)) => refused(),
        _ => organization(asked),
    });
    let sections = result.unwrap();
    assert_eq!(sections[OWN].header.scope.accounts.first().unwrap().account, OWN);
    assert!(sections[OWN].header.scope.pools.is_empty());
}

#[test]
fn nobody_lets_us_in() {
    let roles = (0..3).map(|number| role(&account(number))).collect();
    let (result, _, recorder) = collect(&of(Accounts::Roles(roles)), |asked| match asked.operation.as_str() {
        "AssumeRole" => denied_role(),
        _ => usual(asked),
    });
    assert!(matches!(result, Err(CollectError::NobodyAnswered { .. })), "{result:?}");
    assert_eq!(recorder.troubles.len(), 3);
    let mut request = all_of_it();
    request.leave_out = Some(LeaveOut(Arc::new(|_| Some("because".to_owned()))));
    let (result, ..) = collect(&request, organization);
    assert!(matches!(result, Err(CollectError::AllLeftOut { found: 25 })), "{result:?}");
}

#[test]
fn a_session_that_ends_is_taken_again() {
    let roles = vec![role(&account(1)), role(&account(2))];
    let (result, seen, _) = collect(&of(Accounts::Roles(roles)), |asked| match asked.operation.as_str() {
        // Over in a moment, as far as anybody knows.
        "AssumeRole" => assumed(asked, "2026-01-01T00:00:00Z"),
        _ => usual(asked),
    });
    assert!(result.unwrap().values().all(|snapshot| errors(snapshot).is_empty()));
    assert!(seen.iter().filter(|asked| asked.operation == "AssumeRole").count() > 2);
}

/// After its time an account keeps what was answered; what was under way is an error, and what was not asked is said.
#[test]
fn what_was_answered_in_time_is_kept() {
    let (hangs, healthy) = (account(1), account(2));
    let request = Request {
        patience: Patience { deadline: Some(Duration::from_secs(8)), attempts: 1 },
        ..of(Accounts::Roles(vec![role(&hangs), role(&healthy)]))
    };
    let who = hangs.clone();
    let (result, _, recorder) = collect(&request, move |asked| match asked.operation.as_str() {
        "GetUserPoolMfaConfig" if asks(asked) == who => Reply::Stall(Duration::from_secs(30)),
        _ => usual(asked),
    });
    let sections = result.unwrap();
    assert_eq!(errors(&sections[&healthy]), []);
    let cut = &sections[&hangs];
    assert!(cut.calls().any(|call| call.operation == "DescribeUserPool" && call.response.is_some()));
    assert_eq!(cut.header.scope.pools.len(), 1);
    let mfa = ("cognito-idp:GetUserPoolMfaConfig".to_owned(), ErrorKind::Failed, "Deadline".to_owned());
    assert!(errors(cut).contains(&mfa), "{:?}", errors(cut));
    let unasked: BTreeSet<&str> = cut.header.scope.not_asked.iter().map(|each| each.call.as_str()).collect();
    assert!(unasked.contains("cognito-idp:ListUserPoolClients"), "{unasked:?}");
    assert_eq!(recorder.troubles[&hangs], "not everything was asked before its time was over");
}

/// One call at a time, and an account that takes it and never answers: the others do not wait for its time to be over.
#[test]
fn who_hangs_does_not_hold_up_the_others() {
    let roles: Vec<_> = (0..4).map(|number| role(&account(number))).collect();
    let request = Request {
        concurrency: 1,
        patience: Patience { deadline: Some(Duration::from_secs(25)), attempts: 1 },
        ..of(Accounts::Roles(roles))
    };
    let hangs = account(0);
    let done = Arc::new(AtomicU32::new(0));
    let others = Arc::clone(&done);
    let start = Instant::now();
    let (result, ..) = collect(&request, move |asked| {
        if asks(asked) == hangs {
            return Reply::Stall(Duration::from_secs(30));
        }
        if asked.operation == "ListUserPoolClients" && start.elapsed() < Duration::from_secs(20) {
            others.fetch_add(1, Ordering::SeqCst);
        }
        usual(asked)
    });
    assert_eq!(result.unwrap().len(), 4);
    assert!(done.load(Ordering::SeqCst) >= 3, "three accounts were asked to their end meanwhile");
}

/// All Regions, of which one is not turned on; asked with these credentials.
fn everywhere(session: bool, assume: bool, on: &'static [&'static str]) -> Snapshot {
    let regions = ["ap-east-1", "me-south-1", "us-east-1", "us-west-1"].map(str::to_owned);
    let mut request = Request { consumers: false, ..request(&[]) };
    request.pools = Pools::Everywhere(BTreeMap::from([("aws".to_owned(), regions.into())]));
    request.leave_out = Some(LeaveOut(Arc::new(|name| (name == "us-west-1").then(|| "because".to_owned()))));
    let server = Replay::start(move |asked| match asked.operation.as_str() {
        "ListUserPools" if !on.contains(&asked.region.as_str()) => {
            Reply::error(400, r#"{"__type":"UnrecognizedClientException","message":"planted"}"#)
        }
        "ListUserPools" => Reply::ok(r#"{"UserPools":[]}"#),
        _ => usual(asked),
    });
    let token = session.then(|| "planted-token".to_owned());
    let credentials = Credentials::new("AKIDEXAMPLE", "planted-secret-key", token, None, "test");
    let provider = SharedCredentialsProvider::new(credentials);
    let config = configuration(&server.url).into_builder().credentials_provider(provider).build();
    let mut recorder = Recorder::default();
    block_on(run(&request, config, assume, &mut recorder)).unwrap()
}

#[test]
fn a_region_that_is_not_turned_on_is_told_from_credentials_that_are_not_taken() {
    let of = |snapshot: &Snapshot, region: &str| {
        let call = snapshot.calls().find(|call| call.operation == "ListUserPools" && call.region == region).unwrap();
        call.error.as_ref().map(|error| (error.kind, error.code.clone(), error.detail.clone().unwrap_or_default()))
    };
    let default: &[&str] = &["us-east-1"];
    let one_optional: &[&str] = &["us-east-1", "ap-east-1"];
    for (session, assumed, on, proven) in [
        (false, false, default, true),
        (true, true, default, true),
        (true, false, one_optional, true),
        // Of the first version perhaps, which no such Region takes.
        (true, false, default, false),
        // A Region that every account has: the credentials are not good.
        (false, false, &["ap-east-1"], true),
    ] {
        let snapshot = everywhere(session, assumed, on);
        let wanted = if proven { ErrorKind::NotOffered } else { ErrorKind::Failed };
        let (kind, code, detail) = of(&snapshot, "me-south-1").unwrap();
        assert_eq!((kind, code.as_str()), (wanted, "UnrecognizedClientException"), "{on:?}");
        assert!(detail.starts_with("the Region is not turned on in this account"), "{detail}");
        let always = of(&snapshot, "us-east-1").map(|(kind, ..)| kind);
        assert_eq!(always, (!on.contains(&"us-east-1")).then_some(ErrorKind::Failed));
        let scope = &snapshot.header.scope;
        let regions: Vec<_> = scope.accounts.first().unwrap().regions.iter().map(String::as_str).collect();
        assert_eq!(regions, ["ap-east-1", "me-south-1", "us-east-1"]);
        let out: Vec<_> = scope.not_asked.iter().filter(|each| each.call == "cognito-idp:ListUserPools").collect();
        assert_eq!((out.len(), out[0].region.as_str(), out[0].why.as_str()), (1, "us-west-1", "because"));
        assert!(!serde_json::to_string(&snapshot).unwrap().contains("planted"));
    }
}
