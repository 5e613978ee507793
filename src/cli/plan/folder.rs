//! `--output-dir`: a folder per pool with everything a plan is written as.
//!
//! All texts are made and written beside their places before the first is moved to it. Nothing is written through a
//! symbolic link, and nothing into a folder that holds other things, unless it is forced. What an earlier plan of the same
//! pool left there and this one does not have is removed; anything else in the folder, such as what the scripts keep
//! between steps, stays.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::model::plan::{Plan, PoolPlan};
use crate::plan::read::read;
use crate::render::plan::{graph, iac, json, markdown, shell};

use super::super::files::{self, Readers};
use super::shown;

/// The plan itself, by which a folder is known to be ours.
const PLAN: &str = "plan.json";

/// A file of a pool's folder: its path in it, and its text.
struct Output {
    name: PathBuf,
    text: String,
    readers: Readers,
}

/// What can be wrong with the folder before anything is planned.
pub(super) fn check_root(root: &Path, force: bool) -> Result<()> {
    let Some(kind) = kind_of(root)? else { return Ok(()) };
    if !kind.is_dir() {
        bail!("{}: --output-dir wants a folder, and this is none", shown(root));
    }
    if force {
        return Ok(());
    }
    let mut others = Vec::new();
    for entry in fs::read_dir(root).with_context(|| format!("cannot read {}", shown(root)))? {
        let entry = entry.with_context(|| format!("cannot read {}", shown(root)))?;
        if old_plan(&entry.path()).is_some() {
            return Ok(());
        }
        // What a version control or a desktop leaves everywhere does not make a folder somebody's.
        if !entry.file_name().to_string_lossy().starts_with('.') {
            others.push(shown(Path::new(&entry.file_name())));
        }
    }
    others.sort();
    match others.first() {
        Some(first) => bail!(
            "{} holds other things, such as {first}, and no plan; name another folder, or write there with --force",
            shown(root)
        ),
        None => Ok(()),
    }
}

/// Writes a folder per pool.
pub(super) fn write(plan: &Plan, root: &Path, force: bool) -> Result<()> {
    let mut taken = BTreeSet::new();
    let mut all: Vec<(PathBuf, Vec<Output>)> = Vec::new();
    for pool in &plan.pools {
        let folder = root.join(folder_name(pool, &mut taken));
        let outputs = outputs(plan, pool)?;
        check_pool(&folder, pool, &outputs, force)?;
        all.push((folder, outputs));
    }
    fs::create_dir_all(root).with_context(|| format!("cannot make the folder {}", shown(root)))?;
    let staged = tempfile::Builder::new().prefix(".mrready-").tempdir_in(root);
    let staged = staged.with_context(|| format!("cannot write in {}", shown(root)))?;
    for (at, (_, outputs)) in all.iter().enumerate() {
        for output in outputs {
            let path = staged.path().join(at.to_string()).join(&output.name);
            make_parent(&path)?;
            files::write_whole(&path, output.text.as_bytes(), output.readers)
                .with_context(|| format!("cannot write in {}", shown(root)))?;
        }
    }
    for (at, (folder, outputs)) in all.iter().enumerate() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", shown(folder)))?;
        for stale in stale(folder, outputs) {
            fs::remove_file(&stale).with_context(|| format!("cannot remove {}", shown(&stale)))?;
        }
        for output in outputs {
            let path = folder.join(&output.name);
            make_parent(&path)?;
            let from = staged.path().join(at.to_string()).join(&output.name);
            fs::rename(from, &path).with_context(|| format!("cannot write {}", shown(&path)))?;
        }
    }
    Ok(())
}

/// Everything of one pool. Its plan holds this pool alone, so that it can be verified by itself.
fn outputs(plan: &Plan, pool: &PoolPlan) -> Result<Vec<Output>> {
    let alone = Plan { pools: vec![pool.clone()], ..plan.clone() };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).context("a document of the plan is not UTF-8");
    let (mut document, mut data) = (Vec::new(), Vec::new());
    markdown::write(&alone, &mut document)?;
    json::write(&alone, &mut data)?;
    let mut outputs = Vec::new();
    let mut add = |name: &str, text: String, readers: Readers| -> Result<()> {
        let name = PathBuf::from(name);
        // Names are made by the renderers; one that leads out of the folder is a mistake that must not be written.
        if name.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
            bail!("the name of a file leads out of its folder: {}", shown(&name));
        }
        if !text.is_empty() {
            outputs.push(Output { name, text, readers });
        }
        Ok(())
    };
    add(PLAN, text(data)?, Readers::Usual)?;
    add("plan.md", text(document)?, Readers::Usual)?;
    add("plan.svg", graph::svg(pool), Readers::Usual)?;
    for (name, text) in shell::files(&alone, pool) {
        add(&name, text, Readers::Runner)?;
    }
    for (name, text) in iac::cloudformation(pool).into_iter().chain(iac::terraform(pool)) {
        add(&name, text, Readers::Usual)?;
    }
    Ok(outputs)
}

/// What stands in the way of writing these files into a pool's folder.
fn check_pool(folder: &Path, pool: &PoolPlan, outputs: &[Output], force: bool) -> Result<()> {
    if let Some(kind) = kind_of(folder)? {
        if !kind.is_dir() {
            bail!("{} is a file; the folder of a pool would stand there", shown(folder));
        }
        let ours = old_plan(folder).is_some_and(|old| old.pools.iter().any(|each| same_pool(each, pool)));
        let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", shown(folder)))?;
        if !force && !ours && entries.count() > 0 {
            bail!(
                "{} is not empty and holds no plan of this pool that this version reads; empty it, or write with --force",
                shown(folder)
            );
        }
    }
    for output in outputs {
        let mut path = folder.to_path_buf();
        for part in output.name.components() {
            path.push(part);
            let Some(kind) = kind_of(&path)? else { break };
            if kind.is_dir() == (path == folder.join(&output.name)) {
                bail!("{} stands where a {} is to be", shown(&path), if kind.is_dir() { "file" } else { "folder" });
            }
        }
    }
    Ok(())
}

fn same_pool(a: &PoolPlan, b: &PoolPlan) -> bool {
    a.pool.id == b.pool.id && a.pool.account == b.pool.account
}

/// What is at a path; a symbolic link is refused.
fn kind_of(path: &Path) -> Result<Option<fs::FileType>> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_symlink() => {
            bail!("{} is a symbolic link; nothing is written through it", shown(path))
        }
        Ok(found) => Ok(Some(found.file_type())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot look at {}", shown(path))),
    }
}

/// The plan that a folder holds, if this version reads it.
fn old_plan(folder: &Path) -> Option<Plan> {
    let path = folder.join(PLAN);
    let found = fs::symlink_metadata(&path).ok()?;
    if !found.is_file() {
        return None;
    }
    read(&fs::read(path).ok()?).ok()
}

/// The files that the plan in a folder was written as and that the new one does not have.
fn stale(folder: &Path, outputs: &[Output]) -> Vec<PathBuf> {
    let Some(old) = old_plan(folder) else { return Vec::new() };
    let kept: BTreeSet<&PathBuf> = outputs.iter().map(|output| &output.name).collect();
    let before = old.pools.first().and_then(|pool| self::outputs(&old, pool).ok()).unwrap_or_default();
    let gone = before.iter().map(|output| &output.name).filter(|name| !kept.contains(name));
    gone.map(|name| folder.join(name)).filter(|path| fs::symlink_metadata(path).is_ok_and(|it| it.is_file())).collect()
}

fn make_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", shown(parent)))
}

/// The name of a pool's folder, which no other pool of the run has, whatever the case of its letters.
fn folder_name(pool: &PoolPlan, taken: &mut BTreeSet<String>) -> String {
    let id = safe_name(&pool.pool.id);
    let candidates = [id.clone(), format!("{id}_{}", safe_name(&pool.pool.account))].into_iter();
    let numbered = (2..).map(|number| format!("{id}-{number}"));
    let mut free = candidates.chain(numbered).filter(|name| taken.insert(name.to_lowercase()));
    free.next().unwrap_or(id)
}

/// A text as the name of a folder on every system: the ids of pools are left as they are.
pub(super) fn safe_name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    let name: String = text.chars().take(80).map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) { name } else { format!("pool{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_are_harmless() {
        for (id, name) in [
            ("us-east-1_AbCdEfGhI", "us-east-1_AbCdEfGhI"),
            ("../../etc/passwd", "pool______etc_passwd"),
            ("", "pool"),
            ("..", "pool__"),
            ("-rf", "pool-rf"),
            ("a\u{202e}b\nc d", "a_b_c_d"),
            ("CON:", "CON_"),
        ] {
            assert_eq!(safe_name(id), name);
        }
        assert_eq!(safe_name(&"x".repeat(500)).len(), 80);
    }
}
