//! Facts: what the log says about a pool and what belongs to it, as typed fields with provenance.
//!
//! Cleverness lives here, so that rules can stay small: policies are evaluated, pools are matched by id over Regions,
//! lists know whether they are whole. Nothing is judged here, and nothing is guessed: a field is known, absent (and says
//! what that means) or unknown with its cause.

mod account;
mod assume;
mod authorizer;
mod bound;
mod clients;
mod failover;
mod governance;
mod key;
mod log;
mod messages;
mod parity;
mod pool;
mod reference;
mod region;
mod replica;
mod route;
mod target;
mod template;
mod trigger;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use jiff::{SignedDuration, Timestamp};

use crate::model::{
    Absence, Cause, Fact, FieldSpec, FieldType, Fields, Listed, Observed, Source, Subject, SubjectKind, TargetIssuer,
    Value, begins_a_name,
};
use crate::snapshot::{PoolKey, Snapshot};

pub use assume::{Assumed, Assumptions};
pub use log::{Answer, Log, cause_of};
pub use region::{RegionTable, RegionTableError};

/// One field: what rules are told of it, and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Name, type, meaning of absence, calls, one line.
    pub spec: FieldSpec,
    /// Reads it for a pool.
    pub get: fn(&PoolView<'_>) -> Fact,
}

/// A field of a child subject; its value is in the child's record.
#[derive(Debug, Clone, Copy)]
struct ChildField {
    kind: SubjectKind,
    spec: FieldSpec,
}

/// The options on which facts depend.
#[derive(Debug, Clone)]
pub struct FactOptions {
    /// The clock of the run.
    pub now: Timestamp,
    /// Where the operator is heading with the issuer.
    pub target_issuer: TargetIssuer,
    /// Pools that head elsewhere, by id.
    pub target_issuers: BTreeMap<String, TargetIssuer>,
    /// Replica Regions by pool id or primary Region, the empty key for all others; goes before what the snapshot's scope
    /// says.
    pub replica_regions: BTreeMap<String, String>,
    /// Older evidence is unknown.
    pub max_age: Option<SignedDuration>,
    /// `--operator-arn`: the role that will run the migration.
    pub operator_arn: Option<String>,
    /// `--mau`: monthly active users, for the estimate of cost; without it Cognito's estimate of all users.
    pub monthly_active_users: Option<u64>,
    /// `--required-tag`: tag keys that both Regions have to agree on.
    pub required_tags: BTreeSet<String>,
}

impl FactOptions {
    /// The options of a run at `now` without any flag.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            target_issuer: TargetIssuer::Updated,
            target_issuers: BTreeMap::new(),
            replica_regions: BTreeMap::new(),
            max_age: None,
            operator_arn: None,
            monthly_active_users: None,
            required_tags: BTreeSet::new(),
        }
    }
}

/// The facts of one snapshot.
#[derive(Debug)]
pub struct Facts<'a> {
    snapshot: &'a Snapshot,
    log: Log<'a>,
    options: FactOptions,
    regions: Arc<RegionTable>,
    consumers: Consumers,
    references: reference::Index<'a>,
    assumptions: Assumptions,
}

/// What the search for consumers says to every pool of an account alike: read once, not once for each of them.
#[derive(Debug, Default)]
struct Consumers {
    /// In which Regions of an account a service was searched.
    searched: BTreeMap<String, BTreeMap<String, Rc<BTreeSet<String>>>>,
    authorizers: PerSearch<Listed<String>>,
    routes: PerSearch<Listed<String>>,
    stacks: PerSearch<Option<Cause>>,
    bound: bound::Cache,
}

/// A value by account and the Regions searched.
#[derive(Debug)]
struct PerSearch<T>(RefCell<BTreeMap<(String, BTreeSet<String>), T>>);

impl<T> Default for PerSearch<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: Clone> PerSearch<T> {
    fn get(&self, account: &str, regions: &BTreeSet<String>, read: impl FnOnce() -> T) -> T {
        let key = (account.to_owned(), regions.clone());
        if let Some(value) = self.0.borrow().get(&key) {
            return value.clone();
        }
        let value = read();
        self.0.borrow_mut().insert(key, value.clone());
        value
    }
}

/// One pool as its evidence shows it.
#[derive(Debug)]
pub struct PoolView<'f> {
    /// Where questions go.
    log: &'f Log<'f>,
    snapshot: &'f Snapshot,
    options: &'f FactOptions,
    table: &'f RegionTable,
    consumers: &'f Consumers,
    references: &'f reference::Index<'f>,
    /// What is taken to be so, whatever the evidence says.
    assumed: Option<&'f Assumed>,
    /// The account and the id.
    pub key: PoolKey,
    /// The primary Region: the id's prefix.
    pub region: String,
    target: Fact,
    /// Whether somebody wants to know where values were read.
    told: bool,
    memo: Memo,
    /// The fields that were asked for so far, by number: many rules ask for the same ones, and some cost a policy's
    /// evaluation.
    read: RefCell<Vec<Option<Rc<Fact>>>>,
}

/// What several fields of a pool are made of.
#[derive(Debug, Default)]
struct Memo {
    secondaries: OnceCell<Listed<replica::Secondary>>,
    key_regions: OnceCell<Fact>,
    key_policy: OnceCell<key::Judged>,
    related_key_policy: OnceCell<key::Judged>,
    role_trust: OnceCell<messages::Found<(&'static str, String)>>,
    sending: OnceCell<messages::Found<(&'static str, String)>>,
    health_checks: OnceCell<failover::HealthChecks>,
    hidden_references: OnceCell<Vec<(&'static str, Cause)>>,
}

/// A thing other than a pool that a rule judges, with its own fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// What it is.
    pub subject: Subject,
    /// Its fields by full name.
    pub fields: BTreeMap<&'static str, Fact>,
}

/// The children of one kind, and what was searched for them.
#[derive(Debug, Clone)]
pub struct Children {
    /// Those seen, and why there may be more.
    pub found: Listed<Child>,
    /// What was searched, for "nothing was found".
    pub searched: Vec<String>,
}

impl<'a> Facts<'a> {
    /// The facts of a snapshot.
    pub fn new(snapshot: &'a Snapshot, options: FactOptions, regions: impl Into<Arc<RegionTable>>) -> Self {
        let mut searched: BTreeMap<String, BTreeMap<String, Rc<BTreeSet<String>>>> = BTreeMap::new();
        for each in &snapshot.header.scope.searched {
            let services = searched.entry(each.account.clone()).or_default();
            Rc::make_mut(services.entry(each.service.clone()).or_default()).insert(each.region.clone());
        }
        Self {
            snapshot,
            log: Log::new(snapshot, options.now, options.max_age),
            references: reference::Index::new(snapshot, &options),
            options,
            regions: regions.into(),
            consumers: Consumers { searched, ..Consumers::default() },
            assumptions: Assumptions::default(),
        }
    }

    /// The same facts as they would be if these held: a look ahead, never evidence.
    #[must_use]
    pub fn assuming(mut self, assumptions: Assumptions) -> Self {
        self.assumptions = assumptions;
        self
    }

    /// Assumes this instead, and gives back what was assumed before.
    pub fn assume_instead(&mut self, assumptions: Assumptions) -> Assumptions {
        std::mem::replace(&mut self.assumptions, assumptions)
    }

    /// What is assumed beside the evidence.
    pub fn assumptions(&self) -> &Assumptions {
        &self.assumptions
    }

    /// The pools in scope, sorted by account and id.
    pub fn pools(&self) -> Vec<PoolView<'_>> {
        self.snapshot.header.scope.pools.iter().map(|key| self.pool(key)).collect()
    }

    /// The pool of this key, whether or not it is in scope.
    pub fn pool(&self, key: &PoolKey) -> PoolView<'_> {
        self.view(key, true)
    }

    /// The same pool, of which nobody wants to know where its values were read: the values are the same, and cost less.
    pub fn untold_pool(&self, key: &PoolKey) -> PoolView<'_> {
        self.view(key, false)
    }

    fn view(&self, key: &PoolKey, told: bool) -> PoolView<'_> {
        let region = key.id.split('_').next().unwrap_or_default().to_owned();
        let mut view = PoolView {
            log: &self.log,
            snapshot: self.snapshot,
            options: &self.options,
            table: &self.regions,
            consumers: &self.consumers,
            references: &self.references,
            assumed: self.assumptions.of(key),
            key: key.clone(),
            region,
            target: Fact::unknown(Cause::NoTargetRegion, Vec::new()),
            told,
            memo: Memo::default(),
            read: RefCell::default(),
        };
        view.target = match view.assumed.and_then(|assumed| assumed.field("target.region")) {
            Some(fact) => fact,
            None => target::region(&view),
        };
        view
    }

    /// The accounts in scope.
    pub fn accounts(&self) -> BTreeSet<&str> {
        self.snapshot.header.scope.pools.iter().map(|pool| pool.account.as_str()).collect()
    }

    /// Issuer references whose pool could not be resolved: of the accounts in scope, and of source trees.
    pub fn unresolved_references(&self) -> Vec<Child> {
        let accounts = self.accounts();
        let templates = accounts.iter().flat_map(|account| {
            template::children(self.snapshot.hits().filter(|hit| template::is_unresolved(hit, account)), |_| None)
        });
        let mut all: Vec<Child> = templates.collect();
        all.extend(self.references.unresolved(&self.options, &accounts));
        all
    }

    /// The accounts all of whose pools were to be found, as subjects.
    pub fn account_subjects(&self) -> Vec<Child> {
        account::subjects(self)
    }

    /// The accounts all of whose pools were to be found that could not be entered, and why.
    pub fn accounts_not_entered(&self) -> impl Iterator<Item = (&str, Cause)> {
        account::not_entered(self.snapshot)
    }

    /// The fields that do not depend on a pool; everything else is unknown without one.
    pub fn poolless(&self, name: &str) -> Fact {
        if name == "target.issuer" {
            return target::issuer(self.options.target_issuer);
        }
        let cause = Cause::NotSearched { what: format!("the pool of this reference, and with it {name},") };
        Fact::unknown(cause, Vec::new())
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// The options.
    pub fn options(&self) -> &FactOptions {
        &self.options
    }
}

impl<'f> PoolView<'f> {
    /// What came back for a call in a Region; parameter values in the order of the parameters' names.
    pub fn ask(&self, call: &str, region: &str, parameters: &[&str]) -> Answer<'f> {
        let answer = self.ask_told(call, region, parameters);
        if self.told { answer } else { answer.untold() }
    }

    /// The same for what is read once for all pools of an account: one of them may be told.
    fn ask_told(&self, call: &str, region: &str, parameters: &[&str]) -> Answer<'f> {
        #[expect(clippy::expect_used, reason = "calls named here are in the table; a test reads every field")]
        self.log.ask(&self.key.account, region, call, parameters).expect("a call of the operation table")
    }

    /// The provenance of a member of the answers to a call, or of the one answer to it in a Region.
    fn source(&self, call: &str, region: &str, pointer: &str) -> Source {
        if self.told { Source::call(call, region, pointer) } else { Source::none() }
    }

    /// What came back for a call about the pool in its primary Region.
    fn primary(&self, call: &str) -> Answer<'f> {
        self.ask(call, &self.region, &[&self.key.id])
    }

    /// Where the operator is heading with this pool's issuer.
    pub fn target_issuer(&self) -> TargetIssuer {
        self.options.target_issuers.get(&self.key.id).copied().unwrap_or(self.options.target_issuer)
    }

    /// The replica Region: flag, scope, existing secondary, or the key's only other Region.
    pub fn target_region(&self) -> Observed<String> {
        text_of(&self.target)
    }

    /// `ARN(R)`: the pool's ARN in a Region. Both replicas have the same id.
    /// Source: <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-multi-region.html>.
    pub fn arn(&self, region: &str) -> String {
        let partition = self.table.partition(&self.region);
        format!("arn:{partition}:cognito-idp:{region}:{}:userpool/{}", self.key.account, self.key.id)
    }

    /// The partition of the primary Region, such as `aws`.
    pub fn partition(&self) -> &str {
        self.table.partition(&self.region)
    }

    /// What the host names of that partition end in, such as `amazonaws.com`.
    pub fn dns_suffix(&self) -> &'static str {
        region::dns_suffix(self.partition())
    }

    /// The value of a pool field.
    pub fn field(&self, name: &str) -> Option<Fact> {
        self.known_field(name).map(|(fact, _)| Fact::clone(&fact))
    }

    /// The same, shared with whoever else asks for it, and what its absence means.
    pub fn known_field(&self, name: &str) -> Option<(Rc<Fact>, Absence)> {
        let (number, field) = find(name)?;
        if let Some(Some(fact)) = self.read.borrow().get(number) {
            return Some((Rc::clone(fact), field.spec.absent));
        }
        let fact = match self.assumed.and_then(|assumed| assumed.field(name)) {
            Some(fact) => fact,
            None => (field.get)(self),
        };
        let fact = Rc::new(settle(&field.spec, fact));
        let mut read = self.read.borrow_mut();
        if read.len() <= number {
            read.resize(tables().count(), None);
        }
        read[number] = Some(Rc::clone(&fact));
        Some((fact, field.spec.absent))
    }

    /// How a field's value follows from what AWS answered, step by step, for those fields that are more than an answer.
    pub fn derivation(&self, name: &str) -> Vec<String> {
        [key::derivation(self, name), messages::derivation(self, name)].concat()
    }

    /// The same for a field of one of its children.
    pub fn derivation_of(&self, child: &Child, name: &str) -> Vec<String> {
        trigger::derivation(self, child, name)
    }

    /// The children of a kind; `None` for the pool itself.
    pub fn children(&self, kind: SubjectKind) -> Option<Children> {
        let seen = || self.seen_children(kind);
        match self.assumed {
            Some(assumed) => assumed.children(kind, seen),
            None => seen(),
        }
    }

    fn seen_children(&self, kind: SubjectKind) -> Option<Children> {
        match kind {
            // An account belongs to no pool.
            SubjectKind::Pool | SubjectKind::Account => None,
            SubjectKind::Authorizer => Some(authorizer::of(self)),
            SubjectKind::Route => Some(route::of(self)),
            SubjectKind::Template => Some(template::of(self)),
            SubjectKind::Trigger => Some(trigger::of(self)),
            SubjectKind::LoadBalancer
            | SubjectKind::OidcProvider
            | SubjectKind::IdentityPool
            | SubjectKind::BoundService
            | SubjectKind::DiscoveryClient => Some(bound::of(self, kind)),
            SubjectKind::Reference => Some(reference::of(self)),
        }
    }

    /// What is known of every child that was not seen, because of where one may be hidden.
    pub fn unseen(&self, field: &str) -> Option<Fact> {
        match self.assumed {
            Some(assumed) if assumed.replaces(SubjectKind::Reference) => None,
            _ => reference::unseen(self, field),
        }
    }

    /// The pool as a subject.
    pub fn subject(&self) -> Subject {
        let name = self.field("pool.name").and_then(|fact| text_of(&fact).known().cloned());
        Subject {
            kind: SubjectKind::Pool,
            id: self.key.id.clone(),
            name,
            arn: Some(self.arn(&self.region)),
            region: Some(self.region.clone()),
            account: self.key.account.clone(),
            pool_id: Some(self.key.id.clone()),
        }
    }

    /// The Region that the pool's domain fails over to, where routing is configured.
    pub fn failover_region(&self) -> Option<String> {
        match self.assumed.and_then(|assumed| assumed.field("domain.routed_to_replica")) {
            Some(fact) if fact.value == Observed::Known(Value::Bool(true)) => self.target_region().known().cloned(),
            Some(_) => None,
            None => pool::failover_region(self),
        }
    }

    /// The time of the oldest answer about this pool in its primary Region.
    pub fn oldest_answer(&self) -> Option<Timestamp> {
        self.log.oldest(&self.key.account, &self.key.id)
    }

    /// What was searched, in words, if somebody wants to know.
    fn searched_texts(&self, texts: impl FnOnce() -> Vec<String>) -> Vec<String> {
        if self.told { texts() } else { Vec::new() }
    }

    /// The Regions in which consumers of tokens have to be looked for: primary, replica and those that were searched.
    fn consumer_regions(&self, service: &str) -> (Rc<BTreeSet<String>>, Option<Cause>) {
        let searched = self.searched(service);
        let mut missing = None;
        let target = self.target.value.known().and_then(Value::as_text);
        for region in std::iter::once(self.region.as_str()).chain(target) {
            if !searched.contains(region) {
                missing.get_or_insert(Cause::NotSearched { what: format!("{service} in {region}") });
            }
        }
        (searched, missing)
    }

    /// The Regions of the account in which a service was searched.
    fn searched(&self, service: &str) -> Rc<BTreeSet<String>> {
        let searched = self.consumers.searched.get(&self.key.account).and_then(|services| services.get(service));
        searched.cloned().unwrap_or_default()
    }
}

impl Child {
    /// A field of this child.
    pub fn field(&self, name: &str) -> Option<Fact> {
        let fact = self.fields.get(name)?;
        let spec = find_child(name)?.spec;
        Some(settle(&spec, fact.clone()))
    }
}

fn text_of(fact: &Fact) -> Observed<String> {
    fact.value.as_ref().and_then(|value| match value {
        Value::Text(text) => Observed::Known(text.clone()),
        Value::Bool(_) | Value::Int(_) | Value::Time(_) | Value::List(_) | Value::Record(_) => Observed::Absent,
    })
}

/// Applies what the field declares: its default where AWS left it out, its vocabulary where AWS answered.
fn settle(spec: &FieldSpec, fact: Fact) -> Fact {
    let Fact { value, sources } = fact;
    let value = match value {
        Observed::Absent => match spec.absent {
            Absence::Default(text) => Observed::Known(default_value(spec.ty, text)),
            Absence::None | Absence::Unknown => Observed::Absent,
        },
        // One word that nobody knows does not hide those beside it.
        Observed::Known(Value::List(list)) => Observed::Known(Value::List(without_foreign(spec.ty, list))),
        Observed::Known(value) => match foreign_word(spec.ty, &value) {
            Some(word) => Observed::Unknown(Cause::Unrecognised { value: word }),
            None => Observed::Known(value),
        },
        Observed::Unknown(cause) => Observed::Unknown(cause),
    };
    Fact { value, sources }
}

/// The value that a documented default stands for; `text` as in [`Absence::Default`].
pub fn default_value(ty: FieldType, text: &str) -> Value {
    match ty {
        FieldType::Bool => Value::Bool(text == "true"),
        FieldType::Int => Value::Int(text.parse().unwrap_or_default()),
        FieldType::List(_) => Value::List(Listed::complete(Vec::new())),
        FieldType::Text | FieldType::Word(_) | FieldType::Time | FieldType::Record(_) => Value::Text(text.to_owned()),
    }
}

fn foreign_word(ty: FieldType, value: &Value) -> Option<String> {
    match (ty, value) {
        (FieldType::Word(words), Value::Text(word)) if !words.contains(&word.as_str()) => Some(word.clone()),
        _ => None,
    }
}

fn without_foreign(ty: FieldType, list: Listed<Value>) -> Listed<Value> {
    let FieldType::List(item) = ty else { return list };
    let Listed { mut items, mut incomplete } = list;
    items.retain(|value| match foreign_word(*item, value) {
        Some(word) => {
            incomplete.get_or_insert(Cause::Unrecognised { value: word });
            false
        }
        None => true,
    });
    Listed { items, incomplete }
}

fn tables() -> impl Iterator<Item = &'static Field> {
    [
        pool::FIELDS,
        clients::FIELDS,
        key::FIELDS,
        replica::FIELDS,
        target::FIELDS,
        bound::FIELDS,
        failover::FIELDS,
        governance::FIELDS,
        messages::MAIL,
        messages::RISK,
        messages::SMS,
        parity::FIELDS,
        trigger::FIELDS,
    ]
    .into_iter()
    .flatten()
}

fn child_fields() -> impl Iterator<Item = &'static ChildField> {
    [
        account::FIELDS,
        authorizer::FIELDS,
        route::FIELDS,
        template::FIELDS,
        reference::FIELDS,
        bound::CHILD_FIELDS,
        trigger::CHILD_FIELDS,
    ]
    .into_iter()
    .flatten()
}

/// A field of a pool and its number.
fn find(name: &str) -> Option<(usize, &'static Field)> {
    #[expect(clippy::disallowed_types, reason = "looked up, never gone through: its order shows nowhere")]
    static BY_NAME: LazyLock<std::collections::HashMap<&str, (usize, &Field), rustc_hash::FxBuildHasher>> =
        LazyLock::new(|| tables().enumerate().map(|(number, field)| (field.spec.name, (number, field))).collect());
    BY_NAME.get(name).copied()
}

fn find_child(name: &str) -> Option<&'static ChildField> {
    #[expect(clippy::disallowed_types, reason = "looked up, never gone through: its order shows nowhere")]
    static BY_NAME: LazyLock<std::collections::HashMap<&str, &ChildField, rustc_hash::FxBuildHasher>> =
        LazyLock::new(|| child_fields().map(|field| (field.spec.name, field)).collect());
    BY_NAME.get(name).copied()
}

/// The fields that exist, for the rule loader and the documentation.
#[derive(Debug, Clone, Copy, Default)]
pub struct FieldSet;

impl Fields for FieldSet {
    fn all(&self) -> Vec<FieldSpec> {
        sorted_specs().to_vec()
    }

    fn field(&self, subject: SubjectKind, name: &str) -> Option<FieldSpec> {
        let child = || find_child(name).filter(|field| field.kind == subject).map(|field| field.spec);
        find(name).map(|(_, field)| field.spec).or_else(child)
    }

    fn is_root(&self, name: &str) -> bool {
        begins_a_name(sorted_specs(), name)
    }
}

/// All fields, sorted by name. The loader of rules asks several times per line.
fn sorted_specs() -> &'static [FieldSpec] {
    static SORTED: LazyLock<Vec<FieldSpec>> = LazyLock::new(|| {
        let mut all: Vec<FieldSpec> =
            tables().map(|field| field.spec).chain(child_fields().map(|field| field.spec)).collect();
        all.sort_by_key(|spec| spec.name);
        all
    });
    &SORTED
}

const fn field(
    name: &'static str,
    ty: FieldType,
    absent: Absence,
    calls: &'static [&'static str],
    doc: &'static str,
    get: fn(&PoolView<'_>) -> Fact,
) -> Field {
    Field { spec: FieldSpec { name, ty, absent, calls, doc }, get }
}

const fn child_field(
    kind: SubjectKind,
    name: &'static str,
    ty: FieldType,
    calls: &'static [&'static str],
    doc: &'static str,
) -> ChildField {
    ChildField { kind, spec: FieldSpec { name, ty, absent: Absence::Unknown, calls, doc } }
}

/// A fact read from one member of one answer.
fn member<T: Into<Value>>(answer: &Answer<'_>, pointer: &str, observed: Observed<T>) -> Fact {
    Fact { value: observed.map(Into::into), sources: vec![answer.source(pointer)] }
}

/// A fact that follows from the pool's id alone.
fn from_id(value: impl Into<Value>) -> Fact {
    Fact::known(value, vec![Source::Option { name: "pool id".to_owned() }])
}

const TEXT: FieldType = FieldType::Text;
const TEXTS: FieldType = FieldType::List(&FieldType::Text);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_named_once_and_says_where_it_comes_from() {
        let all = FieldSet.all();
        for pair in all.windows(2) {
            assert_ne!(pair[0].name, pair[1].name);
        }
        for spec in all {
            assert!(!spec.doc.is_empty() && spec.doc.len() < 160, "{}", spec.name);
            for call in spec.calls {
                assert!(crate::snapshot::operations::find_call(call).is_some(), "{}: {call}", spec.name);
            }
        }
    }

    #[test]
    fn an_empty_log_makes_nothing_known_but_the_id() {
        let key = PoolKey { account: "111122223333".to_owned(), id: "us-east-1_Example".to_owned() };
        let mut scope = crate::snapshot::Scope::default();
        scope.pools.insert(key);
        let snapshot = Snapshot::new(scope, Vec::new());
        let options = FactOptions::new(Timestamp::UNIX_EPOCH);
        let facts = Facts::new(&snapshot, options, RegionTable::default());
        let from_the_id = [
            "evidence.cli_knows_mrr",
            "evidence.cli_versions",
            "operator.arn",
            "operator.given",
            "operator.refused_in_primary",
            "operator.refused_in_secondary",
            "pool.account",
            "pool.arn",
            "pool.id",
            "pool.new_issuer_url",
            "pool.old_issuer_url",
            "pool.region",
            "pool.region_supports_mrr",
            "target.issuer",
            "pool.searched",
            "tags.required",
        ];
        let pools = facts.pools();
        for field in tables() {
            let fact = pools[0].field(field.spec.name).unwrap();
            let known = match &fact.value {
                Observed::Unknown(_) => false,
                Observed::Known(Value::List(list)) => list.incomplete.is_none(),
                Observed::Known(_) | Observed::Absent => true,
            };
            assert_eq!(known, from_the_id.contains(&field.spec.name), "{}: {fact:?}", field.spec.name);
        }
        for kind in [SubjectKind::Authorizer, SubjectKind::Route, SubjectKind::Template] {
            assert!(pools[0].children(kind).unwrap().found.incomplete.is_some(), "{kind}");
        }
    }
}
