//! Programs that tests need and that are written in Python or for Node.js: installed below `target/`, each from a
//! `requirements.txt` or a `package-lock.json` in which every version is exact. Once per such file; several test binaries may ask at the same time.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;

use sha2::{Digest, Sha256};

/// The variable that skips tests that need Node.js and no browser.
pub(crate) const SKIP_NODE: &str = "MRREADY_SKIP_NODE_TESTS";
/// The variable that skips every test that needs Python.
pub(crate) const SKIP: &str = "MRREADY_SKIP_LIVE_TESTS";

/// Whether the tests that need Python are left out, said once.
pub(crate) fn skipped() -> bool {
    static SAID: Once = Once::new();
    let skipped = std::env::var(SKIP).is_ok_and(|value| value == "1");
    if skipped {
        // Not through the macros, whose output a passing test swallows.
        SAID.call_once(|| {
            let _ = writeln!(std::io::stderr(), "{SKIP}=1: the tests that need Python are skipped");
        });
    }
    skipped
}

/// A file in the folder that cargo gives to integration tests, which is below `target/`.
pub(crate) fn temp(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The Python of the virtual environment, which is made if it is not there yet.
///
/// One at a time, by a lock that ends with the process; a marker says that it is whole.
pub(crate) fn install(name: &str, source: &Path, options: &[&str]) -> Result<PathBuf, String> {
    let requirements = source.join("requirements.txt");
    let text = fs::read(&requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    let digest = Sha256::digest(&text)[..8].iter().fold(String::new(), |mut digest, byte| {
        let _ = write!(digest, "{byte:02x}");
        digest
    });
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?.join("tools");
    let home = tools.join(format!("{name}-{digest}"));
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let (lock, whole) = (tools.join(format!("{name}-{digest}.lock")), home.join("complete"));
    let failed = |error: std::io::Error| format!("{}: {error}", home.display());
    fs::create_dir_all(&tools).map_err(failed)?;
    let lock = File::create(lock).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if whole.exists() {
        return Ok(python);
    }
    let found = find_python()?;
    if home.exists() {
        fs::remove_dir_all(&home).map_err(failed)?;
    }
    run(Command::new(found).args(["-m", "venv"]).arg(&home))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(&python).args(pip).args(options).arg("-r").arg(&requirements))?;
    fs::write(&whole, digest).map_err(failed)?;
    Ok(python)
}

/// A Python that is new enough.
fn find_python() -> Result<&'static str, String> {
    let check = "import sys, venv; sys.exit(0 if sys.version_info >= (3, 11) else 1)";
    ["python3", "python"]
        .into_iter()
        .find(|name| Command::new(name).args(["-c", check]).output().is_ok_and(|output| output.status.success()))
        .ok_or_else(|| "Python 3.11 or later, with its module venv, is needed and was not found on PATH".to_owned())
}

/// Runs a command to its end; the error holds what it said.
pub(crate) fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    // Some say on standard output what is wrong.
    let said = [output.stdout.as_slice(), &output.stderr].map(String::from_utf8_lossy).concat();
    Err(format!("{command:?} ended with {}:\n{said}", output.status))
}

/// The folder below `target/` with the packages of a `package-lock.json`, which are installed if they are not there yet: every
/// version exact, and no script of theirs run.
///
/// One at a time, by a lock that ends with the process; a marker says that it is whole.
pub(crate) fn install_packages(name: &str, source: &Path) -> Result<PathBuf, String> {
    let files = ["package.json", "package-lock.json"];
    let mut digest = Sha256::new();
    for file in files {
        digest.update(fs::read(source.join(file)).map_err(|error| format!("{file}: {error}"))?);
    }
    let digest = digest.finalize()[..8].iter().fold(String::new(), |mut digest, byte| {
        let _ = write!(digest, "{byte:02x}");
        digest
    });
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?.join("tools");
    let home = tools.join(format!("{name}-{digest}"));
    let whole = home.join("complete");
    let failed = |error: std::io::Error| format!("{}: {error}", home.display());
    fs::create_dir_all(&tools).map_err(failed)?;
    let lock = File::create(tools.join(format!("{name}-{digest}.lock"))).map_err(failed)?;
    lock.lock().map_err(failed)?;
    find_node()?;
    if whole.exists() {
        return Ok(home);
    }
    if home.exists() {
        fs::remove_dir_all(&home).map_err(failed)?;
    }
    fs::create_dir_all(&home).map_err(failed)?;
    for file in files {
        fs::copy(source.join(file), home.join(file)).map_err(failed)?;
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    run(Command::new(npm).args(arguments).current_dir(&home))
        .map_err(|error| format!("{npm}, which comes with Node.js, is needed: {error}"))?;
    fs::write(&whole, digest).map_err(failed)?;
    Ok(home)
}

/// A Node.js that is new enough.
fn find_node() -> Result<(), String> {
    let check = "process.exit(Number(process.versions.node.split('.')[0]) >= 20 ? 0 : 1)";
    if Command::new("node").args(["-e", check]).output().is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    Err("Node.js 20 or later is needed and was not found on PATH".to_owned())
}
