//! What `git` says of a source tree: what it is called, which commit it is at, which lines a change adds.
//!
//! The program `git` is asked, never a shell. The tree may be anybody's, so nothing that its own configuration names is
//! executed (hooks, monitors, filters, diff drivers), nothing is fetched, and nothing is written. Not here: what is found.

mod patch;
mod remote;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::files;

/// The longest that a question about the tree itself may take.
const SHORT: Duration = Duration::from_secs(20);
/// The longest that comparing with a revision may take.
const LONG: Duration = Duration::from_mins(5);
/// How deep submodules are followed.
const MAX_DEPTH: usize = 8;

/// The lines of each file, as absolute path without links, that a change adds.
pub(super) type Lines = BTreeMap<PathBuf, Vec<RangeInclusive<u32>>>;

/// What git says of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree {
    /// The top of the repository.
    pub(super) top: PathBuf,
    /// `owner/name` of the remote `origin`, else the name of the top's folder.
    pub(super) name: String,
    /// The path of the root below the top, with `/`; empty for the top itself.
    pub(super) prefix: String,
    /// The commit that is checked out; none before the first.
    pub(super) commit: Option<String>,
    /// Whether files below the root differ from that commit.
    pub(super) modified: Option<bool>,
}

/// What git says of a root; none if it is in no repository, or there is no git.
pub(super) fn tree(root: &Path) -> Option<Tree> {
    let git = Git::of(root);
    if git.text(&["rev-parse", "--is-inside-work-tree"])? != "true" {
        return None;
    }
    let prefix = git.text(&["rev-parse", "--show-prefix"])?;
    let top = PathBuf::from(os(&git.output(&["rev-parse", "--show-toplevel"], SHORT).ok()?.strip_newline()));
    let file = git.file.as_deref().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let remote = git.text(&["config", "--get", "remote.origin.url"]);
    let name = remote.as_deref().and_then(remote::name).unwrap_or_else(|| folder_name(&top));
    let commit = git.text(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
    let modified = commit.is_some().then(|| git.is_modified()).flatten();
    Some(Tree { top, name, prefix: format!("{prefix}{file}").trim_end_matches('/').to_owned(), commit, modified })
}

/// The name of a folder, wherever one stands.
pub(super) fn folder_name(path: &Path) -> String {
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| "/".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// What a change adds below the roots.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// The added lines.
    pub(super) lines: Lines,
    /// What is left out, in words.
    pub(super) notes: Vec<String>,
}

/// The lines that differ from the merge base of `revision` and HEAD: committed since, staged, unstaged and untracked.
pub(super) fn change(roots: &[PathBuf], revision: &str) -> Result<Change> {
    if revision.is_empty() || revision.starts_with('-') {
        bail!("--new-from-rev {revision}: this is no revision; name a branch, a tag or a commit");
    }
    let mut change = Change::default();
    for root in roots {
        let git = Git::of(root);
        let base = git.base(root, revision)?;
        git.changes_since(&base, &mut change, 0)?;
    }
    Ok(change)
}

/// The program, in one folder.
struct Git {
    /// Where it runs.
    folder: PathBuf,
    /// The one file that is asked about, where the root is a file.
    file: Option<OsString>,
    /// The names of the filters that the repository itself configures.
    filters: Vec<OsString>,
}

/// What the program wrote.
struct Output {
    bytes: Vec<u8>,
}

impl Output {
    fn strip_newline(mut self) -> Vec<u8> {
        if self.bytes.last() == Some(&b'\n') {
            self.bytes.pop();
        }
        self.bytes
    }
}

impl Git {
    fn of(root: &Path) -> Self {
        let mut git = if root.is_dir() {
            Self { folder: root.to_owned(), file: None, filters: Vec::new() }
        } else {
            let folder = root.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Self { folder: folder.to_owned(), file: root.file_name().map(OsStr::to_owned), filters: Vec::new() }
        };
        git.filters = git.local_filters();
        git
    }

    /// The filters that the repository's own configuration names. They are programs to run, so they are switched off;
    /// those of the user's own configuration stay.
    fn local_filters(&self) -> Vec<OsString> {
        let args = ["config", "--show-scope", "--name-only", "-z", "--get-regexp", r"^filter\."];
        let Ok(output) = self.output(&args, SHORT) else { return Vec::new() };
        let mut words = output.bytes.split(|byte| *byte == 0);
        let mut names = BTreeSet::new();
        while let (Some(scope), Some(key)) = (words.next(), words.next()) {
            let name = key.strip_prefix(b"filter.").and_then(|rest| rest.rsplitn(2, |byte| *byte == b'.').nth(1));
            if let Some(name) = name.filter(|_| scope == b"local" || scope == b"worktree") {
                names.insert(os(name));
            }
        }
        names.into_iter().collect()
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(["--no-pager", "--no-optional-locks", "--literal-pathspecs"]);
        for setting in [
            "core.fsmonitor=false",
            "core.hooksPath=/dev/null",
            "core.quotePath=true",
            "protocol.allow=never",
            "diff.suppressBlankEmpty=false",
        ] {
            command.args(["-c", setting]);
        }
        for filter in &self.filters {
            for (key, value) in [("clean", ""), ("process", ""), ("required", "false")] {
                let mut setting = OsString::from("filter.");
                setting.push(filter);
                setting.push(format!(".{key}={value}"));
                command.arg("-c").arg(setting);
            }
        }
        // What would point at another repository, as the variables of a hook do, or make git run or fetch something.
        for variable in [
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_COMMON_DIR",
            "GIT_CONFIG",
            "GIT_CONFIG_COUNT",
            "GIT_CONFIG_PARAMETERS",
            "GIT_DIFF_OPTS",
            "GIT_DIR",
            "GIT_EXTERNAL_DIFF",
            "GIT_GRAFT_FILE",
            "GIT_IMPLICIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_NAMESPACE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_PREFIX",
            "GIT_SHALLOW_FILE",
            "GIT_WORK_TREE",
        ] {
            command.env_remove(variable);
        }
        command.envs([("LC_ALL", "C"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_NO_LAZY_FETCH", "1")]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What the program writes; an error is what it says.
    fn output<S: AsRef<OsStr>>(&self, args: &[S], longest: Duration) -> Result<Output> {
        let mut command = self.command();
        command.args(args);
        let mut child = command.spawn().context("cannot run git")?;
        let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
        let (begin, mut pause) = (Instant::now(), Duration::from_micros(500));
        let status = loop {
            if let Some(status) = child.try_wait().context("cannot run git")? {
                break status;
            }
            if begin.elapsed() > longest {
                let _ = child.kill();
                let _ = child.wait();
                bail!("git did not answer within {} seconds", longest.as_secs());
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
        if status.success() {
            return Ok(Output { bytes: out });
        }
        let said = String::from_utf8_lossy(&err);
        let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(6).collect();
        bail!("{}", if said.is_empty() { "git failed and said nothing".to_owned() } else { said.join("\n") });
    }

    /// What the program writes, as text without the last newline; none if it fails or writes nothing.
    fn text(&self, args: &[&str]) -> Option<String> {
        let bytes = self.output(args, SHORT).ok()?.strip_newline();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether something below the root differs from the commit. What is inside submodules is not looked at: git would
    /// run there without these settings.
    fn is_modified(&self) -> Option<bool> {
        let args =
            ["status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty", "--no-renames"];
        Some(!self.output(&self.below(&args), SHORT).ok()?.bytes.is_empty())
    }

    /// These arguments, limited to the root.
    fn below(&self, args: &[&str]) -> Vec<OsString> {
        let mut args: Vec<OsString> = args.iter().map(OsString::from).collect();
        args.push("--".into());
        args.push(self.file.clone().unwrap_or_else(|| ".".into()));
        args
    }

    /// The commit with which the tree is compared.
    fn base(&self, root: &Path, revision: &str) -> Result<String> {
        let name = files::name(root);
        self.output(&["rev-parse", "--show-toplevel"], SHORT)
            .with_context(|| format!("--new-from-rev needs git, and a repository around {name}"))?;
        if self.text(&["rev-parse", "--is-inside-work-tree"]).as_deref() != Some("true") {
            bail!("--new-from-rev: {name} is in no work tree of git");
        }
        let shallow = self.text(&["rev-parse", "--is-shallow-repository"]).as_deref() == Some("true");
        let deeper = if shallow {
            "; this clone is shallow: fetch the history (`git fetch --unshallow`; in GitHub's checkout `fetch-depth: 0`)"
        } else {
            ""
        };
        if self.text(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).is_none() {
            bail!("--new-from-rev {revision}: the repository around {name} has no commit yet");
        }
        let commit = format!("{revision}^{{commit}}");
        let wanted = self.text(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]);
        let Some(wanted) = wanted else {
            let hint = if shallow { deeper } else { "; is it fetched?" };
            bail!("--new-from-rev {revision}: the repository around {name} has no such commit{hint}");
        };
        match self.text(&["merge-base", &wanted, "HEAD"]) {
            Some(base) if !base.is_empty() => Ok(base),
            _ => bail!("--new-from-rev {revision}: it has no commit in common with HEAD in {name}{deeper}"),
        }
    }

    /// The lines that differ from a commit, and the untracked files.
    fn changes_since(&self, base: &str, change: &mut Change, depth: usize) -> Result<()> {
        let folder = real(&self.folder)?;
        let common = [
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "-O/dev/null",
            "--relative",
            "--find-renames",
            "--ignore-submodules=dirty",
            "--submodule=short",
        ];
        let with = |own: &[&str]| {
            let args: Vec<&str> = ["diff"].iter().chain(common.iter()).chain(own).copied().chain([base]).collect();
            self.below(&args)
        };
        let options = ["-U0", "--inter-hunk-context=0", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"];
        let text = self.output(&with(&options), LONG).with_context(|| format!("cannot compare with {base}"))?;
        let patch = patch::parse(&text.bytes).context("cannot read what `git diff` wrote")?;
        for (path, lines) in patch.lines {
            change.lines.entry(folder.join(os(&path))).or_default().extend(lines);
        }
        if patch.binary {
            let args = with(&["--numstat", "-z"]);
            for path in patch::binaries(&self.output(&args, LONG)?.bytes) {
                change.lines.insert(folder.join(os(&path)), vec![1..=u32::MAX]);
            }
        }
        for (path, old) in patch.submodules {
            self.submodule(&os(&path), old.as_deref(), change, depth)?;
        }
        self.list(&["--others", "--exclude-standard"], &folder, change)
    }

    /// Takes all lines of the files that `git ls-files` lists.
    fn list(&self, options: &[&str], folder: &Path, change: &mut Change) -> Result<()> {
        let args: Vec<&str> = ["ls-files", "-z"].iter().chain(options).copied().collect();
        let output = self.output(&self.below(&args), LONG).context("cannot list files")?;
        for path in output.bytes.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
            let path_os = os(path);
            if path.ends_with(b"/") {
                let name = files::name(&self.folder.join(path_os));
                change.notes.push(format!("{name} is a repository of its own and no part of this change"));
            } else {
                change.lines.insert(folder.join(path_os), vec![1..=u32::MAX]);
            }
        }
        Ok(())
    }

    /// What changed in a submodule whose commit changed; without an old one all of it.
    fn submodule(&self, path: &OsStr, old: Option<&str>, change: &mut Change, depth: usize) -> Result<()> {
        let folder = self.folder.join(path);
        let inside = Self::of(&folder);
        // One that is not checked out is an empty folder, of which git would say what it says of the folder above.
        if depth >= MAX_DEPTH || inside.text(&["rev-parse", "--show-prefix"]).as_deref() != Some("") {
            return Ok(());
        }
        let known = old.filter(|old| inside.output(&["cat-file", "-e", &format!("{old}^{{commit}}")], SHORT).is_ok());
        if let Some(old) = known {
            return inside.changes_since(old, change, depth + 1);
        }
        if old.is_some() {
            change
                .notes
                .push(format!("{}: the submodule's old commit is not here, all its files count", files::name(&folder)));
        }
        let folder = real(&folder)?;
        inside.list(&["--cached", "--others", "--exclude-standard"], &folder, change)
    }
}

/// Where a folder is, without links.
fn real(folder: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(folder).with_context(|| format!("cannot read {}", files::name(folder)))
}

/// Reads a pipe to its end beside the program, so that neither waits for the other.
fn drain(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// A name as the system has it.
#[cfg(unix)]
fn os(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStrExt as _;
    OsStr::from_bytes(bytes).to_owned()
}

/// A name as the system has it.
#[cfg(not(unix))]
fn os(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
