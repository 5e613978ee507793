//! What stands in the scripts, byte for byte where it matters. That they run is tested in `tests/it/plan_shell.rs`.

use std::collections::BTreeMap;

use super::super::samples;
use super::quote::uses;
use super::*;

/// A plan whose texts from the account try everything.
fn hostile(text: &str) -> Plan {
    let mut plan = samples::first_day();
    let pool = &mut plan.pools[0];
    pool.pool.name = Some(text.to_owned());
    pool.values.insert("POOL_NAME".to_owned(), text.to_owned());
    for step in &mut pool.steps {
        step.because[0].message = format!("the pool {text} has no key");
        step.sh.as_mut().unwrap().run = "say \"$POOL_NAME\"".to_owned();
    }
    plan
}

fn first_script(plan: &Plan) -> String {
    files(plan, &plan.pools[0])[1].1.clone()
}

#[test]
fn a_folder_has_the_functions_and_a_script_per_step_with_shell_text() {
    let mut plan = samples::first_day();
    plan.pools[0].steps[1].sh = None;
    let names: Vec<String> = files(&plan, &plan.pools[0]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["common.sh", "01-create-multi-region-key.sh", "03-create-replica.sh"]);
    for step in &mut plan.pools[0].steps {
        step.sh = None;
    }
    assert!(files(&plan, &plan.pools[0]).is_empty());
}

#[test]
fn text_of_an_account_stands_in_quotes_or_in_a_comment_of_one_line() {
    let script = first_script(&hostile("a'$(touch X)`b`\n# shellcheck disable=all\n\u{202e}-rf *"));
    assert!(
        script.contains("\n  POOL_NAME=$'a\\'$(touch X)`b`\\n# shellcheck disable=all\\n\\xe2\\x80\\xae-rf *'\n"),
        "{script}"
    );
    for line in script.lines().filter(|line| line.contains("touch X")) {
        let quoted = line.starts_with("  POOL_NAME=$'") || line.starts_with("  MRR_POOL_LABEL='");
        assert!(quoted || line.starts_with("# pool: ") || line.starts_with("# why: "), "{line}");
    }
    assert!(!script.chars().any(|c| c != '\n' && crate::render::safe::is_hidden(c)));
    assert!(!script.lines().any(|line| line.starts_with("# shellcheck disable=all")));
}

#[test]
fn what_no_variable_can_hold_ends_the_script() {
    let script = first_script(&hostile("a\0b"));
    assert!(script.contains("  die 'POOL_NAME cannot be a shell variable with this value'"), "{script}");
    assert!(!script.contains('\0'));
    let mut plan = hostile("x");
    plan.pools[0].steps[0].values.insert("PATH".to_owned(), "/tmp".to_owned());
    plan.pools[0].steps[0].sh.as_mut().unwrap().run = "say \"$PATH\"".to_owned();
    let script = first_script(&plan);
    assert!(!script.contains("  PATH="), "{script}");
    assert!(script.contains("  die 'PATH cannot be"), "{script}");
}

#[test]
fn a_script_has_the_values_it_uses_and_no_others() {
    let mut plan = hostile("x");
    plan.pools[0].values.insert("SECONDARY_REGION".to_owned(), "us-west-2".to_owned());
    plan.pools[0].steps[0].inputs = BTreeMap::from([("KEY_ID".to_owned(), "the key".to_owned())]);
    plan.pools[0].values.insert("KEY_ID".to_owned(), "mrk-1".to_owned());
    let script = first_script(&plan);
    assert!(script.contains("\n  POOL_NAME='x'\n"), "{script}");
    assert!(!script.contains("SECONDARY_REGION='"), "{script}");
    assert!(script.contains("\n    'KEY_ID' 'the key' 'mrk-1'\n"), "{script}");
    assert!(!script.contains("\n  KEY_ID="), "{script}");
}

#[test]
fn a_mark_depends_on_the_subject_and_not_on_the_number() {
    let mut plan = samples::first_day();
    let mut subject = samples::pool();
    subject.id = "api/authorizer".to_owned();
    plan.pools[0].steps[0].subject = Some(subject);
    plan.pools[0].steps[0].id = "create-multi-region-key:1".to_owned();
    let one = first_script(&plan);
    plan.pools[0].steps[0].id = "create-multi-region-key:2".to_owned();
    let two = first_script(&plan);
    let mark = |text: &str| text.lines().find(|line| line.starts_with("  STEP_KEY=")).unwrap().to_owned();
    assert_eq!(mark(&one), mark(&two));
    assert!(mark(&one).starts_with("  STEP_KEY='create-multi-region-key."), "{}", mark(&one));
    assert_eq!(files(&plan, &plan.pools[0])[1].0, "01-create-multi-region-key-2.sh");
}

#[test]
fn every_step_of_every_pool_is_in_the_one_script() {
    let mut plan = samples::first_day();
    let mut other = plan.pools[0].clone();
    other.pool.id = "eu-west-1_B".to_owned();
    other.steps[2].sh = None;
    plan.pools.push(other);
    let script = one_script(&plan);
    for name in ["pool_1_step_1_run() {", "pool_2_step_2_run() {", "pool_2_step_3_about() {"] {
        assert!(script.contains(name), "{name}");
    }
    assert!(!script.contains("pool_2_step_3_run"));
    assert!(
        script.contains("\nMRR_POOLS=('us-east-1_AbCdEfGhI' 'us-east-1_AbCdEfGhI' 'us-east-1_AbCdEfGhI' 'eu-west-1_B'")
    );
    assert_eq!(script, one_script(&plan));
}

#[test]
fn quoting_is_undone_by_nothing_but_the_shell() {
    assert_eq!(quote("it's").as_deref(), Some("'it'\\''s'"));
    assert_eq!(quote("").as_deref(), Some("''"));
    assert_eq!(quote("\u{7f}\\'").as_deref(), Some("$'\\x7f\\\\\\''"));
    assert_eq!(quote("a\0"), None);
}

#[test]
fn a_name_is_used_where_it_is_expanded() {
    for text in ["$KEY_ID", "\"${KEY_ID}\"", "${KEY_ID#mrk-}", "${#KEY_ID}", "${!KEY_ID}"] {
        assert!(uses(text, "KEY_ID"), "{text}");
    }
    for text in ["remember KEY_ID x", "$KEY_IDS", "${MY_KEY_ID}", "$MY_KEY_ID", "KEY_ID=x", ""] {
        assert!(!uses(text, "KEY_ID"), "{text}");
    }
}
