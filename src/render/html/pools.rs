//! Pools: their rows in the matrix, their findings, and the lists that filters choose from.

use std::collections::{BTreeMap, BTreeSet};

use super::super::safe::safe;
use super::super::text::{age, list};
use super::super::words;
use super::findings::{Context, Item, rank};
use super::page::{Select, letter, small};
use crate::model::SubjectKind;
use crate::model::report::{BaselineState, Finding, GateSummary, PoolSummary, Report};
use crate::model::{Gate, Position, Status, Verdict};

/// A pool in the matrix.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) index: usize,
    pub(super) label: String,
    /// The id, where the label is the name.
    pub(super) id: Option<String>,
    pub(super) account: String,
    pub(super) regions: String,
    pub(super) owner: String,
    pub(super) cells: Vec<Cell>,
}

#[derive(Debug)]
pub(super) struct Cell {
    pub(super) class: &'static str,
    pub(super) word: &'static str,
    pub(super) why: String,
}

/// A pool and its findings.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) index: usize,
    pub(super) label: String,
    pub(super) id: Option<String>,
    /// Places in the lists of filters, the pool's own first, then those of its findings.
    pub(super) accounts: String,
    pub(super) places: String,
    pub(super) owner_index: String,
    pub(super) open: bool,
    pub(super) counts: String,
    pub(super) about: String,
    pub(super) gates: Vec<GateRow>,
    pub(super) findings: Vec<Item>,
}

#[derive(Debug)]
pub(super) struct GateRow {
    pub(super) gate: &'static str,
    pub(super) position: String,
    pub(super) class: &'static str,
    pub(super) status: &'static str,
    pub(super) why: String,
}

/// A name that can be seen, or the id; and the id beside a name.
fn label(pool: &PoolSummary) -> (String, Option<String>) {
    match pool.name.as_deref().filter(|name| !name.trim().is_empty()) {
        Some(name) => (safe(name), Some(safe(&pool.id))),
        None => (safe(&pool.id), None),
    }
}

pub(super) fn row(pool: &PoolSummary, index: usize) -> Row {
    let (label, id) = label(pool);
    Row {
        index,
        label,
        id,
        account: safe(&pool.account),
        regions: regions(pool),
        owner: pool.owner.as_deref().map_or_else(|| "–".to_owned(), safe),
        cells: Gate::ALL.iter().map(|gate| cell(pool.gates.get(gate))).collect(),
    }
}

fn regions(pool: &PoolSummary) -> String {
    let replica = pool.replica_region.as_deref().map_or_else(|| "not given".to_owned(), safe);
    format!("{} → {replica}", safe(&pool.region))
}

fn cell(state: Option<&GateSummary>) -> Cell {
    let none = |word| Cell { class: "off", word, why: String::new() };
    let Some(state) = state else { return none("–") };
    let (class, word) = match (state.position, state.counted, state.status) {
        (Position::NotPlanned, ..) => return none("–"),
        (Position::Later, false, _) => return none("later"),
        (_, false, status) => return none(status.as_str()),
        (Position::Done, true, Status::Blocked) => ("regressed", "REGRESSED"),
        (_, true, Status::Blocked) => ("blocked", "BLOCKED"),
        (Position::Done, true, Status::Undetermined) => ("undetermined", "done?"),
        (_, true, Status::Undetermined) => ("undetermined", "UNDETERMINED"),
        (Position::Done, true, Status::Ready) => ("done", "done"),
        (_, true, Status::Ready) => ("ready", "READY"),
    };
    let parts = [(state.blocked_by.len(), "fail"), (state.undetermined_by.len(), "open")];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}"));
    Cell { class, word, why: list(parts, 2) }
}

/// What filters choose from. An account, a Region and an owner are known by their place, not by their text.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) accounts: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) owners: Vec<String>,
}

impl Lists {
    pub(super) fn of(report: &Report, listed: &[&Finding]) -> Self {
        let pools = || report.summary.pools.iter();
        let subjects = || listed.iter().map(|finding| &finding.subject);
        let sorted = |all: BTreeSet<&str>| all.into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect();
        Self {
            accounts: sorted(
                pools().map(|pool| pool.account.as_str()).chain(subjects().map(|each| each.account.as_str())).collect(),
            ),
            regions: sorted(
                pools()
                    .map(|pool| pool.region.as_str())
                    .chain(subjects().filter_map(|each| each.region.as_deref()))
                    .collect(),
            ),
            owners: sorted(pools().filter_map(|pool| pool.owner.as_deref()).collect()),
        }
    }

    fn place(all: &[String], text: &str) -> Option<usize> {
        all.binary_search_by(|each| each.as_str().cmp(text)).ok()
    }

    pub(super) fn selects(&self, listed: &[&Finding]) -> Vec<Select> {
        let places =
            |all: &[String]| all.iter().zip(0..).map(|(text, at): (_, usize)| (at.to_string(), safe(text))).collect();
        let verdicts: BTreeSet<Verdict> = listed.iter().map(|finding| finding.verdict).collect();
        let verdicts = words::ORDER.iter().filter(|verdict| verdicts.contains(verdict));
        let marks: BTreeSet<&str> = listed
            .iter()
            .flat_map(|finding| {
                let decided = finding.waiver.as_ref().map(|_| if finding.is_waived() { "waived" } else { "attested" });
                finding.baseline.map(BaselineState::as_str).into_iter().chain(decided)
            })
            .collect();
        let gates = Gate::ALL.iter().map(|gate| (letter(*gate).to_owned(), gate.as_str().to_owned()));
        let same = |word: &str| (word.to_owned(), word.to_owned());
        let all = [
            Select { name: "a", label: "Account", options: places(&self.accounts) },
            Select { name: "n", label: "Region", options: places(&self.regions) },
            Select { name: "g", label: "Gate", options: gates.collect() },
            Select {
                name: "v",
                label: "Verdict",
                options: verdicts.map(|verdict| (verdict.as_str().to_owned(), small(*verdict).to_owned())).collect(),
            },
            Select { name: "o", label: "Owner", options: places(&self.owners) },
            Select { name: "b", label: "Mark", options: marks.into_iter().map(same).collect() },
        ];
        // The script reads every one but the last, which is there with a baseline or decisions only.
        all.into_iter().filter(|select| select.name != "b" || !select.options.is_empty()).collect()
    }
}

/// What the findings without a pool are about.
fn without_pool(findings: &[&Finding]) -> &'static str {
    let accounts = findings.iter().all(|finding| finding.subject.kind == SubjectKind::Account);
    if accounts { "Accounts" } else { "No pool known" }
}

/// The pools with their findings, and a last one for findings that concern no pool of the report: they never vanish.
pub(super) fn boxes(context: &Context<'_>, pools: &[&PoolSummary], listed: &[&Finding], lists: &Lists) -> Vec<Pool> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, pool) in pools.iter().enumerate() {
        places.entry(&pool.id).or_default().push(place);
    }
    // Consumers may live in another account than their pool, so the id decides if the account does not.
    let of = |finding: &Finding| {
        let same = places.get(finding.subject.pool_id.as_deref()?)?;
        let own =
            same.iter().find(|place| pools.get(**place).is_some_and(|pool| pool.account == finding.subject.account));
        own.or(same.first()).copied()
    };
    let mut heaps: Vec<Vec<&Finding>> = vec![Vec::new(); pools.len() + 1];
    for finding in listed {
        if let Some(heap) = heaps.get_mut(of(finding).unwrap_or(pools.len())) {
            heap.push(finding);
        }
    }
    let mut passed: Vec<usize> = vec![0; pools.len() + 1];
    for finding in context.report.findings.iter().filter(|finding| finding.verdict == Verdict::Pass) {
        if let Some(n) = passed.get_mut(of(finding).unwrap_or(pools.len())) {
            *n += 1;
        }
    }
    let alone = pools.len() == 1 && !context.brief;
    let mut boxes = Vec::new();
    for (index, (mut heap, passed)) in heaps.into_iter().zip(passed).enumerate() {
        heap.sort_by_key(|finding| rank(finding));
        let counts = counts(&heap, passed);
        let pool = pools.get(index);
        if pool.is_none() && heap.is_empty() {
            continue;
        }
        let own_account = pool.and_then(|pool| Lists::place(&lists.accounts, &pool.account));
        let own_region = pool.and_then(|pool| Lists::place(&lists.regions, &pool.region));
        let (mut accounts, mut regions) = (BTreeSet::new(), BTreeSet::new());
        let items: Vec<Item> = heap
            .iter()
            .map(|finding| {
                let mut item = context.item(finding);
                item.account_index =
                    Lists::place(&lists.accounts, &finding.subject.account).filter(|at| Some(*at) != own_account);
                let region = finding.subject.region.as_deref();
                item.region_index =
                    region.and_then(|region| Lists::place(&lists.regions, region)).filter(|at| Some(*at) != own_region);
                accounts.extend(item.account_index);
                regions.extend(item.region_index);
                item
            })
            .collect();
        let places = |own: Option<usize>, others: BTreeSet<usize>| {
            let own = own.map_or_else(|| "-".to_owned(), |own| own.to_string());
            std::iter::once(own).chain(others.iter().map(ToString::to_string)).collect::<Vec<_>>().join(" ")
        };
        let owner = pool.and_then(|pool| pool.owner.as_deref());
        let (label, id) = pool.map_or_else(|| (without_pool(&heap).to_owned(), None), |pool| label(pool));
        boxes.push(Pool {
            index,
            label,
            id,
            accounts: places(own_account, accounts),
            places: places(own_region, regions),
            owner_index: owner
                .and_then(|owner| Lists::place(&lists.owners, owner))
                .map(|at| at.to_string())
                .unwrap_or_default(),
            open: alone,
            counts,
            about: pool.map_or_else(
                || "These findings name no pool of this report.".to_owned(),
                |pool| about_pool(pool, context),
            ),
            gates: pool.map(|pool| gates(pool)).unwrap_or_default(),
            findings: items,
        });
    }
    boxes
}

/// `4 fail, 1 unknown, 12 passed`.
fn counts(findings: &[&Finding], passed: usize) -> String {
    let mut parts = Vec::new();
    for verdict in words::ORDER.into_iter().filter(|verdict| *verdict != Verdict::Pass) {
        let n = findings.iter().filter(|finding| finding.verdict == verdict && !finding.is_waived()).count();
        parts.extend((n > 0).then(|| format!("{n} {}", small(verdict))));
    }
    let waived = findings.iter().filter(|finding| finding.is_waived()).count();
    parts.extend((waived > 0).then(|| format!("{waived} waived")));
    parts.extend((passed > 0).then(|| format!("{passed} passed")));
    if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") }
}

/// Where the pool lives; in a large fleet only what its row does not say.
fn about_pool(pool: &PoolSummary, context: &Context<'_>) -> String {
    let mut parts = Vec::new();
    if !context.brief {
        parts.extend([format!("account {}", safe(&pool.account)), regions(pool)]);
        parts.extend(pool.owner.iter().map(|owner| format!("owner {}", safe(owner))));
    }
    parts.extend(pool.wave.iter().map(|wave| format!("wave {}", safe(wave))));
    let age = pool.evidence_from.as_deref().and_then(|from| age(from, &context.report.run.now));
    parts.push(age.map_or_else(|| "no evidence".to_owned(), |age| format!("evidence {age}")));
    parts.join(", ")
}

fn gates(pool: &PoolSummary) -> Vec<GateRow> {
    let rows = pool.gates.iter();
    rows.map(|(gate, state)| {
        let Cell { class, word, .. } = cell(Some(state));
        let mut why = Vec::new();
        for (by, what) in [(&state.blocked_by, "blocked by"), (&state.undetermined_by, "open")] {
            // `rule subject`: the rule is enough beside the findings.
            let rules: BTreeSet<&str> = by.iter().map(|each| each.split(' ').next().unwrap_or(each)).collect();
            why.extend((!rules.is_empty()).then(|| safe(&format!("{what}: {}", list(&rules, usize::MAX)))));
        }
        if why.is_empty() && state.position != Position::NotPlanned {
            let passed = state.counts.get(&Verdict::Pass).copied().unwrap_or_default();
            why.push(if state.status == Status::Ready {
                format!("{passed} passed")
            } else {
                "no blocker was decided".to_owned()
            });
        }
        let counts = if state.counted { "" } else { ", does not count" };
        GateRow {
            gate: gate.as_str(),
            position: format!("{}{counts}", state.position.as_str().replace('_', " ")),
            class,
            status: if word == "later" { state.status.as_str() } else { word },
            why: why.join("; "),
        }
    })
    .collect()
}
