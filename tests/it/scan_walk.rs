//! What the walk of source trees must bear: every kind of thing that a folder can hold is read, or said not to be.
//!
//! Not here: which references are found in a text (`trees`).

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use mrready::model::reference::{SkipReason, Skipped};
use mrready::model::{Class, Confidence, Severity};
use mrready::scan::walk::{Options, Trees, scan};

const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123def";

fn options() -> Options {
    Options { respect_ignore: true, known_pools: None, threads: 2, lines: None }
}

fn tree() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn put(root: &Path, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

fn walk(root: &Path) -> Trees {
    scan(&[root.to_owned()], &options())
}

/// The hits as `path:line:column` below the root.
fn places(root: &Path, trees: &Trees) -> Vec<String> {
    let below = |path: &str| path.strip_prefix(root.to_str().unwrap()).unwrap().trim_start_matches('/').to_owned();
    trees.hits.iter().map(|hit| format!("{}:{}:{}", below(&hit.path), hit.line, hit.column)).collect()
}

fn skipped(root: &Path, trees: &Trees) -> Vec<(String, SkipReason)> {
    let below = |skip: &Skipped| Path::new(&skip.path).strip_prefix(root).unwrap().to_string_lossy().into_owned();
    trees.skipped.iter().map(|skip| (below(skip), skip.reason)).collect()
}

fn skip(path: &str, reason: SkipReason) -> (String, SkipReason) {
    (path.to_owned(), reason)
}

#[test]
fn ignore_files_count_and_hidden_files_are_read() {
    let root = tree();
    let root = root.path();
    put(root, ".gitignore", "out/\n");
    put(root, ".ignore", "generated.js\n");
    put(root, ".rgignore", "!kept.js\nsecond.js\n");
    put(root, "sub/.mrreadyignore", "vendored/\n");
    for path in [
        "out/a.js",
        "generated.js",
        "second.js",
        "sub/vendored/a.js",
        ".git/a.js",
        "sub/.hg/a.js",
        ".svn/a.js",
        ".jj/a.js",
        "kept.js",
        ".github/workflows/a.yml",
        ".env",
        ".gitlab-ci.yml",
        "sub/.git.js",
    ] {
        put(root, path, format!("issuer = '{ISSUER}'\n"));
    }
    let read: Vec<String> =
        places(root, &walk(root)).iter().map(|place| place.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(read, [".env", ".github/workflows/a.yml", ".gitlab-ci.yml", "kept.js", "sub/.git.js"]);
    let all = scan(&[root.to_owned()], &Options { respect_ignore: false, ..options() });
    assert_eq!(all.hits.len(), 9, "all but what version control keeps");
    assert!(all.skipped.is_empty(), "{:?}", all.skipped);
}

#[test]
fn a_root_that_is_ignored_is_read_all_the_same() {
    let root = tree();
    put(root.path(), ".gitignore", "out/\n*.js\n");
    let file = put(root.path(), "out/a.js", ISSUER);
    assert_eq!(scan(&[file], &options()).hits.len(), 1);
    put(root.path(), "out/b.ts", ISSUER);
    assert_eq!(scan(&[root.path().join("out")], &options()).hits.len(), 1, "*.js counts within it");
}

#[test]
fn roots_may_overlap_be_files_and_be_missing() {
    let root = tree();
    let root = root.path();
    put(root, "a/b/one.ts", ISSUER);
    put(root, "a/two.ts", ISSUER);
    let roots = [root.join("a"), root.join("a/b"), root.join("a/two.ts"), root.join("a/b/../b"), root.join("none")];
    let trees = scan(&roots, &options());
    let lines: Vec<&str> =
        trees.hits.iter().map(|hit| hit.path.strip_prefix(root.to_str().unwrap()).unwrap()).collect();
    assert_eq!(lines, ["/a/b/one.ts", "/a/two.ts"]);
    assert_eq!(trees.roots.iter().map(|root| root.files_read).collect::<Vec<_>>(), [0, 1, 1, 0, 0]);
    assert_eq!(trees.skipped.len(), 1);
    assert_eq!(
        (trees.skipped[0].path.as_str(), trees.skipped[0].reason),
        (roots[4].to_str().unwrap(), SkipReason::Failed)
    );
    assert!(scan(&[], &options()).hits.is_empty());
}

#[test]
fn text_is_read_in_every_encoding_and_places_are_right() {
    let root = tree();
    let root = root.path();
    let line = format!("a\r\né€😀 {ISSUER}\r\n");
    let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    put(root, "1.txt", &line);
    put(root, "2-bom.txt", format!("\u{feff}{ISSUER}\n"));
    put(root, "3-le-bom.txt", utf16(&format!("\u{feff}{line}"), u16::to_le_bytes));
    put(root, "4-be-bom.txt", utf16(&format!("\u{feff}{line}"), u16::to_be_bytes));
    let plain = format!("issuer\r\n     {ISSUER}\r\n");
    put(root, "5-le.txt", utf16(&plain, u16::to_le_bytes));
    put(root, "6-be.txt", utf16(&plain, u16::to_be_bytes));
    put(root, "7-invalid.txt", [b"x\n\xff\xfe\xe2\x82 \xc3".as_slice(), ISSUER.as_bytes(), b"\xff\n"].concat());
    let trees = walk(root);
    let wanted = [
        "1.txt:2:5",
        "2-bom.txt:1:1",
        "3-le-bom.txt:2:5",
        "4-be-bom.txt:2:5",
        "5-le.txt:2:6",
        "6-be.txt:2:6",
        "7-invalid.txt:2:6",
    ];
    assert_eq!(places(root, &trees), wanted);
    assert!(trees.skipped.is_empty(), "{:?}", trees.skipped);
    assert_eq!(trees.roots[0].files_read, 7);
}

#[test]
fn what_is_not_text_is_counted_not_searched() {
    let root = tree();
    let root = root.path();
    put(root, "image.png", [b"\x89PNG\r\n\0\0".as_slice(), ISSUER.as_bytes()].concat());
    put(root, "late.js", [ISSUER.as_bytes(), b"\n\0\n", ISSUER.as_bytes()].concat());
    put(root, "long.js", [ISSUER.as_bytes(), b"\n", &b" ".repeat(600_000), b"\0", ISSUER.as_bytes()].concat());
    put(root, "empty", "");
    let trees = walk(root);
    assert_eq!(places(root, &trees), ["late.js:1:1", "long.js:1:1"], "as far as it is text");
    let wanted = ["image.png", "late.js", "long.js"].map(|path| skip(path, SkipReason::Binary));
    assert_eq!(skipped(root, &trees), wanted);
    assert_eq!(trees.roots[0].files_read, 1);
}

#[cfg(unix)]
#[test]
fn special_files_are_not_opened() {
    let root = tree();
    let root = root.path();
    put(root, "a.ts", ISSUER);
    assert!(std::process::Command::new("mkfifo").arg(root.join("fifo.ts")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket.ts")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", root.join("zero.ts")).unwrap();
    let trees = walk(root);
    assert_eq!(places(root, &trees), ["a.ts:1:1"]);
    let special = [
        skip("fifo.ts", SkipReason::Special),
        skip("socket.ts", SkipReason::Special),
        skip("zero.ts", SkipReason::Outside),
    ];
    assert_eq!(skipped(root, &trees), special);
    for path in [root.join("fifo.ts"), PathBuf::from("/dev/zero")] {
        let trees = scan(std::slice::from_ref(&path), &options());
        assert_eq!(trees.skipped.iter().map(|skip| skip.reason).collect::<Vec<_>>(), [SkipReason::Special], "{path:?}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_loops_are_said() {
    use std::os::unix::fs::symlink;
    let (root, outside) = (tree(), tree());
    let (root, outside) = (root.path(), outside.path());
    put(root, "a/b/one.ts", ISSUER);
    put(outside, "two.ts", ISSUER);
    symlink(root, root.join("a/b/up")).unwrap();
    symlink(".", root.join("a/here")).unwrap();
    symlink("two", root.join("one")).unwrap();
    symlink("one", root.join("two")).unwrap();
    symlink("b/one.ts", root.join("a/again.ts")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    symlink(outside, root.join("outside")).unwrap();
    let trees = walk(root);
    assert_eq!(places(root, &trees), ["a/b/one.ts:1:1"], "once");
    let wanted = [
        skip("a/b/up", SkipReason::Loop),
        skip("a/here", SkipReason::Loop),
        skip("one", SkipReason::Loop),
        skip("outside", SkipReason::Outside),
        skip("two", SkipReason::Loop),
    ];
    assert_eq!(skipped(root, &trees), wanted);
    // A root is followed, and named as it was given.
    let trees = scan(&[root.join("outside")], &options());
    assert_eq!(places(root, &trees), ["outside/two.ts:1:1"]);
    assert!(trees.skipped.is_empty());
}

/// Runs a test of this binary again as a user whom permissions bind, if they do not bind this one; the tree it has made.
#[cfg(unix)]
fn unprivileged(test: &str, make: impl Fn(&Path)) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    if let Some(root) = std::env::var_os("MRREADY_TEST_ROOT") {
        return Some(root.into());
    }
    let root = tree();
    make(root.path());
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let probe = put(root.path(), "probe", "");
    fs::set_permissions(&probe, fs::Permissions::from_mode(0o0)).unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let privileged = fs::File::open(&probe).is_ok();
    fs::remove_file(probe).unwrap();
    if privileged {
        command.uid(65534).gid(65534);
    }
    let run = command.args(["--exact", test]).env("MRREADY_TEST_ROOT", root.path()).output();
    // Where another user may not execute this binary, there is nothing to be shown.
    match run {
        Ok(run) => assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout)),
        Err(error) => {
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{test}: not run: {error}\n"));
        }
    }
    for entry in fs::read_dir(root.path()).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o700)).unwrap();
    }
    None
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let made = unprivileged("scan_walk::what_may_not_be_read_is_said", |root| {
        for (path, mode) in [("open/a.ts", 0o755), ("closed/a.ts", 0o000), ("listed/a.ts", 0o744)] {
            let file = put(root, path, ISSUER);
            fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(mode)).unwrap();
        }
        let file = put(root, "file.ts", ISSUER);
        fs::set_permissions(file, fs::Permissions::from_mode(0o000)).unwrap();
    });
    let Some(root) = made else { return };
    let trees = walk(&root);
    assert_eq!(places(&root, &trees), ["open/a.ts:1:1"]);
    let wanted = ["closed", "file.ts", "listed/a.ts"].map(|path| skip(path, SkipReason::Denied));
    assert_eq!(skipped(&root, &trees), wanted);
    assert!(trees.skipped.iter().all(|skip| skip.reason.may_hide()));
}

#[test]
fn files_may_come_and_go_while_they_are_read() {
    let root = tree();
    let root = root.path();
    put(root, "stays.ts", ISSUER);
    let busy = &std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut round = 0_usize;
            while busy.load(std::sync::atomic::Ordering::Relaxed) {
                let path = put(root, &format!("{}/comes.ts", round % 7), ISSUER.repeat(1 + round % 50_000));
                fs::write(path, "shorter").unwrap();
                fs::remove_dir_all(root.join(format!("{}", round % 7))).unwrap();
                round += 997;
            }
        });
        for _ in 0..50 {
            let trees = walk(root);
            assert!(places(root, &trees).contains(&"stays.ts:1:1".to_owned()));
            let fine = |skip: &Skipped| skip.reason == SkipReason::Failed && skip.detail.is_some();
            assert!(trees.skipped.iter().all(fine), "{:?}", trees.skipped);
        }
        busy.store(false, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap();
    });
}

#[test]
fn documents_that_want_to_break_the_reader_do_not() {
    let root = tree();
    let root = root.path();
    let deep = format!("{}\"AWS::Cognito::UserPool cognito-idp {ISSUER}\"{}", "[".repeat(2000), "]".repeat(2000));
    put(root, "deep.json", format!("{{\"Resources\": {deep}}}"));
    let mut bomb = String::from("Resources: {}\na0: &a0 [x, x]\n");
    for level in 1..60 {
        let _ = writeln!(bomb, "a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}]", level - 1);
    }
    let _ = writeln!(bomb, "issuer: {ISSUER}");
    put(root, "bomb.yaml", bomb);
    put(root, "deep.tf", format!("locals {{ a = {}\"{ISSUER}\"{} }}\n", "[".repeat(2000), "]".repeat(2000)));
    put(root, "open.tf", format!("locals {{ a = \"{}{ISSUER}\" }}\n", "${".repeat(2000)));
    put(root, "half.json", format!("{{\"issuer\": \"{ISSUER}\", "));
    let trees = walk(root);
    for file in ["deep.json", "bomb.yaml", "deep.tf", "half.json"] {
        assert!(trees.hits.iter().any(|hit| hit.path.ends_with(file)), "{file}: {:?}", trees.skipped);
    }
    assert!(trees.skipped.iter().all(|skip| skip.reason == SkipReason::Structure), "{:?}", trees.skipped);
}

#[test]
fn a_huge_line_is_searched_in_bounded_memory() {
    const SIZE: usize = 300_000_000;
    let root = tree();
    let root = root.path();
    let filler = "!function(e,t){var n=\"é\";return n}(a,b);".repeat(2000);
    let with = format!("var i=\"{ISSUER}\";");
    let (of_filler, of_with) = (filler.chars().count(), with.chars().count());
    let mut file = std::io::BufWriter::new(fs::File::create(root.join("bundle.min.js")).unwrap());
    let (mut bytes, mut characters, mut round) = (0, 0, 0);
    let mut wanted = Vec::new();
    while bytes < SIZE {
        // Seldom, as in a bundle, and each at another place of its window.
        if round % 191 == 7 {
            wanted.push((1_u64, u64::try_from(characters + 8).unwrap()));
            file.write_all(with.as_bytes()).unwrap();
            (bytes, characters) = (bytes + with.len(), characters + of_with);
        }
        file.write_all(filler.as_bytes()).unwrap();
        (bytes, characters, round) = (bytes + filler.len(), characters + of_filler, round + 1);
    }
    file.into_inner().unwrap();
    assert!(wanted.len() > 10);
    // Much less than the file is large, for everything: the program's own pages and the stacks of its threads too.
    let limit = if cfg!(target_os = "linux") { "ulimit -v 150000 && " } else { "" };
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &format!("{limit}exec \"$0\" scan --threads 2 --format json .")]);
    command.arg(env!("CARGO_BIN_EXE_mrready")).current_dir(root);
    let run = super::cli::finish(&mut command);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err));
    let place = |hit: &serde_json::Value| (hit["line"].as_u64().unwrap(), hit["column"].as_u64().unwrap());
    assert_eq!(report["hits"].as_array().unwrap().iter().map(place).collect::<Vec<_>>(), wanted);
    assert_eq!((run.code, &report["skipped"]), (1, &serde_json::Value::Array(Vec::new())));
    assert_eq!(report["roots"][0]["bytes_read"].as_u64(), Some(u64::try_from(bytes).unwrap()));
}

#[cfg(unix)]
#[test]
fn any_name_of_a_file_is_borne() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let root = tree();
    let root = root.path();
    for name in [b"a\xe9.ts".as_slice(), b"a\xe8.ts", b"b\nc.ts", b"d\x1b[31m.ts", b" .ts", "\u{202e}e.ts".as_bytes()] {
        fs::write(root.join(OsStr::from_bytes(name)), ISSUER).unwrap();
    }
    let trees = walk(root);
    let wanted =
        [" .ts:1:1", "a\\xE8.ts:1:1", "a\\xE9.ts:1:1", "b\nc.ts:1:1", "d\u{1b}[31m.ts:1:1", "\u{202e}e.ts:1:1"];
    assert_eq!(places(root, &trees), wanted);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let root = tree();
    let root = root.path();
    for index in 0..300 {
        let name = format!("{}/{}/f{index}.ts", index % 7, index % 11);
        put(root, &name, format!("{}{ISSUER}\n", "x\n".repeat(index)).repeat(1 + index % 3));
        put(root, &format!("{}/b{index}.bin", index % 5), "\0");
    }
    let of = |threads| {
        let trees = scan(&[root.to_owned()], &Options { threads, ..options() });
        (serde_json::to_string(&trees.hits).unwrap(), trees.skipped, trees.roots)
    };
    let one = of(1);
    for threads in [2, 3, 8] {
        assert_eq!(of(threads), one, "{threads} threads");
    }
}

#[test]
fn only_lines_that_count_are_reported() {
    let root = tree();
    let root = root.path().canonicalize().unwrap();
    let file = put(&root, "a.ts", format!("{ISSUER}\n{ISSUER}\n{ISSUER}\n"));
    put(&root, "b.ts", ISSUER);
    put(&root, "c.bin", "\0");
    let lines = [(file, vec![2..=2, 7..=9])].into();
    let trees = scan(std::slice::from_ref(&root), &Options { lines: Some(lines), ..options() });
    assert_eq!(places(&root, &trees), ["a.ts:2:1"]);
    assert!(trees.skipped.is_empty());
}

#[test]
fn what_a_hit_weighs_is_decided_by_its_place_and_its_pool() {
    let root = tree();
    let root = root.path();
    put(root, "src/a.ts", format!("const issuer = '{ISSUER}';\n"));
    put(root, "tests/a.ts", format!("const issuer = '{ISSUER}';\n"));
    put(root, "README.md", format!("The issuer is {ISSUER}.\n"));
    let trees = walk(root);
    let seen: Vec<_> = trees.hits.iter().map(|hit| (hit.severity, hit.in_test, hit.in_doc)).collect();
    assert_eq!(seen, [(Severity::Info, false, true), (Severity::Error, false, false), (Severity::Info, true, false)]);
    assert!(trees.hits.iter().all(|hit| hit.class == Class::IssuerUrlLiteral && !hit.remedy.is_empty()));

    let of = |pool: &str| {
        let known_pools = Some([pool.to_owned()].into());
        let hit = scan(&[root.join("src")], &Options { known_pools, ..options() }).hits.remove(0);
        (hit.known_pool, hit.confidence, hit.severity)
    };
    assert_eq!(of("eu-west-1_AbC123def"), (Some(true), Confidence::Definite, Severity::Error));
    assert_eq!(of("eu-west-1_other"), (Some(false), Confidence::Review, Severity::Warning));
}
