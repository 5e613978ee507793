//! `web_acl.*`: the web ACLs of both Regions. Each Region has its own; nothing keeps them alike.
//!
//! What the statements of a rule look for is not kept in snapshots, so it is not compared; a rule is what it is called,
//! what it does, and which group or rate it names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::{Cause, Fact, Listed, Observed, Truth, Value};

use super::super::pool::decided;
use super::super::{Answer, PoolView};
use super::{Of, WEB_ACL, compared};

const POINTER: &str = "/WebACL";

/// The web ACL of an answer; an answer without one means that there is none.
fn web_acl<'f>(answer: &Answer<'f>) -> Observed<&'f Json> {
    match answer.at(POINTER) {
        // The one answer in which the member that holds everything else may be missing.
        Observed::Unknown(Cause::NoMeaning { .. }) => Observed::Absent,
        Observed::Absent => Observed::Unknown(no_meaning(POINTER)),
        Observed::Known(acl) if !acl.is_object() => {
            Observed::Unknown(Cause::Unrecognised { value: format!("{WEB_ACL} {POINTER} that is no object") })
        }
        // Every web ACL has a name.
        Observed::Known(acl) if !acl.get("Name").is_some_and(Json::is_string) => {
            Observed::Unknown(no_meaning("/WebACL/Name"))
        }
        acl @ (Observed::Known(_) | Observed::Unknown(_)) => acl,
    }
}

fn present(answer: &Answer<'_>) -> Observed<Value> {
    match web_acl(answer) {
        Observed::Known(_) => Observed::Known(Value::Bool(true)),
        Observed::Absent => Observed::Known(Value::Bool(false)),
        Observed::Unknown(cause) => Observed::Unknown(cause),
    }
}

pub(super) fn in_primary(view: &PoolView<'_>) -> Fact {
    let answer = Of::Arn.ask(view, WEB_ACL, &view.region);
    Fact { value: present(&answer), sources: vec![answer.source(POINTER)] }
}

pub(super) fn in_secondary(view: &PoolView<'_>) -> Fact {
    compared(view, WEB_ACL, POINTER, Of::Arn, |_, s| present(s))
}

pub(super) fn differences(view: &PoolView<'_>) -> Fact {
    compared(view, WEB_ACL, POINTER, Of::Arn, |p, s| match (web_acl(p), web_acl(s)) {
        (Observed::Known(p_acl), Observed::Known(s_acl)) => {
            Observed::Known(Acl::of(p, p_acl).against(&Acl::of(s, s_acl), &p.region, &s.region).into())
        }
        (Observed::Unknown(cause), _) | (_, Observed::Unknown(cause)) => Observed::Unknown(cause),
        (Observed::Absent, _) | (_, Observed::Absent) => Observed::Absent,
    })
}

pub(super) fn secondary_limits_rate(view: &PoolView<'_>) -> Fact {
    compared(view, WEB_ACL, POINTER, Of::Arn, |_, s| match web_acl(s) {
        Observed::Known(acl) => {
            let acl = Acl::of(s, acl);
            let mut cause = acl.rules.incomplete.clone();
            let truth = acl.rules.any(|rule| {
                let truth = rule.limits_rate();
                if truth == Truth::Unknown {
                    let what = format!("the rule group of the web ACL's rule {}", rule.name);
                    cause.get_or_insert(Cause::NotSearched { what });
                }
                truth
            });
            let truth = if acl.managed {
                cause.get_or_insert(Cause::NotSearched { what: "the rule groups of Firewall Manager".to_owned() });
                truth.or(Truth::Unknown)
            } else {
                truth
            };
            decided(truth, cause, Vec::new()).value
        }
        Observed::Absent => Observed::Known(Value::Bool(false)),
        Observed::Unknown(cause) => Observed::Unknown(cause),
    })
}

/// A web ACL, as far as snapshots keep it.
struct Acl {
    default: Observed<String>,
    /// By Firewall Manager, which puts rule groups of its own around the rules.
    managed: bool,
    rules: Listed<Rule>,
}

#[derive(Debug, PartialEq)]
struct Rule {
    name: String,
    priority: i64,
    /// `Block`, `Count`, …; of a rule that names a group, what is done with the group's own actions.
    action: String,
    rate: Option<String>,
    group: Option<String>,
    /// Whether the group may limit rates by rules of its own.
    group_may_limit: bool,
}

impl Acl {
    fn of(answer: &Answer<'_>, acl: &Json) -> Self {
        let mut rules = Listed::complete(Vec::new());
        match answer.at("/WebACL/Rules") {
            Observed::Known(Json::Array(items)) => {
                for item in items {
                    match Rule::of(item) {
                        Some(rule) => rules.items.push(rule),
                        None => drop(rules.incomplete.get_or_insert(no_meaning("/WebACL/Rules/*"))),
                    }
                }
            }
            // A web ACL may have its default action only.
            Observed::Absent => {}
            Observed::Known(_) => rules.incomplete = Some(no_meaning("/WebACL/Rules")),
            Observed::Unknown(cause) => rules.incomplete = Some(cause),
        }
        rules.items.sort_by_key(|rule| rule.priority);
        let default = match acl.get("DefaultAction").and_then(word) {
            Some(word) => Observed::Known(word),
            None => Observed::Unknown(no_meaning("/WebACL/DefaultAction")),
        };
        let managed = acl.get("ManagedByFirewallManager").and_then(Json::as_bool).unwrap_or(false);
        Self { default, managed, rules }
    }

    /// How `s` differs from this one.
    fn against(&self, s: &Self, p_region: &str, s_region: &str) -> Listed<String> {
        let mut found = Listed { items: Vec::new(), incomplete: None };
        found.incomplete = self.rules.incomplete.clone().or_else(|| s.rules.incomplete.clone());
        match (&self.default, &s.default) {
            (Observed::Known(p), Observed::Known(s)) if p != s => {
                found.items.push(format!("default action: {p} in {p_region}, {s} in {s_region}"));
            }
            (p, s) => {
                let cause = p.cause().or(s.cause()).cloned();
                found.incomplete = found.incomplete.or(cause);
            }
        }
        if self.managed != s.managed {
            let where_managed = if self.managed { p_region } else { s_region };
            found.items.push(format!("managed by Firewall Manager in {where_managed} only"));
        }
        let by_name = |acl: &Self| -> BTreeSet<String> { acl.rules.items.iter().map(|r| r.name.clone()).collect() };
        let (p_names, s_names) = (by_name(self), by_name(s));
        if s.rules.incomplete.is_none() {
            found.items.extend(p_names.difference(&s_names).map(|name| format!("rule {name}: not in {s_region}")));
        }
        if self.rules.incomplete.is_none() {
            found.items.extend(s_names.difference(&p_names).map(|name| format!("rule {name}: not in {p_region}")));
        }
        let rules: BTreeMap<&str, &Rule> = s.rules.items.iter().map(|rule| (rule.name.as_str(), rule)).collect();
        for p in &self.rules.items {
            let Some(s) = rules.get(p.name.as_str()) else { continue };
            let none = || "none".to_owned();
            let members = [
                ("action", p.action.clone(), s.action.clone()),
                ("rate limit", p.rate.clone().unwrap_or_else(none), s.rate.clone().unwrap_or_else(none)),
                ("rule group", p.group.clone().unwrap_or_else(none), s.group.clone().unwrap_or_else(none)),
            ];
            let differing = members.into_iter().filter(|(_, p, s)| p != s);
            found.items.extend(differing.map(|(what, p_is, s_is)| {
                format!("rule {}: {what} {p_is} in {p_region}, {s_is} in {s_region}", p.name)
            }));
        }
        let order = |acl: &Self, others: &BTreeSet<String>| -> Vec<String> {
            let names = acl.rules.items.iter().map(|rule| &rule.name);
            names.filter(|name| others.contains(*name)).cloned().collect()
        };
        if order(self, &s_names) != order(s, &p_names) {
            found.items.push("the order of the rules".to_owned());
        }
        if s.only_counts() && !self.only_counts() {
            found.items.push(format!("every rule in {s_region} only counts"));
        }
        found
    }

    fn only_counts(&self) -> bool {
        !self.rules.items.is_empty() && self.rules.items.iter().all(|rule| rule.action == "Count")
    }
}

impl Rule {
    fn of(item: &Json) -> Option<Self> {
        let text = |pointer: &str| item.pointer(pointer).and_then(Json::as_str);
        let number = |pointer: &str| item.pointer(pointer).and_then(Json::as_i64);
        let rate = number("/Statement/RateBasedStatement/Limit").map(|limit| {
            let per = number("/Statement/RateBasedStatement/EvaluationWindowSec").unwrap_or(DEFAULT_WINDOW);
            let key = text("/Statement/RateBasedStatement/AggregateKeyType").unwrap_or("IP");
            format!("{limit} in {per} s by {key}")
        });
        let managed = text("/Statement/ManagedRuleGroupStatement/Name").map(|name| {
            let vendor = text("/Statement/ManagedRuleGroupStatement/VendorName").unwrap_or_default();
            let version = text("/Statement/ManagedRuleGroupStatement/Version").map(|v| format!(" {v}"));
            let overrides = item.pointer("/Statement/ManagedRuleGroupStatement/RuleActionOverrides");
            let mut overrides: Vec<String> =
                overrides.and_then(Json::as_array).into_iter().flatten().map(told).collect();
            overrides.sort();
            let overrides =
                if overrides.is_empty() { String::new() } else { format!(" with {}", overrides.join(", ")) };
            format!("{vendor} {name}{}{overrides}", version.unwrap_or_default())
        });
        let vendor = text("/Statement/ManagedRuleGroupStatement/VendorName");
        let by_aws = text("/Statement/ManagedRuleGroupStatement/Name")
            .filter(|name| vendor == Some("AWS") && !LIMITING.contains(name));
        // An own group is a copy per Region: what they have in common is the name.
        let own = text("/Statement/RuleGroupReferenceStatement/ARN").map(|arn| {
            let mut parts = arn.rsplit('/');
            parts.nth(1).unwrap_or(arn).to_owned()
        });
        Some(Self {
            name: text("/Name")?.to_owned(),
            priority: number("/Priority")?,
            action: ["Action", "OverrideAction"].iter().find_map(|name| item.get(name).and_then(word))?,
            rate,
            group: managed.or(own),
            group_may_limit: by_aws.is_none(),
        })
    }

    /// Whether requests beyond a rate are stopped. The rules inside a group are not seen.
    fn limits_rate(&self) -> Truth {
        match (&self.rate, &self.group) {
            (Some(_), _) => (!["Allow", "Count"].contains(&self.action.as_str())).into(),
            // A group whose actions are overridden by Count stops nothing.
            (None, Some(_)) if self.group_may_limit && self.action != "Count" => Truth::Unknown,
            (None, _) => Truth::False,
        }
    }
}

/// Source: <https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html>.
const DEFAULT_WINDOW: i64 = 300;

/// The managed groups of AWS that act on how many requests come. Source:
/// <https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html>.
const LIMITING: [&str; 2] = ["AWSManagedRulesAntiDDoSRuleSet", "AWSManagedRulesBotControlRuleSet"];

/// `Block` in `{"Block": {}}`.
fn word(action: &Json) -> Option<String> {
    let members = action.as_object()?;
    let mut names = members.keys();
    names.next().filter(|_| members.len() == 1).cloned()
}

/// An override of one rule of a managed group, such as `SizeRestrictions_BODY Count`.
fn told(rule: &Json) -> String {
    let name = rule.get("Name").and_then(Json::as_str).unwrap_or_default();
    let action = rule.get("ActionToUse").and_then(word).unwrap_or_default();
    format!("{name} {action}")
}

fn no_meaning(pointer: &str) -> Cause {
    Cause::NoMeaning { member: format!("{WEB_ACL} {pointer}") }
}
