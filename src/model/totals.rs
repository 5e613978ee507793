//! Numbers of a run that add up: over the accounts of a fleet, and over the shards of a run.
//!
//! What a report says first, its counts and its exit code follow from them, so that a fleet needs to be in memory an account
//! at a time only. Counting is the business of `audit`; here is that two of them are one, and what is said of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Coverage, Exit, MissingPermission, NotAsked, Run, SnapshotSummary, WaiverState};
use super::{Gate, Verdict};

/// The word of `--fail-on` with which no exit code says no.
const NEVER: &str = "never";

/// The numbers of a run, or of a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// The pools judged.
    pub pools: usize,
    /// The accounts, by what came of them.
    pub accounts: AccountNumbers,
    /// Per gate the pools for which it counts.
    pub gates: BTreeMap<Gate, GateNumbers>,
    /// How many results of each verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// How many subjects each rule did not concern; a rule that concerned all is left out.
    pub not_applicable: BTreeMap<String, usize>,
    /// Blockers that are unknown and not waived.
    pub unknown_blockers: usize,
    /// Rules of counted gates that wait for a person.
    pub waiting: BTreeSet<String>,
    /// The oldest answer about any pool, RFC 3339 in UTC.
    pub oldest: Option<String>,
    /// What is said of the pool, where there is one only.
    pub one_pool: Vec<String>,
    /// Whether something counted does not hold.
    pub no: bool,
    /// Whether something counted is not known.
    pub unclear: bool,
    /// The number of reasons for the exit code.
    pub reasons: usize,
    /// The reasons by account, or the first of them.
    pub because: Vec<Reason>,
}

/// Why the exit code is not 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// The account concerned.
    pub account: String,
    /// A sentence.
    pub text: String,
}

/// Accounts by what came of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountNumbers {
    /// Every call was answered.
    pub complete: usize,
    /// Some call was not answered.
    pub partial: usize,
    /// Could not be entered.
    pub not_entered: usize,
    /// Those whose pools could not all be looked at, entered or not.
    pub open: usize,
}

/// Pools for which a gate counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateNumbers {
    /// All of them.
    pub counted: usize,
    /// Nothing stands in the way.
    pub ready: usize,
    /// A blocker is false.
    pub blocked: usize,
    /// A blocker is not decided.
    pub undetermined: usize,
    /// Those that passed the gate before, whatever their status is now.
    pub done: usize,
}

impl Totals {
    /// Adds those of another part.
    pub fn add(&mut self, other: Self) {
        self.one_pool = match (self.pools, other.pools) {
            (0, _) => other.one_pool,
            (_, 0) => std::mem::take(&mut self.one_pool),
            _ => Vec::new(),
        };
        self.pools += other.pools;
        self.accounts.complete += other.accounts.complete;
        self.accounts.partial += other.accounts.partial;
        self.accounts.not_entered += other.accounts.not_entered;
        self.accounts.open += other.accounts.open;
        for (gate, numbers) in other.gates {
            let own = self.gates.entry(gate).or_default();
            own.counted += numbers.counted;
            own.ready += numbers.ready;
            own.blocked += numbers.blocked;
            own.undetermined += numbers.undetermined;
            own.done += numbers.done;
        }
        for (verdict, n) in other.counts {
            *self.counts.entry(verdict).or_default() += n;
        }
        for (rule, n) in other.not_applicable {
            *self.not_applicable.entry(rule).or_default() += n;
        }
        self.unknown_blockers += other.unknown_blockers;
        self.waiting.extend(other.waiting);
        self.oldest = earlier(self.oldest.take(), other.oldest);
        self.no |= other.no;
        self.unclear |= other.unclear;
        self.reasons += other.reasons;
        self.because.extend(other.because);
        self.because.sort_by(|a, b| a.account.cmp(&b.account));
    }

    /// The exit code, and the reasons as far as they are kept.
    pub fn exit(&self, run: &Run) -> Exit {
        let mut because = Vec::new();
        let mut unclear = self.unclear;
        if self.pools == 0 {
            unclear = true;
            because.push("no pool in scope".to_owned());
        }
        because.extend(self.because.iter().map(|reason| reason.text.clone()));
        if let more @ 1.. = self.reasons.saturating_sub(self.because.len()) {
            because.push(format!("and {more} more"));
        }
        if run.strict {
            for reduction in run.reductions.iter().filter(|reduction| reduction.touches_blocker) {
                unclear = true;
                because.push(format!("{}: {} (--strict)", reduction.option, reduction.effect));
            }
        }
        let code = match (run.fail_on == NEVER, self.no, unclear) {
            (true, ..) | (_, false, false) => 0,
            (_, true, _) => 1,
            (_, false, true) => 3,
        };
        Exit { code, because }
    }

    /// The first lines of a report: which accounts nobody could look at, which pools may pass which gate, what waits for a
    /// person, how old the evidence is, what to do next.
    pub fn answer(&self, now: Timestamp) -> Vec<String> {
        let mut lines = Vec::new();
        if self.accounts.open > 0 {
            lines.push(open_accounts(self.accounts));
        }
        match self.pools {
            0 => lines.push("No pool is in scope: nothing was judged.".to_owned()),
            1 => lines.extend(self.one_pool.iter().cloned()),
            _ => lines.extend(fleet(self)),
        }
        if !self.waiting.is_empty() {
            let waiting: Vec<&str> = self.waiting.iter().map(String::as_str).collect();
            lines.push(format!("Waiting for a person: {}.", waiting.join(", ")));
        }
        lines.extend(age(self, now));
        lines.push(next(self).to_owned());
        lines
    }

    /// Keeps the first reasons only; how many there are is not forgotten.
    pub fn keep_reasons(&mut self, first: usize) {
        self.because.truncate(first);
    }
}

/// The earlier of two instants in RFC 3339.
pub fn earlier(one: Option<String>, other: Option<String>) -> Option<String> {
    let instant = |text: &String| text.parse::<Timestamp>().ok();
    [one, other].into_iter().flatten().min_by_key(instant)
}

/// The later of two instants in RFC 3339.
pub fn later(one: Option<String>, other: Option<String>) -> Option<String> {
    let instant = |text: &String| text.parse::<Timestamp>().ok();
    [one, other].into_iter().flatten().max_by_key(instant)
}

fn open_accounts(accounts: AccountNumbers) -> String {
    let all = accounts.complete + accounts.partial + accounts.not_entered;
    let (open, entered) = (accounts.open, accounts.not_entered);
    let verb = if open == 1 { "is" } else { "are" };
    format!(
        "{open} of {} {verb} not fully looked at ({} not entered): pools that nobody saw may be there.",
        if all == 1 { "1 account".to_owned() } else { format!("{all} accounts") },
        entered
    )
}

fn fleet(totals: &Totals) -> Vec<String> {
    let line = |gate: &Gate| {
        let numbers = totals.gates.get(gate)?;
        Some(format!(
            "{gate}: of {} pools {} ready, {} blocked, {} undetermined.",
            numbers.counted, numbers.ready, numbers.blocked, numbers.undetermined
        ))
    };
    Gate::ALL.iter().filter_map(line).collect()
}

fn age(totals: &Totals, now: Timestamp) -> Option<String> {
    let oldest = totals.oldest.as_deref()?.parse::<Timestamp>().ok()?;
    let seconds = now.duration_since(oldest).as_secs();
    let age = match seconds {
        i64::MIN..=-1 => return Some("The evidence is newer than the clock given.".to_owned()),
        0..=119 => "less than two minutes".to_owned(),
        120..=7199 => format!("{} minutes", seconds / 60),
        7200..=172_799 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    };
    Some(format!("The oldest evidence is {age} old."))
}

fn next(totals: &Totals) -> &'static str {
    let any = |of: &dyn Fn(&GateNumbers) -> usize| totals.gates.values().any(|numbers| of(numbers) > 0);
    if totals.pools == 0 && totals.accounts.open == 0 {
        "Next: collect a pool, or name one that the snapshot has."
    } else if any(&|numbers| numbers.blocked) {
        "Next: remove what blocks; every finding names its remedy."
    } else if totals.unknown_blockers > 0 {
        "Next: get the missing evidence; every unknown names its cause."
    } else if any(&|numbers| numbers.undetermined) {
        "Next: answer what waits for a person in a decisions file, and judge again with --waivers."
    } else if totals.gates.values().all(|numbers| numbers.done == numbers.counted) {
        "Next: nothing; judge again after every change."
    } else {
        "Next: take the step, and judge again after it."
    }
}

/// How many findings a decision met, by what came of it. Adds up over the accounts and shards of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Uses {
    /// All that its rule and subject name.
    pub matched: usize,
    /// Those that it decided.
    pub applied: usize,
    /// Those whose value is another than the one it was granted for.
    pub outdated: usize,
    /// Those whose pool has its issuer switched already.
    pub switched: usize,
    /// Those for which nobody knows that.
    pub unseen: usize,
    /// Those that another decision decided.
    pub taken: usize,
}

impl Uses {
    /// Adds those of another part.
    pub fn add(&mut self, other: Self) {
        let Self { matched, applied, outdated, switched, unseen, taken } = other;
        self.matched += matched;
        self.applied += applied;
        self.outdated += outdated;
        self.switched += switched;
        self.unseen += unseen;
        self.taken += taken;
    }
}

/// What a decision came to, by what it met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It decides something.
    Applied,
    /// The issuer is switched already.
    Switched,
    /// The account shows another value.
    Outdated,
    /// Nobody knows whether the issuer is switched.
    IssuerUnknown,
    /// Another decision decides the same.
    Taken,
    /// Its findings are not such that it could decide them.
    NothingToDecide,
    /// There is no such subject.
    NoSubject,
}

impl Uses {
    /// What the decision came to.
    pub fn standing(&self) -> Standing {
        match self {
            Self { applied: 1.., .. } => Standing::Applied,
            Self { switched: 1.., .. } => Standing::Switched,
            Self { outdated: 1.., .. } => Standing::Outdated,
            Self { unseen: 1.., .. } => Standing::IssuerUnknown,
            Self { taken: 1.., .. } => Standing::Taken,
            Self { matched: 1.., .. } => Standing::NothingToDecide,
            _ => Standing::NoSubject,
        }
    }

    /// The state of the decision in a report, and why; `soon` says that it ends soon.
    pub fn state(&self, soon: Option<&str>) -> (&'static str, String) {
        let (state, why) = match self.standing() {
            Standing::Applied => return ("applied", self.applied_to(soon)),
            Standing::Switched => (
                "outdated",
                "the issuer is switched: what does not accept it now turns tokens away, and no cutover hides that",
            ),
            Standing::Outdated => ("outdated", "the account shows another value than the one it was granted for"),
            Standing::IssuerUnknown => ("unused", "whether the issuer is switched already is not known"),
            Standing::Taken => ("unused", "another decision decides the same"),
            Standing::NothingToDecide => ("unused", "nothing there that it could decide"),
            Standing::NoSubject => ("unused", "no finding of this rule has such a subject"),
        };
        (state, why.to_owned())
    }

    fn applied_to(&self, soon: Option<&str>) -> String {
        let mut notes = vec![format!("applies to {}", self.applied)];
        let mut note = |count: usize, what: &str| notes.extend((count > 0).then(|| format!("{what} for {count}")));
        note(self.outdated, "outdated");
        note(self.switched, "outdated, since the issuer is switched,");
        note(self.unseen, "not used, since the issuer is not known,");
        notes.extend(soon.map(str::to_owned));
        notes.join("; ")
    }
}

/// A decision and what it met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionUse {
    /// The decision. Its state is empty where it follows from what was met.
    pub decision: WaiverState,
    /// That it ends soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soon: Option<String>,
    /// What it met in accounts.
    pub uses: Uses,
    /// What it met in source trees, which every part has alike.
    #[serde(default)]
    pub in_trees: Uses,
}

impl DecisionUse {
    /// What it met, all in all.
    pub fn all(&self) -> Uses {
        let mut all = self.uses;
        all.add(self.in_trees);
        all
    }

    /// The decision with its state.
    pub fn state(&self) -> WaiverState {
        let mut decision = self.decision.clone();
        if decision.state.is_empty() {
            let (state, detail) = self.all().state(self.soon.as_deref());
            state.clone_into(&mut decision.state);
            decision.detail = detail;
        }
        decision
    }
}

/// What of a part is needed to make one report of several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mergeable {
    /// The numbers of what belongs to an account.
    pub totals: Totals,
    /// The decisions, sorted, and what they met.
    pub decisions: Vec<DecisionUse>,
    /// What belongs to no account, the same in every part; none where no source tree was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trees: Option<Trees>,
    /// Which shard of how many was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// What was found in source trees and belongs to no pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trees {
    /// Digest of what the snapshot has of them, `sha256:…`.
    pub digest: String,
    /// The numbers.
    pub totals: Totals,
    /// What the decisions met there, in the order in which the run read them; told with the decisions.
    #[serde(skip)]
    pub uses: Vec<Uses>,
}

impl Mergeable {
    /// The numbers of all.
    pub fn all(&self) -> Totals {
        let mut all = self.totals.clone();
        if let Some(trees) = &self.trees {
            all.add(trees.totals.clone());
        }
        all
    }

    /// The decisions and what they met, all in all.
    pub fn waivers(&self) -> Vec<WaiverState> {
        let mut states: Vec<WaiverState> = self.decisions.iter().map(DecisionUse::state).collect();
        states.sort();
        states
    }
}

/// One of several runs that share the accounts among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Which, from 0.
    pub index: u64,
    /// Of how many.
    pub of: u64,
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// Coverage in numbers, and what of it belongs to no account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Calls {
    /// Calls made.
    pub asked: usize,
    /// Calls answered.
    pub answered: usize,
    /// Calls refused.
    pub denied: usize,
    /// Calls throttled to the last attempt.
    pub throttled: usize,
    /// Calls that failed otherwise.
    pub failed: usize,
    /// Of source trees: what was not read, and why.
    pub not_asked: Vec<NotAsked>,
    /// What each missing permission would decide, the one that helps most first.
    pub permissions: Vec<MissingPermission>,
}

impl Calls {
    /// Those of a report, or of a part of one.
    pub fn of(coverage: &Coverage) -> Self {
        Self {
            asked: coverage.asked,
            answered: coverage.answered,
            denied: coverage.denied,
            throttled: coverage.throttled,
            failed: coverage.failed,
            not_asked: coverage.not_asked.iter().filter(|each| each.account.is_empty()).cloned().collect(),
            permissions: coverage.permissions.clone(),
        }
    }

    /// Adds those of another part. Every part of a fleet has read the same source trees.
    pub fn add(&mut self, other: Self) {
        let Self { asked, answered, denied, throttled, failed, not_asked, permissions } = other;
        self.asked += asked;
        self.answered += answered;
        self.denied += denied;
        self.throttled += throttled;
        self.failed += failed;
        self.not_asked.extend(not_asked);
        self.not_asked.sort();
        self.not_asked.dedup();
        for each in permissions {
            match self.permissions.iter_mut().find(|own| own.action == each.action) {
                Some(own) => {
                    own.findings += each.findings;
                    own.blockers += each.blockers;
                    own.alone += each.alone;
                }
                None => self.permissions.push(each),
            }
        }
        sort_permissions(&mut self.permissions);
    }
}

/// The permission that decides most blockers first.
fn sort_permissions(permissions: &mut [MissingPermission]) {
    permissions.sort_by(|a, b| {
        (Reverse(a.blockers), Reverse(a.findings), &a.action).cmp(&(
            Reverse(b.blockers),
            Reverse(b.findings),
            &b.action,
        ))
    });
}

/// What is said of a run as a whole, put together from its parts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sum {
    /// The numbers, with the first reasons.
    pub totals: Totals,
    /// How the decisions were used, all parts in the same order.
    pub uses: Vec<Uses>,
    /// Calls and permissions.
    pub calls: Calls,
    /// Times, Regions, searches, and one caller. Digest and accounts are not among it.
    pub snapshot: SnapshotSummary,
}

impl Sum {
    /// Adds another part, which comes after this one. At most so many reasons for the exit code are kept.
    pub fn add(&mut self, other: Self, reasons: usize) {
        self.totals.add(other.totals);
        self.totals.keep_reasons(reasons);
        self.uses.resize(self.uses.len().max(other.uses.len()), Uses::default());
        for (own, other) in self.uses.iter_mut().zip(other.uses) {
            own.add(other);
        }
        self.calls.add(other.calls);
        let SnapshotSummary { digest: _, evidence_from, evidence_to, accounts: _, regions, searched, caller } =
            other.snapshot;
        let own = &mut self.snapshot;
        own.evidence_from = earlier(own.evidence_from.take(), evidence_from);
        own.evidence_to = later(own.evidence_to.take(), evidence_to);
        for (own, other) in [(&mut own.regions, regions), (&mut own.searched, searched)] {
            own.extend(other);
            own.sort();
            own.dedup();
        }
        own.caller = [own.caller.take(), caller].into_iter().flatten().min();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(pools: usize, because: &[&str]) -> Totals {
        Totals {
            pools,
            one_pool: if pools == 1 { vec!["one".to_owned()] } else { Vec::new() },
            reasons: because.len(),
            because: because
                .iter()
                .map(|text| Reason { account: (*text).to_owned(), text: (*text).to_owned() })
                .collect(),
            oldest: Some(format!("2026-11-2{pools}T00:00:00Z")),
            gates: BTreeMap::from([(Gate::Issuer, GateNumbers { counted: pools, ready: pools, ..Default::default() })]),
            ..Totals::default()
        }
    }

    fn sum(parts: &[Totals]) -> Totals {
        parts.iter().cloned().fold(Totals::default(), |mut sum, part| {
            sum.add(part);
            sum
        })
    }

    #[test]
    fn parts_add_up_in_whatever_groups() {
        let parts = [part(1, &["a"]), part(0, &[]), part(3, &["b", "c"]), part(1, &[])];
        let whole = sum(&parts);
        assert_eq!((whole.pools, whole.reasons, whole.gates[&Gate::Issuer].ready), (5, 3, 5));
        let because: String = whole.because.iter().map(|reason| reason.text.as_str()).collect();
        assert_eq!((because.as_str(), whole.oldest.as_deref()), ("abc", Some("2026-11-20T00:00:00Z")));
        assert_eq!(sum(&[sum(&parts[..2]), sum(&parts[2..])]), whole);
        let turned: Vec<Totals> = parts.iter().rev().cloned().collect();
        assert_eq!(sum(&turned), whole, "in whatever order");
    }

    #[test]
    fn what_is_said_of_a_single_pool_is_kept_while_there_is_one() {
        assert_eq!(sum(&[part(0, &[]), part(1, &[]), part(0, &[])]).one_pool, ["one"]);
        assert!(sum(&[part(1, &[]), part(1, &[])]).one_pool.is_empty());
        assert!(sum(&[part(2, &[]), part(1, &[])]).one_pool.is_empty());
    }
}
