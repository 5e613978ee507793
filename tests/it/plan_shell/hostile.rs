//! Names, ids and tags that try to steer a script: each arrives as it is, and nothing else happens.

use std::fs;

use mrready::model::plan::Plan;
use serde_json::json;

use super::{Bench, plan, step};

const HOSTILE: &[&str] = &[
    "$(touch X)",
    "`touch X`",
    "'; touch X; '",
    "\"; touch X; \"",
    "'\"'\"$(touch X)",
    "a\ntouch X\n",
    "a\r\ntouch X #",
    "\\'; touch X #",
    "\\",
    "-rf",
    "--undo",
    "--region=eu-west-1",
    "*",
    "~",
    "${IFS}touch${IFS}X",
    "$POOL_ID",
    "!!",
    "EOF\ntouch X\nEOF",
    "}; touch X; {",
    "&& touch X",
    "| touch X",
    ">X",
    "\u{202e}X hcuot\u{2066}",
    "\u{1b}]0;X\u{7}\u{9b}2J",
    "#",
    "# shellcheck disable=all",
    " leading and trailing ",
    "\ttab",
    "%s%n\\n",
    "顧客 «größte» שלום 😀",
    "{1..3}",
    "a=b",
    "",
];

/// A step that writes down what it sees of a pool's name, a client's name and a tag, as variables, through jq and in its
/// own dialogue.
fn hostile([pool, client, tag]: [&str; 3]) -> Plan {
    let run = "printf '%s' \"$POOL_NAME\" >\"$WORK/pool\"\n\
        printf '%s' \"$SUBJECT_NAME\" >\"$WORK/client\"\n\
        jq -n --arg tag \"$TAG\" '{tag: $tag}' >\"$WORK/tag\"\n\
        say \"name: $POOL_NAME\"\n\
        remember TAG_VALUE \"$TAG\"\n\
        recall TAG_VALUE >\"$WORK/recalled\"\n\
        aws cognito-idp tag-resource --tags \"$TAG\" --region \"$PRIMARY_REGION\"";
    let mut only = step(1, "one", run);
    let mut plan = plan(Vec::new());
    let mut subject = plan.pools[0].pool.clone();
    subject.name = Some(client.to_owned());
    subject.id = format!("client/{client}");
    only.subject = Some(subject);
    only.values.insert("SUBJECT_NAME".to_owned(), client.to_owned());
    only.values.insert("TAG".to_owned(), tag.to_owned());
    only.title = format!("Change {client}");
    tag.clone_into(&mut only.roll_back);
    only.abort_if = vec![pool.to_owned()];
    plan.pools[0].steps.push(only);
    plan.pools[0].pool.name = Some(pool.to_owned());
    plan.pools[0].values.insert("POOL_NAME".to_owned(), pool.to_owned());
    plan
}

#[test]
fn hostile_text_arrives_as_it_is_and_does_nothing() {
    // Each text once as each of the three; both kinds of scripts take turns.
    for (place, pool) in HOSTILE.iter().enumerate() {
        let other = |by: usize| HOSTILE[(place + by) % HOSTILE.len()];
        let (client, tag) = (other(1), other(2));
        let bench = Bench::new(&hostile([pool, client, tag]));
        let ran = bench.run(if place % 2 == 0 { "01-one.sh" } else { "plan.sh" }, &["one"]).good();
        let read = |name: &str| fs::read_to_string(bench.work().join(name)).unwrap();
        assert_eq!(read("pool"), *pool);
        assert_eq!(read("client"), client);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&read("tag")).unwrap(), json!({"tag": tag}));
        assert_eq!(read("recalled"), tag);
        let calls = bench.calls();
        assert_eq!(calls.last().unwrap()[3], tag, "{calls:?}");
        assert!(!ran.said.chars().any(|c| c.is_control() && c != '\n'), "{pool:?}: {:?}", ran.said);
        assert!(!ran.said.contains(['\u{202e}', '\u{2066}']), "{pool:?}: {:?}", ran.said);
        assert!(!ran.said.lines().any(|line| line.starts_with("touch X")), "{}", ran.said);
        bench.run("01-one.sh", &["--dry-run"]).good();
        let left: Vec<_> = fs::read_dir(bench.home.join("empty")).unwrap().collect();
        assert!(left.is_empty(), "{pool:?} left {left:?}");
        assert!(!bench.home.join("scripts/X").exists());
    }
}

#[test]
fn a_name_cannot_have_a_file_read() {
    for text in ["file:///etc/passwd", "fileb:///etc/passwd"] {
        let bench = Bench::new(&hostile(["x", "x", text]));
        bench.run("01-one.sh", &["one"]).bad("refused to have the AWS CLI read");
        assert_eq!(bench.called("tag-resource"), 0);
    }
    // A step's own files are read, but no path leads out of their folder.
    let run = "printf '{}' >\"$WORK/body.json\"\naws kms tag-resource --cli-input-json \"file://$WORK/body.json\" --region \"$PRIMARY_REGION\"";
    let bench = Bench::new(&plan(vec![step(1, "one", run)]));
    bench.run("01-one.sh", &["one"]).good();
    assert_eq!(bench.called("tag-resource"), 1);
    let run = "aws kms tag-resource --cli-input-json \"file://$WORK/../../../secret\" --region \"$PRIMARY_REGION\"";
    let bench = Bench::new(&plan(vec![step(1, "one", run)]));
    bench.run("01-one.sh", &["one"]).bad("refused to have the AWS CLI read");
}

#[test]
fn a_hostile_id_makes_no_path() {
    for id in ["../../../etc", "a/b", "us-east-1_x/../y", "x y", "$(touch X)"] {
        let mut plan = hostile(["x", "x", "x"]);
        plan.pools[0].pool.id = id.to_owned();
        plan.pools[0].values.insert("POOL_ID".to_owned(), id.to_owned());
        let bench = Bench::new(&plan);
        bench.run("01-one.sh", &["one"]).bad("no pool id");
        assert!(!bench.home.join("state").exists());
        assert!(bench.calls().is_empty());
    }
}

#[test]
fn what_no_variable_can_hold_is_refused() {
    let bench = Bench::new(&hostile(["a\0b", "x", "x"]));
    bench.run("01-one.sh", &["one"]).bad("POOL_NAME cannot be a shell variable with this value");
    assert!(bench.calls().is_empty());
}
