//! The documents of samples: kept as written, and sound as GitHub renders them.

use super::*;
use crate::render::escape::tests::github;
use crate::render::plan::{graph, samples};

fn document(plan: &Plan) -> String {
    let mut out = Vec::new();
    write(plan, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Compares with a fixture; with `MRREADY_BLESS=1` writes it instead.
#[allow(
    clippy::disallowed_methods,
    reason = "a test reads its fixtures, and its one option comes from the environment"
)]
fn agree(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plans").join(name);
    if std::env::var_os("MRREADY_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} differs; MRREADY_BLESS=1 rewrites it. Now:\n{text}", path.display());
}

#[test]
fn fixtures_are_as_written() {
    for (name, plan) in samples::all() {
        agree(&format!("{name}.md"), &document(&plan));
        if let [pool] = plan.pools.as_slice() {
            agree(&format!("{name}.svg"), &graph::svg(pool));
        }
    }
}

#[test]
fn what_made_the_plan_see_less_stands_above_its_answer() {
    let page = document(&samples::hostile());
    let reduced = page.find("**Reduced:**").unwrap();
    assert!(page[reduced..].find("(touches a blocker)") < page[reduced..].find("| --- |"));
    assert!(reduced < page.find("| Account |").unwrap(), "{page}");
    assert!(!document(&samples::whole()).contains("Reduced"));
}

#[test]
fn the_same_plan_makes_the_same_document() {
    for (name, plan) in samples::all() {
        assert_eq!(document(&plan), document(&plan), "{name}");
    }
}

/// Whether a page of HTML has every tag that it opens closed, in order.
fn balanced(html: &str) -> bool {
    let mut open = Vec::new();
    for tag in html.split('<').skip(1).filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        match tag.strip_prefix('/') {
            _ if ["br", "hr", "input"].contains(&name) => {}
            Some(name) => {
                if open.pop() != Some(name) {
                    return false;
                }
            }
            None => open.push(name),
        }
    }
    open.is_empty()
}

#[test]
fn every_table_has_as_many_cells_in_each_row_as_in_its_head() {
    for (name, plan) in samples::all() {
        let html = github(&document(&plan));
        assert!(balanced(&html), "{name}");
        for table in html.split("<table>").skip(1).map(|rest| rest.split("</table>").next().unwrap()) {
            let cells =
                table.split("<tr>").skip(1).map(|row| row.matches("<th>").count() + row.matches("<td>").count());
            let cells: Vec<usize> = cells.collect();
            assert!(cells.windows(2).all(|pair| pair[0] == pair[1]) && cells.len() > 1, "{name}: {cells:?} in {table}");
        }
    }
}

#[test]
fn nothing_hostile_becomes_more_than_text() {
    let document = document(&samples::hostile());
    let html = github(&document);
    // Links are those of our own references alone.
    let links: std::collections::BTreeSet<&str> =
        html.split("<a href=\"").skip(1).map(|link| link.split('"').next().unwrap()).collect();
    let own = "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-multi-region.html";
    assert_eq!(links, std::collections::BTreeSet::from([own]));
    for tag in ["<script", "<img", "<b>", "</title>", "data-math"] {
        assert!(!html.contains(tag), "{tag}");
    }
    assert!(!document.contains('\u{202e}') && !document.contains('\u{200b}'), "hidden characters in the source");
    // As many headings as the same plan without anything hostile: none more, none fewer.
    let plain = github(&self::document(&samples::whole()));
    for level in 1..6 {
        let heading = format!("<h{level}>");
        assert_eq!(html.matches(&heading).count(), plain.matches(&heading).count(), "{heading}");
    }
    // A name that mentions somebody does so in code, or is broken.
    let outside = html.split("<code").map(|part| part.split_once("</code>").map_or(part, |(_, after)| after));
    let mentions: Vec<&str> = outside.filter(|text| text.contains("@root")).collect();
    assert_eq!(mentions, Vec::<&str>::new());
}

/// The code of all blocks of a language, in order.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let html = github(document);
    let open = format!("<pre><code class=\"language-{language}\">");
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    let plain = |code: &str| entities.iter().fold(code.to_owned(), |text, (entity, c)| text.replace(entity, c));
    html.split(&open).skip(1).map(|block| plain(block.split("</code>").next().unwrap())).collect()
}

#[test]
fn values_stand_once_and_quoted() {
    let document = document(&samples::hostile());
    let values = &blocks(&document, "bash")[0];
    let expected = "POOL_NAME=$'\\'; rm -rf /; \\' $(touch X) `touch X`\\x0a```\\x0aout of the fence'\n";
    assert!(values.contains(expected), "{values}");
    assert!(values.starts_with("set -euo pipefail\nACCOUNT_ID='111122223333'\n"), "{values}");
}

#[test]
fn every_step_can_be_ticked_and_what_is_done_is() {
    let whole = document(&samples::whole());
    assert_eq!((whole.matches("- [ ] ").count(), whole.matches("- [x] ").count()), (9, 1));
    assert!(whole.contains("needs 2, 3, 4, 7"), "in the order of numbers: {whole}");
    let mut plan = samples::whole();
    plan.pools[0].steps[2].done_at = Some("2026-11-22T00:00:00Z".to_owned());
    let ticked = document(&plan);
    assert_eq!((ticked.matches("- [ ] ").count(), ticked.matches("- [x] ").count()), (8, 2));
    assert!(ticked.contains("Seen done: `2026-11-22T00:00:00Z`"), "{ticked}");
}

#[test]
fn the_answer_comes_first_and_says_what_stays_closed() {
    let whole = document(&samples::whole());
    let expected = "# Change plan: replicate user pool customers (`us-east-1_AbCdEfGhI`) from `us-east-1` to `us-west-2`\n\n\
                    **9 steps to take.** **1 finding that no step here mends, see below.** Once all have the effect they \
                    declare, one gate is still not ready: replicate.\n";
    assert!(whole.starts_with(expected), "{whole}");
    assert!(whole.contains("| Not before | day 14, because others have to act first or time has to pass |"), "{whole}");
    assert!(document(&samples::nothing_left()).contains("**Nothing is left to do.**"));
}

#[test]
fn an_overlap_that_is_not_known_is_said_to_be() {
    let mut plan = samples::whole();
    plan.pools[0].overlap.as_mut().unwrap().minutes = None;
    let text = document(&plan);
    assert!(text.contains("live after the switch **is not known**"), "{text}");
    assert!(document(&samples::whole()).contains("**3 h 5 min after the switch** (185 minutes)"));
}

#[test]
fn pools_stand_in_the_order_of_their_waves() {
    let text = document(&samples::three_pools());
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    let order = [
        at("| Wave | Pools |"),
        at("## replicate user pool staff"),
        at("## replicate user pool customers"),
        at("## replicate user pool partners"),
    ];
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn each_direction_has_its_title() {
    assert!(document(&samples::reverse()).starts_with("# Change plan: take user pool customers"));
    let mut back = samples::reverse();
    back.direction = Direction::FailBack;
    assert!(document(&back).starts_with("# Change plan: return the traffic of user pool customers"));
}

#[test]
fn no_pool_makes_a_document_too() {
    let mut plan = samples::first_day();
    plan.pools.clear();
    plan.waves.clear();
    assert!(document(&plan).contains("No user pool is in scope, so nothing is planned."));
}
