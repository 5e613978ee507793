//! The way of those who have no credentials to give: a script of AWS CLI calls that somebody else runs (`commands`), and from
//! what it wrote a snapshot, through the same normal form, admission and judging of texts as a live run.
//!
//! What was not answered is an entry with its error (`error`); what the script never came to is no entry, and so not
//! collected. No disk and no AWS: names and bytes of files in, a snapshot out. What is asked in which order is the script's
//! business, `commands/*.sh`; what a live run asks, that of `collect`.

pub mod commands;
mod error;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::collect::Search;
use crate::collect::judge::answers::{self, Stacks};
use crate::scan::pattern::pool_id;
use crate::snapshot::normal::{self, Form, Page};
use crate::snapshot::operations::{self, GLOBAL_REGION, Operation, RESOURCE_TYPES};
use crate::snapshot::shape::Shape;
use crate::snapshot::{AccountScope, Call, Entry, PoolKey, Scope, Searched, Snapshot, Unasked, admit};

/// The file that says what was to be asked.
pub const SCOPE: &str = "scope.json";
/// The file that says which AWS CLI asked, from where, and since when.
const ABOUT: &str = "about.json";
/// The file that names the Regions that are searched for consumers.
const REGIONS: &str = "regions.json";
/// The file that names what was not asked, a line each.
const LEFT: &str = "left.jsonl";
/// The file that is there once the script has come to its end.
const END: &str = "end.json";
/// The folder of the records of calls.
const CALLS: &str = "calls/";
/// What no script searches.
const NO_SCRIPT: Search = Search::LambdaCode;
/// The account where neither STS nor a pool's ARN says which it is.
const UNKNOWN_ACCOUNT: &str = "unknown";

/// Whether a file of this name, `/` between its parts, is one that the script writes, or left when it was killed.
pub fn is_ours(name: &str) -> bool {
    let record = |name: &str| {
        let number = name.strip_prefix(CALLS)?.strip_suffix(".json")?;
        Some(!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    [SCOPE, ABOUT, REGIONS, LEFT, END, "new.file", "new.answer", "new.error"].contains(&name)
        || record(name).unwrap_or(false)
}

/// What was to be asked: the options for which a script was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The version of the program that wrote the script.
    pub tool_version: String,
    /// The pools; none: all of the configured Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pools: Option<BTreeSet<String>>,
    /// `--region`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `--replica-region`: by primary Region, the empty key is for all others.
    #[serde(default)]
    pub replica_regions: BTreeMap<String, String>,
    /// What a configuration plans, by pool.
    #[serde(default)]
    pub planned: BTreeMap<String, String>,
    /// `--consumer-region`.
    #[serde(default)]
    pub consumer_regions: BTreeSet<String>,
    /// `--search`.
    #[serde(default)]
    pub search: BTreeSet<String>,
    /// `--operator-arn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_arn: Option<String>,
    /// `--count-users`.
    #[serde(default)]
    pub count_users: bool,
}

/// What a folder came to.
#[derive(Debug)]
pub struct Imported {
    /// The evidence.
    pub snapshot: Snapshot,
    /// What is missing, a line each; none if all that was to be asked was asked.
    pub missing: Vec<String>,
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ImportError {
    /// Not a folder that the script wrote.
    #[error("{what}; a folder to import is what the script of `mrready collect --print-commands` writes")]
    NotAFolder {
        /// Which file is missing or cannot be read.
        what: String,
    },
    /// Not one call was answered.
    #[error("not one call was answered{first}")]
    NoEvidence {
        /// `; the first to fail was service:Operation in Region: code`.
        first: String,
    },
}

/// The record of a call, as the script writes it.
#[derive(Debug, Deserialize)]
struct Record {
    call: String,
    region: String,
    page: u32,
    parameters: Map<String, Value>,
    time: Timestamp,
    exit: i32,
    #[serde(default)]
    answer: Option<Value>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct About {
    cli: String,
    home: String,
}

#[derive(Debug, Deserialize)]
struct Left {
    region: String,
    call: String,
    why: String,
}

/// A record that was read: its entry, still without answer, and the answer before admission.
struct Read {
    operation: &'static Operation,
    entry: Call,
    page: Option<Page>,
}

/// Makes a snapshot of the files of a folder, by their names below it.
pub fn read(files: &BTreeMap<String, Vec<u8>>) -> Result<Imported, ImportError> {
    let asked: Asked = document(files, SCOPE)?;
    let about: About = document(files, ABOUT)?;
    let mut missing = Vec::new();
    let mut all = Vec::new();
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with(CALLS) && is_ours(name)) {
        match record(bytes) {
            Some(read) => all.push(read),
            None => missing.push(format!("{name} is no whole record of a call: run the script again")),
        }
    }
    if !files.contains_key(END) {
        missing.push("the script did not come to its end: run it again, it goes on where it was".to_owned());
    }
    if all.iter().all(|read| read.page.is_none()) {
        let first = all.iter().find_map(|read| Some((&read.entry, read.entry.error.as_ref()?)));
        let first = first
            .map(|(call, error)| format!("; the first to fail was {} in {}: {}", call.name(), call.region, error.code));
        return Err(ImportError::NoEvidence { first: first.unwrap_or_default() });
    }
    let account = account(&all);
    let scope = scope(&asked, &about, files, &all, &account);
    let entries = entries(all, &account);
    let mut snapshot = Snapshot::new(scope, entries);
    snapshot.header.cli_versions.insert(cli_version(&about.cli));
    Ok(Imported { snapshot, missing })
}

/// A file of JSON without which there is nothing to read.
fn document<T: serde::de::DeserializeOwned>(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Result<T, ImportError> {
    let bytes = files.get(name).ok_or_else(|| ImportError::NotAFolder { what: format!("there is no {name}") })?;
    serde_json::from_slice(bytes)
        .map_err(|error| ImportError::NotAFolder { what: format!("{name}: line {}: {error}", error.line()) })
}

/// `aws-cli/2.34.58`, and nothing that is not spelled so.
fn cli_version(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_')).take(60).collect()
}

/// Reads the record of a call; `None` for one that is not whole, or of a call that nobody asks for.
fn record(bytes: &[u8]) -> Option<Read> {
    let record: Record = serde_json::from_slice(bytes).ok()?;
    let operation = operations::find_call(&record.call)?;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if record.page == 0 || !record.region.chars().all(is_plain) {
        return None;
    }
    let mut entry = Call {
        account: String::new(),
        region: record.region,
        service: operation.service.to_owned(),
        operation: operation.name.to_owned(),
        parameters: record.parameters,
        page: operation.items.is_some().then_some(record.page),
        more: false,
        time: record.time,
        response: None,
        error: None,
        dropped: Vec::new(),
    };
    let page = match (record.answer, record.error) {
        (Some(mut answer), None) => {
            Shape::of(operation).restore(&mut answer);
            // As bytes, since the normal form is what reads an answer, whoever wrote it.
            normal::page(operation, Form::Cli, answer.to_string().as_bytes()).ok()
        }
        (None, Some(text)) => {
            entry.error = Some(error::of(operation, record.exit, &text));
            None
        }
        _ => return None,
    };
    match &page {
        Some(page) => entry.more = page.next.is_some() && operation.items.is_some(),
        None => entry.error = entry.error.or_else(|| Some(error::unreadable())),
    }
    Some(Read { operation, entry, page })
}

/// The account: STS says it, else a pool's ARN.
fn account(all: &[Read]) -> String {
    let of = |call: &str, pointer: &str| {
        let pages = all.iter().filter(|read| read.operation.call() == call).filter_map(|read| read.page.as_ref());
        pages.filter_map(|page| page.answer.pointer(pointer)?.as_str()).map(str::to_owned).next()
    };
    let digits = |text: &String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let by_arn = || of("cognito-idp:DescribeUserPool", "/UserPool/Arn")?.split(':').nth(4).map(str::to_owned);
    of("sts:GetCallerIdentity", "/Account")
        .filter(digits)
        .or_else(|| by_arn().filter(digits))
        .unwrap_or_else(|| UNKNOWN_ACCOUNT.to_owned())
}

/// The entries of all records: answers admitted, texts judged.
fn entries(all: Vec<Read>, account: &str) -> Vec<Entry> {
    let stacks = stacks(&all, account);
    let resources = admitted(pages(&all, "cloudformation:ListStackResources"), "cloudformation:ListStackResources");
    let names = names(&all);
    let mut entries = Vec::new();
    for Read { operation, mut entry, page } in all {
        account.clone_into(&mut entry.account);
        let mut hits = Vec::new();
        if let Some(page) = page {
            // A hit is stamped like its call, whose page it does not name.
            hits = answers::texts(operation, &entry, &page.answer);
            if operation.call() == "cloudformation:GetTemplate" {
                let id = entry.parameters.get("StackName").and_then(Value::as_str).unwrap_or_default().to_owned();
                let place = (entry.region.clone(), id.clone());
                let below = resources.get(&place).map(Vec::as_slice).unwrap_or_default();
                let name = names.get(&place).unwrap_or(&id);
                let nothing = Stacks::default();
                let known = stacks.get(&entry.region).unwrap_or(&nothing);
                let environment = known.environment(&entry.region, &id, name, below);
                hits = answers::template(operation, &mut entry, page, &environment);
            } else {
                let admitted = admit::admit(operation, page.answer);
                entry.response = Some(admitted.response);
                entry.dropped = admitted.dropped;
            }
        }
        entries.push(Entry::Call(entry));
        entries.extend(hits.into_iter().map(Entry::Hit));
    }
    entries
}

/// The answers to a call by Region and the stack that was asked for.
fn pages(all: &[Read], call: &str) -> BTreeMap<(String, String), Vec<Value>> {
    let mut pages: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for read in all.iter().filter(|read| read.operation.call() == call) {
        let stack = read.entry.parameters.get("StackName").and_then(Value::as_str).unwrap_or_default();
        let place = (read.entry.region.clone(), stack.to_owned());
        pages.entry(place).or_default().extend(read.page.as_ref().map(|page| page.answer.clone()));
    }
    pages
}

/// What is kept of these answers to a call: what a live collection goes by, too.
fn admitted<K: Ord>(pages: BTreeMap<K, Vec<Value>>, call: &str) -> BTreeMap<K, Vec<Value>> {
    let Some(operation) = operations::find_call(call) else { return pages };
    let kept = |page| admit::admit(operation, page).response;
    pages.into_iter().map(|(place, pages)| (place, pages.into_iter().map(kept).collect())).collect()
}

/// What is known of the stacks of each Region.
fn stacks(all: &[Read], account: &str) -> BTreeMap<String, Stacks> {
    let described = pages(all, "cloudformation:DescribeStacks");
    let exported = pages(all, "cloudformation:ListExports");
    let of = |pages: &BTreeMap<(String, String), Vec<Value>>, region: &str| {
        pages.get(&(region.to_owned(), String::new())).cloned().unwrap_or_default()
    };
    let regions: BTreeSet<&String> = described.keys().chain(exported.keys()).map(|(region, _)| region).collect();
    let known = |region: &String| Stacks::new(account.to_owned(), &of(&described, region), &of(&exported, region));
    regions.into_iter().map(|region| (region.clone(), known(region))).collect()
}

/// The names of stacks by Region and id.
fn names(all: &[Read]) -> BTreeMap<(String, String), String> {
    let mut names = BTreeMap::new();
    for ((region, _), pages) in pages(all, "cloudformation:ListStacks") {
        for stack in pages.iter().filter_map(|page| page.get("StackSummaries")?.as_array()).flatten() {
            let text = |name: &str| stack.get(name).and_then(Value::as_str).map(str::to_owned);
            if let (Some(id), Some(name)) = (text("StackId"), text("StackName")) {
                names.insert((region.clone(), id), name);
            }
        }
    }
    names
}

/// What was to be looked at.
fn scope(asked: &Asked, about: &About, files: &BTreeMap<String, Vec<u8>>, all: &[Read], account: &str) -> Scope {
    let mut scope = Scope { replica_regions: asked.replica_regions.clone(), ..Scope::default() };
    let ids = if let Some(ids) = &asked.pools {
        ids.clone()
    } else {
        let regions = BTreeSet::from([about.home.clone()]);
        scope.accounts.insert(AccountScope { account: account.to_owned(), regions });
        listed(all, &about.home)
    };
    let ids: BTreeMap<String, String> =
        ids.iter().filter_map(|id| pool_id(id)).map(|pool| (pool.id, pool.region)).collect();
    for (id, region) in &asked.planned {
        // An option speaks of every pool without one of its own.
        let primary = ids.get(id).map_or("", String::as_str);
        if ![primary, ""].iter().any(|key| asked.replica_regions.contains_key(*key)) {
            scope.replica_regions.entry(id.clone()).or_insert_with(|| region.clone());
        }
    }
    // An unfinished run may not have come to them: then at least those that are certain.
    let regions = files.get(REGIONS).and_then(|bytes| serde_json::from_slice::<BTreeSet<String>>(bytes).ok());
    let regions = regions.unwrap_or_else(|| ids.values().chain(&asked.consumer_regions).cloned().collect());
    scope.pools = ids.into_keys().map(|id| PoolKey { account: account.to_owned(), id }).collect();
    if !scope.pools.is_empty() {
        let searched = searched(&regions, &asked.search).into_iter();
        scope.searched =
            searched.map(|(service, region)| Searched { account: account.to_owned(), service, region }).collect();
    }
    scope.not_asked = left(files)
        .chain(unsearched(&asked.search))
        .map(|left| Unasked { account: account.to_owned(), region: left.region, call: left.call, why: left.why })
        .collect();
    scope
}

/// The pools that the configured Region lists.
fn listed(all: &[Read], home: &str) -> BTreeSet<String> {
    let lists =
        all.iter().filter(|read| read.operation.call() == "cognito-idp:ListUserPools" && read.entry.region == home);
    let pools = lists.filter_map(|read| read.page.as_ref()?.answer.get("UserPools")?.as_array());
    pools.flatten().filter_map(|pool| pool.get("Id")?.as_str()).map(str::to_owned).collect()
}

/// The services that are searched for consumers, with their Regions, as the scope names them.
fn searched(regions: &BTreeSet<String>, search: &BTreeSet<String>) -> BTreeSet<(String, String)> {
    let always = ["apigateway", "apigatewayv2", "cloudformation", "lambda", "opensearch"];
    let types = RESOURCE_TYPES.iter().filter(|row| row.consumer && !row.global).map(|row| row.service);
    let search = search.iter().map(String::as_str).filter(|place| *place != NO_SCRIPT.as_str());
    let everywhere: BTreeSet<&str> = always.into_iter().chain(types).chain(search).collect();
    let global = RESOURCE_TYPES.iter().filter(|row| row.consumer && row.global).map(|row| row.service);
    let global = global.chain(["iam-roles"]).map(|service| (service.to_owned(), GLOBAL_REGION.to_owned()));
    let everywhere =
        regions.iter().flat_map(|region| everywhere.iter().map(|service| ((*service).to_owned(), region.clone())));
    everywhere.chain(global).collect()
}

/// What the script noted as not asked; a line that is not whole is none.
fn left(files: &BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = Left> {
    let lines = files.get(LEFT).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
    let left: Vec<Left> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    left.into_iter().filter(|left: &Left| operations::find_call(&left.call).is_some())
}

/// The places that are searched on demand and were not.
fn unsearched(search: &BTreeSet<String>) -> impl Iterator<Item = Left> {
    let places = Search::ALL.into_iter().filter(|place| *place == NO_SCRIPT || !search.contains(place.as_str()));
    places.map(|place| {
        let why = if search.contains(place.as_str()) {
            "a script of AWS CLI calls follows no links to code: use `mrready collect --search lambda-code`".to_owned()
        } else {
            format!("it is asked only with --search {}", place.as_str())
        };
        Left { region: String::new(), call: place.first_call().to_owned(), why }
    })
}
