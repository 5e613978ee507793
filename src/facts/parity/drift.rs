//! `drift.members`: the global settings of a pool that its two Regions do not answer alike.
//!
//! P's settings are copied to S with some delay, so one difference seen once proves little. Regional settings are left
//! out: e-mail, SMS, triggers and tags have rules of their own. What snapshots do not keep cannot be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::{Cause, Fact, Listed, Observed};

use super::super::{Answer, PoolView, replica};
use super::{CLIENTS, DESCRIBE, DESCRIBE_CLIENT, PROVIDERS, REPLICAS, replica_region};

const MFA: &str = "cognito-idp:GetUserPoolMfaConfig";
const DESCRIBE_PROVIDER: &str = "cognito-idp:DescribeIdentityProvider";
const SERVERS: &str = "cognito-idp:ListResourceServers";

pub(super) const CALLS: &[&str] =
    &[DESCRIBE, MFA, CLIENTS, DESCRIBE_CLIENT, PROVIDERS, DESCRIBE_PROVIDER, SERVERS, REPLICAS];

/// Regional settings, and what is no setting or belongs to one Region by its nature.
const REGIONAL: [&str; 11] = [
    "/UserPool/Arn",
    "/UserPool/CreationDate",
    // A prefix domain is not answered in S.
    "/UserPool/Domain",
    "/UserPool/EmailConfiguration",
    "/UserPool/EstimatedNumberOfUsers",
    "/UserPool/LambdaConfig",
    "/UserPool/LastModifiedDate",
    "/UserPool/SmsConfiguration",
    "/UserPool/Status",
    "/UserPool/UserPoolTags",
    // There because SMS is set up in that Region.
    "/SmsMfaConfiguration",
];

/// Members that say something only where both Regions answer them: that S names the domain is not documented.
const BOTH_OR_NOTHING: [&str; 1] = ["/UserPool/CustomDomain"];

/// A list of things of which each Region has its own copy.
struct Kind {
    noun: &'static str,
    list: &'static str,
    /// The member by which one thing is known in both Regions.
    key: &'static str,
    /// The call that describes one, and the member that holds the description; else the item is all there is.
    describe: Option<(&'static str, &'static str)>,
}

const KINDS: [Kind; 3] = [
    Kind { noun: "client", list: CLIENTS, key: "ClientId", describe: Some((DESCRIBE_CLIENT, "/UserPoolClient")) },
    Kind {
        noun: "identity provider",
        list: PROVIDERS,
        key: "ProviderName",
        describe: Some((DESCRIBE_PROVIDER, "/IdentityProvider")),
    },
    Kind { noun: "resource server", list: SERVERS, key: "Identifier", describe: None },
];

pub(super) fn members(view: &PoolView<'_>) -> Fact {
    let secondary = match replica_region(view, DESCRIBE) {
        Observed::Known(region) => region,
        Observed::Absent => return Fact::absent(vec![replica::answer(view).source("/UserPoolReplicas")]),
        Observed::Unknown(cause) => {
            return Fact::unknown(cause, vec![replica::answer(view).source("/UserPoolReplicas")]);
        }
    };
    let mut drift = Drift { view, secondary: &secondary, found: Listed::complete(Vec::new()) };
    drift.described("UserPool", DESCRIBE, &[&view.key.id], "/UserPool");
    drift.described("MFA", MFA, &[&view.key.id], "");
    for kind in &KINDS {
        drift.listed(kind);
    }
    let found = drift.found;
    let whole = [(DESCRIBE, "/UserPool"), (MFA, "")];
    let lists = KINDS.iter().map(|kind| (kind.list, ""));
    let details = KINDS.iter().filter_map(|kind| kind.describe);
    let calls: Vec<(&str, &str)> = whole.into_iter().chain(lists).chain(details).collect();
    let regions = [view.region.as_str(), &secondary];
    let sources = regions
        .iter()
        .flat_map(|region| calls.iter().map(move |(call, pointer)| view.source(call, region, pointer)))
        .collect();
    Fact::known(found, sources)
}

/// A comparison under way.
struct Drift<'v, 'f> {
    view: &'v PoolView<'f>,
    secondary: &'v str,
    found: Listed<String>,
}

/// Two answers to one question, and what they are called.
struct Pair<'a> {
    label: String,
    /// The member that is compared; names of members are told below it.
    root: &'a str,
    /// The answers themselves, which know what was dropped.
    answers: Option<(Answer<'a>, Answer<'a>)>,
}

impl Drift<'_, '_> {
    fn incomplete(&mut self, cause: Cause) {
        self.found.incomplete.get_or_insert(cause);
    }

    /// Compares what both Regions answer to a question.
    fn described(&mut self, label: &str, call: &str, parameters: &[&str], root: &str) {
        let p = self.view.ask(call, &self.view.region, parameters);
        let s = self.view.ask(call, self.secondary, parameters);
        let (in_p, in_s) = match (p.at(root), s.at(root)) {
            (Observed::Known(in_p), Observed::Known(in_s)) => (in_p, in_s),
            (Observed::Unknown(cause), _) | (_, Observed::Unknown(cause)) => return self.incomplete(cause),
            (Observed::Absent, _) | (_, Observed::Absent) => {
                return self.incomplete(Cause::NoMeaning { member: format!("{call} {root}") });
            }
        };
        let pair = Pair { label: label.to_owned(), root, answers: Some((p, s)) };
        self.walk(&pair, root, in_p, in_s);
    }

    /// Compares the things of a list, by their keys.
    fn listed(&mut self, kind: &Kind) {
        let own = [self.view.key.id.as_str()];
        let p = self.view.ask(kind.list, &self.view.region, &own).named(kind.key);
        let s = self.view.ask(kind.list, self.secondary, &own).named(kind.key);
        for cause in [&p.incomplete, &s.incomplete].into_iter().flatten() {
            self.incomplete(cause.clone());
        }
        let (in_p, in_s): (BTreeMap<&str, &Json>, BTreeMap<&str, &Json>) =
            (p.items.into_iter().collect(), s.items.into_iter().collect());
        for (key, item) in &in_p {
            let label = label(kind, key, item);
            match (in_s.get(key), kind.describe) {
                (Some(_), Some((call, root))) => self.described(&label, call, &[key, &self.view.key.id], root),
                (Some(other), None) => {
                    let pair = Pair { label, root: "", answers: None };
                    self.walk(&pair, "", item, other);
                }
                (None, _) if s.incomplete.is_none() => {
                    self.found.items.push(format!("{label}: in {} only", self.view.region));
                }
                (None, _) => {}
            }
        }
        if p.incomplete.is_none() {
            let only = in_s.iter().filter(|(key, _)| !in_p.contains_key(*key));
            let told = only.map(|(key, item)| format!("{}: in {} only", label(kind, key, item), self.secondary));
            self.found.items.extend(told);
        }
    }

    fn walk(&mut self, pair: &Pair<'_>, pointer: &str, p: &Json, s: &Json) {
        if p == s {
            return;
        }
        match (p, s) {
            (Json::Object(p), Json::Object(s)) => {
                let names: BTreeSet<&String> = p.keys().chain(s.keys()).collect();
                for name in names {
                    if p.get(name) == s.get(name) {
                        continue;
                    }
                    let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                    if REGIONAL.contains(&pointer.as_str()) {
                        continue;
                    }
                    let there =
                        |members: &'_ serde_json::Map<String, Json>| members.get(name).is_some_and(|v| !v.is_null());
                    match (there(p), there(s)) {
                        (true, true) => self.walk(pair, &pointer, &p[name], &s[name]),
                        (true, false) => {
                            self.one_sided(pair, &pointer, &p[name], pair.answers.as_ref().map(|both| &both.1));
                        }
                        (false, true) => {
                            self.one_sided(pair, &pointer, &s[name], pair.answers.as_ref().map(|both| &both.0));
                        }
                        (false, false) => {}
                    }
                }
            }
            (Json::Array(p), Json::Array(s)) => {
                let sorted = |items: &[Json]| {
                    let mut items: Vec<String> = items.iter().map(Json::to_string).collect();
                    items.sort();
                    items
                };
                if sorted(p) != sorted(s) {
                    self.tell(pair, pointer);
                }
            }
            (p, s) if !self.alike(p, s) => self.tell(pair, pointer),
            _ => {}
        }
    }

    /// A member that one Region answers; `other` is the answer without it.
    fn one_sided(&mut self, pair: &Pair<'_>, pointer: &str, value: &Json, other: Option<&Answer<'_>>) {
        let unkept = other.is_some_and(|other| matches!(other.at(pointer), Observed::Unknown(_)));
        if !unkept && !off(pointer, value) && !BOTH_OR_NOTHING.contains(&pointer) {
            self.tell(pair, pointer);
        }
    }

    /// The same, or ARNs that are the same but for the Region they are in.
    fn alike(&self, p: &Json, s: &Json) -> bool {
        p == s
            || match (p.as_str(), s.as_str()) {
                (Some(p), Some(s)) => {
                    let (mut p, mut s): (Vec<&str>, Vec<&str>) = (p.split(':').collect(), s.split(':').collect());
                    let arns = p.first() == Some(&"arn") && p.len() > 4 && s.len() > 4;
                    arns && std::mem::take(&mut p[3]) == self.view.region
                        && std::mem::take(&mut s[3]) == self.secondary
                        && p == s
                }
                _ => false,
            }
    }

    fn tell(&mut self, pair: &Pair<'_>, pointer: &str) {
        let below = pointer.strip_prefix(pair.root).unwrap_or(pointer);
        self.found.items.push(format!("{} {below}", pair.label));
    }
}

fn label(kind: &Kind, key: &str, item: &Json) -> String {
    match item.get("ClientName").and_then(Json::as_str) {
        Some(name) => format!("{} {name} ({key})", kind.noun),
        None => format!("{} {key}", kind.noun),
    }
}

/// Values that say the same as leaving the member out.
fn off(pointer: &str, value: &Json) -> bool {
    let is = |name: &str, off: &Json| value.get(name) == Some(off);
    match pointer {
        "/SoftwareTokenMfaConfiguration" => is("Enabled", &Json::Bool(false)),
        "/UserPool/UserPoolAddOns" => is("AdvancedSecurityMode", &Json::from("OFF")),
        _ => value.as_array().is_some_and(Vec::is_empty) || value.as_str().is_some_and(str::is_empty),
    }
}
