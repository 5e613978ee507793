//! What a script insists on: the right account, pool, programs and order, and a person's yes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use mrready::model::Risk;
use mrready::model::plan::{PlannedStep, Script};
use serde_json::json;

use super::{Bench, POOL, plan, step};

const ONE: &str = "01-one.sh";

fn one() -> Bench {
    Bench::new(&plan(vec![step(1, "one", "touch \"$WORK/ran\"")]))
}

fn has_run(bench: &Bench) -> bool {
    bench.work().join("ran").exists()
}

#[test]
fn a_step_runs_once_and_is_marked() {
    let bench = one();
    let ran = bench.run(ONE, &["one"]).good();
    assert!(has_run(&bench));
    assert!(ran.said.contains("one is done"), "{}", ran.said);
    assert_eq!(ran.out, "");
    let mark = fs::read_to_string(bench.work().join("done/one")).unwrap();
    assert!(mark.ends_with(" run by 01-one.sh\n"), "{mark}");
    fs::remove_file(bench.work().join("ran")).unwrap();
    let ran = bench.run(ONE, &["one"]).good();
    assert!(ran.said.contains("To run it once more: --again"), "{}", ran.said);
    assert!(!has_run(&bench));
    bench.run(ONE, &["one", "--again"]).good();
    assert!(has_run(&bench));
}

#[test]
fn without_a_terminal_the_step_has_to_be_named() {
    let bench = one();
    bench.run(ONE, &[]).bad("without a terminal the step has to be named");
    bench.run(ONE, &["two"]).bad("no such step: two");
    bench.run("plan.sh", &[]).bad("without a terminal the step has to be named");
    bench.run(ONE, &["one", "--force"]).bad("no such option: --force");
    assert!(bench.calls().is_empty());
    bench.run("plan.sh", &["one"]).good();
    assert!(has_run(&bench));
}

#[test]
fn a_terminal_is_asked() {
    let bench = one();
    let ran = bench.on_terminal(ONE, &[], "no").bad("not confirmed");
    assert!(ran.said.contains("Run one now? [yes/no]"), "{}", ran.said);
    assert!(!has_run(&bench));
    // Also a step that was named is asked for, and nothing but the word goes.
    bench.on_terminal(ONE, &["one"], "y").bad("not confirmed");
    assert!(!has_run(&bench));
    bench.on_terminal(ONE, &["one"], "yes").good();
    assert!(has_run(&bench));
}

#[test]
fn where_there_is_no_way_back_it_is_said_before_the_question() {
    let mut last = step(1, "one", "touch \"$WORK/ran\"");
    last.point_of_no_return = Some("data are stored in a second Region".to_owned());
    last.risk = Risk::High;
    let bench = Bench::new(&plan(vec![last]));
    let said = bench.on_terminal(ONE, &["one"], "no").bad("not confirmed").said;
    let warned = said.find("THERE IS NO WAY BACK FROM HERE: data are stored in a second Region").unwrap();
    assert!(warned < said.find("Run one now?").unwrap());
    assert!(said.contains("risk: high"), "{said}");
    assert!(!has_run(&bench));
}

#[test]
fn another_account_or_pool_is_refused() {
    let bench = one();
    bench.put_json("identity.json", &json!({"Account": "999999999999"}));
    bench.run(ONE, &["one"]).bad("these credentials are of account 999999999999, not of 111122223333");
    bench.put_json("identity.json", &json!({"Account": "111122223333"}));
    bench.put_json("pool.us-east-1.json", &json!({"UserPool": {"Id": "us-east-1_Other"}}));
    bench.run(ONE, &["one"]).bad("asked for pool us-east-1_AbCdEfGhI, us-east-1 answered with us-east-1_Other");
    assert!(!has_run(&bench));
}

#[test]
fn the_secondary_region_answers_where_the_primary_does_not() {
    let bench = one();
    bench.put("down.us-east-1", "");
    let ran = bench.run(ONE, &["one"]).good();
    assert!(ran.said.contains("us-east-1 does not answer; us-west-2 does"), "{}", ran.said);
    let bench = one();
    bench.put("down.us-east-1", "");
    bench.put("down.us-west-2", "");
    bench.run(ONE, &["one"]).bad("cannot be described with these credentials");
    assert!(!has_run(&bench));
}

#[test]
fn old_programs_are_refused() {
    let bench = one();
    for (version, good) in [
        ("aws-cli/1.45.11 Python/3.11.7 Linux/6 botocore/1.43.11", false),
        ("aws-cli/1.46.0 Python/3.11.7 Linux/6 botocore/1.44.0", true),
        ("aws-cli/2.0.1 Python/3.13", false),
        ("aws-cli/2.34.57 Python/3.13", false),
        ("aws-cli/2.34.58 Python/3.13", true),
        ("aws-cli/2.100.0 Python/3.13", true),
        ("aws-cli/3.0.0 Python/3.15", true),
        ("something else", false),
    ] {
        bench.put("version", version);
        let ran = bench.run(ONE, &["one", "--again"]);
        assert_eq!(ran.code == 0, good, "{version}: {}", ran.said);
    }
    bench.put("version", "aws-cli/2.34.58 Python/3.13");
    for (version, good) in
        [("jq-1.5", false), ("jq-1.6", true), ("jq-1.8.1", true), ("jq-1.7.1-apple", true), ("", false)]
    {
        let fake = bench.home.join("bin/jq");
        let real =
            "IFS=:; for d in $PATH; do [ \"$d/jq\" = \"$0\" ] || [ ! -x \"$d/jq\" ] || exec \"$d/jq\" \"$@\"; done";
        fs::write(&fake, format!("#!/bin/sh\n[ \"$1\" != --version ] || {{ echo '{version}'; exit 0; }}\n{real}\n"))
            .unwrap();
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
        let ran = bench.run(ONE, &["one", "--again"]);
        assert_eq!(ran.code == 0, good, "{version}: {}", ran.said);
    }
}

fn chain() -> Vec<PlannedStep> {
    let mut two = step(2, "two", "touch \"$WORK/two\"");
    two.needs = vec!["one".to_owned(), "hand".to_owned()];
    two.sh.as_mut().unwrap().undo = Some("rm \"$WORK/two\"".to_owned());
    let mut hand = step(3, "hand", "");
    hand.sh = None;
    hand.manual = Some("Look into the console.".to_owned());
    let mut one = step(1, "one", "touch \"$WORK/ran\"");
    one.sh.as_mut().unwrap().undo = Some("rm \"$WORK/ran\"".to_owned());
    vec![one, two, hand]
}

#[test]
fn what_a_step_needs_comes_first() {
    let bench = Bench::new(&plan(chain()));
    let ran = bench.run("02-two.sh", &["two"]).bad("one has to be done before: ./01-one.sh");
    assert!(ran.said.contains("hand has to be done before: by hand: Do hand"), "{}", ran.said);
    assert!(bench.calls().is_empty());
    bench.run(ONE, &["one"]).good();
    bench.run("02-two.sh", &["two"]).bad("hand has to be done before");
    bench.run("02-two.sh", &["two", "--done", "hand"]).good();
    assert!(fs::read_to_string(bench.work().join("done/hand")).unwrap().contains("taken as done on the command line"));
    // The way back begins at the end.
    bench.run(ONE, &["one", "--undo"]).bad("two builds on it and is done");
    bench.run("02-two.sh", &["two", "--undo"]).good();
    bench.run(ONE, &["one", "--undo"]).good();
    assert!(!has_run(&bench));
    assert!(!bench.work().join("done/one").exists());
}

#[test]
fn a_person_says_what_a_person_has_done() {
    let bench = Bench::new(&plan(chain()));
    bench.run(ONE, &["one"]).good();
    let ran = bench.on_terminal("02-two.sh", &[], "yes|yes").good();
    assert!(ran.said.contains("Has hand been done? [yes/no]"), "{}", ran.said);
    let bench = Bench::new(&plan(chain()));
    let ran = bench.on_terminal("plan.sh", &[], "run|yes|skip|run|yes").good();
    assert!(ran.said.contains("by hand: Look into the console."), "{}", ran.said);
    let listed = bench.run("plan.sh", &["--list"]).good().said;
    assert!(listed.contains("two: to do"), "{listed}");
    assert!(listed.lines().filter(|line| line.contains(": done ")).count() == 2, "{listed}");
}

#[test]
fn a_step_that_fails_is_not_marked_and_says_where_it_stands() {
    let parts = |require: Option<&str>, run: &str, check: Option<&str>| Script {
        require: require.map(str::to_owned),
        run: run.to_owned(),
        check: check.map(str::to_owned),
        undo: Some("true".to_owned()),
    };
    for (script, why, ran_at_all) in [
        (
            parts(Some("false"), "touch \"$WORK/ran\"", None),
            "ended while checking what it requires (nothing was changed)",
            false,
        ),
        (parts(None, "false\ntouch \"$WORK/ran\"", None), "ended while running", false),
        (parts(None, "touch \"$WORK/ran\"", Some("[[ 1 == 2 ]]")), "ended while checking the result", true),
        (parts(None, "false | true\ntouch \"$WORK/ran\"", None), "ended while running", false),
        (parts(None, "say \"$MISSING\"\ntouch \"$WORK/ran\"", None), "MISSING", false),
        (parts(None, "recall NOTHING\ntouch \"$WORK/ran\"", None), "no earlier step has remembered NOTHING", false),
        (
            parts(None, "wait_until 0 'it is so' false\ntouch \"$WORK/ran\"", None),
            "it was still not so that it is so",
            false,
        ),
        (parts(None, "aws kms list-keys\ntouch \"$WORK/ran\"", None), "does not name its --region", false),
    ] {
        let mut only = step(1, "one", "");
        only.sh = Some(script);
        let bench = Bench::new(&plan(vec![only]));
        let ran = bench.run(ONE, &["one"]).bad(why);
        assert_eq!(has_run(&bench), ran_at_all, "{}", ran.said);
        assert!(!bench.work().join("done/one").exists());
        assert!(ran.said.contains("The way back: 01-one.sh one --undo"), "{}", ran.said);
    }
}

#[test]
fn waiting_ends_when_it_is_so() {
    let run = "n=0\nenough() { n=$((n + 1)); ((n > 2)); }\nwait_until 30 'it is enough' enough\nprintf '%s' \"$n\" >\"$WORK/n\"";
    let bench = Bench::new(&plan(vec![step(1, "one", run)]));
    bench.run(ONE, &["one"]).good();
    assert_eq!(fs::read_to_string(bench.work().join("n")).unwrap(), "3");
}

#[test]
fn inputs_come_from_the_environment_an_earlier_step_the_evidence_or_a_person() {
    let mut make = step(1, "one", "remember KEY_ID mrk-made");
    make.title = "Make".to_owned();
    let mut uses = step(2, "two", "printf '%s' \"$KEY_ID\" >\"$WORK/seen\"");
    uses.inputs.insert("KEY_ID".to_owned(), "the id of the key".to_owned());
    let mut plan = plan(vec![make, uses]);
    let seen = |bench: &Bench| fs::read_to_string(bench.work().join("seen")).unwrap();
    let bench = Bench::new(&plan);
    bench.run("02-two.sh", &["two"]).bad("KEY_ID is needed: the id of the key. Set it in the environment");
    bench.on_terminal("02-two.sh", &[], "mrk-typed|yes").good();
    assert_eq!(seen(&bench), "mrk-typed");
    // What the evidence has may be the old one; what a step has made is newer.
    plan.pools[0].values.insert("KEY_ID".to_owned(), "mrk-old".to_owned());
    let bench = Bench::new(&plan);
    bench.run("02-two.sh", &["two"]).good();
    assert_eq!(seen(&bench), "mrk-old");
    bench.run(ONE, &["one"]).good();
    let ran = bench.run("02-two.sh", &["two", "--again"]).good();
    assert!(ran.said.contains("KEY_ID = mrk-made (from an earlier step)"), "{}", ran.said);
    assert_eq!(seen(&bench), "mrk-made");
    bench.run_with("02-two.sh", &["two", "--again"], &[("KEY_ID", "mrk-mine")]).good();
    assert_eq!(seen(&bench), "mrk-mine");
}

#[test]
fn what_a_step_on_one_thing_remembers_another_does_not_see() {
    let on = |number, id: &str, subject: &str, run: &str| {
        let mut step = step(number, id, run);
        let mut it = plan(Vec::new()).pools[0].pool.clone();
        it.kind = mrready::model::SubjectKind::Authorizer;
        it.id = subject.to_owned();
        step.subject = Some(it);
        step
    };
    let recall = "recall AUTHORIZER_ID >\"$WORK/$SUBJECT_ID\"";
    let bench = Bench::new(&plan(vec![
        on(1, "one", "a", "remember AUTHORIZER_ID new-of-a"),
        on(2, "two", "a", recall),
        on(3, "three", "b", recall),
        step(4, "four", "recall AUTHORIZER_ID"),
    ]));
    bench.run(ONE, &["one"]).good();
    bench.run("02-two.sh", &["two"]).good();
    assert_eq!(fs::read_to_string(bench.work().join("a")).unwrap(), "new-of-a");
    bench.run("03-three.sh", &["three"]).bad("no earlier step has remembered AUTHORIZER_ID");
    bench.run("04-four.sh", &["four"]).bad("no earlier step has remembered AUTHORIZER_ID");
}

#[test]
fn a_dry_run_asks_nobody_and_does_nothing() {
    let bench =
        Bench::new(&plan(vec![step(1, "one", "aws kms list-keys --region \"$PRIMARY_REGION\"\ntouch \"$WORK/ran\"")]));
    for script in [ONE, "plan.sh"] {
        let ran = bench.run(script, &["--dry-run"]).good();
        assert!(ran.out.contains("aws kms list-keys --region \"$PRIMARY_REGION\""), "{}", ran.out);
        assert!(ran.out.contains("PRIMARY_REGION=us-east-1\n"), "{}", ran.out);
    }
    assert!(bench.calls().is_empty());
    assert!(!bench.home.join("state").exists());
}

#[test]
fn what_is_kept_is_for_its_owner_alone() {
    let bench = Bench::new(&plan(vec![step(1, "one", "remember KEY_ID x\numask >\"$WORK/mask\"")]));
    bench.run(ONE, &["one"]).good();
    assert_eq!(fs::metadata(bench.work()).unwrap().permissions().mode() & 0o777, 0o700);
    for file in bench.kept() {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    // A folder that somebody else put there is not used.
    fs::remove_dir_all(bench.work()).unwrap();
    fs::create_dir(bench.home.join("theirs")).unwrap();
    std::os::unix::fs::symlink(bench.home.join("theirs"), bench.work()).unwrap();
    bench.run(ONE, &["one"]).bad("is not a folder of your own");
}

#[test]
fn a_script_that_is_sourced_leaves_the_shell_as_it_was() {
    let bench = one();
    let script = bench.home.join("scripts").join(ONE);
    let text =
        "umask 022; trap 'echo mine' EXIT; . \"$1\" one; echo \"$?\"; umask; echo \"$-\"; set -o | grep pipefail";
    let ran = super::ran(bench.command("bash").args(["-c", text, "x"]).arg(script));
    assert!(ran.said.contains("do not source it"), "{}", ran.said);
    assert_eq!(ran.out, "1\n0022\nhBc\npipefail       \toff\nmine\n");
    assert!(bench.calls().is_empty());
}

#[test]
fn the_pool_is_said_where_a_script_is_for_several() {
    let mut two = plan(vec![step(1, "one", "touch \"$WORK/ran\"")]);
    let mut other = two.pools[0].clone();
    "us-east-1_Other".clone_into(&mut other.pool.id);
    other.values.insert("POOL_ID".to_owned(), "us-east-1_Other".to_owned());
    two.pools.push(other);
    let bench = Bench::new(&two);
    bench.run("plan.sh", &["one"]).bad("is a step of several pools: say --pool");
    bench.run("plan.sh", &["one", "--pool", POOL]).good();
    bench.run("plan.sh", &["one", "--pool", "us-east-1_Other"]).bad("asked for pool us-east-1_Other");
    assert!(!bench.home.join("state/mrready/111122223333/us-east-1_Other/ran").exists());
}
