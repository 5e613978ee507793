//! `FILE.partial` on the disk: begun, gone on with, locked, and taken away when the collection is whole.
//!
//! A line is written by one write, so that a process that is killed loses nothing it has written; after a power failure the
//! system may have lost the newest lines, and what is left still checks. What is in it is said by `snapshot::journal`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::collect::{Accounts, LeaveOut, Memory, Needs, Pools, Request, Search};
use crate::render::aws_cli::quote;
use crate::snapshot::journal::{self, Head, JOURNAL_VERSION, ORG_ROLE, ROLE_ARN, Record};
use crate::snapshot::{Entry, hex};

use super::{files, ui};

/// What is older is named when a collection goes on.
const OLD: SignedDuration = SignedDuration::from_hours(24);
/// The longest journal that is read.
const MAX_BYTES: u64 = 2 << 30;
/// What follows the name of the snapshot.
const EXTENSION: &str = ".partial";

/// A journal of which nothing was changed so far: whoever is refused leaves it as it was.
#[derive(Debug)]
struct Untouched {
    /// Bytes of the lines that are whole; behind them one may have been cut off.
    whole: u64,
    /// When this run goes on with it.
    now: Timestamp,
}

/// The journal of the collection of this process.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Answers in it.
    answers: usize,
    /// Whether an earlier run began it.
    resumed: bool,
    /// Where the lines of that run end, until this one writes the first of its own.
    untouched: Option<Untouched>,
    /// Why it can take no more.
    broken: Option<std::io::Error>,
}

impl Journal {
    /// Begins the journal of a snapshot. One with answers in it is left alone: somebody may want to go on with it.
    pub(super) fn begin(snapshot: &Path, options: BTreeMap<String, Vec<String>>, now: Timestamp) -> Result<Self> {
        let mut path = snapshot.as_os_str().to_owned();
        path.push(EXTENSION);
        let path = PathBuf::from(path);
        let name = files::name(&path);
        let mut file = open(&path, true)?;
        let bytes = read(&mut file, &path)?;
        if bytes.contains(&b'\n') {
            match journal::read(&name, &bytes).map(|journal| journal.answers()) {
                Ok(0) => {}
                Ok(answers) => bail!(
                    "{name} holds {answers} answers of a collection that did not end; go on with it: --resume {name}; or \
                     remove it, and everything is asked again"
                ),
                Err(error) => bail!("{error}\nit is in the way of a new collection; remove it if you do not need it"),
            }
        } else if !journal::is_begun(&bytes) {
            bail!("{name} is no journal of a collection, and in the way of one; remove it if you do not need it");
        }
        if !bytes.is_empty() {
            file.set_len(0).and_then(|()| file.rewind()).with_context(|| format!("cannot write {name}"))?;
        }
        let mut journal = Self { path, file, answers: 0, resumed: false, untouched: None, broken: None };
        let line = journal::line(&head(options, now)).and_then(|line| journal.file.write_all(line.as_bytes()));
        line.with_context(|| format!("cannot write {name}"))?;
        Ok(journal)
    }

    /// Goes on with a journal: refused if it was begun with other options. What it holds is the memory of this run.
    pub(super) fn resume(
        path: &Path,
        options: &BTreeMap<String, Vec<String>>,
        now: Timestamp,
    ) -> Result<(Self, Memory)> {
        let name = files::name(path);
        let mut file = open(path, false)?;
        let bytes = read(&mut file, path)?;
        let read = journal::read(&name, &bytes)?;
        check(&name, &read.head, options)?;
        say(&name, &read, now);
        let memory = Memory::new(&read);
        let untouched = Some(Untouched { whole: read.whole as u64, now });
        let (path, answers) = (path.to_owned(), read.answers());
        Ok((Self { path, file, answers, resumed: true, untouched, broken: None }, memory))
    }

    /// Takes a record; whether it could.
    pub(super) fn keep(&mut self, record: &Record) -> bool {
        if self.broken.is_none() {
            match self.go_on().and_then(|()| self.write(record)) {
                Ok(()) => self.answers += answers(record),
                Err(error) => self.broken = Some(error),
            }
        }
        self.broken.is_none()
    }

    /// Before the first line of this run: what was cut off goes.
    fn go_on(&mut self) -> std::io::Result<()> {
        let Some(Untouched { whole, now }) = self.untouched.take() else { return Ok(()) };
        self.file.set_len(whole)?;
        self.file.seek(SeekFrom::Start(whole))?;
        self.write(&Record::Resumed { time: now })
    }

    fn write(&mut self, record: &Record) -> std::io::Result<()> {
        self.file.write_all(journal::line(record)?.as_bytes())
    }

    /// The collection is whole and written.
    pub(super) fn remove(self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", files::name(&self.path)))
            }
            // Whoever took it away earlier has lost nothing by it.
            _ => Ok(()),
        }
    }

    /// The collection did not end. Says what is left and how to go on; a journal with nothing in it is taken away.
    pub(super) fn broken_off(self) -> Option<std::io::Error> {
        let name = files::name(&self.path);
        if self.answers == 0 && !self.resumed {
            let _ = std::fs::remove_file(&self.path);
        } else {
            let _ = self.file.sync_data();
            ui::say(&format!(
                "{name} keeps {} answers; `audit` reads it as it is, and what is not in it is unknown\n\
                 to go on: {}",
                self.answers,
                command(
                    std::env::args_os().skip(1).map(|each| each.to_string_lossy().into_owned()),
                    &self.path.to_string_lossy()
                )
            ));
        }
        self.broken
    }
}

/// The first line of a journal that is begun now.
pub(super) fn head(options: BTreeMap<String, Vec<String>>, now: Timestamp) -> Head {
    let tool_version = env!("CARGO_PKG_VERSION").to_owned();
    Head { mrready_journal: JOURNAL_VERSION, tool_version, begun: now, options }
}

/// The snapshot that a journal is of.
pub(super) fn snapshot_of(journal: &Path) -> Option<PathBuf> {
    Some(PathBuf::from(journal.to_str()?.strip_suffix(EXTENSION)?))
}

/// Opens a journal for this process alone, readable by its owner only.
fn open(path: &Path, create: bool) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let name = files::name(path);
    let file = options.open(path).with_context(|| format!("cannot write {name}"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("{name} is being written by another run; wait for its end, or stop it"),
        // Not every file system can lock.
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {name}")),
    }
}

fn read(file: &mut File, path: &Path) -> Result<Vec<u8>> {
    let name = files::name(path);
    let cannot = || format!("cannot read {name}");
    let about = file.metadata().with_context(cannot)?;
    let mut bytes = Vec::new();
    // A device has no end.
    if about.is_file() {
        if about.len() > MAX_BYTES {
            bail!("{name} is longer than any journal that mrready writes (2 GiB)");
        }
        file.read_to_end(&mut bytes).with_context(cannot)?;
    }
    Ok(bytes)
}

/// How many answers a record holds.
fn answers(record: &Record) -> usize {
    let Record::Answer { entries, .. } = record else { return 0 };
    usize::from(matches!(entries.first(), Some(Entry::Call(call)) if call.response.is_some()))
}

/// Refuses a journal that other options have begun: its answers are to other questions.
fn check(name: &str, head: &Head, options: &BTreeMap<String, Vec<String>>) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    if head.tool_version != version {
        bail!(
            "{name} was begun by mrready {}, which may ask and keep other things than this version, {version}; go on with \
             that one, or collect again",
            head.tool_version
        );
    }
    let names = head.options.keys().chain(options.keys()).collect::<BTreeSet<_>>();
    let mut differ = String::new();
    for option in names {
        let (was, is) = (head.options.get(option), options.get(option));
        if was != is {
            let words =
                |values: Option<&Vec<String>>| values.map_or_else(|| "not given".to_owned(), |all| all.join(" "));
            let _ = write!(differ, "\n{option}: it was {}; now it is {}", words(was), words(is));
        }
    }
    if !differ.is_empty() {
        bail!("{name} was begun with other options, so its answers are to other questions; give the same:{differ}");
    }
    Ok(())
}

/// What is taken from the journal, and how old it is.
fn say(name: &str, journal: &journal::Journal, now: Timestamp) {
    let answers = journal.answers();
    let mut text = format!("going on with {name}: {answers} answers are taken from it");
    if let Some((first, last)) = journal.times().filter(|_| answers > 0) {
        let _ = write!(text, ", of {first} to {last}");
        if now.duration_since(first) > OLD {
            text += "\nthe oldest is more than a day old: what has changed since is not seen; collect again if that matters";
        }
    }
    if journal.damaged > 0 {
        let _ = write!(text, "\n{} damaged lines were left out; what they held is asked again", journal.damaged);
    }
    ui::say(&text);
}

/// The options that decide what is asked, for the head of a journal. `configuration` is the digest of the configuration.
pub(super) fn options(request: &Request, configuration: Option<&str>) -> BTreeMap<String, Vec<String>> {
    // Every member is named, so that a new one is thought about: does it decide what is asked?
    let Request {
        pools,
        accounts,
        leave_out,
        replica_regions,
        consumer_regions,
        consumers,
        endpoint_url,
        count_users,
        operator_arn,
        search,
        needs,
        sample: _,
        // The configured Region is held against the journal where it is known: the SDK finds it in many places.
        region: _,
        // Told by the digest of the configuration.
        planned_region: _,
        // Who asks is held against the journal by the account.
        profile: _,
        // A secret between two parties, without which nobody is let in.
        external_id: _,
        // How fast, how long, and by which way.
        patience: _,
        ca_bundle: _,
        concurrency: _,
        max_share: _,
        max_rps: _,
        order: _,
        call_timeout: _,
        earlier: _,
        memory: _,
    } = request;
    let mut options = BTreeMap::new();
    let mut add = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            options.insert(name.to_owned(), values);
        }
    };
    match pools {
        Pools::All => add("--all-pools", vec!["given".to_owned()]),
        Pools::Everywhere(by_partition) => {
            add("--all-regions", vec!["given".to_owned()]);
            // Which accounts are left out is a matter of a run of several.
            let regions = by_partition.values().flatten();
            let left_out =
                |region: &&String| leave_out.as_ref().is_some_and(|LeaveOut(reason)| reason(region).is_some());
            add("--exclude, of Regions", regions.filter(left_out).cloned().collect());
        }
        Pools::Ids(ids) => add("--pool-id", ids.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()),
    }
    match accounts {
        Accounts::Own => {}
        Accounts::Roles(roles) => add(ROLE_ARN, roles.iter().map(|role| role.as_str().to_owned()).collect()),
        Accounts::Organization { role } => add(ORG_ROLE, vec![role.clone()]),
    }
    let region =
        |(of, region): (&String, &String)| if of.is_empty() { region.clone() } else { format!("{of}={region}") };
    add("--replica-region", replica_regions.iter().map(region).collect());
    add("--consumer-region", consumer_regions.clone());
    add("--endpoint-url", endpoint_url.iter().map(|url| without_user(url)).collect());
    add("--count-users", count_users.then(|| "given".to_owned()).into_iter().collect());
    add("--operator-arn", operator_arn.iter().cloned().collect());
    add("--search", search.iter().copied().map(Search::as_str).map(str::to_owned).collect());
    add("the calls that gates and rules need", needs.iter().map(needed).collect());
    add("the configuration", configuration.iter().map(|digest| (*digest).to_owned()).collect());
    add("consumers", (!consumers).then(|| "left out".to_owned()).into_iter().collect());
    options
}

/// A URL without what may be a password.
fn without_user(url: &str) -> String {
    url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, host)| host.to_owned())
}

/// These calls as a digest: they are hundreds.
fn needed(needs: &Needs) -> String {
    let mut hasher = Sha256::new();
    for calls in [&needs.always, &needs.replicated, &needs.active] {
        for call in calls {
            hasher.update(format!("{call}\n"));
        }
        hasher.update("\n");
    }
    hex(&hasher.finalize()[..8])
}

/// The command that goes on, for a shell: these arguments, and `--resume`. The external id is a secret between two parties, so
/// its variable stands in its place.
fn command(arguments: impl Iterator<Item = String>, journal: &str) -> String {
    let mut arguments = arguments;
    let mut command = "mrready".to_owned();
    while let Some(argument) = arguments.next() {
        let (option, value) =
            argument.split_once('=').map_or((argument.as_str(), None), |(option, value)| (option, Some(value)));
        if matches!(option, "--resume" | "--external-id") {
            if value.is_none() {
                arguments.next();
            }
            if option == "--external-id" {
                command.push_str(" --external-id \"$MRREADY_EXTERNAL_ID\"");
            }
            continue;
        }
        command.push(' ');
        command.push_str(&quote(&argument));
    }
    command + " --resume " + &quote(journal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_goes_on_has_the_same_options() {
        let command = |arguments: &[&str]| command(arguments.iter().map(|each| (*each).to_owned()), "a b.json.partial");
        assert_eq!(
            command(&["collect", "-o", "a b.json"]),
            "mrready collect -o 'a b.json' --resume 'a b.json.partial'"
        );
        for resumed in [&["collect", "--resume", "x", "-v"][..], &["collect", "--resume=x", "-v"]] {
            assert_eq!(command(resumed), "mrready collect -v --resume 'a b.json.partial'");
        }
        for given in [&["collect", "--external-id", "planted-id"][..], &["collect", "--external-id=planted-id"]] {
            assert_eq!(
                command(given),
                "mrready collect --external-id \"$MRREADY_EXTERNAL_ID\" --resume 'a b.json.partial'"
            );
        }
        assert_eq!(command(&["it's"]), "mrready 'it'\\''s' --resume 'a b.json.partial'");
    }

    #[test]
    fn what_decides_what_is_asked_is_told_apart() {
        let base = Request::new(Pools::All);
        let other = |change: &dyn Fn(&mut Request)| {
            let mut request = base.clone();
            change(&mut request);
            options(&request, None)
        };
        let same = options(&base, None);
        assert_eq!(other(&|request| request.concurrency = 3), same);
        let changes: [&dyn Fn(&mut Request); 8] = [
            &|request| request.pools = Pools::Ids(vec!["us-east-1_A".to_owned()]),
            &|request| request.replica_regions = BTreeMap::from([(String::new(), "us-west-2".to_owned())]),
            &|request| request.consumer_regions = vec!["us-west-2".to_owned()],
            &|request| request.endpoint_url = Some("http://127.0.0.1".to_owned()),
            &|request| request.count_users = true,
            &|request| request.operator_arn = Some("arn".to_owned()),
            &|request| request.search = [Search::Ssm].into(),
            &|request| request.needs = Some(Needs::default()),
        ];
        let mut seen = vec![same, options(&base, Some("sha256:1"))];
        for change in changes {
            let options = other(change);
            assert!(!seen.contains(&options), "{options:?}");
            seen.push(options);
        }
        assert_eq!(without_user("http://planted:secret@host:1"), "host:1");
    }
}
