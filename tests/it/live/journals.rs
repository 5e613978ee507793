//! Journals that are cut, foreign or in the way, credentials of somebody else, and places that cannot be written to.

use std::fs;

use serde_json::Value;

use super::resume::{PARTIAL, POOL, arguments, moved, resume, server, stalled, timeless, undisturbed};
use super::{Bench, at_once};
use crate::replay::Reply;

/// Cut at any byte, it ends as if nothing had happened; cut in its first line, it is refused, and what begins anew replaces it.
#[test]
fn cut_at_any_byte_it_goes_on_or_is_refused() {
    let (whole, _) = undisturbed();
    let (_stalled, bench, mut running) = stalled();
    running.child.kill().unwrap();
    running.wait();
    let replay = server(0, |_| None);
    let text = moved(&bench, &replay);
    let head = text.find('\n').unwrap() + 1;
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let middle = ends[ends.len() / 2];
    let spread = (1..=10).map(|part| head + (text.len() - head) * part / 10 - part);
    let cuts: Vec<usize> = [0, 1, 16, 17, 30, head - 1, head, head + 1, middle, middle + 1, middle + 2, text.len()]
        .into_iter()
        .chain(spread)
        .collect();
    at_once(&cuts, |cut| {
        let bench = Bench::new(&replay.url);
        fs::write(bench.path(PARTIAL), &text.as_bytes()[..*cut]).unwrap();
        let mut run = resume(&bench);
        if *cut < head {
            assert_eq!(run.code(), Some(2), "cut to {cut}: {}", run.stderr);
            assert_eq!(bench.read(PARTIAL), &text.as_bytes()[..*cut], "a refusal leaves it as it is");
            run = bench.run(&arguments(&bench, &[]));
        }
        assert_eq!(run.code(), Some(0), "cut to {cut}: {}", run.stderr);
        assert_eq!(bench.files(), ["s.json"], "cut to {cut}");
        assert_eq!(timeless(&bench), whole, "cut to {cut}");
    });
}

/// Credentials of another account are refused as often as they come, and so is going on while STS does not say whose they are.
#[test]
fn credentials_of_another_account_are_refused_every_time() {
    let (_stalled, bench, mut running) = stalled();
    running.child.kill().unwrap();
    running.wait();
    let account = server(0, |_| None);
    let silent =
        server(0, |asked| (asked.service == "sts").then(|| Reply { status: 403, ..Reply::json(Value::from("<x/>")) }));
    for (replay, said) in [(&account, "these credentials are of account 999999999999"), (&silent, "was not answered")] {
        let mut other = Bench::new(&replay.url);
        if said.contains('9') {
            // A session's, which names its account.
            "ASIA999999999999".clone_into(&mut other.key);
        }
        let text = moved(&bench, replay);
        // The last line was cut off: that stays, too.
        let text = &text[..text.len() - 5];
        other.write(PARTIAL, text);
        for round in 1..=3 {
            let asked = replay.seen().len();
            let run = resume(&other);
            assert_eq!(run.code(), Some(2), "round {round}: {}", run.stderr);
            assert!(run.stderr.contains(said), "round {round}: {}", run.stderr);
            assert!(replay.seen().iter().skip(asked).all(|asked| asked.service == "sts"));
            assert_eq!((other.files(), other.read(PARTIAL)), (vec![PARTIAL.to_owned()], text.as_bytes().to_vec()));
        }
    }
}

/// What is no journal is not overwritten, and nothing is asked for a snapshot that cannot be written.
#[test]
fn nothing_is_overwritten_and_nothing_asked_in_vain() {
    let replay = server(0, |_| None);
    let bench = Bench::new(&replay.url);
    let refused = |more: &[&str], said: &str| {
        let more: Vec<String> = more.iter().map(|each| (*each).to_owned()).collect();
        let run = bench.run(&[bench.scope("collect", &[POOL]), more.clone()].concat());
        assert_eq!(run.code(), Some(2), "{more:?}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{more:?}: {}", run.stderr);
    };
    for own in ["my notes", "my notes\n", "{\"mrready_snapshot\":1}", "0123456789abcdef and so on"] {
        bench.write(PARTIAL, own);
        refused(&["-o", "s.json"], "in the way");
        assert_eq!(bench.read(PARTIAL), own.as_bytes());
    }
    fs::create_dir(bench.path("folder.json")).unwrap();
    refused(&["-o", "folder.json"], "is a folder; name a file");
    refused(&["-o", "nowhere/s.json"], "cannot write nowhere/s.json");
    fs::create_dir(bench.path("d.json.partial")).unwrap();
    refused(&["--resume", "d.json.partial"], "cannot write d.json.partial");
    refused(&["--resume", PARTIAL, "-o", "nowhere/s.json"], "cannot write nowhere/s.json");
    assert_eq!(replay.seen().len(), 0);
    assert_eq!(bench.files(), ["d.json.partial", "folder.json", PARTIAL]);
}
