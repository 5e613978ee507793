//! The text of a new rule file: one that loads, tests included, and shows what to change. Writes no file.

use crate::model::SubjectKind;

use super::tree::is_kebab_case;

/// Whether a rule may have this id: lower case words joined by hyphens.
pub fn is_rule_id(id: &str) -> bool {
    is_kebab_case(id)
}

/// The text of a new rule, to be saved as `<id>.yaml`. `id` has to be a rule id.
pub fn new_rule(id: &str, subject: SubjectKind) -> String {
    let (title, field, wanted, other) = match subject {
        SubjectKind::Pool => {
            ("The pool is protected against deletion", "pool.deletion_protection", "ACTIVE", "INACTIVE")
        }
        SubjectKind::Authorizer => {
            ("The authorizer accepts the updated issuer", "authorizer.accepts_new", "true", "false")
        }
        SubjectKind::Route => ("The route accepts the updated issuer", "route.accepts_new", "true", "false"),
        SubjectKind::Template => ("The reference accepts the updated issuer", "template.accepts_new", "true", "false"),
        SubjectKind::Trigger => ("The trigger's function is active", "trigger.function_state", "Active", "Failed"),
        SubjectKind::LoadBalancer => {
            ("The action accepts the updated issuer", "load_balancer.accepts_new", "true", "false")
        }
        SubjectKind::OidcProvider => {
            ("The provider is for the updated issuer", "oidc_provider.accepts_new", "true", "false")
        }
        SubjectKind::IdentityPool => {
            ("The identity pool is not in the primary Region", "identity_pool.in_primary", "false", "true")
        }
        SubjectKind::BoundService => {
            ("The bound service is in us-east-1", "bound_service.region", "us-east-1", "eu-west-1")
        }
        SubjectKind::DiscoveryClient => {
            ("The client accepts the updated issuer", "discovery_client.accepts_new", "true", "false")
        }
        SubjectKind::Reference => {
            ("The reference accepts the updated issuer", "reference.accepts_new", "true", "false")
        }
        SubjectKind::Account => ("The account is another one", "account.id", "'111122223333'", "'444455556666'"),
    };
    let call = match subject {
        SubjectKind::Pool => "cognito-idp:DescribeUserPool",
        SubjectKind::Account => "cognito-idp:ListUserPools",
        SubjectKind::Authorizer | SubjectKind::Route => "apigateway:GetAuthorizers",
        SubjectKind::Template | SubjectKind::Reference => "cloudformation:GetTemplate",
        SubjectKind::Trigger => "lambda:GetFunctionConfiguration",
        SubjectKind::LoadBalancer
        | SubjectKind::OidcProvider
        | SubjectKind::IdentityPool
        | SubjectKind::BoundService
        | SubjectKind::DiscoveryClient => "cloudformation:ListResources",
    };
    format!(
        "\
# A rule is data: `mrready rules check` checks it, `mrready rules test` runs its tests.
# `mrready explain FIELD` says what a field is, where it is read and what its absence means.
id: {id}                # the file's name without .yaml
title: {title}
since: 0.1.0
status: experimental    # stable | experimental
tags: []                # product-limit and `short: a few words`, for what the product cannot do: one line of a report
level: advisory         # blocker | advisory | info
gates: [replicate]      # issuer | replicate | activate | failover
subject: {subject}
# applies_when: {{ field: key.type, equals: CUSTOMER_MANAGED_KEY }}
# One of: equals in not_in matches contains gt gte lt lte within_days present. Join conditions with all, any, not.
check: {{ field: {field}, equals: {wanted} }}
say:
  warn: \"{field} is {{{field}}}\"
why: |
  Say in two or three sentences what happens if this does not hold, and to whom.
resolve: before         # before | at_switch | after
remedy: []              # ids of steps
references: []          # - {{ url: https://…, read: YYYY-MM-DD, grade: DOC }}   API | DOC | STD | TP | INF | UNV
# A field that is not given is unknown. Every verdict the rule can give has a test.
tests:
  - {{ given: {{ {field}: {wanted} }}, expect: pass }}
  - {{ given: {{ {field}: {other} }}, expect: warn }}
  - {{ given: {{ {field}: {{ $unknown: {{ denied: \"{call}\" }} }} }}, expect: unknown }}
"
    )
}
