//! `mrready scan` from outside: exit codes, formats, evidence, and the gate of a pull request in real repositories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::cli::{Run, command, finish};

const OLD: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI";
const NEW: &str = "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI";
const NOW: &str = "2026-11-21T12:00:00Z";

/// A folder with files, and perhaps a repository.
struct Tree {
    folder: TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { folder: TempDir::new().unwrap() };
        for (name, text) in files {
            tree.put(name, text);
        }
        tree
    }

    fn repository(files: &[(&str, &str)]) -> Self {
        let tree = Self::new(files);
        tree.git(&["init", "-q", "-b", "main"]);
        tree.commit("begin");
        tree
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    fn scan(&self, arguments: &[&str]) -> Run {
        scan_in(self.path(), arguments)
    }

    fn report(&self, arguments: &[&str]) -> Value {
        let run = self.scan(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "protocol.file.allow=always", "-c", "commit.gpgSign=false", "-C"])
        .arg(folder)
        .args(arguments)
        .env_clear()
        .envs([("PATH", std::env::var("PATH").unwrap()), ("HOME", "/nonexistent".to_owned())])
        .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
        .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn scan_in(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = command(["scan"].into_iter().chain(arguments.iter().copied()));
    finish(command.env("PATH", std::env::var("PATH").unwrap()).current_dir(folder))
}

fn places(report: &Value) -> Vec<String> {
    let hits = report["hits"].as_array().unwrap();
    hits.iter()
        .map(|hit| format!("{}:{}", hit["path"].as_str().unwrap().trim_start_matches("./"), hit["line"]))
        .collect()
}

fn fails(run: &Run, wanted: &[&str]) {
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert_eq!(run.out, "");
    for part in wanted {
        assert!(run.err.contains(part), "`{part}` in\n{}", run.err);
    }
}

#[test]
fn the_gate_of_a_pull_request_names_the_pinned_line_and_lets_both_issuers_pass() {
    let before = format!("import jwt\n\n# pinned long ago\nOLD = \"{OLD}\"\nTTL = 60\n");
    let tree = Tree::repository(&[("auth.py", &before)]);
    tree.git(&["checkout", "-q", "-b", "change"]);

    // A commit that adds one pinned issuer. The page shows what happens.
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap();
    let block = |language: &str, at: usize| {
        let rest = page.split(&format!("```{language}\n")).nth(at + 1).unwrap();
        rest.split("```").next().unwrap().to_owned()
    };
    tree.put("api/verify.ts", format!("export const ttl = 60;\n{}", block("ts", 0)));
    tree.commit("verify tokens");
    let run = tree.scan(&["--new-from-rev", "main"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.starts_with("api/verify.ts:2:24: error[issuer-url-literal] definite: "), "{}", run.out);
    assert!(run.out.starts_with(&block("text", 0)), "docs/ci.md shows something else than\n{}", run.out);
    assert!(run.out.contains(OLD) && run.out.contains("= help: ") && !run.out.contains("auth.py"), "{}", run.out);
    assert_eq!(run.out.lines().filter(|line| line.contains(": error[")).count(), 1);
    assert!(run.err.contains("exit 1: 1 reference that counts: 1 error; "), "{}", run.err);

    // The same verifier with both issuers.
    tree.put("api/verify.ts", format!("export const ttl = 60;\n{}", block("ts", 1)));
    tree.commit("accept both issuers");
    let run = tree.scan(&["--new-from-rev", "main"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(block("ts", 1).contains(OLD) && block("ts", 1).contains(NEW));

    // A commit that only touches the neighbours of an old reference.
    tree.put("auth.py", before.replace("long ago", "before").replace("TTL = 60", "TTL = 90\nLEEWAY = 5"));
    tree.git(&["rm", "-q", "-r", "api"]);
    tree.commit("wait longer");
    let run = tree.scan(&["--new-from-rev", "main"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{}", run.err);
    // Without the option the old one counts.
    assert_eq!(tree.scan(&[]).code, 1);
}

#[test]
fn a_change_is_what_is_committed_staged_unstaged_and_untracked() {
    let line = format!("issuer: {OLD}\n");
    let tree = Tree::repository(&[("base.yaml", &line), ("moved.yaml", &format!("a: 1\nb: 2\nc: 3\n{line}"))]);
    tree.git(&["checkout", "-q", "-b", "change"]);
    tree.put("committed.yaml", &line);
    tree.git(&["mv", "moved.yaml", "renamed.yaml"]);
    tree.commit("more");
    // What main gains meanwhile is no part of the change.
    tree.git(&["checkout", "-q", "main"]);
    tree.put("theirs.yaml", &line);
    tree.commit("theirs");
    tree.git(&["checkout", "-q", "change"]);
    tree.put("staged.yaml", &line);
    tree.git(&["add", "staged.yaml"]);
    tree.put("base.yaml", format!("{line}{line}"));
    tree.put("untracked \"a\"\n b.yaml", &line);
    tree.put(".gitignore", "ignored.yaml\n");
    tree.put("ignored.yaml", &line);
    tree.put("sub/ä b.yaml", &line);
    let places = places(&tree.report(&["--new-from-rev", "main"]));
    assert_eq!(
        places,
        ["base.yaml:2", "committed.yaml:1", "staged.yaml:1", "sub/ä b.yaml:1", "untracked \"a\"\n b.yaml:1"]
    );
    // A root below the top, and one that is a file.
    let run = scan_in(&tree.path().join("sub"), &["--new-from-rev", "main", ".", "../base.yaml", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(self::places(&report).len(), 2, "{}", run.out);
}

#[test]
fn several_roots_may_be_several_repositories() {
    let line = format!("issuer: {OLD}\n");
    let one = Tree::repository(&[("a.yaml", &line)]);
    let two = Tree::repository(&[("b.yaml", &line)]);
    one.put("new.yaml", &line);
    two.put("b.yaml", format!("{line}# x\n{line}"));
    let (first, second) = (one.path().to_str().unwrap(), two.path().to_str().unwrap());
    let report = one.report(&["--new-from-rev", "HEAD", first, second]);
    assert_eq!(
        places(&report),
        [format!("{first}/new.yaml:1"), format!("{second}/b.yaml:3")]
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_submodule_counts_from_its_old_commit() {
    let line = format!("issuer: {OLD}\n");
    let inner = Tree::repository(&[("old.yaml", &line)]);
    let outer = Tree::repository(&[("a.yaml", "a: 1\n")]);
    outer.git(&["submodule", "--quiet", "add", inner.path().to_str().unwrap(), "inner"]);
    assert_eq!(places(&outer.report(&["--new-from-rev", "HEAD"])), ["inner/old.yaml:1"]);
    outer.commit("with it");
    assert_eq!(places(&outer.report(&["--new-from-rev", "HEAD"])), Vec::<String>::new());
    let checkout = outer.path().join("inner");
    fs::write(checkout.join("new.yaml"), &line).unwrap();
    git(&checkout, &["add", "-A"]);
    git(&checkout, &["commit", "-q", "-m", "new"]);
    assert_eq!(places(&outer.report(&["--new-from-rev", "HEAD"])), ["inner/new.yaml:1"]);
}

#[test]
fn a_revision_that_cannot_be_compared_is_a_mistake_said_once() {
    let tree = Tree::repository(&[("a.yaml", "a: 1\n")]);
    fails(&tree.scan(&["--new-from-rev", "nope"]), &["--new-from-rev nope", "no such commit"]);
    fails(&tree.scan(&["--new-from-rev=--output=x"]), &["this is no revision"]);
    fails(&tree.scan(&["--new-from-rev="]), &["this is no revision"]);
    fails(&tree.scan(&["--new-from-rev", "HEAD", "-o", "x.json"]), &["evidence, which has to be whole"]);
    assert!(!tree.path().join("x").exists() && !tree.path().join("x.json").exists());
    let bare = Tree::new(&[("a.yaml", "a: 1\n")]);
    fails(&bare.scan(&["--new-from-rev", "HEAD"]), &["a repository around ."]);
    bare.git(&["init", "-q"]);
    fails(&bare.scan(&["--new-from-rev", "HEAD"]), &["no commit yet"]);
    // No common history, once because the clone is shallow.
    tree.git(&["checkout", "-q", "--orphan", "other"]);
    tree.commit("apart");
    fails(&tree.scan(&["--new-from-rev", "main"]), &["no commit in common"]);
    tree.git(&["checkout", "-q", "main"]);
    tree.commit("second");
    tree.git(&["branch", "work"]);
    tree.git(&["commit", "-q", "--allow-empty", "-m", "third"]);
    let folder = TempDir::new().unwrap();
    let url = format!("file://{}", tree.path().display());
    git(folder.path(), &["clone", "-q", "--depth", "1", "--no-single-branch", &url, "clone"]);
    let run = scan_in(&folder.path().join("clone"), &["--new-from-rev", "origin/other"]);
    fails(&run, &["shallow", "fetch-depth: 0"]);
}

#[test]
fn nothing_that_a_repository_configures_is_run() {
    let tree = Tree::repository(&[("a.yaml", "a: 1\n"), (".gitattributes", "* filter=evil diff=evil\n")]);
    let proof = tree.path().join("proof");
    let evil = tree.path().join("evil.sh");
    fs::write(&evil, format!("#!/bin/sh\ntouch '{}'\ncat\n", proof.display())).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let run = evil.to_str().unwrap();
    for key in [
        "core.fsmonitor",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "core.pager",
        "pager.diff",
    ] {
        tree.git(&["config", key, run]);
    }
    tree.git(&["config", "diff.noprefix", "true"]);
    tree.git(&["config", "diff.orderFile", "/nonexistent"]);
    tree.put(".git/hooks/post-index-change", fs::read(&evil).unwrap());
    tree.put("a.yaml", format!("a: 1\nissuer: {OLD}\n"));
    assert_eq!(places(&tree.report(&["--new-from-rev", "HEAD"])), ["a.yaml:2"]);
    assert!(!proof.exists());
}

#[test]
fn the_exit_code_follows_what_counts() {
    let tree = Tree::new(&[("a.yaml", &format!("jwks: {OLD}/.well-known/jwks.json\n"))]);
    for (level, code) in [("error", 0), ("warning", 1), ("info", 1), ("never", 0)] {
        let run = tree.scan(&["--fail-on", level]);
        assert_eq!(run.code, code, "{level}: {}", run.err);
        assert!(run.err.lines().last().unwrap().starts_with(&format!("mrready: exit {code}: ")), "{}", run.err);
    }
    let aside = Tree::new(&[("README.md", &format!("`{OLD}`\n")), ("tests/a.yaml", &format!("issuer: {OLD}\n"))]);
    let run = aside.scan(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("README.md:1: ") && run.out.contains("tests/a.yaml:1: "), "{}", run.out);
    assert_eq!(aside.report(&[])["hits"].as_array().unwrap().len(), 2);
    let none = Tree::new(&[("a.txt", "nothing\n")]);
    let run = none.scan(&[]);
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{}", run.err);
    assert!(run.err.contains("1 file read"), "{}", run.err);
    fails(&none.scan(&["gone"]), &["cannot read gone"]);
    fails(&none.scan(&["-o", "x.toml"]), &["x.toml"]);
    fails(&none.scan(&["--known-pools", "gone.json"]), &["cannot read gone.json"]);
}

#[test]
#[cfg(unix)]
fn what_could_not_be_read_makes_the_answer_unclear() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let tree = Tree::new(&[("a.txt", "nothing\n"), ("secret.yaml", "x: 1\n")]);
    let secret = tree.path().join("secret.yaml");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything: then another user has to ask, with a program that it may execute.
    let privileged = fs::read(&secret).is_ok();
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("mrready");
    fs::copy(env!("CARGO_BIN_EXE_mrready"), &program).unwrap();
    let scan = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.arg("scan").args(arguments).env_clear().env("PATH", std::env::var("PATH").unwrap());
        command.current_dir(tree.path()).stdin(std::process::Stdio::null());
        if privileged {
            command.uid(65534).gid(65534);
        }
        finish(&mut command)
    };
    let run = scan(&[]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.out.contains("secret.yaml: not read: no permission"), "{}", run.out);
    assert!(run.err.contains("not everything could be read"), "{}", run.err);
    let run = scan(&["--format", "json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &report["skipped"][0]["reason"]), (3, &"denied".into()));
    assert_eq!(report["hits"], Value::Array(Vec::new()));
    assert_eq!(scan(&["--fail-on", "never"]).code, 0);
    tree.put("b.yaml", format!("issuer: {OLD}\n"));
    assert_eq!(scan(&[]).code, 1, "found wins");
}

#[test]
fn outside_a_terminal_the_rest_of_a_line_is_not_shown() {
    let tree =
        Tree::new(&[("a.ts", &format!("const a = {{ password: \"hunter2\", issuer: \"{OLD}\" }}; // hunter3\n"))]);
    for format in ["text", "json", "jsonl"] {
        let run = tree.scan(&["--format", format, "--color", "always"]);
        assert_eq!(run.code, 1);
        assert!(run.out.contains(OLD) && !run.out.contains("hunter"), "{}", run.out);
    }
}

#[test]
#[cfg(unix)]
fn a_hostile_tree_steers_neither_terminal_nor_runner() {
    let evil = "a\u{1b}[2J\n::error::x\u{202e}.yaml";
    let tree = Tree::repository(&[(evil, &format!("issuer: {OLD}\n"))]);
    tree.put("CODEOWNERS", "* @a\u{1b}[31m\u{200b}\n");
    tree.git(&["remote", "add", "origin", "https://example.com/a\u{1b}[2J/b.git"]);
    for arguments in [&[][..], &["-v", "--stats"], &["--new-from-rev", "HEAD~0"], &[".", "."]] {
        let run = tree.scan(arguments);
        for text in [&run.out, &run.err] {
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{text}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
        }
    }
    assert_eq!(tree.scan(&[]).code, 1);
}

#[test]
fn formats_hold_the_same_and_follow_their_schema() {
    let tree = Tree::new(&[("b.yaml", &format!("issuer: {OLD}\n")), ("a.ts", &format!("const i = '{OLD}';\n"))]);
    let report = tree.report(&[]);
    let run = tree.scan(&["--format", "jsonl"]);
    let lines: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert_eq!((of("scan"), of("root"), of("hit"), of("summary"), lines.len()), (1, 1, 2, 1, 5));
    assert_eq!(lines[2]["text"], report["hits"][0]["text"]);
    assert_eq!(lines[0]["kind"], "scan");
    assert_eq!(lines[4]["counted"], 2);
    let schema: Value = serde_json::from_str(&super::cli::run(["schema", "scan"]).out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&report), "{report:#}");
    // Same input, same bytes, whatever the number of threads.
    for threads in ["1", "4"] {
        assert_eq!(tree.scan(&["--format", "jsonl", "--threads", threads, "--stats"]).out, run.out);
    }
    assert!(tree.scan(&["--stats"]).err.contains("2 files, "));
}

#[test]
fn trees_are_called_the_same_on_every_machine() {
    let tree = Tree::repository(&[("a.yaml", &format!("issuer: {OLD}\n")), ("sub/b.yaml", "b: 1\n")]);
    let root = |arguments: &[&str]| tree.report(arguments)["roots"].as_array().unwrap().clone();
    let folder = tree.path().file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(root(&[])[0]["name"], Value::String(folder));
    tree.git(&["remote", "add", "origin", "https://user:hunter2@example.com/acme/shop.git"]);
    let roots = root(&[".", "sub", "sub/b.yaml"]);
    let names: Vec<&str> = roots.iter().map(|root| root["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["acme/shop", "acme/shop:sub", "acme/shop:sub/b.yaml"]);
    assert_eq!(roots[0]["commit"], Value::String(tree.git(&["rev-parse", "HEAD"])));
    assert_eq!(roots[0]["modified"], false);
    tree.put("c.yaml", "c: 1\n");
    assert_eq!((root(&[])[0]["modified"].clone(), root(&["sub"])[0]["modified"].clone()), (true.into(), false.into()));
    assert!(!tree.scan(&["--format", "json"]).out.contains("hunter2"));
    let plain = Tree::new(&[("a/x.yaml", ""), ("b/a/x.yaml", "")]);
    let report = plain.report(&["a", "b/a"]);
    assert_eq!((&report["roots"][0]["name"], &report["roots"][1]["name"]), (&"a".into(), &"a#2".into()));
    assert_eq!((&report["roots"][0]["commit"], &report["roots"][0]["modified"]), (&Value::Null, &Value::Null));
}

#[test]
fn owners_are_those_of_codeowners() {
    let line = format!("issuer: {OLD}\n");
    let owners = "* @acme/all\n/svc/ @acme/id @acme/sec\n/svc/free.yaml\n";
    let tree = Tree::repository(&[
        ("a.yaml", &line),
        ("svc/b.yaml", &line),
        ("svc/free.yaml", &line),
        (".github/CODEOWNERS", owners),
    ]);
    let report = tree.report(&[]);
    let of = |at: usize| report["hits"][at]["owners"].clone();
    assert_eq!((of(0), of(1), of(2)), (["@acme/all"].into(), ["@acme/id", "@acme/sec"].into(), Value::Array(vec![])));
    assert_eq!(report["summary"]["by_owner"]["@acme/id"], 1);
    assert_eq!(report["summary"]["by_owner"][""], 1);
    assert_eq!(tree.report(&["svc"])["hits"][0]["owners"][0], "@acme/id");
    assert_eq!(tree.report(&["svc/b.yaml"])["hits"][0]["owners"][0], "@acme/id");
    assert!(tree.scan(&[]).out.contains("  = owner: @acme/id @acme/sec\n"));
}

#[test]
fn evidence_of_a_tree_is_read_by_audit() {
    let tree = Tree::repository(&[("a.yaml", &format!("issuer: {OLD}\n"))]);
    tree.git(&["remote", "add", "origin", "git@example.com:acme/shop.git"]);
    let run = tree.scan(&["-o", "tree.json", "--now", NOW]);
    assert_eq!(run.code, 1);
    let file = tree.path().join("tree.json");
    let evidence: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let kinds: Vec<&str> =
        evidence["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["scan", "hit"]);
    assert_eq!(evidence["entries"][0]["root"], "acme/shop");
    assert!(!fs::read_to_string(&file).unwrap().contains(tree.path().to_str().unwrap()));
    // The same through `--scan`, whatever the path.
    fs::rename(&file, tree.path().join(".git/tree.json")).unwrap();
    let ready = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/snapshots/ready.json");
    let ready = ready.to_str().unwrap();
    let audit = |arguments: &[&str]| {
        let mut command = command(["audit", ready, "--format", "json", "--now", NOW].iter().chain(arguments));
        finish(command.env("PATH", std::env::var("PATH").unwrap()).current_dir(tree.path()))
    };
    let (read, searched) = (audit(&[".git/tree.json"]), audit(&["--scan", "."]));
    let report: Value = serde_json::from_str(&searched.out).unwrap_or_else(|_| panic!("{}", searched.err));
    assert!(report["snapshot"]["digest"].is_string());
    assert_eq!((read.code, &read.out), (searched.code, &searched.out));
    assert_ne!(searched.out, audit(&[]).out, "the tree is part of the evidence");
    assert_eq!(audit(&["--scan", "gone"]).code, 2);
}

#[test]
fn known_pools_tell_ours_from_others() {
    let tree = Tree::new(&[
        ("a.yaml", "issuer: https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Someother\n"),
        ("b.yaml", "issuer: https://cognito-idp.us-east-1.amazonaws.com/us-east-1_MembProd1\n"),
    ]);
    let ready = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/snapshots/ready.json");
    let report = tree.report(&["--known-pools", ready.to_str().unwrap()]);
    assert_eq!((&report["hits"][0]["known_pool"], &report["hits"][1]["known_pool"]), (&false.into(), &true.into()));
    assert_eq!(tree.report(&[])["hits"][0]["known_pool"], Value::Null);
    fails(&tree.scan(&["--known-pools", ready.to_str().unwrap(), "-o", "x.json"]), &["leave out --known-pools"]);
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_is_no_error() {
    let line = format!("issuer: {OLD}\n");
    let tree = Tree::new(&[("a.yaml", &line.repeat(5000))]);
    let mut command = command(["scan", "."]);
    command.current_dir(tree.path()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}
