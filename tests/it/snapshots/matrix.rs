//! Two matrices over the whole catalogue, both with their expectations computed: what else changes when one rule's
//! condition is broken, and what is lost when one permission is denied.
//!
//! Where a field's value comes from is in its provenance; which calls have to be answered before a call can be made is in
//! the table of operations. Nothing here is listed by hand but the broken accounts themselves.

use std::collections::{BTreeMap, BTreeSet};

use mrready::audit::needs;
use mrready::facts::{Facts, FieldSet};
use mrready::model::{DecidedBy, Fact, Fields, Observed, Source, SubjectKind, Verdict};
use mrready::snapshot::operations::{Asked, OPERATIONS, Operation, find_call};
use serde_json::Value;

use crate::areas;
use crate::builder::{Account, Run, catalog, table};
use crate::closure::{Whole, expected, listing, only, verdicts_of};

/// The verdicts of every rule by subject, references without a pool left out.
fn verdicts(account: &Account, run: &Run) -> BTreeMap<String, BTreeMap<String, Verdict>> {
    let judged = run.judge(account);
    catalog().rules.iter().map(|rule| (rule.id.clone(), verdicts_of(&judged.report, &rule.id))).collect()
}

#[test]
fn each_permission_denied_alone_loses_what_hangs_on_it_and_nothing_else() {
    denied_one_by_one(&areas::furnished(), None);
}

#[test]
fn so_do_the_permissions_that_only_other_settings_need() {
    denied_one_by_one(&areas::by_end_user_messaging(), Some("sms-voice:"));
    denied_one_by_one(&areas::by_own_sender(), Some("kms:"));
}

/// Denies each permission, or those of one service.
fn denied_one_by_one(account: &Account, service: Option<&str>) {
    let mut idle = BTreeSet::new();
    let run = Run { decisions: String::new(), ..areas::run() };
    let before = verdicts(account, &run);
    let snapshot = account.snapshot();
    let facts = Facts::new(&snapshot, run.fact_options(), table());
    let seen = Whole::of(&facts);
    let actions: BTreeSet<&str> = OPERATIONS.iter().flat_map(|operation| operation.iam).copied().collect();
    let policy = policy_rules();
    let mut wrong = Vec::new();
    for action in actions.into_iter().filter(|action| service.is_none_or(|service| action.starts_with(service))) {
        let taking: Vec<&Operation> = needs::operations_of(action).collect();
        let calls: BTreeSet<String> = taking.iter().map(|operation| operation.call()).collect();
        let mut denied = account.clone();
        for call in &calls {
            denied = denied.deny_if_asked(call, action);
        }
        let after = verdicts(&denied, &run);
        let needing: BTreeSet<String> =
            needs::rules_needing(action, catalog()).iter().map(|rule| rule.id.clone()).collect();
        if policy.get(action) != Some(&needing) {
            wrong.push(format!("{action}: the policy names {:?}, the fields {needing:?}", policy.get(action)));
        }
        let asked = calls.iter().any(|call| account.calls.iter().any(|each| each.name() == *call));
        if asked && before == after && !needing.is_empty() {
            idle.insert(action);
        }
        for rule in &catalog().rules {
            let actual = &after[&rule.id];
            let expected = expected(&seen, rule, &calls, &actual.keys().collect());
            if *actual != expected {
                wrong.push(format!("{action}: {}: {actual:?}, but its fields say {expected:?}", rule.id));
            }
            if before[&rule.id] != *actual && !needing.contains(&rule.id) {
                wrong.push(format!("{action}: {} changed, which does not need it", rule.id));
            }
            if actual.values().any(|verdict| *verdict == Verdict::Pass) && before[&rule.id] != *actual {
                let was: Vec<_> = before[&rule.id].iter().collect();
                let gained = actual.iter().any(|(id, v)| *v == Verdict::Pass && before[&rule.id].get(id) != Some(v));
                if gained {
                    wrong.push(format!("{action}: {} passes without evidence, it was {was:?}", rule.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(idle, BTreeSet::new(), "denied, and nothing is missed");
}

/// The rules that `mrready iam-policy --format markdown` names for each action.
fn policy_rules() -> BTreeMap<String, BTreeSet<String>> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mrready"))
        .args(["iam-policy", "--format", "markdown"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut rules = BTreeMap::new();
    let mut action = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut action);
        }
        if let Some(named) = line.strip_prefix("- rules that are unknown without it: ") {
            let named = named.split(", ").map(|rule| rule.trim_matches('`').to_owned()).filter(|rule| rule != "none");
            rules.insert(action.clone(), named.collect());
        }
    }
    rules
}

/// A member of an answer, or an option of the run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    call: String,
    region: String,
    parameters: BTreeMap<String, String>,
    pointer: String,
}

/// The members in which two accounts differ.
fn differences(a: &Account, b: &Account) -> BTreeSet<Member> {
    type Answers = BTreeMap<(String, String, BTreeMap<String, String>, Option<u32>), Value>;
    let answers = |account: &Account| -> Answers {
        let each = account.calls.iter().map(|call| {
            let named = call.parameters.iter().filter(|(name, _)| *name != "UserPoolId");
            let parameters = named
                .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
            let answer = serde_json::json!({ "response": call.response, "error": call.error });
            ((call.name(), call.region.clone(), parameters.collect(), call.page), answer)
        });
        each.collect()
    };
    let (a_answers, b_answers) = (answers(a), answers(b));
    let mut found = BTreeSet::new();
    for key in a_answers.keys().chain(b_answers.keys()) {
        let pointers = match (a_answers.get(key), b_answers.get(key)) {
            (Some(a), Some(b)) => {
                let mut pointers = Vec::new();
                differ(a, b, String::new(), &mut pointers);
                pointers
            }
            _ => vec![String::new()],
        };
        found.extend(pointers.into_iter().map(|pointer| Member {
            call: key.0.clone(),
            region: key.1.clone(),
            parameters: key.2.clone(),
            pointer:
                pointer.strip_prefix("/response").or(pointer.strip_prefix("/error")).unwrap_or_default().to_owned(),
        }));
    }
    let hits = |account: &Account| {
        let trees = account.scans.iter().map(|scan| format!("{scan:?}"));
        account.hits.iter().map(|hit| format!("{hit:?}")).chain(trees).collect::<BTreeSet<_>>()
    };
    if hits(a) != hits(b) {
        let place = Member {
            call: "hits".to_owned(),
            region: String::new(),
            parameters: BTreeMap::new(),
            pointer: String::new(),
        };
        found.insert(place);
    }
    if a.cli_versions != b.cli_versions {
        let option = "cli version".to_owned();
        found.insert(Member {
            call: option,
            region: String::new(),
            parameters: BTreeMap::new(),
            pointer: String::new(),
        });
    }
    if a.scope.replica_regions != b.scope.replica_regions {
        let option = "--replica-region".to_owned();
        found.insert(Member {
            call: option,
            region: String::new(),
            parameters: BTreeMap::new(),
            pointer: String::new(),
        });
    }
    found
}

fn differ(a: &Value, b: &Value, at: String, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let names: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            for name in names {
                let below = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                match (x.get(name), y.get(name)) {
                    (Some(a), Some(b)) => differ(a, b, below, found),
                    _ => found.push(below),
                }
            }
        }
        // Which item of a list is which, pointers do not say: the list differs.
        (a, b) if a != b => found.push(at),
        _ => {}
    }
}

/// Whether a value that comes from `source` can hang on this member.
fn hangs(source: &Source, member: &Member) -> bool {
    match source {
        // Consumers are searched in the replica Region too.
        Source::Call { call, .. } if member.call == "--replica-region" => {
            find_call(call).is_some_and(|operation| matches!(operation.asked, Asked::Consumers | Asked::PoolRegions))
        }
        Source::Call { call, region, parameters, pointer } => {
            *call == member.call
                && (*region == member.region || region.is_empty())
                && (parameters.is_empty() || *parameters == member.parameters)
                && (within(pointer, &member.pointer) || within(&member.pointer, pointer))
        }
        Source::Option { name } => *name == member.call,
        Source::Place { .. } => member.call == "hits",
        Source::Table { .. } => false,
    }
}

fn within(outer: &str, inner: &str) -> bool {
    inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// The rules of which a field, of the pool or of one of its subjects, comes from one of these members.
fn reading(account: &Account, run: &Run, members: &BTreeSet<Member>) -> BTreeSet<String> {
    let snapshot = account.snapshot();
    let facts = Facts::new(&snapshot, run.fact_options(), table());
    let pool = only(&facts);
    let touched = |fact: &Fact| fact.sources.iter().any(|source| members.iter().any(|member| hangs(source, member)));
    let mut rules = BTreeSet::new();
    for rule in &catalog().rules {
        let children = if rule.subject == SubjectKind::Account {
            facts.account_subjects()
        } else {
            pool.children(rule.subject).map(|children| children.found.items).unwrap_or_default()
        };
        let fields = rule.fields();
        let own = fields.iter().filter_map(|name| pool.field(name));
        let theirs = children.iter().flat_map(|child| fields.iter().filter_map(|name| child.field(name)));
        // Which subjects there are is read from the lists of their kind.
        let header = members.iter().any(|member| member.call == "cli version")
            && fields.iter().any(|field| field.starts_with("evidence."));
        let listed = rule.subject != SubjectKind::Pool
            && members.iter().any(|member| {
                ["hits", "--replica-region"].contains(&member.call.as_str())
                    || listing(rule.subject).contains(&member.call)
            });
        if header || listed || own.chain(theirs).any(|fact| touched(&fact)) {
            rules.insert(rule.id.clone());
        }
    }
    rules
}

#[test]
fn each_condition_broken_alone_changes_its_rule_and_what_reads_the_same_member() {
    let run = areas::run();
    let bases: Vec<_> = areas::bases().into_iter().map(|account| (verdicts(&account, &run), account)).collect();
    let mut wrong = Vec::new();
    let mut broken_rules = BTreeSet::new();
    let passes = |verdicts: &BTreeMap<String, Verdict>| {
        verdicts.values().all(|verdict| matches!(verdict, Verdict::Pass | Verdict::NotApplicable))
    };
    for (rule, account) in areas::breaks() {
        let base = bases
            .iter()
            .filter(|(verdicts, _)| passes(&verdicts[rule]))
            .min_by_key(|(_, base)| differences(base, &account).len());
        let Some((before, base)) = base else {
            wrong.push(format!("{rule}: passes in no whole account"));
            continue;
        };
        broken_rules.insert(rule.to_owned());
        let members = differences(base, &account);
        let after = verdicts(&account, &run);
        let mut may_change = reading(base, &run, &members);
        may_change.extend(reading(&account, &run, &members));
        let changed: BTreeSet<String> =
            after.iter().filter(|(rule, verdicts)| before[*rule] != **verdicts).map(|(rule, _)| rule.clone()).collect();
        if !after[rule].values().any(|verdict| matches!(verdict, Verdict::Fail | Verdict::Warn | Verdict::Info)) {
            wrong.push(format!("{rule}: is not broken: {:?}", after[rule]));
        }
        for other in changed.difference(&may_change) {
            wrong.push(format!(
                "{rule}: {other} changed from {:?} to {:?}, and reads none of {members:?}",
                before[other], after[other]
            ));
        }
    }
    for rule in &catalog().rules {
        let decided = rule.decided_by == DecidedBy::Evidence && rule.check.is_some();
        // What follows from the pool's id and a table alone has no member that could be broken.
        let breakable = decided
            && (!needs::calls(rule).is_empty()
                || rule.subject == SubjectKind::Reference
                || rule.fields().iter().any(|field| field.starts_with("target.") || field.starts_with("evidence.")));
        if breakable != broken_rules.contains(&rule.id) {
            wrong.push(format!("{}: {}", rule.id, if breakable { "nothing breaks it" } else { "cannot be broken" }));
        }
    }
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_value_comes_from_calls_that_its_field_names() {
    for account in [areas::furnished(), Account::complete()] {
        let snapshot = account.snapshot();
        let facts = Facts::new(&snapshot, areas::run().fact_options(), table());
        let pool = only(&facts);
        for spec in FieldSet.all() {
            let Some(Fact { value, sources }) = pool.field(spec.name) else { continue };
            let named = needs::with_prerequisites(spec.calls.iter().copied());
            for source in &sources {
                if let Source::Call { call, .. } = source {
                    assert!(named.contains(call), "{} is read from {call}, which it does not name", spec.name);
                }
            }
            let from_calls =
                sources.iter().any(|source| !matches!(source, Source::Option { .. } | Source::Table { .. }));
            let known = matches!(value, Observed::Known(_));
            assert!(
                !known || from_calls || spec.calls.is_empty() || !sources.is_empty(),
                "{} has no provenance",
                spec.name
            );
        }
    }
}
