//! One step in a script: what it tells to its reader, its values, and its shell text as functions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::model::Plan;
use crate::model::plan::{PlannedStep, PoolPlan, Script};
use crate::model::report::Subject;

use super::quote::{comment, is_name, lines, quote, shown, uses};

/// A step, and where it stands.
pub(super) struct About<'a> {
    /// The pool's plan.
    pub(super) pool: &'a PoolPlan,
    /// The step.
    pub(super) step: &'a PlannedStep,
    /// What its functions' names begin with.
    pub(super) prefix: String,
    /// How a step with shell text that this one needs is run, in words.
    pub(super) how: &'a dyn Fn(&PlannedStep) -> String,
}

/// The name of a step's script: its place in the order, and its id.
pub(super) fn file_name(step: &PlannedStep) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    format!("{:02}-{}.sh", step.number, step.id.chars().map(plain).collect::<String>())
}

impl About<'_> {
    /// What a reader wants to know before anything runs: comments.
    pub(super) fn readme(&self, plan: &Plan, out: &mut String) {
        let (step, subject) = (self.step, self.step.subject.as_ref());
        comment("step", &format!("{} ({} of {}): {}", step.id, step.number, self.pool.steps.len(), step.title), out);
        comment("pool", &self.label(), out);
        comment("subject", &subject.map(label).unwrap_or_default(), out);
        comment("what", &step.summary, out);
        for because in &step.because {
            let rule = if because.rule.is_empty() { "the sequence" } else { &because.rule };
            comment("why", &format!("{rule}: {}", because.message), out);
        }
        let certainty = step.certainty.as_str();
        comment("certainty", certainty, out);
        comment(
            "who",
            &format!("{}, about {} minutes, lead time {} days", step.who.as_str(), step.minutes, step.lead_days),
            out,
        );
        comment("risk", step.risk.as_str(), out);
        comment("impact", &step.impact, out);
        comment("no way back", step.point_of_no_return.as_deref().unwrap_or_default(), out);
        for stop in &step.abort_if {
            comment("abort if", stop, out);
        }
        comment("verify", &step.verify, out);
        comment("roll back", &step.roll_back, out);
        comment("by hand", step.manual.as_deref().unwrap_or_default(), out);
        comment("needs", &step.needs.join(", "), out);
        for reference in &step.references {
            comment("source", &reference.url, out);
        }
        comment("plan", &format!("{}, evidence {}", plan.now, plan.snapshot_digest), out);
    }

    /// The functions of the step: `…_about` sets its values, the others are its shell text as it is.
    pub(super) fn functions(&self, out: &mut String) {
        let step = self.step;
        let _ = writeln!(out, "{}_about() {{", self.prefix);
        let mut set = |name: &str, text: &str| {
            let value = quote(text).unwrap_or_else(|| "''".to_owned());
            let _ = writeln!(out, "  {name}={value}");
        };
        set("STEP", &step.id);
        set("STEP_KEY", &key(step));
        set("STEP_SCOPE", &step.subject.as_ref().map_or_else(|| "pool".to_owned(), digest));
        set("STEP_TITLE", &shown(&step.title));
        set("STEP_WHO", step.who.as_str());
        set("STEP_RISK", step.risk.as_str());
        set("STEP_IMPACT", &shown(&step.impact));
        set("STEP_NO_RETURN", &shown(step.point_of_no_return.as_deref().unwrap_or_default()));
        set("STEP_VERIFY", &shown(&step.verify));
        set("STEP_ROLL_BACK", &shown(&step.roll_back));
        set("STEP_MANUAL", &lines(step.manual.as_deref().unwrap_or(&step.summary)));
        set("MRR_POOL_LABEL", &self.label());
        let regions = std::iter::once(&self.pool.region).chain(&self.pool.replica_region);
        list("MRR_REGIONS", regions.map(|region| vec![region.clone()]).collect(), out);
        list("STEP_ABORT_IF", step.abort_if.iter().map(|stop| vec![shown(stop)]).collect(), out);
        list("STEP_NEEDS", self.needs(), out);
        list("STEP_NEEDED_BY", self.needed_by(), out);
        self.values(out);
        out.push_str("}\n");
        let Some(script) = &step.sh else { return };
        for (name, text) in parts(script) {
            let _ = write!(out, "\n{}_{name}() {{\n{}\n}}\n", self.prefix, text.trim_end());
        }
    }

    /// The pool's name and id, to be shown.
    fn label(&self) -> String {
        label(&self.pool.pool)
    }

    /// The values that the step uses, and the inputs that are filled when it runs.
    fn values(&self, out: &mut String) {
        let text = self.step.sh.iter().flat_map(parts).map(|(_, text)| text).collect::<Vec<_>>().join("\n");
        let mut values: BTreeMap<&str, &str> = BTreeMap::from([
            ("ACCOUNT_ID", self.pool.pool.account.as_str()),
            ("POOL_ID", self.pool.pool.id.as_str()),
            ("PRIMARY_REGION", self.pool.region.as_str()),
        ]);
        if let Some(subject) = &self.step.subject {
            values.insert("SUBJECT_ID", &subject.id);
            values.extend(subject.name.iter().map(|name| ("SUBJECT_NAME", name.as_str())));
            values.extend(subject.arn.iter().map(|arn| ("SUBJECT_ARN", arn.as_str())));
            values.extend(subject.region.iter().map(|region| ("SUBJECT_REGION", region.as_str())));
        }
        for (name, value) in self.pool.values.iter().chain(&self.step.values) {
            values.insert(name, value);
        }
        let asked = &self.step.inputs;
        let inputs = asked.iter().filter(|(name, _)| is_name(name)).map(|(name, what)| {
            vec![
                name.clone(),
                shown(what),
                values.get(name.as_str()).map(|value| (*value).to_owned()).unwrap_or_default(),
            ]
        });
        list("STEP_INPUTS", inputs.collect(), out);
        let own = ["ACCOUNT_ID", "POOL_ID"];
        let mut set: BTreeSet<&str> = BTreeSet::new();
        for (name, value) in values {
            if asked.contains_key(name) || !(own.contains(&name) || uses(&text, name)) {
                continue;
            }
            if let Some(value) = quote(value).filter(|_| is_name(name)) {
                let _ = writeln!(out, "  {name}={value}");
                set.insert(name);
            } else {
                let why = format!("{} cannot be a shell variable with this value", shown(name));
                let _ = writeln!(out, "  die {}", quote(&why).unwrap_or_default());
            }
        }
        list("STEP_VALUES", set.into_iter().map(|name| vec![name.to_owned()]).collect(), out);
    }

    /// Per step that this one needs: key, name, how it is done. What the plan records as done needs no mark.
    fn needs(&self) -> Vec<Vec<String>> {
        let open = |step: &&PlannedStep| step.done_at.is_none() && step.told_at.is_none();
        let needed =
            self.step.needs.iter().filter_map(|id| self.pool.steps.iter().find(|step| step.id == *id)).filter(open);
        let row = |need: &PlannedStep| {
            let by_hand = || format!("by hand: {}", need.title);
            let how = need.sh.as_ref().map_or_else(by_hand, |_| (self.how)(need));
            vec![key(need), need.id.clone(), shown(&how)]
        };
        needed.map(row).collect()
    }

    /// Per step that needs this one: key, name.
    fn needed_by(&self) -> Vec<Vec<String>> {
        let later = self.pool.steps.iter().filter(|step| step.needs.contains(&self.step.id));
        later.map(|step| vec![key(step), step.id.clone()]).collect()
    }
}

/// An array, its items row by row.
fn list(name: &str, rows: Vec<Vec<String>>, out: &mut String) {
    let quoted = |row: Vec<String>| {
        let words: Vec<String> = row.iter().map(|text| quote(text).unwrap_or_else(|| "''".to_owned())).collect();
        format!("    {}\n", words.join(" "))
    };
    let rows: String = rows.into_iter().map(quoted).collect();
    let _ = if rows.is_empty() { writeln!(out, "  {name}=()") } else { write!(out, "  {name}=(\n{rows}  )\n") };
}

/// The shell text of a step, by the end of its function's name.
fn parts(script: &Script) -> impl Iterator<Item = (&'static str, &str)> {
    let parts = [
        ("require", script.require.as_deref()),
        ("run", Some(script.run.as_str())),
        ("check", script.check.as_deref()),
        ("undo", script.undo.as_deref()),
    ];
    parts.into_iter().filter_map(|(name, text)| text.map(|text| (name, text)))
}

/// What a step's mark is called: the same in every plan of the pool, whatever the numbers there.
fn key(step: &PlannedStep) -> String {
    let id: String = step.step.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    step.subject.as_ref().map_or_else(|| id.clone(), |subject| format!("{id}.{}", digest(subject)))
}

/// Twelve hexadecimal digits for a subject.
fn digest(subject: &Subject) -> String {
    let digest = Sha256::digest(format!("{}\n{}", subject.kind.as_str(), subject.id));
    digest[..6].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A name and an id, to be shown.
fn label(subject: &Subject) -> String {
    match subject.name.as_deref().filter(|name| *name != subject.id) {
        Some(name) => shown(&format!("{name} ({})", subject.id)),
        None => shown(&subject.id),
    }
}
