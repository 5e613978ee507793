//! What `mrready doctor` found: calls and their outcome, and the missing permissions by what they bring.

use std::io::{self, Write};

use serde::Serialize;

use super::safe::safe;

/// The result of a checkup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkup {
    /// Every kind of call, by Region where it was tried; sorted.
    pub calls: Vec<CallRow>,
    /// The missing permissions, the one that most blockers need first.
    pub permissions: Vec<PermissionRow>,
}

/// One kind of call in one Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRow {
    /// `service:Operation`.
    pub call: String,
    /// The Region; empty if it was not tried.
    pub region: String,
    /// `answered`, `denied`, `throttled`, `not_found`, `not_offered`, `failed`, or `not tried`: there was nothing to try it on.
    pub outcome: String,
    /// AWS's error code.
    pub code: Option<String>,
    /// The IAM actions that are missing.
    pub missing_actions: Vec<String>,
}

/// A missing permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionRow {
    /// The IAM action.
    pub action: String,
    /// How many of the rules are blockers.
    pub blockers: usize,
    /// The rules that stay UNKNOWN without it, where they apply.
    pub rules: Vec<String>,
}

/// As JSON.
pub fn write_json(checkup: &Checkup, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, checkup)?;
    writeln!(out)
}

/// For a terminal: what is not answered, then what to grant first.
pub fn write_table(checkup: &Checkup, out: &mut dyn Write) -> io::Result<()> {
    let count = |outcome: &str| checkup.calls.iter().filter(|call| call.outcome == outcome).count();
    let (answered, untried) = (count("answered"), count("not tried"));
    let open: Vec<&CallRow> =
        checkup.calls.iter().filter(|call| call.outcome != "answered" && call.outcome != "not tried").collect();
    writeln!(
        out,
        "{answered} kinds of call answered, {} not, {untried} not tried because there was nothing to try them on.",
        open.len()
    )?;
    for row in &open {
        let code = row.code.as_deref().map(|code| format!(" ({})", safe(code))).unwrap_or_default();
        writeln!(out, "  {} in {}: {}{code}", safe(&row.call), safe(&row.region), row.outcome)?;
    }
    if !checkup.permissions.is_empty() {
        writeln!(out, "\nMissing permissions, by what they bring:")?;
    }
    for row in &checkup.permissions {
        writeln!(out, "  {}: {} rules, {} of them blockers", safe(&row.action), row.rules.len(), row.blockers)?;
    }
    if !open.is_empty() {
        writeln!(
            out,
            "\n`mrready iam-policy` prints the whole policy; `mrready explain RULE` says what a rule needs."
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_valuable_permission_is_named() {
        let call = |call: &str, outcome: &str| CallRow {
            call: call.to_owned(),
            region: "us-east-1".to_owned(),
            outcome: outcome.to_owned(),
            code: (outcome == "denied").then(|| "AccessDenied\u{1b}[2J".to_owned()),
            missing_actions: Vec::new(),
        };
        let checkup = Checkup {
            calls: vec![call("a:B", "answered"), call("c:D", "denied"), call("e:F", "not tried")],
            permissions: vec![PermissionRow { action: "c:D".to_owned(), blockers: 2, rules: vec!["x".to_owned(); 3] }],
        };
        let mut out = Vec::new();
        write_table(&checkup, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("1 kinds of call answered, 1 not, 1 not tried"), "{text}");
        assert!(text.contains("c:D: 3 rules, 2 of them blockers") && !text.contains('\u{1b}'), "{text}");
    }
}
