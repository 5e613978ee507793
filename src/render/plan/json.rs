//! Plans and verifications for programs: the types of `model::plan` as they are. A plan in this form is what a later
//! verification reads, so writing it again changes nothing but what was recorded.

use std::io::{self, Write};

use serde::Serialize;

use super::super::json::visible;
use crate::model::plan::{Plan, Verification};

/// Writes the plan as indented JSON with a newline at its end.
pub fn write(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    pretty(plan, out)
}

/// Writes how far a plan has come.
pub fn write_verification(verification: &Verification, out: &mut dyn Write) -> io::Result<()> {
    pretty(verification, out)
}

fn pretty<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(visible(&serde_json::to_string_pretty(value)?).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn what_is_written_is_the_plan_and_writing_it_again_changes_nothing() {
        let mut plan = samples::first_day();
        plan.pools[0].pool.name = Some("a\u{202e}b ##vso[x]".to_owned());
        let mut first = Vec::new();
        write(&plan, &mut first).unwrap();
        let text = String::from_utf8(first.clone()).unwrap();
        assert!(!text.contains('\u{202e}') && !text.contains("##") && text.ends_with("}\n"));
        let read: Plan = serde_json::from_slice(&first).unwrap();
        assert_eq!(read, plan);
        let mut second = Vec::new();
        write(&read, &mut second).unwrap();
        assert_eq!(first, second);
    }
}
