//! `mrready doctor`: each kind of call once, and what the answers that are missing would bring.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::{Result, bail};

use crate::audit::needs;
use crate::facts::FieldSet;
use crate::model::Level;
use crate::render::doctor::{CallRow, Checkup, PermissionRow, write_json, write_table};
use crate::rules::Catalog;
use crate::snapshot::operations::{OPERATIONS, Operation};
use crate::snapshot::{Call, ErrorKind, Snapshot};

use super::args::{DoctorArgs, ListFormat};
use super::{accounts, collect, exit};

/// Runs the command.
pub(super) fn run(args: &DoctorArgs) -> Result<u8> {
    if args.scope.pool_id.is_empty() && !args.scope.lists_pools() {
        bail!("which pool? Give --pool-id ID, or --all-pools for one of the configured Region");
    }
    let mut request = collect::request_of(&args.scope)?;
    accounts::require_one(&request, "`doctor`")?;
    request.sample = true;
    let snapshot = collect::collect_live(&request, None, args.verbose)?;
    let checkup = checkup(&snapshot, &Catalog::builtin(&FieldSet)?);
    let mut out = Vec::new();
    match args.format {
        ListFormat::Table => write_table(&checkup, &mut out)?,
        ListFormat::Json => write_json(&checkup, &mut out)?,
    }
    std::io::stdout().lock().write_all(&out)?;
    let whole = checkup.calls.iter().all(|call| call.outcome == "answered" || call.outcome == "not tried");
    Ok(if whole || !args.strict { exit::GOOD } else { exit::UNCLEAR })
}

/// What was answered, and what the missing permissions would bring.
fn checkup(snapshot: &Snapshot, catalog: &Catalog) -> Checkup {
    let mut made: BTreeMap<(String, &str), &Call> = BTreeMap::new();
    for call in snapshot.calls() {
        // Of several pages or Regions' answers the refusal counts.
        let best = made.entry((call.name(), &call.region)).or_insert(call);
        if call.error.is_some() {
            *best = call;
        }
    }
    let mut calls: Vec<CallRow> = made
        .iter()
        .map(|((name, region), call)| CallRow {
            call: name.clone(),
            region: (*region).to_owned(),
            outcome: call.error.as_ref().map_or_else(|| "answered".to_owned(), |error| word(error.kind).to_owned()),
            code: call.error.as_ref().map(|error| error.code.clone()),
            missing_actions: call.error.as_ref().map(|error| error.missing_actions.clone()).unwrap_or_default(),
        })
        .collect();
    let tried: BTreeSet<&String> = made.keys().map(|(name, _)| name).collect();
    calls.extend(OPERATIONS.iter().map(Operation::call).filter(|call| !tried.contains(call)).map(|call| CallRow {
        call,
        region: String::new(),
        outcome: "not tried".to_owned(),
        code: None,
        missing_actions: Vec::new(),
    }));
    calls.sort_by(|a, b| (&a.call, &a.region).cmp(&(&b.call, &b.region)));
    let missing: BTreeSet<&String> = calls.iter().flat_map(|call| &call.missing_actions).collect();
    let mut permissions: Vec<PermissionRow> = missing
        .into_iter()
        .map(|action| {
            let rules = needs::rules_needing(action, catalog);
            PermissionRow {
                action: action.clone(),
                blockers: rules.iter().filter(|rule| rule.level == Level::Blocker).count(),
                rules: rules.iter().map(|rule| rule.id.clone()).collect(),
            }
        })
        .collect();
    permissions.sort_by(|a, b| (b.blockers, b.rules.len(), &a.action).cmp(&(a.blockers, a.rules.len(), &b.action)));
    Checkup { calls, permissions }
}

/// The kind of error as the snapshot spells it.
fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Denied => "denied",
        ErrorKind::Throttled => "throttled",
        ErrorKind::NotFound => "not_found",
        ErrorKind::NotOffered => "not_offered",
        ErrorKind::Failed => "failed",
    }
}
