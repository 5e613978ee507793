//! `load_balancer.*`, `oidc_provider.*`, `identity_pool.*`, `bound_service.*`, `discovery_client.*`: what takes or verifies a
//! pool's tokens, as Cloud Control describes it; and `pool.owner_stack`, the stack that owns the pool.
//!
//! Every resource is read once per account (`read`, by `search`) and tied to a pool by id: in an ARN of either Region, an
//! issuer URL of either host, a discovery URL. What a setting accepts is compared exactly, as for authorizers.

mod actions;
mod discovery;
mod identity;
mod opensearch;
mod search;
mod services;
mod stack;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::model::{Cause, Fact, FieldType, Listed, Observed, Source, Subject, SubjectKind, Truth, Value};
use crate::snapshot::operations::{GLOBAL_REGION, ResourceType, resource_type};

use super::authorizer::accepts;
use super::pool::decided;
use super::{Child, ChildField, Children, PoolView, TEXT, TEXTS, child_field};
use search::{Resource, resources};
pub(super) use stack::FIELDS;

/// A resource that names a pool, read without regard to which pool is judged.
#[derive(Debug, Clone)]
struct Reference {
    /// The pool it names.
    pool_id: String,
    region: String,
    /// The service, the Region and the resource: the subject's id without the pool.
    id: String,
    /// What a person would call it.
    name: String,
    arn: Option<String>,
    /// The kind of resource, in words.
    service: &'static str,
    /// The load balancer's action; empty for everything else.
    action: &'static str,
    /// The issuers that are compared with the token's.
    issuers: Vec<String>,
    /// What names the pool, as it is written.
    written: Vec<String>,
    /// Where signing keys are read, if that is a setting of its own.
    keys: Option<String>,
    source: Source,
}

impl Reference {
    /// Something that a resource says about a pool; `what` in words.
    fn new(resource: &Resource<'_>, what: &'static str, name: String, pool_id: &str) -> Self {
        Self {
            pool_id: pool_id.to_owned(),
            region: resource.region.clone(),
            id: format!("{}/{}/{}", resource.row.service, resource.region, resource.short()),
            name,
            arn: resource.arn(),
            service: what,
            action: "",
            issuers: Vec::new(),
            written: Vec::new(),
            keys: None,
            source: resource.source(""),
        }
    }
}

/// What was read of one kind, and why there may be more.
#[derive(Debug, Default)]
struct Found {
    references: Vec<Reference>,
    incomplete: Option<Cause>,
    /// Kinds of resource and Regions that do not know the type.
    unregistered: BTreeSet<(&'static str, String)>,
}

/// What was read, by account and kind: every pool of the account asks for the same.
#[derive(Debug, Default)]
pub(super) struct Cache {
    found: RefCell<BTreeMap<(String, SubjectKind), Rc<Found>>>,
    owners: RefCell<BTreeMap<(String, String), Rc<stack::Owners>>>,
}

/// One type of resource: what a person calls it, and what its properties say about pools.
struct Reader {
    kind: SubjectKind,
    type_name: &'static str,
    /// In the plural, for "none found in".
    what: &'static str,
    read: fn(&Resource<'_>, &mut Vec<Reference>) -> Option<Cause>,
}

const fn reader(
    kind: SubjectKind,
    type_name: &'static str,
    what: &'static str,
    read: fn(&Resource<'_>, &mut Vec<Reference>) -> Option<Cause>,
) -> Reader {
    Reader { kind, type_name, what, read }
}

const READERS: &[Reader] = &[
    reader(
        SubjectKind::LoadBalancer,
        "AWS::ElasticLoadBalancingV2::Listener",
        "load balancer listeners",
        actions::listener,
    ),
    reader(
        SubjectKind::LoadBalancer,
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "load balancer rules",
        actions::rule,
    ),
    reader(SubjectKind::OidcProvider, "AWS::IAM::OIDCProvider", "IAM OIDC providers", identity::provider),
    reader(SubjectKind::IdentityPool, "AWS::Cognito::IdentityPool", "identity pools", identity::pool),
    reader(SubjectKind::BoundService, "AWS::AppSync::GraphQLApi", "AppSync GraphQL APIs", services::graphql),
    reader(SubjectKind::BoundService, "AWS::AppSync::Api", "AppSync Event APIs", services::events),
    reader(
        SubjectKind::BoundService,
        "AWS::VerifiedPermissions::IdentitySource",
        "Verified Permissions identity sources",
        services::identity_source,
    ),
    reader(SubjectKind::BoundService, "AWS::SageMaker::Workforce", "SageMaker workforces", services::workforce),
    reader(
        SubjectKind::DiscoveryClient,
        "AWS::BedrockAgentCore::Gateway",
        "Bedrock AgentCore gateways",
        discovery::gateway,
    ),
    reader(
        SubjectKind::DiscoveryClient,
        "AWS::BedrockAgentCore::Runtime",
        "Bedrock AgentCore runtimes",
        discovery::runtime,
    ),
    reader(SubjectKind::DiscoveryClient, "AWS::EKS::IdentityProviderConfig", "EKS clusters", discovery::cluster),
    reader(
        SubjectKind::DiscoveryClient,
        "AWS::Cognito::UserPoolIdentityProvider",
        "identity providers of user pools",
        discovery::user_pool,
    ),
    reader(SubjectKind::DiscoveryClient, "AWS::AppSync::GraphQLApi", "AppSync GraphQL APIs", discovery::graphql),
    reader(SubjectKind::DiscoveryClient, "AWS::AppSync::Api", "AppSync Event APIs", discovery::events),
    reader(
        SubjectKind::DiscoveryClient,
        "AWS::VerifiedPermissions::IdentitySource",
        "Verified Permissions identity sources",
        discovery::identity_source,
    ),
    reader(SubjectKind::DiscoveryClient, "AWS::SageMaker::Workforce", "SageMaker workforces", discovery::workforce),
];

macro_rules! calls {
    (list [$($list:literal),*], read [$($read:literal),*] $(, and [$($other:expr),*])?) => {
        &[
            $(concat!("cloudcontrol:ListResources AWS::", $list),)*
            $(concat!("cloudcontrol:ListResources AWS::", $read), concat!("cloudcontrol:GetResource AWS::", $read),)*
            $($($other),*)?
        ]
    };
}

const ACTIONS: &[&str] = calls!(
    list ["ElasticLoadBalancingV2::LoadBalancer"],
    read ["ElasticLoadBalancingV2::Listener", "ElasticLoadBalancingV2::ListenerRule"]
);
const PROVIDERS: &[&str] = calls!(list ["IAM::OIDCProvider"], read []);
const IDENTITY_POOLS: &[&str] = calls!(list [], read ["Cognito::IdentityPool"]);
const SERVICES: &[&str] = calls!(
    list ["VerifiedPermissions::PolicyStore"],
    read ["AppSync::Api", "AppSync::GraphQLApi", "SageMaker::Workforce", "VerifiedPermissions::IdentitySource"],
    and [opensearch::LIST, opensearch::DESCRIBE]
);
const CLIENTS: &[&str] = calls!(
    list ["Cognito::UserPool", "EKS::Cluster", "VerifiedPermissions::PolicyStore"],
    read [
        "AppSync::Api", "AppSync::GraphQLApi", "BedrockAgentCore::Gateway", "BedrockAgentCore::Runtime",
        "Cognito::UserPoolIdentityProvider", "EKS::IdentityProviderConfig", "SageMaker::Workforce",
        "VerifiedPermissions::IdentitySource"
    ]
);

const fn action(name: &'static str, ty: FieldType, doc: &'static str) -> ChildField {
    child_field(SubjectKind::LoadBalancer, name, ty, ACTIONS, doc)
}

const fn provider(name: &'static str, ty: FieldType, doc: &'static str) -> ChildField {
    child_field(SubjectKind::OidcProvider, name, ty, PROVIDERS, doc)
}

const fn identity_pool(name: &'static str, ty: FieldType, doc: &'static str) -> ChildField {
    child_field(SubjectKind::IdentityPool, name, ty, IDENTITY_POOLS, doc)
}

const fn service(name: &'static str, ty: FieldType, doc: &'static str) -> ChildField {
    child_field(SubjectKind::BoundService, name, ty, SERVICES, doc)
}

const fn client(name: &'static str, ty: FieldType, doc: &'static str) -> ChildField {
    child_field(SubjectKind::DiscoveryClient, name, ty, CLIENTS, doc)
}

/// The fields of one consumer.
pub(super) const CHILD_FIELDS: &[ChildField] = &[
    action(
        "load_balancer.accepts_new",
        FieldType::Bool,
        "Whether the action accepts tokens of the multi-Region issuer.",
    ),
    action("load_balancer.accepts_old", FieldType::Bool, "Whether the action accepts tokens of the Regional issuer."),
    action(
        "load_balancer.action",
        FieldType::Word(&["authenticate_cognito", "authenticate_oidc", "jwt_validation"]),
        "What the load balancer does with users or tokens of the pool.",
    ),
    action(
        "load_balancer.issuer",
        TEXT,
        "The issuer the action compares with; absent for authenticate_cognito, which has no such setting.",
    ),
    action(
        "load_balancer.keys_from_new",
        FieldType::Bool,
        "Whether signing keys are read from the multi-Region issuer; absent where that is no setting.",
    ),
    action("load_balancer.name", TEXT, "The load balancer, with the listener or rule."),
    action("load_balancer.region", TEXT, "The Region of the load balancer."),
    provider("oidc_provider.accepts_new", FieldType::Bool, "Whether it is the provider of the multi-Region issuer."),
    provider("oidc_provider.accepts_old", FieldType::Bool, "Whether it is the provider of the Regional issuer."),
    provider(
        "oidc_provider.new_provider_exists",
        FieldType::Bool,
        "Whether the account has a provider for the multi-Region issuer of the pool.",
    ),
    provider("oidc_provider.url", TEXT, "The provider's URL."),
    child_field(
        SubjectKind::IdentityPool,
        "identity_pool.counterpart",
        FieldType::Bool,
        &[
            "cloudcontrol:ListResources AWS::Cognito::IdentityPool",
            "cloudcontrol:GetResource AWS::Cognito::IdentityPool",
            "cognito-idp:ListUserPoolReplicas",
            "kms:DescribeKey",
        ],
        "Whether an identity pool in the replica Region takes the same user pool.",
    ),
    identity_pool("identity_pool.id", TEXT, "The identity pool's id."),
    identity_pool("identity_pool.in_primary", FieldType::Bool, "Whether it is in the user pool's primary Region."),
    identity_pool("identity_pool.name", TEXT, "The identity pool's name."),
    identity_pool("identity_pool.providers", TEXTS, "The names under which it takes the user pool's tokens."),
    identity_pool("identity_pool.region", TEXT, "The Region of the identity pool."),
    service("bound_service.name", TEXT, "The name and id of the resource that is bound to the pool."),
    service("bound_service.region", TEXT, "The Region of that resource."),
    service("bound_service.service", TEXT, "The kind of resource, such as AppSync GraphQL API."),
    client("discovery_client.accepts_new", FieldType::Bool, "Whether it accepts tokens of the multi-Region issuer."),
    client("discovery_client.accepts_old", FieldType::Bool, "Whether it accepts tokens of the Regional issuer."),
    client("discovery_client.issuers", TEXTS, "The issuer or discovery URLs of the pool that it is configured with."),
    client("discovery_client.name", TEXT, "The name and id of the resource that verifies tokens."),
    client("discovery_client.region", TEXT, "The Region of that resource."),
    client("discovery_client.service", TEXT, "The kind of resource, such as Bedrock AgentCore gateway."),
];

/// The consumers of a kind that name the pool.
pub(super) fn of(view: &PoolView<'_>, kind: SubjectKind) -> Children {
    let key = (view.key.account.clone(), kind);
    let cached = view.consumers.bound.found.borrow().get(&key).cloned();
    let found = cached.unwrap_or_else(|| {
        let found = Rc::new(read(view, kind));
        view.consumers.bound.found.borrow_mut().insert(key, Rc::clone(&found));
        found
    });
    let (mut missing, mut searched) = (None, Vec::new());
    for reader in READERS.iter().filter(|reader| reader.kind == kind) {
        let Some(row) = resource_type(reader.type_name) else { continue };
        let (regions, unsearched) = regions_of(view, row);
        missing = missing.or(unsearched);
        let place = |region: &String| {
            // A global type is named without the Region in which it happens to be asked.
            let place = if row.global { "the account" } else { region };
            let unknown_there = if found.unregistered.contains(&(reader.what, region.clone())) {
                " (a type that CloudFormation does not have there)"
            } else {
                ""
            };
            format!("{} of {place}{unknown_there}", reader.what)
        };
        searched.extend(view.searched_texts(|| regions.iter().map(place).collect()));
    }
    if kind == SubjectKind::BoundService {
        let (places, unsearched) = opensearch::searched(view);
        missing = missing.or(unsearched);
        searched.extend(places);
    }
    let incomplete = missing.or_else(|| found.incomplete.clone());
    let ours: Vec<&Reference> = found.references.iter().filter(|each| each.pool_id == view.key.id).collect();
    let items = ours.iter().map(|reference| child(view, kind, reference, &ours, incomplete.as_ref())).collect();
    Children { found: Listed { items, incomplete }, searched }
}

/// The Regions in which a type has to be searched and was, and what of them was not.
fn regions_of(view: &PoolView<'_>, row: &ResourceType) -> (Rc<BTreeSet<String>>, Option<Cause>) {
    if !row.global {
        return view.consumer_regions(row.service);
    }
    if view.searched(row.service).contains(GLOBAL_REGION) {
        return (Rc::new(BTreeSet::from([GLOBAL_REGION.to_owned()])), None);
    }
    let what = format!("{} in {GLOBAL_REGION}", row.service);
    (Rc::default(), Some(Cause::NotSearched { what }))
}

/// Everything of a kind in the account, whichever pool it names.
fn read(view: &PoolView<'_>, kind: SubjectKind) -> Found {
    let mut found = Found::default();
    for reader in READERS.iter().filter(|reader| reader.kind == kind) {
        let Some(row) = resource_type(reader.type_name) else { continue };
        let (regions, _) = regions_of(view, row);
        for region in regions.iter() {
            let search = resources(view, row, region, &regions);
            if search.unregistered {
                found.unregistered.insert((reader.what, region.clone()));
            }
            found.incomplete = found.incomplete.take().or(search.incomplete);
            for resource in &search.items {
                let hidden = (reader.read)(resource, &mut found.references);
                found.incomplete = found.incomplete.take().or(hidden);
            }
        }
    }
    if kind == SubjectKind::BoundService {
        opensearch::read(view, &mut found);
    }
    found
}

fn child(
    view: &PoolView<'_>,
    kind: SubjectKind,
    reference: &Reference,
    ours: &[&Reference],
    incomplete: Option<&Cause>,
) -> Child {
    let source = || if view.told { reference.source.clone() } else { Source::none() };
    let known = |value: Value| Fact::known(value, vec![source()]);
    let text = |text: &str| known(text.into());
    let list = |items: &[String]| known(Listed::complete(items.to_vec()).into());
    let (old, new) = accepts(&reference.issuers, view);
    // Whether one of the pool's other references holds; those that were not seen may.
    let among = |holds: &dyn Fn(&Reference) -> bool| {
        let seen = ours.iter().any(|each| holds(each));
        let truth = match (seen, incomplete) {
            (true, _) => Truth::True,
            (false, None) => Truth::False,
            (false, Some(_)) => Truth::Unknown,
        };
        decided(truth, incomplete.cloned(), vec![source()])
    };
    let fields = match kind {
        SubjectKind::LoadBalancer => {
            let cognito = reference.action == "authenticate_cognito";
            let (old, new) = if cognito { (true, false) } else { (old, new) };
            let setting = |value: Option<Fact>| value.unwrap_or_else(|| Fact::absent(vec![source()]));
            let jwks = format!("{}/.well-known/jwks.json", super::pool::issuer(view, "issuer-cognito-idp"));
            BTreeMap::from([
                ("load_balancer.accepts_new", known(new.into())),
                ("load_balancer.accepts_old", known(old.into())),
                ("load_balancer.action", text(reference.action)),
                ("load_balancer.issuer", setting(reference.issuers.first().map(|issuer| text(issuer)))),
                (
                    "load_balancer.keys_from_new",
                    setting(reference.keys.as_ref().map(|url| known((*url == jwks).into()))),
                ),
                ("load_balancer.name", text(&reference.name)),
                ("load_balancer.region", text(&reference.region)),
            ])
        }
        SubjectKind::OidcProvider => BTreeMap::from([
            ("oidc_provider.accepts_new", known(new.into())),
            ("oidc_provider.accepts_old", known(old.into())),
            ("oidc_provider.new_provider_exists", among(&|each| accepts(&each.issuers, view).1)),
            ("oidc_provider.url", text(&reference.name)),
        ]),
        SubjectKind::IdentityPool => {
            let counterpart = match view.target_region() {
                Observed::Known(target) => among(&|each| each.region == target),
                Observed::Absent => Fact::unknown(Cause::NoTargetRegion, view.target.sources.clone()),
                Observed::Unknown(cause) => Fact::unknown(cause, view.target.sources.clone()),
            };
            let id = reference.id.rsplit('/').next().unwrap_or_default();
            BTreeMap::from([
                ("identity_pool.counterpart", counterpart),
                ("identity_pool.id", text(id)),
                ("identity_pool.in_primary", known((reference.region == view.region).into())),
                ("identity_pool.name", text(&reference.name)),
                ("identity_pool.providers", list(&reference.written)),
                ("identity_pool.region", text(&reference.region)),
            ])
        }
        SubjectKind::BoundService => BTreeMap::from([
            ("bound_service.name", text(&reference.name)),
            ("bound_service.region", text(&reference.region)),
            ("bound_service.service", text(reference.service)),
        ]),
        SubjectKind::DiscoveryClient => BTreeMap::from([
            ("discovery_client.accepts_new", known(new.into())),
            ("discovery_client.accepts_old", known(old.into())),
            ("discovery_client.issuers", list(&reference.written)),
            ("discovery_client.name", text(&reference.name)),
            ("discovery_client.region", text(&reference.region)),
            ("discovery_client.service", text(reference.service)),
        ]),
        SubjectKind::Pool
        | SubjectKind::Authorizer
        | SubjectKind::Route
        | SubjectKind::Template
        | SubjectKind::Trigger
        | SubjectKind::Reference
        | SubjectKind::Account => BTreeMap::new(),
    };
    let subject = Subject {
        kind,
        id: format!("{}#{}", reference.id, view.key.id),
        name: Some(reference.name.clone()),
        arn: reference.arn.clone(),
        region: Some(reference.region.clone()),
        account: view.key.account.clone(),
        pool_id: Some(view.key.id.clone()),
    };
    Child { subject, fields }
}
