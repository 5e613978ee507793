//! The graph as a drawing: no script, no font and no address outside, readable on light and on dark ground.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir};

use super::{edges, subject};
use crate::model::plan::{Certainty, PlannedStep, PoolPlan, Risk};
use crate::render::escape::xml;
use crate::render::safe::safe;
use crate::render::text::{count, shorten, wrap};

/// The box of a step, in pixels.
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 62.0;
/// The gap between columns, in which lines change their row.
const GAP: f64 = 70.0;
/// Room above for the title and below for the legend.
const HEAD: f64 = 52.0;
const FOOT: f64 = 40.0;
const MARGIN: f64 = 16.0;
/// The least width of the drawing, which the legend needs.
const LEAST: f64 = 640.0;
/// Columns of text in a box: the font is not known, so they are counted wide.
const COLUMNS: usize = 34;
/// The same of the small line below.
const SMALL_COLUMNS: usize = 42;

const STYLE: &str = "\
svg{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:12px;background:#fff}
.ground{fill:#fff}.box{fill:#f6f8fa;stroke:#57606a;stroke-width:1.2}.high .box{stroke-width:3}
.final .box{stroke:#cf222e;stroke-width:3.5}.perhaps .box{stroke-dasharray:6 4}.line{fill:none;stroke:#6e7781;stroke-width:1.2}
.tip{fill:#6e7781}text{fill:#1f2328}.small{font-size:10.5px;fill:#57606a}.head{font-size:16px;font-weight:600}
@media (prefers-color-scheme:dark){svg{background:#0d1117}.ground{fill:#0d1117}.box{fill:#161b22;stroke:#8b949e}
.final .box{stroke:#ff7b72}.line{stroke:#8b949e}.tip{fill:#8b949e}text{fill:#e6edf3}.small{fill:#9198a1}}";

/// A drawing of the plan's graph, from left to right: a document of its own, UTF-8.
pub fn svg(plan: &PoolPlan) -> String {
    let layout = layout(plan);
    let (width, height) = (layout.width.max(LEAST), layout.height + HEAD + FOOT);
    let name = plan.pool.name.as_deref().unwrap_or(&plan.pool.id);
    let to = plan.replica_region.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
    let title = format!("Steps of the plan for {name} ({}), from {}{to}", plan.pool.id, plan.region);
    let desc = format!(
        "{} and what each needs: an arrow leads from a step to those that wait for it. Thick boxes are steps of high risk, red \
         ones cannot be taken back, dashed ones may not be needed. A number of days is how long others take to act.",
        count(plan.steps.len(), "step")
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n\
         <text class=\"head\" x=\"{MARGIN:.0}\" y=\"32\">{}</text>\n",
        xml(&title),
        xml(&desc),
        // As many columns as fit at this size.
        xml(&shorten(&title, if width < 1000.0 { 64 } else { 100 })),
    );
    for line in &layout.lines {
        out.push_str(&draw(line));
    }
    for (step, (x, y)) in plan.steps.iter().zip(&layout.boxes) {
        out.push_str(&node(step, *x, *y + HEAD));
    }
    out.push_str(&legend(layout.height + HEAD + 24.0));
    out.push_str("</svg>\n");
    out
}

/// Where everything goes; boxes by their upper left corner, lines by their points. Without the room above.
struct Layout {
    width: f64,
    height: f64,
    boxes: Vec<(f64, f64)>,
    lines: Vec<Vec<(f64, f64)>>,
}

fn layout(plan: &PoolPlan) -> Layout {
    let mut graph = Graph::with_options(GraphOptions { directed: true, multigraph: false, compound: false });
    let name = |index: usize| format!("n{index}");
    for index in 0..plan.steps.len() {
        let label = NodeLabel { width: WIDTH, height: HEIGHT, ..NodeLabel::default() };
        graph.set_node(name(index), Some(label));
    }
    let edges = edges(plan);
    for (from, to) in &edges {
        graph.set_edge(name(*from), name(*to), Some(EdgeLabel::default()), None);
    }
    let options =
        LayoutOptions { rankdir: RankDir::LR, nodesep: 14.0, edgesep: 10.0, ranksep: GAP, ..LayoutOptions::default() };
    if !plan.steps.is_empty() {
        dagre::layout(&mut graph, Some(options));
    }
    let place = |index: usize| {
        let label = graph.node(&name(index));
        let at = |value: Option<f64>, half: f64| value.unwrap_or_default() - half + MARGIN;
        label.map_or((0.0, 0.0), |label| (at(label.x, WIDTH / 2.0), at(label.y, HEIGHT / 2.0)))
    };
    let boxes: Vec<(f64, f64)> = (0..plan.steps.len()).map(place).collect();
    // The left edges of the columns, in tenths of pixels so that they can be compared.
    let columns: BTreeMap<String, f64> = boxes.iter().map(|(x, _)| (format!("{x:.1}"), *x)).collect();
    let lines: Vec<Vec<(f64, f64)>> = edges
        .iter()
        .map(|(from, to)| {
            let (start, end) = (place(*from), place(*to));
            let mut points = vec![(start.0 + WIDTH, start.1 + HEIGHT / 2.0)];
            let bends = graph.edge(&name(*from), &name(*to), None).map(|edge| edge.points.clone()).unwrap_or_default();
            for bend in bends {
                let (x, y) = (bend.x + MARGIN, bend.y + MARGIN);
                // Past the boxes of a column a line goes straight; where it bends between columns, the curve does that.
                let left = format!("{:.1}", x - WIDTH / 2.0);
                let between = x > start.0 + WIDTH && x < end.0;
                if let Some(left) = columns.get(&left).filter(|_| between) {
                    points.extend([(*left, y), (*left + WIDTH, y)]);
                }
            }
            points.push((end.0, end.1 + HEIGHT / 2.0));
            points
        })
        .collect();
    let everything = || boxes.iter().map(|(x, y)| (x + WIDTH, y + HEIGHT)).chain(lines.iter().flatten().copied());
    let width = everything().map(|(x, _)| x).fold(0.0, f64::max) + MARGIN;
    let height = everything().map(|(_, y)| y).fold(0.0, f64::max) + MARGIN;
    Layout { width, height, boxes, lines }
}

/// A line with a tip; it leaves and arrives horizontally.
fn draw(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    let mut last = (0.0, 0.0);
    for (index, (x, y)) in points.iter().enumerate() {
        let y = y + HEAD;
        let middle = f64::midpoint(last.0, *x);
        let part = match index {
            0 => format!("M{x:.1} {y:.1}"),
            _ if (y - last.1).abs() < 0.05 => format!("L{x:.1} {y:.1}"),
            _ => format!("C{middle:.1} {:.1} {middle:.1} {y:.1} {x:.1} {y:.1}", last.1),
        };
        path.push_str(&part);
        last = (*x, y);
    }
    let (x, y) = last;
    let (back, above, below) = (x - 8.0, y - 4.0, y + 4.0);
    format!(
        "<path class=\"line\" d=\"{path}\"/><path class=\"tip\" d=\"M{back:.1} {above:.1}L{x:.1} {y:.1}L{back:.1} {below:.1}Z\"/>\n"
    )
}

fn node(step: &PlannedStep, x: f64, y: f64) -> String {
    let mut classes = vec!["step"];
    let final_step = step.point_of_no_return.is_some();
    classes.extend(final_step.then_some("final"));
    classes.extend((!final_step && step.risk == Risk::High).then_some("high"));
    classes.extend((step.certainty == Certainty::Perhaps).then_some("perhaps"));
    let title = format!("{} · {}", step.number, step.title);
    let lines = match subject(step) {
        Some(subject) => vec![shorten(&safe(&title), COLUMNS), shorten(&safe(subject), COLUMNS)],
        None => two_lines(&safe(&title)),
    };
    let title = subject(step).map_or_else(|| title.clone(), |subject| format!("{title}: {subject}"));
    let mut what = vec![step.phase.as_str().replace('_', " "), step.who.to_string()];
    what.extend(final_step.then(|| "no way back".to_owned()));
    what.extend((step.lead_days > 0).then(|| format!("{} d", step.lead_days)));
    let (left, first) = (x + 10.0, y + if lines.len() > 1 { 19.0 } else { 26.0 });
    let mut out = format!(
        "<g class=\"{}\"><title>{}</title><rect class=\"box\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{WIDTH:.0}\" \
         height=\"{HEIGHT:.0}\" rx=\"6\"/>",
        classes.join(" "),
        xml(&title),
    );
    for (row, line) in [0.0, 15.0].into_iter().zip(&lines) {
        let _ = write!(out, "<text x=\"{left:.1}\" y=\"{:.1}\">{}</text>", first + row, xml(line));
    }
    let _ = writeln!(
        out,
        "<text class=\"small\" x=\"{left:.1}\" y=\"{:.1}\">{}</text></g>",
        y + 52.0,
        xml(&shorten(&what.join(" · "), SMALL_COLUMNS))
    );
    out
}

/// A title in two lines at most.
fn two_lines(title: &str) -> Vec<String> {
    let mut lines = wrap(title, COLUMNS, COLUMNS);
    if lines.len() > 2 {
        let rest = lines.get(1..).unwrap_or_default().join(" ");
        lines.truncate(1);
        lines.push(shorten(&rest, COLUMNS));
    }
    lines
}

fn legend(y: f64) -> String {
    let mut out = String::new();
    let entries = [
        ("high", "high risk"),
        ("final", "no way back"),
        ("perhaps", "may not be needed: look first; 14 d: others need days to act"),
    ];
    for (x, (class, words)) in [MARGIN, MARGIN + 130.0, MARGIN + 270.0].into_iter().zip(entries) {
        let _ = writeln!(
            out,
            "<g class=\"{class}\"><rect class=\"box\" x=\"{x:.1}\" y=\"{:.1}\" width=\"26\" height=\"14\" rx=\"3\"/>\
             <text class=\"small\" x=\"{:.1}\" y=\"{y:.1}\">{words}</text></g>",
            y - 11.0,
            x + 34.0,
        );
    }
    out
}
