//! A laid out graph as SVG.

use super::layout::{Box, HEAD, LABEL, LINE, Layout, PADDING, Point, TEXT, layout, run_in, width};
use super::{Edge, Graph, Node, Role};
use crate::number::shortened;
use std::fmt::Write;

/// Around the picture.
const MARGIN: f64 = 24.0;
/// How many characters a title may have over a small picture; over a large one it may be as long as that.
const SHORTEST_TITLE: f64 = 60.0;
/// The title's line.
const TITLE: f64 = 34.0;

/// The picture of a graph.
pub(crate) fn draw(graph: &Graph) -> String {
    let layout = layout(graph);
    let mut svg = head(graph, &layout);
    let edges = || graph.edges.iter().zip(&layout.arrows);
    edges().for_each(|(edge, points)| arrow(&mut svg, edge, points));
    edges().for_each(|(edge, points)| label(&mut svg, edge, points));
    for (node, b) in graph.nodes.iter().zip(&layout.boxes) {
        card(&mut svg, node, b);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn head(graph: &Graph, layout: &Layout) -> String {
    let size = TEXT + 2.0;
    let room = layout.width.max(SHORTEST_TITLE * width("m", size));
    let title = shortened(&graph.title, (room / width("m", size)) as usize);
    let wide = layout.width.max(width(&title, size)) + 2.0 * MARGIN;
    let high = layout.height + 2.0 * MARGIN + TITLE;
    let title = escape(&title);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0}" height="{high:.0}" viewBox="0 0 {wide:.0} {high:.0}">
<title>{title}</title>
<defs>
<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
<path d="M 0 1 L 10 5 L 0 9 z" fill="#5b6472"/>
</marker>
</defs>
<style>
text {{ font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: {TEXT}px; fill: #1c2330; }}
.title {{ font-size: {}px; font-weight: bold; }}
.label {{ font-size: {LABEL}px; fill: #8a3b12; paint-order: stroke; stroke: white; stroke-width: 3px; }}
.arrow {{ fill: none; stroke: #5b6472; stroke-width: 1.3; marker-end: url(#head); }}
.first {{ font-weight: bold; }}
.input {{ fill: #e3f0fb; stroke: #3b78a8; }}
.operation {{ fill: #ffffff; stroke: #5b6472; }}
.idle {{ fill: #f4f5f7; stroke: #a9b0ba; stroke-dasharray: 4 3; }}
.output {{ fill: #fdf1d8; stroke: #b07a10; stroke-width: 2; }}
</style>
<rect width="100%" height="100%" fill="white"/>
<text class="title" x="{MARGIN}" y="{:.1}">{title}</text>
<g transform="translate({MARGIN} {:.1})">
"##,
        size,
        MARGIN + TEXT,
        MARGIN + TITLE,
    )
}

/// An arrow through its points, level at each of them; it ends in a straight piece for the label.
fn arrow(svg: &mut String, edge: &Edge, points: &[Point]) {
    let [(x0, y0), between @ .., (x, y)] = points else {
        return;
    };
    let (mut x0, mut y0) = (*x0, *y0);
    let mut path = format!("M {x0:.1} {y0:.1}");
    let straight = x - run_in(&edge.label);
    for &(x1, y1) in between.iter().chain(&[(straight, *y)]) {
        let middle = (x0 + x1) / 2.0;
        let _ = write!(path, " C {middle:.1} {y0:.1} {middle:.1} {y1:.1} {x1:.1} {y1:.1}");
        (x0, y0) = (x1, y1);
    }
    let _ = writeln!(svg, r#"<path class="arrow" d="{path} H {x:.1}"/>"#);
}

/// A label above the straight end of its arrow; all labels are drawn after all arrows.
fn label(svg: &mut String, edge: &Edge, points: &[Point]) {
    let Some(&(x, y)) = points.last() else { return };
    let (x, y, label) = (x - HEAD, y - 4.0, escape(&edge.label));
    let _ = writeln!(svg, r#"<text class="label" text-anchor="end" x="{x:.1}" y="{y:.1}">{label}</text>"#);
}

fn card(svg: &mut String, node: &Node, b: &Box) {
    let class = match node.role {
        Role::Input => "input",
        Role::Operation => "operation",
        Role::Output => "output",
        Role::Idle => "idle",
    };
    let (left, top) = (b.x - b.width / 2.0, b.y - b.height / 2.0);
    let _ = writeln!(
        svg,
        r#"<rect class="{class}" x="{left:.1}" y="{top:.1}" width="{:.1}" height="{:.1}" rx="6"/>"#,
        b.width, b.height
    );
    let first = b.y - (node.lines.len() as f64 - 1.0) / 2.0 * LINE + TEXT * 0.35;
    for (i, line) in node.lines.iter().enumerate() {
        let weight = if i == 0 { r#" class="first""# } else { "" };
        // Viewers drop blanks at the start of a text: an indented one begins further to the right.
        let blanks = &line[..line.len() - line.trim_start().len()];
        let (x, y, line) = (left + PADDING + width(blanks, TEXT), first + i as f64 * LINE, line.trim_start());
        let _ = writeln!(svg, r#"<text{weight} x="{x:.1}" y="{y:.1}">{}</text>"#, escape(line));
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
