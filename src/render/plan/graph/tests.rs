//! The graph of samples: what is drawn, and that nothing hostile is.

use quick_xml::events::Event;

use super::*;
use crate::render::plan::samples;

#[test]
fn only_arrows_that_say_something_new_are_drawn() {
    let mut plan = samples::first_day().pools.remove(0);
    plan.steps[2].needs = vec!["attach-key".to_owned(), "create-multi-region-key".to_owned(), "unheard-of".to_owned()];
    assert_eq!(edges(&plan), [(0, 1), (1, 2)]);
    // What would lead backwards is no arrow: the order of the plan is what holds.
    plan.steps[0].needs = vec!["create-replica".to_owned(), "create-multi-region-key".to_owned()];
    assert_eq!(edges(&plan), [(0, 1), (1, 2)]);
}

#[test]
fn mermaid_names_nodes_by_number_alone() {
    let text = mermaid(&samples::first_day().pools[0]);
    let expected = "flowchart LR\n  n1[\"1 · Do create-multi-region-key\"]\n  n2[\"2 · Do attach-key\"]\n  \
                    n3[\"3 · Do create-replica\"]\n  n1 --> n2\n  n2 --> n3\n  classDef final stroke:#d1242f,stroke-width:4px\n  \
                    class n3 final\n";
    assert_eq!(text, expected);
}

#[test]
fn every_line_of_mermaid_is_of_a_form_that_we_chose() {
    for (name, plan) in samples::all() {
        for pool in &plan.pools {
            for line in mermaid(pool).lines().skip(1) {
                let line = line.trim();
                let ids = |text: &str| {
                    text.split(',').all(|id| id.strip_prefix('n').is_some_and(|n| n.parse::<u32>().is_ok()))
                };
                let node = line.strip_suffix("\"]").and_then(|line| line.split_once("[\""));
                let sound = match (node, line.split_once(" --> "), line.split_once(' ')) {
                    (Some((id, label)), _, _) => ids(id) && !label.contains(['"', '[', ']', '<', '`']),
                    (_, Some((from, to)), _) => ids(from) && ids(to),
                    (_, _, Some(("classDef", rest))) => {
                        STYLES.iter().any(|(class, style)| rest == format!("{class} {style}"))
                    }
                    (_, _, Some(("class", rest))) => rest.split_once(' ').is_some_and(|(nodes, _)| ids(nodes)),
                    _ => false,
                };
                assert!(sound, "{name}: {line}");
            }
        }
    }
}

/// Boxes of a drawing, as (x, y, width, height).
fn boxes(svg: &str) -> Vec<(f64, f64, f64, f64)> {
    let number = |tag: &str, name: &str| {
        let rest = tag.split_once(&format!(" {name}=\"")).unwrap().1;
        rest.split('"').next().unwrap().parse::<f64>().unwrap()
    };
    svg.match_indices("<rect class=\"box\"")
        .map(|(at, _)| {
            let tag = svg[at..].split('>').next().unwrap();
            (number(tag, "x"), number(tag, "y"), number(tag, "width"), number(tag, "height"))
        })
        .collect()
}

#[test]
fn sixty_boxes_lie_beside_each_other_and_inside() {
    let svg = svg(&samples::sixty_steps().pools[0]);
    let all = boxes(&svg);
    // Sixty steps and three entries of the legend.
    assert_eq!(all.len(), 63);
    let size = svg.split_once("viewBox=\"0 0 ").unwrap().1.split('"').next().unwrap();
    let (width, height) = size.split_once(' ').unwrap();
    let (width, height): (f64, f64) = (width.parse().unwrap(), height.parse().unwrap());
    for (index, a) in all.iter().enumerate() {
        assert!(a.0 >= 0.0 && a.1 >= 0.0 && a.0 + a.2 <= width && a.1 + a.3 <= height, "{a:?} of {width}x{height}");
        for b in &all[index + 1..] {
            let apart = a.0 + a.2 <= b.0 || b.0 + b.2 <= a.0 || a.1 + a.3 <= b.1 || b.1 + b.3 <= a.1;
            assert!(apart, "{a:?} and {b:?}");
        }
    }
}

#[test]
fn a_drawing_is_sound_xml_and_reaches_for_nothing() {
    for (name, plan) in samples::all() {
        for pool in &plan.pools {
            let svg = svg(pool);
            let mut reader = quick_xml::Reader::from_str(&svg);
            let (mut depth, mut names) = (0_i32, BTreeSet::new());
            loop {
                let event = reader.read_event().unwrap_or_else(|error| panic!("{name}: {error}"));
                if let Event::Start(tag) | Event::Empty(tag) = &event {
                    names.insert(tag.name().as_ref().to_owned());
                }
                depth += i32::from(matches!(event, Event::Start(_))) - i32::from(matches!(event, Event::End(_)));
                if matches!(event, Event::Eof) {
                    break;
                }
            }
            assert_eq!(depth, 0, "{name}");
            let known: BTreeSet<String> =
                ["svg", "title", "desc", "style", "rect", "text", "path", "g"].map(str::to_owned).into();
            assert!(names.is_subset(&known), "{name}: {names:?}");
            let without_namespace = svg.replacen("http://www.w3.org/2000/svg", "", 1);
            for outside in ["href", "url(", "@import", " on", "<script"] {
                let outside = if outside == " on" { " onload=" } else { outside };
                assert!(!without_namespace.contains(outside), "{name}: {outside}");
            }
            assert!(svg.contains("<title id=\"title\">") && svg.contains("<desc id=\"desc\">"), "{name}");
            assert!(svg.contains("prefers-color-scheme:dark"), "{name}");
        }
    }
}

#[test]
fn the_same_plan_makes_the_same_bytes() {
    let plan = &samples::sixty_steps().pools[0];
    assert_eq!(svg(plan), svg(plan));
    assert_eq!(mermaid(plan), mermaid(plan));
}
