//! shellcheck over what is written: no finding, of whatever severity.

use std::fs;
use std::path::Path;
use std::process::Command;

use mrready::model::Plan;
use mrready::render::plan::shell;

use super::{plan, step};
use crate::pinned::{SKIP, install, skipped, temp};

/// The one script of a plan, which has the text of every step, and where `folders` is set every script of its folders.
fn check(name: &str, plan: &Plan, folders: bool) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell");
    let python = match install("shell", &source, &[]) {
        Ok(python) => python,
        Err(why) => panic!("no shellcheck to test with: {why}\nTo do without it, set {SKIP}=1."),
    };
    let folder = temp(&format!("lint-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut files = Vec::new();
    for (number, pool) in plan.pools.iter().enumerate().filter(|_| folders) {
        let of_pool = folder.join(number.to_string());
        fs::create_dir_all(&of_pool).unwrap();
        files.extend(shell::files(plan, pool).into_iter().map(|(name, text)| (of_pool.join(name), text)));
    }
    files.push((folder.join("plan.sh"), shell::one_script(plan)));
    for (path, text) in &files {
        fs::write(path, text).unwrap();
    }
    // From the folder of each script, as its directive names the shared file.
    let mut command = Command::new(python.with_file_name("shellcheck"));
    command.args(["--external-sources", "--source-path=SCRIPTDIR", "--severity=style", "--norc", "--format=gcc"]);
    let output = command.args(files.iter().map(|(path, _)| path)).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    let _ = fs::remove_dir_all(&folder);
}

#[test]
fn shellcheck_finds_nothing() {
    if skipped() {
        return;
    }
    let mut attach = step(
        1,
        "attach",
        "update_user_pool \"$PRIMARY_REGION\" '.KeyConfiguration = {KeyType: \"CUSTOMER_MANAGED_KEY\", KmsKeyArn: $key}' --arg key \"$KEY_ARN\"",
    );
    attach.inputs.insert("KEY_ARN".to_owned(), "the key".to_owned());
    let sh = attach.sh.as_mut().unwrap();
    sh.require = Some("[[ $KEY_ARN == arn:* ]] || die \"no ARN: $KEY_ARN\"".to_owned());
    sh.check = Some("describe_user_pool \"$PRIMARY_REGION\" | jq -e '.UserPool.KeyConfiguration.KmsKeyArn'".to_owned());
    sh.undo = Some("restore_user_pool \"$PRIMARY_REGION\"".to_owned());
    let mut named = step(2, "named:2", "say \"$POOL_NAME\"");
    named.needs = vec!["attach".to_owned()];
    let mut plan = plan(vec![attach, named]);
    plan.pools[0].values.insert("POOL_NAME".to_owned(), "it's $(x) `y` \"z\"\n# shellcheck disable=all".to_owned());
    check("sample", &plan, true);
}

#[test]
fn shellcheck_finds_nothing_in_any_step() {
    if !skipped() {
        check("catalogue", &super::catalogue(), false);
    }
}

#[test]
fn shellcheck_finds_nothing_in_real_plans() {
    if skipped() {
        return;
    }
    for direction in [&[][..], &["--reverse"], &["--fail-back"]] {
        let plan = super::planned("not-ready.json", direction);
        check(&format!("real{}", direction.concat()), &plan, direction.is_empty());
    }
}
