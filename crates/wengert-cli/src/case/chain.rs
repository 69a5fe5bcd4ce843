//! The case of the checkpointed chain: one gradient, by schedules that keep all activations or few.

use super::engines::{Answer, program};
use super::programs::layer;
use super::sheet::{Closed, Comparison, Sheet};
use crate::number::rounded;
use crate::walk::Walk;
use std::collections::{BTreeMap, BTreeSet};
use wengert::checkpoint::{Action, Counts, Limits, Memory, Periodic, Place, Revolve, StoreAll, check};
use wengert::{Pullback, Rows, Var, value_and_grad_with, vjp};

/// The layers.
const LAYERS: usize = 8;

/// The first activation and the weight of all layers.
const AT: [f64; 2] = [0.5, 1.5];

/// Case 9.
pub(super) fn checkpointed_chain(sheet: &mut Sheet) {
    let program = program!(chain);
    let list = program.listed(&AT).list;
    let walk = Walk::new(&list, &["x0", "w"], &AT);
    sheet.source("layer");
    sheet.program(&program, "y = x8, where xi = tanh(x(i-1) w)", &walk);
    sheet.primal(&list, &walk);
    sheet.reverse(&walk, "y", &[1.0]);
    sheet.compare(Comparison { answers: program.gradients(&AT), expected: expected() });
    sheet.paragraph(
        "The sweep takes the activations x7, x6, .. x0, the last first. Who keeps them all recomputes none; who keeps\n\
         few runs layers again. A schedule says which: here each of its actions is done by hand, a layer by one vjp.\n\
         Step i is the layer that makes x(i+1) of xi, and state i is xi. `again`: an activation that was there before.",
    );
    let all = Done::all_of("store all", StoreAll::new(LAYERS), LAYERS);
    let even = Done::all_of("(a) every fourth", Periodic::whole_first_pass(LAYERS, 4), LAYERS);
    let binomial = Done::all_of("(b) binomial, 3 slots", Revolve::new(LAYERS, 3), 3);
    sheet.table("(a) Keep x0 and x4; x8 is at hand. Then reverse from x4, and then from x0", &even.rows);
    sheet.paragraph(
        "The textbook recomputes x5, x6, x7 and x1, x2, x3. Here x8 and x4 come out once more, since to record a layer\n\
         is to run it.",
    );
    sheet.table("(b) Binomial checkpointing with 3 slots, that of x0 among them", &binomial.rows);
    sheet.table(
        "What each takes, as the checker of schedules counts, and the activations held at once",
        &takes(&[&all, &even, &binomial]),
    );
    let names = ["y", "dy/dx0", "dy/dw"];
    let expected = names.into_iter().zip(all.answer()).map(|(name, x)| Closed::new(name, "of store all", x)).collect();
    let mut answers: Vec<Answer> =
        [even, binomial].map(|done| Answer { engine: done.name, numbers: done.answer() }).into();
    answers.extend([
        by_driver("grad_with, Memory::All", Memory::All),
        by_driver("grad_with, Memory::Slots(3)", Memory::Slots(3)),
    ]);
    sheet
        .compare_as("The gradient is the same for each, and by the library's driver", Comparison { answers, expected });
}

/// The value and the gradient by the rule of the chain, layer after layer from the first.
fn expected() -> Vec<Closed> {
    let [x0, w] = AT;
    let (mut x, mut by_x0, mut by_w) = (x0, 1.0, 0.0);
    for _ in 0..LAYERS {
        let slope = (x * w).cosh().powi(-2);
        by_w = slope * (x + w * by_w);
        by_x0 *= slope * w;
        x = (x * w).tanh();
    }
    vec![
        Closed::new("y", "x8", x),
        Closed::new("dy/dx0", "product of w sech^2(w xi)", by_x0),
        Closed::new("dy/dw", "di = sech^2(w xi) (xi + w d(i-1))", by_w),
    ]
}

/// The library's driver.
fn by_driver(engine: &'static str, memory: Memory) -> Answer {
    let run = value_and_grad_with(&AT, |rec, x| {
        rec.scan(memory, x[0], Rows::new(LAYERS), move |activation, _| layer(&[activation, x[1]]))
    });
    Answer { engine, numbers: run.map(|(y, [by_x0, by_w], _)| vec![y, by_x0, by_w]).unwrap_or_default() }
}

/// What a place holds.
enum Held {
    /// An activation: which, and its value.
    State(usize, f64),
    /// A layer, run and recorded.
    Record(usize, Pullback<f64>),
}

/// A schedule as it is done by hand.
struct Done {
    name: &'static str,
    counts: Counts,
    /// The activation at hand: which, and its value.
    at: usize,
    x: f64,
    at_hand: Option<(usize, Pullback<f64>)>,
    places: BTreeMap<Place, Held>,
    /// The value of the last activation.
    y: f64,
    xbar: f64,
    wbar: f64,
    /// The activations that were computed once.
    computed: BTreeSet<usize>,
    recomputed: usize,
    /// The most activations that were held at once.
    peak: usize,
    /// What was done, action by action.
    rows: Vec<Vec<String>>,
}

impl Done {
    /// Does all of a schedule that keeps to these slots.
    fn all_of<S>(name: &'static str, schedule: wengert::Result<S>, slots: usize) -> Done
    where
        S: Iterator<Item = Action>,
    {
        let limits = Limits { steps: LAYERS, memory_slots: slots, disk_slots: 0 };
        let schedule: Vec<Action> = schedule.expect("layers and slots").collect();
        let head = ["", "action", "gives", "activations held"].map(str::to_owned).to_vec();
        let mut done = Done {
            name,
            counts: check(schedule.iter().copied(), limits).expect("a schedule of the library is right"),
            at: 0,
            x: AT[0],
            at_hand: None,
            places: BTreeMap::new(),
            y: 0.0,
            xbar: 1.0,
            wbar: 0.0,
            computed: BTreeSet::new(),
            recomputed: 0,
            peak: 0,
            rows: vec![head],
        };
        schedule.into_iter().for_each(|action| done.act(action));
        done
    }

    fn act(&mut self, action: Action) {
        let gives = match action {
            Action::Advance { to, .. } => {
                let names: Vec<String> = (self.at..to).map(|_| self.run(layer(&[self.x, AT[1]]))).collect();
                names.join(" ")
            }
            Action::Record { step, to } => {
                let (x, pullback) = vjp(|x: &[Var<f64>]| layer(x), &[self.x, AT[1]]);
                match to {
                    Some(place) => drop(self.places.insert(place, Held::Record(step, pullback))),
                    None => self.at_hand = Some((step, pullback)),
                }
                self.run(x)
            }
            Action::Reverse { step, from } => self.reverse(step, from),
            Action::Snapshot { to, .. } => {
                self.places.insert(to, Held::State(self.at, self.x));
                String::new()
            }
            Action::Restore { from, .. } => {
                if let Some(&Held::State(at, x)) = self.places.get(&from) {
                    (self.at, self.x) = (at, x);
                }
                String::new()
            }
            Action::Drop { place } => {
                self.places.remove(&place);
                String::new()
            }
            Action::Move { from, to, .. } => {
                let held = self.places.remove(&from);
                self.places.extend(held.map(|held| (to, held)));
                String::new()
            }
        };
        self.note(action, gives);
    }

    /// A layer was run: the next activation is at hand.
    fn run(&mut self, x: f64) -> String {
        (self.at, self.x) = (self.at + 1, x);
        let first = self.computed.insert(self.at);
        self.recomputed += usize::from(!first);
        if self.at == LAYERS {
            self.y = x;
        }
        format!("x{}{}", self.at, if first { "" } else { " again" })
    }

    fn reverse(&mut self, step: usize, from: Option<Place>) -> String {
        let kept = from.and_then(|place| self.places.remove(&place));
        let kept = kept.and_then(|held| if let Held::Record(_, pullback) = held { Some(pullback) } else { None });
        let pullback = kept.or_else(|| self.at_hand.take().map(|(_, pullback)| pullback)).expect("a recorded layer");
        let adjoints = pullback.call(&[self.xbar]);
        self.xbar = adjoints[0];
        self.wbar += adjoints[1];
        format!("x{step}bar = {}", rounded(self.xbar))
    }

    /// Writes down what was done, and what is held now.
    fn note(&mut self, action: Action, gives: String) {
        let kept = self.places.values().map(|held| match held {
            Held::State(at, _) | Held::Record(at, _) => *at,
        });
        let recorded = self.at_hand.iter().map(|(at, _)| *at);
        let held: BTreeSet<usize> = kept.chain(recorded).chain([self.at]).collect();
        self.peak = self.peak.max(held.len());
        let held: Vec<String> = held.into_iter().map(|at| format!("x{at}")).collect();
        let number = self.rows.len().to_string();
        self.rows.push(vec![number, action.to_string(), gives, held.join(" ")]);
    }

    fn answer(&self) -> Vec<f64> {
        vec![self.y, self.xbar, self.wbar]
    }
}

/// A row for each schedule.
fn takes(all: &[&Done]) -> Vec<Vec<String>> {
    let head = ["schedule", "slots", "advances", "layers run", "activations recomputed", "most held at once"];
    let row = |done: &&Done| {
        let Counts { peak_slots, advances, evaluations, .. } = done.counts;
        let counts = [peak_slots as u64, advances, evaluations, done.recomputed as u64, done.peak as u64];
        std::iter::once(done.name.to_owned()).chain(counts.map(|count| count.to_string())).collect()
    };
    std::iter::once(head.map(str::to_owned).to_vec()).chain(all.iter().map(row)).collect()
}
