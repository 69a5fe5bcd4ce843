//! A timeline as SVG: the states over the time, and what each slot holds.

use super::timeline::{Held, Life, Motion, Timeline};
use std::fmt::Write;
use wengert::checkpoint::Place;

const WIDTH: f64 = 1180.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 28.0;
/// Where the states begin, below title and legend.
const TOP: f64 = 92.0;
/// The height of the states.
const HIGH: f64 = 460.0;
/// Between the states and the slots.
const BETWEEN: f64 = 26.0;
/// The greatest height of a slot, and of all of them.
const SLOT: f64 = 20.0;
const SLOTS: f64 = 240.0;
/// The least height of a slot that has a name beside it.
const NAMED: f64 = 11.0;
/// Below the slots: the axis, and what is to be said.
const FOOT: f64 = 74.0;
/// A character of the small text.
const CHARACTER: f64 = 6.7;
/// What is shorter than this, and as near to what is drawn already, is left out.
const THIN: f64 = 0.5;

/// The picture of a timeline, below this title and with these words beside it.
pub(super) fn draw(title: &str, words: &str, timeline: &Timeline) -> String {
    let frame = Frame::of(timeline);
    let mut svg = frame.head(title);
    let (right, y) = (WIDTH - RIGHT, 32);
    let _ = writeln!(svg, r#"<text class="axis" text-anchor="end" x="{right}" y="{y}">{words}</text>"#);
    legend(&mut svg, &frame);
    frame.axes(&mut svg);
    let mut thinned = Thinned::default();
    levels(&mut svg, &frame, &mut thinned);
    moves(&mut svg, &frame, &mut thinned);
    slots(&mut svg, &frame, &mut thinned);
    frame.foot(&mut svg, &thinned);
    svg.push_str("</svg>\n");
    svg
}

/// How the state at hand changes, the style of its line, and what the legend says.
const MOTIONS: [(Motion, &str, &str); 4] = [
    (Motion::Restore, "line restore", "take a kept state"),
    (Motion::Advance, "line advance", "advance: run, not recorded"),
    (Motion::Record, "line record", "record"),
    (Motion::Reverse, "line reverse", "reverse"),
];

/// Where things are.
struct Frame<'t> {
    timeline: &'t Timeline,
    places: Vec<Place>,
    /// The height of a slot.
    slot: f64,
    /// How wide lines are.
    stroke: f64,
}

/// How much was left out.
#[derive(Default)]
struct Thinned {
    all: usize,
    drawn: usize,
}

impl<'t> Frame<'t> {
    fn of(timeline: &'t Timeline) -> Frame<'t> {
        let places = timeline.places();
        let slot = (SLOTS / places.len().max(1) as f64).min(SLOT);
        let room = (HIGH / timeline.steps as f64).min((WIDTH - LEFT - RIGHT) / timeline.time as f64);
        Frame { timeline, places, slot, stroke: (room * 0.35).clamp(1.2, 3.5) }
    }

    fn x(&self, time: f64) -> f64 {
        LEFT + time / self.timeline.time as f64 * (WIDTH - LEFT - RIGHT)
    }

    /// State 0 is at the bottom.
    fn y(&self, state: f64) -> f64 {
        TOP + HIGH - state / self.timeline.steps as f64 * HIGH
    }

    /// The upper edge of a slot.
    fn row(&self, place: usize) -> f64 {
        TOP + HIGH + BETWEEN + place as f64 * self.slot
    }

    /// Where the slots end.
    fn bottom(&self) -> f64 {
        self.row(self.places.len())
    }

    fn head(&self, title: &str) -> String {
        let high = self.bottom() + FOOT;
        let stroke = self.stroke;
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:.0}" height="{high:.0}" viewBox="0 0 {WIDTH:.0} {high:.0}">
<title>{title}</title>
<style>
text {{ font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 11px; fill: #1c2330; }}
.title {{ font-size: 15px; font-weight: bold; }}
.axis {{ fill: #5b6472; }}
.grid {{ stroke: #e6e9ee; stroke-width: 1; }}
.frame {{ fill: none; stroke: #a9b0ba; stroke-width: 1; }}
.line {{ fill: none; stroke-width: {stroke:.2}; stroke-linecap: round; }}
.advance {{ stroke: #2f6db3; }}
.record {{ stroke: #e08a1e; }}
.reverse {{ stroke: #c2334d; }}
.restore {{ stroke: #8a94a3; stroke-width: {:.2}; stroke-dasharray: 2 3; }}
.state {{ fill: #8fcfb6; stroke: #6dbd9e; }}
.disk {{ fill: #c3b2e2; stroke: #9d83cf; }}
.kept {{ fill: #f6d49a; stroke: #edbb62; }}
.level {{ fill: none; stroke-width: {:.2}; }}
.bar {{ stroke: white; stroke-width: 0.5; }}
.thin {{ stroke-width: 0; }}
</style>
<rect width="100%" height="100%" fill="white"/>
<text class="title" x="{LEFT}" y="32">{title}</text>
"##,
            (stroke * 0.6).clamp(0.7, 1.2),
            (stroke * 0.8).max(1.1),
        )
    }

    /// Both axes with their grid, and the names of the slots.
    fn axes(&self, svg: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, self.bottom());
        for time in ticks(self.timeline.time) {
            let x = self.x(time as f64);
            let _ = writeln!(svg, r#"<path class="grid" d="M {x:.1} {TOP} V {bottom:.1}"/>"#);
            let y = bottom + 16.0;
            let _ = writeln!(svg, r#"<text class="axis" text-anchor="middle" x="{x:.1}" y="{y:.1}">{time}</text>"#);
        }
        for state in ticks(self.timeline.steps) {
            let y = self.y(state as f64);
            let _ = writeln!(svg, r#"<path class="grid" d="M {LEFT} {y:.1} H {right}"/>"#);
            label(svg, &state.to_string(), y);
        }
        let _ = writeln!(
            svg,
            r#"<text class="axis" text-anchor="middle" transform="translate(26 {:.1}) rotate(-90)">state at hand: before step</text>"#,
            TOP + HIGH / 2.0
        );
        let _ =
            writeln!(svg, r#"<rect class="frame" x="{LEFT}" y="{TOP}" width="{:.1}" height="{HIGH}"/>"#, right - LEFT);
        self.names(svg);
    }

    /// The name of each slot, or of the first and the last in memory and on disk where they are narrow.
    fn names(&self, svg: &mut String) {
        let middle = |i: usize| self.row(i) + self.slot / 2.0;
        if self.slot >= NAMED {
            return self.places.iter().enumerate().for_each(|(i, place)| label(svg, &place.to_string(), middle(i)));
        }
        for disk in [false, true] {
            let mut of = (0..self.places.len()).filter(|&i| matches!(self.places[i], Place::Disk(_)) == disk);
            let (first, last) = (of.next(), of.next_back());
            let ends = [(first, self.slot.max(4.0)), (last, -self.slot.max(4.0))];
            for (i, inside) in ends.into_iter().filter_map(|(i, inside)| Some((i?, inside))) {
                label(svg, &self.places[i].to_string(), middle(i) + inside / 2.0);
            }
        }
    }

    /// What the axis is, and what was left out.
    fn foot(&self, svg: &mut String, thinned: &Thinned) {
        let (x, y) = ((LEFT + WIDTH - RIGHT) / 2.0, self.bottom() + 36.0);
        let what = "time: 1 for each run of a step, and for each reversal";
        let _ = writeln!(svg, r#"<text class="axis" text-anchor="middle" x="{x:.1}" y="{y:.1}">{what}</text>"#);
        let left_out = thinned.all - thinned.drawn;
        if left_out > 0 {
            let said = format!("{left_out} of {} lines and bars are too short to be seen, and left out", thinned.all);
            let y = y + 20.0;
            let _ = writeln!(svg, r#"<text class="axis" text-anchor="middle" x="{x:.1}" y="{y:.1}">{said}</text>"#);
        }
    }
}

/// A text at the left of the picture.
fn label(svg: &mut String, text: &str, y: f64) {
    let (x, y) = (LEFT - 8.0, y + 4.0);
    let _ = writeln!(svg, r#"<text class="axis" text-anchor="end" x="{x:.1}" y="{y:.1}">{text}</text>"#);
}

/// Round numbers from 0 up to the last, no more than 11.
fn ticks(last: usize) -> impl Iterator<Item = usize> {
    let sizes = (0..).flat_map(|power| [1, 2, 5].map(|digit| digit * 10usize.pow(power)));
    let step = sizes.into_iter().find(|step| last / step <= 10).unwrap_or(last.max(1));
    (0..=last).step_by(step)
}

/// What the colours mean, as far as they are there.
fn legend(svg: &mut String, frame: &Frame<'_>) {
    let moves = |motion| frame.timeline.moves.iter().any(|it| it.motion == motion);
    let holds = |class: &str| frame.timeline.lives.iter().any(|life| self::class(life) == class);
    let held = [("state", "state in memory"), ("disk", "state on disk"), ("kept", "record kept")];
    let mut x = LEFT;
    for (_, class, text) in MOTIONS.into_iter().filter(|(motion, ..)| moves(*motion)) {
        let _ = writeln!(svg, r#"<path class="{class}" style="stroke-width: 3" d="M {x:.1} 62 h 20"/>"#);
        x = entry(svg, x, text);
    }
    for (class, text) in held.into_iter().filter(|(class, _)| holds(class)) {
        let _ = writeln!(svg, r#"<rect class="{class}" x="{x:.1}" y="56" width="20" height="12"/>"#);
        x = entry(svg, x, text);
    }
}

/// The words beside a sign of the legend; where the next sign stands.
fn entry(svg: &mut String, x: f64, text: &str) -> f64 {
    let x = x + 27.0;
    let _ = writeln!(svg, r#"<text x="{x:.1}" y="66">{text}</text>"#);
    x + text.len() as f64 * CHARACTER + 24.0
}

fn class(life: &Life) -> &'static str {
    match (life.held, life.place) {
        (Held::Record(_), _) => "kept",
        (Held::State(_), Place::Disk(_)) => "disk",
        (Held::State(_), Place::Memory(_)) => "state",
    }
}

/// Lines of one kind as one path, the shortest of them left out.
#[derive(Default)]
struct Lines {
    path: String,
    last: (f64, f64),
}

impl Lines {
    fn add(&mut self, from: (f64, f64), to: (f64, f64), thinned: &mut Thinned) {
        let far = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).hypot(a.1 - b.1) > THIN;
        thinned.all += 1;
        if self.path.is_empty() || far(from, to) || far(self.last, to) {
            thinned.drawn += 1;
            self.last = to;
            let _ = write!(self.path, "M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1);
        }
    }

    fn draw(&self, svg: &mut String, class: &str) {
        if !self.path.is_empty() {
            let _ = writeln!(svg, r#"<path class="{class}" d="{}"/>"#, self.path);
        }
    }
}

/// The states that are kept, from when to when, each at its height.
fn levels(svg: &mut String, frame: &Frame<'_>, thinned: &mut Thinned) {
    for class in ["state", "disk", "kept"] {
        let mut lines = Lines::default();
        for life in frame.timeline.lives.iter().filter(|life| self::class(life) == class) {
            let y = frame.y(match life.held {
                Held::State(step) => step as f64,
                Held::Record(step) => step as f64 + 0.5,
            });
            let [from, to] = [life.times.0, life.times.1].map(|time| (frame.x(time as f64), y));
            lines.add(from, to, thinned);
        }
        lines.draw(svg, &format!("{class} level"));
    }
}

/// The way of the state at hand.
fn moves(svg: &mut String, frame: &Frame<'_>, thinned: &mut Thinned) {
    for (motion, class, _) in MOTIONS {
        let mut lines = Lines::default();
        for it in frame.timeline.moves.iter().filter(|it| it.motion == motion) {
            let at = |time: usize, state: usize| (frame.x(time as f64), frame.y(state as f64));
            lines.add(at(it.times.0, it.states.0), at(it.times.1, it.states.1), thinned);
        }
        lines.draw(svg, class);
    }
}

/// What each slot holds, as bars.
fn slots(svg: &mut String, frame: &Frame<'_>, thinned: &mut Thinned) {
    let mut last = vec![f64::NEG_INFINITY; frame.places.len()];
    for life in &frame.timeline.lives {
        let row = frame.places.iter().position(|place| *place == life.place).unwrap_or_default();
        let [from, to] = [life.times.0, life.times.1].map(|time| frame.x(time as f64));
        thinned.all += 1;
        if to - from <= THIN && to - last[row] <= THIN {
            continue;
        }
        last[row] = to;
        thinned.drawn += 1;
        bar(svg, frame, life, frame.row(row), (from, to));
    }
}

fn bar(svg: &mut String, frame: &Frame<'_>, life: &Life, y: f64, (from, to): (f64, f64)) {
    let (class, high) = (class(life), frame.slot);
    let edge = if high >= NAMED && to - from > 4.0 { "bar" } else { "thin" };
    let gap = if high >= NAMED { 1.5 } else { 0.0 };
    let (wide, top, high) = ((to - from).max(0.3), y + gap, high - 2.0 * gap);
    let _ = writeln!(
        svg,
        r#"<rect class="{class} {edge}" x="{from:.1}" y="{top:.1}" width="{wide:.1}" height="{high:.2}"/>"#
    );
    let (Held::State(step) | Held::Record(step)) = life.held;
    let text = step.to_string();
    if frame.slot >= NAMED && wide > text.len() as f64 * CHARACTER + 4.0 {
        let (x, y) = ((from + to) / 2.0, y + frame.slot / 2.0 + 4.0);
        let _ = writeln!(svg, r#"<text text-anchor="middle" x="{x:.1}" y="{y:.1}">{text}</text>"#);
    }
}
