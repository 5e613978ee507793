//! The plan as a document for a change review, in Markdown as GitHub renders it.
//!
//! The answer first, then what somebody has to begin now, then the checklist, then everything that is looked up while the
//! steps are taken. It is written from the [`Plan`] alone. Every text that may come from an account goes through `escape`.

mod answer;
mod commands;
mod people;
mod steps;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::model::Plan;
use crate::model::plan::{Direction, PoolPlan, Wave};
use crate::render::escape::{code, prose};
use crate::render::text::{age, count};

/// Writes the document.
pub fn write(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::default();
    match plan.pools.as_slice() {
        [pool] => {
            page.line(&format!("# Change plan: {}", headline(plan, pool)));
            reductions(&mut page, plan);
            whole(&mut page, plan, pool, 2);
        }
        pools => {
            page.line(&format!("# Change plan: {}", several(plan, pools.len())));
            reductions(&mut page, plan);
            waves(&mut page, plan);
            for pool in in_waves(plan) {
                page.line(&format!("## {}", headline(plan, pool)));
                whole(&mut page, plan, pool, 3);
            }
        }
    }
    footer(&mut page, plan);
    out.write_all(page.text.as_bytes())
}

/// The text so far; blocks are separated by one empty line.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// A block of its own.
    fn line(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, level: usize, words: &str) {
        self.line(&format!("{} {words}", "#".repeat(level)));
    }

    /// A table; nothing if it has no rows.
    fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) {
        if rows.is_empty() {
            return;
        }
        let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
        let mut block = line(&head) + &line(&[" --- "; N].map(str::trim));
        for row in rows {
            block.push_str(&line(&row.each_ref().map(String::as_str)));
        }
        self.line(&block);
    }
}

/// What makes the plan see less than a default run's, above its answer.
fn reductions(page: &mut Page, plan: &Plan) {
    if plan.reductions.is_empty() {
        return;
    }
    let mut block = "**Reduced:** options made this plan see or count less than it does by default.\n\n".to_owned();
    for each in &plan.reductions {
        let blocker = if each.touches_blocker { " (touches a blocker)" } else { "" };
        block.extend(["- ", &code(&each.option), ": ", &prose(&each.effect), blocker, "\n"]);
    }
    page.line(&block);
}

/// Everything about one pool.
fn whole(page: &mut Page, plan: &Plan, pool: &PoolPlan, level: usize) {
    answer::glance(page, plan, pool);
    answer::cannot_fix(page, pool, level);
    answer::timeline(page, pool, level);
    steps::checklist(page, pool, level);
    people::decisions(page, pool, level);
    steps::risks(page, pool, level);
    answer::overlap(page, pool, level);
    people::verifiers(page, pool, level);
    steps::graph(page, pool, level);
    commands::commands(page, pool, level);
    people::sign_off(page, pool, level);
}

/// What is planned for a pool, in a line.
fn headline(plan: &Plan, pool: &PoolPlan) -> String {
    let id = code(&pool.pool.id);
    let name = match &pool.pool.name {
        Some(name) => format!("{} ({id})", prose(name)),
        None => id,
    };
    let there =
        pool.replica_region.as_ref().map_or_else(|| "a Region that is not chosen yet".to_owned(), |to| code(to));
    let here = code(&pool.region);
    match plan.direction {
        Direction::Forward => format!("replicate user pool {name} from {here} to {there}"),
        Direction::Reverse => format!("take user pool {name} back from {there} to {here} alone"),
        Direction::FailBack => format!("return the traffic of user pool {name} from {there} to {here}"),
    }
}

fn several(plan: &Plan, pools: usize) -> String {
    let pools = count(pools, "user pool");
    match plan.direction {
        Direction::Forward => format!("multi-Region replication of {pools}"),
        Direction::Reverse => format!("end of multi-Region replication of {pools}"),
        Direction::FailBack => format!("return of the traffic of {pools}"),
    }
}

/// Which pools go together and in which order.
fn waves(page: &mut Page, plan: &Plan) {
    if plan.pools.is_empty() {
        page.line("No user pool is in scope, so nothing is planned.");
    }
    let name = |id: &String| {
        let pool = plan.pools.iter().find(|pool| of_wave(pool) == *id);
        let name = pool.and_then(|pool| pool.pool.name.as_deref());
        name.map_or_else(|| code(id), |name| format!("{} ({})", code(id), prose(name)))
    };
    let row = |wave: &Wave| {
        let shared = if wave.shared.is_empty() {
            "nothing".to_owned()
        } else {
            wave.shared.iter().map(|what| prose(what)).collect::<Vec<_>>().join("<br>")
        };
        let pools: Vec<String> = wave.pools.iter().map(name).collect();
        [wave.number.to_string(), pools.join("<br>"), shared, prose(&wave.reason)]
    };
    let rows: Vec<[String; 4]> = plan.waves.iter().map(row).collect();
    if !rows.is_empty() {
        page.line(
            "Pools of one wave share something and are moved together; the wave with the smallest effect goes first.",
        );
    }
    page.table(["Wave", "Pools", "What they share", "Why here"], &rows);
}

/// A pool as waves call it.
fn of_wave(pool: &PoolPlan) -> String {
    format!("{}/{}", pool.pool.account, pool.pool.id)
}

/// The pools in the order of their waves; those of no wave last.
fn in_waves(plan: &Plan) -> Vec<&PoolPlan> {
    let wave = |pool: &PoolPlan| {
        let name = of_wave(pool);
        plan.waves.iter().position(|wave| wave.pools.contains(&name)).unwrap_or(usize::MAX)
    };
    let mut pools: Vec<&PoolPlan> = plan.pools.iter().collect();
    pools.sort_by_key(|pool| wave(pool));
    pools
}

/// What the document was made from, and when.
fn footer(page: &mut Page, plan: &Plan) {
    page.line("---");
    let evidence = match (&plan.evidence_from, &plan.evidence_to) {
        (Some(from), Some(to)) => {
            let old = age(from, &plan.now).map(|old| format!(", {old}")).unwrap_or_default();
            format!("evidence {} from {} to {}{old}", code(&plan.snapshot_digest), code(from), code(to))
        }
        _ => format!("evidence {} without a time", code(&plan.snapshot_digest)),
    };
    page.line(&format!(
        "Written by {} {} for the clock {}; {evidence}; rules and steps {}. Nothing was changed in any account. Before each \
         step look again: `mrready plan verify` says of a newer snapshot what is done, what is next and what came undone.",
        prose(&plan.tool.name),
        code(&plan.tool.version),
        code(&plan.now),
        code(&plan.catalogue_digest),
    ));
}
