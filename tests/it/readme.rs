//! What `README.md` promises: its first command, its commands, its links, its decisions file.

use std::path::Path;

use mrready::facts::FieldSet;
use mrready::rules::{Catalog, parse_decisions};

use super::cli::{NOT_READY, run};

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The fenced blocks of this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn the_first_command_prints_the_table_and_exits_1() {
    let page = readme();
    let first = blocks(&page, "sh")[0];
    let wanted = format!("cargo run --release --no-default-features -- audit {NOT_READY}");
    assert_eq!(first, wanted);
    let run = run(["audit", NOT_READY]);
    assert_eq!(run.code, 1, "{}", run.err);
    // How old the evidence is depends on the day.
    let same = |line: &&str| !line.ends_with(" old") && !line.ends_with(" old.") && !line.ends_with("old");
    let shown: Vec<&str> = blocks(&page, "text")[0].lines().filter(same).collect();
    let found: Vec<&str> = run.out.lines().filter(same).take(shown.len()).collect();
    assert_eq!(shown, found, "README.md shows other lines than the program prints");
    assert!(shown.len() > 10);
}

#[test]
fn the_second_command_is_the_whole_test() {
    assert_eq!(blocks(&readme(), "sh")[1], "cargo test");
}

#[test]
fn every_command_exists() {
    let mut checked = 0;
    for page in
        ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/contract.md", "docs/rule-language.md", "docs/ci.md"]
    {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        for line in blocks(&text, "sh").into_iter().flat_map(str::lines) {
            let line = line.split(" #").next().unwrap_or_default();
            let words = line.split_whitespace().skip_while(|word| *word != "mrready" && *word != "--");
            let mut words: Vec<&str> = words.collect();
            let through_cargo = line.starts_with("cargo run") && words.first() == Some(&"--");
            if !line.starts_with("mrready ") && !through_cargo {
                continue;
            }
            words[0] = "mrready";
            if let Err(error) = mrready::cli::command().try_get_matches_from(&words) {
                panic!("{page}: {line}\n{error}");
            }
            checked += 1;
        }
    }
    assert!(checked >= 10, "{checked}");
}

#[test]
fn every_command_of_the_contract_is_built() {
    let contract = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/contract.md")).unwrap();
    let rows = contract.lines().skip_while(|line| *line != "## Commands").skip_while(|line| !line.starts_with("| `"));
    let command = mrready::cli::command();
    let mut seen = 0;
    for row in rows.take_while(|row| row.starts_with("| `")) {
        let name = row.trim_start_matches("| `").split([' ', '`', '|']).next().unwrap();
        assert!(command.find_subcommand(name).is_some(), "{row}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn every_link_leads_somewhere() {
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "docs/contract.md",
        "docs/rule-language.md",
        "docs/ci.md",
        "docs/fleet.md",
        "fixtures/README.md",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
        let text = std::fs::read_to_string(&path).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.starts_with("https://") {
                let file = path.parent().unwrap().join(target.split('#').next().unwrap());
                assert!(file.exists(), "{page}: {target}");
            }
        }
        assert!(!text.contains("../shared"), "{page}");
    }
}

#[test]
fn the_decisions_file_shown_is_one() {
    let page = readme();
    let catalog = Catalog::builtin(&FieldSet).unwrap();
    let decisions = parse_decisions("README.md", blocks(&page, "yaml")[0], &catalog).unwrap();
    assert_eq!(decisions.len(), 1);
}

#[test]
fn the_changelog_names_every_rule() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CHANGELOG.md")).unwrap();
    for rule in Catalog::builtin(&FieldSet).unwrap().rules {
        assert!(page.contains(&format!("`{}`", rule.id)), "{}: a new rule belongs under Rules", rule.id);
    }
}

#[test]
fn the_rules_shown_are_sound() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rule-language.md")).unwrap();
    let [whole, aws] = blocks(&page, "yaml")[..] else { panic!("two rules are shown") };
    let check = "check: { field: pool.longest_token_minutes, lte: 60 }";
    assert!(whole.contains(check));
    let with_aws = whole.replace(check, aws);
    let load = |text: &str| {
        let files = [("sign-in-tokens-short.yaml".to_owned(), text.to_owned())];
        Catalog::load(&FieldSet, false, &files).unwrap()
    };
    load(&with_aws);
    let file = [("sign-in-tokens-short.yaml".to_owned(), whole.to_owned())];
    let catalog = Catalog::check(&FieldSet, false, &file).unwrap();
    assert!(mrready::audit::run_tests(&catalog.rules[0], &FieldSet).is_empty());
}
