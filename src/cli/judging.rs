//! What `audit` and `plan` judge with: the rules of the run, the decisions, the options of facts, and what of all this made
//! the run see less.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::facts::{FactOptions, FieldSet};
use crate::model::report::Reduction;
use crate::model::{Gate, Level, TargetIssuer};
use crate::rules::{Catalog, Decision, parse_decisions};
use crate::snapshot::{Snapshot, hex};

use super::args::{RulingArgs, TargetIssuerArg};
use super::files;

/// The rules of this run.
pub(super) fn catalog(args: &RulingArgs) -> Result<Catalog> {
    let user = files::read_rules(&args.rules)?;
    let mut catalog = Catalog::load(&FieldSet, !args.no_builtin_rules, &user)?;
    let levels = args
        .level
        .iter()
        .map(|value| {
            let (rule, level) = value.split_once('=').with_context(|| format!("--level {value}: write RULE=LEVEL"))?;
            let level = Level::parse(level)
                .with_context(|| format!("--level {value}: the levels are blocker, advisory and info"))?;
            Ok((rule.to_owned(), level))
        })
        .collect::<Result<Vec<_>>>()?;
    catalog.with_levels(&levels)?;
    Ok(catalog)
}

/// The decisions files and their digests.
pub(super) fn decisions(args: &RulingArgs, catalog: &Catalog) -> Result<(Vec<Decision>, Vec<String>)> {
    if args.no_waivers {
        return Ok((Vec::new(), Vec::new()));
    }
    let (mut decisions, mut digests) = (Vec::new(), BTreeSet::new());
    for path in &args.waivers {
        let text = files::read_text(path)?;
        decisions.extend(parse_decisions(&files::name(path), &text, catalog)?);
        digests.insert(format!("sha256:{}", hex(&Sha256::digest(&text))));
    }
    Ok((decisions, digests.into_iter().collect()))
}

/// What facts depend on: the clock, where the issuer is heading, and what the options say of the pools.
pub(super) fn fact_options(
    args: &RulingArgs,
    target_issuer: TargetIssuer,
    replica_regions: BTreeMap<String, String>,
    operator_arn: Option<&str>,
) -> Result<FactOptions> {
    Ok(FactOptions {
        now: args.now.unwrap_or_else(Timestamp::now),
        target_issuer,
        target_issuers: BTreeMap::new(),
        replica_regions,
        max_age: args.max_snapshot_age.as_deref().map(duration).transpose()?,
        operator_arn: operator_arn.map(str::to_owned),
        monthly_active_users: args.mau,
        required_tags: args.required_tag.iter().cloned().collect(),
    })
}

/// Every option that makes the run see or count less than its defaults.
pub(super) fn reductions(
    args: &RulingArgs,
    target_issuer: TargetIssuerArg,
    gates: &BTreeSet<Gate>,
    decisions: &[Decision],
) -> Vec<Reduction> {
    let mut reductions = Vec::new();
    let mut add = |option: String, effect: &str, touches_blocker| {
        reductions.push(Reduction { option, effect: effect.to_owned(), touches_blocker });
    };
    if args.no_builtin_rules {
        add("--no-builtin-rules".to_owned(), "the tool's own rules are not judged", true);
    }
    if !args.level.is_empty()
        && let Ok(builtin) = Catalog::builtin(&FieldSet)
    {
        for value in &args.level {
            let Some((name, level)) = value.split_once('=') else { continue };
            let was = builtin.rule(name).map(|rule| rule.level);
            // The levels are in order of weight.
            if Level::parse(level).is_none_or(|level| was.is_some_and(|was| level <= was)) {
                continue;
            }
            let effect =
                was.map_or_else(|| "a rule of yours changes its level".to_owned(), |was| format!("the rule was {was}"));
            add(format!("--level {value}"), &effect, was.is_none_or(|was| was == Level::Blocker));
        }
    }
    if let Some(now) = args.now {
        let touches = !decisions.is_empty() || args.max_snapshot_age.is_some();
        add(format!("--now {now}"), "ages and expiries are counted by the clock given", touches);
    }
    if target_issuer == TargetIssuerArg::Original && !gates.contains(&Gate::Issuer) {
        add("--target-issuer original".to_owned(), "the gate issuer is not planned and does not count", false);
    }
    if !gates.is_empty() {
        let gates: Vec<&str> = gates.iter().map(|gate| gate.as_str()).collect();
        add(format!("--gate {}", gates.join(" --gate ")), "the other gates do not count", false);
    }
    reductions
}

/// `--pool-id` with a snapshot: judge these pools only.
pub(super) fn narrow(snapshot: &mut Snapshot, ids: &[String], reductions: &mut Vec<Reduction>) -> Result<()> {
    let scope = &mut snapshot.header.scope;
    for id in ids {
        if !scope.pools.iter().any(|pool| pool.id == *id) {
            let known: Vec<&str> = scope.pools.iter().map(|pool| pool.id.as_str()).take(5).collect();
            bail!("the snapshot has no pool `{id}`; it has {}", known.join(", "));
        }
    }
    let before = scope.pools.len();
    scope.pools.retain(|pool| ids.contains(&pool.id));
    if scope.pools.len() < before {
        let effect = format!("{} of {before} pools of the snapshot are judged", scope.pools.len());
        reductions.push(Reduction {
            option: format!("--pool-id {}", ids.join(" --pool-id ")),
            effect,
            touches_blocker: false,
        });
    }
    Ok(())
}

/// `90m`, `12h`, `7d`.
pub(super) fn duration(text: &str) -> Result<SignedDuration> {
    crate::rules::duration(text).with_context(|| format!("`{text}` is no duration; write 90m, 12h or 7d"))
}
