//! Judging: every rule on every subject of every pool, then decisions, then gates, then the report.
//!
//! Pure: facts, catalogue, decisions and options in, report out. The same input gives the same report.

mod baseline;
mod coverage;
mod decide;
mod evaluate;
mod gates;
mod inline;
mod judge;
pub mod needs;
mod pools;
mod split;
mod subjects;
mod totals;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::facts::{FactOptions, Facts, PoolView};
use crate::model::report::{
    Coverage, Finding, PoolSummary, REPORT_SCHEMA_VERSION, Reduction, Remediation, Report, RuleSummary, Run,
    SnapshotSummary, Summary, Tool,
};
use crate::model::totals::{Mergeable, Trees, Uses};
use crate::model::{Gate, Level, Subject, Totals, Verdict};
use crate::rules::{Catalog, Decision, Rule};
use crate::snapshot::{FleetDigest, NO_ACCOUNT};

pub use baseline::{Against, BaselineError, Grace, compare, readable, whole};
pub use decide::{Settled, decision_uses, ended, observed_value, settle};
pub use evaluate::{Outcome, Scope, evaluate};
pub use gates::positions;
pub use inline::{TestFailure, given_value, run_tests};
pub use judge::{Judgement, judge, verdict};
pub use split::{SplitBy, split};
pub use subjects::SubjectScope;

/// The judging options of a run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The gates to count; empty: the done and next ones.
    pub gates: BTreeSet<Gate>,
    /// When the exit code says no.
    pub fail_on: FailOn,
    /// Whether a reduction that touches a blocker ends in 3.
    pub strict: bool,
    /// What made the run see or count less.
    pub reductions: Vec<Reduction>,
    /// Digests of the decisions files.
    pub waiver_digests: Vec<String>,
    /// What the configuration says of pools, by id.
    pub pools: BTreeMap<String, PoolPlanning>,
    /// Digest of the configuration file, `sha256:…`.
    pub config_digest: Option<String>,
    /// The longest that a decision may hold, in days; a longer one is refused.
    pub waiver_max_days: Option<u32>,
    /// Tells only what is open: passes, and what is not applicable, have then neither message nor evidence nor fingerprint, and
    /// of their subject the kind, the id, the account and the pool; and the report has no table of rules
    /// ([`rule_summaries`]). Everything else is the same, and costs much less.
    pub open_only: bool,
}

/// What people planned for a pool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PoolPlanning {
    /// Who owns it.
    pub owner: Option<String>,
    /// The wave of the migration.
    pub wave: Option<String>,
    /// The gates that count, unless the run names some.
    pub gates: Option<BTreeSet<Gate>>,
}

/// When the exit code says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailOn {
    /// A blocked gate, an undetermined gate.
    #[default]
    Fail,
    /// Also an advisory that is false or unknown.
    Warn,
    /// Never.
    Never,
}

impl FailOn {
    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Never => "never",
        }
    }
}

/// What is judged of one log: everything but what a run says of itself.
#[derive(Debug, Clone)]
pub struct Part {
    /// The pools, sorted by account and id.
    pub pools: Vec<PoolSummary>,
    /// Every result, sorted, with the decisions that apply.
    pub findings: Vec<Finding>,
    /// What could be seen.
    pub coverage: Coverage,
    /// What was judged.
    pub snapshot: SnapshotSummary,
    /// How the decisions were used for what belongs to an account, in the order of the decisions.
    pub uses: Vec<Uses>,
    /// The numbers of what belongs to an account.
    pub totals: Totals,
    /// What belongs to none; none where no source tree was searched.
    pub trees: Option<Trees>,
}

/// Judges a snapshot's facts.
pub fn audit(facts: &Facts<'_>, catalog: &Catalog, decisions: &[Decision], options: &Options) -> Report {
    let Part { pools, findings, coverage, snapshot, uses, totals, trees } =
        part(facts, catalog, decisions, options, Whose::All);
    let (now, run) = (facts.options().now, run(facts.options(), catalog, options));
    let in_trees = trees.as_ref().map_or(&[][..], |trees| &trees.uses);
    let decisions = decision_uses(decisions, catalog, &uses, in_trees, now, options.waiver_max_days);
    let merge = Mergeable { totals, decisions, trees, shard: None };
    let totals = merge.all();
    Report {
        schema_version: REPORT_SCHEMA_VERSION,
        tool: tool(),
        snapshot,
        summary: Summary { answer: totals.answer(now), exit: totals.exit(&run), pools, counts: totals.counts.clone() },
        coverage,
        rules: if options.open_only { BTreeMap::new() } else { rule_summaries(catalog, &totals.not_applicable) },
        findings,
        waivers: merge.waivers(),
        resolved: Vec::new(),
        unseen: Vec::new(),
        run,
        merge: Some(merge),
    }
}

/// What of a log is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All of it.
    All,
    /// What belongs to an account.
    Accounts,
    /// What belongs to none: references in source trees whose pool cannot be resolved.
    Trees,
}

/// Judges the facts of one log, of an account of a fleet or of all of it.
pub fn part(facts: &Facts<'_>, catalog: &Catalog, decisions: &[Decision], options: &Options, whose: Whose) -> Part {
    let pools = if whose == Whose::Trees { Vec::new() } else { pools::in_scope(facts, options) };
    let mut findings: Vec<Finding> = Vec::new();
    for pool in &pools {
        pools::judge_pool(facts, pool, catalog, options, &mut findings);
    }
    pools::judge_without_pool(facts, catalog, options, whose, &mut findings);
    findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    own(&mut findings, options);
    // Those without an account stand first.
    let of_trees = findings.iter().take_while(|finding| finding.subject.account == NO_ACCOUNT).count();
    let (stray, own) = findings.split_at_mut(of_trees);
    let tree_uses = decide(stray, &pools, decisions, catalog, facts, options);
    let uses = decide(own, &pools, decisions, catalog, facts, options);
    let pools = gates::summaries(&pools, &findings, facts, options);
    let digests = facts.snapshot().account_digests();
    let snapshot = judged(facts, &digests);
    let coverage = coverage::coverage(facts, &findings, coverage::accounts(facts, &digests));
    let (stray, own) = findings.split_at(of_trees);
    let totals = totals::totals(&pools, own, &coverage.accounts, options);
    let trees = digests.get(NO_ACCOUNT).filter(|_| facts.snapshot().has_trees()).map(|digest| Trees {
        digest: digest.clone(),
        totals: totals::totals(&[], stray, &[], options),
        uses: tree_uses,
    });
    Part { pools, findings, coverage, snapshot, uses, totals, trees }
}

/// How the run judges.
pub fn run(facts: &FactOptions, catalog: &Catalog, options: &Options) -> Run {
    Run {
        now: facts.now.to_string(),
        target_issuer: facts.target_issuer,
        gates: options.gates.iter().copied().collect(),
        operator_arn: facts.operator_arn.clone(),
        monthly_active_users: facts.monthly_active_users,
        required_tags: facts.required_tags.iter().cloned().collect(),
        fail_on: options.fail_on.as_str().to_owned(),
        strict: options.strict,
        catalogue_digest: catalog.digest.clone(),
        catalogue_rules: catalog.rules.len(),
        waiver_digests: options.waiver_digests.clone(),
        config_digest: options.config_digest.clone(),
        baseline: None,
        unknown_grace: None,
        reductions: options.reductions.clone(),
    }
}

/// What a report says of each rule, with the number of subjects that it did not concern.
pub fn rule_summaries(catalog: &Catalog, not_applicable: &BTreeMap<String, usize>) -> BTreeMap<String, RuleSummary> {
    let summary = |rule: &Rule| {
        let not_applicable = not_applicable.get(&rule.id).copied().unwrap_or_default();
        (rule.id.clone(), RuleSummary { not_applicable, ..summary_of(rule) })
    };
    catalog.rules.iter().map(summary).collect()
}

/// Applies the decisions to the findings of these pools.
fn decide(
    findings: &mut [Finding],
    pools: &[PoolView<'_>],
    decisions: &[Decision],
    catalog: &Catalog,
    facts: &Facts<'_>,
    options: &Options,
) -> Vec<Uses> {
    let issuer = |subject: &Subject| decide::issuer_of(pools, subject);
    let terms = decide::Terms { now: facts.options().now, max_days: options.waiver_max_days, issuer: &issuer };
    decide::apply(findings, decisions, catalog, &terms)
}

/// The program and its version.
pub fn tool() -> Tool {
    Tool { name: "mrready".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// What one pool alone is judged to be.
#[derive(Debug, Clone)]
pub struct PoolAudit {
    /// Every result, sorted, with the decisions that apply.
    pub findings: Vec<Finding>,
    /// The pool and its gates.
    pub summary: PoolSummary,
}

/// Judges one pool alone, for a look ahead: the same findings and gates that [`audit`] gives it.
pub fn audit_pool(
    facts: &Facts<'_>,
    pool: &PoolView<'_>,
    catalog: &Catalog,
    decisions: &[Decision],
    options: &Options,
) -> PoolAudit {
    let mut findings = Vec::new();
    pools::judge_pool(facts, pool, catalog, options, &mut findings);
    findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    own(&mut findings, options);
    decide(&mut findings, std::slice::from_ref(pool), decisions, catalog, facts, options);
    let all: Vec<&Finding> = findings.iter().collect();
    let summary = gates::summary(pool, &all, facts, options);
    PoolAudit { findings, summary }
}

fn finding(rule: &Rule, catalog: &Catalog, subject: Subject, judgement: Judgement) -> Finding {
    let fingerprint = fingerprint(&rule.id, &subject);
    written(rule, catalog, subject, judgement, fingerprint)
}

fn written(rule: &Rule, catalog: &Catalog, subject: Subject, judgement: Judgement, fingerprint: String) -> Finding {
    let Judgement { verdict, message, evidence } = judgement;
    let helps = !matches!(verdict, Verdict::Pass | Verdict::NotApplicable | Verdict::Info) && !rule.remedy.is_empty();
    let remediation = helps.then(|| Remediation {
        steps: rule.remedy.clone(),
        summary: rule
            .remedy
            .iter()
            .filter_map(|id| catalog.steps.get(id))
            .map(|step| step.title.as_str())
            .collect::<Vec<_>>()
            .join("; "),
        when: rule.resolve,
    });
    Finding {
        fingerprint,
        rule: rule.id.clone(),
        verdict,
        level: rule.level,
        gates: rule.gates.clone(),
        subject,
        owner: None,
        message,
        evidence,
        remediation,
        waiver: None,
        first_seen: None,
        baseline: None,
        held: None,
    }
}

/// Gives each finding the owner of its pool.
fn own(findings: &mut [Finding], options: &Options) {
    for finding in findings {
        let planned = finding.subject.pool_id.as_ref().and_then(|id| options.pools.get(id));
        finding.owner = planned.and_then(|planned| planned.owner.clone());
    }
}

/// Of rule, subject and account only, so that it stays the same from run to run.
fn fingerprint(rule: &str, subject: &Subject) -> String {
    let text = format!("{rule}\u{0}{}\u{0}{}\u{0}{}", subject.kind, subject.id, subject.account);
    crate::snapshot::hex(&Sha256::digest(text)[..16])
}

/// Account, pool (references without one last), rule, subject.
fn sort_key(finding: &Finding) -> (&str, bool, Option<&str>, &str, &str) {
    let subject = &finding.subject;
    (&subject.account, subject.pool_id.is_none(), subject.pool_id.as_deref(), &finding.rule, &subject.id)
}

fn summary_of(rule: &Rule) -> RuleSummary {
    RuleSummary {
        title: rule.title.clone(),
        short: rule.short.clone(),
        level: rule.level,
        decided_by: rule.decided_by,
        gates: rule.gates.clone(),
        subject: rule.subject,
        tags: rule.tags.clone(),
        waivable: rule.waivable,
        why: rule.why.trim().to_owned(),
        references: rule.references.clone(),
        not_applicable: 0,
    }
}

/// What was judged: how old the evidence is, and its digest.
pub fn snapshot_summary(facts: &Facts<'_>) -> SnapshotSummary {
    judged(facts, &facts.snapshot().account_digests())
}

fn judged(facts: &Facts<'_>, digests: &BTreeMap<&str, String>) -> SnapshotSummary {
    let snapshot = facts.snapshot();
    let times = || snapshot.calls().map(|call| call.time).chain(snapshot.scans().map(|scan| scan.time));
    let caller = snapshot
        .calls()
        .filter(|call| call.operation == "GetCallerIdentity")
        .filter_map(|call| call.response.as_ref()?.get("Arn")?.as_str())
        .min()
        .map(str::to_owned);
    let set = |items: BTreeSet<&str>| items.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let services = snapshot.header.scope.searched.iter().map(|s| format!("{} {}", s.service, s.region));
    let searched = services.chain(snapshot.scans().map(|scan| format!("tree {}", scan.root)));
    SnapshotSummary {
        digest: FleetDigest::of(digests),
        evidence_from: times().min().map(|time| time.to_string()),
        evidence_to: times().max().map(|time| time.to_string()),
        accounts: set(snapshot.calls().map(|call| call.account.as_str()).collect()),
        regions: set(snapshot.calls().map(|call| call.region.as_str()).collect()),
        searched: searched.collect::<BTreeSet<String>>().into_iter().collect(),
        caller,
    }
}

/// A rule's level as it counts: what a person decides counts by level too.
fn is_blocker(finding: &Finding) -> bool {
    finding.level == Level::Blocker
}
