//! `mrready explain`: what a rule, a field, a gate or a class of reference means, which evidence it needs, where AWS says so; and how one
//! finding of a report was derived. The report is read, never judged again.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::{Result, bail};

use crate::facts::FieldSet;
use crate::model::report::Reference;
use crate::model::{Class, FieldSpec, Fields, Finding, Gate, Level, Report};
use crate::render::explain::{
    ClassText, FieldText, GateText, RuleText, write_class, write_field, write_gate, write_rule,
};
use crate::render::finding::write_finding;
use crate::rules::{Catalog, Rule};
use crate::scan::classes;
use crate::snapshot::operations;

use super::args::ExplainArgs;
use super::{exit, files, rules, ui};

/// Runs the command.
pub(super) fn run(args: &ExplainArgs) -> Result<u8> {
    if let Some(path) = &args.report {
        let report = files::read_report(path)?;
        let finding = find(&report, &args.name)?;
        let mut out = Vec::new();
        write_finding(&report, finding, ui::width(), &mut out)?;
        std::io::stdout().lock().write_all(&out)?;
        return Ok(exit::GOOD);
    }
    let mut out = Vec::new();
    let width = ui::width();
    if let Some(class) = Class::ALL.into_iter().find(|class| class.as_str() == args.name) {
        write_class(&class_text(class), width, &mut out)?;
        std::io::stdout().lock().write_all(&out)?;
        return Ok(exit::GOOD);
    }
    let catalog = Catalog::load(&FieldSet, true, &files::read_rules(&args.rules)?)?;
    let found = catalog.find(&args.name);
    if let Some(gate) = Gate::parse(&args.name) {
        write_gate(&gate_text(gate, &catalog), width, &mut out)?;
    } else if let Some(spec) = FieldSet.all().into_iter().find(|spec| spec.name == args.name) {
        write_field(&field_text(&spec, &catalog), width, &mut out)?;
    } else if !found.is_empty() {
        for (index, rule) in found.iter().enumerate() {
            if index > 0 {
                out.push(b'\n');
            }
            write_rule(&rule_text(rule, &catalog), width, &mut out)?;
        }
    } else if is_fingerprint(&args.name) {
        bail!("`{}` looks like a finding's fingerprint: say which report has it, with --in REPORT", args.name);
    } else {
        let fields = FieldSet.all();
        let distance = |name: &&str| strsim::damerau_levenshtein(name, &args.name);
        let ids = catalog.rules.iter().map(|rule| rule.id.as_str());
        let classes = Class::ALL.iter().map(|class| class.as_str());
        let nearest = fields.iter().map(|spec| spec.name).chain(ids).chain(classes).min_by_key(distance);
        let hint = nearest.filter(|name| distance(name) <= 3).map(|name| format!("did you mean `{name}`?"));
        let hint = hint.or_else(|| catalog.did_you_mean(&args.name));
        let hint = hint.map(|hint| format!(": {hint}")).unwrap_or_default();
        bail!("`{}` is no rule, no tag, no field, no gate and no class of reference{hint}", args.name);
    }
    std::io::stdout().lock().write_all(&out)?;
    Ok(exit::GOOD)
}

/// The fewest digits of a fingerprint that are taken for one.
const MIN_DIGITS: usize = 8;

fn is_fingerprint(name: &str) -> bool {
    name.len() >= MIN_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The finding whose fingerprint begins so.
fn find<'r>(report: &'r Report, name: &str) -> Result<&'r Finding> {
    let label = |finding: &Finding| format!("{}  {} on {}", finding.fingerprint, finding.rule, finding.subject.id);
    let several = |found: &[&Finding]| {
        let mut lines: Vec<String> = found.iter().take(5).map(|finding| label(finding)).collect();
        lines.extend((found.len() > 5).then(|| format!("and {} more", found.len() - 5)));
        lines.join("\n")
    };
    if !is_fingerprint(name) {
        let of_rule: Vec<&Finding> = report.findings.iter().filter(|finding| finding.rule == name).collect();
        if of_rule.is_empty() {
            bail!("`{name}` is no fingerprint: with --in give at least {MIN_DIGITS} of its hexadecimal digits");
        }
        bail!("`{name}` is a rule; with --in give the fingerprint of a finding:\n{}", several(&of_rule));
    }
    let digits = name.to_ascii_lowercase();
    let found: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.fingerprint.starts_with(&digits)).collect();
    match found.as_slice() {
        [only] => Ok(only),
        [] => {
            let distance = |finding: &&Finding| {
                let start: String = finding.fingerprint.chars().take(digits.len()).collect();
                strsim::damerau_levenshtein(&start, &digits)
            };
            let nearest = report.findings.iter().min_by_key(distance);
            let nearest = nearest.map(|finding| format!("; the nearest is\n{}", label(finding))).unwrap_or_default();
            bail!(
                "no finding of the report begins with `{name}` (it has {}, those that do not apply only with --show all)\
                 {nearest}",
                report.findings.len()
            )
        }
        several_found => bail!("`{name}` is the beginning of several fingerprints:\n{}", several(several_found)),
    }
}

fn gate_text(gate: Gate, catalog: &Catalog) -> GateText {
    let question = match gate {
        Gate::Issuer => "May this pool's issuer be switched now without breaking a verifier?",
        Gate::Replicate => "May the replica be created now?",
        Gate::Activate => "May the replica be activated: are its own settings in place?",
        Gate::Failover => "May traffic fail over: domain, routing, health check, users who cannot follow?",
    };
    let done = match gate {
        Gate::Issuer => "DescribeUserPool shows IssuerConfiguration.Type UPDATED",
        Gate::Replicate => "ListUserPoolReplicas shows a secondary",
        Gate::Activate => "ListUserPoolReplicas shows the secondary ACTIVE",
        Gate::Failover => "DescribeUserPoolDomain shows Routing.Failover to the replica's Region",
    };
    let of = |level: Level| {
        let rules = catalog.rules.iter().filter(|rule| rule.gates.contains(&gate) && rule.level == level);
        rules.map(rules::row).collect()
    };
    GateText {
        gate,
        question: question.to_owned(),
        done_when: done.to_owned(),
        blockers: of(Level::Blocker),
        advisories: of(Level::Advisory),
        infos: of(Level::Info),
    }
}

fn class_text(class: Class) -> ClassText {
    let row = classes::of(class);
    let owned = |(language, what): (&str, &str)| (language.to_owned(), what.to_owned());
    ClassText {
        name: class.as_str().to_owned(),
        title: row.title.clone(),
        severity: row.severity,
        remedies: row.remedies().map(owned).collect(),
        afters: row.afters().map(owned).collect(),
        references: classes::sources().into_iter().map(|[url, read, grade]| Reference { url, read, grade }).collect(),
    }
}

fn field_text(spec: &FieldSpec, catalog: &Catalog) -> FieldText {
    let rules = catalog.rules.iter().filter(|rule| rule.fields().contains(spec.name));
    FieldText {
        name: spec.name.to_owned(),
        doc: spec.doc.to_owned(),
        ty: spec.ty.to_string(),
        absent: spec.absent.to_string(),
        calls: spec.calls.iter().map(|call| (*call).to_owned()).chain(from_trees([spec.name])).collect(),
        actions: actions_of(spec.calls.iter().copied()),
        rules: rules.map(|rule| rule.id.clone()).collect(),
    }
}

fn rule_text(rule: &Rule, catalog: &Catalog) -> RuleText {
    let fields = rule.fields();
    let specs: Vec<FieldSpec> = fields.iter().filter_map(|name| FieldSet.field(rule.subject, name)).collect();
    let calls: BTreeSet<&str> = specs.iter().flat_map(|spec| spec.calls.iter().copied()).collect();
    RuleText {
        row: rules::row(rule),
        waivable: rule.waivable,
        why: rule.why.trim().to_owned(),
        resolve: rule.resolve,
        fields: specs.iter().map(|spec| (spec.name.to_owned(), spec.doc.to_owned())).collect(),
        calls: calls
            .iter()
            .map(|call| (*call).to_owned())
            .chain(from_trees(specs.iter().map(|spec| spec.name)))
            .collect(),
        actions: actions_of(calls.iter().copied()),
        steps: rule
            .remedy
            .iter()
            .filter_map(|id| catalog.steps.get(id))
            .map(|step| {
                (
                    step.id.clone(),
                    step.title.clone(),
                    step.summary.clone(),
                    step.sh.as_ref().map(|sh| sh.run.clone()).or_else(|| step.command.clone()),
                )
            })
            .collect(),
    }
}

/// What stands beside the calls where fields are read from source trees.
fn from_trees<'a>(fields: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let from_trees = fields.into_iter().any(|field| field.starts_with("reference."));
    from_trees.then(|| "mrready scan (source trees)".to_owned())
}

fn actions_of<'a>(calls: impl Iterator<Item = &'a str>) -> Vec<String> {
    let actions: BTreeSet<&str> =
        calls.filter_map(operations::find_call).flat_map(|operation| operation.iam.iter().copied()).collect();
    actions.into_iter().map(str::to_owned).collect()
}
