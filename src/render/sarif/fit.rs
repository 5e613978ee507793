//! GitHub's limits on what it takes: a file that breaks one is refused whole, so what does not fit is left out and counted.
//!
//! Limits of docs.github.com, "SARIF support for code scanning": results and rules of a run, locations of a result, tags of
//! a rule, lengths of names and descriptions, and the compressed size. Results come in sorted, the worst first. Which
//! results there are is not decided here.

use std::collections::BTreeMap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::github::LINE_HASH;
use super::log::{Configuration, Descriptor, Item, Location, Log, Run, Text};
use super::{message, notification, text_of};

/// The most results of a run.
pub(super) const MOST_RESULTS: usize = 25_000;
/// The most tags of a rule.
pub(super) const MOST_TAGS: usize = 20;
/// The most characters of a rule's name and id.
pub(super) const LONGEST_NAME: usize = 255;
/// The most characters of a rule's descriptions.
pub(super) const LONGEST_DESCRIPTION: usize = 1_024;
/// The most bytes of the compressed file: 10 MB, whether MB is a power of ten or of two.
pub(super) const MOST_BYTES: u64 = 10_000_000;
/// The rule of the result that counts what was left out.
pub(super) const LEFT_OUT: &str = "results-left-out";

/// Writes a run within the limits; `at` is where the result stands that counts what was left out.
pub(super) fn write(run: Run, at: &Location, out: &mut dyn Write) -> io::Result<()> {
    write_within(run, at, MOST_BYTES, out)
}

/// The same within so many bytes, compressed.
pub(super) fn write_within(mut run: Run, at: &Location, most_bytes: u64, out: &mut dyn Write) -> io::Result<()> {
    let all = std::mem::take(&mut run.results);
    let rules = std::mem::take(&mut run.tool.driver.rules);
    let notes = run.invocations.iter().map(|each| each.tool_execution_notifications.len()).collect::<Vec<_>>();
    let mut most = MOST_RESULTS;
    loop {
        let kept = if all.len() <= most { all.len() } else { most.saturating_sub(1) };
        run.results = all.iter().take(kept).cloned().collect();
        run.tool.driver.rules.clone_from(&rules);
        for (invocation, notes) in run.invocations.iter_mut().zip(&notes) {
            invocation.tool_execution_notifications.truncate(*notes);
        }
        if let Some(worst) = all.first().filter(|_| kept < all.len()) {
            count_left_out(&mut run, all.len() - kept, worst.level, at);
        }
        only_used_rules(&mut run);
        let log = Log { runs: vec![run], ..Log::of_none() };
        let text = text_of(&log)?;
        if kept == 0 || compressed(&text, most_bytes)? <= most_bytes {
            return out.write_all(text.as_bytes());
        }
        most = kept * 4 / 5;
        match log.runs.into_iter().next() {
            Some(back) => run = back,
            None => return Ok(()),
        }
    }
}

/// How many bytes the file has when it is sent; of a file that is small enough as it is, its own length.
fn compressed(text: &str, enough: u64) -> io::Result<u64> {
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if length <= enough {
        return Ok(length);
    }
    let mut encoder = GzEncoder::new(Counted(0), Compression::default());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?.0)
}

/// Counts bytes and keeps none.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says how many results were left out: to those who read notifications, and in a result, since GitHub shows those.
fn count_left_out(run: &mut Run, count: usize, level: &'static str, at: &Location) {
    let text = format!(
        "{count} further results are not in this file, because GitHub takes {MOST_RESULTS} of a run and 10 MB; \
         the worst are in it. The JSON report has all of them."
    );
    for invocation in &mut run.invocations {
        invocation.tool_execution_notifications.push(notification(LEFT_OUT, "warning", &text));
    }
    let rule_index = run.tool.driver.rules.len();
    run.tool.driver.rules.push(Descriptor {
        id: LEFT_OUT.to_owned(),
        name: super::name_of(LEFT_OUT),
        short_description: Text::plain("GitHub takes no more results of one run"),
        full_description: Some(Text::plain(
            "The run has more results than GitHub takes; those that are left out are counted.",
        )),
        help: Some(Text::plain("Write the JSON report beside this file, or audit fewer pools at once.")),
        help_uri: None,
        default_configuration: Some(Configuration { level }),
        properties: serde_json::json!({ "problem.severity": level }),
    });
    // As bad as the worst, and before them: of a file's results GitHub shows 5,000.
    let item = Item {
        rule_id: LEFT_OUT.to_owned(),
        rule_index,
        kind: "fail",
        level,
        message: Text::plain(message(&text)),
        locations: vec![at.clone()],
        related_locations: Vec::new(),
        partial_fingerprints: BTreeMap::from([(LINE_HASH, format!("{LEFT_OUT}:1"))]),
        baseline_state: None,
        suppressions: None,
        properties: Value::Null,
    };
    run.results.insert(0, item);
}

/// Leaves out the rules of results that were left out.
fn only_used_rules(run: &mut Run) {
    let mut places: BTreeMap<usize, usize> = run.results.iter().map(|item| (item.rule_index, 0)).collect();
    let old = std::mem::take(&mut run.tool.driver.rules);
    for (index, rule) in old.into_iter().enumerate() {
        if let Some(place) = places.get_mut(&index) {
            *place = run.tool.driver.rules.len();
            run.tool.driver.rules.push(rule);
        }
    }
    for item in &mut run.results {
        item.rule_index = places.get(&item.rule_index).copied().unwrap_or_default();
    }
}

/// A rule within the limits.
pub(super) fn descriptor(mut rule: Descriptor) -> Descriptor {
    rule.name = rule.name.map(|name| cut(&name, LONGEST_NAME));
    rule.short_description.text = cut(&rule.short_description.text, LONGEST_DESCRIPTION);
    if let Some(full) = &mut rule.full_description {
        full.text = cut(&full.text, LONGEST_DESCRIPTION);
    }
    if let Some(tags) = rule.properties.get_mut("tags").and_then(Value::as_array_mut) {
        tags.truncate(MOST_TAGS);
    }
    rule
}

/// The text, cut with `…` if it is longer.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}
