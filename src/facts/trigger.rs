//! `trigger.*`: the Lambda triggers that are set in the replica Region, each with its function there; `secondary.*`: what
//! all of them add up to: versions of their events, and the key of custom senders.
//!
//! A function is asked for by the ARN that the pool names, with its qualifier, in the Region of that ARN. The triggers of
//! operations that a replica does not have (`replica::USELESS`) are never invoked there and are left out.

mod sender;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::{Absence, Cause, Fact, FieldType, Listed, Observed, Source, Subject, SubjectKind, Value};
use crate::policy::Policy;
use crate::policy::lambda::{InvokeVerdict, cognito_invoke, tell_invoke};

use super::{
    Answer, Child, ChildField, Children, Field, PoolView, TEXT, TEXTS, child_field, field, pool, replica, text_of,
};

const LIST: &str = "cognito-idp:ListUserPoolReplicas";
const DESCRIBE: &str = "cognito-idp:DescribeUserPool";
const FUNCTION: &str = "lambda:GetFunctionConfiguration";
const POLICY: &str = "lambda:GetPolicy";
const KIND: SubjectKind = SubjectKind::Trigger;
const SET: &[&str] = &[DESCRIBE, LIST];
const OF_FUNCTION: &[&str] = &[DESCRIBE, LIST, FUNCTION];
const OF_POLICY: &[&str] = &[DESCRIBE, LIST, FUNCTION, POLICY];

/// Lambda's own words, and one for a function that Lambda does not find.
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>.
const STATE: FieldType = FieldType::Word(&[
    "Active",
    "ActiveNonInvocable",
    "Deactivated",
    "Deactivating",
    "Deleting",
    "Failed",
    "Inactive",
    "Pending",
    MISSING,
]);
const MISSING: &str = "missing";
const UPDATE: FieldType = FieldType::Word(&["Failed", "InProgress", "Successful"]);
const INVOKE: FieldType = FieldType::Word(&["allowed", "no_policy", "refused", "service_absent"]);

/// The fields.
pub(super) const FIELDS: &[Field] = &[
    field(
        "secondary.custom_senders",
        TEXTS,
        Absence::Default("[]"),
        SET,
        "The custom sender triggers that are set in S.",
        |view| {
            let Described { answer, sources } = match described(view) {
                Observed::Known(described) => described,
                Observed::Absent => return Fact::absent(vec![replica::answer(view).source("/UserPoolReplicas")]),
                Observed::Unknown(cause) => return Fact::unknown(cause, vec![lambda_config(view)]),
            };
            let names = pool::triggers(&answer).map(|names| {
                let senders = names.into_iter().filter(|name| sender::TRIGGERS.contains(&name.as_str()));
                Listed::<String>::complete(senders.collect())
            });
            Fact { value: names.map(Into::into), sources }
        },
    ),
    field(
        "secondary.different_trigger_versions",
        TEXTS,
        Absence::Default("[]"),
        SET,
        "Triggers whose functions get another version of the event in S than in P.",
        different_versions,
    ),
    field(
        "secondary.sender_key",
        FieldType::Word(&["in_region", "elsewhere", "missing"]),
        Absence::Unknown,
        SET,
        "Where the key of the replica's custom senders is: in S, elsewhere, or not set.",
        |view| sender::key(view).0,
    ),
    field(
        "secondary.sender_key_arn",
        TEXT,
        Absence::None,
        SET,
        "The key of the replica's custom senders (KMSKeyID).",
        |view| sender::key(view).1,
    ),
];

/// The fields of one trigger.
pub(super) const CHILD_FIELDS: &[ChildField] = &[
    child_field(
        KIND,
        "trigger.decrypt_detail",
        TEXT,
        sender::CALLS,
        "Why the function of a custom sender may, or may not, decrypt with the key.",
    ),
    child_field(KIND, "trigger.function", TEXT, SET, "The ARN of its function in S, as the pool names it."),
    child_field(
        KIND,
        "trigger.in_replica_region",
        FieldType::Bool,
        SET,
        "Whether the function is in the replica's own Region.",
    ),
    child_field(
        KIND,
        "trigger.invoke_decision",
        INVOKE,
        OF_POLICY,
        "Whether the function's policy lets Cognito invoke it for the pool's ARN in S.",
    ),
    child_field(KIND, "trigger.invoke_detail", TEXT, OF_POLICY, "What the function's policy refuses, and why."),
    child_field(
        KIND,
        "trigger.last_update",
        UPDATE,
        OF_FUNCTION,
        "How the last update of the function ended; while it failed, the code before it runs.",
    ),
    child_field(
        KIND,
        "trigger.may_decrypt",
        FieldType::Bool,
        sender::CALLS,
        "Whether the key policy or a grant lets the function of a custom sender decrypt with the key.",
    ),
    child_field(KIND, "trigger.name", TEXT, SET, "The trigger, by its name in LambdaConfig."),
    child_field(
        KIND,
        "trigger.function_state",
        STATE,
        OF_FUNCTION,
        "The state of the function; `missing` if Lambda does not find it.",
    ),
];

/// The pool as S describes it.
struct Described<'f> {
    answer: Answer<'f>,
    sources: Vec<Source>,
}

/// What S says of the pool; absent where there is no replica in the target Region, known or not.
fn described<'f>(view: &PoolView<'f>) -> Observed<Described<'f>> {
    let found = replica::secondaries(view);
    if found.items.is_empty() && found.incomplete.is_none() {
        return Observed::Absent;
    }
    replica::in_target(view).map(|region| {
        let answer = view.ask(DESCRIBE, &region, &[&view.key.id]);
        let sources = vec![answer.source("/UserPool/LambdaConfig")];
        Described { answer, sources }
    })
}

/// Where the triggers of S are read while nobody knows whether S has the pool.
fn lambda_config(view: &PoolView<'_>) -> Source {
    match view.target_region() {
        Observed::Known(region) => view.source(DESCRIBE, &region, "/UserPool/LambdaConfig"),
        Observed::Absent | Observed::Unknown(_) => replica::answer(view).source("/UserPoolReplicas"),
    }
}

/// The triggers that are set in S.
pub(super) fn of(view: &PoolView<'_>) -> Children {
    let children = |items, incomplete, place: String| Children {
        found: Listed { items, incomplete },
        searched: vec![format!("the triggers of {place}")],
    };
    let Described { answer, .. } = match described(view) {
        Observed::Known(described) => described,
        Observed::Absent => return children(Vec::new(), None, "a replica, of which there is none".to_owned()),
        Observed::Unknown(cause) => return children(Vec::new(), Some(cause), "the replica".to_owned()),
    };
    let place = format!("the replica in {}", answer.region);
    match pool::triggers(&answer) {
        Observed::Known(names) => {
            let used = names.iter().filter(|name| !replica::USELESS.contains(&name.as_str()));
            children(used.map(|name| child(view, &answer, name)).collect(), None, place)
        }
        Observed::Absent => {
            let cause = Cause::NoMeaning { member: format!("{DESCRIBE} /UserPool/LambdaConfig") };
            children(Vec::new(), Some(cause), place)
        }
        Observed::Unknown(cause) => children(Vec::new(), Some(cause), place),
    }
}

fn child(view: &PoolView<'_>, described: &Answer<'_>, name: &str) -> Child {
    let region = &described.region;
    let setting = Setting::read(described, name);
    let source = described.source(&format!("/UserPool/LambdaConfig/{name}"));
    let known = |value: Value| Fact::known(value, vec![source.clone()]);
    let of_setting = |value: Observed<Value>| Fact { value, sources: vec![source.clone()] };
    let function = function(view, &setting.arn);
    let (invoke_decision, invoke_detail) = invocable(view, region, &function);
    let (may_decrypt, decrypt_detail) = sender::decrypts(view, described, name, &function);
    let place = setting.arn.as_ref().and_then(|arn| {
        arn_region(arn).map_or_else(|| Observed::Unknown(no_function(arn)), |region| Observed::Known(region.to_owned()))
    });
    let fields = BTreeMap::from([
        ("trigger.decrypt_detail", decrypt_detail),
        ("trigger.function", of_setting(setting.arn.as_ref().map(|arn| arn.as_str().into()))),
        ("trigger.in_replica_region", of_setting(place.map(|place| (place == *region).into()))),
        ("trigger.invoke_decision", invoke_decision),
        ("trigger.invoke_detail", invoke_detail),
        ("trigger.last_update", function.member("/LastUpdateStatus")),
        ("trigger.may_decrypt", may_decrypt),
        ("trigger.name", known(name.into())),
        ("trigger.function_state", function.state()),
    ]);
    let subject = Subject {
        kind: KIND,
        id: format!("lambda/{region}/{name}#{}", view.key.id),
        name: Some(format!("{name} in {region}")),
        arn: setting.arn.known().cloned(),
        region: Some(region.clone().into_owned()),
        account: view.key.account.clone(),
        pool_id: Some(view.key.id.clone()),
    };
    Child { subject, fields }
}

/// How a field of one trigger that is judged from a policy follows from it, statement by statement.
pub(super) fn derivation(view: &PoolView<'_>, child: &Child, field: &str) -> Vec<String> {
    if !["trigger.decrypt_detail", "trigger.invoke_decision", "trigger.invoke_detail", "trigger.may_decrypt"]
        .contains(&field)
    {
        return Vec::new();
    }
    let name = child.fields.get("trigger.name").map(text_of);
    let (Some(Observed::Known(name)), Observed::Known(Described { answer, .. })) = (name, described(view)) else {
        return Vec::new();
    };
    let function = function(view, &Setting::read(&answer, &name).arn);
    if field.starts_with("trigger.invoke") {
        invocation(view, &answer.region, &function)
    } else {
        sender::derivation(view, &answer, &name, &function)
    }
}

/// What the statements of a function's policy say to Cognito's request.
fn invocation(view: &PoolView<'_>, region: &str, function: &Function<'_>) -> Vec<String> {
    let policy = asked(view, POLICY, &function.arn).and_then(|answer| policy(&answer));
    match (policy, &function.arn) {
        (Observed::Known(policy), Observed::Known(arn)) => {
            tell_invoke(&policy, arn, &view.arn(region), &view.key.account)
        }
        _ => Vec::new(),
    }
}

/// What `LambdaConfig` says of one trigger.
struct Setting {
    arn: Observed<String>,
    /// Absent for a trigger whose event has one version only.
    version: Observed<String>,
}

impl Setting {
    /// A trigger is an ARN, or an object of an ARN and a version. `PreTokenGeneration` is either or both; then the ARNs
    /// have to be the same.
    /// Source: <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_LambdaConfigType.html>.
    fn read(described: &Answer<'_>, trigger: &str) -> Self {
        let at = |member: &str| described.at(&format!("/UserPool/LambdaConfig/{member}"));
        if trigger == "PreTokenGeneration" {
            let (old, new) = (Self::of(at(trigger)), Self::of(at("PreTokenGenerationConfig")));
            let new_version = new.version;
            return match (old.arn, new.arn) {
                (Observed::Known(old), Observed::Known(new)) if old != new => {
                    let what = format!("the pool names two functions for {trigger}: {old} and {new}");
                    Self { arn: Observed::Unknown(Cause::Contradiction { what }), version: new_version }
                }
                (old, Observed::Absent) => Self { arn: old, version: Observed::Absent },
                (_, new) => Self { arn: new, version: new_version },
            };
        }
        Self::of(at(trigger))
    }

    fn of(member: Observed<&Json>) -> Self {
        let text = |json: &Json, name: &str| match json.get(name) {
            Some(Json::String(text)) if !text.is_empty() => Observed::Known(text.clone()),
            Some(Json::Null) | None => {
                Observed::Unknown(Cause::NoMeaning { member: format!("{DESCRIBE} /UserPool/LambdaConfig/*/{name}") })
            }
            Some(_) => Observed::Unknown(Cause::Unrecognised { value: format!("{name} of a trigger that is no text") }),
        };
        match member {
            Observed::Known(Json::String(arn)) if !arn.is_empty() => {
                Self { arn: Observed::Known(arn.clone()), version: Observed::Absent }
            }
            Observed::Known(Json::Object(members)) if members.is_empty() => Self::none(),
            Observed::Known(object @ Json::Object(_)) => {
                Self { arn: text(object, "LambdaArn"), version: text(object, "LambdaVersion") }
            }
            Observed::Known(Json::String(_)) | Observed::Absent => Self::none(),
            Observed::Known(_) => {
                let cause = Cause::Unrecognised { value: "a trigger that is neither text nor object".to_owned() };
                Self { arn: Observed::Unknown(cause.clone()), version: Observed::Unknown(cause) }
            }
            Observed::Unknown(cause) => {
                Self { arn: Observed::Unknown(cause.clone()), version: Observed::Unknown(cause) }
            }
        }
    }

    fn none() -> Self {
        Self { arn: Observed::Absent, version: Observed::Absent }
    }
}

/// The Region of a function's ARN.
fn arn_region(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let is_function = parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some("lambda");
    parts.next().filter(|region| is_function && !region.is_empty())
}

fn no_function(arn: &str) -> Cause {
    Cause::Unrecognised { value: format!("{arn} as the ARN of a function") }
}

/// The function of a trigger, as far as Lambda could be asked about it.
struct Function<'f> {
    arn: Observed<String>,
    answer: Observed<Answer<'f>>,
}

fn function<'f>(view: &PoolView<'f>, arn: &Observed<String>) -> Function<'f> {
    let answer = asked(view, FUNCTION, arn);
    Function { arn: arn.as_ref().map(Clone::clone), answer }
}

/// The answer of Lambda about the function with this ARN, asked in that ARN's own Region.
fn asked<'f>(view: &PoolView<'f>, call: &str, arn: &Observed<String>) -> Observed<Answer<'f>> {
    let blocked =
        |because: Cause| Observed::Unknown(Cause::Prerequisite { call: call.to_owned(), because: Box::new(because) });
    match arn {
        Observed::Known(arn) => match arn_region(arn) {
            Some(region) => Observed::Known(view.ask(call, region, &[arn])),
            None => blocked(no_function(arn)),
        },
        Observed::Absent => blocked(Cause::NoMeaning { member: format!("{DESCRIBE} /UserPool/LambdaConfig") }),
        Observed::Unknown(cause) => blocked(cause.clone()),
    }
}

impl Function<'_> {
    /// Lambda answers that there is no such function. That is evidence, unlike being denied.
    fn is_missing(&self) -> bool {
        let problem = self.answer.known().and_then(|answer| answer.problem());
        matches!(problem, Some(Cause::NotFound { .. }))
    }

    fn source(&self, pointer: &str) -> Vec<Source> {
        self.answer.known().map(|answer| answer.source(pointer)).into_iter().collect()
    }

    fn text(&self, pointer: &str) -> Observed<String> {
        self.answer.as_ref().and_then(|answer| answer.text(pointer))
    }

    fn member(&self, pointer: &str) -> Fact {
        Fact { value: self.text(pointer).map(Into::into), sources: self.source(pointer) }
    }

    fn state(&self) -> Fact {
        if self.is_missing() { Fact::known(MISSING, self.source("/State")) } else { self.member("/State") }
    }
}

/// Whether Cognito may invoke the function for the pool's ARN in this Region, and in words why not.
fn invocable(view: &PoolView<'_>, region: &str, function: &Function<'_>) -> (Fact, Fact) {
    let both = |fact: Fact| (fact.clone(), fact);
    let answer = match asked(view, POLICY, &function.arn) {
        Observed::Known(answer) => answer,
        Observed::Absent => return both(Fact::absent(Vec::new())),
        Observed::Unknown(cause) => return both(Fact::unknown(cause, Vec::new())),
    };
    let sources = vec![answer.source("/Policy")];
    let said = |word: &str, detail: String| (Fact::known(word, sources.clone()), Fact::known(detail, sources.clone()));
    // A function that answers and has no policy lets no service in; one that is not there answers neither.
    if matches!(answer.problem(), Some(Cause::NotFound { .. })) {
        let problem = match &function.answer {
            Observed::Known(answer) => answer.problem().cloned(),
            Observed::Absent => Some(Cause::NoMeaning { member: FUNCTION.to_owned() }),
            Observed::Unknown(cause) => Some(cause.clone()),
        };
        return match problem {
            None => {
                let sources = [sources, function.source("/FunctionArn")].concat();
                let detail = "the function has no resource policy at all";
                (Fact::known("no_policy", sources.clone()), Fact::known(detail, sources))
            }
            Some(cause) => both(Fact::unknown(cause, sources)),
        };
    }
    let verdict = policy(&answer).and_then(|policy| {
        function.arn.as_ref().map(|arn| cognito_invoke(&policy, arn, &view.arn(region), &view.key.account))
    });
    match verdict {
        Observed::Known(InvokeVerdict::Allowed) => said("allowed", String::new()),
        Observed::Known(InvokeVerdict::ServiceAbsent) => {
            said("service_absent", "no statement names cognito-idp.amazonaws.com".to_owned())
        }
        Observed::Known(InvokeVerdict::Refused { detail }) => said("refused", detail),
        Observed::Known(InvokeVerdict::Undecided { keys }) => {
            both(Fact::unknown(Cause::Undecided { keys: keys.into_iter().collect() }, sources.clone()))
        }
        Observed::Absent => both(Fact::absent(sources.clone())),
        Observed::Unknown(cause) => both(Fact::unknown(cause, sources.clone())),
    }
}

/// The policy that an answer holds.
fn policy(answer: &Answer<'_>) -> Observed<Policy> {
    answer.text("/Policy").and_then(|text| answer.policy(&text))
}

/// A function written for one version of the event gets another one in S, and leaves out what it does not know.
fn different_versions(view: &PoolView<'_>) -> Fact {
    let s = match described(view) {
        Observed::Known(described) => described.answer,
        Observed::Absent => return Fact::absent(vec![replica::answer(view).source("/UserPoolReplicas")]),
        Observed::Unknown(cause) => return Fact::unknown(cause, vec![lambda_config(view)]),
    };
    let p = view.primary(DESCRIBE);
    let sources = vec![p.source("/UserPool/LambdaConfig"), s.source("/UserPool/LambdaConfig")];
    let (in_p, in_s) = match (pool::triggers(&p), pool::triggers(&s)) {
        (Observed::Known(in_p), Observed::Known(in_s)) => (in_p, in_s),
        (Observed::Unknown(cause), _) | (_, Observed::Unknown(cause)) => return Fact::unknown(cause, sources),
        _ => return Fact::absent(sources),
    };
    let in_s: BTreeSet<String> = in_s.into_iter().collect();
    let mut list = Listed::complete(Vec::new());
    for name in in_p.iter().filter(|name| in_s.contains(*name)) {
        match (Setting::read(&p, name).version, Setting::read(&s, name).version) {
            (Observed::Known(one), Observed::Known(other)) if one == other => {}
            (Observed::Known(one), Observed::Known(other)) => {
                list.items.push(format!("{name} ({one} in {}, {other} in {})", p.region, s.region));
            }
            (Observed::Absent, Observed::Absent) => {}
            (Observed::Unknown(cause), _) | (_, Observed::Unknown(cause)) => drop(list.incomplete.get_or_insert(cause)),
            // The older way to name the function says no version.
            (Observed::Known(_), Observed::Absent) | (Observed::Absent, Observed::Known(_)) => {
                let member = format!("{DESCRIBE} /UserPool/LambdaConfig/{name}Config");
                list.incomplete.get_or_insert(Cause::NoMeaning { member });
            }
        }
    }
    Fact::known(list, sources)
}
