//! When each step of a plan can begin: days from today, by what it needs and how long others take to act. Not for hours of
//! work, which fit into the days.

use std::collections::BTreeMap;

use crate::model::plan::PoolPlan;

/// Days from the beginning, step by step in the plan's order.
pub(super) struct Schedule {
    /// The first day on which a step can begin.
    pub(super) begins: Vec<u32>,
    /// The first day on which it can be done: later where others have to act.
    pub(super) ends: Vec<u32>,
}

impl Schedule {
    pub(super) fn of(plan: &PoolPlan) -> Self {
        let mut schedule = Self { begins: Vec::new(), ends: Vec::new() };
        let mut done: BTreeMap<&str, u32> = BTreeMap::new();
        // In the plan's order needs come first.
        for step in &plan.steps {
            let needed = step.needs.iter().filter_map(|need| done.get(need.as_str()).copied());
            let begins = needed.max().unwrap_or_default();
            let ends = begins.saturating_add(step.lead_days);
            done.insert(&step.id, ends);
            schedule.begins.push(begins);
            schedule.ends.push(ends);
        }
        schedule
    }

    /// The first day on which everything can be done.
    pub(super) fn last(&self) -> u32 {
        self.ends.iter().copied().max().unwrap_or_default()
    }
}

/// Minutes in words, such as `2 h 5 min`.
pub(super) fn hours(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Days in words.
pub(super) fn days(days: u32) -> String {
    format!("{days} day{}", if days == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::plan::samples;

    #[test]
    fn a_step_waits_for_those_that_others_do() {
        let mut plan = samples::first_day().pools.remove(0);
        plan.steps[0].lead_days = 14;
        plan.steps[2].lead_days = 3;
        let schedule = Schedule::of(&plan);
        assert_eq!((schedule.begins.clone(), schedule.ends.clone()), (vec![0, 14, 14], vec![14, 14, 17]));
        assert_eq!(schedule.last(), 17);
    }

    #[test]
    fn times_read_as_words() {
        assert_eq!([0, 59, 60, 185].map(hours), ["0 min", "59 min", "1 h", "3 h 5 min"]);
        assert_eq!([0, 1, 2].map(days), ["0 days", "1 day", "2 days"]);
    }
}
