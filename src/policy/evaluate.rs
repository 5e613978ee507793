//! The evaluation: statements against a request, and statements together into a decision.
//!
//! For: [`Policy::evaluate`], and the match of a single statement that the judgements on keys build on.
//! Not for: what a decision means for a rule.

use super::document::{Effect, Policy, Scope, Statement, StatementRef, Version};
use super::glob::{Pattern, Reading};
use super::principal::{PrincipalElement, PrincipalKind};
use super::request::{Context, Request};
use super::{Fit, Keys, one};

/// What a policy says about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It allows it.
    Allowed {
        /// The first statement that allows it for sure.
        by: StatementRef,
    },
    /// It does not allow it.
    Denied {
        /// Why.
        reason: DenialReason,
    },
    /// It depends.
    Undecided {
        /// On these condition keys, or on what a phrase such as `Principal "*"` says.
        keys: Keys,
        /// In these statements.
        statements: Vec<StatementRef>,
    },
}

/// Why a request is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DenialReason {
    /// A Deny statement matches.
    Explicit {
        /// The first one.
        by: StatementRef,
        /// The condition keys that *every* matching Deny rests on; empty if the denial does not hang on any one key.
        keys: Keys,
    },
    /// No Allow statement is about this principal, action and resource.
    NoAllow,
    /// Allow statements are (or may be) about this principal, action and resource, and their conditions exclude the request.
    NoAllowBecauseOfCondition {
        /// The condition keys whose conditions do not hold.
        keys: Keys,
        /// The statements.
        statements: Vec<StatementRef>,
    },
}

/// Whether a statement matches a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    /// It is about somebody or something else.
    No,
    /// These condition keys exclude the request.
    NoByCondition(Keys),
    Maybe(Keys),
}

/// Decides a request by all policies of one resource together, as an SES identity has several.
///
/// Which policy a statement is in, the decision does not say.
pub fn evaluate_all(policies: &[Policy], request: &Request) -> Decision {
    let mut allows: Option<StatementRef> = None;
    let (mut allow_keys, mut allow_doubts) = (Keys::new(), Vec::new());
    let (mut deny_keys, mut deny_doubts) = (Keys::new(), Vec::new());
    let (mut excluding_keys, mut excluded) = (Keys::new(), Vec::new());
    let mut denial: Option<(StatementRef, Keys)> = None;
    let statements =
        policies.iter().flat_map(|policy| policy.statements.iter().map(move |statement| (policy, statement)));
    for (policy, statement) in statements {
        match (statement.effect, policy.matches(statement, request)) {
            (Effect::Allow, Match::Yes) => {
                allows.get_or_insert_with(|| statement.reference());
            }
            (Effect::Allow, Match::Maybe(keys)) => {
                allow_keys.extend(keys);
                allow_doubts.push(statement.reference());
            }
            (Effect::Allow, Match::NoByCondition(keys)) => {
                excluding_keys.extend(keys);
                excluded.push(statement.reference());
            }
            (Effect::Deny, Match::Yes) => {
                let keys: Keys = statement.conditions.iter().map(|c| c.key.clone()).collect();
                denial = Some(match denial {
                    Some((first, common)) => (first, common.intersection(&keys).cloned().collect()),
                    None => (statement.reference(), keys),
                });
            }
            (Effect::Deny, Match::Maybe(keys)) => {
                deny_keys.extend(keys);
                deny_doubts.push(statement.reference());
            }
            (_, Match::No) | (Effect::Deny, Match::NoByCondition(_)) => {}
        }
    }
    if let Some((by, keys)) = denial {
        return Decision::Denied { reason: DenialReason::Explicit { by, keys } };
    }
    match allows {
        Some(by) if deny_doubts.is_empty() => Decision::Allowed { by },
        Some(_) => Decision::Undecided { keys: deny_keys, statements: deny_doubts },
        None if !allow_doubts.is_empty() => {
            allow_keys.extend(deny_keys);
            allow_doubts.extend(deny_doubts);
            allow_doubts.sort();
            Decision::Undecided { keys: allow_keys, statements: allow_doubts }
        }
        // Nothing allows it, so a Deny that may or may not match makes no difference.
        None if !excluded.is_empty() => Decision::Denied {
            reason: DenialReason::NoAllowBecauseOfCondition { keys: excluding_keys, statements: excluded },
        },
        None => Decision::Denied { reason: DenialReason::NoAllow },
    }
}

impl Policy {
    /// Decides a request. Never longer than the policy's size times that of the request's values.
    pub fn evaluate(&self, request: &Request) -> Decision {
        evaluate_all(std::slice::from_ref(self), request)
    }

    /// Whether an Allow statement names this service, exactly as written, among its principals.
    pub fn names_service(&self, service: &str) -> bool {
        self.statements.iter().filter(|s| s.effect == Effect::Allow).any(|s| match &s.principals {
            PrincipalElement::Principal(named) => {
                named.iter().any(|n| n.kind == PrincipalKind::Service && n.value == service)
            }
            PrincipalElement::NotPrincipal(_) => false,
        })
    }

    /// Whether one statement of this policy matches a request.
    pub(super) fn matches(&self, statement: &Statement, request: &Request) -> Match {
        let known = self.matches_known_members(statement, request);
        if statement.unknown_members.is_empty() {
            return known;
        }
        let unknown = statement.unknown_members.iter().map(|m| format!("unknown member \"{m}\""));
        match known {
            Match::Maybe(mut keys) => {
                keys.extend(unknown);
                Match::Maybe(keys)
            }
            Match::Yes => Match::Maybe(unknown.collect()),
            // What the member means may widen the statement: harmless in an Allow that we then miss, not in a Deny.
            Match::No | Match::NoByCondition(_) if statement.effect == Effect::Deny => Match::Maybe(unknown.collect()),
            Match::No | Match::NoByCondition(_) => known,
        }
    }

    fn matches_known_members(&self, statement: &Statement, request: &Request) -> Match {
        // One after the other, the cheapest first: the first "no" decides.
        let parts: [&dyn Fn() -> Fit; 3] = [
            &|| action_fit(&statement.actions, &request.action),
            &|| statement.principals.fit(statement.effect, &request.principal),
            &|| self.resource_fit(statement.resources.as_ref(), request),
        ];
        let about = Fit::all(parts.into_iter().map(|part| part()));
        let mut doubts = match about {
            Fit::No => return Match::No,
            Fit::Yes => Keys::new(),
            Fit::Maybe(keys) => keys,
        };
        let mut excluding = Keys::new();
        for condition in &statement.conditions {
            match condition.fit(&request.context, self.has_variables()) {
                Fit::Yes => {}
                Fit::No => {
                    excluding.insert(condition.key.clone());
                }
                Fit::Maybe(keys) => doubts.extend(keys),
            }
        }
        if !excluding.is_empty() {
            Match::NoByCondition(excluding)
        } else if doubts.is_empty() {
            Match::Yes
        } else {
            Match::Maybe(doubts)
        }
    }

    /// Whether all conditions of a statement hold for sure.
    pub(super) fn conditions_hold(&self, statement: &Statement, context: &Context) -> bool {
        statement.conditions.iter().all(|c| c.fit(context, self.has_variables()) == Fit::Yes)
    }

    pub(super) fn has_variables(&self) -> bool {
        self.version == Version::V2012
    }

    fn resource_fit(&self, scope: Option<&Scope>, request: &Request) -> Fit {
        let Some(scope) = scope else {
            // Trust policies have no Resource: they are about what they are attached to.
            return if request.resource.is_none() { Fit::Yes } else { Fit::Maybe(one("no Resource")) };
        };
        let variables = self.has_variables().then_some(&request.context);
        let fit = |patterns: &[String]| {
            Fit::any(patterns.iter().map(|p| one_resource_fit(p, request.resource.as_deref(), variables)))
        };
        match scope {
            Scope::Only(patterns) => fit(patterns),
            Scope::AllBut(patterns) => fit(patterns).not(),
        }
    }
}

fn one_resource_fit(written: &str, resource: Option<&str>, variables: Option<&Context>) -> Fit {
    let pattern = match Pattern::read(written, Reading { wildcards: true, variables }) {
        Ok(pattern) => pattern,
        Err(keys) => return Fit::Maybe(keys),
    };
    let doubt = || Fit::Maybe(one(format!("Resource \"{written}\"")));
    if pattern.matches_everything() {
        return Fit::Yes;
    }
    // The request is for "this resource", whose ARN nobody gave.
    let Some(resource) = resource else { return doubt() };
    if !pattern.matches(resource) {
        return Fit::No;
    }
    // Documented: wildcards work within a part of an ARN. A match only across its colons is not relied upon.
    match pattern.matches_arn(resource) {
        Some(true) => Fit::Yes,
        None if pattern.literal().is_some() => Fit::Yes,
        Some(false) | None => doubt(),
    }
}

/// Whether the action is among those of a statement.
pub(super) fn action_fit(scope: &Scope, action: &str) -> Fit {
    let fit_one = |pattern: &String| {
        if !pattern.contains(['*', '?']) {
            return pattern.eq_ignore_ascii_case(action);
        }
        Pattern::plain(&pattern.to_ascii_lowercase()).matches(&action.to_ascii_lowercase())
    };
    let fit = |patterns: &[String]| patterns.iter().any(fit_one);
    match scope {
        Scope::Only(patterns) => Fit::of(fit(patterns)),
        Scope::AllBut(patterns) => Fit::of(!fit(patterns)),
    }
}
