//! The document's parts, in order, ready for the template. No text here is escaped yet; all of it can be seen.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use askama::filters::HtmlSafe;

use super::super::Show;
use super::super::about::{About, Item as SignOff};
use super::super::safe::safe;
use super::super::sort::worst_first;
use super::super::text::{age, count, list, shorten};
use super::super::words;
use super::findings::{Context, Shared, remedy, share, subject};
use super::graph::{self, Planned};
use super::pools::{Lists, Pool, Row, boxes, row};
use super::{CHUNK, FEW_POOLS, INLINE, SCRIPT, STYLE, policy};
use crate::model::report::{Finding, GateSummary, MissingPermission, Report};
use crate::model::{DecidedBy, Gate, Plan, Position, Status, Verdict};

/// Text of the program itself that stands in the document as it is: style and script.
#[derive(Debug)]
pub(super) struct Own(String);

impl HtmlSafe for Own {}

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The document.
#[derive(Debug, Template)]
#[template(path = "report.html")]
pub(super) struct Page {
    policy: String,
    title: String,
    style: Own,
    script: Own,
    tool: String,
    now: String,
    age: Option<String>,
    parts: Vec<(&'static str, &'static str)>,
    reductions: Vec<Reduced>,
    verdict: Answer,
    answer: Vec<String>,
    exit_code: u8,
    because: String,
    tiles: Vec<Tile>,
    pool_count: String,
    gate_names: Vec<&'static str>,
    totals: Vec<(&'static str, &'static str, Vec<usize>)>,
    selects: Vec<Select>,
    legend: Vec<&'static str>,
    pools: Vec<Row>,
    listed: Vec<String>,
    brief: bool,
    inline: usize,
    boxes: Vec<Pool>,
    plan_words: Vec<String>,
    plans: Vec<Planned>,
    has_baseline: bool,
    resolved: Vec<Gone>,
    decisions: Vec<Decision>,
    calls: String,
    permissions: Vec<MissingPermission>,
    problems: Vec<Problem>,
    not_asked: Vec<(String, String)>,
    rules: Vec<Rule>,
    facts: Vec<(&'static str, String)>,
    searched: String,
    silent: Vec<&'static str>,
    sign_off: Vec<SignOff>,
}

#[derive(Debug)]
struct Reduced {
    option: String,
    effect: String,
    touches_blocker: bool,
}

#[derive(Debug)]
struct Answer {
    class: &'static str,
    word: &'static str,
}

#[derive(Debug)]
struct Tile {
    verdict: &'static str,
    number: usize,
    word: &'static str,
}

/// A filter: values are places in lists or words of the program, never text of an account.
#[derive(Debug)]
pub(super) struct Select {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) options: Vec<(String, String)>,
}

#[derive(Debug)]
struct Gone {
    rule: String,
    title: String,
    subject: String,
    was: &'static str,
    was_word: &'static str,
    now: &'static str,
    now_word: &'static str,
    owner: String,
    detail: String,
}

#[derive(Debug)]
struct Decision {
    class: &'static str,
    state: String,
    kind: String,
    rule: String,
    subject: String,
    owner: String,
    expires: String,
    detail: String,
    place: String,
}

#[derive(Debug)]
struct Problem {
    call: String,
    account: String,
    region: String,
    times: usize,
    why: String,
}

#[derive(Debug)]
struct Rule {
    index: usize,
    /// The gates by their first letters, for the filter.
    letters: String,
    id: String,
    title: String,
    counts: String,
    about: String,
    why: String,
    remedies: BTreeSet<String>,
    /// What many of its findings share.
    evidence: Vec<Shared>,
    references: Vec<Link>,
}

#[derive(Debug)]
struct Link {
    url: String,
    safe_scheme: bool,
    grade: String,
    read: String,
}

impl Page {
    /// The document of a report; in its form for large fleets if it lists more than `inline` findings.
    pub(super) fn of(report: &Report, plan: Option<&Plan>, show: &Show, inline: usize) -> Self {
        let few = report.summary.pools.len() <= FEW_POOLS;
        let is_listed = |finding: &&Finding| {
            let usual = match finding.verdict {
                Verdict::NotApplicable => false,
                Verdict::Pass => few,
                Verdict::Fail | Verdict::Warn | Verdict::Info | Verdict::Unknown | Verdict::Manual => true,
            };
            !show.hides(finding) && show.verdicts.lists(finding.verdict, usual)
        };
        let listed: Vec<&Finding> = report.findings.iter().filter(is_listed).collect();
        let brief = listed.len() > inline;
        let mut remedies: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for finding in &report.findings {
            remedies.entry(&finding.rule).or_default().extend(finding.remediation.as_ref().map(remedy));
        }
        let context = Context {
            report,
            rules: report.rules.keys().zip(0..).map(|(id, index)| (id.as_str(), index)).collect(),
            brief,
            one_remedy: remedies.iter().map(|(rule, all)| (*rule, all.len() == 1)).collect(),
        };
        let lists = Lists::of(report, &listed);
        let pools = worst_first(report);
        let mut boxes = boxes(&context, &pools, &listed, &lists);
        let items = boxes.iter_mut().flat_map(|pool| &mut pool.findings).filter(|_| brief);
        let shared = share(items);
        let about = About::of(report);
        let (plans, of_graph) = plan.map(graph::of).unwrap_or_default();
        let style = if of_graph.is_empty() { STYLE.to_owned() } else { format!("{STYLE}.graph{{{of_graph}}}\n") };
        let rows: Vec<Row> = pools.iter().zip(0..).map(|(pool, index)| row(pool, index)).collect();
        let legend = legend(&rows);
        let has_baseline = report.run.baseline.is_some() || !report.resolved.is_empty();
        Self {
            policy: policy(&style, SCRIPT),
            title: title(report),
            style: Own(style),
            script: Own(SCRIPT.to_owned()),
            tool: safe(&format!("{} {}", report.tool.name, report.tool.version)),
            now: safe(&report.run.now),
            age: report.snapshot.evidence_from.as_deref().and_then(|from| age(from, &report.run.now)),
            parts: parts(has_baseline, pools.is_empty()),
            reductions: reductions(report),
            verdict: answer(report),
            answer: report.summary.answer.iter().map(|sentence| safe(sentence)).collect(),
            exit_code: report.summary.exit.code,
            because: safe(&report.summary.exit.because.join("; ")),
            tiles: tiles(report),
            pool_count: count(pools.len(), "pool"),
            gate_names: Gate::ALL.iter().map(|gate| gate.as_str()).collect(),
            totals: totals(report),
            selects: lists.selects(&listed),
            legend,
            pools: rows,
            listed: told(report, &listed, few),
            brief,
            inline: INLINE,
            boxes,
            plan_words: plan_words(report, plan),
            plans,
            has_baseline,
            resolved: gone(report),
            decisions: decisions(report),
            calls: about
                .facts
                .iter()
                .find(|(label, _)| *label == "Calls")
                .map(|(_, value)| format!("{value}."))
                .unwrap_or_default(),
            permissions: permissions(report),
            problems: problems(report),
            not_asked: about.not_asked.iter().map(|(why, what)| (safe(why), safe(&what.join(", ")))).collect(),
            rules: rules(report, &context, &remedies, shared),
            facts: about.facts.iter().map(|(label, value)| (*label, safe(value))).collect(),
            searched: if about.searched.is_empty() { "nothing".to_owned() } else { safe(&about.searched.join(", ")) },
            silent: about.silent,
            sign_off: about.sign_off.iter().map(visible).collect(),
        }
    }
}

fn title(report: &Report) -> String {
    let first = report.summary.answer.first().map(|sentence| safe(sentence)).unwrap_or_default();
    format!("{}: {}", answer(report).word, shorten(&first, 90))
}

fn parts(has_baseline: bool, is_empty: bool) -> Vec<(&'static str, &'static str)> {
    let mut parts = vec![("pools", "Pools"), ("findings", "Findings"), ("plan", "Plan")];
    parts.retain(|(id, _)| !is_empty || *id != "pools");
    parts.extend(has_baseline.then_some(("resolved", "Gone")));
    parts.extend([("decisions", "Decisions"), ("coverage", "Coverage"), ("rules", "Rules"), ("about", "About")]);
    parts.push(("sign-off", "Sign-off"));
    parts
}

fn reductions(report: &Report) -> Vec<Reduced> {
    let all = report.run.reductions.iter();
    all.map(|each| Reduced {
        option: safe(&each.option),
        effect: safe(&each.effect),
        touches_blocker: each.touches_blocker,
    })
    .collect()
}

/// The answer in a word: by the gates that count, whatever the exit code was told to say.
fn answer(report: &Report) -> Answer {
    let counted = || report.summary.pools.iter().flat_map(|pool| pool.gates.values()).filter(|gate| gate.counted);
    if counted().any(|gate| gate.status == Status::Blocked) {
        Answer { class: "blocked", word: "Blocked" }
    } else if counted().next().is_none() || counted().any(|gate| gate.status == Status::Undetermined) {
        Answer { class: "undetermined", word: "Undetermined" }
    } else {
        Answer { class: "ready", word: "Ready" }
    }
}

fn tiles(report: &Report) -> Vec<Tile> {
    let number = |verdict| report.summary.counts.get(&verdict).copied().unwrap_or_default();
    let wanted = words::ORDER.into_iter().filter(|verdict| *verdict == Verdict::Fail || number(*verdict) > 0);
    wanted.map(|verdict| Tile { verdict: verdict.as_str(), number: number(verdict), word: small(verdict) }).collect()
}

pub(super) fn small(verdict: Verdict) -> &'static str {
    if verdict == Verdict::NotApplicable { "not applicable" } else { verdict.as_str() }
}

/// A class, a word, and the gates that it is true of.
type Standing = (&'static str, &'static str, fn(&GateSummary) -> bool);

/// How many pools stand where, per gate; of one pool its own table says it.
fn totals(report: &Report) -> Vec<(&'static str, &'static str, Vec<usize>)> {
    if report.summary.pools.len() < 2 {
        return Vec::new();
    }
    let rows: [Standing; 5] = [
        ("blocked", "blocked", |gate| gate.counted && gate.status == Status::Blocked),
        ("undetermined", "undetermined", |gate| gate.counted && gate.status == Status::Undetermined),
        ("ready", "ready", |gate| gate.counted && gate.status == Status::Ready),
        ("off", "does not count yet", |gate| !gate.counted && gate.position != Position::NotPlanned),
        ("off", "not planned", |gate| !gate.counted && gate.position == Position::NotPlanned),
    ];
    let number = |gate: &Gate, is: fn(&GateSummary) -> bool| {
        report.summary.pools.iter().filter_map(|pool| pool.gates.get(gate)).filter(|state| is(state)).count()
    };
    rows.into_iter()
        .map(|(class, word, is)| (class, word, Gate::ALL.iter().map(|gate| number(gate, is)).collect::<Vec<_>>()))
        .filter(|(_, _, numbers)| numbers.iter().any(|n| *n > 0))
        .collect()
}

fn legend(rows: &[Row]) -> Vec<&'static str> {
    let words = [
        ("done?", "done?: AWS shows that the step was taken, but not all of its blockers are known."),
        ("REGRESSED", "REGRESSED: the step was taken, and a blocker of it is false now."),
    ];
    let has = |word: &str| rows.iter().flat_map(|row| &row.cells).any(|cell| cell.word == word);
    words.into_iter().filter(|(word, _)| has(word)).map(|(_, words)| words).collect()
}

pub(super) fn letter(gate: Gate) -> &'static str {
    match gate {
        Gate::Issuer => "i",
        Gate::Replicate => "r",
        Gate::Activate => "a",
        Gate::Failover => "f",
    }
}

/// What of the results is not listed, and why.
fn told(report: &Report, listed: &[&Finding], few: bool) -> Vec<String> {
    let number = |verdict: Verdict| report.findings.iter().filter(|each| each.verdict == verdict).count();
    let shown = |verdict: Verdict| listed.iter().filter(|each| each.verdict == verdict).count();
    let (mut parts, mut hidden) = (Vec::new(), 0);
    for verdict in words::ORDER {
        let left = number(verdict) - shown(verdict);
        match verdict {
            Verdict::Pass if !few => parts.extend((left > 0).then(|| format!("{left} passed"))),
            Verdict::NotApplicable => {
                let elsewhere: usize = report.rules.values().map(|rule| rule.not_applicable).sum();
                let left = left.max(elsewhere.saturating_sub(shown(verdict)));
                parts.extend((left > 0).then(|| format!("{left} not applicable")));
            }
            Verdict::Pass | Verdict::Fail | Verdict::Warn | Verdict::Info | Verdict::Unknown | Verdict::Manual => {
                hidden += left;
            }
        }
    }
    let mut told = Vec::new();
    if listed.is_empty() {
        told.push("No finding is listed.".to_owned());
    }
    if !parts.is_empty() {
        told.push(format!("Counted, not listed: {} (--show all lists them).", parts.join(", ")));
    }
    if hidden > 0 {
        told.push(format!("{} hidden by --show, --select or --ignore; all were judged.", count(hidden, "finding")));
    }
    told
}

fn plan_words(report: &Report, plan: Option<&Plan>) -> Vec<String> {
    let pools = report.summary.pools.len();
    let command = "mrready plan SNAPSHOT --output-dir DIR";
    match plan {
        Some(_) => vec![format!(
            "What each step needs, by the same evidence. An arrow leads from a step to those that wait for it. {command} \
             writes the whole plan, with scripts, checks and the way back."
        )],
        None if pools > FEW_POOLS => {
            vec![format!(
                "No plan is drawn for more than {FEW_POOLS} pools. {command} writes one, with a drawing per pool."
            )]
        }
        None => vec![format!("This document was written without a plan. {command} writes one.")],
    }
}

fn gone(report: &Report) -> Vec<Gone> {
    let all = report.resolved.iter();
    all.map(|each| Gone {
        rule: safe(&each.rule),
        title: safe(&each.title),
        subject: subject(&each.subject),
        was: each.was.as_str(),
        was_word: words::verdict(each.was),
        now: each.now.map_or("gone", Verdict::as_str),
        now_word: each.now.map_or("not there any more", words::verdict),
        owner: each.owner.as_deref().map_or_else(|| "–".to_owned(), safe),
        detail: safe(&each.detail),
    })
    .collect()
}

fn decisions(report: &Report) -> Vec<Decision> {
    let all = report.waivers.iter();
    all.map(|each| Decision {
        class: match each.state.as_str() {
            "applied" => "applied",
            "expired" | "outdated" | "refused" => "attention",
            _ => "off",
        },
        state: safe(&each.state),
        kind: safe(&each.kind.replace('_', " ")),
        rule: safe(&each.rule),
        subject: safe(&each.subject),
        owner: safe(&each.owner),
        expires: safe(&each.expires),
        detail: safe(&each.detail),
        place: safe(&each.place),
    })
    .collect()
}

fn permissions(report: &Report) -> Vec<MissingPermission> {
    let all = report.coverage.permissions.iter();
    all.map(|each| MissingPermission { action: safe(&each.action), ..each.clone() }).collect()
}

fn problems(report: &Report) -> Vec<Problem> {
    let all = report.coverage.problems.iter();
    all.map(|each| Problem {
        call: safe(&each.call),
        account: safe(&each.account),
        region: safe(&each.region),
        times: each.times,
        why: safe(&each.cause.to_string()),
    })
    .collect()
}

fn rules(
    report: &Report,
    context: &Context<'_>,
    remedies: &BTreeMap<&str, BTreeSet<String>>,
    mut shared: BTreeMap<usize, Vec<Shared>>,
) -> Vec<Rule> {
    let mut counts: BTreeMap<&str, BTreeMap<Verdict, usize>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.verdict != Verdict::NotApplicable) {
        *counts.entry(&finding.rule).or_default().entry(finding.verdict).or_default() += 1;
    }
    let all = report.rules.iter();
    all.map(|(id, rule)| {
        let of_rule = counts.get(id.as_str());
        let number = |verdict: &Verdict| {
            if *verdict == Verdict::NotApplicable {
                return rule.not_applicable;
            }
            of_rule.and_then(|of_rule| of_rule.get(verdict)).copied().unwrap_or_default()
        };
        let parts = words::ORDER.iter().map(|verdict| (number(verdict), small(*verdict)));
        let by = match rule.decided_by {
            DecidedBy::Evidence => "decided by evidence",
            DecidedBy::Person => "decided by a person",
        };
        let gates = list(rule.gates.iter().map(|gate| gate.as_str()), usize::MAX);
        let mut about = vec![format!("{} on {}", rule.level, rule.subject.as_str().replace('_', " "))];
        about.push(if gates.is_empty() { "no gate".to_owned() } else { format!("for {gates}") });
        about.push(by.to_owned());
        about.push(if rule.waivable { "may be waived" } else { "cannot be waived" }.to_owned());
        about.extend((!rule.tags.is_empty()).then(|| rule.tags.join(" ")));
        let index = context.rules.get(id.as_str()).copied().unwrap_or_default();
        Rule {
            index,
            evidence: shared.remove(&index).unwrap_or_default(),
            letters: rule.gates.iter().map(|gate| letter(*gate)).collect(),
            id: safe(id),
            title: safe(&rule.title),
            counts: list(parts.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")), usize::MAX),
            about: safe(&about.join(", ")),
            why: safe(&rule.why.split_whitespace().collect::<Vec<_>>().join(" ")),
            remedies: remedies.get(id.as_str()).cloned().unwrap_or_default(),
            references: rule
                .references
                .iter()
                .map(|each| Link {
                    url: safe(&each.url),
                    // Rules of users too: no other scheme becomes a link.
                    safe_scheme: each.url.starts_with("https://"),
                    grade: safe(&each.grade),
                    read: safe(&each.read),
                })
                .collect(),
        }
    })
    .collect()
}

fn visible(item: &SignOff) -> SignOff {
    SignOff {
        rule: safe(&item.rule),
        title: safe(&item.title),
        open: item.open,
        answers: item.answers.iter().map(|words| safe(words)).collect(),
    }
}
