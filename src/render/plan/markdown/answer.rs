//! The first page of a pool: the answer, what cannot be fixed, what to begin now, how long old tokens live.

use std::collections::BTreeMap;

use super::super::schedule::{Schedule, days, hours};
use super::Page;
use super::steps::called;
use crate::model::plan::{Certainty, PlannedStep, PoolPlan, Who};
use crate::model::report::GateSummary;
use crate::model::{Gate, Plan, Position, Status};
use crate::render::escape::{code, flow};
use crate::render::text::{age, count, list};

/// The most names in one cell.
const MAX_NAMES: usize = 4;

/// The answer, as a few sentences and a table.
pub(super) fn glance(page: &mut Page, plan: &Plan, pool: &PoolPlan) {
    page.line(&answer(pool));
    let schedule = Schedule::of(pool);
    let to = pool.replica_region.as_ref().map_or_else(|| "not chosen yet".to_owned(), |to| code(to));
    let old = pool.evidence_from.as_deref().and_then(|from| age(from, &plan.now));
    let mut rows = vec![
        ["Account".to_owned(), code(&pool.pool.account)],
        ["From, to".to_owned(), format!("{}, {to}", code(&pool.region))],
    ];
    rows.extend(pool.owner.as_ref().map(|owner| ["Owner".to_owned(), code(owner)]));
    rows.extend(pool.wave.as_ref().map(|wave| ["Planned wave".to_owned(), code(wave)]));
    rows.push(["Steps".to_owned(), counted(pool)]);
    rows.push(["Work".to_owned(), work(pool)]);
    rows.push(["Not before".to_owned(), not_before(&schedule)]);
    rows.push(["Begin now".to_owned(), begin_now(pool, &schedule)]);
    rows.push(["No way back from".to_owned(), no_way_back(pool)]);
    rows.push(["Evidence".to_owned(), old.unwrap_or_else(|| "age not known".to_owned())]);
    page.table(["", ""], &rows);
    let gates: Vec<[String; 4]> = Gate::ALL
        .iter()
        .filter_map(|gate| {
            let now = pool.gates.get(gate)?;
            let expected = pool.expected.get(gate);
            let stands = expected.map_or_else(|| "not known".to_owned(), stands);
            Some([gate.to_string(), self::stands(now), stands, blockers(now)])
        })
        .collect();
    page.table(["Gate", "Now", "Expected after all steps", "What holds it now"], &gates);
}

fn answer(pool: &PoolPlan) -> String {
    let steps = pool.steps.len();
    let stays: Vec<&str> = Gate::ALL
        .iter()
        .filter(|gate| pool.expected.get(gate).is_some_and(|it| !opens(it)))
        .map(|g| g.as_str())
        .collect();
    let mut words = if steps == 0 {
        vec!["**Nothing is left to do.**".to_owned()]
    } else {
        vec![format!("**{} to take.**", count(steps, "step"))]
    };
    if !pool.cannot_fix.is_empty() {
        words.push(format!("**{} that no step here mends, see below.**", count(pool.cannot_fix.len(), "finding")));
    }
    if steps > 0 && !pool.expected.is_empty() {
        words.push(if stays.is_empty() {
            "Once all have the effect they declare, every planned gate is ready.".to_owned()
        } else {
            format!(
                "Once all have the effect they declare, {} still not ready: {}.",
                are(stays.len()),
                stays.join(", ")
            )
        });
    }
    words.join(" ")
}

fn are(gates: usize) -> &'static str {
    if gates == 1 { "one gate is" } else { "these gates are" }
}

/// Whether a gate may be passed, was passed, or is not wanted.
fn opens(gate: &GateSummary) -> bool {
    gate.status == Status::Ready || gate.position == Position::NotPlanned
}

fn stands(gate: &GateSummary) -> String {
    let position = gate.position.as_str().replace('_', " ");
    if gate.position == Position::NotPlanned { position } else { format!("{position}, {}", gate.status) }
}

fn blockers(gate: &GateSummary) -> String {
    // `rule subject`: the subjects are told step by step.
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for name in gate.blocked_by.iter().chain(&gate.undetermined_by) {
        *rules.entry(name.split(' ').next().unwrap_or_default()).or_default() += 1;
    }
    let named = |(rule, times): (&str, usize)| if times > 1 { format!("{} ({times})", code(rule)) } else { code(rule) };
    let all: Vec<String> = rules.into_iter().map(named).collect();
    if all.is_empty() { "nothing".to_owned() } else { list(&all, MAX_NAMES) }
}

fn counted(pool: &PoolPlan) -> String {
    let perhaps = pool.steps.iter().filter(|step| step.certainty == Certainty::Perhaps).count();
    let mut words = vec![format!("{} to take", pool.steps.len())];
    words.extend((perhaps > 0).then(|| format!("of them {perhaps} only if a look shows that it is needed")));
    words.push(format!("{} done already", pool.done.len()));
    words.join(", ")
}

fn minutes<'s>(steps: impl Iterator<Item = &'s PlannedStep>) -> u64 {
    steps.map(|step| u64::from(step.minutes)).sum()
}

fn work(pool: &PoolPlan) -> String {
    let by = |who: &Who| {
        let minutes = minutes(pool.steps.iter().filter(|step| step.who == *who));
        (minutes > 0).then(|| format!("{who} {}", hours(minutes)))
    };
    let parts: Vec<String> = Who::ALL.iter().filter_map(by).collect();
    let all = hours(minutes(pool.steps.iter()));
    if parts.len() > 1 { format!("{all}: {}", parts.join(", ")) } else { all }
}

fn not_before(schedule: &Schedule) -> String {
    match schedule.last() {
        0 => "nothing here has to wait for others".to_owned(),
        last => format!("day {last}, because others have to act first or time has to pass"),
    }
}

fn begin_now(pool: &PoolPlan, schedule: &Schedule) -> String {
    let now = |(step, begins): &(&PlannedStep, &u32)| step.lead_days > 0 && **begins == 0;
    let steps: Vec<String> = pool
        .steps
        .iter()
        .zip(&schedule.begins)
        .filter(now)
        .map(|(step, _)| format!("{} ({})", called(step), days(step.lead_days)))
        .collect();
    if steps.is_empty() { "nothing has a lead time".to_owned() } else { steps.join("<br>") }
}

fn no_way_back(pool: &PoolPlan) -> String {
    let final_steps = pool.steps.iter().filter_map(|step| {
        let why = step.point_of_no_return.as_ref()?;
        Some(format!("{}: {}", called(step), flow(why)))
    });
    let all: Vec<String> = final_steps.collect();
    if all.is_empty() { "every step can be taken back".to_owned() } else { all.join("<br>") }
}

/// What no step mends.
pub(super) fn cannot_fix(page: &mut Page, pool: &PoolPlan, level: usize) {
    if pool.cannot_fix.is_empty() {
        return;
    }
    page.heading(level, "What cannot be fixed here");
    let rows: Vec<[String; 4]> = pool
        .cannot_fix
        .iter()
        .map(|each| {
            let gates: Vec<&str> = each.gates.iter().map(|gate| gate.as_str()).collect();
            let gates = if gates.is_empty() { "none".to_owned() } else { gates.join(", ") };
            [flow(&each.message), gates, flow(&each.reason), code(&each.rule)]
        })
        .collect();
    page.table(["What is found", "Gates that stay closed", "Why, and what would help", "Rule"], &rows);
}

/// What to begin when: lead times first, then phase by phase.
pub(super) fn timeline(page: &mut Page, pool: &PoolPlan, level: usize) {
    if pool.steps.is_empty() {
        return;
    }
    page.heading(level, "Timeline");
    let schedule = Schedule::of(pool);
    let each = || pool.steps.iter().zip(schedule.begins.iter().zip(&schedule.ends));
    let mut waiting: Vec<(u32, [String; 4])> = each()
        .filter(|(step, _)| step.lead_days > 0)
        .map(|(step, (begins, ends))| {
            (*begins, [format!("day {begins}"), format!("day {ends}"), called(step), step.who.to_string()])
        })
        .collect();
    waiting.sort_by_key(|(begins, _)| *begins);
    if !waiting.is_empty() {
        page.line("Others have to act, or time has to pass; day 0 is the day on which the work begins:");
        let rows: Vec<[String; 4]> = waiting.into_iter().map(|(_, row)| row).collect();
        page.table(["Begin", "Answer", "Step", "Who"], &rows);
    }
    page.line("By phase:");
    let mut rows: Vec<[String; 4]> = Vec::new();
    for phase in crate::model::plan::Phase::ALL {
        let of_phase: Vec<(&PlannedStep, u32)> =
            each().filter(|(step, _)| step.phase == *phase).map(|(step, (begins, _))| (step, *begins)).collect();
        let Some(begins) = of_phase.iter().map(|(_, begins)| *begins).min() else { continue };
        let numbers: Vec<String> = of_phase.iter().map(|(step, _)| step.number.to_string()).collect();
        let work = hours(minutes(of_phase.iter().map(|(step, _)| *step)));
        rows.push([phase.as_str().replace('_', " "), ranges(&numbers), work, format!("day {begins}")]);
    }
    page.table(["Phase", "Steps", "Work", "Not before"], &rows);
}

/// Numbers in order, neighbours as a range: `1–3, 5`.
fn ranges(numbers: &[String]) -> String {
    let numbers: Vec<usize> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    let mut out: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match out.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => out.push((number, number)),
        }
    }
    let range =
        |(first, last): (usize, usize)| if first == last { first.to_string() } else { format!("{first}–{last}") };
    out.into_iter().map(range).collect::<Vec<_>>().join(", ")
}

/// How long tokens of the old issuer go on, spelled out.
pub(super) fn overlap(page: &mut Page, pool: &PoolPlan, level: usize) {
    let Some(overlap) = &pool.overlap else { return };
    page.heading(level, "Overlap window");
    page.line(&match overlap.minutes {
        Some(minutes) => format!(
            "Tokens that were issued before the switch keep the old issuer until they expire. **{} after the switch** ({minutes} \
             minutes) the last one has, and every cache has forgotten the old keys. Until then each verifier has to accept both \
             issuers; only then take the old one out. Should the switch be taken back, the same holds the other way round.",
            hours(u64::from(minutes)),
        ),
        None => "How long tokens with the old issuer live after the switch **is not known**, because the evidence lacks part of it. \
                 Find it out before the switch: each verifier has to accept both issuers until the last old token has expired, \
                 and access and ID tokens can be valid for up to 24 hours."
            .to_owned(),
    });
    let made_of: Vec<String> = overlap.made_of.iter().map(|part| format!("- {}", flow(part))).collect();
    if !made_of.is_empty() {
        page.line(&made_of.join("\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_a_range() {
        let words = |numbers: &[usize]| ranges(&numbers.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(words(&[1, 2, 3, 5, 7, 8]), "1–3, 5, 7–8");
        assert_eq!(words(&[]), "");
    }
}
