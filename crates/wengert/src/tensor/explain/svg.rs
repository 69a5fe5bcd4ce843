//! The steps of a plan as cards, in columns from what is given to the results.

use super::super::run::{Outline, Part, Phase};
use super::{Bytes, listed};
use std::fmt::Write;

const MARGIN: f64 = 24.0;
const TITLE: f64 = 34.0;
const TEXT: f64 = 13.0;
const LINE: f64 = 17.0;
const PADDING: f64 = 10.0;
/// Between columns, and between cards of a column.
const GAP: (f64, f64) = (70.0, 22.0);
/// Of a long list so many lines are drawn; of many steps so many cards.
const LINES: usize = 14;
const CARDS: usize = 120;

struct Card {
    class: &'static str,
    lines: Vec<String>,
    /// The cards that it reads.
    from: Vec<usize>,
    column: usize,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// The picture of a plan.
pub(super) fn draw(outline: &Outline) -> String {
    let mut cards = cards(outline);
    let (width, height) = place(&mut cards);
    let hidden = outline.parts.len().saturating_sub(CARDS);
    let more = if hidden > 0 { format!("; {hidden} more steps are not drawn") } else { String::new() };
    let title = format!(
        "{} operations, {} when merged, in {} steps; buffers: at most {} at once{more}",
        outline.operations,
        outline.merged,
        outline.parts.len(),
        Bytes(outline.peak)
    );
    let (wide, high) = (width.max(text_width(&title, TEXT + 2.0)) + 2.0 * MARGIN, height + 2.0 * MARGIN + TITLE);
    let mut svg = head(&title, wide, high);
    for card in &cards {
        card.from.iter().for_each(|&from| arrow(&mut svg, &cards[from], card));
    }
    cards.iter().for_each(|one| draw_card(&mut svg, one));
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn cards(outline: &Outline) -> Vec<Card> {
    let parts = &outline.parts[..outline.parts.len().min(CARDS)];
    let read: Vec<usize> =
        (0..outline.leaves.len()).filter(|leaf| parts.iter().any(|part| part.leaves.contains(leaf))).collect();
    let leaf = |&leaf: &usize| {
        let value = &outline.leaves[leaf];
        Card::new("input", vec!["given".into(), format!("{value} ({})", Bytes(value.bytes))], Vec::new(), 0)
    };
    let mut cards: Vec<Card> = read.iter().map(leaf).collect();
    for part in parts {
        let leaves = part.leaves.iter().filter_map(|leaf| read.binary_search(leaf).ok());
        let from: Vec<usize> = leaves.chain(part.steps.iter().map(|step| read.len() + step)).collect();
        let column = from.iter().map(|&from| cards[from].column + 1).max().unwrap_or(0);
        let class = match part.phase {
            Phase::Forward => "forward",
            Phase::Backward => "backward",
            Phase::Both => "both",
        };
        cards.push(Card::new(class, text(part), from, column));
    }
    cards
}

fn text(part: &Part) -> Vec<String> {
    let mut lines = vec![format!("{} {}", part.name, part.title)];
    lines.extend(part.lines.iter().take(LINES).cloned());
    if part.lines.len() > LINES {
        lines.push(format!(".. and {} more lines", part.lines.len() - LINES));
    }
    lines.extend(part.multiplications.map(|count| format!("{count} multiplications")));
    lines.push(format!("gives {}", listed(&part.results)));
    lines.into_iter().map(|line| shortened(&line)).collect()
}

fn shortened(line: &str) -> String {
    const LONGEST: usize = 60;
    if line.chars().count() <= LONGEST {
        return line.into();
    }
    line.chars().take(LONGEST - 2).chain("..".chars()).collect()
}

impl Card {
    fn new(class: &'static str, lines: Vec<String>, from: Vec<usize>, column: usize) -> Card {
        let width = lines.iter().map(|line| text_width(line, TEXT)).fold(0.0, f64::max) + 2.0 * PADDING;
        let height = lines.len() as f64 * LINE + 2.0 * PADDING;
        Card { class, lines, from, column, x: 0.0, y: 0.0, width, height }
    }
}

/// Places the cards, and gives the size of the picture.
fn place(cards: &mut [Card]) -> (f64, f64) {
    let columns = cards.iter().map(|card| card.column + 1).max().unwrap_or(0);
    let (mut x, mut high) = (0.0, 0.0_f64);
    for column in 0..columns {
        let (mut y, mut widest) = (0.0, 0.0_f64);
        for card in cards.iter_mut().filter(|card| card.column == column) {
            (card.x, card.y) = (x, y);
            y += card.height + GAP.1;
            widest = widest.max(card.width);
        }
        high = high.max(y - GAP.1);
        x += widest + GAP.0;
    }
    (x - GAP.0, high)
}

fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.605
}

fn head(title: &str, wide: f64, high: f64) -> String {
    let title = escape(title);
    let (size, base, top) = (TEXT + 2.0, MARGIN + TEXT, MARGIN + TITLE);
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
.title {{ font-size: {size}px; font-weight: bold; }}
.arrow {{ fill: none; stroke: #5b6472; stroke-width: 1.3; marker-end: url(#head); }}
.first {{ font-weight: bold; }}
.input {{ fill: #e3f0fb; stroke: #3b78a8; }}
.forward {{ fill: #ffffff; stroke: #5b6472; }}
.backward {{ fill: #fdf1d8; stroke: #b07a10; }}
.both {{ fill: #eef7ea; stroke: #4d8a3a; }}
</style>
<rect width="100%" height="100%" fill="white"/>
<text class="title" x="{MARGIN}" y="{base:.1}">{title}</text>
<g transform="translate({MARGIN} {top:.1})">
"##
    )
}

fn arrow(svg: &mut String, from: &Card, to: &Card) {
    let (x0, y0) = (from.x + from.width, from.y + from.height / 2.0);
    let (x, y) = (to.x, to.y + to.height / 2.0);
    let middle = x - GAP.0 / 2.0;
    let _ = writeln!(
        svg,
        r#"<path class="arrow" d="M {x0:.1} {y0:.1} C {middle:.1} {y0:.1} {middle:.1} {y:.1} {x:.1} {y:.1}"/>"#
    );
}

fn draw_card(svg: &mut String, card: &Card) {
    let Card { class, x, y, width, height, .. } = card;
    let _ = writeln!(
        svg,
        r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="6"/>"#
    );
    for (i, line) in card.lines.iter().enumerate() {
        let weight = if i == 0 { r#" class="first""# } else { "" };
        let (x, y) = (x + PADDING, y + PADDING + TEXT * 0.9 + i as f64 * LINE);
        let _ = writeln!(svg, r#"<text{weight} x="{x:.1}" y="{y:.1}">{}</text>"#, escape(line));
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
