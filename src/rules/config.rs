//! The configuration file, `mrready.yaml`: what a platform team says of its pools once, instead of in every command.
//!
//! It says which replica Region and issuer a pool is heading for, who owns it and in which wave it moves, what is searched and
//! when a run says no. Which pool an entry means is decided here; what is done with it is the shell's. Options of the command
//! line win over the file. Nothing here reads files.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::model::{Gate, TargetIssuer};
use crate::yaml::{Node, Place};

use super::glob::Glob;
use super::load::parse;
use super::problem::{Problems, Sink, quoted};
use super::tree::{Keys, boolean, check_tree, list, one_of, text, words};

/// The words of `gate.fail_on`.
pub(super) const FAIL_ON: &[&str] = &["fail", "warn", "never"];
/// The words of `scope` that are no gates.
pub(super) const SCOPES: &[&str] = &["all", "none"];
const TOP: &[&str] = &["pools", "search", "gate"];
const OF_POOL: &[&str] = &["match", "replica_region", "target_issuer", "owner", "wave", "scope"];
const OF_SEARCH: &[&str] = &["accounts", "regions", "trees"];
const OF_GATE: &[&str] = &["fail_on", "max_snapshot_age", "waiver_max_days", "strict"];

/// What a configuration file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// The entries about pools, in the order of the file.
    pub pools: Vec<PoolEntry>,
    /// Which accounts of an organization, or of the roles given, are looked at: ids, `*` and `?` match; none: all.
    pub search_accounts: Vec<String>,
    /// Regions that are searched for consumers of tokens; may hold `all`.
    pub search_regions: Vec<String>,
    /// Source trees to search, relative to the file.
    pub search_trees: Vec<String>,
    /// When the exit code says no: `fail`, `warn` or `never`.
    pub fail_on: Option<&'static str>,
    /// Older evidence is unknown; a duration as of [`duration`].
    pub max_snapshot_age: Option<String>,
    /// The longest that a decision may hold, in days.
    pub waiver_max_days: Option<u32>,
    /// Whether reductions that touch a blocker end in exit code 3.
    pub strict: Option<bool>,
}

/// One entry about pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolEntry {
    /// With `/`: over `account/region/id` and `account/region/name`; without: over id and name alone.
    pub pattern: Glob,
    /// Where it stands.
    pub place: Place,
    /// What it says.
    pub says: PoolSettings,
}

/// What a configuration says of one pool. What no entry says is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PoolSettings {
    /// The replica Region.
    pub replica_region: Option<String>,
    /// Where it is heading with the issuer.
    pub target_issuer: Option<TargetIssuer>,
    /// Who owns it.
    pub owner: Option<String>,
    /// The wave of the migration.
    pub wave: Option<String>,
    /// Whether it is judged, and which gates count.
    pub scope: Option<PoolScope>,
}

/// Whether a pool is judged, and which of its gates count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolScope {
    /// As if nothing were said.
    All,
    /// Not judged.
    None,
    /// Judged; these gates count.
    Gates(BTreeSet<Gate>),
}

/// A pool as entries name it.
#[derive(Debug, Clone, Copy)]
pub struct PoolName<'a> {
    /// The account, if it is known.
    pub account: Option<&'a str>,
    /// The primary Region.
    pub region: &'a str,
    /// The pool's id.
    pub id: &'a str,
    /// The name people gave it, if it is known. Whoever may create a pool chooses it.
    pub name: Option<&'a str>,
}

impl Config {
    /// What the file says of a pool: of each key, the first entry that means the pool and has it.
    pub fn pool(&self, pool: PoolName<'_>) -> PoolSettings {
        let mut settings = PoolSettings::default();
        for entry in self.pools.iter().filter(|entry| entry.means(pool)) {
            let says = entry.says.clone();
            settings.replica_region = settings.replica_region.or(says.replica_region);
            settings.target_issuer = settings.target_issuer.or(says.target_issuer);
            settings.owner = settings.owner.or(says.owner);
            settings.wave = settings.wave.or(says.wave);
            settings.scope = settings.scope.or(says.scope);
        }
        settings
    }
}

impl PoolEntry {
    /// Whether the entry means the pool.
    pub fn means(&self, pool: PoolName<'_>) -> bool {
        let whole = self.pattern.as_str().contains('/');
        let account = pool.account.unwrap_or("-");
        [Some(pool.id), pool.name].into_iter().flatten().any(|name| {
            if whole {
                self.pattern.matches(&format!("{account}/{}/{name}", pool.region))
            } else {
                self.pattern.matches(name)
            }
        })
    }
}

/// Reads a configuration file; all its mistakes at once. An empty file says nothing.
pub fn parse_config(file: &str, text: &str) -> Result<Config, Problems> {
    let mut problems = Vec::new();
    let mut config = Config::default();
    if let Some(node) = parse(file, text, &mut problems).filter(|node| !node.is_null()) {
        let mut sink = Sink::new(file, &mut problems);
        if check_tree(&node, &mut sink) {
            read(&node, &mut config, &mut sink);
        }
    }
    Problems::none(problems)?;
    Ok(config)
}

fn read(node: &Node, config: &mut Config, sink: &mut Sink<'_>) {
    let Some(keys) = Keys::read(node, "a configuration", TOP, sink) else { return };
    for item in keys.get("pools").and_then(|node| list(node, "`pools`", sink)).unwrap_or_default() {
        config.pools.extend(pool(item, sink));
    }
    if let Some(search) = keys.get("search").and_then(|node| Keys::read(node, "`search`", OF_SEARCH, sink)) {
        config.search_accounts = accounts(search.get("accounts"), sink);
        config.search_regions =
            texts(search.get("regions"), "`regions`", sink, |text| text == "all" || is_region(text));
        config.search_trees = texts(search.get("trees"), "`trees`", sink, |_| true);
    }
    if let Some(gate) = keys.get("gate").and_then(|node| Keys::read(node, "`gate`", OF_GATE, sink)) {
        config.fail_on = gate.get("fail_on").and_then(|node| one_of(node, "`fail_on`", FAIL_ON, |word| word, sink));
        config.max_snapshot_age = gate.get("max_snapshot_age").and_then(|node| age(node, sink));
        config.waiver_max_days = gate.get("waiver_max_days").and_then(|node| days(node, sink));
        config.strict = gate.get("strict").and_then(|node| boolean(node, "`strict`", sink));
    }
}

fn pool(node: &Node, sink: &mut Sink<'_>) -> Option<PoolEntry> {
    let what = "an entry of `pools`";
    let keys = Keys::read(node, what, OF_POOL, sink)?;
    let pattern = keys.need_text("match", what, sink);
    let says = PoolSettings {
        replica_region: keys.get("replica_region").and_then(|node| region(node, "`replica_region`", sink)),
        target_issuer: keys
            .get("target_issuer")
            .and_then(|node| one_of(node, "`target_issuer`", TargetIssuer::ALL, TargetIssuer::as_str, sink)),
        owner: keys.text("owner", sink),
        wave: keys.get("wave").and_then(|node| wave(node, sink)),
        scope: keys.get("scope").and_then(|node| scope(node, sink)),
    };
    Some(PoolEntry { pattern: Glob::new(&pattern?), place: node.place, says })
}

/// A word or a number: waves are counted by some and named by others.
fn wave(node: &Node, sink: &mut Sink<'_>) -> Option<String> {
    let found = node.text().map(str::trim).filter(|text| !node.is_null() && !text.is_empty());
    if found.is_none() {
        sink.add(node.place, "`wave` has to be a word or a number");
    }
    found.map(str::to_owned)
}

fn scope(node: &Node, sink: &mut Sink<'_>) -> Option<PoolScope> {
    if let Some(items) = node.list() {
        let gates = words(node, "`scope`", Gate::ALL, Gate::as_str, sink)?;
        if items.is_empty() {
            let help = "write `none` for a pool that is not judged".to_owned();
            sink.add_with(node.place, "`scope` names no gate", Some(help));
            return None;
        }
        return Some(PoolScope::Gates(gates.into_iter().collect()));
    }
    let word = one_of(node, "`scope`, if it is no list of gates,", SCOPES, |word| word, sink)?;
    Some(if word == "none" { PoolScope::None } else { PoolScope::All })
}

fn texts(node: Option<&Node>, what: &str, sink: &mut Sink<'_>, fits: fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for item in node.and_then(|node| list(node, what, sink)).unwrap_or_default() {
        let Some(word) = text(item, &format!("each of {what}"), sink) else { continue };
        if fits(&word) {
            found.push(word);
        } else {
            not_a_region(item, &word, sink);
        }
    }
    found
}

/// Ids of accounts, which YAML may take for numbers.
fn accounts(node: Option<&Node>, sink: &mut Sink<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for item in node.and_then(|node| list(node, "`accounts`", sink)).unwrap_or_default() {
        let text = item.text().filter(|text| is_account_pattern(text));
        if text.is_none() {
            let help = "write twelve digits, in quotes if they begin with 0; `*` and `?` match digits".to_owned();
            sink.add_with(item.place, "each of `accounts` has to be the id of an account, or a pattern", Some(help));
        }
        found.extend(text.map(str::to_owned));
    }
    found
}

/// Whether a text is an account's id, or a pattern over such ids.
pub fn is_account_pattern(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'?');
    let wild = text.contains(['*', '?']);
    text.bytes().all(fits) && if wild { (1..=24).contains(&text.len()) } else { text.len() == 12 }
}

fn region(node: &Node, what: &str, sink: &mut Sink<'_>) -> Option<String> {
    let word = text(node, what, sink)?;
    if is_region(&word) {
        return Some(word);
    }
    not_a_region(node, &word, sink);
    None
}

fn not_a_region(node: &Node, word: &str, sink: &mut Sink<'_>) {
    let help = Some("it looks like us-west-2".to_owned());
    sink.add_with(node.place, format!("{} is not the name of a Region", quoted(word)), help);
}

fn age(node: &Node, sink: &mut Sink<'_>) -> Option<String> {
    let word = text(node, "`max_snapshot_age`", sink)?;
    if duration(&word).is_none() {
        let help = Some("write 90m, 12h or 7d".to_owned());
        sink.add_with(node.place, format!("{} is no duration", quoted(&word)), help);
        return None;
    }
    Some(word)
}

fn days(node: &Node, sink: &mut Sink<'_>) -> Option<u32> {
    let days = node.to_json().as_u64().and_then(|days| u32::try_from(days).ok()).filter(|days| *days > 0);
    if days.is_none() {
        sink.add(node.place, "`waiver_max_days` has to be a number of days, at least 1");
    }
    days
}

/// Whether a text has the shape of a Region's name. Which Regions there are is in a table.
pub fn is_region(text: &str) -> bool {
    (5..=32).contains(&text.len())
        && text.contains('-')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// `90m`, `12h`, `7d`.
pub fn duration(text: &str) -> Option<SignedDuration> {
    let (at, unit) = text.char_indices().last()?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u32 = text[..at].parse().ok()?;
    (number > 0).then(|| SignedDuration::from_secs(i64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
pools:
  - { match: 111122223333/us-east-1/us-east-1_Ab1, wave: 1, scope: [replicate, activate] }
  - { match: customers-*, replica_region: us-west-2, owner: team-identity }
  - { match: sandbox-*, scope: none }
  - { match: '**', target_issuer: original, owner: platform, wave: later }
search: { accounts: [111122223333, '0*'], regions: [eu-west-1, all], trees: [services] }
gate: { fail_on: warn, max_snapshot_age: 12h, waiver_max_days: 90, strict: true }
";

    fn problems(text: &str) -> Vec<String> {
        parse_config("mrready.yaml", text).unwrap_err().list().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn of_each_key_the_first_entry_that_means_the_pool_and_has_it_counts() {
        let config = parse_config("mrready.yaml", FILE).unwrap();
        let pool = |account, id, name| config.pool(PoolName { account, region: "us-east-1", id, name });
        let first = pool(Some("111122223333"), "us-east-1_Ab1", Some("customers-prod"));
        assert_eq!(first.owner.as_deref(), Some("team-identity"));
        assert_eq!(first.wave.as_deref(), Some("1"));
        assert_eq!(first.replica_region.as_deref(), Some("us-west-2"));
        assert_eq!(first.target_issuer, Some(TargetIssuer::Original));
        assert_eq!(first.scope, Some(PoolScope::Gates(BTreeSet::from([Gate::Replicate, Gate::Activate]))));
        // Of another account it is another pool, and nothing is known of one without a name.
        let other = pool(Some("999988887777"), "us-east-1_Ab1", None);
        assert_eq!(
            (other.owner.as_deref(), other.wave.as_deref(), other.scope),
            (Some("platform"), Some("later"), None)
        );
        assert_eq!(pool(None, "us-east-1_Sb9", Some("sandbox-7")).scope, Some(PoolScope::None));
        assert_eq!(config.search_accounts, ["111122223333", "0*"]);
        assert_eq!(config.search_regions, ["eu-west-1", "all"]);
        assert_eq!((config.fail_on, config.waiver_max_days, config.strict), (Some("warn"), Some(90), Some(true)));
        assert_eq!(parse_config("mrready.yaml", "").unwrap(), Config::default());
    }

    #[test]
    fn a_name_with_a_slash_does_not_pass_for_another_account() {
        let config = parse_config("f", "pools: [{ match: '111122223333/us-east-1/*', owner: ours }]").unwrap();
        let foreign = PoolName {
            account: Some("999988887777"),
            region: "us-east-1",
            id: "us-east-1_Zz9",
            name: Some("111122223333/us-east-1/prod"),
        };
        assert_eq!(config.pool(foreign).owner, None);
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let text = "\
pools:
  - { macth: a, owner: b }
  - { match: a, target_issuer: new, scope: [replicat], replica_region: Oregon }
search: { accounts: [1111], regions: [EU] }
gate: { fail_on: fial, max_snapshot_age: soon, waiver_max_days: 0, strict: 1 }
";
        let found = problems(text);
        for (start, part) in [
            ("mrready.yaml:2:", "did you mean `match`?"),
            ("mrready.yaml:3:", "`target_issuer` has to be"),
            ("mrready.yaml:3:", "`replicat`"),
            ("mrready.yaml:3:", "`Oregon` is not the name of a Region"),
            ("mrready.yaml:4:", "has to be the id of an account"),
            ("mrready.yaml:4:", "`EU` is not the name of a Region"),
            ("mrready.yaml:5:", "did you mean `fail`?"),
            ("mrready.yaml:5:", "`soon` is no duration"),
            ("mrready.yaml:5:", "`waiver_max_days`"),
            ("mrready.yaml:5:", "`strict` has to be `true` or `false`"),
        ] {
            assert!(
                found.iter().any(|each| each.starts_with(start) && each.contains(part)),
                "{start} {part}: {found:#?}"
            );
        }
        assert_eq!(found.len(), 10, "{found:#?}");
    }
}
