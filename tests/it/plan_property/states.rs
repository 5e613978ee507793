//! States of one pool, drawn at random: every field with every kind of value that rules and steps tell apart.
//!
//! A state is what is assumed of a pool whose log is empty, so that fields may be combined freely. Not freely at all: what
//! hangs together in AWS hangs together here, because a plan for what cannot be says nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use mrready::facts::{Assumed, Child, Facts, FieldSet};
use mrready::model::{
    Cause, Fact, FieldSpec, FieldType, Fields, Listed, Observed, Subject, SubjectKind, TargetIssuer, Value,
};
use mrready::rules::{Catalog, Check, FieldRef, Literal, Op};

use crate::areas;
use crate::builder::{ACCOUNT, Account, NOW, P, POOL, Run, S, table, time};

/// A small generator with a seed: the same numbers on every machine (`SplitMix64`).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).expect("small")).expect("below the bound")
    }

    pub(super) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// A pool as it is assumed to be.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) pool: BTreeMap<&'static str, Observed<Value>>,
    pub(super) children: BTreeMap<SubjectKind, Listed<Child>>,
    pub(super) target_issuer: TargetIssuer,
}

impl State {
    pub(super) fn assumed(&self) -> Assumed {
        let mut assumed = Assumed::default();
        for (field, value) in &self.pool {
            assumed.set(field, value.clone());
        }
        for (kind, children) in &self.children {
            assumed.replace(*kind, children.clone());
        }
        assumed
    }
}

/// What a state is drawn from.
pub(super) struct World {
    /// The fields of the pool.
    pub(super) fields: Vec<FieldSpec>,
    /// The fields of each other kind.
    pub(super) child_fields: BTreeMap<SubjectKind, Vec<FieldSpec>>,
    /// Per field the values that are told apart, known ones only.
    domains: BTreeMap<&'static str, Vec<Value>>,
    /// Accounts as they are when all is well: without a replica, and with one.
    without_replica: BTreeMap<&'static str, Observed<Value>>,
    with_replica: BTreeMap<&'static str, Observed<Value>>,
    good_children: BTreeMap<SubjectKind, Vec<Child>>,
}

const CAUSES: usize = 9;

impl World {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let all = FieldSet.all();
        let of_pool = |spec: &FieldSpec| FieldSet.field(SubjectKind::Pool, spec.name).is_some();
        let fields: Vec<FieldSpec> = all.iter().copied().filter(of_pool).collect();
        let mut child_fields: BTreeMap<SubjectKind, Vec<FieldSpec>> = BTreeMap::new();
        for spec in all.iter().filter(|spec| !of_pool(spec)) {
            let kind = SubjectKind::ALL.iter().find(|kind| FieldSet.field(**kind, spec.name).is_some());
            child_fields.entry(*kind.expect("a kind has it")).or_default().push(*spec);
        }
        let mut literals = BTreeMap::new();
        for rule in &catalog.rules {
            rule.applies_when.iter().chain(&rule.check).for_each(|check| harvest(check, None, &mut literals));
        }
        for step in catalog.steps.values() {
            let checks = step.applies_when.iter().chain(&step.requires).chain(&step.done_when);
            checks.for_each(|check| harvest(check, None, &mut literals));
        }
        let domains = all.iter().map(|spec| (spec.name, domain(spec, literals.get(spec.name)))).collect();
        let (without_replica, _) = seen(&Account::ready(), &fields, &Run::default());
        let (with_replica, good_children) = seen(&areas::furnished(), &fields, &areas::run());
        Self { fields, child_fields, domains, without_replica, with_replica, good_children }
    }

    /// A state. `odd`: in percent, how many fields differ from an account in which all is well.
    pub(super) fn state(&self, random: &mut Random) -> State {
        let odd = *random.pick(&[2, 5, 10, 25, 50, 100]);
        let stands = *random.pick(&Stands::ALL);
        let base = if stands.in_target() { &self.with_replica } else { &self.without_replica };
        let mut pool = BTreeMap::new();
        for spec in &self.fields {
            let value = match base.get(spec.name) {
                // What only a replica in the target Region has is absent without one.
                Some(Observed::Absent) if !stands.in_target() && self.of_replica(spec) => Observed::Absent,
                Some(good) if !random.percent(odd) => good.clone(),
                _ => self.any(spec, random),
            };
            pool.insert(spec.name, value);
        }
        let mut state = State { pool, children: BTreeMap::new(), target_issuer: TargetIssuer::Updated };
        for (kind, specs) in &self.child_fields {
            let children = self.children(*kind, specs, odd, random);
            state.children.insert(*kind, children);
        }
        self.settle(&mut state, stands, random);
        state
    }

    fn of_replica(&self, spec: &FieldSpec) -> bool {
        spec.calls.contains(&"cognito-idp:ListUserPoolReplicas")
            && matches!(self.with_replica.get(spec.name), Some(Observed::Known(_)))
    }

    fn children(&self, kind: SubjectKind, specs: &[FieldSpec], odd: usize, random: &mut Random) -> Listed<Child> {
        let mut items = Vec::new();
        for number in 0..random.below(4) {
            let good = self.good_children.get(&kind).filter(|all| !all.is_empty()).map(|all| random.pick(all));
            let id = format!("{kind}/{number}");
            let subject = Subject {
                kind,
                id: id.clone(),
                name: Some(id),
                arn: None,
                region: Some(P.to_owned()),
                account: ACCOUNT.to_owned(),
                pool_id: Some(POOL.to_owned()),
            };
            let fields = specs.iter().map(|spec| {
                let value = match good.and_then(|good| good.fields.get(spec.name)) {
                    Some(good) if !random.percent(odd) => good.value.clone(),
                    _ => self.any(spec, random),
                };
                (spec.name, Fact { value, sources: Vec::new() })
            });
            items.push(Child { subject, fields: fields.collect() });
        }
        let incomplete = random.percent(10).then(|| cause(random.below(CAUSES)));
        Listed { items, incomplete }
    }

    /// Any value of a field, known or not.
    pub(super) fn any(&self, spec: &FieldSpec, random: &mut Random) -> Observed<Value> {
        match random.below(8) {
            0 => Observed::Absent,
            1 => Observed::Unknown(cause(random.below(CAUSES))),
            _ => self.known(spec, random),
        }
    }

    /// Any known value of a field.
    pub(super) fn known(&self, spec: &FieldSpec, random: &mut Random) -> Observed<Value> {
        Observed::Known(random.pick(&self.domains[spec.name]).clone())
    }

    /// How many known values of a field are told apart.
    pub(super) fn domain(&self, field: &str) -> &[Value] {
        &self.domains[field]
    }
}

/// Where a pool stands with its replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    None,
    Creating,
    Inactive,
    Active,
    Deleting,
    Elsewhere,
    NotKnown,
}

impl Stands {
    const ALL: [Self; 9] = [
        Self::None,
        Self::None,
        Self::None,
        Self::Creating,
        Self::Inactive,
        Self::Active,
        Self::Deleting,
        Self::Elsewhere,
        Self::NotKnown,
    ];

    fn in_target(self) -> bool {
        matches!(self, Self::Creating | Self::Inactive | Self::Active | Self::Deleting)
    }
}

fn texts(items: &[&str]) -> Observed<Value> {
    Observed::Known(Listed::complete(items.iter().map(|item| (*item).to_owned()).collect::<Vec<String>>()).into())
}

impl World {
    /// Makes what hangs together in AWS agree.
    fn settle(&self, state: &mut State, stands: Stands, random: &mut Random) {
        let pool = &mut state.pool;
        for (field, value) in [("pool.id", POOL), ("pool.account", ACCOUNT), ("pool.region", P)] {
            pool.insert(field, Observed::Known(value.into()));
        }
        if random.percent(20) {
            state.target_issuer = TargetIssuer::Original;
        }
        let word = state.target_issuer.as_str().to_ascii_uppercase();
        if matches!(pool["target.issuer"], Observed::Known(_)) {
            pool.insert("target.issuer", Observed::Known(word.into()));
        }
        let status = match stands {
            Stands::Creating => Some("CREATING"),
            Stands::Inactive => Some("INACTIVE"),
            Stands::Active | Stands::Elsewhere => Some("ACTIVE"),
            Stands::Deleting => Some("DELETING"),
            Stands::None | Stands::NotKnown => None,
        };
        let unknown = Observed::Unknown(cause(random.below(CAUSES)));
        let lists = &self.domains["replica.regions"];
        let some = |wanted: fn(&Listed<Value>) -> bool| -> Vec<Observed<Value>> {
            let fits = |value: &&Value| matches!(value, Value::List(list) if wanted(list));
            lists.iter().filter(fits).cloned().map(Observed::Known).collect()
        };
        let (exists, elsewhere, regions) = match stands {
            Stands::None => (known(false), known(false), vec![texts(&[]), Observed::Absent]),
            Stands::NotKnown => {
                let mut regions = some(|list| list.items.is_empty() && list.incomplete.is_some());
                regions.push(unknown.clone());
                (unknown.clone(), unknown.clone(), regions)
            }
            Stands::Elsewhere => (known(true), known(true), some(|list| !list.items.is_empty())),
            Stands::Creating | Stands::Inactive | Stands::Active | Stands::Deleting => {
                (known(true), known(false), vec![texts(&[S])])
            }
        };
        let regions = random.pick(&regions).clone();
        let status = match (stands, status) {
            (Stands::NotKnown, _) => unknown,
            (_, Some(status)) => known(status),
            (_, None) => Observed::Absent,
        };
        pool.insert("replica.exists", exists);
        pool.insert("replica.elsewhere", elsewhere);
        pool.insert("replica.regions", regions);
        pool.insert("replica.status", status);
        if stands.in_target() {
            pool.insert("target.same_as_primary", known(false));
        }
        match &pool["target.region"] {
            Observed::Known(_) if stands.in_target() => drop(pool.insert("target.region", known(S))),
            Observed::Known(_) => {}
            // Whatever hangs on the target Region is not known without it.
            Observed::Absent | Observed::Unknown(_) => {
                for field in ["target.region", "target.same_as_primary", "target.supports_mrr"] {
                    pool.insert(field, Observed::Unknown(Cause::NoTargetRegion));
                }
            }
        }
        key(pool);
    }
}

/// Without a key of the customer nothing is asked about one.
fn key(pool: &mut BTreeMap<&'static str, Observed<Value>>) {
    let own = pool["key.type"] == known("CUSTOMER_MANAGED_KEY");
    let none = matches!(pool["key.type"], Observed::Known(_)) && !own;
    if none {
        let names: Vec<&str> = pool.keys().copied().filter(|name| name.starts_with("key.")).collect();
        for name in names.into_iter().filter(|name| *name != "key.type") {
            pool.insert(name, Observed::Absent);
        }
    }
    let multi = pool["key.multi_region"] == known(true);
    let exists = &pool["related_key.exists"];
    if none || (!multi && *exists == known(true)) {
        let names: Vec<&str> = pool.keys().copied().filter(|name| name.starts_with("related_key.")).collect();
        for name in names {
            pool.insert(name, Observed::Absent);
        }
        if !none {
            pool.insert("related_key.exists", known(false));
        }
    }
}

fn known(value: impl Into<Value>) -> Observed<Value> {
    Observed::Known(value.into())
}

type Good = (BTreeMap<&'static str, Observed<Value>>, BTreeMap<SubjectKind, Vec<Child>>);

/// What the facts say of an account.
fn seen(account: &Account, fields: &[FieldSpec], run: &Run) -> Good {
    let snapshot = account.snapshot();
    let facts = Facts::new(&snapshot, run.fact_options(), table());
    let pool = facts.pools().into_iter().find(|pool| pool.key.id == POOL).expect("the pool");
    let values = fields.iter().map(|spec| (spec.name, pool.field(spec.name).expect("a field").value)).collect();
    let children = SubjectKind::ALL.iter().filter_map(|kind| Some((*kind, pool.children(*kind)?.found.items)));
    (values, children.collect())
}

/// One cause of each kind that a collection can have.
fn cause(number: usize) -> Cause {
    let call = || "kms:DescribeKey".to_owned();
    let region = || P.to_owned();
    match number {
        0 => {
            Cause::Denied { call: call(), region: region(), actions: vec!["kms:DescribeKey".to_owned()], detail: None }
        }
        1 => Cause::Throttled { call: call(), region: region() },
        2 => Cause::Failed { call: call(), region: region(), code: "Timeout".to_owned() },
        3 => Cause::NotCollected { call: call(), hint: "collect it".to_owned() },
        4 => Cause::NotSearched { what: "apigateway in us-east-1".to_owned() },
        5 => Cause::Undecided { keys: vec!["aws:PrincipalOrgID".to_owned()] },
        6 => Cause::Unrecognised { value: "NEWER".to_owned() },
        7 => Cause::Prerequisite { call: call(), because: Box::new(cause(0)) },
        _ => Cause::NotOffered { call: call(), region: region(), code: "UnknownOperation".to_owned() },
    }
}

/// What conditions compare a field with.
fn harvest(check: &Check, list: Option<(&str, &str)>, literals: &mut BTreeMap<String, Vec<Literal>>) {
    match check {
        Check::All(checks) | Check::Any(checks) => checks.iter().for_each(|check| harvest(check, list, literals)),
        Check::ForEach { list: FieldRef::Field(name), var, check, .. } => harvest(check, Some((var, name)), literals),
        Check::Not(check) | Check::ForEach { check, .. } => harvest(check, list, literals),
        Check::Aws { .. } => {}
        Check::Field { field, op, .. } => {
            let name = match (field, list) {
                (FieldRef::Field(name), _) => name.as_str(),
                (FieldRef::Var { var, .. }, Some((of, name))) if var == of => name,
                (FieldRef::Var { .. }, _) => return,
            };
            let found: Vec<Literal> = match op {
                Op::Equals(literal)
                | Op::Contains(literal)
                | Op::Gt(literal)
                | Op::Gte(literal)
                | Op::Lt(literal)
                | Op::Lte(literal) => vec![literal.clone()],
                Op::In(all) | Op::NotIn(all) => all.clone(),
                Op::WithinDays(days) => vec![Literal::Int(i64::from(*days))],
                Op::Matches(_) | Op::Present(_) => Vec::new(),
            };
            literals.entry(name.to_owned()).or_default().extend(found);
        }
    }
}

/// The known values of a field that are told apart: all its words, and both sides of whatever it is compared with.
fn domain(spec: &FieldSpec, literals: Option<&Vec<Literal>>) -> Vec<Value> {
    let literals = literals.map(Vec::as_slice).unwrap_or_default();
    let FieldType::List(item) = spec.ty else { return scalars(spec.ty, literals) };
    let items = scalars(*item, literals);
    let list = |items: Vec<Value>, incomplete: Option<Cause>| Value::List(Listed { items, incomplete });
    let mut all = vec![list(Vec::new(), None), list(Vec::new(), Some(cause(0))), list(items.clone(), None)];
    all.extend(items.iter().map(|item| list(vec![item.clone()], None)));
    all.extend(items.first().map(|item| list(vec![item.clone()], Some(cause(4)))));
    all
}

fn scalars(ty: FieldType, literals: &[Literal]) -> Vec<Value> {
    let numbers = literals.iter().filter_map(|literal| if let Literal::Int(n) = literal { Some(*n) } else { None });
    let words =
        literals.iter().filter_map(|literal| if let Literal::Text(t) = literal { Some(t.clone()) } else { None });
    match ty {
        FieldType::Bool => vec![true.into(), false.into()],
        FieldType::Word(words) => words.iter().map(|word| (*word).into()).collect(),
        FieldType::Int => {
            let mut all: BTreeSet<i64> = BTreeSet::from([0, 1, 1000]);
            all.extend(numbers.flat_map(|number| [number - 1, number, number + 1]));
            all.into_iter().map(Value::Int).collect()
        }
        FieldType::Text => {
            let mut all: BTreeSet<String> = BTreeSet::from(["some text".to_owned()]);
            all.extend(words);
            all.into_iter().map(Value::Text).collect()
        }
        FieldType::Time => {
            let now: Timestamp = time(NOW);
            let mut days: BTreeSet<i64> = BTreeSet::from([-1, 1, 4000]);
            days.extend(numbers.flat_map(|number| [number, number + 1]));
            days.into_iter().map(|days| Value::Time(now + SignedDuration::from_hours(24 * days))).collect()
        }
        FieldType::List(_) | FieldType::Record(_) => panic!("no field is a list of lists or of records"),
    }
}

/// The name of a value for the coverage: which of the domain, absent, unknown.
pub(super) fn label(spec: &FieldSpec, value: &Observed<Value>) -> String {
    match value {
        Observed::Known(value) => format!("{} = {value:?}", spec.name),
        Observed::Absent => format!("{} absent", spec.name),
        Observed::Unknown(_) => format!("{} unknown", spec.name),
    }
}
