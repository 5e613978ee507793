//! The templates of plans: CloudFormation's own linter takes them, and Terraform's text is HCL.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use mrready::model::Plan;
use mrready::render::plan::iac;

use crate::pinned::{SKIP, install, skipped, temp};
use crate::plan_shell::{catalogue, planned};

/// cfn-lint over every template of a plan; how many there were.
fn check(name: &str, plan: &Plan) -> usize {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cfn");
    let python = match install("cfn", &source, &[]) {
        Ok(python) => python,
        Err(why) => panic!("no cfn-lint to test with: {why}\nTo do without it, set {SKIP}=1."),
    };
    let folder = temp(&format!("cfn-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut checked = 0;
    for (number, pool) in plan.pools.iter().enumerate() {
        for (file, text) in iac::cloudformation(pool) {
            let region = file.strip_prefix("cloudformation-").unwrap().strip_suffix(".yaml").unwrap().to_owned();
            let path = folder.join(format!("{number}-{file}"));
            fs::write(&path, &text).unwrap();
            // A parameter without a default has no value that could be checked; W is about style, not about being taken.
            let output = Command::new(python.with_file_name("cfn-lint"))
                .args(["--non-zero-exit-code", "error", "--format", "parseable", "--regions", &region, "--"])
                .arg(&path)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && !said.contains(":E"), "{said}\n{text}");
            checked += 1;
        }
    }
    let _ = fs::remove_dir_all(&folder);
    checked
}

/// What is left of a placeholder of ours once every reference to a parameter is taken away.
fn leftovers(text: &str) -> Vec<&str> {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split('}').next());
    names.filter(|name| name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')).collect()
}

#[test]
fn the_linter_takes_the_template_of_every_step() {
    if skipped() {
        return;
    }
    let plan = catalogue();
    assert_eq!(check("catalogue", &plan), 2, "one for each Region");
}

#[test]
fn the_linter_takes_the_templates_of_a_real_plan() {
    if skipped() {
        return;
    }
    let plan = planned("not-ready.json", &[]);
    let templates: BTreeSet<String> = iac::cloudformation(&plan.pools[0]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        templates,
        BTreeSet::from(["cloudformation-us-east-1.yaml".to_owned(), "cloudformation-us-west-2.yaml".to_owned()])
    );
    // What watches the primary Region does not stand in it.
    let text = |region: &str| {
        let mut files = iac::cloudformation(&plan.pools[0]).into_iter();
        files.find(|(name, _)| name.contains(region)).unwrap().1
    };
    for (what, region, other) in [
        ("AWS::Route53::HealthCheck", "us-west-2", "us-east-1"),
        ("AWS::KMS::ReplicaKey", "us-west-2", "us-east-1"),
        ("AWS::KMS::Key", "us-east-1", "us-west-2"),
    ] {
        let has = |region: &str| text(region).contains(&format!("Type: {what}\n"));
        assert!(has(region) && !has(other), "{what}");
    }
    assert_eq!(check("real", &plan), 2);
}

#[test]
fn hostile_values_stay_within_their_quotes() {
    if skipped() {
        return;
    }
    let mut plan = catalogue();
    let hostile = "x\"\n  Evil:\n    Type: AWS::IAM::User # ${y} %{z} \u{202e}\\";
    let pool = &mut plan.pools[0];
    pool.pool.name = Some(hostile.to_owned());
    for value in pool.values.values_mut().filter(|value| !value.starts_with("us-")) {
        hostile.clone_into(value);
    }
    for step in &mut pool.steps {
        hostile.clone_into(&mut step.title);
        for what in step.inputs.values_mut() {
            hostile.clone_into(what);
        }
    }
    assert_eq!(check("hostile", &plan), 2);
    for (name, text) in iac::cloudformation(&plan.pools[0]).into_iter().chain(iac::terraform(&plan.pools[0])) {
        assert!(!text.lines().any(|line| line.trim_start().starts_with("Evil")), "{name}: {text}");
        assert!(!text.contains('\u{202e}'), "{name}");
    }
    parses(&plan);
}

/// Every variable that is used is declared, and the text is HCL.
fn parses(plan: &Plan) {
    for pool in &plan.pools {
        for (name, text) in iac::terraform(pool) {
            let body: hcl_edit::structure::Body =
                text.parse().unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
            let label =
                |block: &hcl_edit::structure::Block| block.labels.first().map(|label| label.as_str().to_owned());
            let declared: BTreeSet<String> = body.get_blocks("variable").filter_map(label).collect();
            let used: BTreeSet<String> = text
                .split("var.")
                .skip(1)
                .map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap().to_owned())
                .collect();
            assert_eq!(used, declared, "{text}");
            for block in body.get_blocks("resource") {
                assert!(block.body.has_attribute("provider"), "{:?} says no Region", label(block));
            }
            assert!(leftovers(&text).is_empty(), "{:?}", leftovers(&text));
        }
    }
}

#[test]
fn terraform_is_hcl_and_declares_what_it_uses() {
    parses(&catalogue());
    let plan = planned("not-ready.json", &[]);
    assert_eq!(iac::terraform(&plan.pools[0]).len(), 1);
    parses(&plan);
}

#[test]
fn no_value_is_left_open_in_a_template() {
    for plan in [catalogue(), planned("not-ready.json", &[])] {
        for (name, text) in iac::cloudformation(&plan.pools[0]) {
            assert!(leftovers(&text).is_empty(), "{name}: {:?}", leftovers(&text));
        }
    }
}

#[test]
fn only_new_resources_are_created() {
    for (name, text) in
        iac::cloudformation(&catalogue().pools[0]).into_iter().chain(iac::terraform(&catalogue().pools[0]))
    {
        for existing in [
            "AWS::Cognito::UserPool\n",
            "AWS::Cognito::UserPoolClient",
            "AWS::Cognito::UserPoolDomain",
            "aws_cognito_user_pool\"",
            "awscc_cognito_user_pool\"",
        ] {
            assert!(!text.contains(existing), "{name} has {existing}");
        }
    }
}
